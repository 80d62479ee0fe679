"""企业记分: the score of each enterprise, its colour, and how the score came about."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from riskmap.grading import masking
from riskmap.lists.model import DIVISION, GRADE, LEVEL, NAME, Ask, Column, Figure, Listing, Row, number, words
from riskmap.lists.rows import objects, of_classes

CLASS, SCALE = "enterprise", "enterprise-score"
# Symbols of the rule's steps.
_ITEM, _TOTAL, _DIRECT = "加减", "总分", "直接判定"
_HOW = {"judged": "研判", "computed": "按规则计算", "policy": "按对应表"}


def _columns(ask: Ask) -> Sequence[Column]:
    return (
        NAME,
        number("score", "基本分", "分"),
        Column("total", "总分", "number", "分", width=10),
        LEVEL,
        GRADE,
        words("industry", "行业代码", 10),
        DIVISION,
        Column("how", "怎样得来", width=12),
        Column("ledger", "记分明细", "lines", width=40),
        Column("basis", "依据", width=26),
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
    class_ = ask.snapshot.catalogue.classes[CLASS]
    hidden = masking.unread(class_, ask.snapshot.reader.tier)
    for row in rows:
        own = next((g for g in row["grading"] or () if g.get("scale") == SCALE), None)
        entry = masking.seen(own, class_, hidden) if own else {}
        steps = entry.get("trace") or ()
        row["how"] = _HOW.get(entry.get("how", ""), entry.get("how"))
        row["basis"] = entry.get("basis") or entry.get("standard")
        row["ledger"] = [line for step in steps if (line := _line(step))]
        total = next((step.get("value") for step in steps if step.get("symbol") == _TOTAL), None)
        row["total"] = row["score"] if total is None else Decimal(str(total).replace("−", "-"))


def _line(step: Mapping[str, Any]) -> str | None:
    """A line of the ledger as the rule kept it: an item with its points and basis; the sum; what decided directly."""
    symbol, value = str(step.get("symbol", "")), step.get("value")
    if symbol.startswith(_ITEM):
        sign = "" if str(value).startswith(("-", "−")) else "+"
        note = f"（{step['note']}）" if step.get("note") else ""
        return f"{step.get('title', '')} {sign}{value} 分{note}"
    if symbol == _TOTAL:
        return f"{_TOTAL} = {step.get('expression', '')} = {value}" if step.get("expression") else None
    if symbol.startswith(_DIRECT):
        return f"{step.get('title', '')} → {value}（{step.get('expression', '')}）"
    return None


LIST = Listing(
    "enterprise-scores", "企业记分", "各企业得多少分，红橙黄蓝哪一色，分是怎样得来的",
    _columns, _rows, _figures, "score",
    inner=True, finish=_finish,
)  # fmt: skip
