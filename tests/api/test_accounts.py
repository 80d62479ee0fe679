"""Accounts and the audit trail, over HTTP and on the command line."""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, text
from starlette.testclient import TestClient
from tests.conftest import ADMIN_PASSWORD, OTHER_PASSWORD, sign_in

from riskmap.access import service
from riskmap.access.commands import admin as admin_command
from riskmap.app import create_app
from riskmap.base import clock
from riskmap.base.settings import Settings

MakeAccount = Callable[..., TestClient]


def problem(answer: Any, status: int, code: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    if code:
        assert body["code"] == code, body
    return dict(body)


def fresh_name() -> str:
    return f"u_{uuid.uuid4().hex[:8]}"


def new(**changes: Any) -> dict[str, Any]:
    return {"username": fresh_name(), "password": OTHER_PASSWORD, "role": "editor"} | changes


def entries(engine: Engine, kind: str, ref: str) -> list[Any]:
    with engine.begin() as connection:
        return list(
            connection.execute(
                text(
                    "SELECT actor, action, result, before, after FROM audit_entry"
                    " WHERE kind = :kind AND ref = :ref ORDER BY entry_id"
                ),
                {"kind": kind, "ref": ref},
            )
        )


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests fail to sign in more often than one address may."""
    monkeypatch.setattr(service, "FAILURES_A_MINUTE", 10_000)


# -- Making --------------------------------------------------------------------------


def test_a_new_account_signs_in_with_the_rights_it_was_given(app: Any, admin: TestClient) -> None:
    body = new(tier="department", areas=["360402"], classes=["school"], departments=["教育局"], may=["dispatch"])
    answer = admin.post("/api/accounts", json=body)
    assert answer.status_code == 201
    assert OTHER_PASSWORD not in answer.text
    assert "hash" not in answer.text
    account = sign_in(app, body["username"], OTHER_PASSWORD).get("/api/session").json()["account"]
    assert account == {k: v for k, v in body.items() if k != "password"}


def test_limits_are_kept_once(admin: TestClient) -> None:
    body = new(areas=["360402", "360403", "360402"], may=["sign", "sign"])
    made = admin.post("/api/accounts", json=body).json()
    assert (made["areas"], made["may"]) == (["360402", "360403"], ["sign"])


def test_a_name_is_taken_in_any_case_and_width(admin: TestClient) -> None:
    body = new(username=f"Name_{uuid.uuid4().hex[:6]}")
    assert admin.post("/api/accounts", json=body).status_code == 201
    for name in (body["username"].lower(), body["username"].upper(), "Ｎ" + body["username"][1:]):
        problem(admin.post("/api/accounts", json=body | {"username": name}), 409, "username_taken")


def test_of_two_who_make_one_name_at_once_one_succeeds(app: Any) -> None:
    body = new()
    clients = [sign_in(app, "admin", ADMIN_PASSWORD) for _ in range(3)]
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda c=c: statuses.append(c.post("/api/accounts", json=body).status_code))
        for c in clients
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409]


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"username": "a"}, "username", "bad_username"),
        ({"username": "a b"}, "username", "bad_username"),
        ({"username": "a/b"}, "username", "bad_username"),
        ({"username": "<b>"}, "username", "bad_username"),
        ({"role": "root"}, "role", "literal_error"),
        ({"tier": "secret"}, "tier", "literal_error"),
        ({"areas": ["3"]}, "areas", "not_a_code"),
        ({"areas": ["3604020010001"]}, "areas", "not_a_code"),
        ({"areas": ["36%"]}, "areas", "not_a_code"),
        ({"areas": ["３６０４"]}, "areas", "not_a_code"),
        ({"areas": [360402]}, "areas.0", "string_type"),
        ({"classes": ["no-such-class"]}, "classes", "unknown_class"),
        ({"departments": ["x"] * 51}, "departments", "too_long"),
        ({"departments": [""]}, "departments.0", "string_too_short"),
        ({"may": ["everything"]}, "may.0", "literal_error"),
        ({"password": "short1A"}, "password", "weak_password"),
        ({"password": "lowercase"}, "password", "weak_password"),
        ({"password": "two-kinds"}, "password", "weak_password"),
        ({"password": "Seven-1"}, "password", "weak_password"),
        ({"password": "Aa1" * 43}, "password", "weak_password"),
        ({"username": "Same-as-name1", "password": "same-as-NAME1"}, "password", "weak_password"),
        ({"active": False}, "active", "extra_forbidden"),
    ],
)
def test_a_refused_account_says_which_part(admin: TestClient, changes: dict[str, Any], field: str, code: str) -> None:
    body = problem(admin.post("/api/accounts", json=new(**changes)), 422)
    assert [(e["field"], e["code"]) for e in body["errors"]] == [(field, code)]
    assert any("一" <= c <= "鿿" for c in body["errors"][0]["message"])


@pytest.mark.parametrize("password", ["Eight-1x", "eight-1x", "EIGHT-1X", "口令口令Aa1-", "a-1" + "a" * 125])
def test_a_password_by_the_rule_is_taken(admin: TestClient, password: str) -> None:
    assert admin.post("/api/accounts", json=new(password=password)).status_code == 201


@pytest.mark.parametrize("role", ["editor", "reader", "auditor"])
def test_only_an_administrator_manages_accounts(role: str, make_account: MakeAccount) -> None:
    client = make_account(role)
    problem(client.get("/api/accounts"), 403, "forbidden")
    problem(client.post("/api/accounts", json=new()), 403, "forbidden")
    problem(client.post("/api/accounts", json={}), 403, "forbidden")
    problem(client.patch("/api/accounts/admin", json={"active": False}), 403, "forbidden")


def test_nobody_manages_accounts(client: TestClient) -> None:
    problem(client.get("/api/accounts"), 401, "not_signed_in")
    problem(client.post("/api/accounts", json=new()), 401, "not_signed_in")
    problem(client.patch("/api/accounts/admin", json={}), 401, "not_signed_in")


def test_accounts_are_listed_without_hashes(admin: TestClient, make_account: MakeAccount) -> None:
    name = make_account("reader", areas=["360402"]).username  # type: ignore[attr-defined]
    answer = admin.get("/api/accounts")
    assert "argon2" not in answer.text
    listed = {a["username"]: a for a in answer.json()["items"]}
    made_at, set_at, expires_at, signed_in_at = (
        listed[name].pop(field) for field in ("made_at", "password_set_at", "password_expires_at", "signed_in_at")
    )
    assert made_at.endswith("+08:00")
    assert signed_in_at > made_at
    assert datetime.fromisoformat(expires_at) - datetime.fromisoformat(set_at) == timedelta(days=90)
    assert listed[name] == {
        "username": name,
        "role": "reader",
        "tier": "department",
        "areas": ["360402"],
        "departments": [],
        "classes": [],
        "may": [],
        "active": True,
        "locked": False,
        "locked_until": None,
        "must_change": None,
        "sessions": 1,
        "tokens": 0,
    }


# -- Changing ------------------------------------------------------------------------


def test_a_change_ends_the_sessions_of_the_account(app: Any, admin: TestClient, make_account: MakeAccount) -> None:
    client = make_account("editor", areas=["360402"])
    name = client.username  # type: ignore[attr-defined]
    changed = admin.patch(f"/api/accounts/{name.upper()}", json={"areas": ["360403"], "tier": "command"})
    assert changed.status_code == 200
    assert changed.json()["areas"] == ["360403"]
    problem(client.get("/api/objects"), 401, "session_expired")
    again = sign_in(app, name, OTHER_PASSWORD)
    account = again.get("/api/session").json()["account"]
    assert (account["areas"], account["tier"], account["role"]) == (["360403"], "command", "editor")
    assert again.rights != client.rights  # type: ignore[attr-defined]


@pytest.mark.parametrize("body", [{}, {"role": None}, {"role": "editor", "active": True}, {"locked": False}])
def test_what_changes_nothing_ends_nothing(body: Any, admin: TestClient, engine: Engine) -> None:
    pass_through = admin.post("/api/accounts", json=new()).json()["username"]
    client = sign_in(admin.app, pass_through, OTHER_PASSWORD)
    assert admin.patch(f"/api/accounts/{pass_through}", json=body).status_code == 200
    assert client.get("/api/session").status_code == 200
    assert [e.action for e in entries(engine, "account", pass_through)] == ["create"]


def test_a_limit_can_be_lifted(admin: TestClient, make_account: MakeAccount) -> None:
    name = make_account("editor", areas=["360402"], classes=["school"]).username  # type: ignore[attr-defined]
    changed = admin.patch(f"/api/accounts/{name}", json={"areas": []}).json()
    assert (changed["areas"], changed["classes"]) == ([], ["school"])


def test_rights_of_a_token_follow_the_account(app: Any, admin: TestClient, make_account: MakeAccount) -> None:
    client = make_account("editor")
    token = client.post("/api/tokens", json={"name": "x"}).json()["token"]
    program = TestClient(app, headers={"Authorization": f"Bearer {token}"})
    before = program.get("/api/rights").json()["rights"]
    name = client.username  # type: ignore[attr-defined]
    admin.patch(f"/api/accounts/{name}", json={"areas": ["360402"]})
    assert program.get("/api/rights").json()["rights"] != before
    admin.patch(f"/api/accounts/{name}", json={"active": False})
    admin.patch(f"/api/accounts/{name}", json={"active": True})
    problem(program.get("/api/rights"), 401, "bad_token")


def test_an_administrator_resets_a_password_and_unlocks(
    app: Any, admin: TestClient, client: TestClient, make_account: MakeAccount
) -> None:
    locked = make_account("reader")
    name = locked.username  # type: ignore[attr-defined]
    token = locked.post("/api/tokens", json={"name": "x"}).json()["token"]

    def attempt(password: str) -> int:
        return client.post("/api/session", json={"username": name, "password": password}).status_code

    def lock() -> None:
        assert [attempt("wrong-password-1") for _ in range(6)] == [401] * 5 + [423]

    def is_locked() -> bool:
        return bool(next(a for a in admin.get("/api/accounts").json()["items"] if a["username"] == name)["locked"])

    lock()
    assert is_locked()
    assert admin.patch(f"/api/accounts/{name}", json={"locked": False}).json()["locked"] is False
    assert attempt(OTHER_PASSWORD) == 200
    assert locked.get("/api/session").status_code == 200  # unlocking is no change of rights
    lock()
    assert admin.patch(f"/api/accounts/{name}", json={"password": "Reset-4-tests"}).status_code == 200
    assert attempt(OTHER_PASSWORD) == 401
    assert attempt("Reset-4-tests") == 200
    problem(locked.get("/api/session"), 401)
    problem(TestClient(app, headers={"Authorization": f"Bearer {token}"}).get("/api/tokens"), 401)


def test_an_unknown_account_is_404(admin: TestClient) -> None:
    problem(admin.patch("/api/accounts/nobody_here", json={"active": False}), 404)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"role": "root"}, "literal_error"),
        ({"areas": ["x"]}, "not_a_code"),
        ({"classes": ["nope"]}, "unknown_class"),
        ({"username": "other"}, "extra_forbidden"),
        ({"password": "weak"}, "weak_password"),
        ({"locked": True}, "literal_error"),
    ],
)
def test_a_refused_change_changes_nothing(
    admin: TestClient, make_account: MakeAccount, body: dict[str, Any], code: str
) -> None:
    client = make_account("reader")
    name = client.username  # type: ignore[attr-defined]
    answer = problem(admin.patch(f"/api/accounts/{name}", json=body | {"tier": "command"}), 422)
    assert answer["errors"][0]["code"] == code
    assert client.get("/api/session").json()["account"]["tier"] == "department"


# -- The last administrator ----------------------------------------------------------


@contextmanager
def the_only_administrator(engine: Engine) -> Iterator[None]:
    """The others of this module rest for a while."""
    rest = "UPDATE account SET active = {} WHERE role = 'administrator' AND username <> 'admin'"
    with engine.begin() as connection:
        connection.execute(text(rest.format("false")))
    yield
    with engine.begin() as connection:
        connection.execute(text(rest.format("true")))


@pytest.mark.parametrize(
    "body", [{"active": False}, {"role": "reader"}, {"role": "auditor", "password": "New-4-tests"}]
)
def test_the_last_administrator_stays(admin: TestClient, engine: Engine, body: dict[str, Any]) -> None:
    with the_only_administrator(engine):
        problem(admin.patch("/api/accounts/admin", json=body), 409, "last_administrator")
    assert admin.get("/api/session").json()["account"]["role"] == "administrator"


def test_two_administrators_cannot_remove_each_other(app: Any, engine: Engine, make_account: MakeAccount) -> None:
    with the_only_administrator(engine):
        one, other = make_account("administrator"), make_account("administrator")
        with engine.begin() as connection:
            connection.execute(text("UPDATE account SET active = false WHERE username = 'admin'"))
        answers: list[int] = []
        barrier = threading.Barrier(2)

        def remove(by: TestClient, whom: str) -> None:
            barrier.wait()
            answers.append(by.patch(f"/api/accounts/{whom}", json={"active": False}).status_code)

        names = [c.username for c in (one, other)]  # type: ignore[attr-defined]
        threads = [threading.Thread(target=remove, args=pair) for pair in ((one, names[1]), (other, names[0]))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with engine.begin() as connection:
            left = connection.scalar(text("SELECT count(*) FROM account WHERE role = 'administrator' AND active"))
            connection.execute(text("UPDATE account SET active = true WHERE username = 'admin'"))
        assert left == 1
        # The other came too late: its session was over, or it would have been the last.
        assert 200 in answers
        assert set(answers) <= {200, 401, 409}
        assert len(answers) == 2


# -- Audit ---------------------------------------------------------------------------


def test_a_change_is_audited_with_before_and_after(admin: TestClient, engine: Engine) -> None:
    body = new(areas=["360402"])
    name = body["username"]
    admin.post("/api/accounts", json=body)
    admin.patch(f"/api/accounts/{name}", json={"tier": "command", "role": "editor"})
    admin.patch(f"/api/accounts/{name}", json={"password": "Reset-4-tests"})
    made, changed, reset = entries(engine, "account", name)
    assert (made.actor, made.action, made.before) == ("admin", "create", None)
    assert made.after["areas"] == ["360402"]
    assert (changed.before, changed.after) == ({"tier": "department"}, {"tier": "command"})
    assert reset.after == {"password": "已重设"}


def test_no_secret_is_in_the_audit(admin: TestClient, engine: Engine, make_account: MakeAccount) -> None:
    client = make_account("reader")
    client.post("/api/tokens", json={"name": "x"})
    client.put("/api/account/password", json={"old": OTHER_PASSWORD, "new": "Quite-new-4-tests"})
    with engine.begin() as connection:
        trail = "\n".join(connection.scalars(text("SELECT e::text FROM audit_entry AS e")))
    for secret in (OTHER_PASSWORD, ADMIN_PASSWORD, "Quite-new", "argon2", "rm_", admin.headers["X-CSRF-Token"]):
        assert secret not in trail


# -- Passwords that have to be changed ---------------------------------------------------


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the service's clock forward."""

    def move(by: timedelta) -> None:
        real = datetime.now
        monkeypatch.setattr(clock, "now", lambda: real(clock.SHANGHAI) + by)

    return move


@pytest.fixture
def service_of(settings: Settings) -> Iterator[Callable[..., Any]]:
    """Another service over the same database, with settings of its own."""
    made = []

    def start(**changes: Any) -> Any:
        made.append(create_app(settings.model_copy(update=changes)))
        return made[-1]

    yield start
    for app in made:
        app.state.engine.dispose()


REFUSED = [
    ("GET", "/api/objects"),
    ("GET", "/api/counts?by=grade"),
    ("GET", "/api/catalogue"),
    ("GET", "/api/tokens"),
    ("POST", "/api/tokens"),
    ("GET", "/api/sessions"),
    ("DELETE", "/api/sessions"),
    ("POST", "/api/objects"),
    ("GET", "/api/accounts"),
    ("GET", "/api/audit"),
]


def test_a_first_password_is_changed_before_anything_else(app: Any, admin: TestClient) -> None:
    body = new(must_change=True)
    made = admin.post("/api/accounts", json=body)
    assert made.json()["must_change"] == "first"
    client = sign_in(app, body["username"], OTHER_PASSWORD)
    assert client.get("/api/session").json()["must_change"] == "first"
    assert client.get("/api/rights").json()["rights"] == client.rights  # type: ignore[attr-defined]
    assert client.get("/api/account/password").json()["must_change"] == "first"
    for method, path in REFUSED:
        told = problem(client.request(method, path, json={} if method == "POST" else None), 403, "password_expired")
        assert "先改成自己的密码" in told["detail"]
    changed = client.put("/api/account/password", json={"old": OTHER_PASSWORD, "new": "My-own-4-tests"})
    assert changed.status_code == 204
    again = sign_in(app, body["username"], "My-own-4-tests")
    assert again.get("/api/session").json()["must_change"] is None
    assert again.get("/api/objects").status_code == 200


def test_who_has_to_change_his_password_may_also_leave(app: Any, admin: TestClient) -> None:
    body = new(must_change=True)
    admin.post("/api/accounts", json=body)
    client = sign_in(app, body["username"], OTHER_PASSWORD)
    assert client.delete("/api/session").status_code == 204
    assert client.get("/api/objects").status_code == 200  # as the public


def test_a_reset_password_is_for_one_sign_in_where_the_administrator_says_so(
    app: Any, admin: TestClient, make_account: MakeAccount
) -> None:
    name = make_account("reader").username  # type: ignore[attr-defined]
    reset = {"password": "Reset-4-tests", "must_change": True}
    assert admin.patch(f"/api/accounts/{name}", json=reset).json()["must_change"] == "first"
    problem(sign_in(app, name, "Reset-4-tests").get("/api/objects"), 403, "password_expired")
    assert admin.patch(f"/api/accounts/{name}", json={"password": "Reset-5-tests"}).json()["must_change"] is None
    assert sign_in(app, name, "Reset-5-tests").get("/api/objects").status_code == 200


def test_a_password_grows_old(app: Any, make_account: MakeAccount, later: Callable[[timedelta], None]) -> None:
    name = make_account("editor").username  # type: ignore[attr-defined]
    later(timedelta(days=89, hours=23, minutes=50))
    client = sign_in(app, name, OTHER_PASSWORD)
    assert client.get("/api/objects").status_code == 200
    later(timedelta(days=90, minutes=5))
    told = problem(client.get("/api/objects"), 403, "password_expired")
    assert "到期" in told["detail"]
    assert client.get("/api/session").json()["must_change"] == "expired"
    new = "Quite-new-4-tests"
    assert client.put("/api/account/password", json={"old": OTHER_PASSWORD, "new": new}).status_code == 204
    assert sign_in(app, name, new).get("/api/objects").status_code == 200


def test_a_token_goes_on_while_a_password_waits_to_be_changed(
    app: Any, make_account: MakeAccount, later: Callable[[timedelta], None]
) -> None:
    client = make_account("reader")
    token = client.post("/api/tokens", json={"name": "x", "days": 365}).json()["token"]
    later(timedelta(days=100))
    program = TestClient(app, headers={"Authorization": f"Bearer {token}"})
    assert program.get("/api/rights").json()["rights"] == client.rights  # type: ignore[attr-defined]
    assert program.get("/api/tokens").status_code == 200


def test_passwords_last_for_ever_where_the_settings_say_so(
    service_of: Callable[..., Any], make_account: MakeAccount, later: Callable[[timedelta], None]
) -> None:
    name = make_account("reader").username  # type: ignore[attr-defined]
    later(timedelta(days=4000))
    client = sign_in(service_of(password_days=0), name, OTHER_PASSWORD)
    assert client.get("/api/session").json()["must_change"] is None
    assert client.get("/api/account/password").json()["expires_at"] is None


def test_the_rules_are_those_of_the_settings(service_of: Callable[..., Any], admin: TestClient) -> None:
    strict = sign_in(service_of(password_length=12, password_kinds=4, password_long=0), "admin", ADMIN_PASSWORD)
    told = problem(strict.post("/api/accounts", json=new(password="Eight-1x")), 422, "weak_password")
    assert "至少 12 位" in told["errors"][0]["message"]
    assert "都要有" in told["errors"][0]["message"]
    problem(strict.post("/api/accounts", json=new(password="long-enough-123")), 422, "weak_password")
    assert strict.post("/api/accounts", json=new(password="Long-enough-123")).status_code == 201
    assert strict.get("/api/account/password").json()["rules"] == {
        "length": 12,
        "most": 128,
        "kinds": 4,
        "long": 0,
        "history": 5,
    }
    plain = sign_in(service_of(password_kinds=1), "admin", ADMIN_PASSWORD)
    assert plain.post("/api/accounts", json=new(password="lowercase")).status_code == 201


def test_the_last_five_passwords_are_not_taken_again(app: Any, make_account: MakeAccount) -> None:
    client = make_account("reader")
    name = client.username  # type: ignore[attr-defined]
    used = [OTHER_PASSWORD, *(f"Number-{n}-of-five" for n in range(1, 6))]

    def change(old: str, to: str) -> Any:
        return sign_in(app, name, old).put("/api/account/password", json={"old": old, "new": to})

    for old, following in pairwise(used):
        assert change(old, following).status_code == 204
    for taken in used[1:-1]:
        told = problem(change(used[-1], taken), 422, "used_password")
        assert "最近 5 次" in told["errors"][0]["message"]
    assert change(used[-1], used[0]).status_code == 204  # the sixth before


def test_an_administrator_sets_no_password_that_was_just_used(admin: TestClient, make_account: MakeAccount) -> None:
    name = make_account("reader").username  # type: ignore[attr-defined]
    problem(admin.patch(f"/api/accounts/{name}", json={"password": OTHER_PASSWORD}), 422, "used_password")


def test_whether_a_password_was_used_is_told_to_nobody_who_does_not_know_the_present_one(
    make_account: MakeAccount,
) -> None:
    client = make_account("reader")
    body = {"old": "wrong-password-1", "new": OTHER_PASSWORD}
    problem(client.put("/api/account/password", json=body), 403, "wrong_password")


# -- Command line --------------------------------------------------------------------


@pytest.fixture
def run(app: Any, engine: Engine, settings: Settings) -> Callable[..., Any]:
    """`riskmap admin …` with a line on standard input."""

    @contextmanager
    def opener() -> Iterator[tuple[Engine, Settings]]:
        yield engine, settings

    def command(*arguments: str, stdin: str = "") -> Any:
        return CliRunner().invoke(admin_command, arguments, obj=opener, input=stdin)

    return command


def test_accounts_are_managed_on_the_command_line(app: Any, run: Callable[..., Any], client: TestClient) -> None:
    name = fresh_name()
    made = run("add-account", name, "--role", "reader", "--area", "360402", stdin=OTHER_PASSWORD + "\n")
    assert made.exit_code == 0, made.output
    assert OTHER_PASSWORD not in made.output
    assert sign_in(app, name, OTHER_PASSWORD).get("/api/session").json()["account"]["areas"] == ["360402"]
    for _ in range(5):
        client.post("/api/session", json={"username": name, "password": "wrong-password-1"})
    listed = next(line for line in run("list").output.splitlines() if name in line)
    assert "锁定" in listed
    assert "360402" in listed
    assert run("unlock", name).exit_code == 0
    assert run("set-password", name, stdin="Reset-4-tests\n").exit_code == 0
    sign_in(app, name, "Reset-4-tests")


def test_a_token_is_made_on_the_command_line(app: Any, run: Callable[..., Any], make_account: MakeAccount) -> None:
    client = make_account("reader")
    made = run("token", client.username, "--name", "qgis")  # type: ignore[attr-defined]
    program = TestClient(app, headers={"Authorization": f"Bearer {made.output.strip()}"})
    assert program.get("/api/rights").json()["rights"] == client.rights  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (("add-account", "admin", "--role", "reader"), OTHER_PASSWORD, "已被使用"),
        (("add-account", "weakling", "--role", "reader"), "weak", "至少 8 位"),
        (("add-account", "x_y", "--role", "reader", "--area", "x"), OTHER_PASSWORD, "区划代码"),
        (("set-password", "nobody_here"), OTHER_PASSWORD, "没有这个账号"),
        (("unlock", "nobody_here"), "", "没有这个账号"),
        (("token", "nobody_here", "--name", "x"), "", "没有这个账号"),
    ],
)
def test_what_is_refused_on_the_command_line_is_said_in_a_line(
    run: Callable[..., Any], arguments: tuple[str, ...], stdin: str, said: str
) -> None:
    refused = run(*arguments, stdin=stdin + "\n")
    assert refused.exit_code == 1
    assert said in refused.output
    assert "Traceback" not in refused.output


def test_a_password_is_no_argument(run: Callable[..., Any]) -> None:
    assert run("set-password", "admin", "New-password-1").exit_code == 2
    assert "password" not in json.dumps([p.name for c in admin_command.commands.values() for p in c.params])
