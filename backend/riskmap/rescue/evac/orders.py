"""Evacuations as ordered: their villages, who leads them out, their end; and the counts as the database makes them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

from riskmap.access.reader import COMMAND_TIER, SYSTEM, Reader, canonical_division, territory
from riskmap.base import clock, database
from riskmap.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound
from riskmap.exchange.division_names import division_names_of
from riskmap.rescue import floods, log, minute
from riskmap.rescue.evac.wire import Arrangement, NewEvacuation, Village
from riskmap.store.snapshot import Snapshot

_AHEAD = timedelta(minutes=10)  # clocks of telephones differ

# Of a row of rescue_evac_counts: column → name in an answer.
COUNTS = {
    "to_move": "to_move", "moved": "moved", "sheltered": "sheltered", "with_relatives": "with_relatives",
    "remaining": "left", "returned": "returned", "returned_from_shelters": "returned_from_shelters",
    "returned_from_relatives": "returned_from_relatives", "in_shelters": "in_shelters",
}  # fmt: skip

_HEAD = (
    "SELECT e.evacuation_id AS id, e.name, e.flood_id AS flood, e.level, e.trigger, e.ordered_at, e.made_at,"
    " e.by, e.exercise, c.at AS closed_at, c.by AS closed_by, c.reason AS closed_reason, c.keep_days"
    " FROM rescue_evacuation AS e LEFT JOIN rescue_evac_closed AS c"
    " ON c.evacuation_id = e.evacuation_id AND c.at <= :at"
)


# -- Acts of a commander ---------------------------------------------------------------


def order(snapshot: Snapshot, asked: NewEvacuation) -> int:
    """Write an order with its villages; its id. Raises Invalid, NotFound, Forbidden."""
    connection, reader = snapshot.connection, snapshot.reader
    exercise = bool(asked.exercise)
    if asked.flood is not None:
        flood = floods.find(connection, asked.flood)
        if asked.exercise is not None and asked.exercise != flood["exercise"]:
            told = "实战的转移不能用演练的淹没范围，反之亦然"
            raise Invalid("淹没范围有误", errors=[FieldError("flood", "other_kind", told)])
        exercise = bool(flood["exercise"])
    at = occurred(asked.ordered_at, "ordered_at")
    evacuation_id: int = connection.execute(
        text(
            "INSERT INTO rescue_evacuation (name, flood_id, level, trigger, ordered_at, by, account_id, exercise)"
            " VALUES (:name, :flood, :level, :trigger, :at, :by, :account, :exercise) RETURNING evacuation_id"
        ),
        {
            "name": asked.name, "flood": asked.flood, "level": asked.level, "trigger": asked.trigger, "at": at,
            "by": reader.name, "account": reader.account_id, "exercise": exercise,
        },
    ).scalar_one()  # fmt: skip
    _insert_villages(snapshot, evacuation_id, asked.villages)
    persons = sum(v.to_move for v in asked.villages)
    log.note(
        connection, by=reader.name, kind="转移", exercise=exercise, flood_id=asked.flood,
        what=f"下达{asked.level}：{asked.name}，{len(asked.villages)} 个村（社区），应转 {persons:,} 人"
        + (f"；条件：{asked.trigger}" if asked.trigger else ""),
        ref={"kind": "evacuation", "id": evacuation_id},
    )  # fmt: skip
    return evacuation_id


def add_villages(snapshot: Snapshot, evacuation_id: int, given: Sequence[Village]) -> None:
    """Further villages. Raises Conflict for an order that has ended, Invalid, NotFound, Forbidden."""
    # One at a time: what is listed already is looked up below, and who comes second is told so.
    snapshot.connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_evac_villages', :id))"), {"id": evacuation_id}
    )
    of = running(snapshot.connection, evacuation_id)
    _insert_villages(snapshot, evacuation_id, given)
    names = "、".join(v.name for v in given[:5]) + (f"等 {len(given)} 个" if len(given) > 5 else "")
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="转移", exercise=of["exercise"], flood_id=of["flood"],
        what=f"{of['name']}：增加{names}，应转 {sum(v.to_move for v in given):,} 人",
        ref={"kind": "evacuation", "id": evacuation_id},
    )  # fmt: skip


def _insert_villages(snapshot: Snapshot, evacuation_id: int, given: Sequence[Village]) -> None:
    connection, reader = snapshot.connection, snapshot.reader
    known = {territory(d["code"]) for d in division_names_of(snapshot).divisions}
    known = {code for code in known if len(code) >= 6} or known
    have = {(v["division"], v["name"]) for v in villages(connection, evacuation_id)}
    wrong = []
    for i, one in enumerate(given):
        division = canonical_division(one.division)
        if len(division) not in (6, 9, 12) or (known and not division.startswith(tuple(known))):
            told = "没有这个区划，请填本市的区划代码"
            wrong.append(FieldError(f"villages.{i}.division", "unknown_division", told))
        elif (division, one.name) in have:
            told = f"“{one.name}”已在这次转移里，同一个村只列一次"
            wrong.append(FieldError(f"villages.{i}.name", "duplicate", told))
        have.add((division, one.name))
    _check_objects(snapshot, given, wrong)
    if wrong:
        names = dict.fromkeys(given[int(fault.field.split(".")[1])].name for fault in wrong)
        told = "、".join(f"“{n}”" for n in [*names][:5]) + (f"等 {len(names)} 个村（社区）" if len(names) > 5 else "")
        raise Invalid(f"{told}有误，没有下达，请改正后再下达", errors=wrong[:50])
    for one in given:
        division = canonical_division(one.division)
        ensure_area(reader, division, one.name)
        village_id = connection.execute(
            text(
                "INSERT INTO rescue_evac_village (evacuation_id, name, division, object_id, to_move, by)"
                " VALUES (:id, :name, :division, :object, :to_move, :by) RETURNING village_id"
            ),
            {
                "id": evacuation_id, "name": one.name, "division": division, "object": one.object,
                "to_move": one.to_move, "by": reader.name,
            },
        ).scalar_one()  # fmt: skip
        _insert_arranged(snapshot, village_id, one)


def _check_objects(snapshot: Snapshot, given: Sequence[Village], wrong: list[FieldError]) -> None:
    shelters = shelters_among(snapshot, {v.shelter for v in given if v.shelter is not None})
    named = {v.object for v in given if v.object is not None}
    rows = snapshot.connection.execute(
        text("SELECT id FROM risk_object WHERE id = ANY(CAST(:ids AS bigint[]))"), {"ids": sorted(named)}
    )
    objects = {row.id for row in rows}
    for i, one in enumerate(given):
        if one.shelter is not None and one.shelter not in shelters:
            wrong.append(FieldError(f"villages.{i}.shelter", "unknown_shelter", NO_SHELTER))
        if one.object is not None and one.object not in objects:
            wrong.append(FieldError(f"villages.{i}.object", "unknown_object", "没有这个对象，请刷新后再选"))


NO_SHELTER = "没有这个避难场所，请从登记的避难场所里选"


def shelters_among(snapshot: Snapshot, ids: Iterable[int]) -> set[int]:
    """Those of these ids that are live shelters, whoever may see them."""
    with database.under(snapshot.connection, SYSTEM.settings()):
        rows = snapshot.connection.execute(
            text(
                "SELECT id FROM risk_object WHERE id = ANY(CAST(:ids AS bigint[])) AND class = 'shelter'"
                " AND stage NOT IN ('closed', 'struck_off')"
            ),
            {"ids": sorted(set(ids))},
        ).all()
    return {row.id for row in rows}


def shelter_names(snapshot: Snapshot, ids: Iterable[int]) -> dict[int, str]:
    """Names of the shelters that the reader may see."""
    rows = snapshot.connection.execute(
        text("SELECT id, name FROM risk_object WHERE id = ANY(CAST(:ids AS bigint[]))"), {"ids": sorted(set(ids))}
    )
    return {row.id: row.name for row in rows}


def arrange(snapshot: Snapshot, evacuation_id: int, village_id: int, asked: Arrangement) -> None:
    """Who leads a village out, how and where to. Raises NotFound, Forbidden, Invalid, Conflict."""
    running(snapshot.connection, evacuation_id)
    village = find_village(snapshot.connection, evacuation_id, village_id)
    ensure_area(snapshot.reader, village["division"], village["name"])
    if asked.shelter is not None and not shelters_among(snapshot, [asked.shelter]):
        raise Invalid("避难场所有误", errors=[FieldError("shelter", "unknown_shelter", NO_SHELTER)])
    _insert_arranged(snapshot, village_id, asked)


def _insert_arranged(snapshot: Snapshot, village_id: int, asked: Arrangement) -> None:
    snapshot.connection.execute(
        text(
            "INSERT INTO rescue_evac_arranged (village_id, by, area, organiser, phone, transport, route, shelter_id)"
            " VALUES (:village, :by, :area, :organiser, :phone, :transport, :route, :shelter)"
        ),
        {
            "village": village_id, "by": snapshot.reader.name, "area": asked.area, "organiser": asked.organiser,
            "phone": asked.phone, "transport": asked.transport, "route": asked.route, "shelter": asked.shelter,
        },
    )  # fmt: skip


def close(snapshot: Snapshot, evacuation_id: int, reason: str, keep_days: int) -> None:
    """End an evacuation; its households go `keep_days` days later. Raises Conflict, NotFound, Forbidden."""
    connection, reader = snapshot.connection, snapshot.reader
    of = running(connection, evacuation_id)
    ensure_whole(reader, villages(connection, evacuation_id), "结束")
    made = connection.execute(
        text(
            "INSERT INTO rescue_evac_closed (evacuation_id, by, reason, keep_days) VALUES (:id, :by, :reason, :days)"
            " ON CONFLICT DO NOTHING"
        ),
        {"id": evacuation_id, "by": reader.name, "reason": reason, "days": keep_days},
    )
    if made.rowcount == 0:
        raise _closed(head(connection, evacuation_id))
    goes_on = clock.today() + timedelta(days=keep_days)
    # Of all villages: also of those whose households he may not read.
    with database.under(connection, SYSTEM.settings(write=True)):
        connection.execute(
            text("UPDATE rescue_evac_household SET delete_on = :day WHERE evacuation_id = :id"),
            {"day": goes_on, "id": evacuation_id},
        )
    total = in_all(counts(connection, [evacuation_id]).values())
    log.note(
        connection, by=reader.name, kind="转移", exercise=of["exercise"], flood_id=of["flood"],
        what=f"结束转移：{of['name']}（{reason}），{in_words(total)}；户册 {goes_on} 删除",
        ref={"kind": "evacuation", "id": evacuation_id},
    )  # fmt: skip


def ensure_area(reader: Reader, division: str, name: str) -> None:
    """Raises Forbidden for a village of another area."""
    if not reader.in_areas(division):
        raise Forbidden(f"“{name}”不在您的管理区域内，请由该区域的人登记。")


def ensure_whole(reader: Reader, given: Sequence[Mapping[str, Any]], act: str) -> None:
    """What is done to an evacuation as a whole is done to each of its villages. Raises Forbidden where one of them
    lies in another area."""
    others = [v["name"] for v in given if not reader.in_areas(v["division"])]
    if others:
        named = "、".join(f"“{name}”" for name in others[:3])
        more = f"等 {len(others)} 个村（社区）" if len(others) > 3 else ""
        raise Forbidden(
            f"{named}{more}不在您的管理区域内，没有{act}。请由管这次转移全部村（社区）的人或不限区划的人操作。"
        )


def occurred(at: datetime | None, field: str) -> datetime:
    """When something was, by whoever reports it. Raises Invalid for the future."""
    now = clock.now()
    at = minute.local(at) if at is not None else now
    if at > now + _AHEAD:
        raise Invalid("时间有误", errors=[FieldError(field, "in_future", "时间还没有到，请核对手机或电脑的时钟")])
    return at


# -- Reading -----------------------------------------------------------------------------


def head(connection: Connection, evacuation_id: int, at: datetime | None = None) -> dict[str, Any]:
    """An evacuation without its villages, as it stood at a minute. Raises NotFound."""
    row = connection.execute(
        text(f"{_HEAD} WHERE e.evacuation_id = :id AND e.made_at <= :at"),
        {"id": evacuation_id, "at": minute.asked(connection, at)},
    )
    found = row.mappings().one_or_none()
    if found is None:
        raise NotFound("没有这次转移，请刷新后再选。")
    return dict(found)


def water_now(connection: Connection, of: Mapping[str, Any]) -> int | None:
    """The newest version of its scenario that stands: what was dry when it was ordered may not be so now."""
    if of["flood"] is None:
        return None
    standing = floods.newest_standing(connection, of["flood"])
    return int(of["flood"] if standing is None else standing["id"])


def running(connection: Connection, evacuation_id: int) -> dict[str, Any]:
    """One that has not ended. Raises Conflict, NotFound."""
    found = head(connection, evacuation_id)
    if found["closed_at"] is not None:
        raise _closed(found)
    return found


def _closed(found: Mapping[str, Any]) -> Conflict:
    at = clock.minute(found["closed_at"])
    return Conflict(f"这次转移已由 {found['closed_by']} 于 {at} 结束。", code="closed")


_VILLAGE = (
    "SELECT v.village_id AS id, v.evacuation_id AS evacuation, v.name, v.division, v.object_id AS object, a.area,"
    " a.organiser, a.phone, a.transport, a.route, a.shelter_id AS shelter FROM rescue_evac_village AS v"
    " LEFT JOIN LATERAL (SELECT * FROM rescue_evac_arranged AS a WHERE a.village_id = v.village_id AND a.at <= :at"
    " ORDER BY a.arranged_id DESC LIMIT 1) AS a ON true WHERE v.evacuation_id = :id AND v.made_at <= :at"
)


def villages(connection: Connection, evacuation_id: int, at: datetime | None = None) -> list[dict[str, Any]]:
    """Its villages at a minute, with who leads them out."""
    rows = connection.execute(
        text(f"{_VILLAGE} ORDER BY v.division, v.village_id"),
        {"id": evacuation_id, "at": minute.asked(connection, at)},
    )
    return [dict(row) for row in rows.mappings()]


def find_village(connection: Connection, evacuation_id: int, village_id: int) -> dict[str, Any]:
    """A village of an evacuation. Raises NotFound."""
    row = connection.execute(
        text(f"{_VILLAGE} AND v.village_id = :village"),
        {"id": evacuation_id, "village": village_id, "at": minute.asked(connection, None)},
    )
    found = row.mappings().one_or_none()
    if found is None:
        raise NotFound("这次转移里没有这个村，请刷新后再选。")
    return dict(found)


def counts(
    connection: Connection, evacuations: Sequence[int], until: datetime | None = None, village_id: int | None = None
) -> dict[int, dict[str, int]]:
    """The counts of each village, as the database's one function makes them."""
    rows = connection.execute(
        text(
            "SELECT * FROM rescue_evac_counts(CAST(:ids AS bigint[]), CAST(:until AS timestamptz))"
            " WHERE CAST(:village AS bigint) IS NULL OR village_id = :village"
        ),
        {"ids": list(evacuations), "until": until or "infinity", "village": village_id},
    ).mappings()
    return {row["village_id"]: {name: row[column] for column, name in COUNTS.items()} for row in rows}


def in_all(villages: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Their sum."""
    out = dict.fromkeys(COUNTS.values(), 0)
    for one in villages:
        for name in out:
            out[name] += one[name]
    return out


def in_words(c: Mapping[str, int]) -> str:
    """The counts as they are reported."""
    return (
        f"应转 {c['to_move']:,}，已转 {c['moved']:,}（安置 {c['sheltered']:,}、投亲靠友 {c['with_relatives']:,}），"
        f"未转 {c['left']:,}，返回 {c['returned']:,}"
    )


def listed(snapshot: Snapshot, *, exercise: bool, at: datetime, running_only: bool) -> list[dict[str, Any]]:
    """Evacuations at a minute with their counts in all, the newest first."""
    connection = snapshot.connection
    rows = connection.execute(
        text(
            f"{_HEAD} WHERE e.exercise = :exercise AND e.made_at <= :at AND (NOT :running OR c.at IS NULL)"
            " ORDER BY e.evacuation_id DESC LIMIT 200"
        ),
        {"exercise": exercise, "at": at, "running": running_only},
    )
    heads = [dict(row) for row in rows.mappings()]
    found = connection.execute(
        text("SELECT * FROM rescue_evac_counts(CAST(:ids AS bigint[]), :at)"),
        {"ids": [h["id"] for h in heads], "at": at},
    ).mappings()
    of: dict[int, list[dict[str, int]]] = {}
    for row in found:
        of.setdefault(row["evacuation_id"], []).append({name: row[column] for column, name in COUNTS.items()})
    return [h | {"villages": len(of.get(h["id"], ())), **in_all(of.get(h["id"], ()))} for h in heads]


def body(snapshot: Snapshot, evacuation_id: int, at: datetime) -> dict[str, Any]:
    """One evacuation as it stood at a minute: in all, and each village. Raises NotFound."""
    connection, reader = snapshot.connection, snapshot.reader
    found = head(connection, evacuation_id, at)
    of = counts(connection, [evacuation_id], at)
    names = division_names_of(snapshot)
    listed_villages = villages(connection, evacuation_id, at)
    seen = _seen(snapshot, {v["object"] for v in listed_villages if v["object"] is not None})
    return found | in_all(of.values()) | {
        "yours": all(reader.in_areas(v["division"]) for v in listed_villages),
        "villages": [
            v | of[v["id"]] | {
                "object": v["object"] if v["object"] in seen else None,
                "division_name": names.words(v["division"]),
                "may_enter": reader.writes and reader.in_areas(v["division"]),
                "may_see_households": may_see_households(reader, v["division"]),
            }
            for v in listed_villages
        ],
    }  # fmt: skip


def _seen(snapshot: Snapshot, ids: Iterable[int]) -> set[int]:
    """Those that the reader may see: by the rows that row security lets through."""
    rows = snapshot.connection.execute(
        text("SELECT id FROM risk_object WHERE id = ANY(CAST(:ids AS bigint[]))"), {"ids": sorted(set(ids))}
    )
    return {row.id for row in rows}


def may_see_households(reader: Reader, division: str) -> bool:
    """As row security has it: command tier, or an editor whose areas cover the village."""
    if reader.tier >= COMMAND_TIER:
        return reader.in_areas(division)
    # No limit is no village of his own: it would be every household of the city.
    return reader.sees_inner and reader.writes and bool(reader.areas) and reader.in_areas(division)
