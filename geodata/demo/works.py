"""Works, trade and buildings: what burns, bursts and poisons."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from geo import (
    LAT,
    LON,
    Position,
    anchor_of,
    geojson,
    plot,
    rounded,
    within,
)
from ground import Ground
from land import SHARE
from shapely.geometry import Point

USCC_DIGITS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
SUBSTANCES: dict[str, tuple[dict[str, Any], float, float]] = {  # row of GB 18218 table 1, Q in t, β
    "液氯": ({"table": 1, "no": 12}, 5, 4), "液氨": ({"table": 1, "no": 1}, 10, 2), "汽油": ({"table": 1, "no": 66}, 200, 1),
    "甲醇": ({"table": 1, "no": 65}, 500, 1), "液化石油气": ({"table": 1, "no": 52}, 50, 1.5),
}  # fmt: skip


def uscc(rng: Any, county: str, kind: str = "91") -> str:
    """18 characters with a right check digit, GB 32100-2015; the body is invented."""
    body = f"{kind}{county}MA" + "".join(rng.choice(USCC_DIGITS) for _ in range(7))
    total = sum(USCC_DIGITS.index(c) * pow(3, i, 31) for i, c in enumerate(body))
    return body + USCC_DIGITS[(31 - total % 31) % 31]


class Works(Ground):
    """Parks, firms, major hazards, tanks; then shops, houses and sites."""

    # -- Works ------------------------------------------------------------------------

    def make_industry(self) -> None:
        """Parks; works in them on plots; major hazards, tank farms and tanks in the works; works elsewhere."""
        rng = self.rng
        lots: list[tuple[Position, float]] = []
        for i, (name, ground, turn) in enumerate(self.land.parks):
            score = [58, 66, 72, 81, 88][i]
            word = ["A级", "B级", "C级", "C级", "D级"][i]
            self.add("chemical-park", f"演示{name}", ground, {
                "score": score, "assessed_on": "2025-03-20", "target_class": ["C级", "C级", "D级", "D级", "D级"][i],
                "enterprises": 0, "area_km2": round(ground.area / LAT / LON, 2), "closed_management": score > 70,
                "dual_power": score > 60, "emergency_pool_m3": [12000, 9000, 8000, 8000, 6000][i], "parking": score > 65, "plan_on": "2025-05-10",
            }, visibility="public", **self.level("park-class", word, f"评估得分 {score}"))  # fmt: skip
            c = ground.representative_point()
            grid = [within((c.x, c.y), turn, x * 380, y * 300) for y in range(-5, 6) for x in range(-5, 6)]
            fitting = [p for p in grid if ground.covers(plot(p, 330, 250, turn))]
            rng.shuffle(fitting)
            lots += [(p, turn) for p in fitting[:26]]
        rng.shuffle(lots)
        chemical = [self._works(p, turn) for p, turn in lots[:118]]
        while len(chemical) < 118:
            zone = self.land.zones[rng.choice(sorted(self.land.zones))]
            p = self.inside(zone)
            if (lot := self.fit((p.x, p.y), 300, 230, 10, clear=True)) is not None:
                chemical.append(self._works((p.x, p.y), 10, lot))
        parks = [r for r in self.rows if r["class"] == "chemical-park"]
        for park in parks:
            park["attributes"]["enterprises"] = sum(
                1 for r, _, _ in chemical if park["geometry"].contains(r["geometry"].centroid)
            )
        self.firms: list[tuple[dict[str, Any], Position]] = [(r, p) for r, p, _ in chemical]
        self._major_hazards(chemical)
        self._tank_farms(chemical)
        kinds = [("纺织有限公司", "1711"), ("金属制品有限公司", "3311"), ("家具有限公司", "2110"), ("食品有限公司", "1392"), ("建材有限公司", "3021"),
                 ("铜材有限公司", "3251"), ("机械有限公司", "3484"), ("电子有限公司", "3982"), ("木业有限公司", "2012"), ("纸业有限公司", "2221")]  # fmt: skip
        for _ in range(212):
            county = rng.choices(list(SHARE), list(SHARE.values()))[0]
            kind, industry = rng.choice(kinds)
            if self.yes(0.6):
                zone = self.land.zones[county]
                geometry: Any = self.plot_at(
                    lambda zone=zone: self.inside(zone), rng.uniform(90, 200), rng.uniform(70, 150)
                )
            else:
                geometry = self.roadside()
            row = self.add("enterprise", lambda kind=kind: self.firm() + kind, geometry, {
                "uscc": uscc(rng, county), "industry_code": industry, "employees": rng.randrange(12, 620), "founded_on": self.date(2001, 2019),
                "standardization": rng.choice(["二级", "三级", "三级", "未达标"]), "report_done": self.yes(0.8), "working": rng.choices(["running", "suspended", "stopped_by_order", "resuming"], [30, 2, 1, 1])[0],
            })  # fmt: skip
            p = anchor_of(row["geometry"])
            self.firms.append((row, (p.x, p.y)))
        for i, (name, ground, _) in enumerate(self.land.parks):
            pool = self.plot_at(lambda ground=ground: self.inside(ground), 90, 60, clear=True)
            self.add(
                "emergency-pool",
                f"演示{name}公共事故应急池",
                pool,
                {
                    "capacity_m3": [12000, 9000, 8000, 8000, 6000][i],
                    "public": True,
                    "empty": True,
                    "checked_on": self.date(2025, 2025),
                },
            )

    def _works(self, p: Position, turn: float, lot: Any = None) -> tuple[dict[str, Any], Position, float]:
        """A chemical firm on its plot."""
        rng = self.rng
        lot = lot if lot is not None else plot(p, rng.uniform(270, 340), rng.uniform(200, 255), turn)
        score = min(97, max(54, round(rng.gauss(80, 8.5))))
        if score < 60 and sum(1 for r in self.rows if r.get("level", {}).get("value") == "红色") >= 3:
            score = 63
        word = "红色" if score < 60 else "橙色" if score < 75 else "黄色" if score < 90 else "蓝色"
        kind, industry = rng.choice(
            [
                ("化工有限公司", "2614"),
                ("新材料有限公司", "2651"),
                ("石化有限公司", "2511"),
                ("精细化工有限公司", "2669"),
                ("化工储运有限公司", "5942"),
                ("农药有限公司", "2631"),
            ]
        )
        lot = rounded(lot, 5)
        self.built.append(lot)
        town = self.land.town_at(lot.centroid)
        row = self.add("enterprise", lambda: self.firm() + kind, lot, {
            "uscc": uscc(rng, town.county if town else "360402"), "industry_code": industry, "score": score, "scope": "化工产品生产、储存、销售（虚构）",
            "employees": rng.randrange(40, 900), "founded_on": self.date(1998, 2018), "plant_boundary": geojson(lot, 5),
            "standardization": "二级" if score >= 82 else "三级", "insured_until": "2027-03-31", "report_done": self.yes(0.9), "working": rng.choices(["running", "suspended", "resuming"], [20, 1, 1])[0],
        }, **self.level("enterprise-score", word, f"安全评估得分 {score}"))  # fmt: skip
        return row, p, turn

    def _major_hazards(self, chemical: list[tuple[dict[str, Any], Position, float]]) -> None:
        """46 units whose level follows from substance, amount and people nearby by the standard's arithmetic."""
        rng = self.rng
        bands = [("一级", 100, 260, 4), ("二级", 50, 100, 9), ("三级", 10, 50, 14), ("四级", 2, 10, 19)]
        plans = [band for band in bands for _ in range(band[3])]
        for i, (word, low, high, _) in enumerate(plans):
            owner, p, turn = chemical[(i * 2) % len(chemical)]
            name = rng.choice(["液氯", "液氨"]) if low >= 50 else rng.choice(list(SUBSTANCES))
            row, critical, beta = SUBSTANCES[name]
            persons = rng.choice([130, 180, 240]) if low >= 50 else rng.choice([0, 12, 34, 70, 120])
            alpha = 2 if persons >= 100 else 1.5 if persons >= 50 else 1.2 if persons >= 30 else 1 if persons else 0.5
            ratio = rng.uniform(low * 1.03, high * 0.97) / alpha / beta
            quantity = round(max(ratio, 1.05) * critical, 1)
            r = alpha * beta * quantity / critical
            word = "一级" if r >= 100 else "二级" if r >= 50 else "三级" if r >= 10 else "四级"
            substance = row | {"name": name, "quantity_t": str(quantity)}
            if name == "液化石油气":
                substance["beta_symbol"] = "W2"
            elif name in {"汽油", "甲醇"}:
                substance["beta_symbol"] = "W5.3"
            toxic = name in {"液氯", "液氨"}
            unit = plot(within(p, turn, -90 + 60 * (i % 2), 55), 50, 40, turn)
            self.add("major-hazard", self._short(owner) + f" {name}储存单元", unit, {
                "kind": "storage_tank", "substances": [substance], "exposed_persons": persons, "record_no": f"演示备〔2025〕{i + 1:03d}号",
                "filed_on": self.date(2023, 2025), "assessed_on": self.date(2023, 2024), "assess_due": self.date(2026, 2027), "r_value": f"{r:.1f}",
                "regulator": "emergency", "monitored": self.yes(0.88), "toxic_gas": toxic, "qra": low >= 50,
            }, enterprise_code=owner["code"], **self.level("major-hazard-level", word, f"R = {r:.1f}"))  # fmt: skip

    def _tank_farms(self, chemical: list[tuple[dict[str, Any], Position, float]]) -> None:
        """31 farms of liquid tanks; a depot's class by its computed total volume."""
        rng = self.rng
        media = [
            ("汽油", "甲B", 1.0, "inner_floating"),
            ("甲醇", "甲B", 1.0, "inner_floating"),
            ("二甲苯", "乙A", 1.0, "inner_floating"),
            ("柴油", "丙A", 0.5, "fixed_roof"),
            ("润滑油", "丙B", 0.25, "fixed_roof"),
        ]
        order: Counter[str] = Counter()
        for i in range(31):
            owner, p, turn = chemical[(i * 3 + 1) % len(chemical)]
            medium, fire, weight, roof = media[i % 5]
            tanks, volume = rng.choice(
                [(3, 300), (4, 500), (4, 1000), (6, 1000), (4, 3000), (6, 2000), (4, 5000), (4, 10000)]
            )
            total = tanks * volume * weight
            word = (
                "一级"
                if total >= 100_000
                else "二级"
                if total >= 30_000
                else "三级"
                if total >= 10_000
                else "四级"
                if total >= 1000
                else "五级"
            )
            order[owner["code"]] += 1
            centre = within(p, turn, 60, -45)
            depot = owner["attributes"]["industry_code"] == "5942"
            farm = self.add("tank-farm", f"{self._short(owner)} {order[owner['code']]} 号罐组", plot(centre, 120, 84, turn), {
                "liquid_volumes": [{"fire_class": fire, "volume_m3": tanks * volume, "medium": medium}], "tank_count": tanks, "total_volume_m3": tanks * volume,
                "governing_code": "GB 50074" if depot else "GB 50160", "bund": True, "assessed": self.yes(0.8), "assessed_on": self.date(2024, 2025), "conclusion": "符合安全条件（虚构）",
            }, enterprise_code=owner["code"], **self.level("depot-grade", word, f"计算总容量 {total:.0f} m³"))  # fmt: skip
            for k in range(tanks):
                at = within(centre, turn, -40 + 40 * (k % 3), -20 + 40 * (k // 3))
                self.add("tank", f"{self._short(owner)} V-{order[owner['code']]}{k + 1:02d}", Point(at), {
                    "medium": medium, "volume_m3": volume, "fire_class": fire, "tank_type": roof, "built_on": self.date(2006, 2019),
                    "interlock": self.yes(0.9), "emergency_valve": self.yes(0.92),
                }, enterprise_code=owner["code"], parent_code=farm["code"])  # fmt: skip

    @staticmethod
    def _short(firm: dict[str, Any]) -> str:
        return str(firm["name"]).removesuffix("有限公司")

    def _of_firm(
        self, words: Sequence[str], reach_m: float = 60, chemical: bool | None = None
    ) -> tuple[str, Point, str]:
        """Something within a firm's works: its name, place and firm."""
        while True:
            row, p = self.rng.choice(self.firms)
            if chemical is not None and ("score" in row["attributes"]) != chemical:
                continue
            if row["geometry"].geom_type == "Polygon":
                at = self.inside(row["geometry"])
            else:
                at = self.near(p, reach_m / 2000)
            for word in self.rng.sample(list(words), len(words)):
                if ("part", self._short(row) + word) not in self.taken:
                    self.taken.add(("part", self._short(row) + word))
                    return f"{self._short(row)} {word}", at, row["code"]

    # -- Trade and buildings ----------------------------------------------------------

    def make_trade(self) -> None:
        """Users of chemicals, fireworks, gas, dust, furnaces, buildings."""
        rng, yes, pick = self.rng, self.yes, self.rng.choice
        self.many(
            "chemical-user",
            236,
            lambda i: (
                lambda: self.firm() + pick(["电镀厂", "印染厂", "检测站", "水处理站", "制药厂", "冷链库", "自来水厂"]),
                self.inside(self.land.zones[rng.choices(list(SHARE), list(SHARE.values()))[0]])
                if yes(0.4)
                else self.in_town(0.9),
                {
                    "main_chemicals": pick(["盐酸", "次氯酸钠", "乙醇", "天那水", "液氨", "双氧水"]),
                    "storage_kind": pick(["cabinet", "intermediate", "warehouse", "tank"]),
                    "declared_points": rng.randrange(1, 7),
                    "approved": yes(0.8),
                    "checked_on": self.date(2025, 2025),
                },
            ),
        )
        self.many(
            "filling-station",
            168,
            lambda i: (
                lambda: self.firm() + pick(["加油站", "加油站", "加油加气站"]),
                self.roadside() if yes(0.75) else self.street(),
                {
                    "grade_class": pick(["二级", "三级", "三级"]),
                    "fuel": pick(["petrol", "petrol", "petrol", "lng", "cng", "mixed"]),
                    "volume_m3": pick([90, 110, 120, 150]),
                    "double_wall": yes(0.85),
                    "brand": pick(["演示石油", "虚构能源", "民营"]),
                },
            ),
        )
        self.many(
            "fireworks-plant",
            3,
            lambda i: (
                lambda: self.firm() + "烟花厂",
                self.plot_at(lambda: self.open_country(4.5), 260, 200),
                {
                    "dose_kg": pick([1500, 2400, 3000]),
                    "persons": rng.randrange(40, 110),
                    "permit_until": "2027-06-30",
                    "product": "C、D级组合类",
                },
            ),
        )
        self.many(
            "fireworks-retail",
            387,
            lambda i: (
                lambda: self.firm() + "烟花爆竹零售点",
                self.street(),
                {
                    "permit_no": f"演LS{i + 1:04d}",
                    "permit_until": "2027-02-28",
                    "kind": pick(["permanent", "permanent", "seasonal"]),
                    "boxes": pick([60, 100, 150]),
                    "commitment": yes(0.92),
                    "list_ok": yes(0.88),
                },
            ),
        )
        self.many(
            "gas-restaurant",
            620,
            lambda i: (
                lambda: self.firm() + pick(["饭店", "面馆", "酒楼", "小吃店", "早点铺", "农家菜馆"]),
                self.street(None, 10, 30),
                {"gas": "pipe", "alarm": yes(0.9), "cut_off": yes(0.8)}
                if yes(0.45)
                else {
                    "gas": "cylinder",
                    "cylinders": rng.randrange(1, 7),
                    "alarm": yes(0.8),
                    "cut_off": yes(0.6),
                    "checked_on": self.date(2025, 2025),
                },
            ),
        )
        self.many(
            "alcohol-fuel-user",
            150,
            lambda i: (
                lambda: self.firm() + pick(["食堂", "大排档", "火锅店", "土菜馆"]),
                self.street(None, 10, 35),
                {
                    "link": "use" if i % 25 else "sell",
                    "supplier": "演示醇基燃料供应站",
                    "storage_l": rng.randrange(20, 220),
                    "alarm": yes(0.7),
                    "checked_on": self.date(2025, 2025),
                },
            ),
        )

        def part(
            class_: str, n: int, words: Sequence[str], make: Callable[[], dict[str, Any]], chemical: bool | None = None
        ) -> None:
            for _ in range(n):
                name, at, owner = self._of_firm(words, chemical=chemical)
                self.add(class_, name, at, make(), enterprise_code=owner)

        part(
            "dust-explosion-site",
            62,
            ["打磨车间", "抛光车间", "木粉收集间", "筛分车间", "投料间"],
            lambda: {
                "dust": pick(["metal", "wood", "grain", "plastic"]),
                "persons": rng.randrange(3, 38),
                "dry_collector": yes(0.8),
                "spark_detect": yes(0.6),
                "checked_on": self.date(2025, 2025),
            },
            chemical=False,
        )
        part(
            "deep-well-casting",
            4,
            ["深井铸造车间"],
            lambda: {
                "wells": rng.randrange(1, 4),
                "alloy": "铝合金",
                "interlock": True,
                "cooling_ok": yes(0.9),
                "checked_on": self.date(2025, 2025),
            },
            chemical=False,
        )
        part(
            "metal-melting",
            19,
            ["熔炼车间", "铸造车间", "热处理车间"],
            lambda: {
                "furnaces": rng.randrange(1, 6),
                "capacity_t": pick([1, 3, 5, 10]),
                "acceptance": pick(["accepted", "accepted", "pending", "stopped", "rejected"]),
                "gas_alarm": yes(0.8),
                "checked_on": self.date(2025, 2025),
            },
            chemical=False,
        )
        part(
            "confined-space",
            207,
            ["污水池", "应急池", "反应釜", "检查井", "浆料池", "地下管廊", "储槽", "锅炉炉膛"],
            lambda: {
                "kind": pick(["underground", "ground", "closed_device"]),
                "hazard_kind": pick(["中毒和窒息", "缺氧", "燃爆"]),
                "detector": yes(0.8),
                "sign": yes(0.86),
                "works_per_year": rng.randrange(1, 30),
            },
        )

        def house(i: int) -> tuple[Any, Any, dict[str, Any]]:
            word = rng.choices(["A级", "B级", "C级", "D级", "未鉴定"], [30, 30, 8, 3, 29])[0]
            act = {"C级": "repair", "D级": pick(["stop", "demolish"])}.get(word, "none")
            return (
                lambda: f"{self.spot()}自建房{rng.randrange(1, 99)}号",
                self.street(None, 14, 90),
                {
                    "operating": yes(0.35),
                    "storeys": rng.randrange(2, 7),
                    "appraisal": word,
                    "action": act,
                    "residents_count": rng.randrange(0, 18),
                },
            )

        self.many("self-built-house", 300, house)
        self.many(
            "rental-building",
            70,
            lambda i: (
                lambda: f"{self.firm()}厂房{rng.randrange(1, 9)}栋",
                self.in_town(0.8),
                {
                    "tenants": rng.randrange(2, 13),
                    "persons": rng.randrange(10, 240),
                    "area_m2": rng.randrange(6, 80) * 100,
                    "three_in_one": yes(0.08),
                    "met": yes(0.75),
                },
            ),
        )
        self.many(
            "village-industrial-area",
            24,
            lambda i: (
                lambda: f"{self.spot()}村工业集中区",
                self.plot_at(lambda: self.in_town(1.3), rng.uniform(180, 420), rng.uniform(140, 300), clear=True),
                {
                    "enterprises": rng.randrange(4, 28),
                    "buildings": rng.randrange(6, 40),
                    "met": yes(0.65),
                    "theme": pick(["消防通道", "出租厂房", "粉尘治理"]),
                },
            ),
        )
        self.many(
            "fire-key-unit",
            100,
            lambda i: (
                lambda: self.firm() + pick(["大厦", "商城", "酒店", "仓储中心", "综合楼"]),
                self.street(),
                {
                    "kind": pick(["商业", "宾馆", "仓储", "办公"]),
                    "storeys": rng.randrange(3, 33),
                    "control_room": yes(0.9),
                    "micro_station": yes(0.85),
                    "checked_on": self.date(2025, 2025),
                },
            ),
        )
        self.many(
            "construction-site",
            64,
            lambda i: (
                lambda: self.firm() + pick(["安置房项目", "厂房项目", "道路改造项目", "商住楼项目"]),
                self.plot_at(lambda: self.in_town(0.8), rng.uniform(80, 200), rng.uniform(70, 160), clear=True)
                if yes(0.5)
                else self.in_town(0.8),
                {
                    "phase": pick(["foundation", "main", "main", "finish", "demolition"]),
                    "working": rng.choices(["running", "suspended", "stopped_by_order", "resuming"], [20, 3, 1, 1])[0],
                    "deep_pit": yes(0.2),
                    "tower_cranes": rng.randrange(0, 6),
                    "finish_on": self.date(2026, 2028),
                },
            ),
        )
