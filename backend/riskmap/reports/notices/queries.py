"""The SQL of notices: objects in full, their posts, their codes."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from riskmap.catalogue.model import LIVE_STAGES
from riskmap.selection import level
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

_COLUMNS = (
    "id", "class", "code", "name", "enterprise", "division", "stage", "grade", *level.COLUMNS, "department",
    "visibility", "attributes", "grading", "valid_to", "form",
)  # fmt: skip


def one(snapshot: Snapshot, object_id: int) -> dict[str, Any] | None:
    """An object in the form that its reader gets, whatever its life."""
    compiled = compile_selection(Selection(), snapshot, any_life=True, only_ids=[object_id])
    row = snapshot.connection.execute(text(compiled.rows(", ".join(_COLUMNS))), compiled.binds.values).mappings()
    found = row.one_or_none()
    return None if found is None else dict(found)


def many(snapshot: Snapshot, selection: Selection, classes: Sequence[str], most: int) -> list[dict[str, Any]]:
    """The live objects of these classes that the reader gets in full, the worst first; one more than `most` at most."""
    compiled = compile_selection(selection, snapshot).only("full")
    if compiled is None:
        return []
    live = f"{{stage}} = ANY(CAST({compiled.binds(list(LIVE_STAGES))} AS text[]))"
    of_them = f"{{class}} = ANY(CAST({compiled.binds(list(classes))} AS text[])) AND {live}"
    sql = f"SELECT * FROM ({compiled.rows(', '.join(_COLUMNS), of_them)}) AS r ORDER BY grade, id LIMIT {most + 1}"
    return [dict(row) for row in snapshot.connection.execute(text(sql), compiled.binds.values).mappings()]


def total(snapshot: Snapshot, selection: Selection) -> int:
    """How many objects a selection has for its reader, in either form."""
    compiled = compile_selection(selection, snapshot)
    counted = text(f"SELECT count(*) FROM ({compiled.rows('id')}) AS r")
    return int(snapshot.connection.scalar(counted, compiled.binds.values) or 0)


def posts(snapshot: Snapshot, ids: Sequence[int]) -> dict[int, list[Mapping[str, Any]]]:
    """Who answers for each, as a post. Names and telephone numbers are not even asked for."""
    rows = snapshot.connection.execute(
        text(
            "SELECT object_id, role, post FROM object_party WHERE object_id = ANY(CAST(:ids AS bigint[]))"
            " AND known @> CAST(:n AS bigint) AND (since IS NULL OR since <= :day)"
            " AND (until IS NULL OR until > :day) AND btrim(post) <> '' ORDER BY party_id"
        ),
        {"ids": list(ids), "n": snapshot.moment.n, "day": snapshot.moment.day},
    ).mappings()
    out: dict[int, list[Mapping[str, Any]]] = {}
    for row in rows:
        out.setdefault(row["object_id"], []).append(dict(row))
    return out


# -- Codes ----------------------------------------------------------------------------------


def codes(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The code that holds of each object."""
    rows = connection.execute(
        text(
            "SELECT object_id, code, made_at, made_by FROM object_code"
            " WHERE object_id = ANY(CAST(:ids AS bigint[])) AND revoked_at IS NULL"
        ),
        {"ids": list(ids)},
    ).mappings()
    return {row["object_id"]: dict(row) for row in rows}


def add_codes(connection: Connection, new: Mapping[int, str], by: str) -> dict[int, str]:
    """New codes; those that were added. An object that has one meanwhile keeps that."""
    if not new:
        return {}
    rows = connection.execute(
        text(
            "INSERT INTO object_code (object_id, code, made_by)"
            " SELECT t.*, CAST(:by AS text)"
            " FROM unnest(CAST(:ids AS bigint[]), CAST(:codes AS text[])) AS t (object_id, code)"
            " ON CONFLICT DO NOTHING RETURNING object_id, code"
        ),
        {"ids": list(new), "codes": list(new.values()), "by": by},
    ).mappings()
    return {row["object_id"]: row["code"] for row in rows}


def revoke(connection: Connection, object_id: int, by: str, reason: str) -> str | None:
    """The code that holds no longer, or None where there was none."""
    code: str | None = connection.scalar(
        text(
            "UPDATE object_code SET revoked_at = clock_timestamp(), revoked_by = :by, reason = :reason"
            " WHERE object_id = :id AND revoked_at IS NULL RETURNING code"
        ),
        {"id": object_id, "by": by, "reason": reason},
    )
    return code


def object_of(connection: Connection, code: str) -> int | None:
    """Whose code this is, where it holds."""
    found: int | None = connection.scalar(
        text("SELECT object_id FROM object_code WHERE code = :code AND revoked_at IS NULL"), {"code": code}
    )
    return found
