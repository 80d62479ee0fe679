"""The building of the engine's files, killed at random moments: the old ones or the new ones, whole, and nothing left."""

import random
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from tests.api.imports import OVER
from tests.ops.killing import ROUNDS, kill_workers
from tests.ops.test_killed_roads import network
from tests.ops.test_start import Instance

_WAITS = 1200  # of 0.1 s


def over(client: httpx.Client, job_id: str) -> dict[str, Any]:
    nothing = threading.Event()
    for _ in range(_WAITS):
        job: dict[str, Any] = client.get(f"/api/imports/{job_id}").json()
        if job["status"] in OVER:
            break
        nothing.wait(0.1)
    assert job["status"] == "done", job["message"]
    return job


def test_killed_at_random_moments_the_files_are_the_old_or_the_new(folder: Path) -> None:
    dice = random.Random(4)
    instance = Instance(folder, "none").start()
    nothing = threading.Event()
    caught = 0
    try:
        with closing(instance.client()) as client:
            sent = client.post("/api/rescue/roads", files={"file": ("a.geojson", network(0))})
            over(client, sent.json()["id"])
            built = client.get("/api/rescue/routing").json()["job"]
            if built is not None:
                over(client, built["id"])
            before = client.get("/api/rescue/routing").json()
            assert before["status"] == "ready"
            for _ in range(ROUNDS):
                job_id = client.post("/api/rescue/routing/build").json()["id"]
                nothing.wait(0.3 + dice.random() * 4)
                kill_workers(instance)
                standing = client.get("/api/rescue/routing").json()
                assert standing["status"] == "ready"  # the files in use stay until the new ones stand
                caught += standing["job"] is not None
                if standing["job"] is not None:
                    assert standing["tiles"] == before["tiles"]
                over(client, job_id)
                after = client.get("/api/rescue/routing").json()
                assert after["status"] == "ready"
                assert after["tiles"]["built_at"] >= before["tiles"]["built_at"]
                before = after
            assert caught, "no round was killed in the middle"
            left = [p.name for p in (instance.folder / "rescue" / "routing").iterdir() if p.is_dir()]
            assert len(left) == 1, left
    finally:
        instance.stop()
