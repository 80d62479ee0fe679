"""The fonts that are printed with, and which characters they have.

Noto Sans SC and Noto Serif SC, single-language TrueType files (a collection's first face is the Japanese one).
"""

import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any

from fontTools.ttLib import TTFont

from riskmap.base.settings import GEODATA

FOLDER = GEODATA / "fonts"
_REGULAR = "NotoSansSC-Regular.ttf"
LACKING = "〓"  # what a typesetter puts where it lacks a character


@lru_cache(4)
def opened(name: str) -> Any:
    """A font, read once: what it maps and how wide it is costs a good part of a second."""
    return TTFont(FOLDER / name, lazy=True)


@lru_cache(1)
def _known() -> frozenset[int]:
    """The code points that every printed font has."""
    found: list[set[int]] = []
    for path in sorted(FOLDER.glob("*.ttf")):
        found.append(set(opened(path.name).getBestCmap()))
    return frozenset(set.intersection(*found))


def printable(text: str) -> tuple[str, set[str]]:
    """The text with 〓 for what no font has, and those characters. What cannot be seen (controls) is left out."""
    known = _known()
    lacking: set[str] = set()
    out = []
    for c in text:
        if ord(c) in known or c == "\n":
            out.append(c)
        elif unicodedata.category(c) in {"Cc", "Cf", "Mn"}:
            continue
        elif c.isspace():
            out.append(" ")
        else:
            lacking.add(c)
            out.append(LACKING)
    return "".join(out), lacking


def all_printable(value: Any, lacking: set[str]) -> Any:
    """Every text within a value made printable; what was lacking is added to the set."""
    if isinstance(value, str):
        text, missing = printable(value)
        lacking |= missing
        return text
    if isinstance(value, dict):
        return {k: all_printable(v, lacking) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [all_printable(v, lacking) for v in value]
    return value


@lru_cache(4)
def _advances(name: str) -> tuple[dict[int, float], float]:
    font = opened(name)
    em = font["head"].unitsPerEm
    metrics = font["hmtx"].metrics
    return {code: metrics[glyph][0] / em for code, glyph in font.getBestCmap().items()}, 1.0


def width_em(text: str, *, bold: bool = False) -> float:
    """How wide a line is, in ems of the sans font."""
    known, otherwise = _advances("NotoSansSC-Bold.ttf" if bold else _REGULAR)
    return sum(known.get(ord(c), otherwise) for c in text)


def paths() -> list[Path]:
    """Folders for the typesetter."""
    return [FOLDER]
