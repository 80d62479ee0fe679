"""Who is sent where: the best of all ways, against every way there is; pins, those already there, nobody that fits."""

import itertools
import random
import sys
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from riskmap.rescue.dispatch import assign, standby, ways
from riskmap.rescue.dispatch.assign import Crew, Task, Travel
from riskmap.rescue.routing import Answer

pytest.importorskip("ortools", reason="the optimiser is an extra")
HAS = ("boat", "pump", "medical")


def every_way(crews: Sequence[Crew], tasks: Sequence[Task], travel: Travel) -> Iterator[list[tuple[int, int]]]:
    choices = [
        [None, *(t.id for t in tasks if (c.id, t.id) in travel and assign.fits(c, t))] for c in crews
    ]  # fmt: skip
    for way in itertools.product(*choices):
        yield [(c.id, t) for c, t in zip(crews, way, strict=True) if t is not None]


def case(seed: int) -> tuple[list[Crew], list[Task], dict[tuple[int, int], float]]:
    dice = random.Random(seed)
    crews = []
    for i in range(dice.randint(1, 5)):
        has = frozenset(n for n in HAS if dice.random() < 0.5)
        now_at = dice.choice([None, None, 100, 101])
        crews.append(
            Crew(i, has, 6 * dice.randint(1, 4) if "boat" in has else 0, dice.choice([0, 300, 600]), now_at, 600)
        )
    tasks = []
    for i in range(dice.randint(1, 5)):
        needs = tuple(n for n in HAS if dice.random() < 0.45)
        persons = dice.randint(0, 40) if "boat" in needs else 0
        tasks.append(Task(100 + i, dice.randint(1, 90), needs, persons, served=dice.random() < 0.15))
    travel = {
        (c.id, t.id): dice.uniform(60, 7200) for c in crews for t in tasks if dice.random() < 0.8
    }  # some have no way
    return crews, tasks, travel


@pytest.mark.parametrize("seed", range(50))
def test_no_other_way_is_better(seed: int) -> None:
    crews, tasks, travel = case(seed)
    found = assign.solve(crews, tasks, travel)
    assert found.proved
    best = max(assign.value(crews, tasks, travel, way) for way in every_way(crews, tasks, travel))
    assert assign.value(crews, tasks, travel, found.pairs) == best
    assert len({c for c, _ in found.pairs}) == len(found.pairs)
    assert set(found.pairs) <= set(travel)


def test_each_has_one_before_any_has_two_and_more_go_where_one_boat_is_too_small() -> None:
    crews = [Crew(i, frozenset({"boat"}), 6) for i in range(3)]
    tasks = [Task(100, 80, ("boat",), persons=20), Task(101, 5, ("boat",), persons=2)]
    travel = {(c.id, t.id): 600.0 for c in crews for t in tasks}
    found = assign.solve(crews, tasks, travel)
    assert sorted(t for _, t in found.pairs) == [100, 100, 101]
    alone = assign.solve(crews, [Task(100, 80, ("boat",), persons=6)], travel)
    assert len(alone.pairs) == 1  # nobody is sent for nothing


def test_who_is_pinned_goes_there_and_the_rest_is_solved_round_it() -> None:
    crews = [Crew(0, frozenset({"boat"}), 6), Crew(1, frozenset({"boat"}), 6)]
    tasks = [Task(100, 50, ("boat",)), Task(101, 40, ("boat",))]
    travel = {(0, 100): 100.0, (0, 101): 100.0, (1, 100): 5000.0, (1, 101): 100.0}
    assert assign.solve(crews, tasks, travel).pairs == [(0, 100), (1, 101)]
    assert assign.solve(crews, tasks, travel, {0: 101}).pairs == [(0, 101), (1, 100)]
    assert assign.solve(crews, tasks, travel, {0: None}).pairs == [(1, 100)]  # the more urgent one


def test_who_is_under_way_is_turned_only_where_it_pays() -> None:
    tasks = [Task(100, 50), Task(101, 50)]
    travel = {(0, 100): 500.0, (0, 101): 400.0}
    assert assign.solve([Crew(0, frozenset(), now_at=100, turning_s=600)], tasks, travel).pairs == [(0, 100)]
    assert assign.solve([Crew(0, frozenset())], tasks, travel).pairs == [(0, 101)]


def test_nobody_and_nobody_that_fits_is_an_answer() -> None:
    task = Task(100, 50, ("boat",))
    assert assign.solve([], [task], {}).pairs == []
    assert assign.solve([Crew(0, frozenset({"pump"}))], [task], {(0, 100): 60.0}).pairs == []
    assert assign.solve([Crew(0, frozenset({"boat"}))], [task], {}).pairs == []  # no way


def test_a_note_is_said_once_and_starts_add_up() -> None:
    said = [
        Answer("road", ["按道路。", "起点 2 处离最近的路超过 200 m（最远 1,388 m），这一段没有算。", "目的地 3 处在这辆车过不去的水中。"]),
        Answer("road", ["按道路。", "起点 1 处离最近的路超过 200 m（最远 611 m），这一段没有算。", "目的地 3 处在这辆车过不去的水中。"]),
    ]  # fmt: skip
    assert list(ways.together(said).notes) == [
        "按道路。", "起点 3 处离最近的路超过 200 m（最远 1,388 m），这一段没有算。", "目的地 3 处在这辆车过不去的水中。",
    ]  # fmt: skip
    assert ways.together([Answer("road"), Answer("straight_line")]).by == "straight_line"


def test_where_to_stand_by_counts_what_is_lost() -> None:
    by_team = np.array([[1, 0, 0, 0], [1, 1, 0, 0]], dtype=bool)  # what the first reaches the second does too
    by_site = np.array([[0, 0, 1, 1], [0, 0, 0, 1]], dtype=bool)
    assert standby.cover(by_team, by_site, [0, 1], 2) == ([0], [0], True, "")
    assert standby.cover(by_team, by_site, [1], 1) == ([0], [1], True, "")  # gains two, loses one
    assert standby.cover(by_team, by_site, [], 1)[0] == []
    # The better site is out of reach for both, the other for the first.
    assert standby.cover(by_team, by_site, [0, 1], 2, {(1, 1)}) == ([], [], True, "")  # it would lose as much
    assert standby.cover(by_team, by_site, [0, 1], 2, {(0, 1)}) == ([1], [0], True, "")


@pytest.mark.parametrize("seed", range(50))
def test_without_the_optimiser_the_urgent_come_first_and_it_is_said(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    crews, tasks, travel = case(seed)
    best = assign.solve(crews, tasks, travel)
    pins = {c.id: dict(best.pairs).get(c.id) for c in crews[:1]}
    monkeypatch.setitem(sys.modules, "ortools.linear_solver", None)  # as where it is not installed
    found = assign.solve(crews, tasks, travel)
    about, of = {t.id: t for t in tasks}, {c.id: c for c in crews}
    assert all(assign.fits(of[c], about[t]) and (c, t) in travel for c, t in found.pairs)
    assert len({c for c, _ in found.pairs}) == len({t for _, t in found.pairs}) == len(found.pairs)
    left = [c for c in crews if c.id not in dict(found.pairs)]
    for task in tasks:  # nobody is left who could go where nobody goes
        if task.id not in dict(found.pairs).values() and not task.served:
            assert not [c for c in left if assign.fits(c, task) and (c.id, task.id) in travel]
    assert assign.value(crews, tasks, travel, found.pairs) <= assign.value(crews, tasks, travel, best.pairs)
    if found.pairs:
        assert (found.proved, found.note) == (False, "没有装优化程序（ortools），按先急后缓、就近派出，不保证最优")
    pinned = dict(assign.solve(crews, tasks, travel, pins).pairs)
    assert all(pinned.get(c) == t for c, t in pins.items())


def test_without_the_optimiser_standing_by_is_chosen_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = np.random.default_rng(7)
    cases = [(dice.random((3, 40)) < 0.2, dice.random((6, 40)) < 0.3) for _ in range(20)]
    exact = [standby.cover(t, s, [0, 1, 2], 2) for t, s in cases]
    monkeypatch.setitem(sys.modules, "ortools.linear_solver", None)

    def reached(teams: np.ndarray, sites: np.ndarray, chosen: list[int], moved: list[int]) -> int:
        stays = [i for i in range(3) if i not in moved]
        return int((teams[stays].any(axis=0) | sites[chosen].any(axis=0)).sum())

    for (teams, sites), best in zip(cases, exact, strict=True):
        chosen, moved, proved, note = standby.cover(teams, sites, [0, 1, 2], 2)
        assert (proved, note) == (False, "没有装优化程序（ortools），逐个选，不保证最优")
        assert len(chosen) == len(moved) <= 2
        assert reached(teams, sites, [], []) <= reached(teams, sites, chosen, moved)
        assert reached(teams, sites, chosen, moved) <= reached(teams, sites, best[0], best[1])
        ways = {(0, 0), (1, 0), (2, 3)}
        chosen, moved, _, _ = standby.cover(teams, sites, [0, 1, 2], 2, ways)
        assert set(zip(moved, chosen, strict=True)) <= ways
