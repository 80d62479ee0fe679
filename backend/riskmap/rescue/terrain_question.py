"""What is asked of a terrain: a level, where, and by which depths. How a place and a level are said."""

from dataclasses import dataclass
from decimal import Decimal

from shapely.geometry import LineString, Point

from riskmap.rescue.terrain_file import Bounds

# Policy: the steps of road traffic (0.15 and 0.25 m), then a knee and a chest.
DEPTHS = (Decimal(0), Decimal("0.15"), Decimal("0.25"), Decimal("0.5"), Decimal(1))
RADIUS_M = 10_000
SEARCH_M = 300  # Policy: a gauge's place is often that of its house on the bank


@dataclass(frozen=True, slots=True)
class Question:
    """A level, in the terrain's own height system, at a point or along a line (lon/lat, CGCS2000)."""

    place: Point | LineString
    level_m: Decimal
    level_end_m: Decimal | None = None  # at the line's end; the same as at its start where there is none
    search_m: int = SEARCH_M  # how far from a point the water may begin
    depths: tuple[Decimal, ...] = DEPTHS  # least depths of the classes

    @property
    def end_m(self) -> Decimal:
        """At the line's end."""
        return self.level_m if self.level_end_m is None else self.level_end_m

    @property
    def lowest_m(self) -> Decimal:
        """The lower of the two."""
        return min(self.level_m, self.end_m)


def words_of(bounds: Bounds) -> str:
    """A box for a sentence."""
    west, south, east, north = (f"{b:.4f}" for b in bounds)
    lon, lat = west if west == east else f"{west}–{east}", south if south == north else f"{south}–{north}"
    return f"东经 {lon}、北纬 {lat}"


def metres(value: float | Decimal) -> str:
    """A level or a depth for a sentence."""
    return f"{float(value):.2f} m"
