"""Files as rows: told by their content, whole or refused in words, and never made to open anything else."""

import codecs
import contextlib
import http.server
import io
import json
import sqlite3
import threading
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyogrio
import pytest
import shapely
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.exchange_files import biff, ole, raw_xlsx, read_all, refusal, table_rows, write_xlsx

from riskmap.base.errors import Invalid
from riskmap.exchange import archive as archives
from riskmap.exchange import table
from riskmap.exchange.tables import open_table

ROWS = [
    ["学校名称", "人数"],
    ["例湖小学", "600"],
    ["㐂𠮷小学", "300"],
]  # the second is beyond GBK: four bytes of GB 18030
TEXT = "".join(f"{a},{b}\r\n" for a, b in ROWS)


def put(folder: Path, body: bytes, name: str = "f_upload") -> Path:
    path = folder / name
    path.write_bytes(body)
    return path


# -- Text -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "encoding", "said"),
    [
        (b"", "utf-8", "utf-8-sig"),
        (codecs.BOM_UTF8, "utf-8", "utf-8-sig"),
        (b"", "gb18030", "gb18030"),
        (codecs.BOM_UTF16_LE, "utf-16-le", "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16-be", "utf-16"),
    ],
)
def test_text_in_the_encodings_of_offices(mark: bytes, encoding: str, said: str, tmp_path: Path) -> None:
    path = put(tmp_path, mark + TEXT.encode(encoding))
    assert open_table(path).encoding == said
    assert [cells for _, cells in table_rows(path)] == ROWS


def test_one_row_of_gbk_is_enough(tmp_path: Path) -> None:
    assert table_rows(put(tmp_path, "例湖小学,600".encode("gbk"))) == [(1, ["例湖小学", "600"])]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_file_that_ends_within_a_character_is_said_to_be_cut(encoding: str, tmp_path: Path) -> None:
    whole = TEXT.rstrip().encode(encoding) + "例".encode(encoding.replace("utf-16", "utf-16-le"))
    put(tmp_path, whole[:-1])
    assert refusal(tmp_path / "f_upload") == "damaged"


def test_utf8_that_is_cut_is_not_taken_for_gbk(tmp_path: Path) -> None:
    cut = "湖湖湖湖".encode()[:-2]  # an even number of bytes: legal GBK
    cut.decode("gbk")
    assert refusal(put(tmp_path, cut)) == "damaged"


def test_what_is_no_text_is_refused(tmp_path: Path) -> None:
    assert refusal(put(tmp_path, b"a,b\x00c\n")) == "not_a_table"
    assert refusal(put(tmp_path, b"\xff\xff\xff\xff,1\n")) == "unknown_encoding"
    assert refusal(put(tmp_path, TEXT.encode("utf-16-le"))) == "not_a_table"  # without its mark


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_is_the_one_that_splits(delimiter: str, tmp_path: Path) -> None:
    text = "学校清单；2026\n" + "\n".join(delimiter.join(r) for r in [*ROWS, ["甲；乙", "1"]]) + "\n"
    assert [cells for _, cells in table_rows(put(tmp_path, text.encode()))][1:] == [*ROWS, ["甲；乙", "1"]]


def test_lines_keep_the_files_own_numbers(tmp_path: Path) -> None:
    text = '名称,地址\r\n甲,"一路\r\n二路"\r\n\r\n乙,"说""好"""\r\n丙,\r\n'
    assert table_rows(put(tmp_path, text.encode())) == [
        (1, ["名称", "地址"]), (2, ["甲", "一路\r\n二路"]), (4, []), (5, ["乙", '说"好"']), (6, ["丙", None]),
    ]  # fmt: skip


def test_old_mac_line_ends(tmp_path: Path) -> None:
    assert [cells for _, cells in table_rows(put(tmp_path, "名称,人数\r甲,1\r乙,2".encode()))] == [
        ["名称", "人数"], ["甲", "1"], ["乙", "2"],
    ]  # fmt: skip


def test_a_quote_that_is_not_closed_loses_no_row_in_silence(tmp_path: Path) -> None:
    text = "名称,地址\n" + "甲,一路\n" * 5 + '乙,"二路\n' + "丙,三路\n" * 500
    with pytest.raises(Invalid, match="第 7 行"):
        table_rows(put(tmp_path, text.encode()))


def test_empty_files_of_each_kind(tmp_path: Path) -> None:
    assert refusal(put(tmp_path, b"")) == "empty_file"
    assert refusal(put(tmp_path, codecs.BOM_UTF8)) == "empty_workbook"
    assert refusal(put(tmp_path, b" \r\n\r\n")) == "empty_workbook"
    assert refusal(put(tmp_path, b",,\n,,\n")) == "empty_workbook"
    assert refusal(write_xlsx(tmp_path / "x.xlsx", [])) == "empty_workbook"
    assert refusal(put(tmp_path, b'{"type":"FeatureCollection","features":[]}')) == "empty_workbook"


def test_a_header_alone_is_a_table_of_one_line(tmp_path: Path) -> None:
    assert table_rows(put(tmp_path, "名称,人数\n".encode())) == [(1, ["名称", "人数"])]
    assert table_rows(write_xlsx(tmp_path / "x.xlsx", [["名称", "人数"]])) == [(1, ["名称", "人数"])]


def test_too_many_columns(tmp_path: Path) -> None:
    assert len(table_rows(put(tmp_path, ",".join("x" * 400).encode()))[0][1]) == 400
    assert refusal(put(tmp_path, ",".join("x" * 401).encode())) == "too_many_columns"
    assert len(table_rows(write_xlsx(tmp_path / "x.xlsx", [["x"] * 400]))[0][1]) == 400
    assert refusal(write_xlsx(tmp_path / "x.xlsx", [["x"] * 401])) == "too_many_columns"


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (b"%PDF-1.7\n", "not_a_table"), (b"\x89PNG\r\n\x1a\n", "not_a_table"), (b"\xff\xd8\xff\xe0", "not_a_table"),
        (b"GIF89a", "not_a_table"), (b"RIFF0000WEBP", "not_a_table"), (b"II*\x00", "not_a_table"), (b"Rar!\x1a\x07", "not_a_table"),
        (b"7z\xbc\xaf\x27\x1c", "not_a_table"), (b"\x1f\x8b\x08", "not_a_table"), (b"{\\rtf1", "not_a_table"),
        (b"<!DOCTYPE html><html>", "not_a_table"), (b"\xef\xbb\xbf\r\n<html xmlns:x=''>", "not_a_table"), (b"<?xml version='1.0'?>", "not_a_table"),
        (b"<OGRVRTDataSource>", "not_a_table"), (b"MZ\x90\x00", "not_a_table"), (b"\x7fELF", "not_a_table"), (b"PK\x03\x04", "damaged"),
        (b"\x00\x00\x27\x0a", "shp_alone"), (b"SQLite format 3\x00", "damaged"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "damaged"),
    ],
)  # fmt: skip
def test_what_is_no_table_is_told_by_its_first_bytes_under_any_name(head: bytes, code: str, tmp_path: Path) -> None:
    for name in ("f_upload", "清单.xlsx", "清单.csv", "清单.geojson"):
        assert refusal(put(tmp_path, head + b"\x00" * 600, name)) == code


# -- Workbooks ----------------------------------------------------------------------------------


def test_cells_of_every_kind_with_the_sheets_own_line_numbers(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    book = xlsxwriter.Workbook(path)
    page = book.add_worksheet("表")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    page.write(4, 2, "文字")
    page.write(6, 3, 12.5)
    page.write(6, 4, True)
    page.write_datetime(6, 5, datetime(2026, 3, 1), day)
    page.write_datetime(6, 6, datetime(2026, 3, 1, 8, 30), book.add_format({"num_format": "yyyy-mm-dd hh:mm"}))
    page.write_formula(6, 7, "=1/0", None, "#DIV/0!")
    page.write_string(6, 8, "00012")
    book.close()
    rows = dict(table_rows(path))
    assert rows[5] == [None, None, "文字", *[None] * 6]
    assert rows[7] == [None, None, None, 12.5, True, date(2026, 3, 1), datetime(2026, 3, 1, 8, 30), None, "00012"] or (
        rows[7][7] in {None, "#DIV/0!"}
    )
    assert sorted(rows) == list(range(1, 8))


def test_sheets_that_have_something_in_them_hidden_ones_too(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("空")
    hidden = book.add_worksheet("藏")
    hidden.write(0, 0, "甲")
    hidden.hide()
    book.add_worksheet("表").write(2, 1, "乙")
    book.close()
    found = open_table(path).sheets
    assert [(s.name, s.rows, s.columns) for s in found] == [("藏", 1, 1), ("表", 3, 2)]


def test_merged_cells_are_numbered_as_lines_are(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    book = xlsxwriter.Workbook(path)
    page = book.add_worksheet("表")
    page.merge_range(0, 0, 0, 3, "清单")
    page.merge_range(2, 1, 3, 1, "名称")
    book.close()
    assert sorted(open_table(path).merged("表")) == [(1, 0, 1, 3), (3, 1, 4, 1)]


def test_formulas_give_their_saved_value_and_are_named_where_none_was_saved(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["名称", "人数"])
    for line in range(2, 4000):
        page.append([f"第{line}小学", f"=SUM(A{line},1)" if line % 1000 == 0 else line])
    book.save(path)
    table = open_table(path)
    assert table.uncomputed(table.sheets[0].name) == {(1000, 1), (2000, 1), (3000, 1)}
    saved = raw_xlsx(
        tmp_path / "y.xlsx",
        '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>人数</t></is></c></row>'
        '<row r="2"><c r="A2"><f>1+1</f><v>2</v></c><c r="B2" t="str"><f>A1</f><v>文</v></c></row>'
        '<row r="3"><c r="A3"><f t="shared" si="0"/></c><c r="B3"><f>A1</f><v></v></c><c r="C3" s="1"><f>A1</f><v/></c></row></sheetData>',
    )
    assert dict(table_rows(saved))[2][:2] == [2.0, "文"]
    assert open_table(saved).uncomputed("表") == {(3, 0), (3, 1), (3, 2)}


def test_macros_are_noted_and_the_table_is_read(tmp_path: Path) -> None:
    path = raw_xlsx(
        tmp_path / "x.xlsm",
        '<sheetData><row r="1"><c r="A1"><v>1</v></c></row></sheetData>',
        extra={"xl/vbaProject.bin": b"Attribute VB_Name"},
    )
    table = open_table(path)
    assert "宏" in table.notes[0]
    assert table_rows(path) == [(1, [1.0])]


def test_a_sheet_with_an_error_of_new_excel_does_not_take_the_others_along(tmp_path: Path) -> None:
    bad = '<sheetData><row r="1"><c r="A1" t="e"><v>#SPILL!</v></c></row></sheetData>'
    with pytest.raises(Invalid, match="#SPILL!"):
        _ = open_table(raw_xlsx(tmp_path / "x.xlsx", bad)).sheets
    path = write_xlsx(tmp_path / "y.xlsx", [["名称"]], sheet="好")
    spoilt = tmp_path / "z.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(spoilt, "w") as new:
        for entry in old.infolist():
            body = old.read(entry)
            if entry.filename == "xl/workbook.xml":
                body = body.replace(b"</sheets>", '<sheet name="坏" sheetId="9" r:id="rId9"/></sheets>'.encode())
            if entry.filename == "xl/_rels/workbook.xml.rels":
                kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"
                body = body.replace(
                    b"</Relationships>",
                    b'<Relationship Id="rId9" Type="' + kind + b'" Target="worksheets/sheet9.xml"/></Relationships>',
                )
            new.writestr(entry.filename, body)
        new.writestr(
            "xl/worksheets/sheet9.xml",
            f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{bad}</worksheet>',
        )
    table = open_table(spoilt)
    assert [s.name for s in table.sheets] == ["好"]
    assert "坏" in table.notes[0]


@pytest.mark.parametrize("name", ["f_upload", "清单.xlsx", "清单.xls", "清单.csv", "清单.zip"])
def test_a_workbook_is_one_under_any_name(name: str, tmp_path: Path) -> None:
    made = write_xlsx(tmp_path / "made.xlsx", [["名称"], ["甲"]])
    path = tmp_path / name
    path.write_bytes(made.read_bytes())
    assert table_rows(path) == [(1, ["名称"]), (2, ["甲"])]


def test_a_workbook_that_was_cut_anywhere_is_damaged(tmp_path: Path) -> None:
    whole = write_xlsx(tmp_path / "x.xlsx", [["名称", "人数"], *([f"第{i}小学", i] for i in range(300))]).read_bytes()
    for part in (10, 100, len(whole) // 2, len(whole) - 30, len(whole) - 1):
        assert refusal(put(tmp_path, whole[:part])) == "damaged"


def test_a_workbook_with_a_byte_turned_is_read_or_refused(tmp_path: Path) -> None:
    whole = write_xlsx(tmp_path / "x.xlsx", [["名称", "人数"], *([f"第{i}小学", i] for i in range(300))]).read_bytes()
    for at in range(0, len(whole), max(1, len(whole) // 120)):
        path = put(tmp_path, whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
        with contextlib.suppress(Invalid):
            table = open_table(path)
            for sheet in table.sheets:
                list(table.rows(sheet.name))
                table.merged(sheet.name)
                table.uncomputed(sheet.name)


def test_documents_that_are_archives_too(tmp_path: Path) -> None:
    for entry, code in (
        ("word/document.xml", "not_a_table"), ("ppt/presentation.xml", "not_a_table"), ("content.xml", "not_a_table"),
        ("xl/workbook.bin", "not_a_table"), ("说明.txt", "not_a_table"), ("学校.xlsx", "not_a_table"),
    ):  # fmt: skip
        with zipfile.ZipFile(tmp_path / "f_upload", "w") as archive:
            archive.writestr(entry, "x")
        assert refusal(tmp_path / "f_upload") == code


# -- Old workbooks, passwords ------------------------------------------------------------------------


def test_an_xls_is_read(tmp_path: Path) -> None:
    path = ole(tmp_path / "f_upload", {"Workbook": biff([(0, 0, 1.0), (2, 1, 2.5)])})
    assert table_rows(path) == [(1, [1.0, None]), (2, [None, None]), (3, [None, 2.5])]


def test_a_workbook_with_a_password_asks_for_it_to_be_taken_off(tmp_path: Path) -> None:
    path = ole(tmp_path / "f_upload", {"EncryptionInfo": b"\x04\x00\x04\x00", "EncryptedPackage": bytes(9000)})
    assert refusal(path) == "password"


def test_a_word_document_of_the_old_kind(tmp_path: Path) -> None:
    assert refusal(ole(tmp_path / "f_upload", {"WordDocument": bytes(5000)})) == "not_a_table"


def test_an_xls_with_a_cell_at_the_far_corner_takes_no_memory_of_ours(tmp_path: Path) -> None:
    path = ole(tmp_path / "f_upload", {"Workbook": biff([(0, 0, 1.0), (65_535, 65_535, 2.0)])})
    assert refusal(path) == "damaged"


# -- Too much -----------------------------------------------------------------------------------------


def test_a_stray_cell_at_the_far_corner_is_named(tmp_path: Path) -> None:
    far = '<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="{}1048576"><v>1</v></c></row></sheetData>'
    with pytest.raises(Invalid, match="1048576") as refused:
        open_table(raw_xlsx(tmp_path / "x.xlsx", far.format("XFD")))
    assert refused.value.code == "sheet_too_large"
    assert open_table(raw_xlsx(tmp_path / "x.xlsx", far.format("B"))).sheets[0].rows == 1_048_576


@pytest.mark.parametrize(
    "cell",
    [
        "<c r='XFD1048576'><v>1</v></c>", '<c s="0" r="XFD1048576"><v>1</v></c>', '<c\nr="XFD1048576"><v>1</v></c>',
        '<c r="xfd1048576"><v>1</v></c>', '<x:c xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main" r="XFD1048576"><x:v>1</x:v></x:c>',
        '<c r = "XFD1048576"><v>1</v></c>', '<c r="&#88;FD1048576"><v>1</v></c>',
    ],
)  # fmt: skip
def test_the_far_corner_is_found_however_it_is_written(cell: str, tmp_path: Path) -> None:
    path = raw_xlsx(tmp_path / "x.xlsx", f'<sheetData><row r="1"><c r="A1"><v>1</v></c>{cell}</row></sheetData>')
    assert refusal(path) == "sheet_too_large"


@pytest.mark.parametrize(
    ("row", "far"),
    [(1, 2), (9, 10), (99, 100), (123, 124), (123, 130), (123, 200), (123, 1000), (1_000_000, 1_048_576)],
)
def test_a_cell_beyond_the_row_that_it_stands_in_is_noticed(row: int, far: int) -> None:
    beyond = archives._stray(row)
    assert beyond.search(b'<c r="B%d"' % far)
    assert not beyond.search(b'<c r="B%d"' % row)
    assert all(bool(beyond.search(b'<c r="AB%d">' % n)) == (n > row) for n in range(1, 1300))


def test_a_sheet_may_stand_in_any_part(tmp_path: Path) -> None:
    far = '<sheetData><row r="1"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    made = raw_xlsx(tmp_path / "x.xlsx", far)
    moved = tmp_path / "y.xlsx"
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(moved, "w") as new:
        for entry in old.infolist():
            body = old.read(entry).replace(b"worksheets/sheet1.xml", b"media/image1.png")
            new.writestr(entry.filename.replace("worksheets/sheet1.xml", "media/image1.png"), body)
    assert refusal(moved) == "sheet_too_large"


def test_cells_that_have_only_a_format_are_no_extent(tmp_path: Path) -> None:
    path = raw_xlsx(
        tmp_path / "x.xlsx",
        '<sheetData><row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="1"/></row></sheetData>',
    )
    assert table_rows(path) == [(1, [1.0])]


def test_a_text_that_is_shared_by_very_many_cells(tmp_path: Path) -> None:
    cells = "".join(f'<row r="{i}"><c r="A{i}" t="s"><v>0</v></c></row>' for i in range(1, 3001))
    long = raw_xlsx(tmp_path / "x.xlsx", f"<sheetData>{cells}</sheetData>", shared=f"<si><t>{'文' * 200_000}</t></si>")
    assert refusal(long) == "archive_too_large"
    # One long text that stands once does not refuse a large file.
    once = cells.replace('<row r="1"><c r="A1" t="s"><v>0</v>', '<row r="1"><c r="A1" t="s"><v>1</v>')
    fine = raw_xlsx(
        tmp_path / "y.xlsx",
        f"<sheetData>{once}</sheetData>",
        shared=f"<si><t>短</t></si><si><t>{'文' * 200_000}</t></si>",
    )
    assert len(table_rows(fine)) == 3000


def test_an_archive_that_unpacks_to_too_much_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "f_upload"
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("layer.geojson", "w", force_zip64=True) as out,
    ):
        for _ in range(64):
            out.write(b" " * (1 << 20))
    assert refusal(path) == "archive_too_large"
    assert not list(tmp_path.glob("*.unpacked"))


def test_a_part_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    body = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + b" " * (5 << 20)
        + b"</sheetData></worksheet>"
    )
    made = raw_xlsx(tmp_path / "x.xlsx", "").read_bytes()
    path = tmp_path / "y.xlsx"
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in old.infolist():
            new.writestr(entry.filename, body if "sheet1" in entry.filename else old.read(entry))
    # The list at the archive's end says a hundredth of it, with a checksum of just that.
    data = bytearray(path.read_bytes())
    at = data.rfind(b"xl/worksheets/sheet1.xml") - 46
    data[at + 16 : at + 20] = zlib.crc32(body[:50_000]).to_bytes(4, "little")
    data[at + 24 : at + 28] = (50_000).to_bytes(4, "little")
    path.write_bytes(data)
    assert refusal(path) == "damaged"


def test_hostile_archives(tmp_path: Path) -> None:
    def archive(*names: str, flags: int = 0, link: bool = False) -> Path:
        path = tmp_path / "f_upload"
        with zipfile.ZipFile(path, "w") as out:
            for name in names:
                entry = zipfile.ZipInfo(name)
                if link:
                    entry.external_attr = 0o120777 << 16
                out.writestr(entry, b"xy")
        if flags:
            data = bytearray(path.read_bytes())
            data[data.rfind(b"PK\x01\x02") + 8] |= flags
            path.write_bytes(data)
        return path

    for name in ("../a.geojson", "/etc/a.geojson", "x/../../a.geojson", "..\\a.geojson"):
        assert refusal(archive(name)) == "damaged"
    assert refusal(archive("a.geojson", link=True)) == "damaged"
    assert refusal(archive("a.geojson", flags=1)) == "password"
    assert refusal(archive(*(f"{i}.txt" for i in range(2_001)))) == "archive_too_large"
    assert refusal(archive("a.shp", "县/b.shp")) == "several_layers"
    assert refusal(archive("a.geojson", "b.gpkg")) == "several_layers"
    assert refusal(archive("a.shp")) == "damaged"  # what it holds is no shapefile
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f_upload", "f_upload.unpacked"]


# -- Layers ---------------------------------------------------------------------------------------------

POINTS = shapely.to_wkb(shapely.points([[116.1, 29.6], [116.2, 29.7]]))


def write_layer(
    path: Path, *, driver: str, crs: str | None = "EPSG:4490", names: Any = ("例湖小学", "㐂小学"), **more: Any
) -> Path:
    pyogrio.raw.write(
        path, POINTS, [np.array(names, dtype=object), np.array([600, 300])], ["学校名称", "人数"], driver=driver,
        geometry_type="Point", crs=crs, **more,
    )  # fmt: skip
    return path


def shapefile(folder: Path, *, encoding: str, cpg: bool, **more: Any) -> Path:
    folder.mkdir(exist_ok=True)
    write_layer(folder / "layer.shp", driver="ESRI Shapefile", encoding=encoding, **more)
    if not cpg:
        (folder / "layer.cpg").unlink(missing_ok=True)
        dbf = folder / "layer.dbf"
        body = bytearray(dbf.read_bytes())
        body[29] = 0  # the language byte
        dbf.write_bytes(body)
    return folder


@pytest.mark.parametrize(("encoding", "cpg"), [("GBK", False), ("GBK", True), ("UTF-8", True), ("UTF-8", False)])
def test_a_shapefile_is_read_in_its_encoding_said_or_not(encoding: str, cpg: bool, tmp_path: Path) -> None:
    names = ("例湖小学", "信湖小学")
    folder = shapefile(tmp_path / "s", encoding=encoding, cpg=cpg, names=names)
    rows = table_rows(folder)
    # A name has ten bytes: in UTF-8 the fourth letter is cut, and left out.
    assert rows[0] == (0, ["学校名称" if encoding == "GBK" else "学校名", "人数", "〔图形〕"])
    assert [cells[:2] for _, cells in rows[1:]] == [["例湖小学", 600], ["信湖小学", 300]]
    assert rows[1][1][2].equals(shapely.Point(116.1, 29.6))
    assert open_table(folder).crs == "EPSG:4490"


def test_a_code_page_that_is_not_true_is_not_believed(tmp_path: Path) -> None:
    folder = shapefile(tmp_path / "s", encoding="GBK", cpg=False, names=("例湖小学", "信湖小学"))
    for said in ("UTF-8", "ISO-8859-1", "936", "GB2312", "无", ""):
        (folder / "layer.cpg").write_text(said, encoding="utf-8")
        assert table_rows(folder)[1][1][0] == "例湖小学", said


def test_long_fields_do_not_make_utf8_look_like_gbk(tmp_path: Path) -> None:
    # A length of 254 stands in the header as a byte that is not UTF-8.
    folder = shapefile(tmp_path / "s", encoding="UTF-8", cpg=False, names=("湖" * 84, "小"))
    assert (folder / "layer.dbf").read_bytes()[48] > 0x80
    assert table_rows(folder)[1][1][0] == "湖" * 84


def test_a_shapefile_as_a_zip_with_folders_and_rubbish(tmp_path: Path) -> None:
    folder = shapefile(tmp_path / "s", encoding="GBK", cpg=False, names=("例湖", "信湖"))
    path = tmp_path / "f_upload"
    with zipfile.ZipFile(path, "w") as archive:
        for part in folder.iterdir():
            archive.write(part, f"图层/学校{part.suffix.upper()}")
        archive.writestr("__MACOSX/图层/._学校.shp", b"\x00\x05\x16\x07")
        archive.writestr("图层/readme.txt", "x")
    for _ in range(2):  # unpacked once, opened twice
        assert [cells[0] for _, cells in table_rows(path)[1:]] == ["例湖", "信湖"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f_upload", "f_upload.unpacked", "s"]


def test_parts_of_a_shapefile_that_are_missing_are_named(tmp_path: Path) -> None:
    folder = shapefile(tmp_path / "s", encoding="UTF-8", cpg=True)
    assert refusal(folder / "layer.shp") == "shp_alone"
    (folder / "layer.prj").unlink()
    assert open_table(folder).crs is None
    (folder / "layer.shx").unlink()
    assert refusal(folder) == "shp_alone"
    (folder / "layer.shp").unlink()
    assert refusal(folder) == "not_a_table"


def test_a_local_projection_is_not_taken_for_the_one_that_it_is_named_like(tmp_path: Path) -> None:
    folder = shapefile(tmp_path / "s", encoding="UTF-8", cpg=True, crs="EPSG:4548")
    assert open_table(folder).crs == "EPSG:4548"
    prj = folder / "layer.prj"
    prj.write_text(prj.read_text().replace("117.0", "116.5"))
    assert open_table(folder).crs is None


def test_a_geopackage_with_several_layers(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "a.gpkg", driver="GPKG", layer="学校")
    write_layer(path, driver="GPKG", layer="医院", append=False, crs="EPSG:4326")
    table = open_table(path)
    assert [(s.name, s.rows) for s in table.sheets] == [("学校", 3), ("医院", 3)]
    assert table.crs is None  # they do not agree
    assert [cells[0] for _, cells in table.rows("医院")] == ["学校名称", "例湖小学", "㐂小学"]


def test_a_geopackage_is_one_under_any_name(tmp_path: Path) -> None:
    made = write_layer(tmp_path / "a.gpkg", driver="GPKG")
    assert len(table_rows(put(tmp_path, made.read_bytes()))) == 3


def test_shapes_of_three_dimensions_and_of_mixed_kinds_are_given_as_they_are(tmp_path: Path) -> None:
    shapes = [shapely.Point(116, 29, 5), shapely.LineString([(1, 2), (3, 4)]), None, shapely.Polygon()]
    features = [
        {
            "type": "Feature",
            "properties": {"n": i},
            "geometry": None if g is None else json.loads(shapely.to_geojson(g)),
        }
        for i, g in enumerate(shapes)
    ]
    path = put(tmp_path, json.dumps({"type": "FeatureCollection", "features": features}).encode())
    found = [cells[-1] for _, cells in table_rows(path)[1:]]
    assert found[0].has_z
    assert found[1].geom_type == "LineString"
    assert found[2] is None
    assert found[3].is_empty


# -- GeoJSON ----------------------------------------------------------------------------------------------


def geojson(folder: Path, body: Any, encoding: str = "utf-8") -> Path:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return put(folder, text.encode(encoding))


def collection(*features: Any, **more: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **more}


def feature(at: Any = (116.1, 29.6), **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "properties": properties, "geometry": {"type": "Point", "coordinates": list(at)}}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_geojson_with_properties_of_every_kind(encoding: str, tmp_path: Path) -> None:
    path = geojson(
        tmp_path,
        collection(
            feature(名称="例湖", 人数=600, 开=True, 空=None),
            feature(名称="㐂", 表=[1, {"a": 2}], 人数=1.5, 长=12345678901234567890),
        ),
        encoding,
    )
    rows = table_rows(path)
    assert rows[0] == (0, ["名称", "人数", "开", "空", "表", "长", "〔图形〕"])
    assert rows[1][1][:-1] == ["例湖", 600, True, None, None, None]
    assert rows[2][1][:-1] == ["㐂", 1.5, None, None, '[1, {"a": 2}]', 12345678901234567890]


def test_members_in_any_order_and_features_longer_than_a_piece(tmp_path: Path) -> None:
    features = ",".join(json.dumps(feature(n=i, text="长" * (i * 400))) for i in range(60))
    text = f'\n{{ "name" : "a" , "features" : [ {features} ] , "type" : "FeatureCollection" }}\n'
    assert len(text) > 3 << 20
    rows = table_rows(geojson(tmp_path, text))
    assert [cells[0] for _, cells in rows[1:]] == list(range(60))


def test_a_single_feature_and_a_bare_geometry(tmp_path: Path) -> None:
    assert [c[0] for _, c in table_rows(geojson(tmp_path, feature(名称="甲")))] == ["名称", "甲"]
    assert table_rows(geojson(tmp_path, {"type": "Point", "coordinates": [1, 2]}))[1][1][-1].equals(shapely.Point(1, 2))


@pytest.mark.parametrize(
    ("body", "crs"),
    [
        (collection(feature()), "EPSG:4326"),
        (collection(feature((39_438_347.5, 3_244_555.6))), None),
        (
            collection(feature(), crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::4490"}}),
            "EPSG:4490",
        ),
        (collection(feature(), crs={"type": "name", "properties": {"name": "EPSG:4527"}}), "EPSG:4527"),
        (
            collection(feature(), crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}),
            "EPSG:4326",
        ),
        (collection(feature(), crs={"type": "name", "properties": {"name": "九江地方坐标系"}}), None),
        (collection(feature(), crs={"type": "link", "properties": {"href": "http://example.org/crs"}}), None),
        (collection(feature(), crs={"type": "name"}), None),
        (collection(feature(), crs="EPSG:4490"), None),
        (collection(feature(), crs=None), "EPSG:4326"),
    ],
)
def test_the_system_that_geojson_names(body: Any, crs: str | None, tmp_path: Path) -> None:
    assert open_table(geojson(tmp_path, body)).crs == crs


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{", "damaged"),
        ('{"type":"FeatureCollection","features":[', "damaged"),
        ('{"type":"FeatureCollection","features":[{"type":"Feature"', "damaged"),
        ('{"type":"FeatureCollection","features":[{}]} {}', "damaged"),
        ('{"type":"FeatureCollection","features":[{},]}', "damaged"),
        ('{"type":"FeatureCollection" "features":[]}', "damaged"),
        ('{1:2}', "damaged"),
        ('{"features":[{"type":"Feature","properties":[1]}]}', "damaged"),
        ('{"features":[{"n":' + "[" * 100_000 + "]" * 100_000 + "}]}", "damaged"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "damaged"),
        ('{"features":[{"properties":{"n":' + "9" * 5_000 + "}}]}", "damaged"),
        ('{"type":"Topology","objects":{}}', "not_a_table"),
        ('{"type":"gdal_streamed_alg","command_line":"gdal vector pipeline ! read /etc/passwd"}', "not_a_table"),
        ('{"features":[{"attributes":{"名称":"甲"},"geometry":{"x":1,"y":2}}]}', "not_a_table"),
        ('{"name":"甲"}', "not_a_table"),
        ("{}", "not_a_table"),
        ('{"features":' + json.dumps([{"properties": {f"f{i}": 1}} for i in range(401)]) + "}", "too_many_columns"),
    ],
)  # fmt: skip
def test_what_is_no_whole_geojson_is_refused(body: str, code: str, tmp_path: Path) -> None:
    assert refusal(geojson(tmp_path, body)) == code


def test_a_feature_that_is_larger_than_any_that_we_store(tmp_path: Path) -> None:
    assert refusal(geojson(tmp_path, '{"features":[{"n":[' + "1," * (20 << 20) + "1]}]}")) == "too_large"


def test_a_geometry_that_is_none_stays_as_text_for_its_row_to_come_back(tmp_path: Path) -> None:
    broken = [
        {"type": "Point"}, {"type": "Polygon", "coordinates": [[1, 2]]}, {"type": "Nonsense", "coordinates": []}, "POINT(1 2)", 7, [],
        {"type": "LineString", "coordinates": [[1, 2]]}, {"type": "Point", "coordinates": ["a", "b"]}, {"type": "Point", "coordinates": {"x": 1}},
    ]  # fmt: skip
    path = geojson(tmp_path, collection(*({"type": "Feature", "properties": {"n": 1}, "geometry": g} for g in broken)))
    found = [cells[-1] for _, cells in table_rows(path)[1:]]
    assert len(found) == len(broken)
    assert all(isinstance(g, str) or g.is_empty for g in found)


def test_a_ring_that_is_not_closed_is_closed(tmp_path: Path) -> None:
    ring = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}
    path = geojson(tmp_path, collection({"type": "Feature", "properties": {}, "geometry": ring}))
    assert table_rows(path)[1][1][-1].area == 1


# -- Nothing else is opened ---------------------------------------------------------------------------------


@pytest.fixture
def asked() -> Iterator[tuple[str, list[str]]]:
    """An address, and what was asked there."""
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    server.server_close()


def test_no_file_makes_us_ask_an_address_or_read_another_file(asked: tuple[str, list[str]], tmp_path: Path) -> None:
    address, seen = asked
    secret = put(tmp_path, b"a,b\n1,secret\n", "secret.csv")
    vrt = '<OGRVRTDataSource><OGRVRTLayer name="s"><SrcDataSource>{}</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>'
    bodies = [
        json.dumps(collection(feature(), crs={"type": "link", "properties": {"href": f"{address}/crs"}})),
        json.dumps(collection(feature(), crs={"type": "url", "properties": {"url": f"{address}/crs"}})),
        json.dumps(collection(feature(), crs={"type": "name", "properties": {"name": f"{address}/crs"}})),
        json.dumps({"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read {secret}"}),
        json.dumps(
            {"type": "gdal_streamed_alg", "command_line": f"gdal vector pipeline ! read /vsicurl/{address}/x.csv"}
        ),
        vrt.format(secret),
        vrt.format(f"/vsicurl/{address}/x.csv"),
        f"<OGRWFSDataSource><URL>{address}/wfs</URL></OGRWFSDataSource>",
        json.dumps(
            {
                "type": "FeatureCollection",
                "features": [feature()],
                "links": [{"rel": "next", "href": f"{address}/next"}],
            }
        ),
        json.dumps({"conformsTo": [], "links": [{"href": f"{address}/collections", "rel": "data"}]}),
    ]
    for body in bodies:
        for name in ("f_upload", "a.geojson", "a.json", "a.gpkg", "a.vrt", "a.shp"):
            path = put(tmp_path, body.encode(), name)
            packed = tmp_path / "packed.zip"
            with zipfile.ZipFile(packed, "w") as archive:
                archive.writestr("layer.geojson", body)
            for given_ in (path, packed):
                with contextlib.suppress(Invalid):
                    assert "secret" not in repr(table_rows(given_))
            for unpacked in tmp_path.glob("*.unpacked/*"):
                unpacked.unlink()
            for folder in tmp_path.glob("*.unpacked"):
                folder.rmdir()
    assert seen == []


def test_a_geopackage_brings_nothing_that_runs(asked: tuple[str, list[str]], tmp_path: Path) -> None:
    address, seen = asked
    secret = put(tmp_path, b"a,b\n1,secret\n", "secret.csv")

    def package(*statements: str) -> Path:
        path = tmp_path / "p.gpkg"
        path.unlink(missing_ok=True)
        write_layer(path, driver="GPKG", layer="学校")
        with contextlib.closing(sqlite3.connect(path)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()
        return path

    listed = "INSERT INTO gpkg_contents(table_name,data_type,identifier,last_change) VALUES('v','attributes','v','2026-01-01T00:00:00Z')"
    module = (
        "PRAGMA writable_schema=ON",
        f"INSERT INTO sqlite_master(type,name,tbl_name,rootpage,sql) VALUES('table','v','v',0,'CREATE VIRTUAL TABLE v USING VirtualOGR(''{secret}'')')",
    )
    assert refusal(package("CREATE VIEW v AS SELECT 1 AS fid, 'x' AS t", listed)) == "not_a_table"
    assert (
        refusal(package("CREATE TABLE v (fid INTEGER PRIMARY KEY, t TEXT GENERATED ALWAYS AS (hex(fid)))", listed))
        == "not_a_table"
    )
    assert refusal(package("CREATE TABLE v (fid INTEGER PRIMARY KEY, t TEXT AS (hex(fid)))", listed)) == "not_a_table"
    assert refusal(package(*module, listed)) == "not_a_table"
    assert refusal(package(*module)) == "not_a_table"
    assert refusal(package("CREATE VIEW w AS SELECT 1")) == "not_a_table"
    # A system whose definition is an address.
    elsewhere = package(
        f"UPDATE gpkg_spatial_ref_sys SET organization='none', definition='{address}/srs' WHERE srs_id=4490",
        f"UPDATE gpkg_spatial_ref_sys SET definition='{address}/srs2' WHERE srs_id IN (0,-1)",
    )
    with contextlib.suppress(Invalid):
        assert open_table(elsewhere).crs in {None, "EPSG:4490"}
    assert seen == []


def test_a_database_that_is_no_geopackage(tmp_path: Path) -> None:
    path = tmp_path / "f_upload"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE a (b)")
        connection.commit()
    assert refusal(path) == "not_a_table"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE gpkg_contents (table_name)")
        connection.commit()
    assert refusal(path) == "not_a_table"


def test_a_geopackage_that_was_cut(tmp_path: Path) -> None:
    whole = write_layer(tmp_path / "a.gpkg", driver="GPKG").read_bytes()
    for part in (100, 4096, len(whole) // 2):
        assert refusal(put(tmp_path, whole[:part])) in {"damaged", "not_a_table"}


def test_a_shapefile_that_was_cut_is_read_or_refused(tmp_path: Path) -> None:
    folder = shapefile(tmp_path / "s", encoding="UTF-8", cpg=True)
    for name in ("layer.dbf", "layer.shx", "layer.shp"):
        whole = (folder / name).read_bytes()
        for part in (0, 20, 33, 100, len(whole) - 3):
            (folder / name).write_bytes(whole[:part])
            with contextlib.suppress(Invalid):
                table_rows(folder)
        (folder / name).write_bytes(whole)


# -- Anything at all -------------------------------------------------------------------------------------------

HEADS = [
    b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"SQLite format 3\x00", b"{", b'{"features":[', b'{"type":"Feature","geometry":',
    b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\x27\x0a", b"<", b'"a,', b"a;b\n",
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=st.sampled_from(HEADS), body=st.binary(max_size=400))
def test_any_bytes_are_a_table_or_refused_in_words(head: bytes, body: bytes, tmp_path: Path) -> None:
    path = put(tmp_path, head + body)
    with contextlib.suppress(Invalid):
        assert all(line >= 0 and isinstance(cells, list) for line, cells in read_all(path))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(
        st.lists(
            st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=8),
            min_size=2,
            max_size=2,
        ),
        min_size=1,
        max_size=6,
    )
)
def test_what_is_written_as_csv_is_read_as_the_same(rows: list[list[str]], tmp_path: Path) -> None:
    import csv

    out = io.StringIO()
    csv.writer(out).writerows([["名称", "人数"], *rows])
    path = put(tmp_path, codecs.BOM_UTF8 + out.getvalue().encode())
    found = [cells for _, cells in table_rows(path)]
    assert found[0] == ["名称", "人数"]
    assert found[1:] == rows


def test_archives_are_bounded_by_numbers_that_hold_for_honest_files() -> None:
    # A sheet of a million rows of thirty columns, and one of a hundred thousand rows of 390.
    assert archives._MOST_AREA >= 1_048_576 * 30
    assert archives._MOST_AREA >= 100_000 * 390
    assert table.MOST_LINES >= 1_048_576
