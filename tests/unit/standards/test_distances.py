"""Tables of distances: fuel stations, liquefied gas, oil depots; what is not told is assumed the worse, and said."""

from decimal import Decimal
from fractions import Fraction

import pytest

from riskmap.base.settings import GEODATA
from riskmap.standards import gb32100, gb50016, gb50074, gb50156
from riskmap.standards.table import Table, read

BOOK = read(GEODATA / "standards")
LPG = {"table": 1, "no": 52, "volume_m3": Decimal(200), "largest_m3": Decimal(100)}
TOWN = {"residents": 1000, "households": 250}
HAMLET = {"residents": 999, "households": 299}


@pytest.mark.parametrize(
    ("volume", "grade"),
    [("90", "三级"), ("90.001", "二级"), ("150", "二级"), ("150.001", "一级"), ("210", "一级")],
)
def test_station_grades_at_their_limits(volume: str, grade: str) -> None:
    storage = [{"fire_class": "甲B", "volume_m3": Decimal(volume)}]
    need = gb50156.need({"storage": storage}, "hospital", {}, BOOK)
    assert need is not None
    assert need.said.startswith(f"{grade}站")


def test_a_station_above_the_first_grade_has_no_number() -> None:
    storage = [{"fire_class": "甲B", "volume_m3": Decimal("210.1")}]
    need = gb50156.need({"storage": storage}, "hospital", {}, BOOK)
    assert need is not None
    assert need.metres is None


def test_diesel_counts_half() -> None:
    storage = [{"fire_class": "甲B", "volume_m3": Decimal(80)}, {"fire_class": "丙A", "volume_m3": Decimal(40)}]
    assert gb50156.station_volume(storage) == 100


@pytest.mark.parametrize(("pupils", "metres"), [(501, 35), (500, 14), (None, 35)])
def test_a_school_is_protected_by_its_size(pupils: int | None, metres: int) -> None:
    need = gb50156.need({"grade_class": "二级", "vapour_recovery": "both"}, "school", {"persons": pupils}, BOOK)
    assert need is not None
    assert need.metres == metres
    assert bool(need.doubts) is (pupils is None)


def test_what_is_not_told_of_vapour_recovery_never_makes_a_distance_enough() -> None:
    need = gb50156.need({"grade_class": "二级"}, "school", {"persons": 501}, BOOK)
    none = gb50156.need({"grade_class": "二级", "vapour_recovery": "none"}, "school", {"persons": 501}, BOOK)
    assert need is not None
    assert none is not None
    assert need.metres == none.metres == 50
    assert need.doubts == ("油气回收未登记，按没有",)
    assert not none.doubts


def test_what_a_bureaus_own_table_lacks_has_no_number() -> None:
    kept = [row.cells for row in BOOK["gb50156-2012-petrol"].rows if row.text("target") == "重要公共建筑物"]
    book = {**BOOK, "gb50156-2012-petrol": Table.of("gb50156-2012-petrol", kept)}
    need = gb50156.need({"grade_class": "二级"}, "school", {"persons": 300}, book)
    assert need is not None
    assert (need.metres, need.said) == (None, "表中没有对一类保护物的间距")


def test_a_station_that_is_larger_than_the_first_grade_is_told_without_any_neighbour() -> None:
    whole = [{"fire_class": "甲B", "volume_m3": Decimal(210)}]
    assert gb50156.beyond_the_grades(whole, BOOK) is None
    assert gb50156.beyond_the_grades([{"fire_class": "甲B", "volume_m3": Decimal("210.1")}], BOOK) == Decimal("210.1")
    assert gb50156.beyond_the_grades([], BOOK) is None


@pytest.mark.parametrize(("target", "metres"), [(TOWN, 70), (HAMLET, 50), ({"households": 300}, 70)])
def test_liquefied_gas_by_the_larger_demand(target: dict[str, int], metres: int) -> None:
    need = gb50016.need({"storage": [LPG]}, "village", target, BOOK)
    assert need is not None
    assert need.metres == metres
    assert not need.doubts


@pytest.mark.parametrize(("total", "single", "metres"), [("50", "20", 45), ("50.1", "20", 50), ("50", "20.1", 50)])
def test_liquefied_gas_at_the_limits_of_its_table(total: str, single: str, metres: int) -> None:
    tank = {"table": 1, "no": 52, "volume_m3": Decimal(total), "largest_m3": Decimal(single)}
    need = gb50016.need({"storage": [tank]}, "village", TOWN, BOOK)
    assert need is not None
    assert need.metres == metres


def test_buried_tanks_are_halved_up_to_50_and_400_m3() -> None:
    buried = LPG | {"largest_m3": Decimal(50), "buried": True}
    need = gb50016.need({"storage": [buried]}, "village", TOWN, BOOK)
    assert need is not None
    assert need.metres == Fraction(25)
    larger = gb50016.need({"storage": [LPG | {"buried": True}]}, "village", TOWN, BOOK)
    assert larger is not None
    assert larger.metres == 70


def test_what_is_not_told_of_a_gas_store_is_assumed_and_said() -> None:
    need = gb50016.need({"storage": [{"fire_class": "甲A", "volume_m3": Decimal(100)}]}, "school", {}, BOOK)
    assert need is not None
    assert need.metres == 70  # one tank of 100 m³
    assert len(need.doubts) == 2


@pytest.mark.parametrize(
    ("volume", "metres"), [("999", 50), ("1000", 70), ("10000", 80), ("30000", 90), ("100000", 100), ("1200000", None)]
)
def test_a_depot_by_its_grade(volume: str, metres: int | None) -> None:
    need = gb50074.need({"storage": [{"fire_class": "甲B", "volume_m3": Decimal(volume)}]}, "school", {}, BOOK)
    assert need is not None
    assert need.metres == metres


def test_a_depot_of_unknown_grade_is_taken_for_the_first_and_liquefied_gas_for_none() -> None:
    need = gb50074.need({}, "school", {}, BOOK)
    assert need is not None
    assert need.metres == 100
    assert need.doubts
    assert gb50074.need({"storage": [{"fire_class": "甲A", "volume_m3": Decimal(9)}]}, "school", {}, BOOK) is None


@pytest.mark.parametrize("code", ["91350100M000100Y43", "91110000600007156J"])
def test_check_character_of_a_credit_code(code: str) -> None:
    wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
    assert gb32100.fault(wrong) == "统一社会信用代码校验位不符"
    assert gb32100.fault(code[:-1]) is not None
    assert gb32100.fault("I" + code[1:]) is not None


def test_what_is_missing_of_housing_is_named_as_its_field_is() -> None:
    # 人数 of a residential area says nothing here: 常住人口 and 户数 do.
    need = gb50016.need({"storage": [LPG]}, "village", {"persons": 2000}, BOOK)
    assert need is not None
    assert need.doubts == ("居住区的常住人口（居住人数）、户数未登记，按 1 000 人以上",)
