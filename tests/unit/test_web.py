"""HTTP glue, on a small application without a database."""

import asyncio
import errno
import json
import logging
import math
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import psycopg2
import pytest
from fastapi import APIRouter, Depends, FastAPI, File, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.testclient import TestClient

from riskmap.base.errors import STATUS, DiskFull, Invalid, RiskmapError, Unavailable, status_of
from riskmap.base.settings import Settings
from riskmap.base.web import (
    ExactResponse,
    ExactRoute,
    add_middleware,
    as_known,
    dump_exact,
    ensure_disk,
    install_problem_handlers,
    parse_exact,
)


class Colour(StrEnum):
    RED = "red"


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")

    basis: Annotated[str, Field(title="判定依据", min_length=1, max_length=3)]


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(title="名称", min_length=1, max_length=5)]
    size: Annotated[int, Field(ge=1)] = 1
    weight: Annotated[Decimal, Field(le=100)] = Decimal(1)
    persons: Annotated[int, Field(ge=0, le=100_000)] = 0
    volume: Annotated[float, Field(lt=2_500_000.5)] = 0
    ratio: float = 0.5
    alive: bool = True
    colour: Colour = Colour.RED
    kind: Literal["a", "b"] = "a"
    born: date | None = None
    seen: datetime | None = None
    parts: Annotated[list[int], Field(max_length=2)] = []
    path: str = ""
    inner: Inner | None = Field(None, title="风险等级")
    inners: list[Inner] = Field([], title="责任人")

    @field_validator("path")
    @classmethod
    def _no_dots(cls, value: str) -> str:
        if ".." in value:
            raise ValueError("路径中不能有 ..")
        if value == "!":
            raise ValueError("in English")
        return value


router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse)
ended: list[str] = []


def transaction() -> Iterator[str]:
    try:
        yield "open"
    except BaseException:
        ended.append("rolled back")
        raise
    ended.append("committed")


@router.post("/echo")
def echo(body: dict[str, Any]) -> Any:
    return {"body": body, "kinds": {k: type(v).__name__ for k, v in body.items()}}


@router.post("/things", status_code=201)
def make(thing: Thing, response: Response) -> Any:
    response.headers["ETag"] = '"1"'
    return thing


@router.get("/things")
def find(limit: Annotated[int, Query(title="每页行数", ge=1, le=10)] = 1) -> Any:
    return {"limit": limit}


@router.get("/later")
async def later() -> Any:
    return {"exact": Decimal("1.10")}


@router.delete("/things", status_code=204)
def drop() -> None:
    return None


@router.get("/nan")
def nan(_: Annotated[str, Depends(transaction, scope="function")]) -> Any:
    return {"x": math.nan}


@router.get("/fault")
def fault() -> Any:
    raise RuntimeError("password=secret SELECT * FROM account")


@router.get("/full")
def full() -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


@router.get("/half")
def half() -> Any:
    def body() -> Iterator[bytes]:
        yield b"one"
        raise RuntimeError("in the middle")

    return StreamingResponse(body())


@router.post("/files")
def upload(file: Annotated[UploadFile, File()]) -> Any:
    return {"bytes": len(file.file.read())}


@router.post("/files/raw")
async def upload_raw(request: Request) -> Any:
    return {"bytes": len(await request.body())}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    made = FastAPI()
    install_problem_handlers(made)
    add_middleware(made, Settings(data_dir=tmp_path_factory.mktemp("data")), larger={"/api/files": 3 << 20})
    made.include_router(router)
    return made


@pytest.fixture(scope="module")
def web(app: FastAPI) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


def post(web: TestClient, content: bytes | str, path: str = "/api/echo", kind: str = "application/json") -> Any:
    return web.post(path, content=content, headers={"Content-Type": kind})


def problem(answer: Any, status: int, code: str | None = None) -> dict[str, Any]:
    """The body of a problem, checked for what every problem has."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert body.keys() >= {"type", "title", "status", "code", "detail", "errors"}
    assert body["status"] == status
    assert any("一" <= c <= "鿿" for c in body["detail"]), body["detail"]
    if code:
        assert body["code"] == code
    return dict(body)


# -- Exact JSON --------------------------------------------------------------------


def test_numbers_go_in_and_out_digit_for_digit(web: TestClient) -> None:
    text = '{"a":1.10,"b":0.1000000000000000000000001,"c":100,"d":-0.0,"e":12345678901234567890}'
    answer = post(web, text)
    assert answer.text.startswith('{"body":' + text)
    assert answer.json()["kinds"] == {"a": "Decimal", "b": "Decimal", "c": "int", "d": "Decimal", "e": "int"}


def test_an_answer_is_exact_from_an_async_endpoint_too(web: TestClient) -> None:
    assert web.get("/api/later").text == '{"exact":1.10}'


def test_a_model_is_answered_with_status_and_headers_of_its_endpoint(web: TestClient) -> None:
    answer = web.post("/api/things", json={"name": "塔", "weight": 1.5, "born": "2026-03-01"})
    assert answer.status_code == 201
    assert answer.headers["etag"] == '"1"'
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["born"] == "2026-03-01"
    assert answer.json()["colour"] == "red"
    assert "塔" in answer.text


@pytest.mark.parametrize(
    "text",
    [
        '{"a":NaN}',
        '{"a":Infinity}',
        '{"a":-Infinity}',
        '{"a":1,"a":2}',
        '{"a":{"b":1,"b":1}}',
        '{"a":1e400000000}',
        '{"a":1e-400000000}',
        '{"a":0e400000000}',
        '{"a":' + "9" * 61 + "}",
        '{"a":0.' + "9" * 60 + "}",
        '{"a":' + "[" * 33 + "]" * 33 + "}",
        "[" * 100_000,
        '{"a":"\\u0000"}',
        '{"\\u0000":1}',
        '{"a":["\\ud800"]}',
        '{"a":"\x00"}',
        '{"a":',
        "{'a':1}",
        '{"a":1} x',
        '{"a":1,}',
    ],
    ids=range(20),
)
def test_json_that_cannot_be_kept_exactly_is_refused_in_chinese(web: TestClient, text: str) -> None:
    body = problem(post(web, text), 422, "bad_json")
    assert len(body["detail"]) < 100


@pytest.mark.parametrize(
    "text",
    ['{"a":"\\ud83d\\ude00"}', '{"a":"\\\\u0000"}', '{"a":' + "[" * 31 + "]" * 31 + "}", '\ufeff{"a":"é[[["}'],
    ids=["surrogate pair", "backslash u", "31 deep", "byte order mark"],
)
def test_json_that_only_looks_suspect_is_taken(web: TestClient, text: str) -> None:
    assert post(web, text).status_code == 200


def test_brackets_in_strings_are_not_nesting() -> None:
    assert parse_exact(json.dumps({"a": ["[" * 100, '\\"[[' * 100]}).encode())


def test_text_that_is_not_utf8_is_refused(web: TestClient) -> None:
    problem(post(web, '{"a":"中"}'.encode("gb18030")), 422, "bad_json")


@pytest.mark.parametrize(
    "body",
    [b'"' + b'\\"' * 900_000, b'{"a":"' + b'\\"' * 900_000 + b'"}', b"[" * 1_800_000, b'{"a":' * 300_000],
    ids=["open string", "long string", "brackets", "objects"],
)
def test_an_evil_body_is_read_once(body: bytes) -> None:
    # If each quote or bracket were looked for from the beginning again, this would not end within the day.
    try:
        parse_exact(body)
    except Invalid as error:
        assert error.code == "bad_json"  # noqa: PT017 - one of the four is no error


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "Application/JSON", "application/merge-patch+json"]
)
def test_every_name_of_json_is_read_exactly(web: TestClient, kind: str) -> None:
    assert post(web, '{"a":1.10}', kind=kind).json()["kinds"] == {"a": "Decimal"}
    problem(post(web, '{"a":NaN}', kind=kind), 422, "bad_json")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_form_of_another_site_is_not_taken_for_json(web: TestClient, kind: str) -> None:
    problem(post(web, '{"a":1}', kind=kind), 422, "not_json")


def test_an_empty_body_is_told_as_missing(web: TestClient) -> None:
    assert problem(post(web, ""), 422, "invalid_request")["errors"][0]["code"] == "missing"


def test_no_content_has_no_body(web: TestClient) -> None:
    answer = web.request("DELETE", "/api/things", headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.content) == (204, b"")


def test_an_answer_that_is_no_json_is_a_fault_before_the_commit(web: TestClient) -> None:
    ended.clear()
    problem(web.get("/api/nan"), 500, "fault")
    assert ended == ["rolled back"]


def test_what_services_answer_can_be_written() -> None:
    value = {"when": datetime(2026, 3, 1, 8), "day": date(2026, 3, 1), "set": {"b", "a"}, "at": Path("/x")}
    assert dump_exact(value) == '{"when":"2026-03-01T08:00:00","day":"2026-03-01","set":["a","b"],"at":"/x"}'
    with pytest.raises(TypeError):
        dump_exact({"x": object()})


def test_the_documentation_can_be_made(web: TestClient) -> None:
    paths = web.get("/openapi.json").json()["paths"]
    assert "Thing" in json.dumps(paths["/api/things"]["post"]["requestBody"])


# -- Problems ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "field", "code", "message"),
    [
        ({}, "name", "missing", "请填写名称"),
        ({"name": ""}, "name", "string_too_short", "请填写名称"),
        ({"name": "a", "inner": {}}, "inner.basis", "missing", "请填写风险等级的判定依据"),
        ({"name": "a", "inner": {"basis": "四个字了"}}, "inner.basis", "string_too_long", "风险等级的判定依据：太长"),
        (
            {"name": "a", "inners": [{"basis": ""}]},
            "inners.0.basis",
            "string_too_short",
            "请填写责任人第 1 项的判定依据",
        ),
        ({"name": "a", "inner": {"basis": "a", "x": 1}}, "inner.x", "extra_forbidden", "没有风险等级的“x”这一项"),
        ({"name": "a", "colour_": 1}, "colour_", "extra_forbidden", "没有“colour_”这一项"),
        ({"name": "abcdef"}, "name", "string_too_long", "最多 5 字"),
        ({"name": 5}, "name", "string_type", "应为文字"),
        ({"name": "a", "size": 0}, "size", "greater_than_equal", "不能小于 1"),
        ({"name": "a", "size": "x"}, "size", "int_parsing", "应为整数"),
        ({"name": "a", "weight": "x"}, "weight", "decimal_parsing", "应为数字"),
        ({"name": "a", "weight": 101}, "weight", "less_than_equal", "不能大于 100"),
        ({"name": "a", "persons": 100_001}, "persons", "less_than_equal", "不能大于 100,000"),
        ({"name": "a", "persons": -1}, "persons", "greater_than_equal", "不能小于 0"),
        ({"name": "a", "volume": 3e6}, "volume", "less_than", "应小于 2,500,000.5"),
        ({"name": "a", "weight": "NaN"}, "weight", "finite_number", "有限"),
        ({"name": "a", "ratio": "x"}, "ratio", "float_parsing", "应为数字"),
        ({"name": "a", "alive": "x"}, "alive", "bool_parsing", "true 或 false"),
        ({"name": "a", "colour": "x"}, "colour", "enum", "应为以下之一：red"),
        ({"name": "a", "kind": "x"}, "kind", "literal_error", "应为以下之一：a、b"),
        ({"name": "a", "born": "x"}, "born", "date_from_datetime_parsing", "应为日期"),
        ({"name": "a", "seen": "x"}, "seen", "datetime_from_date_parsing", "应为日期或时间"),
        ({"name": "a", "parts": 1}, "parts", "list_type", "应为数组"),
        ({"name": "a", "parts": [1, 2, 3]}, "parts", "too_long", "最多 2 个"),
        ({"name": "a", "parts": [1, "x"]}, "parts.1", "int_parsing", "应为整数"),
        ({"name": "a", "path": "../x"}, "path", "value_error", "路径中不能有 .."),
        ({"name": "a", "path": "!"}, "path", "value_error", "不合要求"),
        ([], "body", "model_attributes_type", "应为对象"),
    ],
)
def test_a_refused_value_is_named_and_explained(
    web: TestClient, sent: Any, field: str, code: str, message: str
) -> None:
    body = problem(web.post("/api/things", json=sent), 422, "invalid_request")
    assert [(e["field"], e["code"]) for e in body["errors"]] == [(field, code)]
    assert message in body["errors"][0]["message"]


def test_a_parameter_is_explained_as_a_field_is(web: TestClient) -> None:
    body = problem(web.get("/api/things?limit=11"), 422)
    assert body["errors"] == [
        {"field": "limit", "code": "less_than_equal", "message": "每页行数：不能大于 10"},
    ]


def test_what_was_typed_does_not_come_back(web: TestClient) -> None:
    typed = "<script>" + "x" * 100_000
    sent = {"name": typed, "size": typed, typed: 1, "parts": ["<script>"] * 2000}
    answer = web.post("/api/things", json=sent | {f"unknown{n}": 1 for n in range(500)})
    body = problem(answer, 422)
    assert len(answer.content) < 20_000
    assert len(body["errors"]) <= 50
    assert "script" not in json.dumps([e["message"] for e in body["errors"] if e["field"] in {"name", "size"}])


def test_an_unknown_address_and_a_wrong_method_are_problems(web: TestClient) -> None:
    problem(web.get("/api/nothing"), 404)
    answer = web.put("/api/things")
    problem(answer, 405)
    assert answer.headers["allow"]


def test_a_fault_has_a_number_in_answer_and_log_and_tells_nothing(
    web: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = web.get("/api/fault")
    body = problem(answer, 500, "fault")
    assert "secret" not in answer.text
    assert "SELECT" not in answer.text
    number = body["detail"].split("编号 ")[1][:8]
    assert f"fault {number} at GET /api/fault" in caplog.text
    assert "RuntimeError" in caplog.text


def test_a_full_disk_is_told(web: TestClient) -> None:
    problem(web.get("/api/full"), 507, "disk_full")


def test_an_answer_that_breaks_off_is_not_mended(web: TestClient) -> None:
    with pytest.raises(RuntimeError, match="in the middle"):
        TestClient(web.app).get("/api/half")


class _Pg(psycopg2.DatabaseError):
    pgcode = ""


class _PgOperational(psycopg2.OperationalError):
    pgcode = ""


def _raised(code: str | None, base: type[psycopg2.Error] = _Pg, kind: type[DBAPIError] = DBAPIError) -> DBAPIError:
    original = type("Raised", (base,), {"pgcode": code})("detail with a name in it")
    return kind("SELECT 1", {}, original)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (_raised("53100"), 507),
        (_raised("53300"), 503),
        (_raised("57P01"), 503),
        (_raised("57014"), 503),
        (_raised("40P01"), 503),
        (_raised("40001"), 503),
        (_raised("25006"), 503),
        (_raised("08006"), 503),
        (_raised("22003"), 422),
        (_raised("22021"), 422),
        (_raised("22023"), None),  # an SQL mistake of ours is no input of theirs
        (_raised("23505"), None),
        (_raised("42601"), None),
        (_raised(None, _PgOperational, OperationalError), 503),
        (_raised("XX000", _PgOperational, OperationalError), None),
        (PoolTimeout(), 503),
        (OSError(errno.ENOSPC, "full"), 507),
        (OSError(errno.EACCES, "denied"), None),
        (ValueError("x"), None),
        (Unavailable("x"), 503),
    ],
)
def test_a_fault_of_the_database_is_what_it_is(error: Exception, status: int | None) -> None:
    known = as_known(error)
    assert (known and status_of(known)) == status
    if known and not isinstance(error, RiskmapError):
        assert "detail" not in known.detail


def test_who_may_come_again_is_told_when(web: TestClient) -> None:
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/{name}")
    def refuse(name: str) -> None:
        raise next(kind for kind in STATUS if kind.__name__ == name)("请稍后。")

    client = TestClient(app)
    assert client.get("/Unavailable").headers["retry-after"] == "5"
    assert client.get("/Locked").headers["retry-after"] == "600"
    assert client.get("/TooMany").headers["retry-after"] == "60"
    assert client.get("/NotSignedIn").headers["www-authenticate"] == "Bearer"
    for kind, status in STATUS.items():
        problem(client.get(f"/{kind.__name__}"), status, kind.code)


# -- Bounds --------------------------------------------------------------------------


def _send(app: FastAPI, path: str, chunks: list[bytes], *, kind: str, cut: bool = False) -> list[dict[str, Any]]:
    """One POST without a length, in chunks; where `cut`, the client leaves after them."""
    sent: list[dict[str, Any]] = []
    waiting = [{"type": "http.request", "body": c, "more_body": True} for c in chunks]
    last = {"type": "http.disconnect"} if cut else {"type": "http.request", "body": b"", "more_body": False}

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else last

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(b"host", b"x"), (b"content-type", kind.encode())],
        "client": ("127.0.0.1", 1),
        "server": ("x", 80),
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return sent


MULTIPART = 'multipart/form-data; boundary="x"'
PART = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'


def test_a_body_beyond_the_bound_is_413(web: TestClient) -> None:
    body = problem(post(web, b" " * (2 << 20) + b"{}"), 413, "too_large")
    assert "2 MB" in body["detail"]
    assert post(web, b" " * ((2 << 20) - 2) + b"{}").status_code == 200


@pytest.mark.parametrize(
    ("path", "kind", "begin"),
    [
        ("/api/echo", "application/json", b""),
        ("/api/echo", "text/plain", b""),
        ("/api/files", MULTIPART, PART),
        ("/api/files/raw", "application/octet-stream", b""),
    ],
)
def test_a_body_without_a_length_is_counted_as_it_comes(app: FastAPI, path: str, kind: str, begin: bytes) -> None:
    sent = _send(app, path, [begin] + [b" " * (1 << 20)] * 5, kind=kind)
    assert [m["status"] for m in sent if m["type"] == "http.response.start"] == [413]
    assert sent[-1]["type"] == "http.response.body"
    assert json.loads(b"".join(m.get("body", b"") for m in sent[1:]))["code"] == "too_large"


def test_a_path_may_have_a_larger_bound(web: TestClient) -> None:
    answer = web.post("/api/files", files={"file": ("a.bin", b"x" * (5 << 19))})
    assert answer.json() == {"bytes": 5 << 19}
    body = problem(web.post("/api/files", files={"file": ("a.bin", b"x" * (3 << 20))}), 413)
    assert "3 MB" in body["detail"]


@pytest.mark.parametrize(
    ("path", "kind", "begin"),
    [("/api/echo", "application/json", b'{"a":'), ("/api/files", MULTIPART, PART), ("/api/files/raw", "a/b", b"x")],
)
def test_a_body_that_is_cut_off_ends_quietly(
    app: FastAPI, path: str, kind: str, begin: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        sent = _send(app, path, [begin], kind=kind, cut=True)
    assert not [m for m in sent if m["type"] == "http.response.start" and m["status"] < 400]
    assert "fault" not in caplog.text


@pytest.mark.parametrize("address", ["/api/things?limit=%00", "/api/things/%00", "/api/%00things"])
def test_no_nul_gets_as_far_as_the_database(web: TestClient, address: str) -> None:
    problem(web.get(address), 422, "invalid")


# -- Headers and disk ----------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/things", "/api/nothing", "/api/fault", "/openapi.json"])
def test_every_answer_has_the_headers(web: TestClient, path: str) -> None:
    headers = web.get(path).headers
    policy = headers["content-security-policy"]
    for part in ("default-src 'self'", "script-src 'self';", "frame-ancestors 'none'", "base-uri 'none'"):
        assert part in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "permissions-policy" in headers
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "strict-transport-security" not in headers


def test_what_an_answer_does_not_say_about_caching_means_do_not(web: TestClient) -> None:
    assert web.get("/api/things").headers["cache-control"] == "no-store"
    assert web.post("/api/things", json={"name": "a"}).headers["cache-control"] == "private, no-cache"
    assert "cache-control" not in web.get("/openapi.json").headers


def test_behind_tls_browsers_are_told_to_stay_there(tmp_path: Path) -> None:
    app = FastAPI()
    add_middleware(app, Settings(data_dir=tmp_path, proxy="https://map.example.gov.cn"))
    assert "max-age" in TestClient(app).get("/").headers["strict-transport-security"]


def test_writes_stop_before_the_disk_is_full(tmp_path: Path) -> None:
    ensure_disk(Settings(data_dir=tmp_path, free_disk_mb=0))
    ensure_disk(Settings(data_dir=tmp_path / "not" / "yet", free_disk_mb=0))
    with pytest.raises(DiskFull, match="磁盘不足"):
        ensure_disk(Settings(data_dir=tmp_path, free_disk_mb=1 << 40))


def test_a_full_disk_is_told_also_under_a_library_s_own_error() -> None:
    class Wrapped(Exception):
        pass

    wrapped = Wrapped("as xlsxwriter does")
    wrapped.__context__ = OSError(errno.ENOSPC, "No space left on device")
    assert isinstance(as_known(wrapped), DiskFull)
    assert as_known(Wrapped("something else")) is None


def test_a_folder_with_a_disk_of_its_own_is_asked_for_its_own_room(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, free_disk_mb=1)
    ensure_disk(settings)
    with pytest.raises(DiskFull, match="不足 1 MB"):
        ensure_disk(settings, Path("/proc"))  # has no room at all
