"""Text as a file can hold it."""

import re

MOST_TEXT = 32_767  # characters of a cell
# What XML 1.0 cannot hold, and halves of characters.
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def cut(text: str, most: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= most else text[: most - 1] + "…"


def legal(text: str) -> str:
    """A text without what XML cannot hold; lines end as everywhere."""
    return _ILLEGAL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def no_markup(text: str) -> str:
    """A text that xlsxwriter takes for one: what looks like a rich string it would write as raw XML."""
    return f"{text}\u200b" if text.startswith("<r>") and text.endswith("</r>") else text


def clean_text(text: str) -> str:
    """A text as a cell of a workbook can hold it."""
    return cut(legal(text), MOST_TEXT)
