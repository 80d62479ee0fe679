"""Thirty random selections: tiles, counts, heat, list and cell lists tell one total, for every kind of reader."""

import random
from typing import Any

import h3
import mapbox_vector_tile
import pytest
from starlette.testclient import TestClient

from riskmap.base.crs import grid_of
from riskmap.base.settings import Settings
from riskmap.catalogue.seed import read_files

DEMO = True
SEED = 20260714
CLASSES = [i.code for i in read_files() if i.kind == "class"]
COUNTIES = [f"3604{n:02d}" for n in (2, 3, 4, 23, 24, 25, 26, 28, 29, 30, 81, 82, 83)]
NORTH_WEST, SOUTH_EAST = (113.7, 30.3), (117.1, 28.4)


def random_selection(rng: random.Random) -> dict[str, Any]:
    params: dict[str, Any] = {}
    if rng.random() < 0.7:
        params["class"] = rng.sample(CLASSES, rng.randrange(1, 20))
    if rng.random() < 0.5:
        params["grade"] = rng.choice([["serious+"], ["major"], ["low", "none"], ["general", "serious"]])
    if rng.random() < 0.4:
        params["division"] = rng.sample([*COUNTIES, "360429205", "3604"], rng.randrange(1, 4))
    if rng.random() < 0.25:
        params["q"] = rng.choice(["例", "小学", "化工", "0001", "水"])
    if rng.random() < 0.25:
        params["stage"] = rng.choice([["any"], ["closing", "closed"], ["suspended"]])
    if "class" not in params and rng.random() < 0.6:
        params["where"] = rng.choice(
            [
                "persons > 200",
                "name LIKE '%中学%' OR persons IS NULL",
                "NOT (department = '教育局')",
                "residents BETWEEN 500 AND 2000",
            ]
        )
    if rng.random() < 0.25:
        west, south = rng.uniform(114, 116.5), rng.uniform(28.8, 29.8)
        params["bbox"] = f"{west},{south},{west + rng.uniform(0.02, 1)},{south + rng.uniform(0.02, 0.6)}"
    if rng.random() < 0.15:
        params["department"] = rng.choice(["应急管理局", "教育局"])
    if rng.random() < 0.15:
        params["verified"] = rng.choice(["true", "false"])
    return params


def tiles_total(client: TestClient, params: dict[str, Any], z: int) -> int:
    x0, y0 = (v >> (36 - z) for v in grid_of(*NORTH_WEST))
    x1, y1 = (v >> (36 - z) for v in grid_of(*SOUTH_EAST))
    total = 0
    for x in range(x0, x1 + 1):
        for y in range(y0, y1 + 1):
            answer = client.get(f"/api/tiles/{z}/{x}/{y}.mvt", params=params)
            assert answer.status_code in (200, 204), answer.text
            if answer.status_code == 204:
                continue
            layers = mapbox_vector_tile.decode(answer.content)
            for feature in layers.get("objects", {}).get("features", []):
                if "anchor_x" in feature["properties"]:
                    total += 1
                elif feature["geometry"]["type"] == "Point":
                    px, py = feature["geometry"]["coordinates"]
                    assert 0 <= px < 4096
                    assert 0 < py <= 4096  # the decoder turns y upside down
                    total += 1
            total += sum(f["properties"]["n"] for f in layers.get("clusters", {}).get("features", []))
    return total


def list_ids(client: TestClient, params: dict[str, Any]) -> tuple[list[int], int]:
    ids: list[int] = []
    cursor = None
    while True:
        page = client.get("/api/objects", params={**params, "limit": 700, **({"cursor": cursor} if cursor else {})})
        assert page.status_code == 200, page.text
        body = page.json()
        ids += [item["id"] for item in body["items"]]
        cursor = body["next"]
        if cursor is None:
            return ids, body["total"]


@pytest.fixture(scope="module")
def readers(app: Any, admin: TestClient, make_account: Any) -> dict[str, TestClient]:
    return {
        "administrator": admin,
        "town editor": make_account("editor", "department", areas=["360429205", "360402"]),
        "reader": make_account(
            "reader", "department", classes=CLASSES[::2], departments=["应急管理局", "教育局", "水利局"]
        ),
        "public": TestClient(app, raise_server_exceptions=False),
    }


@pytest.mark.parametrize("who", ["administrator", "town editor", "reader", "public"])
def test_totals_agree(readers: dict[str, TestClient], who: str) -> None:
    client = readers[who]
    rng = random.Random(SEED)
    some = 0
    for _ in range(30):
        params = random_selection(rng)
        counts = client.get("/api/counts", params={**params, "by": "grade,class"})
        assert counts.status_code == 200, (params, counts.text)
        total, unplaced = counts.json()["total"], counts.json()["unplaced"]
        placed = total - unplaced
        assert sum(row["n"] for row in counts.json()["rows"]) == total
        ids, said = list_ids(client, params)
        assert len(ids) == len(set(ids)) == said == total, params
        resolution = rng.choice([5, 6, 7])
        heat = client.get("/api/heat", params={**params, "resolution": resolution}).json()
        assert sum(cell["n"] for cell in heat["cells"]) == placed == heat["total"] - heat["unplaced"], params
        assert all(sum(cell["by_grade"].values()) == cell["n"] for cell in heat["cells"])
        assert tiles_total(client, params, rng.choice([6, 8])) == placed, params
        for cell in rng.sample(heat["cells"], min(2, len(heat["cells"]))):
            in_cell, said = list_ids(client, {**params, "cell": cell["cell"]})
            assert len(in_cell) == said == cell["n"], (params, cell)
            assert set(in_cell) <= set(ids)
        some += total > 0
    assert some > 5


def test_every_object_is_in_one_tile_only_at_a_near_zoom(readers: dict[str, TestClient]) -> None:
    params = {"bbox": "115.9,29.6,116.1,29.8", "class": ["school", "risk-point", "road", "residential-area"]}
    z = 15
    x0, y0 = (v >> (36 - z) for v in grid_of(115.97, 29.74))
    seen: dict[int, int] = {}
    for x in range(x0, x0 + 4):
        for y in range(y0, y0 + 4):
            answer = readers["administrator"].get(f"/api/tiles/{z}/{x}/{y}.mvt", params=params)
            if answer.status_code == 200:
                layer = mapbox_vector_tile.decode(answer.content)["objects"]["features"]
                assert [f["id"] for f in layer] == sorted(f["id"] for f in layer)
                for f in layer:
                    assert f["properties"]["name"]
                    if f["geometry"]["type"] == "Point" or "anchor_x" in f["properties"]:
                        seen[f["id"]] = seen.get(f["id"], 0) + 1
    assert len(seen) > 20
    assert set(seen.values()) == {1}


def test_children_add_up_to_their_parent(readers: dict[str, TestClient]) -> None:
    fine = readers["administrator"].get("/api/heat", params={"resolution": 9}).json()["cells"]
    coarse = {
        c["cell"]: c["n"] for c in readers["administrator"].get("/api/heat", params={"resolution": 6}).json()["cells"]
    }
    sums: dict[str, int] = {}
    for cell in fine:
        parent = h3.cell_to_parent(cell["cell"], 6)
        sums[parent] = sums.get(parent, 0) + cell["n"]
    assert {c: n for c, n in sums.items() if n} == {c: n for c, n in coarse.items() if n}


def test_touching_counts_lines_and_polygons_where_they_reach(readers: dict[str, TestClient]) -> None:
    heat = readers["administrator"].get("/api/heat", params={"resolution": 8, "class": "road"}).json()
    roads = heat["total"]
    assert all(cell["touching"] >= 1 for cell in heat["cells"])
    assert sum(cell["touching"] for cell in heat["cells"]) > 3 * roads
    assert any(cell["n"] == 0 for cell in heat["cells"])
    ten = readers["administrator"].get("/api/heat", params={"resolution": 10, "class": "road"}).json()
    assert all(cell["touching"] is None for cell in ten["cells"])


def test_unplaced_objects_are_counted_and_told_elsewhere(readers: dict[str, TestClient]) -> None:
    whole = readers["administrator"].get("/api/counts").json()
    assert whole["unplaced"] == 14
    boxed = readers["administrator"].get("/api/counts", params={"bbox": "113,28,118,31"}).json()
    assert (boxed["unplaced"], boxed["unplaced_elsewhere"]) == (0, 14)
    assert boxed["total"] == whole["total"] - 14


def test_the_demo_has_the_grades_that_it_says(readers: dict[str, TestClient], settings: Settings) -> None:
    hazards = [i.code for i in read_files() if i.kind == "class" and i.body["role"] == "hazard"]
    counts = readers["administrator"].get("/api/counts", params={"class": hazards, "by": "grade"}).json()
    by_grade = {row["grade"]: row["n"] for row in counts["rows"]}
    assert by_grade["major"] == 31
    assert by_grade["serious"] == 265
    assert by_grade["general"] == 1449
    assert by_grade["none"] == 193


def test_every_answer_of_the_demo_says_that_it_is_invented(readers: dict[str, TestClient]) -> None:
    for path in ("/api/counts", "/api/objects?limit=1", "/api/heat", "/api/meta"):
        answer = readers["public"].get(path)
        assert answer.json()["mark"] == "演示数据，非真实"
        assert "not real" in answer.headers["x-data-mark"]
    assert "not real" in readers["public"].get("/api/tiles/8/210/105.mvt").headers["x-data-mark"]
