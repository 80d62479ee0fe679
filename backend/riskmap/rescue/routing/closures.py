"""Roads that are closed by an act, and opened again: a road, a stretch round a place, what runs along a line, or all
roads in an area.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from riskmap.base import clock
from riskmap.base.crs import CGCS2000
from riskmap.base.errors import Conflict, FieldError, Invalid, NotFound
from riskmap.rescue import areas, log, minute
from riskmap.rescue.roadengine.plane import Plane
from riskmap.rescue.roads import CARRIES
from riskmap.rescue.routing import queries
from riskmap.store.place import anchor_of, parse_shape
from riskmap.store.snapshot import Snapshot

_NEAR_M = 100.0  # of a place that somebody clicked
_ALONG_M = 30.0  # of a line that somebody drew along a road
_RUNS = 0.9  # share of a road's length that goes along the line: a road that only crosses it stays open
MOST_ROADS = 2_000
_NAMED = 3
_GEOD = Geod(ellps="GRS80")


def close(
    snapshot: Snapshot,
    *,
    road: int | None,
    at: Mapping[str, Any] | None,
    length_m: Decimal,
    line: Mapping[str, Any] | None = None,
    area: Mapping[str, Any] | None,
    reason: str,
    starts_at: datetime | None,
    ends_at: datetime | None,
    exercise: bool,
) -> int:
    """Write a closure with its log entry; its id. Raises Invalid, NotFound."""
    connection = snapshot.connection
    if sum(one is not None for one in (road, at, line, area)) != 1:
        raise Invalid("封在哪里：一条路、一个地点、沿路画的一条线、一个范围，给一个。", code="where")
    if road is not None:
        name, shut = _whole_road(snapshot, road)
    elif at is not None:
        name, shut = _round(snapshot, at, float(length_m))
    elif line is not None:
        name, shut = _along(snapshot, dict(line))
    else:
        name, shut = _within(snapshot, dict(area or {}))
    begins = minute.now(connection) if starts_at is None else minute.local(starts_at)
    ends = None if ends_at is None else minute.local(ends_at)
    if ends is not None and ends <= begins:
        told = "应在开始之后"
        raise Invalid("封闭时间有误", errors=[FieldError("ends_at", "bad_range", told)])
    length = float(_GEOD.geometry_length(shut))
    closed_id = queries.close(
        connection,
        {
            "by": snapshot.reader.name, "account": snapshot.reader.account_id, "exercise": exercise, "name": name,
            "reason": reason, "starts_at": begins, "ends_at": ends, "length_m": length,
            "geom": shapely.to_wkb(shapely.set_srid(shut, CGCS2000), hex=True, include_srid=True),
        },
    )  # fmt: skip
    until = "" if ends is None else f"，到 {clock.minute(ends)}"
    log.note(
        connection, by=snapshot.reader.name, kind="调度", exercise=exercise,
        what=f"封闭道路：{name} {length:,.0f} m，{reason}{until}", ref={"kind": "road_closed", "id": closed_id},
    )  # fmt: skip
    return closed_id


def _multi(shape: BaseGeometry) -> BaseGeometry:
    lines = [p for p in shapely.get_parts(shape) if p.geom_type == "LineString" and p.length > 0]
    return shapely.MultiLineString(lines)


def _called(row: Any) -> str:
    return str(row.name or CARRIES.get(row.highway, "道路"))


def _whole_road(snapshot: Snapshot, road_id: int) -> tuple[str, BaseGeometry]:
    found = queries.road(snapshot.connection, road_id)
    if found is None:
        told = "路网里没有这条路，可能刚换过路网，请在图上重新选"
        raise Invalid("没有这条路", errors=[FieldError("road", "unknown_road", told)])
    return _called(found), _multi(shapely.from_wkb(bytes(found.wkb)))


def _round(snapshot: Snapshot, at: Mapping[str, Any], length_m: float) -> tuple[str, BaseGeometry]:
    """The road nearest to a place, half the length either way."""
    point = parse_shape(dict(at), ("point",))
    place = shapely.get_coordinates(point)
    found = queries.nearest_road(snapshot.connection, float(place[0, 0]), float(place[0, 1]), _NEAR_M)
    if found is None:
        told = f"这里 {_NEAR_M:.0f} m 以内没有路，请点在路上"
        raise Invalid("没有路", errors=[FieldError("at", "no_road", told)])
    line = shapely.from_wkb(bytes(found.wkb))
    plane = Plane.of(place)
    flat = plane.flat(line)
    along = flat.project(plane.flat(point))
    part = substring(flat, max(along - length_m / 2, 0), min(along + length_m / 2, flat.length))
    return _called(found), _multi(plane.back(part))


def _along(snapshot: Snapshot, given: Mapping[str, Any]) -> tuple[str, BaseGeometry]:
    """The parts of roads that run along a line; what crosses it stays open."""
    drawn = parse_shape(dict(given), ("linestring",))
    plane = Plane.of(shapely.get_coordinates(drawn))
    flat = plane.flat(drawn)
    beside = plane.back(flat.buffer(_ALONG_M, cap_style="flat"))
    found = queries.roads_within(snapshot.connection, beside, MOST_ROADS + 1)
    if len(found) > MOST_ROADS:
        told = f"这条线旁的路超过 {MOST_ROADS:,} 条，请画短一些"
        raise Invalid("没有登记", errors=[FieldError("line", "too_many", told)])
    named: list[str] = []
    parts: list[BaseGeometry] = []
    for row in found:
        for part in shapely.get_parts(shapely.from_wkb(bytes(row.wkb))):
            road = plane.flat(part)
            span = abs(flat.project(shapely.get_point(road, -1)) - flat.project(shapely.get_point(road, 0)))
            if road.length > 0 and span >= _RUNS * road.length:
                parts.append(part)
                named.append(_called(row))
    if not parts:
        told = f"这条线 {_ALONG_M:.0f} m 以内没有沿着它走的路，请顺着路画"
        raise Invalid("没有路", errors=[FieldError("line", "no_road", told)])
    names = list(dict.fromkeys(named))
    return "、".join(names[:_NAMED]) + ("等" if len(names) > _NAMED else ""), _multi(shapely.GeometryCollection(parts))


def _within(snapshot: Snapshot, area: Mapping[str, Any]) -> tuple[str, BaseGeometry]:
    shape = parse_shape(dict(area), ("polygon",))
    if not shape.is_valid:
        told = "图形自相交，请重画"
        raise Invalid("范围有误", errors=[FieldError("area", "not_valid", told)])
    found = queries.roads_within(snapshot.connection, shape, MOST_ROADS + 1)
    if len(found) > MOST_ROADS:
        told = f"范围里的路超过 {MOST_ROADS:,} 条，请画小一些"
        raise Invalid("范围有误", errors=[FieldError("area", "too_many", told)])
    lines = _multi(
        shapely.GeometryCollection([p for r in found for p in shapely.get_parts(shapely.from_wkb(bytes(r.wkb)))])
    )
    if lines.is_empty:
        told = "范围里没有路"
        raise Invalid("没有路", errors=[FieldError("area", "no_road", told)])
    named = list(dict.fromkeys(r.name for r in found if r.name))
    words = "、".join(named[:_NAMED]) or "道路"
    return f"{words}等 {len(found)} 条" if len(found) > 1 else words, lines


def open_again(snapshot: Snapshot, closed_id: int, reason: str) -> None:
    """A closed road is open again, with its log entry. Raises NotFound, Conflict, Forbidden outside the reader's
    areas."""
    found = find(snapshot, closed_id)
    areas.ensure_his(snapshot, f"“{found['name']}”的封闭", found["by"], _middle(found))
    if found["ends_at"] is not None and found["ends_at"] <= minute.now(snapshot.connection):
        raise Conflict(f"这处封闭已于 {clock.minute(found['ends_at'])} 到时恢复。", code="opened")
    if found["opened_at"] is not None or not queries.open_again(
        snapshot.connection, closed_id, snapshot.reader.name, reason
    ):
        raise Conflict("这处道路已经解除封闭。", code="opened")
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="调度", exercise=found["exercise"],
        what=f"解除封闭：{found['name']}，{reason}", ref={"kind": "road_closed", "id": closed_id},
    )  # fmt: skip


def find(snapshot: Snapshot, closed_id: int) -> dict[str, Any]:
    """One closure. Raises NotFound."""
    found = queries.closure(snapshot.connection, closed_id)
    if found is None:
        raise NotFound("没有这处封闭，请刷新后再选。")
    return shown(snapshot, [found])[0]


def shown(snapshot: Snapshot, rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """With the line as GeoJSON; `yours`: whether the reader may open it again, his role allowing."""
    out = [{**row, "geometry": json.loads(row["geometry"])} for row in rows]
    yours = areas.yours(snapshot, [(one["by"], _middle(one)) for one in out])
    return [one | {"yours": his} for one, his in zip(out, yours, strict=True)]


def _middle(one: Mapping[str, Any]) -> tuple[float, float]:
    """A place of a closure, on its road."""
    return anchor_of(shapely.from_geojson(json.dumps(one["geometry"])))
