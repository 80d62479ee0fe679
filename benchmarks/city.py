"""A city of a told size for the benchmarks: so many enterprises, and beside them exactly so many risks 较大 or worse.

Nothing is by chance but by a seed: the same size is the same city. Grades come with the arithmetic that the product
would keep, dates lie on both sides of today's, risks have a firm and persons in charge.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from million import fill, vacuum
from sqlalchemy import create_engine, text

from riskmap.base.database import superuser_url
from riskmap.base.settings import GEODATA, Settings

DAY = date(2026, 6, 1)  # dates are laid round it, so that they are the same whenever this runs
_GRADES = ("major", "serious", "general", "low")
_WORDS = ("重大风险", "较大风险", "一般风险", "低风险")
_COLOURS = ("红色", "橙色", "黄色", "蓝色")
_DIVISIONS = json.loads((GEODATA / "demo" / "jiujiang" / "divisions.geojson").read_text(encoding="utf-8"))["features"]
_TOWNS = [d["properties"]["code"] for d in _DIVISIONS if d["properties"]["level"] == "town"]
_MAJOR_IN = 20  # one risk in so many is 重大


@dataclass(frozen=True)
class City:
    """How many of each."""

    enterprises: int  # none of them 较大 or worse
    risks: int  # each 较大 or worse
    targets: int  # vulnerable ones, without a grade

    @property
    def objects(self) -> int:
        """All together."""
        return self.enterprises + self.risks + self.targets

    def drawn(self, rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Class and grade of each: the counts are exact, by chance is only which."""
        kind = np.concatenate(
            [
                np.full(self.enterprises, "enterprise", dtype=object),
                rng.choice(["risk-point", "major-hazard", "gas-restaurant"], self.risks, p=[0.9, 0.04, 0.06]),
                rng.choice(["school", "hospital", "care-home"], self.targets, p=[0.6, 0.2, 0.2]),
            ]
        )
        risks = np.full(self.risks, 2)
        risks[::_MAJOR_IN] = 1
        firms = rng.choice([3, 4, 5], self.enterprises, p=[0.25, 0.55, 0.2])
        return kind, np.concatenate([firms, risks, np.full(self.targets, 5)])

    def more(self, kind: str, i: int, grade: int) -> Mapping[str, object]:
        """Town, level, arithmetic, firm and fields of an object."""
        own: dict[str, object] = {"division": _TOWNS[i * 7919 % len(_TOWNS)]}
        if kind == "enterprise":
            return own | _firm(i, grade)
        if grade == 5:
            return own
        own["enterprise"] = 1 + i * 7919 % self.enterprises
        return own | (_hazard(i, grade) if kind == "major-hazard" else _risk(kind, i, grade))


def _day(i: int, span: int) -> str:
    """A day within so many round DAY."""
    return (DAY + timedelta(days=i * 7919 % (2 * span) - span)).isoformat()


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _policy(name: str, level: str, grade: int, basis: str) -> dict[str, object]:
    return {"at": "2026-01-01T00:00:00+08:00", "by": "system", "how": "policy", "rank": grade, "basis": basis,
            "scale": "risk-grade", "value": _GRADES[grade - 1], "inputs": {"level": level}, "policy": name,
            "confidence": "judgement"}  # fmt: skip


def _computed(rule: str, scale: str, standard: str, rank: int, value: str, verdict: str, trace: list[dict[str, str]],
              confidence: str) -> dict[str, object]:  # fmt: skip
    return {"at": "2026-01-01T00:00:00+08:00", "by": "system", "how": "computed", "rank": rank, "rule": rule,
            "scale": scale, "trace": trace, "value": value, "clause": "分级", "inputs": {}, "edition": standard,
            "ruleset": "shipped", "verdict": verdict, "standard": standard, "standing": "graded",
            "confidence": confidence}  # fmt: skip


def _firm(i: int, grade: int) -> dict[str, object]:
    fields: dict[str, object] = {
        "uscc": f"9136{i:07d}MA{i * 7919 % 100_000:05d}", "industry_code": f"{1310 + i % 3000}", "persons": i % 997
    }  # fmt: skip
    if i % 3:
        fields["insured_until"] = _day(i, 400)
    if grade == 5:
        return {"attributes": _json(fields)}
    colour, score = _COLOURS[grade - 1], {3: 75, 4: 92}[grade]
    fields["score"] = score
    clause = {"clause": "应急〔2018〕19号 分级", "tag": "verified"}
    trace = [
        {
            "title": "总分",
            "symbol": "总分",
            "value": f"{score}",
            "formula": "基本分 + Σ加减分",
            "expression": f"{score}",
        },
        {"title": "级别", "symbol": "级别", "value": colour, "formula": "总分 ≥ 90", "expression": f"{score}"} | clause,
    ]
    found = [
        _computed("enterprise-score", "enterprise-score", "应急〔2018〕19号", grade, colour, f"{colour}企业", trace,
                  "verified"),
        _policy("enterprise-score-to-grade", colour, grade, f"企业评估分级对应风险等级：{colour}"),
    ]  # fmt: skip
    return {"attributes": _json(fields), "grading": _json(found), "level_scale": "enterprise-score",
            "level_value": colour, "level_rank": grade}  # fmt: skip


def _risk(kind: str, i: int, grade: int) -> dict[str, object]:
    if kind != "risk-point":
        judged = {"at": "2026-01-01T00:00:00+08:00", "by": "system", "how": "judged", "rank": grade,
                  "basis": "研判", "scale": "risk-grade", "value": _GRADES[grade - 1]}  # fmt: skip
        return {"grading": _json([judged])}
    c = {1: 40, 2: 15}[grade]
    fields = {
        "method": "LEC", "L": 3, "E": 6, "C": c, "accident_types": "火灾、中毒和窒息", "inspect_days": 30,
        "measures": "设置警示标志，限制人员进入，每班巡查并作记录", "emergency_measures": "切断物料，疏散人员，报告",
        "last_inspection": _day(i, 60), "control_level": "enterprise",
    }  # fmt: skip
    if i % 4:
        fields["review_due"] = _day(i + 1, 400)
    score = 18 * c
    trace = [
        {"tag": "recall", "title": "风险值", "value": f"{score}", "clause": "LEC D = L×E×C", "symbol": "D",
         "formula": "L×E×C", "expression": f"3×6×{c}"},
        {"tag": "recall", "title": "风险等级", "value": _GRADES[grade - 1], "clause": "LEC 常用分档 分级",
         "symbol": "级别", "formula": "D", "expression": f"{score}"},
    ]  # fmt: skip
    found = _computed("risk-point", "risk-grade", "LEC 常用分档", grade, _GRADES[grade - 1], _WORDS[grade - 1], trace,
                      "recall")  # fmt: skip
    return {"attributes": _json(fields), "grading": _json([found])}


def _hazard(i: int, grade: int) -> dict[str, object]:
    level = ("一级", "二级")[grade - 1]
    held = [{"no": 65, "name": "甲醇", "table": 1, "quantity_t": 2479.7, "beta_symbol": "W5.3"}]
    fields = {
        "kind": "storage_tank", "substances": held, "filed_on": _day(i, 900), "assess_due": _day(i + 1, 400),
        "exposed_persons": i % 300, "monitored": bool(i % 2), "record_no": f"备〔2025〕{i}号",
    }  # fmt: skip
    trace = [
        {"tag": "verified", "title": "辨识指标", "value": "4.9594", "clause": "GB 18218-2018 4.2.1", "symbol": "S",
         "formula": "q₁/Q₁", "expression": "2479.7/500"},
        {"tag": "verified", "title": "分级指标", "value": "120", "clause": "GB 18218-2018 4.3", "symbol": "R",
         "formula": "α×(β₁×q₁/Q₁)", "expression": "120"},
    ]  # fmt: skip
    found = [
        _computed("gb18218", "major-hazard-level", "GB 18218-2018", grade, level, level, trace, "verified"),
        _policy("major-hazard-level-to-grade", level, grade, f"重大危险源级别对应风险等级：{level}"),
    ]
    return {"attributes": _json(fields), "grading": _json(found), "level_scale": "major-hazard-level",
            "level_value": level, "level_rank": grade}  # fmt: skip


# Of each risk who answers for it and who goes round; of a 重大 one also both hooks.
_PARTIES = """
INSERT INTO object_party (party_id, object_id, role, post, name, phone, known)
OVERRIDING SYSTEM VALUE
SELECT row_number() OVER (ORDER BY o.id, r.role), o.id, r.role, r.post, '', '', int8range(3, NULL)
FROM risk_object AS o CROSS JOIN (VALUES
    ('主要负责人', '厂长', 2), ('巡查', '安全员', 2), ('属地挂钩', '副镇长', 1), ('部门挂钩', '科长', 1)
) AS r (role, post, worst) WHERE o.grade <= r.worst
"""


def build(settings: Settings, city: City) -> None:
    """This city in place of whatever stood in the register."""
    with create_engine(superuser_url(settings)).begin() as connection:
        connection.execute(text("TRUNCATE risk_object, object_version, object_party CASCADE"))
    fill(settings, city.objects, drawn=city.drawn, more_of=city.more)
    with create_engine(superuser_url(settings)).begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text(_PARTIES))
    vacuum(settings)
