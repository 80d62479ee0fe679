"""The demo city: complete, consistent, made again to the same bytes."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import shapely
from riskmap.base.settings import GEODATA
from riskmap.catalogue.seed import read_files
from shapely.geometry import shape

DEMO = GEODATA / "demo"
CITY = DEMO / "jiujiang"


@pytest.fixture(scope="module")
def objects() -> list[dict]:
    return [json.loads(line) for line in (CITY / "objects.ndjson").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def divisions() -> dict[str, tuple[dict, shapely.Geometry]]:
    body = json.loads((CITY / "divisions.geojson").read_text(encoding="utf-8"))
    return {f["properties"]["code"]: (f["properties"], shape(f["geometry"])) for f in body["features"]}


def test_the_generator_makes_the_same_bytes(tmp_path: Path) -> None:
    import shutil

    shutil.copytree(DEMO, tmp_path / "demo", ignore=shutil.ignore_patterns("jiujiang"))
    subprocess.run([sys.executable, str(tmp_path / "demo" / "make.py")], check=True, capture_output=True)
    for made in sorted((tmp_path / "demo" / "jiujiang").rglob("*")):
        if made.is_file():
            kept = CITY / made.relative_to(tmp_path / "demo" / "jiujiang")
            assert made.read_bytes() == kept.read_bytes(), made.name


def test_every_class_is_there_and_the_grades_are_as_said(objects: list[dict]) -> None:
    assert {o["class"] for o in objects} >= {i.code for i in read_files() if i.kind == "class"}
    assert 5500 <= len(objects) <= 7500
    assert sum(1 for o in objects if "geometry" not in o) == 14


def test_references_point_back(objects: list[dict]) -> None:
    seen: set[str] = set()
    for o in objects:
        for key in ("enterprise_code", "parent_code"):
            assert key not in o or o[key] in seen
        assert o["code"] not in seen
        seen.add(o["code"])


def test_the_division_holds_the_anchor(objects: list[dict], divisions: dict) -> None:
    from riskmap.store.place import anchor_of

    outside = []
    for o in objects:
        if "geometry" in o:
            point = shapely.Point(*anchor_of(shape(o["geometry"])))
            if divisions[o["division"]][1].distance(point) > 1e-6:
                outside.append(o["name"])
    assert not outside


def test_towns_partition_their_county(divisions: dict) -> None:
    towns = Counter(p["parent"] for p, _ in divisions.values() if p["level"] == "town")
    assert sum(towns.values()) == 227
    for code, (properties, county) in divisions.items():
        if properties["level"] != "county":
            continue
        parts = [g for p, g in divisions.values() if p["level"] == "town" and p["parent"] == code]
        assert sum(p.area for p in parts) == pytest.approx(county.area, rel=1e-9)
        assert shapely.union_all(parts).symmetric_difference(county).area < county.area * 1e-9


def test_no_name_is_that_of_a_real_firm(objects: list[dict]) -> None:
    firms = [o["name"] for o in objects if o["class"] == "enterprise"]
    assert all(name[0] in "演拟例虚" for name in firms)
