"""A daily file whose worker is killed at random moments is all in or not at all, and is all in at the end."""

import random
import threading
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from tests.ops.killing import ROUNDS, kill_workers, whole_at_the_end, whole_or_nothing
from tests.ops.test_start import Instance

ROWS = 120
HEAD = "名称,统一社会信用代码,经营范围,经度,纬度"


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
                seen = partial(look, client, answer.json()["id"])
                nothing.wait(0.3 + dice.random() * 3)
                kill_workers(instance)
                told.append(whole_or_nothing(seen, ROWS))
                whole_at_the_end(seen, ROWS, "new")
            assert {"running", "queued"} & set(told), "no round was killed in the middle"
            listed = client.get("/api/admission/checks", params={"limit": 500}).json()
            assert listed["total"] == ROUNDS * ROWS
            numbers = sorted(int(case["case"][-6:]) for case in listed["items"])
            assert numbers == list(range(numbers[-1] - len(numbers) + 1, numbers[-1] + 1))  # without a gap
    finally:
        instance.stop()
