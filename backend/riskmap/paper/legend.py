"""The legend of a sheet beside its table of classes or of cells, in the shapes that it may take; the fullest cells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskmap.catalogue.model import GRADES
from riskmap.paper.drawing import GREY, INK, Block, wrap
from riskmap.paper.frame import boundary_style
from riskmap.paper.mapped import LEVEL_WORDS, LINES, OTHER_LINE, ClassRow, Ground, Legend, total
from riskmap.paper.panels import Sized, Writer, number
from riskmap.paper.symbols import LOOKS


def _row(
    block: Block, k: float, x: float, y: float, cells: Sequence[tuple[float, str, str, bool, str]], pt: float = 6.5
) -> None:
    """Cells of (offset, words, align, bold, colour) on one baseline."""
    for offset, words, align, bold, colour in cells:
        block.text(x + offset * k, y, words, pt * k, bold=bold, align=align, color=colour)


@dataclass(frozen=True, slots=True)
class Said:
    """What a legend speaks of."""

    legend: Legend
    ground: Ground
    levels: Sequence[str]  # of boundaries
    kinds: Sequence[str]  # of lines that are drawn at this scale
    drawn: int
    notes: Sequence[str]


def _left(w: Writer, said: Said, *, heat: bool) -> None:
    """Grades with counts, what is counted, lines of the ground."""
    b, k, legend, ground, drawn = w.b, w.k, said.legend, said.ground, said.drawn
    w.head("图例")
    w.lines("安全风险等级", bold=True)
    w.lines(f"标度：{legend.scale_title}（{legend.worse}）", 5.8, color=GREY)
    w.skip(0.9)
    for g in GRADES:
        counted = legend.counts.get(g, 0)
        shown = g in legend.shown
        if not counted and not shown:
            continue
        w.skip(2.65)
        b.symbol(None, g, w.x + 3.1 * k, w.y, 1.75 * k)
        look = LOOKS[g]
        base = w.y + 0.85 * k
        cells = [
            (8.0, look.letter, "left", False, INK), (12.2, look.word, "left", True, INK),
            (29.5, number(counted), "right", False, INK),
            (31.0, "个" if shown else "未选入本图", "left", False, GREY),
        ]  # fmt: skip
        _row(b, k, w.x, base, cells)
        w.skip(2.65)
    w.skip(0.9)
    w.rule(0.1, GREY)
    w.skip(0.4)
    words = f"{'本图计入' if heat else '本图表示'}　{number(drawn)} 个"
    if legend.total is not None:
        words += f"；{legend.within}登记总数　{number(legend.total)} 个"
    w.lines(words, 6)
    if not drawn:
        w.lines("所选范围内符合条件的对象：无", 6, bold=True)
    missing = {g: n for g, n in legend.unplaced.items() if n}
    if missing:
        each = "、".join(f"{LOOKS[g].word} {n}" for g, n in sorted(missing.items(), key=lambda t: GRADES.index(t[0])))
        w.lines(f"未定位 {total(missing)} 个（{each}），不在图上，见清单", 6)
    else:
        w.lines("未定位 0 个", 6)
    w.skip(0.8)
    for level in said.levels:
        _sample(w, LEVEL_WORDS.get(level, "区划界"), lambda y, level=level: _boundary(w, level, y))
    for kind in said.kinds:
        _sample(w, LINES.get(kind, OTHER_LINE).word, lambda y, kind=kind: _line(w, kind, y))
    if ground.area is None:
        _sample(w, "无区划界线", lambda y: b.text(w.x + 3.5 * k, y, "—", 6 * k))
    if ground.missing:
        _sample(w, f"{'、'.join(ground.missing)}：未加载", lambda y: b.text(w.x + 3.5 * k, y, "—", 6 * k))
    for note in said.notes:
        w.skip(0.4)
        w.lines(note, 5.8, color=GREY, lead=1.28)


def _sample(w: Writer, words: str, draw: Any) -> None:
    w.skip(2.7)
    draw(w.y)
    inner = Writer(w.b, w.k, w.x + 11 * w.k, w.y - 2.65 * w.k, w.w - 11 * w.k)
    inner.lines(words, 6)
    w.y = max(w.y, inner.y - 0.6 * w.k)


def _boundary(w: Writer, level: str, y: float) -> None:
    wide, colour, dash = boundary_style(level)
    y -= 0.8 * w.k
    w.b.line([(w.x, y), (w.x + 9 * w.k, y)], wide * w.k, colour, dash=[v * w.k for v in dash])


def _line(w: Writer, kind: str, y: float) -> None:
    k, style = w.k, LINES.get(kind, OTHER_LINE)
    y -= 0.8 * k
    if style.area:
        w.b.rect((w.x + 1 * k, y - 1.0 * k, w.x + 8 * k, y + 0.9 * k), style.area, style.colour, 0.12 * k)
        return
    line = [(w.x, y), (w.x + 9 * k, y)]
    if style.casing:
        w.b.line(line, style.casing_width * k, style.casing)
    w.b.line(line, style.width * k, style.colour, dash=[v * k for v in style.dash])


def _classes_table(
    b: Block, k: float, x: float, y: float, rows: Sequence[ClassRow], shown: Sequence[str], w: float
) -> float:
    """A three-line table of classes; gives where it ends."""
    step = 3.75 if len(rows) <= 14 else 3.3
    edge = [w - 0.8 - 8.5 * i for i in range(len(shown) + 1)][::-1]
    ends = edge if len(shown) > 1 else edge[1:]
    name_room = (ends[0] - 8.5 - 6.5) * k

    def cells(title: str, counts: Mapping[str, int | str], sum_: int | str, *, bold: bool) -> None:
        values = [counts[g] for g in shown] + ([sum_] if len(shown) > 1 else [])
        line = wrap(title, 6.3 * k, name_room)
        words = line[0] if len(line) == 1 else line[0][:-1] + "…"
        row = [(6.5, words, "left", False, INK)]
        row += [
            (e, v if isinstance(v, str) else number(v), "right", bold, INK) for e, v in zip(ends, values, strict=True)
        ]
        _row(b, k, x, y, row, 6.3)

    def rule(weight: float) -> None:
        b.line([(x, y), (x + w * k, y)], weight * k)

    rule(0.25)
    y += 2.9 * k
    heads = {g: LOOKS[g].word if LOOKS[g].word != "未评定" else "未评" for g in shown}
    cells("类别", heads, "合计", bold=False)
    y += 1.1 * k
    rule(0.1)
    for row in rows:
        y += step * k - 0.9 * k
        b.drawing(row.symbol, x + 3.0 * k, y - 0.85 * k, 1.3 * k)
        counts = {g: row.counts.get(g, 0) for g in shown}
        cells(row.title, counts, sum(counts.values()), bold=False)
        y += 0.9 * k
    y += 0.3 * k
    return y


def legend_variants(said: Said, k: float) -> list[Sized]:
    """The legend beside or below its table of classes, in one to four columns."""
    legend = said.legend
    shown = [g for g in GRADES if g in legend.shown]
    wide = 34 + 8.5 * (len(shown) + (len(shown) > 1))
    rows = [r for r in legend.classes if sum(r.counts.get(g, 0) for g in shown)]
    out = []
    for beside in (True, False):
        for columns in (1, 2, 3, 4):
            if columns > 1 and len(rows) < columns * 5:
                continue
            out.append(_legend(said, k, shown, rows, wide, columns, beside=beside))
    # the squarest and smallest first
    return sorted(out, key=lambda s: s.w * s.h * (1 + 0.15 * abs(s.w / s.h - 1.6)))


def _legend(
    said: Said, k: float, shown: list[str], rows: list[ClassRow], wide: float, columns: int, *, beside: bool
) -> Sized:
    pad = 2.6
    b = Block()
    left_w = 48.5 if beside or columns > 1 else max(48.5, wide)
    table_w = wide * columns + 3 * (columns - 1)
    if not beside:
        left_w = max(left_w, table_w)
    w = Writer(b, k, pad * k, pad * k, left_w * k)
    _left(w, said, heat=False)
    x = (pad + left_w + 4) * k if beside else pad * k
    y = pad * k if beside else w.y + 2.2 * k
    t = Writer(b, k, x, y, table_w * k)
    t.head("对象类别", "单位：个")
    t.skip(0.3)
    per = max(1, -(-len(rows) // columns))
    end = t.y
    for c in range(columns):
        part = rows[c * per : (c + 1) * per]
        if part or not c:
            end = max(end, _classes_table(b, k, x + c * (wide + 3) * k, t.y, part, shown, wide))
    t.y = end
    t.rule(0.1)
    counts = {g: sum(r.counts.get(g, 0) for r in rows) for g in shown}
    t.skip(3.0)
    if rows:
        edge = table_w - 0.8
        values = [counts[g] for g in shown] + ([total(counts)] if len(shown) > 1 else [])
        cells = [(6.5, "合计", "left", False, INK)]
        cells += [(edge - 8.5 * i, number(v), "right", True, INK) for i, v in enumerate(reversed(values))]
        _row(b, k, x, t.y, cells, 6.3)
    else:
        b.text(x + 6.5 * k, t.y, "无", 6.3 * k, bold=True)
    t.skip(1.1)
    t.rule(0.25)
    t.skip(0.5)
    coarse = said.legend.coarse_m
    where = f"概略位置，与实际位置可相差约 {number(coarse)} m" if coarse else "实际位置"
    t.lines(f"外形、颜色为等级，内部图形为类别；引线黑点为{where}。", 5.8, color=GREY, lead=1.28)
    width_mm = pad * 2 + (left_w + 4 + table_w if beside else left_w)
    return Sized(b, width_mm * k, max(w.y, t.y) + pad * k * 0.7)


def heat_legend_variants(
    said: Said, k: float, classes: Sequence[tuple[str, str, int, int]], cell_km2: str, method: str
) -> list[Sized]:
    """Classes of cells: (colour, words, cells, objects)."""
    out = []
    for beside in (True, False):
        pad = 2.6
        b = Block()
        left_w, table_w = 48.5, 72.0 if beside else 58.0
        if not beside:
            left_w = table_w
        w = Writer(b, k, pad * k, pad * k, left_w * k)
        _left(w, said, heat=True)
        x, y = ((pad + left_w + 4) * k, pad * k) if beside else (pad * k, w.y + 2.2 * k)
        t = Writer(b, k, x, y, table_w * k)
        t.head("密度分级", f"每格对象数，一格约 {cell_km2}")
        t.skip(0.3)
        t.rule(0.25)
        t.skip(2.9)
        _row(
            b,
            k,
            x,
            t.y,
            [
                (13, "对象数（个）", "left", False, INK),
                (table_w - 17, "格数", "right", False, INK),
                (table_w - 0.8, "对象数", "right", False, INK),
            ],
            6.3,
        )
        t.skip(1.1)
        t.rule(0.1)
        for colour, words, cells, objects in classes:
            t.skip(3.9)
            b.rect((x + 1.2 * k, t.y - 2.6 * k, x + 10.2 * k, t.y + 0.7 * k), colour, GREY, 0.1 * k)
            _row(
                b,
                k,
                x,
                t.y,
                [
                    (13, words, "left", False, INK),
                    (table_w - 17, number(cells), "right", False, INK),
                    (table_w - 0.8, number(objects), "right", False, INK),
                ],
                6.3,
            )
            t.skip(0.8)
        t.skip(0.4)
        t.rule(0.1)
        t.skip(3.0)
        _row(
            b,
            k,
            x,
            t.y,
            [
                (13, "合计", "left", False, INK),
                (table_w - 17, number(sum(c[2] for c in classes)), "right", True, INK),
                (table_w - 0.8, number(sum(c[3] for c in classes)), "right", True, INK),
            ],
            6.3,
        )
        t.skip(1.1)
        t.rule(0.25)
        t.skip(0.4)
        t.lines(method, 5.8, color=GREY, lead=1.28)
        wide = pad * 2 + (left_w + 4 + table_w if beside else left_w)
        out.append(Sized(b, wide * k, max(w.y, t.y) + pad * k * 0.7))
    return out


def top_cells(rows: Sequence[tuple[str, str, Mapping[str, int]]], k: float) -> Sized:
    """The fullest cells: number, division and counts."""
    pad, w = 2.6, 112.0
    b = Block()
    t = Writer(b, k, pad * k, pad * k, (w - 2 * pad) * k)
    t.head("对象最多的十格", "单位：个")
    t.rule(0.25)
    ends = [60.0, 70.0, 79.0, 88.0, 96.0, 106.0]
    t.skip(2.9)
    heads = ["合计", *(LOOKS[g].word for g in GRADES)]
    cells = [(6.0, "H3 格", "left", False, INK), (32.0, "县（市、区）", "left", False, INK)]
    _row(b, k, t.x, t.y, cells + [(e, h, "right", False, INK) for e, h in zip(ends, heads, strict=True)], 6.2)
    t.skip(1.1)
    t.rule(0.1)
    for n, (cell, name, counts) in enumerate(rows, 1):
        t.skip(3.35)
        values = [total(counts), *(counts.get(g, 0) for g in GRADES)]
        cells = [(4.0, str(n), "right", False, INK), (6.0, cell, "left", False, INK)]
        cells.append((32.0, wrap(name, 6.2 * k, 20 * k)[0] if name else "—", "left", False, INK))
        cells += [(e, number(v), "right", i == 0, INK) for i, (e, v) in enumerate(zip(ends, values, strict=True))]
        _row(b, k, t.x, t.y, cells, 6.2)
    t.skip(1.2)
    t.rule(0.25)
    return Sized(b, w * k, t.y + pad * k * 0.7)
