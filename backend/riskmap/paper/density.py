"""The density map: H3 cells in classes of counts, apart from the grades' colours; the fullest of them by name."""

from collections.abc import Mapping
from functools import cached_property

import h3
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from riskmap.paper.drawing import INK, path, width
from riskmap.paper.frame import Frame
from riskmap.paper.gauss import Strip
from riskmap.paper.labels import Taken
from riskmap.paper.mapped import Ground, Heat, total
from riskmap.paper.symbols import LOOKS

CLASSES = ((1, 1, "#FBE9D8"), (2, 3, "#F3C9A5"), (4, 7, "#DE9B6E"), (8, 15, "#B5663F"), (16, 10**9, "#7A3418"))
_DARK = frozenset({"#B5663F", "#7A3418"})
_LEAST_SAID = 4  # objects of a cell whose number stands in it
_FULLEST = 10
_NUMERALS = (
    "零", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三", "十四", "十五",
)  # fmt: skip


class Density:
    """What the sheet says and draws of the cells."""

    def __init__(self, heat: Heat, strip: Strip | None, ground: Ground) -> None:
        self.heat, self._strip, self._ground = heat, strip, ground

    @cached_property
    def cells(self) -> list[tuple[BaseGeometry, Mapping[str, int]]]:
        """Each cell in metres, with its counts by grade."""
        if self._strip is None:
            return []
        out = []
        for cell, counts in sorted(self.heat.cells.items()):
            ring = [(lng, lat) for lat, lng in h3.cell_to_boundary(h3.int_to_str(cell))]
            out.append((self._strip.shape(shapely.Polygon(ring)), counts))
        return out

    @property
    def total(self) -> int:
        """All objects."""
        return sum(total(c) for c in self.heat.cells.values())

    @property
    def classes(self) -> list[tuple[str, str, int, int]]:
        """Of each class: its colour, its words, how many cells, how many objects."""
        rows = []
        for low, high, colour in CLASSES:
            inside = [total(c) for c in self.heat.cells.values() if low <= total(c) <= high]
            words = f"≥ {low}" if high > 10**6 else str(low) if low == high else f"{low}–{high}"
            rows.append((colour, words, len(inside), sum(inside)))
        return rows

    @property
    def size(self) -> str:
        """Of a cell, in words."""
        km2 = h3.average_hexagon_area(self.heat.resolution, unit="km^2")
        return f"{km2:.0f} km²" if km2 >= 10 else f"{km2:.1f} km²" if km2 >= 0.1 else f"{km2 * 100:.2g} 公顷"

    @property
    def method(self) -> str:
        """How it was counted, and what it does not say."""
        red = sum(c.get("major", 0) > 0 for c in self.heat.cells.values())
        return (
            f"颜色表示数量，与四色等级无关，越深越多；{_LEAST_SAID} 个以上的格注明数目。"
            "空白格：无登记对象，不等于无风险。"
            f"方法：按对象位置归入 H3 {_NUMERALS[self.heat.resolution]}级格，逐格计数，不插值、不平滑。"
            f"红框格内有重大风险（{red} 格）。"
        )

    @cached_property
    def fullest(self) -> list[tuple[str, str, Mapping[str, int]]]:
        """The cells with most objects: cell, division, counts."""
        found = sorted(self.heat.cells.items(), key=lambda t: (-total(t[1]), t[0]))[:_FULLEST]
        return [(h3.int_to_str(c), self._division_of(c), counts) for c, counts in found]

    def _division_of(self, cell: int) -> str:
        lat, lng = h3.cell_to_latlng(h3.int_to_str(cell))
        point = shapely.Point(lng, lat)
        for level in ("county", "town"):
            for d in self._ground.divisions:
                if d.level == level and shapely.box(*d.polygon.bounds).contains(point) and d.polygon.contains(point):
                    return d.name
        return ""

    def draw(self, frame: Frame) -> Taken:
        """The fullest cells last, numbers within those that have room; gives where words stand."""
        k = frame.k
        taken = Taken(frame.box)
        shapes = []
        for metres, counts in sorted(self.cells, key=lambda t: total(t[1])):
            n = total(counts)
            colour = next((c for low, high, c in CLASSES if low <= n <= high), None)
            if colour is None:
                continue
            shape = frame.shape(metres, 0)
            shapes.append((shape, n, colour))
            frame.map.svg(
                f'<path d="{path(shape)}" fill="{colour}" stroke="#FFFFFF" stroke-width="{0.12 * k:.3f}"/>', 2.9
            )
            if counts.get("major"):
                frame.map.stroke(path(shape.buffer(-0.35 * k)), 0.38 * k, LOOKS["major"].fill, 4.0)
        for shape, n, colour in shapes:
            c = shape.centroid
            pt = 6.0 * k
            w = width(str(n), pt, bold=True)
            if n < _LEAST_SAID or shape.is_empty or shape.bounds[2] - shape.bounds[0] < w * 1.5:
                continue
            ink = "#FFFFFF" if colour in _DARK else INK
            frame.map.text(c.x, c.y + 0.75 * k, str(n), pt, bold=True, color=ink, align="center")
            taken.add((c.x - w / 2, c.y - k, c.x + w / 2, c.y + k), "count", str(n))
        frame.names(taken, np.zeros((0, 2)), [frame.site.inner] if frame.site.inner else [])
        return taken
