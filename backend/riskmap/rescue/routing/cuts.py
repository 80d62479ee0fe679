"""What cuts somebody off from a place that he has no way to: proved by asking again without what is closed."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from riskmap.rescue.routing import service
from riskmap.rescue.routing.answers import Place, Vehicle
from riskmap.rescue.routing.router import Router
from riskmap.rescue.routing.service import Looked

# Who stands in closed water himself; whom water alone, closures alone, either of them or only both together cut off;
# whom no road joins to the place even where nothing is closed; and of whom the engine did not say.
Cut = Literal["own_water", "water", "closures", "either", "together", "no_road", "unproved"]
MOST_CUTS = 12  # starts that are asked for at once: the engine searches from each


def what_cuts(
    roads: Mapping[Vehicle, Looked],
    router: Router,
    starts: Sequence[tuple[Place, Vehicle]],
    place: Place,
    *,
    ask: bool = True,
) -> list[Cut]:
    """What cuts off each of at most MOST_CUTS starts that have no way to a place; asks no database. Without `ask` the
    engine is left alone, and what only it could prove is unproved."""
    wet = {v for _, v in starts if roads[v].question.closed.ordinals}
    shut = any(roads[v].question.shut for _, v in starts)
    if not wet and not shut:  # the answer that there was no way was of open roads
        return ["no_road"] * len(starts)
    out: dict[int, Cut] = {i: "own_water" for i, (at, v) in enumerate(starts) if roads[v].question.strands(at)}
    left = [i for i in range(len(starts)) if i not in out]
    if not left or not ask:
        return [out.get(i, "unproved") for i in range(len(starts))]

    failed = False

    def reached(looked: Looked, which: Sequence[int]) -> dict[int, bool | None]:
        """Whether there is a way so; None where the engine did not say, which is then asked no more."""
        nonlocal failed
        if failed or not which:
            return dict.fromkeys(which)
        rows, how = service.matrix_of(looked, router, [starts[i][0] for i in which], [place])
        failed = how.by != "road"
        return {i: None if failed else row[0] is not None for i, row in zip(which, rows, strict=True)}

    # Without water it does not depend on who drives.
    some = roads[starts[0][1]]
    anybody = replace(some, question=replace(some.question, vehicle=Vehicle()))
    bare = reached(anybody.without(water=True, closures=True), left)
    out |= {i: "unproved" if way is None else "no_road" for i, way in bare.items() if not way}
    left = [i for i in left if i not in out]
    if not shut:
        out |= dict.fromkeys(left, "water")
    else:
        out |= {i: "closures" for i in left if starts[i][1] not in wet}
        left = [i for i in left if i not in out]
        round_water = reached(anybody.without(water=True), left)
        kinds: dict[Vehicle, list[int]] = defaultdict(list)
        for i in left:
            kinds[starts[i][1]].append(i)
        for vehicle, which in kinds.items():
            round_closures = reached(roads[vehicle].without(closures=True), which)
            out |= {i: _of(round_water[i], round_closures[i]) for i in which}
    return [out[i] for i in range(len(starts))]


def _of(without_water: bool | None, without_closures: bool | None) -> Cut:
    """By whether there is a way with the closures alone, and with the water alone."""
    if without_water is None or without_closures is None:
        return "unproved"
    if without_water:
        return "together" if without_closures else "water"
    return "closures" if without_closures else "either"
