"""Tiles, counts, heat, catalogue, divisions, base map and events over HTTP."""

import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import anyio
from fastapi import APIRouter, Query, Request, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from riskmap.atlas import service
from riskmap.base.errors import NotFound
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.catalogue import queries as catalogue_queries
from riskmap.engine.interface import HEAT_FEW
from riskmap.selection import request as selection_request
from riskmap.selection.request import Asked
from riskmap.store.dependencies import ReadSnapshot, marked
from riskmap.store.snapshot import Snapshot

router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["atlas"])

_LAST_WORDS_S = 2.0  # that a stream has to end by itself when the server stops
MVT = "application/vnd.mapbox-vector-tile"


def _cache_control(asked: Asked) -> str:
    """Immutable only where the address names both state and rights."""
    if not asked.pinned:
        return "no-cache"
    scope = "private" if asked.snapshot.reader.sees_inner else "public"
    return f"{scope}, max-age=31536000, immutable"


@router.get("/tiles/{z}/{x}/{y}.mvt", response_class=Response, responses={200: {"content": {MVT: {}}}, 204: {}})
def get_tile(
    z: int,
    x: int,
    y: int,
    request: Request,
    snapshot: ReadSnapshot,
    scale: Annotated[str | None, Query(max_length=60)] = None,
) -> Response:
    """One Mapbox Vector Tile of a selection: WebMercatorQuad, path order z (matrix), x (column), y (row).

    `scale` adds the levels of one scale, to colour by them.
    """
    service.check_tile(z, x, y)
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), frozenset({"scale"}))
    by = service.scale_of(asked.snapshot, scale)
    tag = service.etag((service.TILE_FORMAT, *service.tile_key(asked.snapshot, asked.selection, z, x, y, by)))
    headers = {
        "ETag": tag,
        "Cache-Control": _cache_control(asked),
        "X-Data-State": str(asked.snapshot.moment.n),
    }
    headers["Vary"] = "Cookie, Authorization"
    app = request.app.state
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    body = service.tile(asked.snapshot, asked.selection, app.map_engine, app.tiles, z, x, y, by)
    if not body:
        return Response(status_code=204, headers=headers)
    return Response(body, media_type=MVT, headers=headers)


@router.get("/counts")
def get_counts(
    request: Request,
    snapshot: ReadSnapshot,
    by: Annotated[str, Query(max_length=100)] = "grade",
    facets: Annotated[str, Query(max_length=100)] = "",
) -> Any:
    """Exact counts by up to three dimensions, unplaced included; each of `facets` without its own condition."""
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), frozenset({"by", "facets"}))
    app = request.app.state
    dimensions, beside = ([d.strip() for d in listed.split(",") if d.strip()] for listed in (by, facets))
    found = service.counts(asked.snapshot, asked.selection, app.map_engine, app.totals, dimensions, beside)
    return marked(request, found)


@router.get("/heat")
def get_heat(
    request: Request, snapshot: ReadSnapshot, response: Response, resolution: Annotated[int, Query()] = 7
) -> Any:
    """Placed objects by H3 cell."""
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), frozenset({"resolution"}))
    response.headers["Cache-Control"] = _cache_control(asked)
    response.headers["Vary"] = "Cookie, Authorization"
    app = request.app.state
    return marked(request, service.heat(asked.snapshot, asked.selection, app.map_engine, app.totals, resolution))


@router.get("/catalogue")
def get_catalogue(snapshot: ReadSnapshot) -> Any:
    """Classes, scales and policies; fields as far as the reader's tier goes."""
    tier = snapshot.reader.tier if snapshot.reader.sees_inner else 0
    return service.catalogue_body(snapshot.catalogue, tier, snapshot.state)


@router.get("/divisions")
def get_divisions(snapshot: ReadSnapshot) -> Any:
    """Division codes, names and parents of today."""
    listed = catalogue_queries.divisions(snapshot.connection, snapshot.state.n, snapshot.state.day)
    return {"items": listed, "state": snapshot.state.n}


@router.get("/divisions.geojson")
def get_division_outlines(
    snapshot: ReadSnapshot, response: Response, level: Literal["city", "county", "town"] = "county"
) -> Any:
    """Outlines of one level."""
    rows = catalogue_queries.division_outlines(snapshot.connection, snapshot.state.n, snapshot.state.day, level)
    response.headers["Cache-Control"] = "no-cache"
    return {
        "type": "FeatureCollection",
        "state": snapshot.state.n,
        "features": [
            {
                "type": "Feature",
                "properties": {"code": r.code, "name": r.name, "level": r.level},
                "geometry": json.loads(r.geometry),
            }
            for r in rows
        ],
    }


@router.get("/meta")
def get_meta(request: Request, snapshot: ReadSnapshot) -> Any:
    """What a page needs to begin: title, mark, extent, base map, state."""
    app = request.app.state
    extent = catalogue_queries.division_extent(snapshot.connection, snapshot.state.n, snapshot.state.day)
    return {
        "title": app.settings.title,
        "demo": bool(app.mark),
        "mark": app.mark,
        "bounds": extent or app.settings.bounds,
        "area": _area(snapshot),
        "state": snapshot.state.n,
        "at": snapshot.state.at.isoformat(timespec="seconds"),
        "rights": snapshot.reader.fingerprint,
        "attribution": app.basemap.attribution,
        "public_heat_resolution": snapshot.public_resolution,
        "upload_mb": app.settings.upload_mb,
        "heat_few": HEAT_FEW,
        "basemap": app.basemap.layers(),
    }


def _area(snapshot: Snapshot) -> str:
    listed = catalogue_queries.divisions(snapshot.connection, snapshot.state.n, snapshot.state.day)
    return next((d["name"] for d in listed if d["level"] == "city"), "全域")


@router.get("/basemap/{layer}.geojson")
def get_basemap(layer: str, request: Request) -> Response:
    """One layer of the base map; no rights are needed, it holds no register data."""
    path = request.app.state.basemap.path(layer)
    if path is None:
        raise NotFound("没有这个底图图层。")
    return Response(
        path.read_bytes(),
        media_type="application/geo+json",
        headers={"Cache-Control": "public, max-age=3600"},
    )


@router.get("/events", response_class=EventSourceResponse)
async def get_events(request: Request) -> EventSourceResponse:
    """Server-sent events: `state` with {"state": N, "at": …, "catalogue": M} whenever the register moves.

    `catalogue` is the state that last changed classes, scales, policies or divisions.
    """
    feed = request.app.state.feed
    over = anyio.Event()  # the server stops: the stream comes to its own end, and is not broken off

    async def stream() -> AsyncIterator[ServerSentEvent]:
        async for message in feed.subscribe(over):
            yield ServerSentEvent(message, event="state")

    return EventSourceResponse(
        stream(), ping=15, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        shutdown_event=over, shutdown_grace_period=_LAST_WORDS_S,
    )  # fmt: skip
