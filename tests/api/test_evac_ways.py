"""Villages to shelters on the roads of a small town: round the water, and before it comes."""

import threading
import time
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.api.evacuation import enter
from tests.api.imports import wait
from tests.api.rescue import add, flood, square
from tests.api.test_evac_shelters import plan
from tests.api.test_roads import run
from tests.api.test_routing import EAST_M, ROADS, ROUND_M, E, M, W

COUNTY = "360402"


@pytest.fixture(scope="module")
def town(admin: TestClient) -> dict[str, int]:
    assert run(admin, ROADS)["status"] == "done"
    job = admin.get("/api/rescue/routing").json()["job"]
    if job is not None:
        wait(admin, job["id"])
    assert admin.get("/api/rescue/routing").json()["by_road"]
    return {
        "west": add(admin, "village", "西村", W, COUNTY), "middle": add(admin, "village", "中村", M, COUNTY),
        "shelter": add(admin, "shelter", "东校", E, COUNTY, attributes={"capacity": 100}),
        "flood": int(flood(admin, [(1.0, square(*M, 300))])["id"]),
    }  # fmt: skip


def ordered(client: TestClient, town: dict[str, int], flood_id: int | None) -> dict[str, Any]:
    listed = [
        {"name": name, "division": COUNTY, "to_move": 10, "object": town[key]}
        for name, key in (("西村", "west"), ("中村", "middle"))
    ]
    answer = client.post("/api/rescue/evacuations", json={"name": "例", "flood": flood_id, "villages": listed})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def test_the_way_to_a_shelter_is_by_dry_road_and_of_a_village_in_the_water_before_it_comes(
    admin: TestClient, town: dict[str, int]
) -> None:
    dry, wet = (plan(admin, ordered(admin, town, f)) for f in (None, town["flood"]))

    def way(of: dict[str, Any], name: str) -> dict[str, Any]:
        [one] = next(v for v in of["villages"] if v["name"] == name)["to"]
        return dict(one)

    assert dry["routing"] == wet["routing"] == "road"
    assert way(dry, "西村")["distance_m"] == pytest.approx(EAST_M, rel=0.01)
    assert way(wet, "西村")["distance_m"] == pytest.approx(ROUND_M, rel=0.01)
    assert way(wet, "西村")["travel_s"] > way(dry, "西村")["travel_s"]
    assert way(wet, "中村")["distance_m"] == pytest.approx(EAST_M / 2, rel=0.02)
    assert any(note == "中村：村在水里，按水到之前的道路算，须在水到之前走" for note in wet["notes"])
    assert not any("须在水到之前走" in note for note in dry["notes"])


def test_what_is_reported_while_the_routing_works_is_in_the_plan_and_no_transaction_waits_for_it(
    app: Any, admin: TestClient, town: dict[str, int]
) -> None:
    of = ordered(admin, town, None)
    made: list[dict[str, Any]] = []
    with app.state.router._lock:  # the engine is at work for others
        thread = threading.Thread(target=lambda: made.append(plan(admin, of)))
        thread.start()
        time.sleep(2)
        assert thread.is_alive()
        with app.state.engine.connect() as connection:
            waiting = connection.execute(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND state = 'idle in transaction' AND pid <> pg_backend_pid()"
                )
            ).scalar_one()
        enter(admin, of, "with_relatives", 7)
        assert thread.is_alive()
    thread.join()
    assert waiting == 0
    [found] = made
    assert found["routing"] == "road"
    assert {v["name"]: v["left"] for v in found["villages"]} == {"西村": 3, "中村": 10}
    assert sum(to["persons"] for v in found["villages"] for to in v["to"]) == 13
