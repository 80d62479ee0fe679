"""A service that is killed in the middle of an acceptance: the plan is accepted whole or not at all, and the log says."""

import os
import signal
import threading
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
from tests.ops.killing import ROUNDS
from tests.ops.test_start import Instance

TEAMS = 12


def made(answer: httpx.Response) -> Any:
    assert answer.status_code == 201, answer.text
    return answer.json()


def prepare(client: httpx.Client, round_: int) -> int:
    """A plan with a team for each incident, not accepted; its id."""
    points = [[116.0 + round_ / 1000, 29.5 + i / 100] for i in range(TEAMS)]
    teams = [
        made(client.post("/api/objects", json={
            "class": "rescue-team", "name": f"断电队{round_}-{i}", "division": "360402", "attributes": {"boats": 1},
            "geometry": {"type": "Point", "coordinates": at},
        }))["id"]
        for i, at in enumerate(points)
    ]  # fmt: skip
    incidents = [
        made(client.post("/api/rescue/incidents", json={
            "kind": "人员被困", "trapped": 3, "needs": ["boat"], "place": {"type": "Point", "coordinates": at},
        }))["id"]
        for at in points
    ]  # fmt: skip
    plan = made(client.post("/api/rescue/plans", json={"incidents": incidents, "teams": teams}))
    assert len(plan["assignments"]) == TEAMS
    return int(plan["id"])


def kill(instance: Instance) -> None:
    """The whole service at once, as by a power cut; its database is told by nobody."""
    assert instance.process is not None
    with suppress(ProcessLookupError):
        os.killpg(instance.process.pid, signal.SIGKILL)
    instance.process.wait(60)


def stands(client: httpx.Client, plan_id: int) -> tuple[bool, int, int, int]:
    """Whether it is accepted; its orders, teams that are out, lines of the log about it."""
    plan = client.get(f"/api/rescue/plans/{plan_id}").json()
    orders = client.get("/api/rescue/orders", params={"plan": plan_id}).json()["items"]
    ids = {a["team"] for a in plan["assignments"]}
    out = [t for t in client.get("/api/rescue/teams").json()["items"] if t["id"] in ids and t["status"] == "出动"]
    log = client.get("/api/rescue/log", params={"kind": "调度", "limit": 500}).json()["items"]
    told = [e for e in log if e["ref"] == {"kind": "plan", "id": plan_id}]
    told += [e for e in log if e["ref"]["kind"] == "order" and e["ref"]["team"] in ids]
    return plan["accepted"], len(orders), len(out), len(told)


def test_killed_in_the_middle_it_is_accepted_whole_or_not_at_all(folder: Path) -> None:
    instance = Instance(folder, "none").start()
    nothing = threading.Event()
    told = []
    try:
        with closing(instance.client()) as client:
            plan_id = prepare(client, ROUNDS)
            start = time.monotonic()
            assert client.post(f"/api/rescue/plans/{plan_id}/accept").status_code == 200
            took = time.monotonic() - start
            assert stands(client, plan_id) == (True, TEAMS, TEAMS, TEAMS + 1)
        for round_ in range(ROUNDS):
            with closing(instance.client()) as client:
                plan_id = prepare(client, round_)

                def go(client: httpx.Client = client, plan_id: int = plan_id) -> None:
                    with suppress(httpx.TransportError):
                        client.post(f"/api/rescue/plans/{plan_id}/accept")

                thread = threading.Thread(target=go)
                thread.start()
                nothing.wait(took * (0.2 + round_ / ROUNDS))  # from its beginning to its end
                kill(instance)
                thread.join()
            instance.start()
            with closing(instance.client()) as client:
                accepted, *rest = stands(client, plan_id)
                assert rest == ([TEAMS, TEAMS, TEAMS + 1] if accepted else [0, 0, 0])
                told.append(accepted)
                if not accepted:  # it can be accepted now
                    assert client.post(f"/api/rescue/plans/{plan_id}/accept").status_code == 200
        print(f"an acceptance took {took:.2f} s; accepted when killed: {told}")
    finally:
        instance.stop()
