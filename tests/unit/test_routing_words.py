"""What a driver is told, and the network that is cut for the engine."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import osmium
import pytest
import shapely
from pyproj import Geod

from riskmap.rescue.roadengine.plane import Plane
from riskmap.rescue.roadengine.polyline import decoded
from riskmap.rescue.routing import network, words


@pytest.mark.parametrize(
    ("manoeuvre", "said"),
    [
        ({"type": 1, "street_names": ["浔阳东路"], "length": 1.24}, "出发，沿浔阳东路行驶 1.2 km"),
        ({"type": 2, "length": 0.3}, "出发，行驶 300 m"),
        ({"type": 15, "street_names": ["庐山路", "G105"], "length": 0.348}, "左转进入庐山路、G105，行驶 350 m"),
        ({"type": 10, "length": 0.994}, "右转，行驶 990 m"),
        ({"type": 10, "length": 0.996}, "右转，行驶 1.0 km"),
        ({"type": 8, "street_names": ["滨江路"], "length": 2.0}, "沿滨江路行驶 2.0 km"),
        ({"type": 8, "length": 0.02}, "继续行驶 20 m"),
        ({"type": 26, "roundabout_exit_count": 2, "length": 0.05}, "进入环岛，从第 2 个出口驶出，行驶 50 m"),
        ({"type": 27, "street_names": ["长虹大道"], "length": 0.4}, "驶出环岛进入长虹大道，行驶 400 m"),
        ({"type": 13, "length": 0.0}, "左侧掉头"),
        ({"type": 8, "length": 0.001}, ""),
        ({"type": 4, "length": 0.0}, "到达"),
        ({"type": 5, "length": 0.0}, "到达"),
    ],
)
def test_a_manoeuvre_is_said_in_chinese(manoeuvre: dict[str, object], said: str) -> None:
    assert words.sentence(manoeuvre) == said


def test_what_says_nothing_is_left_out_and_turns_differ() -> None:
    told = words.instructions([{"type": 1, "length": 1}, {"type": 8, "length": 0}, {"type": 4, "length": 0}])
    assert told == ["出发，行驶 1.0 km", "到达"]
    assert len(set(words.TURNS.values())) == len(words.TURNS)
    assert words.afloat(320, 2) == ["在水边下水，换乘舟艇直线行驶 320 m，到达"]
    assert words.afloat(320, 60)[0] == "沿路再行 60 m 到水边"


def test_a_polyline_of_six_decimals_is_read() -> None:
    assert decoded("_izlhA~rlgdF_{geC~ywl@_kwzCn`{nI") == [(-120.2, 38.5), (-120.95, 40.7), (-126.453, 43.252)]
    assert decoded("") == []


def cut(*roads: tuple[list[int], list[tuple[float, float]]]) -> network.Network:
    numbers = np.concatenate([np.array(n) for n, _ in roads])
    at = np.concatenate([np.array(p) for _, p in roads])
    sizes = np.array([len(n) for n, _ in roads])
    tags = [{"highway": "tertiary"}] * len(roads)
    return network._cut(np.arange(1, len(roads) + 1), tags, numbers, at, sizes, 0)


def test_roads_are_cut_at_crossings_and_along_straights_and_stay_what_they_were() -> None:
    straight = ([1, 2, 3], [(116.0, 29.7), (116.01, 29.7), (116.02, 29.7)])
    crossing = ([4, 2, 5], [(116.01, 29.6995), (116.01, 29.7), (116.01, 29.7005)])
    bridge = ([6, 7], [(116.005, 29.6996), (116.005, 29.7004)])  # over it: no node in common
    found = cut(straight, crossing, bridge)
    lines, geod = found.lines(), Geod(ellps="GRS80")
    lengths = [geod.geometry_length(line) for line in lines]
    assert max(lengths) <= 151
    for road, (_, places) in enumerate((straight, crossing, bridge), 1):
        own = shapely.line_merge(shapely.MultiLineString(list(lines[found.road == road])))
        assert own.geom_type == "LineString"
        assert own.hausdorff_distance(shapely.LineString(places)) < 2e-7
    middle = [i for i in range(len(found)) if 116.01 in {lines[i].coords[0][0], lines[i].coords[-1][0]}]
    nodes = [{int(found.refs[found.starts[i]]), int(found.refs[found.starts[i + 1] - 1])} for i in middle]
    assert len(set.intersection(*nodes)) == 1  # all four meet in one node
    label = network._components(found)
    assert len(set(label[found.road != 3])) == 1
    assert set(label[found.road == 3]).isdisjoint(label[found.road != 3])


def test_a_mark_lies_on_its_own_stretch_alone() -> None:
    over = cut(([1, 2], [(116.0, 29.7), (116.001, 29.7)]), ([3, 4], [(116.0005, 29.6996), (116.0005, 29.7004)]))
    lines = over.lines()
    marks = shapely.points(network._marks(Plane.of(over.nodes), lines))
    for i, mark in enumerate(marks):
        far = [line.distance(mark) * 111_000 for line in lines]
        assert far[i] < 0.05
        assert min(f for j, f in enumerate(far) if j != i) > 1


def test_the_file_for_the_engine_is_the_network(tmp_path: Path) -> None:

    found = cut(([1, 2, 3], [(116.0, 29.7), (116.01, 29.7), (116.02, 29.7)]))
    file = tmp_path / "roads.osm.pbf"
    network.write_osm(found, file)
    ways = [
        (w.id, [(n.location.lon, n.location.lat) for n in w.nodes])
        for w in osmium.FileProcessor(str(file)).with_locations()
        if w.is_way()
    ]
    assert [number for number, _ in ways] == list(range(1, len(found) + 1))
    assert ways[0][1][0] == (116.0, 29.7)
    assert ways[-1][1][-1] == (116.02, 29.7)
    assert all(one[1][-1] == other[1][0] for one, other in pairwise(ways))


@pytest.mark.parametrize(
    ("access", "tags", "driven"),
    [
        (None, {}, True),
        ("private", {}, True),
        ("no", {}, False),
        ("no", {"motor_vehicle": "yes"}, True),
        ("yes", {"motor_vehicle": "no"}, False),
        ("no", {"emergency": "yes"}, True),
        (None, {"vehicle": "no"}, False),
    ],
)
def test_which_roads_the_rescue_may_drive(access: str | None, tags: dict[str, str], driven: bool) -> None:
    assert network.may_be_driven(access, tags) is driven
