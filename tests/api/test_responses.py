"""Response levels: started once, changed and ended by commanders; their acts with clock, ticks and persons; the lists."""

import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.api.admission import load_towns
from tests.api.rescue import square, warning
from tests.api.test_bad_input import refused

from riskmap.access.reader import SYSTEM
from riskmap.base import clock, database
from riskmap.rescue import acts, response
from riskmap.store.snapshot import open_snapshot

Maker = Callable[..., TestClient]
COUNTY, OTHER = "360402", "360481"
BASIS = {"basis": "示例站超警 0.84 m"}


@pytest.fixture(scope="module", autouse=True)
def divisions(app: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))


@pytest.fixture
def commander(make_account: Maker) -> TestClient:
    return make_account("editor", may=["dispatch"])


@pytest.fixture
def running(commander: TestClient) -> Iterator[dict[str, Any]]:
    """A response at Ⅲ, ended after the test."""
    made = start(commander)
    yield made
    now = commander.get(f"/api/rescue/responses/{made['id']}").json()
    if now["running"]:
        act(commander, made, "end", step=now["step"])


def start(client: TestClient, level: int = 3, **more: Any) -> dict[str, Any]:
    body = {"kind": "防汛", "level": level, "division": COUNTY, **BASIS, **more}
    answer = client.post("/api/rescue/responses", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def act(client: TestClient, of: dict[str, Any], what: str, **body: Any) -> dict[str, Any]:
    answer = client.post(f"/api/rescue/responses/{of['id']}/{what}", json={**BASIS, **body})
    assert answer.status_code in {200, 201}, answer.text
    return dict(answer.json())


def tick(client: TestClient, of: dict[str, Any], act_id: int, mark: str, **more: Any) -> Any:
    return client.post(f"/api/rescue/responses/{of['id']}/acts/{act_id}/mark", json={"mark": mark, **more})


def test_what_is_done_with_an_act_is_in_the_trail(running: dict[str, Any], make_account: Maker) -> None:
    duty, first = make_account("editor"), running["acts"][0]["id"]
    assert tick(duty, running, first, "done").status_code == 200
    person = {"person": "甲某", "phone": ""}
    assert duty.post(f"/api/rescue/responses/{running['id']}/acts/{first}/person", json=person).status_code == 200
    more = duty.post(f"/api/rescue/responses/{running['id']}/acts", json={"act": "加派巡堤"})
    assert more.status_code == 201, more.text
    found = make_account("auditor", "command").get(
        "/api/audit",
        params={"kind": "response", "ref": str(running["id"]), "actor": duty.username},  # type: ignore[attr-defined]
    )
    assert [e["action"] for e in found.json()["items"]] == ["update"] * 3


class TestLevels:
    def test_the_list_of_the_level_is_copied_with_its_owners_and_its_clock(
        self, admin: TestClient, running: dict[str, Any]
    ) -> None:
        wanted = acts.shipped("防汛", 3)
        assert len(wanted) > 10
        got = [{k: a[k] for k in ("act", "department", "post", "minutes")} for a in running["acts"]]
        assert got == wanted
        assert (running["level_title"], running["division_name"], running["running"]) == ("Ⅲ级", "濂溪区", True)
        for a in running["acts"]:
            due, started = datetime.fromisoformat(a["due_at"]), datetime.fromisoformat(running["started_at"])
            assert abs(due - started - timedelta(minutes=a["minutes"])) < timedelta(seconds=5)
            assert (a["state"], a["overdue"]) == ("open", False)
        newest = admin.get("/api/rescue/log", params={"kind": "响应"}).json()["items"][0]
        assert newest["what"] == "启动防汛Ⅲ级应急响应（濂溪区）：示例站超警 0.84 m"

    def test_who_starts_the_same_again_is_told_who_was_first(
        self, admin: TestClient, commander: TestClient, running: dict[str, Any], make_account: Maker
    ) -> None:
        other = make_account("editor", may=["dispatch"])
        body = {"kind": "防汛", "level": 1, "division": f"{COUNTY}000000", **BASIS}  # the same area, written in full
        said = refused(other.post("/api/rescue/responses", json=body), 409)
        assert commander.username in said["detail"]  # type: ignore[attr-defined]
        assert said["now"]["level"] == 3
        # Another kind, another area and an exercise are other responses.
        for more in ({"kind": "防台风"}, {"division": OTHER}, {"exercise": True}):
            made = start(other, **more)
            act(other, made, "end", step=1)

    def test_of_many_who_start_at_once_one_does(self, app: Any, make_account: Maker) -> None:
        clients = [make_account("editor", may=["dispatch"]) for _ in range(6)]
        gate, codes = threading.Barrier(len(clients)), []

        def go(client: TestClient, level: int) -> None:
            body = {"kind": "抗旱", "level": level, "division": COUNTY, **BASIS}
            gate.wait()
            codes.append(client.post("/api/rescue/responses", json=body).status_code)

        threads = [threading.Thread(target=go, args=(c, 1 + i % 4)) for i, c in enumerate(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(codes) == [201] + [409] * 5
        items = clients[0].get("/api/rescue/responses?running=true").json()["items"]
        [one] = [r for r in items if r["kind"] == "抗旱"]
        assert len(one["steps"]) == 1
        act(clients[0], one, "end", step=1)

    def test_a_change_keeps_what_both_levels_ask_for_and_drops_what_is_not_asked_for_any_more(
        self, commander: TestClient, running: dict[str, Any]
    ) -> None:
        first = running["acts"][0]
        assert tick(commander, running, first["id"], "done").status_code == 200
        up = act(commander, running, "change", level=1, step=1)
        words = {a["act"] for a in acts.shipped("防汛", 1)}
        assert {a["act"] for a in up["acts"] if a["state"] != "dropped"} == words
        kept = next(a for a in up["acts"] if a["id"] == first["id"])
        assert (kept["state"], kept["due_at"]) == ("done", first["due_at"])
        # What is open has the shorter time of the graver level, from now on.
        second = next(a for a in up["acts"] if a["id"] == running["acts"][1]["id"])
        assert (running["acts"][1]["minutes"], second["minutes"]) == (60, 30)
        assert second["due_at"] < running["acts"][1]["due_at"]
        down = act(commander, running, "change", level=4, step=2)
        asked = {a["act"] for a in acts.shipped("防汛", 4)}
        assert {a["act"] for a in down["acts"] if a["state"] == "open"} == asked - {first["act"]}
        assert (
            next(a for a in down["acts"] if a["id"] == second["id"])["due_at"] == second["due_at"]
        )  # not longer again
        assert down["counts"]["dropped"] == len(words - asked)
        assert down["counts"]["total"] == len(asked)
        again = act(commander, running, "change", level=1, step=3)
        assert again["counts"]["dropped"] == 0
        assert len(again["acts"]) == len(up["acts"])  # asked for again, not twice
        assert [s["what"] for s in again["steps"]] == ["start", "change", "change", "change"]

    def test_who_was_overtaken_is_told_and_changes_nothing(
        self, commander: TestClient, running: dict[str, Any], make_account: Maker
    ) -> None:
        other = make_account("editor", may=["dispatch"])
        act(commander, running, "change", level=2, step=1)
        path = f"/api/rescue/responses/{running['id']}"
        for what, body in (("change", {"level": 1, "step": 1}), ("end", {"step": 1}), ("end", {"step": 7})):
            said = refused(other.post(f"{path}/{what}", json={**BASIS, **body}), 409)
            assert commander.username in said["detail"]  # type: ignore[attr-defined]
        assert other.get(path).json()["level"] == 2
        refused(other.post(f"{path}/change", json={**BASIS, "level": 2, "step": 2}))
        act(other, running, "end", step=2)
        refused(commander.post(f"{path}/end", json={**BASIS, "step": 3}), 409)
        refused(commander.post(f"{path}/change", json={**BASIS, "level": 1, "step": 3}), 409)
        refused(commander.post(f"{path}/acts", json={"act": "例"}), 409)

    def test_after_the_end_the_next_turn_may_begin(self, commander: TestClient) -> None:
        one = start(commander, level=4)
        ended = act(commander, one, "end", step=1)
        assert (ended["running"], ended["level"]) == (False, 4)
        two = start(commander, level=2)
        assert two["id"] != one["id"]
        act(commander, two, "end", step=1)

    def test_the_picture_of_a_minute(self, commander: TestClient, running: dict[str, Any]) -> None:
        before = clock.now()
        tick(commander, running, running["acts"][0]["id"], "done")
        act(commander, running, "change", level=1, step=1)
        act(commander, running, "end", step=2)
        path = f"/api/rescue/responses/{running['id']}"
        then = commander.get(path, params={"at": before.isoformat()}).json()
        assert (then["level"], then["running"], then["step"], then["ended_at"]) == (3, True, 1, None)
        assert {a["state"] for a in then["acts"]} == {"open"}
        assert len(then["acts"]) == len(running["acts"])
        now = commander.get(path).json()
        assert (now["level"], now["running"], now["counts"]["done"]) == (1, False, 1)

        def ids(**params: Any) -> set[int]:
            return {r["id"] for r in commander.get("/api/rescue/responses", params=params).json()["items"]}

        assert running["id"] in ids(at=before.isoformat(), running="true")
        assert running["id"] not in ids(running="true")
        assert running["id"] in ids()
        early = (before - timedelta(hours=1)).isoformat()
        assert running["id"] not in ids(at=early)
        refused(commander.get(path, params={"at": early}), 404)

    def test_what_runs_stands_on_the_first_page_however_old_it_is(
        self, commander: TestClient, running: dict[str, Any]
    ) -> None:
        for _ in range(3):
            one = start(commander, kind="抗旱", level=4)
            act(commander, one, "end", step=1)

        def page(**params: Any) -> tuple[list[int], int | None]:
            got = commander.get("/api/rescue/responses", params=params).json()
            return [r["id"] for r in got["items"]], got["next"]

        first, following = page(limit=2)
        assert first[0] == running["id"]
        assert len(first) == 3
        seen = list(first)
        while following:
            more, following = page(limit=2, before=following)
            assert running["id"] not in more
            seen += more
        assert seen == page(limit=500)[0]

    def test_a_warning_may_be_named_but_not_one_of_an_exercise(self, admin: TestClient, commander: TestClient) -> None:
        real, played = (warning(admin, areas=[square(116, 29.7, 50)], exercise=e) for e in (False, True))
        body = {"kind": "高温", "level": 4, "division": COUNTY, **BASIS}
        refused(commander.post("/api/rescue/responses", json=body | {"warning": played["id"]}))
        refused(commander.post("/api/rescue/responses", json=body | {"warning": 987654}), 404)
        made = start(commander, kind="高温", warning=real["id"])
        assert made["warning"] == real["id"]
        assert made["acts"] == []  # no list is shipped for heat, and none is invented
        act(commander, made, "end", step=1)

    def test_who_may(self, admin: TestClient, client: TestClient, running: dict[str, Any], make_account: Maker) -> None:
        path = f"/api/rescue/responses/{running['id']}"
        body = {"kind": "防汛", "level": 2, "division": OTHER, **BASIS}
        assert client.get("/api/rescue/responses").status_code == 401
        assert make_account("reader", "public").get(path).status_code == 403
        reader, editor = make_account("reader", may=["dispatch"]), make_account("editor")
        assert reader.get(path).status_code == 200
        for one in (reader, editor):
            refused(one.post("/api/rescue/responses", json=body), 403)
            refused(one.post(f"{path}/change", json={**BASIS, "level": 1, "step": 1}), 403)
            refused(one.post(f"{path}/end", json={**BASIS, "step": 1}), 403)
        assert tick(reader, running, running["acts"][0]["id"], "done").status_code == 403
        assert tick(editor, running, running["acts"][0]["id"], "done").status_code == 200
        elsewhere = make_account("editor", may=["dispatch"], areas=[OTHER])
        first, own = running["acts"][1]["id"], {"act": "另加", "department": "例局"}
        for answer in (
            tick(elsewhere, running, first, "done"), elsewhere.post(f"{path}/acts", json=own),
            elsewhere.post(f"{path}/acts/{first}/person", json={"person": "张三", "phone": ""}),
        ):  # fmt: skip
            assert "与您的管理区域无关" in refused(answer, 403)["detail"]
        # Who has a part of the area does acts there.
        town = make_account("editor", areas=[f"{COUNTY}001"])
        assert tick(town, running, first, "done").status_code == 200
        lists = "/api/rescue/acts/山洪地质灾害/2"
        shared = {"acts": [{"act": "例", "department": "例局", "post": "", "minutes": 9}], "version": 0}
        for answer in (elsewhere.put(lists, json=shared), elsewhere.post(f"{lists}/reset", json={"version": 0})):
            assert "全市共用" in refused(answer, 403)["detail"]
        assert "管理区域" in refused(elsewhere.post(f"{path}/end", json={**BASIS, "step": 1}), 403)["detail"]
        refused(elsewhere.post("/api/rescue/responses", json=body | {"division": COUNTY}), 403)

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"kind": "防震"}, "kind"), ({"level": 0}, "level"), ({"level": 5}, "level"), ({"division": "1"}, "division"),
            ({"division": "360499"}, "division"), ({"basis": " "}, "basis"), ({"colour": "红"}, "colour"),
        ],
    )  # fmt: skip
    def test_a_wrong_response(self, commander: TestClient, change: dict[str, Any], field: str) -> None:
        body = {"kind": "防汛", "level": 2, "division": OTHER, **BASIS, **change}
        said = refused(commander.post("/api/rescue/responses", json=body))
        assert field in {e["field"] for e in said["errors"]}


class TestActs:
    def test_ticks_are_added_and_can_be_taken_back(self, commander: TestClient, running: dict[str, Any]) -> None:
        one = running["acts"][1]["id"]
        done = tick(commander, running, one, "done", note="电话通知").json()["acts"][1]
        assert (done["state"], done["note"], done["late"]) == ("done", "电话通知", False)
        assert done["marked_by"] == commander.username  # type: ignore[attr-defined]
        assert commander.username in refused(tick(commander, running, one, "done"), 409)["detail"]  # type: ignore[attr-defined]
        between = clock.now()
        back = tick(commander, running, one, "open", note="点错了").json()
        assert (back["acts"][1]["state"], back["counts"]["done"]) == ("open", 0)
        then = commander.get(f"/api/rescue/responses/{running['id']}", params={"at": between.isoformat()}).json()
        assert then["acts"][1]["state"] == "done"
        not_here = tick(commander, running, one, "not_applicable", note="没有堤防").json()
        assert not_here["counts"]["not_applicable"] == 1
        said = [e["what"] for e in commander.get("/api/rescue/log", params={"kind": "响应"}).json()["items"][:3]]
        assert [s.split("：", 1)[1] for s in reversed(said)] == [
            "完成（电话通知）",
            "改回未办（点错了）",
            "不适用（没有堤防）",
        ]

    def test_an_act_is_overdue_by_the_clock_and_what_is_done_after_it_is_late(
        self, app: Any, commander: TestClient, running: dict[str, Any]
    ) -> None:
        short = running["acts"][0]
        due = datetime.fromisoformat(short["due_at"])

        def at(when: datetime) -> dict[str, Any]:  # a minute that is to come is not asked for over HTTP
            with database.read(app.state.engine, SYSTEM.settings()) as connection:
                return response.body(open_snapshot(connection, SYSTEM, app.state.catalogues, 7), running["id"], when)

        assert at(due)["acts"][0]["overdue"] is False  # at the minute itself it is still in time
        later = at(due + timedelta(seconds=1))
        assert later["acts"][0]["overdue"] is True
        assert later["counts"]["overdue"] == sum(a["minutes"] <= short["minutes"] for a in running["acts"])
        # A tick of an hour later, as the clock will bring it.
        with database.write(app.state.engine, SYSTEM.settings(write=True)) as connection:
            connection.execute(
                text("INSERT INTO rescue_act_mark (act_id, at, by, what) VALUES (:a, :at, 'x', 'done')"),
                {"a": short["id"], "at": due + timedelta(hours=1)},
            )
        done = at(due + timedelta(hours=2))["acts"][0]
        assert (done["state"], done["overdue"], done["late"]) == ("done", False, True)

    def test_a_person_is_named_and_an_act_added_by_hand_stays_through_a_change(
        self, commander: TestClient, running: dict[str, Any]
    ) -> None:
        one = running["acts"][0]["id"]
        path = f"/api/rescue/responses/{running['id']}/acts"
        named = commander.post(f"{path}/{one}/person", json={"person": "甲某", "phone": "0792-1110001"}).json()
        assert (named["acts"][0]["person"], named["acts"][0]["phone"]) == ("甲某", "0792-1110001")
        assert commander.post(f"{path}/{one}/person", json={"person": ""}).json()["acts"][0]["person"] is None
        refused(commander.post(f"{path}/{one}/person", json={"person": "甲", "phone": "打手机"}))
        own = {"act": "关闭例湖闸", "department": "水利局", "minutes": 20}
        added = commander.post(path, json=own)
        assert added.status_code == 201
        last = added.json()["acts"][-1]
        assert (last["act"], last["minutes"], last["from_list"]) == ("关闭例湖闸", 20, False)
        refused(commander.post(path, json=own))
        changed = act(commander, running, "change", level=4, step=1)
        assert next(a for a in changed["acts"] if a["id"] == last["id"])["state"] == "open"

    def test_unknown_ones(self, commander: TestClient, running: dict[str, Any]) -> None:
        refused(commander.get("/api/rescue/responses/987654"), 404)
        refused(tick(commander, running, 987654, "done"), 404)
        refused(tick(commander, {"id": 987654}, running["acts"][0]["id"], "done"), 404)
        refused(tick(commander, running, running["acts"][0]["id"], "dropped"))


class TestLists:
    def test_the_shipped_lists_say_that_they_are_a_judgement(self, admin: TestClient) -> None:
        found = admin.get("/api/rescue/acts", params={"kind": "防汛"}).json()["items"]
        assert [(i["level"], i["level_title"]) for i in found] == [(1, "Ⅰ级"), (2, "Ⅱ级"), (3, "Ⅲ级"), (4, "Ⅳ级")]
        assert all("经验值" in i["note"] and not i["own"] and i["acts"] for i in found)
        sizes = [len(i["acts"]) for i in found]
        assert sizes == sorted(sizes, reverse=True)  # the graver, the more
        assert all(i["acts"] == [] for i in admin.get("/api/rescue/acts?kind=抗旱").json()["items"])
        refused(admin.get("/api/rescue/acts?kind=防震"))

    def test_a_bureau_puts_its_own_in_force_and_runs_by_it(
        self, admin: TestClient, commander: TestClient, make_account: Maker
    ) -> None:
        path = "/api/rescue/acts/山洪地质灾害/2"
        own = {"acts": [{"act": "叫应到村到户", "department": "属地", "post": "村支书", "minutes": 30}], "version": 0}
        assert make_account("editor").put(path, json=own).status_code == 403
        kept = admin.put(path, json=own)
        assert kept.status_code == 200, kept.text
        assert (kept.json()["own"], kept.json()["version"], kept.json()["note"]) == (True, 1, None)
        said = refused(commander.put(path, json=own), 409)
        assert "admin" in said["detail"]
        refused(commander.put(path, json=own | {"version": 9}), 409)
        made = start(commander, kind="山洪地质灾害", level=2)
        assert [a["act"] for a in made["acts"]] == ["叫应到村到户"]
        assert commander.put(path, json={"acts": [], "version": 1}).status_code == 200
        assert len(commander.get(f"/api/rescue/responses/{made['id']}").json()["acts"]) == 1  # it keeps its own
        act(commander, made, "end", step=1)
        reset = admin.post(f"{path}/reset", json={"version": 2}).json()
        assert (reset["own"], reset["version"], reset["acts"]) == (False, 3, [])
        refused(admin.put(path, json={"acts": [{"act": ""}], "version": 3}))
        refused(admin.put(path, json={"acts": [{"act": "例", "minutes": 0}], "version": 3}))
        refused(admin.put("/api/rescue/acts/山洪地质灾害/5", json=own))
