"""The plan: who goes to which incident and why; changed by hand, made anew, accepted as one act.

A plan is a proposal in a row of its own that is never changed: what is changed by hand or made anew is a further one
with its parent, and the difference between the two is shown before either is accepted. Decided over all live teams.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from riskmap.base import clock
from riskmap.base.audit import dump_json
from riskmap.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from riskmap.rescue import floods, log, minute
from riskmap.rescue.dispatch import assign, incidents, orders, seen, teams, ways
from riskmap.rescue.dispatch.assign import Crew, Task
from riskmap.rescue.dispatch.teams import Team
from riskmap.rescue.routing import Leg
from riskmap.store.snapshot import Snapshot

# Policy: who has driven already counts as so much farther; a team under way is turned only where it saves more.
LOAD_S, TURNING_S = 300, 600
HOW = {"made": "新拟", "changed": "手工调整", "replanned": "重算"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan is made for."""

    incidents: Sequence[int]
    teams: Sequence[int] | None
    flood_id: int | None
    exercise: bool
    pins: Mapping[int, int | None]  # by hand
    replanning: bool = False
    fixed: Mapping[int, int] | None = None  # nothing is solved: these pairs, as far as there is a way
    hand: int | None = None  # the team that is sent by hand just now, though it has gone home
    decided_at: datetime | None = None  # what was set by hand before was set upon what was known then


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a plan is decided on, at one minute."""

    at: datetime
    incidents: Sequence[Mapping[str, Any]]
    crews: Sequence[Team]  # may be sent
    standing: Mapping[int, Mapping[str, Any]]  # team: its open order, which this plan does not touch
    turned_back: frozenset[int]  # teams that have gone home with their order open: nobody comes by it any more
    open_orders: Mapping[int, Mapping[str, Any]]
    left_out: Sequence[Mapping[str, Any]]  # teams that were asked for and cannot be sent: {team, why}
    loads: Mapping[int, int]
    teams: Mapping[int, Team]


# -- Made ----------------------------------------------------------------------------------


def make(snapshot: Snapshot, router: Any, asked: Asked) -> int:
    """A new plan; its id. Raises Invalid for incidents that are over or of the other kind."""
    picture = _look(snapshot, asked)
    return _keep(snapshot, router, asked, picture, "made", None)


def change(
    snapshot: Snapshot, router: Any, plan_id: int, team: int, incident: int | None, instead_of: int | None = None
) -> int:
    """A further plan in which this team goes there, `instead_of` nowhere and all others as before; its id. Raises
    Invalid, NotFound."""
    parent = head(snapshot.connection, plan_id)
    before = _sent(snapshot, parent)
    if incident is not None and incident not in parent["incidents"]:
        told = "这个险情不在方案里，请把它加入后重算"
        raise Invalid("没有调整", errors=[FieldError("incident", "not_in_plan", told)])
    if incident == before.get(team) and (team in before or incident is None):
        raise Invalid("没有调整", errors=[FieldError("team", "no_change", "这支队伍本来就这样安排")])
    arrived = {t for t, o in _open(snapshot, parent["exercise"]).items() if o["arrived"]}
    if instead_of is not None and (
        incident is None or before.get(instead_of) != incident or instead_of == team or instead_of in arrived
    ):
        told = "这支队伍没有派往这个险情，或已到达，不能替换，请刷新后再选"
        raise Invalid("没有调整", errors=[FieldError("instead_of", "not_sent", told)])
    by_hand = {team: incident} | ({} if instead_of is None else {instead_of: None})
    sent = {t: i for t, i in {**before, **by_hand}.items() if i is not None}
    asked = Asked(
        parent["incidents"], parent["teams"], parent["flood"], parent["exercise"], {**_pins(parent), **by_hand},
        replanning=True, fixed=sent, hand=team, decided_at=_looked_at(parent),
    )  # fmt: skip
    picture = _look(snapshot, asked)
    if incident is not None and team not in {t.id for t in picture.crews}:
        why = next((o["why"] for o in picture.left_out if o["team"] == team), "没有这支队伍")
        raise Invalid("没有调整", errors=[FieldError("team", "not_free", f"不能派：{why}")])
    return _keep(snapshot, router, asked, picture, "changed", parent, must=team)


def replan(
    snapshot: Snapshot, router: Any, plan_id: int, *, flood: int | None, of: Sequence[int] | None, keep_pins: bool
) -> int:
    """A further plan with what is known now; its id. `flood` None: the newest version of the plan's scenario."""
    connection = snapshot.connection
    parent = head(connection, plan_id)
    if flood is None and parent["flood"] is not None:
        standing = floods.newest_standing(connection, parent["flood"])
        flood = None if standing is None else int(standing["id"])
    ids = list(of) if of is not None else _going_on(connection, parent["incidents"])
    if not ids:
        raise Invalid("没有重算", errors=[FieldError("incidents", "all_over", "方案里的险情都已结束")])
    asked = Asked(
        ids, parent["teams"], flood, parent["exercise"], _pins(parent) if keep_pins else {}, replanning=True,
        decided_at=_looked_at(parent),
    )  # fmt: skip
    picture = _look(snapshot, asked)
    return _keep(snapshot, router, asked, picture, "replanned", parent)


def _sent(snapshot: Snapshot, plan: Mapping[str, Any]) -> dict[int, int]:
    """Who goes where by a plan as things are now: by the orders that run, whichever plan gave them, and by what the
    plan proposes anew, as long as nobody has accepted it."""
    running = {t: o for t, o in _open(snapshot, plan["exercise"]).items() if o["incident"] in plan["incidents"]}
    out = {t: int(o["incident"]) for t, o in running.items()}
    if plan["accepted_number"] is not None:
        return out
    for r in withdrawn(plan["body"]):
        if running.get(r["team"], {}).get("id") == r["order"]:
            del out[r["team"]]
    return out | {a["team"]: a["incident"] for a in plan["body"]["assignments"] if a["order"] is None}


def _open(snapshot: Snapshot, exercise: bool) -> dict[int, dict[str, Any]]:
    connection = snapshot.connection
    return orders.open_by_team(connection, exercise=exercise, at=minute.asked(connection, None))


def _looked_at(plan: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(plan["body"]["looked_at"])


def _going_on(connection: Connection, ids: Sequence[int]) -> list[int]:
    """Incidents that go on, and what those that were merged or split became."""
    out: dict[int, None] = {}
    look, seen_ = list(ids), set(ids)
    while look:
        for i, one in incidents.several(connection, look).items():
            if one["state"] == "open":
                out[i] = None
            else:
                seen_ |= set(one["went_to"])
        look = [i for i in seen_ if i not in out and i not in ids]
        ids = [*ids, *look]
    return list(out)


def _pins(plan: Mapping[str, Any]) -> dict[int, int | None]:
    return {p["team"]: p["incident"] for p in plan["pins"]}


def _look(snapshot: Snapshot, asked: Asked) -> Picture:
    connection = snapshot.connection
    at = minute.asked(connection, None)
    if asked.flood_id is not None and floods.find(connection, asked.flood_id)["exercise"] != asked.exercise:
        told = "实战的方案不能用演练的淹没范围，反之亦然"
        raise Invalid("方案有误", errors=[FieldError("flood", "other_kind", told)])
    found = incidents.several(connection, asked.incidents, at)
    errors = []
    for i in asked.incidents:
        one = found.get(i)
        if one is None or one["exercise"] != asked.exercise:
            errors.append(FieldError("incidents", "unknown_incident", f"没有险情 {i}，请刷新后再选"))
        elif one["state"] != "open":
            errors.append(FieldError("incidents", "over", f"险情 {i} {incidents.STATES[one['state']]}"))
    every = {t.id: t for t in teams.all_of(snapshot, exercise=asked.exercise, at=at)}
    if asked.teams is not None:
        strange = [i for i in asked.teams if i not in every]
        errors += [FieldError("teams", "unknown_team", f"没有队伍 {i}，或已注销") for i in strange]
    if errors:
        raise Invalid("方案有误", errors=errors)
    open_orders = orders.open_by_team(connection, exercise=asked.exercise, at=at)
    gone = orders.turned_back(connection, exercise=asked.exercise, at=at)
    named = {*(asked.teams or ()), *asked.pins, *(asked.fixed or ())}
    # Who was sent to what has been merged or split since may be sent on to what came of it.
    within = {*found, *(i for one in found.values() for i in one["came_from"])}
    crews, left_out, standing = [], [], {}
    for team in every.values():
        order = open_orders.get(team.id)
        back = order is not None and order["id"] in gone
        if order and not back and order["incident"] in found and (order["arrived"] or not asked.replanning):
            standing[team.id] = order
        if asked.teams is not None and team.id not in named:
            continue
        if order is not None and back and (order["arrived"] or not _again(team, gone[order["id"]], asked)):
            why: str | None = _turned_back(team, order, gone[order["id"]]["at"])
        else:
            why = _why_not(team, None if back else order, within, asked, team.id in named)
        if why is None:
            crews.append(team)
        elif team.id in named or back:
            left_out.append({"team": team.id, "why": why})
    wanted_incidents = [found[i] for i in dict.fromkeys(asked.incidents)]
    loads = orders.loads(connection, exercise=asked.exercise, at=at)
    back_home = frozenset(t for t, o in open_orders.items() if o["id"] in gone)
    return Picture(at, wanted_incidents, crews, standing, back_home, open_orders, left_out, loads, every)


def _why_not(team: Team, order: Mapping[str, Any] | None, within: set[int], asked: Asked, named: bool) -> str | None:
    """Why a team cannot be sent; None where it can."""
    if team.place is None:
        return "没有登记位置，也没有报告位置"
    if order is not None:
        if order["arrived"]:
            return f"已到险情 {order['incident']}"
        if asked.replanning and order["incident"] in within:
            return None  # under way to an incident of this plan: it may be turned
        return None if named else f"正按调度令 {order['id']} 前往险情 {order['incident']}"
    if team.status in teams.FREE:
        return None
    return f"现为{team.status}"


def _again(team: Team, told: Mapping[str, Any], asked: Asked) -> bool:
    """Whether it is sent by hand although it has gone home: just now, or by a plan that knew that it has."""
    if team.id == asked.hand:
        return True
    known = asked.decided_at is not None and told["made_at"] <= asked.decided_at
    return known and asked.pins.get(team.id) is not None


def _turned_back(team: Team, order: Mapping[str, Any], at: datetime) -> str:
    if order["arrived"]:
        return f"{_clock(at)} 报{team.status}，调度令 {order['id']} 到达后没有报完成，请核实后记完成"
    how = "请手工指定" if team.status in teams.FREE else "先请它报待命"
    return f"{_clock(at)} 报{team.status}，没有按调度令 {order['id']} 行动；要再派{how}"


def _keep(
    snapshot: Snapshot,
    router: Any,
    asked: Asked,
    picture: Picture,
    how: str,
    parent: Mapping[str, Any] | None,
    must: int | None = None,
) -> int:
    """Decide and write. `must`: a team whose way is asked for: without one nothing is written."""
    places = [incidents.place_of(i) for i in picture.incidents]
    index = {i["id"]: n for n, i in enumerate(picture.incidents)}
    legs, answer = ways.legs(snapshot, router, picture.crews, places, asked.flood_id, asked.exercise)
    by_pair = {(t.id, i): legs.get((t.id, n)) for t in picture.crews for i, n in index.items()}
    free = {c.id for c in picture.crews}
    wanted = {t: i for t, i in asked.pins.items() if t in free and (i is None or i in index)}
    stuck = [t for t, i in wanted.items() if i is not None and by_pair[t, i] is None]
    if must in stuck:
        told = "这支队伍到那里没有能走的路：无法到达"
        raise Invalid("没有调整", errors=[FieldError("incident", "no_way", told)])
    lost = [{"team": t, "why": "手工安排的险情已无法到达"} for t in stuck]
    tasks = _tasks(picture)
    if asked.fixed is None:
        travel = {pair: leg.travel_s for pair, leg in by_pair.items() if leg is not None}
        pins = {t: i for t, i in wanted.items() if t not in stuck}
        solved = assign.solve([_crew(t, picture) for t in picture.crews], tasks, travel, pins)
    else:
        pairs = [(t, i) for t, i in asked.fixed.items() if by_pair.get((t, i)) is not None]
        gone = [t for t, i in asked.fixed.items() if t in free and (t, i) not in pairs and t not in stuck]
        lost += [{"team": t, "why": "原来安排的险情已无法到达"} for t in gone]
        solved = assign.Solved(sorted(pairs), False, "手工调整，其余不变")
    body = {
        **ways.told(answer),
        **_assigned(snapshot, router, asked, picture, by_pair, solved.pairs, index, tasks),
        "optimal": solved.proved,
        "solved_note": solved.note,
        "left_out": [*picture.left_out, *lost],
        "standing": [
            {"team": t, "incident": o["incident"], "order": o["id"], "arrived": o["arrived"]}
            for t, o in sorted(picture.standing.items())
        ],
        "reconsidered": [
            {"order": o["id"], "team": t, "incident": o["incident"], "turned_back": t in picture.turned_back}
            for t, o in sorted(picture.open_orders.items())
            if t in free or (t in picture.turned_back and not o["arrived"])
        ],
        "versions": {str(i["id"]): i["version"] for i in picture.incidents},
        "looked_at": picture.at,
    }
    kept = [{"team": t, "incident": i} for t, i in sorted(asked.pins.items()) if t not in stuck]
    reader = snapshot.reader
    made: int = snapshot.connection.execute(
        text(
            "INSERT INTO rescue_plan (exercise, by, account_id, how, parent_id, based_on, flood_id, incidents, teams,"
            " pins, body) VALUES (:exercise, :by, :account, :how, :parent, :based_on, :flood, :incidents,"
            " CAST(:teams AS bigint[]), CAST(:pins AS jsonb), CAST(:body AS jsonb)) RETURNING plan_id"
        ),
        {
            "exercise": asked.exercise, "by": reader.name, "account": reader.account_id, "how": how,
            "parent": parent["id"] if parent else None,
            "based_on": last_number(snapshot.connection, asked.exercise), "flood": asked.flood_id,
            "incidents": list(index), "teams": None if asked.teams is None else list(asked.teams),
            "pins": dump_json(kept), "body": dump_json(body),
        },
    ).scalar_one()  # fmt: skip
    from_ = f"，由方案稿 {parent['id']}" if parent else ""
    log.note(
        snapshot.connection, by=reader.name, kind="调度", exercise=asked.exercise, flood_id=asked.flood_id,
        what=f"{HOW[how]}方案稿 {made}{from_}：派 {len(body['assignments'])} 支，"
        f"没有队伍的险情 {len(body['unreachable'])} 处，未采纳",
        ref={"kind": "plan", "id": made, "act": how},
    )  # fmt: skip
    return made


def _tasks(picture: Picture) -> list[Task]:
    out = []
    for one in picture.incidents:
        there = [picture.teams[t] for t, o in picture.standing.items() if o["incident"] == one["id"]]
        boat = "boat" in one["needs"]
        persons = (one["trapped"] if one["trapped"] is not None else teams.SEATS) if boat else 0
        out.append(
            Task(
                one["id"], incidents.rated(one, picture.at).points, tuple(one["needs"]),
                max(0, persons - sum(t.seats for t in there)), bool(there),
                frozenset(n for n in one["needs"] if any(t.meets(n) for t in there)),
            )
        )  # fmt: skip
    return out


def _crew(team: Team, picture: Picture) -> Crew:
    order = None if team.id in picture.turned_back else picture.open_orders.get(team.id)
    has = frozenset(n for n in incidents.NEEDS if team.meets(n))
    load = picture.loads.get(team.id, 0) - (order is not None)
    return Crew(team.id, has, team.seats, LOAD_S * max(0, load), order["incident"] if order else None, TURNING_S)


# -- Why -----------------------------------------------------------------------------------


def _assigned(
    snapshot: Snapshot,
    router: Any,
    asked: Asked,
    picture: Picture,
    by_pair: Mapping[tuple[int, int], Leg | None],
    pairs: Sequence[tuple[int, int]],
    index: Mapping[int, int],
    tasks: Sequence[Task],
) -> dict[str, Any]:
    """Assignments with their routes and reasons, the most urgent first; and incidents that nobody gets to, with why."""
    task_of = {t.id: t for t in tasks}
    about = {i["id"]: i for i in picture.incidents}
    order = sorted(pairs, key=lambda p: (-task_of[p[1]].points, p[1], _s(by_pair[p])))
    goes = dict(pairs)
    standing = {t: o["id"] for t, o in picture.open_orders.items() if goes.get(t) == o["incident"]}
    told = orders.told_ways(snapshot.connection, list(standing.values()))
    out = []
    for team_id, incident_id in order:
        team = picture.teams[team_id]
        leg = by_pair[team_id, incident_id]
        assert leg is not None
        place = incidents.place_of(about[incident_id])
        way, how = ways.route(snapshot, router, team, place, asked.flood_id, asked.exercise)
        shown = way.leg if way is not None and how.by == leg.by else leg
        has_order = standing.get(team_id)
        turned = has_order is not None and (team_id in picture.turned_back or not ways.is_told(told[has_order], way))
        out.append(
            {
                "team": team_id, "incident": incident_id, "travel_s": round(shown.travel_s),
                "distance_m": round(shown.distance_m, 1), "routing": shown.by,
                "route": _line(way.line) if way is not None and shown is way.leg else None,
                "boat_leg": shown.boat and shown.boat.body(),
                "instructions": list(way.instructions) if way is not None and shown is way.leg else [],
                "in_water_m": round(way.in_water_m, 1) if way is not None else None,
                "meets": [n for n in about[incident_id]["needs"] if team.meets(n)], "seats": team.seats,
                "pinned": asked.pins.get(team_id, -1) == incident_id,
                # Under way already: by the way that it was told, or to be told another.
                "order": None if turned else has_order, "rerouted": has_order if turned else None,
                "why": _why(team, about[incident_id], shown, by_pair, goes, picture, task_of, asked,
                            way.in_water_m if way is not None else 0.0),
            }
        )  # fmt: skip
    return {"assignments": out, **_without(snapshot, asked, picture, by_pair, pairs, task_of)}


def _s(leg: Leg | None) -> float:
    return leg.travel_s if leg else float("inf")


def _line(line: Sequence[tuple[float, float]]) -> dict[str, Any] | None:
    return {"type": "LineString", "coordinates": [list(at) for at in line]} if len(line) > 1 else None


def _why(
    team: Team,
    incident: Mapping[str, Any],
    leg: Leg,
    by_pair: Mapping[tuple[int, int], Leg | None],
    goes: Mapping[int, int],
    picture: Picture,
    task_of: Mapping[int, Task],
    asked: Asked,
    wet_m: float,
) -> list[dict[str, Any]]:
    """Reasons in words; `{}` stands for the team named beside it, which the reader may not be allowed to see."""
    out: list[dict[str, Any]] = []

    def say(words: str, other: int | None = None) -> None:
        out.append({"words": words, "team": other})

    if asked.pins.get(team.id, -1) == incident["id"]:
        say("手工指定")
    needs = incident["needs"]
    fitting = [
        t for t in picture.crews if assign.fits(_crew(t, picture), task_of[incident["id"]])
        and by_pair.get((t.id, incident["id"])) is not None
    ]  # fmt: skip
    fitting.sort(key=lambda t: (_s(by_pair[t.id, incident["id"]]), t.id))
    for need in needs:
        having = [t for t in fitting if t.meets(need)]
        if having == [team]:
            say(f"能到的队伍里唯一有{incidents.NEEDS[need]}")
    met = [incidents.NEEDS[n] for n in needs if team.meets(n)]
    lacking = [incidents.NEEDS[n] for n in needs if not team.meets(n)]
    if met:
        say(f"有{'、'.join(met)}")
    if needs and not met:
        say(f"没有{'、'.join(lacking)}")
    mine = f"{ways.minutes(leg.travel_s)}到"
    rank = [t.id for t in fitting].index(team.id) if team in fitting else -1
    if rank == 0 and len(fitting) > 1:
        second = fitting[1]
        say(f"{mine}，最快；其次“{{}}”{ways.minutes(_s(by_pair[second.id, incident['id']]))}", second.id)
    elif rank == 0:
        say(f"{mine}，能到的只有这一支")
    elif rank > 0:
        first = fitting[0]
        later = ways.minutes(leg.travel_s - _s(by_pair[first.id, incident["id"]]))
        sent = goes.get(first.id)
        if sent is None:
            say(f"{mine}，比“{{}}”晚 {later}，{_better(team, first, incident)}", first.id)
        elif sent == incident["id"]:
            say(f"{mine}，“{{}}”先到（早 {later}），再加这一支", first.id)
        else:
            say(f"{mine}；更快的“{{}}”（早 {later}）派往险情 {sent}，合计较优", first.id)
    if "boat" in needs and team.seats and incident["trapped"]:
        say(f"艇 {team.boats} 艘，一趟 {team.seats} 人，被困 {incident['trapped']:,} 人")
    if leg.boat is not None:
        say(f"最后 {leg.boat.distance_m:,.0f} m 行船")
    if asked.flood_id is not None and leg.by == "road":
        if team.wading_cm is None:
            say("没有登记涉水深，按一般车辆避开封闭的水")
        elif wet_m > 0:
            say(f"涉水 {team.wading_cm:g} cm，过水 {wet_m:,.0f} m")
    loads = picture.loads.get(team.id, 0)
    if loads:
        say(f"12 小时内已有 {loads} 份调度令")
    return out


def _better(team: Team, first: Team, incident: Mapping[str, Any]) -> str:
    """Why not the one that is there sooner and is sent nowhere."""
    more = [n for n in incident["needs"] if team.meets(n) and not first.meets(n)]
    if more:
        return f"但有{'、'.join(incidents.NEEDS[n] for n in more)}"
    if "boat" in incident["needs"] and team.seats > first.seats:
        return f"但一趟坐 {team.seats} 人，那支 {first.seats} 人"
    return "按出动次数和改派合计较优"


def _without(
    snapshot: Snapshot,
    asked: Asked,
    picture: Picture,
    by_pair: Mapping[tuple[int, int], Leg | None],
    pairs: Sequence[tuple[int, int]],
    task_of: Mapping[int, Task],
) -> dict[str, Any]:
    """Incidents without anybody (`unreachable`), and those that still lack something (`short`)."""
    sent: dict[int, list[Team]] = {}
    for team_id, incident_id in pairs:
        sent.setdefault(incident_id, []).append(picture.teams[team_id])
    unreachable, short = [], []
    for one in sorted(picture.incidents, key=lambda i: (-task_of[i["id"]].points, i["id"])):
        task = task_of[one["id"]]
        there = sent.get(one["id"], [])
        if not there and not task.served:
            code, why = _why_nobody(snapshot, asked, one, task, picture, by_pair)
            unreachable.append({"incident": one["id"], "code": code, "why": why})
            continue
        lacking = [n for n in one["needs"] if n not in task.met and not any(t.meets(n) for t in there)]
        seats = max(0, task.persons - sum(t.seats for t in there))
        if lacking or seats:
            said = [f"还缺{'、'.join(incidents.NEEDS[n] for n in lacking)}"] if lacking else []
            said += [f"一趟还有 {seats} 人坐不下，要多趟或增派"] if seats else []
            short.append({"incident": one["id"], "needs": lacking, "seats": seats, "words": "；".join(said)})
    return {"unreachable": unreachable, "short": short}


def _why_nobody(
    snapshot: Snapshot,
    asked: Asked,
    one: Mapping[str, Any],
    task: Task,
    picture: Picture,
    by_pair: Mapping[tuple[int, int], Leg | None],
) -> tuple[str, str]:
    wanted = "、".join(incidents.NEEDS[n] for n in one["needs"])
    fits = [t for t in picture.teams.values() if assign.fits(_crew(t, picture), task)]
    if not picture.teams:
        return "no_team", "没有登记救援队伍"
    if not fits:
        return "no_skill", f"没有一支队伍有{wanted}"
    free = [t for t in picture.crews if t in fits]
    if not free:
        return "no_team", f"有{wanted or '条件'}的 {len(fits)} 支队伍都不能派（在执行任务、休整、没有位置或没有选入）"
    ways_ = [t for t in free if by_pair.get((t.id, one["id"])) is not None]
    if not ways_:
        return "no_way", ways.why_none(snapshot, incidents.place_of(one), free, asked.flood_id, asked.exercise)
    if asked.fixed is not None:  # nothing was weighed
        return "no_team", f"手工调整后没有队伍来；能到的有 {len(ways_)} 支，可指定或重算"
    by_hand = "，或另有手工安排" if any(t.id in asked.pins for t in ways_) else ""
    return "no_team", f"能到的 {len(ways_)} 支队伍都派往更急的险情了{by_hand}"


# -- Read ----------------------------------------------------------------------------------


def last_number(connection: Connection, exercise: bool) -> int:
    """The number of the newest acceptance; 0 where there is none."""
    found = connection.scalar(
        text("SELECT max(number) FROM rescue_plan_accepted WHERE exercise = :exercise"), {"exercise": exercise}
    )
    return int(found or 0)


_HEAD = (
    "SELECT p.plan_id AS id, p.exercise, p.at AS made_at, p.by AS made_by, p.how, p.parent_id AS parent, p.based_on,"
    " p.flood_id AS flood, p.incidents, p.teams, p.pins, p.body, a.number AS accepted_number, a.at AS accepted_at,"
    " a.by AS accepted_by, r.at AS returned_at, r.by AS returned_by, r.reason AS returned_reason"
    " FROM rescue_plan AS p LEFT JOIN rescue_plan_accepted AS a ON a.plan_id = p.plan_id AND a.at <= :at"
    " LEFT JOIN rescue_plan_returned AS r ON r.plan_id = p.plan_id AND r.at <= :at"
)


def head(connection: Connection, plan_id: int, at: datetime | None = None) -> dict[str, Any]:
    """A plan as it is kept. Raises NotFound."""
    then = minute.asked(connection, at)
    found = connection.execute(text(_HEAD + " WHERE p.plan_id = :id AND p.at <= :at"), {"id": plan_id, "at": then})
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("没有这个方案，请刷新后再选。")
    return dict(row)


def listed(connection: Connection, *, exercise: bool, at: datetime, limit: int) -> list[dict[str, Any]]:
    """Plans at a minute, the newest first, without what is in them."""
    rows = connection.execute(
        text(_HEAD + " WHERE p.exercise = :exercise AND p.at <= :at ORDER BY p.plan_id DESC LIMIT :limit"),
        {"exercise": exercise, "at": at, "limit": limit},
    )
    return [_top(dict(r)) | _counts(r["body"]) for r in rows.mappings()]


def _top(plan: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in plan.items() if k not in {"body", "pins"}}
    return kept | {"how_title": HOW[plan["how"]], "accepted": plan["accepted_number"] is not None}


def _counts(body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "assigned": len(body["assignments"]), "not_served": len(body["unreachable"]), "routing": body["routing"],
    }  # fmt: skip


def body(snapshot: Snapshot, plan_id: int, at: datetime) -> dict[str, Any]:
    """A plan as the reader gets it, with the difference to its parent and what has changed since."""
    connection = snapshot.connection
    plan = head(connection, plan_id, at)
    said = plan["body"]
    parent = head(connection, plan["parent"], at) if plan["parent"] is not None else None
    # Incidents of other plans that a team is taken from lose it too.
    touched = list(dict.fromkeys([*plan["incidents"], *(r["incident"] for r in withdrawn(said))]))
    gone = orders.turned_back(connection, exercise=plan["exercise"], at=at)
    running = None
    if plan["accepted_number"] is None:
        running = [o for o in orders.running(connection, touched, at) if o["id"] not in gone]
    names = _names(snapshot, [said, *([parent["body"]] if parent else [])], (o["team"] for o in running or ()))
    about = incidents.several(connection, touched, at)
    out = _top(plan) | {
        "routing": said["routing"], "routing_title": said["routing_title"], "routing_notes": said["routing_notes"],
        "optimal": said["optimal"], "solved_note": said["solved_note"],
        "assignments": [_assignment(a, names, about) for a in said["assignments"]],
        "unreachable": [u | {"incident_name": _called(about, u["incident"])} for u in said["unreachable"]],
        "short": [s | {"incident_name": _called(about, s["incident"])} for s in said["short"]],
        "left_out": [_team_of(names, o["team"]) | {"why": o["why"]} for o in said["left_out"]],
        "standing": [
            _team_of(names, s["team"]) | {k: s[k] for k in ("incident", "order", "arrived")} for s in said["standing"]
        ],
        "pins": [_team_of(names, p["team"]) | {"incident": p["incident"]} for p in plan["pins"]],
        "withdraws": [
            _team_of(names, r["team"]) | {"order": r["order"], "incident": r["incident"]} for r in withdrawn(said)
        ],
        "diff": None if parent is None else difference(parent["body"], said, names, about),
        "against": None if running is None else against_orders(running, said, names, about),
        "causes": [] if parent is None else since(snapshot, parent, plan["made_at"], names),
    }  # fmt: skip
    return out | _stands(snapshot, plan, at, names)


def how_it_stands(snapshot: Snapshot, plan_id: int, at: datetime) -> dict[str, Any]:
    """Whether a plan is still to be accepted, or still holds, and what has changed since it looked; without what is
    in it: asked again and again."""
    plan = head(snapshot.connection, plan_id, at)
    names = _names(snapshot, [plan["body"]])
    return _top(plan) | _stands(snapshot, plan, at, names)


def _stands(
    snapshot: Snapshot, plan: Mapping[str, Any], at: datetime, names: Mapping[int, Mapping[str, Any]]
) -> dict[str, Any]:
    """`since`: of a proposal, and of the plan that holds. `overtaken`: by which acceptance a proposal was."""
    last = last_accepted(snapshot.connection, plan["exercise"], at)
    proposed = plan["accepted_number"] is None
    holds = last is not None and last["plan"] == plan["id"]
    overtaken = proposed and last is not None and last["number"] != plan["based_on"]
    changed = since(snapshot, plan, at, names) if proposed or holds else []
    return {
        "since": changed + (_since_of_others(snapshot, plan, at) if holds else []),
        "overtaken": last if overtaken else None, "holds": holds,
    }  # fmt: skip


def last_accepted(connection: Connection, exercise: bool, at: datetime | None = None) -> dict[str, Any] | None:
    """The newest acceptance up to a minute: plan, number, who and when."""
    row = connection.execute(
        text(
            "SELECT plan_id AS plan, number, at, by FROM rescue_plan_accepted WHERE exercise = :exercise"
            " AND (CAST(:at AS timestamptz) IS NULL OR at <= :at) ORDER BY number DESC LIMIT 1"
        ),
        {"exercise": exercise, "at": at},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def give_back(snapshot: Snapshot, plan_id: int, reason: str) -> None:
    """退回: a proposal is not wanted; kept with who says so and why. Raises Conflict, Forbidden, NotFound."""
    connection, reader = snapshot.connection, snapshot.reader
    exercise: bool = head(connection, plan_id)["exercise"]
    lock(connection, exercise)
    plan = head(connection, plan_id)  # again, behind the lock
    ensure_proposed(plan, "没有退回")
    if plan["made_by"] != reader.name and "dispatch" not in reader.may:
        raise Forbidden(f"这个方案由 {plan['made_by']} 拟定，只有拟定的人和有调度权的人能退回。")
    connection.execute(
        text(
            "INSERT INTO rescue_plan_returned (plan_id, by, account_id, reason) VALUES (:plan, :by, :account, :reason)"
        ),
        {"plan": plan_id, "by": reader.name, "account": reader.account_id, "reason": reason},
    )
    log.note(
        connection, by=reader.name, kind="调度", exercise=exercise, flood_id=plan["flood"],
        what=f"退回方案稿 {plan_id}：{reason}", ref={"kind": "plan", "id": plan_id},
    )  # fmt: skip


def lock(connection: Connection, exercise: bool) -> None:
    """Nobody else accepts or returns a plan of this kind until the transaction ends."""
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_accept', :kind))"), {"kind": int(exercise)}
    )


def ensure_proposed(plan: Mapping[str, Any], refused: str) -> None:
    """Raises Conflict for a plan that was accepted or returned, with by whom and when."""
    if plan["accepted_number"] is not None:
        raise Conflict(
            f"这个方案已由 {plan['accepted_by']} 于 {_moment(plan['accepted_at'])} 采纳"
            f"（第 {plan['accepted_number']} 号），{refused}。",
            code="accepted",
            now={"number": plan["accepted_number"], "by": plan["accepted_by"], "at": plan["accepted_at"]},
        )
    if plan["returned_at"] is not None:
        raise Conflict(
            f"这个方案已由 {plan['returned_by']} 于 {_moment(plan['returned_at'])} 退回"
            f"：{plan['returned_reason']}。{refused}。",
            code="returned",
            now={"by": plan["returned_by"], "at": plan["returned_at"], "reason": plan["returned_reason"]},
        )


def _moment(at: datetime) -> str:
    return f"{at.astimezone(clock.SHANGHAI):%m-%d %H:%M:%S}"


def withdrawn(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Orders that accepting takes back: their team goes elsewhere, or is not needed."""
    kept = {a["order"] for a in body["assignments"]}
    sent = {a["team"] for a in body["assignments"]}
    scope = {int(i) for i in body["versions"]}
    return [
        dict(r) for r in body["reconsidered"]
        if r["order"] not in kept and (r["team"] in sent or r["incident"] in scope)
    ]  # fmt: skip


def _names(
    snapshot: Snapshot, bodies: Sequence[Mapping[str, Any]], more: Iterable[int] = ()
) -> dict[int, dict[str, Any]]:
    """Every team that these plans speak of, and more, as the reader may see it."""
    parts = ("assignments", "left_out", "standing", "reconsidered")
    ids = set(more) | {x["team"] for b in bodies for k in parts for x in b[k]}
    ids |= {w["team"] for b in bodies for a in b["assignments"] for w in a["why"] if w["team"] is not None}
    rows = seen.every(snapshot, sorted(ids)) if ids else []
    forms = seen.forms(snapshot, ids)
    return {r["id"]: seen.named(r, forms.get(r["id"])) | {"full": forms.get(r["id"]) == "full"} for r in rows}


def _team_of(names: Mapping[int, Mapping[str, Any]], team: int) -> dict[str, Any]:
    named = names.get(team)
    if named is None:
        return {"team": team, "team_name": f"队伍 {team}", "masked": None}
    return {"team": named["id"], "team_name": named["name"], "masked": named["masked"]}


def _called(about: Mapping[int, Mapping[str, Any]], incident: int) -> str:
    return str(about[incident]["name"]) if incident in about else f"险情 {incident}"


def _plain(names: Mapping[int, Mapping[str, Any]], team: int) -> str:
    named = names.get(team)
    return f"队伍 {team}" if named is None else named["name"] or "另一支队伍"


def _assignment(
    one: Mapping[str, Any], names: Mapping[int, Mapping[str, Any]], about: Mapping[int, Mapping[str, Any]]
) -> dict[str, Any]:
    words = [w["words"].format(_plain(names, w["team"]) if w["team"] is not None else "") for w in one["why"]]
    out = {k: v for k, v in one.items() if k != "why"} | _team_of(names, one["team"])
    out |= {"incident_name": _called(about, one["incident"]), "why": "；".join(words)}
    if not names.get(one["team"], {"full": True})["full"]:  # its way tells where it stands
        out |= {"route": None, "boat_leg": None, "in_water_m": None, "instructions": [], "why": ""}
    return out


# -- The difference ------------------------------------------------------------------------


def difference(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    names: Mapping[int, Mapping[str, Any]],
    about: Mapping[int, Mapping[str, Any]],
) -> dict[str, Any]:
    """What accepting the one instead of the other changes, incident by incident; with words, and how many of each."""
    return _compared(_by_incident(before), _by_incident(after), names, about)


def against_orders(
    running: Sequence[Mapping[str, Any]],
    after: Mapping[str, Any],
    names: Mapping[int, Mapping[str, Any]],
    about: Mapping[int, Mapping[str, Any]],
) -> dict[str, Any]:
    """What accepting a plan changes of the orders that run, whichever plan gave them; `before_s`, `after_s`: the first
    arrival, added up over the `both` incidents that have somebody before and after."""
    now = _by_incident(after)
    scope, taken = set(now), {r["order"] for r in withdrawn(after)}
    was: dict[int, dict[int, Mapping[str, Any]]] = {i: {} for i in now}
    for order in running:
        was.setdefault(order["incident"], {})[order["team"]] = order
        if order["incident"] not in scope:  # of another plan: it keeps whom this one does not take
            kept = now.setdefault(order["incident"], {})
            if order["id"] not in taken:
                kept[order["team"]] = order
    for i, sent in now.items():  # what the plan leaves as it is takes as long as before
        for team, one in sent.items():
            if one["travel_s"] is None and team in was[i]:
                sent[team] = was[i][team]
    both = [i for i in now if _first(was[i]) is not None and _first(now[i]) is not None]
    return _compared(was, now, names, about) | {
        "both": len(both), "before_s": sum(_first(was[i]) or 0 for i in both),
        "after_s": sum(_first(now[i]) or 0 for i in both),
    }  # fmt: skip


def _first(sent: Mapping[int, Mapping[str, Any]]) -> int | None:
    """How long until the first is there; 0 where one has arrived, None where nobody is sent."""
    times = [0 if a.get("arrived") else a["travel_s"] for a in sent.values()]
    return min((t for t in times if t is not None), default=None)


def _compared(
    was: Mapping[int, Mapping[int, Mapping[str, Any]]],
    now: Mapping[int, Mapping[int, Mapping[str, Any]]],
    names: Mapping[int, Mapping[str, Any]],
    about: Mapping[int, Mapping[str, Any]],
) -> dict[str, Any]:
    rows = []
    for incident in dict.fromkeys([*now, *was]):
        old, new = was.get(incident), now.get(incident)
        what, words = _what(old, new, names)
        rows.append(
            {
                "incident": incident, "incident_name": _called(about, incident), "what": what, "words": words,
                "before": _told(old, names), "after": _told(new, names),
            }
        )  # fmt: skip
    kinds = ("lost", "gained", "other_team", "slower", "faster", "rerouted", "new", "gone", "same")
    return {"rows": rows, "counts": {k: sum(r["what"] == k for r in rows) for k in kinds}}


def _by_incident(body: Mapping[str, Any]) -> dict[int, dict[int, Mapping[str, Any]]]:
    out: dict[int, dict[int, Mapping[str, Any]]] = {int(i): {} for i in body["versions"]}
    for s in body["standing"]:  # who is there, or under way by an order that the plan leaves as it is
        if s["incident"] in out:
            out[s["incident"]][s["team"]] = {"travel_s": None, "distance_m": None, "arrived": s["arrived"]}
    for a in body["assignments"]:
        out[a["incident"]][a["team"]] = a
    return out


def _told(sent: Mapping[int, Mapping[str, Any]] | None, names: Mapping[int, Mapping[str, Any]]) -> Any:
    if sent is None:
        return None
    return [
        _team_of(names, t)
        | {"travel_s": a["travel_s"], "distance_m": a["distance_m"], "arrived": a.get("arrived", False)}
        for t, a in sent.items()
    ]


def _what(
    old: Mapping[int, Mapping[str, Any]] | None, new: Mapping[int, Mapping[str, Any]] | None,
    names: Mapping[int, Mapping[str, Any]],
) -> tuple[str, str]:  # fmt: skip
    def said(sent: Mapping[int, Mapping[str, Any]]) -> str:
        listed = [f"{_plain(names, t)}（{_long(a)}）" for t, a in sent.items()]
        return "、".join(listed) or "没有队伍"

    if old is None:
        return "new", f"新加入：{said(new or {})}"
    if new is None:
        return "gone", "不再在方案里"
    if set(old) != set(new):
        what = "lost" if old and not new else "gained" if new and not old else "other_team"
        return what, f"{said(old)} → {said(new)}"
    if any(a.get("arrived") for a in new.values()):
        return "same", f"{said(new)}，不变"
    first, later = _first(old), _first(new)
    turned = any(a.get("rerouted") for a in new.values())
    if first is None or later is None or abs(later - first) < 60:
        return ("rerouted", f"{said(new)}，改走另一条路") if turned else ("same", "不变")
    what = "slower" if later > first else "faster"
    return what, f"{said(new)}，{'晚' if later > first else '早'} {ways.minutes(abs(later - first))}"


def _long(sent: Mapping[str, Any]) -> str:
    if sent.get("arrived"):
        return "已到达"
    return "已派出" if sent["travel_s"] is None else ways.minutes(sent["travel_s"])


def since(
    snapshot: Snapshot, plan: Mapping[str, Any], until: datetime, names: Mapping[int, Mapping[str, Any]]
) -> list[str]:
    """What has changed since a plan looked: the water, roads, its teams and incidents; each in words."""
    connection = snapshot.connection
    span = {"after": plan["body"]["looked_at"], "until": until, "exercise": plan["exercise"]}
    out = []
    if plan["flood"] is not None:
        newest = floods.newest_standing(connection, plan["flood"], until)
        if newest is None:
            out.append("淹没范围已全部撤回")
        elif newest["id"] > plan["flood"]:
            out.append(f"淹没范围有第 {newest['version']} 版（{_clock(newest['made_at'])}）")
        elif newest["id"] < plan["flood"]:
            out.append(f"所按的淹没范围已撤回，现为第 {newest['version']} 版")
    rows = connection.execute(
        text(
            "SELECT c.name, '封闭' AS what, c.at FROM rescue_road_closed AS c WHERE c.exercise = :exercise"
            " AND c.at > CAST(:after AS timestamptz) AND c.at <= :until UNION ALL"
            " SELECT c.name, '恢复通行', o.at FROM rescue_road_opened AS o JOIN rescue_road_closed AS c"
            " USING (closed_id) WHERE c.exercise = :exercise AND o.at > CAST(:after AS timestamptz)"
            " AND o.at <= :until UNION ALL SELECT c.name, '到时恢复通行', c.ends_at FROM rescue_road_closed AS c"
            " WHERE c.exercise = :exercise AND c.ends_at > CAST(:after AS timestamptz) AND c.ends_at <= :until"
            " AND NOT EXISTS (SELECT FROM rescue_road_opened AS o WHERE o.closed_id = c.closed_id AND o.at < c.ends_at)"
            " ORDER BY 3"
        ),
        span,
    )
    out += [f"{row.name or '无名道路'}{row.what}（{_clock(row.at)}）" for row in rows]
    mine = sorted({one["team"] for part in ("assignments", "standing") for one in plan["body"][part]})
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (team_id) team_id, status, made_at FROM rescue_team_status"
            " WHERE exercise = :exercise AND team_id = ANY(CAST(:teams AS bigint[])) AND how <> 'order'"
            " AND made_at > CAST(:after AS timestamptz) AND made_at <= :until ORDER BY team_id, at DESC, status_id DESC"
        ),
        span | {"teams": mine},
    )
    out += [f"{_plain(names, row.team_id)}报{row.status}（{_clock(row.made_at)}）" for row in rows]
    gone = orders.turned_back(connection, exercise=plan["exercise"], at=until)
    running = orders.open_by_team(connection, exercise=plan["exercise"], at=until)
    for r in withdrawn(plan["body"]):  # an order that nobody acted by, and somebody does again
        if r.get("turned_back") and r["order"] not in gone and running.get(r["team"], {}).get("id") == r["order"]:
            out.append(f"{_plain(names, r['team'])}又按调度令 {r['order']} 行动")
    for i, one in incidents.several(connection, plan["incidents"], until).items():
        if one["version"] != plan["body"]["versions"].get(str(i)):
            what = "有更新" if one["state"] == "open" else incidents.STATES[one["state"]]
            out.append(f"险情 {i} {what}（{_clock(one['changed_at'])}）")
    return out


def _since_of_others(snapshot: Snapshot, plan: Mapping[str, Any], until: datetime) -> list[str]:
    """The same of orders that run by plans before this one: accepting another does not settle what they lack."""
    connection, exercise = snapshot.connection, plan["exercise"]
    mine = {one["team"] for part in ("assignments", "standing") for one in plan["body"][part]}
    running = orders.open_by_team(connection, exercise=exercise, at=until)
    gone = orders.turned_back(connection, exercise=exercise, at=until)
    back = {t: gone[o["id"]] for t, o in running.items() if o["id"] in gone and t not in mine}
    names = _names(snapshot, [], back)
    out = [f"{_plain(names, t)}报{told['status']}（{_clock(told['at'])}）" for t, told in back.items()]
    given: dict[int, datetime] = {}  # the first order of each incident that still runs
    for o in running.values():
        if o["incident"] not in plan["incidents"]:
            given[o["incident"]] = min(o["at"], given.get(o["incident"], o["at"]))
    for i, one in incidents.several(connection, list(given), until).items():
        # Of what is over the orders are still to be marked; there is nothing to send anew.
        if one["changed_at"] > given[i] and one["state"] != "closed":
            what = "有更新" if one["state"] == "open" else incidents.STATES[one["state"]]
            out.append(f"险情 {i} {what}（{_clock(one['changed_at'])}）")
    return out


def _clock(at: datetime) -> str:
    return f"{at.astimezone(clock.SHANGHAI):%H:%M}"
