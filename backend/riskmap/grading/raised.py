"""Units whose level more residents at a place would raise: R before and after, before anybody moves in."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import shapely
from shapely.geometry import shape as geojson_shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import text

from riskmap.base import plane
from riskmap.base.audit import dump_json
from riskmap.catalogue.model import LIVE_STAGES
from riskmap.grading import exposure
from riskmap.grading.exposure import REACH_M, Around
from riskmap.grading.judge import Judge
from riskmap.grading.review import shown
from riskmap.grading.rules import RULES, Facts
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

_BOX = 0.06  # degrees around a place: further than a plant is wide, with the 500 m


@dataclass(frozen=True, slots=True)
class Raised:
    """One unit within reach, as it stands and as it would be."""

    row: Mapping[str, Any]  # id, class, name, division, department, visibility
    distance_m: float  # from the boundary of its plant
    line: tuple[tuple[float, float], tuple[float, float]]  # from the place to the boundary
    before: Mapping[str, Any]  # value, verdict, R, exposed
    after: Mapping[str, Any]

    @property
    def changes(self) -> bool:
        """Whether its level would be another."""
        return bool(self.before["value"] != self.after["value"])


def raised(snapshot: Snapshot, place: BaseGeometry, residents: int) -> list[Raised]:
    """Units whose plant lies within 500 m of a place, with as many residents more there; nearest first.

    The snapshot is SYSTEM's. A unit whose number of residents is declared keeps it, and is not listed.
    """
    catalogue, connection = snapshot.catalogue, snapshot.connection
    by_map = tuple(c.code for c in catalogue.classes.values() if (r := RULES.get(c.rule or "")) and r.by_map)
    if not by_map or residents <= 0:
        return []
    compiled = compile_selection(Selection(classes=by_map, stage=LIVE_STAGES), snapshot)
    columns = "id, class, name, division, department, visibility, attributes, enterprise, grading"
    west, south, east, north = place.bounds
    corners = (west - _BOX, south - _BOX, east + _BOX, north + _BOX)
    box = f"ST_MakeEnvelope({', '.join(compiled.binds(v) for v in corners)}, 4490)"
    rows = connection.execute(
        text(compiled.rows(columns, f"({{geom}} && {box} OR {{geom}} IS NULL)")), compiled.binds.values
    )
    units = [dict(row) for row in rows.mappings()]
    boundaries = _boundaries(snapshot, units)
    middle = plane.middle_of(place)
    here = plane.flat(place, middle)
    judge = Judge.on(catalogue, "", snapshot.state.at)
    out = []
    for unit in units:
        boundary = boundaries.get(unit["id"])
        if boundary is None or unit["attributes"].get("exposed_persons") is not None:
            continue
        outline = geojson_shape(boundary[1])
        flat = plane.flat(outline, middle)
        distance = float(shapely.distance(here, flat))
        if distance > REACH_M:
            continue
        line = shapely.shortest_line(place, outline)
        found = _one(snapshot, judge, unit, boundary, distance, residents)
        if found is not None:
            before, after = found
            ends = shapely.get_coordinates(line).tolist()
            out.append(Raised(unit, distance, (tuple(ends[0]), tuple(ends[-1])), before, after))
    return sorted(out, key=lambda r: (r.distance_m, r.row["id"]))


def _boundaries(snapshot: Snapshot, units: list[dict[str, Any]]) -> dict[int, tuple[str, dict[str, Any]]]:
    """The boundary of each unit's plant, its own or the enterprise's, as GeoJSON."""
    firms = sorted({u["enterprise"] for u in units if u["enterprise"] and not u["attributes"].get("plant_boundary")})
    theirs: dict[int, Any] = {}
    if firms:
        compiled = compile_selection(Selection(), snapshot, any_life=True, only_ids=firms)
        columns = {
            "id": "{id}",
            "own": "{attributes}->'plant_boundary'",
            "outline": "CASE WHEN ST_Dimension({geom}) = 2 THEN ST_AsGeoJSON({geom}, 15, 0)::jsonb END",
        }
        for row in snapshot.connection.execute(text(compiled.rows(columns)), compiled.binds.values):
            theirs[row.id] = row.own or row.outline
    out: dict[int, tuple[str, dict[str, Any]]] = {}
    for unit in units:
        own = unit["attributes"].get("plant_boundary")
        if own:
            out[unit["id"]] = ("unit", own)
        elif (outline := theirs.get(unit["enterprise"] or 0)) is not None:
            out[unit["id"]] = ("enterprise", outline)
    return out


def _one(
    snapshot: Snapshot,
    judge: Judge,
    unit: Mapping[str, Any],
    boundary: tuple[str, dict[str, Any]],
    distance: float,
    residents: int,
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    moment = snapshot.moment
    known = None if moment.is_present else moment.n
    text_ = (boundary[0], dump_json(boundary[1]) or "")
    now = exposure.around(snapshot.connection, snapshot.catalogue, text_, moment.day, known)
    assert now is not None
    more = replace(now, homes=(*now.homes, Around(0, residents, distance, False, False)))
    records = []
    for facts in (Facts(now), Facts(more)):
        class_ = snapshot.catalogue.classes[unit["class"]]
        graded, errors = judge.grade(class_, unit["attributes"], None, None, lambda facts=facts: facts)  # type: ignore[misc]
        found = next((g for g in graded.grading if g["how"] == "computed"), None)
        if errors or found is None:
            return None
        records.append(shown(found))
    return records[0], records[1]
