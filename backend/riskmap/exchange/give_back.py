"""The workbook that goes back to its sender: what she sent, each refused cell coloured, with the reason.

Up to 20 000 rows it is her own workbook, all sheets of it; where that cannot be (csv, xls, layers, a
workbook that is too large or that openpyxl does not bear), the sheet is written anew with the same row
numbers. Above that it holds the header and the rows concerned. Nothing in it is ever a formula.
"""

import contextlib
import json
import logging
import math
import os
import subprocess
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

import xlsxwriter
from shapely.geometry.base import BaseGeometry

from riskmap.base.errors import Invalid
from riskmap.base.plain import no_markup
from riskmap.exchange.cells import plain
from riskmap.exchange.headers import FATE_HEADER, LINE_HEADER, REASON_HEADER, Header, normalised
from riskmap.exchange.sheets import clean_text, cut, letters, lines_in, sheet_name, shown_width
from riskmap.exchange.table import GEOMETRY_HEADER, MOST_COLUMNS, NOTE_SHEET, Table
from riskmap.exchange.tables import open_table

log = logging.getLogger(__name__)

MOST_ROWS = 20_000  # that are given back whole
MOST_XML = 60 << 20  # of a workbook that is opened to be coloured: some 15 times this in memory
MOST_COMMENTS = 5_000  # Excel draws a box for each
MOST_REASON = 2_000
AUTHOR = "导入核对"
# Stands where a formula had no value: left empty, the row would go in without it the next time.
NO_VALUE = "#VALUE!"
KNOWN = "已入库的行不会重复，有变化的更新"  # what becomes of rows that went in before
FATES = {"back": "退回", "waiting": "待定位", "known": "已有"}
# Light, and apart from each other on a grey print.
FILLS = {"back": "F9CBD6", "waiting": "FFE2A0", "known": "DDE5E8"}
MARKS = {"back": "9B1C3A", "waiting": "7A4B00", "known": "4A5A61"}  # the same, to underline a header
FATE_WIDTH, REASON_WIDTH = 9, 60
_MOST_MERGED = 1_000_000  # cells under merged ranges: openpyxl makes each of them
_SHEET_ROWS = 1_000_000  # a sheet of Excel ends at 1 048 576
_LARGEST_INT = 1 << 53  # beyond, Excel would round
_WAIT_S = 300
_SHAPES = {"Point": "点", "LineString": "线", "Polygon": "面"}

_FORMS: dict[str, dict[str, Any]] = {
    "date": {"num_format": "yyyy-mm-dd", "align": "left"},
    "time": {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left"},
    "text": {"num_format": "@"},
    "reason": {"text_wrap": True},
    "head": {"bold": True, "text_wrap": True, "bg_color": "#E9EEEF", "border": 1, "border_color": "#BCC7CB"},
    "number": {},
}

Tell = Callable[[float], None]


@dataclass(slots=True)
class Marks:
    """What is said of one line: where it went, the message of each cell, all messages."""

    kind: str
    cells: dict[int, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    uncomputed: set[int] = field(default_factory=set)  # formulas that were sent without their value

    @property
    def reason(self) -> str:
        """All of it in one text."""
        return clean_text(cut("；".join(self.reasons), MOST_REASON))


def give_back(
    source: Path,
    table: Table,
    sheet: str,
    header: Header,
    marks: Mapping[int, Marks],
    target: Path,
    *,
    file_name: str,
    tell: Tell | None = None,
    known: str = KNOWN,
) -> None:
    """Write the returned workbook of one sheet to `target`.

    `marks` by line, from `marks_of`. `tell` hears how far it is, from 0 to 1; what it raises ends the work.
    """
    tell = tell or (lambda _: None)
    rows = next((s.rows for s in table.sheets if s.name == sheet), 0) - header.last
    whole = rows <= MOST_ROWS
    own = whole and _can_be_coloured(source, table)
    if not (own and _colour(source, table, sheet, header, marks, target, file_name, tell, known)):
        _Rebuilt(table, sheet, header, marks, target, file_name, tell, whole=whole, known=known).write()
    tell(1.0)


def marks_of(findings: Iterable[Mapping[str, Any]]) -> dict[int, Marks]:
    """By line, in the order of lines.

    A finding has `line`, `kind` (back, waiting, known) and `faults` with `index` of the column (None: of no column)
    and `message`.
    """
    out: dict[int, Marks] = {}
    for finding in findings:
        said = out.setdefault(finding["line"], Marks(finding["kind"]))
        if finding["kind"] == "back":
            said.kind = "back"
        for fault in finding["faults"]:
            index, message = fault["index"], fault["message"]
            if index is not None and fault.get("code") == "formula_without_value":
                said.uncomputed.add(index)
            if index is not None:
                before = said.cells.get(index)
                if before is None or message not in before:
                    said.cells[index] = clean_text(cut(f"{before}；{message}" if before else message, MOST_REASON))
            if message not in said.reasons:
                said.reasons.append(message)
    return dict(sorted(out.items()))


def by_column(marks: Mapping[int, Marks]) -> dict[int, dict[str, int]]:
    """How many cells of each column came back, wait or are known."""
    out: dict[int, dict[str, int]] = {}
    for said in marks.values():
        for index in said.cells:
            counts = out.setdefault(index, dict.fromkeys(FATES, 0))
            counts[said.kind] += 1
    return out


def worst(counts: Mapping[str, int]) -> str:
    """What a header is marked with: the first that any of its cells is."""
    return next(kind for kind in FATES if counts[kind])


def column_words(counts: Mapping[str, int]) -> str:
    """What the comment of a header says."""
    return "本列：" + "、".join(f"{FATES[kind]} {n} 处" for kind, n in counts.items() if n)


def own_columns(texts: Sequence[str]) -> dict[str, int]:
    """Where a workbook that was returned before has our columns."""
    found = {normalised(text): index for index, text in reversed(list(enumerate(texts)))}
    return {name: found[name] for name in (FATE_HEADER, REASON_HEADER) if name in found}


def note_lines(
    marks: Iterable[Marks], file_name: str, sheet: str, more: Sequence[str], known: str = KNOWN
) -> list[tuple[str, str]]:
    """The text of the sheet that explains, and the style of each line: title, back, waiting, known or plain."""
    kinds = [said.kind for said in marks]
    back, waiting, there = (kinds.count(kind) for kind in FATES)
    out = [("退回说明", "title"), (clean_text(f"文件：{file_name}"), "plain")]
    if sheet:
        out.append((clean_text(f"工作表：{sheet}"), "plain"))
    out.append((f"退回 {back} 行：不入库，按原因改正后再导入。退回的格子涂这种颜色。", "back"))
    out.append((f"待定位 {waiting} 行：照常入库并计入总数，只是没有可信的位置。要补的格子涂这种颜色。", "waiting"))
    if there:
        out.append((f"已有 {there} 行：已经办过的，不重复办理，不用改。", "known"))
    steps = [
        f"按“{REASON_HEADER}”一列改正涂色的格子；鼠标停在格子上也能看到原因。表头下划粗线的列里有要改的格子。",
        f"改好后把整份再导入：{known}。",
        f"“{FATE_HEADER}”“{REASON_HEADER}”两列是导入时加的，再导入时不读，可以留着。",
        *more,
    ]
    return [*out, *((f"{n}. {text}", "plain") for n, text in enumerate(steps, 1))]


def too_many_comments(marks: Iterable[Marks]) -> list[str]:
    """What is said where comments had to end."""
    if sum(len(said.cells) for said in marks) <= MOST_COMMENTS:
        return []
    return [f"批注只加在前 {MOST_COMMENTS} 个格子上，其余的原因见“{REASON_HEADER}”一列。"]


# -- Her own workbook ------------------------------------------------------------------


def _can_be_coloured(source: Path, table: Table) -> bool:
    """Whether this is an xlsx whose parts unpack to what may be opened whole."""
    areas = (area for s in table.sheets for area in table.merged(s.name))
    if sum((bottom - top + 1) * (right - left + 1) for top, left, bottom, right in areas) > _MOST_MERGED:
        return False
    try:
        with zipfile.ZipFile(source) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError):
        return False
    xml = sum(p.file_size for p in parts if p.filename.lower().endswith((".xml", ".rels", ".vml")))
    return xml <= MOST_XML and any(p.filename == "xl/workbook.xml" for p in parts)


def _colour(
    source: Path,
    table: Table,
    sheet: str,
    header: Header,
    marks: Mapping[int, Marks],
    target: Path,
    file_name: str,
    tell: Tell,
    known: str,
) -> bool:
    """Colour her own workbook in a process of its own; False where that failed, or changed what she sent.

    openpyxl builds whatever a file asks for (a merged range of a whole sheet, a style per cell), so the
    process has bounds on memory and time, and what it gives is read again and compared.
    """
    order = {
        "sheet": sheet,
        "first": header.line,
        "last": header.last,
        "texts": header.texts,
        "file_name": file_name,
        "known": known,
        "marks": [[line, m.kind, list(m.cells.items()), m.reasons] for line, m in marks.items()],
        "uncomputed": [[line, index] for line, m in marks.items() for index in sorted(m.uncomputed)],
    }
    with tempfile.TemporaryDirectory(prefix="returned-", dir=target.parent) as folder:
        part = Path(folder) / "own.xlsx"
        columns = _run(source, part, order, tell)
        if columns is None:
            return False
        if not _says_the_same(table, sheet, part, columns, marks):
            log.warning("returned workbook of %s would say other than the sender's; written anew", source.name)
            return False
        part.replace(target)
        return True


def _run(source: Path, part: Path, order: Mapping[str, Any], tell: Tell) -> list[int] | None:
    """Our two columns of the coloured workbook, from 0; None where the process failed."""
    command = [sys.executable, "-I", "-X", "utf8", "-m", "riskmap.exchange.coloured", str(source), str(part)]
    environment = {"PATH": os.environ.get("PATH", ""), "OPENBLAS_NUM_THREADS": "1", "TMPDIR": str(part.parent)}
    environment["OPENPYXL_LXML"] = "False"  # where lxml is there, openpyxl would read by it and past defusedxml
    columns: list[int] | None = None
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environment, encoding="utf-8"
        )
        late = threading.Timer(_WAIT_S, process.kill)
        late.start()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            with contextlib.suppress(BrokenPipeError):  # it ended before it had read all: its exit says so
                json.dump(order, process.stdin, ensure_ascii=True)
                process.stdin.close()
            for line in process.stdout:
                said = json.loads(line)
                columns = said.get("columns", columns)
                tell(0.9 * said.get("progress", 0.0))
            if process.wait() == 0:
                return columns
            errors.seek(0)
            said_last = errors.read()[-400:].decode("utf-8", "replace")
            log.warning("colouring of %s ended with %s: %s", source.name, process.returncode, said_last)
            return None
        finally:
            late.cancel()
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    assert pipe is not None
                    pipe.close()


def _says_the_same(table: Table, sheet: str, part: Path, ours: Sequence[int], marks: Mapping[int, Marks]) -> bool:
    """Whether all cells of the sheet but ours are read from the coloured workbook as from the sender's."""
    try:
        again = open_table(part).rows(sheet)
        found = next(again, None)
        for line, cells in table.rows(sheet):
            while found is not None and found[0] < line:
                found = next(again, None)
            there = found[1] if found is not None and found[0] == line else ()
            ours_here = marks[line].uncomputed if line in marks else ()
            for index, (one, other) in enumerate(zip_longest(cells, there)):
                if index not in ours and index not in ours_here and not _equal(one, other):
                    return False
    except (Invalid, KeyError):
        return False
    return True


def _equal(one: Any, other: Any) -> bool:
    if one == other or plain(one) == plain(other):
        return True
    if isinstance(one, datetime) and isinstance(other, datetime):
        return abs((one - other).total_seconds()) < 1
    return isinstance(one, str) and isinstance(other, str) and one.split() == other.split()


# -- Written anew ----------------------------------------------------------------------


class _Rebuilt:
    """The sheet written anew: all of it with its own row numbers, or the header and the rows concerned."""

    def __init__(
        self,
        table: Table,
        sheet: str,
        header: Header,
        marks: Mapping[int, Marks],
        target: Path,
        file_name: str,
        tell: Tell,
        *,
        whole: bool,
        known: str,
    ) -> None:
        self._table, self._sheet, self._header, self._marks = table, sheet, header, marks
        self._target, self._file_name, self._tell, self._whole = target, file_name, tell, whole
        self._known = known
        self._formats: dict[tuple[str, ...], Any] = {}
        self._comments = 0
        self._by_column = by_column(marks)
        self._columns, self._widths, kept = self._measure()
        # Lines keep their place where they can; else their numbers stand in a column before them.
        self._numbered = not kept or not whole
        self._shift = 1 if self._numbered else 0
        mine = own_columns(header.texts)
        self._ours = set(mine.values())
        width = self._columns + self._shift
        self._fate = mine[FATE_HEADER] + self._shift if FATE_HEADER in mine else width
        self._reason = mine[REASON_HEADER] + self._shift if REASON_HEADER in mine else max(width, self._fate + 1)

    def _measure(self) -> tuple[int, list[int], bool]:
        """How many columns, how wide, and whether each line is where its number says."""
        widths = [min(shown_width(clean_text(t)) // 2 + 4, 24) for t in self._header.texts]
        columns, kept = len(widths), self._table.kind != "vector"
        for place, (line, cells) in enumerate(self._table.rows(self._sheet)):
            kept = kept and (line == place + 1 or self._is_workbook)
            columns = max(columns, len(cells))
            if line > self._header.last and place < 400:
                widths.extend([8] * (len(cells) - len(widths)))
                for index, cell in enumerate(cells):
                    if isinstance(cell, str | float | int | date):
                        widths[index] = max(widths[index], min(shown_width(plain(cell)[:60]) + 2, 40))
        return columns, widths, kept

    @property
    def _is_workbook(self) -> bool:
        return self._table.kind != "vector" and self._table.encoding is None

    def write(self) -> None:
        """The workbook, whole or not at all: a half would be given back as if it were one."""
        with tempfile.TemporaryDirectory(prefix="returned-", dir=self._target.parent) as folder:
            part = Path(folder) / "new.xlsx"
            options = {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "tmpdir": folder,
            }
            self._book = xlsxwriter.Workbook(str(part), options)
            try:
                self._write_rows()
                self._write_notes()
                self._book.close()
            finally:
                self._book.fileclosed = True  # where it ended early, its destructor must not write
            part.replace(self._target)

    # -- Rows

    def _write_rows(self) -> None:
        name = sheet_name(self._sheet or "退回")
        sheet = self._begin(name)
        place, first, done = 0, None, 0
        total = max(next((s.rows for s in self._table.sheets if s.name == self._sheet), 1), 1)
        for line, cells in self._table.rows(self._sheet):
            done += 1
            if done % 1000 == 0:
                self._tell(min(0.95, done / total))
            said = self._marks.get(line)
            if line <= self._header.last:
                if not self._whole and line != self._header.last:
                    continue
            elif not self._whole and said is None:
                continue
            at = place if self._numbered else line - 1
            place += 1
            if line == self._header.last:
                self._head = at
                self._write_header(sheet, at)
                continue
            if said is not None and first is None:
                first = at
            self._write_row(sheet, at, line, cells, said)
            if place >= _SHEET_ROWS:
                self._end(sheet, at, None)
                sheet, place = self._begin(sheet_name(f"{name[:24]}续{len(self._book.worksheets())}")), 1
                self._head = 0
                self._write_header(sheet, 0)
        self._end(sheet, max(place - 1, self._head), first)

    def _begin(self, name: str) -> Any:
        sheet = self._book.add_worksheet(name)
        for index, width in enumerate(self._widths):
            sheet.set_column(index + self._shift, index + self._shift, width)
        if self._numbered:
            sheet.set_column(0, 0, 9)
        sheet.set_column(self._fate, self._fate, FATE_WIDTH)
        sheet.set_column(self._reason, self._reason, REASON_WIDTH)
        self._head = max(self._header.last - 1, 0)
        return sheet

    def _end(self, sheet: Any, last: int, first: int | None) -> None:
        widest = max(self._reason, self._columns + self._shift - 1)
        sheet.freeze_panes(self._head + 1, 0)
        sheet.autofilter(self._head, 0, max(last, self._head), widest)
        sheet.ignore_errors({"number_stored_as_text": f"A1:{letters(widest)}{last + 1}"})
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.repeat_rows(self._head)
        sheet.fit_to_pages(1, 0)
        if first is not None:
            sheet.set_selection(first, self._fate, first, self._fate)
            if first > self._head + 20:
                sheet.set_top_left_cell(first - 3, 0)

    def _format(self, *key: str) -> Any:
        """By the kind of value and what is said of its cell."""
        if key not in self._formats:
            value, said = key
            form: dict[str, Any] = {"font_name": "微软雅黑", "font_size": 10, "valign": "vcenter"}
            form |= _FORMS[value]
            if value == "head" and said:
                form |= {"bottom": 5, "bottom_color": f"#{MARKS[said]}"}
            elif said:
                form["bg_color"] = f"#{FILLS[said]}"
            self._formats[key] = self._book.add_format(form)
        return self._formats[key]

    def _write_header(self, sheet: Any, at: int) -> None:
        # A header in two lines stands whole in its last one: it is found again without its merged cells.
        plain_head = self._format("head", "")
        sheet.set_row(
            at,
            15 * max((lines_in(t, w) for t, w in zip(self._header.texts, self._widths, strict=False)), default=1) + 6,
        )
        if self._numbered:
            sheet.write_string(at, 0, LINE_HEADER, plain_head)
        for index, text in enumerate(self._header.texts):
            if index in self._ours:
                continue
            counts = self._by_column.get(index)
            said = worst(counts) if counts else ""
            # Geometries are shown as a word, so the column must not be read again as geometry.
            words = "图形种类" if text == GEOMETRY_HEADER and self._table.kind == "vector" else clean_text(text)
            sheet.write_string(at, index + self._shift, words, self._format("head", said))
            if counts:
                self._comment(sheet, at, index + self._shift, column_words(counts))
        sheet.write_string(at, self._fate, FATE_HEADER, plain_head)
        sheet.write_string(at, self._reason, REASON_HEADER, plain_head)

    def _write_row(self, sheet: Any, at: int, line: int, cells: Sequence[Any], said: Marks | None) -> None:
        if self._numbered and line > self._header.last:
            sheet.write_number(at, 0, line, self._format("number", ""))
        faulty = said.cells if said else {}
        width = max(len(cells), max(faulty, default=-1) + 1)
        for index in range(min(width, MOST_COLUMNS)):
            if index in self._ours and line > self._header.last:
                continue
            cell = cells[index] if index < len(cells) else None
            if said and index in said.uncomputed:
                cell = NO_VALUE
            kind = said.kind if said and index in faulty else ""
            self._write_cell(sheet, at, index + self._shift, cell, kind)
            if index in faulty and self._comments < MOST_COMMENTS:
                self._comments += 1
                self._comment(sheet, at, index + self._shift, faulty[index])
        if said:
            reason = said.reason
            sheet.write_string(at, self._fate, FATES[said.kind], self._format("text", said.kind))
            sheet.write_string(at, self._reason, reason, self._format("reason", ""))
            sheet.set_row(at, max(15 * lines_in(reason, REASON_WIDTH), 16))

    def _write_cell(self, sheet: Any, at: int, index: int, cell: Any, said: str) -> None:
        if isinstance(cell, BaseGeometry):
            cell = _SHAPES.get(cell.geom_type.removeprefix("Multi"), "混合图形")
        if cell is None:
            if said:
                sheet.write_blank(at, index, None, self._format("number", said))
        elif isinstance(cell, bool):
            sheet.write_boolean(at, index, cell, self._format("number", said))
        elif (isinstance(cell, float) and math.isfinite(cell)) or (isinstance(cell, int) and abs(cell) < _LARGEST_INT):
            sheet.write_number(at, index, cell, self._format("number", said))
        elif isinstance(cell, date) and cell.year >= 1900:
            timed = isinstance(cell, datetime) and cell.time().isoformat() != "00:00:00"
            sheet.write_datetime(at, index, cell, self._format("time" if timed else "date", said))
        else:
            sheet.write_string(at, index, no_markup(clean_text(plain(cell))), self._format("text", said))

    def _comment(self, sheet: Any, at: int, index: int, text: str) -> None:
        size = {"width": 260, "height": 18 * lines_in(text, 36) + 12}
        sheet.write_comment(at, index, text, {"author": AUTHOR, "font_size": 9, **size})

    # -- Notes

    def _write_notes(self) -> None:
        sheet = self._book.add_worksheet(NOTE_SHEET)
        sheet.set_column(0, 0, 100)
        sheet.hide_gridlines(2)
        base: dict[str, Any] = {"font_name": "微软雅黑", "font_size": 10, "text_wrap": True, "valign": "vcenter"}
        forms = {
            "title": self._book.add_format(base | {"bold": True, "font_size": 14}),
            "plain": self._book.add_format(base),
            **{kind: self._book.add_format(base | {"bg_color": f"#{fill}"}) for kind, fill in FILLS.items()},
        }
        lines = note_lines(self._marks.values(), self._file_name, self._sheet, list(self._more()), self._known)
        for at, (text, style) in enumerate(lines):
            sheet.set_row(at, 26 if style == "title" else 18 * lines_in(text, 100))
            sheet.write_string(at, 0, text, forms[style])

    def _more(self) -> Iterator[str]:
        if not self._whole:
            yield (
                f"原表超过 {MOST_ROWS:,} 行，这里只有退回和待定位的行。"
                f"第一列“{LINE_HEADER}”是原文件的行号，再导入时不读。"
                "可以只改这一份再导入，也可以在原文件中改正后把整份再导入。"
            )
        elif self._numbered and self._table.kind == "vector":
            yield f"第一列“{LINE_HEADER}”是要素在图层中的次序，再导入时不读。"
        elif self._numbered:
            yield f"原文件有的格子里带换行，行号不连续：第一列“{LINE_HEADER}”是原文件的行号，再导入时不读。"
        else:
            yield "行号与原文件一致。"
        if self._table.kind == "vector":
            yield "图形没有放进来，只写明点、线、面：请在原图层中改正后重新导入。"
        elif self._is_workbook and self._whole:
            yield "原工作簿不能原样返回，这里只有导入的这张表，公式已换成算好的数值；其他工作表和格式见原文件。"
        yield from too_many_comments(self._marks.values())
