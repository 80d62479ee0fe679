"""Land and water of the demo city, and the division of its counties into towns.

Real: outlines of the counties, names and codes of counties and towns (source/). Everything else here is invented,
if in the likeness of the place: where water, hills and towns lie, and every line between two towns.
"""

import csv
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from geo import LAT, LON, Position, blob, km, largest, moved, rough, smooth, stream, wide
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points, polygonize, unary_union

SOURCE = Path(__file__).parent / "source"
CITY = "360400"

SEATS: dict[str, Position] = {
    "360402": (115.990, 29.672), "360403": (115.988, 29.722), "360404": (115.905, 29.612),
    "360423": (115.100, 29.268), "360424": (114.555, 29.032), "360425": (115.815, 29.030),
    "360426": (115.765, 29.322), "360428": (116.200, 29.290), "360429": (116.262, 29.735),
    "360430": (116.560, 29.885), "360481": (115.672, 29.680), "360482": (115.805, 29.250),
    "360483": (116.022, 29.448),
}  # fmt: skip
TOWN_AT: dict[str, Position] = {
    "江洲镇": (116.145, 29.800), "棉船镇": (116.635, 30.030), "马垱镇": (116.665, 29.975), "码头镇": (115.585, 29.815),
    "吴城镇": (115.985, 29.185), "柘林镇": (115.515, 29.205), "牯岭镇": (115.985, 29.570), "海会镇": (116.045, 29.530),
    "港口街镇": (115.760, 29.770), "新港镇": (116.120, 29.735), "周溪镇": (116.400, 29.225), "多宝乡": (116.105, 29.395),
    "渣津镇": (114.260, 29.010), "虬津镇": (115.660, 29.075), "流泗镇": (116.370, 29.800), "定山镇": (116.490, 29.845),
    "八里湖街道": (115.965, 29.700), "滨兴街道": (116.050, 29.735), "甘露镇": (115.840, 29.285), "泽泉乡": (115.735, 29.275),
}  # fmt: skip
YANGTZE: list[Position] = [
    (115.36, 29.93), (115.42, 29.875), (115.47, 29.850), (115.54, 29.846), (115.60, 29.852), (115.665, 29.858), (115.71, 29.832),
    (115.77, 29.790), (115.84, 29.757), (115.90, 29.734), (115.95, 29.732), (116.00, 29.748), (116.035, 29.765),
    (116.08, 29.800), (116.125, 29.826), (116.17, 29.836), (116.215, 29.818), (116.255, 29.788), (116.30, 29.806),
    (116.35, 29.845), (116.40, 29.863), (116.47, 29.902), (116.52, 29.906), (116.55, 29.930), (116.568, 29.985),
    (116.59, 30.045), (116.625, 30.080), (116.68, 30.105), (116.76, 30.130),
]  # fmt: skip
SOUTH_CHANNEL: list[Position] = [
    (116.020, 29.757), (116.060, 29.768), (116.11, 29.772), (116.17, 29.772), (116.215, 29.770), (116.255, 29.786),
]  # fmt: skip
LAKE: list[Position] = [
    (116.190, 29.762), (116.165, 29.705), (116.125, 29.640), (116.098, 29.570), (116.072, 29.505), (116.048, 29.455),
    (116.030, 29.400), (116.020, 29.330), (116.025, 29.262), (116.035, 29.205), (116.060, 29.150), (116.100, 29.080),
    (116.080, 28.990), (116.110, 28.940), (116.215, 28.930), (116.235, 29.020), (116.255, 29.110), (116.305, 29.100),
    (116.330, 29.020), (116.400, 29.040), (116.455, 29.120), (116.420, 29.165), (116.385, 29.190), (116.320, 29.200),
    (116.270, 29.245), (116.215, 29.268), (116.160, 29.285), (116.120, 29.330), (116.095, 29.375), (116.088, 29.430),
    (116.120, 29.485), (116.150, 29.560), (116.178, 29.635), (116.208, 29.700), (116.238, 29.752), (116.225, 29.775),
]  # fmt: skip
RIVERS: dict[str, tuple[list[Position], float]] = {  # half-width in km
    "修河": ([(114.03, 28.95), (114.15, 28.99), (114.28, 29.00), (114.42, 29.045), (114.545, 29.020), (114.66, 29.06),
              (114.80, 29.14), (114.95, 29.21), (115.09, 29.255), (115.20, 29.262), (115.52, 29.215), (115.60, 29.130),
              (115.70, 29.06), (115.80, 29.040), (115.90, 29.105), (115.965, 29.165), (116.035, 29.190)], 0.14),
    "博阳河": ([(115.42, 29.46), (115.52, 29.42), (115.64, 29.365), (115.755, 29.330), (115.86, 29.335), (115.93, 29.30),
                (116.03, 29.285)], 0.09),
    "长河": ([(115.22, 29.56), (115.35, 29.60), (115.50, 29.640), (115.665, 29.690), (115.70, 29.745)], 0.08),
    "浪溪水": ([(116.72, 29.70), (116.66, 29.76), (116.60, 29.82), (116.555, 29.875), (116.535, 29.908)], 0.07),
    "土塘水": ([(116.50, 29.42), (116.42, 29.37), (116.36, 29.30), (116.335, 29.21)], 0.07),
    "渣津水": ([(114.10, 29.20), (114.20, 29.10), (114.265, 29.025), (114.30, 29.005)], 0.06),
    "东津水": ([(114.30, 28.76), (114.36, 28.86), (114.44, 28.95), (114.50, 29.030)], 0.07),
    "罗溪水": ([(115.02, 29.03), (115.06, 29.12), (115.07, 29.20), (115.09, 29.252)], 0.06),
    "船滩水": ([(114.72, 29.30), (114.78, 29.24), (114.82, 29.18), (114.84, 29.155)], 0.06),
    "庐山水": ([(115.93, 29.545), (115.90, 29.60), (115.915, 29.645), (115.93, 29.67)], 0.04),
}  # fmt: skip
LAKES: dict[str, tuple[Position, float, float]] = {
    "赤湖": ((115.695, 29.782), 4.2, 2.5), "赛城湖": ((115.835, 29.690), 3.0, 1.7), "八里湖": ((115.932, 29.688), 1.3, 2.3),
    "太泊湖": ((116.715, 29.965), 2.6, 1.5), "皂湖": ((116.300, 29.690), 1.5, 1.9), "新妙湖": ((116.190, 29.400), 2.2, 1.8),
    "芳湖": ((116.610, 29.925), 1.9, 1.2), "南湖": ((115.998, 29.703), 0.6, 0.5), "甘棠湖": ((115.979, 29.727), 0.45, 0.35),
}  # fmt: skip
RIDGES: dict[str, tuple[list[Position], float]] = {  # mean half-width in km
    "庐山": ([(116.035, 29.635), (115.995, 29.585), (115.965, 29.53), (115.945, 29.485)], 4.2),
    "幕阜山": ([(114.02, 29.12), (114.20, 29.22), (114.36, 29.29), (114.56, 29.28), (114.78, 29.33), (114.95, 29.41)], 6.5),
    "九岭山": ([(114.62, 28.78), (114.72, 28.86), (114.90, 28.98), (115.10, 29.07), (115.32, 29.13)], 5.5),
    "黄龙山": ([(114.02, 29.03), (114.10, 28.88), (114.26, 28.80), (114.45, 28.77)], 4.5),
    "瑞昌南山": ([(115.16, 29.62), (115.24, 29.55), (115.38, 29.53), (115.52, 29.56)], 4.8),
    "太平山": ([(115.02, 29.46), (115.14, 29.42), (115.28, 29.40)], 4.6),
    "德安西山": ([(115.44, 29.37), (115.52, 29.35), (115.58, 29.30)], 3.0),
    "云居山": ([(115.56, 28.99), (115.62, 29.00), (115.70, 28.96)], 3.2),
    "彭泽南山": ([(116.60, 29.62), (116.68, 29.70), (116.76, 29.80), (116.84, 29.90)], 4.2),
    "武山": ([(116.32, 29.56), (116.44, 29.55), (116.53, 29.50), (116.54, 29.38)], 3.6),
}  # fmt: skip
URBAN: dict[str, tuple[float, float, float]] = {  # half-axes in km and turn of the streets
    "360402": (3.4, 2.6, 8), "360403": (4.0, 2.1, 12), "360404": (2.3, 1.9, -6), "360423": (1.7, 1.3, 20),
    "360424": (1.9, 1.3, 15), "360425": (1.9, 1.6, -12), "360426": (1.7, 1.4, 5), "360428": (1.9, 1.3, -18),
    "360429": (1.9, 1.4, 25), "360430": (1.8, 1.2, 30), "360481": (2.2, 1.5, 10), "360482": (1.7, 1.5, 0),
    "360483": (1.4, 1.2, -25),
}  # fmt: skip
PARKS: list[tuple[str, Position, float]] = [  # chemical parks: name, centre, turn
    ("彭泽矶山园区", (116.455, 29.868), 27), ("湖口高新园区", (116.325, 29.775), 35), ("瑞昌码头园区", (115.555, 29.800), 5),
    ("永修星火园区", (115.720, 29.030), -15), ("濂溪化工园区", (116.075, 29.715), 10),
]  # fmt: skip
ZONES: dict[str, tuple[float, float]] = {  # industrial zones: where they lie from the seat, km
    "360402": (7.5, -1.0), "360403": (5.5, 1.2), "360404": (-5.2, 1.0), "360423": (4.5, 2.2), "360424": (5.0, -1.5),
    "360425": (-1.0, 5.0), "360426": (-1.5, 4.4), "360428": (2.5, 4.6), "360429": (4.4, -3.8), "360430": (-3.5, -4.2),
    "360481": (-4.8, 2.4), "360482": (-4.2, 1.2), "360483": (-4.4, 1.6),
}  # fmt: skip
SHARE: dict[str, float] = {  # how much of the city's people and trade a county has
    "360402": 17, "360403": 14, "360404": 11, "360429": 11, "360430": 9, "360481": 10, "360425": 8, "360424": 6,
    "360428": 5, "360423": 4, "360426": 3.5, "360482": 2.5, "360483": 2.5,
}  # fmt: skip
STEP = 1e-6  # the grid that divisions are cut on


@dataclass(eq=False)
class Town:
    """A town (乡镇、街道) with the place that its people live round."""

    code: str
    name: str
    county: str
    seat: Position
    is_seat: bool
    weight: float  # of people, within the city
    radius_km: float  # of its streets
    shape: Any = None
    node: int = 0

    @property
    def short(self) -> str:
        """The name without its kind."""
        for tail in ("街道", "镇", "乡"):
            if self.name.endswith(tail) and len(self.name) > len(tail) + 1:
                return self.name.removesuffix(tail)
        return self.name


class Land:
    """Counties, towns, water, hills, built-up ground: where things may stand."""

    def __init__(self) -> None:
        features = json.loads((SOURCE / "boundaries.geojson").read_text(encoding="utf-8"))["features"]
        self.names = {f["properties"]["code"]: f["properties"]["name"] for f in features}
        self.counties: dict[str, Any] = {
            f["properties"]["code"]: shape(f["geometry"]) for f in features if f["properties"]["level"] == "county"
        }
        self.area = unary_union(list(self.counties.values()))
        self._make_water()
        self.towns = self._make_towns()
        self._partition()
        self.area = shapely.coverage_union_all(list(self.counties.values()))
        self._make_hills()
        self.inside = wide(self.area, -0.05)
        self.dry_land = self.inside.difference(wide(self.wet, 0.05))
        shapely.prepare(self.dry_land)
        shapely.prepare(self.wet)
        shapely.prepare(self.hill)
        self.tree = shapely.STRtree([t.shape for t in self.towns])
        self._make_urban()

    # -- Water and hills --------------------------------------------------------------

    def _make_water(self) -> None:
        rng = stream("water")
        frame = wide(self.area, 6)
        river = wide(LineString(smooth(YANGTZE, 3)), 0.75).union(wide(LineString(smooth(SOUTH_CHANNEL, 3)), 0.42))
        shore = rough(rng, [*LAKE, LAKE[0]], 0.13, 3)[:-1]
        lake = Polygon(smooth(shore, 1, closed=True)).buffer(0).simplify(0.0006)
        parts: dict[str, BaseGeometry] = {"长江": river, "鄱阳湖": largest(lake.difference(river))}
        valley = LineString(smooth([(115.20, 29.262), (115.30, 29.27), (115.40, 29.25), (115.52, 29.215)], 2))
        arms = [wide(valley, 0.9)]
        for _ in range(26):  # a drowned valley: arms to both sides
            p = valley.interpolate(rng.random(), normalized=True)
            arm = moved((p.x, p.y), rng.gauss(0, 1.3), rng.choice((-1, 1)) * rng.uniform(1.5, 4.2))
            arms.append(wide(LineString(rough(rng, [(p.x, p.y), arm], 0.2, 3)), rng.uniform(0.18, 0.55)))
        islands = [
            blob(rng, moved((115.33, 29.262), rng.gauss(0, 5), rng.gauss(0, 0.4)), 0.35, 0.25, 12) for _ in range(7)
        ]
        west_lake = wide(wide(unary_union(arms), 0.25), -0.2).difference(unary_union(islands))
        parts["庐山西海"] = largest(west_lake).simplify(0.0003)
        for name, (centre, rx, ry) in LAKES.items():
            outline = smooth(
                rough(rng, [*blob(rng, centre, rx, ry, 14, 0.2).exterior.coords], 0.12, 2)[:-1], 1, closed=True
            )
            parts[name] = largest(Polygon(outline).buffer(0).difference(river)).simplify(0.0002)
        self.water = {name: largest(g.intersection(frame)) for name, g in parts.items()}
        still = unary_union(list(self.water.values()))
        self.rivers: dict[str, BaseGeometry] = {}
        banks = []
        for name, (points, half) in RIVERS.items():
            course = LineString(smooth(rough(rng, points, 0.09, 4), 1)).simplify(0.0003)
            self.rivers[name] = course.difference(still).intersection(frame)
            banks.append(wide(course, half))
        self.wet = unary_union([still, *banks])

    def _make_hills(self) -> None:
        rng = stream("hills")
        clear = [
            blob(rng, t.seat, t.radius_km + 0.9, t.radius_km + 0.7, 18, 0.2) for t in self.towns if t.name != "牯岭镇"
        ]
        flat = unary_union([wide(self.wet, 0.5), *clear])
        self.hills: dict[str, Any] = {}
        for name, (ridge, half) in RIDGES.items():
            line = LineString(rough(rng, ridge, 0.12, 2))
            discs = []
            for i in range(int(line.length / LAT / half * 4) + 3):
                p = line.interpolate(min(1.0, i / (line.length / LAT / half * 4)), normalized=True)
                centre = moved((p.x, p.y), rng.gauss(0, half * 0.35), rng.gauss(0, half * 0.35))
                discs.append(blob(rng, centre, half * rng.uniform(0.45, 1.05), half * rng.uniform(0.45, 1.05), 20, 0.2))
            mass = wide(wide(unary_union(discs), -0.25), 0.25).difference(flat).intersection(wide(self.area, -0.1))
            mass = wide(wide(mass, -0.3), 0.3)
            parts = [Polygon(g.exterior) for g in getattr(mass, "geoms", [mass]) if g.area > 2.5 * LAT * LON]
            self.hills[name] = unary_union(parts).difference(flat).intersection(self.area).simplify(0.0004).buffer(0)
        self.hill = unary_union(list(self.hills.values()))

    # -- Towns ------------------------------------------------------------------------

    def _make_towns(self) -> list[Town]:
        rng = stream("towns")
        rows: dict[str, list[tuple[str, str]]] = {}
        with (SOURCE / "towns.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                rows.setdefault(row["county"], []).append((row["code"], row["name"]))
        ridges = unary_union([wide(LineString(points), half * 0.8) for points, half in RIDGES.values()])
        out: list[Town] = []
        for county, outline in sorted(self.counties.items()):
            # Islands and spits have only the towns that are put there.
            ground = largest(wide(outline, -0.8).difference(wide(self.wet, 0.6)))
            shapely.prepare(ground)
            placed: list[Position] = []
            here: list[Town] = []
            order = sorted(rows[county], key=lambda r: (r[0] != rows[county][0][0], r[1] not in TOWN_AT))
            for i, (code, name) in enumerate(order):
                if i == 0:
                    seat = self._dry(SEATS[county], outline)
                elif name in TOWN_AT:
                    seat = self._dry(TOWN_AT[name], outline)
                else:
                    seat = self._apart(rng, ground, placed, name, ridges)
                placed.append(seat)
                kind = 1.6 if "街道" in name else 1.0 if name.endswith("镇") else 0.65 if name.endswith("乡") else 0.4
                weight = kind * rng.lognormvariate(0, 0.35)
                radius = max(URBAN[county][:2]) if i == 0 else 0.35 + 0.22 * kind
                here.append(Town(code, name, county, seat, i == 0, weight, radius))
            here[0].weight = sum(t.weight for t in here[1:]) * (0.9 if county in {"360402", "360403"} else 0.6)
            whole = sum(t.weight for t in here)
            for town in here:
                town.weight *= SHARE[county] / whole
            out += sorted(here, key=lambda t: t.code)
        return out

    def _apart(self, rng: Any, ground: Any, placed: list[Position], name: str, ridges: Any) -> Position:
        """The best of some tries: far from the towns that are there, rather not in the hills; quarters stay near."""
        west, south, east, north = ground.bounds
        near = "街道" in name
        best, chosen = -1.0, placed[0]
        tries = 0
        while tries < 34:
            p = (rng.uniform(west, east), rng.uniform(south, north))
            if near:
                p = moved(placed[0], rng.gauss(0, 3.6), rng.gauss(0, 3.6))
            if not ground.contains(Point(p)):
                continue
            tries += 1
            score = min(km(p, q) for q in placed) * rng.uniform(0.6, 1.0)
            if near:
                score = min(score, 2.4)
            if ridges.contains(Point(p)) and not name.endswith("林场"):
                score *= 0.45
            if score > best:
                best, chosen = score, p
        return chosen

    def _dry(self, p: Position, outline: Any) -> Position:
        ground = wide(outline, -0.25).difference(wide(self.wet, 0.35))
        if ground.contains(Point(p)):
            return p
        found = nearest_points(wide(ground, -0.15), Point(p))[0]
        return found.x, found.y

    def _partition(self) -> None:
        """Cut every county into towns along the edges of many small cells.

        Cells and outlines are noded together on one grid, so neighbours share every vertex, towns fill their
        county, and counties the city, without gap or overlap.
        """
        rng = stream("partition")
        lines: list[BaseGeometry] = [g.boundary for g in self.counties.values()]
        for county, outline in sorted(self.counties.items()):
            n = sum(1 for t in self.towns if t.county == county)
            step = math.sqrt(outline.area / LAT / LON / (n * 15))
            west, south, east, north = outline.bounds
            spots = []
            for i in range(int((east - west) / LON / step) + 2):
                for j in range(int((north - south) / LAT / step) + 2):
                    spots.append(
                        moved((west, south), (i + rng.uniform(-0.4, 0.4)) * step, (j + rng.uniform(-0.4, 0.4)) * step)
                    )
            cells = shapely.voronoi_polygons(shapely.MultiPoint(spots), extend_to=outline, only_edges=True)
            lines.append(cells.intersection(outline))
        faces = list(polygonize(shapely.unary_union(lines, grid_size=STEP)))
        tree = shapely.STRtree(faces)
        owner: dict[int, int] = {}
        for county, outline in sorted(self.counties.items()):
            mine = [i for i, t in enumerate(self.towns) if t.county == county]
            shapely.prepare(outline)
            at = np.array([self.towns[i].seat for i in mine]) / (LON, LAT)
            pull = np.array([0.75 + 0.25 * min(2.0, self.towns[i].weight) for i in mine])
            for f in sorted(int(i) for i in tree.query(outline, predicate="intersects")):
                p = faces[f].representative_point()
                if outline.contains(p):
                    far = np.hypot(*(at - (p.x / LON, p.y / LAT)).T) / pull
                    owner[f] = mine[int(far.argmin())]
        for i, town in enumerate(self.towns):
            [home] = [int(f) for f in tree.query(Point(town.seat), predicate="within")][:1]
            owner[home] = i
        for _ in range(3):
            self._shapes(faces, owner)
            self._join_strays(faces, owner, tree)
        self._shapes(faces, owner)
        self.counties = {
            county: shapely.coverage_union_all([t.shape for t in self.towns if t.county == county]).normalize()
            for county in sorted(self.counties)
        }

    def _shapes(self, faces: list[Any], owner: dict[int, int]) -> None:
        parts: dict[int, list[Any]] = {}
        for f, i in sorted(owner.items()):
            parts.setdefault(i, []).append(faces[f])
        for i, town in enumerate(self.towns):
            town.shape = shapely.coverage_union_all(parts[i]).normalize()

    def _join_strays(self, faces: list[Any], owner: dict[int, int], tree: Any) -> None:
        """Give a piece that is cut off from its town to the neighbour with the longest common border."""
        for i, town in enumerate(self.towns):
            if town.shape.geom_type == "Polygon":
                continue
            for piece in town.shape.geoms:
                if piece.contains(Point(town.seat)):
                    continue
                shapely.prepare(piece)
                inner = [f for f in sorted(owner) if owner[f] == i and piece.contains(faces[f].representative_point())]
                common: dict[int, float] = {}
                for f in sorted(int(g) for g in tree.query(piece, predicate="intersects")):
                    if f in owner and owner[f] != i and self.towns[owner[f]].county == town.county:
                        shared = faces[f].intersection(piece.boundary).length
                        common[owner[f]] = common.get(owner[f], 0.0) + shared
                found = max(common, key=lambda j: common[j], default=None)
                if found is not None and common[found] > 0:
                    for f in inner:
                        owner[f] = found

    # -- Built-up ground --------------------------------------------------------------

    def _make_urban(self) -> None:
        rng = stream("urban")
        self.urban: dict[str, Any] = {}  # by town code
        for town in self.towns:
            if town.is_seat:
                rx, ry, _ = URBAN[town.county]
                ground = blob(rng, town.seat, rx, ry, 30, 0.12)
            else:
                ground = blob(rng, town.seat, town.radius_km, town.radius_km * 0.85, 18, 0.16)
            self.urban[town.code] = largest(ground.intersection(self.dry_land))
        self.parks: list[tuple[str, Any, float]] = []
        for name, centre, turn in PARKS:
            p = self._dry(centre, self.area)
            ground = shapely.affinity.rotate(blob(rng, p, 1.7, 1.1, 24, 0.05), turn, origin=Point(p))
            self.parks.append((name, largest(ground.intersection(self.dry_land)), turn))
        self.zones: dict[str, Any] = {}
        seats = {t.county: t for t in self.towns if t.is_seat}
        for county, (east, north) in ZONES.items():
            p = self._dry(moved(seats[county].seat, east, north), self.counties[county])
            ground = blob(rng, p, 1.5, 1.0, 20, 0.1)
            self.zones[county] = largest(ground.intersection(self.dry_land).difference(self.hill))

    # -- Questions --------------------------------------------------------------------

    def town_at(self, point: Point) -> Town | None:
        """The town that holds a point."""
        found = sorted(int(i) for i in self.tree.query(point, predicate="intersects"))
        return self.towns[found[0]] if found else None

    def dry(self, geometry: BaseGeometry) -> bool:
        """Wholly on land and in the city."""
        return bool(self.dry_land.covers(geometry))

    def multi(self, geometry: BaseGeometry) -> MultiPolygon:
        """A multipolygon, whatever the parts."""
        return MultiPolygon([g for g in getattr(geometry, "geoms", [geometry]) if g.geom_type == "Polygon"])
