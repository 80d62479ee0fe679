"""One page of a place: what is dangerous near it, who is exposed, who and what can help, whom to call in which order.

Distances are straight lines on the ellipsoid. Decided over all live objects, shown as the reader may see them.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text

from riskmap.access.reader import SYSTEM
from riskmap.base import database, sqlfile
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import GRADES
from riskmap.exchange.division_names import division_names_of
from riskmap.rescue import life, persons, wet_roads
from riskmap.rescue.exposure import HAZARDOUS, Hit, forms_of, people, reactive, shown
from riskmap.selection.compile import Binds, compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

MOST_RADIUS_M = 20_000
HELP_M = 80_000  # how far help is looked for: a city's length. Policy.
MOST_LISTED = 60  # of a list; more are counted and said

# What helps, in the order of the page; how many of each are listed. Policy.
HELP: Mapping[str, tuple[str, int]] = {
    "teams": ("rescue-team", 8),
    "stores": ("relief-store", 5),
    "shelters": ("shelter", 6),
    "hospitals": ("hospital", 4),
    "fire_stations": ("fire-station", 4),
}
_HELPS = frozenset(class_ for class_, _ in HELP.values())
_ROADS = 6
_WET = 4  # of help that stands in the water; the others are counted
# How many of each are called. Policy.
_CALLED = {"hazards": 5, "villages": 5, "teams": 5, "shelters": 3, "hospitals": 2, "stores": 2}
_GROUPS = {
    "hazards": "危险源", "villages": "村（社区）", "teams": "队伍", "shelters": "避难场所", "hospitals": "医院",
    "stores": "物资库",
}  # fmt: skip
_FACTS = ("skills", "boats", "pumps_m3h", "wading_depth_cm", "persons", "capacity", "beds", "goods", "flood_safe")
_BEARINGS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a place on CGCS2000, a radius, and the flood that is looked at."""

    lon: float
    lat: float
    radius_m: float
    flood_id: int | None


def direction(bearing: float | None) -> str:
    """One of eight, in words; empty where it is at the place."""
    return "" if bearing is None else _BEARINGS[round(bearing / 45) % 8]


def page(snapshot: Snapshot, asked: Question) -> dict[str, Any]:
    """The page's lists, each the nearest or the gravest first, with how many there are in all."""
    catalogue = snapshot.catalogue
    hazards = [c.code for c in catalogue.classes.values() if c.role == "hazard"]
    targets = [c.code for c in catalogue.classes.values() if c.role == "target"]
    help_ = [class_ for class_, _ in HELP.values()]
    found = _around(snapshot, asked, {asked.radius_m: sorted({*hazards, *targets}), HELP_M: help_})
    forms = forms_of(snapshot, found, Selection())
    within = [h for h in found if h.distance_m <= asked.radius_m]
    danger = [h for h in within if h.row["class"] in hazards]
    danger.sort(key=lambda h: (h.row["grade"], h.distance_m, h.id))
    exposed = [h for h in within if h.row["class"] in targets]
    help_found = [h for h in found if h.row["class"] in help_]
    homes = [h for h in exposed if h.row["class"] in {"village", "residential-area"}]
    closer = _closer(
        snapshot, asked, [*danger[:MOST_LISTED], *exposed[:MOST_LISTED], *help_found, *homes[: _CALLED["villages"]]]
    )
    listed_danger, listed_exposed = ([closer[h.id] for h in of[:MOST_LISTED]] for of in (danger, exposed))
    # What stands in the water or is out of use helps nobody: the others first, these behind them and marked.
    helping = {
        name: sorted(
            (closer[h.id] for h in help_found if h.row["class"] == class_),
            key=lambda h: (h.inside, bool(life.out_of_use(h.row["stage"])), h.distance_m, h.id),
        )
        for name, (class_, _) in HELP.items()
    }
    called = {
        "hazards": [h for h in listed_danger if h.row["grade"] <= 2] or listed_danger,
        "villages": [closer[h.id] for h in homes[: _CALLED["villages"]]],
        **helping,
    }
    count = people(snapshot, exposed, forms)
    return {
        "place": _place(snapshot, asked),
        "radius_m": asked.radius_m,
        "hazards": _list(snapshot, listed_danger, forms, len(danger)),
        "by_grade": {g: sum(GRADES[h.row["grade"] - 1] == g for h in danger) for g in GRADES},
        "exposed": _list(snapshot, listed_exposed, forms, len(exposed)),
        **{k: count[k] for k in ("homes", "persons", "persons_unknown", "persons_dated", "present")},
        "help": {
            name: _list(snapshot, helping[name][:most], forms, len(helping[name]))
            | {"wet": _wet(snapshot, helping[name], forms)}
            for name, (_, most) in HELP.items()
        },
        "roads": wet_roads.near(
            snapshot.connection,
            (asked.lon, asked.lat),
            box(asked, asked.radius_m),
            asked.radius_m,
            asked.flood_id,
            _ROADS,
        ),
        "calls": _calls(snapshot, called, forms),
        "help_m": HELP_M,
    }


_NEAR = (
    "id", "class", "grade", "stage", "division", "department", "visibility", "name", "parent", "source", "updated_at",
)  # fmt: skip


def _around(snapshot: Snapshot, asked: Question, reaches: Mapping[float, Sequence[str]]) -> list[Hit]:
    """Live objects of these classes, each as far as it is asked for, as SYSTEM, nearest first; of what is registered of
    them only what persons are counted by."""
    catalogue = snapshot.catalogue
    counted = sorted({*catalogue.counted("residents"), *catalogue.counted("present")})
    binds = Binds()
    compiled = compile_selection(Selection(), replace(snapshot, reader=SYSTEM), binds=binds)
    arms = []
    for metres, classes in reaches.items():
        columns = {name: "{" + name + "}" for name in (*_NEAR, "geom")}
        columns |= {"lon": "ST_X({anchor})", "lat": "ST_Y({anchor})"}
        columns["attributes"] = f"CASE WHEN {{class}} = ANY(CAST({binds(counted)} AS text[])) THEN {{attributes}} END"
        columns["reach"] = f"CAST({binds(metres)} AS double precision)"
        reached = f"ST_MakeEnvelope({', '.join(binds(v) for v in box(asked, metres))}, 4490)"
        of_these = f"{{geom}} && {reached} AND {{class}} = ANY(CAST({binds(list(classes))} AS text[]))"
        arms.append(compiled.rows(columns, of_these))
    told = ", ".join(f"n.{name}" for name in (*_NEAR, "lon", "lat", "attributes"))
    sql = sqlfile.read(__file__, "around").format(rows="\nUNION ALL\n".join(arms), columns=told)
    values = {**binds.values, "lon": asked.lon, "lat": asked.lat}
    with database.under(snapshot.connection, SYSTEM.settings()):
        rows = snapshot.connection.execute(text(sql), values).mappings().all()
    out: dict[int, Hit] = {}
    for r in rows:  # a class may be asked for twice: a hospital is exposed, and helps
        out.setdefault(r["id"], Hit(r["id"], False, None, None, r["distance_m"], dict(r)))
    return list(out.values())


def _closer(snapshot: Snapshot, asked: Question, found: Sequence[Hit]) -> dict[int, Hit]:
    """These with what is registered of each, in which direction it lies, and how deep it stands in the water."""
    if not found:
        return {}
    ids = sorted({h.id for h in found})
    compiled = compile_selection(Selection(), replace(snapshot, reader=SYSTEM), only_ids=ids)
    columns = {name: "{" + name + "}" for name in ("id", "attributes", "geom")}
    columns |= {"lon": "ST_X({anchor})", "lat": "ST_Y({anchor})"}
    sql = sqlfile.read(__file__, "closer").format(rows=compiled.rows(columns))
    values = {**compiled.binds.values, "lon": asked.lon, "lat": asked.lat, "flood": asked.flood_id}
    with database.under(snapshot.connection, SYSTEM.settings()):
        rows = {r["id"]: r for r in snapshot.connection.execute(text(sql), values).mappings()}
    out = {}
    for h in found:
        r = rows[h.id]
        row = {**h.row, "attributes": r["attributes"], "bearing": r["bearing"]}
        out[h.id] = Hit(h.id, r["ordinal"] is not None, r["depth_m"], r["depth_to_m"], h.distance_m, row)
    return out


def box(asked: Question, metres: float) -> tuple[float, float, float, float]:
    """Degrees that hold everything within a distance of the place."""
    d_lat = metres / 110_500 + 1e-6
    d_lon = metres / (110_500 * max(math.cos(math.radians(min(abs(asked.lat) + d_lat, 89.0))), 0.02)) + 1e-6
    return asked.lon - d_lon, asked.lat - d_lat, asked.lon + d_lon, asked.lat + d_lat


def _list(snapshot: Snapshot, found: Sequence[Hit], forms: Mapping[int, str], total: int) -> dict[str, Any]:
    return {"total": total, "items": [_one(snapshot, h, forms) for h in found]}


def _wet(snapshot: Snapshot, helping: Sequence[Hit], forms: Mapping[int, str]) -> dict[str, Any]:
    wet = [h for h in helping if h.inside]
    return _list(snapshot, wet[:_WET], forms, len(wet))


def _one(snapshot: Snapshot, hit: Hit, forms: Mapping[int, str]) -> dict[str, Any]:
    out = shown(snapshot, hit, forms)
    out |= {"direction": direction(hit.row["bearing"]), "in_water": hit.inside, "facts": {}, "reactive": False}
    out["out_of_use"] = _unused(hit, forms.get(hit.id))
    class_ = snapshot.catalogue.classes.get(hit.row["class"])
    form = forms.get(hit.id)
    if form is None or class_ is None:
        return out
    attributes = hit.row["attributes"] or {}
    most = snapshot.reader.tier if form == "full" else 0
    readable = {f.name for f in class_.fields if f.visibility <= most}
    out["facts"] = {
        name: attributes[name]
        for name in (*_FACTS, *_counted(snapshot, class_.code))
        if name in readable and attributes.get(name) is not None
    }
    if form == "full" and class_.code in HAZARDOUS:
        out["reactive"] = reactive(hit.row)
    return out


def _unused(hit: Hit, form: str | None) -> str:
    """Of what could help, that it is registered as not in use, in words."""
    return life.out_of_use(hit.row["stage"]) if form == "full" and hit.row["class"] in _HELPS else ""


def _counted(snapshot: Snapshot, class_: str) -> Iterable[str]:
    return snapshot.catalogue.counted("residents").get(class_, ())


def _place(snapshot: Snapshot, asked: Question) -> dict[str, Any]:
    moment = snapshot.moment
    code = catalogue_queries.division_at(snapshot.connection, moment.n, moment.day, asked.lon, asked.lat)
    return {
        "at": [asked.lon, asked.lat],
        "division": code,
        "words": division_names_of(snapshot).words(code) if code else "不在已装入的区划内",
    }


def _calls(snapshot: Snapshot, by_group: Mapping[str, Sequence[Hit]], forms: Mapping[int, str]) -> list[dict[str, Any]]:
    """The telephone in its order: what is dangerous, who is exposed, who helps; each with who answers for it."""
    called = {group: by_group[group][:most] for group, most in _CALLED.items()}
    parties = persons.of_objects(snapshot, (h.id for hits in called.values() for h in hits))
    out: list[dict[str, Any]] = []
    for group, hits in called.items():
        for h in hits:
            one = shown(snapshot, h, forms)
            line = {
                "group": _GROUPS[group], "object": one["id"], "name": one["name"], "masked": one["masked"],
                "distance_m": one["distance_m"], "direction": direction(h.row["bearing"]), "in_water": h.inside,
                "out_of_use": _unused(h, forms.get(h.id)),
            }  # fmt: skip
            told = persons.told(snapshot, forms.get(h.id), parties.get(h.id, ()))
            if not told:  # nobody is registered, or he may not be told: never left out
                note = one["masked"] or ("没有登记责任人" if forms.get(h.id) == "full" else "责任人无权查看")
                out.append(line | {"role": None, "post": "", "person": "", "phone": "", "note": note})
            out += [
                line | {"role": p["role"], "post": p["post"], "person": p["name"], "phone": p["phone"], "note": ""}
                for p in told
            ]
    return [row | {"n": i} for i, row in enumerate(out, 1)]
