"""Response levels over HTTP: started, changed, ended by commanders; their acts ticked; the lists of acts."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from riskmap.base import audit
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.rescue import acts, minute, response
from riskmap.rescue.api import At, Before, Exercise, Page, answer
from riskmap.rescue.rights import Commander, Inner, Keeper, Writer
from riskmap.rescue.warning_wire import (
    Act,
    ActList,
    ActMark,
    ActPerson,
    Change,
    End,
    NewResponse,
    Reset,
    ResponseKind,
)
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot
from riskmap.store.snapshot import Snapshot

router = APIRouter(prefix="/api/rescue", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"])

ResponseId = Annotated[int, Path(title="响应编号", ge=1, le=2**62)]
ActId = Annotated[int, Path(title="行动编号", ge=1, le=2**62)]
OfKind = Annotated[ResponseKind, Path(title="响应种类")]
OfLevel = Annotated[int, Path(title="响应级别", ge=1, le=4)]


def _one(request: Request, snapshot: Snapshot, response_id: int, at: datetime | None = None) -> dict[str, Any]:
    then = minute.asked(snapshot.connection, at)
    return answer(request, snapshot, response.body(snapshot, response_id, then), then)


def _audit(snapshot: Snapshot, action: str, ref: object, after: dict[str, Any]) -> None:
    reader = snapshot.reader
    audit.record(
        snapshot.connection, reader.name, action, "response", ref, address=reader.address, state=snapshot.moment.n,
        after=after,
    )  # fmt: skip


@router.get("/responses")
def list_responses(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    exercise: Exercise = False,
    running: Annotated[bool, Query(title="只看在响应的")] = False,
    at: At = None,
    before: Before = None,
    limit: Page = 100,
) -> Any:
    """{items, next}: responses as they stood at a minute, those that run first, then the newest; each as GET of one
    gives it. `next`: `before` of the older ones, or null."""
    then = minute.asked(snapshot.connection, at)
    items, following = response.listed(
        snapshot, exercise=exercise, at=then, running=running, before=before, limit=limit
    )
    return answer(request, snapshot, {"items": items, "next": following}, then)


@router.post("/responses", status_code=201)
def post_response(body: NewResponse, request: Request, reader: Commander, snapshot: WriteSnapshot) -> Any:
    """Start a response with the list of acts of its level. 409 where one of this kind runs for this area, with who was
    first in `now` {by, at, level}. `level` is 1 to 4, 1 the gravest."""
    response_id = response.start(
        snapshot, kind=body.kind, level=body.level, division=body.division, basis=body.basis, warning_id=body.warning,
        exercise=body.exercise,
    )  # fmt: skip
    _audit(snapshot, "start", response_id, body.model_dump())
    return _one(request, snapshot, response_id)


@router.get("/responses/{response_id}")
def get_response(
    response_id: ResponseId, request: Request, reader: Inner, snapshot: ReadSnapshot, at: At = None
) -> Any:
    """{id, kind, division, division_name, level, level_title, running, started_at, started_by, ended_at, ended_by,
    exercise, warning, step, steps: [{number, at, by, what: start|change|end, level, level_title, basis}],
    counts: {open, done, not_applicable, dropped, total, overdue},
    acts: [{id, act, department, post, minutes, level, from_list, due_at, left_s, state: open|done|not_applicable|
    dropped, state_title, overdue, late, marked_at, marked_by, note, person, phone}]} as it stood at a minute."""
    return _one(request, snapshot, response_id, at)


@router.post("/responses/{response_id}/change")
def change_response(
    response_id: ResponseId, body: Change, request: Request, reader: Commander, snapshot: WriteSnapshot
) -> Any:
    """Another level. `step` is the last that was seen; 409 for who was overtaken. Acts that both levels ask for go on;
    open ones that the new level does not ask for are dropped."""
    response.change(snapshot, response_id, body.level, body.basis, body.step)
    _audit(snapshot, "change", response_id, body.model_dump())
    return _one(request, snapshot, response_id)


@router.post("/responses/{response_id}/end")
def end_response(
    response_id: ResponseId, body: End, request: Request, reader: Commander, snapshot: WriteSnapshot
) -> Any:
    """The response ends; what was left open stays so."""
    response.end(snapshot, response_id, body.basis, body.step)
    _audit(snapshot, "close", response_id, body.model_dump())
    return _one(request, snapshot, response_id)


@router.post("/responses/{response_id}/acts", status_code=201)
def post_act(response_id: ResponseId, body: Act, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """One more act by hand; its clock runs from now."""
    response.add_act(snapshot, response_id, body.model_dump())
    _audit(snapshot, "update", response_id, {"act": body.act})
    return _one(request, snapshot, response_id)


@router.post("/responses/{response_id}/acts/{act_id}/mark")
def mark_act(
    response_id: ResponseId, act_id: ActId, body: ActMark, request: Request, reader: Writer, snapshot: WriteSnapshot
) -> Any:
    """Tick an act as done or not applicable, or open it again; only added to, the newest holds. 409 where it is so
    already, with who was first."""
    response.mark(snapshot, response_id, act_id, body.mark, body.note)
    _audit(snapshot, "update", response_id, {"act": act_id, "mark": body.mark})
    return _one(request, snapshot, response_id)


@router.post("/responses/{response_id}/acts/{act_id}/person")
def assign_act(
    response_id: ResponseId, act_id: ActId, body: ActPerson, request: Request, reader: Writer, snapshot: WriteSnapshot
) -> Any:
    """Say who does an act; an empty name takes it back."""
    response.assign(snapshot, response_id, act_id, body.person, body.phone)
    _audit(snapshot, "update", response_id, {"act": act_id, "person": body.person})
    return _one(request, snapshot, response_id)


# -- Lists of acts ---------------------------------------------------------------------


@router.get("/acts")
def list_acts(
    request: Request, reader: Inner, snapshot: ReadSnapshot, kind: Annotated[ResponseKind, Query(title="响应种类")]
) -> Any:
    """{items}: the list of each level in force, {level, level_title, own, version, changed_at, changed_by, note, acts:
    [{act, department, post, minutes}]}; `note` is said of a shipped list wherever it is shown."""
    items = [acts.in_use(snapshot.connection, kind, level) for level in acts.LEVELS]
    return answer(request, snapshot, {"kind": kind, "items": items})


@router.put("/acts/{kind}/{level}")
def put_acts(
    kind: OfKind, level: OfLevel, body: ActList, request: Request, reader: Keeper, snapshot: WriteSnapshot
) -> Any:
    """Put the bureau's own list in force. `version` is the one that was changed; 409 where another was first.
    Responses that run keep theirs."""
    made = acts.keep(snapshot, kind, level, [a.model_dump() for a in body.acts], body.version)
    _audit_list(snapshot, "update", kind, level, {"acts": len(body.acts), "version": made["version"]})
    return answer(request, snapshot, made)


@router.post("/acts/{kind}/{level}/reset")
def reset_acts(
    kind: OfKind, level: OfLevel, body: Reset, request: Request, reader: Keeper, snapshot: WriteSnapshot
) -> Any:
    """Back to the shipped list."""
    made = acts.keep(snapshot, kind, level, None, body.version)
    _audit_list(snapshot, "reset", kind, level, {"version": made["version"]})
    return answer(request, snapshot, made)


def _audit_list(snapshot: Snapshot, action: str, kind: str, level: int, after: dict[str, Any]) -> None:
    reader = snapshot.reader
    audit.record(
        snapshot.connection, reader.name, action, "act_list", f"{kind}{acts.LEVELS[level]}", address=reader.address,
        state=snapshot.moment.n, after=after,
    )  # fmt: skip
