"""Files of tiles in the data folder: MBTiles, PMTiles, and folders of {z}/{x}/{y}; opened to be read and nothing else.

A file that is broken is told in a sentence (`ArchiveError`) when it is asked, never at the start of the service.
"""

import gzip
import json
import mmap
import re
import sqlite3
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from pmtiles.tile import (
    Compression,
    TileType,
    deserialize_directory,
    deserialize_header,
    find_tile,
    tileid_to_zxy,
    zxy_to_tileid,
)

MOST_ZOOM = 22
MOST_TILE = 4 << 20  # bytes
_MOST_UNPACKED = 16 << 20  # of a vector tile or a directory: a few kilobytes of gzip can hold gigabytes
_MOST_TEXT = 4 << 20  # of what an archive says of itself
_PATIENCE_S = 3.0  # `tiles` may be a view, and a view may be written to run for ever
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".pbf", ".mvt")
_NUMBER = re.compile(r"\d{1,8}")

Bounds = tuple[float, float, float, float]


class ArchiveError(Exception):
    """What is wrong with a file, in a sentence for the administrator."""


@dataclass(frozen=True, slots=True)
class Info:
    """What an archive says of itself, checked against its first tile."""

    kind: str  # raster, vector
    format: str  # png, jpeg, webp, mvt
    min_zoom: int
    max_zoom: int
    bounds: Bounds | None = None
    title: str = ""
    credit: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile as it is sent."""

    body: bytes
    media_type: str
    gzipped: bool = False


class Archive(Protocol):
    """A source of tiles by the XYZ scheme: row 0 is in the north."""

    info: Info

    def raw(self, z: int, x: int, y: int) -> bytes | None:
        """A tile's bytes, or None where there is none."""

    def first(self) -> tuple[int, int, int]:
        """The address of some tile that is there."""

    def close(self) -> None:
        """Let go of the file."""


def format_of(body: bytes) -> str | None:
    """By its first bytes, whatever its name says; None for what is no tile."""
    if body.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if body.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if body[:4] == b"RIFF" and body[8:12] == b"WEBP":
        return "webp"
    # A vector tile is a protobuf that begins with a layer (field 3); it is mostly packed.
    if body.startswith(b"\x1f\x8b") or body[:1] == b"\x1a":
        return "mvt"
    return None


MEDIA = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "mvt": "application/vnd.mapbox-vector-tile"}


def unpack(body: bytes) -> bytes:
    """A gzip's content, bounded."""
    reader = zlib.decompressobj(31)
    try:
        out = reader.decompress(body, _MOST_UNPACKED + 1)
    except zlib.error as error:
        raise ArchiveError("文件中有压缩数据解不开，可能已损坏。请重新制作或重新上传。") from error
    if len(out) > _MOST_UNPACKED:
        raise ArchiveError("文件中有一块解压后过大，没有读取。")
    return out


def tile_of(archive: Archive, z: int, x: int, y: int) -> Tile | None:
    """A tile ready to be sent: of a kind that we know, and not too large."""
    body = archive.raw(z, x, y)
    if not body:
        return None
    if len(body) > MOST_TILE:
        raise ArchiveError(f"瓦片 {z}/{x}/{y} 超过 {MOST_TILE >> 20} MB，没有读取。")
    found = format_of(body)
    if found is None or (found == "mvt") != (archive.info.kind == "vector"):
        raise ArchiveError(f"瓦片 {z}/{x}/{y} 不是图片或矢量瓦片。")
    return Tile(body, MEDIA[found], body.startswith(b"\x1f\x8b"))


def _checked(archive: Archive) -> Archive:
    """An archive whose first tile can be read."""
    try:
        if tile_of(archive, *archive.first()) is None:
            raise ArchiveError("文件里没有瓦片。")
    except ArchiveError:
        archive.close()
        raise
    return archive


def _numbers(text: object, count: int) -> tuple[float, ...] | None:
    try:
        out = tuple(float(part) for part in str(text).split(","))
    except ValueError:
        return None
    return out if len(out) == count else None


def _bounds(numbers: tuple[float, ...] | None) -> Bounds | None:
    if numbers is None:
        return None
    west, south, east, north = numbers
    sane = -180 <= west < east <= 180 and -90 <= south < north <= 90
    return (west, south, east, north) if sane else None


def _text(value: object, most: int = 200) -> str:
    """Plain text of what an archive says; marks of HTML left out, since credits often bring links."""
    return re.sub(r"<[^>]*>", "", str(value or ""))[:most].strip()


class MBTiles:
    """An SQLite file with a table or view `tiles`; its rows count from the south."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            if file.read(16) != b"SQLite format 3\x00":
                raise ArchiveError("不是 MBTiles 文件（开头不是 SQLite 数据库）。")
        self._lock = threading.Lock()
        self._until = 0.0
        # immutable: no lock, no journal is looked for, nothing is ever written beside the file.
        self._connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        try:
            self._connection.execute("PRAGMA trusted_schema=OFF")
            self._connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_TILE + (1 << 20))
            self._connection.set_progress_handler(self._is_late, 100_000)
            said = {
                str(name): value for name, value in self._rows("SELECT name, value FROM metadata LIMIT 500") if name
            }
            self.info, self._first = self._look(said)
        except ArchiveError:
            self._connection.close()
            raise

    def _is_late(self) -> bool:
        return time.monotonic() > self._until

    def _rows(self, sql: str, values: tuple[int, ...] = ()) -> list[Any]:
        with self._lock:
            self._until = time.monotonic() + _PATIENCE_S
            try:
                return self._connection.execute(sql, values).fetchall()
            except sqlite3.OperationalError as error:
                if "interrupted" in str(error):
                    raise ArchiveError("这个 MBTiles 文件读一块瓦片要好几秒，无法使用。请重建索引。") from error
                raise ArchiveError("MBTiles 文件缺少 metadata 或 tiles 表，或已损坏。") from error
            except sqlite3.Error as error:
                raise ArchiveError("MBTiles 文件已损坏，请重新制作或重新上传。") from error

    def _look(self, said: dict[str, Any]) -> tuple[Info, tuple[int, int, int]]:
        sample = self._rows("SELECT zoom_level, tile_column, tile_row, tile_data FROM tiles LIMIT 1")
        if not sample:
            raise ArchiveError("文件里没有瓦片。")
        z, x, row, body = sample[0]
        found = format_of(body) if isinstance(body, bytes) else None
        if found is None or not all(isinstance(n, int) for n in (z, x, row)) or not 0 <= z <= MOST_ZOOM:
            raise ArchiveError("文件里的瓦片不是 PNG、JPEG、WebP 图片或矢量瓦片。")
        lowest, highest = self._rows("SELECT min(zoom_level), max(zoom_level) FROM tiles")[0]
        info = Info(
            kind="vector" if found == "mvt" else "raster",
            format=found,
            min_zoom=max(0, int(lowest)),
            max_zoom=min(MOST_ZOOM, int(highest)),
            bounds=_bounds(_numbers(said.get("bounds"), 4)),
            title=_text(said.get("name"), 60),
            credit=_text(said.get("attribution")),
        )
        return info, (z, x, (1 << z) - 1 - row)

    def raw(self, z: int, x: int, y: int) -> bytes | None:
        """See Archive."""
        rows = self._rows(
            "SELECT tile_data FROM tiles WHERE zoom_level = ? AND tile_column = ? AND tile_row = ? LIMIT 1",
            (z, x, (1 << z) - 1 - y),
        )
        body = rows[0][0] if rows else None
        return body if isinstance(body, bytes) else None

    def first(self) -> tuple[int, int, int]:
        """See Archive."""
        return self._first

    def close(self) -> None:
        """See Archive."""
        self._connection.close()


class PMTiles:
    """A PMTiles archive of version 3, mapped into memory."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            if path.stat().st_size < 127 or file.read(7) != b"PMTiles":
                raise ArchiveError("不是 PMTiles 文件。")
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        try:
            self._header = deserialize_header(self._map[:127])
        except Exception as error:  # the library's own kinds, and whatever numbers can be wrong
            self.close()
            raise ArchiveError("PMTiles 文件头读不出来（只支持第 3 版）。") from error
        h = self._header
        # A broken file may say any number; only what lies in the file is read.
        self._directory: Callable[[int, int], Any] = lru_cache(64)(self._read_directory)
        try:
            if h["tile_compression"] not in (Compression.NONE, Compression.GZIP, Compression.UNKNOWN):
                raise ArchiveError("这个 PMTiles 的瓦片用了 Brotli 或 Zstandard 压缩，请改用 gzip 或不压缩。")
            if h["tile_type"] not in (TileType.MVT, TileType.PNG, TileType.JPEG, TileType.WEBP):
                raise ArchiveError("这个 PMTiles 的瓦片类型不支持，请用 PNG、JPEG、WebP 或 MVT。")
            if h["tile_data_offset"] + h["tile_data_length"] > len(self._map):
                raise ArchiveError("PMTiles 文件不完整，请重新上传。")
            said = self._said()
            self._first = self._find_first()
            body = self.raw(*self._first)
            found = format_of(body or b"")
            if found is None:
                raise ArchiveError("文件里的瓦片不是 PNG、JPEG、WebP 图片或矢量瓦片。")
        except ArchiveError:
            self.close()
            raise
        corners = tuple(h[k] / 1e7 for k in ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7"))
        self.info = Info(
            kind="vector" if found == "mvt" else "raster",
            format=found,
            min_zoom=min(h["min_zoom"], MOST_ZOOM),
            max_zoom=min(h["max_zoom"], MOST_ZOOM),
            bounds=_bounds(corners),
            title=_text(said.get("name"), 60),
            credit=_text(said.get("attribution")),
        )

    def _piece(self, offset: int, length: int, most: int) -> bytes:
        if not 0 < length <= most or offset < 0 or offset + length > len(self._map):
            raise ArchiveError("PMTiles 文件不完整或已损坏，请重新上传。")
        return self._map[offset : offset + length]

    def _inner(self, body: bytes) -> bytes:
        match self._header["internal_compression"]:
            case Compression.GZIP:
                return unpack(body)
            case Compression.NONE:
                return body
        raise ArchiveError("这个 PMTiles 的目录用了 Brotli 或 Zstandard 压缩，请改用 gzip。")

    def _said(self) -> dict[str, Any]:
        h = self._header
        if not h["metadata_length"]:
            return {}
        try:
            said = json.loads(self._inner(self._piece(h["metadata_offset"], h["metadata_length"], _MOST_TEXT)))
        except (ValueError, RecursionError):
            return {}  # only a title and a credit stand there
        return said if isinstance(said, dict) else {}

    def _read_directory(self, offset: int, length: int) -> Any:
        raw = self._inner(self._piece(offset, length, _MOST_UNPACKED))
        try:
            return deserialize_directory(gzip.compress(raw, 1))
        except (EOFError, OverflowError, MemoryError) as error:
            raise ArchiveError("PMTiles 文件的目录已损坏，请重新上传。") from error

    def _find_first(self) -> tuple[int, int, int]:
        h = self._header
        offset, length = h["root_offset"], h["root_length"]
        for _ in range(4):
            entries = self._directory(offset, length)
            if not entries:
                break
            entry = entries[0]
            if entry.run_length:
                return tileid_to_zxy(entry.tile_id)
            offset, length = h["leaf_directory_offset"] + entry.offset, entry.length
        raise ArchiveError("文件里没有瓦片。")

    def raw(self, z: int, x: int, y: int) -> bytes | None:
        """See Archive."""
        h = self._header
        wanted = zxy_to_tileid(z, x, y)
        offset, length = h["root_offset"], h["root_length"]
        for _ in range(4):
            entry = find_tile(self._directory(offset, length), wanted)
            if entry is None:
                return None
            if entry.run_length:
                return self._piece(h["tile_data_offset"] + entry.offset, entry.length, MOST_TILE + 1)
            offset, length = h["leaf_directory_offset"] + entry.offset, entry.length
        return None

    def first(self) -> tuple[int, int, int]:
        """See Archive."""
        return self._first

    def close(self) -> None:
        """See Archive."""
        self._map.close()


class Folder:
    """A folder of {z}/{x}/{y}.png and the like. `tms`: its rows count from the south."""

    def __init__(self, path: Path, tms: bool) -> None:
        self._root = path.resolve()
        self._tms = tms
        zooms = sorted(int(p.name) for p in self._root.iterdir() if _NUMBER.fullmatch(p.name) and p.is_dir())
        zooms = [z for z in zooms if z <= MOST_ZOOM]
        sample = next((tile for z in zooms if (tile := self._any(z))), None)
        if sample is None:
            raise ArchiveError("文件夹里没有按 层级/列/行 存放的瓦片（如 12/3366/1698.png）。")
        address, self._suffix = sample
        z, x, row = address
        self._first = (z, x, (1 << z) - 1 - row if tms else row)
        body = self.raw(*self._first) or b""
        found = format_of(body)
        if found is None:
            raise ArchiveError("文件夹里的瓦片不是 PNG、JPEG、WebP 图片或矢量瓦片。")
        self.info = Info("vector" if found == "mvt" else "raster", found, zooms[0], zooms[-1])

    def _any(self, z: int) -> tuple[tuple[int, int, int], str] | None:
        for column in (self._root / str(z)).iterdir():
            if not _NUMBER.fullmatch(column.name) or not column.is_dir():
                continue
            for tile in column.iterdir():
                if _NUMBER.fullmatch(tile.stem) and tile.suffix.lower() in _SUFFIXES:
                    return (z, int(column.name), int(tile.stem)), tile.suffix
        return None

    def raw(self, z: int, x: int, y: int) -> bytes | None:
        """See Archive."""
        row = (1 << z) - 1 - y if self._tms else y
        path = self._root / str(z) / str(x) / f"{row}{self._suffix}"
        # Three numbers lead nowhere else; a link that somebody put inside might.
        if not path.is_file() or not path.resolve().is_relative_to(self._root):
            return None
        if path.stat().st_size > MOST_TILE:
            raise ArchiveError(f"瓦片 {z}/{x}/{y} 超过 {MOST_TILE >> 20} MB，没有读取。")
        return path.read_bytes()

    def first(self) -> tuple[int, int, int]:
        """See Archive."""
        return self._first

    def close(self) -> None:
        """Nothing is held open."""


def kind_of(path: Path) -> str | None:
    """What a file or folder is by its name; None for what is no archive."""
    if path.is_dir():
        numbered = any(_NUMBER.fullmatch(p.name) and p.is_dir() for p in path.iterdir())
        return "folder" if numbered else None
    return {".mbtiles": "mbtiles", ".pmtiles": "pmtiles"}.get(path.suffix.lower()) if path.is_file() else None


def open_archive(path: Path, kind: str, *, tms: bool = False) -> Archive:
    """Raises ArchiveError."""
    try:
        match kind:
            case "mbtiles":
                return _checked(MBTiles(path))
            case "pmtiles":
                return _checked(PMTiles(path))
            case "folder":
                return _checked(Folder(path, tms))
    except FileNotFoundError as error:
        raise ArchiveError("文件已不在数据目录的 basemap 文件夹里。") from error
    except OSError as error:
        raise ArchiveError("文件打不开，请核对服务账号对它的读取权限。") from error
    raise ArchiveError("不是 MBTiles、PMTiles 文件或瓦片文件夹。")


class Shelf:
    """Archives that are open; a file that has been replaced is opened anew."""

    def __init__(self, most: int = 16) -> None:
        self._lock = threading.Lock()
        self._most = most
        self._open: OrderedDict[tuple[Any, ...], Archive | ArchiveError] = OrderedDict()

    def open(self, path: Path, kind: str, *, tms: bool = False) -> Archive:
        """Raises ArchiveError, also the one of the last time while the file is the same."""
        key = (str(path), kind, tms, stamp_of(path))
        with self._lock:
            found = self._open.get(key)
            if found is None:
                try:
                    found = open_archive(path, kind, tms=tms)
                except ArchiveError as error:
                    found = error
                self._open[key] = found
                # One that is dropped may still be read by another request: it closes with its last user.
                while len(self._open) > self._most:
                    self._open.popitem(last=False)
            self._open.move_to_end(key)
        if isinstance(found, ArchiveError):
            raise ArchiveError(str(found))
        return found


def stamp_of(path: Path) -> str:
    """Changes when the file is replaced: part of a tile's address, so that a kept tile is never of the old file."""
    try:
        now = path.stat()
    except OSError:
        return ""
    return f"{now.st_mtime_ns:x}-{now.st_size:x}-{now.st_ino:x}"
