"""Names and numbers beside symbols, none over another: boxes in a grid, candidates in order of preference."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import cos, hypot, pi, sin

from riskmap.paper.drawing import Box

_CELL = 6.0


class Taken:
    """Boxes that stand on the paper already."""

    def __init__(self, bounds: Box) -> None:
        self.bounds = bounds
        self._boxes: list[Box] = []
        self._cells: dict[tuple[int, int], list[int]] = defaultdict(list)
        self.words: list[tuple[str, str, Box]] = []

    def add(self, box: Box, kind: str = "", words: str = "") -> None:
        n = len(self._boxes)
        self._boxes.append(box)
        for cell in _cells(box):
            self._cells[cell].append(n)
        if words:
            self.words.append((kind, words, box))

    def free(self, box: Box) -> bool:
        b = self.bounds
        if box[0] < b[0] or box[1] < b[1] or box[2] > b[2] or box[3] > b[3]:
            return False
        for cell in _cells(box):
            for n in self._cells.get(cell, ()):
                o = self._boxes[n]
                if box[0] < o[2] and box[2] > o[0] and box[1] < o[3] and box[3] > o[1]:
                    return False
        return True

    def add_line(self, x0: float, y0: float, x1: float, y1: float, half: float) -> None:
        """A leader, as small boxes along it."""
        n = max(1, int(hypot(x1 - x0, y1 - y0) / (2 * half)))
        for i in range(n + 1):
            x, y = x0 + (x1 - x0) * i / n, y0 + (y1 - y0) * i / n
            self.add((x - half, y - half, x + half, y + half))


def _cells(box: Box) -> Iterator[tuple[int, int]]:
    for i in range(int(box[0] // _CELL), int(box[2] // _CELL) + 1):
        for j in range(int(box[1] // _CELL), int(box[3] // _CELL) + 1):
            yield i, j


def beside(x: float, y: float, rx: float, ry: float, w: float, h: float, gap: float) -> Iterator[Box]:
    """Candidate boxes of w × h round a symbol of half-sides rx, ry: east and west first."""
    g, up = rx + gap, ry + gap
    for dx, dy in (
        (g, -h / 2), (-g - w, -h / 2), (-w / 2, -up - h), (-w / 2, up),
        (g * 0.75, -up * 0.55 - h), (g * 0.75, up * 0.55), (-g * 0.75 - w, -up * 0.55 - h), (-g * 0.75 - w, up * 0.55),
        (-w * 0.2, -up - h), (-w * 0.8, -up - h), (-w * 0.2, up), (-w * 0.8, up),
        (g, -h * 0.9), (g, -h * 0.1), (-g - w, -h * 0.9), (-g - w, -h * 0.1),
    ):  # fmt: skip
        yield x + dx, y + dy, x + dx + w, y + dy + h


def around(x: float, y: float, start: float, end: float, w: float, h: float) -> Iterator[Box]:
    """Candidate boxes farther and farther away, for what must have a place."""
    r = start
    while r < end:
        n = max(12, int(2 * pi * r / max(h, 1.5)))
        for i in range(n):
            cx, cy = x + r * cos(2 * pi * i / n), y + r * sin(2 * pi * i / n)
            yield cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2
        r += h


@dataclass(slots=True, eq=False)
class Body:
    """What is pushed apart as one: a symbol, or a pile of symbols of one place."""

    members: list[int]  # of the sheet's marks
    x: float
    y: float
    rx: float
    ry: float
    true: list[tuple[float, float]] = field(default_factory=list)
    columns: int = 1  # of a pile

    @property
    def pile(self) -> bool:
        return len(self.members) > 1
