"""Orders on paper: a sheet an order, several in a file."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from riskmap.base import clock
from riskmap.catalogue import queries as catalogue_queries
from riskmap.exchange.division_names import division_names_of
from riskmap.paper import typeset
from riskmap.paper.typeset import Typeset
from riskmap.rescue import floods, imprint, numbers, persons
from riskmap.rescue.dispatch import incidents, marks, orders, seen, sketch
from riskmap.rescue.onepage_paper import flood_words, metres
from riskmap.rescue.routing import Place, words
from riskmap.rescue.routing.answers import BY_TITLE
from riskmap.store.snapshot import Snapshot

MOST = 200


def pdf(
    snapshot: Snapshot,
    listed: Sequence[dict[str, Any]],
    exercise: bool,
    mark: str | None,
    then: datetime,
    at: datetime | None = None,
) -> Typeset:
    """The sheets of these orders, whom to ring first at the top. `then`: as of when the orders were read;
    `at`: the same where it is looked back at, as which the snapshot is too."""
    now = clock.now()
    ordered = sorted(listed, key=lambda o: o["id"])
    about = imprint.of(
        snapshot, "调度令", [[o["id"], o["what"], o["status"]] for o in ordered], number="", version=1,
        exercise=exercise, mark=mark,
    )  # fmt: skip
    places = incidents.several(snapshot.connection, [o["incident"] for o in ordered], at)
    phones = persons.of_objects(snapshot, [o["team"]["id"] for o in ordered if o["to"]])
    way_of = orders.told_ways(snapshot.connection, [o["id"] for o in ordered])
    forms = seen.forms(snapshot, [o["team"]["id"] for o in ordered], any_life=True)  # an order outlives its team
    full = {i for i, form in forms.items() if form == "full"}
    waters = {i: _Water(snapshot, i) for i in {w["flood"] for w in way_of.values()} if i is not None}
    where = _divisions(snapshot, places)
    sheets: list[dict[str, Any]] = []
    files: dict[str, bytes] = {}
    for n, o in enumerate(orders.by_need(ordered)):
        way = way_of.get(o["id"])
        water = None if way is None else waters.get(way["flood"])
        said = _sheet(o, places[o["incident"]], where[o["incident"]], phones, o["team"]["id"] in full) | {
            "flood": "未按淹没范围计算" if water is None else water.words, "launch": "", "launch_title": "",
            "sketch": None, "ways_at": "" if way is None else _ways_at(way),
        }  # fmt: skip
        # A team's way tells where it stands, and is for who sees the team in full.
        if way is not None and o["team"]["id"] in full:
            said |= _way(way, incidents.place_of(places[o["incident"]]), o["incident"], water, f"sketch-{n}.svg", files)
        sheets.append(said)
    data = {
        "imprint": about.body() | {"mark": mark or ""},  # 演练 has a box of its own
        "orders": {
            "exercise": exercise, "printed": f"{now:%Y-%m-%d %H:%M}", "as_of": imprint.stamp(at),
            "known": imprint.stamp(then),
            "sheets": sheets, "side": sketch.SIDE,
        },
    }  # fmt: skip
    return typeset.pdf("orders", data, files, at=now)


class _Water:
    """The flood that orders of a plan were reckoned with: in words, and all of its water."""

    def __init__(self, snapshot: Snapshot, flood_id: int) -> None:
        flood = floods.find(snapshot.connection, flood_id) | {"outside": floods.is_outside(snapshot, flood_id)}
        gone = "（已撤回）" if flood["withdrawn_at"] is not None else ""
        self.words = flood_words(flood).removeprefix("淹没范围：") + gone
        classes = floods.classes(snapshot.connection, flood_id)
        self.shape: BaseGeometry = shapely.union_all([shape(c["geometry"]) for c in classes])


def _ways_at(way: Mapping[str, Any]) -> str:
    """When the water and closures were as the way has them; empty for a straight line, which avoids nothing."""
    what = "封路" if way["flood"] is None else "水和封路"
    return f"按 {imprint.stamp(way['looked_at'])} 的{what}算" if way["routing"] == "road" else ""


def _way(
    way: Mapping[str, Any], at: Place, incident: int, water: _Water | None, file: str, files: dict[str, bytes]
) -> dict[str, Any]:  # fmt: skip
    """Where the boat goes in, and the sketch; its shapes go to the files."""
    boat = way["boat_leg"]
    launch = "" if boat is None else f"{_lonlat(Place(*boat['coordinates'][0]))}　行船 {metres(boat['distance_m'])}"
    if way.get("boat_out") is not None:  # it is launched already, and comes ashore first
        out = way["boat_out"]
        first = f"先行船 {metres(out['distance_m'])}，在 {_lonlat(Place(*out['coordinates'][-1]))} 靠岸"
        launch = f"{first}；再下艇：{launch}" if launch else first
    elif boat is not None and way["route"] is None:
        launch = f"从 {launch}"
    title = "下艇点" if boat is not None and way["route"] is not None and not way.get("boat_out") else "行船"
    made = sketch.drawn(way, at, f"险情 {numbers.said(incident)}", None if water is None else water.shape)
    if made is None:
        return {"launch": launch, "launch_title": title}
    files[file], letters = made
    note = "粗线为路线" if way["routing"] == "road" else "虚线为直线，不是路线"
    note += "，虚线为行船" if boat is not None or way.get("boat_out") is not None else ""
    note += "，点线为路网上没有路的一段" if way.get("off_road") is not None else ""
    note += "，斜线为水" if water is not None else ""
    return {"launch": launch, "launch_title": title, "sketch": {"file": file, "letters": letters, "note": note}}


def _lonlat(at: Place) -> str:
    return f"东经 {at.lon:.6f}°，北纬 {at.lat:.6f}°（CGCS2000）"


def _divisions(snapshot: Snapshot, places: Mapping[int, Mapping[str, Any]]) -> dict[int, str]:
    """In which division each of these incidents is, in words."""
    moment = snapshot.moment
    at = [incidents.place_of(one).at for one in places.values()]
    codes = catalogue_queries.divisions_at(snapshot.connection, moment.n, moment.day, at)
    names = division_names_of(snapshot)
    return {
        i: names.words(code) if code else "不在已装入的区划内" for i, code in zip(places, codes, strict=True)
    }  # fmt: skip


def _sheet(
    order: Mapping[str, Any], incident: Mapping[str, Any], where: str,
    phones: Mapping[int, Sequence[Mapping[str, Any]]], full: bool,
) -> dict[str, Any]:  # fmt: skip
    at = incidents.place_of(incident)
    gone = next((m for m in reversed(order["marks"]) if m["what"] == "cancelled"), None)
    straight = "" if order["routing"] == "road" else f"（{BY_TITLE['straight_line']}）"
    off = words.off_road(order["off_start_m"], order["off_road_m"])
    return {
        "number": order["number"],
        "team": order["team"]["name"] or order["team"]["masked"],
        "to": _to(order, phones) if full else "责任人无权查看",
        "what": order["what"],
        "cancelled": "" if gone is None else f"{imprint.stamp(gone['at'])[:16]} {gone['note']}",
        "by": f"{order['by']}　{numbers.plan_said(order['plan_number'], order['exercise'])}",
        "at": imprint.stamp(order["ordered_at"])[:16],
        "place": where,
        "lonlat": _lonlat(at),
        "reporter": f"{incident['reporter']} {incident['phone']}".strip(),
        "expected": imprint.stamp(order["expected_at"])[:16],
        "routing": straight + (f"（{off}）" if off else ""),
        "note": incident["note"],
        "instructions": list(order["instructions"]),
        "no_way": "没有按道路算出的路线，请按当地情况走。" if full else "路线无权查看，向下令的人要。",
        "marks": [_mark(order, what) for what in marks.STEPS],
        "corrected": [_corrected(m) for m in order["taken_back"]],
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
        "title": marks.TITLES[what],
        "at": imprint.stamp(done["at"])[:16] if done else "",
        "by": f"{done['how_title']} {done['by']}" if done else "",
        "note": done["note"] if done else "",
    }


def _corrected(mark: Mapping[str, Any]) -> str:
    back = mark["taken_back"]
    return (
        f"{imprint.stamp(mark['at'])[:16]} 记的{mark['what_title']}（{mark['how_title']} {mark['by']}）不算："
        f"{back['by']} {imprint.stamp(back['at'])[:16]} 更正，{back['reason']}"
    )
