"""底数: how many of each class, how long its lines are and how large its areas, and all of it in one sentence."""

from collections.abc import Sequence

from riskmap.lists.model import Ask, Column, Figure, Listing, Opens, Row
from riskmap.lists.rows import objects

# Measure words as reports have them; 处 for the rest.
_WORDS = {
    "enterprise": "家", "chemical-user": "家", "fireworks-plant": "家", "fireworks-retail": "家", "mine": "座",
    "tailings-pond": "座", "reservoir": "座", "polder": "座", "tank": "只", "tank-farm": "个", "chemical-park": "个",
    "village": "个", "residential-area": "个", "rescue-team": "支", "school": "所", "kindergarten": "所",
    "hospital": "家", "care-home": "家", "self-built-house": "栋", "rental-building": "栋", "pipeline": "条",
    "power-line": "条", "railway": "条", "road": "条", "dyke": "条", "shoreline": "条", "accident-point": "起",
    "gas-restaurant": "家", "alcohol-fuel-user": "家", "filling-station": "座", "fire-key-unit": "家",
}  # fmt: skip


def _on_map(row: Row) -> Opens:
    return {"map": {"class": [row["class"]]}}


def _columns(ask: Ask) -> Sequence[Column]:
    return (
        Column("class", "分类", "class", sort="r.place", width=22),
        Column("n", "数量", "number", sort="r.n", opens=_on_map),
        Column("measure", "单位", width=8),
        Column("length_km", "线长", "number", "km", sort="r.length_km"),
        Column("area_km2", "面积", "number", "km²", sort="r.area_km2"),
        Column("unplaced", "其中待定位", "number", sort="r.unplaced"),
    )


def _rows(ask: Ask) -> str:
    # Geodesic; edges are straight in lon/lat, so outlines are densified to 500 m first. The public form is a point.
    globe = "ST_Segmentize({geom}, 0.0045)::geography"
    rows = objects(
        ask,
        columns=("class", "cell"),
        more={
            "length_m": f"CASE WHEN ST_Dimension({{geom}}) = 1 THEN ST_Length({globe}) END",
            "area_m2": f"CASE WHEN ST_Dimension({{geom}}) = 2 THEN ST_Area({globe}) END",
        },
    )
    # As the tree of classes has them.
    catalogue = ask.snapshot.catalogue
    groups = {g["code"]: i for i, g in enumerate(catalogue.groups)}

    def place_of(code: str) -> tuple[int, bool, str]:
        class_ = catalogue.classes[code]
        return groups.get(class_.group, len(groups)), class_.role != "hazard", code

    order = sorted(catalogue.classes, key=place_of)
    place = f"array_position(CAST({ask.binds(order)} AS text[]), o.class)"
    return (
        f"SELECT o.class, min({place}) AS place, count(*) AS n, count(*) FILTER (WHERE o.cell IS NULL) AS unplaced,"
        " round(CAST(sum(o.length_m) / 1000 AS numeric), 3) AS length_km,"
        f" round(CAST(sum(o.area_m2) / 1000000 AS numeric), 4) AS area_km2 FROM ({rows}) AS o GROUP BY o.class"
    )


def _figures(ask: Ask) -> Sequence[Figure]:
    return (
        Figure("all", "分类", total=True, unit="类"),
        Figure("objects", "登记对象", value="coalesce(sum(r.n), 0)", map={}),
        Figure("length", "线长合计", unit="km", value="sum(r.length_km)"),
        Figure("unplaced", "待定位", value="coalesce(sum(r.unplaced), 0)"),
    )


def _finish(ask: Ask, rows: list[Row]) -> None:
    for row in rows:
        row["measure"] = _WORDS.get(row["class"], "处")


def _sentence(ask: Ask, rows: list[Row]) -> str:
    """非煤矿山 3 座、油气管道 4 条 120.5 公里……: the hazards, as reports begin."""
    classes = ask.snapshot.catalogue.classes
    parts = []
    for row in rows:
        found = classes.get(row["class"])
        if found is None or found.role != "hazard":
            continue
        said = f"{found.title} {row['n']:,} {_WORDS.get(row['class'], '处')}"
        if row["length_km"] is not None:
            said += f" {row['length_km']:,.1f} 公里"
        elif row["area_km2"] is not None and found.geometry == ("polygon",):
            said += f" {row['area_km2']:,.2f} 平方公里"
        parts.append(said)
    return "、".join(parts) + "。" if parts else ""


LIST = Listing(
    "inventory", "底数", "各类对象各有多少，线有多长、面有多大", _columns, _rows, _figures, "class", ties="class",
    finish=_finish, sentence=_sentence,
)  # fmt: skip
