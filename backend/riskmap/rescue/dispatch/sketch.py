"""A sketch of an order's way: the road as a line, the boat's part broken, dots where no road leads, water hatched; read
in grey as in colour."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from riskmap.base import plane
from riskmap.paper import drawing
from riskmap.paper.drawing import INK, Box, path
from riskmap.rescue.onepage_paper import letter, metres
from riskmap.rescue.routing import Place

SIDE = 84.0  # mm
_LEFT, _TOP, _RIGHT, _BOTTOM = 9.0, 9.0, 9.0, 13.0  # mm kept free: names beside marks, the scale below
_LEAST_M = 500.0  # across: a way of a few metres is not blown up
_BAR_MM = 28.0  # the scale bar at most
_BARS_M = (50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
_HATCH_MM = 1.7
_PT = 7.5

Line = Sequence[Sequence[float]]


def drawn(
    way: Mapping[str, Any], incident: Place, name: str, water: BaseGeometry | None
) -> tuple[bytes, list[dict[str, Any]]] | None:
    """Shapes as SVG and letters apart, of a way that an order was given with; None where it was given with none.

    `water` is all water of the flood that it was reckoned with, lon/lat.
    """
    road = None if way["route"] is None else shape(way["route"])
    boat = None if way["boat_leg"] is None else shapely.LineString(way["boat_leg"]["coordinates"])
    out = None if way.get("boat_out") is None else shapely.LineString(way["boat_out"]["coordinates"])
    off = None if way.get("off_road") is None else shape(way["off_road"])
    if road is None and boat is None and off is None:
        return None
    shown = [g for g in (out, road, boat, off) if g is not None]
    to_mm, frame, mm_a_metre = _fitted([*shown, shapely.Point(incident.at)])
    body = [f'<rect width="{SIDE:g}" height="{SIDE:g}" fill="#FFFFFF"/>']
    if water is not None:
        body += _hatched(water, frame, to_mm)
    letters: list[dict[str, Any]] = []
    straight = way["routing"] != "road"
    for part in () if off is None else shapely.get_parts(off):
        body += _dotted(shapely.transform(part, to_mm))
    for line, dash in ((road, "1.6 1.2" if straight else ""), (boat, "1.6 1.2"), (out, "1.6 1.2")):
        if line is not None:
            body += _stroke(shapely.transform(line, to_mm), dash)
    marks: list[tuple[Sequence[float], str, str]] = [(incident.at, name, "cross")]
    if boat is not None and road is not None:
        marks.append((boat.coords[0], "下艇点", "launch"))
    if out is not None:
        marks.append((out.coords[-1], "上岸点", "launch"))
    # Where the road is some way off it begins with that: `off` holds what lies before the road first.
    before = None if off is None or way.get("off_start_m") is None else shapely.get_parts(off)[0]
    first = next((line for line in (before, out, road, boat) if line is not None), None)
    if first is not None:
        marks.append((first.coords[0], "出发", "start"))
    at = [to_mm(np.array([m[0][:2]], dtype=float))[0].tolist() for m in marks]
    taken: list[Box] = [(x - 2, y - 2, x + 2, y + 2) for x, y in at]
    lines = shapely.union_all([shapely.transform(g, to_mm) for g in shown])
    taken += [(0, SIDE - 9, _BAR_MM + 14, SIDE), (SIDE - 9, 0, SIDE, 12)]  # the scale, and where north is
    for (x, y), (_, words, look) in zip(at, marks, strict=True):
        body.append(_mark(look, x, y))
        letters.append(_named(words, x, y, taken, lines))
    body += _bar(mm_a_metre, letters) + _north(letters)
    edge = SIDE - 0.3
    body.append(
        f'<rect x="0.15" y="0.15" width="{edge:g}" height="{edge:g}" fill="none" stroke="{INK}" stroke-width="0.3"/>'
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE:g} {SIDE:g}">{"".join(body)}</svg>'
    return svg.encode(), letters


def _fitted(shown: Sequence[BaseGeometry]) -> tuple[Any, Box, float]:
    """How lon/lat come onto the paper, what of the world it shows (lon/lat), and millimetres a metre."""
    lonlat = np.concatenate([shapely.get_coordinates(g) for g in shown])
    middle = float((lonlat[:, 0].min() + lonlat[:, 0].max()) / 2)
    xy = plane.flat_points(lonlat[:, 0], lonlat[:, 1], middle)
    low, high = xy.min(axis=0), xy.max(axis=0)
    wide, tall = SIDE - _LEFT - _RIGHT, SIDE - _TOP - _BOTTOM
    scale = min(wide / max(high[0] - low[0], _LEAST_M), tall / max(high[1] - low[1], _LEAST_M))
    centre = (low + high) / 2

    def to_mm(at: Any) -> Any:
        flat = plane.flat_points(at[:, 0], at[:, 1], middle) - centre
        return np.column_stack([_LEFT + wide / 2 + flat[:, 0] * scale, _TOP + tall / 2 - flat[:, 1] * scale])

    # A degree of this place, from its own plane, says how far the sheet reaches: with some room, for it is turned.
    at = lonlat.mean(axis=0)
    step = 0.001
    east = plane.flat_points(np.array([at[0], at[0] + step]), np.array([at[1], at[1]]), middle)
    a_degree = (np.hypot(*(east[1] - east[0])) / step, 110_900.0)
    reach = [SIDE * 0.75 / scale / d for d in a_degree]
    mid = (lonlat.min(axis=0) + lonlat.max(axis=0)) / 2
    return to_mm, (mid[0] - reach[0], mid[1] - reach[1], mid[0] + reach[0], mid[1] + reach[1]), float(scale)


def _hatched(water: BaseGeometry, frame: Box, to_mm: Any) -> list[str]:
    near = shapely.clip_by_rect(water, *frame)
    if near.is_empty:
        return []
    on_paper = shapely.transform(shapely.segmentize(near, 0.0045), to_mm)
    if not on_paper.is_valid:  # vertices that met in so small a sketch
        on_paper = shapely.make_valid(on_paper)
    seen = shapely.intersection(on_paper, shapely.box(0, 0, SIDE, SIDE))
    if seen.is_empty:
        return []
    n = int(2 * SIDE / _HATCH_MM) + 1
    lines = shapely.multilinestrings(
        [shapely.LineString([(i * _HATCH_MM - SIDE, SIDE), (i * _HATCH_MM, 0)]) for i in range(n)]
    )
    hatch = path(shapely.intersection(lines, seen))
    return [
        f'<path d="{path(seen)}" fill="#F2F2F2" fill-rule="evenodd" stroke="#5A5A5A" stroke-width="0.2"/>',
        f'<path d="{hatch}" fill="none" stroke="#7A7A7A" stroke-width="0.14"/>',
    ]


def _stroke(line: BaseGeometry, dash: str) -> list[str]:
    d, broken = path(line), f' stroke-dasharray="{dash}"' if dash else ""
    return [
        f'<path d="{d}" fill="none" stroke="{ink}" stroke-width="{width}" stroke-linejoin="round"{more}/>'
        for ink, width, more in (("#FFFFFF", 1.6, ""), (INK, 0.8, broken))
    ]


def _dotted(line: BaseGeometry) -> list[str]:
    """Round dots: nobody takes them for the dashes of a boat, nor for a road."""
    return [
        f'<path d="{path(line)}" fill="none" stroke="{ink}" stroke-width="{width}" stroke-linecap="round"{more}/>'
        for ink, width, more in (("#FFFFFF", 1.4, ""), (INK, 0.6, ' stroke-dasharray="0 1.4"'))
    ]


def _mark(look: str, x: float, y: float) -> str:
    """Told apart by their shapes: a square where it starts, a triangle at the launch, a cross in a ring at the end."""
    edge = f'stroke="{INK}" stroke-width="0.5"'
    if look == "start":
        return f'<rect x="{x - 1.3:.2f}" y="{y - 1.3:.2f}" width="2.6" height="2.6" fill="{INK}"/>'
    if look == "launch":
        return f'<path d="M{x:.2f} {y - 1.9:.2f}l1.8 3.1h-3.6Z" fill="#FFFFFF" {edge}/>'
    return (
        f'<circle cx="{x:.2f}" cy="{y:.2f}" r="1.9" fill="#FFFFFF" {edge}/>'
        f'<path d="M{x - 1:.2f} {y - 1:.2f}l2 2m0 -2l-2 2" fill="none" {edge}/>'
    )


def _named(words: str, x: float, y: float, taken: list[Box], lines: BaseGeometry) -> dict[str, Any]:
    """A name beside its mark, where nothing else stands and, if it can be, the way does not go through it."""
    w, h = drawing.width(words, _PT, bold=True), _PT * drawing.MM
    at = [(x + 2.6, y - h / 2), (x - 2.6 - w, y - h / 2), (x - w / 2, y - 2.8 - h), (x - w / 2, y + 2.8)]
    at += [(u, v + d) for d in (-3.2, 3.2) for u, v in at[:2]]
    boxes = [(u, v, u + w, v + h) for u, v in at]
    inside = [b for b in boxes if b[0] > 0.6 and b[1] > 0.6 and b[2] < SIDE - 0.6 and b[3] < SIDE - 0.6] or boxes[:1]
    free = [b for b in inside if not any(_meet(b, t) for t in taken)] or inside
    box = next((b for b in free if not lines.intersects(shapely.box(*b))), free[0])
    taken.append(box)
    return letter(box[0], SIDE - box[1] - 0.88 * h, words, _PT, bold=True, halo=0.5)


def _meet(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _bar(mm_a_metre: float, letters: list[dict[str, Any]]) -> list[str]:
    length = next((m for m in reversed(_BARS_M) if m * mm_a_metre <= _BAR_MM), _BARS_M[0])
    w, y = length * mm_a_metre, SIDE - 3.2
    letters += [
        letter(3.0, SIDE - y + 2.0, "0", 6.5),
        letter(3.0 + w - 1.5, SIDE - y + 2.0, metres(length), 6.5),
    ]
    return [
        f'<rect x="0.3" y="{y - 5.4:.2f}" width="{w + 13:.2f}" height="8.2" fill="#FFFFFF" fill-opacity="0.85"/>',
        f'<path d="M3 {y - 1.2:.2f}V{y:.2f}H{3 + w:.2f}V{y - 1.2:.2f}M{3 + w / 2:.2f} {y - 0.8:.2f}V{y:.2f}"'
        f' fill="none" stroke="{INK}" stroke-width="0.35"/>',
    ]


def _north(letters: list[dict[str, Any]]) -> list[str]:
    x = SIDE - 4.6
    letters.append(letter(x - 1.25, SIDE - 4.0, "北", 7, bold=True))
    return [
        f'<rect x="{x - 3.4:.2f}" y="0.3" width="7.7" height="11.5" fill="#FFFFFF" fill-opacity="0.85"/>',
        f'<path d="M{x:.2f} 4.8l1.7 5.8l-1.7 -1.3Z" fill="#FFFFFF" stroke="{INK}" stroke-width="0.2"/>'
        f'<path d="M{x:.2f} 4.8l-1.7 5.8l1.7 -1.3Z" fill="{INK}" stroke="{INK}" stroke-width="0.2"/>',
    ]
