"""Floods as they are sent: drawn on the page as GeoJSON, or a file with a field for the depth."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from riskmap.base.errors import FieldError, Invalid
from riskmap.exchange.cells import CellFault, normal, number_of
from riskmap.exchange.datum import crs_named
from riskmap.exchange.locate import geometry_of
from riskmap.exchange.table import GEOMETRY_HEADER, Table
from riskmap.exchange.tables import open_table
from riskmap.rescue import depths as depth_classes
from riskmap.rescue.depths import Depth, Repair
from riskmap.rescue.wire import DepthClass
from riskmap.store.place import parse_shape

_MOST_FEATURES = 20_000
_NUMBER = r"\d+(?:\.\d+)?"
_RANGE = re.compile(rf"({_NUMBER})(?:m|米)?(?:-|~|–|—|至|到)({_NUMBER})(?:m|米)?", re.IGNORECASE)
_FROM = re.compile(rf"(?:≥|>=|>|大于|超过)?({_NUMBER})(?:m|米)?(?:以上)?", re.IGNORECASE)
_BELOW = re.compile(rf"(?:≤|<=|<|小于|不足)({_NUMBER})(?:m|米)?|({_NUMBER})(?:m|米)?以下", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a file or a drawing came to: valid polygons in lon/lat with their depths, and what was mended."""

    depths: list[Depth]
    repairs: list[Repair]


def drawn(classes: Sequence[DepthClass]) -> Sent:
    """From the page. Raises Invalid with the class that is wrong."""
    depths, mender = [], depth_classes.Mender()
    for i, one in enumerate(classes):
        field = f"depths.{i}"
        depth_classes.depth_range(one.depth_m, one.depth_to_m, f"{field}.depth_m")
        shape = polygon(one.geometry, f"{field}.geometry", "淹没范围有误，请改正后再保存")
        whole = mender.take(shape, i + 1)
        if whole is not None:
            depths.append(Depth(one.depth_m, one.depth_to_m, whole))
    return Sent(depths, mender.repairs)


def polygon(given: dict[str, Any], field: str, wrong: str) -> BaseGeometry:
    """A polygon as it was drawn, not mended yet. Raises Invalid, naming the field."""
    try:
        return parse_shape(given, ("polygon",))
    except Invalid as error:
        raise Invalid(wrong, errors=[FieldError(field, e.code, e.message) for e in error.errors]) from None


def from_file(
    path: Path, *, depth_field: str | None, depth_m: Decimal | None, crs: str | None, called: str = "淹没范围"
) -> Sent:
    """From an uploaded layer: `depth_field` names the field with metres, else `depth_m` holds for all. Raises Invalid.

    `crs` says what its numbers are where the file does not; `called` is what the polygons are.
    """
    table = open_table(path)
    if table.kind != "vector":
        raise Invalid("这是表格，没有图形。请上传 SHP（打成 zip）、GPKG 或 GeoJSON。", code="not_a_layer")
    sheet = table.sheets[0]
    if sheet.rows - 1 > _MOST_FEATURES:
        told = f"图层有 {sheet.rows - 1:,} 个要素，最多 {_MOST_FEATURES:,} 个。请先合并同一水深的图形。"
        raise Invalid(told, code="too_many_features")
    datum = _datum(table, crs)
    rows = table.rows(sheet.name)
    header = [str(h) for h in next(rows)[1]]
    column = _column(header, depth_field, depth_m)
    if column is None:
        assert depth_m is not None
        depth_classes.depth_range(depth_m, None, "depth_m")
    depths, mender = [], depth_classes.Mender()
    for number, shape, cell in _features(rows, column):
        if shape is None or shape.is_empty:
            mender.skip(number, "没有图形，未采用")
            continue
        if shape.geom_type not in {"Polygon", "MultiPolygon"}:
            raise Invalid(
                f"第 {number} 个要素是{'点' if 'Point' in shape.geom_type else '线或混合图形'}，{called}应为面。",
                code="wrong_geometry_kind",
            )
        if column is None:
            least, most = depth_m, None
        else:
            least, most = _depth_of(cell, header[column], number)
        assert least is not None
        whole = mender.take(_degrees(shapely.force_2d(shape), datum, number), number)
        if whole is not None:
            depths.append(Depth(least, most, whole))
    return Sent(depths, mender.repairs)


def _features(rows: Iterator[tuple[int, list[Any]]], column: int | None) -> Iterator[tuple[int, Any, Any]]:
    for number, cells in rows:
        yield number, cells[-1], None if column is None else cells[column]


def _column(header: list[str], depth_field: str | None, depth_m: Decimal | None) -> int | None:
    names = [name for name in header if name != GEOMETRY_HEADER]
    listed = f"图层的字段有：{'、'.join(names[:20]) or '（没有）'}"
    if depth_field is not None and depth_m is not None:
        told = "水深只能给一种：选字段，或填一个数"
        raise Invalid("水深给了两次", errors=[FieldError("depth_m", "given_twice", told)])
    if depth_field is not None:
        if depth_field not in names:
            told = f"没有字段“{depth_field[:30]}”。{listed}"
            raise Invalid("没有这个水深字段", errors=[FieldError("depth_field", "unknown_field", told)])
        return header.index(depth_field)
    if depth_m is None:
        told = f"请选水深字段，或填一个水深（米）。{listed}"
        raise Invalid("缺少水深", errors=[FieldError("depth_m", "missing", told)])
    return None


def _datum(table: Table, crs: str | None) -> str:
    given = crs_named(crs)
    if given is not None:
        return given
    if table.crs is None:
        told = "文件没有写明坐标系，请选定坐标系后再上传"
        raise Invalid("缺少坐标系", errors=[FieldError("crs", "missing", told)])
    return crs_named(table.crs) or "EPSG:4490"


def _degrees(shape: BaseGeometry, crs: str, number: int) -> BaseGeometry:
    turned = geometry_of(shape, crs)
    at = shapely.get_coordinates(turned)
    if not np.isfinite(at).all() or (np.abs(at) > (180, 90)).any():
        raise Invalid(
            f"第 {number} 个要素的坐标不在经纬度范围内，请核对坐标系。",
            errors=[FieldError("crs", "out_of_range", "坐标系与文件中的坐标不符")],
        )
    return turned


def _depth_of(cell: Any, field: str, number: int) -> tuple[Decimal, Decimal | None]:
    """A depth in metres: a number, a range (0.5-1.0), at least (≥2) or less than (<0.5)."""
    least: Decimal | None
    most: Decimal | None = None
    said = normal(cell).replace(" ", "") if isinstance(cell, str) else ""
    if match := _RANGE.fullmatch(said):
        least, most = Decimal(match[1]), Decimal(match[2])
    elif match := _BELOW.fullmatch(said):
        least, most = Decimal(0), Decimal(match[1] or match[2])
    elif match := _FROM.fullmatch(said):
        least = Decimal(match[1])
    else:
        try:
            least = number_of(cell, field, "m")
        except CellFault as fault:
            raise Invalid(f"第 {number} 个要素：{fault.message}", code=fault.code) from None
    if least is None:
        raise Invalid(f"第 {number} 个要素的“{field}”是空的，请补上水深（米）。", code="missing_depth")
    try:
        depth_classes.depth_range(least, most, "depth_field")
    except Invalid as error:
        raise Invalid(f"第 {number} 个要素：{error.errors[0].message}", errors=error.errors) from None
    return least, most
