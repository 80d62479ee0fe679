"""Where a boat goes in: not only at the nearest shore, when no road leads there."""

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.dispatch import get, incident, plan, sent, team
from tests.api.imports import wait
from tests.api.rescue import flood
from tests.api.test_roads import geojson, run

# A road from the west goes into the water and out of it in the east, where six streets end at the shore: all of that
# is dry, and cut off. In the north five one-way streets lead away from the shore.
W, SHORE, FAR = (116.00, 29.70), 116.03, 116.08
WET = {"type": "Polygon", "coordinates": [[[SHORE, 29.685], [116.07, 29.685], [116.07, 29.715], [SHORE, 29.715],
                                           [SHORE, 29.685]]]}  # fmt: skip
_STREETS = [29.692 + i * 0.003 for i in range(6)]
_AWAY = [116.045 + i * 0.002 for i in range(5)]
ROADS = geojson(
    ({"道路名称": "西路", "道路等级": "县道"}, [W, (116.01, 29.70), (116.05, 29.70), (FAR, 29.70)]),
    ({"道路名称": "东街", "道路等级": "县道"}, [(FAR, 29.69), *((FAR, y) for y in _STREETS), (FAR, 29.70), (FAR, 29.71)]),
    *(({"道路名称": f"东{i}巷", "道路等级": "乡道"}, [(116.066, y), (FAR, y)]) for i, y in enumerate(_STREETS)),
    ({"道路名称": "北路", "道路等级": "县道"}, [W, (116.00, 29.73), *((x, 29.73) for x in _AWAY)]),
    *(
        ({"道路名称": f"北{i}巷", "道路等级": "乡道", "oneway": "yes"}, [(x, 29.713), (x, 29.73)])
        for i, x in enumerate(_AWAY)
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def water(admin: TestClient) -> int:
    assert run(admin, ROADS)["status"] == "done"
    if (job := admin.get("/api/rescue/routing").json()["job"]) is not None:
        wait(admin, job["id"])
    return int(flood(admin, [(1.0, WET)], name="例两岸水")["id"])


@pytest.mark.parametrize("where", [(116.065, 29.70), (116.049, 29.712)], ids=["cut off", "one-way"])
def test_a_boat_goes_in_at_a_farther_shore_where_no_road_leads_to_the_nearest(
    admin: TestClient, water: int, where: tuple[float, float]
) -> None:
    at: dict[str, Any] = {"type": "Point", "coordinates": list(where)}
    west = {"type": "Point", "coordinates": list(W)}
    there = {"from": west, "to": at, "flood": water, "boat": True}
    way = admin.post("/api/rescue/routing/route", json=there).json()
    assert way["reachable"], way["notes"]
    [lon, lat], end = way["boat_leg"]["coordinates"]
    assert (lon, lat, end) == (pytest.approx(SHORE, abs=1e-4), pytest.approx(29.70, abs=1e-4), list(where))
    assert "下水" in way["instructions"][-1]
    # The many at once say the same as the one, and so does who comes back.
    table = {"origins": [west], "destinations": [at, west], "flood": water, "boat": True}
    [[cell, _]] = admin.post("/api/rescue/routing/matrix", json=table).json()["rows"]
    assert cell["boat_leg"] == way["boat_leg"]
    back = admin.post("/api/rescue/routing/route", json=there | {"from": at, "to": west}).json()
    assert back["reachable"], back["notes"]


def test_a_team_with_a_boat_is_sent_over_that_water(admin: TestClient, water: int) -> None:
    boat = team(admin, "例西艇队", W, boats=1, wading_depth_cm=50)
    here = incident(admin, (116.065, 29.70), trapped=2, needs=["boat"])
    made = plan(admin, here, flood=water, teams=[boat])
    assert (sent(made), made["unreachable"]) == ({boat: here["id"]}, [])
    assert made["assignments"][0]["boat_leg"]["distance_m"] == pytest.approx(3385, rel=0.02)
    told = get(admin, "teams/nearest", lon=116.065, lat=29.70, flood=water, need="boat")["items"]
    assert [t["leg"]["boat_leg"] is not None for t in told if t["id"] == boat] == [True]
