"""How far it is from each village to each shelter: on dry roads where there is a routing; else straight, and said."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyproj

from riskmap.rescue import routing
from riskmap.store.snapshot import Snapshot

_GEOD = pyproj.Geod(ellps="GRS80")
STRAIGHT = "没有按道路算：距离是直线，不是路程，也没有避开积水和封路"
IN_WATER = "村在水里，按水到之前的道路算，须在水到之前走"
CUT_OFF = "水到以后没有不涉水的路，按水到之前的道路算，须在水断路之前走"
NO_ROAD = "村不在路网上，按直线"
# People leave in coaches, in a line, in the rain: no standard says how fast that is. [judgement]
TOP_KMH = 60
BUS = routing.Vehicle(top_kmh=TOP_KMH)


@dataclass(frozen=True, slots=True)
class Way:
    """One way; `travel_s` is known on roads alone. `off_start_m`, `off_road_m`: what of it no road leads over, at its
    beginning and its end, as a leg has them (`routing.Leg`)."""

    distance_m: float
    travel_s: float | None
    by: str  # road, straight_line
    off_start_m: float | None = None
    off_road_m: float | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """From each village to each shelter, None where there is no dry way; how they were found, and what to know."""

    matrix: list[list[Way | None]]
    by: str
    notes: list[str]
    wet: set[int]  # villages in the water, whose ways are those before it comes
    cut_off: set[int]  # villages that no dry way leads out of, whose ways are those before the water comes
    straight: set[int]  # villages whose ways are straight although others are by road

    def kind(self, village: int) -> str:
        """How one village's ways were found: dry, before_water, straight_line."""
        if village in self.wet or village in self.cut_off:
            return "before_water"
        return "straight_line" if self.by != "road" or village in self.straight else "dry"


@dataclass(frozen=True, slots=True)
class Looked:
    """What ways are found on: what the water and closures leave of the roads, and the roads before the water."""

    wet: routing.Looked
    before: routing.Looked


def look(snapshot: Snapshot, flood_id: int | None, exercise: bool) -> Looked:
    """For coaches, which pass what general traffic does, in a flood."""
    wet, before = (routing.look(snapshot.connection, BUS, flood, exercise) for flood in (flood_id, None))
    return Looked(wet, before)


def between(
    looked: Looked, router: Any, villages: Sequence[tuple[float, float]], shelters: Sequence[tuple[float, float]]
) -> Ways:
    """Ways of coaches; asks no database. `router` is the process's own, None where there is none."""
    straight: list[list[Way | None]] = [[_straight(v, s) for s in shelters] for v in villages]
    if router is None or not villages or not shelters:
        return Ways(straight, "straight_line", [STRAIGHT], set(), set(), set())

    def legs(indices: Sequence[int], on: routing.Looked) -> tuple[list[list[Way | None]], routing.Answer]:
        starts, ends = [routing.Place(*villages[i]) for i in indices], [routing.Place(*s) for s in shelters]
        found, answer = routing.matrix_of(on, router, starts, ends, routing.PATIENCE_S)
        return [[None if leg is None else _of(leg) for leg in row] for row in found], answer

    matrix, answer = legs(range(len(villages)), looked.wet)
    if answer.by != "road":
        return Ways(straight, "straight_line", list(answer.notes) or [STRAIGHT], set(), set(), set())
    nowhere = [i for i, row in enumerate(matrix) if not any(row)]
    wet, cut_off, alone = set[int](), set[int](), set[int]()
    if nowhere:  # who stands in the water himself, or whom it shuts in, has to go before it comes
        before, told = legs(nowhere, looked.before)
        for i, row in zip(nowhere, before, strict=True):
            by_road = told.by == "road" and any(row)
            matrix[i] = row if by_road else straight[i]
            (alone if not by_road else wet if answer.origins[i].in_water else cut_off).add(i)
    return Ways(matrix, "road", list(answer.notes), wet, cut_off, alone)


def _of(leg: routing.Leg) -> Way:
    return Way(leg.distance_m, leg.travel_s, leg.by, leg.off_start_m, leg.off_road_m)


def _straight(start: tuple[float, float], end: tuple[float, float]) -> Way:
    return Way(float(_GEOD.inv(*start, *end)[2]), None, "straight_line")
