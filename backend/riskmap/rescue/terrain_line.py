"""Levels along a river: each place has that of the line's nearest point."""

import numpy as np
import shapely
from shapely.geometry import LineString

from riskmap.base import plane
from riskmap.rescue.terrain_file import Floats


class Falling:
    """The level at any place: that of the nearest point of a line, which falls evenly along it."""

    def __init__(self, line: LineString, start_m: float, end_m: float) -> None:
        self._middle = plane.middle_of(line)
        corners = shapely.get_coordinates(plane.flat(line, self._middle))
        step = np.diff(corners, axis=0)
        length = np.hypot(step[:, 0], step[:, 1])
        real = length > 0
        self._a, self._step, self._length = corners[:-1][real], step[real], length[real]
        self._before = np.concatenate([[0.0], np.cumsum(self._length)[:-1]])
        self._start_m, self._fall = start_m, (end_m - start_m) / float(self._length.sum())

    def at(self, lon: Floats, lat: Floats) -> Floats:
        """Levels of places that lie near each other."""
        spots = plane.flat_points(lon, lat, self._middle)
        middle = (spots.min(axis=0) + spots.max(axis=0)) / 2
        reach = float(np.hypot(*(spots - middle).T).max())
        from_middle, _ = self._off(middle[None, :], slice(None))
        # A segment farther from the middle than this is nearest to none of the places.
        near = np.flatnonzero(from_middle[0] <= from_middle.min() + 2 * reach + 1e-6)
        least = np.full(len(spots), np.inf)
        along = np.zeros(len(spots))
        for i in near:
            off, on = self._off(spots, slice(i, i + 1))
            closer = off[:, 0] < least
            least[closer], along[closer] = off[closer, 0], on[closer, 0]
        levels: Floats = self._start_m + self._fall * along
        return levels

    def _off(self, spots: Floats, which: slice) -> tuple[Floats, Floats]:
        """How far each place is from each segment, and where along the line that is; metres."""
        a, step, length = self._a[which], self._step[which], self._length[which]
        to = spots[:, None, :] - a
        share = np.clip((to * step).sum(axis=2) / length**2, 0.0, 1.0)
        off = to - share[:, :, None] * step
        return np.hypot(off[:, :, 0], off[:, :, 1]), self._before[which] + share * length
