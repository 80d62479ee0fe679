"""A typed position: decimal degrees in either order, degrees-minutes-seconds, Gauss–Krüger metres; in any datum.

Either one text whose datum is not said (`typed_position`, `meanings`), or two in a datum that is (`position_of`).
The numbers are read as those of an import table are (`cells.degrees_of`) and converted as those are
(`datum`, `locate`): a position that is typed and one that is imported never differ.
"""

import math
import re
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from riskmap.base.errors import FieldError, Invalid
from riskmap.exchange.cells import degrees_of, normal
from riskmap.exchange.datum import DATUMS, ZONES, metres_between
from riskmap.exchange.locate import to_degrees

_CHINA_LON, _CHINA_LAT = (73.0, 136.0), (3.0, 54.0)
_NORTHING, _EASTING = (1.5e6, 6.0e6), (1.0e5, 1.0e6)
_ZONED = (13e6, 46e6)
_LEAST_PLACES = 3  # decimals from which two numbers outside China are a position, and not a coincidence
_DEGREE_M = 111_320
_MOST_TEXT = 100

_POINT = re.compile(r"^\s*(?:point\s*z?\s*)?[\[({]\s*(.*?)\s*[\])}]\s*$", re.IGNORECASE)
_EAST = re.compile(r"(?:东经|经度|longitude|long|lng|lon)(?:坐标)?\s*[:=]?\s*", re.IGNORECASE)
_NORTH = re.compile(r"(?:北纬|纬度|latitude|lat)(?:坐标)?\s*[:=]?\s*", re.IGNORECASE)
_AXIS = re.compile(r"(?<![A-Za-z])[xy](?:坐标)?\s*[:=]\s*|[纵横]坐标\s*[:=]?\s*", re.IGNORECASE)
_SPLIT = re.compile(
    r"\s*[,;、/|]\s*|\s+|(?<=[\d秒分度\"″′'°])(?=[NSEWnsew])|(?<=[NSEWnsew])(?=\d)",
)
_DMS = re.compile(r"[°度′分″秒'\"]|\d[: ]\d+[: ]\d")


@dataclass(frozen=True, slots=True)
class Typed:
    """Two numbers that mean a place: longitude or easting first."""

    x: Decimal
    y: Decimal
    notation: str  # degrees, dms, projected
    turned: bool  # whether the latitude or northing was typed first

    @property
    def precision_m(self) -> float | None:
        """About how far the last digit reaches; None where the numbers do not limit it."""
        if self.notation != "degrees":
            return None
        return float(_DEGREE_M / 10 ** max(_places(self.x), _places(self.y)))


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def typed_position(text: str) -> Typed | None:
    """The position that a text is, or None where it is none."""
    if len(text) > _MOST_TEXT:
        return None
    said = normal(text).replace("′′", "″")
    if match := _POINT.fullmatch(said):
        said = match[1]
    said = _AXIS.sub("", _NORTH.sub(" N", _EAST.sub(" E", said))).strip(" ,;")
    # 116°00′05″ written with separators in it is cut at another place than 116.0,29.7: each place is tried.
    for cut in _SPLIT.finditer(said):
        if cut.start() > 0 and cut.end() < len(said) and (found := _pair(said[: cut.start()], said[cut.end() :])):
            return found
    return None


def _pair(first: str, second: str) -> Typed | None:
    try:
        a, b = degrees_of(first), degrees_of(second)
    except (ValueError, ArithmeticError):
        return None
    if a is None or b is None:
        return None
    notation = "dms" if _DMS.search(first) and _DMS.search(second) else "degrees"
    north_first = re.search(r"[NSns北南]", first) or re.search(r"[EWew东西]", second)
    east_first = re.search(r"[EWew东西]", first) or re.search(r"[NSns北南]", second)
    exact = notation == "dms" or bool(_places(a) or _places(b))
    if exact and (north_first or east_first) and not (north_first and east_first):
        x, y = (b, a) if north_first else (a, b)
        return Typed(x, y, notation, bool(north_first)) if abs(x) <= 180 and abs(y) <= 90 else None
    if exact and _within(a, _CHINA_LON) and _within(b, _CHINA_LAT):
        return Typed(a, b, notation, False)
    if exact and _within(b, _CHINA_LON) and _within(a, _CHINA_LAT):
        return Typed(b, a, notation, True)
    if _is_easting(a) and _within(b, _NORTHING):
        return Typed(a, b, "projected", False)
    if _is_easting(b) and _within(a, _NORTHING):
        return Typed(b, a, "projected", True)
    if exact and min(_places(a), _places(b)) >= _LEAST_PLACES and abs(a) <= 180 and abs(b) <= 180:
        return Typed(a, b, notation, False) if abs(b) <= 90 else Typed(b, a, notation, True) if abs(a) <= 90 else None
    return None


def _within(value: Decimal, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]


def _is_easting(value: Decimal) -> bool:
    return _within(value, _EASTING) or _within(value, _ZONED)


@dataclass(frozen=True, slots=True)
class Meant:
    """A place that the numbers mean in one datum."""

    crs: str
    title: str
    lon: float
    lat: float
    shift_m: float | None  # from the numbers taken as CGCS2000; None for metres


_SAME = "CGCS2000（国家 2000，天地图）或 WGS 84（GPS、北斗）"
_DEGREES = {"EPSG:4490": _SAME, "GCJ02": DATUMS["GCJ02"].title, "BD09": DATUMS["BD09"].title}


def meanings(typed: Typed, bounds: tuple[float, float, float, float]) -> list[Meant]:
    """What the numbers may mean, the likeliest first. `bounds` (w, s, e, n) tells zones apart that are not said.

    Degrees cannot tell their datum: CGCS2000 and WGS 84, which are one place, stand first. Metres without a
    zone's number are taken in the zones that put them within the bounds, else in the zone of the bounds' middle.
    """
    x, y = np.array([float(typed.x)]), np.array([float(typed.y)])
    if typed.notation != "projected":
        systems = dict(_DEGREES)
    elif typed.x >= Decimal(_ZONED[0]):
        crs = ZONES.get(int(typed.x // 1_000_000))
        systems = {crs: DATUMS[crs].title} if crs else {}
    else:
        systems = _zones_without_number()
    out = []
    for crs, title in systems.items():
        found = _converted(crs, typed.x, typed.y)
        if found is None:
            continue
        lon, lat = found
        shift = (
            None if typed.notation == "projected" else float(metres_between(x, y, np.array([lon]), np.array([lat]))[0])
        )
        out.append(Meant(crs, title, lon, lat, shift))
    if typed.notation == "projected" and len(out) > 1:
        west, south, east, north = bounds
        inside = [m for m in out if west <= m.lon <= east and south <= m.lat <= north]
        return inside or [min(out, key=lambda m: abs(m.lon - (west + east) / 2))]
    return out


def _zones_without_number() -> dict[str, str]:
    """One projection for each central meridian: a 3° and a 6° zone of one meridian are the same."""
    by_meridian = {d.meridian: crs for crs, d in reversed(DATUMS.items()) if d.kind == "projected" and d.zone is None}
    return {crs: DATUMS[crs].title for _, crs in sorted(by_meridian.items(), key=lambda pair: pair[0] or 0)}


def _converted(crs: str, x: Decimal, y: Decimal) -> tuple[float, float] | None:
    """Longitude and latitude, CGCS2000; None for what is no place on the earth."""
    lon, lat = (float(v[0]) for v in to_degrees(crs, np.array([float(x)]), np.array([float(y)])))
    on_earth = math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90
    return (round(lon, 8), round(lat, 8)) if on_earth else None


def position_of(crs: str, x: str, y: str) -> tuple[float, float]:
    """The place of two texts in a datum: longitude and latitude, CGCS2000. Raises Invalid with every wrong half."""
    datum = DATUMS.get(crs)
    if datum is None:
        raise Invalid("没有这个坐标基准", errors=[FieldError("crs", "unknown_value", f"可用：{'、'.join(DATUMS)}")])
    numbers, errors = [], []
    words = ("经度", "纬度") if datum.kind == "degrees" else ("横坐标（东）", "纵坐标（北）")
    for field, said, title in (("x", x, words[0]), ("y", y, words[1])):
        try:
            number = degrees_of(said)
        except (ValueError, ArithmeticError):
            number = None
        if number is None:
            example = "115.823750 或 115°49′25.5″" if datum.kind == "degrees" else "39500000.0"
            errors.append(FieldError(field, "not_a_position", f"{title}看不懂，请写成 {example}"))
        else:
            numbers.append(number)
    if not errors and datum.kind == "degrees":
        if abs(numbers[0]) > 180:
            errors.append(
                FieldError("x", "out_of_range", "经度应在 −180 到 180 之间；若为米制坐标，请换成对应的坐标系")
            )
        if abs(numbers[1]) > 90:
            hint = "，像是经度和纬度写反了" if abs(numbers[0]) <= 90 else ""
            errors.append(FieldError("y", "out_of_range", f"纬度应在 −90 到 90 之间{hint}"))
    if errors:
        raise Invalid("坐标有误，请改正", errors=errors)
    found = _converted(crs, *numbers)
    if found is None:
        raise Invalid("坐标不在这个坐标系的范围内，请核对坐标系", errors=[FieldError("x", "out_of_range", "超出范围")])
    return found
