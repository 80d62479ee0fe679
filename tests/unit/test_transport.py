"""Who goes where, against every possible way to send them."""

import itertools
import random

import pytest

from riskmap.rescue.evac.transport import assign


def ways(people: int, room: list[int], open_: list[bool]) -> list[tuple[int, ...]]:
    """Every way to send at most so many from one village."""
    ranges = [range(min(people, r) + 1 if o else 1) for r, o in zip(room, open_, strict=True)]
    return [w for w in itertools.product(*ranges) if sum(w) <= people]


def enumerated(people: list[int], room: list[int], costs: list[list[int | None]]) -> tuple[int, int]:
    """The most that can be sent, and the least cost of sending so many."""
    states = {tuple(room): (0, 0)}  # room that is left → most sent, least cost
    for n, row in zip(people, costs, strict=True):
        after: dict[tuple[int, ...], tuple[int, int]] = {}
        for left, (sent, cost) in states.items():
            for way in ways(n, list(left), [c is not None for c in row]):
                key = tuple(r - w for r, w in zip(left, way, strict=True))
                one = sent + sum(way), cost + sum(w * (c or 0) for w, c in zip(way, row, strict=True))
                if key not in after or (-one[0], one[1]) < (-after[key][0], after[key][1]):
                    after[key] = one
        states = after
    most = max(sent for sent, _ in states.values())
    return most, min(cost for sent, cost in states.values() if sent == most)


@pytest.mark.parametrize("seed", range(80))
def test_as_many_as_can_at_the_least_cost(seed: int) -> None:
    random_ = random.Random(seed)
    villages, places = random_.randint(1, 4), random_.randint(1, 3)
    people = [random_.randint(0, 5) for _ in range(villages)]
    room = [random_.randint(0, 6) for _ in range(places)]
    costs = [[None if random_.random() < 0.2 else random_.randint(0, 9) for _ in room] for _ in people]
    flow = assign(people, room, costs)
    assert all(sum(row) <= n for row, n in zip(flow, people, strict=True))
    assert all(sum(row[p] for row in flow) <= r for p, r in enumerate(room))
    assert all(
        n == 0 for row, c in zip(flow, costs, strict=True) for n, cost in zip(row, c, strict=True) if cost is None
    )
    sent = sum(map(sum, flow))
    cost = sum(n * (c or 0) for row, cs in zip(flow, costs, strict=True) for n, c in zip(row, cs, strict=True))
    assert (sent, cost) == enumerated(people, room, costs)


def test_an_earlier_decision_is_gone_back_on_where_that_takes_more_people() -> None:
    # The first village is nearest to the only place that the second can reach.
    assert assign([5, 5], [5, 5], [[1, 9], [2, None]]) == [[0, 5], [5, 0]]


def test_nobody_and_nowhere() -> None:
    assert assign([], [3], []) == []
    assert assign([3], [], [[]]) == [[]]
    assert assign([3], [0], [[1]]) == [[0]]
    assert assign([3], [5], [[None]]) == [[0]]


def test_a_city_is_done_in_seconds_and_the_same_twice() -> None:
    random_ = random.Random(7)
    people = [random_.randint(10, 900) for _ in range(150)]
    room = [random_.randint(50, 1500) for _ in range(120)]
    costs = [[random_.randint(100, 60_000) for _ in room] for _ in people]
    flow = assign(people, room, costs)
    assert sum(map(sum, flow)) == min(sum(people), sum(room))
    assert flow == assign(people, room, costs)
