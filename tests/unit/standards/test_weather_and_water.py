"""Forest-fire weather by U, and water levels in words."""

from decimal import Decimal

import pytest

from riskmap.base.settings import GEODATA
from riskmap.standards import lyt1172, water_level
from riskmap.standards.lyt1172 import Weather, weather_level
from riskmap.standards.result import Refused
from riskmap.standards.table import read

BOOK = read(GEODATA / "standards")
LEVELS = lyt1172.levels(BOOK)


def test_forest_fire_worked_example() -> None:
    result = weather_level(Weather(13, 15, 50, 20, 15), LEVELS)
    assert [step.line for step in result.steps] == ["U = 13 + 15 + 50 + 20 − 15 = 83", "等级：73 ≤ 83 ≤ 90 → 四级"]
    assert result.scale == "forest-fire-weather"


@pytest.mark.parametrize(
    ("u", "level"),
    [
        (0, "一级"), (25, "一级"), (26, "二级"), (50, "二级"), (51, "三级"),
        (72, "三级"), (73, "四级"), (90, "四级"), (91, "五级"), (120, "五级"),
    ],
)  # fmt: skip
def test_forest_fire_limits_from_both_sides(u: int, level: str) -> None:
    assert weather_level(Weather(u, 0, 0, 0, 0), LEVELS).level == level


def test_forest_fire_weather_of_early_spring_may_come_below_nought() -> None:
    assert weather_level(Weather(0, 0, 0, 0, 15), LEVELS).level == "一级"


def test_bad_weather_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        weather_level(Weather(None, -1, 0, Decimal("0.5"), 0), LEVELS)  # type: ignore[arg-type]
    assert [(f.field, f.code) for f in refused.value.faults] == [
        ("a", "missing"),
        ("b", "negative"),
        ("d", "not_whole"),
    ]


def river(level: str, guard: str | None = "12.00", guarantee: str | None = "13.50") -> tuple[str, str]:
    result = water_level.river(*(None if v is None else Decimal(v) for v in (level, guard, guarantee)))
    return result.verdict, result.level


@pytest.mark.parametrize(
    ("level", "verdict", "word"),
    [
        ("12.84", "超警 0.84 m", "超警"),
        ("11.99", "低于警戒水位 0.01 m", "正常"),
        ("12.00", "超警 0 m", "超警"),
        ("13.49", "超警 1.49 m", "超警"),
        ("13.50", "超保 0 m", "超保"),
        ("14", "超保 0.5 m", "超保"),
    ],
)
def test_river_words(level: str, verdict: str, word: str) -> None:
    assert river(level) == (verdict, word)


def test_river_with_one_mark_only() -> None:
    assert river("13", guarantee=None) == ("超警 1 m", "超警")
    assert river("13", guard=None) == ("低于保证水位 0.5 m", "正常")


@pytest.mark.parametrize(
    ("level", "verdict", "word"),
    [("45.01", "超汛限 0.01 m", "超汛限"), ("45", "达到汛限水位", "正常"), ("44.99", "低于汛限水位 0.01 m", "正常")],
)
def test_reservoir_words(level: str, verdict: str, word: str) -> None:
    result = water_level.reservoir(Decimal(level), Decimal(45))
    assert (result.verdict, result.level) == (verdict, word)


def test_bad_levels_are_refused() -> None:
    with pytest.raises(Refused, match=r"保证水位 11 m 低于警戒水位 12 m"):
        river("12", guarantee="11")
    with pytest.raises(Refused, match="至少填一个"):
        river("12", guard=None, guarantee=None)
    with pytest.raises(Refused, match="水位没有填写"):
        water_level.river(None, Decimal(12), None)
    with pytest.raises(Refused, match="汛限水位没有填写"):
        water_level.reservoir(Decimal(12), None)
