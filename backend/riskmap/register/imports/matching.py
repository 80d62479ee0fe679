"""From a file and a class to a plan: the proposal that the page shows, and what a run is fixed to."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection

from riskmap.base.errors import FieldError, Invalid
from riskmap.base.settings import Settings
from riskmap.exchange.datum import DATUMS, crs_named
from riskmap.exchange.headers import (
    Column,
    normalised,
)
from riskmap.exchange.locate import WHY_WORDS, Territory
from riskmap.exchange.rows import Divisions, Reading, RowReader
from riskmap.exchange.units import unit_of
from riskmap.register.imports import files, queries
from riskmap.register.imports.asked import Asked, account_of, class_of, file_and_sheet
from riskmap.register.imports.layout import Layout, data_rows, layout_of, row_reader
from riskmap.register.imports.positions import DatumFound, Positions, datum_of, ground_of, ordered_pairs, pair_of
from riskmap.register.imports.words import short, value_in_words
from riskmap.store.snapshot import Snapshot

_SHOWN_ROWS = 2
_SHOWN_POINTS = 500
_SHOWN_UNPLACED = 100


def propose(snapshot: Snapshot, settings: Settings, asked: Asked) -> dict[str, Any]:
    """Header, columns with their first values, datum and points: what the sender looks over before a run."""
    class_ = class_of(snapshot, asked.class_)
    file, sheet = file_and_sheet(snapshot, asked)
    sample = files.sample_of(settings, asked.file_id, sheet)
    account_id = account_of(snapshot.reader)
    layout = layout_of(asked, file, sample, class_, snapshot, account_id)
    out: dict[str, Any] = {
        "file": asked.file_id,
        "class": class_.code,
        "sheet": sheet,
        "header": None,
        "columns": [],
        "targets": [
            {
                "target": t.target,
                "title": t.title,
                "group": t.group,
                "unit": t.unit,
                "required": t.required,
                "help": t.help,
            }
            for t in layout.targets
        ],
        "missing": layout.missing,
        "datum": None,
        "points": [],
        "points_of": 0,
        "unplaced": [],
    }
    if layout.header is None:
        return out
    ground = ground_of(snapshot, settings)
    reader = row_reader(class_, layout, ground, sample.uncomputed)
    readings = [reader.read(line, cells) for line, cells in data_rows(sample.rows, layout.header)]
    readings = [r for r in readings if r.ignored is None]
    placed = bool(reader.position_columns())
    pairs = ordered_pairs(reader, readings)
    last = queries.remembered_datum(snapshot.connection, account_id, class_.code)
    asked_crs = crs_named(asked.crs)
    datum = datum_of(asked_crs, file, layout.header, sample, pairs, ground.territory, last)
    out |= {
        "header": {"line": layout.header.line, "lines": layout.header.lines},
        "columns": [_column_body(c, layout, readings[:_SHOWN_ROWS], ground.divisions) for c in layout.columns],
        "datum": {
            "kind": datum.kind,
            "crs": datum.crs,
            "crs_title": DATUMS[datum.crs].title if datum.crs else None,
            "from": datum.how,
            "sure": datum.sure,
            "candidates": [
                {"crs": c.crs, "title": c.title, "inside": c.inside, "of": c.of, "shift_m": c.shift_m}
                for c in datum.candidates
            ],
            "sentence": datum.sentence,
        },
    }
    if placed:
        out |= _points(reader, readings, datum.crs, ground.territory)
    return out


def _points(reader: RowReader, readings: Sequence[Reading], crs: str | None, territory: Territory) -> dict[str, Any]:
    positions = Positions.of_sample(reader, readings, crs, territory)
    if crs is None and any(x is not None and abs(x) > 360 for x, _ in map(pair_of, readings)):
        return {"points": [], "points_of": 0, "unplaced": []}
    found = positions.locate(readings)
    points: list[dict[str, Any]] = []
    unplaced: list[dict[str, Any]] = []
    placed = np.flatnonzero(np.isfinite(found.lon))
    step = max(1, len(placed) // _SHOWN_POINTS)
    degrees = DATUMS[positions.crs].kind == "degrees"
    for i in placed[::step].tolist():
        x, y = pair_of(readings[i])
        if positions.northing_first and readings[i].geometry is None:
            x, y = y, x
        points.append(
            {
                "line": readings[i].line,
                "lon": round(float(found.lon[i]), 7),
                "lat": round(float(found.lat[i]), 7),
                "from_lon": float(x) if degrees and x is not None else None,
                "from_lat": float(y) if degrees and y is not None else None,
            }
        )
    for reading, why in zip(readings, found.why, strict=True):
        if why and len(unplaced) < _SHOWN_UNPLACED:
            unplaced.append({"line": reading.line, "why": why, "words": WHY_WORDS[why]})
    return {"points": points, "points_of": len(readings), "unplaced": unplaced}


def _column_body(column: Column, layout: Layout, readings: Sequence[Reading], divisions: Divisions) -> dict[str, Any]:
    target = next((t for t in layout.targets if t.target == column.target), None)
    samples = []
    for reading in readings:
        cell = reading.cells[column.index] if column.index < len(reading.cells) else None
        fault = next((f.message for f in reading.faults if f.index == column.index), None)
        samples.append(
            {
                "line": reading.line,
                "text": short(cell),
                "value": value_in_words(target, reading, divisions) if target is not None and fault is None else None,
                "fault": fault,
            }
        )
    return {
        "index": column.index,
        "header": column.header,
        "target": column.target,
        "how": column.how,
        "factor": None if column.factor is None else str(column.factor),
        "unit_from": column.unit_from,
        "unit_to": unit_of(target.unit) if target is not None and target.unit else None,
        "samples": samples,
    }


def settle(snapshot: Snapshot, settings: Settings, asked: Asked) -> dict[str, Any]:
    """A run's fixed plan, remembered for the sender. Raises Invalid where something must be said first."""
    class_ = class_of(snapshot, asked.class_)
    file, sheet = file_and_sheet(snapshot, asked)
    sample = files.sample_of(settings, asked.file_id, sheet)
    account_id = account_of(snapshot.reader)
    layout = layout_of(asked, file, sample, class_, snapshot, account_id)
    if layout.header is None:
        message = "没有找到表头：前 30 行里没有一行的列名能对上这一类。请核对分类是否选对，或指定表头在第几行。"
        raise Invalid(message, code="no_header", errors=[FieldError("header_line", "no_header", message)])
    if layout.missing:
        message = f"缺少必填的列：{'、'.join(layout.missing)}。请指定由哪一列填写，或补上这一列。"
        raise Invalid(message, code="missing_columns", errors=[FieldError("columns", "missing_columns", message)])
    ground = ground_of(snapshot, settings)
    reader = row_reader(class_, layout, ground, sample.uncomputed)
    readings = [reader.read(line, cells) for line, cells in data_rows(sample.rows, layout.header)]
    pairs = ordered_pairs(reader, [r for r in readings if r.ignored is None])
    datum = datum_of(crs_named(asked.crs), file, layout.header, sample, pairs, ground.territory, None)
    if datum.kind != "none" and datum.crs is None:
        raise Invalid(datum.sentence, code="datum_needed", errors=[FieldError("crs", "datum_needed", datum.sentence)])
    _remember(snapshot.connection, account_id, class_.code, layout, asked, datum)
    return {
        "file_id": asked.file_id,
        "class": class_.code,
        "sheet": sheet,
        "header_line": layout.header.line,
        "header_lines": layout.header.lines,
        "crs": datum.crs,
        "mapping": [
            {
                "index": c.index,
                "header": c.header,
                "target": c.target,
                "how": c.how,
                "factor": c.factor,
                "unit": c.unit_from,
            }
            for c in layout.columns
        ],
        "title": f"导入 {class_.title} · {file['name']}",
        "file_name": file["name"],
    }


def _remember(
    connection: Connection, account_id: int, class_: str, layout: Layout, asked: Asked, datum: DatumFound
) -> None:
    """What the sender said by hand is offered again."""
    if asked.columns is not None:
        chosen = {
            normalised(c.header): (c.target, c.factor)
            for c in layout.columns
            if c.how == "given" and normalised(c.header)
        }
        queries.remember(connection, account_id, class_, chosen)
    if datum.crs is not None and datum.how == "asked":
        queries.remember_datum(connection, account_id, class_, datum.crs)
