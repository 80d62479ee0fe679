"""Report sets as an officer orders them, for tests: order, wait until it is made, read its files."""

import hashlib
import io
import json
import threading
import zipfile
from typing import Any

from starlette.testclient import TestClient

WORKING = {"queued", "running"}
_PATIENCE = 900  # a bound against hanging, not a measure


def order(client: TestClient, title: str = "城市安全风险评估", **given: Any) -> Any:
    """The answer to an order."""
    return client.post("/api/reports", json={"title": title, **given})


def wait(client: TestClient, report_id: str) -> dict[str, Any]:
    """The set once nothing works on it any more."""
    nothing = threading.Event()
    for _ in range(_PATIENCE * 20):
        found = client.get(f"/api/reports/{report_id}").json()
        if found["status"] not in WORKING:
            return found
        nothing.wait(0.05)
    raise AssertionError("the set did not end")


def make(client: TestClient, **given: Any) -> dict[str, Any]:
    """A finished set."""
    answer = order(client, **given)
    assert answer.status_code == 202, answer.text
    found = wait(client, answer.json()["id"])
    assert found["status"] == "done", found["message"]
    return found


def again(client: TestClient, report_id: str) -> dict[str, Any]:
    """The same from the same state."""
    answer = client.post(f"/api/reports/{report_id}/again", json={})
    assert answer.status_code == 202, answer.text
    return wait(client, answer.json()["id"])


def file(client: TestClient, made: dict[str, Any], name: str) -> bytes:
    """A file of a set, as its checksum says."""
    answer = client.get(f"/api/reports/{made['id']}/files/{name}")
    assert answer.status_code == 200, answer.text
    told = next(f for f in made["files"] if f["name"] == name)
    assert (len(answer.content), hashlib.sha256(answer.content).hexdigest()) == (told["bytes"], told["sha256"])
    return answer.content


def manifest(client: TestClient, made: dict[str, Any]) -> dict[str, Any]:
    """What the set says of itself."""
    body: dict[str, Any] = json.loads(file(client, made, "manifest.json"))
    return body


def zipped(client: TestClient, made: dict[str, Any]) -> dict[str, bytes]:
    """All files, from the one."""
    with zipfile.ZipFile(io.BytesIO(file(client, made, "all.zip"))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}
