"""Who is this, and may he: sign-in, sessions, tokens, accounts."""

import hashlib
import hmac
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine

from riskmap.access import passwords, queries
from riskmap.access.reader import ROLES, TIERS, Reader
from riskmap.base import audit, clock, database
from riskmap.base.errors import (
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    Locked,
    NotFound,
    NotSignedIn,
    TooMany,
)
from riskmap.base.settings import Settings

FAILURES = 5
LOCK_FOR = timedelta(minutes=10)
SESSION_FOR = timedelta(hours=12)
_TOUCH_EVERY = timedelta(minutes=1)
_SIGN_INS_A_MINUTE = 30
_TOKEN_PREFIX = "rm_"
_USERNAME = re.compile(r"[\w.@-]{2,40}")
_WRONG = "用户名或密码不对，请核对后再试。连续错 5 次将锁定 10 分钟。"
_LOCKED = "连续多次登录失败，已锁定 10 分钟。请稍后再试，或请管理员解锁。"


def digest(secret: str) -> str:
    """What is stored of a session's or token's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Throttle:
    """Bounded counts in memory: sign-ins by address, failures of names that no account has."""

    def __init__(self, kept: int = 10_000) -> None:
        self._kept = kept
        self._seen: OrderedDict[str, tuple[int, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def count(self, key: str, window: timedelta, now: datetime) -> int:
        """One more of this key; how many within the window."""
        with self._lock:
            n, since = self._seen.pop(key, (0, now))
            if now - since > window:
                n, since = 0, now
            self._seen[key] = (n + 1, since)
            while len(self._seen) > self._kept:
                self._seen.popitem(last=False)
            return n + 1


throttle = Throttle()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: the secret goes into the cookie, once."""

    secret: str
    csrf: str
    reader: Reader


def reader_of(account: Mapping[str, Any], address: str) -> Reader:
    """An account's rights."""
    return Reader(
        "account",
        account["username"],
        role=account["role"],
        tier=account["tier"],
        areas=tuple(account["areas"]),
        departments=tuple(account["departments"]),
        classes=tuple(account["classes"]),
        may=frozenset(account["may"]),
        account_id=account["account_id"],
        address=address,
    )


def account_body(reader: Reader) -> dict[str, Any]:
    """The account as its owner sees it."""
    return {
        "username": reader.name,
        "role": reader.role,
        "tier": TIERS[reader.tier],
        "areas": list(reader.areas),
        "departments": list(reader.departments),
        "classes": list(reader.classes),
        "may": sorted(reader.may),
    }


def sign_in(engine: Engine, username: str, password: str, address: str) -> SignedIn:
    """Check name and password. Raises NotSignedIn, Locked or TooMany; unknown names behave as known ones."""
    now = clock.now()
    if throttle.count(f"address {address}", timedelta(minutes=1), now) > _SIGN_INS_A_MINUTE:
        raise TooMany("登录尝试过于频繁，请一分钟后再试。")
    refused: NotSignedIn | Locked | None = None
    with database.write(engine, {}) as connection:
        account = queries.account_for_update(connection, username)
        locked = account is not None and account["locked_until"] is not None and account["locked_until"] > now
        right = passwords.verify(password, account["password_hash"] if account else None)
        if account is None:
            n = throttle.count(f"name {username.lower()}", LOCK_FOR, now)
            refused = Locked(_LOCKED) if n > FAILURES else NotSignedIn(_WRONG, code="wrong_password")
        elif locked:
            refused = Locked(_LOCKED)
        elif not right or not account["active"]:
            failures = account["failures"] + 1
            until = now + LOCK_FOR if failures >= FAILURES else None
            queries.set_failures(connection, account["account_id"], 0 if until else failures, until)
            refused = NotSignedIn(_WRONG, code="wrong_password")
        result = "ok" if refused is None else refused.code
        audit.record(connection, username[:40], "sign_in", "session", address=address, result=result)
        if refused is None and account is not None:
            queries.set_failures(connection, account["account_id"], 0, None)
            secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
            queries.add_session(
                connection, digest(secret), account["account_id"], csrf, now, now + SESSION_FOR
            )
            return SignedIn(secret, csrf, reader_of(account, address))
    assert refused is not None
    raise refused


@dataclass(frozen=True, slots=True)
class Session:
    """A live session."""

    reader: Reader
    csrf: str


def find_session(engine: Engine, settings: Settings, secret: str, address: str) -> Session:
    """The session of a cookie. Raises NotSignedIn where it is unknown, idle too long or over."""
    now = clock.now()
    hashed = digest(secret)
    with database.read(engine, {}) as connection:
        row = queries.session(connection, hashed)
    idle = timedelta(minutes=settings.idle_minutes)
    if row is None or not row["active"] or row["expires_at"] <= now or now - row["seen_at"] > idle:
        raise NotSignedIn("登录已过期，请重新登录。", code="session_expired")
    if now - row["seen_at"] > _TOUCH_EVERY:
        with database.write(engine, {}) as connection:
            queries.touch_session(connection, hashed, now)
    return Session(reader_of(row, address), row["csrf"])


def check_csrf(session: Session, given: str | None) -> None:
    """Raises Forbidden unless the page sent the session's own token."""
    if not hmac.compare_digest((given or "").encode(), session.csrf.encode()):
        raise Forbidden("页面已过期，操作没有执行。请刷新页面后再试。", code="stale_csrf")


def find_token(engine: Engine, secret: str, address: str) -> Reader:
    """The reader of a bearer token. Raises NotSignedIn."""
    with database.read(engine, {}) as connection:
        row = queries.token(connection, digest(secret)) if secret.startswith(_TOKEN_PREFIX) else None
    if row is None or not row["active"]:
        raise NotSignedIn("访问令牌无效，请在“账号”中新建一个。", code="bad_token")
    if row["expires_at"] <= clock.now():
        raise NotSignedIn("访问令牌已过期，请在“账号”中新建一个。", code="token_expired")
    return reader_of(row, address)


def make_token(connection: Connection, reader: Reader, name: str, days: int) -> dict[str, Any]:
    """A new bearer token; its secret is told once."""
    if reader.account_id is None:
        raise NotSignedIn("新建访问令牌需要登录。")
    secret = _TOKEN_PREFIX + secrets.token_urlsafe(32)
    expires = clock.now() + timedelta(days=days)
    token_id = queries.add_token(connection, digest(secret), reader.account_id, name, expires)
    audit.record(
        connection,
        reader.name,
        "create",
        "token",
        token_id,
        address=reader.address,
        after={"name": name, "days": days},
    )
    return {
        "token": secret,
        "id": token_id,
        "name": name,
        "expires_at": expires.isoformat(timespec="seconds"),
    }


# -- Accounts ------------------------------------------------------------------------


def _check_account(values: Mapping[str, Any], known_classes: Sequence[str] | None) -> None:
    errors = []
    if "username" in values and not _USERNAME.fullmatch(values["username"]):
        errors.append(FieldError("username", "bad_username", "用户名为 2–40 个字母、数字、汉字或 . _ @ -"))
    if values.get("role") is not None and values["role"] not in ROLES:
        errors.append(FieldError("role", "unknown_role", f"角色应为 {'、'.join(ROLES)}"))
    if values.get("tier") is not None and values["tier"] not in TIERS:
        errors.append(FieldError("tier", "unknown_tier", f"密级应为 {'、'.join(TIERS)}"))
    for code in values.get("areas") or []:
        if not re.fullmatch(r"\d{2,12}", code, re.ASCII):
            errors.append(FieldError("areas", "not_a_code", f"区划代码“{code[:20]}”应为 2–12 位数字"))
    for code in values.get("classes") or []:
        if known_classes is not None and code not in known_classes:
            errors.append(FieldError("classes", "unknown_class", f"没有分类“{code[:40]}”"))
    if errors:
        raise Invalid("账号内容有误，未保存", errors=errors)


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    out = {k: v for k, v in values.items() if k != "password" and v is not None}
    if "tier" in out:
        out["tier"] = TIERS.index(out["tier"])
    return out


def add_account(
    connection: Connection, by: Reader, values: Mapping[str, Any], known_classes: Sequence[str] | None = None
) -> dict[str, Any]:
    """A new account. Raises Invalid or Conflict."""
    _check_account(values, known_classes)
    passwords.check_policy(values["password"], values["username"])
    columns = _columns(values)
    hashed = passwords.hash_password(values["password"])
    if queries.add_account(connection, {**columns, "password_hash": hashed}) is None:
        raise Conflict("这个用户名已被使用，请换一个。", code="username_taken")
    kept = {k: v for k, v in values.items() if k != "password"}
    audit.record(connection, by.name, "create", "account", values["username"], address=by.address, after=kept)
    return kept


def change_account(
    connection: Connection,
    by: Reader,
    username: str,
    changes: Mapping[str, Any],
    known_classes: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Change an account; its sessions end, so that no old right lives on."""
    account = queries.account_for_update(connection, username)
    if account is None:
        raise NotFound("没有这个账号，请核对用户名。")
    _check_account(changes, known_classes)
    columns = _columns(changes)
    if changes.get("password") is not None:
        passwords.check_policy(changes["password"], account["username"])
        columns["password_hash"] = passwords.hash_password(changes["password"])
        columns |= {"failures": 0, "locked_until": None}
    stays = columns.get("role", account["role"]) == "administrator" and columns.get(
        "active", account["active"]
    )
    was = account["role"] == "administrator" and account["active"]
    if was and not stays and queries.active_administrators(connection) < 2:
        raise Conflict(
            "这是最后一个可用的管理员账号，不能停用或改角色。请先建立另一个管理员。",
            code="last_administrator",
        )
    if columns:
        queries.update_account(connection, account["account_id"], columns)
    queries.drop_sessions(connection, account["account_id"])
    shown = {k: account[k] for k in ("role", "tier", "areas", "departments", "classes", "may", "active")}
    after = {k: v for k, v in columns.items() if k != "password_hash"}
    if "password_hash" in columns:
        after["password"] = "已重设"
    audit.record(
        connection,
        by.name,
        "update",
        "account",
        account["username"],
        address=by.address,
        before=shown,
        after=after,
    )
    fresh = queries.account_for_update(connection, username)
    assert fresh is not None
    return account_body(reader_of(fresh, "")) | {"active": fresh["active"]}


def change_own_password(connection: Connection, reader: Reader, old: str, new: str) -> None:
    """Needs the old password; every session of the account ends."""
    account = queries.account_for_update(connection, reader.name)
    if account is None or not passwords.verify(old, account["password_hash"]):
        raise Forbidden("原密码不对，密码没有改。", code="wrong_password")
    passwords.check_policy(new, reader.name)
    queries.update_account(connection, account["account_id"], {"password_hash": passwords.hash_password(new)})
    queries.drop_sessions(connection, account["account_id"])
    audit.record(connection, reader.name, "password", "account", reader.name, address=reader.address)


def list_accounts(connection: Connection) -> list[dict[str, Any]]:
    """Every account as an administrator sees it."""
    now = clock.now()
    return [
        account_body(reader_of(row, ""))
        | {"active": row["active"], "locked": bool(row["locked_until"] and row["locked_until"] > now)}
        for row in queries.accounts(connection)
    ]
