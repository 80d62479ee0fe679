"""Symbols on paper: the outline says the grade, its fill too, and the drawing within says the class, as on screen.

Sizes are in units of the symbol's nominal radius; the outlines are of equal area, that of a circle of 0.93.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import cos, pi, sin

from riskmap.base.settings import GEODATA
from riskmap.catalogue.model import GRADES

INK = "#1A1A1A"
_SPRITE = GEODATA / "catalogue" / "symbols.svg"
_SYMBOL = re.compile(r'<symbol id="c-([a-z0-9-]+)" viewBox="0 0 16 16">(.*?)</symbol>', re.S)


@dataclass(frozen=True, slots=True)
class Look:
    """A grade on paper. Yellow always has a dark edge; grey prints tell by outline and by the reversed drawing."""

    word: str
    letter: str
    fill: str
    ink: str
    points: tuple[tuple[float, float], ...]  # of the outline, y upwards; empty: a circle
    room: float  # half the side of the square that the drawing takes

    @property
    def path(self) -> str:
        """SVG path of the outline, y downwards."""
        if not self.points:
            r = 0.93
            return f"M{-r} 0A{r} {r} 0 1 1 {r} 0A{r} {r} 0 1 1 {-r} 0Z"
        return "M" + "L".join(f"{x:.3f} {-y:.3f}" for x, y in self.points) + "Z"


def _ring(n: int, r: float, turn: float = 90.0) -> tuple[tuple[float, float], ...]:
    return tuple((r * cos((turn + 360 * i / n) * pi / 180), r * sin((turn + 360 * i / n) * pi / 180)) for i in range(n))


LOOKS: dict[str, Look] = {
    "major": Look("重大", "红", "#E60012", "#FFFFFF", _ring(4, 1.17), 0.56),
    "serious": Look("较大", "橙", "#F39800", INK, _ring(3, 1.42), 0.46),
    "general": Look("一般", "黄", "#FFF100", INK, _ring(4, 1.16, 45), 0.60),
    "low": Look("低", "蓝", "#0068B7", "#FFFFFF", (), 0.58),
    "none": Look("未评定", "—", "#FFFFFF", INK, (), 0.58),
}
assert set(LOOKS) == set(GRADES)
# A cell that holds a grade: its word → ground and ink. A grey print has the word.
CELLS = {look.word: (look.fill, look.ink) for grade, look in LOOKS.items() if grade != "none"}


@lru_cache(1)
def drawings() -> dict[str, str]:
    """The sprite's drawings by the name that a class calls its symbol by (without c-), 16 × 16, in currentColor."""
    return dict(_SYMBOL.findall(_SPRITE.read_text(encoding="utf-8")))


def inner(symbol: str, colour: str, half: float) -> str:
    """A class's drawing as SVG, centred on 0,0 within ±half, y downwards; empty where there is none of this name."""
    drawing = drawings().get(symbol.removeprefix("c-"))
    if drawing is None:
        return ""
    scale = half / 8
    return (
        f'<g transform="translate({-half:.3f} {-half:.3f}) scale({scale:.4f})" color="{colour}">{drawing}</g>'.replace(
            "currentColor", colour
        )
    )


def group(symbol: str | None, grade: str, edge: float = 0.084) -> str:
    """A symbol as SVG of nominal radius 1 about 0,0; `edge` is its line in radii. Without a drawing: bare."""
    look = LOOKS[grade]
    outline = (
        f'<path d="{look.path}" fill="{look.fill}" stroke="{INK}" stroke-width="{edge:.3f}" stroke-linejoin="round"/>'
    )
    return outline + (inner(symbol, look.ink, look.room) if symbol else "")


def svg(symbol: str | None, grade: str) -> bytes:
    """A symbol by itself, for legends and lists."""
    body = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1.4 -1.4 2.8 2.8">{group(symbol, grade)}</svg>'
    return body.encode()


def class_svg(symbol: str, colour: str = INK) -> bytes:
    """A class's drawing by itself, without a grade."""
    body = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="-1.1 -1.1 2.2 2.2">{inner(symbol, colour, 1)}</svg>'
    return body.encode()


def files(symbols: Mapping[str, str]) -> dict[str, bytes]:
    """What kit.typ's `sym` names: grade-<g>.svg, class-<c>.svg and sym-<c>-<g>.svg; from class code to its symbol."""
    out = {f"grade-{g}.svg": svg(None, g) for g in GRADES}
    for code, symbol in symbols.items():
        out[f"class-{code}.svg"] = class_svg(symbol)
        out |= {f"sym-{code}-{g}.svg": svg(symbol, g) for g in GRADES}
    return out
