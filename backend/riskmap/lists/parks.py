"""化工园区: class and its history, the class aimed at, and what is still open."""

from collections.abc import Sequence

from sqlalchemy import text

from riskmap.lists.model import DIVISION, GRADE, LEVEL, NAME, Ask, Column, Figure, Listing, Row, by_level, dated, number
from riskmap.lists.rows import objects, of_classes

CLASS, SCALE = "chemical-park", "park-class"
# Policy: what a park is asked for here, of the many items of its guide those that the register has a field for.
# Field, title, and the kind that says when it is done.
_ITEMS = (
    ("closed_management", "封闭化管理", "boolean"),
    ("dual_power", "双电源", "boolean"),
    ("emergency_pool_m3", "公共事故应急池", "number"),
    ("parking", "危险货物停车场", "boolean"),
    ("plan_on", "一园一策", "text"),
)


def _done(name: str, kind: str) -> str:
    return {"boolean": f"{name} IS TRUE", "number": f"{name} > 0"}.get(kind, f"{name} IS NOT NULL")


def _columns(ask: Ask) -> Sequence[Column]:
    return (
        NAME,
        LEVEL,
        Column("history", "等级变化", "lines", width=26),
        Column("target", "目标等级", sort="r.target_rank", width=10),
        GRADE,
        number("score", "评估得分", "分"),
        dated("assessed_on", "评估日期"),
        number("done", "已完成", "项"),
        number("open", "未完成", "项"),
        Column("open_items", "未完成的是", width=24),
        DIVISION,
    )


def _rows(ask: Ask) -> str:
    fields = {name: (name, kind) for name, _, kind in _ITEMS}
    fields |= {"score": ("score", "number"), "assessed_on": ("assessed_on", "text"), "target": ("target_class", "text")}
    rows = objects(ask, of_classes(ask, [CLASS]), fields=fields, full_only=True)
    undone = ", ".join(f"CASE WHEN {_done(name, kind)} THEN NULL ELSE '{name}' END" for name, _, kind in _ITEMS)
    levels = [lv.value for lv in ask.snapshot.catalogue.scales[SCALE].levels]
    rank = f"array_position(CAST({ask.binds(levels)} AS text[]), o.target)"
    told = (
        f"SELECT o.*, array_remove(ARRAY[{undone}]::text[], NULL) AS undone, {rank} AS target_rank FROM ({rows}) AS o"
    )
    return (
        f"SELECT p.*, {len(_ITEMS)} - cardinality(p.undone) AS done, cardinality(p.undone) AS open FROM ({told}) AS p"
    )


def _figures(ask: Ask) -> Sequence[Figure]:
    return (
        Figure("all", "园区", total=True, unit="个"),
        *by_level(ask, SCALE, CLASS, "个"),
        Figure("short", "未达目标", "r.level_rank < r.target_rank", "个"),
        Figure("open", "有未完成项", "r.open > 0", "个"),
    )


def _finish(ask: Ask, rows: list[Row]) -> None:
    history = _history(ask, [row["id"] for row in rows])
    titles = {name: title for name, title, _ in _ITEMS}
    for row in rows:
        row["history"] = history.get(row["id"], [])
        row["open_items"] = "、".join(titles[name] for name in row["undone"]) or None


def _history(ask: Ask, ids: list[int]) -> dict[int, list[str]]:
    """Each class and since when, oldest first, of versions that the reader may see, as known at the moment."""
    moment, reader = ask.snapshot.moment, ask.snapshot.reader
    found = ask.snapshot.connection.execute(
        text(
            "SELECT v.id, lower(v.valid) AS since, v.level_value, v.visibility, v.division, v.department, v.class"
            " FROM object_version AS v WHERE v.id = ANY(CAST(:ids AS bigint[])) AND v.known @> CAST(:n AS bigint)"
            " AND lower(v.valid) <= :day ORDER BY v.id, lower(v.valid)"
        ),
        {"ids": ids, "n": moment.n, "day": moment.day},
    )
    out: dict[int, list[str]] = {}
    last: dict[int, str | None] = {}
    for v in found:
        if not reader.inner(v.visibility, v.division, v.department, v._mapping["class"]):
            continue
        if v.id not in last or last[v.id] != v.level_value:
            out.setdefault(v.id, []).append(f"{v.since.isoformat()} 起 {v.level_value or '未评定'}")
        last[v.id] = v.level_value
    return out


LIST = Listing(
    "parks", "化工园区", "各园区现为哪一级、从哪一级来、要到哪一级，还缺什么", _columns, _rows, _figures, "-level",
    inner=True, finish=_finish,
)  # fmt: skip
