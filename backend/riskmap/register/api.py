"""Objects over HTTP: register, preview, list, look up, change, end."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field, StringConstraints

from riskmap.base.errors import Forbidden
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.base.wire import Wire
from riskmap.register import history, near, position, service
from riskmap.register.draft import ObjectDraft, ObjectPatch, Parties
from riskmap.register.throttle import CountAsking
from riskmap.selection import request as selection_request
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot, marked

router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["register"])

_LIST_OWN = frozenset({"limit", "cursor", "sort"})
_NEAR_OWN = frozenset({"within", "limit"})
ObjectId = Annotated[int, Field(ge=1, le=2**62)]
TypedNumber = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
AsOf = Annotated[str | None, Query(title="回看的日期或状态号", max_length=40)]


@router.post("/objects", status_code=201)
def create_object(draft: ObjectDraft, request: Request, snapshot: WriteSnapshot) -> Any:
    """Register one object; 201 with its id and the state that holds it."""
    return service.create(snapshot, draft, request.app.state.settings.bounds)


@router.post("/objects/preview")
def preview_object(draft: ObjectDraft, request: Request, snapshot: ReadSnapshot) -> Any:
    """Validation, grade and trace of what would be registered; nothing is written."""
    if not snapshot.reader.writes:
        raise Forbidden("当前账号只能查看。需要登记，请登录有编辑权限的账号。")
    return service.preview(snapshot, draft, request.app.state.settings.bounds)


@router.get("/objects")
def list_objects(
    request: Request,
    snapshot: ReadSnapshot,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
    sort: Annotated[str | None, Query(title="排序", max_length=60)] = None,
) -> Any:
    """A page of a selection, worst grade first unless sorted otherwise."""
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), _LIST_OWN)
    totals = request.app.state.totals
    found = service.page(asked.snapshot, asked.selection, totals, sort=sort, limit=limit, cursor=cursor)
    return marked(request, found)


@router.post("/objects/{object_id}/preview")
def preview_change(object_id: ObjectId, changes: ObjectPatch, request: Request, snapshot: ReadSnapshot) -> Any:
    """Validation, grade and trace of what a PATCH with this body would make; nothing is written."""
    return service.preview_change(snapshot, object_id, changes, request.app.state.settings.bounds)


@router.get("/objects/{object_id}")
def get_object(
    object_id: ObjectId,
    snapshot: ReadSnapshot,
    response: Response,
    as_of: AsOf = None,
) -> Any:
    """One object, also an ended one; `as_of` as in a selection."""
    found = service.detail(snapshot.at(as_of), object_id)
    response.headers["ETag"] = f'"{found["object_state"]}"'
    return found


@router.patch("/objects/{object_id}")
def patch_object(
    object_id: ObjectId,
    changes: ObjectPatch,
    request: Request,
    snapshot: WriteSnapshot,
    if_match: Annotated[str | None, Header(max_length=60)] = None,
) -> Any:
    """Change some fields. If-Match names the state of the object that the edit rests on; a lost race is 409."""
    expected = service.parse_if_match(if_match)
    app = request.app.state
    return service.patch(snapshot, object_id, changes, expected, app.settings.bounds, app.gone)


@router.delete("/objects/{object_id}")
def end_object(
    object_id: ObjectId,
    request: Request,
    snapshot: WriteSnapshot,
    reason: Annotated[str, Query(title="注销原因", min_length=1, max_length=500)],
    if_match: Annotated[str | None, Header(max_length=60)] = None,
) -> Any:
    """End an object's life today, with a reason."""
    expected = None if if_match is None else service.parse_if_match(if_match)
    return service.end(snapshot, object_id, reason.strip() or "未说明", expected, request.app.state.gone)


@router.get("/objects/{object_id}/grade")
def get_grade(
    object_id: ObjectId,
    snapshot: ReadSnapshot,
    count_asking: CountAsking,
    as_of: AsOf = None,
) -> Any:
    """How each grade and level came about, and what is assessed beside them."""
    return service.grades(snapshot.at(as_of), object_id, count_asking)


@router.get("/objects/{object_id}/history")
def get_history(object_id: ObjectId, snapshot: ReadSnapshot) -> Any:
    """What each state changed of an object."""
    return history.history(snapshot, object_id)


@router.get("/objects/{object_id}/parties")
def get_parties(object_id: ObjectId, snapshot: ReadSnapshot, response: Response, as_of: AsOf = None) -> Any:
    """Persons and posts; telephone numbers only from the department tier up.

    The ETag is what a PUT names in If-Match.
    """
    found = service.parties(snapshot.at(as_of), object_id)
    response.headers["ETag"] = f'"{found.state}"'
    return found.parties


@router.put("/objects/{object_id}/parties")
def put_parties(
    object_id: ObjectId,
    parties: Parties,
    snapshot: WriteSnapshot,
    response: Response,
    if_match: Annotated[str | None, Header(max_length=60)] = None,
) -> Any:
    """Replace the persons and posts of an object. With If-Match (the ETag of the GET), a lost race is 409."""
    expected = None if if_match is None else service.parse_if_match(if_match)
    written = service.set_parties(snapshot, object_id, parties, expected)
    response.headers["ETag"] = f'"{written.state}"'
    return written.parties


@router.get("/objects/{object_id}/near")
def get_near(
    object_id: ObjectId,
    request: Request,
    snapshot: ReadSnapshot,
    within: Annotated[float, Query(title="周边距离（米）", gt=0, le=5000)] = 500,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Any:
    """What of a selection lies within metres of an object, outline to outline, nearest first; the total is exact."""
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), _NEAR_OWN)
    engine = request.app.state.map_engine
    return marked(request, near.near(asked.snapshot, asked.selection, engine, object_id, within, limit))


class TypedPosition(Wire):
    """A position as it is written: x is the longitude (or easting), in the datum that `crs` names."""

    x: TypedNumber = Field(title="经度或横坐标")
    y: TypedNumber = Field(title="纬度或纵坐标")
    crs: Annotated[str, StringConstraints(max_length=20)] = Field("EPSG:4490", title="坐标系")


@router.post("/positions")
def read_position(typed: TypedPosition, request: Request, snapshot: ReadSnapshot) -> Any:
    """A typed position in CGCS2000 degrees, with the division it lies in; nothing is written."""
    return position.read_position(snapshot, typed.x, typed.y, typed.crs, request.app.state.settings.bounds)
