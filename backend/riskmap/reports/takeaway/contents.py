"""What the take-away map holds, as plain data: objects or hexagons, legend, ground, and what it says of itself.

Fields are those of a class's popup that the reader may read, row by row in the form that he gets.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import h3
import shapely
from shapely.geometry import mapping, shape

from riskmap.access.reader import Reader
from riskmap.base import clock
from riskmap.base.clock import SHANGHAI
from riskmap.base.crs import cell_ancestor
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import GRADES, Class, Field
from riskmap.engine.interface import HEAT_FEW
from riskmap.engine.totals import Totals
from riskmap.grading.judge import RISK_GRADE
from riskmap.reports.edition import area_of, within_rights
from riskmap.reports.takeaway import queries
from riskmap.selection import level
from riskmap.selection.describe import STAGE_WORDS, describe
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

MOST_OBJECTS = 20_000  # measured: docs/decisions/0023
_FINEST, _COARSEST = 8, 5
_MOST_CELLS = 6_000
_MOST_GROUND = 2_000_000  # bytes of the loaded ground layers together
_MOST_TOWNS = 400


@dataclass(frozen=True, slots=True)
class Ground:
    """A loaded layer of the base map."""

    layer: str
    title: str
    path: Path


def collect(
    snapshot: Snapshot,
    selection: Selection,
    totals: Totals,
    ground: Iterable[Ground],
    *,
    mark: str | None,
    credit: str,
    approval: str,
    as_cells: bool = False,
) -> dict[str, Any]:
    """All of it. `as_cells`: hexagons, whatever the number."""
    moment, reader, catalogue = snapshot.moment, snapshot.reader, snapshot.catalogue
    divisions = {d["code"]: d for d in catalogue_queries.divisions(snapshot.connection, moment.n, moment.day)}
    names = {code: str(d["name"]) for code, d in divisions.items()}
    total = totals.of(snapshot, selection)
    # The public gets no finer hexagons than its positions are.
    finest = _FINEST if reader.sees_inner else min(_FINEST, snapshot.public_resolution)
    body: dict[str, Any] = {"kind": "cells" if as_cells or total.total > MOST_OBJECTS else "objects"}
    area = area_of(selection, divisions, reader)
    now = clock.now()
    if body["kind"] == "objects":
        body |= _objects(snapshot, selection, names)
    else:
        body |= _cells(snapshot, selection, finest)
    scale = catalogue.scales[RISK_GRADE]
    looks = {lv.value: lv for lv in scale.levels}
    drawn, left_out = _ground(ground)
    return body | {
        "title": f"{area}安全风险图",
        "words": "；".join(filter(None, [describe(selection, catalogue, names), within_rights(reader, names)])),
        "total": total.total,
        "unplaced_total": total.unplaced,
        "elsewhere": total.unplaced_elsewhere,
        "state": moment.n,
        "day": moment.day.isoformat(),
        "data_at": f"{snapshot.data_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}",
        "made_at": f"{now:%Y-%m-%d %H:%M}",
        "made_by": _name(reader),
        "secrecy": "内部使用" if reader.sees_inner else "公开",
        "mark": mark or "",
        "credit": credit,
        "approval": approval,
        "scale": {"title": scale.title, "note": scale.note},
        "grades": [
            {"value": g, "title": looks[g].title, "letter": looks[g].letter, "colour": looks[g].colour} for g in GRADES
        ],
        "outlines": _outlines(snapshot, selection),
        "ground": drawn,
        "ground_left_out": left_out,
        "most": MOST_OBJECTS,
    }


def _name(reader: Reader) -> str:
    return "公众（未登录）" if reader.kind == "public" else reader.name


# -- Objects -----------------------------------------------------------------------------------


def _objects(snapshot: Snapshot, selection: Selection, names: Mapping[str, str]) -> dict[str, Any]:
    rows = queries.objects(snapshot, selection)
    classes = snapshot.catalogue.classes
    found = sorted({row["class"] for row in rows}, key=lambda c: list(classes).index(c) if c in classes else 10**6)
    place = {code: i for i, code in enumerate(found)}
    fields = {code: _popup(classes.get(code), snapshot.reader) for code in found}
    out = []
    for row in rows:
        inner = row["form"] == "full"
        attributes = row["attributes"] or {}
        values = [
            _say(attributes.get(field.name), field) if inner or field.visibility == 0 else None
            for field in fields[row["class"]]
        ]
        out.append(
            [
                None if row["lon"] is None else float(row["lon"]),
                None if row["lat"] is None else float(row["lat"]),
                row["grade"] - 1,
                place[row["class"]],
                row["name"],
                _facts(row, snapshot, names),
                values,
                json.loads(row["shape"]) if row["shape"] else None,
            ]
        )
    return {
        "classes": [
            {"title": classes[c].title if c in classes else c, "fields": [f.title for f in fields[c]]} for c in found
        ],
        "objects": out,
    }


def _facts(row: Mapping[str, Any], snapshot: Snapshot, names: Mapping[str, str]) -> list[str]:
    """Number, level with its scale, place, department, stage, and that a position is coarse."""
    code = row["division"] or ""
    where = " ".join(filter(None, (names.get(code[:6]), names.get(code[:9]) if len(code) >= 9 else None)))
    class_ = snapshot.catalogue.classes.get(row["class"])
    scale = snapshot.catalogue.scales.get(row["level_scale"] or (class_.scale if class_ and class_.scale else ""))
    said = level.said(row, snapshot.catalogue)
    coarse = row["form"] != "full" and row["lon"] is not None
    return [
        row["code"] or "",
        f"{scale.title}：{said}" if scale and said else "",
        where,
        row["department"] or "",
        "" if row["stage"] == "in_use" else STAGE_WORDS.get(row["stage"], row["stage"]),
        "位置为概略" if coarse else "",
    ]


def _popup(class_: Class | None, reader: Reader) -> list[Field]:
    if class_ is None:
        return []
    most = reader.tier if reader.sees_inner else 0
    shown = [class_.by_name[name] for name in class_.popup if name in class_.by_name]
    return [field for field in shown if field.visibility <= most]


def _say(value: Any, field: Field) -> str | None:
    """A declared value in words."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "是" if value else "否"
    if field.type == "enum":
        return dict(field.options).get(str(value), str(value))
    if isinstance(value, list):
        return f"{len(value)} 项"
    if isinstance(value, Mapping):
        return "已绘制"
    if isinstance(value, int | float | Decimal):
        return f"{value:f} {field.unit or ''}".strip() if isinstance(value, Decimal) else f"{value} {field.unit or ''}"
    return str(value)


# -- Hexagons ----------------------------------------------------------------------------------


def _cells(snapshot: Snapshot, selection: Selection, finest: int) -> dict[str, Any]:
    for resolution in range(finest, 2, -1):
        rows = queries.cells(snapshot, selection, resolution)
        if len({row[0] for row in rows}) <= _MOST_CELLS:
            break
    classes = snapshot.catalogue.classes
    unplaced = queries.unplaced(snapshot, selection)
    found = sorted(
        {row[1] for row in rows} | {row[0] for row in unplaced},
        key=lambda c: list(classes).index(c) if c in classes else 10**6,
    )
    place = {code: i for i, code in enumerate(found)}
    counted = {(cell, place[class_], grade - 1): n for cell, class_, grade, n in rows}
    return {
        "resolution": resolution,
        "few": HEAT_FEW,
        "classes": [{"title": classes[c].title if c in classes else c, "fields": []} for c in found],
        "cells": _rings(counted),
        # Far out a hexagon would be a dot: the same counts by coarser ancestors, down to their own parents.
        "coarser": [
            {"resolution": r, "cells": _rings(_merged(counted, r))} for r in range(resolution - 1, _COARSEST - 1, -1)
        ],
        "unplaced": [[place[class_], grade - 1, n] for class_, grade, n in unplaced],
    }


def _merged(counted: Mapping[tuple[int, int, int], int], resolution: int) -> dict[tuple[int, int, int], int]:
    out: dict[tuple[int, int, int], int] = {}
    for (cell, class_, grade), n in counted.items():
        key = (cell_ancestor(cell, resolution), class_, grade)
        out[key] = out.get(key, 0) + n
    return out


def _rings(counted: Mapping[tuple[int, int, int], int]) -> list[list[Any]]:
    """Each hexagon's outline with what is in it: [[lon, lat] …], [[class, grade, n] …]."""
    by_cell: dict[int, list[list[int]]] = {}
    for (cell, class_, grade), n in sorted(counted.items()):
        by_cell.setdefault(cell, []).append([class_, grade, n])
    return [
        [[[round(lon, 5), round(lat, 5)] for lat, lon in h3.cell_to_boundary(h3.int_to_str(cell))], inside]
        for cell, inside in by_cell.items()
    ]


# -- Ground ------------------------------------------------------------------------------------


def _outlines(snapshot: Snapshot, selection: Selection) -> dict[str, Any]:
    """Outlines of the divisions of the day, simplified to the look of a map, with a point for each name."""
    moment = snapshot.moment
    out: dict[str, Any] = {}
    for name, tolerance in (("city", 0.001), ("county", 0.0005), ("town", 0.0005)):
        rows = catalogue_queries.division_outlines(snapshot.connection, moment.n, moment.day, name)
        rows = [row for row in rows if row.geometry]
        if name == "town" and len(rows) > _MOST_TOWNS:
            rows = []
        drawn = []
        for row in rows:
            whole = shape(json.loads(row.geometry))
            at = whole.representative_point()
            simple = shapely.set_precision(whole.simplify(tolerance), 0.00001)
            drawn.append({"name": row.name, "at": [round(at.x, 5), round(at.y, 5)], "shape": mapping(simple)})
        out[name] = drawn
    return out


def _ground(layers: Iterable[Ground]) -> tuple[list[dict[str, Any]], list[str]]:
    """The loaded layers, from the ground up; which of them were too large to carry along."""
    drawn, left_out, taken = [], [], 0
    for ground in layers:
        try:
            size = ground.path.stat().st_size
            if taken + size > _MOST_GROUND:
                left_out.append(ground.title)
                continue
            features = json.loads(ground.path.read_text(encoding="utf-8"))["features"]
            kept = [
                {"name": str(f["properties"].get("name") or ""), "shape": f["geometry"]}
                for f in features
                if f.get("geometry")
            ]
        except (OSError, ValueError, KeyError, AttributeError, TypeError):
            left_out.append(ground.title)  # a broken file costs its layer, not the map
            continue
        taken += size
        drawn.append({"layer": ground.layer, "title": ground.title, "features": kept})
    return drawn, left_out
