"""一键通: whom to ring for an object, and the calls that were made."""

from datetime import datetime
from typing import Any

from sqlalchemy import text

from riskmap.base.errors import FieldError, Invalid, NotFound
from riskmap.rescue import log, minute, numbers, persons
from riskmap.rescue.dispatch import orders, seen
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot


def listed(snapshot: Snapshot, object_id: int, at: datetime, exercise: bool) -> dict[str, Any]:
    """Whom to ring for an object, in that order, each with the calls to them up to a minute. Raises NotFound."""
    found = seen.live(snapshot, Selection(), [object_id])
    form = seen.forms(snapshot, [object_id]).get(object_id)
    if not found or form is None:
        raise NotFound("没有这个对象，或您无权查看。")
    told = persons.told(snapshot, form, persons.of_objects(snapshot, [object_id]).get(object_id, ()))
    rows = snapshot.connection.execute(
        text(
            'SELECT party_id AS party, at, by, result, note, order_id AS "order" FROM rescue_call'
            " WHERE object_id = :id AND exercise = :exercise AND at <= :at ORDER BY call_id DESC LIMIT 200"
        ),
        {"id": object_id, "exercise": exercise, "at": at},
    )
    made = [dict(r) for r in rows.mappings()]
    items = [
        {"n": i, "party": p["id"], **{k: p[k] for k in ("role", "post", "name", "phone")},
         "calls": [c for c in made if c["party"] == p["id"]]}
        for i, p in enumerate(told, 1)
    ]  # fmt: skip
    note = "" if items else "没有登记责任人" if form == "full" else "责任人无权查看"
    known = {p["id"] for p in told}
    return {
        "object": {"id": object_id, "name": found[0]["name"]}, "items": items, "note": note,
        "calls": [c for c in made if c["party"] not in known],
    }  # fmt: skip


def keep(
    snapshot: Snapshot, *, object: int, party: int | None, result: str, order: int | None, note: str, exercise: bool
) -> int:
    """A call that was made. Raises NotFound, Invalid."""
    now = minute.asked(snapshot.connection, None)
    found = listed(snapshot, object, now, exercise)
    who = next((p for p in found["items"] if p["party"] == party), None)
    if party is not None and who is None:
        told = "这个责任人现在不在名单上，请刷新"
        raise Invalid("没有记下", errors=[FieldError("party", "unknown_party", told)])
    if order is not None:
        of = orders.find(snapshot, order, now)
        if of["exercise"] != exercise or of["team"]["id"] != object:
            told = "这份调度令不是给这支队伍的" if of["exercise"] == exercise else "实战与演练不能混用"
            raise Invalid("没有记下", errors=[FieldError("order", "other_order", told)])
    made: int = snapshot.connection.execute(
        text(
            "INSERT INTO rescue_call (object_id, party_id, by, result, note, order_id, exercise) VALUES"
            " (:object, :party, :by, :result, :note, :order_id, :exercise) RETURNING call_id"
        ),
        {
            "object": object, "party": party, "by": snapshot.reader.name, "result": result, "note": note,
            "order_id": order, "exercise": exercise,
        },
    ).scalar_one()  # fmt: skip
    name = f"{who['role']} {who['name'] or who['post']}".strip() if who else "另行联系"
    about = "" if order is None else f"，调度令 {numbers.said(order)}"
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="调度", exercise=exercise,
        what=f"电话 {found['object']['name']}（{name}{about}）：{result}" + (f"，{note}" if note else ""),
        ref={"kind": "call", "id": made, "order": order},
        about=log.About(object, f"电话：{result}", f"电话：{result}（对象无权查看）"),
    )  # fmt: skip
    return made
