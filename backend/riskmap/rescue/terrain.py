"""Water from a terrain and a level: connected cells whose ground lies below it, by depth, as polygons.

A level surface and nothing else: no flow, no volume, no time. It is the same all over where it was read at a gauge;
along a river it falls with the line, and each cell takes the level of the line's nearest point.

Heights are read in strips, and five bytes are kept of each cell: a window of 25 million takes half a gigabyte, most of
it while its polygons are drawn.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from riskmap.rescue.depths import DEEPEST
from riskmap.rescue.terrain_cells import ROUND, VOID, Field, connected
from riskmap.rescue.terrain_file import Bounds, Part, Terrain, refuse
from riskmap.rescue.terrain_outline import Class, classes_of, cut
from riskmap.rescue.terrain_question import Question, metres, words_of

MOST_CELLS = 25_000_000
MUCH = 0.5  # Policy: of the window under water; more is more often a wrong level than a flood

TITLE = "静水平面法"
LIMITS = (
    "静水平面法：水面按水位取平，不计流速、洪量、历时。",
    "不计堤防、桥涵、闸泵的作用；比一格小的堤埂、沟渠不在地形里。",
    "河、湖、库的常年水面低于水位的也在范围里。",
    "地形若是地表模型，高程含树冠和房顶，算得的范围偏小。",
)

_GEOD = pyproj.Geod(ellps="GRS80")
_SIDES = ("北", "东", "南", "西")
_READ, _JOINED = 0.8, 0.9  # shares of the work


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
    """A point has no width, nor has a line along a cell's edge: a box round it meets no cell."""
    return any(terrain.cell_of(x, y) is not None for x, y in shapely.get_coordinates(place))


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
    ground = Field(terrain, part, question, depths)
    for share in ground.read():
        tell(_READ * share)
    water = Water(part, terrain.bounds_of(part), known=ground.known, voids=part.cells - ground.known)
    if not ground.known:
        raise refuse(f"计算范围（{words_of(water.bounds)}）内地形没有高程数据。请换一份地形。", "no_heights", "terrain")
    if ground.highest_m < question.lowest_m:
        raise refuse(
            f"水位 {metres(question.lowest_m)} 高于计算范围内最高的地面（{metres(ground.highest_m)}），"
            "整个范围都会在水下。请核对水位和高程基准。",
            "above_terrain",
            "level_m",
        )
    seeds, water.begin = ground.seeds()
    wet = connected(ground.rank, seeds)
    tell(_JOINED)
    water.cells = int(wet.sum())
    water.apart = ground.below - water.cells
    water.deepest_m = float(ground.depth_cm[wet].max()) / 100
    _look_round(water, terrain, wet, ground.rank == VOID, question)
    if water.deepest_m > DEEPEST:
        told = f"最深 {metres(water.deepest_m)}，超过 {DEEPEST} m，像是水位高过了山或高程基准不对，请核对。"
        water.warnings.insert(0, told)
    water.classes = classes_of(terrain, *cut(part, np.where(wet, ground.rank, 0).astype(np.uint8)), depths)
    return water


def _with_zero(depths: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """From 0 on, whatever the first step is: no water is left out."""
    return tuple(depths) if depths[0] == 0 else (Decimal(0), *depths)


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
        for dr, dc in ROUND:
            beside |= padded[r + 1 + dr, c + 1 + dc]
        water.voids_beside = int(beside.sum())
    if water.voids_beside:
        water.warnings.append(f"水面边上有 {water.voids_beside} 个无数据格，范围可能不全。")
    if water.share > MUCH:
        water.warnings.append(f"水面占计算范围的 {water.share:.0%}，请核对水位和高程基准。")
