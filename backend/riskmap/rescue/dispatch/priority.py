"""How urgent an incident is: points that are added up in this order, each with its words.

Policy: no Chinese standard ranks rescues; the points are a rule of thumb [judgement], the same for everybody, and
stand here alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

MARK = "经验值，没有标准"
KINDS = {
    "人员被困": 20, "堤坝险情": 20, "危险化学品": 20, "建筑倒塌": 20, "山体滑坡": 15, "火情": 15, "病人转运": 15,
    "群众转移": 10, "道路中断": 5, "积水排涝": 5, "物资运送": 3, "其他": 3,
}  # fmt: skip
_EACH, _MOST_TRAPPED = 2, 40
_EACH_VULNERABLE, _MOST_VULNERABLE = 3, 30
_UNKNOWN = 10  # nobody knows how many: as five persons
# At least so deep where persons are trapped: a child's chest, an adult's waist, over one's head.
_DEPTHS = ((Decimal("1.5"), 20), (Decimal("0.8"), 12), (Decimal("0.3"), 6))
_MOST_HOURS = 2


@dataclass(frozen=True, slots=True)
class Priority:
    """Points, and what they come from."""

    points: int
    words: Sequence[str]


def of(kind: str, trapped: int | None, vulnerable: int | None, depth_m: Decimal | None, waited_s: float) -> Priority:
    """Persons trapped, of whom need help, the depth against the time that they wait in it, the kind."""
    parts: list[tuple[str, int]] = []
    if trapped is None:
        parts.append(("被困人数不明，按 5 人", _UNKNOWN))
    elif trapped:
        parts.append((f"被困 {trapped:,} 人", min(_EACH * trapped, _MOST_TRAPPED)))
    if vulnerable:
        parts.append((f"其中需帮助 {vulnerable:,} 人", min(_EACH_VULNERABLE * vulnerable, _MOST_VULNERABLE)))
    deep = next((p for least, p in _DEPTHS if depth_m is not None and depth_m >= least), 0)
    if deep and trapped != 0 and depth_m is not None:
        parts.append((f"水深 {depth_m:g} m", deep))
        hours = min(int(waited_s // 1800) / 2, _MOST_HOURS)
        if hours > 0:
            parts.append((f"在水中已等 {hours:g} 小时{'以上' if hours == _MOST_HOURS else ''}", int(deep * hours / 2)))
    parts.append((kind, KINDS.get(kind, KINDS["其他"])))
    return Priority(sum(p for _, p in parts), [f"{words} {p} 分" for words, p in parts])
