"""What the figures of a set rest on: 底数, who reported the objects, by which rules they were graded and how sure."""

from typing import Any

from sqlalchemy import text

from riskmap.lists import service as lists
from riskmap.lists.registry import LISTS
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

# One record of a grade a row; an object may have two: of its own scale, and of the risk grade.
_RECORDS = """
SELECT * FROM (
    SELECT g ->> 'how' AS how, g ->> 'scale' AS scale, coalesce(g ->> 'standard', g ->> 'policy', '') AS by,
        g ->> 'ruleset' AS ruleset, coalesce(g ->> 'confidence', '') AS confidence, count(*) AS n
    FROM ({rows}) AS r CROSS JOIN LATERAL jsonb_array_elements(r.grading) AS g
    GROUP BY 1, 2, 3, 4, 5
) AS m
ORDER BY m.scale COLLATE "C", m.how COLLATE "C", m.by COLLATE "C", m.ruleset COLLATE "C", m.confidence COLLATE "C"
"""
# Every clause that a record's arithmetic names, with how sure it is, and of how many records.
_CLAUSES = """
SELECT * FROM (
    SELECT t ->> 'clause' AS clause, t ->> 'tag' AS tag, count(*) AS n
    FROM (
        SELECT DISTINCT r.id, g ->> 'scale', jsonb_build_object('clause', t -> 'clause', 'tag', t -> 'tag') AS t
        FROM ({rows}) AS r CROSS JOIN LATERAL jsonb_array_elements(r.grading) AS g
        CROSS JOIN LATERAL jsonb_array_elements(coalesce(g -> 'trace', '[]')) AS t
        WHERE t ->> 'clause' IS NOT NULL
    ) AS c GROUP BY 1, 2
) AS m ORDER BY m.clause COLLATE "C", m.tag COLLATE "C"
"""


def grounds(snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """For the figures of a set. In the public form nothing is told of sources and rules: the lists are empty."""
    return {
        "inventory": _inventory(snapshot, selection),
        "sources": _sources(snapshot, selection),
        "methods": _asked(snapshot, selection, _RECORDS),
        "clauses": _asked(snapshot, selection, _CLAUSES),
    }


def _inventory(snapshot: Snapshot, selection: Selection) -> str:
    listing = LISTS["inventory"]
    told = lists.page(lists.question(listing, snapshot, selection, {}), lists.Summaries(), limit=1, cursor=None)
    return str(told.get("sentence", ""))


def _sources(snapshot: Snapshot, selection: Selection) -> list[dict[str, Any]]:
    compiled = compile_selection(selection, snapshot)
    rows = snapshot.connection.execute(
        text(
            "SELECT coalesce(source, '') AS source, count(*) AS n, count(*) FILTER (WHERE verified) AS verified"
            f" FROM ({compiled.rows('source, verified, form')}) AS r WHERE form = 'full'"
            " GROUP BY coalesce(source, '') ORDER BY n DESC, coalesce(source, '') COLLATE \"C\""
        ),
        compiled.binds.values,
    )
    return [dict(row) for row in rows.mappings()]


def _asked(snapshot: Snapshot, selection: Selection, sql: str) -> list[dict[str, Any]]:
    compiled = compile_selection(selection, snapshot)
    rows = compiled.rows("id, grading")
    found = snapshot.connection.execute(text(sql.format(rows=rows)), compiled.binds.values)
    return [dict(row) for row in found.mappings()]
