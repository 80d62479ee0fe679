"""Depth classes of a flood: read, mended, made disjoint, measured; and what a depth closes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from riskmap.base.errors import FieldError, Invalid
from riskmap.store.place import why_invalid

# Practice of Beijing, Shanghai and Shenyang, cut to the safe side; no national limit is known. Policy.
CARE_M, CLOSED_M = Decimal("0.15"), Decimal("0.25")
MARGIN_M = Decimal("0.10")  # of a vehicle's wading depth, kept free

DEEPEST = Decimal(100)  # metres: whatever is more was typed in another unit
MOST_VERTICES = 400_000
MOST_CROSSINGS = 5_000_000  # edges whose boxes meet, of all pairs of them
_SAMPLE = 400
MOST_M2 = 20_000e6  # 20 000 km²: larger than any city's flood; a province, or other coordinates
_STEP = 0.0045  # degrees, about 500 m: an edge is straight in lon/lat as drawn
_GEOD = pyproj.Geod(ellps="GRS80")


@dataclass(frozen=True, slots=True)
class Depth:
    """One depth class: from `depth_m` up to `depth_to_m` metres (None: not known how deep), lon/lat polygons."""

    depth_m: Decimal
    depth_to_m: Decimal | None
    geometry: BaseGeometry


@dataclass(frozen=True, slots=True)
class Repair:
    """What was wrong with a polygon and has been mended; `part` counts from 1 as sent."""

    part: int
    what: str
    area_m2: float  # after mending; 0 where nothing of it encloses an area, and it is left out

    def body(self) -> dict[str, Any]:
        """As it is kept and told."""
        return {"part": self.part, "what": self.what, "area_m2": round(self.area_m2, 1)}


def area_m2(shape: BaseGeometry) -> float:
    """Geodesic area on the ellipsoid of CGCS2000, edges straight in lon/lat."""
    total: float = 0.0
    for part in shapely.get_parts(shapely.orient_polygons(shapely.segmentize(shape, _STEP))):
        total += abs(_GEOD.geometry_area_perimeter(part)[0])
    return total


def mended(shape: BaseGeometry, part: int) -> tuple[BaseGeometry, Repair | None]:
    """A valid polygon from one that may not be, and what was done. Empty where nothing of it encloses an area."""
    if shape.is_valid:
        return shape, None
    what = why_invalid(shape)
    check_tangle([shape])
    whole = shapely.make_valid(shape, method="structure", keep_collapsed=False)
    polygons = [p for p in shapely.get_parts(whole) if p.geom_type == "Polygon" and p.area > 0]
    after: BaseGeometry = shapely.union_all(polygons) if polygons else shapely.MultiPolygon()
    return after, Repair(part, what, area_m2(after))


class Mender:
    """Polygons as they come, mended one after the other; what was wrong is kept by number."""

    def __init__(self) -> None:
        self.repairs: list[Repair] = []

    def take(self, shape: BaseGeometry, part: int) -> BaseGeometry | None:
        """Valid; None where nothing of it encloses an area."""
        whole, repair = mended(shape, part)
        if repair:
            self.repairs.append(repair)
        return None if whole.is_empty else whole

    def skip(self, part: int, why: str) -> None:
        """One that has no shape at all."""
        self.repairs.append(Repair(part, why, 0.0))


def check_tangle(shapes: Sequence[BaseGeometry]) -> None:
    """Raises Invalid where edges cross so often that no computer would get through: estimated from a sample of them.

    n edges may cross n² / 2 times: a star of 150 000 random spikes took all memory before this was asked.
    """
    edges = np.concatenate([_edges(ring) for shape in shapes for ring in _rings(shape)] or [np.empty((0, 2, 2))])
    if len(edges) <= _SAMPLE:
        return
    lines = np.asarray(shapely.linestrings(edges))
    tree = shapely.STRtree(lines)
    sample = lines[:: len(lines) // _SAMPLE][:_SAMPLE]
    met = sum(len(tree.query(line)) for line in sample)
    if met / len(sample) * len(lines) / 2 > MOST_CROSSINGS:
        raise Invalid(
            "图形的边线彼此交叉的地方太多（像是点的次序乱了），无法修补。请在制图软件中修复或简化后再上传。",
            code="tangled",
        )


def _rings(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    for polygon in shapely.get_parts(shape):
        yield polygon.exterior
        yield from polygon.interiors


def _edges(ring: BaseGeometry) -> NDArray[np.float64]:
    at = shapely.get_coordinates(ring)
    return np.stack([at[:-1], at[1:]], axis=1)


def classes_of(depths: Iterable[Depth]) -> list[Depth]:
    """Disjoint classes, the shallowest first: equal ones united, overlaps given to the deepest. Raises Invalid."""
    by_depth: dict[tuple[Decimal, Decimal | None], list[BaseGeometry]] = {}
    for one in depths:
        by_depth.setdefault((one.depth_m, one.depth_to_m), []).append(one.geometry)
    ordered = sorted(by_depth, key=lambda d: (d[0], d[1] is None, d[1] or 0), reverse=True)
    deeper: BaseGeometry | None = None
    out = []
    for depth in ordered:
        own = _polygonal(shapely.union_all(by_depth[depth]))
        rest = own if deeper is None else _polygonal(shapely.difference(own, deeper))
        deeper = own if deeper is None else shapely.union_all([deeper, own])
        if not rest.is_empty:
            out.append(Depth(*depth, rest))
    if not out:
        raise Invalid("范围是空的：没有围成面积的图形，请重画或换一个文件。", code="empty_flood")
    return out[::-1]


def _polygonal(shape: BaseGeometry) -> BaseGeometry:
    """The polygons of a result alone, as one multipolygon."""
    parts = shapely.get_parts(shape)
    polygons = [p for part in parts for p in shapely.get_parts(part) if p.geom_type == "Polygon" and p.area > 0]
    return shapely.MultiPolygon(polygons)


def check_size(depths: Sequence[Depth]) -> None:
    """Raises Invalid for what is larger than a city's flood or has more vertices than are kept."""
    vertices = sum(int(shapely.get_num_coordinates(d.geometry)) for d in depths)
    if vertices > MOST_VERTICES:
        raise Invalid(
            f"淹没范围共 {vertices:,} 个点，最多 {MOST_VERTICES:,} 个。请先简化（例如容差 1 m）再上传。",
            code="too_many_vertices",
        )
    area = sum(area_m2(d.geometry) for d in depths)
    if area > MOST_M2:
        raise Invalid(
            f"淹没范围 {area / 1e6:,.0f} 平方千米，超过 {MOST_M2 / 1e6:,.0f} 平方千米，像是一个省的面积。"
            "请核对坐标系，或只取本市的部分。",
            code="too_large",
        )


def depth_range(depth_m: Decimal, depth_to_m: Decimal | None, field: str) -> None:
    """Raises Invalid for depths that are none."""
    if depth_m < 0 or depth_m > DEEPEST or (depth_to_m is not None and depth_to_m > DEEPEST):
        told = f"水深应在 0 到 {DEEPEST} m 之间，请核对单位（应为米）"
        raise Invalid("水深有误", errors=[FieldError(field, "out_of_range", told)])
    if depth_to_m is not None and depth_to_m <= depth_m:
        raise Invalid("水深有误", errors=[FieldError(field, "bad_range", "水深上限应大于下限")])


# -- What a depth closes -----------------------------------------------------------


def traffic(depth_m: Decimal, depth_to_m: Decimal | None) -> str:
    """open, care or closed for general traffic, by the least depth; by the upper one where the class reaches over."""

    def reaches(limit: Decimal) -> bool:
        return depth_m >= limit or (depth_to_m is not None and depth_to_m > limit)

    return "closed" if reaches(CLOSED_M) else "care" if reaches(CARE_M) else "open"


def passes(wading_m: Decimal, depth_to_m: Decimal | None) -> bool:
    """Whether a vehicle gets through: the deepest that the class may be stays below its wading depth by the margin."""
    return depth_to_m is not None and depth_to_m < wading_m - MARGIN_M
