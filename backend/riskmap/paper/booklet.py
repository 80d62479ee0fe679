"""The booklet of towns (图册): one page each with the town's map, figures and list, A4 landscape, as one document.

A list that outgrows its column goes on to a page of its own; nothing is set smaller for want of room.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from riskmap.catalogue.model import GRADES
from riskmap.paper import fonts, layout, margins, placing
from riskmap.paper.drawing import ALARM, GREY, INK, MM, NAVY, Block, Box, Page, path, width, wrap
from riskmap.paper.frame import Frame, Site
from riskmap.paper.gauss import Strip
from riskmap.paper.imprint import TEXTS, Imprint
from riskmap.paper.mapped import ClassRow, Ground, Mark, total
from riskmap.paper.panels import Writer, number
from riskmap.paper.sheet import Composed
from riskmap.paper.symbols import LOOKS

W, H, K = 297.0, 210.0, 0.95
_MARGIN, _BAND, _PAD = 10.0, 4.5, 5.0
_SIDE_X = 213.0  # where figures and list begin
_SIDE_W = W - _MARGIN - _SIDE_X


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a town's list."""

    id: int
    grade: str
    symbol: str
    name: str
    class_title: str
    placed: bool = True


@dataclass(frozen=True, slots=True)
class Locator:
    """Where the town lies: an outline with its parts, and the one that it belongs to."""

    outline: BaseGeometry
    parts: tuple[BaseGeometry, ...]
    parent: BaseGeometry
    words: str  # 深色为本镇，外框为德安县


@dataclass(frozen=True, slots=True)
class BookPage:
    """One town: what is drawn, counted and listed of it."""

    name: str
    title: str
    marks: tuple[Mark, ...]
    ground: Ground
    entries: tuple[Entry, ...]
    counts: Mapping[str, int]  # of each grade of the selection, placed or not, drawn or not
    classes: tuple[ClassRow, ...] = ()
    unplaced: Mapping[str, int] = field(default_factory=dict)
    above: Mapping[str, int] = field(default_factory=dict)  # counts of the county, for shares
    above_word: str = "占全县（区）"
    locator: Locator | None = None


def compose_booklet(
    pages: Sequence[BookPage], imprint: Imprint, *, scale_title: str = "城市安全风险四级", worse: str = "重大最重",
    sheet_no: str = "", attach_ids: bool = True,
) -> Composed:  # fmt: skip
    """All towns' pages as one document, in their order."""
    book = _Book(imprint, scale_title, worse, sheet_no)
    for page in pages:
        book.add(page)
    if not pages:
        book.empty()
    return book.composed(attach_ids)


class _Book:
    def __init__(self, imprint: Imprint, scale_title: str, worse: str, sheet_no: str) -> None:
        self.lacking: set[str] = set()
        said: dict[str, Any] = {name: self.clean(getattr(imprint, name)) for name in TEXTS}
        self.imprint = replace(imprint, **said)
        self.scale_title, self.worse, self.sheet_no = scale_title, worse, sheet_no
        self.pages: list[Page] = []
        self.feet: list[tuple[str, int, str]] = []  # projection's meridian, scale, source
        self.drawn: list[dict[str, Any]] = []
        self.labels: list[tuple[int, str, str, Box]] = []
        self.warnings: list[str] = []
        self.scales: list[int] = []
        self._base: tuple[BaseGeometry, tuple[float, float], list[str]] | None = None  # the locator's, mostly the same

    def clean(self, text: str) -> str:
        out, missing = fonts.printable(" ".join(text.split()))
        self.lacking |= missing
        return out

    def composed(self, attach_ids: bool) -> Composed:
        for n, (page, foot) in enumerate(zip(self.pages, self.feet, strict=True), 1):
            self._foot(page.layers[0], n, *foot)
        sidecar = None
        if attach_ids:
            stem = re.sub(r"[^A-Za-z0-9.-]+", "_", f"{self.imprint.number}-{self.sheet_no or 'book'}-ids.json").strip(
                "_"
            )
            body = {
                "sheet": f"{self.imprint.number}-{self.sheet_no}", "state": self.imprint.state,
                "check": self.imprint.check, "objects": sorted(self.drawn, key=lambda d: (d["page"], d["id"])),
            }  # fmt: skip
            sidecar = stem, json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
        drawn = sorted(self.drawn, key=lambda d: (d["page"], d["id"]))
        return Composed(
            self.pages, self.imprint, self.scales[0] if self.scales else 0, drawn, self.warnings,
            tuple(sorted(self.lacking)), sidecar, self.labels, mark_pt=9.0, scales=self.scales,
        )  # fmt: skip

    # -- a page's frame
    def _page(self, title: str) -> tuple[Page, float]:
        page = Page(W, H)
        self.pages.append(page)
        head_h = margins.head(page.layer(), replace(self.imprint, title=title), W, _MARGIN, K, self.sheet_no, "")
        return page, _MARGIN + max(head_h, 16 * K)

    def _foot(self, b: Block, n: int, meridian: str, scale: int, source: str) -> None:
        stamp = self.imprint.body()
        right = _SIDE_X - 5.0
        y = H - _MARGIN - 11.0
        pt = 6.0 * K
        left_w = (right - _MARGIN) / 2 - 36
        lines = [
            f"2000 国家大地坐标系；高斯—克吕格投影，中央经线 {meridian}。" if meridian else "",
            margins.borders(source),
        ]
        lines.append(f"编制：{self.imprint.maker or '＿＿＿＿'}")
        at = y
        for line in [part for words in lines if words for part in wrap(words, pt, left_w)][:6]:
            at += pt * MM * 1.3
            b.text(_MARGIN, at, line, pt)
        if scale:
            margins.scale_bar(b, (_MARGIN + right) / 2, y, K, scale)
        blank = "＿＿＿＿"
        said = [
            f"数据时间：{stamp['data_at']}　状态号：{stamp['state']}", f"核验码：{stamp['check']}",
            f"审核：{self.imprint.reviewed_by or blank}　批准：{self.imprint.signed_by or blank}",
            f"第 {n} 页　共 {len(self.pages)} 页",
        ]  # fmt: skip
        if self.lacking:
            said.insert(
                0, f"字库缺字，印作{fonts.LACKING}：{'、'.join(f'U+{ord(c):04X}' for c in sorted(self.lacking))}"
            )
        for i, words in enumerate(said):
            b.text(right, y + (i + 1) * pt * MM * 1.3, words, pt, align="right")

    def empty(self) -> None:
        page, _ = self._page(self.imprint.title)
        page.layers[0].text(W / 2, H / 2, "无", 24, bold=True, align="center")
        page.layers[0].text(W / 2, H / 2 + 8, "所选范围没有乡镇（街道）。", 9, align="center", color=GREY)
        self.feet.append(("", 0, ""))
        self.warnings.append("所选范围没有乡镇（街道）")

    # -- one town
    def add(self, town: BookPage) -> None:
        marks = [replace(m, name=self.clean(m.name)) for m in sorted(town.marks, key=lambda m: m.id)]
        ground = replace(
            town.ground, source=self.clean(town.ground.source),
            divisions=tuple(replace(d, name=self.clean(d.name)) for d in town.ground.divisions),
        )  # fmt: skip
        page, top = self._page(self.clean(town.title))
        n = len(self.pages)
        outer: Box = (_MARGIN, top, _SIDE_X - 5.0, H - _MARGIN - 12.5)
        inner: Box = (outer[0] + _BAND, outer[1] + _BAND, outer[2] - _BAND, outer[3] - _BAND)
        on_map = self._map(page, n, inner, marks, ground)
        self._side(page, top, n, town, on_map)

    def _map(self, page: Page, n: int, inner: Box, marks: list[Mark], ground: Ground) -> dict[int, str]:
        """The map; gives for each object how it stands there."""
        area = ground.area
        if (area is None or area.is_empty) and not marks:
            layer = page.layer()
            layer.rect(inner, stroke=INK, width=0.2 * K)
            self._neat(layer, inner)
            middle = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
            layer.text(*middle, "无", 24, bold=True, align="center")
            layer.text(middle[0], middle[1] + 8, "没有区划界线，也没有可上图的对象。", 9, align="center", color=GREY)
            self.feet.append(("", 0, ground.source))
            self.scales.append(0)
            return {}
        if area is not None and not area.is_empty:
            middle_lon = (area.bounds[0] + area.bounds[2]) / 2
        else:
            middle_lon = float(np.median([m.anchor[0] for m in marks]))
        strip = Strip(middle_lon)
        site = Site(strip, ground, marks)
        territory, near = layout.territory(site.area, site.anchors)
        w, h = inner[2] - inner[0], inner[3] - inner[1]
        least = layout.least_scale(territory, w, h, _PAD)
        scale = next(layout.round_scales(least))
        x0, y0, x1, y1 = territory.bounds
        f = scale / 1000
        frame = Frame(page, inner, site, scale, (x0 + x1) / 2 - w * f / 2, (y0 + y1) / 2 + h * f / 2, K)
        towns = bool(site.level("town"))
        frame.ground(towns)
        frame.graticule(_BAND, inner)
        on = np.flatnonzero(near).tolist()
        counts = {g: sum(site.marks[i].grade == g for i in on) for g in GRADES}
        mm2 = territory.shape.area / f / f if not territory.shape.is_empty else w * h * 0.5
        how = placing.manner(counts, mm2, K)
        arrow = self._north(frame, territory)
        bodies = placing.place(frame, on, how, [arrow])
        frame.outlines(on)
        drawn, _, trouble = placing.draw(frame, bodies, how, 1, n)
        self.warnings += trouble
        self.drawn += drawn
        self.labels += [(n, *words) for words in bodies.taken.words]
        if not marks:
            frame.map.text(
                (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2, "可上图的对象：无", 9, bold=True, align="center",
                color=NAVY, halo_z=30,
            )  # fmt: skip
        frame.neatline(0)
        self._neat(frame.over, inner)
        margins.north(frame.over, (arrow[0] + arrow[2]) / 2, arrow[1] + 1, 0.9 * K)
        self.feet.append((strip.words, scale, ground.source))
        self.scales.append(scale)
        shown = {d["id"]: {"name": "注名", "bare": "小符号"}.get(d["shown"], str(d.get("no", ""))) for d in drawn}
        for i in np.flatnonzero(~near).tolist():
            m = marks[i]
            shown[m.id] = "图廓外"
            self.drawn.append({"id": m.id, "grade": m.grade, "page": n, "x_mm": None, "y_mm": None, "shown": "listed"})
        if (~near).any():
            self.warnings.append(f"第 {n} 页：{int((~near).sum())} 个对象在图廓以外，只列入清单")
        return shown

    def _neat(self, layer: Block, inner: Box) -> None:
        t = 0.8 * K
        o = _BAND - t / 2
        layer.rect((inner[0] - o, inner[1] - o, inner[2] + o, inner[3] + o), stroke=INK, width=t, z=9)

    def _north(self, frame: Frame, territory: layout.Territory) -> Box:
        """A corner that is free, or the one that hides least."""
        x0, y0, x1, y1 = frame.box
        w, h = 10 * K, 17 * K
        boxes = [(x0 + 1, y0 + 1), (x1 - w - 1, y0 + 1), (x0 + 1, y1 - h - 1), (x1 - w - 1, y1 - h - 1)]
        shape = frame.shape(territory.shape, 0.3) if not territory.shape.is_empty else shapely.Polygon()
        places = frame.places(territory.points)

        def hidden(at: tuple[float, float]) -> float:
            box = shapely.box(at[0], at[1], at[0] + w, at[1] + h)
            symbols = sum(box.contains(shapely.Point(x, y)) for x, y in places.tolist())
            return float(shape.intersection(box).area) + 200 * symbols

        x, y = min(boxes, key=hidden)
        return x, y, x + w, y + h

    # -- figures and list
    def _side(self, page: Page, top: float, n: int, town: BookPage, on_map: Mapping[int, str]) -> None:
        b = page.layer()
        w = Writer(b, 1.0, _SIDE_X, top - 1, _SIDE_W)
        if town.locator is not None:
            self._locator(b, w, town)
        kind = next((s for s in ("街道", "镇", "乡", "区", "县", "市") if town.name.endswith(s)), "区域")
        _title(w, f"本{kind}数字", f"标度：{self.scale_title}（{self.worse}）")
        self._figures(b, w, town)
        entries = sorted(town.entries, key=lambda e: (GRADES.index(e.grade), e.id))
        w.skip(1.2)
        _title(w, "对象清单", "本图表示的等级全部列出" if len(entries) else "")
        if not entries:
            w.lines("无", 7, bold=True)
        rest = self._rows(b, w, entries, 1, H - _MARGIN - 6.0, on_map) if entries else 0
        note = "类别用内部图形，等级用外形与颜色；“未评定”不等于低风险。"
        if rest < len(entries):
            note = f"续见下页（共 {len(entries)} 个）。" + note
        Writer(b, 1.0, _SIDE_X, H - _MARGIN - 5.2, _SIDE_W).lines(note, 5.8, color=GREY, lead=1.25)
        while rest < len(entries):
            rest = self._more(town, entries, rest, on_map)

    def _more(self, town: BookPage, entries: Sequence[Entry], start: int, on_map: Mapping[int, str]) -> int:
        """A following page of the list, in three columns."""
        page, top = self._page(self.clean(town.title))
        meridian, _, source = self.feet[-1]
        self.feet.append((meridian, 0, source))
        self.scales.append(0)
        b = page.layer()
        gap = 7.0
        wide = (W - 2 * _MARGIN - 2 * gap) / 3
        for column in range(3):
            w = Writer(b, 1.0, _MARGIN + column * (wide + gap), top, wide)
            if column == 0 or start < len(entries):
                _title(w, "对象清单（续）" if column == 0 else "", "")
                start = self._rows(b, w, entries[start:], start + 1, H - _MARGIN - 14, on_map) + start
        return start

    def _rows(
        self, b: Block, w: Writer, entries: Sequence[Entry], first: int, bottom: float, on_map: Mapping[int, str]
    ) -> int:
        """Rows until the column is full; gives how many."""
        pt = 6.3
        x, right = w.x, w.x + w.w
        w.skip(2.6)
        for at, words, align in (
            (4.5, "序", "right"),
            (11.5, "名称", "left"),
            (w.w - 28, "类别", "left"),
            (w.w - 0.5, "图上", "right"),
        ):
            b.text(x + at, w.y, words, pt, align=align)
        w.skip(1.0)
        w.rule(0.1)
        done = 0
        for e in entries:
            lines = wrap(self.clean(e.name), pt, w.w - 28 - 12.5)
            title = wrap(self.clean(e.class_title), 5.8, 18.5)
            tall = max(len(lines), len(title)) * 2.75 + 1.0
            if w.y + tall > bottom:
                break
            base = w.y + 2.75
            b.text(x + 4.5, base, str(first + done), pt, align="right")
            b.symbol(e.symbol, e.grade, x + 8.2, base - 0.85, 1.35)
            for i, line in enumerate(lines):
                b.text(x + 11.5, base + i * 2.75, line, pt)
            for i, line in enumerate(title):
                b.text(x + w.w - 28, base + i * 2.75, line, 5.8)
            where = on_map.get(e.id, "") if e.placed else "未定位"
            numbered = where.isdigit()
            b.text(
                right - 0.5,
                base,
                where or "—",
                pt,
                bold=numbered,
                color=NAVY if numbered else ALARM if not e.placed else INK,
                align="right",
            )
            w.y += tall
            done += 1
        w.skip(0.4)
        w.rule(0.25)
        return done

    def _figures(self, b: Block, w: Writer, town: BookPage) -> None:
        pt = 7.0
        x, right = w.x, w.x + w.w - 0.8
        share, count = (right, right - 26) if town.above else (right, right)
        w.skip(2.8)
        b.text(x + 1, w.y, "等级", pt)
        b.text(count, w.y, "个", pt, align="right")
        if town.above:
            b.text(share, w.y, town.above_word, pt, align="right")
        w.skip(1.1)
        w.rule(0.1)
        for g in GRADES:
            w.skip(4.1)
            look = LOOKS[g]
            b.symbol(None, g, x + 3, w.y - 0.95, 1.5)
            b.text(x + 7, w.y, look.letter, pt)
            b.text(x + 12, w.y, look.word, pt, bold=True)
            n = town.counts.get(g)
            if n is None:  # not asked for: not none
                b.text(count, w.y, "未选入", pt, color=GREY, align="right")
            else:
                b.text(count, w.y, number(n), pt, align="right")
            if town.above and n is not None:
                whole = town.above.get(g, 0)
                b.text(share, w.y, f"{100 * n / whole:.1f}%" if whole else "—", pt, align="right")
            w.skip(0.5)
        w.skip(0.5)
        w.rule(0.1)
        w.skip(3.1)
        b.text(x + 1, w.y, "合计", pt)
        b.text(count, w.y, number(total(town.counts)), pt, bold=True, align="right")
        if town.above and total(town.above):
            b.text(share, w.y, f"{100 * total(town.counts) / total(town.above):.1f}%", pt, align="right")
        w.skip(1.1)
        w.rule(0.25)
        missing = {g: n for g, n in town.unplaced.items() if n}
        words = "、".join(f"{LOOKS[g].word} {missing[g]}" for g in GRADES if g in missing)
        w.lines(f"其中未定位 {total(missing)} 个" + (f"（{words}），不在图上。" if missing else "。"), 6)
        if town.classes:
            each = "、".join(f"{self.clean(c.title)} {total(c.counts)}" for c in town.classes if total(c.counts))
            w.lines(f"类别：{each}。", 6)
        if town.ground.missing:
            w.lines(f"{'、'.join(town.ground.missing)}：未加载。", 6, color=GREY)
        if town.ground.area is None:
            w.lines("无区划界线：图幅按对象的位置。", 6, color=GREY)
        said = self.imprint.brief or self.imprint.selection  # the lists' 说明 have it whole
        if not margins.selection_in_head(replace(self.imprint, selection=said), W, _MARGIN, K, self.sheet_no, ""):
            w.lines(f"选择：{said}", 6, color=GREY)

    def _locator(self, b: Block, w: Writer, town: BookPage) -> None:
        """The town within its county and city, small."""
        found = town.locator
        assert found is not None
        tall, wide = 27.0, 52.0
        head = Writer(b, 1.0, w.x, w.y, w.w - wide - 2)
        _title(head, "位置", "")
        head.lines(found.words, 6.2)
        middle = (found.outline.bounds[0] + found.outline.bounds[2]) / 2
        strip = Strip(middle)
        outline = strip.shape(found.outline)
        x0, y0, x1, y1 = outline.bounds
        f = min(wide / (x1 - x0), tall / (y1 - y0)) if x1 > x0 and y1 > y0 else 0.0
        ox, oy = w.x + w.w - (x1 - x0) * f, w.y

        def mm(metres: BaseGeometry) -> BaseGeometry:
            moved = shapely.transform(
                metres, lambda c: np.column_stack((ox + (c[:, 0] - x0) * f, oy + (y1 - c[:, 1]) * f))
            )
            return shapely.simplify(moved, 0.08)

        place = (round(ox, 3), round(oy, 3))
        if self._base is None or self._base[0] is not found.outline or self._base[1] != place:
            self._base = found.outline, place, [path(mm(strip.shape(p))) for p in found.parts]
        for d in self._base[2]:
            b.fill(d, "#F2F1EC", 1)
            b.stroke(d, 0.1, "#6B6B6B", 2)
        b.fill(path(mm(strip.shape(found.parent))), "#D8D2C6", 1.5)
        b.stroke(path(mm(outline)), 0.18, "#3C3C3C", 2.5)
        if town.ground.area is not None:
            own = mm(strip.shape(town.ground.area))
            b.fill(path(own), NAVY, 3)
            if own.area < 1.5:
                b.dot(own.centroid.x, own.centroid.y, 0.7, NAVY, z=3)
        w.y = max(head.y, oy + (y1 - y0) * f) + 2.0


def _title(w: Writer, text: str, note: str) -> None:
    w.skip(3.0)
    if text:
        w.b.text(w.x, w.y, text, 9, bold=True)
    if note:
        w.b.text(w.x + width(text, 9, bold=True) + 1.5, w.y, note, 6, color=GREY)
    w.skip(1.1)
    w.rule(0.25)
