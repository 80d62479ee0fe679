"""An upgrade that gives a class its rule grades the objects that are already there, once, as one state."""

from typing import Any

from sqlalchemy import Engine
from starlette.testclient import TestClient
from tests.api.test_grading import computed, put

from riskmap.access.reader import SYSTEM
from riskmap.base import database, state
from riskmap.catalogue.seed import Item, put_item, read_files, seed
from riskmap.register.first_grades import grade_first


def _before_the_upgrade(engine: Engine) -> None:
    """The reservoir as the version before had it: a declared size and no rule."""
    item = next(i for i in read_files() if i.kind == "class" and i.code == "reservoir")
    body = {name: value for name, value in item.body.items() if name not in {"scale", "rule"}}
    body["list"] = [name for name in body["list"] if name != "level"]
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        taken = state.take(connection, "system", "旧目录", catalogue=True)
        put_item(connection, Item("class", "reservoir", body), "shipped", taken.n)


def _upgrade(engine: Engine) -> int:
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        return grade_first(connection, seed(connection).ruled)


def test_reservoirs_of_the_version_before_have_their_size_after_the_upgrade(admin: TestClient, engine: Engine) -> None:
    _before_the_upgrade(engine)
    judged: dict[str, Any] = {"grade": {"value": "general", "basis": "病险，联席会议认定"}}
    known = put(admin, "reservoir", "例老水库", attributes={"capacity_m3": "20000000", "size_class": "中型"}, **judged)
    bare = put(admin, "reservoir", "例空水库")
    assert known["level"] is None
    before = admin.get("/healthz").json()["state"]
    assert _upgrade(engine) == 1
    after = admin.get(f"/api/objects/{known['id']}").json()
    assert (after["level"]["value"], after["grade"]["value"]) == ("中型", "general")
    assert after["attributes"]["size_class"] == "中型"  # what was imported stays
    assert computed(admin, known["id"])["by"] == "system"
    grades = admin.get(f"/api/objects/{known['id']}/grade").json()["grades"]
    risk = next(g for g in grades if g["scale"] == "risk-grade")
    assert (risk["by"], risk["basis"]) == ("admin", "病险，联席会议认定")
    assert admin.get(f"/api/objects/{bare['id']}").json()["level"] is None
    old = admin.get(f"/api/objects/{known['id']}", params={"as_of": f"state:{before}"}).json()
    assert old["level"] is None  # as it was known then
    assert _upgrade(engine) == 0  # once
