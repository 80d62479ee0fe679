"""头顶库: who is within 1 km downstream of a tailings pond, along the path that tailings would take.

Asked as SYSTEM over all live objects, as α is. Without a path a circle of 1 km only screens, and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.audit import dump_json
from riskmap.base.errors import FieldError
from riskmap.catalogue.model import LIVE_STAGES, Catalogue
from riskmap.standards import headwater
from riskmap.standards.result import Result

RULE = "gb39496"  # of the classes that have a path
BESIDE_M = 200  # Policy: how far beside the path a place still lies on it; no norm says it

_SQL = (Path(__file__).parent / "headwater.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Downstream:
    """One place downstream."""

    id: int
    length_m: float  # along the path, or straight
    off_m: float  # beside it


@dataclass(frozen=True, slots=True)
class Found:
    """The rule's answer, and what it rests on."""

    result: Result
    along: headwater.Along
    places: tuple[Downstream, ...]


def look(
    connection: Connection, catalogue: Catalogue, attributes: Mapping[str, Any], geometry: str | None, day: date
) -> Found | None:
    """By the path of the attributes, else around the pond's own geometry (GeoJSON); None where there is neither."""
    path = attributes.get("flow_path")
    shape = (dump_json(path) or "") if path is not None else geometry
    if shape is None:
        return None
    along = headwater.Along.CIRCLE if path is None else headwater.Along.PATH
    binds = {
        "shape": shape,
        "reach": int(headwater.REACH_M),
        "beside": BESIDE_M,
        "by_path": path is not None,
        "classes": sorted({*catalogue.counted("residents"), *catalogue.counted("present")}),
        "live": list(LIVE_STAGES),
        "today": day,
    }
    with database.under(connection, SYSTEM.settings()):
        rows = connection.execute(text(_SQL), binds).all()
    targets = [headwater.Target(row.name, Decimal(f"{row.along:.1f}")) for row in rows]
    places = tuple(Downstream(row.id, row.along, row.off) for row in rows)
    return Found(headwater.assess(targets, along), along, places)


def ends(path: Mapping[str, Any]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Where a path (GeoJSON) begins and ends."""
    parts = path["coordinates"] if path["type"] == "MultiLineString" else [path["coordinates"]]
    first, last = parts[0][0], parts[-1][-1]
    return (float(first[0]), float(first[1])), (float(last[0]), float(last[1]))


def backwards(path: Mapping[str, Any], geometry: BaseGeometry) -> FieldError | None:
    """Why a path cannot be one: it begins at the toe of the starter dam and leads away from the pond."""
    first, last = (shapely.Point(end) for end in ends(path))
    if shapely.distance(first, geometry) <= shapely.distance(last, geometry):
        return None
    message = "下泄路径画反了：应从初期坝坝脚起，画向下游"
    return FieldError("attributes.flow_path", "backwards", message)
