"""前置 where there are no roads: who is told of, who is not taken off an order, what counts as covered."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.api.dispatch import COUNTY, accept, get, incident, place, plan, post, team
from tests.api.rescue import add, flood, square
from tests.api.test_bad_input import refused

from riskmap.access.reader import SYSTEM
from riskmap.base import clock, database

GRADES = ["none", "major", "serious", "general", "low"]


@pytest.fixture(scope="module")
def commander(make_account: Callable[..., TestClient]) -> TestClient:
    return make_account("editor", may=["dispatch"])


def test_who_is_on_an_order_is_not_taken_off_it(admin: TestClient, commander: TestClient) -> None:
    one = team(admin, "例路队", place(135), skills="road")
    order = accept(commander, plan(admin, incident(admin, place(135.1), needs=["road"]), teams=[one]))["orders"][0]
    post(admin, f"orders/{order['id']}/marks", {"what": "arrival"})
    lon, lat = place(136)
    stand = {"places": [{"team": one, "name": "桥头", "lon": lon, "lat": lat}]}
    told = refused(commander.post("/api/rescue/standby", json=stand), 409)
    assert told["code"] == "ordered"
    assert told["detail"] == (
        f"例路队（调度令 {order['number']}）正在执行任务，没有登记前置。请先把这份令记为完成或撤销，或不选这支队伍，再登记。"
    )
    assert get(admin, f"teams/{one}")["status"] == "到达"
    assert get(admin, "standby")["items"] == []
    # Who has said since that it acts by it no more may be stood by.
    post(admin, f"teams/{one}/status", {"status": "返回"})
    post(commander, "standby", stand)


def test_a_site_that_nobody_can_get_to_covers_nothing(admin: TestClient) -> None:
    lon, lat = place(120)
    team(admin, "例困队", (lon, lat), skills="fire")  # in the water, without a boat
    add(admin, "village", "例站村", place(120, 5), COUNTY)
    school = add(admin, "school", "例小学", place(120.2, 5.2), COUNTY)
    wet = flood(admin, [(2.0, square(lon, lat, 800))])
    asked: dict[str, Any] = {"minutes": 10, "need": "fire", "classes": ["school"], "grades": GRADES, "k": 1}
    found = post(admin, "standby/propose", asked | {"flood": wet["id"]}, 200)
    left = {i["id"] for i in found["left"]}
    assert school in left
    assert (found["items"], found["after"]) == ([], found["places"] - len(left))
    dry = post(admin, "standby/propose", asked, 200)
    assert [i["team_name"] for i in dry["items"]] == ["例困队"]
    assert school not in {i["id"] for i in dry["left"]}


def test_who_is_on_an_order_covers_nothing_and_is_counted(admin: TestClient, commander: TestClient) -> None:
    one = team(admin, "例气队", place(130), skills="gas")
    school = add(admin, "school", "例二小", place(130.2, 0.2), COUNTY)
    asked = {"minutes": 10, "need": "gas", "classes": ["school"], "grades": GRADES}

    def found() -> tuple[bool, int, int]:
        told = post(admin, "standby/gaps", asked, 200)
        return school not in {i["id"] for i in told["items"]}, told["teams"], told["ordered"]

    assert found() == (True, 1, 0)
    order = accept(commander, plan(admin, incident(admin, place(130.1), needs=["gas"]), teams=[one]))["orders"][0]
    post(admin, f"orders/{order['id']}/marks", {"what": "arrival"})
    assert found() == (False, 0, 1)
    post(admin, f"teams/{one}/status", {"status": "返回"})  # it comes no more
    assert found() == (True, 1, 0)


def test_who_is_told_to_stand_by_is_on_the_way_until_somebody_says_that_it_is_there(
    admin: TestClient, commander: TestClient, app: Any
) -> None:
    one = team(admin, "例坡队", place(140), skills="mountain")
    lon, lat = place(143, 1)
    stand = {"places": [{"team": one, "name": "例畈坡村", "lon": lon, "lat": lat}]}

    def now(**asked: Any) -> dict[str, Any]:
        return next(t for t in get(admin, "teams", **asked)["items"] if t["id"] == one)

    before = get(admin, "teams")["at"]
    post(commander, "standby", stand)
    told = now()
    going = told["standby"]
    base = list(place(140))
    assert (told["status"], told["position"], told["position_from"]) == ("待命", pytest.approx(base), "base")
    assert (going["name"], going["at"], going["arrived_at"]) == ("例畈坡村", pytest.approx([lon, lat]), None)
    due = datetime.fromisoformat(going["expected_at"])
    recorded = datetime.fromisoformat(going["recorded_at"]).replace(second=0, microsecond=0)
    assert due - recorded == timedelta(minutes=math.ceil(going["travel_s"] / 60))
    newest = get(admin, "log", kind="调度")["items"][0]["what"]
    minutes = math.ceil(going["travel_s"] / 60)
    at = due.astimezone(clock.SHANGHAI)
    assert newest == f"前置：例坡队前往前置点 例畈坡村，路上 {minutes} 分钟，预计 {at:%H:%M} 到（按直线估）"
    [kept] = [r for r in get(admin, "standby")["items"] if r["places"][0]["team"] == one]
    assert datetime.fromisoformat(kept["places"][0]["expected_at"]) == due
    # Sent from where it is known to be: its base, though the place to stand by lies nearer.
    made = plan(admin, incident(admin, (lon, lat), needs=["mountain"]), teams=[one])
    assert made["assignments"][0]["distance_m"] > 3000
    # A place alone moves it on its way; it goes on.
    post(admin, f"teams/{one}/status", {"lon": place(141)[0], "lat": place(141)[1], "how": "api"})
    told = now()
    assert (told["position"], told["standby"]["arrived_at"]) == (pytest.approx(list(place(141))), None)
    # It is in the exercise of its own, and was not so before.
    assert now(exercise=True)["standby"] is None
    assert now(at=before)["standby"] is None
    early = (recorded - timedelta(minutes=5)).isoformat()
    wrong = refused(commander.post(f"/api/rescue/teams/{one}/standby/arrival", json={"at": early}))
    assert "登记前置以前" in wrong["errors"][0]["message"]
    post(admin, f"teams/{one}/standby/arrival", {"note": "全员"})
    told = now()
    assert (told["status"], told["position"]) == ("待命", pytest.approx([lon, lat]))
    assert told["standby"]["arrived_at"] is not None
    assert "例坡队" in (newest := get(admin, "log", kind="调度")["items"][0]["what"])
    assert newest.endswith("已到前置点 例畈坡村待命（全员）")
    again = refused(commander.post(f"/api/rescue/teams/{one}/standby/arrival", json={}), 409)
    assert again["code"] == "not_going"
    assert "记为到位" in again["detail"]


def test_a_later_order_or_a_report_of_its_own_ends_standing_by(admin: TestClient, commander: TestClient) -> None:
    one = team(admin, "例畈队", place(145), skills="medical")
    lon, lat = place(145.3)
    stand = {"places": [{"team": one, "name": "例桥", "lon": lon, "lat": lat}]}
    post(commander, "standby", stand)
    assert get(admin, f"teams/{one}")["standby"] is not None
    post(admin, f"teams/{one}/status", {"status": "休整"})
    assert get(admin, f"teams/{one}")["standby"] is None
    refused(commander.post(f"/api/rescue/teams/{one}/standby/arrival", json={}), 409)
    post(admin, f"teams/{one}/status", {"status": "待命"})
    post(commander, "standby", stand)
    accept(commander, plan(admin, incident(admin, place(145.1), needs=["medical"]), teams=[one]))
    told = get(admin, f"teams/{one}")
    assert (told["status"], told["standby"]) == ("出动", None)


def test_records_of_before_stay_as_they_are(admin: TestClient, app: Any) -> None:
    one = team(admin, "例旧队", place(150))
    lon, lat = place(150.2)
    with database.write(app.state.engine, SYSTEM.settings(write=True)) as connection:
        connection.execute(
            text(
                "INSERT INTO rescue_team_status (team_id, status, at, by, how, note, geom) VALUES (:team, '待命',"
                " clock_timestamp(), 't', 'standby', '前置 桥头', ST_SetSRID(ST_MakePoint(:lon, :lat), 4490))"
            ),
            {"team": one, "lon": lon, "lat": lat},
        )
    told = get(admin, f"teams/{one}")
    assert (told["position"], told["standby"], told["note"]) == (pytest.approx([lon, lat]), None, "前置 桥头")
