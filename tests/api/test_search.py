"""One box: objects by name, initials, code, 统一社会信用代码; divisions; addresses; positions. Each by what one may read."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from riskmap.access.reader import SYSTEM
from riskmap.atlas.search import service
from riskmap.base import database
from riskmap.base.errors import Invalid
from riskmap.base.settings import Settings
from riskmap.base.spelling import spell
from riskmap.register.load import load_addresses

DEMO = True
USCC = "91360402MA0ABCDE1X"


def found(client: TestClient, q: str, kind: str = "objects", **params: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/search", params={"q": q, **params})
    assert answer.status_code == 200, answer.text
    return answer.json()[kind]["items"]  # type: ignore[no-any-return]


def make(admin: TestClient, **changes: Any) -> dict[str, Any]:
    body = {"class": "school", "name": "例湖小学", "division": "360402", "visibility": "public",
            "geometry": {"type": "Point", "coordinates": [116.0, 29.65]}, "attributes": {}, **changes}  # fmt: skip
    answer = admin.post("/api/objects", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def lake(admin: TestClient) -> dict[str, Any]:
    return make(admin, name="例寻湖第九小学", code="XH-2026-09")


@pytest.mark.parametrize(
    ("q", "how", "part"),
    [
        ("例寻湖第九小学", "name", "例寻湖第九小学"),
        ("例寻湖", "name_start", "例寻湖"),
        ("寻湖第九", "name_part", "寻湖第九"),
        ("寻湖 小学", "words", "寻湖"),
        ("lxhdjxx", "initials_all", "例寻湖第九小学"),
        ("XHDJ", "initials", "寻湖第九"),
        ("xunhudijiu", "pinyin", "寻湖第九"),
        ("xunhudij", "pinyin", "寻湖第九"),
        ("xh-2026-09", "code", "XH-2026-09"),
        ("XH-2026", "code_part", "XH-2026"),
        ("ＸＨ－２０２６－０９", "code", "XH-2026-09"),
    ],
)
def test_an_object_is_found_and_says_how(admin: TestClient, lake: dict[str, Any], q: str, how: str, part: str) -> None:
    [hit] = [i for i in found(admin, q) if i["id"] == lake["id"]]
    assert hit["how"] == how
    match = hit["match"]
    assert hit[match["field"]][match["from"] : match["to"]] == part
    assert hit["where"] == "濂溪区"
    assert hit["position"] == [116.0, 29.65]


def test_the_answer_carries_the_state(admin: TestClient, lake: dict[str, Any]) -> None:
    body = admin.get("/api/search", params={"q": "例寻湖"}).json()
    assert body["state"] == admin.get("/healthz").json()["state"]
    assert body["mark"]


def test_a_new_name_is_spelt_anew_also_by_an_import_and_in_its_versions(
    admin: TestClient, engine: Engine, settings: Settings
) -> None:
    made = make(admin, name="例旧塘小学")
    etag = {"If-Match": f'"{made["state"]}"'}
    assert admin.patch(f"/api/objects/{made['id']}", json={"name": "例改名岭小学"}, headers=etag).status_code == 200
    assert not [i for i in found(admin, "ljtxx") if i["id"] == made["id"]]
    assert [i["id"] for i in found(admin, "lgmlxx")] == [made["id"]]
    with database.read(engine, SYSTEM.settings()) as connection:
        for table in ("risk_object", "object_version"):
            rows = connection.execute(text(f"SELECT DISTINCT name, spelling FROM {table}")).all()
            assert len(rows) > 5000
            assert [r for r in rows if spell(r.name) != r.spelling] == []


def test_exact_names_first_worse_grades_before_others_former_ones_last(admin: TestClient) -> None:
    basis = {"basis": "演示"}
    ids = [
        make(admin, **{"class": "risk-point", "attributes": {"method": "direct", "grade": "low", **basis}}, **more)[
            "id"
        ]
        for more in (
            {"name": "例次序点甲", "grade": {"value": "low", **basis}},
            {"name": "例次序点乙", "grade": {"value": "major", **basis}},
            {"name": "例次序点", "stage": "struck_off", "grade": {"value": "major", **basis}},
            {"name": "例次序点", "grade": {"value": "low", **basis}},
        )
    ]
    hits = found(admin, "例次序点")
    assert [h["id"] for h in hits] == [ids[3], ids[1], ids[0], ids[2]]
    assert [h["former"] for h in hits] == [False, False, False, True]
    one = admin.get("/api/search", params={"q": "例次序点", "limit": 1}).json()["objects"]
    assert ([h["id"] for h in one["items"]], one["more"]) == ([ids[3]], True)
    # As many as are asked for live; the closed one is not left out in silence.
    three = admin.get("/api/search", params={"q": "例次序点", "limit": 3}).json()["objects"]
    assert ([h["id"] for h in three["items"]], three["more"]) == ([ids[3], ids[1], ids[0]], True)


def test_an_ended_object_is_not_found(admin: TestClient) -> None:
    made = make(admin, name="例已注销塘小学")
    assert admin.delete(f"/api/objects/{made['id']}", params={"reason": "重复登记"}).status_code in {200, 204}
    assert found(admin, "例已注销塘") == []


def test_what_one_may_not_see_one_does_not_find(
    admin: TestClient, client: TestClient, make_account: Callable[..., TestClient]
) -> None:
    ids = {v: make(admin, name=f"例密级岗{v}", visibility=v)["id"] for v in ("public", "department", "command")}
    reader = make_account("reader", "department")
    elsewhere = make_account("reader", "command", areas=["360483"])
    for q in ("例密级岗", "lmjg", "limijigang"):
        seen = [{h["id"] for h in found(c, q)} for c in (client, reader, admin, elsewhere)]
        assert seen == [
            {ids["public"]},
            {ids["public"], ids["department"]},
            set(ids.values()),
            {ids["public"]},
        ], q
    [hit] = found(client, "例密级岗")
    assert hit["form"] == "public"
    assert hit["position"] != [116.0, 29.65]  # the public's own place


def test_a_field_that_one_may_not_read_finds_nothing(
    admin: TestClient, client: TestClient, make_account: Callable[..., TestClient]
) -> None:
    ids = [
        make(admin, **{"class": "enterprise"}, name=f"演信用{v}有限公司", visibility=v, attributes={"uscc": code})["id"]
        for v, code in (("public", USCC), ("department", USCC[:-1] + "9"))
    ]
    [hit] = found(admin, USCC)
    assert (hit["id"], hit["how"], hit["uscc"]) == (ids[0], "uscc", USCC)
    assert {h["id"] for h in found(admin, USCC[:12])} == set(ids)
    assert {h["id"] for h in found(admin, USCC[:12].lower())} == set(ids)
    assert [h["id"] for h in found(client, USCC[:12])] == [ids[0]]  # the field is public, the second firm is not


def test_an_answer_that_was_cut_says_so(admin: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in (1, 2):
        make(admin, **{"class": "enterprise"}, name=f"拟截断{i}有限公司", attributes={"uscc": USCC[:-1] + str(i)})
    monkeypatch.setattr(service, "_CANDIDATES", 1)
    answer = admin.get("/api/search", params={"q": USCC[:12]}).json()["objects"]
    assert (len(answer["items"]), answer["more"], answer["found"]) == (1, True, None)


def test_a_class_whose_code_is_inner_is_not_found_by_it_from_outside(
    admin: TestClient, client: TestClient, make_account: Callable[..., TestClient]
) -> None:
    field = {"name": "uscc", "title": "统一社会信用代码", "type": "text", "visibility": "command"}
    body = {"class": "hidden-firm", "title": "保密单位", "group": "buildings", "role": "hazard", "geometry": ["point"],
            "scale": None, "department": "公安局", "symbol": "c-crowded-place", "fields": [field], "list": ["name"],
            "popup": ["uscc"], "synonyms": []}  # fmt: skip
    assert admin.post("/api/classes", json=body).status_code == 201
    hidden = make(admin, **{"class": "hidden-firm"}, name="演保密单位", attributes={"uscc": "91360402MA0HJDDENX"})["id"]
    asked = "91360402MA0HJDD"
    assert [h["id"] for h in found(admin, asked)] == [hidden]
    assert found(client, asked) == []
    assert found(make_account("reader", "department"), asked) == []
    assert [h["id"] for h in found(client, "演保密单位")] == [hidden]  # its name is public, its code is not
    assert "91360402MA0HJDD" not in client.get("/api/search", params={"q": "演保密单位"}).text


def test_divisions_by_name_initials_and_code(client: TestClient) -> None:
    [hit] = found(client, "濂溪区", "divisions")
    assert (hit["code"], hit["how"], hit["level"]) == ("360402", "name", "county")
    west, south, east, north = hit["box"]
    assert west < 116 < east
    assert south < 29.65 < north
    assert found(client, "lxq", "divisions")[0]["code"] == "360402"
    assert found(client, "360402", "divisions")[0]["code"] == "360402"
    [town] = [h for h in found(client, "姑塘", "divisions") if h["level"] == "town"]
    assert town["where"] == "濂溪区"


def test_addresses_say_how_far_they_are_known(client: TestClient) -> None:
    [door] = found(client, "江湖路6号", "places")
    assert (door["level"], door["how"], door["missing"]) == ("door", "exact", None)
    [same] = found(client, "江西省九江市濂溪区江湖路 6 号", "places")
    assert same["position"] == door["position"]
    [room] = found(client, "九江市濂溪区江湖路6号3栋", "places")
    assert (room["level"], room["missing"], room["position"]) == ("door", "3栋", door["position"])
    [near] = found(client, "濂溪区江湖路8号", "places")
    assert (near["level"], near["missing"]) == ("road", "8号")
    street = found(client, "江湖路", "places")[0]
    assert (street["level"], street["how"]) == ("road", "exact")
    village = found(client, "例江湾村3组", "places")[0]
    assert (village["level"], village["name"], village["missing"]) == ("village", "例江湾村", "3组")
    assert "江湖路" in {p["name"] for p in found(client, "jhl", "places")}


def test_a_typed_position_means_a_place_in_each_datum(client: TestClient) -> None:
    position = client.get("/api/search", params={"q": "29.65，116.00"}).json()["position"]
    assert (position["notation"], position["turned"]) == ("degrees", True)
    national, gcj, bd = position["items"]
    assert (national["crs"], national["position"], national["shift_m"]) == ("EPSG:4490", [116.0, 29.65], 0)
    assert national["inside"]
    assert national["where"].startswith("濂溪区")
    assert gcj["shift_m"] > 100
    assert bd["crs"] == "BD09"
    outside = client.get("/api/search", params={"q": "121.47370, 31.23040"}).json()["position"]["items"][0]
    assert not outside["inside"]
    metres = client.get("/api/search", params={"q": "3282345.6 39403344.2"}).json()["position"]["items"]
    assert [m["crs"] for m in metres] == ["EPSG:4527"]


def test_bad_questions_are_told_and_cost_nothing(client: TestClient) -> None:
    assert client.get("/api/search").status_code == 422
    for q in ("", "   ", "字" * 101):
        answer = client.get("/api/search", params={"q": q})
        assert answer.status_code == 422
        assert "查找" in answer.text
    for q in ("%", "'; DROP TABLE risk_object; --", "<script>", "_", "\\", "\x00", "👍" * 30):
        assert client.get("/api/search", params={"q": q}).status_code in {200, 422}


# -- The gazetteer ------------------------------------------------------------------------


def load(engine: Engine, settings: Settings, path: Path, visibility: int = 1, **more: Any) -> int:
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        return load_addresses(connection, settings, path, source="试装", visibility=visibility, **more)


def test_a_source_is_replaced_whole_or_not_at_all(
    admin: TestClient, client: TestClient, engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    before = admin.get("/healthz").json()["state"]
    good = tmp_path / "a.csv"
    good.write_text(
        "标准地址,经度,纬度,坐标基准\n例试装路1号,116.01001,29.65001,\n例试装路3号,116.0112,29.6512,GCJ02\n", "utf-8"
    )
    assert load(engine, settings, good) == 2
    first, second = (found(admin, f"例试装路{n}号", "places")[0] for n in (1, 3))
    assert first["position"] == [116.01001, 29.65001]
    assert second["position"] != [116.0112, 29.6512]  # what came in GCJ-02 is kept in CGCS2000
    assert first["division"].startswith("360402")
    assert found(client, "例试装路1号", "places") == []  # inner addresses are not the public's
    bad = tmp_path / "b.csv"
    bad.write_text(
        "标准地址,经度,纬度\n例试装路5号,116.01,29.65123\n例试装路7号,29.65123,116.01\n例试装路9号,0,0\n", "utf-8"
    )
    with pytest.raises(Invalid) as refused:
        load(engine, settings, bad)
    assert [(e.field, e.code) for e in refused.value.errors] == [("第 3 行 坐标", "swapped"), ("第 4 行 坐标", "zero")]
    assert found(admin, "例试装路1号", "places")
    assert [p["level"] for p in found(admin, "例试装路5号", "places")] == ["road"]  # the nearest that is known
    other = tmp_path / "c.geojson"
    other.write_text(
        '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{"名称":"例试装新村","类别":"村"},'
        '"geometry":{"type":"Point","coordinates":[116.02,29.66123]}}]}',
        "utf-8",
    )
    assert load(engine, settings, other, visibility=0) == 1
    assert not [p for p in found(admin, "例试装路1号", "places") if p["level"] == "door"]
    assert found(client, "例试装新村", "places")[0]["kind"] == "village"
    assert admin.get("/healthz").json()["state"] == before  # no figure rests on it


def test_a_long_streets_nearest_number_is_found_and_a_name_among_many_that_hold_it(
    admin: TestClient, engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    lines = [f"例长虹路{n}号,116.01{n:04},29.65" for n in range(1, 2000, 3)]  # 1, 4 … 1999
    lines += [f"例长虹路{n}-2号,116.02{n:04},29.65" for n in range(1, 2000, 3)]
    lines += ["例外例长虹路1501号,116.05,29.66", "例长虹路,116.06,29.67"]
    path = tmp_path / "long.csv"
    path.write_text("标准地址,经度,纬度\n" + "\n".join(lines) + "\n", "utf-8")
    assert load(engine, settings, path) == len(lines)
    [same] = found(admin, "濂溪区例长虹路1816号附3号", "places")
    assert (same["name"], same["level"], same["missing"]) == ("例长虹路1816号", "door", "附3号")
    [near] = found(admin, "濂溪区例长虹路1505号", "places")
    assert (near["name"], near["level"], near["missing"]) == ("例长虹路1504号", "road", "1505号")
    assert found(admin, "瑞昌市例长虹路1505号", "places") == [], "not in that county"
    answer = admin.get("/api/search", params={"q": "例长虹路"}).json()["places"]
    assert (answer["items"][0]["name"], answer["items"][0]["how"]) == ("例长虹路", "exact")
    assert answer["more"]


def test_an_address_that_is_too_long_is_sent_back_and_never_cut(
    engine: Engine, settings: Settings, tmp_path: Path
) -> None:
    path = tmp_path / "long.csv"
    path.write_text(f"名称,地址,经度,纬度\n例短,{'长' * 200},116.01,29.65\n例长,{'长' * 201},116.01,29.65\n", "utf-8")
    with pytest.raises(Invalid) as refused:
        load(engine, settings, path)
    [error] = refused.value.errors
    assert (error.field, error.code) == ("第 3 行 地址", "too_long")
    assert "200" in error.message


def test_what_waits_with_an_address_is_offered_its_place_from_the_same_gazetteer(admin: TestClient) -> None:
    for name, address in (
        ("例等址甲单位", "九江市濂溪区江湖路6号"),
        ("例等址乙单位", "瑞昌市江湖路6号"),  # there is no such street in that county
        ("例等址丙单位", "江湖路"),
    ):
        body = {"class": "care-home", "name": name, "division": "360402", "attributes": {"address": address}}
        assert admin.post("/api/objects", json=body).status_code == 201
    items = {
        i["name"]: i for i in admin.get("/api/waiting", params={"q": "例等址", "class": "care-home"}).json()["items"]
    }
    suggestion = items["例等址甲单位"]["suggestion"]
    [door] = found(admin, "江湖路6号", "places")
    assert [suggestion["lon"], suggestion["lat"]] == pytest.approx(door["position"], abs=1e-6)
    assert suggestion["quality"] == "geocoded"
    assert "江湖路6号" in suggestion["words"]
    assert items["例等址乙单位"]["suggestion"] is None
    assert items["例等址丙单位"]["suggestion"] is None  # a street is no place to put one
