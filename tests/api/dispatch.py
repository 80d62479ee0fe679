"""Helpers of the tests of 调度: teams, incidents, plans made and accepted."""

from typing import Any

from sqlalchemy import text
from starlette.testclient import TestClient
from tests.api.rescue import HERE, add

from riskmap.access.reader import SYSTEM
from riskmap.base import database

COUNTY = "360402"


def post(client: TestClient, path: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = client.post(f"/api/rescue/{path}", json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def get(client: TestClient, path: str, **params: Any) -> dict[str, Any]:
    answer = client.get(f"/api/rescue/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def place(dx: float, dy: float = 0.0) -> tuple[float, float]:
    """So many hundredths of a degree from HERE."""
    return HERE[0] + dx / 100, HERE[1] + dy / 100


def team(client: TestClient, name: str, at: tuple[float, float], *, skills: str = "water", **facts: Any) -> int:
    """A team of the register; its id."""
    attributes = {"skills": skills.split(), **facts}
    return add(client, "rescue-team", name, at, COUNTY, attributes=attributes)


def incident(client: TestClient, where: tuple[float, float], **more: Any) -> dict[str, Any]:
    """An incident, reported."""
    body = {"kind": "人员被困", "place": {"type": "Point", "coordinates": list(where)}, **more}
    return post(client, "incidents", body)


def plan(client: TestClient, *incidents: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A plan, made."""
    return post(client, "plans", {"incidents": [i["id"] for i in incidents], **more})


def accept(client: TestClient, made: dict[str, Any]) -> dict[str, Any]:
    """A plan, accepted."""
    return post(client, f"plans/{made['id']}/accept", {}, 200)


def sent(made: dict[str, Any]) -> dict[int, int]:
    """Who goes where."""
    return {a["team"]: a["incident"] for a in made["assignments"]}


def set_free(app: Any) -> None:
    """Every order is over and every team stands by: rows are only added to, but by the owner of the tests."""
    with database.write(app.state.engine, SYSTEM.settings(write=True)) as connection:
        connection.execute(
            text(
                "INSERT INTO rescue_order_mark (order_id, what, at, by, how) SELECT o.order_id, 'result',"
                " clock_timestamp(), 'test', 'call' FROM rescue_order AS o WHERE NOT EXISTS (SELECT FROM"
                " rescue_order_mark AS m LEFT JOIN rescue_mark_taken_back AS b USING (mark_id) WHERE m.order_id ="
                " o.order_id AND m.what IN ('result', 'cancelled') AND b.mark_id IS NULL)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO rescue_team_status (team_id, status, at, by, how, exercise) SELECT team_id, '待命',"
                " clock_timestamp(), 'test', 'hand', exercise FROM (SELECT DISTINCT team_id, exercise"
                " FROM rescue_team_status) AS t"
            )
        )
