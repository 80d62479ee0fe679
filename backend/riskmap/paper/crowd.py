"""Crowded symbols: pushed apart while they stay near their places, else piled where they are."""

from collections.abc import Sequence
from math import ceil, hypot, sqrt

import numpy as np
import shapely
from shapely.strtree import STRtree

from riskmap.paper.drawing import Box
from riskmap.paper.gauss import Floats
from riskmap.paper.labels import Body

GAP_R = 2.28  # of two symbols' middles, in radii
SAME_PLACE = 5  # so many on one point are a pile from the start
PILED = 2.15  # spacing within a pile, mm at k = 1


HEAD = 2.7  # of a pile, where its numbers stand


def _pile(members: list[int], places: Floats, k: float, label: float) -> Body:
    """A box with the numbers at its head and the symbols in rows below."""
    n, step = len(members), PILED * k
    columns = max(ceil(sqrt(n * 1.25)), min(n, int(label / step)))
    rows = ceil(n / columns)
    x, y = places[members].mean(0)
    true = [(float(a), float(b)) for a, b in places[members]]
    rx = max(columns * step, label) / 2 + 0.4 * k
    return Body(members, float(x), float(y), rx, (rows * step + HEAD * k) / 2 + 0.3 * k, true, columns)


def pile_spots(body: Body, k: float) -> list[tuple[float, float]]:
    """Where a pile's symbols stand, row by row."""
    step, n = PILED * k, len(body.members)
    top = body.y - body.ry + (0.3 + HEAD) * k + step / 2
    return [
        (body.x + (i % body.columns - (min(body.columns, n) - 1) / 2) * step, top + (i // body.columns) * step)
        for i in range(n)
    ]


def bodies(
    places: Floats, groups: list[list[int]], r: float, k: float, reach: float, bounds: Box, keep_off: Sequence[Box],
    label: float,
) -> list[Body]:  # fmt: skip
    """One body for each group, or for groups that find no room beside each other. A pile's numbers take `label`."""
    for _ in range(6):
        found = [_pile(g, places, k, label) if len(g) > 1 else _single(g[0], places, r) for g in groups]
        _push(found, reach, bounds, keep_off)
        merged = _still_crowded(found, 2.6 * reach)
        if not merged:
            return found
        groups = [[m for i in group for m in found[i].members] for group in merged]
    return found


def _single(i: int, places: Floats, r: float) -> Body:
    x, y = float(places[i, 0]), float(places[i, 1])
    return Body([i], x, y, r * GAP_R / 2, r * GAP_R / 2, [(x, y)])


def same_place(places: Floats, chosen: Sequence[int], near: float) -> list[list[int]]:
    """Each symbol by itself, but many on one point together."""
    by_cell: dict[tuple[int, int], list[int]] = {}
    for i in chosen:
        by_cell.setdefault((round(places[i, 0] / near), round(places[i, 1] / near)), []).append(i)
    out: list[list[int]] = []
    for members in by_cell.values():
        out += [members] if len(members) >= SAME_PLACE else [[m] for m in members]
    return sorted(out)


def _push(found: list[Body], reach: float, bounds: Box, keep_off: Sequence[Box]) -> None:
    n = len(found)
    if not n:
        return
    turn = np.arange(n) * 2.399963  # equal places go apart in different directions, the same ones each time
    home = np.array([(b.x, b.y) for b in found])
    size = np.array([(b.rx, b.ry) for b in found])
    p = home + 0.01 * np.column_stack((np.cos(turn), np.sin(turn)))
    radius = size.max(1)
    allowed = np.maximum(reach, radius * 1.2)
    pairs = np.zeros((2, 0), dtype=int)
    before = np.inf
    for step in range(160):
        if step % 8 == 0:
            points = np.asarray(shapely.points(p))
            hits = STRtree(points).query(points, predicate="dwithin", distance=2 * float(np.quantile(radius, 0.9)) + 3)
            big = np.flatnonzero(radius > np.quantile(radius, 0.9))
            pairs = hits[:, hits[0] < hits[1]]
            if len(big):
                far = STRtree(points).query(points[big], predicate="dwithin", distance=radius[big] + radius.max() + 3)
                i, j = big[far[0]], far[1]
                more = np.stack((np.minimum(i, j), np.maximum(i, j)))[:, i != j]
                pairs = np.unique(np.concatenate((pairs, more), axis=1), axis=1)
        i, j = pairs
        d = p[i] - p[j]
        both_single = (size[i, 0] == size[i, 1]) & (size[j, 0] == size[j, 1])
        away = np.maximum(np.hypot(d[:, 0], d[:, 1]), 1e-9)
        push = np.where(both_single, radius[i] + radius[j] - away, 0.0)
        # boxes: apart along the axis where least is wanting
        gap = size[i] + size[j] - np.abs(d)
        boxed = ~both_single & (gap > 0).all(1)
        move = np.zeros_like(p)
        clash = push > 0
        shift = d[clash] / away[clash, None] * (0.5 * push[clash, None])
        np.add.at(move, i[clash], shift)
        np.add.at(move, j[clash], -shift)
        if boxed.any():
            g, s = gap[boxed], np.sign(d[boxed]) + (d[boxed] == 0)
            along = (g == g.min(1, keepdims=True)) * s * g * 0.5
            np.add.at(move, i[boxed], along)
            np.add.at(move, j[boxed], -along)
        worst = max(float(push.max(initial=0)), float(gap[boxed].min(1).max(initial=0)) if boxed.any() else 0)
        p += move
        off = p - home
        far_off = np.hypot(off[:, 0], off[:, 1])
        p = home + off * np.minimum(1, allowed / np.maximum(far_off, 1e-9))[:, None]
        low = np.array(bounds[:2]) + size + 0.4
        p = np.clip(p, low, np.maximum(np.array(bounds[2:]) - size - 0.4, low + 0.1))
        if worst < 0.03 or step % 4 == 3:
            pushed_off = _off(p, size, keep_off, bounds)
            if worst < 0.03 and not pushed_off:
                break
            if step >= 60 and worst > 0.97 * before:  # it does not get better: the rest is piled
                break
            before = worst
    for b, (x, y) in zip(found, p.tolist(), strict=True):
        b.x, b.y = x, y


def _off(p: Floats, size: Floats, keep_off: Sequence[Box], bounds: Box) -> bool:
    """Move what stands on a box to that side of it which is nearest and within bounds."""
    moved = False
    for x0, y0, x1, y1 in keep_off:
        on = np.flatnonzero(
            (p[:, 0] > x0 - size[:, 0])
            & (p[:, 0] < x1 + size[:, 0])
            & (p[:, 1] > y0 - size[:, 1])
            & (p[:, 1] < y1 + size[:, 1])
        )
        for i in on.tolist():
            sx, sy = size[i] + 0.02
            ways = [(x0 - sx, p[i, 1]), (x1 + sx, p[i, 1]), (p[i, 0], y0 - sy), (p[i, 0], y1 + sy)]
            ok = [w for w in ways if bounds[0] + sx < w[0] < bounds[2] - sx and bounds[1] + sy < w[1] < bounds[3] - sy]
            if ok:
                x, y = p[i]
                p[i] = min(ok, key=lambda w: hypot(w[0] - x, w[1] - y))
                moved = True
    return moved


def joined(found: Sequence[Body], troubled: Sequence[Body]) -> list[list[int]]:
    """Groups where each troubled body is one with its nearest neighbour."""
    at = np.array([(b.x, b.y) for b in found])
    into: dict[int, int] = {}

    def root(i: int) -> int:
        while i in into:
            i = into[i]
        return i

    for i, b in enumerate(found):
        if b not in troubled:
            continue
        away = np.hypot(*(at - at[i]).T)
        away[i] = np.inf
        j = int(np.argmin(away))
        if np.isfinite(away[j]) and root(i) != root(j):
            into[root(i)] = root(j)
    out: dict[int, list[int]] = {}
    for i, b in enumerate(found):
        out.setdefault(root(i), []).extend(b.members)
    return list(out.values())


def _still_crowded(found: list[Body], widest: float) -> list[list[int]]:
    """Groups of bodies that still overlap, none wider than `widest` at its true places; empty where none do."""
    give = np.array([0.97 if b.pile else 0.86 for b in found])  # symbols are rounder than their boxes
    at = np.array([(b.x, b.y) for b in found]).reshape(-1, 2)
    half = np.array([(b.rx, b.ry) for b in found]).reshape(-1, 2) * give[:, None]
    low, high = at - half, at + half
    boxes = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    parent = list(range(len(found)))
    extent = [shapely.multipoints(b.true).bounds for b in found]

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    any_merged = False
    for i, j in STRtree(boxes).query(boxes, predicate="intersects").T.tolist():
        if i < j and not shapely.touches(boxes[i], boxes[j]) and root(i) != root(j):
            a, b = found[i], found[j]
            if not a.pile and not b.pile and hypot(a.x - b.x, a.y - b.y) > (a.rx + b.rx) * 0.84:
                continue
            e, f = extent[root(i)], extent[root(j)]
            both = (min(e[0], f[0]), min(e[1], f[1]), max(e[2], f[2]), max(e[3], f[3]))
            if max(both[2] - both[0], both[3] - both[1]) > widest:
                continue
            parent[root(j)] = root(i)
            extent[root(i)] = both
            any_merged = True
    if not any_merged:
        return []
    out: dict[int, list[int]] = {}
    for i in range(len(found)):
        out.setdefault(root(i), []).append(i)
    return list(out.values())
