"""`riskmap start` as a process: two side by side, killed in the middle of writes, backed up, restored elsewhere."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from riskmap.cli import main

PASSWORD = "Adm1n-for-tests"
SELECTIONS = (
    {"by": "grade,class"},
    {"class": "school", "by": "division"},
    {"grade": "serious+", "by": "class", "stage": "any"},
)


class Instance:
    """One running product."""

    def __init__(self, folder: Path, demo: str) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("RISKMAP_")},
            "RISKMAP_DATA_DIR": str(folder),
            "RISKMAP_PORT": str(self.port),
            "RISKMAP_DEMO": demo,
            "RISKMAP_ADMIN_PASSWORD": PASSWORD,
            "RISKMAP_FREE_DISK_MB": "0",
        }
        self.process: subprocess.Popen[str] | None = None
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self) -> "Instance":
        self.process = subprocess.Popen(
            [sys.executable, "-m", "riskmap.cli", "start"],
            env=self.environment,
            stdout=(self.folder / "out.log").open("w"),
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        until = time.monotonic() + 120
        with httpx.Client(timeout=5) as asking:  # one: each reads every certificate authority of the world
            while time.monotonic() < until:
                assert self.process.poll() is None, (self.folder / "out.log").read_text()
                try:
                    if asking.get(self.url + "/healthz").status_code == 200:
                        return self
                except httpx.TransportError:
                    time.sleep(0.1)
        raise AssertionError("not up in 120 s: " + (self.folder / "out.log").read_text())

    def stop(self, sign: int = signal.SIGTERM) -> int:
        assert self.process is not None
        self.process.send_signal(sign)
        return self.process.wait(60)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "riskmap.cli", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def client(self) -> httpx.Client:
        client = httpx.Client(base_url=self.url, timeout=30)
        session = client.post("/api/session", json={"username": "admin", "password": PASSWORD})
        assert session.status_code == 200, session.text
        client.headers["X-CSRF-Token"] = session.json()["csrf"]
        return client

    def figures(self) -> dict[str, Any]:
        """Checksum of three selections' figures, and the state that they are of."""
        with closing(self.client()) as client:
            state = client.get("/healthz").json()["state"]
            bodies = [client.get("/api/counts", params={**s, "as_of": f"state:{state}"}).json() for s in SELECTIONS]
        figures = [{k: b[k] for k in ("total", "rows", "unplaced")} for b in bodies]
        text = json.dumps(figures, sort_keys=True, ensure_ascii=False)
        return {
            "state": state,
            "checksum": hashlib.sha256(text.encode()).hexdigest(),
            "totals": [b["total"] for b in bodies],
        }


@pytest.fixture(scope="module")
def begun() -> Iterator[Path]:
    """A data folder without the demo that has been started once and stopped: what every first start makes."""
    made = Path(tempfile.mkdtemp(prefix="riskmap-ops-"))
    made.chmod(0o755)
    one = Instance(made, "none").start()
    assert one.figures()["totals"] == [0, 0, 0]
    assert one.stop() == 0
    yield made
    shutil.rmtree(made, ignore_errors=True)


def copy_of(begun: Path, folder: Path) -> Path:
    """A folder of its own with all that: also owners and modes, which shutil does not copy."""
    subprocess.run(["cp", "-a", f"{begun}/.", str(folder)], check=True)
    return folder


def test_killed_during_writes_then_backed_up_and_restored_elsewhere_the_figures_are_equal(
    folder: Path, begun: Path
) -> None:
    one_folder, two_folder = folder / "one", folder / "two"
    one_folder.mkdir(mode=0o755)
    two_folder.mkdir(mode=0o755)
    one = Instance(one_folder, "jiujiang").start()
    answered: list[int] = []
    client = one.client()

    def write() -> None:
        for i in range(10_000):
            try:
                made = client.post("/api/objects", json={"class": "school", "name": f"例断电{i}小学", "attributes": {}})
            except httpx.TransportError:
                return
            if made.status_code == 201:
                answered.append(made.json()["id"])

    writer = threading.Thread(target=write)
    writer.start()
    while len(answered) < 30:
        assert writer.is_alive()
    one.stop(signal.SIGKILL)
    writer.join()
    one.start()  # over whatever the kill left
    with closing(one.client()) as after:
        found = after.get("/api/objects", params={"q": "例断电", "limit": 1000}).json()
        kept = {o["id"] for o in found["items"]}
        assert set(answered) <= kept  # what was answered with success is there
        assert len(kept) - len(answered) <= 1  # one may have been committed and not yet answered
    before = one.figures()
    made = one.run("backup")
    assert made.returncode == 0, made.stderr
    [tar] = (one_folder / "backups").glob("*.tar")
    assert f"state{before['state']}" in tar.name
    # A backup while the service runs does not stop it, and what comes after is not in it.
    with closing(one.client()) as later:
        assert (
            later.post("/api/objects", json={"class": "school", "name": "例备份后小学", "attributes": {}}).status_code
            == 201
        )

    two = Instance(copy_of(begun, two_folder), "none").start()
    assert two.figures()["totals"] == [0, 0, 0]
    refused = two.run("restore", str(tar))
    assert refused.returncode != 0
    assert "停止服务" in refused.stderr
    assert two.stop() == 0
    restored = two.run("restore", str(tar))
    assert restored.returncode == 0, restored.stderr
    two.start()
    after_restore = two.figures()
    assert after_restore == before
    assert before["totals"][0] > 5000
    assert httpx.get(two.url + "/api/meta").json()["mark"] == "演示数据，非真实"
    with closing(two.client()) as again:  # it writes on from there
        assert (
            again.post("/api/objects", json={"class": "school", "name": "例续写小学", "attributes": {}}).status_code
            == 201
        )
    # Both at once, each with its own port and folder.
    assert one.figures()["state"] == before["state"] + 1
    assert two.stop(signal.SIGINT) == 0
    assert one.stop() == 0
    for instance in (one_folder, two_folder):
        assert not (instance / "pg" / "postmaster.pid").exists()


def test_a_damaged_backup_is_refused_and_nothing_changes(folder: Path, begun: Path) -> None:
    one = Instance(copy_of(begun, folder), "none").start()
    with closing(one.client()) as client:
        client.post("/api/objects", json={"class": "school", "name": "例小学", "attributes": {}})
    before = one.figures()
    assert one.run("backup", "--keep", "1").returncode == 0
    assert one.run("backup", "--keep", "1").returncode == 0
    [tar] = (folder / "backups").glob("*.tar")
    assert one.stop() == 0
    body = bytearray(tar.read_bytes())
    body[len(body) // 2] ^= 0xFF
    broken = folder / "broken.tar"
    broken.write_bytes(body)
    refused = one.run("restore", "--force", str(broken))
    assert refused.returncode != 0
    assert "校验和" in refused.stderr or "损坏" in refused.stderr
    in_the_way = one.run("restore", str(tar))
    assert in_the_way.returncode != 0
    assert "--force" in in_the_way.stderr
    one.start()
    assert one.figures() == before
    assert one.stop() == 0


def test_a_second_start_in_the_same_folder_says_who_holds_it(folder: Path, begun: Path) -> None:
    one = Instance(copy_of(begun, folder), "none").start()
    second = one.run("start")
    assert second.returncode != 0
    assert str(one.process.pid) in second.stderr  # type: ignore[union-attr]
    assert one.stop() == 0


def test_a_page_that_listens_does_not_hold_up_the_end_and_its_stream_comes_to_its_own(
    folder: Path, begun: Path
) -> None:
    one = Instance(copy_of(begun, folder), "none").start()
    with httpx.stream("GET", f"{one.url}/api/events", timeout=30) as listening:
        lines = listening.iter_lines()
        assert next(lines) == "event: state"
        begun_at = time.monotonic()
        assert one.stop() == 0
        assert time.monotonic() - begun_at < 8
        list(lines)  # to its end: raises where the stream is broken off
    said = (one.folder / "out.log").read_text()
    assert "ERROR" not in said  # “ASGI callable returned without completing response”


def test_opening_to_a_network_asks_for_tls(folder: Path) -> None:
    one = Instance(folder, "none")
    one.environment["RISKMAP_HOST"] = "0.0.0.0"
    refused = one.run("start")
    assert refused.returncode != 0
    assert "RISKMAP_TLS_CERT" in refused.stderr
    one.environment["RISKMAP_PORT"] = "many"
    assert "RISKMAP_PORT" in one.run("start").stderr


def test_every_command_explains_itself(folder: Path) -> None:
    one = Instance(folder, "none")
    shown = one.run("--help")
    assert shown.returncode == 0
    assert any("一" <= c <= "鿿" for c in shown.stdout)
    for command in ("serve", "start", "migrate", "load", "export", "backup", "restore", "admin"):
        told = CliRunner().invoke(main, [command, "--help"])
        assert told.exit_code == 0, command
        assert any("一" <= c <= "鿿" for c in told.output)
