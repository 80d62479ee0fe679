"""Water worked out from terrains of a few cells: what is flooded, what is refused, and what is said."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from rasterio import Affine
from rasterio.transform import from_origin
from shapely.geometry import LineString, Point
from tests.terrains import LEFT, STEP, TOP, VOID, bowl, middle, write

from riskmap.base.errors import Invalid
from riskmap.rescue import terrain as working
from riskmap.rescue import terrain_file
from riskmap.rescue import terrain_outline as outline
from riskmap.rescue.terrain import Water, around, window_of
from riskmap.rescue.terrain_file import facts_of, open_terrain
from riskmap.rescue.terrain_line import Falling
from riskmap.rescue.terrain_question import DEPTHS, Question

_MIDDLE = Point(middle(10, 10))


def _water(
    path: Path, level: str, place: Any = _MIDDLE, *, bounds: Any = None, radius_m: int = 3000, **more: Any
) -> Water:
    question = Question(place, Decimal(level), **more)
    with open_terrain(path) as terrain:
        return working.work_out(terrain, window_of(terrain, place, radius_m, bounds), question)


def _refused(path: Path, level: str, place: Any = _MIDDLE, **more: Any) -> Invalid:
    with pytest.raises(Invalid) as told:
        _water(path, level, place, **more)
    return told.value


def _cells(found: Water, size: int = 21) -> set[tuple[int, int]]:
    whole = shapely.union_all([c.geometry for c in found.classes])
    return {(r, c) for r in range(size) for c in range(size) if whole.contains(Point(middle(r, c)))}


# -- What is flooded ------------------------------------------------------------------


def test_a_bowl_fills_to_the_level_and_its_classes_are_rings(tmp_path: Path) -> None:
    found = _water(write(tmp_path / "a.tif", bowl()), "12.25", depths=(Decimal(0), Decimal("0.25"), Decimal("1.25")))
    # Ground at the level itself is dry; a depth on a bound belongs to the deeper class.
    assert _cells(found) == {(r, c) for r in range(8, 13) for c in range(8, 13)}
    assert [(c.depth_m, c.depth_to_m, c.cells) for c in found.classes] == [
        (Decimal("0.25"), Decimal("1.25"), 16),
        (Decimal("1.25"), None, 9),
    ]
    assert found.deepest_m == 2.25
    assert found.warnings == []
    assert found.begin == "从水位点所在的格起算"
    assert found.classes[1].geometry.bounds == pytest.approx(
        (LEFT + 9 * STEP, TOP - 12 * STEP, LEFT + 12 * STEP, TOP - 9 * STEP)
    )


def test_ground_at_the_level_is_dry(tmp_path: Path) -> None:
    found = _water(write(tmp_path / "a.tif", bowl()), "12.00")
    assert found.cells == 9


@pytest.mark.parametrize(
    ("level", "depth"), [("10.15", "0.15"), ("10.1499", "0"), ("830.15", "0.15"), ("1000.25", "0.25")]
)
def test_a_depth_on_a_bound_is_in_the_deeper_class_however_high_it_lies(tmp_path: Path, level: str, depth: str) -> None:
    ground = int(Decimal(level))
    found = _water(write(tmp_path / "a.tif", bowl() - 10 + ground), level)
    assert [c.depth_m for c in found.classes] == [Decimal(depth)]


def test_water_goes_on_by_corners_and_not_over_a_ridge(tmp_path: Path) -> None:
    heights = np.full((21, 21), 30.0)
    for i in range(5, 11):
        heights[i, i] = 10.0  # a gully that runs aslant
    heights[10, 13] = 10.0  # a hollow beyond
    found = _water(write(tmp_path / "a.tif", heights), "11")
    assert _cells(found) == {(i, i) for i in range(5, 11)}
    assert (found.cells, found.apart) == (6, 1)
    [one] = found.classes
    assert len(shapely.get_parts(one.geometry)) == 6
    assert one.geometry.is_valid


def test_rows_do_not_run_into_each_other_at_the_sides(tmp_path: Path) -> None:
    heights = np.full((21, 21), 30.0)
    heights[10, 10:] = 10.0
    heights[11, 0] = 10.0  # the next cell in the file
    found = _water(write(tmp_path / "a.tif", heights), "11")
    assert _cells(found) == {(10, c) for c in range(10, 21)}
    assert found.warnings == ["水面到了地形的边（东），边外可能还有水。"]


def test_an_island_and_a_lake_on_it_stay_out(tmp_path: Path) -> None:
    heights = bowl()
    heights[8:13, 8:13] = 30.0
    heights[10, 10] = 5.0
    found = _water(write(tmp_path / "a.tif", heights), "14.5", Point(middle(7, 7)))
    assert (10, 10) not in _cells(found)
    assert found.cells == 9 * 9 - 5 * 5
    assert found.apart == 1


def test_the_window_cuts_and_says_so(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", bowl())
    west, north = LEFT + 9 * STEP, TOP - 7 * STEP
    found = _water(path, "13.5", bounds=(west, north - 11 * STEP, west + 11 * STEP, north))
    assert _cells(found) == {(r, c) for r in range(7, 14) for c in range(9, 14)}
    assert found.warnings == [
        "水面到了计算范围的边（北、西），范围外可能还有水，可扩大计算范围重算。",
    ]


def test_more_water_than_land_is_marked(tmp_path: Path) -> None:
    heights = np.full((21, 21), 10.0)
    heights[:, 18:] = 30.0
    found = _water(write(tmp_path / "a.tif", heights), "11")
    assert any("水面占计算范围的 86%" in said for said in found.warnings)


def test_voids_are_never_flooded_and_told_where_water_reaches_them(tmp_path: Path) -> None:
    heights = bowl()
    heights[10, 12] = VOID  # beside the water
    heights[12, 10] = np.nan
    heights[0, 0] = VOID  # far off
    heights[0, 1] = -32768  # no mark of the file, and no height on earth
    found = _water(write(tmp_path / "a.tif", heights), "11.5")
    assert (found.voids, found.voids_beside) == (4, 2)
    assert found.warnings == ["水面边上有 2 个无数据格，范围可能不全。"]
    assert _cells(found) == {(r, c) for r in range(9, 12) for c in range(9, 12)}


def test_a_gauge_on_the_bank_begins_at_the_nearest_water_within_its_distance(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", bowl())
    bank = Point(middle(10, 13))  # 13 m
    found = _water(path, "11.5", bank, search_m=250)
    assert found.cells == 9
    assert found.begin == "水位点所在的格地面不低于水位，从西面 194 m 处最近的低于水位的格起算（限 250 m 内）"
    told = _refused(path, "11.5", bank, search_m=150)
    assert told.detail == (
        "水位 11.50 m 不高于水位点 150 m 内的地面：最低处地面 12.00 m，离水位点 97 m。请核对水位和高程基准，或加大找水的距离。"
    )
    assert told.errors[0].field == "level_m"
    assert told.code == "below_ground"


# -- Along a river ---------------------------------------------------------------------


def _valley() -> Any:
    """A bed that falls from 20 m in the west to 10 m in the east, with banks that rise by a metre a cell."""
    bed = np.linspace(20, 10, 21)
    return bed[None, :] + np.abs(np.arange(21) - 10)[:, None]


_RIVER = LineString([middle(10, 0), middle(10, 20)])


def test_a_falling_level_follows_the_river(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", _valley())
    found = _water(path, "21.5", _RIVER, level_end_m=Decimal("11.5"))
    assert _cells(found) == {(r, c) for r in (9, 10, 11) for c in range(21)}
    assert found.begin == "河线经过 21 格，从其中地面低于水位的 21 格起算"
    back = _water(path, "11.5", LineString(_RIVER.coords[::-1]), level_end_m=Decimal("21.5"))
    assert _cells(back) == _cells(found)


def test_a_river_drawn_on_the_edge_of_cells_lies_in_the_terrain(tmp_path: Path) -> None:
    edge = LineString([(LEFT + 2 * STEP, TOP - 10 * STEP), (LEFT + 18 * STEP, TOP - 10 * STEP)])
    assert _water(write(tmp_path / "a.tif", _valley()), "16.5", edge).cells > 10


def test_a_bent_line_gives_each_place_the_level_of_its_nearest_point() -> None:
    line = LineString([middle(2, 2), middle(18, 2), middle(18, 18)])
    to = pyproj.Transformer.from_crs("EPSG:4490", "+proj=aeqd +lat_0=29.69 +lon_0=116.01 +ellps=GRS80", always_xy=True)
    own = LineString(np.column_stack(to.transform(*np.array(line.coords).T)))
    spots = np.array([middle(r, c) for r in range(21) for c in range(21)])
    got = Falling(line, 20.0, 10.0).at(spots[:, 0], spots[:, 1])
    expected = [20 - 10 * own.project(Point(to.transform(*spot))) / own.length for spot in spots]
    assert got == pytest.approx(expected, abs=1e-3)


def test_a_river_above_its_levels_is_refused_with_the_place_that_comes_nearest(tmp_path: Path) -> None:
    told = _refused(write(tmp_path / "a.tif", _valley()), "15", _RIVER, level_end_m=Decimal("9"))
    assert told.code == "below_ground"
    assert "沿线 21 格的地面都不低于水位：最接近处地面 10.00 m，该处水位 9.00 m" in told.detail


# -- What is refused ----------------------------------------------------------------------


def test_a_level_above_all_ground_is_refused(tmp_path: Path) -> None:
    told = _refused(write(tmp_path / "a.tif", bowl()), "20.5")
    assert told.code == "above_terrain"
    assert "高于计算范围内最高的地面（20.00 m）" in told.detail


def test_water_deeper_than_any_flood_is_measured_whole_and_doubted(tmp_path: Path) -> None:
    found = _water(write(tmp_path / "a.tif", bowl() * 100), "1900")
    assert found.deepest_m == 900  # more than what sixteen bits of centimetres hold
    assert "超过 100 m" in found.warnings[0]
    shallow = _water(write(tmp_path / "b.tif", bowl() * 10), "190")
    assert (shallow.deepest_m, [w for w in shallow.warnings if "最深" in w]) == (90, [])


def test_water_all_along_the_edge_is_refused_though_a_hill_stands_out(tmp_path: Path) -> None:
    heights = np.full((21, 21), 10.0)
    heights[3, 3] = 100.0
    told = _refused(write(tmp_path / "a.tif", heights), "11")
    assert told.code == "above_terrain"
    assert "水面占满计算范围的整个边" in told.detail
    heights[0, 0] = 100.0  # one dry cell of the edge
    assert _water(write(tmp_path / "b.tif", heights), "11").share > 0.99


def test_a_terrain_of_another_place_is_refused_with_both_bounds(tmp_path: Path) -> None:
    told = _refused(write(tmp_path / "a.tif", bowl()), "11", Point(1.49, 42.465))
    assert told.code == "other_place"
    assert "东经 1.4900、北纬 42.4650）" in told.detail
    assert "东经 116.0000–116.0210、北纬 29.6790–29.7000" in told.detail
    beyond = _refused(write(tmp_path / "b.tif", bowl()), "11", bounds=(110, 20, 111, 21))
    assert beyond.code == "other_place"
    outside = _refused(write(tmp_path / "c.tif", bowl()), "11", bounds=(LEFT, TOP - 5 * STEP, LEFT + 5 * STEP, TOP))
    assert outside.code == "place_outside"
    off = _refused(write(tmp_path / "d.tif", _valley()), "30", _RIVER, bounds=(LEFT, TOP - 5 * STEP, LEFT + 0.02, TOP))
    assert off.code == "line_outside"


def test_a_window_of_too_many_cells_is_refused_with_what_would_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "MOST_CELLS", 100)
    told = _refused(write(tmp_path / "a.tif", bowl()), "11")
    assert (told.code, told.errors[0].field) == ("too_many_cells", "radius_m")
    assert "半径约 0.5 km 以内" in told.detail
    assert _water(tmp_path / "a.tif", "11.5", radius_m=450).cells == 9


def test_a_shattered_water_is_refused_before_it_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.tif", bowl())
    monkeypatch.setattr(outline, "MOST_VERTICES", 11)
    assert _refused(path, "12.25").code == "too_many_vertices"
    monkeypatch.setattr(outline, "MOST_VERTICES", 12)
    assert _water(path, "12.25").cells == 25


def test_no_heights_at_the_place_or_anywhere(tmp_path: Path) -> None:
    heights = bowl()
    heights[5:16, 5:16] = VOID
    assert _refused(write(tmp_path / "a.tif", heights), "18.5", search_m=300).code == "no_heights"
    line = LineString([middle(8, 8), middle(12, 12)])
    assert _refused(tmp_path / "a.tif", "18.5", line).code == "no_heights"
    all_void = _refused(write(tmp_path / "b.tif", np.full((21, 21), VOID)), "18.5")
    assert all_void.code == "no_heights"


def test_corners_are_counted_as_they_are_drawn(tmp_path: Path) -> None:
    ranks = np.random.default_rng(3).integers(0, 4, (60, 70)).astype(np.uint8)
    with open_terrain(write(tmp_path / "a.tif", np.zeros((60, 70)))) as terrain:
        drawn = outline.classes_of(terrain, terrain.whole, ranks, DEPTHS)
    rings = [r for c in drawn for p in shapely.get_parts(c.geometry) for r in (p.exterior, *p.interiors)]
    assert outline.corners(ranks) == sum(len(r.coords) - 1 for r in rings)
    assert all(c.geometry.is_valid for c in drawn)


# -- Files --------------------------------------------------------------------------------


@pytest.mark.parametrize("crs", ["EPSG:4548", "EPSG:4527", "EPSG:32650", "EPSG:3857", "EPSG:4326"])
def test_a_terrain_in_any_system_lies_where_it_is(tmp_path: Path, crs: str) -> None:
    projected = pyproj.CRS(crs).is_projected
    to = pyproj.Transformer.from_crs("EPSG:4490" if "45" in crs else "EPSG:4326", crs, always_xy=True)
    x, y = to.transform(116.0, 29.7)
    step = 100.0 if projected else STEP
    path = write(tmp_path / "a.tif", bowl(), crs=crs, transform=from_origin(x, y, step, step))
    lon, lat = to.transform(x + 10.5 * step, y - 10.5 * step, direction="INVERSE")
    found = _water(path, "12.25", Point(lon, lat))
    whole = shapely.union_all([c.geometry for c in found.classes])
    corner = to.transform([x + 8 * step, x + 13 * step], [y - 13 * step, y - 8 * step], direction="INVERSE")
    assert found.cells == 25
    assert whole.centroid.distance(Point(lon, lat)) < 1e-6
    for px, py in zip(*corner, strict=True):
        assert whole.distance(Point(px, py)) < 1e-9
    with open_terrain(path) as terrain:
        facts = facts_of(terrain)
    assert (facts.crs, facts.rows, facts.cols, facts.voids) == (crs, 21, 21, 0)
    assert (facts.lowest_m, facts.highest_m) == (10.0, 20.0)
    assert facts.bounds[0] < lon < facts.bounds[2]


def test_an_edge_of_kilometres_is_bent_as_the_plane_is(tmp_path: Path) -> None:
    heights = np.full((21, 21), 10.0)
    heights[:, -1] = 30.0
    to = pyproj.Transformer.from_crs("EPSG:4490", "EPSG:4548", always_xy=True)
    x, y = to.transform(118.2, 29.7)  # far from the meridian of 117°
    path = write(tmp_path / "a.tif", heights, crs="EPSG:4548", transform=from_origin(x, y, 1000, 1000))
    lon, lat = to.transform(x + 5000, y - 5000, direction="INVERSE")
    [one] = _water(path, "11", Point(lon, lat), radius_m=60_000).classes
    # Half-way along the northern edge the plane's straight line lies metres beside the chord in lon/lat.
    on_edge = Point(to.transform(x + 10_250, y, direction="INVERSE"))
    assert one.geometry.boundary.distance(on_edge) < 2e-7
    ends = LineString([to.transform(x, y, direction="INVERSE"), to.transform(x + 20_000, y, direction="INVERSE")])
    assert ends.distance(on_edge) > 1e-6


def test_heights_in_tenths_are_read_as_metres(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", (bowl() * 10).astype(np.int16), scale=0.1)
    assert _water(path, "12.25").cells == 25


def _not_taken(path: Path, crs: str | None = None) -> str:
    with pytest.raises(Invalid) as told, open_terrain(path, crs):
        pass
    assert told.value.detail
    return told.value.code


def test_what_is_no_terrain_is_refused_by_what_is_wrong(tmp_path: Path) -> None:
    text = tmp_path / "notes.tif"
    text.write_text("no raster")
    assert _not_taken(text) == "not_terrain"
    # A format that reads another file, or another host, is never opened, whatever it is called.
    vrt = '<VRTDataset rasterXSize="1" rasterYSize="1"><VRTRasterBand dataType="Byte" band="1"/></VRTDataset>'
    for name in ("a.vrt", "b.tif", "N29E116.hgt"):
        (tmp_path / name).write_text(vrt)
        assert _not_taken(tmp_path / name) in {"not_terrain", "hgt_size"}
    cut = write(tmp_path / "cut.tif", bowl())
    cut.write_bytes(cut.read_bytes()[:60])
    assert _not_taken(cut) == "not_terrain"
    assert _not_taken(write(tmp_path / "rgb.tif", np.zeros((3, 9, 9), np.uint8), void=None)) == "not_heights"
    assert _not_taken(write(tmp_path / "complex.tif", np.zeros((9, 9), np.complex64), void=None)) == "not_heights"
    assert _not_taken(write(tmp_path / "feet.tif", bowl(), unit="ft")) == "not_metres"
    assert _not_taken(write(tmp_path / "nocrs.tif", bowl(), crs=None)) == "crs_missing"
    assert _not_taken(write(tmp_path / "old.tif", bowl(), crs="EPSG:4214")) == "old_frame"
    turned = Affine.translation(116, 29) @ Affine.rotation(30) @ Affine.scale(STEP, -STEP)
    assert _not_taken(write(tmp_path / "turned.tif", bowl(), transform=turned)) == "turned"
    assert (
        _not_taken(write(tmp_path / "far.tif", bowl(), transform=from_origin(500_000, 3_000_000, 30, 30)))
        == "off_earth"
    )


def test_a_file_packed_in_one_block_that_fills_the_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.tif", bowl())
    monkeypatch.setattr(terrain_file, "_MOST_BLOCK", 21 * 21 - 1)
    assert _not_taken(path) == "huge_block"
    monkeypatch.setattr(terrain_file, "_MOST_BLOCK", 21 * 21)
    with open_terrain(path) as terrain:
        assert terrain.rows == 21


def test_a_file_that_names_no_system_takes_the_given_one(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tif", bowl(), crs=None)
    with open_terrain(path, "EPSG:4490") as terrain:
        assert terrain.cell_of(*middle(3, 4)) == (3, 4)
    assert _not_taken(path, "EPSG:1") == "crs_unknown"


def test_an_hgt_says_its_place_by_its_name(tmp_path: Path) -> None:
    posts = np.full((1201, 1201), 50, ">i2")
    posts[600, 600] = 10
    path = tmp_path / "N29E116.hgt"
    path.write_bytes(posts.tobytes())
    with open_terrain(path) as terrain:
        assert terrain.cell_of(116.5, 29.5) == (600, 600)
    assert _water(path, "20", Point(116.5, 29.5)).cells == 1
    (tmp_path / "terrain.hgt").write_bytes(posts.tobytes())
    assert _not_taken(tmp_path / "terrain.hgt") == "hgt_name"
    (tmp_path / "N29E117.hgt").write_bytes(posts.tobytes()[:-2])
    assert _not_taken(tmp_path / "N29E117.hgt") == "hgt_size"


def test_a_terrain_without_any_height_has_no_facts(tmp_path: Path) -> None:
    with open_terrain(write(tmp_path / "a.tif", np.full((9, 9), VOID))) as terrain, pytest.raises(Invalid) as told:
        facts_of(terrain)
    assert told.value.code == "no_heights"


def test_the_box_round_a_place_reaches_as_far_as_said() -> None:
    west, south, east, north = around(Point(116, 29.7), 10_000)
    geod = pyproj.Geod(ellps="GRS80")
    assert geod.inv(116, 29.7, west, 29.7)[2] == pytest.approx(10_000, abs=1)
    assert geod.inv(116, 29.7, east, 29.7)[2] == pytest.approx(10_000, abs=1)
    assert geod.inv(116, 29.7, 116, south)[2] == pytest.approx(10_000, abs=1)
    assert geod.inv(116, 29.7, 116, north)[2] == pytest.approx(10_000, abs=1)
