"""The trail's chain: settled at commit, and whatever a superuser takes away or changes is seen."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from riskmap.access import trail
from riskmap.base import audit, database, migrate
from riskmap.base.database import superuser_url
from riskmap.base.settings import Settings

SQL = Path(migrate.__file__).parent / "migrations" / "sql"


def add(engine: Engine, count: int = 1) -> None:
    """Entries, each in a transaction of its own."""
    for n in range(count):
        with database.write(engine, {}) as connection:
            audit.record(connection, "somebody", "update", "account", n, after={"n": n, "给": "谁"})


def words(engine: Engine) -> list[str]:
    with database.read(engine, {}) as connection:
        found = trail.check(connection)
    assert found["holds"] is (not found["broken"])
    return [place["words"] for place in found["broken"]]


@pytest.fixture
def owner(settings: Settings) -> Iterator[Engine]:
    """Whoever rules the database."""
    made = create_engine(superuser_url(settings))
    yield made
    made.dispose()


@pytest.fixture
def chain(engine: Engine, owner: Engine) -> Iterator[int]:
    """Ten entries and where they begin; what a test breaks is put right again after it."""
    tables = ("audit_entry", "audit_link", "audit_head")
    with owner.begin() as connection:
        for table in tables:
            connection.execute(text(f"CREATE TABLE kept_{table} AS SELECT * FROM {table}"))
    with owner.begin() as connection:
        first = connection.scalar(text("SELECT n FROM audit_head")) + 1
    add(engine, 10)
    assert words(engine) == []
    yield first
    with owner.begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        for table in tables:
            connection.execute(text(f"DELETE FROM {table}"))
            overriding = " OVERRIDING SYSTEM VALUE" if table == "audit_entry" else ""
            connection.execute(text(f"INSERT INTO {table}{overriding} SELECT * FROM kept_{table}"))
            connection.execute(text(f"DROP TABLE kept_{table}"))
    assert words(engine) == []


@pytest.fixture
def tamper(owner: Engine) -> Callable[..., None]:
    """A superuser with the triggers off."""

    def run(statement: str, **values: Any) -> None:
        with owner.begin() as connection:
            connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            assert connection.execute(text(statement), values).rowcount > 0
            connection.execute(text("ALTER TABLE audit_entry ENABLE TRIGGER ALL"))

    return run


ENTRY = "entry_id = (SELECT entry_id FROM audit_link WHERE n = :n)"


def test_a_removed_line_is_named(engine: Engine, chain: int, tamper: Callable[..., None]) -> None:
    tamper(f"DELETE FROM audit_entry WHERE {ENTRY}", n=chain + 4)
    assert words(engine) == [f"第 {chain + 3} 条之后少了 1 条"]


def test_several_lines_removed_in_a_row_are_one_place(engine: Engine, chain: int, tamper: Callable[..., None]) -> None:
    for n in (chain + 2, chain + 3, chain + 4, chain + 7):
        tamper(f"DELETE FROM audit_entry WHERE {ENTRY}", n=n)
    assert words(engine) == [f"第 {chain + 1} 条之后少了 3 条", f"第 {chain + 6} 条之后少了 1 条"]


def test_a_line_removed_with_its_link_is_named(engine: Engine, chain: int, tamper: Callable[..., None]) -> None:
    tamper(f"DELETE FROM audit_entry WHERE {ENTRY}", n=chain + 4)
    tamper("DELETE FROM audit_link WHERE n = :n", n=chain + 4)
    assert words(engine) == [f"第 {chain + 3} 条之后少了 1 条"]


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'another'",
        "at = at + interval '1 microsecond'",
        "address = '10.0.0.1'",
        "action = 'delete'",
        "kind = 'object'",
        "ref = 'x'",
        "state = 1",
        "result = 'failed'",
        "before = '{}'",
        "after = jsonb_set(after, '{n}', '99')",
        "after = NULL",
    ],
)
def test_a_changed_line_is_named(engine: Engine, chain: int, tamper: Callable[..., None], change: str) -> None:
    tamper(f"UPDATE audit_entry SET {change} WHERE {ENTRY}", n=chain + 4)
    assert words(engine) == [f"第 {chain + 4} 条被改动"]


def test_a_line_changed_together_with_its_own_link_is_named(
    engine: Engine, chain: int, tamper: Callable[..., None]
) -> None:
    tamper(f"UPDATE audit_entry SET actor = 'another' WHERE {ENTRY}", n=chain + 4)
    made = "UPDATE audit_link AS l SET hash = audit_hash(l.n, l.previous, e) FROM audit_entry AS e"
    tamper(f"{made} WHERE e.entry_id = l.entry_id AND l.n = :n", n=chain + 4)
    assert words(engine) == [f"第 {chain + 5} 条接不上第 {chain + 4} 条：第 {chain + 4} 条被改动"]


def test_the_last_line_removed_is_named(engine: Engine, chain: int, tamper: Callable[..., None]) -> None:
    tamper(f"DELETE FROM audit_entry WHERE {ENTRY}", n=chain + 9)
    assert words(engine) == [f"第 {chain + 8} 条之后少了 1 条"]
    tamper("DELETE FROM audit_link WHERE n = :n", n=chain + 9)
    assert words(engine) == [f"第 {chain + 8} 条之后少了 1 条（末尾）"]


def test_the_first_line_removed_is_named(engine: Engine, chain: int, tamper: Callable[..., None]) -> None:
    tamper(f"DELETE FROM audit_entry WHERE {ENTRY}", n=1)
    tamper("DELETE FROM audit_link WHERE n = 1")
    assert words(engine) == ["开头少了 1 条"]


def test_the_last_line_changed_together_with_its_own_link_is_named(
    engine: Engine, chain: int, tamper: Callable[..., None]
) -> None:
    tamper("UPDATE audit_link SET hash = sha256('x') WHERE n = :n", n=chain + 9)
    assert words(engine) == [f"第 {chain + 9} 条被改动", f"第 {chain + 9} 条（最后一条）的指纹与记下的不符"]


def test_a_line_put_in_past_the_chain_is_counted(engine: Engine, chain: int, tamper: Callable[..., None]) -> None:
    tamper("INSERT INTO audit_entry (actor, action, kind) VALUES ('x', 'x', 'x')")
    assert words(engine) == ["另有 1 条不在链上：不是经本系统写入的"]


def test_a_head_that_was_changed_or_taken_away_is_told(engine: Engine, chain: int, tamper: Callable[..., None]) -> None:
    tamper("UPDATE audit_head SET n = n - 2")
    assert words(engine) == [f"记录总数被改动：记作 {chain + 7} 条，实有 {chain + 9} 条"]
    tamper("DELETE FROM audit_head")
    assert words(engine) == [f"记录总数的一行不见了：无法知道第 {chain + 9} 条之后是否少了"]


def test_without_a_head_nothing_audited_is_done(engine: Engine, chain: int, tamper: Callable[..., None]) -> None:
    tamper("DELETE FROM audit_head")
    with pytest.raises(DBAPIError):
        add(engine)


@pytest.mark.parametrize("table", ["audit_entry", "audit_link", "audit_head"])
@pytest.mark.parametrize("statement", ["DELETE FROM {}", "TRUNCATE {}", "UPDATE {} SET {}"])
def test_the_application_cannot_change_entries_or_chain(
    engine: Engine, owner: Engine, table: str, statement: str
) -> None:
    add(engine)
    column = {"audit_entry": "actor = 'x'", "audit_link": "n = n", "audit_head": "n = n"}[table]
    with pytest.raises(DBAPIError) as refused, engine.begin() as connection:
        connection.execute(text(statement.format(table, column)))
    assert refused.value.orig.pgcode == "42501"  # type: ignore[union-attr]
    if table == "audit_head" and statement.startswith("UPDATE"):
        return  # the trigger itself moves it
    with pytest.raises(DBAPIError, match="append-only"), owner.begin() as connection:
        connection.execute(text(statement.format(table, column)))


def test_the_application_writes_no_link_itself(engine: Engine) -> None:
    values = "(1000000, 1, sha256('x'), sha256('y'))"
    with pytest.raises(DBAPIError) as refused, engine.begin() as connection:
        connection.execute(text(f"INSERT INTO audit_link VALUES {values}"))
    assert refused.value.orig.pgcode == "42501"  # type: ignore[union-attr]
    with pytest.raises(DBAPIError) as refused, engine.begin() as connection:
        connection.execute(text("SELECT audit_entry_is_linked()"))
    assert refused.value.orig.pgcode in {"42501", "0A000"}  # type: ignore[union-attr]


# -- Concurrency -----------------------------------------------------------------------


def test_what_is_rolled_back_leaves_no_gap(engine: Engine) -> None:
    add(engine)
    with engine.connect() as connection, connection.begin() as transaction:
        audit.record(connection, "somebody", "update", "account")
        connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        transaction.rollback()
    add(engine)
    assert words(engine) == []


def test_an_open_transaction_keeps_nobody_waiting_and_the_order_is_that_of_commits(engine: Engine) -> None:
    with database.write(engine, {}) as slow:
        audit.record(slow, "slow", "import", "account")
        with database.write(engine, {}) as quick:
            quick.execute(text("SET LOCAL lock_timeout = '5s'"))
            audit.record(quick, "quick", "sign_in", "account")
    with engine.connect() as connection:
        order = connection.scalars(
            text("SELECT e.actor FROM audit_link JOIN audit_entry AS e USING (entry_id) ORDER BY n DESC LIMIT 2")
        ).all()
    assert list(order) == ["slow", "quick"]
    assert words(engine) == []


def test_many_writers_at_once_make_one_chain_without_gaps(engine: Engine) -> None:
    def many(connection: Connection) -> int:
        return int(connection.scalar(text("SELECT count(*) FROM audit_link")) or 0)

    with engine.connect() as connection:
        before = many(connection)
    threads = [threading.Thread(target=add, args=(engine, 25)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with engine.connect() as connection:
        assert many(connection) - before == 200
        assert connection.scalar(text("SELECT n = (SELECT max(n) FROM audit_link) FROM audit_head"))
    assert words(engine) == []


def test_several_entries_of_one_transaction_are_linked_in_order(engine: Engine) -> None:
    with database.write(engine, {}) as connection:
        for n in range(50):
            with connection.begin_nested():
                audit.record(connection, "batch", "update", "account", n)
    with engine.connect() as connection:
        refs = connection.scalars(
            text("SELECT e.ref FROM audit_link JOIN audit_entry AS e USING (entry_id) ORDER BY n DESC LIMIT 50")
        ).all()
    assert [int(r) for r in refs] == list(range(49, -1, -1))
    assert words(engine) == []


# -- The same text everywhere ------------------------------------------------------------


@pytest.mark.parametrize(
    "setting", ["timezone = 'America/New_York'", "datestyle = 'German'", "bytea_output = 'escape'"]
)
def test_the_chain_holds_whatever_the_session_is_set_to(engine: Engine, setting: str) -> None:
    with database.write(engine, {}) as connection:
        connection.execute(text(f"SET LOCAL {setting}"))
        audit.record(connection, "somebody", "update", "account", after={"x": "1.50", "text": "换\n行 \\ \" '"})
    assert words(engine) == []
    with engine.connect() as connection, connection.begin():
        connection.execute(text(f"SET LOCAL {setting}"))
        assert trail.check(connection)["holds"]


def test_entries_from_before_the_chain_are_linked_by_the_migration(settings: Settings, owner: Engine) -> None:
    """The text of the migration over tables as 0001 made them."""
    spine = (SQL / "0001_spine.sql").read_text(encoding="utf-8")
    sections = {name: spine.index(f"-- {name}") for name in ("8. Audit", "10. What")}
    tables = spine[sections["8. Audit"] : sections["10. What"]]
    with owner.connect() as connection, connection.begin() as transaction:
        cursor = connection.connection.cursor()
        cursor.execute("CREATE SCHEMA old; SET LOCAL search_path = old")
        cursor.execute(tables)
        cursor.execute(
            "INSERT INTO audit_entry (actor, action, kind, ref, after)"
            " SELECT 'old', 'update', 'object', n::text, jsonb_build_object('n', n) FROM generate_series(1, 500) AS n"
        )
        upgrade = (SQL / "0003_accounts.sql").read_text(encoding="utf-8")
        cursor.execute(upgrade.replace("search_path = public", "search_path = old"))
        assert trail.check(connection)["holds"]
        assert trail.check(connection)["entries"] == 500
        cursor.execute("INSERT INTO audit_entry (actor, action, kind) VALUES ('new', 'update', 'object')")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert trail.check(connection)["entries"] == 501
        cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER ALL; DELETE FROM audit_entry WHERE ref = '250'")
        assert [b["words"] for b in trail.check(connection)["broken"]] == ["第 249 条之后少了 1 条"]
        transaction.rollback()
