"""Terrain rasters as files: what one is, and its heights, read in blocks. GeoTIFF and HGT, and nothing else.

GDAL knows formats that read other files or hosts; so the driver is chosen here, by the file's first bytes, and files
beside it are not looked at.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import rasterio
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import ProjError
from rasterio import Affine
from rasterio.errors import RasterioError
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from riskmap.base.crs import CGCS2000
from riskmap.base.errors import FieldError, Invalid

Floats = NDArray[np.float64]
Bounds = tuple[float, float, float, float]

LOWEST_M, HIGHEST_M = -500.0, 9000.0  # Policy: of ground on earth; what is outside is a mark for "no data"
STRIP = 1 << 20  # cells that are looked at together
_MOST_BLOCK = 1 << 24  # cells that the file itself packs together: one is read whole
_CACHE = 64 << 20
_EDGE_M = 500.0  # an edge is straight in the raster's plane; its ends alone would bend it in lon/lat
_EDGE_STEPS = 64
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_HGT_NAME = re.compile(r"[NS]\d{2}[EW]\d{3}\.hgt", re.IGNORECASE)
_HGT_SIDES = (1201, 3601)
_ENV: dict[str, Any] = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_CACHEMAX": _CACHE,
    "GDAL_TIFF_INTERNAL_MASK": "YES",
    "GDAL_NUM_THREADS": "1",
}
# Datums' names. What differs from CGCS2000 by decimetres at most is taken as one with it, as everywhere else here.
_AS_CGCS2000 = ("China 2000", "World Geodetic System 1984", "European Terrestrial Reference System 1989", "ITRF")
KINDS = "地形文件应为 GeoTIFF（.tif）或 SRTM 的 HGT（.hgt，文件名如 N29E116.hgt）"


def refuse(message: str, code: str, field: str = "file") -> Invalid:
    """A file or a question that cannot be worked with, and why."""
    return Invalid(message, code=code, errors=[FieldError(field, code, message)])


def driver_of(path: Path) -> str:
    """GTiff or SRTMHGT. Raises Invalid for anything else."""
    with path.open("rb") as file:
        first = file.read(4)
    if first in _TIFF:
        return "GTiff"
    if path.suffix.lower() == ".hgt":
        # An HGT has no header: its place is its name, its kind its size.
        if not _HGT_NAME.fullmatch(path.name):
            raise refuse(f"HGT 文件的位置写在文件名里，“{path.name}”认不出来：请改回原名，如 N29E116.hgt。", "hgt_name")
        if path.stat().st_size not in {2 * side * side for side in _HGT_SIDES}:
            raise refuse("HGT 文件的大小不对，可能没有下载完整。请重新下载。", "hgt_size")
        return "SRTMHGT"
    raise refuse(f"{KINDS}；这个文件不是。", "not_terrain")


@dataclass(frozen=True, slots=True)
class Part:
    """A rectangle of cells: rows and columns from the upper left one."""

    row: int
    col: int
    rows: int
    cols: int

    @property
    def cells(self) -> int:
        """How many."""
        return self.rows * self.cols


class Terrain:
    """An open raster: where its cells are, and their heights."""

    def __init__(self, dataset: Any, crs: pyproj.CRS) -> None:
        self._dataset = dataset
        self.crs = crs
        self.rows, self.cols = int(dataset.height), int(dataset.width)
        self.affine: Affine = dataset.transform

    @cached_property
    def whole(self) -> Part:
        """All of it."""
        return Part(0, 0, self.rows, self.cols)

    @cached_property
    def _to_lonlat(self) -> pyproj.Transformer:
        return _transformer(self.crs)

    @property
    def is_lonlat(self) -> bool:
        """Whether its cells lie along lon and lat of CGCS2000, so that its edges are straight there."""
        return bool(self.crs.is_geographic) and _is_cgcs2000(self.crs)

    def to_lonlat(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """From the raster's coordinates."""
        if self.is_lonlat:
            return x, y
        lon, lat = self._to_lonlat.transform(x, y)
        return np.asarray(lon), np.asarray(lat)

    def from_lonlat(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """To the raster's coordinates; inf where there are none."""
        if self.is_lonlat:
            return lon, lat
        x, y = self._to_lonlat.transform(lon, lat, direction="INVERSE")
        return np.asarray(x), np.asarray(y)

    def outline_to_lonlat(self, shape: BaseGeometry) -> BaseGeometry:
        """A shape along the cells' edges, as it lies in lon/lat: bent edges get vertices every 500 m."""
        if self.is_lonlat:
            return shape
        unit = self.crs.axis_info[0].unit_conversion_factor
        step = _EDGE_M / unit if self.crs.is_projected else np.degrees(unit) * 0.0045
        dense = shapely.segmentize(shape, step)
        return shapely.transform(dense, lambda at: np.column_stack(self.to_lonlat(at[:, 0], at[:, 1])))

    def affine_of(self, part: Part) -> Affine:
        """The same cells counted from a part's own corner."""
        return self.affine @ Affine.translation(part.col, part.row)

    def bounds_of(self, part: Part) -> Bounds:
        """West, south, east, north in degrees of the box round a part."""
        x, y = _rim(*self._corners(part))
        lon, lat = self.to_lonlat(x, y)
        return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())

    def _corners(self, part: Part) -> Bounds:
        left, top = self.affine @ (part.col, part.row)
        right, bottom = self.affine @ (part.col + part.cols, part.row + part.rows)
        return left, bottom, right, top

    def part_of(self, bounds: Bounds) -> Part | None:
        """The cells that a box in degrees meets; None where it meets none."""
        x, y = self.from_lonlat(*_rim(*bounds))
        fine = np.isfinite(x) & np.isfinite(y)
        if not fine.any():
            return None
        inverse = ~self.affine
        left, top = inverse @ (float(x[fine].min()), float(y[fine].max()))
        right, bottom = inverse @ (float(x[fine].max()), float(y[fine].min()))
        # A box drawn along the cells' edges ends there, whatever the last digit says.
        col, row = max(int(np.floor(left + 1e-6)), 0), max(int(np.floor(top + 1e-6)), 0)
        end_col, end_row = min(int(np.ceil(right - 1e-6)), self.cols), min(int(np.ceil(bottom - 1e-6)), self.rows)
        if end_col <= col or end_row <= row:
            return None
        return Part(row, col, end_row - row, end_col - col)

    def cell_of(self, lon: float, lat: float) -> tuple[int, int] | None:
        """Row and column of the cell that holds a position; None outside."""
        x, y = self.from_lonlat(np.array([lon]), np.array([lat]))
        if not (np.isfinite(x[0]) and np.isfinite(y[0])):
            return None
        col, row = ~self.affine @ (float(x[0]), float(y[0]))
        at = int(np.floor(row)), int(np.floor(col))
        return at if 0 <= at[0] < self.rows and 0 <= at[1] < self.cols else None

    def centres(self, part: Part, cells: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """Longitude and latitude of the middles of cells, numbered along the rows of a part."""
        rows, cols = np.divmod(cells, part.cols)
        x = self.affine.c + self.affine.a * (part.col + cols + 0.5)
        y = self.affine.f + self.affine.e * (part.row + rows + 0.5)
        return self.to_lonlat(x, y)

    def cell_m(self) -> tuple[float, float]:
        """Width and height of a cell in the middle of the raster, metres."""
        row, col = self.rows // 2, self.cols // 2
        x, y = self.affine @ (col, row)
        corner = np.array([x, x + self.affine.a, x]), np.array([y, y, y + self.affine.e])
        lon, lat = self.to_lonlat(*corner)
        geod = pyproj.Geod(ellps="GRS80")
        return (
            float(geod.inv(lon[0], lat[0], lon[1], lat[1])[2]),
            float(geod.inv(lon[0], lat[0], lon[2], lat[2])[2]),
        )

    def strips(self, part: Part) -> Iterator[tuple[int, Floats]]:
        """Heights in metres from the top, some rows at a time: the first row's number in the part, and the heights.

        NaN where the file has none. Raises Invalid where it cannot be read.
        """
        depth = int(self._dataset.block_shapes[0][0])
        step = max(STRIP // part.cols, 1)
        step = max(step - step % depth, min(depth, 4096)) if step >= depth else step
        for first in range(0, part.rows, step):
            count = min(step, part.rows - first)
            yield first, self._read(Window(part.col, part.row + first, part.cols, count))

    def _read(self, window: Window) -> Floats:
        dataset = self._dataset
        try:
            raw = dataset.read(1, window=window)
            known = dataset.read_masks(1, window=window) != 0
        except (RasterioError, OSError) as error:
            raise refuse("地形文件读到一半出错，可能已损坏。请删除后重新装入。", "broken") from error
        heights: Floats = raw.astype(np.float64) * dataset.scales[0] + dataset.offsets[0]
        with np.errstate(invalid="ignore"):
            heights[~known | ~(heights >= LOWEST_M) | ~(heights <= HIGHEST_M)] = np.nan
        return heights


def _rim(left: float, bottom: float, right: float, top: float) -> tuple[Floats, Floats]:
    """Points along a box: its sides bend from one system to another."""
    t = np.linspace(0.0, 1.0, _EDGE_STEPS + 1)
    x, y = left + (right - left) * t, bottom + (top - bottom) * t
    return (
        np.concatenate([x, x, np.full_like(t, left), np.full_like(t, right)]),
        np.concatenate([np.full_like(t, bottom), np.full_like(t, top), y, y]),
    )


def _is_cgcs2000(crs: pyproj.CRS) -> bool:
    geodetic = crs.geodetic_crs
    return geodetic is not None and geodetic.datum is not None and geodetic.datum.name.startswith(_AS_CGCS2000)


def _transformer(crs: pyproj.CRS) -> pyproj.Transformer:
    """To degrees of CGCS2000. Raises Invalid where nobody has published how."""
    try:
        own = crs.geodetic_crs
        to = own.to_2d() if own is not None and _is_cgcs2000(crs) else CGCS2000
        found = pyproj.Transformer.from_crs(crs, to, always_xy=True)
    except ProjError as error:
        raise refuse("地形的坐标系换算不到 CGCS2000，请先用 GIS 软件转为 CGCS2000。", "crs_unknown") from error
    if "Ballpark" in found.description:
        raise refuse(
            f"地形的坐标系是“{crs.name}”，它与 CGCS2000 的转换参数没有公开。请由测绘部门转为 CGCS2000 后再装入。",
            "old_frame",
        )
    return found


@contextmanager
def open_terrain(path: Path, crs: str | None = None) -> Iterator[Terrain]:
    """A raster for reading. `crs` is what the file is in where it does not say so itself. Raises Invalid."""
    driver = driver_of(path)
    with rasterio.Env(**_ENV):
        try:
            dataset = rasterio.open(path, driver=driver)
        except (RasterioError, OSError, ValueError) as error:
            raise refuse(f"{KINDS}；这个文件打不开，可能已损坏。", "not_terrain") from error
        with dataset:
            yield _checked(dataset, crs)


def _checked(dataset: Any, given: str | None) -> Terrain:
    if dataset.count != 1 or any(i.name in {"palette", "red", "green", "blue"} for i in dataset.colorinterp):
        raise refuse("这个文件是影像或渲染图，不是高程：高程栅格只有一个波段，值是米。", "not_heights")
    if np.dtype(dataset.dtypes[0]).kind not in "iuf":
        raise refuse("栅格的值不是普通的数，读不出高程。", "not_heights")
    unit = (dataset.units[0] or "m").strip().lower()
    if unit not in {"m", "metre", "meter", "metres", "meters", "米"}:
        raise refuse(f"高程的单位是“{unit}”，应为米。请换算后再装入。", "not_metres")
    if int(np.prod(dataset.block_shapes[0])) > _MOST_BLOCK:
        raise refuse("文件内部的分块过大，读取时会占满内存。请用 GIS 软件导出为分块（TILED）的 GeoTIFF。", "huge_block")
    turn = dataset.transform
    if turn == Affine.identity():
        raise refuse("文件没有坐标（缺少地理参考）。请用 GIS 软件导出为带坐标的 GeoTIFF。", "no_place")
    if turn.b or turn.d or turn.a <= 0 or turn.e >= 0:
        raise refuse("栅格是旋转或上下颠倒的。请用 GIS 软件导出为正北朝上的 GeoTIFF。", "turned")
    terrain = Terrain(dataset, _crs(dataset, given))
    west, south, east, north = terrain.bounds_of(terrain.whole)
    if not (-180.01 <= west < east <= 180.01 and -90.01 <= south < north <= 90.01):
        raise refuse("按文件中的坐标系，地形不在地球上。请核对坐标系。", "off_earth")
    return terrain


def _crs(dataset: Any, given: str | None) -> pyproj.CRS:
    wkt = dataset.crs.to_wkt() if dataset.crs else ""
    if not wkt and not given:
        raise refuse("文件没有写明坐标系，请注明（如 EPSG:4490、EPSG:4548）。", "crs_missing", "crs")
    try:
        crs = pyproj.CRS.from_user_input(wkt or given)
    except ProjError as error:
        raise refuse("坐标系认不出来，请写 EPSG 代码，如 EPSG:4490。", "crs_unknown", "crs") from error
    if crs.is_compound:
        crs = crs.sub_crs_list[0]
    crs = crs.to_2d()
    if not (crs.is_geographic or crs.is_projected):
        raise refuse("文件的坐标系是本地坐标，换算不到 CGCS2000。请用 GIS 软件转为 CGCS2000。", "crs_unknown", "crs")
    _transformer(crs)
    return crs


@dataclass(frozen=True, slots=True)
class Facts:
    """What a raster is, for the list."""

    crs: str
    rows: int
    cols: int
    cell_m: float
    bounds: Bounds
    voids: int
    lowest_m: float
    highest_m: float


def facts_of(terrain: Terrain, tell: Callable[[float], None] = lambda _: None) -> Facts:
    """Read all of it once. Raises Invalid where it has no heights."""
    voids, lowest, highest = 0, np.inf, -np.inf
    for first, heights in terrain.strips(terrain.whole):
        tell((first + len(heights)) / terrain.rows)
        known = heights[~np.isnan(heights)]
        voids += heights.size - known.size
        if known.size:
            lowest, highest = min(lowest, float(known.min())), max(highest, float(known.max()))
    if lowest > highest:
        raise refuse("栅格里没有一个格有高程。请核对文件。", "no_heights")
    width, height = terrain.cell_m()
    code = terrain.crs.to_authority()
    return Facts(
        crs=":".join(code) if code else terrain.crs.name,
        rows=terrain.rows,
        cols=terrain.cols,
        cell_m=round((width * height) ** 0.5, 2),
        bounds=terrain.bounds_of(terrain.whole),
        voids=voids,
        lowest_m=round(lowest, 2),
        highest_m=round(highest, 2),
    )
