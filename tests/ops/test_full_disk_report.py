"""A set whose disk is full at any point is told as not made, in words, leaves nothing behind, and is made afterwards."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.ops.test_killed_report import whole
from tests.ops.test_start import Instance

OBJECTS = 40
SHARES = (0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)  # of what a whole set takes
_PATIENCE = 600  # a bound against hanging, not a measure


def mount(*arguments: str) -> None:
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no disk of its own can be mounted here (root is needed): {done.stderr.strip()}")


@contextmanager
def disk(folder: Path, most_kb: int) -> Iterator[None]:
    """A disk of its own for this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mount("-t", "tmpfs", "-o", f"size={most_kb}k,mode=700", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def resize(folder: Path, most_kb: int) -> None:
    mount("-o", f"remount,size={most_kb}k", str(folder))


def used_kb(folder: Path) -> int:
    told = subprocess.run(["du", "-sk", str(folder)], capture_output=True, text=True, check=True)
    return int(told.stdout.split()[0])


def ended(client: httpx.Client, report_id: str) -> dict[str, Any]:
    nothing = threading.Event()
    for _ in range(_PATIENCE * 10):
        told: dict[str, Any] = client.get(f"/api/reports/{report_id}").json()
        if told["status"] not in {"queued", "running"}:
            return told
        nothing.wait(0.1)
    raise AssertionError("the set did not end")


def order(client: httpx.Client) -> dict[str, Any]:
    body = {"title": "磁盘满", "sheets": [{"paper": "A3"}], "booklet": False}
    answer = client.post("/api/reports", json=body)
    assert answer.status_code == 202, answer.text
    return ended(client, answer.json()["id"])


def test_on_a_full_disk_a_set_is_not_made_and_made_again_when_there_is_room(folder: Path) -> None:
    reports = folder / "reports"
    with disk(reports, 200 << 10):
        instance = Instance(folder, "none").start()
        try:
            with closing(instance.client()) as client:
                for i in range(OBJECTS):
                    body = {
                        "class": "risk-point", "name": f"示例{i}", "division": "360402", "valid_from": "2026-01-01",
                        "geometry": {"type": "Point", "coordinates": [116 + i / 1000, 29.5]},
                        "attributes": {"method": "LEC", "L": 6, "E": 6, "C": 15},
                    }  # fmt: skip
                    assert client.post("/api/objects", json=body).status_code == 201
                first = order(client)
                assert first["status"] == "done", first["message"]
                stand, takes = set(reports.iterdir()), used_kb(reports)
                failed = []
                for share in SHARES:
                    resize(reports, takes + max(int(takes * share), 8))
                    told = order(client)
                    assert told["status"] == "failed", f"{share}: {told['status']}"
                    assert told["message"].startswith("服务器磁盘已满"), f"{share}: {told['message']}"
                    assert (told["files"], told["checksum"]) == ([], None)
                    assert set(reports.iterdir()) == stand, f"{share}: something is left behind"
                    failed.append(told["id"])
                whole(client, ended(client, first["id"]))
                resize(reports, 200 << 10)
                for report_id in failed[::4]:
                    answer = client.post(f"/api/reports/{report_id}/again", json={})
                    assert answer.status_code == 202, answer.text
                    made = ended(client, answer.json()["id"])
                    assert made["status"] == "done", made["message"]
                    assert (made["checksum"], made["message"]) == (first["checksum"], None)
                    whole(client, made)
        finally:
            instance.stop()
