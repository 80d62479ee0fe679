"""What an archive unpacks to, before anything is unpacked or opened: a small file must not fill memory or disk."""

import copy
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from xml.parsers import expat

from riskmap.base.errors import Invalid

_MOST_ENTRIES = 2_000
_MOST_UNPACKED = 3 << 30
_MOST_RATIO = 250  # a sheet packs some 10 to 40 times
_RATIO_FROM = 20 << 20
_CHUNK = 1 << 20
# Calamine lays a sheet out as one rectangle from its first to its last cell, some 31 bytes a cell.
_MOST_AREA = 40_000_000
_MOST_TEXT = 1 << 30  # bytes of text in the cells of a workbook, where each cell has its own copy


def refuse(code: str, message: str) -> Invalid:
    """A file that cannot be read, in words for its sender."""
    return Invalid(message, code=code)


def check_archive(archive: zipfile.ZipFile) -> None:
    """Bounds on what an archive unpacks to, its names and kinds of entries. Raises Invalid."""
    entries = archive.infolist()
    if len(entries) > _MOST_ENTRIES:
        raise refuse("archive_too_large", f"压缩包内的文件超过 {_MOST_ENTRIES} 个，请只放要导入的文件。")
    total = 0
    for entry in entries:
        total += entry.file_size
        name = PurePosixPath(entry.filename.replace("\\", "/"))
        if name.is_absolute() or ".." in name.parts or stat.S_ISLNK(entry.external_attr >> 16):
            raise refuse("damaged", "压缩包中有不合规的路径，请重新打包后再上传。")
        if entry.flag_bits & 1:
            raise refuse("password", "压缩包设有密码，请去掉密码后再上传。")
        if entry.file_size > _RATIO_FROM and entry.file_size > _MOST_RATIO * max(entry.compress_size, 1):
            raise refuse("archive_too_large", "文件的压缩比异常，不予打开。请另存为新文件后再上传。")
    if total > _MOST_UNPACKED:
        raise refuse("archive_too_large", "文件展开后超过 3 GB，请分成几份再上传。")


def pieces(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """A part's content, to its true end: what the archive says of its size binds Python's reader, and no other."""
    said = copy.copy(entry)
    said.file_size = _MOST_UNPACKED
    size = 0
    with archive.open(said) as body:
        while chunk := body.read(_CHUNK):
            size += len(chunk)
            if size > entry.file_size:
                break
            yield chunk
    if size != entry.file_size:
        raise refuse("damaged", "文件内部的大小与实际不符，不予打开。请在 Excel 或 WPS 中另存后再上传。")


# -- Workbooks -------------------------------------------------------------------------

# A cell with a formula and no value: written by a program that does not compute.
_UNCOMPUTED = re.compile(
    rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*<f[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>)?\s*</c>'
)
_ROW = re.compile(rb'<row [^>]*?\br="(\d{1,9})"')
_WIDE = re.compile(rb'<c r="([A-Z]{2,3})\d')
_ODD = re.compile(rb"<(?:\w+:(?:c|row)|c(?! r=\"[A-Z]{1,3}\d))[\s/>]")
_STYLED = re.compile(rb'<c r="([A-Z]{1,3})(\d{1,7})"[^>]*?\bs="(\d{1,6})"')
_TEXT_CELL = re.compile(rb'<c [^>]*?\bt="s"[^>]*><v>(\d{1,9})</v>')


@dataclass(slots=True)
class SheetScan:
    """What is known of a sheet before it is opened."""

    rows: int = 1
    columns: int = 26
    texts: int = 0  # cells whose text stands in the shared strings
    uncomputed: set[tuple[int, int]] = field(default_factory=set)


def scan_workbook(archive: zipfile.ZipFile) -> dict[str, SheetScan]:
    """Each sheet's part, once through. Raises Invalid where opening the workbook would take too much."""
    found: dict[str, SheetScan] = {}
    longest = 0
    for entry in archive.infolist():
        # The workbook's relations may call any part a sheet.
        if _holds_cells(archive, entry):
            found[entry.filename] = _scan_sheet(archive, entry)
        elif entry.filename.lower().endswith("sharedstrings.xml"):
            longest = max([longest, *_lengths(archive, entry)])
    if longest * sum(sheet.texts for sheet in found.values()) > _MOST_TEXT and _text_of(archive, found) > _MOST_TEXT:
        raise refuse("archive_too_large", "单元格里的文字合计超过 1 GB，请分成几份再上传。")
    return found


def lines_styled(archive: zipfile.ZipFile, part: str, column: int, styles: set[int]) -> set[int]:
    """Lines of a sheet whose cell of a column (from 0) has one of these styles."""
    return {
        int(line)
        for text in _whole_cells(archive, archive.getinfo(part))
        for letters, line, style in _STYLED.findall(text)
        if int(style) in styles and column_of(letters) == column
    }


def _holds_cells(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    tail = b""
    for chunk in pieces(archive, entry):
        if b"sheetData" in tail + chunk:
            return True
        tail = chunk[-16:]
    return False


def _whole_cells(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """A sheet's XML in pieces that cut no cell in two."""
    rest = b""
    for chunk in pieces(archive, entry):
        text = rest + chunk
        cut = text.rfind(b"<c ")
        if cut > 0:
            yield text[:cut]
            text = text[cut:]
        rest = text[-_CHUNK:]
    yield rest


def _scan_sheet(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> SheetScan:
    scan, odd = SheetScan(), False
    for text in _whole_cells(archive, entry):
        scan.rows = max([scan.rows, *map(int, _ROW.findall(text))])
        scan.columns = max([scan.columns, *(column_of(c) + 1 for c in set(_WIDE.findall(text)))])
        # Usual programs write <c r="A1" …>, in the row that it says.
        odd = odd or _ODD.search(text) is not None or _stray(scan.rows).search(text) is not None
        scan.texts += text.count(b't="s"')
        if b"<f" in text:
            scan.uncomputed.update((int(m[2]), column_of(m[1])) for m in _UNCOMPUTED.finditer(text))
    if odd or scan.rows * scan.columns > _MOST_AREA:
        scan.rows, scan.columns = _extent(archive, entry)
        if scan.rows * scan.columns > _MOST_AREA:
            raise refuse(
                "sheet_too_large",
                f"工作表的范围到第 {scan.rows} 行、第 {scan.columns} 列，过大，多半是远处有零散的单元格。"
                "请删去表格以外的行和列，另存后再上传。",
            )
    return scan


def _stray(row: int) -> re.Pattern[bytes]:
    """A cell that says a row beyond this one."""
    said = str(row)
    beyond = [rf"\d{{{len(said) + 1}}}"]
    for at, digit in enumerate(said):
        if digit < "9":
            beyond.append(rf"{said[:at]}[{int(digit) + 1}-9]\d{{{len(said) - at - 1}}}")
    return re.compile(rf'<c r="[A-Z]{{1,3}}0*(?:{"|".join(beyond)})'.encode())


def _extent(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> tuple[int, int]:
    """The last row and column that hold a cell, exactly, however they are written."""
    parser = expat.ParserCreate(namespace_separator=" ")
    row = column = last = widest = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal row, column, last, widest
        tag = name.rpartition(" ")[2]
        if tag == "row":
            row, column = int(attributes.get("r", row + 1)), 0
        elif tag == "c":
            column += 1
            if said := re.fullmatch(r"([A-Za-z]{1,3})(\d{1,9})", attributes.get("r", "")):
                row, column = int(said[2]), column_of(said[1].upper().encode()) + 1
        elif tag in {"v", "is", "f"}:  # a cell that has only a format counts for nothing
            last, widest = max(last, row), max(widest, column)

    def doctype(*_: Any) -> None:
        raise refuse("damaged", "文件内部结构不合规，不予打开。请在 Excel 或 WPS 中另存后再上传。")

    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    try:
        for chunk in pieces(archive, entry):
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError) as error:
        raise refuse("damaged", "表格打不开：文件不完整或已损坏。请在 Excel 或 WPS 中打开，另存后再上传。") from error
    return last, widest


def _lengths(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[int]:
    """Bytes of each shared text, in order."""
    rest = 0
    for chunk in pieces(archive, entry):
        *whole, tail = chunk.split(b"</si>")
        for text in whole:
            yield rest + len(text)
            rest = 0
        rest += len(tail)
    yield rest


def _text_of(archive: zipfile.ZipFile, sheets: dict[str, SheetScan]) -> int:
    """Bytes of all cells' texts, each with its own copy."""
    lengths: list[int] = []
    for entry in archive.infolist():
        if entry.filename.lower().endswith("sharedstrings.xml"):
            lengths = list(_lengths(archive, entry))
    total = counted = 0
    for name in sheets:
        for text in _whole_cells(archive, archive.getinfo(name)):
            said = [int(index) for index in _TEXT_CELL.findall(text)]
            total += sum(lengths[i] for i in said if i < len(lengths))
            counted += len(said)
    # What is written in another way than usual is taken at its worst.
    return total + max(0, sum(s.texts for s in sheets.values()) - counted) * max(lengths, default=0)


def column_of(letters: bytes) -> int:
    """A is 0, Z is 25, AA is 26."""
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1
