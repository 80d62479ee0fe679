"""Ground of the demo city round 湖口 and 庐山 as a raster of heights: invented, after its invented water and hills.

Beds below, banks at 16 m, plains that rise away from the water, towns a little higher, hills by how far inside they lie.
"""

from pathlib import Path

import numpy as np
import rasterio
from geo import LAT, LON, SEED
from land import Land
from numpy.typing import NDArray
from rasterio import features
from rasterio.transform import from_origin
from shapely.geometry.base import BaseGeometry

NAME = "演示地形（虚构）"
WEST, SOUTH, EAST, NORTH = 115.78, 29.30, 116.42, 29.92
STEP = 1 / 1200  # three seconds, as the common free terrains
VOID = -32768
_REACH = 90  # cells: how far a distance is looked for

Grid = NDArray[np.float64]


def write_heights(land: Land, path: Path) -> None:
    """A GeoTIFF, decimetres in whole numbers, in the national height system of 1985."""
    rows, cols = round((NORTH - SOUTH) / STEP), round((EAST - WEST) / STEP)
    place = from_origin(WEST, NORTH, STEP, STEP)

    def inside(shape: BaseGeometry) -> NDArray[np.bool_]:
        return features.rasterize([shape], out_shape=(rows, cols), transform=place, dtype="uint8").astype(bool)

    water, hill = inside(land.wet), inside(land.hill)
    town = inside(max(land.urban.values(), key=lambda u: u.area))
    for urban in land.urban.values():
        town |= inside(urban)
    chance = np.random.default_rng(SEED)
    off, depth = _away_km(water), _away_km(~water)
    ground = (
        16.0
        + 1.2 * off
        + 0.35 * _waves(chance, rows, cols, 9)
        + 0.8 * np.minimum(off, 1) * _waves(chance, rows, cols, 30)
    )
    ground += 1.8 * np.minimum(_away_km(~town) / 0.4, 1.0)
    up = _away_km(~hill)
    ground += 40 * up + 45 * up**2 + 25 * np.minimum(up, 1) * _waves(chance, rows, cols, 5)
    heights = np.where(water, 13.5 - np.minimum(2.2 * depth, 5.5), np.maximum(ground, 14.6))
    units = np.rint(heights * 10).astype(np.int16)
    row, col = int((NORTH - 29.545) / STEP), int((115.975 - WEST) / STEP)
    units[row - 4 : row + 5, col - 6 : col + 7] = VOID  # a steep side that no radar saw
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=cols, count=1, dtype="int16", crs="EPSG:4490", transform=place,
        nodata=VOID, compress="deflate", predictor=2, zlevel=9, tiled=True, blockxsize=256, blockysize=256,
    ) as file:  # fmt: skip
        file.write(units, 1)
        file.scales, file.units = [0.1], ["m"]
        file.update_tags(TIFFTAG_IMAGEDESCRIPTION=NAME, TIFFTAG_SOFTWARE="")


def _away_km(mask: NDArray[np.bool_]) -> Grid:
    """Of each cell, how far the next cell of a mask is; no farther than is looked."""
    north_km, east_km = STEP / LAT, STEP / LON
    far = float(_REACH)
    along = np.where(mask, 0.0, far)
    for i in range(1, len(along)):  # down and up the columns
        along[i] = np.minimum(along[i], along[i - 1] + 1)
    for i in range(len(along) - 2, -1, -1):
        along[i] = np.minimum(along[i], along[i + 1] + 1)
    square = (along * north_km) ** 2
    best = square.copy()
    for step in range(1, _REACH):
        add = (step * east_km) ** 2
        best[:, step:] = np.minimum(best[:, step:], square[:, :-step] + add)
        best[:, :-step] = np.minimum(best[:, :-step], square[:, step:] + add)
    return np.sqrt(best)


def _waves(chance: np.random.Generator, rows: int, cols: int, step: int) -> Grid:
    """Smooth chance between −1 and 1: corners every `step` cells, straight between them."""
    corners = chance.uniform(-1, 1, (rows // step + 2, cols // step + 2))
    r, c = np.arange(rows) / step, np.arange(cols) / step
    r0, c0 = r.astype(int), c.astype(int)
    fr, fc = (r - r0)[:, None], (c - c0)[None, :]
    upper = corners[r0][:, c0] * (1 - fc) + corners[r0][:, c0 + 1] * fc
    lower = corners[r0 + 1][:, c0] * (1 - fc) + corners[r0 + 1][:, c0 + 1] * fc
    return np.asarray(upper * (1 - fr) + lower * fr)
