"""What a bureau does with single objects: register, preview, change, end, look up."""

import base64
import binascii
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import simplejson
from sqlalchemy import Connection

from riskmap.base import clock
from riskmap.base.audit import dump_json
from riskmap.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, PreconditionRequired
from riskmap.base.state import State
from riskmap.base.wire import PHONE_SAID, is_phone
from riskmap.catalogue import validate
from riskmap.catalogue.model import GRADES, STAGES, VISIBILITIES, Class
from riskmap.engine.totals import Totals
from riskmap.grading import exposure, masking, review
from riskmap.grading.judge import GRADING_COLUMNS
from riskmap.grading.rules import Facts
from riskmap.register import beside, queries
from riskmap.register.draft import Maker, ObjectDraft, ObjectPatch, Party
from riskmap.selection.describe import STAGE_WORDS
from riskmap.selection.level import told_of
from riskmap.selection.model import Selection
from riskmap.store import write
from riskmap.store.snapshot import Snapshot
from riskmap.store.territory import territory_of

Gone = Callable[[Snapshot, int, str], None]  # told of an object that goes out of use or ends, and how, in words

NOT_FOUND = "没有这个对象，或您无权查看。请核对编号，或登录有权限的账号。"


def maker_for(snapshot: Snapshot, bounds: tuple[float, float, float, float]) -> Maker:
    """What turns drafts into rows, from this snapshot's catalogue and divisions."""
    return Maker(
        snapshot.catalogue,
        territory_of(snapshot, bounds),
        snapshot.public_resolution,
        snapshot.reader,
        clock.now(),
        lambda attributes, enterprise: map_facts(snapshot, attributes, enterprise),
    )


def map_facts(snapshot: Snapshot, attributes: Mapping[str, Any], enterprise: int | None) -> Facts:
    """Who lives around a plant today, as the map says."""
    connection = snapshot.connection
    boundary = exposure.boundary_of(connection, attributes, enterprise)
    return Facts(exposure.around(connection, snapshot.catalogue, boundary, snapshot.state.day))


# -- Reading ---------------------------------------------------------------------


def item(row: Mapping[str, Any], snapshot: Snapshot) -> dict[str, Any]:
    """One object as a list shows it, in the form that its reader gets."""
    class_ = snapshot.catalogue.classes.get(row["class"])
    inner = row["form"] == "full"
    attributes = row["attributes"] or {}
    readable = class_.readable(inner=inner, tier=snapshot.reader.tier) if class_ else ()
    out: dict[str, Any] = {
        "id": row["id"],
        "class": row["class"],
        "code": row["code"],
        "name": row["name"],
        "grade": {"value": GRADES[row["grade"] - 1], "scale": "risk-grade", "rank": row["grade"]},
        **told_of(row, snapshot.catalogue),
        "division": row["division"] or None,
        "stage": row["stage"],
        "visibility": VISIBILITIES[row["visibility"]],
        "department": row["department"],
        "geometry": simplejson.loads(row["geometry"]) if row["geometry"] else None,
        "attributes": {f.name: attributes[f.name] for f in readable if f.name in attributes},
        "state": row["state"],
        "updated_at": row["updated_at"].isoformat(timespec="seconds"),
        "form": row["form"],
    }
    if inner:
        out |= {
            "source": row["source"],
            "verified": row["verified"],
            "position_quality": row["position_quality"],
            "tags": row["tags"],
            "enterprise": row["enterprise"],
            "parent": row["parent"],
        }
    return out


def detail(snapshot: Snapshot, object_id: int) -> dict[str, Any]:
    """One object with what belongs to it. Raises NotFound for unseen and unknown alike."""
    row = queries.one(snapshot, object_id)
    if row is None:
        raise NotFound(NOT_FOUND)
    out = item(row, snapshot)
    related = [row[k] for k in ("enterprise", "parent") if row[k] is not None]
    named = queries.names(snapshot, related)
    for key in ("enterprise", "parent"):
        if row[key] is not None:
            out[key] = {"id": row[key], "name": named.get(row[key])}
    day = snapshot.moment.day
    if row["parent"] is not None:
        out["ancestors"] = queries.ancestors(snapshot, row["parent"])
    out["valid_from"] = row["valid_from"].isoformat()
    ended = row["valid_to"] is not None and row["valid_to"] <= day
    out["ended"] = {"on": row["valid_to"].isoformat(), "reason": row["ended_reason"]} if ended else None
    out["object_state"] = row["state"]
    out["state"] = snapshot.moment.n
    return out


def grades(snapshot: Snapshot, object_id: int, count_asking: Callable[[], None]) -> dict[str, Any]:
    """How each grade and level of an object came about; `count_asking` is called before other objects are asked for."""
    row = queries.one(snapshot, object_id)
    if row is None:
        raise NotFound(NOT_FOUND)
    class_ = snapshot.catalogue.classes.get(row["class"])
    hidden = masking.unread(class_, snapshot.reader.tier) if class_ else ()
    told = [masking.seen(g, class_, hidden) for g in (row["grading"] or [])]
    listed = [{**_with_homes(snapshot, g), **_newer_count(snapshot, row, g), "state": row["state"]} for g in told]
    if not listed:
        value = GRADES[row["grade"] - 1]
        listed = [{"scale": "risk-grade", "value": value, "rank": row["grade"], "how": "none"}]
    return {
        "grades": listed,
        "assessments": beside.assessments(snapshot, row, count_asking),
        "state": snapshot.moment.n,
    }


def _newer_count(snapshot: Snapshot, row: Mapping[str, Any], grade: Mapping[str, Any]) -> dict[str, Any]:
    """What the map counts today, where a record rests on an older count that differs."""
    counted = grade.get("exposure")
    if not counted or grade.get("masked") or not snapshot.moment.is_present or row["ended_reason"] is not None:
        return {}
    now = map_facts(snapshot, row["attributes"], row["enterprise"]).exposure
    if now is None or (now.residents, now.untold) == (counted["residents"], counted["untold"]):
        return {}
    told = {"residents": now.residents, "untold": now.untold, "day": snapshot.moment.day.isoformat()}
    return {"exposure_now": told}


def _with_homes(snapshot: Snapshot, grade: Mapping[str, Any]) -> dict[str, Any]:
    """A record as its reader gets it: homes that he may not see are numbers without a name."""
    found = grade.get("exposure")
    if not found:
        return dict(grade)
    named = queries.names(snapshot, [home["id"] for home in found["homes"]])
    homes = [
        {**home, "name": named[home["id"]]} if home["id"] in named else {**home, "id": None, "masked": "对象无权查看"}
        for home in found["homes"]
    ]
    return {**grade, "exposure": {**found, "homes": homes}}


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page begins, in which picture."""

    selection: str  # key
    n: int
    day: str
    sort: str
    key: Any
    id: int

    def encode(self) -> str:
        """URL-safe text."""
        key = self.key.isoformat() if isinstance(self.key, date | datetime) else self.key
        body = [self.selection, self.n, self.day, self.sort, key, self.id]
        raw = simplejson.dumps(body, use_decimal=True, ensure_ascii=False, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> "Cursor":
        """Raises Invalid for anything that this server did not make."""
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            selection, n, day, sort, key, object_id = json.loads(raw, parse_float=Decimal)
            date.fromisoformat(day)
            ok = isinstance(selection, str) and isinstance(sort, str)
            ok = ok and isinstance(n, int) and isinstance(object_id, int) and abs(object_id) < 2**63
            if not ok or isinstance(key, list | dict):
                raise ValueError
            if sort.lstrip("-") == "updated_at" and key is not None:
                key = datetime.fromisoformat(key)
        except (ValueError, TypeError, binascii.Error):
            raise Invalid(
                "翻页位置无效，请从第一页重新查看", errors=[FieldError("cursor", "bad_cursor", "无效")]
            ) from None
        return cls(selection, n, day, sort, key, object_id)


_BELONGS = ("enterprise", "parent")


def page(
    snapshot: Snapshot,
    selection: Selection,
    totals: Totals,
    *,
    sort: str | None,
    limit: int,
    cursor: str | None,
) -> dict[str, Any]:
    """A page of a selection, with its exact total, answered from the state of page 1."""
    after = None
    if cursor is not None:
        place = Cursor.decode(cursor)
        if place.selection != selection.key:
            raise Invalid("翻页位置与当前筛选不一致，请从第一页重新查看")
        sort = sort or place.sort
        if sort != place.sort:
            raise Invalid("翻页位置与当前排序不一致，请从第一页重新查看")
        snapshot = snapshot.as_of_day(place.n, date.fromisoformat(place.day))
        after = queries.After(place.key, place.id)
    order = queries.parse_sort(sort, snapshot, selection)
    rows = queries.page(snapshot, selection, order, limit + 1, after)
    more, rows = len(rows) > limit, rows[:limit]
    count = totals.of(snapshot, selection)
    named = queries.names(snapshot, sorted({row[k] for row in rows for k in _BELONGS if row[k] is not None}))
    items = [item(row, snapshot) for row in rows]
    for row, shown in zip(rows, items, strict=True):
        shown["anchor"] = None if row["lon"] is None else [round(row["lon"], 7), round(row["lat"], 7)]
        shown |= {f"{k}_name": named.get(row[k]) for k in _BELONGS if row[k] is not None}
    out: dict[str, Any] = {
        "items": items,
        "total": count.total,
        "total_is": "exact",
        "unplaced": count.unplaced,
        "state": snapshot.moment.n,
        "next": None,
    }
    if count.unplaced_elsewhere is not None:
        out["unplaced_elsewhere"] = count.unplaced_elsewhere
    if more:
        last = rows[-1]
        moment = snapshot.moment
        out["next"] = Cursor(
            selection.key, moment.n, moment.day.isoformat(), sort or "-grade", last["key"], last["id"]
        ).encode()
    return out


# -- Writing ---------------------------------------------------------------------


def _answer(snapshot: Snapshot, row: Mapping[str, Any], n: int, given: Collection[str] = ()) -> dict[str, Any]:
    """What a writer is told of a row that he may write: not the fields above his tier, but for those he has `given`."""
    class_ = snapshot.catalogue.classes.get(row["class"])
    hidden = masking.unread(class_, snapshot.reader.tier, given) if class_ else ()
    return {
        "id": row["id"],
        "state": n,
        "class": row["class"],
        "code": row["code"],
        "name": row["name"],
        "division": row["division"] or None,
        "grade": {"value": GRADES[row["grade"] - 1], "scale": "risk-grade"},
        **told_of(row, snapshot.catalogue),
        "stage": row["stage"],
        "visibility": VISIBILITIES[row["visibility"]],
        "position_quality": row["position_quality"],
        "attributes": {name: value for name, value in row["attributes"].items() if name not in hidden},
    }


def _preview(snapshot: Snapshot, row: Mapping[str, Any], given: Collection[str]) -> dict[str, Any]:
    class_ = snapshot.catalogue.classes[row["class"]]
    hidden = masking.unread(class_, snapshot.reader.tier, given)
    grades = [masking.seen(g, class_, hidden) for g in row["grading"]]
    return {**_answer(snapshot, row, snapshot.state.n, given), "grades": grades}


def _check_references(connection: Connection, row: Mapping[str, Any]) -> None:
    """Enterprise and parent must be seen by the writer: an id alone tells nothing."""
    errors = []
    for field, title in (("enterprise", "所属企业"), ("parent", "上级对象")):
        referred = row[field]
        if referred is None:
            continue
        found = queries.row_of(connection, referred)
        if found is None or referred == row["id"]:
            errors.append(FieldError(field, "unknown_object", f"{title} {referred} 不存在或无权查看，请核对"))
        elif field == "enterprise" and found["class"] != "enterprise":
            errors.append(FieldError(field, "wrong_class", f"{title}应为“企业”一类的对象"))
    if errors:
        raise Invalid("引用的对象有误，请改正后再保存", errors=errors)


def _check_open(class_: Class) -> None:
    """A retired class takes no new objects."""
    if class_.retired:
        raise Invalid(
            "这个分类已停用",
            code="retired_class",
            errors=[FieldError("class", "retired_class", f"分类“{class_.title}”已停用，不再登记新对象")],
        )


def check_catalogue(snapshot: Snapshot, taken: State) -> None:
    """After the lock: what was validated was held against the catalogue that still stands."""
    if taken.catalogue_n != snapshot.state.catalogue_n:
        raise Conflict("分类、标度或区划刚刚有改动，没有保存。请再提交一次，会按新的要求核对。", code="catalogue_moved")


def preview(snapshot: Snapshot, draft: ObjectDraft, bounds: tuple[float, float, float, float]) -> dict[str, Any]:
    """What registering would give; nothing is written."""
    maker = maker_for(snapshot, bounds)
    _check_open(maker.class_of(draft.class_))
    row = maker.row(draft, 0)
    _party_values(draft.parties)
    write.check_writable(snapshot.reader, row)
    _check_references(snapshot.connection, row)
    if queries.duplicate_code(snapshot.connection, row["class"], row["code"], None):
        raise _duplicate()
    return {**_preview(snapshot, row, draft.attributes), "id": None}


def preview_change(
    snapshot: Snapshot, object_id: int, changes: ObjectPatch, bounds: tuple[float, float, float, float]
) -> dict[str, Any]:
    """What a change would make of an object; nothing is written."""
    if not snapshot.reader.writes:
        raise Forbidden("当前账号只能查看。需要修改，请登录有编辑权限的账号。")
    row = _changed(snapshot, _editable(snapshot, object_id), changes, bounds)
    return _preview(snapshot, row, changes.attributes or ())


def _duplicate() -> Conflict:
    return Conflict(
        "同一分类中已有这个编号",
        code="duplicate_code",
        errors=[FieldError("code", "duplicate_code", "这个编号已被使用，请核对是否重复登记")],
    )


def create(snapshot: Snapshot, draft: ObjectDraft, bounds: tuple[float, float, float, float]) -> dict[str, Any]:
    """Register one object."""
    connection, reader = snapshot.connection, snapshot.reader
    if not reader.writes:
        raise Forbidden("当前账号只能查看。需要登记或修改，请联系管理员开通编辑权限。")
    [object_id] = write.next_ids(connection, 1)
    maker = maker_for(snapshot, bounds)
    _check_open(maker.class_of(draft.class_))
    row = maker.row(draft, object_id)
    persons = _party_values(draft.parties)
    write.check_writable(reader, row)
    _check_references(connection, row)
    if queries.duplicate_code(connection, row["class"], row["code"], None):
        raise _duplicate()
    taken = write.take_state(connection, reader, f"登记 {row['name']}")
    check_catalogue(snapshot, taken)
    row = {**row, "state": taken.n, "updated_at": taken.at}
    write.insert(connection, reader, taken, [row])
    queries.add_parties(connection, [{**p, "object_id": object_id} for p in persons], taken.n)
    review.examine(connection, snapshot.catalogue, taken)
    write.write_audit(connection, reader, taken, "create", object_id, None, _audited(row))
    return _answer(snapshot, row, taken.n, draft.attributes)


def create_many(
    snapshot: Snapshot,
    drafts: Sequence[ObjectDraft],
    bounds: tuple[float, float, float, float],
    what: str,
    references: Sequence[Mapping[str, str]] | None = None,
) -> int:
    """Register a batch as one state; `references` give enterprise and parent by code, within the batch or before."""
    connection, reader = snapshot.connection, snapshot.reader
    maker = maker_for(snapshot, bounds)
    ids = write.next_ids(connection, len(drafts))
    by_code = {d.code: i for d, i in zip(drafts, ids, strict=True) if d.code}
    if references:
        outside = {code for r in references for code in r.values()} - set(by_code)
        by_code = {**queries.ids_by_code(connection, sorted(outside)), **by_code}
    rows = []
    persons: list[dict[str, Any]] = []
    for index, (draft, object_id) in enumerate(zip(drafts, ids, strict=True)):
        try:
            row = maker.row(draft, object_id)
        except Invalid as refused:
            named = "；".join(f"{e.field} {e.message}" for e in refused.errors)
            raise Invalid(f"第 {index + 1} 条（{draft.name}）：{named}") from refused
        for field, code in (references[index] if references else {}).items():
            if code not in by_code:
                raise Invalid(f"第 {index + 1} 条（{draft.name}）引用的编号 {code} 不存在")
            row[field] = by_code[code]
        rows.append(row)
        persons += ({**p, "object_id": object_id} for p in _party_values(draft.parties))
    taken = write.take_state(connection, reader, what)
    check_catalogue(snapshot, taken)
    rows = [{**row, "state": taken.n, "updated_at": taken.at} for row in rows]
    write.insert(connection, reader, taken, rows)
    queries.add_parties(connection, persons, taken.n)
    _grade_by_map(connection, snapshot, maker, taken, rows)
    review.examine(connection, snapshot.catalogue, taken)
    write.write_audit(connection, reader, taken, "create_many", "", None, {"objects": len(rows), "what": what})
    return taken.n


def _grade_by_map(
    connection: Connection, snapshot: Snapshot, maker: Maker, taken: State, rows: Sequence[dict[str, Any]]
) -> None:
    """Units of a batch once more, now that the homes and the boundaries that came with them are there."""
    judge = maker.judge
    classes = snapshot.catalogue.classes
    again = []
    for row in rows:
        rule = judge.rule_of(classes[row["class"]])
        if rule is None or not rule.by_map or not any(g["how"] == "computed" for g in row["grading"]):
            continue
        unit = review.Unit(row["id"], row["class"], row["attributes"], row["enterprise"], row["grading"])
        graded = review.regrade(connection, judge, unit, taken.day)
        if graded is not None:
            again.append(row | {name: getattr(graded, name) for name in GRADING_COLUMNS})
    if again:
        write.grade_new(connection, taken, again)


def parse_if_match(header: str | None) -> int:
    """State of the object that an edit rests on."""
    if header is None:
        raise PreconditionRequired('修改时请带上 If-Match: "<对象的状态号>"，以免盖掉别人的修改。')
    digits = header.strip().removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise Invalid('If-Match 应为对象的状态号，如 "412"')
    return int(digits)


def _locked_row(connection: Connection, object_id: int, expected: int | None) -> dict[str, Any]:
    """The row after the state's lock: what was read before it may have changed."""
    row = queries.row_of(connection, object_id, lock=True)
    if row is None:
        raise NotFound(NOT_FOUND)
    if expected is not None and row["state"] != expected:
        raise _stale(row["state"])
    return dict(row)


def _stale(now: int) -> Conflict:
    return Conflict(f"这个对象已被改动（现为状态 {now}），您的修改没有保存。请刷新后再改。", code="stale_object")


def _draft_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as its sender would send it again."""
    judged = {g["scale"]: g for g in row["grading"] if g["how"] == "judged"}
    grade = judged.get("risk-grade")
    level = next((g for scale, g in judged.items() if scale != "risk-grade"), None)
    from_attributes = row["attributes"].get("method") == "direct"
    return {
        "class": row["class"],
        "name": row["name"],
        "code": row["code"],
        "division": row["division"] or None,
        "geometry": simplejson.loads(row["geometry"]) if row["geometry"] else None,
        "attributes": row["attributes"],
        "enterprise": row["enterprise"],
        "parent": row["parent"],
        "stage": row["stage"],
        "source": row["source"],
        "visibility": VISIBILITIES[row["visibility"]],
        "department": row["department"],
        "tags": row["tags"],
        "position_quality": row["position_quality"],
        "verified": row["verified"],
        "grade": {"value": grade["value"], "basis": grade["basis"]} if grade and not from_attributes else None,
        "level": {"scale": level["scale"], "value": level["value"], "basis": level["basis"]} if level else None,
    }


def _editable(snapshot: Snapshot, object_id: int) -> dict[str, Any]:
    """The row of a living object that the reader may write."""
    seen = queries.row_of(snapshot.connection, object_id)
    if seen is None:
        raise NotFound(NOT_FOUND)
    write.check_writable(snapshot.reader, seen)
    if seen["ended_reason"] is not None:
        raise Conflict("这个对象已注销，不能再改。", code="ended")
    return seen


def _changed(
    snapshot: Snapshot, seen: Mapping[str, Any], changes: ObjectPatch, bounds: tuple[float, float, float, float]
) -> dict[str, Any]:
    """The row that a change makes of a row; checked as far as it goes without the lock."""
    connection, reader, object_id = snapshot.connection, snapshot.reader, seen["id"]
    given = changes.model_dump(exclude_unset=True, by_alias=True)
    given.pop("valid_from", None)
    draft = _draft_of(seen)
    maker = maker_for(snapshot, bounds)
    # Fields that the class no longer has: kept as they are, and no fault of this edit.
    hidden = validate.undeclared(maker.class_of(seen["class"]), seen["attributes"])
    draft["attributes"] = {k: v for k, v in seen["attributes"].items() if k not in hidden}
    if "attributes" in given:
        merged = {**draft["attributes"], **(given.pop("attributes") or {})}
        draft["attributes"] = {k: v for k, v in merged.items() if v is not None}
    for field in ("name", "stage", "visibility", "tags", "verified", "source", "department"):
        if field in given and given[field] is None:
            raise Invalid("不能清空", errors=[FieldError(field, "required", "这一项不能清空")])
    if "geometry" in given and "position_quality" not in given:
        draft["position_quality"] = None
    if "geometry" in given and "division" not in given:
        draft["division"] = None  # an object that moves is in the division where it now lies
        if given["geometry"] is None:
            draft["division"] = seen["division"] or None
    draft |= given
    gives_way = frozenset({"grade", "level"} - given.keys())  # judged before, and not again now
    row = maker.row(ObjectDraft.model_validate(draft), object_id, gives_way)
    row["attributes"] = {**hidden, **row["attributes"]}
    row["original"] = seen["original"]  # what a sender's file says of the place, also where it was moved by hand
    asked = "grade" in given or "level" in given
    if not asked and not maker.judge.asks_anew(maker.class_of(seen["class"]), seen, row):
        row |= {name: seen[name] for name in GRADING_COLUMNS}  # nothing is graded anew in silence
    # Who judged it, and when, stays where the judgement is the same.
    same = {(g["scale"], g["value"], g.get("basis")): g for g in seen["grading"] if g["how"] == "judged"}
    row["grading"] = [
        same.get((g["scale"], g["value"], g.get("basis")), g) if g["how"] == "judged" else g for g in row["grading"]
    ]
    write.check_writable(reader, row)
    _check_references(connection, row)
    if queries.duplicate_code(connection, row["class"], row["code"], object_id):
        raise _duplicate()
    return row


def patch(
    snapshot: Snapshot,
    object_id: int,
    changes: ObjectPatch,
    expected: int,
    bounds: tuple[float, float, float, float],
    gone: Gone,
) -> dict[str, Any]:
    """Change some fields of one object from a day on (today by default). `gone` is told where it goes out of use."""
    connection, reader = snapshot.connection, snapshot.reader
    seen = _editable(snapshot, object_id)
    if seen["state"] != expected:  # said before what is wrong with values that rest on an older row
        raise _stale(seen["state"])
    row = _changed(snapshot, seen, changes, bounds)
    taken = write.take_state(connection, reader, f"修改 {row['name']}")
    check_catalogue(snapshot, taken)
    old = _locked_row(connection, object_id, expected)
    write.change(connection, reader, taken, old, row, changes.valid_from or taken.day)
    review.examine(connection, snapshot.catalogue, taken)
    write.write_audit(connection, reader, taken, "update", object_id, _audited(old), _audited(row))
    if row["stage"] not in (old["stage"], STAGES[0]):
        gone(snapshot, object_id, f"改为{STAGE_WORDS.get(row['stage'], row['stage'])}")
    return _answer(snapshot, {**row, "id": object_id}, taken.n, changes.attributes or ())


def end(snapshot: Snapshot, object_id: int, reason: str, expected: int | None, gone: Gone) -> dict[str, Any]:
    """End an object's life today, with a reason, which `gone` is told. Nothing is erased."""
    connection, reader = snapshot.connection, snapshot.reader
    seen = queries.row_of(connection, object_id)
    if seen is None:
        raise NotFound(NOT_FOUND)
    write.check_writable(reader, seen)
    if seen["ended_reason"] is not None:
        raise Conflict("这个对象已经注销。", code="ended")
    taken = write.take_state(connection, reader, f"注销 {seen['name']}")
    old = _locked_row(connection, object_id, expected)
    if old["ended_reason"] is not None:
        raise Conflict("这个对象已经注销。", code="ended")
    write.end(connection, reader, taken, old, reason)
    review.examine(connection, snapshot.catalogue, taken)
    write.write_audit(connection, reader, taken, "end", object_id, _audited(old), {"reason": reason})
    gone(snapshot, object_id, f"注销（{reason}）")
    return {"id": object_id, "state": taken.n, "ended": {"on": taken.day.isoformat(), "reason": reason}}


_UNAUDITED = {"geom", "anchor", "gx", "gy", "span", "cell", "cover", "geom_public", "gx_public", "gy_public"}


def _audited(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as the trail keeps it: the geometry once, nothing that follows from it."""
    kept = {k: v for k, v in row.items() if k not in _UNAUDITED and k != "cell_public"}
    kept["geom"] = row["geom"] if isinstance(row.get("geom"), str) else None
    loaded: dict[str, Any] = simplejson.loads(dump_json(kept) or "{}", use_decimal=True)
    return loaded


# -- Persons -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PartyList:
    """Persons and posts of an object, and the state that last changed them."""

    parties: list[dict[str, Any]]
    state: int


def party_rows(connection: Connection, object_id: int, n: int) -> list[dict[str, Any]]:
    return [party_row(party) for party in queries.parties(connection, object_id, n)]


def party_row(party: Mapping[str, Any]) -> dict[str, Any]:
    """A person as sent and received."""
    dates = {name: party[name].isoformat() if party[name] else None for name in ("from", "to")}
    return {**{name: party[name] for name in ("role", "post", "name", "phone")}, **dates}


def _party_values(given: Sequence[Party], standing: Collection[str] = ()) -> list[dict[str, Any]]:
    """Rows of what is sent; each says somebody, once. `standing`: telephones that are there already, from a file that
    had words instead: they do not keep anybody from changing the rest."""
    errors = []
    out: list[dict[str, Any]] = []
    for i, party in enumerate(given):
        row = party.model_dump(by_alias=True)
        if not (party.name or party.post or party.phone):
            errors.append(FieldError(f"parties.{i}.name", "required", "请填写姓名、职务或电话，或去掉这一行"))
        if party.phone and party.phone not in standing and not is_phone(party.phone):
            errors.append(FieldError(f"parties.{i}.phone", "not_a_phone", PHONE_SAID))
        if party.from_ and party.to and party.to < party.from_:
            errors.append(FieldError(f"parties.{i}.to", "before_from", "止于的日期早于起始日期"))
        if row in out:
            errors.append(FieldError(f"parties.{i}.name", "duplicate", "与上面的一行相同，请去掉一行"))
        out.append(row)
    if errors:
        raise Invalid("责任人有内容不符合要求，请改正后再保存", errors=errors)
    return out


def parties(snapshot: Snapshot, object_id: int) -> PartyList:
    """Persons and posts of an object; a public-form reader gets posts and names of roles, never a phone."""
    row = queries.one(snapshot, object_id)
    if row is None:
        raise NotFound(NOT_FOUND)
    connection, moment = snapshot.connection, snapshot.moment
    n = moment.n
    if moment.day < snapshot.state.day:
        n = queries.known_on(connection, n, moment.day)
    found = party_rows(connection, object_id, n)
    if row["form"] != "full":
        for party in found:
            del party["phone"]
    return PartyList(found, queries.parties_state(connection, object_id, n))


def set_parties(snapshot: Snapshot, object_id: int, given: Sequence[Party], expected: int | None) -> PartyList:
    """Replace the persons and posts of an object, as a new state. Nothing is written where nothing changes."""
    connection, reader = snapshot.connection, snapshot.reader
    seen = _editable(snapshot, object_id)
    before = queries.parties(connection, object_id, snapshot.state.n)
    rows = _party_values(given, {p["phone"] for p in before})
    state = queries.parties_state(connection, object_id, snapshot.state.n)
    if expected in (None, state) and sorted(map(repr, before)) == sorted(map(repr, rows)):
        return PartyList(party_rows(connection, object_id, snapshot.state.n), state)
    taken = write.take_state(connection, reader, f"更新责任人 {seen['name']}")
    locked = _locked_row(connection, object_id, None)
    write.check_writable(reader, locked)
    # Persons have a version of their own: an edit of the object does not spoil an edit of its persons.
    now = queries.parties_state(connection, object_id, taken.n - 1)
    if expected is not None and now != expected:
        raise Conflict(f"责任人已被改动（状态 {now}），您的修改没有保存。请看过现在的再改。", code="stale_parties")
    queries.replace_parties(connection, object_id, taken.n, rows)
    write.write_audit(
        connection, reader, taken, "parties", object_id, {"parties": _named(before)}, {"parties": _named(rows)}
    )
    return PartyList(party_rows(connection, object_id, taken.n), taken.n)


def _named(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Persons as the trail keeps them: a telephone number stays with the object."""
    return [" ".join(filter(None, (p["role"], p["post"], p["name"]))) for p in rows]
