"""What a report is written from, made up: figures of any size over the shipped catalogue."""

import random
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from riskmap.base.clock import SHANGHAI
from riskmap.catalogue.model import GRADES, NO_LEVEL, OUTSIDE, Catalogue, Class, Policy, Scale
from riskmap.catalogue.rulesets import PRODUCT
from riskmap.catalogue.seed import read_files
from riskmap.paper.imprint import Imprint, check_words
from riskmap.reports.content.facts import Facts

_ITEMS = list(read_files())
CATALOGUE = Catalogue(
    1,
    tuple(sorted((i.body for i in _ITEMS if i.kind == "group"), key=lambda g: g["order"])),
    {i.code: Class.parse(1, i.body) for i in _ITEMS if i.kind == "class"},
    {i.code: Scale.parse(i.body) for i in _ITEMS if i.kind == "scale"},
    {i.code: Policy.parse(i.body | {"adopted": True}) for i in _ITEMS if i.kind == "policy"},
)
AT = datetime(2026, 11, 20, 16, 30, tzinfo=SHANGHAI)


def imprint(**more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "title": "示例市城市安全风险评估报告", "area": "示例市", "number": "FX-2026-001", "version": 1, "state": 412,
        "day": date(2026, 11, 20), "data_at": AT, "check": check_words("ab12" * 16), "selection": "全域；全部分类；全部等级",
        "maker": "示例市应急管理局", "made_by": "someone", "made_at": AT, "draft": True, "mark": "演示数据，非真实",
    }  # fmt: skip
    return Imprint(**(given | more)).body()


def _row(rng: random.Random, most: int) -> dict[str, int]:
    return {g: rng.randint(0, most) for g in GRADES}


def _sum(rows: list[dict[str, int]]) -> dict[str, int]:
    return {g: sum(row[g] for row in rows) for g in GRADES}


def figures(seed: int = 1, *, most: int = 40_000, parts: int = 13) -> dict[str, Any]:
    """Figures that add up, whatever they are; `most` 0: of an empty selection."""
    rng = random.Random(seed)
    classes = {code: _row(rng, most) for code in CATALOGUE.classes if rng.random() < 0.8} if most else {}
    totals = _sum(list(classes.values()))
    total = sum(totals.values())
    divisions, left = [], dict(totals)
    for i in range(parts):
        row = left if i == parts - 1 else {g: rng.randint(0, left[g]) for g in GRADES}
        left = {g: left[g] - row[g] for g in GRADES}
        whole = sum(row.values())
        name = f"示例{'甲乙丙丁戊己庚辛壬癸子丑寅卯'[i % 14]}县" if i else "示例市"
        divisions.append(
            {"code": f"3604{i:02}", "name": name, **row, "total": whole, "unplaced": rng.randint(0, whole)}
        )
    levels: dict[str, Any] = {}
    for code, row in classes.items():
        scale = CATALOGUE.classes[code].scale
        if scale:
            known = [lv.value for lv in CATALOGUE.scales[scale].levels] + [OUTSIDE, NO_LEVEL]
            spread = {value: dict.fromkeys(GRADES, 0) for value in known}
            for g in GRADES:
                for value in known[:-1]:
                    spread[value][g] = rng.randint(0, (row[g] - sum(s[g] for s in spread.values())))
                spread[NO_LEVEL][g] = row[g] - sum(s[g] for s in spread.values())
            levels[scale] = spread
    high = totals["major"] + totals["serious"]
    complete = rng.randint(0, high)
    targets = sum(sum(classes.get(c.code, {}).values()) for c in CATALOGUE.classes.values() if c.role == "target")

    def up_to(n: int) -> int:
        return rng.randint(0, n)

    near = sorted(up_to(targets) for _ in range(3))
    hazards = sum(classes.get("major-hazard", dict.fromkeys(GRADES, 0)).values())
    unplaced = {g: up_to(totals[g]) for g in GRADES}
    clause = [("GB 18218-2018 表6", "verified"), ("GB 39496-2020 等别表", "recall"), ("LEC 四级分档 分级", "verified")]
    return {
        **totals,
        "totals": {"total": total, **totals, "unplaced": sum(unplaced.values())},
        "unplaced": unplaced,
        "by_class": classes,
        "by_division": divisions if parts else [],
        "levels": levels,
        "lists": {
            "major-hazards": {"all": hazards, "overdue": up_to(hazards)},
            "targets": {
                "all": targets, "within-100": near[0], "within-500": near[1], "within-1000": near[2],
                "persons": up_to(most), "unplaced": up_to(targets), "hidden": 0,
            },
            "completeness": {
                "all": high, "complete": complete, "incomplete": high - complete,
                "major-incomplete": up_to(totals["major"]),
                **{f"no-{n}": up_to(high) for n in ("measures", "persons", "interval", "control", "town-hook", "department-hook")},
            },
            "neighbours": {"all": up_to(most), "crossing": up_to(most), "serious": up_to(most)},
        },
        "unknown": {
            "not_assessed": totals["none"], "unplaced": sum(unplaced.values()), "geocoded": up_to(total),
            "guessed": up_to(total), "older_12": up_to(total), "older_24": up_to(total), "recall": up_to(total),
        },
        "ruleset": "shipped",
        "inventory": "矿山 12,345 座、油气管道 7 条 1,120.5 公里。" if most else "",
        "sources": [{"source": "部门排查", "n": total, "verified": up_to(total)}] if total else [],
        "methods": [
            {"how": "computed", "scale": "major-hazard-level", "by": "GB 18218-2018", "ruleset": "shipped",
             "confidence": "recall", "n": hazards},
        ] if most else [],
        "clauses": [{"clause": c, "tag": tag, "n": up_to(most)} for c, tag in clause] if most else [],
    }  # fmt: skip


def major(n: int, name: str = "示例重大风险点") -> list[dict[str, Any]]:
    return [
        {"id": 100 + i, "name": f"{name}{i}", "class": "risk-point", "level": None, "division": "示例县 例湖镇",
         "department": "应急管理局", "placed": i % 7 != 3}
        for i in range(n)
    ]  # fmt: skip


def facts(found: Mapping[str, Any] | None = None, **more: Any) -> Facts:
    given: dict[str, Any] = {
        "imprint": imprint(), "figures": figures() if found is None else found, "catalogue": CATALOGUE,
        "ruleset": PRODUCT, "changes": None, "public": False, "major": major(27), "digits": 6,
        "overview": False,
    }  # fmt: skip
    return Facts(**(given | more))
