"""What teams report: how the newest is found, what a place alone says, and what an order's marks say of its team."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event, text
from starlette.testclient import TestClient
from tests.api.dispatch import place, team

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.rescue import minute
from riskmap.rescue.dispatch import teams

Maker = Callable[..., TestClient]


@pytest.fixture(scope="module")
def commander(make_account: Maker) -> TestClient:
    return make_account("editor", may=["dispatch"])


def rows_read(plan: dict[str, Any], table: str) -> float:
    """How many rows of a table a statement has looked at, by EXPLAIN ANALYZE."""
    own = 0.0
    if plan.get("Relation Name") == table:
        own = plan["Actual Loops"] * (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0))
    return own + sum(rows_read(part, table) for part in plan.get("Plans", []))


def test_the_newest_reports_are_found_without_reading_the_old_ones(admin: TestClient, app: Any) -> None:
    many = [team(admin, f"常报{i}队", place(60 + i), boats=1) for i in range(4)]
    engine = app.state.engine
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        connection.execute(
            text(
                "INSERT INTO rescue_team_status (team_id, status, at, by, how, geom) SELECT t, '待命',"
                " clock_timestamp() - g * interval '10 seconds', 't', 'api', ST_SetSRID(ST_MakePoint(116, 29), 4490)"
                " FROM unnest(CAST(:ids AS bigint[])) AS t, generate_series(1, 3000) AS g"
            ),
            {"ids": many},
        )
    asked: list[tuple[str, Any]] = []

    def keep(connection: Any, cursor: Any, statement: str, bound: Any, context: Any, executemany: bool) -> None:
        if "rescue_team_status" in statement:
            asked.append((statement, bound))

    with database.read(engine, SYSTEM.settings()) as connection:
        event.listen(engine, "before_cursor_execute", keep)
        try:
            found = teams.newest(connection, exercise=False, at=minute.now(connection), ids=many)
        finally:
            event.remove(engine, "before_cursor_execute", keep)
        assert set(found) == set(many)
        [(statement, bound)] = asked
        told = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", bound).scalar_one()
    assert rows_read(told[0]["Plan"], "rescue_team_status") < 50
