"""Small terrains as real files."""

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.transform import from_origin

LEFT, TOP, STEP = 116.0, 29.7, 0.001  # degrees; a cell is some 97 × 111 m
VOID = -9999.0


def write(
    path: Path,
    heights: Any,
    *,
    crs: str | None = "EPSG:4490",
    transform: Any = None,
    void: float | None = VOID,
    **more: Any,
) -> Path:
    """A GeoTIFF of these heights, from the north-west."""
    grid = np.asarray(heights)
    if grid.dtype == np.int64 or grid.dtype == np.float64:
        grid = grid.astype(np.float32)
    bands = grid if grid.ndim == 3 else grid[None]
    unit, scale = more.pop("unit", None), more.pop("scale", None)
    with rasterio.open(
        path, "w", driver="GTiff", height=bands.shape[1], width=bands.shape[2], count=len(bands), dtype=bands.dtype,
        crs=crs, transform=transform or from_origin(LEFT, TOP, STEP, STEP), nodata=void, **more,
    ) as file:  # fmt: skip
        file.write(bands)
        if unit:
            file.units = [unit]
        if scale:
            file.scales = [scale]
    return path


def middle(row: int, col: int) -> tuple[float, float]:
    """Longitude and latitude of a cell's middle, where the terrain lies as it does by default."""
    return LEFT + (col + 0.5) * STEP, TOP - (row + 0.5) * STEP


def bowl(size: int = 21) -> Any:
    """Ground that rises from 10 m in the middle by a metre a cell."""
    at = np.abs(np.arange(size) - size // 2)
    return 10.0 + np.maximum.outer(at, at)
