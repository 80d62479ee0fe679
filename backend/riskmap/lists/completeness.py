"""较大以上风险管控落实: has each measures, persons and interval; each 重大 also its level of control and both hooks."""

from collections.abc import Sequence

from riskmap.lists import parties
from riskmap.lists.model import CLASS, DEPARTMENT, DIVISION, ENTERPRISE, GRADE, NAME, Ask, Column, Figure, Listing
from riskmap.lists.rows import objects

# Policy: what a serious risk must have: name, title. A field is asked for only where the object's class declares it.
_MISSING = (
    ("measures", "管控措施"),
    ("persons", "责任人"),
    ("interval", "巡查间隔"),
    ("control", "管控层级"),
    ("town_hook", "属地挂钩"),
    ("department_hook", "部门挂钩"),
)


def _columns(ask: Ask) -> Sequence[Column]:
    return (
        GRADE,
        NAME,
        CLASS,
        Column("complete", "是否齐全", "yes", sort="r.complete", width=10),
        Column("missing", "缺什么", sort="cardinality(r.gaps)", width=28),
        Column("measures", "管控措施", width=22),
        Column("persons", "责任人", "number", "人", sort="r.persons"),
        Column("interval", "巡查间隔", "number", "天", sort="r.interval"),
        Column("control", "管控层级", width=12),
        Column("hooks", "双挂钩", width=14),
        ENTERPRISE,
        DIVISION,
        DEPARTMENT,
    )


def _declaring(ask: Ask, name: str) -> str:
    classes = [c.code for c, _ in ask.snapshot.catalogue.fields_named(name, None)]
    return f"o.class = ANY(CAST({ask.binds(classes)} AS text[]))"


def _rows(ask: Ask) -> str:
    binds = ask.binds
    fields = {
        "measures": ("measures", "text"),
        "interval": ("inspect_days", "number"),
        "control": ("control_level", "text"),
    }
    rows = objects(ask, "{grade} <= 2", fields=fields, full_only=True)
    in_charge = binds(list(parties.RESPONSIBLE))
    persons = (
        "SELECT count(*) FILTER (WHERE"
        f" p.role = ANY(CAST({in_charge} AS text[]))) AS persons,"
        f" coalesce(bool_or(p.role = '{parties.TOWN}'), false) AS town_hook,"
        f" coalesce(bool_or(p.role = '{parties.DEPARTMENT}'), false) AS department_hook"
        f" FROM object_party AS p WHERE p.object_id = o.id AND {parties.in_force(ask)}"
    )
    lacks = {
        "measures": f"{_declaring(ask, 'measures')} AND coalesce(btrim(o.measures), '') = ''",
        "persons": "coalesce(p.persons, 0) = 0",
        "interval": f"{_declaring(ask, 'inspect_days')} AND o.interval IS NULL",
        "control": f"o.grade = 1 AND {_declaring(ask, 'control_level')} AND o.control IS NULL",
        "town_hook": "o.grade = 1 AND NOT coalesce(p.town_hook, false)",
        "department_hook": "o.grade = 1 AND NOT coalesce(p.department_hook, false)",
    }
    gaps = ", ".join(f"CASE WHEN {condition} THEN '{name}' END" for name, condition in lacks.items())
    judged = (
        f"SELECT o.*, coalesce(p.persons, 0) AS persons, coalesce(p.town_hook, false) AS town_hook,"
        f" coalesce(p.department_hook, false) AS department_hook,"
        f" array_remove(ARRAY[{gaps}]::text[], NULL) AS gaps"
        f" FROM ({rows}) AS o CROSS JOIN LATERAL ({persons}) AS p"
    )
    return f"SELECT j.*, cardinality(j.gaps) = 0 AS complete FROM ({judged}) AS j"


def _figures(ask: Ask) -> Sequence[Figure]:
    return (
        Figure("all", "较大以上", total=True),
        Figure("complete", "齐全", "r.complete", share_of="all"),
        Figure("incomplete", "不齐全", "NOT r.complete"),
        Figure("major-incomplete", "其中重大", "NOT r.complete AND r.grade = 1"),
        *(Figure(f"no-{name.replace('_', '-')}", f"缺{title}", f"'{name}' = ANY(r.gaps)") for name, title in _MISSING),
    )


def _finish(ask: Ask, rows: list[dict[str, object]]) -> None:
    titles = dict(_MISSING)
    levels = {
        value: title
        for _, field in ask.snapshot.catalogue.fields_named("control_level", None)
        for value, title in field.options
    }
    for row in rows:
        gaps = row["gaps"]
        assert isinstance(gaps, list)
        row["missing"] = "、".join(titles[name] for name in gaps) or None
        row["control"] = levels.get(str(row["control"]), row["control"])
        hooked = [title for name, title in (("town_hook", "属地"), ("department_hook", "部门")) if row[name]]
        row["hooks"] = "、".join(hooked) or None


LIST = Listing(
    "completeness", "管控落实", "较大以上风险的措施、责任人、巡查间隔是否齐全；重大的另看管控层级和双挂钩",
    _columns, _rows, _figures, "complete", inner=True, finish=_finish,
    empty="所选范围内没有较大以上的对象。",
)  # fmt: skip
