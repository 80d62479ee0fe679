"""The audit sink: who did what to which, when, from where, with what result. Append-only by the database."""

from collections.abc import Mapping
from typing import Any

import simplejson
from sqlalchemy import Connection, text


def record(
    connection: Connection,
    actor: str,
    action: str,
    kind: str,
    ref: object = "",
    *,
    address: str = "",
    state: int | None = None,
    result: str = "ok",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write one entry in the caller's transaction. Never a secret in before or after."""
    connection.execute(
        text(
            "INSERT INTO audit_entry (actor, address, action, kind, ref, state, result, before, after)"
            " VALUES (:actor, :address, :action, :kind, :ref, :state, :result,"
            " CAST(:before AS jsonb), CAST(:after AS jsonb))"
        ),
        {
            "actor": actor,
            "address": address,
            "action": action,
            "kind": kind,
            "ref": str(ref),
            "state": state,
            "result": result,
            "before": dump_json(before),
            "after": dump_json(after),
        },
    )


def dump_json(value: object) -> str | None:
    """JSON text with exact decimals; None stays None."""
    return None if value is None else simplejson.dumps(value, use_decimal=True, ensure_ascii=False, default=str)
