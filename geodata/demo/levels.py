"""Levels of the water: what marks works have, by which gauge they are read, who answers for them, and readings.

Made after everything else, from a stream of chance of its own: the rest of the city stays as it was.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from geo import anchor_of, km, stream
from shapely.geometry import Point

SYSTEM, OTHER, SHIFT = "吴淞高程", "1985国家高程基准", -1.86
# Hand-read at 8 o'clock: a day and an hour. Gauges with a line report by themselves.
DAILY, LINE = 1500, 60
_SURNAMES, _LAST = "甲乙丙丁戊己庚辛壬癸", ("一", "二", "三", "四", "五", "六")
THIS_YEAR, LAST_YEAR = "2026-03-18", "2025-03-20"
# Whom the telephone reaches: posts, for what is called on a bad night.
_POSTS = {
    "major-hazard": (
        ("主要负责人", "厂长（演示）"),
        ("技术负责人", "总工程师（演示）"),
        ("操作负责人", "当班班长（演示）"),
    ),
    "tank-farm": (("主要负责人", "罐区主任（演示）"), ("操作负责人", "当班班长（演示）")),
    "tailings-pond": (("主要负责人", "库长（演示）"), ("巡查", "巡坝员（演示）")),
    "village": (("主要负责人", "村党支部书记（演示）"),),
    "residential-area": (("主要负责人", "社区主任（演示）"),),
    "rescue-team": (("主要负责人", "队长（演示）"),),
    "shelter": (("主要负责人", "场所管理员（演示）"),),
    "relief-store": (("主要负责人", "仓库主任（演示）"),),
    "hospital": (("主要负责人", "总值班（演示）"),),
    "fire-station": (("主要负责人", "站长（演示）"),),
}


class Levels:
    """Fields of the water works, and a table of readings, from the rows of a register."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rng = stream("levels")
        self.of: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            self.of.setdefault(row["class"], []).append(row)
        self.readings: list[tuple[str, int, float]] = []
        self._gauges()
        self._polders()
        self._reservoirs()
        self.phones = 0
        for i, row in enumerate(self._works()):
            self._persons(i, row)
        for class_, posts in _POSTS.items():
            for row in self.of.get(class_, []):
                self._posts(row, posts)

    def _works(self) -> Iterator[dict[str, Any]]:
        for class_ in ("reservoir", "polder", "dyke"):
            yield from self.of[class_]

    def _gauges(self) -> None:
        """Each with a story: over its marks, rising, silent, jumped, without marks, without a reading."""
        rng = self.rng
        for i, row in enumerate(self.of["gauge-station"]):
            a = row["attributes"]
            a["silent_after_min"] = DAILY if i % 4 else LINE
            a["step_max_m"] = 3
            guard, guarantee = a["guard_m"], a["guarantee_m"]
            now = guard - rng.uniform(0.3, 2.5)
            if i in {1, 9, 18}:
                now = guard + rng.uniform(0.2, 0.9)
            elif i in {2, 5}:
                now = guarantee + 0.12
            elif i == 13:
                now = guard  # just at the mark
            if i == 21:
                del a["guard_m"], a["guarantee_m"]
            if i == 22:
                continue
            late = 3000 if i == 14 else rng.choice([12, 18, 25, 40])
            rise = rng.uniform(0.02, 0.18) if now >= guard else rng.uniform(-0.05, 0.06)
            for hours in (6, 5, 4, 3, 2, 1, 0):
                self._read(row, late + hours * 60, now - hours * rise)
            if i == 10:
                self._read(row, 5, now + 20)  # nobody believes it till it is confirmed

    def _read(self, row: dict[str, Any], minutes: int, level: float) -> None:
        self.readings.append((row["code"], minutes, round(level, 2)))

    def _polders(self) -> None:
        """Each and its dyke are read by the next gauge that has marks; one keeps another height system."""
        gauges = [g for g in self.of["gauge-station"] if "guard_m" in g["attributes"]]
        dykes = {row["name"]: row for row in self.of["dyke"]}
        for i, polder in enumerate(self.of["polder"]):
            p = anchor_of(polder["geometry"])
            gauge = min(gauges, key=lambda g: km((p.x, p.y), (g["geometry"].x, g["geometry"].y)))
            shift = SHIFT if i == 6 else 0.0
            guard = gauge["attributes"]["guard_m"] + self.rng.choice([-0.1, 0.0, 0.1]) + shift
            guarantee = gauge["attributes"]["guarantee_m"] + self.rng.choice([-0.1, 0.0]) + shift
            read = {"height_system": OTHER if shift else SYSTEM, "gauge": gauge["code"]}
            if shift:
                read["gauge_shift_m"] = SHIFT
            dyke = dykes[f"{polder['name']}堤"]
            polder["attributes"] |= {
                "guard_level_m": round(guard, 2),
                "guarantee_level_m": round(guarantee, 2),
                "dyke_length_km": dyke["attributes"]["length_km"],
                "farmland_mu": round(polder["attributes"]["area_mu"] * self.rng.uniform(0.45, 0.7)),
                **read,
            }
            dyke["attributes"] |= {
                "guard_m": round(guard, 2),
                "guarantee_m": round(guarantee, 2),
                "crest_m": round(guarantee + self.rng.uniform(1.0, 1.8), 2),
                **read,
            }

    def _reservoirs(self) -> None:
        """Read by themselves, once a day; a few above their limit, a few without a reading."""
        rng = self.rng
        villages = [(v["name"], anchor_of(v["geometry"])) for v in self.of["village"] if v["geometry"] is not None]
        for i, row in enumerate(self.of["reservoir"]):
            a = row["attributes"]
            limit = a["flood_limit_m"]
            normal = limit + rng.choice([0, 0.5, 1.0])
            high = normal + rng.uniform(0.6, 1.4)
            design = high + rng.uniform(0.3, 0.9)
            a |= {
                "normal_level_m": round(normal, 2),
                "flood_high_m": round(high, 2),
                "design_flood_m": round(design, 2),
                "check_flood_m": round(design + rng.uniform(0.5, 1.3), 2),
                "dead_level_m": round(limit - min(a["dam_height_m"] * 0.6, 30), 2),
                "height_system": OTHER,
                "silent_after_min": DAILY,
            }
            if row["geometry"] is not None:
                at = anchor_of(row["geometry"])
                below = sorted((self._away(at, p), name) for name, p in villages)[:2]
                a["downstream_villages"] = "、".join(name for away, name in below if away < 6) or None
                if a["downstream_villages"] is None:
                    del a["downstream_villages"]
            if i % 17 == 16:
                continue
            now = limit - rng.uniform(0.2, 4)
            if i in {3, 20, 41}:
                now = limit + rng.uniform(0.1, 0.6)
            elif i == 34:
                now = design + 0.08
            elif i == 8:
                now = limit  # at its limit is not above it
            self._read(row, 4000 if i == 27 else 240 + rng.randrange(0, 60), now)

    @staticmethod
    def _away(a: Point, b: Point) -> float:
        return km((a.x, a.y), (b.x, b.y))

    def _persons(self, i: int, row: dict[str, Any]) -> None:
        """This year's persons; with some works one is wanting, with some last year's stands."""
        rng = self.rng

        def one(role: str, post: str) -> dict[str, str]:
            name = f"示例{rng.choice(_SURNAMES)}{rng.choice(_LAST)}"
            since = LAST_YEAR if i % 9 == 4 else THIS_YEAR
            return {"role": role, "post": post, "name": name, "phone": self._phone(), "from": since}

        parties = [one("主要负责人", "镇长（演示）"), one("技术负责人", "站长（演示）")]
        if i % 7 != 2:
            parties.append(one("巡查", "巡查员（演示）"))
        row["parties"] = parties

    def _posts(self, row: dict[str, Any], posts: Sequence[tuple[str, str]]) -> None:
        """Posts without names; one in eleven has nobody, so that a page has to say so."""
        if self.rng.randrange(11):
            row["parties"] = [
                {"role": role, "post": post, "phone": self._phone(), "from": THIS_YEAR} for role, post in posts
            ]

    def _phone(self) -> str:
        """Of an exchange that does not exist."""
        self.phones += 1
        return f"0792-000{self.phones:04d}"

    def text(self) -> str:
        """Readings by how many minutes before they are loaded: a demo is always of now."""
        lines = [f"{code},{minutes},{level:.2f}" for code, minutes, level in self.readings]
        return "\n".join(["站码,分钟前,水位（m）", *lines]) + "\n"
