"""The one page of a place: lists by distance against an independent computation, masked, and read back from paper."""

import re
from collections.abc import Callable
from typing import Any

import pypdfium2
import pyproj
import pytest
import shapely
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.api.rescue import flood, square
from tests.api.test_bad_input import refused

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.rescue import wet_roads

DEMO = True
Maker = Callable[..., TestClient]
GEOD = pyproj.Geod(ellps="GRS80")


@pytest.fixture(scope="module")
def register(app: Any) -> list[dict[str, Any]]:
    with database.read(app.state.engine, SYSTEM.settings()) as connection:
        rows = connection.execute(
            text(
                "SELECT id, class, grade, name, division, attributes, ST_AsBinary(geom) AS geom FROM risk_object"
                " WHERE geom IS NOT NULL AND ended_reason IS NULL AND stage NOT IN ('closed', 'struck_off') ORDER BY id"
            )
        )
        return [dict(r) | {"geom": shapely.from_wkb(bytes(r["geom"]))} for r in rows.mappings()]


@pytest.fixture(scope="module")
def place(register: list[dict[str, Any]]) -> tuple[float, float]:
    """Among tanks, where much is near."""
    tanks = [r["geom"].representative_point() for r in register if r["class"] == "tank-farm"]
    near = shapely.STRtree([r["geom"] for r in register])
    best = max(tanks, key=lambda p: len(near.query(p.buffer(0.02))))
    return round(best.x, 5), round(best.y, 5)


def page(client: TestClient, at: tuple[float, float], **params: Any) -> dict[str, Any]:
    answer = client.get("/api/rescue/onepage", params={"lon": at[0], "lat": at[1], **params})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def paper(client: TestClient, at: tuple[float, float], **params: Any) -> list[str]:
    answer = client.get("/api/rescue/onepage.pdf", params={"lon": at[0], "lat": at[1], **params})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    with pypdfium2.PdfDocument(answer.content) as document:
        return [re.sub(r"\s+", "", p.get_textpage().get_text_bounded()) for p in document]


def metres(at: tuple[float, float], point: Any) -> float:
    return float(GEOD.inv(*at, point.x, point.y)[2])


def test_points_near_a_place_by_the_geodesic(
    admin: TestClient, register: list[dict[str, Any]], place: tuple[float, float]
) -> None:
    found = page(admin, place, radius_m=2000)
    points = {r["id"]: metres(place, r["geom"]) for r in register if r["geom"].geom_type == "Point"}
    for listed in (*found["help"].values(), found["hazards"], found["exposed"]):
        for one in listed["items"]:
            if one["id"] in points:
                assert one["distance_m"] == pytest.approx(points[one["id"]], abs=0.15, rel=2e-4)
    catalogue = {c["class"]: c["role"] for c in admin.get("/api/catalogue").json()["classes"]}
    near = {i for i, m in points.items() if m < 1999}
    by_id = {r["id"]: r for r in register}
    hazards = {i for i in near if catalogue[by_id[i]["class"]] == "hazard"}
    assert hazards
    assert found["hazards"]["total"] >= len(hazards)
    assert sum(found["by_grade"].values()) == found["hazards"]["total"]
    teams = sorted((metres(place, r["geom"]), r["id"]) for r in register if r["class"] == "rescue-team")
    assert [t["id"] for t in found["help"]["teams"]["items"]] == [i for _, i in teams[:8]]
    grades = [("major", "serious", "general", "low", "none").index(h["grade"]) for h in found["hazards"]["items"]]
    assert grades == sorted(grades)  # the gravest first


def test_it_says_what_stands_in_the_water(admin: TestClient, register: list[dict[str, Any]]) -> None:
    shelter = next(r for r in register if r["class"] == "shelter")
    at = shelter["geom"].representative_point()
    here = (round(at.x, 5), round(at.y, 5))
    made = flood(admin, [(0.6, square(*here, 300))], name="例避难场所进水")
    found = page(admin, here, flood=made["id"])
    order = [s["in_water"] for s in found["help"]["shelters"]["items"]]
    assert order[0] is False  # the dry first
    assert order == sorted(order)
    [mine] = [s for s in found["help"]["shelters"]["wet"]["items"] if s["id"] == shelter["id"]]
    assert mine["in_water"] is True
    assert float(mine["depth_m"]) == 0.6
    [first, *_] = paper(admin, here, flood=made["id"])
    assert f"在水中、不能用：{shelter['name']}" in first
    assert "例避难场所进水第1版" in first


def test_how_many_helpers_stand_in_the_water_is_counted_over_all(
    admin: TestClient, place: tuple[float, float], register: list[dict[str, Any]]
) -> None:
    made = flood(admin, [(0.6, square(*place, 15_000))], name="例大水")
    found = page(admin, place, flood=made["id"])
    total = sum(kind["wet"]["total"] for kind in found["help"].values())
    assert total > sum(len(kind["wet"]["items"]) for kind in found["help"].values())  # more than the page lists
    told = paper(admin, place, flood=made["id"])[0]
    assert f"等{total}处" in told


def test_the_telephone_has_an_order_and_says_where_nobody_is_registered(
    admin: TestClient, place: tuple[float, float]
) -> None:
    body = {
        "class": "risk-point", "name": "例一页通装置", "division": "360402",
        "geometry": {"type": "Point", "coordinates": list(place)},
        "attributes": {"method": "direct", "grade": "major", "basis": "演示"},
        "parties": [
            {"role": "属地挂钩", "post": "分管副镇长", "name": "例甲", "phone": "0792-0000002"},
            {"role": "主要负责人", "post": "安全总监", "name": "例乙", "phone": "0792-0000001"},
        ],
    }  # fmt: skip
    made = admin.post("/api/objects", json=body)
    assert made.status_code == 201, made.text
    calls = page(admin, place)["calls"]
    assert [c["n"] for c in calls] == list(range(1, len(calls) + 1))
    own = [c for c in calls if c["object"] == made.json()["id"]]
    assert [(c["role"], c["phone"]) for c in own] == [("主要负责人", "0792-0000001"), ("属地挂钩", "0792-0000002")]
    groups = list(dict.fromkeys(c["group"] for c in calls))
    assert groups[0] == "危险源"
    assert groups.index("队伍") < groups.index("医院")
    assert any(c["note"] == "没有登记责任人" for c in calls)
    pages = paper(admin, place)
    assert "0792-0000001" in pages[0]
    assert "例乙" in pages[0]
    told = "".join(pages)
    assert all(c["phone"] in told for c in calls)  # none is left out: the sheet is for a night without power


def test_a_town_officer_gets_foreign_objects_masked_with_whole_figures_and_no_telephone(
    admin: TestClient, make_account: Maker, place: tuple[float, float]
) -> None:
    officer = make_account("editor", "department", areas=["360481"])
    whole, mine = page(admin, place), page(officer, place)
    assert mine["place"]["division"][:6] != "360481"
    assert mine["hazards"]["total"] == whole["hazards"]["total"]
    assert mine["by_grade"] == whole["by_grade"]
    assert (mine["persons"], mine["present"]) == (whole["persons"], whole["present"])
    masked = [h for h in mine["hazards"]["items"] if h["masked"]]
    assert masked
    for one in masked:
        assert [one[k] for k in ("id", "name", "grade", "at")] == [None] * 4
        assert one["facts"] == {}
    for call in mine["calls"]:
        if call["object"] is None or call["note"] == "责任人无权查看":
            assert (call["person"], call["phone"]) == ("", "")
    [first, *_] = paper(officer, place)
    assert "对象无权查看" in first
    trail = make_account("auditor", tier="command").get("/api/audit", params={"kind": "place"}).json()["items"]
    assert {e["action"] for e in trail} >= {"ask", "print"}


def test_the_black_sheet_has_no_colour_and_says_the_same(admin: TestClient, place: tuple[float, float]) -> None:
    made = flood(admin, [(0.3, square(*place, 900)), (1.2, square(*place, 300))])
    params = {"lon": place[0], "lat": place[1], "flood": made["id"], "bw": True}
    answer = admin.get("/api/rescue/onepage.pdf", params=params)
    with pypdfium2.PdfDocument(answer.content) as document:
        pixels = document[0].render(scale=1.5, rev_byteorder=True).to_numpy()[:, :, :3].astype(int)
    assert (pixels.max(axis=2) - pixels.min(axis=2)).max() < 12
    coloured, black = paper(admin, place, flood=made["id"]), paper(admin, place, flood=made["id"], bw=True)
    assert coloured[0].replace("蓝底", "") == black[0].replace("灰底", "")
    assert len(coloured) <= 2  # what of the telephone does not fit stands overleaf


def test_roads_stand_on_the_plan_and_closed_ones_are_marked_without_colour(
    app: Any, admin: TestClient, place: tuple[float, float]
) -> None:
    made = flood(admin, [(0.2, square(*place, 2500)), (1.2, square(*place, 2000))])
    box = (place[0] - 0.04, place[1] - 0.04, place[0] + 0.04, place[1] + 0.04)
    with database.read(app.state.engine, SYSTEM.settings()) as connection:
        drawn, left_out = wet_roads.on_plan(connection, box, made["id"])
        dry, _ = wet_roads.on_plan(connection, box, None)
        near = connection.scalar(
            text("SELECT count(*) FROM road WHERE geom && ST_MakeEnvelope(:w, :s, :e, :n, 4490)"),
            dict(zip("wsen", box, strict=True)),
        )
    assert not left_out
    assert near
    assert 0 < len(dry) <= near  # a box may meet a road's box and not the road
    assert {road.status for road in dry} == {None}
    metres_closed = sum(GEOD.geometry_length(road.line) for road in drawn if road.status == "closed")
    told = admin.get(f"/api/rescue/floods/{made['id']}/exposure").json()["roads"]
    assert metres_closed == pytest.approx(told["closed_m"], abs=0.06)  # told to 0.1 m
    assert metres_closed > 0
    black = paper(admin, place, flood=made["id"], bw=True)[0]
    assert "双线打叉为水封闭的道路" in black
    assert "双线打叉" not in paper(admin, place, bw=True)[0]


def test_an_exercise_is_printed_as_one(admin: TestClient, place: tuple[float, float]) -> None:
    made = flood(admin, [(0.3, square(*place, 200))], exercise=True)
    assert "演练" in paper(admin, place, flood=made["id"])[0]
    assert "演练" in paper(admin, place, exercise=True)[0]
    assert "演练" not in paper(admin, place)[0]


def test_where_nothing_is_it_says_so_and_never_no_risk(admin: TestClient) -> None:
    found = page(admin, (100.0, 40.0), radius_m=500)
    assert found["hazards"]["total"] == found["exposed"]["total"] == found["homes"] == 0
    assert found["place"]["words"] == "不在已装入的区划内"
    [first, *_] = paper(admin, (100.0, 40.0), radius_m=500)
    assert "没有登记不等于没有" in first
    assert "没有登记居民点" in first
    assert "没有可打的电话" in first


@pytest.mark.parametrize(
    "query", ["lon=116", "lon=x&lat=29", "lon=200&lat=29", "lon=116&lat=29&radius_m=1", "lon=116&lat=29&radius_m=9e9"]
)
def test_a_wrong_place(admin: TestClient, client: TestClient, query: str) -> None:
    refused(admin.get(f"/api/rescue/onepage?{query}"))
    refused(admin.get(f"/api/rescue/onepage.pdf?{query}"))
    refused(admin.get("/api/rescue/onepage?lon=116&lat=29&flood=98765"), 404)
    assert client.get("/api/rescue/onepage?lon=116&lat=29").status_code == 401
