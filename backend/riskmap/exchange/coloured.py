"""The sender's own workbook, coloured: `python -m riskmap.exchange.coloured SOURCE TARGET`, its order on stdin.

A process of its own with bounds on memory and time, since openpyxl builds whatever a file asks for.
"""

import json
import resource
import sys
from collections.abc import Mapping, Sequence
from copy import copy
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.comments import Comment
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter

from riskmap.exchange.give_back import (
    AUTHOR,
    FATE_WIDTH,
    FATES,
    FILLS,
    MARKS,
    MOST_COMMENTS,
    NO_VALUE,
    REASON_WIDTH,
    Marks,
    by_column,
    column_words,
    note_lines,
    own_columns,
    too_many_comments,
    worst,
)
from riskmap.exchange.headers import FATE_HEADER, REASON_HEADER
from riskmap.exchange.sheets import clean_text, cut, lines_in
from riskmap.exchange.table import NOTE_SHEET

_MEMORY = 2 << 30
_SECONDS = 240
_MOST_COMMENT = 2_000
_OURS = set(FILLS.values()) | set(MARKS.values())
_BEFORE, _SENDER = "\n原批注：", "原批注"
_MORE = "本工作簿就是送来的那一份：公式已换成算好的数值，宏、图片和外部链接不保留。"


def main() -> None:
    """Read the order, colour, tell how far it is in lines of JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_SECONDS, _SECONDS))
    order = json.load(sys.stdin)
    marks = {line: Marks(kind, dict(map(tuple, cells)), reasons) for line, kind, cells, reasons in order.pop("marks")}
    columns = colour(Path(sys.argv[1]), Path(sys.argv[2]), order, marks)
    _say(columns=columns, progress=1.0)


def _say(**body: Any) -> None:
    print(json.dumps(body), flush=True)


def colour(source: Path, target: Path, order: Mapping[str, Any], marks: Mapping[int, Marks]) -> list[int]:
    """Colour the workbook; the indices of our two columns."""
    _say(progress=0.02)
    with source.open("rb") as file:
        # Formulas give way to the values saved with them; macros and links to other files are left out.
        book = load_workbook(file, data_only=True, keep_vba=False, keep_links=False)
    _say(progress=0.5)
    sheet = book[order["sheet"]]
    painter = _Painter(book, sheet, order, marks)
    painter.clear()
    for line, index in order["uncomputed"]:
        _put(sheet.cell(line, index + 1), NO_VALUE)
    painter.paint()
    painter.look()
    painter.explain()
    _say(progress=0.7)
    book.save(target)
    return painter.columns


class _Painter:
    """Marks one sheet."""

    def __init__(self, book: Any, sheet: Any, order: Mapping[str, Any], marks: Mapping[int, Marks]) -> None:
        self._book, self._sheet, self._order, self._marks = book, sheet, order, marks
        self._last: int = order["last"]
        # The cells that are there. Asking for rows would make all that are not, to a stray one far below.
        self._cells = list(sheet._cells.values())
        mine = own_columns(order["texts"])
        self._again = set(mine.values())
        free = self._free_column()
        fate = mine.get(FATE_HEADER, free)
        self.columns = [fate, mine.get(REASON_HEADER, max(free, fate + 1) if FATE_HEADER in mine else free + 1)]

    def _free_column(self) -> int:
        """The first of two columns right of the header that nothing stands in, from 0."""
        first = self._order["first"]
        used = {c.column - 1 for c in self._cells if c.row >= first and c.value is not None}
        for area in self._sheet.merged_cells.ranges:
            if area.max_row >= first:
                used.update(range(area.min_col - 1, area.max_col))
        texts: Sequence[str] = self._order["texts"]
        at = max((i for i, text in enumerate(texts) if text.strip()), default=-1) + 1
        while at in used or at + 1 in used:
            at += 1
        return at

    def clear(self) -> None:
        """Take away what an earlier return has marked."""
        fills = {i for i, fill in enumerate(self._book._fills) if _is_ours(getattr(fill, "fgColor", None))}
        for cell in self._cells:
            if cell.has_style and cell._style.fillId in fills:
                cell.fill = PatternFill()
            if isinstance(cell, MergedCell):
                continue
            if cell.comment is not None and cell.comment.author == AUTHOR:
                _, found, before = cell.comment.text.partition(_BEFORE)
                cell.comment = Comment(before, _SENDER) if found else None
            if cell.row == self._last and cell.border.bottom is not None and _is_ours(cell.border.bottom.color):
                cell.border = _with_bottom(cell.border, Side())
            if cell.row > self._last and cell.column - 1 in self._again:
                cell.value = None

    def paint(self) -> None:
        """Cells, headers and our columns."""
        sheet, (fate, reason) = self._sheet, self.columns
        fills = {kind: PatternFill("solid", fgColor=f"FF{rgb}") for kind, rgb in FILLS.items()}
        comments = 0
        for index, counts in by_column(self._marks).items():
            kind = worst(counts)
            cell = self._anchor(self._last, index)
            cell.border = _with_bottom(cell.border, Side("thick", color=f"FF{MARKS[kind]}"))
            _comment(cell, column_words(counts))
        for index, text in ((fate, FATE_HEADER), (reason, REASON_HEADER)):
            _put(self._anchor(self._last, index), text)
            self._anchor(self._last, index).font = Font(bold=True)
            self._anchor(self._last, index).alignment = Alignment(vertical="center")
        sheet.column_dimensions[get_column_letter(fate + 1)].width = FATE_WIDTH
        sheet.column_dimensions[get_column_letter(reason + 1)].width = REASON_WIDTH
        styles: dict[str, tuple[Any, Any]] = {}
        for done, (line, said) in enumerate(self._marks.items()):
            for index, message in said.cells.items():
                cell = sheet.cell(line, index + 1)
                cell.fill = fills[said.kind]
                if comments < MOST_COMMENTS and not isinstance(cell, MergedCell):
                    comments += 1
                    _comment(cell, message)
            one, other = sheet.cell(line, fate + 1), sheet.cell(line, reason + 1)
            _put(one, FATES[said.kind])
            _put(other, said.reason)
            if said.kind in styles:
                one._style, other._style = (copy(s) for s in styles[said.kind])
            else:
                one.fill, one.alignment = fills[said.kind], Alignment(vertical="center")
                other.alignment = Alignment(vertical="center", wrap_text=True)
                styles[said.kind] = copy(one._style), copy(other._style)
            self._show(line, said.reason)
            if done % 1000 == 999:
                _say(progress=0.5 + 0.2 * done / len(self._marks))

    def _anchor(self, line: int, index: int) -> Any:
        """The cell, or the one that stands for it where it is merged."""
        cell = self._sheet.cell(line, index + 1)
        if isinstance(cell, MergedCell):
            area = next(a for a in self._sheet.merged_cells.ranges if cell.coordinate in a)
            return self._sheet.cell(area.min_row, area.min_col)
        return cell

    def _show(self, line: int, reason: str) -> None:
        """Let the whole reason be seen, also where a filter has hidden the row."""
        row = self._sheet.row_dimensions[line]
        row.hidden = False
        lines = lines_in(reason, REASON_WIDTH)
        if lines > 1:
            row.height = max(row.height or 0, 15 * lines)

    def look(self) -> None:
        """Let the workbook open at the first row concerned."""
        book, sheet = self._book, self._sheet
        sheet.sheet_state = "visible"
        book.active = book.index(sheet)
        for other in book.worksheets:  # two chosen sheets would be typed into at once
            other.sheet_view.tabSelected = other is sheet
        first = next(iter(self._marks), None)
        if first is None:
            return
        view = sheet.sheet_view
        at = f"{get_column_letter(self.columns[0] + 1)}{first}"
        for selection in view.selection:
            if view.pane is None or selection.pane == view.pane.activePane:
                selection.activeCell = selection.sqref = at
        top = max(1, first - 3)
        if view.pane is None:
            view.topLeftCell = f"A{top}" if first > 25 else "A1"
        elif first > 25 and view.pane.topLeftCell and view.pane.ySplit:
            frozen = int(view.pane.ySplit) if view.pane.state in {"frozen", "frozenSplit"} else 0
            column = "".join(ch for ch in view.pane.topLeftCell if ch.isalpha())
            view.pane.topLeftCell = f"{column}{max(top, frozen + 1)}"

    def explain(self) -> None:
        """The sheet that says what the colours mean and what to do."""
        book = self._book
        if NOTE_SHEET in book.sheetnames and book[NOTE_SHEET]["A1"].value == NOTE_SHEET:
            del book[NOTE_SHEET]  # of an earlier return
        sheet = book.create_sheet(NOTE_SHEET)
        sheet.column_dimensions["A"].width = 100
        sheet.sheet_view.showGridLines = False
        more = [_MORE, *too_many_comments(self._marks.values())]
        order = self._order
        lines = note_lines(self._marks.values(), order["file_name"], order["sheet"], more, order["known"])
        for line, (text, style) in enumerate(lines, 1):
            cell = sheet.cell(line, 1)
            _put(cell, text)
            cell.alignment = Alignment(wrap_text=True, vertical="center")
            if style == "title":
                cell.font = Font(bold=True, size=14)
            elif style in FILLS:
                cell.fill = PatternFill("solid", fgColor=f"FF{FILLS[style]}")
            sheet.row_dimensions[line].height = 26 if style == "title" else 18 * lines_in(text, 100)
        book.active = book.index(self._sheet)


def _put(cell: Any, text: str) -> None:
    """A text that stays one, whatever it begins with."""
    cell.value = clean_text(text)
    cell.data_type = "s"


def _is_ours(colour: Any) -> bool:
    rgb = getattr(colour, "rgb", None)
    return isinstance(rgb, str) and rgb[2:] in _OURS


def _with_bottom(border: Any, side: Side) -> Border:
    return Border(left=copy(border.left), right=copy(border.right), top=copy(border.top), bottom=side)


def _comment(cell: Any, text: str) -> None:
    """The reason, before what the sender's own comment said."""
    before = cell.comment.text if cell.comment is not None else ""
    text = clean_text(cut(f"{text}{_BEFORE}{before}" if before else text, _MOST_COMMENT))
    cell.comment = Comment(text, AUTHOR, height=18 * lines_in(text, 36) + 12, width=260)


if __name__ == "__main__":
    main()
