"""安全告知书, 安全承诺书, 核查表 of a case: what stands on them, and the templates that say where."""

import contextlib
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import shapely
import simplejson
from sqlalchemy import Connection

from riskmap.access.reader import Reader
from riskmap.admission import paper_fields, service, shown
from riskmap.admission.handout import OUTCOMES
from riskmap.admission.judgement import NONE, WORDS, Verdict
from riskmap.admission.rules import Rules, rules_of
from riskmap.base import audit, clock
from riskmap.base.errors import Conflict, Invalid, NotFound, TooLarge
from riskmap.base.settings import GEODATA, Settings
from riskmap.exchange.division_names import division_names_of
from riskmap.paper import docx
from riskmap.store.snapshot import Snapshot

SHIPPED = GEODATA / "templates" / "admission"
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
    return name, docx.render(template(settings, kind).body, values(snapshot, case, mark))


# -- Templates -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Template:
    """A template in use."""

    kind: str
    own: bool  # the bureau's, else the shipped one
    body: bytes


def _own(settings: Settings, kind: str) -> Path:
    return settings.data_dir / "templates" / "admission" / f"{kind}.docx"


@lru_cache(len(PAPERS))
def _shipped(kind: str) -> bytes:
    return (SHIPPED / f"{kind}.docx").read_bytes()


def template(settings: Settings, kind: str) -> Template:
    """The bureau's own, else the shipped one."""
    path = _own(settings, kind)
    if path.exists():
        return Template(kind, True, path.read_bytes())
    return Template(kind, False, _shipped(kind))


def shipped(kind: str) -> Template:
    """The one that comes with the product."""
    return Template(kind, False, _shipped(kind))


def _note(path: Path) -> Path:
    return path.with_suffix(".json")


def _kept(path: Path) -> dict[str, Any]:
    """Since when a bureau's own is in force and by whom; of one that was put there by hand only when."""
    out: dict[str, Any] = {"since": datetime.fromtimestamp(path.stat().st_mtime, UTC), "by": None, "name": None}
    with contextlib.suppress(OSError, ValueError):
        note = json.loads(_note(path).read_text("utf-8"))
        if note["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest():
            out |= {"since": datetime.fromisoformat(note["at"]), "by": note["by"], "name": note["name"]}
    return out


def listed(settings: Settings) -> dict[str, Any]:
    """All templates, since when and by whom, and the names that they may hold."""
    items = []
    for kind, title in PAPERS.items():
        path = _own(settings, kind)
        own = path.exists()
        kept = _kept(path) if own else {"since": None, "by": None, "name": None}
        items.append({"kind": kind, "title": title, "own": own, "bytes": len(template(settings, kind).body), **kept})
    return {"items": items, "fields": paper_fields.told(), "most_bytes": docx.MOST_TEMPLATE}


def try_template(body: bytes) -> None:
    """Fill it as a trial. Raises Invalid with what is wrong, TooLarge."""
    if len(body) > docx.MOST_TEMPLATE:
        raise TooLarge(f"模板过大，最多 {docx.MOST_TEMPLATE >> 20} MB。请去掉大图后再上传。")
    if not body:
        raise Invalid("文件是空的（0 字节），请重新选择文件。", code="empty_file")
    docx.render(body, paper_fields.sample())


def keep_template(
    connection: Connection, settings: Settings, reader: Reader, kind: str, body: bytes, name: str
) -> None:
    """Take a bureau's own that passed its trial, with who gave it and when."""
    path = _own(settings, kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    audit.record(
        connection, reader.name, "update", "template", kind, address=reader.address,
        after={"bytes": len(body), "name": name},
    )  # fmt: skip
    told = {"sha256": hashlib.sha256(body).hexdigest(), "at": clock.now().isoformat(), "by": reader.name, "name": name}
    # The note first: one without its file is not believed, since it names the file's bytes.
    _write(_note(path), json.dumps(told, ensure_ascii=False).encode())
    _write(path, body)


def _write(path: Path, body: bytes) -> None:
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def drop_template(connection: Connection, settings: Settings, reader: Reader, kind: str) -> None:
    """Back to the shipped one. Raises NotFound where there is none of the bureau's own."""
    path = _own(settings, kind)
    if not path.exists():
        raise NotFound(f"{PAPERS[kind]}用的就是随产品的模板，没有本局自己的。", code="no_own_template")
    audit.record(connection, reader.name, "delete", "template", kind, address=reader.address)
    path.unlink(missing_ok=True)
    _note(path).unlink(missing_ok=True)
