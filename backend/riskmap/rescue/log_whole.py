"""The log as it is read: what was written, and what came about by itself at its minute, which nobody wrote.

A closed road that runs out is such: it is told from the closure whenever the log is read. So it stands there also where
the service was down at that minute, stands there once, and not before the minute has come.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from riskmap.rescue import log, minute
from riskmap.rescue.routing import queries

_OF_ROADS: log.Kind = "调度"  # as the entry that they were closed


def page(
    connection: Connection,
    *,
    exercise: bool,
    kind: log.Kind | None,
    since: datetime | None,
    until: datetime,
    before: int | None,
    limit: int,
) -> dict[str, Any]:
    """{items, next}: the newest entries up to a minute, with what came about between them; `next` is the id of a
    written one that the next page begins before, None where there is no more."""
    found = log.entries(
        connection, exercise=exercise, kind=kind, since=since, until=until, before=before, limit=limit + 1
    )  # fmt: skip
    written, more = found[:limit], len(found) > limit
    # What came about stands on the page of the written entries that it is not older than.
    since = written[-1]["at"] if more else since
    upper = None if before is None else _at(connection, before)
    came = came_about(connection, exercise=exercise, kind=kind, since=since, until=until)
    return {
        "items": _merged(written, [c for c in came if upper is None or c["at"] < upper]),
        "next": written[-1]["id"] if more else None,
    }


def came_about(
    connection: Connection, *, exercise: bool, kind: log.Kind | None, since: datetime | None, until: datetime
) -> list[dict[str, Any]]:
    """Entries that nobody wrote, the newest first, as written ones are; the id is less than 0."""
    if kind not in {None, _OF_ROADS}:
        return []
    until = min(until, minute.now(connection))
    return [
        {
            "id": -row.closed_id, "at": row.at, "by": log.ITSELF, "exercise": exercise, "kind": _OF_ROADS,
            "what": f"{row.name}封闭到时，" + ("另有封闭，没有恢复通行" if row.still_shut else "恢复通行"),
            "flood": None, "state": row.state, "ref": {"kind": "road_closed", "id": row.closed_id}, "body": None,
        }
        for row in queries.run_out(connection, exercise, since, until)
    ]  # fmt: skip


def whole(written: Sequence[dict[str, Any]], came: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Written entries in the order in which they were written, with what came about between them."""
    return _merged(list(reversed(written)), came)[::-1]


def _merged(written: Sequence[dict[str, Any]], came: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Both the newest first; written ones stay in their own order."""
    out: list[dict[str, Any]] = []
    rest = list(came)
    for entry in written:
        while rest and rest[0]["at"] >= entry["at"]:
            out.append(rest.pop(0))
        out.append(entry)
    return out + rest


def _at(connection: Connection, entry_id: int) -> datetime | None:
    """When an entry was written, or the next after where there is no such."""
    found: datetime | None = connection.scalar(
        text("SELECT at FROM rescue_log WHERE log_id >= :id ORDER BY log_id LIMIT 1"), {"id": entry_id}
    )
    return found
