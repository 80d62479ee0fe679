"""Panels of a sheet, each measured by itself: lines down a column, and the list of numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

from riskmap.paper.drawing import GREY, INK, MM, NAVY, Block, wrap

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
