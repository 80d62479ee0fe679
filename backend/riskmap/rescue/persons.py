"""Who is to be called for an object: looked up for all objects, told as the reader may see them."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import text

from riskmap.access.reader import DEPARTMENT_TIER, SYSTEM
from riskmap.base import database
from riskmap.store.snapshot import Snapshot

# The order in which the telephone is taken up for one object: who is there, who can act, who answers for it. Policy.
CALLING = ("主要负责人", "操作负责人", "技术负责人", "巡查", "属地挂钩", "部门挂钩")

_TOLD = ("id", "role", "post", "name", "phone", "since")


def of_objects(snapshot: Snapshot, ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """Those in charge of each object on the snapshot's day: id, role, post, name, phone, in the order of calling.

    As SYSTEM: whoever shows them asks `told` first.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    moment = snapshot.moment
    with database.under(snapshot.connection, SYSTEM.settings()):
        rows = snapshot.connection.execute(
            text(
                "SELECT object_id, party_id AS id, role, post, name, phone, since FROM object_party AS p"
                " WHERE object_id = ANY(CAST(:ids AS bigint[])) AND p.known @> CAST(:n AS bigint)"
                " AND (p.name <> '' OR p.post <> '') AND (p.since IS NULL OR p.since <= :day)"
                " AND (p.until IS NULL OR p.until > :day) ORDER BY party_id"
            ),
            {"ids": wanted, "n": moment.n, "day": moment.day},
        ).mappings()
        out: dict[int, list[dict[str, Any]]] = {}
        for row in rows:
            out.setdefault(row["object_id"], []).append({k: row[k] for k in _TOLD})
    for listed in out.values():
        listed.sort(key=lambda p: CALLING.index(p["role"]) if p["role"] in CALLING else len(CALLING))
    return out


def told(snapshot: Snapshot, form: str | None, parties: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Persons as the reader gets them: of what he sees in full, with telephones from the department tier up."""
    if form != "full":
        return []
    with_phone = snapshot.reader.tier >= DEPARTMENT_TIER
    return [dict(p) if with_phone else {**p, "phone": ""} for p in parties]
