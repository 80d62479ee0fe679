"""Facets, selections by name, and what the public may draw."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient
from tests.conftest import OTHER_PASSWORD, sign_in

from riskmap.base.database import superuser_url
from riskmap.base.errors import TooMany
from riskmap.base.settings import Settings
from riskmap.base.throttle import HOUR, Throttle
from riskmap.selection import api as selections_api
from riskmap.selection import queries

DEMO = True
FACETS = ("stage", "source", "department", "verified", "division", "tag")
SQUARE = {
    "type": "Polygon",
    "coordinates": [[[115.8, 29.6], [116.1, 29.6], [116.1, 29.8], [115.8, 29.8], [115.8, 29.6]]],
}


@pytest.fixture(autouse=True)
def fresh_throttle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selections_api, "_throttle", Throttle(3, HOUR, "太频繁"))


def make(admin: TestClient, app: Any, name: str, **rights: Any) -> TestClient:
    body = {"username": name, "password": OTHER_PASSWORD, "role": "reader", "tier": "department", **rights}
    assert admin.post("/api/accounts", json=body).status_code == 201
    return sign_in(app, name, OTHER_PASSWORD)


def total(client: TestClient, **params: Any) -> int:
    answer = client.get("/api/counts", params=params)
    assert answer.status_code == 200, answer.text
    return int(answer.json()["total"])


def test_each_facet_is_counted_without_its_own_condition(admin: TestClient, client: TestClient) -> None:
    rng = random.Random(4)
    for _ in range(6):
        params: dict[str, Any] = {}
        if rng.random() < 0.6:
            params["stage"] = rng.choice(["in_use", "in_use,suspended", "any", "closed"])
        if rng.random() < 0.5:
            params["division"] = rng.choice(["360402", "360429", "360429205,360402"])
        if rng.random() < 0.4:
            params["verified"] = rng.choice(["true", "false"])
        if rng.random() < 0.5:
            params["department"] = "教育局"
        if rng.random() < 0.4:
            params["grade"] = "serious+"
        for who in (admin, client):
            asked = {**params, "by": "division", "facets": ",".join(FACETS)}
            facets = who.get("/api/counts", params=asked).json()["facets"]
            assert set(facets) == set(FACETS)
            for name in ("stage", "department", "verified"):
                for row in facets[name]:
                    assert row["n"] == total(who, **{**params, name: row["value"]}), (params, name, row)
            in_county = sum(r["n"] for r in facets["division"] if r["value"].startswith("360429"))
            assert in_county == total(who, **{**params, "division": "360429"})


def test_tags_beyond_those_listed_are_told_and_a_chosen_one_is_always_listed(admin: TestClient) -> None:
    tags = [f"标签{i:03}" for i in range(230)]
    for _ in range(2):  # so that none of them is the rarest
        for start in range(0, 230, 10):
            draft = {"class": "school", "name": "例有标签", "attributes": {}, "tags": tags[start : start + 10]}
            assert admin.post("/api/objects", json=draft).status_code == 201
    rare = {"class": "school", "name": "例少见标签", "attributes": {}, "tags": ["最少见"]}
    assert admin.post("/api/objects", json=rare).status_code == 201

    def asked(**params: Any) -> tuple[set[str], int]:
        got = admin.get("/api/counts", params={"facets": "tag", **params}).json()
        return {row["value"] for row in got["facets"]["tag"]}, got["facets_more"].get("tag", 0)

    listed, more = asked(q="例有标签")
    assert (len(listed), more) == (200, 30)
    listed, more = asked()
    every = len(listed) + more
    assert "最少见" not in listed
    listed, more = asked(tag="最少见")
    assert "最少见" in listed
    assert len(listed) + more == every, "a facet is counted without its own condition"
    assert asked(q="例少见标签") == ({"最少见"}, 0)


def test_a_facet_that_there_is_not_is_refused_in_words(client: TestClient) -> None:
    answer = client.get("/api/counts", params={"facets": "name"})
    assert answer.status_code == 422
    assert "可用" in answer.json()["errors"][0]["message"]


def test_the_public_saves_an_area_and_nothing_else_so_often_an_hour(client: TestClient) -> None:
    made = client.post("/api/selections", json={"within": SQUARE})
    assert made.status_code == 201, made.text
    assert 0 < total(client, selection=made.json()["id"]) < total(client)
    assert client.post("/api/selections", json={"within": SQUARE, "class": ["school"]}).status_code == 403
    ring = [[115 + i / 1000, 29 + i * i / 1e6] for i in range(500)]
    many = {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}
    assert client.post("/api/selections", json={"within": many}).status_code == 422
    bow = {"type": "Polygon", "coordinates": [[[115, 29], [116, 30], [116, 29], [115, 30], [115, 29]]]}
    assert client.post("/api/selections", json={"within": bow}).json()["errors"][0]["code"] == "invalid_geometry"
    assert client.post("/api/selections", json={"within": SQUARE}).json() == made.json()
    refused = client.post("/api/selections", json={"within": SQUARE})
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    foreign = client.post("/api/selections", json={"within": SQUARE}, headers={"Origin": "https://example.org"})
    assert foreign.json()["code"] == "cross_site"


def test_two_renames_to_one_name_at_once_are_told_and_no_fault(admin: TestClient, app: Any, settings: Settings) -> None:
    one = make(admin, app, "renames")
    first, second = (
        one.post("/api/selections/named", json={"title": title, "link": ""}).json()["id"] for title in ("甲", "乙")
    )
    owner = create_engine(superuser_url(settings))
    with owner.connect() as rival, owner.connect() as watcher, ThreadPoolExecutor(1) as pool:
        rival.execute(text("UPDATE named_selection SET title = '同名' WHERE named_id = :id"), {"id": first})
        answer = pool.submit(one.patch, f"/api/selections/named/{second}", json={"title": "同名"})
        waits = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        while not answer.done() and not watcher.scalar(waits):
            watcher.rollback()
        rival.commit()
        told = answer.result()
    owner.dispose()
    assert (told.status_code, told.json()["code"]) == (409, "name_taken")
    titles = {n["id"]: n["title"] for n in one.get("/api/selections/named").json()["items"]}
    assert titles == {first: "同名", second: "乙"}


def test_a_rename_that_breaks_another_rule_is_not_told_as_a_name_taken(
    admin: TestClient, app: Any, settings: Settings
) -> None:
    mine = make(admin, app, "nameless").post("/api/selections/named", json={"title": "丙", "link": ""}).json()["id"]
    owner = create_engine(superuser_url(settings))
    with owner.begin() as connection, pytest.raises(IntegrityError, match="title_check"):
        queries.change_named(connection, mine, "", "", False)
    owner.dispose()


def test_a_named_selection_is_its_makers_and_shared_if_he_says_so(admin: TestClient, app: Any) -> None:
    one, other = make(admin, app, "one"), make(admin, app, "other")
    made = one.post("/api/selections/named", json={"title": " 头顶库 ", "link": "class=tailings-pond&grade=major"})
    assert made.status_code == 201, made.text
    named = made.json()
    assert (named["title"], named["mine"], named["shared"], named["by"]) == ("头顶库", True, False, "one")
    assert other.get("/api/selections/named").json()["items"] == []
    address = f"/api/selections/named/{named['id']}"
    assert other.patch(address, json={"title": "我的"}).status_code == 404
    assert one.post("/api/selections/named", json={"title": "头顶库", "link": ""}).json()["code"] == "name_taken"
    assert one.patch(address, json={"shared": True}).json()["shared"] is True
    [seen] = other.get("/api/selections/named").json()["items"]
    assert (seen["link"], seen["mine"]) == ("class=tailings-pond&grade=major", False)
    assert other.delete(address).status_code == 403
    assert other.post("/api/selections/named", json={"title": "头顶库", "link": "q=1"}).status_code == 201
    renamed = one.patch(address, json={"title": "重点尾矿库", "link": "grade=major"}).json()
    assert (renamed["title"], renamed["link"]) == ("重点尾矿库", "grade=major")
    assert one.delete(address).status_code == 204
    assert [i["title"] for i in other.get("/api/selections/named").json()["items"]] == ["头顶库"]


def test_named_selections_need_an_account_and_plain_text(admin: TestClient, client: TestClient) -> None:
    assert client.get("/api/selections/named").status_code == 401
    assert client.post("/api/selections/named", json={"title": "甲", "link": ""}).status_code == 401
    assert admin.post("/api/selections/named", json={"title": "  ", "link": ""}).status_code == 422
    assert admin.post("/api/selections/named", json={"title": "甲", "link": "q=<b> x"}).status_code == 422


def test_the_throttle_forgets_after_an_hour() -> None:
    now = [0.0]
    throttle = Throttle(2, HOUR, "太频繁", clock=lambda: now[0])
    throttle.take("a")
    throttle.take("a")
    throttle.take("b")
    with pytest.raises(TooMany):
        throttle.take("a")
    now[0] = 3601
    throttle.take("a")
