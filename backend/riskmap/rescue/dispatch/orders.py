"""Orders (调度令): made when a plan is accepted, with what became of each as marks that are only added to."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from riskmap.base import clock
from riskmap.base.audit import dump_json
from riskmap.base.errors import Conflict, FieldError, Invalid, NotFound
from riskmap.rescue import log, minute, persons
from riskmap.rescue.dispatch import incidents, seen, teams, ways
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

MARKS = {"receipt": "签收", "departure": "出发", "arrival": "到达", "result": "完成", "cancelled": "撤销"}
HOW = {"phone_page": "手机页", "call": "电话", "system": "随方案"}
_OVER = ("result", "cancelled")
# What a mark says of the team.
_STATUS: Mapping[str, teams.Status] = {"departure": "在途", "arrival": "到达", "result": "返回"}
_ORDER = ("receipt", "departure", "arrival", "result")  # how far an order has come: the farthest that was marked
STRUCK_OFF = "队伍已从登记里注销，请核实后记完成或撤销"
MOST = 1000  # orders told at once
RECENT = timedelta(hours=12)  # orders that count as load

_SQL = (
    "SELECT o.order_id AS id, o.plan_id AS plan, a.number, o.team_id AS team, o.incident_id AS incident, o.exercise,"
    " o.at, o.by, o.what, o.body FROM rescue_order AS o JOIN rescue_plan_accepted AS a USING (plan_id)"
)
_OPEN = (
    " NOT EXISTS (SELECT FROM rescue_order_mark AS m WHERE m.order_id = o.order_id"
    " AND m.what IN ('result', 'cancelled') AND m.made_at <= :at)"
)


# -- Read ----------------------------------------------------------------------------------


def open_by_team(connection: Connection, *, exercise: bool, at: datetime) -> dict[int, dict[str, Any]]:
    """The open order of each team at a minute: {id, incident, at, arrived, marked_at}."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (o.team_id) o.team_id, o.order_id AS id, o.incident_id AS incident, o.at, EXISTS ("
            "SELECT FROM rescue_order_mark AS m WHERE m.order_id = o.order_id AND m.what = 'arrival'"
            " AND m.made_at <= :at) AS arrived, (SELECT max(m.made_at) FROM rescue_order_mark AS m"
            " WHERE m.order_id = o.order_id AND m.made_at <= :at) AS marked_at FROM rescue_order AS o"
            " WHERE o.exercise = :exercise AND o.at <= :at AND"
            + _OPEN + " ORDER BY o.team_id, o.order_id DESC"
        ),
        {"exercise": exercise, "at": at},
    )  # fmt: skip
    return {r["team_id"]: {k: r[k] for k in ("id", "incident", "at", "arrived", "marked_at")} for r in rows.mappings()}


def turned_back(connection: Connection, *, exercise: bool, at: datetime) -> dict[int, dict[str, Any]]:
    """Open orders at a minute whose team has gone home or rests since, each with its report: nobody comes by them any
    more, whatever was marked before."""
    told = teams.newest(connection, exercise=exercise, at=at)
    running = open_by_team(connection, exercise=exercise, at=at)
    return {o["id"]: told[t] for t, o in running.items() if t in told and _home(o["at"], o["marked_at"], told[t])}


def _home(ordered_at: datetime, marked_at: datetime | None, told: Mapping[str, Any]) -> bool:
    """Whether a team's newest report sends it home, and no order does."""
    return told["order_id"] is None and told["status"] in teams.HOME and _since(ordered_at, marked_at, told)


def _since(ordered_at: datetime, marked_at: datetime | None, told: Mapping[str, Any]) -> bool:
    """Whether a report is newer than an order and than its last mark: who signs an order acts by it, whatever he said
    before. By our clock too, for a telephone's may be fast."""
    return bool(told["at"] > ordered_at and told["made_at"] > max(ordered_at, marked_at or ordered_at))


def told_ways(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The way that each order was given with: {routing, route, boat_leg}, and by which `flood`."""
    rows = connection.execute(
        text(
            "SELECT o.order_id, p.flood_id, a.one FROM rescue_order AS o JOIN rescue_plan AS p USING (plan_id)"
            " CROSS JOIN jsonb_array_elements(p.body->'assignments') AS a (one)"
            " WHERE o.order_id = ANY(CAST(:ids AS bigint[])) AND (a.one->>'team')::bigint = o.team_id"
        ),
        {"ids": list(ids)},
    )
    kept = ("routing", "route", "boat_leg")
    return {r.order_id: {k: r.one[k] for k in kept} | {"flood": r.flood_id} for r in rows}


def running(connection: Connection, incident_ids: Sequence[int], at: datetime) -> list[dict[str, Any]]:
    """Open orders of incidents at a minute: {id, team, incident, travel_s, distance_m, arrived}, as they were told;
    `travel_s` is what was left of it where the team has said since where it is, for a plan begins there too."""
    rows = connection.execute(
        text(
            "SELECT o.order_id AS id, o.team_id AS team, o.incident_id AS incident,"
            " greatest(0, (o.body->>'travel_s')::int - coalesce((SELECT round(extract(epoch FROM s.at - o.at))"
            " FROM rescue_team_status AS s WHERE s.team_id = o.team_id AND s.exercise = o.exercise"
            " AND s.geom IS NOT NULL AND s.at > o.at AND s.made_at <= :at ORDER BY s.at DESC LIMIT 1), 0))::int"
            " AS travel_s,"
            " (o.body->>'distance_m')::float8 AS distance_m, EXISTS (SELECT FROM rescue_order_mark AS m"
            " WHERE m.order_id = o.order_id AND m.what = 'arrival' AND m.made_at <= :at) AS arrived"
            " FROM rescue_order AS o WHERE o.incident_id = ANY(CAST(:ids AS bigint[])) AND o.at <= :at AND"
            + _OPEN + " ORDER BY o.order_id"
        ),
        {"ids": list(incident_ids), "at": at},
    )  # fmt: skip
    return [dict(r) for r in rows.mappings()]


def loads(connection: Connection, *, exercise: bool, at: datetime) -> dict[int, int]:
    """How many orders each team was given of late; those that were taken back do not count."""
    rows = connection.execute(
        text(
            "SELECT o.team_id, count(*) AS n FROM rescue_order AS o WHERE o.exercise = :exercise AND o.at <= :at"
            " AND o.at > :since AND NOT EXISTS (SELECT FROM rescue_order_mark AS m WHERE m.order_id = o.order_id"
            " AND m.what = 'cancelled' AND m.made_at <= :at) GROUP BY 1"
        ),
        {"exercise": exercise, "at": at, "since": at - RECENT},
    )
    return {row.team_id: row.n for row in rows}


def listed(
    snapshot: Snapshot, *, exercise: bool, at: datetime, incident: int | None = None, plan: int | None = None,
    team: int | None = None, running: bool = False, ids: Sequence[int] | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """The newest orders at a minute, at most MOST, the newest first, as the reader gets them."""
    rows = snapshot.connection.execute(
        text(
            _SQL + " WHERE o.exercise = :exercise AND o.at <= :at AND (CAST(:incident AS bigint) IS NULL OR"
            " o.incident_id = :incident) AND (CAST(:plan AS bigint) IS NULL OR o.plan_id = :plan)"
            " AND (CAST(:team AS bigint) IS NULL OR o.team_id = :team)"
            " AND (CAST(:ids AS bigint[]) IS NULL OR o.order_id = ANY(CAST(:ids AS bigint[])))"
            + (f" AND {_OPEN}" if running else "") + " ORDER BY o.order_id DESC LIMIT :most"
        ),
        {
            "exercise": exercise, "at": at, "incident": incident, "plan": plan, "team": team, "most": MOST,
            "ids": None if ids is None else list(ids),
        },
    )  # fmt: skip
    return _bodies(snapshot, [dict(r) for r in rows.mappings()], at)


def find(snapshot: Snapshot, order_id: int, at: datetime) -> dict[str, Any]:
    """One order. Raises NotFound."""
    row = snapshot.connection.execute(
        text(_SQL + " WHERE o.order_id = :id AND o.at <= :at"), {"id": order_id, "at": at}
    ).mappings()
    found = row.one_or_none()
    if found is None:
        raise NotFound("没有这份调度令，请刷新后再选。")
    return _bodies(snapshot, [dict(found)], at)[0]


def _marks(connection: Connection, ids: Sequence[int], at: datetime) -> dict[int, list[dict[str, Any]]]:
    rows = connection.execute(
        text(
            "SELECT order_id, what, at, made_at, by, how, note FROM rescue_order_mark"
            " WHERE order_id = ANY(CAST(:ids AS bigint[])) AND made_at <= :at ORDER BY mark_id"
        ),
        {"ids": list(ids), "at": at},
    )
    out: dict[int, list[dict[str, Any]]] = {i: [] for i in ids}
    for row in rows.mappings():
        one = dict(row)
        out[one.pop("order_id")].append(one | {"what_title": MARKS[row["what"]], "how_title": HOW[row["how"]]})
    return out


def _bodies(snapshot: Snapshot, rows: Sequence[dict[str, Any]], at: datetime) -> list[dict[str, Any]]:
    if not rows:
        return []
    connection = snapshot.connection
    ids = sorted({r["team"] for r in rows})
    known = {r["id"]: r for r in seen.every(snapshot, ids)}
    forms = seen.forms(snapshot, ids, any_life=True)  # an order outlives its team
    live = {row["id"] for row in seen.live(snapshot, Selection(classes=(teams.CLASS,)), ids)}
    marks = _marks(connection, [r["id"] for r in rows], at)
    about = incidents.several(connection, [r["incident"] for r in rows], at)
    told = teams.newest(connection, exercise=rows[0]["exercise"], at=at)
    return [
        _one(r, known.get(r["team"]), forms.get(r["team"]), marks[r["id"]], about.get(r["incident"]),
             told.get(r["team"]), at, r["team"] in live)
        for r in rows
    ]  # fmt: skip


def _one(
    row: Mapping[str, Any],
    team: Mapping[str, Any] | None,
    form: str | None,
    marks: Sequence[Mapping[str, Any]],
    incident: Mapping[str, Any] | None,
    told: Mapping[str, Any] | None,
    at: datetime,
    live: bool,
) -> dict[str, Any]:
    body = row["body"]
    name = seen.named(team, form) if team else {"id": row["team"], "name": f"队伍 {row['team']}", "masked": None}
    status = next((m["what"] for m in reversed(marks) if m["what"] in _OVER), None) or next(
        (w for w in reversed(_ORDER) if any(m["what"] == w for m in marks)), "issued"
    )
    due = row["at"] + timedelta(seconds=body["travel_s"])
    arrived = any(m["what"] == "arrival" for m in marks)
    full = form == "full"
    marked_at = max((m["made_at"] for m in marks), default=None)
    gone = status not in _OVER and told is not None and _home(row["at"], marked_at, told)
    return {
        "id": row["id"], "number": f"{row['number']}-{row['id']}", "plan": row["plan"], "exercise": row["exercise"],
        "team": name, "incident": row["incident"], "incident_name": incident["name"] if incident else None,
        "ordered_at": row["at"], "by": row["by"], "what": row["what"], "to": body.get("to") if full else None,
        "travel_s": body["travel_s"], "distance_m": body["distance_m"], "routing": body["routing"],
        "expected_at": due, "late": status not in _OVER and not arrived and not gone and at > due,
        "instructions": body.get("instructions", []) if full else [],
        "status": status, "status_title": MARKS.get(status, "已下达"), "marks": list(marks),
        "turned_back": gone,
        "said": "" if not full else _said(row, marked_at, told, status) if live else STRUCK_OFF,
    }  # fmt: skip


def _said(
    row: Mapping[str, Any], marked_at: datetime | None, told: Mapping[str, Any] | None, status: str
) -> str:  # fmt: skip
    """That the team does something else than the order says: whoever reads it rings the team."""
    if status in _OVER or told is None or told["order_id"] == row["id"] or not _since(row["at"], marked_at, told):
        return ""
    if told["status"] in {"出动", "在途", "到达"} and told["order_id"] is None:
        return ""
    at = told["at"].astimezone(clock.SHANGHAI)
    other = "按另一份调度令行动" if told["order_id"] else f"已报{told['status']}"
    return f"队伍 {at:%H:%M} {other}，没有按本令行动，请联系核实"


# -- Written -----------------------------------------------------------------------------


def issue(snapshot: Snapshot, plan_id: int, one: Mapping[str, Any], incident: Mapping[str, Any], team: teams.Team,
          parties: Sequence[Mapping[str, Any]], exercise: bool) -> int:  # fmt: skip
    """Write an order of an accepted plan, with the team's status and the log; its id."""
    connection = snapshot.connection
    first = parties[0] if parties else None
    to = None if first is None else {"party": first["id"], "role": first["role"], "post": first["post"],
                                     "name": first["name"]}  # fmt: skip
    what = content(incident, one)
    body = {k: one[k] for k in ("travel_s", "distance_m", "routing", "boat_leg", "instructions")} | {"to": to}
    made: int = connection.execute(
        text(
            "INSERT INTO rescue_order (plan_id, team_id, incident_id, exercise, by, what, body) VALUES"
            " (:plan, :team, :incident, :exercise, :by, :what, CAST(:body AS jsonb)) RETURNING order_id"
        ),
        {
            "plan": plan_id, "team": team.id, "incident": incident["id"], "exercise": exercise,
            "by": snapshot.reader.name, "what": what, "body": dump_json(body),
        },
    ).scalar_one()  # fmt: skip
    teams.add_status(snapshot, team.id, "出动", order_id=made, exercise=exercise)
    log.note(
        connection, by=snapshot.reader.name, kind="调度", exercise=exercise,
        what=f"调度令 {made} 致{team.row['name']}：{what}", flood_id=incident["flood"],
        ref={"kind": "order", "id": made, "team": team.id, "incident": incident["id"]},
        about=log.About(team.id, f"调度令 {made}：{what}", f"调度令 {made}（队伍无权查看）：{what}"),
    )  # fmt: skip
    return made


def content(incident: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    """What a team is told to do."""
    straight = "（按直线估）" if one["routing"] == "straight_line" else ""
    boat = f"，其中行船 {one['boat_leg']['distance_m']:,.0f} m" if one["boat_leg"] else ""
    return (
        f"前往险情 {incident['id']}：{incidents.said(incident)}。"
        f"路程 {one['distance_m'] / 1000:,.1f} km{boat}，预计 {ways.minutes(one['travel_s'])}到{straight}"
    )


def lock(connection: Connection, order_id: int) -> None:
    """What becomes of an order is written by one at a time."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_order', :id))"), {"id": order_id})


def mark(
    snapshot: Snapshot, order_id: int, *, what: str, at: datetime | None, how: str, note: str, key: str | None = None
) -> None:
    """What became of an order. Under a `key` that came before nothing is written again. Raises Conflict where it is
    over, Invalid for a time that cannot be."""
    connection = snapshot.connection
    lock(connection, order_id)
    now = minute.asked(connection, None)
    order = find(snapshot, order_id, now)
    if order["team"]["id"] is None:
        raise NotFound("没有这份调度令，或您无权查看。")
    if seen.forms(snapshot, [order["team"]["id"]], any_life=True).get(order["team"]["id"]) != "full":
        raise NotFound("没有这份调度令，或您无权查看。")  # in full: as who reports its status
    if key is not None and _sent_before(connection, order_id, key, what):
        return
    if order["status"] in _OVER:
        last = order["marks"][-1]
        raise Conflict(
            f"这份调度令已由 {last['by']} 于 {last['at'].astimezone(clock.SHANGHAI):%m-%d %H:%M} "
            f"记为{MARKS[order['status']]}，不能再记。",
            code="over", now={"status": order["status"], "by": last["by"], "at": last["at"]},
        )  # fmt: skip
    if what == "cancelled" and not note:
        raise Invalid("没有记下", errors=[FieldError("note", "required", "撤销要写明原因")])
    then = minute.local(at) if at else now
    if not order["ordered_at"] - timedelta(minutes=1) <= then <= now + timedelta(minutes=2):
        told = "时间在下令以前，请核对" if then < order["ordered_at"] else "时间在现在以后，请核对"
        raise Invalid("没有记下", errors=[FieldError("at", "bad_time", told)])
    incident = incidents.find(connection, order["incident"])
    add_mark(snapshot, order_id, what, at=then, how=how, note=note, key=key)
    status: teams.Status | None = _STATUS.get(what)
    if what == "cancelled":
        status = "返回"
    if status:
        place = incidents.place_of(incident) if what == "arrival" else None
        teams.add_status(
            snapshot, order["team"]["id"], status, at=then, place=place, order_id=order_id,
            exercise=order["exercise"],
        )  # fmt: skip
    log.note(
        connection, by=snapshot.reader.name, kind="调度", exercise=order["exercise"],
        what=f"调度令 {order_id}（{order['team']['name']}→险情 {order['incident']}）{MARKS[what]}，{HOW[how]}"
        + (f"：{note}" if note else ""),
        ref={"kind": "order", "id": order_id}, body={"at": then},
        about=log.About(
            order["team"]["id"], f"调度令 {order_id} {MARKS[what]}", f"调度令 {order_id} {MARKS[what]}（队伍无权查看）"
        ),
    )  # fmt: skip


def add_mark(
    snapshot: Snapshot, order_id: int, what: str, *, at: datetime | None, how: str, note: str, key: str | None = None
) -> None:
    """Write the row alone."""
    snapshot.connection.execute(
        text(
            "INSERT INTO rescue_order_mark (order_id, what, at, by, how, note, key) VALUES"
            " (:id, :what, coalesce(CAST(:at AS timestamptz), clock_timestamp()), :by, :how, :note, :key)"
        ),
        {"id": order_id, "what": what, "at": at, "by": snapshot.reader.name, "how": how, "note": note, "key": key},
    )


def _sent_before(connection: Connection, order_id: int, key: str, what: str) -> bool:
    """Whether this mark is in already. Raises Conflict where the key was another mark's."""
    before = connection.execute(
        text("SELECT what FROM rescue_order_mark WHERE order_id = :id AND key = :key"), {"id": order_id, "key": key}
    ).scalar_one_or_none()
    if before not in {None, what}:
        raise Conflict("这个发送编号已用于另一次回报，没有再记。请刷新后重报。", code="key_used")
    return before is not None


# -- 一键通 --------------------------------------------------------------------------------


def calls(snapshot: Snapshot, object_id: int, at: datetime, exercise: bool) -> dict[str, Any]:
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


def call(
    snapshot: Snapshot, *, object: int, party: int | None, result: str, order: int | None, note: str, exercise: bool
) -> int:
    """A call that was made. Raises NotFound, Invalid."""
    now = minute.asked(snapshot.connection, None)
    found = calls(snapshot, object, now, exercise)
    who = next((p for p in found["items"] if p["party"] == party), None)
    if party is not None and who is None:
        told = "这个责任人现在不在名单上，请刷新"
        raise Invalid("没有记下", errors=[FieldError("party", "unknown_party", told)])
    if order is not None:
        of = find(snapshot, order, now)
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
    name = f"{who['role']} {who['name'] or who['post']}".strip() if who else "值班电话"
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="调度", exercise=exercise,
        what=f"电话 {found['object']['name']}（{name}）：{result}" + (f"，{note}" if note else ""),
        ref={"kind": "call", "id": made, "order": order},
        about=log.About(object, f"电话：{result}", f"电话：{result}（对象无权查看）"),
    )  # fmt: skip
    return made
