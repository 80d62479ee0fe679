"""What is in the water: decided over all live objects, shown as the reader may see them.

Objects lie in the water where their geometry meets it, by edges as drawn, and near it where they lie within a margin,
by the geodesic. Residents are those of residential areas, and of villages that hold none that was counted; persons
present in vulnerable targets are a second figure, never added to them.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text

from riskmap.access.reader import SYSTEM
from riskmap.base import database, sqlfile
from riskmap.catalogue.model import GRADES
from riskmap.exchange.division_names import division_names_of
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

MOST_MARGIN_M = 2000

# Policy: what leaks, burns or reacts where water reaches it, and what of it is looked at first.
HAZARDOUS = (
    "major-hazard", "tank-farm", "tank", "chemical-user", "filling-station", "fireworks-plant", "fireworks-retail",
    "pipeline", "alcohol-fuel-user", "gas-restaurant",
)  # fmt: skip
_REACTIVE = "W11"  # 遇水放出易燃气体的物质和混合物, GB 18218-2018 table 2 and 4
_REACTIVE_NO = {83, 84, 85}  # 碳化钙, 钾, 钠: GB 18218-2018 table 1, which names them without a category
# Where only words are registered. [judgement]
_REACTIVE_WORDS = (
    "电石", "碳化钙", "金属钠", "金属钾", "金属锂", "氢化钠", "三氯硅烷", "保险粉", "连二亚硫酸钠", "铝粉", "镁粉",
)  # fmt: skip
POND_NEAR_M = 5000  # of ponds without a registered path. [judgement]
_FIRST = 12  # places to look at first

_ROW = (
    "class", "grade", "division", "department", "visibility", "name", "parent", "source", "updated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hit:
    """An object in the water, or within the margin of it (then without a depth)."""

    id: int
    inside: bool
    depth_m: Any  # Decimal, of the deepest class that it meets; None outside
    depth_to_m: Any
    distance_m: float  # 0 in the water
    row: Mapping[str, Any]


def hits(snapshot: Snapshot, flood_id: int, margin_m: float, selection: Selection) -> list[Hit]:
    """Everything live of a selection in or near the water, as SYSTEM; the worst grade first, then the deepest."""
    whole = replace(snapshot, reader=SYSTEM)
    catalogue = snapshot.catalogue
    counted = sorted({*catalogue.counted("residents"), *catalogue.counted("present"), *HAZARDOUS})
    compiled = compile_selection(selection, whole)
    columns = {name: "{" + name + "}" for name in _ROW}
    columns |= {"lon": "ST_X({anchor})", "lat": "ST_Y({anchor})"}
    columns["attributes"] = (
        f"CASE WHEN {{class}} = ANY(CAST({compiled.binds(counted)} AS text[])) THEN {{attributes}} END"
    )
    sql = sqlfile.read(__file__, "objects").format(
        rows=compiled.rows({"id": "{id}", "geom": "{geom}"}, "{geom} && p.box"),
        whole=compiled.rows(columns, "{id} = d.id"),
    )
    binds = {**compiled.binds.values, "flood": flood_id, "margin": margin_m}
    with database.under(snapshot.connection, SYSTEM.settings()):
        rows = snapshot.connection.execute(text(sql), binds).mappings().all()
    return [
        Hit(r["id"], r["ordinal"] is not None, r["depth_m"], r["depth_to_m"], float(r["distance_m"]), dict(r))
        for r in rows
    ]


def is_open(selection: Selection) -> bool:
    """Whether a selection asks only what totals tell of hidden objects too: then it is judged for these as well."""
    return replace(selection, classes=(), grade=(), division=(), stage=(), as_of=None) == Selection()


def answer(
    snapshot: Snapshot, flood: Mapping[str, Any], selection: Selection, margin_m: float, limit: int, offset: int
) -> dict[str, Any]:
    """The answer as the snapshot's reader gets it: totals whole, what he may not see masked and never left out."""
    all_of = is_open(selection)
    found = hits(snapshot, flood["id"], margin_m, selection if all_of else Selection())
    forms = forms_of(snapshot, found, Selection())
    beside = 0
    if not all_of:  # a condition on what he may not read is not judged for him
        mine = forms_of(snapshot, found, selection)
        beside = sum(h.id not in forms for h in found)
        found = [h for h in found if h.id in mine]
    inside = [h for h in found if h.inside]
    return {
        "objects": [shown(snapshot, h, forms) for h in found[offset : offset + limit]],
        "total": len(found),
        "in_water": len(inside),
        "near": len(found) - len(inside),
        "hidden": sum(h.id not in forms for h in found),
        "hidden_beside": beside,
        "by_grade": _by_grade(found),
        "by_class": _by_class(snapshot, found),
        "unplaced": _unplaced(snapshot, selection if all_of else Selection()),
        **people(snapshot, inside, forms),
        "first": [shown(snapshot, h, forms) | {"why": why} for h, why in first(inside)],
        "water_reactive": [shown(snapshot, h, forms) for h in inside if reactive(h.row)],
        "ponds_above": _ponds(snapshot, flood["id"]),
        **{
            name: [shown(snapshot, h, forms) for h in inside if h.row["class"] == class_]
            for name, class_ in (
                ("shelters_in_water", "shelter"),
                ("teams_in_water", "rescue-team"),
                ("stores_in_water", "relief-store"),
            )
        },
    }


def forms_of(snapshot: Snapshot, found: Sequence[Hit], selection: Selection) -> dict[int, str]:
    """Of these objects those of a selection that the reader gets, each with its form."""
    if not found:
        return {}
    compiled = compile_selection(selection, snapshot, only_ids=[h.id for h in found])
    rows = snapshot.connection.execute(text(compiled.rows("id, form")), compiled.binds.values)
    return {row.id: row.form for row in rows}


def shown(snapshot: Snapshot, hit: Hit, forms: Mapping[int, str]) -> dict[str, Any]:
    """One object as the reader gets it."""
    row = hit.row
    out = {
        "id": None, "name": None, "class": None, "class_title": None, "grade": None, "division": None, "at": None,
        "depth_m": hit.depth_m, "depth_to_m": hit.depth_to_m, "distance_m": round(hit.distance_m, 1), "masked": None,
    }  # fmt: skip
    form = forms.get(hit.id)
    if form is None:
        return out | {"masked": masked(row["department"])}
    class_ = snapshot.catalogue.classes.get(row["class"])
    out |= {
        "id": hit.id, "name": row["name"], "class": row["class"],
        "class_title": class_.title if class_ else row["class"], "grade": GRADES[row["grade"] - 1],
    }  # fmt: skip
    if form == "full":  # where it is, only its full form tells
        out |= {"division": row["division"] or None, "at": [row["lon"], row["lat"]]}
    return out


def masked(department: str) -> str:
    """What stands for an object that the reader may not see."""
    return f"对象无权查看（主管部门：{department or '未登记'}）"


def _by_grade(found: Iterable[Hit]) -> dict[str, dict[str, int]]:
    out = {grade: {"in_water": 0, "near": 0} for grade in GRADES}
    for h in found:
        out[GRADES[h.row["grade"] - 1]]["in_water" if h.inside else "near"] += 1
    return out


def _by_class(snapshot: Snapshot, found: Iterable[Hit]) -> list[dict[str, Any]]:
    counts: dict[str, dict[str, int]] = defaultdict(lambda: {"in_water": 0, "near": 0, **dict.fromkeys(GRADES, 0)})
    for h in found:
        one = counts[h.row["class"]]
        one["in_water" if h.inside else "near"] += 1
        if h.inside:
            one[GRADES[h.row["grade"] - 1]] += 1
    classes = snapshot.catalogue.classes
    return [
        {"class": code, "title": classes[code].title if code in classes else code, **counts[code]}
        for code in sorted(counts, key=lambda c: (-counts[c]["in_water"], c))
    ]


def _unplaced(snapshot: Snapshot, selection: Selection) -> int:
    """Live objects without a position: whether they are in the water nobody knows."""
    compiled = compile_selection(selection, replace(snapshot, reader=SYSTEM))
    with database.under(snapshot.connection, SYSTEM.settings()):
        n = snapshot.connection.scalar(
            text(f"SELECT count(*) FROM ({compiled.rows('id', '{geom} IS NULL')}) AS r"), compiled.binds.values
        )
    return int(n or 0)


# -- People --------------------------------------------------------------------------


def people(snapshot: Snapshot, inside: Sequence[Hit], forms: Mapping[int, str]) -> dict[str, Any]:
    """Residents, and persons present, by town and village. Whole objects: whoever has one foot in the water counts."""
    catalogue = snapshot.catalogue
    homes, present = catalogue.counted("residents"), catalogue.counted("present")
    names = division_names_of(snapshot)
    counted_homes = _counted_homes(inside, homes)
    towns: dict[str, dict[str, Any]] = {}
    residents = unknown = persons = 0

    def town_of(h: Hit) -> dict[str, Any]:
        code = h.row["division"][:9]
        return towns.setdefault(
            code,
            {"division": code or None, "name": names.words(code) or "未登记乡镇", "residents": 0, "unknown": 0,
             "present": 0, "homes": []},
        )  # fmt: skip

    for h in counted_homes:
        n = _sum(h, homes)
        town = town_of(h)
        residents += n or 0
        unknown += n is None
        town["residents"] += n or 0
        town["unknown"] += n is None
        town["homes"].append(
            shown(snapshot, h, forms) | {"residents": n, "source": h.row["source"], "dated": h.row["updated_at"].date()}
        )
    for h in inside:
        if h.row["class"] in present and h.row["class"] not in homes:
            n = _sum(h, present) or 0
            persons += n
            town_of(h)["present"] += n
    dates = sorted(h.row["updated_at"].date() for h in counted_homes)
    return {
        "homes": len(counted_homes),
        "persons": residents,
        "persons_unknown": unknown,
        "persons_dated": [dates[0], dates[-1]] if dates else None,
        "present": persons,
        "towns": sorted(towns.values(), key=lambda t: (-t["residents"], t["division"] or "")),
    }


def _counted_homes(inside: Sequence[Hit], homes: Mapping[str, Any]) -> list[Hit]:
    """Homes whose residents are counted: a village gives way to the residential areas that lie in it."""
    found = [h for h in inside if h.row["class"] in homes]
    areas = [h for h in found if h.row["class"] != "village" and _sum(h, homes) is not None]
    parents = {h.row["parent"] for h in areas}
    villages = {h.row["division"] for h in areas if len(h.row["division"]) == 12}

    def holds(village: Hit) -> bool:
        codes = {village.row["division"], (village.row["attributes"] or {}).get("village_code")}
        return village.id in parents or bool(villages & {c for c in codes if c and len(c) == 12})

    return [h for h in found if h.row["class"] != "village" or not holds(h)]


def _sum(hit: Hit, fields: Mapping[str, Sequence[str]]) -> int | None:
    values = [(hit.row["attributes"] or {}).get(name) for name in fields[hit.row["class"]]]
    known = [int(v) for v in values if v is not None]
    return sum(known) if known else None


# -- What to look at first -------------------------------------------------------------


def reactive(row: Mapping[str, Any]) -> bool:
    """Whether something is stored there that gives off flammable gas with water, as it is registered."""
    if row["class"] not in HAZARDOUS:
        return False
    attributes = row["attributes"] or {}
    for one in attributes.get("substances") or ():
        if _REACTIVE in (one.get("symbol"), one.get("beta_symbol")):
            return True
        if one.get("table") == 1 and one.get("no") in _REACTIVE_NO:
            return True
    said = f"{row['name']} {attributes.get('main_chemicals') or ''}"
    return any(word in said for word in _REACTIVE_WORDS)


def first(inside: Sequence[Hit]) -> list[tuple[Hit, str]]:
    """Where to go first: what reacts with water, then what would leak, by grade and depth; and why."""
    of_these = [h for h in inside if h.row["class"] in HAZARDOUS]
    rated = [(not reactive(h.row), h.row["grade"], -(h.depth_m or 0), h.id, h) for h in of_these]
    rated.sort(key=lambda r: r[:4])
    return [(h, "泄漏" if dry else "遇湿反应") for dry, _, _, _, h in rated[:_FIRST]]


def _ponds(snapshot: Snapshot, flood_id: int) -> list[dict[str, Any]]:
    """Tailings ponds above the water: by their registered path, else near by and to be looked at."""
    whole = replace(snapshot, reader=SYSTEM)
    compiled = compile_selection(Selection(classes=("tailings-pond",)), whole)
    names = ("id", "class", "grade", "division", "department", "visibility", "name", "geom")
    columns = {name: "{" + name + "}" for name in names} | {"drawn": "{attributes}->>'flow_path'"}
    sql = sqlfile.read(__file__, "ponds").format(rows=compiled.rows(columns, "{geom} IS NOT NULL"))
    with database.under(snapshot.connection, SYSTEM.settings()):
        rows = (
            snapshot.connection.execute(text(sql), {**compiled.binds.values, "flood": flood_id, "near": POND_NEAR_M})
            .mappings()
            .all()
        )
    found = [Hit(r["id"], False, None, None, 0.0, {**r, "lon": None, "lat": None}) for r in rows]
    forms = forms_of(snapshot, found, Selection())
    out = []
    for h in found:
        one = shown(snapshot, h, forms)
        said = (
            "下泄路径经过淹没范围"
            if h.row["by_path"]
            else f"没有登记下泄路径，在 {POND_NEAR_M / 1000:g} km 以内，须人工判断"
        )
        out.append({k: one[k] for k in ("id", "name", "class", "class_title", "grade", "masked")} | {"said": said})
    return out
