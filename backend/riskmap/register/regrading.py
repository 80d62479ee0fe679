"""等级待复核: what waits to be confirmed, and its confirmation as a change of the register like any other."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, text

from riskmap.base import clock
from riskmap.base.audit import dump_json
from riskmap.base.errors import Conflict, Forbidden, Invalid, NotFound
from riskmap.grading import headwater, masking, review
from riskmap.grading.judge import Judge
from riskmap.grading.record import step_of
from riskmap.grading.rules import RULES
from riskmap.register import beside, queries
from riskmap.register.service import check_catalogue
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store import write
from riskmap.store.snapshot import Snapshot

_OPEN = "outcome IS NULL"


def waiting(
    snapshot: Snapshot,
    selection: Selection,
    limit: int,
    after: int | None,
    only: int | None = None,
    kind: str | None = None,
) -> dict[str, Any]:
    """Open lines about objects of a selection that the reader sees in full, with the total: first those that change a
    level, then those that change a value alone, each from the oldest on.

    `after`: the id of the line where the page before ended. `only`: one object of the selection.
    """
    if not snapshot.moment.is_present:
        raise Invalid("等级待复核只有现在的一份，请去掉回看的日期")
    compiled = compile_selection(selection, snapshot)
    full = compiled.only("full")
    answer: dict[str, Any] = {
        "items": [],
        "total": 0,
        "levels": 0,
        "values": 0,
        "next": None,
        "state": snapshot.moment.n,
    }
    if full is None:
        return answer
    objects = full.rows("id, name, class, division")
    lines = (
        "SELECT r.id, r.object_id, r.scale, r.kind, r.before, r.after, r.causes, r.state, r.at, o.name, o.class,"
        f" o.division FROM grade_review AS r JOIN ({objects}) AS o ON o.id = r.object_id WHERE r.{_OPEN}"
        " AND (CAST(:only AS bigint) IS NULL OR r.object_id = :only)"
    )
    values = {**full.binds.values, "only": only, "kind": kind, "after": after, "most": limit + 1}
    connection = snapshot.connection
    told = "count(*) FILTER (WHERE kind = 'level') AS levels, count(*) FILTER (WHERE kind = 'value') AS values"
    counts = connection.execute(text(f"SELECT {told} FROM ({lines}) AS l"), values).mappings().one()
    answer |= {**counts, "total": sum(n for name, n in counts.items() if kind is None or name == f"{kind}s")}
    # The page before ended at a line of the same list, closed or not.
    behind = "(SELECT kind = 'value', id FROM grade_review WHERE id = :after)"
    found = connection.execute(
        text(
            f"SELECT * FROM ({lines}) AS l WHERE (CAST(:kind AS text) IS NULL OR kind = :kind)"
            f" AND (CAST(:after AS bigint) IS NULL OR (kind = 'value', id) > {behind})"
            " ORDER BY kind = 'value', id LIMIT :most"
        ),
        values,
    )
    rows = list(found.mappings())
    more, rows = len(rows) > limit, rows[:limit]
    named = beside.masked(snapshot, [cause["object"] for row in rows for cause in row["causes"]])
    for row in rows:
        causes = [{"change": review.said(cause)} | named[cause["object"]] for cause in row["causes"]]
        answer["items"].append(
            {
                "id": row["id"],
                "kind": row["kind"],
                "object": {"id": row["object_id"], "name": row["name"], "class": row["class"]},
                "division": row["division"] or None,
                "scale": row["scale"],
                **{name: _without_figures(snapshot, row["class"], row[name]) for name in ("before", "after")},
                "cause": causes[0] | {"others": len(causes) - 1} if causes else None,
                "causes": causes,
                "state": row["state"],
                "at": row["at"].isoformat(timespec="seconds"),
            }
        )
    if more:
        answer["next"] = rows[-1]["id"]
    return answer


def _without_figures(snapshot: Snapshot, code: str, said: Mapping[str, Any]) -> dict[str, Any]:
    """Half a line without R and its persons, where they rest on a field that the reader may not read."""
    class_ = snapshot.catalogue.classes.get(code)
    rule = RULES.get(class_.rule or "") if class_ else None
    if class_ is None or rule is None or not rule.reads & masking.unread(class_, snapshot.reader.tier):
        return dict(said)
    return {**said, "R": "无权查看", "exposed": None}


def downstream(snapshot: Snapshot, object_id: int) -> dict[str, Any]:
    """Whether a tailings pond is a 头顶库 by what is registered downstream today, with the arithmetic.

    `value` null: not assessed, for want of a path or of a position.
    """
    row = queries.one(snapshot, object_id)
    class_ = snapshot.catalogue.classes.get(row["class"]) if row else None
    if row is None or row["form"] != "full" or class_ is None or class_.rule != headwater.RULE:
        raise NotFound("没有这座尾矿库，或您无权查看。")
    if not snapshot.moment.is_present:
        raise Invalid("头顶库只按现在登记的下游核定，请去掉回看的日期")
    answer: dict[str, Any] = {"state": snapshot.moment.n, "declared": (row["attributes"] or {}).get("headwater")}
    attributes = row["attributes"] or {}
    found = headwater.look(snapshot.connection, snapshot.catalogue, attributes, row["geometry"], snapshot.moment.day)
    if found is None:
        return answer | {"value": None, "verdict": "未评定，缺位置和下泄路径", "along": None, "places": [], "trace": []}
    named = beside.masked(snapshot, [place.id for place in found.places])
    result = found.result
    notes = list(result.notes)
    if not found.places:  # nothing registered is not nobody there
        notes.append("图上查得 0 处：下游没有登记的住处或重要设施")
        if persons := attributes.get("downstream_persons"):
            notes.append(f"所填下游人数为 {persons} 人，图上没有他们的住处，请核对")
    return answer | {
        "value": result.level or None,
        "verdict": result.verdict,
        "standard": result.edition,
        "along": str(found.along),
        "trace": [step_of(step) for step in result.steps] if _may_read(found, named) else [],
        "notes": notes,
        "confidence": str(result.tag),
        "places": [{**named[p.id], "length_m": round(p.length_m, 1), "off_m": round(p.off_m, 1)} for p in found.places],
    }


def _may_read(found: headwater.Found, named: Mapping[int, Mapping[str, Any]]) -> bool:
    """Whether the arithmetic names nobody that the reader may not see: it names the nearest."""
    return not found.places or named[found.places[0].id]["object"] is not None


def confirm(snapshot: Snapshot, review_id: int, note: str, expected: Mapping[str, Any]) -> dict[str, Any]:
    """Grade the object anew, from today on, as whoever confirms has seen it (`expected`: before and after).

    Refused with what it would be by now where it comes out otherwise.
    """
    connection, reader = snapshot.connection, snapshot.reader
    if not reader.writes:
        raise Forbidden("当前账号只能查看。需要确认等级，请登录有编辑权限的账号。")
    line = _line(connection, review_id)
    seen = queries.row_of(connection, line["object_id"]) if line else None
    if line is None or seen is None:
        raise NotFound("没有这条待复核，或您无权查看。")
    write.check_writable(reader, seen)
    if line["outcome"] is not None:
        raise Conflict("这条待复核已经处理过了，请刷新。", code="closed")
    taken = write.take_state(connection, reader, f"确认等级 {seen['name']}")
    check_catalogue(snapshot, taken)
    line = _line(connection, review_id)
    old = queries.row_of(connection, seen["id"], lock=True)
    assert line is not None
    if line["outcome"] is not None or old is None or old["ended_reason"] is not None:
        raise Conflict("这条待复核刚刚已经处理，或对象已注销，请刷新。", code="closed")
    unit = review.Unit(old["id"], old["class"], old["attributes"], old["enterprise"], old["grading"])
    judge = Judge.on(snapshot.catalogue, reader.name, clock.now())
    graded = review.regrade(connection, judge, unit, taken.day)
    made = review.computed(graded.grading) if graded else None
    was = unit.computed
    if graded is None or not made or was is None:
        raise Conflict("这个对象现在算不出等级，没有确认。请打开对象核对填写的资料。", code="review_moved")
    before, after = review.shown(was), review.shown(made)
    halves = {"before": before, "after": after}
    now = {name: _without_figures(snapshot, old["class"], half) for name, half in halves.items()}
    if any(now[name][key] != expected[name][key] for name in now for key in _COMPARED):
        message = "您打开以后，这个对象或它周边又有变化，没有确认。请看过现在的结果再定。"
        raise Conflict(message, code="review_moved", now={**now, "kind": review.kind_of(was, made)})
    made = {**made, "confirmed": {"by": reader.name, "at": taken.at.isoformat(timespec="seconds"), "note": note}}
    grading = [made if g["how"] == "computed" else g for g in graded.grading]
    row = old | graded.columns | {"grading": grading}
    write.change(connection, reader, taken, old, row, taken.day)
    connection.execute(
        text(
            "UPDATE grade_review SET outcome = 'confirmed', before = CAST(:before AS jsonb),"
            " after = CAST(:after AS jsonb), closed_state = :n, closed_at = :at, closed_by = :by, note = :note"
            " WHERE id = :id"
        ),
        {
            "id": review_id,
            "before": dump_json(before),
            "after": dump_json(after),
            "n": taken.n,
            "at": taken.at,
            "by": reader.name,
            "note": note,
        },
    )
    write.write_audit(
        connection, reader, taken, "regrade", old["id"], {"level": before}, {"level": after, "note": note}
    )
    return {"object": old["id"], "state": taken.n, **now}


# What somebody who confirms must have seen as it is.
_COMPARED = ("value", "R", "exposed")


def _line(connection: Connection, review_id: int) -> dict[str, Any] | None:
    found = connection.execute(text("SELECT object_id, outcome FROM grade_review WHERE id = :id"), {"id": review_id})
    row = found.mappings().one_or_none()
    return None if row is None else dict(row)
