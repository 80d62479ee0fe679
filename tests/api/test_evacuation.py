"""Evacuations: counts by the rulebook's equations whatever comes in which order; refused with the numbers."""

import random
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.admission import load_towns
from tests.api.evacuation import OTHER, VILLAGE, enter, holds, key, now, order, send
from tests.api.rescue import HERE, add, flood, square
from tests.api.test_bad_input import refused

from riskmap.base import clock

Maker = Callable[..., TestClient]
PATH = "/api/rescue/evacuations"


@pytest.fixture(scope="module", autouse=True)
def divisions(app: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))


@pytest.fixture
def commander(make_account: Maker) -> TestClient:
    return make_account("editor", may=["dispatch"])


class TestCounting:
    def test_the_rulebooks_example(self, admin: TestClient) -> None:
        of = order(admin)
        enter(admin, of, "sheltered", 188)
        enter(admin, of, "with_relatives", 96)
        got = now(admin, of)
        for counts in (got, got["villages"][0]):
            assert {k: counts[k] for k in ("to_move", "moved", "sheltered", "with_relatives", "left", "returned")} == {
                "to_move": 312, "moved": 284, "sheltered": 188, "with_relatives": 96, "left": 28, "returned": 0,
            }  # fmt: skip
        enter(admin, of, "returned", 8, origin="shelter")
        enter(admin, of, "returned", 4, origin="relatives")
        enter(admin, of, "returned", 3)
        got = now(admin, of)
        assert (got["moved"], got["left"], got["returned"], got["in_shelters"]) == (284, 28, 15, 180)
        assert (got["returned_from_shelters"], got["returned_from_relatives"]) == (8, 4)

    def test_villages_add_up_and_the_picture_of_a_minute_stays(self, admin: TestClient) -> None:
        of = order(admin, [("甲村", VILLAGE, 100), ("乙村", OTHER, 50)])
        enter(admin, of, "sheltered", 40)
        between = clock.now().isoformat()
        enter(admin, of, "with_relatives", 50, village=1)
        got = now(admin, of)
        assert (got["to_move"], got["moved"], got["left"]) == (150, 90, 60)
        assert [v["moved"] for v in got["villages"]] == [40, 50]
        assert now(admin, of, at=between)["moved"] == 40
        listed = admin.get(PATH).json()["items"][0]
        assert (listed["id"], listed["villages"], listed["moved"]) == (of["id"], 2, 90)
        assert of["id"] not in {i["id"] for i in admin.get(PATH, params={"exercise": "true"}).json()["items"]}

    def test_sent_twice_is_sent_once(self, admin: TestClient) -> None:
        of = order(admin)
        first = enter(admin, of, "sheltered", 5, key="once")
        again = send(admin, of, "sheltered", 5, key="once")
        assert again.status_code == 200
        assert again.json()["id"] == first["id"]
        assert now(admin, of)["moved"] == 5
        assert refused(send(admin, of, "sheltered", 6, key="once"), 409)["code"] == "key_used"
        other = order(admin)
        assert enter(admin, other, "sheltered", 5, key="once")["id"] != first["id"]

    def test_a_correction_stands_in_place_of_what_it_corrects(self, admin: TestClient) -> None:
        of = order(admin)
        enter(admin, of, "sheltered", 50, key="a")
        enter(admin, of, "with_relatives", 5, key="b", cancels="a")
        assert now(admin, of)["sheltered"] == 0
        assert now(admin, of)["with_relatives"] == 5
        assert refused(send(admin, of, "sheltered", 1, cancels="a"), 409)["code"] == "corrected"
        assert refused(send(admin, of, "sheltered", 1, cancels="not-come"), 409)["code"] == "not_yet"
        enter(admin, of, "with_relatives", 0, cancels="b")
        assert now(admin, of)["moved"] == 0
        items = admin.get(f"{PATH}/{of['id']}/entries").json()["items"]
        assert [(i["persons"], i["cancelled"]) for i in items] == [(0, False), (5, True), (50, True)]
        assert "撤销“投亲靠友 5 人”" in admin.get("/api/rescue/log?kind=转移").json()["items"][0]["what"]


class TestRefusals:
    def test_more_than_have_to_leave(self, admin: TestClient) -> None:
        of = order(admin)
        enter(admin, of, "sheltered", 310)
        said = refused(send(admin, of, "with_relatives", 5), 409)
        assert said["code"] == "over_to_move"
        assert said["detail"].startswith(
            "示例村应转 312 人，已转 310 人；照报上来的已转成为 315，比应转多 3 人，没有记。"
        )
        assert (said["now"]["moved"], said["now"]["left"]) == (310, 2)
        assert now(admin, of)["moved"] == 310
        enter(admin, of, "with_relatives", 5, force_to_move=True)
        got = now(admin, of)
        assert (got["to_move"], got["moved"], got["left"]) == (315, 315, 0)
        said_by_log = [e["what"] for e in admin.get("/api/rescue/log?kind=转移").json()["items"][:2]]
        assert "应转增加 3 人" in said_by_log[1]
        enter(admin, order(admin), "sheltered", 10, force_to_move=True)  # nothing is raised without need

    def test_more_returned_than_moved_and_less_ordered_than_moved(self, admin: TestClient) -> None:
        of = order(admin)
        said = refused(send(admin, of, "returned", 3), 409)
        assert (said["code"], "返回比已转多 3 人" in said["detail"]) == ("over_moved", True)
        enter(admin, of, "sheltered", 10, key="s")
        enter(admin, of, "with_relatives", 2)
        assert refused(send(admin, of, "returned", 3, origin="relatives"), 409)["code"] == "over_relatives"
        assert refused(send(admin, of, "returned", 11, origin="shelter"), 409)["code"] == "over_sheltered"
        enter(admin, of, "returned", 10, origin="shelter")
        assert refused(send(admin, of, "sheltered", 0, cancels="s"), 409)["code"] == "over_moved"
        said = refused(send(admin, of, "to_move_change", -301), 409)
        assert said["code"] == "below_moved"
        assert "应转由 312 改为 11，比已转少 1 人" in said["detail"]
        enter(admin, of, "to_move_change", -300)
        assert now(admin, of)["left"] == 0

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"persons": 0}, "persons"), ({"persons": -1}, "persons"), ({"persons": 1.5}, "persons"),
            ({"kind": "gone"}, "kind"), ({"key": "空 格"}, "key"), ({"shelter": 987654}, "shelter"),
            ({"at": "2099-01-01T00:00:00+08:00"}, "at"), ({"origin": "shelter"}, "origin"), ({"colour": 1}, "colour"),
            ({"kind": "with_relatives", "shelter": 1}, "shelter"),
        ],
    )  # fmt: skip
    def test_a_wrong_entry(self, admin: TestClient, change: dict[str, Any], field: str) -> None:
        of = order(admin)
        said = refused(send(admin, of, **{"kind": "sheltered", "persons": 1, **change}))
        assert field in {e["field"] for e in said["errors"]}

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"villages": []}, "villages"), ({"name": " "}, "name"), ({"level": "马上"}, "level"),
            ({"villages": [{"name": "甲村", "division": "999999999999", "to_move": 1}]}, "villages.0.division"),
            ({"villages": [{"name": "甲村", "division": VILLAGE, "to_move": -1}]}, "villages.0.to_move"),
            ({"villages": [{"name": "甲村", "division": VILLAGE, "to_move": 1}] * 2}, "villages.1.name"),
            ({"villages": [{"name": "甲", "division": VILLAGE, "to_move": 1, "shelter": 9876}]}, "villages.0.shelter"),
        ],
    )  # fmt: skip
    def test_a_wrong_order(self, admin: TestClient, change: dict[str, Any], field: str) -> None:
        body = {"name": "例", "villages": [{"name": "甲村", "division": VILLAGE, "to_move": 1}], **change}
        said = refused(admin.post(PATH, json=body))
        assert field in {e["field"] for e in said["errors"]}

    def test_after_the_end_only_what_was_before_it_comes_in(self, admin: TestClient) -> None:
        of = order(admin)
        before = clock.now().isoformat()
        closed = admin.post(f"{PATH}/{of['id']}/close", json={"reason": "水退"})
        assert closed.status_code == 200
        assert closed.json()["keep_days"] == 30
        enter(admin, of, "sheltered", 3, at=before)
        assert refused(send(admin, of, "sheltered", 3), 409)["code"] == "closed"
        refused(admin.post(f"{PATH}/{of['id']}/close", json={"reason": "再结束"}), 409)
        refused(admin.post(f"{PATH}/{of['id']}/villages", json={"villages": []}))

    def test_of_several_who_add_the_same_village_at_once_one_does_and_the_others_are_told(
        self, commander: TestClient
    ) -> None:
        of = order(commander)
        body = {"villages": [{"name": "乙村", "division": OTHER, "to_move": 7}]}
        answers: list[Any] = []
        gate = threading.Barrier(4)

        def go() -> None:
            gate.wait()
            answers.append(commander.post(f"{PATH}/{of['id']}/villages", json=body))

        threads = [threading.Thread(target=go) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(a.status_code for a in answers) == [201, 422, 422, 422]
        for answer in answers:
            if answer.status_code != 201:
                assert refused(answer)["errors"][0]["code"] == "duplicate"
        assert [v["name"] for v in now(commander, of)["villages"]] == ["示例村", "乙村"]


class TestWho:
    def test_orders_are_a_commanders_and_entries_an_editors_of_the_area(
        self, admin: TestClient, client: TestClient, commander: TestClient, make_account: Maker
    ) -> None:
        body = {"name": "例", "villages": [{"name": "甲村", "division": VILLAGE, "to_move": 10}]}
        assert client.post(PATH, json=body).status_code in {401, 403}
        refused(make_account("editor").post(PATH, json=body), 403)
        refused(make_account("reader", may=["dispatch"]).post(PATH, json=body), 403)
        far = make_account("editor", may=["dispatch"], areas=["360481"])
        refused(far.post(PATH, json=body), 403)
        of = commander.post(PATH, json=body).json()
        officer = make_account("editor", areas=[VILLAGE])
        enter(officer, of, "sheltered", 2)
        assert "管理区域" in refused(send(make_account("editor", areas=[OTHER]), of, "sheltered", 2), 403)["detail"]
        refused(send(make_account("reader"), of, "sheltered", 2), 403)
        assert make_account("reader", "public").get(PATH).status_code == 403
        got = now(officer, of)["villages"][0]
        assert (got["may_enter"], got["may_see_households"]) == (True, True)

    def test_who_does_not_have_all_its_villages_in_his_areas_does_not_end_it(
        self, admin: TestClient, make_account: Maker
    ) -> None:
        of = order(admin, [("甲村", VILLAGE, 10), ("乙村", OTHER, 10)])
        households = f"{PATH}/{of['id']}/villages/{of['villages'][0]['id']}/households"
        assert admin.post(households, json={"householder": "张三", "persons": 2}).status_code == 201
        day = admin.get(households).json()["items"][0]["delete_on"]
        close = {"reason": "误", "keep_days": 1}
        for areas, named in (([OTHER], "“甲村”"), (["360481"], "“甲村”、“乙村”")):
            one = make_account("editor", may=["dispatch"], areas=areas)
            assert now(one, of)["yours"] is False
            said = refused(one.post(f"{PATH}/{of['id']}/close", json=close), 403)["detail"]
            assert said.startswith(f"{named}不在您的管理区域内，没有结束")
        assert now(admin, of)["closed_at"] is None
        assert admin.get(households).json()["items"][0]["delete_on"] == day
        both = make_account("editor", may=["dispatch"], areas=["360402"])
        assert now(both, of)["yours"] is True
        assert both.post(f"{PATH}/{of['id']}/close", json=close).json()["closed_by"]
        got = now(make_account("reader"), of)["villages"][0]
        assert (got["may_enter"], got["may_see_households"]) == (False, False)

    def test_an_exercise_follows_its_flood_and_stays_apart(self, admin: TestClient) -> None:
        played = flood(admin, [(0.5, square(*HERE, 300))], exercise=True)
        assert order(admin, flood=played["id"])["exercise"] is True
        body = {"name": "例", "flood": played["id"], "exercise": False}
        body |= {"villages": [{"name": "甲村", "division": VILLAGE, "to_move": 10}]}
        assert refused(admin.post(PATH, json=body))["errors"][0]["field"] == "flood"
        ids = {i["id"] for i in admin.get(PATH, params={"exercise": "true"}).json()["items"]}
        assert ids
        assert not ids & {i["id"] for i in admin.get(PATH).json()["items"]}

    def test_a_flood_proposes_the_homes_in_it(self, admin: TestClient, make_account: Maker) -> None:
        at = (115.93, 29.63)
        home = add(admin, "village", "水边村", at, "360402", attributes={"residents": 120}, visibility="command")
        add(admin, "village", "无数村", (at[0] + 0.0005, at[1]), "360402", attributes={})
        water = flood(admin, [(0.5, square(*at, 200))])
        got = admin.post(f"{PATH}/propose", json={"flood": water["id"]}).json()
        assert [(v["name"], v["to_move"], v["object"]) for v in got["villages"] if v["object"] == home] == [
            ("水边村", 120, home)
        ]
        assert next(v for v in got["villages"] if v["name"] == "无数村")["to_move"] is None
        assert (got["persons"], got["unknown"], got["hidden"]) == (120, 1, 0)
        got = make_account("editor").post(f"{PATH}/propose", json={"flood": water["id"]}).json()
        assert [v["name"] for v in got["villages"]] == ["无数村"]
        assert (got["persons"], got["hidden"], got["hidden_persons"]) == (120, 1, 120)

    def test_thousands_are_set_apart_in_every_sentence(self, admin: TestClient) -> None:
        of = order(admin, [("大村", VILLAGE, 3836)])
        enter(admin, of, "sheltered", 1200)
        said = refused(send(admin, of, "sheltered", 3000), 409)["detail"]
        assert "应转 3,836 人，已转 1,200 人；照报上来的已转成为 4,200，比应转多 364 人" in said
        [wrong] = refused(send(admin, of, "sheltered", 1_000_001))["errors"]
        assert wrong["message"] == "人数：不能大于 1,000,000"

    def test_what_lies_beside_the_water_is_proposed_apart(self, admin: TestClient, make_account: Maker) -> None:
        at = (115.83, 29.63)
        wet = add(admin, "village", "水里村", at, "360402", attributes={"residents": 12})
        by = (at[0], at[1] + 230 / 111_000)
        beside = add(admin, "village", "水旁村", by, "360402", attributes={"residents": 7}, visibility="command")
        water = flood(admin, [(0.5, square(*at, 200))])

        def proposed(client: TestClient, **more: Any) -> tuple[list[Any], list[Any], int, int]:
            got = client.post(f"{PATH}/propose", json={"flood": water["id"], **more}).json()
            return (
                [v["object"] for v in got["villages"]],
                [v["object"] for v in got["near"]],
                got["near_hidden"],
                got["persons"],
            )

        assert proposed(admin) == ([wet], [beside], 0, 12)
        assert proposed(admin, margin_m=10) == ([wet], [], 0, 12)
        assert proposed(make_account("editor")) == ([wet], [], 1, 12)

    def test_what_is_wrong_with_an_order_names_the_village(self, admin: TestClient) -> None:
        listed = [{"name": n, "division": "360402", "to_move": 3} for n in ("甲村", "乙村", "乙村")]
        said = refused(admin.post(PATH, json={"name": "例", "villages": listed}))
        assert said["detail"] == "“乙村”有误，没有下达，请改正后再下达"
        assert [e["field"] for e in said["errors"]] == ["villages.2.name"]


def test_the_equations_hold_after_a_thousand_entries_of_several_users_in_any_order(
    admin: TestClient, make_account: Maker
) -> None:
    """Five officers at once; a third of what they enter is kept back as by a broken line, mixed up and sent later, a
    tenth is sent twice, some of it correct what may not have come yet. What clashes is tried again at the end."""
    villages = [("甲村", VILLAGE, 1500), ("乙村", OTHER, 800), ("丙村", "360402001003", 100)]
    of = order(admin, villages)
    clients = [make_account("editor") for _ in range(5)]
    taken: list[dict[str, Any]] = []
    lock = threading.Lock()

    def made(random_: random.Random, keys: list[tuple[int, str]]) -> dict[str, Any]:
        village = random_.randrange(3)
        kind = random_.choices(["sheltered", "with_relatives", "returned", "to_move_change"], [5, 4, 3, 1])[0]
        persons = random_.randint(1, 12) * (random_.choice([1, -1]) if kind == "to_move_change" else 1)
        body: dict[str, Any] = {
            "village": of["villages"][village]["id"],
            "kind": kind,
            "persons": persons,
            "key": key(),
        }
        if kind == "returned":
            body["origin"] = random_.choice(["shelter", "relatives", None])
        if kind in {"sheltered", "with_relatives"} and random_.random() < 0.05:
            body["force_to_move"] = True
        mine = [k for v, k in keys if v == village]
        if mine and random_.random() < 0.1:
            body |= {"cancels": random_.choice(mine), "persons": 0 if random_.random() < 0.5 else persons}
        keys.append((village, body["key"]))
        return body

    def work(n: int, client: TestClient) -> None:
        random_, keys, waiting = random.Random(n), [], []

        def post(body: dict[str, Any]) -> bool:
            answer = client.post(f"{PATH}/{of['id']}/entries", json=body)
            assert answer.status_code in {200, 201, 409}, answer.text
            if answer.status_code == 409:
                assert any(c.isdigit() for c in answer.json()["detail"]) or answer.json()["code"] in {
                    "not_yet",
                    "corrected",
                }
                return False
            holds(answer.json()["counts"])
            with lock:
                if answer.status_code == 201:
                    taken.append(answer.json() | {"force": body.get("force_to_move", False)})
            return True

        for _ in range(200):
            body = made(random_, keys)
            if random_.random() < 0.33 or not post(body):
                waiting.append(body)
            elif random_.random() < 0.1:
                assert post(body)  # again
        random_.shuffle(waiting)
        for body in waiting:
            if post(body) and random_.random() < 0.1:
                assert post(body)

    threads = [threading.Thread(target=work, args=(n, c)) for n, c in enumerate(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(taken) > 400
    assert len({t["key"] for t in taken}) == len(taken)
    # Counted once more here, from what was taken, entry by entry.
    entries = admin.get(f"{PATH}/{of['id']}/entries", params={"limit": 5000}).json()["items"]
    assert {t["id"] for t in taken} <= {e["id"] for e in entries}
    gone = {e["cancels"] for e in entries}
    got = now(admin, of)
    for (_, _, ordered), village in zip(villages, sorted(got["villages"], key=lambda v: v["id"]), strict=True):
        own = [e for e in entries if e["village"] == village["id"] and e["key"] not in gone]

        def total(kind: str, own: list[dict[str, Any]] = own, **more: Any) -> int:
            return sum(e["persons"] for e in own if e["kind"] == kind and all(e[k] == v for k, v in more.items()))

        want = {
            "to_move": ordered + total("to_move_change"), "sheltered": total("sheltered"),
            "with_relatives": total("with_relatives"), "moved": total("sheltered") + total("with_relatives"),
            "returned": total("returned"), "returned_from_shelters": total("returned", origin="shelter"),
            "returned_from_relatives": total("returned", origin="relatives"),
        }  # fmt: skip
        assert {k: village[k] for k in want} == want
        holds(village)
    holds(got)
    for name in ("to_move", "moved", "left", "returned"):
        assert got[name] == sum(v[name] for v in got["villages"])
    # The log has each that was taken, once.
    since = (clock.now() - timedelta(hours=1)).isoformat()
    logged, before = 0, None
    while True:
        page = admin.get(
            "/api/rescue/log",
            params={"kind": "转移", "since": since, "limit": 500, **({"before": before} if before else {})},
        ).json()
        logged += sum(1 for e in page["items"] if (e["body"] or {}).get("entry") in {t["id"] for t in taken})
        before = page["next"]
        if before is None:
            break
    assert logged == len(taken)
