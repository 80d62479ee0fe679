"""Who goes where: as many as there is room for, and of all ways to do so the one with the least way in all. Exact.

The transport problem by successive shortest paths: each step moves as many as it can along the cheapest way from a
village with people left to a place with room, going back on earlier decisions where that is cheaper. Costs are whole
numbers, so that nothing is lost in rounding; the same question has the same answer.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

_NONE = np.iinfo(np.int64).max // 4


def assign(people: Sequence[int], room: Sequence[int], costs: Sequence[Sequence[int | None]]) -> list[list[int]]:
    """Persons from each village to each place. `costs` is per person; None: there is no way."""
    if not people or not room:
        return [[] for _ in people]
    return _Flow(people, room, costs).solved()


class _Flow:
    """What flows so far, and the potentials that keep every reduced cost from falling below zero."""

    def __init__(self, people: Sequence[int], room: Sequence[int], costs: Sequence[Sequence[int | None]]) -> None:
        self.people, self.room = np.array(people, dtype=np.int64), np.array(room, dtype=np.int64)
        self.cost = np.array([[_NONE if c is None else c for c in row] for row in costs], dtype=np.int64)
        self.flow = np.zeros(self.cost.shape, dtype=np.int64)
        self.of_village = np.zeros(len(people), dtype=np.int64)
        self.of_place = np.zeros(len(room), dtype=np.int64)
        self.of_end = 0

    def solved(self) -> list[list[int]]:
        """Until nobody is left who has a way to any room."""
        while (steps := self._cheapest()) is not None:
            (start, _, _), (_, end, _) = steps[-1], steps[0]
            back = [int(self.flow[v, p]) for v, p, onward in steps if not onward]
            amount = min([int(self.people[start]), int(self.room[end]), *back])
            for village, place, onward in steps:
                self.flow[village, place] += amount if onward else -amount
            self.people[start] -= amount
            self.room[end] -= amount
        return [[int(n) for n in row] for row in self.flow]

    def _cheapest(self) -> list[tuple[int, int, bool]] | None:
        """The cheapest way from anybody left to any room, backwards, by Dijkstra; brings the potentials up to date."""
        to_village: Any = np.where(self.people > 0, -self.of_village, _NONE)
        to_place: Any = np.full(len(self.room), _NONE, dtype=np.int64)
        from_village, from_place = np.full(len(self.room), -1), np.full(len(self.people), -1)
        open_village, open_place = to_village.copy(), to_place.copy()
        best, end = _NONE, -1
        while True:
            v, p = int(open_village.argmin()), int(open_place.argmin())
            nearest = min(int(open_village[v]), int(open_place[p]))
            if nearest >= best:
                break
            if open_village[v] == nearest:
                open_village[v] = _NONE
                ahead = np.where(
                    self.cost[v] < _NONE, nearest + self.cost[v] + self.of_village[v] - self.of_place, _NONE
                )
                better = ahead < to_place
                to_place[better] = open_place[better] = ahead[better]
                from_village[better] = v
                continue
            open_place[p] = _NONE
            if self.room[p] > 0 and nearest + int(self.of_place[p]) - self.of_end < best:
                best, end = nearest + int(self.of_place[p]) - self.of_end, p
            behind = np.where(
                self.flow[:, p] > 0, nearest - self.cost[:, p] + self.of_place[p] - self.of_village, _NONE
            )
            better = behind < to_village
            to_village[better] = open_village[better] = behind[better]
            from_place[better] = p
        if end < 0:
            return None
        self.of_village += np.minimum(to_village, best)
        self.of_place += np.minimum(to_place, best)
        self.of_end += best
        steps = []
        while True:
            v = int(from_village[end])
            steps.append((v, end, True))
            if from_place[v] < 0:
                return steps
            end = int(from_place[v])
            steps.append((v, end, False))
