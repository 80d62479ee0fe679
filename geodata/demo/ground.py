"""Where invented objects may stand, what they are called, and how a row is made of them."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import shapely
from geo import (
    LAT,
    LON,
    Position,
    anchor_of,
    km,
    moved,
    plot,
    rounded,
    stream,
    wide,
)
from land import Land, Town
from network import Roads
from shapely.geometry import Point, Polygon

MARK = "演示"
PREFIX = {
    "risk-point": "FXD", "major-hazard": "ZDWXY", "tank-farm": "GQ", "tank": "CG", "tailings-pond": "WKK",
    "forest-fire-zone": "SLHX", "enterprise": "QY", "chemical-park": "HGYQ", "school": "XX", "kindergarten": "YEY",
    "hospital": "YY", "care-home": "YLJG", "residential-area": "XQ", "village": "CZ", "shelter": "BNCS",
    "relief-store": "WZK", "rescue-team": "JYDW", "road": "DL", "chemical-user": "WHSY", "fireworks-plant": "YHSC",
    "fireworks-retail": "YHLS", "filling-station": "JYZ", "gas-restaurant": "RQCY", "alcohol-fuel-user": "CJRL",
    "dust-explosion-site": "FCSB", "deep-well-casting": "SJZZ", "metal-melting": "JSRR", "confined-space": "YXKJ",
    "pipeline": "GD", "railway": "TL", "power-line": "DLX", "shoreline": "AX", "mine": "KS", "sealed-adit": "KD",
    "self-built-house": "ZJF", "rental-building": "CZF", "village-industrial-area": "CGQ", "fire-key-unit": "XFZD",
    "crowded-place": "RYMJ", "market": "JM", "heritage-site": "WWDW", "water-source": "SYD", "reservoir": "SK",
    "dyke": "DF", "polder": "WQ", "gauge-station": "SWZ", "flood-prone-spot": "YLD", "geohazard-point": "DZ",
    "fire-station": "XFZ", "construction-site": "GD-JZ", "emergency-pool": "YJC", "risk-contour": "DZX",
    "control-zone": "GKQ", "accident-point": "SG",
}  # fmt: skip
GIVEN = "源顺和瑞丰华盛利昌隆康恒泰宏远达鑫晨晖宁安诚信"  # second half of an invented firm's name
LAND_WORDS = "江湖岭塘溪云石林泉田峰桥浦坪湾洲坡岗畈垄"


class Ground:
    """Land, roads and the rows so far."""

    def __init__(self, land: Land, roads: Roads) -> None:
        self.land, self.roads = land, roads
        self.rng = stream("register")
        self.rows: list[dict[str, Any]] = []
        self.count: Counter[str] = Counter()
        self.taken: set[tuple[str, str]] = set()
        self.weights = [t.weight for t in land.towns]
        self.built: list[Polygon] = []  # plots of works, kept clear of each other
        self.firms: list[tuple[dict[str, Any], Position]] = []
        self._sides()

    # -- Places -----------------------------------------------------------------------

    def _sides(self) -> None:
        """Stretches of street and road by town, for what stands at the roadside."""
        self.streets: dict[str, list[tuple[Any, float]]] = {t.code: [] for t in self.land.towns}
        self.open_roads: list[tuple[Any, float]] = []
        tree_ = shapely.STRtree([w["line"] for w in self.roads.ways])
        for town in self.land.towns:
            ground = self.land.urban[town.code]
            for i in sorted(int(k) for k in tree_.query(ground, predicate="intersects")):
                way = self.roads.ways[i]
                if way["class"] == "高速" or way["bridge"]:
                    continue
                part = way["line"].intersection(ground)
                for piece in getattr(part, "geoms", [part]):
                    if piece.geom_type == "LineString" and piece.length:
                        self.streets[town.code].append((piece, piece.length))
        for way in self.roads.ways:
            if way["class"] in {"国道", "省道", "县道"} and not way["bridge"]:
                self.open_roads.append(
                    (way["line"], way["line"].length * {"国道": 3, "省道": 2, "县道": 1}[way["class"]])
                )

    def town(self, counties: Sequence[str] | None = None) -> Town:
        """A town, by its people."""
        if counties:
            some = [t for t in self.land.towns if t.county in counties]
            return self.rng.choices(some, [t.weight for t in some])[0]
        return self.rng.choices(self.land.towns, self.weights)[0]

    def side(self, stretches: list[tuple[Any, float]], low_m: float, high_m: float) -> Point | None:
        """A dry point beside one of some lines."""
        if not stretches:
            return None
        for _ in range(12):
            line = self.rng.choices([s for s, _ in stretches], [w for _, w in stretches])[0]
            t = self.rng.random() * line.length
            a, b = line.interpolate(max(0, t - 0.0001)), line.interpolate(min(line.length, t + 0.0001))
            angle = math.atan2((b.y - a.y) / LAT, (b.x - a.x) / LON) + math.pi / 2
            off = self.rng.choice((-1, 1)) * self.rng.uniform(low_m, high_m) / 1000
            p = Point(
                moved((line.interpolate(t).x, line.interpolate(t).y), off * math.cos(angle), off * math.sin(angle))
            )
            if self.land.dry(p):
                return p
        return None

    def street(self, town: Town | None = None, low_m: float = 12, high_m: float = 45) -> Point:
        """On a street of a town; dense towards the middle, since there the streets are dense."""
        town = town or self.town()
        return self.side(self.streets[town.code], low_m, high_m) or self.near(town.seat, town.radius_km * 0.5)

    def near(self, centre: Position, sd_km: float) -> Point:
        """A dry point round a place."""
        for _ in range(300):
            p = Point(moved(centre, self.rng.gauss(0, sd_km), self.rng.gauss(0, sd_km)))
            if self.land.dry(p):
                return p
        raise RuntimeError(f"no dry land round {centre}")

    def in_town(self, spread: float = 0.55) -> Point:
        """In or at the edge of a town."""
        town = self.town()
        return self.near(town.seat, town.radius_km * spread)

    def open_country(self, spread_km: float = 3.2, hills: bool = False) -> Point:
        """Between the towns."""
        while True:
            town = self.rng.choice(self.land.towns)
            p = self.near(town.seat, spread_km)
            if km(town.seat, (p.x, p.y)) > town.radius_km * 0.8 and (hills or not self.land.hill.contains(p)):
                return p

    def roadside(self) -> Point:
        """At a road between the towns."""
        return self.side(self.open_roads, 25, 60) or self.in_town()

    def inside(self, ground: Any) -> Point:
        """A dry point in a polygon."""
        west, south, east, north = ground.bounds
        while True:
            p = Point(self.rng.uniform(west, east), self.rng.uniform(south, north))
            if ground.contains(p) and self.land.dry(p):
                return p

    def on_hill(self) -> Point:
        """In the hills."""
        names = list(self.land.hills)
        [name] = self.rng.choices(names, [self.land.hills[n].area for n in names])
        return self.inside(self.land.hills[name])

    def hill_foot(self) -> Point:
        """Where hills and low ground meet."""
        while True:
            p = self.on_hill()
            edge = self.land.hill.boundary
            q = edge.interpolate(edge.project(p))
            found = self.near((q.x, q.y), 0.5)
            if km((p.x, p.y), (q.x, q.y)) < 5:
                return found

    def bank(self, width_km: float = 0.25) -> Point:
        """On the bank of a river or a lake."""
        edge = self.shores[self.rng.randrange(len(self.shores))]
        while True:
            p = edge.interpolate(self.rng.random(), normalized=True)
            q = Point(moved((p.x, p.y), self.rng.gauss(0, width_km), self.rng.gauss(0, width_km)))
            if self.land.dry(q):
                return q
            edge = self.shores[self.rng.randrange(len(self.shores))]

    @property
    def shores(self) -> list[Any]:
        """Shores within the city, longer ones more often."""
        if not hasattr(self, "_shores"):
            edge = self.land.wet.boundary.intersection(wide(self.land.area, -0.6))
            lines = shapely.line_merge(edge)
            self._shores = [
                g for g in getattr(lines, "geoms", [lines]) for _ in range(1 + int(g.length / 0.2)) if g.length > 0.05
            ]
        return self._shores

    def fit(
        self, centre: Position, width_m: float, height_m: float, turn: float = 0.0, clear: bool = False
    ) -> Polygon | None:
        """A plot on dry land, clear of the plots of works if asked."""
        ground = plot(centre, width_m, height_m, turn)
        if not self.land.dry(ground) or (clear and any(ground.intersects(b) for b in self.built)):
            return None
        return ground

    def plot_at(self, find: Callable[[], Point], width_m: float, height_m: float, clear: bool = False) -> Polygon:
        """A plot at the first place that takes it."""
        while True:
            p = find()
            ground = self.fit((p.x, p.y), width_m, height_m, self.rng.uniform(-30, 30), clear)
            if ground is not None:
                return ground

    # -- Names ------------------------------------------------------------------------

    def _once(self, class_: str, make: Callable[[], str]) -> str:
        for _ in range(200):
            name = make()
            if (class_, name) not in self.taken:
                break
        self.taken.add((class_, name))
        return name

    def firm(self) -> str:
        """The beginning of an invented firm's name."""
        return self.rng.choice("演拟例虚") + self.rng.choice(LAND_WORDS) + self.rng.choice(GIVEN)

    def spot(self) -> str:
        """An invented place."""
        return "例" + self.rng.choice(LAND_WORDS) + self.rng.choice(LAND_WORDS)

    # -- Rows -------------------------------------------------------------------------

    def add(
        self, class_: str, name: str | Callable[[], str], geometry: Any, attributes: dict[str, Any], **fields: Any
    ) -> dict[str, Any]:
        """One object; its division is the town that holds its anchor."""
        self.count[class_] += 1
        label = name if isinstance(name, str) else self._once(class_, name)
        row: dict[str, Any] = {"class": class_, "code": f"{PREFIX[class_]}-{self.count[class_]:04d}", "name": label}
        geometry = rounded(geometry, 5)
        if geometry.is_empty:
            raise RuntimeError(f"empty geometry: {row}")
        town = self.land.town_at(anchor_of(geometry))
        if town is None:
            raise RuntimeError(f"outside the city: {row}")
        row["division"] = town.code
        row["geometry"] = geometry
        surveyed = [5, 4, 1, 0] if geometry.geom_type != "Point" else [5, 3, 3, 1]
        row["position_quality"] = self.rng.choices(["surveyed", "clicked", "geocoded", "guessed"], surveyed)[0]
        row["source"] = self.rng.choices(["部门排查", "企业上报", "普查移交", "镇街报送"], [4, 3, 2, 3])[0]
        row["verified"] = self.rng.random() < 0.62
        row["valid_from"] = self.date(2021, 2024)
        self.rows.append(row | {"attributes": attributes, **fields})
        return self.rows[-1]

    def many(self, class_: str, n: int, make: Callable[[int], tuple[Any, Any, dict[str, Any]]], **fields: Any) -> None:
        """A number of objects of a class."""
        for i in range(n):
            name, geometry, attributes = make(i)
            self.add(class_, name, geometry, attributes, **fields)

    def date(self, first: int, last: int) -> str:
        """A day in some years."""
        return f"{self.rng.randint(first, last)}-{self.rng.randint(1, 12):02d}-{self.rng.randint(1, 28):02d}"

    def yes(self, share: float) -> bool:
        """True in this share of cases."""
        return self.rng.random() < share

    @staticmethod
    def level(scale: str, value: str, basis: str) -> dict[str, Any]:
        """A judged level of an own scale."""
        return {"level": {"scale": scale, "value": value, "basis": f"{MARK}：{basis}"}}
