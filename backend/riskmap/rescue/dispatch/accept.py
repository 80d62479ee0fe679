"""Accepting a plan: one act by an account that may dispatch, one transaction, whole or not at all.

Acceptances are numbered, what is real and what is exercised apart. A plan names the number that it was made upon: of
two officers who accept upon the same picture one does, and the other is told who was first.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import text

from riskmap.base import clock
from riskmap.base.errors import Conflict, Forbidden, Invalid
from riskmap.rescue import log, minute, numbers, persons
from riskmap.rescue.dispatch import changes, incidents, marks, orders, plans, seen, teams
from riskmap.store.snapshot import Snapshot


def accept(snapshot: Snapshot, plan_id: int) -> int:
    """The plan holds: its orders are issued, what it turns is taken back, teams are out; its number.

    Raises Conflict with who was first, or with what is not so any more; Invalid for a plan that changes nothing.
    """
    connection, by = snapshot.connection, snapshot.reader.name
    exercise: bool = plans.head(connection, plan_id)["exercise"]
    plans.lock(connection, exercise)
    plan = plans.head(connection, plan_id)  # again, behind the lock
    _ensure_first(snapshot, plan)
    body = plan["body"]
    new = [a for a in body["assignments"] if a["order"] is None]
    back = changes.withdrawn(body)
    if not new and not back:
        raise Invalid("这个方案没有新的派出，也没有收回，不用采纳。", code="nothing")
    # An order by which nobody comes any more moves nobody: whoever sends another may take it back.
    _ensure_seen(snapshot, {a["team"] for a in new} | {one["team"] for one in back if not one.get("turned_back")})
    incidents.lock(connection, [a["incident"] for a in body["assignments"]])
    now = minute.asked(connection, None)
    about = incidents.several(connection, [a["incident"] for a in body["assignments"]], now)
    over = [i for i, one in about.items() if one["state"] != "open"]
    if over:
        said = "、".join(f"{numbers.said(i)} {incidents.STATES[about[i]['state']]}" for i in over)
        raise Conflict(f"险情 {said}，方案没有采纳。请重算。", code="incident_over", now={"incidents": over})
    _ensure_in_place(snapshot, body, {a["incident"] for a in new}, about)
    sent = {a["team"] for a in new}
    by_id = {t.id: t for t in teams.all_of(snapshot, exercise=exercise, at=now, ids=sorted(sent)) if t.id in sent}
    _ensure_running(snapshot, exercise, back)
    _ensure_no_other(snapshot, exercise, by_id, back)
    _ensure_in_use(by_id, new)
    lost = orders.struck_off(snapshot, sent - by_id.keys())
    _ensure_free(by_id, sent, lost, turned={a["team"] for a in new if a.get("rerouted") is not None})
    number: int = plan["based_on"] + 1
    named = numbers.plan_said(number, exercise)
    connection.execute(
        text(
            "INSERT INTO rescue_plan_accepted (plan_id, exercise, number, by, account_id)"
            " VALUES (:plan, :exercise, :number, :by, :account)"
        ),
        {
            "plan": plan_id, "exercise": exercise, "number": number, "by": by,
            "account": snapshot.reader.account_id,
        },
    )  # fmt: skip
    turned = {a.get("rerouted") for a in new}
    gone = orders.turned_back(snapshot, exercise=exercise, at=now)
    called = {row["id"]: row["name"] for row in seen.every(snapshot, [one["team"] for one in back])}
    for one in back:
        why = (
            f"队伍{gone[one['order']]['left']}" if one["order"] in gone
            else "改道，另有新令" if one["order"] in turned else "改派或收回"
        )  # fmt: skip
        made = marks.add(snapshot, one["order"], "cancelled", at=None, how="system", note=f"{named}：{why}")
        name = called.get(one["team"], f"队伍 {one['team']}")
        orders.note_taken_back(snapshot, one, name, f"随{named}：{why}", exercise, plan["flood"])
        if one["team"] not in sent:
            teams.follow(snapshot, one["team"], "cancelled", order_id=one["order"], mark_id=made, exercise=exercise)
    parties = persons.of_objects(snapshot, sent)
    for one in new:
        orders.issue(
            snapshot,
            plan_id,
            one,
            about[one["incident"]],
            by_id[one["team"]],
            parties.get(one["team"], ()),
            exercise,
            plan["flood"],
        )
    again = len(changes.renewed(body, about))
    # Last: who looks back at this entry sees the whole act.
    log.note(
        connection, by=by, kind="调度", exercise=exercise, flood_id=plan["flood"],
        what=f"采纳{named}（方案稿 {numbers.said(plan_id)}）：派出 {len(new)} 支，"
        f"收回 {len(back) - again} 份调度令，"
        + (f"改发新令 {again} 份，" if again else "")
        + f"没有队伍的险情 {len(body['unreachable'])} 处",
        ref={"kind": "plan", "id": plan_id},
        body={"number": number, "orders": len(new), "cancelled": [o["order"] for o in back]},
    )  # fmt: skip
    return number


def _ensure_first(snapshot: Snapshot, plan: Mapping[str, Any]) -> None:
    plans.ensure_proposed(plan, "没有再采纳")
    last = plans.last_accepted(snapshot.connection, plan["exercise"])
    if last is not None and last["number"] != plan["based_on"]:
        raise Conflict(
            f"{last['by']} 已于 {clock.second(last['at'])} 采纳{numbers.plan_said(last['number'], plan['exercise'])}"
            f"（方案稿 {numbers.said(last['plan'])}），您的方案是在它以前拟的，没有采纳。请重算，看过差别再采纳。",
            code="overtaken", now=last,
        )  # fmt: skip


def _ensure_in_place(
    snapshot: Snapshot, body: Mapping[str, Any], sent: set[int], about: Mapping[int, Mapping[str, Any]]
) -> None:
    """Raises Conflict where an incident to which somebody is sent has been moved: the way and the time are of where it
    was. Other facts that changed are told beside the button."""
    changed = [i for i in sorted(sent) if about[i]["version"] != body["versions"][str(i)]]
    before = incidents.several(snapshot.connection, changed, datetime.fromisoformat(body["looked_at"]))
    moved = [i for i in changed if incidents.place_of(before[i]) != incidents.place_of(about[i])]
    if moved:
        said = "、".join(map(numbers.said, moved))
        raise Conflict(
            f"险情 {said} 的位置在拟方案以后改过，方案里的路和时间到的是原来的地方，方案没有采纳，请重算。",
            code="incident_changed", now={"incidents": moved},
        )  # fmt: skip


def _ensure_seen(snapshot: Snapshot, sent: set[int]) -> None:
    """Raises Forbidden for a plan that moves teams which are not his to see: who has them accepts it."""
    forms = seen.forms(snapshot, sent)
    hidden = sum(forms.get(t) != "full" for t in sent)
    if hidden:
        raise Forbidden(
            f"方案里有 {hidden} 支队伍您无权查看，请由管得到这些队伍、有调度权的人采纳，或只选您的队伍重拟。"
        )


def _ensure_running(snapshot: Snapshot, exercise: bool, back: Sequence[Mapping[str, Any]]) -> None:
    """Raises Conflict where an order that is to be taken back has come to its end meanwhile, or its team has arrived;
    behind the lock under which marks are written.
    """
    connection = snapshot.connection
    for order in sorted(one["order"] for one in back):
        orders.lock(connection, order)
    running = orders.open_by_team(connection, exercise=exercise, at=minute.asked(connection, None))
    gone = []
    for one in back:
        now = running.get(one["team"])
        if now is None or now["id"] != one["order"] or now["arrived"]:
            gone.append(one["order"])
    if gone:
        said = "、".join(numbers.said(o) for o in gone)
        raise Conflict(
            f"拟方案以后调度令 {said} 已到达、完成或撤销，方案没有采纳，请重算。",
            code="team_changed",
            now={"orders": gone},
        )
    away = orders.turned_back(snapshot, exercise=exercise, at=minute.asked(connection, None))
    again = [one["order"] for one in back if one.get("turned_back") and one["order"] not in away]
    if again:
        said = "、".join(numbers.said(o) for o in again)
        raise Conflict(
            f"拟方案以后队伍又按调度令 {said} 行动，方案没有采纳，请重算。", code="team_changed", now={"orders": again}
        )


def _ensure_no_other(
    snapshot: Snapshot, exercise: bool, by_id: Mapping[int, teams.Team], back: Sequence[Mapping[str, Any]]
) -> None:
    """Raises Conflict where an order of a team that is sent has come to hold again since: its end was corrected."""
    running = orders.open_by_team(snapshot.connection, exercise=exercise, at=minute.asked(snapshot.connection, None))
    taken = {one["order"] for one in back}
    again = [(t, running[t]["id"]) for t in sorted(by_id) if t in running and running[t]["id"] not in taken]
    if again:
        said = "、".join(f"{by_id[t].row['name']}（调度令 {numbers.said(o)}）" for t, o in again)
        raise Conflict(
            f"拟方案以后更正了记录，{said}又在执行任务，方案没有采纳，请重算。", code="team_changed",
            now={"teams": [t for t, _ in again]},
        )  # fmt: skip


def _ensure_in_use(by_id: Mapping[int, teams.Team], new: Sequence[Mapping[str, Any]]) -> None:
    """Raises Conflict where a team that is sent is out of use and the plan does not say so: nobody has decided that."""
    named = [
        f"{found.row['name']}{found.out_of_use}" for a in new
        if (found := by_id.get(a["team"])) is not None and found.out_of_use and not a.get("out_of_use")
    ]  # fmt: skip
    if named:
        raise Conflict(
            f"拟方案以后{'、'.join(named)}，方案没有采纳。请重算，要派这支队伍请手工指定。", code="team_changed",
            now={"teams": named},
        )  # fmt: skip


def _ensure_free(by_id: Mapping[int, teams.Team], sent: set[int], gone: Mapping[int, str], *, turned: set[int]) -> None:
    """Raises Conflict where a team is live no more (`gone`: how that is said), or has reported since that it cannot be
    sent. `turned`: under way to the same incident, whatever it reports of that.
    """
    named = []
    for team in sorted(sent):
        found = by_id.get(team)
        if found is None:
            named.append(f"队伍 {team} {gone.get(team, '')}")
        elif found.status in {"到达", "休整"} or (
            found.status in {"出动", "在途"} and team not in turned and (found.told or {}).get("order_id") is None
        ):
            named.append(f"{found.row['name']}现为{found.status}")
    if named:
        raise Conflict(
            f"拟方案以后队伍有变化：{'、'.join(named)}。方案没有采纳，请重算。", code="team_changed",
            now={"teams": named},
        )  # fmt: skip
