"""What is asked of the routing, and what it says; plain values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

By = Literal["road", "straight_line"]

# Policy: no standard says how fast a rescue boat is in flooded streets, or how fast one gets on as the crow flies.
BOAT_KMH = Decimal(8)
STRAIGHT_KMH = Decimal(30)
BY_TITLE: dict[By, str] = {"road": "按道路", "straight_line": "直线距离（没有按道路算）"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is, or has to get to; CGCS2000."""

    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Vehicle:
    """Who drives: `wading_m` None is general traffic; `boat_kmh` None has no boat with it."""

    wading_m: Decimal | None = None
    boat_kmh: Decimal | None = None


@dataclass(frozen=True, slots=True)
class BoatLeg:
    """From where the road ends to a place in the water, straight and inside the water."""

    line: Sequence[tuple[float, float]]
    distance_m: float
    travel_s: float

    def body(self) -> dict[str, Any]:
        """For the page."""
        line = {"type": "LineString", "coordinates": [list(at) for at in self.line]}
        return {**line, "distance_m": round(self.distance_m, 1), "travel_s": round(self.travel_s)}


@dataclass(frozen=True, slots=True)
class Leg:
    """One way: the whole of it, of which the boat's part is shown apart."""

    travel_s: float
    distance_m: float
    by: By
    boat: BoatLeg | None = None

    def body(self) -> dict[str, Any]:
        """For the page."""
        return {
            "travel_s": round(self.travel_s), "distance_m": round(self.distance_m, 1), "routing": self.by,
            "boat_leg": self.boat and self.boat.body(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Route:
    """One way with its line on the roads, what it passes through, and what the driver is told."""

    leg: Leg
    line: Sequence[tuple[float, float]]
    instructions: Sequence[str] = ()
    in_water_m: float = 0.0  # through water that this vehicle passes


@dataclass(frozen=True, slots=True)
class Answer:
    """How an answer was found: on roads or straight, why not on roads, and what its reader has to know."""

    by: By
    notes: Sequence[str] = ()
    engine: dict[str, Any] = field(default_factory=dict)  # road set, when the tiles were built
