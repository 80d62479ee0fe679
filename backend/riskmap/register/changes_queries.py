"""SQL of what has changed between two states: the same selection, compiled once for each of them.

Which objects were touched is asked of `risk_object` by plain comparisons of state and days, which are
leakproof, so the indexes serve under row security. Everything else rests on those ids.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from riskmap.selection import level
from riskmap.selection.compile import Binds, compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

KINDS = ("added", "ended", "regraded", "entered", "left", "changed")

# What of an object is compared, and the names that the answer says.
_COMPARED = {
    "name": "name",
    "code": "code",
    "level": level.plain(level.KEY),
    "stage": "stage",
    "position": "ST_AsBinary(geom)",
    "division": "division",
    "department": "department",
    "visibility": "visibility",
    "enterprise": "enterprise",
    "parent": "parent",
    "source": "source",
    "verified": "verified",
    "tags": "tags",
    "attributes": "attributes - ARRAY(SELECT jsonb_array_elements_text(CAST({hidden} AS jsonb) -> form -> class))",
}
_COLUMNS = (
    f"id, class, code, name, grade, {', '.join(level.COLUMNS)}, stage, geom, anchor, division, department,"
    " visibility, enterprise, parent, source, verified, tags, attributes, valid_to, updated_at, state, form"
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended: rank of the kind, grade, id."""

    kind: int
    grade: int
    id: int


@dataclass(frozen=True, slots=True)
class Found:
    """A page of changes and how many there are of each kind in all."""

    rows: list[dict[str, Any]]
    by_kind: Mapping[str, int]


def changes(
    was: Snapshot, now: Snapshot, selection: Selection, hidden: Mapping[str, Any], limit: int, after: Place | None
) -> Found:
    """What differs between two moments in a selection, for the reader of both; counts are of all pages."""
    binds = Binds()
    today = binds(now.moment.day)
    touched = " UNION ".join(_ways(was, now, binds))
    ids = "v.id = ANY(ARRAY(SELECT id FROM touched))"

    def rows(snapshot: Snapshot, selected: Selection, columns: str, *, any_life: bool = False) -> str:
        return compile_selection(selected, snapshot, any_life=any_life, binds=binds).rows(columns, ids)

    listed = binds(json.dumps(hidden))
    compared = {name: sql.format(hidden=listed) for name, sql in _COMPARED.items()}
    values = ", ".join(f"({sql}) AS c_{name}" for name, sql in compared.items())
    fields = ", ".join(
        f"CASE WHEN w.c_{name} IS DISTINCT FROM n.c_{name} THEN '{name}' END" for name in compared if name != "level"
    )
    shown = (
        "class",
        "code",
        "name",
        "grade",
        *level.COLUMNS,
        "stage",
        "division",
        "form",
    )
    latest = ", ".join(f"CASE WHEN n.id IS NULL THEN w.{c} ELSE n.{c} END AS {c}" for c in shown)
    sql = f"""
        WITH touched AS MATERIALIZED ({touched}),
        was AS MATERIALIZED (SELECT *, {values} FROM ({rows(was, Selection(), _COLUMNS, any_life=True)}) AS r),
        present AS MATERIALIZED (SELECT *, {values} FROM ({rows(now, Selection(), _COLUMNS, any_life=True)}) AS r),
        was_in AS MATERIALIZED ({rows(was, selection, "id")}),
        now_in AS MATERIALIZED ({rows(now, selection, "id")}),
        pairs AS (
            SELECT coalesce(n.id, w.id) AS id, {latest}, w.grade AS grade_was,
                w.level_value AS level_was, w.level_verdict AS verdict_was,
                w.stage AS stage_was, coalesce(n.updated_at, w.updated_at) AS updated_at,
                coalesce(n.state, w.state) AS object_state, ST_AsGeoJSON(coalesce(n.anchor, w.anchor), 7, 0) AS place,
                w.id IS NOT NULL AS existed, n.id IS NULL OR n.valid_to <= {today} AS gone,
                coalesce(w.id IN (SELECT id FROM was_in), false) AS was_in,
                coalesce(n.id IN (SELECT id FROM now_in), false) AS now_in,
                w.grade IS DISTINCT FROM n.grade OR w.c_level IS DISTINCT FROM n.c_level AS regraded,
                array_remove(ARRAY[{fields}], NULL) AS fields
            FROM was AS w FULL JOIN present AS n ON n.id = w.id
        ),
        told AS (
            SELECT *, CASE
                WHEN gone AND was_in THEN 1
                WHEN NOT existed AND now_in THEN 0
                WHEN NOT (was_in OR now_in) OR gone THEN NULL
                WHEN regraded THEN 2
                WHEN now_in AND NOT was_in THEN 3
                WHEN was_in AND NOT now_in THEN 4
                WHEN fields <> '{{}}' THEN 5 END AS kind
            FROM pairs
        ),
        counted AS MATERIALIZED (SELECT * FROM told WHERE kind IS NOT NULL)
        SELECT p.*, c.by_kind
        FROM (SELECT coalesce(jsonb_object_agg(kind, n), '{{}}') AS by_kind
            FROM (SELECT kind, count(*) AS n FROM counted GROUP BY kind) AS k) AS c
        LEFT JOIN (
            SELECT * FROM counted{_beyond(after, binds)} ORDER BY grade, kind, id LIMIT {binds(limit)}
        ) AS p ON true
        ORDER BY p.grade, p.kind, p.id
        """
    found = [dict(row) for row in now.connection.execute(text(sql), binds.values).mappings()]
    by_kind = found[0]["by_kind"] if found else {}
    return Found(
        [row for row in found if row["id"] is not None],
        {name: by_kind.get(str(i), 0) for i, name in enumerate(KINDS)},
    )


def _ways(was: Snapshot, now: Snapshot, binds: Binds) -> list[str]:
    """An object is touched by a writer, or by a day on which it begins or ends.

    Its row says the last such day, so all up to today count: more than is asked for, never less.
    """
    day, today = binds(was.moment.day), binds(max(now.moment.day, now.state.day))
    return [
        f"SELECT id FROM risk_object WHERE state > {binds(was.moment.n)}",
        f"SELECT id FROM risk_object WHERE valid_from > {day} AND valid_from <= {today}",
        f"SELECT id FROM risk_object WHERE valid_to > {day} AND valid_to <= {today}",
    ]


def are_more(was: Snapshot, now: Snapshot, most: int) -> bool:
    """Whether more objects than `most` were touched, of the whole register that row security leaves the reader.

    It bounds what `changes` would have to compare, so neither the selection nor the compiled rights are asked, and
    no figure of it may be told.
    """
    binds = Binds()
    # Each way of being touched is an index's range, cut off where it alone is too many.
    ways = " UNION ".join(f"({way} LIMIT {binds(most + 1)})" for way in _ways(was, now, binds))
    sql = f"SELECT count(*) > {binds(most)} FROM ({ways}) AS touched"
    return bool(now.connection.scalar(text(sql), binds.values))


def _beyond(after: Place | None, binds: Binds) -> str:
    if after is None:
        return ""
    return f" WHERE (grade, kind, id) > ({binds(after.grade)}, {binds(after.kind)}, {binds(after.id)})"


def last_seen(connection: Connection, account_id: int) -> dict[str, Any] | None:
    """The state that an account has seen last, and when it said so."""
    row = (
        connection.execute(text("SELECT state, at FROM account_seen WHERE account_id = :id"), {"id": account_id})
        .mappings()
        .one_or_none()
    )
    return None if row is None else dict(row)


def keep_seen(connection: Connection, account_id: int, n: int) -> None:
    """An account has seen state n."""
    connection.execute(
        text(
            "INSERT INTO account_seen (account_id, state, at) VALUES (:id, :n, now())"
            " ON CONFLICT (account_id) DO UPDATE SET state = EXCLUDED.state, at = EXCLUDED.at"
        ),
        {"id": account_id, "n": n},
    )
