"""Why this team: what a plan says of each assignment, and of incidents that nobody gets to."""

from collections.abc import Mapping, Sequence
from typing import Any

from riskmap.rescue import numbers
from riskmap.rescue.dispatch import assign, incidents, orders, ways
from riskmap.rescue.dispatch.assign import Task
from riskmap.rescue.dispatch.picture import Asked, Picture, candidates, crew
from riskmap.rescue.dispatch.teams import Team
from riskmap.rescue.routing import Leg, Route, in_water_m, words
from riskmap.store.snapshot import Snapshot


def assigned(
    snapshot: Snapshot,
    asked: Asked,
    picture: Picture,
    roads: ways.Roads,
    by_pair: Mapping[tuple[int, int], Leg | None],
    routes: Mapping[tuple[int, int], Route | None],
    cut_off: Mapping[int, ways.CutOff],
    tasks: Sequence[Task],
) -> dict[str, Any]:
    """Assignments (`routes`: who goes where, by which way) with reasons, the most urgent first; and incidents that
    nobody gets to, with why."""
    task_of = {t.id: t for t in tasks}
    about = {i["id"]: i for i in picture.incidents}
    pairs = list(routes)
    order = sorted(pairs, key=lambda p: (-task_of[p[1]].points, p[1], _s(by_pair[p])))
    goes = dict(pairs)
    standing = {t: o["id"] for t, o in picture.open_orders.items() if goes.get(t) == o["incident"]}
    told = orders.told_ways(snapshot.connection, list(standing.values()))
    out = []
    for team_id, incident_id in order:
        team = picture.teams[team_id]
        leg = by_pair[team_id, incident_id]
        assert leg is not None
        way = routes[team_id, incident_id]
        # In whole metres here: why it is this team and its order say the same.
        wet_m = 0 if way is None else round(in_water_m(snapshot.connection, roads[team.vehicle], way))
        shown = leg if way is None else way.leg
        has_order = standing.get(team_id)
        turned = has_order is not None and (team_id in picture.turned_back or not ways.is_told(told[has_order], way))
        out.append(
            {
                "team": team_id, "incident": incident_id, "travel_s": round(shown.travel_s),
                "distance_m": round(shown.distance_m, 1), "routing": shown.by,
                "route": _line(way.line) if way is not None else None,
                "boat_leg": shown.boat and shown.boat.body(),
                "boat_out": shown.boat_out and shown.boat_out.body(),
                **shown.off_road(), "off_road": way.off_road_shape() if way is not None else None,
                "instructions": list(way.instructions) if way is not None else [],
                "in_water_m": wet_m if way is not None else None,
                "meets": [n for n in about[incident_id]["needs"] if team.meets(n)], "seats": team.seats,
                "pinned": asked.pins.get(team_id, -1) == incident_id,
                # Under way already: by the way that it was told, or to be told another.
                "order": None if turned else has_order, "rerouted": has_order if turned else None,
                "out_of_use": team.out_of_use,  # as it was known: accepting compares
                "why": _why(team, about[incident_id], shown, by_pair, goes, picture, task_of, asked,
                            wet_m),
            }
        )  # fmt: skip
    return {"assignments": out, **_without(snapshot, asked, picture, by_pair, cut_off, pairs, task_of)}


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

    def say(what: str, other: int | None = None) -> None:
        out.append({"words": what, "team": other})

    if asked.pins.get(team.id, -1) == incident["id"]:
        say("手工指定")
    if team.out_of_use:
        say(team.out_of_use)
    needs = incident["needs"]
    fitting = [
        t for t in candidates(picture, incident["id"]) if assign.fits(crew(t, picture), task_of[incident["id"]])
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
    kept_away = [
        t for t in _kept_away(incident["id"], picture, by_pair, task_of)
        if _s(by_pair[t.id, incident["id"]]) < leg.travel_s
    ]  # fmt: skip
    for other in kept_away:
        later = ways.apart(leg.travel_s, _s(by_pair[other.id, incident["id"]]))
        say(f"更快的“{{}}”（早{later}）手工不派", other.id)
    of = "其余里" if kept_away else ""
    mine = f"{ways.minutes(leg.travel_s)}到"
    rank = [t.id for t in fitting].index(team.id) if team in fitting else -1
    if rank == 0 and len(fitting) > 1:
        second = fitting[1]
        say(f"{mine}，{of}最快；其次“{{}}”{ways.minutes(_s(by_pair[second.id, incident['id']]))}", second.id)
    elif rank == 0:
        say(f"{mine}，{of}能到的只有这一支")
    elif rank > 0:
        # Beside whom it stands to be explained: the quickest of those that could do all that it does there, if any.
        able = [t for t in fitting[:rank] if all(t.meets(n) for n in needs if team.meets(n))]
        first = (able or fitting)[0]
        later = ways.apart(leg.travel_s, _s(by_pair[first.id, incident["id"]]))
        sent = goes.get(first.id)
        if sent is None:
            say(f"{mine}，比“{{}}”晚{later}，{_better(team, first, incident)}", first.id)
        elif sent == incident["id"]:
            say(f"{mine}，“{{}}”先到（早{later}），再加这一支", first.id)
        else:
            seats = f"，一趟坐 {first.seats} 人" if "boat" in needs and team.seats > first.seats else ""
            say(f"{mine}；更快的“{{}}”（早{later}{seats}）派往险情 {numbers.said(sent)}，合计较优", first.id)
    if "boat" in needs and team.seats and incident["trapped"]:
        say(f"艇 {team.boats} 艘，一趟 {team.seats} 人，被困 {incident['trapped']:,} 人")
    if leg.boat_out is not None:
        say(f"在水里，先行船 {leg.boat_out.distance_m:,.0f} m 靠岸")
    if leg.boat is not None:
        whole = leg.boat.distance_m >= leg.distance_m
        say(f"{'全程' if whole else '最后'} {leg.boat.distance_m:,.0f} m 行船")
    if off := words.off_road(leg.off_start_m, leg.off_road_m):
        say(off)
    if asked.flood_id is not None and leg.by == "road":
        if team.wading_cm is None:
            say("没有登记涉水深，按一般车辆避开封闭的水")
        elif wet_m > 0:
            say(f"涉水 {team.wading_cm:g} cm，过水 {wet_m:,.0f} m")
    loads = picture.loads.get(team.id, 0)
    if loads:
        say(f"12 小时内已有 {loads} 份调度令")
    return out


def _kept_away(
    incident: int, picture: Picture, by_pair: Mapping[tuple[int, int], Leg | None], task_of: Mapping[int, Task]
) -> list[Team]:
    """Teams that could go there and by hand do not, the quickest first."""
    kept = [
        t for t in picture.crews
        if (t.id, incident) in picture.bars and by_pair.get((t.id, incident)) is not None
        and assign.fits(crew(t, picture), task_of[incident])
    ]  # fmt: skip
    return sorted(kept, key=lambda t: (_s(by_pair[t.id, incident]), t.id))


def _better(team: Team, first: Team, incident: Mapping[str, Any]) -> str:
    """Why not the one that is there sooner and is sent nowhere."""
    more = [n for n in incident["needs"] if team.meets(n) and not first.meets(n)]
    if more:
        return f"但有{'、'.join(incidents.NEEDS[n] for n in more)}"
    if "boat" in incident["needs"] and team.seats > first.seats:
        return f"但一趟坐 {team.seats} 人，那支 {first.seats} 人"
    return "按出动次数和改派合计较优"


def unreached(
    picture: Picture,
    tasks: Sequence[Task],
    by_pair: Mapping[tuple[int, int], Leg | None],
    pairs: Sequence[tuple[int, int]],
) -> list[tuple[int, list[Team]]]:
    """Incidents without anybody to which none of the teams that could be sent has a way; and these teams."""
    served = {i for _, i in pairs}
    out = []
    for task in tasks:
        free = [t for t in candidates(picture, task.id) if assign.fits(crew(t, picture), task)]
        lost = bool(free) and all(by_pair.get((t.id, task.id)) is None for t in free)
        if lost and task.id not in served and not task.served:
            out.append((task.id, free))
    return out


def _without(
    snapshot: Snapshot,
    asked: Asked,
    picture: Picture,
    by_pair: Mapping[tuple[int, int], Leg | None],
    cut_off: Mapping[int, ways.CutOff],
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
            code, why = _why_nobody(snapshot, asked, one, task, picture, by_pair, cut_off)
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
    cut_off: Mapping[int, ways.CutOff],
) -> tuple[str, str]:
    wanted = "、".join(incidents.NEEDS[n] for n in one["needs"])
    fits = [t for t in picture.teams.values() if assign.fits(crew(t, picture), task)]
    if not picture.teams:
        return "no_team", "没有登记救援队伍"
    if not fits:
        return "no_skill", f"没有一支队伍有{wanted}"
    free = [t for t in candidates(picture, one["id"]) if t in fits]
    barred = [t for t in picture.crews if t in fits and (t.id, one["id"]) in picture.bars]
    by_hand = f"；手工不派 {len(barred)} 支" if barred else ""
    if not free:
        others = len(fits) - len(barred)
        why = f"有{wanted or '条件'}的 {others} 支队伍都不能派（在执行任务、休整、停用、没有位置或没有选入）"
        return "no_team", (why if others else f"有{wanted or '条件'}的队伍都手工不派") + (by_hand if others else "")
    if one["id"] in cut_off:
        return "no_way", ways.why_none(snapshot.connection, cut_off[one["id"]], asked.flood_id) + by_hand
    ways_ = [t for t in free if by_pair.get((t.id, one["id"])) is not None]
    if asked.fixed is not None:  # nothing was weighed
        return "no_team", f"手工调整后没有队伍来；能到的有 {len(ways_)} 支，可指定或重算"
    set_ = "，或另有手工安排" if any(t.id in asked.pins for t in ways_) else ""
    return "no_team", f"能到的 {len(ways_)} 支队伍都派往更急的险情了{set_}{by_hand}"
