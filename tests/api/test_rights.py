"""Nothing of another area, class, department or tier comes out: by no output, no filter, no error, no cache."""

import json
import random
from collections.abc import Callable
from typing import Any

import h3
import mapbox_vector_tile
import pytest
from starlette.testclient import TestClient

from riskmap.base.crs import grid_of

DEMO = True


def every(client: TestClient, **params: Any) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    cursor = None
    while True:
        body = client.get(
            "/api/objects", params={"limit": 1000, "stage": "any", **params, **({"cursor": cursor} if cursor else {})}
        ).json()
        out += body["items"]
        cursor = body["next"]
        if cursor is None:
            return out


@pytest.fixture(scope="module")
def everything(admin: TestClient) -> dict[int, dict[str, Any]]:
    return {o["id"]: o for o in every(admin)}


@pytest.fixture(scope="module")
def public(app: Any) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


def test_a_limited_reader_gets_his_own_in_full_and_public_ones_coarsened(
    make_account: Callable[..., TestClient], everything: dict[int, dict[str, Any]]
) -> None:
    reader = make_account("reader", "department", areas=["360429"], classes=["school", "risk-point", "major-hazard"])
    seen = {o["id"]: o for o in every(reader)}
    for identifier, o in everything.items():
        own = (
            o["visibility"] != "command"
            and o["class"] in {"school", "risk-point", "major-hazard"}
            and (o["division"] or "").startswith("360429")
        )
        if own:
            assert seen[identifier]["form"] == "full"
            assert seen[identifier]["geometry"] == o["geometry"]
        elif o["visibility"] == "public":
            assert seen[identifier]["form"] == "public"
        else:
            assert identifier not in seen


def test_the_public_form_holds_the_cells_centre_and_public_fields_alone(
    public: TestClient, everything: dict[int, dict[str, Any]], app: Any
) -> None:
    seen = every(public)
    assert {o["id"] for o in seen} == {i for i, o in everything.items() if o["visibility"] == "public"}
    catalogue = {c["class"]: {f["name"] for f in c["fields"]} for c in public.get("/api/catalogue").json()["classes"]}
    centres = set()
    for o in seen:
        assert set(o["attributes"]) <= catalogue[o["class"]]
        assert not {"source", "verified", "tags", "enterprise", "parent", "position_quality"} & set(o)
        assert o["division"] is None or len(o["division"]) == 6
        if o["geometry"]:
            lng, lat = o["geometry"]["coordinates"]
            centre = h3.cell_to_latlng(h3.latlng_to_cell(lat, lng, 7))
            assert (lat, lng) == pytest.approx(centre, abs=1e-6)
            centres.add((lng, lat))
    assert len(centres) < len(seen)


def test_two_hundred_bisecting_boxes_do_not_narrow_an_object_below_its_cell(
    public: TestClient, everything: dict[int, dict[str, Any]]
) -> None:
    rng = random.Random(3)
    targets = [
        o for o in everything.values() if o["class"] == "school" and o["geometry"] and o["geometry"]["type"] == "Point"
    ]
    asked = 0
    while asked < 200:
        target = rng.choice(targets)
        lng, lat = target["geometry"]["coordinates"][:2]
        cell = h3.latlng_to_cell(lat, lng, 7)
        centre_lat, centre_lng = h3.cell_to_latlng(cell)
        west, south, east, north = centre_lng - 0.05, centre_lat - 0.05, centre_lng + 0.05, centre_lat + 0.05
        for _ in range(20):
            asked += 1
            if rng.random() < 0.5:
                middle = (west + east) / 2
                left = _holds(public, target["id"], (west, south, middle, north))
                west, east = (west, middle) if left else (middle, east)
            else:
                middle = (south + north) / 2
                low = _holds(public, target["id"], (west, south, east, middle))
                south, north = (south, middle) if low else (middle, north)
        # What the boxes closed in on is the cell's centre, whatever the true place.
        assert west <= centre_lng + 1e-9
        assert east >= centre_lng - 1e-9
        assert south <= centre_lat + 1e-9
        assert north >= centre_lat - 1e-9


def _holds(client: TestClient, identifier: int, box: tuple[float, ...]) -> bool:
    body = client.get(
        "/api/objects", params={"class": "school", "bbox": ",".join(map(repr, box)), "limit": 1000}
    ).json()
    return identifier in {o["id"] for o in body["items"]}


def test_a_field_that_one_may_not_read_is_as_unknown_as_one_that_is_not_there(public: TestClient) -> None:
    for params in ({"where": "{} > 1"}, {"sort": "{}"}):
        [(name, template)] = params.items()
        hidden = public.get("/api/objects", params={"class": "tailings-pond", name: template.format("capacity_m3")})
        absent = public.get("/api/objects", params={"class": "tailings-pond", name: template.format("no_such_field")})
        assert hidden.status_code == absent.status_code == 422
        assert hidden.text.replace("capacity_m3", "X") == absent.text.replace("no_such_field", "X")


def test_filters_read_the_form_that_the_reader_gets(public: TestClient, admin: TestClient) -> None:
    assert admin.get("/api/counts", params={"source": "部门排查"}).json()["total"] > 100
    for hidden in ({"source": "部门排查"}, {"verified": "true"}, {"division": "360429205"}, {"tag": "x"}):
        assert public.get("/api/counts", params=hidden).json()["total"] == 0
    enterprise = admin.get("/api/objects", params={"class": "enterprise", "limit": 1}).json()["items"][0]["id"]
    assert public.get("/api/counts", params={"enterprise": enterprise}).json()["total"] == 0


def test_the_public_gets_no_heat_finer_than_its_cell(public: TestClient) -> None:
    assert public.get("/api/heat", params={"resolution": 7}).status_code == 200
    for resolution in (8, 9, 10):
        assert public.get("/api/heat", params={"resolution": resolution}).status_code == 403
    fine = public.get("/api/heat", params={"resolution": 7}).json()["cells"][0]["cell"]
    other_children = [c for c in h3.cell_to_children(fine, 10) if c != h3.cell_to_center_child(fine, 10)]
    answer = public.get("/api/counts", params={"cell": other_children[:150]})
    assert answer.json()["total"] == 0


def test_an_unseen_object_is_as_absent_as_one_that_never_was(
    public: TestClient, everything: dict[int, dict[str, Any]]
) -> None:
    hidden = next(i for i, o in everything.items() if o["visibility"] == "department")
    for path in ("", "/grade", "/history", "/parties"):
        one = public.get(f"/api/objects/{hidden}{path}")
        other = public.get(f"/api/objects/99999999{path}")
        assert one.status_code == other.status_code == 404
        assert one.json() == other.json()


def test_tiles_hold_no_name_of_another(public: TestClient, everything: dict[int, dict[str, Any]]) -> None:
    z = 15
    seen = set()
    for o in list(everything.values())[::40]:
        if not o["geometry"] or o["geometry"]["type"] != "Point":
            continue
        gx, gy = grid_of(*o["geometry"]["coordinates"])
        answer = public.get(f"/api/tiles/{z}/{gx >> (36 - z)}/{gy >> (36 - z)}.mvt", params={"stage": "any"})
        if answer.status_code == 200:
            for f in mapbox_vector_tile.decode(answer.content).get("objects", {}).get("features", []):
                assert everything[f["id"]]["visibility"] == "public"
                assert f["geometry"]["type"] == "Point"
                seen.add(f["id"])
    assert seen


def test_a_cached_answer_is_for_its_own_rights(
    app: Any, admin: TestClient, public: TestClient, make_account: Callable[..., TestClient]
) -> None:
    state = public.get("/api/rights").json()["state"]
    town = make_account("reader", "department", areas=["360402"])
    address = f"/api/tiles/9/420/211.mvt?state={state}&r="
    bodies = {}
    for name, client in (("admin", admin), ("town", town), ("public", public)):
        rights = client.get("/api/rights").json()["rights"]
        answer = client.get(address + rights)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert ("public" if name == "public" else "private") in answer.headers["cache-control"]
        bodies[name] = (rights, answer.content)
        for other_name, (other, _) in bodies.items():
            if other_name != name:
                refused = client.get(address + other)
                assert refused.status_code == 409
                assert refused.headers["cache-control"] == "no-store"
    assert len({rights for rights, _ in bodies.values()}) == 3
    assert len({body for _, body in bodies.values()}) == 3
    for client in (admin, public):
        rights = client.get("/api/rights").json()["rights"]
        assert client.get(f"/api/tiles/9/420/211.mvt?state={state + 1000}&r={rights}").status_code == 409
        assert client.get("/api/tiles/9/420/211.mvt").headers["cache-control"] == "no-cache"


def test_writers_write_only_within_their_limits(
    admin: TestClient, make_account: Callable[..., TestClient], everything: dict[int, dict[str, Any]]
) -> None:
    editor = make_account("editor", "department", areas=["360429"])
    body = {"class": "school", "name": "例试小学", "division": "360402", "attributes": {}}
    assert editor.post("/api/objects", json=body).status_code == 403
    assert editor.post("/api/objects", json={**body, "division": "360429", "visibility": "command"}).status_code == 403
    mine = editor.post("/api/objects", json={**body, "division": "360429"})
    assert mine.status_code == 201, mine.text
    header = {"If-Match": f'"{mine.json()["state"]}"'}
    away = editor.patch(f"/api/objects/{mine.json()['id']}", json={"division": "360402"}, headers=header)
    assert away.status_code == 403
    foreign = next(
        i for i, o in everything.items() if (o["division"] or "").startswith("360402") and o["visibility"] == "public"
    )
    assert editor.patch(f"/api/objects/{foreign}", json={"name": "改"}, headers=header).status_code == 403
    unseen = next(
        i
        for i, o in everything.items()
        if (o["division"] or "").startswith("360402") and o["visibility"] == "department"
    )
    assert editor.patch(f"/api/objects/{unseen}", json={"name": "改"}, headers=header).status_code == 404
    for role in ("reader", "auditor"):
        nobody = make_account(role, "command")
        assert nobody.post("/api/objects", json=body).status_code == 403
        assert nobody.delete(f"/api/objects/{mine.json()['id']}?reason=x").status_code == 403
        assert nobody.post("/api/objects/preview", json=body).status_code == 403
    assert admin.delete(f"/api/objects/{mine.json()['id']}?reason=试完").status_code == 200


def test_a_past_version_is_shown_by_the_stricter_form(admin: TestClient, public: TestClient) -> None:
    made = admin.post(
        "/api/objects",
        json={"class": "school", "name": "例变小学", "division": "360402", "visibility": "public", "attributes": {}},
    ).json()
    assert public.get(f"/api/objects/{made['id']}").status_code == 200
    header = {"If-Match": f'"{made["state"]}"'}
    hidden = admin.patch(f"/api/objects/{made['id']}", json={"visibility": "command"}, headers=header).json()
    assert public.get(f"/api/objects/{made['id']}").status_code == 404
    # It was public then; the object's latest version is not, so it stays hidden at that state too.
    assert public.get(f"/api/objects/{made['id']}?as_of=state:{made['state']}").status_code == 404
    params = {"q": "例变小学", "as_of": f"state:{made['state']}"}
    assert public.get("/api/objects", params=params).json()["total"] == 0
    assert admin.get("/api/objects", params=params).json()["total"] == 1
    header = {"If-Match": f'"{hidden["state"]}"'}
    shown = admin.patch(f"/api/objects/{made['id']}", json={"visibility": "public"}, headers=header).json()
    assert public.get(f"/api/objects/{made['id']}").status_code == 200
    # And the other way: a version that was hidden stays hidden, though the object is public now.
    assert (
        public.get("/api/objects", params={"q": "例变小学", "as_of": f"state:{hidden['state']}"}).json()["total"] == 0
    )
    assert json.dumps(shown)


def test_telephone_numbers_are_never_public(admin: TestClient, public: TestClient) -> None:
    made = admin.post(
        "/api/objects",
        json={"class": "school", "name": "例责任小学", "division": "360402", "visibility": "public", "attributes": {}},
    ).json()
    party = [
        {
            "role": "主要负责人",
            "post": "校长",
            "name": "陈某某",
            "phone": "0792-0000000",
            "from": "2026-01-01",
            "to": None,
        }
    ]
    assert admin.put(f"/api/objects/{made['id']}/parties", json=party).status_code == 200
    assert admin.get(f"/api/objects/{made['id']}/parties").json()[0]["phone"] == "0792-0000000"
    assert "0792" not in public.get(f"/api/objects/{made['id']}/parties").text
