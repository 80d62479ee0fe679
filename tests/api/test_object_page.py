"""What the page of one object asks: near things, persons, history in full, previews of a change, typed positions."""

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from pyproj import Geod
from sqlalchemy import event
from starlette.testclient import TestClient
from tests.api.imports import run
from tests.api.test_objects import make

from riskmap.register.near import direction_word

GEOD = Geod(ellps="GRS80")


def square(west: float, south: float, side: float = 0.002) -> dict[str, Any]:
    east, north = west + side, south + side
    return {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, south], [east, north], [west, north], [west, south]]],
    }


def person(role: str = "主要负责人", **more: Any) -> dict[str, Any]:
    return {"role": role, "post": "", "name": "", "phone": "", "from": None, "to": None, **more}


def near(client: TestClient, object_id: int, **params: Any) -> dict[str, Any]:
    answer = client.get(f"/api/objects/{object_id}/near", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


# -- Near ---------------------------------------------------------------------


def test_near_is_measured_from_outline_to_outline_on_the_ellipsoid(admin: TestClient) -> None:
    here = make(admin, name="量起库", geometry=square(117.0, 29.5))["id"]
    east = make(admin, name="东邻库", geometry=square(117.005, 29.5))["id"]
    south = make(admin, name="东南邻点", geometry={"type": "Point", "coordinates": [117.0045, 29.4975]})["id"]
    make(admin, name="远库", geometry=square(117.02, 29.5))
    touching = make(admin, name="相接库", geometry=square(116.998, 29.5))["id"]
    found = near(admin, here, within=500)
    assert found["measured"]
    assert found["total"] == 3
    by_id = {i["id"]: i for i in found["items"]}
    assert set(by_id) == {east, south, touching}  # not itself, and not the far one
    _, _, expected = GEOD.inv(117.002, 29.501, 117.005, 29.501)
    assert by_id[east]["distance_m"] == pytest.approx(expected, abs=0.2)
    assert by_id[east]["direction"] == "东"
    _, _, expected = GEOD.inv(117.002, 29.5, 117.0045, 29.4975)
    assert by_id[south]["distance_m"] == pytest.approx(expected, abs=0.2)
    assert by_id[south]["direction"] == "东南"
    assert by_id[touching]["distance_m"] == 0
    assert by_id[touching]["direction"] is None
    assert [i["id"] for i in found["items"]] == [touching, east, south]
    capped = near(admin, here, within=500, limit=1)
    assert (len(capped["items"]), capped["total"]) == (1, 3)
    assert near(admin, here, within=500, **{"class": "school"})["total"] == 0


def test_near_shows_no_more_than_the_reader_may_see(
    admin: TestClient, make_account: Callable[..., TestClient], client: TestClient
) -> None:
    here = make(admin, name="限权库", division="360429", geometry=square(117.1, 29.5), visibility="public")["id"]
    make(admin, name="受控邻库", geometry=square(117.103, 29.5), visibility="command")
    other = make(admin, name="邻县公开库", division="360430", geometry=square(117.0965, 29.5), visibility="public")[
        "id"
    ]
    assert near(admin, here)["total"] == 2
    limited = make_account("reader", areas=["360429"])
    found = near(limited, here)
    # What reaches him in the public form alone has no position to measure from: it is told, and not measured.
    assert (found["total"], found["coarse"]) == (0, 1)
    public = near(client, here)
    assert (public["measured"], public["items"]) == (False, [])
    assert near(make_account("reader"), here)["items"][0]["id"] == other


def test_near_knows_the_past(admin: TestClient) -> None:
    here = make(admin, name="旧位库", geometry=square(117.2, 29.5))
    before = make(admin, name="旧邻库", geometry=square(117.203, 29.5))
    admin.delete(f"/api/objects/{before['id']}", params={"reason": "闭库"})
    assert near(admin, here["id"])["total"] == 0
    assert near(admin, here["id"], as_of=f"state:{before['state']}")["total"] == 1


def test_eight_winds() -> None:
    assert [direction_word(d) for d in (0, 22.4, 22.6, 90, 180, 337.6, 359)] == [
        "北", "北", "东北", "东", "南", "北", "北",
    ]  # fmt: skip
    assert direction_word(None) is None


# -- Persons ------------------------------------------------------------------


def test_persons_have_a_version_and_a_lost_race_changes_nothing(admin: TestClient) -> None:
    made = make(admin, name="责任库")
    path = f"/api/objects/{made['id']}/parties"
    first = admin.get(path)
    assert (first.json(), first.headers["etag"]) == ([], '"0"')
    one = admin.put(path, json=[person(name="甲某", phone="0792-1 转 2")], headers={"If-Match": first.headers["etag"]})
    assert one.status_code == 200, one.text
    assert one.json() == [person(name="甲某", phone="0792-1 转 2")]
    late = admin.put(path, json=[person(name="乙某")], headers={"If-Match": first.headers["etag"]})
    assert (late.status_code, late.json()["code"]) == (409, "stale_parties")
    assert admin.get(path).json()[0]["name"] == "甲某"
    # An edit of the object is no race with one of its persons.
    header = {"If-Match": f'"{made["state"]}"'}
    assert admin.patch(f"/api/objects/{made['id']}", json={"name": "责任库改"}, headers=header).status_code == 200
    state = admin.get("/healthz").json()["state"]
    same = admin.put(path, json=one.json(), headers={"If-Match": one.headers["etag"]})
    assert same.headers["etag"] == one.headers["etag"]
    assert admin.get("/healthz").json()["state"] == state  # nothing changed, so nothing is written


def test_replaced_persons_stay_in_the_history(admin: TestClient) -> None:
    made = make(admin, name="换人库", parties=[person(name="甲某", post="站长")])
    path = f"/api/objects/{made['id']}/parties"
    two = [person(name="乙某"), person("属地挂钩", name="丙某")]
    admin.put(path, json=two)
    state = int(admin.get(path).headers["etag"].strip('"'))
    admin.patch(f"/api/objects/{made['id']}", json={"name": "换人库改"}, headers={"If-Match": f'"{made["state"]}"'})
    versions = admin.get(f"/api/objects/{made['id']}/history").json()["versions"]
    assert [v["state"] for v in versions][:2] == [made["state"], state]
    assert versions[0]["change"] == {}  # its first persons came with it
    assert versions[1]["change"] == {"parties": [[person(name="甲某", post="站长")], two]}
    assert (versions[1]["by"], "parties" in versions[2]["change"]) == ("admin", False)
    then = admin.get(path, params={"as_of": f"state:{made['state']}"}).json()
    assert [p["name"] for p in then] == ["甲某"]
    assert admin.get(path, params={"as_of": "2026-02-01"}).json() == []  # before the register knew of anybody


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ([person()], "parties.0.name"),
        ([person(name="甲"), person(name="甲")], "parties.1.name"),
        ([person(name="甲", phone="没有")], "parties.0.phone"),
        ([person(name="甲", **{"from": "2026-03-01", "to": "2026-02-01"})], "parties.0.to"),
    ],
)
def test_a_person_that_says_nothing_is_refused_at_its_place(
    admin: TestClient, given: list[dict[str, Any]], field: str
) -> None:
    made = make(admin, name="空人库")
    refused = admin.put(f"/api/objects/{made['id']}/parties", json=given)
    assert refused.status_code == 422
    assert [e["field"] for e in refused.json()["errors"]] == [field]
    assert admin.post("/api/objects/preview", json={
        "class": "tailings-pond", "name": "空人库", "parties": given,
    }).status_code == 422  # fmt: skip


def test_only_who_may_write_the_object_writes_its_persons(
    admin: TestClient, make_account: Callable[..., TestClient], client: TestClient
) -> None:
    made = make(admin, name="他县库", division="360430", visibility="public")
    path = f"/api/objects/{made['id']}/parties"
    assert make_account("editor", areas=["360429"]).put(path, json=[person(name="甲")]).status_code == 403
    assert make_account("reader").put(path, json=[person(name="甲")]).status_code == 403
    assert client.put(path, json=[person(name="甲")]).status_code in {401, 403}
    admin.delete(f"/api/objects/{made['id']}", params={"reason": "完"})
    assert admin.put(path, json=[person(name="甲")]).status_code == 409


def test_one_row_of_the_template_brings_every_person_and_a_second_time_none(admin: TestClient) -> None:
    body = admin.get("/api/classes/tailings-pond/template.xlsx").content
    book = openpyxl.load_workbook(io.BytesIO(body))
    sheet = book.worksheets[0]
    heads = {str(c.value).lstrip("*"): c.column for c in sheet[1]}
    roles = ["主要负责人", "技术负责人", "操作负责人", "属地挂钩", "部门挂钩"]
    assert {h for r in roles for h in (r, f"{r}电话")} <= set(heads)
    row = {"名称": "人表库", "编号": "RB-1", "所在区县": "360429", "经度": "116.201234", "纬度": "29.701234"}
    row |= {r: f"演{i}" for i, r in enumerate(roles)} | {f"{r}电话": f"0792-000000{i}" for i, r in enumerate(roles)}
    for head, value in row.items():
        sheet.cell(3, heads[head]).value = value
    out = io.BytesIO()
    book.save(out)

    def bring() -> dict[str, int]:
        return run(admin, out.getvalue(), "tailings-pond", name="尾矿库.xlsx", crs="EPSG:4490")["rows"]

    came = bring()
    assert came["added"] == 1, came
    [item] = admin.get("/api/objects", params={"q": "人表库"}).json()["items"]
    path = f"/api/objects/{item['id']}/parties"
    expected = [(r, f"演{i}", f"0792-000000{i}") for i, r in enumerate(roles)]
    assert [(p["role"], p["name"], p["phone"]) for p in admin.get(path).json()] == expected
    state = admin.get(path).headers["etag"]
    assert bring()["same"] == 1
    assert admin.get(path).headers["etag"] == state
    assert len(admin.get(path).json()) == len(roles)


# -- Changes ------------------------------------------------------------------


def test_a_change_is_previewed_with_what_its_sender_cannot_see(
    admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    made = make(admin, name="试改库", grade={"value": "serious", "basis": "会商"})
    path = f"/api/objects/{made['id']}/preview"
    state = admin.get("/healthz").json()["state"]
    found = admin.post(path, json={"grade": {"value": "low", "basis": "整改完成"}})
    assert found.status_code == 200, found.text
    assert found.json()["grade"]["value"] == "low"
    kept = admin.post(path, json={"attributes": {"dam_height_m": 60}}).json()
    assert (kept["grade"]["value"], kept["attributes"]["capacity_m3"]) == ("serious", 800000)
    wrong = admin.post(path, json={"attributes": {"dam_height_m": -1}})
    assert wrong.json()["errors"][0]["field"] == "attributes.dam_height_m"
    assert admin.get("/healthz").json()["state"] == state
    assert make_account("reader").post(path, json={}).status_code == 403
    assert make_account("editor", areas=["360402"]).post(path, json={}).status_code == 404


def test_who_judged_stays_where_the_judgement_stays(admin: TestClient, make_account: Callable[..., TestClient]) -> None:
    made = make(admin, name="署名库", grade={"value": "serious", "basis": "会商"})
    editor = make_account("editor")
    header = {"If-Match": f'"{made["state"]}"'}
    body = {"attributes": {"dam_height_m": 47}, "grade": {"value": "serious", "basis": "会商"}}
    assert editor.patch(f"/api/objects/{made['id']}", json=body, headers=header).status_code == 200
    grades = admin.get(f"/api/objects/{made['id']}/grade").json()["grades"]
    [grade] = [g for g in grades if g["how"] == "judged"]
    assert grade["by"] == "admin"


def test_history_tells_how_far_and_names_what_it_speaks_of(admin: TestClient) -> None:
    firm = admin.post("/api/objects", json={"class": "enterprise", "name": "例史企业"}).json()
    pond = make(admin, name="总库")
    made = make(admin, name="移库", parent=pond["id"])
    moved = admin.patch(
        f"/api/objects/{made['id']}",
        json={"enterprise": firm["id"], "geometry": {"type": "Point", "coordinates": [116.201, 29.7]}},
        headers={"If-Match": f'"{made["state"]}"'},
    ).json()
    history = admin.get(f"/api/objects/{made['id']}/history").json()
    version = next(v for v in history["versions"] if v["state"] == moved["state"])
    assert version["moved_m"] == pytest.approx(GEOD.inv(116.2, 29.7, 116.201, 29.7)[2], abs=0.1)
    assert history["objects"] == {str(firm["id"]): "例史企业"}
    detail = admin.get(f"/api/objects/{made['id']}").json()
    assert detail["ancestors"] == [{"id": pond["id"], "name": "总库", "class": "tailings-pond"}]


def asked(app: Any, client: TestClient, path: str) -> tuple[Any, int]:
    """What is answered, and by how many questions to the database."""
    seen: list[str] = []

    def remember(conn: Any, cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(app.state.engine, "before_cursor_execute", remember)
    try:
        answer = client.get(path)
    finally:
        event.remove(app.state.engine, "before_cursor_execute", remember)
    assert answer.status_code == 200, answer.text
    return answer.json(), len(seen)


def test_a_long_line_of_ancestors_and_many_changes_of_persons_cost_no_more_questions(
    app: Any, admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    line = [make(admin, name="级1", visibility="command")]
    for level in range(2, 12):
        line.append(make(admin, name=f"级{level}", parent=line[-1]["id"]))
    ids = [made["id"] for made in line]
    short, few = asked(app, admin, f"/api/objects/{ids[1]}")
    assert short["ancestors"] == [{"id": ids[0], "name": "级1", "class": "tailings-pond"}]
    long, many = asked(app, admin, f"/api/objects/{ids[8]}")
    assert [a["name"] for a in long["ancestors"]] == [f"级{n}" for n in range(8, 0, -1)]
    assert many == few
    assert len(admin.get(f"/api/objects/{ids[10]}").json()["ancestors"]) == 8, "no more than are shown"
    # From where he may not see, a reader is told that there is something, and no more.
    editor = make_account("editor")
    assert editor.get(f"/api/objects/{ids[2]}").json()["ancestors"] == [
        {"id": ids[1], "name": "级2", "class": "tailings-pond"}, {"id": ids[0], "name": None, "class": None},
    ]  # fmt: skip
    # A circle ends.
    head = {"If-Match": f'"{line[0]["state"]}"'}
    assert admin.patch(f"/api/objects/{ids[0]}", json={"parent": ids[2]}, headers=head).status_code == 200
    assert [a["id"] for a in admin.get(f"/api/objects/{ids[2]}").json()["ancestors"]] == [ids[1], ids[0], ids[2]]
    then = admin.get(f"/api/objects/{ids[2]}", params={"as_of": f"state:{line[-1]['state']}"}).json()
    assert [a["id"] for a in then["ancestors"]] == [ids[1], ids[0]]

    counted = []
    for name in ("甲", "乙", "丙", "丁"):
        given = [person(name=name, phone="0792-1")]
        assert admin.put(f"/api/objects/{ids[5]}/parties", json=given).status_code == 200
        history, n = asked(app, admin, f"/api/objects/{ids[5]}/history")
        counted.append(n)
    assert len(set(counted)) == 1
    moves = [[[p["name"] for p in side] for side in v["change"].get("parties", ())] for v in history["versions"]]
    assert moves == [[], [[], ["甲"]], [["甲"], ["乙"]], [["乙"], ["丙"]], [["丙"], ["丁"]]]


# -- Typed positions ----------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "lon", "lat"),
    [
        ({"x": "116.2", "y": "29.7"}, 116.2, 29.7),
        ({"x": "116°12′00″", "y": "北纬29°42′0″"}, 116.2, 29.7),
        ({"x": "116.2", "y": "29.7", "crs": "GCJ02"}, 116.194927, 29.702490),
        ({"x": "116.2", "y": "29.7", "crs": "BD09"}, 116.188390, 29.696541),
        # An easting that carries its zone's number is of that zone, as in a table that is imported.
        ({"x": "39422578.576", "y": "3287126.230", "crs": "EPSG:4548"}, 116.2, 29.7),
    ],
)
def test_a_typed_position_is_converted_before_it_is_saved(
    admin: TestClient, body: dict[str, str], lon: float, lat: float
) -> None:
    found = admin.post("/api/positions", json=body)
    assert found.status_code == 200, found.text
    assert found.json()["lon"] == pytest.approx(lon, abs=1e-6)
    assert found.json()["lat"] == pytest.approx(lat, abs=1e-6)


def test_a_typed_position_that_is_none_says_which_half(admin: TestClient, client: TestClient) -> None:
    def refused(**body: str) -> list[str]:
        answer = admin.post("/api/positions", json=body)
        assert answer.status_code == 422
        return [e["field"] for e in answer.json()["errors"]]

    assert refused(x="东边", y="29.7") == ["x"]
    assert refused(x="29.7", y="116.2") == ["y"]
    assert refused(x="116.2", y="29.7", crs="EPSG:1") == ["crs"]
    assert client.post("/api/positions", json={"x": "116.2", "y": "29.7"}).status_code == 403
