"""Candidates of a search, and what a reader sees of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from riskmap.base.errors import Invalid
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

_MOST_MS = 4000  # of one statement: a search that takes longer is too wide to be of use
_CANCELED = "57014"

_COLUMNS = {
    **{
        name: "{" + name + "}"
        for name in (
            "id", "class", "code", "name", "grade", "level_scale", "level_value", "level_rank", "division", "stage",
            "visibility", "department", "form",
        )
    },
    "lon": "ST_X({anchor})",
    "lat": "ST_Y({anchor})",
    "uscc": "{attributes} ->> 'uscc'",
}  # fmt: skip


def bound(connection: Connection) -> None:
    """No statement of this transaction may take for ever."""
    connection.execute(text(f"SET LOCAL statement_timeout = {_MOST_MS}"))


def _ids(connection: Connection, call: str, **values: Any) -> list[int]:
    try:
        return list(connection.scalars(text(f"SELECT {call}"), values))
    except OperationalError as error:
        if getattr(error.orig, "pgcode", None) == _CANCELED:
            raise Invalid("查找的范围太大，请多输入一两个字。", code="too_wide") from error
        raise


def by_text(connection: Connection, q: str, live: bool, most: int) -> list[int]:
    """Ids of objects that the caller may see whose name or code holds q; no more than `most`."""
    return _ids(connection, "find_by_text(:q, :live, :most)", q=q, live=live, most=most)


def by_spelling(connection: Connection, initials: str, typed: str | None, live: bool, most: int) -> list[int]:
    """The same by a name's initials; where `typed` is given, its spelling holds these letters too."""
    call = "find_by_spelling(:initials, CAST(:typed AS text), :live, :most)"
    return _ids(connection, call, initials=initials, typed=typed, live=live, most=most)


def by_uscc(snapshot: Snapshot, q: str, live: bool, most: int) -> list[int]:
    """The same by the beginning of a 统一社会信用代码, in classes whose field the reader may read."""
    reader = snapshot.reader
    fields = [(c.code, f.visibility) for c, f in snapshot.catalogue.fields_named("uscc", None)]
    readable = [code for code, visibility in fields if visibility <= (reader.tier if reader.sees_inner else 0)]
    public = [code for code, visibility in fields if visibility == 0]
    call = "find_by_uscc(:q, CAST(:readable AS text[]), CAST(:public AS text[]), :live, :most)"
    return _ids(snapshot.connection, call, q=q, readable=readable, public=public, live=live, most=most)


def objects(snapshot: Snapshot, ids: Sequence[int]) -> list[dict[str, Any]]:
    """These objects in the form that the reader gets, whatever their stage; those that are not now are left out."""
    if not ids:
        return []
    compiled = compile_selection(Selection(stage=("any",)), snapshot, only_ids=list(ids))
    rows = snapshot.connection.execute(text(compiled.rows(_COLUMNS)), compiled.binds.values)
    return [dict(r._mapping) for r in rows]


def division_boxes(connection: Connection, n: int, codes: Sequence[str]) -> dict[str, tuple[float, ...]]:
    """West, south, east, north of these divisions, where they have an outline."""
    rows = connection.execute(
        text(
            "SELECT code, ST_XMin(geom), ST_YMin(geom), ST_XMax(geom), ST_YMax(geom) FROM division"
            " WHERE known @> CAST(:n AS bigint) AND code = ANY(CAST(:codes AS text[])) AND geom IS NOT NULL"
        ),
        {"n": n, "codes": list(codes)},
    )
    return {r[0]: tuple(round(v, 6) for v in r[1:]) for r in rows}
