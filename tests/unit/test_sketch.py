"""The sketch on a printed order: the way, the water it meets, names that do not cover one another, a scale that is true."""

import math
import re
from typing import Any

import pytest
import shapely

from riskmap.rescue.dispatch import sketch
from riskmap.rescue.routing import Place

ROAD = {"type": "LineString", "coordinates": [[116.05, 29.70], [116.05, 29.68], [116.03, 29.68]]}
BOAT = {"coordinates": [[116.03, 29.68], [116.0299, 29.6802]], "distance_m": 24.0, "travel_s": 11}
END = Place(116.0299, 29.6802)


def drawn(water: Any = None, **way: Any) -> tuple[str, list[dict[str, Any]]]:
    made = sketch.drawn({"routing": "road", "route": ROAD, "boat_leg": BOAT} | way, END, "险情 7", water)
    assert made is not None
    return made[0].decode(), made[1]


def test_water_is_hatched_where_the_way_meets_it_and_nowhere_else() -> None:
    dry, _ = drawn()
    wet, _ = drawn(shapely.box(116.02, 29.67, 116.031, 29.69))
    assert wet.count("<path") == dry.count("<path") + 2  # its outline, its hatching
    assert drawn(shapely.box(118, 29, 118.1, 29.1))[0] == dry


def test_names_of_places_that_lie_together_do_not_cover_one_another() -> None:
    _, letters = drawn()
    named = {one["s"]: one for one in letters}
    assert {"险情 7", "下艇点", "出发", "北", "0"} <= set(named)
    a, b = named["险情 7"], named["下艇点"]
    assert abs(a["y"] - b["y"]) > 2.5 or abs(a["x"] - b["x"]) > 8


def test_the_scale_bar_is_true() -> None:
    svg, letters = drawn(boat_leg=None)
    [told] = [one["s"] for one in letters if re.fullmatch(r"[\d,.]+ k?m", one["s"])]
    length = float(told.split()[0]) * (1000 if told.endswith("km") else 1)
    bar = re.search(r"M3 [\d.]+V[\d.]+H([\d.]+)V", svg)
    way = re.search(r'd="(M[^"]+)" fill="none" stroke="#1A1A1A" stroke-width="0.8"', svg)
    assert bar
    assert way
    mm = [tuple(map(float, p.split())) for p in way[1][1:].split("L")]
    down = math.dist(mm[0], mm[1])
    metres = 0.02 * 110_860  # of two hundredths of a degree of latitude
    assert (float(bar[1]) - 3) / length == pytest.approx(down / metres, rel=0.01)


def test_an_order_that_was_given_without_a_way_has_none() -> None:
    assert sketch.drawn({"routing": "straight_line", "route": None, "boat_leg": None}, END, "险情 7", None) is None


def test_a_straight_line_is_broken_and_a_road_is_not() -> None:
    assert "stroke-dasharray" in drawn(routing="straight_line", boat_leg=None)[0]
    assert "stroke-dasharray" not in drawn(boat_leg=None)[0]
