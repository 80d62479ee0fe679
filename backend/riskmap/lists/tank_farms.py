"""罐区: farms, tanks and enterprises, each counted by itself; tanks from a typed volume up, and who is assessed."""

from collections.abc import Sequence
from decimal import Decimal

from riskmap.lists.model import (
    DIVISION,
    ENTERPRISE,
    GRADE,
    LEVEL,
    NAME,
    Ask,
    Column,
    Figure,
    Listing,
    Number,
    Opens,
    Row,
    by_name,
    dated,
    number,
    words,
    yes,
)
from riskmap.lists.rows import names, objects, of_classes
from riskmap.selection.model import Selection

FARM, TANK = "tank-farm", "tank"
VOLUME = Number("volume", "单罐容积不小于", "m³", Decimal(0), Decimal(0), Decimal(1_000_000))
# Counted apart and told together, wherever one of the three is shown.
_COUNTS = (
    Figure("farms", "罐区", unit="个", list="tank-farms"),
    Figure("tanks", "储罐", unit="只", list="tanks"),
    Figure("enterprises", "企业", unit="家", list="tank-enterprises"),
)


def _farm_rows(ask: Ask) -> str:
    fields = {
        "assessed": ("assessed", "boolean"),
        "assessed_on": ("assessed_on", "text"),
        "told": ("tank_count", "number"),
    }
    farms = objects(ask, of_classes(ask, [FARM]), fields=fields, full_only=True)
    # By the index on parent, farm by farm.
    tanks = (
        "SELECT count(*) AS tanks, sum(t.volume) AS volume, max(t.volume) AS largest"
        f" FROM ({_tanks(ask, '{parent} = f.id AND ')}) AS t"
    )
    rows = f"SELECT f.*, t.tanks, t.volume, t.largest FROM ({farms}) AS f CROSS JOIN LATERAL ({tanks}) AS t"
    # Where a volume is typed, a farm is one that has such a tank.
    return rows if ask.given.get("volume", Decimal(0)) <= 0 else f"{rows} WHERE t.tanks > 0"


def _tanks(ask: Ask, also: str = "") -> str:
    """Tanks of the selection, from the typed volume up; one whose volume is not said only where none is typed."""
    fields = {
        "volume": ("volume_m3", "number"),
        "medium": ("medium", "text"),
        "kind": ("tank_type", "text"),
        "fire_class": ("fire_class", "text"),
    }
    rows = objects(ask, also + of_classes(ask, [TANK]), fields=fields, full_only=True, more={"parent": "{parent}"})
    least = ask.given.get("volume", Decimal(0))
    return rows if least <= 0 else f"SELECT * FROM ({rows}) AS a WHERE a.volume >= {ask.binds(least)}"


def _tank_rows(ask: Ask) -> str:
    # The farm that a tank stands in is looked up as the reader may see it, whatever the selection.
    farms = objects(
        ask, of_classes(ask, [FARM]), selection=Selection(), columns=("id", "name"), full_only=True,
        fields={"assessed": ("assessed", "boolean")},
    )  # fmt: skip
    return (
        "SELECT t.*, f.name AS farm, f.id AS farm_id, f.assessed"
        f" FROM ({_tanks(ask)}) AS t LEFT JOIN ({farms}) AS f ON f.id = t.parent"
    )


def _enterprise_rows(ask: Ask) -> str:
    """Enterprises with a tank (from the typed volume up) or, where no volume is typed, with a farm."""
    held = f"SELECT enterprise, farm_id, 1 AS tank, volume, assessed, division FROM ({_tank_rows(ask)}) AS t"
    if ask.given.get("volume", Decimal(0)) <= 0:
        farms = objects(ask, of_classes(ask, [FARM]), fields={"assessed": ("assessed", "boolean")}, full_only=True)
        held += f"\nUNION ALL\nSELECT enterprise, id, 0, NULL, assessed, division FROM ({farms}) AS f"
    # Assessed is who has every such farm assessed; a tank outside any farm has no assessment.
    return (
        "SELECT h.enterprise AS id, count(DISTINCT h.farm_id) AS farms, sum(h.tank) AS tanks, sum(h.volume) AS volume,"
        " bool_and(coalesce(h.assessed, false)) AS assessed, min(h.division) AS division"
        f" FROM ({held}) AS h WHERE h.enterprise IS NOT NULL GROUP BY h.enterprise"
    )


def _tanks_of_farm(row: Row) -> Opens:
    return {"list": "tanks", "selection": {"parent": [str(row["id"])]}}


def _tanks_of_enterprise(row: Row) -> Opens:
    return {"list": "tanks", "selection": {"enterprise": [str(row["id"])]}}


def _farm_columns(ask: Ask) -> Sequence[Column]:
    return (
        NAME,
        GRADE,
        LEVEL,
        ENTERPRISE,
        number("tanks", "储罐", "只", _tanks_of_farm),
        number("told", "填报只数", "只"),
        number("volume", "容积合计", "m³"),
        number("largest", "最大单罐", "m³"),
        yes("assessed", "已评估"),
        dated("assessed_on", "评估日期"),
        DIVISION,
    )


def _tank_columns(ask: Ask) -> Sequence[Column]:
    return (
        NAME,
        number("volume", "容积", "m³"),
        words("medium", "介质", 14),
        words("fire_class", "火灾危险性", 10),
        GRADE,
        by_name("farm", "所在罐区", 24),
        yes("assessed", "罐区已评估"),
        ENTERPRISE,
        DIVISION,
    )


def _enterprise_columns(ask: Ask) -> Sequence[Column]:
    return (
        Column("enterprise", "企业", "enterprise", width=30),
        number("farms", "罐区", "个"),
        number("tanks", "储罐", "只", _tanks_of_enterprise),
        number("volume", "容积合计", "m³"),
        yes("assessed", "全部罐区已评估"),
        DIVISION,
    )


def _assessed(unit: str) -> tuple[Figure, ...]:
    return (
        Figure("assessed", "已评估", "r.assessed", unit, share_of="all"),
        Figure("unassessed", "未评估", "r.assessed IS NOT TRUE", unit),
    )


def _figures_of(first: Figure, unit: str) -> Sequence[Figure]:
    others = tuple(f for f in _COUNTS if f.name != first.name)
    return (Figure("all", first.title, total=True, unit=unit), *others, *_assessed(unit))


def _enterprises(ask: Ask, rows: list[Row]) -> None:
    known = names(ask.snapshot, [row["id"] for row in rows])
    for row in rows:
        row["enterprise"] = row["id"]
        row["name"] = known.get(row["id"])


FARMS = Listing(
    "tank-farms", "罐区", "有哪些罐区，各有几只罐、多大，评估了没有", _farm_columns, _farm_rows,
    lambda ask: _figures_of(_COUNTS[0], "个"), "-volume", parameters=(VOLUME,), inner=True,
)  # fmt: skip
TANKS = Listing(
    "tanks", "储罐", "有哪些储罐，存什么、多大，所在罐区评估了没有", _tank_columns, _tank_rows,
    lambda ask: _figures_of(_COUNTS[1], "只"), "-volume", parameters=(VOLUME,), inner=True,
)  # fmt: skip
ENTERPRISES = Listing(
    "tank-enterprises", "有罐区的企业", "哪些企业有罐区或储罐，罐区是否都已评估", _enterprise_columns, _enterprise_rows,
    lambda ask: _figures_of(_COUNTS[2], "家"), "-volume", parameters=(VOLUME,), inner=True, finish=_enterprises,
)  # fmt: skip
