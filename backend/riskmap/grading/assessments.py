"""其他判定: what a standard says of an object beside its grade. Worked out when it is read, never stored.

A class names its assessments (`assess:` in its file). Each asks as SYSTEM; what of it a reader may see is for the
slice that answers to say, by the objects that an answer rests on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from riskmap.catalogue.model import Catalogue
from riskmap.grading import contours, queries
from riskmap.grading.record import told
from riskmap.grading.rulebook import Rulebook
from riskmap.grading.rules import RULES, holding
from riskmap.standards import gb18218, gb36894, gb39496, gbt37243
from riskmap.standards.result import Given, Refused, Result, Standing, Step, Tag
from riskmap.standards.table import Row


@dataclass(frozen=True, slots=True)
class Asked:
    """The object (a row of the register), and where and when it is asked about."""

    connection: Connection
    catalogue: Catalogue
    rulebook: Rulebook
    row: Mapping[str, Any]
    day: date

    @property
    def attributes(self) -> Mapping[str, Any]:
        """As stored, whoever asks."""
        return self.row["attributes"] or {}


@dataclass(frozen=True, slots=True)
class Answer:
    """One result, and the other objects that it rests on."""

    result: Result
    subject: str = ""  # of what, where there are several: a report
    objects: tuple[int, ...] = ()
    quotes: bool = False  # its figures are those of the objects: not for whom one of them is hidden
    reads: Mapping[str, frozenset[str]] | None = None  # class → fields of those objects that it tells
    mapped: frozenset[str] = frozenset()  # inputs that the map gave, by the first part of their names


@dataclass(frozen=True, slots=True)
class Assessment:
    """One assessment as a class names it."""

    code: str
    title: str
    run: Callable[[Asked], Sequence[Answer]]
    by_map: bool = True  # it asks for other objects, which are known as they are today


def body(assessment: Assessment, answer: Answer, ruleset: str) -> dict[str, Any]:
    """As it is sent: a record like that of a grade."""
    more = {"subject": answer.subject} if answer.subject else {}
    head = {"assessment": assessment.code, "title": assessment.title, **more}
    out = head | told(answer.result, ruleset) | {"rank": None}
    for name, given in out["inputs"].items():
        if name.split(".")[0] in answer.mapped:
            given["source"] = "map"
    return out


def _unknown(edition: str, verdict: str, *steps: Step, inputs: tuple[Given, ...] = (), note: str = "") -> Result:
    return Result(edition, Standing.UNKNOWN, verdict, "", "", steps, inputs, (note,) if note else ())


# -- 尾矿库监测报警 -----------------------------------------------------------------


def _alarm(asked: Asked) -> list[Answer]:
    """The last word on each point, rolled up by item and for the pond."""
    rows = asked.attributes.get("alarms") or ()
    alarms = asked.rulebook.alarms
    if not rows:
        return [Answer(_unknown(alarms.edition, "未判定，没有填写监测报警", note="没有填写不等于没有报警"))]
    fields = next(f for f in asked.catalogue.classes[asked.row["class"]].fields if f.name == "alarms").fields
    titles = dict(next(f for f in fields if f.name == "item").options)
    last: dict[tuple[str, str], tuple[str, int]] = {}
    order = (None, *alarms.colours)
    for row in rows:
        if (on := row.get("on") or "") > asked.day.isoformat():
            continue
        colour = None if row["level"] not in alarms.colours else row["level"]
        said = (on, order.index(colour))  # of one day the worst; a day that nobody wrote is before all others
        key = (row["item"], row["point"])
        last[key] = max(last.get(key, said), said)
    points: dict[str, list[str | None]] = {}
    for item in titles:
        if found := [order[rank] for (of, _), (_, rank) in last.items() if of == item]:
            points[titles[item]] = found
    if not points:
        return [Answer(_unknown(alarms.edition, "未判定，所填监测报警都在这一天以后"))]
    dates = sorted(on for on, _ in last.values() if on)
    result = gb39496.monitoring_alarm(points, alarms)
    undated = sum(not on for on, _ in last.values())
    notes = [f"按填写的 {len(last)} 个测点" + (f"，{dates[0]} 至 {dates[-1]}" if dates else "")]
    if undated:
        notes.append(f"其中 {undated} 个测点没有写日期")
    missing = [title for value, title in titles.items() if titles[value] not in points]
    if missing:
        notes.append(f"没有填写的项目：{'、'.join(missing)}，不等于没有报警")
    return [Answer(_with_notes(result, notes))]


def _with_notes(result: Result, notes: Sequence[str]) -> Result:
    return replace(result, notes=(*result.notes, *notes))


# -- 外部安全防护距离的确定方法 ------------------------------------------------------

_UNIT_RULE = "gb18218"  # of the classes whose objects hold chemicals


def _method(asked: Asked) -> list[Answer]:
    """By all live units of the enterprise; a unit without one stands for itself."""
    tables, row = asked.rulebook.methods, asked.row
    by_rule = {c.code: c for c in asked.catalogue.classes.values() if c.rule == _UNIT_RULE}
    own = row["class"] in by_rule
    enterprise = row["enterprise"] if own else row["id"]
    units = queries.units(asked.connection, enterprise, sorted(by_rule), row["id"] if own else None, asked.day)
    trade = queries.trade(asked.connection, enterprise) if enterprise else ""
    ids = tuple(unit["id"] for unit in units)
    reads = {code: RULES[_UNIT_RULE].reads & {"substances"} | {"regulator"} for code in by_rule}
    if site := tables.site({"industry_code": trade}):
        return [Answer(_excluded(site, tables, f"行业代码 {trade}"))]
    if not units:
        return [Answer(_unknown(tables.edition, "未判定，名下没有登记危险化学品的单元"))]
    notes, counted = [], []
    left = {unit["id"]: tables.site({"regulator": unit["attributes"].get("regulator") or ""}) for unit in units}
    sites = [site for site in left.values() if site]
    if len(sites) == len(units):
        return [Answer(_excluded(sites[0], tables, "按监管部门"), objects=ids, quotes=True, reads=reads)]
    empty = 0
    for unit in units:
        rows = unit["attributes"].get("substances") or ()
        if (site := left[unit["id"]]) is not None:
            notes.append(f"{unit['name']}属{site.text('site')}，本标准不适用，未计入")
        elif not rows:
            empty += 1
        else:
            counted += [(unit, holding(row)) for row in rows]
    if empty:
        notes.append(f"另有 {empty} 个单元没有填写危险化学品，未计入")
    if not counted:
        unknown = _unknown(tables.edition, "未判定，名下各单元都没有填写危险化学品")
        return [Answer(unknown, objects=ids, quotes=True, reads=reads)]
    kinds = [(unit, one, tables.kind(one)) for unit, one in counted]
    explosives = [one for _, one, kind in kinds if kind is not None and kind.text("kind") == gbt37243.EXPLOSIVE]
    gases = [(unit, one, kind) for unit, one, kind in kinds if kind and kind.text("kind") != gbt37243.EXPLOSIVE]
    try:
        result = gbt37243.choose(tables, explosives=bool(explosives), gases=[one for _, one, _ in gases])
    except Refused as refused:
        return [Answer(_unknown(tables.edition, f"未判定，{refused}"), objects=ids, quotes=True, reads=reads)]
    told_of = [Step("类别", f"{_name(one, tables)}（{unit['name']}）", "", "", kind.text("kind"), kind.clause)
               for unit, one, kind in kinds if kind]  # fmt: skip
    notes.insert(0, f"{len(units)} 个单元共 {len(counted)} 种，其中爆炸物 {len(explosives)} 种、气体 {len(gases)} 种")
    steps = (*told_of, *result.steps)
    whole = Result(
        result.edition, result.standing, result.verdict, "", result.level, steps, result.inputs, result.notes
    )
    return [Answer(_with_notes(whole, notes), objects=ids, quotes=True, reads=reads)]


def _name(one: gb18218.Holding, tables: gbt37243.Tables) -> str:
    if one.name:
        return one.name
    return tables.hazards.substances[one.row].text("name") if one.row else "、".join(one.categories)


def _excluded(site: Row, tables: gbt37243.Tables, by: str) -> Result:
    result = gbt37243.choose(tables, explosives=False, site=site.text("site"))
    step = Step("场所", "场所", "", by, site.text("site"), site.clause)
    return Result(result.edition, result.standing, result.verdict, "", "", (step, *result.steps), result.inputs)


# -- 个人风险基准 -------------------------------------------------------------------

_PLANT = {"new": gb36894.Plant.NEW, "existing": gb36894.Plant.EXISTING}
_PLANT_WORD = {"new": "新建、改建、扩建", "existing": "在役"}


def _individual_risk(asked: Asked) -> list[Answer]:
    """The place as a target, against the contours of each plant round it."""
    book, row = asked.rulebook, asked.row
    edition = book.targets.rows["教育设施"][0].clause.edition
    kind = book.targets.kind(row["class"], asked.attributes)
    if kind is None:
        return [Answer(_unknown(edition, "未判定，登记的类别不能对应防护目标的类型"))]
    target = contours.protected(kind, asked.attributes, book.targets)
    if row["geometry"] is None:
        return [Answer(_unknown(edition, "未判定，缺位置", *target.steps, inputs=target.inputs))]
    nests = contours.around(asked.connection, row["geometry"], asked.day)
    if not nests:
        note = "没有存等值线不等于没有风险"
        verdict = "周边没有存风险等值线，不作判断"
        answer = _unknown(edition, verdict, *target.steps, inputs=target.inputs, note=note)
        return [Answer(_with_notes(answer, [f"查到 {contours.REACH_M} m 为止"]))]
    if not target.target:
        missing = "和".join(target.missing)
        steps, ids = target.steps, tuple(d.id for nest in nests for d in nest.drawn)
        return [Answer(_unknown(edition, f"未判定，缺{missing}", *steps, inputs=target.inputs), objects=ids)]
    return [_against(nest, target, asked) for nest in nests]


def _against(nest: contours.Nest, target: gb36894.Target, asked: Asked) -> Answer:
    word = _PLANT_WORD.get(nest.status or "", "")
    subject = " · ".join(filter(None, (nest.source or "未写明评估报告", word, nest.dated)))
    ids = tuple(d.id for d in nest.drawn)
    reads = {contours.CLASS: frozenset({"level", "plant_status", "source", "date"})}
    edition = asked.rulebook.targets.rows["教育设施"][0].clause.edition
    plant = _PLANT.get(nest.status or "")
    if plant is None:
        result = _unknown(edition, "未判定，等值线没有写明装置是新建还是在役", *target.steps, inputs=target.inputs)
        return Answer(result, subject, ids, reads=reads)
    try:
        found = gb36894.individual_risk(target.target, plant, nest.contours(), asked.rulebook.criteria)
    except Refused as refused:
        result = _unknown(edition, f"未判定，{refused}", *target.steps, inputs=target.inputs)
        return Answer(result, subject, ids, reads=reads)
    steps = (*target.steps, *found.steps)
    inputs = (*target.inputs, *(g for g in found.inputs if g.field != "target"))  # which the steps have come to
    result = replace(found, steps=steps, inputs=inputs)
    if asked.rulebook.criteria[target.target].clause.tag is Tag.RECALL:
        result = _with_notes(result, ["基准数值凭记忆，待对照原文，不据以否决"])
    return Answer(result, subject, ids, reads=reads, mapped=frozenset({"contours", "plant"}))


_ALL = (
    Assessment("gb39496-alarm", "监测报警汇总", _alarm, by_map=False),
    Assessment("gbt37243", "外部安全防护距离确定方法", _method),
    Assessment("gb36894", "个人风险基准", _individual_risk),
)
ASSESSMENTS: Mapping[str, Assessment] = {one.code: one for one in _ALL}
