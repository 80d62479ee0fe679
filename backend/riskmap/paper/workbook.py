"""A workbook that is handed in: sheets with title, frozen head, filter and print set-up; 说明 beside them.

Row by row in bounded memory. Text is no formula, no address and never becomes a number; what is not known is an empty
cell, never 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from riskmap.base.plain import clean_text, no_markup
from riskmap.paper import symbols
from riskmap.paper.imprint import Imprint
from riskmap.paper.rows import Pen, RowSheet

Value = str | int | Decimal | bool | date | datetime | float | None
MOST_ROWS = 1_048_576  # of a sheet, its heading included
NOTE = "说明"
OPTIONS: Mapping[str, Any] = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_EXACT_DIGITS = 15  # of Excel's numbers: what is longer stays text
_FIRST_YEAR = 1900  # of Excel's calendar
_HEAD = 2  # rows above the headings: title, and what the sheet says of itself
_A3, _A4 = 8, 9
_LINE_PT, _MOST_LINES = 13.0, 30  # of a row; Excel has no taller ones than 409 pt
_MOST_FOOTER = 250
# How wide a table is printed: a character and a column's edges at 96 dots an inch, taken large, for fonts differ.
_CHAR_PX, _EDGE_PX, _PX_MM = 8, 5, 25.4 / 96
_ACROSS_MM = 420 - 2 * 0.5 * 25.4  # of A3 across, within its margins
_LEAST_SCALE = 0.75  # of text that is set in 10 points: readable at arm's length
_MOST_ACROSS = 3
_NAME = "名称"
_FACE = "宋体"
_BOLD_FACE = "黑体"


def write_cell(
    sheet: Worksheet, row: int, column: int, value: Value, formats: Mapping[str, Any], plain: Any = None
) -> None:
    """One cell; `formats` for date and time, `plain` for all others."""
    match kept(value):
        case None:
            if plain is not None:
                sheet.write_blank(row, column, None, plain)
        case str(text):
            sheet.write_string(row, column, no_markup(text), plain)
        case datetime() as moment:
            sheet.write_datetime(row, column, moment, formats["time"])
        case date() as day:
            sheet.write_datetime(row, column, datetime(day.year, day.month, day.day), formats["date"])
        case number:
            sheet.write_number(row, column, number, plain)


def kept(value: Value) -> str | date | float | None:
    """A value as a cell keeps it: a number where it stays exact, a day where Excel's calendar has it, else a text."""
    if value is None or value == "":
        return None
    if isinstance(value, str):
        return clean_text(value) or None
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return value.isoformat() if value.year < _FIRST_YEAR else value
    if isinstance(value, Decimal) and len(value.as_tuple().digits) > _EXACT_DIGITS:
        return format(value, "f")
    if isinstance(value, int) and abs(value) >= 10**_EXACT_DIGITS:
        return str(value)
    return float(value)


@dataclass(frozen=True, slots=True)
class Heading:
    """A column: its heading with the unit, its width in characters, and how its cells are shown."""

    title: str
    width: float
    unit: str | None = None
    kind: str = "text"  # text, number, metres, id, date, grade

    @property
    def text(self) -> str:
        """With the unit, once."""
        return f"{self.title}（{self.unit}）" if self.unit else self.title


class Workbook:
    """One file. Leave it as a context manager: a file that ended early is not there."""

    def __init__(self, path: Path, imprint: Imprint) -> None:
        self._path, self.imprint = path, imprint
        self._book = xlsxwriter.Workbook(str(path), {**OPTIONS, "tmpdir": str(path.parent)})
        # Of one edition the file is the same whenever it is written.
        made = imprint.data_at.astimezone(UTC).replace(tzinfo=None)  # properties are in UTC
        self._book.set_properties({"title": imprint.title, "author": imprint.maker, "created": made})
        self._formats: dict[str, Any] = {}
        self._tables: list[Table] = []

    def __enter__(self) -> "Workbook":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._book.close()
        finally:
            self._book.fileclosed = True  # where it ended early, its destructor must not write
            if kind is not None:
                self._path.unlink(missing_ok=True)

    def format(self, name: str, **look: Any) -> Any:
        """A format by its name, made once."""
        if name not in self._formats:
            base = {"font_name": _FACE, "font_size": 10, "valign": "vcenter"}
            self._formats[name] = self._book.add_format(base | look)
        return self._formats[name]

    def table(self, name: str, headings: Sequence[Heading], title: str | None = None) -> "Table":
        """A further sheet of rows. A sheet that is full goes on in the next."""
        return Table(self, name, headings, title or self.imprint.title)

    def add_sheet(self, name: str) -> RowSheet:
        """A sheet as it is printed: A3 across, its state and 核验码 at the foot."""
        sheet: RowSheet = self._book.add_worksheet(name, RowSheet)
        sheet.set_paper(_A3)
        sheet.set_landscape()
        sheet.set_margins(left=0.5, right=0.5, top=0.75, bottom=0.75)
        sheet.set_header(self._header(), {"margin": 0.35})
        sheet.set_footer(self._footer(), {"margin": 0.35})
        return sheet

    def note(self, lines: Sequence[tuple[str, str]], columns: Sequence[Sequence[str]] = ()) -> None:
        """The sheet 说明: what the file says of itself, and what its columns are."""
        sheet = self.add_sheet(NOTE)
        sheet.set_portrait()
        sheet.set_paper(_A4)
        sheet.fit_to_pages(1, 0)
        for column, width in enumerate((18, 12, 12, 70)):
            sheet.set_column(column, column, width)
        head = self.format("note-head", bold=True, bg_color="#E9EEEF", border=7, text_wrap=True, valign="top")
        wrap = self.format("note", text_wrap=True, valign="top", border=7)
        sheet.set_row(0, 26)
        sheet.write_string(0, 0, clean_text(self.imprint.title), self._title())
        row = 1
        for name, text in lines:
            said = clean_text(text)
            sheet.set_row(row, _LINE_PT * _lines(said, 94))
            sheet.write_string(row, 0, clean_text(name), head)
            sheet.merge_range(row, 1, row, 3, said, wrap)
            row += 1
        if columns:
            row += 1
            for number, told in enumerate(columns):
                tall = max(_lines(text, width) for text, width in zip(told, (18, 12, 12, 70), strict=False))
                sheet.set_row(row, _LINE_PT * tall)
                for column, text in enumerate(told):
                    sheet.write_string(row, column, clean_text(text), wrap if number else head)
                row += 1

    def _title(self) -> Any:
        return self.format("title", font_name=_BOLD_FACE, font_size=16, align="left")

    def _header(self) -> str:
        left = "　".join(self.imprint.alarms)
        return f'&L&"{_BOLD_FACE}"&11{_code(left)}&R&"{_BOLD_FACE}"&11{_code(self.imprint.secrecy)}'

    def _footer(self) -> str:
        about = self.imprint.body()
        left = f"{about['secrecy']}　状态 {about['state']}　核验码 {about['check']}"
        right = f"{about['number']} {about['version']}　{about['maker']}"
        words = f"&L&9{_code(left)}&C&9第 &P 页 共 &N 页&R&9{_code(right)}"
        return words if len(words) <= _MOST_FOOTER else words[:_MOST_FOOTER].rstrip("&")


class Table:
    """Rows of one kind, on as many sheets as they take; counts what it writes and which columns stayed empty."""

    def __init__(self, book: Workbook, name: str, headings: Sequence[Heading], title: str) -> None:
        self.name, self.headings, self.written = name, headings, 0
        self.filled = [0] * len(headings)
        self._book, self._title, self._sheets = book, title, 0
        self._dates = {
            "date": book.format("date", num_format="yyyy-mm-dd", border=7, align="center"),
            "time": book.format("time", num_format="yyyy-mm-dd hh:mm", border=7),
        }
        self._pens = [self._pen(i, self._look(h.kind)) for i, h in enumerate(headings)]
        self._grades: dict[tuple[int, str], Pen] = {}
        self._open()

    def _look(self, kind: str) -> Any:
        match kind:
            case "number":
                return self._book.format("number", border=7, align="right", indent=1)
            case "id":
                return self._book.format("id", border=7, align="center")
            case "metres":
                return self._book.format("metres", border=7, align="right", indent=1, num_format="0.0")
            case _:
                return self._book.format("text", border=7, text_wrap=True)

    def _open(self) -> None:
        self._sheets += 1
        name = self.name if self._sheets == 1 else f"{self.name} {self._sheets}"
        sheet = self._book.add_sheet(name)
        last = len(self.headings) - 1
        for index, heading in enumerate(self.headings):
            sheet.set_column(index, index, heading.width)
        about = self._book.imprint.body()
        sheet.set_row(0, 28)
        sheet.write_string(0, 0, clean_text(self._title), self._book._title())
        told = [about["area"], f"数据截至 {about['day']}", f"状态 {about['state']}", f"核验码 {about['check']}"]
        told += [f"{about['number']} {about['version']}", about["maker"], about["secrecy"]]
        alarm = "　".join(self._book.imprint.alarms)
        sheet.set_row(1, 16)
        sheet.write_string(
            1, 0, clean_text("　".join(filter(None, [alarm, *told]))),
            self._book.format("sub", font_color="#B00010" if alarm else "#1A1A1A"),
        )  # fmt: skip
        head = self._book.format(
            "head", font_name=_BOLD_FACE, bold=True, bg_color="#E9EEEF", border=1, text_wrap=True, align="center"
        )
        sheet.set_row(_HEAD, _LINE_PT * max(_lines(h.text, h.width) for h in self.headings) + 4)
        for index, heading in enumerate(self.headings):
            sheet.write_string(_HEAD, index, clean_text(heading.text), head)
        sheet.freeze_panes(_HEAD + 1, 0)
        sheet.repeat_rows(0, _HEAD)
        wide, named = pages_across(self.headings)
        sheet.fit_to_pages(wide, 0)
        if wide > 1:  # side by side, each with what its rows are called
            sheet.print_across()
            sheet.repeat_columns(0, named)
        self._sheet, self._at, self._last = sheet, _HEAD + 1, last

    def row(self, values: Sequence[Value]) -> None:
        """One more."""
        if self._at == MOST_ROWS:
            self._close()
            self._open()
        tall = max((_lines(str(v), h.width) for v, h in zip(values, self.headings, strict=True) if v), default=1)
        cells = [self._cell(i, value) for i, value in enumerate(values)]
        self._sheet.put_row(self._at, _LINE_PT * min(tall, _MOST_LINES) + 3, cells, self._last)
        self._at += 1
        self.written += 1

    def _cell(self, index: int, value: Value) -> str:
        held = kept(value)
        pen = self._pens[index]
        if held is None:
            return pen.blank(self._at)
        self.filled[index] += 1
        if isinstance(held, str):
            if self.headings[index].kind == "grade" and held in symbols.CELLS:
                pen = self._grades.get((index, held)) or self._graded(index, held)
            return pen.text(self._at, held)
        return pen.number(self._at, held) if isinstance(held, float) else pen.day(self._at, held)

    def _graded(self, index: int, word: str) -> Pen:
        ground, ink = symbols.CELLS[word]
        look = self._book.format(
            f"grade-{word}", bg_color=ground, font_color=ink, bold=True, align="center", border=7
        )  # fmt: skip
        self._grades[index, word] = self._pen(index, look)
        return self._grades[index, word]

    def _pen(self, index: int, look: Any) -> Pen:
        return Pen(index, look, self._dates["date"], self._dates["time"])

    def end(self, empty: str) -> None:
        """No more rows; an empty list says so."""
        if not self.written:
            self._sheet.write_string(self._at, 0, clean_text(empty), self._book.format("none", italic=True))
            self._at += 1
        self._close()

    def _close(self) -> None:
        self._sheet.autofilter(_HEAD, 0, max(self._at - 1, _HEAD), self._last)


def pages_across(headings: Sequence[Heading]) -> tuple[int, int]:
    """On how many pages side by side a table is readable, and the last of the columns that stand on each of them."""
    wide = [(h.width * _CHAR_PX + _EDGE_PX) * _PX_MM for h in headings]
    named = next((i for i, h in enumerate(headings) if h.title.endswith(_NAME)), 0)
    if sum(wide[: named + 1]) > _ACROSS_MM / 3:
        named = 0
    again = sum(wide[: named + 1])
    pages = 1
    while pages < _MOST_ACROSS and sum(wide) + (pages - 1) * again > pages * _ACROSS_MM / _LEAST_SCALE:
        pages += 1
    return pages, named


def _lines(text: str, width: float) -> int:
    """How many lines a text takes in a column; a Chinese character is two wide."""
    room = max(int(width), 2)
    if 2 * len(text) <= room and "\n" not in text:  # most cells
        return 1
    return sum(max(1, -(-sum(2 if ord(c) > 0x2E7F else 1 for c in part) // room)) for part in text.split("\n"))


def _code(text: str) -> str:
    """A text for a header or footer: no code of Excel's."""
    return clean_text(text).replace("\n", " ").replace("&", "&&")
