"""Incidents with what has become of the orders to them: who has finished, and which wait only to be ended."""

from datetime import datetime
from typing import Any

from riskmap.rescue.dispatch import incidents, orders, seen
from riskmap.store.snapshot import Snapshot


def listed(
    snapshot: Snapshot, *, exercise: bool, at: datetime, all_states: bool, then: Snapshot
) -> list[dict[str, Any]]:
    """Incidents at a minute, the most urgent first; below them what waits to be ended, then what is over. Each with
    `finished`: [{team, team_name, masked, order, at, note}] and `waits`: all who were sent have finished. `then`: the
    same read about the register of that minute, for teams are called as then."""
    items = incidents.listed(snapshot, exercise=exercise, at=at, all_states=all_states)
    done = orders.finished(snapshot.connection, [i for i in items if i["status"] == "open"], at)
    named = seen.names(then, {f.team for found in done.values() for f in found})
    gone = orders.turned_back(then, exercise=exercise, at=at)
    running = orders.open_by_team(snapshot.connection, exercise=exercise, at=at)
    coming = {o["incident"] for o in running.values() if o["id"] not in gone}
    for one in items:
        one["finished"] = [
            named.team(f.team) | {"order": f.order, "at": f.at, "note": f.note if named.full(f.team) else ""}
            for f in done.get(one["id"], ())
        ]
        # Who is under way to what it was merged or split from may be on the way here.
        one["waits"] = bool(one["finished"]) and not coming & {one["id"], *one["before"]}
    items.sort(key=lambda one: (one["status"] != "open", one["waits"]))
    return items
