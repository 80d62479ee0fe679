"""Rows of objects for the lists: always the one compiled selection, in the form that the reader gets."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import text

from riskmap.lists.model import Ask
from riskmap.selection import level
from riskmap.selection.compile import Binds, Form, attribute, compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

COMMON = (
    "id",
    "class",
    "code",
    "name",
    "grade",
    *level.COLUMNS,
    "division",
    "stage",
    "enterprise",
    "department",
    "form",
)
_NULLS = {"number": "NULL::numeric", "boolean": "NULL::boolean", "json": "NULL::jsonb"}


def objects(
    ask: Ask,
    extra: str = "",
    *,
    more: Mapping[str, str] | None = None,
    fields: Mapping[str, tuple[str, str]] | None = None,
    full_only: bool = False,
    selection: Selection | None = None,
    snapshot: Snapshot | None = None,
    columns: Iterable[str] = COMMON,
    tail: str = "",
) -> str:
    """SQL of the selection's objects that meet `extra` (a template).

    `more` are further columns as templates; `fields` attributes as name → (field, kind), each null where the row's
    form or the reader's tier does not show it.
    """
    about = snapshot or ask.snapshot
    compiled = compile_selection(ask.selection if selection is None else selection, about, binds=ask.binds)
    listed = {name: "{" + name + "}" for name in columns} | dict(more or {})
    arms = []
    for form in compiled.forms:
        if full_only and form.name != "full":
            continue
        own = {name: field(about, form, f, kind, ask.binds) for name, (f, kind) in (fields or {}).items()}
        arms.append(form.select(listed | own, extra, tail))
    if not arms:  # a reader who gets nothing in full
        typed = ", ".join(f"{_typed_null(name, fields)} AS {name}" for name in [*listed, *(fields or {})])
        return f"SELECT {typed} WHERE false"
    return "\nUNION ALL\n".join(arms)


def whether(ask: Ask, selection: Selection) -> str:
    """A template that says of a row whether the reader gets it in full and it is of this selection.

    For a question that runs over more than the reader's own: each row of it says what it is to him.
    """
    compiled = compile_selection(selection, ask.snapshot, binds=ask.binds).only("full")
    if compiled is None:
        return "false"
    condition = " AND ".join(compiled.forms[0].conditions) or "TRUE"
    return f"coalesce({condition}, false)".replace("{", "{{").replace("}", "}}")


_TYPES = {"id": "bigint", "enterprise": "bigint", "parent": "bigint", "grade": "smallint", "level_rank": "smallint"}


def _typed_null(name: str, fields: Mapping[str, tuple[str, str]] | None) -> str:
    if fields and name in fields:
        return _NULLS.get(fields[name][1], "NULL::text")
    if name in {"geom", "anchor"}:
        return "NULL::geometry"
    return f"NULL::{_TYPES.get(name, 'text')}"


def field(snapshot: Snapshot, form: Form, name: str, kind: str, binds: Binds) -> str:
    """SQL of a declared field in one form; kind is text, number, boolean or json (a list)."""
    reader = snapshot.reader
    readable = {c.code: f.visibility for c, f in snapshot.catalogue.fields_named(name, None)}
    inner = form.name == "full"
    if kind != "json":
        return attribute(name, readable, kind, inner, reader.tier, binds)
    most = reader.tier if inner else 0
    classes = sorted(c for c, visibility in readable.items() if visibility <= most)
    if not classes:
        return _NULLS["json"]
    legal = f"v.class = ANY(CAST({binds(classes)} AS text[]))"
    return f"(CASE WHEN {legal} THEN v.attributes->CAST({binds(name)} AS text) END)"


def of_classes(ask: Ask, classes: Sequence[str]) -> str:
    """The condition that a row is of one of these classes."""
    return f"{{class}} = ANY(CAST({ask.binds(list(classes))} AS text[]))"


def names(snapshot: Snapshot, ids: Iterable[int]) -> dict[int, str]:
    """Names of those of these objects that the reader may see."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    compiled = compile_selection(Selection(), snapshot, any_life=True, only_ids=wanted)
    found = snapshot.connection.execute(text(compiled.rows("id, name")), compiled.binds.values)
    return {row.id: row.name for row in found}


def run(ask: Ask, sql: str, **more: Any) -> list[dict[str, Any]]:
    """The rows of a statement under the ask's binds."""
    found = ask.snapshot.connection.execute(text(sql), {**ask.binds.values, **more})
    return [dict(row) for row in found.mappings()]
