"""Rows of a workbook's sheet, written straight to the sheet's own file: a fifth of the time, and nothing is kept.

xlsxwriter makes an object of each cell and keeps the height of each row for the whole sheet. What stands in the file is
the same, byte for byte (tests/unit/test_workbook.py); one thing is better: a text that looks like XML stays a text.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from xlsxwriter.utility import xl_col_to_name
from xlsxwriter.worksheet import Worksheet

_BEGIN, _LEAP = date(1899, 12, 31), date(1900, 3, 1)  # Excel's calendar has a 29 February 1900
_DAY = timedelta(days=1)


class RowSheet(Worksheet):  # type: ignore[misc]
    """A sheet that takes whole rows beside single cells, in the order of their numbers."""

    def put_row(self, row: int, height: float, cells: Iterable[str], last: int) -> None:
        """A row of finished cells of its columns up to `last`; rows are counted from 0."""
        self._write_single_row(row)  # what waits is of a row above
        for column in (0, last):
            self._check_dimensions(row, column)
        tall = int(height * 4 / 3) * 0.75  # whole pixels, as Excel keeps it
        self.fh.write(f'<row r="{row + 1}" ht="{tall:g}" customHeight="1">{"".join(cells)}</row>')


class Pen:
    """Cells of one column in one look, as the file has them."""

    def __init__(self, column: int, look: Any, dated: Any, timed: Any) -> None:
        self._column = xl_col_to_name(column)
        self._look, self._dated, self._timed = (self._style(one) for one in (look, dated, timed))

    @staticmethod
    def _style(look: Any) -> str:
        return f'" s="{look._get_xf_index()}"'

    def blank(self, row: int) -> str:
        """Nothing, in its look."""
        return f'<c r="{self._column}{row + 1}{self._look}/>'

    def text(self, row: int, text: str) -> str:
        """A text, without what XML cannot hold."""
        if "_x" in text:
            text = Worksheet._escape_control_characters(text)
        if "&" in text or "<" in text or ">" in text:
            text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        space = ' xml:space="preserve"' if text[0].isspace() or text[-1].isspace() else ""
        return f'<c r="{self._column}{row + 1}{self._look} t="inlineStr"><is><t{space}>{text}</t></is></c>'

    def number(self, row: int, number: float) -> str:
        """A number."""
        return f'<c r="{self._column}{row + 1}{self._look}><v>{number:.16G}</v></c>'

    def day(self, row: int, day: date) -> str:
        """A day, or a moment of one."""
        style, share = self._dated, 0.0
        if isinstance(day, datetime):
            style = self._timed
            share = (day - datetime(day.year, day.month, day.day, tzinfo=day.tzinfo)) / _DAY
            day = day.date()
        serial = (day - _BEGIN).days + (day >= _LEAP) + share
        return f'<c r="{self._column}{row + 1}{style}><v>{serial:.16G}</v></c>'
