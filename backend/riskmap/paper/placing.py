"""Objects on one frame: who is drawn full and who bare, pushed apart, named or numbered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import hypot
from typing import Any

import numpy as np
import shapely
from shapely import STRtree

from riskmap.catalogue.model import GRADE_RANK, GRADES
from riskmap.paper import crowd
from riskmap.paper.drawing import INK, MM, NAVY, Box, width
from riskmap.paper.frame import Frame
from riskmap.paper.gauss import Floats
from riskmap.paper.labels import Body, Taken, around, beside
from riskmap.paper.mapped import Mark

RADII = (2.15, 1.75, 1.45)  # of a full symbol at k = 1, the largest that has room
BARE = (0.95, 0.7)
LONGEST_NAME = 12
_FULL = 0.42  # share of the territory that bodies may take
_REACH = 9.0
_NUMBER_PT = 6.3
_TRIED = 40  # places for a number, of which the leader to one is to run over fewest symbols
_MANY = 300  # from here on piles are joined fewer times


@dataclass(frozen=True, slots=True)
class Manner:
    """How objects are drawn at this density."""

    r: float
    bare: frozenset[str]  # grades that are only small symbols at their places
    bare_r: float = BARE[0]


def manner(counts: Mapping[str, int], area_mm2: float, k: float) -> Manner:
    """Full symbols where they find room; else the lower grades are bare, from the lowest up."""

    def share(grades: Sequence[str], r: float) -> float:
        return sum(counts.get(g, 0) for g in grades) * (crowd.GAP_R * r * k) ** 2 / max(area_mm2, 1.0)

    for r in RADII:
        if share(GRADES, r) < _FULL:
            return Manner(r, frozenset())
    bare_r = BARE[0] if share(GRADES, BARE[0]) < 0.8 else BARE[1]
    for last in range(len(GRADES) - 1, 0, -1):
        full = GRADES[:last]
        if 0 < share(full, RADII[-1]) < _FULL / 2:
            return Manner(RADII[-1], frozenset(GRADES[last:]), bare_r)
    return Manner(RADII[-1], frozenset(GRADES), bare_r)


@dataclass(slots=True)
class Placed:
    """What a frame shows: bodies in their order, names, and what waits for a number."""

    taken: Taken
    named: list[tuple[Body, Box]] = field(default_factory=list)
    waiting: list[tuple[Body, Box | None]] = field(default_factory=list)  # numbers, in reading order
    bare: list[int] = field(default_factory=list)
    places: Floats = field(default_factory=lambda: np.zeros((0, 2)))
    r: float = RADII[0]


def place(
    frame: Frame, chosen: Sequence[int], how: Manner, keep_off: Sequence[Box], *, levels: Sequence[str] = ()
) -> Placed:
    """Find places on a frame. `keep_off` are panels in mm of the page."""
    k, marks = frame.k, frame.site.marks
    x0, y0, x1, y1 = frame.box
    places = frame.places(frame.site.anchors)
    r = how.r * k
    full = [i for i in chosen if marks[i].grade not in how.bare]
    bounds = (x0 + 0.8, y0 + 0.8, x1 - 0.8, y1 - 0.8)
    placed = Placed(Taken(bounds), places=places, r=r)
    placed.bare = [i for i in chosen if marks[i].grade in how.bare]
    full.sort(key=lambda i: marks[i].order)
    widest = "8" * len(str(len(marks)))
    label = width(f"{widest}–{widest}", _NUMBER_PT * k, bold=True) + 0.6 * k
    groups = crowd.same_place(places, full, 0.25 * r)
    bare = [(*places[i].tolist(), how.bare_r * k) for i in placed.bare]
    for last in (*[False] * (2 if len(full) > _MANY else 5), True):
        found = crowd.bodies(places, groups, r, k, _REACH * k, frame.box, keep_off, label)
        placed.taken = Taken(bounds)
        for box in keep_off:
            placed.taken.add(box)
        for x, y, b in bare:
            placed.taken.add((x - b, y - b, x + b, y + b))
        troubled = _words(frame, placed, found, len(marks), levels, last=last)
        if not troubled:
            break
        groups = crowd.joined(found, troubled)
    placed.waiting.sort(key=lambda t: (round(t[0].y / (16 * k)), t[0].x))
    return placed


def _words(
    frame: Frame, placed: Placed, found: Sequence[Body], most: int, levels: Sequence[str], *, last: bool
) -> list[Body]:
    """Places for names and numbers; gives the bodies whose number found none, unless these are the last words."""
    k, marks, r, taken = frame.k, frame.site.marks, placed.r, placed.taken
    for body in found:
        taken.add(_own_box(body, r))
        for tx, ty in body.true:
            if hypot(body.x - tx, body.y - ty) > 0.9 * k and not _within(tx, ty, body):
                taken.add_line(tx, ty, body.x, body.y, 0.35 * k)
    frame.names(taken, np.array([(b.x, b.y) for b in found]).reshape(-1, 2), levels, draw=False)
    placed.named, placed.waiting = [], []
    unnamed = []
    for body in sorted(found, key=lambda b: min(marks[m].order for m in b.members)):
        spot = None
        mark = marks[body.members[0]]
        if not body.pile and 0 < len(mark.name) <= LONGEST_NAME:
            spot = _spot(taken, body, mark.name, _name_pt(mark, k), mark.grade == "major", r, k)
        if spot:
            taken.add(spot, "name", mark.name)
            placed.named.append((body, spot))
        else:
            unnamed.append(body)
    widest = "8" * len(str(most))
    symbols = STRtree([shapely.box(*_own_box(body, r)) for body in found])
    troubled = []
    for body in unnamed:
        if body.pile:
            placed.waiting.append((body, None))
            continue
        pt = _NUMBER_PT * k
        spot = _spot(taken, body, widest, pt, True, r, k)
        if spot is None:
            w, h = width(widest, pt, bold=True) + 0.4 * k, pt * MM * 1.04
            start = max(body.rx, body.ry) + 1.2 * k
            far = start + (60 if last else 9) * k
            spot = number_spot(taken, symbols, body, start, far, w, h)
            if spot is not None:
                cx, cy = (spot[0] + spot[2]) / 2, (spot[1] + spot[3]) / 2
                taken.add_line(body.x, body.y, cx, cy, 0.3 * k)
        if spot is None:
            if not last:
                troubled.append(body)
                continue
        else:
            taken.add(spot, "number", "")
        placed.waiting.append((body, spot))
    return troubled


def _name_pt(mark: Mark, k: float) -> float:
    return (6.8 if mark.grade == "major" else 6.5) * k


def _own_box(body: Body, r: float) -> Box:
    if body.pile:
        return body.x - body.rx, body.y - body.ry, body.x + body.rx, body.y + body.ry
    return body.x - r * 1.22, body.y - r * 1.3, body.x + r * 1.22, body.y + r * 1.14


def number_spot(taken: Taken, symbols: STRtree, body: Body, start: float, far: float, w: float, h: float) -> Box | None:
    """A free place for a number, so that the leader to it runs over as few symbols as it can; the nearest of those."""
    free = (b for b in around(body.x, body.y, start, far, w, h) if taken.free(b))
    return min(islice(free, _TRIED), key=lambda b: _crossed(symbols, body, b), default=None)


def _crossed(symbols: STRtree, body: Body, spot: Box) -> int:
    """How many symbols a leader from a body to this place runs over, its own one too."""
    line = shapely.LineString([(body.x, body.y), ((spot[0] + spot[2]) / 2, (spot[1] + spot[3]) / 2)])
    return len(symbols.query(line, predicate="intersects"))


def _within(x: float, y: float, body: Body) -> bool:
    return abs(x - body.x) < body.rx and abs(y - body.y) < body.ry


def _spot(taken: Taken, body: Body, s: str, pt: float, bold: bool, r: float, k: float) -> Box | None:
    w, h = width(s, pt, bold=bold) + 0.4 * k, pt * MM * 1.04
    return next((b for b in beside(body.x, body.y, r * 1.14, r * 1.22, w, h, 0.3 * k) if taken.free(b)), None)


def draw(
    frame: Frame, placed: Placed, how: Manner, first: int, page: int
) -> tuple[list[dict[str, Any]], list[tuple[int, int]], list[str]]:
    """Symbols, leaders, names and numbers; gives what was drawn, (number, mark) in order, and words on what failed."""
    k, marks, layer = frame.k, frame.site.marks, frame.map
    drawn: list[dict[str, Any]] = []
    numbers: list[tuple[int, int]] = []
    trouble: list[str] = []

    def record(i: int, x: float, y: float, shown: str, no: int | None = None) -> None:
        row = {
            "id": marks[i].id,
            "grade": marks[i].grade,
            "page": page,
            "x_mm": round(x, 2),
            "y_mm": round(y, 2),
            "shown": shown,
        }
        if no is not None:
            row["no"] = no
        drawn.append(row)

    for i in sorted(placed.bare, key=lambda i: marks[i].order, reverse=True):
        x, y = placed.places[i].tolist()
        layer.symbol(None, marks[i].grade, x, y, how.bare_r * k, 10 + (9 - GRADE_RANK[marks[i].grade]) / 10)
        record(i, x, y, "bare")
    for body, box in placed.named:
        i = body.members[0]
        _body(frame, body, placed.r)
        major = marks[i].grade == "major"
        _letter(frame, box, marks[i].name, _name_pt(marks[i], k), bold=major, color=INK)
        record(i, body.x, body.y, "name")
    no = first
    for body, spot in placed.waiting:
        members = sorted(body.members, key=lambda i: marks[i].order)
        spots = _body(frame, body, placed.r)
        last = no + len(members) - 1
        words = str(no) if last == no else f"{no}–{last}"
        _number(frame, placed, body, spot, words, trouble)
        for i, (x, y) in zip(members, spots, strict=True):
            numbers.append((no, i))
            record(i, x, y, "number", no)
            no += 1
    return drawn, numbers, trouble


def _number(frame: Frame, placed: Placed, body: Body, spot: Box | None, words: str, trouble: list[str]) -> None:
    """A number within the place that was kept for it, at the side of its symbol."""
    k, pt = frame.k, _NUMBER_PT * frame.k
    w, h = width(words, pt, bold=True) + 0.4 * k, pt * MM * 1.04
    if body.pile:
        top = body.y - body.ry + 0.3 * k
        box = (body.x - w / 2, top, body.x + w / 2, top + h)
        placed.taken.words.append(("number", words, box))
        _letter(frame, box, words, pt, bold=True, color=NAVY, halo=False)
        return
    if spot is None:
        trouble.append(f"编号 {words} 在图上没有空位，印在符号上")
        spot = (body.x - w / 2, body.y - h / 2, body.x + w / 2, body.y + h / 2)
    middle = (spot[0] + spot[2]) / 2
    left = spot[2] - w if spot[2] <= body.x else spot[0] if spot[0] >= body.x else middle - w / 2
    box = (left, spot[1], left + w, spot[3])
    end = (min(max(body.x, box[0]), box[2]), min(max(body.y, box[1]), box[3]))
    if hypot(end[0] - body.x, end[1] - body.y) > max(body.rx, body.ry) + 2.2 * k:
        r = placed.r / 2  # within every outline
        edge = min(max(end[0], body.x - r), body.x + r), min(max(end[1], body.y - r), body.y + r)
        # above other symbols, where it cannot keep clear of them: whose number it is must be seen
        frame.map.line([edge, end], 0.4 * k, "#FFFFFF", 14.4)
        frame.map.line([edge, end], 0.14 * k, NAVY, 14.5)
        frame.map.dot(edge[0], edge[1], 0.35 * k, NAVY, z=14.5)
    placed.taken.words.append(("number", words, box))
    _letter(frame, box, words, pt, bold=True, color=NAVY)


def _letter(frame: Frame, box: Box, words: str, pt: float, *, bold: bool, color: str, halo: bool = True) -> None:
    base = box[3] - 0.16 * (box[3] - box[1])
    frame.map.text(box[0] + 0.2 * frame.k, base, words, pt, bold=bold, color=color, halo_z=30 if halo else None)


def _body(frame: Frame, body: Body, r: float) -> list[tuple[float, float]]:
    """A symbol or a pile with its leaders; gives where the members (by their order) stand."""
    k, marks, layer = frame.k, frame.site.marks, frame.map
    for tx, ty in body.true:
        if hypot(body.x - tx, body.y - ty) > 0.9 * k and not (body.pile and _within(tx, ty, body)):
            # over the boxes of other piles, under symbols
            end = (body.x, body.y)
            if body.pile:  # up to its box: its number stands within
                end = min(max(tx, end[0] - body.rx), end[0] + body.rx), min(max(ty, end[1] - body.ry), end[1] + body.ry)
            layer.line([(tx, ty), end], 0.14 * k, INK, 9.3)
            layer.dot(tx, ty, 0.32 * k, z=9.4)
    members = sorted(body.members, key=lambda i: marks[i].order)
    if not body.pile:
        m = marks[members[0]]
        layer.symbol(m.symbol, m.grade, body.x, body.y, r, 10 + (9 - GRADE_RANK[m.grade]) / 10)
        return [(body.x, body.y)]
    layer.rect(
        (body.x - body.rx, body.y - body.ry, body.x + body.rx, body.y + body.ry), "#FFFFFF", INK, 0.12 * k, 9.0, 0.97
    )
    spots = crowd.pile_spots(body, k)
    for i, (x, y) in zip(members, spots, strict=True):
        layer.symbol(None, marks[i].grade, x, y, 0.88 * k, 12 + (9 - GRADE_RANK[marks[i].grade]) / 10)
    return spots
