"""A flood from a terrain: what was asked is checked, worked out, said, and kept as a scenario."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import shapely
from shapely.geometry import LineString, Point, mapping
from sqlalchemy import Connection, text

from riskmap.access.reader import Reader
from riskmap.access.service import check_still_holds
from riskmap.base import audit, clock, database, jobs
from riskmap.base.errors import FieldError, Invalid
from riskmap.base.jobs import Context
from riskmap.base.settings import Settings
from riskmap.base.web import ensure_disk
from riskmap.catalogue.queries import CatalogueCache
from riskmap.rescue import floods, terrain, terrains
from riskmap.rescue.depths import Depth
from riskmap.rescue.terrain import Water
from riskmap.rescue.terrain_file import Part
from riskmap.rescue.terrain_question import Question, metres, words_of
from riskmap.rescue.terrain_wire import TerrainFlood
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.place import parse_geometry
from riskmap.store.snapshot import Snapshot, open_snapshot

JOB = "terrain"
AT_ONCE = 2_000_000  # cells: a second or two
MOST_LINE = 2000  # vertices
_GAUGE = "gauge-station"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that hangs together: the level in the terrain's own height system, and how it came to be that."""

    question: Question
    terrain: Mapping[str, Any]
    body: TerrainFlood
    height_system: str
    gauge: str | None  # its name
    at: datetime


def ask(snapshot: Snapshot, body: TerrainFlood) -> Asked:
    """Check what needs no raster. Raises Invalid, NotFound."""
    row = terrains.find(snapshot.connection, body.terrain)
    gauge, own_system = None, None
    place: Point | LineString
    if body.gauge is not None:
        gauge, place, own_system = _gauge(snapshot, body.gauge)
    else:
        place = _place(body)
    system = _system(body, own_system)
    shift = _shift(body, system, row)
    level_end = None if body.level_end_m is None else body.level_end_m + shift
    question = Question(place, body.level_m + shift, level_end, body.search_m, tuple(body.classes))
    return Asked(question, row, body, system, gauge, body.at or clock.now())


def _gauge(snapshot: Snapshot, object_id: int) -> tuple[str, Point, str | None]:
    """Name, place and height system of a station that the reader sees."""
    compiled = compile_selection(Selection(), snapshot, only_ids=[object_id])
    rows = compiled.rows("name, class, geom, attributes, form")
    row = snapshot.connection.execute(
        text(
            "SELECT name, class AS kind, ST_AsText(geom) AS geom, attributes->>'height_system' AS height_system"
            f" FROM ({rows}) AS r WHERE form = 'full'"  # the public form's place is a cell's middle
        ),
        compiled.binds.values,
    ).one_or_none()
    if row is None:
        raise _refused("没有这个水文站", "gauge", "unknown_gauge", "没有这个水文站，或您无权查看它的位置")
    if row.kind != _GAUGE:
        raise _refused("这不是水文站", "gauge", "not_a_gauge", f"“{row.name}”不是水文监测站")
    if row.geom is None:
        raise _refused("水文站没有位置", "gauge", "unplaced", f"“{row.name}”还没有位置，请先定位")
    return row.name, Point(shapely.from_wkt(row.geom).coords[0]), row.height_system


def _place(body: TerrainFlood) -> Point | LineString:
    field, kind = ("point", "point") if body.point is not None else ("line", "linestring")
    try:
        shape = parse_geometry(body.point if body.point is not None else body.line, (kind,))
    except Invalid as error:
        raise Invalid(error.detail, errors=[FieldError(field, e.code, e.message) for e in error.errors]) from None
    if isinstance(shape, Point):
        return shape
    if not isinstance(shape, LineString):
        raise _refused("河线应为一条线", field, "several_lines", "河线应为一条连续的线，不能是几段")
    if len(shape.coords) > MOST_LINE:
        told = f"河线有 {len(shape.coords)} 个点，最多 {MOST_LINE} 个，请简化"
        raise _refused("河线的点太多", field, "too_many_vertices", told)
    return shape


def _refused(title: str, field: str, code: str, message: str) -> Invalid:
    return Invalid(title, code=code, errors=[FieldError(field, code, message)])


def _system(body: TerrainFlood, own: str | None) -> str:
    """What the level counts from: the gauge's own, else as typed; never guessed."""
    if own is not None and body.height_system is not None and own != body.height_system:
        told = f"水文站登记的是{own}，这里填的是{body.height_system}，请核对"
        raise _refused("高程基准不一致", "height_system", "other_height_system", told)
    system = own or body.height_system
    if system is None:
        told = "请选水位的高程基准（水文站没有登记）" if body.gauge else "请选水位的高程基准"
        raise _refused("缺少水位的高程基准", "height_system", "missing", told)
    return system


def _shift(body: TerrainFlood, system: str, row: Mapping[str, Any]) -> Decimal:
    """What is added to the level to be one of the terrain. Raises Invalid where it is asked and not typed."""
    own = row["height_system"]
    if system == own and system != terrains.ASSUMED:
        if body.shift_m:
            raise _refused("不应有改正数", "shift_m", "no_shift", f"水位和地形都是{own}，不应填改正数")
        return Decimal(0)
    if body.shift_m is None:
        told = f"水位是{system}，地形是{own}：请填改正数（水位加上它为地形的高程），可向水文局或测绘部门查询"
        raise _refused("缺少高程改正数", "shift_m", "shift_missing", told)
    return body.shift_m


# -- Worked out and said ---------------------------------------------------------------


def part_of(settings: Settings, asked: Asked) -> Part:
    """The window. Raises Invalid."""
    with terrains.opened(settings, asked.terrain) as raster:
        return terrain.window_of(raster, asked.question.place, asked.body.radius_m, asked.body.bounds)


def work_out(settings: Settings, asked: Asked, tell: terrain.Tell = lambda _: None) -> Water:
    """The water. Raises Invalid."""
    with terrains.opened(settings, asked.terrain) as raster:
        part = terrain.window_of(raster, asked.question.place, asked.body.radius_m, asked.body.bounds)
        return terrain.work_out(raster, part, asked.question, tell)


def keep(snapshot: Snapshot, asked: Asked, water: Water) -> int:
    """As a scenario, with how it was worked out; its id."""
    body = asked.body
    flood_id = floods.keep(
        snapshot,
        name=body.name,
        source="terrain",
        at=asked.at,
        depths=[Depth(c.depth_m, c.depth_to_m, c.geometry) for c in water.classes],
        exercise=body.exercise,
        note=body.note,
        series=body.series,
        method=method_of(asked, water),
        disjoint=True,  # each cell is of one class; of a projected raster, to the millimetres that its edges bend by
    )
    audit.record(
        snapshot.connection, snapshot.reader.name, "create", "flood", flood_id, address=snapshot.reader.address,
        state=snapshot.moment.n, after={"name": body.name, "source": "terrain", "exercise": body.exercise},
    )  # fmt: skip
    return flood_id


def method_of(asked: Asked, water: Water) -> dict[str, Any]:
    """How it was worked out: as values, and as sentences for screen and paper."""
    body, row, question = asked.body, asked.terrain, asked.question
    known = ("id", "name", "height_system", "source", "licence", "dated", "crs", "cell_m", "sha256")
    return {
        "kind": "static_level",
        "title": terrain.TITLE,
        "terrain": {name: row[name] for name in known},
        "level": {
            "level_m": body.level_m, "level_end_m": body.level_end_m, "height_system": asked.height_system,
            "shift_m": body.shift_m, "terrain_level_m": question.level_m, "terrain_level_end_m": question.level_end_m,
        },
        "place": {"gauge": body.gauge, "name": asked.gauge, "geometry": mapping(question.place)},
        "search_m": question.search_m,
        "window": {"bounds": water.bounds, "rows": water.part.rows, "cols": water.part.cols},
        "cells": {
            "wet": water.cells, "apart": water.apart, "known": water.known, "voids": water.voids,
            "voids_beside": water.voids_beside,
        },
        "share": round(water.share, 4),
        "deepest_m": water.deepest_m,
        "said": _said(asked, water),
        "warnings": water.warnings,
        "limits": [*_limits(question), f"地形格约 {row['cell_m']:.1f} m，范围沿格边，不作平滑，边界不会比一格更准。"],
    }  # fmt: skip


def _limits(question: Question) -> list[str]:
    """What the method leaves out; along a falling river also where it breaks."""
    if question.end_m == question.level_m:
        return list(terrain.LIMITS)
    return [*terrain.LIMITS, "河弯处离河线远的地方，相邻两格可能取不同河段的水位，范围的边会在那里折断。"]


def _said(asked: Asked, water: Water) -> list[str]:
    body, row, question = asked.body, asked.terrain, asked.question
    of = "，".join(filter(None, [row["source"], row["dated"] and f"{row['dated']} 测制"]))
    where = f"水文站“{asked.gauge}”" if asked.gauge else "河线" if body.line is not None else "图上的点"
    out = [
        f"水位：{where}，{_levels(asked)}。",
        f"地形：“{row['name']}”，{row['height_system']}，格约 {row['cell_m']:.1f} m{f'，{of}' if of else ''}。",
        f"{water.begin}。",
    ]
    if question.level_end_m is not None:
        out.append("起点到终点的水位按沿线距离直线内插，每格取河线上离它最近一点的水位。")
    lost = f"；不相连的低地 {water.apart:,} 格不计" if water.apart else ""
    out.append(f"连通：与起算格由边或角相连、地面低于水位的 {water.cells:,} 格{lost}。")
    out.append(f"水深：水位减地面，最深 {metres(water.deepest_m)}。")
    voids = f"，其中无数据 {water.voids:,} 格，不算作有水" if water.voids else ""
    out.append(f"计算范围：{words_of(water.bounds)}，{water.part.cells:,} 格{voids}。")
    return out


def _levels(asked: Asked) -> str:
    body, question = asked.body, asked.question

    def one(typed: Decimal, level: Decimal) -> str:
        if not body.shift_m:
            return metres(level)
        sign = "加" if body.shift_m > 0 else "减"
        return f"{metres(typed)} {sign}改正数 {abs(body.shift_m)} m 为 {metres(level)}"

    said = one(body.level_m, question.level_m)
    if body.level_end_m is not None and question.level_end_m is not None:
        said = f"起点 {said}，终点 {one(body.level_end_m, question.level_end_m)}"
    if asked.height_system == asked.terrain["height_system"] and not body.shift_m:
        return f"{said}（{asked.height_system}）"
    return f"{said}（水位{asked.height_system}，地形{asked.terrain['height_system']}）"


# -- As a job --------------------------------------------------------------------------------


def queue(snapshot: Snapshot, asked: Asked) -> str:
    """A large window into the queue; the job's id."""
    reader = snapshot.reader
    job_id = jobs.new_id("w")
    given = {"body": asked.body.model_dump(mode="json"), "at": asked.at.isoformat()}
    title = f"地形推算：{asked.body.name}"
    jobs.add(snapshot.connection, job_id, JOB, title, reader.account_id, reader.name, reader.body(), given)
    audit.record(
        snapshot.connection,
        reader.name,
        "queue",
        "flood",
        job_id,
        address=reader.address,
        after={"name": asked.body.name},
    )
    return job_id


def run(context: Context) -> None:
    """Work a large window out. Raises RiskmapError in words for who asked."""
    reader, given = Reader.parse(context.job.rights), context.job.input
    body = TerrainFlood.model_validate({**given["body"], "at": given["at"]})
    context.tell("读取地形", 0.01)
    with database.read(context.engine, reader.settings()) as connection:
        asked = ask(_snapshot(context, connection, reader), body)
    water = work_out(context.settings, asked, lambda share: context.tell("推算", 0.01 + 0.89 * share))
    context.tell("写入", 0.92)
    ensure_disk(context.settings)
    with database.write(context.engine, reader.settings(write=True)) as connection, context.stoppable(connection):
        check_still_holds(connection, reader)
        snapshot = _snapshot(context, connection, reader)
        flood_id = keep(snapshot, asked, water)
        if not jobs.still_running(connection, context.job.job_id):  # whoever else finished it has written it
            raise jobs.Cancelled
        jobs.keep_result(connection, context.job.job_id, {"flood": flood_id})
        doubts = [*([floods.OUTSIDE_SAID] if floods.is_outside(snapshot, flood_id) else []), *water.warnings]
        message = f"已推算“{body.name}”：{water.cells:,} 格有水，最深 {metres(water.deepest_m)}。{''.join(doubts)}"
        jobs.finish(connection, context.job.job_id, "done", message)


def _snapshot(context: Context, connection: Connection, reader: Reader) -> Snapshot:
    return open_snapshot(connection, reader, CatalogueCache(), context.settings.public_resolution)
