"""The map sheet (一图): pages composed from plain values, at true scale, every object drawn or listed.

Nothing is dropped: an object has its name beside it, or a number and a line in 图上编号对照表, or at great density a
small symbol at its place, which the legend says; and what lies beyond the frame is listed with its position.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import h3
import numpy as np
import shapely

from riskmap.catalogue.model import GRADES
from riskmap.paper import fonts, layout, margins, panels, placing, typeset
from riskmap.paper.cores import Inset, cores
from riskmap.paper.density import Density
from riskmap.paper.drawing import GREY, INK, MM, NAVY, Block, Box, Page, width
from riskmap.paper.frame import Frame, Site
from riskmap.paper.gauss import Strip
from riskmap.paper.imprint import TEXTS, Imprint
from riskmap.paper.legend import Said, heat_legend_variants, legend_variants, top_cells
from riskmap.paper.mapped import ClassRow, Division, Ground, Heat, Legend, Mark, kinds_at
from riskmap.paper.panels import Numbered, Sized
from riskmap.paper.symbols import LOOKS

__all__ = ["PAPERS", "ClassRow", "Composed", "Division", "Ground", "Heat", "Legend", "Mark", "compose"]

# Longer and shorter side in mm, and what type, lines and symbols are multiplied by against A3.
PAPERS: Mapping[str, tuple[float, float, float]] = {
    "A4": (297, 210, 0.95),
    "A3": (420, 297, 1.0),
    "A2": (594, 420, 1.3),
    "A1": (841, 594, 1.7),
    "A0": (1189, 841, 2.4),
}
_MARGIN, _BAND, _PAD = 10.0, 5.0, 4.5
_COLUMN_ROOM = panels.COLUMN + 4.4
_NONE, _NONE_PT = "所选范围内符合条件且可上图的对象：无", 10.0
_INSET = 1.3  # of a plan's worth: that no core is crowded, or that its enlargement stands
_LOSS = 3.2  # of a plan's worth where its scale is e times smaller
_MANY = 400  # from here on placing is tried fewer times


@dataclass(slots=True)
class Composed:
    """A sheet's pages, and what stands on them. Positions are mm from a page's left top."""

    pages_drawn: list[Page]
    imprint: Imprint
    scale: int
    drawn: list[dict[str, Any]]
    warnings: list[str]
    lacking: tuple[str, ...] = ()
    sidecar: tuple[str, bytes] | None = None
    labels: list[tuple[int, str, str, Box]] = field(default_factory=list)  # page, kind, words, box
    panels: dict[str, Box] = field(default_factory=dict)  # on page 1
    inset_scale: int | None = None
    meridian: float | None = None
    mark_pt: float = 11.0
    scales: list[int] = field(default_factory=list)  # of each page, where they differ

    @property
    def pages(self) -> int:
        return len(self.pages_drawn)

    def _typeset(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        data: dict[str, Any] = {"imprint": self.imprint.body(), "sidecar": None, "pages": []}
        files: dict[str, bytes] = {}
        for n, page in enumerate(self.pages_drawn, 1):
            files[f"page-{n}.svg"] = page.svg()
            data["pages"].append(
                {"file": f"page-{n}.svg", "w": page.w, "h": page.h, "letters": page.letters, "mark": self.mark_pt}
            )
        if self.sidecar:
            name, body = self.sidecar
            data["sidecar"], files[name] = name, body
        return data, files

    def pdf(self) -> bytes:
        """The same values give the same bytes."""
        data, files = self._typeset()
        return typeset.pdf("sheet", data, files, at=self.imprint.made_at).body

    def png(self, ppi: float) -> list[bytes]:
        """A picture of each page."""
        data, files = self._typeset()
        data["sidecar"] = None
        return typeset.png("sheet", data, files, ppi=ppi)[0]


def compose(
    paper: str, orientation: str, marks: Sequence[Mark], ground: Ground, legend: Legend, imprint: Imprint,
    sheet_no: str = "", sheet_of: str = "", heat: Heat | None = None, attach_ids: bool = True,
) -> Composed:  # fmt: skip
    """A sheet of this paper, landscape or portrait. `sheet_no` of `sheet_of` sheets of a set."""
    return _Sheet(paper, orientation, marks, ground, legend, imprint, sheet_no, sheet_of, heat, attach_ids).composed()


@dataclass(slots=True)
class _Plan:
    frame: Box  # inner neat line, mm of the page
    scale: int
    west: float
    north: float
    boxes: dict[str, Box]  # panels, mm of the page
    legend: Sized
    inset: Inset | None = None
    worth: float = 0.0

    @property
    def keep_off(self) -> list[Box]:
        return list(self.boxes.values())


class _Sheet:
    def __init__(
        self, paper: str, orientation: str, marks: Sequence[Mark], ground: Ground, legend: Legend, imprint: Imprint,
        sheet_no: str, sheet_of: str, heat: Heat | None, attach_ids: bool,
    ) -> None:  # fmt: skip
        long, short, self.k = PAPERS[paper]
        self.w, self.h = (long, short) if orientation == "landscape" else (short, long)
        self.paper = f"{paper}（{self.w:g} × {self.h:g} mm）"
        self.portrait = orientation != "landscape"
        lacking: set[str] = set()

        def clean(s: str) -> str:
            text, missing = fonts.printable(" ".join(s.split()))
            lacking.update(missing)
            return text

        self.marks = [
            replace(m, name=clean(m.name), division=clean(m.division)) for m in sorted(marks, key=lambda m: m.id)
        ]
        self.ground = replace(
            ground, source=clean(ground.source), missing=tuple(clean(s) for s in ground.missing),
            divisions=tuple(replace(d, name=clean(d.name)) for d in ground.divisions),
        )  # fmt: skip
        self.legend = replace(
            legend, notes=tuple(clean(n) for n in legend.notes),
            classes=tuple(replace(c, title=clean(c.title)) for c in legend.classes),
        )  # fmt: skip
        said: dict[str, Any] = {name: clean(getattr(imprint, name)) for name in TEXTS}
        self.imprint = replace(imprint, **said)
        self.lacking = tuple(sorted(lacking))
        self.sheet_no, self.sheet_of, self.heat, self.attach_ids = sheet_no, sheet_of, heat, attach_ids
        self.warnings: list[str] = []
        self.drawn: list[dict[str, Any]] = []
        self.labels: list[tuple[int, str, str, Box]] = []
        self.strip = self._strip()
        self.density = Density(heat, self.strip, self.ground) if heat else None
        self.site = Site(self.strip, self.ground, self.marks if not heat else []) if self.strip else None
        self.off: list[int] = []
        self.manner = placing.Manner(placing.RADII[0], frozenset())

    # -- where it is
    def _strip(self) -> Strip | None:
        area = self.ground.area
        if area is not None and not area.is_empty:
            west, _, east, _ = area.bounds
            return Strip((west + east) / 2)
        if self.heat and self.heat.cells:
            lons = [h3.cell_to_latlng(h3.int_to_str(c))[1] for c in self.heat.cells]
            return Strip(float(np.median(lons)))
        if self.marks:
            return Strip(float(np.median([m.anchor[0] for m in self.marks])))
        if self.ground.divisions:
            west, _, east, _ = shapely.union_all([shapely.box(*d.polygon.bounds) for d in self.ground.divisions]).bounds
            return Strip((west + east) / 2)
        return None

    def _territory(self, site: Site) -> layout.Territory:
        """What must be within the frame; objects too far from the area are listed instead."""
        territory, near = layout.territory(site.area, site.anchors)
        self.off = np.flatnonzero(~near).tolist()
        shape = territory.shape
        extra = [cell for cell, _ in self.density.cells] if self.density else []
        if extra and site.area is not None:
            x0, y0, x1, y1 = shape.bounds
            inside = shapely.box(*shape.bounds).buffer(0.3 * max(x1 - x0, y1 - y0))
            extra = [g for g in extra if inside.contains(g)]
        if extra:
            shape = shapely.union_all([shape, *extra])
        if shape.is_empty and not near.any() and site.divisions:
            shape = shapely.union_all([g for _, g in site.divisions])
        return layout.Territory(shape, territory.points)

    # -- everything
    def composed(self) -> Composed:
        k, margin = self.k, _MARGIN * self.k
        self.page = Page(self.w, self.h)
        sheet_layer = self.page.layer()
        head_h = margins.head(sheet_layer, self.imprint, self.w, margin, k, self.sheet_no, self.sheet_of)
        foot = self._foot(1, 1)
        band = _BAND * k
        self.inner: Box = (
            margin + band,
            margin + head_h + band,
            self.w - margin - band,
            self.h - margin - foot.h - band,
        )
        numbers: list[Numbered] = []
        pages = [self.page]
        scale, inset_scale = 0, None
        placed: dict[str, Box] = {}
        if self.site is None:
            self._nothing()
        else:
            territory = self._territory(self.site)
            if territory.shape.is_empty and not len(territory.points):
                self._nothing()
            else:
                plan, numbers = self._map(territory)
                scale, inset_scale = plan.scale, plan.inset.scale if plan.inset else None
                placed = plan.boxes
        rest = numbers
        if self.list_box is not None and numbers:
            rest = self._list_on_map(numbers)
        while rest:
            rest = self._list_page(pages, rest, head_h, foot.h)
        for n, page in enumerate(pages, 1):
            margins.foot(
                page.layers[0],
                self._foot(n, len(pages)),
                self.w,
                margin,
                k,
                self.h - margin - foot.h,
                scale if n == 1 else 0,
            )
        return Composed(
            pages, self.imprint, scale, sorted(self.drawn, key=lambda d: d["id"]), self.warnings, self.lacking,
            self._sidecar(scale), self.labels, placed, inset_scale, self.strip.meridian if self.strip else None, 11 * k,
        )  # fmt: skip

    def _foot(self, page: int, of: int) -> margins.Foot:
        lacking = [f"U+{ord(c):04X}" for c in self.lacking]
        meridian = self.strip.words if self.strip else ""
        return margins.foot_words(
            self.imprint, meridian, self.ground.source, self.paper, self.w, _MARGIN * self.k, self.k, lacking,
            f"第 {page} 页　共 {of} 页",
        )  # fmt: skip

    def _sidecar(self, scale: int) -> tuple[str, bytes] | None:
        if not self.attach_ids:
            return None
        name = re.sub(r"[^A-Za-z0-9.-]+", "_", f"{self.imprint.number}-{self.sheet_no or '00'}-ids.json").strip("_")
        body: dict[str, Any] = {
            "sheet": f"{self.imprint.number}-{self.sheet_no}", "state": self.imprint.state, "check": self.imprint.check,
            "scale": scale, "objects": sorted(self.drawn, key=lambda d: d["id"]),
        }  # fmt: skip
        if self.heat:
            body["resolution"] = self.heat.resolution
            body["cells"] = {h3.int_to_str(c): dict(counts) for c, counts in sorted(self.heat.cells.items())}
        return name, json.dumps(body, ensure_ascii=False, sort_keys=True).encode()

    # -- panels
    def _notes(self) -> list[str]:
        notes = list(self.legend.notes)
        told = (self.imprint, self.w, _MARGIN * self.k, self.k, self.sheet_no, self.sheet_of)
        if not margins.selection_in_head(*told):
            notes.insert(0, f"选择：{self.imprint.selection}")
        how = self.manner
        bare = {g: n for g, n in self._counts().items() if g in how.bare and n}
        if bare and not self.heat:
            words = "、".join(f"{LOOKS[g].word} {n} 个" for g, n in bare.items())
            where = "概略位置" if self.legend.coarse_m else "实际位置"
            notes.append(f"对象密集：{words}只以小符号表示{where}，不注名称和编号，名称见清单。")
        if self.off:
            notes.append(f"另有 {len(self.off)} 个对象在图廓以外，见编号对照表。")
        if self.piles:
            notes.append("框内并列的小符号为同处或紧邻的对象，编号按等级由重到轻。")
        return notes

    piles = False
    list_box: Box | None = None
    list_beside = False
    tallest = 1  # lines of the longest name in the list

    def _counts(self) -> dict[str, int]:
        return {g: sum(m.grade == g for m in self.marks) for g in GRADES}

    def _levels(self) -> list[str]:
        site = self.site
        if site is None:
            return []
        below = [v for v in ("county", "town") if site.level(v) and v != site.area_level]
        if "town" in below and not self._towns:
            below.remove("town")
        return ([site.area_level] if site.area is not None else []) + below

    @property
    def _towns(self) -> bool:
        """Town boundaries are drawn where they divide the area, or where they are few."""
        site = self.site
        return site is not None and bool(site.level("town")) and (site.inner == "town" or len(site.level("town")) <= 40)

    def _legends(self, scale: float) -> list[Sized]:
        k, kinds = self.k, kinds_at(self.ground.lines, scale)
        drawn = len(self.marks) if self.density is None else self.density.total
        said = Said(self.legend, self.ground, self._levels(), kinds, drawn, self._notes())
        if self.density is None:
            return legend_variants(said, k)
        return heat_legend_variants(said, k, self.density.classes, self.density.size, self.density.method)

    def _panel(self, layer: Block, sized: Sized, box: Box) -> None:
        layer.rect(box, "#FFFFFF", INK, 0.2 * self.k, z=10)
        layer.stamp(sized.block, box[0], box[1], z=11)

    def _nothing(self) -> None:
        """A sheet with words: neither boundary nor object."""
        k = self.k
        x0, y0, x1, y1 = self.inner
        layer = self.page.layer()
        o = _BAND * k - 0.4 * k
        layer.rect(self.inner, stroke=INK, width=0.2 * k)
        layer.rect((x0 - o, y0 - o, x1 + o, y1 + o), stroke=INK, width=0.8 * k)
        legend = min((s for s in self._legends(1)), key=lambda s: (s.w > x1 - x0, s.h > y1 - y0, s.w * s.h))
        self._panel(layer, legend, (x0, y0, x0 + legend.w, y0 + legend.h))
        y = (max(y0 + legend.h, (y0 + y1) / 2) + y1) / 2
        layer.text((x0 + x1) / 2, y, "无", 24 * k, bold=True, align="center")
        words = "所选范围没有区划界线，也没有可上图的对象。"
        layer.text((x0 + x1) / 2, y + 7 * k, words, 9 * k, align="center", color=GREY)
        self.warnings.append("无区划界线，也无对象：图上只有文字")
        for i in self.off:
            self.warnings.append(f"对象 {self.marks[i].id} 的位置不可用")

    # -- the map
    def _map(self, territory: layout.Territory) -> tuple[_Plan, list[Numbered]]:
        assert self.site is not None
        site = self.site
        if site.area is None:
            self.warnings.append("无区划界线")
        off = set(self.off)
        on = [i for i in range(len(site.marks)) if i not in off]
        if self.off:
            self.warnings.append(f"{len(self.off)} 个对象在图廓以外，列入编号对照表")
        long_names = sum(len(site.marks[i].name) > placing.LONGEST_NAME for i in on)
        need = 0 if self.heat else long_names + len(self.off) + max(0, len(on) // 8)
        attempts = 2 if len(on) > _MANY else 4
        for attempt in range(attempts):
            plan = self._plan(territory, need, on)
            frame, inset_frame = self._frames(plan)
            main, inside = self._split(plan, on)
            done = None
            if not self.heat:
                keep = plan.keep_off + self._window_boxes(plan, frame)
                if not self.marks:
                    keep.append(self._none_box(plan))
                levels = [site.inner] if site.inner else []
                towns = ["town"] if self._towns and site.inner != "town" else []
                bodies = placing.place(frame, main, self.manner, keep, levels=levels + towns)
                inset_bodies = None
                if inset_frame is not None:
                    inset_bodies = placing.place(
                        inset_frame, inside, self._inset_manner(inset_frame, inside), [], levels=levels + towns
                    )
                done = bodies, inset_bodies
                waiting = [i for p in (bodies, inset_bodies) if p for b, _ in p.waiting for i in b.members]
                tall = [panels.list_lines(site.marks[i].name, self.k) for i in waiting] + [4] * len(self.off)
                taller = max(tall, default=1) > self.tallest
                lines, self.tallest = sum(tall), max(tall, default=1)
                lines += lines // 20 + (1 if lines else 0)  # columns do not come out even
                self.piles = any(b.pile for p in (bodies, inset_bodies) if p for b, _ in p.waiting)
                had = need
                need = lines
                if attempt < attempts - 1 and (taller or lines > had or lines < had * 0.6):
                    continue
            break
        return plan, self._draw(plan, frame, inset_frame, main, inside, done)

    def _frames(self, plan: _Plan) -> tuple[Frame, Frame | None]:
        assert self.site is not None
        del self.page.layers[1:]
        frame = Frame(self.page, plan.frame, self.site, plan.scale, plan.west, plan.north, self.k)
        if plan.inset is None:
            return frame, None
        x0, y0, x1, y1 = plan.boxes["inset"]
        strip = 6.5 * self.k
        west, _, _, north = plan.inset.window
        inset = Frame(self.page, (x0, y0 + strip, x1, y1), self.site, plan.inset.scale, west, north, self.k)
        return frame, inset

    def _inset_manner(self, inset: Frame, inside: Sequence[int]) -> placing.Manner:
        """As on the map, but smaller symbols where even the enlargement is crowded."""
        marks = inset.site.marks
        counts = {g: sum(marks[i].grade == g for i in inside) for g in GRADES if g not in self.manner.bare}
        how = placing.manner(counts, inset.w * inset.h, self.k)
        return replace(self.manner, r=how.r)

    def _split(self, plan: _Plan, on: Sequence[int]) -> tuple[list[int], list[int]]:
        assert self.site is not None
        if plan.inset is None:
            return list(on), []
        w, s, e, n = plan.inset.window
        x, y = self.site.anchors[on].T
        inside = set(np.asarray(on)[(w <= x) & (x <= e) & (s <= y) & (y <= n)].tolist())
        return [i for i in on if i not in inside], [i for i in on if i in inside]

    def _window_boxes(self, plan: _Plan, frame: Frame) -> list[Box]:
        """The enlarged window on the map and its caption."""
        if plan.inset is None:
            return []
        k = self.k
        west, south, east, north = plan.inset.window
        (x0, y0), (x1, y1) = frame.places(np.array([[west, north], [east, south]]))
        half = width(f"见{plan.inset.title}", 6.5 * k, bold=True) / 2 + 0.4 * k
        middle = (x0 + x1) / 2
        middle = min(max(middle, frame.box[0] + half + 1), frame.box[2] - half - 1)
        above = y0 - 3.6 * k > frame.box[1]
        caption = (
            (middle - half, y0 - 3.4 * k, middle + half, y0)
            if above
            else (middle - half, y1, middle + half, y1 + 3.4 * k)
        )
        return [(float(x0), float(y0), float(x1), float(y1)), tuple(float(v) for v in caption)]  # type: ignore[list-item]

    # -- the plan
    def _plan(self, territory: layout.Territory, need: int, on: Sequence[int]) -> _Plan:
        """The largest round scale at which the legend stands beside the territory, or else beside the map."""
        assert self.site is not None
        k = self.k
        x0, y0, x1, y1 = self.inner
        w, h = x1 - x0, y1 - y0
        pad = _PAD * k
        least = layout.least_scale(territory, w, h, pad)
        best: _Plan | None = None
        first: int | None = None
        scales = layout.round_scales(least)
        for scale in scales:
            first = first or scale
            if scale > first * 2.3:
                break
            loss = _LOSS * float(np.log(scale / first))
            if best is not None and 3.6 - loss < best.worth:
                break
            self.manner = self._manner(territory, scale, on)
            plan = self._inside(territory, scale, need, on, (w, h), pad)
            if plan is not None:
                plan.worth -= loss
                if best is None or plan.worth > best.worth:
                    best = plan
        assert first is not None
        beside = self._beside(territory, need, on, pad, first)
        if beside is not None and (best is None or beside.worth > best.worth):
            best = beside
        if best is None:  # a legend larger than half the sheet: the map takes what is left
            raise ValueError("the legend does not fit the paper")
        self.manner = self._manner(territory, best.scale, on)
        return best

    def _manner(self, territory: layout.Territory, scale: float, on: Sequence[int]) -> placing.Manner:
        f = 1000 / scale
        area = territory.shape.area * f * f
        if area <= 0 and len(territory.points):
            x0, y0, x1, y1 = territory.bounds
            area = max((x1 - x0) * f, 30) * max((y1 - y0) * f, 30)
        assert self.site is not None
        counts = {g: sum(self.site.marks[i].grade == g for i in on) for g in GRADES}
        return placing.manner(counts, area, self.k)

    def _panels(self, need: int, insets: list[Inset], legends: list[Sized], *, legend: bool) -> list[layout.Panel]:
        k = self.k
        out = []
        if legend:
            out.append(layout.Panel("legend", [(s.w, s.h) for s in legends], ("nw", "sw", "se", "ne"), must=True))
        if insets:
            sizes = [(q.w, q.h + 6.5 * k) for q in insets]
            out.append(layout.Panel("inset", sizes, ("se", "ne", "sw", "nw"), worth=_INSET, loss=0.1))
        if self.density is not None and self.density.fullest:
            top = top_cells(self.density.fullest, k)
            out.append(layout.Panel("top", [(top.w, top.h)], ("se", "sw", "ne", "nw"), worth=0.8))
        if need:
            out.append(
                layout.Panel(
                    "list", panels.list_need(need, k, self.tallest), ("se", "sw", "ne", "nw"), worth=0.9, loss=0.03
                )
            )
        out.append(layout.Panel("north", [(12 * k, 20 * k)], ("ne", "nw", "sw", "se"), worth=0.4))
        return out

    def _inside(
        self,
        territory: layout.Territory,
        scale: int,
        need: int,
        on: Sequence[int],
        size: tuple[float, float],
        pad: float,
    ) -> _Plan | None:
        legends, insets = self._legends(scale)[:5], self._cores(scale, on)
        placed = layout.fit(territory, *size, self.k, scale, self._panels(need, insets, legends, legend=True), pad)
        if placed is None:
            return None
        worth, fit = placed
        return self._as_plan(fit, self.inner, legends, insets, worth + (0.0 if insets else _INSET))

    def _as_plan(self, fit: layout.Fit, frame: Box, legends: list[Sized], insets: list[Inset], worth: float) -> _Plan:
        x0, y0, _, _ = frame
        boxes = {n: (b[0] + x0, b[1] + y0, b[2] + x0, b[3] + y0) for n, (_, b) in fit.panels.items()}
        legend = legends[fit.panels["legend"][0]] if "legend" in fit.panels else legends[0]
        inset = insets[fit.panels["inset"][0]] if "inset" in fit.panels else None
        return _Plan(frame, fit.scale, fit.west, fit.north, boxes, legend, inset, worth)

    def _beside(
        self, territory: layout.Territory, need: int, on: Sequence[int], pad: float, first: int
    ) -> _Plan | None:
        """A column beside the map (landscape) or a band below it (portrait) for the panels."""
        k = self.k
        x0, y0, x1, y1 = self.inner
        best: _Plan | None = None
        for legend in self._legends(first):
            if self.portrait:
                frame, side = (x0, y0, x1, y1 - legend.h), (x0, y1 - legend.h, x1, y1)
            else:
                frame, side = (x0, y0, x1 - legend.w, y1), (x1 - legend.w, y0, x1, y1)
            if legend.w > side[2] - side[0] + 0.01 or legend.h > side[3] - side[1] + 0.01:
                continue
            w, h = frame[2] - frame[0], frame[3] - frame[1]
            if w < 60 * k or h < 50 * k:
                continue
            scale = next(layout.round_scales(layout.least_scale(territory, w, h, pad)))
            loss = _LOSS * float(np.log(scale / first))
            if best is not None and 3.6 - loss < best.worth:
                continue
            self.manner = self._manner(territory, scale, on)
            cores = self._cores(scale, on)
            rest = self._panels(need, cores, [legend], legend=False)
            room = (x0 + legend.w, side[1], x1, y1) if self.portrait else (side[0], y0 + legend.h, x1, y1)
            listed = None
            if need and room[2] - room[0] >= _COLUMN_ROOM * k and room[3] - room[1] >= 20 * k:
                listed = room
                rest = [p for p in rest if p.name != "list"]
            placed = layout.fit(territory, w, h, k, scale, rest, pad)
            if placed is None:
                continue
            worth, fit = placed
            taken = 1 - w * h / ((x1 - x0) * (y1 - y0))
            worth += 1.0 if cores else 1.0 + _INSET
            plan = self._as_plan(fit, frame, [legend], cores, worth - loss - 0.4 * taken)
            plan.boxes["legend"] = (side[0], side[1], side[0] + legend.w, side[1] + legend.h)
            if listed:
                plan.boxes["list"] = listed
                columns = int((listed[2] - listed[0]) / k // panels.COLUMN)
                plan.worth += 0.9 * min(1.0, columns * ((listed[3] - listed[1]) / k - 8.6) / panels.ROW / need)
            if best is None or plan.worth > best.worth:
                best = plan
        return best

    def _cores(self, scale: int, on: Sequence[int]) -> list[Inset]:
        """Windows that an enlargement would help, the best first."""
        if self.site is None or self.heat:
            return []
        full = [i for i in on if self.site.marks[i].grade not in self.manner.bare]
        w, h = self.inner[2] - self.inner[0], self.inner[3] - self.inner[1]
        most = min(125 * self.k, (0.5 if self.portrait else 0.34) * w), min(88 * self.k, 0.4 * h)
        return cores(self.site, full, scale, self.manner.r, self.k, most)

    # -- drawing
    def _draw(
        self, plan: _Plan, frame: Frame, inset_frame: Frame | None, main: Sequence[int], inside: Sequence[int],
        done: tuple[placing.Placed, placing.Placed | None] | None,
    ) -> list[Numbered]:  # fmt: skip
        assert self.site is not None
        site, k = self.site, self.k
        band = _BAND * k
        towns = self._towns
        frame.ground(towns)
        rows: list[Numbered] = []
        if plan.frame != self.inner:  # the neat line goes round the reserved side too
            outer = self.page.layer()
            outer.rect(self.inner, stroke=INK, width=0.2 * k)
        frame.graticule(band, self.inner)
        if self.density is not None:
            self.labels += [(1, *words) for words in self.density.draw(frame).words]
        elif done is not None:
            bodies, inset_bodies = done
            frame.outlines(main)
            frame.letter_names()
            numbers: list[tuple[int, int]] = []
            if inset_frame is not None and inset_bodies is not None and plan.inset is not None:
                self._window(plan, frame, inside)
                numbers += self._draw_inset(plan, inset_frame, inside, inset_bodies, towns)
            drawn, more, trouble = placing.draw(frame, bodies, self.manner, len(numbers) + 1, 1)
            self.drawn += drawn
            numbers += more
            self.warnings += trouble
            self.labels += [(1, *words) for words in bodies.taken.words]
            rows = [
                Numbered(no, m.grade, m.symbol, m.name or f"（无名称，编号 {m.id}）")
                for no, m in ((no, site.marks[i]) for no, i in numbers)
            ]
            for no, i in enumerate(self.off, len(rows) + 1):
                m = site.marks[i]
                self.drawn.append(
                    {"id": m.id, "grade": m.grade, "page": 1, "x_mm": None, "y_mm": None, "shown": "listed", "no": no}
                )
                rows.append(
                    Numbered(no, m.grade, m.symbol, m.name, f"图廓以外，{m.anchor[0]:.4f}°E {m.anchor[1]:.4f}°N")
                )
            if not self.marks:
                x0, _, x1, y1 = self._none_box(plan)
                frame.map.text(
                    (x0 + x1) / 2, y1 - k, _NONE, _NONE_PT * k, bold=True, align="center", halo_z=30, color=NAVY
                )
        self._neat(frame, plan)
        layer = self.page.layer()
        self._panel(layer, plan.legend, plan.boxes["legend"])
        if self.density is not None and "top" in plan.boxes:
            self._panel(layer, top_cells(self.density.fullest, k), plan.boxes["top"])
        elif self.density is not None and self.density.fullest:
            self.warnings.append("图上没有空位列出对象最多的十格")
        if "north" in plan.boxes:
            x0, y0, x1, _ = plan.boxes["north"]
            margins.north(layer, (x0 + x1) / 2, y0 + 1.5 * k, k)
        else:  # over the map, where fewest symbols are
            margins.north(layer, *self._north_spot(frame), k)
        self.list_box = plan.boxes.get("list") if rows else None
        self.list_beside = plan.frame != self.inner
        return rows

    def _north_spot(self, frame: Frame) -> tuple[float, float]:
        k = self.k
        x0, y0, x1, _ = frame.box
        places = frame.places(frame.site.anchors)
        spots = [(x, y0 + 1.5 * k) for x in np.linspace(x1 - 7 * k, x0 + 7 * k, 24)]
        return min(
            spots, key=lambda s: int(((np.abs(places[:, 0] - s[0]) < 7 * k) & (places[:, 1] < s[1] + 20 * k)).sum())
        )

    def _neat(self, frame: Frame, plan: _Plan) -> None:
        k = self.k
        frame.neatline(0)
        x0, y0, x1, y1 = self.inner
        t, band = 0.8 * k, _BAND * k
        o = band - t / 2
        frame.over.rect(self.inner, stroke=INK, width=0.2 * k, z=9)
        frame.over.rect((x0 - o, y0 - o, x1 + o, y1 + o), stroke=INK, width=t, z=9)

    def _none_box(self, plan: _Plan) -> Box:
        """The middle of the map, where it says that there is nothing on it: no name stands there."""
        x, y = (plan.frame[0] + plan.frame[2]) / 2, (plan.frame[1] + plan.frame[3]) / 2
        half, tall = width(_NONE, _NONE_PT * self.k, bold=True) / 2 + self.k, _NONE_PT * self.k * MM
        return x - half, y - tall - self.k, x + half, y + self.k

    def _window(self, plan: _Plan, frame: Frame, inside: Sequence[int]) -> None:
        """The enlarged part on the map: small bare symbols in a frame with its caption."""
        assert self.site is not None
        assert plan.inset is not None
        k = self.k
        window, caption = self._window_boxes(plan, frame)
        frame.map.rect(window, "#FFFFFF", z=6, opacity=0.5)
        frame.map.rect(window, stroke=NAVY, width=0.35 * k, z=20)
        at = frame.places(self.site.anchors)
        for i in sorted(inside, key=lambda i: self.site.marks[i].order, reverse=True):  # type: ignore[union-attr]
            grade = self.site.marks[i].grade
            frame.map.symbol(None, grade, float(at[i, 0]), float(at[i, 1]), 0.85 * k, 10)
        words = f"见{plan.inset.title}"
        x0, _, x1, y1 = caption
        frame.map.text((x0 + x1) / 2, y1 - 0.9 * k, words, 6.5 * k, bold=True, color=NAVY, align="center", halo_z=30)
        self.labels.append((1, "caption", words, caption))

    def _draw_inset(
        self, plan: _Plan, inset: Frame, inside: Sequence[int], bodies: placing.Placed, towns: bool
    ) -> list[tuple[int, int]]:
        assert plan.inset is not None
        k = self.k
        box = plan.boxes["inset"]
        inset.map.rect(inset.box, "#FFFFFF", z=-1)
        inset.ground(towns)
        inset.graticule(0)
        inset.outlines(inside)
        inset.letter_names()
        drawn, numbers, trouble = placing.draw(inset, bodies, self._inset_manner(inset, inside), 1, 1)
        self.drawn += drawn
        self.warnings += trouble
        self.labels += [(1, *words) for words in bodies.taken.words]
        inset.neatline(0)
        strip = inset.over
        strip.rect((box[0], box[1], box[2], inset.box[1]), "#FFFFFF", INK, 0.2 * k, z=9)
        base = box[1] + 4.5 * k
        _, _, x, _ = strip.text(box[0] + 2 * k, base, plan.inset.title, 8.5 * k, bold=True)
        scale = f"1 : {panels.number(plan.inset.scale)}"
        if x + 3.5 * k + width(scale, 6.5 * k) < box[2]:
            strip.text(x + 2 * k, base, scale, 6.5 * k)
        else:
            inset.map.text(box[2] - 1 * k, box[3] - 1.2 * k, scale, 6.5 * k, align="right", halo_z=31)
        return numbers

    # -- lists
    def _list_on_map(self, rows: list[Numbered]) -> list[Numbered]:
        assert self.list_box is not None
        x0, y0, x1, y1 = self.list_box
        sized, done = panels.number_list(rows, self.k, x1 - x0, y1 - y0, more="续见下页")
        h = min(sized.h, y1 - y0)
        # it keeps the edge that it stands on
        bottom = abs(y1 - self.inner[3]) < 0.01 and abs(y0 - self.inner[1]) > 0.01 and not self.list_beside
        top = y1 - h if bottom else y0
        self._panel(self.page.layer(), sized, (x0, top, x1, top + h))
        return rows[done:]

    def _list_page(self, pages: list[Page], rows: list[Numbered], head_h: float, foot_h: float) -> list[Numbered]:
        k, margin = self.k, _MARGIN * self.k
        page = Page(self.w, self.h)
        margins.head(page.layer(), self.imprint, self.w, margin, k, self.sheet_no, self.sheet_of)
        box = (margin, margin + head_h, self.w - margin, self.h - margin - foot_h)
        sized, done = panels.number_list(
            rows, k, box[2] - box[0], box[3] - box[1], head="图上编号对照表" + ("（续）" if rows[0].no > 1 else "")
        )
        page.layer().stamp(sized.block, box[0], box[1])
        pages.append(page)
        if done == 0:
            raise ValueError("a name is longer than a page")
        return rows[done:]
