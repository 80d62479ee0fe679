"""重大危险源: by level, with substances, R, filing and assessment."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from riskmap.grading import masking
from riskmap.grading.rules import RULES
from riskmap.lists import compared
from riskmap.lists.model import (
    DIVISION,
    ENTERPRISE,
    GRADE,
    LEVEL,
    NAME,
    STAGE,
    Ask,
    Column,
    Figure,
    Listing,
    Row,
    by_level,
    dated,
)
from riskmap.lists.model import number as number_column
from riskmap.lists.rows import objects, of_classes
from riskmap.store.snapshot import Snapshot

CLASS, SCALE = "major-hazard", "major-hazard-level"
_FIELDS = {
    "r_filed": ("r_value", "number"),
    "record_no": ("record_no", "text"),
    "filed_on": ("filed_on", "text"),
    "assess_due": ("assess_due", "text"),
    "held": ("substances", "json"),
}


def _columns(ask: Ask) -> Sequence[Column]:
    return (
        NAME,
        LEVEL,
        GRADE,
        number_column("r", "R 值"),
        number_column("r_filed", "备案 R 值"),
        Column("r_differs", "备案核对", width=14),
        Column("substances", "危险化学品与设计最大量", width=28),
        number_column("exposed", "500 m 内常住", "人"),
        ENTERPRISE,
        DIVISION,
        dated("filed_on", "备案日期"),
        dated("assess_due", "评估到期"),
        STAGE,
    )


# What the grade itself kept: R, and the residents that it counted. A value that has no end is kept cut off, with “…”.
_COMPUTED = '$[*] ? (@.how == "computed" && @.scale == "{scale}" && @.standing == "graded")'
_KEPT = {"r": '.trace[*] ? (@.symbol == "R").value', "exposed": ".inputs.exposed.value"}
_NUMBER = "substring(jsonb_path_query_first({{grading}}, {path}) #>> '{{{{}}}}' from '^[0-9]+(?:[.][0-9]+)?')::numeric"


def _rows(ask: Ask, snapshot: Snapshot) -> str:
    class_ = snapshot.catalogue.classes[CLASS]
    rule = RULES.get(class_.rule or "")
    # Of figures that rest on a field which the reader may not read there is none, as on the object's own page.
    told = rule is not None and not rule.reads & masking.unread(class_, snapshot.reader.tier)
    computed = _COMPUTED.format(scale=SCALE)
    more = {name: _number(ask, computed + path) if told else "NULL::numeric" for name, path in _KEPT.items()}
    return objects(ask, of_classes(ask, [CLASS]), fields=_FIELDS, more=more, snapshot=snapshot)


def _number(ask: Ask, path: str) -> str:
    return _NUMBER.format(path=f"CAST({ask.binds(path)} AS jsonpath)")


def _figures(ask: Ask) -> Sequence[Figure]:
    mine = {"class": [CLASS]}
    return (
        Figure("all", "重大危险源", total=True, map=mine),
        *by_level(ask, SCALE, CLASS),
        Figure("overdue", "评估已过期", f"r.assess_due < '{ask.snapshot.moment.day.isoformat()}'"),
        *compared.figures(ask, "major-hazards", _rows, mine),
    )


def _finish(ask: Ask, rows: list[Row]) -> None:
    for row in rows:
        row["r_differs"] = _filed(row["r"], row["r_filed"])
        row["substances"] = "；".join(_said(held) for held in row["held"] or ()) or None


def _filed(computed: Decimal | None, filed: Decimal | None) -> str | None:
    """Whether the filed R is the computed one, rounded to the places that it was filed with."""
    if computed is None or filed is None:
        return None
    half = Decimal(5).scaleb(int(filed.as_tuple().exponent) - 1)
    cut_off = Decimal("0.0001")
    return None if abs(computed - filed) <= half + cut_off else "与算得的不同"


def _said(held: Any) -> str:
    quantity = held.get("quantity_t")
    return str(held.get("name", "")) + (f" {quantity} t" if quantity is not None else "")


LIST = Listing(
    "major-hazards", "重大危险源", "各级重大危险源有哪些，存什么、存多少，R 值多大",
    _columns, lambda ask: _rows(ask, ask.snapshot), _figures, "-level", parameters=(compared.SINCE,), finish=_finish
)  # fmt: skip
CHANGES = compared.changes("major-hazards", "重大危险源", _rows, "level_rank", within=False)
