"""准入核验: the rulebook's worked examples through the service, both directions, masked, frozen, signed."""

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from pyproj import Geod
from starlette.testclient import TestClient

from riskmap.admission import api, rulesets

GEOD = Geod(ellps="GRS80")
_PLACES = itertools.count()


@pytest.fixture
def spot() -> tuple[float, float]:
    """A place of its own, far from those of the other tests."""
    n = next(_PLACES)
    return 115.0 + 0.15 * (n % 10), 28.0 + 0.15 * (n // 10)


def away(spot: tuple[float, float], metres: float, azimuth: float = 90) -> tuple[float, float]:
    lon, lat, _ = GEOD.fwd(*spot, azimuth, metres)
    return lon, lat


def point(at: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(at)}


def line(*at: tuple[float, float]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": [list(p) for p in at]}


def square(at: tuple[float, float], half_m: float) -> dict[str, Any]:
    west, _ = away(at, half_m, 270)
    east, _ = away(at, half_m, 90)
    _, south = away(at, half_m, 180)
    _, north = away(at, half_m, 0)
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def put(client: TestClient, class_: str, name: str, geometry: dict[str, Any] | None, **given: Any) -> dict[str, Any]:
    body = {"class": class_, "name": name, "geometry": geometry, "valid_from": "2026-01-01", **given}
    answer = client.post("/api/objects", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def enquiry(at: tuple[float, float] | dict[str, Any], *tags: str, **given: Any) -> dict[str, Any]:
    geometry = at if isinstance(at, dict) else point(at)
    place = {"geometry": geometry, "crs": "EPSG:4490", "uncertainty_m": given.pop("uncertainty_m", 0)}
    trade = {"industry_code": None, "scope": given.pop("scope", ""), "tags": list(tags)}
    return {"applicant": {"name": "示例店"}, "trade": trade, "place": place, "size": given}


def check(client: TestClient, at: tuple[float, float] | dict[str, Any], *tags: str, **given: Any) -> dict[str, Any]:
    answer = client.post("/api/admission/checks", json=enquiry(at, *tags, **given))
    assert answer.status_code == 201, answer.text
    return answer.json()


def hit(answer: dict[str, Any], rule: str) -> dict[str, Any]:
    found = [h for h in answer["hits"] if h["rule"] == rule]
    assert len(found) == 1, [h["rule"] for h in answer["hits"]]
    return found[0]


def rules_hit(answer: dict[str, Any]) -> set[str]:
    return {h["rule"] for h in answer["hits"] if h["consequence"] != "none"}


# -- Worked examples ------------------------------------------------------------------------


def test_fireworks_shop_and_a_school_at_84_m(admin: TestClient, spot: tuple[float, float]) -> None:
    school = put(admin, "school", "例湖小学", point(away(spot, 84)))
    answer = check(admin, spot, "fireworks-retail")
    assert answer["verdict"] == "refuse_advised"
    found = hit(answer, "FW-RETAIL-100")
    assert found["direction"] == "applicant_to_target"
    assert found["confidence"] == "verified"
    assert found["object"]["id"] == school["id"]
    assert found["required_m"] == 100
    assert found["measured_m"] == pytest.approx(84, abs=0.01)
    assert "84.0 m" in answer["sentence"]
    assert "100 m" in answer["sentence"]
    assert "差 16.0 m" in answer["sentence"]
    assert "AQ 4128-2019" in found["basis"]
    assert found["would_pass"] == pytest.approx(16, abs=0.1)

    unsure = check(admin, spot, "fireworks-retail", uncertainty_m=50)  # |84 − 100| = 16 ≤ 50
    assert unsure["verdict"] == "on_site_check"
    assert hit(unsure, "FW-RETAIL-100")["why"] == "uncertain"


@pytest.mark.parametrize(("metres", "verdict"), [(90, "refuse_advised"), (101, "commit_and_admit")])
def test_both_numbers_are_said_whether_it_is_refused_or_passes(
    admin: TestClient, spot: tuple[float, float], metres: float, verdict: str
) -> None:
    put(admin, "hospital", "例湖医院", point(away(spot, metres, 180)))
    answer = check(admin, spot, "fireworks-retail")
    assert answer["verdict"] == verdict
    assert f"{metres}.0 m" in answer["sentence"]
    assert "100 m" in answer["sentence"]


@pytest.mark.parametrize(("pupils", "needed", "is_hit"), [(620, 35, True), (300, 14, False), (None, 35, True)])
def test_fuel_station_of_the_second_grade_and_a_school_at_32_m(
    admin: TestClient, spot: tuple[float, float], pupils: int | None, needed: float, is_hit: bool
) -> None:
    attributes = {} if pupils is None else {"persons": pupils}
    put(admin, "school", "例湖小学", point(away(spot, 32)), attributes=attributes)
    # 80 m³ of petrol and 40 m³ of diesel: V = 100, second grade.
    storage = [{"fire_class": "甲B", "volume_m3": "80"}, {"fire_class": "丙A", "volume_m3": "40"}]
    answer = check(admin, spot, "filling-station", storage=storage, vapour_recovery="both")
    rows = [h for h in [*answer["hits"], *answer["near"]] if h["rule"] == "GB50156-4.0.4"]
    assert [r["required_m"] for r in rows] == [needed]
    assert ("GB50156-4.0.4" in rules_hit(answer)) is is_hit
    if is_hit:  # the table is the older edition's: it never refuses, and says which it is
        assert answer["verdict"] == "on_site_check"
        assert "2012" in hit(answer, "GB50156-4.0.4")["basis"]


def test_a_school_beside_an_existing_fuel_station_meets_the_same_number(
    admin: TestClient, spot: tuple[float, float]
) -> None:
    put(
        admin,
        "filling-station",
        "示例加油站",
        point(away(spot, 32)),
        attributes={"grade_class": "二级", "fuel": "petrol"},
    )
    found = hit(check(admin, spot, "school", persons=620), "GB50156-4.0.4")
    assert found["direction"] == "source_to_applicant"
    # What is not registered of the station's vapour recovery is taken as none.
    assert found["required_m"] == 50
    assert found["doubts"] == ["油气回收未登记，按没有"]
    assert found["consequence"] == "on_site_check"
    assert "GB50156-4.0.4" not in rules_hit(check(admin, spot, "school", persons=300))


def test_pipeline_at_5_and_50_m(admin: TestClient, spot: tuple[float, float]) -> None:
    put(admin, "pipeline", "示例管道", line(away(spot, 2000, 270), away(spot, 2000)), attributes={"medium": "gas"})
    on_it = check(admin, away(spot, 4, 0), "market")
    assert on_it["verdict"] == "refuse_advised"
    assert hit(on_it, "PIPE-30")["required_m"] == 5
    beside = check(admin, away(spot, 49, 0), "market")
    assert "PIPE-30" not in rules_hit(beside)
    assert beside["verdict"] == "on_site_check"
    assert hit(beside, "PIPE-35A")["consequence"] == "none"
    assert hit(beside, "PIPE-35A")["confidence"] == "recall"
    assert not rules_hit(check(admin, away(spot, 51, 0), "market"))


def test_a_road_with_a_centre_line_only(admin: TestClient, spot: tuple[float, float]) -> None:
    ends = (away(spot, 1000, 270), away(spot, 1000))
    put(admin, "road", "示例大道", line(*ends), attributes={"road_class": "省道", "land_width_m": "20"})
    near, far = check(admin, away(spot, 109, 0), "fireworks-plant"), check(admin, away(spot, 111, 0), "fireworks-plant")
    found = hit(near, "HWY-18A")  # 109 − 10 = 99
    assert found["measured_m"] == pytest.approx(99, abs=0.1)
    assert found["consequence"] == "refuse_advised"
    assert "中心线推算" in found["edge"]
    assert "HWY-18A" not in rules_hit(far)


def test_a_road_whose_edge_nobody_measured_is_looked_at_on_site(admin: TestClient, spot: tuple[float, float]) -> None:
    put(admin, "road", "示例路", line(away(spot, 900, 270), away(spot, 900)), attributes={"road_class": "县道"})
    for metres in (91, 115):
        found = hit(check(admin, away(spot, metres, 0), "tank-farm"), "HWY-18A")
        assert found["consequence"] == "on_site_check"
        assert found["why"] == "edge"
    assert "HWY-18A" not in rules_hit(check(admin, away(spot, 131, 0), "tank-farm"))


def test_city_streets_are_no_highways(admin: TestClient, spot: tuple[float, float]) -> None:
    put(admin, "road", "示例街", line(away(spot, 900, 270), away(spot, 900)), attributes={"road_class": "城市道路"})
    assert "HWY-18A" not in rules_hit(check(admin, away(spot, 20, 0), "tank-farm"))


def test_two_lpg_tanks_of_100_m3_need_70_m_to_housing(admin: TestClient, spot: tuple[float, float]) -> None:
    put(admin, "residential-area", "示例小区", point(spot), attributes={"residents": 1200, "households": 400})
    storage = [{"table": 1, "no": 52, "volume_m3": "200", "largest_m3": "100"}]
    near = check(admin, away(spot, 69.9), "lpg-station", storage=storage)
    found = hit(near, "GB50016-4.4.1")
    assert found["required_m"] == 70
    assert near["verdict"] == "refuse_advised"
    assert "GB50016-4.4.1" not in rules_hit(check(admin, away(spot, 70.1), "lpg-station", storage=storage))
    there = away(spot, 3000)
    put(admin, "residential-area", "示例组团", point(there), attributes={"residents": 60, "households": 20})
    assert hit(check(admin, away(there, 49), "lpg-station", storage=storage), "GB50016-4.4.1")["required_m"] == 50


def test_chlorine_8_t_asks_for_a_quantitative_study(admin: TestClient, spot: tuple[float, float]) -> None:
    chlorine = {"table": 1, "no": 5, "quantity_t": "8"}
    table = {s["no"]: s["name"] for s in admin.get("/api/standards/gb18218").json()["table1"]}
    chlorine["no"] = next(no for no, name in table.items() if name == "氯")
    answer = check(admin, spot, "chemical-user", storage=[chlorine])
    found = hit(answer, "GBT37243")
    assert "定量风险评价" in found["effect"]
    assert found["consequence"] == "on_site_check"
    assert hit(answer, "GB18218-S")["consequence"] == "on_site_check"  # 8/5 = 1.6
    below = [{"table": 1, "no": 52, "quantity_t": "30"}, {"table": 1, "no": 1, "quantity_t": "2"}]
    other = check(admin, spot, "chemical-user", storage=below)  # 0.6 + 0.2
    assert hit(other, "GBT37243")["consequence"] == "none"
    assert hit(other, "GB18218-S")["consequence"] == "none"


def test_a_negated_scope_gives_no_tag(admin: TestClient, spot: tuple[float, float]) -> None:
    answer = check(admin, spot, scope="日用百货销售；化工产品销售（不含危险化学品、烟花爆竹零售）")
    assert answer["verdict"] == "admit"
    assert answer["tags"] == []
    assert "不等于没有风险" in answer["sentence"]
    licence = check(admin, spot, scope="危险化学品经营（不带储存设施）；餐饮服务")
    assert licence["verdict"] == "pre_licence"
    assert {t["tag"] for t in licence["trade"]} == {"hazmat-trading", "gas-restaurant"}


def test_a_found_tag_that_the_officer_took_away_is_not_asked_and_the_case_says_so(
    admin: TestClient, spot: tuple[float, float]
) -> None:
    put(admin, "school", "例湖小学", point(away(spot, 84)))
    body = enquiry(spot, scope="烟花爆竹零售；餐饮服务")
    assert {t["tag"] for t in check(admin, spot, scope="烟花爆竹零售")["trade"]} == {"fireworks-retail"}
    body["trade"]["without"] = ["fireworks-retail"]
    answer = admin.post("/api/admission/checks", json=body).json()
    assert "fireworks-retail" not in answer["tags"]
    assert "FW-RETAIL-100" not in rules_hit(answer)
    assert answer["without"] == [{"tag": "fireworks-retail", "title": "烟花爆竹零售"}]
    assert answer["request"]["trade"]["without"] == ["fireworks-retail"]
    assert admin.post(f"/api/admission/checks/{answer['case']}/rerun").json()["same"] is True
    body["trade"]["without"] = ["nothing-such"]
    refused = admin.post("/api/admission/preview", json=body)
    assert refused.status_code == 422
    assert [e["field"] for e in refused.json()["errors"]] == ["trade.without.0"]


def test_the_page_is_told_how_far_an_address_may_be_off(admin: TestClient) -> None:
    off = admin.get("/api/admission/tags").json()["uncertainty_m"]
    assert off["address"]["door"] == 50
    assert off["address"]["road"] == 500
    assert off["position"]["surveyed"] == 0


# -- Both directions, over everything ---------------------------------------------------------

DEPOT = [{"fire_class": "甲B", "volume_m3": "20000"}]  # third grade: 80 m


def tank_farm(client: TestClient, at: tuple[float, float], **given: Any) -> dict[str, Any]:
    attributes = {"liquid_volumes": DEPOT, "governing_code": "GB 50074"}
    return put(client, "tank-farm", "拟建罐区旁的罐区", square(at, 30), attributes=attributes, **given)


def test_a_kindergarten_and_a_tank_farm_meet_the_same_number_either_way(
    admin: TestClient, spot: tuple[float, float]
) -> None:
    farm, nursery = square(spot, 30), point(away(spot, 100))
    tank_farm(admin, spot)
    as_people = hit(check(admin, nursery, "kindergarten"), "GB50074-4.0.10")
    elsewhere = away(spot, 4000)
    put(admin, "kindergarten", "例湖幼儿园", point(away(elsewhere, 100)))
    as_hazard_answer = check(admin, square(elsewhere, 30), "tank-farm", storage=DEPOT)
    as_hazard = hit(as_hazard_answer, "GB50074-4.0.10")
    assert as_people["measured_m"] == pytest.approx(as_hazard["measured_m"], abs=0.01)
    assert as_people["measured_m"] == pytest.approx(70, abs=0.1)
    assert as_people["required_m"] == as_hazard["required_m"] == 80
    assert as_people["consequence"] == as_hazard["consequence"] == "on_site_check"  # the number is from memory
    assert as_hazard["why"] == "recall"
    assert as_hazard_answer["verdict"] == "on_site_check"
    assert farm["type"] == "Polygon"


def test_a_depot_of_special_grade_has_no_number_and_is_looked_at(admin: TestClient, spot: tuple[float, float]) -> None:
    put(admin, "kindergarten", "例湖幼儿园", point(away(spot, 250)))
    answer = check(admin, spot, "tank-farm", storage=[{"fire_class": "甲B", "volume_m3": "1200000"}])
    found = hit(answer, "GB50074-4.0.10")
    assert found["required_m"] is None
    assert found["why"] == "no_number"
    assert answer["verdict"] == "on_site_check"


def test_who_may_not_see_a_school_still_meets_it(
    admin: TestClient, make_account: Callable[..., TestClient], spot: tuple[float, float]
) -> None:
    school = put(admin, "school", "邻县小学", point(away(spot, 60)), division="360481", department="教育局")
    clerk = make_account("editor", areas=["360402"])
    answer = check(clerk, spot, "fireworks-retail")
    found = hit(answer, "FW-RETAIL-100")
    assert answer["verdict"] == "refuse_advised"
    assert found["object"] is None
    assert found["masked"] == "对象无权查看（主管部门：教育局）"
    assert found["measured_m"] == pytest.approx(60, abs=0.01)
    assert found["line"] is None
    told = clerk.get(f"/api/admission/checks/{answer['case']}").text
    assert "邻县小学" not in told
    assert f'"id":{school["id"]},' not in told
    whole = admin.get(f"/api/admission/checks/{answer['case']}").json()
    assert hit(whole, "FW-RETAIL-100")["object"]["name"] == "邻县小学"


def test_a_new_housing_block_lists_the_plants_that_it_would_raise(admin: TestClient, spot: tuple[float, float]) -> None:
    fence = square(spot, 150)
    lpg = {"table": 1, "no": 52, "beta_symbol": "W2", "quantity_t": "180"}
    unit = put(admin, "major-hazard", "球罐组", point(spot), attributes={"substances": [lpg], "plant_boundary": fence})
    home = away(spot, 350)
    put(admin, "residential-area", "示例小区", point(home), attributes={"residents": 60})
    answer = check(admin, away(spot, 400), "residential-area", residents=40)
    found = hit(answer, "MHI-500")
    assert found["object"]["id"] == unit["id"]
    assert found["raised"]["before"]["R"] == "8.1"  # 1.5 × 1.5 × 3.6
    assert found["raised"]["after"]["R"] == "10.8"  # 100 residents: 2.0 × 5.4
    assert (found["raised"]["before"]["value"], found["raised"]["after"]["value"]) == ("四级", "三级")
    assert answer["verdict"] == "on_site_check"
    assert hit(check(admin, away(spot, 400), "residential-area", residents=39), "MHI-500")["consequence"] == "none"


# -- Frozen -------------------------------------------------------------------------------------


def rows_of(client: TestClient, table: str) -> list[dict[str, str]]:
    tables = client.get("/api/admission/rules").json()["tables"]
    return next(t["rows"] for t in tables if t["table"] == table)


def adopt(client: TestClient, title: str, **tables: Any) -> dict[str, Any]:
    named = {name.replace("__", "-"): rows for name, rows in tables.items()}
    answer = client.post("/api/admission/rules/adopt", json={"title": title, "reason": "核对原文", "tables": named})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_case_gives_its_old_answer_after_objects_and_rules_have_changed(
    admin: TestClient, spot: tuple[float, float]
) -> None:
    put(admin, "hospital", "例湖医院", point(away(spot, 120)))
    tank_farm(admin, away(spot, 3000))
    nursery = away(spot, 3100)
    passed, looked_at = check(admin, spot, "fireworks-retail"), check(admin, nursery, "kindergarten")
    assert passed["verdict"] == "commit_and_admit"
    assert looked_at["verdict"] == "on_site_check"

    put(admin, "school", "后来的小学", point(away(spot, 30)))
    distances = rows_of(admin, "admission-distances")
    for row in distances:
        if row["code"] == "FW-RETAIL-100":
            row["metres"] = "150"
    depots = [row | {"tag": "verified"} for row in rows_of(admin, "gb50074-2014-distance")]
    proposed = {"admission-distances": distances, "gb50074-2014-distance": depots}
    tried = admin.post("/api/admission/rules/trial", json={"tables": proposed})
    assert tried.status_code == 200, tried.text
    changed = {i["case"]: i["after"]["verdict"] for i in tried.json()["items"]}
    assert changed[passed["case"]] == "refuse_advised"
    assert changed[looked_at["case"]] == "refuse_advised"
    made = adopt(admin, "本局 2026", admission__distances=distances, **{"gb50074-2014-distance": depots})
    try:
        for old in (passed, looked_at):
            again = admin.post(f"/api/admission/checks/{old['case']}/rerun").json()
            assert again["same"] is True
            assert again["verdict"] == old["verdict"]
            assert again["state"] == old["state"]
        new = check(admin, spot, "fireworks-retail")
        assert new["verdict"] == "refuse_advised"
        assert new["ruleset"] == made["ruleset"]
        # The number that the bureau has checked refuses, in both directions.
        assert check(admin, nursery, "kindergarten")["verdict"] == "refuse_advised"
        lonely = away(spot, 9000)
        put(admin, "kindergarten", "例湖幼儿园", point(away(lonely, 100)))
        assert check(admin, square(lonely, 30), "tank-farm", storage=DEPOT)["verdict"] == "refuse_advised"
    finally:
        adopt(admin, "复原", admission__distances=None, **{"gb50074-2014-distance": None})


def test_rules_are_tried_on_cases_whose_tag_they_no_longer_know(admin: TestClient, spot: tuple[float, float]) -> None:
    tags = rows_of(admin, "admission-tags")
    own = next(row for row in tags if row["code"] == "fireworks-retail") | {"code": "own-tag", "words": ""}
    adopt(admin, "本局标签", admission__tags=[*tags, own])
    try:
        case = check(admin, spot, "own-tag")
        proposed = {"tables": {"admission-tags": None}}
        tried = admin.post("/api/admission/rules/trial", json=proposed)
        assert tried.status_code == 200, tried.text
        assert case["verdict"] == "commit_and_admit"
        assert {
            i["before"]["verdict"]: i["after"]["verdict"] for i in tried.json()["items"] if i["case"] == case["case"]
        } == {"commit_and_admit": "admit"}
    finally:
        adopt(admin, "复原", admission__tags=None)


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("edition", "", "no_basis"),
        ("metres", "", "no_distance"),
        ("metres", "-3", "out_of_range"),
        ("valid_to", "2020-01-01", "backwards"),
        ("consequence", "forbid", "unknown_value"),
        ("target", "no-such-tag", "unknown_tag"),
    ],
)
def test_an_unfit_rule_is_refused_at_its_row(admin: TestClient, column: str, value: str, code: str) -> None:
    rows = rows_of(admin, "admission-distances")
    at = next(i for i, row in enumerate(rows) if row["code"] == "FW-RETAIL-100")
    rows[at] |= {"valid_from": "2021-01-01", column: value}
    body = {"title": "不成", "reason": "试", "tables": {"admission-distances": rows}}
    answer = admin.post("/api/admission/rules/adopt", json=body)
    assert answer.status_code == 422, answer.text
    errors = answer.json()["errors"]
    assert [(e["field"], e["code"]) for e in errors] == [(f"tables.admission-distances.{at}.{column}", code)]


def test_all_that_is_wrong_with_a_rule_is_told_at_once_by_its_own_name(admin: TestClient) -> None:
    rows = rows_of(admin, "admission-distances")
    at = next(i for i, row in enumerate(rows) if row["code"] == "FW-RETAIL-100")
    rows[at] |= {
        "valid_from": "2026-01-01",
        "valid_to": "2020-01-01",
        "metres": "",
        "edition": "",
        "target": "没有的标签",
    }
    answer = admin.post("/api/admission/rules/trial", json={"tables": {"admission-distances": rows}})
    errors = answer.json()["errors"]
    assert {e["field"].rpartition(".")[2]: e["code"] for e in errors} == {
        "edition": "no_basis", "valid_to": "backwards", "metres": "no_distance", "target": "unknown_tag",
    }  # fmt: skip
    for error in errors:
        assert error["message"].startswith("距离规则 FW-RETAIL-100（"), error["message"]
        assert "行" not in error["message"].partition("“")[0]  # the page shows no numbers of rows
    said = {e["field"].rpartition(".")[2]: e["message"] for e in errors}
    assert "“文件”：没有依据的规则不收" in said["edition"]
    assert "“应有距离”：没有距离的规则不收" in said["metres"]


def test_a_trial_says_which_rows_are_no_more_and_whose_number_stands_under_a_standard(admin: TestClient) -> None:
    rows = rows_of(admin, "admission-distances")

    def remarks(changed: list[dict[str, str]]) -> list[str]:
        answer = admin.post("/api/admission/rules/trial", json={"tables": {"admission-distances": changed}})
        assert answer.status_code == 200, answer.text
        return answer.json()["remarks"]

    def with_retail(**given: str) -> list[dict[str, str]]:
        return [row | given if row["code"] == "FW-RETAIL-100" else row for row in rows]

    assert remarks(rows) == []
    [said] = remarks(with_retail(metres="150"))
    assert said.startswith("距离规则 FW-RETAIL-100（")
    assert "应有距离由 100 m 改为 150 m，依据仍写 AQ 4128-2019 " in said
    assert said.endswith("、已核实；本局规定请改依据和可信程度")
    assert remarks(with_retail(metres="100.0")) == []
    assert remarks(with_retail(metres="150", tag="judgement", edition="本局规定（2026）", clause="一")) == []
    [gone] = remarks([])
    assert gone.startswith(f"距离规则由 {len(rows)} 条变为 0 条，不再有：")
    assert gone.endswith(f"等 {len(rows)} 条")
    petrol = [row | {"l2_both": "20"} for row in rows_of(admin, "gb50156-2012-petrol")[:1]]
    answer = admin.post("/api/admission/rules/trial", json={"tables": {"gb50156-2012-petrol": petrol}}).json()
    assert any("重要公共建筑物：二级站·两段回收由 35 m 改为 20 m" in said for said in answer["remarks"])


def test_a_trial_takes_the_cases_that_the_changed_rules_concern_first(
    admin: TestClient, spot: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rulesets, "MOST_CASES", 2)
    put(admin, "hospital", "例湖医院", point(away(spot, 120)))
    old = check(admin, spot, "fireworks-retail")
    for _ in range(3):
        check(admin, spot, "gas-restaurant")
    rows = [
        row | {"metres": "150"} if row["code"] == "FW-RETAIL-100" else row
        for row in rows_of(admin, "admission-distances")
    ]
    tried = admin.post("/api/admission/rules/trial", json={"tables": {"admission-distances": rows}}).json()
    assert tried["asked"] == 2
    assert old["case"] in {i["case"] for i in tried["items"]}
    everyone = admin.get("/api/admission/checks").json()["counts"]
    assert tried["cases"] == everyone["total"] - everyone["unplaced"] > tried["concerned"] >= 1


def test_the_same_trade_inside_and_outside_a_zone(admin: TestClient, spot: tuple[float, float]) -> None:
    put(admin, "chemical-park", "示例化工园区", square(spot, 1000))
    item = {
        "code": "负面-1", "title": "园区以外的化工项目", "industry": "26", "who": "", "place": "out:chemical-park",
        "scale": "", "consequence": "refuse_advised", "edition": "某市负面清单（2026版）", "clause": "第3项",
        "tag": "verified", "valid_from": "", "valid_to": "", "region": "",
    }  # fmt: skip
    made = adopt(admin, "负面清单 2026", admission__negative=[item])
    try:

        def ask(at: tuple[float, float]) -> dict[str, Any]:
            body = enquiry(at, "chemical-project")
            body["trade"]["industry_code"] = "C2614"
            return admin.post("/api/admission/checks", json=body).json()

        inside, outside = ask(spot), ask(away(spot, 3000))
        assert "负面-1" not in rules_hit(inside)
        assert hit(outside, "负面-1")["basis"] == "某市负面清单（2026版） 第3项"
        assert outside["verdict"] == "refuse_advised"
        assert inside["ruleset"] == outside["ruleset"] == made["ruleset"]
        assert "负面-1" in {a["rule"] for a in inside["asked"]}
    finally:
        adopt(admin, "复原", admission__negative=None)


def test_rules_that_somebody_changed_meanwhile_are_not_written_over(admin: TestClient) -> None:
    base = admin.get("/api/admission/rules").json()["ruleset"]
    zones = rows_of(admin, "admission-zones")
    adopt(admin, "别人先改了", admission__zones=zones)
    try:
        body = {"title": "后改的", "reason": "试", "base": base, "tables": {"admission-zones": zones[:-1]}}
        late = admin.post("/api/admission/rules/adopt", json=body)
        assert (late.status_code, late.json()["code"]) == (409, "ruleset_moved")
        assert len(rows_of(admin, "admission-zones")) == len(zones)
    finally:
        adopt(admin, "复原", admission__zones=None)


# -- Signing --------------------------------------------------------------------------------------


def test_only_who_may_sign_signs_and_only_once(
    admin: TestClient, make_account: Callable[..., TestClient], spot: tuple[float, float]
) -> None:
    put(admin, "school", "例湖小学", point(away(spot, 84)))
    number = check(admin, spot, "fireworks-retail")["case"]
    clerk, officer = make_account("editor"), make_account("editor", may=["sign"])
    address, body = f"/api/admission/checks/{number}/sign", {"verdict": "refuse_advised", "note": ""}
    assert clerk.post(address, json=body).status_code == 403
    other = officer.post(address, json={"verdict": "admit", "note": ""})
    assert other.status_code == 422  # against the advice, without a reason
    signed = officer.post(address, json=body)
    assert signed.status_code == 200, signed.text
    assert signed.json()["signed"]["verdict_title"] == "不予准入建议"
    twice = officer.post(address, json=body)
    assert twice.status_code == 409
    assert "签署" in twice.json()["detail"]


def test_who_asks_is_decided_by_the_account(
    client: TestClient, make_account: Callable[..., TestClient], spot: tuple[float, float]
) -> None:
    assert client.post("/api/admission/checks", json=enquiry(spot, "school")).status_code == 401
    assert make_account("auditor").post("/api/admission/checks", json=enquiry(spot, "school")).status_code == 403
    assert client.get("/api/admission/checks").status_code == 401


# -- Bad input ---------------------------------------------------------------------------------------

BOWTIE = {"type": "Polygon", "coordinates": [[[116, 29], [116.01, 29.01], [116.01, 29], [116, 29.01], [116, 29]]]}
HUGE = {"type": "Polygon", "coordinates": [[[115, 28], [117, 28], [117, 30], [115, 30], [115, 28]]]}


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ({"geometry": {"type": "Point", "coordinates": [0, 0]}}, "zero"),
        ({"geometry": {"type": "Point", "coordinates": [29.7, 116.0]}}, "out_of_range"),
        ({"geometry": {"type": "Point", "coordinates": [-30.0, 10.0]}}, "out_of_territory"),
        ({"geometry": BOWTIE}, "invalid_geometry"),
        ({"geometry": HUGE}, "too_large"),
        ({"geometry": {"type": "Point", "coordinates": [116, 29]}, "crs": "EPSG:1"}, "unknown_crs"),
        ({"address": "哪里也没有的地方"}, "unknown_address"),
        ({"enterprise": 999999}, "unknown_object"),
        ({}, "missing"),
    ],
)
def test_a_place_that_is_none_is_refused_with_the_reason(admin: TestClient, place: dict[str, Any], code: str) -> None:
    body = enquiry((116.0, 29.7), "school") | {"place": place}
    answer = admin.post("/api/admission/checks", json=body)
    assert answer.status_code == 422, answer.text
    assert [e["code"] for e in answer.json()["errors"]] == [code]


def test_an_unknown_trade_and_an_empty_one(admin: TestClient, spot: tuple[float, float]) -> None:
    empty = admin.post("/api/admission/checks", json=enquiry(spot))
    assert [e["code"] for e in empty.json()["errors"]] == ["missing"]
    body = enquiry(spot, "no-such-tag")
    body["trade"]["industry_code"] = "ZZ"
    unknown = admin.post("/api/admission/checks", json=body)
    assert {e["code"] for e in unknown.json()["errors"]} == {"unknown_tag", "bad_code"}


def test_a_failing_check_digit_warns_and_never_refuses(admin: TestClient, spot: tuple[float, float]) -> None:
    body = enquiry(spot, "gas-restaurant")
    body["applicant"]["uscc"] = "92360402MA0000000X"
    answer = admin.post("/api/admission/checks", json=body)
    assert answer.status_code == 201
    assert "校验位不符" in "".join(answer.json()["warnings"])


@pytest.mark.parametrize(
    ("name", "other"), [("氨", True), ("液氯", False), ("氯气 （液化）", False), ("Ｃｌ２", True), ("", False)]
)
def test_a_name_that_is_not_that_of_the_chosen_substance_is_told(
    admin: TestClient, spot: tuple[float, float], name: str, other: bool
) -> None:
    body = enquiry(spot, "hazmat-storage", storage=[{"table": 1, "no": 12, "quantity_t": "1", "name": name}])
    told = admin.post("/api/admission/preview", json=body).json()["warnings"]
    said = [w for w in told if "两者不符" in w]
    assert len(said) == other
    assert all("按“氯”计算" in w for w in said)


def test_a_basis_that_is_repealed_is_marked_so_in_every_row(admin: TestClient, spot: tuple[float, float]) -> None:
    west, east = away(spot, 150, 180), away(away(spot, 150, 180), 200)
    put(admin, "railway", "例湖铁路", line(west, east))
    body = admin.post("/api/admission/preview", json=enquiry(spot, "hazmat-storage")).json()
    row = hit(body, "RAIL-HAZ")
    assert (row["confidence"], row["sure"]) == ("verified", "已废止")
    assert "仅供筛查）" in row["words"]
    assert {a["sure"] for a in body["asked"] if a["rule"] == "RAIL-HAZ"} == {"已废止"}
    assert {a["sure"] for a in body["asked"] if a["rule"] == "HWY-18A"} == {"已核实"}


def test_a_place_in_another_datum_is_the_same_place(admin: TestClient, spot: tuple[float, float]) -> None:
    put(admin, "school", "例湖小学", point(away(spot, 84)))
    read = admin.post("/api/positions", json={"x": str(spot[0]), "y": str(spot[1]), "crs": "GCJ02"}).json()
    body = enquiry(spot, "fireworks-retail")
    body["place"] = {"geometry": point(spot), "crs": "GCJ02"}
    there = admin.post("/api/admission/checks", json=body).json()
    assert there["place"]["geometry"]["coordinates"] == pytest.approx([read["lon"], read["lat"]], abs=1e-8)


@pytest.mark.parametrize(("crs", "kept"), [("GCJ-02", "GCJ02"), ("EPSG:4490", "EPSG:4490")])
def test_typed_numbers_and_their_datum_stay_with_the_case(
    admin: TestClient, spot: tuple[float, float], crs: str, kept: str
) -> None:
    typed = {"x": f"{int(spot[0])}°{(spot[0] % 1) * 60:.5f}′E", "y": str(spot[1]), "crs": crs}
    read = admin.post("/api/positions", json=typed | {"crs": kept}).json()
    body = enquiry(spot, "gas-restaurant") | {"place": {"typed": typed, "uncertainty_m": 0}}
    made = admin.post("/api/admission/checks", json=body).json()
    case = admin.get(f"/api/admission/checks/{made['case']}").json()
    assert case["place"]["geometry"]["coordinates"] == pytest.approx([read["lon"], read["lat"]], abs=1e-8)
    assert case["place"]["how"] == "typed"
    original = case["place"]["original"]
    assert {name: original[name] for name in typed} == typed | {"crs": kept}
    assert original["crs_title"]
    assert case["request"]["place"]["typed"] == typed
    assert admin.post(f"/api/admission/checks/{case['case']}/rerun").json()["same"] is True
    # A drawn shape of another datum keeps its numbers too.
    body["place"] = {"geometry": point(spot), "crs": "GCJ02"}
    drawn = admin.post("/api/admission/preview", json=body).json()["place"]["original"]
    assert (drawn["crs"], drawn["geometry"]["coordinates"]) == ("GCJ02", list(spot))
    body["place"] = {"typed": typed | {"x": "东边"}}
    refused = admin.post("/api/admission/preview", json=body).json()
    assert [e["field"] for e in refused["errors"]] == ["place.typed.x"]


def test_who_does_not_see_everything_may_not_ask_without_end(
    admin: TestClient,
    make_account: Callable[..., TestClient],
    monkeypatch: pytest.MonkeyPatch,
    spot: tuple[float, float],
) -> None:
    monkeypatch.setattr(api._throttle, "_most", 2)
    clerk = make_account("editor", areas=["360402"])
    answers = [clerk.post("/api/admission/preview", json=enquiry(spot, "market")).status_code for _ in range(3)]
    assert answers == [200, 200, 429]
    assert {admin.post("/api/admission/preview", json=enquiry(spot, "market")).status_code for _ in range(4)} == {200}


def test_a_station_above_the_first_grade_is_looked_at_wherever_it_is(
    admin: TestClient, spot: tuple[float, float]
) -> None:
    storage = [{"fire_class": "甲B", "volume_m3": 300}]
    answer = check(admin, spot, "filling-station", storage=storage, vapour_recovery="both")
    found = hit(answer, "GB50156-GRADE")
    assert (found["consequence"], answer["verdict"]) == ("on_site_check", "on_site_check")
    assert "300 m³ 超出一级站" in answer["sentence"]


def test_a_rule_of_an_old_edition_says_why_it_asks_for_a_look_on_site(
    admin: TestClient, spot: tuple[float, float]
) -> None:
    put(admin, "school", "示例小学", point(away(spot, 32)), attributes={"persons": 620})
    storage = [{"fire_class": "甲B", "volume_m3": 100}]
    answer = check(admin, spot, "filling-station", storage=storage, vapour_recovery="both")
    assert hit(answer, "GB50156-4.0.4")["consequence"] == "on_site_check"
    assert "2012 年版" in answer["sentence"]
    assert "须现场核查" in answer["sentence"]


@pytest.mark.parametrize(
    ("scope", "code", "tag"),
    [
        ("小学教育服务", None, "school"),
        ("商品房开发、销售", None, "residential-area"),
        ("住宅建设", None, "residential-area"),
        ("普通货物仓储服务（不含危险化学品）", None, "logistics"),
        ("", "5942", "hazmat-storage"),
        ("", "5941", "tank-farm"),
        ("酒店住宿", None, "crowded-place"),
    ],
)
def test_trades_by_their_registered_words_meet_the_rules_of_building(
    admin: TestClient, spot: tuple[float, float], scope: str, code: str | None, tag: str
) -> None:
    put(admin, "pipeline", "示例管道", line(away(spot, 2000, 270), away(spot, 2000)), attributes={"medium": "gas"})
    body = enquiry(away(spot, 4, 0), scope=scope)
    body["trade"]["industry_code"] = code
    answer = admin.post("/api/admission/preview", json=body).json()
    assert tag in {t["tag"] for t in answer["trade"]}
    assert hit(answer, "PIPE-30")["consequence"] == "refuse_advised"


def test_a_trade_that_nothing_is_known_of_says_that_no_distance_was_asked(
    admin: TestClient, spot: tuple[float, float]
) -> None:
    answer = check(admin, spot, scope="日用百货销售")
    assert answer["verdict"] == "admit"
    assert "没有识别出涉及安全的事项，距离规则都没有问" in answer["sentence"]
    again = admin.post(f"/api/admission/checks/{answer['case']}/rerun").json()
    assert (again["same"], again["sentence"]) == (True, answer["sentence"])


def test_metres_that_are_wanting_are_never_told_as_none(admin: TestClient, spot: tuple[float, float]) -> None:
    put(admin, "school", "示例小学", point(away(spot, 99.96)))
    answer = check(admin, spot, "fireworks-retail")
    assert "差 0.040 m" in answer["sentence"]
    assert hit(answer, "FW-RETAIL-100")["would_pass"] == 0.1


def test_a_block_is_added_to_the_residents_that_a_plant_has_declared(
    admin: TestClient, spot: tuple[float, float]
) -> None:
    put(
        admin, "major-hazard", "示例液氨单元", point(away(spot, 200)),
        attributes={
            "kind": "storage_tank", "substances": [{"table": 1, "no": 1, "quantity_t": "50"}], "exposed_persons": 0,
            "plant_boundary": square(away(spot, 200), 50),
        },
    )  # fmt: skip
    answer = check(admin, spot, "residential-area", residents=150)
    found = hit(answer, "MHI-500")
    assert found["raised"]["changes"]
    assert found["raised"]["before"]["R"] != found["raised"]["after"]["R"]
    assert found["measured_m"] == pytest.approx(150, abs=1)


def test_who_only_reads_may_try_and_not_file(
    admin: TestClient, make_account: Callable[..., TestClient], spot: tuple[float, float]
) -> None:
    reader = make_account("reader", "department")
    assert reader.post("/api/admission/preview", json=enquiry(spot, "school")).status_code == 200
    answer = reader.post("/api/admission/checks", json=enquiry(spot, "school"))
    assert (answer.status_code, answer.json()["code"]) == (403, "may_not_keep")


def test_the_same_applicant_at_the_window_again_is_told(admin: TestClient, spot: tuple[float, float]) -> None:
    body = enquiry(spot, "market")
    body["applicant"] = {"name": "再来一次的店", "uscc": "92360402MA00000009", "address": "示例路 1 号"}
    first = admin.post("/api/admission/checks", json=body).json()
    again = admin.post("/api/admission/preview", json=body).json()
    assert any(first["case"] in warning for warning in again["warnings"])
    body["applicant"] = {"name": "别的店", "uscc": "12345"}
    assert not any("已有准入案" in w for w in admin.post("/api/admission/preview", json=body).json()["warnings"])


@pytest.mark.parametrize("crs", ["GCJ-02", "gcj02", "WGS 84", "BD-09"])
def test_a_datum_is_taken_as_the_manual_spells_it(admin: TestClient, spot: tuple[float, float], crs: str) -> None:
    body = enquiry(spot, "market")
    body["place"]["crs"] = crs
    assert admin.post("/api/admission/preview", json=body).status_code == 200


def test_a_place_is_given_in_one_way(admin: TestClient, spot: tuple[float, float]) -> None:
    body = enquiry(spot, "market")
    body["place"]["address"] = "甘棠街道"
    answer = admin.post("/api/admission/preview", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "given_twice")


def test_a_crossing_outline_is_refused_in_chinese(admin: TestClient, spot: tuple[float, float]) -> None:
    west, south = spot
    ring = [[west, south], [west + 0.01, south + 0.01], [west + 0.01, south], [west, south + 0.01], [west, south]]
    answer = admin.post("/api/admission/preview", json=enquiry({"type": "Polygon", "coordinates": [ring]}, "market"))
    said = answer.json()["errors"][0]["message"]
    assert "边线自相交" in said
    assert "Self" not in said
