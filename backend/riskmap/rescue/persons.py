"""Who answers for an object: looked up for all objects, told as the reader may see them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import text

from riskmap.access.reader import DEPARTMENT_TIER, SYSTEM
from riskmap.base import database
from riskmap.lists.model import Ask
from riskmap.lists.parties import DEPARTMENT, HEAD, OPERATION, PATROL, TECHNICAL, TOWN, in_force
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

# In which order the telephone is taken up for one object. Policy: at a place it is who is there, who can act, who
# answers for it; of a warning it is who answers for it, then the town's, then who patrols it.
AT_A_PLACE = (HEAD, OPERATION, TECHNICAL, PATROL, TOWN, DEPARTMENT)
OF_A_WARNING = (HEAD, TOWN, PATROL, DEPARTMENT, TECHNICAL, OPERATION)
OF_A_WORK = (HEAD, TECHNICAL, PATROL)  # the three persons of a reservoir, dyke or polder
_TOLD = ("id", "role", "post", "name", "phone", "since")


def of_objects(
    snapshot: Snapshot, ids: Iterable[int], order: Sequence[str] = AT_A_PLACE, *, others: bool = True
) -> dict[int, list[dict[str, Any]]]:
    """Posts and persons in force by object, in an order of roles; `others`: those of any other role after them.

    As SYSTEM: whoever shows them asks `told` first.
    """
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    ask = Ask(snapshot, Selection())
    roles = ask.binds(list(order))
    sql = (
        f"SELECT p.object_id, p.party_id AS id, p.role, p.post, p.name, p.phone, p.since FROM object_party AS p"
        f" WHERE p.object_id = ANY(CAST({ask.binds(wanted)} AS bigint[])) AND {in_force(ask)}"
        f" AND ({ask.binds(others)} OR p.role = ANY(CAST({roles} AS text[])))"
        f" ORDER BY array_position(CAST({roles} AS text[]), p.role) NULLS LAST, p.party_id"
    )
    out: dict[int, list[dict[str, Any]]] = {}
    with database.under(snapshot.connection, SYSTEM.settings()):
        for row in snapshot.connection.execute(text(sql), ask.binds.values).mappings():
            out.setdefault(row["object_id"], []).append({name: row[name] for name in _TOLD})
    return out


def told(snapshot: Snapshot, form: str | None, parties: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Persons as the reader gets them: of what he sees in full, with telephones from the department tier up."""
    if form != "full":
        return []
    with_phone = snapshot.reader.tier >= DEPARTMENT_TIER
    return [dict(p) if with_phone else {**p, "phone": ""} for p in parties]
