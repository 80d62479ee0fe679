"""Cases: ask, keep, ask again from the frozen state, check on site, sign, close."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

import shapely
import simplejson
from sqlalchemy import Connection

from riskmap.access.reader import SYSTEM, Reader
from riskmap.admission import departments, place, queries, shown, trade
from riskmap.admission.days import DUE_DAYS, calendar
from riskmap.admission.enquiry import Answer, Applicant, DataDates, Enquiry, as_holding
from riskmap.admission.judgement import WORDS, Verdict
from riskmap.admission.place import Placed
from riskmap.admission.rules import Rules, rules_of, words_of
from riskmap.admission.wire import Check, Place, Size, Storage
from riskmap.base import audit, clock, database
from riskmap.base.crs import CGCS2000
from riskmap.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from riskmap.engine.interface import Engine
from riskmap.exchange.datum import DATUMS
from riskmap.exchange.division_names import division_names_of
from riskmap.standards import gb18218, gb32100
from riskmap.standards.result import Checks, Refused
from riskmap.store.snapshot import Snapshot

NOT_FOUND = "没有这个准入案，或您无权查看。"


@dataclass(frozen=True, slots=True)
class House:
    """What of the running service an enquiry needs beside the snapshot."""

    engine: Engine
    bounds: tuple[float, float, float, float]
    demo: bool  # whether demo rows of the negative list count
    dates: DataDates = field(default_factory=DataDates)


def ensure_may_ask(reader: Reader) -> None:
    """Whoever is signed in at department tier, but the auditor. Raises Forbidden."""
    if not reader.sees_inner or reader.role == "auditor":
        raise Forbidden("当前账号不能做准入核验。请联系管理员开通。")


def ensure_may_handle(reader: Reader) -> None:
    """Whoever may write the register. Raises Forbidden."""
    if not reader.writes:
        raise Forbidden("当前账号只能查看，不能办理准入案。需要办理，请登录有编辑权限的账号。")


def ensure_may_keep(reader: Reader) -> None:
    """Who may make a case of an answer. Raises Forbidden."""
    if not reader.writes:
        raise Forbidden("查看账号可以试查，不能立案。需要立案，请用有编辑权限的账号。", code="may_not_keep")


def holds(reader: Reader, division: str, department: str) -> bool:
    """Whether a division and department are in this reader's charge."""
    in_area = not reader.areas or division.startswith(reader.area_prefixes)
    return in_area and (not reader.departments or department in reader.departments)


def may_handle(reader: Reader, case: Mapping[str, Any]) -> bool:
    """Whether this reader may check a case on site and hand it out."""
    return reader.writes and holds(reader, case["division"], case["department"])


_MAY_NOT_SIGN = "当前账号没有签署权。请由有签署权的人员签署。"


def why_may_not_sign(reader: Reader, case: Mapping[str, Any]) -> str | None:
    """Why this reader may not sign a case, in words: who signs answers for what is there, and sees it."""
    if "sign" not in reader.may:
        return _MAY_NOT_SIGN
    if case["answer"] is not None and not holds(reader, case["division"], case["department"]):
        return "这个准入案不在您的管理区域或部门内，不能签署。请由承办的镇街、部门或上级中有签署权的人员签署。"
    return None


# -- Asking -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """An enquiry that has its answer."""

    given: Check
    placed: Placed
    applicant: Applicant
    rules: Rules
    answer: Answer
    warnings: tuple[str, ...]


def ask(snapshot: Snapshot, house: House, given: Check, own: str | None = None) -> Asked:
    """Find the place, the tags and the answer, by the rules in force today; `own`: a case of it that is there already.

    Raises Invalid with all that is wrong.
    """
    rules = rules_of(snapshot.catalogue.ruleset_at(snapshot.moment.day))
    found, industry, warnings = _trade(rules, given)
    warnings += check_storage(given.size, rules) + _known(snapshot, given, own)
    placed = place.find(snapshot, given.place, house.bounds)
    applicant = applicant_of(given, found, industry, placed)
    return Asked(given, placed, applicant, rules, answer_of(snapshot, house, rules, applicant), tuple(warnings))


def ask_placed(snapshot: Snapshot, house: House, rules: Rules, given: Check, placed: Placed) -> Asked:
    """One of many, whose place is found already; the snapshot is SYSTEM's. Raises Invalid."""
    found, industry, warnings = _trade(rules, given)
    applicant = applicant_of(given, found, industry, placed)
    answer = Enquiry(snapshot, house.engine, rules, applicant, house.demo).answer(house.dates)
    return Asked(given, placed, applicant, rules, answer, tuple(warnings))


def answer_of(snapshot: Snapshot, house: House, rules: Rules, applicant: Applicant) -> Answer:
    """Decided over all live objects, whoever asks."""
    with database.under(snapshot.connection, SYSTEM.settings()):
        return Enquiry(replace(snapshot, reader=SYSTEM), house.engine, rules, applicant, house.demo).answer(house.dates)


def applicant_of(given: Check, found: Sequence[trade.Found], industry: str | None, placed: Placed) -> Applicant:
    size = {k: v for k, v in given.size.model_dump(exclude={"storage"}).items() if v is not None}
    storage = [{k: v for k, v in row.model_dump().items() if v is not None} for row in given.size.storage]
    return Applicant(
        given.applicant.name,
        tuple(found),
        industry,
        placed.shape,
        placed.uncertainty_m,
        placed.division,
        size | {"storage": storage},
        placed.enterprise,
    )


def _trade(rules: Rules, given: Check) -> tuple[list[trade.Found], str | None, list[str]]:
    errors, warnings = [], []
    said = given.trade
    industry = None
    if said.industry_code:
        industry = trade.trade_code(said.industry_code)
        if industry is None:
            message = f"“{said.industry_code}”不是 GB/T 4754 的行业代码：应为 2 至 4 位数字，前面可带门类字母"
            errors.append(FieldError("trade.industry_code", "bad_code", message))
    for name, codes in (("tags", said.tags), ("without", said.without)):
        for i, code in enumerate(codes):
            if code not in rules.tags or rules.tags[code].of or rules.tags[code].side == "place":
                errors.append(FieldError(f"trade.{name}.{i}", "unknown_tag", f"没有“{code}”这个标签"))
    if not (said.scope or said.industry_code or said.tags):
        message = "请填写经营范围、行业代码，或选择标签：至少一项"
        errors.append(FieldError("trade.scope", "missing", message))
    if errors:
        raise Invalid("行业或经营范围有误，请改正后再核验", errors=errors)
    found = trade.find(rules, said.scope, industry, said.tags, said.without)
    if not found:
        warnings.append("经营范围和行业代码中没有识别出有关的事项；若有，请手工选标签后重新核验")
    if given.applicant.uscc and (fault := gb32100.fault(given.applicant.uscc)):
        warnings.append(fault)
    return found, industry, warnings


def _known(snapshot: Snapshot, given: Check, own: str | None) -> list[str]:
    """Cases that this entity has already, of those that the reader may see."""
    who, code = given.applicant, given.applicant.uscc
    number = queries.known_codes(snapshot.connection, [code]).get(code) if code and gb32100.identifies(code) else None
    if number is None and who.name:
        number = queries.known_names(snapshot.connection, [who.name]).get((who.name, who.address))
    return [f"这个申请人已有准入案 {number}；确需另立一案的可以继续"] if number not in {None, own} else []


def check_storage(size: Size, rules: Rules) -> list[str]:
    """Check what is to be stored. Raises Invalid with the faults that GB 18218 finds, each at its field."""
    errors, warnings = [], []
    rows = []
    for i, row in enumerate(size.storage):
        at = f"size.storage.{i}"
        if row.table is None and row.fire_class is None:
            errors.append(FieldError(f"{at}.table", "missing", f"第 {i + 1} 项储存：请选物质或火灾危险性类别"))
        if row.fire_class is not None and row.table is None and row.volume_m3 is None:
            errors.append(FieldError(f"{at}.volume_m3", "missing", f"第 {i + 1} 项储存：请填写容积"))
        if row.largest_m3 is not None and row.volume_m3 is not None and row.largest_m3 > row.volume_m3:
            errors.append(FieldError(f"{at}.largest_m3", "above_total", f"第 {i + 1} 项储存：单罐容积大于总容积"))
        if row.density is not None and row.density == 0:
            errors.append(FieldError(f"{at}.density", "zero", f"第 {i + 1} 项储存：密度应大于 0"))
        if row.table is not None:
            if row.quantity_t is None and (row.volume_m3 is None or row.density is None):
                warnings.append(f"第 {i + 1} 项储存没有数量（或容积和密度），未作重大危险源辨识")
            else:
                rows.append((i, row))
            if other := _other_substance(row, rules):
                warnings.append(f"第 {i + 1} 项储存{other}")
    if rows and not errors:
        try:
            holdings = [as_holding({k: v for k, v in row.model_dump().items() if v is not None}) for _, row in rows]
            checks = Checks()
            gb18218.shares(holdings, gb18218.Tables.of(rules.book), checks)
            checks.refuse()
        except Refused as refused:
            errors += [_storage_fault(f.field, f.code, f.message, [i for i, _ in rows]) for f in refused.faults]
    if errors:
        raise Invalid("储存的填写有误，请改正后再核验", errors=errors)
    return warnings


def _other_substance(given: Storage, rules: Rules) -> str | None:
    """That a name is not that of the row of table 1 that was chosen, in words; the row counts."""
    said = unicodedata.normalize("NFKC", given.name or "").replace(" ", "")
    if not said or given.table != 1 or given.no is None:
        return None
    row = next((r for r in rules.book["gb18218-2018-table1"].rows if r.number("no") == given.no), None)
    if row is None:
        return None  # that there is none is told with the shares
    names = [row.text("name"), *words_of(row.text("alias"))]
    plain = [unicodedata.normalize("NFKC", name).replace(" ", "") for name in names]
    if any(name in said for name in plain):
        return None
    own = row.text("name")
    return f"写的是“{given.name}”，所选的表1第 {given.no} 项是“{own}”，两者不符：按“{own}”计算，请核对"


_COLUMN = {"row": "no", "categories": "symbol", "density_t_m3": "density"}


def _storage_fault(field: str, code: str, message: str, lines: Sequence[int]) -> FieldError:
    _, number, column = [*field.split("."), "", ""][:3]
    at = lines[int(number)] if number.isdigit() else 0
    return FieldError(f"size.storage.{at}.{_COLUMN.get(column, column)}", code, message)


# -- Keeping --------------------------------------------------------------------------------


def keep(connection: Connection, reader: Reader, snapshot: Snapshot, asked: Asked, demo: bool, channel: str) -> str:
    """Write the case of an answer, in a transaction of the reader's; its number."""
    now = clock.now()
    row = case_row(asked.given, reader, channel, now) | answered(snapshot, asked, demo)
    row["due"] = calendar(connection).after(now.date(), DUE_DAYS)
    number = queries.take_number(connection, now.year)
    case_id = queries.add_case(connection, row | {"number": number})
    made = {"verdict": str(asked.answer.verdict), "hits": len(asked.answer.hits)}
    queries.add_event(connection, case_id, reader.name, "made", WORDS[asked.answer.verdict], made)
    queries.add_event(
        connection, case_id, reader.name, "assigned", "", {"division": row["division"], "due": row["due"]}
    )
    audit.record(
        connection, reader.name, "ask", "admission", number,
        address=reader.address, state=snapshot.moment.n, after=made,
    )  # fmt: skip
    return number


def case_row(given: Check, reader: Reader, channel: str, now: datetime) -> dict[str, Any]:
    """The columns of a case that its request says."""
    return {
        "made_at": now,
        "made_by": reader.name,
        "account_id": reader.account_id,
        "channel": channel,
        "name": given.applicant.name,
        "uscc": given.applicant.uscc or None,
        "address": given.applicant.address or given.place.address or "",
        "industry_code": given.trade.industry_code or None,
        "request": given.model_dump(mode="python"),
        "status": "unplaced",
    }


def answered(snapshot: Snapshot, asked: Asked, demo: bool) -> dict[str, Any]:
    """The columns of a case that its answer says."""
    placed = asked.placed
    named = [found.tag.department for found in asked.applicant.trade if found.tag.department]
    return {
        "tags": sorted(asked.applicant.tags),
        "geom": shapely.to_wkb(shapely.set_srid(placed.shape, CGCS2000), hex=True, include_srid=True),
        "uncertainty_m": placed.uncertainty_m,
        "division": placed.division,
        "department": named[0] if named else departments.DEFAULT,
        "state": snapshot.moment.n,
        "day": snapshot.moment.day,
        "ruleset": asked.rules.ruleset.code,
        "demo": demo,
        "answer": asked.answer.body()
        | {
            "trade": [found.body() for found in asked.applicant.trade],
            "without": _without(asked),
            "warnings": list(asked.warnings),
            "how": placed.how,
            "division": placed.division,  # where it lies, whoever it is handed out to
            "enterprise": placed.enterprise,
            "original": placed.original,
        },
        "verdict": str(asked.answer.verdict),
        "status": "assigned",
    }


# -- Reading --------------------------------------------------------------------------------


def find(snapshot: Snapshot, number: str) -> dict[str, Any]:
    """A case that the reader may see. Raises NotFound."""
    case = queries.case(snapshot.connection, number)
    if case is None:
        raise NotFound(NOT_FOUND)
    return case


def standing(case: Mapping[str, Any], today: date) -> str:
    """Where it stands: as `queries.STANDINGS` counts it."""
    if case["status"] == "assigned" and case["due"] is not None and case["due"] < today:
        return "overdue"
    return str(case["status"])


def shown_answer(snapshot: Snapshot, answer: Mapping[str, Any], *, paper: bool = False) -> dict[str, Any]:
    """An answer as the reader gets it, with its sentence."""
    hits = shown.masked(snapshot, answer["hits"], paper=paper)
    near = shown.masked(snapshot, answer["near"], paper=paper)
    for row in hits:
        row["words"] = shown.reason(row)
    for row in near:
        row["words"] = shown.passes(row)
    for row in (*hits, *near):
        row["sure"] = shown.sure(row["basis"], row["confidence"])
    verdict = Verdict(answer["verdict"])
    return {
        "verdict": str(verdict),
        "verdict_title": WORDS[verdict],
        "sentence": shown.sentence(answer, hits, near),
        "hits": hits,
        "near": near,
        "asked": [row | {"sure": shown.sure(row["basis"], row["confidence"])} for row in answer["asked"]],
        "lacking": [row["rule"] for row in shown.lacking(answer)],
    }


def _without(asked: Asked) -> list[dict[str, str]]:
    """Tags that the officer took away, with their titles of that day."""
    return [{"tag": code, "title": asked.rules.tags[code].title} for code in asked.given.trade.without]


def preview(snapshot: Snapshot, asked: Asked) -> dict[str, Any]:
    """The answer without a case."""
    placed = asked.placed
    return {
        "case": None,
        **shown_answer(snapshot, asked.answer.body() | {"trade": [found.body() for found in asked.applicant.trade]}),
        **context(snapshot, asked.rules.ruleset.code, snapshot.moment.n, snapshot.moment.day),
        "trade": [found.body() for found in asked.applicant.trade],
        "without": _without(asked),
        "warnings": list(asked.warnings),
        "place": _place(snapshot, simplejson.loads(shapely.to_geojson(placed.shape)), placed.uncertainty_m,
                        placed.division, placed.how, placed.original),
    }  # fmt: skip


def context(snapshot: Snapshot, ruleset: str | None, n: int | None, day: date | None) -> dict[str, Any]:
    """What an answer rests on: rule set, state and day."""
    title = next((r.title for r in snapshot.catalogue.rulesets if r.code == ruleset), None)
    return {
        "ruleset": ruleset,
        "ruleset_title": title or ("随产品的规则" if ruleset == "shipped" else ruleset),
        "state": n,
        "day": day.isoformat() if day else None,
    }


def _place(
    snapshot: Snapshot,
    geometry: Any,
    uncertainty_m: float | None,
    division: str,
    how: str | None,
    original: Mapping[str, Any] | None,
) -> dict[str, Any]:
    return {
        "geometry": geometry,
        "uncertainty_m": uncertainty_m,
        "division": division or None,
        "division_name": division_names_of(snapshot).words(division) if division else None,
        "how": how,
        "original": _datum_told(original),
    }


def _datum_told(numbers: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The sender's own numbers, their datum by its name too."""
    if numbers is None or numbers.get("crs") is None:
        return None if numbers is None else dict(numbers)
    return {**numbers, "crs_title": DATUMS[numbers["crs"]].title if numbers["crs"] in DATUMS else numbers["crs"]}


def _sent(case: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a daily file says of where it is; while the case waits also why, and what may be meant."""
    sent = case["sent"]
    if sent is None:
        return None
    waiting = case["status"] == "unplaced"
    return {
        **(_datum_told(sent) or {}),
        "waits": place.waits(sent) if waiting else None,
        "suggested": place.suggested(sent) if waiting else None,
    }


# Conclusions that rest on a look on site: without its result there is nothing to close.
_AFTER_CHECK = (Verdict.CHECK, Verdict.RECTIFY)


def why_not_closed(case: Mapping[str, Any]) -> tuple[str, str] | None:
    """Why a signed copy would not close it, as a code and in words; None where it would."""
    if case["signed_at"] is None:
        return "not_signed", "结论还没有签署，不能上传签字扫描件结案。请先签署。"
    if case["closed_at"] is not None:
        at = case["closed_at"].strftime("%Y-%m-%d %H:%M")
        return "closed", f"已由 {case['closed_by']} 于 {at} 结案，不能再上传签字扫描件。"
    if case["signed_verdict"] in _AFTER_CHECK and case["status"] == "assigned":
        lacking = "整改还没有复查合格" if case["findings"] else "还没有登记现场核查结果"
        words = f"所签结论是“{WORDS[Verdict(case['signed_verdict'])]}”，{lacking}，不能上传签字扫描件结案。请先登记。"
        return "not_checked", words
    return None


def body(snapshot: Snapshot, case: Mapping[str, Any]) -> dict[str, Any]:
    """A case as the reader gets it."""
    today = clock.today()
    answer = case["answer"]
    names = calendar(snapshot.connection)
    events = queries.events(snapshot.connection, case["case_id"])
    open_ = why_not_closed(case)
    out: dict[str, Any] = {
        "case": case["number"],
        "made_at": case["made_at"],
        "made_by": case["made_by"],
        "channel": case["channel"],
        "batch": case["batch_id"],
        "line": case["line"],
        "request": case["request"],
        "applicant": case["request"]["applicant"],
        "tags": case["tags"],
        "status": case["status"],
        "standing": standing(case, today),
        "town": case["division"] or None,
        "town_name": division_names_of(snapshot).words(case["division"]) if case["division"] else None,
        "department": case["department"] or None,
        "due": case["due"],
        "due_note": names.note(case["made_at"].date(), case["due"]) if case["due"] else None,
        "findings": case["findings"],
        "checklist": shown.checklist(answer["hits"]) if answer else [],
        "checked": case["checked_at"] and {"at": case["checked_at"], "by": case["checked_by"]},
        "signed": case["signed_at"]
        and {
            "at": case["signed_at"],
            "by": case["signed_by"],
            "verdict": case["signed_verdict"],
            "verdict_title": WORDS[Verdict(case["signed_verdict"])],
            "note": case["signed_note"],
        },
        "not_closed": open_[1] if open_ else None,
        "may_not_sign": why_may_not_sign(snapshot.reader, case),
        "closed": case["closed_at"] and {"at": case["closed_at"], "by": case["closed_by"]},
        "events": events,
        "files": queries.files(snapshot.connection, case["case_id"]),
        **context(snapshot, case["ruleset"], case["state"], case["day"]),
        "place": None,
        "sent": _sent(case),
        "may": {
            "sign": why_may_not_sign(snapshot.reader, case) is None,
            "place": case["status"] == "unplaced" and snapshot.reader.writes,
            "write": snapshot.reader.writes,
            "handle": case["status"] != "unplaced" and may_handle(snapshot.reader, case),
            "file": snapshot.reader.writes,
        },
    }
    if answer is None:
        why = place.waits(case["sent"] or {})
        code = case["uscc"] and gb32100.fault(case["uscc"])
        return out | {"verdict": None, "verdict_title": None,
                      "sentence": f"地点还没有落实，尚未核验{f'：{why}' if why else ''}。",
                      "hits": [], "near": [], "asked": [], "lacking": [], "trade": [], "without": [],
                      "warnings": [code] if code else []}  # fmt: skip
    geometry = simplejson.loads(case["geometry"])
    return out | {
        **shown_answer(snapshot, answer),
        "trade": answer["trade"],
        "without": answer.get("without", []),
        "warnings": answer["warnings"],
        "place": _place(
            snapshot,
            geometry,
            case["uncertainty_m"],
            answer.get("division", case["division"]),
            answer["how"],
            answer.get("original"),
        ),
    }


_LISTED = (
    "made_at", "made_by", "channel", "name", "uscc", "address", "tags", "state", "due", "line", "verdict", "status",
    "department", "ruleset",
)  # fmt: skip


def listed(snapshot: Snapshot, filters: Mapping[str, Any], limit: int, before: int | None) -> dict[str, Any]:
    """A page of cases, newest first, with the figures that add up to all."""
    today = clock.today()
    rows = queries.cases(snapshot.connection, filters, today, limit + 1, before)
    names = division_names_of(snapshot)
    items = []
    for row in rows[:limit]:
        verdict = row["verdict"]
        items.append(
            {
                "case": row["number"],
                **{name: row[name] for name in _LISTED},
                "batch": row["batch_id"],
                "standing": standing(row, today),
                "verdict_title": WORDS[Verdict(verdict)] if verdict else None,
                "town": row["division"] or None,
                "town_name": names.words(row["division"]) if row["division"] else None,
                "signed": row["signed_at"] and {"at": row["signed_at"], "by": row["signed_by"],
                                                "verdict": row["signed_verdict"]},
                "closed_at": row["closed_at"],
                "waits": place.waits(row["sent"] or {}) if row["status"] == "unplaced" else None,
                "position": [row["lon"], row["lat"]] if row["lon"] is not None else None,
            }
        )  # fmt: skip
    answer: dict[str, Any] = {
        "items": items,
        "next": rows[limit - 1]["case_id"] if len(rows) > limit else None,
        "today": today.isoformat(),
    }
    if before is None:
        answer["counts"] = queries.counts(snapshot.connection, filters, today)
        answer["total"] = answer["counts"][filters.get("standing") or "total"]
    return answer


# -- What happens to a case -----------------------------------------------------------------------


def locked(connection: Connection, number: str) -> dict[str, Any]:
    """A case held for a change. Raises NotFound."""
    case = queries.case(connection, number, lock=True)
    if case is None:
        raise NotFound(NOT_FOUND)
    return case


def sign(snapshot: Snapshot, number: str, verdict: str, note: str) -> dict[str, Any]:
    """A named officer stands for the conclusion, once. Raises Forbidden, Conflict, Invalid."""
    reader, connection = snapshot.reader, snapshot.connection
    if "sign" not in reader.may:
        raise Forbidden(_MAY_NOT_SIGN, code="may_not_sign")
    case = locked(connection, number)
    if case["answer"] is None:
        raise Conflict("地点还没有落实，尚未核验，不能签署。", code="unplaced")
    if (why := why_may_not_sign(reader, case)) is not None:
        raise Forbidden(why, code="not_in_charge")
    if case["signed_at"] is not None:
        at = case["signed_at"].strftime("%Y-%m-%d %H:%M")
        raise Conflict(f"已由 {case['signed_by']} 于 {at} 签署，不能再签。", code="already_signed")
    if verdict != case["verdict"] and not note:
        words = f"所签结论与核验建议（{WORDS[Verdict(case['verdict'])]}）不同，请写明理由"
        raise Invalid("请写明理由", errors=[FieldError("note", "missing", words)])
    now = clock.now()
    changes = {"signed_at": now, "signed_by": reader.name, "signed_verdict": verdict, "signed_note": note}
    queries.change_case(connection, case["case_id"], changes)
    kept = {"verdict": verdict, "advised": case["verdict"], "note": note}
    queries.add_event(connection, case["case_id"], reader.name, "signed", WORDS[Verdict(verdict)], kept)
    audit.record(connection, reader.name, "sign", "admission", number, address=reader.address, after=kept)
    return body(snapshot, find(snapshot, number))


def _ensure_waits(case: Mapping[str, Any]) -> None:
    if case["status"] != "unplaced":
        raise Conflict("这个准入案已经落位核验。换地点请另立新案。", code="placed")


def ask_waiting(snapshot: Snapshot, house: House, number: str, given: Place) -> Asked:
    """A case that waits asked at its place, by today's state and rules. Raises NotFound, Conflict, Invalid."""
    case = find(snapshot, number)
    _ensure_waits(case)
    return ask(snapshot, house, Check.model_validate(case["request"]).model_copy(update={"place": given}), number)


def put_in_place(
    connection: Connection, reader: Reader, snapshot: Snapshot, asked: Asked, demo: bool, number: str
) -> None:
    """Write the answer of a case that waited, and hand it out. Raises Conflict where somebody else was first."""
    case = locked(connection, number)
    _ensure_waits(case)
    changes = answered(snapshot, asked, demo)
    changes["request"] = asked.given.model_dump(mode="python")
    changes["due"] = calendar(connection).after(clock.today(), DUE_DAYS)
    queries.change_case(connection, case["case_id"], changes)
    queries.add_event(
        connection,
        case["case_id"],
        reader.name,
        "placed",
        WORDS[asked.answer.verdict],
        {"division": asked.placed.division},
    )
    audit.record(
        connection, reader.name, "place", "admission", number,
        address=reader.address, state=snapshot.moment.n, after={"verdict": str(asked.answer.verdict)},
    )  # fmt: skip
