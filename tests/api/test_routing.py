"""The way over HTTP on a small town's roads: round water, by boat, round closed roads; and when the engine is not there."""

import io
import math
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
from shapely.geometry import Point, shape
from starlette.testclient import TestClient
from tests.api.imports import wait
from tests.api.rescue import flood, run_out, square
from tests.api.test_bad_input import refused
from tests.api.test_roads import geojson, run

from riskmap.base import clock
from riskmap.base.settings import Settings
from riskmap.rescue.routing import service, tiles
from riskmap.rescue.routing.router import MOST_WAITING, EngineFailed

Maker = Callable[..., TestClient]

W, M, E, N, S = (116.00, 29.70), (116.01, 29.70), (116.02, 29.70), 29.71, 29.70
ROADS = geojson(
    ({"道路名称": "甲路", "道路等级": "县道"}, [W, M, E]),
    ({"道路名称": "乙路", "道路等级": "乡道"}, [W, (W[0], N), (M[0], N), (E[0], N), E]),
    ({"道路名称": "丙路", "道路等级": "乡道", "access": "no"}, [M, (M[0], N)]),
)
EAST_M = 1935.0  # along 甲路
ROUND_M = EAST_M + 2 * 1108.5  # along 乙路


def at(place: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(place)}


def ask(
    client: TestClient, start: tuple[float, float] = W, end: tuple[float, float] = E, **more: Any
) -> dict[str, Any]:
    answer = client.post("/api/rescue/routing/route", json={"from": at(start), "to": at(end), **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def state(client: TestClient) -> dict[str, Any]:
    return dict(client.get("/api/rescue/routing").json())


@pytest.fixture
def pool(admin: TestClient) -> int:
    """Half way along 甲路, 600 m of it, 1 m and more."""
    return int(flood(admin, [(1.0, square(*M, 300))], name="甲路积水")["id"])


@pytest.fixture
def router(app: Any) -> Iterator[Any]:
    """With a short time, so that a hanging engine is found soon."""
    made = app.state.router
    kept, made._limit_s = made._limit_s, 5.0
    yield made
    made._limit_s = kept
    made._refused = None


def test_without_roads_lines_are_straight_and_say_so(admin: TestClient) -> None:
    assert state(admin)["status"] == "no_roads"
    way = ask(admin)
    assert way["reachable"]
    assert way["routing"] == "straight_line"
    assert way["distance_m"] == pytest.approx(EAST_M, rel=0.002)
    assert "没有装入路网" in way["notes"][0]
    assert "直线" in way["notes"][0]
    pool = flood(admin, [(1.0, square(*M, 300))])["id"]
    assert ask(admin, end=M, flood=pool)["reachable"] is False
    assert ask(admin, end=M, flood=pool, boat=True)["routing"] == "straight_line"
    refused(admin.post("/api/rescue/routing/build"), 409)


def test_loading_roads_builds_the_tiles_by_itself(admin: TestClient) -> None:
    loaded = run(admin, ROADS)
    assert loaded["status"] == "done"
    job = admin.get("/api/rescue/routing").json()["job"]
    if job is not None:
        wait(admin, job["id"])
    told = state(admin)
    assert told["status"] == "ready", told
    assert told["by_road"]
    assert told["set"]["rows"] == 3
    assert told["tiles"]["left_out"] == 1  # 丙路 is shut
    assert told["tiles"]["stretches"] > 40
    jobs = [j for j in admin.get("/api/jobs").json()["items"] if j["kind"] in {"roads", "routing"}]
    assert {j["link"] for j in jobs} == {"/rescue?tab=forces&part=roads"}  # where one sees what came of it


def test_the_way_goes_along_roads_and_is_told_in_chinese(admin: TestClient) -> None:
    way = ask(admin)
    assert way["routing"] == "road"
    assert way["distance_m"] == pytest.approx(EAST_M, rel=0.01)
    assert way["travel_s"] > 60
    assert way["boat_leg"] is None
    assert way["instructions"][0].startswith("出发，沿甲路行驶 1.9 km")
    assert way["instructions"][-1] == "到达"
    assert way["route"]["coordinates"][0] == pytest.approx(W, abs=1e-4)
    assert any("经验值" in note for note in way["notes"])


def test_water_is_gone_round_and_who_wades_goes_through(admin: TestClient, pool: int) -> None:
    assert ask(admin, flood=pool)["distance_m"] == pytest.approx(ROUND_M, rel=0.01)
    shallow = flood(admin, [(0.3, square(*M, 300))], name="可涉")  # its upper depth is not known: nobody wades it
    assert ask(admin, flood=shallow["id"], wading_m=0.9)["distance_m"] == pytest.approx(ROUND_M, rel=0.01)
    body = {"name": "可涉", "depths": [{"depth_m": 0.3, "depth_to_m": 0.6, "geometry": square(*M, 300)}]}
    known = admin.post("/api/rescue/floods", json=body).json()["id"]
    through = ask(admin, flood=known, wading_m=0.9)
    assert through["distance_m"] == pytest.approx(EAST_M, rel=0.01)
    assert through["in_water_m"] == pytest.approx(600, rel=0.05)
    assert "路上有 600 m 在这辆车能过的水里" in through["notes"][0]
    assert ask(admin, flood=known, wading_m=0.7)["distance_m"] == pytest.approx(ROUND_M, rel=0.01)  # 0.6 is not < 0.6
    assert ask(admin, flood=known)["distance_m"] == pytest.approx(ROUND_M, rel=0.01)


def test_a_place_in_the_water_is_reached_by_road_and_boat_or_not_at_all(admin: TestClient, pool: int) -> None:
    none = ask(admin, end=M, flood=pool)
    assert none["reachable"] is False
    assert "travel_s" not in none
    assert none["destinations"] == [{"in_water": True, "off_road_m": None}]
    way = ask(admin, end=M, flood=pool, boat=True)
    boat = way["boat_leg"]
    assert boat["distance_m"] == pytest.approx(300, abs=8)
    assert boat["travel_s"] == pytest.approx(boat["distance_m"] / 8 * 3.6, abs=1)
    assert boat["coordinates"][-1] == list(M)
    assert way["distance_m"] == pytest.approx(EAST_M / 2, rel=0.02)
    assert boat["coordinates"][0] == pytest.approx(way["route"]["coordinates"][-1], abs=1e-6)
    assert "下水" in way["instructions"][-1]
    faster = ask(admin, end=M, flood=pool, boat=True, boat_kmh=16)
    assert faster["boat_leg"]["travel_s"] == pytest.approx(boat["travel_s"] / 2, abs=1)


def test_who_stands_in_the_water_gets_nowhere_and_it_is_said(admin: TestClient, pool: int) -> None:
    way = ask(admin, start=M, flood=pool)
    assert way["reachable"] is False
    assert way["origins"][0]["in_water"]
    assert any("起点 1 处" in note and "水中" in note for note in way["notes"])


def test_who_stands_in_the_water_with_a_boat_goes_ashore_first_or_all_the_way_by_boat(
    admin: TestClient, pool: int
) -> None:
    # As one goes in at the other end: the way there is the way back.
    there = ask(admin, start=E, end=M, flood=pool, boat=True)
    way = ask(admin, start=M, end=E, flood=pool, boat=True)
    assert way["origins"][0]["in_water"]
    assert (way["routing"], way["boat_leg"]) == ("road", None)
    out = way["boat_out"]
    assert (out["distance_m"], out["travel_s"]) == (there["boat_leg"]["distance_m"], there["boat_leg"]["travel_s"])
    assert out["coordinates"] == there["boat_leg"]["coordinates"][::-1]
    assert out["coordinates"][-1] == pytest.approx(way["route"]["coordinates"][0], abs=1e-6)
    assert way["distance_m"] == pytest.approx(there["distance_m"], rel=0.01)
    assert way["travel_s"] == pytest.approx(there["travel_s"], rel=0.05)
    assert way["instructions"][0].endswith("靠岸，换乘车辆")
    dry = shape(square(*M, 300)).buffer(-1e-5)
    assert all(not dry.contains(Point(p)) for p in way["route"]["coordinates"])
    # On the same water by boat alone.
    other = (M[0] + 0.001, M[1] + 0.001)
    whole = ask(admin, start=M, end=other, flood=pool, boat=True)
    assert (whole["route"], whole["boat_out"]) == (None, None)
    assert whole["boat_leg"]["coordinates"] == [list(M), list(other)]
    assert whole["distance_m"] == whole["boat_leg"]["distance_m"] == pytest.approx(147, abs=3)
    assert whole["instructions"] == ["乘舟艇直线行驶 150 m，到达"]
    # Into another water: out of the one and into the other.
    two = flood(admin, [(1.0, {"type": "MultiPolygon", "coordinates": [
        square(*M, 300)["coordinates"], square(E[0], N, 200)["coordinates"]]})], name="两处水")  # fmt: skip
    both = ask(admin, start=M, end=(E[0], N), flood=two["id"], boat=True)
    assert both["boat_out"]["distance_m"] > 200
    assert both["boat_leg"]["distance_m"] > 100
    assert both["travel_s"] > both["boat_out"]["travel_s"] + both["boat_leg"]["travel_s"]


def test_a_closure_that_has_run_out_is_not_lifted(admin: TestClient, pool: int) -> None:
    span = {"starts_at": "2026-11-01T00:00:00", "ends_at": "2026-11-02T00:00:00"}
    made = admin.post(
        "/api/rescue/routing/closures", json={"at": at((W[0], 29.705)), "length_m": 50, "reason": "临时封控", **span}
    )
    assert made.status_code == 201, made.text
    said = refused(admin.post(f"/api/rescue/routing/closures/{made.json()['id']}/lift", json={"reason": "抢通"}), 409)
    assert "已于 11-02 00:00 到时恢复" in said["detail"]


def test_whether_a_closure_has_run_out_is_by_the_clock_that_dates_the_rows(
    admin: TestClient, pool: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = (clock.now() + timedelta(minutes=5)).isoformat()
    body = {"at": at((W[0], 29.705)), "length_m": 50, "reason": "临时封控", "ends_at": ends}
    made = admin.post("/api/rescue/routing/closures", json=body)
    assert made.status_code == 201, made.text
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + timedelta(minutes=10))  # the service's machine is wrong
    lift = admin.post(f"/api/rescue/routing/closures/{made.json()['id']}/lift", json={"reason": "抢通"})
    assert lift.status_code in {200, 201}, lift.text


def test_a_closure_that_runs_out_has_its_entry_at_that_minute_and_once(
    admin: TestClient, pool: int, settings: Settings
) -> None:
    start = clock.now()
    in_an_hour = (start + timedelta(hours=1)).isoformat()

    def close(reason: str, **more: Any) -> int:
        body = {"at": at((W[0], 29.705)), "length_m": 50, "reason": reason, **more}
        answer = admin.post("/api/rescue/routing/closures", json=body)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def log(**params: Any) -> list[dict[str, Any]]:
        answer = admin.get("/api/rescue/log", params={"since": start.isoformat(), **params})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    out, drill = close("夜间管制", ends_at=in_an_hour), close("演练封控", ends_at=in_an_hour, exercise=True)
    lifted = close("先解除", ends_at=in_an_hour)
    lift = admin.post(f"/api/rescue/routing/closures/{lifted}/lift", json={"reason": "抢通"})
    assert lift.status_code == 200, lift.text
    # Over before it was entered: here nobody was ever kept from that road.
    close("补登", starts_at="2026-01-01T00:00:00", ends_at="2026-01-02T00:00:00")
    assert not [e for e in log() if "到时，" in e["what"]]  # it has not come
    ends = run_out(settings, out, drill, lifted).isoformat()
    later = admin.post("/api/rescue/log", json={"kind": "调度", "what": "此后的一条"})
    assert later.status_code == 201, later.text

    newest = log()
    assert newest[0]["what"] == "此后的一条"
    ran_out = newest[1]
    assert (ran_out["what"], ran_out["by"], ran_out["kind"]) == ("乙路封闭到时，恢复通行", "系统", "调度")
    assert datetime.fromisoformat(ran_out["at"]) == datetime.fromisoformat(ends)
    assert ran_out["ref"] == {"kind": "road_closed", "id": out}
    assert ran_out["state"] == newest[0]["state"]
    assert sum("到时，" in e["what"] for e in newest) == 1
    assert [e["ref"]["id"] for e in log(exercise=True) if "到时，" in e["what"]] == [drill]
    assert not [e for e in log(kind="水情") if "到时，" in e["what"]]
    before = (datetime.fromisoformat(ends) - timedelta(seconds=1)).isoformat()
    assert not [e for e in log(at=before) if "到时，" in e["what"]]

    # Page by page each stands once and in its place.
    whole, pages, next_ = [e["id"] for e in newest], [], None
    while True:
        params = {"since": start.isoformat(), "limit": 1} | ({} if next_ is None else {"before": next_})
        page = admin.get("/api/rescue/log", params=params).json()
        pages += [e["id"] for e in page["items"]]
        next_ = page["next"]
        if next_ is None:
            break
    assert pages == whole

    answer = admin.get("/api/rescue/log.xlsx", params={"from": start.isoformat()})
    rows = list(openpyxl.load_workbook(io.BytesIO(answer.content))["日志"].iter_rows(min_row=4, values_only=True))
    assert [r[3] for r in rows][-2:] == ["乙路封闭到时，恢复通行", "此后的一条"]
    assert [r[0] for r in rows] == list(range(1, len(rows) + 1))
    word = docx.Document(io.BytesIO(admin.get("/api/rescue/log.docx", params={"from": start.isoformat()}).content))
    assert [row.cells[3].text for row in word.tables[1].rows][-2] == "乙路封闭到时，恢复通行"

    # Shut on by another: that it ran out opens nothing.
    start = clock.now()
    shorter = close("再封一次", ends_at=in_an_hour)
    longer = close("一直封", length_m=200)
    run_out(settings, shorter)
    assert log()[0]["what"] == "乙路封闭到时，另有封闭，没有恢复通行"
    gone = admin.post(f"/api/rescue/routing/closures/{longer}/lift", json={"reason": "抢通"})
    assert gone.status_code == 200, gone.text


def test_a_closed_road_is_gone_round_until_it_is_opened(admin: TestClient, pool: int, make_account: Maker) -> None:
    close = {"at": at((W[0], 29.705)), "length_m": 50, "reason": "桥面塌陷"}
    made = admin.post("/api/rescue/routing/closures", json=close)
    assert made.status_code == 201, made.text
    closed = made.json()
    assert closed["name"] == "乙路"
    assert closed["length_m"] == pytest.approx(50, rel=0.02)
    assert ask(admin)["distance_m"] == pytest.approx(EAST_M, rel=0.01)  # the crossing stays open
    assert ask(admin, flood=pool)["reachable"] is False
    assert ask(admin, flood=pool, at="2026-01-01T00:00:00+08:00")["reachable"]  # before it was closed
    exercise = flood(admin, [(1.0, square(*M, 300))], exercise=True)["id"]
    assert ask(admin, flood=exercise, exercise=True)["reachable"]
    assert [c["id"] for c in admin.get("/api/rescue/routing/closures").json()["items"]] == [closed["id"]]
    stranger = make_account("editor", areas=["360481"])
    [seen] = stranger.get("/api/rescue/routing/closures").json()["items"]
    assert seen["yours"] is False
    refused(stranger.post(f"/api/rescue/routing/closures/{closed['id']}/lift", json={"reason": "抢通"}), 403)
    lift = admin.post(f"/api/rescue/routing/closures/{closed['id']}/lift", json={"reason": "抢通"})
    assert lift.status_code == 200, lift.text
    refused(admin.post(f"/api/rescue/routing/closures/{closed['id']}/lift", json={"reason": "抢通"}), 409)
    assert ask(admin, flood=pool)["distance_m"] == pytest.approx(ROUND_M, rel=0.01)
    said = [e["what"] for e in admin.get("/api/rescue/log", params={"kind": "调度"}).json()["items"]]
    assert said[0] == "解除封闭：乙路，抢通"
    assert said[1].startswith("封闭道路：乙路 50 m，桥面塌陷")


def test_a_line_drawn_along_a_road_closes_it_and_nothing_that_it_crosses(admin: TestClient) -> None:
    # Along the north of 乙路, some metres beside it, over the end of 丙路.
    drawn = {"type": "LineString", "coordinates": [[W[0] + 0.004, N + 0.0001], [E[0] - 0.004, N + 0.0001]]}
    made = admin.post("/api/rescue/routing/closures", json={"line": drawn, "reason": "路堤垮塌"})
    assert made.status_code == 201, made.text
    closed = made.json()
    assert closed["name"] == "乙路"
    line = shape(closed["geometry"])
    assert line.bounds == pytest.approx((W[0] + 0.004, N, E[0] - 0.004, N), abs=1e-6)
    lifted = admin.post(f"/api/rescue/routing/closures/{closed['id']}/lift", json={"reason": "抢通"})
    assert lifted.status_code == 200, lifted.text


def test_a_line_that_crosses_a_road_at_a_slant_does_not_close_it(admin: TestClient) -> None:
    x = M[0] + 0.005
    slant = [[x - 0.003, N - 0.0025], [x + 0.003, N + 0.0025]]
    told = admin.post(
        "/api/rescue/routing/closures", json={"line": {"type": "LineString", "coordinates": slant}, "reason": "塌方"}
    )
    assert told.status_code == 422, told.text
    assert told.json()["errors"][0]["code"] == "no_road"


def test_the_matrix_agrees_with_the_routes(admin: TestClient, pool: int) -> None:
    places = [W, (W[0], N), (E[0], N), E]
    body = {
        "origins": [at(p) for p in places],
        "destinations": [at(p) for p in [*places, M]],
        "flood": pool,
        "boat": True,
    }
    table = admin.post("/api/rescue/routing/matrix", json=body).json()
    assert table["unreachable"] == 0
    for i, a in enumerate(places):
        for j, b in enumerate([*places, M]):
            if a != b:
                way = ask(admin, start=a, end=b, flood=pool, boat=True)
                assert table["rows"][i][j]["distance_m"] == pytest.approx(way["distance_m"], abs=25)
                assert table["rows"][i][j]["travel_s"] == pytest.approx(way["travel_s"], rel=0.05, abs=10)
    assert admin.post("/api/rescue/routing/matrix", json=body | {"boat": False}).json()["unreachable"] == 4


def test_a_large_matrix_is_asked_for_in_parts_and_is_the_same(
    admin: TestClient, pool: int, router: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [at((W[0] + i * (E[0] - W[0]) / 39, W[1])) for i in range(40)]  # of which some are in the water
    asked: list[tuple[int, int]] = []
    ask_ = router.ask

    def watched(roads: Any, question: Any, water: Any) -> Any:
        asked.append((len(question["origins"]), len(question["destinations"])))
        return ask_(roads, question, water)

    monkeypatch.setattr(router, "ask", watched)
    for origins, destinations in ((places, places[:35]), (places[:35], places)):
        body = {"origins": origins, "destinations": destinations, "flood": pool, "boat": True}
        parts = admin.post("/api/rescue/routing/matrix", json=body).json()
        assert parts["routing"] == "road"
        assert len(asked) == 2
        assert all(min(pair) <= service.BLOCK for pair in asked)  # the engine searches once for each of the fewer
        asked.clear()
        for block, beside in ((1_000, 1_000), (7, 11)):
            monkeypatch.setattr(service, "BLOCK", block)
            monkeypatch.setattr(service, "BESIDE", beside)
            again = admin.post("/api/rescue/routing/matrix", json=body).json()
            assert len(asked) == (1 if block == 1_000 else 20)
            assert again | {"at": None} == parts | {"at": None}
            asked.clear()
        monkeypatch.setattr(service, "BLOCK", 30)
        monkeypatch.setattr(service, "BESIDE", 1_000)


def test_a_matrix_ends_in_time_and_uses_no_part_where_one_has_failed(
    admin: TestClient, router: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = {"origins": [at(W)] * 6, "destinations": [at(E)] * 6}
    monkeypatch.setattr(service, "BLOCK", 2)
    ask_, asked = router.ask, []

    def failing(roads: Any, question: Any, water: Any) -> Any:
        asked.append(1)
        if len(asked) == 3:
            raise EngineFailed("路线引擎出错")
        return ask_(roads, question, water)

    monkeypatch.setattr(router, "ask", failing)
    told = admin.post("/api/rescue/routing/matrix", json=body).json()
    assert (told["routing"], {leg["routing"] for row in told["rows"] for leg in row}) == (
        "straight_line", {"straight_line"},
    )  # fmt: skip
    monkeypatch.setattr(service, "MOST_S", 0.0)
    told = admin.post("/api/rescue/routing/matrix", json=body).json()
    assert "没有算完" in told["notes"][0]
    monkeypatch.undo()
    assert admin.post("/api/rescue/routing/matrix", json=body).json()["routing"] == "road"


def test_reach_leaves_out_the_water(admin: TestClient, pool: int) -> None:
    told = admin.post("/api/rescue/routing/reach", json={"from": at(W), "minutes": [5, 1], "flood": pool}).json()
    assert told["routing"] == "road"
    assert [a["minutes"] for a in told["areas"]] == [1, 5]
    small, large = (shape(a["geometry"]) for a in told["areas"])
    assert small.area < large.area
    assert large.contains(Point(W))
    assert not large.contains(Point(M))


def test_an_engine_that_hangs_is_ended_and_lines_are_straight_meanwhile(admin: TestClient, router: Any) -> None:
    assert ask(admin)["routing"] == "road"
    first = router.pid
    os.kill(first, signal.SIGSTOP)
    hung = ask(admin)
    assert hung["routing"] == "straight_line"
    assert "超时" in hung["notes"][0]
    assert hung["reachable"]
    again = ask(admin)
    assert again["routing"] == "road"
    assert router.pid not in {None, first}
    os.kill(router.pid, signal.SIGKILL)
    assert ask(admin)["routing"] == "road"  # found dead, started again


def test_while_an_engine_hangs_only_so_many_wait_for_it_and_the_rest_is_served(
    admin: TestClient, router: Any, app: Any
) -> None:
    assert ask(admin)["routing"] == "road"
    os.kill(router.pid, signal.SIGSTOP)
    with ThreadPoolExecutor(MOST_WAITING + 4) as many:
        asked = [many.submit(ask, admin) for _ in range(MOST_WAITING + 4)]
        refused_ = [one.result() for one in islice(as_completed(asked), 4)]
        assert app.state.engine.pool.checkedout() == 0
        assert state(admin)["status"] == "ready"  # asks the database, which has connections left
        told = [one.result() for one in asked]
    assert all("路线引擎正忙" in t["notes"][0] for t in refused_)
    assert sum("超时" in t["notes"][0] for t in told) == 1
    assert sum("路线引擎正忙" in t["notes"][0] for t in told) == 4  # the others had their turn, or waited for it
    assert ask(admin)["routing"] == "road"


def test_damaged_tiles_are_found_said_and_built_again(admin: TestClient, router: Any, settings: Settings) -> None:
    folder = next(p for p in tiles.folder_of(settings).iterdir() if p.is_dir())
    tile = max((folder / "tiles").rglob("*.gph"), key=lambda p: p.stat().st_size)
    body = bytearray(tile.read_bytes())
    body[len(body) // 2] ^= 0xFF
    Path(tile).write_bytes(bytes(body))
    router.close()
    told = ask(admin)
    assert told["routing"] == "straight_line"
    assert "已损坏" in told["notes"][0]
    assert state(admin)["status"] == "damaged"
    wait(admin, admin.post("/api/rescue/routing/build").json()["id"])
    assert state(admin)["status"] == "ready"
    assert ask(admin)["routing"] == "road"


def test_a_place_far_from_any_road_is_not_reached(admin: TestClient) -> None:
    far = ask(admin, end=(116.2, 29.9))
    assert far["reachable"] is False
    assert any("没有走得到的路" in note for note in far["notes"])
    off = ask(admin, end=(M[0], S - 500 / 110_900))
    assert off["destinations"][0]["off_road_m"] == pytest.approx(500, rel=0.02)
    assert any("这一段没有算" in note for note in off["notes"])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("route", {"from": at(W)}),
        ("route", {"from": at(W), "to": {"type": "Point", "coordinates": [29.7, 116.0]}}),
        ("route", {"from": at(W), "to": at(E), "flood": 987654}),
        ("route", {"from": at(W), "to": at(E), "boat_kmh": 0}),
        ("route", {"from": at(W), "to": at(E), "wading_m": -1}),
        ("route", {"from": at(W), "to": at(E), "speed": 3}),
        ("matrix", {"origins": [], "destinations": [at(E)]}),
        ("matrix", {"origins": [at(W)] * 300, "destinations": [at(E)] * 300}),
        ("reach", {"from": at(W), "minutes": [0]}),
        ("reach", {"from": at(W), "minutes": [10] * 9}),
        ("closures", {"reason": "塌方"}),
        ("closures", {"reason": "", "at": at(M)}),
        ("closures", {"reason": "塌方", "at": at((116.5, 29.9))}),
        ("closures", {"reason": "塌方", "road": 987654}),
        ("closures", {"reason": "塌方", "area": square(116.3, 29.8, 50)}),
        (
            "closures",  # across 甲路, not along it
            {"reason": "塌方", "line": {"type": "LineString", "coordinates": [[116.005, 29.699], [116.005, 29.701]]}},
        ),
        (
            "closures",
            {"reason": "塌方", "at": at(M), "starts_at": "2026-11-02T00:00:00", "ends_at": "2026-11-01T00:00:00"},
        ),
    ],
)
def test_what_makes_no_sense_is_refused(admin: TestClient, path: str, body: dict[str, Any]) -> None:
    answer = admin.post(f"/api/rescue/routing/{path}", json=body)
    refused(answer, 404 if body.get("flood") else 422)


def test_an_exercise_and_the_real_water_are_not_mixed(admin: TestClient, pool: int) -> None:
    refused(admin.post("/api/rescue/routing/route", json={"from": at(W), "to": at(E), "flood": pool, "exercise": True}))


def test_who_may(admin: TestClient, make_account: Maker) -> None:
    assert make_account("reader", "public").get("/api/rescue/routing").status_code == 403
    reader = make_account("reader", "department")
    assert ask(reader)["routing"] == "road"
    refused(reader.post("/api/rescue/routing/closures", json={"at": at(M), "reason": "塌方"}), 403)
    refused(reader.post("/api/rescue/routing/build"), 403)


def test_distances_of_the_test_are_right() -> None:
    assert pytest.approx(111_320 * math.cos(math.radians(29.7)) * 0.02, rel=0.002) == EAST_M
