"""企业记分: the score of each enterprise, its colour, and how the score came about."""

from collections.abc import Mapping, Sequence
from typing import Any

from riskmap.lists.model import DIVISION, GRADE, LEVEL, NAME, Ask, Column, Figure, Listing, Row, number, words
from riskmap.lists.rows import objects, of_classes

CLASS, SCALE = "enterprise", "enterprise-score"
_HOW = {"judged": "研判", "computed": "按规则计算", "policy": "按对应表"}


def _columns(ask: Ask) -> Sequence[Column]:
    return (
        NAME,
        number("score", "得分", "分"),
        LEVEL,
        GRADE,
        words("industry", "行业代码", 10),
        DIVISION,
        Column("how", "怎样得来", width=12),
        Column("basis", "依据", width=26),
        Column("ledger", "记分明细", "lines", width=30),
    )


def _rows(ask: Ask) -> str:
    fields = {"score": ("score", "number"), "industry": ("industry_code", "text")}
    return objects(ask, of_classes(ask, [CLASS]), fields=fields, more={"grading": "{grading}"}, full_only=True)


def _figures(ask: Ask) -> Sequence[Figure]:
    scale, mine = ask.snapshot.catalogue.scales[SCALE], {"class": [CLASS]}
    return (
        Figure("all", "企业", total=True, unit="家"),
        *(
            Figure(
                f"level-{lv.rank}", lv.title, f"r.level_rank = {lv.rank}", "家",
                map=mine | {"level": [f"{SCALE}:{lv.value}"]},
            )
            for lv in scale.levels
        ),
        Figure(
            "unassessed", "未评定", "r.level_rank IS NULL", "家", map=mine | {"level": [f"{SCALE}:none"]}
        ),
        Figure("unscored", "没有得分", "r.score IS NULL", "家"),
    )  # fmt: skip


def _finish(ask: Ask, rows: list[Row]) -> None:
    for row in rows:
        entry = next((g for g in row["grading"] or () if g.get("scale") == SCALE), None)
        row["how"] = _HOW.get(entry["how"], entry["how"]) if entry else None
        row["basis"] = entry.get("basis") or entry.get("rule") if entry else None
        row["ledger"] = [line for step in (entry or {}).get("trace") or () if (line := _line(step))]


def _line(step: Any) -> str:
    """A line of the trace that the grade was stored with: what, how much, why."""
    if not isinstance(step, Mapping):
        return str(step)
    parts = (step.get(name) for name in ("title", "text", "formula", "value", "points", "result", "basis"))
    return " ".join(str(part) for part in parts if part not in (None, "", [], {}) and not isinstance(part, Mapping))


LIST = Listing(
    "enterprise-scores", "企业记分", "各企业得多少分，红橙黄蓝哪一色，分是怎样得来的",
    _columns, _rows, _figures, "score",
    inner=True, finish=_finish,
)  # fmt: skip
