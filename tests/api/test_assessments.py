"""What a standard says of an object beside its grade: worked out when read, over all objects, told within rights."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import shapely
from starlette.testclient import TestClient
from tests.api.test_grading import box, change, put

from riskmap.base.throttle import MINUTE, Throttle
from riskmap.grading import assessments
from riskmap.grading.assessments import Asked
from riskmap.grading.contours import Drawn, Nest
from riskmap.grading.rulebook import rulebook_of
from riskmap.register import throttle
from riskmap.standards.gb36894 import Target

MakeAccount = Callable[..., TestClient]
CHLORINE, LPG = 12, 52


def told(client: TestClient, object_id: int, **params: Any) -> list[dict[str, Any]]:
    answer = client.get(f"/api/objects/{object_id}/grade", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()["assessments"]


def trace(record: dict[str, Any]) -> dict[str, str]:
    return {step["title"]: step.get("value", "") for step in record["trace"]}


@pytest.fixture(scope="module")
def water(make_account: MakeAccount) -> TestClient:
    """A reader of another department: of these objects he sees what is public."""
    return make_account("reader", departments=["水利局"])


# -- 尾矿库监测报警 -----------------------------------------------------------------


def point(item: str, name: str, level: str, on: str | None = "2026-11-01") -> dict[str, str]:
    return {"item": item, "point": name, "level": level, **({"on": on} if on else {})}


def test_alarms_roll_up_by_item_and_for_the_pond(admin: TestClient) -> None:
    rows = [point("displacement", f"WY{n}", "蓝") for n in range(4)] + [point("phreatic", "JR1", "正常")]
    made = put(admin, "tailings-pond", "例报警库", attributes={"alarms": rows})
    [record] = told(admin, made["id"])
    assert (record["assessment"], record["title"]) == ("gb39496-alarm", "监测报警汇总")
    assert (record["value"], record["verdict"], record["confidence"]) == ("黄", "黄色报警", "judgement")
    assert trace(record)["坝体位移"] == "黄色报警"
    assert trace(record)["浸润线"] == "无报警"
    assert record["inputs"]["alarms.0"]["value"] == "4 个测点：蓝 4"
    assert any("没有填写的项目：干滩长度及坡度" in note for note in record["notes"])
    assert told(admin, made["id"], as_of=f"state:{made['state']}")[0]["verdict"] == "黄色报警"


def test_the_last_day_of_a_point_counts_and_one_red_point_is_not_lost(admin: TestClient) -> None:
    rows = [
        point("rain", "YL1", "红", "2026-10-01"),
        point("rain", "YL1", "正常", "2026-11-01"),
        point("level", "SW1", "红", None),
        point("level", "SW2", "蓝", "2026-11-02"),
        point("rain", "YL2", "红", "2099-01-01"),  # not yet
    ]
    made = put(admin, "tailings-pond", "例末日库", attributes={"alarms": rows})
    [record] = told(admin, made["id"])
    assert (trace(record)["降水量"], trace(record)["库水位"], record["verdict"]) == ("无报警", "红色报警", "红色报警")
    assert "其中 1 个测点没有写日期" in record["notes"]


def test_no_alarms_filled_in_is_not_no_alarm(admin: TestClient) -> None:
    made = put(admin, "tailings-pond", "例空报警库", attributes={})
    [record] = told(admin, made["id"])
    assert (record["value"], record["standing"]) == (None, "unknown")
    assert record["notes"] == ["没有填写不等于没有报警"]
    bad = {"class": "tailings-pond", "name": "例", "attributes": {"alarms": [point("rain", "1", "紫")]}}
    assert admin.post("/api/objects", json=bad).status_code == 422


# -- 外部安全防护距离的确定方法 ------------------------------------------------------


def row(no: int, tonnes: str, **more: str) -> dict[str, Any]:
    return {"table": 1, "no": no, "quantity_t": tonnes, **more}


def works(client: TestClient, name: str, *units: list[dict[str, Any]], **attributes: str) -> tuple[int, list[int]]:
    firm = put(client, "enterprise", name, attributes=attributes)["id"]
    made = [
        put(
            client, "major-hazard", f"{name}{n}", enterprise=firm, attributes={"substances": rows, "exposed_persons": 1}
        )
        for n, rows in enumerate(units, 1)
    ]
    return firm, [m["id"] for m in made]


def test_gases_of_all_units_of_an_enterprise_are_summed(admin: TestClient) -> None:
    firm, units = works(
        admin, "例气", [row(LPG, "30", beta_symbol="W2")], [row(CHLORINE, "2.5"), row(66, "900", beta_symbol="W5.3")]
    )
    [record] = told(admin, firm)
    assert (record["verdict"], record["confidence"]) == ("定量风险评价法", "judgement")
    s = next(step for step in record["trace"] if step["symbol"] == "S")
    assert (s["expression"], s["value"]) == ("30/50 + 2.5/5", "1.1")
    assert trace(record)["氯（例气2）"] == "毒性气体"
    assert "2 个单元共 3 种，其中爆炸物 0 种、气体 2 种" in record["notes"]
    assert [o["object"]["id"] for o in record["objects"]] == units
    assert told(admin, units[0])[0]["verdict"] == record["verdict"]  # a unit is read with its enterprise
    change(admin, units[1], stage="closed")
    assert told(admin, firm)[0]["verdict"] == "执行相关标准规范的距离要求"  # of the living alone


def test_explosives_come_before_gases(admin: TestClient) -> None:
    explosive = {"table": 2, "symbol": "W1.1", "quantity_t": "0.1"}
    firm, _ = works(admin, "例爆", [explosive, row(CHLORINE, "8")])
    assert told(admin, firm)[0]["verdict"] == "事故后果法"


def test_sites_that_the_standard_is_not_for(admin: TestClient) -> None:
    firm, _ = works(admin, "例油站", [row(LPG, "60", beta_symbol="W2")], industry_code="5265")
    [record] = told(admin, firm)
    assert (record["standing"], record["verdict"]) == ("outside", "本标准不适用（加油加气站）")
    firm, units = works(admin, "例燃气", [row(LPG, "60", beta_symbol="W2")], [row(CHLORINE, "1")])
    change(admin, units[0], attributes={"regulator": "housing"})
    [record] = told(admin, firm)
    assert record["verdict"] == "执行相关标准规范的距离要求"
    assert "例燃气1属城镇燃气，本标准不适用，未计入" in record["notes"]
    change(admin, units[1], attributes={"regulator": "housing"})
    assert told(admin, firm)[0]["verdict"] == "本标准不适用（城镇燃气）"


def test_an_enterprise_without_units_is_not_judged(admin: TestClient) -> None:
    firm, _ = works(admin, "例空企业")
    [record] = told(admin, firm)
    assert (record["standing"], record["verdict"]) == ("unknown", "未判定，名下没有登记危险化学品的单元")


def test_units_that_the_asker_may_not_see_count_and_are_not_told(admin: TestClient, make_account: MakeAccount) -> None:
    firm, units = works(admin, "例密气", [row(CHLORINE, "8.642")])
    change(admin, units[0], visibility="command")
    clerk = make_account("reader")
    [record] = told(clerk, firm)
    assert record["verdict"] == "定量风险评价法"
    assert record["objects"] == [{"object": None, "masked": "对象无权查看（主管部门：应急管理局）"}]
    text = json.dumps(record, ensure_ascii=False)
    assert not any(secret in text for secret in ("8.642", "1.7284", "氯", "例密气1"))
    assert "8.642/5" in json.dumps(told(admin, firm))


# -- 个人风险基准 -------------------------------------------------------------------


def ring(n: int, by: float) -> dict[str, Any]:
    """A square round the middle of the n-th works, far from the others."""
    lon, lat = 115.0 + 0.2 * n, 28.9
    return box(lon - by, lat - by, lon + by, lat + by)


def at(n: int, east: float) -> dict[str, Any]:
    return {"type": "Point", "coordinates": [115.0 + 0.2 * n + east, 28.9]}


def contour(client: TestClient, n: int, level: str, by: float, status: str | None = "existing", **more: Any) -> int:
    given = {"level": level, "source": f"例报告{n}", **({"plant_status": status} if status else {})}
    made = put(client, "risk-contour", f"例线{n} {level}", geometry=ring(n, by), attributes=given, **more)
    return int(made["id"])


def target(client: TestClient, class_: str, n: int, east: float, **attributes: Any) -> int:
    return int(put(client, class_, f"例目标{n}", geometry=at(n, east), attributes=attributes)["id"])


@pytest.mark.parametrize(
    ("n", "status", "levels", "verdict"),
    [
        (0, "new", ["3e-7"], "不满足个人风险基准"),
        (1, "existing", ["3e-7"], "现场核查（缺该等值线）"),
        (2, "existing", ["3e-7", "3e-6"], "满足个人风险基准"),
        (3, None, ["3e-7"], "未判定，等值线没有写明装置是新建还是在役"),
    ],
)
def test_a_kindergarten_within_the_lowest_contour(
    admin: TestClient, n: int, status: str | None, levels: list[str], verdict: str
) -> None:
    made = target(admin, "kindergarten", n, 0.02)
    for k, level in enumerate(levels):
        contour(admin, n, level, 0.03 - 0.02 * k, status)  # the school is within the first and outside the second
    [record] = told(admin, made)
    assert record["verdict"] == verdict
    assert record["confidence"] in {"recall", "judgement"}
    assert len(record["objects"]) == len(levels)
    assert record["subject"].startswith(f"例报告{n}")


def test_the_size_of_a_place_decides_and_what_is_missing_is_said(admin: TestClient) -> None:
    contour(admin, 4, "3e-7", 0.03, "new")
    hamlet = target(admin, "village", 4, 0.02, households=20)
    [record] = told(admin, hamlet)
    assert trace(record)["防护目标类别"] == "一般防护目标二类"
    assert record["verdict"] == "现场核查（缺该等值线）"  # 3e-6 is not stored
    unknown = target(admin, "village", 4, 0.021)
    assert told(admin, unknown)[0]["verdict"] == "未判定，缺户数和人数"
    contour(admin, 4, "3e-6", 0.01, "new")
    assert told(admin, hamlet)[0]["verdict"] == "满足个人风险基准"


def test_what_one_plant_has_stored_says_nothing_of_another(admin: TestClient) -> None:
    """Of one report: the first plant has both contours, the second the lower one alone, overlapping the first's."""
    contour(admin, 5, "3e-7", 0.03)
    contour(admin, 5, "3e-6", 0.01)
    given = {"level": "3e-7", "source": "例报告5", "plant_status": "existing"}
    lon, lat = 116.0 + 0.05, 28.9
    put(
        admin, "risk-contour", "例线5乙", geometry=box(lon - 0.03, lat - 0.03, lon + 0.03, lat + 0.03), attributes=given
    )
    made = target(admin, "school", 5, 0.025)
    assert sorted(r["verdict"] for r in told(admin, made)) == ["满足个人风险基准", "现场核查（缺该等值线）"]


def test_no_contour_near_is_not_no_risk(admin: TestClient) -> None:
    contour(admin, 6, "3e-7", 0.03)
    made = target(admin, "hospital", 6, 0.045)  # some 1.5 km from the contour
    [record] = told(admin, made)
    assert (record["standing"], record["verdict"]) == ("unknown", "周边没有存风险等值线，不作判断")
    assert "没有存等值线不等于没有风险" in record["notes"]
    near = target(admin, "hospital", 6, 0.035)  # some 490 m
    assert told(admin, near)[0]["verdict"] == "满足个人风险基准"
    nowhere = put(admin, "school", "例无位置学校")["id"]
    assert told(admin, nowhere)[0]["verdict"] == "未判定，缺位置"


def test_contours_that_the_asker_may_not_see_decide_and_are_masked(
    admin: TestClient, make_account: MakeAccount
) -> None:
    contour(admin, 7, "3e-6", 0.03, "new", visibility="command")
    made = target(admin, "school", 7, 0.02)
    clerk = make_account("reader")
    [record] = told(clerk, made)
    assert record["verdict"] == "不满足个人风险基准"  # as decided for everybody
    assert record["objects"] == [{"object": None, "masked": "对象无权查看（主管部门：应急管理局）"}]
    assert "例报告7" not in json.dumps(record, ensure_ascii=False)
    assert told(admin, made)[0]["verdict"] == record["verdict"]


def test_the_public_form_has_no_assessments_and_the_past_only_its_own(
    admin: TestClient, client: TestClient, water: TestClient
) -> None:
    made = put(admin, "school", "例公开学校", geometry=at(8, 0), visibility="public")
    assert told(admin, made["id"])
    assert told(client, made["id"]) == told(water, made["id"]) == []
    assert told(admin, made["id"], as_of="2026-02-01") == []  # contours are known as they are today


def test_a_criterion_that_was_checked_is_no_longer_from_memory() -> None:
    book = rulebook_of()
    checked = {name: replace(row, cells={**row.cells, "tag": "verified"}) for name, row in book.criteria.items()}
    nest = Nest("new", "例评估报告", None, (Drawn(1, Decimal("3e-7"), False, True, shapely.Point(116, 29.7)),))
    for criteria, from_memory in ((book.criteria, True), (checked, False)):
        asked = Asked(None, None, replace(book, criteria=criteria), {}, date(2026, 11, 1))  # type: ignore[arg-type]
        result = assessments._against(nest, Target("高敏感防护目标", ()), asked).result
        assert result.verdict == "满足个人风险基准"
        assert any("凭记忆" in note for note in result.notes) is from_memory


# -- How often ----------------------------------------------------------------------


def test_what_is_decided_over_all_objects_is_asked_so_often_a_minute(
    admin: TestClient,
    client: TestClient,
    make_account: Callable[..., TestClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asker, other = make_account("reader"), make_account("reader")  # from the command tier something is hidden from them
    assert (throttle.ACCOUNT_A_MINUTE, throttle.ADDRESS_A_MINUTE) == (240, 60)
    firm, [unit] = works(admin, "例频", [row(LPG, "60", beta_symbol="W2")])
    pond = put(admin, "tailings-pond", "例频库")["id"]
    monkeypatch.setattr(throttle, "_accounts", Throttle(3, MINUTE, "查看判定一分钟最多 3 次"))
    monkeypatch.setattr(throttle, "_addresses", Throttle(1, MINUTE, "查看判定一分钟最多 1 次"))
    told(asker, firm)
    told(asker, unit)
    assert asker.get(f"/api/objects/{pond}/headwater").status_code == 200
    for path in (f"{firm}/grade", f"{pond}/headwater"):
        refused = asker.get(f"/api/objects/{path}")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
        assert "一分钟最多 3 次" in refused.json()["detail"]
    told(asker, pond)  # rests on nothing but itself
    told(
        asker, firm, as_of=f"state:{admin.get('/healthz').json()['state'] - 1}"
    )  # of the past nobody else is asked for
    assert other.get(f"/api/objects/{pond}/headwater").status_code == 200  # another account has its own count
    for _ in range(5):
        told(admin, firm)  # nothing is hidden from him
    # The public, by address.
    assert [client.get(f"/api/objects/{pond}/headwater").status_code for _ in range(2)] == [404, 429]
