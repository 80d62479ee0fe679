"""The log: every act of the night, in the order in which it was done. Only added to."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, text

from riskmap.base.audit import dump_json

Kind = Literal["水情", "预警", "响应", "调度", "转移", "设置"]
KINDS: tuple[Kind, ...] = ("水情", "预警", "响应", "调度", "转移", "设置")


def note(
    connection: Connection,
    *,
    by: str,
    kind: Kind,
    what: str,
    exercise: bool = False,
    flood_id: int | None = None,
    ref: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
) -> int:
    """Write one entry in the caller's transaction, with the state that the register has now; its id."""
    found: int = connection.execute(
        text(
            "INSERT INTO rescue_log (by, exercise, kind, what, flood_id, state, ref, body) VALUES (:by, :exercise,"
            " :kind, :what, :flood_id, (SELECT n FROM data_state), CAST(:ref AS jsonb), CAST(:body AS jsonb))"
            " RETURNING log_id"
        ),
        {
            "by": by, "exercise": exercise, "kind": kind, "what": what, "flood_id": flood_id,
            "ref": dump_json(ref), "body": dump_json(body),
        },
    ).scalar_one()  # fmt: skip
    return found


def entries(
    connection: Connection,
    *,
    exercise: bool,
    kind: Kind | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Entries, the newest first; `before` is the id that the page ends with."""
    rows = connection.execute(
        text(
            "SELECT log_id AS id, at, by, exercise, kind, what, flood_id AS flood, state, ref, body FROM rescue_log"
            " WHERE exercise = :exercise AND (CAST(:kind AS text) IS NULL OR kind = :kind)"
            " AND (CAST(:since AS timestamptz) IS NULL OR at >= :since)"
            " AND (CAST(:until AS timestamptz) IS NULL OR at <= :until)"
            " AND (CAST(:before AS bigint) IS NULL OR log_id < :before) ORDER BY log_id DESC LIMIT :limit"
        ),
        {"exercise": exercise, "kind": kind, "since": since, "until": until, "before": before, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]
