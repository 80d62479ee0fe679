"""What happens to a case after its answer: handed out anew, checked on site, its papers kept, closed."""

import os
import secrets
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, Engine

from riskmap.access.reader import Reader, canonical_division
from riskmap.admission import departments, queries, service
from riskmap.admission.days import DUE_DAYS, calendar
from riskmap.admission.judgement import WORDS, Verdict
from riskmap.admission.rules import Rules, rules_of
from riskmap.admission.wire import Assignment, Findings
from riskmap.base import audit, clock, database
from riskmap.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from riskmap.base.settings import Settings
from riskmap.base.web import ensure_disk
from riskmap.exchange.archive import check_archive
from riskmap.exchange.division_names import division_names_of
from riskmap.exchange.uploads import DOCX, copy_hashed, shown_name
from riskmap.store.snapshot import Snapshot
from riskmap.store.territory import territory_of

LEAST_CHECKERS = 2
MOST_FILE = 20 << 20
MOST_FILES = 50  # of one case
OUTCOMES = {"pass": "合格", "rectify": "限期整改", "refuse": "不合格"}
KINDS = {"signed": "签字扫描件", "photo": "照片", "other": "附件"}
_ENDING = {"application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", DOCX: ".docx"}


def _in_charge(connection: Connection, reader: Reader, number: str) -> dict[str, Any]:
    """A case of the reader's own charge, held for a change. Raises NotFound, Forbidden."""
    case = service.locked(connection, number)
    if not service.may_handle(reader, case):
        raise Forbidden(
            "这个准入案不在您的管理区域或部门内，只能查看。请由承办的镇街、部门办理。", code="not_in_charge"
        )
    return case


def _ensure_open(case: Mapping[str, Any], act: str) -> None:
    """Whether a case still waits for its check on site. Raises Conflict."""
    if case["status"] == "unplaced":
        raise Conflict(f"地点还没有落实，尚未派出，不能{act}。请先落位。", code="unplaced")
    if case["status"] != "assigned":
        if case["checked_at"] is None:  # refused by its signed copy, without a look
            raise Conflict(f"已按“{WORDS[Verdict.REFUSE]}”结案，不能再{act}。", code="closed")
        at = case["checked_at"].strftime("%Y-%m-%d %H:%M")
        raise Conflict(f"已由 {case['checked_by']} 于 {at} 登记核查结果，不能再{act}。请刷新后查看。", code="checked")


# -- On site -------------------------------------------------------------------------------


def record(snapshot: Snapshot, number: str, given: Findings) -> dict[str, Any]:
    """What was found on site: passed, to be put right by a day, or refused. Raises Conflict, Forbidden, Invalid."""
    reader, connection = snapshot.reader, snapshot.connection
    case = _in_charge(connection, reader, number)
    _ensure_open(case, "登记现场核查")
    _check_findings(given, case)
    found = given.model_dump(mode="json")
    changes: dict[str, Any] = {"findings": found}
    if given.outcome == "rectify":
        changes["due"] = given.rectify_by  # it stays with whom it was handed out to, for another look
    else:
        status = "checked" if given.outcome == "pass" else "refused"
        changes |= {"status": status, "checked_at": clock.now(), "checked_by": reader.name}
    queries.change_case(connection, case["case_id"], changes)
    queries.add_event(connection, case["case_id"], reader.name, "checked", OUTCOMES[given.outcome], found)
    told = {name: found[name] for name in ("outcome", "checkers", "on", "rectify_by")}
    audit.record(connection, reader.name, "findings", "admission", number, address=reader.address, after=told)
    return service.body(snapshot, service.find(snapshot, number))


def _check_findings(given: Findings, case: Mapping[str, Any]) -> None:
    errors = []
    if len(set(given.checkers)) < LEAST_CHECKERS:
        errors.append(FieldError("checkers", "too_few", "现场核查须两人以上，请写明两名以上核查人员"))
    if given.on > clock.today():
        errors.append(FieldError("on", "in_future", "核查日期不能晚于今天"))
    made = case["made_at"].astimezone(clock.SHANGHAI).date()
    if given.on < made:
        errors.append(FieldError("on", "too_early", f"核查日期不能早于立案日期（{made.isoformat()}）"))
    if given.outcome == "rectify":
        if given.rectify_by is None:
            errors.append(FieldError("rectify_by", "missing", "限期整改须写明整改期限"))
        elif given.rectify_by <= given.on:
            errors.append(FieldError("rectify_by", "too_early", "整改期限应在核查日期之后"))
    elif given.rectify_by is not None:
        errors.append(FieldError("rectify_by", "not_wanted", "只有限期整改才填整改期限，请删去"))
    if given.outcome == "pass" and not given.items:
        errors.append(FieldError("items", "missing", "核查项目一项也没有，不能登记合格：请逐项选结果"))
    if given.outcome == "pass" and (bad := [i.item for i in given.items if i.ok is False]):
        named = "、".join(bad[:3])
        errors.append(FieldError("outcome", "items_fail", f"有不合格的项目（{named}），结果不能是合格"))
    if given.outcome == "refuse" and not given.note and all(i.ok is not False for i in given.items):
        errors.append(FieldError("note", "missing", "结果为不合格，请在核查意见或项目中写明原因"))
    if errors:
        raise Invalid("核查结果填写有误，请改正", errors=errors)


# -- To whom -------------------------------------------------------------------------------


def departments_of(snapshot: Snapshot) -> list[str]:
    """Departments by name, within the reader's own where he is limited to some."""
    own = snapshot.reader.departments
    return [name for name in departments.told(snapshot, _rules(snapshot)) if not own or name in own]


def _rules(snapshot: Snapshot) -> Rules:
    return rules_of(snapshot.catalogue.ruleset_at(snapshot.moment.day))


def assign(snapshot: Snapshot, bounds: tuple[float, float, float, float], number: str, given: Assignment) -> Any:
    """Hand a case out anew. Raises Conflict, Forbidden, Invalid."""
    reader, connection = snapshot.reader, snapshot.connection
    case = _in_charge(connection, reader, number)
    _ensure_open(case, "改派")
    known, division, today = territory_of(snapshot, bounds).codes, canonical_division(given.division), clock.today()
    errors = []
    if known and division not in known:
        errors.append(FieldError("division", "unknown_division", f"没有区划代码 {given.division}，请核对"))
    if (why := departments.why_not(snapshot, _rules(snapshot), given.department)) is not None:
        errors.append(FieldError("department", "unknown_department", why))
    if not errors and not service.holds(reader, division, given.department):
        raise Forbidden("只能改派到您管理区域和部门以内。派到别处，请由上级办理。", code="not_in_charge")
    due = given.due or _due_anew(connection, case, today)
    if due < today:
        errors.append(FieldError("due", "past", "办理期限不能早于今天"))
    if errors:
        raise Invalid("派出的去向有误，请改正", errors=errors)
    after = {"division": division, "department": given.department, "due": due}
    queries.change_case(connection, case["case_id"], after)
    words = f"{division_names_of(snapshot).words(division) or division} {given.department}"
    queries.add_event(connection, case["case_id"], reader.name, "assigned", words, after)
    before = {name: case[name] for name in after}
    audit.record(
        connection, reader.name, "assign", "admission", number, address=reader.address, before=before, after=after
    )
    return service.body(snapshot, service.find(snapshot, number))


def _due_anew(connection: Connection, case: Mapping[str, Any], today: date) -> date:
    """The usual working days from today; what is to be put right by a later day has until then."""
    usual = calendar(connection).after(today, DUE_DAYS)
    found = case["findings"] or {}
    if found.get("outcome") != "rectify":
        return usual
    return max(usual, date.fromisoformat(found["rectify_by"]))


# -- Papers --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept file as it is sent back."""

    path: Path
    name: str
    media_type: str


def _folder(settings: Settings) -> Path:
    path = settings.data_dir / "admission" / "files"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def _place_of(settings: Settings, digest: str) -> Path:
    return _folder(settings) / digest[:2] / digest


def media_type_of(path: Path) -> str:
    """What a file is, by its content, whatever it is called. Raises Invalid for what is not taken."""
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"PK\x03\x04") and _is_docx(path):
        return DOCX
    raise Invalid("只收 pdf、jpg、png、docx 文件（按内容辨认，改名无效）。请转换后再上传。", code="unknown_kind")


def _is_docx(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            check_archive(archive)
            names = {name.lower() for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        return False
    if any(name.endswith("vbaproject.bin") for name in names):
        raise Invalid("文件里有宏，不收。请另存为不含宏的 docx 再上传。", code="macros")
    return {"[content_types].xml", "word/document.xml"} <= names


def _ensure_may_file(case: Mapping[str, Any], kind: str) -> None:
    """Raises Conflict where a signed copy closes nothing."""
    if kind == "signed" and (why := service.why_not_closed(case)) is not None:
        code, words = why
        raise Conflict(words, code=code)


def keep_file(
    engine: Engine, settings: Settings, reader: Reader, number: str, kind: str, name: str, body: BinaryIO
) -> None:
    """Keep a file of a case, by its hash; a signed copy closes the case. Raises NotFound, Conflict, Invalid, TooLarge.

    Who sees a case may add to it, also the window whose case went to another town.
    """
    service.ensure_may_handle(reader)
    ensure_disk(settings)
    with database.read(engine, reader.settings()) as connection:  # before a byte is kept
        case = queries.case(connection, number)
        if case is None:
            raise NotFound(service.NOT_FOUND)
        _ensure_may_file(case, kind)
    part = _folder(settings) / f".{secrets.token_hex(8)}.part"
    try:
        size, digest = copy_hashed(body, part, MOST_FILE)
        if not size:
            raise Invalid("文件是空的（0 字节），请重新选择文件。", code="empty_file")
        media_type = media_type_of(part)
        part.chmod(0o600)
        target = _place_of(settings, digest)
        target.parent.mkdir(exist_ok=True)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    stem = shown_name(name).rpartition(".")[0] or shown_name(name)
    row = {
        "kind": kind,
        "name": f"{stem}{_ENDING[media_type]}",
        "media_type": media_type,
        "bytes": size,
        "sha256": digest,
    }
    with database.write(engine, reader.settings(write=True)) as connection:
        case = service.locked(connection, number)
        _ensure_may_file(case, kind)
        if queries.count_files(connection, case["case_id"]) >= MOST_FILES:
            raise Conflict(f"一个准入案最多 {MOST_FILES} 个附件。", code="too_many_files")
        file_id = queries.add_file(connection, row | {"case_id": case["case_id"], "by": reader.name})
        told = {"id": file_id, **{k: row[k] for k in ("kind", "name", "bytes", "sha256")}}
        queries.add_event(connection, case["case_id"], reader.name, "uploaded", f"{KINDS[kind]} {row['name']}", told)
        audit.record(connection, reader.name, "upload", "admission", number, address=reader.address, after=told)
        if kind == "signed":
            closed = {"closed_at": clock.now(), "closed_by": reader.name}
            if case["status"] == "assigned" and case["signed_verdict"] == Verdict.REFUSE:
                closed["status"] = "refused"  # nobody opens there, so there is nothing left to look at
            queries.change_case(connection, case["case_id"], closed)
            queries.add_event(connection, case["case_id"], reader.name, "closed")
            audit.record(connection, reader.name, "close", "admission", number, address=reader.address)


def kept_file(connection: Connection, settings: Settings, number: str, file_id: int) -> Kept:
    """A file of a case that the reader may see. Raises NotFound."""
    case = queries.case(connection, number)
    row = queries.file_of(connection, case["case_id"], file_id) if case else None
    if row is None:
        raise NotFound("没有这个附件，或您无权查看。")
    path = _place_of(settings, row["sha256"])
    if not path.exists():
        raise NotFound("附件已不在服务器上。请联系管理员从备份恢复。", code="file_gone")
    return Kept(path, row["name"], row["media_type"])
