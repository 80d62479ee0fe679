"""Neighbour pairs and nearest risks against another computation: local transverse Mercator by PROJ, planar by GEOS."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import h3
import numpy as np
import pyproj
import pytest
import shapely
from psycopg2.extras import execute_values
from sqlalchemy import create_engine, text

from riskmap.access.reader import SYSTEM, Reader
from riskmap.base.crs import grid_of
from riskmap.base.database import superuser_url
from riskmap.base.settings import Settings
from riskmap.lists import neighbours, service, targets
from riskmap.selection.model import Selection

N = 10_000
SEED = 20261126
WEST, SOUTH, EAST, NORTH = 113.9, 27.6, 117.9, 30.6
COUNTIES = [f"3604{n:02d}" for n in (2, 3, 4, 23, 24, 25, 26, 28, 29, 30, 81, 82, 83)]


def _shape(rng: np.random.Generator, lon: float, lat: float) -> Any:
    """A point, a line or an irregular outline of 20 m to 3 km around a place."""
    kind = rng.random()
    if kind < 0.4:
        return shapely.Point(lon, lat)
    size = 20 * 150 ** rng.random()
    turns = np.sort(rng.uniform(0, 2 * math.pi, rng.integers(4, 10)))
    far = size * rng.uniform(0.4, 1, len(turns))
    corners = np.column_stack(
        [lon + far * np.cos(turns) / (111_320 * math.cos(math.radians(lat))), lat + far * np.sin(turns) / 110_900]
    )
    if kind < 0.5:
        return shapely.LineString(corners[:2])
    return shapely.make_valid(shapely.Polygon(corners))


def _objects() -> list[dict[str, Any]]:
    rng = np.random.default_rng(SEED)
    out: list[dict[str, Any]] = []
    for i in range(N):
        lon, lat = float(rng.uniform(WEST, EAST)), float(rng.uniform(SOUTH, NORTH))
        enterprise = 100_000 + int(rng.integers(0, 3000)) if rng.random() < 0.7 else None
        parent = None
        if i and rng.random() < 0.25:  # beside another: of the same enterprise, within it, or of another one
            beside = out[-1]
            centre = shapely.centroid(beside["geom"])
            lon, lat = centre.x + float(rng.normal(0, 0.004)), centre.y + float(rng.normal(0, 0.004))
            chance = rng.random()
            enterprise = beside["enterprise"] if chance < 0.3 else enterprise
            parent = beside["id"] if chance > 0.9 else None
        geom = _shape(rng, lon, lat)
        if geom.geom_type not in {"Point", "LineString", "Polygon"}:
            geom = shapely.Point(lon, lat)
        class_ = neighbours.CLASSES[i % 4] if rng.random() < 0.9 else "school"
        out.append(
            {
                "id": i + 1,
                "class": class_,
                "enterprise": enterprise,
                "parent": parent,
                "geom": geom,
                "division": COUNTIES[int(rng.integers(0, len(COUNTIES)))],
                "grade": int(rng.choice([1, 2, 3, 4, 5], p=[0.02, 0.1, 0.3, 0.4, 0.18])),
            }
        )
    return out


def _fill(settings: Settings, objects: list[dict[str, Any]]) -> None:
    engine = create_engine(superuser_url(settings))
    columns = (
        "id, state, updated_at, valid_from, class, class_version, name, enterprise, parent, division, grade,"
        " department, position_quality, visibility, geom, anchor, gx, gy, cell, geom_public, gx_public, gy_public,"
        " cell_public, spelling"
    )
    with engine.begin() as connection:
        cursor = connection.connection.cursor()
        cursor.execute("ALTER TABLE risk_object DISABLE TRIGGER ALL")
        rows = []
        for o in objects:
            anchor = shapely.point_on_surface(o["geom"])
            cell = h3.latlng_to_cell(anchor.y, anchor.x, 10)
            wkb, point = (
                shapely.to_wkb(shapely.set_srid(g, 4490), hex=True, include_srid=True) for g in (o["geom"], anchor)
            )
            x, y = grid_of(anchor.x, anchor.y)
            rows.append(
                (
                    o["id"], 1, "2026-01-01", "2026-01-01", o["class"], 1, f"例 {o['id']}", o["enterprise"],
                    o["parent"], o["division"], o["grade"], "应急管理局", "surveyed", 1, wkb, point, x, y,
                    h3.str_to_int(cell), point, x, y, h3.str_to_int(h3.cell_to_parent(cell, 7)), "",
                )
            )  # fmt: skip
        execute_values(cursor, f"INSERT INTO risk_object ({columns}) VALUES %s", rows, page_size=2000)
        cursor.execute("ALTER TABLE risk_object ENABLE TRIGGER ALL")
        connection.execute(text("ANALYZE risk_object"))
    engine.dispose()


@pytest.fixture(scope="module")
def objects(settings: Settings, engine: Any) -> list[dict[str, Any]]:
    made = _objects()
    _fill(settings, made)
    return made


@cache
def _local(lon: float) -> pyproj.Transformer:
    there = f"+proj=tmerc +lat_0=29 +lon_0={lon} +k=1 +ellps=GRS80 +units=m"
    return pyproj.Transformer.from_crs("+proj=longlat +ellps=GRS80 +no_defs", there, always_xy=True)


def planar_distances(a: list[Any], b: list[Any]) -> np.ndarray[Any, Any]:
    """Of pairs, in the transverse Mercator whose meridian goes through the pair (to 0.01°); edges straight in lon/lat."""
    left, right = np.array(a, dtype=object), np.array(b, dtype=object)
    middle = np.round((shapely.get_x(shapely.centroid(left)) + shapely.get_x(shapely.centroid(right))) / 2, 2)
    out = np.full(len(left), np.nan)
    for lon in np.unique(middle):
        mine = np.flatnonzero(middle == lon)

        def project(xy: Any, lon: float = float(lon)) -> Any:
            return np.column_stack(_local(lon).transform(xy[:, 0], xy[:, 1]))

        there = [shapely.transform(shapely.segmentize(side[mine], 0.001), project) for side in (left, right)]
        out[mine] = shapely.distance(*there)
    return out


def expected_pairs(objects: list[dict[str, Any]], within: float) -> dict[tuple[int, int], float]:
    dangerous = [o for o in objects if o["class"] in neighbours.CLASSES]
    shapes = np.array([o["geom"] for o in dangerous], dtype=object)
    tree = shapely.STRtree(shapes)
    boxes = shapely.buffer(shapely.envelope(shapes), within / 90_000, cap_style="square", join_style="mitre")
    left, right = tree.query(boxes)
    kept = []
    for i, j in zip(left, right, strict=True):
        a, b = dangerous[i], dangerous[j]
        same = a["enterprise"] is not None and a["enterprise"] == b["enterprise"]
        if a["id"] < b["id"] and not same and a["parent"] != b["id"] and b["parent"] != a["id"]:
            kept.append((i, j))
    metres = planar_distances([shapes[i] for i, _ in kept], [shapes[j] for _, j in kept])
    return {
        (dangerous[i]["id"], dangerous[j]["id"]): float(m)
        for (i, j), m in zip(kept, metres, strict=True)
        if m <= within + 1
    }


def differing(found: set[Any], expected: dict[tuple[int, int], float], within: float) -> list[Any]:
    """Pairs that one has and the other has not, but for those that lie at the limit itself."""
    right = {pair for pair, m in expected.items() if m <= within}
    return [pair for pair in found ^ right if abs(expected.get(pair, math.inf) - within) >= 0.1]


def _asked(snapshot: Any, listing: Any, selection: Selection = Selection(), **given: int) -> list[dict[str, Any]]:  # noqa: B008
    question = service.question(listing, snapshot, selection, {k: [str(v)] for k, v in given.items()})
    return service._fetch(question, None, 0)


def test_pairs_and_distances_are_those_of_another_computation(
    objects: list[dict[str, Any]], snapshot_of: Callable[..., Any]
) -> None:
    expected = expected_pairs(objects, 5000)
    with snapshot_of(SYSTEM) as snapshot:
        found = {(r["a"], r["b"]): r["distance_m"] for r in _asked(snapshot, neighbours.LIST, within=5000)}
    assert len(found) > 20_000
    assert not differing(set(found), expected, 5000)
    both = set(found) & set(expected)
    assert len(both) > 20_000
    worst = max(abs(found[pair] - expected[pair]) for pair in both)
    assert worst < 0.1, worst
    print(f"{len(both)} pairs, worst difference {worst * 1000:.2f} mm")
    assert all(a < b for a, b in found)
    assert sum(m == 0 for m in found.values()) > 10  # outlines that overlap touch


def test_a_limited_reader_gets_every_pair_that_he_is_part_of(
    objects: list[dict[str, Any]], snapshot_of: Callable[..., Any]
) -> None:
    expected = expected_pairs(objects, 2000)
    mine = {o["id"] for o in objects if o["division"] in COUNTIES[:3]}
    reader = Reader("account", "town", role="reader", tier=1, areas=tuple(COUNTIES[:3]))
    with snapshot_of(reader) as snapshot:
        rows = _asked(snapshot, neighbours.LIST, within=2000)
        after = snapshot.connection.scalar(text("SELECT count(*) FROM risk_object"))
    assert after == len(mine)  # the question's wider rights ended with it
    found = {tuple(sorted((r["a"], r["b"]))): r for r in rows}
    assert len(found) == len(rows)
    assert not differing(set(found), {p: m for p, m in expected.items() if p[0] in mine or p[1] in mine}, 2000)
    for pair, row in found.items():
        hidden = not (pair[0] in mine and pair[1] in mine)
        assert (row["other_hidden"] == "应急管理局") is hidden
        assert row["one_id"] in mine
        told = [row[name] for name in ("other", "other_id", "other_class", "other_enterprise", "other_division")]
        assert not hidden or told == [None] * 5


def test_half_of_a_pair_is_enough_for_a_selection(
    objects: list[dict[str, Any]], snapshot_of: Callable[..., Any]
) -> None:
    expected = expected_pairs(objects, 500)
    fireworks = {o["id"] for o in objects if o["class"] == "fireworks-plant"}
    with snapshot_of(SYSTEM) as snapshot:
        rows = _asked(snapshot, neighbours.LIST, Selection(classes=("fireworks-plant",)))
    found = {tuple(sorted((r["a"], r["b"]))) for r in rows}
    assert len(found) == len(rows)
    assert not differing(found, {p: m for p, m in expected.items() if p[0] in fireworks or p[1] in fireworks}, 500)


def test_the_nearest_risk_of_each_target_is_the_nearest(
    objects: list[dict[str, Any]], snapshot_of: Callable[..., Any]
) -> None:
    schools = [o for o in objects if o["class"] == "school"]
    risks = [o for o in objects if o["grade"] <= 2]
    with snapshot_of(SYSTEM) as snapshot:
        rows = {r["id"]: r for r in _asked(snapshot, targets.LIST)}
    assert set(rows) == {o["id"] for o in schools}
    tree = shapely.STRtree([o["geom"] for o in risks])
    for school in schools:
        near = tree.query(shapely.box(*shapely.buffer(school["geom"], 0.4).bounds))
        some = [risks[i] for i in near if risks[i]["id"] != school["id"]]
        metres = planar_distances([school["geom"]] * len(some), [o["geom"] for o in some])
        # Far from the meridian of a pair the plane itself is off: up to 1 m at 30 km.
        assert rows[school["id"]]["distance_m"] == pytest.approx(min(metres), abs=0.1, rel=5e-5), school["id"]


def test_a_limited_reader_is_told_of_a_risk_that_he_may_not_see(
    objects: list[dict[str, Any]], snapshot_of: Callable[..., Any]
) -> None:
    with snapshot_of(SYSTEM) as snapshot:
        everything = {r["id"]: r for r in _asked(snapshot, targets.LIST)}
    reader = Reader("account", "town", role="reader", tier=1, areas=tuple(COUNTIES[:3]))
    with snapshot_of(reader) as snapshot:
        rows = _asked(snapshot, targets.LIST)
    divisions = {o["id"]: o["division"] for o in objects}
    assert rows
    for row in rows:
        whole = everything[row["id"]]
        assert row["distance_m"] == whole["distance_m"]
        if divisions[whole["risk_id"]] in COUNTIES[:3]:
            assert row["risk_id"] == whole["risk_id"]
            assert row["risk_hidden"] is None
        else:
            assert (row["risk_id"], row["risk"], row["risk_class"], row["risk_grade"]) == (None,) * 4
            assert row["risk_hidden"] == "应急管理局"
