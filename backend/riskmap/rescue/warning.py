"""Warnings (预警): who issued what, for where and until when, in versions that are never changed.

A warning and a response level are two things: a red rain warning starts no response, the command does (`response`).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text

from riskmap.access.reader import canonical_division, territory
from riskmap.base import clock
from riskmap.base.audit import dump_json
from riskmap.base.crs import CGCS2000
from riskmap.base.errors import Conflict, FieldError, Invalid, NotFound
from riskmap.catalogue import queries as catalogue_queries
from riskmap.exchange.division_names import division_names_of
from riskmap.rescue import depths, log, minute, sent
from riskmap.rescue.areas import own_part
from riskmap.rescue.depths import Depth, Repair
from riskmap.store.snapshot import Snapshot

SOURCES = {"drawn": "手绘", "uploaded": "上传", "divisions": "按区划"}
STANDINGS = {"to_come": "未到时间", "in_force": "生效", "expired": "已过期", "lifted": "已解除"}
MOST_M2 = 1_000_000e6  # larger than any city or province but two: other coordinates
_PIECE = 64  # vertices
_OUTSIDE = "请画在管理区域以内或选区划，区域外的由那里有调度权的人发布。"
_FAR, _LONGEST = timedelta(days=15), timedelta(days=60)

_COLUMNS = (
    "w.warning_id AS id, coalesce(w.series_id, w.warning_id) AS series, w.version, w.kind, w.colour, w.issuer,"
    " w.starts_at, w.ends_at, w.words AS text, w.source, w.divisions, w.repairs, w.area_m2, w.bounds, w.made_at,"
    " w.made_by, w.exercise, l.at AS lifted_at, l.by AS lifted_by, l.reason AS lifted_reason"
)
_FROM = "rescue_warning AS w LEFT JOIN rescue_warning_lifted AS l ON l.series_id = coalesce(w.series_id, w.warning_id)"


@dataclass(frozen=True, slots=True)
class Area:
    """Where a warning holds: valid polygons in lon/lat, what was mended, and whose shapes they are."""

    shapes: Sequence[BaseGeometry]
    repairs: Sequence[Repair]
    source: str
    divisions: Sequence[str] = ()


def title(warning: dict[str, Any]) -> str:
    """暴雨红色预警."""
    return f"{warning['kind']}{warning['colour']}色预警"


def drawn(snapshot: Snapshot, areas: Sequence[dict[str, Any]], divisions: Sequence[str]) -> Area:
    """From the page. Raises Invalid with the shape or code that is wrong."""
    mender = depths.Mender()
    taken = [
        mender.take(sent.polygon(one, f"areas.{i}", "预警范围有误，请改正后再发布"), i + 1)
        for i, one in enumerate(areas)
    ]
    shapes = [whole for whole in taken if whole is not None]
    if divisions:
        shapes += _of_divisions(snapshot, divisions)
    if not areas and not divisions:
        told_ = "请画出范围，或选区划"
        raise Invalid("预警没有范围", errors=[FieldError("areas", "missing", told_)])
    return Area(shapes, mender.repairs, "drawn" if areas else "divisions", tuple(divisions))


def _of_divisions(snapshot: Snapshot, codes: Sequence[str]) -> list[BaseGeometry]:
    rows = catalogue_queries.division_shapes(snapshot.connection, snapshot.state.n, snapshot.state.day)
    known = {row.territory: row.wkb for row in rows}
    out = []
    for i, code in enumerate(codes):
        wkb = known.get(territory(code))
        if wkb is None:
            told = f"没有区划 {code} 的边界，请选别的区划，或直接画出范围"
            raise Invalid("预警范围有误", errors=[FieldError(f"divisions.{i}", "no_shape", told)])
        out.append(shapely.from_wkb(bytes(wkb)))
    return out


def keep(
    snapshot: Snapshot,
    area: Area,
    *,
    kind: str,
    colour: str,
    issuer: str,
    starts_at: datetime,
    ends_at: datetime,
    words: str = "",
    exercise: bool = False,
    series: int | None = None,
) -> int:
    """Write a version with its log entry, in the snapshot's transaction; its id. Raises Invalid, Conflict.

    `series` is the warning that this corrects.
    """
    connection = snapshot.connection
    starts_at, ends_at = _times(starts_at, ends_at)
    whole = depths.classes_of([Depth(Decimal(0), None, shape) for shape in area.shapes])[0].geometry
    _size(whole)
    whole = own_part(snapshot, whole, "预警范围", _OUTSIDE)
    size = _size(whole)
    version, before = 1, None
    if series is not None:
        before = _last_of(connection, series)
        if before["lifted_at"] is not None:
            raise Conflict("这条预警已经解除，请另发一条。", code="lifted")
        _ensure_own(snapshot, before)
        if before["exercise"] != exercise:
            raise Invalid(
                "实战与演练的预警不能互相接续。",
                errors=[FieldError("exercise", "other_kind", "请另发一条，或改为与原预警一致")],
            )
        version = before["version"] + 1
    reader = snapshot.reader
    warning_id: int = connection.execute(
        text(
            "INSERT INTO rescue_warning (series_id, version, kind, colour, issuer, starts_at, ends_at, words, source,"
            " divisions, repairs, area_m2, bounds, made_by, account_id, exercise, geom) VALUES (:series, :version,"
            " :kind, :colour, :issuer, :starts_at, :ends_at, :words, :source, :divisions, CAST(:repairs AS jsonb),"
            " :area, :bounds, :by, :account, :exercise, ST_GeomFromEWKB(decode(:geom, 'hex'))) RETURNING warning_id"
        ),
        {
            "series": series, "version": version, "kind": kind, "colour": colour, "issuer": issuer,
            "starts_at": starts_at, "ends_at": ends_at, "words": words, "source": area.source,
            "divisions": list(area.divisions), "repairs": dump_json([r.body() for r in area.repairs]), "area": size,
            "bounds": list(whole.bounds), "by": reader.name, "account": reader.account_id, "exercise": exercise,
            "geom": shapely.to_wkb(shapely.set_srid(whole, CGCS2000), hex=True, include_srid=True),
        },
    ).scalar_one()  # fmt: skip
    connection.execute(
        text(
            "INSERT INTO rescue_warning_piece (warning_id, geom) SELECT warning_id,"
            " ST_Subdivide(ST_Segmentize(geom, 0.0045), :most) FROM rescue_warning WHERE warning_id = :warning"
        ),
        {"warning": warning_id, "most": _PIECE},
    )
    what = f"{kind}{colour}色预警"
    said = f"发布{what}" if before is None else f"更正为{what}（原{title(before)}）第 {version} 版"
    said += f"，{issuer}，{clock.minute(starts_at)} 至 {clock.minute(ends_at)}，{size / 1e6:,.1f} km²"
    said += f"；修补不合规图形 {len(area.repairs)} 处" if area.repairs else ""
    log.note(
        connection, by=reader.name, kind="预警", exercise=exercise, what=said, ref={"kind": "warning", "id": warning_id}
    )
    return warning_id


def _ensure_own(snapshot: Snapshot, of: dict[str, Any]) -> None:
    """Raises Forbidden for a warning of others: who could not issue it does not change it."""
    if not snapshot.reader.area_prefixes:
        return
    wkb = snapshot.connection.scalar(
        text("SELECT ST_AsBinary(geom) FROM rescue_warning WHERE warning_id = :id"), {"id": of["id"]}
    )
    assert wkb is not None
    own_part(snapshot, shapely.from_wkb(bytes(wkb)), "这条预警的范围", _OUTSIDE)


def _times(starts_at: datetime, ends_at: datetime) -> tuple[datetime, datetime]:
    starts_at, ends_at = minute.local(starts_at), minute.local(ends_at)
    now = clock.now()
    if ends_at <= starts_at:
        raise Invalid("时间有误", errors=[FieldError("ends_at", "before_start", "结束时间应晚于开始时间")])
    if abs(starts_at - now) > _FAR:
        told = f"开始时间距现在超过 {_FAR.days} 天，请核对日期"
        raise Invalid("时间有误", errors=[FieldError("starts_at", "too_far", told)])
    if ends_at - starts_at > _LONGEST:
        told = f"一条预警最长 {_LONGEST.days} 天，请核对日期"
        raise Invalid("时间有误", errors=[FieldError("ends_at", "too_long", told)])
    return starts_at, ends_at


def _size(whole: BaseGeometry) -> float:
    """Square metres. Raises Invalid for what is larger than a province or has more vertices than are kept."""
    vertices = int(shapely.get_num_coordinates(whole))
    if vertices > depths.MOST_VERTICES:
        raise Invalid(
            f"预警范围共 {vertices:,} 个点，最多 {depths.MOST_VERTICES:,} 个。请先简化再上传。",
            code="too_many_vertices",
        )
    size = depths.area_m2(whole)
    if size > MOST_M2:
        raise Invalid(f"预警范围 {size / 1e6:,.0f} 平方千米，比一个省还大。请核对坐标系。", code="too_large")
    return size


def _last_of(connection: Connection, series: int) -> dict[str, Any]:
    """The newest version of a warning; nobody else adds one or lifts it until this transaction ends."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_warning', :s))"), {"s": series})
    rows = versions(connection, series)
    if not rows:
        raise Invalid("没有这条预警。", errors=[FieldError("series", "unknown_series", "没有这条预警，请刷新后再选")])
    return rows[0]


def standing(warning: dict[str, Any], at: datetime) -> str:
    """to_come, in_force, expired or lifted at a minute."""
    if warning["lifted_at"] is not None and warning["lifted_at"] <= at:
        return "lifted"
    if at < warning["starts_at"]:
        return "to_come"
    return "in_force" if at < warning["ends_at"] else "expired"


def said(warning: dict[str, Any], at: datetime) -> dict[str, Any]:
    """A version with its words as it stood at a minute."""
    now = standing(warning, at)
    out = warning | {"title": title(warning), "standing": now, "standing_title": STANDINGS[now]}
    if now != "lifted":  # what came later is not told of that minute
        out |= {"lifted_at": None, "lifted_by": None, "lifted_reason": None}
    return out | {"source_title": SOURCES[warning["source"]]}


def listed(
    connection: Connection, *, exercise: bool, at: datetime, before: int | None = None, limit: int = 100
) -> list[dict[str, Any]]:
    """The newest version of each warning as it was known at a minute, the newest first; `before` is the id that the
    page before ends with."""
    rows = connection.execute(
        text(
            f"SELECT * FROM (SELECT DISTINCT ON (coalesce(w.series_id, w.warning_id)) {_COLUMNS} FROM {_FROM}"
            " WHERE w.exercise = :exercise AND w.made_at <= :at"
            " ORDER BY coalesce(w.series_id, w.warning_id), w.version DESC) AS n"
            " WHERE CAST(:before AS bigint) IS NULL OR n.id < :before ORDER BY n.id DESC LIMIT :limit"
        ),
        {"exercise": exercise, "at": at, "before": before, "limit": limit},
    )
    return [said(dict(row), at) for row in rows.mappings()]


def find(connection: Connection, warning_id: int) -> dict[str, Any]:
    """A version. Raises NotFound."""
    row = connection.execute(text(f"SELECT {_COLUMNS} FROM {_FROM} WHERE w.warning_id = :id"), {"id": warning_id})
    found = row.mappings().one_or_none()
    if found is None:
        raise NotFound("没有这条预警，请刷新后再选。")
    return dict(found)


def versions(connection: Connection, series: int) -> list[dict[str, Any]]:
    """Every version of a warning, the newest first."""
    rows = connection.execute(
        text(f"SELECT {_COLUMNS} FROM {_FROM} WHERE coalesce(w.series_id, w.warning_id) = :s ORDER BY w.version DESC"),
        {"s": series},
    )
    return [dict(row) for row in rows.mappings()]


def body(snapshot: Snapshot, warning_id: int, at: datetime) -> dict[str, Any]:
    """A version whole: its area as GeoJSON, the names of its divisions, and all versions of its warning."""
    connection = snapshot.connection
    found = find(connection, warning_id)
    shape = connection.scalar(
        text("SELECT ST_AsGeoJSON(geom, 7, 0) FROM rescue_warning WHERE warning_id = :id"), {"id": warning_id}
    )
    names = division_names_of(snapshot)
    known = ("id", "version", "kind", "colour", "made_at", "made_by", "area_m2")
    return said(found, at) | {
        "geometry": json.loads(str(shape)),
        "division_names": [names.words(canonical_division(code)) or code for code in found["divisions"]],
        "versions": [{k: v[k] for k in known} for v in versions(connection, found["series"]) if v["made_at"] <= at],
    }


def lift(snapshot: Snapshot, warning_id: int, reason: str) -> dict[str, Any]:
    """End a warning before its time: an act of its own, with the reason. Raises NotFound, Conflict."""
    connection = snapshot.connection
    found = find(connection, warning_id)
    last = _last_of(connection, found["series"])
    _ensure_own(snapshot, last)
    if last["lifted_at"] is None:
        done = connection.execute(
            text(
                "INSERT INTO rescue_warning_lifted (series_id, by, reason) VALUES (:series, :by, :reason)"
                " ON CONFLICT DO NOTHING"
            ),
            {"series": found["series"], "by": snapshot.reader.name, "reason": reason},
        )
        if done.rowcount:
            log.note(
                connection, by=snapshot.reader.name, kind="预警", exercise=found["exercise"],
                what=f"解除{title(last)}：{reason}", ref={"kind": "warning", "id": last["id"]},
            )  # fmt: skip
            return last
    by = find(connection, warning_id)
    raise Conflict(f"这条预警已由 {by['lifted_by']} 解除。", code="lifted")
