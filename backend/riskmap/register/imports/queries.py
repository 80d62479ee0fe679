"""SQL of imports: files, runs, findings, what a sender chose before, and the objects that rows mean."""

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from riskmap.base.audit import dump_json
from riskmap.base.state import State
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.store.models import COLUMNS
from riskmap.store.snapshot import Snapshot
from riskmap.store.write import copy_text

# -- Files ---------------------------------------------------------------------------


def add_file(connection: Connection, body: Mapping[str, Any]) -> None:
    """A file that was received whole."""
    connection.execute(
        text(
            "INSERT INTO import_file (file_id, account_id, name, bytes, sha256, summary)"
            " VALUES (:file_id, :account_id, :name, :bytes, :sha256, CAST(:summary AS jsonb))"
        ),
        {**body, "summary": dump_json(body["summary"])},
    )


def file_of(connection: Connection, file_id: str, account_id: int | None) -> dict[str, Any] | None:
    """A file of an account, or of anybody (None)."""
    row = connection.execute(
        text(
            "SELECT * FROM import_file WHERE file_id = :file_id"
            " AND (CAST(:account AS bigint) IS NULL OR account_id = :account)"
        ),
        {"file_id": file_id, "account": account_id},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def kept_files(connection: Connection, since: datetime) -> set[str]:
    """Ids of files that were received since then."""
    return set(
        connection.scalars(text("SELECT file_id FROM import_file WHERE made_at >= :since"), {"since": since}).all()
    )


def forget_before(connection: Connection, since: datetime) -> None:
    """Lines of senders' lists, with the names and numbers in them, are kept no longer than their files."""
    connection.execute(
        text("DELETE FROM import_finding AS f USING job AS j WHERE j.job_id = f.import_id AND j.made_at < :since"),
        {"since": since},
    )
    connection.execute(
        text("UPDATE import_file SET summary = summary - 'sheets' WHERE made_at < :since AND summary ? 'sheets'"),
        {"since": since},
    )


# -- What a sender chose before ---------------------------------------------------------


def remembered(connection: Connection, account_id: int, class_: str) -> dict[str, tuple[str | None, Decimal | None]]:
    """Target and factor by normalised header, as this sender chose them by hand."""
    rows = connection.execute(
        text("SELECT header, target, factor FROM import_matching WHERE account_id = :account AND class = :class"),
        {"account": account_id, "class": class_},
    )
    return {r.header: (r.target, r.factor) for r in rows}


def remember(
    connection: Connection, account_id: int, class_: str, chosen: Mapping[str, tuple[str | None, Decimal | None]]
) -> None:
    """Keep a sender's choice for the headers of a class."""
    for header, (target, factor) in chosen.items():
        connection.execute(
            text(
                "INSERT INTO import_matching (account_id, class, header, target, factor)"
                " VALUES (:account, :class, :header, :target, :factor) ON CONFLICT (account_id, class, header)"
                " DO UPDATE SET target = excluded.target, factor = excluded.factor"
            ),
            {"account": account_id, "class": class_, "header": header[:200], "target": target, "factor": factor},
        )


def remembered_datum(connection: Connection, account_id: int, class_: str) -> str | None:
    """The datum that this sender said last for a class."""
    found: str | None = connection.scalar(
        text("SELECT crs FROM import_datum WHERE account_id = :account AND class = :class"),
        {"account": account_id, "class": class_},
    )
    return found


def remember_datum(connection: Connection, account_id: int, class_: str, crs: str) -> None:
    """Offer it next time."""
    connection.execute(
        text(
            "INSERT INTO import_datum (account_id, class, crs) VALUES (:account, :class, :crs)"
            " ON CONFLICT (account_id, class) DO UPDATE SET crs = excluded.crs"
        ),
        {"account": account_id, "class": class_, "crs": crs},
    )


# -- Runs --------------------------------------------------------------------------------


def add_run(connection: Connection, body: Mapping[str, Any]) -> None:
    """What is to be imported, how."""
    connection.execute(
        text(
            "INSERT INTO import_run"
            " (import_id, file_id, class, sheet, header_line, header_lines, crs, mapping, dry_run)"
            " VALUES (:import_id, :file_id, :class, :sheet, :header_line, :header_lines, :crs,"
            " CAST(:mapping AS jsonb), :dry_run)"
        ),
        {**body, "mapping": dump_json(body["mapping"])},
    )


_RUN = (
    "SELECT r.*, f.name AS file_name, f.bytes AS file_bytes, f.summary->>'encoding' AS encoding,"
    " j.status, j.phase, j.progress, j.message, j.cancel, j.actor, j.account_id, j.made_at, j.started_at, j.finished_at"
    " FROM import_run AS r JOIN job AS j ON j.job_id = r.import_id JOIN import_file AS f USING (file_id)"
)


def run_of(connection: Connection, import_id: str, account_id: int | None) -> dict[str, Any] | None:
    """An import with its job and file, of an account or of anybody (None)."""
    row = connection.execute(
        text(
            f"{_RUN} WHERE r.import_id = :import_id AND (CAST(:account AS bigint) IS NULL OR j.account_id = :account)"
        ),
        {"import_id": import_id, "account": account_id},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def runs(connection: Connection, account_id: int | None, limit: int) -> list[dict[str, Any]]:
    """Imports, newest first."""
    rows = connection.execute(
        text(
            f"{_RUN} WHERE CAST(:account AS bigint) IS NULL OR j.account_id = :account"
            " ORDER BY j.made_at DESC, r.import_id LIMIT :limit"
        ),
        {"account": account_id, "limit": limit},
    )
    return [dict(r) for r in rows.mappings()]


def clear_findings(connection: Connection, import_id: str) -> None:
    """Before it is done again."""
    connection.execute(text("DELETE FROM import_finding WHERE import_id = :import_id"), {"import_id": import_id})


def add_findings(connection: Connection, import_id: str, findings: Sequence[Mapping[str, Any]]) -> None:
    """What was found in some lines, by COPY."""
    if not findings:
        return
    buffer = io.StringIO()
    for f in findings:
        change = dump_json(f["change"]) if f.get("change") else None
        values = (
            import_id, f["kind"], f["line"], dump_json(f.get("faults", [])), dump_json(f.get("cells", [])),
            f.get("object_id"), f.get("object_name"), change,
        )  # fmt: skip
        buffer.write("\t".join(map(copy_text, values)) + "\n")
    buffer.seek(0)
    raw: Any = connection.connection
    raw.cursor().copy_expert(
        "COPY import_finding (import_id, kind, line, faults, cells, object_id, object_name, change) FROM STDIN", buffer
    )


def findings(
    connection: Connection, import_id: str, kinds: Sequence[str], after: int = 0, limit: int | None = None
) -> list[dict[str, Any]]:
    """Findings in the order of lines, which is that of their ids; those after an id."""
    rows = connection.execute(
        text(
            "SELECT finding_id, line, kind, faults, cells, object_id, object_name, change FROM import_finding"
            " WHERE import_id = :import_id AND kind = ANY(:kinds) AND finding_id > :after"
            " ORDER BY finding_id LIMIT :limit"
        ),
        {"import_id": import_id, "kinds": list(kinds), "after": after, "limit": limit},
    )
    return [dict(r) for r in rows.mappings()]


def marks(connection: Connection, import_id: str, kinds: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """line, kind and faults of findings, one after the other, without their cells."""
    rows = connection.execution_options(stream_results=True, max_row_buffer=2_000).execute(
        text(
            "SELECT line, kind, faults FROM import_finding WHERE import_id = :import_id AND kind = ANY(:kinds)"
            " ORDER BY finding_id"
        ),
        {"import_id": import_id, "kinds": list(kinds)},
    )
    for row in rows.mappings():
        yield dict(row)


def count_findings(connection: Connection, import_id: str, kinds: Sequence[str]) -> int:
    """How many."""
    n: int = connection.scalar(
        text("SELECT count(*) FROM import_finding WHERE import_id = :import_id AND kind = ANY(:kinds)"),
        {"import_id": import_id, "kinds": list(kinds)},
    )
    return n


def end_run(connection: Connection, import_id: str, body: Mapping[str, Any]) -> None:
    """What it came to, in the transaction of what it wrote."""
    connection.execute(
        text(
            "UPDATE import_run SET counts = CAST(:counts AS jsonb), columns = CAST(:columns AS jsonb),"
            " notes = CAST(:notes AS jsonb), state = :state WHERE import_id = :import_id"
        ),
        {
            "import_id": import_id,
            "counts": dump_json(body["counts"]),
            "columns": dump_json(body["columns"]),
            "notes": dump_json(body["notes"]),
            "state": body["state"],
        },
    )


def mark_undone(connection: Connection, import_id: str, state: int, by: str, taken: int, left: int) -> None:
    """It is taken back, as far as could be: `taken` objects now, `left` stay."""
    connection.execute(
        text(
            "UPDATE import_run SET undone_state = :state, undone_states = undone_states || CAST(:state AS bigint),"
            " undone_by = :by, undone_at = clock_timestamp(),"
            " undone_taken = coalesce(undone_taken, 0) + :taken, undone_left = :left WHERE import_id = :import_id"
        ),
        {"import_id": import_id, "state": state, "by": by, "taken": taken, "left": left},
    )


# -- The objects that rows mean --------------------------------------------------------------

_KEY = "id, code, name, division, department, visibility, state, original, ST_X(anchor) AS lon, ST_Y(anchor) AS lat"


def by_key(connection: Connection, class_: str, column: str, said: Iterable[str]) -> dict[str, list[Any]]:
    """Objects of a class by `code` or by `name`, as far as the transaction may see them."""
    assert column in {"code", "name"}
    out: dict[str, list[Any]] = {}
    for row in connection.execute(
        text(
            f"SELECT {_KEY} FROM risk_object"
            f" WHERE class = :class AND {column} = ANY(CAST(:said AS text[])) AND ended_reason IS NULL"
        ),
        {"class": class_, "said": list(said)},
    ):
        out.setdefault(getattr(row, column), []).append(row)
    return out


def enterprises(connection: Connection) -> dict[str, list[int]]:
    """Ids of enterprises by code, by 统一社会信用代码 and by name, all at once: a list names many of them."""
    out: dict[str, list[int]] = {}
    for row in connection.execute(
        text(
            "SELECT id, code, name, attributes->>'uscc' AS uscc FROM risk_object"
            " WHERE class = 'enterprise' AND ended_reason IS NULL ORDER BY id"
        )
    ):
        for said in {row.code, row.name, row.uscc} - {None}:
            out.setdefault(said, []).append(row.id)
    return out


def by_code_of_any_class(connection: Connection, codes: Iterable[str]) -> dict[str, list[int]]:
    """Ids of objects by code, of whatever class."""
    out: dict[str, list[int]] = {}
    for row in connection.execute(
        text("SELECT code, id FROM risk_object WHERE code = ANY(CAST(:codes AS text[])) AND ended_reason IS NULL"),
        {"codes": list(codes)},
    ):
        out.setdefault(row.code, []).append(row.id)
    return out


def rows_of(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Whole rows by id."""
    names = ", ".join(COLUMNS)
    rows = connection.execute(
        text(f"SELECT {names} FROM risk_object WHERE id = ANY(:ids)"),
        {"ids": list(ids)},
    )
    return {r["id"]: dict(r) for r in rows.mappings()}


def parties_of(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, list[dict[str, Any]]]]:
    """Present persons by object and role."""
    out: dict[int, dict[str, list[dict[str, Any]]]] = {}
    for r in connection.execute(
        text(
            "SELECT party_id, object_id, role, post, name, phone FROM object_party"
            " WHERE object_id = ANY(:ids) AND upper_inf(known) AND until IS NULL ORDER BY party_id"
        ),
        {"ids": list(ids)},
    ).mappings():
        out.setdefault(r["object_id"], {}).setdefault(r["role"], []).append(dict(r))
    return out


class PartyStaging:
    """Persons on their way in, as `store.write.Staging` for objects."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.count = 0
        connection.execute(text("DROP TABLE IF EXISTS pg_temp.staged_party"))
        connection.execute(
            text(
                "CREATE TEMPORARY TABLE staged_party"
                " (object_id bigint, replaced bigint, role text, post text, name text, phone text) ON COMMIT DROP"
            )
        )

    def add(self, rows: Sequence[tuple[int, int | None, str, str, str, str]]) -> None:
        """More persons."""
        if not rows:
            return
        buffer = io.StringIO("".join("\t".join(map(copy_text, row)) + "\n" for row in rows))
        raw: Any = self._connection.connection
        raw.cursor().copy_expert("COPY pg_temp.staged_party FROM STDIN", buffer)
        self.count += len(rows)

    def write(self, n: int) -> None:
        """From state n on; whom a staged person replaces is known until then."""
        self._connection.execute(
            text(
                "UPDATE object_party AS p SET known = int8range(lower(p.known), :n) FROM pg_temp.staged_party AS s"
                " WHERE p.party_id = s.replaced"
            ),
            {"n": n},
        )
        self._connection.execute(
            text(
                "INSERT INTO object_party (object_id, role, post, name, phone, known)"
                " SELECT object_id, role, post, name, phone, int8range(:n, NULL) FROM pg_temp.staged_party"
            ),
            {"n": n},
        )


def staged_is_stale(connection: Connection, class_: str, state: State) -> bool:
    """Whether what was staged rests on something that was written after `state`.

    That is: the catalogue moved, an object to be changed or its persons were changed, or one came that a new
    row means.
    """
    return bool(
        connection.scalar(
            text(
                "SELECT (SELECT catalogue_n <> :catalogue_n FROM data_state)"
                " OR EXISTS (SELECT FROM pg_temp.staged_changed AS s JOIN risk_object AS o ON o.id = s.id"
                " WHERE o.state <> s.state)"
                " OR EXISTS (SELECT FROM risk_object AS o JOIN pg_temp.staged_new AS s"
                " ON o.code = s.code OR (s.code IS NULL AND o.name = s.name)"
                " WHERE o.class = :class AND o.state > :n AND o.ended_reason IS NULL)"
                " OR EXISTS (SELECT FROM pg_temp.staged_party AS s JOIN object_party AS p USING (object_id)"
                " WHERE lower(p.known) > :n OR upper(p.known) > :n)"
            ),
            {"class": class_, "n": state.n, "catalogue_n": state.catalogue_n},
        )
    )


def have_writers_wait(connection: Connection) -> None:
    """The state's lock, ahead of the state itself: nobody writes until this transaction is over."""
    connection.execute(text("SELECT n FROM data_state FOR UPDATE"))


def allow_long_work(connection: Connection) -> None:
    """A file is read between two statements, and other imports are waited for: longer than a request may."""
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    connection.execute(text("SET LOCAL lock_timeout = 0"))


_MOST_POINTS = 5_000


def points_of(connection: Connection, n: int) -> tuple[list[Any], int]:
    """id, lon, lat of objects that state n wrote, as far as the transaction may see them; and how many there are."""
    written = (
        "FROM risk_object WHERE id IN (SELECT id FROM object_version WHERE lower(known) = :n) AND anchor IS NOT NULL"
    )
    total: int = connection.scalar(text(f"SELECT count(*) {written}"), {"n": n})
    rows = connection.execute(
        text(f"SELECT id, ST_X(anchor) AS lon, ST_Y(anchor) AS lat {written} ORDER BY id LIMIT :most"),
        {"n": n, "most": _MOST_POINTS},
    )
    return list(rows), total


def written_by(connection: Connection, import_id: str) -> int:
    """How many objects an import wrote; 0 for one that wrote nothing."""
    n = connection.scalar(
        text(
            "SELECT CAST(counts->>'writes' AS bigint) FROM import_run"
            " WHERE import_id = :import_id AND state IS NOT NULL"
        ),
        {"import_id": import_id},
    )
    return int(n or 0)


def settle_register(connection: Connection) -> None:
    """New statistics for the planner and a tidy index of names, after much was written."""
    connection.execute(text("SELECT settle_register()"))


# -- The queue of those that wait for a position ------------------------------------------------

_WAITING = (
    "id, state, class, code, name, division, grade, attributes, original, department, visibility, updated_at, form"
)


def waiting(
    snapshot: Snapshot, selection: Selection, limit: int, after: tuple[int, int] | None
) -> tuple[list[dict[str, Any]], int]:
    """Unplaced objects of a selection that the reader gets in full, worst first; and how many there are in all."""
    compiled = compile_selection(selection, snapshot).only("full")
    if compiled is None:
        return [], 0
    none = "{geom} IS NULL"
    total: int = snapshot.connection.scalar(
        text(f"SELECT count(*) FROM ({compiled.rows('id', none)}) AS r"), compiled.binds.values
    )
    extra = none
    if after is not None:
        extra += f" AND ({{grade}}, {{id}}) > ({compiled.binds(after[0])}, {compiled.binds(after[1])})"
    rows = compiled.rows(_WAITING, extra, f"ORDER BY {{grade}}, {{id}} LIMIT {compiled.binds(limit)}")
    found = snapshot.connection.execute(text(rows), compiled.binds.values)
    return [dict(r) for r in found.mappings()], total


# -- Undo -----------------------------------------------------------------------------------


_TOUCHED = """
    SELECT o.id, o.name,
        CASE WHEN o.ended_reason IS NOT NULL THEN '之后已注销'
            WHEN o.state <> :n THEN '之后又有改动'
            WHEN EXISTS (SELECT FROM object_party AS p WHERE p.object_id = o.id
                AND (lower(p.known) > :n OR upper(p.known) > :n)) THEN '之后改过责任人'
            WHEN NOT (SELECT rights_tier() >= 1) OR m.id IS NULL THEN '现已不在您的管理范围内' END AS why,
        NOT EXISTS (SELECT FROM object_version AS b WHERE b.id = o.id AND lower(b.known) < :n) AS added
    FROM risk_object AS o LEFT JOIN ({mine}) AS m ON m.id = o.id
    WHERE o.id IN (SELECT v.id FROM object_version AS v WHERE lower(v.known) = :n AND v.state = :n)
        AND o.state <> ALL (CAST(:undone AS bigint[]))
"""


def _touched(snapshot: Snapshot, run: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """SQL of what a run wrote and nobody took back, as far as it is seen: id, name, why it stays (or null), added."""
    mine = compile_selection(Selection(), snapshot, any_life=True).only("full")
    rows = mine.rows("id") if mine is not None else "SELECT CAST(NULL AS bigint) AS id"
    binds = mine.binds.values if mine is not None else {}
    return _TOUCHED.format(mine=rows), {**binds, "n": run["state"], "undone": run["undone_states"]}


def undo_counts(snapshot: Snapshot, run: Mapping[str, Any]) -> tuple[int, int, int]:
    """How many objects taking a run back would end, bring back and leave."""
    sql, binds = _touched(snapshot, run)
    row = snapshot.connection.execute(
        text(
            "SELECT count(*) FILTER (WHERE why IS NULL AND added), count(*) FILTER (WHERE why IS NULL AND NOT added),"
            f" count(*) FILTER (WHERE why IS NOT NULL) FROM ({sql}) AS t"
        ),
        binds,
    ).one()
    return int(row[0]), int(row[1]), int(row[2])


def undo_left(snapshot: Snapshot, run: Mapping[str, Any], limit: int) -> list[dict[str, Any]]:
    """Objects that stay when a run is taken back, with why."""
    sql, binds = _touched(snapshot, run)
    rows = snapshot.connection.execute(
        text(f"SELECT id, name, why FROM ({sql}) AS t WHERE why IS NOT NULL ORDER BY id LIMIT :most"),
        {**binds, "most": limit},
    )
    return [dict(r) for r in rows.mappings()]


TO_END = "SELECT id FROM pg_temp.undo WHERE added"
TO_BRING_BACK = "SELECT id FROM pg_temp.undo WHERE NOT added"
TO_UNDO = "SELECT id FROM pg_temp.undo"


def stage_undo(snapshot: Snapshot, run: Mapping[str, Any]) -> None:
    """What is to be taken back, in a table of the transaction: its ids are never held by us."""
    sql, binds = _touched(snapshot, run)
    connection = snapshot.connection
    connection.execute(text("DROP TABLE IF EXISTS pg_temp.undo"))
    connection.execute(text("CREATE TEMPORARY TABLE undo (id bigint PRIMARY KEY, added boolean) ON COMMIT DROP"))
    connection.execute(text(f"INSERT INTO pg_temp.undo SELECT id, added FROM ({sql}) AS t WHERE why IS NULL"), binds)


def undo_parties(connection: Connection, n: int, now: int) -> None:
    """Persons of what is taken back, as they were before state n."""
    binds = {"n": n, "now": now}
    connection.execute(
        text(
            "INSERT INTO object_party (object_id, role, post, name, phone, since, until, known)"
            " SELECT object_id, role, post, name, phone, since, until, int8range(:now, NULL) FROM object_party"
            " WHERE upper(known) = :n AND object_id IN (SELECT id FROM pg_temp.undo)"
        ),
        binds,
    )
    connection.execute(
        text(
            "UPDATE object_party SET known = int8range(lower(known), :now)"
            " WHERE lower(known) = :n AND upper_inf(known) AND object_id IN (SELECT id FROM pg_temp.undo)"
        ),
        binds,
    )
