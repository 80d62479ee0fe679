"""What a sender uploaded: received whole or not at all, kept beside the database, opened by content."""

import hashlib
import multiprocessing
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import shapely
import simplejson
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Engine

from riskmap.access.reader import Reader
from riskmap.base import clock, database, jobs
from riskmap.base.errors import Invalid, NotFound, Unavailable
from riskmap.base.settings import Settings
from riskmap.base.web import ensure_disk
from riskmap.exchange.cells import plain
from riskmap.exchange.headers import HEAD_LINES
from riskmap.exchange.table import MOST_LINES, Row, Table
from riskmap.exchange.tables import open_table
from riskmap.exchange.template import template_of
from riskmap.exchange.uploads import copy_hashed, shown_name
from riskmap.register.imports import queries

SAMPLE_ROWS = 2_000
_SHOWN_LINES = 30
_SHOWN_CELLS = 60
_SHOWN_TEXT = 120
_KEPT_SAMPLES = 16
_APART = 8 << 20  # bytes: a larger file is looked into by a process of its own
_STALE_PART_S = 6 * 3600
_ID = 34  # letters of a file's id, with which the names of all that belongs to it begin
KEPT_FOR = timedelta(days=90)
_GONE = f"上传的原文件已清理（保留 {KEPT_FOR.days} 天），请重新上传。"
_WAIT_S = 60
_SHAPE_PARTS = {".shp", ".dbf", ".shx", ".prj", ".cpg"}
_SHAPE_EXTRAS = {".sbn", ".sbx", ".qix", ".xml", ".qmd", ".qpj"}  # of other programs; nothing in them is read


@dataclass(frozen=True, slots=True)
class Sample:
    """The beginning of a sheet: enough to find the header, match columns and tell the datum."""

    head: tuple[Row, ...]
    rows: tuple[Row, ...]
    merged: tuple[tuple[int, int, int, int], ...]
    uncomputed: frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Part:
    """One uploaded part, as the request holds it."""

    name: str
    body: BinaryIO


# -- Receiving --------------------------------------------------------------------


def folder_of(settings: Settings) -> Path:
    """Where uploads are kept; mode 0700, since lists hold telephone numbers."""
    path = settings.data_dir / "uploads"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def path_of(settings: Settings, file_id: str) -> Path:
    """A kept file, or the folder of a shapefile's parts. Raises NotFound where it is no longer kept."""
    path = folder_of(settings) / file_id
    if not path.exists():
        raise NotFound(_GONE, code="file_gone")
    return path


def keep(engine: Engine, settings: Settings, reader: Reader, parts: Sequence[Part]) -> dict[str, Any]:
    """Keep an upload and say what is in it. Raises Invalid in words where it is nothing to import."""
    ensure_disk(settings)
    if not parts:
        raise Invalid("没有收到文件，请选择要导入的文件。", code="no_file")
    file_id = jobs.new_id("f")
    folder = folder_of(settings)
    waiting = folder / f".{file_id}.part"
    try:
        size, digest = _copy(parts, waiting)
        name = _name_of(parts)
        target = folder / file_id
        waiting.replace(target)
        try:
            summary, samples = _look_apart(target) if size > _APART else _look(target)
            _keep_samples(settings, file_id, samples)
            body = {
                "file_id": file_id,
                "account_id": reader.account_id,
                "name": name,
                "bytes": size,
                "sha256": digest,
                "summary": summary,
            }
            with database.write(engine, reader.settings()) as connection:
                queries.add_file(connection, body)
        except BaseException:
            remove(settings, file_id)
            raise
    finally:
        _drop(waiting)
    return file_body({**body, "made_at": clock.now()})


def _name_of(parts: Sequence[Part]) -> str:
    names = [shown_name(p.name) for p in parts]
    return next((n for n in names if n.lower().endswith(".shp")), names[0])


def _copy(parts: Sequence[Part], target: Path) -> tuple[int, str]:
    """To disk, each byte once; several parts become a folder of one layer."""
    if len(parts) == 1:
        return copy_hashed(parts[0].body, target)
    parts = [p for p in parts if Path(p.name).suffix.lower() not in _SHAPE_EXTRAS]
    suffixes = [Path(shown_name(p.name)).suffix.lower() for p in parts]
    if any(s not in _SHAPE_PARTS for s in suffixes) or len(set(suffixes)) < len(suffixes):
        raise Invalid(
            "一次只能导入一个文件；SHP 请把同名的 SHP、DBF、SHX（和 PRJ、CPG）一起选择。", code="several_files"
        )
    target.mkdir()
    size, digests = 0, hashlib.sha256()
    for part, suffix in sorted(zip(parts, suffixes, strict=True), key=lambda p: p[1]):
        one, digest = copy_hashed(part.body, target / f"layer{suffix}")
        size += one
        digests.update(digest.encode())
    return size, digests.hexdigest()


def _drop(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def remove(settings: Settings, file_id: str) -> None:
    """Forget a kept file and what was unpacked from it."""
    folder = folder_of(settings)
    for path in folder.glob(f"{file_id}*"):
        _drop(path)


def sweep(engine: Engine, settings: Settings) -> None:
    """Uploads that were cut off, that no row knows, or that are older than is kept."""
    folder = folder_of(settings)
    since = clock.now() - KEPT_FOR
    with database.write(engine, {}) as connection:
        queries.forget_before(connection, since)
        known = queries.kept_files(connection, since)
    for path in [*folder.glob(".*.part"), *folder.glob("returned-*"), *folder.glob("f_*")]:
        if path.name[:_ID] not in known and _is_stale(path):
            _drop(path)


def _is_stale(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _STALE_PART_S
    except FileNotFoundError:  # somebody else was first
        return False


# -- Looking into a file ------------------------------------------------------------


def _texts(cells: Sequence[Any]) -> list[str | None]:
    return [plain(c)[:_SHOWN_TEXT] or None if c is not None else None for c in cells[:_SHOWN_CELLS]]


Samples = dict[str, Sample]  # by sheet


def _look(path: Path) -> tuple[dict[str, Any], Samples]:
    """What is in a file, and the beginning of each of its sheets. Raises Invalid."""
    table = open_table(path)
    sheets = []
    samples: Samples = {}
    fullest = (False, -1, "")
    for sheet in table.sheets:
        if sheet.rows > MOST_LINES:
            raise Invalid(
                f"表有 {sheet.rows:,} 行，一次最多 {MOST_LINES:,} 行。请分成几份再导入。", code="too_many_rows"
            )
        sample = samples[sheet.name] = _sample(table, sheet.name)
        head = [{"line": line, "cells": _texts(cells)} for line, cells in sample.head[:_SHOWN_LINES]]
        sheets.append(
            {"name": sheet.name, "rows": sheet.rows, "columns": sheet.columns, "hidden": sheet.hidden, "head": head}
        )
        filled = sum(1 for _, cells in sample.rows if sum(c is not None for c in cells) > 1)
        if (not sheet.hidden, filled) > fullest[:2]:  # what nobody sees is taken only where there is nothing else
            fullest = (not sheet.hidden, filled, sheet.name)
    made = template_of(table)
    summary = {
        "kind": table.kind,
        "encoding": table.encoding,
        "crs": table.crs,
        "notes": list(table.notes),
        "sheets": sheets,
        "sheet": fullest[2],
        "template": {"class": made[0], "version": made[1]} if made else None,
    }
    return summary, samples


def _look_and_tell(path: Path) -> tuple[dict[str, Any], Samples] | tuple[str, str]:
    """As `_look`, with a refusal as a value: an error of ours does not travel between processes whole."""
    try:
        return _look(path)
    except Invalid as refused:
        return refused.detail, refused.code


def _look_apart(path: Path) -> tuple[dict[str, Any], Samples]:
    """The same in a process of its own: a workbook of a million rows takes two gigabytes while it is open."""
    if not _large.acquire(timeout=_WAIT_S):
        raise Unavailable("正在打开别人的大文件，请一两分钟后再上传。")
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
            told = pool.submit(_look_and_tell, path).result()
    except BrokenProcessPool as error:
        raise Invalid("文件太大，打开时内存不足。请分成几份再上传，或另存为 csv。", code="file_too_heavy") from error
    finally:
        _large.release()
    if isinstance(told[0], str):
        raise Invalid(told[0], code=str(told[1]))
    return told


def file_body(row: Mapping[str, Any]) -> dict[str, Any]:
    """A kept file as its sender sees it."""
    summary = row["summary"]
    if "sheets" not in summary:
        raise NotFound(_GONE, code="file_gone")
    return {
        "file": row["file_id"],
        "name": row["name"],
        "bytes": row["bytes"],
        "made_at": row["made_at"].isoformat(timespec="seconds"),
        **{k: summary[k] for k in ("kind", "encoding", "crs", "notes", "sheets", "sheet", "template")},
    }


_large = threading.Lock()  # one after the other


class _Samples:
    """Beginnings of sheets that were looked at last: the steps of one import ask for the same again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], Sample] = OrderedDict()

    def get(self, key: tuple[str, str]) -> Sample | None:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: tuple[str, str], sample: Sample) -> None:
        with self._lock:
            self._kept[key] = sample
            while len(self._kept) > _KEPT_SAMPLES:
                self._kept.popitem(last=False)


_samples = _Samples()


def _sample(table: Table, sheet: str) -> Sample:
    rows: list[Row] = []
    for row in table.rows(sheet):
        rows.append(row)
        if len(rows) >= SAMPLE_ROWS + HEAD_LINES:
            break
    return Sample(tuple(rows[:HEAD_LINES]), tuple(rows), tuple(table.merged(sheet)), frozenset(table.uncomputed(sheet)))


def _beside(settings: Settings, file_id: str) -> Path:
    return folder_of(settings) / f"{file_id}.sample"


def _keep_samples(settings: Settings, file_id: str, samples: Samples) -> None:
    """Beside the file, so that no step of an import opens a large workbook again only to see its beginning."""
    part = folder_of(settings) / f".{file_id}.sample.part"
    body = {sheet: _sample_body(sample) for sheet, sample in samples.items()}
    with part.open("w", encoding="utf-8") as out:
        simplejson.dump(body, out, ensure_ascii=False, default=_tagged)
    part.replace(_beside(settings, file_id))


def _sample_body(sample: Sample) -> dict[str, Any]:
    return {
        "heads": len(sample.head),
        "rows": sample.rows,
        "merged": sample.merged,
        "uncomputed": sorted(sample.uncomputed),
    }


def _sample_of_body(body: Mapping[str, Any]) -> Sample:
    rows = tuple((line, [_untagged(c) for c in cells]) for line, cells in body["rows"])
    merged = tuple((a, b, c, d) for a, b, c, d in body["merged"])
    return Sample(rows[: body["heads"]], rows, merged, frozenset((line, index) for line, index in body["uncomputed"]))


def _tagged(cell: Any) -> dict[str, str]:
    """What JSON does not know, by its kind."""
    if isinstance(cell, datetime):
        return {"datetime": cell.isoformat()}
    if isinstance(cell, date):
        return {"date": cell.isoformat()}
    if isinstance(cell, BaseGeometry):
        return {"wkb": str(shapely.to_wkb(cell, hex=True))}
    raise TypeError(type(cell).__name__)


def _untagged(cell: Any) -> Any:
    match cell:
        case {"datetime": said}:
            return datetime.fromisoformat(said)
        case {"date": said}:
            return date.fromisoformat(said)
        case {"wkb": said}:
            return shapely.from_wkb(said)
    return cell


def sample_of(settings: Settings, file_id: str, sheet: str) -> Sample:
    """The beginning of a sheet of a kept file."""
    found = _samples.get((file_id, sheet))
    if found is None:
        path_of(settings, file_id)
        with _beside(settings, file_id).open(encoding="utf-8") as kept:
            found = _sample_of_body(simplejson.load(kept)[sheet])
        _samples.put((file_id, sheet), found)
    return found
