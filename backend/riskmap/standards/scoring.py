"""Scores that give a colour or a class: 应急〔2018〕19号 of enterprises, the guide for chemical parks, own schemes.

A scheme is data, so that a bureau may run one for each trade side by side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from riskmap.standards.bands import ANY, Bands
from riskmap.standards.result import Checks, Clause, Given, Result, Standing, Step, exact, say, sub
from riskmap.standards.table import Row, Table


@dataclass(frozen=True, slots=True)
class Scheme:
    """Bands, and where the scheme has them: what adds or takes points, what decides without counting."""

    scale: str  # the catalogue's name of its levels, which its bands list worst first
    full: Decimal  # the most that the base score may be
    bands: Bands
    items: Mapping[str, Row]
    direct: Mapping[str, Row]

    @classmethod
    def of(
        cls,
        scale: str,
        bands: Table,
        items: Table | None = None,
        direct: Table | None = None,
        full: Decimal = Decimal(100),
    ) -> "Scheme":
        """From its tables; refused where a score would have no band or two, or where editions differ."""
        made = Bands.of(bands, ANY)
        tables = [table for table in (items, direct) if table is not None]
        for table in tables:
            if table.edition != made.edition:
                raise table.rows[0].refused("edition", "other_edition", f"属于 {table.edition}，不是 {made.edition}")
        by_code = [{row.text("code"): row for row in table.rows} if table else {} for table in (items, direct)]
        levels = {band.row.text("level") for band in made.bands}
        for row in by_code[0].values():
            row.number("points")
            for other in filter(None, row.text("against").split(";")):
                if other not in by_code[0]:
                    raise row.refused("against", "unknown_code", f"没有“{other}”这一项")
        for row in by_code[1].values():
            if row.text("level") not in levels:
                raise row.refused("level", "unknown_level", f"没有“{row.text('level')}”这一级")
        return cls(scale, full, made, *by_code)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger: points (less than 0 where they are taken off) and why."""

    title: str
    points: Decimal
    basis: str


@dataclass(frozen=True, slots=True)
class Claim:
    """That an item of the scheme, or a direct judgement, holds, and on what basis."""

    code: str
    basis: str


def assess(
    base: Decimal | None,
    scheme: Scheme,
    *,
    entries: Sequence[Entry] = (),
    items: Sequence[Claim] = (),
    direct: Sequence[Claim] = (),
) -> Result:
    """The level of a score: base, entries and items of the scheme summed, unless something decides directly."""
    checks = Checks()
    total = start = checks.number(base, "base", "基本分")
    if start > exact(scheme.full):
        checks.add("base", "above_full", f"基本分不能超过 {scheme.full} 分（{say(start)}）")
    _check_claims("items", items, scheme.items, checks)
    _check_claims("direct", direct, scheme.direct, checks)
    _check_against(items, scheme, checks)
    for n, entry in enumerate(entries):
        checks.number(entry.points, f"entries.{n}.points", f"第{n + 1}项的分值", any_sign=True)
        if not entry.basis.strip():
            checks.add(f"entries.{n}.basis", "missing", f"第{n + 1}项没有填写依据")
    checks.refuse()

    edition = scheme.bands.edition
    inputs = [Given("base", "基本分", say(start), "分")]
    steps = []
    lines: list[tuple[str, Fraction, str, Clause | None]]
    lines = [(entry.title, exact(entry.points), entry.basis, None) for entry in entries]
    for claim in items:
        row = scheme.items[claim.code]
        lines.append((row.text("title"), row.number("points"), claim.basis, row.clause))
    for n, (title, points, basis, clause) in enumerate(lines):
        steps.append(Step(f"加减{sub(n)}", title, "", "", points, clause, "分", basis))
        inputs.append(Given(f"lines.{n}", title, say(points), "分"))
        total += points
    filled = say(start) + "".join(f" {'−' if p < 0 else '+'} {say(abs(p))}" for _, p, _, _ in lines)
    steps.append(Step("总分", "总分", "基本分 + Σ加减分", filled, total, None, "分"))
    decided = scheme.bands.at(total).row
    if not direct:
        steps.append(scheme.bands.step("总分", total, "级别"))
    # What decides directly stands before any score; the score is kept beside it.
    for n, claim in enumerate(direct):
        row = scheme.direct[claim.code]
        steps.append(Step(f"直接判定{sub(n)}", row.text("title"), "", claim.basis, row.text("level"), row.clause))
        inputs.append(Given(f"direct.{n}", row.text("title"), claim.basis))
    if direct:
        said = {scheme.direct[claim.code].text("level") for claim in direct}
        decided = next(band.row for band in scheme.bands.bands if band.row.text("level") in said)
    level, word = decided.text("level"), decided.text("word")
    return Result(edition, Standing.GRADED, word, scheme.scale, level, tuple(steps), tuple(inputs))


def _check_claims(field: str, claims: Sequence[Claim], known: Mapping[str, Row], checks: Checks) -> None:
    seen = set()
    for n, claim in enumerate(claims):
        at = f"{field}.{n}"
        if claim.code not in known:
            checks.add(f"{at}.code", "unknown_code", f"没有“{claim.code}”这一项")
            continue
        title = known[claim.code].text("title")
        if claim.code in seen:
            checks.add(f"{at}.code", "twice", f"“{title}”只计一次")
        if not claim.basis.strip():
            checks.add(f"{at}.basis", "missing", f"“{title}”没有填写依据")
        seen.add(claim.code)


def _check_against(items: Sequence[Claim], scheme: Scheme, checks: Checks) -> None:
    """Items that cannot both hold: two grades of 标准化, an accident and none."""
    claimed = {claim.code for claim in items if claim.code in scheme.items}
    for n, claim in enumerate(items):
        if claim.code not in claimed:
            continue
        row = scheme.items[claim.code]
        for other in filter(None, row.text("against").split(";")):
            # Each pair is told once, at the later of the two.
            if other in {earlier.code for earlier in items[:n]}:
                both = f"“{scheme.items[other].text('title')}”与“{row.text('title')}”不能同时成立"
                checks.add(f"items.{n}.code", "against", both)
