"""The lists: each answers one question over the one selection, and each number opens the list that it counts."""

import csv
import io
import random
from datetime import date
from typing import Any

import openpyxl
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient
from tests.api.test_agreement import SEED, random_selection

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.catalogue.queries import CatalogueCache
from riskmap.lists import service
from riskmap.selection.model import Selection
from riskmap.store.snapshot import open_snapshot

DEMO = True
LISTS = (
    "major-hazards",
    "major-risks",
    "serious-risks",
    "completeness",
    "rolling",
    "targets",
    "neighbours",
    "tank-farms",
    "tanks",
    "tank-enterprises",
    "parks",
    "enterprise-scores",
    "coverage",
    "inventory",
    "flood-responsible",
)
# Opened from a number of one of these.
CHANGES = ("major-hazards-changes", "major-risks-changes", "serious-risks-changes")


def ask(client: TestClient, name: str, **params: Any) -> dict[str, Any]:
    answer = client.get(f"/api/lists/{name}", params=params)
    assert answer.status_code == 200, (name, params, answer.text)
    return dict(answer.json())


def every_row(client: TestClient, name: str, **params: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        body = ask(client, name, limit=400, **params, **({"cursor": cursor} if cursor else {}))
        rows += body["rows"]
        cursor = body["next"]
        if cursor is None:
            assert len(rows) == body["total"]
            return rows


def figures(body: dict[str, Any]) -> dict[str, Any]:
    return {f["name"]: f["value"] for f in body["figures"]}


@pytest.fixture(scope="module")
def readers(app: Any, admin: TestClient, make_account: Any) -> dict[str, TestClient]:
    return {
        "administrator": admin,
        "town editor": make_account("editor", "department", areas=["360429", "360402"]),
        "department": make_account("reader", "department", departments=["应急管理局", "教育局"]),
        "public": TestClient(app, raise_server_exceptions=False),
    }


def offered(client: TestClient) -> list[str]:
    return [one["name"] for one in client.get("/api/lists").json()["items"]]


def test_every_list_is_offered_to_who_may_ask_it(readers: dict[str, TestClient]) -> None:
    listed = readers["administrator"].get("/api/lists").json()["items"]
    assert tuple(one["name"] for one in listed if one["part_of"] is None) == LISTS
    assert {one["name"]: one["part_of"] for one in listed if one["part_of"]} == {
        name: name.removesuffix("-changes") for name in CHANGES
    }
    public = offered(readers["public"])
    assert set(public) < {*LISTS, *CHANGES}
    for name in LISTS:
        status = readers["public"].get(f"/api/lists/{name}").status_code
        assert status == (200 if name in public else 401), name


@pytest.mark.parametrize("who", ["administrator", "town editor", "department", "public"])
def test_each_number_opens_the_list_that_it_counts(readers: dict[str, TestClient], who: str) -> None:
    client = readers[who]
    rng = random.Random(SEED)
    some = 0
    for params in [{}, *(random_selection(rng) for _ in range(5))]:
        for name in offered(client):
            body = ask(client, name, limit=3, **params)
            for figure in body["figures"]:
                if figure["opens"] is not None:
                    only = {"only": figure["opens"]["only"]} if figure["opens"]["only"] else {}
                    opened = ask(client, figure["opens"]["list"], limit=1, **params, **only)
                    assert opened["total"] == figure["value"], (name, figure, params)
                    some += figure["value"] > 0
                if figure["map"] is not None:
                    counted = client.get("/api/counts", params={**params, **figure["map"], "by": "grade"}).json()
                    assert counted["total"] == figure["value"], (name, figure, params)
            for row in body["rows"]:
                for cell in row.values():
                    if not isinstance(cell, dict) or not cell.get("opens"):
                        continue
                    opens = cell["opens"]
                    if "map" in opens:
                        counted = client.get("/api/counts", params={**params, **opens["map"], "by": "grade"}).json()
                    else:
                        counted = ask(client, opens["list"], limit=0, **params, **opens["selection"])
                    assert counted["total"] == cell["n"], (name, row, params)
    assert some > 20


@pytest.mark.parametrize("name", LISTS)
def test_pages_hold_every_row_once_in_the_order_asked(admin: TestClient, name: str) -> None:
    whole = ask(admin, name, limit=1000)
    assert whole["total"] > 0, name
    for column in whole["columns"]:
        if not column["sortable"]:
            continue
        for sign in ("", "-"):
            body = ask(admin, name, limit=2, sort=sign + column["name"], division="360430")
            if body["next"]:
                after = ask(admin, name, limit=2, sort=sign + column["name"], division="360430", cursor=body["next"])
                both = ask(admin, name, limit=4, sort=sign + column["name"], division="360430")
                assert body["rows"] + after["rows"] == both["rows"]
    rows = every_row(admin, name, division="360430")
    assert len({str(row) for row in rows}) == len(rows)


@pytest.mark.parametrize("who", ["administrator", "town editor", "public"])
def test_each_number_of_a_comparison_opens_its_list(readers: dict[str, TestClient], who: str) -> None:
    client, asked = readers[who], {"since": "2026-01-02", "division": "3604"}
    for name in CHANGES:
        whole = name.removesuffix("-changes")
        for one in (whole, name):
            body = ask(client, one, limit=2, **asked)
            for figure in body["figures"]:
                if figure["opens"] is not None:
                    only = {"only": figure["opens"]["only"]} if figure["opens"]["only"] else {}
                    opened = ask(client, figure["opens"]["list"], limit=0, **asked, **only)
                    assert opened["total"] == figure["value"], (one, figure)
                if figure["map"] is not None:
                    params = {k: v for k, v in asked.items() if k != "since"} | figure["map"]
                    counted = client.get("/api/counts", params=params).json()
                    assert counted["total"] == figure["value"], (one, figure)
        assert {"then", "added", "lowered", "ended"} <= set(figures(ask(client, whole, limit=0, **asked)))


def test_what_is_unknown_is_refused_and_never_ignored(admin: TestClient) -> None:
    for path, field in (
        ("/api/lists/tanks?volumes=3", "volumes"),
        ("/api/lists/tanks?within=3", "within"),
        ("/api/lists/tanks?sort=password", "sort"),
        ("/api/lists/tanks?only=none-such", "only"),
        ("/api/lists/tanks?cursor=abc", "cursor"),
        ("/api/lists/neighbours?within=5001", "within"),
        ("/api/lists/neighbours?within=nan", "within"),
        ("/api/lists/neighbours?within=100&within=200", "within"),
        ("/api/lists/coverage?months=2.5", "months"),
        ("/api/lists/major-risks?since=2026-02-30", "since"),
        ("/api/lists/major-risks?since=9999-01-01", "since"),
        ("/api/lists/major-risks?since=2026-03-01&as_of=2026-03-01", "since"),
        ("/api/lists/tanks?since=2026-01-01", "since"),
        ("/api/lists/tanks.csv?limit=3", "limit"),
        ("/api/lists?x=1", "x"),
    ):
        answer = admin.get(path)
        assert answer.status_code == 422, (path, answer.text)
        assert [e["field"] for e in answer.json()["errors"]] == [field], path
    assert admin.get("/api/lists/tanks?limit=1001").status_code == 422
    assert admin.get("/api/lists/none-such").status_code == 404
    cursor = ask(admin, "tanks", limit=2)["next"]
    assert admin.get("/api/lists/tanks", params={"cursor": cursor, "sort": "name"}).status_code == 422
    assert admin.get("/api/lists/tank-farms", params={"cursor": cursor}).status_code == 422


@pytest.mark.parametrize("name", [*LISTS, *CHANGES])
def test_a_file_holds_just_the_list(admin: TestClient, name: str) -> None:
    params = {"division": "360430"}
    total = ask(admin, name, limit=0, **params)["total"]
    answer = admin.get(f"/api/lists/{name}.csv", params=params)
    assert answer.status_code == 200, answer.text
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    said = [line for line in lines if line[0].startswith("# ")]
    assert len(lines) == len(said) + 1 + total
    assert any(line[0] == "# 演示" for line in said)
    assert any("彭泽" in line[1] for line in said)
    book = admin.get(f"/api/lists/{name}.xlsx", params=params)
    sheets = openpyxl.load_workbook(io.BytesIO(book.content))
    assert sheets["清单"].max_row == total + 1
    assert answer.headers["X-Total-Rows"] == str(total)


def test_text_of_a_list_is_never_a_formula(admin: TestClient) -> None:
    for i, name in enumerate(('=HYPERLINK("http://x","y")', "+1+1", "@SUM(A1)")):
        body = {
            "class": "risk-point",
            "code": f"LIST-{i}",
            "name": name,
            "division": "360402",
            "tags": ["清单危险文本"],
        }
        graded = body | {"grade": {"value": "major", "basis": "研判"}}
        assert admin.post("/api/objects", json=graded).status_code == 201
    answer = admin.get("/api/lists/major-risks.csv", params={"tag": "清单危险文本"})
    rows = [line for line in csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))) if not line[0].startswith("#")]
    assert len(rows) == 4
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows[1:] for cell in row)
    sheet = openpyxl.load_workbook(
        io.BytesIO(admin.get("/api/lists/major-risks.xlsx", params={"tag": "清单危险文本"}).content)
    )["清单"]
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


def test_the_nearest_of_a_past_day_comes_from_the_index_as_today(app: Any) -> None:
    with database.read(app.state.engine, SYSTEM.settings()) as connection:
        now = open_snapshot(connection, SYSTEM, CatalogueCache(), 7)
        for snapshot in (now, now.as_of_day(now.moment.n, date(2026, 10, 1))):
            asked = service.question(service.find("targets"), snapshot, Selection(), {})
            ask_ = asked.ask.anew()
            sql = f"EXPLAIN {service._statement(asked, ask_)}"
            with service._rights(asked):
                plan = "\n".join(connection.scalars(text(sql), ask_.binds.values))
            # Sorted, every past object would be read again for each of the targets.
            assert "Order By: (geom <-> t.geom)" in plan, plan
            assert "<-> t.geom))" not in plan.replace("Order By: (geom <-> t.geom)", ""), plan
            assert connection.scalar(text("SHOW enable_sort")) == "on"
