"""An import that is killed at any moment is in whole or not at all, and its job says which."""

import os
import random
import signal
import threading
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from tests.ops.killing import ROUNDS, kill_workers, whole_at_the_end, whole_or_nothing
from tests.ops.test_start import Instance

ROWS = 2500
HEAD = "名称,编号,人数,经度,纬度"


def look(client: httpx.Client, round_: int, import_id: str) -> tuple[dict[str, Any], int]:
    """The job, and then how many of its rows are in."""
    job = client.get(f"/api/imports/{import_id}").json()
    total = client.get("/api/counts", params={"q": f"R{round_:02d}-", "class": "school"}).json()["total"]
    return job, total


def test_killed_at_random_moments_an_import_is_all_in_or_not_at_all(folder: Path) -> None:
    dice = random.Random(20)
    instance = Instance(folder, "none").start()
    nothing = threading.Event()
    told = []
    try:
        client = instance.client()
        for round_ in range(ROUNDS):
            lines = "\n".join(f"断电小学{i},R{round_:02d}-{i},{i},116.{i:04d}1,29.{i:04d}1" for i in range(1, ROWS + 1))
            data = {"class": "school", "crs": "EPSG:4490", "dry_run": "false"}
            answer = client.post("/api/imports", data=data, files={"file": ("a.csv", f"{HEAD}\n{lines}".encode())})
            assert answer.status_code == 202, answer.text
            import_id = answer.json()["id"]
            nothing.wait(dice.random() * 1.6)
            if round_ % 5 == 4:  # the service itself, and all that it started
                client.close()
                assert instance.process is not None
                os.kill(instance.process.pid, signal.SIGKILL)
                instance.process.wait()
                instance.start()
                client = instance.client()
            else:
                kill_workers(instance)
            seen = partial(look, client, round_, import_id)
            told.append(whole_or_nothing(seen, ROWS))
            whole_at_the_end(seen, ROWS, "added")
        assert {"running", "queued"} & set(told), "no round was killed in the middle"
        with closing(client):
            assert client.get("/api/counts", params={"class": "school"}).json()["total"] == ROUNDS * ROWS
    finally:
        instance.stop()
