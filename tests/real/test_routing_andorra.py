"""Ways on Andorra's roads round random floods, against computations that know nothing of the engine."""

import heapq
import math
import random
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import shapely
from pyproj import Geod
from shapely.geometry import shape
from sqlalchemy import Engine, text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.settings import Settings
from riskmap.catalogue.queries import CatalogueCache
from riskmap.rescue import floods, roads_service
from riskmap.rescue.depths import Depth
from riskmap.rescue.roads_service import About
from riskmap.rescue.routing import Place, Router, Vehicle, look, matrix_of, reach_of, route_of, tiles, with_water
from riskmap.store.snapshot import open_snapshot

GEOD = Geod(ellps="GRS80")
FLOODS, EACH = 10, 20  # 200 routes
MINUTES = (10, 20)
SLACK = 0.15  # of the time: an isochrone is drawn over cells, and its clock is not the matrix's to the second
CUT_M = 100.0  # what is closed at once: a stretch of road of this length
PUMP = Vehicle(wading_m=Decimal("0.9"))


class Net:
    """The road table as a graph of vertices, each step of a road an edge; who may drive what, by the tags alone."""

    def __init__(self, engine: Engine) -> None:
        self.at: dict[int, tuple[float, float]] = {}
        self.steps: list[tuple[int, int, int]] = []  # from, to, direction
        self.lines = []
        with database.read(engine, SYSTEM.settings()) as connection:
            for row in connection.execute(text("SELECT *, ST_AsBinary(geom) AS wkb FROM road")):
                word = row.tags.get("motor_vehicle") or row.tags.get("vehicle") or row.access
                if word == "no" and row.tags.get("emergency") not in {"yes", "designated", "permissive"}:
                    continue
                line = shapely.from_wkb(bytes(row.wkb))
                self.lines.append(line)
                for (a, b), (p, q) in zip(
                    zip(row.nodes, row.nodes[1:], strict=False),
                    zip(line.coords, list(line.coords)[1:], strict=False),
                    strict=True,
                ):
                    self.at[a], self.at[b] = p, q
                    self.steps.append((a, b, row.oneway))
        self.segments = shapely.linestrings([[self.at[a], self.at[b]] for a, b, _ in self.steps])
        self.tree = shapely.STRtree(self.segments)

    def closed(self, water: Any) -> set[int]:
        return set(self.tree.query(water, predicate="intersects").tolist())

    def ends_at(self, at: tuple[float, float]) -> tuple[int, int]:
        """The nodes at both ends of the step that a place lies on."""
        return self.steps[int(self.tree.nearest(shapely.Point(at)))][:2]

    def graph(self, without: set[int], *, both: bool = False) -> dict[int, list[tuple[int, float]]]:
        out: dict[int, list[tuple[int, float]]] = defaultdict(list)
        for i, (a, b, way) in enumerate(self.steps):
            if i in without:
                continue
            metres = abs(GEOD.line_length(*zip(self.at[a], self.at[b], strict=True)))
            if way >= 0 or both:
                out[a].append((b, metres))
            if way <= 0 or both:
                out[b].append((a, metres))
        return out


def reached(graph: dict[int, list[tuple[int, float]]], *starts: int) -> dict[int, float]:
    """Dijkstra's own."""
    far, heap = dict.fromkeys(starts, 0.0), [(0.0, start) for start in starts]
    while heap:
        metres, node = heapq.heappop(heap)
        if metres > far[node]:
            continue
        for other, step in graph[node]:
            if metres + step < far.get(other, math.inf):
                far[other] = metres + step
                heapq.heappush(heap, (far[other], other))
    return far


@pytest.fixture(scope="module")
def net(engine: Engine, settings: Settings, real_data: Path) -> Net:
    roads_service.load(engine, settings, real_data / "osm-andorra" / "andorra.osm.pbf", About(), lambda *_: None)
    assert tiles.build(engine, settings, lambda *_: None)
    return Net(engine)


@pytest.fixture(scope="module")
def router(settings: Settings) -> Iterator[Router]:
    made = Router(settings)
    yield made
    made.close()


def keep(engine: Engine, settings: Settings, depths: list[Depth]) -> int:
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        snapshot = open_snapshot(connection, SYSTEM, CatalogueCache(), settings.public_resolution)
        return floods.keep(snapshot, name="随机水面", source="drawn", at=None, depths=depths)


def random_flood(net: Net, chance: random.Random) -> list[Depth]:
    """Ragged pools on roads: shallow, closed to cars, closed to all; some with an island."""
    out = []
    for _ in range(chance.randint(4, 14)):
        line = net.lines[chance.randrange(len(net.lines))]
        x, y = line.interpolate(chance.random(), normalized=True).coords[0]
        size = chance.uniform(0.0008, 0.006)
        ring = [
            (x + size * chance.uniform(0.4, 1) * math.cos(t / 20 * math.tau),
             y + size * chance.uniform(0.4, 1) * math.sin(t / 20 * math.tau))
            for t in range(20)
        ]  # fmt: skip
        pool = shapely.Polygon(ring).buffer(0)
        if chance.random() < 0.3:
            pool = pool.difference(shapely.Point(x, y).buffer(size * 0.25))
        low = chance.choice(["0.05", "0.3", "0.9"])
        high = {"0.05": "0.12", "0.3": "0.6", "0.9": None}[low]
        out.append(Depth(Decimal(low), high and Decimal(high), pool))
    return out


def closed_water(engine: Engine, flood_id: int, vehicle: Vehicle) -> Any:
    """What is closed to it, by the rule as it is written: 0.25 m for cars; wading depth less 0.10 m, upper depth known."""
    with database.read(engine, SYSTEM.settings()) as connection:
        classes = floods.classes(connection, flood_id)
    shut = []
    for c in classes:
        if vehicle.wading_m is None:
            dry = max(c["depth_m"], c["depth_to_m"] or 0) <= Decimal("0.25") and c["depth_m"] < Decimal("0.25")
        else:
            dry = c["depth_to_m"] is not None and c["depth_to_m"] < vehicle.wading_m - Decimal("0.10")
        if not dry:
            shut.append(shape(c["geometry"]))
    return shapely.union_all(shut)


def test_ways_never_cross_closed_water_and_where_there_is_none_it_is_said(
    engine: Engine, settings: Settings, net: Net, router: Router
) -> None:
    chance = random.Random(20261126)
    whole = net.graph(set(), both=True)
    nodes = sorted(max((reached(whole, start) for start in chance.sample(sorted(net.at), 10)), key=len))
    metres = 1 / 111_000
    found = none = through_shallow = moved = 0
    for n in range(FLOODS):
        vehicle = PUMP if n % 2 else Vehicle()
        flood_id = keep(engine, settings, random_flood(net, chance))
        water = closed_water(engine, flood_id, vehicle)
        dry = [i for i in nodes if water.distance(shapely.Point(net.at[i])) > 30 * metres]
        # What may be closed at most (each stretch that the water touches goes whole), and at least.
        least = net.graph(net.closed(water))
        most = net.graph(net.closed(water.buffer(2.6 * CUT_M / math.cos(math.radians(42.5)) * metres)))
        with database.read(engine, SYSTEM.settings()) as connection:
            for _ in range(EACH):
                a, b = chance.sample(dry, 2)
                looked = look(connection, vehicle, flood_id)
                bare, told = route_of(looked, router, Place(*net.at[a]), Place(*net.at[b]))
                way, how = with_water(connection, looked, bare, told)
                assert how.by == "road", how.notes
                if way is None:
                    none += 1
                    assert b not in reached(most, a), (n, net.at[a], net.at[b])
                    continue
                found += 1
                assert way.leg.travel_s > 0
                line = shapely.LineString(way.line)
                assert not line.intersects(water), (n, net.at[a], net.at[b])
                assert line.length > 0
                assert shapely.Point(way.line[0]).distance(shapely.Point(net.at[a])) < 1500 * metres
                through_shallow += way.in_water_m > 0
                far = reached(least, a).get(b)
                assert far is not None, (n, net.at[a], net.at[b])
                assert way.leg.distance_m > far * 0.98 - 60
    print(found, none, through_shallow, moved)
    assert found > 60
    assert none > 20
    assert through_shallow > 0


def test_reach_agrees_with_the_matrix(engine: Engine, settings: Settings, net: Net, router: Router) -> None:
    chance = random.Random(9)
    flood_id = keep(engine, settings, random_flood(net, chance))
    water = closed_water(engine, flood_id, Vehicle())
    dry = [i for i in sorted(net.at) if water.distance(shapely.Point(net.at[i])) > 100 / 111_000]
    wrong = checked = 0
    with database.read(engine, SYSTEM.settings()) as connection:
        for _ in range(6):
            start = Place(*net.at[chance.choice(dry)])
            ends = [net.at[i] for i in chance.sample(dry, 200)]
            looked = look(connection, Vehicle(), flood_id)
            areas, how = reach_of(looked, router, start, MINUTES)
            rows, _ = matrix_of(looked, router, [start], [Place(*at) for at in ends])
            assert how.by == "road"
            assert [one["minutes"] for one in areas] == list(MINUTES)
            for one in areas:
                area, limit = shape(one["geometry"]), one["minutes"] * 60
                assert area.intersection(water).area < 1e-9
                for at, leg in zip(ends, rows[0], strict=True):
                    seconds = math.inf if leg is None else leg.travel_s
                    if seconds < limit * (1 - SLACK):
                        checked, wrong = checked + 1, wrong + (not area.contains(shapely.Point(at)))
                    elif seconds > limit * (1 + SLACK) + 60:
                        checked, wrong = checked + 1, wrong + area.contains(shapely.Point(at))
    print(checked, wrong)
    assert checked > 1500
    assert wrong <= checked * 0.01
