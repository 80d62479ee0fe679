"""Shelters of an evacuation, what stands against them, and the plan that sends villages to them."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.admission import load_towns
from tests.api.evacuation import enter, now, order, send
from tests.api.rescue import add, flood, square
from tests.api.test_bad_input import refused

Maker = Callable[..., TestClient]
PATH = "/api/rescue/evacuations"
COUNTY = "360402"
AT = (115.95, 29.65)


@pytest.fixture(scope="module", autouse=True)
def divisions(app: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))


def east(km: float) -> tuple[float, float]:
    """So far east of the place, roughly."""
    return AT[0] + km / 96.7, AT[1]


@pytest.fixture(scope="module")
def place(admin: TestClient) -> dict[str, int]:
    """Two villages; shelters near and far, in the water, beside a major hazard, not for floods, without a capacity."""
    made = {
        "v1": add(admin, "village", "低洼村", east(0), COUNTY, attributes={"residents": 100}),
        "v2": add(admin, "village", "圩边村", east(1), COUNTY, attributes={"residents": 80}),
    }
    for name, km, attributes in (
        ("near", 2, {"capacity": 90}), ("far", 6, {"capacity": 60}), ("wet", 0.1, {"capacity": 500}),
        ("danger", 10, {"capacity": 500}), ("unfit", 3, {"capacity": 500, "flood_safe": False}), ("unknown", 3.5, {}),
    ):  # fmt: skip
        made[name] = add(admin, "shelter", f"场所{name}", east(km), COUNTY, attributes=attributes, visibility="public")
    made["hazard"] = add(
        admin, "filling-station", "油站", (east(10)[0] + 0.002, AT[1]), COUNTY,
        grade={"value": "serious", "basis": "评估"},
    )  # fmt: skip
    made["flood"] = flood(admin, [(0.5, square(*AT, 300))])["id"]
    return made


def ordered(
    client: TestClient, place: dict[str, int], persons: tuple[int, int] = (100, 80), **more: Any
) -> dict[str, Any]:
    listed = [
        {"name": "低洼村", "division": COUNTY, "to_move": persons[0], "object": place["v1"]},
        {"name": "圩边村", "division": COUNTY, "to_move": persons[1], "object": place["v2"]},
    ]
    body = {"name": "转移", "flood": place["flood"], "villages": listed, **more}
    answer = client.post(PATH, json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.fixture
def of(admin: TestClient, place: dict[str, int]) -> Any:
    made = ordered(admin, place)
    yield made
    admin.post(f"{PATH}/{made['id']}/close", json={"reason": "试完"})


def shelters(client: TestClient, of: dict[str, Any], **params: Any) -> dict[str, Any]:
    answer = client.get(f"{PATH}/{of['id']}/shelters", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def plan(client: TestClient, of: dict[str, Any], **body: Any) -> dict[str, Any]:
    answer = client.post(f"{PATH}/{of['id']}/plans", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def accept(client: TestClient, of: dict[str, Any], plan_id: int) -> Any:
    return client.post(f"{PATH}/{of['id']}/plans/{plan_id}/accept")


class TestShelters:
    def test_what_stands_against_each(self, admin: TestClient, of: dict[str, Any], place: dict[str, int]) -> None:
        got = shelters(admin, of)
        by = {i["id"]: i for i in got["items"]}
        why = {name: by[place[name]]["why_not"] for name in ("near", "far", "wet", "danger", "unfit", "unknown")}
        assert why["near"] == why["far"] == []
        assert why["wet"] == ["在水中，水深 ≥ 0.5 m"]
        assert why["danger"][0].endswith("m 有危险源")
        assert by[place["danger"]]["hazards"][0]["name"] == "油站"
        assert 150 < by[place["danger"]]["hazards"][0]["distance_m"] < 250
        assert why["unfit"] == ["登记为不可用于防汛"]
        assert why["unknown"] == ["没有登记容纳人数"]
        assert (got["total"], got["unusable"], got["free"]) == (6, 4, 150)
        assert shelters(admin, of, hazard_m=100)["unusable"] == 3

    def test_a_hazard_that_nobody_has_assessed_is_not_harmless_and_is_told(
        self, admin: TestClient, of: dict[str, Any], place: dict[str, int]
    ) -> None:
        def near() -> dict[str, Any]:
            return next(i for i in shelters(admin, of)["items"] if i["id"] == place["near"])

        assert near()["cautions"] == ["没有登记能否用于防汛"]
        beside = (east(2)[0] + 0.0003, AT[1])
        pond = add(
            admin, "tailings-pond", "未评尾矿库", beside, COUNTY, attributes={"capacity_m3": 800000, "dam_height_m": 45}
        )
        assert admin.get(f"/api/objects/{pond}").json()["grade"]["value"] == "none"
        low = add(admin, "filling-station", "低油站", beside, COUNTY, grade={"value": "low", "basis": "评估"})
        got = near()
        assert (got["usable"], got["why_not"], got["hazards"]) == (True, [], [])
        assert got["cautions"] == ["500 m 内另有未评定的危险源 1 处，没有排除", "没有登记能否用于防汛"]
        told = "用到的 1 处避难场所里，1 处 500 m 内有未评定的危险源，没有排除；1 处没有登记能否用于防汛，请核实"
        assert told in plan(admin, of, shelters=[place["near"]])["notes"]
        made = plan(admin, of)["notes"]
        assert (
            "用到的 2 处避难场所里，1 处 500 m 内有未评定的危险源，没有排除；2 处没有登记能否用于防汛，请核实" in made
        )
        for one in (pond, low):
            admin.delete(f"/api/objects/{one}", params={"reason": "试完"})
        assert near()["cautions"] == ["没有登记能否用于防汛"]

    def test_free_places_are_those_of_all_that_run_of_the_same_kind(
        self, admin: TestClient, of: dict[str, Any], place: dict[str, int]
    ) -> None:
        other, played = ordered(admin, place), order(admin, exercise=True)
        enter(admin, of, "sheltered", 30, shelter=place["near"])
        enter(admin, other, "sheltered", 20, shelter=place["near"])
        enter(admin, played, "sheltered", 7, shelter=place["near"])
        enter(admin, of, "returned", 10, shelter=place["near"])

        def free(one: dict[str, Any]) -> tuple[int, int]:
            got = next(i for i in shelters(admin, one)["items"] if i["id"] == place["near"])
            return got["occupied"], got["free"]

        assert free(of) == (40, 50)
        assert free(played) == (7, 83)
        warned = enter(admin, other, "sheltered", 55, shelter=place["near"])
        assert warned["warning"] == "已登记。这个避难场所容纳 90 人，现有 95 人，超出 5 人。"
        admin.post(f"{PATH}/{other['id']}/close", json={"reason": "结束"})
        assert free(of) == (20, 70)

    def test_who_is_in_a_shelter_that_nobody_named_is_counted_apart(
        self, admin: TestClient, of: dict[str, Any], place: dict[str, int]
    ) -> None:
        assert shelters(admin, of)["unnamed"] == 0
        other, played = ordered(admin, place), order(admin, exercise=True)
        enter(admin, of, "sheltered", 30)
        enter(admin, of, "returned", 4, origin="shelter")
        enter(admin, other, "sheltered", 5)
        enter(admin, of, "sheltered", 9, shelter=place["near"])
        enter(admin, of, "with_relatives", 8)
        enter(admin, of, "returned", 2, origin="relatives")
        enter(admin, played, "sheltered", 3)
        got = shelters(admin, of)
        assert (got["unnamed"], got["free"]) == (31, 141)
        assert shelters(admin, played)["unnamed"] == 3
        admin.post(f"{PATH}/{other['id']}/close", json={"reason": "结束"})
        assert shelters(admin, of)["unnamed"] == 26

    def test_what_the_reader_may_not_see_is_masked_and_counted(
        self, admin: TestClient, of: dict[str, Any], place: dict[str, int], make_account: Maker
    ) -> None:
        secret = add(admin, "shelter", "内部场所", east(20), COUNTY, attributes={"capacity": 11}, visibility="command")
        got = shelters(make_account("reader"), of)
        hidden = [i for i in got["items"] if i["id"] is None]
        assert len(hidden) == got["hidden"] == 1
        assert hidden[0]["capacity"] is None
        assert "内部场所" not in str(got)
        assert got["free"] == 161
        admin.delete(f"/api/objects/{secret}", params={"reason": "试完"})

    def test_the_water_is_the_newest_version_of_the_scenario(self, admin: TestClient, place: dict[str, int]) -> None:
        first = flood(admin, [(0.5, square(*AT, 300))])
        of = ordered(admin, {**place, "flood": first["id"]})
        assert next(i for i in shelters(admin, of)["items"] if i["id"] == place["near"])["usable"]
        second = flood(admin, [(0.7, square(*east(2), 200))], series=first["series"])
        got = shelters(admin, of)
        near = next(i for i in got["items"] if i["id"] == place["near"])
        assert (got["water"], near["why_not"]) == (second["id"], ["在水中，水深 ≥ 0.7 m"])
        admin.post(f"{PATH}/{of['id']}/close", json={"reason": "试完"})

    def test_a_plan_of_older_water_is_not_accepted(self, admin: TestClient, place: dict[str, int]) -> None:
        first = flood(admin, [(0.5, square(*AT, 300))])
        of = ordered(admin, {**place, "flood": first["id"]}, name="换水面")
        made = plan(admin, of)
        flood(admin, [(0.7, square(*AT, 320))], series=first["series"])
        assert refused(accept(admin, of, made["id"]), 409)["code"] == "changed"
        assert accept(admin, of, plan(admin, of)["id"]).status_code == 200
        admin.post(f"{PATH}/{of['id']}/close", json={"reason": "试完"})

    def test_where_a_village_is_is_told_as_far_as_the_reader_sees_it(
        self, admin: TestClient, of: dict[str, Any], place: dict[str, int], make_account: Maker
    ) -> None:
        def places(client: TestClient) -> list[dict[str, Any]]:
            return list(client.get(f"{PATH}/{of['id']}/places").json()["items"])

        first = places(admin)[0]
        assert first["village"] == of["villages"][0]["id"]
        assert (first["at"], first["rough"]) == (pytest.approx(AT, abs=1e-6), False)
        elsewhere = places(make_account("reader", areas=["360481"]))[0]
        assert elsewhere["rough"]
        assert elsewhere["at"] != pytest.approx(AT, abs=1e-4)
        refused(make_account("reader", tier="public").get(f"{PATH}/{of['id']}/places"), 403)


class TestPlan:
    def test_the_difference_to_the_plan_in_force(self, admin: TestClient, place: dict[str, int]) -> None:
        of = ordered(admin, place, name="换方案")
        first = plan(admin, of)
        assert first["diff"] == {"against": None, "rows": [], "same": 0}
        assert accept(admin, of, first["id"]).status_code == 200
        assert plan(admin, of)["diff"]["rows"] == []
        second = plan(admin, of, shelters=[place["far"]])["diff"]
        assert second["against"]["plan"] == first["id"]
        assert all(to["name"] == "场所far" for row in second["rows"] for to in row["after"])
        before = {to["name"] for row in second["rows"] for to in row["before"]}
        assert "场所near" in before
        # Of one that holds, the difference is to what held before it.
        assert admin.get(f"{PATH}/{of['id']}/plans/{first['id']}").json()["diff"]["against"] is None
        admin.post(f"{PATH}/{of['id']}/close", json={"reason": "试完"})

    def test_as_many_as_there_is_room_for_and_the_rest_is_said(
        self, admin: TestClient, of: dict[str, Any], place: dict[str, int]
    ) -> None:
        got = plan(admin, of)
        assert (got["persons"], got["short"], got["routing"]) == (150, 30, "straight_line")
        assert "直线" in got["notes"][0]
        to = {(v["name"], t["name"]): t["persons"] for v in got["villages"] for t in v["to"]}
        assert sum(to.values()) == 150
        assert sum(n for (_, s), n in to.items() if s == "场所near") == 90
        assert sum(v["short"] for v in got["villages"]) == 30
        assert all(v["why"] for v in got["villages"] if v["short"])
        line = next(t for v in got["villages"] if v["name"] == "圩边村" for t in v["to"] if t["name"] == "场所near")
        assert 900 < line["distance_m"] < 1100
        assert now(admin, of)["moved"] == 0  # a plan counts nobody

    def test_named_shelters_are_used_whatever_stands_near_but_never_in_the_water(
        self, admin: TestClient, of: dict[str, Any], place: dict[str, int]
    ) -> None:
        assert plan(admin, of, shelters=[place["danger"]])["short"] == 0
        for name in ("wet", "unknown", "v1"):
            said = refused(admin.post(f"{PATH}/{of['id']}/plans", json={"shelters": [place[name]]}))
            assert said["errors"][0]["field"] == "shelters.0"
        assert refused(admin.post(f"{PATH}/{of['id']}/plans", json={"shelters": []}))["code"] == "no_shelters"

    def test_a_plan_that_sends_his_own_villages_alone_is_still_one_for_the_others(
        self, admin: TestClient, place: dict[str, int], make_account: Maker
    ) -> None:
        villages = [
            {"name": "低洼村", "division": COUNTY, "to_move": 10, "object": place["v1"]},
            {"name": "外乡村", "division": "360481", "to_move": 5},
        ]
        of = admin.post(PATH, json={"name": "两地", "flood": place["flood"], "villages": villages}).json()
        one = plan(admin, of)
        assert [bool(v["to"]) for v in sorted(one["villages"], key=lambda v: v["name"])] == [True, False]
        said = refused(accept(make_account("editor", may=["dispatch"], areas=[COUNTY]), of, one["id"]), 403)["detail"]
        assert said.startswith("“外乡村”不在您的管理区域内，没有采纳")
        assert accept(admin, of, one["id"]).status_code == 200
        admin.post(f"{PATH}/{of['id']}/close", json={"reason": "试完"})

    def test_acceptance_is_one_act_of_a_commander(
        self, admin: TestClient, of: dict[str, Any], place: dict[str, int], make_account: Maker
    ) -> None:
        one, two = plan(admin, of), plan(admin, of)
        refused(accept(make_account("editor"), of, one["id"]), 403)
        refused(accept(make_account("editor", may=["dispatch"], areas=["360481"]), of, one["id"]), 403)
        codes: list[int] = []
        clients = [make_account("editor", may=["dispatch"]) for _ in range(4)]
        gate = threading.Barrier(4)

        def go(client: TestClient, plan_id: int) -> None:
            gate.wait()
            codes.append(accept(client, of, plan_id).status_code)

        threads = [
            threading.Thread(target=go, args=(c, p["id"])) for c, p in zip(clients, [one, two, one, two], strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(codes) == [200, 409, 409, 409]
        assert sum(p["accepted_at"] is not None for p in admin.get(f"{PATH}/{of['id']}/plans").json()["items"]) == 1
        got = now(admin, of)
        assert sum(a["persons"] for v in got["villages"] for a in v["assigned"]) == 150
        said = [e["what"] for e in admin.get("/api/rescue/log?kind=转移").json()["items"]]
        placed = "转移，150 人到 2 处避难场所，还缺 30 个位置"
        made = {f"算出安置方案 {p['id']}：{placed}，未采纳" for p in (one, two)}
        assert made < set(said)
        assert sum(s in {f"采纳安置方案 {p['id']}：{placed}" for p in (one, two)} for s in said) == 1

    def test_places_that_are_promised_or_gone_are_not_given_twice(
        self, admin: TestClient, of: dict[str, Any], place: dict[str, int]
    ) -> None:
        other = ordered(admin, place, (60, 0))
        first, second = plan(admin, of), plan(admin, other)
        assert accept(admin, of, first["id"]).status_code == 200
        assert refused(accept(admin, other, second["id"]), 409)["code"] == "no_room"
        got = plan(admin, other)
        assert (got["persons"], got["short"]) == (0, 60)
        assert refused(accept(admin, other, got["id"]))["code"] == "empty_plan"
        # Who came from the village itself meanwhile does not stand in its own way.
        again = plan(admin, of)
        enter(admin, of, "sheltered", 40, shelter=place["near"])
        assert accept(admin, of, again["id"]).status_code == 200
        admin.post(f"{PATH}/{other['id']}/close", json={"reason": "试完"})

    def test_a_village_that_nobody_can_place_is_said(self, admin: TestClient, place: dict[str, int]) -> None:
        nowhere = order(admin, [("无处村", COUNTY, 5)], flood=place["flood"])
        got = plan(admin, nowhere)
        assert got["villages"][0]["why"].startswith("不知道村在哪里")
        assert got["short"] == 5
        admin.post(f"{PATH}/{nowhere['id']}/close", json={"reason": "试完"})
        refused(admin.post(f"{PATH}/{nowhere['id']}/plans", json={}), 409)
        assert send(admin, nowhere, "sheltered", 1).status_code == 409
