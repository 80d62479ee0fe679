"""What cells and values come to, as an officer reads them."""

from decimal import Decimal
from typing import Any

from shapely.geometry.base import BaseGeometry

from riskmap.exchange.cells import plain
from riskmap.exchange.rows import Divisions, Reading
from riskmap.exchange.targets import GRADE_WORDS, STAGE_WORDS, VISIBILITY_WORDS, Target

_WORDS = {"stage": STAGE_WORDS, "grade": GRADE_WORDS, "visibility": VISIBILITY_WORDS}


def short(cell: Any) -> str:
    """A cell for the screen."""
    if isinstance(cell, BaseGeometry):
        return {"Point": "点", "LineString": "线", "Polygon": "面"}.get(cell.geom_type.removeprefix("Multi"), "图形")
    return plain(cell)[:60]


def value_in_words(target: Target, reading: Reading, divisions: Divisions) -> str | None:
    """What a line's cell comes to, as an officer reads it; None where there is nothing."""
    name = target.target
    if name.startswith("attributes."):
        field = target.field
        value = reading.attributes.get(field.name) if field else None
        if field is not None and field.options:
            return dict(field.options).get(str(value), None if value is None else str(value))
        return None if value is None else in_words(value)
    if name.startswith("party."):
        _, role, part = name.split(".")
        return reading.parties.get(role, {}).get(part)
    if name in {"division", "town"}:
        code = reading.core.get("division")
        return f"{divisions.name(code)} {code}" if code else None
    if name in _WORDS and name in reading.core:
        return _WORDS[name][reading.core[name]][0]
    match name:
        case "lon" | "x":
            return None if reading.x is None else in_words(reading.x)
        case "lat" | "y":
            return None if reading.y is None else in_words(reading.y)
        case "lonlat":
            return None if reading.x is None or reading.y is None else f"{in_words(reading.x)}，{in_words(reading.y)}"
        case "wkt":
            return short(reading.geometry) if reading.geometry is not None else None
        case "address":
            return reading.core.get("said_address")
        case "enterprise" | "parent":
            said = reading.references.get(name)
            return said[0] if said else None
        case "tags":
            return "、".join(reading.core.get("tags", ())) or None
    value = reading.core.get(name)
    return None if value is None else in_words(value)


def in_words(value: Any) -> str:
    """A stored value as text; numbers without a tail of zeros, lists by their number of rows."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Decimal):
        text = format(round(value, 8), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, list):
        return f"{len(value)} 项" if value and isinstance(value[0], dict) else "、".join(map(str, value))
    if isinstance(value, dict):
        return "已绘制"
    return str(value)
