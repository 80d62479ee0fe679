"""Sign-in, sessions, rights and tokens, against PostgreSQL."""

import hashlib
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from starlette.testclient import TestClient
from tests.conftest import ADMIN_PASSWORD, OTHER_PASSWORD, sign_in

from riskmap.access import passwords, service
from riskmap.access.dependencies import COOKIE
from riskmap.app import create_app
from riskmap.base import clock
from riskmap.base.errors import Unavailable
from riskmap.base.settings import Settings

MakeAccount = Callable[..., TestClient]


def problem(answer: Any, status: int, code: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    if code:
        assert body["code"] == code, body
    return dict(body)


def attempt(client: TestClient, username: str, password: str) -> Any:
    return client.post("/api/session", json={"username": username, "password": password})


def sql(engine: Engine, statement: str, **values: Any) -> Any:
    """One statement as the service's own role."""
    with engine.begin() as connection:
        result = connection.execute(text(statement), values)
        return result.all() if result.returns_rows else result.rowcount


@contextmanager
def superuser(settings: Settings) -> Iterator[Any]:
    assert settings.database_url
    engine = create_engine(make_url(settings.database_url).set(drivername="postgresql+psycopg2"))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests fail to sign in more often than one address may."""
    monkeypatch.setattr(service, "FAILURES_A_MINUTE", 10_000)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the service's clock forward."""

    def move(by: timedelta) -> None:
        real = datetime.now
        monkeypatch.setattr(clock, "now", lambda: real(clock.SHANGHAI) + by)

    return move


@pytest.fixture
def service_of(settings: Settings) -> Iterator[Callable[..., TestClient]]:
    """Another service over the same database, with settings of its own."""
    made = []

    def start(base_url: str = "http://testserver", **changes: Any) -> TestClient:
        app = create_app(settings.model_copy(update=changes))
        made.append(app)
        return TestClient(app, base_url=base_url, raise_server_exceptions=False)

    yield start
    for app in made:
        app.state.engine.dispose()


# -- Sign-in -------------------------------------------------------------------------


def test_sign_in_tells_account_csrf_and_rights(client: TestClient) -> None:
    body = attempt(client, "admin", ADMIN_PASSWORD).json()
    assert body["account"] == {
        "username": "admin",
        "role": "administrator",
        "tier": "command",
        "areas": [],
        "departments": [],
        "classes": [],
        "may": ["dispatch", "sign"],
    }
    assert body["rights"].startswith("r_")
    assert len(body["csrf"]) >= 32
    again = client.get("/api/session")
    assert again.json() == body
    assert again.headers["cache-control"] == "no-store"


def test_the_name_is_taken_in_any_case_and_width(client: TestClient) -> None:
    for name in ("ADMIN", " admin ", "ａｄｍｉｎ"):
        assert attempt(client, name, ADMIN_PASSWORD).status_code == 200


def test_the_cookie_is_for_this_page_only(client: TestClient) -> None:
    cookie = attempt(client, "admin", ADMIN_PASSWORD).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert "secure" not in cookie


def test_the_cookie_is_secure_behind_tls(app: Any, service_of: Callable[..., TestClient]) -> None:
    client = service_of("https://map.example.gov.cn", proxy="https://map.example.gov.cn")
    answer = attempt(client, "admin", ADMIN_PASSWORD)
    assert "secure" in answer.headers["set-cookie"].lower()
    assert "strict-transport-security" in answer.headers
    assert client.get("/api/session").status_code == 200


def test_only_a_hash_of_the_cookie_is_stored(client: TestClient, engine: Engine) -> None:
    attempt(client, "admin", ADMIN_PASSWORD)
    secret = client.cookies[COOKIE]
    hashed = hashlib.sha256(secret.encode()).hexdigest()
    assert sql(engine, "SELECT 1 FROM account_session WHERE token_hash = :h", h=hashed)
    rows = sql(engine, "SELECT s::text FROM account_session AS s UNION ALL SELECT a::text FROM account AS a")
    assert not [row for row in rows if secret in row[0] or ADMIN_PASSWORD in row[0]]


def test_signing_in_again_makes_a_new_session_and_ends_the_old(client: TestClient) -> None:
    first = attempt(client, "admin", ADMIN_PASSWORD).json()
    old = client.cookies[COOKIE]
    second = attempt(client, "admin", ADMIN_PASSWORD).json()
    assert client.cookies[COOKIE] != old
    assert first["csrf"] != second["csrf"]
    fresh = TestClient(client.app, cookies={COOKIE: old})
    problem(fresh.get("/api/session"), 401, "session_expired")


def test_a_session_brought_along_is_not_adopted(app: Any) -> None:
    client = TestClient(app, cookies={COOKIE: "made-up-by-somebody-else"})
    answer = attempt(client, "admin", ADMIN_PASSWORD)
    assert "made-up-by-somebody-else" not in answer.headers["set-cookie"]


def test_a_wrong_password_and_an_unknown_name_look_alike(client: TestClient, make_account: MakeAccount) -> None:
    known = make_account("reader").username  # type: ignore[attr-defined]
    wrong = problem(attempt(client, known, "wrong-password-1"), 401, "wrong_password")
    unknown = problem(attempt(client, "nobody_of_this_name", "wrong-password-1"), 401, "wrong_password")
    assert wrong == unknown
    assert "set-cookie" not in attempt(client, "nobody_of_this_name", "x").headers


def test_an_unknown_name_takes_the_same_work(
    client: TestClient, make_account: MakeAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = make_account("reader").username  # type: ignore[attr-defined]
    worked: list[str] = []  # the parameters of each hash that a password was held against: they are its cost

    class Watched:
        def verify(self, password: str, stored: str) -> bool:
            worked.append(stored.rsplit("$", 2)[0])
            return hasher.verify(password, stored)

    hasher = passwords._HASHER
    monkeypatch.setattr(passwords, "_HASHER", Watched())
    for name in (known, "nobody_of_this_name"):
        problem(attempt(client, name, "wrong-password-1"), 401, "wrong_password")
    assert len(worked) == 2
    assert worked[0] == worked[1]


def test_an_inactive_account_looks_like_a_wrong_password(
    client: TestClient, admin: TestClient, make_account: MakeAccount
) -> None:
    name = make_account("reader").username  # type: ignore[attr-defined]
    assert admin.patch(f"/api/accounts/{name}", json={"active": False}).status_code == 200
    problem(attempt(client, name, OTHER_PASSWORD), 401, "wrong_password")


def test_more_than_the_password_is_not_the_password(client: TestClient, admin: TestClient) -> None:
    longest = "Aa1-" * 32
    name = f"long_{uuid.uuid4().hex[:6]}"
    body = {"username": name, "password": longest, "role": "reader"}
    assert admin.post("/api/accounts", json=body).status_code == 201
    problem(attempt(client, name, longest + "x"), 401)
    assert attempt(client, name, longest).status_code == 200


@pytest.mark.parametrize("known", [True, False])
def test_five_failures_lock_for_ten_minutes(
    known: bool,
    client: TestClient,
    make_account: MakeAccount,
    later: Callable[[timedelta], None],
) -> None:
    name = make_account("reader").username if known else f"nobody_{uuid.uuid4().hex[:6]}"  # type: ignore[attr-defined]
    for _ in range(5):
        problem(attempt(client, name, "wrong-password-1"), 401, "wrong_password")
    refused = attempt(client, name.upper(), OTHER_PASSWORD)
    body = problem(refused, 423, "locked")
    assert body["detail"] == "连续多次输错密码，已锁定 10 分钟。请稍后再试，或请管理员解锁。"
    assert refused.headers["retry-after"] == "600"
    later(timedelta(minutes=9))
    problem(attempt(client, name, OTHER_PASSWORD), 423)
    later(timedelta(minutes=11))
    answer = attempt(client, name, OTHER_PASSWORD)
    assert answer.status_code == (200 if known else 401)


def test_a_right_password_begins_the_count_anew(client: TestClient, make_account: MakeAccount) -> None:
    name = make_account("reader").username  # type: ignore[attr-defined]
    for _ in range(2):
        for _ in range(4):
            problem(attempt(client, name, "wrong-password-1"), 401)
        assert attempt(client, name, OTHER_PASSWORD).status_code == 200


@pytest.mark.parametrize("known", [True, False])
def test_guesses_at_the_same_time_are_all_counted(known: bool, app: Any, make_account: MakeAccount) -> None:
    name = make_account("reader").username if known else f"nobody_{uuid.uuid4().hex[:6]}"  # type: ignore[attr-defined]
    statuses: list[int] = []

    def guess() -> None:
        answer = attempt(TestClient(app, raise_server_exceptions=False), name, "wrong-password-1")
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=guess) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [401] * 5 + [423] * 3


def test_sign_ins_are_audited_with_their_result(client: TestClient, engine: Engine, make_account: MakeAccount) -> None:
    name = make_account("reader").username  # type: ignore[attr-defined]
    attempt(client, name, "wrong-password-1")
    attempt(client, "nobody_audited", "wrong-password-1")
    entries = sql(
        engine,
        "SELECT actor, result, address, before IS NULL AND after IS NULL FROM audit_entry"
        " WHERE action = 'sign_in' ORDER BY entry_id DESC LIMIT 3",
    )
    assert [tuple(e) for e in entries] == [
        ("nobody_audited", "wrong_password", "testclient", True),
        (name, "wrong_password", "testclient", True),
        (name, "ok", "testclient", True),
    ]


def test_an_address_may_fail_thirty_times_a_minute(
    app: Any,
    service_of: Callable[..., TestClient],
    later: Callable[[timedelta], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service, "FAILURES_A_MINUTE", 30)
    client = service_of()
    statuses = [attempt(client, "nobody_hurried", "x").status_code for _ in range(31)]
    assert statuses == [401] * 5 + [423] * 25 + [429]
    problem(attempt(client, "admin", ADMIN_PASSWORD), 429, "too_many")
    later(timedelta(seconds=61))
    assert attempt(client, "admin", ADMIN_PASSWORD).status_code == 200


def test_an_office_behind_one_address_may_all_sign_in(
    app: Any, service_of: Callable[..., TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "FAILURES_A_MINUTE", 2)
    client = service_of()
    assert [attempt(client, "admin", ADMIN_PASSWORD).status_code for _ in range(4)] == [200] * 4


def test_too_many_hashes_at_once_are_refused_and_not_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    held = threading.Event()
    came = threading.Semaphore(0)

    class AtOnce(threading.BoundedSemaphore):
        def __enter__(self) -> bool:
            came.release()
            return super().__enter__()

    monkeypatch.setattr(passwords, "_AT_ONCE", AtOnce(2))

    def hold() -> None:
        with passwords._turn():
            held.wait()

    # Two work, eight wait for them.
    threads = [threading.Thread(target=hold) for _ in range(10)]
    for thread in threads:
        thread.start()
    try:
        for _ in threads:
            came.acquire()
        with pytest.raises(Unavailable, match="登录的人较多"):
            passwords.hash_password("x")
    finally:
        held.set()
        for thread in threads:
            thread.join()
    assert passwords.verify("x", passwords.hash_password("x"))


@pytest.mark.parametrize(
    "body",
    [
        {"username": "admin"},
        {"username": "", "password": "x"},
        {"username": "a" * 61, "password": "x"},
        {"username": "admin", "password": "x" * 1001},
        {"username": "admin", "password": "x", "remember": True},
        {"username": ["admin"], "password": "x"},
        [],
    ],
)
def test_a_malformed_sign_in_is_422(client: TestClient, body: Any) -> None:
    problem(client.post("/api/session", json=body), 422, "invalid_request")


# -- Session -------------------------------------------------------------------------


def test_nobody_has_no_session(client: TestClient) -> None:
    problem(client.get("/api/session"), 401, "not_signed_in")


def age(engine: Engine, client: TestClient, **minutes: int) -> None:
    """Make a session older: columns and how many minutes they move back."""
    columns = ", ".join(f"{name} = {name} - interval '{n} minutes'" for name, n in minutes.items())
    hashed = service.digest(client.cookies[COOKIE])
    assert sql(engine, f"UPDATE account_session SET {columns} WHERE token_hash = :h", h=hashed) == 1


def seen_at(engine: Engine, client: TestClient) -> datetime:
    hashed = service.digest(client.cookies[COOKIE])
    found = sql(engine, "SELECT seen_at FROM account_session WHERE token_hash = :h", h=hashed)[0][0]
    assert isinstance(found, datetime)
    return found


def test_an_idle_session_ends(engine: Engine, make_account: MakeAccount) -> None:
    client = make_account("reader")
    age(engine, client, seen_at=29)
    assert client.get("/api/session").status_code == 200
    age(engine, client, seen_at=31)
    problem(client.get("/api/tokens"), 401, "session_expired")


def test_use_is_noted_once_a_minute(engine: Engine, make_account: MakeAccount) -> None:
    client = make_account("reader")
    before = seen_at(engine, client)
    client.get("/api/session")
    assert seen_at(engine, client) == before
    age(engine, client, seen_at=2)
    client.get("/api/session")
    assert seen_at(engine, client) > before


def test_a_session_ends_after_twelve_hours_however_busy(engine: Engine, make_account: MakeAccount) -> None:
    client = make_account("reader")
    age(engine, client, expires_at=12 * 60 - 1)
    assert client.get("/api/session").status_code == 200
    age(engine, client, expires_at=1)
    problem(client.get("/api/session"), 401, "session_expired")


def test_an_expired_session_is_never_taken_for_the_public(engine: Engine, make_account: MakeAccount) -> None:
    client = make_account("reader")
    age(engine, client, expires_at=12 * 60)
    for path in ("/api/counts", "/api/objects", "/api/tiles/9/420/210.mvt", "/api/catalogue", "/api/tokens"):
        answer = client.get(path)
        problem(answer, 401, "session_expired")
        assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/api/session", "/api/rights"])
def test_what_a_page_asks_first_clears_a_cookie_that_no_longer_holds(
    path: str, engine: Engine, make_account: MakeAccount
) -> None:
    client = make_account("reader")
    age(engine, client, expires_at=12 * 60)
    answer = client.get(path)
    if path == "/api/rights":
        assert answer.json()["rights"] == "r_public"
    else:
        problem(answer, 401, "session_expired")
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert COOKIE not in client.cookies
    assert client.get("/api/catalogue").status_code == 200


def test_the_page_itself_does_not_mind_a_stale_cookie(app: Any) -> None:
    client = TestClient(app, cookies={COOKIE: "stale"}, raise_server_exceptions=False)
    assert client.get("/healthz").status_code == 200
    assert client.get("/sprite.svg").status_code == 200


def test_signing_out_ends_the_session_and_clears_the_cache(engine: Engine, make_account: MakeAccount) -> None:
    client = make_account("reader")
    secret = client.cookies[COOKIE]
    answer = client.delete("/api/session")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["clear-site-data"] == '"cache"'
    assert COOKIE not in client.cookies
    assert not sql(engine, "SELECT 1 FROM account_session WHERE token_hash = :h", h=service.digest(secret))
    problem(TestClient(client.app, cookies={COOKIE: secret}).get("/api/session"), 401)
    assert client.delete("/api/session").status_code == 204
    assert TestClient(client.app, cookies={COOKIE: secret}).delete("/api/session").status_code == 204


def test_rights_tell_fingerprint_and_state(client: TestClient, admin: TestClient, make_account: MakeAccount) -> None:
    nobody, somebody = client.get("/api/rights").json(), admin.get("/api/rights").json()
    assert nobody["rights"] == "r_public"
    assert somebody["rights"] == admin.rights  # type: ignore[attr-defined]
    assert nobody["state"] == somebody["state"] == client.get("/healthz").json()["state"]
    assert make_account("reader", tier="public").get("/api/rights").json()["rights"] == "r_public"


# -- CSRF ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"X-CSRF-Token": ""}, "stale_csrf"),
        ({"X-CSRF-Token": "x"}, "stale_csrf"),
        ({"X-CSRF-Token": "令牌".encode()}, "stale_csrf"),
        ({"Origin": "https://evil.example"}, "cross_site"),
        ({"Origin": "http://testserver:81"}, "cross_site"),
        ({"Origin": "null"}, "cross_site"),
        ({"Origin": "http://["}, "cross_site"),
        ({"Sec-Fetch-Site": "cross-site"}, "cross_site"),
        ({"Sec-Fetch-Site": "same-site"}, "cross_site"),
    ],
)
def test_a_write_from_elsewhere_is_refused(headers: dict[str, Any], code: str, make_account: MakeAccount) -> None:
    client = make_account("reader")
    problem(client.post("/api/tokens", json={"name": "x"}, headers=headers), 403, code)
    problem(client.delete("/api/session", headers=headers), 403, code)
    assert client.get("/api/tokens").json()["items"] == []


def test_a_write_of_our_own_page_is_taken(make_account: MakeAccount) -> None:
    client = make_account("reader")
    headers = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/tokens", json={"name": "x"}, headers=headers).status_code == 201


def test_the_csrf_token_of_another_session_is_refused(make_account: MakeAccount) -> None:
    client, other = make_account("reader"), make_account("reader")
    client.headers["X-CSRF-Token"] = other.headers["X-CSRF-Token"]
    problem(client.post("/api/tokens", json={"name": "x"}), 403, "stale_csrf")


def test_nobody_is_signed_in_from_elsewhere(client: TestClient) -> None:
    body = {"username": "admin", "password": ADMIN_PASSWORD}
    problem(client.post("/api/session", json=body, headers={"Sec-Fetch-Site": "cross-site"}), 403, "cross_site")
    answer = client.post("/api/session", content='{"username":"admin"}', headers={"Content-Type": "text/plain"})
    problem(answer, 422, "not_json")


def test_the_stated_address_of_a_proxy_is_ours(app: Any, service_of: Callable[..., TestClient]) -> None:
    # nginx passes its own upstream's name as Host unless told otherwise.
    client = service_of("https://127.0.0.1:8000", proxy="https://map.example.gov.cn")
    csrf = attempt(client, "admin", ADMIN_PASSWORD).json()["csrf"]
    headers = {"X-CSRF-Token": csrf, "Origin": "https://map.example.gov.cn"}
    assert client.delete("/api/session", headers=headers).status_code == 204


# -- Tokens --------------------------------------------------------------------------


def bearer(app: Any, token: str) -> TestClient:
    return TestClient(app, headers={"Authorization": f"Bearer {token}"}, raise_server_exceptions=False)


def test_a_token_reads_with_its_accounts_rights(app: Any, make_account: MakeAccount, engine: Engine) -> None:
    client = make_account("reader", areas=["360402"])
    made = client.post("/api/tokens", json={"name": "qgis", "days": 30}).json()
    assert made["token"].startswith("rm_")
    assert bearer(app, made["token"]).get("/api/rights").json()["rights"] == client.rights  # type: ignore[attr-defined]
    listed = client.get("/api/tokens").json()["items"]
    assert [(t["id"], t["name"], t["expired"]) for t in listed] == [(made["id"], "qgis", False)]
    assert made["token"] not in client.get("/api/tokens").text
    rows = sql(engine, "SELECT t::text FROM account_token AS t UNION ALL SELECT e::text FROM audit_entry AS e")
    assert not [row for row in rows if made["token"] in row[0]]


def test_a_token_writes_without_csrf(app: Any, make_account: MakeAccount) -> None:
    client = make_account("reader")
    one, two = (client.post("/api/tokens", json={"name": n}).json() for n in ("one", "two"))
    assert bearer(app, one["token"]).delete(f"/api/tokens/{two['id']}").status_code == 204
    problem(bearer(app, two["token"]).get("/api/tokens"), 401, "bad_token")


def test_a_revoked_or_expired_token_is_401_and_says_what_to_do(
    app: Any, make_account: MakeAccount, engine: Engine
) -> None:
    client = make_account("reader")
    made = client.post("/api/tokens", json={"name": "x"}).json()
    program = bearer(app, made["token"])
    sql(engine, "UPDATE account_token SET expires_at = now() WHERE token_id = :id", id=made["id"])
    for path in ("/api/counts", "/api/rights", "/api/tokens"):
        assert "新建" in problem(program.get(path), 401, "token_expired")["detail"]
    assert client.get("/api/tokens").json()["items"][0]["expired"] is True
    assert client.delete(f"/api/tokens/{made['id']}").status_code == 204
    problem(program.get("/api/counts"), 401, "bad_token")
    problem(client.delete(f"/api/tokens/{made['id']}"), 404)


def test_nobody_revokes_the_token_of_another(make_account: MakeAccount) -> None:
    made = make_account("reader").post("/api/tokens", json={"name": "x"}).json()
    problem(make_account("administrator").delete(f"/api/tokens/{made['id']}"), 404)


def test_a_token_makes_no_other_and_no_password(app: Any, make_account: MakeAccount) -> None:
    made = make_account("reader").post("/api/tokens", json={"name": "x"}).json()
    program = bearer(app, made["token"])
    problem(program.post("/api/tokens", json={"name": "y", "days": 365}), 403, "token_not_enough")
    body = {"old": OTHER_PASSWORD, "new": "Another-4-tests"}
    problem(program.put("/api/account/password", json=body), 403, "token_not_enough")


@pytest.mark.parametrize("value", ["Bearer", "Bearer rm_unknown", "Bearer x", "Basic YTpi", "", "rm_x"])
def test_a_credential_that_is_none_is_401_beside_a_good_cookie_too(value: str, make_account: MakeAccount) -> None:
    client = make_account("reader")
    answer = client.get("/api/counts", headers={"Authorization": value})
    problem(answer, 401, "bad_token")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("body", [{"name": ""}, {"name": "x", "days": 0}, {"name": "x", "days": 366}, {}])
def test_a_malformed_token_request_is_422(body: dict[str, Any], admin: TestClient) -> None:
    problem(admin.post("/api/tokens", json=body), 422, "invalid_request")


def test_tokens_are_bounded(make_account: MakeAccount) -> None:
    client = make_account("reader")
    for n in range(service.MOST_TOKENS):
        assert client.post("/api/tokens", json={"name": f"n{n}"}).status_code == 201
    problem(client.post("/api/tokens", json={"name": "more"}), 409, "too_many_tokens")


def test_nobody_has_tokens(client: TestClient) -> None:
    problem(client.get("/api/tokens"), 401, "not_signed_in")
    problem(client.post("/api/tokens", json={"name": "x"}), 401, "not_signed_in")


# -- One's own password --------------------------------------------------------------


def test_a_new_password_needs_the_old_one_and_ends_every_session(app: Any, make_account: MakeAccount) -> None:
    client = make_account("reader")
    name = client.username  # type: ignore[attr-defined]
    elsewhere = sign_in(app, name, OTHER_PASSWORD)
    new = "Quite-new-4-tests"
    problem(client.put("/api/account/password", json={"old": "wrong-password-1", "new": new}), 403, "wrong_password")
    assert client.put("/api/account/password", json={"old": OTHER_PASSWORD, "new": new}).status_code == 204
    assert COOKIE not in client.cookies
    problem(elsewhere.get("/api/session"), 401, "session_expired")
    problem(attempt(client, name, OTHER_PASSWORD), 401, "wrong_password")
    assert attempt(client, name, new).status_code == 200


def test_guessing_the_old_password_locks_too(make_account: MakeAccount) -> None:
    client = make_account("reader")
    body = {"old": "wrong-password-1", "new": "Quite-new-4-tests"}
    for _ in range(5):
        problem(client.put("/api/account/password", json=body), 403, "wrong_password")
    problem(client.put("/api/account/password", json=body | {"old": OTHER_PASSWORD}), 423, "locked")


@pytest.mark.parametrize("new", ["short1A", "lettersxy", OTHER_PASSWORD])
def test_a_weak_or_unchanged_password_is_refused(new: str, make_account: MakeAccount) -> None:
    client = make_account("reader")
    body = problem(client.put("/api/account/password", json={"old": OTHER_PASSWORD, "new": new}), 422)
    assert body["errors"][0]["field"] == "new"
    assert client.get("/api/session").status_code == 200


# -- The transaction -----------------------------------------------------------------


@contextmanager
def trigger(settings: Settings, body: str, kind: str = "CONSTRAINT", when: str = "AFTER") -> Iterator[None]:
    """A trigger on account_token; the deferred kind goes off at COMMIT."""
    deferred = "DEFERRABLE INITIALLY DEFERRED" if kind else ""
    with superuser(settings) as connection:
        connection.execute(
            text(
                "CREATE FUNCTION goes_wrong() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
                f" $$ BEGIN {body}; RETURN NEW; END $$"
            )
        )
        connection.execute(
            text(
                f"CREATE {kind} TRIGGER goes_wrong {when} INSERT ON account_token {deferred}"
                " FOR EACH ROW EXECUTE FUNCTION goes_wrong()"
            )
        )
    try:
        yield
    finally:
        with superuser(settings) as connection:
            connection.execute(text("DROP FUNCTION goes_wrong() CASCADE"))


def test_a_commit_that_fails_is_a_problem_and_no_success(
    settings: Settings, make_account: MakeAccount, engine: Engine
) -> None:
    client = make_account("reader")
    with trigger(settings, "RAISE EXCEPTION 'not today'"):
        answer = client.post("/api/tokens", json={"name": "x"})
    body = problem(answer, 500, "fault")
    assert "not today" not in answer.text
    assert "编号" in body["detail"]
    assert client.get("/api/tokens").json()["items"] == []
    assert not sql(
        engine,
        "SELECT 1 FROM audit_entry WHERE kind = 'token' AND actor = :name",
        name=client.username,  # type: ignore[attr-defined]
    )


def test_a_connection_lost_at_commit_is_a_problem_and_no_success(settings: Settings, make_account: MakeAccount) -> None:
    client = make_account("reader")
    with trigger(settings, "PERFORM pg_terminate_backend(pg_backend_pid())"):
        answer = client.post("/api/tokens", json={"name": "x"})
    problem(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "5"
    assert client.get("/api/tokens").json()["items"] == []


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        ("53100", 507, "disk_full"),
        ("57014", 503, "unavailable"),
        ("40P01", 503, "unavailable"),
        ("22003", 422, "invalid"),
        ("23514", 500, "fault"),
    ],
)
def test_what_postgres_reports_is_told_in_chinese(
    state: str, status: int, code: str, settings: Settings, make_account: MakeAccount
) -> None:
    client = make_account("reader")
    with trigger(settings, f"RAISE EXCEPTION 'secret' USING ERRCODE = '{state}'", "", "BEFORE"):
        answer = client.post("/api/tokens", json={"name": "x"})
    problem(answer, status, code)
    assert "secret" not in answer.text


def test_writes_are_refused_on_a_full_disk_and_reads_are_not(app: Any, service_of: Callable[..., TestClient]) -> None:
    client = service_of(free_disk_mb=1 << 40)
    client.headers["X-CSRF-Token"] = attempt(client, "admin", ADMIN_PASSWORD).json()["csrf"]
    problem(client.post("/api/tokens", json={"name": "x"}), 507, "disk_full")
    assert client.get("/api/tokens").status_code == 200


def test_a_session_still_reads_where_its_use_cannot_be_noted(
    settings: Settings, make_account: MakeAccount, engine: Engine
) -> None:
    client = make_account("reader")
    age(engine, client, seen_at=5)
    with superuser(settings) as connection:
        connection.execute(text("REVOKE UPDATE ON account_session FROM riskmap_app"))
    try:
        assert client.get("/api/session").status_code == 200
    finally:
        with superuser(settings) as connection:
            connection.execute(text("GRANT UPDATE ON account_session TO riskmap_app"))


def test_without_a_database_the_answer_is_503(settings: Settings) -> None:
    assert settings.database_url
    nowhere = make_url(settings.database_url).set(host="127.0.0.1", port=1)
    app = create_app(
        settings.model_copy(update={"database_url": nowhere.render_as_string(hide_password=False), "app_password": "x"})
    )
    client = TestClient(app, raise_server_exceptions=False)
    for answer in (attempt(client, "admin", ADMIN_PASSWORD), client.get("/api/rights"), client.get("/healthz")):
        problem(answer, 503, "unavailable")
        assert "127.0.0.1" not in answer.text
