"""前置 where there are no roads: who is told of, who is not taken off an order, what counts as covered."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.dispatch import COUNTY, accept, get, incident, place, plan, post, team
from tests.api.rescue import add, flood, square
from tests.api.test_bad_input import refused

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
