"""What becomes of an incident whose teams have reported 完成, and of an order whose team was struck off meanwhile."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.dispatch import accept, get, incident, place, plan, post, sent, team
from tests.api.test_bad_input import refused

Maker = Callable[..., TestClient]


@pytest.fixture(scope="module")
def commander(make_account: Maker) -> TestClient:
    return make_account("editor", may=["dispatch"])


@pytest.fixture
def boats(admin: TestClient) -> tuple[int, int]:
    """Two of this test alone, the first the nearer."""
    return team(admin, "例毕一队", place(140, 7), boats=1), team(admin, "例毕二队", place(140, 7.5), boats=1)


def village(admin: TestClient, **more: Any) -> dict[str, Any]:
    return incident(admin, place(140.2, 7), **{"name": "毕村", "trapped": 4, "needs": ["boat"], **more})


def mark(client: TestClient, order: dict[str, Any], what: str, **more: Any) -> dict[str, Any]:
    return post(client, f"orders/{order['id']}/marks", {"what": what, "how": "call", **more})


def listed(client: TestClient, one: dict[str, Any]) -> dict[str, Any]:
    """An incident as the list has it."""
    [found] = [i for i in get(client, "incidents")["items"] if i["id"] == one["id"]]
    return dict(found)


def told_anew(admin: TestClient, one: dict[str, Any], **more: Any) -> None:
    """It still wants somebody."""
    facts = {k: one[k] for k in ("kind", "place", "name", "trapped", "needs")} | more
    answer = admin.put(f"/api/rescue/incidents/{one['id']}", json={**facts, "version": one["version"]})
    assert answer.status_code == 200, answer.text


class TestFinished:
    def test_nobody_more_is_sent_to_what_is_done_until_it_is_told_anew(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int]
    ) -> None:
        there = village(admin)
        [given] = accept(commander, plan(admin, there, teams=list(boats)))["orders"]
        assert listed(admin, there)["finished"] == []
        mark(admin, given, "result", note="救出 4 人")
        [done] = listed(admin, there)["finished"]
        assert (done["team"], done["team_name"], done["order"], done["note"]) == (
            boats[0], "例毕一队", given["id"], "救出 4 人"
        )  # fmt: skip
        made = plan(admin, there, teams=list(boats))
        assert (made["assignments"], made["unreachable"], made["short"]) == ([], [], [])
        [said] = made["finished"]
        assert (said["incident"], said["team_name"], said["order"]) == (there["id"], "例毕一队", given["id"])
        # By hand one is sent all the same.
        by_hand = post(admin, f"plans/{made['id']}/change", {"team": boats[1], "incident": there["id"]})
        assert sent(by_hand) == {boats[1]: there["id"]}
        told_anew(admin, listed(admin, there), trapped=2)
        assert listed(admin, there)["finished"] == []
        assert len(sent(plan(admin, there, teams=list(boats)))) == 1

    def test_a_result_that_was_wrong_finishes_nothing(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int]
    ) -> None:
        there = village(admin)
        [given] = accept(commander, plan(admin, there, teams=[boats[0]]))["orders"]
        [wrong] = mark(admin, given, "result")["marks"]
        post(admin, f"orders/{given['id']}/marks/{wrong['id']}/correct", {"reason": "记错了", "instead": None})
        assert listed(admin, there)["finished"] == []
        mark(commander, given, "cancelled", note="改派")
        assert listed(admin, there)["finished"] == []  # taken back is not done
        assert sent(plan(admin, there, teams=list(boats))) == {boats[0]: there["id"]}

    def test_what_another_still_does_and_what_is_still_lacking_goes_on(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int]
    ) -> None:
        there = village(admin, trapped=10, needs=["boat", "pump"])
        pump = team(admin, "例毕泵队", place(141, 7), skills="drain", pumps_m3h=500)
        first = accept(commander, plan(admin, there, teams=list(boats)))
        assert len(first["orders"]) == 2
        mark(admin, first["orders"][0], "result")
        # The second boat is under way: it is not called back because the first has done its part.
        again = post(admin, f"plans/{first['id']}/replan", {})
        assert (again["withdraws"], len(sent(again))) == ([], 1)
        mark(admin, first["orders"][1], "result")
        # The boats have done theirs; a pump is still asked for.
        last = plan(admin, there, teams=[*boats, pump])
        assert sent(last) == {pump: there["id"]}

    def test_a_draft_says_that_a_team_has_finished_since(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int]
    ) -> None:
        there, other = village(admin), incident(admin, place(140.3, 7), trapped=1, needs=["boat"], name="毕二村")
        [given] = accept(commander, plan(admin, there, teams=[boats[0]]))["orders"]
        draft = plan(admin, there, other, teams=[boats[1]])
        assert draft["since"] == []
        mark(admin, given, "result")
        [since] = get(admin, f"plans/{draft['id']}/since")["since"]
        assert since.startswith(f"例毕一队报险情 {there['id']} 完成（")

    def test_what_comes_in_late_does_not_outrank_what_was_said_since(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int]
    ) -> None:
        there = village(admin)
        [given] = accept(commander, plan(admin, there, teams=[boats[0]]))["orders"]
        then = get(admin, "teams")["at"]
        told_anew(admin, there, trapped=9)
        mark(admin, given, "result", at=then)
        assert listed(admin, there)["finished"] == []
        assert len(sent(plan(admin, there, teams=list(boats)))) == 2

    def test_who_was_set_by_hand_is_not_sent_again_to_what_it_has_done(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int]
    ) -> None:
        there = village(admin)
        made = plan(admin, there, teams=list(boats))
        by_hand = post(
            admin, f"plans/{made['id']}/change", {"team": boats[1], "incident": there["id"], "instead_of": boats[0]}
        )
        [given] = accept(commander, by_hand)["orders"]
        mark(admin, given, "result")
        again = post(admin, f"plans/{by_hand['id']}/replan", {})
        assert (sent(again), again["lapsed"]) == ({}, [])
        assert [p["team"] for p in again["pins"] if not p["barred"]] == []
        assert sent(post(admin, f"plans/{again['id']}/replan", {})) == {}
        # Set once more, it goes once more.
        once_more = post(admin, f"plans/{again['id']}/change", {"team": boats[1], "incident": there["id"]})
        assert sent(once_more) == {boats[1]: there["id"]}

    def test_what_a_team_has_done_stays_done_when_it_is_struck_off(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int]
    ) -> None:
        there = village(admin)
        [given] = accept(commander, plan(admin, there, teams=[boats[0]]))["orders"]
        mark(admin, given, "result")
        assert admin.delete(f"/api/objects/{boats[0]}", params={"reason": "撤并"}).status_code == 200
        assert sent(plan(admin, there, teams=[boats[1]])) == {}
        assert listed(admin, there)["waits"] is True

    def test_what_still_runs_waits_not_to_be_ended_but_who_went_home_does_not_run(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int]
    ) -> None:
        there = village(admin, trapped=10)
        first, second = accept(commander, plan(admin, there, teams=list(boats)))["orders"]
        mark(admin, first, "result")
        assert listed(admin, there)["waits"] is False
        post(admin, f"teams/{second['team']['id']}/status", {"status": "返回"})
        assert listed(admin, there)["waits"] is True
        mark(commander, second, "cancelled", note="已返回")

    def test_what_a_hidden_team_says_of_its_work_is_not_told(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int], make_account: Maker
    ) -> None:
        there = village(admin)
        [given] = accept(commander, plan(admin, there, teams=[boats[0]]))["orders"]
        [wrong] = mark(admin, given, "receipt", note="张三接的电话")["marks"]
        post(admin, f"orders/{given['id']}/marks/{wrong['id']}/correct", {"reason": "张三没有接", "instead": None})
        mark(admin, given, "result", note="把李四送到医院")
        elsewhere = make_account("editor", areas=["360481"])
        [done] = listed(elsewhere, there)["finished"]
        assert (done["team_name"], done["note"], bool(done["masked"])) == (None, "", True)
        told = str(get(elsewhere, "orders", incident=there["id"]))
        assert "完成" in told
        assert not any(name in told for name in ("李四", "张三", "例毕一队"))
        assert "李四" in str(get(admin, "orders", incident=there["id"]))

    def test_the_plan_that_holds_does_not_ask_to_be_made_anew_for_each_that_finishes(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int]
    ) -> None:
        there = village(admin)
        first = accept(commander, plan(admin, there, teams=[boats[0]]))
        post(admin, f"plans/{first['id']}/replan", {})  # changes nothing, and counts as having looked
        mark(admin, first["orders"][0], "result")
        assert get(admin, f"plans/{first['id']}/since")["since"] == []


class TestReportedSince:
    def test_a_draft_and_the_plan_that_holds_say_what_was_reported_after_them(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int]
    ) -> None:
        draft = plan(admin, village(admin), teams=[boats[0]])
        new = incident(admin, place(140.4, 7), trapped=20, name="敬老院")
        said = [f"险情 {new['id']} 是后来登记的，还没有派队伍"]
        assert get(admin, f"plans/{draft['id']}/since")["since"] == said
        accept(commander, draft)
        assert get(admin, f"plans/{draft['id']}/since")["since"] == said
        assert get(admin, f"plans/{draft['id']}/since", at=draft["made_at"])["since"] == []
        again = post(admin, f"plans/{draft['id']}/replan", {"incidents": [*draft["incidents"], new["id"]]})
        assert (again["causes"], again["since"]) == (said, [])
        post(admin, f"incidents/{new['id']}/close", {"version": 1, "result": "误报"}, 200)
        assert get(admin, f"plans/{draft['id']}/since")["since"] == []


class TestWhy:
    def test_it_is_told_why_not_the_quickest_that_could_do_the_same(self, admin: TestClient) -> None:
        far, near = place(160, 7.6), place(160, 7)
        boat = team(admin, "例快艇队", (near[0] + 0.001, near[1]), boats=1)
        able = team(admin, "例医艇队", (near[0] + 0.03, near[1]), skills="medical", boats=1)
        big = team(admin, "例大艇队", (far[0] + 0.2, far[1]), skills="medical", boats=4)
        school = incident(admin, near, trapped=20, needs=["boat", "medical"], name="小学")
        other = incident(admin, (near[0] + 0.031, near[1]), trapped=2, needs=["boat", "medical"], name="渡口")
        made = plan(admin, school, other, teams=[boat, able, big])
        assert (sent(made)[big], sent(made)[able]) == (school["id"], other["id"])
        [why] = [a["why"] for a in made["assignments"] if a["team"] == big]
        assert "更快的“例医艇队”（早 " in why
        assert f"，一趟坐 6 人）派往险情 {other['id']}，合计较优" in why


class TestMerged:
    def test_who_is_under_way_to_what_was_merged_is_not_turned_from_it(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int]
    ) -> None:
        near, far = village(admin), incident(admin, place(141, 7), trapped=2, needs=["boat"], name="毕三村")
        made = plan(admin, near, teams=[boats[1]])
        [given] = accept(commander, made)["orders"]
        body = {"kind": "人员被困", "name": "合村", "place": far["place"], "trapped": 6, "needs": ["boat"]}
        others = [{"incident": near["id"], "version": 1}]
        post(admin, f"incidents/{far['id']}/merge", {**body, "version": 1, "others": others}, 200)
        again = post(admin, f"plans/{made['id']}/replan", {})
        assert sent(again) == {boats[1]: far["id"]}  # though another could be there a little sooner
        assert [w["order"] for w in again["withdraws"]] == [given["id"]]
        mark(admin, given, "cancelled", note="试完")


class TestStruckOff:
    def test_nobody_waits_for_a_team_that_is_struck_off(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int]
    ) -> None:
        there = village(admin)
        first = accept(commander, plan(admin, there, teams=[boats[0]]))
        [given] = first["orders"]
        assert admin.delete(f"/api/objects/{boats[0]}", params={"reason": "撤并"}).status_code == 200
        [told] = get(admin, "orders", incident=there["id"], running=True)["items"]
        assert (told["turned_back"], told["left"], told["late"]) == (True, "已注销", False)
        assert get(admin, f"plans/{first['id']}/since")["since"] == ["例毕一队已注销"]
        made = plan(admin, there, teams=list(boats[1:]))
        assert sent(made) == {boats[1]: there["id"]}
        assert {"team": boats[0], "team_name": "例毕一队", "masked": None,
                "why": f"已注销，不再按调度令 {given['id']} 行动"} in made["left_out"]  # fmt: skip
        assert [w["order"] for w in made["withdraws"]] == [given["id"]]
        accept(commander, made)
        [over] = [o for o in get(admin, "orders", incident=there["id"])["items"] if o["id"] == given["id"]]
        assert (over["status"], over["marks"][-1]["note"].split("：")[1], over["said"]) == (
            "cancelled",
            "队伍已注销",
            "",
        )

    def test_one_that_is_struck_off_by_its_stage_is_called_so_and_not_ended(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int]
    ) -> None:
        there = village(admin)
        one = team(admin, "例毕销号队", place(0.4), boats=1)
        first = accept(commander, plan(admin, there, teams=[one]))
        etag = admin.get(f"/api/objects/{one}").headers["etag"]
        put = admin.patch(f"/api/objects/{one}", json={"stage": "struck_off"}, headers={"If-Match": etag})
        assert put.status_code == 200, put.text
        [told] = get(admin, "orders", incident=there["id"], running=True)["items"]
        assert (told["left"], told["said"]) == ("已销号", "队伍已销号，请核实后记完成或撤销")
        assert get(admin, f"teams/{one}")["status"] == "已销号"
        assert get(admin, f"plans/{first['id']}/since")["since"] == ["例毕销号队已销号"]
        made = plan(admin, there, teams=list(boats[1:]))
        assert {o["team"]: o["why"] for o in made["left_out"]}[one].startswith("已销号，不再按调度令")
        accept(commander, made)

    def test_its_order_is_not_opened_again_by_a_correction(
        self, admin: TestClient, commander: TestClient, boats: tuple[int, int]
    ) -> None:
        there = village(admin)
        [given] = accept(commander, plan(admin, there, teams=[boats[0]]))["orders"]
        [over] = mark(commander, given, "cancelled", note="撤回")["marks"]
        assert admin.delete(f"/api/objects/{boats[0]}", params={"reason": "撤并"}).status_code == 200
        path = f"/api/rescue/orders/{given['id']}/marks/{over['id']}/correct"
        answer = commander.post(path, json={"reason": "记错了", "instead": None})
        assert refused(answer, 409)["code"] == "struck_off"
        done = post(commander, path.removeprefix("/api/rescue/"), {"reason": "其实已办完", "instead": "result"})
        assert done["status"] == "result"
