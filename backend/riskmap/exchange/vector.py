"""Shapefiles and GeoPackages as tables, read by GDAL through pyogrio.

Both are told by their first bytes before GDAL sees them (see tables.py): GDAL itself would open whatever it
can, among it files that name other files and addresses.
"""

import re
import sqlite3
from collections.abc import Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from riskmap.exchange.archive import refuse
from riskmap.exchange.table import CUT_SHORT, GEOMETRY_HEADER, MOST_COLUMNS, Row, Sheet, Table

_CHUNK = 20_000
_STYLES = "layer_styles"  # of QGIS
_SAMPLED = 5_000  # records by which the encoding of a shapefile is told
_SURE = 70  # of a named system: below it PROJ found but a likeness of names


@cache
def _gdal() -> Any:
    """pyogrio, loaded with the first file: it brings pandas where that is installed, and few starts read a file."""
    import pyogrio

    # Nothing that we read is fetched, whatever a file names.
    pyogrio.set_gdal_config_options({"GDAL_HTTP_PROXY": "127.0.0.1:9", "GDAL_HTTP_MAX_RETRY": "0"})
    return pyogrio


class VectorTable(Table):
    """One layer after the other; the header is line 0, features are numbered from 1, the geometry is the last cell."""

    kind = "vector"
    driver = ""
    _raw: str | None = None  # the encoding that GDAL is told

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._layers = [str(name) for name, _ in _gdal().list_layers(path) if name != _STYLES]
        except (_gdal().errors.DataSourceError, ValueError) as error:
            raise refuse("damaged", "图层打不开：文件不完整或格式不对。SHP 应连同 DBF、SHX 一起上传。") from error
        if not self._layers:
            raise refuse("empty_workbook", "文件里没有图层，请核对是否选错了文件。")
        said = {_epsg(self._info(layer)["crs"]) for layer in self._layers}
        self.crs = said.pop() if len(said) == 1 else None

    def _info(self, layer: str) -> dict[str, Any]:
        try:
            info = dict(_gdal().read_info(self.path, layer=layer, encoding=self._raw, force_feature_count=True))
        except (_gdal().errors.DataSourceError, _gdal().errors.DataLayerError, ValueError, LookupError) as error:
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
        yield 0, [*(self._text(str(name)) for name in info["fields"]), GEOMETRY_HEADER]
        line = 1
        total = int(info["features"])
        for start in range(0, total, _CHUNK):
            try:
                _, _, geometry, columns = _gdal().raw.read(
                    self.path,
                    layer=sheet,
                    encoding=self._raw,
                    skip_features=start,
                    max_features=_CHUNK,
                    datetime_as_string=True,
                )
                count = len(geometry) if geometry is not None else len(columns[0])
                # A ring that is not closed is closed; what cannot be mended has no geometry.
                shapes = shapely.from_wkb(geometry, on_invalid="fix") if geometry is not None else [None] * count
            except (
                _gdal().errors.DataSourceError,
                _gdal().errors.DataLayerError,
                shapely.errors.ShapelyError,
                ValueError,
                IndexError,
            ) as error:
                raise refuse("damaged", f"第 {start + 1} 个要素之后读不出来，文件可能已损坏。") from error
            for i in range(count):
                yield line, [*(self._cell(c[i]) for c in columns), shapes[i]]
                line += 1

    def _cell(self, value: Any) -> Any:
        """numpy's scalars as Python's; not-a-number is how a missing number comes."""
        if isinstance(value, str):
            return self._text(value) or None
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or (isinstance(value, float) and value != value):
            return None
        return "；".join(map(str, value.tolist())) if isinstance(value, np.ndarray) else value

    def _text(self, given: str) -> str:
        return given


class ShapeTable(VectorTable):
    """A shapefile. GDAL gives its bytes as they are: for one name that is cut within a letter it would give nothing."""

    driver = "ESRI Shapefile"
    _raw = "ISO-8859-1"

    def __init__(self, path: Path) -> None:
        self.encoding = _encoding_of(path.with_suffix(".dbf"), path.with_suffix(".cpg"))
        super().__init__(path)

    def _text(self, given: str) -> str:
        said = given.encode("latin-1", "replace")
        try:
            return said.decode(self.encoding or "utf-8")
        except UnicodeDecodeError as error:
            if error.reason in CUT_SHORT:
                return said[: error.start].decode(self.encoding or "utf-8")
            return said.decode(self.encoding or "utf-8", "replace")


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


def _encoding_of(table: Path, page: Path) -> str:
    """What the file says, where its texts agree; else UTF-8 where that fits, else GBK (within GB 18030)."""
    pieces = _texts_of(table)
    said = page.read_bytes()[:40].decode("ascii", "replace").strip().lower() if page.exists() else ""
    if any(word in said for word in ("gb", "936")) and all(_fits(piece, "gb18030") for piece in pieces):
        return "gb18030"
    return "utf-8" if all(_fits(piece, "utf-8") for piece in pieces) else "gb18030"


def _texts_of(path: Path) -> list[bytes]:
    """Names and first texts of a dBASE table, as they stand."""
    with path.open("rb") as file:
        head = file.read(32)
        if len(head) < 32:
            return []
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
    return pieces


def _fits(piece: bytes, encoding: str) -> bool:
    """Whether it is text in this encoding; one that fills its field may end in a letter that is cut."""
    try:
        piece.decode(encoding)
    except UnicodeDecodeError as error:
        return error.reason in CUT_SHORT and error.start > 0
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
        finally:
            connection.close()
    except (sqlite3.Error, ValueError) as error:
        raise refuse("damaged", "GPKG 打不开：文件不完整或已损坏。") from error
    if ("gpkg_contents", "table") not in {(name, kind) for name, kind, _ in master} or application not in _APPLICATIONS:
        raise refuse("not_a_table", "这是数据库文件，不是 GPKG 图层。请导出为 GPKG、SHP 或 GeoJSON。")
    for name, kind, sql in master:
        module = _MODULE.match(sql)
        if module and module[1].lower() != "rtree":
            raise refuse("not_a_table", "GPKG 中有虚拟表，不予打开。请只导出图层本身。")
        if kind == "view" or (kind == "table" and _COMPUTED.search(sql)):
            raise refuse("not_a_table", f"GPKG 中的“{name[:30]}”是视图或含计算列，不予打开。请只导出图层本身。")
