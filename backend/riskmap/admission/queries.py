"""All SQL of admission. Which cases a reader sees is the row policy's to say (0013), which objects the selection's."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, text

from riskmap.base.audit import dump_json
from riskmap.catalogue.model import LIVE_STAGES
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

_JSON = frozenset({"request", "answer", "findings", "sent"})
_COLUMNS = (
    "case_id, number, made_at, made_by, account_id, channel, batch_id, line, name, uscc, address, industry_code, tags,"
    " request, ST_AsGeoJSON(geom, 9, 0) AS geometry, uncertainty_m, division, department, state, day, ruleset, demo,"
    " answer, verdict, status, due, checked_at, checked_by, findings, signed_at, signed_by, signed_verdict,"
    " signed_note, closed_at, closed_by, sent"
)
_LISTED = (
    "number, made_at, made_by, channel, batch_id, line, name, uscc, address, industry_code, tags, division, department,"
    " state, day, ruleset, verdict, status, due, checked_at, signed_at, signed_by, signed_verdict, closed_at,"
    " sent, ST_X(ST_PointOnSurface(geom)) AS lon, ST_Y(ST_PointOnSurface(geom)) AS lat"
)


def take_number(connection: Connection, year: int) -> str:
    """The next number of a year, without a gap: the year's row is held until the case is committed."""
    return f"ZR-{year}-{hold_numbers(connection, year, 1):06d}"


def hold_numbers(connection: Connection, year: int, count: int) -> int:
    """Take so many numbers of a year; the last of them. Whoever wants one too waits for the end of this transaction."""
    last: int = connection.execute(
        text(
            "INSERT INTO admission_number AS a (year, last) VALUES (:year, :count)"
            " ON CONFLICT (year) DO UPDATE SET last = a.last + :count RETURNING last"
        ),
        {"year": year, "count": count},
    ).scalar_one()
    return last


def _values(case: Mapping[str, Any]) -> tuple[list[str], dict[str, Any]]:
    """Columns of a case as SQL values, and what is bound. `geom` is EWKB in hex, or None."""
    values = []
    for name in case:
        if name == "geom":
            values.append("ST_GeomFromEWKB(decode(:geom, 'hex'))")
        elif name in _JSON:
            values.append(f"CAST(:{name} AS jsonb)")
        elif name == "tags":
            values.append("CAST(:tags AS text[])")
        else:
            values.append(f":{name}")
    return values, {name: dump_json(value) if name in _JSON else value for name, value in case.items()}


def add_case(connection: Connection, case: Mapping[str, Any]) -> int:
    """Write a case; its id."""
    values, binds = _values(case)
    found: int = connection.execute(
        text(f"INSERT INTO admission_case ({', '.join(case)}) VALUES ({', '.join(values)}) RETURNING case_id"), binds
    ).scalar_one()
    return found


def change_case(connection: Connection, case_id: int, changes: Mapping[str, Any]) -> None:
    """Set columns of a case."""
    values, binds = _values(changes)
    parts = ", ".join(f"{name} = {value}" for name, value in zip(changes, values, strict=True))
    connection.execute(
        text(f"UPDATE admission_case SET {parts} WHERE case_id = :case_id"), binds | {"case_id": case_id}
    )


def case(connection: Connection, number: str, *, lock: bool = False) -> dict[str, Any] | None:
    """A case that the reader may see, by its number."""
    tail = " FOR UPDATE" if lock else ""
    row = connection.execute(
        text(f"SELECT {_COLUMNS} FROM admission_case WHERE number = :number{tail}"), {"number": number}
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def add_event(
    connection: Connection, case_id: int, by: str, what: str, note: str = "", body: Mapping[str, Any] | None = None
) -> None:
    """Note what happened."""
    connection.execute(
        text(
            "INSERT INTO admission_event (case_id, by, what, note, body)"
            " VALUES (:case_id, :by, :what, :note, CAST(:body AS jsonb))"
        ),
        {"case_id": case_id, "by": by, "what": what, "note": note, "body": dump_json(body)},
    )


def events(connection: Connection, case_id: int) -> list[dict[str, Any]]:
    """What happened, the oldest first."""
    rows = connection.execute(
        text("SELECT at, by, what, note, body FROM admission_event WHERE case_id = :id ORDER BY event_id"),
        {"id": case_id},
    )
    return [dict(row) for row in rows.mappings()]


_CONCERNED = (
    "(:everybody OR tags && CAST(:tags AS text[])"
    " OR EXISTS (SELECT FROM unnest(CAST(:industries AS text[])) AS i"
    " WHERE starts_with(ltrim(upper(industry_code), 'ABCDEFGHIJKLMNOPQRST'), i))"
    " OR EXISTS (SELECT FROM unnest(CAST(:words AS text[])) AS w"
    " WHERE strpos(upper(request->'trade'->>'scope'), upper(w)) > 0)) IS TRUE"
)


def answered(
    connection: Connection,
    most: int,
    *,
    tags: Iterable[str] = (),
    industries: Iterable[str] = (),
    words: Iterable[str] = (),
    everybody: bool = False,
) -> tuple[list[dict[str, Any]], int, int]:
    """Cases that have an answer, those of the trades that are named first, the newest first; and how many there are of
    those trades, and in all."""
    binds = {
        "tags": sorted(tags),
        "industries": sorted(industries),
        "words": sorted(words),
        "everybody": everybody,
        "most": most,
    }
    counted = connection.execute(
        text(f"SELECT count(*), count(*) FILTER (WHERE {_CONCERNED}) FROM admission_case WHERE answer IS NOT NULL"),
        binds,
    ).one()
    rows = connection.execute(
        text(
            f"SELECT {_COLUMNS} FROM admission_case WHERE case_id = ANY (ARRAY(SELECT case_id FROM admission_case"
            f" WHERE answer IS NOT NULL ORDER BY {_CONCERNED} DESC, case_id DESC LIMIT :most))"
            f" ORDER BY {_CONCERNED} DESC, case_id DESC"
        ),
        binds,
    )
    return [dict(row) for row in rows.mappings()], counted[1], counted[0]


def shape(connection: Connection, case_id: int) -> bytes:
    """The outline of a case as it was kept, to the last digit."""
    found = connection.scalar(text("SELECT ST_AsBinary(geom) FROM admission_case WHERE case_id = :id"), {"id": case_id})
    return bytes(found)


def files(connection: Connection, case_id: int) -> list[dict[str, Any]]:
    """What was uploaded, the oldest first."""
    rows = connection.execute(
        text(
            "SELECT file_id AS id, kind, name, media_type, bytes, at, by FROM admission_file"
            " WHERE case_id = :id ORDER BY file_id"
        ),
        {"id": case_id},
    )
    return [dict(row) for row in rows.mappings()]


def data_of(snapshot: Snapshot, classes: Iterable[str]) -> dict[str, tuple[int, date | None]]:
    """Live objects of each class, and the day of the last change among them: what an answer rests on."""
    wanted = tuple(sorted(classes))
    if not wanted:
        return {}
    compiled = compile_selection(Selection(classes=wanted, stage=LIVE_STAGES), snapshot)
    listed = compiled.rows("class, updated_at")
    sql = f"SELECT class, count(*) AS n, max(updated_at) AS at FROM ({listed}) AS r GROUP BY 1"
    rows = snapshot.connection.execute(text(sql), compiled.binds.values)
    return {row[0]: (row.n, row.at.date() if row.at else None) for row in rows}


def forms_of(snapshot: Snapshot, ids: list[int]) -> dict[int, str]:
    """Of these objects those that the reader gets, in whatever stage of life, each with its form: full or public."""
    if not ids:
        return {}
    compiled = compile_selection(Selection(), snapshot, any_life=True, only_ids=ids)
    rows = snapshot.connection.execute(text(compiled.rows("id, form")), compiled.binds.values)
    return {row.id: row.form for row in rows}


def enterprise(snapshot: Snapshot, object_id: int) -> Row[Any] | None:
    """An object that the reader gets in full: `wkb` of its geometry, its drawn `boundary`, its position's `quality`."""
    compiled = compile_selection(Selection(), snapshot, only_ids=[object_id]).only("full")
    if compiled is None:
        return None
    columns = {"quality": "{position_quality}", "wkb": "ST_AsBinary({geom})"}
    columns["boundary"] = "{attributes}->'plant_boundary'"
    return snapshot.connection.execute(text(compiled.rows(columns)), compiled.binds.values).one_or_none()


def kept_suitability(connection: Connection, key: str) -> bytes | None:
    """A map that was made before."""
    found = connection.scalar(text("SELECT body FROM admission_suitability WHERE key = :key"), {"key": key})
    return None if found is None else bytes(found)


_MOST_MAPS = 200


def keep_suitability(connection: Connection, key: str, n: int, body: bytes) -> None:
    """Keep a map; of more than two hundred the oldest go."""
    connection.execute(
        text(
            "INSERT INTO admission_suitability (key, state, body) VALUES (:key, :n, :body) ON CONFLICT (key) DO NOTHING"
        ),
        {"key": key, "n": n, "body": body},
    )
    connection.execute(
        text(
            "DELETE FROM admission_suitability WHERE key IN"
            " (SELECT key FROM admission_suitability ORDER BY made_at DESC, key OFFSET :most)"
        ),
        {"most": _MOST_MAPS},
    )


# Where a case stands: every case is in exactly one of these.
STANDINGS: Mapping[str, str] = {
    "unplaced": "status = 'unplaced'",
    "overdue": "status = 'assigned' AND due < CAST(:today AS date)",
    "assigned": "status = 'assigned' AND (due IS NULL OR due >= CAST(:today AS date))",
    "checked": "status = 'checked'",
    "refused": "status = 'refused'",
}


def _conditions(filters: Mapping[str, Any]) -> list[str]:
    out = ["TRUE"]
    if filters.get("batch") is not None:
        out.append("batch_id = :batch")
    if filters.get("standing") is not None:
        out.append(f"({STANDINGS[filters['standing']]})")
    if filters.get("verdict"):
        out.append("verdict = ANY(CAST(:verdict AS text[]))")
    if filters.get("division"):
        out.append("division LIKE ANY (CAST(:division AS text[]))")
    if filters.get("uscc") is not None:
        out.append("uscc = :uscc")
    if filters.get("q"):
        out.append(
            "(strpos(name, :q) > 0 OR strpos(number, upper(:q)) > 0 OR strpos(coalesce(uscc, ''), upper(:q)) > 0)"
        )
    if filters.get("signed") is not None:
        out.append("signed_at IS " + ("NOT NULL" if filters["signed"] else "NULL"))
    return out


def cases(
    connection: Connection, filters: Mapping[str, Any], today: date, limit: int, before: int | None
) -> list[dict[str, Any]]:
    """Cases, the newest first; from behind the case `before`."""
    conditions = _conditions(filters)
    if before is not None:
        conditions.append("case_id < :before")
    rows = connection.execute(
        text(
            f"SELECT case_id, {_LISTED} FROM admission_case WHERE {' AND '.join(conditions)}"
            " ORDER BY case_id DESC LIMIT :limit"
        ),
        {**filters, "today": today, "limit": limit, "before": before},
    )
    return [dict(row) for row in rows.mappings()]


def counts(connection: Connection, filters: Mapping[str, Any], today: date) -> dict[str, Any]:
    """How many stand where, and by verdict: the parts add up to all."""
    parts = ", ".join(f"count(*) FILTER (WHERE {condition}) AS {name}" for name, condition in STANDINGS.items())
    where = " AND ".join(_conditions({**filters, "standing": None}))
    row = connection.execute(
        text(f"SELECT count(*) AS total, {parts} FROM admission_case WHERE {where}"), {**filters, "today": today}
    )
    return dict(row.mappings().one())


def account_departments(connection: Connection) -> set[str]:
    """Those that accounts in use are limited to."""
    return set(connection.scalars(text("SELECT DISTINCT unnest(departments) FROM account WHERE active")))


def is_object_department(connection: Connection, department: str) -> bool:
    """Whether an object of the register names it."""
    found: bool = connection.execute(
        text("SELECT EXISTS (SELECT FROM risk_object WHERE department = :department)"), {"department": department}
    ).scalar_one()
    return found


def known_codes(connection: Connection, codes: Sequence[str]) -> dict[str, str]:
    """Of these 统一社会信用代码 those that have a case: code → its first number."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (uscc) uscc, number FROM admission_case"
            " WHERE uscc = ANY(CAST(:codes AS text[])) ORDER BY uscc, case_id"
        ),
        {"codes": list(codes)},
    )
    return {row.uscc: row.number for row in rows}


# -- Files ----------------------------------------------------------------------------------


def add_file(connection: Connection, row: Mapping[str, Any]) -> int:
    """Note a file of a case; its id."""
    found: int = connection.execute(
        text(
            "INSERT INTO admission_file (case_id, kind, name, media_type, bytes, sha256, by)"
            " VALUES (:case_id, :kind, :name, :media_type, :bytes, :sha256, :by) RETURNING file_id"
        ),
        row,
    ).scalar_one()
    return found


def count_files(connection: Connection, case_id: int) -> int:
    """How many a case has."""
    n: int = connection.scalar(text("SELECT count(*) FROM admission_file WHERE case_id = :id"), {"id": case_id})
    return n


def file_of(connection: Connection, case_id: int, file_id: int) -> dict[str, Any] | None:
    """A file of a case."""
    row = connection.execute(
        text("SELECT name, media_type, sha256 FROM admission_file WHERE case_id = :case_id AND file_id = :file_id"),
        {"case_id": case_id, "file_id": file_id},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


# -- Holidays -------------------------------------------------------------------------------


def holidays(connection: Connection, year: int | None = None) -> list[dict[str, Any]]:
    """Days that are not as the week says, of a year or of all."""
    rows = connection.execute(
        text(
            "SELECT day, works, title FROM holiday"
            " WHERE CAST(:year AS int) IS NULL OR date_part('year', day) = :year ORDER BY day"
        ),
        {"year": year},
    )
    return [dict(row) for row in rows.mappings()]


def replace_holidays(connection: Connection, year: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """A year's table as a whole; who does the same meanwhile waits."""
    connection.execute(text("LOCK TABLE holiday IN SHARE ROW EXCLUSIVE MODE"))
    connection.execute(text("DELETE FROM holiday WHERE date_part('year', day) = :year"), {"year": year})
    if rows:
        connection.execute(text("INSERT INTO holiday (day, works, title) VALUES (:day, :works, :title)"), list(rows))


# -- Many at once ---------------------------------------------------------------------------


def wait_for_others(connection: Connection) -> None:
    """Who writes many waits for whoever writes now, as long as it takes."""
    connection.execute(text("SET LOCAL lock_timeout = 0"))


def known_names(connection: Connection, names: Sequence[str]) -> dict[tuple[str, str], str]:
    """Cases of these names: name and address → the first number."""
    rows = connection.execute(
        text(
            "SELECT DISTINCT ON (name, address) name, address, number FROM admission_case"
            " WHERE name = ANY(CAST(:names AS text[])) ORDER BY name, address, case_id"
        ),
        {"names": list(names)},
    )
    return {(row.name, row.address): row.number for row in rows}


# Columns of a case that a daily file writes; its number comes last.
_MANY = {
    "made_at": "timestamptz", "made_by": "text", "account_id": "bigint", "channel": "text", "batch_id": "text",
    "line": "int", "name": "text", "uscc": "text", "address": "text", "industry_code": "text", "tags": "text[]",
    "request": "jsonb", "geom": "text", "uncertainty_m": "double precision", "division": "text", "department": "text",
    "state": "bigint", "day": "date", "ruleset": "text", "demo": "boolean", "answer": "jsonb", "verdict": "text",
    "status": "text", "due": "date", "sent": "jsonb",
}  # fmt: skip
_NOT_NULL = {"tags": "'{}'", "division": "''", "department": "''", "demo": "false"}
_CHUNK = 500


def stage_cases(connection: Connection, cases: Iterable[Mapping[str, Any]]) -> None:
    """Cases on their way, in a temporary table that goes with the transaction: nobody waits for this."""
    columns = ", ".join(_MANY)
    connection.execute(
        text(f"CREATE TEMPORARY TABLE staged_case ON COMMIT DROP AS SELECT {columns} FROM admission_case WITH NO DATA")
    )
    picked = []
    for name in _MANY:
        if name == "geom":
            picked.append("ST_GeomFromEWKB(decode(r.geom, 'hex'))")
        elif name in _NOT_NULL:
            picked.append(f"coalesce(r.{name}, {_NOT_NULL[name]})")
        else:
            picked.append(f"r.{name}")
    typed = ", ".join(f"{name} {type_}" for name, type_ in _MANY.items())
    sql = text(
        f"INSERT INTO pg_temp.staged_case ({columns}) SELECT {', '.join(picked)}"
        f" FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r({typed})"
    )
    left = iter(cases)
    while chunk := list(islice(left, _CHUNK)):
        connection.execute(sql, {"rows": dump_json(chunk)})
    connection.execute(text("ANALYZE pg_temp.staged_case"))


def drop_known(connection: Connection, form: str) -> dict[int, str]:
    """Take out of the staged cases those that are known by now: line → the number of the case.

    By code where it has the form of one (a regular expression), else by name and address.
    """
    by_code = "s.uscc ~ :form AND c.uscc = s.uscc"
    by_name = "s.uscc ~ :form IS NOT TRUE AND c.name = s.name AND c.address = s.address"
    out: dict[int, str] = {}
    for same in (by_code, by_name):
        rows = connection.execute(
            text(
                "DELETE FROM pg_temp.staged_case AS s USING admission_case AS c"
                f" WHERE {same} RETURNING s.line, c.number"
            ),
            {"form": form},
        )
        out |= {row.line: row.number for row in rows}
    return out


def seen(connection: Connection, numbers: Iterable[str]) -> set[str]:
    """Of these cases those that the reader may see."""
    found = connection.scalars(
        text("SELECT number FROM admission_case WHERE number = ANY(CAST(:numbers AS text[]))"),
        {"numbers": sorted(numbers)},
    )
    return set(found)


def add_staged(connection: Connection, year: int) -> int:
    """Write what is staged, numbered in the order of its lines; how many. The year's numbers are held already."""
    count: int = connection.execute(text("SELECT count(*) FROM pg_temp.staged_case")).scalar_one()
    first = hold_numbers(connection, year, count) - count
    columns = ", ".join(_MANY)
    connection.execute(
        text(
            f"INSERT INTO admission_case (number, {columns})"
            " SELECT 'ZR-' || CAST(:year AS text) || '-' || lpad(n, greatest(6, length(n)), '0'),"
            f" {columns} FROM (SELECT *, CAST(:first + row_number() OVER (ORDER BY line) AS text) AS n"
            " FROM pg_temp.staged_case) AS s ORDER BY line"
        ),
        {"year": year, "first": first},
    )
    return count


def add_batch_events(connection: Connection, batch_id: str, words: Mapping[str, str]) -> None:
    """That each case of a batch was made, and, where it has a place, handed out. `words`: of the verdicts."""
    connection.execute(
        text(
            "INSERT INTO admission_event (case_id, by, what, note, body)"
            " SELECT case_id, made_by, 'made', coalesce(CAST(:words AS jsonb)->>verdict, ''),"
            " jsonb_build_object('verdict', verdict, 'hits', coalesce(jsonb_array_length(answer->'hits'), 0),"
            " 'line', line) FROM admission_case WHERE batch_id = :batch ORDER BY case_id"
        ),
        {"batch": batch_id, "words": dump_json(words)},
    )
    connection.execute(
        text(
            "INSERT INTO admission_event (case_id, by, what, body)"
            " SELECT case_id, made_by, 'assigned', jsonb_build_object('division', division, 'due', due)"
            " FROM admission_case WHERE batch_id = :batch AND status = 'assigned' ORDER BY case_id"
        ),
        {"batch": batch_id},
    )
