"""A set of bands: which level, or which factor, a number earns. Whose limit is whose is data."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import floor

from riskmap.standards.result import Fault, Refused, Step, say
from riskmap.standards.table import Row, Table


@dataclass(frozen=True, slots=True)
class Reach:
    """The numbers that a set must have an answer for: those listed, or all from `least` on (whole ones only)."""

    values: frozenset[Fraction] | None = None
    least: Fraction | None = None
    whole: bool = False

    def probes(self, limits: set[Fraction]) -> Iterable[Fraction]:
        """Numbers that find any gap or overlap: between two neighbouring limits nothing changes."""
        if self.values is not None:
            return sorted(self.values)
        edges = sorted(limits | ({self.least} if self.least is not None else set()))
        if self.whole:
            probes = {Fraction(floor(edge) + step) for edge in edges for step in (-1, 0, 1, 2)}
        else:
            between = {(low + high) / 2 for low, high in pairwise(edges)}
            probes = {*edges, *between, edges[0] - 1, edges[-1] + 1}
        return sorted(probe for probe in probes if self.least is None or probe >= self.least)


ANY = Reach()
FROM_ZERO = Reach(least=Fraction(0))
COUNT = Reach(least=Fraction(0), whole=True)


@dataclass(frozen=True, slots=True)
class Band:
    """The numbers between two limits, and the row that says so; None: no limit on that side."""

    least: Fraction | None
    least_in: bool
    most: Fraction | None
    most_in: bool
    row: Row

    @classmethod
    def of(cls, row: Row, prefix: str = "") -> "Band":
        """From the columns least, least_in, most, most_in; a table with bands of two things has prefixes."""
        least, most = (
            row.number(column) if row.text(column) else None for column in (f"{prefix}least", f"{prefix}most")
        )
        return cls(
            least,
            least is not None and row.yes(f"{prefix}least_in"),
            most,
            most is not None and row.yes(f"{prefix}most_in"),
            row,
        )

    def holds(self, number: Fraction) -> bool:
        """Whether a number lies in it."""
        above = self.least is None or number > self.least or (self.least_in and number == self.least)
        below = self.most is None or number < self.most or (self.most_in and number == self.most)
        return above and below

    def says(self, what: str) -> str:
        """The band as a condition: `10 ≤ R < 50`, with a symbol or with a number in it."""
        if self.least is not None and self.least == self.most:
            return f"{what} = {say(self.least)}" if what != say(self.least) else what
        if self.most is None and self.least is not None:
            return f"{what} {'≥' if self.least_in else '>'} {say(self.least)}"
        low = "" if self.least is None else f"{say(self.least)} {'≤' if self.least_in else '<'} "
        high = "" if self.most is None else f" {'≤' if self.most_in else '<'} {say(self.most)}"
        return f"{low}{what}{high}"


@dataclass(frozen=True, slots=True)
class Bands:
    """A whole set, in the order of its table: every number in reach lies in exactly one band."""

    edition: str
    bands: tuple[Band, ...]

    @classmethod
    def of(cls, table: Table, reach: Reach, prefix: str = "") -> "Bands":
        """The bands of a table; refused where some number would have no band or two."""
        edition = table.edition
        bands = tuple(Band.of(row, prefix) for row in table.rows)
        limits = {limit for band in bands for limit in (band.least, band.most) if limit is not None}
        if not limits and reach.values is None:
            raise Refused(Fault(table.name, "no_limits", f"{table.name}：没有一档写明界限"))
        for number in reach.probes(limits):
            holding = [band.row.place for band in bands if band.holds(number)]
            if not holding:
                raise Refused(Fault(table.name, "gap", f"{table.name}：{say(number)} 不在任何一档"))
            if len(holding) > 1:
                both = "、".join(holding)
                raise Refused(Fault(table.name, "overlap", f"{table.name}：{say(number)} 同时在 {both}"))
        return cls(edition, bands)

    def at(self, number: Fraction) -> Band:
        """The band of a number; one out of reach is a mistake of the caller."""
        return next(band for band in self.bands if band.holds(number))

    def step(self, symbol: str, number: Fraction, title: str, of: str = "级别") -> Step:
        """The last step of most rules: which level a number earns, and by which limits."""
        band = self.at(number)
        level = band.row.text("level") or band.row.text("word")
        return Step(of, title, band.says(symbol), band.says(say(number)), level, band.row.clause)
