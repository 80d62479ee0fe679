"""The workbook that goes back to a sender: made once a run is over, kept beside its file."""

import logging
import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from riskmap.base import database
from riskmap.base.errors import NotFound
from riskmap.base.jobs import without_values
from riskmap.base.settings import Settings
from riskmap.exchange.give_back import give_back, marks_of
from riskmap.exchange.headers import header_at
from riskmap.exchange.tables import open_table
from riskmap.register.imports import files, queries

log = logging.getLogger(__name__)
KINDS = ("back", "waiting")


def path_of(settings: Settings, run: dict[str, Any]) -> Path:
    """Where a run's workbook is kept: with its file, and gone with it."""
    return files.folder_of(settings) / f"{run['file_id']}.{run['import_id']}.xlsx"


def workbook(engine: Engine, settings: Settings, run: dict[str, Any]) -> Path:
    """The returned workbook of a finished run. Raises NotFound where nothing came back."""
    target = path_of(settings, run)
    if target.exists():
        return target
    if not (run["counts"]["back"] or run["counts"]["waiting"]):
        raise NotFound("这次导入没有退回的行，也没有待定位的行。", code="nothing_back")
    source = files.path_of(settings, run["file_id"])
    table = open_table(source)
    sample = files.sample_of(settings, run["file_id"], run["sheet"])
    header = header_at(sample.head, run["header_line"], run["header_lines"], sample.merged)
    assert header is not None
    # Worker and request may make it at once: each its own, and the later one stands.
    part = target.with_name(f".{target.stem}.{secrets.token_hex(4)}.part")
    try:
        with database.read(engine, {}) as connection:
            marks = marks_of(queries.marks(connection, run["import_id"], KINDS))
        give_back(source, table, run["sheet"], header, marks, part, file_name=run["file_name"])
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def prepare(engine: Engine, settings: Settings, import_id: str) -> None:
    """Make it before it is asked for. The run is over and stands, whatever becomes of this."""
    try:
        with database.read(engine, {}) as connection:
            run = queries.run_of(connection, import_id, None)
        if run is not None and run["status"] == "done" and (run["counts"]["back"] or run["counts"]["waiting"]):
            workbook(engine, settings, run)
    except Exception as error:  # it is made again when it is asked for, and the reason told then
        log.error("returned workbook of %s: %s", import_id, without_values(error))
