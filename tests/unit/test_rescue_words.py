"""What a plan says of how it was made and of what has changed: once, and told apart."""

from datetime import UTC, datetime

from riskmap.rescue.dispatch.changes import _told_apart
from riskmap.rescue.dispatch.ways import _once
from riskmap.rescue.routing.answers import Vehicle


def test_how_fast_ways_are_reckoned_is_said_once_of_teams_with_boats_and_without() -> None:
    plain, boats = Vehicle().speeds, Vehicle(boat_kmh=8).speeds
    assert _once([*plain, "起点 1 处在水里。", *boats, *plain]) == [*plain, "起点 1 处在水里。", boats[-1]]


def test_two_closures_of_one_road_in_one_minute_are_told_apart() -> None:
    at = datetime(2026, 7, 14, 17, 4, tzinfo=UTC)
    two = [(at, "庐山至都昌公路", "封闭", "923 m，塌方"), (at, "庐山至都昌公路", "封闭", "60 m，过水")]
    one = (at, "例大桥", "封闭", "100 m，过水")
    said = _told_apart([*two, one])
    assert [s.split("，", 1)[1:] for s in said] == [["923 m，塌方）"], ["60 m，过水）"], []]
    assert all(s.startswith("庐山至都昌公路封闭（") for s in said[:2])
