"""One picture a state: commit before the answer, writers and readers at once, a COMMIT that fails."""

import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import create_engine, text
from starlette.testclient import TestClient

from riskmap.base.database import superuser_url
from riskmap.base.settings import Settings

WRITERS = READERS = 8
WRITES_EACH = 40


def test_a_commit_that_fails_is_never_answered_with_success(admin: TestClient, settings: Settings) -> None:
    owner = create_engine(superuser_url(settings), isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(
            text(
                "CREATE FUNCTION fail_at_commit() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN IF NEW.name = '不能提交' THEN RAISE EXCEPTION 'no'; END IF; RETURN NULL; END $$"
            )
        )
        connection.execute(
            text(
                "CREATE CONSTRAINT TRIGGER fail_at_commit AFTER INSERT ON risk_object"
                " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail_at_commit()"
            )
        )
        try:
            before = admin.get("/healthz").json()
            answer = admin.post("/api/objects", json={"class": "school", "name": "不能提交", "attributes": {}})
            assert answer.status_code == 500
            assert answer.headers["content-type"].startswith("application/problem+json")
            assert "编号" in answer.json()["detail"]
            assert admin.get("/healthz").json() == before
            assert admin.get("/api/objects", params={"q": "不能提交"}).json()["total"] == 0
        finally:
            connection.execute(text("DROP TRIGGER fail_at_commit ON risk_object"))
            connection.execute(text("DROP FUNCTION fail_at_commit()"))
    owner.dispose()
    assert admin.post("/api/objects", json={"class": "school", "name": "能提交", "attributes": {}}).status_code == 201


def test_every_answers_state_has_exactly_one_picture(
    app: Any, admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    """Eight writers and eight readers at once: what was answered at state N is what state N shows for ever."""
    writers = [make_account("editor", "command") for _ in range(WRITERS)]
    readers = [make_account("reader", "command") for _ in range(READERS)]
    done = threading.Event()
    pictures: list[tuple[int, tuple[tuple[str, int], ...]]] = []
    states: list[int] = []
    problems: list[str] = []
    lock = threading.Lock()

    def write(client: TestClient, who: int) -> None:
        for i in range(WRITES_EACH):
            grade = ("major", "serious", "general", "low")[(who + i) % 4]
            body = {
                "class": "school",
                "name": f"并发{who}-{i}",
                "attributes": {},
                "grade": {"value": grade, "basis": "试"},
            }
            made = client.post("/api/objects", json=body)
            if made.status_code != 201:
                problems.append(made.text)
                continue
            with lock:
                states.append(made.json()["state"])
            if i % 3 == 0:
                header = {"If-Match": f'"{made.json()["state"]}"'}
                changed = client.patch(
                    f"/api/objects/{made.json()['id']}", json={"grade": {"value": "low", "basis": "改"}}, headers=header
                )
                with lock:
                    states.append(changed.json()["state"])

    def read(client: TestClient) -> None:
        while not done.is_set():
            body = client.get("/api/counts", params={"by": "grade", "q": "并发"}).json()
            picture = tuple(sorted((row["grade"], row["n"]) for row in body["rows"]))
            if sum(n for _, n in picture) != body["total"]:
                problems.append(f"total and rows differ at {body['state']}")
            with lock:
                pictures.append((body["state"], picture))

    reading = [threading.Thread(target=read, args=(r,)) for r in readers]
    writing = [threading.Thread(target=write, args=(w, i)) for i, w in enumerate(writers)]
    for thread in (*reading, *writing):
        thread.start()
    for thread in writing:
        thread.join()
    done.set()
    for thread in reading:
        thread.join()
    assert not problems
    assert len(states) == len(set(states)) == WRITERS * WRITES_EACH + WRITERS * len(range(0, WRITES_EACH, 3))
    seen: dict[int, tuple[tuple[str, int], ...]] = {}
    for n, picture in pictures:
        assert seen.setdefault(n, picture) == picture, f"state {n} had two pictures"
    assert len(seen) > 20
    for n in sorted(seen)[:: max(1, len(seen) // 25)]:
        body = admin.get("/api/counts", params={"by": "grade", "q": "并发", "as_of": f"state:{n}"}).json()
        assert tuple(sorted((row["grade"], row["n"]) for row in body["rows"])) == seen[n]


def test_the_database_gone_for_a_while_is_told_and_comes_back(admin: TestClient, settings: Settings) -> None:
    """Every connection is cut and new ones refused: 503 in Chinese, then the service goes on by itself."""
    owner = create_engine(superuser_url(settings).set(database="postgres"), isolation_level="AUTOCOMMIT")
    name = superuser_url(settings).database
    with owner.connect() as connection:
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false"))
        connection.execute(
            text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        )
        for path in ("/api/objects", "/api/tiles/8/210/105.mvt", "/healthz"):
            answer = admin.get(path)
            assert answer.status_code == 503, answer.text
            assert "数据库" in answer.json()["detail"]
            assert answer.headers["retry-after"]
        connection.execute(text(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true"))
    owner.dispose()
    assert admin.get("/api/objects").status_code == 200
