"""Importing as a sender does, for tests: upload, wait until the run is over, look at what came of it."""

import io
import json
import threading
from pathlib import Path
from typing import Any

import openpyxl
from starlette.testclient import TestClient

OVER = {"done", "failed", "cancelled"}
_PATIENCE = 600  # a bound against hanging, not a measure


def upload(client: TestClient, body: bytes | Path, name: str = "清单.csv") -> dict[str, Any]:
    """Keep a file."""
    if isinstance(body, Path):
        name, body = body.name, body.read_bytes()
    answer = client.post("/api/imports/files", files={"file": (name, body)})
    assert answer.status_code == 201, answer.text
    return answer.json()


def queue(client: TestClient, body: bytes | Path | str, class_: str, *, dry_run: bool = False, **fields: Any) -> Any:
    """Queue an import of a new file, or of a kept one by its id; the answer."""
    data = {"class": class_, "dry_run": "true" if dry_run else "false"}
    name = fields.pop("name", "清单.csv")
    for key, value in fields.items():
        data[key] = json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)
    if isinstance(body, str):
        return client.post("/api/imports", data={**data, "file_id": body}, files={"none": ("", b"")})
    if isinstance(body, Path):
        name, body = body.name, body.read_bytes()
    return client.post("/api/imports", data=data, files={"file": (name, body)})


def wait(client: TestClient, import_id: str) -> dict[str, Any]:
    """The import once it is over."""
    nothing = threading.Event()
    for _ in range(_PATIENCE * 20):
        found = client.get(f"/api/imports/{import_id}").json()
        if found["status"] in OVER:
            return found
        nothing.wait(0.05)
    raise AssertionError("the import did not end")


def run(client: TestClient, body: bytes | Path | str, class_: str, **fields: Any) -> dict[str, Any]:
    """Import and wait."""
    answer = queue(client, body, class_, **fields)
    assert answer.status_code == 202, answer.text
    return wait(client, answer.json()["id"])


def rows(client: TestClient, import_id: str, kind: str = "back,waiting") -> list[dict[str, Any]]:
    """Every finding of some kinds, page by page."""
    out: list[dict[str, Any]] = []
    after = 0
    while True:
        page = client.get(f"/api/imports/{import_id}/rows", params={"kind": kind, "after": after, "limit": 1000}).json()
        out += page["items"]
        if page["next"] is None:
            assert len(out) == page["total"]
            return out
        after = page["next"]


def csv(*lines: str, encoding: str = "utf-8") -> bytes:
    """A table of text."""
    return "\n".join(lines).encode(encoding)


def xlsx(*lines: list[Any], sheet: str = "清单") -> bytes:
    """A workbook of one sheet."""
    book = openpyxl.Workbook()
    book.active.title = sheet
    for line in lines:
        book.active.append(line)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
