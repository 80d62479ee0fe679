"""One route is so many minutes wherever it is said: in words, as a difference, as a time of the clock, as late."""

from datetime import datetime, timedelta

import pytest

from riskmap.base import clock
from riskmap.rescue.dispatch import ways

AT = datetime(2026, 7, 14, 21, 0, 38, 5, tzinfo=clock.SHANGHAI)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "1 分钟"), (60, "1 分钟"), (60.2, "2 分钟"), (1320, "22 分钟"), (1321, "23 分钟"), (3540, "59 分钟"),
        (3541, "1 小时"), (4980, "1 小时 23 分"), (8820, "2 小时 27 分"),
    ],
)  # fmt: skip
def test_begun_minutes_count_and_hours_are_said_from_an_hour_on(seconds: float, words: str) -> None:
    assert ways.minutes(seconds) == words
    hours = timedelta(minutes=ways.minutes_of(seconds))
    assert ways.expected_at(AT, seconds) == AT.replace(second=0, microsecond=0) + hours


def test_a_difference_is_that_of_what_is_said() -> None:
    assert [ways.apart(1321, 840), ways.apart(840, 1321), ways.apart(61, 119), ways.apart(8820, 0)] == [
        " 9 分钟", " 9 分钟", "不到 1 分钟", " 2 小时 26 分",
    ]  # fmt: skip


def test_late_when_the_minute_is_over_and_never_before_the_way_is() -> None:
    due = ways.expected_at(AT, 1321)
    assert due == AT.replace(minute=23, second=0, microsecond=0)
    assert not ways.is_late(due, due + timedelta(seconds=59))
    assert ways.is_late(due, due + timedelta(seconds=60))
    for second in range(60):
        begun = AT.replace(second=second)
        for seconds in (1, 59, 60, 61, 1319, 1320):
            assert not ways.is_late(ways.expected_at(begun, seconds), begun + timedelta(seconds=seconds))
