"""Rules at work in the register: the arithmetic of a preview, α from the map, what waits to be confirmed."""

import itertools
import json
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyproj import Geod
from starlette.testclient import TestClient

from riskmap.access.reader import SYSTEM
from riskmap.app import bring_to_today
from riskmap.base import clock, database
from riskmap.base.settings import Settings
from riskmap.register.load import load_objects

GEOD = Geod(ellps="GRS80")
WEST, SOUTH, EAST, NORTH = 116.0, 29.6, 116.004, 29.603  # a plant's fence
AMMONIA = {"table": 1, "no": 1, "quantity_t": "40"}


def box(west: float, south: float, east: float, north: float) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def moved(plant: int) -> tuple[float, float, float, float]:
    """The fence of another plant, far from the others."""
    return WEST, SOUTH + 0.05 * plant, EAST, NORTH + 0.05 * plant


def east_of(fence: tuple[float, float, float, float], metres: float) -> tuple[float, float]:
    """A position that far east of a fence, at its middle."""
    middle = (fence[1] + fence[3]) / 2
    lon, lat, _ = GEOD.fwd(fence[2], middle, 90, metres)
    return lon, lat


def put(client: TestClient, class_: str, name: str, **given: Any) -> dict[str, Any]:
    body = {"class": class_, "name": name, "valid_from": "2026-01-01", **given}
    answer = client.post("/api/objects", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def unit(client: TestClient, fence: tuple[float, float, float, float] | None, **attributes: Any) -> dict[str, Any]:
    given = {"substances": [AMMONIA], **attributes}
    if fence:
        given["plant_boundary"] = box(*fence)
    return put(client, "major-hazard", "氨罐组", attributes=given)


def home(client: TestClient, at: tuple[float, float], residents: int | None, **given: Any) -> dict[str, Any]:
    attributes = {} if residents is None else {"residents": residents}
    place = {"type": "Point", "coordinates": list(at)}
    return put(client, "residential-area", "住宅楼", geometry=place, attributes=attributes, **given)


def change(client: TestClient, object_id: int, **given: Any) -> dict[str, Any]:
    held = client.get(f"/api/objects/{object_id}").json()["object_state"]
    answer = client.patch(f"/api/objects/{object_id}", json=given, headers={"If-Match": f'"{held}"'})
    assert answer.status_code == 200, answer.text
    return answer.json()


def computed(client: TestClient, object_id: int, **params: Any) -> dict[str, Any]:
    grades = client.get(f"/api/objects/{object_id}/grade", params=params).json()["grades"]
    return next(g for g in grades if g["how"] == "computed")


def value(grade: dict[str, Any], symbol: str) -> str | None:
    return next((s["value"] for s in grade["trace"] if s["symbol"] == symbol), None)


def lines(client: TestClient, object_id: int) -> list[dict[str, Any]]:
    items = client.get("/api/grading/review", params={"limit": 1000}).json()["items"]
    return [i for i in items if i["object"]["id"] == object_id]


def confirm(client: TestClient, line: dict[str, Any], note: str = "") -> Any:
    """As the page does: with what was seen."""
    seen = {half: {key: line[half][key] for key in ("value", "R", "exposed")} for half in ("before", "after")}
    return client.post(f"/api/grading/review/{line['id']}/confirm", json={"note": note, "expected": seen})


# -- What a form is told as one types ------------------------------------------------


def test_the_preview_shows_s_r_and_the_level_with_the_formula_filled_in(admin: TestClient) -> None:
    body = {"class": "major-hazard", "name": "氨库", "attributes": {"substances": [AMMONIA], "exposed_persons": 120}}
    answer = admin.post("/api/objects/preview", json=body)
    assert answer.status_code == 200, answer.text
    [grade] = answer.json()["grades"]
    assert (grade["rule"], grade["standard"], grade["edition"]) == ("gb18218", "GB 18218-2018", "2018")
    steps = {s["symbol"]: s for s in grade["trace"]}
    assert (steps["S"]["expression"], steps["S"]["value"]) == ("40/10", "4")
    assert (steps["R"]["expression"], steps["R"]["value"]) == ("2×(2×40/10)", "16")
    assert steps["R"]["clause"] == "GB 18218-2018 4.3"
    assert answer.json()["level"] == {"value": "三级", "rank": 3, "scale": "major-hazard-level"}
    assert answer.json()["grade"]["value"] == "none"  # no policy is adopted


def test_a_volume_counts_by_its_density_and_both_are_kept(admin: TestClient) -> None:
    row = {"table": 1, "no": 1, "volume_m3": "50", "density": "0.8"}
    made = put(admin, "major-hazard", "氨罐", attributes={"substances": [row], "exposed_persons": 0})
    grade = computed(admin, made["id"])
    assert (value(grade, "q₁"), value(grade, "S"), value(grade, "R")) == ("40", "4", "4")
    stored = admin.get(f"/api/objects/{made['id']}").json()["attributes"]["substances"][0]
    assert (stored["volume_m3"], stored["density"]) == (50, 0.8)


def test_below_one_is_no_major_hazard_and_not_unassessed(admin: TestClient) -> None:
    small = [{"table": 1, "no": 1, "quantity_t": "9.999"}]
    made = put(admin, "major-hazard", "小氨罐", attributes={"substances": small, "exposed_persons": 10})
    grade = computed(admin, made["id"])
    assert (grade["value"], grade["standing"], grade["verdict"]) == (None, "outside", "不构成重大危险源")
    assert made["level"] is None


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        ({"table": 1, "no": 1}, "substances.0.quantity_t", "missing"),
        ({"table": 1, "no": 1, "quantity_t": "-1"}, "substances.0.quantity_t", "below_minimum"),
        ({"table": 1, "no": 86, "quantity_t": "1"}, "substances.0.no", "above_maximum"),
        ({"table": 1, "quantity_t": "1"}, "substances.0.no", "missing"),
        ({"table": 1, "no": 66, "quantity_t": "1"}, "substances.0.beta_symbol", "missing"),
        ({"table": 2, "symbol": "W99", "quantity_t": "1"}, "substances.0.symbol", "unknown_symbol"),
        ({"table": 1, "no": 1, "volume_m3": "1", "density": "0"}, "substances.0.density", "zero"),
        ({"table": 1, "no": 1, "volume_m3": "1"}, "substances.0.density", "missing"),
        ({"table": 1, "no": 1, "volume_m3": "1", "density": "1", "quantity_t": "1"}, "substances.0.quantity_t", "both"),
    ],
)
def test_what_a_rule_cannot_take_is_refused_at_its_field(
    admin: TestClient, row: dict[str, Any], field: str, code: str
) -> None:
    made = unit(admin, None, exposed_persons=120)
    before = computed(admin, made["id"])
    held = f'"{made["state"]}"'
    body = {"attributes": {"substances": [row]}}
    answer = admin.patch(f"/api/objects/{made['id']}", json=body, headers={"If-Match": held})
    assert answer.status_code == 422
    assert (f"attributes.{field}", code) in {(e["field"], e["code"]) for e in answer.json()["errors"]}
    assert computed(admin, made["id"]) == before


def test_a_boundary_that_crosses_itself_is_refused(admin: TestClient) -> None:
    crossed = [[[116, 29.6], [116.01, 29.61], [116.01, 29.6], [116, 29.61], [116, 29.6]]]
    attributes = {"substances": [AMMONIA], "plant_boundary": {"type": "Polygon", "coordinates": crossed}}
    answer = admin.post("/api/objects", json={"class": "major-hazard", "name": "错边界", "attributes": attributes})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "attributes.plant_boundary"


@pytest.mark.parametrize(
    ("class_", "attributes", "scale", "level"),
    [
        ("tailings-pond", {"capacity_m3": 800000, "dam_height_m": 45}, "tailings-class", "四等"),
        ("tailings-pond", {"capacity_m3": 100000000, "dam_height_m": 20}, "tailings-class", "三等"),
        (
            "tank-farm",
            {"liquid_volumes": [{"fire_class": "甲B", "volume_m3": 30000}], "governing_code": "GB 50074"},
            "depot-grade",
            "二级",
        ),
        ("risk-point", {"method": "LEC", "L": 3, "E": 6, "C": 15}, "risk-grade", "serious"),
        ("risk-point", {"method": "LS", "L": 3, "S": 5}, "risk-grade", "serious"),
        ("enterprise", {"score": 75}, "enterprise-score", "黄色"),
        ("enterprise", {"score": Decimal("74.99")}, "enterprise-score", "橙色"),
        ("chemical-park", {"score": 70}, "park-class", "C级"),
    ],
)
def test_each_class_is_graded_by_its_rule(
    admin: TestClient, class_: str, attributes: dict[str, Any], scale: str, level: str
) -> None:
    given = json.loads(json.dumps(attributes, default=float))
    place = {"geometry": box(116.1, 29.5, 116.11, 29.51)} if class_ == "chemical-park" else {}
    made = put(admin, class_, "例", attributes=given, **place)
    grade = computed(admin, made["id"])
    assert (grade["scale"], grade["value"], grade["standing"]) == (scale, level, "graded")
    assert made["grade"]["value"] == (level if scale == "risk-grade" else "none")


def test_too_little_is_told_and_never_low(admin: TestClient) -> None:
    made = put(admin, "risk-point", "缺C", attributes={"method": "LEC", "L": 3, "E": 6})
    grade = computed(admin, made["id"])
    assert (grade["standing"], made["grade"]["value"]) == ("unknown", "none")
    assert grade["verdict"].startswith("未评定，缺C")
    pond = put(admin, "tailings-pond", "缺坝高", attributes={"capacity_m3": 1})
    assert computed(admin, pond["id"])["verdict"] == "未评定，缺总坝高"


def test_a_judgement_stands_until_the_rule_has_what_it_needs(admin: TestClient) -> None:
    judged = {"scale": "tailings-class", "value": "五等", "basis": "安全评价报告"}
    pond = put(admin, "tailings-pond", "先判后算", attributes={}, level=judged)
    assert pond["level"]["value"] == "五等"
    graded = change(admin, pond["id"], attributes={"capacity_m3": 800000, "dam_height_m": 45})
    assert graded["level"]["value"] == "四等"
    again = {"level": judged}
    held = admin.get(f"/api/objects/{pond['id']}").json()["object_state"]
    answer = admin.patch(f"/api/objects/{pond['id']}", json=again, headers={"If-Match": f'"{held}"'})
    assert answer.status_code == 422
    assert "计算为“四等”" in answer.json()["errors"][0]["message"]


def test_a_change_that_no_rule_reads_leaves_the_grade_as_it_was_made(admin: TestClient) -> None:
    made = unit(admin, None, exposed_persons=120)
    before = computed(admin, made["id"])
    change(admin, made["id"], name="氨罐组（改名）", attributes={"record_no": "备〔2026〕1号"})
    after = computed(admin, made["id"])
    assert {k: v for k, v in after.items() if k != "state"} == {k: v for k, v in before.items() if k != "state"}


# -- α from the map --------------------------------------------------------------------


def test_without_a_boundary_r_is_not_computed(admin: TestClient) -> None:
    grade = computed(admin, unit(admin, None)["id"])
    assert (grade["standing"], grade["verdict"]) == ("unknown", "未评定，缺厂区边界")
    assert (value(grade, "S"), value(grade, "R")) == ("4", None)


def test_nobody_found_is_said_as_that(admin: TestClient) -> None:
    grade = computed(admin, unit(admin, moved(1))["id"])
    assert (value(grade, "α"), value(grade, "R"), grade["value"]) == ("0.5", "4", "四级")
    assert f"图上查得 0 人（{clock.today()}）" in grade["notes"]
    assert grade["inputs"]["exposed"] == {
        "title": "厂区边界外 500 m 常住人口",
        "value": "0",
        "unit": "人",
        "source": "map",
    }


@pytest.mark.parametrize(
    ("persons", "alpha"),
    [(1, "1"), (29, "1"), (30, "1.2"), (49, "1.2"), (50, "1.5"), (99, "1.5"), (100, "2"), (0, "0.5")],
)
def test_alpha_by_the_persons_that_the_map_has(admin: TestClient, persons: int, alpha: str) -> None:
    fence = moved(2)
    block = home(admin, east_of(fence, 300), persons)
    made = unit(admin, fence)
    assert value(computed(admin, made["id"]), "α") == alpha
    for one in (block, made):
        assert admin.delete(f"/api/objects/{one['id']}", params={"reason": "试毕"}).status_code == 200


def test_500_metres_outward_of_the_fence_from_both_sides(admin: TestClient) -> None:
    fence = moved(3)
    home(admin, east_of(fence, 499.95), 60)
    home(admin, east_of(fence, 500.05), 7)
    grade = computed(admin, unit(admin, fence)["id"])
    assert grade["exposure"]["residents"] == 60
    assert [h["distance_m"] for h in grade["exposure"]["homes"]] == [pytest.approx(499.95, abs=0.06)]


def test_an_area_half_inside_counts_whole_and_is_marked_and_one_within_the_fence_does_not(admin: TestClient) -> None:
    fence = moved(4)
    west, south, east, north = fence
    put(
        admin, "village", "半在内", geometry=box(east + 0.004, south, east + 0.01, north), attributes={"residents": 200}
    )
    home(admin, ((west + east) / 2, (south + north) / 2), 5)
    home(admin, east_of(fence, 100), None)
    school = {"type": "Point", "coordinates": list(east_of(fence, 200))}
    put(admin, "school", "小学", geometry=school, attributes={"persons": 800})
    found = computed(admin, unit(admin, fence)["id"])["exposure"]
    assert (found["residents"], found["present"], found["untold"]) == (200, 800, 1)
    assert {(h["persons"], h.get("partly", False), h.get("inside", False)) for h in found["homes"]} == {
        (200, True, False),
        (5, False, True),
        (None, False, False),
    }


def test_a_declared_number_wins_and_the_map_stands_beside_it(admin: TestClient) -> None:
    fence = moved(5)
    home(admin, east_of(fence, 100), 60)
    grade = computed(admin, unit(admin, fence, exposed_persons=120)["id"])
    assert (grade["inputs"]["exposed"]["value"], grade["inputs"]["exposed"]["source"]) == ("120", "declared")
    assert grade["exposure"]["residents"] == 60
    assert value(grade, "α") == "2"


def test_the_enterprise_s_boundary_serves_where_the_unit_has_none(admin: TestClient) -> None:
    fence = moved(6)
    home(admin, east_of(fence, 100), 60)
    firm = put(admin, "enterprise", "例厂", attributes={"plant_boundary": box(*fence)})
    made = put(admin, "major-hazard", "氨罐", attributes={"substances": [AMMONIA]}, enterprise=firm["id"])
    grade = computed(admin, made["id"])
    assert (grade["exposure"]["boundary"], grade["exposure"]["residents"]) == ("enterprise", 60)


def test_homes_that_the_asker_may_not_see_count_and_have_no_name(
    admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    fence = moved(7)
    home(admin, east_of(fence, 100), 60, visibility="command")
    editor = make_account("editor")
    made = unit(editor, fence)
    found = computed(editor, made["id"])["exposure"]
    assert found["residents"] == 60
    [hidden] = found["homes"]
    assert (hidden["id"], hidden["masked"]) == (None, "对象无权查看")
    assert computed(admin, made["id"])["exposure"]["homes"][0]["name"] == "住宅楼"


# -- 等级待复核 ---------------------------------------------------------------------------


def test_a_housing_block_of_60_at_400_m_waits_to_be_confirmed_and_then_the_map_agrees(admin: TestClient) -> None:
    fence = moved(8)
    made = unit(admin, fence)
    assert computed(admin, made["id"])["value"] == "四级"
    assert not lines(admin, made["id"])
    block = home(admin, east_of(fence, 400), 60)
    [line] = lines(admin, made["id"])
    assert (line["before"]["value"], line["before"]["R"]) == ("四级", "4")
    assert (line["after"]["value"], line["after"]["R"]) == ("三级", "12")
    assert line["cause"]["object"] == {"id": block["id"], "name": "住宅楼"}
    assert line["cause"]["change"] == "新增，常住人口 60 人"
    assert computed(admin, made["id"])["value"] == "四级"  # nothing is regraded in silence
    before = admin.get("/healthz").json()["state"]
    answer = confirm(admin, line, "已现场核对")
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == before + 1
    grade = computed(admin, made["id"])
    assert (grade["value"], value(grade, "R")) == ("三级", "12")
    assert (grade["confirmed"]["by"], grade["confirmed"]["note"]) == ("admin", "已现场核对")
    assert not lines(admin, made["id"])
    yesterday = (clock.today() - timedelta(days=1)).isoformat()

    def level_of(**params: str) -> str:
        found = admin.get("/api/objects", params={"class": "major-hazard", "q": "氨罐组", "limit": 1000, **params})
        return next(o["level"]["value"] for o in found.json()["items"] if o["id"] == made["id"])

    assert level_of() == "三级"
    assert level_of(as_of=yesterday) == "四级"
    assert computed(admin, made["id"], as_of=yesterday)["value"] == "四级"
    history = admin.get(f"/api/objects/{made['id']}/history").json()["versions"]
    levels = [v["change"]["level"] for v in history if "level" in v["change"]]
    assert [[one and one["value"] for one in pair] for pair in levels] == [["四级", "三级"]]
    again = confirm(admin, line)
    assert again.status_code == 409


def test_what_was_not_seen_is_not_confirmed(admin: TestClient) -> None:
    fence = moved(14)
    made = unit(admin, fence)
    home(admin, east_of(fence, 400), 60)
    [line] = lines(admin, made["id"])
    assert admin.post(f"/api/grading/review/{line['id']}/confirm", json={"note": ""}).status_code == 422
    more = home(admin, east_of(fence, 300), 60)  # while the dialog is open: R 16, 三级 all the same
    answer = confirm(admin, line)
    assert (answer.status_code, answer.json()["code"]) == (409, "review_moved")
    now = answer.json()["now"]
    assert (now["before"]["R"], now["after"]["verdict"], now["after"]["R"], now["after"]["exposed"]) == (
        "4",
        "三级",
        "16",
        "120",
    )
    assert computed(admin, made["id"])["value"] == "四级"
    change(admin, more["id"], attributes={"residents": 40})  # 100 in all: R is 16 as well, by other people
    assert confirm(admin, {**line, **now}).status_code == 409
    [line] = lines(admin, made["id"])
    assert confirm(admin, line).status_code == 200
    assert value(computed(admin, made["id"]), "R") == "16"


def test_a_change_of_r_alone_waits_behind_the_changes_of_level(admin: TestClient) -> None:
    one, other = moved(15), moved(16)
    stays, rises = unit(admin, one, substances=[{**AMMONIA, "quantity_t": "80"}]), unit(admin, other)
    before = admin.get("/api/grading/review").json()
    block = home(admin, east_of(one, 400), 10)  # R 8 → 16 would be 三级; so from 三级 on
    [line] = lines(admin, stays["id"])
    assert confirm(admin, line).status_code == 200
    change(admin, block["id"], attributes={"residents": 100})
    home(admin, east_of(other, 400), 60)
    [line] = lines(admin, stays["id"])
    assert (line["kind"], line["before"]["value"], line["after"]["value"]) == ("value", "三级", "三级")
    assert (line["before"]["R"], line["after"]["R"]) == ("16", "32")
    found = admin.get("/api/grading/review", params={"limit": 1000}).json()
    assert (found["levels"], found["values"]) == (before["levels"] + 1, before["values"] + 1)
    assert found["total"] == found["levels"] + found["values"]
    kinds = [i["kind"] for i in found["items"]]
    assert kinds == sorted(kinds)
    levels = admin.get("/api/grading/review", params={"kind": "level", "limit": 1000}).json()
    assert {i["kind"] for i in levels["items"]} == {"level"}
    assert levels["total"] == found["levels"] == len(levels["items"])
    paged, after = [], None
    while True:  # a page at a time, over the border of the two
        page = admin.get("/api/grading/review", params={"limit": 1, **({"after": after} if after else {})}).json()
        paged += page["items"]
        if (after := page["next"]) is None:
            break
    assert [i["id"] for i in paged] == [i["id"] for i in found["items"]]
    grade = computed(admin, stays["id"])
    assert (grade["exposure"]["residents"], grade["exposure_now"]["residents"]) == (10, 100)
    assert f"图上查得 10 人（{clock.today()}，1 处居住区）" in grade["notes"]
    assert confirm(admin, line).status_code == 200
    grade = computed(admin, stays["id"])
    assert (value(grade, "R"), "exposure_now" in grade) == ("32", False)
    assert not lines(admin, stays["id"])
    assert lines(admin, rises["id"])[0]["kind"] == "level"


def test_an_open_line_keeps_its_causes(admin: TestClient) -> None:
    fence = moved(17)
    made = unit(admin, fence)
    block = home(admin, east_of(fence, 400), 60)
    hamlet = home(admin, east_of(fence, 300), 41)  # 101: R 16
    change(admin, hamlet["id"], name="改名的小村")  # nothing that is counted
    [line] = lines(admin, made["id"])
    assert (line["cause"]["object"]["id"], line["cause"]["others"]) == (block["id"], 1)
    assert line["cause"]["change"] == "新增，常住人口 60 人"
    assert [c["change"] for c in line["causes"]] == ["新增，常住人口 60 人", "新增，常住人口 41 人"]
    change(admin, hamlet["id"], attributes={"residents": 9})  # 69: R 12
    [line] = lines(admin, made["id"])
    assert [c["change"] for c in line["causes"]] == ["新增，常住人口 60 人", "新增，常住人口 9 人"]
    far = {"type": "Point", "coordinates": list(east_of(fence, 450))}
    change(admin, hamlet["id"], geometry=far)  # still within 500 m: alters nothing
    assert lines(admin, made["id"]) == [line]
    assert admin.delete(f"/api/objects/{hamlet['id']}", params={"reason": "拆除"}).status_code == 200
    [line] = lines(admin, made["id"])
    assert [c["object"]["id"] for c in line["causes"]] == [block["id"]]


def test_a_unit_that_is_itself_changed_leaves_no_line_of_before(admin: TestClient) -> None:
    fence = moved(18)
    made = unit(admin, fence)
    home(admin, east_of(fence, 400), 60)
    assert lines(admin, made["id"])
    change(admin, made["id"], attributes={"exposed_persons": 0})  # declared: the map has no say any more
    assert computed(admin, made["id"])["value"] == "四级"
    assert not lines(admin, made["id"])


def test_what_goes_away_again_closes_its_line(admin: TestClient) -> None:
    fence = moved(9)
    made = unit(admin, fence)
    block = home(admin, east_of(fence, 400), 60)
    assert len(lines(admin, made["id"])) == 1
    change(admin, block["id"], attributes={"residents": 10})  # α = 1, R = 8: 四级 as before
    [line] = lines(admin, made["id"])
    assert (line["kind"], line["after"]["R"]) == ("value", "8")
    change(admin, block["id"], attributes={"residents": 100})
    [line] = lines(admin, made["id"])
    assert (line["kind"], line["cause"]["change"]) == ("level", "新增，常住人口 100 人")
    assert admin.delete(f"/api/objects/{block['id']}", params={"reason": "拆除"}).status_code == 200
    assert not lines(admin, made["id"])
    stale = confirm(admin, line)
    assert stale.status_code == 409


def test_a_home_that_moves_and_a_boundary_that_is_drawn_anew_are_looked_at(admin: TestClient) -> None:
    fence = moved(10)
    made = unit(admin, None)
    firm = put(admin, "enterprise", "迁厂", attributes={"plant_boundary": box(*fence)})
    change(admin, made["id"], enterprise=firm["id"])
    assert computed(admin, made["id"])["value"] == "四级"
    block = home(admin, east_of(fence, 900), 60)
    assert not lines(admin, made["id"])
    near = {"type": "Point", "coordinates": list(east_of(fence, 450))}
    change(admin, block["id"], geometry=near)
    [line] = lines(admin, made["id"])
    assert line["cause"]["change"] == "位置变动"
    west, south, east, north = fence
    change(admin, firm["id"], attributes={"plant_boundary": box(west, south, east - 0.002, north)})
    assert not lines(admin, made["id"])
    change(admin, firm["id"], attributes={"plant_boundary": box(*fence)})
    [line] = lines(admin, made["id"])
    assert (line["cause"]["object"]["id"], line["cause"]["change"]) == (firm["id"], "厂区边界变动")


def test_who_may_see_and_confirm(
    admin: TestClient, client: TestClient, make_account: Callable[..., TestClient]
) -> None:
    fence = moved(11)
    made = unit(admin, fence)
    home(admin, east_of(fence, 400), 60, visibility="command", department="民政局")
    [line] = lines(admin, made["id"])
    assert client.get("/api/grading/review").status_code == 401
    assert confirm(client, line).status_code in (401, 403)
    reader = make_account("reader")
    [seen] = lines(reader, made["id"])
    assert (seen["cause"]["object"], seen["cause"]["masked"]) == (None, "对象无权查看（主管部门：民政局）")
    assert confirm(reader, line).status_code == 403
    elsewhere = make_account("editor", areas=["360430"])
    assert not lines(elsewhere, made["id"])
    assert confirm(elsewhere, line).status_code in (403, 404)
    assert confirm(admin, {**line, "id": 999999}).status_code == 404
    assert admin.get("/api/grading/review", params={"as_of": "2026-02-01"}).status_code == 422


def test_what_is_dated_ahead_is_looked_at_on_its_day(
    admin: TestClient, app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    fence = moved(12)
    made = unit(admin, fence)
    begins, ends = (clock.today() + timedelta(days=n) for n in (2, 4))
    block = home(admin, east_of(fence, 400), 60, valid_from=begins.isoformat())
    assert not lines(admin, made["id"])
    real = clock.now

    def on(days: int) -> list[dict[str, Any]]:
        with monkeypatch.context() as later:  # the session itself must not grow older
            later.setattr(clock, "now", lambda: real() + timedelta(days=days))
            assert bring_to_today(app.state.engine)
        return lines(admin, made["id"])

    [line] = on(2)
    assert (line["after"]["value"], line["cause"]["object"]["id"]) == ("三级", block["id"])
    held = admin.get(f"/api/objects/{block['id']}").json()["object_state"]
    emptied = {"attributes": {"residents": 0}, "valid_from": ends.isoformat()}
    header = {"If-Match": f'"{held}"'}
    assert admin.patch(f"/api/objects/{block['id']}", json=emptied, headers=header).status_code == 200
    assert len(lines(admin, made["id"])) == 1
    assert on(4) == []


def test_a_batch_is_graded_when_all_of_it_is_there(
    app: Any, admin: TestClient, settings: Settings, tmp_path: Path
) -> None:
    fence = moved(13)
    place = {"type": "Point", "coordinates": list(east_of(fence, 300))}
    objects = [
        {"class": "major-hazard", "code": "PL-1", "name": "批氨罐", "enterprise_code": "PL-2", "attributes": {"substances": [AMMONIA]}},
        {"class": "enterprise", "code": "PL-2", "name": "批企业", "attributes": {"plant_boundary": box(*fence)}},
        {"class": "village", "code": "PL-3", "name": "批村", "geometry": place, "attributes": {"residents": 60}},
    ]  # fmt: skip
    path = tmp_path / "objects.ndjson"
    path.write_text("\n".join(json.dumps(o, ensure_ascii=False) for o in objects), encoding="utf-8")
    with database.write(app.state.engine, SYSTEM.settings(write=True)) as connection:
        load_objects(connection, settings, path, "成批")
    [made] = admin.get("/api/objects", params={"q": "批氨罐"}).json()["items"]
    assert made["level"]["value"] == "三级"
    grade = computed(admin, made["id"])
    assert (value(grade, "R"), grade["exposure"]["boundary"]) == ("12", "enterprise")
    assert not lines(admin, made["id"])
    then = admin.get("/api/objects", params={"q": "批氨罐", "as_of": f"state:{made['state']}"}).json()["items"]
    assert then[0]["level"]["value"] == "三级"


# -- 头顶库 -----------------------------------------------------------------------------


def along(path: list[tuple[float, float]], metres: float, beside: float = 0) -> tuple[float, float]:
    """A position that far along a path, and that far to its left."""
    for (lon, lat), (lon2, lat2) in itertools.pairwise(path):
        bearing, _, length = GEOD.inv(lon, lat, lon2, lat2)
        if metres <= length:
            lon, lat, _ = GEOD.fwd(lon, lat, bearing, metres)
            return GEOD.fwd(lon, lat, bearing - 90, beside)[:2] if beside else (lon, lat)
        metres -= length
    raise AssertionError("the path is shorter")


def pond(client: TestClient, lat: float, path: list[tuple[float, float]] | None, **given: Any) -> dict[str, Any]:
    place = {"type": "Point", "coordinates": [115.5, lat]}
    attributes = {"flow_path": {"type": "LineString", "coordinates": [list(p) for p in path]}} if path else {}
    return put(client, "tailings-pond", "沟口库", geometry=place, attributes=attributes, **given)


def headwater(client: TestClient, object_id: int) -> dict[str, Any]:
    answer = client.get(f"/api/objects/{object_id}/headwater")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_headwater_is_measured_along_the_path_and_not_straight(
    admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    """The path turns back: what is 1.2 km along it is 0.4 km away straight."""
    lat = 29.2
    path = [(115.5, lat), (115.508, lat), (115.508, lat - 0.004), (115.49, lat - 0.004)]
    made = pond(admin, lat, path)
    nobody = headwater(admin, made["id"])
    assert (nobody["value"], nobody["along"]) == ("不是头顶库", "path")
    assert "图上查得 0 处：下游没有登记的住处或重要设施" in nobody["notes"]
    home(admin, along(path, 1200), 30)
    assert headwater(admin, made["id"])["value"] == "不是头顶库"
    home(admin, along(path, 600, beside=250), 30)
    assert headwater(admin, made["id"])["value"] == "不是头顶库"
    at_999 = home(admin, along(path, 999, beside=20), 30, visibility="command")
    found = headwater(admin, made["id"])
    assert found["value"] == "头顶库"
    assert (found["places"][0]["object"]["id"], found["places"][0]["length_m"]) == (
        at_999["id"],
        pytest.approx(999, abs=0.2),
    )
    assert "≤ 1000 m" in found["trace"][0]["expression"]
    reader = make_account("reader")
    hidden = headwater(reader, made["id"])
    assert (hidden["value"], hidden["places"][0]["object"], hidden["trace"]) == ("头顶库", None, [])


def test_without_a_path_a_circle_only_screens(admin: TestClient) -> None:
    made = pond(admin, 29.1, None)
    assert headwater(admin, made["id"])["value"] == "不是头顶库"
    home(admin, east_of((115.4, 29.1, 115.5, 29.1), 800), 30)
    found = headwater(admin, made["id"])
    assert (found["value"], found["along"]) == (None, "circle")
    assert found["verdict"] == "未评定，1 km 圆内有居民或重要设施，需画下泄路径核定"
    nowhere = put(admin, "tailings-pond", "无位置库", attributes={})
    assert headwater(admin, nowhere["id"])["verdict"] == "未评定，缺位置和下泄路径"
    school = put(admin, "school", "不是库", attributes={})
    assert admin.get(f"/api/objects/{school['id']}/headwater").status_code == 404


def test_a_path_that_runs_the_wrong_way_is_refused(admin: TestClient) -> None:
    place = {"type": "Point", "coordinates": [115.5, 29.0]}
    path = {"type": "LineString", "coordinates": [[115.51, 29.0], [115.501, 29.0]]}
    body = {"class": "tailings-pond", "name": "反向库", "geometry": place, "attributes": {"flow_path": path}}
    answer = admin.post("/api/objects", json=body)
    assert answer.status_code == 422
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [("attributes.flow_path", "backwards")]


def test_the_lines_of_one_object_alone(admin: TestClient) -> None:
    made = [unit(admin, moved(n)) for n in (12, 13)]
    for n in (12, 13):
        home(admin, east_of(moved(n), 400), 60)
    found = admin.get("/api/grading/review", params={"object": made[0]["id"]}).json()
    assert ([i["object"]["id"] for i in found["items"]], found["total"]) == ([made[0]["id"]], 1)
    assert admin.get("/api/grading/review", params={"object": 0}).status_code == 422


def test_the_tables_that_a_form_chooses_from_are_everybodys(client: TestClient) -> None:
    found = client.get("/api/standards/gb18218").json()
    assert (found["edition"], found["table1"][0]["name"], found["table1"][0]["q_t"]) == ("GB 18218-2018", "氨", "10")
    assert {g["gas"]: g["row"] for g in found["table3"] if g["part"] == "yes"} == {"一氧化碳": "13"}
    assert {r["symbol"] for r in found["table2"]} == {r["symbol"] for r in found["table4"]}


# -- Shapes beside the object's own -------------------------------------------------------


def test_a_fence_or_a_path_far_from_its_object_is_refused(admin: TestClient) -> None:
    fence = moved(30)
    at = {"type": "Point", "coordinates": list(east_of(fence, 1990))}
    attributes = {"substances": [AMMONIA], "plant_boundary": box(*fence)}
    body = {"class": "major-hazard", "name": "边界远近", "geometry": at, "attributes": attributes}
    made = put(admin, "major-hazard", "边界远近", geometry=at, attributes=attributes)
    far = {**body, "geometry": {"type": "Point", "coordinates": list(east_of(fence, 2010))}}
    for answer in (
        admin.post("/api/objects", json=far),
        admin.post("/api/objects/preview", json=far),
        admin.patch(
            f"/api/objects/{made['id']}",
            json={"geometry": far["geometry"]},
            headers={"If-Match": f'"{made["state"]}"'},
        ),
    ):
        assert answer.status_code == 422, answer.text
        assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [("attributes.plant_boundary", "far_away")]
        assert "厂区边界离对象位置 2.0 km，超过 2 km" in answer.json()["errors"][0]["message"]
    inside = {"type": "Point", "coordinates": [WEST + 0.05, fence[1] + 0.01]}  # a place within a wide fence
    wide = {**attributes, "plant_boundary": box(WEST, fence[1], WEST + 0.1, fence[1] + 0.02)}
    put(admin, "major-hazard", "大厂", geometry=inside, attributes=wide)

    def path(metres: float) -> Any:
        lon, lat = east_of((115.4, 28.9, 115.5, 28.9), metres)
        line = {"type": "LineString", "coordinates": [[lon, lat], [lon + 0.02, lat]]}
        place = {"type": "Point", "coordinates": [115.5, 28.9]}
        given = {"class": "tailings-pond", "name": "远路库", "geometry": place, "attributes": {"flow_path": line}}
        return admin.post("/api/objects", json=given)

    assert path(1990).status_code == 201
    refused = path(2010)
    assert refused.status_code == 422
    assert [(e["field"], e["code"]) for e in refused.json()["errors"]] == [("attributes.flow_path", "far_away")]


# -- What is not said is asked for --------------------------------------------------------


def test_figures_without_a_method_say_what_is_missing(admin: TestClient) -> None:
    made = put(admin, "risk-point", "没写方法", attributes={"L": 3, "S": 5})
    assert computed(admin, made["id"])["verdict"] == "未评定，缺评估方法（LEC 或 LS）"
    assert made["grade"]["value"] == "none"


def test_a_direct_judgement_says_its_basis(admin: TestClient) -> None:
    body = {"class": "risk-point", "name": "直接判", "attributes": {"method": "direct", "grade": "major"}}
    answer = admin.post("/api/objects", json=body)
    assert answer.status_code == 422
    assert [(e["field"], e["code"]) for e in answer.json()["errors"]] == [("attributes.basis", "required")]
    body["attributes"]["basis"] = "目录第 3 条"
    assert admin.post("/api/objects", json=body).status_code == 201


def test_a_quantity_of_nought_is_told(admin: TestClient) -> None:
    made = put(admin, "major-hazard", "零吨", attributes={"substances": [{**AMMONIA, "quantity_t": "0"}]})
    grade = computed(admin, made["id"])
    assert grade["verdict"] == "不构成重大危险源"
    assert "氨的设计最大量填的是 0，请核对" in grade["notes"]
