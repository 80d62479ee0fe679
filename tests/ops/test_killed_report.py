"""A set whose worker is killed at random moments is never told as finished unless it is whole, and is whole at the end."""

import hashlib
import random
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
from tests.ops.killing import ROUNDS, kill_workers
from tests.ops.test_start import Instance

ROWS = 60
_PATIENCE = 600  # a bound against hanging, not a measure


def whole(client: httpx.Client, told: dict[str, Any]) -> None:
    """Every file that a finished set names is there, as its checksum says."""
    for one in told["files"]:
        answer = client.get(f"/api/reports/{told['id']}/files/{one['name']}")
        assert answer.status_code == 200, answer.text
        assert hashlib.sha256(answer.content).hexdigest() == one["sha256"]


def test_killed_at_random_moments_a_set_is_whole_or_has_no_files(folder: Path) -> None:
    dice = random.Random(7)
    instance = Instance(folder, "none").start()
    nothing = threading.Event()
    cut = 0
    checksums = set()
    try:
        with closing(instance.client()) as client:
            for i in range(ROWS):
                body = {
                    "class": "risk-point", "name": f"示例{i}", "division": "360402", "valid_from": "2026-01-01",
                    "geometry": {"type": "Point", "coordinates": [116 + i / 1000, 29.5]},
                    "attributes": {"method": "LEC", "L": 6, "E": 6, "C": 15},
                }  # fmt: skip
                assert client.post("/api/objects", json=body).status_code == 201
            for _ in range(ROUNDS):
                answer = client.post("/api/reports", json={"title": "断电", "sheets": [{"paper": "A3"}]})
                assert answer.status_code == 202, answer.text
                address = f"/api/reports/{answer.json()['id']}"
                nothing.wait(0.3 + dice.random() * 3)
                kill_workers(instance)
                told = client.get(address).json()
                if told["status"] == "done":
                    whole(client, told)
                else:
                    cut += 1
                    assert (told["files"], told["checksum"]) == ([], None)
                for _ in range(_PATIENCE * 10):
                    told = client.get(address).json()
                    if told["status"] not in {"queued", "running"}:
                        break
                    nothing.wait(0.1)
                assert told["status"] == "done", told["message"]
                whole(client, told)
                checksums.add(told["checksum"])
            assert cut, "no round was killed in the middle"
            assert len(checksums) == 1  # of one state
    finally:
        instance.stop()
