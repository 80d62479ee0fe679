"""SQL of accounts, sessions and tokens."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, text

_ACCOUNT = (
    "a.account_id, a.username, a.role, a.tier, a.areas, a.departments, a.classes, a.may, a.active,"
    " a.failures, a.locked_until"
)


def account_for_update(connection: Connection, username: str) -> RowMapping | None:
    """The account of a name, ignoring case, locked for counting failures."""
    return (
        connection.execute(
            text(
                f"SELECT {_ACCOUNT}, a.password_hash FROM account AS a WHERE lower(a.username) = lower(:name)"
                " FOR UPDATE"
            ),
            {"name": username},
        )
        .mappings()
        .one_or_none()
    )


def set_failures(connection: Connection, account_id: int, failures: int, until: datetime | None) -> None:
    """Count failed sign-ins."""
    connection.execute(
        text("UPDATE account SET failures = :failures, locked_until = :until WHERE account_id = :id"),
        {"id": account_id, "failures": failures, "until": until},
    )


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


def session(connection: Connection, token_hash: str) -> RowMapping | None:
    """A session with its account."""
    return (
        connection.execute(
            text(
                f"SELECT {_ACCOUNT}, s.csrf, s.seen_at, s.expires_at FROM account_session AS s"
                " JOIN account AS a USING (account_id) WHERE s.token_hash = :hash"
            ),
            {"hash": token_hash},
        )
        .mappings()
        .one_or_none()
    )


def touch_session(connection: Connection, token_hash: str, now: datetime) -> None:
    """The session was used."""
    connection.execute(
        text("UPDATE account_session SET seen_at = :now WHERE token_hash = :hash"),
        {"hash": token_hash, "now": now},
    )


def drop_session(connection: Connection, token_hash: str) -> None:
    """Signed out."""
    connection.execute(text("DELETE FROM account_session WHERE token_hash = :hash"), {"hash": token_hash})


def drop_sessions(connection: Connection, account_id: int) -> None:
    """End every session of an account."""
    connection.execute(text("DELETE FROM account_session WHERE account_id = :id"), {"id": account_id})


def token(connection: Connection, token_hash: str) -> RowMapping | None:
    """A bearer token with its account."""
    return (
        connection.execute(
            text(
                f"SELECT {_ACCOUNT}, t.expires_at FROM account_token AS t"
                " JOIN account AS a USING (account_id) WHERE t.token_hash = :hash"
            ),
            {"hash": token_hash},
        )
        .mappings()
        .one_or_none()
    )


def add_token(connection: Connection, token_hash: str, account_id: int, name: str, expires: datetime) -> int:
    """Keep a token's hash; its id."""
    return int(
        connection.scalar(
            text(
                "INSERT INTO account_token (token_hash, account_id, name, expires_at)"
                " VALUES (:hash, :id, :name, :expires) RETURNING token_id"
            ),
            {"hash": token_hash, "id": account_id, "name": name, "expires": expires},
        )
        or 0
    )


def tokens(connection: Connection, account_id: int) -> list[dict[str, Any]]:
    """Tokens of an account, without their secrets."""
    found = connection.execute(
        text(
            "SELECT token_id AS id, name, made_at, expires_at FROM account_token"
            " WHERE account_id = :id ORDER BY token_id"
        ),
        {"id": account_id},
    )
    return [dict(row._mapping) for row in found]


def drop_token(connection: Connection, account_id: int, token_id: int) -> bool:
    """Revoke a token; whether there was one."""
    done = connection.execute(
        text("DELETE FROM account_token WHERE account_id = :id AND token_id = :token"),
        {"id": account_id, "token": token_id},
    )
    return done.rowcount > 0


def add_account(connection: Connection, values: dict[str, Any]) -> int | None:
    """A new account's id; None where the name is taken."""
    return connection.scalar(
        text(
            "INSERT INTO account (username, password_hash, role, tier, areas, departments, classes, may)"
            " VALUES (:username, :password_hash, :role, :tier, CAST(:areas AS text[]),"
            " CAST(:departments AS text[]), CAST(:classes AS text[]), CAST(:may AS text[]))"
            " ON CONFLICT (lower(username)) DO NOTHING RETURNING account_id"
        ),
        values,
    )


def accounts(connection: Connection) -> list[dict[str, Any]]:
    """Every account, without hashes."""
    found = connection.execute(text(f"SELECT {_ACCOUNT} FROM account AS a ORDER BY a.username"))
    return [dict(row._mapping) for row in found]


def update_account(connection: Connection, account_id: int, changes: dict[str, Any]) -> None:
    """Set columns; the names come from the caller's own list."""
    columns = ", ".join(
        f"{name} = CAST(:{name} AS text[])" if isinstance(value, list) else f"{name} = :{name}"
        for name, value in changes.items()
    )
    connection.execute(
        text(f"UPDATE account SET {columns} WHERE account_id = :id"), {**changes, "id": account_id}
    )


def has_accounts(connection: Connection) -> bool:
    """Whether anybody can sign in at all."""
    return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM account)")))


def active_administrators(connection: Connection) -> int:
    """How many could still administer; locks them against a race of two removals."""
    return len(
        connection.execute(
            text("SELECT account_id FROM account WHERE role = 'administrator' AND active FOR UPDATE")
        ).all()
    )


def audit_page(
    connection: Connection, filters: dict[str, Any], before: int | None, limit: int
) -> list[dict[str, Any]]:
    """Entries, newest first; filters by equality on kind, ref, actor and by time."""
    conditions = ["TRUE"]
    values: dict[str, Any] = {"limit": limit}
    for name in ("kind", "ref", "actor", "action"):
        if filters.get(name) is not None:
            conditions.append(f"{name} = :{name}")
            values[name] = filters[name]
    if filters.get("since") is not None:
        conditions.append("at >= :since")
        values["since"] = filters["since"]
    if filters.get("until") is not None:
        conditions.append("at < :until")
        values["until"] = filters["until"]
    if before is not None:
        conditions.append("entry_id < :before")
        values["before"] = before
    found = connection.execute(
        text(
            "SELECT entry_id AS id, at, actor, address, action, kind, ref, state, result, before, after"
            f" FROM audit_entry WHERE {' AND '.join(conditions)} ORDER BY entry_id DESC LIMIT :limit"
        ),
        values,
    )
    return [dict(row._mapping) for row in found]
