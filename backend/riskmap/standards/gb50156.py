"""GB 50156-2012 (2014) 汽车加油加气站设计与施工规范: petrol equipment of a station to what stands outside it.

The edition in force is that of 2021, whose table is not in hand: what this one says leads to a look on site.
"""

from fractions import Fraction

from riskmap.standards.bands import Band
from riskmap.standards.need import Facts, Need, number, total
from riskmap.standards.result import say
from riskmap.standards.table import Book, table

EDITION = "GB 50156-2012（2014年版）"
_DIESEL = frozenset({"乙B", "丙A", "丙B"})
_COLUMN = {"一级": "l1", "二级": "l2", "三级": "l3"}
_RECOVERY = {"none": "无油气回收", "unload": "卸油油气回收", "both": "卸油和加油油气回收"}


def station_volume(storage: list[Facts]) -> Fraction | None:
    """V of a station: petrol whole, diesel half (3.0.9); None where a tank's volume is not told."""
    diesel = [row for row in storage if row.get("fire_class") in _DIESEL]
    petrol = [row for row in storage if row.get("fire_class") not in _DIESEL]
    whole, half = total(petrol), total(diesel)
    return None if whole is None or half is None else whole + half / 2


def beyond_the_grades(storage: list[Facts], book: Book) -> Fraction | None:
    """V where it is more than a station of the first grade may hold: the standard has no station of this size."""
    volume = station_volume(storage) if storage else None
    return None if not volume or _grade_of(volume, book) else volume


def _grade_of(volume: Fraction, book: Book) -> str | None:
    bands = [Band.of(line) for line in table(book, "gb50156-2012-grade", EDITION).rows]
    return next((band.row.text("level") for band in bands if band.holds(volume)), None)


def need(hazard: Facts, kind: str, target: Facts, book: Book) -> Need | None:
    """Metres from a station to a target of a class; None where the target is not in the table."""
    protected = next(
        (row for row in table(book, "gb50156-2012-protected", EDITION).rows if row.text("class") == kind), None
    )
    if protected is None:
        return None
    doubts: list[str] = []
    if protected.text("field"):
        size = number(target, protected.text("field"))
        if size is None:
            doubts.append(f"对方规模未登记，按{protected.text('protected')}")
        big = size is None or size > protected.number("over")
        what = protected.text("protected" if big else "otherwise")
    else:
        what = protected.text("protected")
    if protected.text("tag") == "recall":
        doubts.append("居住建筑的保护类别待核")

    lines = table(book, "gb50156-2012-petrol", EDITION).rows
    row = next((r for r in lines if r.text("target") == what), None)
    if row is None:  # a bureau's own table that lacks it: no number, so somebody looks
        return Need(None, lines[0].clause, f"表中没有对{what}的间距")
    if hazard.get("fuel") in {"lng", "cng", "lpg", "hydrogen"}:
        return Need(None, row.clause, "本表只适用于汽油设备")
    grade = hazard.get("grade_class")
    if grade is None:
        volume = station_volume(hazard["storage"]) if hazard.get("storage") else number(hazard, "volume_m3")
        if volume:
            grade = _grade_of(volume, book)
            if grade is None:  # the table ends at the first
                return Need(None, row.clause, f"总容积 {say(volume)} m³ 超出一级站")
        else:
            grade = "一级"
            doubts.append("站级和容积未登记，按一级")
    recovery = hazard.get("vapour_recovery")
    if recovery is None:  # the widest: what is not known never makes a distance enough
        recovery = "none"
        doubts.append("油气回收未登记，按没有")
    metres = row.number(f"{_COLUMN[grade]}_{recovery}")
    return Need(metres, row.clause, f"{grade}站，{_RECOVERY[recovery]}，对方为{what}", tuple(doubts))
