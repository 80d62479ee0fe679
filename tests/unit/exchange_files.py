"""What the tests of exchange share: the catalogue from its files, a small city, tables read to the end, files made by hand."""

import struct
import zipfile
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from riskmap.base.errors import Invalid
from riskmap.catalogue.model import Catalogue, Class, Scale
from riskmap.catalogue.seed import read_files
from riskmap.exchange.headers import Column, Header, Matcher, find_header, match_columns
from riskmap.exchange.rows import Divisions, Reading, RowReader
from riskmap.exchange.tables import open_table
from riskmap.exchange.targets import Target, targets_of


@cache
def catalogue() -> Catalogue:
    """As the files of the repository declare it."""
    items = list(read_files())
    classes = {i.code: Class.parse(1, i.body) for i in items if i.kind == "class"}
    scales = {i.code: Scale.parse(i.body) for i in items if i.kind == "scale"}
    return Catalogue(1, (), classes, scales, {})


def targets(class_: str) -> dict[str, Target]:
    """Of a class, by name."""
    return {t.target: t for t in targets_of(catalogue().classes[class_], catalogue())}


def matcher(class_: str) -> Matcher:
    """Of a class."""
    return Matcher(catalogue().classes[class_], list(targets(class_).values()))


def columns_of(class_: str, header: Sequence[str]) -> list[Column]:
    """A header's columns, nothing remembered."""
    return match_columns(Header(1, 1, tuple(header)), matcher(class_), {})


CITY = Divisions(
    [
        {"code": code, "name": name, "level": level}
        for code, name, level in (
            ("360000", "江西省", "province"),
            ("360400", "九江市", "city"),
            ("360402", "濂溪区", "county"),
            ("360403", "浔阳区", "county"),
            ("360425", "永修县", "county"),
            ("360402100", "新港镇", "town"),
            ("360425100", "新港镇", "town"),
            ("360402001", "十里街道", "town"),
            ("360425200", "三角乡", "town"),
        )
    ]
)


def reader(class_: str, header: Sequence[str], divisions: Divisions = CITY, uncomputed: Any = ()) -> RowReader:
    """What reads lines under a header."""
    return RowReader(
        catalogue().classes[class_], targets(class_), columns_of(class_, header), divisions, set(uncomputed)
    )


def read(class_: str, **cells: Any) -> Reading:
    """One line, its cells by their headers; the name is there unless it is given."""
    cells = {"名称": "某某", **cells}
    return reader(class_, list(cells)).read(2, list(cells.values()))


def faults(reading: Reading) -> dict[str, str]:
    """Code by column."""
    return {f.column: f.code for f in reading.faults}


def table_rows(path: Path) -> list[tuple[int, list[Any]]]:
    """All lines of the only sheet."""
    table = open_table(path)
    [sheet] = table.sheets
    return list(table.rows(sheet.name))


def read_all(path: Path) -> list[tuple[int, list[Any]]]:
    """All lines of all sheets."""
    table = open_table(path)
    return [row for sheet in table.sheets for row in table.rows(sheet.name)]


def refusal(path: Path) -> str:
    """The code with which a file is refused, on opening or on reading."""
    with pytest.raises(Invalid) as refused:
        read_all(path)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in refused.value.detail)
    return refused.value.code


def header_of(class_: str, rows: Iterable[Sequence[Any]], merged: Sequence[Sequence[int]] = ()) -> Header | None:
    """Found in lines that are numbered from 1."""
    return find_header([(line, list(cells)) for line, cells in enumerate(rows, 1)], merged, matcher(class_))


def write_xlsx(path: Path, rows: Iterable[Sequence[Any]], *, sheet: str = "表") -> Path:
    """A plain workbook."""
    book = xlsxwriter.Workbook(path)
    page = book.add_worksheet(sheet)
    for line, cells in enumerate(rows):
        page.write_row(line, 0, cells)
    book.close()
    return path


_SPACE = "http://schemas.openxmlformats.org"


def raw_xlsx(path: Path, sheet_data: str, *, shared: str = "", extra: dict[str, bytes] | None = None) -> Path:
    """A workbook whose sheet is written as given."""
    rels = f"{_SPACE}/package/2006/relationships"
    office = f"{_SPACE}/officeDocument/2006/relationships"
    main = f"{_SPACE}/spreadsheetml/2006/main"
    types = f"{_SPACE}/package/2006/content-types"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{types}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{rels}"><Relationship Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="表" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{rels}"><Relationship Id="rId1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="rId2" Type="{office}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}">{sheet_data}</worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">{shared}</sst>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
        for name, body in (extra or {}).items():
            archive.writestr(name, body)
    return path


def ole(path: Path, streams: dict[str, bytes]) -> Path:
    """A compound file (MS-CFB, version 3) of some streams in its root, each of at least 4096 bytes."""
    size, free, end = 512, 0xFFFFFFFF, 0xFFFFFFFE
    bodies = {name: body.ljust(max(4096, -(-len(body) // size) * size), b"\x00") for name, body in streams.items()}
    entries = -(-(len(bodies) + 1) // 4)
    fat, at = [0xFFFFFFFD], 1
    directory = [*range(at + 1, at + entries), end]
    fat += directory
    at += entries
    starts = {}
    for name, body in bodies.items():
        count = len(body) // size
        starts[name] = at
        fat += [*range(at + 1, at + count), end]
        at += count
    assert at <= 128, "one sector of the table is enough for the tests"
    fat += [free] * (128 - len(fat))

    def entry(name: str, kind: int, start: int, length: int, *, child: int = free, right: int = free) -> bytes:
        said = name.encode("utf-16-le") + b"\x00\x00"
        return (
            said.ljust(64, b"\x00") + struct.pack("<HBBIII", len(said), kind, 1, free, right, child) + bytes(36)
            + struct.pack("<IQ", start, length)
        )  # fmt: skip

    names = sorted(bodies, key=lambda n: (len(n), n.upper()))
    listed = [entry("Root Entry", 5, end, 0, child=1)]
    for number, name in enumerate(names, 1):
        listed.append(
            entry(name, 2, starts[name], len(bodies[name]), right=number + 1 if number < len(names) else free)
        )
    root = b"".join(listed).ljust(entries * size, b"\x00")
    head = (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
        + struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<109I", 0, *[free] * 108)
    )  # fmt: skip
    path.write_bytes(head + struct.pack("<128I", *fat) + root + b"".join(bodies.values()))
    return path


def biff(cells: Iterable[tuple[int, int, float]], *, last: tuple[int, int] = (10, 3)) -> bytes:
    """The Workbook stream of an xls of one sheet with numbers."""

    def record(kind: int, body: bytes) -> bytes:
        return struct.pack("<HH", kind, len(body)) + body

    def begin(kind: int) -> bytes:
        return record(0x0809, struct.pack("<HHHHII", 0x0600, kind, 0x0DBB, 0x07CC, 0, 6))

    end = record(0x000A, b"")
    name = "Sheet1".encode("utf-16-le")
    listed = len(begin(5)) + len(record(0x0085, struct.pack("<IBBBB", 0, 0, 0, 6, 1) + name)) + len(end)
    book = begin(5) + record(0x0085, struct.pack("<IBBBB", listed, 0, 0, 6, 1) + name) + end
    sheet = begin(0x10) + record(0x0200, struct.pack("<IIHHH", 0, last[0], 0, last[1], 0))
    for row, column, value in cells:
        sheet += record(0x0203, struct.pack("<HHHd", row, column, 15, value))
    return book + sheet + end
