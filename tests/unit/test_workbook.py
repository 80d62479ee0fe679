"""Rows that are written straight into a sheet: the file says the same as of cells written one by one."""

import re
import tracemalloc
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from openpyxl import load_workbook
from tests.unit.sheet_makers import imprint

from riskmap.paper import workbook
from riskmap.paper.rows import Pen, RowSheet
from riskmap.paper.workbook import OPTIONS, Heading, Value, Workbook, kept, write_cell

ROWS: list[list[Value]] = [
    ["普通", 7, Decimal("12.50"), date(2026, 11, 26), None],
    [" 前后有空格\n", -0.001, 1e-7, datetime(2026, 3, 1, 23, 59, 30), ""],
    ["<b>&amp;“引号\"'", 10**15, Decimal("0.1234567890123456"), date(1900, 1, 2), True],
    ["_x0041_ 与 _x000D_", 0, 99999999999999, date(1900, 2, 28), date(1899, 12, 31)],
    ["=1+1", "http://127.0.0.1/", "001", date(1900, 3, 1), "换\n行"],
    ["\x01\ud800控制字符", "𠮷野家", Decimal(-3), date(9999, 12, 31), "<r><t>不是标记</t>"],
]


def _sheet(path: Path, number: int) -> str:
    with zipfile.ZipFile(path) as archive:
        body = archive.read(f"xl/worksheets/sheet{number}.xml").decode()
    found = re.search(r"<dimension.*?/>.*?(<sheetData>.*</sheetData>)", body, re.DOTALL)
    assert found is not None
    return re.sub(r' tabSelected="1"', "", found[0])


def test_rows_are_byte_for_byte_those_of_single_cells(tmp_path: Path) -> None:
    path = tmp_path / "rows.xlsx"
    book = xlsxwriter.Workbook(str(path), {**OPTIONS, "tmpdir": str(tmp_path)})
    plain = book.add_format({"border": 7})
    dates = {name: book.add_format({"num_format": f"yyyy{name}"}) for name in ("date", "time")}
    one_by_one, whole = book.add_worksheet("cells"), book.add_worksheet("rows", RowSheet)
    for sheet in (one_by_one, whole):
        sheet.write_string(0, 0, "标题", plain)  # what stands above waits in xlsxwriter's own way
    pens = [Pen(i, plain, dates["date"], dates["time"]) for i in range(5)]
    for at, values in enumerate(ROWS, 2):
        one_by_one.set_row(at, 16)
        cells = []
        for i, value in enumerate(values):
            write_cell(one_by_one, at, i, value, dates, plain)
            held = kept(value)
            match held:
                case None:
                    cells.append(pens[i].blank(at))
                case str():
                    cells.append(pens[i].text(at, held))
                case float():
                    cells.append(pens[i].number(at, held))
                case _:
                    cells.append(pens[i].day(at, held))
        whole.put_row(at, 16, cells, 4)
    book.close()
    assert _sheet(path, 2) == _sheet(path, 1)


def test_what_looks_like_rich_text_stays_a_text(tmp_path: Path) -> None:
    # xlsxwriter writes such a text as it is: the file could not be opened.
    path = tmp_path / "rich.xlsx"
    book = xlsxwriter.Workbook(str(path), {**OPTIONS, "tmpdir": str(tmp_path)})
    look = book.add_format()
    book.add_worksheet("a", RowSheet).put_row(0, 15, [Pen(0, look, look, look).text(0, "<r><x></r>")], 0)
    book.close()
    assert load_workbook(path)["a"]["A1"].value == "<r><x></r>"


def test_the_first_day_of_the_calendar_is_that_day(tmp_path: Path) -> None:
    # xlsxwriter writes 0 for it, which Excel shows as 1900-01-00.
    path = tmp_path / "first.xlsx"
    book = xlsxwriter.Workbook(str(path), {**OPTIONS, "tmpdir": str(tmp_path)})
    look = book.add_format({"num_format": "yyyy-mm-dd"})
    book.add_worksheet("a", RowSheet).put_row(0, 15, [Pen(0, look, look, look).day(0, date(1900, 1, 1))], 0)
    book.close()
    assert load_workbook(path)["a"]["A1"].value == datetime(1900, 1, 1)


def test_a_full_sheet_goes_on_in_the_next_and_no_row_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 13)  # three of them above the rows
    path = tmp_path / "full.xlsx"
    with Workbook(path, imprint()) as book:
        table = book.table("逾期", [Heading("序号", 5, kind="id"), Heading("名称", 20)])
        for n in range(1, 26):
            table.row([n, f"事项{n}"])
        table.end("无")
    made = load_workbook(path)
    assert made.sheetnames == ["逾期", "逾期 2", "逾期 3"]
    rows = [list(made[name].iter_rows(min_row=3, values_only=True)) for name in made.sheetnames]
    assert [len(of) for of in rows] == [11, 11, 6]
    assert [of[0] for of in rows] == [("序号", "名称")] * 3
    assert [row for of in rows for row in of[1:]] == [(n, f"事项{n}") for n in range(1, 26)]
    assert table.written == 25


def test_rows_leave_nothing_behind_in_memory(tmp_path: Path) -> None:
    with Workbook(tmp_path / "long.xlsx", imprint()) as book:
        table = book.table("逾期", [Heading("序号", 5, kind="id"), Heading("名称", 20)])

        def write(rows: int) -> int:
            for n in range(rows):
                table.row([n, f"事项{n}" * (1 + n % 9)])
            return tracemalloc.get_traced_memory()[0]

        tracemalloc.start()
        try:
            before, after = write(100), write(10_000)
        finally:
            tracemalloc.stop()
        table.end("无")
    assert after - before < 200_000  # 20 bytes a row


def test_a_table_is_printed_on_as_many_pages_across_as_keep_it_readable(tmp_path: Path) -> None:
    path = tmp_path / "wide.xlsx"
    narrow = [Heading("序号", 6), Heading("风险点名称", 28), Heading("说明", 40)]
    wide = [*narrow, *(Heading(f"第 {i} 列", 12) for i in range(25))]
    with Workbook(path, imprint()) as book:
        for name, headings in (("窄", narrow), ("宽", wide)):
            table = book.table(name, headings)
            table.row([f"{i}" for i in range(len(headings))])
            table.end("无")
    read = load_workbook(path)
    assert (read["窄"].page_setup.fitToWidth or 1, read["窄"].print_title_cols) == (1, None)
    assert (read["宽"].page_setup.fitToWidth, read["宽"].page_setup.pageOrder) == (2, "overThenDown")
    assert read["宽"].print_title_cols == "$A:$B"  # whose row it is stands on the second page too
    # Set in 10 points, at this scale no less than 7.
    across_mm = sum((h.width * 7 + 5) * 25.4 / 96 for h in [*wide, *narrow[:2]])
    assert 10 * min(1, 2 * 394 / across_mm) >= 7
