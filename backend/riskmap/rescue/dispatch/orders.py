"""Orders (调度令): made when a plan is accepted; how far each has come, and who does something else, by its marks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from riskmap.base import clock
from riskmap.base.audit import dump_json
from riskmap.base.errors import NotFound
from riskmap.rescue import life, log, numbers
from riskmap.rescue.dispatch import incidents, marks, seen, teams, ways
from riskmap.rescue.routing import words
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

MOST = 1000  # orders told at once
RECENT = timedelta(hours=12)  # orders that count as load
_WAY = "路程 "


@dataclass(frozen=True, slots=True)
class Finished:
    """A 完成 that stands: of which order, by which team, when, when it came in, with which words."""

    order: int
    team: int
    at: datetime
    made_at: datetime
    note: str


_SQL = (
    "SELECT o.order_id AS id, o.plan_id AS plan, a.number, o.team_id AS team, o.incident_id AS incident, o.exercise,"
    " o.at, o.by, o.what, o.body FROM rescue_order AS o JOIN rescue_plan_accepted AS a USING (plan_id)"
)
_OPEN = (
    " NOT EXISTS (SELECT FROM rescue_order_mark AS m WHERE m.order_id = o.order_id"
    " AND m.what IN ('result', 'cancelled') AND" + marks.STOOD + ")"
)


# -- Read ----------------------------------------------------------------------------------


_OPEN_AS = ("id", "incident", "at", "arrived", "marked_at", "routing")


def open_by_team(connection: Connection, *, exercise: bool, at: datetime) -> dict[int, dict[str, Any]]:
    """The open order of each team at a minute: {id, incident, at, arrived, marked_at, routing}."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (o.team_id) o.team_id, o.order_id AS id, o.incident_id AS incident, o.at,"
            " o.body->>'routing' AS routing, EXISTS ("
            "SELECT FROM rescue_order_mark AS m WHERE m.order_id = o.order_id AND m.what = 'arrival' AND"
            + marks.STOOD + ") AS arrived, (SELECT max(least(m.at, m.made_at)) FROM rescue_order_mark AS m"
            " WHERE m.order_id = o.order_id AND" + marks.STOOD + ") AS marked_at FROM rescue_order AS o"
            " WHERE o.exercise = :exercise AND o.at <= :at AND"
            + _OPEN + " ORDER BY o.team_id, o.order_id DESC"
        ),
        {"exercise": exercise, "at": at},
    )  # fmt: skip
    return {r["team_id"]: {k: r[k] for k in _OPEN_AS} for r in rows.mappings()}


def turned_back(snapshot: Snapshot, *, exercise: bool, at: datetime) -> dict[int, dict[str, Any]]:
    """Open orders at a minute by which nobody comes any more, whatever was marked before: the team has gone home or
    rests since, or was struck off; each with {left, at, made_at}: how, as it is said after its name, and when."""
    running = open_by_team(snapshot.connection, exercise=exercise, at=at)
    told = teams.newest(snapshot.connection, exercise=exercise, at=at, ids=running)
    gone = struck_off(snapshot, running)
    out = {}
    for team, order in running.items():
        if team in gone:  # the register knows the day alone
            out[order["id"]] = {"left": gone[team], "at": None, "made_at": at}
        elif team in told and _home(order["at"], order["marked_at"], told[team]):
            one = told[team]
            out[order["id"]] = {"left": f"已报{one['status']}", "at": one["at"], "made_at": one["made_at"]}
    return out


def acting(snapshot: Snapshot, *, exercise: bool, at: datetime) -> dict[int, dict[str, Any]]:
    """The open order of each team at a minute, as `open_by_team`, but of those by which nobody comes any more."""
    gone = turned_back(snapshot, exercise=exercise, at=at)
    running = open_by_team(snapshot.connection, exercise=exercise, at=at)
    return {team: order for team, order in running.items() if order["id"] not in gone}


def struck_off(snapshot: Snapshot, ids: Iterable[int]) -> dict[int, str]:
    """Of these teams those that are live in the register no more, each with how it is, in the register's words."""
    wanted = set(ids)
    if not wanted:
        return {}
    live = {row["id"] for row in seen.live(snapshot, Selection(classes=(teams.CLASS,)), sorted(wanted))}
    gone = wanted - live
    return {row["id"]: life.left_register(row["stage"]) for row in seen.every(snapshot, sorted(gone))} if gone else {}


def out_of_use(snapshot: Snapshot, ids: Iterable[int]) -> dict[int, str]:
    """Of these teams those that the register has as not in use, each with that in words."""
    wanted = sorted(set(ids))
    rows = seen.live(snapshot, Selection(classes=(teams.CLASS,)), wanted) if wanted else []
    return {row["id"]: why for row in rows if (why := life.out_of_use(row["stage"]))}


def _home(ordered_at: datetime, marked_at: datetime | None, told: Mapping[str, Any]) -> bool:
    """Whether a team's newest report sends it home, and no order does."""
    return told["order_id"] is None and told["status"] in teams.HOME and _since(ordered_at, marked_at, told)


def _since(ordered_at: datetime, marked_at: datetime | None, told: Mapping[str, Any]) -> bool:
    """Whether a report is newer than an order and than its last mark: who signs an order acts by it, whatever he said
    before. By our clock too, for a telephone's may be fast; a mark counts from when it was so, if it came in later."""
    return bool(told["at"] > ordered_at and told["made_at"] > max(ordered_at, marked_at or ordered_at))


def open_of(connection: Connection, team_id: int, *, exercise: bool, at: datetime) -> list[int]:
    """All open orders of one team at a minute."""
    rows = connection.execute(
        text(
            "SELECT o.order_id FROM rescue_order AS o WHERE o.team_id = :team AND o.exercise = :exercise"
            " AND o.at <= :at AND" + _OPEN + " ORDER BY o.order_id"
        ),
        {"team": team_id, "exercise": exercise, "at": at},
    )
    return [row.order_id for row in rows]


def carried_out(connection: Connection, teams_: Sequence[int], *, exercise: bool, at: datetime) -> set[tuple[int, int]]:
    """(team, incident) of the orders by which one of these teams has been there."""
    if not teams_:
        return set()
    rows = connection.execute(
        text(
            "SELECT DISTINCT o.team_id, o.incident_id FROM rescue_order AS o JOIN rescue_order_mark AS m"
            " USING (order_id) WHERE o.exercise = :exercise AND o.team_id = ANY(CAST(:teams AS bigint[]))"
            " AND m.what IN ('arrival', 'result') AND" + marks.STOOD
        ),
        {"exercise": exercise, "at": at, "teams": list(teams_)},
    )
    return {(row.team_id, row.incident_id) for row in rows}


def told_ways(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The way that each order was given with: {routing, route, boat_leg, boat_out, off_road, off_start_m,
    instructions}, and by which `flood`; `looked_at`: when its water and closures were so."""
    rows = connection.execute(
        text(
            "SELECT o.order_id, p.flood_id, p.body->>'looked_at' AS looked_at, a.one"
            " FROM rescue_order AS o JOIN rescue_plan AS p USING (plan_id)"
            " CROSS JOIN jsonb_array_elements(p.body->'assignments') AS a (one)"
            " WHERE o.order_id = ANY(CAST(:ids AS bigint[])) AND (a.one->>'team')::bigint = o.team_id"
        ),
        {"ids": list(ids)},
    )
    kept = ("routing", "route", "boat_leg", "boat_out", "off_road", "off_start_m", "instructions")
    return {
        r.order_id: {k: r.one.get(k) for k in kept}
        | {"flood": r.flood_id, "looked_at": datetime.fromisoformat(r.looked_at)}
        for r in rows
    }


def running(
    connection: Connection, incident_ids: Sequence[int], at: datetime, counted_from: datetime | None = None
) -> list[dict[str, Any]]:
    """Open orders of incidents at a minute: {id, team, incident, travel_s, distance_m, routing, arrived, moved}.
    `travel_s`: how long from that minute, or from another, until the team is expected, 0 where it is late; `moved`: it
    has said since where it is."""
    rows = connection.execute(
        text(
            "SELECT o.order_id AS id, o.team_id AS team, o.incident_id AS incident, o.body->>'routing' AS routing,"
            " o.at, (o.body->>'travel_s')::float8 AS told_s, EXISTS (SELECT FROM rescue_team_status AS s"
            " WHERE s.team_id = o.team_id AND s.exercise = o.exercise AND s.geom IS NOT NULL AND s.at > o.at"
            " AND s.made_at <= :at AND (s.how <> 'order' OR" + marks.stands("s.mark_id") + ")) AS moved,"
            " (o.body->>'distance_m')::float8 AS distance_m, EXISTS (SELECT FROM rescue_order_mark AS m"
            " WHERE m.order_id = o.order_id AND m.what = 'arrival' AND" + marks.STOOD + ") AS arrived"
            " FROM rescue_order AS o WHERE o.incident_id = ANY(CAST(:ids AS bigint[])) AND o.at <= :at AND"
            + _OPEN + " ORDER BY o.order_id"
        ),
        {"ids": list(incident_ids), "at": at},
    )  # fmt: skip
    out = []
    for row in rows.mappings():
        one = dict(row)
        left = ways.expected_at(one.pop("at"), one.pop("told_s")) - (counted_from or at)
        out.append(one | {"travel_s": max(0, round(left.total_seconds()))})
    return out


def finished(connection: Connection, found: Iterable[Mapping[str, Any]], at: datetime) -> dict[int, list[Finished]]:
    """Of these incidents those whose teams have reported 完成 since it was last said how it stands there: who changes
    an incident says that it still wants somebody. The first report first."""
    said_at = {one["id"]: one["changed_at"] for one in found}
    rows = connection.execute(
        text(
            "SELECT o.order_id, o.incident_id, o.team_id, m.at, m.made_at, m.note FROM rescue_order AS o"
            " JOIN rescue_order_mark AS m USING (order_id) WHERE o.incident_id = ANY(CAST(:ids AS bigint[]))"
            " AND m.what = 'result' AND" + marks.STOOD + " ORDER BY m.at, o.order_id"
        ),
        {"ids": list(said_at), "at": at},
    )
    out: dict[int, list[Finished]] = {}
    for r in rows:
        # One that comes in late is of when it was so: what was said of the incident since is newer.
        if min(r.at, r.made_at) > said_at[r.incident_id]:
            out.setdefault(r.incident_id, []).append(Finished(r.order_id, r.team_id, r.at, r.made_at, r.note))
    return out


def loads(connection: Connection, *, exercise: bool, at: datetime) -> dict[int, int]:
    """How many orders each team was given of late; those that were taken back do not count."""
    rows = connection.execute(
        text(
            "SELECT o.team_id, count(*) AS n FROM rescue_order AS o WHERE o.exercise = :exercise AND o.at <= :at"
            " AND o.at > :since AND NOT EXISTS (SELECT FROM rescue_order_mark AS m WHERE m.order_id = o.order_id"
            " AND m.what = 'cancelled' AND" + marks.STOOD + ") GROUP BY 1"
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


def by_need(listed: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Whom to ring first: who is late, the latest first; who has not signed, the longest waited for first; the others
    by when they are expected; last those that are there or over. On the page and on paper."""

    def place(o: Mapping[str, Any]) -> tuple[int, datetime, datetime, int]:
        due = o["expected_at"]
        if o["late"]:
            return 0, due, due, o["id"]
        if o["status"] == "issued":  # those of one acceptance have waited equally long
            return 1, o["ordered_at"].replace(second=0, microsecond=0), due, o["id"]
        return 3 if o["status"] == "arrival" or o["status"] in marks.OVER else 2, due, due, o["id"]

    return sorted(listed, key=place)


def find(snapshot: Snapshot, order_id: int, at: datetime) -> dict[str, Any]:
    """One order. Raises NotFound."""
    row = snapshot.connection.execute(
        text(_SQL + " WHERE o.order_id = :id AND o.at <= :at"), {"id": order_id, "at": at}
    ).mappings()
    found = row.one_or_none()
    if found is None:
        raise NotFound("没有这份调度令，请刷新后再选。")
    return _bodies(snapshot, [dict(found)], at)[0]


def _bodies(snapshot: Snapshot, rows: Sequence[dict[str, Any]], at: datetime) -> list[dict[str, Any]]:
    if not rows:
        return []
    connection = snapshot.connection
    ids = sorted({r["team"] for r in rows})
    known = {r["id"]: r for r in seen.every(snapshot, ids)}
    forms = seen.forms(snapshot, ids, any_life=True)  # an order outlives its team
    gone = struck_off(snapshot, ids)
    marked = marks.of_orders(connection, [r["id"] for r in rows], at)
    about = incidents.several(connection, [r["incident"] for r in rows], at)
    told = teams.newest(connection, exercise=rows[0]["exercise"], at=at, ids=ids)
    return [
        _one(r, known.get(r["team"]), forms.get(r["team"]), marked[r["id"]], about.get(r["incident"]),
             told.get(r["team"]), at, gone.get(r["team"], ""))
        for r in rows
    ]  # fmt: skip


def _one(
    row: Mapping[str, Any],
    team: Mapping[str, Any] | None,
    form: str | None,
    marked: Sequence[Mapping[str, Any]],
    incident: Mapping[str, Any] | None,
    told: Mapping[str, Any] | None,
    at: datetime,
    gone: str,
) -> dict[str, Any]:
    body = row["body"]
    name = seen.named(team, form) if team else {"id": row["team"], "name": f"队伍 {row['team']}", "masked": None}
    if form != "full":  # its words tell what it did, and of whom
        marked = [_wordless(m) for m in marked]
    standing = [m for m in marked if m["taken_back"] is None]
    status = marks.progress(standing)
    due = ways.expected_at(row["at"], body["travel_s"])
    arrived = any(m["what"] == "arrival" for m in standing)
    full = form == "full"
    marked_at = max((min(m["at"], m["made_at"]) for m in standing), default=None)
    left = ""
    if status not in marks.OVER:
        home = told if told is not None and _home(row["at"], marked_at, told) else None
        left = gone or (f"已报{home['status']}" if home is not None else "")
    unused = life.out_of_use(team["stage"]) if full and team and not gone and status not in marks.OVER else ""
    return {
        "id": row["id"], "number": numbers.said(row["id"]), "plan": row["plan"], "plan_number": row["number"],
        "exercise": row["exercise"],
        "team": name, "incident": row["incident"], "incident_name": incident["name"] if incident else None,
        "ordered_at": row["at"], "by": row["by"], "what": row["what"] if full else _whither(row),
        "to": body.get("to") if full else None,
        "travel_s": body["travel_s"], "distance_m": body["distance_m"], "routing": body["routing"],
        # An order of before these were told has neither.
        **{k: body.get(k) if full else None for k in ("off_road_m", "off_start_m")},
        "expected_at": due, "late": status not in marks.OVER and not arrived and not left and ways.is_late(due, at),
        "instructions": body.get("instructions", []) if full else [],
        **(afloat(body) if full else {"ashore": None, "launch": None}),
        "status": status, "status_title": marks.TITLES.get(status, "已下达"), "marks": standing,
        "taken_back": [m for m in marked if m["taken_back"] is not None],
        "turned_back": bool(left), "left": left, "out_of_use": unused,
        "said": "" if not full or status in marks.OVER else _said(row, marked_at, told, gone),
    }  # fmt: skip


def afloat(body: Mapping[str, Any]) -> dict[str, Any]:
    """What of an order's way is by boat, each part with its length and where it meets the land: {ashore: {point:
    [lon, lat], distance_m} | null, launch: {point, distance_m, whole} | null}. `ashore`: the boat is launched already
    and comes ashore there first; `whole`: all of the way is by boat, from that point on."""
    out, leg = body.get("boat_out"), body.get("boat_leg")
    return {
        "ashore": out and {"point": out["coordinates"][-1], "distance_m": out["distance_m"]},
        "launch": leg and {
            "point": leg["coordinates"][0], "distance_m": leg["distance_m"],
            "whole": out is None and leg["distance_m"] >= body["distance_m"],
        },
    }  # fmt: skip


def _wordless(mark: Mapping[str, Any]) -> dict[str, Any]:
    """A mark for who may not see the team in full."""
    back = mark["taken_back"]
    return {**mark, "note": "", "taken_back": None if back is None else {**back, "reason": ""}}


def _said(row: Mapping[str, Any], marked_at: datetime | None, told: Mapping[str, Any] | None, gone: str) -> str:
    """That the team does something else than the order says: whoever reads it rings the team."""
    if gone:
        return f"队伍{gone}，请核实后记完成或撤销"
    if (
        told is None
        or told["status"] is None
        or told["order_id"] == row["id"]
        or not _since(row["at"], marked_at, told)
    ):
        return ""
    if told["status"] in {"出动", "在途", "到达"} and told["order_id"] is None:
        return ""
    at = clock.of_day(told["at"])
    other = "按另一份调度令行动" if told["order_id"] else f"已报{told['status']}"
    return f"队伍 {at} {other}，没有按本令行动，请联系核实"


# -- Written -----------------------------------------------------------------------------


def issue(snapshot: Snapshot, plan_id: int, one: Mapping[str, Any], incident: Mapping[str, Any], team: teams.Team,
          parties: Sequence[Mapping[str, Any]], exercise: bool, flood: int | None) -> int:  # fmt: skip
    """Write an order of an accepted plan, with the team's status and the log; its id."""
    connection = snapshot.connection
    first = parties[0] if parties else None
    to = None if first is None else {"party": first["id"], "role": first["role"], "post": first["post"],
                                     "name": first["name"]}  # fmt: skip
    whither, way = content(incident, one)
    what = whither + way
    kept = ("travel_s", "distance_m", "routing", "boat_leg", "boat_out", "instructions", "off_road_m", "off_start_m")
    body = {k: one.get(k) for k in kept} | {"to": to, "whither": whither}
    made = numbers.next_of(connection, "rescue_order", exercise)
    connection.execute(
        text(
            "INSERT INTO rescue_order (order_id, plan_id, team_id, incident_id, exercise, by, what, body) VALUES"
            " (:id, :plan, :team, :incident, :exercise, :by, :what, CAST(:body AS jsonb))"
        ),
        {
            "id": made, "plan": plan_id, "team": team.id, "incident": incident["id"], "exercise": exercise,
            "by": snapshot.reader.name, "what": what, "body": dump_json(body),
        },
    )  # fmt: skip
    number = numbers.said(made)
    teams.add_status(snapshot, team.id, "出动", order_id=made, exercise=exercise)
    log.note(
        connection, by=snapshot.reader.name, kind="调度", exercise=exercise,
        what=f"调度令 {number} 致{team.row['name']}：{what}", flood_id=flood,
        ref={"kind": "order", "id": made, "team": team.id, "incident": incident["id"]},
        about=log.About(team.id, f"调度令 {number}：{whither}", f"调度令 {number}（队伍无权查看）：{whither}"),
    )  # fmt: skip
    return made


def note_taken_back(
    snapshot: Snapshot, one: Mapping[str, Any], name: str, why: str, exercise: bool, flood: int | None
) -> None:
    """That a plan takes an order back ({order, team, incident}) from a team of this name, in the log."""
    number = numbers.said(one["order"])
    said = f"调度令 {number} 撤销，{why}"
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="调度", exercise=exercise,
        what=f"调度令 {number}（{name}→险情 {numbers.said(one['incident'])}）撤销，{why}", flood_id=flood,
        ref={"kind": "order", "id": one["order"], "team": one["team"], "incident": one["incident"]},
        about=log.About(one["team"], said, f"调度令 {number}（队伍无权查看）撤销，{why}"),
    )  # fmt: skip


def content(incident: Mapping[str, Any], one: Mapping[str, Any]) -> tuple[str, str]:
    """What a team is told to do: whither, and by which way; together the order. The way tells where the team stands."""
    straight = "（按直线估）" if one["routing"] == "straight_line" else ""
    afloat = sum(leg["distance_m"] for leg in (one.get("boat_out"), one["boat_leg"]) if leg)
    boat = f"，其中行船 {afloat:,.0f} m" if afloat else ""
    wet = f"，途中过水 {one['in_water_m']:,.0f} m" if one.get("in_water_m") else ""
    off = words.off_road(one.get("off_start_m"), one.get("off_road_m"))
    return (
        f"前往险情 {numbers.said(incident['id'])}：{incidents.said(incident)}。",
        f"{_WAY}{one['distance_m'] / 1000:,.1f} km{boat}{wet}，预计 {ways.minutes(one['travel_s'])}到{straight}"
        + (f"，{off}" if off else ""),
    )


def _whither(row: Mapping[str, Any]) -> str:
    """An order without its way; one from before the two were kept apart is cut where its way begins."""
    kept: str | None = row["body"].get("whither")
    return row["what"].rpartition(_WAY)[0] if kept is None else kept


def lock(connection: Connection, order_id: int) -> None:
    """What becomes of an order is written by one at a time."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_order', :id))"), {"id": order_id})
