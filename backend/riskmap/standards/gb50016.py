"""GB 50016-2014 建筑设计防火规范, table 4.4.1: tanks of liquefied petroleum gas to housing and civil buildings."""

from collections.abc import Iterable
from fractions import Fraction

from riskmap.standards.need import Facts, Need, number, total
from riskmap.standards.result import Clause, Tag, say
from riskmap.standards.table import Book, Row, table

EDITION = "GB 50016-2014"
LPG_ROW = 52  # of GB 18218 table 1
# 居住区、村镇 of the table: at least 1 000 persons or 300 households; smaller groups stand with other civil buildings.
HOUSING_PERSONS, HOUSING_HOUSEHOLDS = 1000, 300
SCOPE = Clause(EDITION, "表4.4.1 注（居住区）", Tag.VERIFIED)
BURIED = Clause(EDITION, "表4.4.1 注（埋地减半）", Tag.VERIFIED)
_BURIED_SINGLE, _BURIED_TOTAL = 50, 400  # m³: above either, buried tanks are not halved
_IMPORTANT = frozenset({"school", "kindergarten", "hospital", "care-home"})
_HOUSING = frozenset({"residential-area", "village"})


def lpg_rows(storage: Iterable[Facts]) -> list[Facts]:
    """Rows of storage that are liquefied petroleum gas."""
    return [r for r in storage if (r.get("table") == 1 and r.get("no") == LPG_ROW) or r.get("fire_class") == "甲A"]


def need(hazard: Facts, kind: str, target: Facts, book: Book) -> Need | None:
    """Metres from the tanks to a target; None where the hazard holds no such gas.

    The larger demand of total and of single volume counts.
    """
    rows = lpg_rows(hazard.get("storage") or ())
    if not rows and hazard.get("storage"):
        return None
    lines = table(book, "gb50016-2014-lpg", EDITION).rows
    if not rows:
        return None if not hazard.get("asks_lpg") else Need(None, lines[0].clause, "储罐容积未填")
    whole = total(rows)
    if whole is None:
        return Need(None, lines[0].clause, "储罐容积未填")
    doubts: list[str] = []
    largest = [number(row, "largest_m3") for row in rows]
    if any(value is None for value in largest):
        doubts.append("单罐容积未填，按总容积")
    single = max((value or number(row, "volume_m3") or Fraction(0)) for row, value in zip(rows, largest, strict=True))
    by_total = next((r for r in lines if r.number("total_over_m3") < whole <= r.number("total_most_m3")), None)
    by_single = next((r for r in lines if not r.text("single_most_m3") or single <= r.number("single_most_m3")), None)
    if by_total is None or by_single is None:
        return Need(None, lines[0].clause, f"总容积 {say(whole)} m³ 不在表中")
    column, word = "residential_m", "居住区、村镇"
    if kind in _HOUSING:
        persons, homes = number(target, "residents"), number(target, "households")
        if persons is None and homes is None:
            doubts.append("居住区的常住人口（居住人数）、户数未登记，按 1 000 人以上")
        elif (persons or 0) < HOUSING_PERSONS and (homes or 0) < HOUSING_HOUSEHOLDS:
            column, word = "civil_m", "其他民用建筑"
    elif kind in _IMPORTANT:
        doubts.append("是否属重要公共建筑须认定，按是")
        word = "重要公共建筑"
    else:
        column, word = "civil_m", "其他民用建筑"

    def asked(row: Row) -> Fraction:
        return row.number(column)

    row = max((by_total, by_single), key=asked)
    metres, halved = asked(row), ""
    if all(r.get("buried") is True for r in rows) and single <= _BURIED_SINGLE and whole <= _BURIED_TOTAL:
        metres, halved = metres / 2, "，埋地减半"
    said = f"液化石油气总容积 {say(whole)} m³、单罐 {say(single)} m³，对方为{word}{halved}"
    return Need(metres, row.clause, said, tuple(doubts))
