"""Saved selections: content-addressed, so saving one twice is one row."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from riskmap.base.audit import dump_json
from riskmap.base.errors import FieldError, Invalid
from riskmap.selection import queries
from riskmap.selection.drawn import KEPT_DAYS
from riskmap.selection.model import Selection


def save(connection: Connection, selection: Selection, actor: str, *, public: bool = False) -> str:
    """Keep a selection; its id. What the public saves is let go after a while."""
    identifier = "s_" + selection.key
    if public:
        queries.drop_old_public(connection, KEPT_DAYS)
    queries.keep(connection, identifier, dump_json(selection.body()) or "{}", actor)
    return identifier


def as_parameters(body: Mapping[str, Any]) -> tuple[dict[str, list[str]], Any]:
    """A JSON selection as query parameters, and its polygon."""
    params: dict[str, list[str]] = {}
    for name, value in body.items():
        if name == "within" or value is None:
            continue
        if name == "bbox" and isinstance(value, list | tuple):
            params[name] = [",".join(str(v) for v in value)]
        elif isinstance(value, bool):
            params[name] = ["true" if value else "false"]
        elif isinstance(value, list | tuple):
            params[name] = [str(v) for v in value]
        elif isinstance(value, str | int):
            params[name] = [str(value)]
        else:
            raise Invalid("选择的写法不对", errors=[FieldError(name[:60], "bad_value", "应为文字、数字或它们的数组")])
    return params, body.get("within")


def expand(connection: Connection, params: Mapping[str, Sequence[str]]) -> tuple[dict[str, Sequence[str]], Any]:
    """Replace `selection=s_…` by what it holds; what is given beside it narrows further."""
    given = dict(params)
    names = given.pop("selection", None)
    if not names:
        return given, None
    if len(set(names)) > 1:
        raise Invalid("selection 只能给一个", errors=[FieldError("selection", "given_twice", "只能给一个")])
    body = queries.kept(connection, names[0][:60])
    if body is None:
        raise Invalid(
            "没有这个已保存的选择",
            errors=[FieldError("selection", "unknown_value", "没有这个已保存的选择，请重新选择范围")],
        )
    saved, within = as_parameters(body)
    both = sorted(set(saved) & set(given))
    if both:
        raise Invalid(
            "参数与已保存的选择重复",
            errors=[FieldError(name, "given_twice", f"{name} 在已保存的选择中已有，请去掉一处") for name in both],
        )
    return {**given, **saved}, within
