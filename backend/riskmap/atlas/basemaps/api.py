"""Basemaps over HTTP: the list, tiles, and what an administrator switches."""

import asyncio
import contextlib
import logging
import os
import shutil
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from riskmap.access.dependencies import ReadTransaction, WriteTransaction, administrator_to, current_reader
from riskmap.access.reader import Reader
from riskmap.atlas.basemaps import archives, queries, service, tianditu
from riskmap.base import audit, clock, database, state
from riskmap.base.crs import grid_of
from riskmap.base.errors import Conflict, DiskFull, FieldError, Invalid, NotFound, TooLarge
from riskmap.base.settings import Settings
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.catalogue import queries as catalogue_queries

log = logging.getLogger(__name__)
router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["basemaps"])

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Place = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Datum = Annotated[str, StringConstraints(max_length=20)]
Anyone = Annotated[Reader, Depends(current_reader)]
_DAY = 86_400
_BLOCK = 1 << 20
_RIGHTS = "请核对服务账号对数据目录的写入权限"


Administrator = Annotated[Reader, Depends(administrator_to("管理底图"))]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewSource(_Wire):
    """A file or folder in the data folder, taken into the list."""

    place: Place = Field(title="文件")
    title: Line = Field("", title="名称")
    datum: Datum = Field(title="坐标基准")
    credit: Line = Field("", title="来源")
    approval: Line = Field("", title="审图号")
    scheme: Literal["xyz", "tms"] = Field("xyz", title="行号次序")


class SourceChange(_Wire):
    """What is absent stays."""

    title: Title | None = Field(None, title="名称")
    datum: Datum | None = Field(None, title="坐标基准")
    credit: Line | None = Field(None, title="来源")
    approval: Line | None = Field(None, title="审图号")
    scheme: Literal["xyz", "tms"] | None = Field(None, title="行号次序")
    enabled: bool | None = Field(None, title="启用")
    public: bool | None = Field(None, title="未登录也能看")
    preferred: bool | None = Field(None, title="设为默认")
    position: Annotated[int, Field(ge=0, le=9999)] | None = Field(None, title="次序")


class Key(_Wire):
    """A key is set and never told again."""

    key: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = Field(title="密钥")


# -- For everyone ----------------------------------------------------------------


@router.get("/basemaps")
def list_basemaps(request: Request, reader: Anyone) -> Any:
    """The basemaps that the caller may choose from; the first is the plain one."""
    app = request.app.state
    with database.read(app.engine, reader.settings()) as connection:
        return service.listed(connection, reader, app.basemap, app.basemap_folder, app.shelf)


def _kept(reader: Reader, row: Mapping[str, Any], seconds: int, *, immutable: bool = False) -> dict[str, str]:
    scope = "private" if reader.kind != "public" or not row["public"] else "public"
    said = f"{scope}, max-age={seconds}" + (", immutable" if immutable else "")
    return {"Cache-Control": said, "Vary": "Cookie, Authorization"}


@router.get("/basemap/tiles/{source}/{z}/{x}/{y}", response_class=Response)
def get_tile(
    source: str, z: int, x: int, y: int, request: Request, reader: Anyone, v: Annotated[str, Query(max_length=20)] = ""
) -> Response:
    """One tile of an own archive, XYZ; 204 where there is none. `v` as the list gives it makes it immutable."""
    service.check_address(z, x, y)
    app = request.app.state
    with database.read(app.engine, reader.settings()) as connection:
        row = service.open_source(connection, reader, source)
    now = service.version(app.basemap_folder, row)
    headers = _kept(reader, row, 31_536_000, immutable=True) if v == now else {"Cache-Control": "no-cache"}
    tag = f'"{now}-{z}-{x}-{y}"'
    headers["ETag"] = tag
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    found = service.tile(app.basemap_folder, app.shelf, row, z, x, y)
    if found is None:
        return Response(status_code=204, headers=headers)
    body = found.body
    if found.gzipped:
        headers["Vary"] = "Accept-Encoding, Cookie, Authorization"
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
        else:
            body = archives.unpack(body)
    return Response(body, media_type=found.media_type, headers=headers)


@router.get("/basemap/tianditu/{layer}/{z}/{x}/{y}", response_class=Response)
async def get_tianditu(layer: str, z: int, x: int, y: int, request: Request, reader: Anyone) -> Response:
    """One tile of 天地图, fetched by this server with its own key."""
    service.check_address(z, x, y)
    if layer not in tianditu.LAYERS or not tianditu.MIN_ZOOM <= z <= tianditu.MAX_ZOOM:
        raise NotFound("天地图没有这个图层或层级。")
    app = request.app.state

    def look() -> Mapping[str, Any]:
        with database.read(app.engine, reader.settings()) as connection:
            return service.open_tianditu(connection, reader, layer)

    row = await run_in_threadpool(look)
    provider: tianditu.Tianditu = app.tianditu
    found = provider.kept(layer, z, x, y)
    if found is None:
        provider.begin()
        try:
            loop = asyncio.get_running_loop()
            found = await loop.run_in_executor(provider.executor, provider.ask, layer, z, x, y)
        finally:
            provider.done()
    return Response(found.body, media_type=found.media_type, headers=_kept(reader, row, _DAY))


# -- For the administrator --------------------------------------------------------


@router.get("/basemap/sources")
def list_sources(request: Request, transaction: ReadTransaction, _: Administrator) -> Any:
    """Everything declared, files that wait to be, and whether a key of 天地图 is set."""
    app = request.app.state
    key_set = app.tianditu.key.read() is not None
    told = service.administered(transaction.connection, app.basemap, app.basemap_folder, app.shelf, key_set)
    return {**told, "upload_mb": app.settings.basemap_mb}


@router.post("/basemap/sources", status_code=201)
def declare_source(body: NewSource, request: Request, transaction: WriteTransaction, _: Administrator) -> Any:
    """Take a file or folder of the data folder into the list; switched off until it is switched on."""
    service.check_datum(body.datum)
    app = request.app.state
    name = service.declare(transaction.connection, transaction.reader, app.basemap_folder, app.shelf, body.model_dump())
    return {"source": name}


@router.patch("/basemap/sources/{source}")
def change_source(
    source: str, body: SourceChange, request: Request, transaction: WriteTransaction, _: Administrator
) -> Any:
    """Title, datum, credit, 审图号, switch, default."""
    wanted = body.model_dump(exclude_none=True)
    if "datum" in wanted:
        service.check_datum(wanted["datum"])
    app = request.app.state
    if source == service.PLAIN:
        if wanted != {"preferred": True}:
            raise Invalid("简明底图只能设为默认；图层放在数据目录的 basemap 文件夹里。")
        service.prefer_plain(transaction.connection, transaction.reader)
        return {"source": source}
    key = app.tianditu.key.read() is not None
    service.change(transaction.connection, transaction.reader, source, wanted, app.basemap_folder, app.shelf, key)
    if source.startswith("tianditu-") and wanted.get("enabled") is False:
        app.tianditu.forget()
    return {"source": source}


@router.delete("/basemap/sources/{source}", status_code=204)
def remove_source(source: str, request: Request, reader: Administrator, file: bool = False) -> Response:
    """Take out of the list; `file=true` deletes the archive too (never a folder)."""
    app = request.app.state
    with database.write(app.engine, reader.settings(write=True)) as connection:
        row = service.remove(connection, reader, source)
        path = app.basemap_folder.path(row["place"])
        gone = file and path.is_file()
        if gone:
            _promise(connection, reader, row["place"])
    if gone and not _delete(app, reader, row["place"], path):
        message = f"已从列表移除，但文件删不掉：{_RIGHTS}，再到“待登记的文件”里删除。"
        raise Conflict(message, code="file_kept")
    return Response(status_code=204)


def _promise(connection: Connection, reader: Reader, place: str) -> None:
    """Into the trail before the file goes: what is gone without an entry, nobody can answer for."""
    told = {"file": "deleted"}
    audit.record(connection, reader.name, "delete", "basemap", place, address=reader.address, after=told)


def _delete(app: Any, reader: Reader, place: str, path: Path) -> bool:
    """Whether the file is gone; a promise that was not kept has a second entry.

    After the commit only: a row without its file is broken, a file without its row is offered in the list.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError:
        log.warning("basemap file %s could not be deleted", place, exc_info=True)
        _record(app, reader, "delete", place, {"file": "kept"}, result="failed")
        return False
    return True


@router.post("/basemap/sources/{source}/test")
async def test_source(source: str, request: Request, reader: Administrator) -> Any:
    """Read one tile, and say what happened."""
    app = request.app.state

    def look() -> tuple[Mapping[str, Any], Any]:
        with database.read(app.engine, reader.settings()) as connection:
            row = queries.source(connection, source)
            if row is None:
                raise NotFound("没有这份底图，请刷新列表。")
            now = state.current(connection)
            return row, catalogue_queries.division_extent(connection, now.n, now.day) or app.settings.bounds

    row, extent = await run_in_threadpool(look)
    if row["kind"] != "tianditu":
        return await run_in_threadpool(service.try_archive, app.basemap_folder, app.shelf, row)
    west, south, east, north = extent
    z = 10
    gx, gy = grid_of((west + east) / 2, (south + north) / 2)
    shift = 36 - z
    provider: tianditu.Tianditu = app.tianditu
    provider.forget()
    said = []
    loop = asyncio.get_running_loop()
    for layer in tianditu.PICTURES[row["place"]]:
        began = time.monotonic()
        try:
            found = await loop.run_in_executor(provider.executor, provider.ask, layer, z, gx >> shift, gy >> shift)
        except tianditu.TiandituError as error:
            return {"ok": False, "said": error.detail}
        ms = round((time.monotonic() - began) * 1000)
        said.append(f"{layer} {len(found.body):,} 字节，{ms} 毫秒")
    return {"ok": True, "said": f"天地图有回答：{'；'.join(said)}。"}


@router.put("/basemap/tianditu/key", status_code=204)
def set_key(body: Key, request: Request, reader: Administrator) -> Response:
    """Set the server's key of 天地图; it is never told again."""
    if not tianditu.KEY.fullmatch(body.key):
        message = "密钥应为 8–64 位字母数字，请从天地图控制台复制“服务端”类型的密钥"
        raise Invalid("密钥不对", errors=[FieldError("key", "bad_key", message)])
    app = request.app.state
    ensure_disk(app.settings)
    _record(app, reader, "update", "tianditu", {"key": "set"})
    app.tianditu.key.write(body.key)
    app.tianditu.forget()
    return Response(status_code=204)


@router.delete("/basemap/tianditu/key", status_code=204)
def clear_key(request: Request, reader: Administrator) -> Response:
    """Forget the key; 天地图 answers no more."""
    app = request.app.state
    _record(app, reader, "delete", "tianditu", {"key": "cleared"})
    app.tianditu.key.clear()
    app.tianditu.forget()
    return Response(status_code=204)


def _record(app: Any, reader: Reader, action: str, ref: str, after: Mapping[str, Any], *, result: str = "ok") -> None:
    """In a transaction of its own: what lies in files moves once the trail has it."""
    with database.write(app.engine, reader.settings(write=True)) as connection:
        audit.record(
            connection, reader.name, action, "basemap", ref, address=reader.address, after=after, result=result
        )


@router.put("/basemap/files/{name}", status_code=201)
async def upload_file(name: str, request: Request, reader: Administrator) -> Any:
    """An MBTiles or PMTiles file as the body itself: written as it comes, checked, then taken; never half of one."""
    app = request.app.state
    settings: Settings = app.settings
    safe = service.safe_name(name)
    await run_in_threadpool(ensure_disk, settings)
    folder: service.Folder = app.basemap_folder
    if safe in await run_in_threadpool(folder.found):
        raise Conflict(f"已经有名为“{safe}”的底图文件，请改名后再传，或先移除旧的。")
    folder.tiles.mkdir(parents=True, exist_ok=True)
    await run_in_threadpool(_clear_broken_off, folder.tiles)
    most = settings.basemap_mb << 20
    length = int(request.headers.get("content-length", "0")[:15] or 0)
    free = shutil.disk_usage(folder.tiles).free - (settings.free_disk_mb << 20)
    if length > free:
        raise DiskFull(f"服务器磁盘放不下这个文件（{length >> 20} MB）。请先清理磁盘。")
    coming = folder.tiles / f".coming-{uuid.uuid4().hex}"
    try:
        with coming.open("wb") as file:
            waiting, size = bytearray(), 0
            async for block in request.stream():
                waiting += block
                size += len(block)
                if size > most or size > free:
                    raise TooLarge(f"文件过大，最多 {settings.basemap_mb} MB。更大的请直接放到服务器的数据目录。")
                if len(waiting) >= _BLOCK:
                    await run_in_threadpool(file.write, bytes(waiting))
                    waiting.clear()
            await run_in_threadpool(file.write, bytes(waiting))
        return await run_in_threadpool(_take, app, reader, coming, folder.tiles / safe)
    finally:
        with contextlib.suppress(OSError):
            coming.unlink(missing_ok=True)


def _clear_broken_off(tiles: Path) -> None:
    """Uploads that a killed service left half: no upload is this old."""
    for path in tiles.glob(".coming-*"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _DAY:
                path.unlink()


def _take(app: Any, reader: Reader, coming: Path, target: Path) -> dict[str, Any]:
    """Check an upload and give it its name; without the commit it has none."""
    kind = target.suffix.lower().lstrip(".")
    try:
        archive = archives.open_archive(coming, kind)
    except archives.ArchiveError as error:
        raise Invalid("这个文件不能用作底图", errors=[FieldError("file", "broken", str(error))]) from error
    archive.close()
    linked = False
    try:
        with database.write(app.engine, reader.settings(write=True)) as connection:
            told = {"place": target.name, "bytes": coming.stat().st_size}
            audit.record(connection, reader.name, "queue", "basemap", target.name, address=reader.address, after=told)
            try:
                os.link(coming, target)  # fails where another upload of this name was first
            except FileExistsError:
                raise Conflict(f"已经有名为“{target.name}”的底图文件，请改名后再传。") from None
            linked = True
    except BaseException:
        if linked:
            target.unlink(missing_ok=True)
        raise
    info = archive.info
    return {"place": target.name, "kind": kind, "type": info.kind, "format": info.format, "at": clock.now()}


@router.delete("/basemap/files/{place}", status_code=204)
def remove_file(place: str, request: Request, reader: Administrator) -> Response:
    """Delete a file that is not in the list."""
    app = request.app.state
    path = app.basemap_folder.found().get(place)
    if path is None or not path.is_file():
        raise NotFound("没有这个文件，请刷新列表。")
    with database.write(app.engine, reader.settings(write=True)) as connection:
        if any(row["place"] == place for row in queries.sources(connection)):
            raise Conflict("这个文件正在列表中，请从列表里移除。")
        _promise(connection, reader, place)
    if not _delete(app, reader, place, path):
        raise Conflict(f"文件删不掉：{_RIGHTS}，再删一次。", code="file_kept")
    return Response(status_code=204)
