"""Units whose level more residents at a place would raise: R before and after, before anybody moves in."""

from collections.abc import Mapping, Sequence
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


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit whose R counts who lives around it, with the boundary that is counted from."""

    row: Mapping[str, Any]
    boundary: tuple[str, dict[str, Any]]
    outline: BaseGeometry  # lon/lat


def raised(snapshot: Snapshot, place: BaseGeometry, residents: int, unsure_m: float = 0.0) -> list[Raised]:
    """Units whose plant lies within 500 m of a place, with as many residents more there; nearest first.

    `unsure_m`: how far the place may be off; so far beyond are units that it perhaps counts for.
    The snapshot is SYSTEM's. Where the number of residents is declared, the new ones are added to it: what was
    declared did not know of them. Such a unit is measured from its own outline where its plant's is not registered.
    """
    middle = plane.middle_of(place)
    here = plane.flat(place, middle)
    ask = Asker(snapshot)
    out = []
    for unit in units_around(snapshot, place.bounds) if residents > 0 else ():
        distance = float(shapely.distance(here, plane.flat(unit.outline, middle)))
        if distance > REACH_M + unsure_m:
            continue
        found = ask.before_and_after(unit, distance, residents)
        if found is not None:
            ends = shapely.get_coordinates(shapely.shortest_line(place, unit.outline)).tolist()
            out.append(Raised(unit.row, distance, (tuple(ends[0]), tuple(ends[-1])), *found))
    return sorted(out, key=lambda r: (r.distance_m, r.row["id"]))


def units_around(snapshot: Snapshot, bounds: tuple[float, float, float, float]) -> list[Unit]:
    """Units that may count who lives in a box, each with its boundary; those without any count nobody by the map."""
    catalogue, connection = snapshot.catalogue, snapshot.connection
    by_map = tuple(c.code for c in catalogue.classes.values() if (r := RULES.get(c.rule or "")) and r.by_map)
    if not by_map:
        return []
    compiled = compile_selection(Selection(classes=by_map, stage=LIVE_STAGES), snapshot)
    named = ("id", "class", "name", "division", "department", "visibility", "attributes", "enterprise", "grading")
    columns = {name: "{" + name + "}" for name in named} | {"own": "ST_AsGeoJSON({geom}, 15, 0)::jsonb"}
    west, south, east, north = bounds
    corners = (west - _BOX, south - _BOX, east + _BOX, north + _BOX)
    box = f"ST_MakeEnvelope({', '.join(compiled.binds(v) for v in corners)}, 4490)"
    rows = connection.execute(
        text(compiled.rows(columns, f"({{geom}} && {box} OR {{geom}} IS NULL)")), compiled.binds.values
    )
    units = [dict(row) for row in rows.mappings()]
    boundaries = _boundaries(snapshot, units)
    out = []
    for unit in units:
        boundary = boundaries.get(unit["id"])
        if boundary is None and unit["attributes"].get("exposed_persons") is not None and unit["own"] is not None:
            boundary = ("unit", unit["own"])
        if boundary is not None:
            out.append(Unit(unit, boundary, geojson_shape(boundary[1])))
    return out


class Asker:
    """Asks units of one snapshot what more residents would make of their level."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._judge = Judge.on(snapshot.catalogue, "", snapshot.state.at)

    def before_and_after(
        self, unit: Unit, distance_m: float, residents: int
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Its grade as it stands and with them; None where there is none to be worked out."""
        declared = unit.row["attributes"].get("exposed_persons")
        if declared is not None:
            return _added(self._snapshot, self._judge, unit.row, int(declared), residents)
        return _one(self._snapshot, self._judge, unit.row, unit.boundary, distance_m, residents)


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
    given = unit["attributes"]
    return _both(snapshot, judge, unit, [(given, Facts(now)), (given, Facts(more))])


def _added(
    snapshot: Snapshot, judge: Judge, unit: Mapping[str, Any], declared: int, residents: int
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    given = unit["attributes"]
    more = dict(given) | {"exposed_persons": declared + residents}
    return _both(snapshot, judge, unit, [(given, Facts(None)), (more, Facts(None))])


def _both(
    snapshot: Snapshot, judge: Judge, unit: Mapping[str, Any], cases: Sequence[tuple[Mapping[str, Any], Facts]]
) -> tuple[dict[str, Any], dict[str, Any]] | None:
    records = []
    for given, facts in cases:
        class_ = snapshot.catalogue.classes[unit["class"]]
        graded, errors = judge.grade(class_, given, None, None, lambda facts=facts: facts)  # type: ignore[misc]
        found = next((g for g in graded.grading if g["how"] == "computed"), None)
        if errors or found is None:
            return None
        records.append(shown(found))
    return records[0], records[1]
