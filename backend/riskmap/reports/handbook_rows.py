"""What the handbook asks of the frozen state: its risks one after another, clauses in use, how far control is told."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import text

from riskmap.lists import completeness, rows
from riskmap.lists import service as lists
from riskmap.lists.model import ENTERPRISE, GRADE, LEVEL, STAGE, Ask, Column, Listing, Row, by_name, words
from riskmap.lists.sheets import parts
from riskmap.lists.sheets.parts import PLACED
from riskmap.reports.edition import Edition
from riskmap.selection.compile import compile_selection

_FIELDS = {
    "measures": ("measures", "text"), "accidents": ("accident_types", "text"), "control": ("control_level", "text"),
    "inspect_days": ("inspect_days", "number"), "patrol_days": ("patrol_days", "number"),
}  # fmt: skip
COLUMNS = (
    Column("place", "次序", "number", sort="r.place"),
    Column("code_of_class", "分类", sort="r.place"),
    Column("id", "登记号", "number", sort="r.id"),
    by_name("name", "名称"),
    GRADE,
    LEVEL,
    parts.DIVISION.column,
    ENTERPRISE,
    words("measures", "管控措施"),
    words("accidents", "可能的事故类型"),
    Column("control_said", "管控层级"),
    Column("interval", "巡查间隔"),
    words("head", "主要负责人"),
    words("town_hook", "属地挂钩"),
    words("department_hook", "部门挂钩"),
    Column("position", "定位"),
    STAGE,
)


def risks(edition: Edition, order: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Every risk that is 较大 or worse, once: by class in this order, then the worst first, then by name."""
    listing = Listing(
        "handbook", "手册", "", lambda ask: COLUMNS, partial(_rows, tuple(order)), lambda ask: (), "place",
        ties="grade, division, name, id", finish=_finish,
    )  # fmt: skip
    question = lists.question(listing, edition.snapshot, edition.selection, {})
    for cells in lists.every(question, COLUMNS):
        yield {column.name: cell for column, cell in zip(COLUMNS, cells, strict=True)}


def _rows(order: Sequence[str], ask: Ask) -> str:
    more = {**PLACED, "code_of_class": "{class}"}
    found = rows.objects(ask, "{grade} <= 2", fields=_FIELDS, more=more)
    place = f"array_position(CAST({ask.binds(list(order))} AS text[]), s.class)"
    return f"SELECT s.*, {place} AS place FROM ({parts.with_firm_and_persons(ask, found)}) AS s"


def _finish(ask: Ask, found: list[Row]) -> None:
    for row in found:
        parts.place(row)
        row["control_said"] = parts.option(ask, row["class"], "control_level", row["control"])
        days = row["inspect_days"] if row["inspect_days"] is not None else row["patrol_days"]
        row["interval"] = None if days is None else f"{days} 天"


def clauses(edition: Edition) -> dict[str, list[dict[str, Any]]]:
    """By class: the clauses that its grades rest on, how sure each is, and how many objects rest on it."""
    compiled = compile_selection(edition.selection, edition.snapshot)
    found = edition.connection.execute(
        text(
            "SELECT r.class, s.value ->> 'clause' AS clause, s.value ->> 'tag' AS tag,"
            # Of the holdings of one object each has its own symbol: what it is called is the object's.
            " string_agg(DISTINCT s.value ->> 'title', '、')"
            " FILTER (WHERE NOT s.value ->> 'symbol' ~ '[₀-₉]') AS titles,"
            " string_agg(DISTINCT s.value ->> 'formula', '；')"
            " FILTER (WHERE NOT s.value ->> 'symbol' ~ '[₀-₉]' AND NOT s.value ->> 'formula' ~ '[₀-₉]') AS formulas,"
            " count(DISTINCT r.id) AS n"
            f" FROM ({compiled.rows('id, class, grading')}) AS r"
            " CROSS JOIN LATERAL jsonb_array_elements(coalesce(r.grading, '[]')) AS g"
            " CROSS JOIN LATERAL jsonb_array_elements(coalesce(g.value -> 'trace', '[]')) AS s"
            " WHERE s.value ->> 'clause' IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        ),
        compiled.binds.values,
    )
    out: dict[str, list[dict[str, Any]]] = {}
    for row in found.mappings():
        out.setdefault(row["class"], []).append(dict(row))
    return out


def control(edition: Edition) -> dict[str, dict[str, Any]]:
    """By class: of what is 较大 or worse, how much of its control the register tells. Nothing for publication."""
    if edition.public:
        return {}
    ask = Ask(edition.snapshot, edition.selection)
    gaps = ("measures", "persons", "interval", "control", "town_hook", "department_hook")
    told = ", ".join(f"count(*) FILTER (WHERE '{name}' = ANY(c.gaps)) AS no_{name}" for name in gaps)
    sql = (
        "SELECT c.class, count(*) AS n, count(*) FILTER (WHERE c.grade = 1) AS majors,"
        " count(*) FILTER (WHERE c.complete) AS complete,"
        f" min(c.interval) AS shortest, max(c.interval) AS longest, {told}"
        f" FROM ({completeness.LIST.rows(ask)}) AS c GROUP BY c.class ORDER BY c.class"
    )
    return {row["class"]: row for row in rows.run(ask, sql)}
