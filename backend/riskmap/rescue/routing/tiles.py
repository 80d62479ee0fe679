"""The engine's tiles of a set of roads: built aside and moved into place whole, and looked at before they are used.

One folder a set of roads, named by the set, its file's checksum and the version of how we build: another set, or
another way to cut it, is another folder. `manifest.json` is written last and holds the checksum of each file, so tiles
that are damaged on the disk are found before the engine reads them.
"""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text

from riskmap.access.reader import SYSTEM
from riskmap.base import clock, database
from riskmap.base.errors import Conflict
from riskmap.base.settings import Settings
from riskmap.base.web import ensure_disk
from riskmap.rescue.roadengine.config import STRETCHES, settings_of
from riskmap.rescue.routing import network

_VERSION = 1  # of how roads are cut and tagged, and of the engine's settings
_BUILD_S = 6 * 3600
_LOG = 2_000  # last characters of what the builder said
_MANIFEST = "manifest.json"
_NOT_INSTALLED = "没有安装路线引擎（pyvalhalla），按直线距离计算。请用 ./scripts/run 重新启动以安装。"
_FAILED = "路线数据没有生成，路网不受影响，暂按直线距离计算。请再试一次；仍不行，把下面的话告诉维护人员："

Tell = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class RoadSet:
    """The roads that are in use."""

    set_id: int
    sha256: str
    name: str
    rows: int
    loaded_at: datetime

    @property
    def key(self) -> str:
        """The name of its tiles."""
        return f"{self.set_id}-{self.sha256[:12]}-v{_VERSION}"


def current_set(connection: Connection) -> RoadSet | None:
    """The set in use; None where no roads were ever loaded."""
    row = connection.execute(
        text("SELECT set_id, sha256, name, rows, loaded_at FROM road_set ORDER BY set_id DESC LIMIT 1")
    ).one_or_none()
    return RoadSet(*row) if row else None


def is_installed() -> bool:
    """Whether the engine is there at all."""
    return find_spec("valhalla") is not None


def folder_of(settings: Settings) -> Path:
    """Where tiles are kept; they are made again from the roads, so no backup has them."""
    path = settings.data_dir / "rescue" / "routing"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def place_of(settings: Settings, roads: RoadSet) -> Path:
    """The folder of a set's tiles, there or not."""
    return folder_of(settings) / roads.key


def manifest_of(place: Path) -> dict[str, Any] | None:
    """What was built; None where nothing was, or it cannot be read."""
    try:
        found = json.loads((place / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("version") == _VERSION else None


def is_whole(place: Path) -> bool:
    """Whether every file is as it was built."""
    manifest = manifest_of(place)
    if manifest is None:
        return False
    try:
        return all(_digest(place / name) == digest for name, digest in manifest["files"].items())
    except OSError:
        return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "blake2b").hexdigest()


# -- Building ------------------------------------------------------------------------------


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One builder at a time, whichever process it is in."""
    with (folder_of(settings) / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(engine: Engine, settings: Settings, tell: Tell, *, again: bool = False) -> dict[str, Any] | None:
    """Tiles of the roads in use, unless they are there whole; their manifest. None without roads. Raises Conflict.

    `again` builds also where they look whole.
    """
    if not is_installed():
        raise Conflict(_NOT_INSTALLED, code="no_tiles")
    with _alone(settings):
        with database.read(engine, SYSTEM.settings()) as connection:
            roads = current_set(connection)
        if roads is None:
            return None
        place = place_of(settings, roads)
        if not again and is_whole(place):
            return manifest_of(place)
        ensure_disk(settings)
        work = Path(tempfile.mkdtemp(prefix="building-", dir=folder_of(settings)))
        try:
            tell("读取路网", 0.05)
            with database.read(engine, SYSTEM.settings()) as connection:
                roads = current_set(connection) or roads  # with the roads that are read
                found = network.read(connection)
            manifest = _build_in(found, work, roads, tell)
            place = place_of(settings, roads)
            _put(work, place)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        _clear(settings, place)
        return manifest


def _build_in(found: network.Network, work: Path, roads: RoadSet, tell: Tell) -> dict[str, Any]:
    started = clock.now()
    if not len(found):
        raise Conflict("路网里没有能走车的路，生成不了路线数据，按直线距离计算。请换一份路网。", code="no_tiles")
    tell("切分道路", 0.2)
    file = work / "roads.osm.pbf"
    network.write_osm(found, file)
    network.save(found, work / STRETCHES)
    tell("生成路线数据", 0.4)
    (work / "tiles").mkdir()
    _run_builder(work, file)
    file.unlink()
    tell("核对", 0.95)
    files = sorted(p for p in work.rglob("*") if p.is_file() and p.name != "build.json")
    manifest = {
        "version": _VERSION, "set": roads.set_id, "name": roads.name, "rows": roads.rows,
        "stretches": len(found), "left_out": found.left_out, "built_at": clock.now().isoformat(timespec="seconds"),
        "took_s": round((clock.now() - started).total_seconds(), 1), "bytes": sum(p.stat().st_size for p in files),
        "test": network.far_apart(found),
        "files": {str(p.relative_to(work)): _digest(p) for p in files},
    }  # fmt: skip
    if not any(p.suffix == ".gph" for p in files):
        raise Conflict(f"{_FAILED}没有产生瓦片", code="no_tiles")
    (work / _MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
    return manifest


def _run_builder(work: Path, file: Path) -> None:
    import valhalla

    config = work / "build.json"
    config.write_text(json.dumps(settings_of(work, build=True)), encoding="utf-8")
    program = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
    process = subprocess.Popen(
        [str(program), "-c", str(config), "-j", "1", str(file)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=work,
        start_new_session=True,
    )  # fmt: skip
    try:
        said, _ = process.communicate(timeout=_BUILD_S)
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    if process.returncode:
        raise Conflict(f"{_FAILED}{said.decode(errors='replace')[-_LOG:]}", code="no_tiles")
    config.unlink()


def _put(work: Path, place: Path) -> None:
    """Into place by one rename; what stood there goes first, since it was damaged or is made again."""
    old = None
    if place.exists():
        old = place.with_name(f"old-{work.name}")
        place.rename(old)
    work.rename(place)
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def _clear(settings: Settings, kept: Path) -> None:
    """Tiles of earlier sets, and what killed builders left. Only under the lock."""
    for path in folder_of(settings).iterdir():
        if path.is_dir() and path != kept:
            shutil.rmtree(path, ignore_errors=True)
