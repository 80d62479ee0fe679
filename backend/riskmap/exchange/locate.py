"""From a sender's numbers to positions in CGCS2000, or why a row must wait for one (待定位).

A position that is blank, swapped, 0,0, outside the territory or too vague never becomes a point.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from riskmap.catalogue import queries as catalogue_queries
from riskmap.exchange.datum import DATUMS, ZONES, Floats, metres_between, to_cgcs2000
from riskmap.store.snapshot import Snapshot

WHY_WORDS = {
    "blank": "没有坐标",
    "zero": "坐标为 0，0",
    "swapped": "经纬度（或纵横坐标）写反了，请确认",
    "outside": "位置不在辖区内，请核对坐标和坐标基准",
    "not_a_position": "坐标看不懂：应为十进制度（115.823750）、度分秒（115°49′25″）或米制坐标",
    "no_zone": "横坐标没有带号，与其他行不同；确认带号后可定位",
    "vague": "坐标只到小数一位（约 10 km），太粗，不能当作位置",
    "unknown": "没有可信的位置",
}

# China's degrees and metres: what tells one axis from the other.
_LON, _LAT = (73.0, 136.0), (3.0, 54.0)
_NORTHING = (1.5e6, 6.0e6)
_ZONED = 1e7
_MILLION = 1e6
_NO_ZONE = 99e6
_VAGUE_PLACES = 1  # decimals of a degree: 10 km
_VAGUE_STEP_M = 1000


class Territory:
    """Where objects may lie, for many points at once: what the divisions cover, else the bounds."""

    def __init__(
        self, shapes: Iterable[tuple[str, str, BaseGeometry]], bounds: tuple[float, float, float, float]
    ) -> None:
        # From coarse to fine, so that the finest that holds a point is the last to say so; of two that share
        # a border the lower code, as `catalogue.queries.division_at` has it.
        ordered = sorted(sorted(shapes, key=lambda s: s[0], reverse=True), key=lambda s: len(s[1]))
        self._codes = [code for code, _, _ in ordered]
        self._shapes = np.array([shape for _, _, shape in ordered], dtype=object)
        self._bounds = bounds

    @property
    def has_divisions(self) -> bool:
        """Whether divisions say what is inside."""
        return len(self._codes) > 0

    def find(self, lon: Floats, lat: Floats) -> tuple[NDArray[np.bool_], list[str | None]]:
        """For each point whether it is inside, and the finest division there. NaN is outside."""
        if not self.has_divisions:
            west, south, east, north = self._bounds
            with np.errstate(invalid="ignore"):
                inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
            return inside, [None] * len(lon)
        finest = np.full(len(lon), -1)
        usable = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        if len(usable):
            points = np.atleast_1d(np.asarray(shapely.points(lon[usable], lat[usable])))
            # The divisions are the query, so that shapely prepares each once and not every point.
            which, hit = shapely.STRtree(points).query(self._shapes, predicate="intersects")
            np.maximum.at(finest, usable[hit], which)
        return finest >= 0, [self._codes[at] if at >= 0 else None for at in finest.tolist()]


def territory_of(snapshot: Snapshot, bounds: tuple[float, float, float, float]) -> Territory:
    """The territory as the snapshot's divisions say it, for many points."""
    rows = catalogue_queries.division_shapes(snapshot.connection, snapshot.state.n, snapshot.state.day)
    return Territory(((r.code, r.territory, shapely.from_wkb(bytes(r.wkb))) for r in rows), bounds)


@dataclass(slots=True)
class Located:
    """Positions of a batch, in its order; NaN and a reason where there is none."""

    lon: Floats
    lat: Floats
    why: list[str | None]
    divisions: list[str | None]
    decimals: list[int]  # of the finer number, since the other may have lost zeros; 9 for metres


def orientation(pairs: Sequence[tuple[Decimal | None, Decimal | None]]) -> bool:
    """Whether the first of each pair is the northing (surveyors' X) or latitude: what most pairs say."""
    votes = 0
    for x, y in pairs:
        if x is None or y is None:
            continue
        first, second = float(x), float(y)
        votes += int(_is_north(first) and _is_east(second)) - int(_is_east(first) and _is_north(second))
    return votes > 0


def _is_north(value: float) -> bool:
    return _NORTHING[0] <= value <= _NORTHING[1] or _LAT[0] <= value <= _LAT[1]


def _is_east(value: float) -> bool:
    return value >= _ZONED or 1e5 <= value < _MILLION or _LON[0] <= value <= _LON[1]


def kind_of(pairs: Sequence[tuple[Decimal | None, Decimal | None]]) -> str:
    """degrees, projected or none: what most of the pairs are."""
    degrees = metres = 0
    for x, y in pairs:
        if x is None or y is None or (x == 0 and y == 0):
            continue
        if abs(x) <= 360 and abs(y) <= 360:
            degrees += 1
        else:
            metres += 1
    if not degrees and not metres:
        return "none"
    return "degrees" if degrees >= metres else "projected"


def locate(
    pairs: Sequence[tuple[Decimal | None, Decimal | None]],
    whys: Sequence[str | None],
    crs: str,
    territory: Territory,
) -> Located:
    """Positions of a batch. Each pair is (longitude or easting, latitude or northing) in `crs`."""
    count = len(pairs)
    x = np.array([np.nan if p[0] is None else float(p[0]) for p in pairs], dtype=float)
    y = np.array([np.nan if p[1] is None else float(p[1]) for p in pairs], dtype=float)
    datum = DATUMS[crs]
    why = [
        w or ("blank" if p[0] is None or p[1] is None else "zero" if p[0] == 0 and p[1] == 0 else None)
        for p, w in zip(pairs, whys, strict=True)
    ]
    decimals = [9] * count
    if datum.kind == "degrees":
        for i, (px, py) in enumerate(pairs):
            if why[i] is None and px is not None and py is not None:
                why[i], decimals[i] = _degrees_fault(px, py)
    else:
        for i, (px, py) in enumerate(pairs):
            if why[i] is None and px is not None and py is not None:
                why[i] = _metres_fault(px, py, datum.zone)
    usable = np.array([w is None for w in why], dtype=bool)
    lon, lat = np.full(count, np.nan), np.full(count, np.nan)
    lon[usable], lat[usable] = to_degrees(crs, x[usable], y[usable])
    with np.errstate(invalid="ignore"):
        broken = usable & ~(np.isfinite(lon) & np.isfinite(lat) & (np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    inside, divisions = territory.find(lon, lat)
    outside = np.flatnonzero((usable & ~inside) | broken)
    if len(outside):
        turned_lon, turned_lat = _turned(crs, x[outside], y[outside])
        turned_inside, _ = territory.find(turned_lon, turned_lat)
        for at, is_turned in zip(outside.tolist(), turned_inside.tolist(), strict=True):
            why[at] = "swapped" if is_turned else "outside"
            divisions[at] = None
            lon[at] = lat[at] = np.nan
    return Located(lon, lat, why, divisions, decimals)


def _places(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _degrees_fault(x: Decimal, y: Decimal) -> tuple[str | None, int]:
    if abs(x) > 360 or abs(y) > 360:
        return "not_a_position", 0
    places = max(_places(x), _places(y))
    if places <= _VAGUE_PLACES:
        # Swapped or foreign numbers are said to be that, however vague they are.
        return ("vague" if abs(x) <= 180 and abs(y) <= 90 and x > y else None), places
    return None, places


def _metres_fault(x: Decimal, y: Decimal, zone: int | None) -> str | None:
    east, north = float(x), float(y)
    if abs(east) <= 360 and abs(north) <= 360:
        return "not_a_position"
    if north >= _ZONED and _NORTHING[0] <= east <= _NORTHING[1]:
        return "swapped"
    if zone is None and _NORTHING[0] <= east <= _NORTHING[1] and 1e5 <= north < _MILLION:
        return "swapped"
    if zone is not None and 1e5 <= east < _MILLION:
        return "no_zone"
    if east % _VAGUE_STEP_M == 0 and north % _VAGUE_STEP_M == 0:
        return "vague"
    return None


def to_degrees(crs: str, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """To CGCS2000; an easting that carries another zone's number is of that zone, whatever the file says."""
    if DATUMS[crs].kind == "degrees":
        return to_cgcs2000(crs, x, y)
    lon, lat = np.full(len(x), np.nan), np.full(len(x), np.nan)
    own = DATUMS[crs].zone
    zones = np.where(x >= _ZONED, np.minimum(x, _NO_ZONE) // _MILLION, own if own is not None else 0).astype(int)
    for zone in np.unique(zones).tolist():
        system = crs if zone in {own, 0} else ZONES.get(zone)
        if system is not None:
            some = zones == zone
            lon[some], lat[some] = to_cgcs2000(system, x[some], y[some])
    return lon, lat


def _turned(crs: str, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """The same numbers the other way round; NaN where that makes no sense."""
    if DATUMS[crs].kind == "degrees":
        with np.errstate(invalid="ignore"):
            sense = (np.abs(y) <= 180) & (np.abs(x) <= 90)
        tx, ty = np.where(sense, y, np.nan), np.where(sense, x, np.nan)
        return to_cgcs2000(crs, tx, ty)
    return to_degrees(crs, np.nan_to_num(y), np.nan_to_num(x))


def geometry_of(geometry: BaseGeometry, crs: str) -> BaseGeometry:
    """A geometry's coordinates to CGCS2000, vertex by vertex."""
    return shapely.transform(geometry, lambda at: np.column_stack(to_degrees(crs, at[:, 0], at[:, 1])))


# -- Which datum? ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """A coordinate system that a file's numbers may be in."""

    crs: str
    title: str
    inside: int
    of: int
    shift_m: float | None  # mean distance from the numbers taken as CGCS2000


def candidates(
    pairs: Sequence[tuple[Decimal | None, Decimal | None]], territory: Territory
) -> tuple[str, list[Candidate]]:
    """What the numbers may be, the likeliest first, and their kind (degrees, projected, none)."""
    kind = kind_of(pairs)
    if kind == "none":
        return kind, []
    x = np.array([float(p[0]) for p in pairs if p[0] is not None and p[1] is not None])
    y = np.array([float(p[1]) for p in pairs if p[0] is not None and p[1] is not None])
    keep = ~((x == 0) & (y == 0))
    x, y = x[keep], y[keep]
    systems = _systems(kind, x)
    out = []
    for crs in systems:
        some = (np.abs(x) <= 360) == (kind == "degrees")
        zone = DATUMS[crs].zone
        if zone is not None:  # each easting says its own zone: only those of this one speak for it
            some &= x // _MILLION == zone
        lon, lat = to_degrees(crs, x[some], y[some])
        inside, _ = territory.find(lon, lat)
        shift = None
        if kind == "degrees" and len(lon):
            good = np.isfinite(lon) & (np.abs(x[some]) <= 180) & (np.abs(y[some]) <= 90) & inside
            if good.any():
                shift = float(np.mean(metres_between(x[some][good], y[some][good], lon[good], lat[good])))
        of = len(x) if zone is None else int(some.sum())
        out.append(Candidate(crs, DATUMS[crs].title, int(inside.sum()), of, shift))
    return kind, sorted(out, key=lambda c: -c.inside) if kind == "projected" else out


def _systems(kind: str, x: Floats) -> list[str]:
    if kind == "degrees":
        return ["EPSG:4490", "EPSG:4326", "GCJ02", "BD09"]
    zoned = x[x >= _ZONED]
    if len(zoned) * 2 >= len(x[x > 360]):
        zones = {int(z) for z in np.unique(zoned // _MILLION)} & set(ZONES)
        common = sorted(zones, key=lambda z: -int(np.sum(zoned // _MILLION == z)))
        return [ZONES[z] for z in common]
    return [crs for crs, d in DATUMS.items() if d.kind == "projected" and d.zone is None]


# -- What a waiting row may mean -------------------------------------------------------


def suggest(original: dict[str, Any], territory: Territory) -> tuple[float, float, str, str | None] | None:
    """lon, lat, what was mended and the division there, of a row that waits with numbers which then mean a place."""
    from riskmap.exchange.cells import degrees_of

    crs = original.get("crs")
    if crs not in DATUMS:
        return None
    try:
        x, y = degrees_of(original.get("x")), degrees_of(original.get("y"))
    except (ValueError, ArithmeticError):
        return None
    if x is None or y is None:
        return None
    east, north = np.array([float(x)]), np.array([float(y)])
    datum = DATUMS[crs]
    match original.get("why"):
        case "swapped":
            lon, lat = _turned(crs, east, north)
            words = "对调"
        case "no_zone" if datum.zone is not None:
            lon, lat = to_degrees(crs, east + datum.zone * _MILLION, north)
            words = f"补上带号 {datum.zone}"
        case _:
            return None
    inside, codes = territory.find(lon, lat)
    return (float(lon[0]), float(lat[0]), words, codes[0]) if inside[0] else None
