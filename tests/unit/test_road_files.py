"""What tags and headers say of a road, and which vertices are one node."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import pyogrio
import pytest
import shapely
from osmium.osm.mutable import Node, Way

from riskmap.base.errors import Invalid
from riskmap.exchange.datum import wgs84_to_gcj02
from riskmap.exchange.tables import open_table
from riskmap.rescue import roads_osm, roads_table
from riskmap.rescue.roads import Road, Summary, columns_of, speed_of
from riskmap.rescue.roads_osm import OsmFile, format_of
from riskmap.rescue.roads_table import RoadLayer, Wanted, class_of

CROSS = (116.02, 29.71)


def layer(
    folder: Path, rows: Sequence[tuple[Mapping[str, Any], Any]], **wanted: str
) -> tuple[dict[str, Road], Summary]:
    """Roads of a GeoJSON by their names."""
    features = [
        {"type": "Feature", "properties": dict(properties), "geometry": geometry} for properties, geometry in rows
    ]
    path = folder / "roads.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    summary = Summary("geojson")
    found = RoadLayer(open_table(path), Wanted(**wanted)).roads(summary, lambda _: None)
    return {str(road.name): road for road in found}, summary


def line(*at: tuple[float, ...]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": at}


@pytest.mark.parametrize(
    ("tags", "highway", "told"),
    [
        ({"oneway": "yes"}, "primary", {"oneway": 1}),
        ({"oneway": "-1"}, "primary", {"oneway": -1}),
        ({}, "motorway", {"oneway": 1}),
        ({"oneway": "no"}, "motorway", {"oneway": 0}),
        ({"junction": "roundabout"}, "tertiary", {"oneway": 1, "tags": {"junction": "roundabout"}}),
        ({"oneway": "reversible"}, "primary", {"oneway": 0, "tags": {"oneway": "reversible"}}),
        ({"bridge": "viaduct", "layer": "1"}, "trunk", {"bridge": True, "tags": {"bridge": "viaduct", "layer": "1"}}),
        ({"bridge": "no", "tunnel": "yes"}, "trunk", {"bridge": False, "tunnel": True, "tags": {}}),
        ({"maxspeed": "60"}, "trunk", {"maxspeed_kmh": 60, "tags": {}}),
        ({"maxspeed": "CN:urban"}, "trunk", {"maxspeed_kmh": None, "tags": {"maxspeed": "CN:urban"}}),
        ({"access": "private", "motor_vehicle": "no"}, "service",
         {"access": "private", "tags": {"motor_vehicle": "no"}}),
        ({"name": " 长江  大道 ", "created_by": "JOSM"}, "primary", {"name": "长江 大道", "tags": {}}),
    ],
)  # fmt: skip
def test_tags_become_columns_and_nothing_that_steers_is_lost(
    tags: dict[str, str], highway: str, told: dict[str, Any]
) -> None:
    columns = columns_of(tags, highway)
    assert {name: columns[name] for name in told} == told


def test_speeds() -> None:
    assert [speed_of(s) for s in ("50", "50 km/h", "30 mph", "80公里/小时", "none", "0", "999", None)] == [
        50, 50, 48, 80, None, None, None, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "highway"),
    [
        ("高速公路", "motorway"), ("国道", "trunk"), ("城市快速路", "trunk"), ("省道", "primary"), ("主干路", "primary"),
        ("次干路", "secondary"), ("县道", "secondary"), ("乡道", "tertiary"), ("支路", "tertiary"),
        ("村道", "unclassified"), ("机耕路", "track"), ("铁路", "not_a_road"), ("212-Railways", "not_a_road"),
        ("人行道", "footway"), ("步行街", "pedestrian"), ("primary_link", "primary_link"),
        ("track_grade3", "track"), ("2111-Highways", "motorway"), ("21121-Secondary Road", "secondary"), ("甲", None),
    ],
)  # fmt: skip
def test_words_for_classes(said: str, highway: str | None) -> None:
    assert class_of(said) == highway


def test_lines_meet_at_shared_vertices_and_bridges_at_their_ends_only(tmp_path: Path) -> None:
    over = [(116.01, 29.70), CROSS, (116.03, 29.72)]
    roads, _ = layer(
        tmp_path,
        [
            ({"道路名称": "东西路", "道路等级": "县道", "桥梁": "否"}, line((116.01, 29.71), CROSS, (116.03, 29.71))),
            ({"道路名称": "南北路", "道路等级": "县道", "桥梁": "否"}, line((116.02, 29.70), CROSS, (116.02, 29.72))),
            ({"道路名称": "高架", "道路等级": "快速路", "桥梁": "是"}, line(*over)),
            ({"道路名称": "引道", "道路等级": "快速路", "桥梁": "否"}, line((116.00, 29.69), over[0])),
            ({"道路名称": "另一高架", "道路等级": "快速路", "桥梁": "是"}, line((116.01, 29.72), CROSS, (116.03, 29.70))),
        ],
    )  # fmt: skip
    assert roads["东西路"].nodes[1] == roads["南北路"].nodes[1]
    crossing = {roads[name].nodes[1] for name in ("东西路", "高架", "另一高架")}
    assert len(crossing) == 3, "three levels, three nodes"
    assert roads["引道"].nodes[1] == roads["高架"].nodes[0]
    assert all(tuple(roads[n].lonlat[1]) == CROSS for n in ("东西路", "高架", "另一高架"))
    assert roads["高架"].bridge


def test_shared_vertices_still_meet_after_the_datum_has_changed(tmp_path: Path) -> None:
    dice = np.random.default_rng(7)
    places = np.column_stack([dice.uniform(115.8, 116.2, 400), dice.uniform(29.5, 29.9, 400)])
    gcj = np.column_stack(wgs84_to_gcj02(places[:, 0], places[:, 1]))
    rows = [({"name": str(i), "highway": "primary"}, line(*map(tuple, gcj[i : i + 3]))) for i in range(398)]
    roads, summary = layer(tmp_path, rows, crs="GCJ02")
    for i in range(397):
        this, following = roads[str(i)], roads[str(i + 1)]
        assert this.nodes[1:] == following.nodes[:2]
        assert (this.lonlat[1:] == following.lonlat[:2]).all()
        assert np.abs(this.lonlat - places[i : i + 3]).max() < 2e-7
    assert len({n for road in roads.values() for n in road.nodes}) == 400
    assert summary.crs == "GCJ02"


def test_every_row_is_a_road_or_is_told_by_its_number(tmp_path: Path) -> None:
    a, b, c = (116.01, 29.71), (116.02, 29.71), (116.03, 29.72)
    many = {"type": "MultiLineString", "coordinates": [[a, b], [b, c]]}
    roads, summary = layer(
        tmp_path,
        [
            ({"name": "双线", "等级": "国道", "限速": "60公里/小时"}, many),
            ({"name": "高程", "等级": "奇怪"}, line((*a, 12.0), (*c, 13.0))),
            ({"name": "无图"}, None),
            ({"name": "点"}, {"type": "Point", "coordinates": a}),
            ({"name": "原地"}, line(a, a)),
            ({"name": "坏"}, {"type": "LineString", "coordinates": [[1]]}),
            ({"name": "铁"}, line(a, c)),
            ({"name": "铁路", "等级": "铁路"}, line(a, c)),
        ],
    )
    assert set(roads) == {"双线", "高程", "铁"}
    assert roads["双线"].maxspeed_kmh == 60
    assert roads["高程"].lonlat.shape == (2, 2)
    assert summary.read == 8
    assert summary.parts == 1
    told = {code: left.rows for code, left in summary.left.items()}
    assert told == {"no_geometry": [3], "not_a_line": [4], "too_short": [5], "broken": [6], "not_a_road": [8]}
    assert any("2 条没有等级或等级认不出（“奇怪”1 条）" in note for note in summary.told())


def test_directions_of_one_letter(tmp_path: Path) -> None:
    rows = [({"name": w, "fclass": "primary", "oneway": w}, line((116, 29.7), (116.1, 29.7))) for w in "FTB"]
    roads, _ = layer(tmp_path, rows)
    assert {name: road.oneway for name, road in roads.items()} == {"F": 1, "T": -1, "B": 0}
    roads, _ = layer(tmp_path, rows[:2])
    assert {name: road.oneway for name, road in roads.items()} == {"F": 0, "T": 1}


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"crs": "EPSG:4527"}, "crs"),
        ({"crs": "EPSG:3857"}, "crs"),
        ({"crs": "EPSG:4214"}, "crs"),
        ({"class_field": "没有"}, "class_field"),
        ({"layer": "没有"}, "layer"),
    ],
)
def test_what_does_not_fit_the_file_is_refused(tmp_path: Path, wanted: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        layer(tmp_path, [({"name": "路"}, line((116, 29.7), (116.1, 29.7)))], **wanted)
    assert [e.field for e in refused.value.errors] == [field]


def test_ways_of_osm_stay_as_they_are(tmp_path: Path) -> None:
    at = {1: (116.0, 29.7), 2: (116.1, 29.7), 3: (116.1, 29.8), 4: (116.1, 29.7), 5: (116.05, 29.6)}
    ways = {
        10: ([1, 2, 3, 1, 5], {"highway": "primary"}),  # crosses itself
        11: ([5, 4, 3], {"highway": "secondary", "bridge": "yes"}),  # node 4 lies on 2, and is another
        12: ([1, 2, 99, 3, 5], {"highway": "service"}),  # one node is not in the file
        13: ([1, 98], {"highway": "service"}),
        14: ([2, 4], {"highway": "service"}),
        15: ([1, 2, 3, 1], {"highway": "service", "area": "yes"}),
        16: ([1, 2], {"highway": "steps"}),
        17: ([1, 2], {"waterway": "river"}),
    }
    path = tmp_path / "small.osm"
    with osmium.SimpleWriter(str(path)) as writer:
        for node, place in at.items():
            writer.add_node(Node(id=node, location=place))
        for way, (nodes, tags) in ways.items():
            writer.add_way(Way(id=way, nodes=nodes, tags=tags))
    format_ = format_of(path.read_bytes()[:4096])
    assert format_ == "osm"
    summary = Summary("osm")
    roads = list(OsmFile(path, format_).roads(summary, lambda _: None))
    assert [(r.osm_id, list(r.nodes)) for r in roads] == [
        (10, [1, 2, 3, 1, 5]), (11, [5, 4, 3]), (12, [1, 2]), (12, [3, 5]),
    ]  # fmt: skip
    assert not shapely.LineString(roads[0].lonlat).is_simple
    assert {c: left.rows for c, left in summary.left.items()} == {
        "no_nodes": [13], "too_short": [14], "area": [15], "steps": [16],
    }  # fmt: skip
    assert (summary.read, summary.cut, summary.parts) == (7, 1, 1)


def test_a_file_beyond_the_bounds_says_how_many_it_may_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [({"name": str(i), "highway": "primary"}, line((116, 29.7), (116.1, 29.7 + i / 100))) for i in range(4)]
    monkeypatch.setattr(roads_table, "MOST_ROWS", 4)
    monkeypatch.setattr(roads_table, "MOST_VERTICES", 8)
    assert len(layer(tmp_path, rows)[0]) == 4
    monkeypatch.setattr(roads_table, "MOST_VERTICES", 7)
    with pytest.raises(Invalid, match="折点超过 7 个"):
        layer(tmp_path, rows)
    monkeypatch.setattr(roads_table, "MOST_ROWS", 3)
    with pytest.raises(Invalid, match="有 4 行，最多 3 行"):
        layer(tmp_path, rows)
    path = tmp_path / "small.osm"
    with osmium.SimpleWriter(str(path)) as writer:
        writer.add_node(Node(id=1, location=(116, 29)))
        writer.add_node(Node(id=2, location=(116, 30)))
        for way in (1, 2):
            writer.add_way(Way(id=way, nodes=[1, 2], tags={"highway": "primary"}))
    monkeypatch.setattr(roads_osm, "MOST_WAYS", 2)
    assert OsmFile(path, "osm").ways == 2
    monkeypatch.setattr(roads_osm, "MOST_WAYS", 1)
    with pytest.raises(Invalid, match="有 2 条路，最多 1 条"):
        OsmFile(path, "osm")


def test_layers_are_asked_for_where_there_are_several(tmp_path: Path) -> None:
    path = tmp_path / "several.gpkg"
    for i, name in enumerate(("道路", "铁路")):
        pyogrio.raw.write(
            path, shapely.to_wkb([shapely.LineString([CROSS, (116.03, 29.7)])]), [np.array([name], dtype=object)],
            ["name"], layer=name, geometry_type="LineString", crs="EPSG:4490", driver="GPKG", append=i > 0,
        )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        RoadLayer(open_table(path), Wanted())
    assert "道路、铁路" in refused.value.errors[0].message
    found = RoadLayer(open_table(path), Wanted(layer="道路")).roads(Summary("gpkg"), lambda _: None)
    assert [road.name for road in found] == ["道路"]


def test_numbers_of_no_place_are_told_and_harm_no_other(tmp_path: Path) -> None:
    far = line((1e300, 29.7), (116.1, 29.7))
    rows = [
        ({"name": "甲"}, line((116, 29.7), (116.1, 29.7))),
        ({"name": "乙"}, far),
        ({"name": "丙"}, line((117, 99), (117, 98))),
    ]
    roads, summary = layer(tmp_path, rows, crs="EPSG:4490")
    assert set(roads) == {"甲"}
    assert {c: left.rows for c, left in summary.left.items()} == {"out_of_range": [2, 3]}
