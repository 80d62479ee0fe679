"""Sign-in, rights, tokens, accounts and the audit trail over HTTP."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from riskmap.access import queries, service
from riskmap.access.dependencies import (
    COOKIE,
    ReadTransaction,
    WriteTransaction,
    address_of,
    administrator,
    auditor,
    by_password,
    by_token,
    check_same_site,
    current_reader,
    current_session,
)
from riskmap.access.reader import PUBLIC, Reader
from riskmap.base import database, state
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

    username: Name
    password: Word


class NewToken(_Wire):
    """A bearer token for a program, such as desktop GIS."""

    name: Name
    days: Annotated[int, Field(ge=1, le=365)] = 30


class NewAccount(_Wire):
    """An empty list means no limit."""

    username: Name
    password: Word
    role: Role
    tier: Tier = "department"
    areas: Codes = []
    departments: Codes = []
    classes: Codes = []
    may: May = []


class AccountChange(_Wire):
    """What is absent stays; `locked: false` forgets failed sign-ins."""

    role: Role | None = None
    tier: Tier | None = None
    areas: Codes | None = None
    departments: Codes | None = None
    classes: Codes | None = None
    may: May | None = None
    active: bool | None = None
    locked: Literal[False] | None = None
    password: Word | None = None


class PasswordChange(_Wire):
    """The old and the new password."""

    old: Word
    new: Word


def _body(reader: Reader, csrf: str) -> dict[str, Any]:
    return {"account": service.account_body(reader), "csrf": csrf, "rights": reader.fingerprint}


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
    made = service.sign_in(app.engine, given.username, given.password, address_of(request), old)
    _keep_cookie(response, app.settings, made.secret)
    return _body(made.reader, made.csrf)


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
    return _body(session.reader, session.csrf)


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
        reader = current_reader(request)
    except NotSignedIn:
        if by_token(request):
            raise
        reader = PUBLIC
        _clear_cookie(response, request.app.state.settings)
    with database.read(request.app.state.engine, {}) as connection:
        now = state.current(connection)
    return {"rights": reader.fingerprint, "state": now.n, "at": now.at.isoformat(timespec="seconds")}


@router.put("/account/password", status_code=204)
def change_password(
    given: PasswordChange, request: Request, reader: Annotated[Reader, Depends(by_password)]
) -> Response:
    """Change one's own password; every session of the account ends, this one too."""
    app = request.app.state
    ensure_disk(app.settings)
    service.change_own_password(app.engine, reader, given.old, given.new)
    response = Response(status_code=204)
    _clear_cookie(response, app.settings)
    return response


# -- Tokens --------------------------------------------------------------------------


@router.post("/tokens", status_code=201, dependencies=[Depends(by_password)])
def add_token(given: NewToken, transaction: WriteTransaction) -> Any:
    """A new bearer token with the account's own rights; told once."""
    return service.make_token(transaction.connection, transaction.reader, given.name, given.days)


@router.get("/tokens")
def list_tokens(transaction: ReadTransaction) -> Any:
    """The account's tokens, without secrets."""
    return {"items": service.list_tokens(transaction.connection, transaction.reader)}


@router.delete("/tokens/{token_id}", status_code=204)
def drop_token(token_id: Id, transaction: WriteTransaction) -> None:
    """Revoke a token."""
    service.drop_token(transaction.connection, transaction.reader, token_id)


# -- Accounts ------------------------------------------------------------------------


@router.post("/accounts", status_code=201, dependencies=[Depends(administrator)])
def add_account(given: NewAccount, transaction: WriteTransaction) -> Any:
    """A new account (administrator)."""
    return service.add_account(transaction.connection, transaction.reader, given.model_dump())


@router.get("/accounts", dependencies=[Depends(administrator)])
def list_accounts(transaction: ReadTransaction) -> Any:
    """Every account (administrator)."""
    return {"items": service.list_accounts(transaction.connection)}


@router.patch("/accounts/{username}", dependencies=[Depends(administrator)])
def change_account(username: str, given: AccountChange, transaction: WriteTransaction) -> Any:
    """Change an account (administrator); its sessions end."""
    changes = given.model_dump(exclude_unset=True)
    return service.change_account(transaction.connection, transaction.reader, username, changes)


# -- Audit ---------------------------------------------------------------------------


@router.get("/audit", dependencies=[Depends(auditor)])
def list_audit(
    transaction: ReadTransaction,
    kind: Annotated[str | None, Query(max_length=40)] = None,
    ref: Annotated[str | None, Query(max_length=60)] = None,
    actor: Annotated[str | None, Query(max_length=60)] = None,
    action: Annotated[str | None, Query(max_length=40)] = None,
    result: Annotated[str | None, Query(max_length=40)] = None,
    since: datetime | None = None,
    until: datetime | None = None,
    cursor: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Any:
    """The audit trail, newest first (auditor only); `next` is the cursor of the following page."""
    filters = {"kind": kind, "ref": ref, "actor": actor, "action": action, "result": result}
    filters_of_time = {"since": since, "until": until, "before": cursor}
    items = queries.audit_page(transaction.connection, filters | filters_of_time, limit + 1)
    following = items[limit - 1]["id"] if len(items) > limit else None
    return {"items": items[:limit], "next": following}
