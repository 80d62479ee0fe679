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
    current_session,
    lenient_reader,
)
from riskmap.access.reader import Reader
from riskmap.base import audit, database, state
from riskmap.base.errors import NotFound, NotSignedIn
from riskmap.base.web import ExactResponse, ExactRoute, is_tls

router = APIRouter(
    prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["access"]
)

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
Role = Literal["administrator", "editor", "reader", "auditor"]
Tier = Literal["public", "department", "command"]
Codes = Annotated[list[Name], Field(max_length=50)]


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
    may: list[Literal["sign", "dispatch"]] = []


class AccountChange(_Wire):
    """What is absent stays."""

    role: Role | None = None
    tier: Tier | None = None
    areas: Codes | None = None
    departments: Codes | None = None
    classes: Codes | None = None
    may: list[Literal["sign", "dispatch"]] | None = None
    active: bool | None = None
    password: Word | None = None


class PasswordChange(_Wire):
    """The old and the new password."""

    old: Word
    new: Word


def _body(reader: Reader, csrf: str) -> dict[str, Any]:
    return {"account": service.account_body(reader), "csrf": csrf, "rights": reader.fingerprint}


@router.post("/session")
def sign_in(given: SignIn, request: Request, response: Response) -> Any:
    """Sign in; the answer's cookie is the session, its `csrf` goes into X-CSRF-Token of every write."""
    app = request.app.state
    made = service.sign_in(app.engine, given.username, given.password, address_of(request))
    old = request.cookies.get(COOKIE)
    if old:
        with database.write(app.engine, {}) as connection:
            queries.drop_session(connection, service.digest(old))
    response.set_cookie(
        COOKIE, made.secret, httponly=True, samesite="strict", secure=is_tls(app.settings), path="/"
    )
    response.headers["Cache-Control"] = "no-store"
    return _body(made.reader, made.csrf)


@router.get("/session")
def get_session(request: Request, response: Response) -> Any:
    """The session of the cookie, or 401."""
    session = current_session(request)
    response.headers["Cache-Control"] = "no-store"
    if session is None:
        raise NotSignedIn("尚未登录。")
    return _body(session.reader, session.csrf)


@router.delete("/session", status_code=204)
def sign_out(request: Request) -> Response:
    """End the session and have the browser forget what it cached."""
    session = current_session(request)
    if session is not None:
        with database.write(request.app.state.engine, {}) as connection:
            queries.drop_session(connection, service.digest(request.cookies[COOKIE]))
            audit.record(
                connection, session.reader.name, "sign_out", "session", address=session.reader.address
            )
    response = Response(status_code=204, headers={"Clear-Site-Data": '"cache"', "Cache-Control": "no-store"})
    response.delete_cookie(COOKIE, path="/")
    return response


@router.get("/rights")
def get_rights(
    request: Request, response: Response, reader: Annotated[Reader, Depends(lenient_reader)]
) -> Any:
    """The caller's `r=` and the present state, for addresses of tiles and heat."""
    with database.read(request.app.state.engine, {}) as connection:
        now = state.current(connection)
    response.headers["Cache-Control"] = "no-store"
    return {
        "rights": reader.fingerprint,
        "state": now.n,
        "at": now.at.isoformat(timespec="seconds"),
        "signed_in": reader.kind == "account",
    }


@router.post("/tokens", status_code=201)
def add_token(given: NewToken, transaction: WriteTransaction) -> Any:
    """A new bearer token with the account's own rights; told once."""
    return service.make_token(transaction.connection, transaction.reader, given.name, given.days)


@router.get("/tokens")
def list_tokens(transaction: ReadTransaction) -> Any:
    """The account's tokens, without secrets."""
    return {"items": queries.tokens(transaction.connection, transaction.reader.account_id or 0)}


@router.delete("/tokens/{token_id}", status_code=204)
def drop_token(token_id: int, transaction: WriteTransaction) -> None:
    """Revoke a token."""
    if not queries.drop_token(transaction.connection, transaction.reader.account_id or 0, token_id):
        raise NotFound("没有这个访问令牌。")
    audit.record(
        transaction.connection,
        transaction.reader.name,
        "delete",
        "token",
        token_id,
        address=transaction.reader.address,
    )


@router.put("/account/password", status_code=204)
def change_password(given: PasswordChange, transaction: WriteTransaction) -> None:
    """Change one's own password; every session of the account ends."""
    service.change_own_password(transaction.connection, transaction.reader, given.old, given.new)


@router.post("/accounts", status_code=201)
def add_account(
    given: NewAccount, transaction: WriteTransaction, _: Annotated[Reader, Depends(administrator)]
) -> Any:
    """A new account (administrator)."""
    return service.add_account(transaction.connection, transaction.reader, given.model_dump())


@router.get("/accounts")
def list_accounts(transaction: ReadTransaction, _: Annotated[Reader, Depends(administrator)]) -> Any:
    """Every account (administrator)."""
    return {"items": service.list_accounts(transaction.connection)}


@router.patch("/accounts/{username}")
def change_account(
    username: str,
    given: AccountChange,
    transaction: WriteTransaction,
    _: Annotated[Reader, Depends(administrator)],
) -> Any:
    """Change an account (administrator); its sessions end."""
    return service.change_account(
        transaction.connection, transaction.reader, username, given.model_dump(exclude_unset=True)
    )


@router.get("/audit")
def list_audit(
    transaction: ReadTransaction,
    _: Annotated[Reader, Depends(auditor)],
    kind: Annotated[str | None, Query(max_length=40)] = None,
    ref: Annotated[str | None, Query(max_length=60)] = None,
    actor: Annotated[str | None, Query(max_length=60)] = None,
    action: Annotated[str | None, Query(max_length=40)] = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> Any:
    """The audit trail, newest first (auditor only); `before` pages on."""
    filters = {"kind": kind, "ref": ref, "actor": actor, "action": action, "since": since, "until": until}
    items = queries.audit_page(transaction.connection, filters, before, limit + 1)
    following = items[limit - 1]["id"] if len(items) > limit else None
    return {"items": items[:limit], "next": following}
