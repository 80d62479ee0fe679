"""What comes over HTTP about ways, checked."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from riskmap.base.wire import Text, Wire
from riskmap.rescue.routing.answers import BOAT_KMH, Place, Vehicle

MOST_PLACES = 1_000
MOST_PAIRS = 50_000

Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-85, le=85)]
FloodRef = Annotated[int, Field(ge=1, le=2**62)]


class Point(Wire):
    """A GeoJSON point."""

    type: Literal["Point"] = Field("Point", title="类型")
    coordinates: tuple[Longitude, Latitude] = Field(title="经纬度")

    def place(self) -> Place:
        """As the routing takes it."""
        return Place(*self.coordinates)


class Drives(Wire):
    """Who drives, and through which water and minute."""

    wading_m: Annotated[Decimal, Field(ge=0, le=5, decimal_places=2)] | None = Field(None, title="车辆涉水深")
    boat: bool = Field(False, title="带艇")
    boat_kmh: Annotated[Decimal, Field(ge=1, le=60, decimal_places=1)] = Field(BOAT_KMH, title="舟艇速度")
    flood: FloodRef | None = Field(None, title="淹没范围")
    exercise: bool = Field(False, title="演练")
    at: datetime | None = Field(None, title="时刻")

    def vehicle(self) -> Vehicle:
        """As the routing takes it."""
        return Vehicle(self.wading_m, self.boat_kmh if self.boat else None)


class RouteAsked(Drives):
    """From one place to another."""

    from_: Point = Field(title="起点", alias="from")
    to: Point = Field(title="目的地")


class MatrixAsked(Drives):
    """From each of these to each of those."""

    origins: Annotated[list[Point], Field(title="起点", min_length=1, max_length=MOST_PLACES)]
    destinations: Annotated[list[Point], Field(title="目的地", min_length=1, max_length=MOST_PLACES)]


class ReachAsked(Drives):
    """How far one gets in so many minutes."""

    from_: Point = Field(title="起点", alias="from")
    minutes: Annotated[
        list[Annotated[int, Field(ge=1, le=300)]], Field([10, 20, 30], title="分钟", min_length=1, max_length=5)
    ]


class Closing(Wire):
    """A road by its number, a place on one with a length, a line drawn along roads, or an area."""

    road: Annotated[int, Field(ge=1, le=2**62)] | None = Field(None, title="道路")
    at: dict[str, Any] | None = Field(None, title="地点")
    length_m: Annotated[Decimal, Field(ge=5, le=5_000, decimal_places=1)] = Field(Decimal(60), title="长度")
    line: dict[str, Any] | None = Field(None, title="沿路的线")
    area: dict[str, Any] | None = Field(None, title="范围")
    reason: Annotated[Text, StringConstraints(min_length=1, max_length=200)] = Field(title="原因")
    starts_at: datetime | None = Field(None, title="开始时间")
    ends_at: datetime | None = Field(None, title="结束时间")
    exercise: bool = Field(False, title="演练")
