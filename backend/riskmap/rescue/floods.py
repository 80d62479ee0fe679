"""Floods: scenarios with depth classes, in versions that are never changed. Scenarios are never merged into a worst."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import shapely
from sqlalchemy import Connection, text

from riskmap.base import clock
from riskmap.base.audit import dump_json
from riskmap.base.crs import CGCS2000
from riskmap.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from riskmap.rescue import depths as depth_classes
from riskmap.rescue import log, minute
from riskmap.rescue.areas import own_part
from riskmap.rescue.depths import Depth, Repair
from riskmap.store.snapshot import Snapshot

SOURCES = {"drawn": "手绘", "uploaded": "上传", "terrain": "地形推算"}
_PIECE = 64  # vertices
_AHEAD = timedelta(days=15)  # a forecast reaches no farther
OUTSIDE = "不在辖区内"
OUTSIDE_SAID = f"整个淹没范围{OUTSIDE}，里面没有登记的对象不等于没有风险。请核对坐标系和位置。"

_COLUMNS = (
    "f.flood_id AS id, coalesce(f.series_id, f.flood_id) AS series, f.version, f.name, f.source, f.at, f.made_at,"
    " f.made_by, f.exercise, f.note, f.area_m2, f.bounds,"
    " w.at AS withdrawn_at, w.by AS withdrawn_by, w.reason AS withdrawn_reason"
)
_WHOLE = f"{_COLUMNS}, f.method, f.repairs"  # of one version: thousands of repairs are possible
_FROM = "rescue_flood AS f LEFT JOIN rescue_flood_withdrawn AS w ON w.flood_id = f.flood_id"


def keep(
    snapshot: Snapshot,
    *,
    name: str,
    source: str,
    at: datetime | None,
    depths: Sequence[Depth],
    exercise: bool = False,
    note: str = "",
    series: int | None = None,
    method: Mapping[str, Any] | None = None,
    repairs: Sequence[Repair] = (),
    disjoint: bool = False,
) -> int:
    """Write a version of a scenario with its log entry, in the snapshot's transaction; its id. Raises Invalid.

    `depths` are valid polygons in lon/lat, CGCS2000, and may overlap, unless they are told to be `disjoint`, the
    shallowest first, each a multipolygon (to cut the pieces of a large one from each other takes minutes). `series`
    is the scenario that this is the next version of.
    """
    connection = snapshot.connection
    at = _time(at)
    depth_classes.check_size(depths)
    classes = list(depths) if disjoint else depth_classes.classes_of(depths)
    version = 1
    before = None
    if series is not None:
        before = _last_of(connection, series)
        ensure_may_change(snapshot, before, "接续")
        if before["exercise"] != exercise:
            raise Invalid(
                "实战与演练的情景不能互相接续。",
                errors=[FieldError("exercise", "other_kind", "请另建一个情景，或改为与原情景一致")],
            )
        version = before["version"] + 1
    areas = [depth_classes.area_m2(c.geometry) for c in classes]
    bounds = shapely.total_bounds([c.geometry for c in classes]).tolist()
    flood_id: int = connection.execute(
        text(
            "INSERT INTO rescue_flood (series_id, version, name, source, at, made_by, account_id, exercise, note,"
            " method, repairs, area_m2, bounds) VALUES (:series, :version, :name, :source, :at, :by, :account,"
            " :exercise, :note, CAST(:method AS jsonb), CAST(:repairs AS jsonb), :area, :bounds) RETURNING flood_id"
        ),
        {
            "series": series, "version": version, "name": name, "source": source, "at": at,
            "by": snapshot.reader.name, "account": snapshot.reader.account_id, "exercise": exercise, "note": note,
            "method": dump_json(method), "repairs": dump_json([r.body() for r in repairs]), "area": sum(areas),
            "bounds": bounds,
        },
    ).scalar_one()  # fmt: skip
    connection.execute(
        text(
            "INSERT INTO rescue_flood_class (flood_id, ordinal, depth_m, depth_to_m, area_m2, geom)"
            " VALUES (:flood, :ordinal, :depth, :depth_to, :area, ST_GeomFromEWKB(decode(:geom, 'hex')))"
        ),
        [
            {
                "flood": flood_id, "ordinal": i, "depth": c.depth_m, "depth_to": c.depth_to_m, "area": areas[i],
                "geom": shapely.to_wkb(shapely.set_srid(c.geometry, CGCS2000), hex=True, include_srid=True),
            }
            for i, c in enumerate(classes)
        ],
    )  # fmt: skip
    connection.execute(
        text(
            "INSERT INTO rescue_flood_piece (flood_id, ordinal, geom) SELECT flood_id, ordinal,"
            " ST_Subdivide(ST_Segmentize(geom, 0.0045), :most) FROM rescue_flood_class WHERE flood_id = :flood"
        ),
        {"flood": flood_id, "most": _PIECE},
    )
    said = _said(name, version, sum(areas), None if before is None else before["area_m2"], repairs)
    log.note(
        connection, by=snapshot.reader.name, kind="水情", exercise=exercise, flood_id=flood_id,
        what=said + (f"；{OUTSIDE}" if is_outside(snapshot, flood_id) else ""),
        ref={"kind": "flood", "id": flood_id},
    )  # fmt: skip
    return flood_id


def is_outside(snapshot: Snapshot, flood_id: int) -> bool:
    """Whether no part of it lies in the territory; never while no divisions are loaded: then nobody knows."""
    moment = snapshot.moment
    valid = "d.known @> CAST(:n AS bigint) AND d.valid @> CAST(:day AS date) AND d.geom IS NOT NULL"
    found: bool = snapshot.connection.execute(
        text(
            f"SELECT EXISTS (SELECT FROM division AS d WHERE {valid}) AND NOT EXISTS (SELECT FROM"
            " rescue_flood_piece AS p JOIN division AS d ON d.geom && p.geom AND ST_Intersects(d.geom, p.geom)"
            f" WHERE p.flood_id = :flood AND {valid})"
        ),
        {"flood": flood_id, "n": moment.n, "day": moment.day},
    ).scalar_one()
    return found


def warnings(flood: Mapping[str, Any], outside: bool) -> list[str]:
    """What has to be known of it before it is used: where it lies, and what its method says."""
    return [*([OUTSIDE_SAID] if outside else []), *((flood["method"] or {}).get("warnings") or ())]


def _time(at: datetime | None) -> datetime:
    now = clock.now()
    if at is None:
        return now
    at = minute.local(at)
    if at > now + _AHEAD:
        told = f"水情时间在 {_AHEAD.days} 天以后，请核对日期"
        raise Invalid("时间有误", errors=[FieldError("at", "too_far", told)])
    return at


def hectares(area_m2: float) -> str:
    """An area in words."""
    ha = area_m2 / 1e4
    return f"{ha:,.1f} ha" if ha >= 0.1 else f"{area_m2:,.0f} m²"


def _said(name: str, version: int, area: float, before: float | None, repairs: Sequence[Repair]) -> str:
    words = f"淹没范围“{name}”第 {version} 版，{hectares(area)}"
    if before is not None:
        change = area - before
        words += f"，较上一版{'增' if change >= 0 else '减'} {hectares(abs(change))}"
    return words + (f"；修补不合规图形 {len(repairs)} 处" if repairs else "")


def _last_of(connection: Connection, series: int) -> dict[str, Any]:
    """The newest version of a scenario; nobody else adds one until this transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_flood', :s))"), {"s": series})
    row = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM {_FROM} WHERE coalesce(f.series_id, f.flood_id) = :series"
            " ORDER BY f.version DESC LIMIT 1"
        ),
        {"series": series},
    )
    found = row.mappings().one_or_none()
    if found is None:
        raise Invalid("没有这个情景。", errors=[FieldError("series", "unknown_series", "没有这个情景，请刷新后再选")])
    return dict(found)


def listed(connection: Connection, *, exercise: bool, at: datetime) -> list[dict[str, Any]]:
    """The newest version of each scenario as it was known at a minute, those that were withdrawn then left out."""
    rows = connection.execute(
        text(
            f"SELECT * FROM (SELECT DISTINCT ON (coalesce(f.series_id, f.flood_id)) {_COLUMNS} FROM {_FROM}"
            " WHERE f.exercise = :exercise AND f.made_at <= :at AND (w.at IS NULL OR w.at > :at)"
            " ORDER BY coalesce(f.series_id, f.flood_id), f.version DESC) AS n ORDER BY n.made_at DESC"
        ),
        {"exercise": exercise, "at": at},
    )
    return [dict(row) for row in rows.mappings()]


def find(connection: Connection, flood_id: int) -> dict[str, Any]:
    """A version. Raises NotFound."""
    row = connection.execute(text(f"SELECT {_WHOLE} FROM {_FROM} WHERE f.flood_id = :id"), {"id": flood_id})
    found = row.mappings().one_or_none()
    if found is None:
        raise NotFound("没有这个淹没范围，请刷新后再选。")
    return dict(found)


def versions(connection: Connection, series: int) -> list[dict[str, Any]]:
    """Every version of a scenario, the newest first."""
    rows = connection.execute(
        text(f"SELECT {_COLUMNS} FROM {_FROM} WHERE coalesce(f.series_id, f.flood_id) = :s ORDER BY f.version DESC"),
        {"s": series},
    )
    return [dict(row) for row in rows.mappings()]


def newest_standing(connection: Connection, flood_id: int, at: datetime | None = None) -> dict[str, Any] | None:
    """Of this version's scenario the newest that is not withdrawn, made by a minute; None where all are."""
    series = find(connection, flood_id)["series"]
    standing = (v for v in versions(connection, series) if v["withdrawn_at"] is None)
    return next((v for v in standing if at is None or v["made_at"] <= at), None)


def classes(connection: Connection, flood_id: int) -> list[dict[str, Any]]:
    """Its depth classes, the shallowest first, each with its GeoJSON and what it closes to general traffic."""
    found = class_rows(connection, flood_id, ", ST_AsGeoJSON(geom, 7, 0) AS geometry")
    return [one | {"geometry": json.loads(one["geometry"])} for one in found]


def class_rows(connection: Connection, flood_id: int, more: str = "") -> list[dict[str, Any]]:
    """The same without their shapes; `more` are further columns."""
    rows = connection.execute(
        text(
            f"SELECT ordinal, depth_m, depth_to_m, area_m2{more} FROM rescue_flood_class"
            " WHERE flood_id = :id ORDER BY ordinal"
        ),
        {"id": flood_id},
    )
    return [dict(r) | {"traffic": depth_classes.traffic(r["depth_m"], r["depth_to_m"])} for r in rows.mappings()]


def covering(connection: Connection, flood_id: int) -> list[dict[str, Any]]:
    """Each class with the water that is at least so deep: what a next version is drawn on, since a class that is taken
    away leaves the shallower one below it and no dry place."""
    found = class_rows(
        connection,
        flood_id,
        ", (SELECT ST_AsGeoJSON(ST_Union(d.geom), 7, 0) FROM rescue_flood_class AS d WHERE d.flood_id = :id"
        " AND d.ordinal >= rescue_flood_class.ordinal) AS geometry",
    )
    return [one | {"geometry": json.loads(one["geometry"])} for one in found]


def ensure_may_change(snapshot: Snapshot, flood: Mapping[str, Any], act: str) -> None:
    """Another's scenario is the command's to change, which decides by it: of the areas that it lies in. Raises
    Forbidden."""
    reader = snapshot.reader
    if flood["made_by"] != reader.name and "dispatch" not in reader.may:
        raise Forbidden(f"这个情景由 {flood['made_by']} 登记，只有登记人和有调度权的人能{act}。可另建一个情景。")
    if flood["made_by"] != reader.name and reader.areas:
        wkb = snapshot.connection.scalar(
            text("SELECT ST_AsBinary(ST_Union(geom)) FROM rescue_flood_class WHERE flood_id = :id"), {"id": flood["id"]}
        )
        assert wkb is not None
        told = f"没有{act}。请由登记人 {flood['made_by']}，或管这里全部、有调度权的人{act}；也可另建一个情景。"
        own_part(snapshot, shapely.from_wkb(bytes(wkb)), "这个情景", told)


def withdraw(snapshot: Snapshot, flood_id: int, reason: str) -> None:
    """Take a version back: it stays readable with the reason, and is no scenario any more. Raises Conflict."""
    connection = snapshot.connection
    flood = find(connection, flood_id)
    ensure_may_change(snapshot, flood, "撤回")
    if flood["withdrawn_at"] is not None:
        raise Conflict("这一版已经撤回。", code="withdrawn")
    done = connection.execute(
        text(
            "INSERT INTO rescue_flood_withdrawn (flood_id, by, reason) VALUES (:id, :by, :reason)"
            " ON CONFLICT DO NOTHING"
        ),
        {"id": flood_id, "by": snapshot.reader.name, "reason": reason},
    )
    if done.rowcount == 0:
        raise Conflict("这一版刚被别人撤回。", code="withdrawn")
    log.note(
        connection, by=snapshot.reader.name, kind="水情", exercise=flood["exercise"], flood_id=flood_id,
        what=f"撤回淹没范围“{flood['name']}”第 {flood['version']} 版：{reason}", ref={"kind": "flood", "id": flood_id},
    )  # fmt: skip
