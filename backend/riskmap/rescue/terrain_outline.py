"""Polygons of the depth classes, along the cells' edges."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio import features
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from riskmap.rescue.terrain_file import Part, Terrain, refuse

MOST_VERTICES = 400_000


@dataclass(frozen=True, slots=True)
class Class:
    """Water of one depth: at least `depth_m`, less than `depth_to_m` (None: no bound)."""

    depth_m: Decimal
    depth_to_m: Decimal | None
    cells: int
    geometry: BaseGeometry


def cut(part: Part, ranks: NDArray[np.uint8]) -> tuple[Part, NDArray[np.uint8]]:
    """The rectangle that holds all water, so that nothing is drawn of the rest."""
    rows, cols = np.flatnonzero(ranks.any(axis=1)), np.flatnonzero(ranks.any(axis=0))
    top, left, bottom, right = int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1
    return Part(part.row + top, part.col + left, bottom - top, right - left), ranks[top:bottom, left:right]


def classes_of(terrain: Terrain, part: Part, ranks: NDArray[np.uint8], depths: tuple[Decimal, ...]) -> list[Class]:
    """Polygons along the cells' edges, one multipolygon a class."""
    if (count := corners(ranks)) > MOST_VERTICES:
        raise refuse(
            f"水面很破碎，沿格边勾绘有 {count:,} 个点，最多 {MOST_VERTICES:,} 个。请缩小计算范围，或换用格更大的地形。",
            "too_many_vertices",
            "radius_m",
        )
    found: dict[int, list[Polygon]] = {}
    # By their sides only: cells that meet at a corner are two polygons, and all of them are valid.
    ranks = np.ascontiguousarray(ranks)
    for outline, rank in features.shapes(ranks, mask=ranks > 0, connectivity=4, transform=terrain.affine_of(part)):
        found.setdefault(int(rank), []).append(Polygon(outline["coordinates"][0], outline["coordinates"][1:]))
    counts = np.bincount(ranks.ravel(), minlength=len(depths) + 1)
    out = []
    for rank, polygons in sorted(found.items()):
        upper = depths[rank] if rank < len(depths) else None
        whole = terrain.outline_to_lonlat(shapely.MultiPolygon(polygons))
        out.append(Class(depths[rank - 1], upper, int(counts[rank]), whole))
    return out


def corners(ranks: NDArray[np.uint8]) -> int:
    """How many corners the outlines of all classes have: known before they are drawn."""
    padded = np.pad(ranks, 1)
    total = 0
    for first in range(1, padded.shape[0] - 1, 1024):
        last = min(first + 1024, padded.shape[0] - 1)
        own = padded[first:last, 1:-1]
        water = own > 0
        for dr in (-1, 1):
            beside_row = padded[first + dr : last + dr, 1:-1] == own
            for dc in (-1, 1):
                beside_col = padded[first:last, 1 + dc : padded.shape[1] - 1 + dc] == own
                across = padded[first + dr : last + dr, 1 + dc : padded.shape[1] - 1 + dc] == own
                outward = ~beside_row & ~beside_col
                inward = beside_row & beside_col & ~across
                total += int(((outward | inward) & water).sum())
    return total
