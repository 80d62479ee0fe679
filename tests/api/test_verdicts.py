"""No level for three reasons: outside the scale (不构成), not assessed (with what is wanting), off it. Never mixed up."""

import csv
import io
from datetime import timedelta
from typing import Any

import mapbox_vector_tile
import openpyxl
import pytest
from starlette.testclient import TestClient
from tests.api.test_grading import change, put

from riskmap.base import clock
from riskmap.base.crs import grid_of

SCALE = "major-hazard-level"
AT = {"一级": (116.30, 29.50), "不构成": (116.301, 29.50), "缺边界": (116.302, 29.50), "未填": (116.303, 29.50)}
OUTSIDE, WANTING = "不构成重大危险源", "未评定，缺厂区边界"


def ammonia(tonnes: str, **more: Any) -> dict[str, Any]:
    return {"substances": [{"table": 1, "no": 1, "quantity_t": tonnes}], **more}


@pytest.fixture(scope="module")
def units(admin: TestClient) -> dict[str, int]:
    """One of each kind, side by side, and a class that is not on the scale; the ids by what they are."""
    held = {
        "一级": ammonia("800", exposed_persons=200),
        "不构成": ammonia("9.99", exposed_persons=200),
        "缺边界": ammonia("40"),
        "未填": {},
    }
    made = {}
    for name, attributes in held.items():
        place = {"type": "Point", "coordinates": list(AT[name])}
        more = {"visibility": "public"} if name in {"不构成", "缺边界"} else {}
        body = put(admin, "major-hazard", name, attributes=attributes, geometry=place, division="360402", **more)
        made[name] = body["id"]
    place = {"type": "Point", "coordinates": [116.304, 29.50]}
    made["学校"] = put(admin, "school", "学校", geometry=place, division="360402")["id"]
    return made


def ids(client: TestClient, **params: Any) -> set[int]:
    answer = client.get("/api/objects", params=params)
    assert answer.status_code == 200, answer.text
    return {item["id"] for item in answer.json()["items"]}


def test_an_answer_says_what_stands_in_the_place_of_the_level(
    admin: TestClient, client: TestClient, units: dict[str, int]
) -> None:
    items = {item["name"]: item for item in admin.get("/api/objects").json()["items"]}
    told = {name: (items[name]["level"], items[name]["verdict"]) for name in units}
    assert told["一级"] == ({"scale": SCALE, "value": "一级", "rank": 1}, None)
    assert told["不构成"] == (None, OUTSIDE)
    assert {name: items[name]["outside"] for name in units if items[name]["outside"]} == {"不构成": SCALE}
    assert told["缺边界"] == (None, WANTING)
    assert told["未填"] == (None, "未评定")
    assert told["学校"] == (None, None)
    for name in units:
        assert admin.get(f"/api/objects/{units[name]}").json()["verdict"] == told[name][1]
    # What is wanting in a record is the bureau's own; that it is no major hazard is as public as a level.
    public = {item["name"]: item["verdict"] for item in client.get("/api/objects").json()["items"]}
    assert public == {"不构成": OUTSIDE, "缺边界": "未评定", **({"学校": None} if "学校" in public else {})}


def test_the_filter_gives_exactly_those_and_the_counts_add_up(admin: TestClient, units: dict[str, int]) -> None:
    by_value = {
        "一级": {units["一级"]},
        "outside": {units["不构成"]},
        "none": {units["缺边界"], units["未填"]},
        "off": {units["学校"]},
    }
    for value, expected in by_value.items():
        assert ids(admin, level=f"{SCALE}:{value}") == expected
    assert ids(admin, level=[f"{SCALE}:outside", f"{SCALE}:off"]) == {units["不构成"], units["学校"]}
    counts = admin.get("/api/counts", params={"by": "class,level"}).json()
    rows = {(row["class"], row["level"]): row["n"] for row in counts["rows"]}
    assert rows == {
        ("major-hazard", f"{SCALE}:一级"): 1,
        ("major-hazard", f"{SCALE}:outside"): 1,
        ("major-hazard", None): 2,
        ("school", None): 1,
    }
    assert sum(len(found) for found in by_value.values()) == counts["total"] == 5
    told = admin.get("/api/objects.csv", params={"level": f"{SCALE}:outside"}).content.decode("utf-8-sig")
    assert "重大危险源级别 不构成" in told
    # A scale whose rule gives everything a level has no such value.
    answer = admin.get("/api/objects", params={"level": "park-class:outside"})
    assert answer.status_code == 422
    scales = {s["scale"]: s["outside"] for s in admin.get("/api/catalogue").json()["scales"]}
    assert scales[SCALE] == {"title": "不构成", "letter": "非"}
    assert scales["park-class"] is None


def tile(client: TestClient, z: int, at: tuple[float, float]) -> dict[str, list[dict[str, Any]]]:
    x, y = (v >> (36 - z) for v in grid_of(*at))
    answer = client.get(f"/api/tiles/{z}/{x}/{y}.mvt", params={"scale": SCALE})
    layers = mapbox_vector_tile.decode(answer.content) if answer.content else {}
    return {name: [f["properties"] for f in layer["features"]] for name, layer in layers.items()}


def test_tiles_tell_them_apart(admin: TestClient, client: TestClient, units: dict[str, int]) -> None:
    for reader, names in ((admin, list(AT)), (client, ["不构成", "缺边界"])):
        [cluster] = tile(reader, 4, AT["一级"])["clusters"]
        levels = sum(cluster[f"r{r}"] for r in range(1, 5))
        assert levels == ("一级" in names)
        assert cluster["outside"] == 1
        assert levels + cluster["r0"] == cluster["n"]
        assert cluster["r0"] - cluster["outside"] - cluster["off"] == (2 if reader is admin else 1)
    drawn: dict[str, dict[str, Any]] = {}
    for at in AT.values():
        drawn |= {p["name"]: p for p in tile(admin, 15, at)["objects"]}
    assert drawn["一级"]["rank"] == 1
    assert "outside" not in drawn["一级"]
    assert drawn["不构成"]["outside"] is True
    assert not {"rank", "level"} & drawn["不构成"].keys()
    assert not {"rank", "level", "outside"} & drawn["缺边界"].keys()


def test_the_lists_and_what_is_taken_away_print_it(admin: TestClient, units: dict[str, int]) -> None:
    text = admin.get("/api/objects.csv", params={"plain": "true", "class": "major-hazard"}).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["scale"] for row in rows} == {"重大危险源级别"}
    assert {row["name"]: row["level"] for row in rows} == {
        "一级": "一级",
        "不构成": OUTSIDE,
        "缺边界": WANTING,
        "未填": "未评定",
    }
    book = openpyxl.load_workbook(io.BytesIO(admin.get("/api/objects.xlsx", params={"columns": "name,level"}).content))[
        "清单"
    ]
    cells = {row[0]: row[1] for row in book.iter_rows(values_only=True)}
    assert (cells["不构成"], cells["缺边界"], cells["学校"]) == (OUTSIDE, WANTING, None)

    listed = admin.get("/api/lists/major-hazards").json()
    shown = {row["name"]["name"]: row["level"] for row in listed["rows"]}
    assert shown["不构成"] == {"verdict": OUTSIDE}
    assert shown["缺边界"] == {"verdict": WANTING}
    assert shown["一级"]["value"] == "一级"
    figures = {figure["name"]: figure for figure in listed["figures"]}
    assert [figures[name]["value"] for name in ("all", "level-1", "outside", "unassessed")] == [4, 1, 1, 2]
    assert sum(f["value"] for name, f in figures.items() if name.startswith(("level-", "outside", "unassessed"))) == 4
    assert figures["outside"]["title"] == "不构成"
    only = admin.get("/api/lists/major-hazards", params={"only": "outside"}).json()["rows"]
    assert [row["id"] for row in only] == [units["不构成"]]
    taken = admin.get("/api/lists/major-hazards.csv").content.decode("utf-8-sig")
    assert OUTSIDE in taken
    assert WANTING in taken


def test_it_moves_with_what_is_held_and_yesterday_stays_as_it_was(admin: TestClient) -> None:
    made = put(admin, "major-hazard", "减量单元", attributes=ammonia("40", exposed_persons=0))
    assert (made["level"]["value"], made["verdict"]) == ("四级", None)
    before = made["state"]
    less = change(admin, made["id"], attributes=ammonia("3"))
    assert (less["level"], less["verdict"]) == (None, OUTSIDE)
    assert made["id"] in ids(admin, level=f"{SCALE}:outside")
    then = {"as_of": f"state:{before}"}
    assert made["id"] in ids(admin, level=f"{SCALE}:四级", **then)
    assert made["id"] not in ids(admin, level=f"{SCALE}:outside", **then)
    [told] = [c for c in admin.get("/api/changes", params={"since": before}).json()["items"] if c["id"] == made["id"]]
    assert (told["kind"], told["before"]["level"], told["verdict"]) == ("regraded", "四级", OUTSIDE)
    history = admin.get(f"/api/objects/{made['id']}/history").json()["versions"]
    assert history[-1]["change"]["verdict"] == [None, OUTSIDE]
    yesterday = (clock.today() - timedelta(days=1)).isoformat()
    compared = admin.get("/api/lists/major-hazards-changes", params={"since": yesterday}).json()["rows"]
    [row] = [row for row in compared if row["name"]["id"] == made["id"]]
    assert (row["change"], row["was_level"], row["now_level"]) == ("改为不构成", "四级", OUTSIDE)
    # A judged level may stand where the rule lacks something; then nothing stands beside it.
    judged = {"scale": SCALE, "value": "三级", "basis": "安全评估报告"}
    lacking = put(admin, "major-hazard", "先判单元", attributes=ammonia("40"), level=judged)
    assert (lacking["level"]["value"], lacking["verdict"]) == ("三级", None)
    admin.delete(f"/api/objects/{made['id']}", params={"reason": "试毕"})
