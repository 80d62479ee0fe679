"""The cells of a window: which lie below the level and how deep, where water begins, what hangs together with it."""

from collections.abc import Iterator
from decimal import Decimal

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from rasterio import features
from shapely.geometry import LineString

from riskmap.base.errors import Invalid
from riskmap.rescue.terrain_file import Floats, Part, Terrain, refuse
from riskmap.rescue.terrain_line import Falling
from riskmap.rescue.terrain_question import Question, metres

Cells = NDArray[np.int64]

VOID = 255
ROUND = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
_UNITS = 10_000  # a metre's 0.1 mm: no raster knows its heights as well, and 100.15 − 100 is 0.15 again
_BLOCK = 64  # cells each way that are asked together for the nearest place of a line
_GEOD = pyproj.Geod(ellps="GRS80")
_WINDS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")


class Field:
    """Each cell of a window: 0 where its ground is not below the level, else the number of its depth class."""

    def __init__(self, terrain: Terrain, part: Part, question: Question, depths: tuple[Decimal, ...]) -> None:
        self._terrain, self._part, self._question = terrain, part, question
        self._steps = np.array([float(d * _UNITS) for d in depths])
        self.rank = np.zeros((part.rows, part.cols), np.uint8)
        self.depth_cm = np.zeros((part.rows, part.cols), np.uint32)  # of 655 m and more, too
        self.known, self.below, self.highest_m = 0, 0, -np.inf
        line = question.place if isinstance(question.place, LineString) else None
        self._on_line = None if line is None else self._touched(line)
        falls = line is not None and question.end_m != question.level_m
        self._falling = (
            Falling(line, float(question.level_m), float(question.end_m)) if falls and line is not None else None
        )
        self._lowest_on_line = (np.inf, np.inf, 0.0)  # above the level, ground, level

    def read(self) -> Iterator[float]:
        """Look at all heights once; how much of them is done."""
        for first, heights in self._terrain.strips(self._part):
            self._take(first, heights)
            yield (first + len(heights)) / self._part.rows

    def _take(self, first: int, heights: Floats) -> None:
        rows = slice(first, first + len(heights))
        known = ~np.isnan(heights)
        self.known += int(known.sum())
        if known.any():
            self.highest_m = max(self.highest_m, float(np.nanmax(heights)))
        levels = self._levels(first, heights)
        with np.errstate(invalid="ignore"):
            depth = np.rint((levels - heights) * _UNITS)
            below = depth > 0
        rank = np.searchsorted(self._steps, np.where(below, depth, 0), side="right").astype(np.uint8)
        rank[~below] = 0
        rank[~known] = VOID
        self.rank[rows] = rank
        self.depth_cm[rows][below] = depth[below] // (_UNITS // 100)
        self.below += int(below.sum())
        if self._on_line is not None and (on := self._on_line[rows] & known).any():
            above = np.where(on, heights - levels, np.inf)
            i = int(above.argmin())
            found = float(above.flat[i]), float(heights.flat[i]), float(np.broadcast_to(levels, above.shape).flat[i])
            self._lowest_on_line = min(self._lowest_on_line, found)

    def _levels(self, first: int, heights: Floats) -> Floats:
        """The level of each cell. Where the ground is above both ends' levels it is the higher one: no water anyway."""
        question = self._question
        top = float(max(question.level_m, question.end_m))
        if self._falling is None:
            return np.array([[top]])
        levels = np.full(heights.shape, top)
        on_line = None if self._on_line is None else self._on_line[first : first + len(heights)]
        for r in range(0, len(heights), _BLOCK):
            for c in range(0, self._part.cols, _BLOCK):
                block = slice(r, r + _BLOCK), slice(c, c + _BLOCK)
                with np.errstate(invalid="ignore"):
                    asked = heights[block] < top
                if on_line is not None:
                    asked |= on_line[block]
                if not asked.any():
                    continue
                rows, cols = np.nonzero(asked)
                cells = (first + r + rows) * self._part.cols + c + cols
                levels[block][asked] = self._falling.at(*self._terrain.centres(self._part, cells))
        return levels

    def _touched(self, line: LineString) -> NDArray[np.bool_]:
        """The cells that a line goes through."""
        terrain = self._terrain
        dense = shapely.segmentize(line, 0.0045)
        at = shapely.get_coordinates(dense)
        own = LineString(np.column_stack(terrain.from_lonlat(at[:, 0], at[:, 1])))
        touched: NDArray[np.bool_] = features.rasterize(
            [own], out_shape=self.rank.shape, transform=terrain.affine_of(self._part), all_touched=True, dtype="uint8"
        ).astype(bool)
        return touched

    # Where the water begins

    def seeds(self) -> tuple[Cells, str]:
        """The cells that the water comes from, and how that is said. Raises Invalid where there are none."""
        if self._on_line is None:
            point = self._question.place.coords[0]
            return self._at_point(point[0], point[1])
        touched = int(self._on_line.sum())
        if not touched:
            raise refuse("河线不经过计算范围内的任何一格。请核对河线和计算范围。", "line_outside", "bounds")
        begin = np.flatnonzero((self._on_line & self._wet()).ravel())
        if not begin.size:
            above, ground, level = self._lowest_on_line
            if not np.isfinite(above):
                raise refuse("河线经过的格都没有高程数据。请换一份地形，或把河线画准。", "no_heights", "line")
            raise refuse(
                f"沿线 {touched} 格的地面都不低于水位：最接近处地面 {metres(ground)}，该处水位 {metres(level)}。"
                "请核对水位、高程基准，或把河线画在河槽里。",
                "below_ground",
                "level_m",
            )
        return begin, f"河线经过 {touched} 格，从其中地面低于水位的 {begin.size} 格起算"

    def _wet(self) -> NDArray[np.bool_]:
        return (self.rank > 0) & (self.rank < VOID)

    def _at_point(self, x: float, y: float) -> tuple[Cells, str]:
        question, part, terrain = self._question, self._part, self._terrain
        at = terrain.cell_of(x, y)
        row, col = (at[0] - part.row, at[1] - part.col) if at else (-1, -1)
        if not (0 <= row < part.rows and 0 <= col < part.cols):
            raise refuse("水位的位置不在计算范围内。请扩大计算范围。", "place_outside", "bounds")
        own = self.rank[row, col]
        if 0 < own < VOID:
            return np.array([row * part.cols + col]), "从水位点所在的格起算"
        width, height = terrain.cell_m()
        reach = int(question.search_m / min(width, height)) + 2
        top, left = max(row - reach, 0), max(col - reach, 0)
        near = self._wet()[top : row + reach + 1, left : col + reach + 1]
        rows, cols = np.nonzero(near)
        cells = (top + rows) * part.cols + left + cols
        if cells.size:
            lon, lat = terrain.centres(part, cells)
            wind, _, far = _GEOD.inv(np.full_like(lon, x), np.full_like(lat, y), lon, lat)
            i = int(np.argmin(far))
            if far[i] <= question.search_m:
                why = "没有高程数据" if own == VOID else "地面不低于水位"
                wind_words = _WINDS[round((float(wind[i]) % 360) / 45) % 8]
                told = f"水位点所在的格{why}，从{wind_words}面 {far[i]:.0f} m 处最近的低于水位的格起算"
                return cells[i : i + 1], f"{told}（限 {question.search_m} m 内）"
        raise self._dry(x, y, Part(part.row + top, part.col + left, near.shape[0], near.shape[1]))

    def _dry(self, x: float, y: float, near: Part) -> Invalid:
        """No ground near by lies below the level."""
        question = self._question
        told = f"水位 {metres(question.level_m)} 不高于水位点 {question.search_m} m 内的地面"
        lowest, where = np.inf, 0
        for first, heights in self._terrain.strips(near):
            lon, lat = self._terrain.centres(near, np.arange(heights.size, dtype=np.int64) + first * near.cols)
            far = np.asarray(_GEOD.inv(np.full_like(lon, x), np.full_like(lat, y), lon, lat)[2])
            # The station's own cell counts however far its middle is.
            within = far.reshape(heights.shape) <= max(question.search_m, float(far.min()))
            found = np.where(within & ~np.isnan(heights), heights, np.inf)
            i = int(np.lexsort((far, found.ravel()))[0])  # of the lowest the nearest
            if found.flat[i] < lowest:
                lowest, where = float(found.flat[i]), round(float(far[i]))
        if not np.isfinite(lowest):
            return refuse("水位点附近地形没有高程数据。请换一份地形，或核对水位点位置。", "no_heights", "terrain")
        return refuse(
            f"{told}：最低处地面 {metres(lowest)}，离水位点 {where} m。请核对水位和高程基准，或加大找水的距离。",
            "below_ground",
            "level_m",
        )


def connected(rank: NDArray[np.uint8], seeds: Cells) -> NDArray[np.bool_]:
    """Cells below the level that hang together with the seeds, by their sides or corners (8 neighbours).

    By corners too: a valley one cell wide that runs aslant would break otherwise. A rim of dry cells keeps the
    rows apart; a front of cells goes on until nothing is left.
    """
    rows, cols = rank.shape
    width = cols + 2
    below = np.zeros((rows + 2, width), bool)
    below[1:-1, 1:-1] = (rank > 0) & (rank < VOID)
    waiting = below.ravel().copy()
    steps = np.array([dr * width + dc for dr, dc in ROUND])
    r, c = np.divmod(seeds, cols)
    front = (r + 1) * width + c + 1
    waiting[front] = False
    while front.size:
        reached = (front[:, None] + steps).ravel()
        front = np.unique(reached[waiting[reached]])
        waiting[front] = False
    wet: NDArray[np.bool_] = (below & ~waiting.reshape(below.shape))[1:-1, 1:-1]
    return wet
