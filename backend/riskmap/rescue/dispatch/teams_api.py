"""Teams, goods and incidents over HTTP."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from riskmap.base import audit
from riskmap.base.errors import FieldError, Invalid
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.rescue import floods, minute, stakes
from riskmap.rescue.api import At, Exercise, answer, count, note_asked, page_code
from riskmap.rescue.dispatch import goods, incident_list, incidents, nearest, orders, teams, ways
from riskmap.rescue.dispatch.wire import Close, GoodsMove, IncidentChange, Merge, Need, NewIncident, Split, TeamStatus
from riskmap.rescue.rights import Inner, Writer
from riskmap.rescue.routing import Place
from riskmap.store.dependencies import ReadSnapshot, ReadSnapshots, WriteSnapshot
from riskmap.store.snapshot import Snapshot

router = APIRouter(prefix="/api/rescue", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"])

TeamId = Annotated[int, Path(title="队伍编号", ge=1, le=2**62)]
ObjectId = Annotated[int, Path(title="对象编号", ge=1, le=2**62)]
StoreId = Annotated[int, Path(title="物资库编号", ge=1, le=2**62)]
IncidentId = Annotated[int, Path(title="险情编号", ge=1, le=2**62)]
OfFlood = Annotated[int | None, Query(title="淹没范围", ge=1, le=2**62)]
Some = Annotated[int, Query(title="条数", ge=1, le=200)]


# -- Teams -------------------------------------------------------------------------------


@router.get("/teams")
def list_teams(
    request: Request, reader: Inner, snapshot: ReadSnapshot, exercise: Exercise = False, at: At = None
) -> Any:
    """{items: [{id, name, division, base, skills: [{value, title}], boats, seats, pumps_m3h, wading_depth_cm, persons,
    status, status_at, status_by, load, note, contact: {role, post, name, phone} | null, position,
    position_from: base|reported, position_at, out_of_use (that it is registered as not in use, in words; else empty),
    standby: {id, name, at, recorded_at, travel_s, expected_at, routing, arrived_at} | null (where it was told to stand
    by and is on its way to, until `arrived_at`), order: {id, incident, at} | null}], hidden, by_status}: teams as they
    stood at a minute, those that the register had then, called as then. `hidden`: how many more there are that the
    asker may not see."""
    then = minute.asked(snapshot.connection, at)
    snapshot = snapshot.known_at(at)
    every = teams.all_of(snapshot, exercise=exercise, at=then)
    told = teams.bodies(snapshot, every, orders.open_by_team(snapshot.connection, exercise=exercise, at=then))
    shown = [t for t in told if t["masked"] is None]
    by_status = {s: sum(t["status"] == s for t in shown) for s in teams.STATUSES}
    body = {"items": shown, "hidden": len(told) - len(shown), "by_status": by_status}
    return answer(request, snapshot, body, then)


@router.get("/teams/nearest")
def nearest_teams(
    request: Request,
    reader: Inner,
    opened: ReadSnapshots,
    lon: Annotated[Decimal, Query(title="经度", ge=-180, le=180)],
    lat: Annotated[Decimal, Query(title="纬度", ge=-85, le=85)],
    flood: OfFlood = None,
    need: Annotated[list[Need] | None, Query(title="需要")] = None,
    others: Annotated[bool, Query(title="含条件不全的")] = False,
    exercise: Exercise = False,
    limit: Some = 20,
) -> Any:
    """{items: [{…team, leg: {travel_s, distance_m, routing, boat_leg, boat_out, off_road_m, off_start_m} | null, said,
    lacks}], total, fitting, routing, routing_title, routing_notes}: teams in order of estimated arrival at a place,
    with all that is needed; with `others` also those that lack something of it, after those that do not; `lacks`:
    what, in words, of teams that the reader sees in full. A team that is out of use stands behind those in use and is
    not `fitting`, one without a way at the end; each says why; `said` is for one that is not free or not in use."""
    count(reader)
    with opened() as snapshot:
        if flood is not None:
            _same_kind(snapshot, flood, exercise)
        then = minute.asked(snapshot.connection, None)
        every = teams.all_of(snapshot, exercise=exercise, at=then)
        lacks = {t.id: [incidents.NEEDS[n] for n in need or () if not t.meets(n)] for t in every}
        fitting = [t for t in every if not lacks[t.id] and not t.out_of_use]
        asked = every if others else [t for t in every if not lacks[t.id]]
        roads = ways.look(snapshot, asked, flood, exercise)
    to = Place(float(lon), float(lat))
    found, how = ways.legs_of(roads, request.app.state.router, asked, [to])
    ordered = sorted(
        ways.arrivals(asked, found),
        key=lambda one: (one[1] is None, bool(one[0].out_of_use), len(lacks[one[0].id])),
    )
    with opened() as snapshot:
        busy = orders.open_by_team(snapshot.connection, exercise=exercise, at=then)
        items = nearest.bodies(snapshot, ordered[:limit], lacks, roads, to, busy)
        note_asked(request, snapshot, "place", f"{lon},{lat}", {"teams": len(ordered)})
        body = {"items": items, "total": len(every), "fitting": len(fitting), **ways.told(how)}
        return answer(request, snapshot, body, then)


def _same_kind(snapshot: Snapshot, flood: int, exercise: bool) -> None:
    if floods.find(snapshot.connection, flood)["exercise"] != exercise:
        told = "实战不能用演练的淹没范围，反之亦然"
        raise Invalid("淹没范围有误", errors=[FieldError("flood", "other_kind", told)])


@router.get("/teams/{team_id}")
def get_team(
    team_id: TeamId, request: Request, reader: Inner, snapshot: ReadSnapshot, exercise: Exercise = False
) -> Any:
    """One team as in the list, as it stands now, with `may_report`: whether the asker may say what it does; and
    `struck_off`: it is in the register no more, its orders are told on."""
    live = teams.ensure_known(snapshot, team_id)
    then = minute.asked(snapshot.connection, None)
    told = _team(snapshot, team_id, exercise, then) if live else _struck_off(snapshot, team_id)
    return answer(request, snapshot, told | {"may_report": reader.writes and live, "struck_off": not live}, then)


@router.get("/teams/{team_id}/page.svg", response_class=Response)
def get_team_code(
    team_id: TeamId, request: Request, reader: Inner, snapshot: ReadSnapshot, exercise: Exercise = False
) -> Response:
    """The address of the team's own page, as a QR code. Who opens it has to sign in."""
    teams.ensure_seen(snapshot, team_id)
    return page_code(request, f"/rescue/team/{team_id}{'?exercise=1' if exercise else ''}")


def _team(snapshot: Snapshot, team_id: int, exercise: bool, then: datetime) -> dict[str, Any]:
    busy = orders.open_by_team(snapshot.connection, exercise=exercise, at=then)
    [told] = teams.bodies(snapshot, teams.all_of(snapshot, exercise=exercise, at=then, ids=[team_id]), busy)
    return told


def _struck_off(snapshot: Snapshot, team_id: int) -> dict[str, Any]:
    """As it was last registered; it reports nothing more."""
    [told] = teams.bodies(snapshot, teams.whatever_life(snapshot, [team_id]).values(), {}, any_life=True)
    return told | {"status": orders.struck_off(snapshot, [team_id]).get(team_id, "")}


@router.get("/teams/{team_id}/status")
def get_status(
    team_id: TeamId, request: Request, reader: Inner, snapshot: ReadSnapshot, exercise: Exercise = False,
    at: At = None, limit: Some = 50,
) -> Any:  # fmt: skip
    """{items: [{status, at, made_at, by, how, load, note, order, position, taken_back}]}: reports, the newest first;
    `status` null: it said its place alone; `taken_back`: by a mark that was wrong."""
    then = minute.asked(snapshot.connection, at)
    snapshot = snapshot.known_at(at)
    teams.ensure_seen(snapshot, team_id)
    found = teams.history(snapshot.connection, team_id, exercise=exercise, at=then, limit=limit)
    return answer(request, snapshot, {"items": found}, then)


@router.post("/teams/{team_id}/status", status_code=201)
def post_status(team_id: TeamId, body: TeamStatus, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """A report of a team: status, and its place where it is known. Only added to; the newest holds."""
    if (body.lon is None) != (body.lat is None):
        missing = "lon" if body.lon is None else "lat"
        raise Invalid("位置有误", errors=[FieldError(missing, "required", "经度和纬度要一起给")])
    place = Place(body.lon, body.lat) if body.lon is not None and body.lat is not None else None
    made = teams.keep_status(
        snapshot, team_id, status=body.status, at=body.at, place=place, load=body.load, note=body.note, how=body.how,
        exercise=body.exercise,
    )  # fmt: skip
    if body.how == "hand":  # a device says where it is every minute: that is kept with who said it, and is no act
        audit.record(
            snapshot.connection, reader.name, "enter", "team", team_id, address=reader.address,
            state=snapshot.moment.n, after={"report": made, "status": body.status, "exercise": body.exercise},
        )  # fmt: skip
    then = minute.asked(snapshot.connection, None)
    return answer(request, snapshot, {"report": made, **_team(snapshot, team_id, body.exercise, then)}, then)


@router.get("/objects/{object_id}/stakes")
def get_stakes(object_id: ObjectId, request: Request, reader: Inner, snapshot: ReadSnapshot) -> Any:
    """{items: [{exercise, words}]}: what of the night hangs on an object: the open order of a team; who is in a shelter
    and which accepted plans send people there. For who would put it out of use."""
    found = stakes.told(snapshot, object_id)
    return answer(request, snapshot, {"items": found}, minute.asked(snapshot.connection, None))


# -- Goods -------------------------------------------------------------------------------


@router.get("/goods")
def list_goods(
    request: Request, reader: Inner, snapshot: ReadSnapshot, exercise: Exercise = False, at: At = None
) -> Any:
    """{items: [{id, name, division, at, out_of_use, counted, goods: [{item, unit, registered, stock, minimum,
    below_minimum}]}], hidden, below_minimum}: stores of a minute with what was in them."""
    then = minute.asked(snapshot.connection, at)
    snapshot = snapshot.known_at(at)
    return answer(request, snapshot, goods.stores(snapshot, exercise=exercise, at=then), then)


@router.get("/goods/moves")
def list_moves(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    exercise: Exercise = False,
    at: At = None,
    store: Annotated[int | None, Query(title="物资库", ge=1, le=2**62)] = None,
    incident: Annotated[int | None, Query(title="险情", ge=1, le=2**62)] = None,
) -> Any:
    """{items: [{id, what, what_title, store, to_store, incident, item, unit, quantity, at, by, taker, note}], hidden,
    most}: what went out, came back, or was transferred, the newest first; of stores that the asker sees."""
    then = minute.asked(snapshot.connection, at)
    snapshot = snapshot.known_at(at)
    found = goods.moves(snapshot, exercise=exercise, at=then, store=store, incident=incident)
    return answer(request, snapshot, found, then)


@router.post("/goods/{store_id}/moves", status_code=201)
def post_move(store_id: StoreId, body: GoodsMove, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """Goods go out for an incident, come back, go to another store, or come in from outside (`receive`, also of a
    kind that the store never had). 422 where it is too little."""
    given = body.model_dump()
    made = goods.move(snapshot, store_id, **given)
    audit.record(
        snapshot.connection, reader.name, "create", "goods_move", made, address=reader.address,
        state=snapshot.moment.n, after={"store": store_id, **given},
    )  # fmt: skip
    then = minute.asked(snapshot.connection, None)
    found = goods.stores(snapshot, exercise=body.exercise, at=then)
    return answer(
        request, snapshot, {"id": made, "store": next(s for s in found["items"] if s["id"] == store_id)}, then
    )


# -- Incidents ---------------------------------------------------------------------------


def _incident(request: Request, snapshot: Snapshot, incident_id: int, at: datetime | None = None) -> dict[str, Any]:
    then = minute.asked(snapshot.connection, at)
    # What the reader may change is of now, whatever minute is looked at; who was sent is called as then.
    found = incidents.bodies(snapshot, [incidents.find(snapshot.connection, incident_id, then)], then)[0]
    snapshot = snapshot.known_at(at)
    moved = goods.moves(snapshot, exercise=found["exercise"], at=then, store=None, incident=incident_id)
    more = {
        "versions": incidents.versions(snapshot.connection, incident_id, then),
        "orders": orders.listed(snapshot, exercise=found["exercise"], at=then, incident=incident_id),
        "goods": moved["items"],
        "goods_hidden": moved["hidden"],
    }
    return answer(request, snapshot, found | more, then)


def _audit(snapshot: Snapshot, action: str, incident_id: int, after: dict[str, Any]) -> None:
    reader = snapshot.reader
    audit.record(
        snapshot.connection, reader.name, action, "incident", incident_id, address=reader.address,
        state=snapshot.moment.n, after=after,
    )  # fmt: skip


@router.get("/incidents")
def list_incidents(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    exercise: Exercise = False,
    every: Annotated[bool, Query(title="含已结束", alias="all")] = False,
    at: At = None,
) -> Any:
    """{items, total, most}: incidents at a minute, the most urgent first, those whose teams have all finished last;
    of what is over the newest `most`; each with its priority and the words of it; `yours`: whether the reader's areas
    let him change it; `finished`: [{team, team_name, masked, order, at, note}]: teams that have reported 完成 since it
    was last changed; `waits`: all who were sent have."""
    then = minute.asked(snapshot.connection, at)
    items = incident_list.listed(snapshot, exercise=exercise, at=then, all_states=every, then=snapshot.known_at(at))
    return answer(request, snapshot, {"items": items, "total": len(items), "most": incidents.MOST_OVER}, then)


@router.post("/incidents", status_code=201)
def post_incident(body: NewIncident, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """{kind, place (GeoJSON), name, trapped, vulnerable, depth_m, needs, at, reporter, phone, note, flood, exercise} →
    the incident with its priority."""
    given = body.model_dump(exclude={"exercise"})
    made = incidents.create(snapshot, given, exercise=body.exercise)
    _audit(snapshot, "create", made, {"kind": body.kind, "exercise": body.exercise})
    return _incident(request, snapshot, made)


@router.get("/incidents/{incident_id}")
def get_incident(
    incident_id: IncidentId, request: Request, reader: Inner, snapshot: ReadSnapshot, at: At = None
) -> Any:
    """One incident with its versions, links, orders and goods; `happened_at` is when it happened; `goods_hidden`: how
    many movements there are beside, of stores that the asker may not see."""
    return _incident(request, snapshot, incident_id, at)


@router.put("/incidents/{incident_id}")
def put_incident(
    incident_id: IncidentId, body: IncidentChange, request: Request, reader: Writer, snapshot: WriteSnapshot
) -> Any:
    """The next version; `version` is the one that was seen. 409 for who was overtaken."""
    incidents.change(snapshot, incident_id, body.version, body.model_dump(exclude={"version"}))
    _audit(snapshot, "change", incident_id, {"version": body.version + 1})
    return _incident(request, snapshot, incident_id)


@router.post("/incidents/{incident_id}/merge")
def merge_incidents(
    incident_id: IncidentId, body: Merge, request: Request, reader: Writer, snapshot: WriteSnapshot
) -> Any:
    """Others go into this one, which becomes as given; they stay readable, with where they went."""
    others = {one.incident: one.version for one in body.others}
    incidents.merge(snapshot, incident_id, body.version, others, body.model_dump(exclude={"version", "others"}))
    _audit(snapshot, "merge", incident_id, {"others": sorted(others)})
    return _incident(request, snapshot, incident_id)


@router.post("/incidents/{incident_id}/split")
def split_incident(
    incident_id: IncidentId, body: Split, request: Request, reader: Writer, snapshot: WriteSnapshot
) -> Any:
    """Into parts that are incidents of their own: {went_to: [ids]}; this one is over."""
    made = incidents.split(snapshot, incident_id, body.version, [part.model_dump() for part in body.parts])
    _audit(snapshot, "split", incident_id, {"parts": made})
    return _incident(request, snapshot, incident_id)


@router.post("/incidents/{incident_id}/close")
def close_incident(
    incident_id: IncidentId, body: Close, request: Request, reader: Writer, snapshot: WriteSnapshot
) -> Any:
    """It is over, with what came of it."""
    incidents.close(snapshot, incident_id, body.version, body.result)
    _audit(snapshot, "close", incident_id, {"result": body.result})
    return _incident(request, snapshot, incident_id)
