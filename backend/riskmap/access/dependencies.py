"""Who asks, for routers. Rights themselves are applied in one place: `selection.compile` and row security."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlalchemy import Connection

from riskmap.access import service
from riskmap.access.reader import PUBLIC, Reader
from riskmap.base import database
from riskmap.base.errors import Forbidden, NotSignedIn
from riskmap.base.web import ensure_disk

COOKIE = "riskmap_session"
_SAFE = {"GET", "HEAD", "OPTIONS"}


def address_of(request: Request) -> str:
    """The caller's address; behind a stated proxy uvicorn has put the client's there."""
    return request.client.host if request.client else ""


def _host(address: str) -> str:
    try:
        return urlsplit(address).netloc.lower()
    except ValueError:
        return ""


def check_same_site(request: Request) -> None:
    """A browser says where a request comes from; another site's is refused beside the CSRF token."""
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    foreign = site is not None and site not in {"same-origin", "none"}
    if origin is not None:
        # A proxy may pass on its own Host; the address that it is known by is stated.
        ours = {request.headers.get("host", "").lower(), _host(request.app.state.settings.proxy or "")}
        foreign = foreign or not _host(origin) or _host(origin) not in ours
    if foreign:
        raise Forbidden("请求来自别的网站，没有执行。请从本系统的页面操作。", code="cross_site")


def current_session(request: Request) -> service.Session | None:
    """The session of the cookie, checked for CSRF where the method writes; None without a cookie."""
    secret = request.cookies.get(COOKIE)
    if not secret:
        return None
    app = request.app.state
    session = service.find_session(app.engine, app.settings, secret, address_of(request))
    if request.method not in _SAFE:
        check_same_site(request)
        service.check_csrf(session, request.headers.get("x-csrf-token"))
    return session


def by_token(request: Request) -> bool:
    """Whether the caller shows a token; a cookie beside it does not count."""
    return "authorization" in request.headers


_MUST_CHANGE = {
    "first": "这是管理员设定的密码，请先改成自己的密码，再使用系统。",
    "expired": "密码已到期，请先修改密码，再使用系统。",
}


def _caller(request: Request) -> tuple[Reader, str | None]:
    """Who asks, and why he has to change his password first, if he has to."""
    if by_token(request):
        kind, _, secret = request.headers["authorization"].partition(" ")
        if kind.lower() != "bearer" or not secret.strip():
            raise NotSignedIn("请求头 Authorization 应为 Bearer 加访问令牌。", code="bad_token")
        # A token is a credential with an end of its own: it goes on while a password waits to be changed.
        return service.find_token(request.app.state.engine, secret.strip(), address_of(request)), None
    session = current_session(request)
    return (session.reader, session.must_change) if session else (PUBLIC, None)


def any_reader(request: Request) -> Reader:
    """Who asks, whatever his password: for what he needs in order to change it."""
    return _caller(request)[0]


def current_reader(request: Request) -> Reader:
    """Who asks: by token, by cookie, else the public.

    A credential that no longer holds is 401, never the public: nobody shall take the public's picture for his own.
    A password that has to be changed first is 403.
    """
    reader, why = _caller(request)
    if why is not None:
        raise Forbidden(_MUST_CHANGE[why], code="password_expired")
    return reader


def signed_in(reader: Annotated[Reader, Depends(current_reader)]) -> Reader:
    """Somebody with an account."""
    if reader.kind == "public":
        raise NotSignedIn("请先登录。")
    return reader


def _not_by_token(request: Request, reader: Reader) -> Reader:
    if reader.kind == "public":
        raise NotSignedIn("请先登录。")
    if by_token(request):
        raise Forbidden("访问令牌不能做这件事，请用密码登录。", code="token_not_enough")
    return reader


def by_password(request: Request, reader: Annotated[Reader, Depends(current_reader)]) -> Reader:
    """Somebody who signed in: a token shall not make another that outlives it."""
    return _not_by_token(request, reader)


def by_any_password(request: Request, reader: Annotated[Reader, Depends(any_reader)]) -> Reader:
    """The same, also with a password that has to be changed."""
    return _not_by_token(request, reader)


def session_id(request: Request) -> int | None:
    """The session that asks, or None for a token."""
    session = None if by_token(request) else current_session(request)
    return session.session_id if session else None


def administrator_to(act: str) -> Callable[[Reader], Reader]:
    """A dependency: an administrator; whoever else is told that he may not `act`."""

    def administrator(reader: Annotated[Reader, Depends(signed_in)]) -> Reader:
        if reader.role != "administrator":
            raise Forbidden(f"只有管理员可以{act}。")
        return reader

    return administrator


administrator = administrator_to("管理账号")


def auditor(reader: Annotated[Reader, Depends(signed_in)]) -> Reader:
    """An auditor; the administrator is not one."""
    if reader.role != "auditor":
        raise Forbidden("只有审计员可以查看操作记录。")
    return reader


@dataclass(frozen=True, slots=True)
class Transaction:
    """A connection and whose it is."""

    connection: Connection
    reader: Reader


def read_transaction(request: Request, reader: Annotated[Reader, Depends(signed_in)]) -> Iterator[Transaction]:
    """A read about accounts."""
    with database.read(request.app.state.engine, reader.settings()) as connection:
        yield Transaction(connection, reader)


def write_transaction(request: Request, reader: Annotated[Reader, Depends(signed_in)]) -> Iterator[Transaction]:
    """A change of accounts, committed before the answer."""
    ensure_disk(request.app.state.settings)
    with database.write(request.app.state.engine, reader.settings(write=True)) as connection:
        yield Transaction(connection, reader)


def cancel_transaction(request: Request, reader: Annotated[Reader, Depends(signed_in)]) -> Iterator[Transaction]:
    """A wish that ends work: it must be heard on a full disk too."""
    with database.write(request.app.state.engine, reader.settings(write=True)) as connection:
        yield Transaction(connection, reader)


ReadTransaction = Annotated[Transaction, Depends(read_transaction, scope="function")]
WriteTransaction = Annotated[Transaction, Depends(write_transaction, scope="function")]
CancelTransaction = Annotated[Transaction, Depends(cancel_transaction, scope="function")]
