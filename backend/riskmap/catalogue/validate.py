"""Attributes against the class that declares them: on every way in, the same checks."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from shapely.errors import ShapelyError
from shapely.geometry import shape

from riskmap.base.errors import FieldError
from riskmap.catalogue.model import Class, Field

_GEOMETRY = {
    "point": {"Point"},
    "linestring": {"LineString", "MultiLineString"},
    "polygon": {"Polygon", "MultiPolygon"},
}
_MAX_DIGITS = 40
_MAX_ROWS = 1000


def attributes(class_: Class, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[FieldError]]:
    """Clean values and what was refused. Numbers stay exact; an empty text or null means not given."""
    return _rows(class_.fields, given, "attributes", class_.title)


def recast(field: Field, value: Any) -> tuple[Any, list[FieldError]]:
    """A stored value as the field now asks for it, or why it does not fit. A number may become a text."""
    if field.type == "text" and isinstance(value, int | Decimal) and not isinstance(value, bool):
        value = f"{value:f}" if isinstance(value, Decimal) else str(value)
    try:
        return _value(field, value, field.name), []
    except _Refused as refused:
        return None, list(refused.errors)


def undeclared(class_: Class, stored: Mapping[str, Any]) -> dict[str, Any]:
    """What an object keeps of fields that its class no longer has: hidden, and not lost by the next edit."""
    return {name: value for name, value in stored.items() if name not in class_.by_name}


def _rows(
    fields: tuple[Field, ...], given: Mapping[str, Any], path: str, where: str
) -> tuple[dict[str, Any], list[FieldError]]:
    clean: dict[str, Any] = {}
    errors: list[FieldError] = []
    known = 0
    for field in fields:
        value = given.get(field.name)
        known += field.name in given
        here = f"{path}.{field.name}"
        if value is None or (isinstance(value, str) and not value.strip()):
            if field.required:
                errors.append(FieldError(here, "required", f"请填写{field.title}"))
            continue
        try:
            clean[field.name] = _value(field, value, here)
        except _Refused as refused:
            errors.extend(refused.errors)
    if known < len(given):
        names = {f.name for f in fields}
        errors += [
            FieldError(f"{path}.{name[:60]}", "unknown_field", f"{where}没有“{name[:60]}”这一项，请核对字段名")
            for name in given
            if name not in names
        ]
    for field in fields:
        if field.values_by and field.name in clean:
            errors += _by_other(field, clean, path)
    return clean, errors


def _by_other(field: Field, clean: Mapping[str, Any], path: str) -> list[FieldError]:
    """A value that is legal in itself, and not beside the value of another field."""
    for other, value, legal in field.values_by:
        if clean.get(other) == value and clean[field.name] not in legal:
            words = "、".join(str(v) for v in legal)
            message = f"{field.title}按 {value} 只能取 {words}"
            return [FieldError(f"{path}.{field.name}", "not_in_set", message)]
    return []


class _Refused(Exception):
    def __init__(self, *errors: FieldError) -> None:
        self.errors = errors


def _no(here: str, code: str, message: str) -> _Refused:
    return _Refused(FieldError(here, code, message))


def _value(field: Field, value: Any, here: str) -> Any:
    match field.type:
        case "text":
            return _text(field, value, here)
        case "integer" | "decimal":
            return _number(field, value, here)
        case "boolean":
            if not isinstance(value, bool):
                raise _no(here, "not_a_boolean", f"{field.title}应为是或否（true/false）")
            return value
        case "date":
            try:
                return date.fromisoformat(value).isoformat()
            except (TypeError, ValueError):
                raise _no(here, "not_a_date", f"{field.title}应为日期，如 2026-03-01") from None
        case "enum":
            legal = [v for v, _ in field.options]
            if not isinstance(value, str) or value not in legal:
                words = "、".join(t if t == v else f"{v}（{t}）" for v, t in field.options)
                raise _no(here, "unknown_value", f"{field.title}应为以下之一：{words}")
            return value
        case "list":
            return _list(field, value, here)
        case _:
            return _geometry(field, value, here)


def _text(field: Field, given: Any, here: str) -> str:
    if not isinstance(given, str):
        raise _no(here, "not_a_text", f"{field.title}应为文字")
    value: str = given.strip()
    if "\x00" in value:
        raise _no(here, "bad_character", f"{field.title}含有无法保存的字符")
    if len(value) > field.max_length:
        raise _no(here, "too_long", f"{field.title}最多 {field.max_length} 字，现有 {len(value)} 字")
    if field.pattern and not re.fullmatch(field.pattern, value):
        raise _no(here, "bad_pattern", f"{field.title}格式不对" + (f"：{field.help}" if field.help else ""))
    return value


def _told(bound: Decimal) -> str:
    """A bound as it is read: 100,000; one of four digits may be a year."""
    return f"{bound:,}" if abs(bound) >= 10_000 else f"{bound}"


def _number(field: Field, value: Any, here: str) -> int | Decimal:
    if isinstance(value, bool) or not isinstance(value, (int, Decimal, str)):
        raise _no(here, "not_a_number", f"{field.title}应为数字")
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except InvalidOperation:
        raise _no(here, "not_a_number", f"{field.title}应为数字，“{str(value)[:20]}”不是数字") from None
    if not number.is_finite():
        raise _no(here, "not_a_number", f"{field.title}应为有限的数字")
    if number and (abs(number.adjusted()) > _MAX_DIGITS or len(number.as_tuple().digits) > _MAX_DIGITS):
        raise _no(here, "too_many_digits", f"{field.title}位数过多")
    unit = f" {field.unit}" if field.unit else ""
    if field.minimum is not None and (number < field.minimum or (field.exclusive_minimum and number == field.minimum)):
        bound = "大于" if field.exclusive_minimum else "不小于"
        say = (
            f"{field.title}不能小于 {_told(field.minimum)}{unit}"
            if bound == "不小于"
            else f"{field.title}应大于 {_told(field.minimum)}{unit}"
        )
        raise _no(here, "below_minimum", say)
    if field.maximum is not None and number > field.maximum:
        raise _no(here, "above_maximum", f"{field.title}不能大于 {_told(field.maximum)}{unit}")
    if field.values and number not in field.values:
        raise _no(here, "not_in_set", f"{field.title}只能取 {'、'.join(str(v) for v in field.values)}")
    if field.type == "integer":
        if number != number.to_integral_value():
            raise _no(here, "not_an_integer", f"{field.title}应为整数")
        return int(number)
    return number


def _list(field: Field, value: Any, here: str) -> list[Any]:
    """Rows with own fields; where there is only one, a row may be its bare value, and is kept as that."""
    if not isinstance(value, list):
        raise _no(here, "not_a_list", f"{field.title}应为若干行")
    if len(value) > _MAX_ROWS:
        raise _no(here, "too_long", f"{field.title}最多 {_MAX_ROWS} 行")
    if len(field.fields) == 1:
        [only] = field.fields
        bare = [row.get(only.name) if isinstance(row, Mapping) else row for row in value]
        return [_value(only, row, f"{here}.{i}") for i, row in enumerate(bare)]
    if not all(isinstance(row, Mapping) for row in value):
        raise _no(here, "not_a_list", f"{field.title}应为若干行")
    rows, errors = [], []
    for i, row in enumerate(value):
        clean, wrong = _rows(field.fields, row, f"{here}.{i}", f"{field.title}第 {i + 1} 行")
        rows.append(clean)
        errors.extend(wrong)
    if errors:
        raise _Refused(*errors)
    return rows


def _geometry(field: Field, value: Any, here: str) -> dict[str, Any]:
    kinds = _GEOMETRY[field.type]
    if not isinstance(value, Mapping) or value.get("type") not in kinds:
        raise _no(here, "not_a_geometry", f"{field.title}应为 GeoJSON {'或 '.join(sorted(kinds))}")
    try:
        geometry = shape(_floats(value))
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError):
        raise _no(here, "not_a_geometry", f"{field.title}的坐标无法读取") from None
    if geometry.is_empty or not geometry.is_valid:
        raise _no(here, "invalid_geometry", f"{field.title}的图形自相交或为空，请重画")
    west, south, east, north = geometry.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise _no(here, "out_of_range", f"{field.title}的坐标应为经度、纬度（度）")
    return dict(value)


def _floats(value: Any) -> Any:
    """GeoJSON with plain floats, since shapely takes no decimals."""
    if isinstance(value, Mapping):
        return {k: _floats(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_floats(v) for v in value]
    return float(value) if isinstance(value, Decimal) else value
