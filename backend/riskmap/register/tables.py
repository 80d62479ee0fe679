"""A table as a csv or xlsx file, row by row in bounded memory; text is no formula and never becomes a number."""

import csv
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from riskmap.base.plain import clean_text
from riskmap.paper.workbook import MOST_ROWS, OPTIONS, Value, write_cell

Form = Literal["csv", "xlsx"]
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
# What a spreadsheet would read as a number, a date or a time, and write back as something else.
_NUMBERISH = re.compile(r"[\d.,/:\-+eE\s年月日时分秒%]+", re.ASCII)
_PLAIN_NUMBER = re.compile(r"(?:0|[1-9]\d{0,10})")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name for programs, its heading, and how a row gives its cell."""

    name: str
    title: str
    width: float
    read: Callable[[Any], Value]


@dataclass(frozen=True, slots=True)
class Told:
    """What a file says of itself, and what the audit keeps of it."""

    lines: tuple[tuple[str, str], ...]
    total: int
    state: int
    at: datetime
    kept: Mapping[str, Any]


def harmless(text: str) -> str:
    """A csv text that a spreadsheet neither computes nor turns into a number."""
    if text.startswith(_FORMULA):
        return f"'{text}"
    if text[:1].isdigit() and _NUMBERISH.fullmatch(text) and not _PLAIN_NUMBER.fullmatch(text):
        return f"{text}\t"  # invisible; Excel and WPS then leave the digits alone
    return text


def _csv_cell(value: Value, plain: bool) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, str):
        text = value.replace("\r\n", "\n").replace("\r", "\n")
        if plain:
            return f"'{text}" if text.startswith(_FORMULA) else text
        return harmless(text)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else value


def write_csv(path: Path, chosen: list[Column], rows: Iterable[list[Value]], told: Told, *, plain: bool) -> int:
    """UTF-8 with its mark, else Excel takes it for GBK. Lines on the selection stand first, each begun with #.

    `plain` is for programs: no such lines, names of columns for headings, and nothing added to digits.
    """
    written = 0
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        if not plain:
            writer.writerows([f"# {name}", _csv_cell(text, False)] for name, text in told.lines)
        writer.writerow([c.name if plain else c.title for c in chosen])
        for row in rows:
            writer.writerow([_csv_cell(value, plain) for value in row])
            written += 1
    return written


def write_xlsx(path: Path, chosen: list[Column], rows: Iterable[list[Value]], told: Told) -> int:
    """First sheet: what was selected; then the rows, in as many sheets as they take."""
    book = xlsxwriter.Workbook(str(path), {**OPTIONS, "tmpdir": str(path.parent)})
    try:
        bold = book.add_format({"bold": True, "bg_color": "#E9EEEF", "bottom": 1})
        wrap = book.add_format({"text_wrap": True, "valign": "top"})
        formats = {
            "date": book.add_format({"num_format": "yyyy-mm-dd"}),
            "time": book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
        }
        note = book.add_worksheet("说明")
        note.set_column(0, 0, 12)
        note.set_column(1, 1, 90)
        for line, (name, text) in enumerate(told.lines):
            note.write_string(line, 0, name, bold)
            note.write_string(line, 1, clean_text(text), wrap)
        sheet, at, sheets, written = _sheet(book, "清单", chosen, bold), 1, 1, 0
        for row in rows:
            if at == MOST_ROWS:
                _close(sheet, at, chosen)
                sheets += 1
                sheet, at = _sheet(book, f"清单 {sheets}", chosen, bold), 1
            for column, value in enumerate(row):
                write_cell(sheet, at, column, value, formats)
            at += 1
            written += 1
        _close(sheet, at, chosen)
        book.worksheets()[1].activate()
        book.close()
        return written
    finally:
        book.fileclosed = True  # where it ended early, its destructor must not write


def _sheet(book: Any, name: str, chosen: list[Column], bold: Any) -> Worksheet:
    sheet: Worksheet = book.add_worksheet(name)
    for index, column in enumerate(chosen):
        sheet.set_column(index, index, column.width)
    sheet.freeze_panes(1, 0)
    for index, column in enumerate(chosen):
        sheet.write_string(0, index, column.title, bold)
    return sheet


def _close(sheet: Worksheet, rows: int, chosen: list[Column]) -> None:
    sheet.autofilter(0, 0, max(rows - 1, 0), len(chosen) - 1)
