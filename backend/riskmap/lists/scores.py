"""企业记分: the score of each enterprise, its colour, and how the score came about.

Without a scheme it is the assessment that the enterprise's level rests on, as it was graded. With one, or with all of
them, it is the newest score of each scheme with the colour of that scheme's bands, by the rule set of the day.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from riskmap.grading import masking
from riskmap.grading.scores import FIELD
from riskmap.lists.model import (
    DIVISION,
    GRADE,
    LEVEL,
    NAME,
    Ask,
    Choice,
    Column,
    Figure,
    Listing,
    Row,
    by_level,
    dated,
    levels_of,
    number,
    words,
)
from riskmap.lists.rows import objects, of_classes
from riskmap.store.snapshot import Snapshot

CLASS, SCALE = "enterprise", "enterprise-score"
_UNBANDED = "方案没有分档"
# Symbols of the rule's steps.
_ITEM, _TOTAL, _DIRECT = "加减", "总分", "直接判定"
_HOW = {"judged": "研判", "computed": "按规则计算", "policy": "按对应表"}
EVERY = "*"  # all schemes beside each other


def _schemes(snapshot: Snapshot) -> Sequence[tuple[str, str]]:
    names = snapshot.catalogue.ruleset_at(snapshot.moment.day).score_bands()
    return (("", "安全评估（等级依据）"), (EVERY, "全部记分方案"), *((name, name) for name in names))


SCHEME = Choice("scheme", "记分方案", _schemes)


def _columns(ask: Ask) -> Sequence[Column]:
    if ask.given["scheme"]:
        return (
            NAME,
            words("scheme", "记分方案", 18),
            number("score", "得分", "分"),
            LEVEL,
            dated("scored_on", "记分日期"),
            words("basis", "依据", 24),
            Column("earlier", "以前各次", "lines", width=26),
            DIVISION,
        )
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
    if ask.given["scheme"]:
        return _of_schemes(ask)
    fields = {"score": ("score", "number"), "industry": ("industry_code", "text")}
    more = {"grading": "{grading}", "scheme": "NULL::text"}
    return objects(ask, of_classes(ask, [CLASS]), fields=fields, more=more, full_only=True)


def _of_schemes(ask: Ask) -> str:
    """One row an enterprise and scheme: the newest score up to the day, those before it beside it."""
    columns = ("id", "name", "division")
    firms = objects(ask, of_classes(ask, [CLASS]), fields={"held": (FIELD, "json")}, columns=columns, full_only=True)
    chosen = ask.given["scheme"]
    only = "" if chosen == EVERY else f" WHERE s.value ->> 'scheme' = {ask.binds(chosen)}"
    day = ask.binds(ask.snapshot.moment.day.isoformat())
    return f"""
        SELECT t.*, '{SCALE}' AS level_scale, b.level AS level_value, b.rank AS level_rank
        FROM (
            SELECT f.id, f.name, f.division, s.value ->> 'scheme' AS scheme,
                CAST(s.value ->> 'score' AS numeric) AS score, s.value ->> 'scored_on' AS scored_on,
                s.value ->> 'basis' AS basis,
                row_number() OVER newest AS place,
                array_agg(concat_ws(' ', s.value ->> 'scored_on', s.value ->> 'score', '分')) OVER (
                    newest ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS earlier
            FROM ({firms}) AS f
            CROSS JOIN LATERAL jsonb_array_elements(
                CASE WHEN jsonb_typeof(f.held) = 'array' THEN f.held ELSE '[]' END) WITH ORDINALITY AS s(value, n){only}
            {"WHERE" if not only else "AND"} coalesce(s.value ->> 'scored_on', '') <= {day}
            WINDOW newest AS (
                PARTITION BY f.id, s.value ->> 'scheme' ORDER BY s.value ->> 'scored_on' DESC NULLS LAST, s.n DESC)
        ) AS t
        LEFT JOIN ({_bands(ask)}) AS b ON b.scheme = t.scheme
            AND (b.least IS NULL OR t.score > b.least OR (b.least_in AND t.score = b.least))
            AND (b.most IS NULL OR t.score < b.most OR (b.most_in AND t.score = b.most))
        WHERE t.place = 1"""


def _bands(ask: Ask) -> str:
    """The bands of every scheme as rows, exact."""
    scale = ask.snapshot.catalogue.scales[SCALE]
    rows = []
    for scheme, bands in ask.snapshot.catalogue.ruleset_at(ask.snapshot.moment.day).score_bands().items():
        for band in bands.bands:
            level = band.row.text("level")
            found = scale.level(level)
            limits = (
                f"CAST({ask.binds(band.row.text(column) or None)} AS numeric), {str(within).lower()}"
                for column, within in (("least", band.least_in), ("most", band.most_in))
            )
            rows.append(f"({ask.binds(scheme)}, {ask.binds(level)}, {found.rank if found else 0}, {', '.join(limits)})")
    return f"SELECT * FROM (VALUES {', '.join(rows)}) AS v(scheme, level, rank, least, least_in, most, most_in)"


def _figures(ask: Ask) -> Sequence[Figure]:
    if ask.given["scheme"]:
        scale = ask.snapshot.catalogue.scales[SCALE]
        every = ask.given["scheme"] == EVERY
        unit = "项" if every else "家"
        return (
            Figure("all", "记分" if every else "有记分的企业", total=True, unit=unit),
            *levels_of(scale, unit),
            Figure("unbanded", _UNBANDED, "r.level_rank IS NULL", unit),
        )
    return (
        Figure("all", "企业", total=True, unit="家"),
        *by_level(ask, SCALE, CLASS, "家"),
        Figure("unscored", "没有得分", "r.score IS NULL", "家"),
    )


def _finish(ask: Ask, rows: list[Row]) -> None:
    if ask.given["scheme"]:
        for row in rows:
            if row["level_value"] is None:
                row |= {"level_scale": None, "level_verdict": _UNBANDED}
        return
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
    _columns, _rows, _figures, "score", ties="id, scheme", parameters=(SCHEME,), inner=True, finish=_finish,
    empty="所选范围内没有这样的记分。记分填在企业的“各方案记分”里，也可随表导入。",
)  # fmt: skip
