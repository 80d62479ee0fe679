"""A page drawn in millimetres from its upper left corner: shapes as SVG, letters apart for the typesetter.

Letters stand above all shapes, so what must not show through a panel may not be lettered below it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from riskmap.paper import fonts, halo, symbols

INK, GREY, NAVY, ALARM = "#1A1A1A", "#6B6B6B", "#0B3A66", "#B00010"
MM = 25.4 / 72  # of a point
Box = tuple[float, float, float, float]  # left, top, right, bottom


def width(text: str, pt: float, *, bold: bool = False, spread: float = 0.0) -> float:
    """Millimetres that a line takes; `spread` between its letters."""
    return fonts.width_em(text, bold=bold) * pt * MM + spread * max(len(text) - 1, 0)


_TOGETHER = re.compile(r"[0-9A-Za-z°′″.,:/_+-]+|.", re.S)
_CLOSING = "，。、；：）」』”！？"


def wrap(text: str, pt: float, room: float, *, bold: bool = False) -> list[str]:
    """Lines of at most `room` millimetres. Chinese breaks anywhere, a number or Latin word only where it must; no line
    begins with a closing sign."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line, taken = "", 0.0
        for found in _TOGETHER.findall(paragraph):
            pieces = [found] if width(found, pt, bold=bold) <= room else list(found)
            for piece in pieces:
                w = width(piece, pt, bold=bold)
                if line and taken + w > room and piece not in _CLOSING:
                    lines.append(line)
                    line, taken = "", 0.0
                line, taken = line + piece, taken + w
        lines.append(line)
    return lines


def path(geometry: BaseGeometry) -> str:
    """SVG path of lines and polygons."""
    return "".join(_rings(geometry))


def _rings(geometry: BaseGeometry) -> Iterator[str]:
    for part in shapely.get_parts(geometry):
        if part.geom_type == "Polygon":
            for ring in (part.exterior, *part.interiors):
                yield "M" + _points(shapely.get_coordinates(ring)[:-1]) + "Z"
        elif part.geom_type in {"LineString", "LinearRing"}:
            yield "M" + _points(shapely.get_coordinates(part))


def _points(coordinates: Any) -> str:
    return "L".join(f"{x:.2f} {y:.2f}" for x, y in coordinates.tolist())


class Block:
    """Shapes and letters, to be stamped onto a page or another block."""

    def __init__(self, clip: Box | None = None) -> None:
        self.clip = clip
        self.shapes: list[tuple[float, str]] = []
        self.letters: list[list[Any]] = []
        self.symbols: set[tuple[str | None, str]] = set()

    def svg(self, body: str, z: float = 0.0) -> None:
        self.shapes.append((z, body))

    def line(
        self, points: Iterable[Sequence[float]], width: float, color: str = INK, z: float = 0.0,
        dash: Sequence[float] = (), more: str = "",
    ) -> None:  # fmt: skip
        d = "M" + _points(np.asarray(list(points), dtype=float))
        self.stroke(d, width, color, z, dash, more)

    def stroke(
        self, d: str, width: float, color: str = INK, z: float = 0.0, dash: Sequence[float] = (), more: str = ""
    ) -> None:
        if len(d) < 4:
            return
        dashes = f' stroke-dasharray="{" ".join(f"{v:.2f}" for v in dash)}"' if dash else ""
        self.svg(
            f'<path d="{d}" fill="none" stroke="{color}" stroke-width="{width:.3f}" stroke-linejoin="round"'
            f"{dashes}{more}/>",
            z,
        )

    def fill(self, d: str, color: str, z: float = 0.0, opacity: float = 1.0) -> None:
        if d:
            self.svg(f'<path d="{d}" fill="{color}" fill-rule="evenodd" fill-opacity="{opacity}"/>', z)

    def rect(
        self,
        box: Box,
        fill: str = "none",
        stroke: str = "none",
        width: float = 0.2,
        z: float = 0.0,
        opacity: float = 1.0,
    ) -> None:
        x0, y0, x1, y1 = box
        self.svg(
            f'<rect x="{x0:.3f}" y="{y0:.3f}" width="{x1 - x0:.3f}" height="{y1 - y0:.3f}" fill="{fill}" '
            f'fill-opacity="{opacity}" stroke="{stroke}" stroke-width="{width:.3f}"/>',
            z,
        )

    def dot(self, x: float, y: float, r: float, fill: str = INK, edge: str = "#FFFFFF", z: float = 0.0) -> None:
        self.svg(
            f'<circle cx="{x:.2f}" cy="{y:.2f}" r="{r:.2f}" fill="{fill}" stroke="{edge}" stroke-width="{r / 4:.2f}"/>',
            z,
        )

    def symbol(self, symbol: str | None, grade: str, x: float, y: float, r: float, z: float = 0.0) -> None:
        """A grade's outline of nominal radius r, with the class's drawing or bare."""
        self.symbols.add((symbol, grade))
        name = _symbol_id(symbol, grade)
        self.svg(f'<use href="#{name}" transform="translate({x:.2f} {y:.2f}) scale({r:.3f})"/>', z)

    def drawing(self, symbol: str, x: float, y: float, half: float, z: float = 0.0) -> None:
        """A class's drawing by itself."""
        self.svg(f'<g transform="translate({x:.2f} {y:.2f})">{symbols.inner(symbol, INK, half)}</g>', z)

    def text(
        self, x: float, y: float, s: str, pt: float, *, bold: bool = False, color: str = INK, align: str = "left",
        turn: float = 0.0, spread: float = 0.0, halo_z: float | None = None,
    ) -> Box:  # fmt: skip
        """A line from its baseline; gives the box that it takes (unturned). `halo_z` lays a light ground behind it."""
        w = width(s, pt, bold=bold, spread=spread)
        x -= {"left": 0.0, "center": w / 2, "right": w}[align]
        if s.strip():
            self.letters.append([round(x, 3), round(y, 3), s, round(pt, 2), bold, color, turn, round(spread, 3)])
        if halo_z is not None:
            self.svg(f'<path d="{_halo(s, x, y, pt, bold, spread)}" fill="#FFFFFF" fill-opacity="0.86"/>', halo_z)
        return x, y - 0.88 * pt * MM, x + w, y + 0.14 * pt * MM

    def stamp(self, other: "Block", dx: float, dy: float, z: float = 0.0) -> None:
        """Another block, moved."""
        body = "".join(s for _, s in sorted(other.shapes, key=lambda t: t[0]))
        if body:
            self.svg(f'<g transform="translate({dx:.3f} {dy:.3f})">{body}</g>', z)
        self.letters += [[round(x + dx, 3), round(y + dy, 3), *rest] for x, y, *rest in other.letters]
        self.symbols |= other.symbols


def _symbol_id(symbol: str | None, grade: str) -> str:
    return f"s-{symbol or 'bare'}-{grade}"


def _halo(s: str, x: float, y: float, pt: float, bold: bool, spread: float) -> str:
    em = pt * MM
    out = []
    for c in s:
        for ring in halo.of_letter(c, bold):
            out.append("M" + "L".join(f"{x + a * em:.2f} {y - b * em:.2f}" for a, b in ring) + "Z")
        x += fonts.width_em(c, bold=bold) * em + spread
    return "".join(out)


class Page:
    """One page: layers in order, each clipped or not."""

    def __init__(self, w: float, h: float) -> None:
        self.w, self.h = w, h
        self.layers: list[Block] = []

    def layer(self, clip: Box | None = None) -> Block:
        self.layers.append(Block(clip))
        return self.layers[-1]

    @property
    def letters(self) -> list[list[Any]]:
        return [letter for layer in self.layers for letter in layer.letters]

    def svg(self) -> bytes:
        used = sorted(set().union(*(layer.symbols for layer in self.layers)), key=str)
        out = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.w}mm" height="{self.h}mm" '
            f'viewBox="0 0 {self.w} {self.h}"><defs>'
        ]
        out += [
            f'<g id="{escape(_symbol_id(symbol, grade))}">{symbols.group(symbol, grade)}</g>' for symbol, grade in used
        ]
        for i, layer in enumerate(self.layers):
            if layer.clip:
                x0, y0, x1, y1 = layer.clip
                out.append(
                    f'<clipPath id="clip{i}"><rect x="{x0}" y="{y0}" width="{x1 - x0}" height="{y1 - y0}"/></clipPath>'
                )
        out.append("</defs>")
        for i, layer in enumerate(self.layers):
            out.append(f'<g clip-path="url(#clip{i})">' if layer.clip else "<g>")
            out += [s for _, s in sorted(layer.shapes, key=lambda t: t[0])]
            out.append("</g>")
        out.append("</svg>")
        return "".join(out).encode()
