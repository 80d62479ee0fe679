"""Roads in the database: a set takes the place of the one before it, whole or not at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import shapely
from sqlalchemy import Connection, text

from riskmap.base.audit import dump_json
from riskmap.base.crs import CGCS2000
from riskmap.exchange.datum import metres_between
from riskmap.rescue.roads import Road, Summary
from riskmap.store.write import copy_text

_LOCK = 727006  # beside those of base.migrate, access and catalogue.gazetteer
_COLUMNS = (
    "osm_id", "name", "ref", "highway", "oneway", "bridge", "tunnel", "access", "maxspeed_kmh", "tags", "length_m",
    "nodes", "geom",
)  # fmt: skip
_SHOWN = "set_id AS id, name, source, licence, dated, loaded_at, loaded_by, file, format, crs, rows, length_m, summary"
_MOST_SETS = 20


def spool(roads: Sequence[Road], out: TextIO) -> list[float]:
    """Roads as lines of COPY; their lengths on the ellipsoid."""
    sizes = np.array([len(road.nodes) for road in roads])
    at = np.concatenate([road.lonlat for road in roads])
    lines = shapely.linestrings(at, indices=np.repeat(np.arange(len(roads)), sizes))
    shapes = shapely.to_wkb(shapely.set_srid(lines, CGCS2000), hex=True, include_srid=True)
    steps = np.asarray(metres_between(at[:-1, 0], at[:-1, 1], at[1:, 0], at[1:, 1]))
    steps = np.append(steps, 0.0)
    steps[np.cumsum(sizes) - 1] = 0.0  # from one road's end to the next one's beginning
    lengths = np.add.reduceat(steps, np.cumsum(sizes) - sizes).tolist()
    for road, length, shape in zip(roads, lengths, shapes, strict=True):
        values = (
            road.osm_id, road.name, road.ref, road.highway, road.oneway, road.bridge, road.tunnel, road.access,
            road.maxspeed_kmh, dump_json(road.tags), length, "{" + ",".join(map(str, road.nodes)) + "}", shape,
        )  # fmt: skip
        out.write("\t".join(map(copy_text, values)) + "\n")
    return list(lengths)


def stage(connection: Connection, spooled: Path) -> None:
    """What was spooled, into a temporary table."""
    names = ", ".join(_COLUMNS)
    connection.execute(
        text(f"CREATE TEMPORARY TABLE staged_road ON COMMIT DROP AS SELECT {names} FROM road WITH NO DATA")
    )
    raw: Any = connection.connection
    with spooled.open(encoding="utf-8") as lines:
        raw.cursor().copy_expert(f"COPY pg_temp.staged_road ({names}) FROM STDIN", lines)


def replace_with_staged(connection: Connection, about: Mapping[str, Any], summary: Summary) -> int:
    """The staged roads as the set in use; its id. Two loads wait for each other."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    names = ", ".join(about)
    values = ", ".join(f":{name}" for name in about)
    set_id: int = connection.execute(
        text(
            f"INSERT INTO road_set ({names}, format, crs, rows, length_m, summary) VALUES ({values}, :format, :crs,"
            " :rows, :length_m, CAST(:summary AS jsonb)) RETURNING set_id"
        ),
        {
            **about, "format": summary.format, "crs": summary.crs, "rows": summary.count,
            "length_m": summary.length_m, "summary": dump_json(summary.body()),
        },
    ).scalar_one()  # fmt: skip
    connection.execute(text("DELETE FROM road"))
    columns = ", ".join(_COLUMNS)
    connection.execute(
        text(f"INSERT INTO road (set_id, {columns}) SELECT :set_id, {columns} FROM pg_temp.staged_road"),
        {"set_id": set_id},
    )
    return set_id


def sets(connection: Connection, at: datetime) -> list[dict[str, Any]]:
    """What was loaded up to a time, the set that was in use then first."""
    rows = connection.execute(
        text(f"SELECT {_SHOWN} FROM road_set WHERE loaded_at <= :at ORDER BY set_id DESC LIMIT :most"),
        {"at": at, "most": _MOST_SETS},
    )
    return [dict(row) for row in rows.mappings()]


def is_loaded(connection: Connection) -> bool:
    """Whether there ever was a set."""
    return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM road_set)")))
