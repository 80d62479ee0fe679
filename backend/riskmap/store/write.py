"""The only code that writes an object: whole batches, each as one state.

Order in every writer: validate and prepare first, then `state.take` (the lock), then check again
what may have moved meanwhile, then write. Rows are prepared dicts with the columns of `COLUMNS`.
"""

import io
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from riskmap.access.reader import Reader
from riskmap.base import audit, state
from riskmap.base.audit import dump_json
from riskmap.base.errors import Conflict, FieldError, Forbidden, Invalid
from riskmap.base.spelling import spell
from riskmap.base.state import State
from riskmap.store.models import COLUMNS

Row = Mapping[str, Any]

_LIST = ", ".join(COLUMNS)
_COPY_FROM = 500  # rows from which COPY beats one JSON parameter
_ARRAYS = {"cover", "tags"}
_JSON = {"attributes", "grading", "original"}
_GRADING = ("grade", "level_scale", "level_value", "level_rank", "level_outside", "level_verdict", "grading")
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def _element(value: Any) -> str:
    if isinstance(value, int):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def copy_text(value: Any) -> str:
    """One plain value in COPY's text format."""
    if value is None:
        return r"\N"
    return value.translate(_ESCAPES) if isinstance(value, str) else str(value)


def _copy_json(value: Any) -> str:
    return r"\N" if value is None else copy_text(dump_json(value))


def _copy_array(value: Any) -> str:
    if value is None:
        return r"\N"
    return copy_text("{" + ",".join(map(_element, value)) + "}") if value else "{}"


_FORMATS = [(c, _copy_json if c in _JSON else _copy_array if c in _ARRAYS else copy_text) for c in COLUMNS]


def _spelt(row: Row) -> dict[str, Any]:
    """The row with what follows from its name, whatever it said of that before."""
    return {**row, "spelling": spell(row["name"])}


class Staging:
    """Rows on their way into the register: a temporary table, filled by COPY, gone with the transaction.

    Nothing that others see is locked or touched until `insert_staged`.
    """

    def __init__(self, connection: Connection, table: str = "staged") -> None:
        self.table = f"pg_temp.{table}"
        self._connection = connection
        connection.execute(text(f"DROP TABLE IF EXISTS {self.table}"))
        connection.execute(text(f"CREATE TEMPORARY TABLE {table} (LIKE risk_object INCLUDING DEFAULTS) ON COMMIT DROP"))
        self.count = 0

    def add(self, rows: Sequence[Row]) -> None:
        """More rows."""
        buffer = io.StringIO()
        for row in map(_spelt, rows):
            buffer.write("\t".join([form(row[name]) for name, form in _FORMATS]) + "\n")
        buffer.seek(0)
        raw: Any = self._connection.connection
        raw.cursor().copy_expert(f"COPY {self.table} ({_LIST}) FROM STDIN", buffer)
        self.count += len(rows)

    def add_regraded(self, rows: Sequence[Row]) -> None:
        """Present objects by `id`, each as it stands but for its grading columns."""
        if not rows:
            return
        listed = ", ".join(f"s.{c}" if c in _GRADING else f"o.{c}" for c in COLUMNS)
        self.count += self._connection.execute(
            text(
                f"INSERT INTO {self.table} ({_LIST}) SELECT {listed}"
                " FROM jsonb_populate_recordset(NULL::risk_object, CAST(:rows AS jsonb)) AS s"
                " JOIN risk_object AS o ON o.id = s.id"
            ),
            {"rows": dump_json([{name: row[name] for name in ("id", *_GRADING)} for row in rows])},
        ).rowcount

    def drop_later_than(self, n: int) -> None:
        """Take out objects that a state after n wrote: what is staged of them is no longer so."""
        self.count -= self._connection.execute(
            text(f"DELETE FROM {self.table} AS s USING risk_object AS o WHERE o.id = s.id AND o.state > :n"),
            {"n": n},
        ).rowcount


def _stage(connection: Connection, rows: Sequence[Row]) -> tuple[str, dict[str, Any]]:
    """A source for INSERT … SELECT: a JSON parameter for a few rows, a temporary table by COPY for many."""
    if len(rows) < _COPY_FROM:
        body = dump_json([{name: row[name] for name in COLUMNS} for row in map(_spelt, rows)])
        return "jsonb_populate_recordset(NULL::risk_object, CAST(:staged AS jsonb))", {"staged": body}
    staging = Staging(connection, "staged_rows")
    staging.add(rows)
    return staging.table, {}


def next_ids(connection: Connection, count: int) -> list[int]:
    """Fresh ids. Their gaps mean nothing, so a sequence is right here."""
    return list(
        connection.scalars(
            text("SELECT nextval(pg_get_serial_sequence('risk_object', 'id')) FROM generate_series(1, :count)"),
            {"count": count},
        )
    )


def check_writable(reader: Reader, row: Row) -> None:
    """Both the old and the new row must meet the second half of the rights; else 403."""
    if not reader.writes:
        raise Forbidden("当前账号只能查看。需要登记或修改，请联系管理员开通编辑权限。")
    if not reader.inner(row["visibility"], row["division"], row["department"], row["class"]):
        raise Forbidden("这个对象不在您的管理范围内（区域、部门、分类或密级），不能登记或修改。")


def take_state(connection: Connection, reader: Reader, what: str) -> State:
    """The lock, before any register row is touched."""
    return state.take(connection, reader.name, what)


# A row that is written is of the state that writes it, whatever it said before.
_OF_STATE = {"state": ":n", "updated_at": ":at"}
_NEW = ", ".join(_OF_STATE.get(name, name) for name in COLUMNS)


def insert(connection: Connection, reader: Reader, taken: State, rows: Sequence[Row]) -> None:
    """New objects with their first version."""
    for row in rows:
        check_writable(reader, row)
    source, parameters = _stage(connection, rows)
    _insert(connection, reader, taken, source, parameters)


def insert_staged(connection: Connection, reader: Reader, taken: State, staging: Staging) -> None:
    """New objects that were staged; row security checks each once more."""
    _insert(connection, reader, taken, staging.table, {})


def _insert(connection: Connection, reader: Reader, taken: State, source: str, parameters: dict[str, Any]) -> None:
    binds = {**parameters, "n": taken.n, "at": taken.at, "actor": reader.name}
    try:
        connection.execute(text(f"INSERT INTO risk_object ({_LIST}) SELECT {_NEW} FROM {source}"), binds)
        connection.execute(text(_insert_versions(source)), binds)
    except IntegrityError as error:
        raise _conflict(error) from error
    except ProgrammingError as error:
        raise _refused_by_rights(error) from error


def _insert_versions(source: str) -> str:
    return (
        f"INSERT INTO object_version (valid, known, actor, {_LIST})"
        f" SELECT daterange(valid_from, valid_to), int8range(:n, NULL), :actor, {_NEW} FROM {source}"
    )


def grade_new(connection: Connection, taken: State, rows: Sequence[Row]) -> None:
    """What the map says of objects that this very state brings: it knows only when all of them are there."""
    given = [{"id": row["id"], **{name: row[name] for name in _GRADING}} for row in rows]
    listed = ", ".join(_GRADING)
    for table, condition in (("risk_object", "o.state = :n"), ("object_version", "lower(o.known) = :n")):
        connection.execute(
            text(
                f"UPDATE {table} AS o SET ({listed}) = ROW({', '.join('s.' + name for name in _GRADING)})"
                " FROM jsonb_populate_recordset(NULL::risk_object, CAST(:rows AS jsonb)) AS s"
                f" WHERE o.id = s.id AND {condition}"
            ),
            {"n": taken.n, "rows": dump_json(given)},
        )


def change(connection: Connection, reader: Reader, taken: State, old: Row, new: Row, since: date) -> None:
    """From day `since` on the object is `new`; before it stays as it was. One object."""
    change_many(connection, reader, taken, [(old, new)], since)


def change_many(
    connection: Connection, reader: Reader, taken: State, pairs: Sequence[tuple[Row, Row]], since: date
) -> None:
    """From day `since` on each object is as its new row; before it stays as it was."""
    for old, new in pairs:
        check_writable(reader, old)
        check_writable(reader, new)
    source, parameters = _stage(connection, [new for _, new in pairs])
    _change(connection, reader, taken, since, len(pairs), source, parameters)


def change_staged(connection: Connection, reader: Reader, taken: State, staging: Staging, since: date) -> None:
    """The same for staged rows, whose old rows the caller has checked; row security checks both once more."""
    _change(connection, reader, taken, since, staging.count, staging.table, {})


def _change(
    connection: Connection,
    reader: Reader,
    taken: State,
    since: date,
    count: int,
    source: str,
    parameters: dict[str, Any],
) -> None:
    """The version that holds on `since` is cut there; later dated versions stay."""
    binds = {**parameters, "n": taken.n, "at": taken.at, "actor": reader.name, "since": since, "day": taken.day}
    try:
        closed = connection.execute(
            text(
                "UPDATE object_version AS v SET known = int8range(lower(v.known), :n)"
                f" FROM {source} AS s WHERE v.id = s.id AND upper_inf(v.known) AND v.valid @> CAST(:since AS date)"
            ),
            binds,
        ).rowcount
        if closed != count:
            raise Invalid(
                "生效日期不在该对象的存续期内",
                errors=[FieldError("valid_from", "out_of_life", "请填写对象登记之后、注销之前的日期")],
            )
        cut = (
            f"{source} AS s JOIN object_version AS v"
            " ON v.id = s.id AND upper(v.known) = :n AND v.valid @> CAST(:since AS date)"
        )
        kept = [name for name in COLUMNS if name not in {"valid_from", "valid_to"}]
        connection.execute(
            text(
                f"INSERT INTO object_version (valid, known, actor, valid_from, valid_to, {', '.join(kept)})"
                " SELECT daterange(lower(v.valid), :since), int8range(:n, NULL), v.actor, lower(v.valid), :since,"
                f" {', '.join('v.' + c for c in kept)} FROM {cut} WHERE lower(v.valid) < :since"
            ),
            binds,
        )
        now = {**_OF_STATE, "valid_from": "CAST(:since AS date)", "valid_to": "upper(v.valid)"}
        connection.execute(
            text(
                f"INSERT INTO object_version (valid, known, actor, {_LIST})"
                " SELECT daterange(:since, upper(v.valid)), int8range(:n, NULL), :actor,"
                f" {', '.join(now.get(c, 's.' + c) for c in COLUMNS)} FROM {cut}"
            ),
            binds,
        )
        columns = [name for name in COLUMNS if name != "id"]
        holds = "(:since <= :day AND (upper(v.valid) IS NULL OR CAST(:day AS date) < upper(v.valid)))"
        connection.execute(
            text(
                f"UPDATE risk_object AS o SET ({', '.join(columns)})"
                f" = ROW({', '.join(now.get(c, 's.' + c) for c in columns)}) FROM {cut} WHERE o.id = s.id AND {holds}"
            ),
            binds,
        )
        # Dated ahead: today's row stays, but whoever edits next must know of this.
        connection.execute(
            text(
                "UPDATE risk_object AS o SET state = :n, valid_to = CASE WHEN o.valid_from < :since"
                " THEN LEAST(coalesce(o.valid_to, 'infinity'), :since) ELSE o.valid_to END"
                f" FROM {cut} WHERE o.id = s.id AND NOT {holds}"
            ),
            binds,
        )
    except IntegrityError as error:
        raise _conflict(error) from error
    except ProgrammingError as error:
        raise _refused_by_rights(error) from error


def stage_previous(connection: Connection, n: int, day: date, ids: str) -> Staging:
    """What objects, which state `n` changed on that day and nobody since, were before it; `ids`: SELECT of theirs."""
    staging = Staging(connection, "staged_previous")
    staging.count = connection.execute(
        text(
            f"INSERT INTO {staging.table} ({_LIST}) SELECT {', '.join('v.' + c for c in COLUMNS)}"
            f" FROM object_version AS v WHERE v.id IN ({ids}) AND upper(v.known) = :n AND v.valid @> CAST(:day AS date)"
        ),
        {"n": n, "day": day},
    ).rowcount
    return staging


def end(connection: Connection, reader: Reader, taken: State, old: Row, reason: str) -> None:
    """Close the object's validity today. Nothing is erased: earlier days and states still show it."""
    check_writable(reader, old)
    end_many(connection, taken, "SELECT CAST(:object_id AS bigint)", reason, object_id=old["id"])


def end_many(connection: Connection, taken: State, ids: str, reason: str, **binds: Any) -> int:
    """The same for all of `SELECT id …`, whose right to be written the caller has checked; how many were ended.

    Row security checks it again: what it hides is not ended.
    """
    values = {**binds, "n": taken.n, "day": taken.day, "at": taken.at, "reason": reason}
    columns = [name for name in COLUMNS if name not in {"valid_from", "valid_to"}]
    names = ", ".join(columns)
    holds = f"v.id IN ({ids}) AND (upper(v.valid) IS NULL OR upper(v.valid) > :day)"
    connection.execute(
        text(
            f"UPDATE object_version AS v SET known = int8range(lower(v.known), :n) WHERE {holds} AND upper_inf(v.known)"
        ),
        values,
    )
    # The part that still holds: up to today.
    connection.execute(
        text(
            f"INSERT INTO object_version (valid, known, actor, valid_from, valid_to, {names})"
            " SELECT daterange(lower(v.valid), :day), int8range(:n, NULL), v.actor, lower(v.valid), :day,"
            f" {', '.join('v.' + c for c in columns)} FROM object_version AS v"
            f" WHERE {holds} AND upper(v.known) = :n AND lower(v.valid) < :day"
        ),
        values,
    )
    return connection.execute(
        text(
            "UPDATE risk_object SET valid_to = GREATEST(:day, valid_from), ended_reason = :reason, state = :n,"
            f" updated_at = :at WHERE id IN ({ids})"
        ),
        values,
    ).rowcount


def _conflict(error: IntegrityError) -> Conflict | Invalid:
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", "") or ""
    if constraint == "risk_object_class_code":
        return Conflict(
            "同一分类中已有这个编号",
            code="duplicate_code",
            errors=[FieldError("code", "duplicate_code", "这个编号已被使用，请核对是否重复登记")],
        )
    if constraint in {"risk_object_parent_fkey", "risk_object_enterprise_fkey"}:
        field = "parent" if "parent" in constraint else "enterprise"
        return Invalid("引用的对象不存在", errors=[FieldError(field, "unknown_object", "没有这个编号的对象，请核对")])
    raise error


def _refused_by_rights(error: ProgrammingError) -> Forbidden:
    """Row security refused what check_writable let through: the second lock held."""
    if getattr(error.orig, "pgcode", None) == "42501":
        return Forbidden("这个对象不在您的管理范围内，不能登记或修改。")
    raise error


def write_audit(
    connection: Connection,
    reader: Reader,
    taken: State,
    action: str,
    ref: object,
    before: Any,
    after: Any,
    *,
    kind: str = "object",
) -> None:
    """One entry of the trail, in the same transaction."""
    audit.record(
        connection,
        reader.name,
        action,
        kind,
        ref,
        address=reader.address,
        state=taken.n,
        before=before,
        after=after,
    )
