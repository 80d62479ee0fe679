"""Plans, orders and calls over HTTP."""

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response

from riskmap.base import audit, clock, database
from riskmap.base.errors import Invalid, NotFound
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.rescue import minute
from riskmap.rescue.api import At, Exercise, answer, count, note_asked
from riskmap.rescue.dispatch import (
    accept,
    calls,
    marks,
    orders,
    orders_paper,
    outcome,
    plan_view,
    planning,
    plans,
    teams,
)
from riskmap.rescue.dispatch.picture import Asked
from riskmap.rescue.dispatch.wire import Call, Correction, NewPlan, OrderMark, PlanChange, Replan
from riskmap.rescue.rights import Commander, Inner, Writer, commander
from riskmap.rescue.wire import Reason
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot, WriteSnapshots
from riskmap.store.snapshot import Snapshot

router = APIRouter(prefix="/api/rescue", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"])

PlanId = Annotated[int, Path(title="方案编号", ge=1, le=2**62)]
OrderId = Annotated[int, Path(title="调度令编号", ge=1, le=2**62)]


def _plan(request: Request, snapshot: Snapshot, plan_id: int, at: Any = None) -> dict[str, Any]:
    then = minute.asked(snapshot.connection, at)
    snapshot = snapshot.known_at(at)
    return answer(request, snapshot, plan_view.body(snapshot, plan_id, then), then)


@router.get("/plans")
def list_plans(
    request: Request, reader: Inner, snapshot: ReadSnapshot, exercise: Exercise = False, at: At = None,
    limit: Annotated[int, Query(title="条数", ge=1, le=200)] = 50,
) -> Any:  # fmt: skip
    """{items, accepted: {plan, number, at, by} | null}: plans at a minute, the newest first, and which holds."""
    then = minute.asked(snapshot.connection, at)
    items = plans.listed(snapshot.connection, exercise=exercise, at=then, limit=limit)
    holds = plans.last_accepted(snapshot.connection, exercise, then)  # however many drafts came after it
    return answer(request, snapshot, {"items": items, "accepted": holds}, then)


@router.post("/plans", status_code=201)
def post_plan(body: NewPlan, request: Request, reader: Writer, opened: WriteSnapshots) -> Any:
    """{flood, incidents, teams | null, exercise} → {id, assignments: [{team, team_name, incident, incident_name,
    travel_s, distance_m, routing, route, boat_leg, boat_out, off_road_m, off_start_m, off_road, instructions,
    in_water_m, meets, seats, pinned, order, rerouted, why}], unreachable: [{incident, code: no_way|no_skill|no_team,
    why}], short: [{incident, needs, seats, words}], left_out, lapsed: [{team, incident, why}], standing,
    withdraws: [{team, order, incident, renewed}],
    optimal, solved_note, routing, routing_title, routing_notes, based_on, accepted, overtaken, diff, causes, since}.
    `pins`: what was set by hand, `barred`: not this team there; `lapsed`: what of it holds no more;
    `finished`: [{incident, team, order, at}], what teams have reported as done. `rerouted`: the order that is given
    anew because its way is another; `renewed`: whose team gets another for the same incident. A proposal: nobody is
    sent before it is accepted."""
    count(reader)
    asked = Asked(body.incidents, body.teams, body.flood, body.exercise)
    made = planning.make(opened, request.app.state.router, asked)
    with opened() as snapshot:
        note_asked(request, snapshot, "plan", made, {"incidents": body.incidents, "flood": body.flood})
        return _plan(request, snapshot, made)


@router.get("/plans/{plan_id}")
def get_plan(plan_id: PlanId, request: Request, reader: Inner, snapshot: ReadSnapshot, at: At = None) -> Any:
    """A plan; `diff` to its parent: {rows: [{incident, what: lost|gained|other_team|slower|faster|rerouted|new|gone|
    same, words, before, after}], counts}; `against`: the same to the orders that run, with {both, before_s, after_s};
    `unanswered`: the engine has given no answer, it is by straight lines; `spoilt`: so it is until the engine's data
    are built anew; `since`: what has changed since it looked,
    in words; `overtaken`: who accepted another; `returned_at`, `returned_by`, `returned_reason`."""
    return _plan(request, snapshot, plan_id, at)


@router.get("/plans/{plan_id}/since")
def get_since(plan_id: PlanId, request: Request, reader: Inner, snapshot: ReadSnapshot, at: At = None) -> Any:
    """{since, overtaken, holds, …head}: whether a plan stands, without what is in it. Cheap enough to be polled."""
    then = minute.asked(snapshot.connection, at)
    snapshot = snapshot.known_at(at)
    return answer(request, snapshot, plan_view.how_it_stands(snapshot, plan_id, then), then)


@router.post("/plans/{plan_id}/return")
def return_plan(plan_id: PlanId, body: Reason, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """退回: the proposal is not wanted, with the reason. By who made it or may dispatch. 409 where it was accepted or
    returned already."""
    plans.give_back(snapshot, plan_id, body.reason)
    audit.record(
        snapshot.connection, reader.name, "send_back", "plan", plan_id, address=reader.address, state=snapshot.moment.n,
        after={"reason": body.reason},
    )  # fmt: skip
    return _plan(request, snapshot, plan_id)


@router.post("/plans/{plan_id}/change", status_code=201)
def change_plan(plan_id: PlanId, body: PlanChange, request: Request, reader: Writer, opened: WriteSnapshots) -> Any:
    """{team, incident | null, instead_of | null} → a further plan with this team there, `instead_of` nowhere and all
    others as before, and the `diff`: what it means for each incident. Nothing is accepted."""
    count(reader)
    made = planning.change(opened, request.app.state.router, plan_id, body.team, body.incident, body.instead_of)
    with opened() as snapshot:
        note_asked(request, snapshot, "plan", made, {"parent": plan_id, **body.model_dump()})
        return _plan(request, snapshot, made)


@router.post("/plans/{plan_id}/replan", status_code=201)
def replan(plan_id: PlanId, body: Replan, request: Request, reader: Writer, opened: WriteSnapshots) -> Any:
    """{flood | null, incidents | null, keep_pins, lift: [{team, incident}], widen} → a further plan with what is known
    now, its `causes` and the `diff`; `lift`: what was set by hand and is not kept; `widen`: over all teams, though the
    one before was over some.
    Teams under way to incidents of the plan may be turned; those that have arrived stay."""
    count(reader)
    made = planning.replan(
        opened,
        request.app.state.router,
        plan_id,
        flood=body.flood,
        of=body.incidents,
        keep_pins=body.keep_pins,
        lift={(one.team, one.incident) for one in body.lift},
        widen=body.widen,
    )
    with opened() as snapshot:
        note_asked(request, snapshot, "plan", made, {"parent": plan_id, **body.model_dump()})
        return _plan(request, snapshot, made)


@router.post("/plans/{plan_id}/accept")
def accept_plan(plan_id: PlanId, request: Request, reader: Commander, snapshot: WriteSnapshot) -> Any:
    """The plan holds: {…plan, orders}. 409 `overtaken` or `accepted` says who was first and when; `incident_over` and
    `team_changed` what is not so any more."""
    number = accept.accept(snapshot, plan_id)
    audit.record(
        snapshot.connection, reader.name, "accept", "plan", plan_id, address=reader.address,
        state=snapshot.moment.n, after={"number": number},
    )  # fmt: skip
    then = minute.asked(snapshot.connection, None)
    told = plan_view.body(snapshot, plan_id, then)
    made = orders.listed(snapshot, exercise=told["exercise"], at=then, plan=plan_id)
    return answer(request, snapshot, {**told, "orders": made}, then)


# -- Orders --------------------------------------------------------------------------------


@router.get("/orders")
def list_orders(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    exercise: Exercise = False,
    plan: Annotated[int | None, Query(title="方案", ge=1, le=2**62)] = None,
    incident: Annotated[int | None, Query(title="险情", ge=1, le=2**62)] = None,
    team: Annotated[int | None, Query(title="队伍", ge=1, le=2**62)] = None,
    running: Annotated[bool, Query(title="只看未完成")] = False,
    at: At = None,
) -> Any:
    """{items: [{id, number, plan, plan_number, team: {id, name, masked}, incident, incident_name, ordered_at, by, to,
    what, travel_s, distance_m, routing, expected_at, late, instructions, ashore: {point: [lon, lat], distance_m} |
    null, launch: {point, distance_m, whole} | null, status: issued|receipt|departure|arrival|result|cancelled,
    status_title, marks: [{id, what, what_title, at, made_at, by, how, how_title, note}],
    taken_back: [{…mark, taken_back: {at, by, reason}}], turned_back, left, said}], counts, most}: orders as they
    stood at a minute, of the newest `most`; those that run whom to ring first at the top, else the newest first.
    `taken_back`: marks that were wrong; `turned_back`: nobody comes by it any more, `left`: for what (the team has
    gone home, or was struck off); `said`: the team does something else than its order. Notes and reasons for who sees
    the team in full."""
    then = minute.asked(snapshot.connection, at)
    snapshot = snapshot.known_at(at)
    if team is not None:  # whose orders one may not read, by that one may not ask either
        teams.ensure_known(snapshot, team)
    items = orders.listed(
        snapshot, exercise=exercise, at=then, plan=plan, incident=incident, team=team, running=running
    )  # fmt: skip
    if running:
        items = orders.by_need(items)
    counts = {s: sum(o["status"] == s for o in items) for s in ("issued", *marks.TITLES)}
    return answer(request, snapshot, {"items": items, "counts": counts, "most": orders.MOST}, then)


@router.get("/orders.pdf", response_class=Response)
def get_sheets(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    exercise: Exercise = False,
    plan: Annotated[int | None, Query(title="方案", ge=1, le=2**62)] = None,
    order: Annotated[list[int] | None, Query(title="调度令", max_length=orders_paper.MOST)] = None,
    at: At = None,
) -> Response:
    """Orders as A4 sheets, one a page: of a plan, or these; at most 200. Of teams that the asker sees in full. As they
    stood at a minute, which is on the sheets then."""
    then = minute.asked(snapshot.connection, at)
    snapshot = snapshot.known_at(at)
    listed = orders.listed(snapshot, exercise=exercise, at=then, plan=plan, ids=order)
    mine = [o for o in listed if o["team"]["masked"] is None]
    if not mine:
        raise NotFound("没有可打印的调度令：还没有下达，或队伍您无权查看。")
    if len(mine) > orders_paper.MOST:
        raise Invalid(f"一次最多打印 {orders_paper.MOST} 份，请选一个方案或几份调度令。", code="too_many")
    app = request.app.state
    made = orders_paper.pdf(snapshot, mine, exercise, app.mark, then, None if at is None else then)
    with database.write(app.engine, reader.settings()) as connection:  # with telephones: who took it away is kept
        audit.record(
            connection, reader.name, "print", "order", plan or "", address=reader.address, state=snapshot.moment.n,
            after={"orders": [o["id"] for o in mine], "exercise": exercise},
        )  # fmt: skip
    name = f"{'演练-' if exercise else ''}调度令-{clock.now():%m%d-%H%M}.pdf"
    headers = {
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "private, no-store",
        "X-Data-State": str(snapshot.moment.n),
    }
    return Response(made.body, media_type="application/pdf", headers=headers)


@router.post("/orders/{order_id}/marks", status_code=201)
def mark_order(order_id: OrderId, body: OrderMark, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """{what: receipt|departure|arrival|result|cancelled, at, how: phone_page|call, note, key}: what became of an order;
    the team's status follows. Only who may dispatch takes an order back. Sent again under the same `key` it is written
    once. 409 where the order is over, or marked so already."""
    if body.what == "cancelled":
        commander(reader)
    outcome.mark(snapshot, order_id, what=body.what, at=body.at, how=body.how, note=body.note, key=body.key)
    then = minute.asked(snapshot.connection, None)
    return answer(request, snapshot, orders.find(snapshot, order_id, then), then)


@router.post("/orders/{order_id}/marks/{mark_id}/correct", status_code=201)
def correct_mark(
    order_id: OrderId, mark_id: Annotated[int, Path(title="记录编号", ge=1, le=2**62)], body: Correction,
    request: Request, reader: Writer, snapshot: WriteSnapshot,
) -> Any:  # fmt: skip
    """{reason, instead: receipt|departure|arrival|result|cancelled | null, last: id | null}: a mark that was wrong
    counts no more, and the team stands as it did without it; `instead`: what it should have been, at the same time.
    409 where another has corrected it or marked since `last`, a plan took the order back, or the team would have two
    open orders."""
    outcome.correct(snapshot, order_id, mark_id, reason=body.reason, instead=body.instead, last=body.last)
    then = minute.asked(snapshot.connection, None)
    return answer(request, snapshot, orders.find(snapshot, order_id, then), then)


# -- 一键通 --------------------------------------------------------------------------------


@router.get("/calls")
def get_calls(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    object: Annotated[int, Query(title="对象", ge=1, le=2**62)],
    exercise: Exercise = False,
    at: At = None,
) -> Any:
    """{object, items: [{n, party, role, post, name, phone, calls: [{at, by, result, note, order}]}], note, calls}: whom
    to ring for an object, in that order, with the calls that were made."""
    then = minute.asked(snapshot.connection, at)
    snapshot = snapshot.known_at(at)
    return answer(request, snapshot, calls.listed(snapshot, object, then, exercise), then)


@router.post("/calls", status_code=201)
def post_call(body: Call, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """{object, party | null, result: 接通|未接|转达, order | null, note, exercise}: a call that was made."""
    made = calls.keep(snapshot, **body.model_dump())
    then = minute.asked(snapshot.connection, None)
    found = calls.listed(snapshot, body.object, then, body.exercise)
    return answer(request, snapshot, {"id": made, **found}, then)
