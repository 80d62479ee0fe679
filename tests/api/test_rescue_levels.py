"""水位: readings in by hand, table and machine; what is not believed, what is not new; works as they stand then."""

import io
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import docx
import openpyxl
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from riskmap.access.reader import SYSTEM
from riskmap.base import clock, database
from riskmap.rescue import levels as levels_of
from riskmap.rescue.demo import load_readings
from riskmap.selection.model import Selection

DEMO = True
TOWN = "360429101"  # of the first polder; its gauge stands in 360402102
POLDER, GAUGE = "WQ-0001", "SWZ-0011"  # 警戒 18.63 here, 18.73 there
MADE = 0


def ago(minutes: float) -> str:
    return (clock.now() - timedelta(minutes=minutes)).isoformat()


def by_code(client: TestClient, code: str) -> dict[str, Any]:
    found = client.get("/api/objects", params={"q": code, "limit": 5}).json()["items"]
    return next(dict(o) for o in found if o["code"] == code)


def if_match(client: TestClient, object_id: int) -> dict[str, str]:
    return {"If-Match": f'"{client.get(f"/api/objects/{object_id}").json()["object_state"]}"'}


@pytest.fixture
def gauge(admin: TestClient) -> Callable[..., int]:
    """Makes a gauge of its own for a test."""

    def make(class_: str = "gauge-station", **attributes: Any) -> int:
        global MADE
        MADE += 1
        if not attributes and class_ == "gauge-station":
            attributes = {"guard_m": 12, "guarantee_m": 13.5, "height_system": "吴淞高程"}
        answer = admin.post(
            "/api/objects",
            json={
                "class": class_, "code": f"CS-{MADE:03d}", "name": f"例测试{MADE}号站", "source": "部门排查",
                "geometry": {"type": "Point", "coordinates": [116.0 + MADE / 1000, 29.7]}, "attributes": attributes,
            },
        )  # fmt: skip
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    return make


def post(client: TestClient, *readings: dict[str, Any], exercise: bool = False, status: int = 201) -> dict[str, Any]:
    answer = client.post("/api/rescue/readings", json={"readings": list(readings), "exercise": exercise})
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def levels(client: TestClient, **params: Any) -> dict[str, Any]:
    answer = client.get("/api/rescue/levels", params={"limit": 5000, **params})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def of(client: TestClient, object_id: int, **params: Any) -> dict[str, Any]:
    return next(item for item in levels(client, **params)["items"] if item["id"] == object_id)


def log_of(client: TestClient, **params: Any) -> list[str]:
    return [entry["what"] for entry in client.get("/api/rescue/log", params=params).json()["items"]]


def test_a_reading_by_hand_turns_the_gauge_with_the_numbers(admin: TestClient, gauge: Any) -> None:
    g = gauge()
    assert of(admin, g)["status"] == "no_reading"
    post(admin, {"object": g, "at": ago(70), "level_m": 11.64}, {"object": g, "at": ago(10), "level_m": 12.84})
    item = of(admin, g)
    assert (item["status"], item["words"]) == ("over_guard", "警戒水位 12.00，读数 12.84，超警戒 0.84 m")
    assert item["trend"]["words"] == "每小时涨 1.20 m"
    assert (item["next"]["title"], float(item["next"]["below_m"])) == ("保证水位", 0.66)
    assert item["age_min"] == 10
    assert "例测试" in log_of(admin)[0]
    assert "由“无读数”转为“超警戒”：警戒水位 12.00，读数 12.84，超警戒 0.84 m" in log_of(admin)[0]
    post(admin, {"object": g, "at": ago(1), "level_m": 11.2})
    assert of(admin, g)["status"] == "normal"
    assert "由“超警戒”转为“正常”" in log_of(admin)[0]


def test_exactly_at_the_mark_counts_and_at_the_limit_does_not(admin: TestClient, gauge: Any) -> None:
    river, lake = gauge(), gauge("reservoir", flood_limit_m=45, height_system="1985国家高程基准")
    post(admin, {"object": river, "at": ago(2), "level_m": "12.00"}, {"object": lake, "at": ago(2), "level_m": "45.00"})
    assert (of(admin, river)["status"], of(admin, lake)["status"]) == ("over_guard", "normal")
    post(admin, {"object": river, "at": ago(1), "level_m": 11.9999}, {"object": lake, "at": ago(1), "level_m": 45.0001})
    assert (of(admin, river)["status"], of(admin, lake)["status"]) == ("normal", "over_limit")


def test_a_silent_gauge_is_silent_and_not_normal(admin: TestClient, gauge: Any) -> None:
    g, daily = gauge(), gauge(guard_m=12, silent_after_min=1500)
    post(admin, {"object": g, "at": ago(61), "level_m": 13}, {"object": daily, "at": ago(61), "level_m": 11})
    item = of(admin, g)
    assert (item["status"], item["last_status"], item["silent_after_min"]) == ("silent", "over_guard", 60)
    assert of(admin, daily)["status"] == "normal"
    assert g in {i["id"] for i in levels(admin, status="silent")["items"]}


def test_a_reading_that_is_to_come_is_refused_with_a_sentence(admin: TestClient, gauge: Any) -> None:
    g = gauge()
    body = post(admin, {"object": g, "at": ago(-3), "level_m": 11}, status=422)
    assert body["errors"][0]["field"] == "readings.0.at"
    assert "还没有到" in body["errors"][0]["message"]
    assert post(admin, {"object": g, "at": ago(-1), "level_m": 11})["added"] == 1  # clocks differ
    assert of(admin, g)["status"] == "normal"


def test_a_clock_that_is_fast_does_not_outrank_what_was_read_after_it(admin: TestClient, gauge: Any) -> None:
    g = gauge()
    post(admin, {"object": g, "at": ago(-1.5), "level_m": 11})
    post(admin, {"object": g, "at": ago(0), "level_m": 12.4})
    assert (of(admin, g)["status"], float(of(admin, g)["level_m"])) == ("over_guard", 12.4)


def test_a_jump_waits_till_it_is_confirmed(admin: TestClient, gauge: Any) -> None:
    g, narrow = gauge(), gauge(guard_m=12, step_max_m=0.5)
    assert post(admin, {"object": g, "at": ago(30), "level_m": 11})["doubtful"] == 0
    assert post(admin, {"object": g, "at": ago(20), "level_m": 16})["doubtful"] == 0  # 5 m is not more than 5 m
    answer = post(admin, {"object": g, "at": ago(10), "level_m": 36})
    assert answer["doubtful"] == 1
    item = of(admin, g)
    assert float(item["level_m"]) == 16
    assert [float(w["jump_m"]) for w in item["waiting"]] == [20]
    reading = answer["items"][0]["id"]
    confirmed = admin.post(f"/api/rescue/readings/{reading}/confirm", json={"note": "已电话核实"})
    assert confirmed.status_code == 200, confirmed.text
    assert float(of(admin, g)["level_m"]) == 36
    assert of(admin, g)["waiting"] == []
    assert any(what.startswith("确认例测试") and "高 20.00 m（已电话核实）" in what for what in log_of(admin)[:2])
    again = admin.post(f"/api/rescue/readings/{reading}/confirm", json={})
    assert again.status_code == 409
    post(admin, {"object": narrow, "at": ago(20), "level_m": 11})
    wrong = post(admin, {"object": narrow, "at": ago(10), "level_m": 12.51})
    assert wrong["doubtful"] == 1
    path = f"/api/rescue/readings/{wrong['items'][0]['id']}/discard"
    assert admin.post(path, json={"note": ""}).status_code == 422
    assert admin.post(path, json={"note": "水尺读错"}).json()["reading"]["standing"] == "discarded"
    assert of(admin, narrow)["waiting"] == []
    assert float(of(admin, narrow)["level_m"]) == 11


def test_after_a_day_no_step_is_too_large(admin: TestClient, gauge: Any) -> None:
    g = gauge()
    post(admin, {"object": g, "at": ago(24 * 60 + 31), "level_m": 3})
    assert post(admin, {"object": g, "at": ago(30), "level_m": 11})["doubtful"] == 0


def test_sending_again_adds_nothing(admin: TestClient, gauge: Any) -> None:
    g = gauge()
    first, second = ago(30), ago(20)
    batch = [
        {"object": g, "at": first, "level_m": 11.1, "key": "a"},
        {"object": g, "at": second, "level_m": 11.2},
    ]
    assert post(admin, *batch)["added"] == 2
    again = post(admin, *batch)
    assert (again["added"], again["same"], again["refused"]) == (0, 2, 0)
    twice = post(admin, {"object": g, "at": ago(5), "level_m": 11.3, "key": "b"}, *batch, *batch)
    assert (twice["added"], twice["same"]) == (1, 4)
    other = post(admin, {"object": g, "at": second, "level_m": 11.9}, status=422)
    assert "已有读数 11.20 m" in other["errors"][0]["message"]
    taken = post(admin, {"object": g, "at": ago(3), "level_m": 11.1, "key": "a"}, status=422)
    assert taken["errors"][0]["code"] == "key_taken"


def test_a_machine_with_a_token_sends_many_at_once(admin: TestClient, app: Any, gauge: Any) -> None:
    g = gauge()
    token = admin.post("/api/tokens", json={"name": "遥测", "days": 30}).json()["token"]
    machine = TestClient(app, headers={"Authorization": f"Bearer {token}"})
    many = [{"object": g, "at": ago(500 - i), "level_m": 11 + i / 1000, "key": f"k{i}"} for i in range(400)]
    many.insert(100, {"code": "没有这个站", "at": ago(1), "level_m": 1})
    answer = post(machine, *many)
    assert (answer["added"], answer["refused"], answer["faults"][0]["place"]) == (400, 1, 100)
    readings = admin.get("/api/rescue/readings", params={"object": g, "limit": 1000}).json()["items"]
    assert len(readings) == 400
    assert {r["source"] for r in readings} == {"api"}
    assert float(readings[0]["level_m"]) == 11.399


def test_the_tail_of_a_binary_fraction_is_no_water(admin: TestClient, gauge: Any) -> None:
    g = gauge()
    post(admin, {"object": g, "at": ago(2), "level_m": 11.999999999999998})  # 12 of a machine that adds floats
    assert (of(admin, g)["status"], of(admin, g)["words"][-5:]) == ("over_guard", "到警戒水位")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"level_m": 9000.1}, "out_of_range"),
        ({"level_m": -501}, "out_of_range"),
        ({"at": "9999-12-31T23:59:59-12:00"}, "in_future"),
        ({"at": "1899-01-01T00:00:00+08:00"}, "too_old"),
        ({"shift_m": 51}, "out_of_range"),
        ({"object": 987654321}, "unknown_object"),
        ({"object": None}, "required"),
        ({"object": None, "code": "WKK-0001"}, "unknown_object"),
    ],
)
def test_what_cannot_be_is_refused_by_itself(admin: TestClient, gauge: Any, change: dict[str, Any], code: str) -> None:
    g = gauge()
    answer = post(admin, {"object": g, "at": ago(3), "level_m": 11}, {"object": g, "at": ago(2), "level_m": 1} | change)
    assert (answer["added"], answer["refused"]) == (1, 1)
    assert answer["faults"][0]["code"] == code
    assert any("一" <= c <= "鿿" for c in answer["faults"][0]["message"])


def test_a_correction_names_what_it_replaces(admin: TestClient, gauge: Any) -> None:
    g = gauge()
    wrong = post(admin, {"object": g, "at": (when := ago(30)), "level_m": 12.5})["items"][0]["id"]
    then = clock.now()
    right = post(admin, {"object": g, "at": when, "level_m": 11.5, "replaces": wrong, "note": "水尺看错"})
    assert float(of(admin, g)["level_m"]) == 11.5
    assert of(admin, g, at=then.isoformat())["status"] == "over_guard"  # as it was believed then
    standing = {r["id"]: r["standing"] for r in admin.get("/api/rescue/readings", params={"object": g}).json()["items"]}
    assert standing == {wrong: "replaced", right["items"][0]["id"]: "used"}
    again = {"object": g, "at": when, "level_m": 11.5, "replaces": wrong}
    assert post(admin, again, again)["same"] == 2
    body = post(admin, again | {"level_m": 12.5}, status=422)  # as the wrong one was
    assert body["errors"][0]["code"] == "replaced"
    body = post(admin, {"object": g, "at": when, "level_m": 11, "replaces": wrong}, status=422)
    assert body["errors"][0]["code"] == "replaced"
    body = post(admin, {"object": gauge(), "at": when, "level_m": 11, "replaces": wrong}, status=422)
    assert body["errors"][0]["code"] == "unknown_reading"


def test_another_height_system_needs_a_shift(admin: TestClient, gauge: Any) -> None:
    g = gauge()
    sent = {"object": g, "at": ago(10), "level_m": 10.14, "height_system": "85高程"}
    body = post(admin, sent, status=422)
    assert body["errors"][0]["code"] == "other_system"
    assert "读数为1985国家高程基准，该站为吴淞高程" in body["errors"][0]["message"]
    post(admin, {**sent, "shift_m": 1.86})
    assert (of(admin, g)["status"], float(of(admin, g)["level_m"])) == ("over_guard", 12.0)
    body = post(admin, {**sent, "at": ago(5), "height_system": "吴淞", "shift_m": 1.86}, status=422)
    assert body["errors"][0]["code"] == "same_system"
    body = post(admin, {**sent, "height_system": "海拔"}, status=422)
    assert body["errors"][0]["code"] == "unknown_value"


def test_a_polder_is_turned_by_its_gauge_with_the_persons_in_it(admin: TestClient) -> None:
    polder, gauge_ = by_code(admin, POLDER), by_code(admin, GAUGE)
    post(admin, {"code": GAUGE, "at": ago(20), "level_m": 18.69})  # between the marks of the two
    item = of(admin, polder["id"])
    assert (item["status"], item["words"]) == ("over_guard", "警戒水位 18.63，读数 18.69，超警戒 0.06 m")
    assert (item["persons"], item["gauge"]["id"]) == (8452, gauge_["id"])
    assert of(admin, gauge_["id"])["status"] == "normal"
    assert {p["role"] for p in item["responsible"]} >= {"主要负责人", "技术负责人"}
    assert any(polder["name"] in what for what in log_of(admin)[:6])
    body = post(admin, {"object": polder["id"], "at": ago(1), "level_m": 18}, status=422)
    assert body["errors"][0]["code"] == "read_by_gauge"
    assert levels(admin)["items"][0]["status"].startswith("over_")
    series = admin.get("/api/rescue/readings", params={"object": polder["id"]}).json()
    assert (series["gauge"]["code"], float(series["items"][0]["work_m"])) == (GAUGE, 18.69)
    assert admin.get("/api/rescue/readings", params={"object": 987654321}).status_code == 404


def test_a_work_in_another_height_system_is_read_with_its_shift_or_not_at_all(admin: TestClient) -> None:
    polder = by_code(admin, "WQ-0007")  # 警戒 16.29 in 1985, gauge in 吴淞, shift −1.86
    post(admin, {"code": "SWZ-0014", "at": ago(20), "level_m": 18.15})
    assert (of(admin, polder["id"])["status"], float(of(admin, polder["id"])["level_m"])) == ("over_guard", 16.29)
    changed = admin.patch(
        f"/api/objects/{polder['id']}",
        json={"attributes": {"gauge_shift_m": None}},
        headers=if_match(admin, polder["id"]),
    )
    assert changed.status_code == 200, changed.text
    item = of(admin, polder["id"])
    assert (item["status"], item["level_m"]) == ("other_system", None)
    assert "未登记换算值" in item["words"]


def test_the_picture_of_an_earlier_minute_has_what_was_known_then(admin: TestClient, gauge: Any) -> None:
    g = gauge()
    before = clock.now()
    post(admin, {"object": g, "at": ago(30), "level_m": 13.6})
    then = clock.now()
    post(admin, {"object": g, "at": ago(1), "level_m": 11})
    assert of(admin, g, at=before.isoformat())["status"] == "no_reading"
    assert of(admin, g, at=then.isoformat())["status"] == "over_guarantee"
    assert of(admin, g)["status"] == "normal"
    late = (clock.now() + timedelta(hours=1)).isoformat()
    assert admin.get("/api/rescue/levels", params={"at": late}).status_code == 422


def test_an_exercise_is_apart(admin: TestClient, gauge: Any) -> None:
    g = gauge()
    post(admin, {"object": g, "at": (when := ago(5)), "level_m": 11})
    post(admin, {"object": g, "at": when, "level_m": 14}, exercise=True)
    assert of(admin, g)["status"] == "normal"
    assert of(admin, g, exercise=True)["status"] == "over_guarantee"
    assert not any("14.00" in what for what in log_of(admin))
    assert any("14.00" in what for what in log_of(admin, exercise=True))


def test_a_town_officer_sees_the_status_and_not_what_is_not_his(
    admin: TestClient, make_account: Any, gauge: Any
) -> None:
    officer = make_account("editor", "department", areas=[TOWN])
    polder, gauge_ = by_code(admin, POLDER), by_code(admin, GAUGE)
    post(admin, {"code": GAUGE, "at": ago(15), "level_m": 18.70})
    own = of(officer, polder["id"])
    assert own["words"] == "警戒水位 18.63，读数 18.70，超警戒 0.07 m"
    assert own["gauge"]["id"] == gauge_["id"]  # a public object
    foreign = of(officer, by_code(admin, "WQ-0003")["id"])  # public, its marks are not
    assert (foreign["form"], foreign["marks"], foreign["level_m"], foreign["responsible"]) == ("public", [], None, [])
    hidden = gauge(guard_m=12)  # of the department tier, of no town of his
    assert hidden not in {i["id"] for i in levels(officer)["items"]}
    changed = admin.patch(
        f"/api/objects/{polder['id']}",
        json={"attributes": {"gauge": f"CS-{MADE:03d}", "guard_level_m": 12, "guarantee_level_m": 14}},
        headers=if_match(admin, polder["id"]),
    )
    assert changed.status_code == 200, changed.text
    post(admin, {"object": hidden, "at": ago(1), "level_m": 12.5})
    own = of(officer, polder["id"])
    assert own["status"] == "over_guard"
    assert (own["gauge"]["id"], own["gauge"]["masked"]) == (None, "对象无权查看（主管部门：水文局）")
    body = post(officer, {"object": hidden, "at": ago(1), "level_m": 12}, status=422)
    assert body["errors"][0]["code"] == "unknown_object"


def test_the_log_names_an_object_to_those_alone_who_may_see_it(
    admin: TestClient, make_account: Any, gauge: Any
) -> None:
    officer = make_account("editor", "department", areas=[TOWN])
    hidden = gauge(guard_m=12)  # of the department tier, of no town of his
    name = admin.get(f"/api/objects/{hidden}").json()["name"]
    body = post(admin, {"object": hidden, "at": ago(9), "level_m": 11}, {"object": hidden, "at": ago(3), "level_m": 20})
    waits = next(i["id"] for i in body["items"] if i["doubtful"])
    assert admin.post(f"/api/rescue/readings/{waits}/confirm", json={"note": "已核"}).status_code == 200

    turned, confirmed = (admin.get("/api/rescue/log").json()["items"][i] for i in (0, 1))
    assert turned["what"] == f"{name}由“正常”转为“超警戒”：警戒水位 12.00，读数 20.00，超警戒 8.00 m"
    assert confirmed["what"].startswith(f"确认{name} ")
    assert (turned["masked"], turned["ref"]) == (False, {"kind": "object", "id": hidden, "object": hidden})
    got = officer.get("/api/rescue/log").json()["items"]
    assert [e["what"] for e in got[:2]] == [
        "一处无权查看的对象（主管部门：水文局）由“正常”转为“超警戒”",
        "确认一处无权查看的对象（主管部门：水文局）的一条读数",
    ]
    assert [(e["masked"], e["ref"]) for e in got[:2]] == [(True, None)] * 2
    assert name not in str(got)
    book = openpyxl.load_workbook(io.BytesIO(officer.get("/api/rescue/log.xlsx").content))
    said = str([list(row) for one in book for row in one.iter_rows(values_only=True)])
    assert name not in said
    assert "条所说的对象导出人无权查看，只写主管部门" in said
    word = docx.Document(io.BytesIO(officer.get("/api/rescue/log.docx").content))
    assert name not in word.element.xml

    # Of what is public he gets the name, without the numbers.
    opened = admin.patch(f"/api/objects/{hidden}", json={"visibility": "public"}, headers=if_match(admin, hidden))
    assert opened.status_code == 200, opened.text
    entry = officer.get("/api/rescue/log").json()["items"][0]
    assert (entry["what"], entry["masked"]) == (f"{name}由“正常”转为“超警戒”", False)
    assert "public" not in entry["ref"]


def test_numbers_of_the_command_tier_are_not_told_to_a_department(
    admin: TestClient, make_account: Any, gauge: Any
) -> None:
    lake = gauge("reservoir", flood_limit_m=45.37, design_flood_m=47)
    post(admin, {"object": lake, "at": ago(5), "level_m": 46.11})
    assert "45.37" in of(admin, lake)["words"]
    item = of(make_account("reader", "department"), lake)
    assert (item["status"], item["words"], item["marks"], item["next"]) == ("over_limit", "超汛限", [], None)
    assert "45.37" not in str(item)
    assert "45.37" not in str(log_of(admin))  # read by all


def test_who_may_read_and_who_may_write(admin: TestClient, client: TestClient, make_account: Any, gauge: Any) -> None:
    g = gauge()
    sent = {"readings": [{"object": g, "at": ago(1), "level_m": 11}]}
    assert client.get("/api/rescue/levels").status_code == 401
    assert client.post("/api/rescue/readings", json=sent).status_code == 401
    reader = make_account("reader", "department")
    assert reader.get("/api/rescue/levels").status_code == 200
    assert reader.post("/api/rescue/readings", json=sent).status_code == 403
    assert make_account("editor", "public").get("/api/rescue/levels").status_code == 403


def workbook(*rows: Sequence[Any]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["汛情日报"])
    sheet.append(["站码", "站名", "时间", "水位（m）", "备注"])
    for row in rows:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def table(client: TestClient, body: bytes, name: str = "水位.xlsx", **data: str) -> Any:
    return client.post("/api/rescue/readings/table", files={"file": (name, body)}, data=data)


def test_a_table_names_its_wrong_rows_and_takes_the_rest(admin: TestClient, gauge: Any) -> None:
    g = gauge()
    code = f"CS-{MADE:03d}"
    now = clock.now().replace(second=0, microsecond=0, tzinfo=None)
    rows: list[list[Any]] = [
        [code, None, now - timedelta(minutes=50), 11.8, None],
        [None, f"例测试{MADE}号站", f"{now - timedelta(minutes=40):%Y年%m月%d日 %H时%M分}", "12.15", "人工观测"],
        [code, None, now - timedelta(minutes=30), "约十二米", None],
        ["SWZ-9999", None, now - timedelta(minutes=30), 12, None],
        [code, None, f"{now:%Y-%m-%d}", 12, None],
        [code, None, now + timedelta(hours=2), 12, None],
        [code, None, now - timedelta(minutes=20), None, None],
        [code, None, now - timedelta(minutes=10), 32.2, None],
    ]
    answer = table(admin, workbook(*rows))
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert {k: body[k] for k in ("read", "added", "same", "doubtful", "refused")} == {
        "read": 8, "added": 3, "same": 0, "doubtful": 1, "refused": 5,
    }  # fmt: skip
    assert [(f["place"], f["code"]) for f in body["faults"]] == [
        (5, "not_a_number"), (6, "unknown_object"), (7, "not_a_moment"), (8, "in_future"), (9, "required"),
    ]  # fmt: skip
    assert "缺少时分" in body["faults"][2]["message"]
    assert float(of(admin, g)["level_m"]) == 12.15
    again = table(admin, workbook(*rows)).json()
    assert (again["added"], again["same"], again["refused"]) == (0, 3, 5)


def test_midnight_is_an_hour_where_the_cell_shows_it(admin: TestClient, gauge: Any) -> None:
    """A date cell at 0:00 is to Excel the day itself: what tells them apart is the cell's format."""
    gauge()
    code = f"CS-{MADE:03d}"
    midnight = clock.now().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    shown = ["yyyy-mm-dd h:mm", 'yyyy"年"m"月"d"日" h"时"mm"分"', "m/d/yy h:mm", "yyyy/m/d", "General"]
    book = openpyxl.load_workbook(
        io.BytesIO(workbook(*([code, None, midnight - timedelta(days=n), 11.5 + n / 10, None] for n in range(5))))
    )
    for line, form in enumerate(shown, 3):
        book.worksheets[0].cell(line, 3).number_format = form
    out = io.BytesIO()
    book.save(out)
    body = table(admin, out.getvalue()).json()
    assert (body["read"], body["added"], body["refused"]) == (5, 3, 2), body
    assert [(f["place"], f["code"]) for f in body["faults"]] == [(6, "not_a_moment"), (7, "not_a_moment")]
    assert "缺少时分" in body["faults"][0]["message"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty_file"),
        ("名称,数量\n甲,1\n".encode(), "no_column"),
        ("一,二\n1,2\n".encode(), "no_header"),
        ("站码,时间,水位\n".encode(), "no_rows"),
        (b"%PDF-1.4", "not_a_table"),
    ],
)
def test_a_table_that_is_none_is_refused_in_words(admin: TestClient, body: bytes, code: str) -> None:
    answer = table(admin, body, "水位.csv")
    assert answer.status_code == 422
    assert answer.json()["code"] == code


def test_counts_and_points_are_of_all_whatever_is_listed(admin: TestClient) -> None:
    whole = levels(admin)
    assert sum(c["n"] for c in whole["counts"]) == whole["total"] == len(whole["items"])
    for count in whole["counts"]:
        inside = [i["persons"] or 0 for i in whole["items"] if i["status"] == count["status"]]
        assert count["persons"] == sum(inside)
    assert len(whole["map"]["features"]) == len([i for i in whole["items"] if i["lon"] is not None])
    part = levels(admin, limit=3, status="no_reading,no_marks")
    assert (part["counts"], len(part["items"])) == (whole["counts"], 3)
    assert {i["status"] for i in part["items"]} <= {"no_reading", "no_marks"}
    places = [next(c["place"] for c in whole["counts"] if c["status"] == i["status"]) for i in whole["items"]]
    assert places == sorted(places)
    some = levels(admin, **{"class": "polder", "division": "360404"})
    assert {i["class"] for i in some["items"]} == {"polder"}
    assert {i["division"][:6] for i in some["items"]} == {"360404"}
    assert admin.get("/api/rescue/levels", params={"status": "dry"}).status_code == 422
    assert admin.get("/api/rescue/levels", params={"colour": "red"}).status_code == 422


def test_rows_are_only_added(app: Any) -> None:
    for statement in ("UPDATE rescue_reading SET level_m = 0", "DELETE FROM rescue_reading_act"):
        with (
            pytest.raises(Exception, match="permission denied"),
            database.write(app.state.engine, SYSTEM.settings(write=True)) as connection,
        ):
            connection.execute(text(statement))


def test_the_demo_shows_every_state_and_is_of_just_now(
    app: Any, settings: Any, snapshot_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = app.state.engine
    assert load_readings(engine, settings, "jiujiang") == 0  # somebody has entered some
    real = clock.now()

    def tomorrow(zone: Any = None) -> datetime:
        return real + timedelta(days=1)

    monkeypatch.setattr(clock, "now", tomorrow)
    assert load_readings(engine, settings, "jiujiang") > 200
    assert load_readings(engine, settings, "jiujiang") == 0
    with snapshot_of() as snapshot:
        body = levels_of.picture(snapshot, Selection(), at=None, exercise=False)
    found = {c["status"] for c in body["counts"]}
    assert {"over_limit", "over_guard", "over_guarantee", "over_design", "silent", "no_reading", "no_marks"} <= found
    assert "normal" in found
    assert [len(i["waiting"]) for i in body["items"] if i["code"] == "SWZ-0011"] == [1]
