"""更正: a mark on an order that was wrong counts no more, nor what it said of the team; both stay readable."""

import re
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from starlette.testclient import TestClient
from tests.api.dispatch import accept, get, incident, place, plan, post, team
from tests.api.test_bad_input import refused

from riskmap.base import clock

Maker = Callable[..., TestClient]


@pytest.fixture(scope="module")
def commander(make_account: Maker) -> TestClient:
    return make_account("editor", may=["dispatch"])


@pytest.fixture
def boat(admin: TestClient) -> int:
    """A team of this test alone."""
    return team(admin, "例改艇队", place(120, 5), boats=1)


@pytest.fixture
def order(admin: TestClient, commander: TestClient, boat: int) -> Iterator[dict[str, Any]]:
    yield ordered(admin, commander, boat)
    for one in get(admin, "orders", team=boat, running=True)["items"]:
        mark(admin, one, "result")


def ordered(admin: TestClient, commander: TestClient, boat: int, **more: Any) -> dict[str, Any]:
    """An order to this team, to an incident of its own."""
    there = incident(admin, place(120.5, 5), trapped=4, needs=["boat"], name="改村", **more)
    [one] = accept(commander, plan(admin, there, teams=[boat], exercise=more.get("exercise", False)))["orders"]
    return dict(one)


def mark(client: TestClient, order: dict[str, Any], what: str, **more: Any) -> dict[str, Any]:
    return post(client, f"orders/{order['id']}/marks", {"what": what, **more})


def path(order: dict[str, Any], what: str) -> str:
    """Where the mark of this kind on an order as it was answered is corrected."""
    [one] = [m for m in order["marks"] if m["what"] == what]
    return f"orders/{order['id']}/marks/{one['id']}/correct"


def stands(client: TestClient, team_id: int, **at: Any) -> dict[str, Any]:
    [one] = [t for t in get(client, "teams", **at)["items"] if t["id"] == team_id]
    return dict(one)


class TestWhatCountsNoMore:
    def test_a_wrong_result_leaves_the_order_and_the_team_as_they_were(
        self, admin: TestClient, boat: int, order: dict[str, Any]
    ) -> None:
        there = mark(admin, order, "arrival")
        base = stands(admin, boat)["position"]
        done = mark(admin, order, "result", note="救出 4 人")
        then = clock.now()
        now = post(admin, path(done, "result"), {"reason": "记到别的令上了"})
        assert (now["status"], [m["what"] for m in now["marks"]]) == ("arrival", ["arrival"])
        [wrong] = now["taken_back"]
        assert (wrong["what"], wrong["note"], wrong["taken_back"]["reason"]) == (
            "result",
            "救出 4 人",
            "记到别的令上了",
        )
        team_now = stands(admin, boat)
        assert (team_now["status"], team_now["order"]["id"], team_now["position"]) == ("到达", order["id"], base)
        assert there["marks"][0]["id"] == now["marks"][0]["id"]
        said = get(admin, "log", kind="调度")["items"][0]["what"]
        assert re.fullmatch(
            rf"调度令 {order['id']}（例改艇队→险情 {order['incident']}）更正：.+ \d\d-\d\d \d\d:\d\d 记的完成不算，"
            "原因：记到别的令上了", said,
        )  # fmt: skip
        # At the minute before, what was believed then.
        before = then.isoformat()
        assert stands(admin, boat, at=before)["status"] == "返回"
        assert order["id"] not in {o["id"] for o in get(admin, "orders", at=before, running=True)["items"]}
        told = get(admin, f"teams/{boat}/status")["items"]
        assert [(t["status"], t["taken_back"]) for t in told] == [("返回", True), ("到达", False), ("出动", False)]

    def test_a_wrong_arrival_does_not_leave_the_team_standing_there(
        self, admin: TestClient, boat: int, order: dict[str, Any]
    ) -> None:
        base = stands(admin, boat)["position"]
        post(admin, path(mark(admin, order, "arrival"), "arrival"), {"reason": "听错了"})
        now = stands(admin, boat)
        assert (now["status"], now["position"], now["order"]["arrived"]) == ("出动", base, False)

    def test_where_a_team_said_that_it_is_counts_though_the_mark_before_was_wrong(
        self, admin: TestClient, boat: int, order: dict[str, Any]
    ) -> None:
        done = mark(admin, order, "result")
        there = place(120.2, 5)
        post(admin, f"teams/{boat}/status", {"lon": there[0], "lat": there[1]})
        post(admin, path(done, "result"), {"reason": "按错"})
        now = stands(admin, boat)
        assert (now["status"], now["position"]) == ("出动", pytest.approx(list(there)))

    def test_it_may_be_marked_anew_and_what_was_meant_is_marked_at_the_same_time(
        self, admin: TestClient, order: dict[str, Any]
    ) -> None:
        at = (clock.now() - timedelta(seconds=20)).isoformat()
        done = mark(admin, order, "result", at=at, how="phone_page", key="k-1")
        now = post(admin, path(done, "result"), {"reason": "按错了键", "instead": "arrival"})
        [there] = now["marks"]
        assert (there["what"], there["at"], there["how"]) == ("arrival", done["marks"][0]["at"], "phone_page")
        assert "改记为到达" in get(admin, "log", kind="调度")["items"][0]["what"]
        # What the telephone sends again is the mark that was taken back, not another.
        assert mark(admin, order, "result", key="k-1")["status"] == "arrival"
        assert mark(admin, order, "result", key="k-2")["status"] == "result"

    def test_on_paper(self, admin: TestClient, order: dict[str, Any]) -> None:
        post(admin, path(mark(admin, order, "departure"), "departure"), {"reason": "还没有走"})
        answer = admin.get("/api/rescue/orders.pdf", params={"order": order["id"]})
        with pypdfium2.PdfDocument(answer.content) as document:
            said = re.sub(r"\s+", "", document[0].get_textpage().get_text_bounded())
        assert re.search(r"更正：.+记的出发（电话.+）不算：.+更正，还没有走", said)

    def test_the_plan_that_holds_says_so_and_made_anew_the_team_stands_again(
        self, admin: TestClient, commander: TestClient, boat: int, order: dict[str, Any]
    ) -> None:
        done = mark(admin, order, "result")
        draft = plan(admin, incident(admin, place(120.7, 5), trapped=1, needs=["boat"], name="另村"), teams=[boat])
        post(admin, path(done, "result"), {"reason": "按错"})
        assert f"调度令 {order['id']} 的完成已更正" in str(get(admin, f"plans/{order['plan']}/since")["since"])
        said = refused(commander.post(f"/api/rescue/plans/{draft['id']}/accept", json={}), 409)
        assert (said["code"], f"例改艇队（调度令 {order['id']}）又在执行任务" in said["detail"]) == (
            "team_changed",
            True,
        )
        again = post(admin, f"plans/{order['plan']}/replan", {"flood": None, "incidents": None, "keep_pins": True})
        assert [(a["team"], a["order"]) for a in again["assignments"]] == [(boat, order["id"])]
        assert again["withdraws"] == []


class TestWhoMayAndWhatMayNot:
    def test_of_what_only_who_may_dispatch_does_only_he_corrects(
        self, commander: TestClient, make_account: Maker, order: dict[str, Any]
    ) -> None:
        editor = make_account("editor")
        gone = mark(commander, order, "cancelled", note="不用去了")
        assert (
            "调度权"
            in refused(editor.post(f"/api/rescue/{path(gone, 'cancelled')}", json={"reason": "x"}), 403)["detail"]
        )
        assert post(commander, path(gone, "cancelled"), {"reason": "还要去"})["status"] == "issued"
        there = mark(editor, order, "arrival")
        body = {"reason": "x", "instead": "cancelled"}
        refused(editor.post(f"/api/rescue/{path(there, 'arrival')}", json=body), 403)
        assert get(editor, f"orders?incident={order['incident']}")["items"][0]["status"] == "arrival"

    def test_who_does_not_see_the_team_corrects_nothing(
        self, admin: TestClient, make_account: Maker, order: dict[str, Any]
    ) -> None:
        there = mark(admin, order, "arrival")
        elsewhere = make_account("editor", "department", areas=["360481"])
        refused(elsewhere.post(f"/api/rescue/{path(there, 'arrival')}", json={"reason": "x"}), 404)
        reader = make_account("reader", "command")
        refused(reader.post(f"/api/rescue/{path(there, 'arrival')}", json={"reason": "x"}), 403)

    def test_bad_input(self, admin: TestClient, order: dict[str, Any]) -> None:
        there = mark(admin, order, "arrival")
        where = f"/api/rescue/{path(there, 'arrival')}"
        assert refused(admin.post(where, json={"reason": " "}))["errors"][0]["field"] == "reason"
        assert refused(admin.post(where, json={}))["errors"][0]["field"] == "reason"
        assert refused(admin.post(where, json={"reason": "x", "instead": "arrival"}))["errors"][0]["field"] == "instead"
        refused(admin.post(where, json={"reason": "x", "instead": "dance"}))
        refused(admin.post(f"/api/rescue/orders/{order['id']}/marks/999999999/correct", json={"reason": "x"}), 404)
        refused(admin.post("/api/rescue/orders/999999999/marks/1/correct", json={"reason": "x"}), 404)
        done = mark(admin, order, "result")
        body = {"reason": "x", "instead": "receipt"}
        said = refused(admin.post(where, json=body))  # it is over by another mark
        assert "另有完成的记录" in said["errors"][0]["message"]
        later = refused(admin.post(f"/api/rescue/{path(done, 'result')}", json=body))
        assert "签收应在那以前" in later["errors"][0]["message"]
        assert [m["what"] for m in get(admin, "orders", team=order["team"]["id"])["items"][0]["marks"]] == [
            "arrival", "result",
        ]  # fmt: skip

    def test_what_a_plan_took_back_is_for_a_plan(
        self, admin: TestClient, commander: TestClient, boat: int, order: dict[str, Any]
    ) -> None:
        other = team(admin, "例近艇队", place(120.5, 5.1), boats=2)
        body = {"team": boat, "incident": None}
        changed = post(commander, f"plans/{order['plan']}/change", body)
        accept(
            commander, post(commander, f"plans/{changed['id']}/change", {"team": other, "incident": order["incident"]})
        )
        [gone] = get(admin, "orders", team=boat)["items"]
        assert gone["marks"][-1]["how"] == "system"
        said = refused(commander.post(f"/api/rescue/{path(gone, 'cancelled')}", json={"reason": "x"}), 409)
        assert said["code"] == "by_plan"
        for one in get(admin, "orders", team=other, running=True)["items"]:
            mark(admin, one, "result")

    def test_a_team_does_not_come_to_have_two_orders(
        self, admin: TestClient, commander: TestClient, boat: int, order: dict[str, Any]
    ) -> None:
        done = mark(admin, order, "result")
        second = ordered(admin, commander, boat)
        said = refused(commander.post(f"/api/rescue/{path(done, 'result')}", json={"reason": "没有做完"}), 409)
        assert (said["code"], f"调度令 {second['id']}" in said["detail"]) == ("two_orders", True)
        assert get(admin, "orders", incident=order["incident"])["items"][0]["status"] == "result"  # nothing was written
        now = post(commander, path(done, "result"), {"reason": "没有做完就改派了", "instead": "cancelled"})
        assert (now["status"], now["marks"][-1]["note"]) == ("cancelled", "没有做完就改派了")
        assert stands(admin, boat)["order"]["id"] == second["id"]

    def test_who_has_not_seen_what_was_marked_since_is_told(self, admin: TestClient, order: dict[str, Any]) -> None:
        there = mark(admin, order, "arrival")
        seen = there["marks"][-1]["id"]
        mark(admin, order, "result")
        where = f"/api/rescue/{path(there, 'arrival')}"
        said = refused(admin.post(where, json={"reason": "还没有到", "last": seen}), 409)
        assert (said["code"], "记为完成，没有更正" in said["detail"]) == ("marked_since", True)
        [now] = get(admin, "orders", incident=order["incident"])["items"]
        assert now["status"] == "result"
        post(admin, path(now, "arrival"), {"reason": "还没有到", "last": now["marks"][-1]["id"]})

    def test_of_many_who_correct_at_once_one_does(
        self, admin: TestClient, make_account: Maker, order: dict[str, Any]
    ) -> None:
        done = mark(admin, order, "result")
        clients = [make_account("editor", may=["dispatch"]) for _ in range(4)]
        answers: list[Any] = [None] * 4
        ready = threading.Barrier(4)

        def correct(n: int) -> None:
            ready.wait()
            answers[n] = clients[n].post(f"/api/rescue/{path(done, 'result')}", json={"reason": f"{n} 说的"})

        threads = [threading.Thread(target=correct, args=(n,)) for n in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(a.status_code for a in answers) == [201, 409, 409, 409]
        lost = next(a for a in answers if a.status_code == 409)
        assert lost.json()["code"] == "corrected"
        [wrong] = get(admin, "orders", incident=order["incident"])["items"][0]["taken_back"]
        assert wrong["taken_back"]["by"] in lost.json()["detail"]


class TestHowTheTeamStands:
    def test_who_went_home_before_the_correction_is_not_sent_again_by_it(
        self, admin: TestClient, boat: int, order: dict[str, Any]
    ) -> None:
        there = mark(admin, order, "arrival")
        post(admin, f"teams/{boat}/status", {"status": "返回"})
        now = post(admin, path(there, "arrival"), {"reason": "只是出发", "instead": "departure"})
        assert (now["status"], now["turned_back"]) == ("departure", True)
        assert stands(admin, boat)["status"] == "返回"

    def test_an_end_that_is_told_late_of_a_time_before_the_arrival_frees_the_team(
        self, admin: TestClient, boat: int, order: dict[str, Any]
    ) -> None:
        done_at = clock.now().isoformat()  # kept on a telephone without a network
        mark(admin, order, "arrival")  # by the officer, who rang
        now = mark(admin, order, "result", at=done_at, how="phone_page", key="late-1")
        assert now["status"] == "result"
        assert stands(admin, boat)["status"] == "返回"


class TestNothingTwice:
    def test_what_is_marked_is_not_marked_again(self, admin: TestClient, order: dict[str, Any]) -> None:
        mark(admin, order, "receipt")
        said = refused(admin.post(f"/api/rescue/orders/{order['id']}/marks", json={"what": "receipt"}), 409)
        assert (said["code"], "记为签收，没有再记" in said["detail"]) == ("marked", True)

    def test_a_step_before_one_that_was_marked_is_told_with_its_time(
        self, admin: TestClient, order: dict[str, Any]
    ) -> None:
        mark(admin, order, "arrival")
        late = f"/api/rescue/orders/{order['id']}/marks"
        said = refused(admin.post(late, json={"what": "receipt"}))
        assert (said["errors"][0]["field"], "请写明时间" in said["errors"][0]["message"]) == ("at", True)
        now = mark(admin, order, "receipt", at=order["ordered_at"])
        assert (now["status"], [m["what"] for m in now["marks"]]) == ("arrival", ["arrival", "receipt"])
        late_departure = mark(admin, order, "departure", at=order["ordered_at"])
        assert late_departure["status"] == "arrival"
        assert stands(admin, order["team"]["id"])["status"] == "到达"
