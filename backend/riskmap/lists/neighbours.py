"""毗邻: pairs of different enterprises among what can set off a chain, outline to outline."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from riskmap.access.reader import SYSTEM
from riskmap.base import sqlfile
from riskmap.lists.model import Ask, Column, Figure, Listing, Number, by_name
from riskmap.lists.rows import objects, of_classes, whether
from riskmap.selection.compile import LETTERS
from riskmap.selection.model import Selection

# Policy: what may set off a chain, and how far apart neighbours may stand where nobody types another distance.
CLASSES = ("major-hazard", "tank-farm", "chemical-user", "fireworks-plant")
WITHIN = Number("within", "相距不超过", "m", Decimal(500), Decimal(1), Decimal(5000))
_ONE = ("id", "class", "name", "grade", "enterprise", "parent", "division", "geom")


def _rows(ask: Ask) -> str:
    everybody = replace(ask.snapshot, reader=SYSTEM)
    of_these = of_classes(ask, CLASSES)
    within = f"CAST({ask.binds(float(ask.given['within']))} AS double precision)"
    return sqlfile.read(__file__, "neighbours").format(
        within=within,
        mine=objects(ask, of_these, columns=_ONE, full_only=True),
        every=objects(
            ask,
            f"{{geom}} && m.box AND {{id}} <> m.id AND {of_these}",
            selection=Selection(),
            snapshot=everybody,
            columns=(*_ONE, "department"),
            more={"mine": whether(ask, ask.selection), "seen": whether(ask, Selection())},
        ),
    )


def _columns(ask: Ask) -> Sequence[Column]:
    sides = (("one", "一方"), ("other", "另一方"))
    return (
        Column("distance_m", "相距", "metres", "m", sort="r.distance_m", width=10),
        *(
            column
            for side, word in sides
            for column in (
                by_name(side, word, 16),
                Column(f"{side}_division", f"{word}区划", "division", sort=f"r.{side}_division {LETTERS}", width=15),
            )
        ),
        *(
            Column(f"{side}_grade", f"{word}等级", "grade", sort=f"r.{side}_grade", width=9, worst_first=True)
            for side, word in sides
        ),
        *(
            Column(f"{side}_class", f"{word}分类", "class", sort=f"r.{side}_class {LETTERS}", width=10)
            for side, word in sides
        ),
        *(Column(f"{side}_enterprise", f"{word}企业", "enterprise", width=12) for side, word in sides),
    )


def _figures(ask: Ask) -> Sequence[Figure]:
    within = ask.given["within"]
    steps = [Figure(f"within-{m}", f"{m} m 以内", f"r.distance_m <= {m}", "对") for m in (50, 100, 200) if m < within]
    return (
        Figure("all", "毗邻", total=True, unit="对"),
        *steps,
        Figure("crossing", "跨县区", "r.crosses", "对"),
        Figure("serious", "涉较大以上", "r.worst <= 2", "对"),
        Figure("hidden", "一方无权查看", "r.other_hidden IS NOT NULL", "对"),
    )


LIST = Listing(
    "neighbours", "毗邻企业", "哪些不同企业的重大危险源、罐区、危化品使用单位、烟花爆竹厂彼此相邻，相距多远",
    _columns, _rows, _figures, "distance_m", ties="a, b", parameters=(WITHIN,), inner=True, system=True,
    empty="所选范围内没有这样相邻的两家。可加大距离，或放宽条件。",
)  # fmt: skip
