"""Accounts from the command line: the first administrator, and those made on the server."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Engine, text

from riskmap.access import passwords, queries, service
from riskmap.access.passwords import Rules
from riskmap.access.reader import SYSTEM
from riskmap.base import audit, database
from riskmap.base.errors import Invalid, NotFound
from riskmap.base.settings import Settings

FIRST = "admin"
_FIRST_LOCK = 727003


def ensure_first_administrator(engine: Engine, settings: Settings) -> str | None:
    """Make `admin` where no account is; a generated password is returned once, to be printed.

    There is no default password: it is RISKMAP_ADMIN_PASSWORD, or made here. Of two that start at once
    one makes it. Raises Invalid where the given password is weak.
    """
    with database.write(engine, {}) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:n)"), {"n": _FIRST_LOCK})
        if queries.has_accounts(connection):
            return None
        rules = Rules.of(settings)
        password = settings.admin_password or passwords.make(rules)
        try:
            rules.check(password, FIRST)
        except Invalid as error:
            asked = error.errors[0].message
            raise Invalid(f"环境变量 RISKMAP_ADMIN_PASSWORD 不合要求：{asked}", code=error.code) from None
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


def add_account(engine: Engine, values: Mapping[str, Any], rules: Rules | None = None) -> None:
    """As POST /api/accounts, by whoever holds the server."""
    with database.write(engine, {}) as connection:
        service.add_account(connection, SYSTEM, values, rules or Rules())


def set_password(
    engine: Engine, username: str, password: str, rules: Rules | None = None, *, must_change: bool = False
) -> None:
    """A new password; also unlocks, ends the account's sessions and revokes its tokens."""
    changes = {"password": password, "must_change": must_change}
    with database.write(engine, {}) as connection:
        service.change_account(connection, SYSTEM, username, changes, rules or Rules())


def list_accounts(engine: Engine) -> list[dict[str, Any]]:
    """Every account, without hashes."""
    with database.read(engine, {}) as connection:
        return service.list_accounts(connection, Rules(), 0)


def unlock(engine: Engine, username: str) -> None:
    """Forget failed sign-ins. Raises NotFound."""
    with database.write(engine, {}) as connection:
        service.change_account(connection, SYSTEM, username, {"locked": False})


def make_token(engine: Engine, username: str, name: str, days: int) -> str:
    """A bearer token of an account, told once. Raises NotFound or Conflict."""
    with database.write(engine, {}) as connection:
        account = queries.account(connection, service.as_username(username))
        if account is None or not account["active"]:
            raise NotFound("没有这个账号，或已停用。请核对用户名。")
        made = service.make_token(connection, service.reader_of(account, ""), name, days)
        return str(made["token"])
