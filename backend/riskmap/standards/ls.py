"""LS 风险矩阵: R = L·S with both from 1 to 5, then a set of bands.

Sets in real use differ (16 is 较大 in two and 重大 in a third), so the set is data, named by its `edition`;
a grade and a legend say which one they used.
"""

from decimal import Decimal
from fractions import Fraction

from riskmap.standards.bands import Bands, Reach
from riskmap.standards.result import Checks, Clause, Given, Result, Standing, Step, Tag, say
from riskmap.standards.table import Table

SCALE = "risk-grade"
PRODUCT = Clause("LS", "R = L×S", Tag.RECALL)
GRADES = range(1, 6)  # of L and of S
REACH = Reach(values=frozenset(Fraction(a * b) for a in GRADES for b in GRADES))


def band_set(table: Table) -> Bands:
    """A set of bands; refused where one of the 14 products would have no band, or two."""
    return Bands.of(table, REACH)


def assess(likelihood: Decimal | int | None, severity: Decimal | int | None, bands: Bands) -> Result:
    """The risk grade by R = L·S."""
    checks = Checks()
    numbers = []
    for field, title, value in (("L", "可能性", likelihood), ("S", "严重性", severity)):
        known = len(checks.faults)
        number = checks.number(value, field, f"{field}（{title}）", whole=True)
        if len(checks.faults) == known and number not in GRADES:
            checks.add(field, "not_in_set", f"{field}（{title}）只能取 1 至 5，不能是 {say(number)}")
        numbers.append(number)
    checks.refuse()
    lv, sv = numbers
    r = lv * sv
    level = bands.step("R", r, "风险等级")
    steps = (Step("R", "风险值", "L × S", f"{say(lv)} × {say(sv)}", r, PRODUCT), level)
    inputs = (Given("L", "可能性", say(lv)), Given("S", "严重性", say(sv)))
    return Result(bands.edition, Standing.GRADED, bands.at(r).row.text("word"), SCALE, level.text, steps, inputs)
