"""The SQL of the take-away map: the compiled selection, as objects or as hexagons."""

from typing import Any

from sqlalchemy import text

from riskmap.base.crs import cell_of_prefix, cell_prefix
from riskmap.selection import level
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

_TOLERANCE = 0.00005  # degrees, some five metres: beyond what the file is looked at
_COLUMNS = {
    **{name: "{" + name + "}" for name in (
        "id", "class", "name", "code", "grade", *level.COLUMNS, "division", "department", "stage", "attributes", "form",
    )},
    "lon": "round(ST_X({anchor})::numeric, 6)",
    "lat": "round(ST_Y({anchor})::numeric, 6)",
    # A point is its anchor; lines and polygons are drawn under the symbol.
    "shape": "CASE WHEN ST_Dimension({geom}) > 0"
             f" THEN ST_AsGeoJSON(ST_SimplifyPreserveTopology({{geom}}, {_TOLERANCE}), 5, 0) END",
}  # fmt: skip


def objects(snapshot: Snapshot, selection: Selection) -> list[dict[str, Any]]:
    """Every object, unplaced ones too, the worst last: what is drawn last lies on top."""
    compiled = compile_selection(selection, snapshot)
    sql = f"SELECT * FROM ({compiled.rows(_COLUMNS)}) AS r ORDER BY grade DESC, id"
    return [dict(row) for row in snapshot.connection.execute(text(sql), compiled.binds.values).mappings()]


def cells(snapshot: Snapshot, selection: Selection, resolution: int) -> list[tuple[int, str, int, int]]:
    """Placed objects by hexagon, class and grade: (cell, class, grade, how many)."""
    compiled = compile_selection(selection, snapshot)
    sql = (
        "SELECT cell >> :shift AS prefix, class, grade, count(*) AS n"
        f" FROM ({compiled.rows('cell, class, grade', '{cell} IS NOT NULL')}) AS r GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    found = snapshot.connection.execute(text(sql), {**compiled.binds.values, "shift": cell_prefix(resolution)})
    return [(cell_of_prefix(row[0], resolution), row[1], row[2], row[3]) for row in found]


def unplaced(snapshot: Snapshot, selection: Selection) -> list[tuple[str, int, int]]:
    """What waits for a position, by class and grade."""
    compiled = compile_selection(selection, snapshot)
    rows = compiled.rows("class, grade", "{cell} IS NULL")
    sql = f"SELECT class, grade, count(*) AS n FROM ({rows}) AS r GROUP BY 1, 2 ORDER BY 1, 2"
    return [(row[0], row[1], row[2]) for row in snapshot.connection.execute(text(sql), compiled.binds.values)]
