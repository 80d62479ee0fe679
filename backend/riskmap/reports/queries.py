"""The SQL of report sets. Who may see one is row security's to say: rights_cover."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, text

from riskmap.base.audit import dump_json
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

_JSON = ("selection", "options", "rights", "figures", "objects", "changes", "files")
# How far it is: what works on it says so; a set without figures whose job has ended has failed.
_STATUS = (
    "CASE WHEN j.status IN ('queued', 'running') THEN j.status WHEN s.checksum IS NOT NULL THEN 'done'"
    " ELSE 'failed' END"
)
_SHOWN = (
    "s.report_id, s.number, s.version, s.title, s.division, s.selection, s.options, s.state, s.day, s.data_at, s.mark,"
    " s.made_at, s.made_by, s.stage, s.reviewed_at, s.reviewed_by, s.issued_at, s.issued_by, s.withdrawn_at,"
    " s.withdrawn_by, s.rights, s.checksum, s.previous, s.job_id, s.tier, j.kind AS job_kind, j.phase, j.progress,"
    f" j.message, j.status AS job_status, {_STATUS} AS status"
)
_FROM = "report_set AS s JOIN job AS j ON j.job_id = s.job_id"


def take_number(connection: Connection, year: int) -> int:
    """The next of a year; nobody else gets it, and where this transaction fails it is not used up."""
    last: int = connection.scalar(
        text(
            "INSERT INTO report_number (year, last) VALUES (:year, 1)"
            " ON CONFLICT (year) DO UPDATE SET last = report_number.last + 1 RETURNING last"
        ),
        {"year": year},
    )
    return last


def add(connection: Connection, row: Mapping[str, Any]) -> None:
    """A new set."""
    values = {name: dump_json(v) if name in _JSON else v for name, v in row.items()}
    placed = ", ".join(f"CAST(:{name} AS jsonb)" if name in _JSON else f":{name}" for name in values)
    connection.execute(text(f"INSERT INTO report_set ({', '.join(values)}) VALUES ({placed})"), values)


def change(connection: Connection, report_id: str, values: Mapping[str, Any]) -> None:
    """New values of a set's columns."""
    told = {name: dump_json(v) if name in _JSON else v for name, v in values.items()}
    places = ", ".join(f"{n} = CAST(:{n} AS jsonb)" if n in _JSON else f"{n} = :{n}" for n in told)
    connection.execute(
        text(f"UPDATE report_set SET {places} WHERE report_id = :report_id"), {**told, "report_id": report_id}
    )


def add_event(connection: Connection, report_id: str, by: str, what: str, note: str = "") -> None:
    """Something that happened to a set."""
    connection.execute(
        text("INSERT INTO report_event (report_id, by, what, note) VALUES (:report_id, :by, :what, :note)"),
        {"report_id": report_id, "by": by, "what": what, "note": note},
    )


def listed(connection: Connection, stage: str | None, limit: int, offset: int) -> tuple[list[dict[str, Any]], int]:
    """Sets, the newest first, with their files and totals; and how many there are."""
    where = "CAST(:stage AS text) IS NULL OR s.stage = :stage"
    values = {"stage": stage, "limit": limit, "offset": offset}
    rows = connection.execute(
        text(
            f"SELECT {_SHOWN}, s.figures->'totals' AS totals, s.figures->'unplaced' AS unplaced, s.folder, s.files"
            f" FROM {_FROM} WHERE {where}"
            " ORDER BY s.made_at DESC, s.report_id LIMIT :limit OFFSET :offset"
        ),
        values,
    )
    total: int = connection.scalar(text(f"SELECT count(*) FROM report_set AS s WHERE {where}"), values)
    return [dict(r) for r in rows.mappings()], total


def by_stage(connection: Connection) -> dict[str, int]:
    """How many sets stand at each stage."""
    rows = connection.execute(text("SELECT stage, count(*) AS n FROM report_set GROUP BY stage"))
    return {row.stage: row.n for row in rows}


def one(connection: Connection, report_id: str, *, lock: bool = False) -> dict[str, Any] | None:
    """A set with everything that is kept of it; None where there is none that this reader may see."""
    if lock:  # first by itself: who has waited here reads it as it is then, with the job that works on it then
        connection.execute(
            text("SELECT FROM report_set WHERE report_id = :report_id FOR UPDATE"), {"report_id": report_id}
        )
    row = connection.execute(
        text(
            f"SELECT {_SHOWN}, s.figures, s.objects, s.changes, s.folder, s.files, s.areas,"
            f" s.departments, s.classes FROM {_FROM}"
            f" WHERE s.report_id = :report_id"
        ),
        {"report_id": report_id},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def events(connection: Connection, report_id: str) -> list[dict[str, Any]]:
    """What happened to a set, the oldest first."""
    rows = connection.execute(
        text("SELECT at, by, what, note FROM report_event WHERE report_id = :report_id ORDER BY event_id"),
        {"report_id": report_id},
    )
    return [dict(r) for r in rows.mappings()]


def versions(connection: Connection, number: str) -> list[dict[str, Any]]:
    """All versions of a number, the newest first; locks none."""
    rows = connection.execute(
        text(f"SELECT {_SHOWN} FROM {_FROM} WHERE s.number = :number ORDER BY s.version DESC"),
        {"number": number},
    )
    return [dict(r) for r in rows.mappings()]


def newest_version(connection: Connection, number: str) -> int:
    """The last version of a number; holds it until this transaction ends, so that no two take the same next one."""
    connection.execute(text("SELECT pg_advisory_xact_lock(727102, hashtext(:number))"), {"number": number})
    found: int = connection.scalar(
        text("SELECT max(version) FROM report_set WHERE number = :number"), {"number": number}
    )
    return found


def before(connection: Connection, row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The issue that a set is compared with: the last one issued of the same area and selection, of the same rights."""
    found = connection.execute(
        text(
            "SELECT report_id, number, version, state, day, figures, objects FROM report_set"
            " WHERE stage = 'issued' AND division = :division AND selection = CAST(:selection AS jsonb)"
            " AND tier = :tier AND areas = :areas AND departments = :departments AND classes = :classes"
            " AND number <> :number AND state <= :state ORDER BY state DESC, issued_at DESC LIMIT 1"
        ),
        {
            "division": row["division"],
            "selection": dump_json(row["selection"]),
            **{name: row[name] for name in ("tier", "areas", "departments", "classes", "number", "state")},
        },
    )
    hit = found.mappings().one_or_none()
    return dict(hit) if hit else None


def folders(connection: Connection) -> set[str]:
    """The folders that hold a set's files."""
    return set(connection.scalars(text("SELECT folder FROM report_set WHERE folder IS NOT NULL")))


def has_objects(snapshot: Snapshot) -> bool:
    """Whether the register has anything at a moment that its reader may see, of any life stage."""
    compiled = compile_selection(Selection(), snapshot, any_life=True)
    found = snapshot.connection.execute(text(f"{compiled.rows('id')} LIMIT 1"), compiled.binds.values)
    return found.first() is not None


def first_day(connection: Connection) -> date | None:
    """The first day that anything is registered for."""
    found: date | None = connection.scalar(text("SELECT min(lower(valid)) FROM object_version"))
    return found


def layouts(connection: Connection) -> dict[str, dict[str, Any]]:
    """What the bureau has said of its lists' columns, by list."""
    rows = connection.execute(text("SELECT list, columns, changed_at, changed_by FROM report_layout ORDER BY list"))
    return {row["list"]: dict(row) for row in rows.mappings()}


def put_layout(connection: Connection, name: str, columns: list[dict[str, Any]], by: str) -> None:
    """New columns of a list."""
    connection.execute(
        text(
            "INSERT INTO report_layout (list, columns, changed_by) VALUES (:list, CAST(:columns AS jsonb), :by)"
            " ON CONFLICT (list) DO UPDATE SET columns = excluded.columns, changed_by = excluded.changed_by,"
            " changed_at = clock_timestamp()"
        ),
        {"list": name, "columns": dump_json(columns), "by": by},
    )


def drop_layout(connection: Connection, name: str) -> None:
    """As shipped again."""
    connection.execute(text("DELETE FROM report_layout WHERE list = :list"), {"list": name})
