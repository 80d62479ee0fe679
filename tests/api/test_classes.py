"""Classes made and changed by an administrator: who may, what is refused, what becomes of the objects that are there."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from riskmap.access.reader import SYSTEM
from riskmap.base.errors import Conflict
from riskmap.catalogue.seed import seed
from riskmap.register import service
from riskmap.register.draft import ObjectDraft

MakeAccount = Callable[..., TestClient]
BOUNDS = (73.0, 3.0, 136.0, 54.0)


def fresh() -> str:
    return f"room-{uuid.uuid4().hex[:8]}"


def form(**changes: Any) -> dict[str, Any]:
    """密室逃脱 under a name of its own."""
    code = changes.pop("code", None) or fresh()
    return {
        "class": code,
        "title": f"密室逃脱 {code[-8:]}",
        "group": "buildings",
        "role": "hazard",
        "geometry": ["point"],
        "scale": None,
        "department": "消防救援支队",
        "symbol": "c-crowded-place",
        "fields": [
            {"name": "rooms", "title": "主题数", "type": "integer", "minimum": 0, "visibility": "public"},
            {"name": "note", "title": "情况说明", "type": "text"},
            {"name": "exits", "title": "安全出口", "type": "enum", "options": ["一个", "两个"]},
        ],
        "list": ["name", "grade", "rooms"],
        "popup": ["rooms"],
        "synonyms": [{"header": "店名", "target": "name"}],
    } | changes


def made(admin: TestClient, **changes: Any) -> dict[str, Any]:
    body = form(**changes)
    answer = admin.post("/api/classes", json=body)
    assert answer.status_code == 201, answer.text
    return body


def put(admin: TestClient, body: dict[str, Any], version: int = 1) -> Any:
    return admin.put(f"/api/classes/{body['class']}", json=body, headers={"If-Match": f'"{version}"'})


def an_object(admin: TestClient, class_: str, **changes: Any) -> dict[str, Any]:
    body = {
        "class": class_,
        "name": "例密室",
        "attributes": {},
        "geometry": {"type": "Point", "coordinates": [116.0, 29.7]},
    } | changes
    answer = admin.post("/api/objects", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def with_field(body: dict[str, Any], name: str, **changes: Any) -> dict[str, Any]:
    return {**body, "fields": [{**f, **changes} if f["name"] == name else f for f in body["fields"]]}


def without_field(body: dict[str, Any], name: str) -> dict[str, Any]:
    return {**body, "fields": [f for f in body["fields"] if f["name"] != name]}


def refused(answer: Any, field: str, code: str) -> str:
    """A 422 with this field and code; its message."""
    assert answer.status_code == 422, answer.text
    found = [e for e in answer.json()["errors"] if (e["field"], e["code"]) == (field, code)]
    assert found, answer.text
    return str(found[0]["message"])


# -- Making -----------------------------------------------------------------------------


def test_a_new_class_is_there_at_once_everywhere(admin: TestClient, client: TestClient) -> None:
    before = admin.get("/healthz").json()["state"]
    body = form()
    answer = admin.post("/api/classes", json=body)
    assert answer.status_code == 201
    told = answer.json()
    assert (told["class"], told["version"], told["state"]) == (body["class"], 1, before + 1)
    code = body["class"]
    in_catalogue = next(c for c in admin.get("/api/catalogue").json()["classes"] if c["class"] == code)
    assert [f["name"] for f in in_catalogue["fields"]] == ["rooms", "note", "exits"]
    for_public = next(c for c in client.get("/api/catalogue").json()["classes"] if c["class"] == code)
    assert [f["name"] for f in for_public["fields"]] == ["rooms"]

    one = an_object(
        admin, code, code=f"{code}-1", name=f"例密室{code[-8:]}", attributes={"rooms": 5, "exits": "一个"},
        grade={"value": "serious", "basis": "现场判定"},
    )  # fmt: skip
    assert one["attributes"] == {"rooms": 5, "exits": "一个"}
    counts = admin.get("/api/counts", params={"by": "grade,class", "class": code}).json()
    assert counts["total"] == 1
    assert counts["rows"] == [{"grade": "serious", "class": code, "n": 1}]
    tile = admin.get("/api/tiles/4/13/6.mvt", params={"class": code})
    assert tile.status_code == 200
    assert code.encode() in tile.content
    page = admin.get("/api/objects", params={"class": code, "q": code[-8:], "where": "rooms >= 5", "sort": "-rooms"})
    assert [i["id"] for i in page.json()["items"]] == [one["id"]]
    assert admin.get("/api/objects", params={"class": code, "where": "rooms > 5"}).json()["total"] == 0
    heat = admin.get("/api/heat", params={"class": code, "resolution": 8}).json()
    assert sum(c["n"] for c in heat["cells"]) == 1
    assert admin.get("/api/objects", params={"class": code, "as_of": f"state:{before}"}).json().get("total", 0) == 0


def test_a_class_is_listed_with_version_origin_maker_and_number_of_objects(admin: TestClient) -> None:
    body = made(admin)
    an_object(admin, body["class"])
    answer = admin.get("/api/classes").json()
    row = next(i for i in answer["items"] if i["class"] == body["class"])
    assert (row["version"], row["origin"], row["from_product"], row["objects"]) == (1, "bureau", False, 1)
    assert row["since"]["by"] == "admin"
    school = next(i for i in answer["items"] if i["class"] == "school")
    assert (school["origin"], school["from_product"], school["since"]["by"]) == ("shipped", True, "system")
    assert "c-school" in answer["symbols"]
    assert answer["proposed_code"] not in {i["class"] for i in answer["items"]}


def test_a_class_opens_as_it_was_sent_with_its_order(admin: TestClient) -> None:
    body = made(admin)
    answer = admin.get(f"/api/classes/{body['class']}")
    assert answer.headers["etag"] == '"1"'
    opened = answer.json()
    assert [f["name"] for f in opened["body"]["fields"]] == ["rooms", "note", "exits"]
    assert opened["body"]["synonyms"] == [{"header": "店名", "target": "name"}]
    assert opened["list_titles"] == ["名称", "风险等级", "主题数"]
    assert {"名称", "经度", "主题数", "情况说明", "安全出口"} <= {c["title"] for c in opened["template"]}
    assert [(v["version"], v["by"], v["changes"]) for v in opened["versions"]] == [(1, "admin", ["新增分类，3 个字段"])]


def test_a_shipped_class_keeps_the_order_of_its_file(admin: TestClient) -> None:
    names = [f["name"] for f in admin.get("/api/classes/tailings-pond").json()["body"]["fields"]]
    assert names[:5] == ["capacity_m3", "dam_height_m", "pit_without_dam", "raised_because", "flow_path"]


def test_a_class_that_is_there_or_was_just_made_is_refused(admin: TestClient) -> None:
    body = made(admin)
    refused(admin.post("/api/classes", json=form(code=body["class"])), "class", "taken")
    refused(admin.post("/api/classes", json=form(title=body["title"])), "title", "taken")
    refused(admin.post("/api/classes", json=form(code="school")), "class", "taken")


def test_what_is_wrong_is_told_at_the_field_and_takes_no_state(admin: TestClient) -> None:
    before = admin.get("/healthz").json()
    body = form(fields=[{"name": "rooms", "title": "主题数", "type": "integer", "minimum": 5, "maximum": 4}])
    message = refused(admin.post("/api/classes", json=body), "fields.0.maximum", "below_minimum")
    assert message == "最大值 4 应大于最小值 5"
    assert admin.get("/healthz").json() == before


def test_a_title_that_looks_like_html_or_a_formula_is_text(admin: TestClient) -> None:
    for title in ("<img src=x onerror=alert(1)>", "=HYPERLINK(1)", "'; DROP TABLE risk_object; --"):
        body = made(admin, title=title[:30])
        found = next(c for c in admin.get("/api/catalogue").json()["classes"] if c["class"] == body["class"])
        assert found["title"] == title[:30]
        # Out of the way: titles are unique.
        assert put(admin, {**body, "title": body["class"]}).status_code == 200


# -- Rights -----------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["editor", "reader", "auditor"])
def test_only_an_administrator_makes_and_changes_classes(
    make_account: MakeAccount, admin: TestClient, role: str
) -> None:
    other = make_account(role, tier="command")
    body = made(admin)
    before = admin.get("/healthz").json()
    for answer in (
        other.post("/api/classes", json=form()),
        put(other, {**body, "title": "改名"}),
        other.post("/api/classes/preview", json=form()),
    ):
        assert answer.status_code == 403
        assert "管理员" in answer.json()["detail"]
    assert other.get("/api/classes").status_code == 200
    assert other.get(f"/api/classes/{body['class']}").status_code == 200
    assert admin.get("/healthz").json() == before


def test_the_public_and_an_account_of_the_public_tier_see_no_declarations(
    make_account: MakeAccount, client: TestClient
) -> None:
    outside = make_account("reader", tier="public")
    for path in ("/api/classes", "/api/classes/school", "/api/catalogue/dated"):
        assert client.get(path).status_code == 401
        assert outside.get(path).status_code == 403
    assert client.post("/api/classes", json=form()).status_code == 401
    assert client.post("/api/classes/preview", json=form()).status_code == 401


def test_fields_above_the_readers_tier_are_not_told(make_account: MakeAccount, admin: TestClient) -> None:
    secret = {"name": "dose", "title": "密级项", "type": "decimal", "visibility": "command"}
    body = form()
    body = made(
        admin, **{**body, "code": body.pop("class"), "fields": [*body["fields"], secret], "list": ["name", "dose"]}
    )
    reader = make_account("reader", tier="department")
    answer = reader.get(f"/api/classes/{body['class']}")
    assert "dose" not in answer.text
    assert "密级项" not in answer.text
    assert "dose" in make_account("reader", tier="command").get(f"/api/classes/{body['class']}").text


def test_counts_beside_classes_follow_the_readers_rights(make_account: MakeAccount, admin: TestClient) -> None:
    body = made(admin)
    an_object(admin, body["class"])
    elsewhere = make_account("reader", areas=["110100"])
    row = next(i for i in elsewhere.get("/api/classes").json()["items"] if i["class"] == body["class"])
    assert row["objects"] == 0


# -- Changing -----------------------------------------------------------------------------


def test_a_change_makes_a_version_and_says_what_it_changed(admin: TestClient) -> None:
    body = made(admin)
    changed = with_field({**body, "department": "公安局"}, "rooms", maximum=80, required=True)
    answer = put(admin, changed)
    assert answer.status_code == 200
    assert answer.json()["version"] == 2
    newest = admin.get(f"/api/classes/{body['class']}").json()["versions"][0]
    assert newest["version"] == 2
    assert newest["changes"] == ["主管部门由“消防救援支队”改为“公安局”", "字段“主题数”：改为必填；最大值由无改为“80”"]


def test_saving_what_is_the_same_takes_no_state(admin: TestClient) -> None:
    body = made(admin)
    before = admin.get("/healthz").json()
    opened = admin.get(f"/api/classes/{body['class']}").json()["body"]
    answer = put(admin, opened)
    assert answer.status_code == 200
    assert (answer.json()["version"], answer.json()["changes"]) == (1, [])
    assert admin.get("/healthz").json() == before


def test_of_two_changes_of_one_version_the_later_loses(admin: TestClient) -> None:
    body = made(admin)
    assert put(admin, {**body, "department": "公安局"}).status_code == 200
    lost = put(admin, {**body, "department": "教育局"})
    assert lost.status_code == 409
    assert lost.json()["code"] == "stale_class"
    assert admin.get(f"/api/classes/{body['class']}").json()["body"]["department"] == "公安局"
    bare = admin.put(f"/api/classes/{body['class']}", json=body)
    assert bare.status_code == 428
    for bad in ('"x"', "-1", "9" * 12):
        answer = admin.put(f"/api/classes/{body['class']}", json=body, headers={"If-Match": bad})
        assert answer.status_code in {409, 422}, bad
    assert admin.put("/api/classes/no-such", json=form(code="no-such"), headers={"If-Match": "1"}).status_code == 404


def test_an_earlier_state_shows_the_earlier_class(admin: TestClient) -> None:
    body = made(admin)
    one = an_object(admin, body["class"], attributes={"rooms": 3, "note": "旧"})
    changed = put(admin, without_field(body, "note")).json()
    assert changed["warnings"] == ["1 个对象的“情况说明”不再显示，内容仍保留；以同一字段名（note）加回来即可再看到"]
    now = admin.get(f"/api/objects/{one['id']}").json()
    then = admin.get(f"/api/objects/{one['id']}", params={"as_of": f"state:{changed['state'] - 1}"}).json()
    assert now["attributes"] == {"rooms": 3}
    assert then["attributes"] == {"rooms": 3, "note": "旧"}


def test_what_a_removed_field_held_outlives_an_edit_and_comes_back(admin: TestClient) -> None:
    body = made(admin)
    one = an_object(admin, body["class"], attributes={"rooms": 3, "note": "旧"})
    assert put(admin, without_field(body, "note")).status_code == 200
    state = admin.get(f"/api/objects/{one['id']}").json()["object_state"]
    edited = admin.patch(
        f"/api/objects/{one['id']}", json={"attributes": {"rooms": 4}}, headers={"If-Match": f'"{state}"'}
    )
    assert edited.status_code == 200, edited.text
    back = put(admin, body, 2)
    assert back.status_code == 200
    assert back.json()["warnings"] == ["字段“情况说明”（note）以前用过，1 个对象保留的内容会重新显示"]
    assert admin.get(f"/api/objects/{one['id']}").json()["attributes"] == {"rooms": 4, "note": "旧"}


def test_a_type_that_stored_values_do_not_fit_is_refused_with_number_and_examples(admin: TestClient) -> None:
    body = made(admin)
    for i in range(5):
        an_object(admin, body["class"], code=f"{body['class']}-{i}", attributes={"note": "五间" if i < 4 else "5"})
    before = admin.get("/healthz").json()
    changed = with_field(body, "note", type="integer")
    message = refused(put(admin, changed), "fields.1.type", "in_use")
    assert message.startswith(
        f"已有 4 个对象的“情况说明”是文字，不能改为整数（如 {body['class']}-0、{body['class']}-1、"
    )
    assert admin.get("/healthz").json() == before
    asked = admin.post("/api/classes/preview", params={"of": body["class"]}, json=changed).json()
    assert [e["field"] for e in asked["errors"]] == ["fields.1.type"]


def test_texts_that_are_numbers_are_written_anew_from_today_on(admin: TestClient) -> None:
    body = made(admin)
    one = an_object(admin, body["class"], attributes={"note": "12"}, valid_from="2026-01-01")
    changed = with_field(body, "note", type="integer", minimum=12)
    answer = put(admin, changed)
    assert answer.status_code == 200, answer.text
    told = [w for w in answer.json()["warnings"] if "改写" in w]
    assert told == ["1 个对象的“情况说明”由文字改写为整数，自今天起生效；以前的日期和状态仍是原来的写法"]
    state = answer.json()["state"]
    now = admin.get(f"/api/objects/{one['id']}").json()
    assert (now["attributes"]["note"], now["object_state"]) == (12, state)
    assert admin.get("/api/objects", params={"class": body["class"], "where": "note = 12"}).json()["total"] == 1
    past = admin.get(f"/api/objects/{one['id']}", params={"as_of": f"state:{state - 1}"}).json()
    assert past["attributes"]["note"] == "12"
    day = admin.get(f"/api/objects/{one['id']}", params={"as_of": "2026-02-01"}).json()
    assert day["attributes"]["note"] == "12"
    history = admin.get(f"/api/objects/{one['id']}/history").json()["versions"]
    assert history[-1]["change"] == {"attributes.note": ["12", 12]}
    assert history[-1]["by"] == "admin"
    back = put(admin, with_field(body, "note", type="text"), 2)
    assert back.status_code == 200
    assert admin.get(f"/api/objects/{one['id']}").json()["attributes"]["note"] == "12"


@pytest.mark.parametrize(
    ("attributes", "change", "field"),
    [
        ({"rooms": 5}, {"maximum": 4}, "fields.0.maximum"),
        ({"rooms": 5}, {"minimum": 6}, "fields.0.minimum"),
        ({"note": "五个字字字"}, {"max_length": 4}, "fields.1.max_length"),
        ({"exits": "两个"}, {"options": ["一个"]}, "fields.2.options"),
    ],
)
def test_a_bound_that_stored_values_break_is_refused(
    admin: TestClient, attributes: dict[str, Any], change: dict[str, Any], field: str
) -> None:
    body = made(admin)
    an_object(admin, body["class"], attributes=attributes)
    [name] = attributes
    refused(put(admin, with_field(body, name, **change)), field, "in_use")


@pytest.mark.parametrize(
    ("attributes", "change"),
    [
        ({"rooms": 5}, {"maximum": 5}),
        ({"rooms": 5}, {"minimum": 5}),
        ({"rooms": 5}, {"type": "decimal"}),
        ({"note": "五个字字字"}, {"max_length": 5}),
        ({"exits": "两个"}, {"options": ["两个", "一个"]}),
        ({"exits": "两个"}, {"type": "text", "options": []}),
    ],
)
def test_a_bound_that_stored_values_keep_is_taken(
    admin: TestClient, attributes: dict[str, Any], change: dict[str, Any]
) -> None:
    body = made(admin)
    one = an_object(admin, body["class"], attributes=attributes)
    [name] = attributes
    answer = put(admin, with_field(body, name, **change))
    assert answer.status_code == 200, answer.text
    assert admin.get(f"/api/objects/{one['id']}").json()["attributes"] == attributes


def test_a_unit_is_not_changed_under_numbers_that_are_there(admin: TestClient) -> None:
    fields = [{"name": "area", "title": "经营面积", "type": "decimal", "unit": "m²"}]
    body = made(admin, fields=fields, list=[], popup=[])
    assert put(admin, with_field(body, "area", unit="亩")).status_code == 200
    an_object(admin, body["class"], attributes={"area": 3})
    message = refused(put(admin, with_field(body, "area", unit="m²"), 2), "fields.0.unit", "in_use")
    assert "请保留单位 亩" in message


def test_a_kind_of_place_and_a_scale_in_use_stay(admin: TestClient) -> None:
    body = made(admin, geometry=["point", "polygon"], scale="enterprise-score")
    an_object(admin, body["class"], level={"scale": "enterprise-score", "value": "红色", "basis": "评估报告"})
    refused(put(admin, {**body, "geometry": ["polygon"]}), "geometry", "in_use")
    refused(put(admin, {**body, "scale": "park-class"}), "scale", "in_use")
    assert put(admin, {**body, "geometry": ["point"]}).status_code == 200


def test_a_field_required_later_binds_an_object_from_its_next_edit_on(admin: TestClient) -> None:
    body = made(admin)
    one = an_object(admin, body["class"])
    answer = put(admin, with_field(body, "rooms", required=True))
    assert answer.json()["warnings"] == ["1 个对象没有填“主题数”：照常使用，下次修改时须补填"]
    shown = admin.get(f"/api/objects/{one['id']}").json()
    assert shown["attributes"] == {}
    edit = {"name": "例密室二"}
    headers = {"If-Match": f'"{shown["object_state"]}"'}
    refused(admin.patch(f"/api/objects/{one['id']}", json=edit, headers=headers), "attributes.rooms", "required")
    filled = admin.patch(f"/api/objects/{one['id']}", json={**edit, "attributes": {"rooms": 1}}, headers=headers)
    assert filled.status_code == 200


def test_an_ended_object_does_not_hold_a_class_back(admin: TestClient) -> None:
    body = made(admin)
    one = an_object(admin, body["class"], attributes={"note": "五间"}, valid_from="2026-01-01")
    assert admin.delete(f"/api/objects/{one['id']}", params={"reason": "关门"}).status_code == 200
    assert put(admin, with_field(body, "note", type="integer")).status_code == 200
    past = admin.get(f"/api/objects/{one['id']}", params={"as_of": "2026-02-01"})
    assert past.status_code == 200
    assert past.json()["attributes"]["note"] == "五间"


def test_a_retired_class_takes_no_new_objects_and_keeps_those_it_has(admin: TestClient) -> None:
    body = made(admin)
    one = an_object(admin, body["class"])
    assert put(admin, {**body, "retired": True}).status_code == 200
    new = {"class": body["class"], "name": "例新", "attributes": {}}
    refused(admin.post("/api/objects", json=new), "class", "retired_class")
    refused(admin.post("/api/objects/preview", json=new), "class", "retired_class")
    shown = admin.get(f"/api/objects/{one['id']}").json()
    headers = {"If-Match": f'"{shown["object_state"]}"'}
    assert admin.patch(f"/api/objects/{one['id']}", json={"name": "例改"}, headers=headers).status_code == 200
    assert admin.get("/api/counts", params={"class": body["class"]}).json()["total"] == 1
    assert put(admin, body, 2).status_code == 200
    assert admin.post("/api/objects", json=new).status_code == 201


def test_a_shipped_class_that_a_bureau_changed_is_kept_by_the_next_seeding(admin: TestClient, engine: Engine) -> None:
    opened = admin.get("/api/classes/market").json()
    assert put(admin, {**opened["body"], "title": "农贸市场"}, opened["version"]).status_code == 200
    with engine.begin() as connection:
        assert "class/market" in seed(connection).kept
    row = next(i for i in admin.get("/api/classes").json()["items"] if i["class"] == "market")
    assert (row["title"], row["origin"], row["from_product"]) == ("农贸市场", "bureau", True)
    refused(put(admin, {**opened["body"], "fields": [], "list": [], "popup": []}, row["version"]), "fields", "locked")


def test_an_object_checked_against_an_older_class_is_not_written(admin: TestClient, snapshot_of: Any) -> None:
    body = made(admin)
    with snapshot_of(SYSTEM, write=True) as snapshot:
        assert put(admin, with_field(body, "rooms", maximum=3)).status_code == 200
        draft = ObjectDraft.model_validate({"class": body["class"], "name": "例", "attributes": {"rooms": 9}})
        with pytest.raises(Conflict) as refusal:
            service.create(snapshot, draft, BOUNDS)
        assert refusal.value.code == "catalogue_moved"


def test_every_write_is_in_the_trail_with_before_and_after(admin: TestClient, engine: Engine) -> None:
    body = made(admin)
    put(admin, {**body, "department": "公安局"})
    with engine.begin() as connection:
        rows = connection.execute(
            text(
                "SELECT actor, action, before, after FROM audit_entry WHERE kind = 'class' AND ref = :ref ORDER BY entry_id"
            ),
            {"ref": body["class"]},
        ).all()
    assert [(r.actor, r.action) for r in rows] == [("admin", "create"), ("admin", "update")]
    assert rows[0].before is None
    assert rows[1].before["body"]["department"] == "消防救援支队"
    assert rows[1].after["body"]["department"] == "公安局"


# -- Preview ------------------------------------------------------------------------------


def test_a_preview_tells_what_saving_would_come_to_and_writes_nothing(admin: TestClient) -> None:
    before = admin.get("/healthz").json()
    told = admin.post("/api/classes/preview", json=form()).json()
    assert told["errors"] == []
    assert told["version"] == 1
    assert told["list_titles"] == ["名称", "风险等级", "主题数"]
    assert told["template"][0]["title"] == "名称"
    assert any("人员密集场所" in w for w in told["warnings"])  # the same symbol
    clash = form(fields=[{"name": "persons", "title": "人员情况", "type": "text"}], list=[], popup=[])
    warned = admin.post("/api/classes/preview", json=clash).json()["warnings"]
    assert any("（persons）在别的分类中是整数" in w for w in warned)
    wrong = admin.post("/api/classes/preview", json=form(title="")).json()
    assert [(e["field"], e["code"]) for e in wrong["errors"]] == [("title", "required")]
    assert admin.post("/api/classes/preview", params={"of": "no-such"}, json=form()).status_code == 404
    assert admin.get("/healthz").json() == before


# -- Policies, divisions ---------------------------------------------------------------------


def test_policies_are_told_with_adoption_tag_and_state(admin: TestClient) -> None:
    told = admin.get("/api/catalogue/dated").json()
    policy = next(p for p in told["policies"] if p["policy"] == "major-hazard-level-to-grade")
    assert (policy["adopted"], policy["tag"]) == (False, "judgement")
    assert policy["rows"][0] == {"level": "一级", "grade": "major"}
    assert policy["since"]["state"] > 0
    assert told["divisions"] == []


# -- Anything at all ----------------------------------------------------------------------------

_SCALARS = strategies.one_of(
    strategies.none(),
    strategies.booleans(),
    strategies.integers(-(10**12), 10**12),
    strategies.decimals(allow_nan=False, allow_infinity=False, places=2).map(float),
    strategies.text(max_size=12),
    strategies.sampled_from(["<b>", "=1+1", "name", "point", "integer", "\u202e", "c-school", "x" * 5000]),
)
_VALUES = strategies.recursive(
    _SCALARS,
    lambda inner: strategies.one_of(
        strategies.lists(inner, max_size=4),
        strategies.dictionaries(
            strategies.sampled_from(
                ["name", "title", "type", "unit", "options", "fields", "value", "header", "target", "factor", "minimum"]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=12,
)
_KEYS = [
    "class", "title", "group", "role", "geometry", "scale", "department", "symbol", "retired", "fields", "list",
    "popup", "synonyms", "rule",
]  # fmt: skip


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=strategies.dictionaries(strategies.sampled_from(_KEYS), _VALUES, min_size=1, max_size=5))
def test_an_awkward_class_is_refused_in_words_or_is_a_class(admin: TestClient, changes: dict[str, Any]) -> None:
    body = json.dumps({**form(), **changes}).encode()
    answer = admin.post("/api/classes/preview", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {200, 422}, answer.text
    told = answer.json()
    assert all(any("一" <= c <= "鿿" for c in e["message"]) for e in told["errors"])
    saved = admin.post("/api/classes", content=body, headers={"Content-Type": "application/json"})
    assert saved.status_code == (201 if answer.status_code == 200 and not told["errors"] else 422), saved.text
    assert admin.get("/api/catalogue").status_code == 200
