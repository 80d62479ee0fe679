"""A flat map of a city: metres east and north of its middle.

An affine map of lon/lat, so that lines stay straight and what meets or lies inside another does so on both. Distances
are right to some per mille within a city: for what is near, and never for what is said in metres.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

_M_A_DEGREE = 111_195.0


@dataclass(frozen=True, slots=True)
class Plane:
    """Where its middle is."""

    lon: float
    lat: float

    @classmethod
    def of(cls, lonlat: NDArray[np.float64]) -> "Plane":
        """Round the middle of these places."""
        low, high = lonlat.min(axis=0), lonlat.max(axis=0)
        return cls(*((low + high) / 2).tolist())

    def _scale(self) -> NDArray[np.float64]:
        return np.array([_M_A_DEGREE * math.cos(math.radians(self.lat)), _M_A_DEGREE])

    def xy(self, lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
        """Metres of these places."""
        return np.asarray((lonlat - np.array([self.lon, self.lat])) * self._scale())

    def lonlat(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """The way back."""
        return np.asarray(xy / self._scale() + np.array([self.lon, self.lat]))

    def flat(self, shapes: Any) -> Any:
        """Shapes in metres."""
        return shapely.transform(shapes, self.xy)

    def back(self, shapes: Any) -> Any:
        """The way back."""
        back: Callable[..., Any] = shapely.transform
        return back(shapes, self.lonlat)
