"""The terrains that there are: taken in whole, listed, removed. A file lies in the data folder under its SHA-256."""

import logging
import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, Engine, text

from riskmap.access.reader import SYSTEM, Reader
from riskmap.base import audit, database
from riskmap.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from riskmap.base.settings import GEODATA, Settings
from riskmap.base.web import ensure_disk
from riskmap.exchange.uploads import copy_hashed, shown_name
from riskmap.rescue import log
from riskmap.rescue.terrain_file import Facts, Terrain, facts_of, open_terrain

logger = logging.getLogger(__name__)

# What a terrain or a gauge counts from. 假定高程 is each station's own: two of them are never the same.
HEIGHT_SYSTEMS = ("1985国家高程基准", "吴淞高程", "黄海高程", "假定高程", "EGM96", "EGM2008", "CGCS2000大地高")
ASSUMED = "假定高程"
MOST_CELLS = 4_000_000_000  # a file that says more is read for hours, or is a trick
COMMAND = "riskmap load terrain"
_STALE_S = 86_400
_DEMO_NAME = "演示地形（虚构）"
_COLUMNS = (
    "terrain_id AS id, name, height_system, source, licence, dated, crs, cell_m, rows, cols, bounds, voids, lowest_m,"
    " highest_m, bytes, sha256, loaded_at, loaded_by"
)


@dataclass(frozen=True, slots=True)
class About:
    """What whoever loads a terrain says of it."""

    name: str
    height_system: str
    source: str = ""
    licence: str = ""
    dated: str = ""
    crs: str | None = None  # where the file does not say it


def _folder(settings: Settings) -> Path:
    path = settings.data_dir / "terrain"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def _path(settings: Settings, row: Mapping[str, Any]) -> Path:
    return settings.data_dir / "terrain" / str(row["sha256"]) / str(row["file"])


def take(
    engine: Engine,
    settings: Settings,
    reader: Reader,
    source: BinaryIO,
    file_name: str,
    about: About,
    *,
    most: int | None = None,
    tell: Callable[[str, float], None] = lambda *_: None,
) -> dict[str, Any]:
    """Keep a file for good: whole, or nothing of it. Raises Invalid, Conflict, TooLarge beyond `most` bytes.

    A file whose row is there and which is gone itself (backups leave terrains out) is put back in its place.
    """
    ensure_disk(settings)
    if about.height_system not in HEIGHT_SYSTEMS:
        told = f"高程基准应为以下之一：{'、'.join(HEIGHT_SYSTEMS)}"
        raise Invalid("高程基准不认得", errors=[FieldError("height_system", "unknown_value", told)])
    name = shown_name(file_name)
    folder = _folder(settings)
    for left in folder.glob(".coming-*"):  # by a killed load: none takes this long
        if time.time() - left.stat().st_mtime > _STALE_S:
            shutil.rmtree(left, ignore_errors=True)
    coming = folder / f".coming-{uuid.uuid4().hex}"
    coming.mkdir(mode=0o700)
    try:
        tell("复制", 0.0)
        size, digest = copy_hashed(source, coming / name, most)
        with open_terrain(coming / name, about.crs) as terrain:
            if terrain.whole.cells > MOST_CELLS:
                raise Invalid(
                    f"地形有 {terrain.whole.cells / 1e8:,.0f} 亿格，最多 {MOST_CELLS // 10**8} 亿格。请裁到本市范围。",
                    code="too_many_cells",
                )
            facts = facts_of(terrain, lambda share: tell("读取高程", share))
        return _keep(engine, settings, reader, coming, _Row(name, size, digest, about, facts))
    finally:
        shutil.rmtree(coming, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Row:
    file: str
    bytes: int
    sha256: str
    about: About
    facts: Facts


def _keep(engine: Engine, settings: Settings, reader: Reader, coming: Path, row: _Row) -> dict[str, Any]:
    target = _folder(settings) / row.sha256
    moved = False
    try:
        with database.write(engine, reader.settings(write=True)) as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('rescue_terrain'))"))
            known = _by_sha(connection, row.sha256)
            if known is not None and _path(settings, known).exists():
                raise Conflict(f"这份地形已经装入，名为“{known['name']}”。", code="terrain_known")
            if known is None:
                if _by_name(connection, row.about.name) is not None:
                    told = f"已有名为“{row.about.name}”的地形，请换一个名称"
                    raise Conflict(told, code="name_taken", errors=[FieldError("name", "name_taken", told)])
                _insert(connection, reader, row)
            shutil.rmtree(target, ignore_errors=True)  # what a killed load left
            os.replace(coming, target)
            moved = True
            what: dict[str, Any] = {"name": row.about.name, "height_system": row.about.height_system, "file": row.file}
            audit.record(
                connection, reader.name, "load", "terrain", row.sha256[:12], address=reader.address,
                after={**what, "bytes": row.bytes, "sha256": row.sha256, "again": known is not None},
            )  # fmt: skip
            if known is None:
                said = f"装入地形“{row.about.name}”（{row.about.height_system}，格约 {row.facts.cell_m:.1f} m）"
                if row.about.name == _DEMO_NAME:
                    what["demo"] = "terrain"
                log.note(connection, by=reader.name, kind="设置", what=said, body=what)
    except BaseException:
        if moved:
            shutil.rmtree(target, ignore_errors=True)
        raise
    with database.read(engine, reader.settings()) as connection:
        kept = _by_sha(connection, row.sha256)
        assert kept is not None
        return _body(settings, kept)


def _insert(connection: Connection, reader: Reader, row: _Row) -> None:
    about, facts = row.about, asdict(row.facts)
    values = {
        "name": about.name, "height_system": about.height_system, "source": about.source, "licence": about.licence,
        "dated": about.dated, "given_crs": about.crs, "bytes": row.bytes, "sha256": row.sha256, "file": row.file,
        "loaded_by": reader.name, **facts, "bounds": list(row.facts.bounds),
    }  # fmt: skip
    names = ", ".join(values)
    connection.execute(
        text(f"INSERT INTO rescue_terrain ({names}) VALUES ({', '.join(f':{name}' for name in values)})"), values
    )


def _by_sha(connection: Connection, sha256: str) -> dict[str, Any] | None:
    return _one(connection, "sha256 = :value", sha256)


def _by_name(connection: Connection, name: str) -> dict[str, Any] | None:
    return _one(connection, "name = :value", name)


def _one(connection: Connection, condition: str, value: object) -> dict[str, Any] | None:
    row = connection.execute(
        text(f"SELECT {_COLUMNS}, file, given_crs FROM rescue_terrain WHERE {condition}"), {"value": value}
    )
    found = row.mappings().one_or_none()
    return None if found is None else dict(found)


def find(connection: Connection, terrain_id: int) -> dict[str, Any]:
    """A terrain with where its file is. Raises NotFound."""
    found = _one(connection, "terrain_id = :value", terrain_id)
    if found is None:
        raise NotFound("没有这份地形，请刷新后再选。", code="unknown_terrain")
    return found


def _body(settings: Settings, row: Mapping[str, Any]) -> dict[str, Any]:
    problem = (
        None if _path(settings, row).exists() else "地形文件不在数据目录里（备份不含地形文件），请重新装入同一个文件。"
    )
    return {k: v for k, v in row.items() if k not in {"file", "given_crs"}} | {"problem": problem}


def listed(connection: Connection, settings: Settings) -> list[dict[str, Any]]:
    """Every terrain, the newest first."""
    rows = connection.execute(text(f"SELECT {_COLUMNS}, file FROM rescue_terrain ORDER BY loaded_at DESC, terrain_id"))
    return [_body(settings, dict(row)) for row in rows.mappings()]


@contextmanager
def opened(settings: Settings, row: Mapping[str, Any]) -> Iterator[Terrain]:
    """A terrain's raster for reading. Raises Invalid where its file is gone or broken."""
    path = _path(settings, row)
    if not path.exists():
        told = f"地形“{row['name']}”的文件不在数据目录里，请重新装入同一个文件。"
        raise Invalid("地形文件不在", code="terrain_gone", errors=[FieldError("terrain", "terrain_gone", told)])
    with open_terrain(path, row["given_crs"]) as terrain:
        yield terrain


def load_demo(engine: Engine, settings: Settings, city: str = "jiujiang") -> bool:
    """The demo city's terrain where it was never loaded; whether it was now. To be asked at every start."""
    path = GEODATA / "demo" / city / "terrain.tif"
    with database.read(engine, SYSTEM.settings()) as connection:
        # Whoever has removed it does not get it back.
        if connection.scalar(
            text(
                "SELECT EXISTS (SELECT FROM rescue_terrain) OR"
                " EXISTS (SELECT FROM rescue_log WHERE kind = '设置' AND body->>'demo' = 'terrain')"
            )
        ):
            return False
    about = About(_DEMO_NAME, "1985国家高程基准", "随产品的演示城市，全部虚构", "Apache-2.0", "2026")
    with path.open("rb") as body:
        take(engine, settings, SYSTEM, body, path.name, about)
    return True


def remove(engine: Engine, settings: Settings, reader: Reader, terrain_id: int) -> None:
    """Take a terrain out, with its file; floods that were worked out from it stay. All share it: who works for a part
    of the city takes out his own alone. Raises NotFound, Forbidden."""
    with database.write(engine, reader.settings(write=True)) as connection:
        row = find(connection, terrain_id)
        if reader.areas and row["loaded_by"] != reader.name:
            raise Forbidden(
                f"地形全市共用，“{row['name']}”不是您装入的，没有移除。请由装入的人或管理区域不受限的人操作。"
            )
        connection.execute(text("DELETE FROM rescue_terrain WHERE terrain_id = :id"), {"id": terrain_id})
        audit.record(
            connection, reader.name, "delete", "terrain", row["sha256"][:12], address=reader.address,
            before={"name": row["name"], "sha256": row["sha256"]},
        )  # fmt: skip
        log.note(connection, by=reader.name, kind="设置", what=f"移除地形“{row['name']}”")
    # After the commit: a row without its file says so, a file without its row is only forgotten.
    path = _path(settings, row)
    try:
        path.unlink(missing_ok=True)
    except OSError:
        logger.warning("terrain file %s could not be deleted", path.name, exc_info=True)
    with suppress(OSError):
        path.parent.rmdir()
