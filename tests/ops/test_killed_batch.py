"""A daily file whose worker is killed at random moments is all in or not at all, and is all in at the end."""

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
from tests.ops.test_killed_import import workers
from tests.ops.test_start import Instance

ROUNDS = int(os.environ.get("RISKMAP_KILL_ROUNDS", "5"))
ROWS = 120
HEAD = "名称,统一社会信用代码,经营范围,经度,纬度"


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="riskmap-ops-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def look(client: httpx.Client, batch_id: str) -> tuple[dict[str, Any], int]:
    """The job, and then how many of its cases there are."""
    job = client.get(f"/api/imports/{batch_id}").json()
    total = client.get("/api/admission/checks", params={"batch": batch_id, "limit": 1}).json()["total"]
    return job, total


def test_killed_at_random_moments_a_daily_file_is_all_in_or_not_at_all(folder: Path) -> None:
    dice = random.Random(20)
    instance = Instance(folder, "none").start()
    nothing = threading.Event()
    told = []
    try:
        with closing(instance.client()) as client:
            for round_ in range(ROUNDS):
                lines = "\n".join(
                    f"断电的店{round_}-{i},92360402M{round_:02d}{i:06d}X,餐饮服务,116.{i:04d}1,29.{i:04d}1"
                    for i in range(ROWS)
                )
                file = ("a.csv", f"{HEAD}\n{lines}".encode())
                answer = client.post("/api/admission/batch", data={"crs": "EPSG:4490"}, files={"file": file})
                assert answer.status_code == 202, answer.text
                batch_id = answer.json()["id"]
                nothing.wait(0.3 + dice.random() * 3)
                for pid in workers(instance):
                    os.kill(pid, signal.SIGKILL)
                job, total = look(client, batch_id)
                assert total in {0, ROWS}
                told.append(job["status"])
                for _ in range(1200):
                    job, total = look(client, batch_id)
                    if job["status"] in OVER:
                        break
                    nothing.wait(0.1)
                assert (job["status"], total) == ("done", ROWS), job["message"]
                assert job["rows"]["new"] == ROWS
            assert {"running", "queued"} & set(told), "no round was killed in the middle"
            listed = client.get("/api/admission/checks", params={"limit": 500}).json()
            assert listed["total"] == ROUNDS * ROWS
            numbers = sorted(int(case["case"][-6:]) for case in listed["items"])
            assert numbers == list(range(numbers[-1] - len(numbers) + 1, numbers[-1] + 1))  # without a gap
    finally:
        instance.stop()
