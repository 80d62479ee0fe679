"""The two grids that an anchor is counted on."""

import random

import h3
import pytest
from pyproj import Transformer

from riskmap.base import crs


def random_places(n: int) -> list[tuple[float, float]]:
    rng = random.Random(5)
    return [(rng.uniform(73, 136), rng.uniform(3, 54)) for _ in range(n)]


def test_grid_agrees_with_web_mercator_of_the_epsg_database() -> None:
    to_mercator = Transformer.from_crs(crs.WGS84, crs.WEB_MERCATOR, always_xy=True)
    half = 20037508.342789244
    for lon, lat in random_places(300):
        x, y = to_mercator.transform(lon, lat)
        gx, gy = crs.grid_of(lon, lat)
        assert gx == pytest.approx((x + half) / (2 * half) * crs.GRID, abs=2)
        assert gy == pytest.approx((half - y) / (2 * half) * crs.GRID, abs=2)


def test_grid_and_back_is_the_same_place_to_a_millimetre() -> None:
    for lon, lat in random_places(300):
        back = crs.lonlat_of(*crs.grid_of(lon, lat))
        assert back == pytest.approx((lon, lat), abs=1e-8)


def test_a_tile_holds_the_places_between_its_bounds() -> None:
    west, south, east, north = crs.tile_bounds(9, 420, 211)
    gx, gy = crs.grid_of((west + east) / 2, (south + north) / 2)
    assert (gx >> 27, gy >> 27) == (420, 211)


@pytest.mark.parametrize("resolution", range(3, 10))
def test_ancestor_by_bits_is_h3s_parent(resolution: int) -> None:
    for lon, lat in random_places(200):
        cell = h3.str_to_int(h3.latlng_to_cell(lat, lon, 10))
        parent = h3.str_to_int(h3.cell_to_parent(h3.int_to_str(cell), resolution))
        assert crs.cell_ancestor(cell, resolution) == parent
        shift = crs.cell_prefix(resolution)
        assert crs.cell_of_prefix(cell >> shift, resolution) == parent


@pytest.mark.parametrize("resolution", range(3, 10))
def test_descendants_are_one_range_and_the_centre_child_is_its_first(resolution: int) -> None:
    for lon, lat in random_places(20):
        cell = h3.latlng_to_cell(lat, lon, resolution)
        first, last = crs.cell_children(h3.str_to_int(cell), min(10, resolution + 2))
        children = sorted(h3.str_to_int(c) for c in h3.cell_to_children(cell, min(10, resolution + 2)))
        assert (children[0], children[-1]) == (first, last)
        assert crs.cell_centre_child(h3.str_to_int(cell), 10) == h3.str_to_int(h3.cell_to_center_child(cell, 10))
