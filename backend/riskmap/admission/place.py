"""Where an applicant is: drawn or typed in any datum, an enterprise of the register, an address of the gazetteer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyproj
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from riskmap.access.reader import SYSTEM
from riskmap.admission import queries
from riskmap.admission.enquiry import POSITION_M, WORST_POSITION_M
from riskmap.admission.wire import Place, Typed
from riskmap.base import database
from riskmap.base.errors import FieldError, Invalid
from riskmap.exchange import geocode
from riskmap.exchange.coordinates import position_of
from riskmap.exchange.datum import DATUMS, crs_named, metres_between
from riskmap.exchange.division_names import division_names_of
from riskmap.exchange.locate import WHY_WORDS, geometry_of
from riskmap.store.place import anchor_of, parse_geometry
from riskmap.store.snapshot import Snapshot
from riskmap.store.territory import territory_of

_KINDS = ("point", "polygon")
_LARGEST_M2 = 50e6  # 50 km²: no single business is larger
# Policy: how far an address of the gazetteer may be off, by how exact the hit is, in metres.
ADDRESS_M = {"door": 50.0, "place": 50.0, "road": 500.0, "village": 1000.0, "town": 5000.0}
_WORST_ADDRESS_M = max(ADDRESS_M.values())
_GEOD = pyproj.Geod(ellps="GRS80")


@dataclass(frozen=True, slots=True)
class Placed:
    """A place that was found."""

    shape: BaseGeometry  # lon/lat, CGCS2000
    uncertainty_m: float
    division: str
    how: str  # drawn, typed, enterprise, address
    enterprise: int | None
    original: dict[str, Any] | None  # the sender's own numbers with their datum, where they were others


def address_m(level: str) -> float:
    """How far a hit of the gazetteer may be off, in metres; of an unknown level as far as the worst."""
    return ADDRESS_M.get(level, _WORST_ADDRESS_M)


def _refuse(field: str, code: str, message: str) -> Invalid:
    return Invalid("地点有误，请改正后再核验", errors=[FieldError(f"place.{field}", code, message)])


def find(snapshot: Snapshot, given: Place, bounds: tuple[float, float, float, float]) -> Placed:
    """The place. Raises Invalid with what is wrong, and at an address that is not one place with what is known."""
    ways = [name for name in ("geometry", "typed", "enterprise", "address") if getattr(given, name)]
    if len(ways) > 1:
        raise _refuse(ways[1], "given_twice", "地点只能给一种：图上的位置、企业或地址，请去掉其余的")
    if not ways:
        raise _refuse("geometry", "missing", "请给出地点：在图上点选或画范围、输入坐标、选企业或填地址")
    unsure = None if given.uncertainty_m is None else float(given.uncertainty_m)
    original = None
    enterprise = given.enterprise
    if given.geometry is not None:
        shape, original = _drawn(given)
        how, least = "drawn", 0.0
    elif given.typed is not None:
        shape, original = _typed(given.typed)
        how, least = "typed", 0.0
    elif enterprise is not None:
        shape, least = _of_enterprise(snapshot, enterprise)
        how = "enterprise"
    else:
        shape, least = _of_address(snapshot, given.address or "")
        how = "address"
    lon, lat = anchor_of(shape)
    try:
        division = territory_of(snapshot, bounds).check(lon, lat, "place.geometry")
    except Invalid as error:
        if abs(lon) < 1e-9 and abs(lat) < 1e-9:
            raise _refuse("geometry", "zero", "坐标是 0,0，不是一个地点：请重新点选或输入") from None
        raise error
    return Placed(shape, least if unsure is None else unsure, division or "", how, enterprise, original)


def _drawn(given: Place) -> tuple[BaseGeometry, dict[str, Any] | None]:
    assert given.geometry is not None
    try:
        crs = crs_named(given.crs) or "EPSG:4490"
    except Invalid as error:
        raise _refuse("crs", error.code or "unknown_crs", error.errors[0].message) from None
    projected = DATUMS[crs].kind == "projected"
    body = given.geometry
    if projected:  # its numbers are metres: the range of degrees is looked at after they are turned
        try:
            shape = shapely.geometry.shape(body)
        except (shapely.errors.ShapelyError, ValueError, TypeError, KeyError, AttributeError):
            raise _refuse("geometry", "not_a_geometry", "坐标无法读取：应为 [横坐标, 纵坐标] 的数组") from None
        body = dict(shapely.geometry.mapping(geometry_of(shape, crs)))
    try:
        shape = parse_geometry(_listed(body), _KINDS)
    except Invalid as error:
        raise Invalid(
            "地点有误，请改正后再核验", errors=[FieldError("place.geometry", e.code, e.message) for e in error.errors]
        ) from None
    if crs not in {"EPSG:4490"} and not projected:
        shape = geometry_of(shape, crs)
    if shape.area:
        area = abs(_GEOD.geometry_area_perimeter(shape)[0])
        if area > _LARGEST_M2:
            raise _refuse("geometry", "too_large", f"所画范围 {area / 1e6:.0f} 平方千米，单个场所不应超过 50 平方千米")
    original = None if crs == "EPSG:4490" else {"crs": crs, "geometry": given.geometry}
    return shape, original


def _typed(given: Typed) -> tuple[BaseGeometry, dict[str, Any]]:
    try:
        crs = crs_named(given.crs) or "EPSG:4490"
        lon, lat = position_of(crs, given.x, given.y)
    except Invalid as error:
        faults = [FieldError(f"place.typed.{e.field}", e.code, e.message) for e in error.errors]
        raise Invalid("地点有误，请改正后再核验", errors=faults) from None
    return shapely.Point(lon, lat), {"crs": crs, "x": given.x, "y": given.y}


def waits(sent: Mapping[str, Any]) -> str | None:
    """Why a daily file's entity waits for its place, in words; None where it does not, or that was not kept."""
    if not sent.get("why"):
        return None
    said = WHY_WORDS.get(sent["why"], WHY_WORDS["unknown"])
    return f"{said}；{'地址也不是地名地址库中的一处' if sent.get('address') else '也没有填地址'}"


def suggested(sent: Mapping[str, Any]) -> dict[str, Any] | None:
    """Swapped numbers the right way round, as they would be typed, and where that is."""
    if sent.get("why") != "swapped":
        return None
    typed = {"x": sent["y"], "y": sent["x"], "crs": sent["crs"]}
    try:
        lon, lat = position_of(**typed)
    except Invalid:
        return None
    return {"typed": typed, "lon": lon, "lat": lat}


def _listed(value: Any) -> Any:
    if isinstance(value, tuple | list):
        return [_listed(v) for v in value]
    return {k: _listed(v) for k, v in value.items()} if isinstance(value, dict) else value


def _of_enterprise(snapshot: Snapshot, enterprise: int) -> tuple[BaseGeometry, float]:
    row = queries.enterprise(snapshot, enterprise)
    if row is None:
        raise _refuse("enterprise", "unknown_object", "没有这家企业，或您无权查看")
    if row.boundary:
        return shapely.geometry.shape(row.boundary), 0.0
    if row.wkb is None:
        raise _refuse("enterprise", "unplaced", "这家企业还没有位置：请先定位，或在图上点选")
    return shapely.from_wkb(bytes(row.wkb)), POSITION_M.get(row.quality, WORST_POSITION_M)


def _of_address(snapshot: Snapshot, address: str) -> tuple[BaseGeometry, float]:
    found = addresses(snapshot.connection, snapshot, address)
    if not found:
        raise _refuse("address", "unknown_address", f"地名地址库中没有“{address}”：请改写地址，或在图上点选")
    best = found[0]
    lon, lat = best["position"]
    rivals = [f for f in found[1:] if f["level"] == best["level"] and f["how"] == best["how"]]
    apart = [metres_between(lon, lat, *f["position"]) for f in rivals]
    if any(float(m) > address_m(best["level"]) for m in apart):
        several = "；".join(dict.fromkeys(f"{f.get('where') or ''}{f['name']}" for f in found[:4]))
        raise _refuse("address", "ambiguous_address", f"“{address}”不止一处：{several}。请写明县区，或在图上点选")
    return shapely.Point(lon, lat), address_m(best["level"])


def addresses(connection: Connection, snapshot: Snapshot, address: str) -> list[dict[str, Any]]:
    """What of an address is known, the most exact first."""
    with database.under(connection, SYSTEM.settings()):
        return list(geocode.find(connection, address, 8, division_names_of(snapshot))["items"])
