"""A map frame at true scale: ground, boundaries, graticule and objects, in millimetres of the page."""

from collections.abc import Sequence
from math import ceil
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.strtree import STRtree

from riskmap.catalogue.model import GRADE_RANK
from riskmap.paper.drawing import GREY, INK, MM, Box, Page, path, width
from riskmap.paper.gauss import Floats, Strip, angle_words
from riskmap.paper.labels import Taken, around
from riskmap.paper.mapped import LINES, OTHER_LINE, Division, Ground, Mark, line_kind
from riskmap.paper.symbols import LOOKS

TINTS = ("#F7F4EA", "#EEF3EC", "#F2EEF4", "#EAF0F4")  # pale: yellow and blue symbols stand off
RIBBON = "#B9A3C6"
DIVISION_INK = "#8A8378"
_DASHES = {
    "city": (0.36, "#3C3C3C", (3.6, 1.0, 0.45, 1.0, 0.45, 1.0)),
    "county": (0.22, GREY, (2.6, 0.9, 0.35, 0.9)),
    "town": (0.18, "#757575", (1.3, 0.7)),
}
_STEPS_S = (10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 10800)


def boundary_style(level: str) -> tuple[float, str, tuple[float, ...]]:
    return _DASHES.get(level, _DASHES["county"])


class Site:
    """The ground and the objects in metres, projected once for all frames of a sheet."""

    def __init__(self, strip: Strip, ground: Ground, marks: Sequence[Mark]) -> None:
        self.strip = strip
        self.marks = list(marks)
        self.anchors: Floats = strip.metres(np.array([m.anchor for m in marks], dtype=float).reshape(-1, 2))
        self.shapes: list[BaseGeometry | None] = [
            None if m.geometry.geom_type in {"Point", "MultiPoint"} or m.geometry.is_empty else strip.shape(m.geometry)
            for m in marks
        ]
        self.area = strip.shape(ground.area) if ground.area is not None and not ground.area.is_empty else None
        self.area_level = ground.area_level
        self.divisions = [(d, strip.shape(d.polygon)) for d in ground.divisions]
        self.lines = [(line_kind(kind), strip.shape(g)) for kind, g in ground.lines]
        self._edges: dict[str, BaseGeometry] = {}
        self._tints: dict[str, dict[str, int]] = {}

    def level(self, level: str) -> list[tuple[Division, BaseGeometry]]:
        return [(d, g) for d, g in self.divisions if d.level == level]

    @property
    def inner(self) -> str:
        """The level that divides the area: counties where there are some, else towns."""
        below = {"city": ("county", "town"), "county": ("town",), "town": ()}[self.area_level]
        return next((v for v in below if len(self.level(v)) > 1), "")

    def edges(self, level: str) -> BaseGeometry:
        """The boundaries of a level, each once, so that dashes do not run over each other."""
        if level not in self._edges:
            found = shapely.union_all([g.boundary for _, g in self.level(level)])
            if self.area is not None and found is not None and not found.is_empty:
                found = found.difference(self.area.boundary.buffer(60))
            self._edges[level] = shapely.line_merge(found) if found is not None else shapely.MultiLineString()
        return self._edges[level]

    def tints(self, level: str) -> dict[str, int]:
        """A tint for each division so that neighbours differ."""
        if level not in self._tints:
            rows = self.level(level)
            shapes = [g.simplify(100) for _, g in rows]
            near: dict[int, set[int]] = {}
            if shapes:
                for i, j in STRtree(shapes).query(shapes, predicate="dwithin", distance=250).T.tolist():
                    near.setdefault(i, set()).add(j)
            used: dict[int, int] = {}
            for i in range(len(rows)):
                taken = {used[j] for j in near.get(i, ()) if j in used}
                used[i] = next(c for c in range(len(rows) + 1) if c not in taken)
            self._tints[level] = {rows[i][0].code: c % len(TINTS) for i, c in used.items()}
        return self._tints[level]


class Frame:
    """A box of the page showing the ground at 1:scale from its north-west corner."""

    def __init__(self, page: Page, box: Box, site: Site, scale: float, west: float, north: float, k: float) -> None:
        self.box, self.site, self.scale, self.west, self.north, self.k = box, site, scale, west, north, k
        self.w, self.h = box[2] - box[0], box[3] - box[1]
        self._waiting: list[tuple[float, float, str, float, bool, float, Any]] = []
        self.map = page.layer(clip=box)
        self.over = page.layer()
        self._view = shapely.box(box[0] - 3, box[1] - 3, box[2] + 3, box[3] + 3)

    # -- from metres to millimetres
    def places(self, metres: Floats) -> Floats:
        f = 1000 / self.scale
        return np.column_stack(
            (self.box[0] + (metres[:, 0] - self.west) * f, self.box[1] + (self.north - metres[:, 1]) * f)
        )

    def shape(self, geometry: BaseGeometry, tolerance: float = 0.03) -> BaseGeometry:
        """In millimetres, simplified below what a press can show, cut to the frame."""
        moved = shapely.transform(geometry, self.places)
        if tolerance:
            moved = shapely.simplify(moved, tolerance)
        if not self._view.contains(shapely.box(*moved.bounds)):
            if not moved.is_valid:
                moved = shapely.make_valid(moved)
            moved = moved.intersection(self._view)
        return moved

    # -- below the objects
    def ground(self, towns: bool) -> None:
        k, site = self.k, self.site
        level = site.inner
        if level:
            tints = site.tints(level)
            for division, g in site.level(level):
                self.map.fill(path(self.shape(g)), TINTS[tints[division.code]], 1.0)
        elif site.area is not None:
            self.map.fill(path(self.shape(site.area)), TINTS[0], 1.0)
        for kind, g in site.lines:
            if self.scale <= LINES.get(kind, OTHER_LINE).least:
                self._line(kind, g)
        if site.area is not None:
            outline = self.shape(site.area)
            reach = 1.5 * k
            ribbon = outline.difference(shapely.simplify(outline, 0.1).buffer(-reach, quad_segs=2))
            self.map.fill(path(ribbon), RIBBON, 2.0, 0.55)
        for each in ("town", "county", "city"):
            if (each == "town" and not towns) or not site.level(each) or each == site.area_level:
                continue
            w, colour, dash = boundary_style(each)
            d = path(self.shape(site.edges(each)))
            self.map.stroke(d, (w + 0.33) * k, "#FFFFFF", 3.0, more=' stroke-opacity="0.8"')
            self.map.stroke(d, w * k, colour, 3.1, [v * k for v in dash])
        if site.area is not None:
            w, colour, dash = boundary_style(site.area_level)
            self.map.stroke(path(outline.boundary), w * k, colour, 3.3, [v * k for v in dash])

    def _line(self, kind: str, geometry: BaseGeometry) -> None:
        k, style = self.k, LINES.get(kind, OTHER_LINE)
        shape = self.shape(geometry)
        d = path(shape)
        z = 2.2 + style.z / 10
        if "Polygon" in shape.geom_type:
            self.map.fill(d, style.area or style.colour, z)
            self.map.stroke(d, 0.12 * k, style.colour, z)
            return
        if style.casing:
            self.map.stroke(d, style.casing_width * k, style.casing, z)
        self.map.stroke(d, style.width * k, style.colour, z + 0.005, [v * k for v in style.dash])

    def graticule(self, band: float, neat: Box | None = None) -> None:
        """Meridians and parallels; ticks and figures in the band round `neat`, where the frame reaches it."""
        k = self.k
        strip = self.site.strip
        f = self.scale / 1000
        edge = np.linspace(0, 1, 9)
        rim = np.array(
            [
                (self.west + a * self.w * f, self.north - b * self.h * f)
                for a in edge
                for b in edge
                if {a, b} & {0.0, 1.0}
            ]
        )
        lonlat = strip.degrees(rim)
        (lon0, lat0), (lon1, lat1) = lonlat.min(0), lonlat.max(0)
        middle = strip.metres(
            np.array([[(lon0 + lon1) / 2, (lat0 + lat1) / 2], [(lon0 + lon1) / 2 + 0.01, (lat0 + lat1) / 2]])
        )
        mm_per_s = float(middle[1, 0] - middle[0, 0]) / 36 * 1000 / self.scale
        step = next((s for s in _STEPS_S if s * mm_per_s >= 48 * k), _STEPS_S[-1])
        size = 6.0 * k
        for across, low, high in ((True, lon0, lon1), (False, lat0, lat1)):
            for at in range(ceil(low * 3600 / step) * step, int(high * 3600) + 1, step):
                along = np.linspace((lat0 if across else lon0) - 0.05, (lat1 if across else lon1) + 0.05, 40)
                fixed = np.full_like(along, at / 3600)
                line = self.places(strip.metres(np.column_stack((fixed, along) if across else (along, fixed))))
                self.map.line(line, 0.10 * k, "#8FA9B8", 2.9)
                if neat is not None:
                    self._figures(line, across, angle_words(at, step), band, size, neat)

    def _figures(self, line: Floats, across: bool, words: str, band: float, size: float, neat: Box) -> None:
        k = self.k
        x0, y0, x1, y1 = self.box
        half = width(words, size) / 2
        tall = size * MM * 0.72
        if across:
            order = np.argsort(line[:, 1])
            for y, out in ((y0, -1), (y1, 1)):
                x = float(np.interp(y, line[order, 1], line[order, 0]))
                if x0 < x < x1 and y in {neat[1], neat[3]}:
                    self.over.line([(x, y), (x, y + out * band * 0.28)], 0.15 * k)
                    if words and x0 + half + 1 < x < x1 - half - 1:
                        self.over.text(
                            x, y + (-band * 0.42 if out < 0 else band * 0.42 + tall), words, size, align="center"
                        )
            return
        order = np.argsort(line[:, 0])
        for x, out in ((x0, -1), (x1, 1)):
            y = float(np.interp(x, line[order, 0], line[order, 1]))
            if y0 < y < y1 and x in {neat[0], neat[2]}:
                self.over.line([(x, y), (x + out * band * 0.28, y)], 0.15 * k)
                if words and y0 + half + 1 < y < y1 - half - 1:
                    bx = x - band * 0.42 if out < 0 else x + band * 0.42 + tall
                    self.over.text(bx, y + half, words, size, turn=90)

    def neatline(self, band: float) -> None:
        x0, y0, x1, y1 = self.box
        self.over.rect(self.box, stroke=INK, width=0.2 * self.k, z=9)
        if band:
            t = 0.8 * self.k
            o = band - t / 2
            self.over.rect((x0 - o, y0 - o, x1 + o, y1 + o), stroke=INK, width=t, z=9)

    # -- the objects' own outlines
    def outlines(self, chosen: Sequence[int]) -> None:
        """Lines and areas of objects, the graver above."""
        k = self.k
        for i in chosen:
            geometry = self.site.shapes[i]
            if geometry is None:
                continue
            grade = self.site.marks[i].grade
            look = LOOKS[grade]
            z = 5 + (9 - GRADE_RANK[grade]) / 10
            shape = self.shape(geometry)
            colour = look.fill if grade != "none" else "#8C8C8C"
            d = path(shape)
            if "Polygon" in shape.geom_type:
                self.map.fill(d, colour, z, 0.16)
            if grade == "general":  # yellow has an edge, always
                self.map.stroke(d, 0.62 * k, "#7A7000", z)
            self.map.stroke(d, (0.4 if grade != "none" else 0.25) * k, colour, z + 0.01)

    def names(self, taken: Taken, points: Floats, levels: Sequence[str], *, draw: bool = True) -> None:
        """Places for names of divisions, inside them, where they cover the fewest symbols; and the names, if `draw`."""
        self._waiting = []
        for level in levels:
            for d, g in self.site.level(level):
                self._name(d, g, taken, points, small=level == "town")
        if draw:
            self.letter_names()

    def letter_names(self) -> None:
        """The names that have their places."""
        for x, y, name, pt, bold, spread, line in self._waiting:
            if line is not None:
                self.map.line(line, 0.12 * self.k, DIVISION_INK, 7.0)
                self.map.dot(line[0][0], line[0][1], 0.3 * self.k, DIVISION_INK, z=7.1)
            self.map.text(
                x, y, name, pt, bold=bold, color=DIVISION_INK, spread=spread, halo_z=3.5 if line is None else 7.2
            )

    def _name(self, d: Division, g: BaseGeometry, taken: Taken, points: Floats, *, small: bool) -> None:
        k = self.k
        x0, y0, x1, y1 = self.box
        shape = shapely.transform(g, self.places)
        shape = shapely.simplify(shape, 0.3).buffer(0).intersection(shapely.box(x0 + 1, y0 + 1, x1 - 1, y1 - 1))
        if shape.is_empty:
            return
        area = shape.area / (k * k)
        if area < (60 if small else 90):
            return
        if small:
            pt, spread, bold = 6.3 * k, 0.3 * k, False
        else:
            pt, spread, bold = (
                (10.5 if area > 700 else 8.5) * k,
                (2.6 if area > 2200 else 1.0 if area > 700 else 0.2) * k,
                True,
            )
        if self._inside(d.name, shape, taken, points, pt, bold, spread, small=small) or small:
            return
        if self._inside(d.name, shape, taken, points, 7.5 * k, bold, 0.0, small=small):
            return
        self._outside(d.name, shape, taken, 7.5 * k)

    def _outside(self, name: str, shape: BaseGeometry, taken: Taken, pt: float) -> None:
        """Beside the area, with a leader: there is no room within."""
        k = self.k
        w, h = width(name, pt, bold=True), pt * MM
        area = self.shape(self.site.area, 0.5) if self.site.area is not None else shapely.Polygon()
        shapely.prepare(area)
        at = shape.representative_point()
        for box in around(at.x, at.y, 4 * k, 60 * k, w + 0.8, h * 1.1):
            if taken.free(box) and not area.intersects(shapely.box(*box)):
                line = shapely.LineString([(at.x, at.y), ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)])
                end = shapely.intersection(line.difference(shapely.box(*box)), self._view)
                leader = shapely.get_coordinates(end).tolist() if not end.is_empty else None
                self._waiting.append((box[0] + 0.4, box[3] - h * 0.2, name, pt, True, 0.0, leader))
                taken.add(box, "division", name)
                return

    def _inside(
        self,
        name: str,
        shape: BaseGeometry,
        taken: Taken,
        points: Floats,
        pt: float,
        bold: bool,
        spread: float,
        *,
        small: bool,
    ) -> bool:
        k = self.k
        x0, _, x1, _ = self.box
        w, h = width(name, pt, bold=bold, spread=spread), pt * MM
        bx0, by0, bx1, by1 = shape.bounds
        grid = np.array([(x, y) for x in np.linspace(bx0, bx1, 33) for y in np.linspace(by0, by1, 25)])
        grid = grid[(grid[:, 0] - w / 2 > x0 + 1) & (grid[:, 0] + w / 2 < x1 - 1)]
        if not len(grid):
            return False
        shapely.prepare(shape)
        boxes = shapely.box(grid[:, 0] - w / 2, grid[:, 1] - h, grid[:, 0] + w / 2, grid[:, 1] + h * 0.15)
        inside = shapely.contains(shape, boxes)
        if not inside.any():
            if small:
                return False
            inside = shapely.contains_xy(shape, grid[:, 0], grid[:, 1] - h / 2)
            if not inside.any():
                return False
        grid = grid[inside]
        r = 3.0 * k
        covered = np.zeros(len(grid))
        if len(points):
            covered = (
                (np.abs(points[None, :, 0] - grid[:, 0, None]) < w / 2 + r)
                & (np.abs(points[None, :, 1] - grid[:, 1, None] + h / 2) < h / 2 + r)
            ).sum(1)
        c = shape.centroid
        away = np.hypot(grid[:, 0] - c.x, grid[:, 1] - c.y)
        for i in np.argsort(covered * 40 * k + away)[:200].tolist():
            x, y = grid[i]
            box = (x - w / 2 - 0.4, y - h * 0.95, x + w / 2 + 0.4, y + h * 0.22)
            if taken.free(box):
                if small and covered[i]:
                    return False
                self._waiting.append((x - w / 2, y, name, pt, bold, spread, None))
                taken.add(box, "division", name)
                return True
        return False
