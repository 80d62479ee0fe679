"""Terrains over HTTP, and floods worked out from them."""

from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from starlette.datastructures import FormData

from riskmap.access.reader import Reader
from riskmap.base import database
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.exchange.uploads import shown_name
from riskmap.rescue import floods, terrain_floods, terrains, uploads
from riskmap.rescue.api import answer, flood_body
from riskmap.rescue.rights import Inner, Writer
from riskmap.rescue.terrain_question import DEPTHS, RADIUS_M, SEARCH_M
from riskmap.rescue.terrain_wire import TerrainFile, TerrainFlood
from riskmap.store.dependencies import ReadSnapshot
from riskmap.store.snapshot import open_snapshot

router = APIRouter(prefix="/api/rescue", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"])

PATH = "/api/rescue/terrains"
_FIELDS, _FIELD_BYTES = 8, 4 << 10

TerrainId = Annotated[int, Path(title="地形编号", ge=1, le=2**62)]


def too_large(upload_mb: int) -> str:
    """What is said of a file that the page does not take."""
    command = f"{terrains.COMMAND} 文件 --name 名称 --height-system 高程基准"
    return f"地形文件过大，网页最多传 {upload_mb} MB。请在服务器上装入：{command}"


@router.get("/terrains")
def list_terrains(request: Request, reader: Inner, snapshot: ReadSnapshot) -> Any:
    """The terrains that water can be worked out from, and what holds where nothing is typed."""
    settings = request.app.state.settings
    body = {
        "items": terrains.listed(snapshot.connection, settings),
        "height_systems": terrains.HEIGHT_SYSTEMS,
        "upload_mb": settings.upload_mb,
        "too_large": too_large(settings.upload_mb),
        "defaults": {"classes": DEPTHS, "radius_m": RADIUS_M, "search_m": SEARCH_M},
    }
    return answer(request, snapshot, body)


@router.post("/terrains", status_code=201)
async def post_terrain(request: Request, reader: Writer) -> Any:
    """A GeoTIFF or HGT (multipart: file, name, height_system, source, licence, dated, crs)."""
    return await uploads.as_form(request, partial(_take, request, reader), fields=_FIELDS, field_bytes=_FIELD_BYTES)


def _take(request: Request, reader: Reader, form: FormData) -> dict[str, Any]:
    file = uploads.file_of(form, " GeoTIFF（.tif）或 HGT（.hgt）")
    name = shown_name(file.filename or "")
    given = uploads.said_of(form, TerrainFile, "地形有误，请改正后再上传", name=FilePath(name).stem[:100])
    app = request.app.state
    about = terrains.About(**given.model_dump())
    most = app.settings.upload_mb << 20
    return terrains.take(app.engine, app.settings, reader, file.file, name, about, most=most)


@router.delete("/terrains/{terrain_id}", status_code=204)
def remove_terrain(terrain_id: TerrainId, request: Request, reader: Writer) -> Response:
    """Take a terrain out with its file; floods that were worked out from it stay, with their method."""
    app = request.app.state
    terrains.remove(app.engine, app.settings, reader, terrain_id)
    return Response(status_code=204)


@router.post("/floods/terrain", status_code=201)
def post_flood(body: TerrainFlood, request: Request, reader: Writer) -> Any:
    """Work a flood out: at once (201, the flood), a large window as a job (202, `job`, watched at /api/jobs/{id})."""
    app = request.app.state
    ensure_disk(app.settings)
    public = app.settings.public_resolution
    with database.read(app.engine, reader.settings()) as connection:
        asked = terrain_floods.ask(open_snapshot(connection, reader, app.catalogues, public), body)
    # No connection is held while cells are counted.
    part = terrain_floods.part_of(app.settings, asked)
    if part.cells > terrain_floods.AT_ONCE:
        with database.write(app.engine, reader.settings(write=True)) as connection:
            snapshot = open_snapshot(connection, reader, app.catalogues, public)
            told = answer(request, snapshot, {"job": terrain_floods.queue(snapshot, asked), "cells": part.cells})
        return ExactResponse(told, status_code=202)
    water = terrain_floods.work_out(app.settings, asked)
    with database.write(app.engine, reader.settings(write=True)) as connection:
        flood_id = terrain_floods.keep(open_snapshot(connection, reader, app.catalogues, public), asked, water)
    with database.read(app.engine, reader.settings()) as connection:
        snapshot = open_snapshot(connection, reader, app.catalogues, public)
        return answer(request, snapshot, flood_body(snapshot, floods.find(connection, flood_id)))
