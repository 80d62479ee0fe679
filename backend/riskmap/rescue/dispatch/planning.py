"""The plan is made: who goes to which incident and why; changed by hand, made anew. Decided over all live teams."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, text

from riskmap.base.audit import dump_json
from riskmap.base.errors import FieldError, Invalid
from riskmap.rescue import floods, log, minute, numbers
from riskmap.rescue.dispatch import assign, changes, incidents, orders, plans, reasons, ways
from riskmap.rescue.dispatch.picture import Asked, Picture, crew, left_on_their_way, look, may_go, tasks
from riskmap.rescue.routing import CROSSED, Answer, Leg, Route, spoilt, unanswered
from riskmap.store.snapshot import Opened, Snapshot


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
    widen: bool = False,
) -> int:
    """A further plan with what is known now; its id. `flood` None: the newest version of the plan's scenario."""
    return _propose(opened, router, lambda snapshot: _anew(snapshot, plan_id, flood, of, keep_pins, lift, widen))


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
        based_on = plans.last_number(snapshot.connection, asked.exercise)
    decided = _decide(router, wanted, picture, roads)
    with opened() as snapshot:
        return _keep(snapshot, wanted, roads, decided, based_on)


def _by_hand(snapshot: Snapshot, plan_id: int, team: int, incident: int | None, instead_of: int | None) -> _Wanted:
    connection = snapshot.connection
    parent = plans.head(connection, plan_id, lines=False)
    ids = incidents.going_on(connection, parent["incidents"])
    running = _sent(snapshot, parent)
    into = incidents.merged_into(connection, running.values())
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
        replanning=True, fixed=sent, hand=team, decided_at=plans.looked_at(parent), unused=_unused(parent),
    )  # fmt: skip
    whither = f"不去险情 {numbers.said(before[team])}" if incident is None else f"去险情 {numbers.said(incident)}"
    instead = "" if instead_of is None else "，替换另一支"
    return _Wanted(asked, "changed", parent, must=None if incident is None else team, by_hand=f"{whither}{instead}")


def _anew(
    snapshot: Snapshot, plan_id: int, flood: int | None, of: Sequence[int] | None, keep_pins: bool,
    lift: Collection[tuple[int, int]], widen: bool,
) -> _Wanted:  # fmt: skip
    connection = snapshot.connection
    parent = plans.head(connection, plan_id, lines=False)
    notes = []
    if flood is None and parent["flood"] is not None:
        standing = floods.newest_standing(connection, parent["flood"])
        flood = None if standing is None else int(standing["id"])
        if flood is None:
            notes.append("原来所按的淹没范围已全部撤回，这个方案没有按水算。")
    ids = list(of) if of is not None else incidents.going_on(connection, parent["incidents"])
    if not ids:
        raise Invalid("没有重算", errors=[FieldError("incidents", "all_over", "方案里的险情都已结束")])
    pins, bars = _by_hand_before(connection, parent) if keep_pins else ({}, frozenset())
    strange = sorted(set(lift) - set(pins.items()) - bars)
    if strange:
        told = "这项手工安排已经不在方案里，请刷新后再看"
        raise Invalid("没有重算", errors=[FieldError("lift", "not_by_hand", told)])
    pins = {t: i for t, i in pins.items() if (t, i) not in lift}
    asked = Asked(
        ids, None if widen else parent["teams"], flood, parent["exercise"], pins, bars.difference(lift),
        replanning=True, decided_at=plans.looked_at(parent), unused=_unused(parent),
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


def _by_hand_before(
    connection: Connection, plan: Mapping[str, Any]
) -> tuple[dict[int, int], frozenset[tuple[int, int]]]:
    """What was set by hand: who goes where, without what teams have reported as done since, and who does not go where.
    Where an incident was merged, of the one that it went into."""
    into = incidents.merged_into(connection, [p["incident"] for p in plan["pins"] if p["incident"] is not None])
    about = incidents.several(connection, list(into))
    done = orders.finished(connection, about.values(), minute.asked(connection, None))
    over = {(f.team, i) for i, found in done.items() for f in found if f.made_at > plans.looked_at(plan)}
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
        set_ = f"，{team}{wanted.by_hand}" if wanted.by_hand else ""
        return (
            f"{plans.HOW[wanted.how]}方案稿 {numbers.said(made)}{from_}{set_}："
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
