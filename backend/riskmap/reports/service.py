"""What may be done with a set: ordered, made again, 审核, 签发, 退回, withdrawn."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection

from riskmap.access.reader import PUBLIC, Reader, canonical_division, territory
from riskmap.base import audit, clock, jobs
from riskmap.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from riskmap.base.settings import Settings
from riskmap.catalogue import queries as catalogue_queries
from riskmap.paper.imprint import check_words
from riskmap.reports import files, layouts, queries
from riskmap.reports.content.phrases import upward
from riskmap.reports.edition import WHOLE, area_of, within_rights
from riskmap.reports.run import JOB, selection_of
from riskmap.reports.wire import NewSet
from riskmap.selection import request as selection_request
from riskmap.selection import saved
from riskmap.selection.describe import describe
from riskmap.store.snapshot import Snapshot

_NONE = "没有这套成果，或不在您的权限内。请核对编号。"
STAGES = {"draft": "草稿", "reviewed": "已审核", "issued": "已签发", "withdrawn": "已撤回"}


def ensure_may_make(reader: Reader) -> None:
    """Raises Forbidden."""
    if not (reader.sees_inner and reader.writes):
        raise Forbidden("只有管理员和编辑可以生成成果。您可以查看和下载权限内的成果。")


# -- Ordering --------------------------------------------------------------------------------


def order(snapshot: Snapshot, asked: NewSet, mark: str | None) -> str:
    """Take a number and queue the work, from the state as it is now (or as_of). The set's id."""
    reader = snapshot.reader
    ensure_may_make(reader)
    params, within = saved.as_parameters(asked.selection)
    if "as_of" in params and asked.as_of is not None:
        raise Invalid("时点给了两次", errors=[FieldError("as_of", "given_twice", "选择里已有时点，请去掉一处")])
    if asked.as_of is not None:
        params["as_of"] = [asked.as_of]
    if asked.division:
        if params.get("division"):
            told = "选择里已有区划，请去掉一处"
            raise Invalid("区划给了两次", errors=[FieldError("division", "given_twice", told)])
        params["division"] = [asked.division]
    about, selection = selection_request.read(snapshot, params, within=within)
    if about.moment.day > max(clock.today(), snapshot.state.day):
        told = "时点不能晚于今天：以后的情况还没有发生"
        raise Invalid("时点有误", errors=[FieldError("as_of", "in_future", told)])
    _check_has_data(about)
    _check_area(about, selection.division)
    # What a set is made with: the public's eyes for a public form, else the maker's.
    eyes = PUBLIC if asked.public else reader
    names = {d["code"]: d for d in catalogue_queries.divisions(snapshot.connection, about.moment.n, about.moment.day)}
    area = area_of(selection, names, eyes)
    options = asked.model_dump(exclude={"title", "division", "selection", "as_of"}) | {
        # Where the area has no name, nobody's name is made of it.
        "maker": asked.maker or ("" if area == WHOLE else f"{area}应急管理局"),
        layouts.KEY: layouts.frozen(snapshot.connection),
    }
    body = {k: v for k, v in selection.body().items() if k != "as_of"}
    now = clock.now()
    number = f"FX-{now.year}-{queries.take_number(snapshot.connection, now.year):03d}"
    row = {
        "number": number,
        "version": 1,
        "title": asked.title,
        "division": canonical_division(selection.division[0]) if len(selection.division) == 1 else "",
        "selection": body,
        "options": options,
        "state": about.moment.n,
        "day": about.moment.day,
        "data_at": about.data_at,
        "mark": mark,
        "made_by": reader.name,
        "account_id": reader.account_id,
        "rights": eyes.body(),
        "tier": eyes.tier,
        "areas": sorted({territory(code) for code in eyes.areas}),
        "departments": sorted(set(eyes.departments)),
        "classes": sorted(set(eyes.classes)),
    }
    return _add(snapshot.connection, reader, row, "made")


def _check_has_data(about: Snapshot) -> None:
    """Noughts of a day before the register began would read as no risk."""
    if about.moment.is_present or queries.has_objects(about):
        return
    first = queries.first_day(about.connection)
    told = "登记册里那时还没有数据，没有数据不等于没有风险"
    told += f"；最早的一天是 {first.isoformat()}" if first else ""
    raise Invalid("那一天没有数据", errors=[FieldError("as_of", "before_data", told)])


def _check_area(snapshot: Snapshot, codes: tuple[str, ...]) -> None:
    if not codes:
        return
    moment = snapshot.moment
    known = [territory(d["code"]) for d in catalogue_queries.divisions(snapshot.connection, moment.n, moment.day)]
    for code in codes:
        if known and not any(one.startswith(territory(code)) for one in known):
            told = f"没有区划 {code}，请从区划表中选择"
            raise Invalid("没有这个区划", errors=[FieldError("division", "unknown_value", told)])


def _add(connection: Connection, reader: Reader, row: Mapping[str, Any], what: str) -> str:
    report_id = jobs.new_id("rp")
    job_id = jobs.new_id("j")
    title = f"成果：{row['number']} {row['title']}"[:200]
    given = {"report": report_id, "issue": False}
    jobs.add(connection, job_id, JOB, title, reader.account_id, reader.name, reader.body(), given)
    queries.add(connection, {"report_id": report_id, "job_id": job_id, **row})
    queries.add_event(connection, report_id, reader.name, what)
    audit.record(
        connection, reader.name, "queue", "report", row["number"], address=reader.address, state=row["state"],
        after={"version": row["version"], "title": row["title"], "selection": row["selection"]},
    )  # fmt: skip
    return report_id


def again(snapshot: Snapshot, report_id: str) -> str:
    """The same from the same state as the next version; where this one has failed, and still stands, once more."""
    reader, connection = snapshot.reader, snapshot.connection
    ensure_may_make(reader)
    row = find(connection, report_id, lock=True)
    _not_at_work(row)
    if row["status"] == "failed" and row["stage"] != "withdrawn":
        _queue(connection, reader, row, issue=False)
        queries.add_event(connection, report_id, reader.name, "again")
        return report_id
    kept = (
        "number", "title", "division", "selection", "options", "state", "day", "data_at", "mark", "rights", "tier",
        "areas", "departments", "classes",
    )  # fmt: skip
    version = queries.newest_version(connection, row["number"]) + 1
    own = {"version": version, "made_by": reader.name, "account_id": reader.account_id}
    return _add(connection, reader, {name: row[name] for name in kept} | own, "again")


def _queue(connection: Connection, reader: Reader, row: Mapping[str, Any], *, issue: bool) -> None:
    job_id = jobs.new_id("j")
    title = f"{'签发' if issue else '成果'}：{row['number']} {row['title']}"[:200]
    given = {"report": row["report_id"], "issue": issue}
    jobs.add(connection, job_id, JOB, title, reader.account_id, reader.name, reader.body(), given)
    queries.change(connection, row["report_id"], {"job_id": job_id})


# -- 审核, 签发 --------------------------------------------------------------------------------


def review(snapshot: Snapshot, settings: Settings, report_id: str, note: str) -> None:
    """审核: by another than who made it."""
    reader, connection = snapshot.reader, snapshot.connection
    row = _to_decide(connection, settings, report_id)
    if not reader.writes:
        raise Forbidden("只有管理员和编辑可以审核。")
    if row["stage"] != "draft":
        raise Conflict(f"这套成果{STAGES[row['stage']]}，不能再审核。", code="not_draft")
    if row["made_by"] == reader.name:
        raise Forbidden("编制人不能审核自己编制的成果，请由他人审核。", code="own_work")
    queries.change(connection, report_id, {"stage": "reviewed", "reviewed_at": clock.now(), "reviewed_by": reader.name})
    _happened(connection, reader, row, "reviewed", "review", note)


def sign(snapshot: Snapshot, settings: Settings, report_id: str, note: str) -> None:
    """签发: by an account that may sign and has neither made nor reviewed it.

    All files are made anew without 草稿, with the same figures or not at all.
    """
    reader, connection = snapshot.reader, snapshot.connection
    if "sign" not in reader.may:
        raise Forbidden("您的账号没有签发权限，请由有签发权限的人员签发。")
    row = _to_decide(connection, settings, report_id)
    if row["stage"] != "reviewed":
        told = "还没有审核，不能签发。请先审核。" if row["stage"] == "draft" else f"这套成果{STAGES[row['stage']]}。"
        raise Conflict(told, code="not_reviewed")
    for other in queries.versions(connection, row["number"]):
        if other["stage"] == "issued" and other["report_id"] != report_id:
            told = f"同一号的第 {other['version']} 版已签发。要改发这一版，请先撤回那一版。"
            raise Conflict(told, code="other_version_issued")
    if row["made_by"] == reader.name:
        raise Forbidden("编制人不能签发自己编制的成果，请由他人签发。", code="own_work")
    if row["reviewed_by"] == reader.name:
        raise Forbidden("审核人不能签发自己审核的成果，请由另一位有签发权限的人员签发。", code="own_review")
    _queue(connection, reader, row, issue=True)
    _happened(connection, reader, row, "issuing", "sign", note)


def send_back(snapshot: Snapshot, report_id: str, reason: str) -> None:
    """Back to 草稿, with the reason."""
    reader, connection = snapshot.reader, snapshot.connection
    row = find(connection, report_id, lock=True)
    _not_at_work(row)
    if not reader.writes and "sign" not in reader.may:
        raise Forbidden("只有管理员、编辑和有签发权限的人员可以退回。")
    if row["stage"] != "reviewed":
        raise Conflict("只有已审核、未签发的成果可以退回。", code="not_reviewed")
    queries.change(connection, report_id, {"stage": "draft", "reviewed_at": None, "reviewed_by": None})
    _happened(connection, reader, row, "returned", "send_back", reason)


def withdraw(snapshot: Snapshot, report_id: str, reason: str) -> None:
    """An issued set that must no longer be used: it stays, marked, with the reason."""
    reader, connection = snapshot.reader, snapshot.connection
    row = find(connection, report_id, lock=True)
    _not_at_work(row)
    if "sign" not in reader.may and not (reader.name == row["made_by"] and row["stage"] == "draft"):
        raise Forbidden("已签发的成果只能由有签发权限的人员撤回；草稿可由编制人撤回。")
    if row["stage"] == "withdrawn":
        raise Conflict("这套成果已撤回。", code="withdrawn")
    values = {"stage": "withdrawn", "withdrawn_at": clock.now(), "withdrawn_by": reader.name}
    queries.change(connection, report_id, values)
    _happened(connection, reader, row, "withdrawn", "withdraw", reason)


def _to_decide(connection: Connection, settings: Settings, report_id: str) -> dict[str, Any]:
    row = find(connection, report_id, lock=True)
    _not_at_work(row)
    if row["status"] != "done":
        raise Conflict("这套成果没有生成成功，请先重新生成。", code="not_done")
    if not files.is_whole(settings, row, look=True, afresh=True):
        raise Conflict("这套成果的文件不全或已损坏，请按原状态重新生成后再办。", code="damaged")
    return row


def _not_at_work(row: Mapping[str, Any]) -> None:
    if row["status"] in {"queued", "running"}:
        raise Conflict("这套成果正在生成，请等它完成。", code="at_work")


def _happened(connection: Connection, reader: Reader, row: Mapping[str, Any], what: str, act: str, note: str) -> None:
    queries.add_event(connection, row["report_id"], reader.name, what, note)
    audit.record(
        connection, reader.name, act, "report", row["number"], address=reader.address, state=row["state"],
        after={"version": row["version"], "note": note},
    )  # fmt: skip


# -- Reading ---------------------------------------------------------------------------------


def find(connection: Connection, report_id: str, *, lock: bool = False) -> dict[str, Any]:
    """A set that this reader may see. Raises NotFound."""
    row = queries.one(connection, report_id, lock=lock)
    if row is None:
        raise NotFound(_NONE)
    return row


_HEAD = (
    "number", "version", "title", "division", "state", "day", "data_at", "made_at", "made_by", "stage", "reviewed_at",
    "reviewed_by", "issued_at", "issued_by", "withdrawn_at", "withdrawn_by", "checksum",
)  # fmt: skip


def _head(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    working = row["status"] in {"queued", "running"}
    return {
        "id": row["report_id"],
        **{name: row[name] for name in _HEAD},
        "status": row["status"],
        "job": row["job_id"] if working else None,
        "phase": row["phase"] if working else None,
        "progress": row["progress"] if working else 1.0 if row["status"] == "done" else 0.0,
        # A set that stands says nothing of its last work, unless that work failed.
        "message": row["message"] if row["job_status"] in {"failed", "cancelled"} else None,
        "check": check_words(row["checksum"]) if row["checksum"] else None,
        "public": row["tier"] == 0,
        "partial": within_rights(Reader.parse(row["rights"]), names) or None,
        "selection": row["selection"],
    }


def ordered(snapshot: Snapshot, report_id: str) -> dict[str, Any]:
    """What the answer to an order says."""
    row = find(snapshot.connection, report_id)
    told = _head(row, _names(snapshot.connection, row["state"], row["day"]))
    return {name: told[name] for name in ("id", "number", "version", "state", "partial")}


def listed(snapshot: Snapshot, settings: Settings, stage: str | None, limit: int, offset: int) -> dict[str, Any]:
    """Sets, the newest first; what is damaged is told so here too."""
    rows, total = queries.listed(snapshot.connection, stage, limit, offset)
    moment = snapshot.moment
    names = _names(snapshot.connection, moment.n, moment.day)
    items = [_head(row, names) | _counted(row) | _damage(settings, row) for row in rows]
    more = offset + len(rows) < total
    stages = dict.fromkeys(STAGES, 0) | queries.by_stage(snapshot.connection)
    next_ = offset + len(rows) if more else None
    return {"items": items, "total": total, "stages": stages, "next": next_}


def _counted(row: Mapping[str, Any]) -> dict[str, Any]:
    """Totals, and how many of 较大以上 have no place."""
    unplaced = row["unplaced"]
    return {"totals": row["totals"], "unplaced_upward": upward(unplaced) if unplaced else None}


def _names(connection: Connection, n: int, day: date) -> dict[str, str]:
    return {d["code"]: d["name"] for d in catalogue_queries.divisions(connection, n, day)}


def _damage(settings: Settings, row: Mapping[str, Any], *, look: bool = False) -> dict[str, str]:
    """What a finished set says whose files are not all there as they were made."""
    if row["status"] != "done" or files.is_whole(settings, row, look=look):
        return {}
    return {"status": "damaged", "message": "文件已损坏或不全，不再提供下载。请按原状态重新生成。"}


def body(snapshot: Snapshot, settings: Settings, report_id: str) -> dict[str, Any]:
    """A set, its files, figures and history. What is damaged is never told as finished."""
    row = find(snapshot.connection, report_id)
    out = _head(row, _names(snapshot.connection, row["state"], row["day"]))
    whole = row["files"] is not None and files.is_whole(settings, row, look=True)
    area, words = _said(snapshot, row)
    out |= _damage(settings, row) | {
        "area": area,
        "words": words,
        "options": row["options"],
        "files": row["files"] if whole else [],
        "figures": row["figures"],
        "changes": row["changes"],
        "events": queries.events(snapshot.connection, report_id),
        "versions": [
            {"id": v["report_id"], "version": v["version"], "stage": v["stage"], "status": v["status"],
             "made_at": v["made_at"], "made_by": v["made_by"]}
            for v in queries.versions(snapshot.connection, row["number"])
        ],
    }  # fmt: skip
    return out


def _said(snapshot: Snapshot, row: Mapping[str, Any]) -> tuple[str, str]:
    """The area's name and the selection in a sentence, as the set's products say them."""
    then = snapshot.as_of_day(row["state"], row["day"])
    selection = selection_of(then, row["selection"])
    found = catalogue_queries.divisions(snapshot.connection, row["state"], row["day"])
    divisions = {d["code"]: d for d in found}
    said = describe(selection, then.catalogue, {code: d["name"] for code, d in divisions.items()})
    return area_of(selection, divisions, Reader.parse(row["rights"])), said
