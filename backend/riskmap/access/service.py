"""Who is this, and may he: sign-in, sessions, tokens, accounts."""

import hashlib
import hmac
import logging
import re
import secrets
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from riskmap.access import passwords, queries
from riskmap.access.passwords import Rules
from riskmap.access.reader import ROLES, TIERS, Reader
from riskmap.base import audit, clock, database, state
from riskmap.base.errors import (
    Conflict,
    FieldError,
    Forbidden,
    Invalid,
    Locked,
    NotFound,
    NotSignedIn,
    RiskmapError,
    TooMany,
)
from riskmap.base.settings import Settings
from riskmap.catalogue import queries as catalogue_queries

log = logging.getLogger(__name__)

T = TypeVar("T")

FAILURES = 5
LOCK_FOR = timedelta(minutes=10)
SESSION_FOR = timedelta(hours=12)
FAILURES_A_MINUTE = 30  # from one address: a whole office may stand behind it, so those that succeed are free
MOST_TOKENS = 20
_TOUCH_EVERY = timedelta(minutes=1)
_MOST_KEPT = 10_000
_MOST_LIMITS = 50
_MOST_AGENT = 300  # characters of what a browser calls itself
_TOKEN_MARK = "rm_"  # noqa: S105 - what every token begins with
_USERNAME = re.compile(r"[\w.@-]{2,40}")
_AREA = re.compile(r"[0-9]{2,12}")
_LISTS = ("areas", "departments", "classes", "may")
_RIGHTS = ("role", "tier", *_LISTS, "active")
_WRONG = "用户名或密码不对，请核对后再试。连续错 5 次将锁定 10 分钟。"
_UNKNOWN = "没有这个账号，请核对用户名。"
_LOCKED = "连续多次输错密码，已锁定 10 分钟。请稍后再试，或请管理员解锁。"


def digest(secret: str) -> str:
    """What is stored of a session's or token's secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


def as_username(given: str) -> str:
    """A name as it is stored: full-width letters of an input method are the plain ones."""
    return unicodedata.normalize("NFKC", given).strip()


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


def check_still_holds(connection: Connection, reader: Reader) -> None:
    """Long work keeps the rights that it was made with, for as long as its account has them. Raises Forbidden."""
    if reader.account_id is None:
        return
    account = queries.account(connection, reader.name)
    if account is None or account["account_id"] != reader.account_id or not account["active"]:
        raise Forbidden("提交这个任务的账号已停用，没有写入任何数据。")
    now = reader_of(account, reader.address)
    if (now.role, now.fingerprint) != (reader.role, reader.fingerprint):
        raise Forbidden("提交这个任务的账号权限已改，没有写入任何数据。请重新提交。")


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


def must_change(account: Mapping[str, Any], rules: Rules) -> str | None:
    """Why the password has to be changed before anything else: "first" or "expired"; None where it need not be."""
    if account["must_change"]:
        return "first"
    expires_at = rules.expires_at(account["password_set_at"])
    return "expired" if expires_at is not None and expires_at <= clock.now() else None


# -- Guessing ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Tries:
    """Failed sign-ins of one name."""

    failures: int = 0
    locked_until: datetime | None = None

    def is_locked(self, now: datetime) -> bool:
        """Whether not even the right password is taken."""
        return self.locked_until is not None and self.locked_until > now

    def failed(self, now: datetime) -> "_Tries":
        """One more; the fifth locks, and the count begins anew."""
        n = self.failures + 1
        return _Tries(0, now + LOCK_FOR) if n >= FAILURES else _Tries(n)


class _Guard:
    """What one service remembers, bounded: failures by address, and those of names that no account has."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._addresses: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._unknown: OrderedDict[str, _Tries] = OrderedDict()

    def is_flooded(self, address: str, now: datetime) -> bool:
        """Whether too many sign-ins failed from here within a minute."""
        with self._lock:
            since, n = self._addresses.get(address, (now, 0))
            return n >= FAILURES_A_MINUTE and now - since <= timedelta(minutes=1)

    def fail_address(self, address: str, now: datetime) -> None:
        """Count one."""
        with self._lock:
            since, n = self._addresses.pop(address, (now, 0))
            self._addresses[address] = (since, n + 1) if now - since <= timedelta(minutes=1) else (now, 1)
            _bound(self._addresses)

    def tries(self, name: str) -> _Tries:
        """Of a name that no account has."""
        with self._lock:
            return self._unknown.get(name.lower(), _Tries())

    def fail(self, name: str, now: datetime) -> bool:
        """Count one; whether the name was locked already, as an account would have been."""
        with self._lock:
            tries = self._unknown.pop(name.lower(), _Tries())
            locked = tries.is_locked(now)
            self._unknown[name.lower()] = tries if locked else tries.failed(now)
            _bound(self._unknown)
            return locked


def _bound(kept: OrderedDict[str, Any]) -> None:
    while len(kept) > _MOST_KEPT:
        kept.popitem(last=False)


_guards: "WeakKeyDictionary[Engine, _Guard]" = WeakKeyDictionary()
_guards_lock = threading.Lock()


def _guard(engine: Engine) -> _Guard:
    with _guards_lock:
        return _guards.setdefault(engine, _Guard())


def _tries_of(account: Mapping[str, Any]) -> _Tries:
    return _Tries(account["failures"], account["locked_until"])


def _with_password(
    engine: Engine,
    username: str,
    password: str,
    address: str,
    action: tuple[str, str],
    then: Callable[[Connection, dict[str, Any]], T],
    wrong: RiskmapError,
) -> T:
    """Do `then` in one transaction with the check of a password, its count and its audit.

    The hash is worked out between two short transactions, so that guessers hold no connection;
    what counts is decided in the second, under the account's row lock. Raises `wrong` or Locked,
    for unknown names as for known ones, and TooMany.
    """
    guard = _guard(engine)
    now = clock.now()
    if guard.is_flooded(address, now):
        raise TooMany("密码输错过于频繁，请一分钟后再试。")
    with database.read(engine, {}) as connection:
        seen = queries.account(connection, username)
    tries = _tries_of(seen) if seen else guard.tries(username)
    stored = seen["password_hash"] if seen else None
    right = not tries.is_locked(now) and passwords.verify(password, stored)
    with database.write(engine, {}) as connection:
        account = queries.account(connection, username, lock=True)
        if account is None:
            refused: RiskmapError | None = Locked(_LOCKED) if guard.fail(username, now) else wrong
        elif _tries_of(account).is_locked(now):
            refused = Locked(_LOCKED)
        elif not right or not account["active"] or account["password_hash"] != stored:
            tries = _tries_of(account).failed(now)
            queries.set_failures(connection, account["account_id"], tries.failures, tries.locked_until)
            refused = wrong
        else:
            refused = None
        name = account["username"] if account else username[:40]
        result = refused.code if refused else "ok"
        audit.record(connection, name, *action, name, address=address, result=result)
        if refused is None and account is not None:
            if account["failures"] or account["locked_until"]:
                queries.set_failures(connection, account["account_id"], 0, None)
            return then(connection, account)
    assert refused is not None
    guard.fail_address(address, now)
    raise refused


# -- Sessions ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session: the secret goes into the cookie, once."""

    secret: str
    csrf: str
    reader: Reader
    must_change: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """A live session."""

    reader: Reader
    csrf: str
    session_id: int
    must_change: str | None


def sign_in(
    engine: Engine,
    username: str,
    password: str,
    address: str,
    old_secret: str | None = None,
    *,
    agent: str = "",
    rules: Rules | None = None,
) -> SignedIn:
    """A new session; the one that the browser had before ends. Raises NotSignedIn, Locked or TooMany."""
    now = clock.now()

    def begin(connection: Connection, account: dict[str, Any]) -> SignedIn:
        if old_secret:
            queries.drop_session(connection, digest(old_secret))
        secret, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
        account_id, expires = account["account_id"], now + SESSION_FOR
        told = "".join(c for c in agent if c.isprintable())[:_MOST_AGENT]
        queries.add_session(connection, digest(secret), account_id, csrf, now, expires, address, told)
        queries.update_account(connection, account_id, {"signed_in_at": now})
        return SignedIn(secret, csrf, reader_of(account, address), must_change(account, rules or Rules()))

    wrong = NotSignedIn(_WRONG, code="wrong_password")
    return _with_password(engine, as_username(username), password, address, ("sign_in", "session"), begin, wrong)


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
        _touch(engine, lambda c: queries.touch_session(c, hashed, now, now - _TOUCH_EVERY, address))
    why = must_change(row, Rules.of(settings))
    return Session(reader_of(row, address), row["csrf"], row["session_id"], why)


def _touch(engine: Engine, write: Callable[[Connection], None]) -> None:
    """In a transaction of its own. A database that cannot write just now can still be read."""
    try:
        with database.write(engine, {}) as connection:
            write(connection)
    except DBAPIError as error:
        log.warning("the time of a session or token could not be kept: %s", type(error.orig).__name__)


def check_csrf(session: Session, given: str | None) -> None:
    """Raises Forbidden unless the page sent the session's own token."""
    if not hmac.compare_digest((given or "").encode(), session.csrf.encode()):
        raise Forbidden("页面已过期，操作没有执行。请刷新页面后再试。", code="stale_csrf")


def sign_out(engine: Engine, session: Session, secret: str) -> None:
    """End a session."""
    with database.write(engine, {}) as connection:
        queries.drop_session(connection, digest(secret))
        reader = session.reader
        audit.record(connection, reader.name, "sign_out", "session", reader.name, address=reader.address)


def list_sessions(
    connection: Connection, account_id: int, idle_minutes: int, current: int | None = None
) -> list[dict[str, Any]]:
    """Live sessions of an account; `current` is the one that asks."""
    now = clock.now()
    found = queries.sessions(connection, account_id, now, now - timedelta(minutes=idle_minutes))
    return [session | {"current": session["id"] == current} for session in found]


def end_sessions(
    connection: Connection, by: Reader, account: Mapping[str, Any], *, only: int | None = None, but: int | None = None
) -> int:
    """End sessions of an account: all, one, or all but one; how many. Raises NotFound where there is no such one."""
    ended = queries.drop_sessions(connection, account["account_id"], only=only, but=but)
    if only is not None and not ended:
        raise NotFound("没有这个登录，可能已经退出。")
    if ended:
        after = {"sessions": ended} | ({"id": only} if only is not None else {})
        audit.record(
            connection, by.name, "end_sessions", "session", account["username"], address=by.address, after=after
        )
    return ended


# -- Tokens --------------------------------------------------------------------------


def find_token(engine: Engine, secret: str, address: str) -> Reader:
    """The reader of a bearer token. Raises NotSignedIn."""
    row = None
    if secret.startswith(_TOKEN_MARK):
        with database.read(engine, {}) as connection:
            row = queries.token(connection, digest(secret))
    if row is None or not row["active"]:
        raise NotSignedIn("访问令牌无效，请登录后新建一个。", code="bad_token")
    if row["expires_at"] <= clock.now():
        raise NotSignedIn("访问令牌已过期，请登录后新建一个。", code="token_expired")
    now = clock.now()
    if row["used_at"] is None or now - row["used_at"] > _TOUCH_EVERY:
        _touch(engine, lambda c: queries.touch_token(c, digest(secret), now, now - _TOUCH_EVERY))
    return reader_of(row, address)


def make_token(connection: Connection, reader: Reader, name: str, days: int) -> dict[str, Any]:
    """A new bearer token; its secret is told once. Raises Conflict where there are many already."""
    if reader.account_id is None:
        raise NotSignedIn("新建访问令牌需要登录。")
    now = clock.now()
    queries.drop_tokens(connection, reader.account_id, expired_at=now - timedelta(days=30))
    if sum(t["expires_at"] > now for t in queries.tokens(connection, reader.account_id)) >= MOST_TOKENS:
        raise Conflict(f"有效的访问令牌已有 {MOST_TOKENS} 个，请先删去不用的。", code="too_many_tokens")
    secret = _TOKEN_MARK + secrets.token_urlsafe(32)
    expires = now + timedelta(days=days)
    token_id = queries.add_token(connection, digest(secret), reader.account_id, name, expires)
    told = {"name": name, "expires_at": expires.isoformat(timespec="seconds")}
    audit.record(connection, reader.name, "create", "token", token_id, address=reader.address, after=told)
    return {"token": secret, "id": token_id, **told}


def list_tokens(connection: Connection, account_id: int | None) -> list[dict[str, Any]]:
    """The account's tokens, without secrets."""
    now = clock.now()
    found = queries.tokens(connection, account_id or 0)
    return [token | {"expired": token["expires_at"] <= now} for token in found]


def drop_token(connection: Connection, by: Reader, account_id: int | None, token_id: int, owner: str = "") -> None:
    """Revoke one of the account's tokens; `owner` where it is not one's own. Raises NotFound."""
    name = queries.drop_token(connection, account_id or 0, token_id)
    if name is None:
        raise NotFound("没有这个访问令牌，可能已被删去。")
    before = {"name": name} | ({"username": owner} if owner else {})
    audit.record(connection, by.name, "delete", "token", token_id, address=by.address, before=before)


# -- Accounts ------------------------------------------------------------------------


def _check_account(values: Mapping[str, Any], known_classes: Collection[str]) -> None:
    errors = []
    if "username" in values and not _USERNAME.fullmatch(values["username"]):
        errors.append(FieldError("username", "bad_username", "用户名为 2–40 个字母、数字、汉字或 . _ @ -"))
    if values.get("role") is not None and values["role"] not in ROLES:
        errors.append(FieldError("role", "unknown_role", f"角色应为 {'、'.join(ROLES)}"))
    if values.get("tier") is not None and values["tier"] not in TIERS:
        errors.append(FieldError("tier", "unknown_tier", f"密级应为 {'、'.join(TIERS)}"))
    for name in _LISTS:
        if len(values.get(name) or []) > _MOST_LIMITS:
            errors.append(FieldError(name, "too_long", f"最多 {_MOST_LIMITS} 个"))
    for code in values.get("areas") or []:
        if not _AREA.fullmatch(code):
            errors.append(FieldError("areas", "not_a_code", f"区划代码“{code[:20]}”应为 2–12 位数字"))
    for code in values.get("classes") or []:
        if code not in known_classes:
            errors.append(FieldError("classes", "unknown_class", f"没有分类“{code[:40]}”，请核对分类代码"))
    if errors:
        raise Invalid("账号内容有误，没有保存", errors=errors)


def _known_classes(connection: Connection) -> Collection[str]:
    return catalogue_queries.load(connection, state.current(connection).catalogue_n).classes


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """As the table has them: what is None stays, nothing twice, the tier as its number."""
    out = {k: v for k, v in values.items() if k in {"username", *_RIGHTS} and v is not None}
    out |= {name: list(dict.fromkeys(out[name])) for name in _LISTS if name in out}
    if "tier" in out:
        out["tier"] = TIERS.index(out["tier"])
    return out


def _shown(account: Mapping[str, Any]) -> dict[str, Any]:
    """Rights as administrators and auditors read them; never a hash."""
    shown = {k: account[k] for k in _RIGHTS if k in account}
    return shown | ({"tier": TIERS[shown["tier"]]} if "tier" in shown else {})


def _listed(account: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    tries = _tries_of(account)
    locked = tries.is_locked(clock.now())
    return {
        "username": account["username"],
        **_shown(account),
        "locked": locked,
        "locked_until": tries.locked_until if locked else None,
        "must_change": must_change(account, rules),
        "password_set_at": account["password_set_at"],
        "password_expires_at": rules.expires_at(account["password_set_at"]),
    }


def account_or_raise(connection: Connection, username: str) -> dict[str, Any]:
    """The account of a name. Raises NotFound."""
    account = queries.account(connection, as_username(username))
    if account is None:
        raise NotFound(_UNKNOWN)
    return account


def list_accounts(connection: Connection, rules: Rules, idle_minutes: int) -> list[dict[str, Any]]:
    """Every account as an administrator sees it."""
    now = clock.now()
    rows = queries.accounts(connection, now, now - timedelta(minutes=idle_minutes))
    also = ("made_at", "signed_in_at", "sessions", "tokens")
    return [_listed(row, rules) | {name: row[name] for name in also} for row in rows]


def add_account(
    connection: Connection, by: Reader, values: Mapping[str, Any], rules: Rules | None = None
) -> dict[str, Any]:
    """A new account. Raises Invalid or Conflict."""
    rules = rules or Rules()
    values = dict.fromkeys(_LISTS, ()) | dict(values) | {"username": as_username(values["username"])}
    _check_account(values, _known_classes(connection))
    rules.check(values["password"], values["username"])
    columns = _columns(values) | {"must_change": bool(values.get("must_change"))}
    hashed = passwords.hash_password(values["password"])
    if not queries.add_account(connection, columns | {"password_hash": hashed}):
        raise Conflict("这个用户名已被使用，请换一个。", code="username_taken")
    made = queries.account(connection, values["username"])
    assert made is not None
    audit.record(connection, by.name, "create", "account", made["username"], address=by.address, after=_shown(made))
    return _listed(made, rules)


def _used(account: Mapping[str, Any], rules: Rules) -> list[str]:
    """Hashes that the next password is held against, newest first."""
    return [account["password_hash"], *account["old_hashes"]][: rules.history]


def _new_password(account: Mapping[str, Any], hashed: str, rules: Rules) -> dict[str, Any]:
    """Columns of an account whose password is another from now on."""
    return {
        "password_hash": hashed,
        "password_set_at": clock.now(),
        "old_hashes": _used(account, rules),
        "must_change": False,
    }


def change_account(
    connection: Connection, by: Reader, username: str, changes: Mapping[str, Any], rules: Rules | None = None
) -> dict[str, Any]:
    """Change an account; its sessions end, so that no old right lives on. None stays as it is.

    `password` sets a new one, to be changed at the next sign-in where `must_change` says so, and
    `locked: False` forgets failed sign-ins. A new password, like the end of an account, also revokes
    its tokens. Raises NotFound, Invalid, and Conflict for the last administrator.
    """
    rules = rules or Rules()
    _check_account(changes, _known_classes(connection) if changes.get("classes") else ())
    password = changes.get("password")
    if password is not None:
        seen = account_or_raise(connection, username)
        rules.check(password, seen["username"])
        rules.check_new(password, _used(seen, rules))
        hashed = passwords.hash_password(password)
    queries.lock_accounts(connection)
    account = queries.account(connection, as_username(username), lock=True)
    if account is None:
        raise NotFound(_UNKNOWN)
    columns = {k: v for k, v in _columns(changes).items() if v != account[k]}
    told = _shown(columns)
    if password is not None:
        columns |= _new_password(account, hashed, rules)
        told["password"] = "已重设"  # noqa: S105 - says that there is a new one
    if (password is not None or changes.get("locked") is False) and (account["failures"] or account["locked_until"]):
        columns |= {"failures": 0, "locked_until": None}
        told["locked"] = False
    wish = changes.get("must_change")
    if wish is not None and wish != columns.get("must_change", account["must_change"]):
        columns["must_change"] = wish
        told["must_change"] = wish
    if not columns:
        return _listed(account, rules)
    queries.update_account(connection, account["account_id"], columns)
    if account["role"] == "administrator" and account["active"] and not queries.active_administrators(connection):
        raise Conflict(
            "这是最后一个可用的管理员账号，不能停用或改角色。请先建立另一个管理员。", code="last_administrator"
        )
    if told.keys() - {"locked", "must_change"}:
        queries.drop_sessions(connection, account["account_id"])
    if password is not None or columns.get("active") is False:
        queries.drop_tokens(connection, account["account_id"])
    before = {k: v for k, v in _shown(account).items() if k in told}
    audit.record(
        connection,
        by.name,
        "update",
        "account",
        account["username"],
        address=by.address,
        before=before,
        after=told,
    )
    fresh = queries.account(connection, account["username"])
    assert fresh is not None
    return _listed(fresh, rules)


def password_state(connection: Connection, reader: Reader, rules: Rules) -> dict[str, Any]:
    """One's own password: the rules, since when, until when."""
    account = account_or_raise(connection, reader.name)
    return {
        "rules": {
            "length": rules.length,
            "most": passwords.MOST,
            "kinds": rules.kinds,
            "long": rules.long,
            "history": rules.history,
        },
        "days": rules.days,
        "words": rules.words,
        "set_at": account["password_set_at"],
        "expires_at": rules.expires_at(account["password_set_at"]),
        "must_change": must_change(account, rules),
    }


def change_own_password(engine: Engine, reader: Reader, old: str, new: str, rules: Rules | None = None) -> None:
    """Needs the old password, counted like a sign-in; every session of the account ends."""
    rules = rules or Rules()
    rules.check(new, reader.name, field="new")
    hashed = passwords.hash_password(new)

    def change(connection: Connection, account: dict[str, Any]) -> None:
        # Only here, where the old password has proved right: the answer would tell a guesser.
        rules.check_new(new, _used(account, rules), field="new")
        queries.update_account(connection, account["account_id"], _new_password(account, hashed, rules))
        queries.drop_sessions(connection, account["account_id"])

    if old == new:
        raise Invalid("密码没有改", errors=[FieldError("new", "same_password", "新密码与原密码相同，请换一个")])
    wrong = Forbidden("原密码不对，密码没有改。连续错 5 次将锁定 10 分钟。", code="wrong_password")
    _with_password(engine, reader.name, old, reader.address, ("password", "account"), change, wrong)
