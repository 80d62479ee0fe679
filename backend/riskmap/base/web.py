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
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from riskmap.base.errors import (
    DiskFull,
    FieldError,
    Invalid,
    RiskmapError,
    TooLarge,
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
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]')
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
        wants_json = self.body_field is not None and "multipart" not in str(
            getattr(self.body_field.field_info, "media_type", "")
        )

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
) -> Response:
    """One answer after RFC 9457."""
    body: dict[str, Any] = {
        "type": f"urn:riskmap:problem:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
        "errors": [{"field": e.field, "code": e.code, "message": e.message} for e in errors or []],
    }
    return ExactResponse(
        body,
        status_code=status,
        media_type="application/problem+json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


_SAY: dict[str, str] = {
    "missing": "缺少这一项，请填写",
    "extra_forbidden": "没有这一项，请核对名字",
    "string_too_long": "太长，最多 {max_length} 字",
    "string_too_short": "太短，最少 {min_length} 字",
    "string_pattern_mismatch": "格式不对，请核对",
    "string_type": "应为文字",
    "int_parsing": "应为整数",
    "int_type": "应为整数",
    "int_from_float": "应为整数",
    "float_parsing": "应为数字",
    "decimal_parsing": "应为数字",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "finite_number": "应为有限的数字",
    "greater_than_equal": "不能小于 {ge}",
    "less_than_equal": "不能大于 {le}",
    "greater_than": "应大于 {gt}",
    "less_than": "应小于 {lt}",
    "literal_error": "应为以下之一：{expected}",
    "enum": "应为以下之一：{expected}",
    "too_long": "太多，最多 {max_length} 个",
    "too_short": "太少，最少 {min_length} 个",
    "list_type": "应为数组",
    "dict_type": "应为对象",
    "model_attributes_type": "应为对象",
    "date_from_datetime_parsing": "应为日期，如 2026-03-01",
    "date_parsing": "应为日期，如 2026-03-01",
    "date_type": "应为日期，如 2026-03-01",
    "json_invalid": "JSON 不完整或有误，请重新发送",
    "value_error": "不合要求",
}


def _field_errors(error: RequestValidationError) -> list[FieldError]:
    out = []
    for wrong in error.errors()[:50]:
        place = [str(part) for part in wrong["loc"] if part not in ("body", "query", "path", "header")]
        context = {k: str(v)[:200] for k, v in (wrong.get("ctx") or {}).items()}
        say = _SAY.get(wrong["type"], "不合要求，请核对")
        try:
            message = say.format(**context)
        except KeyError:
            message = say
        name = ".".join(place)[:120] or "body"
        out.append(FieldError(name, wrong["type"], f"{name}：{message}"))
    return out


def _of_riskmap(_: Request, error: RiskmapError) -> Response:
    headers = {}
    if isinstance(error, Unavailable):
        headers["Retry-After"] = "5"
    return problem(status_of(error), error.title, error.detail, error.code, error.errors, headers)


def _of_validation(_: Request, error: RequestValidationError) -> Response:
    errors = _field_errors(error)
    detail = "；".join(e.message for e in errors[:3])
    return problem(422, "内容有误，未处理", detail, "invalid_request", errors)


_HTTP_SAY = {
    404: ("没有找到", "没有这个地址，请核对。"),
    405: ("不支持这个操作", "这个地址不支持这种请求方法。"),
}


def _of_http(_: Request, error: HTTPException) -> Response:
    title, detail = _HTTP_SAY.get(error.status_code, ("请求未完成", "请求未完成，请核对后再试。"))
    headers = dict(error.headers or {})
    return problem(error.status_code, title, detail, f"http_{error.status_code}", headers=headers)


_GONE = Unavailable("数据库暂时连不上，请求没有完成、没有保存。请稍后再试；若持续，请联系管理员。")
_FULL = DiskFull("服务器磁盘已满，这次没有保存。请联系管理员清理磁盘后再试。")


def as_known(error: BaseException) -> RiskmapError | None:
    """The answer that a fault of the database stands for, or None where it is a fault of ours."""
    if isinstance(error, RiskmapError):
        return error
    if isinstance(error, PoolTimeout):
        return Unavailable("服务繁忙，请稍后再试。")
    if isinstance(error, OSError) and error.errno == 28:
        return _FULL
    original = getattr(error, "orig", error)
    state = getattr(original, "pgcode", None) or ""
    if state in {"53100", "53200"}:
        return _FULL if state == "53100" else Unavailable("数据库内存不足，请稍后再试。")
    if isinstance(error, OperationalError | InterfaceError) or isinstance(
        error, psycopg2.OperationalError | psycopg2.InterfaceError
    ):
        if state == "57014":
            return Unavailable("查询用时过长，已中止。请缩小范围再试。")
        if not state or state[:2] in {"08", "57", "53", "25", "40"}:
            return _GONE
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return _GONE
    return None


def _of_any(request: Request, error: Exception) -> Response:
    known = as_known(error)
    if known is not None:
        return _of_riskmap(request, known)
    number = uuid.uuid4().hex[:8]
    # The statement's values may be personal: the log has the statement and the place, not the values.
    if isinstance(error, DBAPIError):
        error.hide_parameters = True
    log.error("fault %s at %s %s", number, request.method, request.url.path, exc_info=error)
    return problem(
        500, "服务出错", f"服务出错，没有保存。请稍后再试；若仍出错，请把编号 {number} 告诉管理员。", "fault"
    )


def install_problem_handlers(app: FastAPI) -> None:
    """Every error leaves as a problem."""
    app.add_exception_handler(RiskmapError, _of_riskmap)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _of_validation)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _of_http)  # type: ignore[arg-type]
    app.add_exception_handler(OperationalError, _of_any)
    app.add_exception_handler(InterfaceError, _of_any)
    app.add_exception_handler(DBAPIError, _of_any)
    app.add_exception_handler(PoolTimeout, _of_any)
    app.add_exception_handler(OSError, _of_any)
    app.add_exception_handler(psycopg2.Error, _of_any)


# -- Middleware ----------------------------------------------------------------------


class _Cut(Exception):
    """The client went away in the middle of its body."""


class BodyLimit:
    """Counts a body as it streams in; beyond the bound the answer is 413."""

    def __init__(self, app: ASGIApp, most: int = MOST_BODY, larger: Mapping[str, int] | None = None) -> None:
        self.app = app
        self.most = most
        self.larger = dict(larger or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, with a counting `receive`."""
        if scope["type"] != "http" or scope["method"] not in _UNSAFE:
            await self.app(scope, receive, send)
            return
        most = next((n for prefix, n in self.larger.items() if scope["path"].startswith(prefix)), self.most)
        too_large = TooLarge(f"内容过大，最多 {most >> 20} MB。请缩小后再发。")
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length) > most:
            await _answer(too_large)(scope, receive, send)
            return
        seen = 0
        started = False

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            if message["type"] == "http.request":
                seen += len(message.get("body", b""))
                if seen > most:
                    raise too_large
            elif message["type"] == "http.disconnect" and not started:
                raise _Cut
            return message

        async def marked(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, counted, marked)
        except TooLarge as error:
            if not started:
                await _answer(error)(scope, receive, send)
        except _Cut:
            log.info("client left in the middle of %s %s", scope["method"], scope["path"])


def _answer(error: RiskmapError) -> Response:
    return problem(status_of(error), error.title, error.detail, error.code, error.errors)


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
        except Exception as error:
            if started or isinstance(error, TooLarge | _Cut):
                raise
            await _of_any(Request(scope), error)(scope, receive, send)


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
    """The same headers on every answer."""

    def __init__(self, app: ASGIApp, tls: bool) -> None:
        self.app = app
        headers = dict(_HEADERS)
        if tls:
            headers["Strict-Transport-Security"] = "max-age=31536000"
        self.headers = [(k.lower().encode(), v.encode()) for k, v in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, adding what is not there."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *((n, v) for n, v in self.headers if n not in present),
                ]
            await send(message)

        await self.app(scope, receive, with_headers)


def is_tls(settings: Settings) -> bool:
    """Whether browsers reach us by TLS, here or at the stated proxy."""
    return bool(settings.tls_cert) or (settings.proxy or "").startswith("https://")


def add_middleware(app: FastAPI, settings: Settings) -> None:
    """From outside in: headers, last resort, body bound."""
    app.add_middleware(BodyLimit)
    app.add_middleware(LastResort)
    app.add_middleware(SecurityHeaders, tls=is_tls(settings))


def ensure_disk(settings: Settings) -> None:
    """Raises DiskFull where less than RISKMAP_FREE_DISK_MB is free in the data folder."""
    try:
        free = os.statvfs(settings.data_dir)
    except FileNotFoundError:
        free = os.statvfs("/")
    if free.f_bavail * free.f_frsize < settings.free_disk_mb << 20:
        raise DiskFull(
            f"服务器可用磁盘不足 {settings.free_disk_mb} MB，暂停写入。请联系管理员清理磁盘后再试。"
        )
