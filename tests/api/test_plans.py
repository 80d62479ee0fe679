"""The plan: who goes where and why, changed by hand, made anew with its difference, accepted once; orders and calls."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pypdfium2
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.api.dispatch import accept, get, incident, place, plan, post, sent, set_free, team
from tests.api.rescue import add, flood, square
from tests.api.test_bad_input import refused

from riskmap.access.reader import SYSTEM
from riskmap.base import clock, database
from riskmap.rescue import imprint

Maker = Callable[..., TestClient]


@pytest.fixture(scope="module")
def commander(make_account: Maker) -> TestClient:
    return make_account("editor", may=["dispatch"])


@pytest.fixture(scope="module")
def fleet(admin: TestClient) -> dict[str, int]:
    """Two with boats, one with a pump; far from everybody else's."""
    return {
        "east": team(admin, "例东艇队", place(102, 0), boats=1, wading_depth_cm=60),
        "west": team(admin, "例西艇队", place(98, 0), boats=1),
        "pump": team(admin, "例泵队", place(100, 1), skills="drain", pumps_m3h=500),
    }


@pytest.fixture(autouse=True)
def clean(app: Any) -> Iterator[None]:
    """Every test begins with teams that are free: rows are only added to, but by the owner of the tests."""
    yield
    set_free(app)


def two(admin: TestClient, **more: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Trapped in the east and in the west."""
    east = incident(admin, place(101.5), trapped=4, needs=["boat"], name="东村", **more)
    west = incident(admin, place(98.5), trapped=3, needs=["boat"], name="西村", **more)
    return east, west


def of(fleet: dict[str, int]) -> list[int]:
    return list(fleet.values())


def order_of(client: TestClient, given: dict[str, Any]) -> dict[str, Any]:
    """An order as it stands now."""
    return next(o for o in get(client, "orders", incident=given["incident"])["items"] if o["id"] == given["id"])


class TestPlan:
    def test_each_goes_where_it_is_soonest_and_says_why(self, admin: TestClient, fleet: dict[str, int]) -> None:
        east, west = two(admin)
        wet = incident(admin, place(100, 2), kind="积水排涝", trapped=0, needs=["pump"])
        made = plan(admin, east, west, wet, teams=of(fleet))
        assert sent(made) == {fleet["east"]: east["id"], fleet["west"]: west["id"], fleet["pump"]: wet["id"]}
        assert (made["optimal"], made["accepted"], made["routing"]) == (True, False, "straight_line")
        assert made["routing_notes"]
        by_team = {a["team"]: a for a in made["assignments"]}
        assert "最快；其次“例西艇队”" in by_team[fleet["east"]]["why"]
        assert "艇 1 艘，一趟 6 人，被困 4 人" in by_team[fleet["east"]]["why"]
        assert "唯一有泵" in by_team[fleet["pump"]]["why"]
        assert made["assignments"][0]["incident"] == east["id"]  # the urgent one first
        assert made["unreachable"] == []
        assert get(admin, "teams")["by_status"]["出动"] == 0  # a proposal sends nobody
        newest = get(admin, "log", kind="调度")["items"][0]
        assert newest["what"] == f"新拟方案稿 {made['id']}：派 3 支，没有队伍的险情 0 处，未采纳"

    def test_who_cannot_be_served_says_why(self, admin: TestClient, fleet: dict[str, int]) -> None:
        many = incident(admin, place(101.5), trapped=20, needs=["boat"])
        gas = incident(admin, place(100), needs=["gas"])
        third = incident(admin, place(100, 3), trapped=1, kind="其他", needs=["pump"])
        fourth = incident(admin, place(100, 4), trapped=0, kind="其他", needs=["pump"])
        made = plan(admin, many, gas, third, fourth, teams=of(fleet))
        why = {u["incident"]: u["code"] for u in made["unreachable"]}
        assert why == {gas["id"]: "no_skill", fourth["id"]: "no_team"}
        assert [a["incident"] for a in made["assignments"]].count(many["id"]) == 2  # one boat is too small
        [short] = made["short"]
        assert (short["incident"], short["seats"]) == (many["id"], 8)
        none = plan(admin, many, teams=[])
        assert (none["assignments"], none["unreachable"][0]["code"]) == ([], "no_team")

    def test_an_exercise_and_what_is_over_are_refused_and_so_is_nobody(
        self, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, _ = two(admin)
        drill = incident(admin, place(101.5), exercise=True)
        ids = {"incidents": [east["id"], drill["id"]]}
        said = refused(admin.post("/api/rescue/plans", json=ids))
        assert said["errors"][0]["message"] == "没有险情 演1，请刷新后再选"
        post(admin, f"incidents/{east['id']}/close", {"version": 1, "result": "救出"}, 200)
        assert (
            "已结束"
            in refused(admin.post("/api/rescue/plans", json={"incidents": [east["id"]]}))["errors"][0]["message"]
        )
        refused(admin.post("/api/rescue/plans", json={"incidents": []}))
        refused(admin.post("/api/rescue/plans", json={"incidents": [drill["id"]], "exercise": True, "teams": [2**60]}))
        real = flood(admin, [(0.5, square(*place(101.5), 300))])
        body = {"incidents": [drill["id"]], "exercise": True, "flood": real["id"]}
        assert refused(admin.post("/api/rescue/plans", json=body))["errors"][0]["field"] == "flood"
        refused(admin.get("/api/rescue/plans/999999999"), 404)

    def test_changed_by_hand_shows_what_it_means_and_accepts_nothing(
        self, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        made = plan(admin, east, west, teams=of(fleet))
        body = {"team": fleet["east"], "incident": west["id"]}
        other = post(admin, f"plans/{made['id']}/change", body)
        assert sent(other) == {fleet["east"]: west["id"], fleet["west"]: west["id"]}
        rows = {r["incident"]: r for r in other["diff"]["rows"]}
        assert (rows[east["id"]]["what"], rows[west["id"]]["what"]) == ("lost", "other_team")
        assert rows[east["id"]]["words"].startswith("例东艇队（")
        assert rows[east["id"]]["words"].endswith(" → 没有队伍")
        assert [u["why"].split("；")[0] for u in other["unreachable"]] == ["手工调整后没有队伍来"]
        assert (other["parent"], other["accepted"]) == (made["id"], False)
        assert "手工指定" in next(a["why"] for a in other["assignments"] if a["team"] == fleet["east"])
        again = post(admin, f"plans/{other['id']}/replan", {})
        assert sent(again)[fleet["east"]] == west["id"]  # kept
        assert sent(again)[fleet["west"]] == east["id"]  # the rest is solved round it
        free = post(admin, f"plans/{other['id']}/replan", {"keep_pins": False})
        assert sent(free) == sent(made)
        refused(admin.post(f"/api/rescue/plans/{made['id']}/change", json=body | {"incident": 999999}))
        refused(admin.post(f"/api/rescue/plans/{made['id']}/change", json=body | {"incident": east["id"]}))

    def test_one_team_is_put_in_place_of_another(self, admin: TestClient, fleet: dict[str, int]) -> None:
        east, _ = two(admin)
        made = plan(admin, east, teams=of(fleet))
        assert sent(made) == {fleet["east"]: east["id"]}
        body = {"team": fleet["west"], "incident": east["id"], "instead_of": fleet["east"]}
        other = post(admin, f"plans/{made['id']}/change", body)
        assert sent(other) == {fleet["west"]: east["id"]}
        assert {"team": fleet["east"], "incident": east["id"], "barred": True} in [
            {k: p[k] for k in ("team", "incident", "barred")} for p in other["pins"]
        ]
        assert sent(post(admin, f"plans/{other['id']}/replan", {})) == {fleet["west"]: east["id"]}  # kept
        for wrong in ({"instead_of": fleet["pump"]}, {"instead_of": fleet["west"]}):
            answer = admin.post(f"/api/rescue/plans/{made['id']}/change", json=body | wrong)
            assert refused(answer)["errors"][0]["field"] == "instead_of"

    def test_who_may_be_sent_is_told_with_what_it_lacks(self, admin: TestClient, fleet: dict[str, int]) -> None:
        lon, lat = place(101.5)
        ask = {"lon": lon, "lat": lat, "need": ["boat", "drain"], "limit": 200}
        assert get(admin, "teams/nearest", **ask)["items"] == []
        told = {t["id"]: t for t in get(admin, "teams/nearest", **ask, others=True)["items"]}
        assert [told[fleet[n]]["lacks"] for n in ("east", "pump")] == [["排涝"], ["艇"]]
        # What lacks nothing comes before what is nearer.
        first = get(admin, "teams/nearest", **ask | {"need": ["drain"]}, others=True)["items"][0]
        assert (first["id"], first["lacks"]) == (fleet["pump"], [])

    def test_made_anew_after_a_team_reports_and_the_difference_is_right(
        self, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        made = plan(admin, east, west, teams=of(fleet))
        post(admin, f"teams/{fleet['east']}/status", {"status": "休整"})
        seen = get(admin, f"plans/{made['id']}")
        assert [s.split("（")[0] for s in seen["since"]] == ["例东艇队报休整"]
        anew = post(admin, f"plans/{made['id']}/replan", {})
        assert sent(anew) == {fleet["west"]: east["id"]}  # one boat: the more urgent
        assert anew["causes"] == seen["since"]
        rows = {r["incident"]: r["what"] for r in anew["diff"]["rows"]}
        assert rows == {east["id"]: "other_team", west["id"]: "lost"}
        assert [o["why"] for o in anew["left_out"] if o["team"] == fleet["east"]] == ["现为休整"]

    def test_what_was_set_by_hand_and_holds_no_more_is_told_once(
        self, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        gone = team(admin, "例待撤艇队", place(101.7), boats=1)
        made = plan(admin, east, west)

        def by_hand(upon: dict[str, Any], which: int, where: dict[str, Any]) -> dict[str, Any]:
            return post(admin, f"plans/{upon['id']}/change", {"team": which, "incident": where["id"]})

        def told(one: dict[str, Any]) -> list[tuple[str, int, str]]:
            return [(x["team_name"], x["incident"], x["why"]) for x in one["lapsed"]]

        set_ = by_hand(by_hand(made, fleet["pump"], west), gone, west)
        assert told(set_) == []
        # The incident went into another: what was set goes with it.
        body = {n: west[n] for n in ("kind", "needs", "place", "trapped", "name")}
        body |= {"version": 1, "others": [{"incident": west["id"], "version": 1}]}
        post(admin, f"incidents/{east['id']}/merge", body, 200)
        north = incident(admin, place(100, 3), kind="积水排涝", trapped=0, needs=["pump"], name="北村")
        merged = post(admin, f"plans/{set_['id']}/replan", {"incidents": [east["id"], north["id"]]})
        assert told(merged) == []
        assert {sent(merged)[fleet["pump"]], sent(merged)[gone]} == {east["id"]}
        # The one is struck off, the other rests: each is told with why, in the next plan alone.
        assert admin.delete(f"/api/objects/{gone}", params={"reason": "撤并"}).status_code == 200
        post(admin, f"teams/{fleet['pump']}/status", {"status": "休整"})
        anew = post(admin, f"plans/{merged['id']}/replan", {})
        assert told(anew) == [("例泵队", east["id"], "现为休整"), ("例待撤艇队", east["id"], "队伍已注销")]
        assert get(admin, "log", kind="调度")["items"][0]["what"].endswith("，手工指定不再有效 2 项，未采纳")
        assert told(post(admin, f"plans/{anew['id']}/replan", {})) == []
        # Over.
        set_ = by_hand(anew, fleet["west"], north)
        post(admin, f"incidents/{north['id']}/close", {"version": 1, "result": "排完"}, 200)
        assert told(post(admin, f"plans/{set_['id']}/replan", {})) == [("例西艇队", north["id"], "险情已结束")]

    def test_a_proposal_is_told_against_the_orders_that_run(
        self, admin: TestClient, commander: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        made = plan(admin, east, west, teams=of(fleet))
        assert [r["what"] for r in made["against"]["rows"]] == ["gained", "gained"]
        assert (made["against"]["both"], made["against"]["before_s"]) == (0, 0)
        accepted = accept(commander, made)
        assert accepted["against"] is None
        there = next(o for o in accepted["orders"] if o["incident"] == west["id"])
        post(commander, f"orders/{there['id']}/marks", {"what": "arrival"})
        # A proposal by hand upon the accepted one, and another upon that: each is told against what runs.
        north = incident(admin, place(100, 2), trapped=40, needs=["boat"], name="北村", depth_m=2)
        anew = post(admin, f"plans/{made['id']}/replan", {"incidents": [east["id"], west["id"], north["id"]]})
        rows = {r["incident"]: r for r in anew["against"]["rows"]}
        assert rows[west["id"]]["what"] == "same"  # who has arrived stays, and is no loss
        assert rows[west["id"]]["words"] == "例西艇队（已到达），不变"
        assert {r["incident"]: r["what"] for r in anew["diff"]["rows"]}[west["id"]] == "same"
        assert sent(anew) == {fleet["east"]: north["id"]}
        assert (rows[east["id"]]["what"], rows[north["id"]]["what"]) == ("lost", "gained")
        assert anew["against"]["both"] == 1
        by_hand = post(admin, f"plans/{anew['id']}/change", {"team": fleet["east"], "incident": east["id"]})
        rows = {r["incident"]: r for r in by_hand["against"]["rows"]}
        assert (rows[east["id"]]["what"], rows[north["id"]]["what"]) == ("same", "same")
        assert by_hand["against"]["both"] == 2
        assert by_hand["against"]["before_s"] == by_hand["against"]["after_s"] > 0

    def test_who_is_taken_from_another_plans_incident_is_missed_there(
        self, admin: TestClient, commander: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        accept(commander, plan(admin, east, west, teams=of(fleet)))
        north = incident(admin, place(100, 2), trapped=40, needs=["boat"], name="北村", depth_m=2)
        taken = plan(admin, north, teams=[fleet["east"]])
        rows = {r["incident"]: r for r in taken["against"]["rows"]}
        assert {i: r["what"] for i, r in rows.items()} == {north["id"]: "gained", east["id"]: "lost"}
        assert rows[east["id"]]["incident_name"] == "东村"

    def test_of_a_team_that_has_said_where_it_is_the_rest_of_its_way_counts(
        self, app: Any, admin: TestClient, commander: TestClient, fleet: dict[str, int]
    ) -> None:
        east, _ = two(admin)
        made = plan(admin, east, teams=[fleet["east"]])
        [given] = accept(commander, made)["orders"]
        told = {"team": fleet["east"]}
        with database.write(app.state.engine, SYSTEM.settings(write=True)) as connection:
            connection.execute(
                text(
                    "INSERT INTO rescue_team_status (team_id, status, at, by, how, geom) SELECT id, '在途',"
                    " clock_timestamp() + interval '4 s', 'test', 'api', anchor FROM risk_object WHERE id = :team"
                ),
                told,
            )
        anew = post(admin, f"plans/{made['id']}/replan", {})
        [before] = anew["against"]["rows"][0]["before"]
        left = datetime.fromisoformat(given["expected_at"]) - datetime.fromisoformat(anew["made_at"])
        assert before["travel_s"] == pytest.approx(max(0, left.total_seconds()), abs=1.5)
        time.sleep(4)  # until it is what was said last no more

    def test_the_plan_that_holds_says_what_has_changed_since(
        self, admin: TestClient, commander: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        made = plan(admin, east, west, teams=of(fleet))
        before = clock.now()
        accept(commander, made)
        assert get(admin, f"plans/{made['id']}/since")["since"] == []
        post(admin, f"teams/{fleet['east']}/status", {"status": "休整"})
        told = get(admin, f"plans/{made['id']}/since")
        assert ([s.split("（")[0] for s in told["since"]], told["holds"]) == (["例东艇队报休整"], True)
        assert "assignments" not in told
        then = get(admin, f"plans/{made['id']}/since", at=before.isoformat())
        assert (then["since"], then["holds"], then["accepted"]) == ([], False, False)

    def test_what_was_looked_at_by_a_plan_made_anew_that_changes_nothing_is_said_no_more(
        self, admin: TestClient, commander: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        accept(commander, plan(admin, east, teams=of(fleet)))
        held = accept(commander, plan(admin, west, teams=of(fleet)))

        def since() -> list[str]:
            return [s.split("（")[0] for s in get(admin, f"plans/{held['id']}/since")["since"]]

        def anew(*which: dict[str, Any]) -> dict[str, Any]:
            return post(admin, f"plans/{held['id']}/replan", {"incidents": [i["id"] for i in which]})

        for one in (east, west):
            told = {n: one[n] for n in ("kind", "needs", "place", "trapped", "name")}
            body = told | {"version": 1, "note": "水又涨了"}
            assert admin.put(f"/api/rescue/incidents/{one['id']}", json=body).status_code == 200
        both = [f"险情 {west['id']} 有更新", f"先前的调度令：险情 {east['id']} 有更新"]
        assert since() == both
        anew(west)  # of the other it looks at nothing
        assert since() == both[1:]
        same = anew(east, west)
        assert (same["withdraws"], [a["order"] is None for a in same["assignments"]]) == ([], [False, False])
        assert since() == []
        post(admin, f"plans/{same['id']}/return", {"reason": "和现在一样"}, 200)
        assert since() == []
        # What a draft would change is not settled by having made it.
        post(admin, f"teams/{fleet['east']}/status", {"status": "返回"})
        home = ["例东艇队报返回"]
        assert since() == home
        assert anew(east, west)["withdraws"]
        assert since() == home

    def test_a_proposal_is_returned_with_the_reason_and_not_accepted_any_more(
        self, admin: TestClient, commander: TestClient, fleet: dict[str, int], make_account: Maker
    ) -> None:
        east, west = two(admin)
        made = plan(admin, east, west, teams=of(fleet))
        path = f"/api/rescue/plans/{made['id']}/return"
        refused(make_account("editor").post(path, json={"reason": "不用"}), 403)  # neither his nor his to decide
        refused(make_account("reader").post(path, json={"reason": "不用"}), 403)
        assert refused(commander.post(path, json={"reason": " "}))["errors"][0]["field"] == "reason"
        back = post(commander, f"plans/{made['id']}/return", {"reason": "东村已自行转移"}, 200)
        assert back["returned_reason"] == "东村已自行转移"
        assert refused(commander.post(path, json={"reason": "再退"}), 409)["code"] == "returned"
        again = refused(commander.post(f"/api/rescue/plans/{made['id']}/accept", json={}), 409)
        assert (again["code"], "东村已自行转移" in again["detail"]) == ("returned", True)
        listed = next(i for i in get(admin, "plans")["items"] if i["id"] == made["id"])
        assert listed["returned_by"]
        assert "退回方案" in get(admin, "log", kind="调度", limit=1)["items"][0]["what"]

    def test_what_one_may_not_see_stands_masked_in_the_plan(
        self, admin: TestClient, fleet: dict[str, int], make_account: Maker
    ) -> None:
        east, west = two(admin)
        made = plan(admin, east, west, teams=of(fleet))
        seen = get(make_account("editor", areas=["360481"]), f"plans/{made['id']}")
        for a in seen["assignments"]:
            assert (a["team"], a["team_name"], a["route"], a["why"]) == (None, None, None, "")
            assert a["masked"] == "对象无权查看（主管部门：应急管理局）"
        assert "例东艇队" not in str(seen)


class TestAccept:
    def test_one_act_issues_orders_and_sends_the_teams(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        done = accept(commander, plan(admin, east, west, teams=of(fleet)))
        assert done["accepted"]
        assert {o["team"]["id"]: o["incident"] for o in done["orders"]} == sent(done)
        assert all(o["status"] == "issued" for o in done["orders"])
        status = {t["id"]: (t["status"], t["order"]) for t in get(admin, "teams")["items"]}
        for o in done["orders"]:
            assert status[o["team"]["id"]][0] == "出动"
            assert status[o["team"]["id"]][1]["id"] == o["id"]
        log = get(admin, "log", kind="调度")["items"]
        assert sum(e["what"].startswith("调度令 ") for e in log[1:3]) == 2
        assert log[0]["what"].startswith(f"采纳第 {done['accepted_number']} 号方案")
        # Who looks back at that entry sees the whole act.
        then = get(admin, "orders", plan=done["id"], at=log[0]["at"])["items"]
        assert {o["id"] for o in then} == {o["id"] for o in done["orders"]}
        # Teams under an order are not sent by another plan.
        third = incident(admin, place(101), trapped=1, needs=["boat"])
        assert plan(admin, third)["assignments"] == [] or fleet["east"] not in sent(plan(admin, third))

    def test_only_who_may_dispatch_accepts(self, admin: TestClient, fleet: dict[str, int], make_account: Maker) -> None:
        east, _ = two(admin)
        made = plan(admin, east, teams=of(fleet))
        refused(make_account("editor").post(f"/api/rescue/plans/{made['id']}/accept"), 403)
        refused(make_account("reader").post("/api/rescue/plans", json={"incidents": [east["id"]]}), 403)

    def test_a_commander_does_not_move_teams_that_are_not_his_to_see(
        self, admin: TestClient, fleet: dict[str, int], make_account: Maker
    ) -> None:
        made = plan(admin, two(admin)[0], teams=of(fleet))
        other = make_account("editor", may=["dispatch"], areas=["360481"])
        said = refused(other.post(f"/api/rescue/plans/{made['id']}/accept"), 403)
        assert "1 支队伍您无权查看" in said["detail"]
        assert get(admin, "orders", running=True)["items"] == []

    def test_of_many_who_accept_at_once_one_does_and_the_others_are_told_who(
        self, admin: TestClient, fleet: dict[str, int], make_account: Maker
    ) -> None:
        east, west = two(admin)
        clients = [make_account("editor", may=["dispatch"]) for _ in range(5)]
        made = [plan(admin, east, west, teams=of(fleet)) for _ in clients]
        gate, answers = threading.Barrier(len(clients)), []

        def go(client: TestClient, one: dict[str, Any]) -> None:
            gate.wait()
            answers.append((client, client.post(f"/api/rescue/plans/{one['id']}/accept")))

        threads = [threading.Thread(target=go, args=pair) for pair in zip(clients, made, strict=True)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        [(first, won)] = [(c, a) for c, a in answers if a.status_code == 200]
        for _, lost in (pair for pair in answers if pair[1].status_code != 200):
            said = refused(lost, 409)
            assert said["code"] == "overtaken"
            assert first.username in said["detail"]  # type: ignore[attr-defined]
            assert said["now"]["number"] == won.json()["accepted_number"]
        running = get(admin, "orders", running=True)["items"]
        assert {o["plan"] for o in running} == {won.json()["id"]}
        again = refused(first.post(f"/api/rescue/plans/{won.json()['id']}/accept"), 409)
        assert again["code"] == "accepted"

    def test_a_team_that_has_left_or_an_incident_that_is_over_is_not_accepted(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        made = plan(admin, east, west, teams=of(fleet))
        post(admin, f"teams/{fleet['east']}/status", {"status": "在途"})
        said = refused(commander.post(f"/api/rescue/plans/{made['id']}/accept"), 409)
        assert (said["code"], "例东艇队现为在途" in said["detail"]) == ("team_changed", True)
        post(admin, f"teams/{fleet['east']}/status", {"status": "待命"})
        post(admin, f"incidents/{west['id']}/close", {"version": 1, "result": "自行撤离"}, 200)
        said = refused(commander.post(f"/api/rescue/plans/{made['id']}/accept"), 409)
        assert (said["code"], said["now"]["incidents"]) == ("incident_over", [west["id"]])
        assert get(admin, "orders", running=True)["items"] == []

    def test_an_order_that_has_come_to_its_end_meanwhile_is_not_taken_back(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        first = accept(commander, plan(admin, east, west, teams=of(fleet)))
        order = next(o for o in first["orders"] if o["team"]["id"] == fleet["west"])
        stays = post(admin, f"plans/{first['id']}/change", {"team": fleet["west"], "incident": None})
        assert [w["order"] for w in stays["withdraws"]] == [order["id"]]
        post(commander, f"orders/{order['id']}/marks", {"what": "arrival"})
        said = refused(commander.post(f"/api/rescue/plans/{stays['id']}/accept"), 409)
        assert (said["code"], said["now"]["orders"]) == ("team_changed", [order["id"]])
        kept = next(o for o in get(admin, "orders", plan=first["id"])["items"] if o["id"] == order["id"])
        assert kept["status"] == "arrival"

    def test_who_has_arrived_is_not_replaced(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        first = accept(commander, plan(admin, east, west, teams=[fleet["east"]]))
        [order] = first["orders"]
        draft = post(admin, f"plans/{first['id']}/replan", {})
        body = {"team": fleet["west"], "incident": order["incident"], "instead_of": fleet["east"]}
        other = post(admin, f"plans/{draft['id']}/change", body)  # under way it may be
        assert sent(other)[fleet["west"]] == order["incident"]
        post(commander, f"orders/{order['id']}/marks", {"what": "arrival"})
        for which in (first, draft):
            answer = admin.post(f"/api/rescue/plans/{which['id']}/change", json=body)
            [error] = refused(answer)["errors"]
            assert error["field"] == "instead_of"
            assert "已到达，不能替换" in error["message"]
        more = post(admin, f"plans/{first['id']}/change", {k: body[k] for k in ("team", "incident")})  # beside it
        assert (fleet["west"], fleet["east"]) in [(t, s["team"]) for t in sent(more) for s in more["standing"]]

    def test_made_anew_turns_who_is_under_way_and_leaves_who_has_arrived(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        first = accept(commander, plan(admin, east, west, teams=of(fleet)))
        by_team = {o["team"]["id"]: o for o in first["orders"]}
        post(commander, f"orders/{by_team[fleet['east']]['id']}/marks", {"what": "arrival"})
        urgent = incident(admin, place(98.1), trapped=30, vulnerable=10, depth_m=1.6, needs=["boat"])
        ids = [east["id"], west["id"], urgent["id"]]
        anew = post(admin, f"plans/{first['id']}/replan", {"incidents": ids})
        assert sent(anew) == {fleet["west"]: urgent["id"]}
        assert [(s["team"], s["incident"], s["arrived"]) for s in anew["standing"]] == [
            (fleet["east"], east["id"], True)
        ]
        assert [w["order"] for w in anew["withdraws"]] == [by_team[fleet["west"]]["id"]]
        done = accept(commander, anew)
        assert [o["incident"] for o in done["orders"]] == [urgent["id"]]
        was = next(o for o in get(admin, "orders", plan=first["id"])["items"] if o["team"]["id"] == fleet["west"])
        assert (was["status"], was["marks"][-1]["how"]) == ("cancelled", "system")
        kept = next(o for o in get(admin, "orders", plan=first["id"])["items"] if o["team"]["id"] == fleet["east"])
        assert kept["status"] == "arrival"

    def test_who_has_gone_home_with_its_order_open_is_no_help_and_another_is_sent(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        first = accept(commander, plan(admin, east, teams=[fleet["east"]]))
        [given] = first["orders"]
        assert given["turned_back"] is False
        post(admin, f"teams/{fleet['east']}/status", {"status": "返回"})
        [order] = get(admin, "orders", running=True)["items"]
        assert (order["turned_back"], order["late"]) == (True, False)
        # Another plan does not settle it.
        other = accept(commander, plan(admin, west, teams=[fleet["west"]]))
        assert [s.split("（")[0] for s in get(admin, f"plans/{other['id']}")["since"]] == [
            "先前的调度令：例东艇队已报返回"
        ]
        post(admin, f"incidents/{west['id']}/close", {"version": 1, "result": "救出"}, 200)
        done = get(admin, "orders", running=True, incident=west["id"])["items"][0]
        post(admin, f"orders/{done['id']}/marks", {"what": "result", "how": "call"})
        anew = post(admin, f"plans/{first['id']}/replan", {"incidents": [east["id"]]})
        assert sent(anew) == {}  # of its teams none is left
        [left] = [o["why"] for o in anew["left_out"] if o["team"] == fleet["east"]]
        assert "报返回，没有按调度令" in left
        anew = plan(admin, east)
        assert sent(anew) == {fleet["west"]: east["id"]}
        assert [w["order"] for w in anew["withdraws"]] == [given["id"]]
        [row] = anew["against"]["rows"]
        assert (row["what"], row["before"]) == ("gained", [])  # nobody came by that order any more
        accept(commander, anew)
        over = order_of(admin, given)
        assert over["status"] == "cancelled"
        assert over["marks"][-1]["note"].endswith("队伍已报返回")
        [now] = [t for t in get(admin, "teams")["items"] if t["id"] == fleet["east"]]
        assert (now["status"], now["order"]) == ("返回", None)

    def test_a_new_draft_changed_by_hand_leaves_the_orders_that_run(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        first = accept(commander, plan(admin, east, west, teams=of(fleet)))
        assert sent(first) == {fleet["east"]: east["id"], fleet["west"]: west["id"]}
        draft = plan(admin, east, west)  # made anew upon nothing: who is under way stands
        assert sent(draft) == {}
        body = {"team": fleet["pump"], "incident": west["id"]}
        by_hand = post(admin, f"plans/{draft['id']}/change", body)
        assert sent(by_hand) == {fleet["pump"]: west["id"], **sent(first)}
        assert by_hand["withdraws"] == []
        # And upon the plan that holds, whoever has come home since is not sent out again.
        done = next(o for o in first["orders"] if o["team"]["id"] == fleet["east"])
        post(admin, f"orders/{done['id']}/marks", {"what": "result", "how": "call"})
        again = post(admin, f"plans/{first['id']}/change", body)
        assert sent(again) == {fleet["pump"]: west["id"], fleet["west"]: west["id"]}

    def test_what_has_been_split_keeps_who_is_on_the_way(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, _ = two(admin)
        first = accept(commander, plan(admin, east, teams=[fleet["east"]]))
        parts = [
            {n: east[n] for n in ("kind", "needs", "place")} | {"name": name, "trapped": 2} for name in ("甲", "乙")
        ]
        ids = post(admin, f"incidents/{east['id']}/split", {"version": 1, "parts": parts}, 200)["went_to"]
        two_ = "、".join(map(str, ids))
        assert get(admin, f"plans/{first['id']}/since")["since"][-1] == (
            f"险情 {two_} 由险情 {east['id']} 而来，险情 {east['id']} 的令还在执行，去哪一处由重算定"
        )
        anew = post(admin, f"plans/{first['id']}/replan", {})
        assert set(sent(anew).values()) <= set(ids)
        [over] = [r for r in anew["against"]["rows"] if r["incident"] == east["id"]]
        assert (over["what"], over["words"]) == ("gone", "已拆分，不再单独派")
        assert fleet["east"] in sent(anew)  # the one that is under way is sent on
        assert [w["order"] for w in anew["withdraws"]] == [first["orders"][0]["id"]]

    def test_the_order_of_a_team_that_was_struck_off_is_still_brought_to_its_end(
        self, commander: TestClient, admin: TestClient
    ) -> None:
        east, _ = two(admin)
        gone = team(admin, "例将注销艇队", place(101.6), boats=1)
        [given] = accept(commander, plan(admin, east, teams=[gone]))["orders"]
        assert admin.delete(f"/api/objects/{gone}", params={"reason": "撤并"}).status_code == 200
        told = order_of(admin, given)
        assert (told["team"]["name"], told["said"]) == ("例将注销艇队", "队伍已注销，请核实后记完成或撤销")
        done = post(commander, f"orders/{given['id']}/marks", {"what": "cancelled", "how": "call", "note": "撤并"})
        assert done["status"] == "cancelled"

    def test_the_page_of_a_team_that_was_struck_off_says_so_and_has_its_orders_for_who_saw_the_team(
        self, commander: TestClient, admin: TestClient, make_account: Maker
    ) -> None:
        east, _ = two(admin)
        gone = team(admin, "例已注销艇队", place(101.6), boats=1)
        [given] = accept(commander, plan(admin, east, teams=[gone]))["orders"]
        assert (get(admin, f"teams/{gone}")["struck_off"], get(admin, f"teams/{gone}")["may_report"]) == (False, True)
        assert admin.delete(f"/api/objects/{gone}", params={"reason": "撤并"}).status_code == 200
        told = get(admin, f"teams/{gone}")
        assert (told["name"], told["struck_off"], told["may_report"]) == ("例已注销艇队", True, False)
        [order] = get(admin, "orders", team=gone)["items"]
        assert (order["id"], order["launch"], order["left"]) == (given["id"], None, "已注销")
        stranger = make_account("editor", areas=["360481"])
        for path in (f"teams/{gone}", f"orders?team={gone}"):
            answer = stranger.get(f"/api/rescue/{path}")
            assert (answer.status_code, "没有这支队伍，或您无权查看" in answer.text) == (404, True), answer.text

    def test_an_order_that_is_looked_back_at_calls_its_team_as_then(
        self, commander: TestClient, admin: TestClient, make_account: Maker
    ) -> None:
        east, west = two(admin)
        gone, called = team(admin, "例早注销队", place(101.6), boats=1), team(admin, "例原名艇队", place(98.6), boats=1)
        made = accept(commander, plan(admin, east, west, teams=[gone, called]))
        then = made["at"]
        assert admin.delete(f"/api/objects/{gone}", params={"reason": "撤并"}).status_code == 200
        after = get(admin, "teams")["at"]
        etag = admin.get(f"/api/objects/{called}").headers["etag"]
        put = admin.patch(f"/api/objects/{called}", json={"name": "例改名艇队"}, headers={"If-Match": etag})
        assert put.status_code == 200, put.text

        def told(**at: Any) -> list[tuple[str, str]]:
            found = [o for o in get(admin, "orders", plan=made["id"], **at)["items"]]
            return sorted((o["team"]["name"], o["said"]) for o in found)

        struck = "队伍已注销，请核实后记完成或撤销"
        assert told(at=then) == [("例原名艇队", ""), ("例早注销队", "")]
        # What had been struck off before that minute is called as it was last.
        assert told(at=after) == [("例原名艇队", ""), ("例早注销队", struck)]
        assert told() == [("例改名艇队", ""), ("例早注销队", struck)]
        assert {a["team_name"] for a in get(admin, f"plans/{made['id']}", at=then)["assignments"]} == {
            "例原名艇队", "例早注销队"
        }  # fmt: skip
        elsewhere = get(make_account("editor", areas=["360481"]), "orders", plan=made["id"], at=after)["items"]
        assert [o["team"]["name"] for o in elsewhere] == [None, None]
        # So do incidents, teams, what was written down, and the sheets, which say of which minute they are.
        [one] = [o for o in get(admin, "orders", plan=made["id"])["items"] if o["team"]["id"] == called]
        post(admin, f"orders/{one['id']}/marks", {"what": "result"})
        for path, params in (("teams", {}), ("log", {"kind": "调度"}), (f"incidents/{one['incident']}", {})):
            said = str(get(admin, path, **params, at=then))
            assert "例原名艇队" in said, path
            assert "例改名艇队" not in said, path

        def sheet(**at: Any) -> str:
            answer = admin.get("/api/rescue/orders.pdf", params={"order": one["id"], **at})
            assert answer.status_code == 200, answer.text
            with pypdfium2.PdfDocument(answer.content) as document:
                return re.sub(r"\s+", "", document[0].get_textpage().get_text_bounded())

        back, now = sheet(at=after), sheet()
        assert "例原名艇队" in back
        minute_ = imprint.stamp(datetime.fromisoformat(after)).replace(" ", "")
        assert f"回看：截至{minute_}" in back
        assert f"令、险情、回报截至{minute_}" in back  # beside the register's own, and in every sheet
        assert "令、险情、回报截至" in now
        assert "封路算" not in now  # a straight line avoids nothing
        assert "例改名艇队" in now
        assert "回看" not in now

    def test_water_that_was_taken_back_is_told(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, _ = two(admin)
        water = flood(admin, [(0.1, square(*place(100, 5), 50))])
        made = plan(admin, east, teams=of(fleet), flood=water["id"])
        accept(commander, made)
        post(admin, f"floods/{water['id']}/withdraw", {"reason": "画错"}, 200)
        assert get(admin, f"plans/{made['id']}")["since"] == ["淹没范围已全部撤回"]
        anew = post(admin, f"plans/{made['id']}/replan", {})
        assert anew["flood"] is None
        assert anew["routing_notes"][0] == "原来所按的淹没范围已全部撤回，这个方案没有按水算。"
        # Made anew from that, nothing was taken back any more.
        assert "撤回" not in str(post(admin, f"plans/{anew['id']}/replan", {})["routing_notes"])

    def test_who_sets_out_again_after_all_is_not_taken_back(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, _ = two(admin)
        first = accept(commander, plan(admin, east, teams=[fleet["east"]]))
        [given] = first["orders"]
        post(admin, f"teams/{fleet['east']}/status", {"status": "返回"})
        anew = plan(admin, east)
        assert [w["order"] for w in anew["withdraws"]] == [given["id"]]
        post(admin, f"orders/{given['id']}/marks", {"what": "departure", "how": "call"})
        assert order_of(admin, given)["turned_back"] is False
        seen = get(admin, f"plans/{anew['id']}")
        assert seen["since"] == [f"例东艇队又按调度令 {given['id']} 行动"]
        said = refused(commander.post(f"/api/rescue/plans/{anew['id']}/accept"), 409)
        assert (said["code"], said["now"]["orders"]) == ("team_changed", [given["id"]])
        assert order_of(admin, given)["status"] == "departure"

    def test_a_report_of_before_the_order_by_a_fast_clock_or_before_its_receipt_turns_nobody_back(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, _ = two(admin)
        made = plan(admin, east, teams=[fleet["east"]])
        soon = (clock.now() + timedelta(seconds=90)).isoformat()
        post(admin, f"teams/{fleet['east']}/status", {"status": "待命", "at": soon})
        [given] = accept(commander, made)["orders"]
        assert order_of(admin, given)["turned_back"] is False
        [now] = plan(admin, east, teams=[fleet["east"]])["assignments"]
        assert (now["team"], now["order"]) == (fleet["east"], given["id"])  # it goes on by the order that it has

    def test_who_signs_after_a_report_acts_by_the_order(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, _ = two(admin)
        [given] = accept(commander, plan(admin, east, teams=[fleet["east"]]))["orders"]
        post(admin, f"teams/{fleet['east']}/status", {"status": "待命"})
        assert order_of(admin, given)["turned_back"] is True
        post(admin, f"orders/{given['id']}/marks", {"what": "receipt", "how": "phone_page"})
        told = order_of(admin, given)
        assert (told["turned_back"], told["said"]) == (False, "")

    def test_who_does_not_see_the_team_that_has_gone_home_may_send_another(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int], make_account: Maker
    ) -> None:
        east, _ = two(admin)
        accept(commander, plan(admin, east, teams=[fleet["east"]]))
        post(admin, f"teams/{fleet['east']}/status", {"status": "返回"})
        own = add(admin, "rescue-team", "邻区艇队", place(101), "360403", attributes={"skills": ["water"], "boats": 2})
        other = make_account("editor", may=["dispatch"], areas=["360403"])
        anew = plan(other, east, teams=[own])
        assert [w["team"] for w in anew["withdraws"]] == [None]
        assert [o["team"]["id"] for o in accept(other, anew)["orders"]] == [own]
        # Nor does he learn what it has.
        lon, lat = place(101.5)
        told = get(other, "teams/nearest", lon=lon, lat=lat, need=["fire"], others=True, limit=200)["items"]
        assert {t["id"]: t["lacks"] for t in told} == {None: [], own: ["灭火"]}

    def test_two_who_have_gone_home_are_sent_again_one_after_the_other(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        first = accept(commander, plan(admin, east, west, teams=of(fleet)))
        for name in ("east", "west"):
            post(admin, f"teams/{fleet[name]}/status", {"status": "返回"})
        away = post(admin, f"plans/{first['id']}/replan", {})
        assert sent(away) == {}
        one = post(admin, f"plans/{away['id']}/change", {"team": fleet["east"], "incident": east["id"]})
        both = post(admin, f"plans/{one['id']}/change", {"team": fleet["west"], "incident": west["id"]})
        assert sent(both) == {fleet["east"]: east["id"], fleet["west"]: west["id"]}
        assert sent(post(admin, f"plans/{both['id']}/replan", {})) == sent(both)
        post(admin, f"teams/{fleet['west']}/status", {"status": "休整"})  # since: then it is asked again
        after = post(admin, f"plans/{both['id']}/replan", {})
        assert sent(after) == {fleet["east"]: east["id"]}
        [left] = [o["why"] for o in after["left_out"] if o["team"] == fleet["west"]]
        assert "先请它报待命" in left

    def test_by_hand_who_has_gone_home_is_sent_again_by_a_new_order(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin)
        first = accept(commander, plan(admin, east, west, teams=of(fleet)))
        given = next(o for o in first["orders"] if o["team"]["id"] == fleet["east"])
        post(admin, f"teams/{fleet['east']}/status", {"status": "返回"})
        away = post(admin, f"plans/{first['id']}/replan", {})
        assert sent(away) == {fleet["west"]: east["id"]}  # one boat: the more urgent
        body = {"team": fleet["east"], "incident": west["id"]}
        anew = accept(commander, post(admin, f"plans/{away['id']}/change", body))
        orders = {o["team"]["id"]: o for o in get(admin, "orders", running=True)["items"]}
        assert {t: o["incident"] for t, o in orders.items()} == {fleet["west"]: east["id"], fleet["east"]: west["id"]}
        assert orders[fleet["east"]]["turned_back"] is False
        assert order_of(admin, given)["status"] == "cancelled"
        assert get(admin, f"plans/{anew['id']}")["since"] == []

    def test_an_exercise_does_not_touch_what_is_real(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        east, west = two(admin, exercise=True)
        real = plan(admin, *two(admin), teams=of(fleet))
        done = accept(commander, plan(admin, east, west, teams=of(fleet), exercise=True))
        assert done["exercise"]
        assert get(admin, "orders", running=True)["items"] == []
        assert {t["status"] for t in get(admin, "teams")["items"] if t["id"] in of(fleet)} == {"待命"}
        assert get(admin, f"plans/{real['id']}")["overtaken"] is None
        accept(commander, real)


class TestOrders:
    @pytest.fixture
    def order(self, commander: TestClient, admin: TestClient, fleet: dict[str, int]) -> dict[str, Any]:
        east, _ = two(admin)
        [one] = accept(commander, plan(admin, east, teams=[fleet["east"]]))["orders"]
        return dict(one)

    def marked(self, client: TestClient, order: dict[str, Any], what: str, **more: Any) -> dict[str, Any]:
        return post(client, f"orders/{order['id']}/marks", {"what": what, **more})

    def test_receipt_departure_arrival_result_and_the_team_follows(
        self, admin: TestClient, fleet: dict[str, int], order: dict[str, Any]
    ) -> None:
        for what, title, status in (
            ("receipt", "签收", "出动"), ("departure", "出发", "在途"), ("arrival", "到达", "到达"), ("result", "完成", "返回"),
        ):  # fmt: skip
            now = self.marked(admin, order, what, note="救出 4 人" if what == "result" else "")
            assert now["status_title"] == title
            [one] = [t for t in get(admin, "teams")["items"] if t["id"] == fleet["east"]]
            assert one["status"] == status
        assert [m["what"] for m in now["marks"]] == ["receipt", "departure", "arrival", "result"]
        said = refused(admin.post(f"/api/rescue/orders/{order['id']}/marks", json={"what": "arrival"}), 409)
        assert "完成" in said["detail"]
        newest = get(admin, "log", kind="调度")["items"][0]["what"]
        assert newest == f"调度令 {order['id']}（例东艇队→险情 {order['incident']}）完成，电话：救出 4 人"

    def test_what_a_telephone_sends_again_is_written_once(
        self, admin: TestClient, fleet: dict[str, int], order: dict[str, Any]
    ) -> None:
        path = f"/api/rescue/orders/{order['id']}/marks"
        at = clock.now().isoformat()
        for _ in range(3):  # the answer to the first was lost on the way
            now = self.marked(admin, order, "departure", how="phone_page", key="p-1", at=at)
        assert [(m["what"], m["how_title"]) for m in now["marks"]] == [("departure", "手机页")]
        told = get(admin, f"teams/{fleet['east']}/status")["items"]
        assert [t["status"] for t in told if t["order"] == order["id"]] == ["在途", "出动"]
        assert sum(f"调度令 {order['id']}（" in e["what"] for e in get(admin, "log", kind="调度")["items"]) == 1
        said = refused(admin.post(path, json={"what": "arrival", "key": "p-1"}), 409)
        assert said["code"] == "key_used"
        self.marked(admin, order, "result", key="p-2")
        assert self.marked(admin, order, "result", key="p-2")["status"] == "result"  # not: it is over
        assert refused(admin.post(path, json={"what": "result", "key": "p-3"}), 409)["code"] == "over"
        assert refused(admin.post(path, json={"what": "result", "key": "x y"}))["errors"][0]["field"] == "key"

    def test_a_team_has_a_page_of_its_own_with_its_orders_alone(
        self,
        admin: TestClient,
        commander: TestClient,
        make_account: Maker,
        fleet: dict[str, int],
        order: dict[str, Any],
    ) -> None:
        _, west = two(admin)
        accept(commander, plan(admin, west, teams=[fleet["west"]]))
        assert {o["id"] for o in get(admin, "orders", team=fleet["east"], running=True)["items"]} == {order["id"]}
        own = get(admin, f"teams/{fleet['east']}")
        assert (own["order"]["id"], own["status"], own["may_report"]) == (order["id"], "出动", True)
        assert get(admin, f"teams/{fleet['east']}", exercise=True)["order"] is None
        assert get(make_account("reader", "command"), f"teams/{fleet['east']}")["may_report"] is False
        code = admin.get(f"/api/rescue/teams/{fleet['east']}/page.svg")
        assert code.headers["content-type"] == "image/svg+xml"
        assert code.content.startswith(b"<svg")
        elsewhere = make_account("editor", "department", areas=["360404"])
        for path in (f"teams/{fleet['east']}", f"teams/{fleet['east']}/page.svg"):
            assert refused(elsewhere.get(f"/api/rescue/{path}"), 404)["detail"]
            assert admin.get(f"/api/rescue/{path.replace(str(fleet['east']), '999999999')}").status_code == 404
        # Whose orders one may not read, by that one may not ask.
        assert refused(elsewhere.get(f"/api/rescue/orders?team={fleet['east']}"), 404)["detail"]

    def test_a_place_alone_leaves_the_status_as_it_stands(
        self, admin: TestClient, fleet: dict[str, int], order: dict[str, Any]
    ) -> None:
        path = f"teams/{fleet['east']}/status"
        now = post(admin, path, {"lon": 116.1, "lat": 29.6})
        assert (now["status"], now["position"], now["position_from"]) == ("出动", [116.1, 29.6], "reported")
        assert get(admin, "orders", running=True)["items"][0]["said"] == ""  # it still acts by its order
        assert refused(admin.post(f"/api/rescue/{path}", json={}))["errors"][0]["field"] == "status"

    def test_an_order_to_a_team_that_does_something_else_is_told(
        self, admin: TestClient, fleet: dict[str, int], order: dict[str, Any]
    ) -> None:
        post(admin, f"teams/{fleet['east']}/status", {"status": "返回"})
        [now] = get(admin, "orders", running=True)["items"]
        assert "已报返回，没有按本令行动" in now["said"]

    def test_only_who_may_dispatch_takes_it_back_and_says_why(
        self, admin: TestClient, commander: TestClient, make_account: Maker, order: dict[str, Any]
    ) -> None:
        path = f"/api/rescue/orders/{order['id']}/marks"
        refused(make_account("editor").post(path, json={"what": "cancelled", "note": "x"}), 403)
        assert refused(commander.post(path, json={"what": "cancelled"}))["errors"][0]["field"] == "note"
        assert self.marked(commander, order, "cancelled", note="已由村民救出")["status"] == "cancelled"

    def test_who_had_not_left_when_its_order_was_taken_back_stands_by_where_it_is(
        self, commander: TestClient, admin: TestClient, fleet: dict[str, int]
    ) -> None:
        where = place(101.8)

        def stands() -> tuple[str, list[float], str]:
            one = get(admin, f"teams/{fleet['east']}")
            return one["status"], one["position"], one["position_from"]

        def ordered() -> tuple[dict[str, Any], dict[str, Any]]:
            east, _ = two(admin)
            held = accept(commander, plan(admin, east, teams=[fleet["east"]]))
            return held, held["orders"][0]

        def back(order: dict[str, Any]) -> None:
            self.marked(commander, order, "cancelled", note="不用了")

        base = list(place(102))
        held, order = ordered()
        self.marked(admin, order, "receipt")
        back(order)
        assert stands() == ("待命", base, "base")
        # Where it said that it is; by a plan too.
        held, order = ordered()
        post(admin, f"teams/{fleet['east']}/status", {"lon": where[0], "lat": where[1]})
        home = post(admin, f"plans/{held['id']}/change", {"team": fleet["east"], "incident": None})
        assert [w["order"] for w in accept(commander, home)["withdraws"]] == [order["id"]]
        assert stands() == ("待命", list(where), "reported")
        # Who has left goes home: by its mark, by its own word, and also where it was turned by another order since.
        for left in ("mark", "word", "turned"):
            held, order = ordered()
            if left == "word":
                post(admin, f"teams/{fleet['east']}/status", {"status": "在途"})
            else:
                self.marked(admin, order, "departure")
            if left == "turned":
                other = incident(admin, place(100, 2), trapped=40, needs=["boat"], depth_m=2)
                ids = {"incidents": [held["incidents"][0], other["id"]]}
                [order] = accept(commander, post(admin, f"plans/{held['id']}/replan", ids))["orders"]
            back(order)
            assert stands()[0] == "返回", left
        # What it has said of itself since stays.
        held, order = ordered()
        post(admin, f"teams/{fleet['east']}/status", {"status": "休整"})
        back(order)
        assert stands()[0] == "休整"

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"what": "dance"}, "what"),
            ({"what": "arrival", "at": "2020-01-01T00:00:00+08:00"}, "at"),
            ({"what": "arrival", "at": "2099-01-01T00:00:00+08:00"}, "at"),
        ],
    )
    def test_a_mark_that_is_wrong(
        self, admin: TestClient, order: dict[str, Any], body: dict[str, Any], field: str
    ) -> None:
        said = refused(admin.post(f"/api/rescue/orders/{order['id']}/marks", json=body))
        assert field in {e["field"] for e in said["errors"]}

    def test_as_it_stood_at_a_minute(self, admin: TestClient, order: dict[str, Any]) -> None:
        then = clock.now()
        self.marked(admin, order, "receipt")
        assert [o["status"] for o in get(admin, "orders", at=then.isoformat(), running=True)["items"]] == ["issued"]
        before = (then - timedelta(hours=1)).isoformat()
        assert order["id"] not in {o["id"] for o in get(admin, "orders", at=before)["items"]}

    def test_whom_to_ring_in_order_and_the_calls_that_were_made(
        self, admin: TestClient, fleet: dict[str, int], order: dict[str, Any], make_account: Maker
    ) -> None:
        of_team = fleet["east"]
        parties = [
            {"role": "巡查", "post": "值班员", "name": "例乙", "phone": "000-2"},
            {"role": "主要负责人", "post": "队长", "name": "例甲", "phone": "000-1"},
        ]
        nobody = [t["contact"] for t in get(admin, "teams")["items"] if t["id"] == of_team]
        assert nobody == [None]
        etag = admin.get(f"/api/objects/{of_team}/parties").headers["etag"]
        put = admin.put(f"/api/objects/{of_team}/parties", json=parties, headers={"If-Match": etag})
        assert put.status_code == 200, put.text
        [contact] = [t["contact"] for t in get(admin, "teams")["items"] if t["id"] == of_team]
        assert contact == {"role": "主要负责人", "post": "队长", "name": "例甲", "phone": "000-1"}
        found = get(admin, "calls", object=of_team)
        assert [(c["role"], c["name"], c["phone"]) for c in found["items"]] == [
            ("主要负责人", "例甲", "000-1"), ("巡查", "例乙", "000-2"),
        ]  # fmt: skip
        body = {"object": of_team, "party": found["items"][0]["party"], "result": "未接", "order": order["id"]}
        made = post(admin, "calls", body)
        assert [(c["result"], c["order"]) for c in made["items"][0]["calls"]] == [("未接", order["id"])]
        newest = get(admin, "log", kind="调度")["items"][0]["what"]
        assert newest == f"电话 例东艇队（主要负责人 例甲，调度令 {order['number']}）：未接"
        elsewhere = get(make_account("editor", areas=["360481"]), "log", kind="调度")["items"]
        assert elsewhere[0]["what"] == "电话：未接（对象无权查看）"
        assert "例东艇队" not in str(elsewhere[:2])
        said = refused(admin.post("/api/rescue/calls", json=body | {"party": 2**60}))
        assert said["errors"][0]["field"] == "party"
        refused(make_account("editor", areas=["360481"]).get(f"/api/rescue/calls?object={of_team}"), 404)
        assert get(admin, "calls", object=of_team, exercise=True)["items"][0]["calls"] == []

    def test_on_paper_a_sheet_an_order_with_whom_what_and_what_became_of_it(
        self, admin: TestClient, fleet: dict[str, int], order: dict[str, Any], make_account: Maker
    ) -> None:
        self.marked(admin, order, "receipt", note="队长接令")
        answer = admin.get("/api/rescue/orders.pdf", params={"order": order["id"]})
        assert answer.status_code == 200, answer.text
        with pypdfium2.PdfDocument(answer.content) as document:
            [page] = [re.sub(r"\s+", "", p.get_textpage().get_text_bounded()) for p in document]
        for said in (
            "调度令",
            f"编号{order['number']}",
            "例东艇队",
            "东村，人员被困，被困4人，需要艇",
            "签收",
            "队长接令",
            "核验码",
            "未按淹没范围计算",
            "东经",
            "虚线为直线，不是路线",
        ):
            assert said in page, said
        assert "演练" not in page
        refused(make_account("editor", areas=["360481"]).get("/api/rescue/orders.pdf"), 404)
        refused(admin.get("/api/rescue/orders.pdf", params={"plan": 2**60}), 404)

    def test_on_paper_for_who_sees_the_team_in_its_public_form_alone(
        self, admin: TestClient, commander: TestClient, make_account: Maker
    ) -> None:
        east, _ = two(admin)
        at = place(101.6)
        known = add(
            admin, "rescue-team", "例公开艇队", at, "360402", visibility="public",
            attributes={"skills": ["water"], "boats": 1},
        )  # fmt: skip
        etag = admin.get(f"/api/objects/{known}/parties").headers["etag"]
        parties = [{"role": "主要负责人", "post": "队长", "name": "例丙", "phone": "000-3"}]
        put = admin.put(f"/api/objects/{known}/parties", json=parties, headers={"If-Match": etag})
        assert put.status_code == 200, put.text
        [given] = accept(commander, plan(admin, east, teams=[known]))["orders"]

        def printed(client: TestClient) -> str:
            answer = client.get("/api/rescue/orders.pdf", params={"order": given["id"]})
            assert answer.status_code == 200, answer.text
            with pypdfium2.PdfDocument(answer.content) as document:
                [page] = [re.sub(r"\s+", "", p.get_textpage().get_text_bounded()) for p in document]
            return page

        whole, theirs = printed(admin), printed(make_account("editor", areas=["360481"]))
        for said in ("例公开艇队", f"编号{given['number']}", "东村，人员被困，被困4人，需要艇"):
            assert said in whole, said
            assert said in theirs, said
        for hidden in ("例丙", "000-3", "虚线为直线"):
            assert hidden in whole, hidden
            assert hidden not in theirs, hidden
        assert "责任人无权查看" in theirs
        assert "路线无权查看" in theirs
        assert "没有登记责任人" not in theirs

    def test_a_sheet_of_an_exercise_says_so(
        self, admin: TestClient, commander: TestClient, fleet: dict[str, int]
    ) -> None:
        drill = incident(admin, place(101.5), trapped=4, needs=["boat"], exercise=True)
        made = accept(commander, plan(admin, drill, teams=[fleet["east"]], exercise=True))
        answer = admin.get("/api/rescue/orders.pdf", params={"plan": made["id"], "exercise": True})
        assert answer.status_code == 200, answer.text
        with pypdfium2.PdfDocument(answer.content) as document:
            text_ = document[0].get_textpage().get_text_bounded()
        assert "调度令（演练）" in re.sub(r"\s+", "", text_)
