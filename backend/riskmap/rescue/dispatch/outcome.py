"""What became of an order: how a team or the officer who rang it marks it, and how a wrong mark is corrected (更正)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from riskmap.base import clock
from riskmap.base.errors import Conflict, FieldError, Invalid, NotFound
from riskmap.rescue import log, minute, numbers
from riskmap.rescue.dispatch import incidents, marks, orders, plans, seen, teams
from riskmap.rescue.rights import commander
from riskmap.store.snapshot import Snapshot


def mark(
    snapshot: Snapshot, order_id: int, *, what: str, at: datetime | None, how: str, note: str, key: str | None = None
) -> None:
    """What became of an order. Under a `key` that came before nothing is written again. Raises Conflict where it is
    over or marked so already, Invalid for a time that cannot be."""
    connection = snapshot.connection
    orders.lock(connection, order_id)
    now = minute.asked(connection, None)
    order = _his(snapshot, order_id, now)
    if key is not None and marks.sent_before(connection, order_id, key, what):
        return
    if order["status"] in marks.OVER:
        last = order["marks"][-1]
        raise Conflict(
            f"这份调度令已由 {last['by']} 于 {clock.minute(last['at'])} 记为{marks.TITLES[order['status']]}，不能再记。"
            "记错了请先更正那一条。",
            code="over", now={"status": order["status"], "by": last["by"], "at": last["at"]},
        )  # fmt: skip
    if what == "cancelled" and not note:
        raise Invalid("没有记下", errors=[FieldError("note", "required", "撤销要写明原因")])
    then = minute.local(at) if at else now
    if not order["ordered_at"] - timedelta(minutes=1) <= then <= now + minute.AHEAD:
        told = "时间在下令以前，请核对" if then < order["ordered_at"] else "时间在现在以后，请核对"
        raise Invalid("没有记下", errors=[FieldError("at", "bad_time", told)])
    _ensure_next(order, what, then)
    _write(snapshot, order, what, at=then, how=how, note=note, key=key)
    _note(snapshot, order, f"{marks.TITLES[what]}，{marks.HOW[how]}" + (f"：{note}" if note else ""), what, then)


def correct(
    snapshot: Snapshot, order_id: int, mark_id: int, *, reason: str, instead: str | None, last: int | None = None
) -> None:
    """A mark was wrong: it counts no more, nor what it said of the team; `instead`: what it should have been, at the
    same time. Both stay readable. Raises Conflict where another has corrected it, or where the team would have two
    orders; Forbidden, Invalid, NotFound."""
    connection = snapshot.connection
    exercise: bool = orders.find(snapshot, order_id, minute.asked(connection, None))["exercise"]
    plans.lock(connection, exercise)  # an order that goes on again is for who accepts a plan to know
    orders.lock(connection, order_id)
    order = _his(snapshot, order_id, minute.asked(connection, None))
    wrong = next((m for m in (*order["marks"], *order["taken_back"]) if m["id"] == mark_id), None)
    if wrong is None:
        raise NotFound("这份调度令没有这条记录，请刷新后再选。")
    if wrong["taken_back"]:
        back = wrong["taken_back"]
        raise Conflict(f"这条已由 {back['by']} 于 {clock.minute(back['at'])} 更正。", code="corrected", now=back)
    newest = order["marks"][-1]
    if last is not None and newest["id"] > last:
        raise Conflict(
            f"刚由 {newest['by']} 于 {clock.minute(newest['at'])} 记为{newest['what_title']}，没有更正。"
            "请先看过再更正。",
            code="marked_since", now={"what": newest["what"], "by": newest["by"], "at": newest["at"]},
        )  # fmt: skip
    if wrong["how"] == "system":
        raise Conflict("这份调度令是随方案收回的，不能单独更正。要再派这支队伍，请重算方案。", code="by_plan")
    if "cancelled" in {wrong["what"], instead}:
        commander(snapshot.reader)
    if instead == wrong["what"]:
        raise Invalid("没有更正", errors=[FieldError("instead", "same", "与原来记的一样，请改选，或选不改记")])
    marks.take_back(snapshot, mark_id, reason)
    now = minute.asked(connection, None)
    order = orders.find(snapshot, order_id, now)
    if instead is not None:
        if order["status"] in marks.OVER:
            told = f"这份调度令另有{marks.TITLES[order['status']]}的记录，不能再改记"
            raise Invalid("没有更正", errors=[FieldError("instead", "over", told)])
        _ensure_next(order, instead, wrong["at"], "instead")
        _write(
            snapshot, order, instead, at=wrong["at"], how=wrong["how"], note=reason if instead == "cancelled" else ""
        )
        now = minute.asked(connection, None)
    reopened = wrong["what"] in marks.OVER and order["status"] not in marks.OVER and instead not in marks.OVER
    gone = orders.struck_off(snapshot, [order["team"]["id"]]) if reopened else {}
    for how in gone.values():
        raise Conflict(f"队伍{how}，这份令不能再执行，没有更正。请改记为完成或撤销。", code="struck_off")
    others = orders.open_of(connection, order["team"]["id"], exercise=exercise, at=now)
    if order_id in others and len(others) > 1:
        other = numbers.said(next(o for o in others if o != order_id))
        raise Conflict(
            f"队伍正按调度令 {other} 行动，这样更正它就有两份没有完成的令。请改记为撤销，或先处理调度令 {other}。",
            code="two_orders", now={"orders": others},
        )  # fmt: skip
    said = f"更正：{wrong['by']} {clock.minute(wrong['at'])} 记的{wrong['what_title']}不算，原因：{reason}"
    said += f"；改记为{marks.TITLES[instead]}" if instead else ""
    _note(snapshot, order, said, "corrected", wrong["at"])


def _his(snapshot: Snapshot, order_id: int, at: datetime) -> dict[str, Any]:
    """An order of a team that the reader sees in full, as who reports its status does. Raises NotFound."""
    order = orders.find(snapshot, order_id, at)
    team = order["team"]["id"]
    if team is None or seen.forms(snapshot, [team], any_life=True).get(team) != "full":
        raise NotFound("没有这份调度令，或您无权查看。")
    return order


def _ensure_next(order: Mapping[str, Any], what: str, at: datetime, field: str = "at") -> None:
    """Raises Conflict for what is marked already, Invalid for a step that would be later than one that follows it."""
    before = next((m for m in order["marks"] if m["what"] == what), None)
    if before is not None:
        raise Conflict(
            f"已由 {before['by']} 于 {clock.minute(before['at'])} 记为{before['what_title']}，没有再记。"
            "时间不对请更正那一条。",
            code="marked", now={"what": what, "by": before["by"], "at": before["at"]},
        )  # fmt: skip
    if what not in marks.STEPS:
        return
    farther = [m for m in order["marks"] if m["what"] in marks.STEPS[marks.STEPS.index(what) + 1 :] and m["at"] < at]
    if farther:
        first = min(farther, key=lambda m: m["at"])
        told = f"已于 {clock.minute(first['at'])} {first['what_title']}，{marks.TITLES[what]}应在那以前"
        told += "，请写明时间" if field == "at" else ""
        raise Invalid("没有记下", errors=[FieldError(field, "bad_time", told)])


def _write(
    snapshot: Snapshot, order: Mapping[str, Any], what: str, *, at: datetime, how: str, note: str,
    key: str | None = None,
) -> None:  # fmt: skip
    """The mark, and what it says of the team."""
    made = marks.add(snapshot, order["id"], what, at=at, how=how, note=note, key=key)
    place = None
    if what == "arrival":
        place = incidents.place_of(incidents.find(snapshot.connection, order["incident"]))
    teams.follow(
        snapshot, order["team"]["id"], what, at=at, place=place, order_id=order["id"], mark_id=made,
        exercise=order["exercise"],
    )  # fmt: skip


def _note(snapshot: Snapshot, order: Mapping[str, Any], said: str, what: str, at: datetime) -> None:
    title = marks.TITLES.get(what, "更正")
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="调度", exercise=order["exercise"],
        what=f"调度令 {order['number']}（{order['team']['name']}→险情 {numbers.said(order['incident'])}）{said}",
        ref={"kind": "order", "id": order["id"]}, body={"at": at},
        about=log.About(
            order["team"]["id"],
            f"调度令 {order['number']} {title}",
            f"调度令 {order['number']} {title}（队伍无权查看）",
        ),
    )  # fmt: skip
