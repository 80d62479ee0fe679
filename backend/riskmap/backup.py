"""Backup and restore: the whole register with its files, consistent, with checksum and state number.

A backup is one tar file: `database.dump` (pg_dump's custom format, one snapshot), the data
folder's own files, and `manifest.json` with the state and SHA-256 of each part.
"""

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from riskmap import __version__
from riskmap.base import clock
from riskmap.base.cluster import find_servers
from riskmap.base.database import app_password, superuser_url
from riskmap.base.errors import RiskmapError
from riskmap.base.migrate import ensure_roles, migrate
from riskmap.base.settings import Settings

KEPT = 14
_PATIENCE_S = 5
_NAME = re.compile(r"riskmap-\d{8}-\d{6}-state\d+\.tar")
# What a bureau has put or made here. Cluster, secrets and logs are not part of it.
_FOLDERS = ("admission", "basemap", "uploads", "reports", "templates")
_FILES = ("demo",)
_FORMAT = 1

Tell = Callable[[str], None]


class BackupError(RiskmapError):
    """A backup or restore that did not happen, and why."""

    code, title = "backup", "备份或恢复没有完成"


def folder_of(settings: Settings) -> Path:
    """Where backups lie unless told otherwise."""
    return settings.data_dir / "backups"


def newest(folder: Path) -> Path | None:
    """The newest backup in a folder."""
    found = sorted(p for p in folder.glob("riskmap-*.tar") if _NAME.fullmatch(p.name))
    return found[-1] if found else None


def age(path: Path) -> str:
    """How old a backup is, in words."""
    taken = datetime.strptime(path.name[8:23], "%Y%m%d-%H%M%S").replace(tzinfo=clock.SHANGHAI)
    hours = (clock.now() - taken).total_seconds() / 3600
    return f"{hours:.1f} 小时前" if hours < 48 else f"{hours / 24:.0f} 天前"


def _program(name: str, url: URL) -> str:
    """A client program at least as new as the server."""
    engine = create_engine(url)
    with engine.connect() as connection:
        server = int(connection.scalar(text("SHOW server_version_num"))) // 10000
    engine.dispose()
    candidates = [(major, folder / name) for major, folder in find_servers().items()]
    if shutil.which(name):
        shown = subprocess.run([name, "--version"], capture_output=True, text=True, check=True).stdout
        candidates.append((int(re.findall(r"(\d+)", shown)[0]), Path(shutil.which(name) or name)))
    for major, path in sorted(candidates):
        if major >= server and path.exists():
            return str(path)
    raise BackupError(f"没有找到 PostgreSQL {server} 或更高版本的 {name}：请安装 postgresql-client-{server}。")


def _libpq(url: URL) -> dict[str, str]:
    """The address as environment: a password is never an argument that others can list."""
    host = url.host or str(url.query.get("host", ""))
    out = {
        "PGHOST": host,
        "PGPORT": str(url.port or ""),
        "PGUSER": url.username or "",
        "PGPASSWORD": str(url.password or ""),
    }
    return {**os.environ, **{k: v for k, v in out.items() if v}}


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _own_files(settings: Settings) -> Iterator[tuple[str, Path]]:
    for name in _FILES:
        if (settings.data_dir / name).is_file():
            yield name, settings.data_dir / name
    for folder in _FOLDERS:
        for path in sorted((settings.data_dir / folder).rglob("*")):
            inside = path.relative_to(settings.data_dir)
            if path.is_file() and not path.is_symlink() and not _is_tiles(inside):
                yield str(inside), path


def _is_tiles(name: Path) -> bool:
    """Tiles of a basemap: bought or made elsewhere, gigabytes of them, and not to be copied every night."""
    if name.parts[0] != "basemap":
        return False
    return name.suffix.lower() in {".mbtiles", ".pmtiles"} or any(part.isdigit() for part in name.parts)


def backup(settings: Settings, target: Path | None = None, *, keep: int = KEPT, tell: Tell = print) -> Path:
    """Write a new backup and drop those beyond `keep`; its path. Raises BackupError."""
    url = superuser_url(settings)
    folder = target or folder_of(settings)
    folder.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url)
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix=".making-") as work,
        engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection,
    ):
        # The dump sees exactly the picture whose state number we write down.
        n = int(connection.scalar(text("SELECT n FROM data_state")))
        exported = str(connection.scalar(text("SELECT pg_export_snapshot()")))
        tell(f"  [1/3] 导出数据库（状态 {n}）……")
        dump = Path(work) / "database.dump"
        done = subprocess.run(
            [_program("pg_dump", url), "--format=custom", "--compress=6", f"--snapshot={exported}",
             f"--file={dump}", url.database or ""],
            env=_libpq(url), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise BackupError(f"导出数据库失败：{done.stderr.strip()[-500:]}")
        files = [("database.dump", dump), *_own_files(settings)]
        tell(f"  [2/3] 打包 {len(files)} 个文件……")
        manifest: dict[str, Any] = {
            "format": _FORMAT,
            "product": "riskmap",
            "version": __version__,
            "state": n,
            "at": clock.now().isoformat(timespec="seconds"),
            "files": [{"name": name, "bytes": path.stat().st_size, "sha256": _sha256(path)} for name, path in files],
        }
        made = Path(work) / "backup.tar"
        with tarfile.open(made, "w") as archive:
            body = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
            info = tarfile.TarInfo("manifest.json")
            info.size = len(body)
            info.mode = 0o600
            archive.addfile(info, io.BytesIO(body))
            for name, path in files:
                archive.add(path, arcname=name, recursive=False)
        made.chmod(0o600)
        with made.open("rb") as file:
            os.fsync(file.fileno())
        tell("  [3/3] 核对……")
        read_manifest(made, check=True)
        final = folder / f"riskmap-{clock.now():%Y%m%d-%H%M%S}-state{n}.tar"
        made.replace(final)
    engine.dispose()
    for old in sorted(p for p in folder.glob("riskmap-*.tar") if _NAME.fullmatch(p.name))[:-keep]:
        old.unlink()
    tell(f"  备份完成：{final}（{final.stat().st_size / 1e6:.1f} MB，状态 {n}）")
    return final


def read_manifest(path: Path, *, check: bool = False) -> dict[str, Any]:
    """What a backup holds; with `check` every part's checksum is worked out. Raises BackupError."""
    try:
        with tarfile.open(path, "r:") as archive:
            first = archive.next()
            if first is None or first.name != "manifest.json" or first.size > 10 << 20:
                raise BackupError(f"{path.name} 不是本产品的备份文件。")
            body = archive.extractfile(first)
            assert body is not None
            manifest: dict[str, Any] = json.loads(body.read())
            if manifest.get("product") != "riskmap" or manifest.get("format") != _FORMAT:
                raise BackupError(f"{path.name} 的格式本版本读不了，请用相同或更新的版本恢复。")
            if check:
                listed = {f["name"]: f for f in manifest["files"]}
                for member in archive:
                    if member.name == first.name and member.offset == first.offset:
                        continue
                    wanted = listed.pop(member.name, None)
                    stream = archive.extractfile(member)
                    if wanted is None or stream is None:
                        raise BackupError(f"备份中有不该有的文件 {member.name}，没有恢复。")
                    digest = hashlib.sha256()
                    while block := stream.read(1 << 20):
                        digest.update(block)
                    if digest.hexdigest() != wanted["sha256"]:
                        raise BackupError(f"备份中的 {member.name} 已损坏（校验和不符），没有恢复。")
                if listed:
                    raise BackupError(f"备份不完整，缺少 {'、'.join(sorted(listed)[:3])}，没有恢复。")
            return manifest
    except (tarfile.TarError, json.JSONDecodeError, KeyError, EOFError, OSError) as error:
        raise BackupError(f"{path} 读不了或已损坏：{error}") from error


def restore(settings: Settings, path: Path, *, force: bool = False, tell: Tell = print) -> int:
    """Put a backup into an empty database and data folder; the state that it holds.

    With `force` what is there is replaced: the old database is kept under another name until
    the new one is whole. Raises BackupError; then nothing has changed.
    """
    tell("  [1/4] 核对备份……")
    manifest = read_manifest(path, check=True)
    url = superuser_url(settings)
    name = url.database or "riskmap"
    server = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        present = bool(connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name}))
    if present and not force and _holds_objects(url):
        raise BackupError("目标数据库里已有数据。确认要用备份替换，请加 --force（现有数据库会先改名留存到恢复成功）。")
    others = _other_sessions(server, name)
    patience = time.monotonic() + _PATIENCE_S
    while others and time.monotonic() < patience:  # a session that has just ended takes a moment to go
        time.sleep(0.1)
        others = _other_sessions(server, name)
    if others:
        raise BackupError(f"还有 {others} 个连接在用这个数据库：请先停止服务再恢复。")
    fresh = f"{name}_restoring"
    with tempfile.TemporaryDirectory(prefix="riskmap-restore-") as work:
        _unpack(path, Path(work))
        tell(f"  [2/4] 恢复数据库（状态 {manifest['state']}）……")
        with server.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{fresh}" WITH (FORCE)'))
            connection.execute(text(f'CREATE DATABASE "{fresh}" TEMPLATE template0'))
        target = url.set(database=fresh)
        _ensure_roles_for(settings, target)
        done = subprocess.run(
            [_program("pg_restore", url), "--exit-on-error", "--single-transaction",
             f"--dbname={fresh}", str(Path(work) / "database.dump")],
            env=_libpq(target), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            with server.connect() as connection:
                connection.execute(text(f'DROP DATABASE IF EXISTS "{fresh}" WITH (FORCE)'))
            raise BackupError(f"恢复数据库失败，原有数据没有动：{done.stderr.strip()[-500:]}")
        tell("  [3/4] 升级结构、恢复 LEAKPROOF……")
        migrate(settings.model_copy(update={"database_url": target.render_as_string(hide_password=False)}))
        _analyze(target)
        with server.connect() as connection:
            if present:
                connection.execute(text(f'DROP DATABASE IF EXISTS "{name}_before_restore" WITH (FORCE)'))
                connection.execute(text(f'ALTER DATABASE "{name}" RENAME TO "{name}_before_restore"'))
            connection.execute(text(f'ALTER DATABASE "{fresh}" RENAME TO "{name}"'))
            if present:
                connection.execute(text(f'DROP DATABASE "{name}_before_restore" WITH (FORCE)'))
        tell("  [4/4] 恢复文件……")
        for entry in manifest["files"]:
            if entry["name"] == "database.dump":
                continue
            destination = settings.data_dir / entry["name"]
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(Path(work) / entry["name"], destination)
    server.dispose()
    tell(f"  恢复完成：状态 {manifest['state']}，备份于 {manifest['at']}")
    return int(manifest["state"])


def _unpack(path: Path, work: Path) -> None:
    """Regular files alone, each inside `work`. (tarfile's own data filter is missing from Python 3.11.2.)"""
    with tarfile.open(path, "r:") as archive:
        for member in archive:
            target = (work / member.name).resolve()
            stream = archive.extractfile(member) if member.isreg() else None
            if stream is None or not target.is_relative_to(work.resolve()):
                raise BackupError(f"备份中有不该有的文件 {member.name}，没有恢复。")
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as out:
                shutil.copyfileobj(stream, out, 1 << 20)


def _holds_objects(url: URL) -> bool:
    engine = create_engine(url)
    with engine.connect() as connection:
        made = connection.scalar(text("SELECT to_regclass('object_version') IS NOT NULL"))
        held = bool(made) and bool(connection.scalar(text("SELECT EXISTS (SELECT FROM object_version)")))
    engine.dispose()
    return held


def _other_sessions(server: Any, name: str) -> int:
    with server.connect() as connection:
        return int(
            connection.scalar(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = :name AND pid <> pg_backend_pid()"
                    " AND backend_type = 'client backend'"
                ),
                {"name": name},
            )
        )


def _ensure_roles_for(settings: Settings, url: URL) -> None:
    """The roles are the server's, not the dump's: pg_restore needs them before it begins."""
    engine = create_engine(url)
    with engine.begin() as connection:
        ensure_roles(connection, app_password(settings))
    engine.dispose()


def _analyze(url: URL) -> None:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("ANALYZE"))
    engine.dispose()
