"""The job: a set made from its frozen state into a folder, and the folder made known with the job's own end.

What is written is written beside its place; a server that is stopped half-way leaves a folder that no set names.
"""

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine

from riskmap.access.reader import SYSTEM, Reader
from riskmap.access.service import check_still_holds
from riskmap.base import audit, clock, database, jobs
from riskmap.base.audit import dump_json
from riskmap.base.errors import Conflict, NotFound
from riskmap.base.jobs import Context
from riskmap.base.settings import Settings
from riskmap.base.web import ensure_disk
from riskmap.catalogue.queries import CatalogueCache
from riskmap.engine.postgis import PostgisEngine
from riskmap.reports import changed, files, queries
from riskmap.reports.edition import Edition
from riskmap.reports.figures import figures_of
from riskmap.reports.products import Made, products
from riskmap.selection import model, saved
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot, open_snapshot

JOB = "report"
_COUNTED, _MADE = 0.1, 0.95  # shares of the progress


def run(context: Context) -> None:
    """Make a set, or make it again to be issued. Raises RiskmapError in words for whoever ordered it."""
    actor, given = Reader.parse(context.job.rights), context.job.input
    _ensure_room(context.settings)
    row = _ordered(context.engine, actor, given["report"])
    folder = f"{row['report_id']}-{jobs.new_id('f')[2:14]}"
    part, final = (files.root(context.settings) / name for name in (f".{folder}.part", folder))
    part.mkdir(mode=0o700)
    try:
        made, edition = _make(context, row, part, issuing=given["issue"], actor=actor)
        files.put_in_place(part, final)
        _write(context, actor, edition, made, folder, issuing=given["issue"])
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(final, ignore_errors=True)
        raise
    if row["folder"]:
        shutil.rmtree(files.root(context.settings) / row["folder"], ignore_errors=True)


def _ensure_room(settings: Settings) -> None:
    """Raises DiskFull; the sets may lie on a disk of their own."""
    for folder in (settings.data_dir, files.root(settings)):
        ensure_disk(settings, folder)


def _ordered(engine: Engine, actor: Reader, report_id: str) -> dict[str, Any]:
    with database.read(engine, actor.settings()) as connection:
        check_still_holds(connection, actor)
        row = queries.one(connection, report_id)
        if row is None:
            raise NotFound("没有这套成果，或不在您的权限内。")
        return row


def selection_of(snapshot: Snapshot, body: Mapping[str, Any]) -> Selection:
    """The selection that a set was ordered with, in its own moment's catalogue."""
    params, within = saved.as_parameters(body)
    return model.parse({k: v for k, v in params.items() if k != "as_of"}, snapshot.catalogue, within=within)


@contextmanager
def frozen(engine: Engine, settings: Settings, row: Mapping[str, Any]) -> Iterator[Snapshot]:
    """A snapshot of a set's state, with the rights that it was made with."""
    reader = Reader.parse(row["rights"])
    with database.read(engine, reader.settings()) as connection:
        now = open_snapshot(connection, reader, CatalogueCache(), settings.public_resolution)
        yield now.as_of_day(row["state"], row["day"])


def _make(
    context: Context, row: Mapping[str, Any], part: Path, *, issuing: bool, actor: Reader
) -> tuple[list[dict[str, Any]], Edition]:
    engine = PostgisEngine()
    context.tell("统计", 0.01)
    with (
        frozen(context.engine, context.settings, row) as snapshot,
        context.stoppable(snapshot.connection),
    ):
        selection = selection_of(snapshot, row["selection"])
        figures = figures_of(engine, snapshot, selection)
        if row["checksum"] and figures.checksum != row["checksum"]:
            words = "按原状态重算，数字与已生成的不一致，没有改动。可能是您的权限或对象的可见范围变了，请新做一套。"
            raise Conflict(words, code="checksum_differs")
        since = None
        with database.under(snapshot.connection, actor.settings()):
            before = queries.before(snapshot.connection, row)
        if before is not None:
            since = changed.changes(snapshot, before, figures)
        edition = Edition(
            context.settings, engine, snapshot, selection, figures, row, draft=not issuing, changes=since,
            signed_by=actor.name if issuing else "",
        )  # fmt: skip
        made = _all(context, edition, part)
        told = [files.described(part, one.name) | _told(one) for one in made]
        (part / files.MANIFEST).write_text(_manifest(edition, told, made), encoding="utf-8")
        context.tell("打包", _MADE)
        files.zipped(part, [*(one.name for one in made), files.MANIFEST])
        told += [
            files.described(part, name) | {"title": title, "kind": "data", "pages": None}
            for name, title in ((files.MANIFEST, "清单与核对数据"), (files.ALL, "全部文件"))
        ]
        return told, edition


def _all(context: Context, edition: Edition, part: Path) -> list[Made]:
    wanted = products()
    whole = sum(product.weight for product in wanted) or 1.0
    done, out = 0.0, []
    for product in wanted:
        _ensure_room(context.settings)
        begun = done

        def tell(share: float, product: Any = product, begun: float = begun) -> None:
            at = (begun + product.weight * min(max(share, 0.0), 1.0)) / whole
            context.tell(product.title, _COUNTED + (_MADE - _COUNTED) * at)

        tell(0.0)
        out += product.make(edition, part, tell)
        done += product.weight
    return out


def _told(one: Made) -> dict[str, Any]:
    return {"title": one.title, "kind": one.kind, "pages": one.pages}


def _manifest(edition: Edition, told: list[dict[str, Any]], made: list[Made]) -> str:
    row = edition.row
    more = {one.name: dict(one.told) for one in made if one.told}
    body = {
        **{name: row[name] for name in ("number", "version", "title", "state", "day", "data_at", "made_by", "mark")},
        "made_at": edition.made_at,
        "draft": edition.draft,
        "area": edition.area,
        "selection": row["selection"],
        "words": edition.words,
        "partial": edition.partial,
        "checksum": edition.figures.checksum,
        "figures": edition.figures.body,
        "changes": _without_ids(edition.changes) if edition.public else edition.changes,
        "files": [file | more.get(file["name"], {}) for file in told],
    }
    return json.dumps(json.loads(dump_json(body) or "{}"), ensure_ascii=False, indent=1)


def _without_ids(changes: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """For publication: which objects came and went is told by name alone."""
    if changes is None:
        return None
    named = {k: [{n: v for n, v in row.items() if n != "id"} for row in changes[k]] for k in changed.MOVES}
    return {**changes, **named}


def _write(
    context: Context, actor: Reader, edition: Edition, made: list[dict[str, Any]], folder: str, *, issuing: bool
) -> None:
    row, job_id, now = edition.row, context.job.job_id, clock.now()
    with database.write(context.engine, actor.settings(write=True)) as connection:
        check_still_holds(connection, actor)
        values: dict[str, Any] = {
            "checksum": edition.figures.checksum,
            "figures": edition.figures.body,
            "objects": edition.figures.objects,
            "changes": edition.changes,
            "previous": edition.changes["previous"]["report_id"] if edition.changes else None,
            "folder": folder,
            "files": made,
        }
        if issuing:
            values |= {"stage": "issued", "issued_at": now, "issued_by": actor.name}
        # Whoever else has finished this job meanwhile has written it: then this is undone.
        if not jobs.still_running(connection, job_id):
            raise jobs.Cancelled
        queries.change(connection, row["report_id"], values)
        what = "issued" if issuing else "done"
        queries.add_event(connection, row["report_id"], actor.name, what, _differs(connection, edition))
        audit.record(
            connection, actor.name, "sign" if issuing else "make", "report", row["number"], address=actor.address,
            state=row["state"], after={"version": row["version"], "checksum": edition.figures.checksum},
        )  # fmt: skip
        words = f"{row['number']} 第 {row['version']} 版" + ("已签发。" if issuing else "已生成。")
        jobs.finish(connection, job_id, "done", words)


def _differs(connection: Connection, edition: Edition) -> str:
    """Said where a set made again from its state has other figures than the version before: never left unsaid."""
    row = edition.row
    others = [v for v in queries.versions(connection, row["number"]) if v["version"] < row["version"] and v["checksum"]]
    if not others or others[0]["checksum"] == edition.figures.checksum:
        return ""
    return f"数字与第 {others[0]['version']} 版不同：产品升级过，或账号权限、对象的可见范围变了"


def sweep(engine: Engine, settings: Settings) -> None:
    """Folders that no set names."""
    with database.read(engine, SYSTEM.settings()) as connection:
        files.sweep(settings, queries.folders(connection))
