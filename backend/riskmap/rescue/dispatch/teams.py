"""Teams: what the register says of them, and how and where each is by the newest of its reports."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal

from sqlalchemy import Connection, text

from riskmap.base.errors import FieldError, Invalid
from riskmap.rescue import life, log, minute, persons
from riskmap.rescue.dispatch import marks, seen
from riskmap.rescue.routing import Place, Vehicle
from riskmap.rescue.routing.answers import BOAT_KMH
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

CLASS = "rescue-team"
Status = Literal["待命", "出动", "在途", "到达", "返回", "休整"]
STATUSES: tuple[Status, ...] = ("待命", "出动", "在途", "到达", "返回", "休整")
FREE = frozenset({"待命", "返回"})  # may be given a task; who is under an order is decided by that order
HOME = frozenset({"待命", "返回", "休整"})  # on its way to no incident
SEATS = 6  # persons that a boat takes at once beside its crew. [judgement]


@dataclass(frozen=True, slots=True)
class Team:
    """A team as dispatch sees it."""

    id: int
    row: Mapping[str, Any]
    skills: frozenset[str]
    boats: int
    pumps_m3h: Decimal
    wading_cm: Decimal | None
    status: str
    told: Mapping[str, Any] | None  # the newest report; None: nobody has said anything
    place: Place | None  # where it is; None: neither registered nor reported
    from_base: bool

    @property
    def seats(self) -> int:
        """Persons that its boats take at once."""
        return self.boats * SEATS

    @property
    def out_of_use(self) -> str:
        """That the register has it as not in use, in words; nothing proposes it then. Empty for one in use."""
        return life.out_of_use(self.row["stage"])

    @property
    def vehicle(self) -> Vehicle:
        """What it drives and rows."""
        wading = None if self.wading_cm is None else self.wading_cm / 100
        return Vehicle(wading_m=wading, boat_kmh=BOAT_KMH if self.boats else None)

    def meets(self, need: str) -> bool:
        """Whether it has what is needed: a boat, a pump, or a skill by its code."""
        if need == "boat":
            return self.boats > 0
        if need == "pump":
            return self.pumps_m3h > 0
        return need in self.skills


def all_of(snapshot: Snapshot, *, exercise: bool, at: datetime, ids: Sequence[int] | None = None) -> list[Team]:
    """The teams that are live at the snapshot's moment, with their state at a minute, as SYSTEM."""
    rows = seen.live(snapshot, Selection(classes=(CLASS,)), ids)
    told = newest(snapshot.connection, exercise=exercise, at=at, ids=[row["id"] for row in rows])
    return [_team(row, told.get(row["id"])) for row in rows]


def whatever_life(snapshot: Snapshot, ids: Iterable[int]) -> dict[int, Team]:
    """What these teams have, also those that are struck off; without their reports."""
    return {row["id"]: _team(row, None) for row in seen.every(snapshot, sorted(set(ids)))}


def _team(row: Mapping[str, Any], told: Mapping[str, Any] | None) -> Team:
    a = row["attributes"] or {}
    base = Place(row["lon"], row["lat"]) if row["lon"] is not None else None
    there = Place(told["lon"], told["lat"]) if told and told["lon"] is not None else None
    return Team(
        id=row["id"],
        row=row,
        skills=frozenset(a.get("skills") or ()),
        boats=int(a.get("boats") or 0),
        pumps_m3h=Decimal(a.get("pumps_m3h") or 0),
        wading_cm=None if a.get("wading_depth_cm") is None else Decimal(a["wading_depth_cm"]),
        status=(told and told["status"]) or "待命",
        told=told,
        place=there or base,
        from_base=there is None,
    )


def newest(connection: Connection, *, exercise: bool, at: datetime, ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The newest report of each of these teams that was in at a minute, without what wrong marks said; where it is by
    the newest that says so. A place alone says nothing of the status: with nothing else said, `status` and what goes
    with it are None. Where a later report sends it home to stand by or rest without a place, it is at its base. Told
    to stand by somewhere (`standby_id`, `standby_at`, `standby`: the place of the record) it is where it was until
    somebody says that it is there (`there`)."""
    # Each team's own end of an index is read: devices report by the minute, and a season has hundreds of thousands.
    of_team = (
        "SELECT * FROM rescue_team_status AS s WHERE exercise = :exercise AND team_id = t.team_id AND made_at <= :at"
    )
    stands = marks.stands("s.mark_id")
    beside = " AND status IS NULL AND (n.at IS NULL OR at >= n.at)"
    newest_first = " ORDER BY at DESC, status_id DESC LIMIT 1"
    rows = connection.execute(
        text(
            "SELECT t.team_id, n.status_id, n.status, n.at, n.made_at, n.by, n.how, coalesce(l.load, n.load) AS load,"
            " coalesce(w.note, n.note, '') AS note, n.order_id, n.mark_id,"
            " p.at AS place_at, ST_X(p.geom) AS lon, ST_Y(p.geom) AS lat,"
            " n.standby_id, n.geom IS NOT NULL AS there, b.at AS standby_at, (SELECT x FROM jsonb_array_elements("
            "b.places) AS x WHERE (x->>'team')::bigint = t.team_id) AS standby"
            " FROM unnest(CAST(:ids AS bigint[])) AS t (team_id)"
            f" LEFT JOIN LATERAL ({of_team} AND status IS NOT NULL AND {stands}{newest_first}) AS n ON true"
            " LEFT JOIN rescue_standby AS b ON b.standby_id = n.standby_id"
            f" LEFT JOIN LATERAL ({of_team} AND (geom IS NOT NULL OR status IN ('待命', '休整') AND standby_id IS NULL)"
            f" AND (how <> 'order' OR {stands}){newest_first}) AS p ON true"
            f" LEFT JOIN LATERAL ({of_team}{beside} AND load IS NOT NULL{newest_first}) AS l ON true"
            f" LEFT JOIN LATERAL ({of_team}{beside} AND note <> ''{newest_first}) AS w ON true"
            " WHERE n.team_id IS NOT NULL OR p.team_id IS NOT NULL"
        ),
        {"exercise": exercise, "at": at, "ids": sorted(set(ids))},
    )
    return {row["team_id"]: dict(row) for row in rows.mappings()}


def bodies(
    snapshot: Snapshot, teams: Iterable[Team], orders: Mapping[int, Mapping[str, Any]], *, any_life: bool = False
) -> list[dict[str, Any]]:
    """Teams as the reader gets them; one that he may not see is told by its department. `orders`: the open one of
    each team. `any_life`: also teams that are struck off."""
    listed = list(teams)
    forms = seen.forms(snapshot, (t.id for t in listed), any_life=any_life)
    fields = seen.readable(snapshot, CLASS)
    words = seen.titles(snapshot, CLASS, "skills")
    people = persons.of_objects(snapshot, [t.id for t in listed if forms.get(t.id) == "full"])
    return [
        _body(t, forms.get(t.id), fields, words, orders.get(t.id))
        | {"contact": _contact(persons.told(snapshot, forms.get(t.id), people.get(t.id, ())))}
        for t in listed
    ]


def _body(
    team: Team, form: str | None, fields: set[str], words: Mapping[str, str], order: Mapping[str, Any] | None
) -> dict[str, Any]:
    told = team.told or {}
    out: dict[str, Any] = seen.named(team.row, form) | {
        "status": team.status, "status_at": told.get("at"), "status_by": None, "note": "", "load": None,
        "order": order, "division": None, "base": None, "position": None, "position_from": None,
        "position_at": None, "skills": [], "boats": None, "seats": None, "pumps_m3h": None,
        "wading_depth_cm": None, "persons": None, "out_of_use": "", "standby": None,
    }  # fmt: skip
    if form != "full":
        return out
    a = team.row["attributes"] or {}
    for name in ("boats", "pumps_m3h", "wading_depth_cm", "persons"):
        out[name] = a.get(name) if name in fields else None
    if "boats" in fields:
        out["seats"] = team.seats
    if "skills" in fields:
        out["skills"] = [{"value": s, "title": words.get(s, s)} for s in sorted(team.skills)]
    row = team.row
    return out | {
        "out_of_use": team.out_of_use,
        "status_by": told.get("by"),
        "note": told.get("note", ""),
        "load": told.get("load"),
        "division": row["division"] or None,
        "base": [row["lon"], row["lat"]] if row["lon"] is not None else None,
        "position": [team.place.lon, team.place.lat] if team.place else None,
        "position_from": None if team.place is None else "base" if team.from_base else "reported",
        "position_at": None if team.from_base else told.get("place_at"),
        "standby": standing_by(team),
    }


def standing_by(team: Team) -> dict[str, Any] | None:
    """Where it was told to stand by, as long as nothing else was said of it since: {id, name, at, recorded_at,
    travel_s, expected_at, routing, arrived_at}. `expected_at` None: there is no way that is known; `arrived_at` None:
    it is on its way, however late."""
    told = team.told or {}
    if told.get("standby") is None:
        return None
    place = told["standby"]
    return {
        "id": told["standby_id"], "name": place["name"], "at": [place["lon"], place["lat"]],
        "recorded_at": told["standby_at"], "travel_s": place["travel_s"], "routing": place["routing"],
        "expected_at": place["expected_at"] and datetime.fromisoformat(place["expected_at"]),
        "arrived_at": told["at"] if told["there"] else None,
    }  # fmt: skip


def _contact(people: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Who is rung first: the first who has a telephone; None where nobody is registered."""
    first = next((p for p in people if p["phone"]), people[0] if people else None)
    return None if first is None else {k: first[k] for k in ("role", "post", "name", "phone")}


def keep_status(
    snapshot: Snapshot,
    team_id: int,
    *,
    status: Status | None,
    at: datetime | None,
    place: Place | None,
    load: int | None,
    note: str,
    how: Literal["hand", "api"],
    exercise: bool,
) -> int:
    """A report of a team, by hand or from its own device; its id. A place alone (no status) leaves the status to
    what was said of it. Raises NotFound, Invalid."""
    row = seen.full_or_raise(snapshot, team_id, (CLASS,), "支队伍")
    then = time_of(snapshot.connection, at)
    if status is None and place is None:
        raise Invalid("没有记下", errors=[FieldError("status", "required", "请选状态，或给出位置")])
    made = add_status(
        snapshot, team_id, status, at=then, place=place, load=load, note=note, how=how, exercise=exercise
    )  # fmt: skip
    said = status or "位置"
    where = f"，{place.lon:.5f}, {place.lat:.5f}" if place else ""
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="调度", exercise=exercise,
        what=f"{row['name']}：{said}{where}" + (f"，载 {load} 人" if load is not None else "")
        + (f"（{note}）" if note else ""),
        ref={"kind": "team", "id": team_id},
        about=log.About(team_id, f"队伍报{said}", f"队伍报{said}（对象无权查看）"),
    )  # fmt: skip
    return made


def ensure_seen(snapshot: Snapshot, team_id: int) -> None:
    """Raises NotFound for a team that the reader does not see in full."""
    seen.full_or_raise(snapshot, team_id, (CLASS,), "支队伍")


def ensure_known(snapshot: Snapshot, team_id: int) -> bool:
    """Whether a team stands in the register; of one that was struck off what is kept is told on, to the same readers.
    Raises NotFound for a team that the reader does not see in full."""
    kept = seen.forms(snapshot, [team_id], any_life=True).get(team_id) == "full"
    if kept and any(row["class"] == CLASS for row in seen.every(snapshot, [team_id])):
        return bool(seen.live(snapshot, Selection(classes=(CLASS,)), [team_id]))
    ensure_seen(snapshot, team_id)
    return True


def time_of(connection: Connection, at: datetime | None) -> datetime | None:
    """When a report says that it is so; None: as it comes in. Raises Invalid for a time that is to come."""
    at = minute.local_or_none(at)
    if at is not None and at > minute.now(connection) + minute.AHEAD:
        raise Invalid("时间有误", errors=[FieldError("at", "future", "时间在现在以后，请核对")])
    return at


def add_status(
    snapshot: Snapshot,
    team_id: int,
    status: Status | None,
    *,
    at: datetime | None = None,
    place: Place | None = None,
    load: int | None = None,
    note: str = "",
    how: str = "order",
    order_id: int | None = None,
    mark_id: int | None = None,
    standby_id: int | None = None,
    exercise: bool,
) -> int:
    """Write the row alone, of the `mark_id` or the record of standing by (`standby_id`) that says so; a clock that is
    fast outranks nobody: it is no later than when it came in."""
    made: int = snapshot.connection.execute(
        text(
            "INSERT INTO rescue_team_status (team_id, status, at, by, how, load, note, order_id, mark_id,"
            " standby_id, exercise, geom) VALUES (:team, :status, least(CAST(:at AS timestamptz), clock_timestamp()),"
            " :by, :how, :load, :note, :order_id, :mark_id, :standby_id, :exercise,"
            " CASE WHEN CAST(:lon AS float8) IS NOT NULL THEN"
            " ST_SetSRID(ST_MakePoint(CAST(:lon AS float8), CAST(:lat AS float8)), 4490) END) RETURNING status_id"
        ),
        {
            "team": team_id, "status": status, "at": at, "by": snapshot.reader.name, "how": how, "load": load,
            "note": note, "order_id": order_id, "mark_id": mark_id, "standby_id": standby_id, "exercise": exercise,
            "lon": place.lon if place else None, "lat": place.lat if place else None,
        },
    ).scalar_one()  # fmt: skip
    return made


# What a mark of an order says of its team.
_BY_MARK: Mapping[str, Status] = {"departure": "在途", "arrival": "到达", "result": "返回", "cancelled": "返回"}
_OUT = frozenset({"在途", "到达"})
# How far an order has come by what it says of its team; whatever else it says, it is over.
_FAR: Mapping[str, int] = {"出动": 0, "在途": 1, "到达": 2}
_OVER = 3


def follow(
    snapshot: Snapshot, team_id: int, what: str, *, order_id: int, mark_id: int, at: datetime | None = None,
    place: Place | None = None, exercise: bool,
) -> None:  # fmt: skip
    """What a mark of an order says of its team, written with it. Of an order that is taken back: who has not left yet
    stands by where it is, and what a team has said of itself since stays. However late it is told, a farther step of
    an order outranks the ones before, and is not outranked by them."""
    status = _BY_MARK.get(what)
    if status is None:
        return
    if what == "cancelled":
        now = minute.asked(snapshot.connection, None)
        rows = history(snapshot.connection, team_id, exercise=exercise, at=now, limit=50, of_status=True)
        since = [row["status"] for row in rows if not row["taken_back"]]
        if since and since[0] in HOME:
            return
        since = list(itertools.takewhile(lambda one: one not in HOME, since))  # of other orders too: it was turned
        if not _OUT & set(since):
            status = "待命"
            told = newest(snapshot.connection, exercise=exercise, at=now, ids=[team_id]).get(team_id)
            if told is not None and told["lon"] is not None:  # else it is at its base
                place = Place(told["lon"], told["lat"])
    if at is not None:
        at = _in_turn(snapshot.connection, order_id, what, at)
    add_status(snapshot, team_id, status, at=at, place=place, order_id=order_id, mark_id=mark_id, exercise=exercise)


def _in_turn(connection: Connection, order_id: int, what: str, at: datetime) -> datetime:
    """When a mark's status counts from: when it was so, but after what the steps before it said of the team, and before
    what farther ones did. Times are typed in whole minutes, and the order itself was given at some second of one."""
    rows = connection.execute(
        text(
            "SELECT s.status, s.at FROM rescue_team_status AS s WHERE s.order_id = :order AND s.status IS NOT NULL AND"
            + marks.stands("s.mark_id")
        ),
        {"order": order_id, "at": minute.now(connection)},
    ).all()
    mine = _FAR.get(_BY_MARK[what], _OVER)
    before: list[datetime] = [r.at for r in rows if _FAR.get(r.status, _OVER) <= mine]
    farther: list[datetime] = [r.at for r in rows if _FAR.get(r.status, _OVER) > mine]
    at = max([at, *before])  # of one time the later row counts
    return min([at, *(one - timedelta(microseconds=1) for one in farther)])


def history(
    connection: Connection, team_id: int, *, exercise: bool, at: datetime, limit: int, of_status: bool = False
) -> list[dict[str, Any]]:
    """Reports of a team up to a minute, the newest first; `status` is None where it said its place alone, which
    `of_status` leaves out; `taken_back`: by a mark that was wrong."""
    rows = connection.execute(
        text(
            'SELECT status, at, made_at, by, how, load, note, order_id AS "order", CASE WHEN geom IS NOT NULL THEN'
            " ARRAY[ST_X(geom), ST_Y(geom)] END AS position, NOT"
            + marks.stands("rescue_team_status.mark_id")
            + " AS taken_back FROM rescue_team_status WHERE exercise = :exercise"
            " AND team_id = :team AND made_at <= :at"
            + (" AND status IS NOT NULL" if of_status else "")
            + " ORDER BY at DESC, status_id DESC LIMIT :limit"
        ),
        {"team": team_id, "exercise": exercise, "at": at, "limit": limit},
    )
    return [dict(row) for row in rows.mappings()]
