"""Coordinate systems and the two grids that an anchor is counted on.

Positions are (longitude, latitude) in this project; H3 alone takes (lat, lng).
"""

import math

CGCS2000 = 4490
WGS84 = 4326
WEB_MERCATOR = 3857

GRID_ZOOM = 24
TILE_EXTENT = 4096
GRID = TILE_EXTENT << GRID_ZOOM  # 2^36 units around the world
MAX_LATITUDE = 85.051128779806589  # where Web Mercator ends

H3_RESOLUTION = 10
COVER_RESOLUTION = 9


def grid_of(lon: float, lat: float) -> tuple[int, int]:
    """Place of a position on the grid of 2^36: x from west, y from north.

    The same sphere formula as EPSG:3857, in shares of the world instead of metres.
    """
    x = (lon + 180.0) / 360.0
    sine = math.sin(math.radians(max(-MAX_LATITUDE, min(MAX_LATITUDE, lat))))
    y = 0.5 - math.log((1 + sine) / (1 - sine)) / (4 * math.pi)
    return min(max(int(x * GRID), 0), GRID - 1), min(max(int(y * GRID), 0), GRID - 1)


def lonlat_of(gx: float, gy: float) -> tuple[float, float]:
    """Longitude and latitude of a place on the grid."""
    lon = gx / GRID * 360.0 - 180.0
    lat = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * gy / GRID))))
    return lon, lat


def tile_bounds(z: int, x: int, y: int, margin: float = 0.0) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees of a WebMercatorQuad tile.

    `margin` widens it by that share of its side.
    """
    side = GRID >> z
    west, north = lonlat_of((x - margin) * side, (y - margin) * side)
    east, south = lonlat_of((x + 1 + margin) * side, (y + 1 + margin) * side)
    return west, south, east, north


_RESOLUTION_SHIFT = 52
_DIGIT_BITS = 3


def _digits_below(resolution: int) -> int:
    """Bits of the digits finer than a resolution; H3 sets unused digits to 7."""
    return (1 << (_DIGIT_BITS * (15 - resolution))) - 1


def cell_ancestor(cell: int, resolution: int) -> int:
    """Ancestor of an H3 cell at a coarser resolution, by bit operations."""
    return (cell & ~(15 << _RESOLUTION_SHIFT)) | (resolution << _RESOLUTION_SHIFT) | _digits_below(resolution)


def cell_resolution(cell: int) -> int:
    """Resolution of an H3 cell, 0–15."""
    return (cell >> _RESOLUTION_SHIFT) & 15


def cell_centre_child(cell: int, resolution: int) -> int:
    """Centre child of an H3 cell at a finer resolution: digits 0 down to it."""
    fixed = cell & ~(15 << _RESOLUTION_SHIFT) & ~_digits_below(cell_resolution(cell))
    return fixed | (resolution << _RESOLUTION_SHIFT) | _digits_below(resolution)


def cell_children(cell: int, resolution: int) -> tuple[int, int]:
    """Least and greatest descendant of an H3 cell at a finer resolution: their numbers are one range."""
    first = cell_centre_child(cell, resolution)
    own = cell_resolution(cell)
    last = first
    for level in range(own + 1, resolution + 1):
        last |= 6 << (_DIGIT_BITS * (15 - level))
    return first, last


def cell_prefix(resolution: int, stored: int = H3_RESOLUTION) -> int:
    """Bits to shift a stored cell right so that equal results mean one ancestor at `resolution`."""
    return _DIGIT_BITS * (15 - resolution) if resolution <= stored else 0


def cell_of_prefix(prefix: int, resolution: int) -> int:
    """The ancestor back from its shifted number (`cell_prefix`)."""
    return cell_ancestor(prefix << cell_prefix(resolution), resolution)
