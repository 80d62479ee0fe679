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
