"""Water from a terrain and a level: connected cells whose ground lies below it, by depth, as polygons.

A level surface and nothing else: no flow, no volume, no time. It is the same all over where it was read at a gauge;
along a river it falls with the line, and each cell takes the level of the line's nearest point.

Heights are read in strips, and three bytes are kept of each cell: a window of 25 million takes half a gigabyte, most of
it while its polygons are drawn.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from rasterio import features
from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry

from riskmap.base.errors import Invalid
from riskmap.rescue.terrain_file import Bounds, Floats, Part, Terrain, refuse
from riskmap.rescue.terrain_line import Falling

Cells = NDArray[np.int64]

# Policy: the steps of road traffic (0.15 and 0.25 m), then a knee and a chest.
DEPTHS = (Decimal(0), Decimal("0.15"), Decimal("0.25"), Decimal("0.5"), Decimal(1))
RADIUS_M = 10_000
SEARCH_M = 300  # Policy: a gauge's place is often that of its house on the bank
MOST_CELLS = 25_000_000
MOST_VERTICES = 400_000
MUCH = 0.5  # Policy: of the window under water; more is more often a wrong level than a flood

TITLE = "静水平面法"
LIMITS = (
    "静水平面法：水面按水位取平，不计流速、洪量、历时。",
    "不计堤防、桥涵、闸泵的作用；比一格小的堤埂、沟渠不在地形里。",
    "河、湖、库的常年水面低于水位的也在范围里。",
    "地形若是地表模型，高程含树冠和房顶，算得的范围偏小。",
)

_VOID = 255
_UNITS = 10_000  # a metre's 0.1 mm: no raster knows its heights as well, and 100.15 − 100 is 0.15 again
_BLOCK = 64  # cells each way that are asked together for the nearest place of a line
_GEOD = pyproj.Geod(ellps="GRS80")
_SIDES = ("北", "东", "南", "西")
_WINDS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")
_READ, _JOINED = 0.8, 0.9  # shares of the work


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


@dataclass(frozen=True, slots=True)
class Class:
    """Water of one depth: at least `depth_m`, less than `depth_to_m` (None: no bound)."""

    depth_m: Decimal
    depth_to_m: Decimal | None
    cells: int
    geometry: BaseGeometry


@dataclass(slots=True)
class Water:
    """What came out, how, and what is doubtful about it."""

    part: Part
    bounds: Bounds
    classes: list[Class] = field(default_factory=list)
    begin: str = ""
    cells: int = 0  # in water
    apart: int = 0  # below the level, but not connected
    known: int = 0  # of the window, with a height
    voids: int = 0
    voids_beside: int = 0
    deepest_m: float = 0.0
    warnings: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Of the window's known cells, how many are in water."""
        return self.cells / self.known


Tell = Callable[[float], None]


def words_of(bounds: Bounds) -> str:
    """A box for a sentence."""
    west, south, east, north = (f"{b:.4f}" for b in bounds)
    lon, lat = west if west == east else f"{west}–{east}", south if south == north else f"{south}–{north}"
    return f"东经 {lon}、北纬 {lat}"


def metres(value: float | Decimal) -> str:
    """A level or a depth for a sentence."""
    return f"{float(value):.2f} m"


# -- The window ---------------------------------------------------------------------


def window_of(terrain: Terrain, place: BaseGeometry, radius_m: int, bounds: Bounds | None) -> Part:
    """The cells to look at: a given box, or as far round the place. Raises Invalid."""
    own = terrain.bounds_of(terrain.whole)
    asked = around(place, radius_m) if bounds is None else bounds
    if terrain.part_of(place.bounds) is None and not _holds(terrain, place):
        raise refuse(
            f"水位的位置（{words_of(place.bounds)}）不在地形范围内（{words_of(own)}）。请换一份地形，或核对位置。",
            "other_place",
            "terrain",
        )
    part = terrain.part_of(asked)
    if part is None:
        raise refuse(
            f"计算范围（{words_of(asked)}）与地形范围（{words_of(own)}）不相交。请核对。", "other_place", "bounds"
        )
    if part.cells > MOST_CELLS:
        width, height = terrain.cell_m()
        radius = (MOST_CELLS * width * height) ** 0.5 / 2
        raise refuse(
            f"计算范围有 {part.cells / 1e4:,.0f} 万格，最多 {MOST_CELLS // 10_000:,} 万格。"
            f"请缩小计算范围（这份地形半径约 {radius / 1000:.1f} km 以内），或换用格更大的地形。",
            "too_many_cells",
            "bounds" if bounds else "radius_m",
        )
    return part


def _holds(terrain: Terrain, place: BaseGeometry) -> bool:
    """A point has no width, so that a box round it meets no cell."""
    return isinstance(place, Point) and terrain.cell_of(place.x, place.y) is not None


def around(place: BaseGeometry, radius_m: int) -> Bounds:
    """The box that reaches so far beyond a place on each side."""
    west, south, east, north = place.bounds
    wide = max((south, north), key=abs)
    return (
        float(_GEOD.fwd(west, wide, 270, radius_m)[0]),
        float(_GEOD.fwd(west, south, 180, radius_m)[1]),
        float(_GEOD.fwd(east, wide, 90, radius_m)[0]),
        float(_GEOD.fwd(west, north, 0, radius_m)[1]),
    )


# -- Working it out ----------------------------------------------------------------------


def work_out(terrain: Terrain, part: Part, question: Question, tell: Tell = lambda _: None) -> Water:
    """The water in a window. Raises Invalid where the level is below all ground there, or above it."""
    depths = _with_zero(question.depths)
    field_ = _Field(terrain, part, question, depths)
    for share in field_.read():
        tell(_READ * share)
    water = Water(part, terrain.bounds_of(part), known=field_.known, voids=part.cells - field_.known)
    if not field_.known:
        raise refuse(f"计算范围（{words_of(water.bounds)}）内地形没有高程数据。请换一份地形。", "no_heights", "terrain")
    if field_.highest_m < question.lowest_m:
        raise refuse(
            f"水位 {metres(question.lowest_m)} 高于计算范围内最高的地面（{metres(field_.highest_m)}），"
            "整个范围都会在水下。请核对水位和高程基准。",
            "above_terrain",
            "level_m",
        )
    seeds, water.begin = field_.seeds()
    wet = _connected(field_.rank, seeds)
    tell(_JOINED)
    water.cells = int(wet.sum())
    water.apart = field_.below - water.cells
    water.deepest_m = float(field_.depth_cm[wet].max()) / 100
    _look_round(water, terrain, wet, field_.rank == _VOID, question)
    water.classes = _classes(terrain, *_cut(part, np.where(wet, field_.rank, 0).astype(np.uint8)), depths)
    return water


def _with_zero(depths: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """From 0 on, whatever the first step is: no water is left out."""
    return tuple(depths) if depths[0] == 0 else (Decimal(0), *depths)


class _Field:
    """Each cell of a window: 0 where its ground is not below the level, else the number of its depth class."""

    def __init__(self, terrain: Terrain, part: Part, question: Question, depths: tuple[Decimal, ...]) -> None:
        self._terrain, self._part, self._question = terrain, part, question
        self._steps = np.array([float(d * _UNITS) for d in depths])
        self.rank = np.zeros((part.rows, part.cols), np.uint8)
        self.depth_cm = np.zeros((part.rows, part.cols), np.uint16)
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
        rank[~known] = _VOID
        self.rank[rows] = rank
        self.depth_cm[rows][below] = np.minimum(depth[below] // (_UNITS // 100), np.iinfo(np.uint16).max)
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
        return (self.rank > 0) & (self.rank < _VOID)

    def _at_point(self, x: float, y: float) -> tuple[Cells, str]:
        question, part, terrain = self._question, self._part, self._terrain
        at = terrain.cell_of(x, y)
        row, col = (at[0] - part.row, at[1] - part.col) if at else (-1, -1)
        if not (0 <= row < part.rows and 0 <= col < part.cols):
            raise refuse("水位的位置不在计算范围内。请扩大计算范围。", "place_outside", "bounds")
        own = self.rank[row, col]
        if 0 < own < _VOID:
            return np.array([row * part.cols + col]), "从站点所在的格起算"
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
                why = "没有高程数据" if own == _VOID else "地面不低于水位"
                wind_words = _WINDS[round((float(wind[i]) % 360) / 45) % 8]
                told = f"站点所在的格{why}，从{wind_words}面 {far[i]:.0f} m 处最近的低于水位的格起算"
                return cells[i : i + 1], f"{told}（限 {question.search_m} m 内）"
        raise self._dry(x, y, Part(part.row + top, part.col + left, near.shape[0], near.shape[1]))

    def _dry(self, x: float, y: float, near: Part) -> Invalid:
        """No ground near by lies below the level."""
        question = self._question
        told = f"水位 {metres(question.level_m)} 不高于站点 {question.search_m} m 内的地面"
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
            return refuse("站点附近地形没有高程数据。请换一份地形，或核对站点位置。", "no_heights", "terrain")
        return refuse(
            f"{told}：最低处地面 {metres(lowest)}，离站点 {where} m。请核对水位和高程基准，或加大找水的距离。",
            "below_ground",
            "level_m",
        )


_ROUND = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))


def _connected(rank: NDArray[np.uint8], seeds: Cells) -> NDArray[np.bool_]:
    """Cells below the level that hang together with the seeds, by their sides or corners (8 neighbours).

    By corners too: a valley one cell wide that runs aslant would break otherwise. A rim of dry cells keeps the
    rows apart; a front of cells goes on until nothing is left.
    """
    rows, cols = rank.shape
    width = cols + 2
    below = np.zeros((rows + 2, width), bool)
    below[1:-1, 1:-1] = (rank > 0) & (rank < _VOID)
    waiting = below.ravel().copy()
    steps = np.array([dr * width + dc for dr, dc in _ROUND])
    r, c = np.divmod(seeds, cols)
    front = (r + 1) * width + c + 1
    waiting[front] = False
    while front.size:
        reached = (front[:, None] + steps).ravel()
        front = np.unique(reached[waiting[reached]])
        waiting[front] = False
    wet: NDArray[np.bool_] = (below & ~waiting.reshape(below.shape))[1:-1, 1:-1]
    return wet


def _look_round(
    water: Water, terrain: Terrain, wet: NDArray[np.bool_], voids: NDArray[np.bool_], question: Question
) -> None:
    """What is doubtful: voids beside the water, water at an edge, more water than land. Raises Invalid."""
    sides = (wet[0], wet[:, -1], wet[-1], wet[:, 0])
    dry = ((~wet & ~voids)[s] for s in (np.s_[0], np.s_[:, -1], np.s_[-1], np.s_[:, 0]))
    if all(side.any() for side in sides) and not any(side.any() for side in dry):
        raise refuse(
            f"水位 {metres(question.level_m)} 时水面占满计算范围的整个边（范围内 {water.share:.0%} 在水下），"
            "算不出边界。请核对水位和高程基准，或扩大计算范围。",
            "above_terrain",
            "level_m",
        )
    part, whole = water.part, terrain.whole
    at_end = (
        part.row == 0,
        part.col + part.cols == whole.cols,
        part.row + part.rows == whole.rows,
        part.col == 0,
    )
    touched = [(name, end) for name, side, end in zip(_SIDES, sides, at_end, strict=True) if side.any()]
    if names := [name for name, end in touched if end]:
        water.warnings.append(f"水面到了地形的边（{'、'.join(names)}），边外可能还有水。")
    if names := [name for name, end in touched if not end]:
        water.warnings.append(f"水面到了计算范围的边（{'、'.join(names)}），范围外可能还有水，可扩大计算范围重算。")
    if voids.any():
        padded = np.zeros((wet.shape[0] + 2, wet.shape[1] + 2), bool)
        padded[1:-1, 1:-1] = wet
        r, c = np.nonzero(voids)
        beside = np.zeros(r.size, bool)
        for dr, dc in _ROUND:
            beside |= padded[r + 1 + dr, c + 1 + dc]
        water.voids_beside = int(beside.sum())
    if water.voids_beside:
        water.warnings.append(f"水面边上有 {water.voids_beside} 个无数据格，范围可能不全。")
    if water.share > MUCH:
        water.warnings.append(f"水面占计算范围的 {water.share:.0%}，请核对水位和高程基准。")


# -- Polygons -----------------------------------------------------------------------------


def _cut(part: Part, ranks: NDArray[np.uint8]) -> tuple[Part, NDArray[np.uint8]]:
    """The rectangle that holds all water, so that nothing is drawn of the rest."""
    rows, cols = np.flatnonzero(ranks.any(axis=1)), np.flatnonzero(ranks.any(axis=0))
    top, left, bottom, right = int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1
    return Part(part.row + top, part.col + left, bottom - top, right - left), ranks[top:bottom, left:right]


def _classes(terrain: Terrain, part: Part, ranks: NDArray[np.uint8], depths: tuple[Decimal, ...]) -> list[Class]:
    """Polygons along the cells' edges, one multipolygon a class."""
    if (count := _corners(ranks)) > MOST_VERTICES:
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


def _corners(ranks: NDArray[np.uint8]) -> int:
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
