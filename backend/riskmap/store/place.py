"""From a geometry to everything that is stored about where an object is."""

from dataclasses import dataclass
from typing import Any

import h3
import h3.api.basic_int as h3_int
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from riskmap.base.crs import (
    CGCS2000,
    COVER_RESOLUTION,
    GRID,
    H3_RESOLUTION,
    cell_ancestor,
    grid_of,
)
from riskmap.base.errors import FieldError, Invalid

Floats = NDArray[np.float64]

_MAX_COVER_KM2 = 30_000  # some 290 000 cells of resolution 9: more than any city
_KM2_PER_SQUARE_DEGREE = 12_364  # at the equator: an upper bound everywhere
_LINE_STEP = 0.0005  # degrees, about 50 m: a quarter of a cell's edge at resolution 9
_MAX_VERTICES = 200_000


@dataclass(frozen=True, slots=True)
class Place:
    """Columns of risk_object that follow from the geometry. All None for an unplaced object."""

    geom: str | None = None  # EWKB, hex
    anchor: str | None = None
    gx: int | None = None
    gy: int | None = None
    span: float = 0.0
    cell: int | None = None
    cover: list[int] | None = None
    geom_public: str | None = None
    gx_public: int | None = None
    gy_public: int | None = None
    cell_public: int | None = None

    def columns(self) -> dict[str, Any]:
        """By column name."""
        return {name: getattr(self, name) for name in self.__slots__}


def _ewkb(geometry: BaseGeometry) -> str:
    return str(shapely.to_wkb(shapely.set_srid(geometry, CGCS2000), hex=True, include_srid=True))


def anchor_of(geometry: BaseGeometry) -> tuple[float, float]:
    """Longitude and latitude of the point that counts an object: a line's mid-point, else a point on it."""
    if isinstance(geometry, shapely.Point):
        return geometry.x, geometry.y
    if isinstance(geometry, shapely.MultiLineString):
        geometry = max(geometry.geoms, key=lambda part: part.length)
    if isinstance(geometry, shapely.LineString):
        point = geometry.interpolate(0.5, normalized=True)
    else:
        point = geometry.representative_point()
    return float(shapely.get_x(point)), float(shapely.get_y(point))


def cover_of(geometry: BaseGeometry, anchor_cell: int) -> list[int] | None:
    """H3 cells of resolution 9 that a line or polygon meets, with the anchor's own; None for points."""
    if geometry.geom_type in {"Point", "MultiPoint"}:
        return None
    cells = {cell_ancestor(anchor_cell, COVER_RESOLUTION)}
    if geometry.geom_type in {"Polygon", "MultiPolygon"}:
        if geometry.area * _KM2_PER_SQUARE_DEGREE > _MAX_COVER_KM2:
            raise Invalid(
                "图形面积过大，请核对坐标或分块登记",
                errors=[FieldError("geometry", "too_large", f"面积不能超过 {_MAX_COVER_KM2} 平方千米")],
            )
        shape = h3.geo_to_h3shape(geometry)
        found = h3.polygon_to_cells_experimental(shape, COVER_RESOLUTION, contain="overlap")
        cells.update(h3.str_to_int(cell) for cell in found)
    dense = shapely.segmentize(geometry, _LINE_STEP)
    for lon, lat in shapely.get_coordinates(dense):
        cells.add(h3.str_to_int(h3.latlng_to_cell(lat, lon, COVER_RESOLUTION)))
    return sorted(cells)


def place_of(geometry: BaseGeometry | None, public_resolution: int) -> Place:
    """Everything that is stored about where an object is; `geometry` is lon/lat, CGCS2000."""
    if geometry is None:
        return Place()
    if shapely.get_num_coordinates(geometry) > _MAX_VERTICES:
        raise Invalid(
            "图形的点太多，请先简化",
            errors=[FieldError("geometry", "too_many_vertices", f"最多 {_MAX_VERTICES:,} 个点")],
        )
    lon, lat = anchor_of(geometry)
    gx, gy = grid_of(lon, lat)
    cell = h3.str_to_int(h3.latlng_to_cell(lat, lon, H3_RESOLUTION))
    public_cell = h3.latlng_to_cell(lat, lon, public_resolution)
    public_lat, public_lon = h3.cell_to_latlng(public_cell)
    gx_public, gy_public = grid_of(public_lon, public_lat)
    west, south, east, north = geometry.bounds
    left, top = grid_of(west, north)
    right, bottom = grid_of(east, south)
    return Place(
        geom=_ewkb(geometry),
        anchor=_ewkb(shapely.Point(lon, lat)),
        gx=gx,
        gy=gy,
        span=max(right - left, bottom - top) / GRID,
        cell=cell,
        cover=cover_of(geometry, cell),
        geom_public=_ewkb(shapely.Point(public_lon, public_lat)),
        gx_public=gx_public,
        gy_public=gy_public,
        cell_public=h3.str_to_int(public_cell),
    )


UNPLACED = Place().columns()


def columns_of_points(lon: Floats, lat: Floats, public_resolution: int) -> list[dict[str, Any]]:
    """The same columns as `place_of` for many points at once; lon/lat, CGCS2000, all finite and in range."""
    to_cell, centre = h3_int.latlng_to_cell, h3_int.cell_to_latlng
    cells = [to_cell(y, x, H3_RESOLUTION) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]
    # An H3 cell's centre lies in it, but its ancestor's hexagon may not hold the point: ask for both.
    public = [to_cell(y, x, public_resolution) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]
    centres = {cell: centre(cell) for cell in set(public)}
    public_lat = np.array([centres[c][0] for c in public])
    public_lon = np.array([centres[c][1] for c in public])
    own, theirs = _wkb_of_points(lon, lat), _wkb_of_points(public_lon, public_lat)
    return [
        {
            "geom": own[i],
            "anchor": own[i],
            "gx": gx,
            "gy": gy,
            "span": 0.0,
            "cell": cells[i],
            "cover": None,
            "geom_public": theirs[i],
            "gx_public": gx_public,
            "gy_public": gy_public,
            "cell_public": public[i],
        }
        for i, ((gx, gy), (gx_public, gy_public)) in enumerate(
            zip(_grids(lon, lat), _grids(public_lon, public_lat), strict=True)
        )
    ]


def _wkb_of_points(lon: Floats, lat: Floats) -> list[str]:
    points = shapely.set_srid(shapely.points(lon, lat), CGCS2000)
    return [str(h) for h in np.asarray(shapely.to_wkb(points, hex=True, include_srid=True)).tolist()]


def _grids(lon: Floats, lat: Floats) -> list[tuple[int, int]]:
    return [grid_of(x, y) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]


_KINDS = {
    "Point": "point",
    "MultiPoint": "point",
    "LineString": "linestring",
    "MultiLineString": "linestring",
    "Polygon": "polygon",
    "MultiPolygon": "polygon",
}
_KIND_TITLES = {"point": "点", "linestring": "线", "polygon": "面"}


def _refuse(code: str, message: str) -> Invalid:
    return Invalid("位置有误，请改正后再保存", errors=[FieldError("geometry", code, message)])


def parse_geometry(body: Any, allowed: tuple[str, ...]) -> BaseGeometry:
    """A GeoJSON geometry in lon/lat, checked: kind, finite numbers, range, validity. Raises Invalid."""
    geometry = parse_shape(body, allowed)
    if not geometry.is_valid:
        raise _refuse("invalid_geometry", f"图形不合规：{why_invalid(geometry)}，请重画")
    return geometry


def parse_shape(body: Any, allowed: tuple[str, ...]) -> BaseGeometry:
    """The same without validity, for whoever mends what is not valid. Raises Invalid."""

    if not isinstance(body, dict) or body.get("type") not in _KINDS:
        raise _refuse("not_a_geometry", "位置应为 GeoJSON 的点、线或面")
    kind = _KINDS[body["type"]]
    if kind not in allowed:
        words = "、".join(_KIND_TITLES[k] for k in allowed)
        raise _refuse("wrong_geometry_kind", f"这一类的位置应为{words}，收到的是{_KIND_TITLES[kind]}")
    coordinates = body.get("coordinates")
    try:
        geometry = shapely.geometry.shape({"type": body["type"], "coordinates": _floats(coordinates)})
    except (shapely.errors.ShapelyError, ValueError, TypeError, IndexError, KeyError, AttributeError):
        raise _refuse("not_a_geometry", "坐标无法读取：应为 [经度, 纬度] 的数组") from None
    if geometry.is_empty:
        raise _refuse("empty_geometry", "位置是空的")
    geometry = shapely.force_2d(geometry)
    if not np.isfinite(shapely.get_coordinates(geometry)).all():
        raise _refuse("not_a_number", "坐标应为有限的数字")
    west, south, east, north = geometry.bounds
    if south < -90 or north > 90:
        hint = "，像是经度和纬度写反了" if abs(west) <= 90 and abs(east) <= 90 else ""
        raise _refuse("out_of_range", f"纬度应在 −90 到 90 之间{hint}：请按 [经度, 纬度] 填写")
    if west < -180 or east > 180:
        raise _refuse("out_of_range", "经度应在 −180 到 180 之间；若为米制坐标，请先选定坐标系导入")
    return geometry


def _floats(value: Any) -> Any:
    if isinstance(value, list):
        return [_floats(v) for v in value]
    if isinstance(value, bool):
        raise TypeError("boolean in coordinates")
    return float(value)


# What GEOS says of a shape, as an officer would; what is not here is told as a whole.
_REASONS = {
    "Self-intersection": "边线自相交",
    "Ring Self-intersection": "边线自相接",
    "Duplicate Rings": "有重复的边界",
    "Hole lies outside shell": "内环在外环之外",
    "Holes are nested": "内环互相套叠",
    "Nested shells": "各部分互相套叠",
    "Interior is disconnected": "内部被切断",
    "Too few points": "点太少，围不成面",
}


def why_invalid(geometry: BaseGeometry) -> str:
    """What is wrong with a shape, and near which point."""
    reason, _, at = shapely.is_valid_reason(geometry).partition("[")
    words = _REASONS.get(reason.strip(), "边界不成面")
    place = at.rstrip("]").split()
    return f"{words}（{float(place[0]):.6f}, {float(place[1]):.6f} 附近）" if len(place) >= 2 else words
