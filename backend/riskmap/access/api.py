"""Sign-in, rights, tokens, accounts and the audit trail over HTTP."""

import tempfile
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.background import BackgroundTask

from riskmap.access import service, trail
from riskmap.access.dependencies import (
    COOKIE,
    ReadTransaction,
    WriteTransaction,
    address_of,
    administrator,
    any_reader,
    auditor,
    by_any_password,
    by_password,
    by_token,
    check_same_site,
    current_session,
    session_id,
)
from riskmap.access.passwords import Rules
from riskmap.access.reader import PUBLIC, Reader
from riskmap.base import audit, clock, database, state
from riskmap.base.errors import NotSignedIn
from riskmap.base.settings import Settings
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk, is_tls, problem_of

router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["access"])

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Role = Literal["administrator", "editor", "reader", "auditor"]
Tier = Literal["public", "department", "command"]
Codes = Annotated[list[Name], Field(max_length=50)]
May = Annotated[list[Literal["sign", "dispatch"]], Field(max_length=10)]
Id = Annotated[int, Field(ge=1, le=2**62)]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignIn(_Wire):
    """Name and password."""

    username: Name = Field(title="用户名")
    password: Word = Field(title="密码")


class NewToken(_Wire):
    """A bearer token for a program, such as desktop GIS."""

    name: Name = Field(title="令牌名称")
    days: Annotated[int, Field(title="有效天数", ge=1, le=365)] = 30


class NewAccount(_Wire):
    """An empty list means no limit."""

    username: Name = Field(title="用户名")
    password: Word = Field(title="密码")
    role: Role = Field(title="角色")
    tier: Tier = Field("department", title="可见范围")
    areas: Codes = Field([], title="管辖区划")
    departments: Codes = Field([], title="管辖部门")
    classes: Codes = Field([], title="管辖分类")
    may: May = Field([], title="签发和调度的权限")
    must_change: bool = Field(False, title="首次登录须改密码")


class AccountChange(_Wire):
    """What is absent stays; `locked: false` forgets failed sign-ins.

    `must_change` is whether a password has to be changed at the next sign-in; a new one need not, unless it says so.
    """

    role: Role | None = Field(None, title="角色")
    tier: Tier | None = Field(None, title="可见范围")
    areas: Codes | None = Field(None, title="管辖区划")
    departments: Codes | None = Field(None, title="管辖部门")
    classes: Codes | None = Field(None, title="管辖分类")
    may: May | None = Field(None, title="签发和调度的权限")
    active: bool | None = Field(None, title="启用")
    locked: Literal[False] | None = Field(None, title="锁定")
    password: Word | None = Field(None, title="密码")
    must_change: bool | None = Field(None, title="首次登录须改密码")


class PasswordChange(_Wire):
    """The old and the new password."""

    old: Word = Field(title="原密码")
    new: Word = Field(title="新密码")


def _body(made: service.SignedIn | service.Session) -> dict[str, Any]:
    """`must_change` says why nothing else is answered before the password is changed, or is null."""
    return {
        "account": service.account_body(made.reader),
        "csrf": made.csrf,
        "rights": made.reader.fingerprint,
        "must_change": made.must_change,
    }


def _rules(request: Request) -> Rules:
    return Rules.of(request.app.state.settings)


RulesHere = Annotated[Rules, Depends(_rules)]


def _idle_minutes(request: Request) -> int:
    return int(request.app.state.settings.idle_minutes)


IdleMinutes = Annotated[int, Depends(_idle_minutes)]


def _keep_cookie(response: Response, settings: Settings, secret: str) -> None:
    response.set_cookie(COOKIE, secret, httponly=True, samesite="strict", secure=is_tls(settings), path="/")


def _clear_cookie(response: Response, settings: Settings) -> None:
    response.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=is_tls(settings), path="/")


# -- Session -------------------------------------------------------------------------


@router.post("/session")
def sign_in(given: SignIn, request: Request, response: Response) -> Any:
    """Sign in; the answer's cookie is the session, its `csrf` goes into X-CSRF-Token of every write."""
    check_same_site(request)
    app = request.app.state
    old = request.cookies.get(COOKIE)
    made = service.sign_in(
        app.engine,
        given.username,
        given.password,
        address_of(request),
        old,
        agent=request.headers.get("user-agent", ""),
        rules=_rules(request),
    )
    _keep_cookie(response, app.settings, made.secret)
    return _body(made)


@router.get("/session")
def get_session(request: Request) -> Any:
    """The session of the cookie, or 401; a cookie that no longer holds is cleared."""
    try:
        session = current_session(request)
    except NotSignedIn as error:
        response = problem_of(error)
        _clear_cookie(response, request.app.state.settings)
        return response
    if session is None:
        raise NotSignedIn("尚未登录。")
    return _body(session)


@router.delete("/session", status_code=204)
def sign_out(request: Request) -> Response:
    """End the session and have the browser forget what it cached; a session that is over is no error."""
    try:
        session = current_session(request)
    except NotSignedIn:
        session = None
    if session is not None:
        service.sign_out(request.app.state.engine, session, request.cookies[COOKIE])
    response = Response(status_code=204, headers={"Clear-Site-Data": '"cache"'})
    _clear_cookie(response, request.app.state.settings)
    return response


@router.get("/rights")
def get_rights(request: Request, response: Response) -> Any:
    """The caller's `r=` and the present state, for addresses of tiles and heat.

    A page asks this first: here a cookie that no longer holds counts as none, and is cleared.
    """
    try:
        reader = any_reader(request)
    except NotSignedIn:
        if by_token(request):
            raise
        reader = PUBLIC
        _clear_cookie(response, request.app.state.settings)
    with database.read(request.app.state.engine, {}) as connection:
        now = state.current(connection)
    return {
        "rights": reader.fingerprint,
        "signed_in": reader.kind != "public",  # an account of the public tier has the public's fingerprint
        "state": now.n,
        "at": now.at.isoformat(timespec="seconds"),
        "catalogue": now.catalogue_n,
    }


@router.get("/account/password")
def get_password(request: Request, reader: Annotated[Reader, Depends(by_any_password)]) -> Any:
    """The rules for passwords, and how old one's own is."""
    with database.read(request.app.state.engine, {}) as connection:
        return service.password_state(connection, reader, _rules(request))


@router.put("/account/password", status_code=204)
def change_password(
    given: PasswordChange, request: Request, reader: Annotated[Reader, Depends(by_any_password)]
) -> Response:
    """Change one's own password; every session of the account ends, this one too."""
    app = request.app.state
    ensure_disk(app.settings)
    service.change_own_password(app.engine, reader, given.old, given.new, _rules(request))
    response = Response(status_code=204)
    _clear_cookie(response, app.settings)
    return response


@router.get("/sessions")
def list_sessions(
    transaction: ReadTransaction, idle: IdleMinutes, current: Annotated[int | None, Depends(session_id)]
) -> Any:
    """One's own live sessions, last seen first; `current` is the one that asks."""
    account_id = transaction.reader.account_id or 0
    return {"items": service.list_sessions(transaction.connection, account_id, idle, current)}


@router.delete("/sessions")
def end_other_sessions(transaction: WriteTransaction, current: Annotated[int | None, Depends(session_id)]) -> Any:
    """End every other session of one's own."""
    reader = transaction.reader
    account = service.account_or_raise(transaction.connection, reader.name)
    return {"ended": service.end_sessions(transaction.connection, reader, account, but=current)}


@router.delete("/sessions/{ended}", status_code=204)
def end_session(ended: Id, transaction: WriteTransaction) -> None:
    """End one of one's own sessions."""
    account = service.account_or_raise(transaction.connection, transaction.reader.name)
    service.end_sessions(transaction.connection, transaction.reader, account, only=ended)


# -- Tokens --------------------------------------------------------------------------


@router.post("/tokens", status_code=201, dependencies=[Depends(by_password)])
def add_token(given: NewToken, transaction: WriteTransaction) -> Any:
    """A new bearer token with the account's own rights; told once."""
    return service.make_token(transaction.connection, transaction.reader, given.name, given.days)


@router.get("/tokens")
def list_tokens(transaction: ReadTransaction) -> Any:
    """The account's tokens, without secrets, and when each was last used."""
    return {"items": service.list_tokens(transaction.connection, transaction.reader.account_id)}


@router.delete("/tokens/{token_id}", status_code=204)
def drop_token(token_id: Id, transaction: WriteTransaction) -> None:
    """Revoke a token."""
    reader = transaction.reader
    service.drop_token(transaction.connection, reader, reader.account_id, token_id)


# -- Accounts ------------------------------------------------------------------------


@router.post("/accounts", status_code=201, dependencies=[Depends(administrator)])
def add_account(given: NewAccount, transaction: WriteTransaction, rules: RulesHere) -> Any:
    """A new account (administrator)."""
    return service.add_account(transaction.connection, transaction.reader, given.model_dump(), rules)


@router.get("/accounts", dependencies=[Depends(administrator)])
def list_accounts(transaction: ReadTransaction, rules: RulesHere, idle: IdleMinutes) -> Any:
    """Every account (administrator): rights, lock, age of the password, last sign-in, live sessions and tokens."""
    return {"items": service.list_accounts(transaction.connection, rules, idle)}


@router.patch("/accounts/{username}", dependencies=[Depends(administrator)])
def change_account(username: str, given: AccountChange, transaction: WriteTransaction, rules: RulesHere) -> Any:
    """Change an account (administrator); its sessions end."""
    changes = given.model_dump(exclude_unset=True)
    return service.change_account(transaction.connection, transaction.reader, username, changes, rules)


@router.get("/accounts/{username}/sessions", dependencies=[Depends(administrator)])
def list_sessions_of(username: str, transaction: ReadTransaction, idle: IdleMinutes) -> Any:
    """Live sessions of an account (administrator)."""
    account = service.account_or_raise(transaction.connection, username)
    return {"items": service.list_sessions(transaction.connection, account["account_id"], idle)}


@router.delete("/accounts/{username}/sessions", dependencies=[Depends(administrator)])
def end_sessions_of(username: str, transaction: WriteTransaction) -> Any:
    """End every session of an account (administrator)."""
    account = service.account_or_raise(transaction.connection, username)
    return {"ended": service.end_sessions(transaction.connection, transaction.reader, account)}


@router.delete("/accounts/{username}/sessions/{ended}", status_code=204, dependencies=[Depends(administrator)])
def end_session_of(username: str, ended: Id, transaction: WriteTransaction) -> None:
    """End one session of an account (administrator)."""
    account = service.account_or_raise(transaction.connection, username)
    service.end_sessions(transaction.connection, transaction.reader, account, only=ended)


@router.get("/accounts/{username}/tokens", dependencies=[Depends(administrator)])
def list_tokens_of(username: str, transaction: ReadTransaction) -> Any:
    """Tokens of an account, without secrets (administrator)."""
    account = service.account_or_raise(transaction.connection, username)
    return {"items": service.list_tokens(transaction.connection, account["account_id"])}


@router.delete("/accounts/{username}/tokens/{token_id}", status_code=204, dependencies=[Depends(administrator)])
def drop_token_of(username: str, token_id: Id, transaction: WriteTransaction) -> None:
    """Revoke a token of an account (administrator)."""
    account = service.account_or_raise(transaction.connection, username)
    service.drop_token(
        transaction.connection, transaction.reader, account["account_id"], token_id, owner=account["username"]
    )


# -- Audit ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """What an auditor asks for; `text` is looked for in names, addresses and what was before and after."""

    kind: Annotated[str | None, Query(title="类别", max_length=40)] = None
    ref: Annotated[str | None, Query(title="对象", max_length=60)] = None
    actor: Annotated[str | None, Query(title="操作人", max_length=60)] = None
    action: Annotated[str | None, Query(title="操作", max_length=40)] = None
    result: Annotated[str | None, Query(title="结果", max_length=40)] = None
    text: Annotated[str | None, Query(title="查找的文字", max_length=100)] = None
    since: Annotated[datetime | None, Query(title="起始时间")] = None
    until: Annotated[datetime | None, Query(title="截止时间")] = None


Filters = Annotated[AuditFilters, Depends()]


@router.get("/audit", dependencies=[Depends(auditor)])
def list_audit(
    transaction: ReadTransaction,
    filters: Filters,
    cursor: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Any:
    """The audit trail, newest first (auditor only); `next` is the cursor of the following page."""
    return trail.page(transaction.connection, transaction.reader, asdict(filters) | {"before": cursor}, limit)


@router.get("/audit/check")
def check_audit(
    request: Request,
    reader: Annotated[Reader, Depends(auditor)],
    n: Annotated[int | None, Query(title="记录号", ge=1, le=2**62)] = None,
    noted: Annotated[str | None, Query(title="校验码", alias="hash", min_length=64, max_length=64)] = None,
) -> Any:
    """Whether the trail's chain holds (auditor only); `n` and `hash` are a link that was noted before."""
    engine = request.app.state.engine
    kept = (n, noted) if n is not None and noted is not None else None
    with database.read(engine, reader.settings()) as connection:
        found = trail.check(connection, kept)
    result = "ok" if found["holds"] and (found["noted"] or {"holds": True})["holds"] else "broken"
    after = {"entries": found["entries"], "broken": [place["words"] for place in found["broken"][:10]]}
    _audit(request, reader, "check", result, after)
    return found


@router.get("/audit/entries.{form}", response_class=FileResponse)
def export_audit(
    form: trail.Form, filters: Filters, request: Request, reader: Annotated[Reader, Depends(auditor)]
) -> Response:
    """Exactly the filtered entries as csv or xlsx (auditor only); that they were taken away is an entry too."""
    app = request.app.state
    ensure_disk(app.settings)
    with tempfile.NamedTemporaryFile(prefix="riskmap-", suffix=f".{form}", delete=False) as file:
        path = Path(file.name)
    try:
        with database.read(app.engine, reader.settings()) as connection:
            told = trail.export(connection, reader, asdict(filters), form, path)
        _audit(request, reader, "export", "ok", told)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return FileResponse(
        path,
        filename=f"操作记录-{clock.now():%Y%m%d-%H%M%S}.{form}",
        headers={"Cache-Control": "no-store"},
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


def _audit(request: Request, reader: Reader, action: str, result: str, after: dict[str, Any]) -> None:
    """A read of the trail, in a second short transaction, committed before the answer."""
    with database.write(request.app.state.engine, reader.settings()) as connection:
        audit.record(connection, reader.name, action, "audit", address=reader.address, result=result, after=after)
