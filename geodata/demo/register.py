"""The demo city's objects, all invented: about 6 300 over every class, in plausible places."""

from collections import Counter
from typing import Any

from country import Country
from geo import (
    anchor_of,
    dump,
    geojson,
    rounded,
    stream,
)
from ground import MARK
from land import Land
from levels import Levels
from lines import Lines
from network import Roads
from people import People
from works import Works

WANTED = {
    "major": 31,
    "serious": 265,
    "general": 1451,
    "none": 191,
}  # of live hazards, before `unlevel`; the others are low
LIVE_HAZARDS = 4266
POLICY = {  # the shipped policies, which a grade is left to
    "major-hazard-level": {"一级": "major", "二级": "major", "三级": "serious", "四级": "general"},
    "enterprise-score": {"红色": "major", "橙色": "serious", "黄色": "general", "蓝色": "low"},
    "park-class": {"A级": "major", "B级": "serious", "C级": "general", "D级": "low"},
}
HAZARDS = frozenset(
    [
        "risk-point",
        "major-hazard",
        "tank-farm",
        "tank",
        "tailings-pond",
        "forest-fire-zone",
        "enterprise",
        "chemical-park",
        "chemical-user",
        "fireworks-plant",
        "fireworks-retail",
        "filling-station",
        "gas-restaurant",
        "alcohol-fuel-user",
        "dust-explosion-site",
        "deep-well-casting",
        "metal-melting",
        "confined-space",
        "pipeline",
        "mine",
        "sealed-adit",
        "self-built-house",
        "rental-building",
        "village-industrial-area",
        "fire-key-unit",
        "reservoir",
        "dyke",
        "polder",
        "flood-prone-spot",
        "geohazard-point",
        "construction-site",
    ]
)
WEIGHT = {  # how grave a class tends to be, when grades are judged
    "tailings-pond": 1.3, "tank-farm": 1.0, "fireworks-plant": 1.6, "mine": 0.9, "dust-explosion-site": 1.0, "metal-melting": 1.0,
    "deep-well-casting": 1.3, "risk-point": 0.35, "pipeline": 0.8, "forest-fire-zone": 0.5, "chemical-user": 0.1, "tank": 0.2,
    "gas-restaurant": -0.75, "alcohol-fuel-user": -0.55, "fireworks-retail": -0.7, "self-built-house": -0.9, "sealed-adit": -0.8,
    "confined-space": -0.2, "filling-station": 0.0, "enterprise": -0.2, "rental-building": -0.2, "reservoir": -0.1, "dyke": 0.2,
    "polder": 0.1, "flood-prone-spot": -0.3, "geohazard-point": 0.1, "construction-site": 0.1, "fire-key-unit": 0.1,
}  # fmt: skip
MAJOR = frozenset(
    {
        "risk-point",
        "tailings-pond",
        "tank-farm",
        "mine",
        "dust-explosion-site",
        "metal-melting",
        "fireworks-plant",
        "deep-well-casting",
    }
)
LEC = {
    "major": [("6", "6", "15"), ("3", "6", "40"), ("3", "10", "15"), ("6", "3", "40")],
    "serious": [("3", "6", "15"), ("1", "6", "40"), ("6", "6", "7"), ("6", "3", "15")],
    "general": [("1", "6", "15"), ("3", "3", "15"), ("3", "6", "7"), ("1", "3", "40")],
    "low": [("1", "6", "7"), ("0.5", "6", "15"), ("3", "6", "3"), ("1", "6", "3"), ("3", "6", "1")],
}
LS = {
    "major": [(4, 5), (5, 5)],
    "serious": [(3, 5), (4, 4)],
    "general": [(3, 4), (4, 3), (3, 3)],
    "low": [(2, 3), (2, 4), (1, 5), (2, 2)],
}
WORD = {"major": "重大", "serious": "较大", "general": "一般", "low": "低"}


# Classes whose level the product computes.
COMPUTED = {"major-hazard", "tailings-pond", "tank-farm", "enterprise", "chemical-park"}


class Register(Works, Country, People, Lines):
    """Rows in an order in which what is referred to comes first."""

    def __init__(self, land: Land, roads: Roads) -> None:
        super().__init__(land, roads)
        self.make_industry()
        self.make_trade()
        self.make_mines()
        self.make_water()
        self.make_people()
        self.make_response()
        self.make_lines()
        self.make_planning()
        self.fill()
        self.end_some()
        self.grade()
        self.unplace()
        self.show_to()
        self.unlevel()
        self.levels = Levels(self.rows)
        self.finish()

    # -- The whole --------------------------------------------------------------------

    def fill(self) -> None:
        """Risk points, till the city has its number of hazards: three fifths in works, the others in town."""
        rng = self.rng
        works = [
            "锅炉房",
            "配电房",
            "喷涂车间",
            "危化品暂存间",
            "粉碎车间",
            "冷库",
            "吊装区",
            "装卸台",
            "污水站",
            "充装间",
            "空压站",
            "合成车间",
            "灌装车间",
            "变电站",
        ]
        public = [
            "加油作业区",
            "商场中庭",
            "停车楼",
            "地下车库",
            "电梯机房",
            "燃气调压站",
            "客运码头",
            "渡口",
            "景区索道",
            "游乐设施",
            "公交充电站",
            "隧道口",
            "弯坡路段",
            "学校周边路段",
        ]
        self.taken -= {t for t in self.taken if t[0] == "part"}
        missing = LIVE_HAZARDS - sum(1 for r in self.rows if r["class"] in HAZARDS)
        for i in range(missing):
            fields: dict[str, Any] = {}
            if i % 5 < 3:
                name, at, owner = self._of_firm(works)
                fields = {"enterprise_code": owner}
            else:
                word = rng.choice(public)
                name = self._once("risk-point", lambda word=word: f"{self.spot()}{word}")
                at = (
                    self.bank(0.08)
                    if word in {"客运码头", "渡口"}
                    else self.roadside()
                    if word in {"弯坡路段", "隧道口"}
                    else self.street()
                )
            self.add(
                "risk-point",
                name,
                at,
                {
                    "accident_types": "、".join(
                        rng.sample(
                            ["火灾", "爆炸", "中毒和窒息", "触电", "机械伤害", "高处坠落", "淹溺"], rng.choice([1, 2])
                        )
                    ),
                    "measures": rng.choice(
                        ["设专人巡查，落实作业审批", "加装联锁和报警装置，定期校验", "设置警示标志，限制人员进入"]
                    ),
                },
                **fields,
            )

    def end_some(self) -> None:
        """Life stages: most are in use; some are suspended or closed, and some beyond the number have ended."""
        rng = self.rng
        may = [
            r
            for r in self.rows
            if r["class"]
            in {
                "enterprise",
                "chemical-user",
                "gas-restaurant",
                "alcohol-fuel-user",
                "filling-station",
                "fireworks-retail",
                "mine",
                "confined-space",
                "dust-explosion-site",
                "metal-melting",
                "construction-site",
                "risk-point",
            }
            and "stage" not in r
        ]
        owned = {r.get("enterprise_code") for r in self.rows}
        may = [r for r in may if r["code"] not in owned]
        suspended = 93 - sum(1 for r in self.rows if r.get("stage") == "suspended")
        chosen = rng.sample(may, suspended + 9)
        for row in chosen[:suspended]:
            row["stage"] = "suspended"
        for row in chosen[suspended:]:
            row["stage"] = "striking_off"
        gone = [
            ("gas-restaurant", "小吃店", 22),
            ("fireworks-retail", "烟花爆竹零售点", 20),
            ("chemical-user", "电镀厂", 12),
            ("filling-station", "加油站", 6),
        ]
        i = 0
        for class_, word, n in gone:
            for _ in range(n):
                i += 1
                attributes: dict[str, Any] = {
                    "gas-restaurant": {"gas": "cylinder", "alarm": False},
                    "fireworks-retail": {"kind": "seasonal", "permit_until": "2024-02-28"},
                    "chemical-user": {"main_chemicals": "盐酸", "approved": False},
                    "filling-station": {"fuel": "petrol", "double_wall": False},
                }[class_]
                self.add(
                    class_,
                    lambda word=word: self.firm() + word,
                    self.street(),
                    attributes,
                    stage="closed" if i % 2 else "struck_off",
                    grade={"value": "low", "basis": f"{MARK}：停业前的研判结论"},
                )
        for _ in range(8):
            self.add(
                "mine",
                lambda: f"{self.firm()}石灰石矿",
                self.on_hill(),
                {"mineral": "石灰石", "method": "open_pit", "illegal": False},
                stage="closed",
                grade={"value": "low", "basis": f"{MARK}：关闭前的研判结论"},
            )

    def grade(self) -> None:
        """Judged grades: the gravest by class and chance, to the wanted numbers; where a policy stands, it decides."""
        rng = stream("grades")
        have: Counter[str] = Counter()
        score: list[tuple[float, dict[str, Any]]] = []
        unknown: list[tuple[float, dict[str, Any]]] = []
        for row in self.rows:
            if row["class"] not in HAZARDS or row.get("stage") in {"closed", "struck_off"}:
                continue
            policy = POLICY.get(row.get("level", {}).get("scale", ""))
            if policy:
                have[policy[row["level"]["value"]]] += 1
                continue
            a = row["attributes"]
            s = WEIGHT.get(row["class"], 0) + rng.gauss(0, 0.75)
            s += 0.7 if a.get("headwater") or a.get("dangerous") or a.get("danger_section") else 0
            s += {"D级": 2.2, "C级": 1.0}.get(a.get("appraisal", ""), 0)
            s += {"三等": 0.8, "Ⅰ级": 0.8, "二级": 0.7, "三级": 0.3}.get(row.get("level", {}).get("value", ""), 0)
            s -= 0.35 if row.get("enterprise_code") is None and row["class"] == "risk-point" else 0
            score.append((s, row))
            u = (
                rng.random()
                + (0.9 if a.get("appraisal") == "未鉴定" else 0)
                + (0.3 if row["class"] in {"construction-site", "chemical-user", "enterprise"} else 0)
            )
            unknown.append((u, row))
        unknown.sort(key=lambda x: (-x[0], x[1]["code"]))
        self.ungraded = {id(r) for _, r in unknown[: WANTED["none"]]}
        left = sorted((x for x in score if id(x[1]) not in self.ungraded), key=lambda x: (-x[0], x[1]["code"]))
        n_major = WANTED["major"] - have["major"]
        majors = [r for _, r in left if r["class"] in MAJOR][:n_major]
        taken = {id(r) for r in majors}
        others = [r for _, r in left if id(r) not in taken]
        cut1 = WANTED["serious"] - have["serious"]
        cut2 = cut1 + WANTED["general"] - have["general"]
        for word, rows in (
            ("major", majors),
            ("serious", others[:cut1]),
            ("general", others[cut1:cut2]),
            ("low", others[cut2:]),
        ):
            for row in rows:
                self._judge(rng, row, word)

    def _judge(self, rng: Any, row: dict[str, Any], word: str) -> None:
        attributes = row["attributes"]
        basis = f"{MARK}：虚构研判"
        if row["class"] == "risk-point":
            order = ["low", "general", "serious", "major"]
            raised = order[min(3, order.index(word) + 1)]
            attributes["control_level"] = {
                "major": "city",
                "serious": "department",
                "general": "town",
                "low": "enterprise",
            }[word]
            attributes["inspect_days"] = {"major": 7, "serious": 15, "general": 30, "low": 90}[word]
            attributes["assessed_on"] = self.date(2024, 2024)
            attributes["review_due"] = self.date(2026, 2027)
            attributes["inherent_grade"] = raised if rng.random() < 0.6 else word
            method = rng.choices(["LEC", "LS", "direct"], [6, 3, 1])[0]
            attributes["method"] = method
            if method == "LEC":
                likely, exposed, grave = rng.choice(LEC[word])
                number = float(likely) * float(exposed) * float(grave)
                attributes |= {"L": likely, "E": exposed, "C": grave}
                basis = f"{MARK}：LEC，D = {likely}×{exposed}×{grave} = {number:g}"
            elif method == "LS":
                likely_, severe = rng.choice(LS[word])
                attributes |= {"L": likely_, "S": severe}
                basis = f"{MARK}：风险矩阵，R = {likely_}×{severe} = {likely_ * severe}"
            else:
                attributes |= {"grade": word, "basis": f"{MARK}：直接判定为{WORD[word]}风险"}
                basis = attributes["basis"]
        row["grade"] = {"value": word, "basis": basis}
        if word in {"major", "serious"} and rng.random() < 0.06:
            row["tags"] = ["挂牌督办"]

    def unplace(self) -> None:
        """Fourteen hazards wait for a position."""
        rng = stream("unplaced")
        referred = {c for r in self.rows for c in (r.get("enterprise_code"), r.get("parent_code"))}
        plain = [
            r
            for r in self.rows
            if r["class"] in {"risk-point", "gas-restaurant", "confined-space", "chemical-user"}
            and r["code"] not in referred
            and "stage" not in r
        ]
        for row in rng.sample(plain, 14):
            row["geometry"] = None
            row["position_quality"] = "none"
            row["verified"] = False

    def show_to(self) -> None:
        """Visibility: what shields people is public; pipelines, the gravest units and some others are for command."""
        rng = stream("visibility")
        for row in self.rows:
            if row["class"] == "fireworks-plant" or (
                row["class"] == "major-hazard" and row["level"]["value"] == "一级"
            ):
                row["visibility"] = "command"
        for row in rng.sample(
            [
                r
                for r in self.rows
                if r["class"] in {"tank-farm", "relief-store", "power-line", "mine"} and "visibility" not in r
            ],
            30,
        ):
            row["visibility"] = "command"

    def unlevel(self) -> None:
        """One unit holds too little, and one's firm is a point without a fence: no level, for two reasons."""
        wanting, small = [r for r in self.rows if r["class"] == "major-hazard"][-2:]
        [held] = small["attributes"]["substances"]
        held["quantity_t"] = "31.2"  # of 50 t
        for name in ("record_no", "filed_on", "assess_due", "r_value"):
            del small["attributes"][name]
        for name in ("exposed_persons", "r_value"):
            del wanting["attributes"][name]
        firm = next(r for r in self.rows if r["code"] == wanting["enterprise_code"])
        del firm["attributes"]["plant_boundary"]
        firm["geometry"] = rounded(anchor_of(firm["geometry"]), 5)

    def finish(self) -> None:
        """Geometry as GeoJSON; keys in one order."""
        order = ["class", "code", "name", "division", "geometry", "position_quality", "enterprise_code", "parent_code", "stage", "source", "verified",
                 "visibility", "valid_from", "tags", "grade", "level", "attributes", "parties"]  # fmt: skip
        for i, row in enumerate(self.rows):
            # What a rule works out of the attributes is not said beside them.
            if row["class"] in COMPUTED and (row["class"] != "enterprise" or "score" in row["attributes"]):
                row.pop("level", None)
            if row["class"] == "risk-point" and row["attributes"].get("method") in {"LEC", "LS"}:
                row.pop("grade", None)
            if row["geometry"] is None:
                row.pop("geometry")
            else:
                row["geometry"] = geojson(row["geometry"], 5)
            for key, usual in (("stage", "in_use"), ("visibility", "department"), ("verified", False)):
                if row.get(key) == usual:
                    del row[key]
            self.rows[i] = {k: row[k] for k in order if k in row}

    def text(self) -> str:
        """One JSON object a line."""
        return "\n".join(dump(r) for r in self.rows) + "\n"
