"""Which village goes to which shelter: a proposal by free places and the way, accepted as one act of a commander.

As many as there is room for, and of all ways to do so the one with the least way in all (`transport`). Nothing that a
plan says counts anybody: who has arrived is entered.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from riskmap.access.reader import SYSTEM
from riskmap.base import clock, database
from riskmap.base.audit import dump_json
from riskmap.base.errors import Conflict, FieldError, Invalid, NotFound
from riskmap.rescue import log
from riskmap.rescue.evac import orders, shelters, ways
from riskmap.rescue.evac.shelters import Shelter
from riskmap.rescue.evac.transport import assign
from riskmap.rescue.evac.wire import PlanQuestion
from riskmap.rescue.routing.answers import OFF_ROAD_M
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Opened, Snapshot

_UNSEEN = "避难场所无权查看"
MOST = 100  # proposals told at once
TRIES = 3  # so often it is worked out anew where something has changed meanwhile


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a proposal is decided on."""

    of: Mapping[str, Any]
    villages: Sequence[Mapping[str, Any]]  # those with somebody left
    left: Mapping[int, int]
    places: Mapping[int, tuple[float, float, bool]]
    usable: Sequence[Shelter]
    room: Sequence[int]
    own: Mapping[int, int]  # who of this evacuation is in each of them
    water: int | None
    roads: ways.Looked

    @property
    def imprint(self) -> object:
        """Differs where a proposal would rest on something else."""
        rooms = [(s.hit.id, n, s.out_of_use) for s, n in zip(self.usable, self.room, strict=True)]
        return dict(self.left), dict(self.places), rooms, self.water, self.roads.wet.key


@dataclass(frozen=True, slots=True)
class Decided:
    """A proposal before it is kept."""

    routing: str
    body: dict[str, Any]
    lines: list[dict[str, Any]]


def propose(
    opened: Opened, router: Any, evacuation_id: int, asked: PlanQuestion, kept: Callable[[Snapshot, int], None]
) -> int:
    """Work out a proposal for who is left, and keep it; its id. `kept` writes its trail in the same transaction.
    Raises Conflict, Invalid, NotFound.

    `opened` gives a transaction: one to look, one to keep. None is open while the routing works, which may take longer
    than the database lets a transaction rest; before it is kept, it is looked again.
    """
    with opened() as snapshot:
        picture = _look(snapshot, evacuation_id, asked)
    for _ in range(TRIES):
        decided = _decide(picture, router, asked)
        with opened() as snapshot:
            now = _look(snapshot, evacuation_id, asked)
            if now.imprint == picture.imprint:
                plan_id = _keep(snapshot, picture.of, decided)
                kept(snapshot, plan_id)
                return plan_id
        picture = now
    raise Conflict("一边在算，一边又有人报数或情况在变，没有生成方案。请再算一次。", code="changed")


def _look(snapshot: Snapshot, evacuation_id: int, asked: PlanQuestion) -> Picture:
    connection = snapshot.connection
    of = orders.running(connection, evacuation_id)
    found = shelters.all_of(snapshot, of, asked.hazard_m)
    usable = _usable(found, asked)
    if not usable:
        raise Invalid(
            f"没有可用的避难场所：登记了 {len(found)} 处，都已停用、在水中、离危险源太近、没有容纳人数或不可用于防汛。"
            "请登记避难场所，或指定要用的。",
            code="no_shelters",
        )
    counts = orders.counts(connection, [evacuation_id])
    villages = [v for v in orders.villages(connection, evacuation_id) if counts[v["id"]]["left"]]
    own = shelters.occupied(snapshot, of["exercise"], evacuation_id)
    water = orders.water_now(connection, of)
    return Picture(
        of, villages, {v["id"]: counts[v["id"]]["left"] for v in villages}, places_of(snapshot, villages), usable,
        [max((s.free or 0) - s.reserved, 0) for s in usable], own, water, ways.look(snapshot, water, of["exercise"]),
    )  # fmt: skip


def _decide(picture: Picture, router: Any, asked: PlanQuestion) -> Decided:
    """Who goes where; asks the routing, and no database."""
    villages, left, places, usable = picture.villages, picture.left, picture.places, picture.usable
    placed = [v for v in villages if v["id"] in places]
    at = [(float(s.hit.row["lon"]), float(s.hit.row["lat"])) for s in usable]
    found_ways = ways.between(picture.roads, router, [places[v["id"]][:2] for v in placed], at)
    by_road = found_ways.by == "road"
    costs = [[_cost(w, by_road) for w in row] for row in found_ways.matrix]
    flow = assign([left[v["id"]] for v in placed], picture.room, costs)
    lines, sent = [], dict.fromkeys((v["id"] for v in villages), 0)
    off_road: list[dict[str, Any]] = []
    for v, row, row_ways in zip(placed, flow, found_ways.matrix, strict=True):
        for s, n, way in zip(usable, row, row_ways, strict=True):
            if n and way is not None:
                sent[v["id"]] += n
                if way.off_start_m is not None or way.off_road_m is not None:
                    off = {"off_start_m": _metre(way.off_start_m), "off_road_m": _metre(way.off_road_m)}
                    off_road.append({"village": v["id"], "shelter": s.hit.id, **off})
                lines.append(
                    {"village": v["id"], "shelter": s.hit.id, "persons": n, "distance": way.distance_m,
                     "travel": way.travel_s}
                )  # fmt: skip
    notes = list(found_ways.notes)
    told = ((found_ways.wet, ways.IN_WATER), (found_ways.cut_off, ways.CUT_OFF), (found_ways.straight, ways.NO_ROAD))
    for which, said in told:
        if which:
            notes.append(f"{'、'.join(placed[i]['name'] for i in sorted(which))}：{said}")
    if off_road:
        n = len({one["village"] for one in off_road})
        notes.append(f"有 {n} 个村（社区）的路有一段超过 {OFF_ROAD_M:g} m 在路网上没有路，用时未计，各村写明")
    taken = {line["shelter"] for line in lines}
    unused = [s for s in usable if s.out_of_use and s.hit.id in taken]
    if unused:
        stages = "、".join(dict.fromkeys(s.out_of_use for s in unused))
        notes.append(f"指定的避难场所里有 {len(unused)} 处{stages}，能不能住人请先核实")
    rough = [v["name"] for v in placed if places[v["id"]][2]]
    if rough:
        notes.append(f"{'、'.join(rough[:20])}：没有登记的村庄对象，位置按区划的中间")
    used = {line["shelter"] for line in lines}
    if unknown := shelters.unknown_of([s for s in usable if s.hit.id in used]):
        notes.append(unknown)
    kinds = {v["id"]: found_ways.kind(i) for i, v in enumerate(placed)}
    body = {
        "hazard_m": asked.hazard_m, "top_kmh": ways.TOP_KMH, "shelters": asked.shelters, "notes": notes,
        "usable": len(usable), "water": picture.water,
        "villages": [
            {"village": v["id"], "left": left[v["id"]], "short": left[v["id"]] - sent[v["id"]],
             "why": _why_short(v, left, sent, places), "way": kinds.get(v["id"])}
            for v in villages
        ],
        "unused": [s.hit.id for s in usable if s.out_of_use],
        "off_road": off_road,
        "in_shelters": {str(s.hit.id): picture.own.get(s.hit.id, 0) for s in usable},
    }  # fmt: skip
    return Decided(found_ways.by, body, lines)


def _usable(found: Sequence[Shelter], asked: PlanQuestion) -> list[Shelter]:
    """Those to be used: named ones whatever stands against them but a place and a capacity, else all without fault."""
    if asked.shelters is None:
        return [s for s in found if not s.why_not]
    by_id = {s.hit.id: s for s in found}
    wrong = []
    for i, one in enumerate(asked.shelters):
        known = by_id.get(one)
        if known is None:
            wrong.append(FieldError(f"shelters.{i}", "unknown_shelter", orders.NO_SHELTER))
        elif known.capacity is None or known.hit.row["lon"] is None:
            told = "这个避难场所没有登记容纳人数或位置，不能分配"
            wrong.append(FieldError(f"shelters.{i}", "no_capacity", told))
        elif known.hit.inside:
            wrong.append(FieldError(f"shelters.{i}", "in_water", "这个避难场所在水中，不能用"))
    if wrong:
        raise Invalid("避难场所有误", errors=wrong[:50])
    return [by_id[one] for one in dict.fromkeys(asked.shelters)]


def _cost(way: ways.Way | None, by_road: bool) -> int | None:
    """Seconds on roads, where one village's are straight metres as if at 30 km/h; else metres."""
    if way is None:
        return None
    if by_road:
        return round(way.travel_s if way.travel_s is not None else way.distance_m / 30 * 3.6)
    return round(way.distance_m)


def places_of(snapshot: Snapshot, villages: Sequence[Mapping[str, Any]]) -> dict[int, tuple[float, float, bool]]:
    """Where each village is: its object, or the village that is registered under its name; else, roughly (True), the
    middle of the finest division that it lies in."""
    out = {}
    for i, row in _positions(snapshot, villages).items():
        at = row.at or row.middle
        if at is not None:
            out[i] = (*at, row.at is None)
    return out


def shown_places(snapshot: Snapshot, villages: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The same as the reader gets it: the place of an object that he does not see in full is its division's middle."""
    found = _positions(snapshot, villages)
    compiled = compile_selection(Selection(), snapshot, only_ids=[r.object for r in found.values() if r.object])
    rows = snapshot.connection.execute(text(compiled.rows("id, form")), compiled.binds.values)
    full = {row.id for row in rows if row.form == "full"}
    out = []
    for v in villages:
        row = found.get(v["id"])
        seen = row.at if row is not None and row.object in full else None
        out.append({"village": v["id"], "at": seen or (row and row.middle), "rough": seen is None})
    return out


@dataclass(frozen=True, slots=True)
class _Position:
    """Of a village: the object that stands for it with its place, and the middle of its division."""

    object: int | None
    at: tuple[float, float] | None
    middle: tuple[float, float] | None


def _positions(snapshot: Snapshot, villages: Sequence[Mapping[str, Any]]) -> dict[int, _Position]:
    """Of those that have a place. Decided over all objects."""
    with database.under(snapshot.connection, SYSTEM.settings()):
        rows = snapshot.connection.execute(
            text(
                "SELECT v.village_id AS id, o.id AS object, ST_X(o.at) AS lon, ST_Y(o.at) AS lat,"
                " ST_X(d.at) AS middle_lon, ST_Y(d.at) AS middle_lat FROM rescue_evac_village AS v"
                " LEFT JOIN LATERAL (SELECT o.id, o.anchor AS at FROM risk_object AS o WHERE o.anchor IS NOT NULL"
                " AND (o.id = v.object_id OR v.object_id IS NULL AND o.class = 'village' AND o.name = v.name"
                " AND o.division LIKE v.division || '%') ORDER BY o.id LIMIT 1) AS o ON true"
                " LEFT JOIN LATERAL (SELECT ST_PointOnSurface(d.geom) AS at FROM division AS d"
                " WHERE v.division LIKE d.territory || '%' AND length(d.territory) >= 9 AND d.geom IS NOT NULL"
                " AND d.known @> CAST(:n AS bigint) AND d.valid @> CAST(:day AS date)"
                " ORDER BY length(d.territory) DESC LIMIT 1) AS d ON true"
                " WHERE v.village_id = ANY(CAST(:ids AS bigint[])) AND coalesce(o.at, d.at) IS NOT NULL"
            ),
            {"ids": [v["id"] for v in villages], "n": snapshot.moment.n, "day": snapshot.moment.day},
        ).all()
    return {
        row.id: _Position(
            row.object,
            None if row.lon is None else (row.lon, row.lat),
            None if row.middle_lon is None else (row.middle_lon, row.middle_lat),
        )
        for row in rows
    }


def _why_short(
    village: Mapping[str, Any], left: Mapping[int, int], sent: Mapping[int, int], places: Mapping[int, Any]
) -> str:
    if left[village["id"]] == sent[village["id"]]:
        return ""
    return (
        "避难场所不够，或没有不涉水的路"
        if village["id"] in places
        else "不知道村在哪里：没有登记的对象，也没有区划范围"
    )


def _keep(snapshot: Snapshot, of: Mapping[str, Any], decided: Decided) -> int:
    connection, reader = snapshot.connection, snapshot.reader
    plan_id: int = connection.execute(
        text(
            "INSERT INTO rescue_evac_plan (evacuation_id, by, account_id, ways, body)"
            " VALUES (:id, :by, :account, :ways, CAST(:body AS jsonb)) RETURNING plan_id"
        ),
        {
            "id": of["id"], "by": reader.name, "account": reader.account_id, "ways": decided.routing,
            "body": dump_json(decided.body),
        },
    ).scalar_one()  # fmt: skip
    if decided.lines:
        connection.execute(
            text(
                "INSERT INTO rescue_evac_plan_line (plan_id, village_id, shelter_id, persons, distance_m, travel_s)"
                " VALUES (:plan, :village, :shelter, :persons, :distance, :travel)"
            ),
            [{**line, "plan": plan_id} for line in decided.lines],
        )
    placed = sum(line["persons"] for line in decided.lines)
    short = sum(v["short"] for v in decided.body["villages"])
    log.note(
        connection, by=reader.name, kind="转移", exercise=of["exercise"], flood_id=of["flood"],
        what=f"算出安置方案 {plan_id}：{of['name']}，" + _placed(placed, decided.lines, short) + "，未采纳",
        ref={"kind": "evacuation", "id": of["id"], "plan": plan_id},
    )  # fmt: skip
    return plan_id


def _placed(persons: int, lines: Sequence[Mapping[str, Any]], short: int) -> str:
    """How many are given a place, and for how many there is none."""
    places = len({one["shelter"] for one in lines})
    return f"{persons:,} 人到 {places} 处避难场所" + (f"，还缺 {short:,} 个位置" if short else "")


# -- Reading -----------------------------------------------------------------------------


def body(snapshot: Snapshot, evacuation_id: int, plan_id: int) -> dict[str, Any]:
    """A plan with its lines; shelters that the reader may not see without their name. Raises NotFound."""
    connection = snapshot.connection
    found = _head(connection, evacuation_id, plan_id)
    kept = found.pop("body")
    lines = _lines(connection, plan_id)
    names = orders.shelter_names(snapshot, {one["shelter"] for one in lines})
    gone = shelters.out_of_use(snapshot, {one["shelter"] for one in lines})
    since = [i for i in gone if i not in kept.get("unused", ())]  # else it was named by hand, and the notes say so
    villages = {v["id"]: v for v in orders.villages(connection, evacuation_id)}
    out = []
    for v in kept["villages"]:
        own = [
            {
                "shelter": one["shelter"] if one["shelter"] in names else None,
                "name": names.get(one["shelter"]), "masked": None if one["shelter"] in names else _UNSEEN,
                "persons": one["persons"], "distance_m": round(one["distance_m"], 1),
                "travel_s": None if one["travel_s"] is None else round(one["travel_s"]),
                "off_start_m": one["off_start_m"], "off_road_m": one["off_road_m"],
            }
            for one in lines
            if one["village"] == v["village"]
        ]  # fmt: skip
        out.append({"way": None, **v, "name": villages[v["village"]]["name"], "to": own})
    return found | {
        "diff": _difference(snapshot, found, lines, {v["id"]: v["name"] for v in villages.values()}),
        "villages": out, "persons": sum(one["persons"] for one in lines), "short": sum(v["short"] for v in out),
        "shelters": len({one["shelter"] for one in lines}), "hazard_m": kept["hazard_m"], "notes": kept["notes"],
        "top_kmh": kept.get("top_kmh"),
        "unused_since": [
            {"name": names.get(i, _UNSEEN), "said": gone[i],
             "persons": sum(one["persons"] for one in lines if one["shelter"] == i)}
            for i in since
        ],
    }  # fmt: skip


def _difference(
    snapshot: Snapshot, plan: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], names: Mapping[int, str]
) -> dict[str, Any]:
    """Where a plan sends people otherwise than the one that is in force; of one accepted, than the one before it."""
    connection = snapshot.connection
    before = connection.execute(
        text(
            "SELECT p.plan_id AS plan, a.at, a.by FROM rescue_evac_plan AS p"
            " JOIN rescue_evac_plan_accepted AS a USING (plan_id) WHERE p.evacuation_id = :of AND p.plan_id <> :id"
            " AND (CAST(:until AS timestamptz) IS NULL OR a.at < :until) ORDER BY a.at DESC LIMIT 1"
        ),
        {"of": plan["evacuation"], "id": plan["id"], "until": plan["accepted_at"]},
    )
    against = before.mappings().one_or_none()
    old = _sent(_lines(connection, against["plan"])) if against else {}
    new = _sent(lines)
    seen = orders.shelter_names(snapshot, {s for to in (*old.values(), *new.values()) for s in to})

    def told(to: Mapping[int, int]) -> list[dict[str, Any]]:
        return [{"name": seen.get(s, _UNSEEN), "persons": n} for s, n in to.items()]

    rows = [
        {"village": v, "name": names[v], "before": told(old.get(v, {})), "after": told(new.get(v, {}))}
        for v in dict.fromkeys([*old, *new])
        if old.get(v) != new.get(v)
    ]
    same = sum(old.get(v) == to for v, to in new.items())
    return {"against": None if against is None else dict(against), "rows": rows if against else [], "same": same}


def _sent(lines: Sequence[Mapping[str, Any]]) -> dict[int, dict[int, int]]:
    """Of each village: persons by shelter."""
    out: dict[int, dict[int, int]] = {}
    for one in lines:
        out.setdefault(one["village"], {})[one["shelter"]] = one["persons"]
    return out


_HEAD = (
    "SELECT p.plan_id AS id, p.evacuation_id AS evacuation, p.at AS made_at, p.by, p.ways AS routing, p.body,"
    " a.at AS accepted_at, a.by AS accepted_by FROM rescue_evac_plan AS p"
    " LEFT JOIN rescue_evac_plan_accepted AS a USING (plan_id)"
)


def _head(connection: Connection, evacuation_id: int, plan_id: int) -> dict[str, Any]:
    row = connection.execute(
        text(f"{_HEAD} WHERE p.evacuation_id = :of AND p.plan_id = :id"), {"of": evacuation_id, "id": plan_id}
    )
    found = row.mappings().one_or_none()
    if found is None:
        raise NotFound("没有这个安置方案，请刷新后再选。")
    return dict(found)


def listed(snapshot: Snapshot, evacuation_id: int, at: datetime) -> list[dict[str, Any]]:
    """The newest plans made by a minute, at most MOST, the newest first, without their lines."""
    rows = snapshot.connection.execute(
        text(f"{_HEAD} WHERE p.evacuation_id = :of AND p.at <= :at ORDER BY p.plan_id DESC LIMIT :most"),
        {"of": evacuation_id, "at": at, "most": MOST},
    )
    out = []
    for row in rows.mappings():
        one = dict(row)
        kept = one.pop("body")
        if one["accepted_at"] is not None and one["accepted_at"] > at:
            one |= {"accepted_at": None, "accepted_by": None}
        out.append(one | {"short": sum(v["short"] for v in kept["villages"])})
    return out


def _lines(connection: Connection, plan_id: int) -> list[dict[str, Any]]:
    rows = connection.execute(
        text(
            "SELECT village_id AS village, shelter_id AS shelter, persons, distance_m, travel_s"
            " FROM rescue_evac_plan_line WHERE plan_id = :id ORDER BY village_id, persons DESC, shelter_id"
        ),
        {"id": plan_id},
    )
    body = connection.scalar(text("SELECT body FROM rescue_evac_plan WHERE plan_id = :id"), {"id": plan_id}) or {}
    off = {(one["village"], one["shelter"]): one for one in body.get("off_road", ())}  # a plan of before has none
    known = ("off_start_m", "off_road_m")
    return [
        {**row, **{k: off.get((row["village"], row["shelter"]), {}).get(k) for k in known}} for row in rows.mappings()
    ]


def _metre(m: float | None) -> float | None:
    return None if m is None else round(m, 1)


def in_force(connection: Connection, evacuation_id: int, at: datetime) -> list[dict[str, Any]]:
    """Lines of the plan that was accepted last, at a minute."""
    found = connection.scalar(
        text(
            "SELECT p.plan_id FROM rescue_evac_plan AS p JOIN rescue_evac_plan_accepted AS a USING (plan_id)"
            " WHERE p.evacuation_id = :of AND a.at <= :at ORDER BY a.at DESC LIMIT 1"
        ),
        {"of": evacuation_id, "at": at},
    )
    return [] if found is None else _lines(connection, found)


def with_assigned(snapshot: Snapshot, of: dict[str, Any], at: datetime) -> dict[str, Any]:
    """An evacuation (`orders.body`) with where the plan in force sends each village."""
    lines = in_force(snapshot.connection, of["id"], at)
    names = orders.shelter_names(snapshot, {one["shelter"] for one in lines})
    gone = shelters.out_of_use(snapshot.known_at(at), {one["shelter"] for one in lines})
    for village in of["villages"]:
        village["assigned"] = [
            {
                "shelter": one["shelter"] if one["shelter"] in names else None,
                "name": names.get(one["shelter"], _UNSEEN), "persons": one["persons"],
                "distance_m": round(one["distance_m"], 1), "off_start_m": one["off_start_m"],
                "off_road_m": one["off_road_m"], "out_of_use": gone.get(one["shelter"], ""),
            }
            for one in lines
            if one["village"] == village["id"]
        ]  # fmt: skip
    return of


# -- Acceptance ----------------------------------------------------------------------------


def accept(snapshot: Snapshot, evacuation_id: int, plan_id: int) -> None:
    """Put a plan in force, whole: one act. Raises Conflict where another was first or the places have gone, Forbidden
    where not all villages are in the reader's areas."""
    connection, reader = snapshot.connection, snapshot.reader
    # One at a time for all evacuations: they share the shelters.
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_evac_plan', 0))"))
    of = orders.running(connection, evacuation_id)
    found = _head(connection, evacuation_id, plan_id)
    if found["accepted_at"] is not None:
        raise Conflict(f"这个方案已由 {found['accepted_by']} 采纳。", code="accepted")
    newer = connection.execute(
        text(
            "SELECT a.by, a.at FROM rescue_evac_plan AS p JOIN rescue_evac_plan_accepted AS a USING (plan_id)"
            " WHERE p.evacuation_id = :of AND a.at > :at ORDER BY a.at DESC LIMIT 1"
        ),
        {"of": evacuation_id, "at": found["made_at"]},
    ).one_or_none()
    if newer is not None:
        raise Conflict(
            f"这个方案做出以后，{newer.by} 已于 {clock.of_day(newer.at)} 采纳了另一个方案。请重算，看过再定。",
            code="overtaken",
        )
    lines = _lines(connection, plan_id)
    if not lines:
        raise Invalid("这个方案没有安置任何人，不能采纳。", code="empty_plan")
    # Of all its villages: whom this plan sends nowhere, him the one before may have sent.
    orders.ensure_whole(reader, orders.villages(connection, evacuation_id), "采纳")
    if "water" in found["body"] and found["body"]["water"] != orders.water_now(connection, of):
        raise Conflict("做出这个方案以后水面有新的一版。请重算，看过再定。", code="changed")
    _ensure_room(snapshot, of, found, lines)
    connection.execute(
        text("INSERT INTO rescue_evac_plan_accepted (plan_id, by, account_id) VALUES (:id, :by, :account)"),
        {"id": plan_id, "by": reader.name, "account": reader.account_id},
    )
    short = sum(v["short"] for v in found["body"]["villages"])
    log.note(
        connection, by=reader.name, kind="转移", exercise=of["exercise"], flood_id=of["flood"],
        what=f"采纳安置方案 {plan_id}：{of['name']}，" + _placed(sum(one["persons"] for one in lines), lines, short),
        ref={"kind": "evacuation", "id": evacuation_id, "plan": plan_id},
    )  # fmt: skip


def _ensure_room(
    snapshot: Snapshot, of: Mapping[str, Any], found: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]
) -> None:
    """Raises Conflict where a shelter has less room than the plan takes; who came meanwhile from here has his place."""
    kept = found["body"]
    now = {s.hit.id: s for s in shelters.all_of(snapshot, of, kept["hazard_m"])}
    own = shelters.occupied(snapshot, of["exercise"], of["id"])
    wanted: dict[int, int] = {}
    for one in lines:
        wanted[one["shelter"]] = wanted.get(one["shelter"], 0) + one["persons"]
    over = 0
    for shelter, persons in wanted.items():
        s = now.get(shelter)
        came = own.get(shelter, 0) - int(kept["in_shelters"].get(str(shelter), 0))
        unusable = s is None or s.hit.inside or (s.out_of_use and shelter not in kept.get("unused", ()))
        room = 0 if s is None or unusable else (s.free or 0) - s.reserved + max(came, 0)
        over += persons > room
    if over:
        raise Conflict(
            f"方案做出以后情况变了：{over} 处避难场所的空位已经不够，或不能用了。请重算，看过再定。", code="no_room"
        )
