"""Plans after things have moved on: incidents that were merged, moved or are over, many drafts, closures that begin."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import shapely
from starlette.testclient import TestClient
from tests.api.dispatch import accept, get, incident, place, plan, post, sent, set_free, team
from tests.api.test_bad_input import refused

from riskmap.access.reader import SYSTEM
from riskmap.base import clock, database
from riskmap.base.crs import CGCS2000
from riskmap.rescue import routing
from riskmap.rescue.dispatch import incidents, ways
from riskmap.rescue.routing import Answer, Leg, Place, Route, Vehicle, queries

Maker = Callable[..., TestClient]


@pytest.fixture(scope="module")
def commander(make_account: Maker) -> TestClient:
    return make_account("editor", may=["dispatch"])


@pytest.fixture(scope="module")
def fleet(admin: TestClient) -> dict[str, int]:
    """Two with boats, far from everybody else's."""
    return {
        "east": team(admin, "后东艇队", place(252, 0), boats=1, wading_depth_cm=60),
        "west": team(admin, "后西艇队", place(248, 0), boats=1),
    }


@pytest.fixture(autouse=True)
def clean(app: Any) -> Iterator[None]:
    """Every test begins with teams that are free."""
    yield
    set_free(app)


def one(admin: TestClient, x: float, name: str, **more: Any) -> dict[str, Any]:
    return incident(admin, place(x), **{"trapped": 2, "needs": ["boat"], "name": name, **more})


def merge(
    admin: TestClient, into: dict[str, Any], version: int, *gone: tuple[dict[str, Any], int], needs: str = "boat"
) -> None:
    body = {
        "kind": "人员被困", "place": into["place"], "trapped": 4, "needs": [needs], "name": into["name"],
        "version": version, "others": [{"incident": i["id"], "version": v} for i, v in gone],
    }  # fmt: skip
    post(admin, f"incidents/{into['id']}/merge", body, 200)


def test_a_team_named_for_elsewhere_no_longer_counts_where_it_was_going(
    admin: TestClient, commander: TestClient, fleet: dict[str, int]
) -> None:
    first = one(admin, 251.5, "甲")
    [given] = accept(commander, plan(admin, first, teams=[fleet["east"]]))["orders"]
    second = one(admin, 252.5, "乙", trapped=6, depth_m="2")
    made = plan(admin, first, second, teams=[fleet["east"]])
    assert sent(made) == {fleet["east"]: second["id"]}
    assert [w["order"] for w in made["withdraws"]] == [given["id"]]
    assert [u["incident"] for u in made["unreachable"]] == [first["id"]]
    rows = {r["incident"]: r["what"] for r in made["against"]["rows"]}
    assert rows == {first["id"]: "lost", second["id"]: "gained"}


def test_the_plan_that_holds_is_told_however_many_drafts_came_after_it(
    admin: TestClient, commander: TestClient, fleet: dict[str, int]
) -> None:
    first = one(admin, 251.5, "甲")
    held = accept(commander, plan(admin, first, teams=[fleet["east"]]))
    for _ in range(3):
        newest = plan(admin, first, teams=[fleet["west"]])
    got = get(admin, "plans", limit=2)
    assert got["accepted"]["plan"] == held["id"]
    assert set(got["accepted"]) == {"plan", "number", "at", "by"}
    assert got["items"][0]["id"] == newest["id"]
    first_of_all = next(p for p in get(admin, "plans")["items"] if p["id"] == held["id"])
    assert (first_of_all["assigned"], first_of_all["not_served"], first_of_all["routing"]) == (1, 0, "straight_line")
    assert "body" not in first_of_all


def test_who_was_sent_to_what_has_been_merged_twice_is_sent_on(
    admin: TestClient, commander: TestClient, fleet: dict[str, int]
) -> None:
    a, b, c = one(admin, 251.5, "甲"), one(admin, 251.6, "乙"), one(admin, 251.7, "丙")
    held = accept(commander, plan(admin, a, teams=[fleet["east"]]))
    [given] = held["orders"]
    merge(admin, b, 1, (a, 1))
    merge(admin, c, 1, (b, 2))
    listed = next(i for i in get(admin, "incidents")["items"] if i["id"] == c["id"])
    assert (listed["came_from"], listed["before"]) == ([b["id"]], [a["id"], b["id"]])
    made = post(admin, f"plans/{held['id']}/replan", {})
    assert sent(made) == {fleet["east"]: c["id"]}
    assert [(w["order"], w["renewed"]) for w in made["withdraws"]] == [(given["id"], True)]
    assert (made["unreachable"], made["left_out"]) == ([], [])
    [row] = made["against"]["rows"]
    assert (row["incident"], [t["team"] for t in row["before"]]) == (c["id"], [fleet["east"]])
    assert row["what"] in {"same", "rerouted", "faster", "slower"}


def test_who_is_not_needed_after_a_merger_is_called_back(admin: TestClient, commander: TestClient) -> None:
    near, far = (team(admin, f"后矿{n}队", place(x), skills="mine") for n, x in (("近", 251), ("远", 248)))
    a, b = one(admin, 251.5, "甲", needs=["mine"]), one(admin, 248.5, "乙", needs=["mine"])
    held = accept(commander, plan(admin, a, b, teams=[near, far]))
    given = {o["team"]["id"]: o["id"] for o in held["orders"]}
    merge(admin, a, 1, (b, 1), needs="mine")
    made = post(admin, f"plans/{held['id']}/replan", {})
    assert sent(made) == {near: a["id"]}
    assert [(w["team"], w["order"], w["renewed"]) for w in made["withdraws"]] == [(far, given[far], False)]


def test_a_plan_to_where_an_incident_is_no_more_is_not_accepted(
    admin: TestClient, commander: TestClient, fleet: dict[str, int]
) -> None:
    first = one(admin, 251.5, "甲")
    made = plan(admin, first, teams=[fleet["east"]])

    def change(version: int, at: float, trapped: int) -> None:
        body = {
            "kind": "人员被困", "place": {"type": "Point", "coordinates": list(place(at))}, "trapped": trapped,
            "needs": ["boat"], "name": "甲", "version": version,
        }  # fmt: skip
        answer = admin.put(f"/api/rescue/incidents/{first['id']}", json=body)
        assert answer.status_code == 200, answer.text

    change(1, 251.5, 3)  # more is known, it stands where it stood: told, not refused
    change(2, 245, 3)
    said = refused(commander.post(f"/api/rescue/plans/{made['id']}/accept"), 409)
    assert (said["code"], said["now"]["incidents"]) == ("incident_changed", [first["id"]])
    assert get(admin, "orders", incident=first["id"])["items"] == []
    change(3, 251.5, 40)
    accept(commander, made)


def test_by_hand_when_one_of_its_incidents_is_over(
    admin: TestClient, commander: TestClient, fleet: dict[str, int]
) -> None:
    a, b = one(admin, 251.5, "甲"), one(admin, 248.5, "乙")
    held = accept(commander, plan(admin, a, b, teams=list(fleet.values())))
    post(admin, f"incidents/{b['id']}/close", {"version": 1, "result": "救出"}, 200)
    given = {o["incident"]: o["id"] for o in held["orders"]}
    post(admin, f"orders/{given[b['id']]}/marks", {"what": "result"})
    post(admin, f"teams/{fleet['west']}/status", {"status": "待命"})
    made = post(
        admin, f"plans/{held['id']}/change",
        {"team": fleet["west"], "incident": a["id"], "instead_of": fleet["east"]},
    )  # fmt: skip
    assert sent(made) == {fleet["west"]: a["id"]}
    assert [w["order"] for w in made["withdraws"]] == [given[a["id"]]]
    said = refused(
        admin.post(f"/api/rescue/plans/{held['id']}/change", json={"team": fleet["west"], "incident": b["id"]})
    )
    assert said["errors"][0]["message"] == "这个险情已经结束、并入或拆分，请刷新后再选"


def test_a_closure_is_told_from_when_it_holds(admin: TestClient, fleet: dict[str, int], app: Any) -> None:
    made = plan(admin, one(admin, 251.5, "甲"), teams=[fleet["east"]])
    line = shapely.set_srid(shapely.MultiLineString([[place(251.6), place(251.7)]]), CGCS2000)

    def close(name: str, starts: timedelta) -> int:
        with database.write(app.state.engine, SYSTEM.settings(write=True)) as connection:
            return queries.close(
                connection,
                {
                    "by": "例", "account": None, "exercise": False, "name": name, "reason": "例",
                    "starts_at": clock.now() + starts, "ends_at": None, "length_m": 100,
                    "geom": shapely.to_wkb(line, hex=True, include_srid=True),
                },
            )  # fmt: skip

    now, later, lifted = (close(n, timedelta(hours=h)) for n, h in (("已封路", 0), ("将封路", 1), ("没封成的路", 1)))
    post(admin, f"routing/closures/{lifted}/lift", {"reason": "不封了"}, 200)
    since = get(admin, f"plans/{made['id']}/since")["since"]
    assert [s.split("（")[0] for s in since] == ["已封路封闭"]
    with database.read(app.state.engine, SYSTEM.settings()) as connection:
        told = {r["name"] for r in queries.closures(connection, False, clock.now() + timedelta(hours=2), past=False)}
    assert {"已封路", "将封路"} <= told
    for each in (now, later):
        post(admin, f"routing/closures/{each}/lift", {"reason": "通了"}, 200)


def test_of_what_is_over_the_newest_are_listed(admin: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incidents, "MOST_OVER", 2)
    ended = [one(admin, 251.5, f"办结{n}") for n in range(3)]
    for each in ended:
        post(admin, f"incidents/{each['id']}/close", {"version": 1, "result": "救出"}, 200)
    goes_on = one(admin, 251.5, "在办")
    got = get(admin, "incidents", all=True)
    assert got["most"] == 2
    assert [i["id"] for i in got["items"] if i["status"] != "open"] == [ended[1]["id"], ended[2]["id"]]
    assert goes_on["id"] in {i["id"] for i in got["items"]}
    assert all(i["status"] == "open" for i in get(admin, "incidents")["items"])


def test_that_one_way_went_through_water_takes_the_lines_of_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Place] = []

    def route_of(looked: Any, router: Any, origin: Place, to: Place, patience_s: float) -> tuple[Route, Answer]:
        asked.append(to)
        if len(asked) == 1:
            return Route(Leg(1, 1, "straight_line"), []), Answer("straight_line", why=routing.CROSSED)
        return Route(Leg(1, 1, "road"), [(0, 0), (1, 1)]), Answer("road")

    monkeypatch.setattr(routing, "route_of", route_of)
    each: Any = SimpleNamespace(vehicle=Vehicle(), place=Place(0, 0))
    wanted = [(each, Place(i, 0), Leg(60, 100, "road")) for i in range(3)]
    lines = ways.routes_of({Vehicle(): SimpleNamespace()}, None, wanted, "")  # type: ignore[dict-item, arg-type]
    assert [isinstance(line, Route) for line in lines] == [False, True, True]
    assert (lines[0], len(asked)) == (routing.CROSSED, 3)


def test_who_is_kept_from_one_incident_may_go_to_another_and_the_plan_says_so(
    admin: TestClient, commander: TestClient
) -> None:
    near, far = (team(admin, f"后医{n}队", place(x), skills="medical") for n, x in (("近", 251), ("远", 246)))
    a = one(admin, 251.5, "甲", needs=["medical"])
    made = plan(admin, a, teams=[near, far])
    assert sent(made) == {near: a["id"]}
    by_hand = post(admin, f"plans/{made['id']}/change", {"team": near, "incident": None})
    assert (sent(by_hand), by_hand["unreachable"][0]["incident"]) == ({}, a["id"])
    said_of_it = f"手工调整方案稿 {by_hand['id']}，由方案稿 {made['id']}，后医近队不去险情 {a['id']}：派 0 支"
    assert get(admin, "log", kind="调度")["items"][0]["what"].startswith(said_of_it)
    again = post(admin, f"plans/{by_hand['id']}/replan", {})
    assert sent(again) == {far: a["id"]}
    assert re.search(r"；更快的“后医近队”（早 \d+ 分钟）手工不派；\d+ 分钟到，其余里", again["assignments"][0]["why"])
    assert "出动次数" not in again["assignments"][0]["why"]
    accept(commander, again)

    b = one(admin, 251.2, "乙", needs=["medical"])
    wider = post(admin, f"plans/{again['id']}/replan", {"incidents": [a["id"], b["id"]]})
    assert sent(wider) == {near: b["id"], far: a["id"]}  # elsewhere it goes
    kept = [{k: p[k] for k in ("team", "incident", "barred")} for p in wider["pins"]]
    assert kept == [{"team": near, "incident": a["id"], "barred": True}]
    # Also where the incident is merged, and until it is taken back.
    merge_into = one(admin, 251.5, "丙", needs=["medical"])
    merge(admin, merge_into, 1, (a, 1), needs="medical")
    merged = post(admin, f"plans/{again['id']}/replan", {})
    assert sent(merged) == {far: merge_into["id"]}
    assert [(p["team"], p["incident"]) for p in merged["pins"]] == [(near, merge_into["id"])]
    lifted = post(admin, f"plans/{merged['id']}/replan", {"lift": [{"team": near, "incident": merge_into["id"]}]})
    assert (sent(lifted), lifted["pins"]) == ({near: merge_into["id"]}, [])
    said = refused(
        admin.post(
            f"/api/rescue/plans/{lifted['id']}/replan", json={"lift": [{"team": near, "incident": merge_into["id"]}]}
        )
    )
    assert said["errors"][0]["code"] == "not_by_hand"
    # Nobody else is left: it says that they are kept away by hand.
    alone = plan(admin, one(admin, 251, "丁", needs=["medical"]), teams=[near])
    none = post(admin, f"plans/{alone['id']}/change", {"team": near, "incident": None})
    [nobody] = post(admin, f"plans/{none['id']}/replan", {})["unreachable"]
    assert nobody["why"].startswith("有医疗的")
    assert "手工不派" in nobody["why"]


def test_who_is_there_when_an_incident_is_merged_is_there_at_what_it_went_into(
    admin: TestClient, commander: TestClient, fleet: dict[str, int]
) -> None:
    a, b = one(admin, 251.5, "甲"), one(admin, 251.6, "乙")
    held = accept(commander, plan(admin, a, teams=[fleet["east"]]))
    [given] = held["orders"]
    for what in ("departure", "arrival"):
        post(admin, f"orders/{given['id']}/marks", {"what": what})
    merge(admin, b, 1, (a, 1))
    made = post(admin, f"plans/{held['id']}/replan", {})
    assert (made["assignments"], made["unreachable"], made["withdraws"]) == ([], [], [])
    assert [(s["team"], s["incident"], s["order"], s["arrived"]) for s in made["standing"]] == [
        (fleet["east"], b["id"], given["id"], True)
    ]
    assert [(r["incident"], r["what"]) for r in made["against"]["rows"]] == [(b["id"], "same")]
