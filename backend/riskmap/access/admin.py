"""Accounts from the command line: the first administrator, and those made on the server."""

import secrets

from sqlalchemy import Engine, text

from riskmap.access import passwords, queries, service
from riskmap.access.reader import SYSTEM
from riskmap.base import audit, database
from riskmap.base.settings import Settings

FIRST = "admin"


def ensure_first_administrator(engine: Engine, settings: Settings) -> str | None:
    """Make `admin` where no account is; a generated password is returned once, to be printed.

    There is no default password: it is RISKMAP_ADMIN_PASSWORD, or made here.
    """
    with database.write(engine, {}) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(727003)"))
        if queries.has_accounts(connection):
            return None
        password = settings.admin_password or "-".join(secrets.token_hex(3) for _ in range(4))
        passwords.check_policy(password, FIRST)
        queries.add_account(
            connection,
            {
                "username": FIRST,
                "password_hash": passwords.hash_password(password),
                "role": "administrator",
                "tier": 2,
                "areas": [],
                "departments": [],
                "classes": [],
                "may": ["sign", "dispatch"],
            },
        )
        audit.record(connection, SYSTEM.name, "create", "account", FIRST, after={"role": "administrator"})
    return None if settings.admin_password else password


def add_account(engine: Engine, values: dict[str, object]) -> None:
    """As POST /api/accounts, by whoever holds the server."""
    with database.write(engine, {}) as connection:
        service.add_account(connection, SYSTEM, values)


def set_password(engine: Engine, username: str, password: str) -> None:
    """A new password; also unlocks, and ends the account's sessions."""
    with database.write(engine, {}) as connection:
        service.change_account(connection, SYSTEM, username, {"password": password})


def unlock(engine: Engine, username: str) -> bool:
    """Forget failed sign-ins; whether there is such an account."""
    with database.write(engine, {}) as connection:
        account = queries.account_for_update(connection, username)
        if account is None:
            return False
        queries.set_failures(connection, account["account_id"], 0, None)
        audit.record(connection, SYSTEM.name, "unlock", "account", account["username"])
        return True
