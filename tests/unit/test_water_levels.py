"""How a level stands against its marks: exact at the mark, with the numbers, and never 正常 where nothing is known."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from riskmap.catalogue.model import Class
from riskmap.catalogue.seed import read_files
from riskmap.rescue import works
from riskmap.rescue.works import MARKS, PLACE, Reading, metres, status, trend, words

NOW = datetime(2026, 7, 8, 14, 0, tzinfo=UTC)
RIVER = {"guard": Decimal("12.00"), "guarantee": Decimal("13.50")}
LAKE = {"limit": Decimal("45.0"), "normal": Decimal("46.0"), "design": Decimal("47.5"), "check": Decimal("48.2")}


def at(level: str, minutes: float = 10) -> Reading:
    return Reading(NOW - timedelta(minutes=minutes), Decimal(level))


@pytest.mark.parametrize(
    ("level", "expected", "said"),
    [
        ("11.99", "normal", "警戒水位 12.00，读数 11.99，低于警戒水位 0.01 m"),
        ("12", "over_guard", "警戒水位 12.00，读数 12.00，达到警戒水位"),
        ("12.84", "over_guard", "警戒水位 12.00，读数 12.84，超警戒 0.84 m"),
        ("13.4999", "over_guard", "警戒水位 12.00，读数 13.4999，超警戒 1.4999 m"),
        (
            "13.5",
            "over_guarantee",
            "保证水位 13.50，读数 13.50，达到保证水位（超警戒 1.50 m）",
        ),
    ],
)
def test_a_river_at_its_mark_is_over_it(level: str, expected: str, said: str) -> None:
    found = status(RIVER, at(level), NOW)
    assert (found.status, words(found)) == (expected, said)


@pytest.mark.parametrize(
    ("level", "expected", "said"),
    [
        ("44.2", "normal", "汛限水位 45.00，读数 44.20，低于汛限水位 0.80 m"),
        ("45.00", "normal", "汛限水位 45.00，读数 45.00，达到汛限水位"),
        ("45.01", "over_limit", "汛限水位 45.00，读数 45.01，超汛限 0.01 m"),
        ("47.5", "over_limit", "汛限水位 45.00，读数 47.50，超汛限 2.50 m"),
        (
            "47.51",
            "over_design",
            "设计洪水位 47.50，读数 47.51，超设计洪水位 0.01 m（超汛限 2.51 m）",
        ),
    ],
)
def test_a_reservoir_at_its_limit_is_not_above_it(level: str, expected: str, said: str) -> None:
    found = status(LAKE, at(level), NOW)
    assert (found.status, words(found)) == (expected, said)


def test_the_distance_below_is_to_the_nearest_mark_above() -> None:
    up = status(LAKE, at("46.1"), NOW).next
    assert up is not None
    assert (up.kind.name, up.below_m) == ("design", Decimal("1.4"))
    assert status(LAKE, at("50"), NOW).next is None


def test_silence_is_a_state_of_its_own_and_says_what_was_last() -> None:
    assert status(RIVER, at("12.84", 60), NOW).status == "over_guard"
    silent = status(RIVER, at("12.84", 60.1), NOW)
    assert (silent.status, silent.last) == ("silent", "over_guard")
    assert words(silent) == "缺报，最近读数时警戒水位 12.00，读数 12.84，超警戒 0.84 m"
    quiet = status(RIVER, at("9", 61), NOW)
    assert (quiet.status, quiet.last) == ("silent", "normal")
    assert silent.place < quiet.place
    assert status(RIVER, at("9", 61), NOW, silent_after_min=120).status == "normal"
    assert status(RIVER, at("9", 6), NOW, silent_after_min=5).status == "silent"


def test_what_is_not_known_is_never_normal_and_stands_before_it() -> None:
    unknown = {
        "no_reading": status(RIVER, None, NOW),
        "no_marks": status({"dead": Decimal(30)}, at("12"), NOW),
        "other_system": status(RIVER, at("12"), NOW, shift_m=None),
        "wrong_marks": status({"guard": Decimal(13), "guarantee": Decimal(12)}, at("12"), NOW),
    }
    for expected, found in unknown.items():
        assert found.status == expected
        assert PLACE[expected] < PLACE["normal"]
    assert status({}, at("12", 90), NOW).status == "silent"


def test_a_shift_brings_the_gauge_into_the_works_own_system() -> None:
    found = status({"guard": Decimal("17.00")}, at("18.86"), NOW, shift_m=Decimal("-1.86"))
    assert (found.status, found.level_m) == ("over_guard", Decimal("17.00"))
    assert status({"guard": Decimal("17.00")}, at("18.85"), NOW, shift_m=Decimal("-1.86")).status == "normal"


def test_a_mark_that_is_not_for_the_reader_is_told_without_its_number() -> None:
    over = status(LAKE, at("47.51"), NOW)
    assert words(over, frozenset(LAKE)) == "超设计洪水位（超汛限）"
    assert words(over, frozenset({"design"})) == "超设计洪水位（超汛限 2.51 m）"
    assert words(status(LAKE, at("40"), NOW), frozenset(LAKE)) == "正常"


def test_the_rise_is_exact_by_the_hour() -> None:
    rise = trend(at("12.84", 10), at("12.60", 100))
    assert rise is not None
    assert (rise.m_per_h, rise.words) == (Decimal("0.16"), "每小时涨 0.16 m")
    fall = trend(at("12.50", 10), at("12.60", 70))
    assert fall is not None
    assert fall.words == "每小时落 0.10 m"
    assert trend(at("12", 10), None) is None


def test_metres_have_two_decimals_and_more_where_they_say_something() -> None:
    assert [metres(Decimal(v)) for v in ("12", "0.5", "12.840", "0.0010", "1E+1")] == [
        "12.00", "0.50", "12.84", "0.001", "10.00",
    ]  # fmt: skip


def test_each_mark_is_a_field_of_some_class() -> None:
    declared = {name for i in read_files() if i.kind == "class" for name in Class.parse(1, i.body).by_name}
    for kind in MARKS:
        assert set(kind.fields) <= declared, kind.name
    assert {"gauge", "gauge_shift_m", "height_system", "silent_after_min", "step_max_m"} <= declared
    assert works.STATUSES["normal"] == list(works.STATUSES.values())[-1]
