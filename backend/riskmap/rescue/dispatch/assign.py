"""Which team goes to which incident: the best of all ways to send them, by four aims in this order.

1. As much urgency as possible has a team (one team to each incident comes before a second one to any).
2. As many needs as possible are met, the urgent ones first.
3. As many of those trapped as possible have a place in a boat.
4. The teams get there soon: seconds, those of urgent incidents count more; who has driven much, less.

Solved exactly as an integer programme (SCIP of ortools), aim by aim: CP-SAT took a hundred times as long to prove the
first of them for 30 teams and 200 incidents. Pure: values in, values out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LIMIT_S = 10.0  # of each aim
_TEAM_S = 60  # each team that is sent costs that much: nobody is sent for nothing


@dataclass(frozen=True, slots=True)
class Task:
    """An incident: how urgent, what is needed, how many places in boats; what those already there have met."""

    id: int
    points: int
    needs: tuple[str, ...] = ()
    persons: int = 0
    served: bool = False
    met: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Crew:
    """A team that may be sent: what it has, and seconds that count beside the way."""

    id: int
    has: frozenset[str]
    seats: int = 0
    extra_s: int = 0
    now_at: int | None = None  # the incident that it is under way to
    turning_s: int = 0  # what it costs to send it elsewhere


@dataclass(frozen=True, slots=True)
class Solved:
    """Pairs of team and incident; whether they are proved to be the best; why not."""

    pairs: Sequence[tuple[int, int]]
    proved: bool
    note: str = ""


Travel = Mapping[tuple[int, int], float]  # (team, incident): seconds; absent: no way


def fits(crew: Crew, task: Task) -> bool:
    """Whether it has anything of what is needed; where nothing is named, everybody helps."""
    return not task.needs or any(n in crew.has for n in task.needs)


def cost(crew: Crew, task: Task, travel_s: float) -> int:
    """Of the fourth aim: seconds, more for what is urgent."""
    turning = crew.turning_s if crew.now_at not in (None, task.id) else 0
    return (round(travel_s) + turning) * (100 + task.points) // 100 + crew.extra_s + _TEAM_S


def value(
    crews: Sequence[Crew], tasks: Sequence[Task], travel: Travel, pairs: Sequence[tuple[int, int]]
) -> tuple[int, int, int, int]:
    """The four aims of a way to send them, each the more the better."""
    by_crew, by_task = {c.id: c for c in crews}, {t.id: t for t in tasks}
    sent: dict[int, list[Crew]] = {t.id: [] for t in tasks}
    for team, incident in pairs:
        sent[incident].append(by_crew[team])
    urgency = sum(t.points for t in tasks if sent[t.id] or t.served)
    needs = sum(t.points * (n in t.met or any(n in c.has for c in sent[t.id])) for t in tasks for n in t.needs)
    seats = sum(min(t.persons, sum(c.seats for c in sent[t.id])) for t in tasks)
    seconds = sum(cost(by_crew[c], by_task[t], travel[c, t]) for c, t in pairs)
    return urgency, needs, seats, -seconds


def solve(
    crews: Sequence[Crew], tasks: Sequence[Task], travel: Travel, pins: Mapping[int, int | None] | None = None
) -> Solved:
    """The best pairs. `pins`: where a team has to go (None: nowhere), whether it fits or not."""
    pinned = pins or {}
    allowed = [
        (c, t)
        for c in crews
        for t in tasks
        if (c.id, t.id) in travel and (pinned[c.id] == t.id if c.id in pinned else fits(c, t))
    ]
    if not allowed:
        return Solved([], True)
    try:
        from ortools.linear_solver import pywraplp
    except ImportError:
        return _by_turn(allowed, travel, pinned, "没有装优化程序（ortools）")
    return _exact(pywraplp, allowed, tasks, travel, pinned)


def _exact(
    mip: Any, allowed: Sequence[tuple[Crew, Task]], tasks: Sequence[Task], travel: Travel,
    pinned: Mapping[int, int | None],
) -> Solved:  # fmt: skip
    solver = mip.Solver.CreateSolver("SCIP")
    x = {(c.id, t.id): solver.BoolVar("") for c, t in allowed}
    by_crew: dict[int, list[Any]] = {}
    by_task: dict[int, list[tuple[Crew, Any]]] = {}
    for c, t in allowed:
        by_crew.setdefault(c.id, []).append(x[c.id, t.id])
        by_task.setdefault(t.id, []).append((c, x[c.id, t.id]))
    for team, variables in by_crew.items():
        total = solver.Sum(variables)
        solver.Add(total == 1 if team in pinned else total <= 1)
    urgency: list[Any] = []
    needs: list[Any] = []
    seats: list[Any] = []
    for t in tasks:  # what is met is whole by itself where the pairs are
        of = by_task.get(t.id, [])
        if of and not t.served:
            any_ = solver.NumVar(0, 1, "")
            solver.Add(any_ <= solver.Sum([v for _, v in of]))
            urgency.append(t.points * any_)
        for n in t.needs:
            having = [v for c, v in of if n in c.has]
            if having and n not in t.met:
                met = solver.NumVar(0, 1, "")
                solver.Add(met <= solver.Sum(having))
                needs.append(t.points * met)
        rowers = [c.seats * v for c, v in of if c.seats]
        if t.persons and rowers:
            seated = solver.NumVar(0, t.persons, "")
            solver.Add(seated <= solver.Sum(rowers))
            seats.append(seated)
    seconds = [-cost(c, t, travel[c.id, t.id]) * x[c.id, t.id] for c, t in allowed]
    exact = mip.MPSolverParameters()
    exact.SetDoubleParam(exact.RELATIVE_MIP_GAP, 0.0)
    solver.SetTimeLimit(int(LIMIT_S * 1000))
    pairs: list[tuple[int, int]] = []
    proved = True
    for aim in (urgency, needs, seats, seconds):
        if not aim:
            continue
        total = solver.Sum(aim)
        solver.Maximize(total)
        status = solver.Solve(exact)
        if status not in (mip.Solver.OPTIMAL, mip.Solver.FEASIBLE):
            proved = False
            break
        proved = proved and status == mip.Solver.OPTIMAL
        pairs = [pair for pair, v in x.items() if v.solution_value() > 0.5]
        solver.Add(total >= round(solver.Objective().Value()))
    if not pairs and not proved:
        return _by_turn(allowed, travel, pinned, f"{LIMIT_S:.0f} 秒内没有算出")
    note = "" if proved else f"{LIMIT_S:.0f} 秒内没有证明是最优，是这段时间内最好的"
    return Solved(sorted(pairs), proved, note)


def _by_turn(
    allowed: Sequence[tuple[Crew, Task]], travel: Travel, pinned: Mapping[int, int | None], why: str
) -> Solved:
    """Without the optimiser: the urgent first, each the team that is there soonest."""
    free = {c.id for c, _ in allowed}
    pairs = [(c.id, t.id) for c, t in allowed if c.id in pinned]
    free -= {c for c, _ in pairs}
    done = {t for _, t in pairs}
    tasks = sorted({t.id: t for _, t in allowed}.values(), key=lambda t: (-t.points, t.id))
    for task in tasks:
        fitting = [c for c, t in allowed if t.id == task.id and c.id in free]
        if task.id in done or task.served or not fitting:
            continue
        best = min(fitting, key=lambda c: (cost(c, task, travel[c.id, task.id]), c.id))
        pairs.append((best.id, task.id))
        free.discard(best.id)
    return Solved(sorted(pairs), False, f"{why}，按先急后缓、就近派出，不保证最优")
