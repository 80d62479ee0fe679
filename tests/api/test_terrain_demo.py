"""The demo city's terrain: loaded once, in the likeness of its water, and good for a flood at one of its gauges."""

import json
from typing import Any

import numpy as np
import pytest
import shapely
from shapely.geometry import Point, shape
from sqlalchemy import Engine
from starlette.testclient import TestClient

from riskmap.base.settings import GEODATA, Settings
from riskmap.rescue.terrain_file import open_terrain
from riskmap.rescue.terrains import load_demo

DEMO = True
_CITY = GEODATA / "demo" / "jiujiang"


@pytest.fixture
def terrain(admin: TestClient) -> dict[str, Any]:
    [one] = admin.get("/api/rescue/terrains").json()["items"]
    return dict(one)


def _station(client: TestClient, name: str) -> dict[str, Any]:
    [one] = client.get("/api/objects", params={"class": "gauge-station", "q": name}).json()["items"]
    return dict(one)


def test_it_says_that_it_is_invented(terrain: dict[str, Any]) -> None:
    assert terrain["name"] == "演示地形（虚构）"
    assert "虚构" in terrain["source"]
    assert terrain["height_system"] == "1985国家高程基准"
    assert terrain["voids"] > 0


def test_water_lies_low_and_what_is_dry_lies_higher(terrain: dict[str, Any]) -> None:
    water = json.loads((_CITY / "basemap" / "water.geojson").read_text(encoding="utf-8"))["features"]
    whole = shapely.union_all([shape(f["geometry"]) for f in water])
    with open_terrain(_CITY / "terrain.tif") as raster:
        heights = np.concatenate([h for _, h in raster.strips(raster.whole)])
        cells = np.arange(0, heights.size, 97)
        lon, lat = raster.centres(raster.whole, cells)
    found = heights.ravel()[cells]
    wet = shapely.contains_xy(whole, lon, lat)
    assert wet.sum() > 300
    assert np.nanmax(found[wet]) <= 13.5
    assert np.nanmin(found[~shapely.contains_xy(whole.buffer(0.003), lon, lat)]) > 7


def test_a_level_at_a_gauge_over_its_mark_floods_the_banks(admin: TestClient, terrain: dict[str, Any]) -> None:
    station = _station(admin, "长江演示11号站")
    guard = station["attributes"]["guard_m"]
    asked = {"name": "长江超警戒", "terrain": terrain["id"], "gauge": station["id"], "level_m": guard, "shift_m": -1.86}
    answer = admin.post("/api/rescue/floods/terrain", json=asked)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert [float(c["depth_m"]) for c in made["classes"]] == [0, 0.15, 0.25, 0.5, 1]
    whole = shapely.union_all([shape(c["geometry"]) for c in made["classes"]])
    assert whole.contains(Point(station["geometry"]["coordinates"]))
    assert f"{float(guard):.2f} m 减改正数 1.86 m" in made["method"]["said"][0]
    higher = admin.post("/api/rescue/floods/terrain", json=asked | {"level_m": float(guard) + 2}).json()
    assert float(higher["area_m2"]) > 1.2 * float(made["area_m2"])
    exposure = admin.get(f"/api/rescue/floods/{higher['id']}/exposure").json()
    assert exposure["objects"]


def test_it_is_loaded_once_and_not_again_after_it_was_removed(
    admin: TestClient, engine: Engine, settings: Settings, terrain: dict[str, Any]
) -> None:
    assert not load_demo(engine, settings)
    assert admin.delete(f"/api/rescue/terrains/{terrain['id']}").status_code == 204
    assert not load_demo(engine, settings)
    assert admin.get("/api/rescue/terrains").json()["items"] == []
