"""Lines across the city, and what planners draw."""

from geo import LAT, LON, Position, blob, km, largest, length_km, line_of, moved, wide
from ground import LAND_WORDS, Ground
from network import BRIDGES, LAND_WIDTH, Corridors, tree
from shapely.geometry import Point


class Lines(Ground):
    """Roads, railways, pipelines; contours and control zones."""

    # -- Lines ------------------------------------------------------------------------

    def make_lines(self) -> None:
        """Roads, bridges, railways, pipelines, power lines."""
        rng, pick = self.rng, self.rng.choice
        for kind, name, no, line in self.roads.routes():
            if kind in {"乡道", "城市道路"} or name.endswith("连接线") or length_km(line) < 2.2:
                continue
            out = {
                "road_class": kind,
                "land_width_m": LAND_WIDTH[kind],
                "route_no": no,
                "bridge": False,
                "hazmat_ban": False,
            }
            self.add("road", name, line.simplify(0.0002), out, visibility="public")
        for _, _, name in BRIDGES:
            found = [
                w
                for w in self.roads.ways
                if w["bridge"] and any(km(p, b) < 8 for b in w["line"].coords for p in self._bridge(name))
            ]
            way = max(found, key=lambda w: length_km(w["line"]), default=None)
            if way and name not in {r["name"] for r in self.rows}:
                self.add(
                    "road",
                    f"演示{name}",
                    way["line"],
                    {
                        "road_class": way["class"],
                        "land_width_m": LAND_WIDTH[way["class"]],
                        "route_no": way["no"],
                        "bridge": True,
                        "hazmat_ban": True,
                    },
                    visibility="public",
                )
        streets = sorted(
            (x for x in self.roads.routes() if x[0] == "城市道路"), key=lambda x: (-length_km(x[3]), x[1])
        )[:30]
        for kind, name, _, line in streets:
            self.add(
                "road",
                f"演示{name}",
                line,
                {"road_class": kind, "land_width_m": LAND_WIDTH[kind], "bridge": False, "hazmat_ban": True},
                visibility="public",
            )
        lay = Corridors(self.land)
        seats = [t for t in self.land.towns if t.is_seat]
        by = {t.county: t for t in seats}

        def beside(county: str, east: float, north: float) -> Position:
            return moved(by[county].seat, east, north)

        plan = [("演示昌江高速铁路", "highspeed", ("360481", 3, -3), ("360425", 4, -4)), ("演示江都铁路", "normal", ("360404", 2, -2), ("360428", 1, 2)),
                ("演示江西线铁路", "normal", ("360425", -2, 2), ("360424", 2, 2)), ("演示沿江铁路", "normal", ("360481", 2, 3), ("360430", 2, -2)),
                ("演示江州高速铁路", "highspeed", ("360404", -1, -4), ("360430", -2, -4))]  # fmt: skip
        for name, kind, a, b in plan:
            if (line := lay.line(beside(*a), beside(*b))) is not None:
                self.add(
                    "railway",
                    name,
                    line,
                    {
                        "kind": kind,
                        "level_crossings": 0 if kind == "highspeed" else rng.randrange(0, 9),
                        "operator": "演示铁路公司",
                    },
                    visibility="public",
                )
        for i, (name, ground, _) in enumerate(self.land.parks[:3]):
            p = ground.representative_point()
            a = min(
                (r for r in self.rows if r["class"] == "railway"), key=lambda r: (r["geometry"].distance(p), r["code"])
            )["geometry"]
            q = a.interpolate(a.project(p))
            line = line_of([(p.x, p.y), moved(((p.x + q.x) / 2, (p.y + q.y) / 2), 0.3, 0.2), (q.x, q.y)])
            self.add(
                "railway",
                f"演示{name}铁路专用线",
                line.intersection(self.land.inside) if i < 3 else line,
                {"kind": "branch", "level_crossings": i, "operator": "演示园区公司"},
                visibility="public",
            )
        joins = tree(seats, lambda a, b: km(a.seat, b.seat))
        for i, (a, b) in enumerate(joins[:8]):
            medium, word = [("gas", "天然气"), ("product", "成品油"), ("gas", "天然气"), ("oil", "原油")][i % 4]
            line = lay.line(moved(a.seat, 3, -2.5), moved(b.seat, 3, -2.5))
            if line is not None and length_km(line) > 2:
                name = f"演示{self.land.names[a.county][:-1]}至{self.land.names[b.county][:-1]}{word}管道"
                self.add(
                    "pipeline",
                    name,
                    line,
                    {
                        "medium": medium,
                        "pressure_mpa": pick(["4.0", "6.3", "8.0"]),
                        "diameter_mm": pick([323, 508, 711]),
                        "operator": "演示管道公司",
                        "built_on": self.date(2008, 2018),
                    },
                    visibility="command",
                )
        for i, (a, b) in enumerate([*joins, *[(x, y) for x, y in zip(seats, seats[4:], strict=False)]][:13]):
            line = lay.line(moved(a.seat, -3, 3), moved(b.seat, -3, 3))
            if line is not None and length_km(line) > 2:
                self.add(
                    "power-line",
                    f"演{pick(LAND_WORDS)}{pick(LAND_WORDS)}{'ⅠⅡ'[i % 2]}线",
                    line,
                    {
                        "voltage_kv": pick([110, 220, 500]),
                        "operator": "演示供电公司",
                        "inspected_on": self.date(2025, 2025),
                    },
                )

    @staticmethod
    def _bridge(name: str) -> list[Position]:
        return [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b, n in BRIDGES if n == name]

    # -- Planning ---------------------------------------------------------------------

    def make_planning(self) -> None:
        """Contours round works, control zones, past accidents."""
        rng, pick = self.rng, self.rng.choice
        for name, ground, _ in self.land.parks:
            for value, far in (("1e-5", 0.12), ("3e-6", 0.38), ("3e-7", 0.85)):
                ring = largest(wide(ground.buffer(0), far).intersection(self.land.inside)).simplify(0.0002)
                self.add(
                    "risk-contour",
                    f"演示{name}个人风险等值线 {value}",
                    ring,
                    {
                        "level": value,
                        "plant_status": "existing",
                        "source": "演示：虚构的定量风险评价报告",
                        "date": "2024-11-30",
                    },
                )
        for i, (name, ground, _) in enumerate(self.land.parks):
            zone = largest(wide(ground, 1.1).intersection(self.land.inside)).simplify(0.0002)
            self.add(
                "control-zone",
                f"演示{name}规划安全控制线",
                zone,
                {"kind": "land_use" if i % 2 else "safety", "basis": "演示：虚构的园区规划", "since": "2023-06-01"},
                visibility="public",
            )
        kinds = [("ecology", "生态保护红线"), ("flood", "行洪区"), ("no_fire", "禁火区"), ("hazmat_ban", "危货禁行区")]
        for i in range(16):
            kind, word = kinds[i % 4]
            for _ in range(60):
                if kind in {"ecology", "no_fire"}:
                    p, base = self.on_hill(), self.land.hill
                elif kind == "flood":
                    p, base = self.bank(0.6), self.land.inside
                else:
                    town = pick([t for t in self.land.towns if t.is_seat])
                    p, base = Point(town.seat), wide(self.land.urban[town.code], 0.2)
                zone = largest(
                    blob(rng, (p.x, p.y), rng.uniform(1.4, 3), rng.uniform(1.1, 2.2), 20, 0.14)
                    .intersection(base)
                    .intersection(self.land.inside)
                )
                if zone.area > 1.2 * LAT * LON:
                    break
            self.add(
                "control-zone",
                lambda word=word: f"{self.spot()}{word}",
                zone,
                {"kind": kind, "basis": "演示：虚构的划定文件", "since": self.date(2021, 2024)},
                visibility="public",
            )
        self.many(
            "accident-point",
            26,
            lambda i: (
                f"演示事故 {i + 1:02d}",
                self.in_town(1.0),
                {
                    "happened_on": self.date(2021, 2025 - 1),
                    "kind": pick(["火灾", "坍塌", "高处坠落", "中毒和窒息", "车辆伤害"]),
                    "deaths": rng.choices([0, 1, 2], [12, 6, 1])[0],
                    "injured": rng.randrange(0, 6),
                    "measures_done": self.yes(0.85),
                    "evaluated_on": self.date(2025, 2025),
                },
            ),
        )
