"""防汛责任人: who answers this year for each work against the water, who is missing, whose name is last year's.

A work is what declares by which gauge it is read. A name is of a year by its first day (起始日期); one without such a
day, by the day on which it was entered. Who stays in office gets this year's day of appointment: so nobody is taken for
renewed because nobody looked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import MAXYEAR
from typing import Any

from riskmap.base.errors import FieldError, Invalid
from riskmap.lists import parties
from riskmap.lists.model import DEPARTMENT, DIVISION, Ask, Column, Figure, Listing, Row, by_name, words
from riskmap.lists.rows import objects, of_classes
from riskmap.selection.compile import LETTERS
from riskmap.store.snapshot import Snapshot

READ_BY = "gauge"  # the field that makes a class one of works
# Column → role, and what the water's people call it.
ROLES: Mapping[str, tuple[str, str]] = {
    "head": (parties.HEAD, "行政"),
    "technical": (parties.TECHNICAL, "技术"),
    "patrol": (parties.PATROL, "巡查"),
}
_FIRST_YEAR = 2000


@dataclass(frozen=True, slots=True)
class Year:
    """The year of the list; the moment's own where none is given."""

    name: str = "year"
    title: str = "年度"
    default: None = None

    def read(self, given: Sequence[str], snapshot: Snapshot) -> int:
        """Four digits."""
        values = {value.strip() for value in given if value.strip()}
        if not values:
            return snapshot.moment.day.year
        said = values.pop()
        if values or not (said.isascii() and said.isdigit() and _FIRST_YEAR <= int(said[:5]) <= MAXYEAR):
            wrong = FieldError(
                self.name, "out_of_range", f"{self.title}应为四位数的年份，如 {snapshot.moment.day.year}"
            )
            raise Invalid("清单的参数有误，请改正", errors=[wrong])
        return int(said)

    def say(self, value: int | None, snapshot: Snapshot) -> str:
        """As 2026 年."""
        return f"{value or snapshot.moment.day.year} 年"

    def body(self, snapshot: Snapshot) -> dict[str, Any]:
        """A number with its limits."""
        return {
            "name": self.name, "title": self.title, "kind": "number", "unit": "年", "whole": True,
            "default": snapshot.moment.day.year, "minimum": _FIRST_YEAR, "maximum": snapshot.moment.day.year + 1,
        }  # fmt: skip


def _year(ask: Ask) -> int:
    return ask.given.get("year") or ask.snapshot.moment.day.year


def works(snapshot: Snapshot) -> list[str]:
    """Classes of works: those that name the gauge that they are read by; a bureau's own too."""
    return sorted(c.code for c in snapshot.catalogue.classes.values() if READ_BY in c.by_name)


def _columns(ask: Ask) -> Sequence[Column]:
    persons: list[Column] = []
    for name, (_, title) in ROLES.items():
        persons += [
            words(name, f"{title}责任人", 22),
            Column(f"{name}_phone", f"{title}责任人电话", width=16),
            Column(f"{name}_since", f"{title}责任人起始日期", "date", sort=f"r.{name}_since"),
        ]
    return (
        by_name("name", "名称", 18),
        Column("class", "分类", "class", sort=f"r.class {LETTERS}", width=8),
        Column("lacks", "缺责任人", sort="cardinality(r.lacking)", width=16),
        Column("old", "往年名单", sort="cardinality(r.olds)", width=16),
        *persons,
        DIVISION,
        DEPARTMENT,
    )


def _rows(ask: Ask) -> str:
    rows = objects(ask, of_classes(ask, works(ask.snapshot)), more={"visibility": "{visibility}"}, full_only=True)
    since = "coalesce(p.since, (SELECT l.day FROM state_log AS l WHERE l.n = lower(p.known)))"
    told, lacks, olds = [], [], []
    first = f"make_date({ask.binds(_year(ask))}, 1, 1)"
    for name, (role, _) in ROLES.items():
        own = f"FILTER (WHERE p.role = '{role}')"
        said = "nullif(concat_ws(' ', nullif(p.post, ''), nullif(p.name, '')), '')"
        told.append(f"string_agg({said}, '、' ORDER BY p.party_id) {own} AS {name}")
        told.append(f"string_agg(nullif(p.phone, ''), '、' ORDER BY p.party_id) {own} AS {name}_phone")
        told.append(f"bool_or(p.name <> '') {own} AS {name}_named")
        # Of several of one role the oldest name is what has to be looked at.
        told.append(f"min({since}) FILTER (WHERE p.role = '{role}' AND p.name <> '') AS {name}_since")
        # A post is not yet a person.
        lacks.append(f"CASE WHEN p.{name}_named IS NOT TRUE THEN '{name}' END")
        olds.append(f"CASE WHEN p.{name}_since < {first} THEN '{name}' END")
    persons = f"SELECT {', '.join(told)} FROM object_party AS p WHERE p.object_id = o.id AND {parties.in_force(ask)}"
    return (
        f"SELECT o.*, p.*, array_remove(ARRAY[{', '.join(lacks)}]::text[], NULL) AS lacking,"
        f" array_remove(ARRAY[{', '.join(olds)}]::text[], NULL) AS olds"
        f" FROM ({rows}) AS o CROSS JOIN LATERAL ({persons}) AS p"
    )


def _figures(ask: Ask) -> Sequence[Figure]:
    return (
        Figure("all", "工程", total=True),
        Figure("complete", "齐全且为本年", "cardinality(r.lacking) = 0 AND cardinality(r.olds) = 0", share_of="all"),
        Figure("lacking", "有缺", "cardinality(r.lacking) > 0"),
        Figure("old", "有往年名单", "cardinality(r.olds) > 0"),
        # What only the command tier knows is on no list that is put up.
        Figure("open", "可公示", "r.visibility < 2"),
        *(Figure(f"no-{name}", f"缺{title}责任人", f"'{name}' = ANY(r.lacking)") for name, (_, title) in ROLES.items()),
    )


def _finish(ask: Ask, rows: list[Row]) -> None:
    titles = {name: title for name, (_, title) in ROLES.items()}
    for row in rows:
        row["lacks"] = "、".join(titles[name] for name in row["lacking"]) or None
        row["old"] = "、".join(titles[name] for name in row["olds"]) or None
        for name in ROLES:
            since = row[f"{name}_since"]
            row[f"{name}_since"] = since.isoformat() if since else None


LIST = Listing(
    "flood-responsible", "防汛责任人", "水库、堤防、圩区本年由谁负责，缺哪一个，哪些还是往年的名单",
    _columns, _rows, _figures, "-old", parameters=(Year(),), inner=True, finish=_finish,
    empty="所选范围内没有水库、堤防、圩区。",
)  # fmt: skip
