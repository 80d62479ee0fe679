"""An import that is killed at any moment is in whole or not at all, and its job says which."""

import os
import random
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.api.imports import OVER
from tests.ops.test_start import Instance

# Five in the usual run; RISKMAP_KILL_ROUNDS=20 for a thorough one.
ROUNDS = int(os.environ.get("RISKMAP_KILL_ROUNDS", "5"))
ROWS = 2500
HEAD = "名称,编号,人数,经度,纬度"


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="riskmap-ops-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def workers(instance: Instance) -> list[int]:
    """Processes of the service that work jobs off."""
    assert instance.process is not None
    pid = instance.process.pid
    found = []
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            words = Path(f"/proc/{child}/cmdline").read_bytes().decode()
            if "spawn_main" in words:
                found.append(int(child))
    return found


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
                for pid in workers(instance):
                    os.kill(pid, signal.SIGKILL)
            job, total = look(client, round_, import_id)
            later, _ = look(client, round_, import_id)
            assert total in {0, ROWS}
            if job["status"] == "done":
                assert total == ROWS
            if total == ROWS:
                assert later["status"] == "done"
            told.append(job["status"])
            for _ in range(1200):
                job, total = look(client, round_, import_id)
                if job["status"] in OVER:
                    break
                nothing.wait(0.1)
            assert (job["status"], total) == ("done", ROWS), job["message"]
            assert job["rows"]["added"] == ROWS
        assert {"running", "queued"} & set(told), "no round was killed in the middle"
        with closing(client):
            assert client.get("/api/counts", params={"class": "school"}).json()["total"] == ROUNDS * ROWS
    finally:
        instance.stop()
