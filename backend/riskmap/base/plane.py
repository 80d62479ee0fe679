"""Metres in a plane: a transverse Mercator whose meridian goes through the middle of what is measured.

The same plane as in the SQL of engine and grading: outlines are densified to 500 m, turned about the axis of the
earth, which changes no distance, to the meridian of EPSG:4549 (120°), and projected. Up to 5 km a distance in it is
geodesic to millimetres.
"""

from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from riskmap.base.crs import CGCS2000

_TM_120 = 4549
_STEP = 0.0045  # degrees, about 500 m


@lru_cache(1)
def _transformer() -> Transformer:
    return Transformer.from_crs(CGCS2000, _TM_120, always_xy=True)


def middle_of(shape: BaseGeometry) -> float:
    """The meridian through the middle of an outline, degrees."""
    west, _, east, _ = shape.bounds
    return float((west + east) / 2)


def flat_points(lon: NDArray[np.float64], lat: NDArray[np.float64], middle: float) -> NDArray[np.float64]:
    """Many positions in metres of the plane through the meridian `middle`: x, y by row."""
    x, y = _transformer().transform(lon + 120 - middle, lat)
    return np.column_stack([x, y])


def flat(shape: BaseGeometry, middle: float) -> BaseGeometry:
    """An outline (lon/lat, CGCS2000) in metres of the plane through the meridian `middle`."""

    dense = shapely.segmentize(shape, _STEP)
    return shapely.transform(dense, lambda at: flat_points(at[:, 0], at[:, 1], middle))
