"""What a plan is decided on: what was asked, and how incidents, teams and their orders stand at one minute."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from riskmap.base import clock
from riskmap.base.errors import FieldError, Invalid
from riskmap.rescue import floods, minute, numbers
from riskmap.rescue.dispatch import incidents, orders, teams
from riskmap.rescue.dispatch.assign import Crew, Task
from riskmap.rescue.dispatch.teams import Team
from riskmap.store.snapshot import Snapshot

# Policy: who has driven already counts as so much farther; a team under way is turned only where it saves more.
LOAD_S, TURNING_S = 300, 600


@dataclass(frozen=True, slots=True)
class Asked:
    """What a plan is made for."""

    incidents: Sequence[int]
    teams: Sequence[int] | None
    flood_id: int | None
    exercise: bool
    pins: Mapping[int, int] = field(default_factory=dict)  # by hand: this team goes there
    bars: frozenset[tuple[int, int]] = frozenset()  # by hand: this team does not go there; elsewhere it may
    replanning: bool = False
    fixed: Mapping[int, int] | None = None  # nothing is solved: these pairs, as far as there is a way
    hand: int | None = None  # the team that is sent by hand just now, though it has gone home
    decided_at: datetime | None = None  # what was set by hand before was set upon what was known then
    unused: frozenset[int] = frozenset()  # of these it was known then that they are out of use


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
    finished: Mapping[int, Sequence[orders.Finished]]  # incident: who has reported 完成 of it as it is known
    finishers: Mapping[int, Team]  # these teams, also those that are struck off since
    teams: Mapping[int, Team]
    became: Mapping[int, int]  # merged incident: the one of these that it went into
    bars: frozenset[tuple[int, int]]  # by hand: not this team there
    stays: Mapping[int, frozenset[int]]  # of `crews`, out of use and under an order: what that became; nowhere else


def look(snapshot: Snapshot, asked: Asked) -> Picture:
    """How it stands now. Raises Invalid for incidents that are over or unknown, for teams and water that cannot be."""
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
            errors.append(FieldError("incidents", "unknown_incident", f"没有险情 {numbers.said(i)}，请刷新后再选"))
        elif one["state"] != "open":
            errors.append(FieldError("incidents", "over", f"险情 {numbers.said(i)} {incidents.STATES[one['state']]}"))
    every = {t.id: t for t in teams.all_of(snapshot, exercise=asked.exercise, at=at)}
    strange = [i for i in asked.teams or () if i not in every]
    if not asked.replanning:  # a plan that is made anew goes on without who has left the register since
        errors += [FieldError("teams", "unknown_team", f"没有队伍 {i}，或已注销、已销号") for i in strange]
    if errors:
        raise Invalid("方案有误", errors=errors)
    open_orders = orders.open_by_team(connection, exercise=asked.exercise, at=at)
    gone = orders.turned_back(snapshot, exercise=asked.exercise, at=at)
    named = {*(asked.teams or ()), *asked.pins, *(asked.fixed or ())}
    # Who was sent to what has been merged or split since may be sent on to what came of it.
    within = {*found, *(i for one in found.values() for i in one["before"])}
    wanted = [found[i] for i in dict.fromkeys(asked.incidents)]
    became = _became(connection, wanted, at)
    crews, left_out, standing, stays = [], [], {}, {}
    for team in every.values():
        order = open_orders.get(team.id)
        back = order is not None and order["id"] in gone
        if asked.teams is not None and team.id not in named:
            why: str | None = ""
        elif order is not None and back and (order["arrived"] or not _again(team, gone[order["id"]], asked)):
            why = _turned_back(team, order, gone[order["id"]]["at"])
        else:
            why = _why_not(team, None if back else order, within, asked, team.id in named)
        if why is None:
            crews.append(team)
            if order is not None and not _may_be_proposed(team, asked):
                of = order["incident"]
                stays[team.id] = frozenset(i for i, one in found.items() if of == i or of in one["before"])
            continue
        if order and not back:
            to = became.get(order["incident"], order["incident"])
            if to in found:  # goes on as it was ordered, or is there
                standing[team.id] = {**order, "incident": to}
        if why and (team.id in named or back):
            left_out.append({"team": team.id, "why": why})
    lost = orders.struck_off(snapshot, {*(open_orders.keys() - every.keys()), *strange})  # in no list of teams
    for team_id, how in sorted(lost.items()):
        order = open_orders.get(team_id)
        if order is not None and order["incident"] in within:
            left_out.append({"team": team_id, "why": _struck_off(order, how)})
        elif team_id in strange:
            left_out.append({"team": team_id, "why": how})
    loads = orders.loads(connection, exercise=asked.exercise, at=at)
    back_home = frozenset(t for t, o in open_orders.items() if o["id"] in gone)
    finished = orders.finished(connection, wanted, at)
    finishers = teams.whatever_life(snapshot, {f.team for found_ in finished.values() for f in found_})
    return Picture(
        at, wanted, crews, standing, back_home, open_orders, left_out, loads, finished, finishers, every,
        became, asked.bars, stays,
    )  # fmt: skip


def may_go(picture: Picture, team: int, incident: int) -> bool:
    """Whether a team of `crews` may be sent to an incident."""
    return incident in picture.stays.get(team, {incident}) and (team, incident) not in picture.bars


def candidates(picture: Picture, incident: int) -> list[Team]:
    """The teams that may be sent to an incident."""
    return [t for t in picture.crews if may_go(picture, t.id, incident)]


def _became(connection: Connection, wanted: Sequence[Mapping[str, Any]], at: datetime) -> dict[int, int]:
    """Of what these incidents came from what was merged into one of them, over however many steps: whoever is under
    way there is under way here."""
    within = {one["id"] for one in wanted}
    before = incidents.several(connection, sorted({i for one in wanted for i in one["before"]}), at)
    out = {}
    for i in before:
        now = i
        while now in before and before[now]["state"] == "merged":
            now = before[now]["went_to"][0]
        if now != i and now in within:
            out[i] = now
    return out


def left_on_their_way(picture: Picture, asked: Asked) -> Picture:
    """The same for a plan by straight lines: who is under way by an order that was given by road is not turned, unless
    it is sent elsewhere by hand; straight minutes say nothing against it. Who is under way to what was merged is under
    way to what it went into, and keeps the order that he has."""
    kept: dict[int, Mapping[str, Any]] = {}
    for team in picture.crews:
        order = picture.open_orders.get(team.id)
        if order is None or team.id in picture.turned_back or order["routing"] != "road" or team.id == asked.hand:
            continue
        to = picture.became.get(order["incident"], order["incident"])
        if asked.pins.get(team.id, to) in {to, order["incident"]} and (team.id, to) not in asked.bars:
            kept[team.id] = {**order, "incident": to}
    if not kept:
        return picture
    within = {i["id"] for i in picture.incidents}
    return replace(
        picture,
        crews=[t for t in picture.crews if t.id not in kept],
        standing={**picture.standing, **{t: o for t, o in kept.items() if o["incident"] in within}},
        left_out=[
            *picture.left_out,
            *({"team": t, "why": _goes_on(o)} for t, o in kept.items() if o["incident"] not in within),
        ],
    )


def _why_not(team: Team, order: Mapping[str, Any] | None, within: set[int], asked: Asked, named: bool) -> str | None:
    """Why a team cannot be sent; None where it can."""
    if team.place is None:
        return "没有登记位置，也没有报告位置"
    if order is not None:
        if order["arrived"]:
            return f"已到险情 {numbers.said(order['incident'])}"
        if asked.replanning and order["incident"] in within:
            return None  # under way to an incident of this plan: it may be turned
        return None if named and _may_be_proposed(team, asked) else _goes_on(order)
    if team.status not in teams.FREE:
        return f"现为{team.status}"
    return None if _may_be_proposed(team, asked) else f"{team.out_of_use}，要派请手工指定"


def _goes_on(order: Mapping[str, Any]) -> str:
    return f"正按调度令 {numbers.said(order['id'])} 前往险情 {numbers.said(order['incident'])}"


def _again(team: Team, told: Mapping[str, Any], asked: Asked) -> bool:
    """Whether it is sent by hand although it has gone home: just now, or by a plan that knew that it has."""
    if team.id == asked.hand:
        return True
    known = asked.decided_at is not None and told["made_at"] <= asked.decided_at
    return known and team.id in asked.pins


def _may_be_proposed(team: Team, asked: Asked) -> bool:
    """Whether it is in use, or sent by hand although it is not: just now, or by a plan that said that it is not."""
    if not team.out_of_use or team.id == asked.hand:
        return True
    by_hand = team.id in asked.pins
    return (by_hand and team.id in asked.unused) if asked.replanning else (by_hand or team.id in (asked.teams or ()))


def _turned_back(team: Team, order: Mapping[str, Any], at: datetime) -> str:
    when = clock.of_day(at)
    if order["arrived"]:
        return f"{when} 报{team.status}，调度令 {numbers.said(order['id'])} 到达后没有报完成，请核实后记完成"
    how = "请手工指定" if team.status in teams.FREE else "先请它报待命"
    return f"{when} 报{team.status}，没有按调度令 {numbers.said(order['id'])} 行动；要再派{how}"


def _struck_off(order: Mapping[str, Any], how: str) -> str:
    if order["arrived"]:
        return f"{how}，调度令 {numbers.said(order['id'])} 到达后没有报完成，请核实后记完成"
    return f"{how}，不再按调度令 {numbers.said(order['id'])} 行动"


def tasks(picture: Picture) -> list[Task]:
    """What each incident still asks for, beside who is there or under way by an order that is left as it is, and what
    teams have reported as done."""
    out = []
    for one in picture.incidents:
        there = [picture.teams[t] for t, o in picture.standing.items() if o["incident"] == one["id"]]
        coming = [
            picture.teams[t] for t, o in picture.open_orders.items()
            if picture.became.get(o["incident"], o["incident"]) == one["id"]
            and t in picture.teams and t not in picture.turned_back
        ]  # fmt: skip
        over = [picture.finishers[f.team] for f in picture.finished.get(one["id"], ())]
        # What one team has done and another still does is not done: nobody is called back for it.
        done = {n for n in one["needs"] if any(t.meets(n) for t in over) and not any(t.meets(n) for t in coming)}
        boat = "boat" in one["needs"] and "boat" not in done
        persons = (one["trapped"] if one["trapped"] is not None else teams.SEATS) if boat else 0
        out.append(
            Task(
                one["id"], incidents.rated(one, picture.at).points, tuple(one["needs"]),
                max(0, persons - sum(t.seats for t in [*there, *over])),
                bool(there) or (one["id"] in picture.finished and not coming),
                frozenset(n for n in one["needs"] if n in done or any(t.meets(n) for t in there)),
            )
        )  # fmt: skip
    return out


def crew(team: Team, picture: Picture) -> Crew:
    """A team as the solver takes it."""
    order = None if team.id in picture.turned_back else picture.open_orders.get(team.id)
    has = frozenset(n for n in incidents.NEEDS if team.meets(n))
    load = picture.loads.get(team.id, 0) - (order is not None)
    now_at = None if order is None else picture.became.get(order["incident"], order["incident"])
    return Crew(team.id, has, team.seats, LOAD_S * max(0, load), now_at, TURNING_S)
