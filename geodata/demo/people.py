"""People, and those who come to help them."""

from typing import Any

from geo import blob, largest
from ground import Ground
from land import SHARE, Town


class People(Ground):
    """Vulnerable targets and response."""

    # -- People -----------------------------------------------------------------------

    def make_people(self) -> None:
        """Schools, hospitals, homes, villages, crowds, markets, monuments."""
        rng, yes, pick = self.rng, self.yes, self.rng.choice
        public = {"visibility": "public"}

        def campus(width: float, height: float, share: float) -> Any:
            if yes(share):
                return self.plot_at(
                    lambda: self.street(None, 60, 110),
                    width * rng.uniform(0.8, 1.3),
                    height * rng.uniform(0.8, 1.2),
                    clear=True,
                )
            return self.street(None, 25, 70)

        def school(i: int) -> tuple[Any, Any, dict[str, Any]]:
            kind, word, low, high = rng.choices(
                [
                    ("primary", "小学", 80, 1900),
                    ("junior", "中学", 200, 2200),
                    ("nine", "学校", 300, 2600),
                    ("senior", "高级中学", 900, 3600),
                    ("vocational", "职业学校", 600, 4200),
                    ("college", "学院", 4000, 14000),
                ],
                [52, 20, 12, 8, 5, 2],
            )[0]
            persons = rng.randrange(low, high)
            boarding = kind in {"senior", "vocational", "college"} or yes(0.2)
            out = {"persons": persons, "area_m2": persons * 9, "kind": kind, "boarding": boarding}
            return lambda: self.spot() + word, campus(170, 130, 0.4), out | ({"beds": persons // 2} if boarding else {})

        self.many("school", 290, school, **public)
        self.many(
            "kindergarten",
            210,
            lambda i: (
                lambda: f"{self.spot()}幼儿园",
                campus(60, 50, 0.15),
                {"persons": (n := rng.randrange(35, 420)), "area_m2": n * 8, "private": yes(0.55)},
            ),
            **public,
        )

        def hospital(i: int) -> tuple[Any, Any, dict[str, Any]]:
            word, rating, low, high = rng.choices(
                [
                    ("卫生院", "基层", 10, 80),
                    ("社区卫生服务中心", "基层", 0, 40),
                    ("医院", "二级", 120, 600),
                    ("中心医院", "三级", 600, 1500),
                    ("专科医院", "未定级", 30, 150),
                ],
                [40, 16, 12, 4, 10],
            )[0]
            beds = rng.randrange(low, high)
            return (
                lambda: self.spot() + word,
                campus(130, 100, 0.35),
                {
                    "persons": beds * 2 + rng.randrange(15, 60),
                    "beds": beds,
                    "area_m2": beds * 70 + 800,
                    "rating": rating,
                    "helipad": rating == "三级",
                },
            )

        self.many("hospital", 84, hospital, **public)
        self.many(
            "care-home",
            72,
            lambda i: (
                lambda: self.spot() + pick(["敬老院", "养老院", "护理院"]),
                self.in_town(1.0),
                {
                    "persons": (n := rng.randrange(12, 190)),
                    "beds": n + rng.randrange(4, 60),
                    "area_m2": n * 32,
                    "disabled_persons": n // 4,
                },
            ),
            **public,
        )
        self.many(
            "residential-area",
            190,
            lambda i: (
                lambda: self.spot() + pick(["小区", "花园", "新村", "家园"]),
                self.plot_at(
                    lambda: self.street(None, 90, 170), rng.uniform(120, 300), rng.uniform(100, 240), clear=True
                ),
                {
                    "residents": (n := rng.randrange(180, 5200)),
                    "persons": n,
                    "households": n // 3,
                    "area_m2": n * 38,
                    "high_rise": yes(0.4),
                    "fire_lane": pick(["marked", "marked", "unmarked"]),
                },
            ),
            **public,
        )

        def village(i: int) -> tuple[Any, Any, dict[str, Any]]:
            n = rng.randrange(160, 3200)
            p = self.open_country(3.4) if yes(0.85) else self.open_country(3.4, hills=True)
            geometry: Any = p
            if yes(0.3):
                ground = largest(
                    blob(rng, (p.x, p.y), 0.12 + n / 9000, 0.1 + n / 12000, 12, 0.18).intersection(self.land.dry_land)
                )
                geometry = ground if ground.area else p
            return (
                lambda: self.spot() + "村",
                geometry,
                {"residents": n, "persons": n, "households": n // 4, "elderly": n // 5},
            )

        self.many("village", 300, village, **public)
        crowds = [
            ("广场", "mall"),
            ("影城", "entertainment"),
            ("宾馆", "hotel"),
            ("体育馆", "stadium"),
            ("网吧", "entertainment"),
            ("汽车站", "station"),
        ]

        def crowd(i: int) -> tuple[Any, Any, dict[str, Any]]:
            word, kind = pick(crowds)
            persons = rng.randrange(60, 3200)
            return lambda: self.firm() + word, self.street(), {"persons": persons, "area_m2": persons * 6, "kind": kind}

        self.many("crowded-place", 84, crowd, **public)
        self.many(
            "market",
            44,
            lambda i: (
                lambda: self.spot() + pick(["农贸市场", "集贸市场"]),
                self.street(),
                {
                    "persons": rng.randrange(80, 1500),
                    "area_m2": rng.randrange(6, 90) * 100,
                    "stalls": rng.randrange(20, 420),
                },
            ),
            **public,
        )
        self.many(
            "heritage-site",
            32,
            lambda i: (
                lambda: self.spot() + pick(["古祠堂", "古桥", "书院旧址", "古塔"]),
                self.open_country(2.6, hills=True),
                {
                    "protection": pick(["省级", "市级", "县级", "县级"]),
                    "wooden": yes(0.5),
                    "persons": rng.randrange(0, 300),
                },
            ),
            **public,
        )

    # -- Response ---------------------------------------------------------------------

    def make_response(self) -> None:
        """Shelters, stores, teams, fire stations; each county has some of each."""
        rng, yes, pick = self.rng, self.yes, self.rng.choice
        counties = sorted(SHARE)

        def here(i: int) -> Town:
            return self.town([counties[i]]) if i < len(counties) else self.town()

        self.many(
            "shelter",
            142,
            lambda i: (
                lambda: self.spot() + pick(["小学避难场所", "广场避难场所", "体育馆避难场所", "公园避难场所"]),
                self.plot_at(
                    lambda: self.street(here(i), 60, 140), rng.uniform(80, 170), rng.uniform(70, 140), clear=True
                )
                if yes(0.35)
                else self.street(here(i), 30, 80),
                {
                    "capacity": (n := rng.randrange(120, 5200)),
                    "area_m2": n * 3,
                    "kind": rng.choices(["emergency", "short", "long"], [6, 3, 1])[0],
                    "indoor": yes(0.45),
                    "flood_safe": yes(0.7),
                    "has_power": yes(0.5),
                    "has_water": yes(0.75),
                },
            ),
            visibility="public",
        )

        def goods() -> list[dict[str, Any]]:
            rows = [
                ("帐篷", "顶", 100),
                ("救生衣", "件", 200),
                ("棉被", "床", 300),
                ("编织袋", "条", 5000),
                ("应急灯", "盏", 80),
                ("抽水泵", "台", 6),
                ("瓶装水", "箱", 200),
            ]
            return [
                {"item": a, "quantity": round(least * rng.uniform(0.6, 3.5)), "unit": unit, "minimum": least}
                for a, unit, least in rng.sample(rows, rng.randrange(3, 6))
            ]

        self.many(
            "relief-store",
            36,
            lambda i: (
                lambda: self.spot() + "救灾物资库",
                self.street(here(i), 40, 120),
                {
                    "goods": goods(),
                    "area_m2": rng.randrange(2, 30) * 100,
                    "owner": pick(["government", "government", "enterprise", "social"]),
                    "checked_on": self.date(2025, 2025),
                    "vehicles": rng.randrange(0, 6),
                },
            ),
        )
        teams = [
            ("消防救援站突击队", ["fire", "water", "collapse"], "fire"),
            ("水上救援队", ["water", "medical"], "social"),
            ("森林扑火队", ["forest"], "part_time"),
            ("矿山救护队", ["mine", "collapse"], "professional"),
            ("危化应急队", ["chemical", "fire"], "professional"),
            ("排涝抢险队", ["drain", "road"], "professional"),
            ("民兵应急分队", ["road", "water"], "militia"),
            ("医疗救援队", ["medical"], "professional"),
        ]

        def team(i: int) -> tuple[Any, Any, dict[str, Any]]:
            word, skills, kind = teams[i % len(teams)]
            wet = "water" in skills
            return (
                lambda: self.spot() + word,
                self.street(here(i), 30, 90),
                {
                    "skills": skills,
                    "boats": rng.randrange(2, 9) if wet else 0,
                    "pumps_m3h": pick([500, 1500, 3000]) if "drain" in skills else 0,
                    "wading_depth_cm": pick([50, 80]) if wet or "drain" in skills else 35,
                    "persons": rng.randrange(8, 64),
                    "kind": kind,
                    "on_duty": yes(0.6),
                },
            )

        self.many("rescue-team", 60, team)
        self.many(
            "fire-station",
            34,
            lambda i: (
                lambda: self.spot() + "消防站",
                self.street(here(i), 25, 60),
                {
                    "kind": ["first", "second", "small", "town"][min(3, i // 6)],
                    "vehicles": rng.randrange(2, 10),
                    "persons": rng.randrange(8, 50),
                    "foam_t": rng.randrange(0, 30),
                },
            ),
            visibility="public",
        )
