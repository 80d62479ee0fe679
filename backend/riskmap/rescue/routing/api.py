"""The way over HTTP: a route, a matrix, how far one gets; roads closed by an act; the engine's own state."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request

from riskmap.base import audit
from riskmap.base.errors import FieldError, Invalid
from riskmap.base.throttle import MINUTE, Throttle
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.rescue import minute, roads_service
from riskmap.rescue.api import At, Exercise, answer
from riskmap.rescue.rights import Inner, Writer
from riskmap.rescue.routing import building, closures, queries, service, tiles
from riskmap.rescue.routing.answers import SPEEDS
from riskmap.rescue.routing.wire import MOST_PAIRS, Closing, MatrixAsked, ReachAsked, RouteAsked
from riskmap.rescue.wire import Reason
from riskmap.store.dependencies import ReadSnapshot, ReadSnapshots, WriteSnapshot
from riskmap.store.snapshot import Opened, Snapshot

router = APIRouter(
    prefix="/api/rescue/routing", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"]
)

_MOST_A_MINUTE = 120
_throttle = Throttle(_MOST_A_MINUTE, MINUTE, f"一分钟最多算 {_MOST_A_MINUTE} 次路线，请稍后再试。")
ClosedId = Annotated[int, Path(title="封闭编号", ge=1, le=2**62)]

LIMITS = (
    "道路按路口并至多约 100 m 切成小段，水碰到的小段整段封闭，桥梁在内（水是否漫过桥面要现场看），隧道也在内。",
    "不计：转弯限制、限高限重、路上的障碍、实时路况。写明禁止通行（access=no）的路不走，私有道路照走。",
    SPEEDS,
)
_STATUS = {
    "ready": "可用", "building": "正在生成", "missing": "还没有生成", "damaged": "已损坏", "no_roads": "没有装入路网",
    "not_installed": "没有安装路线引擎",
}  # fmt: skip


@router.get("")
def get_routing(request: Request, reader: Inner, snapshot: ReadSnapshot) -> Any:
    """Whether distances go by road: the set, when its tiles were built, what is wrong, what is not counted."""
    return answer(request, snapshot, _state(request, snapshot))


def _state(request: Request, snapshot: Snapshot) -> dict[str, Any]:
    connection, settings = snapshot.connection, request.app.state.settings
    roads = tiles.current_set(connection)
    job = queries.job_at_work(connection, building.JOB)
    manifest = None if roads is None else tiles.manifest_of(tiles.place_of(settings, roads))
    if not tiles.is_installed():
        status = "not_installed"
    elif roads is None:
        status = "no_roads"
    elif manifest is not None and tiles.is_whole(tiles.place_of(settings, roads)):
        status = "ready"
    else:
        status = "building" if job else ("missing" if manifest is None else "damaged")
    known = ("built_at", "took_s", "stretches", "left_out", "bytes")
    return {
        "status": status, "status_title": _STATUS[status], "by_road": status == "ready",
        "set": None if roads is None else {"id": roads.set_id, "name": roads.name, "rows": roads.rows,
                                           "loaded_at": roads.loaded_at},
        "tiles": None if manifest is None else {k: manifest[k] for k in known},
        "job": job, "failed": None if job else queries.last_failure(connection, building.JOB),
        "limits": list(LIMITS),
    }  # fmt: skip


@router.post("/build", status_code=202)
def build(request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """Queue the building of the tiles, also where they look whole. Watched at /api/imports/{id}."""
    roads_service.ensure_may_load(reader)
    return {"id": building.ask(snapshot.connection, reader)}


@router.post("/route")
def post_route(body: RouteAsked, request: Request, reader: Inner, opened: ReadSnapshots) -> Any:
    """The way, the boat's part apart; `reachable` false is 无法到达."""
    _throttle.take(reader.name)
    looked = _looked(opened, body)
    way, how = service.route_of(looked, request.app.state.router, body.from_.place(), body.to.place())
    with opened() as snapshot:
        way, how = service.with_water(snapshot.connection, looked, way, how)
        told = {"reachable": way is not None, **(way.body() if way is not None else {}), **how.body()}
        return answer(request, snapshot, told, body.at)


def _looked(opened: Opened, body: RouteAsked | MatrixAsked | ReachAsked) -> service.Looked:
    """What is closed, and the roads: from here on no connection waits for the engine."""
    with opened() as snapshot:
        return service.look(snapshot.connection, body.vehicle(), body.flood, body.exercise, body.at)


@router.post("/matrix")
def post_matrix(body: MatrixAsked, request: Request, reader: Inner, opened: ReadSnapshots) -> Any:
    """A leg for each pair, null where there is no way."""
    _throttle.take(reader.name)
    if len(body.origins) * len(body.destinations) > MOST_PAIRS:
        told = f"起点和目的地的组合最多 {MOST_PAIRS:,} 个"
        raise Invalid("地点过多", errors=[FieldError("destinations", "too_many", told)])
    starts, ends = [p.place() for p in body.origins], [p.place() for p in body.destinations]
    rows, how = service.matrix_of(_looked(opened, body), request.app.state.router, starts, ends)
    legs = [[leg and leg.body() for leg in row] for row in rows]
    unreachable = sum(leg is None for row in rows for leg in row)
    with opened() as snapshot:
        return answer(request, snapshot, {"rows": legs, "unreachable": unreachable, **how.body()}, body.at)


@router.post("/reach")
def post_reach(body: ReachAsked, request: Request, reader: Inner, opened: ReadSnapshots) -> Any:
    """The area that is reached by road within each of these minutes."""
    _throttle.take(reader.name)
    areas, how = service.reach_of(_looked(opened, body), request.app.state.router, body.from_.place(), body.minutes)
    with opened() as snapshot:
        return answer(request, snapshot, {"areas": areas, **how.body()}, body.at)


@router.get("/closures")
def list_closures(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    exercise: Exercise = False,
    at: At = None,
    past: Annotated[bool, Query(title="含已解除的")] = False,
) -> Any:
    """{items: [{id, at, by, exercise, name, reason, starts_at, ends_at, length_m, geometry, opened_at, opened_by,
    opened_reason, yours}]}: roads closed by an act at a minute, the newest first, at most 2,000; with `past` also those
    that are over. `yours`: whether the asker may open it again, his role allowing: it is in his areas, or he closed
    it."""
    when = minute.asked(snapshot.connection, at)
    found = queries.closures(snapshot.connection, exercise, when, past=past)
    return answer(request, snapshot, {"items": closures.shown(snapshot, found)}, at)


@router.post("/closures", status_code=201)
def close_road(body: Closing, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """Close a road, a stretch round a place, what runs along a drawn line, or the roads in an area."""
    closed_id = closures.close(
        snapshot, road=body.road, at=body.at, length_m=body.length_m, line=body.line, area=body.area,
        reason=body.reason, starts_at=body.starts_at, ends_at=body.ends_at, exercise=body.exercise,
    )  # fmt: skip
    audit.record(
        snapshot.connection, reader.name, "create", "road_closed", closed_id, address=reader.address,
        state=snapshot.moment.n, after={"reason": body.reason, "exercise": body.exercise},
    )  # fmt: skip
    return answer(request, snapshot, closures.find(snapshot, closed_id))


@router.post("/closures/{closed_id}/lift")
def lift_closure(closed_id: ClosedId, body: Reason, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """A closed road is open again."""
    closures.open_again(snapshot, closed_id, body.reason)
    audit.record(
        snapshot.connection, reader.name, "lift", "road_closed", closed_id, address=reader.address,
        state=snapshot.moment.n, after={"reason": body.reason},
    )  # fmt: skip
    return answer(request, snapshot, closures.find(snapshot, closed_id))
