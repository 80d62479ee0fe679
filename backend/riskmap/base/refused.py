"""Why a request's values are refused, in Chinese and by the titles that the page gives them.

A wire model and a parameter say their title where they are declared: `Field(title="判定依据")`.
"""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, get_args, get_origin

from fastapi.dependencies.models import Dependant
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from riskmap.base.errors import FieldError

_DATE = "应为日期，如 2026-03-01"
_TIME = "应为日期或时间，如 2026-03-01T08:00:00+08:00"
_NUMBER, _WHOLE, _LIST = "应为数字", "应为整数", "应为数组"
_SAY: dict[str, str] = {
    "string_too_long": "太长，最多 {max_length} 字",
    "string_too_short": "太短，最少 {min_length} 字",
    "string_pattern_mismatch": "格式不对，请核对",
    "string_type": "应为文字",
    "string_unicode": "有无法保存的字符，请删去",
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "int_parsing_size": "数字过大，请核对",
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_max_digits": "位数过多，最多 {max_digits} 位",
    "decimal_max_places": "小数过长，最多 {decimal_places} 位",
    "decimal_whole_digits": "整数部分过长，最多 {whole_digits} 位",
    "multiple_of": "应为 {multiple_of} 的倍数",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "finite_number": "应为有限的数字",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "greater_than": "应大于 {gt}",
    "less_than": "应小于 {lt}",
    "literal_error": "应为以下之一：{expected}",
    "enum": "应为以下之一：{expected}",
    "union_tag_invalid": "应为以下之一：{expected_tags}",
    "too_long": "太多，最多 {max_length} 个",
    "too_short": "太少，最少 {min_length} 个",
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "none_required": "应留空",
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "date_parsing": _DATE,
    "date_type": _DATE,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "datetime_type": _TIME,
    "timezone_aware": "应带时区，如 2026-03-01T08:00:00+08:00",
    "uuid_parsing": "编号不对，请核对",
    "json_invalid": "JSON 不完整或有误，请重新发送",
    "value_error": "{error}",  # of our own validators, which speak Chinese
}
_MOST_ERRORS = 50
_UNKNOWN = "不合要求，请核对"


def _say(kind: str, context: Mapping[str, Any]) -> str:
    """What a pydantic error means, in Chinese; never what was typed."""
    told = {k: _told(v) for k, v in context.items()}
    try:
        message = _SAY.get(kind, _UNKNOWN).format(**told)
    except KeyError:
        return _UNKNOWN
    return message if re.search("[\u4e00-\u9fff]", message) else _UNKNOWN


def _told(value: Any) -> str:
    """A limit as it is read: 100,000, and not 100000.0."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool) and math.isfinite(value):
        return f"{Decimal(str(value)).normalize():,f}"
    return str(value)[:200].replace(" or ", "、").replace(", ", "、").replace("'", "")


def field_errors(error: RequestValidationError, route: Any) -> list[FieldError]:
    """Each refused value: where in the request, and a sentence for its sender."""
    out = []
    for wrong in error.errors()[:_MOST_ERRORS]:
        place, path = wrong["loc"][0], wrong["loc"][1:]
        field = ".".join(str(part) for part in path)[:120] or str(place)
        out.append(FieldError(field, wrong["type"], _sentence(wrong, _title(route, place, path))))
    return out


def model_errors(error: ValidationError, model: Any) -> list[FieldError]:
    """The same of a model that an endpoint reads by itself."""
    out = []
    for wrong in error.errors()[:_MOST_ERRORS]:
        path = wrong["loc"]
        field = ".".join(str(part) for part in path)[:120] or "body"
        out.append(FieldError(field, wrong["type"], _sentence(dict(wrong), title_in(model, path))))
    return out


def _sentence(wrong: Mapping[str, Any], title: str) -> str:
    kind, context = wrong["type"], wrong.get("ctx") or {}
    if "said" in context:  # by a validator of ours, in a whole sentence (`base.wire.refusal`)
        return str(context["said"])
    if kind == "missing" or (kind in {"string_too_short", "too_short"} and context.get("min_length") == 1):
        return f"请填写{title}"
    if kind == "extra_forbidden":
        return f"没有{title}这一项，请核对名字"
    return f"{title}：{_say(kind, context)}"


def _title(route: Any, place: str | int, path: Sequence[str | int]) -> str:
    """What a value is called: 风险等级的判定依据, 标签第 2 项; what has no title by its own name, quoted."""
    if not isinstance(route, APIRoute):
        return _quoted(path[-1]) if path else "提交的内容"
    if place == "body":
        return title_in(route.body_field.field_info.annotation if route.body_field else None, path)
    found = (f.field_info.title for f in _parameters(route.dependant) if path and path[0] == f.alias)
    return next(found, None) or (_quoted(path[0]) if path else "提交的内容")


def title_in(kind: Any, path: Sequence[str | int]) -> str:
    """The same of a value within a wire model."""
    out = ""
    for part in _titles(kind, path):
        out += part if not out or part.startswith("第 ") else f"的{part}"
    return out or "提交的内容"


def _quoted(name: str | int) -> str:
    return f"“{str(name)[:60]}”"


def _parameters(dependant: Dependant) -> Iterator[Any]:
    yield from (*dependant.path_params, *dependant.query_params, *dependant.header_params)
    for inner in dependant.dependencies:
        yield from _parameters(inner)


def _titles(kind: Any, path: Sequence[str | int]) -> list[str]:
    """Titles along a path into a wire model; what lies below a plain value are the branches of its type."""
    if not path:
        return []
    first, rest = path[0], path[1:]
    if isinstance(first, int):
        return [f"第 {first + 1} 项", *_titles(kind, rest)]
    values = _values(kind)
    if values is not None:  # a key of a mapping, and what stands under it
        return [_quoted(first), *_titles(values, rest)]
    models = list(_models(kind))
    for model in models:
        for name, field in model.model_fields.items():
            if first == (field.alias or name):
                return [field.title or _quoted(first), *_titles(field.annotation, rest)]
    return [_quoted(first)] if models else []


def _values(kind: Any) -> Any:
    """What a mapping holds: of `Annotated[dict[str, list[Band]], …]` the list; None for what is no mapping."""
    if get_origin(kind) is Annotated:
        return _values(get_args(kind)[0])
    return get_args(kind)[1] if get_origin(kind) is dict and len(get_args(kind)) == 2 else None


def _models(kind: Any) -> Iterator[type[BaseModel]]:
    """The wire models that a type speaks of: `list[Party] | None`."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
    for inner in get_args(kind):
        yield from _models(inner)
