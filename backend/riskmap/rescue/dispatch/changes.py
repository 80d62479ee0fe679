"""What accepting a plan changes, and what has changed since it looked; in words."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from riskmap.base import clock
from riskmap.rescue import floods, numbers
from riskmap.rescue.dispatch import incidents, marks, orders, seen, ways
from riskmap.rescue.routing import queries
from riskmap.store.snapshot import Snapshot


def withdrawn(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Orders that accepting takes back: their team goes elsewhere, or is not needed."""
    kept = {a["order"] for a in body["assignments"]}
    sent = {a["team"] for a in body["assignments"]}
    scope = {*(int(i) for i in body["versions"]), *body.get("before", ())}
    return [
        dict(r) for r in body["reconsidered"]
        if r["order"] not in kept and (r["team"] in sent or r["incident"] in scope)
    ]  # fmt: skip


def renewed(body: Mapping[str, Any], about: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Orders among those whose team gets another for the same incident, or for the one that it went into: its way is
    another, it is recalled from nowhere."""
    new = {a["team"]: a["incident"] for a in body["assignments"] if a["order"] is None}
    return {
        r["order"] for r in withdrawn(body)
        if r["team"] in new
        and r["incident"] in {new[r["team"]], *about.get(new[r["team"]], {}).get("before", ())}
    }  # fmt: skip


def difference(
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    names: seen.Names,
    about: Mapping[int, Mapping[str, Any]],
) -> dict[str, Any]:
    """What accepting the one instead of the other changes, incident by incident; with words, and how many of each."""
    return _compared(_by_incident(before), _by_incident(after), names, about)


def against_orders(
    running: Sequence[Mapping[str, Any]],
    after: Mapping[str, Any],
    names: seen.Names,
    about: Mapping[int, Mapping[str, Any]],
) -> dict[str, Any]:
    """What accepting a plan changes of the orders that run, whichever plan gave them, counted from when it looked;
    `before_s`, `after_s`: the first arrival, added up over the `both` incidents that have somebody before and after;
    none where some ways are by road and some straight."""
    now = _by_incident(after)
    scope, taken = set(now), {r["order"] for r in withdrawn(after)}
    was: dict[int, dict[int, Mapping[str, Any]]] = {i: {} for i in now}
    for order in running:
        was.setdefault(order["incident"], {})[order["team"]] = order
        if order["incident"] not in scope:  # of another plan: it keeps whom this one does not take
            kept = now.setdefault(order["incident"], {})
            if order["id"] not in taken:
                kept[order["team"]] = order
    for s in after["standing"]:  # by an order to what was merged into one of these: it is left as it is
        if s["incident"] in was:
            was[s["incident"]].setdefault(s["team"], now[s["incident"]][s["team"]])
    for i, sent in now.items():
        for team, one in sent.items():
            before = was[i].get(team)
            if before is None:
                continue
            # What the plan leaves as it is takes as long as before, unless the team has said since where it is.
            if one["travel_s"] is None or (one.get("order") == before["id"] and not before["moved"]):
                sent[team] = before
    both = [i for i in now if _first(was[i]) is not None and _first(now[i]) is not None]
    if not _alike(*(side[i] for i in both for side in (was, now))):
        both = []
    return _compared(was, now, names, about) | {
        "both": len(both), "before_s": sum(_whole(_first(was[i])) for i in both),
        "after_s": sum(_whole(_first(now[i])) for i in both),
    }  # fmt: skip


def _first(sent: Mapping[int, Mapping[str, Any]]) -> int | None:
    """How long until the first is there; 0 where one has arrived, None where nobody is sent."""
    times = [0 if a.get("arrived") else a["travel_s"] for a in sent.values()]
    return min((t for t in times if t is not None), default=None)


def _alike(*sent: Mapping[int, Mapping[str, Any]]) -> bool:
    """Whether all their times are of one kind, by road or straight: others are neither added up nor compared."""
    timed = [a for one in sent for a in one.values() if a["travel_s"] is not None and not a.get("arrived")]
    return len({a["routing"] for a in timed}) <= 1


def _whole(seconds: int | None) -> int:
    """Whole minutes as they are said of each, so that the sum is theirs; of who is there none."""
    return 60 * ways.minutes_of(seconds) if seconds else 0


_INTO = frozenset({"merged", "split"})


def _compared(
    was: Mapping[int, Mapping[int, Mapping[str, Any]]],
    now: Mapping[int, Mapping[int, Mapping[str, Any]]],
    names: seen.Names,
    about: Mapping[int, Mapping[str, Any]],
) -> dict[str, Any]:
    rows = []
    for incident in dict.fromkeys([*now, *was]):
        old, new = was.get(incident), now.get(incident)
        what, words = _what(old, new, names)
        state = about[incident]["state"] if incident in about else "open"
        if state in _INTO and not new:  # it is gone into others, whose own lines say who goes there
            what, words = "gone", f"{incidents.STATES[state]}，不再单独派"
        rows.append(
            {
                "incident": incident, "incident_name": incidents.called(about, incident), "what": what, "words": words,
                "before": _told(old, names, set()), "after": _told(new, names, _turned(old, new)),
            }
        )  # fmt: skip
    kinds = ("lost", "gained", "other_team", "slower", "faster", "rerouted", "new", "gone", "same")
    return {"rows": rows, "counts": {k: sum(r["what"] == k for r in rows) for k in kinds}}


def _by_incident(body: Mapping[str, Any]) -> dict[int, dict[int, Mapping[str, Any]]]:
    out: dict[int, dict[int, Mapping[str, Any]]] = {int(i): {} for i in body["versions"]}
    for s in body["standing"]:  # who is there, or under way by an order that the plan leaves as it is
        if s["incident"] in out:
            out[s["incident"]][s["team"]] = {
                "travel_s": None, "distance_m": None, "routing": None, "arrived": s["arrived"],
            }  # fmt: skip
    home = {r["order"] for r in body["reconsidered"] if r.get("turned_back")}  # sent out again, by whatever way
    for a in body["assignments"]:
        out[a["incident"]][a["team"]] = {**a, "rerouted": a.get("rerouted") not in {None, *home}}
    return out


def _turned(old: Mapping[int, Mapping[str, Any]] | None, new: Mapping[int, Mapping[str, Any]] | None) -> set[int]:
    """Who goes to the same incident as before by another way."""
    if old is None or new is None:
        return set()
    return {t for t, a in new.items() if a.get("rerouted") and t in old and a["route"] != old[t].get("route")}


def _told(sent: Mapping[int, Mapping[str, Any]] | None, names: seen.Names, turned: set[int]) -> Any:
    if sent is None:
        return None
    return [
        names.team(t)
        | {"travel_s": a["travel_s"], "distance_m": a["distance_m"], "arrived": a.get("arrived", False)}
        | {"routing": a["routing"] if a["travel_s"] is not None else None}
        | {"rerouted": t in turned}
        for t, a in sent.items()
    ]


def _what(
    old: Mapping[int, Mapping[str, Any]] | None, new: Mapping[int, Mapping[str, Any]] | None,
    names: seen.Names,
) -> tuple[str, str]:  # fmt: skip
    def said(sent: Mapping[int, Mapping[str, Any]]) -> str:
        listed = [f"{names.plain(t)}（{_long(a)}）" for t, a in sent.items()]
        return "、".join(listed) or "没有队伍"

    if old is None:
        return "new", f"新加入：{said(new or {})}"
    if new is None:
        return "gone", "不再在方案里"
    if set(old) != set(new):
        what = "lost" if old and not new else "gained" if new and not old else "other_team"
        return what, f"{said(old)} → {said(new)}"
    way = "，改走另一条路" if _turned(old, new) else ""
    if any(a.get("arrived") for a in new.values()):
        return ("rerouted", said(new) + way) if way else ("same", f"{said(new)}，不变")
    first, later = _first(old), _first(new)
    if not _alike(old, new):
        return ("rerouted" if way else "same"), said(new) + way
    if first is None or later is None or abs(later - first) < 60:
        return ("rerouted", said(new) + way) if way else ("same", "不变")
    what = "slower" if later > first else "faster"
    return what, f"{said(new)}{way}，{'晚' if later > first else '早'}{ways.apart(later, first)}"


def _long(sent: Mapping[str, Any]) -> str:
    if sent.get("arrived"):
        return "已到达"
    if sent["travel_s"] is None:
        return "已派出"
    return ways.minutes(sent["travel_s"]) + ("，直线估算" if sent["routing"] == "straight_line" else "")


# -- Since ---------------------------------------------------------------------------------


def _told_apart(roads: Sequence[tuple[datetime, str, str, str]]) -> list[str]:
    """Each in words: when, name, what of it. Two of one road in one minute are told apart by their length and reason,
    the fourth of them."""
    short = [(name or "无名道路", what, clock.of_day(at)) for at, name, what, _ in roads]
    several = Counter(short)
    return [
        f"{name}{what}（{'，'.join(filter(None, (at, road[3] if several[name, what, at] > 1 else '')))}）"
        for (name, what, at), road in zip(short, roads, strict=True)
    ]


def since(
    snapshot: Snapshot, plan: Mapping[str, Any], until: datetime, names: seen.Names, *, proposed: bool
) -> list[str]:
    """What has changed since a plan looked: the water, roads, its teams and incidents; each in words. `proposed`: it is
    still to be accepted, what it would send included."""
    snapshot = snapshot.known_at(until)
    connection = snapshot.connection
    span = {"after": plan["body"]["looked_at"], "until": until, "exercise": plan["exercise"]}
    out = []
    if plan["flood"] is not None:
        newest = floods.newest_standing(connection, plan["flood"], until)
        if newest is None:
            out.append("淹没范围已全部撤回")
        elif newest["id"] > plan["flood"]:
            out.append(f"淹没范围有第 {newest['version']} 版（{clock.of_day(newest['made_at'])}）")
        elif newest["id"] < plan["flood"]:
            out.append(f"所按的淹没范围已撤回，现为第 {newest['version']} 版")
    rows = connection.execute(
        text(
            "SELECT c.name, c.length_m, c.reason, '封闭' AS what, f.since AS at FROM rescue_road_closed AS c"
            " CROSS JOIN LATERAL (SELECT greatest(c.at, c.starts_at) AS since) AS f WHERE c.exercise = :exercise"
            " AND f.since > CAST(:after AS timestamptz) AND f.since <= :until AND NOT EXISTS ("
            " SELECT FROM rescue_road_opened AS o WHERE o.closed_id = c.closed_id AND o.at <= f.since) UNION ALL"
            " SELECT c.name, c.length_m, c.reason, '恢复通行', o.at FROM rescue_road_opened AS o"
            " JOIN rescue_road_closed AS c USING (closed_id) WHERE c.exercise = :exercise"
            " AND o.at > CAST(:after AS timestamptz) AND o.at <= :until AND o.at > c.starts_at"
        ),
        span,
    )
    roads = [(row.at, row.name, row.what, f"{row.length_m:,.0f} m，{row.reason}") for row in rows]
    looked = datetime.fromisoformat(plan["body"]["looked_at"])
    ended = queries.run_out(connection, plan["exercise"], looked, until)
    roads += [(row.at, row.name, "到时恢复通行", "") for row in ended if row.at > looked and not row.still_shut]
    out += _told_apart(sorted(roads, key=lambda r: r[0]))
    mine = _teams(plan)
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (team_id) team_id, status, how, made_at FROM rescue_team_status AS s"
            " WHERE exercise = :exercise AND team_id = ANY(CAST(:teams AS bigint[])) AND how <> 'order'"
            " AND status IS NOT NULL AND made_at > CAST(:after AS timestamptz) AND made_at <= :at AND"
            + marks.stands("s.mark_id")
            + " ORDER BY team_id, at DESC, status_id DESC"
        ),
        {"exercise": plan["exercise"], "after": span["after"], "at": until, "teams": mine},
    )
    out += [
        f"{names.plain(row.team_id)}{'登记前置' if row.how == 'standby' else f'报{row.status}'}"
        f"（{clock.of_day(row.made_at)}）"
        for row in rows
    ]
    gone = orders.turned_back(snapshot, exercise=plan["exercise"], at=until)
    running = orders.open_by_team(connection, exercise=plan["exercise"], at=until)
    sent = {a["team"] for a in plan["body"]["assignments"] if proposed}
    lost = orders.struck_off(snapshot, {*sent, *(t for t in mine if t in running)})
    out += [f"{names.plain(t)}{how}" for t, how in sorted(lost.items())]
    if proposed:
        said = {a["team"]: a.get("out_of_use", "") for a in plan["body"]["assignments"]}
        out += [f"{names.plain(t)}{why}" for t, why in orders.out_of_use(snapshot, sent).items() if why != said[t]]
    if proposed or plan["body"]["unreachable"]:  # who is free again may go where nobody goes
        out += _finished(snapshot, plan, until, names)
    for r in withdrawn(plan["body"]):  # an order that nobody acted by, and somebody does again
        if r.get("turned_back") and r["order"] not in gone and running.get(r["team"], {}).get("id") == r["order"]:
            out.append(f"{names.plain(r['team'])}又按调度令 {numbers.said(r['order'])} 行动")
    for i, one in incidents.several(connection, plan["incidents"], until).items():
        if one["version"] != plan["body"]["versions"].get(str(i)):
            what = "有更新" if one["state"] == "open" else incidents.STATES[one["state"]]
            out.append(f"险情 {numbers.said(i)} {what}（{clock.of_day(one['changed_at'])}）")
    return out + _reported(snapshot, plan, until) + _corrected(snapshot, plan, until, of_others=False)


def _reported(snapshot: Snapshot, plan: Mapping[str, Any], until: datetime) -> list[str]:
    """Incidents that were reported after a plan looked, and that nobody goes to: it knows nothing of them."""
    connection = snapshot.connection
    ids = connection.execute(
        text(
            "SELECT incident_id FROM rescue_incident WHERE exercise = :exercise AND made_at <= :until"
            " AND made_at > CAST(:after AS timestamptz) AND incident_id <> ALL(CAST(:known AS bigint[])) ORDER BY 1"
        ),
        {
            "exercise": plan["exercise"], "after": plan["body"]["looked_at"], "until": until,
            "known": list(plan["incidents"]),
        },
    ).scalars().all()  # fmt: skip
    sent = {o["incident"] for o in orders.running(connection, ids, until)}
    found = incidents.several(connection, [i for i in ids if i not in sent], until)
    new = {i: one for i, one in found.items() if one["state"] == "open"}
    # Who is under way to what some of these came from reaches one of them: nobody knows which.
    from_ = orders.running(connection, sorted({b for one in new.values() for b in one["before"]}), until)
    gone = orders.turned_back(snapshot, exercise=plan["exercise"], at=until)
    coming = {o["incident"] for o in from_ if o["id"] not in gone}
    parts = {i: next(b for b in one["before"] if b in coming) for i, one in new.items() if coming & set(one["before"])}
    out = []
    for whole in dict.fromkeys(parts.values()):
        mine, of = [numbers.said(i) for i, b in parts.items() if b == whole], numbers.said(whole)
        which = "，去哪一处由重算定" if len(mine) > 1 else ""
        out.append(f"险情 {'、'.join(mine)} 由险情 {of} 而来，险情 {of} 的令还在执行{which}")
    rest = [i for i in new if i not in parts]
    return [*out, *([f"险情 {'、'.join(map(numbers.said, rest))} 是后来登记的，还没有派队伍"] if rest else [])]


def _finished(snapshot: Snapshot, plan: Mapping[str, Any], until: datetime, names: seen.Names) -> list[str]:
    """Teams of a plan, or sent to its incidents, that have reported 完成 since it looked."""
    rows = snapshot.connection.execute(
        text(
            "SELECT o.team_id, o.incident_id, m.made_at FROM rescue_order_mark AS m JOIN rescue_order AS o"
            " USING (order_id) WHERE o.exercise = :exercise AND m.what = 'result'"
            " AND m.made_at > CAST(:after AS timestamptz) AND" + marks.STOOD + " AND (o.team_id ="
            " ANY(CAST(:teams AS bigint[])) OR o.incident_id = ANY(CAST(:incidents AS bigint[]))) ORDER BY m.mark_id"
        ),
        {
            "exercise": plan["exercise"], "after": plan["body"]["looked_at"], "at": until, "teams": _teams(plan),
            "incidents": list(plan["incidents"]),
        },
    )  # fmt: skip
    return [
        f"{names.plain(r.team_id)}报险情 {numbers.said(r.incident_id)} 完成（{clock.of_day(r.made_at)}）" for r in rows
    ]


def _corrected(snapshot: Snapshot, plan: Mapping[str, Any], until: datetime, *, of_others: bool) -> list[str]:
    """Marks that were taken back since a plan looked, of orders to its teams or incidents, or of all others."""
    rows = snapshot.connection.execute(
        text(
            "SELECT o.order_id, m.what, b.at FROM rescue_mark_taken_back AS b JOIN rescue_order_mark AS m"
            " USING (mark_id) JOIN rescue_order AS o USING (order_id) WHERE o.exercise = :exercise"
            " AND b.at > CAST(:after AS timestamptz) AND b.at <= :until AND :others <> (o.team_id ="
            " ANY(CAST(:teams AS bigint[])) OR o.incident_id = ANY(CAST(:incidents AS bigint[]))) ORDER BY b.at"
        ),
        {
            "exercise": plan["exercise"], "after": plan["body"]["looked_at"], "until": until, "others": of_others,
            "teams": _teams(plan), "incidents": list(plan["incidents"]),
        },
    )  # fmt: skip
    return [f"调度令 {numbers.said(r.order_id)} 的{marks.TITLES[r.what]}已更正（{clock.of_day(r.at)}）" for r in rows]


def _teams(plan: Mapping[str, Any]) -> list[int]:
    return sorted({one["team"] for part in ("assignments", "standing") for one in plan["body"][part]})


def since_of_others(snapshot: Snapshot, plan: Mapping[str, Any], until: datetime) -> list[str]:
    """The same of orders that run by plans before this one: accepting another does not settle what they lack."""
    connection, exercise = snapshot.connection, plan["exercise"]
    mine = set(_teams(plan))
    running = orders.open_by_team(connection, exercise=exercise, at=until)
    gone = orders.turned_back(snapshot, exercise=exercise, at=until)
    back = {t: gone[o["id"]] for t, o in running.items() if o["id"] in gone and t not in mine}
    names = seen.names(snapshot, back)
    out = [
        f"{names.plain(t)}{told['left']}" + (f"（{clock.of_day(told['at'])}）" if told["at"] else "")
        for t, told in back.items()
    ]
    given: dict[int, datetime] = {}  # the first order of each incident that still runs
    for o in running.values():
        if o["incident"] not in plan["incidents"]:
            given[o["incident"]] = min(o["at"], given.get(o["incident"], o["at"]))
    for i, one in incidents.several(connection, list(given), until).items():
        # Of what is over the orders are still to be marked; there is nothing to send anew.
        if one["changed_at"] > given[i] and one["state"] != "closed":
            what = "有更新" if one["state"] == "open" else incidents.STATES[one["state"]]
            out.append(f"险情 {numbers.said(i)} {what}（{clock.of_day(one['changed_at'])}）")
    return [f"先前的调度令：{one}" for one in out] + _corrected(snapshot, plan, until, of_others=True)
