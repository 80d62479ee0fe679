"""What stands round the map: legend, list of numbers, fullest cells, head and foot; each measured by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from riskmap.catalogue.model import GRADES
from riskmap.paper import fonts
from riskmap.paper.drawing import ALARM, GREY, INK, MM, NAVY, Block, width, wrap
from riskmap.paper.frame import boundary_style
from riskmap.paper.imprint import Imprint
from riskmap.paper.mapped import LEVEL_WORDS, LINES, OTHER_LINE, ClassRow, Ground, Legend, total
from riskmap.paper.symbols import LOOKS

ROW = 3.05  # of a list, mm at k = 1


def number(n: int | None) -> str:
    """12 345; what is not there is a dash, never 0."""
    return "—" if n is None else f"{n:,}".replace(",", " ")


@dataclass(slots=True)
class Sized:
    """A block and the room that it takes."""

    block: Block
    w: float
    h: float


class Writer:
    """Sets lines down a column of a block at sizes of k = 1."""

    def __init__(self, block: Block, k: float, x: float, y: float, w: float) -> None:
        self.b, self.k, self.x, self.y, self.w = block, k, x, y, w

    def skip(self, mm: float) -> None:
        self.y += mm * self.k

    def lines(self, text: str, pt: float = 6.5, *, bold: bool = False, color: str = INK, lead: float = 1.36) -> None:
        size = pt * self.k
        for line in wrap(text, size, self.w, bold=bold):
            self.y += size * MM * lead
            self.b.text(self.x, self.y - size * MM * (lead - 1), line, size, bold=bold, color=color)

    def head(self, text: str, note: str = "") -> None:
        size = 8.5 * self.k
        self.y += size * MM * 1.15
        _, _, x, _ = self.b.text(self.x, self.y - size * MM * 0.15, text, size, bold=True)
        if note:
            self.b.text(x + 1.5 * self.k, self.y - size * MM * 0.15, note, 6 * self.k, color=GREY)
        self.skip(1.0)

    def rule(self, w: float = 0.1, color: str = INK) -> None:
        self.b.line([(self.x, self.y), (self.x + self.w, self.y)], w * self.k, color)


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


def legend_left(w: Writer, said: Said, *, heat: bool) -> None:
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
        words += f"；登记总数　{number(legend.total)} 个"
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


def classes_table(
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
    legend_left(w, said, heat=False)
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
            end = max(end, classes_table(b, k, x + c * (wide + 3) * k, t.y, part, shown, wide))
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
    t.lines("外形、颜色为等级，内部图形为类别；引线黑点为实际位置。", 5.8, color=GREY, lead=1.28)
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
        legend_left(w, said, heat=True)
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


@dataclass(frozen=True, slots=True)
class Numbered:
    """A line of the list of numbers."""

    no: int
    grade: str
    symbol: str
    name: str
    note: str = ""


COLUMN = 36.0
_NAME_X = 9.6


def _list_lines(rows: Sequence[Numbered], k: float, column: float) -> list[tuple[Numbered, list[str]]]:
    room = (column - _NAME_X - 1.0) * k
    return [(r, wrap(r.name + (f"（{r.note}）" if r.note else ""), 6.2 * k, room)) for r in rows]


def list_lines(name: str, k: float) -> int:
    """Lines that a name takes in the list."""
    return len(wrap(name, 6.2 * k, (COLUMN - _NAME_X - 1.0) * k)) if len(name) > 9 else 1


def list_need(rows: int, k: float, tallest: int = 1) -> list[tuple[float, float]]:
    """Sizes that would hold so many lines, the tallest row whole; then some that hold a part."""
    out = []
    for share in (1.0, 0.6, 0.3):
        for columns in (4, 5, 3, 6, 2, 7, 8, 1):
            per = max(-(-int(rows * share) // columns), tallest)
            if (columns > 1 and per < 4 and rows > 8) or (share < 1 and per < 5):
                continue
            out.append(((4.4 + COLUMN * columns) * k, (8.6 + ROW * per) * k))
    return out


def number_list(
    rows: Sequence[Numbered],
    k: float,
    w: float,
    h: float,
    *,
    more: str = "",
    head: str = "图上编号对照表",
    grow: bool = False,
) -> tuple[Sized, int]:
    """As many lines as the box holds, in columns, and how many they are; the block may be less high than the box."""
    pad = 2.2
    columns = max(1, int((w / k - 2 * pad + 0.2) // COLUMN))
    column = (w / k - 2 * pad) / columns
    b = Block()
    lines = _list_lines(rows, k, column)
    top = 7.4
    room = int((h / k - top - 1.2 + 0.05) // ROW)

    def packed(per: int) -> tuple[int, int]:
        """How many rows go into columns of `per` lines, and the fullest column."""
        n, most = 0, 0
        for _ in range(columns):
            used = 0
            while n < len(lines) and used + len(lines[n][1]) <= per:
                used += len(lines[n][1])
                n += 1
            most = max(most, used)
        return n, most

    per = max(room, 1)
    if not grow:
        for p in range(1, per + 1):
            if packed(p)[0] == len(lines):
                per = p
                break
    done, most = packed(per)
    t = Writer(b, k, pad * k, pad * k * 0.8, w - 2 * pad * k)
    note = "编号自西向东、自北向南；◆ 重大　▲ 较大　■ 一般　● 低　○ 未评定" if columns > 2 else ""
    t.head(head, note)
    if more and done < len(lines):
        b.text(w - pad * k, t.y - 2.2 * k, more, 6 * k, color=GREY, align="right")
    t.rule(0.2)
    n = 0
    for c in range(columns):
        x, used = (pad + c * column) * k, 0
        while n < len(lines) and used + len(lines[n][1]) <= per:
            row, words = lines[n]
            y = (top + ROW * (used + 1)) * k - 0.75 * k
            b.text(x + 4.8 * k, y, str(row.no), 6.0 * k, bold=True, color=NAVY, align="right")
            b.symbol(row.symbol, row.grade, x + 7.2 * k, y - 0.8 * k, 1.15 * k)
            for i, line in enumerate(words):
                b.text(x + _NAME_X * k, y + i * ROW * k, line, 6.2 * k)
            used += len(words)
            n += 1
    return Sized(b, w, (top + ROW * most + 1.2) * k), done


def head(b: Block, imprint: Imprint, w: float, margin: float, k: float, sheet_no: str, sheet_of: str) -> float:
    """The head of a page; gives the height that it takes."""
    stamp = imprint.body()
    left = [f"图号　{imprint.number}-{sheet_no}" if sheet_no else f"图号　{imprint.number}"]
    if sheet_no and sheet_of:
        left.append(f"第 {sheet_no.lstrip('0') or '0'} 幅　共 {sheet_of.lstrip('0') or '0'} 幅")
    left.append(f"成果版次　{stamp['version']}")
    approval = f"审图号：{imprint.approval}" if imprint.approval else "审图号：＿＿＿＿＿＿（未送审，不得公开）"
    side = max([width(s, 7.5 * k) for s in left] + [width(approval, 7 * k)]) + 5 * k
    room = w - 2 * margin - 2 * side
    size, lines = 24.0, [imprint.title]

    def fits(size: float) -> bool:
        return width(imprint.title, size * k, bold=True, spread=size / 24 * 1.06 * k) <= room

    while size > 16 and not fits(size):
        size -= 0.5
    tall = not fits(size)
    if tall:  # a row of its own, on as many lines as it needs
        room = w - 2 * margin
        size = 22.0
        while size > 14 and width(imprint.title, size * k, bold=True) > room:
            size -= 0.5
        lines = wrap(imprint.title, size * k, room, bold=True)
        if len(lines) > 2:
            size = 10.0
            lines = wrap(imprint.title, size * k, room, bold=True)
    spread = size / 24 * 1.06 * k if not tall else 0.0
    y = margin
    for line in lines:
        y += size * k * MM * 1.0
        b.text(w / 2, y - size * k * MM * 0.08, line, size * k, bold=True, align="center", spread=spread)
        y += 1.2 * k
    sub = f"{imprint.selection}　{stamp['month']}"
    sub_pt = 9.5
    sub_room = (w - 2 * margin - 2 * side) if True else room
    while sub_pt > 6.5 and width(sub, sub_pt * k) > sub_room:
        sub_pt -= 0.5
    sub_lines = wrap(sub, sub_pt * k, sub_room)
    if len(sub_lines) > 2:
        sub_lines = [stamp["month"]]  # the legend says the selection
    sides_y = margin if not tall else y
    y = y + 0.6 * k
    for line in sub_lines:
        y += sub_pt * k * MM * 1.1
        b.text(w / 2, y, line, sub_pt * k, align="center")
    for i, s in enumerate(left):
        b.text(margin, sides_y + (2.9 + 4.2 * i) * k, s, 7.5 * k)
    right = w - margin
    ry = sides_y
    if imprint.secrecy:
        sw = width(imprint.secrecy, 9 * k, bold=True) + 4 * k
        b.rect((right - sw, ry, right, ry + 5.0 * k), stroke=INK, width=0.3 * k)
        b.text(right - sw / 2, ry + 3.7 * k, imprint.secrecy, 9 * k, bold=True, align="center")
        ry += 5.6 * k
    b.text(right, ry + 2.9 * k, approval, 7 * k, align="right")
    ry += 4.0 * k
    if imprint.mark:
        b.text(right, ry + 2.9 * k, imprint.mark, 7.5 * k, bold=True, color=ALARM, align="right")
        ry += 4.0 * k
    return max(18.0 * k, y - margin + 2.5 * k, sides_y - margin + 15.0 * k, ry - margin + 1.0 * k)


def selection_in_head(imprint: Imprint, w: float, margin: float, k: float) -> bool:
    """Whether the selection's words have room below the title."""
    return width(imprint.selection, 6.5 * k) < 1.6 * (w - 2 * margin - 110 * k)


@dataclass(frozen=True, slots=True)
class Foot:
    """Words of the foot, wrapped."""

    left: list[str]
    right: list[str]
    stacked: bool
    h: float


def foot_words(
    imprint: Imprint,
    meridian: str,
    source: str,
    paper: str,
    w: float,
    margin: float,
    k: float,
    lacking: Sequence[str],
    page: str,
) -> Foot:
    stamp = imprint.body()
    room = w - 2 * margin
    stacked = room < 225 * k
    side = room / 2 - 3 * k if stacked else (room - 88 * k) / 2
    left = [
        f"2000 国家大地坐标系（CGCS2000）；高斯—克吕格投影，中央经线 {meridian}。"
        if meridian
        else "2000 国家大地坐标系（CGCS2000）。",
        f"行政区划界线：{source or '无'}，不作为划界依据。",
        f"数据时间：{stamp['data_at']}　状态号：{stamp['state']}　核验码：{stamp['check']}",
    ]
    if lacking:
        left.append(f"字库缺字，印作{fonts.LACKING}：{'、'.join(lacking)}。")
    blank = "＿＿＿＿＿"
    right = [
        f"编制：{imprint.maker}　审核：{imprint.reviewed_by or blank}　批准：{imprint.signed_by or blank}",
        f"制图：城市安全风险一张图　图幅 {paper}",
        page,
    ]
    a = [line for words in left for line in wrap(words, 6.5 * k, side)]
    c = [line for words in right for line in wrap(words, 6.5 * k, side)]
    lines = max(len(a), len(c))
    h = max(16.0, 3.0 + 2.95 * lines + (11.5 if stacked else 0)) * k
    return Foot(a, c, stacked, h)


def foot(b: Block, f: Foot, w: float, margin: float, k: float, y: float, scale: int) -> None:
    """Projection and source, scale, maker, from y down."""
    top = y + 2.2 * k
    if scale:
        scale_bar(b, w / 2, top, k, scale)
    down = top + (11.5 * k if f.stacked else 0)
    for i, line in enumerate(f.left):
        b.text(margin, down + (2.3 + 2.95 * i) * k, line, 6.5 * k)
    for i, line in enumerate(f.right):
        b.text(w - margin, down + (2.3 + 2.95 * i) * k, line, 6.5 * k, align="right")


_BAR_KM = (0.01, 0.02, 0.025, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 2.5, 5, 10, 20, 25, 50, 100)


def scale_bar(b: Block, x: float, y: float, k: float, scale: int) -> None:
    """Number and bar; the bar's pieces are of a round length and true to the scale."""
    b.text(x, y + 3.0 * k, f"1 : {number(scale)}", 9 * k, bold=True, align="center")
    km = scale / 1_000_000  # of a millimetre
    step = next((s for s in _BAR_KM if s / km >= 11 * k), _BAR_KM[-1])
    piece, n = step / km, 4
    x0 = x - piece * n / 2
    metres = step < 0.25
    for i in range(n):
        fill = INK if i % 2 == 0 else "#FFFFFF"
        b.rect((x0 + piece * i, y + 4.9 * k, x0 + piece * (i + 1), y + 6.1 * k), fill, INK, 0.12 * k)
    for i in range(n + 1):
        value = step * i * (1000 if metres else 1)
        words = f"{value:g}"
        at = x0 + piece * i
        _, _, right, _ = b.text(at, y + 8.7 * k, words, 6.2 * k, align="center")
        if i == n:
            b.text(right + 0.8 * k, y + 8.7 * k, "m" if metres else "km", 6.2 * k)


def north(b: Block, x: float, y: float, k: float) -> None:
    """The arrow, its middle at x, from y down; 10 wide and 18 high."""
    b.text(x, y + 3.2 * k, "北", 9 * k, bold=True, align="center")
    top = y + 4.6 * k
    for side, fill in ((-1, INK), (1, "#FFFFFF")):
        b.svg(
            f'<path d="M{x:.2f} {top:.2f}L{x:.2f} {top + 9.5 * k:.2f}L{x + side * 2.6 * k:.2f} {top + 12.5 * k:.2f}Z" '
            f'fill="{fill}" stroke="{INK}" stroke-width="{0.15 * k:.3f}" stroke-linejoin="round"/>',
            20,
        )
