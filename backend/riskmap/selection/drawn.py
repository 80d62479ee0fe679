"""How much the public may draw: an area and nothing else, of few vertices, so often an hour from one address."""

from collections.abc import Mapping
from typing import Any

from riskmap.base.errors import FieldError, Forbidden, Invalid
from riskmap.base.throttle import HOUR, Throttle

MOST_VERTICES = 400
MOST_AN_HOUR = 60
KEPT_DAYS = 30


def throttle() -> Throttle:
    """What one address may draw within an hour."""
    return Throttle(MOST_AN_HOUR, HOUR, f"画范围过于频繁，每小时最多 {MOST_AN_HOUR} 次。请稍后再画，或登录。")


def check_public(body: Mapping[str, Any]) -> None:
    """Raises Forbidden for anything but an area, Invalid for one of many vertices."""
    if set(body) != {"within"}:
        raise Forbidden("不登录只能保存所画的范围；保存其他条件需要登录。")
    if _positions(body["within"]) > MOST_VERTICES:
        told = f"不登录画的范围最多 {MOST_VERTICES} 个点，请画得简单一些，或登录"
        raise Invalid("所画范围的点过多", errors=[FieldError("within", "too_many_vertices", told)])


def _positions(area: Any) -> int:
    """How many positions a GeoJSON area has; whether it is one, is decided where it is parsed."""
    n = 0
    waiting = [area.get("coordinates")] if isinstance(area, dict) else []
    while waiting:
        one = waiting.pop()
        if isinstance(one, list):
            if one and not isinstance(one[0], list):
                n += 1
            else:
                waiting += one
    return n
