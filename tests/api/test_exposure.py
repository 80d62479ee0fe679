"""What is in the water, against an independent computation; masked for a town officer, with whole totals."""

import json
import math
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pyproj
import pytest
import shapely
from shapely.geometry import shape
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.api.rescue import exposure, flood

from riskmap.access.reader import SYSTEM
from riskmap.base import database

DEMO = True
Maker = Callable[..., TestClient]
GRADES = ["major", "serious", "general", "low", "none"]


@pytest.fixture(scope="module")
def register(app: Any) -> list[dict[str, Any]]:
    """Every live placed object, straight from the table."""
    with database.read(app.state.engine, SYSTEM.settings()) as connection:
        rows = connection.execute(
            text(
                "SELECT id, class, grade, parent, division, department, attributes, ST_AsBinary(geom) AS geom"
                " FROM risk_object WHERE geom IS NOT NULL AND ended_reason IS NULL"
                " AND stage NOT IN ('closed', 'struck_off') ORDER BY id"
            )
        )
        found = [dict(r) for r in rows.mappings()]
    for row in found:
        row["geom"] = shapely.from_wkb(bytes(row["geom"]))
    return found


def blob(rng: random.Random, lon: float, lat: float, size: float) -> Any:
    """A crooked polygon round a place."""
    n = rng.randint(5, 40)
    at = []
    for i in range(n):
        angle, r = 2 * math.pi * i / n, size * rng.uniform(0.4, 1.0)
        at.append((lon + r * math.cos(angle), lat + r * math.sin(angle) * 0.9))
    return shapely.Polygon(at)


def scenario(rng: random.Random, register: list[dict[str, Any]]) -> list[tuple[float, Any]]:
    """Some overlapping polygons of some depths, near something."""
    near = rng.choice(register)["geom"].representative_point()
    out = []
    for _ in range(rng.randint(1, 4)):
        lon, lat = near.x + rng.uniform(-0.03, 0.03), near.y + rng.uniform(-0.03, 0.03)
        out.append((rng.choice([0.1, 0.2, 0.3, 0.8, 1.5]), blob(rng, lon, lat, rng.choice([0.01, 0.03, 0.08]))))
    return out


def met(register: list[dict[str, Any]], depths: list[tuple[float, Any]]) -> dict[int, float]:
    """Objects in the water and how deep at least: by shapely alone."""
    geoms = np.array([r["geom"] for r in register], dtype=object)
    tree = shapely.STRtree(geoms)
    out: dict[int, float] = {}
    for depth, polygon in depths:
        for i in tree.query(polygon, predicate="intersects").tolist():
            out[register[i]["id"]] = max(depth, out.get(register[i]["id"], 0))
    return out


def flat_at(middle: Any) -> Callable[[Any], Any]:
    """To metres on a plane through a place: within 20 km of it true to millimetres."""
    plane = pyproj.Transformer.from_crs(
        4490, f"+proj=tmerc +lon_0={middle.x} +lat_0={middle.y} +ellps=GRS80", always_xy=True
    )
    return lambda g: shapely.transform(shapely.segmentize(g, 0.002), lambda at: np.column_stack(plane.transform(*at.T)))


def people(register: list[dict[str, Any]], inside: dict[int, float]) -> tuple[int, int]:
    """Residents, and persons present."""
    by_id = {r["id"]: r for r in register}
    areas = [by_id[i] for i in inside if by_id[i]["class"] == "residential-area"]
    counted = [a for a in areas if a["attributes"].get("residents") is not None]
    held = {a["parent"] for a in counted} | {a["division"] for a in counted if len(a["division"]) == 12}
    residents = sum(int(a["attributes"]["residents"]) for a in counted)
    for i in inside:
        row = by_id[i]
        names = {i, row["division"], row["attributes"].get("village_code")} - {None}
        if row["class"] == "village" and not names & held:
            residents += int(row["attributes"].get("residents") or 0)
    present = {"school", "kindergarten", "hospital", "care-home", "market", "crowded-place", "heritage-site"}
    persons = sum(int(by_id[i]["attributes"].get("persons") or 0) for i in inside if by_id[i]["class"] in present)
    return residents, persons


def make(client: TestClient, depths: list[tuple[float, Any]]) -> int:
    return int(flood(client, [(d, json.loads(shapely.to_geojson(g))) for d, g in depths], name="随机")["id"])


def test_objects_and_persons_in_a_hundred_random_floods(admin: TestClient, register: list[dict[str, Any]]) -> None:
    rng = random.Random(20261126)
    by_id = {r["id"]: r for r in register}
    seen = 0
    for _ in range(100):
        depths = scenario(rng, register)
        expected = met(register, depths)
        answer = exposure(admin, make(admin, depths), margin_m=0)
        assert {o["id"]: float(o["depth_m"]) for o in answer["objects"]} == expected
        assert answer["in_water"] == answer["total"] == len(expected)
        grades = Counter(GRADES[by_id[i]["grade"] - 1] for i in expected)
        assert {g: n["in_water"] for g, n in answer["by_grade"].items() if n["in_water"]} == dict(grades)
        assert (answer["persons"], answer["present"]) == people(register, expected)
        assert sum(t["residents"] for t in answer["towns"]) == answer["persons"]
        assert sum(t["present"] for t in answer["towns"]) == answer["present"]
        seen += len(expected)
    assert seen > 2000  # the floods were where something is


def test_what_lies_near_the_water_by_the_geodesic(admin: TestClient, register: list[dict[str, Any]]) -> None:
    rng = random.Random(7)
    compared = 0
    for _ in range(12):
        depths = scenario(rng, register)
        inside = met(register, depths)
        answer = exposure(admin, make(admin, depths), margin_m=300)
        near = {o["id"]: o["distance_m"] for o in answer["objects"] if o["depth_m"] is None}
        assert not set(near) & set(inside)
        assert {o["id"] for o in answer["objects"]} - set(near) == set(inside)
        water = shapely.union_all([g for _, g in depths])
        flat = flat_at(water.centroid)
        flat_water, box = flat(water), water.buffer(0.02).envelope
        for row in register:
            if row["id"] not in inside and row["geom"].intersects(box):
                distance = shapely.distance(flat(row["geom"]), flat_water)
                if abs(distance - 300) > 0.5:  # too near the limit to say
                    assert (row["id"] in near) is bool(distance < 300)
                    compared += bool(distance < 300)
    assert compared > 30


@pytest.fixture(scope="module")
def town(register: list[dict[str, Any]]) -> str:
    """A town with risks and homes of its own."""
    towns = Counter(r["division"][:9] for r in register if len(r["division"]) >= 9)
    return towns.most_common(1)[0][0]


@pytest.fixture
def wide(admin: TestClient, register: list[dict[str, Any]], town: str) -> int:
    """A flood over the town and beyond."""
    of_town = [r["geom"].representative_point() for r in register if r["division"][:9] == town]
    middle = shapely.MultiPoint(of_town).centroid
    return make(admin, [(0.4, blob(random.Random(3), middle.x, middle.y, 0.12))])


def test_a_town_officer_gets_foreign_objects_masked_and_the_totals_whole(
    admin: TestClient, make_account: Maker, wide: int, town: str, register: list[dict[str, Any]]
) -> None:
    officer = make_account("editor", "department", areas=[town])
    mine, all_ = exposure(officer, wide), exposure(admin, wide)
    for figure in ("total", "in_water", "near", "by_grade", "persons", "present", "persons_unknown", "unplaced"):
        assert mine[figure] == all_[figure], figure
    assert mine["hidden"] > 0
    assert all_["hidden"] == 0
    hidden = [o for o in mine["objects"] if o["masked"]]
    assert len(hidden) == mine["hidden"]
    by_id = {r["id"]: r for r in register}
    foreign = {r["id"] for r in register if r["division"][:9] != town}
    for one in hidden:
        assert [one[k] for k in ("id", "name", "class", "grade", "division", "at")] == [None] * 6
        assert one["masked"].startswith("对象无权查看（主管部门：")
    for one in mine["objects"]:
        if one["id"] in foreign:  # in its public form: its place is not told
            assert one["at"] is None
            assert one["division"] is None
    own = {o["id"] for o in mine["objects"] if o["id"] and o["id"] not in foreign}
    assert own == {o["id"] for o in all_["objects"] if by_id[o["id"]]["division"][:9] == town and o["id"] in own}
    assert {i for i in own} == {
        o["id"]
        for o in all_["objects"]
        if by_id[o["id"]]["division"][:9] == town and officer.get(f"/api/objects/{o['id']}").status_code == 200
    }
    secret = json.dumps(mine, ensure_ascii=False)
    for row in hidden_names(officer, all_):
        assert row not in secret
    trail = make_account("auditor", tier="command").get("/api/audit", params={"kind": "flood", "action": "ask"})
    asked = trail.json()["items"]
    assert asked
    assert asked[0]["ref"] == str(wide)


def hidden_names(officer: TestClient, all_: dict[str, Any]) -> list[str]:
    """Names of what the officer may not open."""
    return [o["name"] for o in all_["objects"][:300] if officer.get(f"/api/objects/{o['id']}").status_code == 404]


def test_a_selection_narrows_and_a_condition_on_what_one_may_not_read_is_not_judged_for_him(
    admin: TestClient, make_account: Maker, wide: int, town: str
) -> None:
    officer = make_account("editor", "department", areas=[town])
    schools = exposure(admin, wide, **{"class": "school"})
    assert {o["class"] for o in schools["objects"]} == {"school"}
    assert schools["total"] == sum(o["class"] == "school" for o in exposure(admin, wide)["objects"])
    assert exposure(officer, wide, **{"class": "school"})["total"] == schools["total"]
    asked = exposure(officer, wide, where="persons >= 0")
    assert asked["hidden"] == 0
    assert asked["hidden_beside"] == exposure(officer, wide)["hidden"]
    assert all(o["id"] for o in asked["objects"])


def test_pages_leave_nothing_out(admin: TestClient, wide: int) -> None:
    whole = exposure(admin, wide)
    pages = [exposure(admin, wide, limit=40, offset=start) for start in range(0, whole["total"], 40)]
    assert [o["id"] for p in pages for o in p["objects"]] == [o["id"] for o in whole["objects"]]
    assert {p["total"] for p in pages} == {whole["total"]}


def test_what_stands_in_the_water_of_those_who_are_to_help(admin: TestClient, register: list[dict[str, Any]]) -> None:
    for class_, name in (("shelter", "shelters"), ("rescue-team", "teams"), ("relief-store", "stores")):
        one = next(r for r in register if r["class"] == class_)
        at = one["geom"].representative_point()
        answer = exposure(admin, make(admin, [(0.6, blob(random.Random(1), at.x, at.y, 0.002))]))
        assert one["id"] in {o["id"] for o in answer[f"{name}_in_water"]}


def test_an_empty_water_says_nothing_met_and_keeps_its_figures(admin: TestClient) -> None:
    far = [(0.5, shapely.box(118.5, 27.0, 118.501, 27.001))]
    answer = exposure(admin, make(admin, far))
    assert answer["total"] == answer["persons"] == answer["present"] == 0
    assert answer["objects"] == answer["towns"] == answer["first"] == []
    assert answer["unplaced"] > 0  # of these nobody knows


def test_what_reacts_with_water_comes_first_and_a_pond_by_its_path(
    admin: TestClient, register: list[dict[str, Any]]
) -> None:
    ponds = [r for r in register if r["class"] == "tailings-pond" and r["attributes"].get("flow_path")]
    end = shape(ponds[0]["attributes"]["flow_path"]).interpolate(1, normalized=True)
    answer = exposure(admin, make(admin, [(0.5, blob(random.Random(2), end.x, end.y, 0.001))]), margin_m=0)
    assert (ponds[0]["id"], "下泄路径经过淹没范围") in {(p["id"], p["said"]) for p in answer["ponds_above"]}
    wet = [r for r in register if "电石" in str(r["attributes"].get("main_chemicals"))]
    plain = [r for r in register if r["class"] == "tank-farm"]
    body = {
        "class": "chemical-user", "name": "例湖电石库", "division": "360402",
        "geometry": {"type": "Point", "coordinates": list(plain[0]["geom"].representative_point().coords[0])},
        "attributes": {"main_chemicals": "电石"},
    }  # fmt: skip
    made = admin.post("/api/objects", json=body)
    assert made.status_code == 201, made.text
    at = plain[0]["geom"].representative_point()
    answer = exposure(admin, make(admin, [(0.5, blob(random.Random(2), at.x, at.y, 0.002))]), margin_m=0)
    assert answer["first"][0]["why"] == "遇湿反应"
    assert made.json()["id"] in {o["id"] for o in answer["water_reactive"]} - {r["id"] for r in wet}
    assert plain[0]["id"] in {o["id"] for o in answer["first"] if o["why"] == "泄漏"}
