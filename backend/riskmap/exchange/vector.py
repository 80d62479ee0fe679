"""Shapefiles and GeoPackages as tables, read by GDAL through pyogrio.

Both are told by their first bytes before GDAL sees them (see tables.py): GDAL itself would open whatever it
can, among it files that name other files and addresses.
"""

import re
import sqlite3
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from riskmap.exchange.archive import refuse
from riskmap.exchange.tables import GEOMETRY_HEADER, MOST_COLUMNS, Row, Sheet, Table

_CHUNK = 20_000
_SAMPLED = 5_000  # records by which the encoding of a shapefile is told
_SURE = 70  # of a named system: below it PROJ found but a likeness of names

# Nothing that we read is fetched, whatever a file names.
pyogrio.set_gdal_config_options({"GDAL_HTTP_PROXY": "127.0.0.1:9", "GDAL_HTTP_MAX_RETRY": "0"})


class VectorTable(Table):
    """One layer after the other; the header is line 0, features are numbered from 1, the geometry is the last cell."""

    kind = "vector"
    driver = ""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.encoding = self._encoding()
        try:
            self._layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        except (pyogrio.errors.DataSourceError, ValueError) as error:
            raise refuse("damaged", "图层打不开：文件不完整或格式不对。SHP 应连同 DBF、SHX 一起上传。") from error
        if not self._layers:
            raise refuse("empty_workbook", "文件里没有图层，请核对是否选错了文件。")
        said = {_epsg(self._info(layer)["crs"]) for layer in self._layers}
        self.crs = said.pop() if len(said) == 1 else None

    def _encoding(self) -> str | None:
        return None

    def _info(self, layer: str) -> dict[str, Any]:
        try:
            info = dict(pyogrio.read_info(self.path, layer=layer, encoding=self.encoding, force_feature_count=True))
        except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, LookupError) as error:
            raise refuse("damaged", f"图层“{layer[:30]}”读不出来，请核对文件是否完整。") from error
        if info["driver"] != self.driver:
            raise refuse("damaged", "图层的格式与内容不符，不予打开。")
        if len(info["fields"]) >= MOST_COLUMNS:
            raise refuse("too_many_columns", f"图层的属性超过 {MOST_COLUMNS} 项，请只留要导入的属性。")
        return info

    @cached_property
    def sheets(self) -> list[Sheet]:
        """The layers."""
        infos = [(name, self._info(name)) for name in self._layers]
        found = [Sheet(name, int(i["features"]) + 1, len(i["fields"]) + 1) for name, i in infos if i["features"] > 0]
        if not found:
            raise refuse("empty_workbook", "图层里没有要素，请核对是否选错了文件。")
        return found

    def rows(self, sheet: str) -> Iterator[Row]:
        """The fields' names, then features."""
        info = self._info(sheet)
        yield 0, [*map(str, info["fields"]), GEOMETRY_HEADER]
        line = 1
        total = int(info["features"])
        for start in range(0, total, _CHUNK):
            try:
                _, _, geometry, columns = pyogrio.raw.read(
                    self.path,
                    layer=sheet,
                    encoding=self.encoding,
                    skip_features=start,
                    max_features=_CHUNK,
                    datetime_as_string=True,
                )
                count = len(geometry) if geometry is not None else len(columns[0])
                # A ring that is not closed is closed; what cannot be mended has no geometry.
                shapes = shapely.from_wkb(geometry, on_invalid="fix") if geometry is not None else [None] * count
            except (
                pyogrio.errors.DataSourceError,
                pyogrio.errors.DataLayerError,
                shapely.errors.ShapelyError,
                ValueError,
                IndexError,
            ) as error:
                raise refuse("damaged", f"第 {start + 1} 个要素之后读不出来，文件可能已损坏。") from error
            for i in range(count):
                yield line, [*(_value(c[i]) for c in columns), shapes[i]]
                line += 1


class ShapeTable(VectorTable):
    """A shapefile."""

    driver = "ESRI Shapefile"

    def _encoding(self) -> str | None:
        """What the file says; one that says nothing is UTF-8 where that fits, else GBK."""
        if self.path.with_suffix(".cpg").exists():
            return None
        return "UTF-8" if _is_utf8(self.path.with_suffix(".dbf")) else "GB18030"


class PackageTable(VectorTable):
    """A GeoPackage."""

    driver = "GPKG"

    def __init__(self, path: Path) -> None:
        _check_package(path)
        super().__init__(path)


def _epsg(said: str | None) -> str | None:
    if not said:
        return None
    try:
        epsg = CRS.from_user_input(said).to_epsg(min_confidence=_SURE)
    except CRSError:
        return None
    return f"EPSG:{epsg}" if epsg else None


def _is_utf8(path: Path) -> bool:
    """Whether a dBASE table's names and texts are UTF-8; a text that fills its field may end in a cut character."""
    with path.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:
            return True
        start, length = int.from_bytes(head[8:10], "little"), int.from_bytes(head[10:12], "little")
        fields = file.read(max(0, start - 32))
        pieces, texts, at = [], [], 1
        for i in range(0, len(fields) - 31, 32):
            if fields[i] == 0x0D:
                break
            pieces.append(fields[i : i + 11].split(b"\x00")[0])
            if fields[i + 11 : i + 12] == b"C":
                texts.append((at, at + fields[i + 16]))
            at += fields[i + 16]
        for _ in range(_SAMPLED):
            record = file.read(length) if length else b""
            if not record:
                break
            pieces += [record[first:last].rstrip(b" \x00") for first, last in texts]
    return all(_fits_utf8(piece) for piece in pieces)


def _fits_utf8(piece: bytes) -> bool:
    try:
        piece.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data" and error.start > 0
    return True


# What SQLite could do on reading beyond reading: run a view, a module or an expression that the file brings.
_COMPUTED = re.compile(r"\bGENERATED\s+ALWAYS\b|\bAS\s*\(", re.IGNORECASE)
_MODULE = re.compile(r"\s*CREATE\s+VIRTUAL\s+TABLE\b.*?\bUSING\s+(\w+)", re.IGNORECASE | re.DOTALL)
_APPLICATIONS = (0x47504B47, 0x47503130, 0x47503131)  # GPKG, GP10, GP11


def _check_package(path: Path) -> None:
    """A GeoPackage with tables, and nothing in it that runs. Raises Invalid."""
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            [(application,)] = connection.execute("PRAGMA application_id")
            master = connection.execute("SELECT lower(name), type, coalesce(sql, '') FROM sqlite_master").fetchall()
            layers = (
                {str(n).lower() for (n,) in connection.execute("SELECT table_name FROM gpkg_contents")}
                if any(name == "gpkg_contents" and kind == "table" for name, kind, _ in master)
                else None
            )
        finally:
            connection.close()
    except (sqlite3.Error, ValueError) as error:
        raise refuse("damaged", "GPKG 打不开：文件不完整或已损坏。") from error
    if layers is None or application not in _APPLICATIONS:
        raise refuse("not_a_table", "这是数据库文件，不是 GPKG 图层。请导出为 GPKG、SHP 或 GeoJSON。")
    for name, kind, sql in master:
        module = _MODULE.match(sql)
        if module and module[1].lower() != "rtree":
            raise refuse("not_a_table", "GPKG 中有虚拟表，不予打开。请只导出图层本身。")
        if name in layers and (kind == "view" or (kind == "table" and _COMPUTED.search(sql))):
            raise refuse("not_a_table", f"GPKG 的图层“{name[:30]}”是视图或含计算列，不予打开。请导出为普通图层。")


def _value(value: Any) -> Any:
    """numpy's scalars as Python's; not-a-number is how a missing number comes."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, np.ndarray):
        return "；".join(map(str, value.tolist()))
    return None if value == "" else value
