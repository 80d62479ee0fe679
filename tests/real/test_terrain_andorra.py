"""Water in the valley of the Valira, on the real terrain beside the repository, against a fill written here."""

from collections import deque
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyproj
import pytest
import shapely
from shapely.geometry import LineString, Point, mapping
from starlette.testclient import TestClient

from riskmap.base.errors import Invalid
from riskmap.rescue import terrain as water
from riskmap.rescue.terrain import Water
from riskmap.rescue.terrain_file import Part, Terrain, open_terrain
from riskmap.rescue.terrain_question import DEPTHS, Question

_SIDE = 1201  # of an HGT of three seconds: posts on the whole degree, so a cell reaches half a step beyond
_STEP = 1 / 1200
_VOID = -32768
_SANT_JULIA = Point(1.49, 42.465)  # the ground here is 908 m
# From Escaldes down to Sant Julià de Lòria, in the river's bed.
_VALIRA = LineString(
    [(1.5342, 42.51), (1.5208, 42.505), (1.5075, 42.5), (1.4992, 42.495), (1.4925, 42.485), (1.4892, 42.48),
     (1.4908, 42.475), (1.49, 42.465), (1.4883, 42.46), (1.4858, 42.455), (1.4825, 42.45), (1.4758, 42.44)]
)  # fmt: skip


@pytest.fixture(scope="module")
def file(real_data: Path) -> Path:
    return real_data / "dem-andorra" / "N42E001.hgt"


@pytest.fixture(scope="module")
def posts(file: Path) -> np.ndarray:
    """The heights as they stand in the file: whole metres, from the north-west, high byte first."""
    return np.fromfile(file, ">i2").reshape(_SIDE, _SIDE).astype(int)


@pytest.fixture
def valley(file: Path) -> Iterator[Terrain]:
    with open_terrain(file) as terrain:
        yield terrain


def _worked_out(terrain: Terrain, question: Question, radius_m: int = 6000) -> Water:
    return water.work_out(terrain, water.window_of(terrain, question.place, radius_m, None), question)


def _middle(row: int, col: int) -> tuple[float, float]:
    return 1 + col * _STEP, 43 - row * _STEP


def _filled(part: Part, below: np.ndarray, begin: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """A plain fill, cell by cell, by sides and corners, within a part."""
    inside = {
        (r, c)
        for r in range(part.row, part.row + part.rows)
        for c in range(part.col, part.col + part.cols)
        if below[r, c]
    }
    reached = {cell for cell in begin if cell in inside}
    waiting = deque(reached)
    while waiting:
        r, c = waiting.popleft()
        for near in ((r + dr, c + dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1)):
            if near in inside and near not in reached:
                reached.add(near)
                waiting.append(near)
    return reached


def _in_polygons(part: Part, found: Water) -> dict[tuple[int, int], Decimal]:
    """Which class's polygons hold the middle of each cell."""
    cells = [(r, c) for r in range(part.row, part.row + part.rows) for c in range(part.col, part.col + part.cols)]
    at = np.array([_middle(r, c) for r, c in cells])
    out: dict[tuple[int, int], Decimal] = {}
    for one in found.classes:
        for i in np.flatnonzero(shapely.contains_xy(one.geometry, at[:, 0], at[:, 1])):
            assert cells[i] not in out, "classes overlap"
            out[cells[i]] = one.depth_m
    return out


def _cell_area(row: int) -> float:
    """Of one cell on the ellipsoid, by its corners."""
    lat, half = 43 - row * _STEP, _STEP / 2
    corners = [(-half, lat - half), (half, lat - half), (half, lat + half), (-half, lat + half)]
    return abs(pyproj.Geod(ellps="GRS80").polygon_area_perimeter(*zip(*corners, strict=True))[0])


def _area(shape: shapely.MultiPolygon) -> float:
    geod = pyproj.Geod(ellps="GRS80")
    dense = shapely.orient_polygons(shapely.segmentize(shape, 0.0045))
    return sum(abs(geod.geometry_area_perimeter(part)[0]) for part in shapely.get_parts(dense))


def test_loaded_and_asked_over_http_the_areas_are_those_of_the_cells(
    admin: TestClient, file: Path, posts: np.ndarray
) -> None:
    with file.open("rb") as body:
        said = {"name": "安道尔三秒", "height_system": "EGM96", "source": "SRTM"}
        loaded = admin.post("/api/rescue/terrains", data=said, files={"file": (file.name, body)})
    assert loaded.status_code == 201, loaded.text
    assert loaded.json()["voids"] == int((posts == _VOID).sum())
    asked = {"name": "瓦利拉河谷", "terrain": loaded.json()["id"], "height_system": "EGM96", "level_m": 925.5}
    answer = admin.post("/api/rescue/floods/terrain", json=asked | {"point": mapping(_SANT_JULIA)})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    part = Part(
        **{k: made["method"]["window"][k] for k in ("rows", "cols")}, **_corner(made["method"]["window"]["bounds"])
    )
    below = (posts != _VOID) & (posts < 925.5)
    expected = _filled(part, below, [(round((43 - 42.465) / _STEP), round(0.49 / _STEP))])
    for one in made["classes"]:
        upper = one["depth_to_m"] or np.inf
        areas = sum(_cell_area(r) for r, c in expected if one["depth_m"] <= 925.5 - posts[r, c] < upper)
        assert abs(one["area_m2"] - areas) < 1e-5 * areas
    assert made["area_m2"] == pytest.approx(sum(_cell_area(r) for r, _ in expected), rel=1e-5)


def _corner(bounds: list[float]) -> dict[str, int]:
    return {"row": round((43 + _STEP / 2 - bounds[3]) / _STEP), "col": round((bounds[0] - 1 + _STEP / 2) / _STEP)}


@pytest.mark.parametrize("level", ["908.01", "912.15", "925.5", "948.25"])
def test_only_what_hangs_together_with_the_gauge_is_flooded(valley: Terrain, posts: np.ndarray, level: str) -> None:
    found = _worked_out(valley, Question(_SANT_JULIA, Decimal(level)), 10_000)
    part = found.part
    row, col = round((43 - 42.465) / _STEP), round(0.49 / _STEP)
    assert posts[row, col] == 908
    below = (posts != _VOID) & (posts * 100 < int(Decimal(level) * 100))
    expected = _filled(part, below, [(row, col)])
    assert expected, "a level that floods nothing shows nothing"
    got = _in_polygons(part, found)
    assert set(got) == expected
    window = below[part.row : part.row + part.rows, part.col : part.col + part.cols]
    assert found.apart == int(window.sum()) - len(expected) > 0  # lower ground elsewhere stays dry

    for one in found.classes:
        own = [cell for cell in expected if got[cell] == one.depth_m]
        for r, c in own:  # by whole centimetres, so exact on both sides of a bound
            depth = Decimal(level) - int(posts[r, c])
            assert depth >= one.depth_m
            assert one.depth_to_m is None or depth < one.depth_to_m
        assert one.cells == len(own)
        assert one.geometry.is_valid
        areas = sum(_cell_area(r) for r, _ in own)
        assert abs(_area(one.geometry) - areas) < 1e-5 * areas, "the area is that of the cells"
    assert found.deepest_m == pytest.approx(float(Decimal(level)) - min(posts[cell] for cell in expected))


def test_every_depth_class_occurs_and_none_is_lost(valley: Terrain) -> None:
    # Heights are whole metres, so a level with .20 has classes 0.15–0.25 and from 1 m on alone.
    found = _worked_out(valley, Question(_SANT_JULIA, Decimal("925.2")))
    assert [(c.depth_m, c.depth_to_m) for c in found.classes] == [(DEPTHS[1], DEPTHS[2]), (DEPTHS[4], None)]
    assert sum(c.cells for c in found.classes) == found.cells


def test_voids_are_dry_counted_and_told_where_water_reaches_them(valley: Terrain, posts: np.ndarray) -> None:
    question = Question(_SANT_JULIA, Decimal("1100.5"))
    found = _worked_out(valley, question, 10_000)
    part = found.part
    window = posts[part.row : part.row + part.rows, part.col : part.col + part.cols]
    assert found.voids == int((window == _VOID).sum()) > 0
    wet = set(_in_polygons(part, found))
    voids = {(part.row + r, part.col + c) for r, c in np.argwhere(window == _VOID)}
    assert not wet & voids
    beside = sum(any((r + dr, c + dc) in wet for dr in (-1, 0, 1) for dc in (-1, 0, 1)) for r, c in voids)
    assert found.voids_beside == beside > 0
    assert any(f"有 {beside} 个无数据格" in said for said in found.warnings)


def test_along_the_river_each_cell_takes_the_level_of_the_nearest_point(valley: Terrain, posts: np.ndarray) -> None:
    start, end = 1030.35, 866.15
    question = Question(_VALIRA, Decimal(str(start)), Decimal(str(end)))
    found = _worked_out(valley, question, 1500)
    part = found.part
    # Another plane than the one that is tested: azimuthal, about the line's middle.
    to_plane = pyproj.Transformer.from_crs(
        "EPSG:4490", "+proj=aeqd +lat_0=42.475 +lon_0=1.505 +ellps=GRS80", always_xy=True
    )
    river = np.column_stack(to_plane.transform(*shapely.get_coordinates(shapely.segmentize(_VALIRA, 0.001)).T))
    lengths = np.hypot(*np.diff(river, axis=0).T)
    levels = np.full(posts.shape, -np.inf)
    sure = np.ones(posts.shape, bool)
    for r in range(part.row, part.row + part.rows):
        for c in range(part.col, part.col + part.cols):
            if posts[r, c] == _VOID or posts[r, c] > start:
                continue
            at = np.array(to_plane.transform(*_middle(r, c)))
            best = (np.inf, 0.0)
            options = []
            gone = 0.0
            for a, b, length in zip(river[:-1], river[1:], lengths, strict=True):
                share = min(max(float((at - a) @ (b - a)) / length**2, 0.0), 1.0)
                off = float(np.hypot(*(at - a - share * (b - a))))
                options.append((off, gone + share * length))
                best = min(best, options[-1])
                gone += length
            level_at = [start + (end - start) * along / lengths.sum() for off, along in options if off < best[0] + 0.5]
            levels[r, c] = start + (end - start) * best[1] / lengths.sum()
            # Half-way between two reaches, or at the water's edge, the last centimetre decides.
            sure[r, c] = max(level_at) - min(level_at) < 0.1 and abs(levels[r, c] - posts[r, c]) > 0.01
    below = (posts != _VOID) & (posts < levels)
    got = _in_polygons(part, found)
    assert len(got) > 250
    begin = [
        (round((43 - y) / _STEP), round((x - 1) / _STEP))
        for x, y in shapely.get_coordinates(shapely.segmentize(_VALIRA, _STEP / 50))
    ]
    expected = _filled(part, below, begin)
    assert {cell for cell in set(got) ^ expected if sure[cell]} == set()
    assert len(set(got) ^ expected) <= 2
    for cell in set(got) & expected:
        depth, one = levels[cell] - posts[cell], next(c for c in found.classes if c.depth_m == got[cell])
        assert depth > float(one.depth_m) - 0.02
        assert one.depth_to_m is None or depth < float(one.depth_to_m) + 0.02
    # With the upper level all along, the lower valley is far deeper: the fall is what keeps it in its bed.
    level = _worked_out(valley, Question(_VALIRA, Decimal(str(start))), 1500)
    assert level.cells > 2 * found.cells


def test_a_level_below_the_river_bed_is_refused_with_the_lowest_ground(valley: Terrain, posts: np.ndarray) -> None:
    with pytest.raises(Invalid, match="不高于水位点 300 m 内的地面") as told:
        _worked_out(valley, Question(_SANT_JULIA, Decimal("850")))
    row, col = round((43 - 42.465) / _STEP), round(0.49 / _STEP)
    geod = pyproj.Geod(ellps="GRS80")
    near = [
        posts[r, c]
        for r in range(row - 6, row + 7)
        for c in range(col - 6, col + 7)
        if geod.inv(1.49, 42.465, *_middle(r, c))[2] <= 300
    ]
    assert f"最低处地面 {min(near):.2f} m" in told.value.detail
    assert told.value.errors[0].field == "level_m"
