"""转移 over HTTP: orders, entries, counts."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from riskmap.base import audit
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.rescue import floods, minute
from riskmap.rescue.api import At, Exercise, answer, count, note_asked, page_code
from riskmap.rescue.evac import entries, orders, plan, proposal, shelters
from riskmap.rescue.evac.wire import Arrangement, Closing, Entry, MoreVillages, NewEvacuation, PlanQuestion, Proposal
from riskmap.rescue.rights import Commander, Inner, Writer
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot, WriteSnapshots
from riskmap.store.snapshot import Snapshot

router = APIRouter(
    prefix="/api/rescue/evacuations", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"]
)

EvacuationId = Annotated[int, Path(title="转移编号", ge=1, le=2**62)]
PlanId = Annotated[int, Path(title="安置方案编号", ge=1, le=2**62)]
VillageId = Annotated[int, Path(title="村编号", ge=1, le=2**62)]


def _one(request: Request, snapshot: Snapshot, evacuation_id: int, at: datetime | None = None) -> dict[str, Any]:
    then = minute.asked(snapshot.connection, at)
    return answer(
        request, snapshot, plan.with_assigned(snapshot, orders.body(snapshot, evacuation_id, then), then), then
    )


def note(snapshot: Snapshot, action: str, ref: object, after: dict[str, Any]) -> None:
    """One line of the audit about an evacuation."""
    reader = snapshot.reader
    audit.record(
        snapshot.connection, reader.name, action, "evacuation", ref, address=reader.address, state=snapshot.moment.n,
        after=after,
    )  # fmt: skip


@router.get("")
def list_evacuations(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    exercise: Exercise = False,
    running: Annotated[bool, Query(title="只看进行中的")] = False,
    at: At = None,
) -> Any:
    """{items}: evacuations at a minute, the newest first, each with its counts in all; `villages` is their number."""
    then = minute.asked(snapshot.connection, at)
    items = orders.listed(snapshot, exercise=exercise, at=then, running_only=running)
    return answer(request, snapshot, {"items": items}, then)


@router.post("/propose")
def propose(body: Proposal, request: Request, reader: Inner, snapshot: ReadSnapshot) -> Any:
    """{flood, margin_m} → {villages: [{name, division, town, object, class_title, to_move, depth_m, distance_m, source,
    dated}], hidden, hidden_persons, persons, unknown, near, near_hidden, flood, exercise}: villages and residential
    areas in the water of a flood, with residents as `to_move`; `near`: the same of those within `margin_m` of it.
    `hidden`, `near_hidden`: how many more of each there are that the asker may not see, or that have no division.
    Nothing is written."""
    count(reader)
    flood = floods.find(snapshot.connection, body.flood)
    found = proposal.of_flood(snapshot, flood, body.margin_m)
    note_asked(request, snapshot, "flood", body.flood, {"homes": len(found["villages"]) + found["hidden"]})
    return answer(request, snapshot, {**found, "flood": body.flood, "exercise": flood["exercise"]})


@router.post("", status_code=201)
def post_evacuation(body: NewEvacuation, request: Request, reader: Commander, snapshot: WriteSnapshot) -> Any:
    """Order an evacuation: an act of a commander. Answers as GET of one."""
    evacuation_id = orders.order(snapshot, body)
    after = {"name": body.name, "level": body.level, "villages": len(body.villages)}
    note(snapshot, "create", evacuation_id, after)
    return _one(request, snapshot, evacuation_id)


@router.get("/{evacuation_id}")
def get_evacuation(
    evacuation_id: EvacuationId, request: Request, reader: Inner, snapshot: ReadSnapshot, at: At = None
) -> Any:
    """{id, name, flood, level, trigger, ordered_at, by, exercise, closed_at, closed_by, closed_reason, keep_days, and
    in all: to_move, moved, sheltered, with_relatives, left, returned, returned_from_shelters, returned_from_relatives,
    in_shelters; yours: whether all its villages lie in the asker's areas, so that he may end it or accept a plan, his
    role allowing; villages: [{id, name, division, division_name, object, area, organiser, phone, transport, route,
    shelter, may_enter, may_see_households, assigned (by the plan in force: {shelter, name, persons, distance_m,
    off_start_m, off_road_m, out_of_use}), and the same counts}]} as it stood at a minute.

    moved = sheltered + with_relatives and to_move = moved + left; who returned is counted apart and lowers neither;
    in_shelters = sheltered - returned_from_shelters."""
    return _one(request, snapshot, evacuation_id, at)


@router.post("/{evacuation_id}/villages", status_code=201)
def post_villages(
    evacuation_id: EvacuationId, body: MoreVillages, request: Request, reader: Commander, snapshot: WriteSnapshot
) -> Any:
    """Further villages of an order."""
    orders.add_villages(snapshot, evacuation_id, body.villages)
    note(snapshot, "update", evacuation_id, {"villages": [v.name for v in body.villages][:50]})
    return _one(request, snapshot, evacuation_id)


@router.post("/{evacuation_id}/villages/{village_id}/arrange")
def post_arrangement(
    evacuation_id: EvacuationId,
    village_id: VillageId,
    body: Arrangement,
    request: Request,
    reader: Writer,
    snapshot: WriteSnapshot,
) -> Any:
    """Who leads a village out, by which way and where to; the newest holds."""
    orders.arrange(snapshot, evacuation_id, village_id, body)
    note(snapshot, "update", evacuation_id, {"village": village_id, "shelter": body.shelter})
    return _one(request, snapshot, evacuation_id)


@router.post("/{evacuation_id}/close")
def close_evacuation(
    evacuation_id: EvacuationId, body: Closing, request: Request, reader: Commander, snapshot: WriteSnapshot
) -> Any:
    """The evacuation ends; its households are deleted `keep_days` (30) days later. Entries about what was before the
    end may still come in. 403 for who does not have all its villages in his areas."""
    orders.close(snapshot, evacuation_id, body.reason, body.keep_days)
    note(snapshot, "close", evacuation_id, body.model_dump())
    return _one(request, snapshot, evacuation_id)


@router.post("/{evacuation_id}/entries", status_code=201)
def post_entry(
    evacuation_id: EvacuationId,
    body: Entry,
    request: Request,
    response: Response,
    reader: Writer,
    snapshot: WriteSnapshot,
) -> Any:
    """An entry: {id, village, kind, persons, shelter, household, origin, cancels, at, made_at, by, key, note, counts
    (of the village now), warning}. The same `key` again answers the first result with 200. What would break the
    equations is 409 with a sentence and `now` (the village's counts): codes over_to_move (may be sent again with
    `force_to_move`), below_moved, over_moved, over_relatives, over_sheltered, over_household, not_yet (the entry that
    it `cancels` has not come), corrected, closed, key_used."""
    kept = entries.keep(snapshot, evacuation_id, body)
    if kept.again:
        response.status_code = 200
    else:
        note(snapshot, "enter", evacuation_id, {"entry": kept.entry["id"], "village": body.village, "kind": body.kind})
    found = {**kept.entry, "counts": kept.counts, "warning": kept.warning}
    return answer(request, snapshot, found, minute.asked(snapshot.connection, None))


@router.get("/{evacuation_id}/entries")
def list_entries(
    evacuation_id: EvacuationId,
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    village: Annotated[int | None, Query(title="村编号", ge=1, le=2**62)] = None,
    limit: Annotated[int, Query(title="条数", ge=1, le=5000)] = 500,
    at: At = None,
) -> Any:
    """{items}: entries up to a minute, the newest first; `cancelled` where another stands in for it."""
    then = minute.asked(snapshot.connection, at)
    orders.head(snapshot.connection, evacuation_id, then)
    items = entries.listed(snapshot, evacuation_id, village, then, limit)
    return answer(request, snapshot, {"items": items}, then)


@router.get("/{evacuation_id}/places")
def get_places(evacuation_id: EvacuationId, request: Request, reader: Inner, snapshot: ReadSnapshot) -> Any:
    """{items: [{village, at: [lon, lat] | null, rough}]}: where the villages are. `rough`: the middle of the division,
    where no village is registered, or the reader may not see it."""
    orders.head(snapshot.connection, evacuation_id)
    items = plan.shown_places(snapshot, orders.villages(snapshot.connection, evacuation_id))
    return answer(request, snapshot, {"items": items})


@router.get("/{evacuation_id}/villages/{village_id}/page.svg", response_class=Response)
def get_page_code(
    evacuation_id: EvacuationId, village_id: VillageId, request: Request, reader: Inner, snapshot: ReadSnapshot
) -> Response:
    """The address of the village officer's page, as a QR code. Who opens it has to sign in."""
    orders.find_village(snapshot.connection, evacuation_id, village_id)
    return page_code(request, f"/rescue/evac/{evacuation_id}/{village_id}")


# -- Shelters --------------------------------------------------------------------------------


@router.get("/{evacuation_id}/shelters")
def get_shelters(
    evacuation_id: EvacuationId,
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    hazard_m: Annotated[int, Query(title="避开危险源的距离", ge=0, le=5000)] = 500,
) -> Any:
    """{items: [{id, name, division, at, masked, capacity, occupied, free, reserved, in_water, depth_m, usable, why_not,
    cautions (what is not known of it, in words, and does not forbid its use),
    hazards: [{id, name, class_title, grade, masked, distance_m}], more_hazards}], total, unusable, capacity, free (of
    those that can be used), hidden, unnamed (persons in shelters of all evacuations that run of whom it was not said in
    which: in no `occupied`), in_closed (persons in shelters that are closed since), water: the flood
    that they are tested against, which is the newest version of the order's scenario, water_withdrawn: that all its
    versions are}. Free = capacity - who is in it from all evacuations that run."""
    count(reader)
    of = orders.head(snapshot.connection, evacuation_id)
    found = shelters.all_of(snapshot, of, hazard_m)
    note_asked(request, snapshot, "evacuation", evacuation_id, {"shelters": len(found), "hazard_m": hazard_m})
    water = orders.water_now(snapshot.connection, of)
    withdrawn = water is not None and floods.find(snapshot.connection, water)["withdrawn_at"] is not None
    unnamed = shelters.unnamed(snapshot, of["exercise"])
    body = shelters.answer(snapshot, found) | {
        "unnamed": unnamed, "in_closed": shelters.in_closed(snapshot, of["exercise"], found), "water": water,
        "water_withdrawn": withdrawn,
    }  # fmt: skip
    return answer(request, snapshot, {**body, "hazard_m": hazard_m}, minute.asked(snapshot.connection, None))


@router.post("/{evacuation_id}/plans", status_code=201)
def post_plan(
    evacuation_id: EvacuationId, body: PlanQuestion, request: Request, reader: Writer, opened: WriteSnapshots
) -> Any:
    """Propose where who is left goes; nothing is in force before it is accepted. Answers as GET of one. 409 `changed`
    where what it rests on went on changing while it was worked out."""
    count(reader)

    def kept(snapshot: Snapshot, plan_id: int) -> None:
        note(snapshot, "make", evacuation_id, {"plan": plan_id, **body.model_dump()})

    plan_id = plan.propose(opened, getattr(request.app.state, "router", None), evacuation_id, body, kept)
    with opened() as snapshot:
        found = plan.body(snapshot, evacuation_id, plan_id)
        return answer(request, snapshot, found, minute.asked(snapshot.connection, None))


@router.get("/{evacuation_id}/plans")
def list_plans(
    evacuation_id: EvacuationId, request: Request, reader: Inner, snapshot: ReadSnapshot, at: At = None
) -> Any:
    """{items, most}: plans made by a minute, the newest first: {id, made_at, by, routing, short, accepted_at,
    accepted_by}."""
    then = minute.asked(snapshot.connection, at)
    orders.head(snapshot.connection, evacuation_id, then)
    return answer(request, snapshot, {"items": plan.listed(snapshot, evacuation_id, then), "most": plan.MOST}, then)


@router.get("/{evacuation_id}/plans/{plan_id}")
def get_plan(
    evacuation_id: EvacuationId, plan_id: PlanId, request: Request, reader: Inner, snapshot: ReadSnapshot
) -> Any:
    """{id, made_at, by, routing: road|straight_line, notes, hazard_m, top_kmh (nobody is reckoned faster), persons,
    short, shelters, accepted_at, accepted_by, villages: [{village, name, left, short, why, way:
    dry|before_water|straight_line|null, to: [{shelter, name, masked, persons, distance_m, travel_s,
    off_start_m, off_road_m}]}], diff:
    {against: {plan, at, by} | null, rows: [{village, name, before: [{name, persons}], after}], same}}: to the plan in
    force, or of one that was accepted to the one before it. `unused_since`: [{name, said, persons}], shelters that the
    register has as not in use since it was made."""
    return answer(request, snapshot, plan.body(snapshot, evacuation_id, plan_id))


@router.post("/{evacuation_id}/plans/{plan_id}/accept")
def accept_plan(
    evacuation_id: EvacuationId, plan_id: PlanId, request: Request, reader: Commander, snapshot: WriteSnapshot
) -> Any:
    """Put a plan in force, whole. 409 where it is already (accepted), another was first (overtaken), or the places
    have gone meanwhile (no_room)."""
    plan.accept(snapshot, evacuation_id, plan_id)
    note(snapshot, "accept", evacuation_id, {"plan": plan_id})
    return answer(request, snapshot, plan.body(snapshot, evacuation_id, plan_id))
