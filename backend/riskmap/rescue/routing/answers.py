"""What is asked of the routing, and what it says; plain values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

By = Literal["road", "straight_line"]
Position = tuple[float, float]

# Policy: no standard says how fast a rescue boat is in flooded streets, or how fast one gets on as the crow flies.
BOAT_KMH = Decimal(8)
STRAIGHT_KMH = Decimal(30)
# Policy: how far from the road a place may lie before that is told. A place is set down by hand and a road is a line
# along its middle: what is nearer one sees from the car, and farther off one has to know how to get there.
OFF_ROAD_M = 50.0
TOP_KMH = 80  # of whoever drives alone [judgement]
BY_TITLE: dict[By, str] = {"road": "按道路", "straight_line": "直线距离，没有按道路算"}
SPEEDS = f"车速是引擎按道路等级的经验值，最高 {TOP_KMH} km/h；舟艇速度由填写，默认 {BOAT_KMH} km/h（经验值）。"


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody is, or has to get to; CGCS2000."""

    lon: float
    lat: float

    @property
    def at(self) -> Position:
        """Lon, lat."""
        return (self.lon, self.lat)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """Who drives: `wading_m` None is general traffic; `boat_kmh` None has no boat with it; faster than `top_kmh` it
    goes on no road."""

    wading_m: Decimal | None = None
    boat_kmh: Decimal | None = None
    top_kmh: int = TOP_KMH

    @property
    def speeds(self) -> list[str]:
        """How its time is reckoned, in words; apart, so that of several vehicles each is said once."""
        boat = [] if self.boat_kmh is None else [f"舟艇按 {self.boat_kmh} km/h（经验值）。"]
        return [f"车速是引擎按道路等级的经验值，最高 {self.top_kmh} km/h。", *boat]


@dataclass(frozen=True, slots=True)
class BoatLeg:
    """Straight and inside the water: to a place in it, or out of it to where the road begins."""

    line: Sequence[Position]
    distance_m: float
    travel_s: float

    def body(self) -> dict[str, Any]:
        """For the page."""
        return {
            "type": "LineString", "coordinates": [list(at) for at in self.line],
            "distance_m": round(self.distance_m, 1), "travel_s": round(self.travel_s),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leg:
    """One way: time and distance of the whole of it, of which the boat's parts are also shown apart: `boat` at its end,
    `boat_out` at its beginning, where one stands in the water and goes ashore first.

    `off_road_m` is what is left between the end of the road and the place, `off_start_m` what lies before the road; as
    the crow flies, neither in the time nor in the distance, for nobody knows how one gets on there. None where that is
    no more than `OFF_ROAD_M`, where a boat goes, and where no road was asked.
    """

    travel_s: float
    distance_m: float
    by: By
    boat: BoatLeg | None = None
    boat_out: BoatLeg | None = None
    off_road_m: float | None = None
    off_start_m: float | None = None

    def body(self) -> dict[str, Any]:
        """For the page."""
        return {
            "travel_s": round(self.travel_s), "distance_m": round(self.distance_m, 1), "routing": self.by,
            "boat_leg": self.boat and self.boat.body(), "boat_out": self.boat_out and self.boat_out.body(),
            **self.off_road(),
        }  # fmt: skip

    def off_road(self) -> dict[str, float | None]:
        """What no road leads over, for the page: `off_road_m`, `off_start_m`."""
        off, start = (None if m is None else round(m, 1) for m in (self.off_road_m, self.off_start_m))
        return {"off_road_m": off, "off_start_m": start}


@dataclass(frozen=True, slots=True)
class Route:
    """One way with its line (the road part), what it passes through, and what the driver is told; `off_road` are the
    straight lines of what its leg tells that no road leads over."""

    leg: Leg
    line: Sequence[Position]
    instructions: Sequence[str] = ()
    in_water_m: float = 0.0  # through water that this vehicle passes
    off_road: Sequence[Sequence[Position]] = ()

    def off_road_shape(self) -> dict[str, Any] | None:
        """GeoJSON of `off_road`; None without any."""
        if not self.off_road:
            return None
        return {"type": "MultiLineString", "coordinates": [[list(at) for at in line] for line in self.off_road]}

    def body(self) -> dict[str, Any]:
        """For the page."""
        line = {"type": "LineString", "coordinates": [list(at) for at in self.line]} if len(self.line) > 1 else None
        return {
            **self.leg.body(), "route": line, "instructions": list(self.instructions),
            "in_water_m": round(self.in_water_m, 1), "off_road": self.off_road_shape(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class End:
    """How a place stands: in water closed to the vehicle, and how far the road is on which one gets to it."""

    in_water: bool
    off_road_m: float | None = None

    def body(self) -> dict[str, Any]:
        """For the page."""
        return {"in_water": self.in_water, "off_road_m": self.off_road_m}


@dataclass(frozen=True, slots=True)
class Answer:
    """How an answer was found: on roads or straight, why not on roads, and what its reader has to know."""

    by: By
    notes: Sequence[str] = ()
    origins: Sequence[End] = field(default_factory=tuple)
    destinations: Sequence[End] = field(default_factory=tuple)
    why: str = ""  # not on roads

    def body(self) -> dict[str, Any]:
        """For the page."""
        return {
            "routing": self.by, "routing_title": BY_TITLE[self.by], "notes": list(self.notes),
            "origins": [e.body() for e in self.origins], "destinations": [e.body() for e in self.destinations],
        }  # fmt: skip
