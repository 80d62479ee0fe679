"""头顶库: a tailings pond with residents or important facilities within 1 km downstream.

Measured along the path that tailings would take from the toe of the starter dam, so this takes lengths: the
path itself is a matter of the map. A circle of 1 km only screens, and says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from riskmap.standards.result import Checks, Clause, Given, Result, Standing, Step, Tag, say

EDITION = "应急〔2020〕15号"
WITHIN = Clause(EDITION, "头顶库定义", Tag.VERIFIED)  # five texts agree; an older one says straight, 含 1 km
SCREENED = Clause(EDITION, "头顶库（1 km 圆筛查）", Tag.JUDGEMENT)
REACH_M = Fraction(1000)
IS, IS_NOT = "头顶库", "不是头顶库"


class Along(StrEnum):
    """How the lengths were measured."""

    PATH = "path"  # along the flow path, from the toe of the starter dam
    CIRCLE = "circle"  # straight, for want of a flow path


@dataclass(frozen=True, slots=True)
class Target:
    """Residents or an important facility, and how far downstream."""

    name: str
    length_m: Decimal | None


def assess(targets: Sequence[Target], along: Along = Along.PATH) -> Result:
    """Whether the pond is one; 1 km exactly is within."""
    checks = Checks()
    lengths = [checks.number(t.length_m, f"targets.{n}.length_m", f"“{t.name}”的距离") for n, t in enumerate(targets)]
    checks.refuse()
    how = "沿下游尾矿流经路径" if along is Along.PATH else "直线"
    inputs = tuple(
        Given(f"targets.{n}.length_m", f"{target.name}（{how}）", say(length), "m")
        for n, (target, length) in enumerate(zip(targets, lengths, strict=True))
    )
    clause = WITHIN if along is Along.PATH else SCREENED
    notes = () if along is Along.PATH else ("按 1 km 圆筛查，未沿下游尾矿流经路径量",)
    nearest = min(lengths, default=None)
    if nearest is None:
        filled = "下游没有登记的居民或重要设施"
    else:
        sign = "≤" if nearest <= REACH_M else ">"
        filled = f"{targets[lengths.index(nearest)].name} {say(nearest)} {sign} {say(REACH_M)} m"
    near = nearest is not None and nearest <= REACH_M
    if near and along is Along.CIRCLE:
        verdict = "未评定，1 km 圆内有居民或重要设施，需画下泄路径核定"
        steps = (Step("距离", "1 km 圆筛查", "", filled, "疑似头顶库", clause),)
        return Result(EDITION, Standing.UNKNOWN, verdict, "", "", steps, inputs, notes)
    # No path is shorter than the straight line: what the circle does not reach, the path does not either.
    verdict = IS if near else IS_NOT
    steps = (Step("距离", "最近的居民或重要设施", "L ≤ 1000 m", filled, verdict, clause),)
    return Result(EDITION, Standing.GRADED, verdict, "", verdict, steps, inputs, notes)
