"""Orders that run stand whom to ring first at the top, on the page and on paper; each page says whose it is."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pypdfium2
from sqlalchemy import Engine, create_engine, event, text
from starlette.testclient import TestClient
from tests.api.dispatch import accept, get, incident, place, plan, post, team

from riskmap.base.database import superuser_url
from riskmap.base.settings import Settings


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """Those that are sent to the database meanwhile."""
    sent: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        sent.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


def test_late_ones_then_who_has_not_signed_then_by_when_they_are_expected(
    settings: Settings, app: Any, admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    commander = make_account("editor", may=["dispatch"])
    told = {
        "到": 0.3,
        "久等": 20,
        "先到": 4,
        "后到": 9,
        "新令": 2,
        "晚": 0.5,
        "更晚": 0.5,
    }  # how far, in hundredths of a degree
    ids: dict[str, int] = {}
    for n, (name, off) in enumerate(told.items()):
        at = place(100 + 30 * n)
        made = team(admin, f"例{name}队", at, boats=1)
        there = incident(admin, (at[0] + off / 100, at[1]), trapped=1, needs=["boat"], name=name)
        [order] = accept(commander, plan(admin, there, teams=[made]))["orders"]
        ids[name] = order["id"]
    for name, what in (("到", "arrival"), ("先到", "receipt"), ("后到", "departure"), ("晚", "receipt")):
        post(admin, f"orders/{ids[name]}/marks", {"what": what})
    owner = create_engine(superuser_url(settings))
    with owner.begin() as connection:  # as if they had been given then
        for name, minutes in (("晚", 20), ("更晚", 30), ("久等", 5)):
            connection.execute(
                text("UPDATE rescue_order SET at = at - make_interval(mins => :minutes) WHERE order_id = :id"),
                {"minutes": minutes, "id": ids[name]},
            )
    owner.dispose()
    listed = get(admin, "orders", running=True)["items"]
    assert [o["incident_name"] for o in listed] == ["更晚", "晚", "久等", "新令", "先到", "后到", "到"]
    assert [o["late"] for o in listed] == [True, True] + [False] * 5
    newest = get(admin, "orders")["items"]  # all of them, as they were given
    assert [o["id"] for o in newest] == sorted(ids.values(), reverse=True)
    with statements(app.state.engine) as asked:
        answer = admin.get("/api/rescue/orders.pdf", params=[("order", i) for i in sorted(ids.values())])
    assert answer.status_code == 200, answer.text
    assert sum("ST_MakePoint(p.lon, p.lat)" in one for one in asked) == 1  # where all of them are, at once
    with pypdfium2.PdfDocument(answer.content) as document:
        pages = [re.sub(r"\s+", "", p.get_textpage().get_text_bounded()) for p in document]
    found = [re.search(r"编号(\d+)", p) for p in pages]
    assert [int(m[1]) for m in found if m] == [o["id"] for o in listed]


def test_an_order_that_goes_on_overleaf_says_there_which_it_is(admin: TestClient) -> None:
    about = [("长", "堤脚渗水成股，水色浑，带沙。" * 130), ("短", "水退了。")]
    ids = []
    for n, (name, note) in enumerate(about):
        at = place(400 + 30 * n)
        made = team(admin, f"例{name}说明队", at)
        there = incident(admin, (at[0] + 0.01, at[1]), trapped=1, name=name, note=note)
        ids += [o["id"] for o in accept(admin, plan(admin, there, teams=[made]))["orders"]]
    answer = admin.get("/api/rescue/orders.pdf", params=[("order", i) for i in ids])
    with pypdfium2.PdfDocument(answer.content) as document:
        pages = [re.sub(r"\s+", "", p.get_textpage().get_text_bounded()) for p in document]
    first, second, third = pages
    assert f"编号{ids[0]}第1/2页" in first
    assert f"调度令{ids[0]}·例长说明队·第2/2页" in second
    assert "签收人" in second
    assert f"编号{ids[1]}" in third
    assert "·" not in third
    assert "第1/1页" not in third


def test_names_of_the_teams_that_a_plan_calls_back_are_asked_for_at_once(app: Any, admin: TestClient) -> None:
    def asked_for(n: int) -> int:
        at = place(700 + 40 * n)
        teams = [team(admin, f"例收{n}{i}队", at, boats=1) for i in range(n)]
        there = [incident(admin, (at[0] + 0.001 * (i + 1), at[1]), trapped=1, needs=["boat"]) for i in range(n)]
        made = accept(admin, plan(admin, *there, teams=teams))
        assert len(made["orders"]) == n
        for one in teams:
            made = post(admin, f"plans/{made['id']}/change", {"team": one, "incident": None})
        with statements(app.state.engine) as asked:
            done = admin.post(f"/api/rescue/plans/{made['id']}/accept")
        assert done.status_code == 200, done.text
        said = [e["what"] for e in get(admin, "log")["items"] if "撤销" in e["what"]][:n]
        assert sum(f"例收{n}" in one for one in said) == n
        return sum("risk_object" in one for one in asked)

    assert asked_for(4) == asked_for(2)
