"""How long each team needs to each place: asked of the routing once for every kind of vehicle."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import shapely
import shapely.geometry
from pyproj import Geod

from riskmap.rescue import floods, minute, routing
from riskmap.rescue.dispatch.teams import Team
from riskmap.rescue.roadengine.plane import Plane
from riskmap.rescue.routing import Answer, Leg, Place, Route, Router, Vehicle, queries, service, words
from riskmap.rescue.routing.answers import BY_TITLE
from riskmap.store.snapshot import Snapshot

Roads = Mapping[Vehicle, routing.Looked]
Legs = Mapping[tuple[int, int], Leg | None]  # (team's id, the place's index); None: no way


def legs(
    snapshot: Snapshot,
    router: Router,
    teams: Sequence[Team],
    places: Sequence[Place],
    flood_id: int | None,
    exercise: bool,
) -> tuple[Legs, Answer]:
    """The way of each team that has a place, to each place; and how it was found: by road only if all were."""
    return legs_of(look(snapshot, teams, flood_id, exercise), router, teams, places)


def look(snapshot: Snapshot, teams: Iterable[Team], flood_id: int | None, exercise: bool) -> Roads:
    """What is closed to what each of these teams drives, and the roads."""
    return routing.look_each(snapshot.connection, {t.vehicle for t in teams}, flood_id, exercise)


def legs_of(roads: Roads, router: Router, teams: Sequence[Team], places: Sequence[Place]) -> tuple[Legs, Answer]:
    """The same of what was looked up before: no database is asked. When the engine has failed for one kind of vehicle
    it is asked for no other, for each may wait as long."""
    out: dict[tuple[int, int], Leg | None] = {}
    kinds: dict[Vehicle, list[Team]] = defaultdict(list)
    for team in teams:
        if team.place is not None:
            kinds[team.vehicle].append(team)
    answers: list[Answer] = []
    for vehicle, of in kinds.items():
        origins = [t.place for t in of if t.place is not None]
        looked = roads[vehicle]
        if answers and answers[-1].by == "straight_line":
            looked = replace(looked, why_straight=answers[-1].why)
        found, answer = routing.matrix_of(looked, router, origins, places)
        answers.append(answer)
        for team, row in zip(of, found, strict=True):
            out |= {(team.id, i): leg for i, leg in enumerate(row)}
    return out, together(answers)


def matrix(
    snapshot: Snapshot,
    router: Router,
    origins: Sequence[Place],
    places: Sequence[Place],
    vehicle: Vehicle,
    flood_id: int | None,
    exercise: bool,
) -> tuple[list[list[Leg | None]], Answer]:
    """Each origin to each place, for one kind of vehicle."""
    return routing.matrix(snapshot.connection, router, origins, places, vehicle, flood_id, exercise=exercise)


def routes_of(
    roads: Roads, router: Router, wanted: Iterable[tuple[Team, Place, Leg]], why_straight: str
) -> list[Route | None]:
    """The way of each with its line and instructions, straight where its leg is (`why_straight`). None where the engine
    has failed since the leg was found: it is not asked again then."""
    out: list[Route | None] = []
    works = True
    for team, place, leg in wanted:
        assert team.place is not None
        looked = roads[team.vehicle]
        if leg.by == "road" and not works:
            out.append(None)
            continue
        if leg.by != "road":
            looked = replace(looked, why_straight=why_straight)
        way, answer = routing.route_of(looked, router, team.place, place)
        works = works and answer.by == leg.by
        out.append(way if answer.by == leg.by else None)
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


def minutes(seconds: float) -> str:
    """A travel time in words."""
    whole = max(1, round(seconds / 60))
    return f"{whole} 分钟" if whole < 120 else f"{whole // 60} 小时 {whole % 60} 分钟"


_ALONG_M, _APART_M = 30.0, 100.0
_GEOD = Geod(ellps="GRS80")


def is_told(told: Mapping[str, Any], way: Route | None) -> bool:
    """Whether a way is the one that an order was given with, or what is left of it: then nobody is told anew. By
    straight lines nothing is known of the road, and what was told stands.
    """
    if way is None or way.leg.by != "road" or told["routing"] != "road" or told["route"] is None:
        return True
    before, boat = told["boat_leg"], way.leg.boat
    if (before is None) != (boat is None):
        return False
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


def why_none(snapshot: Snapshot, place: Place, free: Sequence[Team], flood_id: int | None, exercise: bool) -> str:
    """Why no team gets to a place: in the water and no boat, far from any road, or cut off. Some small questions to the
    database for a place that nobody reaches, and none to the engine."""
    connection = snapshot.connection
    teams_ = f"能派的 {len(free)} 支队伍"
    near = queries.road_near(connection, place.lon, place.lat)
    far = near is not None and near[0] > service.FAR_FROM_ROAD_M
    off = f"离最近的道路 {words.distance(near[0] / 1000)}" if far and near is not None else ""
    if flood_id is not None:
        classes = {c["ordinal"]: c for c in floods.class_rows(connection, flood_id)}
        placed = [t for t in free if t.place is not None]
        here, *starts = queries.classes_at(connection, flood_id, [place.at, *(t.place.at for t in placed if t.place)])

        def stuck(team: Team, ordinal: int | None) -> bool:
            return ordinal is not None and not service.passes(team.vehicle, classes[ordinal])

        if all(stuck(t, n) for t, n in zip(placed, starts, strict=True)):
            return f"{teams_}自己都在车过不去的水里：无法到达"
        if all(stuck(t, here) for t in free):
            if not any(t.boats for t in free):
                return f"险情在水里，{teams_}没有一支有艇：无法到达"
            return f"险情在水里{off and f'、{off}'}，{teams_}开不到能下水、直达险情的水边：无法到达"
        if off and near is not None and queries.water_between(connection, flood_id, near[1]):
            return f"险情{off}，中间隔着水：无法到达"
    if off:
        return f"险情{off}，路网里没有能开到附近的路（可能路网不全）：无法到达"
    shut = bool(queries.closed_now(connection, exercise, minute.asked(connection, None)))
    by = "或".join(what for what, is_so in (("水", flood_id is not None), ("登记的封闭", shut)) if is_so)
    if by:
        return f"{teams_}去险情的路都被{by}断开：无法到达"
    return f"{teams_}没有通到险情的路（可能路网不全）：无法到达"
