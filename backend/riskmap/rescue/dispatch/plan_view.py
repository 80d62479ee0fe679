"""A plan as the reader gets it: with the difference to its parent and to the orders that run, and what has changed
since."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from riskmap.rescue import floods
from riskmap.rescue.dispatch import changes, incidents, orders, plans, seen, ways
from riskmap.store.snapshot import Snapshot


def body(snapshot: Snapshot, plan_id: int, at: datetime) -> dict[str, Any]:
    """A plan as the reader gets it, with the difference to its parent and what has changed since."""
    connection = snapshot.connection
    plan = plans.head(connection, plan_id, at)
    said = plan["body"]
    parent = plans.head(connection, plan["parent"], at) if plan["parent"] is not None else None
    # Incidents of other plans that a team is taken from lose it too.
    touched = list(dict.fromkeys([*plan["incidents"], *(r["incident"] for r in changes.withdrawn(said))]))
    gone = orders.turned_back(snapshot, exercise=plan["exercise"], at=at)
    running = None
    if plan["accepted_number"] is None:
        became = {int(i): into for i, into in said.get("became", {}).items()}
        given = orders.running(connection, [*touched, *(became.keys() - set(touched))], at, plans.looked_at(plan))
        # Who is under way to what was merged is under way to what it went into.
        running = [o | {"incident": became.get(o["incident"], o["incident"])} for o in given if o["id"] not in gone]
    more = [*(o["team"] for o in running or ()), *(p["team"] for p in plan["pins"])]
    names = _names(snapshot, [said, *([parent["body"]] if parent else [])], more)
    about = incidents.several(connection, touched, at)
    renewed = changes.renewed(said, about)
    out = plans.top(plan) | {
        "routing": said["routing"], "routing_title": said["routing_title"], "routing_notes": said["routing_notes"],
        "unanswered": said.get("unanswered", False), "spoilt": said.get("spoilt", False),
        "optimal": said["optimal"], "solved_note": said["solved_note"],
        "assignments": [_assignment(a, names, about) for a in said["assignments"]],
        "unreachable": [u | {"incident_name": incidents.called(about, u["incident"])} for u in said["unreachable"]],
        "short": [s | {"incident_name": incidents.called(about, s["incident"])} for s in said["short"]],
        "left_out": [names.team(o["team"]) | {"why": o["why"]} for o in said["left_out"]],
        "lapsed": [
            names.team(o["team"]) | {"incident": o["incident"], "why": o["why"]} for o in said.get("lapsed", ())
        ],
        "standing": [
            names.team(s["team"]) | {k: s[k] for k in ("incident", "order", "arrived")} for s in said["standing"]
        ],
        "finished": [
            names.team(f["team"]) | {k: f[k] for k in ("incident", "order", "at")} for f in said.get("finished", ())
        ],
        "pins": [
            names.team(p["team"]) | {"incident": p["incident"], "barred": p.get("barred", p["incident"] is None)}
            for p in plan["pins"]
        ],
        "withdraws": [
            names.team(r["team"]) | {"order": r["order"], "incident": r["incident"], "renewed": r["order"] in renewed}
            for r in changes.withdrawn(said)
        ],
        "diff": None if parent is None else changes.difference(parent["body"], said, names, about),
        "against": None if running is None else changes.against_orders(running, said, names, about),
        "causes": [] if parent is None else changes.since(
            snapshot, parent, plan["made_at"], names, proposed=parent["accepted_number"] is None
        ),
    }  # fmt: skip
    return out | _stands(snapshot, plan, at, names)


def how_it_stands(snapshot: Snapshot, plan_id: int, at: datetime) -> dict[str, Any]:
    """Whether a plan is still to be accepted, or still holds, and what has changed since it looked; without what is
    in it: asked again and again."""
    plan = plans.head(snapshot.connection, plan_id, at, lines=False)
    names = _names(snapshot, [plan["body"]])
    return plans.top(plan) | _stands(snapshot, plan, at, names)


def _stands(snapshot: Snapshot, plan: Mapping[str, Any], at: datetime, names: seen.Names) -> dict[str, Any]:
    """`since`: of a proposal, and of the plan that holds. `overtaken`: by which acceptance a proposal was."""
    last = plans.last_accepted(snapshot.connection, plan["exercise"], at)
    proposed = plan["accepted_number"] is None
    holds = last is not None and last["plan"] == plan["id"]
    overtaken = proposed and last is not None and last["number"] != plan["based_on"]
    looked = _looked_last(snapshot.connection, plan, at) if holds else plan
    if looked is not plan:
        names = _names(snapshot, [looked["body"]])
    changed = changes.since(snapshot, looked, at, names, proposed=proposed) if proposed or holds else []
    return {
        "since": changed + (changes.since_of_others(snapshot, looked, at) if holds else []),
        "overtaken": last if overtaken else None, "holds": holds,
    }  # fmt: skip


def _looked_last(connection: Connection, plan: Mapping[str, Any], at: datetime) -> Mapping[str, Any]:
    """Of the plan that holds and those made anew upon it that change nothing of what runs, the newest: nobody accepts
    such a one, and what had changed before it has been looked at all the same, whether it was returned or not."""
    rows = connection.execute(
        text(
            "SELECT p.plan_id FROM rescue_plan AS p WHERE p.exercise = :exercise AND p.plan_id > :id AND p.at <= :at"
            " AND p.how = 'replanned' AND p.based_on = :number AND p.incidents @> CAST(:incidents AS bigint[])"
            " AND NOT jsonb_path_exists(p.body, '$.assignments[*] ? (@.order == null)') ORDER BY p.plan_id DESC"
        ),
        {
            "exercise": plan["exercise"], "id": plan["id"], "at": at, "number": plan["accepted_number"],
            "incidents": incidents.going_on(connection, plan["incidents"], at),
        },
    )  # fmt: skip
    drafts = (plans.head(connection, one, at, lines=False) for one in rows.scalars().all())
    return next((one for one in drafts if _covers(connection, one, plan, at)), plan)


def _covers(connection: Connection, draft: Mapping[str, Any], plan: Mapping[str, Any], at: datetime) -> bool:
    """Whether a draft of a plan's incidents changes nothing, and looked at the rest too: teams, water and roads."""
    said, flood = draft["body"], plan["flood"]
    drawn = all(a["in_water_m"] is not None for a in said["assignments"] if a["routing"] == "road")
    if changes.withdrawn(said) or not drawn or (said["routing"] != "road" and plan["body"]["routing"] == "road"):
        return False
    if draft["teams"] not in (None, plan["teams"]):
        return False
    if flood is None:
        return True
    if draft["flood"] is None:
        return floods.newest_standing(connection, flood, at) is None
    series: bool = floods.find(connection, flood)["series"] == floods.find(connection, draft["flood"])["series"]
    return series


def _names(snapshot: Snapshot, bodies: Sequence[Mapping[str, Any]], more: Iterable[int] = ()) -> seen.Names:
    """Every team that these plans speak of, and more, as the reader may see it."""
    parts = ("assignments", "left_out", "lapsed", "standing", "reconsidered", "finished")
    ids = set(more) | {x["team"] for b in bodies for k in parts for x in b.get(k, ())}
    ids |= {w["team"] for b in bodies for a in b["assignments"] for w in a["why"] if w["team"] is not None}
    return seen.names(snapshot, ids)


def _assignment(one: Mapping[str, Any], names: seen.Names, about: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    words = [w["words"].format(names.plain(w["team"]) if w["team"] is not None else "") for w in one["why"]]
    out = {"out_of_use": ""} | {k: v for k, v in one.items() if k != "why"} | names.team(one["team"])
    out |= {"incident_name": incidents.called(about, one["incident"]), "why": "；".join(words)}
    if not names.full(one["team"]):  # its way tells where it stands
        out |= {**ways.HIDDEN, "route": None, "off_road": None, "in_water_m": None, "instructions": [], "why": ""}
        out["out_of_use"] = ""
    return out
