"""准入核验: the rulebook's worked examples through the service, both directions, masked, frozen, signed."""

import itertools
from typing import Any

import pytest
from pyproj import Geod
from starlette.testclient import TestClient

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
    assert found["required_m"] == 35
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
