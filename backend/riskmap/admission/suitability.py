"""Where could it go: for a trade and a size, each H3 cell of an area by the same rules and the same judgement.

A cell is a place whose position is unsure by its own radius: only where the rule is met from everywhere in the cell is
it advised against; where that depends on where in the cell, it has to be asked at the place itself.
"""

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import h3
import h3.api.basic_int as h3_int
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from sqlalchemy import Connection, text

from riskmap.access.reader import SYSTEM, territory
from riskmap.admission import queries, trade
from riskmap.admission.enquiry import IN, POSITION_M, Applicant, Enquiry, Way, edge_of, facts_of
from riskmap.admission.judgement import NONE, Outcome, Verdict, Why, at_distance, softened
from riskmap.admission.rules import ALPHA, BY, Rules, Tag, rules_of
from riskmap.admission.service import House
from riskmap.admission.wire import Size
from riskmap.base import database, plane
from riskmap.base.errors import FieldError, Invalid
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import LIVE_STAGES
from riskmap.engine.interface import Reached
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

RESOLUTIONS = range(6, 11)
MOST_CELLS = 100_000
# Four answers for a map; the six verdicts stand in the cell beside them.
KINDS: Mapping[Verdict, str] = {
    Verdict.REFUSE: "against",
    Verdict.CHECK: "check",
    Verdict.LICENCE: "conditional",
    Verdict.RECTIFY: "conditional",
    Verdict.COMMIT: "conditional",
    Verdict.ADMIT: "admit",
}
TITLES = {"admit": "可准入", "conditional": "有条件", "check": "需核查", "against": "不建议"}
_ORDER = list(Verdict)
_MOST_RULES = 6
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a trade and a size over an area."""

    tags: tuple[str, ...]
    size: Size
    resolution: int
    selection: Selection  # its area alone counts


def _check(question: Question, rules: Rules) -> None:
    errors = []
    if not question.tags:
        errors.append(FieldError("tag", "missing", "请选择要开办什么（标签）"))
    for code in question.tags:
        if code not in rules.tags or rules.tags[code].of or rules.tags[code].side == "place":
            errors.append(FieldError("tag", "unknown_tag", f"没有“{code}”这个标签"))
    if question.resolution not in RESOLUTIONS:
        errors.append(FieldError("resolution", "out_of_range", "网格级别应为 6 至 10"))
    own = replace(question.selection, division=(), bbox=None, within=None, as_of=None)
    for name in own.body():
        errors.append(FieldError(name, "not_here", "适宜图只按区划、范围框和所画范围划定，其他条件请去掉"))
    if errors:
        raise Invalid("适宜图的参数有误，请改正", errors=errors)


def suitability(snapshot: Snapshot, house: House, question: Question) -> bytes:
    """The answer as gzipped JSON: made once for a state and a rule set, and kept. Raises Invalid."""
    rules = rules_of(snapshot.catalogue.ruleset_at(snapshot.moment.day))
    _check(question, rules)
    key = _key(snapshot, house, rules, question)
    kept = queries.kept_suitability(snapshot.connection, key)
    return kept if kept is not None else gzip.compress(json.dumps(_made(snapshot, house, rules, question)).encode(), 5)


def _key(snapshot: Snapshot, house: House, rules: Rules, question: Question) -> str:
    said = [
        snapshot.moment.n, snapshot.moment.day.isoformat(), rules.ruleset.code, house.demo, sorted(set(question.tags)),
        question.size.model_dump(mode="json"), question.resolution, question.selection.body(),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(said, ensure_ascii=False, default=str).encode()).hexdigest()


def keep(connection: Connection, snapshot: Snapshot, house: House, question: Question, body: bytes) -> None:
    """Keep what was made, in a transaction of its own; the oldest are let go."""
    rules = rules_of(snapshot.catalogue.ruleset_at(snapshot.moment.day))
    queries.keep_suitability(connection, _key(snapshot, house, rules, question), snapshot.moment.n, body)


# -- Making -------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Cells:
    """The cells of an area, and the worst that each has met so far."""

    ids: NDArray[np.uint64]
    centres: Any  # shapely points in the plane
    radius_m: Floats
    division: list[str]
    tree: shapely.STRtree
    worst: NDArray[np.int8]  # index of _ORDER; len(_ORDER): nothing
    rules: list[dict[int, None]]  # of the worst, by their place in `names`
    names: list[str]

    def meet(self, rule: str, cells: NDArray[np.intp], verdicts: NDArray[np.int8]) -> None:
        """Note what a rule comes to in some cells; a cell may come several times."""
        if rule not in self.names:
            self.names.append(rule)
        number = self.names.index(rule)
        order = np.lexsort((verdicts, cells))
        cells, verdicts = cells[order], verdicts[order]
        first = np.ones(len(cells), dtype=bool)
        first[1:] = cells[1:] != cells[:-1]
        for cell, verdict in zip(cells[first].tolist(), verdicts[first].tolist(), strict=True):
            if verdict < self.worst[cell]:
                self.worst[cell] = verdict
                self.rules[cell] = {number: None}
            elif verdict == self.worst[cell]:
                self.rules[cell][number] = None


def _made(snapshot: Snapshot, house: House, rules: Rules, question: Question) -> dict[str, Any]:
    whole = replace(snapshot, reader=SYSTEM)
    found = trade.find(rules, "", None, question.tags)
    size = {k: v for k, v in question.size.model_dump(exclude={"storage"}).items() if v is not None}
    storage = [{k: v for k, v in row.model_dump().items() if v is not None} for row in question.size.storage]
    applicant = Applicant("", tuple(found), None, shapely.Point(0, 0), 0.0, "", size | {"storage": storage})
    with database.under(snapshot.connection, SYSTEM.settings()):
        area, divisions = _area(snapshot, house, question.selection)
        middle = plane.middle_of(area)
        cells = _cells(area, question.resolution, middle, divisions)
        enquiry = Enquiry(whole, house.engine, rules, applicant, house.demo)
        ways, zones, lines = enquiry.ways(), enquiry.zones(), enquiry.lines()
        reach = max([enquiry.limit(way.rule) for way in ways] + [z.within_m for z in zones] + [0.0]) + 300.0
        classes = {c for way in ways for tag in way.looked_for for c in tag.classes}
        classes |= {c for z in zones for tag in enquiry.tags_of(z.zone) for c in tag.classes}
        classes |= {c for n in lines if n.place for tag in enquiry.tags_of(n.place[1]) for c in tag.classes}
        objects = _objects(whole, classes, area, reach, middle)
        data = house.dates.of(whole, classes)
    # What holds in one region alone, and what asks who lives around, is for the enquiry at a place.
    scopes = [d.scope for d in rules.distances] + [z.scope for z in rules.zones] + [n.scope for n in rules.negative]
    not_asked = [scope.code for scope in scopes if scope.region]
    for way in ways:
        if way.rule.by == ALPHA:
            not_asked.append(way.rule.scope.code)
        else:
            _ask_way(enquiry, way, cells, objects)
    for zone in zones:
        tags = enquiry.tags_of(zone.zone)
        if any(tag.shape for tag in tags):
            not_asked.append(zone.scope.code)
            continue
        for one, flat in _of(tags, objects):
            _near(cells, zone.scope.code, flat, zone.within_m, POSITION_M.get(one.position_quality, 200.0),
                  zone.scope.consequence, zone.scope.clause.tag, zone=not zone.within_m)  # fmt: skip
    for item in lines:
        outcome = softened(item.scope.consequence, item.scope.clause.tag, why=Why.LISTED)
        if any(limit.holds(applicant.size) is False for limit in item.scale):
            continue
        unknown = any(limit.holds(applicant.size) is None for limit in item.scale)
        _ask_item(cells, item.scope.code, item.place, enquiry, objects, outcome, unknown)
    licence = [found.tag for found in applicant.trade if found.tag.licence]
    for tag in licence:
        every = np.arange(len(cells.ids))
        cells.meet(f"LICENCE-{tag.code}", every, np.full(len(every), _ORDER.index(Verdict.LICENCE), dtype=np.int8))
    commits = any(f.tag.commits for f in applicant.trade)
    return _told(snapshot, rules, question, cells, commits, not_asked, classes, data)


def _area(snapshot: Snapshot, house: House, selection: Selection) -> tuple[Any, list[tuple[str, Any]]]:
    """The asked area (lon/lat) and the divisions in it with their codes."""
    n, day = snapshot.state.n, snapshot.state.day
    rows = catalogue_queries.division_shapes(snapshot.connection, n, day)
    shapes = [(row.code, row.territory, shapely.from_wkb(bytes(row.wkb))) for row in rows]
    wanted = [territory(code) for code in selection.division]
    counties = [(code, shape) for code, its, shape in shapes if len(its) == 6]
    if wanted:
        mine = [shape for _, its, shape in shapes if its in wanted] or [
            shape for _, its, shape in shapes if any(its.startswith(w) for w in wanted)
        ]
        if not mine:
            said = "所选区划没有装入边界，请改选或画范围"
            raise Invalid("适宜图的参数有误，请改正", errors=[FieldError("division", "no_shape", said)])
        area = shapely.union_all(mine)
    elif shapes:
        area = shapely.union_all([shape for _, shape in counties] or [shape for _, _, shape in shapes])
    else:
        area = shapely.box(*house.bounds)
    if selection.bbox is not None:
        area = shapely.intersection(area, shapely.box(*selection.bbox))
    if selection.within is not None:
        area = shapely.intersection(area, shapely.from_geojson(selection.within))
    if area.is_empty or not area.area:
        raise Invalid("所选范围内没有可问的地方", errors=[FieldError("bbox", "empty_area", "范围在辖区之外，请改选")])
    return area, counties


def _cells(area: Any, resolution: int, middle: float, divisions: Sequence[tuple[str, Any]]) -> _Cells:
    about = abs(pyproj.Geod(ellps="GRS80").geometry_area_perimeter(area)[0])
    if about / h3.average_hexagon_area(resolution, unit="m^2") > MOST_CELLS:
        said = f"所选范围在 {resolution} 级网格下超过 {MOST_CELLS} 格，请缩小范围或用较粗的网格"
        raise Invalid("适宜图的范围过大", errors=[FieldError("resolution", "too_many_cells", said)])
    parts = shapely.get_parts(area)
    polygons = [p for p in parts if p.geom_type == "Polygon"]
    # A cell that the area only touches belongs to it as well: no place of the area is without an answer.
    ids = sorted(
        {c for p in polygons for c in h3_int.h3shape_to_cells_experimental(h3.geo_to_h3shape(p), resolution, "overlap")}
    )
    at = np.array([h3_int.cell_to_latlng(c) for c in ids])
    flat = plane.flat_points(at[:, 1], at[:, 0], middle)
    centres: Any = shapely.points(flat)
    # The furthest corner of a cell, by one cell in the middle: cells of one city differ by less than a hundredth.
    middle_cell = ids[len(ids) // 2]
    lat, lon = h3_int.cell_to_latlng(middle_cell)
    corners = np.array(h3_int.cell_to_boundary(middle_cell))
    ring = plane.flat_points(corners[:, 1], corners[:, 0], middle)
    here = plane.flat_points(np.array([lon]), np.array([lat]), middle)[0]
    radius = float(np.hypot(*(ring - here).T).max()) * 1.02
    codes = [""] * len(ids)
    if divisions:
        tree = shapely.STRtree([shape for _, shape in divisions])
        points = shapely.points(at[:, 1], at[:, 0])
        for k, d in tree.query(points, predicate="intersects").T.tolist():
            codes[k] = divisions[d][0]
    return _Cells(
        np.array(ids, dtype=np.uint64), centres, np.full(len(ids), radius), codes, shapely.STRtree(centres),
        np.full(len(ids), len(_ORDER), dtype=np.int8), [{} for _ in ids], [],
    )  # fmt: skip


def _objects(
    snapshot: Snapshot, classes: Iterable[str], area: Any, reach: float, middle: float
) -> dict[str, list[tuple[Reached, Any]]]:
    """Live objects of these classes in and around the area, by class, each with its outline in the plane."""
    wanted = tuple(sorted(classes))
    if not wanted:
        return {}
    compiled = compile_selection(Selection(classes=wanted, stage=LIVE_STAGES), snapshot)
    west, south, east, north = area.bounds
    d_lat = reach / 110_500
    d_lon = d_lat / max(0.1, float(np.cos(np.radians(max(abs(south), abs(north))))))
    corners = (west - d_lon, south - d_lat, east + d_lon, north + d_lat)
    box = f"ST_MakeEnvelope({', '.join(compiled.binds(v) for v in corners)}, 4490)"
    columns = (
        "id, class, name, division, department, visibility, attributes, level_scale, level_value, position_quality"
    )
    listed = {name.strip(): "{" + name.strip() + "}" for name in columns.split(",")}
    sql = compiled.rows(listed | {"wkb": "ST_AsBinary({geom})"}, f"{{geom}} && {box}")
    out: dict[str, list[tuple[Reached, Any]]] = {}
    for r in snapshot.connection.execute(text(sql), compiled.binds.values).mappings():
        level = (r["level_scale"], r["level_value"]) if r["level_value"] else None
        one = Reached(
            r["id"], r["class"], r["name"], r["division"], r["department"], r["visibility"], r["attributes"] or {},
            level, r["position_quality"], None, None, 0.0, ((0.0, 0.0), (0.0, 0.0)),
        )  # fmt: skip
        out.setdefault(one.class_, []).append((one, plane.flat(shapely.from_wkb(bytes(r["wkb"])), middle)))
    return out


def _of(tags: Iterable[Tag], objects: Mapping[str, list[tuple[Reached, Any]]]) -> list[tuple[Reached, Any]]:
    out: dict[int, tuple[Reached, Any]] = {}
    for tag in tags:
        for class_ in tag.classes:
            for one, flat in objects.get(class_, ()):
                if tag.holds(one.class_, one.name, one.attributes):
                    out.setdefault(one.id, (one, flat))
    return list(out.values())


def _ask_way(enquiry: Enquiry, way: Way, cells: _Cells, objects: Mapping[str, list[tuple[Reached, Any]]]) -> None:
    rule, applicant = way.rule, enquiry.applicant
    for tag in way.looked_for:
        for one, flat in _of((tag,), objects):
            limit: float | None = None if rule.metres is None else enquiry.limit(rule)
            clause, doubtful = rule.scope.clause, False
            if rule.by:
                theirs = facts_of(one)
                here = applicant.size if way.direction == IN else applicant.as_hazard()
                hazard, target = (theirs, here) if way.direction == IN else (here, theirs)
                kind = way.as_[0] if way.direction == IN else tag.code
                need = BY[rule.by](hazard, kind, target, enquiry.rules.book)
                if need is None:
                    continue
                limit = None if need.metres is None else float(need.metres)
                clause, doubtful = need.clause, bool(need.doubts)
            half, slack, _ = edge_of(rule, one)
            unsure = POSITION_M.get(one.position_quality, 200.0)
            if limit is None:
                limit, slack = rule.reach_m, max(slack, 1.0)  # no number: within reach it has to be looked at
            _near(cells, rule.scope.code, flat, limit + half, unsure, rule.scope.consequence, clause.tag,
                  doubtful=doubtful, slack=slack)  # fmt: skip


def _near(
    cells: _Cells, rule: str, flat: Any, limit: float, unsure: float, consequence: str, tag: Any, *,
    doubtful: bool = False, slack: float = 0.0, zone: bool = False,
) -> None:  # fmt: skip
    """What one object comes to in the cells around it."""
    if consequence == NONE or not len(cells.ids):
        return
    radius = float(cells.radius_m[0])
    near = cells.tree.query(flat, predicate="dwithin", distance=limit + slack + unsure + radius)
    if not len(near):
        return
    metres = shapely.distance(cells.centres[near], flat)
    if zone:  # inside, with the whole cell, or only with a part of it
        edge = shapely.distance(cells.centres[near], shapely.boundary(flat)) if flat.area else np.zeros(len(near))
        inside = (metres == 0) & (edge >= radius)
        sure = _index(softened(consequence, tag, why=Why.WITHIN))
        verdicts = np.where(inside, sure, _ORDER.index(Verdict.CHECK)).astype(np.int8)
    else:
        sure = _index(at_distance(0.0, limit, 0.0, consequence, tag, doubtful=doubtful, slack_m=slack))
        doubt = _ORDER.index(Verdict.CHECK)
        certain = (metres < limit - unsure - radius) & (slack == 0)
        verdicts = np.where(certain, sure, doubt).astype(np.int8)
    cells.meet(rule, near, verdicts)


def _index(outcome: Outcome) -> int:
    return _ORDER.index(outcome.verdict) if outcome.verdict is not None else len(_ORDER)


def _ask_item(
    cells: _Cells, rule: str, place: tuple[str, str] | None, enquiry: Enquiry,
    objects: Mapping[str, list[tuple[Reached, Any]]], outcome: Outcome, unknown: bool,
) -> None:  # fmt: skip
    """An item of the negative list: everywhere, or inside or outside of some zones."""
    every = np.arange(len(cells.ids))
    check = _ORDER.index(Verdict.CHECK)
    sure = check if unknown else _index(outcome)
    if place is None:
        cells.meet(rule, every, np.full(len(every), sure, dtype=np.int8))
        return
    relation, tag = place
    zones = [flat for _, flat in _of(enquiry.tags_of(tag), objects)]
    radius = float(cells.radius_m[0])
    union = shapely.union_all(zones) if zones else None
    if union is None:
        cells.meet(rule, every, np.full(len(every), check, dtype=np.int8))
        return
    metres = shapely.distance(cells.centres, union)
    edge = shapely.distance(cells.centres, shapely.boundary(union))
    wanted = (metres == 0) if relation == "in" else (metres > 0)
    partly = edge < radius
    verdicts = np.where(wanted & ~partly, sure, check).astype(np.int8)
    met = np.flatnonzero(wanted | partly)
    cells.meet(rule, met, verdicts[met])


def _told(
    snapshot: Snapshot, rules: Rules, question: Question, cells: _Cells, commits: bool, not_asked: Sequence[str],
    asked: set[str], data: Mapping[str, tuple[int, Any]],
) -> dict[str, Any]:  # fmt: skip
    free = _ORDER.index(Verdict.COMMIT if commits else Verdict.ADMIT)
    out, counts = [], dict.fromkeys(TITLES, 0)
    for i, cell in enumerate(cells.ids.tolist()):
        verdict = _ORDER[min(int(cells.worst[i]), free)]
        kind = KINDS[verdict]
        counts[kind] += 1
        decided = [cells.names[k] for k in list(cells.rules[i])[:_MOST_RULES]] if cells.worst[i] <= free else []
        out.append({"cell": h3_int.int_to_str(cell), "kind": kind, "verdict": str(verdict), "rules": decided})
    titles = {d.scope.code: d.scope.title for d in rules.distances}
    titles |= {z.scope.code: z.scope.title for z in rules.zones} | {n.scope.code: n.scope.title for n in rules.negative}
    lacking = {c for tag in rules.tags.values() for c in tag.classes if c in asked and not data.get(c, (0, None))[0]}
    titles |= {f"LICENCE-{t.code}": t.licence for t in rules.tags.values() if t.licence}
    return {
        "resolution": question.resolution,
        "radius_m": round(float(cells.radius_m[0]), 1),
        "cells": out,
        "counts": [{"kind": kind, "title": title, "n": counts[kind]} for kind, title in TITLES.items()],
        "rules": {name: titles.get(name, name) for name in cells.names},
        "not_asked": [{"rule": code, "title": titles.get(code, code)} for code in not_asked],
        "empty_classes": sorted(lacking),
        "tags": list(question.tags),
        "ruleset": rules.ruleset.code,
        "ruleset_title": rules.ruleset.title,
        "state": snapshot.moment.n,
        "day": snapshot.moment.day.isoformat(),
    }
