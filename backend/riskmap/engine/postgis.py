"""The engine on PostGIS: always right, always there. SQL of the heavy parts stands in sql/."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import h3
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text

from riskmap.base import sqlfile
from riskmap.base.crs import (
    CGCS2000,
    COVER_RESOLUTION,
    GRID_ZOOM,
    cell_of_prefix,
    cell_prefix,
    tile_bounds,
)
from riskmap.catalogue.model import GRADES, LIVE_STAGES, Scale
from riskmap.engine.interface import EVERY_FROM, NAMES_FROM, Cell, Counts, Facet, Near, NearObject, Neighbour, Reached
from riskmap.selection import level
from riskmap.selection.compile import Binds, Compiled, compile_selection, facet_condition
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

_SMALLEST_DRAWN = 32  # units of 1/4096 tile: 4 px of a 512 px tile
_NO_SHAPES = (
    "SELECT CAST(NULL AS bigint) AS id, CAST(NULL AS text) AS class, CAST(NULL AS smallint) AS grade,"
    ' CAST(NULL AS text) AS name, CAST(NULL AS boolean) AS "over", CAST(NULL AS geometry) AS geom WHERE false'
)
_MOST_TAGS = 200
_LEVEL_COLUMNS = ("level_scale", "level_value", "level_rank", "level_outside")
_NO_LEVELS = "".join(f", CAST(NULL AS {'int' if c == 'level_rank' else 'text'}) AS {c}" for c in _LEVEL_COLUMNS)
_EDGE = 1e-7  # degrees: what float rounding may move a grid line

# What counts may be grouped by: output expression over the rows' columns.
DIMENSIONS: Mapping[str, str] = {
    "grade": "grade",
    "class": "class",
    "division": "rpad(left(division, 6), 6, '0')",
    "department": "department",
    "stage": "stage",
    "source": "source",
    "level": level.plain(level.KEY),
}
# A facet's values: output expression over the rows' columns. Towns say their county too; tags are many a row.
_FACET_VALUES: Mapping[str, str] = {
    "stage": "stage",
    "source": "source",
    "department": "department",
    "verified": "verified::text",
    "division": "CASE WHEN length(division) >= 9 THEN left(division, 9) ELSE division END",
}


def _measured(name: str, rows: str) -> str:
    """A statement over rows with their metres from the outline :shape."""
    return sqlfile.read(__file__, name).format(measured=sqlfile.read(__file__, "measured").format(rows=rows))


def _box(compiled: Compiled, bounds: tuple[float, float, float, float]) -> str:
    west, south, east, north = bounds
    corners = (
        max(west - _EDGE, -180.0),
        max(south - _EDGE, -90.0),
        min(east + _EDGE, 180.0),
        min(north + _EDGE, 90.0),
    )
    return f"ST_MakeEnvelope({', '.join(compiled.binds(v) for v in corners)}, 4490)"


def _around(bounds: tuple[float, float, float, float], within_m: float) -> tuple[float, float, float, float]:
    """Bounds in degrees that hold everything within a distance of these."""
    west, south, east, north = bounds
    d_lat = within_m / 110_500 + _EDGE
    farthest = math.radians(min(max(abs(south), abs(north)) + d_lat, 89.9))
    d_lon = min(within_m / (110_500 * max(math.cos(farthest), 0.001)), 180)
    return west - d_lon, south - d_lat, east + d_lon, north + d_lat


class PostgisEngine:
    """`Engine` by SQL; keeps nothing between calls."""

    def count(self, snapshot: Snapshot, selection: Selection, by: Sequence[str]) -> Counts:
        """Exact totals; one statement for all of them."""
        compiled = compile_selection(selection, snapshot)
        columns = sorted({c for d in by for c in _columns_of(d)} | {"cell"})
        keys = ", ".join(f"{DIMENSIONS[d]} AS {d}" for d in by)
        group = ", ".join(str(i + 1) for i in range(len(by)))
        sql = (
            f"SELECT {keys + ',' if by else ''} count(*) AS n, count(*) FILTER (WHERE cell IS NULL) AS unplaced"
            f" FROM ({compiled.rows(', '.join(columns))}) AS r" + (f" GROUP BY {group} ORDER BY {group}" if by else "")
        )
        found = snapshot.connection.execute(text(sql), compiled.binds.values).mappings().all()
        rows = []
        for row in found:
            out = {d: row[d] for d in by}
            if "grade" in out:
                out["grade"] = GRADES[out["grade"] - 1]
            rows.append({**out, "n": row["n"]})
        return Counts(sum(row["n"] for row in found), sum(row["unplaced"] for row in found), tuple(rows) if by else ())

    def facets(self, snapshot: Snapshot, selection: Selection, names: Sequence[str]) -> dict[str, Facet]:
        """One scan of what the selection holds without these facets' conditions, which become flags of its rows."""
        free = replace(
            selection,
            stage=("any",) if "stage" in names else selection.stage,
            source=() if "source" in names else selection.source,
            department=() if "department" in names else selection.department,
            verified=None if "verified" in names else selection.verified,
            division=() if "division" in names else selection.division,
            tag=() if "tag" in names else selection.tag,
        )
        compiled = compile_selection(free, snapshot)
        held = {name: facet_condition(name, selection, compiled.binds) for name in names}
        columns = {f"ok_{name}": "coalesce(" + " AND ".join(held[name]) + ", false)" for name in names if held[name]}
        columns |= {name: f"{{{name}}}" for name in names if name in _FACET_VALUES}
        out: dict[str, dict[str, int]] = {name: {} for name in names}
        more: dict[str, int] = {}

        def others(name: str) -> str:
            flags = [f"ok_{other}" for other in names if other != name and held[other]]
            return " AND ".join(flags) or "TRUE"

        plain = [name for name in names if name in _FACET_VALUES]
        if plain:
            values = ", ".join(f"{_FACET_VALUES[name]} AS v_{name}" for name in plain)
            flags = "".join(f", ok_{name}" for name in names if held[name])
            sets = ", ".join(f"(v_{name})" for name in plain)
            told = ", ".join(
                f"v_{name}, GROUPING(v_{name}) AS g_{name}, count(*) FILTER (WHERE {others(name)}) AS n_{name}"
                for name in plain
            )
            sql = (
                f"SELECT {told} FROM (SELECT {values}{flags} FROM ({compiled.rows(columns)}) AS r) AS f"
                f" GROUP BY GROUPING SETS ({sets})"
            )
            for row in snapshot.connection.execute(text(sql), compiled.binds.values).mappings():
                for name in plain:
                    if not row[f"g_{name}"] and row[f"v_{name}"] is not None and row[f"n_{name}"]:
                        out[name][row[f"v_{name}"]] = row[f"n_{name}"]
        if "tag" in names:
            rows = compiled.rows(columns | {"tags": "{tags}"}, "{tags} <> '{{}}'")
            sql = (
                "SELECT tag, count(*) AS n, count(*) OVER () AS every"
                f" FROM ({rows}) AS r, unnest(r.tags) AS tag WHERE {others('tag')} GROUP BY tag"
                # What is chosen stands there to be taken off again, however rare it is.
                f" ORDER BY tag = ANY(CAST({compiled.binds(list(selection.tag))} AS text[])) DESC, n DESC, tag"
                f" LIMIT {max(_MOST_TAGS, len(selection.tag))}"
            )
            found = snapshot.connection.execute(text(sql), compiled.binds.values).all()
            out["tag"] = {r.tag: r.n for r in found}
            more["tag"] = found[0].every - len(found) if found else 0
        return {name: Facet(values, more.get(name, 0)) for name, values in out.items()}

    def cells(self, snapshot: Snapshot, selection: Selection, resolution: int) -> list[Cell]:
        """Heat: one scan for the counts; lines and polygons by their stored covers."""
        compiled = compile_selection(selection, snapshot)
        shift = cell_prefix(resolution)
        rows = compiled.rows("cell, grade", "{cell} IS NOT NULL")
        found = snapshot.connection.execute(
            text(sqlfile.read(__file__, "cells").format(rows=rows)), {**compiled.binds.values, "shift": shift}
        )
        by_cell: dict[int, dict[str, int]] = {}
        for prefix, grade, n in found:
            by_cell.setdefault(cell_of_prefix(prefix, resolution), dict.fromkeys(GRADES, 0))[GRADES[grade - 1]] = n
        touching = self._touching(snapshot, selection, resolution)
        cells = set(by_cell) | set(touching or {})
        return [
            Cell(
                cell,
                sum(by_cell[cell].values()) if cell in by_cell else 0,
                by_cell.get(cell) or dict.fromkeys(GRADES, 0),
                None if touching is None else touching.get(cell, 0),
            )
            for cell in sorted(cells)
        ]

    def _touching(self, snapshot: Snapshot, selection: Selection, resolution: int) -> dict[int, int] | None:
        if resolution > COVER_RESOLUTION:
            return None
        compiled = compile_selection(selection, snapshot)
        # The public form keeps no cover: a public line or polygon touches its public cell only.
        rows = compiled.rows({"id": "{id}", "cover": "{touched}"}, "v.cover IS NOT NULL")
        shift = 3 * (15 - resolution)
        found = snapshot.connection.execute(
            text(sqlfile.read(__file__, "touching").format(rows=rows)), {**compiled.binds.values, "shift": shift}
        )
        return {cell_of_prefix(prefix, resolution): n for prefix, n in found}

    def tile(
        self, snapshot: Snapshot, selection: Selection, z: int, x: int, y: int, scale: Scale | None = None
    ) -> bytes:
        """One tile, by one statement."""
        compiled = compile_selection(selection, snapshot)
        shift = GRID_ZOOM - z
        side = 12 + shift
        inside = _box(compiled, tile_bounds(z, x, y))
        around = _box(compiled, tile_bounds(z, x, y, margin=64 / 4096))
        over = f"NOT {{stage}} = ANY(CAST({compiled.binds(list(LIVE_STAGES))} AS text[]))"

        def columns(*more: str) -> dict[str, str]:
            names = ("id", "class", "grade", "name", *more, *(_LEVEL_COLUMNS if scale else ()))
            return {name: f"{{{name}}}" for name in names} | {'"over"': over}

        anchored = compiled.rows(
            columns("span", "gx", "gy"),
            f"{{anchor}} && {inside} AND ({{gx}} >> {side}) = :x AND ({{gy}} >> {side}) = :y",
        )
        least = _SMALLEST_DRAWN / (4096 << z)
        full = compiled.only("full")
        shapes = _NO_SHAPES  # the public form is a point
        if full is not None:
            large = f"{{span}} > 0 AND {{span}} >= {compiled.binds(least)} AND {{geom}} && {around}"
            shapes = full.rows(columns("geom"), large)
        elif scale:
            shapes = _NO_SHAPES.replace(" WHERE", _NO_LEVELS + " WHERE")
        sql = sqlfile.read(__file__, "tile").format(
            anchored=anchored, shapes=shapes, **_levels(scale, snapshot, compiled)
        )
        values = {
            **compiled.binds.values,
            "z": z,
            "x": x,
            "y": y,
            "shift": shift,
            "every_from": EVERY_FROM,
            "names_from": NAMES_FROM,
        }
        return bytes(snapshot.connection.execute(text(sql), values).scalar_one())

    def near(
        self, snapshot: Snapshot, selection: Selection, lon: float, lat: float, within_m: float
    ) -> list[Neighbour]:
        """Geodesic on the ellipsoid; a box in degrees lets the index choose the candidates."""
        compiled = compile_selection(selection, snapshot)
        here = f"ST_SetSRID(ST_MakePoint({compiled.binds(lon)}, {compiled.binds(lat)}), 4490)"
        box = _box(compiled, _around((lon, lat, lon, lat), within_m))
        rows = compiled.rows({"id": "{id}", "geom": "{geom}"}, f"{{geom}} && {box}")
        meridian = compiled.binds(lon)
        distance = f"ST_Distance(on_plane(geom, {meridian}), on_plane({here}, {meridian}))"
        sql = (
            f"SELECT id, m FROM (SELECT id, {distance} AS m FROM ({rows}) AS r) AS d"
            f" WHERE m <= {compiled.binds(within_m)} ORDER BY m, id"
        )
        return [Neighbour(row.id, row.m) for row in snapshot.connection.execute(text(sql), compiled.binds.values)]

    def near_object(
        self, snapshot: Snapshot, selection: Selection, object_id: int, within_m: float, limit: int
    ) -> Near:
        """One statement for what is measured; the box comes from the outline's own bounds.

        Only full-form rows are measured: the public form's position is the middle of a cell.
        """
        own = compile_selection(Selection(), snapshot, any_life=True, only_ids=[object_id]).only("full")
        origin = None
        if own is not None:
            sql = (
                "SELECT encode(ST_AsEWKB(geom), 'hex') AS shape, ST_XMin(geom) AS west, ST_YMin(geom) AS south,"
                f" ST_XMax(geom) AS east, ST_YMax(geom) AS north FROM ({own.rows('geom')}) AS r WHERE geom IS NOT NULL"
            )
            origin = snapshot.connection.execute(text(sql), own.binds.values).one_or_none()
        if origin is None:
            return Near((), 0, 0)
        bounds = (origin.west, origin.south, origin.east, origin.north)
        compiled = compile_selection(selection, snapshot)
        full = compiled.only("full")
        items: list[NearObject] = []
        total = 0
        if full is not None:
            columns = "id, class, code, name, grade, stage, attributes, geom, anchor"
            box = _box(full, _around(bounds, within_m))
            rows = full.rows(columns, f"{{geom}} && {box} AND {{id}} <> {full.binds(object_id)}")
            middle = math.radians(min(abs(origin.south + origin.north) / 2, 89.9))
            binds = {"shape": origin.shape, "within_m": within_m, "most": limit, "squeeze": math.cos(middle)}
            found = snapshot.connection.execute(text(_measured("near", rows)), {**full.binds.values, **binds})
            for r in found.mappings():
                total = r["total"]
                line = None if r["m"] == 0 else ((r["x1"], r["y1"]), (r["x2"], r["y2"]))
                items.append(
                    NearObject(
                        r["id"], r["class"], r["code"], r["name"], r["grade"], r["stage"], r["attributes"] or {},
                        (r["lon"], r["lat"]), r["m"], r["bearing"] if line else None, line,
                    )
                )  # fmt: skip
        return Near(tuple(items), total, self._coarse_near(snapshot, selection, bounds, within_m))

    def reaching(
        self, snapshot: Snapshot, shape: BaseGeometry, reaches: Mapping[str, float], attribute: str | None = None
    ) -> list[Reached]:
        """One statement; classes that are asked for the same metres share a box and an arm of it."""
        binds = Binds()
        compiled = compile_selection(Selection(), snapshot, binds=binds).only("full")
        if compiled is None or not reaches:
            return []
        by_reach: dict[float, list[str]] = {}
        for class_, metres in reaches.items():
            by_reach.setdefault(metres, []).append(class_)
        columns = (
            "id, class, name, division, department, visibility, attributes, level_scale, level_value,"
            " position_quality, enterprise, parent, geom"
        )
        listed = {name.strip(): "{" + name.strip() + "}" for name in columns.split(",")}
        if attribute is not None:
            drawn = f"{{attributes}} ->> CAST({binds(attribute)} AS text)"
            listed["geom"] = f"ST_SetSRID(ST_GeomFromGeoJSON({drawn}), 4490)"
        bounds = shape.bounds
        arms = []
        for metres, classes in sorted(by_reach.items()):
            reach = f"CAST({binds(metres)} AS double precision)"
            box = _box(compiled, _around(bounds, metres))
            near = f"{listed['geom']} && {box} AND {{class}} = ANY(CAST({binds(sorted(classes))} AS text[]))"
            arms.append(compiled.rows(listed | {"reach": reach}, near))
        middle = math.radians(min(abs(bounds[1] + bounds[3]) / 2, 89.9))
        values = {
            **binds.values,
            "shape": shapely.to_wkb(shapely.set_srid(shape, CGCS2000), hex=True, include_srid=True),
            "squeeze": math.cos(middle),
        }
        sql = _measured("reaching", "\nUNION ALL\n".join(arms))
        return [
            Reached(
                r["id"], r["class"], r["name"], r["division"], r["department"], r["visibility"], r["attributes"] or {},
                (r["level_scale"], r["level_value"]) if r["level_value"] else None, r["position_quality"],
                r["enterprise"], r["parent"], r["m"], ((r["x1"], r["y1"]), (r["x2"], r["y2"])), r["deep"],
            )
            for r in snapshot.connection.execute(text(sql), values).mappings()
        ]  # fmt: skip

    def _coarse_near(
        self, snapshot: Snapshot, selection: Selection, bounds: tuple[float, float, float, float], within_m: float
    ) -> int:
        """Public-form objects whose cell reaches into the distance."""
        compiled = compile_selection(selection, snapshot)
        public = compiled.only("public")
        if public is None:
            return 0
        reach = within_m + h3.average_hexagon_edge_length(snapshot.public_resolution, unit="m")
        rows = public.rows("id", f"{{geom}} && {_box(public, _around(bounds, reach))}")
        return int(snapshot.connection.scalar(text(f"SELECT count(*) FROM ({rows}) AS r"), public.binds.values) or 0)

    def overlapping(self, snapshot: Snapshot, selection: Selection, area: str) -> list[int]:
        """By the planar edges as drawn."""
        compiled = compile_selection(selection, snapshot)
        shape = f"ST_SetSRID(ST_GeomFromGeoJSON({compiled.binds(area)}), 4490)"
        rows = compiled.rows("id", f"{{geom}} && {shape} AND ST_Intersects({{geom}}, {shape})")
        return list(
            snapshot.connection.scalars(text(f"SELECT id FROM ({rows}) AS r ORDER BY id"), compiled.binds.values)
        )


def _levels(scale: Scale | None, snapshot: Snapshot, compiled: Compiled) -> dict[str, str]:
    """Fragments of tile.sql for a scale: ranks are the catalogue's numbers, all three null off the scale."""
    names = ("level", "ranks", "c_kept", "r_level", "kept", "ranked")
    if scale is None:
        return dict.fromkeys(names, "")
    named = compiled.binds(scale.code)
    on = compiled.binds(snapshot.catalogue.classes_on(scale.code))
    ranks = sorted({lv.rank for lv in scale.levels})

    def told(prefix: str) -> str:
        mine = f"{prefix}level_scale = {named}"
        value, rank = (f"CASE WHEN {mine} THEN {prefix}level_{c} END" for c in ("value", "rank"))
        return f", {value} AS level, {rank} AS rank, nullif({prefix}level_outside = {named}, false) AS outside"

    worst = "min" if scale.worse == "low-rank" else "max"
    counted = "".join(f", count(*) FILTER (WHERE rank = {r}) AS r{r}" for r in ranks)
    worst = f"coalesce({worst}(rank), 0) AS worst_rank"
    outside = "count(*) FILTER (WHERE outside) AS outside"
    off = f"count(*) FILTER (WHERE rank IS NULL AND outside IS NULL AND NOT class = ANY(CAST({on} AS text[]))) AS off"
    return {
        "level": told(""),
        "ranks": f"{counted}, count(*) FILTER (WHERE rank IS NULL) AS r0, {outside}, {off}, {worst}",
        "c_kept": ", c.level, c.rank, c.outside",
        "r_level": told("r."),
        "kept": ", level, rank, outside",
        "ranked": "".join(f", r{r}" for r in [*ranks, 0]) + ", outside, off, worst_rank",
    }


def _columns_of(dimension: str) -> tuple[str, ...]:
    return {"level": ("level_scale", "level_value", "level_outside")}.get(dimension, (dimension,))
