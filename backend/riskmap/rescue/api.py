"""救援 over HTTP: floods and what is in them, and the log."""

import io
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

import segno
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AfterValidator
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from riskmap.access.reader import Reader
from riskmap.base import audit, clock, database
from riskmap.base.throttle import MINUTE, Throttle
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.exchange.uploads import shown_name
from riskmap.rescue import exposure, floods, log, log_whole, minute, sent, uploads, wet_roads
from riskmap.rescue.rights import Inner, Writer
from riskmap.rescue.wire import FloodFile, NewFlood, Reason
from riskmap.selection import request as selection_request
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot, marked
from riskmap.store.snapshot import Snapshot, open_snapshot

router = APIRouter(prefix="/api/rescue", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"])

MOST_A_MINUTE = 120
_throttle = Throttle(MOST_A_MINUTE, MINUTE, f"一分钟最多查询 {MOST_A_MINUTE} 次，请稍后再试。")
_FLOOD_FIELDS, _FIELD_BYTES = 10, 4 << 10

FloodId = Annotated[int, Path(title="淹没范围编号", ge=1, le=2**62)]
Traffic = Literal["closed", "care", "open"]
# Every minute that a question names is read here: without an offset it is Shanghai's.
At = Annotated[datetime | None, Query(title="时刻"), AfterValidator(minute.local_or_none)]
Since = Annotated[datetime | None, Query(title="从"), AfterValidator(minute.local_or_none)]
Exercise = Annotated[bool, Query(title="演练")]
# Lists that grow through the night go by pages, the newest first: `before` is the `next` of the page before.
Before = Annotated[int | None, Query(title="在此之前", ge=1, le=2**62)]
Page = Annotated[int, Query(title="条数", ge=1, le=500)]


@router.post("/floods", status_code=201)
async def post_flood(request: Request, reader: Writer) -> Any:
    """A scenario as JSON (drawn), or a file (multipart: file, name, depth_field or depth_m, crs, …)."""
    if uploads.is_form(request):
        return await uploads.as_form(
            request, partial(_upload, request, reader), fields=_FLOOD_FIELDS, field_bytes=_FIELD_BYTES
        )
    body = await uploads.as_json(request, NewFlood, "淹没范围有误，请改正后再保存")
    return await run_in_threadpool(_draw, request, reader, body)


def _draw(request: Request, reader: Reader, body: NewFlood) -> dict[str, Any]:
    given = sent.drawn(body.depths)
    return _keep(
        request, reader, given, name=body.name, source="drawn", at=body.at, exercise=body.exercise, note=body.note,
        series=body.series,
    )  # fmt: skip


def _upload(request: Request, reader: Reader, form: FormData) -> dict[str, Any]:
    file = uploads.file_of(form, uploads.LAYER)
    given = uploads.said_of(form, FloodFile, "淹没范围有误，请改正后再上传")
    with uploads.layer(request.app.state.settings, file) as path:
        read = sent.from_file(path, depth_field=given.depth_field, depth_m=given.depth_m, crs=given.crs)
    name = given.name or FilePath(shown_name(file.filename or "")).stem or "上传的淹没范围"
    return _keep(
        request, reader, read, name=name, source="uploaded", at=given.at, exercise=given.exercise, note=given.note,
        series=given.series, method={"file": shown_name(file.filename or ""), "depth_field": given.depth_field},
    )  # fmt: skip


def _keep(request: Request, reader: Reader, given: sent.Sent, **more: Any) -> dict[str, Any]:
    """Written and committed, then read back for the answer."""
    app = request.app.state
    ensure_disk(app.settings)
    with database.write(app.engine, reader.settings(write=True)) as connection:
        snapshot = open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)
        flood_id = floods.keep(snapshot, depths=given.depths, repairs=given.repairs, **more)
        audit.record(
            connection, reader.name, "create", "flood", flood_id, address=reader.address, state=snapshot.moment.n,
            after={"name": more["name"], "source": more["source"], "exercise": more["exercise"]},
        )  # fmt: skip
    with database.read(app.engine, reader.settings()) as connection:
        fresh = open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)
        return answer(request, fresh, flood_body(fresh, floods.find(connection, flood_id)))


def answer(request: Request, snapshot: Snapshot, body: dict[str, Any], at: datetime | None = None) -> dict[str, Any]:
    """With what dates it: the register's state, and the minute of the live facts."""
    return marked(request, {"at": at or clock.now(), **body, "state": snapshot.moment.n})


def page_code(request: Request, path: str) -> Response:
    """The address of a page for a telephone, as a QR code. Who opens it has to sign in."""
    base = (request.app.state.settings.proxy or str(request.base_url)).rstrip("/")
    out = io.BytesIO()
    segno.make(f"{base}{path}", error="q", micro=False).save(
        out, kind="svg", border=4, xmldecl=False, svgclass=None, light="#fff"
    )
    return Response(out.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "private, no-store"})


def paged(found: Sequence[dict[str, Any]], limit: int) -> dict[str, Any]:
    """A page of what was read with one row more, and where the next begins; null where there is no more."""
    items = list(found[:limit])
    return {"items": items, "next": items[-1]["id"] if len(found) > limit else None}


def flood_body(snapshot: Snapshot, flood: dict[str, Any]) -> dict[str, Any]:
    classes = floods.classes(snapshot.connection, flood["id"])
    outside = floods.is_outside(snapshot, flood["id"])
    return {
        **flood, "source_title": floods.SOURCES[flood["source"]], "classes": classes, "outside": outside,
        "warnings": floods.warnings(flood, outside),
    }  # fmt: skip


@router.get("/floods")
def list_floods(
    request: Request, reader: Inner, snapshot: ReadSnapshot, exercise: Exercise = False, at: At = None
) -> Any:
    """The newest version of each scenario, as it was known at a minute."""
    then = minute.asked(snapshot.connection, at)
    return answer(request, snapshot, {"items": floods.listed(snapshot.connection, exercise=exercise, at=then)}, then)


@router.get("/floods/{flood_id}")
def get_flood(flood_id: FloodId, request: Request, reader: Inner, snapshot: ReadSnapshot) -> Any:
    """One version with its depth classes as GeoJSON, and all versions of its scenario."""
    flood = floods.find(snapshot.connection, flood_id)
    named = floods.versions(snapshot.connection, flood["series"])
    known = ("id", "version", "made_at", "made_by", "at", "area_m2", "withdrawn_at")
    body = flood_body(snapshot, flood) | {"versions": [{k: v[k] for k in known} for v in named]}
    return answer(request, snapshot, body)


@router.get("/floods/{flood_id}/covering")
def get_covering(flood_id: FloodId, request: Request, reader: Inner, snapshot: ReadSnapshot) -> Any:
    """Each class with the water that is at least so deep, as GeoJSON: what a next version is drawn on."""
    floods.find(snapshot.connection, flood_id)
    return answer(request, snapshot, {"classes": floods.covering(snapshot.connection, flood_id)})


@router.post("/floods/{flood_id}/withdraw")
def withdraw_flood(flood_id: FloodId, body: Reason, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """Take a version back, with the reason: it stays readable and is no scenario any more."""
    floods.withdraw(snapshot, flood_id, body.reason)
    audit.record(
        snapshot.connection, reader.name, "withdraw", "flood", flood_id, address=reader.address,
        state=snapshot.moment.n, after={"reason": body.reason},
    )  # fmt: skip
    return answer(request, snapshot, flood_body(snapshot, floods.find(snapshot.connection, flood_id)))


@router.get("/floods/{flood_id}/roads")
def get_wet_roads(
    flood_id: FloodId,
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    status: Annotated[list[Traffic] | None, Query(title="通阻")] = None,
) -> Any:
    """Stretches of road in the water as GeoJSON: closed and with care where nothing else is asked."""
    floods.find(snapshot.connection, flood_id)
    return answer(request, snapshot, wet_roads.drawn(snapshot.connection, flood_id, status or ["closed", "care"]))


_EXPOSURE_OWN = frozenset({"margin_m", "limit", "offset", "wading_cm"})


@router.get("/floods/{flood_id}/exposure")
def get_exposure(
    flood_id: FloodId,
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    margin_m: Annotated[Decimal, Query(title="外缘", ge=0, le=exposure.MOST_MARGIN_M)] = Decimal(50),
    wading_cm: Annotated[int | None, Query(title="车辆涉水深", ge=0, le=500)] = None,
    limit: Annotated[int, Query(title="条数", ge=1, le=20_000)] = 5000,
    offset: Annotated[int, Query(title="从第几条起", ge=0, le=10**7)] = 0,
) -> Any:
    """Who and what is in the water: totals whole, objects as the reader may see them."""
    count(reader)
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), _EXPOSURE_OWN)
    flood = floods.find(snapshot.connection, flood_id)
    body = exposure.answer(asked.snapshot, flood, asked.selection, float(margin_m), limit, offset)
    body["roads"] = wet_roads.lengths(
        asked.snapshot.connection, flood_id, None if wading_cm is None else Decimal(wading_cm) / 100
    )
    note_asked(request, asked.snapshot, "flood", flood_id, {"margin_m": margin_m, "total": body["total"]})
    known = ("id", "series", "version", "name", "at", "exercise")
    return answer(request, asked.snapshot, {**body, "margin_m": margin_m, "flood": {k: flood[k] for k in known}})


def count(reader: Reader) -> None:
    """How often an account may ask what is decided over more than it may see. Raises TooMany."""
    if not reader.sees_all:
        _throttle.take(reader.name)


def note_asked(request: Request, snapshot: Snapshot, kind: str, ref: object, after: dict[str, Any]) -> None:
    """What was decided over more than the asker may see, in a second short transaction, committed before the answer."""
    reader = snapshot.reader
    if reader.sees_all:
        return
    with database.write(request.app.state.engine, reader.settings()) as connection:
        audit.record(
            connection, reader.name, "ask", kind, ref, address=reader.address, state=snapshot.moment.n, after=after
        )


@router.get("/log")
def get_log(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    exercise: Exercise = False,
    kind: Annotated[log.Kind | None, Query(title="类别")] = None,
    since: Since = None,
    at: At = None,
    before: Before = None,
    limit: Page = 100,
) -> Any:
    """The log as it stood at a minute, the newest first. What came about by itself (a closed road that ran out) stands
    between, with an id below 0, beside the `limit` of written ones; `next` is a written one's."""
    then = minute.asked(snapshot.connection, at)
    page = log_whole.page(
        snapshot.connection, exercise=exercise, kind=kind, since=since, until=then, before=before, limit=limit
    )
    return answer(request, snapshot, page | {"items": log.shown(snapshot, page["items"])}, at)
