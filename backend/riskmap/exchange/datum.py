"""Where a pair of numbers is: CGCS2000, WGS 84, GCJ-02, BD-09 and the Gauss–Krüger zones, to CGCS2000 degrees.

WGS 84 and CGCS2000 are taken as one (they differ by centimetres to decimetres). The offsets of GCJ-02
and BD-09 follow the formula in common use, which nobody has published officially; it agrees with
published pairs of points to far below a metre.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from riskmap.base.crs import CGCS2000
from riskmap.base.errors import FieldError, Invalid

Floats = NDArray[np.float64]

# The ellipsoid that the offset of GCJ-02 is worked out on.
_A = 6378245.0
_EE = 0.00669342162296594323
_X_PI = math.pi * 3000.0 / 180.0
_STEPS = 6  # each fixed-point step shrinks the error some hundredfold

# West, south, east, north: outside it there is no offset.
_CHINA = (72.004, 0.8293, 137.8347, 55.8271)


def _inside(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        return (lon > _CHINA[0]) & (lon < _CHINA[2]) & (lat > _CHINA[1]) & (lat < _CHINA[3])


def _offset(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """How far GCJ-02 moves a point of WGS 84 that is inside the box, in degrees."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    wave = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = (
        -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + wave
        + (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
        + (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    )
    east = (
        300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + wave
        + (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
        + (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    )
    radians = np.radians(lat)
    magic = 1.0 - _EE * np.sin(radians) ** 2
    north = north * 180.0 / ((_A * (1.0 - _EE)) / (magic * np.sqrt(magic)) * np.pi)
    east = east * 180.0 / (_A / np.sqrt(magic) * np.cos(radians) * np.pi)
    return east, north


def wgs84_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Degrees to degrees."""
    with np.errstate(all="ignore"):  # the poles, and not-a-number
        east, north = _offset(lon, lat)
    inside = _inside(lon, lat)
    return np.where(inside, lon + east, lon), np.where(inside, lat + north, lat)


def gcj02_to_wgs84(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Degrees to degrees: the point whose GCJ-02 this is, by fixed-point steps.

    The steps go on over the edge of the box, where the offset would switch on and off from one to the
    next. Then a point that comes from inside is that point; one that does not was never moved.
    """
    x, y = lon, lat
    with np.errstate(all="ignore"):
        for _ in range(_STEPS):
            east, north = _offset(x, y)
            x, y = lon - east, lat - north
    inside = _inside(x, y)
    return np.where(inside, x, lon), np.where(inside, y, lat)


def gcj02_to_bd09(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Degrees to degrees."""
    z = np.sqrt(lon * lon + lat * lat) + 0.00002 * np.sin(lat * _X_PI)
    theta = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _X_PI)
    return z * np.cos(theta) + 0.0065, z * np.sin(theta) + 0.006


def bd09_to_gcj02(lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
    """Degrees to degrees, by fixed-point steps: the closed form in common use is off by up to 0.23 m."""
    x, y = lon - 0.0065, lat - 0.006
    for _ in range(_STEPS):
        there_x, there_y = gcj02_to_bd09(x, y)
        x, y = x + lon - there_x, y + lat - there_y
    return x, y


@dataclass(frozen=True, slots=True)
class Datum:
    """One coordinate system that a file may be in."""

    crs: str
    title: str
    kind: str  # degrees, projected
    zone: int | None = None  # of a projection with the zone's number before the easting
    meridian: int | None = None  # central meridian, degrees


def _gauss_kruger() -> dict[str, Datum]:
    """EPSG:4513–4554 (3°) and 4491–4512 (6°): CGCS2000 / Gauss–Krüger, with and without the zone's number."""
    out = {}
    for first, zones, width in ((4513, range(25, 46), 3), (4491, range(13, 24), 6)):
        count = len(zones)
        for i, zone in enumerate(zones):
            meridian = zone * 3 if width == 3 else zone * 6 - 3
            for epsg, own in ((first + i, zone), (first + count + i, None)):
                way = f"横坐标带 {zone} 带号" if own else "横坐标不带带号"
                crs = f"EPSG:{epsg}"
                title = f"CGCS2000 {width} 度带 {zone} 带（中央经线 {meridian}°E，{way}）"
                out[crs] = Datum(crs, title, "projected", own, meridian)
    return out


DATUMS: dict[str, Datum] = {
    "EPSG:4490": Datum("EPSG:4490", "CGCS2000（国家 2000，天地图）", "degrees"),
    "EPSG:4326": Datum("EPSG:4326", "WGS 84（GPS、北斗手持）", "degrees"),
    "GCJ02": Datum("GCJ02", "GCJ-02（高德、腾讯）", "degrees"),
    "BD09": Datum("BD09", "BD-09（百度）", "degrees"),
    **_gauss_kruger(),
}
DEGREES = ("EPSG:4490", "EPSG:4326", "GCJ02", "BD09")

# Zones with their number before the easting: which projection an easting of eight digits is of.
ZONES: dict[int, str] = {d.zone: crs for crs, d in DATUMS.items() if d.zone is not None}


def without_zone(meridian: int) -> str | None:
    """The 3° projection of a central meridian without the zone's number."""
    return next((c for c, d in DATUMS.items() if d.meridian == meridian and d.zone is None and c >= "EPSG:4534"), None)


@lru_cache(64)
def _transformer(source: str) -> Transformer:
    return Transformer.from_crs(source, CGCS2000, always_xy=True)


def to_cgcs2000(crs: str, x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Longitude and latitude, CGCS2000, of x (longitude or easting) and y (latitude or northing)."""
    match crs:
        case "EPSG:4490" | "EPSG:4326":
            return x, y
        case "GCJ02":
            return gcj02_to_wgs84(x, y)
        case "BD09":
            return gcj02_to_wgs84(*bd09_to_gcj02(x, y))
    lon, lat = _transformer(crs).transform(x, y)
    return np.asarray(lon, dtype=float), np.asarray(lat, dtype=float)


def metres_between(lon1: Floats, lat1: Floats, lon2: Floats, lat2: Floats) -> Any:
    """Geodesic distances on the CGCS2000 ellipsoid."""
    from pyproj import Geod

    return Geod(ellps="GRS80").inv(lon1, lat1, lon2, lat2)[2]


# -- Names ----------------------------------------------------------------------------

_OLD_FRAMES = {"EPSG:4214", "EPSG:4610", "EPSG:4555"}
OLD_FRAME = "北京 54、西安 80 坐标换算到 CGCS2000 需要本地参数，不能直接导入：请先由测绘单位换算后再导入"


def crs_named(given: str | None) -> str | None:
    """The one name of a coordinate system. Raises Invalid for one that is not known here."""
    text = (given or "").strip().upper().replace(" ", "")
    if not text:
        return None
    alias = {"CGCS2000": "EPSG:4490", "WGS84": "EPSG:4326", "WGS-84": "EPSG:4326", "GCJ-02": "GCJ02", "BD-09": "BD09"}
    text = alias.get(text, f"EPSG:{text}" if text.isdigit() else text)
    if text in DATUMS:
        return text
    if text in _OLD_FRAMES or "1954" in text or "1980" in text:
        raise Invalid(OLD_FRAME, code="old_frame", errors=[FieldError("crs", "old_frame", OLD_FRAME)])
    message = f"不支持坐标系“{(given or '')[:40]}”：可用 CGCS2000、WGS 84、GCJ-02、BD-09 和 CGCS2000 的 3 度、6 度带"
    raise Invalid(message, code="unknown_crs", errors=[FieldError("crs", "unknown_crs", message)])
