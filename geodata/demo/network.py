"""Roads, railways and other lines of the demo city, all invented.

Routes run over a mesh of points on land, so that they go round water and hills, cross rivers at right places and
share their way where they can. Roads on the ground share a node wherever they meet; a motorway meets them only
at its links. What crosses water is a way of its own, a bridge.
"""

import heapq
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import osmium
import shapely
from geo import LAT, LON, Position, km, largest, length_km, line_of, moved, smooth, stream, wide, within
from land import URBAN, Land, Town
from osmium.osm.mutable import Node, Way
from shapely.geometry import LineString, Point
from shapely.ops import unary_union

CLASSES = ("高速", "国道", "省道", "县道", "乡道", "城市道路")
HIGHWAY = dict(zip(CLASSES, ("motorway", "trunk", "primary", "secondary", "tertiary", "residential"), strict=True))
SPEED = dict(zip(CLASSES, (100, 80, 60, 50, 40, 30), strict=True))
LAND_WIDTH = dict(zip(CLASSES, (60, 40, 30, 20, 15, 24), strict=True))
BRIDGES: list[tuple[Position, Position, str]] = [  # where a crossing is wider than the mesh would dare
    ((116.158, 29.720), (116.226, 29.724), "湖口大桥"), ((116.120, 29.750), (116.135, 29.788), "江洲大桥"),
    ((115.985, 29.722), (115.976, 29.7390), "北门大桥"),
]  # fmt: skip
EXITS: dict[str, Position] = {  # where main roads leave the city
    "北": (115.976, 29.7390), "南": (115.855, 28.915), "东": (116.60, 29.25), "西": (113.985, 29.02),
    "西北": (115.50, 29.83), "东北": (116.85, 29.95),
}  # fmt: skip


class Mesh:
    """Points on land with edges between neighbours; the shortest way by length, hills, water and what is there."""

    def __init__(
        self, land: Land, step_km: float, hill: float, longest_wet: float, name: str, towns: bool = False
    ) -> None:
        rng = stream(name)
        self.land = land
        ground = wide(land.area, -0.4).difference(wide(land.wet, min(0.25, step_km / 8)))
        shapely.prepare(ground)
        fixed = [t.seat for t in land.towns] if towns else []
        fixed = list(dict.fromkeys([*fixed, *(p for a, b, _ in BRIDGES for p in (a, b)), *EXITS.values()]))
        near = shapely.STRtree([Point(p) for p in fixed])
        west, south, east, north = land.area.bounds
        points = list(fixed)
        rows = int((north - south) / LAT / step_km / 0.87) + 1
        for j in range(rows):
            for i in range(int((east - west) / LON / step_km) + 1):
                p = moved(
                    (west, south),
                    (i + j % 2 / 2 + rng.uniform(-0.3, 0.3)) * step_km,
                    (j + rng.uniform(-0.3, 0.3)) * 0.87 * step_km,
                )
                if ground.contains(Point(p)) and not len(near.query(Point(p).buffer(step_km * 0.45 * LAT))):
                    points.append(p)
        self.at = points
        index = {p: i for i, p in enumerate(points)}
        self.towns = {t.code: index[t.seat] for t in land.towns if t.seat in index}
        self.exits = {name: index[p] for name, p in EXITS.items()}
        self.next: list[dict[int, float]] = [{} for _ in points]
        flat = shapely.MultiPoint([(x / LON, y / LAT) for x, y in points])
        order = {(x / LON, y / LAT): i for i, (x, y) in enumerate(points)}
        shapely.prepare(land.inside)
        # Roads lead through towns and works; motorways, railways and pipelines go round them.
        grounds = [] if towns else [*land.urban.values(), *(g for _, g, _ in land.parks), *land.zones.values()]
        self.busy = wide(unary_union(grounds), 0.3)
        shapely.prepare(self.busy)
        for edge in shapely.delaunay_triangles(flat, only_edges=True).geoms:
            a, b = (order[c] for c in edge.coords)
            self._join(a, b, hill, longest_wet)
        for p, q, _ in BRIDGES:
            a, b = index[p], index[q]
            self.next[a][b] = self.next[b][a] = km(p, q) * 2

    def _join(self, a: int, b: int, hill: float, longest_wet: float) -> None:
        line = LineString([self.at[a], self.at[b]])
        if not self.land.inside.covers(line):
            return
        wet = length_km(line.intersection(self.land.wet)) if self.land.wet.intersects(line) else 0.0
        if wet > longest_wet:
            return
        busy = length_km(line.intersection(self.busy)) if self.busy.intersects(line) else 0.0
        climb = length_km(line.intersection(self.land.hill)) if self.land.hill.intersects(line) else 0.0
        far = km(self.at[a], self.at[b])
        self.next[a][b] = self.next[b][a] = far + hill * climb + 3 * busy + (2 + 6 * wet if wet else 0)

    def way(self, start: int, goals: set[int], cost: Callable[[int, int, float], float]) -> list[int]:
        """Nodes from the start to the nearest goal; empty if there is none."""
        best = {start: 0.0}
        before: dict[int, int] = {}
        queue = [(0.0, start)]
        while queue:
            far, node = heapq.heappop(queue)
            if far > best[node]:
                continue
            if node in goals:
                path = [node]
                while path[-1] != start:
                    path.append(before[path[-1]])
                return path[::-1]
            for other, length in self.next[node].items():
                new = far + cost(node, other, length)
                if new < best.get(other, math.inf):
                    best[other] = new
                    before[other] = node
                    heapq.heappush(queue, (new, other))
        return []


def tree(items: Sequence[Any], length: Callable[[Any, Any], float]) -> list[tuple[Any, Any]]:
    """A minimum spanning tree (Prim)."""
    reached = {i: (length(items[0], items[i]), 0) for i in range(1, len(items))}
    edges = []
    while reached:
        nearest = min(reached, key=lambda i: (reached[i][0], i))
        edges.append((items[reached.pop(nearest)[1]], items[nearest]))
        for i, (far, _) in list(reached.items()):
            new = length(items[nearest], items[i])
            if new < far:
                reached[i] = (new, nearest)
    return edges


class Roads:
    """A connected network with shared nodes, ready for a routing engine."""

    def __init__(self, land: Land) -> None:
        self.land = land
        self.rng = stream("roads")
        self.lines: list[dict[str, Any]] = []  # {class, name, no, points}
        self.ways: list[dict[str, Any]] = []  # the same cut at water: {class, name, no, bridge, nodes, line}
        mesh = Mesh(land, 1.7, 0.9, 0.9, "mesh", towns=True)
        self._country(mesh)
        self._motorways()
        self._streets()
        self._meet()
        self._cut()
        self._keep_connected()

    # -- Country roads ----------------------------------------------------------------

    def _country(self, mesh: Mesh) -> None:
        owner: dict[tuple[int, int], int] = {}
        routes: list[tuple[str, str, str, list[int]]] = []

        def cost(a: int, b: int, length: float) -> float:
            return length * (0.55 if (min(a, b), max(a, b)) in owner else 1.0)

        def lay(kind: str, name: str, no: str, path: list[int]) -> None:
            if len(path) < 2:
                return
            for a, b in itertools.pairwise(path):
                owner.setdefault((min(a, b), max(a, b)), len(routes))
            routes.append((kind, name, no, path))

        seats = [t for t in self.land.towns if t.is_seat]
        by_county = {t.county: t for t in seats}
        pairs = tree(seats, lambda a, b: km(a.seat, b.seat))
        ring = [
            ("360429", "360428"),
            ("360481", "360423"),
            ("360425", "360428"),
            ("360426", "360423"),
            ("360430", "360428"),
        ]
        pairs += [(by_county[a], by_county[b]) for a, b in ring if (a, b) != ("360425", "360428")]
        for i, (a, b) in enumerate(pairs):
            kind, letter = ("国道", "G") if i < 9 else ("省道", "S")
            name = f"{self._county(a)}至{self._county(b)}公路"
            lay(kind, name, f"{letter}{951 + i}", mesh.way(mesh.towns[a.code], {mesh.towns[b.code]}, cost))
        for i, (side, county) in enumerate([("北", "360403"), ("南", "360425"), ("东", "360428"), ("西", "360424"),
                                            ("西北", "360481"), ("东北", "360430")]):  # fmt: skip
            a = by_county[county]
            lay(
                "国道" if i < 2 else "省道",
                f"{self._county(a)}{side}出口公路",
                f"S{971 + i}",
                mesh.way(mesh.towns[a.code], {mesh.exits[side]}, cost),
            )
        reached = {n for *_, path in routes for n in path}
        waiting = sorted(
            (t for t in self.land.towns if not t.is_seat), key=lambda t: (km(t.seat, by_county[t.county].seat), t.code)
        )
        number = 900
        for town in waiting:
            path = mesh.way(mesh.towns[town.code], reached, cost)
            if len(path) > 1:
                number += 1
                lay("县道", f"{town.short}公路", f"X{number}", path)
                reached.update(path)
        number = 900
        linked: set[tuple[str, str]] = set()
        for town in self.land.towns:  # a second way out, where the first is a long way round
            for other in sorted(self.land.towns, key=lambda t, a=town: (km(a.seat, t.seat), t.code))[1:4]:
                pair = (min(town.code, other.code), max(town.code, other.code))
                straight = km(town.seat, other.seat)
                if pair in linked or straight > 14 or straight < 2:
                    continue
                linked.add(pair)
                path = mesh.way(mesh.towns[town.code], {mesh.towns[other.code]}, cost)
                new = sum(
                    km(mesh.at[a], mesh.at[b])
                    for a, b in itertools.pairwise(path)
                    if (min(a, b), max(a, b)) not in owner
                )
                total = sum(km(mesh.at[a], mesh.at[b]) for a, b in itertools.pairwise(path))
                if total < straight * 2 and new > 1:
                    number += 1
                    lay("乡道", f"{town.short}至{other.short}公路", f"Y{number}", path)
        at = self._relaxed(mesh, list(owner))
        for r, (kind, name, no, path) in enumerate(routes):
            run: list[int] = []
            for a, b in itertools.pairwise(path):
                if owner[min(a, b), max(a, b)] == r:
                    run = run or [a]
                    run.append(b)
                elif run:
                    self._add(kind, name, no, self._curve([at[n] for n in run]))
                    run = []
            if run:
                self._add(kind, name, no, self._curve([at[n] for n in run]))

    def _county(self, town: Town) -> str:
        return self.land.names[town.county][:-1]

    def _relaxed(self, mesh: Mesh, edges: list[tuple[int, int]]) -> dict[int, Position]:
        """Bends softened: a node between two others moves towards their middle, while it stays as dry."""
        beside: dict[int, list[int]] = {}
        for a, b in edges:
            beside.setdefault(a, []).append(b)
            beside.setdefault(b, []).append(a)
        at = {n: mesh.at[n] for n in sorted(beside)}
        still = {*mesh.towns.values(), *mesh.exits.values()}
        bridge = {p for a, b, _ in BRIDGES for p in (a, b)}
        wet = self.land.wet
        for _ in range(3):
            for n in sorted(beside):
                if n in still or mesh.at[n] in bridge or len(beside[n]) != 2:
                    continue
                (ax, ay), (bx, by) = at[beside[n][0]], at[beside[n][1]]
                new = (at[n][0] * 0.4 + (ax + bx) * 0.3, at[n][1] * 0.4 + (ay + by) * 0.3)
                old = [LineString([at[n], at[m]]) for m in beside[n]]
                lines = [LineString([new, at[m]]) for m in beside[n]]
                worse = (
                    sum(length_km(g.intersection(wet)) for g in lines)
                    > sum(length_km(g.intersection(wet)) for g in old) + 0.02
                )
                if not worse and self.land.inside.covers(LineString([(ax, ay), new, (bx, by)])):
                    at[n] = new
        return at

    def _curve(self, points: list[Position]) -> list[Position]:
        """Points between, on a Catmull-Rom curve: the given ones stay, so that roads still meet there."""
        out = [points[0]]
        for i in range(len(points) - 1):
            p0, p1, p2, p3 = points[max(0, i - 1)], points[i], points[i + 1], points[min(len(points) - 1, i + 2)]
            between = []
            for t in (1 / 3, 2 / 3):
                x, y = (
                    0.5 * (2 * p1[k] + (p2[k] - p0[k]) * t + (2 * p0[k] - 5 * p1[k] + 4 * p2[k] - p3[k]) * t * t
                           + (3 * p1[k] - p0[k] - 3 * p2[k] + p3[k]) * t**3)
                    for k in (0, 1)
                )  # fmt: skip
                between.append((x, y))
            straight = LineString([p1, p2])
            bent = LineString([p1, *between, p2])
            dry = length_km(bent.intersection(self.land.wet)) <= length_km(straight.intersection(self.land.wet))
            if dry and self.land.inside.covers(bent):
                out += between
            out.append(p2)
        return out

    def _add(self, kind: str, name: str, no: str, points: list[Position]) -> None:
        points = [(round(x, 6), round(y, 6)) for x, y in points]
        points = [p for i, p in enumerate(points) if i == 0 or p != points[i - 1]]
        if len(points) > 1:
            self.lines.append({"class": kind, "name": name, "no": no, "points": points})

    # -- Motorways --------------------------------------------------------------------

    def _motorways(self) -> None:
        """Smooth lines of their own that pass the towns by; a link joins each to the nearest road near a seat."""
        mesh = Mesh(self.land, 4.2, 1.6, 1.4, "motorways")
        seats = {t.county: t for t in self.land.towns if t.is_seat}
        used: set[tuple[int, int]] = set()

        def cost(a: int, b: int, length: float) -> float:
            return length * (0.6 if (min(a, b), max(a, b)) in used else 1.0)

        plans = [
            ("S91", ["360481", "360404", "360403"]), ("S92", ["360403", "360429", "360430"]), ("S93", ["360404", "360426", "360425"]),
            ("S94", ["360426", "360423", "360424"]), ("S95", ["360429", "360428"]), ("S96", ["360481", "360423"]),
        ]  # fmt: skip
        ground = shapely.STRtree([LineString(w["points"]) for w in self.lines])
        base = list(self.lines)
        aside = {
            c: moved(t.seat, *{"360403": (1.5, -4.6), "360424": (2, 3.2)}.get(c, (2.6, 2.4))) for c, t in seats.items()
        }
        stops = {c: min(range(len(mesh.at)), key=lambda n, c=c: (km(mesh.at[n], aside[c]), n)) for c in seats}
        links: list[tuple[str, Position]] = []
        for no, plan in plans:
            path = [stops[plan[0]]]
            for county in plan[1:]:
                path += mesh.way(path[-1], {stops[county]}, cost)[1:]
            runs: list[list[int]] = []
            for a, b in itertools.pairwise(path):
                pair = (min(a, b), max(a, b))
                if pair in used:
                    continue
                used.add(pair)
                if runs and runs[-1][-1] == a:
                    runs[-1].append(b)
                else:
                    runs.append([a, b])
            name = f"{self._county(seats[plan[0]])}至{self._county(seats[plan[-1]])}高速公路"
            for run in runs:
                self._add("高速", name, no, self._curve([mesh.at[n] for n in run]))
            links += [(no, mesh.at[stops[c]]) for c in plan]
        done: set[Position] = set()
        for no, p in links:
            if p in done:
                continue
            done.add(p)
            line = base[int(ground.nearest(Point(p)))]
            foot = min(line["points"], key=lambda q, p=p: (km(p, q), q))
            if 0 < km(p, foot) < 6:
                self._add("省道", f"{no}连接线", "", [p, foot])

    # -- Streets ----------------------------------------------------------------------

    def _streets(self) -> None:
        rng = self.rng
        words = "江湖云石林泉田溪桥浦源顺和瑞丰华盛利昌隆安宁晨晖禾谷松柏枫桂兰竹"
        names = iter(f"{a}{b}" for a in words for b in words if a != b)
        for town in self.land.towns:
            ground = self.land.urban[town.code]
            turn = URBAN[town.county][2] if town.is_seat else rng.choice((0, 15, 30, -20))
            step = (0.42 if town.county in {"360402", "360403", "360404"} else 0.34) if town.is_seat else 0.24
            rx = 4.4 if town.is_seat else town.radius_km + 0.1
            n = int(rx / step)
            grid: dict[tuple[int, int], Position] = {}
            shapely.prepare(ground)
            for i in range(-n, n + 1):
                for j in range(-n, n + 1):
                    jitter = (0, 0) if i == j == 0 else (rng.gauss(0, 0.02), rng.gauss(0, 0.02))
                    p = within(town.seat, turn, (i * step + jitter[0]) * 1000, (j * step + jitter[1]) * 1000)
                    if i == j == 0 or ground.contains(Point(p)):
                        grid[i, j] = p
            every = 1 if town.is_seat else 2
            for across in (True, False):
                for j in range(-n, n + 1):
                    if j % every and town.radius_km < 0.62:
                        continue
                    row = [grid.get((i, j) if across else (j, i)) for i in range(-n, n + 1)]
                    label = (
                        next(names) + ("路" if across else "街")
                        if town.is_seat and len([p for p in row if p]) > 1
                        else f"{town.short}{'横' if across else '纵'}{j + n + 1}路"
                    )
                    self._runs(row, label)

    def _runs(self, points: list[Position | None], name: str) -> None:
        run: list[Position] = []
        for p in [*points, None]:
            if p is not None and not (run and self.land.wet.intersects(LineString([run[-1], p]))):
                run.append(p)
                continue
            if len(run) > 1:
                self._add("城市道路", name, "", run)
            run = [p] if p is not None else []

    # -- Meeting and crossing ---------------------------------------------------------

    def _meet(self) -> None:
        """Every crossing on the ground becomes a node of both roads; a motorway crosses above."""
        for _ in range(8):
            if not self._meet_once():
                return
        raise RuntimeError("roads still cross without a node")

    def _meet_once(self) -> int:
        steps: list[tuple[int, int]] = []
        shapes = []
        for w, line in enumerate(self.lines):
            if line["class"] == "高速":
                continue
            for k, (a, b) in enumerate(zip(line["points"], line["points"][1:], strict=False)):
                steps.append((w, k))
                shapes.append(LineString([a, b]))
        found = shapely.STRtree(shapes)
        put: dict[tuple[int, int], set[Position]] = {}
        left, right = found.query(shapes, predicate="intersects")
        for i, j in sorted(zip(left.tolist(), right.tolist(), strict=True)):
            if i >= j:
                continue
            ends = set(shapes[i].coords) & set(shapes[j].coords)
            both = shapes[i].intersection(shapes[j])
            if ends and both.length == 0:
                continue
            for x, y in shapely.get_coordinates(both):
                p = (round(float(x), 6), round(float(y), 6))
                corners = [*shapes[i].coords, *shapes[j].coords]
                near = min(corners, key=lambda c, p=p: (km(p, c), c))
                if km(p, near) < 0.025:  # an end that all but touches is where they meet
                    p = near
                for s in (i, j):
                    if p not in shapes[s].coords:
                        put.setdefault(steps[s], set()).add(p)
        for (w, k), points in sorted(put.items(), reverse=True):
            start = self.lines[w]["points"][k]
            self.lines[w]["points"][k + 1 : k + 1] = sorted(points, key=lambda p, s=start: (km(s, p), p))
        self._once()
        return len(put)

    def _once(self) -> None:
        """A step that two roads have belongs to the first; steps of no length go."""
        seen: set[tuple[Position, Position]] = set()
        out = []
        rank = {c: i for i, c in enumerate(CLASSES)}
        for line in sorted(self.lines, key=lambda w: rank[w["class"]]):
            run: list[Position] = []
            for a, b in zip(line["points"], line["points"][1:], strict=False):
                pair = (min(a, b), max(a, b))
                if a == b:
                    continue
                if pair in seen:
                    if len(run) > 1:
                        out.append(line | {"points": run})
                    run = []
                    continue
                seen.add(pair)
                run = [*run, b] if run else [a, b]
            if len(run) > 1:
                out.append(line | {"points": run})
        self.lines = out

    def _cut(self) -> None:
        """Cut at banks: what lies over water is a bridge."""
        self.nodes: list[Position] = []
        index: dict[Position, int] = {}

        def node(p: Position) -> int:
            if p not in index:
                self.nodes.append(p)
                index[p] = len(self.nodes)
            return index[p]

        for line in self.lines:
            shape_ = LineString(line["points"])
            dense: list[tuple[Position, bool]] = []  # a step's start, and whether the step is over water
            if not self.land.wet.intersects(shape_):
                dense = [(p, False) for p in line["points"]]
            else:
                for a, b in zip(line["points"], line["points"][1:], strict=False):
                    step = LineString([a, b])
                    marks = {0.0, 1.0}
                    over = step.intersection(self.land.wet)
                    for x, y in shapely.get_coordinates(over):
                        t = km(a, (float(x), float(y))) / km(a, b)
                        if 0.002 < t < 0.998:
                            marks.add(t)
                    for t, u in zip(sorted(marks), sorted(marks)[1:], strict=False):
                        middle = Point(a[0] + (b[0] - a[0]) * (t + u) / 2, a[1] + (b[1] - a[1]) * (t + u) / 2)
                        p = (round(a[0] + (b[0] - a[0]) * t, 6), round(a[1] + (b[1] - a[1]) * t, 6)) if t else a
                        dense.append((p, bool(self.land.wet.contains(middle))))
                dense.append((line["points"][-1], dense[-1][1]))
            run = [dense[0][0]]
            for (_, wet), (p, wet_next) in itertools.pairwise(dense):
                run.append(p)
                if wet != wet_next:
                    self._way(line, run, wet, node)
                    run = [p]
            if len(run) > 1:
                self._way(line, run, dense[-1][1], node)

    def _way(self, line: dict[str, Any], points: list[Position], bridge: bool, node: Callable[[Position], int]) -> None:
        points = [p for i, p in enumerate(points) if i == 0 or p != points[i - 1]]
        if len(points) < 2:
            return
        self.ways.append({"class": line["class"], "name": line["name"], "no": line["no"], "bridge": bridge,
                          "nodes": [node(p) for p in points], "line": LineString(points)})  # fmt: skip

    def _keep_connected(self) -> None:
        """Drop what water or chance cut off, so that the network is one piece."""
        parent = list(range(len(self.nodes) + 1))

        def root(i: int) -> int:
            while parent[i] != i:
                parent[i] = parent[parent[i]]
                i = parent[i]
            return i

        for way in self.ways:
            for a, b in zip(way["nodes"], way["nodes"][1:], strict=False):
                parent[root(a)] = root(b)
        size: dict[int, int] = {}
        for way in self.ways:
            size[root(way["nodes"][0])] = size.get(root(way["nodes"][0]), 0) + 1
        main = max(size, key=lambda r: (size[r], -r))
        kept = [w for w in self.ways if root(w["nodes"][0]) == main]
        self.dropped = len(self.ways) - len(kept)
        used = sorted({n for w in kept for n in w["nodes"]})
        number = {n: i for i, n in enumerate(used, 1)}
        self.nodes = [self.nodes[n - 1] for n in used]
        self.ways = [w | {"nodes": [number[n] for n in w["nodes"]]} for w in kept]

    # -- Out --------------------------------------------------------------------------

    def routes(self) -> Iterator[tuple[str, str, str, Any]]:
        """Class, name, number and longest unbroken line of each named road, bridges included."""
        by_name: dict[tuple[str, str, str], list[Any]] = {}
        for line in self.lines:
            by_name.setdefault((line["class"], line["name"], line["no"]), []).append(line_of(line["points"]))
        for (kind, name, no), parts in by_name.items():
            merged = shapely.line_merge(shapely.MultiLineString(parts))
            yield kind, name, no, largest(merged)

    def write_osm(self, path: Path) -> None:
        """PBF: nodes before ways, ids ascending."""
        path.unlink(missing_ok=True)
        header = osmium.io.Header()
        header.set("generator", "riskmap demo: invented roads")
        made = "2026-01-01T00:00:00Z"
        with osmium.SimpleWriter(str(path), header=header) as writer:
            for i, p in enumerate(self.nodes, 1):
                writer.add_node(Node(id=i, version=1, location=p, timestamp=made))
            for i, w in enumerate(self.ways, 1):
                tags = {
                    "highway": HIGHWAY[w["class"]],
                    "name": w["name"],
                    "maxspeed": str(SPEED[w["class"]]),
                    "source": "invented",
                }
                if w["name"].endswith("连接线"):
                    tags["highway"] = "motorway_link"
                if w["class"] == "高速":
                    tags["layer"] = "1"
                if w["no"]:
                    tags["ref"] = w["no"]
                if w["bridge"]:
                    tags["bridge"] = "yes"
                writer.add_way(Way(id=i, version=1, nodes=w["nodes"], tags=tags, timestamp=made))


class Corridors:
    """Railways, pipelines and power lines: straighter than roads, and apart from the towns."""

    def __init__(self, land: Land) -> None:
        self.land = land
        self.mesh = Mesh(land, 5.0, 0.5, 1.6, "corridors")

    def line(self, a: Position, b: Position, turns: int = 1) -> Any:
        """A soft line between two places, within the city."""
        mesh = self.mesh
        ends = [min(range(len(mesh.at)), key=lambda n, p=p: (km(mesh.at[n], p), n)) for p in (a, b)]
        path = mesh.way(ends[0], {ends[1]}, lambda i, j, length: length**1.15)
        points = [mesh.at[n] for n in path]
        if len(points) < 2:
            return None
        line = LineString(smooth([points[0], *points[1:-1], points[-1]], 2)).simplify(0.0008 * turns)
        return largest(line.intersection(self.land.inside))
