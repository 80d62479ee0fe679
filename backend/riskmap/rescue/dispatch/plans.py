"""The plan: who goes to which incident and why; changed by hand, made anew, accepted as one act.

A plan is a proposal in a row of its own that is never changed: what is changed by hand or made anew is a further one
with its parent, and the difference between the two is shown before either is accepted. Decided over all live teams.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from riskmap.base import clock
from riskmap.base.audit import dump_json
from riskmap.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from riskmap.rescue import floods, log, minute, numbers
from riskmap.rescue.dispatch import assign, changes, incidents, orders, reasons, seen, ways
from riskmap.rescue.dispatch.picture import Asked, Picture, crew, left_on_their_way, look, may_go, tasks
from riskmap.rescue.routing import CROSSED, Answer, Leg, Route, spoilt, unanswered
from riskmap.store.snapshot import Opened, Snapshot

HOW = {"made": "新拟", "changed": "手工调整", "replanned": "重算"}


# -- Made ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A plan that is to be made."""

    asked: Asked
    how: str
    parent: Mapping[str, Any] | None = None
    must: int | None = None  # a team whose way is asked for: without one nothing is written
    notes: Sequence[str] = ()  # what has to be known of it before all else
    by_hand: str = ""  # what was set just now of `asked.hand`, or taken back, for the log


def make(opened: Opened, router: Any, asked: Asked) -> int:
    """A new plan; its id. Raises Invalid for incidents that are over or of the other kind."""
    return _propose(opened, router, lambda snapshot: _Wanted(asked, "made"))


def change(
    opened: Opened, router: Any, plan_id: int, team: int, incident: int | None, instead_of: int | None = None
) -> int:
    """A further plan in which this team goes there, `instead_of` nowhere and all others as before; its id. Raises
    Invalid, NotFound."""
    return _propose(opened, router, lambda snapshot: _by_hand(snapshot, plan_id, team, incident, instead_of))


def replan(
    opened: Opened,
    router: Any,
    plan_id: int,
    *,
    flood: int | None,
    of: Sequence[int] | None,
    keep_pins: bool,
    lift: Collection[tuple[int, int]] = (),
) -> int:
    """A further plan with what is known now; its id. `flood` None: the newest version of the plan's scenario."""
    return _propose(opened, router, lambda snapshot: _anew(snapshot, plan_id, flood, of, keep_pins, lift))


def _propose(opened: Opened, router: Any, wanted_of: Callable[[Snapshot], _Wanted]) -> int:
    """Look, decide, keep. No transaction is open while the engine works, which may take longer than the database lets
    one rest. What changes meanwhile is told of the plan as what changes later is: it knows when it looked."""
    with opened() as snapshot:
        wanted = wanted_of(snapshot)
        asked = wanted.asked
        picture = look(snapshot, asked)
        if wanted.must is not None and wanted.must not in {t.id for t in picture.crews}:
            why = next((o["why"] for o in picture.left_out if o["team"] == wanted.must), "没有这支队伍")
            raise Invalid("没有调整", errors=[FieldError("team", "not_free", f"不能派：{why}")])
        roads = ways.look(snapshot, picture.crews, asked.flood_id, asked.exercise, picture.at)
        based_on = last_number(snapshot.connection, asked.exercise)
    decided = _decide(router, wanted, picture, roads)
    with opened() as snapshot:
        return _keep(snapshot, wanted, roads, decided, based_on)


def _by_hand(snapshot: Snapshot, plan_id: int, team: int, incident: int | None, instead_of: int | None) -> _Wanted:
    connection = snapshot.connection
    parent = head(connection, plan_id, lines=False)
    ids = _going_on(connection, parent["incidents"])
    running = _sent(snapshot, parent)
    into = _merged_into(connection, running.values())
    before = {t: into[i] for t, i in running.items() if into[i] in ids}
    if incident is not None and incident not in ids:
        over = incident in parent["incidents"]
        told = "这个险情已经结束、并入或拆分，请刷新后再选" if over else "这个险情不在方案里，请把它加入后重算"
        raise Invalid("没有调整", errors=[FieldError("incident", "not_in_plan", told)])
    if incident == before.get(team) and (team in before or incident is None):
        raise Invalid("没有调整", errors=[FieldError("team", "no_change", "这支队伍本来就这样安排")])
    arrived = {t for t, o in _open(snapshot, parent["exercise"]).items() if o["arrived"]}
    if instead_of is not None and (
        incident is None or before.get(instead_of) != incident or instead_of == team or instead_of in arrived
    ):
        told = "这支队伍没有派往这个险情，或已到达，不能替换，请刷新后再选"
        raise Invalid("没有调整", errors=[FieldError("instead_of", "not_sent", told)])
    set_before, barred = _by_hand_before(connection, parent)
    pins, bars = {t: i for t, i in set_before.items() if i in ids}, set(barred)
    sent = dict(before)
    for gone, from_ in ((team, before.get(team) if incident is None else None), (instead_of, incident)):
        if gone is not None and from_ is not None:  # from there alone: it stays free for others
            bars.add((gone, from_))
            sent.pop(gone, None)
            pins.pop(gone, None)
    if incident is not None:
        sent[team] = pins[team] = incident
        bars.discard((team, incident))
    asked = Asked(
        ids, parent["teams"], parent["flood"], parent["exercise"], pins, frozenset(bars),
        replanning=True, fixed=sent, hand=team, decided_at=_looked_at(parent), unused=_unused(parent),
    )  # fmt: skip
    whither = f"不去险情 {numbers.said(before[team])}" if incident is None else f"去险情 {numbers.said(incident)}"
    instead = "" if instead_of is None else "，替换另一支"
    return _Wanted(asked, "changed", parent, must=None if incident is None else team, by_hand=f"{whither}{instead}")


def _anew(
    snapshot: Snapshot, plan_id: int, flood: int | None, of: Sequence[int] | None, keep_pins: bool,
    lift: Collection[tuple[int, int]],
) -> _Wanted:  # fmt: skip
    connection = snapshot.connection
    parent = head(connection, plan_id, lines=False)
    notes = []
    if flood is None and parent["flood"] is not None:
        standing = floods.newest_standing(connection, parent["flood"])
        flood = None if standing is None else int(standing["id"])
        if flood is None:
            notes.append("原来所按的淹没范围已全部撤回，这个方案没有按水算。")
    ids = list(of) if of is not None else _going_on(connection, parent["incidents"])
    if not ids:
        raise Invalid("没有重算", errors=[FieldError("incidents", "all_over", "方案里的险情都已结束")])
    pins, bars = _by_hand_before(connection, parent) if keep_pins else ({}, frozenset())
    strange = sorted(set(lift) - set(pins.items()) - bars)
    if strange:
        told = "这项手工安排已经不在方案里，请刷新后再看"
        raise Invalid("没有重算", errors=[FieldError("lift", "not_by_hand", told)])
    pins = {t: i for t, i in pins.items() if (t, i) not in lift}
    asked = Asked(
        ids, parent["teams"], flood, parent["exercise"], pins, bars.difference(lift),
        replanning=True, decided_at=_looked_at(parent), unused=_unused(parent),
    )  # fmt: skip
    return _Wanted(asked, "replanned", parent, notes=notes, by_hand=f"取消手工安排 {len(lift)} 项" if lift else "")


def _sent(snapshot: Snapshot, plan: Mapping[str, Any]) -> dict[int, int]:
    """Who goes where by a plan as things are now: by the orders that run, whichever plan gave them, and by what the
    plan proposes anew, as long as nobody has accepted it."""
    running = {t: o for t, o in _open(snapshot, plan["exercise"]).items() if o["incident"] in plan["incidents"]}
    out = {t: int(o["incident"]) for t, o in running.items()}
    if plan["accepted_number"] is not None:
        return out
    for r in changes.withdrawn(plan["body"]):
        if running.get(r["team"], {}).get("id") == r["order"]:
            del out[r["team"]]
    return out | {a["team"]: a["incident"] for a in plan["body"]["assignments"] if a["order"] is None}


def _open(snapshot: Snapshot, exercise: bool) -> dict[int, dict[str, Any]]:
    connection = snapshot.connection
    return orders.open_by_team(connection, exercise=exercise, at=minute.asked(connection, None))


def _unused(plan: Mapping[str, Any]) -> frozenset[int]:
    """Teams that a plan sends although they are out of use, and says so."""
    return frozenset(a["team"] for a in plan["body"]["assignments"] if a.get("out_of_use"))


def _looked_at(plan: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(plan["body"]["looked_at"])


def _going_on(connection: Connection, ids: Sequence[int], at: datetime | None = None) -> list[int]:
    """Incidents that go on at a minute, and what those that were merged or split became."""
    out: dict[int, None] = {}
    look, seen_ = list(ids), set(ids)
    while look:
        for i, one in incidents.several(connection, look, at).items():
            if one["state"] == "open":
                out[i] = None
            else:
                seen_ |= set(one["went_to"])
        look = [i for i in seen_ if i not in out and i not in ids]
        ids = [*ids, *look]
    return list(out)


def _by_hand_before(
    connection: Connection, plan: Mapping[str, Any]
) -> tuple[dict[int, int], frozenset[tuple[int, int]]]:
    """What was set by hand: who goes where, without what teams have reported as done since, and who does not go where.
    Where an incident was merged, of the one that it went into."""
    into = _merged_into(connection, [p["incident"] for p in plan["pins"] if p["incident"] is not None])
    about = incidents.several(connection, list(into))
    done = orders.finished(connection, about.values(), minute.asked(connection, None))
    over = {(f.team, i) for i, found in done.items() for f in found if f.made_at > _looked_at(plan)}
    pins, bars = {}, set()
    for one in plan["pins"]:
        team, incident = one["team"], one["incident"]
        if incident is None:  # as plans of before said it: to none of these
            bars |= {(team, i) for i in plan["incidents"]}
        elif one.get("barred"):
            bars.add((team, into[incident]))
        elif (team, incident) not in over:
            pins[team] = into[incident]
    return pins, frozenset(bars)


def _merged_into(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """What each of these incidents is now: itself, or the one that it went into, over however many steps."""
    out = {i: i for i in ids}
    while True:
        found = incidents.several(connection, sorted(set(out.values())))
        merged = {i: one["went_to"][0] for i, one in found.items() if one["state"] == "merged"}
        if not merged:
            return out
        out = {i: merged.get(now, now) for i, now in out.items()}


def _lapsed(snapshot: Snapshot, asked: Asked, picture: Picture, stuck: Sequence[int]) -> list[dict[str, Any]]:
    """What was set by hand and holds no more, with why: {team, incident, why}. What was carried out is not told."""
    connection, within = snapshot.connection, {i["id"] for i in picture.incidents}
    about = incidents.several(connection, sorted(set(asked.pins.values()) - within), picture.at)
    done = orders.carried_out(connection, list(asked.pins), exercise=asked.exercise, at=picture.at)
    left = {o["team"]: o["why"] for o in picture.left_out}
    gone = orders.struck_off(snapshot, asked.pins.keys() - picture.teams.keys())
    out = []
    for team, incident in sorted(asked.pins.items()):
        if (team, incident) in done:
            continue
        if team not in picture.teams:
            why: str | None = f"队伍{gone.get(team, '')}"
        elif incident not in within:
            state = about[incident]["state"]
            why = "险情没有列入这次计算" if state == "open" else f"险情{incidents.STATES[state]}"
        elif team in stuck:
            why = "没有能走的路，无法到达"
        elif picture.standing.get(team, {}).get("incident") == incident:
            why = None
        else:
            why = left.get(team)
        if why is not None:
            out.append({"team": team, "incident": incident, "why": why})
    return out


@dataclass(frozen=True, slots=True)
class _Decided:
    """Who goes where, and by which way."""

    by_pair: Mapping[tuple[int, int], Leg | None]
    routes: Mapping[tuple[int, int], Route | None]  # of those that are sent
    answer: Answer
    solved: assign.Solved
    tasks: Sequence[assign.Task]
    picture: Picture  # with who is left as he is because nothing is known of the roads
    cut_off: Mapping[int, ways.CutOff]  # incidents that none of the teams for it gets to
    stuck: Sequence[int]  # teams that were set by hand to where there is no way
    lost: Sequence[Mapping[str, Any]]


def _decide(router: Any, wanted: _Wanted, picture: Picture, roads: ways.Roads) -> _Decided:
    """Asks the engine, and no database. Raises Invalid where the way that is asked for is none."""
    asked = wanted.asked
    places = {i["id"]: incidents.place_of(i) for i in picture.incidents}
    index = {i: n for n, i in enumerate(places)}
    legs, answer = ways.legs_of(roads, router, picture.crews, list(places.values()), patience_s=ways.PATIENCE_S)
    kept: list[str] = []
    if answer.by != "road":
        before, picture = picture, left_on_their_way(picture, asked)
        kept = [_NOT_TURNED] if picture is not before else []
    by_pair = {(t.id, i): legs.get((t.id, n)) for t in picture.crews for i, n in index.items()}
    free = {c.id for c in picture.crews}
    set_ = {t: i for t, i in asked.pins.items() if t in free and i in index}
    stuck = [t for t, i in set_.items() if by_pair[t, i] is None]
    if wanted.must in stuck:
        told = "这支队伍到那里没有能走的路：无法到达"
        raise Invalid("没有调整", errors=[FieldError("incident", "no_way", told)])
    lost: list[Mapping[str, Any]] = []
    asks = tasks(picture)
    if asked.fixed is None:
        travel = {
            (t, i): leg.travel_s for (t, i), leg in by_pair.items()
            if leg is not None and may_go(picture, t, i)
        }  # fmt: skip
        kept_by_order = {t: min(to) for t, to in picture.stays.items() if len(to) == 1 and (t, min(to)) in travel}
        pins = {**kept_by_order, **{t: i for t, i in set_.items() if t not in stuck}}
        solved = assign.solve([crew(t, picture) for t in picture.crews], asks, travel, pins)
    else:
        pairs = [(t, i) for t, i in asked.fixed.items() if by_pair.get((t, i)) is not None]
        gone = [t for t, i in asked.fixed.items() if t in free and (t, i) not in pairs and t not in stuck]
        lost += [{"team": t, "why": "原来安排的险情已无法到达"} for t in gone]
        solved = assign.Solved(sorted(pairs), False, "手工调整，其余不变")
    sent = [(pair, leg) for pair in solved.pairs if (leg := by_pair[pair]) is not None]
    asked_for = [(picture.teams[t], places[i], leg) for (t, i), leg in sent]
    lines = dict(zip((pair for pair, _ in sent), ways.routes_of(roads, router, asked_for, answer.why), strict=True))
    routes = {pair: None if isinstance(line, str) else line for pair, line in lines.items()}
    lost_ones = [(i, places[i], free_) for i, free_ in reasons.unreached(picture, asks, by_pair, solved.pairs)]
    cut_off = ways.cut_off(roads, router, lost_ones, works=answer.by == "road", spoilt=spoilt(answer))
    notes = [*kept, *_without_line(lines), *answer.notes]
    return _Decided(by_pair, routes, replace(answer, notes=notes), solved, asks, picture, cut_off, stuck, lost)


_NOT_TURNED = "没有按道路算，在路上的队伍一律不改派。"


def _without_line(lines: Mapping[tuple[int, int], Route | str]) -> list[str]:
    """That some go without a way that is drawn and told, in words."""
    out = []
    for why in dict.fromkeys(line for line in lines.values() if isinstance(line, str)):
        to = sorted(i for (_, i), line in lines.items() if line == why)
        which = "、".join(map(numbers.said, dict.fromkeys(to)))
        rest = (
            "路能不能走、要多久都没有核实，派出前请核实，或改派后重算" if why == CROSSED
            else "路程和用时仍是按道路算的，重算可补上"
        )  # fmt: skip
        out.append(f"派往险情 {which} 的 {len(to)} 支队伍没有路线图和逐段指引：{why}。{rest}。")
    return out


def _keep(snapshot: Snapshot, wanted: _Wanted, roads: ways.Roads, decided: _Decided, based_on: int) -> int:
    """Write what was decided, with its reasons; its id."""
    asked, parent, picture = wanted.asked, wanted.parent, decided.picture
    free = {c.id for c in picture.crews}
    lapsed = _lapsed(snapshot, asked, picture, decided.stuck)
    body = {
        **ways.told(replace(decided.answer, notes=[*wanted.notes, *decided.answer.notes])),
        **reasons.assigned(
            snapshot, asked, picture, roads, decided.by_pair, decided.routes, decided.cut_off, decided.tasks
        ),
        "unanswered": unanswered(decided.answer),
        "spoilt": spoilt(decided.answer),
        "optimal": decided.solved.proved,
        "solved_note": decided.solved.note,
        "left_out": [*picture.left_out, *decided.lost],
        "lapsed": lapsed,
        "standing": [
            {"team": t, "incident": o["incident"], "order": o["id"], "arrived": o["arrived"]}
            for t, o in sorted(picture.standing.items())
        ],
        "reconsidered": [
            {"order": o["id"], "team": t, "incident": o["incident"], "turned_back": t in picture.turned_back}
            for t, o in sorted(picture.open_orders.items())
            if t in free or (t in picture.turned_back and not o["arrived"])
        ],
        "finished": [
            {"incident": i, "team": f.team, "order": f.order, "at": f.at}
            for i, found in sorted(picture.finished.items())
            for f in found
        ],
        "versions": {str(i["id"]): i["version"] for i in picture.incidents},
        "before": sorted({i for one in picture.incidents for i in one["before"]}),
        "became": {str(i): into for i, into in picture.became.items()},
        "looked_at": picture.at,
    }
    within, over = {i["id"] for i in picture.incidents}, {one["team"] for one in lapsed}
    pins = sorted((t, i) for t, i in asked.pins.items() if t not in over)
    kept = [
        *({"team": t, "incident": i} for t, i in pins if i in within),
        *({"team": t, "incident": i, "barred": True} for t, i in sorted(asked.bars)),
    ]
    reader = snapshot.reader
    made = numbers.next_of(snapshot.connection, "rescue_plan", asked.exercise)
    snapshot.connection.execute(
        text(
            "INSERT INTO rescue_plan (plan_id, exercise, by, account_id, how, parent_id, based_on, flood_id, incidents,"
            " teams, pins, body) VALUES (:id, :exercise, :by, :account, :how, :parent, :based_on, :flood, :incidents,"
            " CAST(:teams AS bigint[]), CAST(:pins AS jsonb), CAST(:body AS jsonb))"
        ),
        {
            "id": made, "exercise": asked.exercise, "by": reader.name, "account": reader.account_id, "how": wanted.how,
            "parent": parent["id"] if parent else None,
            "based_on": based_on, "flood": asked.flood_id,
            "incidents": [i["id"] for i in picture.incidents],
            "teams": None if asked.teams is None else list(asked.teams),
            "pins": dump_json(kept), "body": dump_json(body),
        },
    )  # fmt: skip
    from_ = f"，由方案稿 {numbers.said(parent['id'])}" if parent else ""

    def entry(team: str) -> str:
        return (
            f"{HOW[wanted.how]}方案稿 {numbers.said(made)}{from_}{wanted.by_hand and f'，{team}{wanted.by_hand}'}："
            f"派 {len(body['assignments'])} 支，没有队伍的险情 {len(body['unreachable'])} 处"
            + (f"，手工指定不再有效 {len(lapsed)} 项" if lapsed else "") + "，未采纳"
        )  # fmt: skip

    hand = None if asked.hand is None else picture.teams.get(asked.hand)
    hidden = entry("一支队伍（无权查看）")
    log.note(
        snapshot.connection, by=reader.name, kind="调度", exercise=asked.exercise, flood_id=asked.flood_id,
        what=entry("" if hand is None else hand.row["name"]),
        about=None if hand is None else log.About(hand.id, hidden, hidden),
        ref={"kind": "plan", "id": made, "act": wanted.how},
    )  # fmt: skip
    return made


# -- Read ----------------------------------------------------------------------------------


def last_number(connection: Connection, exercise: bool) -> int:
    """The number of the newest acceptance; 0 where there is none."""
    found = connection.scalar(
        text("SELECT max(number) FROM rescue_plan_accepted WHERE exercise = :exercise"), {"exercise": exercise}
    )
    return int(found or 0)


_TOP = (
    "SELECT p.plan_id AS id, p.exercise, p.at AS made_at, p.by AS made_by, p.how, p.parent_id AS parent, p.based_on,"
    " p.flood_id AS flood, p.incidents, p.teams, a.number AS accepted_number, a.at AS accepted_at,"
    " a.by AS accepted_by, r.at AS returned_at, r.by AS returned_by, r.reason AS returned_reason"
)
_FROM = (
    " FROM rescue_plan AS p LEFT JOIN rescue_plan_accepted AS a ON a.plan_id = p.plan_id AND a.at <= :at"
    " LEFT JOIN rescue_plan_returned AS r ON r.plan_id = p.plan_id AND r.at <= :at"
)
# The lines and instructions of its ways are nearly all of a plan: hundreds of kilobytes that few questions are about.
_NO_LINES = (
    "jsonb_set(p.body, '{assignments}', coalesce((SELECT jsonb_agg(one - '{route,off_road,instructions}'::text[]"
    " ORDER BY n) FROM jsonb_array_elements(p.body->'assignments') WITH ORDINALITY AS t (one, n)), '[]'))"
)


def head(connection: Connection, plan_id: int, at: datetime | None = None, *, lines: bool = True) -> dict[str, Any]:
    """A plan as it is kept; `lines`: with those of its ways and what is driven by. Raises NotFound."""
    then = minute.asked(connection, at)
    body_ = "p.body" if lines else f"{_NO_LINES} AS body"
    found = connection.execute(
        text(f"{_TOP}, p.pins, {body_}{_FROM} WHERE p.plan_id = :id AND p.at <= :at"), {"id": plan_id, "at": then}
    )
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("没有这个方案，请刷新后再选。")
    return dict(row)


def listed(connection: Connection, *, exercise: bool, at: datetime, limit: int) -> list[dict[str, Any]]:
    """Plans at a minute, the newest first, without what is in them."""
    rows = connection.execute(
        text(
            f"{_TOP}, jsonb_array_length(p.body->'assignments') AS assigned,"
            " jsonb_array_length(p.body->'unreachable') AS not_served, p.body->>'routing' AS routing"
            f"{_FROM} WHERE p.exercise = :exercise AND p.at <= :at ORDER BY p.plan_id DESC LIMIT :limit"
        ),
        {"exercise": exercise, "at": at, "limit": limit},
    )
    return [_top(dict(r)) for r in rows.mappings()]


def _top(plan: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in plan.items() if k not in {"body", "pins"}}
    return kept | {"how_title": HOW[plan["how"]], "accepted": plan["accepted_number"] is not None}


def body(snapshot: Snapshot, plan_id: int, at: datetime) -> dict[str, Any]:
    """A plan as the reader gets it, with the difference to its parent and what has changed since."""
    connection = snapshot.connection
    plan = head(connection, plan_id, at)
    said = plan["body"]
    parent = head(connection, plan["parent"], at) if plan["parent"] is not None else None
    # Incidents of other plans that a team is taken from lose it too.
    touched = list(dict.fromkeys([*plan["incidents"], *(r["incident"] for r in changes.withdrawn(said))]))
    gone = orders.turned_back(snapshot, exercise=plan["exercise"], at=at)
    running = None
    if plan["accepted_number"] is None:
        became = {int(i): into for i, into in said.get("became", {}).items()}
        given = orders.running(connection, [*touched, *(became.keys() - set(touched))], at, _looked_at(plan))
        # Who is under way to what was merged is under way to what it went into.
        running = [o | {"incident": became.get(o["incident"], o["incident"])} for o in given if o["id"] not in gone]
    names = _names(snapshot, [said, *([parent["body"]] if parent else [])], (o["team"] for o in running or ()))
    about = incidents.several(connection, touched, at)
    renewed = changes.renewed(said, about)
    out = _top(plan) | {
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
    plan = head(snapshot.connection, plan_id, at, lines=False)
    names = _names(snapshot, [plan["body"]])
    return _top(plan) | _stands(snapshot, plan, at, names)


def _stands(snapshot: Snapshot, plan: Mapping[str, Any], at: datetime, names: seen.Names) -> dict[str, Any]:
    """`since`: of a proposal, and of the plan that holds. `overtaken`: by which acceptance a proposal was."""
    last = last_accepted(snapshot.connection, plan["exercise"], at)
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
            "incidents": _going_on(connection, plan["incidents"], at),
        },
    )  # fmt: skip
    drafts = (head(connection, one, at, lines=False) for one in rows.scalars().all())
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


def last_accepted(connection: Connection, exercise: bool, at: datetime | None = None) -> dict[str, Any] | None:
    """The newest acceptance up to a minute: plan, number, who and when."""
    row = connection.execute(
        text(
            "SELECT plan_id AS plan, number, at, by FROM rescue_plan_accepted WHERE exercise = :exercise"
            " AND (CAST(:at AS timestamptz) IS NULL OR at <= :at) ORDER BY number DESC LIMIT 1"
        ),
        {"exercise": exercise, "at": at},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def give_back(snapshot: Snapshot, plan_id: int, reason: str) -> None:
    """退回: a proposal is not wanted; kept with who says so and why. Raises Conflict, Forbidden, NotFound."""
    connection, reader = snapshot.connection, snapshot.reader
    exercise: bool = head(connection, plan_id, lines=False)["exercise"]
    lock(connection, exercise)
    plan = head(connection, plan_id, lines=False)  # again, behind the lock
    ensure_proposed(plan, "没有退回")
    if plan["made_by"] != reader.name and "dispatch" not in reader.may:
        raise Forbidden(f"这个方案由 {plan['made_by']} 拟定，只有拟定的人和有调度权的人能退回。")
    connection.execute(
        text(
            "INSERT INTO rescue_plan_returned (plan_id, by, account_id, reason) VALUES (:plan, :by, :account, :reason)"
        ),
        {"plan": plan_id, "by": reader.name, "account": reader.account_id, "reason": reason},
    )
    log.note(
        connection, by=reader.name, kind="调度", exercise=exercise, flood_id=plan["flood"],
        what=f"退回方案稿 {numbers.said(plan_id)}：{reason}", ref={"kind": "plan", "id": plan_id},
    )  # fmt: skip


def lock(connection: Connection, exercise: bool) -> None:
    """Nobody else accepts or returns a plan of this kind until the transaction ends."""
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_accept', :kind))"), {"kind": int(exercise)}
    )


def ensure_proposed(plan: Mapping[str, Any], refused: str) -> None:
    """Raises Conflict for a plan that was accepted or returned, with by whom and when."""
    if plan["accepted_number"] is not None:
        raise Conflict(
            f"这个方案已由 {plan['accepted_by']} 于 {clock.second(plan['accepted_at'])} 采纳"
            f"（{numbers.plan_said(plan['accepted_number'], plan['exercise'])}），{refused}。",
            code="accepted",
            now={"number": plan["accepted_number"], "by": plan["accepted_by"], "at": plan["accepted_at"]},
        )
    if plan["returned_at"] is not None:
        raise Conflict(
            f"这个方案已由 {plan['returned_by']} 于 {clock.second(plan['returned_at'])} 退回"
            f"：{plan['returned_reason']}。{refused}。",
            code="returned",
            now={"by": plan["returned_by"], "at": plan["returned_at"], "reason": plan["returned_reason"]},
        )


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
