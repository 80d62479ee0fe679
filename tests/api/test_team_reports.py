"""What teams report: how the newest is found, what a place alone says, and what an order's marks say of its team."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from starlette.testclient import TestClient
from tests.api.dispatch import accept, get, incident, place, plan, post, sent, team
from tests.api.test_bad_input import refused

from riskmap.access.reader import SYSTEM
from riskmap.base import clock, database
from riskmap.rescue import minute
from riskmap.rescue.dispatch import teams

Maker = Callable[..., TestClient]


@pytest.fixture(scope="module")
def commander(make_account: Maker) -> TestClient:
    return make_account("editor", may=["dispatch"])


def rows_read(plan: dict[str, Any], table: str) -> float:
    """How many rows of a table a statement has looked at, by EXPLAIN ANALYZE."""
    own = 0.0
    if plan.get("Relation Name") == table:
        own = plan["Actual Loops"] * (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0))
    return own + sum(rows_read(part, table) for part in plan.get("Plans", []))


def test_the_newest_reports_are_found_without_reading_the_old_ones(admin: TestClient, app: Any) -> None:
    many = [team(admin, f"常报{i}队", place(60 + i), boats=1) for i in range(4)]
    engine = app.state.engine
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        connection.execute(
            text(
                "INSERT INTO rescue_team_status (team_id, status, at, by, how, geom) SELECT t, '待命',"
                " clock_timestamp() - g * interval '10 seconds', 't', 'api', ST_SetSRID(ST_MakePoint(116, 29), 4490)"
                " FROM unnest(CAST(:ids AS bigint[])) AS t, generate_series(1, 3000) AS g"
            ),
            {"ids": many},
        )
        # As many places alone since.
        connection.execute(
            text(
                "INSERT INTO rescue_team_status (team_id, at, by, how, geom) SELECT t, clock_timestamp() - g * interval"
                " '1 millisecond', 't', 'api', ST_SetSRID(ST_MakePoint(116, 29), 4490)"
                " FROM unnest(CAST(:ids AS bigint[])) AS t, generate_series(1, 3000) AS g"
            ),
            {"ids": many},
        )
    asked: list[tuple[str, Any]] = []

    def keep(connection: Any, cursor: Any, statement: str, bound: Any, context: Any, executemany: bool) -> None:
        if "rescue_team_status" in statement:
            asked.append((statement, bound))

    with database.read(engine, SYSTEM.settings()) as connection:
        event.listen(engine, "before_cursor_execute", keep)
        try:
            found = teams.newest(connection, exercise=False, at=minute.now(connection), ids=many)
        finally:
            event.remove(engine, "before_cursor_execute", keep)
        assert set(found) == set(many)
        [(statement, bound)] = asked
        told = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", bound).scalar_one()
    assert rows_read(told[0]["Plan"], "rescue_team_status") < 50


def ordered(
    admin: TestClient, commander: TestClient, name: str, x: float
) -> tuple[int, dict[str, Any], dict[str, Any]]:
    """A team with an order to an incident close by: its id, the order, the plan."""
    one = team(admin, name, place(x), boats=1)
    held = accept(commander, plan(admin, incident(admin, place(x + 0.1), trapped=4, needs=["boat"]), teams=[one]))
    return one, held["orders"][0], held


def at_place(client: TestClient, team_id: int, x: float, **more: Any) -> dict[str, Any]:
    """Its device says where it is, and no more."""
    lon, lat = place(x)
    return post(client, f"teams/{team_id}/status", {"lon": lon, "lat": lat, "how": "api", **more})


def marked(client: TestClient, order: dict[str, Any], what: str, at: datetime | None = None) -> None:
    post(client, f"orders/{order['id']}/marks", {"what": what} | ({"at": at.isoformat()} if at else {}))


def a_moment() -> datetime:
    """Now, and a little later it is past."""
    time.sleep(0.05)
    now = clock.now()
    time.sleep(0.05)
    return now


class TestAPlaceAlone:
    def test_does_not_outrank_what_is_told_of_an_earlier_time(self, admin: TestClient, commander: TestClient) -> None:
        one, order, held = ordered(admin, commander, "例位艇队", 160)
        marked(admin, order, "departure")
        for what, status in (("arrival", "到达"), ("result", "返回")):
            then = a_moment()
            assert at_place(admin, one, 160.05)["status"] != status
            marked(admin, order, what, then)
            assert get(admin, f"teams/{one}")["status"] == status
        lon, lat = place(160.06)
        found = at_place(admin, one, 160.06)
        assert (found["status"], found["position"]) == ("返回", [pytest.approx(lon), pytest.approx(lat)])
        again = plan(admin, incident(admin, place(160.2), trapped=4, needs=["boat"]), teams=[one])
        assert (list(sent(again)), again["left_out"]) == ([one], [])  # it is free
        assert not [said for said in get(admin, f"plans/{held['id']}/since")["since"] if "例位艇队报" in said]
        assert get(admin, f"teams/{one}/status")["items"][0]["status"] is None
        newest = get(admin, "log", kind="调度")["items"]
        assert any(e["what"].startswith("例位艇队：位置，") for e in newest)

    def test_is_no_report_of_the_team_against_its_order(self, admin: TestClient, commander: TestClient) -> None:
        one, order, _ = ordered(admin, commander, "例签艇队", 162)
        post(admin, f"teams/{one}/status", {"status": "待命"})
        marked(admin, order, "receipt")
        at_place(admin, one, 162.05)
        [now] = get(admin, "orders", team=one)["items"]
        assert (now["turned_back"], now["left"], now["said"]) == (False, "", "")

    def test_of_a_team_that_has_said_nothing_else_and_what_it_says_beside(self, admin: TestClient) -> None:
        one = team(admin, "例新队", place(164), boats=1)
        found = at_place(admin, one, 164.5, load=3, note="水涨")
        assert (found["status"], found["status_at"], found["position_from"]) == ("待命", None, "reported")
        assert (found["load"], found["note"]) == (3, "水涨")
        found = at_place(admin, one, 164.6)
        assert (found["load"], found["note"]) == (3, "水涨")  # neither is said to be over
        found = post(admin, f"teams/{one}/status", {"status": "休整"})
        assert (found["status"], found["load"], found["note"]) == ("休整", None, "")

    def test_many_hide_nothing_of_what_the_team_did(self, admin: TestClient, commander: TestClient) -> None:
        one, order, _ = ordered(admin, commander, "例勤艇队", 166)
        marked(admin, order, "departure")
        for i in range(51):
            at_place(admin, one, 166 + i / 1000)
        post(commander, f"orders/{order['id']}/marks", {"what": "cancelled", "note": "误"})
        assert get(admin, f"teams/{one}")["status"] == "返回"  # it had left


class TestStepsToldLate:
    def test_the_farthest_step_is_what_the_team_does(self, admin: TestClient, commander: TestClient) -> None:
        one, order, _ = ordered(admin, commander, "例序艇队", 170)
        then = clock.now() - timedelta(seconds=30)  # the minute in which the order was given
        marked(admin, order, "departure", then)
        assert get(admin, f"teams/{one}")["status"] == "在途"
        marked(admin, order, "arrival", then - timedelta(seconds=1))
        assert get(admin, f"teams/{one}")["status"] == "到达"
        [now] = get(admin, "orders", team=one)["items"]
        told = {m["what"]: datetime.fromisoformat(m["at"]) for m in now["marks"]}
        assert told["arrival"] == then - timedelta(seconds=1)  # the order says what was told

    def test_a_step_that_is_told_after_a_farther_one_does_not_bring_it_back(
        self, admin: TestClient, commander: TestClient
    ) -> None:
        one, order, _ = ordered(admin, commander, "例补艇队", 172)
        then = clock.now()
        marked(admin, order, "arrival", then)
        marked(admin, order, "departure", then)  # of the same minute
        assert get(admin, f"teams/{one}")["status"] == "到达"


def test_what_a_hidden_team_reports_is_not_told(admin: TestClient, make_account: Maker) -> None:
    hidden = team(admin, "例密队", place(174), boats=1)
    report = {"status": "在途", "note": "队长私人电话 13900001111", "load": 3}
    post(admin, f"teams/{hidden}/status", report)
    lon, lat = place(174)
    [own] = [t for t in get(admin, "teams/nearest", lon=lon, lat=lat, limit=3)["items"] if t["id"] == hidden]
    assert (own["note"], own["load"]) == (report["note"], 3)
    assert own["status_by"]
    other = make_account("editor", areas=["360429"])
    near = get(other, "teams/nearest", lon=lon, lat=lat, limit=3)["items"]
    assert "在途" in [t["status"] for t in near]
    assert {(t["id"], t["note"], t["load"], t["status_by"]) for t in near} == {(None, "", None, None)}


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_report_is_dated_by_the_clock_that_dates_the_rows(
    admin: TestClient, monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    one = team(admin, f"例钟{minutes}队", place(190 + minutes), boats=1)
    post(admin, f"teams/{one}/status", {"status": "休整"})
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=minutes))  # the service's machine is wrong
    assert post(admin, f"teams/{one}/status", {"status": "待命"})["status"] == "待命"
    assert post(admin, f"teams/{one}/status", {"status": "返回", "at": real().isoformat()})["status"] == "返回"
    ahead = (real() + timedelta(minutes=30)).isoformat()
    said = refused(admin.post(f"/api/rescue/teams/{one}/status", json={"status": "休整", "at": ahead}))
    assert said["errors"][0]["field"] == "at"
