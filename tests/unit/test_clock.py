"""How moments are told, wherever they were written down."""

from datetime import UTC, datetime

from riskmap.base import clock


def test_a_moment_is_told_as_the_clock_here_has_it() -> None:
    at = datetime(2026, 6, 30, 16, 5, 9, tzinfo=UTC)
    assert (clock.of_day(at), clock.minute(at), clock.second(at)) == ("00:05", "07-01 00:05", "07-01 00:05:09")
