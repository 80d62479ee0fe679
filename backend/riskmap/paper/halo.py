"""The light ground behind the letters of a map, as shapes.

Stroking the letters a second time would put every name into the document's text twice.
"""

from functools import lru_cache
from typing import Any

import shapely
from fontTools.pens.basePen import BasePen

from riskmap.paper import fonts

_REACH_EM = 0.17
_STEPS = 4  # pieces of a curve


class _Rings(BasePen):  # type: ignore[misc]
    def __init__(self, glyphs: Any) -> None:
        super().__init__(glyphs)
        self.rings: list[list[tuple[float, float]]] = []

    def _moveTo(self, pt: tuple[float, float]) -> None:
        self.rings.append([pt])

    def _lineTo(self, pt: tuple[float, float]) -> None:
        self.rings[-1].append(pt)

    def _qCurveToOne(self, pt1: tuple[float, float], pt2: tuple[float, float]) -> None:
        x0, y0 = self.rings[-1][-1]
        for i in range(1, _STEPS + 1):
            t = i / _STEPS
            a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
            self.rings[-1].append((a * x0 + b * pt1[0] + c * pt2[0], a * y0 + b * pt1[1] + c * pt2[1]))


@lru_cache(2)
def _font(bold: bool) -> tuple[Any, Any, float]:
    font = fonts.opened("NotoSansSC-Bold.ttf" if bold else "NotoSansSC-Regular.ttf")
    return font.getGlyphSet(), font.getBestCmap(), font["head"].unitsPerEm


@lru_cache(8192)
def of_letter(c: str, bold: bool) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Rings of one letter's halo in ems, y upwards from the baseline."""
    glyphs, names, em = _font(bold)
    if ord(c) not in names or c.isspace():
        return ()
    pen = _Rings(glyphs)
    glyphs[names[ord(c)]].draw(pen)
    strokes = shapely.multilinestrings(
        [shapely.linestrings([(x / em, y / em) for x, y in [*ring, ring[0]]]) for ring in pen.rings if len(ring) > 2]
    )
    grown = shapely.buffer(strokes, _REACH_EM, quad_segs=2).simplify(0.03)
    # holes are narrower than a halo: only the outside is kept
    return tuple(tuple(p.exterior.coords[:-1]) for p in shapely.get_parts(grown) if not p.is_empty)
