"""Who has to be told of a warning: who answers for what lies in its area, in the order in which one telephones.

Decided over all live objects, shown as the reader may see them: what he may not see is told through its department
and never left out. Each call is ticked with its result; the newest tick of a line holds, and one of an earlier
version of the warning is told as such.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from riskmap.access.reader import SYSTEM
from riskmap.base import database, sqlfile
from riskmap.base.errors import FieldError, Invalid
from riskmap.catalogue.model import GRADES, Catalogue
from riskmap.exchange.division_names import division_names_of
from riskmap.rescue import exposure, log, persons, warning
from riskmap.rescue.exposure import Hit
from riskmap.rescue.warning_wire import ToldRow
from riskmap.selection.compile import Compiled, compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

NOBODY = "没有登记责任人"
REACHED = ("接通", "转达")

_ROW = ("class", "grade", "division", "department", "visibility", "name", "parent", "enterprise")


@dataclass(frozen=True, slots=True)
class Line:
    """One line to telephone: a person of an object, an object without anybody, or a department for what is its own."""

    town: str  # code; '' not registered, or not to be told
    body: dict[str, Any]

    @property
    def key(self) -> tuple[int | None, int | None, str | None]:
        """What a tick is for."""
        b = self.body
        return (b["object"], b["party"], None) if b["object"] else (None, None, b["department"])


@dataclass(frozen=True, slots=True)
class InCharge:
    """Persons of an object in the order of ringing; `carrier` is the farm or enterprise that they are registered with,
    where the object itself has nobody."""

    persons: Sequence[Mapping[str, Any]]
    carrier: Hit | None = None


def always(catalogue: Catalogue) -> list[str]:
    """Classes that are told whatever their grade: vulnerable targets, villages, water works. Policy."""
    return sorted(
        c.code for c in catalogue.classes.values() if c.role == "target" or (c.group == "water" and c.role == "hazard")
    )


def _wanted(compiled: Compiled, catalogue: Catalogue, grades: Sequence[str]) -> str:
    """The condition (a template) of what is told: these grades, and the classes that are always told."""
    ranks = compiled.binds([GRADES.index(g) + 1 for g in grades])
    classes = compiled.binds(always(catalogue))
    return f"({{grade}} = ANY(CAST({ranks} AS int[])) OR {{class}} = ANY(CAST({classes} AS text[])))"


def hits(snapshot: Snapshot, warning_id: int, grades: Sequence[str], selection: Selection) -> list[Hit]:
    """What lies in the area of these grades, and of the classes that are always told, as SYSTEM."""
    compiled = compile_selection(selection, replace(snapshot, reader=SYSTEM))
    wanted = _wanted(compiled, snapshot.catalogue, grades)
    columns = {name: "{" + name + "}" for name in _ROW}
    columns |= {"id": "{id}", "lon": "ST_X({anchor})", "lat": "ST_Y({anchor})"}
    sql = sqlfile.read(__file__, "warned").format(
        rows=compiled.rows({"id": "{id}"}, f"{{geom}} && p.geom AND {wanted} AND ST_Intersects(p.geom, {{geom}})"),
        whole=compiled.rows(columns, "{id} = m.id"),
    )
    with database.under(snapshot.connection, SYSTEM.settings()):
        rows = snapshot.connection.execute(text(sql), {**compiled.binds.values, "warning": warning_id}).mappings().all()
    return [Hit(r["id"], True, None, None, 0.0, dict(r)) for r in rows]


def _unplaced(snapshot: Snapshot, grades: Sequence[str], selection: Selection) -> int:
    """How many of what would be told have no position: whether they are in the area nobody knows."""
    compiled = compile_selection(selection, replace(snapshot, reader=SYSTEM))
    wanted = _wanted(compiled, snapshot.catalogue, grades)
    sql = f"SELECT count(*) FROM ({compiled.rows('id', '{geom} IS NULL AND ' + wanted)}) AS r"
    with database.under(snapshot.connection, SYSTEM.settings()):
        return int(snapshot.connection.scalar(text(sql), compiled.binds.values) or 0)


def answer(
    snapshot: Snapshot,
    of: dict[str, Any],
    grades: Sequence[str],
    selection: Selection,
    at: datetime,
    limit: int | None = None,
    offset: int = 0,
) -> dict[str, Any]:
    """The list as the snapshot's reader gets it, with the ticks up to a minute.

    `rows` are in the order of telephoning: town, grade, object, role; then the departments. `towns` and all counts
    are of the whole list.
    """
    all_of = exposure.is_open(selection)
    found = hits(snapshot, of["id"], grades, selection if all_of else Selection())
    forms = exposure.forms_of(snapshot, found, Selection())
    beside = 0
    if not all_of:  # a condition on what he may not read is not judged for him
        mine = exposure.forms_of(snapshot, found, selection)
        beside = sum(h.id not in forms for h in found)
        found = [h for h in found if h.id in mine]
    in_charge = _in_charge(snapshot, found)
    lines = _lines(snapshot, found, {**_carriers(snapshot, in_charge), **forms}, in_charge)
    ticks = _ticks(snapshot.connection, of, at)
    for line in lines:
        line.body["told"] = ticks.get(line.key)
    of_grade = Counter(GRADES[h.row["grade"] - 1] for h in found)
    return {
        "grades": list(grades),
        "objects": len(found),
        "by_grade": {grade: of_grade[grade] for grade in GRADES},
        "nobody": sum(h.id not in in_charge for h in found),
        "no_phone": sum(line.body["party"] is not None and line.body["phone"] is None for line in lines),
        "through_department": sum(forms.get(h.id) != "full" for h in found),
        "hidden_beside": beside,
        "unplaced": _unplaced(snapshot, grades, selection if all_of else Selection()),
        "total": len(lines),
        "counts": _counts(lines, of["version"]),
        "towns": _towns(snapshot, lines),
        "rows": [line.body for line in lines[offset : None if limit is None else offset + limit]],
    }


def _in_charge(snapshot: Snapshot, found: Sequence[Hit]) -> dict[int, InCharge]:
    """Who answers for each of these objects, as SYSTEM: whether there is anybody is told of hidden ones too.

    Where nobody is registered with an object itself, it is who answers for what it belongs to, then for its enterprise.
    """
    own = persons.of_objects(snapshot, (h.id for h in found), persons.OF_A_WARNING)
    lacking = [h for h in found if h.id not in own]
    above = {i for h in lacking for i in (h.row["parent"], h.row["enterprise"]) if i is not None}
    theirs = persons.of_objects(snapshot, above, persons.OF_A_WARNING)
    carriers = _live(snapshot, sorted(theirs))
    out = {i: InCharge(parties) for i, parties in own.items()}
    for h in lacking:
        for i in (h.row["parent"], h.row["enterprise"]):
            if i in carriers and h.id not in out:
                out[h.id] = InCharge(theirs[i], carriers[i])
    return out


def _carriers(snapshot: Snapshot, in_charge: Mapping[int, InCharge]) -> dict[int, str]:
    """What the reader gets of the farms and enterprises that persons are registered with, each with its form."""
    carriers = {c.id: c for its in in_charge.values() if (c := its.carrier)}
    return exposure.forms_of(snapshot, list(carriers.values()), Selection())


def _may_know(of: InCharge, forms: Mapping[int, str]) -> bool:
    """Whether a reader of an object in full gets those in charge of it: they are shown by where they are registered."""
    return of.carrier is None or forms.get(of.carrier.id) == "full"


def _live(snapshot: Snapshot, ids: list[int]) -> dict[int, Hit]:
    """Those of these objects that are live, as SYSTEM."""
    if not ids:
        return {}
    compiled = compile_selection(Selection(), replace(snapshot, reader=SYSTEM), only_ids=ids)
    columns = {name: "{" + name + "}" for name in _ROW} | {"id": "{id}"}
    with database.under(snapshot.connection, SYSTEM.settings()):
        rows = snapshot.connection.execute(text(compiled.rows(columns)), compiled.binds.values).mappings().all()
    return {r["id"]: Hit(r["id"], True, None, None, 0.0, dict(r)) for r in rows}


_EMPTY: Mapping[str, Any] = {
    "object": None, "name": None, "class": None, "class_title": None, "grade": None, "at": None, "division": None,
    "town": None, "department": None, "masked": None, "objects": 1, "told": None, "party": None, "role": None,
    "post": None, "person": None, "phone": None, "same_phone": 0, "via": None, "nobody": None,
}  # fmt: skip


def _lines(
    snapshot: Snapshot, found: Sequence[Hit], forms: Mapping[int, str], persons_of: Mapping[int, InCharge]
) -> list[Line]:
    names = division_names_of(snapshot)
    out: list[Line] = []
    hidden: dict[str, list[Hit]] = defaultdict(list)
    for h in sorted(
        found, key=lambda h: (not h.row["division"], h.row["division"][:9], h.row["grade"], h.row["name"], h.id)
    ):
        if forms.get(h.id) != "full":
            hidden[h.row["department"]].append(h)
            continue
        one, town = exposure.shown(snapshot, h, forms), h.row["division"][:9]
        base = {**_EMPTY, **{k: one[k] for k in ("name", "class", "class_title", "grade", "at", "division")}}
        base |= {"object": h.id, "town": names.words(town) or None, "department": h.row["department"] or None}
        in_charge = persons_of.get(h.id)
        if in_charge is None:
            out.append(Line(town, base | {"nobody": NOBODY}))
        elif not _may_know(in_charge, forms):
            assert in_charge.carrier is not None
            department = in_charge.carrier.row["department"] or "未登记"
            masked = f"责任人登记于所属单位，无权查看（主管部门：{department}）"
            out.append(Line(town, base | {"department": department, "masked": masked}))
        else:
            via = in_charge.carrier.row["name"] if in_charge.carrier else None
            for p in persons.told(snapshot, "full", in_charge.persons):
                own = {"party": p["id"], "role": p["role"], "post": p["post"], "person": p["name"]}
                out.append(Line(town, base | own | {"phone": p["phone"] or None, "via": via}))
    numbers = Counter(line.body["phone"] for line in out if line.body["phone"])
    for line in out:
        line.body["same_phone"] = numbers[line.body["phone"]]
    for department in sorted(hidden, key=lambda d: (not d, d)):
        of = hidden[department]
        told = {"department": department or "未登记", "masked": exposure.masked(department), "objects": len(of)}
        worst = GRADES[min(h.row["grade"] for h in of) - 1]
        out.append(Line("", {**_EMPTY, **told, "grade": worst}))
    return out


def _towns(snapshot: Snapshot, lines: Sequence[Line]) -> list[dict[str, Any]]:
    """Of the whole list by town, in its order; what is told through departments stands last."""
    out: dict[tuple[bool, str], dict[str, Any]] = {}
    seen: dict[tuple[bool, str], set[int]] = defaultdict(set)
    names = division_names_of(snapshot)
    for line in lines:
        b = line.body
        key = (b["object"] is None, line.town)
        title = "由主管部门通知" if key[0] else names.words(line.town) or "未登记乡镇"
        one = out.setdefault(
            key, {"division": line.town or None, "name": title, "objects": 0, "lines": 0, "reached": 0, "nobody": 0}
        )
        if b["object"] is None:
            one["objects"] += b["objects"]
        elif b["object"] not in seen[key]:
            seen[key].add(b["object"])
            one["objects"] += 1
        one["lines"] += 1
        one["reached"] += b["told"] is not None and b["told"]["result"] in REACHED
        one["nobody"] += b["nobody"] is not None
    return list(out.values())


def _counts(lines: Sequence[Line], version: int) -> dict[str, int]:
    """How far the telephoning is: lines that were reached by this version, not reached, told only an earlier one."""
    ticks = [line.body["told"] for line in lines]
    now = [t for t in ticks if t is not None and t["version"] == version]
    before = [t for t in ticks if t is not None and t["version"] != version]
    reached = sum(t["result"] in REACHED for t in now)
    return {
        "reached": reached,
        "connected": sum(t["result"] == "接通" for t in now),
        "passed_on": sum(t["result"] == "转达" for t in now),
        "missed": sum(t["result"] == "未接" for t in now),
        "earlier": sum(t["result"] in REACHED for t in before),
        "left": len(lines) - reached,
    }


def _ticks(connection: Connection, of: Mapping[str, Any], at: datetime) -> dict[Any, dict[str, Any]]:
    """The newest tick of each line, of this and earlier versions of the warning, up to a minute."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (t.object_id, t.party_id, t.department) t.object_id, t.party_id, t.department, t.at,"
            " t.by, t.result, t.note, w.version FROM rescue_told AS t JOIN rescue_warning AS w USING (warning_id)"
            " WHERE coalesce(w.series_id, w.warning_id) = :series AND w.version <= :version AND t.at <= :at"
            " ORDER BY t.object_id, t.party_id, t.department, t.told_id DESC"
        ),
        {"series": of["series"], "version": of["version"], "at": at},
    )
    known = ("at", "by", "result", "note", "version")
    return {
        (r["object_id"], r["party_id"], r["department"]): {k: r[k] for k in known}
        for r in rows.mappings()
        if r["result"] != "撤销"
    }


# -- Ticks ---------------------------------------------------------------------------


def tick(snapshot: Snapshot, of: dict[str, Any], rows: Sequence[ToldRow], result: str, note: str) -> int:
    """Write what came of the calls, with one entry in the log; how many lines. Raises Invalid."""
    _check(snapshot, of, rows, result, note)
    snapshot.connection.execute(
        text(
            "INSERT INTO rescue_told (warning_id, by, object_id, party_id, department, result, note)"
            " VALUES (:warning, :by, :object, :party, :department, :result, :note)"
        ),
        [
            {
                "warning": of["id"], "by": snapshot.reader.name, "object": r.object, "party": r.party,
                "department": r.department, "result": result, "note": note,
            }
            for r in rows
        ],
    )  # fmt: skip
    said = f"撤销通知标记 {len(rows)} 处" if result == "撤销" else f"通知 {len(rows)} 处，{result}"
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="预警", exercise=of["exercise"],
        what=f"{warning.title(of)}：{said}" + (f"（{note}）" if note else ""), ref={"kind": "warning", "id": of["id"]},
    )  # fmt: skip
    return len(rows)


def _check(snapshot: Snapshot, of: Mapping[str, Any], rows: Sequence[ToldRow], result: str, note: str) -> None:
    """Raises Invalid for a line that is not of this warning's list as the reader gets it, and for one where nobody is
    registered and it is not said who was reached instead."""
    errors = []
    for i, r in enumerate(rows):
        if (r.object is None) == (r.department is None) or (r.party is not None and r.object is None):
            errors.append(FieldError(f"rows.{i}", "bad_row", "请给对象（和责任人），或给主管部门"))
    ids = sorted({r.object for r in rows if r.object is not None})
    if ids and not errors:
        inside = _inside(snapshot, of, ids)
        in_charge = _in_charge(snapshot, list(inside.values()))
        forms = _carriers(snapshot, in_charge)
        known = {(i, p["id"]) for i, its in in_charge.items() if _may_know(its, forms) for p in its.persons}
        for i, r in enumerate(rows):
            if r.object is not None and r.object not in inside:
                errors.append(FieldError(f"rows.{i}.object", "not_in_list", "这个对象不在这条预警的名单里，请刷新"))
            elif r.party is not None and (r.object, r.party) not in known:
                errors.append(FieldError(f"rows.{i}.party", "not_in_list", "责任人已经变动，请刷新名单"))
            elif r.party is None and any(known_of == r.object for known_of, _ in known):
                errors.append(FieldError(f"rows.{i}.party", "not_in_list", "这一处登记了责任人，请写明通知的是谁"))
            elif r.object is not None and r.object not in in_charge and result in REACHED and not note:
                told = f"这一处{NOBODY}，不能直接记“{result}”。请填写通知到了谁（姓名、电话），并在对象里补登记责任人"
                errors.append(FieldError("note", "whom", told))
    if errors:
        raise Invalid("没有记下，请刷新名单后再试", errors=errors[:50])


def _inside(snapshot: Snapshot, of: Mapping[str, Any], ids: list[int]) -> dict[int, Hit]:
    """Those of these objects that the reader gets in full and that lie in the warning's area."""
    compiled = compile_selection(Selection(), snapshot, only_ids=ids).only("full")
    if compiled is None:
        return {}
    met = (
        "EXISTS (SELECT FROM rescue_warning_piece AS p WHERE p.warning_id = "
        f"{compiled.binds(of['id'])} AND p.geom && {{geom}} AND ST_Intersects(p.geom, {{geom}}))"
    )
    rows = snapshot.connection.execute(text(compiled.rows("id, parent, enterprise", met)), compiled.binds.values)
    return {r["id"]: Hit(r["id"], True, None, None, 0.0, dict(r)) for r in rows.mappings()}
