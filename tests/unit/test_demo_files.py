"""The demo city: complete, consistent, made again to the same bytes."""

import hashlib
import itertools
import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import osmium
import pytest
import shapely
from shapely.geometry import shape

from riskmap.base.settings import GEODATA
from riskmap.catalogue import validate
from riskmap.catalogue.model import GRADES, Catalogue, Class, Policy, Scale
from riskmap.catalogue.seed import read_files
from riskmap.grading.judge import Graded, Judge
from riskmap.register.draft import ObjectDraft
from riskmap.store.place import anchor_of, parse_geometry

DEMO = GEODATA / "demo"
CITY = DEMO / "jiujiang"
ITEMS = list(read_files())
CLASSES = {i.code: Class.parse(1, i.body) for i in ITEMS if i.kind == "class"}
SCALES = {i.code: Scale.parse(i.body) for i in ITEMS if i.kind == "scale"}
POLICIES = {p.code: p for p in (Policy.parse(i.body | {"adopted": True}) for i in ITEMS if i.kind == "policy")}
JUDGE = Judge.on(Catalogue(1, (), CLASSES, SCALES, POLICIES), "system", datetime(2026, 1, 1, tzinfo=UTC))
ROLES = {i.code: i.body["role"] for i in ITEMS if i.kind == "class"}
MAY_BE_WET = {"road", "railway", "pipeline", "power-line", "shoreline", "water-source", "control-zone", "risk-contour"}


def graded(o: dict[str, Any]) -> Graded:
    """As the register grades it, with the policies that the demo adopts."""
    attributes, _ = validate.attributes(CLASSES[o["class"]], o["attributes"])
    found, errors = JUDGE.grade(CLASSES[o["class"]], attributes, o.get("grade"), o.get("level"))
    assert not errors, (o["code"], errors)
    return found


def features(path: str) -> list[tuple[dict[str, Any], shapely.Geometry]]:
    body = json.loads((CITY / path).read_text(encoding="utf-8"))
    return [(f["properties"], shape(f["geometry"])) for f in body["features"]]


@pytest.fixture(scope="module")
def objects() -> list[dict[str, Any]]:
    lines = (CITY / "objects.ndjson").read_text(encoding="utf-8").splitlines()
    return [json.loads(line, parse_float=Decimal) for line in lines]


@pytest.fixture(scope="module")
def placed(objects: list[dict[str, Any]]) -> list[tuple[dict[str, Any], shapely.Geometry]]:
    return [(o, parse_geometry(o["geometry"], CLASSES[o["class"]].geometry)) for o in objects if "geometry" in o]


@pytest.fixture(scope="module")
def divisions() -> dict[str, tuple[dict[str, Any], shapely.Geometry]]:
    return {p["code"]: (p, g) for p, g in features("divisions.geojson")}


def test_the_generator_makes_the_same_bytes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(DEMO / "make.py"), "--out", str(tmp_path)], check=True, capture_output=True)

    def sums(folder: Path) -> dict[str, str]:
        files = sorted(p for p in folder.rglob("*") if p.is_file())
        return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}

    assert sums(tmp_path) == sums(CITY)


def test_files_are_small() -> None:
    for path in CITY.rglob("*"):
        limit = 3 << 20 if path.name == "objects.ndjson" else 1 << 20
        assert path.stat().st_size < limit, path.name


def test_every_class_is_there_and_what_it_says_is_valid(objects: list[dict[str, Any]]) -> None:
    assert {o["class"] for o in objects} == set(CLASSES)
    wrong = []
    for o in objects:
        body = {k: v for k, v in o.items() if k not in {"enterprise_code", "parent_code"}}
        draft = ObjectDraft.model_validate(body)
        _, errors = validate.attributes(CLASSES[draft.class_], draft.attributes)
        wrong += [(o["code"], e.field, e.message) for e in errors]
        if draft.level:
            assert draft.level.scale == CLASSES[draft.class_].scale
            assert SCALES[draft.level.scale].level(draft.level.value) is not None
    assert not wrong


def test_numbers_are_as_the_readme_says(objects: list[dict[str, Any]]) -> None:
    assert 5500 <= len(objects) <= 6500
    live = [o for o in objects if ROLES[o["class"]] == "hazard" and o.get("stage") not in {"closed", "struck_off"}]
    grades = Counter(GRADES[graded(o).grade - 1] for o in live)
    assert grades == {"major": 31, "serious": 265, "general": 1449, "low": 2328, "none": 193}
    assert all("grade" not in o for o in objects if ROLES[o["class"]] != "hazard")
    stages = Counter(o.get("stage", "in_use") for o in objects)
    assert set(stages) == {"in_use", "suspended", "closing", "closed", "striking_off", "struck_off"}
    assert stages["suspended"] == 93
    assert {o.get("visibility", "department") for o in objects} == {"public", "department", "command"}


def test_fourteen_wait_for_a_position(objects: list[dict[str, Any]]) -> None:
    waiting = [o for o in objects if "geometry" not in o]
    assert len(waiting) == 14
    assert all(o["position_quality"] == "none" for o in waiting)


def test_references_point_back_and_nest(objects: list[dict[str, Any]]) -> None:
    seen: dict[str, str] = {}
    for o in objects:
        assert seen.get(o.get("enterprise_code"), "enterprise") == "enterprise"
        for key in ("enterprise_code", "parent_code"):
            assert key not in o or o[key] in seen
        if o["class"] == "tank":
            assert seen[o["parent_code"]] == "tank-farm"
        if o["class"] in {"tank-farm", "major-hazard"}:
            assert "enterprise_code" in o
        assert o["code"] not in seen
        seen[o["code"]] = o["class"]


def test_the_division_holds_the_anchor(
    placed: list[tuple[dict[str, Any], shapely.Geometry]], divisions: dict[str, Any]
) -> None:
    city = divisions["360400"][1]
    shapely.prepare(city)
    for o, geometry in placed:
        assert divisions[o["division"]][1].intersects(shapely.Point(*anchor_of(geometry))), o["code"]
        assert city.covers(geometry), o["code"]


def test_nothing_of_the_land_stands_in_water(placed: list[tuple[dict[str, Any], shapely.Geometry]]) -> None:
    water = shapely.union_all([g for name in ("water", "rivers") for _, g in features(f"basemap/{name}.geojson")])
    shapely.prepare(water)
    wet = [o["code"] for o, g in placed if o["class"] not in MAY_BE_WET and water.intersects(g)]
    assert not wet


def test_towns_fill_their_county_without_gap_or_overlap(divisions: dict[str, Any]) -> None:
    levels = Counter(p["level"] for p, _ in divisions.values())
    assert levels == {"city": 1, "county": 13, "town": 227}
    for code, (properties, whole) in divisions.items():
        parts = [g for p, g in divisions.values() if p["parent"] == code]
        assert whole.is_valid
        if properties["level"] == "town":
            continue
        assert shapely.coverage_is_valid([p for part in parts for p in part.geoms])
        assert sum(p.area for p in parts) == pytest.approx(whole.area, rel=1e-12)
        assert shapely.union_all(parts).symmetric_difference(whole).area == pytest.approx(0, abs=1e-13)


def test_counties_are_those_of_the_source(divisions: dict[str, Any]) -> None:
    source = json.loads((DEMO / "source" / "boundaries.geojson").read_text(encoding="utf-8"))
    for feature in source["features"]:
        _, made = divisions[feature["properties"]["code"]]
        assert shapely.hausdorff_distance(made.boundary, shape(feature["geometry"]).boundary) < 2e-6


def test_the_road_network_is_one_and_meets_at_nodes() -> None:
    at: dict[int, tuple[float, float]] = {}
    ways: list[tuple[str, list[int]]] = []
    last = 0
    for thing in osmium.FileProcessor(str(CITY / "roads.osm.pbf")):
        if thing.is_node():
            assert not ways, "nodes come before ways"
            assert thing.id > last
            last = thing.id
            at[thing.id] = (thing.location.lon, thing.location.lat)
        else:
            ways.append((thing.tags["highway"], [n.ref for n in thing.nodes]))
    beside: dict[int, set[int]] = {}
    for _, nodes in ways:
        for a, b in itertools.pairwise(nodes):
            beside.setdefault(a, set()).add(b)
            beside.setdefault(b, set()).add(a)
    reached, queue = {min(beside)}, [min(beside)]
    while queue:
        new = beside[queue.pop()] - reached
        reached |= new
        queue += sorted(new)
    assert reached == set(at)
    steps = [
        shapely.LineString([at[a], at[b]])
        for kind, nodes in ways
        if kind != "motorway"
        for a, b in itertools.pairwise(nodes)
    ]
    left, right = shapely.STRtree(steps).query(steps, predicate="intersects")
    for i, j in zip(left.tolist(), right.tolist(), strict=True):
        if i < j:
            assert set(steps[i].coords) & set(steps[j].coords), (steps[i].wkt, steps[j].wkt)


def test_names_are_plainly_invented_and_codes_check(objects: list[dict[str, Any]]) -> None:
    assert not [
        o["name"] for o in objects if o["name"][0] not in "演拟例虚" and o["class"] not in {"road", "gauge-station"}
    ]
    digits = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    for o in objects:
        if "uscc" in o["attributes"]:
            values = [digits.index(c) for c in o["attributes"]["uscc"]]
            weighted = sum(v * pow(3, i, 31) for i, v in enumerate(values[:17]))
            assert values[17] == (31 - weighted % 31) % 31


def test_levels_follow_from_what_is_filled_in(objects: list[dict[str, Any]]) -> None:
    without = []
    for o in objects:
        a = o["attributes"]
        if o["class"] == "tailings-pond":
            by_volume = 3 if a["capacity_m3"] >= 10_000_000 else 4 if a["capacity_m3"] >= 1_000_000 else 5
            by_height = 3 if a["dam_height_m"] >= 60 else 4 if a["dam_height_m"] >= 30 else 5
            assert "零一二三四五"[min(by_volume, by_height)] + "等" == graded(o).level_value
        if a.get("method") == "LEC":
            d = Decimal(a["L"]) * Decimal(a["E"]) * Decimal(a["C"])
            word = "major" if d > 320 else "serious" if d > 160 else "general" if d > 70 else "low"
            assert word == GRADES[graded(o).grade - 1]
        if a.get("method") == "LS":
            r = a["L"] * a["S"]
            word = "major" if r >= 20 else "serious" if r >= 15 else "general" if r >= 9 else "low"
            assert word == GRADES[graded(o).grade - 1]
        if o["class"] == "major-hazard":
            if graded(o).level_value is None:
                without.append(graded(o).level_verdict)
                continue
            r = Decimal(a["r_value"])
            word = "一级" if r >= 100 else "二级" if r >= 50 else "三级" if r >= 10 else "四级"
            assert word == graded(o).level_value
    assert without == ["未评定，缺厂区边界", "不构成重大危险源"]
