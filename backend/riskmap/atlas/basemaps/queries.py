"""The SQL of declared basemaps."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

_COLUMNS = (
    "source, kind, place, title, datum, credit, approval, scheme, enabled, public, preferred, position,"
    " changed_at, changed_by"
)
CHANGEABLE = ("title", "datum", "credit", "approval", "scheme", "enabled", "public", "preferred", "position")

Row = Mapping[str, Any]


def sources(connection: Connection) -> list[Row]:
    """All, in their order."""
    found = connection.execute(text(f"SELECT {_COLUMNS} FROM basemap_source ORDER BY position, title, source"))
    return [dict(row) for row in found.mappings()]


def source(connection: Connection, name: str, *, lock: bool = False) -> Row | None:
    """One."""
    sql = f"SELECT {_COLUMNS} FROM basemap_source WHERE source = :source" + (" FOR UPDATE" if lock else "")
    row = connection.execute(text(sql), {"source": name}).mappings().one_or_none()
    return None if row is None else dict(row)


def add(connection: Connection, row: Row) -> bool:
    """Whether it is new: neither the name nor the file has been declared."""
    names = ", ".join(row)
    values = ", ".join(f":{name}" for name in row)
    made = connection.execute(
        text(
            f"INSERT INTO basemap_source ({names}, position) SELECT {values},"
            " coalesce(max(position) FILTER (WHERE kind <> 'tianditu'), 0) + 1 FROM basemap_source"
            " ON CONFLICT DO NOTHING"
        ),
        dict(row),
    )
    return made.rowcount == 1


def change(connection: Connection, name: str, row: Row, by: str) -> None:
    """Set the columns that are given."""
    if row.get("preferred"):
        connection.execute(text("UPDATE basemap_source SET preferred = false WHERE preferred"))
    columns = ", ".join(f"{column} = :{column}" for column in row)
    connection.execute(
        text(f"UPDATE basemap_source SET {columns}, changed_at = now(), changed_by = :by WHERE source = :source"),
        {**row, "source": name, "by": by},
    )


def remove(connection: Connection, name: str) -> None:
    """Forget one; its file stays."""
    connection.execute(text("DELETE FROM basemap_source WHERE source = :source"), {"source": name})
