"""Notices over HTTP: print one or many, see and revoke an object's public code."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from riskmap.access.dependencies import signed_in
from riskmap.access.reader import Reader
from riskmap.base import database
from riskmap.base.errors import Invalid, TooMany
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.base.wire import Wire
from riskmap.reports.notices import service
from riskmap.reports.notices.service import TITLES, Kind
from riskmap.selection import request as selection_request
from riskmap.selection import saved
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot
from riskmap.store.snapshot import Snapshot

router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["reports"])

ObjectId = Annotated[int, Field(ge=1, le=2**62)]
SignedIn = Annotated[Reader, Depends(signed_in)]

# Typesetting takes a processor for some seconds: the map's answers come first.
_AT_ONCE = threading.BoundedSemaphore(2)
_WAIT_S = 30


class NewNotice(Wire):
    """A notice to be printed, and whether its object is published by it."""

    kind: Kind = Field("board", title="哪种牌")
    publish: bool = Field(False, title="公开并印二维码")


class NewNotices(NewNotice):
    """Notices to be printed in one file."""

    selection: dict[str, Any] = Field(default_factory=dict, title="选择")


@router.get("/objects/{object_id}/notice.pdf", response_class=Response)
def get_notice(
    object_id: ObjectId,
    request: Request,
    reader: SignedIn,
    snapshot: ReadSnapshot,
    kind: Annotated[Kind, Query(title="哪种牌")] = "board",
    publish: Annotated[bool, Query(title="公开")] = False,
) -> Response:
    """风险公告牌 (board, A3) or 责任公示牌 (duty, A4) of one object, with its code where it is public already."""
    if publish:
        told = "看和打印不会公开对象。要公开并印二维码，请在打印窗口里勾选，或用 POST 提交。"
        raise Invalid(told, code="not_by_get")
    return _one(request, snapshot, object_id, kind, publish=False)


@router.post("/objects/{object_id}/notice.pdf", response_class=Response)
def post_notice(
    object_id: ObjectId, body: NewNotice, request: Request, reader: SignedIn, snapshot: ReadSnapshot
) -> Response:
    """The same; `publish`: an editor makes public what its code shows."""
    return _one(request, snapshot, object_id, body.kind, publish=body.publish)


def _one(request: Request, snapshot: Snapshot, object_id: int, kind: Kind, *, publish: bool) -> Response:
    rows = [service.to_print(snapshot, object_id)]
    return _answer(request, snapshot, rows, kind, publish, f"{TITLES[kind]}-{rows[0]['name'][:60]}", 0)


@router.post("/reports/notices", response_class=Response)
def post_notices(body: NewNotices, request: Request, reader: SignedIn, snapshot: ReadSnapshot) -> Response:
    """Notices of all live hazards of a selection in one file, up to 200."""
    params, within = saved.as_parameters(body.selection)
    if params.get("as_of"):
        raise Invalid("公告牌按现在的数据打印，请先回到现在再打印。", code="not_of_the_past")
    about, selection = selection_request.read(snapshot, params, within=within)
    chosen = service.of_selection(about, selection)
    name = f"{TITLES[body.kind]}-{len(chosen.rows)}张"
    return _answer(request, about, chosen.rows, body.kind, body.publish, name, chosen.left_out)


@router.get("/objects/{object_id}/public-code")
def get_code(object_id: ObjectId, reader: SignedIn, snapshot: ReadSnapshot) -> Any:
    """Whether the object's four items are public, and under which code."""
    return service.code_of(snapshot, object_id)


@router.delete("/objects/{object_id}/public-code")
def revoke_code(
    object_id: ObjectId,
    reader: SignedIn,
    snapshot: WriteSnapshot,
    reason: Annotated[str, Query(title="停用原因", min_length=1, max_length=200)],
) -> Any:
    """The code leads nowhere from now on."""
    service.revoke(snapshot, object_id, reason)
    return {"code": None}


@contextmanager
def _turn() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=_WAIT_S):
        raise TooMany("正有别人在打印公告牌，请过一会儿再打印。")
    try:
        yield
    finally:
        _AT_ONCE.release()


def _base(request: Request) -> str:
    """The address that a telephone is led to: the stated proxy's, else the one that this was asked under."""
    stated = request.app.state.settings.proxy
    return (stated or str(request.base_url)).rstrip("/")


def _answer(
    request: Request,
    snapshot: Snapshot,
    rows: Sequence[dict[str, Any]],
    kind: Kind,
    publish: bool,
    name: str,
    left_out: int,
) -> Response:
    """Codes, paper and trail in one transaction: what is not printed is not published."""
    app, reader = request.app.state, snapshot.reader
    ensure_disk(app.settings)
    writing = publish and service.may_publish(reader)
    with _turn(), database.write(app.engine, reader.settings(write=writing)) as connection:
        codes = service.codes(connection, snapshot, rows, publish=publish)
        made = service.pdf(snapshot, rows, kind, codes, _base(request), app.mark)
        service.note_printed(connection, snapshot, rows, kind, codes)
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(f'{name}-状态{snapshot.moment.n}.pdf')}",
        "X-Total-Rows": str(len(rows)),
        "X-Left-Out": str(left_out),
        "X-Public-Codes": str(len(codes)),
        "X-Data-State": str(snapshot.moment.n),
    }
    if made.lacking:
        headers["X-Lacking-Characters"] = ",".join(f"U+{ord(c):04X}" for c in made.lacking)
    return Response(made.body, media_type="application/pdf", headers=headers)
