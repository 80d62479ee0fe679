"""Where a line's object is: a point, an outline, or nowhere yet, and why."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from riskmap.access.reader import territory
from riskmap.base.errors import Invalid
from riskmap.exchange.datum import metres_between
from riskmap.exchange.headers import Column
from riskmap.exchange.locate import WHY_WORDS, geometry_of
from riskmap.exchange.rows import Fault, Reading
from riskmap.register.imports.positions import Ground, Positions
from riskmap.store.place import UNPLACED, columns_of_points, place_of

_SAME_PLACE_M = 1.0
_SAME_DEGREES = 1e-7  # a centimetre
_WKT_VERTICES = 1_000
_BUCKET = 5e-5  # degrees: some metres, more than what counts as one place
_SURVEYED_DECIMALS = 5  # of a degree: about a metre

WHY = {**WHY_WORDS, "needs_shape": "这一类应画成线或面，只有点位不能入图：请在图上绘制，或导入 SHP、GPKG"}


@dataclass(slots=True)
class Spot:
    """Where a line's object is."""

    columns: Mapping[str, Any]
    quality: str
    lon: float | None = None
    lat: float | None = None
    division: str | None = None
    why: str | None = None
    repaired: bool = False

    @property
    def is_placed(self) -> bool:
        """Whether it has a position."""
        return self.lon is not None


class Places:
    """Positions of the lines of one file."""

    def __init__(
        self, positions: Positions, ground: Ground, geometry: Sequence[str], columns: Sequence[Column], resolution: int
    ) -> None:
        """`geometry`: the kinds that the class takes; `columns`: those that say where; `resolution`: of the public."""
        self._positions = positions
        self._ground = ground
        self._takes_points = "point" in geometry
        self._columns = columns
        self._resolution = resolution

    def of(self, readings: Sequence[Reading]) -> list[Spot]:
        """Where each line's object is; an outline that cannot be kept is a fault of its line."""
        located = self._positions.locate(readings)
        placed = np.flatnonzero(np.isfinite(located.lon))
        columns = columns_of_points(located.lon[placed], located.lat[placed], self._resolution)
        at = dict(zip(placed.tolist(), columns, strict=True))
        spots = []
        for i, reading in enumerate(readings):
            if reading.geometry is not None and not isinstance(reading.geometry, shapely.Point):
                spots.append(self._shape(reading))
            elif i in at and self._takes_points:
                quality = self._quality(located.decimals[i])
                spots.append(Spot(at[i], quality, float(located.lon[i]), float(located.lat[i]), located.divisions[i]))
            else:
                why = located.why[i] or ("needs_shape" if i in at else "unknown")
                spots.append(Spot(UNPLACED, "none", why=why))
        return spots

    def _quality(self, decimals: int) -> str:
        """How good the sender's numbers are: those of the map services were clicked on a map."""
        if self._positions.crs in {"GCJ02", "BD09"}:
            return "clicked"
        return "surveyed" if decimals >= _SURVEYED_DECIMALS else "guessed"

    def _shape(self, reading: Reading) -> Spot:
        """A line or polygon: each vertex converted, a broken outline repaired and told."""
        assert reading.geometry is not None
        geometry = geometry_of(reading.geometry, self._positions.crs)
        points = shapely.get_coordinates(geometry)
        if not np.isfinite(points).all() or (np.abs(points) > (180.0, 90.0)).any():
            return Spot(UNPLACED, "none", why="not_a_position")
        repaired = not geometry.is_valid
        if repaired:
            mended = _repair(geometry)
            if mended is None:
                reading.faults.append(self.fault("invalid_geometry", "图形的边线自相交，修不好：请重画"))
                return Spot(UNPLACED, "none", why="not_a_position")
            geometry = mended
        try:
            place = place_of(geometry, self._resolution)
        except Invalid as refused:
            error = refused.errors[0]
            reading.faults.append(self.fault(error.code, error.message))
            return Spot(UNPLACED, "none", why="not_a_position")
        [[lon, lat]] = shapely.get_coordinates(shapely.from_wkb(place.anchor)).tolist()
        inside, codes = self._ground.territory.find(np.array([lon]), np.array([lat]))
        if not inside[0]:
            return Spot(UNPLACED, "none", why="outside")
        # A shape lies in the finest division only where all of it does: its anchor says the county at least.
        return Spot(place.columns(), "surveyed", lon, lat, codes[0], repaired=repaired)

    def fault(self, code: str, message: str) -> Fault:
        """A fault of the position."""
        column = self._columns[0] if self._columns else None
        return Fault(column.index if column else None, column.header if column else "位置", code, message)

    def waiting_faults(self, spot: Spot) -> list[Fault]:
        """Why it waits, at each of the columns that say where."""
        code = spot.why or "unknown"
        return [Fault(c.index, c.header, code, WHY[code]) for c in self._columns] or [self.fault(code, WHY[code])]

    def original(self, reading: Reading, spot: Spot) -> dict[str, Any] | None:
        """The sender's own numbers and datum, and why the line waits."""
        out: dict[str, Any] = {}
        geometry = reading.geometry
        if isinstance(geometry, shapely.Point):
            out |= {"x": repr(geometry.x), "y": repr(geometry.y), "crs": self._positions.crs}
        elif geometry is not None:
            # An outline is known again by its digest; its text is kept where it is short, or kept nowhere else.
            digest = hashlib.sha256(shapely.to_wkb(geometry)).hexdigest()[:32]
            out |= {"shape": digest, "crs": self._positions.crs}
            is_short = shapely.get_num_coordinates(geometry) < _WKT_VERTICES
            if not spot.is_placed or (is_short and self._positions.crs not in {"EPSG:4490", "EPSG:4326"}):
                out["wkt"] = geometry.wkt
        elif reading.x_text or reading.y_text:
            out |= {"x": reading.x_text, "y": reading.y_text, "crs": self._positions.crs}
        if reading.core.get("said_address"):
            out["address"] = reading.core["said_address"]
        if spot.why is not None:
            out["why"] = spot.why
        return out or None


def is_within(fine: str, coarse: str) -> bool:
    """Whether a division lies in another."""
    return fine.startswith(territory(coarse)) if coarse else False


def is_same_place(lon1: float | None, lat1: float | None, lon2: float | None, lat2: float | None) -> bool:
    """Within a metre of each other; two that have no position are in the same place."""
    if lon1 is None or lat1 is None or lon2 is None or lat2 is None:
        return lon1 is None and lon2 is None
    if abs(lat1 - lat2) > 1e-4:
        return False
    away = metres_between(*(np.array([v]) for v in (lon1, lat1, lon2, lat2)))
    return float(away[0]) <= _SAME_PLACE_M


class Seen:
    """Lines by name, division and position, found again without looking at every namesake."""

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str, int | None, int | None], list[tuple[float | None, float | None, int]]] = {}

    def line_of(self, name: str, division: str, lon: float | None, lat: float | None, line: int) -> int | None:
        """An earlier line of the same name within a metre, or None; this one is kept where there is none."""
        if lon is None or lat is None:
            return self._in(name, division, None, None, lon, lat, line)
        x, y = int(lon // _BUCKET), int(lat // _BUCKET)
        for i, j in ((x + dx, y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if (dx, dy) != (0, 0)):
            for other_lon, other_lat, other in self._lines.get((name, division, i, j), ()):
                if is_same_place(other_lon, other_lat, lon, lat):
                    return other
        return self._in(name, division, x, y, lon, lat, line)

    def _in(
        self, name: str, division: str, x: int | None, y: int | None, lon: float | None, lat: float | None, line: int
    ) -> int | None:
        bucket = self._lines.setdefault((name, division, x, y), [])
        for other_lon, other_lat, other in bucket:
            if is_same_place(other_lon, other_lat, lon, lat):
                return other
        bucket.append((lon, lat, line))
        return None


def is_same_shape(old: Mapping[str, Any], spot: Spot) -> bool:
    """Whether the stored geometry is this one: points to a centimetre, outlines to the last bit."""
    if old["geom"] is None:
        return False
    stored: Any = shapely.from_wkb(old["geom"])
    if isinstance(stored, shapely.Point) and spot.columns["cover"] is None and spot.lon is not None:
        return abs(stored.x - spot.lon) < _SAME_DEGREES and abs(stored.y - float(spot.lat or 0)) < _SAME_DEGREES
    return str(old["geom"]).upper() == str(spot.columns["geom"]).upper()


def is_same_statement(original: Mapping[str, Any] | None, said: Mapping[str, Any] | None) -> bool:
    """Whether the sender's numbers are those that he sent before.

    Then they change nothing, also where the object was moved by hand since.
    """
    if not original or not said or not ("x" in said or "shape" in said):
        return False
    return all(original.get(name) == said.get(name) for name in ("x", "y", "crs", "shape"))


def where_of(old: Mapping[str, Any]) -> str | None:
    """The stored position in words, or None."""
    if old["anchor"] is None:
        return None
    [[lon, lat]] = shapely.get_coordinates(shapely.from_wkb(old["anchor"])).tolist()
    return f"{lon:.6f}，{lat:.6f}"


def numbers_of(original: Mapping[str, Any] | None) -> str | None:
    """The sender's own numbers in words, or None."""
    if not original:
        return None
    return "，".join(str(original[k]) for k in ("x", "y") if original.get(k)) or None


def _repair(geometry: BaseGeometry) -> BaseGeometry | None:
    """A valid geometry of the same kind, or None."""
    made = shapely.make_valid(geometry, method="structure", keep_collapsed=False)
    wanted = geometry.geom_type.removeprefix("Multi")
    if made.geom_type.removeprefix("Multi") == wanted and not made.is_empty:
        return made
    parts = [g for g in getattr(made, "geoms", ()) if g.geom_type.removeprefix("Multi") == wanted]
    if not parts:
        return None
    joined = shapely.union_all(parts)
    return joined if joined.geom_type.removeprefix("Multi") == wanted else None
