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
from riskmap.base.state import State
from riskmap.store.models import COLUMNS

Row = Mapping[str, Any]

_LIST = ", ".join(COLUMNS)
_COPY_FROM = 500  # rows from which COPY beats one JSON parameter


def _quoted(value: Any, column: str) -> str:
    """One field of COPY's text format."""
    if value is None:
        return r"\N"
    if column in {"attributes", "grading", "original"}:
        value = dump_json(value)
    elif column in {"cover", "tags"}:
        value = "{" + ",".join(_element(v) for v in value) + "}"
    return str(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _element(value: Any) -> str:
    if isinstance(value, int):
        return str(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _stage(connection: Connection, rows: Sequence[Row]) -> tuple[str, dict[str, Any]]:
    """A source for INSERT … SELECT: a JSON parameter for a few rows, a temporary table by COPY for many."""
    if len(rows) < _COPY_FROM:
        body = dump_json([{name: row[name] for name in COLUMNS} for row in rows])
        return "jsonb_populate_recordset(NULL::risk_object, CAST(:staged AS jsonb))", {"staged": body}
    connection.execute(text("DROP TABLE IF EXISTS pg_temp.staged"))
    connection.execute(text("CREATE TEMPORARY TABLE staged (LIKE risk_object INCLUDING DEFAULTS) ON COMMIT DROP"))
    buffer = io.StringIO()
    for row in rows:
        buffer.write("\t".join(_quoted(row[name], name) for name in COLUMNS) + "\n")
    buffer.seek(0)
    connection.connection.cursor().copy_expert(f"COPY staged ({_LIST}) FROM STDIN", buffer)
    return "pg_temp.staged", {}


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


def insert(connection: Connection, reader: Reader, taken: State, rows: Sequence[Row]) -> None:
    """New objects with their first version."""
    for row in rows:
        check_writable(reader, row)
    source, parameters = _stage(connection, rows)
    try:
        connection.execute(text(f"INSERT INTO risk_object ({_LIST}) SELECT {_LIST} FROM {source}"), parameters)
        connection.execute(
            text(
                f"INSERT INTO object_version (valid, known, actor, {_LIST})"
                f" SELECT daterange(valid_from, valid_to), int8range(:n, NULL), :actor, {_LIST} FROM {source}"
            ),
            {**parameters, "n": taken.n, "actor": reader.name},
        )
    except IntegrityError as error:
        raise _conflict(error) from error
    except ProgrammingError as error:
        raise _refused_by_rights(error) from error


def change(connection: Connection, reader: Reader, taken: State, old: Row, new: Row, since: date) -> None:
    """From day `since` on the object is `new`; before it stays as it was. One object.

    The version that held on `since` is cut there; later dated versions stay.
    """
    check_writable(reader, old)
    check_writable(reader, new)
    version = connection.execute(
        text(
            "SELECT version_id, lower(valid) AS first, upper(valid) AS last FROM object_version"
            " WHERE id = :id AND upper_inf(known) AND valid @> CAST(:since AS date)"
        ),
        {"id": old["id"], "since": since},
    ).one_or_none()
    if version is None:
        raise Invalid(
            "生效日期不在该对象的存续期内",
            errors=[FieldError("valid_from", "out_of_life", "请填写对象登记之后、注销之前的日期")],
        )
    _close(connection, [version.version_id], taken.n)
    if version.first < since:
        _reinsert(connection, version.version_id, version.first, since, taken.n)
    row = {**new, "valid_from": since, "valid_to": version.last, "state": taken.n, "updated_at": taken.at}
    source, parameters = _stage(connection, [row])
    try:
        connection.execute(
            text(
                f"INSERT INTO object_version (valid, known, actor, {_LIST})"
                f" SELECT daterange(valid_from, valid_to), int8range(:n, NULL), :actor, {_LIST} FROM {source}"
            ),
            {**parameters, "n": taken.n, "actor": reader.name},
        )
        if since <= taken.day and (version.last is None or taken.day < version.last):
            columns = [name for name in COLUMNS if name != "id"]
            connection.execute(
                text(
                    f"UPDATE risk_object AS o SET ({', '.join(columns)})"
                    f" = (SELECT {', '.join('s.' + c for c in columns)} FROM {source} AS s)"
                    " WHERE o.id = :id"
                ),
                {**parameters, "id": old["id"]},
            )
        else:  # dated ahead: today's row stays, but whoever edits next must know of this
            connection.execute(
                text(
                    "UPDATE risk_object SET state = :n, valid_to = CASE WHEN valid_from < :since"
                    " THEN LEAST(coalesce(valid_to, 'infinity'), :since) ELSE valid_to END WHERE id = :id"
                ),
                {"n": taken.n, "id": old["id"], "since": since},
            )
    except IntegrityError as error:
        raise _conflict(error) from error
    except ProgrammingError as error:
        raise _refused_by_rights(error) from error


def end(connection: Connection, reader: Reader, taken: State, old: Row, reason: str) -> None:
    """Close the object's validity today. Nothing is erased: earlier days and states still show it."""
    check_writable(reader, old)
    versions = connection.execute(
        text(
            "SELECT version_id, lower(valid) AS first FROM object_version"
            " WHERE id = :id AND upper_inf(known) AND (upper(valid) IS NULL OR upper(valid) > :day)"
        ),
        {"id": old["id"], "day": taken.day},
    ).all()
    _close(connection, [v.version_id for v in versions], taken.n)
    for version in versions:
        if version.first < taken.day:
            _reinsert(connection, version.version_id, version.first, taken.day, taken.n)
    connection.execute(
        text(
            "UPDATE risk_object SET valid_to = GREATEST(:day, valid_from), ended_reason = :reason, state = :n,"
            " updated_at = :at WHERE id = :id"
        ),
        {"day": taken.day, "reason": reason, "n": taken.n, "at": taken.at, "id": old["id"]},
    )


def _close(connection: Connection, version_ids: Sequence[int], n: int) -> None:
    connection.execute(
        text("UPDATE object_version SET known = int8range(lower(known), :n) WHERE version_id = ANY(:ids)"),
        {"n": n, "ids": list(version_ids)},
    )


def _reinsert(connection: Connection, version_id: int, first: date, last: date, n: int) -> None:
    """The part of a closed version that still holds: [first, last)."""
    columns = [name for name in COLUMNS if name not in {"valid_from", "valid_to"}]
    names = ", ".join(columns)
    connection.execute(
        text(
            f"INSERT INTO object_version (valid, known, actor, valid_from, valid_to, {names})"
            f" SELECT daterange(:first, :last), int8range(:n, NULL), actor, :first, :last, {names}"
            " FROM object_version WHERE version_id = :version_id"
        ),
        {"version_id": version_id, "first": first, "last": last, "n": n},
    )


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
    connection: Connection, reader: Reader, taken: State, action: str, ref: object, before: Any, after: Any
) -> None:
    """One entry of the trail, in the same transaction."""
    audit.record(
        connection,
        reader.name,
        action,
        "object",
        ref,
        address=reader.address,
        state=taken.n,
        before=before,
        after=after,
    )
