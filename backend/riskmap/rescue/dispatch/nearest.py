"""Teams in order of arrival at a place, as the reader may see them."""

from collections.abc import Mapping, Sequence
from typing import Any

from riskmap.rescue.dispatch import seen, teams, ways
from riskmap.rescue.dispatch.teams import Team
from riskmap.rescue.routing import Leg, Looked, Place
from riskmap.store.snapshot import Snapshot


def bodies(
    snapshot: Snapshot, arrivals: Sequence[tuple[Team, Leg | None]], lacks: Mapping[int, Sequence[str]],
    roads: ways.Roads, to: Place, busy: Mapping[int, Mapping[str, Any]],
) -> list[dict[str, Any]]:  # fmt: skip
    """{…team, leg, said, lacks} of each. `lacks`: what of what is needed, in words; `busy`: open orders of teams."""
    told = teams.bodies(snapshot, [t for t, _ in arrivals], busy)
    forms = seen.forms(snapshot, [t.id for t, _ in arrivals])
    tells = {"skills", "boats", "pumps_m3h"} <= seen.readable(snapshot, teams.CLASS)
    out = []
    for body, (team, leg) in zip(told, arrivals, strict=True):
        full = forms.get(team.id) == "full"
        wet = _wet(roads[team.vehicle], team, to) if leg is None and full else ""
        out.append(
            body
            | {
                "leg": leg and {**leg.body(), **({} if full else ways.HIDDEN)},
                "said": _why_not(team, leg is not None, team.id in busy, full) + wet,
                "lacks": lacks[team.id] if tells and full else [],
            }
        )
    return out


def _why_not(team: Team, reached: bool, ordered: bool, full: bool) -> str:
    if team.place is None:
        return "没有登记位置"
    if not reached:
        return "无法到达"
    unused = team.out_of_use if full else ""
    if ordered:
        return "，".join(part for part in (unused, "已有调度令") if part)
    return unused or ("" if team.status in teams.FREE else team.status)


def _wet(looked: Looked, team: Team, to: Place) -> str:
    """What water has to do with it that a team has no way."""
    if team.place is None:
        return ""
    question, boat = looked.question, "没有舟艇" if not team.boats else "到不了岸边的路"
    if question.in_water(team.place):
        return f"：在水里，{boat}"
    return f"：那里在水里，{'没有舟艇' if not team.boats else '到不了能下水的水边'}" if question.in_water(to) else ""
