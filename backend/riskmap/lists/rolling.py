"""滚动排查: what the register's own dates say is due, overdue, not yet due, and where a date is missing.

Each item is one object and one thing that has to be done by a day. A missing date is a status of its own and never
“not due”. All days are held against the day of the moment that is asked about.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from riskmap.catalogue.model import Catalogue, Class, Field
from riskmap.lists import compared, parties
from riskmap.lists.model import (
    CLASS,
    DEPARTMENT,
    DIVISION,
    ENTERPRISE,
    GRADE,
    NAME,
    Ask,
    Column,
    Figure,
    Listing,
    Row,
    words,
)
from riskmap.lists.rows import objects, of_classes
from riskmap.selection.compile import PINYIN, Binds
from riskmap.store.snapshot import Snapshot

SOON_DAYS = 30  # Policy: how many days ahead an item is told as nearly due; the last of them included
# 总局令第40号 第11条, from memory: filed, as assessed, for three years.
FILED_YEARS = 3
FILED = "filed_on"
# How often and when last, or when next: what a round is due by.
_INTERVALS, _LASTS, _NEXT = ("inspect_days", "patrol_days"), ("last_inspection", "last_patrol"), "next_inspection"
INSPECTION = "inspection"
# Policy: not everybody has to have it, so that without a day there is nothing due.
_OPTIONAL = frozenset({"insured_until"})
# What is worked out never lies beyond what a date can hold: an interval with noughts too many is one line's mistake,
# not the list's end.
_LAST_DAY = "DATE '9999-12-31'"
_MOST_DAYS = 3_000_000
# Status → its word, in the order of the list.
STATUSES = {"overdue": "逾期", "soon": f"{SOON_DAYS} 天内到期", "later": "未到期", "missing": "缺日期"}
_DAY = "CASE WHEN o.{0} ~ '^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}$' THEN CAST(o.{0} AS date) END"


@dataclass(frozen=True, slots=True)
class Kind:
    """One thing that has to be done by a day: of which classes, by which of their fields."""

    name: str
    title: str
    classes: tuple[str, ...]
    days: tuple[str, ...]  # fields with a day
    interval: tuple[str, ...] = ()  # fields with a number of days


def is_due(field: Field) -> bool:
    """Whether a declared date is a day by which something has to be done: so it is named."""
    return field.type == "date" and field.name.endswith(("_due", "_until"))


def kinds(catalogue: Catalogue) -> list[Kind]:
    """All that the catalogue's classes declare; of a bureau's own classes too."""
    due: dict[str, tuple[str, list[str]]] = {}
    filed, rounds = [], []
    for class_ in sorted(catalogue.classes.values(), key=lambda c: c.code):
        for field in class_.fields:
            if is_due(field):
                due.setdefault(field.name, (field.title, []))[1].append(class_.code)
        if _has(class_, FILED):
            filed.append(class_.code)
        if any(_has(class_, name) for name in _INTERVALS):
            rounds.append(class_.code)
    out = [Kind(name, title, tuple(codes), (name,)) for name, (title, codes) in sorted(due.items())]
    if filed:
        out.append(Kind(FILED, "备案到期", tuple(filed), (FILED,)))
    if rounds:
        out.append(Kind(INSPECTION, "巡查", tuple(rounds), (_NEXT, *_LASTS), _INTERVALS))
    return out


def _has(class_: Class, name: str) -> bool:
    return name in class_.by_name


def _items(ask: Ask, snapshot: Snapshot) -> str:
    """Each object's items at a moment: kind, day, and what is missing for it."""
    binds, known = ask.binds, kinds(snapshot.catalogue)
    fields = {f"f_{name}": (name, "text") for kind in known for name in kind.days}
    fields |= {f"f_{name}": (name, "number") for kind in known for name in kind.interval}
    alias = {name: f"a{i}" for i, name in enumerate(sorted(fields))}  # PostgreSQL folds capitals
    rows = objects(
        ask,
        of_classes(ask, sorted({code for kind in known for code in kind.classes})),
        fields={alias[name]: field for name, field in fields.items()},
        snapshot=snapshot,
        full_only=True,
    )
    # An arm each, not VALUES: of a kind that is not the object's own nothing is worked out.
    told = " UNION ALL ".join(_item(kind, {n[2:]: a for n, a in alias.items()}, binds) for kind in known)
    return (
        "SELECT o.id, o.class, o.name, o.grade, o.division, o.enterprise, o.department, o.stage, o.level_outside,"
        f" i.kind, i.item, i.due, i.lacks FROM ({rows}) AS o CROSS JOIN LATERAL ({told}) AS i"
        # What is below the scale needs no filing and no assessment.
        " WHERE i.due IS NOT NULL OR NOT (i.optional OR o.level_outside IS NOT NULL)"
    )


def _item(kind: Kind, alias: dict[str, str], binds: Binds) -> str:
    own = f"o.class = ANY(CAST({binds(list(kind.classes))} AS text[]))"
    name, title = f"CAST({binds(kind.name)} AS text)", f"CAST({binds(kind.title)} AS text)"
    optional = "true" if kind.name in _OPTIONAL else "false"
    if kind.name != INSPECTION:
        day = _DAY.format(alias[kind.days[0]])
        if kind.name == FILED:
            due, lacks = f"least(CAST({day} + interval '{FILED_YEARS} years' AS date), {_LAST_DAY})", "缺备案日期"
        else:
            due, lacks = day, f"缺{kind.title}日期"
        told = f"CASE WHEN {day} IS NULL THEN CAST({binds(lacks)} AS text) END"
        return _arm(name, title, own, optional, f"CASE WHEN {day} IS NOT NULL THEN {due} END", told)
    last = f"coalesce({', '.join(_DAY.format(alias[n]) for n in _LASTS)})"
    days = f"coalesce({', '.join(f'o.{alias[n]}' for n in kind.interval)})"
    reached = f"{last} + CAST(least({days}, {_MOST_DAYS}) AS integer)"
    worked_out = f"CASE WHEN {last} IS NOT NULL AND {days} IS NOT NULL THEN least({reached}, {_LAST_DAY}) END"
    due = f"coalesce({_DAY.format(alias[_NEXT])}, {worked_out})"
    lacks = f"CASE WHEN {days} IS NULL THEN '缺巡查间隔' WHEN {due} IS NULL THEN '缺上次或下次巡查日期' END"
    lacks = f"CASE WHEN {due} IS NULL THEN {lacks} END"
    return _arm(name, title, own, optional, due, lacks)


def _arm(name: str, title: str, own: str, optional: str, due: str, lacks: str) -> str:
    return f"SELECT {name} AS kind, {title} AS item, {optional} AS optional, {due} AS due, {lacks} AS lacks WHERE {own}"


def _rows(ask: Ask) -> str:
    binds, was = ask.binds, compared.then(ask)
    day = f"CAST({binds(ask.snapshot.moment.day)} AS date)"
    post = "coalesce(nullif(p.post, ''), p.name)"

    def of(role: str, more: str = "") -> str:
        return f"string_agg({post}, '、' ORDER BY p.party_id) FILTER (WHERE p.role = '{role}'{more})"

    patrol = of(parties.PATROL, f" AND n.kind = '{INSPECTION}'")
    by = (
        f"(SELECT coalesce({patrol}, {of(parties.HEAD)}) FROM object_party AS p"
        f" WHERE p.object_id = n.id AND {parties.in_force(ask)})"
    )
    soon = f"{day} + {SOON_DAYS}"
    status = (
        f"CASE WHEN n.due IS NULL THEN 'missing' WHEN n.due < {day} THEN 'overdue' WHEN n.due <= {soon} THEN 'soon'"
        " ELSE 'later' END"
    )
    before, more = "", "NULL::date AS was_due, NULL::boolean AS done, NULL::boolean AS filled"
    if was is not None:
        before = f" LEFT JOIN ({_items(ask, was)}) AS w ON w.id = n.id AND w.kind = n.kind"
        more = (
            "w.due AS was_due, coalesce(n.due > w.due, false) AS done,"
            " w.id IS NOT NULL AND w.due IS NULL AND n.due IS NOT NULL AS filled"
        )
    place = " ".join(f"WHEN '{name}' THEN {i}" for i, name in enumerate(STATUSES))
    said = " ".join(f"WHEN '{name}' THEN '{word}'" for name, word in STATUSES.items())
    return f"""
        SELECT s.*, CASE s.standing {place} END AS place, CASE s.standing {said} END AS status
        FROM (
            SELECT n.*, {status} AS standing, CASE WHEN n.due < {day} THEN {day} - n.due END AS over,
                CASE WHEN n.due >= {day} THEN n.due - {day} END AS remaining, {by} AS by, {more}
            FROM ({_items(ask, ask.snapshot)}) AS n{before}
        ) AS s"""


def _columns(ask: Ask) -> Sequence[Column]:
    return COLUMNS if ask.given.get(compared.SINCE.name) else COLUMNS[:-1]


COLUMNS = (
    Column("status", "状态", sort="r.place", width=12),
    Column("item", "事项", sort=f"r.item {PINYIN}", width=12),
    NAME,
    CLASS,
    GRADE,
    Column("due", "到期日", "date", sort="r.due"),
    Column("over", "逾期", "number", "天", "r.over", 8),
    Column("remaining", "剩余", "number", "天", "r.remaining", 8),
    words("lacks", "缺什么", 18),
    words("by", "责任岗位", 18),
    ENTERPRISE,
    DIVISION,
    DEPARTMENT,
    Column("was_due", "比较日的到期日", "date", sort="r.was_due"),
)


def _figures(ask: Ask) -> Sequence[Figure]:
    out = [Figure("all", "事项", total=True, unit="项")]
    out += [Figure(name, word, f"r.standing = '{name}'", "项") for name, word in STATUSES.items()]
    out += [
        Figure(f"kind-{kind.name.replace('_', '-')}", kind.title, f"r.kind = '{kind.name}'", "项")
        for kind in kinds(ask.snapshot.catalogue)
    ]
    if ask.given.get(compared.SINCE.name):
        out += [Figure("done", "此后已办", "r.done", "项"), Figure("filled", "此后补登日期", "r.filled", "项")]
    return out


def _finish(ask: Ask, rows: list[Row]) -> None:
    for row in rows:
        for name in ("due", "was_due"):
            row[name] = row[name].isoformat() if row[name] else None


LIST = Listing(
    "rolling", "滚动排查", "按登记的日期：哪些评估、备案、复评、许可和巡查已逾期、快到期，哪些没有登记日期",
    _columns, _rows, _figures, "due", ties="id, kind", parameters=(compared.SINCE,), inner=True,
    finish=_finish, empty="所选范围内没有要按日期办的事项。",
)  # fmt: skip
