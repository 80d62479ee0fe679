"""SQL of accounts, sessions, tokens and the audit trail."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

_ACCOUNT = (
    "a.account_id, a.username, a.role, a.tier, a.areas, a.departments, a.classes, a.may, a.active,"
    " a.failures, a.locked_until, a.password_set_at, a.must_change"
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
        f"SELECT {_ACCOUNT}, a.password_hash, a.old_hashes FROM account AS a WHERE lower(a.username) = lower(:name)"
        + (" FOR UPDATE" if lock else ""),
        {"name": username},
    )


def accounts(connection: Connection, now: datetime, seen_after: datetime) -> list[dict[str, Any]]:
    """Every account, without hashes, with how many sessions and tokens of it are live."""
    return _all(
        connection,
        f"SELECT {_ACCOUNT}, a.made_at, a.signed_in_at,"
        " (SELECT count(*) FROM account_session AS s WHERE s.account_id = a.account_id"
        "  AND s.expires_at > :now AND s.seen_at >= :seen_after) AS sessions,"
        " (SELECT count(*) FROM account_token AS t WHERE t.account_id = a.account_id AND t.expires_at > :now) AS tokens"
        " FROM account AS a ORDER BY a.username",
        {"now": now, "seen_after": seen_after},
    )


def has_accounts(connection: Connection) -> bool:
    """Whether anybody can sign in at all."""
    return bool(connection.scalar(text("SELECT EXISTS (SELECT FROM account)")))


def add_account(connection: Connection, values: dict[str, Any]) -> bool:
    """Keep a new account; whether the name was free."""
    done = connection.execute(
        text(
            "INSERT INTO account (username, password_hash, must_change, role, tier, areas, departments, classes, may)"
            " VALUES (:username, :password_hash, :must_change, :role, :tier, CAST(:areas AS text[]),"
            " CAST(:departments AS text[]), CAST(:classes AS text[]), CAST(:may AS text[]))"
            " ON CONFLICT (lower(username)) DO NOTHING"
        ),
        {"must_change": False, **values},
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
    connection: Connection,
    token_hash: str,
    account_id: int,
    csrf: str,
    now: datetime,
    expires: datetime,
    address: str,
    agent: str,
) -> None:
    """A signed-in browser; expired ones of the account go."""
    connection.execute(
        text("DELETE FROM account_session WHERE account_id = :id AND expires_at < :now"),
        {"id": account_id, "now": now},
    )
    connection.execute(
        text(
            "INSERT INTO account_session (token_hash, account_id, csrf, made_at, seen_at, expires_at, address, agent)"
            " VALUES (:hash, :id, :csrf, :now, :now, :expires, :address, :agent)"
        ),
        {
            "hash": token_hash,
            "id": account_id,
            "csrf": csrf,
            "now": now,
            "expires": expires,
            "address": address,
            "agent": agent,
        },
    )


def session(connection: Connection, token_hash: str) -> dict[str, Any] | None:
    """A session with its account."""
    return _one(
        connection,
        f"SELECT {_ACCOUNT}, s.session_id, s.csrf, s.seen_at, s.expires_at FROM account_session AS s"
        " JOIN account AS a USING (account_id) WHERE s.token_hash = :hash",
        {"hash": token_hash},
    )


def sessions(connection: Connection, account_id: int, now: datetime, seen_after: datetime) -> list[dict[str, Any]]:
    """Live sessions of an account, last seen first."""
    return _all(
        connection,
        "SELECT session_id AS id, made_at, seen_at, expires_at, address, agent FROM account_session"
        " WHERE account_id = :id AND expires_at > :now AND seen_at >= :seen_after"
        " ORDER BY seen_at DESC, session_id DESC",
        {"id": account_id, "now": now, "seen_after": seen_after},
    )


def touch_session(connection: Connection, token_hash: str, now: datetime, unless_after: datetime, address: str) -> None:
    """The session was used; once for requests that come together."""
    connection.execute(
        text(
            "UPDATE account_session SET seen_at = :now, address = :address"
            " WHERE token_hash = :hash AND seen_at < :after"
        ),
        {"hash": token_hash, "now": now, "after": unless_after, "address": address},
    )


def drop_session(connection: Connection, token_hash: str) -> bool:
    """Signed out; whether there was such a session."""
    done = connection.execute(text("DELETE FROM account_session WHERE token_hash = :hash"), {"hash": token_hash})
    return done.rowcount > 0


def drop_sessions(connection: Connection, account_id: int, *, only: int | None = None, but: int | None = None) -> int:
    """End sessions of an account: all, one, or all but one; how many there were."""
    done = connection.execute(
        text(
            "DELETE FROM account_session WHERE account_id = :id"
            " AND (CAST(:only AS bigint) IS NULL OR session_id = :only)"
            " AND (CAST(:but AS bigint) IS NULL OR session_id <> :but)"
        ),
        {"id": account_id, "only": only, "but": but},
    )
    return done.rowcount


# -- Tokens --------------------------------------------------------------------------


def token(connection: Connection, token_hash: str) -> dict[str, Any] | None:
    """A bearer token with its account."""
    return _one(
        connection,
        f"SELECT {_ACCOUNT}, t.expires_at, t.used_at FROM account_token AS t"
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
        "SELECT token_id AS id, name, made_at, expires_at, used_at FROM account_token"
        " WHERE account_id = :id ORDER BY token_id",
        {"id": account_id},
    )


def touch_token(connection: Connection, token_hash: str, now: datetime, unless_after: datetime) -> None:
    """The token was used; once for requests that come together."""
    connection.execute(
        text(
            "UPDATE account_token SET used_at = :now WHERE token_hash = :hash AND (used_at IS NULL OR used_at < :after)"
        ),
        {"hash": token_hash, "now": now, "after": unless_after},
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
    "kind": "e.kind = :kind",
    "ref": "e.ref = :ref",
    "actor": "e.actor = :actor",
    "action": "e.action = :action",
    "result": "e.result = :result",
    "since": "e.at >= :since",
    "until": "e.at < :until",
    "before": "e.entry_id < :before",
    "text": "strpos(lower(concat_ws(' ', e.actor, e.address, e.ref, e.before, e.after)), lower(:text)) > 0",
}
# Kinds that tell of no object: every auditor reads them.
_OFFICE = ("account", "session", "token", "audit", "catalogue", "class", "scale", "policy")
# What is of no object or of many at once: it holds nothing of any.
_OF_NONE = "(e.kind <> 'object' OR e.ref !~ '^[0-9]')"


@dataclass(frozen=True, slots=True)
class Within:
    """An auditor whose rights do not reach every object; `narrow` where areas, departments or classes limit him."""

    name: str
    narrow: bool


def _inner(source: str) -> str:
    """The second half of the rights, for what an entry says of an object; what it does not say is as the object is."""
    had = {name: f"o.{name}" for name in ("visibility", "division", "department", "class")}
    if source != "o":
        had = {name: f"coalesce({source} ->> '{name}', {column}::text)" for name, column in had.items()}
    return (
        f"(SELECT rights_tier()) >= {had['visibility']}::int"
        f" AND ((SELECT rights_areas()) IS NULL OR {had['division']} LIKE ANY ((SELECT rights_areas())::text[]))"
        f" AND ((SELECT rights_departments()) IS NULL"
        f" OR {had['department']} = ANY ((SELECT rights_departments())::text[]))"
        f" AND ((SELECT rights_classes()) IS NULL OR {had['class']} = ANY ((SELECT rights_classes())::text[]))"
    )


# Of one object: as it is, as it was before and after. The number is made before the join (OFFSET 0 keeps it there):
# under row security an index is only asked with what is leakproof, and reading a number out of a text is not, so that
# every entry would read every object.
_WITHIN = (
    "e.kind = 'object' AND EXISTS ("
    "SELECT FROM (SELECT CASE WHEN e.ref ~ '^[0-9]{1,18}$' THEN e.ref::bigint END AS id OFFSET 0) AS named"
    " JOIN risk_object AS o ON o.id = named.id"
    f" WHERE (SELECT rights_tier()) >= 1 AND {_inner('o')} AND {_inner('e.before')} AND {_inner('e.after')})"
)


def _audit_where(filters: dict[str, Any], within: Within | None) -> tuple[str, dict[str, Any]]:
    """A filter that is None does not count.

    An auditor limited by tier alone reads all that is not of one object: an import's entry tells of its class, file
    and counts. An auditor of one town reads what is of many objects where he did it himself.
    """
    asked = {name: value for name, value in filters.items() if value is not None}
    conditions = ["TRUE", *(_AUDIT_FILTERS[name] for name in asked)]
    if within is not None:
        of_none = "e.kind = ANY (:office)" if within.narrow else _OF_NONE
        conditions.append(f"({of_none} OR e.actor = :reader OR {_WITHIN})")
        asked |= {"reader": within.name} | ({"office": list(_OFFICE)} if within.narrow else {})
    return " AND ".join(conditions), asked


_ENTRY = (
    "SELECT e.entry_id AS id, l.n, e.at, e.actor, e.address, e.action, e.kind, e.ref, e.state, e.result,"
    " e.before, e.after, encode(l.hash, 'hex') AS hash, encode(l.previous, 'hex') AS previous"
    " FROM audit_entry AS e LEFT JOIN audit_link AS l USING (entry_id)"
)


def audit_page(
    connection: Connection, filters: dict[str, Any], limit: int, within: Within | None = None
) -> list[dict[str, Any]]:
    """Entries, newest first; of objects, the rights are looked up for the entries that it comes past."""
    where, asked = _audit_where(filters, within)
    return _all(connection, f"{_ENTRY} WHERE {where} ORDER BY e.entry_id DESC LIMIT :limit", {**asked, "limit": limit})


def audit_count(connection: Connection, filters: dict[str, Any], within: Within | None) -> int:
    """How many entries there are."""
    where, asked = _audit_where(filters, within)
    return int(connection.scalar(text(f"SELECT count(*) FROM audit_entry AS e WHERE {where}"), asked) or 0)


def audit_rows(connection: Connection, filters: dict[str, Any], within: Within | None) -> Iterator[dict[str, Any]]:
    """Every entry, newest first, a few at a time."""
    where, asked = _audit_where(filters, within)
    connection = connection.execution_options(stream_results=True, max_row_buffer=1000)
    for row in connection.execute(text(f"{_ENTRY} WHERE {where} ORDER BY e.entry_id DESC"), asked).mappings():
        yield {str(name): value for name, value in row.items()}


def audit_head(connection: Connection) -> dict[str, Any]:
    """What the head says: how many links there are and the hash of the last."""
    head = _one(connection, "SELECT n, encode(hash, 'hex') AS hash FROM audit_head", {})
    return head or {"n": None, "hash": None}


def audit_tail(connection: Connection) -> dict[str, Any]:
    """The last link that is there, and how many entries have none."""
    found = _one(
        connection,
        "SELECT l.n, encode(l.hash, 'hex') AS hash,"
        " (SELECT count(*) FROM audit_entry AS e WHERE NOT EXISTS"
        "  (SELECT FROM audit_link AS k WHERE k.entry_id = e.entry_id)) AS unlinked"
        " FROM (SELECT) AS always LEFT JOIN (SELECT n, hash FROM audit_link ORDER BY n DESC LIMIT 1) AS l ON true",
        {},
    )
    assert found is not None
    return found


def audit_breaks(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """Links that do not hold, in order: the entry is gone, is another, or the link before is not the one named."""
    return _all(
        connection,
        """
        SELECT n, n - n_before - 1 AS gap, gone, hash <> made AS changed, n_before + 1 = n AND previous <> was AS cut
        FROM (
            SELECT l.n, l.hash, l.previous, e.entry_id IS NULL AS gone,
                coalesce(lag(l.n) OVER chain, 0) AS n_before,
                coalesce(lag(l.hash) OVER chain, decode(repeat('00', 32), 'hex')) AS was,
                CASE WHEN e.entry_id IS NULL THEN l.hash ELSE audit_hash(l.n, l.previous, e) END AS made
            FROM audit_link AS l LEFT JOIN audit_entry AS e USING (entry_id)
            WINDOW chain AS (ORDER BY l.n)
        ) AS links
        WHERE gone OR hash <> made OR n_before + 1 <> n OR previous <> was
        ORDER BY n LIMIT :limit
        """,
        {"limit": limit},
    )


def audit_hash(connection: Connection, n: int) -> str | None:
    """The hash of link N, or None where there is none."""
    found = connection.scalar(text("SELECT encode(hash, 'hex') FROM audit_link WHERE n = :n"), {"n": n})
    return None if found is None else str(found)
