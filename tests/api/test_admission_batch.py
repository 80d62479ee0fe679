"""The daily file: known or new, placed, tagged, checked, handed out; faults given back; whole or not at all."""

import io
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from starlette.testclient import TestClient
from tests.api.admission import IN_RUICHANG, IN_SHILI, IN_WULI, ask, away, load_towns, put
from tests.api.imports import wait

from riskmap.access.reader import SYSTEM
from riskmap.admission import queries, service
from riskmap.admission.wire import Check
from riskmap.base import clock, database
from riskmap.base.settings import Settings
from riskmap.register.load import load_addresses

Maker = Callable[..., TestClient]
HEAD = ["名称", "统一社会信用代码", "行业代码", "经营范围", "地址", "经度", "纬度"]


@pytest.fixture(scope="module", autouse=True)
def towns(app: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))


def xlsx(rows: Sequence[Sequence[Any]], *above: Sequence[Any]) -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    for row in [*above, *rows]:
        book.active.append(list(row))
    book.save(out)
    return out.getvalue()


_codes = iter(range(10_000_000))


def code() -> str:
    return f"92360402MA{next(_codes):08d}"


def entity(name: str, at: tuple[float, float] | None = IN_SHILI, **given: Any) -> list[Any]:
    lon, lat = at if at else (None, None)
    row = {
        "名称": name, "统一社会信用代码": code(), "行业代码": None, "经营范围": "餐饮服务；日用百货销售", "地址": "",
        "经度": lon if lon is None else round(lon, 6) + 1e-6, "纬度": lat if lat is None else round(lat, 6) + 1e-6,
    }  # fmt: skip
    return list((row | given).values())


def send(client: TestClient, body: bytes, name: str = "日清单.xlsx", crs: str | None = "EPSG:4490") -> Any:
    data = {} if crs is None else {"crs": crs}
    return client.post("/api/admission/batch", files={"file": (name, body)}, data=data)


def run(client: TestClient, body: bytes, **given: Any) -> dict[str, Any]:
    answer = send(client, body, **given)
    assert answer.status_code == 202, answer.text
    done = wait(client, answer.json()["id"])
    assert done["status"] == "done", done["message"]
    counts = done["rows"]
    assert counts["read"] == counts["new"] + counts["known"] + counts["back"]
    assert counts["new"] == counts["checked"] + counts["unplaced"]
    return done


def listed(client: TestClient, batch_id: str) -> list[dict[str, Any]]:
    return client.get("/api/admission/checks", params={"batch": batch_id, "limit": 500}).json()["items"][::-1]


def errors(client: TestClient, batch_id: str) -> Any:
    answer = client.get(f"/api/admission/batch/{batch_id}/errors.xlsx")
    assert answer.status_code == 200, answer.text
    return openpyxl.load_workbook(io.BytesIO(answer.content)).active


def test_each_new_entity_is_placed_tagged_checked_and_handed_out_in_order(
    admin: TestClient, make_account: Maker
) -> None:
    at = away(IN_WULI, 3_000)
    put(admin, "school", "例湖小学", away(at, 84))
    rows = [
        entity("示例餐馆", IN_SHILI),
        entity("示例烟花店", at, 经营范围="烟花爆竹零售"),
        entity("示例化工", IN_RUICHANG, 行业代码="C2614", 经营范围=""),
        entity("没有地点的店", None, 地址="不知何处 1 号"),
    ]
    done = run(admin, xlsx(rows, ["新设市场主体日清单"], ["2026年11月26日"], HEAD))
    assert done["kind"] == "admission"
    assert admin.get(f"/api/jobs/{done['id']}").json()["link"] == f"/admission/batch?id={done['id']}"
    assert done["rows"] == {"read": 4, "new": 4, "known": 0, "back": 0, "unplaced": 1, "checked": 3}
    cases = listed(admin, done["id"])
    assert [c["name"] for c in cases] == ["示例餐馆", "示例烟花店", "示例化工", "没有地点的店"]
    assert [c["line"] for c in cases] == [4, 5, 6, 7]
    numbers = [int(c["case"][-6:]) for c in cases]
    assert numbers == list(range(numbers[0], numbers[0] + 4))
    assert [c["town"] for c in cases] == ["360402001", "360402002", "360481", None]
    assert [c["status"] for c in cases] == ["assigned"] * 3 + ["unplaced"]
    assert [c["due"] is None for c in cases] == [False, False, False, True]
    assert cases[1]["verdict"] == "refuse_advised"
    assert cases[2]["tags"] == ["chemical-project"]
    whole = admin.get(f"/api/admission/checks/{cases[1]['case']}").json()
    [hit] = [h for h in whole["hits"] if h["rule"] == "FW-RETAIL-100"]
    assert hit["measured_m"] == pytest.approx(84, abs=0.5)
    assert [e["what"] for e in whole["events"]] == ["made", "assigned"]
    assert whole["channel"] == "file"
    # The same answer as at the window, and again from its frozen state.
    window = ask(admin, tuple(whole["place"]["geometry"]["coordinates"]), scope="烟花爆竹零售")
    assert [h["measured_m"] for h in window["hits"]] == [h["measured_m"] for h in whole["hits"]]
    assert window["asked"] == whole["asked"]
    assert admin.post(f"/api/admission/checks/{cases[1]['case']}/rerun").json()["same"] is True
    address = f"/api/admission/checks/{cases[3]['case']}/place"
    place = {"geometry": {"type": "Point", "coordinates": list(IN_SHILI)}, "crs": "EPSG:4490"}
    assert make_account("reader").post(address, json=place).status_code == 403  # he looks only
    placed = admin.post(address, json=place)
    assert placed.json()["status"] == "assigned"
    assert admin.post(address, json=place).status_code == 409
    assert admin.post(f"/api/admission/checks/{cases[3]['case']}/rerun").json()["same"] is True


def test_sent_twice_nothing_is_new(admin: TestClient) -> None:
    rows = [entity(f"两次的店{i}", away(IN_SHILI, 30 * i)) for i in range(20)]
    rows += [entity(f"无码的店{i}", IN_SHILI, 统一社会信用代码=None, 地址=f"十里大道 {i} 号") for i in range(5)]
    body = xlsx([HEAD, *rows])
    assert run(admin, body)["rows"]["new"] == 25
    again = run(admin, body)
    assert again["rows"] == {"read": 25, "new": 0, "known": 25, "back": 0, "unplaced": 0, "checked": 0}
    assert listed(admin, again["id"]) == []


def test_a_duplicate_is_found_in_the_file_and_among_cases_that_the_sender_may_not_see(
    admin: TestClient, make_account: Maker
) -> None:
    mine = code()
    ask(admin, IN_RUICHANG, "gas-restaurant", applicant={"uscc": mine})
    twice = entity("重复的店")
    rows = [entity("先前的店", 统一社会信用代码=mine.lower()), twice, [*twice], entity("另一家")]
    done = run(make_account("editor", areas=["360402"]), xlsx([HEAD, *rows]))
    assert (done["rows"]["known"], done["rows"]["new"]) == (2, 2)


def test_a_code_that_is_none_tells_no_two_entities_apart(admin: TestClient) -> None:
    rows = [
        entity(f"乱填代码的店{i}", away(IN_SHILI, 40 * i), 统一社会信用代码="12345", 地址=f"十里大道 {i} 号")
        for i in range(4)
    ]
    done = run(admin, xlsx([HEAD, *rows]))
    assert (done["rows"]["new"], done["rows"]["known"]) == (4, 0)
    case = listed(admin, done["id"])[0]
    assert case["uscc"] == "12345"  # as it was sent
    whole = admin.get(f"/api/admission/checks/{case['case']}").json()
    assert "统一社会信用代码应为 18 位，现为 5 位" in whole["warnings"]
    assert run(admin, xlsx([HEAD, *rows]))["rows"] == {
        "read": 4, "new": 0, "known": 4, "back": 0, "unplaced": 0, "checked": 0,
    }  # fmt: skip


def test_what_is_known_is_told_at_its_line_with_the_case_that_the_sender_may_see(
    admin: TestClient, make_account: Maker
) -> None:
    there, twice = entity("已有案的店", IN_RUICHANG), entity("写了两遍的店")
    done = run(admin, xlsx([HEAD, there]))
    [case] = listed(admin, done["id"])
    body = xlsx([HEAD, there, twice, [*twice]])
    clerk = make_account("editor", areas=["360402"])
    mine = run(clerk, body)
    assert (mine["rows"]["known"], mine["rows"]["back"]) == (2, 0)
    sheet = errors(clerk, mine["id"])
    assert [sheet.cell(line, 8).value for line in (2, 3, 4)] == ["已有", None, "已有"]
    assert sheet.cell(2, 9).value == "已有案，不重复立案"  # of another county: its number is not told
    assert sheet.cell(4, 9).value == "与本表第 3 行是同一家，只按那一行办理"
    said = "".join(str(row[0].value) for row in sheet.parent["退回说明"].iter_rows())
    assert "退回 0 行" in said
    assert "已有 2 行" in said
    again = run(admin, body)
    assert errors(admin, again["id"]).cell(2, 9).value == f"已有案 {case['case']}，不重复立案"


def test_an_address_that_is_one_known_place_puts_it_there(
    admin: TestClient, app: Any, settings: Settings, tmp_path: Path
) -> None:
    lon, lat = (round(v, 7) for v in away(IN_SHILI, 9_000, 0))
    path = tmp_path / "门牌.csv"
    path.write_text(f"标准地址,经度,纬度\n十里大道88号,{lon},{lat}\n", encoding="utf-8")
    with database.write(app.state.engine, SYSTEM.settings(write=True)) as connection:
        load_addresses(connection, settings, path, source="试装", visibility=1)
    done = run(admin, xlsx([HEAD, entity("按地址的店", None, 地址="十里大道88号")]))
    assert done["rows"]["checked"] == 1
    [case] = listed(admin, done["id"])
    whole = admin.get(f"/api/admission/checks/{case['case']}").json()
    assert (whole["place"]["how"], whole["place"]["uncertainty_m"]) == ("address", 50)
    assert case["position"] == pytest.approx([lon, lat], abs=1e-6)


@pytest.mark.parametrize(
    ("given", "header", "code_"),
    [
        ({"名称": None}, "名称", "required"),
        ({"名称": "名" * 201}, "名称", "too_long"),
        ({"统一社会信用代码": "九二三六"}, "统一社会信用代码", "bad_code"),
        ({"行业代码": "餐饮"}, "行业代码", "bad_code"),
        ({"经营范围": None}, "经营范围", "missing"),
    ],
)
def test_a_faulty_line_goes_back_with_its_reason_where_it_stood(
    admin: TestClient, given: dict[str, Any], header: str, code_: str
) -> None:
    good = entity("好的店")
    done = run(
        admin,
        xlsx([HEAD, good, entity("坏的店") if "名称" in given else entity("坏的店", **given), entity("坏", **given)]),
    )
    assert done["rows"]["back"] == (1 if "名称" in given else 2)
    sheet = errors(admin, done["id"])
    assert sheet.cell(1, 9).value == "原因与改法"
    assert sheet.cell(2, 9).value is None
    assert sheet.cell(4, 8).value == "退回"
    assert sheet.cell(4, 9).value
    column = HEAD.index(header) + 1
    assert sheet.cell(4, column).fill.fgColor.rgb == "FFF9CBD6"
    notes = admin.get(f"/api/admission/batch/{done['id']}/errors.xlsx")
    book = openpyxl.load_workbook(io.BytesIO(notes.content))
    said = "".join(str(row[0].value) for row in book["退回说明"].iter_rows())
    assert "不会重复立案" in said
    # Put right and sent again as a whole: only what went back is new.
    sheet.cell(4, 1).value, sheet.cell(4, 2).value = "改好的店", code()
    sheet.cell(4, 3).value, sheet.cell(4, 4).value = "6210", "餐饮服务"
    out = io.BytesIO()
    sheet.parent.save(out)
    assert run(admin, out.getvalue())["rows"]["new"] == 1


def test_a_failing_check_digit_warns_and_coordinates_that_say_nothing_wait(admin: TestClient) -> None:
    rows = [
        entity("错位", IN_SHILI, 统一社会信用代码="92360402MA0000000X"),
        entity("海里", (130.0, 20.0)),
        entity("零", (0.0, 0.0)),
        entity("反了", (IN_SHILI[1], IN_SHILI[0])),
        entity("看不懂", IN_SHILI, 经度="东边"),
        entity("粗", IN_SHILI, 经度=115.5, 纬度=29.5),
    ]
    rows[2][5:7] = [0, 0]
    done = run(admin, xlsx([HEAD, *rows]))
    assert done["rows"] == {"read": 6, "new": 6, "known": 0, "back": 0, "unplaced": 5, "checked": 1}
    sheet = errors(admin, done["id"])
    said = [sheet.cell(line, 9).value for line in range(2, 8)]
    assert said[0] is None
    for words, told in zip(("辖区", "0", "反", "看不懂", "粗"), said[1:], strict=True):
        assert words in told, told
        assert "待落位" in told
    waiting = admin.get("/api/admission/checks", params={"batch": done["id"], "standing": "unplaced"}).json()
    assert waiting["total"] == 5
    for one, words in zip(waiting["items"][::-1], ("辖区", "0，0", "反", "看不懂", "粗"), strict=True):
        assert words in one["waits"]  # in the list of the queue
        case = admin.get(f"/api/admission/checks/{one['case']}").json()
        assert case["sent"]["waits"] == one["waits"]
        assert one["waits"] in case["sentence"]
    first = admin.get("/api/admission/checks", params={"batch": done["id"], "standing": "checked"}).json()
    assert all(one["waits"] is None for one in first["items"])


def test_a_case_that_waits_keeps_what_was_sent_and_swapped_numbers_are_suggested_the_right_way_round(
    admin: TestClient,
) -> None:
    lat = IN_SHILI[1]
    rows = [
        entity("写反的店", None, 经度=lat, 纬度="115°30′0.5″E", 地址="不知何处 2 号", 统一社会信用代码="1234"),
        entity("看不懂的店", None, 经度="东边", 纬度=None),
    ]
    rows[0][5] = round(lat + 1e-6, 6)
    done = run(admin, xlsx([HEAD, *rows]), crs="GCJ02")
    swapped, unread = (admin.get(f"/api/admission/checks/{c['case']}").json() for c in listed(admin, done["id"]))
    assert unread["sent"]["x"] == "东边"
    assert (unread["sent"]["suggested"], unread["sent"]["address"]) == (None, None)
    assert "也没有填地址" in unread["sent"]["waits"]
    sent = swapped["sent"]
    assert (sent["x"], sent["y"], sent["crs"], sent["crs_title"]) == (
        "29.500001",
        "115°30′0.5″E",
        "GCJ02",
        "GCJ-02（高德、腾讯）",
    )
    assert sent["address"] == "不知何处 2 号"
    assert swapped["warnings"] == ["统一社会信用代码应为 18 位，现为 4 位"]
    typed = sent["suggested"]["typed"]
    assert typed == {"x": "115°30′0.5″E", "y": "29.500001", "crs": "GCJ02"}
    placed = admin.post(f"/api/admission/checks/{swapped['case']}/place", json={"typed": typed, "uncertainty_m": 0})
    assert placed.status_code == 200, placed.text
    assert placed.json()["place"]["geometry"]["coordinates"] == pytest.approx(
        [sent["suggested"]["lon"], sent["suggested"]["lat"]]
    )
    assert placed.json()["sent"]["x"] == "29.500001"  # still there when it is placed
    assert placed.json()["sent"]["waits"] is None
    assert not [w for w in placed.json()["warnings"] if "已有准入案" in w]  # it is that case


def test_the_datum_is_asked_or_said_and_never_guessed(admin: TestClient) -> None:
    body = xlsx([HEAD, entity("高德的店")])
    missing = send(admin, body, crs=None)
    assert (missing.status_code, missing.json()["code"]) == (422, "crs_missing")
    assert send(admin, body, crs="北京54").status_code == 422
    done = run(admin, body, crs="GCJ02")
    [case] = listed(admin, done["id"])
    assert 300 < 111_320 * abs(case["position"][0] - IN_SHILI[0]) < 900  # moved by the offset
    said = run(admin, xlsx([["坐标系：CGCS2000"], HEAD, entity("写明的店")]), crs=None)
    assert said["rows"]["checked"] == 1


@pytest.mark.parametrize(
    ("body", "code_"),
    [
        (b"", "empty_file"),
        (b"%PDF-1.7", "not_a_table"),
        (xlsx([["甲", "乙"], [1, 2]]), "no_header"),
        (xlsx([["名称", "地址"], ["店", "路"]]), "no_trade_column"),
        (xlsx([["经营范围", "地址"], ["店", "路"]]), "no_name_column"),
    ],
)
def test_a_file_that_is_no_list_is_refused_at_once(
    admin: TestClient, settings: Settings, body: bytes, code_: str
) -> None:
    before = sorted((settings.data_dir / "admission" / "batches").glob("i_*"))
    answer = send(admin, body)
    assert (answer.status_code, answer.json()["code"]) == (422, code_)
    assert sorted((settings.data_dir / "admission" / "batches").glob("i_*")) == before


def test_more_than_20_000_rows_are_too_many(admin: TestClient) -> None:
    body = "名称,经营范围\n" + "店,餐饮\n" * 20_001
    answer = send(admin, body.encode(), "a.csv")
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_rows")


def test_csv_in_gbk_with_other_words_in_its_header(admin: TestClient) -> None:
    lines = [
        "企业名称,信用代码,住所,经营（业务）范围,法定代表人,从业人数,建筑面积(㎡)",
        f"国标店,{code()},路 1 号,餐饮服务,赵六,12,80.5",
        "合计,,,,,,",
    ]
    done = run(admin, "\n".join(lines).encode("gb18030"), name="a.csv", crs=None)
    assert done["rows"] == {"read": 1, "new": 1, "known": 0, "back": 0, "unplaced": 1, "checked": 0}
    [case] = listed(admin, done["id"])
    request = admin.get(f"/api/admission/checks/{case['case']}").json()["request"]
    assert request["applicant"]["person"] == "赵六"
    assert (request["size"]["persons"], float(request["size"]["area_m2"])) == (12, 80.5)


def test_300_faults_among_1_000_rows_come_back_and_the_others_go_in(admin: TestClient) -> None:
    rows = []
    for i in range(1_000):
        at = away(IN_SHILI, 20 + i, i % 360)
        rows.append(entity(f"千行的店{i}", at, 经营范围=None if i % 10 < 3 else "餐饮服务；烟花爆竹零售（不含储存）"))
    done = run(admin, xlsx([HEAD, *rows]))
    assert done["rows"] == {"read": 1_000, "new": 700, "known": 0, "back": 300, "unplaced": 0, "checked": 700}
    sheet = errors(admin, done["id"])
    marked = [line for line in range(2, 1_002) if sheet.cell(line, 8).value == "退回"]
    assert marked == [i + 2 for i in range(1_000) if i % 10 < 3]
    total = admin.get("/api/admission/checks", params={"batch": done["id"]}).json()["counts"]
    assert total["total"] == 700 == sum(n for name, n in total.items() if name != "total")


# -- Rights -------------------------------------------------------------------------------------


def test_who_sends_it_watches_it_and_nobody_else(client: TestClient, admin: TestClient, make_account: Maker) -> None:
    body = xlsx([HEAD, entity("权限的店", None)])
    assert send(client, body).status_code == 401
    for role in ("reader", "auditor"):
        assert send(make_account(role), body).status_code == 403
    one, other = make_account("editor"), make_account("editor")
    done = run(one, body)
    address = f"/api/admission/batch/{done['id']}/errors.xlsx"
    assert other.get(f"/api/imports/{done['id']}").status_code == 404
    assert other.get(address).status_code == 404
    assert admin.get(address).status_code == 200
    assert one.get(f"/api/jobs/{done['id']}").json()["result"]["counts"]["new"] == 1
    assert "faults" not in one.get(f"/api/jobs/{done['id']}").json()["result"]


def test_a_job_ends_with_the_rights_that_it_was_made_with(admin: TestClient, make_account: Maker, app: Any) -> None:
    clerk = make_account("editor", areas=["360402"])
    done = run(clerk, xlsx([HEAD, entity("邻县的店", IN_RUICHANG)]))
    [case] = listed(clerk, done["id"])  # whoever asks sees his case, wherever it goes
    assert case["town"] == "360481"
    assert make_account("editor", areas=["360402"]).get(f"/api/admission/checks/{case['case']}").status_code == 404


# -- Whole or not at all --------------------------------------------------------------------------


def test_stopped_on_its_way_it_leaves_nothing(admin: TestClient) -> None:
    rows = [entity(f"取消的店{i}", away(IN_SHILI, 10 * i)) for i in range(400)]
    before = admin.get("/api/admission/checks").json()["total"]
    batch_id = send(admin, xlsx([HEAD, *rows])).json()["id"]
    nothing = threading.Event()
    while admin.get(f"/api/imports/{batch_id}").json()["phase"] not in {"核验", "立案"}:
        nothing.wait(0.02)
    assert admin.post(f"/api/jobs/{batch_id}/cancel").status_code == 200
    assert wait(admin, batch_id)["status"] == "cancelled"
    assert admin.get("/api/admission/checks").json()["total"] == before
    assert admin.get(f"/api/admission/batch/{batch_id}/errors.xlsx").status_code == 409


def test_numbers_are_held_only_at_the_end_and_what_became_known_meanwhile_is_left_out(
    admin: TestClient, app: Any
) -> None:
    known, new = entity("同时来窗口的店"), entity("只在清单里的店")
    given = Check.model_validate(
        {"applicant": {"name": "同时来窗口的店", "uscc": known[1]}, "trade": {"scope": "餐饮服务"}, "place": {}}
    )
    nothing, now = threading.Event(), clock.now()
    with database.write(app.state.engine, SYSTEM.settings(write=True)) as window:
        number = queries.take_number(window, now.year)
        batch_id = send(admin, xlsx([HEAD, known, new])).json()["id"]
        # The file comes as far as its numbers while a window holds them: all that takes long is done before.
        while (seen := admin.get(f"/api/imports/{batch_id}").json())["phase"] != "编号":
            assert seen["status"] in {"queued", "running"}, seen["message"]
            nothing.wait(0.05)
        queries.add_case(window, service.case_row(given, SYSTEM, "window", now) | {"number": number})
    done = wait(admin, batch_id)
    assert (done["rows"]["new"], done["rows"]["known"]) == (1, 1), done["message"]
    assert errors(admin, batch_id).cell(2, 9).value == f"已有案 {number}，不重复立案"
    [case] = listed(admin, batch_id)
    assert case["name"] == "只在清单里的店"
    assert int(case["case"][-6:]) == int(number[-6:]) + 1  # without a gap


def test_two_files_of_the_same_entities_at_once_make_each_case_once(admin: TestClient, make_account: Maker) -> None:
    rows = [entity(f"同时的店{i}", away(IN_SHILI, 10 * i)) for i in range(40)]
    body, other = xlsx([HEAD, *rows]), make_account("editor")
    ids = [(client, send(client, body).json()["id"]) for client in (admin, other)]
    done = [wait(client, id_) for client, id_ in ids]
    assert [d["status"] for d in done] == ["done", "done"]
    assert sum(d["rows"]["new"] for d in done) == 40
    assert sum(d["rows"]["known"] for d in done) == 40
