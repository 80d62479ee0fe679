"""前置 over HTTP: what is not reached in time, where to stand by, and the record of it."""

from typing import Any

from fastapi import APIRouter, Request

from riskmap.base import audit
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.rescue import minute
from riskmap.rescue.api import At, Exercise, answer, count, note_asked
from riskmap.rescue.dispatch import standby
from riskmap.rescue.dispatch.standby import Ask
from riskmap.rescue.dispatch.teams_api import TeamId
from riskmap.rescue.dispatch.wire import Cover, Propose, Standby, StandbyArrival
from riskmap.rescue.rights import Commander, Inner, Writer
from riskmap.store.dependencies import ReadSnapshot, ReadSnapshots, WriteSnapshot, WriteSnapshots

router = APIRouter(prefix="/api/rescue", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"])


def _ask(body: Cover) -> Ask:
    return Ask(body.minutes, body.need, body.classes, body.grades, body.flood, body.exercise)


@router.post("/standby/gaps")
def find_gaps(body: Cover, request: Request, reader: Inner, opened: ReadSnapshots) -> Any:
    """{minutes, need, classes, grades, flood, exercise} → {asked, places, covered, uncovered, unplaced, teams, ordered,
    items: [{id, name, masked, class, class_title, grade, division, at}], by_class, routing, routing_title,
    routing_notes}: key places that no fitting team reaches in time; `ordered`: how many fitting teams act by an order
    and are left out."""
    count(reader)
    found = standby.gaps(opened, request.app.state.router, _ask(body))
    with opened() as snapshot:
        note_asked(request, snapshot, "standby", "gaps", body.model_dump())
        return answer(request, snapshot, found)


@router.post("/standby/propose")
def propose(body: Propose, request: Request, reader: Inner, opened: ReadSnapshots) -> Any:
    """The same and `k` → {items: [{at, name, team, team_name, masked, travel_s, covers, covers_new, said}], places,
    covered, after, lost, left, optimal, note}: where at most k teams stand by. Nothing is written."""
    count(reader)
    found = standby.propose(opened, request.app.state.router, _ask(body), body.k)
    with opened() as snapshot:
        note_asked(request, snapshot, "standby", "propose", body.model_dump())
        return answer(request, snapshot, found)


@router.post("/standby", status_code=201)
def post_standby(body: Standby, request: Request, reader: Commander, opened: WriteSnapshots) -> Any:
    """{places: [{team, name, lon, lat}], asked, note, exercise}: teams go to stand by there, free on their way; each
    one's way is reckoned through the water of `asked`. 409 (`ordered`) for a team that acts by an order."""
    count(reader)
    asked = None if body.asked is None else body.asked.model_dump()
    flood = None if body.asked is None else body.asked.flood
    stand = [p.model_dump() for p in body.places]
    places = standby.ways_to(opened, request.app.state.router, stand, flood, body.exercise)
    with opened() as snapshot:
        made = standby.record(snapshot, places, asked, body.note, body.exercise)
        audit.record(
            snapshot.connection, reader.name, "create", "standby", made, address=reader.address,
            state=snapshot.moment.n, after={"teams": [p["team"] for p in places], "exercise": body.exercise},
        )  # fmt: skip
        then = minute.asked(snapshot.connection, None)
        [told] = [s for s in standby.listed(snapshot, exercise=body.exercise, at=then) if s["id"] == made]
        return answer(request, snapshot, told, then)


@router.post("/teams/{team_id}/standby/arrival", status_code=201)
def post_arrival(
    team_id: TeamId, body: StandbyArrival, request: Request, reader: Writer, snapshot: WriteSnapshot
) -> Any:
    """{at, note, exercise}: the team is at the place where it was told to stand by. 409 (`not_going`) for one that is
    there already, or goes to none."""
    made = standby.arrive(snapshot, team_id, at=body.at, note=body.note, exercise=body.exercise)
    audit.record(
        snapshot.connection, reader.name, "enter", "team", team_id, address=reader.address,
        state=snapshot.moment.n, after={"standby": made, "exercise": body.exercise},
    )  # fmt: skip
    return answer(request, snapshot, {"standby": made}, minute.asked(snapshot.connection, None))


@router.get("/standby")
def list_standby(
    request: Request, reader: Inner, snapshot: ReadSnapshot, exercise: Exercise = False, at: At = None
) -> Any:
    """{items: [{id, made_at, by, asked, places: [{team, team_name, masked, name, at, expected_at}], note}], most}:
    the record."""
    then = minute.asked(snapshot.connection, at)
    snapshot = snapshot.known_at(at)
    return answer(
        request, snapshot, {"items": standby.listed(snapshot, exercise=exercise, at=then), "most": standby.MOST}, then
    )
