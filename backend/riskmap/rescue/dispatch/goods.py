"""Goods: what the register counted, less what went out and more what came in since. Issues are bound to an incident; a
transfer keeps both ends; what is received may be of a kind that the store never had. A movement counts while the
register says what it said then: what is counted anew has it in already.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from riskmap.base.errors import FieldError, Invalid
from riskmap.rescue import life, log, minute, numbers
from riskmap.rescue.dispatch import incidents, seen
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

CLASS = "relief-store"
WORDS = {"issue": "出库", "return": "退回", "transfer": "调拨", "receive": "入库"}
MOST = 500  # movements told at once
# Units that count pieces: there is no half of one. Policy; what is measured (吨、千克、米、升), or comes in packs that
# are opened (箱、袋、卷), may be parts.
PIECES = frozenset("顶件个只台艘条套辆架把支张床双盏块根副具部座组份")
_COMES_IN = frozenset({"return", "receive"})
_FOR = {"issue": "用于", "return": "退自"}
_TAKER = {"issue": "领用人", "transfer": "签收人", "return": "交回人", "receive": "签收人"}


def stores(snapshot: Snapshot, *, exercise: bool, at: datetime) -> dict[str, Any]:
    """Stores of the snapshot's moment that the reader sees in full, with each good's stock at a minute; below its
    minimum is flagged. `out_of_use`: that a store is registered as not in use, in words; else empty."""
    rows = seen.live(snapshot, Selection(classes=(CLASS,)))
    forms = seen.forms(snapshot, (r["id"] for r in rows))
    moved = _moved(snapshot.connection, exercise=exercise, at=at)
    with_goods = "goods" in seen.readable(snapshot, CLASS)
    items = [
        {
            "id": row["id"], "name": row["name"], "division": row["division"] or None,
            "at": [row["lon"], row["lat"]] if row["lon"] is not None else None,
            "out_of_use": life.out_of_use(row["stage"]),
            "counted": _counted(row), "goods": _stock(row, moved.get(row["id"], ())) if with_goods else [],
        }
        for row in rows
        if forms.get(row["id"]) == "full"
    ]  # fmt: skip
    return {
        "items": items,
        "hidden": len(rows) - len(items),
        "below_minimum": sum(g["below_minimum"] for s in items for g in s["goods"]),
    }


def _counted(row: Mapping[str, Any]) -> str:
    return str((row["attributes"] or {}).get("checked_on") or "")


def _registered(row: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Goods by item and unit; the same that stands twice is one."""
    out: dict[tuple[str, str], dict[str, Any]] = {}
    for one in (row["attributes"] or {}).get("goods") or ():
        key = (str(one.get("item") or "").strip(), str(one.get("unit") or "").strip())
        into = out.setdefault(key, {"quantity": Decimal(0), "minimum": None})
        into["quantity"] += Decimal(one.get("quantity") or 0)
        if one.get("minimum") is not None:
            into["minimum"] = (into["minimum"] or 0) + Decimal(one["minimum"])
    return out


def _stock(row: Mapping[str, Any], moves: Any) -> list[dict[str, Any]]:
    counted, registered = _counted(row), _registered(row)
    change: dict[tuple[str, str], Decimal] = {}
    for move in moves:
        key = (move["item"], move["unit"])
        now = registered[key]["quantity"] if key in registered else Decimal(0)
        if move["registered"] == now and move["counted"] == counted:
            change[key] = change.get(key, Decimal(0)) + move["quantity"]
    out = []
    for item, unit in dict.fromkeys([*registered, *change]):
        known = registered.get((item, unit), {"quantity": Decimal(0), "minimum": None})
        stock = known["quantity"] + change.get((item, unit), Decimal(0))
        out.append(
            {
                "item": item, "unit": unit, "registered": known["quantity"], "stock": stock,
                "minimum": known["minimum"],
                "below_minimum": known["minimum"] is not None and stock < known["minimum"],
            }
        )  # fmt: skip
    return out


def _moved(connection: Connection, *, exercise: bool, at: datetime) -> dict[int, list[dict[str, Any]]]:
    """What came and went of each store up to a minute, signed."""
    rows = connection.execute(
        text(
            "SELECT store_id, item, unit, CASE WHEN what IN ('return', 'receive') THEN quantity"
            " ELSE -quantity END AS quantity,"
            " registered, counted FROM rescue_goods_move WHERE exercise = :exercise AND at <= :at UNION ALL"
            " SELECT to_store_id, item, unit, quantity, to_registered, to_counted FROM rescue_goods_move"
            " WHERE exercise = :exercise AND at <= :at AND what = 'transfer'"
        ),
        {"exercise": exercise, "at": at},
    )
    out: dict[int, list[dict[str, Any]]] = {}
    for row in rows.mappings():
        out.setdefault(row["store_id"], []).append(dict(row))
    return out


def move(
    snapshot: Snapshot,
    store_id: int,
    *,
    what: str,
    item: str,
    unit: str,
    quantity: Decimal,
    to_store: int | None,
    incident: int | None,
    taker: str,
    note: str,
    exercise: bool,
) -> int:
    """Goods go out, come back, or go to another store; the row's id. Raises Invalid for more than is there, a
    part of a piece, an issue to an incident that is over."""
    connection = snapshot.connection
    store = seen.full_or_raise(snapshot, store_id, (CLASS,), "个物资库")
    other = None if to_store is None else seen.full_or_raise(snapshot, to_store, (CLASS,), "个物资库")
    if (what == "transfer") != (other is not None) or to_store == store_id:
        told = "调拨须写明调往另一个物资库" if what == "transfer" else "只有调拨才有调往的物资库"
        raise Invalid("没有登记", errors=[FieldError("to_store", "bad_store", told)])
    if what == "issue" and incident is None:
        raise Invalid("没有登记", errors=[FieldError("incident", "required", "出库须写明用于哪个险情")])
    of = None
    if incident is not None:
        of = incidents.of_kind(connection, incident, exercise)
        # What comes back may come from one that is over; nothing goes out to it any more.
        if what == "issue" and of["state"] != "open":
            told = f"险情 {numbers.said(incident)} {incidents.STATES[of['state']]}，不能再向它出库；请另选在处置的险情"
            raise Invalid("没有登记", errors=[FieldError("incident", "incident_over", told)])
    # One at a time for each store, lower id first: nobody hands out what another has just handed out.
    for one in sorted({store_id, to_store or store_id}):
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_goods', :id))"), {"id": one})
    out, in_parts = _out(connection, incident, item, unit, exercise) if what == "return" else (Decimal(0), False)
    # What went out before pieces had to be whole comes back as it went.
    if unit in PIECES and quantity != quantity.to_integral_value() and not in_parts:
        told = f"“{unit}”是整件的，数量应为整数"
        raise Invalid("没有登记", errors=[FieldError("quantity", "not_whole", told)])
    moved = _moved(connection, exercise=exercise, at=minute.asked(connection, None))
    stock = {(g["item"], g["unit"]): g for g in _stock(store, moved.get(store_id, ()))}
    have = stock.get((item, unit))
    if have is None and what != "receive":
        known = "、".join(f"{i}（{u}）" for i, u in stock) or "没有登记物资"
        raise Invalid("没有登记", errors=[FieldError("item", "unknown_item", f"这个库没有这种物资，有：{known}")])
    have = have or {"stock": Decimal(0), "registered": Decimal(0), "minimum": None}
    if what not in _COMES_IN and have["stock"] < quantity:
        told = f"库里现有 {_said(have['stock'])} {unit}，不够 {_said(quantity)} {unit}"
        raise Invalid("没有登记", errors=[FieldError("quantity", "too_many", told)])
    if what == "return" and out < quantity:
        whose = "这个险情" if incident is not None else "现在"
        told = f"{whose}领用未退的有 {_said(out)} {unit}，不够退 {_said(quantity)} {unit}；外面送来的请记入库"
        raise Invalid("没有登记", errors=[FieldError("quantity", "not_issued", told)])
    to_known = _registered(other).get((item, unit), {"quantity": Decimal(0)}) if other else None
    made: int = connection.execute(
        text(
            "INSERT INTO rescue_goods_move (what, store_id, to_store_id, incident_id, item, unit, quantity, registered,"
            " counted, to_registered, to_counted, by, taker, note, exercise) VALUES (:what, :store, :to_store,"
            " :incident, :item, :unit, :quantity, :registered, :counted, :to_registered, :to_counted, :by, :taker,"
            " :note, :exercise) RETURNING move_id"
        ),
        {
            "what": what, "store": store_id, "to_store": to_store, "incident": incident, "item": item, "unit": unit,
            "quantity": quantity, "registered": have["registered"], "counted": _counted(store),
            "to_registered": to_known["quantity"] if to_known else None,
            "to_counted": _counted(other) if other else "", "by": snapshot.reader.name, "taker": taker, "note": note,
            "exercise": exercise,
        },
    ).scalar_one()  # fmt: skip
    left = have["stock"] + (quantity if what in _COMES_IN else -quantity)
    short = f"，低于最低储备 {_said(have['minimum'])}" if have["minimum"] is not None and left < have["minimum"] else ""
    to = f"至{other['name']}" if other else ""
    whom = "" if of is None or what not in _FOR else f"，{_FOR[what]}险情 {numbers.said(of['id'])} {of['name']}"
    whom += f"，{_TAKER[what]} {taker}" if taker else ""
    log.note(
        connection, by=snapshot.reader.name, kind="调度", exercise=exercise,
        what=f"{store['name']}{WORDS[what]}{to} {item} {_said(quantity)} {unit}{whom}，"
        f"现有 {_said(left)} {unit}{short}",
        ref={"kind": "store", "id": store_id, "incident": incident},
        about=log.About(
            store_id, f"物资{WORDS[what]}", f"物资{WORDS[what]}（物资库无权查看）", (to_store,) if to_store else ()
        ),
    )  # fmt: skip
    return made


def _said(quantity: Decimal) -> str:
    return f"{quantity.normalize():,f}"


def _out(connection: Connection, incident: int | None, item: str, unit: str, exercise: bool) -> tuple[Decimal, bool]:
    """What an incident, or all of them, was given of something from all stores and has not given back, and whether it
    was ever given a part of one; behind a lock, for two stores may take it back at once."""
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('rescue_goods_return', 0))"))
    found = connection.execute(
        text(
            "SELECT coalesce(sum(CASE what WHEN 'issue' THEN quantity WHEN 'return' THEN -quantity END), 0) AS out,"
            " coalesce(bool_or(what = 'issue' AND quantity <> trunc(quantity)), false) AS in_parts"
            " FROM rescue_goods_move WHERE exercise = :exercise AND item = :item AND unit = :unit"
            " AND (CAST(:incident AS bigint) IS NULL OR incident_id = :incident)"
        ),
        {"incident": incident, "item": item, "unit": unit, "exercise": exercise},
    ).one()
    return Decimal(found.out), bool(found.in_parts)


def moves(
    snapshot: Snapshot, *, exercise: bool, at: datetime, store: int | None, incident: int | None
) -> dict[str, Any]:
    """{items, hidden, most}: the newest movements of a store or for an incident up to a minute, at most MOST, the
    newest first, of stores that the reader sees in full; how many others there are beside."""
    wanted = (
        " FROM rescue_goods_move WHERE exercise = :exercise AND at <= :at"
        " AND (CAST(:store AS bigint) IS NULL OR :store IN (store_id, to_store_id))"
        " AND (CAST(:incident AS bigint) IS NULL OR incident_id = :incident)"
    )
    bound = {"exercise": exercise, "at": at, "store": store, "incident": incident}
    ends = snapshot.connection.execute(
        text(f"SELECT store_id, to_store_id, count(*) AS n{wanted} GROUP BY 1, 2"), bound
    ).all()
    forms = seen.forms(snapshot, {i for e in ends for i in (e.store_id, e.to_store_id) if i is not None})
    his = sorted(i for i, form in forms.items() if form == "full")
    # Only what is his is counted off: many of other stores push none of it out.
    rows = snapshot.connection.execute(
        text(
            "SELECT move_id AS id, what, store_id AS store, to_store_id AS to_store, incident_id AS incident, item,"
            f" unit, quantity, at, by, taker, note{wanted} AND (store_id = ANY(CAST(:his AS bigint[]))"
            " OR to_store_id = ANY(CAST(:his AS bigint[]))) ORDER BY move_id DESC LIMIT :most"
        ),
        bound | {"his": his, "most": MOST},
    )
    items = [dict(row) | {"what_title": WORDS[row["what"]]} for row in rows.mappings()]
    hidden = sum(e.n for e in ends if not {e.store_id, e.to_store_id} & set(his))
    return {"items": items, "hidden": hidden, "most": MOST}
