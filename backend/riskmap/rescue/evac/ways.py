"""How far it is from each village to each shelter: on dry roads where there is a routing; else straight, and said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyproj

from riskmap.rescue import routing
from riskmap.store.snapshot import Snapshot

_GEOD = pyproj.Geod(ellps="GRS80")
STRAIGHT = "没有按道路算：距离是直线，不是路程，也没有避开积水和封路"
IN_WATER = "所在的村在封闭的水里或到不了路，按直线，须在水到之前走"


@dataclass(frozen=True, slots=True)
class Way:
    """One way; `travel_s` is known on roads alone."""

    distance_m: float
    travel_s: float | None
    by: str  # road, straight_line


@dataclass(frozen=True, slots=True)
class Ways:
    """From each village to each shelter, None where there is no dry way; how they were found, and what to know."""

    matrix: list[list[Way | None]]
    by: str
    notes: list[str]
    straight: set[int]  # villages whose ways are straight although others are by road


def between(
    snapshot: Snapshot, router: Any, villages: Sequence[tuple[float, float]], shelters: Sequence[tuple[float, float]],
    of: Mapping[str, Any],
) -> Ways:  # fmt: skip
    """Ways of general traffic. `router` is the process's own, None where there is none."""
    straight = [[_straight(v, s) for s in shelters] for v in villages]
    if router is None or not villages or not shelters:
        return Ways([list(row) for row in straight], "straight_line", [STRAIGHT], set())
    legs, answer = routing.matrix(
        snapshot.connection, router, [routing.Place(*v) for v in villages], [routing.Place(*s) for s in shelters],
        routing.Vehicle(), of["flood"], of["exercise"],
    )  # fmt: skip
    if answer.by != "road":
        return Ways([list(row) for row in straight], "straight_line", [STRAIGHT, *answer.notes], set())
    out: list[list[Way | None]] = []
    alone = set()
    for i, row in enumerate(legs):
        if not any(row):  # nowhere at all: it stands in the water itself
            alone.add(i)
            out.append(list(straight[i]))
        else:
            out.append([None if leg is None else Way(leg.distance_m, leg.travel_s, leg.by) for leg in row])
    return Ways(out, "road", list(answer.notes), alone)


def _straight(start: tuple[float, float], end: tuple[float, float]) -> Way:
    return Way(float(_GEOD.inv(*start, *end)[2]), None, "straight_line")
