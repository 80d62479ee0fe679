"""Registering, changing, ending; yesterday's picture stays."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from starlette.testclient import TestClient

from riskmap.base import clock

POND = {
    "class": "tailings-pond",
    "code": "WKK-001",
    "name": "示例尾矿库",
    "division": "360429",
    "geometry": {"type": "Point", "coordinates": [116.2, 29.7]},
    "attributes": {"capacity_m3": 800000, "dam_height_m": 45},
    "enterprise": None,
    "parent": None,
    "stage": "in_use",
    "source": "部门排查",
    "visibility": "department",
    "valid_from": "2026-01-01",
}


def make(admin: TestClient, **changes: Any) -> dict[str, Any]:
    answer = admin.post("/api/objects", json={**POND, "code": None, **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_the_example_of_the_contract(admin: TestClient) -> None:
    judged = {**POND, "level": {"scale": "tailings-class", "value": "三等", "basis": "备案"}}
    refused = admin.post("/api/objects", json=judged)  # the class has a rule, which has all that it needs
    assert refused.status_code == 422
    assert [e["field"] for e in refused.json()["errors"]] == ["level"]
    answer = admin.post("/api/objects", json=POND)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["grade"] == {"value": "none", "scale": "risk-grade"}  # a level without an adopted policy gives none
    assert body["level"] == {"value": "四等", "rank": 4, "scale": "tailings-class"}
    assert admin.get("/healthz").json()["state"] == body["state"]
    again = admin.post("/api/objects", json=POND)
    assert again.status_code == 409
    assert again.json()["code"] == "duplicate_code"


def test_numbers_come_back_as_they_were_sent(admin: TestClient) -> None:
    raw = '{"class":"tailings-pond","name":"准数库","attributes":{"capacity_m3":800000.10,"dam_height_m":0.1}}'
    made = admin.post("/api/objects", content=raw, headers={"Content-Type": "application/json"})
    assert made.status_code == 201, made.text
    text = admin.get(f"/api/objects/{made.json()['id']}").text
    assert '"capacity_m3":800000.10' in text
    assert '"dam_height_m":0.1' in text


def test_preview_writes_nothing(admin: TestClient) -> None:
    before = admin.get("/healthz").json()["state"]
    answer = admin.post("/api/objects/preview", json={**POND, "code": "WKK-999", "attributes": {"dam_height_m": 45}})
    assert answer.status_code == 200
    assert answer.json()["id"] is None
    assert admin.get("/healthz").json()["state"] == before
    wrong = admin.post("/api/objects/preview", json={**POND, "attributes": {"dam_height_m": -1}})
    assert wrong.status_code == 422
    assert wrong.json()["code"] == "invalid_attributes"
    assert wrong.json()["errors"][0] == {
        "field": "attributes.dam_height_m",
        "code": "below_minimum",
        "message": "总坝高不能小于 0 m",
    }


def test_a_lost_race_changes_nothing(admin: TestClient) -> None:
    made = make(admin, name="竞改库")
    header = {"If-Match": f'"{made["state"]}"'}
    first = admin.patch(f"/api/objects/{made['id']}", json={"name": "先改"}, headers=header)
    assert first.status_code == 200
    second = admin.patch(f"/api/objects/{made['id']}", json={"name": "后改"}, headers=header)
    assert second.status_code == 409
    assert admin.get(f"/api/objects/{made['id']}").json()["name"] == "先改"
    assert admin.patch(f"/api/objects/{made['id']}", json={"name": "盲改"}).status_code == 428


def test_a_patch_changes_what_it_names_and_no_more(admin: TestClient) -> None:
    made = make(admin, name="部分改库", grade={"value": "serious", "basis": "会商"})
    before = admin.get(f"/api/objects/{made['id']}").json()
    header = {"If-Match": f'"{made["state"]}"'}
    answer = admin.patch(f"/api/objects/{made['id']}", json={"attributes": {"dam_height_m": 46.5}}, headers=header)
    assert answer.status_code == 200, answer.text
    after = admin.get(f"/api/objects/{made['id']}").json()
    assert after["attributes"] == {"capacity_m3": 800000, "dam_height_m": 46.5}
    same = {k for k in before if k not in {"attributes", "state", "object_state", "updated_at", "valid_from"}}
    assert {k: before[k] for k in same} == {k: after[k] for k in same}
    header = {"If-Match": f'"{answer.json()["state"]}"'}
    admin.patch(f"/api/objects/{made['id']}", json={"attributes": {"capacity_m3": None}}, headers=header)
    assert "capacity_m3" not in admin.get(f"/api/objects/{made['id']}").json()["attributes"]


def test_the_past_can_be_asked_for_everywhere(admin: TestClient) -> None:
    made = make(admin, name="往昔库", grade={"value": "major", "basis": "会商"})
    header = {"If-Match": f'"{made["state"]}"'}
    changed = admin.patch(
        f"/api/objects/{made['id']}",
        json={
            "grade": {"value": "low", "basis": "整改完成"},
            "geometry": {"type": "Point", "coordinates": [115.5, 29.2]},
        },
        headers=header,
    ).json()
    then, now = f"state:{made['state']}", f"state:{changed['state']}"

    def graded(as_of: str | None) -> dict[str, int]:
        params = {"q": "往昔库", "by": "grade", **({"as_of": as_of} if as_of else {})}
        return {r["grade"]: r["n"] for r in admin.get("/api/counts", params=params).json()["rows"]}

    assert graded(then) == {"major": 1}
    assert graded(now) == graded(None) == {"low": 1}
    listed = admin.get("/api/objects", params={"q": "往昔库", "as_of": then}).json()
    assert listed["items"][0]["geometry"]["coordinates"] == [116.2, 29.7]
    assert listed["state"] == made["state"]
    old_tile = admin.get("/api/tiles/8/210/105.mvt", params={"q": "往昔库", "as_of": then})
    new_tile = admin.get("/api/tiles/8/210/105.mvt", params={"q": "往昔库"})
    assert old_tile.content != new_tile.content
    day = (clock.today() - timedelta(days=1)).isoformat()
    # As it was yesterday, as known now: before today's change took effect.
    assert graded(day) == {"major": 1}
    assert graded("2025-12-31") == {}
    heat = admin.get("/api/heat", params={"q": "往昔库", "resolution": 7, "as_of": then}).json()
    assert sum(c["by_grade"]["major"] for c in heat["cells"]) == 1


def test_the_end_of_a_life_is_a_date_and_not_a_deletion(admin: TestClient) -> None:
    made = make(admin, name="终了库", code="WKK-777")
    ended = admin.delete(f"/api/objects/{made['id']}", params={"reason": "闭库销号"})
    assert ended.status_code == 200, ended.text
    assert admin.get("/api/objects", params={"q": "终了库", "stage": "any"}).json()["total"] == 0
    kept = admin.get(f"/api/objects/{made['id']}").json()
    assert kept["ended"] == {"on": clock.today().isoformat(), "reason": "闭库销号"}
    assert admin.get("/api/objects", params={"q": "终了库", "as_of": f"state:{made['state']}"}).json()["total"] == 1
    assert admin.get("/api/objects", params={"q": "终了库", "as_of": "2026-02-01"}).json()["total"] == 1
    assert admin.delete(f"/api/objects/{made['id']}", params={"reason": "再来"}).status_code == 409
    again = make(admin, name="终了库（新）", code="WKK-777")  # its number is free again
    assert again["id"] != made["id"]


def test_closed_ones_leave_the_live_map_and_a_search_still_finds_them(admin: TestClient) -> None:
    made = make(admin, name="闭库甲", stage="striking_off")
    assert admin.get("/api/counts", params={"class": "tailings-pond", "where": "name = '闭库甲'"}).json()["total"] == 1
    header = {"If-Match": f'"{made["state"]}"'}
    admin.patch(f"/api/objects/{made['id']}", json={"stage": "struck_off"}, headers=header)
    live = {"class": "tailings-pond", "where": "name = '闭库甲'"}
    assert admin.get("/api/counts", params=live).json()["total"] == 0
    assert admin.get("/api/counts", params={**live, "stage": "any"}).json()["total"] == 1
    found = admin.get("/api/objects", params={"q": "闭库甲"}).json()["items"]
    assert [o["stage"] for o in found] == ["struck_off"]


def test_history_tells_who_changed_what(admin: TestClient) -> None:
    made = make(admin, name="史库")
    header = {"If-Match": f'"{made["state"]}"'}
    changed = admin.patch(
        f"/api/objects/{made['id']}", json={"name": "史库改", "attributes": {"dam_height_m": 50}}, headers=header
    ).json()
    admin.delete(f"/api/objects/{made['id']}", params={"reason": "完"})
    versions = admin.get(f"/api/objects/{made['id']}/history").json()["versions"]
    assert [v["state"] for v in versions[:2]] == [made["state"], changed["state"]]
    assert versions[1]["change"] == {"name": ["史库", "史库改"], "attributes.dam_height_m": [45, 50]}
    assert versions[1]["by"] == "admin"
    assert versions[2]["ended"] == "完"


def test_a_direct_judgement_grades_a_risk_point(admin: TestClient) -> None:
    body = {
        "class": "risk-point",
        "name": "直判点",
        "attributes": {"method": "direct", "grade": "major", "basis": "目录第 3 条"},
    }
    made = admin.post("/api/objects", json=body).json()
    assert made["grade"]["value"] == "major"
    [grade] = admin.get(f"/api/objects/{made['id']}/grade").json()["grades"]
    assert (grade["how"], grade["by"], grade["basis"]) == ("judged", "admin", "目录第 3 条")


def test_paging_answers_from_the_state_of_page_one(admin: TestClient) -> None:
    for i in range(7):
        make(admin, name=f"翻页库{i}")
    first = admin.get("/api/objects", params={"where": "name LIKE '翻页库%'", "limit": 3, "sort": "name"}).json()
    make(admin, name="翻页库25")  # between the pages, and between the names
    names = [o["name"] for o in first["items"]]
    cursor = first["next"]
    while cursor:
        page = admin.get(
            "/api/objects", params={"where": "name LIKE '翻页库%'", "limit": 3, "sort": "name", "cursor": cursor}
        ).json()
        assert page["state"] == first["state"]
        assert page["total"] == 7
        names += [o["name"] for o in page["items"]]
        cursor = page["next"]
    assert names == [f"翻页库{i}" for i in range(7)]


def test_names_stand_in_the_order_of_pinyin_and_of_numbers(admin: TestClient) -> None:
    # By code points it would be 丁, 张, 李, 王, 艾, and 10 before 2.
    names = [f"{first}排序库" for first in "艾丁李王张"] + ["张排序库2号", "张排序库10号", "章排序库"]
    for name in reversed(names):
        make(admin, name=name)
    for sort, wanted in (("name", names), ("-name", names[::-1])):
        found: list[str] = []
        params: dict[str, Any] = {"where": "name LIKE '%排序库%'", "limit": 3, "sort": sort}
        while True:
            page = admin.get("/api/objects", params=params).json()
            found += [i["name"] for i in page["items"]]
            if not page["next"]:
                break
            params["cursor"] = page["next"]
        assert found == wanted


def test_classes_stand_in_the_order_of_their_titles(admin: TestClient) -> None:
    # By their codes: hospital, market, school, tailings-pond; by pinyin: jimao, weikuang, xuexiao, yiyuan.
    for i, class_ in enumerate(["school", "hospital", "market", "tailings-pond", "school"]):
        make(admin, name=f"分类序{i}", attributes={}, **{"class": class_})
    titles = {c["class"]: c["title"] for c in admin.get("/api/catalogue").json()["classes"]}
    for sort in ("class", "-class"):
        found: list[str] = []
        params: dict[str, Any] = {"where": "name LIKE '分类序%'", "limit": 2, "sort": sort}
        while True:
            page = admin.get("/api/objects", params=params).json()
            found += [i["class"] for i in page["items"]]
            if not page["next"]:
                break
            params["cursor"] = page["next"]
        wanted = ["market", "tailings-pond", "school", "school", "hospital"]
        assert found == (wanted if sort == "class" else wanted[::-1]), [titles[c] for c in found]


@pytest.mark.parametrize(
    "sort", ["name", "-name", "-grade", "grade", "level", "-updated_at", "dam_height_m", "-dam_height_m", "code"]
)
def test_every_sort_pages_through_each_object_once(admin: TestClient, sort: str) -> None:
    params = {"class": "tailings-pond", "limit": 2, "sort": sort}
    seen: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = admin.get("/api/objects", params={**params, **({"cursor": cursor} if cursor else {})})
        assert page.status_code == 200, page.text
        seen += page.json()["items"]
        cursor = page.json()["next"]
        if not cursor:
            break
    assert len({o["id"] for o in seen}) == len(seen) == page.json()["total"] > 5
    if sort.endswith("dam_height_m"):
        heights = [Decimal(str(o["attributes"]["dam_height_m"])) for o in seen if "dam_height_m" in o["attributes"]]
        assert heights == sorted(heights, reverse=sort.startswith("-"))


def test_two_characters_find_a_name(admin: TestClient) -> None:
    made = make(admin, name="藕塘口尾矿库")
    for q in ("塘口", "藕", "口尾矿", "WKK", "wkk-0"):
        found = admin.get("/api/objects", params={"q": q}).json()
        expected = made["id"] if not q.lower().startswith("wkk") else None
        assert expected is None or expected in {o["id"] for o in found["items"]}
        assert found["total"] >= 1
    assert admin.get("/api/objects", params={"q": "塘藕"}).json()["total"] == 0
    assert admin.get("/api/objects", params={"q": "%"}).json()["total"] == 0


def test_saved_selections_are_content_addressed_and_narrow(admin: TestClient) -> None:
    square = {"type": "Polygon", "coordinates": [[[116, 29.5], [116.4, 29.5], [116.4, 29.9], [116, 29.9], [116, 29.5]]]}
    one = admin.post("/api/selections", json={"class": ["tailings-pond"], "within": square}).json()["id"]
    two = admin.post("/api/selections", json={"within": square, "class": ["tailings-pond"]}).json()["id"]
    assert one == two
    assert one.startswith("s_")
    inside = admin.get("/api/counts", params={"selection": one}).json()
    everywhere = admin.get("/api/counts", params={"class": "tailings-pond"}).json()
    assert 0 < inside["total"] < everywhere["total"]
    assert admin.get("/api/counts", params={"selection": one, "class": "school"}).status_code == 422
    assert admin.get("/api/counts", params={"selection": "s_nothing"}).status_code == 422
