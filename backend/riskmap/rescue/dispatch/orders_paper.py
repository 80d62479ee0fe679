"""Orders on paper: a sheet an order, several in a file."""

from collections.abc import Mapping, Sequence
from typing import Any

from riskmap.base import clock
from riskmap.catalogue import queries as catalogue_queries
from riskmap.exchange.division_names import division_names_of
from riskmap.paper import typeset
from riskmap.paper.typeset import Typeset
from riskmap.rescue import imprint, persons
from riskmap.rescue.dispatch import incidents, orders
from riskmap.rescue.routing.answers import BY_TITLE
from riskmap.store.snapshot import Snapshot

MOST = 200
_ROWS = ("receipt", "departure", "arrival", "result")


def pdf(snapshot: Snapshot, listed: Sequence[Mapping[str, Any]], exercise: bool, mark: str | None) -> Typeset:
    """The sheets of these orders, in the order in which they were given."""
    now = clock.now()
    ordered = sorted(listed, key=lambda o: o["id"])
    about = imprint.of(
        snapshot, "调度令", [[o["id"], o["what"], o["status"]] for o in ordered], number="", version=1,
        exercise=exercise, mark=mark,
    )  # fmt: skip
    places = incidents.several(snapshot.connection, [o["incident"] for o in ordered])
    phones = persons.of_objects(snapshot, [o["team"]["id"] for o in ordered if o["to"]])
    data = {
        "imprint": about.body() | {"mark": mark or ""},  # 演练 has a box of its own
        "orders": {
            "exercise": exercise, "printed": f"{now:%Y-%m-%d %H:%M}",
            "sheets": [_sheet(snapshot, o, places[o["incident"]], phones) for o in ordered],
        },
    }  # fmt: skip
    return typeset.pdf("orders", data, at=now)


def _sheet(
    snapshot: Snapshot, order: Mapping[str, Any], incident: Mapping[str, Any],
    phones: Mapping[int, Sequence[Mapping[str, Any]]],
) -> dict[str, Any]:  # fmt: skip
    at = incidents.place_of(incident)
    moment = snapshot.moment
    code = catalogue_queries.division_at(snapshot.connection, moment.n, moment.day, at.lon, at.lat)
    where = division_names_of(snapshot).words(code) if code else "不在已装入的区划内"
    gone = next((m for m in reversed(order["marks"]) if m["what"] == "cancelled"), None)
    straight = "" if order["routing"] == "road" else f"（{BY_TITLE['straight_line']}）"
    return {
        "number": order["number"],
        "team": order["team"]["name"] or order["team"]["masked"],
        "to": _to(order, phones),
        "what": order["what"],
        "cancelled": "" if gone is None else f"{imprint.stamp(gone['at'])[:16]} {gone['note']}",
        "by": order["by"],
        "at": imprint.stamp(order["ordered_at"])[:16],
        "place": where,
        "lonlat": f"{at.lon:.5f}, {at.lat:.5f}",
        "reporter": f"{incident['reporter']} {incident['phone']}".strip(),
        "expected": imprint.stamp(order["expected_at"])[:16],
        "routing": straight,
        "note": incident["note"],
        "instructions": list(order["instructions"]),
        "marks": [_mark(order, what) for what in _ROWS],
    }


def _to(order: Mapping[str, Any], phones: Mapping[int, Sequence[Mapping[str, Any]]]) -> str:
    to = order["to"]
    if not to:
        return "没有登记责任人"
    now = next((p for p in phones.get(order["team"]["id"], ()) if p["id"] == to["party"]), None)
    who = " ".join(part for part in (to["role"], to["post"], to["name"]) if part)
    return f"{who}　{now['phone'] if now else ''}".strip()


def _mark(order: Mapping[str, Any], what: str) -> dict[str, str]:
    done = next((m for m in reversed(order["marks"]) if m["what"] == what), None)
    return {
        "title": orders.MARKS[what],
        "at": imprint.stamp(done["at"])[:16] if done else "",
        "by": f"{done['how_title']} {done['by']}" if done else "",
        "note": done["note"] if done else "",
    }
