"""The take-away map: the selection whole in one file that asks for nothing, with the rights of whoever takes it."""

import json
import re
from collections import Counter
from typing import Any

import pytest
from starlette.testclient import TestClient

from riskmap.base.settings import REPOSITORY
from riskmap.reports.takeaway import contents

DEMO = True


def taken(client: TestClient, **params: Any) -> tuple[dict[str, Any], str, Any]:
    """What is in the file, the file, and the answer's headers."""
    answer = client.get("/api/takeaway.html", params=params)
    assert answer.status_code == 200, answer.text
    found = re.search(r'<script type="application/json" id="riskmap-data">(.*?)</script>', answer.text, re.S)
    assert found
    return json.loads(found[1]), answer.text, answer.headers


def counts(client: TestClient, **params: Any) -> tuple[Counter[tuple[str, str]], Any]:
    body = client.get("/api/counts", params={"by": "grade,class", **params}).json()
    return Counter({(row["class"], row["grade"]): row["n"] for row in body["rows"]}), body


def titles(client: TestClient) -> dict[str, str]:
    return {c["title"]: c["class"] for c in client.get("/api/catalogue").json()["classes"]}


SELECTIONS: list[dict[str, Any]] = [
    {}, {"grade": "serious+"}, {"class": ["school", "risk-point"], "division": "3604"}, {"q": "罐"}, {"stage": "any"},
]  # fmt: skip


@pytest.mark.parametrize("params", SELECTIONS)
@pytest.mark.parametrize("who", ["admin", "client"])
def test_the_file_counts_as_the_page(
    who: str, params: dict[str, Any], request: pytest.FixtureRequest, admin: TestClient
) -> None:
    asking = request.getfixturevalue(who)
    body, _, headers = taken(asking, **params)
    expected, told = counts(asking, **params)
    code = titles(admin)
    found = Counter(
        (code[body["classes"][row[3]]["title"]], body["grades"][row[2]]["value"]) for row in body["objects"]
    )
    assert found == +expected
    assert body["total"] == told["total"] == len(body["objects"]) == int(headers["x-total-rows"])
    assert body["unplaced_total"] == told["unplaced"] == sum(row[0] is None for row in body["objects"])
    assert body["state"] == told["state"] == int(headers["x-data-state"])


def test_hexagons_count_as_the_page_too(admin: TestClient, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contents, "MOST_OBJECTS", 100)
    for asking, finest in ((admin, 8), (client, 7)):
        body, page, _ = taken(asking)
        expected, told = counts(asking)
        code = titles(admin)
        found: Counter[tuple[str, str]] = Counter()
        rows = [row for _, counted in body["cells"] for row in counted] + body["unplaced"]
        for class_, grade, n in rows:
            found[code[body["classes"][class_]["title"]], body["grades"][grade]["value"]] += n
        assert found == +expected
        assert body["resolution"] <= finest
        # Far out the same counts are in larger hexagons, fewer of them each time.
        placed = told["total"] - told["unplaced"]
        for coarser in body["coarser"]:
            assert sum(n for _, counted in coarser["cells"] for *_, n in counted) == placed
        sizes = [len(body["cells"]), *(len(coarser["cells"]) for coarser in body["coarser"])]
        assert sizes == sorted(sizes, reverse=True)
        assert body["coarser"][-1]["resolution"] == 5
        assert "objects" not in body
        assert body["total"] == told["total"]
        # No name of an object is in it.
        one = admin.get("/api/objects", params={"class": "risk-point", "limit": 1}).json()["items"][0]
        assert one["name"] not in page


def test_a_file_too_large_becomes_hexagons(admin: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskmap.reports.takeaway.api.MOST_BYTES", 1_500_000)
    body, _, headers = taken(admin)
    assert (headers["x-form"], body["kind"], body["too_large"]) == ("cells", "cells", True)
    assert taken(admin, **{"class": "school"})[0]["kind"] == "objects"


def test_nothing_in_it_is_from_elsewhere_and_its_licence_stays(admin: TestClient) -> None:
    _, page, headers = taken(admin)
    assert not re.findall(r"(?:src|href)\s*=", re.sub(r"<script>.*?</script>", "", page, flags=re.S))
    assert not re.findall(r"@import|url\(", page.partition("<script>")[0])
    assert "cdn." not in page
    assert "default-src 'none'" in page
    assert "BSD 2-Clause" in page or "Redistribution and use in source" in page
    assert headers["content-disposition"].startswith("attachment")
    assert int(headers["x-file-bytes"]) == len(page.encode()) == int(headers["content-length"])
    assert f'data-size="{len(page.encode()) / 1e6:.1f} MB"' in page
    body, _, _ = taken(admin)
    assert body["mark"] == "演示数据，非真实"
    assert (body["secrecy"], body["made_by"]) == ("内部使用", "admin")


def test_leaflet_is_the_one_of_the_page() -> None:
    own = REPOSITORY / "backend" / "riskmap" / "reports" / "takeaway" / "assets" / "leaflet.js"
    other = REPOSITORY / "frontend" / "node_modules" / "leaflet" / "dist" / "leaflet.js"
    if not other.exists():
        pytest.skip("前端的依赖没有装")
    assert own.read_text(encoding="utf-8").strip() in other.read_text(encoding="utf-8")


def test_text_is_text_wherever_it_comes_from(admin: TestClient) -> None:
    evil = "</script><script>alert(1)</script><!--\u2028'\"&"
    made = admin.post("/api/objects", json={
        "class": "school", "name": evil, "code": "EVIL-1", "division": "360402",
        "geometry": {"type": "Point", "coordinates": [116.0, 29.7]}, "attributes": {"persons": 3, "address": evil},
    })  # fmt: skip
    assert made.status_code == 201, made.text
    body, page, _ = taken(admin, q="EVIL-1")
    [row] = body["objects"]
    assert row[4] == made.json()["name"]
    assert evil in row[6]
    assert "alert(1)</script>" not in page
    assert page.count("<script") == page.count("</script>")


def test_only_what_one_may_read_is_in_it(admin: TestClient, client: TestClient, make_account: Any) -> None:
    secret = admin.post("/api/objects", json={
        "class": "risk-point", "name": "绝密的装置", "division": "360402", "visibility": "command",
        "geometry": {"type": "Point", "coordinates": [116.0, 29.7]}, "attributes": {},
        "parties": [{"role": "主要负责人", "name": "某某人", "phone": "13800001234"}],
    })  # fmt: skip
    assert secret.status_code == 201
    for asking, shown in ((admin, True), (make_account("reader"), False), (client, False)):
        page = taken(asking)[1]
        assert ("绝密的装置" in page) == shown
        assert "13800001234" not in page
        assert "某某人" not in page
    body, _, _ = taken(client, **{"class": "risk-point,school,enterprise"})
    fields = {f for c in body["classes"] for f in c["fields"]}
    assert "复评到期" not in fields
    assert body["secrecy"] == "公开"
    # The public's positions are the centres of its cells: no two objects of one cell lie apart.
    listed = client.get("/api/objects", params={"class": "school", "limit": 1000}).json()["items"]
    spots = sorted(tuple(o["geometry"]["coordinates"]) for o in listed if o["geometry"])
    carried = sorted(row[:2] for row in taken(client, **{"class": "school"})[0]["objects"] if row[0])
    assert [x for x, _ in carried] == pytest.approx([x for x, _ in spots], abs=1e-6)
    assert sorted(y for _, y in carried) == pytest.approx(sorted(y for _, y in spots), abs=1e-6)


def test_a_state_pins_it_and_the_trail_has_it(admin: TestClient, make_account: Any) -> None:
    first = admin.get("/healthz").json()["state"]
    before = taken(admin, **{"class": "school"})[0]
    admin.post("/api/objects", json={"class": "school", "name": "后来的小学", "division": "360402", "attributes": {}})
    after = taken(admin, **{"class": "school"})[0]
    pinned = taken(admin, **{"class": "school", "state": first})[0]
    past = taken(admin, **{"class": "school", "as_of": f"state:{first}"})[0]
    assert after["total"] == before["total"] + 1
    assert pinned["objects"] == past["objects"] == before["objects"]
    assert pinned["state"] == past["state"] == first
    assert admin.get("/api/takeaway.html", params={"state": first + 99}).status_code == 409
    assert admin.get("/api/takeaway.html", params={"nonsense": 1}).status_code == 422
    trail = make_account("auditor", "command").get("/api/audit", params={"kind": "map"}).json()["items"]
    assert trail[0]["action"] == "export"
    assert trail[0]["after"]["total"] == before["total"]
