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
from riskmap.admission import queries, risk, trade
from riskmap.admission.enquiry import (
    IN,
    POSITION_M,
    Applicant,
    Enquiry,
    Way,
    at_alpha,
    edge_of,
    facts_of,
    placed,
    scaled,
)  # fmt: skip
from riskmap.admission.judgement import NONE, Outcome, Verdict, Why, at_distance, in_zone, softened
from riskmap.admission.rules import ALPHA, BY, CRITERIA, NegativeItem, Rules, Tag, ZoneRule, rules_of
from riskmap.admission.service import House, check_storage
from riskmap.admission.wire import Size
from riskmap.base import database, plane
from riskmap.base.errors import FieldError, Invalid
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import LIVE_STAGES
from riskmap.engine.interface import Reached
from riskmap.grading import contours
from riskmap.grading.exposure import REACH_M as ALPHA_M
from riskmap.grading.raised import Asker, units_around
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
    industry: str | None = None  # as it was typed


def _check(question: Question, rules: Rules) -> None:
    errors = []
    if not question.tags:
        errors.append(FieldError("tag", "missing", "请选择要开办什么（标签）"))
    for code in question.tags:
        if code not in rules.tags or rules.tags[code].of or rules.tags[code].side == "place":
            errors.append(FieldError("tag", "unknown_tag", f"没有“{code}”这个标签"))
    if question.industry and trade.trade_code(question.industry) is None:
        said = f"“{question.industry}”不是 GB/T 4754 的行业代码：应为 2 至 4 位数字，前面可带门类字母"
        errors.append(FieldError("industry_code", "bad_code", said))
    if question.resolution not in RESOLUTIONS:
        errors.append(FieldError("resolution", "out_of_range", "网格级别应为 6 至 10"))
    own = replace(question.selection, division=(), bbox=None, within=None, as_of=None)
    for name in own.body():
        errors.append(FieldError(name, "not_here", "适宜图只按区划、范围框和所画范围划定，其他条件请去掉"))
    if errors:
        raise Invalid("适宜图的参数有误，请改正", errors=errors)
    check_storage(question.size, rules)


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
        question.size.model_dump(mode="json"), question.industry, question.resolution, question.selection.body(),
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
    industry = trade.trade_code(question.industry) if question.industry else None
    found = trade.find(rules, "", industry, question.tags)
    size = {k: v for k, v in question.size.model_dump(exclude={"storage"}).items() if v is not None}
    storage = [{k: v for k, v in row.model_dump().items() if v is not None} for row in question.size.storage]
    applicant = Applicant("", tuple(found), industry, shapely.Point(0, 0), 0.0, "", size | {"storage": storage})
    with database.under(snapshot.connection, SYSTEM.settings()):
        area, divisions = _area(snapshot, house, question.selection)
        middle = plane.middle_of(area)
        cells = _cells(area, question.resolution, middle, divisions)
        enquiry = Enquiry(whole, house.engine, rules, applicant, house.demo)
        ways, zones, lines = enquiry.ways(), enquiry.zones(), enquiry.lines()
        reach = max([enquiry.limit(way.rule) for way in ways] + [z.within_m for z in zones] + [0.0])
        reach += 300.0 + 2 * float(cells.radius_m.max(initial=0.0))  # a cell at the border reaches out
        classes = {c for way in ways for tag in way.looked_for for c in tag.classes}
        classes |= {c for z in zones for tag in enquiry.tags_of(z.zone) for c in tag.classes}
        classes |= {c for n in lines if n.place for tag in enquiry.tags_of(n.place[1]) for c in tag.classes}
        objects = _objects(whole, classes, area, reach, middle)
        shapes = {
            tag.shape: _objects(whole, tag.classes, area, reach, middle, tag.shape)
            for text_ in [*(z.zone for z in zones), *(n.place[1] for n in lines if n.place)]
            for tag in enquiry.tags_of(text_) if tag.shape
        }  # fmt: skip
        data = house.dates.of(whole, classes)
        # What holds in one region alone is for the enquiry at a place.
        scopes = [d.scope for d in rules.distances] + [z.scope for z in rules.zones] + [n.scope for n in rules.negative]
        not_asked = [scope.code for scope in scopes if scope.region]
        for way in ways:
            if way.rule.by == ALPHA:
                _ask_alpha(enquiry, way, cells, area, middle)
            else:
                _ask_way(enquiry, way, cells, objects)
        for zone in zones:
            if zone.by == CRITERIA:
                _ask_risk(enquiry, zone, cells, area, middle)
                continue
            for one, flat in _of(enquiry.tags_of(zone.zone), objects, shapes):
                _near(cells, zone.scope.code, flat, zone.within_m, POSITION_M.get(one.position_quality, 200.0),
                      zone.scope.consequence, zone.scope.clause.tag, zone=not zone.within_m)  # fmt: skip
        for item in lines:
            _ask_item(cells, item, enquiry, objects, shapes, data)
        enquiry.ask_trade()
    for hit in enquiry.hits:  # by the trade alone: the same everywhere
        if hit["consequence"] != NONE:
            verdict = _ORDER.index(Verdict(hit["consequence"]))
            cells.meet(hit["rule"], np.arange(len(cells.ids)), np.full(len(cells.ids), verdict, dtype=np.int8))
    commits = any(f.tag.commits for f in applicant.trade)
    titles = {hit["rule"]: hit["title"] for hit in enquiry.hits}
    return _told(snapshot, rules, question, cells, commits, not_asked, classes, data, titles)


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
    radius = float(np.ceil(np.hypot(*(ring - here).T).max() * 10.2) / 10)
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
    snapshot: Snapshot, classes: Iterable[str], area: Any, reach: float, middle: float, attribute: str = ""
) -> dict[str, list[tuple[Reached, Any]]]:
    """Live objects of these classes in and around the area, by class, each with its outline in the plane.

    `attribute`: one that holds the shape to measure from, in place of the object's own.
    """
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
    geom = "{geom}"
    if attribute:
        geom = f"ST_SetSRID(ST_GeomFromGeoJSON({{attributes}} ->> CAST({compiled.binds(attribute)} AS text)), 4490)"
    sql = compiled.rows(listed | {"wkb": f"ST_AsBinary({geom})"}, f"{geom} && {box}")
    out: dict[str, list[tuple[Reached, Any]]] = {}
    for r in snapshot.connection.execute(text(sql), compiled.binds.values).mappings():
        level = (r["level_scale"], r["level_value"]) if r["level_value"] else None
        one = Reached(
            r["id"], r["class"], r["name"], r["division"], r["department"], r["visibility"], r["attributes"] or {},
            level, r["position_quality"], None, None, 0.0, ((0.0, 0.0), (0.0, 0.0)),
        )  # fmt: skip
        out.setdefault(one.class_, []).append((one, plane.flat(shapely.from_wkb(bytes(r["wkb"])), middle)))
    return out


Objects = Mapping[str, list[tuple[Reached, Any]]]


def _of(tags: Iterable[Tag], objects: Objects, shapes: Mapping[str, Objects]) -> list[tuple[Reached, Any]]:
    """Objects that are one of these tags; a path that a field holds is measured by itself, as in an enquiry."""
    out: dict[int, tuple[Reached, Any]] = {}
    for tag in tags:
        measured = shapes.get(tag.shape, {}) if tag.shape else objects
        for class_ in tag.classes:
            for one, flat in measured.get(class_, ()):
                if tag.holds(one.class_, one.name, one.attributes):
                    out.setdefault(one.id, (one, flat))
    return list(out.values())


def _ask_way(enquiry: Enquiry, way: Way, cells: _Cells, objects: Mapping[str, list[tuple[Reached, Any]]]) -> None:
    rule, applicant = way.rule, enquiry.applicant
    for tag in way.looked_for:
        for one, flat in _of((replace(tag, shape=""),), objects, {}):
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
            unknown = limit is None  # no number: within reach it has to be looked at
            _near(cells, rule.scope.code, flat, (rule.reach_m if limit is None else limit) + half, unsure,
                  rule.scope.consequence, clause.tag, doubtful=doubtful, slack=slack, unknown=unknown)  # fmt: skip


def _near(
    cells: _Cells, rule: str, flat: Any, limit: float, unsure: float, consequence: str, tag: Any, *,
    doubtful: bool = False, slack: float = 0.0, zone: bool = False, unknown: bool = False,
) -> None:  # fmt: skip
    """What one object comes to in the cells around it."""
    if consequence == NONE or not len(cells.ids):
        return
    radius = float(cells.radius_m[0])
    near = cells.tree.query(flat, predicate="dwithin", distance=limit + slack + unsure + radius)
    if not len(near):
        return
    metres = shapely.distance(cells.centres[near], flat)
    doubt = _ORDER.index(Verdict.CHECK)
    if zone:  # inside, with the whole cell, or only with a part of it
        sure = _index(in_zone(0.0, 0.0, 0.0, consequence, tag))
        certain = (metres == 0) & (_depth(cells.centres[near], flat) >= unsure + radius)
    else:
        sure = _index(at_distance(0.0, limit, 0.0, consequence, tag, doubtful=doubtful, slack_m=slack))
        certain = (metres < limit - unsure - radius) & (slack == 0) & (not unknown)
    verdicts = np.where(certain, sure, doubt).astype(np.int8)
    cells.meet(rule, near, verdicts)


def _index(outcome: Outcome) -> int:
    return _ORDER.index(outcome.verdict) if outcome.verdict is not None else len(_ORDER)


def _depth(points: Any, flat: Any) -> Floats:
    """How far points within an outline are from its border; of what is no outline nothing is deep."""
    return np.asarray(shapely.distance(points, shapely.boundary(flat)) if flat.area else np.zeros(len(points)))


def _ask_item(
    cells: _Cells, item: NegativeItem, enquiry: Enquiry, objects: Objects, shapes: Mapping[str, Objects],
    data: Mapping[str, tuple[int, Any]],
) -> None:  # fmt: skip
    """An item of the negative list: everywhere, or inside or outside of some zones."""
    scope = item.scope
    met, untold = scaled(item, enquiry.applicant.size)
    if not met or scope.consequence == NONE:
        return
    check = _ORDER.index(Verdict.CHECK)
    sure = check if untold else _index(softened(scope.consequence, scope.clause.tag, why=Why.LISTED))
    verdicts = np.full(len(cells.ids), sure, dtype=np.int8)
    holds = np.ones(len(cells.ids), dtype=bool)
    if item.place:
        relation, tag = item.place
        tags = enquiry.tags_of(tag)
        surely, perhaps = np.zeros(len(cells.ids), dtype=bool), np.zeros(len(cells.ids), dtype=bool)
        for one, flat in _of(tags, objects, shapes):
            unsure = POSITION_M.get(one.position_quality, 200.0) + float(cells.radius_m[0])
            near = cells.tree.query(flat, predicate="dwithin", distance=unsure)
            perhaps[near] = True
            inside = shapely.distance(cells.centres[near], flat) == 0
            surely[near] |= inside & (_depth(cells.centres[near], flat) >= unsure)
        known = any(data.get(c, (0, None))[0] for t in tags for c in t.classes)
        said = {
            (s, p): placed(relation, known=known, surely=s, perhaps=p)
            for s, p in ((False, False), (False, True), (True, True))
        }
        for (s, p), holds_there in said.items():
            these = (surely == s) & (perhaps == p)
            holds[these] = holds_there is not False
            if holds_there is None:
                verdicts[these] = check
    where = np.flatnonzero(holds)
    cells.meet(scope.code, where, verdicts[where])


def _ask_alpha(enquiry: Enquiry, way: Way, cells: _Cells, area: Any, middle: float) -> None:
    """Residents more: each unit asked once what they would make of it, then by its boundary for all cells."""
    scope, told = way.rule.scope, enquiry.applicant.size.get("residents")
    residents = 1 if told is None else int(told)
    if residents <= 0 or not len(cells.ids):
        return
    radius = float(cells.radius_m[0])
    ask = Asker(enquiry.snapshot)
    for unit in units_around(enquiry.snapshot, area.bounds):
        flat = plane.flat(unit.outline, middle)
        near = cells.tree.query(flat, predicate="dwithin", distance=ALPHA_M + radius)
        found = ask.before_and_after(unit, 0.0, residents) if len(near) else None
        if found is None:
            continue
        changes = bool(found[0]["value"] != found[1]["value"])
        if told is None:
            sure = doubt = _index(softened(scope.consequence, scope.clause.tag, why=Why.UNKNOWN))
        else:
            sure = _index(at_alpha(scope, 0.0, 0.0, changes=changes))
            doubt = _index(at_alpha(scope, ALPHA_M, radius, changes=changes))
        certain = shapely.distance(cells.centres[near], flat) <= ALPHA_M - radius
        cells.meet(scope.code, near, np.where(certain, sure, doubt).astype(np.int8))


def _ask_risk(enquiry: Enquiry, zone: ZoneRule, cells: _Cells, area: Any, middle: float) -> None:
    """The contours of each plant: compared once for every way in which a cell can lie to them."""
    scope, rules, applicant = zone.scope, enquiry.rules, enquiry.applicant
    radius = float(cells.radius_m[0])
    furthest = contours.REACH_M + radius + max(POSITION_M.values())
    target = risk.protected(applicant.trade, applicant.size, rules)
    for nest in risk.nests(contours.stored(enquiry.snapshot, area.bounds, furthest + radius)):
        flat = [plane.flat(one.shape, middle) for one in nest]
        unsure = [POSITION_M.get(one.row["position_quality"], 200.0) + radius for one in nest]
        near = cells.tree.query(shapely.union_all(flat), predicate="dwithin", distance=furthest)
        points = cells.centres[near]
        metres = np.empty((len(near), len(nest)))
        for k, shape in enumerate(flat):
            away = np.asarray(shapely.distance(points, shape))
            metres[:, k] = np.where(away == 0, -_depth(points, shape), away)
        within = np.array(unsure)
        reached = (metres <= contours.REACH_M + within).any(axis=1)
        ways = np.hstack([metres <= -within, metres <= within])
        for way in np.unique(ways[reached], axis=0):
            compared = risk.compare(
                nest, way[: len(nest)].tolist(), way[len(nest) :].tolist(), target, scope.consequence, rules
            )
            if compared is not None and compared.outcome.verdict is not None:
                these = near[reached & (ways == way).all(axis=1)]
                cells.meet(scope.code, these, np.full(len(these), _index(compared.outcome), dtype=np.int8))


def _told(
    snapshot: Snapshot, rules: Rules, question: Question, cells: _Cells, commits: bool, not_asked: Sequence[str],
    asked: set[str], data: Mapping[str, tuple[int, Any]], by_trade: Mapping[str, str],
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
    titles |= by_trade
    return {
        "resolution": question.resolution,
        "radius_m": float(cells.radius_m[0]),
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
