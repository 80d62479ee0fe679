"""Classes that an administrator makes and changes: decided over all objects, written as one state.

What a changed class may ask is bound by what objects hold: no stored value becomes unreadable, none is lost.
A past day or state keeps its own class.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row

from riskmap.access.reader import SYSTEM, TIERS, Reader
from riskmap.base import audit, state
from riskmap.base.errors import Conflict, FieldError, Invalid, NotFound, PreconditionRequired
from riskmap.base.settings import GEODATA
from riskmap.base.state import State
from riskmap.catalogue import define, validate
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import Catalogue, Class, Field
from riskmap.catalogue.seed import Item, put_item
from riskmap.engine.interface import Engine
from riskmap.exchange.targets import targets_of
from riskmap.exchange.units import factor_between, unit_of
from riskmap.register import queries
from riskmap.selection.model import Selection
from riskmap.store import write
from riskmap.store.snapshot import Snapshot

_EXAMPLES = 3
_COMMON_SCALE = "risk-grade"  # of every object, so no class's own
_GLYPH = re.compile(r'<symbol id="(c-[a-z0-9-]+)"')


@cache
def glyphs() -> tuple[str, ...]:
    """Symbols of the sprite that a class may have, in its order."""
    return tuple(_GLYPH.findall((GEODATA / "catalogue" / "symbols.svg").read_text(encoding="utf-8")))


# -- Reading ---------------------------------------------------------------------------


def listed(snapshot: Snapshot, engine: Engine) -> dict[str, Any]:
    """Every class with its version, origin and number of objects that the reader sees, ended or not live too."""
    counted = engine.count(snapshot, Selection(stage=("any",)), ("class",)).rows
    objects = {row["class"]: row["n"] for row in counted}
    items = [
        {
            **{key: row.body.get(key) for key in ("class", "title", "group", "role", "department", "symbol", "scale")},
            "retired": bool(row.body.get("retired", False)),
            "version": row.version,
            "origin": row.origin,
            "from_product": row.from_product,
            "since": _since(row),
            "objects": objects.get(row.code, 0),
        }
        for row in catalogue_queries.items(snapshot.connection, "class", snapshot.state.n)
    ]
    return {
        "items": items,
        "symbols": glyphs(),
        "proposed_code": define.proposed_code(i["class"] for i in items),
        "targets": [{"value": t, "title": title} for t, title in _shared(snapshot.catalogue, None).items()]
        + [{"value": "level", "title": define.COMMON["level"]}],  # of a class with a scale of its own
        "state": snapshot.state.n,
    }


def _since(row: Row[Any]) -> dict[str, Any]:
    return {"state": row.state, "at": row.at.isoformat(timespec="seconds"), "by": row.actor}


def one(snapshot: Snapshot, engine: Engine, code: str) -> dict[str, Any]:
    """A class as the page edits it, with its versions. Fields above the reader's tier are left out for all but
    the administrator, who is answerable for them: a declaration is no data."""
    rows = catalogue_queries.versions(snapshot.connection, "class", code)
    if not rows:
        raise NotFound("没有这个分类，请从分类目录中选择。")
    present = rows[-1]
    all_fields = snapshot.reader.role == "administrator" or snapshot.reader.tier >= len(TIERS) - 1
    most = len(TIERS) - 1 if all_fields else snapshot.reader.tier
    names = _names(snapshot.catalogue)
    versions = []
    before: Mapping[str, Any] | None = None
    for row in rows:
        changes = define.differences(before, row.body, names) if all_fields else None
        versions.append({"version": row.version, "origin": row.origin, **_since(row), "changes": changes})
        before = row.body
    shipped = next((row.body for row in reversed(rows) if row.origin == "shipped"), None)
    body = define.readable(present.body, most)
    selection = Selection(classes=(code,), stage=("any",))
    return {
        "class": code,
        "version": present.version,
        "origin": present.origin,
        "from_product": shipped is not None,
        "since": _since(present),
        "objects": engine.count(snapshot, selection, ()).total,
        "body": define.form_of(body),
        "locked": [name for name in (shipped or {}).get("fields", {}) if name in body["fields"]],
        "list_titles": define.column_titles(body),
        "template": _template(Class.parse(present.version, body), snapshot.catalogue),
        "versions": versions[::-1],
        "state": snapshot.state.n,
    }


def dated(snapshot: Snapshot, engine: Engine) -> dict[str, Any]:
    """What is decided elsewhere and only shown here: policies and divisions with their dates and sources."""
    connection, now = snapshot.connection, snapshot.state
    policies = [
        {
            "policy": row.code,
            "title": row.body["title"],
            "scale": row.body["scale"],
            "adopted": bool(row.body.get("adopted", False)),
            "tag": row.body.get("tag"),
            "source": row.body.get("source"),
            "reason": row.body.get("reason"),
            "version": row.version,
            "origin": row.origin,
            "since": _since(row),
            "rows": [{"level": r["level"], "grade": r["grade"]} for r in row.body["rows"]],
        }
        for row in catalogue_queries.items(connection, "policy", now.n)
    ]
    counted = engine.count(snapshot, Selection(stage=("any",)), ("division",)).rows
    divisions = [
        {
            **dict(row._mapping),
            "valid_from": row.valid_from.isoformat() if row.valid_from else None,
            "valid_to": row.valid_to.isoformat() if row.valid_to else None,
        }
        for row in catalogue_queries.dated_divisions(connection, now.n, now.day)
    ]
    return {
        "policies": policies,
        "divisions": divisions,
        "objects_by_county": {row["division"]: row["n"] for row in counted if row["division"]},
        "state": now.n,
        "day": now.day.isoformat(),
    }


def _names(catalogue: Catalogue) -> dict[str, str]:
    """Titles of groups and scales by code."""
    return {g["code"]: g["title"] for g in catalogue.groups} | {s.code: s.title for s in catalogue.scales.values()}


def _template(class_: Class, catalogue: Catalogue) -> list[dict[str, Any]]:
    """The columns of the import template that is made from a class."""
    return [
        {
            "title": f"{t.title}（{t.unit}）" if t.unit else t.title,
            "group": t.group,
            "required": t.required,
            "help": t.help,
        }
        for t in targets_of(class_, catalogue)
        if t.in_template
    ]


# -- Deciding --------------------------------------------------------------------------


@dataclass(slots=True)
class Decision:
    """What a form comes to: a body or errors; what its maker should know; values to be written anew."""

    body: dict[str, Any] | None
    errors: list[FieldError]
    changes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    recast: list[Field] = field(default_factory=list)

    def raise_if_wrong(self) -> dict[str, Any]:
        """The body. Raises Invalid with every wrong field at once."""
        if self.errors or self.body is None:
            raise Invalid("分类有内容不符合要求，请改正后再保存", code="invalid_class", errors=self.errors)
        return self.body


@dataclass(frozen=True, slots=True)
class _Known:
    """The class that is changed, as the database has it."""

    version: int
    body: Mapping[str, Any]
    shipped: Mapping[str, Any] | None


def _known(connection: Connection, code: str) -> _Known:
    rows = catalogue_queries.versions(connection, "class", code)
    if not rows:
        raise NotFound("没有这个分类，请从分类目录中选择。")
    shipped = next((row.body for row in reversed(rows) if row.origin == "shipped"), None)
    return _Known(rows[-1].version, rows[-1].body, shipped)


def _shared(catalogue: Catalogue, scale: str | None) -> dict[str, str]:
    """What a column of any table can fill, with its title."""
    any_class = Class("", 0, "", "", "", tuple(define.KINDS), scale, None, "", "", (), (), ())
    return {t.target: t.title for t in targets_of(any_class, catalogue)}


def _surroundings(catalogue: Catalogue, known: _Known | None, scale: object) -> define.Surroundings:
    own = known.body["class"] if known else None
    return define.Surroundings(
        groups={g["code"]: g["title"] for g in catalogue.groups},
        symbols=frozenset(glyphs()),
        scales={s.code: s.title for s in catalogue.scales.values() if s.code != _COMMON_SCALE},
        codes=frozenset(catalogue.classes),
        titles={c.title: c.code for c in catalogue.classes.values() if c.code != own},
        shared=_shared(catalogue, scale if isinstance(scale, str) and scale in catalogue.scales else None),
        factor=factor_between,
        previous=known.body if known else None,
        shipped=known.shipped if known else None,
    )


def _decide(snapshot: Snapshot, catalogue: Catalogue, known: _Known | None, given: Any) -> Decision:
    """The form against the catalogue and, where a class is changed, against everything that objects hold."""
    scale = given.get("scale") if isinstance(given, Mapping) else None
    checked = define.check(given, _surroundings(catalogue, known, scale))
    if checked.body is None:
        return Decision(None, checked.errors)
    decision = Decision(
        checked.body, [], define.differences(known.body if known else None, checked.body, _names(catalogue))
    )
    after = Class.parse(0, checked.body)
    before = Class.parse(known.version, known.body) if known else replace(after, fields=(), symbol="")
    _warn_of_others(decision, catalogue, before, after)
    if known:  # no class is ever taken away, so of a new one there are no objects
        _check_held(decision, snapshot, before, after)
        _warn_of_own(decision, snapshot, before, after)
    return decision


def _warn_of_others(decision: Decision, catalogue: Catalogue, before: Class, after: Class) -> None:
    """What a change gives the class in common with others, where that may surprise."""
    others = [c for c in catalogue.classes.values() if c.code != after.code]
    same = [c.title for c in others if c.symbol == after.symbol]
    if same and before.symbol != after.symbol:
        decision.warnings.append(f"图形与“{'”“'.join(same[:_EXAMPLES])}”相同，图上只能靠点开区分")
    for own in after.fields:
        old = before.by_name.get(own.name)
        if not own.is_scalar or (old is not None and _kind(old) == _kind(own)):
            continue
        kinds = {define.TYPES[f.type] for c in others if (f := c.by_name.get(own.name)) and _kind(f) != _kind(own)}
        if kinds:
            decision.warnings.append(
                f"字段“{own.title}”（{own.name}）在别的分类中是{'、'.join(sorted(kinds))}："
                "按这一项跨分类筛选时要先选定分类；换一个字段名可免"
            )


def _kind(declared: Field) -> str:
    """What a filter takes a field for."""
    return {"integer": "decimal", "enum": "text"}.get(declared.type, declared.type)


def _check_held(decision: Decision, snapshot: Snapshot, before: Class, after: Class) -> None:
    """Refuses what present and coming objects would no longer fit; finds values to be written anew."""
    connection, day, reader = snapshot.connection, snapshot.state.day, snapshot.reader
    rechecked = {f.name for f in define.needs_recheck(before, after)}
    for index, own in enumerate(after.fields):
        old = before.by_name.get(own.name)
        unit = old.unit if old is not None and old.unit is not None and not _same_unit(old.unit, own.unit) else None
        if own.name in rechecked or unit is not None:
            held = queries.held_values(connection, after.code, own.name, day)
            if held:
                _check_values(decision, snapshot, f"fields.{index}", old, own, unit, held)
    fewer = set(before.geometry) - set(after.geometry)
    for row in queries.held_kinds(connection, after.code, day) if fewer else ():
        kind = tuple(define.KINDS)[row.dimension]
        if kind not in after.geometry:
            examples = _examples(connection, reader, [row])
            message = f"已有 {row.n} 个对象画的是{define.KINDS[kind]}{examples}，不能去掉这种画法"
            decision.errors.append(FieldError("geometry", "in_use", message))
    for row in queries.held_levels(connection, after.code, day) if before.scale != after.scale else ():
        if row.scale != after.scale:
            examples = _examples(connection, reader, [row])
            message = f"已有 {row.n} 个对象按原标度定了级{examples}，不能换标度；请先清空这些对象的级别"
            decision.errors.append(FieldError("scale", "in_use", message))


def _check_values(
    decision: Decision,
    snapshot: Snapshot,
    path: str,
    old: Field | None,
    own: Field,
    unit: str | None,
    held: Sequence[Row[Any]],
) -> None:
    """What is stored of one field, against what the field now asks; `unit` is the one that is given up."""
    connection, reader = snapshot.connection, snapshot.reader
    n = sum(row.n for row in held)
    if unit is not None:
        message = (
            f"已有 {n} 个对象填了“{own.title}”（{unit}）{_examples(connection, reader, held)}，"
            f"改单位会改变这些数的含义。请保留单位 {unit}；表格里用别的单位时，写在表头别名中，导入时换算"
        )
        decision.errors.append(FieldError(f"{path}.unit", "in_use", message))
        return
    misfits: list[tuple[Row[Any], list[FieldError]]] = []
    anew = 0
    for row in held:
        value, wrong = validate.recast(own, row.value)
        moved = not wrong and (value != row.value or isinstance(value, bool) != isinstance(row.value, bool))
        if wrong or (moved and row.later):
            misfits.append((row, wrong))
        elif moved:
            anew += row.n
    if misfits:
        decision.errors.append(_misfit(connection, reader, path, old, own, misfits))
    elif anew:
        was = define.TYPES[old.type] if old else "原来的写法"
        decision.recast.append(own)
        decision.warnings.append(
            f"{anew} 个对象的“{own.title}”由{was}改写为{define.TYPES[own.type]}，自今天起生效；"
            "以前的日期和状态仍是原来的写法"
        )
    elif old is None:
        decision.warnings.append(f"字段“{own.title}”（{own.name}）以前用过，{n} 个对象保留的内容会重新显示")


def _same_unit(old: str, new: str | None) -> bool:
    return new is not None and unit_of(old) == unit_of(new)


def _misfit(
    connection: Connection,
    reader: Reader,
    path: str,
    old: Field | None,
    own: Field,
    misfits: Sequence[tuple[Row[Any], list[FieldError]]],
) -> FieldError:
    n = sum(row.n for row, _ in misfits)
    examples = _examples(connection, reader, [row for row, _ in misfits])
    if old is None:
        message = (
            f"字段名 {own.name} 以前用过，{n} 个对象保留的内容不合这里的要求{examples}。请换一个字段名，"
            "或按原来的类型恢复"
        )
        return FieldError(f"{path}.name", "in_use", message)
    if old.type != own.type:
        was, now = define.TYPES[old.type], define.TYPES[own.type]
        message = (
            f"已有 {n} 个对象的“{old.title}”是{was}，不能改为{now}{examples}。请先逐个更正，"
            "或保留这个字段、另加一个新字段"
        )
        return FieldError(f"{path}.type", "in_use", message)
    why = next((wrong[0].message for _, wrong in misfits if wrong), "")
    key = next((k for k in ("minimum", "maximum", "max_length", "options", "fields") if _differs(old, own, k)), "type")
    message = f"已有 {n} 个对象的“{old.title}”不合新的要求（{why}）{examples}。请先更正这些对象，或放宽要求"
    return FieldError(f"{path}.{key}", "in_use", message)


def _differs(old: Field, new: Field, key: str) -> bool:
    return bool(getattr(old, key) != getattr(new, key))


def _examples(connection: Connection, reader: Reader, rows: Sequence[Row[Any]]) -> str:
    """The first objects by code or name, as far as the reader may see them."""
    ids = sorted({i for row in rows for i in row.ids})[: 4 * _EXAMPLES]
    seen = [
        row.code or row.name
        for row in queries.rights_of(connection, ids)
        if reader.inner(row.visibility, row.division, row.department, row._mapping["class"])
    ]
    return f"（如 {'、'.join(seen[:_EXAMPLES])}）" if seen else ""


def _warn_of_own(decision: Decision, snapshot: Snapshot, before: Class, after: Class) -> None:
    """What a change means for the objects that are there."""
    connection, day, say = snapshot.connection, snapshot.state.day, decision.warnings.append
    n = queries.count_of_class(connection, after.code)
    if not n:
        return
    for own in after.fields:
        old = before.by_name.get(own.name)
        if own.required and not (old and old.required):
            lacking = queries.count_without(connection, after.code, own.name, day)
            if lacking:
                say(f"{lacking} 个对象没有填“{own.title}”：照常使用，下次修改时须补填")
        if own.visibility == 0 and old and old.visibility > 0:
            shown = queries.count_of_class(connection, after.code, public=True)
            if shown:
                say(f"{shown} 个公开对象的“{own.title}”将对公众可见")
    for old in before.fields:
        if old.name not in after.by_name:
            held = sum(row.n for row in queries.held_values(connection, after.code, old.name, day))
            if held:
                say(f"{held} 个对象的“{old.title}”不再显示，内容仍保留；以同一字段名（{old.name}）加回来即可再看到")
    if before.department != after.department:
        say(f"已有的 {n} 个对象仍归原来填写的主管部门，新登记的才归{after.department}")
    if before.role == "hazard" and after.role != "hazard":
        say("不再是风险源：默认的“只看风险源”中不再包括这一类")
    if after.retired and not before.retired:
        say(f"停用后不再登记新对象；已有的 {n} 个仍可查看、修改、统计")


def preview(snapshot: Snapshot, given: Any, of: str | None) -> dict[str, Any]:
    """What saving a form would come to; nothing is written. `of` is the class that is changed."""
    known = _known(snapshot.connection, of) if of is not None else None
    decision = _decide(snapshot, snapshot.catalogue, known, given)
    out: dict[str, Any] = {
        "errors": [{"field": e.field, "code": e.code, "message": e.message} for e in decision.errors],
        "warnings": decision.warnings,
        "changes": decision.changes,
        "version": known.version + 1 if known else 1,
        "list_titles": [],
        "template": [],
        "state": snapshot.state.n,
    }
    if decision.body is not None:
        out["list_titles"] = define.column_titles(decision.body)
        out["template"] = _template(Class.parse(0, decision.body), snapshot.catalogue)
    return out


# -- Writing ---------------------------------------------------------------------------


def parse_version(header: str | None) -> int:
    """Version of the class that an edit rests on."""
    if header is None:
        raise PreconditionRequired('修改时请带上 If-Match: "<分类的版本号>"，以免盖掉别人的修改。')
    digits = header.strip().removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise Invalid('If-Match 应为分类的版本号，如 "2"')
    return int(digits)


def create(snapshot: Snapshot, given: Any) -> dict[str, Any]:
    """A new class, from the next state on."""
    title = _decide(snapshot, snapshot.catalogue, None, given).raise_if_wrong()["title"]
    taken, catalogue = _take(snapshot, f"新增分类 {title}")
    decision = _decide(_on(snapshot, taken), catalogue, None, given)
    body = decision.raise_if_wrong()
    return _write(snapshot, taken, decision, body, None)


def change(snapshot: Snapshot, code: str, expected: int, given: Any) -> dict[str, Any]:
    """A class's next version. Raises Conflict where somebody else was first."""
    known = _known(snapshot.connection, code)
    _check_version(known, expected)
    body = _decide(snapshot, snapshot.catalogue, known, given).raise_if_wrong()
    if define.is_same(known.body, body):
        return {"class": code, "version": known.version, "state": snapshot.state.n, "changes": [], "warnings": []}
    taken, catalogue = _take(snapshot, f"修改分类 {body['title']}")
    known = _known(snapshot.connection, code)
    _check_version(known, expected)
    decision = _decide(_on(snapshot, taken), catalogue, known, given)
    body = decision.raise_if_wrong()
    return _write(snapshot, taken, decision, body, known)


def _check_version(known: _Known, expected: int) -> None:
    if known.version != expected:
        raise Conflict(
            f"这个分类已被别人改动（现为第 {known.version} 版），您的修改没有保存。请重新打开后再改。",
            code="stale_class",
        )


def _take(snapshot: Snapshot, what: str) -> tuple[State, Catalogue]:
    """The lock; and the catalogue as it is now that nobody else can move it."""
    taken = state.take(snapshot.connection, snapshot.reader.name, what, catalogue=True)
    return taken, catalogue_queries.load(snapshot.connection, taken.n)


def _on(snapshot: Snapshot, taken: State) -> Snapshot:
    return replace(snapshot, state=taken)


def _write(
    snapshot: Snapshot, taken: State, decision: Decision, body: dict[str, Any], known: _Known | None
) -> dict[str, Any]:
    connection, reader = snapshot.connection, snapshot.reader
    version = put_item(connection, Item("class", body["class"], body), "bureau", taken.n)
    rewritten = _recast(connection, reader, taken, Class.parse(version, body), decision.recast)
    audit.record(
        connection,
        reader.name,
        "update" if known else "create",
        "class",
        body["class"],
        address=reader.address,
        state=taken.n,
        before={"version": known.version, "body": known.body} if known else None,
        after={"version": version, "body": body, "changes": decision.changes, "rewritten": rewritten},
    )
    return {
        "class": body["class"],
        "version": version,
        "state": taken.n,
        "changes": decision.changes,
        "warnings": decision.warnings,
    }


def _recast(connection: Connection, reader: Reader, taken: State, class_: Class, fields: Sequence[Field]) -> int:
    """Write stored values anew as their fields now ask, in the same state; how many objects."""
    if not fields:
        return 0
    pairs = []
    for row in queries.rows_with(connection, class_.code, [f.name for f in fields], taken.day):
        attributes = dict(row["attributes"])
        for own in fields:
            if own.name in attributes:
                attributes[own.name], _ = validate.recast(own, attributes[own.name])
        if attributes != row["attributes"]:
            pairs.append((row, {**row, "attributes": attributes, "class_version": class_.version}))
    if pairs:
        # Over all objects of the class, whoever may see them; the administrator stands for it by name.
        write.change_many(connection, replace(SYSTEM, name=reader.name), taken, pairs, taken.day)
    return len(pairs)
