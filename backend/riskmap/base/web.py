"""HTTP glue that knows nothing of the register: exact JSON, problems, bounds, headers."""

import dataclasses
import functools
import inspect
import json
import logging
import os
import re
import uuid
from collections.abc import Awaitable, Callable, Iterator, Mapping
from decimal import Decimal
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import Any, NoReturn

import psycopg2
import simplejson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from riskmap.base import refused
from riskmap.base.errors import (
    DiskFull,
    FieldError,
    Invalid,
    Locked,
    NotSignedIn,
    RiskmapError,
    TooLarge,
    TooMany,
    Unavailable,
    status_of,
)
from riskmap.base.settings import Settings

log = logging.getLogger(__name__)

MOST_BODY = 2 << 20
_MOST_DEPTH = 32
_MOST_NUMBER = 60  # characters
_MOST_EXPONENT = 60  # of ten: 1e999999999 is ten characters, and a thousand million digits written out
_OFF_THE_LOOP = 64 << 10  # bytes: a longer body is parsed in a thread
_UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}

# -- Exact JSON --------------------------------------------------------------------

# Of text that has been parsed, so that every string is closed and one pass is enough.
_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[{]|[\]}]')
# NUL and half a surrogate pair are JSON, but no text that PostgreSQL or UTF-8 can hold.
_SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _refuse_json(detail: str, code: str = "bad_json") -> Invalid:
    return Invalid(detail, code=code, errors=[FieldError("body", code, detail)])


def _constant(name: str) -> NoReturn:
    raise _refuse_json(f"JSON 中不能有 {name}：请填写有限的数字，没有就留空")


def _number(text: str) -> Decimal:
    value = Decimal(text) if len(text) <= _MOST_NUMBER else None
    if value is None or abs(value.adjusted()) > _MOST_EXPONENT:
        raise _refuse_json("JSON 中有过大、过小或位数过多的数字，请核对")
    return value


def _integer(text: str) -> int:
    if len(text) > _MOST_NUMBER:
        raise _refuse_json("JSON 中有过大、过小或位数过多的数字，请核对")
    return int(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        raise _refuse_json("JSON 中同一个名字出现了两次，请只保留一个")
    return out


def _depth(text: str) -> int:
    depth = deepest = 0
    for found in _BRACKET.finditer(text):
        first = text[found.start()]
        depth += (first in "[{") - (first in "]}")
        deepest = max(deepest, depth)
    return deepest


def _texts(value: Any) -> Iterator[str]:
    """Every string in a parsed body, names too."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, dict):
            waiting += one.keys()
            waiting += one.values()


def parse_exact(body: bytes) -> Any:
    """JSON with exact decimals. Raises Invalid: NaN, vast numbers, repeated names, deep nesting, no text."""
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(
            text,
            parse_float=_number,
            parse_int=_integer,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
    except UnicodeDecodeError:
        raise _refuse_json("内容不是 UTF-8 编码，请另存为 UTF-8 后再发") from None
    except json.JSONDecodeError as error:
        where = f"第 {error.lineno} 行第 {error.colno} 个字"
        raise _refuse_json(f"JSON 不完整或有误（{where}），请重新发送") from None
    except RecursionError:
        raise _refuse_json(f"JSON 嵌套过深（最多 {_MOST_DEPTH} 层）") from None
    if text.count("[") + text.count("{") > _MOST_DEPTH and _depth(text) > _MOST_DEPTH:
        raise _refuse_json(f"JSON 嵌套过深（最多 {_MOST_DEPTH} 层）")
    if _SUSPECT.search(text) and any(_UNSTORABLE.search(t) for t in _texts(value)):
        raise _refuse_json("文字中有无法保存的字符（空字符或半个字符），请删去后再发")
    return value


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))


class _ExactRequest(Request):
    async def json(self) -> Any:
        if not hasattr(self, "_exact"):
            body = await self.body()
            if len(body) > _OFF_THE_LOOP:
                self._exact = await run_in_threadpool(parse_exact, body)
            else:
                self._exact = parse_exact(body)
        return self._exact


class _Rendered(str):
    """JSON text of an answer. FastAPI passes a string on as it is; a Decimal it would turn into a string."""

    __slots__ = ()


def _rendering(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """The endpoint, its result already written as JSON.

    In the endpoint's own thread, and inside its transaction: what cannot be written is not committed either.
    """

    def render(result: Any) -> Any:
        return result if isinstance(result, Response | _Rendered) else _Rendered(dump_exact(result))

    if inspect.isgeneratorfunction(endpoint) or inspect.isasyncgenfunction(endpoint):
        return endpoint
    if inspect.iscoroutinefunction(endpoint):

        @functools.wraps(endpoint)
        async def answer_later(*args: Any, **named: Any) -> Any:
            return render(await endpoint(*args, **named))

        return answer_later

    @functools.wraps(endpoint)
    def answer(*args: Any, **named: Any) -> Any:
        return render(endpoint(*args, **named))

    return answer


class ExactRoute(APIRoute):
    """Reads request bodies with `parse_exact`; writes results with `dump_exact`, past FastAPI's own encoder."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """A response model is kept for the documentation only."""
        model = options.pop("response_model", None)
        if isinstance(model, type):
            status = options.get("status_code") or 200
            options["responses"] = {status: {"model": model}} | (options.get("responses") or {})
        super().__init__(path, _rendering(endpoint), response_model=None, **options)

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """The usual handler with an exact request."""
        handler = super().get_route_handler()
        field = self.body_field
        wants_json = field is not None and _is_json(getattr(field.field_info, "media_type", "application/json"))

        async def exact(request: Request) -> Response:
            request = _ExactRequest(request.scope, request.receive, request._send)
            # Here, since FastAPI turns whatever its own parsing raises into a bare 400.
            if wants_json and await request.body():
                if not _is_json(request.headers.get("content-type", "")):
                    raise _refuse_json("内容应为 JSON，并注明 Content-Type: application/json", "not_json")
                await request.json()
            return await handler(request)

        return exact


def dump_exact(content: Any) -> str:
    """JSON text with decimals as they are stored; a NaN is a fault, not an answer (ValueError)."""
    return simplejson.dumps(
        content,
        use_decimal=True,
        ensure_ascii=False,
        separators=(",", ":"),
        allow_nan=False,
        default=_plain,
    )


class ExactResponse(JSONResponse):
    """Answers with decimals as they are stored."""

    def render(self, content: Any) -> bytes:
        """UTF-8 JSON."""
        return (content if isinstance(content, _Rendered) else dump_exact(content)).encode()


def _plain(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, BaseModel):
        return value.model_dump(by_alias=True)
    if isinstance(value, Mapping):
        return dict(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, set | frozenset):
        return sorted(value)
    if isinstance(value, uuid.UUID | Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


# -- Problems ------------------------------------------------------------------------


def problem(
    status: int,
    title: str,
    detail: str,
    code: str,
    errors: list[FieldError] | None = None,
    headers: Mapping[str, str] | None = None,
    now: Mapping[str, Any] | None = None,
) -> Response:
    """One answer after RFC 9457."""
    body: dict[str, Any] = {
        "type": f"urn:riskmap:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "errors": [{"field": e.field, "code": e.code, "message": e.message} for e in errors or []],
        **({} if now is None else {"now": now}),
    }
    return ExactResponse(
        body,
        status_code=status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def _headers_of(error: RiskmapError) -> dict[str, str]:
    match error:
        case Unavailable():
            return {"Retry-After": "5"}
        case TooMany():
            return {"Retry-After": "60"}
        case Locked():
            return {"Retry-After": "600"}
        case NotSignedIn():
            return {"WWW-Authenticate": "Bearer"}
    return {}


def problem_of(error: RiskmapError) -> Response:
    """The answer of an error of ours."""
    return problem(status_of(error), error.title, error.detail, error.code, error.errors, _headers_of(error), error.now)


async def _of_riskmap(_: Request, error: RiskmapError) -> Response:
    return problem_of(error)


async def _of_validation(request: Request, error: RequestValidationError) -> Response:
    errors = refused.field_errors(error, request.scope.get("route"))
    detail = "；".join(e.message for e in errors[:3])
    return problem(422, "内容有误，未处理", detail, "invalid_request", errors)


_HTTP_SAY = {
    400: ("请求有误", "请求的内容读不出来，没有处理。请核对后重新发送。"),
    404: ("没有找到", "没有这个地址，请核对。"),
    405: ("不支持这个操作", "这个地址不支持这种请求方法，请核对。"),
    406: ("不支持这种格式", "没有所要的格式，请换一种。"),
    413: ("内容过大", "内容过大，没有处理。请缩小后再发。"),
}


async def _of_http(_: Request, error: HTTPException) -> Response:
    title, detail = _HTTP_SAY.get(error.status_code, ("请求未完成", "请求未完成，请核对后再试。"))
    headers = dict(error.headers or {})
    return problem(error.status_code, title, detail, f"http_{error.status_code}", headers=headers)


_GONE = "数据库暂时连不上，请求没有完成。请稍后再试；若正在保存，请先刷新，看是否已经存上。"
_FULL = "服务器磁盘已满，这次没有保存。请联系管理员清理磁盘后再试。"
_CLASHED = "同时有别人在修改，这次没有保存。请再试一次。"
# PostgreSQL: Appendix A. A class of two characters, or a whole code.
_BY_STATE: dict[str, tuple[type[RiskmapError], str]] = {
    "53100": (DiskFull, _FULL),
    "53200": (Unavailable, "数据库内存不足，请求没有完成。请稍后再试。"),
    "57014": (Unavailable, "查询用时过长，已中止。请缩小范围再试。"),
    "40001": (Unavailable, _CLASHED),
    "40P01": (Unavailable, _CLASHED),
    "55P03": (Unavailable, "有一批数据正在入库，这次没有保存。请稍后再试。"),
    "22003": (Invalid, "有数值超出可以保存的范围，没有保存。请核对后再试。"),
    "22008": (Invalid, "有日期或时间超出可以保存的范围，没有保存。请核对后再试。"),
    "22021": (Invalid, "文字中有无法保存的字符，没有保存。请删去后再试。"),
    "22P05": (Invalid, "文字中有无法保存的字符，没有保存。请删去后再试。"),
    **dict.fromkeys(("08", "25", "28", "3D", "53", "57"), (Unavailable, _GONE)),
}


def as_known(error: BaseException) -> RiskmapError | None:
    """The answer that a fault below us stands for, or None where it is a fault of ours."""
    if isinstance(error, RiskmapError):
        return error
    if isinstance(error, PoolTimeout):
        return Unavailable("现在使用的人较多，请求没有完成。请稍后再试。")
    if _is_full(error):
        return DiskFull(_FULL)
    state = getattr(getattr(error, "orig", error), "pgcode", None) or ""
    known = _BY_STATE.get(state) or _BY_STATE.get(state[:2])
    if known:
        return known[0](known[1])
    gone = OperationalError, InterfaceError, psycopg2.OperationalError, psycopg2.InterfaceError
    if (isinstance(error, gone) and not state) or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return Unavailable(_GONE)
    return None


def _is_full(error: BaseException | None) -> bool:
    """Whether there was no room, also where a library has put its own error over the system's."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in {ENOSPC, EDQUOT}:
            return True
        error = error.__cause__ or error.__context__
    return False


async def _of_any(request: Request, error: Exception) -> Response:
    where = f"{request.method} {request.url.path}"
    # The statement's values may be personal: the log has the statement and the place, not the values.
    if isinstance(error, DBAPIError):
        error.hide_parameters = True
    known = as_known(error)
    if known is not None:
        log.warning("%s at %s: %s", known.code, where, str(error).partition("\n")[0])
        return problem_of(known)
    number = uuid.uuid4().hex[:8]
    log.error("fault %s at %s", number, where, exc_info=error)
    detail = f"服务出错，请求没有完成。请稍后再试；若仍出错，请把编号 {number} 告诉管理员。"
    return problem(500, "服务出错", detail, "fault")


def install_problem_handlers(app: FastAPI) -> None:
    """Every error leaves as a problem; what has no handler here, `LastResort` takes."""
    app.add_exception_handler(RiskmapError, _of_riskmap)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _of_validation)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _of_http)  # type: ignore[arg-type]
    for kind in (DBAPIError, PoolTimeout, psycopg2.Error):
        app.add_exception_handler(kind, _of_any)


# -- Middleware ----------------------------------------------------------------------


class Bounds:
    """What may be sent to us at all: a bounded body, counted as it streams in, and no NUL in an address."""

    def __init__(
        self,
        app: ASGIApp,
        most: int = MOST_BODY,
        larger: Mapping[str, int] | None = None,
        instead: Mapping[str, str] | None = None,
    ) -> None:
        """`larger` gives other bounds by the path's beginning, the longest that fits counts; `instead` what to do."""
        self.app = app
        self.most = most
        self.larger = sorted((larger or {}).items(), key=lambda item: -len(item[0]))
        self.instead = instead or {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with a counting `receive`."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "\x00" in scope["path"] or b"%00" in scope["query_string"]:
            await problem_of(Invalid("地址中有空字符，请删去后再试。"))(scope, receive, send)
            return
        if scope["method"] not in _UNSAFE:
            await self.app(scope, receive, send)
            return
        prefix, most = next((p for p in self.larger if scope["path"].startswith(p[0])), ("", self.most))
        too_large = TooLarge(self.instead.get(prefix) or f"内容过大，最多 {_size(most)}。请缩小后再发。")
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > most:
            await problem_of(too_large)(scope, receive, send)
            return
        seen = 0
        started = answered = False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > most:
                    raise too_large
            return message

        async def told(message: Message) -> None:
            nonlocal started, answered
            if not started and seen > most:
                # Whatever the reader of the body made of it, this is the answer.
                started = answered = True
                await problem_of(too_large)(scope, receive, send)
            started = True
            if not answered:
                await send(message)

        try:
            await self.app(scope, counted, told)
        except TooLarge as error:
            if started:
                raise
            await problem_of(error)(scope, receive, send)


def _size(n: int) -> str:
    return f"{n >> 20} MB" if n >= 1 << 20 else f"{n >> 10} KB"


class LastResort:
    """Outside everything: what no handler took becomes a numbered problem, logged."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def marked(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, marked)
        except ClientDisconnect:
            log.info("client left in the middle of %s %s", scope["method"], scope["path"])
        except Exception as error:
            if started:
                raise
            answer = await _of_any(Request(scope), error)
            await answer(scope, receive, send)


_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; script-src 'self';"
        " connect-src 'self'; font-src 'self'; worker-src 'self' blob:; object-src 'none';"
        " frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "geolocation=(self), camera=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class SecurityHeaders:
    """The same headers on every answer; what an API answer does not say about caching means: do not."""

    def __init__(self, app: ASGIApp, tls: bool) -> None:
        self.app = app
        headers = dict(_HEADERS)
        if tls:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        self.headers = _raw(headers)
        # An ETag asks to be kept and compared; anything else may be personal.
        self.compared = _raw({"Cache-Control": "private, no-cache"})
        self.not_kept = _raw({"Cache-Control": "no-store"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, adding what is not there."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", []))
                present = {name.lower() for name, _ in given}
                added = self.headers
                if scope["path"].startswith("/api/"):
                    added = added + (self.compared if b"etag" in present else self.not_kept)
                message["headers"] = given + [(n, v) for n, v in added if n not in present]
            await send(message)

        await self.app(scope, receive, with_headers)


def _raw(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode()) for name, value in headers.items()]


def is_tls(settings: Settings) -> bool:
    """Whether browsers reach us by TLS, here or at the stated proxy."""
    return bool(settings.tls_cert) or (settings.proxy or "").startswith("https://")


def add_middleware(
    app: FastAPI,
    settings: Settings,
    larger: Mapping[str, int] | None = None,
    instead: Mapping[str, str] | None = None,
) -> None:
    """From outside in: headers, last resort, bounds.

    By the path's beginning: `larger` most bytes of a body, `instead` what is said of a body beyond them.
    """
    app.add_middleware(Bounds, larger=larger, instead=instead)
    app.add_middleware(LastResort)
    app.add_middleware(SecurityHeaders, tls=is_tls(settings))


def ensure_disk(settings: Settings, folder: Path | None = None) -> None:
    """Raises DiskFull where less than RISKMAP_FREE_DISK_MB is free in the data folder, or in one of its own disk."""
    folder = (folder or settings.data_dir).absolute()
    free = os.statvfs(next(f for f in (folder, *folder.parents) if f.exists()))
    if free.f_bavail * free.f_frsize < settings.free_disk_mb << 20:
        least = settings.free_disk_mb
        raise DiskFull(f"服务器可用磁盘不足 {least} MB，暂停写入。请联系管理员清理磁盘后再试。")
