"""GB 50074-2014: grade of an oil depot. SL 252-2017: size of a reservoir."""

from decimal import Decimal

import pytest

from riskmap.base.settings import GEODATA
from riskmap.standards import sl252
from riskmap.standards.gb50074 import Tables, Tank, Use, depot_grade
from riskmap.standards.result import Refused, Standing, Tag
from riskmap.standards.table import read

BOOK = read(GEODATA / "standards")
DEPOT = Tables.of(BOOK)
SIZES = sl252.sizes(BOOK)


def tank(fire_class: str, volume: str, **more: object) -> Tank:
    return Tank(fire_class, Decimal(volume), **more)  # type: ignore[arg-type]


def test_depot_worked_example() -> None:
    result = depot_grade([tank("甲B", "20000"), tank("丙A", "18000"), tank("丙B", "4000")], DEPOT)
    assert [step.line for step in result.steps] == [
        "TV = 1 × 20000 + 0.5 × 18000 + 0.25 × 4000 = 30000 m³",
        "等级：30000 ≤ 30000 < 100000 → 二级",
    ]
    assert (result.level, result.tag) == ("二级", Tag.VERIFIED)


@pytest.mark.parametrize(
    ("tv", "level"),
    [
        ("999.99", "五级"), ("1000", "四级"), ("9999.99", "四级"), ("10000", "三级"), ("29999.99", "三级"),
        ("30000", "二级"), ("99999.99", "二级"), ("100000", "一级"), ("1199999.99", "一级"), ("1200000", "特级"),
        ("4000000", "特级"),
    ],
)  # fmt: skip
def test_depot_limits_from_both_sides(tv: str, level: str) -> None:
    assert depot_grade([tank("乙", tv)], DEPOT).level == level


@pytest.mark.parametrize(
    ("one", "tv"),
    [
        (tank("甲A", "100"), 200), (tank("丙B", "100", toxic=True), 200), (tank("甲B", "100"), 100), (tank("乙", "100"), 100),
        (tank("乙A", "100"), 100), (tank("乙B", "100"), 100), (tank("丙A", "100"), 50), (tank("丙B", "100"), 25),
    ],
)  # fmt: skip
def test_depot_weights(one: Tank, tv: int) -> None:
    assert depot_grade([one], DEPOT).value("TV") == tv


def test_zero_relay_and_vent_tanks_are_not_counted_but_told() -> None:
    others = [tank("甲B", "500", use=use) for use in (Use.ZERO, Use.RELAY, Use.VENT)]
    result = depot_grade([tank("甲B", "900"), *others], DEPOT)
    assert result.value("TV") == 900
    assert result.notes == ("零位罐 500 m³ 不计入总容量", "中继罐 500 m³ 不计入总容量", "放空罐 500 m³ 不计入总容量")
    with pytest.raises(Refused, match="至少填写一个储罐"):
        depot_grade(others, DEPOT)


def test_farm_inside_a_chemical_works_is_not_graded_as_a_depot() -> None:
    result = depot_grade([tank("甲B", "900")], DEPOT, governing_code="GB 50160")
    assert (result.standing, result.verdict) == (Standing.OUTSIDE, "不按 GB 50074 定级（执行 GB 50160）")


@pytest.mark.parametrize(
    ("tanks", "field", "code"),
    [
        ([], "tanks", "missing"),
        ([tank("甲C", "1")], "tanks.0.fire_class", "unknown_class"),
        ([tank("甲B", "-1")], "tanks.0.volume_m3", "negative"),
        ([Tank("甲B", None)], "tanks.0.volume_m3", "missing"),
    ],
)
def test_bad_tanks_are_refused(tanks: list[Tank], field: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        depot_grade(tanks, DEPOT)
    assert [(f.field, f.code) for f in refused.value.faults] == [(field, code)]


@pytest.mark.parametrize(
    ("wan_m3", "verdict"),
    [
        ("9.9999", "山塘（堰塘），不列为水库"), ("10", "小（2）型"), ("86", "小（2）型"), ("99.9999", "小（2）型"), ("100", "小（1）型"),
        ("999.9999", "小（1）型"), ("1000", "中型"), ("9999.9999", "中型"), ("10000", "大（2）型"),
        ("99999.9999", "大（2）型"), ("100000", "大（1）型"),
    ],
)  # fmt: skip
def test_reservoir_sizes_from_both_sides(wan_m3: str, verdict: str) -> None:
    result = sl252.reservoir_size(Decimal(wan_m3) * 10_000, SIZES)
    assert result.verdict == verdict
    assert (result.standing is Standing.GRADED) == bool(result.level)


def test_reservoir_without_capacity_is_refused() -> None:
    for value in (None, Decimal(0), Decimal(-1)):
        with pytest.raises(Refused, match="总库容"):
            sl252.reservoir_size(value, SIZES)


def test_a_declared_size_stands_only_as_itself() -> None:
    result = sl252.declared_size("中型", SIZES)
    assert (result.level, result.tag) == ("中型", Tag.JUDGEMENT)
    with pytest.raises(Refused, match="大型"):
        sl252.declared_size("大型", SIZES)
