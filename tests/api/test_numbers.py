"""Numbers of incidents, plan drafts and orders: no gaps, exercises by themselves, one number for one order everywhere."""

import re
import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pypdfium2
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.api.dispatch import accept, get, incident, place, plan, post, team
from tests.api.test_bad_input import refused

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.rescue.dispatch import accept as acceptance
from riskmap.rescue.numbers import EXERCISE, plan_said, said

Maker = Callable[..., TestClient]


@pytest.fixture(scope="module")
def commander(make_account: Maker) -> TestClient:
    return make_account("editor", may=["dispatch"])


@pytest.fixture(scope="module")
def boats(admin: TestClient) -> list[int]:
    return [team(admin, f"例号艇队{n}", place(100 + n / 10), boats=1) for n in range(6)]


def trapped(client: TestClient, **more: Any) -> dict[str, Any]:
    return incident(client, place(101.5), trapped=4, needs=["boat"], name="号村", **more)


def ids(app: Any, table: str, *, exercise: bool) -> list[int]:
    with database.write(app.state.engine, SYSTEM.settings(write=True)) as connection:
        rows = connection.execute(
            text(f"SELECT {table.removeprefix('rescue_')}_id AS id FROM {table} WHERE exercise = :exercise ORDER BY 1"),
            {"exercise": exercise},
        )
        return [row.id for row in rows]


def without_gap(app: Any) -> None:
    for table in ("rescue_incident", "rescue_plan", "rescue_order"):
        for exercise in (False, True):
            got, first = ids(app, table, exercise=exercise), EXERCISE + 1 if exercise else 1
            assert got == list(range(first, first + len(got))), (table, exercise)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    gate, answers = threading.Barrier(len(acts)), []

    def go(act: Callable[[], Any]) -> None:
        gate.wait()
        answers.append(act())

    threads = [threading.Thread(target=go, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(answers) == len(acts)
    return answers


def test_how_a_number_is_said() -> None:
    assert [said(n) for n in (7, 12_345, EXERCISE + 1, EXERCISE + 1_234)] == ["7", "12345", "演1", "演1234"]


def test_what_is_real_has_no_gap_by_exercises_nor_by_an_acceptance_that_was_rolled_back(
    app: Any, admin: TestClient, commander: TestClient, boats: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    drill = trapped(admin, exercise=True)
    first = trapped(admin)
    drills = accept(commander, plan(admin, drill, teams=boats[:1], exercise=True))
    refused(admin.post("/api/rescue/incidents", json={"kind": "人员被困", "place": {"type": "Point"}}))
    made = plan(admin, first, teams=boats[:1])

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the last thing that an acceptance writes")

    with monkeypatch.context() as patched:  # its orders were written before, and are rolled back with it
        patched.setattr(acceptance, "log", SimpleNamespace(note=fail))
        assert commander.post(f"/api/rescue/plans/{made['id']}/accept").status_code == 500
    assert get(admin, "orders", running=True)["items"] == []
    [order] = accept(commander, made)["orders"]
    trapped(admin, exercise=True)
    second = trapped(admin)
    assert (second["id"], drill["id"]) == (first["id"] + 1, EXERCISE + 1)
    assert (order["number"], order["plan_number"], order["id"]) == ("1", 1, 1)
    assert drills["orders"][0]["number"] == "演1"
    without_gap(app)


def test_one_number_of_an_order_on_card_sheet_log_and_telephone_list(
    admin: TestClient, commander: TestClient, boats: list[int]
) -> None:
    for exercise, number in ((False, r"\d"), (True, r"演\d")):
        there = trapped(admin, exercise=exercise)
        [order] = accept(commander, plan(admin, there, teams=boats[1:2], exercise=exercise))["orders"]
        assert re.fullmatch(number, order["number"])
        assert order["number"] == said(order["id"])
        assert order["what"].startswith(f"前往险情 {said(there['id'])}：")
        log = [e["what"] for e in get(admin, "log", kind="调度", exercise=exercise)["items"][:6]]
        assert any(
            e.startswith(f"调度令 {order['number']} 致例号艇队1：前往险情 {said(there['id'])}：") for e in log
        ), log
        assert any(e.startswith(f"险情 {said(there['id'])}：") for e in log), log
        named = plan_said(order["plan_number"], exercise)
        assert ("演" in named) == exercise
        assert any(e.startswith(f"采纳{named}（方案稿 {said(order['plan'])}）") for e in log), log
        refused = commander.post(f"/api/rescue/plans/{order['plan']}/accept")
        assert (refused.status_code, named in refused.json()["detail"]) == (409, True), refused.text
        [told] = [t for t in get(admin, "teams", exercise=exercise)["items"] if t["id"] == boats[1]]
        assert said(told["order"]["id"]) == order["number"]
        post(admin, "calls", {"object": boats[1], "party": None, "result": "接通", "order": order["id"],
                              "exercise": exercise})  # fmt: skip
        [call, *_] = get(admin, "log", kind="调度", exercise=exercise)["items"]
        assert call["what"] == f"电话 例号艇队1（另行联系，调度令 {order['number']}）：接通"
        answer = admin.get("/api/rescue/orders.pdf", params={"order": order["id"], "exercise": exercise})
        with pypdfium2.PdfDocument(answer.content) as document:
            sheet = re.sub(r"\s+", "", document[0].get_textpage().get_text_bounded())
        for one in (
            f"编号{order['number']}",
            f"前往险情{said(there['id'])}：",
            plan_said(order["plan_number"], exercise).replace(" ", ""),
        ):
            assert one in sheet, one
        assert str(EXERCISE)[:4] not in str([log, call["what"], order["what"]])


def test_two_at_once_never_get_the_same_and_do_not_wait_for_each_other_for_ever(
    app: Any, admin: TestClient, commander: TestClient, make_account: Maker, boats: list[int]
) -> None:
    clients = [make_account("editor", may=["dispatch"]) for _ in range(4)]
    at = {"type": "Point", "coordinates": list(place(101.5))}
    wholes = [trapped(admin) for _ in range(2)]
    mates = [trapped(admin) for _ in range(2)]
    new = {"kind": "人员被困", "place": at}

    def split(one: dict[str, Any]) -> Any:
        return clients[0].post(f"/api/rescue/incidents/{one['id']}/split", json={"version": 1, "parts": [new, new]})

    def merge() -> Any:
        others = [{"incident": mates[1]["id"], "version": 1}]
        return clients[1].post(
            f"/api/rescue/incidents/{mates[0]['id']}/merge", json={**new, "version": 1, "others": others}
        )

    answers = at_once(
        *(lambda c=c, e=e: c.post("/api/rescue/incidents", json={**new, "exercise": e})  # type: ignore[misc]
          for c in clients for e in (False, True)),
        *(lambda w=w: split(w) for w in wholes),  # type: ignore[misc]
        merge,
    )  # fmt: skip
    assert [a.status_code for a in answers if a.status_code not in {200, 201}] == []
    real = plan(admin, trapped(admin), teams=boats[2:3])
    drill = plan(admin, trapped(admin, exercise=True), teams=boats[2:3], exercise=True)
    answers = at_once(
        *(lambda p=p: clients[0].post(f"/api/rescue/plans/{p['id']}/accept") for p in (real, drill)),  # type: ignore[misc]
        *(lambda c=c: c.post("/api/rescue/plans", json={"incidents": [real["incidents"][0]], "teams": boats[3:5]})  # type: ignore[misc]
          for c in clients),
    )  # fmt: skip
    assert [a.status_code for a in answers if a.status_code not in {200, 201}] == []
    without_gap(app)
