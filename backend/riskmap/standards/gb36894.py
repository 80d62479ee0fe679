"""GB 36894-2018 危险化学品生产装置和储存设施风险基准: individual risk at a target, read from stored contours.

The risk is never worked out here: a contour of level L says that inside it the risk is at least L. Older
tables have other classes and numbers; they are other editions and never meet this one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from riskmap.standards.result import Checks, Given, Result, Standing, Step, say
from riskmap.standards.table import Book, Row, known, table

EDITION = "GB 36894-2018"
ACCEPTABLE, NOT_ACCEPTABLE, ON_SITE = "满足个人风险基准", "不满足个人风险基准", "现场核查（缺该等值线）"


class Plant(StrEnum):
    """Stricter for what is still to be built."""

    NEW = "new"  # 新建、改建、扩建
    EXISTING = "existing"  # 在役


@dataclass(frozen=True, slots=True)
class Contour:
    """A stored contour, and whether the target lies within it."""

    level: Decimal  # a year
    holds_target: bool


def criteria(book: Book, edition: str = EDITION) -> Mapping[str, Row]:
    """The criteria by class of target."""
    known(edition, EDITION)
    rows = {row.text("target"): row for row in table(book, "gb36894-2018-individual-risk", edition).rows}
    for row in rows.values():
        for plant in Plant:
            row.above_zero(plant)
    return rows


# What a figure of an object is called, in the order in which it decides.
MEASURES = {"households": "户数", "persons": "人数", "area_m2": "建筑面积", "beds": "床位"}
_UNITS = {"households": "户", "persons": "人", "area_m2": "m²", "beds": "张"}
_FIRST = ("area_m2", "beds", "households", "persons")


@dataclass(frozen=True, slots=True)
class Targets:
    """Which class of target a place is: by its kind, and by its size where the kind alone does not say."""

    rows: Mapping[str, tuple[Row, ...]]  # the strictest first
    registered: tuple[Row, ...]  # classes of the register → kinds of the standard

    @classmethod
    def of(cls, book: Book, edition: str = EDITION) -> "Targets":
        """From a book of tables; refused where a class of the register is of no kind that the standard knows."""
        known(edition, EDITION)
        rows: dict[str, tuple[Row, ...]] = {}
        for row in table(book, "gb36894-2018-targets", edition).rows:
            rows[row.text("type")] = (*rows.get(row.text("type"), ()), row)
        registered = table(book, "gb36894-2018-registered", edition).rows
        for row in registered:
            if row.text("type") not in rows:
                raise row.refused("type", "unknown_type", f"没有“{row.text('type')}”这一类防护目标")
        return cls(rows, registered)

    def kind(self, class_: str, attributes: Mapping[str, object]) -> Row | None:
        """The row of the register's class that an object is; None where it is of none."""
        for row in self.registered:
            field = row.text("field")
            if row.text("class") == class_ and (not field or attributes.get(field) == row.text("value")):
                return row
        return None


@dataclass(frozen=True, slots=True)
class Target:
    """A class of target with how it came about; `target` empty: a figure is missing."""

    target: str
    steps: tuple[Step, ...]
    inputs: tuple[Given, ...] = ()
    missing: tuple[str, ...] = ()


def target_of(kind: Row, figures: Mapping[str, Decimal | int | None], targets: Targets) -> Target:
    """The class of a place by its kind and its size.

    Dwellings: households or persons, whichever is the stricter. Others: the built area; the persons at the peak
    are of a place in the open, and stand only where no area is given.
    """
    rows = targets.rows[kind.text("type")]
    named = Step("类型", "防护目标类型", "", "", kind.text("type"), kind.clause)
    asked = [m for m in MEASURES if any(row.text(f"least_{m}") for row in rows)]
    if not asked:
        row = rows[0]
        return Target(row.text("target"), (named, Step("类别", "防护目标类别", "", "", row.text("target"), row.clause)))
    checks = Checks()
    has = {
        m: checks.number(v, m, MEASURES[m])
        for m in sorted(asked, key=_FIRST.index)
        if (v := figures.get(m)) is not None
    }
    checks.refuse()
    if not has:
        return Target("", (named,), (), tuple(MEASURES[m] for m in asked))
    if rows[0].text("by") == "first":
        has = dict([next(iter(has.items()))])
    for row in rows:
        reached = next((m for m, v in has.items() if v >= row.number(f"least_{m}")), None)
        if reached is not None:
            break
    assert reached is not None  # the last row takes all
    filled = "，".join(f"{MEASURES[m]} {say(v)} {_UNITS[m]}" for m, v in has.items())
    least = row.number(f"least_{reached}")
    note = f"{MEASURES[reached]} ≥ {say(least)} {_UNITS[reached]}" if least else ""
    inputs = tuple(Given(m, MEASURES[m], say(v), _UNITS[m]) for m, v in has.items())
    decided = Step("类别", "防护目标类别", note, filled, row.text("target"), row.clause)
    return Target(row.text("target"), (named, decided), inputs)


def individual_risk(target: str, plant: Plant, contours: Sequence[Contour], rows: Mapping[str, Row]) -> Result:
    """Whether the risk at a target is within its criterion, as far as the stored contours tell."""
    checks = Checks()
    row = rows.get(target)
    if row is None:
        checks.add("target", "unknown_target", f"没有“{target}”这一类防护目标")
    levels = [
        checks.number(c.level, f"contours.{n}.level", f"第{n + 1}条等值线的风险值", above_zero=True)
        for n, c in enumerate(contours)
    ]
    checks.refuse()
    assert row is not None
    inside = [level for level, c in zip(levels, contours, strict=True) if c.holds_target]
    outside = [level for level, c in zip(levels, contours, strict=True) if not c.holds_target]
    if inside and outside and max(inside) >= min(outside):
        # A contour lies within every lower one.
        checks.add(
            "contours", "crossed", f"目标在 {power(max(inside))} 线内而在 {power(min(outside))} 线外，等值线有误"
        )
        checks.refuse()

    limit = row.number(plant)
    inputs = (
        Given("target", "防护目标", target),
        Given("plant", "装置设施", "在役" if plant is Plant.EXISTING else "新建、改建、扩建"),
        *(
            Given(f"contours.{n}.level", "等值线内" if c.holds_target else "等值线外", power(level), "/年")
            for n, (level, c) in enumerate(zip(levels, contours, strict=True))
        ),
    )
    steps = [Step("基准", f"{target}个人风险基准", "", "", power(limit), row.clause, "/年")]
    if inside and max(inside) >= limit:
        verdict, filled = NOT_ACCEPTABLE, f"在 {power(max(inside))} 线内，{power(max(inside))} ≥ {power(limit)}"
    elif outside and min(outside) <= limit:
        verdict, filled = ACCEPTABLE, f"在 {power(min(outside))} 线外，{power(min(outside))} ≤ {power(limit)}"
    else:
        verdict, filled = ON_SITE, f"未存 {power(limit)} 的等值线"
    # What a contour says is its definition: no clause has to say it.
    steps.append(Step("判断", "与等值线比较", "", filled, verdict, None))
    standing = Standing.UNKNOWN if verdict == ON_SITE else Standing.GRADED
    level = "" if verdict == ON_SITE else verdict
    return Result(row.clause.edition, standing, verdict, "", level, tuple(steps), inputs)


_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(number: Fraction) -> str:
    """A risk as it is written: 3×10⁻⁷."""
    exponent = 0
    while number < 1:
        number, exponent = number * 10, exponent - 1
    while number >= 10:
        number, exponent = number / 10, exponent + 1
    return f"{say(number)}×10{str(exponent).translate(_SUPERSCRIPTS)}"
