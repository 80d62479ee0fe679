"""Villages to shelters on the roads of a small town: round the water, and before it comes."""

import re
import threading
import time
from collections.abc import Callable
from typing import Any

import pypdfium2
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.api.evacuation import enter
from tests.api.imports import wait
from tests.api.rescue import add, flood, square
from tests.api.test_evac_shelters import plan
from tests.api.test_roads import run
from tests.api.test_routing import EAST_M, ROADS, ROUND_M, E, M, W

from riskmap.rescue.evac import ways
from riskmap.rescue.routing import Vehicle
from riskmap.rescue.routing.router import BUSY, EngineFailed

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
    kinds = [{v["name"]: v["way"] for v in one["villages"]} for one in (dry, wet)]
    assert kinds == [{"西村": "dry", "中村": "dry"}, {"西村": "dry", "中村": "before_water"}]


def test_a_village_off_the_road_is_told_with_how_far(admin: TestClient, town: dict[str, int]) -> None:
    field = add(admin, "village", "田中村", (W[0], W[1] - 300 / 110_900), COUNTY)
    listed = [
        {"name": name, "division": COUNTY, "to_move": 10, "object": at}
        for name, at in (("田中村", field), ("西村", town["west"]))
    ]
    of = admin.post("/api/rescue/evacuations", json={"name": "例离路", "flood": None, "villages": listed}).json()
    made = plan(admin, of)
    assert "有 1 个村（社区）的路有一段超过 50 m 在路网上没有路，用时未计，各村写明" in made["notes"]
    off = {v["name"]: [(t["off_start_m"], t["off_road_m"]) for t in v["to"]] for v in made["villages"]}
    assert off["田中村"] == [(pytest.approx(300, abs=5), None)]
    assert off["西村"] == [(None, None)]
    # In force: on the village's page and its list of doors, as an order tells it.
    assert admin.post(f"/api/rescue/evacuations/{of['id']}/plans/{made['id']}/accept").status_code == 200
    [one] = next(
        v["assigned"]
        for v in admin.get(f"/api/rescue/evacuations/{of['id']}").json()["villages"]
        if v["name"] == "田中村"
    )
    assert one["off_start_m"] == off["田中村"][0][0]
    answer = admin.get(f"/api/rescue/evacuations/{of['id']}/left.pdf")
    with pypdfium2.PdfDocument(answer.content) as document:
        said = "".join(re.sub(r"\s+", "", p.get_textpage().get_text_bounded()) for p in document)
    assert said.count("10人，起步约300m路网上没有路，用时未计") == 1
    admin.delete(f"/api/objects/{field}", params={"reason": "试完"})


def test_nobody_is_reckoned_faster_than_a_coach_on_any_road(
    admin: TestClient, town: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def west(top: int) -> tuple[float, list[str], int]:
        monkeypatch.setattr(ways, "BUS", Vehicle(top_kmh=top))
        made = plan(admin, ordered(admin, town, None))
        [one] = next(v for v in made["villages"] if v["name"] == "西村")["to"]
        return one["distance_m"] / one["travel_s"] * 3.6, made["notes"], made["top_kmh"]

    as_it_is, notes, told = west(ways.TOP_KMH)
    assert told == ways.TOP_KMH == 60
    assert as_it_is <= 60.5
    assert any("最高 60 km/h" in note for note in notes)
    assert west(30)[0] <= 30.5 < as_it_is  # the engine heeds it


def test_who_is_dry_but_shut_in_by_the_water_goes_before_it_comes(admin: TestClient, town: dict[str, int]) -> None:
    ring = [(1.0, square(*place, 120)) for place in ((116.003, 29.70), (116.0, 29.703))]
    made = plan(admin, ordered(admin, town, int(flood(admin, ring, name="围住西村")["id"])))
    assert {v["name"]: v["way"] for v in made["villages"]} == {"西村": "before_water", "中村": "dry"}
    assert any(note.startswith("西村：水到以后没有不涉水的路") for note in made["notes"])


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


def test_an_engine_that_is_busy_for_a_moment_is_asked_again_by_whoever_decides_by_the_ways(
    app: Any, admin: TestClient, town: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    of = ordered(admin, town, None)
    add(admin, "rescue-team", "西队", W, COUNTY, attributes={"skills": ["water"]})
    add(admin, "school", "例校", M, COUNTY, attributes={"persons": 30})
    router, ask, busy = app.state.router, app.state.router.ask, []

    def asked(*args: Any) -> Any:
        if len(busy) < 2:
            busy.append(1)
            raise EngineFailed(BUSY)
        return ask(*args)

    monkeypatch.setattr(router, "ask", asked)
    assert plan(admin, of)["routing"] == "road"
    cover = {"minutes": 30, "classes": ["school"], "grades": ["none"]}
    acts: list[Callable[[], Any]] = [
        lambda: admin.get("/api/rescue/teams/nearest", params={"lon": E[0], "lat": E[1]}),
        lambda: admin.post("/api/rescue/standby/gaps", json=cover),
        lambda: admin.post("/api/rescue/standby/propose", json=cover | {"k": 1}),
    ]
    for act in acts:
        busy.clear()
        assert act().json()["routing"] == "road"
        assert len(busy) == 2
