"""GeoJSON as a table, read by ourselves.

GDAL would fetch the address that a `crs` member links to, and takes some files that begin like GeoJSON for
pipelines over other files.
"""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any, TextIO

from shapely.errors import ShapelyError
from shapely.geometry import shape

from riskmap.exchange.archive import refuse
from riskmap.exchange.table import GEOMETRY_HEADER, MOST_COLUMNS, Row, Sheet, Table, encoding_of

_CHUNK = 1 << 20
_MOST_VALUE = 32 << 20  # letters of one feature; the most vertices that we store take a quarter of it
_SPACE = re.compile(r"[ \t\r\n]*")
_EPSG = re.compile(r"EPSG:(?:[\d.]*:)?(\d{4,6})", re.IGNORECASE)
_GEOMETRIES = {
    "Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon", "GeometryCollection",
}  # fmt: skip


class GeoJsonTable(Table):
    """A feature collection; the header is line 0, features are numbered from 1, the geometry is the last cell."""

    kind = "vector"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.encoding = encoding_of(path)
        names: dict[str, None] = {}
        self._count = 0
        degrees = True
        said: dict[str, Any] = {}
        for feature in self._features(said):
            self._count += 1
            names.update(dict.fromkeys(feature.get("properties") or ()))
            if len(names) > MOST_COLUMNS:
                raise refuse("too_many_columns", f"要素的属性超过 {MOST_COLUMNS} 项，请只留要导入的属性。")
            if feature.get("attributes") and "properties" not in feature:
                raise refuse("not_a_table", "这是 ArcGIS 的 JSON，不是 GeoJSON。请导出为 GeoJSON、SHP 或 GPKG。")
            degrees = degrees and _in_degrees(feature.get("geometry"))
        self._names = list(names)
        self.crs = _crs_of(said.get("crs"), degrees=degrees)

    @cached_property
    def sheets(self) -> list[Sheet]:
        """The one layer."""
        if not self._count:
            raise refuse("empty_workbook", "图层里没有要素，请核对是否选错了文件。")
        return [Sheet("", self._count + 1, len(self._names) + 1)]

    def rows(self, sheet: str) -> Iterator[Row]:
        """The properties' names, then features."""
        yield 0, [*self._names, GEOMETRY_HEADER]
        for line, feature in enumerate(self._features({}), 1):
            properties = feature.get("properties") or {}
            yield line, [*(_value(properties.get(name)) for name in self._names), _shape(feature.get("geometry"))]

    def _features(self, said: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """One after the other, never all at once; `said` takes the other members."""
        try:
            with self.path.open(encoding=self.encoding, newline="") as file:
                yield from _read(_Text(file), said)
        except RecursionError as error:
            raise refuse("damaged", "GeoJSON 的嵌套过深，不予打开。") from error
        except ValueError as error:  # JSON's own and UnicodeDecodeError are such
            raise refuse("damaged", "GeoJSON 读不出来：文件不完整，或不是 GeoJSON。请重新导出后再上传。") from error


def _read(text: "_Text", said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    listed = False
    text.expect("{")
    while text.peek() != "}":
        if said or listed:
            text.expect(",")
        key = text.value()
        if not isinstance(key, str):
            raise ValueError("a member without a name")
        text.expect(":")
        if key == "features" and text.peek() == "[":
            listed = True
            yield from map(_object, text.items())
        else:
            said[key] = text.value()
    text.expect("}")
    if text.peek():
        raise ValueError("more after the end")
    if listed:
        return
    if said.get("type") == "Feature":
        yield {k: _object(said.get(k)) for k in ("properties", "geometry")}
    elif said.get("type") in _GEOMETRIES:
        yield {"properties": {}, "geometry": said}
    else:
        raise refuse("not_a_table", "这个 JSON 不是 GeoJSON：里面没有要素。请导出为 GeoJSON、SHP 或 GPKG。")


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {}
    if not isinstance(value.get("properties"), dict | None):
        raise ValueError("properties are no object")
    return value


class _Text:
    """JSON that is read value by value from a file."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._at = 0
        # Not-a-number is how some programs write a missing number.
        self._decoder = json.JSONDecoder(strict=False, parse_constant=lambda _: None)

    def _more(self, size: int) -> bool:
        chunk = self._file.read(size)
        self._text = self._text[self._at :] + chunk
        self._at = 0
        return bool(chunk)

    def peek(self) -> str:
        """The next letter that is no white space; empty at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._at = match.end() if match else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more(_CHUNK):
                return ""

    def expect(self, letter: str) -> None:
        """Raises ValueError where something else stands."""
        if self.peek() != letter:
            raise ValueError(f"{letter} expected")
        self._at += 1

    def value(self) -> Any:
        """One whole value."""
        self.peek()
        size = _CHUNK
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
                missing = None
            except json.JSONDecodeError as error:
                end, missing = len(self._text), error
            if end - self._at > _MOST_VALUE:
                raise refuse("too_large", "GeoJSON 中有一个要素过大，请先简化图形。")
            # At the end of what was read so far even a whole number may go on.
            if end == len(self._text) and self._more(size):
                size *= 2
                continue
            if missing:
                raise missing
            self._at = end
            return value

    def items(self) -> Iterator[Any]:
        """Those of an array."""
        self.expect("[")
        if self.peek() == "]":
            self.expect("]")
            return
        while True:
            yield self.value()
            if self.peek() == "]":
                self.expect("]")
                return
            self.expect(",")


def _crs_of(said: Any, *, degrees: bool) -> str | None:
    """What the file names; a file that names nothing is in WGS 84 (RFC 7946, 4), where its numbers may be degrees."""
    if said is None:
        return "EPSG:4326" if degrees else None
    properties = said.get("properties") if isinstance(said, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not isinstance(name, str):
        return None
    if "CRS84" in name.upper():
        return "EPSG:4326"
    match = _EPSG.search(name)
    return f"EPSG:{match[1]}" if match else None


def _in_degrees(geometry: Any) -> bool:
    """By the first position."""
    at = geometry.get("coordinates") if isinstance(geometry, dict) else None
    while isinstance(at, list) and at and isinstance(at[0], list):
        at = at[0]
    return not (isinstance(at, list) and any(isinstance(n, int | float) and abs(n) > 360 for n in at[:2]))


def _value(value: Any) -> Any:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return None if value == "" else value


def _shape(geometry: Any) -> Any:
    """A geometry; what is none stays as text, so that its row comes back with it."""
    if geometry is None:
        return None
    try:
        return shape(geometry)
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError):
        return json.dumps(geometry, ensure_ascii=False)[:200]
