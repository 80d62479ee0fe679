"""What an opened file is to its readers: sheets of numbered lines; and the encoding of a text."""

import codecs
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from riskmap.exchange.archive import refuse

Row = tuple[int, list[Any]]  # line as the file numbers it, cells

GEOMETRY_HEADER = "〔图形〕"
# Sheets of our own making, in a template and in a returned workbook; never offered as data.
HELP_SHEET = "填写说明"
OPTIONS_SHEET = "_选项"
VERSION_SHEET = "_riskmap"
NOTE_SHEET = "退回说明"
MOST_COLUMNS = 400
MOST_LINES = 1_100_000  # a sheet of Excel ends at 1 048 576
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet, or the only table of a file without sheets."""

    name: str
    rows: int
    columns: int
    hidden: bool = False


class Table(ABC):
    """An opened file."""

    kind = "table"
    encoding: str | None = None
    crs: str | None = None  # of the geometry, where the file says it
    notes: tuple[str, ...] = ()

    @property
    @abstractmethod
    def sheets(self) -> list[Sheet]:
        """What can be chosen from; never empty."""

    @abstractmethod
    def rows(self, sheet: str) -> Iterator[Row]:
        """All lines, in order, blank ones too where the file numbers them."""

    def merged(self, sheet: str) -> list[tuple[int, int, int, int]]:
        """Merged cells as first line, first column, last line, last column; columns from 0."""
        return []

    def uncomputed(self, sheet: str) -> set[tuple[int, int]]:
        """Line and column of formulas that were saved without their value."""
        return set()

    def timed(self, sheet: str, column: int) -> set[int]:
        """Lines whose cell of a column shows an hour, by its format: a date cell at midnight is read as a day alone."""
        return set()

    def own(self, sheet: str) -> list[Row]:
        """The first lines of a sheet of our own making; none where the file has no such sheet."""
        return []


_ENCODINGS = ("utf-8-sig", "gb18030")
CUT_SHORT = {"unexpected end of data", "incomplete multibyte sequence", "truncated data"}
_MARKS = ((codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"), (codecs.BOM_UTF8, "utf-8-sig"))


def encoding_of(path: Path) -> str:
    """UTF-8 or GB 18030 (GBK within it), strictly and over the whole file; UTF-16 by its mark. Raises Invalid."""
    with path.open("rb") as file:
        head = file.read(4)
        marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
        for encoding in (marked,) if marked else _ENCODINGS:
            file.seek(0)
            decoder = codecs.getincrementaldecoder(encoding)("strict")
            try:
                while chunk := file.read(_CHUNK):
                    if marked is None and b"\x00" in chunk:
                        raise refuse(
                            "not_a_table", "这不是文本表格，也不是 xlsx。请在 Excel 或 WPS 中另存为 xlsx 再上传。"
                        )
                    decoder.decode(chunk)
                decoder.decode(b"", final=True)
            except UnicodeDecodeError as error:
                # UTF-8 that was cut may well pass for GBK.
                if error.reason in CUT_SHORT:
                    raise refuse("damaged", "文件在最后一个字中间断了，没有传完整。请重新上传。") from error
                continue
            return encoding
    raise refuse(
        "unknown_encoding", "认不出文字编码：既不是 UTF-8，也不是 GBK/GB 18030。请另存为 xlsx 或 UTF-8 的 csv。"
    )
