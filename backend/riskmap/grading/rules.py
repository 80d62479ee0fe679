"""From an object's attributes to the rule of its class: what each rule reads, and how a fault finds its field.

A rule that is given nothing gives no result; one that is given too little says what is missing. Neither is low.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from riskmap.base.errors import FieldError
from riskmap.grading.exposure import Exposure
from riskmap.grading.rulebook import Rulebook
from riskmap.standards import gb18218, gb39496, gb50074, lec, ls, scoring, sl252
from riskmap.standards.result import Refused, Result, Standing

Attributes = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rule asks that the object's attributes do not say."""

    exposure: Exposure | None = None  # of a plant: None where there is no boundary to look around


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as a class names it."""

    code: str
    standard: str
    scale: str  # of what it gives
    reads: frozenset[str]  # attributes
    run: Callable[[Attributes, Facts, Rulebook], Result | None]
    names: Mapping[str, str] = field(default_factory=dict)  # of its inputs → of attributes, where they differ
    by_map: bool = False  # it asks what lies around the object
    declares: str | None = None  # the attribute in which an object's sender says the level himself
    tables: frozenset[str] = frozenset()  # of those that a rule set may have its own of: what it reads

    def fields(self, error: Refused, given: Attributes) -> list[FieldError]:
        """Faults of the rule as faults of the form."""
        return [FieldError(f"attributes.{self._named(f.field, given)}", f.code, f.message) for f in error.faults]

    def attribute(self, path: str) -> str:
        """The attribute that an input of a record comes from."""
        first = path.split(".")[0]
        return self.names.get(first, first)

    def _named(self, path: str, given: Attributes) -> str:
        first, *rest = path.split(".")
        own = self.names.get(first, first)
        if not rest:
            return own
        number, column = rest[0], ".".join(rest[1:])
        if column == "categories":  # of a substance of Table 1 they are asked for β alone
            column = "beta_symbol" if given[own][int(number)].get("table") == 1 else "symbol"
        return ".".join(filter(None, (own, number, self.names.get(f"*.{column}", column))))


def _unknown(edition: str, scale: str, *missing: str) -> Result:
    return Result(edition, Standing.UNKNOWN, f"未评定，缺{'、'.join(missing)}", scale)


def _lacking(given: Attributes, needed: Mapping[str, str]) -> list[str]:
    return [title for name, title in needed.items() if given.get(name) is None]


_SYMBOLS = re.compile(r"[、，,;；\s]+")


def symbols(text: str | None) -> tuple[str, ...]:
    """Categories of Table 2 as an officer lists them."""
    return tuple(filter(None, _SYMBOLS.split(text or "")))


def holding(row: Attributes) -> gb18218.Holding:
    """One line of 危险化学品."""
    listed = row.get("no") if row.get("table") == 1 else None
    return gb18218.Holding(
        row=listed,
        categories=symbols(row.get("beta_symbol") if listed else row.get("symbol")),
        gas=row.get("gas"),
        name=row.get("name") or "",
        mixture=gb18218.Mixture(row.get("mixture") or "no"),
        quantity_t=row.get("quantity_t"),
        volume_m3=row.get("volume_m3"),
        density_t_m3=row.get("density"),
    )


def _major_hazard(given: Attributes, facts: Facts, book: Rulebook) -> Result | None:
    rows: Sequence[Attributes] = given.get("substances") or ()
    if not rows:
        return None
    declared = given.get("exposed_persons")
    exposed = declared if declared is not None else facts.exposure.residents if facts.exposure else None
    return gb18218.assess([holding(row) for row in rows], exposed, book.gb18218)


def _tailings(given: Attributes, facts: Facts, book: Rulebook) -> Result | None:
    needed = {"capacity_m3": "全库容", "dam_height_m": "总坝高"}
    pit = given.get("pit_without_dam") is True
    if pit:
        del needed["dam_height_m"]
    missing = _lacking(given, needed)
    if missing:
        return None if len(missing) == len(needed) else _unknown(book.tailings.edition, gb39496.SCALE, *missing)
    return gb39496.tailings_class(
        given["capacity_m3"],
        given.get("dam_height_m"),
        book.tailings,
        raised_because=given.get("raised_because") or "",
        pit_without_dam=pit,
    )


def _depot(given: Attributes, facts: Facts, book: Rulebook) -> Result | None:
    rows: Sequence[Attributes] = given.get("liquid_volumes") or ()
    if not rows:
        return None
    tanks = [
        gb50074.Tank(
            row["fire_class"],
            row.get("volume_m3"),
            toxic=row.get("toxic") is True,
            use=gb50074.Use(row.get("use") or gb50074.Use.STORAGE),
        )
        for row in rows
    ]
    governing = given.get("governing_code")
    if governing is None:
        return _unknown(book.depots.edition, gb50074.SCALE, "适用规范")
    return gb50074.depot_grade(tanks, book.depots, governing_code=governing)


def _risk_point(given: Attributes, facts: Facts, book: Rulebook) -> Result | None:
    method = given.get("method")
    if method == "LEC":
        missing = _lacking(given, {name: f"{name}（{title}）" for name, title in lec.FACTORS.items()})
        if missing:
            return _unknown(book.lec.bands.edition, lec.SCALE, *missing)
        return lec.assess(_exact(given["L"]), _exact(given["E"]), _exact(given["C"]), book.lec)
    if method == "LS":
        missing = _lacking(given, {"L": "L（可能性）", "S": "S（严重性）"})
        if missing:
            return _unknown(book.ls.edition, ls.SCALE, *missing)
        return ls.assess(_exact(given["L"]), _exact(given["S"]), book.ls)
    if method is None and any(given.get(name) is not None for name in ("L", "E", "C", "S")):
        return _unknown("LEC、LS", lec.SCALE, "评估方法（LEC 或 LS）")
    return None  # judged directly, with its basis


def _exact(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(value)


def _enterprise(given: Attributes, facts: Facts, book: Rulebook) -> Result | None:
    claims = [
        [scoring.Claim(row["code"], row.get("basis") or "") for row in given.get(name) or ()]
        for name in ("score_items", "score_direct")
    ]
    entries = [
        scoring.Entry(row["title"], row["points"], row.get("basis") or "") for row in given.get("score_entries") or ()
    ]
    if given.get("score") is None:
        if not (entries or any(claims)):
            return None
        return _unknown(book.enterprises.bands.edition, book.enterprises.scale, "基本分（安全评估得分）")
    return scoring.assess(given["score"], book.enterprises, entries=entries, items=claims[0], direct=claims[1])


def _park(given: Attributes, facts: Facts, book: Rulebook) -> Result | None:
    return None if given.get("score") is None else scoring.assess(given["score"], book.parks)


def _reservoir(given: Attributes, facts: Facts, book: Rulebook) -> Result | None:
    capacity, declared = given.get("capacity_m3"), given.get("size_class")
    if not capacity:  # a zero in a sender's table is an empty cell: it keeps nobody's row out
        if declared is not None:
            return sl252.declared_size(declared, book.reservoirs)
        return None if capacity is None else _unknown(book.reservoirs.edition, sl252.SCALE, "总库容")
    return sl252.reservoir_size(capacity, book.reservoirs)


_ALL = (
    Rule(
        "gb18218",
        gb18218.EDITION,
        gb18218.SCALE,
        frozenset({"substances", "exposed_persons", "plant_boundary"}),
        _major_hazard,
        {
            "holdings": "substances",
            "*.row": "no",
            "*.density_t_m3": "density",
            "exposed": "exposed_persons",
        },
        by_map=True,
    ),
    Rule(
        "gb39496",
        gb39496.EDITION,
        gb39496.SCALE,
        frozenset({"capacity_m3", "dam_height_m", "raised_because", "pit_without_dam"}),
        _tailings,
    ),
    Rule(
        "gb50074",
        gb50074.EDITION,
        gb50074.SCALE,
        frozenset({"liquid_volumes", "governing_code"}),
        _depot,
        {"tanks": "liquid_volumes"},
    ),
    Rule(
        "risk-point",
        "LEC、LS",
        lec.SCALE,
        frozenset({"method", "L", "E", "C", "S"}),
        _risk_point,
        tables=frozenset({"lec-bands", "ls-bands"}),
    ),
    Rule(
        "enterprise-score",
        "应急〔2018〕19号",
        "enterprise-score",
        frozenset({"score", "score_entries", "score_items", "score_direct"}),
        _enterprise,
        {"base": "score", "entries": "score_entries", "items": "score_items", "direct": "score_direct"},
    ),
    Rule(
        "sl252",
        sl252.EDITION,
        sl252.SCALE,
        frozenset({"capacity_m3", "size_class"}),
        _reservoir,
        declares="size_class",
    ),
    Rule("park-score", "化工园区安全风险排查治理导则", "park-class", frozenset({"score"}), _park, {"base": "score"}),
)
RULES: Mapping[str, Rule] = {rule.code: rule for rule in _ALL}
