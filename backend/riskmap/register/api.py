"""Objects over HTTP: register, preview, list, look up, change, end; saved selections."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import Field, StringConstraints

from riskmap.base.errors import Forbidden
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.register import service
from riskmap.register.draft import ObjectDraft, ObjectPatch, Text, Wire
from riskmap.selection import request as selection_request
from riskmap.selection import saved
from riskmap.selection.compile import compile_selection
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot, marked

router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["register"])

_LIST_OWN = frozenset({"limit", "cursor", "sort"})
ObjectId = Annotated[int, Field(ge=1, le=2**62)]


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
    sort: Annotated[str | None, Query(max_length=60)] = None,
) -> Any:
    """A page of a selection, worst grade first unless sorted otherwise."""
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), _LIST_OWN)
    totals = request.app.state.totals
    found = service.page(asked.snapshot, asked.selection, totals, sort=sort, limit=limit, cursor=cursor)
    return marked(request, found)


@router.get("/objects/{object_id}")
def get_object(
    object_id: ObjectId,
    snapshot: ReadSnapshot,
    response: Response,
    as_of: Annotated[str | None, Query(max_length=40)] = None,
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
    return service.patch(snapshot, object_id, changes, expected, request.app.state.settings.bounds)


@router.delete("/objects/{object_id}")
def end_object(
    object_id: ObjectId,
    snapshot: WriteSnapshot,
    reason: Annotated[str, Query(min_length=1, max_length=500)],
    if_match: Annotated[str | None, Header(max_length=60)] = None,
) -> Any:
    """End an object's life today, with a reason."""
    expected = None if if_match is None else service.parse_if_match(if_match)
    return service.end(snapshot, object_id, reason.strip() or "未说明", expected)


@router.get("/objects/{object_id}/grade")
def get_grade(
    object_id: ObjectId, snapshot: ReadSnapshot, as_of: Annotated[str | None, Query(max_length=40)] = None
) -> Any:
    """How each grade and level came about."""
    return service.grades(snapshot.at(as_of), object_id)


@router.get("/objects/{object_id}/history")
def get_history(object_id: ObjectId, snapshot: ReadSnapshot) -> Any:
    """What each state changed of an object."""
    return service.history(snapshot, object_id)


class Party(Wire):
    """A person or post bound to an object."""

    role: Literal["主要负责人", "技术负责人", "操作负责人", "属地挂钩", "部门挂钩", "巡查"]
    post: Text = ""
    name: Text = ""
    phone: Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[0-9+\- ]{0,20}$")] = ""
    from_: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None


@router.get("/objects/{object_id}/parties")
def get_parties(object_id: ObjectId, snapshot: ReadSnapshot) -> Any:
    """Persons and posts; telephone numbers only from the department tier up."""
    return service.parties(snapshot, object_id)


@router.put("/objects/{object_id}/parties")
def put_parties(
    object_id: ObjectId, parties: Annotated[list[Party], Field(max_length=50)], snapshot: WriteSnapshot
) -> Any:
    """Replace the persons and posts of an object."""
    return service.set_parties(snapshot, object_id, [p.model_dump(by_alias=True) for p in parties])


@router.post("/selections", status_code=201)
def save_selection(body: dict[str, Any], snapshot: WriteSnapshot) -> Any:
    """Keep a selection, perhaps with a polygon `within`; the id is content-addressed."""
    if snapshot.reader.kind == "public":
        raise Forbidden("保存选择需要登录。")
    params, within = saved.as_parameters(body)
    moment, selection = selection_request.read(snapshot, params, within=within)
    compile_selection(selection, moment)  # a condition that no output could answer is refused here already
    return {"id": saved.save(snapshot.connection, selection, snapshot.reader.name)}
