"""How long each team needs to each place: asked of the routing once for every kind of vehicle."""

import math
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import shapely
import shapely.geometry
from pyproj import Geod
from sqlalchemy import Connection

from riskmap.rescue import routing
from riskmap.rescue.dispatch.teams import Team
from riskmap.rescue.roadengine.plane import Plane
from riskmap.rescue.routing import Answer, Cut, Leg, Place, Route, Router, Vehicle, queries, service, words
from riskmap.rescue.routing.answers import BY_TITLE
from riskmap.store.snapshot import Snapshot

Roads = Mapping[Vehicle, routing.Looked]
Legs = Mapping[tuple[int, int], Leg | None]  # (team's id, the place's index); None: no way
# Of a leg, for who may not see where the team stands.
HIDDEN: Mapping[str, None] = {"boat_leg": None, "boat_out": None, "off_start_m": None}


def look(
    snapshot: Snapshot, teams: Iterable[Team], flood_id: int | None, exercise: bool, at: datetime | None = None
) -> Roads:
    """What is closed at a minute to what each of these teams drives, and the roads."""
    return routing.look_each(snapshot.connection, {t.vehicle for t in teams}, flood_id, exercise, at)


PATIENCE_S = routing.PATIENCE_S  # of one plan
_NO_LINE = "路线引擎没有给出路线"
_PATIENCE_S = PATIENCE_S  # the same again, for its lines


def legs_of(
    roads: Roads, router: Router, teams: Sequence[Team], places: Sequence[Place], *, patience_s: float = PATIENCE_S
) -> tuple[Legs, Answer]:
    """The way of each team that has a place, to each place; and how it was found: all by road, or where the engine has
    failed for one kind of vehicle, all straight, for the two are not weighed against each other. No database is asked.
    After a failure the engine is asked for no other kind, for each may wait as long; only what may work in a moment is
    asked again, for `patience_s`."""
    until = time.monotonic() + patience_s
    out: dict[tuple[int, int], Leg | None] = {}
    kinds: dict[Vehicle, list[Team]] = defaultdict(list)
    for team in teams:
        if team.place is not None:
            kinds[team.vehicle].append(team)
    answers: list[Answer] = []
    failed = ""
    waiting = list(kinds.items())
    while waiting:
        vehicle, of = waiting.pop(0)
        origins = [t.place for t in of if t.place is not None]
        looked = replace(roads[vehicle], why_straight=failed)
        found, answer = routing.matrix_of(looked, router, origins, places, until - time.monotonic())
        if answer.by == "straight_line" and not failed:
            failed = answer.why
            if answers:  # again, all of them straight
                answers, waiting = [], list(kinds.items())
                continue
        answers.append(answer)
        for team, row in zip(of, found, strict=True):
            out |= {(team.id, i): leg for i, leg in enumerate(row)}
    return out, together(answers)


def routes_of(
    roads: Roads, router: Router, wanted: Iterable[tuple[Team, Place, Leg]], why_straight: str
) -> list[Route | str]:
    """The way of each with its line and instructions, straight where its leg is (`why_straight`). Why there is none,
    where the engine has failed since the leg was found: what may work in a moment is asked again for a while, any other
    not; that one way went through water says nothing of the others."""
    out: list[Route | str] = []
    failed = ""
    until = time.monotonic() + _PATIENCE_S
    for team, place, leg in wanted:
        assert team.place is not None
        looked = roads[team.vehicle]
        if leg.by == "road" and failed:
            out.append(failed)
            continue
        if leg.by != "road":
            looked = replace(looked, why_straight=why_straight)
        way, answer = routing.route_of(looked, router, team.place, place, until - time.monotonic())
        if answer.by != leg.by and answer.why != routing.CROSSED:
            failed = answer.why or _NO_LINE
        out.append(way if answer.by == leg.by and way is not None else answer.why or _NO_LINE)
    return out


def together(answers: Sequence[Answer]) -> Answer:
    """Of several answers: straight where one of them is, with every note once."""
    notes = _once(n for a in answers for n in a.notes)
    straight = next((a for a in answers if a.by == "straight_line"), None)
    first = straight or (answers[0] if answers else Answer("straight_line"))
    return replace(first, notes=notes)


_ENDS = re.compile(r"(起点|目的地) (\d+) 处(.*?)(?:（最远 ([\d,]+) m）)?(，.*)?。")


def _once(notes: Iterable[str]) -> list[str]:
    """Every note once. What is said of so many ends: starts add up, places are the same for every vehicle."""
    out: dict[object, str] = {}
    ends: dict[object, tuple[int, int]] = {}
    for note in notes:
        found = _ENDS.fullmatch(note)
        if found is None:
            out.setdefault(note, note)
            continue
        which, n, words, far, rest = found.groups()
        key = (which, words, rest)
        count, farthest = ends.get(key, (0, 0))
        count = count + int(n) if which == "起点" else max(count, int(n))
        farthest = max(farthest, int((far or "0").replace(",", "")))
        ends[key] = (count, farthest)
        told = f"（最远 {farthest:,} m）" if farthest else ""
        out[key] = f"{which} {count} 处{words}{told}{rest or ''}。"
    return list(out.values())


def told(answer: Answer) -> dict[str, Any]:
    """How the ways were found, for the page."""
    words = BY_TITLE[answer.by]
    return {"routing": answer.by, "routing_title": words, "routing_notes": list(answer.notes)}


def minutes_of(seconds: float) -> int:
    """A travel time in whole minutes, as it is said and as clock times are reckoned with it: begun minutes count, and
    no way takes none. The page's rule is the same (`minutesOf`)."""
    return max(1, math.ceil(seconds / 60))


def minutes(seconds: float) -> str:
    """A travel time in words; from an hour on with hours."""
    return _words(minutes_of(seconds))


def apart(one_s: float, other_s: float) -> str:
    """How much later or earlier, as the two are said, so that it adds up with them; begins with its space."""
    whole = abs(minutes_of(one_s) - minutes_of(other_s))
    return f" {_words(whole)}" if whole else "不到 1 分钟"


def _words(whole: int) -> str:
    hours, rest = divmod(whole, 60)
    return f"{whole} 分钟" if not hours else f"{hours} 小时 {rest} 分" if rest else f"{hours} 小时"


def expected_at(ordered_at: datetime, travel_s: float) -> datetime:
    """When a team is to be there: the minute in which it was ordered and the minutes that it was told."""
    return ordered_at.replace(second=0, microsecond=0) + timedelta(minutes=minutes_of(travel_s))


def is_late(expected: datetime, at: datetime) -> bool:
    """Whether the minute in which a team was to be there is over, as a clock tells it."""
    return at.replace(second=0, microsecond=0) > expected


_ALONG_M, _APART_M = 30.0, 100.0
_GEOD = Geod(ellps="GRS80")


def is_told(told: Mapping[str, Any], way: Route | None) -> bool:
    """Whether a way is the one that an order was given with, or what is left of it: then nobody is told anew. By
    straight lines nothing is known of the road, and what was told stands.
    """
    if way is None or way.leg.by != "road" or told["routing"] != "road":
        return True
    if told["route"] is None:  # all the way by boat, which is told; or no line was drawn
        return not (told["instructions"] and len(way.line) > 1)
    before, boat = told["boat_leg"], way.leg.boat
    if (before is None) != (boat is None) or (way.leg.boat_out is not None and told.get("boat_out") is None):
        return False
    if before is not None and boat is not None and len(way.line) < 2:  # afloat already
        line = shapely.geometry.shape(before)
        on = Plane.of(shapely.get_coordinates(line))
        return bool(on.flat(line).distance(on.flat(shapely.Point(boat.line[0]))) <= _APART_M)
    if before is not None and boat is not None:
        start, now = before["coordinates"][0], boat.line[0]
        if _GEOD.line_length([start[0], now[0]], [start[1], now[1]]) > _APART_M:
            return False
    if len(way.line) < 2:
        return True
    line = shapely.LineString(way.line)
    plane = Plane.of(shapely.get_coordinates(line))
    along = plane.flat(shapely.geometry.shape(told["route"])).buffer(_ALONG_M)
    return bool(shapely.length(shapely.difference(plane.flat(line), along)) <= _APART_M)


def arrivals(teams: Sequence[Team], found: Legs, index: int = 0) -> list[tuple[Team, Leg | None]]:
    """Teams in order of arrival at a place; those without a way at the end, those without a place last."""

    def order(team: Team) -> tuple[bool, bool, float, int]:
        leg = found.get((team.id, index))
        return (team.place is None, leg is None, leg.travel_s if leg else 0.0, team.id)

    return [(team, found.get((team.id, index))) for team in sorted(teams, key=order)]


_PROOF_S = 10.0  # of one plan: the engine is asked for causes no longer
_CUT: Mapping[Cut, str] = {
    "own_water": "自己在车过不去的水里", "water": "去险情的路被水断开", "closures": "去险情的路被封闭路段断开",
    "either": "去险情的路被水断开，也被封闭路段断开", "together": "去险情的路被水和封闭路段一起断开",
    "no_road": "到险情的路网不通（道路文件中没有连接）",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CutOff:
    """A place to which none of some teams has a way, and what cuts off the nearest of them."""

    place: Place
    free: int  # teams
    looked_at: int  # of them
    in_water: bool  # closed to all of them
    boats: bool
    flood: bool
    shut: bool
    cuts: Sequence[Cut]
    spoilt: bool = False  # the engine's data are: nothing could be proved


def cut_off(
    roads: Roads, router: Router, wanted: Iterable[tuple[int, Place, Sequence[Team]]], *, works: bool,
    spoilt: bool = False,
) -> dict[int, CutOff]:  # fmt: skip
    """What cuts off each of these places, by their keys, from all of its teams; asks no database, and the engine, where
    it `works`, for as long as there is time."""
    out = {}
    begun = time.monotonic()
    for key, place, free in wanted:
        placed = [(t.place, t) for t in free if t.place is not None]
        placed.sort(key=lambda one: _GEOD.line_length([one[0].lon, place.lon], [one[0].lat, place.lat]))
        starts = [(at, t.vehicle) for at, t in placed]
        in_water = bool(starts) and all(roads[v].question.in_water(place) for _, v in starts)
        boats = any(t.boats for t in free)
        own = all(roads[v].question.strands(at) for at, v in starts)
        if own:
            looked, cuts = starts, list[Cut](["own_water"] * len(starts))
        elif in_water and not boats:
            looked, cuts = starts, list[Cut](["water"] * len(starts))
        else:
            looked = starts[: routing.MOST_CUTS]
            ask = works and time.monotonic() - begun < _PROOF_S
            cuts = routing.what_cuts(roads, router, looked, place, ask=ask)
        first = roads[starts[0][1]].question if starts else None
        out[key] = CutOff(
            place, len(free), len(looked), in_water, boats, first is not None and first.flood is not None,
            first is not None and bool(first.shut), cuts, spoilt,
        )  # fmt: skip
    return out


def why_none(connection: Connection, one: CutOff, flood_id: int | None) -> str:
    """In words: in the water and no boat, far from any road, cut off and by what, or no road at all."""
    if set(one.cuts) == {"own_water"}:
        return f"能派的 {one.free} 支队伍自己都在车过不去的水里：无法到达"
    if one.in_water and not one.boats:
        return f"险情在水里，能派的 {one.free} 支队伍没有一支有艇：无法到达"
    teams_ = f"能派的 {one.free} 支队伍" + (f"（核对最近的 {one.looked_at} 支）" if one.looked_at < one.free else "")
    near = queries.road_near(connection, one.place.lon, one.place.lat)
    far = near is not None and near[0] > service.FAR_FROM_ROAD_M
    off = f"离最近的道路 {words.distance(near[0] / 1000)}" if far and near is not None else ""
    cuts = one.cuts
    if set(cuts) == {"no_road"} and off:
        return f"险情{off}，路网里没有能开到附近的路（可能路网不全）：无法到达"
    if set(cuts) == {"water"} and one.in_water:
        return f"险情在水里{off and f'、{off}'}，{teams_}开不到能下水、直达险情的水边：无法到达"
    between = off and near is not None and flood_id is not None and queries.water_between(connection, flood_id, near[1])
    if set(cuts) == {"water"} and between:
        return f"险情{off}，中间隔着水：无法到达"
    if "unproved" in cuts:
        by = "或".join(w for w, so in (("水", one.flood), ("封闭路段", one.shut), ("路网不全", True)) if so)
        engine = "路线数据已损坏" if one.spoilt else "路线引擎没有答复"
        return f"{off and f'险情{off}，'}{teams_}到不了，可能因为{by}（{engine}，没有核实）：无法到达"
    said = dict(_CUT) | ({"water": "到不了在水里的险情"} if one.in_water else {})
    counts = Counter(cuts)
    if len(counts) == 1:
        return f"{teams_}{said[cuts[0]]}：无法到达"
    listed = "，".join(f"{n} 支{said[cut]}" for cut, n in counts.most_common())
    return f"{teams_}里 {listed}：无法到达"
