"""What each state changed of one object, its persons included."""

from typing import Any

import numpy as np
import shapely

from riskmap.base.errors import Forbidden, NotFound
from riskmap.exchange.datum import metres_between
from riskmap.register import queries
from riskmap.register.service import NOT_FOUND, item, party_row
from riskmap.store.place import anchor_of
from riskmap.store.snapshot import Snapshot

_HISTORY = (
    "class",
    "code",
    "name",
    "grade",
    "level",
    "verdict",
    "division",
    "stage",
    "visibility",
    "department",
    "source",
    "verified",
    "position_quality",
    "tags",
    "enterprise",
    "parent",
    "geometry",
)


def history(snapshot: Snapshot, object_id: int) -> dict[str, Any]:
    """What each state changed, persons included. A public-form reader is told that there is none to see.

    `objects` gives the names of the enterprises and parents that the changes speak of.
    """
    row = queries.one(snapshot, object_id)
    if row is None:
        raise NotFound(NOT_FOUND)
    reader = snapshot.reader
    if row["form"] != "full":
        raise Forbidden("变更记录只对有权管理的账号开放，请登录后查看。")
    out: dict[int, dict[str, Any]] = {}
    hidden: set[int] = set()  # states whose version the reader may not see
    before: dict[str, Any] = {}
    for version in queries.versions(snapshot, object_id):
        if not reader.inner(version["visibility"], version["division"], version["department"], version["class"]):
            before = {}
            hidden.add(version["state"])
            continue
        seen = item({**version, "id": object_id, "form": "full", "level_rank": None}, snapshot)
        flat = {name: seen[name] for name in _HISTORY} | {
            f"attributes.{name}": value for name, value in seen["attributes"].items()
        }
        change = {
            name: [before.get(name), flat.get(name)]
            for name in sorted(set(before) | set(flat))
            if before.get(name) != flat.get(name)
        }
        out[version["state"]] = {
            "state": version["state"],
            "valid_from": version["valid_from"].isoformat(),
            "at": version["updated_at"].isoformat(timespec="seconds"),
            "by": version["actor"],
            "change": change if before else {},
            "first": not before,
        }
        if before and "geometry" in change and None not in change["geometry"]:
            out[version["state"]]["moved_m"] = _metres_between(*change["geometry"])
        before = flat
    if row["ended_reason"]:
        out[row["state"]] = {
            "state": row["state"],
            "valid_from": row["valid_to"].isoformat(),
            "at": row["updated_at"].isoformat(timespec="seconds"),
            "by": queries.writer_of(snapshot.connection, row["state"]),
            "ended": row["ended_reason"],
            "change": {},
            "first": False,
        }
    _add_persons(snapshot, object_id, out, hidden)
    versions = [out[n] for n in sorted(out)]
    referred = {
        i for v in versions for name in ("enterprise", "parent") for i in v["change"].get(name, ()) if i is not None
    }
    return {
        "versions": versions,
        "objects": {str(i): name for i, name in queries.names(snapshot, sorted(referred)).items()},
        "state": snapshot.moment.n,
    }


def _add_persons(snapshot: Snapshot, object_id: int, out: dict[int, dict[str, Any]], hidden: set[int]) -> None:
    """What each state changed of the persons, beside what it changed of the object."""
    first = min(out, default=0)
    ever = [
        (party["known_from"], party["known_to"], party_row(party))
        for party in queries.parties_ever(snapshot.connection, object_id)
    ]

    def at_state(n: int) -> list[dict[str, Any]]:
        return [row for since, until, row in ever if since <= n and (until is None or n < until)]

    for made in queries.party_changes(snapshot.connection, object_id):
        n = made["state"]
        if n < first or max((s for s in hidden if s <= n), default=-1) > max(s for s in out if s <= n):
            continue
        was, now = at_state(n - 1), at_state(n)
        if was == now:
            continue
        at = made["at"].isoformat(timespec="seconds")
        version = out.setdefault(
            n,
            {
                "state": n,
                "valid_from": made["day"].isoformat(),
                "at": at,
                "by": made["actor"],
                "change": {},
                "first": False,
            },
        )
        if not version["first"]:
            version["change"]["parties"] = [was, now]


def _metres_between(*shapes: Any) -> float:
    """Between the points that count two geometries."""
    (lon1, lat1), (lon2, lat2) = (anchor_of(shapely.geometry.shape(s)) for s in shapes)
    return round(float(metres_between(np.array(lon1), np.array(lat1), np.array(lon2), np.array(lat2))), 1)
