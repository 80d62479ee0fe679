"""The daily file: every new entity of it known or new, placed, tagged, checked and handed out; whole or not at all."""

import logging
import secrets
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import shapely
from sqlalchemy import Connection, Engine

from riskmap.access.reader import SYSTEM, Reader
from riskmap.access.service import check_still_holds
from riskmap.admission import daily, queries, service
from riskmap.admission.daily import Layout, Line
from riskmap.admission.days import DUE_DAYS, calendar
from riskmap.admission.judgement import WORDS
from riskmap.admission.place import Placed, address_m, waits
from riskmap.admission.rules import rules_of
from riskmap.admission.wire import Place
from riskmap.base import audit, clock, database, jobs
from riskmap.base.errors import Conflict, FieldError, Invalid, NotFound
from riskmap.base.jobs import Context, without_values
from riskmap.base.settings import Settings
from riskmap.base.web import ensure_disk
from riskmap.catalogue.queries import CatalogueCache
from riskmap.engine.postgis import PostgisEngine
from riskmap.exchange import geocode, locate
from riskmap.exchange.datum import OLD_FRAME, crs_named
from riskmap.exchange.division_names import division_names_of
from riskmap.exchange.give_back import give_back, marks_of
from riskmap.exchange.table import Table
from riskmap.exchange.tables import open_table
from riskmap.exchange.uploads import copy_hashed, shown_name
from riskmap.standards import gb32100
from riskmap.store.snapshot import Snapshot, open_snapshot

log = logging.getLogger(__name__)

JOB = "admission"
MOST_FILE = 30 << 20
KEPT_FOR = timedelta(days=90)
_KNOWN = "已立案的不会重复立案，不会更新"
_READ, _PLACED, _ASKED, _STAGED = 0.05, 0.1, 0.92, 0.98  # shares of the progress
_NO_BATCH = "没有这份日清单，或不是您的。请核对编号。"
_DEGREE_M = 111_320
_STALE_PART_S = 6 * 3600


def _folder(settings: Settings) -> Path:
    path = settings.data_dir / "admission" / "batches"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


# -- Queueing ------------------------------------------------------------------------------


def queue(
    engine: Engine, settings: Settings, reader: Reader, name: str, body: BinaryIO, crs: str | None, *, demo: bool
) -> str:
    """Keep a file, look whether it is a list of entities, and put it into the queue; its id. Raises Invalid."""
    service.ensure_may_handle(reader)
    ensure_disk(settings)
    asked = crs_named(crs)
    batch_id = jobs.new_id("i")
    path = _folder(settings) / batch_id
    try:
        size, digest = copy_hashed(body, path, MOST_FILE)
        path.chmod(0o600)
        layout = daily.layout_of(open_table(path))
        named = shown_name(name)
        given = {"file_name": named, "crs": _datum(asked, layout), "demo": demo, "sha256": digest}
        with database.write(engine, reader.settings(write=True)) as connection:
            title = f"准入日清单：{named}"
            jobs.add(connection, batch_id, JOB, title, reader.account_id, reader.name, reader.body(), given)
            audit.record(
                connection, reader.name, "queue", "admission", batch_id, address=reader.address,
                after={"file": named, "bytes": size, "sha256": digest, "crs": given["crs"]},
            )  # fmt: skip
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return batch_id


def _datum(asked: str | None, layout: Layout) -> str | None:
    """The datum of the file's coordinates: as asked, else as its header says; never guessed. Raises Invalid."""
    if asked is not None or not layout.is_placed:
        return asked
    if layout.old_frame:
        raise Invalid(OLD_FRAME, code="old_frame", errors=[FieldError("crs", "old_frame", OLD_FRAME)])
    if layout.crs is None:
        words = "表中有经度、纬度，请选择坐标系：CGCS2000、WGS 84（GPS）、GCJ-02（高德、腾讯）或 BD-09（百度）"
        raise Invalid("请选择坐标系", code="crs_missing", errors=[FieldError("crs", "missing", words)])
    return layout.crs


# -- The job -------------------------------------------------------------------------------


@dataclass(slots=True)
class Counts:
    """Of lines: read = new + known + back, new = checked + unplaced."""

    read: int = 0
    new: int = 0
    known: int = 0
    back: int = 0
    checked: int = 0
    unplaced: int = 0

    def body(self) -> dict[str, int]:
        """For whoever watches."""
        return {name: getattr(self, name) for name in ("read", "new", "known", "back", "unplaced", "checked")}


def run(context: Context) -> None:
    """Work a daily file off. Raises RiskmapError in words for its sender."""
    reader, given = Reader.parse(context.job.rights), context.job.input
    path = _folder(context.settings) / context.job.job_id
    if not path.exists():
        raise NotFound("上传的日清单已不在，没有立案。请重新上传。")
    context.tell("读入", 0.01)
    table = open_table(path)
    layout = daily.layout_of(table)
    lines = list(daily.lines_of(table, layout))
    if not lines:
        raise Invalid("表头下面没有数据行，没有立案。请核对工作表和表头行。")
    context.tell("查重", _READ)
    house = service.House(PostgisEngine(), context.settings.bounds, bool(given["demo"]))
    with database.read(context.engine, reader.settings()) as connection, context.stoppable(connection):
        check_still_holds(connection, reader)
        snapshot = open_snapshot(connection, reader, CatalogueCache(), context.settings.public_resolution)
        with database.under(connection, SYSTEM.settings()):  # what is decided, is decided over everything
            over_all = replace(snapshot, reader=SYSTEM)
            file = _File(over_all, house, lines, given["crs"], layout)
            file.drop_known(connection)
            context.tell("落位", _PLACED)
            file.place()
            for share in file.ask():
                context.tell("核验", _PLACED + (_ASKED - _PLACED) * share)
    context.tell("立案", _ASKED)
    _write(context, reader, snapshot, house, file)
    _prepare(context, table, layout, file)


@dataclass(frozen=True, slots=True)
class _Known:
    """Why an entity makes no case: it has one, or stands further up in the file."""

    number: str | None = None
    line: int | None = None

    def words(self, seen: Collection[str]) -> str:
        """For its sender; a case that he may not see is not named."""
        if self.line is not None:
            return f"与本表第 {self.line} 行是同一家，只按那一行办理"
        return f"已有案 {self.number}，不重复立案" if self.number in seen else "已有案，不重复立案"


@dataclass(slots=True)
class _Spot:
    """Where an entity is, or why that is not known."""

    placed: Placed | None
    place: Place
    why: str | None = None


class _File:
    """All entities of a file on their way to cases."""

    def __init__(
        self, snapshot: Snapshot, house: service.House, lines: Sequence[Line], crs: str | None, layout: Layout
    ) -> None:
        self._snapshot, self._house, self._crs, self._layout = snapshot, house, crs or "EPSG:4490", layout
        self.read = len(lines)
        self.back = [line for line in lines if line.faults]
        self.new = [line for line in lines if not line.faults]
        self.known: dict[int, _Known] = {}
        self.seen: Collection[str] = ()  # of the known cases those that the sender may see
        self.spots: dict[int, _Spot] = {}
        self.asked: dict[int, service.Asked] = {}

    def drop_known(self, connection: Connection) -> None:
        """Leave out entities that have a case, or stand further up in the file: by code, else by name and address."""
        codes = [code for line in self.new if (code := line.code)]
        by_code = {code: _Known(n) for code, n in queries.known_codes(connection, codes).items()}
        names = [line.key[0] for line in self.new]
        by_name = {key: _Known(n) for key, n in queries.known_names(connection, names).items()}
        kept = []
        for line in self.new:
            code, key = line.code, line.key
            known = by_code.get(code) if code else by_name.get(key)
            if known is not None:
                self.known[line.line] = known
                continue
            if code:
                by_code[code] = _Known(line=line.line)
            by_name.setdefault(key, _Known(line=line.line))
            kept.append(line)
        self.new = kept

    def leave_out(self, lines: Mapping[int, str]) -> None:
        """Lines that have become known meanwhile, each with the case's number."""
        self.known |= {line: _Known(number) for line, number in lines.items()}
        self.new = [line for line in self.new if line.line not in lines]

    def numbers(self) -> set[str]:
        """The cases that lines have already."""
        return {known.number for known in self.known.values() if known.number}

    # -- Where

    def place(self) -> None:
        """By coordinates, else by an address that is one known place; what is neither waits."""
        territory = locate.territory_of(self._snapshot, self._house.bounds)
        pairs = [(line.x, line.y) for line in self.new]
        found = locate.locate(pairs, [line.why for line in self.new], self._crs, territory)
        left: list[Line] = []
        for i, line in enumerate(self.new):
            why = found.why[i]
            if why is None:
                at = (float(found.lon[i]), float(found.lat[i]))
                self.spots[line.line] = self._drawn(line, at, found.decimals[i], found.divisions[i])
            else:
                self.spots[line.line] = _Spot(None, Place(), why)
                left.append(line)
        self._by_address(left, territory)

    def _drawn(self, line: Line, at: tuple[float, float], decimals: int, division: str | None) -> _Spot:
        geometry = {"type": "Point", "coordinates": [line.x, line.y]}
        # A number says no more than its last digit.
        unsure = round(_DEGREE_M * 10.0**-decimals, 1) if decimals < 6 else 0.0
        original = None if self._crs == "EPSG:4490" else {"crs": self._crs, "geometry": geometry}
        placed = Placed(shapely.Point(*at), unsure, division or "", "drawn", None, original)
        return _Spot(placed, Place(geometry=geometry, crs=self._crs))

    def _by_address(self, lines: Sequence[Line], territory: locate.Territory) -> None:
        import numpy as np

        addresses = {line.line: line.key[1] for line in lines if line.key[1]}
        names = division_names_of(self._snapshot)
        known = geocode.certain(self._snapshot.connection, addresses.values(), names)
        hits = [(line, known[addresses[line.line]]) for line in lines if addresses.get(line.line) in known]
        if not hits:
            return
        lon, lat = (np.array([hit["position"][axis] for _, hit in hits], dtype=float) for axis in (0, 1))
        inside, divisions = territory.find(lon, lat)
        for i, (line, hit) in enumerate(hits):
            if not inside[i]:
                continue
            at = shapely.Point(float(lon[i]), float(lat[i]))
            placed = Placed(at, address_m(hit["level"]), divisions[i] or "", "address", None, None)
            self.spots[line.line] = _Spot(placed, Place(address=addresses[line.line]))

    # -- What

    def ask(self) -> Iterator[float]:
        """Every entity that has a place asked against the rules; yields how far it is. What is wrong goes back."""
        snapshot = self._snapshot
        rules = rules_of(snapshot.catalogue.ruleset_at(snapshot.moment.day))
        refused: set[int] = set()
        for done, line in enumerate(self.new, 1):
            spot = self.spots[line.line]
            assert line.check is not None
            line.check = line.check.model_copy(update={"place": spot.place})
            if spot.placed is not None:
                try:
                    asked = service.ask_placed(snapshot, self._house, rules, line.check, spot.placed)
                    self.asked[line.line] = asked
                except Invalid as error:
                    line.faults = [{"index": None, "code": e.code, "message": e.message} for e in error.errors]
                    refused.add(line.line)
                    self.back.append(line)
            yield done / len(self.new)
        self.new = [line for line in self.new if line.line not in refused]

    def rows(
        self, snapshot: Snapshot, reader: Reader, demo: bool, batch_id: str, now: datetime, due: date
    ) -> Iterator[dict[str, Any]]:
        """The columns of each case, but for its number."""
        for line in self.new:
            assert line.check is not None
            row = service.case_row(line.check, reader, "file", now)
            row |= {"batch_id": batch_id, "line": line.line, "sent": self._sent(line)}
            if asked := self.asked.get(line.line):
                row |= service.answered(snapshot, asked, demo) | {"due": due}
            yield row

    def _sent(self, line: Line) -> dict[str, Any]:
        """Where it is in the sender's own words, and why that is no place."""
        x, y = line.sent or (None, None)
        why = None if line.line in self.asked else self.spots[line.line].why or "unknown"
        return {"x": x, "y": y, "crs": self._crs if line.sent else None, "address": line.key[1] or None, "why": why}

    # -- What is told

    def counts(self) -> Counts:
        """As they add up."""
        checked = sum(line.line in self.asked for line in self.new)
        return Counts(self.read, len(self.new), len(self.known), len(self.back), checked, len(self.new) - checked)

    def faults(self) -> list[dict[str, Any]]:
        """Lines that go back, those that wait, and those that make no case, with why."""
        out = [{"line": line.line, "kind": "back", "faults": line.faults} for line in self.back]
        column = self._layout.column("lon") or self._layout.column("address")
        for line in self.new:
            if line.line not in self.asked:
                sent = self._sent(line)
                words = f"已立案，待落位：{waits(sent)}"
                fault = {"index": column.index if column else None, "code": sent["why"], "message": words}
                out.append({"line": line.line, "kind": "waiting", "faults": [fault]})
        for number, known in self.known.items():
            told = {"index": None, "code": "known", "message": known.words(self.seen)}
            out.append({"line": number, "kind": "known", "faults": [told]})
        return sorted(out, key=lambda one: int(one["line"]))


def _write(context: Context, reader: Reader, snapshot: Snapshot, house: service.House, file: _File) -> None:
    """All cases with their numbers and the job's end in one transaction."""
    ensure_disk(context.settings)
    job_id, now = context.job.job_id, clock.now()
    with database.write(context.engine, reader.settings(write=True)) as connection, context.stoppable(connection):
        check_still_holds(connection, reader)
        due = calendar(connection).after(now.date(), DUE_DAYS)
        queries.stage_cases(connection, file.rows(snapshot, reader, house.demo, job_id, now, due))
        context.tell("编号", _STAGED)
        queries.wait_for_others(connection)
        queries.hold_numbers(connection, now.year, 0)  # until the commit nobody else makes a case
        with database.under(connection, SYSTEM.settings()):
            file.leave_out(queries.drop_known(connection, gb32100.FORM))
        file.seen = queries.seen(connection, file.numbers())
        queries.add_staged(connection, now.year)
        queries.add_batch_events(connection, job_id, {str(verdict): word for verdict, word in WORDS.items()})
        counts = file.counts()
        told = {"file": context.job.input["file_name"], **counts.body()}
        audit.record(
            connection, reader.name, "ask", "admission", job_id,
            address=reader.address, state=snapshot.moment.n, after=told,
        )  # fmt: skip
        # Whoever else has finished this job meanwhile has written it: then this is undone. Its row is held from here
        # on, so nothing more is told of how far it is.
        if not jobs.still_running(connection, job_id):
            raise jobs.Cancelled
        jobs.keep_result(connection, job_id, {"counts": counts.body(), "faults": file.faults()})
        jobs.finish(connection, job_id, "done", _message(counts))


def _message(counts: Counts) -> str:
    parts = [f"读入 {counts.read} 家：新立案 {counts.new}（已核验 {counts.checked}，待落位 {counts.unplaced}）"]
    parts.append(f"已有 {counts.known}、退回 {counts.back}。")
    return "、".join(parts)


# -- What goes back ------------------------------------------------------------------------


def _returned(settings: Settings, batch_id: str) -> Path:
    return _folder(settings) / f"{batch_id}.errors.xlsx"


def _make_returned(
    settings: Settings, batch_id: str, name: str, table: Table, layout: Layout, faults: Sequence[Mapping[str, Any]]
) -> Path:
    target = _returned(settings, batch_id)
    part = target.with_name(f".{target.stem}.{secrets.token_hex(4)}.part")
    try:
        give_back(
            _folder(settings) / batch_id, table, layout.sheet, layout.header, marks_of(faults), part,
            file_name=name, known=_KNOWN,
        )  # fmt: skip
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def _prepare(context: Context, table: Table, layout: Layout, file: _File) -> None:
    """Make it before it is asked for. The cases stand, whatever becomes of this."""
    faults = file.faults()
    if not faults:
        return
    try:
        _make_returned(context.settings, context.job.job_id, context.job.input["file_name"], table, layout, faults)
    except Exception as error:  # it is made again when it is asked for, and the reason told then
        log.error("returned daily file of %s: %s", context.job.job_id, without_values(error))


def returned(engine: Engine, settings: Settings, reader: Reader, batch_id: str) -> tuple[str, Path]:
    """The sender's own workbook with what is wrong in it: a file name, and where it is. Raises NotFound, Conflict."""
    service.ensure_may_handle(reader)
    owner = None if reader.role == "administrator" else reader.account_id
    with database.read(engine, reader.settings()) as connection:
        job = jobs.one(connection, batch_id, owner)
        if job is None or job["kind"] != JOB:
            raise NotFound(_NO_BATCH)
        if job["status"] != "done":
            raise Conflict("这份日清单还没有办完，或没有办成，没有退回表。", code="not_done")
        faults = jobs.faults(connection, batch_id)
    file_name = str(job["title"]).partition("：")[2]
    path = _returned(settings, batch_id)
    if not path.exists():
        source = _folder(settings) / batch_id
        if not faults and faults is not None:
            raise NotFound("这份日清单没有退回的行，也没有待落位和已有的行。", code="nothing_back")
        if faults is None or not source.exists():
            raise NotFound(f"上传的日清单已清理（保留 {KEPT_FOR.days} 天），没有退回表了。", code="file_gone")
        table = open_table(source)
        path = _make_returned(settings, batch_id, file_name, table, daily.layout_of(table), faults)
    stem = file_name.rpartition(".")[0] or file_name
    return f"{stem}-退回.xlsx", path


def sweep(engine: Engine, settings: Settings) -> None:
    """Daily files hold names and addresses: they are kept no longer than imports are; what was cut off goes."""
    since = clock.now() - KEPT_FOR
    with database.write(engine, {}) as connection:
        jobs.forget_faults(connection, JOB, since)
    for path in _folder(settings).iterdir():
        with suppress(FileNotFoundError):  # somebody else was first
            age = time.time() - path.stat().st_mtime
            if age > KEPT_FOR.total_seconds() or (path.suffix == ".part" and age > _STALE_PART_S):
                path.unlink()
