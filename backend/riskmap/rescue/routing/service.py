"""Routes, matrices and reach, decided on the roads in use, a flood's closed water and the closures of that minute."""

import json
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from riskmap.base.errors import FieldError, Invalid
from riskmap.exchange.datum import metres_between
from riskmap.rescue import depths, floods, minute
from riskmap.rescue.routing import queries, tiles, words
from riskmap.rescue.routing.answers import (
    OFF_ROAD_M,
    STRAIGHT_KMH,
    Answer,
    BoatLeg,
    End,
    Leg,
    Place,
    Position,
    Route,
    Vehicle,
)
from riskmap.rescue.routing.router import IN_A_MOMENT, LIMIT_S, NONE_THERE, SPOILT, EngineFailed, Router, water_key
from riskmap.rescue.routing.tiles import RoadSet

FAR_FROM_ROAD_M = 200.0  # from here on it is told
_WET_M = 5.0  # of a way in water, before it is told
_KMH = 3.6
_NO_ROADS = "没有装入路网"

# The engine makes one search for each place of the shorter side of a matrix, and puts each of the longer side onto a
# road. A question of no more than this takes it a second or two; a larger one goes in parts, so that it is slow and
# not taken for a hang, and others have their turn between.
BLOCK, BESIDE = 30, 1_000
_GOAL_S = LIMIT_S / 3  # of one part: where it takes longer, the next is smaller
MOST_S = 120.0  # of a matrix in all

# Whoever decides by the ways asks again, where the engine may answer in a moment: every plan, list and proposal alike.
PATIENCE_S, _AGAIN_S = 5.0, 0.25
_MOST_PATIENT = 6  # at once, for each holds a thread of the service's
_patient = threading.BoundedSemaphore(_MOST_PATIENT)


@dataclass(frozen=True)
class ClosedWater:
    """Depth classes of a flood that are closed; their geometry is read once, where it is wanted."""

    connection: Connection
    flood_id: int | None
    ordinals: tuple[int, ...]

    @cached_property
    def shapes(self) -> tuple[BaseGeometry, BaseGeometry] | None:
        """What is closed, and what a boat floats on; None without either."""
        if self.flood_id is None or not self.ordinals:
            return None
        return queries.water(self.connection, self.flood_id, self.ordinals)


@dataclass(frozen=True)
class Question:
    """What is closed to a vehicle at a minute. Geometry is read only where it is wanted."""

    connection: Connection
    vehicle: Vehicle
    flood: Mapping[str, Any] | None
    closed: ClosedWater  # what this vehicle does not pass
    shut: Sequence[tuple[int, BaseGeometry]]

    @classmethod
    def ask(
        cls, connection: Connection, vehicle: Vehicle, flood_id: int | None, exercise: bool, at: datetime | None
    ) -> "Question":
        """Raises NotFound, Invalid."""
        flood = None if flood_id is None else floods.find(connection, flood_id)
        if flood is not None and flood["exercise"] != exercise:
            told = "这是演练的淹没范围" if flood["exercise"] else "这是实战的淹没范围，演练里不用"
            raise Invalid("淹没范围与演练不一致。", errors=[FieldError("flood", "other_kind", told)])
        classes = [] if flood_id is None else floods.class_rows(connection, flood_id)
        closed = tuple(c["ordinal"] for c in classes if not passes(vehicle, c))
        shut = queries.closed_now(connection, exercise, minute.asked(connection, at))
        return cls(connection, vehicle, flood, ClosedWater(connection, flood_id, closed), shut)

    @property
    def key(self) -> str:
        """Names what is closed."""
        return water_key(self.flood and self.flood["id"], self.closed.ordinals, [i for i, _ in self.shut])

    def water(self) -> dict[str, Any]:
        """For the engine."""
        shapes = self.closed.shapes
        return {
            "closed": None if shapes is None else shapely.to_wkb(shapes[0], hex=True),
            "afloat": None if shapes is None else shapely.to_wkb(shapes[1], hex=True),
            "shut": [shapely.to_wkb(line, hex=True) for _, line in self.shut],
        }  # fmt: skip

    def in_water(self, at: Place) -> bool:
        """Whether a place stands in water closed to the vehicle."""
        shapes = self.closed.shapes
        return shapes is not None and bool(shapely.intersects(shapes[0], shapely.Point(at.at)))

    def strands(self, at: Place) -> bool:
        """Whether one stands there in closed water and has no boat to get out of it."""
        return self.vehicle.boat_kmh is None and self.in_water(at)

    def notes(self) -> list[str]:
        """What holds for every answer."""
        out = []
        if self.flood is not None and self.flood["withdrawn_at"] is not None:
            out.append(f"淹没范围“{self.flood['name']}”已经撤回，请换一个情景。")
        if self.shut:
            out.append(f"已避开登记封闭的道路 {len(self.shut)} 处。")
        return out


def passes(vehicle: Vehicle, class_: Mapping[str, Any]) -> bool:
    """Whether a vehicle gets through water of a depth class."""
    if vehicle.wading_m is None:
        return bool(class_["traffic"] != "closed")
    return depths.passes(vehicle.wading_m, class_["depth_to_m"])


@dataclass(frozen=True)
class Looked:
    """All that a matrix is decided on: from here on the database is not asked, and need not wait for the engine."""

    question: Question
    roads: RoadSet | None
    why_straight: str = ""  # the engine has failed already, and is not asked

    @property
    def key(self) -> tuple[str, int | None]:
        """Names what is closed, and the roads."""
        return self.question.key, None if self.roads is None else self.roads.set_id

    def without(self, *, water: bool = False, closures: bool = False) -> "Looked":
        """The same as if there were no water, no closures, or neither."""
        question = self.question
        if water:
            question = replace(question, flood=None, closed=ClosedWater(question.connection, None, ()))
        if closures:
            question = replace(question, shut=())
        return replace(self, question=question)


def unanswered(answer: Answer) -> bool:
    """Whether there are roads and an engine, which has not answered: later it may."""
    return answer.by == "straight_line" and answer.why not in {"", _NO_ROADS, *NONE_THERE, *SPOILT}


def spoilt(answer: Answer) -> bool:
    """Whether the engine cannot answer before its data are built anew."""
    return answer.by == "straight_line" and answer.why in SPOILT


def look(
    connection: Connection,
    vehicle: Vehicle,
    flood_id: int | None,
    exercise: bool = False,
    at: datetime | None = None,
) -> Looked:
    """What is closed to a vehicle, with its geometry, and the roads. Raises NotFound, Invalid."""
    return look_each(connection, [vehicle], flood_id, exercise, at)[vehicle]


def look_each(
    connection: Connection,
    vehicles: Iterable[Vehicle],
    flood_id: int | None,
    exercise: bool = False,
    at: datetime | None = None,
) -> dict[Vehicle, Looked]:
    """The same for several kinds of vehicle; water that is closed to more than one is read once."""
    roads = tiles.current_set(connection)
    out: dict[Vehicle, Looked] = {}
    read: dict[tuple[int, ...], ClosedWater] = {}
    for vehicle in vehicles:
        question = Question.ask(connection, vehicle, flood_id, exercise, at)
        closed = read.setdefault(question.closed.ordinals, question.closed)
        _ = closed.shapes  # from here on nothing is read
        out[vehicle] = Looked(replace(question, closed=closed), roads)
    return out


def matrix_of(
    looked: Looked, router: Router, origins: Sequence[Place], destinations: Sequence[Place], patience_s: float = 0.0
) -> tuple[list[list[Leg | None]], Answer]:
    """A leg from each origin to each destination, None where there is no way; and how it was found: all by road, or
    all straight, with why. Asks no database. `router` is the process's own (`app.state.router`, or `Router(settings)`
    in a job); an engine that may answer in a moment is asked again for `patience_s`.

    A destination in water that is closed to the vehicle is reached by boat where it has one; so does one get out of an
    origin in such water.
    """
    question = looked.question
    said = looked.why_straight or _table(looked, router, origins, destinations, patience_s)
    if isinstance(said, str):
        return _straight(question, origins, destinations, said)
    starts, goals = _ends(said["origins"], origins), _ends(said["destinations"], destinations)
    rows = [
        [None if cell is None else _leg(cell, start, goal) for cell, goal in zip(row, goals, strict=True)]
        for row, start in zip(said["rows"], starts, strict=True)
    ]
    return rows, _answer(question, starts, goals)


def _table(
    looked: Looked, router: Router, origins: Sequence[Place], destinations: Sequence[Place], patience_s: float
) -> dict[str, Any] | str:
    """The engine's table of a matrix, asked for in parts that it gets done in good time; or why there is none, and
    then no part is used."""
    question = looked.question
    begun = time.monotonic()
    out: dict[str, Any] = {
        "origins": [None] * len(origins), "destinations": [None] * len(destinations),
        "rows": [[None] * len(destinations) for _ in origins],
    }  # fmt: skip
    crosswise = len(origins) > len(destinations)  # the destinations are the shorter side
    short, long = (destinations, origins) if crosswise else (origins, destinations)
    size = BLOCK
    for along in range(0, max(1, len(long)), BESIDE):
        across = 0
        while across < max(1, len(short)):
            asked_at = time.monotonic()
            if asked_at - begun > MOST_S:
                return f"地点太多，路线引擎 {MOST_S:.0f} 秒内没有算完"
            shorter, longer = slice(across, across + size), slice(along, along + BESIDE)
            rows, columns = (longer, shorter) if crosswise else (shorter, longer)
            asked = {
                "do": "matrix", "origins": [p.at for p in origins[rows]],
                "destinations": [p.at for p in destinations[columns]],
                "boat_kmh": _boat(question.vehicle), "top_kmh": question.vehicle.top_kmh,
            }  # fmt: skip
            first = (across, along) == (0, 0)
            # What is done already is not lost because somebody else was faster.
            said = _of_engine(question, looked.roads, router, asked, patience_s if first else PATIENCE_S)
            if isinstance(said, str):
                return said
            out["origins"][rows], out["destinations"][columns] = said["origins"], said["destinations"]
            for row, part in zip(out["rows"][rows], said["rows"], strict=True):
                row[columns] = part
            across += size
            took = time.monotonic() - asked_at
            if took > _GOAL_S:
                size = max(1, int(size * _GOAL_S / took))
    return out


def with_water(
    connection: Connection, looked: Looked, way: Route | None, answer: Answer
) -> tuple[Route | None, Answer]:  # fmt: skip
    """A way with how much of it is in water that the vehicle passes, which is told."""
    if way is None:
        return way, answer
    wet = in_water_m(connection, looked, way)
    if wet >= _WET_M:
        told_wet = f"路上有 {words.distance(wet / 1000)} 在这辆车能过的水里，慢行，水情变了要重新算。"
        answer = replace(answer, notes=[told_wet, *answer.notes])
    return replace(way, in_water_m=wet), answer


def in_water_m(connection: Connection, looked: Looked, way: Route) -> float:
    """Metres of a way on roads through water that the vehicle passes."""
    question = looked.question
    if question.flood is None or way.leg.by != "road" or len(way.line) < 2:
        return 0.0
    return queries.in_water_m(connection, question.flood["id"], way.line, question.closed.ordinals)


def route_of(
    looked: Looked, router: Router, origin: Place, destination: Place, patience_s: float = 0.0
) -> tuple[Route | None, Answer]:
    """The way with its line and instructions in Chinese, None where there is none; and how it was found. How much of it
    is in water is not told (`with_water`). `router` and `patience_s` as of `matrix_of`."""
    question, vehicle = looked.question, looked.question.vehicle
    asked = {
        "do": "route", "from": origin.at, "to": destination.at, "boat_kmh": _boat(vehicle), "top_kmh": vehicle.top_kmh,
    }  # fmt: skip
    said = looked.why_straight or _of_engine(question, looked.roads, router, asked, patience_s)
    if isinstance(said, str):
        rows, answer = _straight(question, [origin], [destination], said)
        leg = rows[0][0]
        line = [origin.at, destination.at]
        return (None if leg is None else Route(leg, line, [f"直线 {words.distance(leg.distance_m / 1000)}"])), answer
    [start], [goal] = _ends([said["origin"]], [origin]), _ends([said["destination"]], [destination])
    answer = _answer(question, [start], [goal])
    cell = said["leg"]
    if cell is None:
        return None, answer
    leg = _leg(cell, start, goal)
    ashore = cell.get("start", {}).get("approach", [])[:0:-1]
    line = [*map(_position, ashore), *map(_position, said["line"]), *map(_position, cell.get("approach", [])[1:])]
    told = words.instructions(said["manoeuvres"])
    if leg.boat_out is not None:
        told = [words.ashore(leg.boat_out.distance_m), *told]
    if leg.boat is not None and not line:
        told = [words.across(leg.boat.distance_m)]
    elif leg.boat is not None:
        told = [*told[:-1], *words.afloat(leg.boat.distance_m, cell["approach_m"])]
    off: list[Sequence[Position]] = []
    if leg.off_start_m is not None:
        told = [words.to_road(leg.off_start_m), *told]
        off.append([origin.at, _position(said["origin"]["on"])])
    if leg.off_road_m is not None:
        told = [*told[:-1], words.from_road(leg.off_road_m)]  # one has not arrived
        off.append([_position(said["destination"]["on"]), destination.at])
    return Route(leg, line, told, off_road=off), answer


def reach_of(
    looked: Looked, router: Router, origin: Place, minutes: Sequence[int]
) -> tuple[list[dict[str, Any]], Answer]:
    """For each of these minutes the area that is reached by road, without closed water; and how it was found."""
    question = looked.question
    asked = {"do": "reach", "from": origin.at, "minutes": list(minutes), "top_kmh": question.vehicle.top_kmh}
    said = _of_engine(question, looked.roads, router, asked)
    if isinstance(said, str):
        stands = End(question.in_water(origin))
        notes = [_straight_note(said), *question.notes(), *_told_wet([stands], "起点")]
        areas = [] if stands.in_water else [_circle(origin, m) for m in sorted(minutes)]
        return areas, Answer("straight_line", notes, [stands])
    areas = [
        {"minutes": one["minutes"], "geometry": json.loads(shapely.to_geojson(shapely.from_wkb(one["wkb"])))}
        for one in said["areas"]
    ]
    return areas, _answer(question, _ends([said["origin"]], [origin]), [])


# -- On roads ------------------------------------------------------------------------------


def _of_engine(
    question: Question, roads: RoadSet | None, router: Router, asked: Mapping[str, Any], patience_s: float = 0.0
) -> dict[str, Any] | str:
    """The engine's answer, or why there is none. What may work in a moment is asked again for `patience_s`, by so many
    at once as the service has threads to spare for."""
    if roads is None:
        return _NO_ROADS
    until = time.monotonic() + patience_s

    def said() -> dict[str, Any] | str:
        try:
            return router.ask(roads, {**asked, "water": {"key": question.key}}, question.water)
        except EngineFailed as failed:
            return str(failed)

    found = said()
    if not (_in_a_moment(found) and time.monotonic() < until and _patient.acquire(blocking=False)):
        return found
    try:
        while _in_a_moment(found) and time.monotonic() < until:
            time.sleep(_AGAIN_S)
            found = said()
    finally:
        _patient.release()
    return found


def _in_a_moment(found: dict[str, Any] | str) -> bool:
    """Whether there is no answer yet, and may soon be one."""
    return isinstance(found, str) and found in IN_A_MOMENT


def _boat(vehicle: Vehicle) -> float | None:
    return None if vehicle.boat_kmh is None else float(vehicle.boat_kmh)


def _position(at: Sequence[float]) -> Position:
    return (at[0], at[1])


def _ends(said: Sequence[Mapping[str, Any]], places: Sequence[Place]) -> list[End]:
    """How these places stand. The engine's own plane is for what is near: how far the road is, is measured."""
    return [
        End(bool(one["wet"]), None if one["on"] is None else round(_metres(place.at, _position(one["on"])), 1))
        for one, place in zip(said, places, strict=True)
    ]


def _off_road(end: End) -> float | None:
    far = end.off_road_m
    return far if far is not None and far > OFF_ROAD_M else None


def _leg(cell: Mapping[str, Any], start_: End, goal: End) -> Leg:
    boat = None
    seconds, metres = cell["travel_s"], cell["distance_m"]
    if "boat" in cell:
        line = [_position(at) for at in cell["boat"]]
        boat = BoatLeg(line, _metres(line[0], line[1]), cell["boat_s"])
        seconds += cell["approach_s"] + boat.travel_s
        metres += cell["approach_m"] + boat.distance_m
    out = None
    if "start" in cell:
        start = cell["start"]
        line = [_position(at) for at in reversed(start["boat"])]
        out = BoatLeg(line, _metres(line[0], line[1]), start["boat_s"])
        seconds += start["approach_s"] + out.travel_s
        metres += start["approach_m"] + out.distance_m
    return Leg(float(seconds), float(metres), "road", boat, out, _off_road(goal), _off_road(start_))


def _metres(a: Position, b: Position) -> float:
    return float(metres_between(a[0], a[1], b[0], b[1]))  # type: ignore[arg-type]


def _answer(question: Question, starts: Sequence[End], goals: Sequence[End]) -> Answer:
    notes = [*question.notes(), *_told(starts, "起点"), *_told(goals, "目的地"), *question.vehicle.speeds]
    return Answer("road", notes, starts, goals)


def _told(ends: Sequence[End], what: str) -> list[str]:
    """What has to be known of the ends."""
    wet = sum(e.in_water for e in ends)
    lost = sum(not e.in_water and e.off_road_m is None for e in ends)
    far = [e.off_road_m for e in ends if e.off_road_m is not None and e.off_road_m > FAR_FROM_ROAD_M]
    out = []
    if wet:
        out.append(f"{what} {wet} 处在这辆车过不去的水中。")
    if lost:
        out.append(f"{what} {lost} 处 5 km 以内没有走得到的路。")
    if far:
        out.append(
            f"{what} {len(far)} 处离最近的路超过 {FAR_FROM_ROAD_M:.0f} m（最远 {max(far):,.0f} m），这一段没有算。"
        )
    return out


# -- Straight ------------------------------------------------------------------------------


def _straight_note(why: str) -> str:
    return f"{why}：以下是直线距离，按 {STRAIGHT_KMH} km/h 估计（经验值），不看路是否通，只供参考。"


def _straight(
    question: Question, origins: Sequence[Place], destinations: Sequence[Place], why: str
) -> tuple[list[list[Leg | None]], Answer]:
    """Straight lines; out of closed water and into it one gets by boat alone."""
    starts = [End(question.in_water(p)) for p in origins]
    goals = [End(question.in_water(p)) for p in destinations]
    rows: list[list[Leg | None]] = []
    for origin, start in zip(origins, starts, strict=True):
        row: list[Leg | None] = []
        for goal, end in zip(destinations, goals, strict=True):
            if (start.in_water or end.in_water) and question.vehicle.boat_kmh is None:
                row.append(None)
                continue
            metres = _metres(origin.at, goal.at)
            row.append(Leg(metres / float(STRAIGHT_KMH) * _KMH, metres, "straight_line"))
        rows.append(row)
    wet = [*_told_wet(starts, "起点"), *_told_wet(goals, "目的地")]
    return rows, Answer("straight_line", [_straight_note(why), *question.notes(), *wet], starts, goals, why)


def _told_wet(ends: Sequence[End], what: str) -> list[str]:
    return _told([e for e in ends if e.in_water], what)


def _circle(origin: Place, minutes: int) -> dict[str, Any]:
    """As far as one gets straight."""
    from pyproj import Geod

    metres = float(STRAIGHT_KMH) / _KMH * 60 * minutes
    geod = Geod(ellps="GRS80")
    ring = [geod.fwd(origin.lon, origin.lat, bearing, metres)[:2] for bearing in range(0, -361, -5)]
    return {"minutes": minutes, "geometry": {"type": "Polygon", "coordinates": [[list(at) for at in ring]]}}
