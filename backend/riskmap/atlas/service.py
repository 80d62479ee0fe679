"""The map's answers: tiles, counts, heat, legend, and what the page needs to begin."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import h3

from riskmap.atlas.cache import Key, TileCache
from riskmap.base.errors import FieldError, Forbidden, Invalid, NotFound
from riskmap.base.state import State
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import Catalogue, Scale
from riskmap.catalogue.rulesets import PRODUCT, RuleSet, band_names
from riskmap.engine.interface import HEAT_FEW, MOST_ZOOM, Engine
from riskmap.engine.postgis import DIMENSIONS
from riskmap.engine.totals import Totals
from riskmap.grading.rules import RULES
from riskmap.selection.compile import FACETS
from riskmap.selection.describe import describe
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

RISK_GRADE = "risk-grade"
TILE_FORMAT = 3  # what a tile carries: one more with each change of it, so that none of before is taken for it


def tile_key(snapshot: Snapshot, selection: Selection, z: int, x: int, y: int, scale: Scale | None = None) -> Key:
    """Everything that a tile depends on."""
    moment = snapshot.moment
    coloured = scale.code if scale else ""
    return selection.key, snapshot.reader.fingerprint, moment.n, moment.day.isoformat(), z, x, y, coloured


def scale_of(snapshot: Snapshot, code: str | None) -> Scale | None:
    """The scale that a tile is coloured by; None is the risk grade. Raises Invalid for an unknown one."""
    if code is None or code == RISK_GRADE:
        return None
    scale = snapshot.catalogue.scales.get(code)
    if scale is None:
        legal = "、".join(snapshot.catalogue.scales)
        message = f"没有“{code[:40]}”这个标度。可用：{legal}"
        raise Invalid("标度有误，请改正", errors=[FieldError("scale", "unknown_value", message)])
    return scale


def etag(key: Sequence[object]) -> str:
    """From the key, not the bytes: the same for every server process."""
    return '"' + hashlib.sha256(repr(tuple(key)).encode()).hexdigest()[:24] + '"'


def check_tile(z: int, x: int, y: int) -> None:
    """Raises NotFound outside WebMercatorQuad."""
    if not (0 <= z <= MOST_ZOOM and 0 <= x < 1 << z and 0 <= y < 1 << z):
        raise NotFound(f"瓦片超出范围：z 应为 0–{MOST_ZOOM}，x、y 应小于 2 的 z 次方。")


def tile(
    snapshot: Snapshot,
    selection: Selection,
    engine: Engine,
    cache: TileCache,
    z: int,
    x: int,
    y: int,
    scale: Scale | None = None,
) -> bytes:
    """One encoded tile, from the cache where it is there."""
    key = tile_key(snapshot, selection, z, x, y, scale)
    body = cache.get(key)
    if body is None:
        body = engine.tile(snapshot, selection, z, x, y, scale)
        cache.put(key, body)
    return body


def counts(
    snapshot: Snapshot,
    selection: Selection,
    engine: Engine,
    totals: Totals,
    by: Sequence[str],
    facets: Sequence[str] = (),
) -> dict[str, Any]:
    """Exact counts by dimensions; and of each facet without its own condition."""
    for facet in facets:
        if facet not in FACETS:
            told = f"没有“{facet[:40]}”。可用：{'、'.join(FACETS)}"
            raise Invalid("不能按这一项统计", errors=[FieldError("facets", "unknown_value", told)])
    for dimension in by:
        if dimension not in DIMENSIONS:
            raise Invalid(
                "不能按这一项统计",
                errors=[FieldError("by", "unknown_value", f"没有“{dimension[:40]}”。可用：{'、'.join(DIMENSIONS)}")],
            )
    if len(by) > 3 or len(set(by)) < len(by):
        raise Invalid("统计维度最多三个，且不能重复", errors=[FieldError("by", "too_many_values", "最多三个")])
    total = totals.of(snapshot, selection)
    rows = engine.count(snapshot, selection, by).rows if by else ()
    out: dict[str, Any] = {
        "total": total.total,
        "rows": list(rows),
        "unplaced": total.unplaced,
        "state": snapshot.moment.n,
        "day": snapshot.moment.day.isoformat(),
        "ruleset": _ruleset_body(snapshot.catalogue.ruleset_at(snapshot.moment.day)),
        "words": words(snapshot, selection),
    }
    if total.unplaced_elsewhere is not None:
        out["unplaced_elsewhere"] = total.unplaced_elsewhere
    if facets:
        found = engine.facets(snapshot, selection, list(dict.fromkeys(facets)))
        out["facets"] = {
            name: [{"value": v, "n": n} for v, n in sorted(facet.values.items())] for name, facet in found.items()
        }
        out["facets_more"] = {name: facet.more for name, facet in found.items() if facet.more}
    return out


def words(snapshot: Snapshot, selection: Selection) -> str:
    """The selection in Chinese."""
    names = {}
    if selection.division:
        listed = catalogue_queries.divisions(snapshot.connection, snapshot.moment.n, snapshot.moment.day)
        names = {d["code"]: d["name"] for d in listed}
    return describe(selection, snapshot.catalogue, names)


def heat(snapshot: Snapshot, selection: Selection, engine: Engine, totals: Totals, resolution: int) -> dict[str, Any]:
    """H3 cells of a selection."""
    if not 3 <= resolution <= 10:
        raise Invalid(
            "resolution 应为 3–10", errors=[FieldError("resolution", "out_of_range", "六边形分辨率应为 3–10")]
        )
    if not snapshot.reader.sees_inner and resolution > snapshot.public_resolution:
        raise Forbidden(f"公众视图的六边形最细为第 {snapshot.public_resolution} 级，请调低分辨率或登录。")
    total = totals.of(snapshot, selection)
    cells = engine.cells(snapshot, selection, resolution)
    moment = snapshot.moment
    ruleset = snapshot.catalogue.ruleset_at(moment.day)
    return {
        "resolution": resolution,
        "cells": [
            {
                "cell": h3.int_to_str(c.cell),
                "n": c.n,
                "by_grade": c.by_grade,
                "weighted": ruleset.weight(c.by_grade),
                "touching": c.touching,
                "few": c.n < HEAT_FEW,
            }
            for c in cells
        ],
        "few_below": HEAT_FEW,
        "total": total.total,
        "unplaced": total.unplaced,
        "weights": _named(ruleset) | {"by_grade": ruleset.weights, "even": ruleset.is_even},
        "state": moment.n,
    }


def catalogue_body(catalogue: Catalogue, tier: int, now: State) -> dict[str, Any]:
    """Classes with the fields that this tier may read, scales with direction and rule set, policies."""
    banded = {rule.scale for rule in RULES.values() if rule.tables}
    return {
        "state": now.n,
        "rulesets": [_ruleset_body(s) for s in (*catalogue.rulesets, PRODUCT)],
        "groups": list(catalogue.groups),
        "classes": [
            {
                "class": c.code,
                "title": c.title,
                "group": c.group,
                "role": c.role,
                "geometry": c.geometry,
                "scale": c.scale,
                "rule": c.rule,
                "department": c.department,
                "symbol": c.symbol,
                "version": c.version,
                "retired": c.retired,
                "fields": [f.public_body() for f in c.fields if f.visibility <= tier],
                "list": _readable_names(c.list, c.by_name, tier),
                "popup": _readable_names(c.popup, c.by_name, tier),
            }
            for c in catalogue.classes.values()
        ],
        "scales": [
            {
                "scale": s.code,
                "title": s.title,
                "worse": s.worse,
                "note": s.note,
                "ruleset": _ruleset_body(catalogue.ruleset_at(now.day)) if s.code in banded else None,
                "levels": [
                    {
                        "value": lv.value,
                        "title": lv.title,
                        "rank": lv.rank,
                        "colour": lv.colour,
                        "letter": lv.letter,
                        "shape": lv.shape,
                    }
                    for lv in s.levels
                ],
                "outside": asdict(s.outside) if s.outside else None,
            }
            for s in catalogue.scales.values()
        ],
        "policies": [
            {
                "policy": p.code,
                "title": p.title,
                "scale": p.scale,
                "adopted": p.adopted,
                "rows": [{"level": level, "grade": grade} for level, grade in p.rows],
            }
            for p in catalogue.policies.values()
        ],
    }


def _ruleset_body(ruleset: RuleSet) -> dict[str, Any]:
    """What a legend names: the set, since when, and its sets of bands."""
    return _named(ruleset) | {"bands": band_names(ruleset)}


def _named(ruleset: RuleSet) -> dict[str, Any]:
    begins = ruleset.valid_from and ruleset.valid_from.isoformat()
    return {"ruleset": ruleset.code, "title": ruleset.title, "valid_from": begins}


def _readable_names(names: Sequence[str], by_name: Any, tier: int) -> list[str]:
    return [name for name in names if name not in by_name or by_name[name].visibility <= tier]
