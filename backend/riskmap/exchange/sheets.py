"""What both workbooks of ours need to know of Excel: names, widths, letters and what a cell can hold."""

import re
import unicodedata

from riskmap.base.plain import MOST_TEXT, clean_text, cut
from riskmap.exchange.table import HELP_SHEET, NOTE_SHEET, OPTIONS_SHEET, VERSION_SHEET

__all__ = ["MOST_TEXT", "clean_text", "cut", "letters", "lines_in", "sheet_name", "shown_width"]
_FORBIDDEN_IN_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")


def sheet_name(title: str) -> str:
    """A name that Excel takes, and that is none of our own sheets'."""
    name = _FORBIDDEN_IN_NAMES.sub(" ", title)[:31].strip(" '") or "数据"
    taken = {HELP_SHEET, VERSION_SHEET, OPTIONS_SHEET, NOTE_SHEET, "history"}
    return f"{name[:29]}清单" if name.lower() in taken else name


def shown_width(text: str) -> int:
    """Columns of a monospaced face that a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(ch) in "WFA" else 1 for ch in text)


def lines_in(text: str, width: float) -> int:
    """How many lines a text takes in a column of this width."""
    room = max(int(width) - 2, 1)
    return sum(max(1, -(-shown_width(part) // room)) for part in text.split("\n"))


def letters(index: int) -> str:
    """A column's name; 0 is A."""
    out, index = "", index + 1
    while index:
        index, rest = divmod(index - 1, 26)
        out = chr(65 + rest) + out
    return out
