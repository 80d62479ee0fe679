"""Bad input gets a clear Chinese sentence, changes nothing, and leaves the service running."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from riskmap.base.settings import Settings

SCHOOL = {"class": "school", "name": "例小学", "attributes": {}}
BOW = {"type": "Polygon", "coordinates": [[[116, 29], [116.1, 29.1], [116.1, 29], [116, 29.1], [116, 29]]]}


def refused(answer: Any, status: int = 422) -> dict[str, Any]:
    assert answer.status_code == status, answer.text[:400]
    assert answer.headers["content-type"].startswith("application/problem+json")
    body = answer.json()
    text = body["detail"] + "".join(e["message"] for e in body["errors"])
    assert any("一" <= c <= "鿿" for c in text)
    assert "Traceback" not in answer.text
    assert "SELECT" not in answer.text
    assert len(answer.text) < 5000
    return body


@pytest.fixture
def unchanged(admin: TestClient) -> Any:
    before = admin.get("/healthz").json()
    yield
    assert admin.get("/healthz").json() == before


@pytest.mark.usefixtures("unchanged")
class TestObjects:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"class": "dragon"}, "class"),
            ({"colour": "red"}, "colour"),
            ({"attributes": {"persons": -1}}, "attributes.persons"),
            ({"attributes": {"dragons": 1}}, "attributes.dragons"),
            ({"name": "长" * 10_000}, "name"),
            ({"name": ""}, "name"),
            ({"name": "a\x00b"}, None),
            ({"geometry": {"type": "Point", "coordinates": [29.7, 116.2]}}, "geometry"),
            ({"geometry": {"type": "Point", "coordinates": [116.2, 29.7, "x"]}}, "geometry"),
            ({"geometry": {"type": "Point", "coordinates": []}}, "geometry"),
            ({"geometry": {"type": "Point", "coordinates": [2.35, 48.85]}}, "geometry"),
            ({"geometry": {"type": "Point", "coordinates": [39500000, 3290000]}}, "geometry"),
            ({"geometry": BOW}, "geometry"),
            ({"geometry": {"type": "LineString", "coordinates": [[116, 29], [116.1, 29]]}}, "geometry"),
            (
                {
                    "geometry": {
                        "type": "Polygon",
                        "coordinates": [[[75, 20], [130, 20], [130, 50], [75, 50], [75, 20]]],
                    }
                },
                "geometry",
            ),
            ({"geometry": "POINT(1 2)"}, "geometry"),
            ({"division": "999"}, "division"),
            ({"stage": "asleep"}, "stage"),
            ({"enterprise": 987654321}, "enterprise"),
            ({"grade": {"value": "worst", "basis": "x"}}, "grade.value"),
            ({"grade": {"value": "major", "basis": ""}}, "grade.basis"),
            ({"level": {"scale": "major-hazard-level", "value": "一级", "basis": "x"}}, "level.scale"),
            ({"valid_from": "明天"}, "valid_from"),
            ({"position_quality": "surveyed"}, "position_quality"),
        ],
    )
    def test_a_refused_object_names_its_field(
        self, admin: TestClient, change: dict[str, Any], field: str | None
    ) -> None:
        body = refused(admin.post("/api/objects", json={**SCHOOL, **change}))
        if field:
            assert field in {e["field"] for e in body["errors"]}

    @pytest.mark.parametrize(
        "raw",
        [
            '{"class":"school","name":"例',
            '{"class":"school","name":"例","attributes":{"persons":NaN}}',
            "[]",
            "",
            "null",
            '{"a":' * 60 + "1" + "}" * 60,
            '{"class":"school","class":"tank"}',
            "\xff\xfe",
        ],
    )
    def test_a_broken_body_is_refused(self, admin: TestClient, raw: str) -> None:
        refused(
            admin.post(
                "/api/objects",
                content=raw.encode("latin-1" if raw == "\xff\xfe" else "utf-8"),
                headers={"Content-Type": "application/json"},
            )
        )

    def test_swapped_coordinates_are_told_as_such(self, admin: TestClient) -> None:
        body = refused(
            admin.post("/api/objects", json={**SCHOOL, "geometry": {"type": "Point", "coordinates": [29.7, 116.2]}})
        )
        assert "写反" in body["errors"][0]["message"]

    def test_a_body_beyond_the_bound_is_refused(self, admin: TestClient) -> None:
        refused(admin.post("/api/objects", content=b"x" * (3 << 20), headers={"Content-Type": "application/json"}), 413)

    def test_a_stale_csrf_token_is_refused(self, admin: TestClient) -> None:
        refused(admin.post("/api/objects", json=SCHOOL, headers={"X-CSRF-Token": "old"}), 403)

    def test_an_unknown_token_is_refused_and_not_taken_for_the_public(self, client: TestClient) -> None:
        refused(client.get("/api/objects", headers={"Authorization": "Bearer rm_nothing"}), 401)

    def test_the_public_writes_nothing(self, client: TestClient) -> None:
        assert client.post("/api/objects", json=SCHOOL).status_code in (401, 403)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "class=dragon",
        "where=" + "x%20%3D%201%20" * 4_000,
        "where=" + "(" * 100 + "name='a'" + ")" * 100,
        "where=name%3D",
        "where=name%20%3D%201",
        "bbox=1,2,3",
        "bbox=nan,nan,nan,nan",
        "limit=0",
        "limit=100000",
        "cursor=abc",
        "cursor=" + "A" * 500,
        "sort=;DROP",
        "as_of=tomorrow",
        "as_of=state:99999999",
        "q=" + "长" * 200,
        "selection=s_x",
    ],
)
def test_a_selection_that_is_not_understood_is_refused(admin: TestClient, query: str) -> None:
    for path in (
        ("/api/objects",)
        if query.split("=")[0] in {"limit", "cursor", "sort"}
        else ("/api/objects", "/api/counts", "/api/heat", "/api/tiles/8/210/105.mvt")
    ):
        refused(admin.get(f"{path}?{query}"))


@pytest.mark.usefixtures("unchanged")
def test_a_condition_of_a_megabyte_is_refused(admin: TestClient) -> None:
    body = refused(admin.post("/api/selections", json={"where": "name = 'a' OR " * 80_000}))
    assert body["errors"][0]["code"] == "too_long"


@pytest.mark.parametrize("tile", ["23/0/0", "8/256/0", "8/0/256", "8/-1/0", "99/1/1", "0/1/0"])
def test_a_tile_outside_the_range_is_not_found(admin: TestClient, tile: str) -> None:
    answer = admin.get(f"/api/tiles/{tile}.mvt")
    assert answer.status_code in (404, 422)


def test_html_in_a_name_is_text(admin: TestClient) -> None:
    name = "<img src=x onerror=alert(1)>'; DROP TABLE risk_object; --"
    made = admin.post("/api/objects", json={**SCHOOL, "name": name})
    assert made.status_code == 201
    answer = admin.get(f"/api/objects/{made.json()['id']}")
    assert answer.json()["name"] == name
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_a_full_disk_stops_writes_and_not_reads(app: Any, admin: TestClient) -> None:
    before = app.state.settings
    app.state.settings = before.model_copy(update={"free_disk_mb": 10**9})
    try:
        body = refused(admin.post("/api/objects", json=SCHOOL), 507)
        assert "磁盘" in body["detail"]
        assert admin.get("/api/objects").status_code == 200
    finally:
        app.state.settings = before
    assert admin.post("/api/objects", json=SCHOOL).status_code == 201


def test_unknown_addresses_are_problems_in_chinese(client: TestClient) -> None:
    refused(client.get("/api/nothing"), 404)
    refused(client.put("/api/objects", json={}), 405)


def test_settings_never_show_a_secret(settings: Settings) -> None:
    assert "postgresql://" not in repr(settings)
    assert str(settings.admin_password) not in repr(settings)


def _wrong(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """A body of this shape in which every value is of a wrong kind."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if "anyOf" in schema:
        return _wrong(schema["anyOf"][0], schemas)
    if schema.get("type") == "object" and "properties" in schema:
        return {name: _wrong(inner, schemas) for name, inner in schema["properties"].items()}
    if schema.get("type") == "array":
        return [_wrong(one, schemas) for one in schema.get("prefixItems", [schema.get("items")])]
    return ["错"] if schema.get("type") != "object" else "错"


def test_no_message_names_a_field_as_the_program_does(admin: TestClient, app: Any) -> None:
    told = app.openapi()
    schemas = told["components"]["schemas"]
    bodies = 0
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema", {})
            if "$ref" not in schema and schema.get("type") != "array":
                continue
            bodies += 1
            address = re.sub(r"\{\w+\}", "1", path)
            shape = _wrong(schema, schemas)
            for sent in (shape, [{}] if isinstance(shape, list) else {}):
                answer = admin.request(method, address, json=sent, headers={"If-Match": '"1"'})
                if answer.status_code != 422 and sent is not shape:
                    continue  # nothing has to be filled in
                assert answer.status_code == 422, (path, answer.text)
                for error in answer.json()["errors"]:
                    names = [part for part in error["field"].split(".") if not part.isdigit()]
                    words = set(re.findall(r"[a-z_]{2,}", re.sub(r"应为.*", "", error["message"])))
                    assert not words & set(names), (path, error)
    assert bodies > 15
