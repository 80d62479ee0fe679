"""Warnings: issued, corrected, lifted; who has to be told, by town and masked, and who was; what is refused."""

import io
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import shapely
from shapely.geometry import shape
from starlette.testclient import TestClient
from tests.api.admission import IN_RUICHANG, IN_SHILI, IN_WULI, load_towns
from tests.api.rescue import HERE, add, square, warning
from tests.api.test_bad_input import refused
from tests.api.test_floods import BOW, FIELDS, WATER, measured, packed

from riskmap.base import clock
from riskmap.rescue.warning import standing as standing_at

Maker = Callable[..., TestClient]
SHILI, WULI, RUICHANG = "360402001", "360402002", "360481"
LEC = {"method": "LEC", "L": 6, "E": 6}
PHONE = "0792-1110001"


def person(role: str, post: str, name: str, phone: str) -> dict[str, str]:
    return {"role": role, "post": post, "name": name, "phone": phone}


@pytest.fixture(scope="module", autouse=True)
def objects(app: Any, admin: TestClient, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))
    inner = {"visibility": "department"}
    return {
        "major": add(
            admin, "risk-point", "甲厂喷涂", IN_SHILI, SHILI, attributes={**LEC, "C": 15}, **inner,
            parties=[
                person("操作负责人", "班长", "丙某", "0792-1110003"), person("属地挂钩", "镇长", "乙某", "0792-1110002"),
                person("主要负责人", "厂长", "甲某", PHONE),
            ],
        ),
        "school": add(admin, "school", "示例小学", IN_SHILI, SHILI, **inner),
        "low": add(admin, "risk-point", "乙店", IN_SHILI, SHILI, attributes={"method": "LEC", "L": 1, "E": 1, "C": 1}),
        "reservoir": add(
            admin, "reservoir", "例湖水库", IN_WULI, WULI, department="水利局", **inner,
            parties=[person("主要负责人", "局长", "甲某", PHONE)],
        ),
        "far": add(admin, "risk-point", "外县厂", IN_RUICHANG, RUICHANG, attributes={**LEC, "C": 15}),
        "unplaced": int(
            admin.post(
                "/api/objects", json={"class": "school", "name": "没有位置的小学", "division": SHILI, "geometry": None}
            ).json()["id"]
        ),
    }  # fmt: skip


AREAS = [square(*IN_SHILI, 500), square(*IN_WULI, 500)]


def tell(client: TestClient, of: int, **params: Any) -> dict[str, Any]:
    answer = client.get(f"/api/rescue/warnings/{of}/tell", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def lines(told: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(r["town"], r["name"], r["role"], r["person"], r["nobody"]) for r in told["rows"]]


class TestTold:
    def test_persons_stand_by_town_grade_and_role_and_who_has_nobody_is_said(
        self, admin: TestClient, objects: dict[str, int]
    ) -> None:
        told = tell(admin, warning(admin, areas=AREAS)["id"])
        assert lines(told) == [
            ("濂溪区十里街道", "甲厂喷涂", "主要负责人", "甲某", None),
            ("濂溪区十里街道", "甲厂喷涂", "属地挂钩", "乙某", None),
            ("濂溪区十里街道", "甲厂喷涂", "操作负责人", "丙某", None),
            ("濂溪区十里街道", "示例小学", None, None, "没有登记责任人"),
            ("濂溪区五里街道", "例湖水库", "主要负责人", "甲某", None),
        ]
        assert [r["same_phone"] for r in told["rows"]] == [2, 1, 1, 0, 2]  # one call for the plant and the reservoir
        assert (told["objects"], told["nobody"], told["through_department"], told["unplaced"]) == (3, 1, 0, 1)
        assert told["by_grade"]["major"] == 1
        assert [(t["name"], t["objects"], t["lines"], t["nobody"]) for t in told["towns"]] == [
            ("濂溪区十里街道", 2, 4, 1), ("濂溪区五里街道", 1, 1, 0),
        ]  # fmt: skip

    def test_the_grades_asked_for_are_judged_and_targets_and_water_are_told_whatever_theirs(
        self, admin: TestClient
    ) -> None:
        made = warning(admin, divisions=[SHILI])
        assert {r["name"] for r in tell(admin, made["id"])["rows"]} == {"甲厂喷涂", "示例小学"}
        assert {r["name"] for r in tell(admin, made["id"], grades="low+")["rows"]} == {"甲厂喷涂", "示例小学", "乙店"}
        assert {r["name"] for r in tell(admin, made["id"], grades="low")["rows"]} == {"示例小学", "乙店"}
        narrowed = tell(admin, made["id"], **{"class": "risk-point"})
        assert {r["name"] for r in narrowed["rows"]} == {"甲厂喷涂"}

    def test_what_lies_beside_the_area_is_not_told_and_what_it_only_touches_is(self, admin: TestClient) -> None:
        lon, lat = 118.2, 29.2
        corner = {"type": "Polygon", "coordinates": [[[lon, lat], [lon + 0.1, lat], [lon, lat + 0.1], [lon, lat]]]}
        add(admin, "school", "框内面外小学", (lon + 0.075, lat + 0.04), RUICHANG)
        add(admin, "school", "面内小学", (lon + 0.02, lat + 0.02), RUICHANG)
        polder = {"geometry": square(lon - 0.01, lat + 0.05, 1200)}  # most of it lies outside
        add(admin, "polder", "跨边圩", HERE, RUICHANG, **polder)
        told = tell(admin, warning(admin, areas=[corner])["id"])
        assert {r["name"] for r in told["rows"]} == {"面内小学", "跨边圩"}
        assert told["objects"] == 2  # once, though it meets more than one piece

    def test_a_town_officer_gets_the_others_through_their_department_and_the_totals_whole(
        self, admin: TestClient, make_account: Maker
    ) -> None:
        made = warning(admin, areas=AREAS)
        officer = make_account("editor", areas=[SHILI])
        told = tell(officer, made["id"])
        assert (told["objects"], told["through_department"], told["nobody"]) == (3, 1, 1)
        last = told["rows"][-1]
        assert last["masked"] == "对象无权查看（主管部门：水利局）"
        assert (last["objects"], last["object"], last["phone"], last["person"]) == (1, None, None, None)
        assert told["towns"][-1]["name"] == "由主管部门通知"
        assert "例湖水库" not in json.dumps(told, ensure_ascii=False)
        assert [r["phone"] for r in told["rows"][:1]] == [PHONE]

    def test_a_question_over_more_than_one_may_see_is_in_the_trail(
        self, admin: TestClient, make_account: Maker
    ) -> None:
        made = warning(admin, areas=AREAS)
        officer = make_account("editor", areas=[SHILI])
        tell(officer, made["id"])
        assert officer.get(f"/api/rescue/warnings/{made['id']}/tell.xlsx").status_code == 200
        ticked = officer.post(
            f"/api/rescue/warnings/{made['id']}/told", json={"rows": [{"department": "水利局"}], "result": "转达"}
        )
        assert ticked.status_code == 201, ticked.text
        auditor = make_account("auditor", "command")
        found = auditor.get("/api/audit", params={"kind": "warning", "ref": str(made["id"])}).json()["items"]
        mine = [e["action"] for e in found if e["actor"] == officer.username]  # type: ignore[attr-defined]
        assert mine == ["enter", "export", "ask"]

    def test_calls_are_ticked_and_the_newest_tick_of_the_version_counts(
        self, admin: TestClient, objects: dict[str, int], make_account: Maker
    ) -> None:
        made = warning(admin, areas=AREAS)
        rows = tell(admin, made["id"])["rows"]
        first = [{"object": r["object"], "party": r["party"]} for r in rows if r["phone"] == PHONE]
        path = f"/api/rescue/warnings/{made['id']}/told"
        assert admin.post(path, json={"rows": first, "result": "未接"}).json()["ticked"] == 2
        between = clock.now()
        assert tell(admin, made["id"])["counts"]["missed"] == 2
        duty = make_account("editor")
        assert duty.post(path, json={"rows": first[:1], "result": "接通", "note": "已上坝"}).status_code == 201
        school = [{"object": objects["school"]}]
        assert duty.post(path, json={"rows": school, "result": "转达", "note": "教育局"}).status_code == 201
        told = tell(admin, made["id"])
        assert told["counts"] == {
            "reached": 2, "connected": 1, "passed_on": 1, "missed": 1, "earlier": 0, "left": 3
        }  # fmt: skip
        tick = told["rows"][0]["told"]
        assert (tick["result"], tick["note"], tick["by"]) == ("接通", "已上坝", duty.username)  # type: ignore[attr-defined]
        assert tell(admin, made["id"], at=between.isoformat())["counts"]["missed"] == 2
        duty.post(path, json={"rows": school, "result": "撤销"})
        assert tell(admin, made["id"])["counts"]["passed_on"] == 0

        corrected = warning(admin, areas=AREAS, series=made["id"], text="延长")
        again = tell(admin, corrected["id"])
        assert again["counts"]["reached"] == 0  # of the new version nobody has been told yet
        assert again["counts"]["earlier"] == 1
        assert again["rows"][0]["told"]["version"] == 1

    def test_who_has_nobody_of_his_own_is_told_through_his_enterprise(
        self, admin: TestClient, make_account: Maker
    ) -> None:
        here, there = (118.5, 29.5), (115.2, 29.2)
        firm = add(
            admin, "enterprise", "丁公司", there, SHILI, department="应急管理局", visibility="department",
            parties=[person("主要负责人", "经理", "丁某", "")],
        )  # fmt: skip
        serious = {"attributes": {**LEC, "C": 15}, "visibility": "department", "enterprise": firm}
        shop = add(admin, "risk-point", "丁公司车间", here, RUICHANG, **serious)
        own = [person("巡查", "", "戊某", "0792-1110009")]
        add(admin, "risk-point", "丁公司仓库", here, RUICHANG, **serious, parties=own)
        made = warning(admin, areas=[square(*here, 200)])
        told = tell(admin, made["id"])
        assert {(r["name"], r["person"], r["via"]) for r in told["rows"]} == {
            ("丁公司车间", "丁某", "丁公司"), ("丁公司仓库", "戊某", None),
        }  # fmt: skip
        assert (told["nobody"], told["no_phone"]) == (0, 1)
        line = next(r for r in told["rows"] if r["object"] == shop)
        path = f"/api/rescue/warnings/{made['id']}/told"
        rows = [{"object": shop, "party": line["party"]}]
        assert admin.post(path, json={"rows": rows, "result": "接通"}).status_code == 201
        assert next(r for r in tell(admin, made["id"])["rows"] if r["object"] == shop)["told"]["result"] == "接通"

        officer = make_account("editor", areas=[RUICHANG])  # the firm's own place is in another county
        line = next(r for r in tell(officer, made["id"])["rows"] if r["object"] == shop)
        assert (line["person"], line["nobody"]) == (None, None)
        assert line["masked"] == "责任人登记于所属单位，无权查看（主管部门：应急管理局）"
        refused(officer.post(path, json={"rows": rows, "result": "接通"}))
        assert officer.post(path, json={"rows": [{"object": shop}], "result": "转达"}).status_code == 201
        answer = officer.get(f"/api/rescue/warnings/{made['id']}/tell.xlsx")
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content))["由主管部门通知"]
        assert [(r[1], r[2], r[3], r[5]) for r in sheet.iter_rows(min_row=4, values_only=True)] == [
            ("应急管理局", 1, "丁公司车间", "转达")
        ]

    def test_a_department_is_ticked_for_what_is_masked(self, admin: TestClient, make_account: Maker) -> None:
        made = warning(admin, areas=AREAS)
        officer = make_account("editor", areas=[SHILI])
        path = f"/api/rescue/warnings/{made['id']}/told"
        assert officer.post(path, json={"rows": [{"department": "水利局"}], "result": "转达"}).status_code == 201
        assert tell(officer, made["id"])["rows"][-1]["told"]["result"] == "转达"

    def test_where_nobody_is_registered_it_is_said_who_was_reached(
        self, admin: TestClient, objects: dict[str, int]
    ) -> None:
        made = warning(admin, areas=AREAS)
        path = f"/api/rescue/warnings/{made['id']}/told"
        row = {"rows": [{"object": objects["school"]}]}
        for result in ("接通", "转达"):
            told = refused(admin.post(path, json=row | {"result": result}))
            assert told["errors"][0]["code"] == "whom"
            assert "通知到了谁" in told["errors"][0]["message"]
        assert admin.post(path, json=row | {"result": "未接"}).status_code == 201
        assert admin.post(path, json=row | {"result": "接通", "note": "门卫老王 0792-1110009"}).status_code == 201
        [line] = [r for r in tell(admin, made["id"])["rows"] if r["object"] == objects["school"]]
        assert (line["told"]["result"], line["told"]["note"]) == ("接通", "门卫老王 0792-1110009")
        nameless = refused(admin.post(path, json={"rows": [{"object": objects["major"]}], "result": "接通"}))
        assert nameless["errors"][0]["message"] == "这一处登记了责任人，请写明通知的是谁"

    def test_who_may_tick_what(self, admin: TestClient, objects: dict[str, int], make_account: Maker) -> None:
        made = warning(admin, areas=AREAS)
        path = f"/api/rescue/warnings/{made['id']}/told"
        body = {"rows": [{"object": objects["major"]}], "result": "接通"}
        assert make_account("reader").post(path, json=body).status_code == 403
        officer = make_account("editor", areas=[SHILI])
        for row in (
            {"object": objects["reservoir"]}, {"object": objects["far"]}, {"object": 987654321},
            {"object": objects["school"], "party": 1}, {}, {"party": 1}, {"object": objects["major"], "department": "水利局"},
        ):  # fmt: skip
            refused(officer.post(path, json={"rows": [row], "result": "接通"}))
        refused(admin.post(path, json={"rows": [{"object": objects["far"]}], "result": "接通"}))  # not in the area
        refused(officer.post(path, json={"rows": [], "result": "接通"}))
        refused(officer.post(path, json={**body, "result": "忙音"}))
        assert tell(admin, made["id"])["counts"]["reached"] == 0

    def test_who_answers_no_more_is_not_ticked(self, admin: TestClient) -> None:
        at = (118.7, 29.5)
        given = {"attributes": {**LEC, "C": 15}, "parties": [person("主要负责人", "厂长", "庚某", PHONE)]}
        plant = add(admin, "risk-point", "庚厂", at, RUICHANG, **given)
        made = warning(admin, areas=[square(*at, 200)])
        rows = [{"object": plant, "party": tell(admin, made["id"])["rows"][0]["party"]}]
        new = admin.put(f"/api/objects/{plant}/parties", json=[person("主要负责人", "厂长", "辛某", PHONE)])
        assert new.status_code == 200, new.text
        path = f"/api/rescue/warnings/{made['id']}/told"
        body = refused(admin.post(path, json={"rows": rows, "result": "接通"}))
        assert body["errors"][0]["message"] == "责任人已经变动，请刷新名单"
        rows = [{"object": plant, "party": tell(admin, made["id"])["rows"][0]["party"]}]
        assert admin.post(path, json={"rows": rows, "result": "接通"}).status_code == 201

    def test_the_workbook_has_every_line_and_says_what_it_is(self, admin: TestClient, objects: dict[str, int]) -> None:
        made = warning(admin, areas=AREAS, exercise=True, text="=1+1")
        one = [{"object": objects["school"]}]
        admin.post(f"/api/rescue/warnings/{made['id']}/told", json={"rows": one, "result": "未接", "note": "=2+2"})
        answer = admin.get(f"/api/rescue/warnings/{made['id']}/tell.xlsx")
        assert answer.status_code == 200, answer.text
        book = openpyxl.load_workbook(io.BytesIO(answer.content))
        assert book.sheetnames == ["通知名单", "没有登记责任人", "由主管部门通知", "说明"]
        calls = list(book["通知名单"].iter_rows(min_row=4, values_only=True))
        assert [(r[1], r[2], r[4], r[5], r[7], r[8]) for r in calls] == [
            ("濂溪区十里街道", "重大", "甲厂喷涂", "主要负责人", "甲某", PHONE),
            ("濂溪区十里街道", "重大", "甲厂喷涂", "属地挂钩", "乙某", "0792-1110002"),
            ("濂溪区十里街道", "重大", "甲厂喷涂", "操作负责人", "丙某", "0792-1110003"),
            ("濂溪区五里街道", calls[3][2], "例湖水库", "主要负责人", "甲某", PHONE),
        ]
        nobody = list(book["没有登记责任人"].iter_rows(min_row=4, values_only=True))
        assert [(r[4], r[6], r[9]) for r in nobody] == [("示例小学", "未接", "=2+2")]
        state = str(admin.get("/healthz").json()["state"])
        for sheet in ("通知名单", "没有登记责任人", "由主管部门通知"):
            said = book[sheet]["A2"].value
            assert "演练" in said
            assert f"状态 {state}" in said
        note = {r[0]: r[1] for r in book["说明"].iter_rows(values_only=True)}
        assert "暴雨红色预警" in note["预警"]
        assert "演练所制" in note["演练"]
        assert note["内容"] == "=1+1"
        assert all(c.data_type != "f" for sheet in book for row in sheet.iter_rows() for c in row)


class TestWarnings:
    def test_drawn_divisions_and_both_give_their_area(self, admin: TestClient) -> None:
        one = square(*IN_RUICHANG, 1000)
        made = warning(admin, areas=[one])
        assert made["area_m2"] == pytest.approx(measured(shape(one)), rel=1e-6)
        town = warning(admin, divisions=[SHILI])
        assert shape(town["geometry"]).bounds == pytest.approx((115, 28, 116, 31))
        assert (town["source"], town["division_names"]) == ("divisions", ["濂溪区十里街道"])
        both = warning(admin, divisions=[SHILI], areas=[one])
        assert shape(both["geometry"]).area == pytest.approx(shape(town["geometry"]).area + shape(one).area)
        assert both["source"] == "drawn"

    def test_a_polygon_that_crosses_itself_is_mended_and_reported(self, admin: TestClient) -> None:
        made = warning(admin, areas=[square(*IN_RUICHANG, 100), BOW])
        assert [r["part"] for r in made["repairs"]] == [2]
        assert shape(made["geometry"]).is_valid

    @pytest.mark.parametrize("kind", ["zip", "gpkg", "geojson"])
    def test_a_loaded_file(self, admin: TestClient, tmp_path: Path, kind: str) -> None:
        now = clock.now()
        path = packed(tmp_path, WATER, FIELDS, kind)
        data = {
            "kind": "山洪", "colour": "橙", "issuer": "示例市水利局", "starts_at": now.isoformat(),
            "ends_at": (now + timedelta(hours=1)).isoformat(), "crs": "EPSG:4490",
        }  # fmt: skip
        answer = admin.post("/api/rescue/warnings", files={"file": (path.name, path.read_bytes())}, data=data)
        assert answer.status_code == 201, answer.text
        made = answer.json()
        whole = shapely.union_all([shapely.make_valid(w) for w in WATER])
        assert made["area_m2"] == pytest.approx(measured(whole), rel=1e-6)
        assert [r["part"] for r in made["repairs"]] == [3]
        assert (made["source"], made["title"]) == ("uploaded", "山洪橙色预警")
        refused(admin.post("/api/rescue/warnings", files={"file": ("x.gpkg", b"")}, data=data))
        refused(admin.post("/api/rescue/warnings", files={"other": ("x.gpkg", b"1")}, data=data))

    def test_a_correction_is_a_version_and_the_list_has_the_one_of_the_minute(self, admin: TestClient) -> None:
        first = warning(admin, areas=AREAS, colour="橙")
        between = clock.now()
        second = warning(admin, areas=AREAS, colour="红", series=first["id"])
        assert (second["series"], second["version"]) == (first["id"], 2)
        assert [v["version"] for v in second["versions"]] == [2, 1]

        def listed(**params: Any) -> dict[int, Any]:
            items = admin.get("/api/rescue/warnings", params=params).json()["items"]
            return {w["id"]: w for w in items if w["series"] == first["id"]}

        assert list(listed()) == [second["id"]]
        assert list(listed(at=between.isoformat())) == [first["id"]]
        assert listed(at=(between - timedelta(hours=1)).isoformat()) == {}
        newest = admin.get("/api/rescue/log", params={"kind": "预警"}).json()["items"][0]
        assert "更正为暴雨红色预警（原暴雨橙色预警）第 2 版" in newest["what"]

    def test_standing_follows_the_clock_and_the_act_of_lifting(self, admin: TestClient) -> None:
        now = clock.now()
        hour = timedelta(hours=1)
        made = warning(
            admin, areas=AREAS, starts_at=(now + hour).isoformat(), ends_at=(now + 3 * hour).isoformat()
        )  # fmt: skip
        path = f"/api/rescue/warnings/{made['id']}"

        def standing(after: timedelta) -> str:
            return standing_at({**made, "starts_at": now + hour, "ends_at": now + 3 * hour}, now + after)

        assert made["standing"] == "to_come"
        assert standing(hour - timedelta(seconds=1)) == "to_come"
        assert standing(hour) == standing(3 * hour - timedelta(seconds=1)) == "in_force"
        assert standing(3 * hour) == "expired"
        before = clock.now()
        lifted = admin.post(f"{path}/lift", json={"reason": "雨已停"}).json()
        assert (lifted["standing"], lifted["lifted_reason"]) == ("lifted", "雨已停")
        then = admin.get(path, params={"at": before.isoformat()}).json()
        assert (then["standing"], then["lifted_at"]) == ("to_come", None)
        assert "admin" in refused(admin.post(f"{path}/lift", json={"reason": "再次"}), 409)["detail"]
        corrected = {
            "kind": "暴雨", "colour": "红", "issuer": "台", "starts_at": now.isoformat(),
            "ends_at": (now + hour).isoformat(), "areas": AREAS, "series": made["id"],
        }  # fmt: skip
        refused(admin.post("/api/rescue/warnings", json=corrected), 409)

    def test_a_warning_starts_no_response_and_moves_no_state(self, admin: TestClient) -> None:
        state = admin.get("/healthz").json()["state"]
        before = admin.get("/api/rescue/responses").json()["items"]
        warning(admin, areas=AREAS, colour="红")
        assert admin.get("/api/rescue/responses").json()["items"] == before
        assert admin.get("/healthz").json()["state"] == state

    def test_an_exercise_is_never_among_what_is_real(self, admin: TestClient) -> None:
        made = warning(admin, areas=AREAS, exercise=True)
        assert made["id"] not in {w["id"] for w in admin.get("/api/rescue/warnings").json()["items"]}
        assert made["id"] in {w["id"] for w in admin.get("/api/rescue/warnings?exercise=true").json()["items"]}
        now = clock.now()
        real = {
            "kind": "暴雨", "colour": "红", "issuer": "台", "starts_at": now.isoformat(),
            "ends_at": (now + timedelta(hours=1)).isoformat(), "areas": AREAS, "series": made["id"],
        }  # fmt: skip
        refused(admin.post("/api/rescue/warnings", json=real))

    def test_who_may(self, admin: TestClient, client: TestClient, make_account: Maker) -> None:
        made = warning(admin, areas=AREAS)
        body = {
            "kind": "暴雨", "colour": "红", "issuer": "台", "starts_at": clock.now().isoformat(),
            "ends_at": (clock.now() + timedelta(hours=1)).isoformat(), "areas": AREAS,
        }  # fmt: skip
        assert client.get("/api/rescue/warnings").status_code == 401
        assert client.get(f"/api/rescue/warnings/{made['id']}/tell").status_code == 401
        assert make_account("reader", "public").get("/api/rescue/warnings").status_code == 403
        assert make_account("reader").get(f"/api/rescue/warnings/{made['id']}").status_code == 200
        editor = make_account("editor")
        assert "调度权" in refused(editor.post("/api/rescue/warnings", json=body), 403)["detail"]
        assert editor.post(f"/api/rescue/warnings/{made['id']}/lift", json={"reason": "例"}).status_code == 403
        commander = make_account("editor", may=["dispatch"])
        assert commander.post("/api/rescue/warnings", json=body).status_code == 201

    def test_a_commander_of_an_area_warns_there_alone(self, admin: TestClient, make_account: Maker) -> None:
        own = make_account("editor", areas=[SHILI], may=["dispatch"])
        now = clock.now()
        body = {
            "kind": "暴雨", "colour": "红", "issuer": "十里街道", "starts_at": now.isoformat(),
            "ends_at": (now + timedelta(hours=1)).isoformat(),
        }  # fmt: skip
        path = "/api/rescue/warnings"
        assert own.post(path, json=body | {"areas": AREAS[:1]}).status_code == 201
        assert own.post(path, json=body | {"divisions": [SHILI]}).status_code == 201
        for areas in (AREAS, AREAS[1:], [square(116.0, 29.5, 500)]):  # both, another's, across the border
            told = refused(own.post(path, json=body | {"areas": areas}), 403)["detail"]
            assert "在您的管理区域（濂溪区十里街道）外" in told
        assert refused(own.post(path, json=body | {"divisions": ["360402"]}), 403)
        # A drawn edge that is a little off the border is cut along it.
        edge = {
            "type": "Polygon",
            "coordinates": [[[115.5, 29.4], [116.0002, 29.4], [116.0002, 29.6], [115.5, 29.6], [115.5, 29.4]]],
        }
        kept = own.post(path, json=body | {"areas": [edge]}).json()
        assert kept["bounds"][2] == pytest.approx(116.0, abs=1e-9)
        others = warning(admin, areas=AREAS)
        refused(own.post(path, json=body | {"areas": AREAS[:1], "series": others["id"]}), 403)
        refused(own.post(f"{path}/{others['id']}/lift", json={"reason": "例"}), 403)
        assert admin.get(f"{path}/{others['id']}").json()["standing"] == "in_force"

    def test_a_long_list_goes_by_pages_and_nothing_is_cut_in_silence(self, admin: TestClient) -> None:
        for _ in range(3):
            warning(admin, areas=AREAS[:1], exercise=True)
        asked = {"exercise": True}
        whole = [w["id"] for w in admin.get("/api/rescue/warnings", params=asked | {"limit": 500}).json()["items"]]
        found, before = [], None
        while True:
            params = asked | {"limit": 2} | ({"before": before} if before else {})
            page = admin.get("/api/rescue/warnings", params=params).json()
            found += [w["id"] for w in page["items"]]
            assert len(page["items"]) == 2 or page["next"] is None
            if (before := page["next"]) is None:
                break
        assert found == whole
        assert len(whole) >= 3
        exact = admin.get("/api/rescue/warnings", params=asked | {"limit": len(whole)}).json()
        assert exact["next"] is None  # a full page that is the last one says so

    @pytest.mark.parametrize(
        ("change", "field", "word"),
        [
            ({"areas": []}, "areas", "画出范围"),
            ({"areas": [{"type": "Point", "coordinates": [116, 29]}]}, "areas.0", "面"),
            ({"areas": [], "divisions": ["360499"]}, "divisions.0", "边界"),
            ({"divisions": ["浔阳"]}, "divisions.0", "区划"),
            ({"kind": "地震"}, "kind", "预警种类"),
            ({"colour": "紫"}, "colour", "预警颜色"),
            ({"issuer": " "}, "issuer", "发布单位"),
            ({"starts_at": "昨天"}, "starts_at", "时间"),
            ({"ends_at": "2020-01-01T00:00:00+08:00"}, "ends_at", "晚于"),
            ({"starts_at": "2020-01-01T00:00:00+08:00"}, "starts_at", "日期"),
            ({"ends_at": "2099-01-01T00:00:00+08:00"}, "ends_at", "最长"),
            ({"text": "雨" * 3000}, "text", "太长"),
            ({"series": 987654}, "series", "没有这条预警"),
            ({"level": 1}, "level", "没有"),
        ],
    )
    def test_a_wrong_warning(self, admin: TestClient, change: dict[str, Any], field: str, word: str) -> None:
        now = clock.now()
        body = {
            "kind": "暴雨", "colour": "红", "issuer": "台", "starts_at": now.isoformat(),
            "ends_at": (now + timedelta(hours=1)).isoformat(), "areas": AREAS, **change,
        }  # fmt: skip
        said = refused(admin.post("/api/rescue/warnings", json=body))
        assert word in json.dumps(said, ensure_ascii=False)
        assert field in {e["field"] for e in said["errors"]}

    def test_unknown_ones(self, admin: TestClient) -> None:
        for path in ("", "/tell", "/tell.xlsx"):
            refused(admin.get(f"/api/rescue/warnings/987654{path}"), 404)
        made = warning(admin, areas=[square(118.9, 30.9, 10)])
        for query in ("grades=worst", "grades=", "limit=0", "dragon=1", "class=dragon", "at=昨天"):
            refused(admin.get(f"/api/rescue/warnings/{made['id']}/tell?{query}"))
        nothing = tell(admin, made["id"])
        assert (nothing["objects"], nothing["rows"], nothing["counts"]["left"]) == (0, [], 0)
        book = openpyxl.load_workbook(io.BytesIO(admin.get(f"/api/rescue/warnings/{made['id']}/tell.xlsx").content))
        assert "没有" in book["通知名单"]["A4"].value
