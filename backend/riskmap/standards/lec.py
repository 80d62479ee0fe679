"""LEC 作业条件危险性分析: D = L·E·C, then a set of bands.

No single standard owns the bands, and published sets do not say whose the limits are: a set is data, named
by its `edition`, and the bureau may have its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import product

from riskmap.standards.bands import Bands, Reach
from riskmap.standards.result import Checks, Clause, Given, Result, Standing, Step, Tag, say
from riskmap.standards.table import Row, Table

SCALE = "risk-grade"
FACTORS = {"L": "事故发生的可能性", "E": "暴露的频繁程度", "C": "后果的严重程度"}
PRODUCT = Clause("LEC", "D = L×E×C", Tag.VERIFIED)


@dataclass(frozen=True, slots=True)
class Method:
    """The values that L, E and C may take, and a set of bands for every D that they make."""

    values: Mapping[str, Mapping[Fraction, Row]]
    bands: Bands

    @classmethod
    def of(cls, values: Table, bands: Table) -> "Method":
        """From the two tables; refused where a D would have no band, or two."""
        found: dict[str, dict[Fraction, Row]] = {factor: {} for factor in FACTORS}
        for row in values.rows:
            if row.text("factor") not in found:
                raise row.refused("factor", "unknown_factor", "应为 L、E 或 C")
            found[row.text("factor")][row.above_zero("value")] = row
        reached = frozenset(lv * ev * cv for lv, ev, cv in product(*found.values()))
        return cls(found, Bands.of(bands, Reach(values=reached)))


def assess(likelihood: Decimal | None, exposure: Decimal | None, consequence: Decimal | None, method: Method) -> Result:
    """The risk grade of a job by D = L·E·C; only the values of the table are taken."""
    checks = Checks()
    d, steps, inputs = Fraction(1), [], []
    given = {"L": likelihood, "E": exposure, "C": consequence}
    for factor, value in given.items():
        title = f"{factor}（{FACTORS[factor]}）"
        known = len(checks.faults)
        number = checks.number(value, factor, title)
        row = method.values[factor].get(number)
        if row is None:
            if len(checks.faults) == known:
                allowed = "、".join(say(v) for v in sorted(method.values[factor], reverse=True))
                checks.add(factor, "not_in_set", f"{title}只能取 {allowed}，不能是 {say(number)}")
            continue
        inputs.append(Given(factor, FACTORS[factor], say(number)))
        steps.append(Step(factor, FACTORS[factor], "", "", number, row.clause, note=row.text("meaning")))
        d *= number
    checks.refuse()
    filled = " × ".join(step.text for step in steps)
    level = method.bands.step("D", d, "风险等级")
    steps += [Step("D", "危险性分值", "L × E × C", filled, d, PRODUCT), level]
    word = method.bands.at(d).row.text("word")
    return Result(method.bands.edition, Standing.GRADED, word, SCALE, level.text, tuple(steps), tuple(inputs))
