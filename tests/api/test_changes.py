"""自上次查看以来: what a reader is told of the way from an earlier state to the present."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.conftest import OTHER_PASSWORD, sign_in

from riskmap.access.reader import SYSTEM
from riskmap.app import bring_to_today
from riskmap.base import clock, database
from riskmap.register import changes

NOW = {"value": "general", "basis": "会商"}


def make(client: TestClient, **given: Any) -> dict[str, Any]:
    body = {"class": "tailings-pond", "attributes": {}, "visibility": "department", "valid_from": "2026-01-01", **given}
    answer = client.post("/api/objects", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def change(client: TestClient, made: dict[str, Any], **given: Any) -> None:
    held = client.get(f"/api/objects/{made['id']}").json()["object_state"]
    answer = client.patch(f"/api/objects/{made['id']}", json=given, headers={"If-Match": f'"{held}"'})
    assert answer.status_code == 200, answer.text


def state(client: TestClient) -> int:
    return client.get("/api/rights").json()["state"]


def told(client: TestClient, since: int, **selection: Any) -> dict[str, Any]:
    answer = client.get("/api/changes", params={"since": since, **selection})
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["total"] == sum(found["by_kind"].values())
    return {**found, "kinds": {i["name"]: i["kind"] for i in found["items"]}}


@pytest.fixture(scope="module")
def ponds(admin: TestClient) -> dict[str, dict[str, Any]]:
    names = ("不变库", "改级库", "停用库", "注销库", "改名库", "搬家库")
    return {
        name: make(
            admin,
            name=name,
            grade=NOW,
            division="360429",
            geometry={"type": "Point", "coordinates": [116.2 + i / 100, 29.7]},
        )
        for i, name in enumerate(names)
    }


def test_every_kind_of_change_is_told_once_worst_first(admin: TestClient, ponds: dict[str, dict[str, Any]]) -> None:
    before = state(admin)
    assert told(admin, before)["total"] == 0
    change(admin, ponds["改级库"], grade={"value": "major", "basis": "扩容"})
    change(admin, ponds["停用库"], stage="closed")
    change(admin, ponds["改名库"], name="改名后库", attributes={"dam_height_m": 30})
    place = {"type": "Point", "coordinates": [116.5, 29.5]}
    change(admin, ponds["搬家库"], geometry=place, division="360429")
    change(admin, ponds["不变库"], name="短暂改名库")
    change(admin, ponds["不变库"], name="不变库")
    assert admin.delete(f"/api/objects/{ponds['注销库']['id']}", params={"reason": "闭库"}).status_code == 200
    make(admin, name="新增库", grade={"value": "low", "basis": "会商"})
    fleeting = make(admin, name="一现库")
    admin.delete(f"/api/objects/{fleeting['id']}", params={"reason": "登记错误"})

    found = told(admin, before)
    assert found["kinds"] == {
        "改级库": "regraded",
        "停用库": "left",
        "改名后库": "changed",
        "搬家库": "changed",
        "注销库": "ended",
        "新增库": "added",
    }
    assert found["by_kind"] == {"added": 1, "ended": 1, "regraded": 1, "entered": 0, "left": 1, "changed": 2}
    items = {i["name"]: i for i in found["items"]}
    assert found["items"][0]["name"] == "改级库"
    assert items["改级库"]["before"]["grade"] == "general"
    assert items["改级库"]["grade"]["value"] == "major"
    assert items["改名后库"]["fields"] == ["name", "attributes"]
    assert items["搬家库"]["fields"] == ["position"]
    assert "before" not in items["新增库"]


def test_an_object_enters_and_leaves_a_selection(admin: TestClient, ponds: dict[str, dict[str, Any]]) -> None:
    before = state(admin)
    change(admin, ponds["搬家库"], division="360426")
    here, there = told(admin, before, division="360429"), told(admin, before, division="360426")
    assert here["kinds"] == {"搬家库": "left"}
    assert not here["items"][0]["in_selection"]
    assert there["kinds"] == {"搬家库": "entered"}
    assert told(admin, before, **{"class": "school"})["total"] == 0
    change(admin, ponds["搬家库"], grade={"value": "serious", "basis": "会商"})
    assert told(admin, before, grade="serious+")["kinds"] == {"搬家库": "regraded"}
    assert told(admin, before, grade="low")["total"] == 0


def test_nobody_is_told_of_what_he_may_not_see(
    admin: TestClient, client: TestClient, make_account: Callable[..., TestClient]
) -> None:
    there = make_account("reader", areas=["360429"])
    secret = make(admin, name="受控库", visibility="command", division="360429")
    moved = make(admin, name="迁出库", division="360429")
    coming = make(admin, name="迁入库", division="360426")
    shown = make(admin, name="公开库", visibility="public", division="360429")
    before = state(admin)
    change(admin, secret, name="受控库改")
    change(admin, moved, division="360426")
    change(admin, coming, division="360429")
    change(admin, shown, attributes={"capacity_m3": 800000})
    assert told(admin, before)["total"] == 4
    # What has left his rights is shown in no form; what has come into them is new to him.
    assert told(there, before)["kinds"] == {"迁入库": "added", "公开库": "changed"}
    # The public may not read the capacity, so nothing has changed for it.
    assert told(client, before)["total"] == 0


def test_pages_are_of_one_picture_and_hold_each_change_once(admin: TestClient) -> None:
    before = state(admin)
    rows = [{"class": "school", "name": f"例页{i:03}小学", "attributes": {}, "code": f"YS{i}"} for i in range(25)]
    for row in rows:
        make(admin, **row)
    seen: list[str] = []
    cursor = None
    for _ in range(4):
        params = {"since": before, "limit": 10, **({"cursor": cursor} if cursor else {})}
        page = admin.get("/api/changes", params=params).json()
        assert page["total"] == 25
        seen += [i["name"] for i in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
        make(admin, name="例后来小学", **{"class": "school"})  # a later state does not move the pages
    assert len(seen) == len(set(seen)) == 25
    wrong = admin.get("/api/changes", params={"since": before - 1, "limit": 10, "cursor": page.get("next") or "x"})
    assert wrong.status_code == 422


def test_a_dated_change_is_told_when_its_day_comes(
    admin: TestClient, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(admin, name="到期库", grade=NOW)
    begins = clock.today() + timedelta(days=2)
    change(admin, made, grade={"value": "major", "basis": "扩容"}, valid_from=begins.isoformat())
    before = state(admin)
    real = clock.now
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: real() + timedelta(days=2))
        assert bring_to_today(app.state.engine)
    assert told(admin, before)["kinds"] == {"到期库": "regraded"}


def test_each_account_keeps_what_it_has_seen(
    admin: TestClient, client: TestClient, app: Any, make_account: Callable[..., TestClient]
) -> None:
    officer = make_account("reader")
    assert officer.get("/api/changes/seen").json()["seen"] is None
    now = state(admin)
    assert officer.put("/api/changes/seen", json={"state": now}).status_code == 200
    assert admin.get("/api/changes/seen").json()["seen"] is None
    again = sign_in(app, officer.username, OTHER_PASSWORD)  # type: ignore[attr-defined]
    assert again.get("/api/changes/seen").json()["seen"] == now
    assert officer.put("/api/changes/seen", json={"state": now + 50}).status_code == 422
    assert officer.put("/api/changes/seen", json={"state": "7"}).status_code == 422
    assert client.put("/api/changes/seen", json={"state": now}).status_code == 403
    assert client.get("/api/changes/seen").json() == {"seen": None, "seen_at": None, "state": now}
    assert client.get("/api/changes", params={"since": now + 50}).status_code == 422
    with database.read(app.state.engine, SYSTEM.settings()) as connection:  # row security alone: nobody else's
        assert connection.scalar(text("SELECT count(*) FROM account_seen")) == 0


def test_more_changes_than_can_be_compared_are_told_and_not_compared(
    admin: TestClient, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST", 3)
    before = state(admin)
    made = [make(admin, name=f"成批库{i}") for i in range(3)]
    found = told(admin, before)
    assert (found["total"], "too_many" in found) == (3, False)
    made.append(make(admin, name="成批库末"))
    found = admin.get("/api/changes", params={"since": before}).json()
    assert (found["total"], found["too_many"], found["items"], found["next"]) == (None, True, [], None)
    assert found["by_kind"] == {}
    assert found["state"] == state(admin), "so that it can be marked as seen"
    # Of what he does not see, a reader is not even told that it is much.
    assert told(client, before)["total"] == 0


def test_the_bound_is_one_of_all_ways_of_being_touched_together(
    admin: TestClient, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "MOST", 3)
    begins = clock.today() + timedelta(days=4)  # later than any day that the module has come to
    for i in range(2):
        make(admin, name=f"届时库{i}", valid_from=begins.isoformat())
    before = state(admin)
    for i in range(2):
        make(admin, name=f"当天库{i}")
    assert told(admin, before)["total"] == 2
    real = clock.now
    with monkeypatch.context() as later:
        later.setattr(clock, "now", lambda: real() + timedelta(days=4))
        assert bring_to_today(app.state.engine)
    found = admin.get("/api/changes", params={"since": before}).json()
    assert found["too_many"], "two were written and two began"


def test_the_touched_are_found_by_an_index_under_row_security(engine: Any) -> None:
    with database.read(engine, SYSTEM.settings()) as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = "\n".join(
            connection.scalars(
                text(
                    "EXPLAIN SELECT id FROM risk_object WHERE state > 5 UNION"
                    " SELECT id FROM risk_object WHERE valid_to > '2026-01-01'"
                )
            )
        )
    assert "risk_object_state" in plan
    assert "risk_object_valid_to" in plan


def test_two_days_tell_what_came_went_and_changed_colour_between_them(admin: TestClient) -> None:
    square = {"type": "Point", "coordinates": [115.9, 29.55]}

    def pond(name: str, begins: str, grade: str = "low") -> dict[str, Any]:
        judged = {"value": grade, "basis": "会商"}
        return make(admin, name=name, valid_from=begins, grade=judged, geometry=square)

    stays = pond("两日不变库", "2026-01-01")
    came = pond("两日新增库", "2026-03-10")
    worse = pond("两日改级库", "2026-01-01")
    later = pond("两日后改库", "2026-01-01")
    early = pond("两日早有库", "2026-02-01")
    change(admin, worse, grade={"value": "major", "basis": "扩容"}, valid_from="2026-03-15")
    change(admin, later, grade={"value": "serious", "basis": "扩容"}, valid_from="2026-06-01")
    change(admin, came, name="两日新增库（改名）", valid_from="2026-05-01")
    assert admin.delete(f"/api/objects/{early['id']}", params={"reason": "闭库"}).status_code == 200

    def told_between(first: str, last: str | None = None, **more: Any) -> dict[str, str]:
        params = {"from": first, "q": "两日", "limit": 1000, **({"to": last} if last else {}), **more}
        answer = admin.get("/api/changes", params=params)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert found["total"] == sum(found["by_kind"].values()) == len(found["items"])
        return {i["name"]: i["kind"] for i in found["items"]}

    assert told_between("2026-03-01", "2026-04-01") == {"两日新增库": "added", "两日改级库": "regraded"}
    assert told_between("2026-03-12", "2026-04-01") == {"两日改级库": "regraded"}
    assert told_between("2026-04-01", "2026-04-20") == {}
    assert told_between("2026-04-01") == {
        "两日新增库（改名）": "changed",
        "两日后改库": "regraded",
        "两日早有库": "ended",
    }
    assert stays["name"] not in told_between("2026-01-15")
    page = admin.get("/api/changes", params={"from": "2026-03-01", "to": "2026-04-01", "q": "两日", "limit": 1}).json()
    after = {"from": "2026-03-01", "to": "2026-04-01", "q": "两日", "limit": 1, "cursor": page["next"]}
    second = admin.get("/api/changes", params=after).json()
    assert [i["name"] for i in (*page["items"], *second["items"])] == ["两日改级库", "两日新增库"]
    assert second["next"] is None
    for wrong in (
        {"from": "2026-04-01", "to": "2026-04-01"},
        {"from": "2026-04-01", "to": "2999-01-01"},
        {"from": "2026-04-01", "since": 1},
        {"from": "2026-04-01", "as_of": "2026-04-02"},
        {"from": "2026-02-30"},
        {},
    ):
        assert admin.get("/api/changes", params=wrong).status_code == 422, wrong
