"""Where sets lie: a folder each, written beside its place and moved there whole; checked before it is given out."""

import contextlib
import hashlib
import json
import os
import shutil
import threading
import time
import zipfile
from collections.abc import Container, Iterable, Mapping
from pathlib import Path
from typing import Any

from riskmap.base.errors import Conflict, NotFound
from riskmap.base.settings import Settings

ALL = "all.zip"
MANIFEST = "manifest.json"
_CHECKS = ".checks.json"
_STALE_S = 24 * 3600
_CHUNK = 1 << 20


def root(settings: Settings) -> Path:
    """The folder of all sets; readable by the service alone."""
    path = settings.data_dir / "reports"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    said = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            said.update(chunk)
    return said.hexdigest()


def described(folder: Path, name: str) -> dict[str, Any]:
    """A file's name, bytes and SHA-256."""
    path = folder / name
    return {"name": name, "bytes": path.stat().st_size, "sha256": digest(path)}


def zipped(folder: Path, names: Iterable[str]) -> None:
    """All of them in one file; what is compressed already is stored."""
    with zipfile.ZipFile(folder / ALL, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name in names:
            archive.write(folder / name, name)


def put_in_place(part: Path, final: Path) -> None:
    """Everything to the disk, then moved: a folder of that name is whole."""
    for path in part.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    _keep_checks(part, {path.name: (path.stat().st_mtime_ns, True) for path in part.iterdir()})
    part.rename(final)
    handle = os.open(final.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


Check = tuple[int, bool]  # when a file had been written, and whether it was then as it was made


def is_whole(settings: Settings, row: Mapping[str, Any], *, look: bool = False, afresh: bool = False) -> bool:
    """Whether every file of a finished set is there with its size, and as its last check found it.

    `look`: what was written since that check is held against its SHA-256; `afresh`: every file is.
    """
    folder = root(settings) / row["folder"]
    known = {} if afresh else _checks(folder)
    found: dict[str, Check] = {}
    try:
        for file in row["files"]:
            path = folder / file["name"]
            stat = path.stat()
            if stat.st_size != file["bytes"]:
                return False
            check = known.get(file["name"])
            if check is None or check[0] != stat.st_mtime_ns:
                if not (look or afresh):
                    continue
                check = stat.st_mtime_ns, digest(path) == file["sha256"]
            found[file["name"]] = check
    except OSError:
        return False
    if (look or afresh) and found != known:
        _keep_checks(folder, found)
    return all(whole for _, whole in found.values())


def _checks(folder: Path) -> dict[str, Check]:
    """What the last checks of a folder's files found."""
    try:
        kept = json.loads((folder / _CHECKS).read_text(encoding="utf-8"))
        return {name: (int(at), bool(whole)) for name, (at, whole) in kept.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _keep_checks(folder: Path, found: Mapping[str, Check]) -> None:
    """For the next time; where it cannot be written, the next time looks again."""
    beside = folder / f"{_CHECKS}.{os.getpid()}-{threading.get_ident()}"
    with contextlib.suppress(OSError):
        beside.write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")
        beside.replace(folder / _CHECKS)


def open_checked(settings: Settings, row: Mapping[str, Any], name: str) -> Path:
    """A file of a set, held against its SHA-256. Raises NotFound, and Conflict where it is damaged."""
    told = next((file for file in row["files"] or () if file["name"] == name), None)
    if told is None:
        raise NotFound("这套成果里没有这个文件，请从成果页面下载。")
    path: Path = root(settings) / row["folder"] / name
    if not path.is_file() or path.stat().st_size != told["bytes"] or digest(path) != told["sha256"]:
        if path.is_file():
            _keep_checks(path.parent, {**_checks(path.parent), name: (path.stat().st_mtime_ns, False)})
        raise Conflict("这套成果的文件已损坏或不全，不再提供下载。请按原状态重新生成。", code="damaged")
    return path


def sweep(settings: Settings, named: Container[str]) -> None:
    """What was cut off, and folders that no set names any more."""
    for path in root(settings).iterdir():
        if path.name not in named and time.time() - path.stat().st_mtime > _STALE_S:
            shutil.rmtree(path, ignore_errors=True)
