"""Sessions and tokens are seen, one's own and by the administrator, and can be ended."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient
from tests.conftest import OTHER_PASSWORD, sign_in

from riskmap.access.dependencies import COOKIE

MakeAccount = Callable[..., TestClient]


def problem(answer: Any, status: int, code: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert code is None or body["code"] == code, body
    return dict(body)


def sessions(client: TestClient, path: str = "/api/sessions") -> list[dict[str, Any]]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def trail(engine: Engine, actor: str, kind: str) -> list[Any]:
    with engine.begin() as connection:
        asked = "SELECT action, ref, before, after FROM audit_entry WHERE actor = :a AND kind = :k ORDER BY entry_id"
        return list(connection.execute(text(asked), {"a": actor, "k": kind}))


def another(app: Any, name: str, agent: str) -> TestClient:
    """The same account in another browser."""
    client = TestClient(app, headers={"User-Agent": agent}, raise_server_exceptions=False)
    answer = client.post("/api/session", json={"username": name, "password": OTHER_PASSWORD})
    client.headers["X-CSRF-Token"] = answer.json()["csrf"]
    return client


def test_a_session_is_shown_with_address_browser_and_times(app: Any, make_account: MakeAccount) -> None:
    client = make_account("reader")
    name = client.username  # type: ignore[attr-defined]
    another(app, name, "Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0")
    newest, own = sessions(client)
    assert (newest["agent"], newest["current"]) == ("Mozilla/5.0 (X11; Linux x86_64) Chrome/150.0", False)
    assert own["current"] is True
    assert own["address"] == "testclient"
    assert own["made_at"] <= own["seen_at"] < own["expires_at"]
    secret = hashlib.sha256(client.cookies[COOKIE].encode()).hexdigest()
    assert secret not in client.get("/api/sessions").text


def test_what_a_browser_calls_itself_is_bounded_text(app: Any, make_account: MakeAccount) -> None:
    name = make_account("reader").username  # type: ignore[attr-defined]
    client = another(app, name, "x" * 4000)
    assert max(len(s["agent"]) for s in sessions(client)) == 300


def test_a_session_that_is_over_or_idle_is_not_shown(app: Any, engine: Engine, make_account: MakeAccount) -> None:
    client = make_account("reader")
    name = client.username  # type: ignore[attr-defined]
    for column, by in (("seen_at", timedelta(minutes=31)), ("expires_at", timedelta(hours=13))):
        other = another(app, name, "old")
        hashed = hashlib.sha256(other.cookies[COOKIE].encode()).hexdigest()
        with engine.begin() as connection:
            aged = f"UPDATE account_session SET {column} = {column} - :by WHERE token_hash = :h"
            connection.execute(text(aged), {"by": by, "h": hashed})
    assert [s["current"] for s in sessions(client)] == [True]


def test_one_ends_another_session_of_ones_own(app: Any, engine: Engine, make_account: MakeAccount) -> None:
    client = make_account("reader")
    name = client.username  # type: ignore[attr-defined]
    other = another(app, name, "other")
    [theirs] = [s["id"] for s in sessions(client) if not s["current"]]
    assert client.delete(f"/api/sessions/{theirs}").status_code == 204
    problem(other.get("/api/session"), 401, "session_expired")
    problem(client.delete(f"/api/sessions/{theirs}"), 404)
    assert client.get("/api/session").status_code == 200
    [entry] = [e for e in trail(engine, name, "session") if e.action == "end_sessions"]
    assert (entry.ref, entry.after) == (name, {"sessions": 1, "id": theirs})


def test_one_ends_every_other_session_at_once(app: Any, make_account: MakeAccount) -> None:
    client = make_account("reader")
    name = client.username  # type: ignore[attr-defined]
    others = [another(app, name, f"b{n}") for n in range(3)]
    assert client.delete("/api/sessions").json() == {"ended": 3}
    assert client.delete("/api/sessions").json() == {"ended": 0}
    for other in others:
        problem(other.get("/api/session"), 401)
    assert len(sessions(client)) == 1


def test_a_session_of_somebody_else_is_not_found(make_account: MakeAccount) -> None:
    one, other = make_account("reader"), make_account("reader")
    [theirs] = sessions(other)
    problem(one.delete(f"/api/sessions/{theirs['id']}"), 404)
    assert other.get("/api/session").status_code == 200


def test_an_administrator_sees_and_ends_sessions_of_any_account(
    app: Any, admin: TestClient, engine: Engine, make_account: MakeAccount
) -> None:
    client = make_account("editor")
    name = client.username  # type: ignore[attr-defined]
    other = another(app, name, "other")
    path = f"/api/accounts/{name.upper()}/sessions"
    seen = sessions(admin, path)
    assert [s["current"] for s in seen] == [False, False]
    assert admin.delete(f"{path}/{seen[0]['id']}").status_code == 204
    problem(other.get("/api/session"), 401)
    assert client.get("/api/session").status_code == 200
    assert admin.delete(path).json() == {"ended": 1}
    problem(client.get("/api/session"), 401)
    listed = next(a for a in admin.get("/api/accounts").json()["items"] if a["username"] == name)
    assert listed["sessions"] == 0
    assert [e.ref for e in trail(engine, "admin", "session") if e.action == "end_sessions"][-2:] == [name, name]
    problem(admin.get("/api/accounts/nobody_here/sessions"), 404)


@pytest.mark.parametrize("role", ["editor", "reader", "auditor"])
def test_only_an_administrator_sees_those_of_others(role: str, make_account: MakeAccount) -> None:
    client = make_account(role)
    for method, path in (
        ("GET", "sessions"),
        ("DELETE", "sessions"),
        ("DELETE", "sessions/1"),
        ("GET", "tokens"),
        ("DELETE", "tokens/1"),
    ):
        problem(client.request(method, f"/api/accounts/admin/{path}"), 403, "forbidden")


def test_the_use_of_a_token_is_seen_and_an_administrator_revokes_it(
    app: Any, admin: TestClient, engine: Engine, make_account: MakeAccount
) -> None:
    client = make_account("reader")
    name = client.username  # type: ignore[attr-defined]
    made = client.post("/api/tokens", json={"name": "qgis"}).json()
    [before] = client.get("/api/tokens").json()["items"]
    assert before["used_at"] is None
    program = TestClient(app, headers={"Authorization": f"Bearer {made['token']}"})
    program.get("/api/rights")
    path = f"/api/accounts/{name}/tokens"
    answer = admin.get(path)
    assert made["token"] not in answer.text
    [seen] = answer.json()["items"]
    assert (seen["id"], seen["name"]) == (made["id"], "qgis")
    assert seen["used_at"] >= seen["made_at"]
    problem(admin.delete("/api/accounts/admin/tokens/" + str(made["id"])), 404)
    assert admin.delete(f"{path}/{made['id']}").status_code == 204
    problem(program.get("/api/rights"), 401, "bad_token")
    revoked = trail(engine, "admin", "token")[-1]
    assert (revoked.action, revoked.ref, revoked.before) == (
        "delete",
        str(made["id"]),
        {"name": "qgis", "username": name},
    )


def test_a_token_sees_the_sessions_of_its_account_and_none_is_its_own(app: Any, make_account: MakeAccount) -> None:
    client = make_account("reader")
    token = client.post("/api/tokens", json={"name": "x"}).json()["token"]
    program = TestClient(app, headers={"Authorization": f"Bearer {token}"})
    assert [s["current"] for s in sessions(program)] == [False]


def test_a_sign_in_is_seen_in_the_list_of_accounts(app: Any, admin: TestClient) -> None:
    body = {"username": "first_seen", "password": OTHER_PASSWORD, "role": "reader"}
    admin.post("/api/accounts", json=body)

    def listed() -> dict[str, Any]:
        return next(a for a in admin.get("/api/accounts").json()["items"] if a["username"] == "first_seen")

    assert (listed()["signed_in_at"], listed()["sessions"]) == (None, 0)
    sign_in(app, "first_seen", OTHER_PASSWORD)
    assert listed()["signed_in_at"] is not None
    assert listed()["sessions"] == 1
