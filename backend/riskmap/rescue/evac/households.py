"""Households of the villages that have to leave: a personal list, read by few, deleted on its day.

Row security lets through the command tier, and an editor whose areas cover the village; for everybody else a village
has no such list (404). Which household stands in which village is asked of all, since one may stand in one alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Engine, text

from riskmap.access.reader import SYSTEM, Reader
from riskmap.base import audit, clock, database
from riskmap.base.errors import Conflict, FieldError, Invalid, NotFound
from riskmap.rescue import log, minute
from riskmap.rescue.evac import entries, orders
from riskmap.rescue.evac.household_table import Fault, Row
from riskmap.rescue.evac.wire import NewHousehold
from riskmap.store.snapshot import Snapshot

KINDS = {"resident": "常住", "floating": "流动"}
LONGEST = timedelta(days=180)  # where nobody ends the evacuation. Policy.
MOST = 20_000  # of one evacuation

_FIELDS = (
    "code", "kind", "householder", "persons", "frail", "disabled", "left_behind", "alone", "phone", "address",
    "helper", "helper_phone",
)  # fmt: skip


def ensure_seen(reader: Reader, village: Mapping[str, Any]) -> None:
    """Raises NotFound for who may not see the households of a village."""
    if not orders.may_see_households(reader, village["division"]):
        raise NotFound("没有这个村的户册。")


def listed(snapshot: Snapshot, evacuation_id: int, village_ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Households that the reader may see, each with who of it has moved, is left, and returned; whoever needs help
    comes first."""
    rows = snapshot.connection.execute(
        text(
            f"SELECT household_id AS id, village_id AS village, {', '.join(_FIELDS)}, delete_on"
            " FROM rescue_evac_household WHERE evacuation_id = :id"
            " AND (CAST(:villages AS bigint[]) IS NULL OR village_id = ANY(CAST(:villages AS bigint[])))"
            " ORDER BY village_id, (disabled > 0) DESC, (frail + left_behind + alone > 0) DESC, code, household_id"
        ),
        {"id": evacuation_id, "villages": None if village_ids is None else list(village_ids)},
    ).mappings()
    found = [dict(row) for row in rows]
    done = entries.of_households(snapshot, [h["id"] for h in found]) if found else {}
    out = []
    for one in found:
        moved, returned = done.get(one["id"], (0, 0))
        more = {"moved": moved, "left": one["persons"] - moved, "returned": returned}
        out.append(one | more | {"kind_title": KINDS[one["kind"]]})
    return out


def compared(households: Sequence[Mapping[str, Any]], counts: Mapping[str, int]) -> dict[str, int]:
    """How the list stands to the count: persons on it, those moved by it, and those counted without a household."""
    moved = sum(h["moved"] for h in households)
    return {
        "households": len(households), "persons": sum(h["persons"] for h in households), "moved": moved,
        "left": sum(h["left"] for h in households), "without_household": counts["moved"] - moved,
    }  # fmt: skip


# -- Taking a table in ----------------------------------------------------------------------


def persons_each(snapshot: Snapshot, ids: Iterable[int]) -> dict[int, float]:
    """Persons a household of these objects, as far as the register has both of them and the reader may see it."""
    rows = snapshot.connection.execute(
        text(
            "SELECT id, coalesce((attributes->>'residents')::float8, (attributes->>'persons')::float8)"
            " / (attributes->>'households')::float8 AS each FROM risk_object WHERE id = ANY(CAST(:ids AS bigint[]))"
            " AND (attributes->>'households')::float8 > 0"
        ),
        {"ids": sorted(set(ids))},
    )
    return {row.id: row.each for row in rows if row.each}


def take(snapshot: Snapshot, evacuation_id: int, rows: Sequence[Row], *, dry_run: bool) -> dict[str, Any]:
    """Write the rows that are right: {added, changed, same, faults}. Raises Conflict, NotFound."""
    connection, reader = snapshot.connection, snapshot.reader
    of = orders.running(connection, evacuation_id)
    body = orders.body(snapshot, evacuation_id, minute.asked(connection, None))
    by_name: dict[str, list[dict[str, Any]]] = {}
    for village in body["villages"]:
        by_name.setdefault(village["name"], []).append(village)
    _lock(connection, evacuation_id)
    known = _known(snapshot, evacuation_id)
    faults: list[Fault] = []
    counts = {"added": 0, "changed": 0, "same": 0}
    seen: dict[str, Row] = {}
    fresh: list[dict[str, Any]] = []
    villages = {v["id"]: v for v in body["villages"]}
    for row in rows:
        village = _village_of(reader, by_name, row)
        if isinstance(village, Fault):
            faults.append(village)
            continue
        first = seen.setdefault(row.identity, row)
        if first is not row:
            told = f"与第 {first.line} 行是同一户（{_how(row)}）" + (
                f"，两行的村不同：“{first.village}”“{row.village}”" if first.village != row.village else ""
            )
            faults.append(Fault(row.line, "户主", "twice", told))
            continue
        before = known.get(row.identity)
        if before is not None and before["village_id"] != village["id"]:
            told = (
                f"这一户（{_how(row)}）已在{_where(reader, villages[before['village_id']])}的户册里，一户只能在一个村；"
            )
            told += "同名的请填户号区分"
            faults.append(Fault(row.line, "户主", "other_village", told))
        elif before is None:
            fresh.append({**row.values, "village": village["id"], "division": village["division"],
                          "identity": row.identity})  # fmt: skip
            counts["added"] += 1
        elif all(before[name] == row.values[name] for name in _FIELDS):
            counts["same"] += 1
        else:
            fault = _change(snapshot, before, row, dry_run=dry_run)
            if fault is not None:
                faults.append(fault)
            else:
                counts["changed"] += 1
    if len(known) + len(fresh) > MOST:
        raise Invalid(f"一次转移最多 {MOST:,} 户，现有 {len(known):,} 户。", code="too_many_households")
    if not dry_run and fresh:
        _add(snapshot, evacuation_id, fresh)
    if not dry_run and (counts["added"] or counts["changed"]):
        log.note(
            connection, by=reader.name, kind="转移", exercise=of["exercise"], flood_id=of["flood"],
            what=f"{of['name']}：导入户册，新增 {counts['added']:,} 户，更新 {counts['changed']:,} 户",
            ref={"kind": "evacuation", "id": evacuation_id},
        )  # fmt: skip
    return {**counts, "faults": sorted(faults, key=lambda f: f.line)}


def _where(reader: Reader, village: Mapping[str, Any]) -> str:
    """In which list a household is, for who may read that list; to others only that it is in one."""
    return f"“{village['name']}”" if orders.may_see_households(reader, village["division"]) else "另一个村"


def _lock(connection: Connection, evacuation_id: int) -> None:
    """One list at a time: what it says of identities has to stay true while it is written."""
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_evac_household', :id))"), {"id": evacuation_id}
    )


def _how(row: Row) -> str:
    return f"户号 {row.values['code']}" if row.values["code"] else "户主和电话相同"


def _village_of(reader: Reader, by_name: Mapping[str, list[dict[str, Any]]], row: Row) -> dict[str, Any] | Fault:
    found = by_name.get(row.village, [])
    if not found:
        return Fault(
            row.line, "村（社区）", "unknown_village", f"这次转移里没有“{row.village}”，请写与转移里一样的村名"
        )
    mine = [v for v in found if orders.may_see_households(reader, v["division"]) and v["may_enter"]]
    if not mine:
        return Fault(row.line, "村（社区）", "other_area", f"“{row.village}”不在您的管理区域内，不能登记它的户册")
    if len(mine) > 1:
        return Fault(
            row.line, "村（社区）", "ambiguous", f"这次转移里有 {len(mine)} 个“{row.village}”，请分别改名后再导入"
        )
    return mine[0]


def _known(snapshot: Snapshot, evacuation_id: int) -> dict[str, dict[str, Any]]:
    """All households by identity, whoever may see them."""
    with database.under(snapshot.connection, SYSTEM.settings()):
        rows = snapshot.connection.execute(
            text("SELECT * FROM rescue_evac_household WHERE evacuation_id = :id"), {"id": evacuation_id}
        ).mappings()
        return {row["identity"]: dict(row) for row in rows}


def _change(snapshot: Snapshot, before: Mapping[str, Any], row: Row, *, dry_run: bool) -> Fault | None:
    """Bring a household to what the row says; not below those of it who have moved."""
    connection = snapshot.connection
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_evac_village', :id))"),
        {"id": before["village_id"]},
    )
    moved, _ = entries.of_households(snapshot, [before["household_id"]]).get(before["household_id"], (0, 0))
    if row.values["persons"] < moved:
        told = f"这一户已登记转移 {moved:,} 人，人数不能改为 {row.values['persons']:,}；先更正登记"
        return Fault(row.line, "人数", "below_moved", told)
    if not dry_run:
        sets = ", ".join(f"{name} = :{name}" for name in _FIELDS)
        connection.execute(
            text(f"UPDATE rescue_evac_household SET {sets} WHERE household_id = :id"),
            {**row.values, "id": before["household_id"]},
        )
    return None


def _add(snapshot: Snapshot, evacuation_id: int, fresh: Sequence[Mapping[str, Any]]) -> None:
    names = ", ".join(_FIELDS)
    snapshot.connection.execute(
        text(
            f"INSERT INTO rescue_evac_household (evacuation_id, village_id, division, identity, by, delete_on, {names})"
            f" VALUES (:evacuation, :village, :division, :identity, :by, :day, {', '.join(f':{f}' for f in _FIELDS)})"
        ),
        [
            {**one, "evacuation": evacuation_id, "by": snapshot.reader.name, "day": clock.today() + LONGEST}
            for one in fresh
        ],
    )


def add(snapshot: Snapshot, evacuation_id: int, village_id: int, asked: NewHousehold) -> int:
    """One household, by hand; its id. Raises Conflict, Forbidden, Invalid, NotFound."""
    connection, reader = snapshot.connection, snapshot.reader
    of = orders.running(connection, evacuation_id)
    village = orders.find_village(connection, evacuation_id, village_id)
    ensure_seen(reader, village)
    orders.ensure_area(reader, village["division"], village["name"])
    row = Row(1, village["name"], asked.model_dump())
    parts = ("frail", "disabled", "left_behind", "alone")
    over = [name for name in parts if row.values[name] > row.values["persons"]]
    if over:
        told = f"比这一户 {asked.persons:,} 人多"
        raise Invalid("户册有误", errors=[FieldError(name, "more_than_all", told) for name in over])
    _lock(connection, evacuation_id)
    known = _known(snapshot, evacuation_id)
    before = known.get(row.identity)
    if before is not None:
        where = _where(reader, orders.find_village(connection, evacuation_id, before["village_id"]))
        raise Conflict(f"这一户（{_how(row)}）已在{where}的户册里，没有再加；同名的请填户号区分。", code="known")
    if len(known) >= MOST:
        raise Invalid(f"一次转移最多 {MOST:,} 户。", code="too_many_households")
    identity = {"village": village_id, "division": village["division"], "identity": row.identity}
    _add(snapshot, evacuation_id, [{**row.values, **identity}])
    log.note(
        connection, by=reader.name, kind="转移", exercise=of["exercise"], flood_id=of["flood"],
        what=f"{of['name']}：{village['name']}户册增加 1 户",
        ref={"kind": "evacuation", "id": evacuation_id, "village": village_id},
    )  # fmt: skip
    found: int = connection.execute(
        text("SELECT household_id FROM rescue_evac_household WHERE evacuation_id = :of AND identity = :identity"),
        {"of": evacuation_id, "identity": row.identity},
    ).scalar_one()
    return found


def withdraw(snapshot: Snapshot, evacuation_id: int, household_id: int, reason: str) -> dict[str, Any]:
    """Take a household off the list at once. Raises NotFound, and Conflict where some of it have been entered."""
    row = snapshot.connection.execute(
        text("SELECT village_id FROM rescue_evac_household WHERE household_id = :id AND evacuation_id = :of"),
        {"id": household_id, "of": evacuation_id},
    ).one_or_none()
    if row is None:
        raise NotFound("户册里没有这一户，请刷新后再选。")
    snapshot.connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_evac_village', :id))"), {"id": row.village_id}
    )
    moved, _ = entries.of_households(snapshot, [household_id]).get(household_id, (0, 0))
    if moved:
        raise Conflict(f"这一户已登记转移 {moved:,} 人，请先更正登记再删。", code="has_entries")
    of = orders.head(snapshot.connection, evacuation_id)
    village = orders.find_village(snapshot.connection, evacuation_id, row.village_id)
    snapshot.connection.execute(
        text("DELETE FROM rescue_evac_household WHERE household_id = :id"), {"id": household_id}
    )
    log.note(
        snapshot.connection, by=snapshot.reader.name, kind="转移", exercise=of["exercise"], flood_id=of["flood"],
        what=f"{of['name']}：{village['name']}户册删去 1 户：{reason}",
        ref={"kind": "evacuation", "id": evacuation_id, "village": row.village_id},
    )  # fmt: skip
    return village


# -- Their end --------------------------------------------------------------------------------


def delete_due(engine: Engine) -> int:
    """Delete the households whose day has come, and say so in the log; how many. At each start, and at midnight."""
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        return _delete_due(connection)


def _delete_due(connection: Connection) -> int:
    rows = connection.execute(
        text(
            "WITH gone AS (DELETE FROM rescue_evac_household WHERE delete_on <= :today RETURNING evacuation_id)"
            " SELECT e.evacuation_id AS id, e.name, e.exercise, e.flood_id AS flood, count(*) AS n"
            " FROM gone JOIN rescue_evacuation AS e USING (evacuation_id) GROUP BY e.evacuation_id"
            " ORDER BY e.evacuation_id"
        ),
        {"today": clock.today()},
    ).all()
    for row in rows:
        log.note(
            connection, by=SYSTEM.name, kind="转移", exercise=row.exercise, flood_id=row.flood,
            what=f"{row.name}：户册到期，已删除 {row.n:,} 户；人数登记保留",
            ref={"kind": "evacuation", "id": row.id},
        )  # fmt: skip
        audit.record(connection, SYSTEM.name, "delete", "household", row.id, after={"households": row.n})
    return sum(row.n for row in rows)
