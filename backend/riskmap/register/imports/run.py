"""One import: read, check and grade every line, stage what goes in, write it as one state.

A dry run is the same up to the writing. Everything that a run leaves behind (objects, findings, counts,
the job's own end) is written in one transaction: a run that is killed has written nothing.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import Any

import numpy as np
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from riskmap.access.reader import Reader, territory
from riskmap.access.service import check_still_holds
from riskmap.base import database, jobs
from riskmap.base.errors import Invalid
from riskmap.base.jobs import Context
from riskmap.base.web import ensure_disk
from riskmap.catalogue.model import LIVE_STAGES, Class
from riskmap.catalogue.queries import CatalogueCache
from riskmap.exchange.headers import HEAD_LINES, Column, Header, header_at
from riskmap.exchange.rows import Fault, Reading, RowReader
from riskmap.exchange.table import Row, Table
from riskmap.exchange.tables import open_table
from riskmap.exchange.targets import targets_of
from riskmap.grading import review
from riskmap.register.imports import files, queries, returned
from riskmap.register.imports.files import SAMPLE_ROWS
from riskmap.register.imports.known import Known
from riskmap.register.imports.layout import Layout, data_rows, row_reader
from riskmap.register.imports.merge import Merger, PartyRow, party_rows
from riskmap.register.imports.positions import Ground, Positions, ground_of
from riskmap.register.imports.spots import Places, Seen, Spot, is_within
from riskmap.register.imports.words import short
from riskmap.register.service import maker_for
from riskmap.store import write
from riskmap.store.snapshot import Snapshot, open_snapshot
from riskmap.store.write import Staging

log = logging.getLogger(__name__)

_BATCH = 2_000
_MOST_TRIES = 3
_MUCH = 1_000  # rows from which the planner must be told
_KEPT_CELLS = 80
_KEPT_TEXT = 500
# Shares of the progress bar: opening the file, checking its lines, writing.
_OPENED, _CHECKED = 0.08, 0.75


class _Moved(Exception):
    """Somebody wrote what this run rests on: it must look again."""


@dataclass(slots=True)
class Counts:
    """What a run came to. read = added + changed + same + back + waiting."""

    read: int = 0
    added: int = 0
    changed: int = 0
    same: int = 0
    back: int = 0
    waiting: int = 0
    ignored: int = 0
    writes: int = 0

    def body(self) -> dict[str, int]:
        """As it is stored and sent."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class _Tally:
    """What is told in one sentence for many lines."""

    other_division: int = 0
    own_area: int = 0
    repaired: int = 0
    closed: int = 0
    by_column: dict[int, dict[str, int]] = field(default_factory=dict)

    def count(self, kind: str, faults: Iterable[Fault]) -> None:
        """One for each column that a line's faults are in."""
        for index in {f.index for f in faults if f.index is not None}:
            self.by_column.setdefault(index, {"back": 0, "waiting": 0})[kind] += 1


class _Importer:
    """Takes batches of lines; knows what they come to; writes it all at the end."""

    def __init__(
        self, snapshot: Snapshot, ground: Ground, layout: Layout, class_: Class, positions: Positions, context: Context,
        plan: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self._snapshot = snapshot
        self._connection: Connection = snapshot.connection
        self._reader: Reader = snapshot.reader
        self._ground = ground
        self._layout = layout
        self._class = class_
        self._positions = positions
        self._context = context
        self._plan = plan
        self._is_dry = bool(plan["dry_run"])
        self._rows = row_reader(class_, layout, ground, ())
        where = self._rows.position_columns()
        self._places = Places(positions, ground, class_.geometry, where, snapshot.public_resolution)
        with_persons = any((c.target or "").startswith("party.") for c in layout.columns)
        self._known = Known(self._connection, self._reader, class_.code, self._rows.fault_of, with_persons=with_persons)
        maker = maker_for(snapshot, context.settings.bounds)
        self._merger = Merger(class_, maker, self._reader, ground.divisions, self._rows, plan["file_name"])
        self.counts = Counts()
        self._tally = _Tally()
        self._codes: dict[str, int] = {}
        self._seen = Seen()
        self._needs_codes = False
        self._own_area = self._reader.areas[0] if len(self._reader.areas) == 1 else None
        self._new = Staging(self._connection, "staged_new")
        self._changed = Staging(self._connection, "staged_changed")
        self._parties = queries.PartyStaging(self._connection)
        queries.clear_findings(self._connection, context.job.job_id)

    def expect_codes(self, sampled: Sequence[Reading]) -> None:
        """A list whose lines have codes is known by them: a line without one is told, not taken as new each time."""
        named = [r for r in sampled if r.ignored is None]
        self._needs_codes = 2 * sum("code" in r.core for r in named) > len(named)

    # -- A batch ---------------------------------------------------------------------

    def take(self, readings: Sequence[Reading]) -> None:
        """Some lines, in order."""
        findings: list[dict[str, Any]] = []
        kept: list[Reading] = []
        for reading in readings:
            if reading.ignored is None:
                kept.append(reading)
            elif reading.ignored != "blank":
                self.counts.ignored += 1
                findings.append(_finding("ignored", reading, [_ignored(reading)]))
        self.counts.read += len(kept)
        spots = self._places.of(kept)
        self._known.refer(kept)
        for reading, spot in zip(kept, spots, strict=True):
            self._belong(reading, spot)
            self._once_in_file(reading, spot)
        said = [self._places.original(reading, spot) for reading, spot in zip(kept, spots, strict=True)]
        matched = self._known.match(list(zip(kept, spots, said, strict=True)))
        ids = iter(self._fresh_ids(len(kept)))
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        parties: list[PartyRow] = []
        for reading, spot, original in zip(kept, spots, said, strict=True):
            known = matched.ids.get(reading.line)
            persons = matched.persons.get(known or 0, {})
            row, change = None, None
            if not reading.faults and known is None:
                row = self._merger.added(reading, spot, original, next(ids))
                if row is not None:
                    new.append(row)
            elif known is not None:
                row, change = self._merger.merged(reading, spot, original, matched.rows[known], persons)
                if row is not None and change:
                    changed.append(row)
            if row is None:
                self.counts.back += 1
                self._tally.count("back", reading.faults)
                findings.append(_finding("back", reading, reading.faults))
                continue
            if change is None or change:
                parties += party_rows(row["id"], reading.parties, persons)
            kind = "added" if known is None else "changed" if change else "same"
            findings += self._told(kind, reading, spot, row, change)
        if not self._is_dry:
            self._new.add(new)
            self._changed.add(changed)
            self._parties.add(parties)
        findings.sort(key=lambda f: int(f["line"]))  # their ids are the order in which they are shown
        queries.add_findings(self._connection, self._context.job.job_id, findings)

    def _fresh_ids(self, count: int) -> list[int]:
        return list(range(count)) if self._is_dry else write.next_ids(self._connection, count)

    # -- What it belongs to ------------------------------------------------------------------

    def _belong(self, reading: Reading, spot: Spot) -> None:
        """The division of a line, and whether the sender may write there."""
        said = reading.core.get("division")
        area = self._own_area
        if said is None or (area and territory(area).startswith(territory(said)) and not spot.is_placed):
            if spot.division is None and area is not None and said != area:
                reading.core["own_area"] = True
                reading.core["division"] = area
            elif spot.division is not None:
                reading.core["division"] = spot.division
        elif spot.division is not None:
            if is_within(spot.division, said):
                reading.core["division"] = spot.division  # the finer of the two
            elif not is_within(said, spot.division):
                reading.core["elsewhere"] = spot.division

    def _once_in_file(self, reading: Reading, spot: Spot) -> None:
        code, name = reading.core.get("code"), reading.core.get("name")
        if code is not None:
            first = self._codes.setdefault(code, reading.line)
            if first != reading.line:
                reading.faults.append(
                    self._rows.fault_of("code", "duplicate_in_file", f"编号与第 {first} 行相同，请核对是否重复")
                )
        elif self._needs_codes:
            message = "这一行没有编号，其他行都有：补上编号后再导入"
            reading.faults.append(self._rows.fault_of("code", "required", message))
        elif name is not None:
            earlier = self._seen.line_of(name, reading.core.get("division", ""), spot.lon, spot.lat, reading.line)
            if earlier is not None:
                message = f"名称、区划和位置与第 {earlier} 行相同，请核对是否重复"
                reading.faults.append(self._rows.fault_of("name", "duplicate_in_file", message))

    # -- Which object -----------------------------------------------------------------------------

    # -- What it becomes -----------------------------------------------------------------------------

    # -- What is told --------------------------------------------------------------------------------

    def _told(
        self, kind: str, reading: Reading, spot: Spot, row: Mapping[str, Any], change: Mapping[str, Any] | None
    ) -> list[dict[str, Any]]:
        """Counts of a good line, and what is told of it."""
        object_id = None if kind == "added" and self._is_dry else row["id"]
        named = {"object_id": object_id, "object_name": row["name"]}
        out = []
        if kind != "same":
            self.counts.writes += 1
        if row["geom"] is None:
            self.counts.waiting += 1
            faults = self._places.waiting_faults(spot)
            self._tally.count("waiting", faults)
            out.append(_finding("waiting", reading, faults) | named | {"change": change or None})
        else:
            setattr(self.counts, kind, getattr(self.counts, kind) + 1)
            if kind == "changed":
                out.append(_finding("changed", reading, []) | named | {"change": change})
        notes = []
        if reading.core.get("own_area"):
            self._tally.own_area += 1
        self._tally.closed += row["stage"] not in LIVE_STAGES
        if "elsewhere" in reading.core:
            self._tally.other_division += 1
            there = self._ground.divisions.full_name(reading.core["elsewhere"])
            said = "town" if self._rows.has("town") else "division"
            notes.append(
                self._rows.fault_of(said, "other_division", f"坐标落在{there}，与表中区划不符：按表中区划登记，请核对")
            )
        if spot.repaired:
            self._tally.repaired += 1
            notes.append(self._places.fault("repaired", "图形的边线自相交，已自动修复，请在图上核对"))
        notes += reading.core.get("overruled", ())
        if notes:
            out.append(_finding("note", reading, notes) | named)
        return out

    def notes(self) -> list[str]:
        """Sentences on the whole file."""
        out = []
        tally = self._tally
        if tally.other_division:
            out.append(f"{tally.other_division} 行的坐标不在所写区划内，按表中区划登记；见“提示”。")
        if tally.own_area and self._own_area is not None:
            name = self._ground.divisions.name(self._own_area)
            out.append(f"{tally.own_area} 行没有写到您所管的区划，也没有可信的位置，按您的管理范围记为{name}。")
        if tally.repaired:
            out.append(f"{tally.repaired} 个图形的边线自相交，已自动修复；见“提示”。")
        if tally.closed:
            out.append(f"{tally.closed} 处已关闭、闭库或销号：照常登记，但默认不画在图上，也不计入在用总数。")
        if self._positions.northing_first:
            out.append("多数行的第一个坐标是纵坐标（北）或纬度，已按“北在前、东在后”读取。")
        return out

    def columns(self) -> list[dict[str, Any]]:
        """Each column, what it filled, in how many lines it was wrong."""
        titles = {t.target: t.title for t in self._layout.targets}
        return [
            {
                "index": c.index,
                "header": c.header,
                "target": c.target,
                "title": titles.get(c.target or ""),
                **self._tally.by_column.get(c.index, {"back": 0, "waiting": 0}),
            }
            for c in self._layout.columns
        ]

    # -- Writing ----------------------------------------------------------------------------------------

    def write(self) -> int | None:
        """All of it as one state, or nothing. Raises _Moved where what was checked no longer holds."""
        if not self.counts.writes:
            return None
        context, connection, reader = self._context, self._connection, self._reader
        counts = self.counts
        told = f"新增 {counts.added}，变更 {counts.changed}，待定位 {counts.waiting}"
        what = f"导入 {self._class.title}：{told}（{self._plan['file_name']}）"
        ensure_disk(context.settings)
        taken = write.take_state(connection, reader, what)
        # Behind the lock: who waited there may have lost his rights meanwhile.
        check_still_holds(connection, reader)
        # Nobody else took a state since the first look: then nothing moved.
        moved = taken.n != self._snapshot.state.n + 1
        if moved and queries.staged_is_stale(connection, self._class.code, self._snapshot.state):
            raise _Moved
        context.tell("入库", _CHECKED + 0.02)
        write.insert_staged(connection, reader, taken, self._new)
        context.tell("入库", 0.93)
        write.change_staged(connection, reader, taken, self._changed, taken.day)
        self._parties.write(taken.n)
        review.examine(connection, self._snapshot.catalogue, taken)
        context.tell("入库", 0.98)
        write.write_audit(
            connection, reader, taken, "write", self._context.job.job_id, None,
            {"class": self._class.code, "file": self._plan["file_name"], **counts.body()}, kind="import",
        )  # fmt: skip
        return taken.n


# -- Small things ---------------------------------------------------------------------------


_IGNORED = {
    "sum": "合计行，不导入",
    "sample": "模板的示例行，不导入",
    "note": "表末的填报说明，不导入",
    "unmapped": "对应上的列都是空的，不导入",
}


def _ignored(reading: Reading) -> Fault:
    code = reading.ignored or ""
    return Fault(None, "", code, _IGNORED.get(code, "不导入"))


def _kept(cell: Any) -> Any:
    if cell is None or isinstance(cell, bool | int):
        return cell
    if isinstance(cell, float):
        return Decimal(repr(cell)) if np.isfinite(cell) else None
    return cell[:_KEPT_TEXT] if isinstance(cell, str) else short(cell)


def _finding(kind: str, reading: Reading, faults: Sequence[Fault]) -> dict[str, Any]:
    return {
        "kind": kind,
        "line": reading.line,
        "faults": [f.body() for f in faults],
        "cells": [_kept(c) for c in reading.cells[:_KEPT_CELLS]],
    }


# -- The job ------------------------------------------------------------------------------------


def run(context: Context) -> None:
    """Do an import that was queued. Raises RiskmapError in words for its sender."""
    reader = Reader.parse(context.job.rights)
    context.tell("打开文件", 0.01)
    with database.read(context.engine, reader.settings()) as connection:
        check_still_holds(connection, reader)
        plan = queries.run_of(connection, context.job.job_id, None)
    assert plan is not None
    table = open_table(files.path_of(context.settings, plan["file_id"]))
    caches = CatalogueCache()
    for attempt in range(1, _MOST_TRIES + 1):
        try:
            # Where others write all the time, the last try has them wait from its beginning.
            _once(context, reader, plan, table, caches, alone=attempt == _MOST_TRIES)
            break
        except _Moved:
            log.info("import %s looks again: somebody wrote meanwhile", context.job.job_id)
    _tidy(context)
    returned.prepare(context.engine, context.settings, context.job.job_id)


def _tidy(context: Context) -> None:
    """After many rows the planner must know of them at once. The run stands, whatever becomes of this."""
    try:
        with database.write(context.engine, {}) as connection:
            if queries.written_by(connection, context.job.job_id) >= _MUCH:
                queries.settle_register(connection)
    except DBAPIError as error:
        log.warning("tidying after %s: %s", context.job.job_id, type(error.orig).__name__)


def _once(
    context: Context,
    reader: Reader,
    plan: Mapping[str, Any],
    table: Table,
    caches: CatalogueCache,
    *,
    alone: bool,
) -> None:
    with database.write(context.engine, reader.settings(write=True)) as connection, context.stoppable(connection):
        queries.allow_long_work(connection)
        if alone and not plan["dry_run"]:
            queries.have_writers_wait(connection)
        snapshot = open_snapshot(connection, reader, caches, context.settings.public_resolution)
        class_ = snapshot.catalogue.classes.get(plan["class"])
        if class_ is None or class_.retired:
            raise Invalid("这个分类在排队期间停用了，没有写入任何数据。请重新选择分类后再导入。")
        ground = ground_of(snapshot, context.settings)
        rows = table.rows(plan["sheet"])
        first = list(islice(rows, SAMPLE_ROWS + HEAD_LINES))
        context.tell("核对", _OPENED)
        header = header_at(first[:HEAD_LINES], plan["header_line"], plan["header_lines"], table.merged(plan["sheet"]))
        if header is None:
            raise Invalid("文件与选择时不同，没有写入任何数据。请重新上传。")
        columns = tuple(map(_column, plan["mapping"]))
        layout = Layout(plan["sheet"], header, columns, tuple(targets_of(class_, snapshot.catalogue)))
        gone = [c.header for c in columns if c.target and c.target not in {t.target for t in layout.targets}]
        if gone:
            raise Invalid(
                f"这个分类在排队期间改过，“{'”“'.join(gone[:5])}”已没有对应的字段。没有写入任何数据，请重新预演。"
            )
        reading = row_reader(class_, layout, ground, table.uncomputed(plan["sheet"]))
        sampled = [reading.read(line, cells) for line, cells in data_rows(first, header)]
        positions = Positions.of_sample(
            reading, [r for r in sampled if r.ignored is None], plan["crs"], ground.territory
        )
        importer = _Importer(snapshot, ground, layout, class_, positions, context, plan)
        importer.expect_codes(sampled)
        total = next(s.rows for s in table.sheets if s.name == plan["sheet"]) or 1
        done = len(first)
        for batch in _batches(sampled, rows, header, reading):
            importer.take(batch)
            done += len(batch)
            context.tell("核对", _OPENED + (_CHECKED - _OPENED) * min(1.0, done / total))
        if not importer.counts.read:
            raise Invalid("表头下面没有数据行，没有写入任何数据。请核对工作表和表头行。")
        state = None if plan["dry_run"] else importer.write()
        counts = importer.counts
        ended = {"counts": counts.body(), "columns": importer.columns(), "notes": importer.notes(), "state": state}
        # Whoever else has finished this job meanwhile has written it: then this is undone.
        if not jobs.still_running(connection, context.job.job_id):
            raise jobs.Cancelled
        queries.end_run(connection, context.job.job_id, ended)
        jobs.finish(connection, context.job.job_id, "done", _message(counts, state, is_dry=plan["dry_run"]))


def _column(kept: Mapping[str, Any]) -> Column:
    """A column as it was settled when the run was queued."""
    factor = kept["factor"]
    exact = None if factor is None else Decimal(str(factor))
    return Column(kept["index"], kept["header"], kept["target"], kept["how"], exact, kept["unit"])


def _batches(
    sampled: Sequence[Reading], rows: Iterator[Row], header: Header, reading: RowReader
) -> Iterator[Sequence[Reading]]:
    for start in range(0, len(sampled), _BATCH):
        yield sampled[start : start + _BATCH]
    while batch := list(islice(rows, _BATCH)):
        yield [reading.read(line, cells) for line, cells in data_rows(batch, header)]


def _message(counts: Counts, state: int | None, *, is_dry: bool) -> str:
    said = "、".join(
        f"{word} {n}"
        for word, n in (
            ("新增", counts.added), ("变更", counts.changed), ("相同", counts.same),
            ("待定位", counts.waiting), ("退回", counts.back),
        )
        if n
    )  # fmt: skip
    if is_dry:
        return f"预演完成，尚未改动任何数据。读入 {counts.read} 行：{said}。"
    if state is None:
        return f"没有改动。读入 {counts.read} 行：{said}。"
    return f"已入库，数据状态 {state}。读入 {counts.read} 行：{said}。"
