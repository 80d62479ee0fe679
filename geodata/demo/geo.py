"""Small tools for inventing shapes. Positions are lon/lat in degrees, CGCS2000 (EPSG:4490)."""

import itertools
import json
import math
import random
from collections.abc import Iterable, Sequence
from typing import Any

import shapely
from shapely.geometry import LineString, Point, Polygon, mapping
from shapely.geometry.base import BaseGeometry

SEED = 20260714
LAT = 1 / 110.9  # degrees of latitude in a kilometre
LON = LAT / 0.872  # degrees of longitude in a kilometre, at 29.3° N
Position = tuple[float, float]


def stream(name: str) -> random.Random:
    """A seeded source of chance of its own, so that a change in one part leaves the others as they were."""
    return random.Random(f"{SEED}:{name}")


def km(a: Position, b: Position) -> float:
    """Distance in kilometres, flat."""
    return math.hypot((a[0] - b[0]) / LON, (a[1] - b[1]) / LAT)


def length_km(line: BaseGeometry) -> float:
    """Length of a line, or of the lines of a collection."""
    return sum(
        km(a, b)
        for part in getattr(line, "geoms", [line])
        if part.geom_type == "LineString"
        for a, b in zip(part.coords, part.coords[1:], strict=False)
    )


def wide(geometry: BaseGeometry, by_km: float) -> BaseGeometry:
    """A buffer in kilometres (as wide as that north to south, a little less east to west)."""
    return geometry.buffer(by_km * (LAT + LON) / 2, quad_segs=4)


def moved(p: Position, east_km: float, north_km: float) -> Position:
    """A position shifted."""
    return p[0] + east_km * LON, p[1] + north_km * LAT


def smooth(points: Sequence[Position], times: int = 2, closed: bool = False) -> list[Position]:
    """Corners cut (Chaikin). The ends of an open line stay."""
    out = list(points)
    for _ in range(times):
        pairs = list(zip(out, [*out[1:], out[0]] if closed else out[1:], strict=False))
        cut = [q for a, b in pairs for q in (_between(a, b, 0.25), _between(a, b, 0.75))]
        out = cut if closed else [out[0], *cut[1:-1], out[-1]]
    return out


def _between(a: Position, b: Position, t: float) -> Position:
    return a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t


def rough(rng: random.Random, points: Sequence[Position], share: float, times: int) -> list[Position]:
    """Each step's middle moved aside by a share of its length, again and again: shores and meanders."""
    out = list(points)
    for _ in range(times):
        finer = [out[0]]
        for a, b in itertools.pairwise(out):
            middle = _between(a, b, 0.5)
            aside = rng.gauss(0, share) * km(a, b)
            angle = math.atan2((b[1] - a[1]) / LAT, (b[0] - a[0]) / LON) + math.pi / 2
            finer += [moved(middle, aside * math.cos(angle), aside * math.sin(angle)), b]
        out = finer
    return out


def blob(
    rng: random.Random, centre: Position, rx: float, ry: float, corners: int = 28, rough_: float = 0.14
) -> Polygon:
    """An uneven oval with half-axes in kilometres."""
    phase = [rng.uniform(0, math.tau) for _ in range(3)]
    out = []
    for i in range(corners):
        a = math.tau * i / corners
        waves = math.sin(2 * a + phase[0]) + 0.7 * math.sin(3 * a + phase[1]) + 0.4 * math.sin(5 * a + phase[2])
        r = 1 + rough_ * waves
        out.append(moved(centre, rx * r * math.cos(a), ry * r * math.sin(a)))
    return Polygon(out).buffer(0)


def plot(centre: Position, width_m: float, height_m: float, degrees: float = 0.0) -> Polygon:
    """A turned rectangle."""
    a = math.radians(degrees)
    out = []
    for sx, sy in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
        x, y = sx * width_m / 2000, sy * height_m / 2000
        out.append(moved(centre, x * math.cos(a) - y * math.sin(a), x * math.sin(a) + y * math.cos(a)))
    return Polygon(out)


def within(frame: Position, degrees: float, east_m: float, north_m: float) -> Position:
    """A position in the frame of a turned plot."""
    a = math.radians(degrees)
    x, y = east_m / 1000, north_m / 1000
    return moved(frame, x * math.cos(a) - y * math.sin(a), x * math.sin(a) + y * math.cos(a))


def largest(geometry: BaseGeometry) -> Any:
    """The largest polygon, or the longest line, of what an intersection left."""
    parts = list(getattr(geometry, "geoms", [geometry]))
    kind = "Polygon" if any(p.geom_type == "Polygon" for p in parts) else "LineString"
    return max((p for p in parts if p.geom_type == kind), key=lambda p: p.area or p.length, default=Polygon())


def rounded(geometry: BaseGeometry, digits: int = 5) -> Any:
    """On a grid of 10^-digits degrees, still valid."""
    return shapely.set_precision(geometry, 10.0**-digits)


def anchor_of(geometry: BaseGeometry) -> Point:
    """The point that counts an object: a line's mid-point, else a point on it."""
    if geometry.geom_type == "Point":
        return geometry
    if geometry.geom_type == "LineString":
        return geometry.interpolate(0.5, normalized=True)
    return geometry.representative_point()


def geojson(geometry: BaseGeometry, digits: int = 5) -> dict[str, Any]:
    """GeoJSON with rounded numbers."""

    def cut(value: Any) -> Any:
        return round(value, digits) if isinstance(value, float) else [cut(v) for v in value]

    found = mapping(geometry)
    return {"type": found["type"], "coordinates": cut(found["coordinates"])}


def collection(items: Iterable[tuple[dict[str, Any], BaseGeometry]], digits: int = 5) -> str:
    """GeoJSON, one feature a line."""
    lines = [
        dump({"type": "Feature", "properties": properties, "geometry": geojson(geometry, digits)})
        for properties, geometry in items
    ]
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"


def dump(value: Any) -> str:
    """JSON in one line."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def line_of(points: Sequence[Position]) -> LineString:
    """A line on the grid that is written."""
    return LineString([(round(x, 6), round(y, 6)) for x, y in points])
