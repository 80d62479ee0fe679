"""A sender's file as rows of cells: xlsx, xls, csv; shapefiles, GeoPackage and GeoJSON with their geometry.

The file is told by its content, not by its name. Nothing in it is run: macros are not read, formulas
give the value that was saved with them.
"""

import codecs
import contextlib
import csv
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from riskmap.exchange.archive import SheetScan, check_archive, lines_styled, refuse, scan_workbook
from riskmap.exchange.cells import Cell
from riskmap.exchange.geojson import GeoJsonTable
from riskmap.exchange.table import (
    HELP_SHEET,
    MOST_COLUMNS,
    NOTE_SHEET,
    OPTIONS_SHEET,
    VERSION_SHEET,
    Row,
    Sheet,
    Table,
    encoding_of,
)
from riskmap.exchange.vector import PackageTable, ShapeTable

_OWN_SHEETS = {HELP_SHEET, OPTIONS_SHEET, VERSION_SHEET, NOTE_SHEET}
_OWN_LINES = 10
_CHUNK = 1 << 20
_CSV_CELL = 1 << 20


_NO_TABLES = (
    b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"II*\x00", b"MM\x00*", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b",
    b"{\\rtf",
)  # fmt: skip
_NOT_A_TABLE = "这不是表格文件。请上传 xlsx、xls、csv，或 SHP 压缩包、GPKG、GeoJSON。"


def open_table(path: Path) -> Table:
    """Open by content. Raises Invalid in words for the sender."""
    if path.is_dir():
        return _layer(_only_layer(path))
    head = _head(path)
    if not head:
        raise refuse("empty_file", "文件是空的（0 字节），请重新选择文件。")
    if head.startswith(b"PK\x03\x04"):
        return _open_zip(path)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _open_old(path)
    if head.startswith(_SHP):
        raise refuse(
            "shp_alone", "只有 SHP 一个文件，缺属性表：请把同名的 DBF、SHX（和 PRJ、CPG）一起选择，或打成 zip。"
        )
    if head.startswith(_NO_TABLES):
        raise refuse("not_a_table", _NOT_A_TABLE)
    start = _text_start(head)
    if head.startswith(_SQLITE) or start.startswith(b"{"):
        return _layer(path)
    if start.startswith(b"<"):
        raise refuse("not_a_table", "这是网页或 XML，不是表格。请在 Excel 或 WPS 中打开后另存为 xlsx 再上传。")
    return CsvTable(path)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(4096)


def _text_start(head: bytes) -> bytes:
    return head.removeprefix(codecs.BOM_UTF8).lstrip()


# -- Archives ----------------------------------------------------------------------


def _open_zip(path: Path) -> Table:
    try:
        with zipfile.ZipFile(path) as archive:
            check_archive(archive)
            names = archive.namelist()
            if any(n.startswith("xl/") for n in names) and "xl/workbook.bin" not in names:
                macros = any(n.endswith("vbaProject.bin") for n in names)
                about = path.stat()
                return ExcelTable(path, macros=macros, scans=_scans(path, about.st_size, about.st_mtime_ns))
            if "xl/workbook.bin" in names or "content.xml" in names:
                raise refuse("not_a_table", "不支持 xlsb、ods 格式。请在 Excel 或 WPS 中另存为 xlsx 再上传。")
            if any(n.startswith(("word/", "ppt/")) for n in names):
                raise refuse("not_a_table", "这是文字或演示文稿，不是表格。请把清单另存为 xlsx 再上传。")
            return _layer(_unpacked(archive, path))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
        raise refuse("damaged", "文件不完整或已损坏：请在 Excel 或 WPS 中打开，另存后再上传。") from error


@lru_cache(16)
def _scans(path: Path, size: int, changed_ns: int) -> dict[str, SheetScan]:
    """A file is opened several times on its way in, and looked through once."""
    with zipfile.ZipFile(path) as archive:
        return scan_workbook(archive)


# -- Layers ------------------------------------------------------------------------

_SHP = b"\x00\x00\x27\x0a"
_SQLITE = b"SQLite format 3\x00"
_SHAPE_PARTS = {"shp", "dbf", "shx", "prj", "cpg"}
_NO_LAYER = "没有能导入的文件：应有 SHP（连同 DBF、SHX）、GPKG 或 GeoJSON。"


def _unpacked(archive: zipfile.ZipFile, path: Path) -> Path:
    """An archive's only layer, unpacked beside it, once; under names of ours, so no entry says where it goes."""
    entries: dict[tuple[str, str], zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        stem, _, suffix = entry.filename.rpartition(".")
        if not entry.is_dir() and not Path(stem).name.startswith("._"):
            entries[stem.lower(), suffix.lower()] = entry
    layers = [key for key in entries if key[1] in {"shp", "gpkg", "geojson"}]
    layers = layers or [key for key in entries if key[1] == "json"]
    if len(layers) > 1:
        raise refuse("several_layers", f"一次只能导入一个图层，现有 {len(layers)} 个。请分开上传。")
    if not layers:
        if any(suffix in {"xlsx", "xls", "csv"} for _, suffix in entries):
            raise refuse("not_a_table", "压缩包里是表格：请解压后直接上传其中的表格。")
        raise refuse("not_a_table", f"压缩包里{_NO_LAYER}")
    [(stem, kind)] = layers
    parts = _SHAPE_PARTS if kind == "shp" else {kind}
    wanted = {suffix: entry for (own, suffix), entry in entries.items() if own == stem and suffix in parts}
    folder = path.with_name(f"{path.name}.unpacked")
    if not folder.exists():
        draft = Path(tempfile.mkdtemp(prefix=f"{path.name}.", dir=path.parent))
        try:
            for suffix, entry in wanted.items():
                with archive.open(entry) as source, (draft / f"layer.{suffix}").open("wb") as target:
                    shutil.copyfileobj(source, target, _CHUNK)
            with contextlib.suppress(OSError):  # somebody else was first
                draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return folder / f"layer.{kind}"


def _only_layer(folder: Path) -> Path:
    found = sorted(p for p in folder.iterdir() if p.suffix.lower() in {".shp", ".gpkg", ".geojson", ".json"})
    if len(found) > 1:
        raise refuse("several_layers", f"一次只能导入一个图层，现有 {len(found)} 个。请分开上传。")
    if not found:
        raise refuse("not_a_table", _NO_LAYER)
    return found[0]


def _layer(path: Path) -> Table:
    """By content, so that GDAL, which knows eighty formats and some that fetch others, meets two of them only."""
    head = _head(path)
    if head.startswith(_SHP):
        if not path.with_suffix(".dbf").exists() or not path.with_suffix(".shx").exists():
            raise refuse("shp_alone", "缺 DBF 或 SHX：请把同名的 SHP、DBF、SHX（和 PRJ、CPG）一起选择，或打成 zip。")
        return ShapeTable(path)
    if head.startswith(_SQLITE):
        return PackageTable(path)
    if _text_start(head).startswith(b"{"):
        return GeoJsonTable(path)
    raise refuse("damaged", "图层打不开：文件不完整或格式不对。SHP 应连同 DBF、SHX 一起上传。")


# -- Workbooks of the old kind ------------------------------------------------------


def _open_old(path: Path) -> Table:
    # An encrypted xlsx is an OLE container, whose stream has this name in UTF-16.
    body = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in body or "EncryptionInfo".encode("utf-16-le") in body:
        raise refuse("password", "文件设有打开密码，请在 Excel 或 WPS 中去掉密码、另存后再上传。")
    if "WordDocument".encode("utf-16-le") in body:
        raise refuse("not_a_table", "这是 Word 文档，不是表格。请把清单另存为 xlsx 再上传。")
    _try_old(path)
    return ExcelTable(path, macros="_VBA_PROJECT".encode("utf-16-le") in body, scans={})


# An xls says where its cells are in a form of its own: one that says a cell at the far corner takes
# more memory than there is. So it is opened first by a process that may not take more.
_TRIAL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
import python_calamine
book = python_calamine.CalamineWorkbook.from_path(sys.argv[1])
for name in book.sheet_names:
    book.get_sheet_by_name(name)
"""


def _try_old(path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "RUST_BACKTRACE": "0"}
    try:
        subprocess.run(
            [sys.executable, "-c", _TRIAL, str(path)], capture_output=True, timeout=120, env=environment, check=True
        )
    except subprocess.SubprocessError as error:
        raise refuse("damaged", _CANNOT_OPEN) from error


# -- Workbooks ---------------------------------------------------------------------

_CANNOT_OPEN = "表格打不开：文件不完整或已损坏。请在 Excel 或 WPS 中打开，另存后再上传。"


class ExcelTable(Table):
    """A workbook, read by calamine."""

    def __init__(self, path: Path, *, macros: bool, scans: dict[str, SheetScan]) -> None:
        import python_calamine as calamine

        self.path = path
        self._scans = scans
        try:
            if path.suffix:  # which calamine would believe
                with path.open("rb") as file:
                    self._book = calamine.CalamineWorkbook.from_filelike(file)
            else:
                self._book = calamine.CalamineWorkbook.from_path(str(path))
        except calamine.PasswordError as error:
            raise refuse("password", "文件设有打开密码，请在 Excel 或 WPS 中去掉密码、另存后再上传。") from error
        except (calamine.CalamineError, OSError, ValueError) as error:
            raise refuse("damaged", _CANNOT_OPEN) from error
        if macros:
            self.notes = ("文件含宏。宏不会运行，退回表中也不保留。",)

    @cached_property
    def _opened(self) -> dict[str, Any]:
        import python_calamine as calamine

        out, unread = {}, []
        for meta in self._book.sheets_metadata:
            if meta.typ != calamine.SheetTypeEnum.WorkSheet:
                continue
            try:
                out[meta.name] = self._book.get_sheet_by_name(meta.name)
            except (calamine.CalamineError, ValueError) as error:
                unread.append(_unread(meta.name, str(error)))
        if unread and not any(sheet.end for sheet in out.values()):
            raise refuse("damaged", unread[0])
        self.notes = (*self.notes, *unread)
        return out

    @property
    def sheets(self) -> list[Sheet]:
        """Sheets that have a cell; hidden ones too, since a list may stand there."""
        import python_calamine as calamine

        hidden = {m.name for m in self._book.sheets_metadata if m.visible != calamine.SheetVisibleEnum.Visible}
        found = [
            Sheet(n, s.end[0] + 1, s.end[1] + 1, n in hidden) for n, s in self._opened.items() if s.end is not None
        ]
        if not found:
            raise refuse("empty_workbook", "工作簿里没有内容，请核对是否选错了文件。")
        return [s for s in found if s.name not in _OWN_SHEETS] or found

    def own(self, sheet: str) -> list[Row]:
        """As they stand."""
        opened = self._opened.get(sheet)
        return list(islice(self.rows(sheet), _OWN_LINES)) if opened is not None and opened.end is not None else []

    def rows(self, sheet: str) -> Iterator[Row]:
        """Cells as calamine gives them; an empty cell is None."""
        opened = self._opened[sheet]
        if opened.end and opened.end[1] >= MOST_COLUMNS:
            raise refuse(
                "too_many_columns", f"表有 {opened.end[1] + 1} 列，最多 {MOST_COLUMNS} 列。请删去空列后再上传。"
            )
        # Calamine gives the rows above the first cell, and not the columns before it.
        pad = [None] * (opened.start[1] if opened.start else 0)
        for line, row in enumerate(opened.iter_rows(), 1):
            yield line, pad + [_cell(v) for v in row] if pad else [_cell(v) for v in row]

    def merged(self, sheet: str) -> list[tuple[int, int, int, int]]:
        """As calamine has them, lines from 1."""
        ranges = self._opened[sheet].merged_cell_ranges or []
        return [(a[0] + 1, a[1], b[0] + 1, b[1]) for a, b in ranges]

    def uncomputed(self, sheet: str) -> set[tuple[int, int]]:
        """Found in the sheet's XML, read as bytes: calamine gives such a cell as empty."""
        if not any(scan.uncomputed for scan in self._scans.values()):
            return set()
        with zipfile.ZipFile(self.path) as archive:
            scan = self._scans.get(_part_of_sheet(archive, sheet) or "")
        return scan.uncomputed if scan else set()

    def timed(self, sheet: str, column: int) -> set[int]:
        """By the formats of an xlsx; of an xls nothing is known."""
        if not self._scans:
            return set()
        with zipfile.ZipFile(self.path) as archive:
            part = _part_of_sheet(archive, sheet)
            styles = _timed_styles(archive) if part else set()
            return lines_styled(archive, part, column, styles) if part and styles else set()


def _unread(name: str, error: str) -> str:
    if said := re.search(r"#[A-Z/0]+[!?]", error):
        return f"工作表“{name[:30]}”里有读不了的错误值 {said[0]}：请改正或删去这些单元格，另存后再上传。"
    return f"工作表“{name[:30]}”读不出来，请另存为新文件后再上传。"


def _cell(value: Any) -> Cell:
    if value == "":
        return None
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, datetime) or not hasattr(value, "isoformat") or hasattr(value, "year"):
        return value  # type: ignore[no-any-return]
    return str(value.isoformat())  # a time of day alone


_STYLES = "xl/styles.xml"
# Times of day of Chinese Excel, which stand in a file without a code: ECMA-376 part 1, 18.8.30, zh-cn.
_CHINESE_TIMES = {32, 33, 34, 35, 55, 56}
_MOST_STYLES = 16 << 20  # bytes


def _timed_styles(archive: zipfile.ZipFile) -> set[int]:
    """Numbers of the cell styles whose number format shows an hour."""
    from defusedxml import DefusedXmlException, ElementTree
    from openpyxl.styles.numbers import BUILTIN_FORMATS, is_datetime

    if _STYLES not in archive.namelist() or archive.getinfo(_STYLES).file_size > _MOST_STYLES:
        return set()
    try:
        root = ElementTree.fromstring(archive.read(_STYLES))
        name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
        codes = {int(e.get("numFmtId", 0)): e.get("formatCode", "") for e in root.iter(f"{name}numFmt")}
        used = [int(xf.get("numFmtId", 0)) for formats in root.iter(f"{name}cellXfs") for xf in formats]
    except (DefusedXmlException, ElementTree.ParseError, ValueError):
        return set()  # then a day is read as a day, and refused where an hour is needed
    timed = {n for n, code in {**BUILTIN_FORMATS, **codes}.items() if is_datetime(code) in {"datetime", "time"}}
    timed |= _CHINESE_TIMES - codes.keys()
    return {style for style, number in enumerate(used) if number in timed}


def _part_of_sheet(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Name of the archive's part that holds a sheet, by the workbook's relations."""
    from defusedxml import DefusedXmlException, ElementTree

    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return None
    relation = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    try:
        workbook = ElementTree.fromstring(archive.read("xl/workbook.xml"))
        relations = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    except (DefusedXmlException, ElementTree.ParseError) as error:
        raise refuse("damaged", "工作簿的目录读不出来。请在 Excel 或 WPS 中打开，另存后再上传。") from error
    ids = {e.get("name"): e.get(relation) for e in workbook.iter() if e.tag.endswith("}sheet")}
    targets = {e.get("Id"): e.get("Target", "") for e in relations}
    target = targets.get(ids.get(sheet), "")
    path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return path if path in names else None


# -- Text --------------------------------------------------------------------------

_DELIMITERS = ",\t;|"


class CsvTable(Table):
    """Values separated by comma, tab, semicolon or bar."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.encoding = encoding_of(path)
        csv.field_size_limit(_CSV_CELL)
        with path.open(encoding=self.encoding, newline="") as file:
            self._delimiter = _delimiter_of(file.read(1 << 16))

    @cached_property
    def sheets(self) -> list[Sheet]:
        """The one table, counted."""
        rows = columns = filled = 0
        for line, cells in self.rows(""):
            rows, columns = line, max(columns, len(cells))
            filled += any(cell is not None and cell.strip() for cell in cells)
        if not filled:
            raise refuse("empty_workbook", "文件里没有内容，请核对是否选错了文件。")
        return [Sheet("", rows, columns)]

    def rows(self, sheet: str) -> Iterator[Row]:
        """Texts; a row is numbered by the line that it begins on."""
        with self.path.open(encoding=self.encoding, newline="") as file:
            # Strict: a quote that is not closed would take the rest of the file into one cell.
            reader = csv.reader(file, delimiter=self._delimiter, strict=True)
            line = 1
            try:
                for cells in reader:
                    if len(cells) > MOST_COLUMNS:
                        raise refuse("too_many_columns", f"第 {line} 行有 {len(cells)} 列，最多 {MOST_COLUMNS} 列。")
                    yield line, [c or None for c in cells]
                    line = reader.line_num + 1
            except csv.Error as error:
                raise refuse("damaged", f"第 {line} 行读不出来：引号没有成对，或一格太长。请改正后再上传。") from error


def _delimiter_of(text: str) -> str:
    """The one that splits the first lines into most columns, the same number each."""
    lines = [line for line in io.StringIO(text).read().splitlines()[:40] if line.strip()]

    def score(delimiter: str) -> tuple[int, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter)]
        common = max(set(counts), key=counts.count, default=1)
        return (counts.count(common) if common > 1 else 0, common)

    try:
        return max(_DELIMITERS, key=score)
    except csv.Error:
        return ","
