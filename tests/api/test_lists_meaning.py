"""What the lists say, on registers small enough to count by hand."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pyproj
import pytest
from starlette.testclient import TestClient
from tests.api.test_lists import ask, every_row, figures

from riskmap.base import clock
from riskmap.base.settings import Settings
from riskmap.register.load import load_divisions

pytestmark = pytest.mark.usefixtures("divisions")
SINCE = "2026-01-05"


@pytest.fixture(scope="module")
def divisions(app: Any, settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two counties side by side, two towns in the first."""
    import json

    from riskmap.access.reader import SYSTEM
    from riskmap.base import database

    def box(code: str, level: str, name: str, parent: str | None, west: float, east: float) -> dict[str, Any]:
        ring = [[west, 29.5], [east, 29.5], [east, 30.0], [west, 30.0], [west, 29.5]]
        properties = {"code": code, "level": level, "name": name, "parent": parent}
        return {
            "type": "Feature",
            "properties": properties,
            "geometry": {"type": "Polygon", "coordinates": [ring]},
        }

    features = [
        box("360402", "county", "濂溪区", "360400", 116.0, 116.2),
        box("360429", "county", "湖口县", "360400", 116.2, 116.4),
        box("360402101", "town", "甲镇", "360402", 116.0, 116.1),
        box("360402102", "town", "乙镇", "360402", 116.1, 116.2),
    ]
    path = tmp_path_factory.mktemp("divisions") / "divisions.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    with database.write(app.state.engine, SYSTEM.settings(write=True)) as connection:
        from riskmap.base import state

        state.take(connection, "test", "区划", catalogue=True)
        load_divisions(connection, path)


def make(admin: TestClient, class_: str, name: str, **more: Any) -> int:
    body = {"class": class_, "name": name, "division": "360402101", "valid_from": SINCE, "attributes": {}, **more}
    answer = admin.post("/api/objects", json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def square(west: float, south: float, width: float, height: float = 0.001) -> dict[str, Any]:
    east, north = west + width, south + height
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def point(lon: float, lat: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [lon, lat]}


def test_two_plants_over_a_border_are_one_pair_with_both_districts(
    admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    per_degree = pyproj.Geod(ellps="GRS80").inv(116.2, 29.8, 116.201, 29.8)[2] * 1000
    gap = 80 / per_degree
    one = make(admin, "fireworks-plant", "边界甲厂", geometry=square(116.19, 29.8, 0.01))
    other = make(
        admin, "chemical-user", "边界乙厂", division="360429", geometry=square(116.2 + gap, 29.8, 0.002),
        department="公安局",
    )  # fmt: skip
    body = ask(admin, "neighbours", q="边界")
    assert body["total"] == 1
    row = body["rows"][0]
    assert {row["one"]["id"], row["other"]["id"]} == {one, other}
    assert row["distance_m"] == pytest.approx(80, abs=0.1)
    assert {row["one_division"]["name"], row["other_division"]["name"]} == {"濂溪区 甲镇", "湖口县"}
    assert figures(body)["crossing"] == 1
    assert ask(admin, "neighbours", q="边界", within=79)["total"] == 0
    assert ask(admin, "neighbours", q="甲厂")["total"] == 1  # one side in the selection is enough
    town = make_account("reader", "department", areas=["360402"])
    masked = ask(town, "neighbours", q="边界")
    assert masked["total"] == figures(masked)["hidden"] == 1
    row = masked["rows"][0]
    assert row["one"]["name"] == "边界甲厂"
    assert row["other"] == {"hidden": "对象无权查看（主管部门：公安局）"}
    assert row["distance_m"] == pytest.approx(80, abs=0.1)
    assert row["other_division"] is row["other_class"] is row["other_enterprise"] is None
    file = town.get("/api/lists/neighbours.csv", params={"q": "边界"}).content.decode("utf-8-sig")
    assert "边界甲厂" in file
    assert "边界乙厂" not in file


def test_what_is_missing_of_a_serious_risk_is_named(admin: TestClient) -> None:
    filled = {"method": "direct", "basis": "会商", "measures": "专人值守", "inspect_days": 7}
    serious = make(admin, "risk-point", "落实较大点", attributes=filled | {"grade": "serious"})
    major = make(admin, "risk-point", "落实重大点", attributes=filled | {"grade": "major"})

    def put(object_id: int, *roles: str) -> None:
        parties = [{"role": role, "post": "站长", "name": "", "phone": ""} for role in roles]
        answer = admin.put(f"/api/objects/{object_id}/parties", json=parties)
        assert answer.status_code == 200, answer.text

    def missing() -> dict[int, str | None]:
        return {row["id"]: row["missing"] for row in ask(admin, "completeness", q="落实")["rows"]}

    assert missing() == {serious: "责任人", major: "责任人、管控层级、属地挂钩、部门挂钩"}
    put(serious, "主要负责人")
    put(major, "主要负责人", "属地挂钩")
    assert missing() == {serious: None, major: "管控层级、部门挂钩"}
    put(major, "主要负责人", "属地挂钩", "部门挂钩")
    state = admin.get(f"/api/objects/{major}").headers["etag"]
    more = {"attributes": filled | {"grade": "major", "control_level": "city"}}
    assert admin.patch(f"/api/objects/{major}", json=more, headers={"If-Match": state}).status_code == 200
    body = ask(admin, "completeness", q="落实")
    assert figures(body)["complete"] == 2
    assert next(f for f in body["figures"] if f["name"] == "complete")["share"] == 100
    state = admin.get(f"/api/objects/{serious}").headers["etag"]
    less = {"attributes": {"measures": None}}
    assert admin.patch(f"/api/objects/{serious}", json=less, headers={"If-Match": state}).status_code == 200
    body = ask(admin, "completeness", q="落实", only="incomplete")
    assert [(row["id"], row["missing"]) for row in body["rows"]] == [(serious, "管控措施")]
    assert figures(body)["no-measures"] == 1


def test_farms_tanks_and_enterprises_are_counted_apart(admin: TestClient) -> None:
    firm = make(admin, "enterprise", "罐企甲")
    farm = make(admin, "tank-farm", "罐组甲", enterprise=firm, attributes={"assessed": True}, tags=["罐"])
    for i in range(14):
        volume = 1000 if i < 5 else 999.9
        make(admin, "tank", f"罐 {i}", enterprise=firm, parent=farm, attributes={"volume_m3": volume}, tags=["罐"])
    other = make(admin, "enterprise", "罐企乙")
    bare = make(admin, "tank-farm", "罐组乙", enterprise=other, tags=["罐"])
    make(admin, "tank", "罐乙", enterprise=other, parent=bare, attributes={"volume_m3": 5000}, tags=["罐"])
    for name in ("tank-farms", "tanks", "tank-enterprises"):
        found = {f["title"]: f["value"] for f in ask(admin, name, tag="罐")["figures"]}
        assert (found["罐区"], found["储罐"], found["企业"]) == (2, 15, 2), name
    large = ask(admin, "tank-enterprises", tag="罐", volume=1000)
    assert {row["enterprise"]["name"]: (row["tanks"]["n"], row["assessed"]) for row in large["rows"]} == {
        "罐企甲": (5, True),
        "罐企乙": (1, False),
    }
    assessed = next(f for f in large["figures"] if f["name"] == "assessed")
    assert (assessed["value"], assessed["share"]) == (1, 50)
    assert ask(admin, "tanks", tag="罐", volume=1000)["total"] == 6
    assert ask(admin, "tanks", tag="罐", volume=5000.1)["total"] == 0
    assert [row["tanks"]["n"] for row in ask(admin, "tank-farms", tag="罐", volume=1000, sort="-tanks")["rows"]] == [
        5,
        1,
    ]


def test_a_park_tells_from_which_class_it_came_and_what_is_open(admin: TestClient) -> None:
    def level(value: str) -> dict[str, str]:
        return {"scale": "park-class", "value": value, "basis": "评估"}

    park = make(
        admin, "chemical-park", "历程园区", geometry=square(116.05, 29.6, 0.02, 0.02), level=level("C级"),
        attributes={"target_class": "D级", "closed_management": True, "dual_power": False},
    )  # fmt: skip
    state = admin.get(f"/api/objects/{park}").headers["etag"]
    change = {"level": level("D级"), "valid_from": "2026-03-10"}
    assert admin.patch(f"/api/objects/{park}", json=change, headers={"If-Match": state}).status_code == 200
    row = ask(admin, "parks", q="历程")["rows"][0]
    assert row["history"] == [f"{SINCE} 起 C级", "2026-03-10 起 D级"]
    assert row["level"]["value"] == row["target"] == "D级"
    assert (row["done"], row["open"]) == (1, 4)
    assert row["open_items"] == "双电源、公共事故应急池、危险货物停车场、一园一策"
    before = ask(admin, "parks", q="历程", as_of="2026-03-09")
    assert before["rows"][0]["level"]["value"] == "C级"
    assert before["rows"][0]["history"] == [f"{SINCE} 起 C级"]
    assert figures(before)["short"] == 1
    assert ask(admin, "parks", q="历程", as_of="2026-01-04")["total"] == 0


def test_a_list_is_as_it_was_on_a_day(admin: TestClient) -> None:
    made = make(admin, "risk-point", "从前重大", grade={"value": "major", "basis": "会商"})
    state = admin.get(f"/api/objects/{made}").headers["etag"]
    change = {"grade": {"value": "low", "basis": "整改"}, "valid_from": "2026-04-01"}
    assert admin.patch(f"/api/objects/{made}", json=change, headers={"If-Match": state}).status_code == 200
    assert ask(admin, "major-risks", q="从前")["total"] == 0
    assert ask(admin, "major-risks", q="从前", as_of="2026-03-31")["total"] == 1
    first = int(state.strip('"'))
    assert ask(admin, "major-risks", q="从前", as_of=f"state:{first}")["total"] == 1
    assert ask(admin, "major-risks", q="从前", as_of=f"state:{first}")["state"] == first


def test_nothing_recorded_and_not_assessed_are_never_low(admin: TestClient) -> None:
    make(admin, "enterprise", "覆盖企业", division="360402102")
    only = {"class": ["risk-point", "mine"], "division": "360402"}

    def cells() -> dict[tuple[str, str], dict[str, Any]]:
        return {(r["division"]["code"], r["class"]): r for r in every_row(admin, "coverage", **only)}

    found = cells()
    assert set(found) == {(d, c) for d in ("360402101", "360402102") for c in ("risk-point", "mine")}
    assert found["360402102", "risk-point"]["status"] == "未评定（有企业，无记录）"
    assert found["360402102", "mine"]["status"] == "无记录"
    assert found["360402102", "risk-point"]["grade_low"]["n"] == 0
    mine = make(admin, "mine", "覆盖矿", division="360402102", valid_from=clock.today().isoformat())
    cell = cells()["360402102", "mine"]
    assert (cell["status"], cell["n"]["n"], cell["grade_none"]["n"], cell["grade_low"]["n"]) == ("未评定", 1, 1, 0)
    assert (cell["month_0"]["n"], cell["month_1"]["n"]) == (1, 0)  # it was not there at the end of the month before
    state = admin.get(f"/api/objects/{mine}").headers["etag"]
    change = {"grade": {"value": "low", "basis": "评估"}}
    assert admin.patch(f"/api/objects/{mine}", json=change, headers={"If-Match": state}).status_code == 200
    assert cells()["360402102", "mine"]["status"] == "已评定"
    assert admin.delete(f"/api/objects/{mine}?reason=错登").status_code == 200
    assert cells()["360402102", "mine"]["status"] == "无记录"


def test_lengths_and_areas_of_the_inventory_are_geodesic(admin: TestClient) -> None:
    line = [[116.01, 29.6], [116.15, 29.71], [116.19, 29.95]]
    make(admin, "pipeline", "底数管道", geometry={"type": "LineString", "coordinates": line}, tags=["底数"])
    make(admin, "pipeline", "底数管道待定位", tags=["底数"])
    make(admin, "forest-fire-zone", "底数林区", geometry=square(116.0, 29.6, 0.1, 0.1), tags=["底数"])
    body = ask(admin, "inventory", tag="底数")
    rows = {row["class"]: row for row in body["rows"]}
    geod = pyproj.Geod(ellps="GRS80")
    length = geod.line_length(*zip(*line, strict=True)) / 1000
    assert rows["pipeline"]["length_km"] == pytest.approx(length, rel=1e-5)
    assert (rows["pipeline"]["n"]["n"], rows["pipeline"]["unplaced"]) == (2, 1)
    area = abs(geod.polygon_area_perimeter([116.0, 116.1, 116.1, 116.0], [29.6, 29.6, 29.7, 29.7])[0]) / 1e6
    assert rows["forest-fire-zone"]["area_km2"] == pytest.approx(area, rel=1e-4)
    assert f"油气管道 2 条 {length:.1f} 公里" in body["sentence"]
    assert "森林火险区 1 处" in body["sentence"]


def test_paging_stays_in_the_picture_of_page_one(admin: TestClient) -> None:
    for i in range(5):
        make(admin, "risk-point", f"翻页 {i}", grade={"value": "serious", "basis": "会商"})
    first = ask(admin, "serious-risks", q="翻页", sort="name", limit=3)
    make(admin, "risk-point", "翻页 00", grade={"value": "serious", "basis": "会商"})
    second = ask(admin, "serious-risks", q="翻页", sort="name", limit=3, cursor=first["next"])
    assert second["state"] == first["state"]
    assert second["total"] == 5
    assert [r["name"]["name"] for r in first["rows"] + second["rows"]] == [f"翻页 {i}" for i in range(5)]
    assert ask(admin, "serious-risks", q="翻页")["total"] == 6


def test_a_question_over_more_than_ones_own_is_an_entry_of_the_audit(
    admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    town = make_account("reader", "department", areas=["360402"])
    auditor = make_account("auditor", "department")
    ask(town, "neighbours")
    listed = auditor.get("/api/audit", params={"actor": town.username}).json()["items"]  # type: ignore[attr-defined]
    entry = next(e for e in listed if e["action"] == "ask")
    assert entry["after"]["list"] == "neighbours"


def test_an_assessment_is_overdue_after_its_day(admin: TestClient) -> None:
    today = clock.today()
    for word, days in (("今天", 0), ("昨天", -1)):
        due = (today + timedelta(days=days)).isoformat()
        make(admin, "major-hazard", f"到期{word}", attributes={"assess_due": due}, tags=["到期"])
    body = ask(admin, "major-hazards", tag="到期", only="overdue")
    assert [row["name"]["name"] for row in body["rows"]] == ["到期昨天"]


def test_a_score_tells_every_item_and_changes_colour_at_the_boundary(admin: TestClient) -> None:
    """应急〔2018〕19号: yellow from 75."""

    def firm(name: str, points: float) -> None:
        entries = [{"title": "动火未审批", "points": points, "basis": "执法检查 3 号"}]
        make(admin, "enterprise", name, attributes={"score": 92, "score_entries": entries}, tags=["记分"])

    firm("记分甲", -17)
    firm("记分乙", -17.01)
    rows = {row["name"]["name"]: row for row in ask(admin, "enterprise-scores", tag="记分")["rows"]}
    assert [rows[n]["level"]["value"] for n in ("记分甲", "记分乙")] == ["黄色", "橙色"]
    assert [rows[n]["total"] for n in ("记分甲", "记分乙")] == [75, 74.99]
    ledger = rows["记分甲"]["ledger"]
    assert "动火未审批" in ledger[0]
    assert "17 分（执法检查 3 号）" in ledger[0]
    assert ledger[1].endswith("= 75")


# -- One day and another -------------------------------------------------------------------

THEN = "2026-02-01"


def regrade(admin: TestClient, object_id: int, value: str, day: str = "2026-03-01", **more: Any) -> None:
    state = admin.get(f"/api/objects/{object_id}").headers["etag"]
    change = {"grade": {"value": value, "basis": "会商"}, "valid_from": day, **more}
    answer = admin.patch(f"/api/objects/{object_id}", json=change, headers={"If-Match": state})
    assert answer.status_code == 200, answer.text


def red(admin: TestClient, name: str, value: str = "major", **more: Any) -> int:
    return make(admin, "risk-point", f"增减{name}", grade={"value": value, "basis": "会商"}, **more)


def test_a_list_tells_what_it_has_more_and_less_than_on_an_earlier_day(admin: TestClient) -> None:
    stays = red(admin, "仍在")
    lowered, ended, closed = red(admin, "降级"), red(admin, "注销"), red(admin, "关闭")
    left, unassessed = red(admin, "移走"), red(admin, "改未评定")
    raised, assessed = red(admin, "升级", "general"), red(admin, "评入", "none")
    between = red(admin, "互变", "serious")
    red(admin, "一直低", "low")
    regrade(admin, lowered, "low")
    assert admin.delete(f"/api/objects/{ended}?reason=销号").status_code == 200
    regrade(admin, closed, "major", stage="closed")
    regrade(admin, left, "major", division="360429")
    regrade(admin, unassessed, "none")
    regrade(admin, raised, "major")
    regrade(admin, assessed, "major")
    regrade(admin, between, "major")
    added = red(admin, "新增", valid_from="2026-03-05")
    asked = {"q": "增减", "division": "360402", "stage": "in_use,suspended", "since": THEN}

    def opened(name: str, only: str) -> set[int]:
        return {row["id"] for row in every_row(admin, f"{name}-changes", only=only, **asked)}

    body = ask(admin, "major-risks", **asked)
    found = figures(body)
    assert (found["then"], found["all"]) == (6, 5)
    expected = {"added": {added}, "raised": {raised, between}, "lowered": {lowered}, "ended": {ended, closed}}
    assert {kind: opened("major-risks", kind) for kind in expected} == expected
    assert {kind: found[kind] for kind in expected} == {kind: len(ids) for kind, ids in expected.items()}
    assert opened("major-risks", "other") == {left, unassessed, assessed}
    assert found["other"] == 3
    assert opened("major-risks", "left") == {left}
    assert opened("major-risks", "unassessed") == {unassessed}  # not assessed is no lower grade
    assert opened("major-risks", "assessed") == {assessed}
    # What came and went makes one total of the other.
    whole = figures(ask(admin, "major-risks-changes", **asked))
    come = whole["added"] + whole["raised"] + whole["assessed"] + whole["entered"]
    gone = whole["lowered"] + whole["ended"] + whole["unassessed"] + whole["left"]
    assert found["then"] + come - gone == found["all"]
    rows = {row["id"]: row for row in every_row(admin, "major-risks-changes", **asked)}
    assert stays not in rows
    assert (rows[lowered]["was_grade"], rows[lowered]["now_grade"]) == ("major", "low")
    assert (rows[ended]["was_grade"], rows[ended]["now_grade"], rows[ended]["change"]) == ("major", None, "销号")

    # Of red and orange one that went from the one to the other came from nowhere.
    assert opened("serious-risks", "moved") == {between}
    assert between not in opened("serious-risks", "raised")
    # The same question of a day between: nothing of March has happened.
    early = ask(admin, "major-risks", **asked | {"since": "2026-01-10", "as_of": THEN})
    assert {k: v for k, v in figures(early).items() if k not in {"all", "then"}} == dict.fromkeys(
        ("added", "raised", "lowered", "ended", "other"), 0
    )
    assert "then" not in figures(ask(admin, "major-risks", q="增减"))  # no day: nothing is told of one


def test_major_hazards_are_fewer_or_lower_by_so_many(admin: TestClient) -> None:
    def hazard(name: str, tonnes: str, **more: Any) -> int:
        held = {"substances": [{"table": 1, "no": 1, "quantity_t": tonnes}], "exposed_persons": 120}
        return make(admin, "major-hazard", f"压减{name}", attributes=held, **more)

    lower, gone, same = hazard("降", "400"), hazard("销", "40"), hazard("同", "40")
    state = admin.get(f"/api/objects/{lower}").headers["etag"]
    less = {"substances": [{"table": 1, "no": 1, "quantity_t": "40"}]}
    change = {"attributes": less, "valid_from": "2026-03-01"}
    assert admin.patch(f"/api/objects/{lower}", json=change, headers={"If-Match": state}).status_code == 200
    assert admin.delete(f"/api/objects/{gone}?reason=停产").status_code == 200
    new = hazard("新", "40", valid_from="2026-03-05")
    body = ask(admin, "major-hazards", q="压减", since=THEN)
    found = figures(body)
    told = {name: found[name] for name in ("then", "all", "added", "raised", "lowered", "ended", "other")}
    assert told == {"then": 3, "all": 3, "added": 1, "raised": 0, "lowered": 1, "ended": 1, "other": 0}
    rows = {row["id"]: row for row in every_row(admin, "major-hazards-changes", q="压减", since=THEN)}
    assert set(rows) == {lower, gone, new}
    assert same not in rows
    assert (rows[lower]["was_level"], rows[lower]["now_level"]) == ("一级", "三级")
    # Of one level: fewer by one, and by which.
    first = {"q": "压减", "level": "major-hazard-level:一级", "since": THEN}
    found = figures(ask(admin, "major-hazards", **first))
    assert (found["then"], found["all"], found["lowered"]) == (1, 0, 1)
    assert [r["id"] for r in every_row(admin, "major-hazards-changes", **first, only="lowered")] == [lower]


def test_a_comparison_tells_nobody_more_than_the_list(
    admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    mine, theirs = red(admin, "权内", tags=["权"]), red(admin, "权外", division="360429", tags=["权"])
    for one in (mine, theirs):
        regrade(admin, one, "low")
    town = make_account("reader", "department", areas=["360402"])
    found = figures(ask(town, "major-risks", tag="权", since=THEN))
    assert (found["then"], found["lowered"]) == (1, 1)
    assert [row["id"] for row in every_row(town, "major-risks-changes", tag="权", since=THEN)] == [mine]


def test_the_r_of_a_major_hazard_is_the_computed_one_and_the_filed_stands_beside_it(
    admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    def hazard(name: str, tonnes: str, filed: float | None, persons: int | None = 120) -> int:
        held: dict[str, Any] = {"substances": [{"table": 1, "no": 1, "quantity_t": tonnes}]}
        held |= {} if filed is None else {"r_value": filed}
        held |= {} if persons is None else {"exposed_persons": persons}
        return make(admin, "major-hazard", f"R列{name}", attributes=held, visibility="public")

    agrees, differs, small = hazard("合", "40", 16.0), hazard("异", "40.5", 12.5), hazard("小", "9", 3)
    unknown = hazard("缺", "400", 90, persons=None)
    rows = {row["id"]: row for row in every_row(admin, "major-hazards", q="R列")}
    told = {i: (row["r"], row["exposed"], row["r_filed"], row["r_differs"]) for i, row in rows.items()}
    assert told == {
        agrees: (16, 120, 16, None),
        differs: (16.2, 120, 12.5, "与算得的不同"),
        small: (None, None, 3, None),  # no major hazard: it has no R
        unknown: (None, None, 90, None),
    }
    for sort, first in (("-r", differs), ("r", agrees), ("-r_filed", unknown)):
        assert every_row(admin, "major-hazards", q="R列", sort=sort)[0]["id"] == first
    titles = {c["name"]: c["title"] for c in ask(admin, "major-hazards", q="R列")["columns"]}
    assert (titles["r"], titles["r_filed"]) == ("R 值", "备案 R 值")
    limited = make_account("reader", "department", areas=["360429"])  # gets the public form of these
    assert {(r["r"], r["exposed"]) for r in every_row(limited, "major-hazards", q="R列")} == {(None, None)}
