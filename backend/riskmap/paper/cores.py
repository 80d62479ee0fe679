"""Crowded cores of a map, which an enlargement in a corner would help."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from riskmap.paper import crowd, layout
from riskmap.paper.drawing import Box
from riskmap.paper.frame import Site
from riskmap.paper.gauss import Floats

_LEAST = 8  # symbols; fewer need no enlargement
_LEAST_GAIN = 6  # symbols that are told apart by it
_MOST_PAIRED = 1500  # from here on every distance to every other is too much
_WINDOWS = (16, 22, 30, 40, 54, 70)  # mm across at k = 1
_FACTORS = (8.0, 6.5, 5.0, 4.0, 3.2, 2.5, 2.0)  # of the enlargement, the largest that has room
_KEPT = 4


@dataclass(slots=True)
class Inset:
    """A crowded core, enlarged."""

    window: Box  # metres: west, south, east, north
    w: float  # mm of the enlargement
    h: float
    scale: int
    gain: int  # symbols that are told apart by it
    title: str = ""


def cores(
    site: Site, full: Sequence[int], scale: int, radius: float, k: float, most: tuple[float, float]
) -> list[Inset]:
    """Windows that an enlargement would help, the best first, none larger than `most` mm; `full`: whole symbols."""
    if not _LEAST <= len(full) <= _MOST_PAIRED:
        return []
    f = 1000 / scale
    p = site.anchors[list(full)] * f  # mm, y up
    gap = crowd.GAP_R * radius * k
    d = np.hypot(p[:, None, 0] - p[None, :, 0], p[:, None, 1] - p[None, :, 1])
    np.fill_diagonal(d, np.inf)
    crowded = (d < 1.5 * gap).sum(1) >= 3
    if crowded.sum() < 6:
        return []
    found: list[Inset] = []
    for across in _WINDOWS:
        mx, my, bw, bh = _window(p[crowded], across * k, 2.2 * k)
        inside = np.flatnonzero((np.abs(p[:, 0] - mx) <= bw / 2) & (np.abs(p[:, 1] - my) <= bh / 2))
        nearest = d[np.ix_(inside, inside)].min(1)
        # Those just outside are pushed away from the window.
        rim = (np.abs(p[:, 0] - mx) <= bw / 2 + gap) & (np.abs(p[:, 1] - my) <= bh / 2 + gap)
        pushed = int(0.4 * (rim.sum() - len(inside)))
        for factor in _FACTORS:
            of = next(layout.round_scales(scale / factor))
            times = scale / of
            if times < 1.9 or bw * times > most[0] or bh * times > most[1]:
                continue
            gain = int((nearest * times >= 0.8 * gap).sum() - (nearest >= 0.8 * gap).sum()) - pushed
            if gain < max(_LEAST_GAIN, len(inside) // 8):
                continue
            w, h = bw / f, bh / f
            west, south = mx / f - w / 2, my / f - h / 2
            window = (west, south, west + w, south + h)
            found.append(Inset(window, bw * times, bh * times, of, gain, _title(site, mx / f, my / f)))
    # More that is told apart, then more room for names.
    found.sort(key=lambda q: (-q.gain - 1.5 * scale / q.scale, q.scale))
    out: list[Inset] = []
    for q in found:
        if all(abs(q.w - o.w) + abs(q.h - o.h) > 10 * k for o in out):
            out.append(q)
    return out[:_KEPT]


def _window(crowded: Floats, across: float, margin: float) -> tuple[float, float, float, float]:
    """Middle and sides of the window so wide that holds most of these, drawn close round what it holds."""
    half_w, half_h = across / 2, across / 2 * 0.72
    apart = np.abs(crowded[:, None] - crowded[None, :])
    count = ((apart[..., 0] < half_w) & (apart[..., 1] < half_h)).sum(1)
    cx, cy = crowded[int(np.argmax(count))]
    core = crowded[(np.abs(crowded[:, 0] - cx) < half_w) & (np.abs(crowded[:, 1] - cy) < half_h)]
    (x0, y0), (x1, y1) = core.min(0) - margin, core.max(0) + margin
    # not flatter than 2 : 1 either way
    w, h = max(x1 - x0, (y1 - y0) / 2), max(y1 - y0, (x1 - x0) / 2)
    return float(x0 + x1) / 2, float(y0 + y1) / 2, float(w), float(h)


def _title(site: Site, east: float, north: float) -> str:
    level = site.inner or site.area_level
    point = shapely.Point(east, north)
    name = next(
        (d.name for d, g in site.level(level) if shapely.box(*g.bounds).contains(point) and g.contains(point)), ""
    )
    return f"{name}一带放大图" if name else "局部放大图"
