"""The engine's own process: tiles, stretches and one question after the other, a line of JSON each way.

It is a process of its own so that an engine that hangs or falls ends nothing but itself. It knows no database: water
and closures are sent to it once, by a key, and kept. Run as `python -m riskmap.rescue.roadengine.worker FOLDER`.
"""

import json
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from riskmap.rescue.roadengine.config import CLOSURE_M, OVERLAP_M, STRETCHES, settings_of
from riskmap.rescue.roadengine.joined import joined
from riskmap.rescue.roadengine.plane import Plane
from riskmap.rescue.roadengine.polyline import decoded

Position = tuple[float, float]

_KEPT_WATERS = 6
_BUFFER_M = 1.0  # round closed water: positions in the tiles are rounded
_SHORE_M = 2.0  # a boat's straight way may leave the water by this much at its banks
_SNAPS_M = (60.0, 250.0, 1_000.0, 5_000.0)
_MOST_TRIED = 40
# Where no road leads to the nearest launches: how many farther ones of all places are asked for (each landing is a
# search of its own, launches cost little), and how many lines over the water are looked at for them.
_MOST_LANDINGS, _MOST_LAUNCHES, _MOST_LOOKED = 60, 400, 20_000
_INSIDE_M = 0.5
_PINHOLE_M2 = 40_000.0
_APPROACH_KMH = 15.0  # Policy: the last metres along a road up to the water's edge
_NO_WAY = ("No path could be found", "No suitable edges", "Locations are in unconnected")  # the engine's words
_COSTING = {
    "use_tracks": 0.5, "use_living_streets": 0.5, "service_penalty": 0, "private_access_penalty": 0,
    "gate_penalty": 30,
}  # fmt: skip


class Crossed(Exception):
    """The engine's way goes through closed water; it is not passed on."""


class Water:
    """What one question may not drive through, on the stretches."""

    def __init__(self, roads: "Roads", closed: BaseGeometry | None, afloat: BaseGeometry | None, shut: list[Any]):
        self._roads = roads
        n = len(roads.lines)
        wet = np.zeros(n, bool)
        self.closed = None if closed is None else roads.plane.flat(closed)
        self._grown = None
        self.afloat = None
        if self.closed is not None and not self.closed.is_empty:
            self._grown = shapely.buffer(self.closed, _BUFFER_M, quad_segs=2)
            shapely.prepare([self.closed, self._grown])
            wet[roads.tree.query(self._grown, predicate="intersects")] = True
            if afloat is not None:
                self.afloat = shapely.buffer(roads.plane.flat(afloat), _SHORE_M, quad_segs=2)
                shapely.prepare(self.afloat)
        barred = np.zeros(n, bool)
        for line in shut:
            band = shapely.buffer(roads.plane.flat(line), CLOSURE_M, cap_style="flat")
            met = roads.tree.query(band, predicate="intersects")
            length = shapely.length(shapely.intersection(roads.lines[met], band))
            barred[met[length >= np.minimum(OVERLAP_M, shapely.length(roads.lines[met]) / 2)]] = True
        self.out = wet | barred
        self.wet = wet
        # Only where open road meets closed is the engine told: it gets no farther, and no way begins or ends inside.
        open_node = np.zeros(len(roads.nodes), bool)
        open_node[roads.head[~self.out]] = open_node[roads.tail[~self.out]] = True
        edge = self.out & (open_node[roads.head] | open_node[roads.tail])
        self.exclude = [{"lon": x, "lat": y} for x, y in roads.marks[edge].tolist()]
        self._launches: tuple[Any, ...] | None = None
        self._open_node = open_node
        self._parts: Any = None

    def parts(self) -> Any:
        """A number for each node, equal where open roads join them, whichever way these may be driven."""
        if self._parts is None:
            roads = self._roads
            self._parts = joined(len(roads.nodes), roads.head[~self.out], roads.tail[~self.out])
        return self._parts

    def part_of(self, stretch: int) -> int:
        """The part that an open stretch belongs to."""
        return int(self.parts()[self._roads.head[stretch]])

    def holds(self, at: Any) -> bool:
        """Whether a place stands in closed water."""
        return self.closed is not None and bool(shapely.intersects(self.closed, at))

    def crosses(self, line: BaseGeometry) -> bool:
        """Whether a line in metres does."""
        return self.closed is not None and bool(shapely.intersects(self.closed, line))

    def launches(self) -> tuple[Any, ...]:
        """Where open roads reach the water: node, the line along the road to the water's edge, the edge."""
        if self._launches is None:
            roads, nodes, lines = self._roads, [], []
            for i in np.flatnonzero(self.wet).tolist():
                for node, line in (
                    (roads.head[i], roads.lines[i]), (roads.tail[i], shapely.reverse(roads.lines[i])),
                ):  # fmt: skip
                    if self._open_node[node] and (dry := _dry_start(line, self._grown)) is not None:
                        nodes.append(int(node))
                        lines.append(dry)
            edges = np.array([line.coords[-1] for line in lines]).reshape(-1, 2)
            self._launches = (nodes, lines, edges)
        return self._launches


def _dry_start(line: Any, water: Any) -> Any:
    """The part of a line up to where it meets the water; None where it begins in it."""
    for part in shapely.get_parts(shapely.difference(line, water)):
        if part.geom_type != "LineString" or part.is_empty:
            continue
        if part.coords[0] == line.coords[0]:
            return part
        if part.coords[-1] == line.coords[0]:
            return shapely.reverse(part)
    return None


class Roads:
    """The stretches, as they were cut."""

    def __init__(self, place: Path) -> None:
        with np.load(place / STRETCHES) as kept:
            self.nodes = kept["nodes"]
            refs, starts = kept["refs"], kept["starts"]
            self.marks, self.useful = kept["marks"], kept["useful"]
        self.plane = Plane.of(self.nodes)
        self.head, self.tail = refs[starts[:-1]], refs[starts[1:] - 1]
        sizes = np.diff(starts)
        flat = self.plane.xy(self.nodes)[refs]
        self.lines = np.asarray(shapely.linestrings(flat, indices=np.repeat(np.arange(len(sizes)), sizes)))
        self.tree = shapely.STRtree(self.lines)

    def nearest(self, at: Any, water: Water) -> tuple[Position, float, int] | None:
        """The place on an open road that one gets to straight without closed water, how far it is, and the stretch."""
        for radius in _SNAPS_M:
            met = self.tree.query(at, predicate="dwithin", distance=radius)
            met = met[~water.out[met] & self.useful[met]]
            far = shapely.distance(self.lines[met], at)
            for i in met[np.argsort(far)][:_MOST_TRIED].tolist():
                line = self.lines[i]
                along = line.project(at)
                along = min(max(along, min(_INSIDE_M, line.length / 2)), max(line.length - _INSIDE_M, line.length / 2))
                on = line.interpolate(along)
                if not water.crosses(shapely.LineString([at, on])):
                    lon, lat = self.plane.lonlat(np.array([on.coords[0]]))[0].tolist()
                    return (lon, lat), float(shapely.distance(on, at)), i
        return None


class Engine:
    """Answers; places are [lon, lat]."""

    def __init__(self, place: Path) -> None:
        from valhalla import Actor

        config = place.parent / f"{place.name}.json"
        config.write_text(json.dumps(settings_of(place)), encoding="utf-8")
        self._actor = Actor(str(config))
        self._roads = Roads(place)
        self._waters: OrderedDict[str, Water] = OrderedDict()

    def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """One question."""
        do: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "test": self._test, "matrix": self._matrix, "route": self._route, "reach": self._reach,
        }  # fmt: skip
        if (given := asked.get("water")) is not None and given["key"] not in self._waters:
            if "closed" not in given:
                return {"wants": "water"}
            shapes = [None if given[n] is None else shapely.from_wkb(given[n]) for n in ("closed", "afloat")]
            self._waters[given["key"]] = Water(
                self._roads, shapes[0], shapes[1], [*map(shapely.from_wkb, given["shut"])]
            )
            while len(self._waters) > _KEPT_WATERS:
                self._waters.popitem(last=False)
        return do[asked["do"]](asked)

    def _water(self, asked: dict[str, Any]) -> Water:
        key = asked["water"]["key"]
        self._waters.move_to_end(key)
        return self._waters[key]

    def _flat(self, at: Position) -> Any:
        return shapely.Point(self._roads.plane.xy(np.array([at]))[0])

    def _test(self, asked: dict[str, Any]) -> dict[str, Any]:
        ends = [{"lon": x, "lat": y} for x, y in asked["places"]]
        try:
            self._actor.route({"locations": ends, "costing": "auto"})
        except RuntimeError as error:
            if not _is_no_way(error):
                raise
        return {"ok": True}

    # -- One to one ------------------------------------------------------------------------

    def _route(self, asked: dict[str, Any]) -> dict[str, Any]:
        table = self._matrix({**asked, "origins": [asked["from"]], "destinations": [asked["to"]], "launches": 8})
        cell, told = table["rows"][0][0], {"origin": table["origins"][0], "destination": table["destinations"][0]}
        if cell is None:
            return {**told, "leg": None}
        if "on" not in cell:  # by boat alone
            return {**told, "leg": cell, "line": [], "manoeuvres": []}
        water = self._water(asked)
        begin, end = cell["start"]["on"] if "start" in cell else table["origins"][0]["on"], cell["on"]
        trip = self._asked(begin, end, water, asked["top_kmh"])
        if trip is None:  # the matrix had one
            raise Crossed
        leg = trip["trip"]["legs"][0]
        line = decoded(leg["shape"])
        if len(line) > 1 and water.crosses(self._roads.plane.flat(shapely.LineString(line))):
            raise Crossed
        cell |= {"travel_s": trip["trip"]["summary"]["time"], "distance_m": trip["trip"]["summary"]["length"] * 1000}
        known = ("type", "street_names", "length", "roundabout_exit_count")
        manoeuvres = [{k: m[k] for k in known if k in m} for m in leg["maneuvers"]]
        return {**told, "leg": cell, "line": line, "manoeuvres": manoeuvres}

    def _asked(self, begin: Position, end: Position, water: Water, top_kmh: int) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._actor.route(
                {"locations": [_location(begin), _location(end)], "units": "kilometers", **_common(water, top_kmh)}
            )
        except RuntimeError as error:
            if _is_no_way(error):
                return None
            raise
        return found

    # -- Many to many ----------------------------------------------------------------------

    def _matrix(self, asked: dict[str, Any]) -> dict[str, Any]:
        water = self._water(asked)
        origins = [self._end(at, water) for at in asked["origins"]]
        destinations = [self._end(at, water) for at in asked["destinations"]]
        boats, most, top_kmh = asked.get("boat_kmh"), asked.get("launches", 4), asked["top_kmh"]

        def ways_on(places: list[Position], ends: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
            """Of each end, where the road part begins or ends: on the road, or where one goes in or ashore by boat."""
            return [
                [{"on": one["on"]}] if one["on"] is not None
                else self._launch(at, water, most, boats) if one["wet"] and boats else []
                for at, one in zip(places, ends, strict=True)
            ]  # fmt: skip

        begins, goals = ways_on(asked["origins"], origins), ways_on(asked["destinations"], destinations)
        rows = self._rows(begins, goals, water, top_kmh)
        if boats:
            for r, c in _pairs(origins, destinations):
                if origins[r]["wet"] and destinations[c]["wet"]:
                    across = self._across(asked["origins"][r], asked["destinations"][c], water, boats)
                    if across is not None and (rows[r][c] is None or across["total_s"] <= rows[r][c]["total_s"]):
                        rows[r][c] = across
            self._farther(asked, water, (origins, destinations), (begins, goals), rows)
        for end in [*origins, *destinations]:
            del end["stretch"]
        return {"rows": rows, "origins": origins, "destinations": destinations}

    def _rows(
        self, begins: list[list[dict[str, Any]]], goals: list[list[dict[str, Any]]], water: Water, top_kmh: int
    ) -> list[list[Any]]:
        """The quickest way from each to each, by road between any of their places; every place is asked for once."""
        froms = {tuple(one["on"]): one["on"] for of in begins for one in of}
        tos = {tuple(one["on"]): one["on"] for of in goals for one in of}
        table = self._table(list(froms.values()), list(tos.values()), water, top_kmh)
        row_of, column_of = ({at: i for i, at in enumerate(of)} for of in (froms, tos))

        def way(begin: dict[str, Any], goal: dict[str, Any]) -> Any:
            return table[row_of[tuple(begin["on"])]][column_of[tuple(goal["on"])]]

        return [[_best(way, of, to) for to in goals] for of in begins]

    def _farther(
        self, asked: dict[str, Any], water: Water, ends: tuple[list[dict[str, Any]], list[dict[str, Any]]],
        near: tuple[list[list[dict[str, Any]]], list[list[dict[str, Any]]]], rows: list[list[Any]],
    ) -> None:  # fmt: skip
        """Fill `rows` where no road leads to the nearest launches: they may stand on dry streets that the water cuts
        off, or on a carriageway that leads away from it. Farther ones of the same water are tried, so many at most."""
        lost = [
            (r, c) for r, c in _pairs(*ends)
            if rows[r][c] is None and (ends[0][r]["wet"] or ends[1][c]["wet"])
            and all(end["wet"] or end["on"] is not None for end in (ends[0][r], ends[1][c]))
        ]  # fmt: skip
        if not lost:
            return
        sides = [sorted({pair[side] for pair in lost}) for side in (0, 1)]
        tried: list[list[list[dict[str, Any]]]] = []
        for side, most in ((0, _MOST_LANDINGS), (1, _MOST_LAUNCHES)):
            here, there = ends[side], [ends[1 - side][i] for i in sides[1 - side]]
            parts = None  # of the dry roads: where nobody comes from, none goes
            if not any(end["wet"] for end in there):
                parts = {water.part_of(end["stretch"]) for end in there}
            places = asked["origins" if side == 0 else "destinations"]
            wet = [i for i in sides[side] if here[i]["wet"]]
            each, looked = (max(_MOST_TRIED, of // max(1, len(wet))) for of in (most, _MOST_LOOKED))
            farther = _shared(
                {i: self._launch(places[i], water, each, asked["boat_kmh"], parts, looked) for i in wet}, most
            )
            tried.append([farther[i] if i in farther else near[side][i] for i in sides[side]])
        more = self._rows(tried[0], tried[1], water, asked["top_kmh"])
        for r, c in lost:
            rows[r][c] = more[sides[0].index(r)][sides[1].index(c)]

    def _end(self, at: Position, water: Water) -> dict[str, Any]:
        """One end: whether it stands in closed water, and where it gets onto the roads."""
        flat = self._flat(at)
        if water.holds(flat):
            return {"wet": True, "on": None, "off_road_m": None, "stretch": None}
        found = self._roads.nearest(flat, water)
        if found is None:
            return {"wet": False, "on": None, "off_road_m": None, "stretch": None}
        return {"wet": False, "on": found[0], "off_road_m": round(found[1], 1), "stretch": found[2]}

    def _launch(
        self, at: Position, water: Water, most: int, boat_kmh: float, parts: set[int] | None = None,
        looked: int | None = None,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """The nearest places by boat from which it is straight on the water to a place in it; of `looked` at most (as
        a rule ten times `most`), and where given on these parts of the dry roads only."""
        nodes, lines, edges = water.launches()
        if water.afloat is None or not len(nodes):
            return []
        here = np.array(self._flat(at).coords[0])
        far = np.hypot(*(edges - here).T)
        order = np.argsort(far)
        if parts is not None:
            order = order[np.isin(water.parts()[np.array(nodes)[order]], list(parts))]
        order = order[: looked or most * 10]
        legs = shapely.linestrings(np.stack([edges[order], np.broadcast_to(here, (len(order), 2))], axis=1))
        straight = order[shapely.covers(water.afloat, legs)][:most]
        out = []
        for i in straight.tolist():
            approach = self._roads.plane.lonlat(np.array(lines[i].coords)).tolist()
            out.append(
                {
                    "on": self._roads.nodes[nodes[i]].tolist(), "approach": approach,
                    "approach_m": lines[i].length, "approach_s": lines[i].length / _APPROACH_KMH * 3.6,
                    "boat": [approach[-1], list(at)], "boat_s": far[i] / boat_kmh * 3.6,
                }
            )  # fmt: skip
        return out

    def _across(self, start: Position, end: Position, water: Water, boat_kmh: float) -> dict[str, Any] | None:
        """By boat alone, where it is straight on one water; None where it is not."""
        line = shapely.LineString([self._flat(start).coords[0], self._flat(end).coords[0]])
        if water.afloat is None or not shapely.covers(water.afloat, line):
            return None
        seconds = line.length / boat_kmh * 3.6
        return {
            "travel_s": 0.0, "distance_m": 0.0, "approach": [], "approach_m": 0.0, "approach_s": 0.0,
            "boat": [list(start), list(end)], "boat_s": seconds, "total_s": seconds,
        }  # fmt: skip

    def _table(self, begins: list[Position], ends: list[Position], water: Water, top_kmh: int) -> list[list[Any]]:
        if not begins or not ends:
            return []
        asked = {
            "sources": [_location(at) for at in begins], "targets": [_location(at) for at in ends], "verbose": False,
            "units": "kilometers", **_common(water, top_kmh),
        }  # fmt: skip
        try:
            found = self._actor.matrix(asked)["sources_to_targets"]
        except RuntimeError as error:
            if _is_no_way(error):
                return [[None] * len(ends) for _ in begins]
            raise
        return [
            [None if t is None or d is None else (t, d * 1000) for t, d in zip(times, ways, strict=True)]
            for times, ways in zip(found["durations"], found["distances"], strict=True)
        ]

    # -- Reach -----------------------------------------------------------------------------

    def _reach(self, asked: dict[str, Any]) -> dict[str, Any]:
        water = self._water(asked)
        origin = self._end(asked["from"], water)
        if origin["on"] is None:
            return {"origin": origin, "areas": []}
        contours = [{"time": m} for m in sorted(asked["minutes"])]
        try:
            found = self._actor.isochrone(
                {
                    "locations": [_location(origin["on"])], "contours": contours, "polygons": True, "denoise": 0,
                    "generalize": 10, **_common(water, asked["top_kmh"]),
                }
            )  # fmt: skip
        except RuntimeError as error:
            if _is_no_way(error):
                return {"origin": origin, "areas": []}
            raise
        areas = []
        for feature in found["features"]:
            shape = shapely.make_valid(shapely.geometry.shape(feature["geometry"]))
            flat = _without_pinholes(self._roads.plane.flat(shape))
            if water.closed is not None:
                flat = shapely.difference(flat, water.closed)
            areas.append(
                {
                    "minutes": round(feature["properties"]["contour"]),
                    "wkb": shapely.to_wkb(self._roads.plane.back(flat), hex=True),
                }
            )
        return {"origin": origin, "areas": sorted(areas, key=lambda a: a["minutes"])}


def _without_pinholes(shape: Any) -> Any:
    """An area without the small holes in the middle of blocks: nobody is farther there than from the road round it."""
    out = []
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon":
            holes = [ring for ring in part.interiors if shapely.Polygon(ring).area >= _PINHOLE_M2]
            out.append(shapely.Polygon(part.exterior, holes))
    return shapely.union_all(out)


def _location(at: Position) -> dict[str, Any]:
    return {
        "lon": at[0],
        "lat": at[1],
        "radius": 0,
        "minimum_reachability": 0,
        "node_snap_tolerance": 1,
        "rank_candidates": False,
    }


def _common(water: Water, top_kmh: int) -> dict[str, Any]:
    out: dict[str, Any] = {"costing": "auto", "costing_options": {"auto": {**_COSTING, "top_speed": top_kmh}}}
    return out | ({"exclude_locations": water.exclude} if water.exclude else {})


def _is_no_way(error: RuntimeError) -> bool:
    """Whether the engine says that there is none; anything else is a fault."""
    return str(error).startswith(_NO_WAY)


def _pairs(origins: Sequence[Any], destinations: Sequence[Any]) -> list[tuple[int, int]]:
    return [(r, c) for r in range(len(origins)) for c in range(len(destinations))]


def _shared(launches: dict[int, list[dict[str, Any]]], most: int) -> dict[int, list[dict[str, Any]]]:
    """Of the launches of several places, the nearest of each in turn until there are so many; whatever of these is
    among a place's own is of use to it."""
    kept: set[tuple[float, float]] = set()
    for rank in range(max(map(len, launches.values()), default=0)):
        if len(kept) >= most:
            break
        kept |= {tuple(of[rank]["on"]) for of in launches.values() if rank < len(of)}
    return {i: [one for one in of if tuple(one["on"]) in kept] for i, of in launches.items()}


def _best(
    way: Callable[[dict[str, Any], dict[str, Any]], Any], begins: list[dict[str, Any]], goals: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """The quickest of the ways to one place, boats and all."""
    best: dict[str, Any] | None = None
    for begin in begins:
        first = begin if "boat" in begin else {}
        for target in goals:
            if (found := way(begin, target)) is None:
                continue
            total = found[0] + sum(one.get(s, 0) for one in (first, target) for s in ("approach_s", "boat_s"))
            if best is None or total < best["total_s"]:
                best = {**target, "travel_s": found[0], "distance_m": found[1], "total_s": total}
                best |= {"start": first} if first else {}
    return best


def main() -> None:
    """Read lines until there are no more; whoever started us has gone then."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # the engine may write to its standard output
    try:
        engine = Engine(Path(sys.argv[1]))
    except Exception as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"[:500]}), file=out, flush=True)
        return
    print(json.dumps({"ok": True}), file=out, flush=True)
    for line in sys.stdin:
        try:
            said = engine.answer(json.loads(line))
        except Crossed:
            said = {"error": "crossed"}
        except Exception as error:
            said = {"error": f"{type(error).__name__}: {error}"[:500]}
        print(json.dumps(said), file=out, flush=True)


if __name__ == "__main__":
    main()
