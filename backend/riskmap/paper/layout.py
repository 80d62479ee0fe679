"""Where things go: a round scale, the map's place in its frame, and panels where the territory is not.

The frame is looked at in cells of 2 mm; a panel stands at a place whose cells are all free.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from riskmap.paper.drawing import Box
from riskmap.paper.gauss import Floats

_MANTISSAS = (1, 1.2, 1.5, 2, 2.5, 2.8, 3.2, 4, 5, 6, 8)
CELL = 2.0
Cells = NDArray[np.bool_]


def round_scales(least: float) -> Iterator[int]:
    """Round scale numbers from `least` up."""
    power = 10 ** max(2, int(np.floor(np.log10(max(least, 100)))))
    while True:
        for m in _MANTISSAS:
            if m * power >= least * 0.99999:
                yield round(m * power)
        power *= 10


class Free:
    """Which cells of a frame are free."""

    def __init__(self, w: float, h: float, cell: float) -> None:
        self.w, self.h, self.cell = w, h, cell
        self.nx, self.ny = int(w / cell), int(h / cell)
        self.used: Cells = np.zeros((self.ny, self.nx), dtype=bool)
        self._sums: NDArray[np.int32] | None = None

    def copy(self) -> "Free":
        other = Free(self.w, self.h, self.cell)
        other.used = self.used.copy()
        return other

    def block(self, box: Box) -> None:
        c = self.cell
        self._sums = None
        x0, y0 = max(0, int(box[0] / c)), max(0, int(box[1] / c))
        self.used[y0 : int(np.ceil(box[3] / c)), x0 : int(np.ceil(box[2] / c))] = True

    def places(self, w: float, h: float, order: Sequence[str]) -> Iterator[Box]:
        """Free places for a panel: corners in this order, then along the edges."""
        c = self.cell
        nw, nh = int(np.ceil(w / c)), int(np.ceil(h / c))
        if w > self.w or h > self.h or nw > self.nx + 1 or nh > self.ny + 1:
            return
        nw, nh = min(nw, self.nx), min(nh, self.ny)
        if self._sums is None:
            self._sums = np.zeros((self.ny + 1, self.nx + 1), dtype=np.int32)
            self._sums[1:, 1:] = self.used.cumsum(0, dtype=np.int32).cumsum(1, dtype=np.int32)
        total = self._sums
        free = (total[nh:, nw:] - total[:-nh, nw:] - total[nh:, :-nw] + total[:-nh, :-nw]) == 0
        my, mx = free.shape
        for where in order:
            j = 0 if where[0] == "n" else my - 1
            i = 0 if where[1] == "w" else mx - 1
            if free[j, i]:
                yield self._box(i, j, mx, my, w, h)
        if not free.any():
            return
        best: list[tuple[float, int, int]] = []
        for i in np.flatnonzero(free[0]):
            best.append((min(i, mx - 1 - i), int(i), 0))
        for i in np.flatnonzero(free[-1]):
            best.append((min(i, mx - 1 - i), int(i), my - 1))
        for j in np.flatnonzero(free[:, 0]):
            best.append((min(j, my - 1 - j), 0, int(j)))
        for j in np.flatnonzero(free[:, -1]):
            best.append((min(j, my - 1 - j), mx - 1, int(j)))
        for _, i, j in sorted(best)[:3]:
            yield self._box(i, j, mx, my, w, h)

    def _box(self, i: int, j: int, mx: int, my: int, w: float, h: float) -> Box:
        """Flush with an edge that it reaches."""
        x = self.w - w if i == mx - 1 and i > 0 else i * self.cell
        y = self.h - h if j == my - 1 and j > 0 else j * self.cell
        return x, y, x + w, y + h


@dataclass(slots=True)
class Territory:
    """What no panel may cover, in metres: the area, or where there is none the objects' surroundings."""

    shape: BaseGeometry  # simplified
    points: Floats  # of objects that must lie within the frame

    @property
    def bounds(self) -> Box:
        x0, y0, x1, y1 = self.shape.bounds if not self.shape.is_empty else (np.inf, np.inf, -np.inf, -np.inf)
        if len(self.points):
            (px0, py0), (px1, py1) = self.points.min(0), self.points.max(0)
            x0, y0, x1, y1 = min(x0, px0), min(y0, py0), max(x1, px1), max(y1, py1)
        return float(x0), float(y0), float(x1), float(y1)


_NEAR = 0.15  # of the area's size: so far beyond it objects still widen the map
_FAR_M = 1_000_000.0  # from the middle of the objects, where there is no area


def territory(area: BaseGeometry | None, points: Floats) -> tuple[Territory, Cells]:
    """What a map must hold, and which objects are near enough to be on it; all in metres."""
    near: Cells = np.asarray(np.isfinite(points).all(axis=1))
    if area is not None:
        shape = shapely.simplify(area, 150) if area.area > 25e6 else area
        if not shape.is_valid or shape.is_empty:
            shape = shapely.make_valid(area)
        x0, y0, x1, y1 = shape.bounds
        far = _NEAR * max(x1 - x0, y1 - y0) + 500
        x, y = points[:, 0], points[:, 1]
        near &= (x > x0 - far) & (x < x1 + far) & (y > y0 - far) & (y < y1 + far)
    else:
        shape = shapely.Polygon()
        if len(points):
            away = points - np.median(points, axis=0)
            near &= np.hypot(away[:, 0], away[:, 1]) <= _FAR_M
    return Territory(shape, points[near]), near


@dataclass(slots=True)
class Panel:
    """A panel to be placed: its possible sizes, best first."""

    name: str
    sizes: list[tuple[float, float]]
    order: tuple[str, ...]
    must: bool = False
    worth: float = 1.0
    loss: float = 0.04  # with each size that is less wished for


@dataclass(slots=True)
class Fit:
    """A map's scale, the metres of its frame's north-west corner, and its panels in mm of the frame."""

    scale: int
    west: float
    north: float
    panels: dict[str, tuple[int, Box]] = field(default_factory=dict)  # which size, where


def _raster(t: Territory, scale: float, cell: float, pad: float, reach: float) -> tuple[Cells, float, float]:
    """Cells that are near the territory, and the extent in mm."""
    f = 1000 / scale
    x0, y0, x1, y1 = t.bounds
    w, h = (x1 - x0) * f + 2 * pad, (y1 - y0) * f + 2 * pad
    nx, ny = int(np.ceil(w / cell)) + 1, int(np.ceil(h / cell)) + 1
    shape = shapely.transform(t.shape, lambda c: np.column_stack(((c[:, 0] - x0) * f + pad, (y1 - c[:, 1]) * f + pad)))
    shape = shapely.simplify(shape, 0.4).buffer(reach, quad_segs=2)
    gx, gy = np.meshgrid((np.arange(nx) + 0.5) * cell, (np.arange(ny) + 0.5) * cell)
    shapely.prepare(shape)
    used: Cells = np.asarray(shapely.contains_xy(shape, gx, gy))
    if len(t.points):
        px, py = (t.points[:, 0] - x0) * f + pad, (y1 - t.points[:, 1]) * f + pad
        n = int(np.ceil(reach / cell)) + 1
        for a, b in zip((py / cell).astype(int).tolist(), (px / cell).astype(int).tolist(), strict=True):
            used[max(0, a - n) : a + n + 1, max(0, b - n) : b + n + 1] = True
    return used, w, h


def least_scale(t: Territory, w: float, h: float, pad: float) -> float:
    """The scale at which the territory just fits; a few objects by themselves are shown with their surroundings."""
    x0, y0, x1, y1 = t.bounds
    fits = max((x1 - x0) * 1000 / (w - 2 * pad), (y1 - y0) * 1000 / (h - 2 * pad))
    return max(fits, 5000.0 if t.shape.is_empty else 500.0)


def fit(
    t: Territory, w: float, h: float, k: float, scale: int, panels: Sequence[Panel], pad: float
) -> tuple[float, Fit] | None:
    """The best place of the map in the frame at a scale; None where a panel that must stand does not fit."""
    cell = CELL * k
    reach = 2.8 * k
    used, mw, mh = _raster(t, scale, cell, pad, reach)
    if mw > w + 0.01 or mh > h + 0.01:
        return None
    x0, _, _, y1 = t.bounds
    best: tuple[float, Fit] | None = None
    most = sum(p.worth for p in panels)
    across = (0.5, 1.0, 0.0) if w - mw > 6 * cell else (0.5,)
    down = (0.5, 1.0, 0.0) if h - mh > 6 * cell else (0.5,)
    for fx, fy in product(across, down):
        free = Free(w, h, cell)
        i, j = int((w - mw) * fx / cell), int((h - mh) * fy / cell)
        dx, dy = i * cell, j * cell
        rows, columns = min(used.shape[0], free.ny - j), min(used.shape[1], free.nx - i)
        free.used[j : j + rows, i : i + columns] |= used[:rows, :columns]
        placed = _all(free, list(panels))
        if placed is None:
            continue
        worth, where = placed
        worth -= 0.02 * (abs(fx - 0.5) + abs(fy - 0.5))
        if best is None or worth > best[0] + 1e-9:
            best = worth, Fit(scale, x0 - (dx + pad) * scale / 1000, y1 + (dy + pad) * scale / 1000, where)
            if worth > most - 0.06:
                break
    return best


def _all(free: Free, panels: list[Panel]) -> tuple[float, dict[str, tuple[int, Box]]] | None:
    """All panels that can stand together, first things first; the first one at the place that serves the rest best."""
    if not panels:
        return 0.0, {}
    head, rest = panels[0], panels[1:]
    best: tuple[float, dict[str, tuple[int, Box]]] | None = None
    most = head.worth + sum(p.worth for p in rest)
    for n, (w, h) in enumerate(head.sizes):
        tried = 0
        if best is not None and best[0] >= most - head.loss * n:
            break
        for box in free.places(w, h, head.order):
            after = free.copy()
            after.block(box)
            below = _all(after, rest)
            if below is None:
                continue
            # a place that keeps the wished order is worth a little
            worth = head.worth - head.loss * n - 0.03 * tried + below[0]
            if best is None or worth > best[0] + 1e-9:
                best = worth, {head.name: (n, box), **below[1]}
            tried += 1
            if tried >= (4 if head.must else 2 if len(rest) > 1 else 1) or below[0] > most - head.worth - 0.05:
                break
    if best is None:
        return None if head.must else _all(free, rest)
    return best
