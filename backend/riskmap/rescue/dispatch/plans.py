"""Plans as they are kept: read, listed, returned; which holds, and the lock under which one is accepted.

A plan is a proposal in a row of its own that is never changed: what is changed by hand or made anew is a further one
with its parent, and the difference between the two is shown before either is accepted.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from riskmap.base import clock
from riskmap.base.errors import Conflict, Forbidden, NotFound
from riskmap.rescue import log, minute, numbers
from riskmap.store.snapshot import Snapshot

HOW = {"made": "新拟", "changed": "手工调整", "replanned": "重算"}


def looked_at(plan: Mapping[str, Any]) -> datetime:
    """The minute whose picture a plan was decided on."""
    return datetime.fromisoformat(plan["body"]["looked_at"])


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
    return [top(dict(r)) for r in rows.mappings()]


def top(plan: Mapping[str, Any]) -> dict[str, Any]:
    """A plan without what is in it, for the page."""
    kept = {k: v for k, v in plan.items() if k not in {"body", "pins"}}
    return kept | {"how_title": HOW[plan["how"]], "accepted": plan["accepted_number"] is not None}


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
