"""安全告知书, 安全承诺书, 核查表 of a case: what stands on them, and the templates that say where."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import shapely
import simplejson

from riskmap.admission import paper_fields, service, shown
from riskmap.admission.handout import OUTCOMES
from riskmap.admission.judgement import NONE, WORDS, Verdict
from riskmap.admission.rules import Rules, rules_of
from riskmap.base import clock
from riskmap.base.errors import Conflict
from riskmap.base.settings import Settings
from riskmap.exchange.division_names import division_names_of
from riskmap.paper import docx
from riskmap.paper.templates import Shelf
from riskmap.store.snapshot import Snapshot

PAPERS = {"notice": "安全告知书", "commitment": "安全承诺书", "checklist": "核查表"}


# -- Values ----------------------------------------------------------------------------------


def _spot(snapshot: Snapshot, case: Mapping[str, Any]) -> str:
    """Where the place is that was asked about: its division, and a point on it."""
    at = shapely.geometry.shape(simplejson.loads(case["geometry"])).representative_point()
    code = case["answer"].get("division", case["division"])
    where = division_names_of(snapshot).words(code) if code else ""
    return f"{where}（东经 {at.x:.6f}°，北纬 {at.y:.6f}°，CGCS2000）"


def _day(value: Any) -> str:
    return f"{value.year} 年 {value.month} 月 {value.day} 日" if value else ""


def _day_said(text: str | None) -> str:
    return _day(date.fromisoformat(text)) if text else ""


def values(snapshot: Snapshot, case: Mapping[str, Any], mark: str | None) -> dict[str, Any]:
    """What a template may name, as text for whom the paper is handed to: masked beyond the reader's own rights."""
    given, answer = case["request"], case["answer"]
    told = service.shown_answer(snapshot, answer, paper=True)
    hits = [row for row in told["hits"] if row["consequence"] != NONE]
    signed = case["signed_at"] is not None
    verdict = case["signed_verdict"] if signed else case["verdict"]
    rows = [_hit(n, row) for n, row in enumerate(hits, 1)]
    found = case["findings"] or {}
    context = service.context(snapshot, case["ruleset"], case["state"], case["day"])
    division = case["division"]
    return {
        "案号": case["number"],
        "名称": case["name"],
        "统一社会信用代码": case["uscc"] or "",
        "主要负责人": given["applicant"].get("person") or "",
        "地址": case["address"],
        "地点": _spot(snapshot, case),
        "行业代码": case["industry_code"] or "",
        "经营范围": given["trade"].get("scope") or "",
        "风险事项": "、".join(tag["title"] for tag in answer["trade"]),
        "镇街": division_names_of(snapshot).words(division) if division else "",
        "承办部门": case["department"],
        "办理期限": _day(case["due"]),
        "立案日期": _day(case["made_at"]),
        "建议": WORDS[Verdict(case["verdict"])],
        "结论": WORDS[Verdict(verdict)],
        "说明": told["sentence"],
        "已签署": signed,
        "签署人": case["signed_by"] or "",
        "签署说明": case["signed_note"] or "",
        "日期": _day(case["signed_at"] or clock.today()),
        "草稿": "" if signed else "草稿（未签署，不作为依据）",
        "演示": mark or "",
        "命中": rows,
        "有待核": any(row["标记"] == shown.SURE["recall"] for row in rows),
        "没有数据": list(dict.fromkeys(row["title"] for row in shown.lacking(answer))),
        "许可": _permits(_rules(snapshot, case), case["tags"]),
        "位置误差": shown.limit(float(case["uncertainty_m"])),
        "状态号": str(case["state"]),
        "数据日期": _day(case["day"]),
        "规则集": context["ruleset_title"] or "",
        "核查结果": OUTCOMES.get(found.get("outcome", ""), ""),
        "核查人员": "、".join(found.get("checkers", ())),
        "核查日期": _day_said(found.get("on")),
        "核查意见": found.get("note", ""),
        "整改期限": _day_said(found.get("rectify_by")),
        "项目": list(_items(found, hits)),
    }


def _hit(n: int, row: Mapping[str, Any]) -> dict[str, Any]:
    one = row["object"]["name"] if row["object"] else row["masked"] or ""
    measured, needed = row["measured_m"], row["required_m"]
    return {
        "序号": str(n),
        "规则": row["title"],
        "依据": row["basis"],
        "标记": row["sure"],
        "对象": one,
        "实测": "" if measured is None else shown.metres(measured, needed),
        "应有": "" if needed is None else shown.limit(needed),
        "结论": WORDS[Verdict(row["consequence"])],
        "说明": row["words"],
    }


def _rules(snapshot: Snapshot, case: Mapping[str, Any]) -> Rules:
    """Those that the case was decided by."""
    return rules_of(snapshot.as_of_day(case["state"], case["day"]).catalogue.ruleset_at(case["day"]))


def _permits(rules: Rules, tags: list[str]) -> list[dict[str, str]]:
    """What has to be applied for, before the licence and after it."""
    out = []
    for code in tags:
        tag = rules.tags.get(code)
        if tag is not None and (tag.licence or tag.permits):
            row = {"事项": tag.title, "前置": tag.licence, "许可": tag.permits, "部门": tag.department}
            out.append(row)
    return out


def _items(found: Mapping[str, Any], hits: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """What was looked at, or what is to be."""
    if found.get("items"):
        words = {True: "合格", False: "不合格", None: "不适用"}
        for n, row in enumerate(found["items"], 1):
            yield {"序号": str(n), "项目": row["item"], "结果": words[row["ok"]], "说明": row["note"]}
        return
    told = [*shown.ITEMS, *(f"现场核对：{row['words']}" for row in hits)]
    for n, item in enumerate(told, 1):
        yield {"序号": str(n), "项目": item, "结果": "", "说明": ""}


# -- Papers ----------------------------------------------------------------------------------


def paper(snapshot: Snapshot, settings: Settings, number: str, kind: str, mark: str | None) -> tuple[str, bytes]:
    """A paper of a case that the reader may see: its file name, and the file. Raises NotFound, Conflict, Invalid."""
    case = service.find(snapshot, number)
    if case["answer"] is None:
        raise Conflict("地点还没有落实，尚未核验，没有文书可打。请先落位。", code="unplaced")
    draft = "" if case["signed_at"] else "（草稿）"
    name = f"{PAPERS[kind]}{draft}-{case['number']}.docx"
    return name, docx.render(SHELF.in_use(settings, kind).body, values(snapshot, case, mark))


# -- Templates -------------------------------------------------------------------------------

SHELF = Shelf("admission", PAPERS, paper_fields.sample, paper_fields.told)
