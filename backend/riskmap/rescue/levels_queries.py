"""SQL of the water's levels: readings as they were known at a minute."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from riskmap.base.audit import dump_json

# Rows may be so far ahead of our clock: what may outrank them is looked for.
_MOST_AHEAD = timedelta(minutes=5)
_EVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Minute:
    """What is asked about: a minute that has gone, or now."""

    at: datetime
    is_now: bool


_USED = (
    "r.exercise = :exercise AND r.made_at <= :made AND r.at <= :until AND reading_standing(r, :made) = 'used'"
)  # fmt: skip


def latest(connection: Connection, ids: Iterable[int], *, exercise: bool, when: Minute) -> dict[int, dict[str, Any]]:
    """The last reading in use of each object at a minute, and the one that its rise is measured from."""
    rows = connection.execute(
        text(
            f"""
            SELECT l.*, coalesce(e.at, s.at) AS before_at, coalesce(e.level_m, s.level_m) AS before_m
            FROM unnest(CAST(:ids AS bigint[])) AS o (id)
            CROSS JOIN LATERAL (
                SELECT r.object_id, r.reading_id AS id, r.at, r.level_m, r.source, r.made_by AS by, r.made_at, r.note
                FROM rescue_reading AS r WHERE r.object_id = o.id AND {_USED} AND r.at >= (
                    SELECT r.at FROM rescue_reading AS r WHERE r.object_id = o.id AND {_USED}
                    ORDER BY r.at DESC LIMIT 1
                ) - CAST(:most_ahead AS interval)
                -- A clock that is fast outranks nobody: it is no later than when its reading came in.
                ORDER BY least(r.at, r.made_at) DESC, r.reading_id DESC LIMIT 1
            ) AS l
            LEFT JOIN LATERAL (
                SELECT r.at, r.level_m FROM rescue_reading AS r
                WHERE r.object_id = o.id AND {_USED} AND r.at <= l.at - CAST(:over AS interval)
                    AND r.at >= l.at - CAST(:within AS interval)
                ORDER BY r.at DESC, r.reading_id DESC LIMIT 1
            ) AS e ON true
            LEFT JOIN LATERAL (
                SELECT r.at, r.level_m FROM rescue_reading AS r
                WHERE r.object_id = o.id AND {_USED} AND r.at > l.at - CAST(:over AS interval) AND r.at < l.at
                ORDER BY r.at, r.reading_id DESC LIMIT 1
            ) AS s ON true"""
        ),
        _at(ids, exercise, when)
        | {"over": timedelta(hours=1), "within": timedelta(hours=24), "most_ahead": _MOST_AHEAD},
    )
    return {row["object_id"]: dict(row) for row in rows.mappings()}


def _at(ids: Iterable[int], exercise: bool, when: Minute) -> dict[str, Any]:
    # Of now everything is known that is written, whatever the database's clock says.
    made = _EVER if when.is_now else when.at
    known = {"known": when.at, "made": made, "until": when.at + _MOST_AHEAD}
    return {"ids": sorted(set(ids)), "exercise": exercise, **known}


def waiting(connection: Connection, ids: Iterable[int], *, exercise: bool, when: Minute) -> list[dict[str, Any]]:
    """Readings that nobody has confirmed or put right, of the last week."""
    rows = connection.execute(
        text(
            "SELECT r.object_id, r.reading_id AS id, r.at, r.level_m, r.jump_m, r.made_by AS by"
            " FROM rescue_reading AS r WHERE r.object_id = ANY(CAST(:ids AS bigint[]))"
            " AND r.exercise = :exercise AND r.doubtful AND r.made_at <= :made AND r.at <= :until"
            " AND r.at > :known - interval '7 days'"
            " AND reading_standing(r, :made) = 'doubtful' ORDER BY r.at, r.reading_id"
        ),
        _at(ids, exercise, when),
    )
    return [dict(row) for row in rows.mappings()]


def series(
    connection: Connection,
    object_id: int,
    *,
    exercise: bool,
    when: Minute,
    since: datetime | None,
    limit: int,
) -> list[dict[str, Any]]:
    """All readings of an object, the newest first, with how each stood at the minute."""
    rows = connection.execute(
        text(
            "SELECT r.reading_id AS id, r.at, r.level_m, r.given_m, r.height_system, r.shift_m, r.source, r.made_at,"
            " r.made_by AS by, r.key, r.doubtful, r.jump_m, r.replaces, r.note, reading_standing(r, :made) AS standing"
            " FROM rescue_reading AS r WHERE r.object_id = ANY(CAST(:ids AS bigint[])) AND r.exercise = :exercise"
            " AND r.made_at <= :made AND r.at <= :until AND (CAST(:since AS timestamptz) IS NULL OR r.at >= :since)"
            " ORDER BY r.at DESC, r.reading_id DESC LIMIT :limit"
        ),
        _at([object_id], exercise, when) | {"since": since, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]


def one(connection: Connection, reading_id: int) -> dict[str, Any] | None:
    """A reading and how it stands now."""
    row = connection.execute(
        text(
            "SELECT r.reading_id AS id, r.object_id, r.at, r.level_m, r.exercise, r.doubtful, r.jump_m,"
            " reading_standing(r, clock_timestamp()) AS standing FROM rescue_reading AS r WHERE r.reading_id = :id"
        ),
        {"id": reading_id},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def lock(connection: Connection, ids: Iterable[int]) -> None:
    """One writer a gauge at a time: whether a step is credible depends on the reading before."""
    connection.execute(
        text(
            "SELECT pg_advisory_xact_lock(hashtextextended('reading:' || o.id, 0))"
            " FROM (SELECT unnest(CAST(:ids AS bigint[])) AS id ORDER BY 1) AS o"
        ),
        {"ids": sorted(set(ids))},
    )


def between(
    connection: Connection, ids: Iterable[int], exercise: bool, first: datetime, last: datetime
) -> list[dict[str, Any]]:
    """Readings of these objects in a span, whatever is said of them now."""
    rows = connection.execute(
        text(
            "SELECT r.object_id, r.reading_id AS id, r.at, r.level_m, r.key, r.replaces,"
            " reading_standing(r, clock_timestamp()) AS standing FROM rescue_reading AS r"
            " WHERE r.object_id = ANY(CAST(:ids AS bigint[])) AND r.exercise = :exercise"
            " AND r.at BETWEEN :first AND :last ORDER BY r.at, r.reading_id"
        ),
        {"ids": sorted(set(ids)), "exercise": exercise, "first": first, "last": last},
    )
    return [dict(row) for row in rows.mappings()]


def named(
    connection: Connection, objects: Iterable[int], ids: Iterable[int], keys: Iterable[str], exercise: bool
) -> list[dict[str, Any]]:
    """Readings that have one of these ids, or one of these keys of their objects; and what stands in for them."""
    rows = connection.execute(
        text(
            "SELECT r.object_id, r.reading_id AS id, r.at, r.level_m, r.key, r.exercise, x.at AS by_at,"
            " x.level_m AS by_m FROM rescue_reading AS r LEFT JOIN rescue_reading AS x ON x.replaces = r.reading_id"
            " WHERE r.reading_id = ANY(CAST(:ids AS bigint[])) OR (r.object_id = ANY(CAST(:objects AS bigint[]))"
            " AND r.exercise = :exercise AND r.key = ANY(CAST(:keys AS text[])))"
        ),
        {
            "objects": sorted(set(objects)), "ids": sorted(set(ids)), "keys": sorted(set(keys)),
            "exercise": exercise,
        },
    )  # fmt: skip
    return [dict(row) for row in rows.mappings()]


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write readings, all in one statement; their ids in the same order."""
    if not rows:
        return []
    written = connection.execute(
        text(
            "INSERT INTO rescue_reading (object_id, at, made_by, account_id, exercise, source, given_m, height_system,"
            " shift_m, level_m, key, doubtful, jump_m, replaces, note) SELECT r.* FROM"
            " jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (object_id bigint, at timestamptz, by text, account bigint,"
            " exercise boolean, source text, given_m numeric, height_system text, shift_m numeric, level_m numeric,"
            " key text, doubtful boolean, jump_m numeric, replaces bigint, note text)"
            " RETURNING reading_id, object_id, at, replaces"
        ),
        {"rows": dump_json([{**row, "at": row["at"].isoformat()} for row in rows])},
    )
    ids = {(r.object_id, r.at, r.replaces): int(r.reading_id) for r in written}
    return [ids[row["object_id"], row["at"], row["replaces"]] for row in rows]


def act(connection: Connection, reading_id: int, by: str, what: str, note: str) -> None:
    """What somebody says of a reading."""
    connection.execute(
        text("INSERT INTO rescue_reading_act (reading_id, by, what, note) VALUES (:id, :by, :what, :note)"),
        {"id": reading_id, "by": by, "what": what, "note": note},
    )


def anything_since(connection: Connection, moment: datetime) -> bool:
    """Whether there is a reading of after a moment at all."""
    found = text("SELECT EXISTS (SELECT FROM rescue_reading WHERE at >= :at)")
    return bool(connection.scalar(found, {"at": moment}))
