"""What officers type into cells, and what becomes of it; each bound from both sides."""

import contextlib
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmap.base.clock import SHANGHAI
from riskmap.exchange import cells as c
from riskmap.exchange.cells import CellFault, plain


def refusal(read: Any, *given: Any) -> str:
    with pytest.raises(CellFault) as fault:
        read(*given)
    assert fault.value.message
    return fault.value.code


# -- Numbers --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (600, "600"),
        (600.0, "600"),
        (44.4, "44.4"),
        (0.1 + 0.2, "0.3"),  # what Excel shows of it
        (1.1 * 3, "3.3"),
        (1e-7, "0.0000001"),
        (-0.5, "-0.5"),
        ("600", "600"),
        ("６００", "600"),
        ("１，２３４．５", "1234.5"),
        ("1,234,567.8", "1234567.8"),
        (" 800　", "800"),
        ("\u200b800\ufeff", "800"),
        ("800\xa0", "800"),
        ("1e3", "1000"),
        ("1E-2", "0.01"),
        (".5", "0.5"),
        ("12.", "12"),
        ("+5", "5"),
        ("−5", "-5"),
        ("－5", "-5"),
        ("00012", "12"),
        ("0.1000", "0.1"),
        ("12345678901234567890.123", "12345678901234567890.123"),
    ],
)
def test_a_number_is_read_exactly(cell: Any, number: str) -> None:
    assert c.number_of(cell, "人数") == Decimal(number)


@pytest.mark.parametrize("cell", [None, "", "  ", "/", "－", "——", "无", "暂无", "不详", "N/A", "\u200b"])
def test_what_says_nothing_is_no_number_and_no_fault(cell: Any) -> None:
    assert c.number_of(cell, "人数") is None


@pytest.mark.parametrize(
    "cell",
    [
        "五十", "约600", "600左右", "600以上", "3-5", "3～5", "12,34", "1,2345", "1.2.3", "1 234", "--5", "5-", "e3", "1e", "1e333",
        "10²", "10①", "½", "③", "0x10", "1_000", "inf", "nan", "#12", "50%", "800人/天", True, False,
        date(2026, 3, 1), datetime(2026, 3, 1, 8), float("nan"), float("inf"), "１２３４５，６", "٣x", "6OO",
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused_and_never_guessed(cell: Any) -> None:
    assert refusal(c.number_of, cell, "人数", "人") == "not_a_number"


@pytest.mark.parametrize("cell", ["#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!"])
@pytest.mark.parametrize(
    "read",
    [c.number_of, c.date_of, c.boolean_of, c.text_of, c.code_of, lambda cell, title: c.choice_of(cell, title, {})],
)
def test_a_formula_that_failed_is_never_a_value(cell: str, read: Any) -> None:
    assert refusal(read, cell, "人数") == "formula_error"


@pytest.mark.parametrize(
    ("cell", "unit", "number"),
    [
        ("800 人", "人", "800"),
        ("800人", "人", "800"),
        ("８００名", "人", "800"),
        ("1.2万", "人", "12000"),
        ("1.2万人", "人", "12000"),
        ("1.2万", None, "12000"),
        ("44.4万m³", "m³", "444000"),
        ("44.4 万立方米", "m³", "444000"),
        ("800m²", "m²", "800"),
        ("800㎡", "m²", "800"),
        ("3亩", "m²", "2000"),
        ("1亩", "m²", "666.666667"),
        ("1 KM", "m", "1000"),
        ("1,200 千克", "t", "1.2"),
        ("50%", "%", "50"),
        ("50％", "%", "50"),
        ("37.5℃", "℃", "37.5"),
    ],
)
def test_a_unit_behind_a_number_is_understood(cell: str, unit: str | None, number: str) -> None:
    assert c.number_of(cell, "数量", unit) == Decimal(number)


@pytest.mark.parametrize(("cell", "unit"), [("800m", "m²"), ("800吨", "m³"), ("800人", None), ("8栋", "人")])
def test_a_unit_of_another_kind_is_refused(cell: str, unit: str | None) -> None:
    assert refusal(c.number_of, cell, "数量", unit) == "not_a_number"


def test_a_unit_in_the_cell_stands_before_the_headers() -> None:
    wan = Decimal(10_000)
    assert c.number_of("44.4", "全库容", "m³", wan) == 444_000
    assert c.number_of(44.4, "全库容", "m³", wan) == 444_000
    assert c.number_of("44.4万m³", "全库容", "m³", wan) == 444_000
    assert c.number_of("444000m³", "全库容", "m³", wan) == 444_000


# -- Texts and codes --------------------------------------------------------------------


def test_codes_keep_their_leading_zeros_and_lose_their_width() -> None:
    assert c.code_of("００１２", "编号") == "0012"
    assert c.code_of("0012", "编号") == "0012"
    assert c.code_of(12.0, "编号") == "12"
    assert c.code_of("ＸＸ－０１", "编号") == "XX-01"


@pytest.mark.parametrize("cell", [1e15, 3.60402000000000123e17, -1e15])
def test_a_long_number_that_lost_its_last_digits_is_refused_as_text(cell: float) -> None:
    assert refusal(c.text_of, cell, "统一社会信用代码") == "precision_lost"


def test_fifteen_digits_are_kept_as_text() -> None:
    assert c.text_of(999_999_999_999_999.0, "编号") == "999999999999999"
    assert c.text_of(138_0000_0000.0, "电话") == "13800000000"


def test_a_text_may_say_none_but_a_stroke_says_nothing() -> None:
    assert c.text_of("无", "备注") == "无"
    assert [c.text_of(said, "备注") for said in ("/", "——", " ", "\u3000", "\u200b", None)] == [None] * 6
    assert c.text_of("　例湖小学\u200b ", "名称") == "例湖小学"
    assert c.text_of(True, "备注") == "是"
    assert c.text_of(datetime(2026, 3, 1), "备注") == "2026-03-01"


# -- Dates ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        date(2026, 3, 1), datetime(2026, 3, 1), datetime(2026, 3, 1, 23, 59), 46082, 46082.0, 46082.75, "46082", "2026-03-01",
        "2026-3-1", "2026/3/1", "2026.3.1", "2026年3月1日", "2026年3月1", " 2026 年 3 月 1 日 ", "２０２６－０３－０１", "20260301",
        20260301.0, "2026-03-01 08:30", "2026-03-01 08:30:00", "2026-03-01T08:30:00", "2026-03-01T08:30:00.000",
        "2026-03-01T08:30:00+08:00", "2026-03-01T00:00:00Z", "2026-03-01 00:00:00.000",
    ],
)  # fmt: skip
def test_a_date_is_read_in_the_usual_forms(cell: Any) -> None:
    assert c.date_of(cell, "日期") == "2026-03-01"


@pytest.mark.parametrize(
    "cell",
    [
        "2026年3月", "2026.3", 2026.3, "2026", 2026, "2026-02-29", "2026-02-30", "2026-13-01", "2026-00-10", "2026-4-31",
        "3/1/2026", "01-03-2026", "二〇二六年三月", "去年", "2026-03-01至2026-04-01", "19999", "80000", 19999.0, 80000.0, "0206-03-01",
        date(1899, 12, 31), datetime(1899, 12, 30), "1899-12-31", "2200-01-01", True, "20261301", "2026-03-01x", "2026-03-01 8点",
    ],
)  # fmt: skip
def test_a_day_that_is_none_is_refused(cell: Any) -> None:
    assert refusal(c.date_of, cell, "日期") == "not_a_date"


def test_the_bounds_of_dates_from_both_sides() -> None:
    assert c.date_of("2024-02-29", "日期") == "2024-02-29"
    assert c.date_of("20000", "日期") == "1954-10-03"
    assert c.date_of(79_999.0, "日期") == "2119-01-10"
    assert c.date_of("1900-01-01", "日期") == "1900-01-01"
    assert c.date_of("2199-12-31", "日期") == "2199-12-31"
    assert [c.date_of(said, "日期") for said in (None, "", "无", "/", "不详")] == [None] * 5


def test_a_month_without_a_day_is_told_so() -> None:
    with pytest.raises(CellFault, match="缺少日"):
        c.date_of("2026年3月", "日期")


# -- Words ------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", ["是", "有", "TRUE", "Yes", "y", "１", 1, 1.0, "√", "✔", True])
def test_words_for_yes(cell: Any) -> None:
    assert c.boolean_of(cell, "寄宿") is True


@pytest.mark.parametrize("cell", ["否", "无", "没有", "False", "N", 0, 0.0, "×", "✗", False])
def test_words_for_no(cell: Any) -> None:
    assert c.boolean_of(cell, "寄宿") is False


def test_neither_yes_nor_no() -> None:
    assert [c.boolean_of(said, "寄宿") for said in (None, "", "/", "不详", "暂无")] == [None] * 5
    assert refusal(c.boolean_of, "部分", "寄宿") == "not_a_boolean"
    assert refusal(c.boolean_of, 2.0, "寄宿") == "not_a_boolean"


def test_a_choice_by_any_of_its_words() -> None:
    choices = {"小学": "primary", "primary": "primary", "1": "first"}
    assert c.choice_of("　小学 ", "学段", choices) == "primary"
    assert c.choice_of("Ｐrimary", "学段", choices) == "primary"
    assert c.choice_of(1.0, "学段", choices) == "first"
    assert [c.choice_of(said, "学段", choices) for said in (None, "", "/", "无")] == [None] * 4
    with pytest.raises(CellFault, match="小学") as fault:
        c.choice_of("大学堂", "学段", choices)
    assert fault.value.code == "unknown_value"
    assert refusal(c.choice_of, "不详", "学段", choices) == "unknown_value"  # to be chosen, not left out


def test_a_refused_choice_is_told_each_value_once_as_it_is_called() -> None:
    choices = {
        "小学": "primary",
        "primary": "primary",
        "完小": "primary",
        "初中": "junior",
        "初级中学": "junior",
        "lng": "lng",
    }
    with pytest.raises(CellFault) as fault:
        c.choice_of("中学", "学段", choices)
    assert fault.value.message == "学段应为以下之一：小学、初中、lng；“中学”不在其中"


# -- Positions ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        "115°49′25″", "115°49'25\"", "115º49′25″", "115˚49´25″", "115°49’25”", "115°49‘25“", "115°49'25''", "115°49′25′′",
        "115度49分25秒", "１１５°４９′２５″", "115° 49′ 25″", "东经115°49′25″", "东经：115°49′25″", "E115°49′25″", "115°49′25″E",
        "115:49:25", "115-49-25", "115 49 25", "115°49'25", "115°49′25.00″", "115度49分25", "115°49`25″",
    ],
)  # fmt: skip
def test_degrees_minutes_and_seconds_in_the_usual_spellings(cell: str) -> None:
    found = c.degrees_of(cell)
    assert found is not None
    assert abs(found - (Decimal(115) + Decimal(49) / 60 + Decimal(25) / 3600)) < Decimal("1e-9")
    assert len(found.as_tuple().digits) <= 12


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        (115.82375, "115.82375"), (116, "116"), ("115.823750", "115.82375"), ("115.82375°", "115.82375"), ("E115.82375", "115.82375"),
        ("115.82375°E", "115.82375"), ("东经115.82375", "115.82375"), ("东经: 115.82375°", "115.82375"), ("１１５．８２", "115.82"),
        ("39438347.521", "39438347.521"), ("3,244,555.664", "3244555.664"), ("512345.6米", "512345.6"), ("512345.6m", "512345.6"),
        ("115°49.5′", "115.825"), ("115°49′", "115.816667"), ("115.5S", "-115.5"), ("西经115.5", "-115.5"), ("南纬29°30′", "-29.5"),
        ("29°30′S", "-29.5"), ("115°", "115"), ("-29.5", "-29.5"), ("0", "0"), ("115°0′0″", "115"), ("115°59′59.99″", "115.999997222"),
    ],
)  # fmt: skip
def test_a_position_is_read(cell: Any, value: str) -> None:
    assert c.degrees_of(cell) == Decimal(value)


@pytest.mark.parametrize(
    "cell",
    [
        "115°60′00″", "115°75′10″", "115°49′60″", "115:60:00", "115度", "东经115度", "一百一十五度", "115.8.2", "115,823750", "约115.8",
        "115.8 29.6", "见附图", "115°49′25″附近", "10²", "九江市", True, date(2026, 3, 1), float("nan"), float("inf"), "1158237500",
        "度", "1e2", "NaN", "#REF!",
    ],
)  # fmt: skip
def test_what_is_no_position_is_refused(cell: Any) -> None:
    with pytest.raises(ValueError, match="not a position"):
        c.degrees_of(cell)


@pytest.mark.parametrize("cell", [None, "", "无", "/", "暂无", "—"])
def test_no_position_is_none(cell: Any) -> None:
    assert c.degrees_of(cell) is None


# -- Anything at all --------------------------------------------------------------------

anything = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.text(alphabet="0123456789.,eE+-°′″度分秒NSEW万亩m²³①½ 年月日/:％#", max_size=16),
    st.floats(),
    st.integers(),
    st.booleans(),
    st.dates(),
    st.datetimes(),
)


@given(anything)
def test_a_cell_of_any_kind_gives_a_value_or_a_fault(cell: Any) -> None:
    reads: tuple[Any, ...] = (c.number_of, c.date_of, c.boolean_of, c.text_of, c.code_of)
    for read in reads:
        with contextlib.suppress(CellFault):
            read(cell, "项")
    for unit in ("m²", "人", "%"):
        try:
            number = c.number_of(cell, "项", unit, Decimal(10_000))
        except CellFault:
            continue
        assert number is None or number.is_finite()
    try:
        at = c.degrees_of(cell)
    except ValueError:
        return
    assert at is None or at.is_finite()


@given(st.floats(-1e300, 1e300))
def test_a_float_is_read_as_it_is_shown(value: float) -> None:
    if value == 0 or 1e-15 < abs(value) < 1e15:
        assert c.number_of(plain(value), "数") == c.number_of(value, "数")
    assert float(c.number_of(value, "数") or 0) == pytest.approx(value, rel=1e-14)


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_a_date_as_text_is_the_same_date(day: date) -> None:
    assert c.date_of(plain(day), "日期") == c.date_of(day, "日期") == day.isoformat()


@given(st.integers(-(10**14), 10**14), st.sampled_from(["{}", "{:,}", " {} ", "{}.0"]))
def test_a_whole_number_in_any_writing_is_the_same_number(value: int, form: str) -> None:
    said = form.format(value)
    wide = said.translate({ord(d): ord(d) + 0xFEE0 for d in "0123456789,."})
    assert c.number_of(said, "数") == c.number_of(wide, "数") == value


@pytest.mark.parametrize(
    "cell",
    [
        datetime(2026, 7, 8, 14, 30),
        46211.6041666667,  # as Excel counts it
        "2026-07-08 14:30",
        "2026/7/8 14:30:00",
        "2026.07.08 14：30",
        "2026年7月8日14时30分",
        "2026年7月8日 14点30分00秒",
        "2026-07-08T06:30:00Z",
        "2026-07-08T14:30:00+08:00",
        " 2026-7-8  14:30 ",
    ],
)
def test_a_moment_is_understood_as_it_is_written(cell: c.Cell) -> None:
    found = c.moment_of(cell, "时间")
    assert found is not None
    assert found.astimezone(SHANGHAI).isoformat() == "2026-07-08T14:30:00+08:00"


def test_a_whole_hour_needs_no_minutes_and_nothing_is_no_moment() -> None:
    assert str(c.moment_of("2026年7月8日8时", "时间")) == "2026-07-08 08:00:00+08:00"
    assert [c.moment_of(said, "时间") for said in (None, "", "—", "无")] == [None] * 4


@pytest.mark.parametrize(
    "cell",
    ["2026-07-08", date(2026, 7, 8), "7月8日 14:30", "14:30", "2026-02-30 08:00", "2026-07-08 25:00", 46211.0, True],
)
def test_what_is_no_moment_is_refused_with_what_is_missing(cell: c.Cell) -> None:
    with pytest.raises(c.CellFault) as fault:
        c.moment_of(cell, "时间")
    assert fault.value.code == "not_a_moment"
    if isinstance(cell, date) or cell == "2026-07-08":
        assert "缺少时分" in fault.value.message
