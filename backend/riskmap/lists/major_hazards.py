"""重大危险源: by level, with substances, R, filing and assessment."""

from collections.abc import Sequence
from typing import Any

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
    "r_value": ("r_value", "number"),
    "record_no": ("record_no", "text"),
    "filed_on": ("filed_on", "text"),
    "assess_due": ("assess_due", "text"),
    "exposed_persons": ("exposed_persons", "number"),
    "held": ("substances", "json"),
}


def _columns(ask: Ask) -> Sequence[Column]:
    return (
        NAME,
        LEVEL,
        GRADE,
        number_column("r_value", "R 值"),
        Column("substances", "危险化学品与设计最大量", width=28),
        number_column("exposed_persons", "500 m 内常住", "人"),
        ENTERPRISE,
        DIVISION,
        dated("filed_on", "备案日期"),
        dated("assess_due", "评估到期"),
        STAGE,
    )


def _rows(ask: Ask, snapshot: Snapshot) -> str:
    return objects(ask, of_classes(ask, [CLASS]), fields=_FIELDS, snapshot=snapshot)


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
        row["substances"] = "；".join(_said(held) for held in row["held"] or ()) or None


def _said(held: Any) -> str:
    quantity = held.get("quantity_t")
    return str(held.get("name", "")) + (f" {quantity} t" if quantity is not None else "")


LIST = Listing(
    "major-hazards", "重大危险源", "各级重大危险源有哪些，存什么、存多少，R 值多大",
    _columns, lambda ask: _rows(ask, ask.snapshot), _figures, "-level", parameters=(compared.SINCE,), finish=_finish
)  # fmt: skip
CHANGES = compared.changes("major-hazards", "重大危险源", _rows, "level_rank", within=False)
