"""Gauss–Krüger on CGCS2000: metres east and north in a strip whose central meridian runs through the area's middle."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

Floats = NDArray[np.float64]
FALSE_EASTING = 500_000.0
REACH_DEG = 20.0  # farther from the meridian nothing is drawn: it is no neighbour of the area


class Strip:
    """A transverse Mercator strip. 150 km from its meridian a length is 0.03 % too long."""

    def __init__(self, middle_lon: float) -> None:
        self.meridian = round(middle_lon * 2) / 2
        # GRS80 has the axes of CGCS2000; no datum is changed.
        self._pipe = Transformer.from_pipeline(
            "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad "
            f"+step +proj=tmerc +lat_0=0 +lon_0={self.meridian} +k=1 +x_0={FALSE_EASTING} +y_0=0 +ellps=GRS80"
        )

    def metres(self, lonlat: Floats) -> Floats:
        """East and north of (n, 2) degrees."""
        return np.column_stack(self._pipe.transform(lonlat[:, 0], lonlat[:, 1]))

    def degrees(self, metres: Floats) -> Floats:
        """Longitude and latitude of (n, 2) metres."""
        return np.column_stack(self._pipe.transform(metres[:, 0], metres[:, 1], direction="INVERSE"))

    def shape(self, geometry: BaseGeometry) -> BaseGeometry:
        """A geometry in metres; what is out of the strip's reach is cut away."""
        west, _, east, _ = geometry.bounds if not geometry.is_empty else (self.meridian,) * 4
        if west < self.meridian - REACH_DEG or east > self.meridian + REACH_DEG:
            geometry = shapely.make_valid(geometry).intersection(
                shapely.box(self.meridian - REACH_DEG, -89, self.meridian + REACH_DEG, 89)
            )
        return shapely.transform(shapely.force_2d(geometry), self.metres)

    def shapes(self, geometries: Sequence[BaseGeometry]) -> list[BaseGeometry]:
        return [self.shape(g) for g in geometries]

    @property
    def words(self) -> str:
        """115°30′"""
        return f"{int(self.meridian)}°{int(self.meridian % 1 * 60):02d}′"


def angle_words(seconds: int, step: int) -> str:
    """29°30′, with seconds where the step has some."""
    d, rest = divmod(seconds, 3600)
    m, s = divmod(rest, 60)
    return f"{d}°{m:02d}′" + (f"{s:02d}″" if step % 60 else "")


def parts(geometry: BaseGeometry) -> list[Any]:
    """The single geometries within one."""
    return [p for p in shapely.get_parts(geometry) if not p.is_empty]
