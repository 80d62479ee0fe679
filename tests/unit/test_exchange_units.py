"""Factors between units are exact; what cannot be exact is rounded once and to six decimals."""

from decimal import Decimal

import pytest

from riskmap.exchange.units import converted, factor_between, is_unit, unit_at_end, unit_of


@pytest.mark.parametrize(
    ("said", "wanted", "value", "expected"),
    [
        ("万m³", "m³", "44.4", "444000"),
        ("万立方米", "m³", "12714.8", "127148000"),
        ("万方", "m³", "0.0001", "1"),
        ("亿m³", "万m³", "1.5", "15000"),
        ("m³", "万m³", "1", "0.0001"),
        ("亩", "m²", "3", "2000"),
        ("亩", "m²", "1", "666.666667"),
        ("亩", "hm²", "15", "1"),
        ("亩", "hm²", "1", "0.066667"),
        ("万亩", "亩", "1.5", "15000"),
        ("亩", "万亩", "1", "0.0001"),
        ("m²", "亩", "2000", "3"),
        ("ha", "m²", "1.25", "12500"),
        ("公顷", "亩", "1", "15"),
        ("km²", "ha", "1", "100"),
        ("kg", "t", "1", "0.001"),
        ("公斤", "t", "0.001", "0.000001"),
        ("g", "t", "1", "0.000001"),
        ("t", "kg", "1.2345", "1234.5"),
        ("kPa", "MPa", "1600", "1.6"),
        ("bar", "kPa", "1", "100"),
        ("MPa", "kPa", "0.1", "100"),
        ("m³/s", "m³/h", "1.5", "5400"),
        ("m³/h", "m³/s", "3600", "1"),
        ("m³/h", "L/s", "1", "0.277778"),
        ("分钟", "h", "90", "1.5"),
        ("km", "m", "1.2345678", "1234.5678"),
        ("万人", "人", "1.23", "12300"),
    ],
)
def test_numbers_are_converted(said: str, wanted: str, value: str, expected: str) -> None:
    factor = factor_between(said, wanted)
    assert factor is not None
    found = converted(Decimal(value), factor)
    assert found == Decimal(expected)
    assert str(found) == expected  # and nothing else on a screen


@pytest.mark.parametrize(
    ("said", "wanted"),
    [("m", "m²"), ("t", "m³"), ("人", "户"), ("栋", "人"), ("m³", None), ("", "m"), ("万", "万元"), ("吨/年", "t")],
)
def test_units_of_two_kinds_have_no_factor(said: str, wanted: str | None) -> None:
    assert factor_between(said, wanted) is None


def test_the_same_unit_in_other_words_has_factor_one() -> None:
    assert factor_between("平方米", "m²") == factor_between("㎡", "m2") == factor_between("M³", "m³") == 1
    assert factor_between("天", "天") == 1
    assert converted(Decimal("12.50"), Decimal(1)) == Decimal("12.50")


def test_a_long_exact_number_loses_no_digit() -> None:
    value = Decimal("1234567890123456789012345678901.5")
    assert converted(value, Decimal(10_000)) == Decimal("12345678901234567890123456789015000")


@pytest.mark.parametrize(
    ("said", "unit"),
    [
        ("m3", "m³"),
        ("M³", "m³"),
        ("KM", "km"),
        ("Kg", "kg"),
        ("KPA", "kPa"),
        ("HA", "hm²"),
        ("ｍ２", "m²"),
        (" 万 m³ ", "万m³"),
    ],
)
def test_a_unit_has_one_name(said: str, unit: str) -> None:
    assert unit_of(said) == unit
    assert is_unit(said)


def test_what_is_no_unit_stays_as_it_is() -> None:
    assert unit_of("百度") == "百度"
    assert not is_unit("百度")
    assert not is_unit("")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("库容/万m3", ("库容", "万m³")),
        ("建筑面积m2", ("建筑面积", "m²")),
        ("坝高,m", ("坝高", "m")),
        ("流量m3/h", ("流量", "m³/h")),
        ("名称", ("名称", None)),
        ("亩", ("亩", None)),
    ],
)
def test_a_unit_at_the_end_of_a_header(text: str, found: tuple[str, str | None]) -> None:
    assert unit_at_end(text) == found
