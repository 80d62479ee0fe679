"""Response levels (响应): started, changed and ended by a commander, each an act of its own, with what is to be done.

One runs of a kind, for an area, in earnest and one in exercise: turns are unique, and so are the steps of each, so
that two commanders cannot act against each other. At each level the list of acts in force is copied; what the level
before asked for and this one does not is dropped, and what both ask for goes on with its ticks, by the clock that ends
first.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from riskmap.access.reader import Reader, canonical_division, territory
from riskmap.base import clock
from riskmap.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from riskmap.exchange.division_names import division_names_of
from riskmap.rescue import acts, log, minute, warning
from riskmap.rescue.acts import LEVELS
from riskmap.store.snapshot import Snapshot

STATES = {"open": "未办", "done": "完成", "not_applicable": "不适用", "dropped": "不再要求"}
_MOST = 500


def _name(snapshot: Snapshot, division: str) -> str:
    return division_names_of(snapshot).words(division) or division


def _ensure_area(reader: Reader, division: str) -> None:
    """Raises Forbidden for a commander of another area."""
    if not reader.in_areas(territory(division)):
        raise Forbidden("响应区域不在您的管理区域内，请由该区域有调度权的人操作。")


def _ensure_part(reader: Reader, division: str) -> None:
    """Who does an act of a response: whose area it is for, or has a part of it. Raises Forbidden for any other."""
    of = territory(division)
    if not reader.in_areas(of) and not any(prefix.startswith(of) for prefix in reader.area_prefixes):
        raise Forbidden("响应区域与您的管理区域无关，没有记下。请由该区域的人办理。")


# -- Acts of a commander ---------------------------------------------------------------


def start(
    snapshot: Snapshot, *, kind: str, level: int, division: str, basis: str, warning_id: int | None, exercise: bool
) -> int:
    """Start a response with its list of acts; its id. Raises Conflict with who was first, Invalid, Forbidden."""
    connection, reader = snapshot.connection, snapshot.reader
    division = canonical_division(division)
    known = {territory(d["code"]) for d in division_names_of(snapshot).divisions}
    if len(division) not in (6, 9, 12) or (known and territory(division) not in known):
        told = "没有这个区划，请从本市的区划里选"
        raise Invalid("响应区域有误", errors=[FieldError("division", "unknown_division", told)])
    _ensure_area(reader, division)
    if warning_id is not None and warning.find(connection, warning_id)["exercise"] != exercise:
        told = "实战的响应不能以演练的预警为依据，反之亦然"
        raise Invalid("依据的预警有误", errors=[FieldError("warning", "other_kind", told)])
    asked = {"kind": kind, "division": division, "exercise": exercise}
    last = _last_turn(connection, asked)
    if last is not None and last["running"]:
        raise _first(last)
    made = connection.execute(
        text(
            "INSERT INTO rescue_response (kind, division, exercise, turn, warning_id, by)"
            " VALUES (:kind, :division, :exercise, :turn, :warning, :by)"
            " ON CONFLICT (kind, division, exercise, turn) DO NOTHING RETURNING response_id"
        ),
        asked | {"turn": last["turn"] + 1 if last else 1, "warning": warning_id, "by": reader.name},
    ).scalar()
    if made is None:  # another was first, and has committed
        raise _first(_last_turn(connection, asked))
    response_id = int(made)
    _step(snapshot, response_id, 1, "start", level, basis)
    _copy_acts(snapshot, response_id, kind, level)
    log.note(
        connection, by=reader.name, kind="响应", exercise=exercise,
        what=f"启动{kind}{LEVELS[level]}应急响应（{_name(snapshot, division)}）：{basis}",
        ref={"kind": "response", "id": response_id},
    )  # fmt: skip
    return response_id


def _last_turn(connection: Connection, asked: Mapping[str, Any]) -> dict[str, Any] | None:
    row = connection.execute(
        text(
            "SELECT r.turn, s.by, s.at, s.level, s.what <> 'end' AS running FROM rescue_response AS r"
            " JOIN rescue_response_step AS s USING (response_id)"
            " WHERE r.kind = :kind AND r.division = :division AND r.exercise = :exercise"
            " ORDER BY r.turn DESC, s.number DESC LIMIT 1"
        ),
        asked,
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def _first(last: Mapping[str, Any] | None) -> Conflict:
    """Who was first."""
    assert last is not None
    level = f"，现为{LEVELS[last['level']]}" if last["level"] else ""
    return Conflict(
        f"这个区域的这类响应已由 {last['by']} 于 {clock.minute(last['at'])} 启动或调整{level}，没有再次启动。"
        "需要改级别请用“调整”。",
        code="running",
        now={"by": last["by"], "at": last["at"], "level": last["level"]},
    )


def change(snapshot: Snapshot, response_id: int, level: int, basis: str, seen: int) -> None:
    """Another level, with its list. Raises Conflict for who was overtaken, Invalid, NotFound, Forbidden."""
    response = _running(snapshot, response_id, seen)
    if response["level"] == level:
        told = f"现在就是{LEVELS[level]}，请选别的级别"
        raise Invalid("级别没有变", errors=[FieldError("level", "same_level", told)])
    _step(snapshot, response_id, seen + 1, "change", level, basis)
    _copy_acts(snapshot, response_id, response["kind"], level)
    word = "升" if level < response["level"] else "降"
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="响应", exercise=response["exercise"],
        what=f"{response['kind']}应急响应（{_name(snapshot, response['division'])}）由{LEVELS[response['level']]}"
        f"{word}为{LEVELS[level]}：{basis}",
        ref={"kind": "response", "id": response_id},
    )  # fmt: skip


def end(snapshot: Snapshot, response_id: int, basis: str, seen: int) -> None:
    """The response ends; what was left open stays so. Raises Conflict, NotFound, Forbidden."""
    response = _running(snapshot, response_id, seen)
    _step(snapshot, response_id, seen + 1, "end", None, basis)
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="响应", exercise=response["exercise"],
        what=f"终止{response['kind']}{LEVELS[response['level']]}应急响应（{_name(snapshot, response['division'])}）："
        f"{basis}",
        ref={"kind": "response", "id": response_id},
    )  # fmt: skip


def _running(snapshot: Snapshot, response_id: int, seen: int) -> dict[str, Any]:
    """A response whose last step is the one that was seen. Raises Conflict, NotFound, Forbidden."""
    response = head(snapshot.connection, response_id)
    _ensure_area(snapshot.reader, response["division"])
    last = _last_step(snapshot.connection, response_id)
    if last["number"] != seen or last["what"] == "end":
        raise _overtaken(last)
    return response | {"level": last["level"]}


def _last_step(connection: Connection, response_id: int) -> dict[str, Any]:
    row = connection.execute(
        text(
            "SELECT number, what, level, at, by FROM rescue_response_step WHERE response_id = :id"
            " ORDER BY number DESC LIMIT 1"
        ),
        {"id": response_id},
    )
    return dict(row.mappings().one())


def _overtaken(last: Mapping[str, Any]) -> Conflict:
    if last["what"] == "end":
        return Conflict(f"响应已由 {last['by']} 终止。", code="ended", now=last)
    return Conflict(
        f"响应刚由 {last['by']} 调整为{LEVELS[last['level']]}，您的操作没有执行。请刷新后再定。",
        code="overtaken",
        now=last,
    )


def _step(snapshot: Snapshot, response_id: int, number: int, what: str, level: int | None, basis: str) -> None:
    done = snapshot.connection.execute(
        text(
            "INSERT INTO rescue_response_step (response_id, number, by, account_id, what, level, basis)"
            " VALUES (:id, :number, :by, :account, :what, :level, :basis)"
            " ON CONFLICT (response_id, number) DO NOTHING"
        ),
        {
            "id": response_id, "number": number, "by": snapshot.reader.name, "account": snapshot.reader.account_id,
            "what": what, "level": level, "basis": basis,
        },
    )  # fmt: skip
    if done.rowcount == 0:
        raise _overtaken(_last_step(snapshot.connection, response_id))


def _copy_acts(snapshot: Snapshot, response_id: int, kind: str, level: int) -> None:
    """What the level asks for: new acts with their clock; those that go on are kept, the others dropped."""
    connection = snapshot.connection
    wanted = acts.in_use(connection, kind, level)["acts"]
    now = minute.asked(connection, None)
    have = {(a["act"], a["department"], a["post"]): a for a in _acts(connection, [response_id], now)}
    keys = {(a["act"], a["department"] or "", a["post"] or ""): a["minutes"] for a in wanted}
    for key, a in have.items():
        if a["from_list"] and key not in keys and a["state"] == "open":
            _mark(snapshot, a["id"], "dropped")
        elif key in keys and a["state"] == "dropped":
            _mark(snapshot, a["id"], "open", minutes=keys[key])
        elif key in keys and a["state"] == "open" and _is_sooner(keys[key], a["due_at"], now):
            _mark(snapshot, a["id"], "timed", minutes=keys[key])
    new = [a for a in wanted if (a["act"], a["department"] or "", a["post"] or "") not in have]
    _add(snapshot, response_id, level, new, len(have), by="")


def _is_sooner(minutes: int | None, due: datetime | None, now: datetime) -> bool:
    """Whether a level's own time, from now on, ends before the clock that runs already."""
    return minutes is not None and (due is None or now + timedelta(minutes=minutes) < due)


def _add(
    snapshot: Snapshot, response_id: int, level: int, new: Sequence[Mapping[str, Any]], after: int, by: str
) -> None:
    if not new:
        return
    at = minute.asked(snapshot.connection, None)  # one for all: their clocks run together
    snapshot.connection.execute(
        text(
            "INSERT INTO rescue_act (response_id, level, ordinal, act, department, post, minutes, at, due_at, by)"
            " SELECT :id, :level, :ordinal, :act, :department, :post, CAST(:minutes AS int), t.at,"
            " t.at + make_interval(mins => CAST(:minutes AS int)), :by"
            " FROM (SELECT CAST(:at AS timestamptz) AS at) AS t"
        ),
        [
            {
                "id": response_id, "level": level, "ordinal": after + i, "act": a["act"],
                "department": a["department"] or "", "post": a["post"] or "", "minutes": a["minutes"], "at": at,
                "by": by,
            }
            for i, a in enumerate(new, 1)
        ],
    )  # fmt: skip


# -- Acts of the list --------------------------------------------------------------------


def add_act(snapshot: Snapshot, response_id: int, act: Mapping[str, Any]) -> None:
    """One more act by hand. Raises Conflict for a response that has ended, Invalid for one that is on the list,
    Forbidden."""
    response = head(snapshot.connection, response_id)
    _ensure_part(snapshot.reader, response["division"])
    last = _last_step(snapshot.connection, response_id)
    if last["what"] == "end":
        raise _overtaken(last)
    have = _acts(snapshot.connection, [response_id], minute.asked(snapshot.connection, None))
    if len(have) >= _MOST:
        raise Invalid(f"一次响应最多 {_MOST} 条行动。", code="too_many_acts")
    if any((a["act"], a["department"], a["post"]) == (act["act"], act["department"], act["post"]) for a in have):
        raise Invalid("清单里已有这一条", errors=[FieldError("act", "duplicate", "清单里已有这一条，请直接勾销")])
    _add(snapshot, response_id, last["level"], [act], len(have), by=snapshot.reader.name)
    _note(snapshot, response, f"“{act['act']}”：另加")


def mark(snapshot: Snapshot, response_id: int, act_id: int, what: str, note: str) -> None:
    """Tick an act, or take a tick back; the newest holds. Also after the end: what is entered late says when."""
    response, act = _act_of(snapshot, response_id, act_id)
    if act["state"] == what:
        by = f"已由 {act['marked_by']} " if act["marked_by"] else "本来就"
        raise Conflict(f"这一条{by}记为“{STATES[what]}”。", code="same_mark", now=act)
    _mark(snapshot, act_id, what, note=note)
    said = "改回未办" if what == "open" else STATES[what]
    _note(snapshot, response, f"“{act['act']}”：{said}" + (f"（{note}）" if note else ""))


def assign(snapshot: Snapshot, response_id: int, act_id: int, person: str, phone: str) -> None:
    """Say who does an act; an empty name takes it back."""
    response, act = _act_of(snapshot, response_id, act_id)
    _mark(snapshot, act_id, "assigned", person=person, phone=phone)
    _note(snapshot, response, f"“{act['act']}”：经办人{person or '未定'}")


def _mark(snapshot: Snapshot, act_id: int, what: str, **more: Any) -> None:
    given = {"person": "", "phone": "", "note": "", "minutes": None} | more
    snapshot.connection.execute(
        text(
            "INSERT INTO rescue_act_mark (act_id, by, what, person, phone, note, minutes)"
            " VALUES (:act, :by, :what, :person, :phone, :note, :minutes)"
        ),
        {"act": act_id, "by": snapshot.reader.name, "what": what, **given},
    )


def _note(snapshot: Snapshot, response: Mapping[str, Any], said: str) -> None:
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="响应", exercise=response["exercise"],
        what=f"{response['kind']}响应（{_name(snapshot, response['division'])}）行动{said}",
        ref={"kind": "response", "id": response["id"]},
    )  # fmt: skip


def _act_of(snapshot: Snapshot, response_id: int, act_id: int) -> tuple[dict[str, Any], dict[str, Any]]:
    connection = snapshot.connection
    response = head(connection, response_id)
    _ensure_part(snapshot.reader, response["division"])
    # Who ticks the same act waits, and then sees what the first has said.
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_act', :id))"), {"id": act_id})
    for act in _acts(connection, [response_id], minute.asked(connection, None)):
        if act["id"] == act_id:
            return response, act
    raise NotFound("没有这一条行动，请刷新后再办。")


# -- Reading -----------------------------------------------------------------------------


_HEAD = (
    "SELECT response_id AS id, kind, division, exercise, warning_id AS warning FROM rescue_response"
    " WHERE response_id = ANY(CAST(:ids AS bigint[]))"
)


def head(connection: Connection, response_id: int) -> dict[str, Any]:
    """A response without its steps. Raises NotFound."""
    found = connection.execute(text(_HEAD), {"ids": [response_id]}).mappings().one_or_none()
    if found is None:
        raise NotFound("没有这次响应，请刷新后再选。")
    return dict(found)


_ENDED = (
    "EXISTS (SELECT FROM rescue_response_step AS s WHERE s.response_id = r.response_id AND s.what = 'end'"
    " AND s.at <= :at)"
)


def listed(
    snapshot: Snapshot, *, exercise: bool, at: datetime, running: bool = False, before: int | None = None,
    limit: int = 100,
) -> tuple[list[dict[str, Any]], int | None]:  # fmt: skip
    """Responses at a minute, each with steps and acts, and the `before` of the next page.

    All that run stand on the first page, then those that ended, the newest first; `running` leaves the latter out.
    """
    asked = {"exercise": exercise, "at": at, "before": before, "limit": limit + 1}
    of = "SELECT r.response_id AS id FROM rescue_response AS r WHERE r.exercise = :exercise AND r.at <= :at"
    connection = snapshot.connection
    ids: list[int] = []
    if before is None:
        ids += connection.scalars(text(f"{of} AND NOT {_ENDED} ORDER BY r.response_id DESC"), asked)
    ended: list[int] = []
    if not running:
        older = "(CAST(:before AS bigint) IS NULL OR r.response_id < :before)"
        ended += connection.scalars(
            text(f"{of} AND {_ENDED} AND {older} ORDER BY r.response_id DESC LIMIT :limit"), asked
        )
    following = ended[limit - 1] if len(ended) > limit else None
    return _bodies(snapshot, [*ids, *ended[:limit]], at), following


def body(snapshot: Snapshot, response_id: int, at: datetime) -> dict[str, Any]:
    """One response as it stood at a minute. Raises NotFound also for one that was not there yet."""
    found = _bodies(snapshot, [response_id], at)
    if not found:
        raise NotFound("没有这次响应，请刷新后再选。")
    return found[0]


def _bodies(snapshot: Snapshot, ids: Sequence[int], at: datetime) -> list[dict[str, Any]]:
    if not ids:
        return []
    connection = snapshot.connection
    steps: dict[int, list[dict[str, Any]]] = {i: [] for i in ids}
    for row in connection.execute(
        text(
            "SELECT response_id, number, at, by, what, level, basis FROM rescue_response_step"
            " WHERE response_id = ANY(CAST(:ids AS bigint[])) AND at <= :at ORDER BY response_id, number"
        ),
        {"ids": list(ids), "at": at},
    ).mappings():
        one = dict(row)
        steps[one.pop("response_id")].append(one | {"level_title": LEVELS.get(row["level"])})
    of: dict[int, list[dict[str, Any]]] = {i: [] for i in ids}
    for act in _acts(connection, ids, at):
        of[act["response"]].append(act)
    heads = {row["id"]: dict(row) for row in connection.execute(text(_HEAD), {"ids": list(ids)}).mappings()}
    return [_body(snapshot, heads[i], steps[i], of[i], at) for i in ids if steps[i]]


def _body(
    snapshot: Snapshot,
    response: dict[str, Any],
    steps: Sequence[Mapping[str, Any]],
    of: Iterable[dict[str, Any]],
    at: datetime,
) -> dict[str, Any]:
    last = steps[-1]
    ended = last if last["what"] == "end" else None
    level = next(s["level"] for s in reversed(steps) if s["level"])
    until = ended["at"] if ended else at
    listed_acts = [act | _clock(act, until) for act in of]
    counts = {state: sum(a["state"] == state for a in listed_acts) for state in STATES}
    return response | {
        "division_name": _name(snapshot, response["division"]), "level": level, "level_title": LEVELS[level],
        "running": ended is None, "started_at": steps[0]["at"], "started_by": steps[0]["by"],
        "ended_at": ended["at"] if ended else None, "ended_by": ended["by"] if ended else None,
        "step": last["number"], "steps": list(steps),
        "counts": counts | {"total": sum(counts.values()) - counts["dropped"],
                            "overdue": sum(a["overdue"] for a in listed_acts)},
        "acts": listed_acts,
    }  # fmt: skip


def _clock(act: Mapping[str, Any], until: datetime) -> dict[str, Any]:
    """Whether an act is overdue at a minute (open after its time), or was done late."""
    due: datetime | None = act["due_at"]
    overdue = due is not None and act["state"] == "open" and until > due
    late = due is not None and act["state"] == "done" and act["marked_at"] > due
    left = None if due is None or act["state"] != "open" else int((due - until) / timedelta(seconds=1))
    return {"overdue": overdue, "late": late, "left_s": left}


def _acts(connection: Connection, ids: Sequence[int], at: datetime) -> list[dict[str, Any]]:
    """Acts with their newest tick and person up to a minute, in their order."""
    rows = connection.execute(
        text(
            "SELECT a.act_id AS id, a.response_id AS response, a.level, a.ordinal, a.act, a.department, a.post,"
            " coalesce(t.minutes, a.minutes) AS minutes, a.at, coalesce(t.due_at, a.due_at) AS due_at,"
            " a.by = '' AS from_list, coalesce(m.what, 'open') AS state,"
            " m.at AS marked_at, m.by AS marked_by, m.note, p.person, p.phone"
            " FROM rescue_act AS a"
            " LEFT JOIN LATERAL (SELECT what, at, by, note FROM rescue_act_mark AS m WHERE m.act_id = a.act_id"
            " AND m.what NOT IN ('assigned', 'timed') AND m.at <= :at ORDER BY m.mark_id DESC LIMIT 1) AS m ON true"
            " LEFT JOIN LATERAL (SELECT nullif(person, '') AS person, nullif(phone, '') AS phone"
            " FROM rescue_act_mark AS m WHERE m.act_id = a.act_id AND m.what = 'assigned' AND m.at <= :at"
            " ORDER BY m.mark_id DESC LIMIT 1) AS p ON true"
            " LEFT JOIN LATERAL (SELECT minutes, at + make_interval(mins => minutes) AS due_at"
            " FROM rescue_act_mark AS m WHERE m.act_id = a.act_id AND m.minutes IS NOT NULL AND m.at <= :at"
            " ORDER BY m.mark_id DESC LIMIT 1) AS t ON true"
            " WHERE a.response_id = ANY(CAST(:ids AS bigint[])) AND a.at <= :at"
            " ORDER BY a.response_id, a.ordinal, a.act_id"
        ),
        {"ids": list(ids), "at": at},
    )
    return [dict(row) | {"state_title": STATES[row["state"]]} for row in rows.mappings()]
