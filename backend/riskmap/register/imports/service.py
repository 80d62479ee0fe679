"""Imports as a sender and an administrator see them: queue a run, look at it, take it back; the queue 待定位."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine

from riskmap.access.reader import Reader
from riskmap.base import audit, database, jobs, state
from riskmap.base.errors import Conflict, FieldError, Forbidden, Invalid, NotFound, NotSignedIn
from riskmap.base.settings import Settings
from riskmap.base.web import ensure_disk
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import GRADES
from riskmap.catalogue.queries import CatalogueCache
from riskmap.exchange import geocode, locate
from riskmap.exchange.datum import DATUMS
from riskmap.exchange.division_names import division_names_of
from riskmap.exchange.template import template
from riskmap.grading import review
from riskmap.register.imports import matching, queries
from riskmap.register.imports.asked import Asked
from riskmap.register.imports.positions import Ground, ground_of
from riskmap.register.imports.spots import WHY
from riskmap.selection.model import Selection
from riskmap.store import write
from riskmap.store.snapshot import Snapshot, open_snapshot

JOB = "import"
_LISTED_LEFT = 1_000
_NO_IMPORT = "没有这次导入，或不是您的。请核对编号。"
_STOPPED = {"cancelled", "failed"}


def owner_of(reader: Reader) -> int | None:
    """Whose imports and jobs a caller may see: his own; an administrator everybody's (None)."""
    if reader.kind == "public":
        raise NotSignedIn("请先登录。")
    if not reader.writes:
        raise Forbidden("当前账号只能查看。需要导入，请联系管理员开通编辑权限。")
    return None if reader.role == "administrator" else reader.account_id


# -- Queueing ----------------------------------------------------------------------------


def queue(snapshot: Snapshot, settings: Settings, asked: Asked, *, dry_run: bool) -> str:
    """Fix how the file is to be read and put the run into the queue; its id."""
    plan = matching.settle(snapshot, settings, asked)
    reader, connection = snapshot.reader, snapshot.connection
    import_id = jobs.new_id("i")
    title, file_name = plan.pop("title"), plan.pop("file_name")
    given = {"class": plan["class"], "dry_run": dry_run}
    shown = f"预演：{title}" if dry_run else title
    jobs.add(connection, import_id, JOB, shown, reader.account_id, reader.name, reader.body(), given)
    queries.add_run(connection, {"import_id": import_id, "dry_run": dry_run, **plan})
    audit.record(
        connection, reader.name, "queue", "import", import_id, address=reader.address,
        after={"class": plan["class"], "file": file_name, "crs": plan["crs"], "dry_run": dry_run},
    )  # fmt: skip
    return import_id


# -- Looking --------------------------------------------------------------------------------


def _run(connection: Connection, reader: Reader, import_id: str) -> dict[str, Any]:
    found = queries.run_of(connection, import_id, owner_of(reader))
    if found is None:
        raise NotFound(_NO_IMPORT)
    return found


def body_of(run: Mapping[str, Any], snapshot: Snapshot) -> dict[str, Any]:
    """A run as it is sent."""
    class_ = snapshot.catalogue.classes.get(run["class"])
    undone = None
    if run["undone_state"] is not None:
        undone = {
            "state": run["undone_state"],
            "by": run["undone_by"],
            "at": run["undone_at"].isoformat(timespec="seconds"),
            "left": run["undone_left"],
        }
    return {
        "id": run["import_id"],
        "kind": JOB,
        "file": run["file_id"],
        "file_name": run["file_name"],
        "file_bytes": run["file_bytes"],
        "class": run["class"],
        "class_title": class_.title if class_ else run["class"],
        "sheet": run["sheet"],
        "header_line": run["header_line"],
        "header_lines": run["header_lines"],
        "crs": run["crs"],
        "crs_title": DATUMS[run["crs"]].title if run["crs"] in DATUMS else None,
        "dry_run": run["dry_run"],
        "status": run["status"],
        "phase": run["phase"],
        "progress": run["progress"],
        "cancel": run["cancel"],
        "rows": run["counts"],
        "state": run["state"],
        "message": run["message"],
        "notes": run["notes"],
        "columns": run["columns"] or [{k: m[k] for k in ("index", "header", "target")} for m in run["mapping"]],
        "mapping": run["mapping"],
        "by": run["actor"],
        "made_at": _at(run["made_at"]),
        "started_at": _at(run["started_at"]),
        "finished_at": _at(run["finished_at"]),
        "undone": undone,
        "may_undo": run["state"] is not None and (undone is None or undone["left"] > 0),
    }


def _at(time: Any) -> str | None:
    return None if time is None else str(time.isoformat(timespec="seconds"))


def one(snapshot: Snapshot, import_id: str) -> dict[str, Any]:
    """One import, or another file that is worked off as one is. Raises NotFound for another sender's."""
    owner = owner_of(snapshot.reader)
    run = queries.run_of(snapshot.connection, import_id, owner)
    if run is not None:
        return body_of(run, snapshot)
    job = jobs.one(snapshot.connection, import_id, owner)
    if job is None:
        raise NotFound(_NO_IMPORT)
    return _job_body(job)


def _job_body(job: Mapping[str, Any]) -> dict[str, Any]:
    """A job that has no run of an import: how far it is, and what it came to."""
    result = job["result"] or {}
    times = {name: _at(job[name]) for name in ("made_at", "started_at", "finished_at")}
    names = ("id", "kind", "title", "status", "phase", "progress", "cancel", "message", "by")
    shown = {name: job[name] for name in names}
    return {**shown, **times, "rows": result.get("counts"), "notes": result.get("notes", []), "result": job["result"]}


def listed(snapshot: Snapshot, limit: int) -> list[dict[str, Any]]:
    """Imports, newest first."""
    found = queries.runs(snapshot.connection, owner_of(snapshot.reader), limit)
    return [body_of(run, snapshot) for run in found]


def findings(snapshot: Snapshot, import_id: str, kinds: Sequence[str], after: int, limit: int) -> dict[str, Any]:
    """What was found in lines, some kinds, in the order of lines."""
    run = _run(snapshot.connection, snapshot.reader, import_id)
    found = queries.findings(snapshot.connection, import_id, kinds, after, limit + 1)
    more, found = len(found) > limit, found[:limit]
    items = [
        {
            "line": f["line"],
            "kind": f["kind"],
            "cells": f["cells"],
            "faults": f["faults"],
            "object": {"id": f["object_id"], "name": f["object_name"]} if f["object_id"] is not None else None,
            "change": f["change"],
        }
        for f in found
    ]
    return {
        "items": items,
        "total": queries.count_findings(snapshot.connection, run["import_id"], kinds),
        "next": str(found[-1]["finding_id"]) if more else None,
    }


def finished_run(connection: Connection, reader: Reader, import_id: str) -> dict[str, Any]:
    """A run that has come to its end, for its returned workbook."""
    run = _run(connection, reader, import_id)
    if run["status"] != "done":
        raise Conflict("这次导入还没有完成，或没有做成，没有退回表。", code="not_done")
    return run


# -- Taking back ----------------------------------------------------------------------------------


def undo_preview(snapshot: Snapshot, import_id: str) -> dict[str, Any]:
    """What taking it back would do."""
    run = _undoable(snapshot.connection, snapshot.reader, import_id)
    return _undo_body(snapshot, run, *queries.undo_counts(snapshot, run))


def cancel_or_undo(snapshot: Snapshot, settings: Settings, import_id: str) -> dict[str, Any]:
    """A run that is not over is asked to stop; one that wrote is taken back as a whole, as a new state."""
    connection, reader = snapshot.connection, snapshot.reader
    run = _run(connection, reader, import_id)
    if run["status"] in {"queued", "running"}:
        audit.record(connection, reader.name, "cancel", "import", import_id, address=reader.address)
        return {"status": jobs.ask_to_cancel(connection, import_id)}
    ensure_disk(settings)
    _undoable(connection, reader, import_id)
    queries.allow_long_work(connection)
    taken = write.take_state(connection, reader, f"撤销导入：{run['file_name']}")
    run = _undoable(connection, reader, import_id)  # nobody may have done it meanwhile
    n = run["state"]
    made = state.at(connection, n)
    assert made is not None
    ended, restored, left = queries.undo_counts(snapshot, run)
    answer = _undo_body(snapshot, run, ended, restored, left)
    if not ended + restored:
        raise Conflict("这一批现在没有可以撤销的：之后都有改动，或已不在您的管理范围内。", code="nothing_to_undo")
    queries.stage_undo(snapshot, run)
    if write.end_many(connection, taken, queries.TO_END, f"撤销导入：{run['file_name']}") != ended:
        raise Conflict("有对象现已不能改动，没有撤销。请刷新后再试。", code="undo_moved")
    staging = write.stage_previous(connection, n, made.day, queries.TO_BRING_BACK)
    if staging.count != restored:
        raise Conflict("有对象找不到导入前的内容，没有撤销。请联系管理员。", code="no_previous")
    write.change_staged(connection, reader, taken, staging, taken.day)
    review.examine(connection, snapshot.catalogue, taken)
    queries.undo_parties(connection, n, taken.n)
    queries.mark_undone(connection, import_id, taken.n, reader.name, ended + restored, left + answer["hidden"])
    counts = {"ended": ended, "restored": restored, "left": left}
    write.write_audit(connection, reader, taken, "undo", import_id, None, counts, kind="import")
    return {"state": taken.n, **answer}


def _undoable(connection: Connection, reader: Reader, import_id: str) -> dict[str, Any]:
    run = _run(connection, reader, import_id)
    if run["state"] is None:
        why = "这是一次预演，" if run["dry_run"] else "这次导入"
        raise Conflict(f"{why}没有写入任何数据，不用撤销。", code="nothing_written")
    if run["undone_state"] is not None and not run["undone_left"]:
        raise Conflict(f"这次导入已经撤销（状态 {run['undone_state']}）。", code="undone")
    return run


def _undo_body(snapshot: Snapshot, run: Mapping[str, Any], ended: int, restored: int, left: int) -> dict[str, Any]:
    listed = queries.undo_left(snapshot, run, _LISTED_LEFT) if left else []
    # Counted, not named: what the caller may no longer see.
    before = run["undone_taken"] or 0
    hidden = max(0, run["counts"]["writes"] - before - ended - restored - left)
    return {"ended": ended, "restored": restored, "left_count": left, "left": listed, "hidden": hidden}


# -- Template ---------------------------------------------------------------------------------------


def template_for(
    engine: Engine, settings: Settings, caches: CatalogueCache, reader: Reader, code: str
) -> tuple[str, bytes]:
    """The import template of a class as it is now: a file name and the workbook."""
    with database.read(engine, reader.settings()) as connection:
        snapshot = open_snapshot(connection, reader, caches, settings.public_resolution)
        n, day = snapshot.state.n, snapshot.state.day
        divisions = catalogue_queries.divisions(connection, n, day)
        west, south, east, north = catalogue_queries.division_extent(connection, n, day) or settings.bounds
    class_ = snapshot.catalogue.classes.get(code)
    if class_ is None:
        raise NotFound("没有这个分类，请从分类目录中选择。")
    middle = (round((west + east) / 2, 6), round((south + north) / 2, 6))
    body = template(class_, snapshot.catalogue, divisions, title=settings.title, at=middle)
    return f"{class_.title}导入模板.xlsx", body


# -- 待定位 --------------------------------------------------------------------------------------------


def waiting(
    snapshot: Snapshot, settings: Settings, selection: Selection, limit: int, cursor: str | None
) -> dict[str, Any]:
    """Objects without a position, worst first, with what their sender said of it and what it may mean."""
    after = None
    if cursor is not None:
        grade, _, object_id = cursor.partition("-")
        if not (grade.isdigit() and object_id.isdigit() and len(cursor) < 30):
            raise Invalid("翻页位置无效，请从第一页重新查看", errors=[FieldError("cursor", "bad_cursor", "无效")])
        after = int(grade), int(object_id)
    rows, total = queries.waiting(snapshot, selection, limit + 1, after)
    more, rows = len(rows) > limit, rows[:limit]
    ground = ground_of(snapshot, settings)
    reader = snapshot.reader
    said = [address for row in rows if (address := _address(row))]
    known = geocode.certain(snapshot.connection, said, division_names_of(snapshot))
    items = []
    for row in rows:
        class_ = snapshot.catalogue.classes.get(row["class"])
        original = row["original"] or {}
        address = _address(row)
        why = original.get("why") or "unknown"
        suggestion = locate.suggest(original, ground.territory) if original.get("crs") else None
        division = row["division"]
        items.append(
            {
                "id": row["id"],
                "class": row["class"],
                "class_title": class_.title if class_ else row["class"],
                "geometry": list(class_.geometry) if class_ else [],
                "code": row["code"],
                "name": row["name"],
                "division": division or None,
                "division_name": ground.divisions.name(division) if division else None,
                "address": address,
                "why": why,
                "words": WHY.get(why, WHY["unknown"]),
                "original": {k: original[k] for k in ("x", "y", "crs") if k in original} or None,
                "suggestion": _suggestion(suggestion, ground) if suggestion else _by_address(known.get(address or "")),
                "grade": GRADES[row["grade"] - 1],
                "state": row["state"],
                "may_write": reader.writes
                and reader.inner(row["visibility"], division, row["department"], row["class"]),
            }
        )
    last = rows[-1] if more else None
    return {
        "items": items,
        "total": total,
        "next": f"{last['grade']}-{last['id']}" if last else None,
        "state": snapshot.state.n,
    }


def _address(row: Mapping[str, Any]) -> str | None:
    address = (row["original"] or {}).get("address") or (row["attributes"] or {}).get("address")
    return str(address) if address else None


def _by_address(place: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Where the gazetteer has the sender's address."""
    if place is None:
        return None
    lon, lat = place["position"]
    words = f"地址与{place['source']}中的“{place['address'] or place['name']}”相同"
    return {"lon": round(lon, 7), "lat": round(lat, 7), "words": words, "quality": "geocoded"}


def _suggestion(found: tuple[float, float, str, str | None], ground: Ground) -> dict[str, Any]:
    lon, lat, act, division = found
    where = "辖区内"
    if division:
        names = [ground.divisions.name(code) for code in (division[:6], division)]
        where = "".join(dict.fromkeys(names))
    return {"lon": round(lon, 7), "lat": round(lat, 7), "words": f"{act}后落在{where}"}


def points(snapshot: Snapshot, import_id: str) -> dict[str, Any]:
    """Where the objects that an import wrote are now, as far as the caller may see them."""
    run = _run(snapshot.connection, snapshot.reader, import_id)
    if run["state"] is None:
        return {"items": [], "of": 0}
    found, total = queries.points_of(snapshot.connection, run["state"])
    return {"items": [[float(r.lon), float(r.lat), r.id] for r in found], "of": total}
