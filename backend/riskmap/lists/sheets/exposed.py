"""脆弱性目标清单, as it is handed in."""

from dataclasses import replace
from decimal import Decimal

from riskmap.access.reader import SYSTEM
from riskmap.catalogue.model import GRADE_RANK
from riskmap.grading.rulebook import rulebook_of
from riskmap.lists import targets
from riskmap.lists.model import CLASS, Ask, Column, Row, by_name, words
from riskmap.lists.rows import objects, of_classes
from riskmap.lists.sheets import parts
from riskmap.lists.sheets.parts import Part, SheetList
from riskmap.selection.model import Selection
from riskmap.standards import gb36894
from riskmap.standards.result import Refused

NAME = "targets"
AROUND_M = 1000  # Policy: how far round a target red and orange risks are counted
_NUMBERS = ("persons", "residents", "peak_persons", "beds", "area_m2", "households")
_TEXTS = ("kind", "address", "gb50156_class", "special_groups", "evacuation")

PARTS = (
    parts.ID,
    Part(by_name("name", "名称", 20), "登记的名称"),
    Part(replace(CLASS, title="类别", width=9), "登记的分类"),
    Part(words("kind_said", "分项", 9), "登记的类别、学段等"),
    Part(Column("gb36894", "GB 36894 类别", width=11), "按 GB 36894-2018 由分类和登记的规模判定；缺规模的写明缺什么"),
    Part(words("gb50156_class", "GB 50156 类别", 9), "登记的类别", fields=("gb50156_class",)),
    Part(words("address", "地址", 14), "登记的地址", fields=("address",)),
    parts.DIVISION,
    parts.LON_LAT,
    parts.POSITION,
    Part(Column("persons", "设计（登记）人数", "number", "人", width=10), "登记的人数", fields=("persons",)),
    Part(Column("residents", "常住人口", "number", "人", width=9), "登记的常住人口", fields=("residents",)),
    Part(Column("peak_persons", "高峰人数", "number", "人", width=9), "登记的高峰人数", fields=("peak_persons",)),
    Part(
        words("special_groups", "特殊人群", 12),
        "登记的特殊人群；按人数登记的写人数",
        fields=("special_groups", "elderly"),
    ),
    Part(Column("area_m2", "建筑面积", "number", "m²", width=10), "登记的建筑面积", fields=("area_m2",)),
    Part(Column("beds", "床位", "number", "张", width=7), "登记的床位", fields=("beds",)),
    Part(words("evacuation", "应急疏散能力", 10), "登记的应急疏散能力", fields=("evacuation",)),
    Part(
        Column("reds", f"{AROUND_M} m 内重大", "number", "处", width=9),
        "全部在管对象中，外廓间地面距离不超过的",
        inner=True,
    ),
    Part(
        Column("oranges", f"{AROUND_M} m 内较大", "number", "处", width=9),
        "全部在管对象中，外廓间地面距离不超过的",
        inner=True,
    ),
    Part(
        by_name("risk", "最近的较大以上风险", 18), "全部在管对象中最近的；无权查看的写明主管部门，距离照写", inner=True
    ),
    Part(Column("risk_grade", "其等级", "grade", width=7), "最近的较大以上风险的等级", inner=True),
    Part(
        Column("distance_m", "距离", "metres", "m", width=9),
        "外廓到外廓的地面距离（大地线）；没有位置的不量",
        inner=True,
    ),
    Part(words("head", "责任人", 12), "主要负责人的岗位、姓名", inner=True),
    Part(words("phone", "电话", 12), "主要负责人登记的电话", inner=True),
    parts.DEPARTMENT,
    parts.STAGE,
)


def _rows(ask: Ask) -> str:
    mine = of_classes(ask, targets.classes(ask))
    fields = {name: (name, "number") for name in (*_NUMBERS, "elderly")} | {name: (name, "text") for name in _TEXTS}
    sees = ask.snapshot.reader.sees_inner
    more = parts.PLACED | ({"around": "{geom}"} if sees else {})
    rows = parts.with_firm_and_persons(ask, objects(ask, mine, fields=fields, more=more, full_only=sees))
    if not sees:
        return rows
    near = targets.nearest(ask, mine, targets.RISKY, "persons")
    degrees = AROUND_M / 110500
    # The box stands in a column of its own: under row security no index is asked by what is worked out beside it.
    boxed = (
        f"SELECT q.*, {_GLOBE.format('q.around')} AS globe, ST_Expand(q.around, {degrees}"
        f" / cos(radians(least(abs(ST_Y(ST_Centroid(q.around))) + 0.1, 89))) + 1e-7, {degrees} + 1e-7) AS box"
        f" FROM ({rows}) AS q OFFSET 0"
    )
    return (
        "SELECT r.*, n.distance_m, n.risk_id, n.risk, n.risk_grade, n.risk_hidden, a.reds, a.oranges"
        f" FROM ({boxed}) AS r LEFT JOIN ({near}) AS n ON n.id = r.id LEFT JOIN LATERAL ({_around(ask)}) AS a ON true"
    )


# Edges are straight in lon/lat: outlines are densified to 500 m first.
_GLOBE = "CASE WHEN ST_Dimension({0}) = 0 THEN {0}::geography ELSE ST_Segmentize({0}, 0.0045)::geography END"


def _around(ask: Ask) -> str:
    """How many red and orange objects lie round the place; of a place without a position nothing is said."""
    others = objects(
        ask,
        f"{targets.RISKY} AND {{geom}} && r.box AND {{id}} <> r.id"
        f" AND ST_DWithin(r.globe, {_GLOBE.format('{geom}')}, {AROUND_M})",
        selection=Selection(),
        snapshot=replace(ask.snapshot, reader=SYSTEM),
        columns=("grade",),
    )
    counted = ", ".join(
        f"CASE WHEN r.around IS NOT NULL THEN count(*) FILTER (WHERE g.grade = {GRADE_RANK[grade]}) END AS {name}"
        for name, grade in (("reds", "major"), ("oranges", "serious"))
    )
    return f"SELECT {counted} FROM ({others}) AS g"


def _finish(ask: Ask, rows: list[Row]) -> None:
    book = rulebook_of(ask.snapshot.catalogue.ruleset_at(ask.snapshot.moment.day))
    for row in rows:
        parts.place(row)
        row["kind_said"] = parts.option(ask, row["class"], "kind", row["kind"])
        row["gb36894"] = _category(row, book.targets)
        if row["special_groups"] is None and row["elderly"] is not None:
            row["special_groups"] = f"老年人 {row['elderly']} 人"


def _category(row: Row, tables: gb36894.Targets) -> str | None:
    kind = tables.kind(row["class"], row)
    if kind is None:
        return None
    figures: dict[str, Decimal | int | None] = {name: row.get(name) for name in gb36894.MEASURES}
    if row["residents"] is not None:
        figures["persons"] = row["residents"]
    try:
        found = gb36894.target_of(kind, figures, tables)
    except Refused:
        return None
    return found.target or f"未判定，缺{'和'.join(found.missing)}"


LIST = SheetList(
    NAME,
    "脆弱性目标清单",
    PARTS,
    (("脆弱性目标", parts.listing(NAME, "脆弱性目标", PARTS, _rows, "division", _finish, measured=True)),),
    "无：所选范围内没有登记的脆弱性目标。",
)
