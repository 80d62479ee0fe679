"""Columns of the lists that are handed in: which the bureau has, in which order; as shipped where it says nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from riskmap.access.reader import Reader
from riskmap.base import audit
from riskmap.base.errors import FieldError, Forbidden, Invalid, NotFound
from riskmap.lists.sheets.parts import Part, SheetList
from riskmap.lists.sheets.registry import SHEETS
from riskmap.reports import queries
from riskmap.reports.wire import Layout

KEY = "layouts"  # of a set's options


def find(name: str) -> SheetList:
    """Raises NotFound."""
    found = SHEETS.get(name)
    if found is None:
        raise NotFound(
            f"没有“{name[:40]}”这张清单。可用：{'、'.join(f'{s.name}（{s.title}）' for s in SHEETS.values())}。"
        )
    return found


def bodies(connection: Connection) -> list[dict[str, Any]]:
    """All lists with all their columns, in the bureau's order."""
    kept = queries.layouts(connection)
    return [_body(one, kept.get(one.name)) for one in SHEETS.values()]


def body(connection: Connection, name: str) -> dict[str, Any]:
    """One of them. Raises NotFound."""
    return _body(find(name), queries.layouts(connection).get(name))


def _body(one: SheetList, kept: Mapping[str, Any] | None) -> dict[str, Any]:
    columns = []
    for part, hidden in _arranged(one, kept["columns"] if kept else ()):
        column = part.column
        columns.append(
            {"name": part.name, "title": column.title, "unit": column.unit, "width": column.width, "read": part.read,
             "hidden": hidden, "public": not part.inner}
        )  # fmt: skip
    return {
        "list": one.name,
        "title": one.title,
        "columns": columns,
        "shipped": kept is None,
        "changed_at": kept["changed_at"] if kept else None,
        "changed_by": kept["changed_by"] if kept else None,
    }


def _arranged(one: SheetList, kept: Sequence[Mapping[str, Any]]) -> list[tuple[Part, bool]]:
    """All columns with whether they are hidden. What the product has since brought stands at the end."""
    by_name = {part.name: part for part in one.parts}
    out = [(by_name.pop(c["name"]), bool(c["hidden"])) for c in kept if c["name"] in by_name]
    return out + [(part, False) for part in one.parts if part.name in by_name]


def frozen(connection: Connection) -> dict[str, list[str]]:
    """The columns shown of each list, by name in their order, as a set keeps them."""
    kept = queries.layouts(connection)
    return {
        one.name: [p.name for p, hidden in _arranged(one, kept.get(one.name, {}).get("columns", ())) if not hidden]
        for one in SHEETS.values()
    }


def shown(one: SheetList, options: Mapping[str, Any], *, public: bool) -> list[Part]:
    """The columns of a list in a set: as they were when it was ordered; of the form for publication the public ones."""
    by_name = {part.name: part for part in one.parts}
    wanted = options.get(KEY, {}).get(one.name, list(by_name))
    return [by_name[name] for name in wanted if name in by_name and not (public and by_name[name].inner)]


def put(connection: Connection, reader: Reader, name: str, layout: Layout) -> None:
    """A new order. Raises Forbidden, NotFound and Invalid."""
    _ensure_administrator(reader)
    one = find(name)
    _check(one, layout)
    before = queries.layouts(connection).get(name)
    columns = [c.model_dump() for c in layout.columns]
    queries.put_layout(connection, name, columns, reader.name)
    _record(connection, reader, one, "update", before, columns)


def reset(connection: Connection, reader: Reader, name: str) -> None:
    """As shipped again. Raises Forbidden and NotFound."""
    _ensure_administrator(reader)
    one = find(name)
    before = queries.layouts(connection).get(name)
    if before is not None:
        queries.drop_layout(connection, name)
        _record(connection, reader, one, "reset", before, None)


def _ensure_administrator(reader: Reader) -> None:
    if reader.role != "administrator":
        raise Forbidden("只有管理员可以调整清单的列。")


def _check(one: SheetList, layout: Layout) -> None:
    titles = {part.name: part.column.title for part in one.parts}
    errors, seen = [], set()
    for i, column in enumerate(layout.columns):
        if column.name not in titles:
            told = f"{one.title}没有“{column.name[:40]}”这一列"
            errors.append(FieldError(f"columns.{i}.name", "unknown_value", told))
        elif column.name in seen:
            told = f"“{titles[column.name]}”给了两次，请去掉一处"
            errors.append(FieldError(f"columns.{i}.name", "given_twice", told))
        seen.add(column.name)
    missing = [title for name, title in titles.items() if name not in seen]
    if missing:
        errors.append(FieldError("columns", "missing", f"缺少：{'、'.join(missing)}。不要的列请设为隐藏"))
    if not errors and all(column.hidden for column in layout.columns):
        errors.append(FieldError("columns", "all_hidden", "至少要显示一列"))
    if errors:
        raise Invalid("清单的列有误，没有改动", errors=errors)


def _record(
    connection: Connection, reader: Reader, one: SheetList, act: str, before: Mapping[str, Any] | None, after: Any
) -> None:
    audit.record(
        connection, reader.name, act, "report_layout", one.name, address=reader.address,
        before={"columns": before["columns"]} if before else None, after={"columns": after} if after else None,
    )  # fmt: skip
