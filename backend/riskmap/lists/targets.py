"""脆弱性目标: who may be hurt, with the nearest red or orange risk and how far it is."""

from collections.abc import Sequence
from dataclasses import replace

from riskmap.access.reader import SYSTEM
from riskmap.base import sqlfile
from riskmap.lists.model import CLASS, DEPARTMENT, DIVISION, NAME, Ask, Column, Figure, Listing, by_name, number
from riskmap.lists.rows import objects, of_classes, whether
from riskmap.selection.compile import LETTERS
from riskmap.selection.model import Selection

RISKY = "{grade} <= 2"


def classes(ask: Ask) -> list[str]:
    """Classes whose objects may be hurt."""
    return [c.code for c in ask.snapshot.catalogue.classes.values() if c.role == "target"]


def nearest(ask: Ask, mine: str, others: str, persons: str) -> str:
    """SQL of the reader's own rows in full that meet `mine`, each with the nearest of all live objects that meet
    `others` (templates). `persons`: the field that numbers people."""
    everybody = replace(ask.snapshot, reader=SYSTEM)
    return sqlfile.read(__file__, "targets").format(
        targets=objects(
            ask,
            mine,
            columns=("id", "class", "code", "name", "grade", "division", "stage", "enterprise", "department", "geom"),
            fields={"persons": (persons, "number")},
            full_only=True,
        ),
        first=objects(
            ask,
            f"{others} AND {{geom}} IS NOT NULL AND t.geom IS NOT NULL AND {{id}} <> t.id",
            selection=Selection(),
            snapshot=everybody,
            columns=("geom",),
            tail="ORDER BY {geom} <-> t.geom LIMIT 1",
        ),
        within=objects(
            ask,
            f"{others} AND {{geom}} && b.box AND {{id}} <> b.id",
            selection=Selection(),
            snapshot=everybody,
            columns=("id", "name", "class", "grade", "department", "geom"),
            more={"seen": whether(ask, Selection())},
        ),
    )


def _rows(ask: Ask) -> str:
    return nearest(ask, of_classes(ask, classes(ask)), RISKY, "persons")


def _columns(ask: Ask) -> Sequence[Column]:
    return (
        NAME,
        CLASS,
        number("persons", "人数", "人"),
        Column("distance_m", "距最近较大以上风险", "metres", "m", sort="r.distance_m", width=16),
        by_name("risk", "最近的较大以上风险", 28),
        Column("risk_grade", "其等级", "grade", sort="r.risk_grade", width=10, worst_first=True),
        Column("risk_class", "其分类", "class", sort=f"r.risk_class {LETTERS}", width=14),
        DIVISION,
        DEPARTMENT,
    )


def _figures(ask: Ask) -> Sequence[Figure]:
    return (
        Figure("all", "脆弱性目标", total=True, map={"class": classes(ask)}),
        *(
            Figure(f"within-{m}", f"{m} m 内有较大以上风险", f"r.distance_m <= {m}", share_of="all")
            for m in (100, 500, 1000)
        ),
        Figure("persons", "登记人数", unit="人", value="coalesce(sum(r.persons), 0)"),
        Figure("unplaced", "待定位，未量距", "r.unplaced"),
        Figure("hidden", "最近的风险无权查看", "r.risk_hidden IS NOT NULL"),
    )


LIST = Listing(
    "targets", "脆弱性目标", "学校、医院、养老机构等在哪里、有多少人，离最近的红、橙色风险多远",
    _columns, _rows, _figures, "distance_m", inner=True, system=True, by_distance=True,
)  # fmt: skip
