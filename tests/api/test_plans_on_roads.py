"""The plan on roads: water and a closed bridge change who goes where; a boat leg; who stands by before the water."""

import math
import os
import re
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from shapely.geometry import Point, shape
from starlette.testclient import TestClient
from tests.api.dispatch import COUNTY, get, incident, plan, post, sent, team
from tests.api.imports import wait
from tests.api.rescue import add, flood, run_out, square
from tests.api.test_bad_input import refused
from tests.api.test_roads import geojson, run

from riskmap.base import clock
from riskmap.base.settings import Settings
from riskmap.rescue.dispatch import ways
from riskmap.rescue.routing import tiles
from riskmap.rescue.routing.router import BUSY, EngineFailed

Maker = Callable[..., TestClient]

# Two towns on either side of a river, a bridge between them, and a long way round by the north.
W, B1, B2, E = (116.00, 29.70), (116.02, 29.70), (116.022, 29.70), (116.05, 29.70)
NORTH = 29.78
ROADS = geojson(
    ({"道路名称": "西街", "道路等级": "县道"}, [W, B1]),
    ({"道路名称": "例大桥", "道路等级": "县道", "桥梁": "是"}, [B1, B2]),
    ({"道路名称": "东街", "道路等级": "县道"}, [B2, E]),
    ({"道路名称": "北环", "道路等级": "乡道"}, [W, (W[0], NORTH), (E[0], NORTH), E]),
)

# Water on both ways over the river.
BOTH_WAYS = {
    "type": "MultiPolygon",
    "coordinates": [square(116.02, NORTH, 300)["coordinates"], square(116.021, 29.70, 100)["coordinates"]],
}


@pytest.fixture(scope="module")
def roads(admin: TestClient) -> None:
    assert run(admin, ROADS)["status"] == "done"
    job = admin.get("/api/rescue/routing").json()["job"]
    if job is not None:
        wait(admin, job["id"])
    assert admin.get("/api/rescue/routing").json()["status"] == "ready"


@pytest.fixture(scope="module")
def fleet(admin: TestClient, roads: None) -> dict[str, int]:
    """One at each end, both with boats; a third in the east with a pump and no boat."""
    return {
        "west": team(admin, "例西艇队", W, boats=1, wading_depth_cm=60),
        "east": team(admin, "例东艇队", (E[0], 29.702), boats=1, wading_depth_cm=60),
        "pump": team(admin, "例东泵队", E, skills="drain", pumps_m3h=300),
    }


def test_a_closed_bridge_changes_the_plan_and_the_difference_is_right(admin: TestClient, fleet: dict[str, int]) -> None:
    # East of the bridge, nearer to the western team while the bridge stands.
    here = incident(admin, (116.026, 29.70), trapped=2, needs=["boat"], name="桥东")
    there = incident(admin, (116.045, 29.70), trapped=3, needs=["boat"], name="东头")
    made = plan(admin, here, there, teams=[fleet["west"], fleet["east"]])
    assert made["routing"] == "road"
    assert sent(made) == {fleet["west"]: here["id"], fleet["east"]: there["id"]}
    [way] = [a for a in made["assignments"] if a["team"] == fleet["west"]]
    assert any("西街" in line for line in way["instructions"]), way["instructions"]
    assert not any("北环" in line for line in way["instructions"])
    assert way["distance_m"] == pytest.approx(2515, rel=0.03)
    body = {"at": {"type": "Point", "coordinates": [116.021, 29.70]}, "length_m": 100, "reason": "桥面过水"}
    assert admin.post("/api/rescue/routing/closures", json=body).status_code == 201
    seen = get(admin, f"plans/{made['id']}")
    assert [s.split("（")[0] for s in seen["since"]] == ["例大桥封闭"]
    anew = post(admin, f"plans/{made['id']}/replan", {})
    [round_] = [a for a in anew["assignments"] if a["team"] == fleet["west"]]
    assert any("北环" in line for line in round_["instructions"])
    rows = {r["incident"]: r for r in anew["diff"]["rows"]}
    row = rows[round_["incident"]]
    assert row["after"] == [
        {"team": fleet["west"], "team_name": "例西艇队", "masked": None, "travel_s": round_["travel_s"],
         "distance_m": round_["distance_m"], "arrived": False, "rerouted": False, "routing": "road"}
    ]  # fmt: skip
    assert round_["travel_s"] > way["travel_s"] + 300
    before = {a["incident"]: a["team"] for a in made["assignments"]}
    after = {a["incident"]: a["team"] for a in anew["assignments"]}
    for i, r in rows.items():
        assert (r["what"] == "other_team") == (before[i] != after[i])
        assert [b["team"] for b in r["before"]] == [before[i]]
    assert anew["causes"] == seen["since"]
    for one in admin.get("/api/rescue/routing/closures").json()["items"]:
        opened = admin.post(f"/api/rescue/routing/closures/{one['id']}/lift", json={"reason": "试完"})
        assert opened.status_code in {200, 201}, opened.text
    again = post(admin, f"plans/{anew['id']}/replan", {})
    assert sent(again) == sent(made)


def test_while_the_engine_works_no_transaction_is_open(
    admin: TestClient, fleet: dict[str, int], app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = incident(admin, (116.026, 29.70), needs=["boat"])
    ask, open_then = app.state.router.ask, []

    def watched(*args: Any) -> Any:
        open_then.append(app.state.engine.pool.checkedout())
        return ask(*args)

    monkeypatch.setattr(app.state.router, "ask", watched)
    made = plan(admin, here, teams=list(fleet.values()))
    assert made["routing"] == "road"
    body = {"team": next(iter(sent(made))), "incident": None}
    changed = post(admin, f"plans/{made['id']}/change", body)
    post(admin, f"plans/{changed['id']}/replan", {})
    assert len(open_then) >= 6
    # What is asked alone: a way, who is nearest, who stands by where.
    wet = flood(admin, [(1.0, square(116.03, 29.70, 150))], name="例问路水")
    asked = add(admin, "school", "例问校", (116.02, NORTH), COUNTY, attributes={"persons": 300})
    start, end = ({"type": "Point", "coordinates": list(at)} for at in (W, E))
    cover = {"minutes": 3, "classes": ["school"], "grades": ["none"], "flood": wet["id"]}
    for path, body, at_least in (
        ("routing/route", {"from": start, "to": end, "flood": wet["id"]}, 1),
        ("routing/matrix", {"origins": [start], "destinations": [end], "flood": wet["id"]}, 1),
        ("routing/reach", {"from": start, "minutes": [5], "flood": wet["id"]}, 1),
        ("standby/gaps", cover, 1), ("standby/propose", cover | {"k": 1}, 2),
    ):  # fmt: skip
        before = len(open_then)
        assert post(admin, path, body, 200)
        assert len(open_then) - before >= at_least, path
    before = len(open_then)
    assert get(admin, "teams/nearest", lon=E[0], lat=E[1], flood=wet["id"])["routing"] == "road"
    assert len(open_then) > before
    assert set(open_then) == {0}
    assert admin.delete(f"/api/objects/{asked}", params={"reason": "试完"}).status_code == 200


def test_an_engine_that_hangs_is_waited_for_once(
    admin: TestClient, fleet: dict[str, int], app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = incident(admin, (116.026, 29.70), trapped=9, needs=[])
    router = app.state.router
    monkeypatch.setattr(router, "_limit_s", 3.0)
    assert plan(admin, here, teams=list(fleet.values()))["routing"] == "road"
    asked, ask = [], router.ask
    monkeypatch.setattr(router, "ask", lambda *args: asked.append(1) or ask(*args))
    os.kill(router.pid, signal.SIGSTOP)
    made = plan(admin, here, teams=list(fleet.values()))  # of two kinds of vehicle
    assert (made["routing"], len(asked)) == ("straight_line", 1)
    assert made["assignments"]
    assert all(a["routing"] == "straight_line" and a["route"] for a in made["assignments"])
    assert "超时" in made["routing_notes"][0]
    assert plan(admin, here, teams=list(fleet.values()))["routing"] == "road"


@pytest.mark.parametrize("for_good", [False, True])
def test_an_engine_that_is_busy_for_a_moment_is_asked_again_and_what_has_no_line_is_told(
    admin: TestClient, fleet: dict[str, int], app: Any, monkeypatch: pytest.MonkeyPatch, for_good: bool
) -> None:
    here = incident(admin, (116.026, 29.70), trapped=9, needs=["boat"])
    router, ask, asked = app.state.router, app.state.router.ask, []

    def busy(roads: Any, question: Any, water: Any) -> Any:
        asked.append(question["do"])
        routes = asked.count("route")
        if question["do"] == "route" and routes > 1 and (for_good or routes < 4):
            raise EngineFailed(BUSY)
        return ask(roads, question, water)

    monkeypatch.setattr(router, "ask", busy)
    monkeypatch.setattr(ways, "_PATIENCE_S", 1.0)
    made = plan(admin, here, teams=[fleet["west"], fleet["east"]])
    assert (made["routing"], len(made["assignments"])) == ("road", 2)
    drawn = [a["route"] is not None for a in made["assignments"]]
    said = (
        f"派往险情 {here['id']} 的 1 支队伍没有路线图和逐段指引：路线引擎正忙，已有 6 个请求在等。"
        "路程和用时仍是按道路算的，重算可补上。"
    )
    if for_good:
        assert (sorted(drawn), made["routing_notes"][0]) == ([False, True], said)
        assert 4 <= asked.count("route") <= 8  # again, and not for ever
    else:
        assert (drawn, said in made["routing_notes"]) == ([True, True], False)


def _dies(router: Any, monkeypatch: pytest.MonkeyPatch, times: float) -> list[int]:
    """The engine is killed, and so many times again while it starts."""
    open_, died = router._open, list[int]()

    def opened(place: Any) -> Any:
        open_(place)
        if len(died) < times:
            died.append(router.pid)
            os.kill(router.pid, signal.SIGKILL)
            raise router._fell()

    assert router.pid is not None
    os.kill(router.pid, signal.SIGKILL)
    monkeypatch.setattr(router, "_open", opened)
    return died


def test_an_engine_that_dies_and_dies_again_while_it_starts_is_asked_again(
    admin: TestClient, fleet: dict[str, int], app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = incident(admin, (116.026, 29.70), trapped=9, needs=["boat"])
    assert plan(admin, here, teams=[fleet["west"]])["routing"] == "road"
    monkeypatch.setattr(ways, "PATIENCE_S", 30.0)  # this machine may be busy
    died = _dies(app.state.router, monkeypatch, 3)
    made = plan(admin, here, teams=[fleet["west"]])
    assert (made["routing"], made["unanswered"], len(died)) == ("road", False, 3)


def test_by_straight_lines_who_is_under_way_to_what_was_merged_is_under_way_to_what_it_went_into(
    admin: TestClient, fleet: dict[str, int], app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = incident(admin, (116.03, 29.70), trapped=2, needs=["boat"], name="并走处")
    made = plan(admin, old, teams=[fleet["west"]])
    [order] = post(admin, f"plans/{made['id']}/accept", {}, 200)["orders"]
    into = incident(admin, (116.031, 29.70), trapped=2, needs=["boat"], name="并入处")
    body = {n: into[n] for n in ("kind", "needs", "place", "name")} | {"trapped": 4, "version": 1}
    post(admin, f"incidents/{into['id']}/merge", body | {"others": [{"incident": old["id"], "version": 1}]}, 200)
    monkeypatch.setattr(ways, "PATIENCE_S", 0.5)
    _dies(app.state.router, monkeypatch, math.inf)
    anew = post(admin, f"plans/{made['id']}/replan", {})
    assert anew["routing"] == "straight_line"
    # Nobody else is sent for it, and nobody says that none comes.
    assert (sent(anew), anew["withdraws"], anew["unreachable"]) == ({}, [], [])
    assert [(s["team"], s["incident"], s["order"]) for s in anew["standing"]] == [
        (fleet["west"], into["id"], order["id"])
    ]
    [row] = [r for r in anew["against"]["rows"] if r["incident"] == into["id"]]
    assert row["what"] == "same"
    other = plan(admin, into)  # of all teams
    assert fleet["west"] not in sent(other)
    monkeypatch.undo()
    post(admin, f"orders/{order['id']}/marks", {"what": "cancelled", "note": "试完"})
    post(admin, f"teams/{fleet['west']}/status", {"status": "待命"})


def test_a_plan_on_damaged_road_data_says_that_no_later_time_helps(
    admin: TestClient, fleet: dict[str, int], app: Any, settings: Settings
) -> None:
    here = incident(admin, (116.026, 29.70), trapped=9, needs=["boat"])
    water = flood(admin, [(0.5, BOTH_WAYS)])["id"]
    folder = next(p for p in tiles.folder_of(settings).iterdir() if p.is_dir())
    tile = max((folder / "tiles").rglob("*.gph"), key=lambda p: p.stat().st_size)
    body = bytearray(tile.read_bytes())
    body[len(body) // 2] ^= 0xFF
    tile.write_bytes(bytes(body))
    app.state.router.close()
    made = plan(admin, here, teams=[fleet["west"]], flood=water)
    assert (made["routing"], made["unanswered"], made["spoilt"]) == ("straight_line", False, True)
    assert made["routing_notes"][0].startswith("路线数据已损坏，再算也一样，请到“力量—道路”重新生成路线数据：")
    found = get(admin, "teams/nearest", lon=116.026, lat=29.70)
    assert found["routing_notes"][0].startswith("路线数据已损坏，再算也一样")
    wait(admin, admin.post("/api/rescue/routing/build").json()["id"])
    anew = post(admin, f"plans/{made['id']}/replan", {})
    assert (anew["routing"], anew["spoilt"]) == ("road", False)


def test_a_plan_by_straight_lines_turns_and_recalls_nobody_and_compares_no_road_with_them(
    admin: TestClient, fleet: dict[str, int], app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = incident(admin, (116.03, 29.70), trapped=2, needs=["boat"], name="远处")
    made = plan(admin, far, teams=[fleet["west"]])
    [order] = post(admin, f"plans/{made['id']}/accept", {}, 200)["orders"]
    post(admin, f"teams/{fleet['west']}/status", {"status": "在途", "lon": 116.005, "lat": 29.70})
    # Straight, the team of the east is there much sooner, and the one under way would do for the second.
    near = incident(admin, (116.006, 29.70), trapped=60, needs=["boat"], kind="堤坝险情", name="近处")
    both = plan(admin, far, near, teams=[fleet["west"], fleet["east"]])
    monkeypatch.setattr(ways, "PATIENCE_S", 0.5)
    router = app.state.router
    _dies(router, monkeypatch, math.inf)
    anew = post(admin, f"plans/{both['id']}/replan", {})
    assert (anew["routing"], anew["unanswered"]) == ("straight_line", True)
    assert anew["routing_notes"][0] == "没有按道路算，在路上的队伍一律不改派。"
    assert (sent(anew), anew["withdraws"]) == ({fleet["east"]: near["id"]}, [])
    assert [(s["team"], s["order"]) for s in anew["standing"]] == [(fleet["west"], order["id"])]
    against = anew["against"]
    rows = {r["incident"]: r for r in against["rows"]}
    assert (rows[far["id"]]["what"], rows[far["id"]]["after"][0]["routing"]) == ("same", "road")
    assert "，直线估算）" in rows[near["id"]]["words"]
    # By hand it goes where it is sent; then road and straight are both in the plan, and nothing is added up.
    turned = post(admin, f"plans/{anew['id']}/change", {"team": fleet["west"], "incident": near["id"]})
    assert turned["withdraws"][0]["order"] == order["id"]
    one = post(admin, f"plans/{turned['id']}/change",
               {"team": fleet["east"], "incident": far["id"]})["against"]  # fmt: skip
    assert (one["both"], one["before_s"], one["after_s"]) == (0, 0, 0)
    assert [r["what"] for r in one["rows"] if r["incident"] == far["id"]] == ["other_team"]
    monkeypatch.undo()
    router._refused = None
    assert post(admin, f"plans/{both['id']}/replan", {})["routing"] == "road"
    post(admin, f"orders/{order['id']}/marks", {"what": "result"})
    post(admin, f"teams/{fleet['west']}/status", {"status": "待命"})
    for one in (far, near):
        post(admin, f"incidents/{one['id']}/close", {"version": 1, "result": "救出"}, 200)


_AT_BRIDGE: dict[str, dict[str, Any]] = {
    "point": {"at": {"type": "Point", "coordinates": [116.021, 29.70]}, "length_m": 100},
    "line": {"line": {"type": "LineString", "coordinates": [list(B1), list(B2)]}},
    "area": {"area": square(116.021, 29.70, 60)},
}


@pytest.mark.parametrize("kind", list(_AT_BRIDGE))
@pytest.mark.parametrize("end", ["lifted", "run out"])
def test_a_draft_made_anew_after_a_closure_and_after_its_end_tells_the_difference(
    admin: TestClient, fleet: dict[str, int], settings: Settings, kind: str, end: str
) -> None:
    """However the bridge is shut, whoever has to cross it goes round, so much later; and back when it is open again."""
    here = incident(admin, (116.026, 29.70), trapped=2, needs=["boat"], name="桥东")
    made = plan(admin, here, teams=[fleet["west"]])
    [way] = made["assignments"]
    later = (clock.now() + timedelta(hours=1)).isoformat() if end == "run out" else None
    shut = post(admin, "routing/closures", _AT_BRIDGE[kind] | {"reason": "桥面过水", "ends_at": later})
    anew = post(admin, f"plans/{made['id']}/replan", {})
    [round_] = anew["assignments"]
    assert any("北环" in line for line in round_["instructions"])
    assert [c.split("（")[0] for c in anew["causes"]] == ["例大桥封闭"]
    [row] = anew["diff"]["rows"]
    minutes = math.ceil(round_["travel_s"] / 60) - math.ceil(way["travel_s"] / 60)
    assert (row["what"], row["words"].split("，")[-1]) == ("slower", f"晚 {minutes} 分钟")
    assert anew["diff"]["counts"]["slower"] == 1
    assert ([b["travel_s"] for b in row["before"]], [a["travel_s"] for a in row["after"]]) == (
        [way["travel_s"]], [round_["travel_s"]]
    )  # fmt: skip
    if end == "lifted":
        post(admin, f"routing/closures/{shut['id']}/lift", {"reason": "水退"}, 200)
    else:
        run_out(settings, shut["id"])
    back = post(admin, f"plans/{anew['id']}/replan", {})
    [again] = back["assignments"]
    assert (again["travel_s"], again["route"]) == (way["travel_s"], way["route"])
    assert [c.split("（")[0] for c in back["causes"]] == [
        "例大桥恢复通行" if end == "lifted" else "例大桥到时恢复通行"
    ]  # fmt: skip
    [row] = back["diff"]["rows"]
    assert (row["what"], row["words"].split("，")[-1]) == ("faster", f"早 {minutes} 分钟")


def test_a_team_under_way_is_told_another_way_by_another_order(admin: TestClient, fleet: dict[str, int]) -> None:
    here = incident(admin, (116.026, 29.70), trapped=2, needs=["boat"], name="桥东")
    made = plan(admin, here, teams=[fleet["west"]])
    first = post(admin, f"plans/{made['id']}/accept", {}, 200)["orders"][0]
    # Half-way along the way that it was told: nothing new.
    half = {"status": "在途", "lon": 116.01, "lat": 29.70}
    post(admin, f"teams/{fleet['west']}/status", half)
    same = post(admin, f"plans/{made['id']}/replan", {})
    [one] = same["assignments"]
    assert (one["order"], one["rerouted"]) == (first["id"], None)
    told = refused(admin.post(f"/api/rescue/plans/{same['id']}/accept"))
    assert told["code"] == "nothing"
    body = {"at": {"type": "Point", "coordinates": [116.021, 29.70]}, "length_m": 100, "reason": "桥面过水"}
    closed = post(admin, "routing/closures", body)
    anew = post(admin, f"plans/{made['id']}/replan", {})
    [one] = anew["assignments"]
    assert (one["order"], one["rerouted"]) == (None, first["id"])
    for one in (anew["diff"], anew["against"]):
        [row] = one["rows"]
        assert (row["what"], row["after"][0]["rerouted"]) == ("slower", True)
        assert "，改走另一条路，晚 " in row["words"]
    assert [(w["order"], w["renewed"]) for w in anew["withdraws"]] == [(first["id"], True)]
    # The same draft once more is no other way than the draft before, and still another than the order's.
    more = post(admin, f"plans/{anew['id']}/replan", {})
    assert [r["what"] for r in more["diff"]["rows"]] == ["same"]
    assert more["against"]["rows"][0]["what"] == "slower"
    [second] = post(admin, f"plans/{anew['id']}/accept", {}, 200)["orders"]
    assert any("北环" in line for line in second["instructions"])
    orders = {o["id"]: o for o in get(admin, "orders", incident=here["id"])["items"]}
    assert (orders[first["id"]]["status"], orders[second["id"]]["status"]) == ("cancelled", "issued")
    assert orders[first["id"]]["marks"][-1]["note"].endswith("改道，另有新令")
    newest = get(admin, "log", kind="调度")["items"][0]["what"]
    assert "派出 1 支，收回 0 份调度令，改发新令 1 份" in newest
    assert [t["order"]["id"] for t in get(admin, "teams")["items"] if t["id"] == fleet["west"]] == [second["id"]]
    post(admin, f"routing/closures/{closed['id']}/lift", {"reason": "试完"}, 200)
    post(admin, f"orders/{second['id']}/marks", {"what": "result"})
    post(admin, f"teams/{fleet['west']}/status", {"status": "待命"})
    post(admin, f"incidents/{here['id']}/close", {"version": 1, "result": "救出"}, 200)


def test_in_the_water_only_a_boat_gets_there_and_a_new_version_of_the_flood_changes_it(
    admin: TestClient, fleet: dict[str, int]
) -> None:
    small = flood(admin, [(1.0, square(116.03, 29.70, 150))], name="例圩")
    here = incident(admin, (116.035, 29.70), trapped=2, kind="人员被困", name="圩边", flood=small["id"])
    dry = plan(admin, here, flood=small["id"], teams=[fleet["pump"]])
    assert sent(dry) == {fleet["pump"]: here["id"]}
    assert dry["assignments"][0]["boat_leg"] is None
    big = flood(admin, [(1.0, square(116.03, 29.70, 800))], name="例圩", series=small["series"])
    seen = get(admin, f"plans/{dry['id']}")
    assert [s.split("（")[0] for s in seen["since"]] == ["淹没范围有第 2 版"]
    anew = post(admin, f"plans/{dry['id']}/replan", {})
    assert anew["flood"] == big["id"]
    assert anew["assignments"] == []
    [lost] = anew["unreachable"]
    assert (lost["incident"], lost["code"]) == (here["id"], "no_way")
    assert lost["why"] == "险情在水里，能派的 1 支队伍没有一支有艇：无法到达"
    assert [r["what"] for r in anew["diff"]["rows"]] == ["lost"]
    boats = plan(admin, here, flood=big["id"], teams=list(fleet.values()))
    [one] = boats["assignments"]
    assert one["team"] == fleet["east"]
    assert one["boat_leg"]["distance_m"] > 100
    assert "行船" in one["why"]
    water = shape(square(116.03, 29.70, 800)).buffer(-1e-5)
    assert all(not water.contains(Point(p)) for p in one["route"]["coordinates"])


def test_a_boat_that_is_done_in_the_water_is_sent_on_from_there(admin: TestClient, fleet: dict[str, int]) -> None:
    wet = flood(admin, [(1.0, square(116.03, 29.70, 800))], name="例圩四")
    first = incident(admin, (116.035, 29.70), trapped=2, needs=["boat"], flood=wet["id"])
    made = post(admin, f"plans/{plan(admin, first, flood=wet['id'], teams=[fleet['east']])['id']}/accept", {}, 200)
    [order] = made["orders"]
    for what in ("departure", "arrival", "result"):
        post(admin, f"orders/{order['id']}/marks", {"what": what})
    post(admin, f"incidents/{first['id']}/close", {"version": 1, "result": "救出"}, 200)
    near = incident(admin, (116.033, 29.702), trapped=1, needs=["boat"], name="水里")
    dry = incident(admin, (116.045, 29.70), trapped=1, needs=[], name="岸上")
    for where, whole in ((near, True), (dry, False)):
        made = plan(admin, where, flood=wet["id"], teams=[fleet["east"]])
        [one] = made["assignments"]
        assert (one["route"] is None, one["boat_leg"] is not None, one["boat_out"] is None) == (whole,) * 3
        assert ("全程" if whole else "先行船") in one["why"]
        given = post(admin, f"plans/{made['id']}/accept", {}, 200)["orders"][0]
        assert "行船" in given["what"]
        said = "".join(printed(admin, made["id"]))
        assert ("行船从东经116.035" if whole else "靠岸") in said, said
        # What is left of the way, as it goes on, is no other.
        again = post(admin, f"plans/{made['id']}/replan", {})
        assert [a["order"] for a in again["assignments"]] == [given["id"]]
        if whole:  # The water has gone: it does not go on by boat on dry land.
            fallen = flood(admin, [(1.0, square(116.09, 29.66, 50))], name="例圩四退水")
            [one] = post(admin, f"plans/{made['id']}/replan", {"flood": fallen["id"]})["assignments"]
            assert (one["boat_leg"], one["rerouted"]) == (None, given["id"])
        post(admin, f"orders/{given['id']}/marks", {"what": "cancelled", "note": "试完", "how": "call"})
        post(admin, f"teams/{fleet['east']}/status", {"status": "返回", "lon": 116.035, "lat": 29.70})
    post(admin, f"teams/{fleet['east']}/status", {"status": "待命"})
    for one in (near, dry):
        post(admin, f"incidents/{one['id']}/close", {"version": 1, "result": "救出"}, 200)


def test_where_a_hidden_team_stands_in_the_water_is_not_told(
    admin: TestClient, fleet: dict[str, int], make_account: Callable[..., TestClient]
) -> None:
    wet = flood(admin, [(1.0, square(116.03, 29.70, 800))], name="例圩五")
    post(admin, f"teams/{fleet['east']}/status", {"status": "待命", "lon": 116.035, "lat": 29.70})
    ask = {"lon": 116.033, "lat": 29.702, "flood": wet["id"], "need": "boat"}
    told = {t["id"]: t["leg"] for t in get(admin, "teams/nearest", **ask)["items"]}
    assert told[fleet["east"]]["boat_leg"]["coordinates"][0] == [116.035, 29.7]
    hidden = get(make_account("editor", areas=["360481"]), "teams/nearest", **ask)["items"]
    assert any(t["leg"] and t["leg"]["travel_s"] for t in hidden)
    assert "116.035" not in str(hidden)
    post(admin, f"teams/{fleet['east']}/status", {"status": "待命"})


def test_who_is_reached_by_nobody_is_told_with_the_cause(admin: TestClient, fleet: dict[str, int]) -> None:
    def why(where: tuple[float, float], *teams: int, flood: int | None = None) -> str:
        made = plan(admin, incident(admin, where, trapped=1), flood=flood, teams=list(teams))
        assert made["assignments"] == []
        [lost] = made["unreachable"]
        assert lost["code"] == "no_way"
        return str(lost["why"])

    far = (116.15, 29.70)  # more than 5 km from the last road
    assert re.fullmatch(
        r"险情离最近的道路 9\.\d km，路网里没有能开到附近的路（可能路网不全）：无法到达", why(far, fleet["pump"])
    )
    # A dry place behind water, two kilometres off the road.
    moat = flood(admin, [(1.0, square(116.07, 29.70, 600))], name="例隔水")
    assert re.fullmatch(
        r"险情离最近的道路 2\.\d km，中间隔着水：无法到达", why((116.078, 29.70), fleet["pump"], flood=moat["id"])
    )
    # In the water, where no boat gets to from any road.
    assert re.fullmatch(
        r"险情在水里、离最近的道路 1\.\d km，能派的 1 支队伍开不到能下水、直达险情的水边：无法到达",
        why((116.07, 29.70), fleet["east"], flood=moat["id"]),
    )
    # The team itself stands in it.
    home = flood(admin, [(1.0, square(E[0], E[1], 300))], name="例驻地")
    assert why((116.01, 29.70), fleet["pump"], flood=home["id"]).startswith("能派的 1 支队伍自己都在车过不去的水里")
    # Both ways over the river are shut, one by an act and one by water.
    shut = {"at": {"type": "Point", "coordinates": [116.021, 29.70]}, "length_m": 100, "reason": "桥面过水"}
    closed = post(admin, "routing/closures", shut)
    north = flood(admin, [(1.0, square(116.02, NORTH, 300))], name="例北水")
    assert why((116.01, 29.70), fleet["pump"], flood=north["id"]) == (
        "能派的 1 支队伍去险情的路被水和封闭路段一起断开：无法到达"
    )
    # Each alone: the water on both ways, the act on both ways, and both on both.
    both = flood(admin, [(1.0, BOTH_WAYS)], name="例两处水")
    dry = team(admin, "例外侧队", (116.044, 29.70))
    assert why((116.01, 29.70), fleet["pump"], flood=both["id"]) == "能派的 1 支队伍去险情的路被水断开：无法到达"
    in_north = {"at": {"type": "Point", "coordinates": [116.02, NORTH]}, "length_m": 100, "reason": "塌方"}
    also = post(admin, "routing/closures", in_north)
    assert why((116.01, 29.70), fleet["pump"]) == "能派的 1 支队伍去险情的路被封闭路段断开：无法到达"
    assert why((116.01, 29.70), fleet["pump"], flood=moat["id"]) == (
        "能派的 1 支队伍去险情的路被封闭路段断开：无法到达"  # there is water, but not on the way
    )
    assert why((116.01, 29.70), fleet["pump"], flood=both["id"]) == (
        "能派的 1 支队伍去险情的路被水断开，也被封闭路段断开：无法到达"
    )
    said = why((116.01, 29.70), fleet["pump"], dry, flood=home["id"])
    assert said == "能派的 2 支队伍里 1 支去险情的路被封闭路段断开，1 支自己在车过不去的水里：无法到达"
    assert admin.delete(f"/api/objects/{dry}", params={"reason": "试完"}).status_code == 200
    for one in (closed, also):
        post(admin, f"routing/closures/{one['id']}/lift", {"reason": "试完"}, 200)


def test_the_printed_order_has_coordinates_the_water_and_a_sketch_of_the_way(
    admin: TestClient, fleet: dict[str, int]
) -> None:
    wet = flood(admin, [(1.0, square(116.03, 29.70, 800))], name="例圩三")
    here = incident(admin, (116.035, 29.70), trapped=2, needs=["boat"], name="圩里", flood=wet["id"])
    made = plan(admin, here, flood=wet["id"], teams=[fleet["east"]])
    [one] = made["assignments"]
    [order] = post(admin, f"plans/{made['id']}/accept", {}, 200)["orders"]
    [sheet] = printed(admin, made["id"])
    lon, lat = one["boat_leg"]["coordinates"][0]
    assert re.search(r"怎样去按\d{4}-\d\d-\d\d\d\d:\d\d:\d\d的水和封路算", sheet), sheet
    # The team's telephone has it as the sheet does.
    launch = {"point": [lon, lat], "distance_m": one["boat_leg"]["distance_m"], "whole": False}
    assert (order["ashore"], order["launch"]) == (None, launch)
    for said in (
        "东经116.035000°，北纬29.700000°（CGCS2000）",
        f"下艇点东经{lon:.6f}°，北纬{lat:.6f}°（CGCS2000）",
        "淹没范围例圩三第1版",
        f"险情{here['id']}",
        "路线示意：粗线为路线，虚线为行船，斜线为水",
        "北",
    ):
        assert said in sheet, said
    [order] = get(admin, "orders", plan=made["id"])["items"]
    post(admin, f"orders/{order['id']}/marks", {"what": "result"})
    post(admin, f"teams/{fleet['east']}/status", {"status": "待命"})
    post(admin, f"incidents/{here['id']}/close", {"version": 1, "result": "救出"}, 200)


def test_what_no_road_leads_over_is_told_wherever_the_way_is(
    admin: TestClient, fleet: dict[str, int], make_account: Maker
) -> None:
    off, before = 450 / 110_900, 120 / 110_900
    start = team(admin, "例离路队", (116.04, E[1] + before), skills="medical")
    here = incident(admin, (116.045, E[1] - off), trapped=1, name="田里")
    # The list of who is there first, and the way itself.
    found = get(admin, "teams/nearest", lon=116.045, lat=E[1] - off, limit=50)
    legs = {i["id"]: i["leg"] for i in found["items"]}
    assert legs[fleet["pump"]]["off_road_m"] == pytest.approx(450, abs=3)
    assert legs[fleet["pump"]]["off_start_m"] is None  # it stands at the road
    assert legs[start]["off_start_m"] == pytest.approx(120, abs=3)
    asked = {"from": {"coordinates": [E[0], E[1]]}, "to": {"coordinates": [116.045, E[1] - off]}}
    way = admin.post("/api/rescue/routing/route", json=asked).json()
    assert way["instructions"][-1] == "路到此为止，到目的地还有约 450 m，路网上没有路"
    [[on, end]] = way["off_road"]["coordinates"]
    assert on == pytest.approx(way["route"]["coordinates"][-1], abs=1e-5)
    assert end == pytest.approx([116.045, E[1] - off])
    near = admin.post(
        "/api/rescue/routing/route", json=asked | {"to": {"coordinates": [116.045, E[1] - 0.0004]}}
    ).json()
    assert (near["off_road_m"], near["off_road"]) == (None, None)  # 45 m: seen from the car
    assert near["instructions"][-1] == "到达"
    # The proposal, its reasons, the order and its sheet.
    made = plan(admin, here, teams=[start])
    [one] = made["assignments"]
    both = "起步约 120 m、末段约 450 m 路网上没有路，用时未计"
    assert both in one["why"]
    assert len(one["off_road"]["coordinates"]) == 2
    assert one["off_road_m"] == pytest.approx(450, abs=3)
    assert one["instructions"][0] == "先到路上（约 120 m，路网上没有路）"
    assert one["distance_m"] == pytest.approx(484, abs=10)  # the road alone
    post(admin, f"plans/{made['id']}/accept", {}, 200)
    [order] = get(admin, "orders", plan=made["id"])["items"]
    assert order["what"].endswith(f"到，{both}")
    assert (order["off_road_m"], order["off_start_m"]) == (one["off_road_m"], one["off_start_m"])
    [sheet] = printed(admin, made["id"])
    for said in (both.replace(" ", ""), "路线示意：粗线为路线，点线为路网上没有路的一段", "路到此为止"):
        assert said in sheet, said
    assert re.search(r"\d的封路算", sheet), sheet  # no water was asked for
    # Who may not see the team in full is told no place of it.
    other = make_account("editor", areas=["360481"])
    [masked] = get(other, f"plans/{made['id']}")["assignments"]
    assert (masked["off_road"], masked["off_start_m"]) == (None, None)
    [theirs] = get(other, "orders", plan=made["id"])["items"]
    assert (theirs["off_road_m"], theirs["off_start_m"]) == (None, None)
    whither = order["what"].partition("路程")[0]
    assert theirs["what"] == whither != order["what"]
    entries = [e["what"] for e in get(other, "log", kind="调度")["items"]]
    assert f"调度令 {order['number']}（队伍无权查看）：{whither}" in entries
    # By boat there is nothing left to walk.
    wet = flood(admin, [(1.0, square(116.03, 29.70, 800))], name="例圩离路")
    legs = {i["id"]: i["leg"] for i in get(admin, "teams/nearest", lon=116.035, lat=29.697, flood=wet["id"])["items"]}
    assert legs[fleet["east"]]["boat_leg"]
    assert legs[fleet["east"]]["off_road_m"] is None
    post(admin, f"orders/{order['id']}/marks", {"what": "result"})
    post(admin, f"incidents/{here['id']}/close", {"version": 1, "result": "救出"}, 200)
    assert admin.delete(f"/api/objects/{start}", params={"reason": "试完"}).status_code == 200


def printed(admin: TestClient, made: int) -> list[str]:
    """What the sheets of a plan's orders say, without spaces."""
    answer = admin.get("/api/rescue/orders.pdf", params={"plan": made})
    assert answer.status_code == 200, answer.text
    with pypdfium2.PdfDocument(answer.content) as document:
        return [re.sub(r"\s+", "", p.get_textpage().get_text_bounded()) for p in document]


def test_nearest_goes_by_road_and_says_who_cannot_get_there(admin: TestClient, fleet: dict[str, int]) -> None:
    wet = flood(admin, [(1.0, square(116.03, 29.70, 800))], name="例圩二")
    found = get(admin, "teams/nearest", lon=116.035, lat=29.70, flood=wet["id"])
    assert found["routing"] == "road"
    mine = {i["id"]: i for i in found["items"]}
    assert mine[fleet["east"]]["leg"]["boat_leg"]
    assert mine[fleet["pump"]]["leg"] is None
    assert mine[fleet["pump"]]["said"] == "无法到达：那里在水里，没有舟艇"
    home = flood(admin, [(1.0, square(E[0], E[1], 400))], name="例驻地水")
    found = get(admin, "teams/nearest", lon=116.01, lat=29.70, flood=home["id"])
    mine = {i["id"]: i for i in found["items"]}
    assert mine[fleet["pump"]]["said"] == "无法到达：在水里，没有舟艇"
    assert mine[fleet["east"]]["leg"]["boat_out"]["distance_m"] > 100
    assert [i["id"] for i in found["items"]][-1] == fleet["pump"]


def test_what_no_team_reaches_in_time_and_where_one_had_better_stand_by(
    admin: TestClient, fleet: dict[str, int], make_account: Maker
) -> None:
    school = [add(admin, "school", f"例学校{i}", (116.02 + i / 1000, NORTH), COUNTY, attributes={"persons": 300})
              for i in range(3)]  # fmt: skip
    near = add(admin, "school", "例近校", (116.001, 29.70), COUNTY, attributes={"persons": 300})
    add(admin, "fire-station", "例北站", (116.02, NORTH), COUNTY)
    asked = {"minutes": 3, "need": "boat", "classes": ["school"], "grades": ["none"]}
    found = post(admin, "standby/gaps", asked, 200)
    ids = {i["id"] for i in found["items"]}
    assert set(school) <= ids
    assert near not in ids
    assert (found["places"], found["uncovered"]) == (4, 3)
    assert found["routing"] == "road"
    assert post(admin, "standby/gaps", asked | {"minutes": 60}, 200)["uncovered"] == 0
    better = post(admin, "standby/propose", asked | {"k": 2}, 200)
    assert better["optimal"]
    [one] = better["items"]  # a second one adds nothing
    assert (one["name"], one["team"], one["covers_new"]) == ("例北站", fleet["east"], 3)  # the west keeps its school
    assert (better["covered"], better["after"], better["lost"]) == (1, 4, 0)
    place = {"team": one["team"], "name": one["name"], "lon": one["at"][0], "lat": one["at"][1]}
    refused(make_account("editor").post("/api/rescue/standby", json={"places": [place]}), 403)
    commander = make_account("editor", may=["dispatch"])
    post(commander, "standby", {"places": [place], "asked": asked, "note": "暴雨红色预警"})
    assert post(admin, "standby/gaps", asked, 200)["uncovered"] == 3  # it is on its way
    going = get(admin, f"teams/{one['team']}")["standby"]
    assert (going["travel_s"], going["routing"]) == (one["travel_s"], "road")  # as it was proposed
    post(admin, f"teams/{one['team']}/standby/arrival", {})
    assert post(admin, "standby/gaps", asked, 200)["uncovered"] == 0
    [kept] = get(admin, "standby")["items"]
    assert (kept["places"][0]["team_name"], kept["note"]) == ("例东艇队", "暴雨红色预警")
    assert get(admin, "standby", exercise=True)["items"] == []
    newest = get(admin, "log", kind="调度")["items"][1]["what"]
    assert newest.startswith("前置：例东艇队前往前置点 例北站，路上 ")
    assert newest.endswith(" 到（暴雨红色预警）")
    post(admin, f"teams/{one['team']}/status", {"status": "待命"})
    for body in ({"minutes": 0}, {"classes": ["dragon"]}, {"grades": []}, {"k": 0}):
        refused(admin.post("/api/rescue/standby/propose", json=asked | {"k": 1} | body))
    assert post(admin, "standby/propose", asked | {"k": 1, "need": "gas"}, 200)["note"] == "没有可以前置的队伍"


def test_roads_that_do_not_meet_and_roads_that_may_not_be_driven_are_no_water(
    admin: TestClient, fleet: dict[str, int], app: Any
) -> None:
    """Water and closures elsewhere are not named as the cause; where the engine is silent nothing is said as certain."""
    island = [(116.30 + i / 1000, 29.70) for i in range(30)]
    shut = [(116.20, 29.70), (116.21, 29.70)]
    more = geojson(
        ({"道路名称": "西街", "道路等级": "县道"}, [W, B1]),
        ({"道路名称": "例大桥", "道路等级": "县道", "桥梁": "是"}, [B1, B2]),
        ({"道路名称": "东街", "道路等级": "县道"}, [B2, E]),
        ({"道路名称": "北环", "道路等级": "乡道"}, [W, (W[0], NORTH), (E[0], NORTH), E]),
        ({"道路名称": "孤路", "道路等级": "乡道"}, island),
        ({"道路名称": "厂内路", "道路等级": "乡道", "access": "no"}, shut),
    )
    assert run(admin, more)["status"] == "done"
    job = admin.get("/api/rescue/routing").json()["job"]
    if job is not None:
        wait(admin, job["id"])
    elsewhere = flood(admin, [(1.0, square(116.02, 29.75, 300))], name="例别处水")

    def why(where: tuple[float, float], **more: Any) -> str:
        made = plan(admin, incident(admin, where, trapped=1), teams=[fleet["pump"]], **more)
        [lost] = made["unreachable"]
        return str(lost["why"])

    assert why((116.31, 29.70), flood=elsewhere["id"]) == (
        "能派的 1 支队伍到险情的路网不通（道路文件中没有连接）：无法到达"
    )
    # The works road is near, and nobody may drive it.
    assert re.fullmatch(
        r"险情离最近的道路 9\.\d km，路网里没有能开到附近的路.*", why((116.205, 29.70), flood=elsewhere["id"])
    )
    made = app.state.router
    asked = made.ask
    cut = flood(admin, [(1.0, BOTH_WAYS)], name="例又两处水")

    def silent(roads: Any, question: Any, water: Any) -> Any:
        if len(calls) >= 1:
            raise EngineFailed("路线引擎超时没有回答，已重新启动")
        calls.append(question)
        return asked(roads, question, water)

    calls: list[Any] = []
    made.ask = silent
    try:
        said = why((116.01, 29.70), flood=cut["id"])
    finally:
        made.ask = asked
    assert said == "能派的 1 支队伍到不了，可能因为水或路网不全（路线引擎没有答复，没有核实）：无法到达"
    assert run(admin, ROADS)["status"] == "done"
    job = admin.get("/api/rescue/routing").json()["job"]
    if job is not None:
        wait(admin, job["id"])


def test_an_order_says_how_far_it_goes_through_water(admin: TestClient, fleet: dict[str, int]) -> None:
    shallow = {"depth_m": 0.1, "depth_to_m": 0.4, "geometry": square(116.008, 29.70, 100)}
    wet = post(admin, "floods", {"name": "例浅水", "depths": [shallow]})
    here = incident(admin, (116.012, 29.70), trapped=1, needs=["boat"], name="浅水以东", flood=wet["id"])
    made = plan(admin, here, flood=wet["id"], teams=[fleet["west"]])
    [one] = made["assignments"]
    assert one["in_water_m"] > 100
    dry = team(admin, "例旱队", (116.0, 29.70))
    both = plan(admin, incident(admin, (116.012, 29.70)), teams=[fleet["west"], dry])
    speeds = [n for n in both["routing_notes"] if "km/h" in n]
    assert speeds == [
        "车速是引擎按道路等级的经验值，最高 80 km/h。",
        "舟艇按 8 km/h（经验值）。",
    ]  # of both kinds, once
    assert one["in_water_m"] == int(one["in_water_m"])  # why it is this team and its order say one figure
    assert f"过水 {one['in_water_m']:,.0f} m" in one["why"]
    [order] = post(admin, f"plans/{made['id']}/accept", {}, 200)["orders"]
    assert f"，途中过水 {one['in_water_m']:,.0f} m" in order["what"]
    assert f"途中过水{one['in_water_m']:,.0f}m" in "".join(printed(admin, made["id"]))
    post(admin, f"orders/{order['id']}/marks", {"what": "cancelled", "note": "试完", "how": "call"})
    post(admin, f"incidents/{here['id']}/close", {"version": 1, "result": "救出"}, 200)
