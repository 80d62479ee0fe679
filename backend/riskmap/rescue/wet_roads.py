"""Roads in the water: how much is closed, to be taken with care, or passable, for all and for one vehicle."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text

from riskmap.base import sqlfile
from riskmap.rescue import depths, floods
from riskmap.rescue.roads import CARRIES

MOST_DRAWN = 20_000
MOST_ON_PLAN = 2000  # a plan of nine centimetres holds no more
NOT_LOADED = "没有装入路网，道路通阻不能判断。请由管理员装入路网（riskmap load roads 文件，或在救援页上传）。"
_MAIN = {"motorway", "trunk", "primary", "secondary"}  # drawn broader on a plan
_STATUS = {"closed": "封闭", "care": "慎行", "open": "通行"}


def loaded(connection: Connection) -> dict[str, Any] | None:
    """The set of roads in use: name, source and date; None where none is loaded."""
    row = connection.execute(
        text(
            "SELECT s.set_id AS id, s.name, s.source, s.dated, s.loaded_at, s.rows, s.length_m FROM road_set AS s"
            " WHERE s.set_id = (SELECT set_id FROM road LIMIT 1)"
        )
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def lengths(connection: Connection, flood_id: int, wading_m: Decimal | None) -> dict[str, Any]:
    """Metres by what the water does to general traffic, and to a vehicle of this wading depth; null without roads.

    Bridges are within these figures, and told apart: whether the water goes over one has to be looked at on site.
    """
    used = loaded(connection)
    out: dict[str, Any] = {
        "set": used, "closed_m": None, "care_m": None, "open_m": None, "bridges_m": None, "by_class": [],
        "vehicle": None, "note": None if used else NOT_LOADED,
    }  # fmt: skip
    if used is None:
        return out
    classes = {c["ordinal"]: c for c in floods.class_rows(connection, flood_id)}
    rows = connection.execute(text(sqlfile.read(__file__, "roads")), {"flood": flood_id}).mappings().all()
    sums = dict.fromkeys(_STATUS, 0.0)
    by_class = {o: 0.0 for o in classes}
    bridges = blocked = passed = 0.0
    for r in rows:
        one, metres = classes[r["ordinal"]], float(r["length_m"] or 0)
        sums[one["traffic"]] += metres
        by_class[r["ordinal"]] += metres
        bridges += metres if r["bridge"] else 0
        if wading_m is not None:
            through = depths.passes(wading_m, one["depth_to_m"])
            passed, blocked = (passed + metres, blocked) if through else (passed, blocked + metres)
    out |= {f"{status}_m": round(metres, 1) for status, metres in sums.items()}
    out["bridges_m"] = round(bridges, 1)
    out["by_class"] = [
        {k: classes[o][k] for k in ("depth_m", "depth_to_m", "traffic")} | {"length_m": round(m, 1)}
        for o, m in by_class.items()
    ]
    if wading_m is not None:
        out["vehicle"] = {
            "wading_m": wading_m, "margin_m": depths.MARGIN_M, "closed_m": round(blocked, 1),
            "passable_m": round(passed, 1),
        }  # fmt: skip
    return out


def drawn(connection: Connection, flood_id: int, statuses: Sequence[str]) -> dict[str, Any]:
    """GeoJSON of the stretches with these effects on general traffic."""
    classes = {c["ordinal"]: c for c in floods.class_rows(connection, flood_id)}
    wanted = [o for o, c in classes.items() if c["traffic"] in statuses]
    asked = {"flood": flood_id, "ordinals": wanted, "most": MOST_DRAWN + 1}
    rows = connection.execute(text(sqlfile.read(__file__, "wet_roads")), asked).mappings().all()
    features = [
        {
            "type": "Feature",
            "geometry": json.loads(r["geometry"]),
            "properties": _properties(dict(r), classes[r["ordinal"]]),
        }
        for r in rows[:MOST_DRAWN]
    ]
    return {"type": "FeatureCollection", "features": features, "more": len(rows) > MOST_DRAWN}


def _properties(row: Mapping[str, Any], class_: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "road": row["road_id"], "name": row["name"] or row["ref"] or CARRIES.get(row["highway"], "道路"),
        "bridge": row["bridge"], "status": class_["traffic"], "status_title": _STATUS[class_["traffic"]],
        "depth_m": class_["depth_m"], "depth_to_m": class_["depth_to_m"],
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class PlanRoad:
    """A road on a small plan, or a stretch of one in the water: then what that does to general traffic."""

    is_main: bool
    status: str | None
    line: BaseGeometry


def on_plan(
    connection: Connection, box: tuple[float, float, float, float], flood_id: int | None
) -> tuple[list[PlanRoad], bool]:
    """Roads within a box, the greatest first, then their stretches in the water; whether some were left out."""
    west, south, east, north = box
    asked: dict[str, Any] = {"west": west, "south": south, "east": east, "north": north, "flood": flood_id}
    asked |= {"greatest": list(CARRIES), "most": MOST_ON_PLAN}
    rows = connection.execute(text(sqlfile.read(__file__, "plan_roads")), asked).all()
    classes = {} if flood_id is None else {c["ordinal"]: c for c in floods.class_rows(connection, flood_id)}
    out = [
        PlanRoad(
            r.highway.removesuffix("_link") in _MAIN,
            None if r.ordinal is None else classes[r.ordinal]["traffic"],
            shapely.from_wkb(bytes(r.wkb)),
        )
        for r in rows
    ]
    whole = [road for road in out if not road.line.is_empty]
    return whole, sum(r.ordinal is None for r in rows) >= MOST_ON_PLAN


def near(
    connection: Connection,
    at: tuple[float, float],
    box: tuple[float, float, float, float],
    radius_m: float,
    flood_id: int | None,
    most: int,
) -> dict[str, Any]:
    """Named roads within a distance of a place, nearest first, each with what the water does to it there."""
    if loaded(connection) is None:
        return {"items": [], "note": NOT_LOADED}
    west, south, east, north = box
    rows = connection.execute(
        text(sqlfile.read(__file__, "near_roads")),
        {
            "lon": at[0], "lat": at[1], "west": west, "south": south, "east": east, "north": north,
            "radius": radius_m, "flood": flood_id, "most": most,
        },
    ).mappings()  # fmt: skip
    classes = {} if flood_id is None else {c["ordinal"]: c for c in floods.class_rows(connection, flood_id)}
    items = []
    for r in rows:
        status = classes[r["ordinal"]]["traffic"] if r["ordinal"] is not None else "open"
        items.append(
            {
                "name": r["name"], "class_title": CARRIES.get(r["highway"], "道路"),
                "distance_m": round(r["distance_m"], 1), "status": status,
                "status_title": _STATUS[status] if flood_id is not None else "",
            }
        )  # fmt: skip
    return {"items": items, "note": None}
