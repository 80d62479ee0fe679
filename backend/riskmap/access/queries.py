"""SQL of accounts, sessions, tokens and the audit trail."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

_ACCOUNT = (
    "a.account_id, a.username, a.role, a.tier, a.areas, a.departments, a.classes, a.may, a.active,"
    " a.failures, a.locked_until"
)
_ACCOUNTS_LOCK = 727004  # beside those of base.migrate and access.admin


def _one(connection: Connection, sql: str, values: dict[str, Any]) -> dict[str, Any] | None:
    row = connection.execute(text(sql), values).mappings().one_or_none()
    return None if row is None else {str(name): value for name, value in row.items()}


def _all(connection: Connection, sql: str, values: dict[str, Any]) -> list[dict[str, Any]]:
    rows = connection.execute(text(sql), values).mappings()
    return [{str(name): value for name, value in row.items()} for row in rows]


# -- Accounts ------------------------------------------------------------------------


def account(connection: Connection, username: str, *, lock: bool = False) -> dict[str, Any] | None:
    """The account of a name, ignoring case, with its hash; locked where it is to be changed."""
    return _one(
        connection,
        f"SELECT {_ACCOUNT}, a.password_hash FROM account AS a WHERE lower(a.username) = lower(:name)"
        + (" FOR UPDATE" if lock else ""),
        {"name": username},
    )


def accounts(connection: Connection) -> list[dict[str, Any]]:
    """Every account, without hashes."""
    return _all(connection, f"SELECT {_ACCOUNT}, a.made_at FROM account AS a ORDER BY a.username", {})


def has_accounts(connection: Connection) -> bool:
    """Whether anybody can sign in at all."""
    return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM account)")))


def add_account(connection: Connection, values: dict[str, Any]) -> bool:
    """Keep a new account; whether the name was free."""
    done = connection.execute(
        text(
            "INSERT INTO account (username, password_hash, role, tier, areas, departments, classes, may)"
            " VALUES (:username, :password_hash, :role, :tier, CAST(:areas AS text[]),"
            " CAST(:departments AS text[]), CAST(:classes AS text[]), CAST(:may AS text[]))"
            " ON CONFLICT (lower(username)) DO NOTHING"
        ),
        values,
    )
    return done.rowcount > 0


def update_account(connection: Connection, account_id: int, changes: dict[str, Any]) -> None:
    """Set columns; the names come from the caller's own list."""
    columns = ", ".join(
        f"{name} = CAST(:{name} AS text[])" if isinstance(value, list) else f"{name} = :{name}"
        for name, value in changes.items()
    )
    connection.execute(text(f"UPDATE account SET {columns} WHERE account_id = :id"), {**changes, "id": account_id})


def set_failures(connection: Connection, account_id: int, failures: int, until: datetime | None) -> None:
    """Count failed sign-ins."""
    update_account(connection, account_id, {"failures": failures, "locked_until": until})


def lock_accounts(connection: Connection) -> None:
    """One change of accounts at a time: two administrators may not remove each other at once."""
    connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _ACCOUNTS_LOCK})


def active_administrators(connection: Connection) -> int:
    """How many can still administer."""
    return int(connection.scalar(text("SELECT count(*) FROM account WHERE role = 'administrator' AND active")) or 0)


# -- Sessions ------------------------------------------------------------------------


def add_session(
    connection: Connection, token_hash: str, account_id: int, csrf: str, now: datetime, expires: datetime
) -> None:
    """A signed-in browser; expired ones of the account go."""
    connection.execute(
        text("DELETE FROM account_session WHERE account_id = :id AND expires_at < :now"),
        {"id": account_id, "now": now},
    )
    connection.execute(
        text(
            "INSERT INTO account_session (token_hash, account_id, csrf, made_at, seen_at, expires_at)"
            " VALUES (:hash, :id, :csrf, :now, :now, :expires)"
        ),
        {"hash": token_hash, "id": account_id, "csrf": csrf, "now": now, "expires": expires},
    )


def session(connection: Connection, token_hash: str) -> dict[str, Any] | None:
    """A session with its account."""
    return _one(
        connection,
        f"SELECT {_ACCOUNT}, s.csrf, s.seen_at, s.expires_at FROM account_session AS s"
        " JOIN account AS a USING (account_id) WHERE s.token_hash = :hash",
        {"hash": token_hash},
    )


def touch_session(connection: Connection, token_hash: str, now: datetime, unless_after: datetime) -> None:
    """The session was used; once for requests that come together."""
    connection.execute(
        text("UPDATE account_session SET seen_at = :now WHERE token_hash = :hash AND seen_at < :after"),
        {"hash": token_hash, "now": now, "after": unless_after},
    )


def drop_session(connection: Connection, token_hash: str) -> bool:
    """Signed out; whether there was such a session."""
    done = connection.execute(text("DELETE FROM account_session WHERE token_hash = :hash"), {"hash": token_hash})
    return done.rowcount > 0


def drop_sessions(connection: Connection, account_id: int) -> None:
    """End every session of an account."""
    connection.execute(text("DELETE FROM account_session WHERE account_id = :id"), {"id": account_id})


# -- Tokens --------------------------------------------------------------------------


def token(connection: Connection, token_hash: str) -> dict[str, Any] | None:
    """A bearer token with its account."""
    return _one(
        connection,
        f"SELECT {_ACCOUNT}, t.expires_at FROM account_token AS t"
        " JOIN account AS a USING (account_id) WHERE t.token_hash = :hash",
        {"hash": token_hash},
    )


def add_token(connection: Connection, token_hash: str, account_id: int, name: str, expires: datetime) -> int:
    """Keep a token's hash; its id."""
    return int(
        connection.execute(
            text(
                "INSERT INTO account_token (token_hash, account_id, name, expires_at)"
                " VALUES (:hash, :id, :name, :expires) RETURNING token_id"
            ),
            {"hash": token_hash, "id": account_id, "name": name, "expires": expires},
        ).scalar_one()
    )


def tokens(connection: Connection, account_id: int) -> list[dict[str, Any]]:
    """Tokens of an account, without their secrets."""
    return _all(
        connection,
        "SELECT token_id AS id, name, made_at, expires_at FROM account_token WHERE account_id = :id ORDER BY token_id",
        {"id": account_id},
    )


def drop_token(connection: Connection, account_id: int, token_id: int) -> str | None:
    """Revoke a token of an account; its name, or None where there was none."""
    row = _one(
        connection,
        "DELETE FROM account_token WHERE account_id = :id AND token_id = :token RETURNING name",
        {"id": account_id, "token": token_id},
    )
    return None if row is None else str(row["name"])


def drop_tokens(connection: Connection, account_id: int, *, expired_at: datetime | None = None) -> None:
    """Revoke every token of an account, or those only that had expired by a time."""
    connection.execute(
        text(
            "DELETE FROM account_token WHERE account_id = :id"
            " AND (CAST(:at AS timestamptz) IS NULL OR expires_at <= :at)"
        ),
        {"id": account_id, "at": expired_at},
    )


# -- Audit ---------------------------------------------------------------------------

_AUDIT_FILTERS = {
    "kind": "kind = :kind",
    "ref": "ref = :ref",
    "actor": "actor = :actor",
    "action": "action = :action",
    "result": "result = :result",
    "since": "at >= :since",
    "until": "at < :until",
    "before": "entry_id < :before",
}


def audit_page(connection: Connection, filters: dict[str, Any], limit: int) -> list[dict[str, Any]]:
    """Entries, newest first; a filter that is None does not count."""
    asked = {name: value for name, value in filters.items() if value is not None}
    where = " AND ".join(["TRUE", *(_AUDIT_FILTERS[name] for name in asked)])
    return _all(
        connection,
        "SELECT entry_id AS id, at, actor, address, action, kind, ref, state, result, before, after"
        f" FROM audit_entry WHERE {where} ORDER BY entry_id DESC LIMIT :limit",
        {**asked, "limit": limit},
    )
