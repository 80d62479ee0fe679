"""Hills and water: mines, tailings ponds, forests, reservoirs, polders."""

import math
from typing import Any

import shapely
from geo import LAT, LON, blob, geojson, largest, length_km, moved, rounded, smooth, wide
from ground import LAND_WORDS, Ground
from shapely.geometry import LineString, Point
from shapely.ops import substring, unary_union


class Country(Ground):
    """What lies outside the towns."""

    # -- Hills ------------------------------------------------------------------------

    def make_mines(self) -> None:
        """Mines, sealed adits, tailings ponds, forest-fire zones, landslides."""
        rng, yes, pick = self.rng, self.yes, self.rng.choice
        ores = ["石灰石", "萤石", "铜", "钨", "锑", "建筑用砂岩"]

        def mine(i: int) -> tuple[Any, Any, dict[str, Any]]:
            ore = pick(ores)
            under = ore in {"萤石", "铜", "钨", "锑"} and yes(0.8)
            ground = (
                self.plot_at(self.on_hill, rng.uniform(250, 600), rng.uniform(200, 400))
                if not under and yes(0.6)
                else self.on_hill()
            )
            return (
                lambda: f"{self.firm()}{ore.removeprefix('建筑用')}矿",
                ground,
                {
                    "mineral": ore,
                    "method": "underground" if under else "open_pit",
                    "permit_until": self.date(2026, 2030),
                    "persons": rng.randrange(8, 29) if under else 0,
                    "illegal": False,
                },
            )

        self.many("mine", 60, mine)
        self.many(
            "sealed-adit",
            83,
            lambda i: (
                lambda: f"{self.spot()}封堵矿硐{rng.randrange(1, 60)}号",
                self.on_hill(),
                {
                    "sealed_on": self.date(2016, 2022),
                    "sealed": yes(0.93),
                    "patrol_days": pick([15, 30, 60]),
                    "last_patrol": self.date(2025, 2025),
                },
            ),
        )
        for i, word in enumerate(["三等"] * 2 + ["四等"] * 9 + ["五等"] * 16):
            while True:
                p = self.on_hill()
                ground = blob(rng, (p.x, p.y), rng.uniform(0.22, 0.42), rng.uniform(0.16, 0.3), 14, 0.12)
                turn = rng.uniform(0, math.tau)
                foot = moved((p.x, p.y), 0.42 * math.cos(turn), 0.42 * math.sin(turn))
                path = LineString(
                    smooth(
                        [
                            foot,
                            moved(foot, 0.7 * math.cos(turn) + rng.gauss(0, 0.15), 0.7 * math.sin(turn)),
                            moved(foot, 1.6 * math.cos(turn), 1.6 * math.sin(turn)),
                        ],
                        2,
                    )
                )
                if (
                    self.land.dry(ground)
                    and self.land.dry(path)
                    and len(self.land.tree.query(ground, predicate="intersects")) < 3
                ):
                    break
            volume, height = {
                "三等": (rng.randrange(1050, 2400), rng.randrange(62, 96)),
                "四等": (rng.randrange(105, 900), rng.randrange(31, 58)),
                "五等": (rng.randrange(8, 96), rng.randrange(9, 29)),
            }[word]
            phase = "closing" if i % 9 == 4 else "stopped" if i % 5 == 3 else "running"
            stage = {"closing": "closing", "stopped": "suspended"}.get(phase, "in_use")
            self.add("tailings-pond", lambda: f"{self.firm()}尾矿库", ground, {
                "capacity_m3": volume * 10000, "dam_height_m": height, "flow_path": geojson(path, 5), "headwater": i % 9 == 0, "downstream_persons": rng.randrange(20, 400) if i % 9 == 0 else rng.randrange(0, 40),
                "operation": pick(["upstream", "upstream", "once", "dry"]), "phase": phase, "online_monitoring": pick(["connected", "connected", "connected", "silent", "none"]),
                "freeboard_m": round(rng.uniform(0.6, 2.4), 1), "beach_m": rng.randrange(55, 190), "mineral": pick(["铜", "钨", "萤石"]),
            }, stage=stage, **self.level("tailings-class", word, f"全库容 {volume} 万m³，坝高 {height} m"))  # fmt: skip
        trees = ["马尾松、杉木", "毛竹、杉木", "阔叶混交", "湿地松"]
        zones = [
            z for hill in self.land.hills.values() for z in self._cells(hill, self.land.hill.area / LAT / LON / 30)
        ]
        for i, zone in enumerate(zones):
            name = "景区" if i % 8 == 1 else "林场" if i % 8 == 4 else "林区"
            word = ["Ⅰ级", "Ⅱ级", "Ⅱ级", "Ⅲ级"][i % 4]
            self.add("forest-fire-zone", lambda name=name: f"{self.spot()}{name}", zone, {
                "forest_area_ha": round(zone.area / LAT / LON * 78), "fire_season": "10 月 1 日至次年 4 月 30 日", "ban_from": "2026-03-20", "ban_to": "2026-04-20",
                "main_trees": pick(trees), "kind": {"景区": "scenic", "林场": "farm"}.get(name, "zone"), "water_points": rng.randrange(2, 14), "patrols": rng.randrange(6, 60),
            }, visibility="public", **self.level("forest-fire-zone-level", word, "省级火险区划（虚构）"))  # fmt: skip
        dangers = [("滑坡", "landslide"), ("滑坡", "landslide"), ("崩塌", "collapse"), ("泥石流沟", "debris")]

        def slope(i: int) -> tuple[Any, Any, dict[str, Any]]:
            word, kind = pick(dangers)
            at = self.hill_foot() if yes(0.7) else self.on_hill()
            return (
                lambda: self.spot() + word,
                at,
                {
                    "kind": kind,
                    "threatened_persons": rng.randrange(0, 70),
                    "volume_m3": rng.randrange(2, 90) * 100,
                    "monitor": pick(["群测群防", "自动监测"]),
                },
            )

        self.many("geohazard-point", 90, slope, visibility="public")

    def _cells(self, ground: Any, size_km2: float) -> list[Any]:
        """A polygon cut into cells of about this size."""
        n = max(1, round(ground.area / LAT / LON / size_km2))
        if n == 1:
            return [rounded(largest(ground).intersection(self.land.inside), 5)]
        spots = shapely.MultiPoint([self.inside(ground) for _ in range(n * 6)])
        centres = [next(c for c in cells) for cells in (iter([g]) for g in spots.geoms)]
        chosen = [centres[0]]
        while len(chosen) < n:
            chosen.append(max(centres, key=lambda p: min(p.distance(q) for q in chosen)))
        cells = shapely.voronoi_polygons(shapely.MultiPoint(chosen), extend_to=ground)
        parts = [largest(c.intersection(ground).intersection(self.land.inside)) for c in cells.geoms]
        return [
            rounded(largest(p.simplify(0.0006).buffer(-0.0003, join_style="mitre")), 5)
            for p in sorted(parts, key=lambda g: g.bounds)
            if p.area > 4 * LAT * LON
        ]

    # -- Water ------------------------------------------------------------------------

    def make_water(self) -> None:
        """Reservoirs, polders with their dykes, gauges, spots that flood, sources, watched shores."""
        rng, yes, pick = self.rng, self.yes, self.rng.choice

        def reservoir(i: int) -> tuple[Any, Any, dict[str, Any]]:
            size = rng.choices(["中型", "小（1）型", "小（2）型"], [8, 24, 38])[0]
            scale, low, high, dam = {
                "中型": (0.75, 1000, 4200, 38),
                "小（1）型": (0.36, 100, 900, 24),
                "小（2）型": (0.2, 10, 95, 13),
            }[size]
            while True:
                p = self.hill_foot()
                ground = blob(rng, (p.x, p.y), scale * rng.uniform(0.8, 1.2), scale * rng.uniform(0.5, 0.9), 16, 0.24)
                if self.land.dry(ground) and not any(ground.intersects(u) for u in self.land.urban.values()):
                    break
            return (
                lambda: f"{self.spot()}水库",
                ground,
                {
                    "capacity_m3": rng.randrange(low, high) * 10000,
                    "dam_height_m": dam + rng.randrange(-5, 12),
                    "size_class": size,
                    "flood_limit_m": round(rng.uniform(42, 180), 1),
                    "dangerous": i % 14 == 3,
                },
            )

        self.many("reservoir", 70, reservoir, visibility="department")
        big = [g for n, g in self.land.water.items() if n in {"长江", "鄱阳湖", "赤湖", "太泊湖", "赛城湖"}]
        line = shapely.line_merge(
            wide(unary_union(big), 0.32).simplify(0.0012).boundary.intersection(self.land.dry_land)
        )
        shores = [g for g in getattr(line, "geoms", [line]) if length_km(g) > 6]
        polders: list[Any] = []
        tries = 0
        while len(polders) < 14 and tries < 400:
            tries += 1
            shore = rng.choices(shores, [g.length for g in shores])[0]
            at, size = rng.random() * shore.length, rng.uniform(4.0, 8.5) * LAT
            dyke = substring(shore, at, at + size)
            if length_km(dyke) < 3.5:
                continue
            ground = largest(
                wide(dyke, rng.uniform(1.1, 2.0))
                .intersection(self.land.dry_land)
                .difference(self.land.hill)
                .difference(unary_union([wide(g, 0.3) for g in big]))
            )
            towns = {t.code for t in self.land.towns if t.is_seat and self.land.urban[t.code].intersects(ground)}
            if towns or ground.area < 4 * LAT * LON or any(ground.intersects(p) for p in polders):
                continue
            polders.append(ground)
            name = self._once("polder", lambda: f"演{pick(LAND_WORDS)}{pick(LAND_WORDS)}圩")
            years = pick([10, 10, 20, 30])
            self.add(
                "polder",
                name,
                ground.simplify(0.0003),
                {
                    "area_mu": round(ground.area / LAT / LON * 1500),
                    "persons": rng.randrange(600, 12000),
                    "guard_level_m": round(rng.uniform(18.5, 20.5), 1),
                    "return_period": years,
                },
                visibility="public",
            )
            self.add(
                "dyke",
                f"{name}堤",
                dyke,
                {
                    "dyke_class": {10: "4级", 20: "4级", 30: "3级"}[years],
                    "length_km": round(length_km(dyke), 1),
                    "return_period": years,
                    "danger_section": yes(0.25),
                },
                visibility="public",
            )

        rivers = [*self.land.rivers, "长江", "鄱阳湖"]

        def gauge(i: int) -> tuple[Any, Any, dict[str, Any]]:
            guard = round(rng.uniform(16.5, 21.5), 2)
            name = rivers[i % len(rivers)]
            water = self.land.rivers.get(name) or self.land.water[name].boundary
            while True:
                p = water.intersection(wide(self.land.area, -0.8)).interpolate(rng.random(), normalized=True)
                q = Point(moved((p.x, p.y), rng.gauss(0, 0.2), rng.gauss(0, 0.2)))
                if self.land.dry(q):
                    return (
                        f"{name}演示{i + 1}号站",
                        q,
                        {
                            "guard_m": guard,
                            "guarantee_m": round(guard + rng.uniform(1.5, 2.8), 2),
                            "height_system": "吴淞高程",
                            "river": name,
                        },
                    )

        self.many("gauge-station", 24, gauge, visibility="public")
        self.many(
            "flood-prone-spot",
            60,
            lambda i: (
                lambda: f"{self.spot()}{pick(['路口', '下穿立交', '小区门前', '菜场'])}易涝点",
                self.street(None, 3, 18),
                {
                    "depth_cm": rng.randrange(15, 95),
                    "persons": rng.randrange(20, 900),
                    "pump": yes(0.4),
                    "cause": pick(["地势低洼", "管网偏小", "河水顶托"]),
                },
            ),
            visibility="public",
        )

        def source(i: int) -> tuple[Any, Any, dict[str, Any]]:
            while True:
                p = self.bank(0.1)
                ground = largest(
                    blob(rng, (p.x, p.y), rng.uniform(0.6, 1.1), rng.uniform(0.5, 0.8), 18, 0.1).intersection(
                        self.land.inside
                    )
                )
                if ground.area > 0.5 * LAT * LON:
                    break
            return (
                lambda: f"{self.spot()}饮用水水源地",
                ground,
                {
                    "kind": ["first", "second", "quasi"][i % 3],
                    "served_persons": rng.randrange(3000, 160000),
                    "water_kind": pick(["river", "lake"]),
                },
            )

        self.many("water-source", 12, source, visibility="public")
        for _ in range(22):
            while True:
                edge = pick(self.shores)
                part = substring(edge, (t := rng.random() * edge.length), t + rng.uniform(0.8, 3.5) * LAT)
                if length_km(part) > 0.6 and part.geom_type == "LineString":
                    break
            self.add(
                "shoreline",
                lambda: f"{self.spot()}岸线",
                part.simplify(0.0002),
                {"kind": pick(["river", "lake"]), "drowning_watch": yes(0.6), "rounds_per_day": pick([2, 3, 4])},
                visibility="public",
            )
