"""Marks on orders: receipt, departure, arrival, result, or taken back; rows that are only added to.

A mark that was wrong is taken back by a row of its own (更正): at any minute a mark stands that was in by then and was
not yet taken back.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from riskmap.base.errors import Conflict
from riskmap.store.snapshot import Snapshot

TITLES = {"receipt": "签收", "departure": "出发", "arrival": "到达", "result": "完成", "cancelled": "撤销"}
HOW = {"phone_page": "手机页", "call": "电话", "system": "随方案"}
STEPS = ("receipt", "departure", "arrival", "result")  # how far an order has come: the farthest that was marked
OVER = ("result", "cancelled")


def stands(mark: str) -> str:
    """SQL: whether the mark of this column, if there is one, was not taken back by `:at`."""
    return f" NOT EXISTS (SELECT FROM rescue_mark_taken_back AS taken WHERE taken.mark_id = {mark} AND taken.at <= :at)"


# SQL: a mark `m` that stood at `:at`.
STOOD = f" m.made_at <= :at AND {stands('m.mark_id')}"


def of_orders(connection: Connection, ids: Sequence[int], at: datetime) -> dict[int, list[dict[str, Any]]]:
    """Marks of these orders that were in at a minute, in the order in which they came: {id, what, what_title, at,
    made_at, by, how, how_title, note, taken_back: {at, by, reason} | null}."""
    rows = connection.execute(
        text(
            "SELECT m.order_id, m.mark_id AS id, m.what, m.at, m.made_at, m.by, m.how, m.note, b.at AS back_at,"
            " b.by AS back_by, b.reason FROM rescue_order_mark AS m LEFT JOIN rescue_mark_taken_back AS b"
            " ON b.mark_id = m.mark_id AND b.at <= :at"
            " WHERE m.order_id = ANY(CAST(:ids AS bigint[])) AND m.made_at <= :at ORDER BY m.mark_id"
        ),
        {"ids": list(ids), "at": at},
    )
    out: dict[int, list[dict[str, Any]]] = {i: [] for i in ids}
    for row in rows.mappings():
        one = dict(row)
        back = {"at": one.pop("back_at"), "by": one.pop("back_by"), "reason": one.pop("reason")}
        out[one.pop("order_id")].append(
            one | {"what_title": TITLES[row["what"]], "how_title": HOW[row["how"]],
                   "taken_back": None if back["at"] is None else back}
        )  # fmt: skip
    return out


def progress(standing: Sequence[Mapping[str, Any]]) -> str:
    """How far an order has come by the marks that stand; `issued` without any."""
    over = next((m["what"] for m in reversed(standing) if m["what"] in OVER), None)
    return over or next((w for w in reversed(STEPS) if any(m["what"] == w for m in standing)), "issued")


def add(
    snapshot: Snapshot, order_id: int, what: str, *, at: datetime | None, how: str, note: str, key: str | None = None
) -> int:
    """Write the row alone; its id."""
    made: int = snapshot.connection.execute(
        text(
            "INSERT INTO rescue_order_mark (order_id, what, at, by, how, note, key) VALUES"
            " (:id, :what, coalesce(CAST(:at AS timestamptz), clock_timestamp()), :by, :how, :note, :key)"
            " RETURNING mark_id"
        ),
        {"id": order_id, "what": what, "at": at, "by": snapshot.reader.name, "how": how, "note": note, "key": key},
    ).scalar_one()
    return made


def take_back(snapshot: Snapshot, mark_id: int, reason: str) -> None:
    """Write the row alone."""
    snapshot.connection.execute(
        text("INSERT INTO rescue_mark_taken_back (mark_id, by, reason) VALUES (:id, :by, :reason)"),
        {"id": mark_id, "by": snapshot.reader.name, "reason": reason},
    )


def sent_before(connection: Connection, order_id: int, key: str, what: str) -> bool:
    """Whether a mark with this key is in already. Raises Conflict where the key was another mark's."""
    before = connection.execute(
        text("SELECT what FROM rescue_order_mark WHERE order_id = :id AND key = :key"), {"id": order_id, "key": key}
    ).scalar_one_or_none()
    if before not in {None, what}:
        raise Conflict("这个发送编号已用于另一次回报，没有再记。请刷新后重报。", code="key_used")
    return before is not None
