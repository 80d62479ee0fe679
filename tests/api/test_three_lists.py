"""三单 as workbooks: what is read back out of the files is what the figures, the page and the counts say."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import openpyxl
import pytest
from starlette.testclient import TestClient
from tests.api.admission import load_towns
from tests.api.reports import again, file, make

HEADINGS, FIRST = 3, 4  # rows of a sheet: title, imprint, headings, then the rows
FORMULA = '=HYPERLINK("http://x","点我")'


def add(client: TestClient, **body: Any) -> int:
    given = {"division": "360402", "geometry": {"type": "Point", "coordinates": [116.0, 29.7]}, **body}
    answer = client.post("/api/objects", json=given)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def risk(client: TestClient, name: str, C: int, **more: Any) -> int:
    attributes = {"method": "LEC", "L": 6, "E": 6, "C": C, **more.pop("attributes", {})}
    return add(client, **{"class": "risk-point", "name": name, "attributes": attributes, **more})


@pytest.fixture(scope="module", autouse=True)
def objects(app: Any, admin: TestClient, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))
    firm = add(admin, **{"class": "enterprise", "name": "示例化工", "attributes": {"industry_code": "2614"}})
    made = {
        "major": risk(
            admin, FORMULA, 15, attributes={"measures": "双人双锁", "inspect_days": 7, "control_level": "city"},
            parties=[{"role": "属地挂钩", "post": "示例镇镇长", "name": "示甲"}],
        ),
        "serious": risk(admin, "示例较大", 7),
        "unplaced": risk(admin, "示例未定位", 15, geometry=None),
        "hazard": add(
            admin, **{"class": "major-hazard", "name": "示例液氯单元", "enterprise": firm, "attributes": {
                "substances": [{"table": 1, "no": 12, "name": "液氯", "quantity_t": "10"}], "exposed_persons": 30,
                "filed_on": "2024-02-29"}},
        ),
        "school": add(
            admin, **{"class": "school", "name": "示例小学", "attributes": {"persons": 900, "area_m2": 6000},
                      "geometry": {"type": "Point", "coordinates": [116.005, 29.7]}},
        ),
        "far": add(admin, **{"class": "hospital", "name": "示例远院",
                             "geometry": {"type": "Point", "coordinates": [116.2, 29.9]}}),
    }  # fmt: skip
    return made


@pytest.fixture
def reset(admin: TestClient) -> Any:
    yield
    for one in ("major-hazards", "targets", "major-risks"):
        assert admin.delete(f"/api/reports/layouts/{one}").status_code == 200


def book(client: TestClient, made: dict[str, Any], title: str) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(file(client, made, f"{title}.xlsx")))


def table(sheet: Any) -> list[dict[str, Any]]:
    """Rows by their headings."""
    rows = list(sheet.iter_rows(min_row=HEADINGS, values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:] if isinstance(row[0], int)]


def cells(workbook: openpyxl.Workbook) -> dict[str, list[tuple[Any, ...]]]:
    return {s.title: list(s.iter_rows(values_only=True)) for s in workbook if s.title != "说明"}


def test_rows_read_back_are_the_figures_the_counts_and_the_pages(admin: TestClient, objects: dict[str, int]) -> None:
    made = make(admin)
    figures, at = made["figures"], {"as_of": f"state:{made['state']}"}
    counts = {r["grade"]: r["n"] for r in admin.get("/api/counts", params={"by": "grade", **at}).json()["rows"]}
    risks = book(admin, made, "重大风险清单")
    major, serious = table(risks["重大"]), table(risks["较大"])
    assert len(major) == figures["major"] == counts["major"]
    assert len(serious) == figures["serious"] == counts["serious"]
    page = admin.get("/api/lists/major-risks", params={**at, "limit": 1000}).json()
    assert {row["登记号"] for row in major} == {row["id"] for row in page["rows"]}
    assert sum(row["定位"] == "未定位" for row in major) == figures["unplaced"]["major"] == 1
    for title, name in (("重大危险源清单", "major-hazards"), ("脆弱性目标清单", "targets")):
        listed = admin.get(f"/api/lists/{name}", params={**at, "limit": 1000}).json()
        rows = table(book(admin, made, title).worksheets[0])
        assert len(rows) == listed["total"] == figures["lists"][name]["every"]
        assert {row["登记号"] for row in rows} == {row["id"] for row in listed["rows"]}


def test_a_row_says_what_is_registered_and_how_its_grade_came_about(admin: TestClient, objects: dict[str, int]) -> None:
    made = make(admin)
    by_id = {row["登记号"]: row for row in table(book(admin, made, "重大风险清单")["重大"])}
    row = by_id[objects["major"]]
    assert (row["L"], row["E"], row["C"], row["风险值"], row["风险等级"]) == (6, 6, 15, 540, "重大")
    assert row["属地挂钩领导"] == "示例镇镇长 示甲"
    assert (row["管控层级"], row["巡查频次（天一次）"], row["可信程度"]) == ("市级", 7, "已核对")
    assert "LEC" in row["等级依据"]
    hazard = table(book(admin, made, "重大危险源清单").worksheets[0])[0]
    assert (hazard["S"], hazard["α"], hazard["R"]) == (2, 1.2, 9.6)
    assert (hazard["主要物质"], hazard["设计最大量（t）"], hazard["临界量（t）"]) == ("液氯", "10", "5")
    assert str(hazard["备案到期"])[:10] == "2027-02-28"  # of a leap day
    assert hazard["单位名称"] == "示例化工"
    assert hazard["最近的重点防护目标"] == "示例小学"
    school = {row["名称"]: row for row in table(book(admin, made, "脆弱性目标清单").worksheets[0])}["示例小学"]
    # Half a hundredth of a degree of longitude at 29.7°: 483.9 m on the ellipsoid.
    assert school["距离（m）"] == pytest.approx(483.9, abs=0.2)
    assert school["1000 m 内重大（处）"] >= 1
    assert school["GB 36894 类别"] == "高敏感防护目标"


def test_text_is_no_formula_and_what_is_not_registered_is_empty_and_said(
    admin: TestClient, objects: dict[str, int]
) -> None:
    made = make(admin)
    workbook = book(admin, made, "重大风险清单")
    sheet = workbook["重大"]
    found = [c for row in sheet.iter_rows(min_row=FIRST) for c in row if c.value == FORMULA]
    assert found
    assert all(c.data_type == "s" for c in found)
    rows = {row["登记号"]: row for row in table(workbook["较大"])}
    assert rows[objects["serious"]]["影响人数（人）"] is None
    assert rows[objects["serious"]]["上次巡查"] is None
    note = [
        said for row in workbook["说明"].iter_rows(values_only=True) if (said := [str(v) for v in row if v is not None])
    ]
    assert any(row[0] == "空白" and "不是 0" in row[1] for row in note)
    assert any(row[0] == "应急措施" and "整列空白" in row[-1] for row in note)
    said = {row[0]: row[1] for row in note if len(row) > 1}
    assert said["核验码"].startswith(made["check"])
    assert said["状态号"] == str(made["state"])
    assert said["编号"].endswith("（草稿）")


def test_a_sheet_is_set_up_for_print(admin: TestClient) -> None:
    made = make(admin)
    for title in ("重大危险源清单", "脆弱性目标清单", "重大风险清单"):
        workbook = book(admin, made, title)
        sheet = workbook.worksheets[0]
        assert sheet.freeze_panes == "A4"
        assert sheet.auto_filter.ref.startswith("A3:")
        assert sheet.print_title_rows == "$1:$3"
        assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (8, "landscape")
        # As wide as can be read on A3; what takes two pages has its names on both.
        assert sheet.page_setup.fitToHeight == 0
        if (sheet.page_setup.fitToWidth or 1) > 1:
            assert sheet.page_setup.pageOrder == "overThenDown"
            assert sheet.print_title_cols.startswith("$A:")
        foot = sheet.oddFooter
        assert "&P" in foot.center.text.replace("[Page]", "P") or "Page" in foot.center.text
        assert made["check"] in foot.left.text
        assert "内部使用" in foot.left.text
        assert "草稿" in sheet.oddHeader.left.text
        assert "说明" in workbook.sheetnames
        created = workbook.properties.created.replace(tzinfo=UTC)
        assert created == datetime.fromisoformat(made["data_at"]).replace(microsecond=0)


@pytest.mark.usefixtures("reset")
def test_a_hidden_column_is_not_in_the_file_and_a_set_keeps_its_columns(
    admin: TestClient, make_account: Callable[..., TestClient]
) -> None:
    before = make(admin)
    listed = {one["list"]: one for one in admin.get("/api/reports/layouts").json()["items"]}
    assert listed["major-risks"]["shipped"] is True
    columns = [{"name": c["name"], "hidden": c["name"] == "measures"} for c in listed["major-risks"]["columns"]]
    columns.reverse()
    answer = admin.put("/api/reports/layouts/major-risks", json={"columns": columns})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["shipped"], answer.json()["changed_by"]) == (False, "admin")
    after = make(admin)
    sheet = book(admin, after, "重大风险清单")["重大"]
    heads = [c.value for c in sheet[HEADINGS]]
    assert "现有管控措施" not in heads
    assert (heads[0], heads[1], heads[-1]) == ("序号", "状态", "登记号")
    assert not any("双人双锁" in str(v) for row in sheet.iter_rows(values_only=True) for v in row)
    old = book(admin, again(admin, before["id"]), "重大风险清单")["重大"]
    assert "现有管控措施" in [c.value for c in old[HEADINGS]]
    assert admin.delete("/api/reports/layouts/major-risks").json()["shipped"] is True
    auditor = make_account("auditor", tier="command")
    entries = auditor.get("/api/audit", params={"kind": "report_layout"}).json()["items"]
    assert [e["action"] for e in entries][:2] == ["reset", "update"]


@pytest.mark.usefixtures("reset")
def test_a_layout_that_is_wrong_is_refused_in_words(admin: TestClient, client: TestClient) -> None:
    listed = {one["list"]: one for one in admin.get("/api/reports/layouts").json()["items"]}
    columns = [{"name": c["name"], "hidden": False} for c in listed["targets"]["columns"]]
    cases = [
        ([*columns, {"name": "none_such"}], "unknown_value"),
        ([*columns, columns[0]], "given_twice"),
        (columns[1:], "missing"),
        ([{**c, "hidden": True} for c in columns], "all_hidden"),
    ]
    for given, code in cases:
        answer = admin.put("/api/reports/layouts/targets", json={"columns": given})
        assert answer.status_code == 422
        assert [e["code"] for e in answer.json()["errors"]] == [code]
    assert admin.put("/api/reports/layouts/none", json={"columns": columns}).status_code == 404
    assert client.get("/api/reports/layouts").status_code in {401, 403}
    assert client.put("/api/reports/layouts/targets", json={"columns": columns}).status_code in {401, 403}


def test_made_twice_the_rows_are_the_same(admin: TestClient) -> None:
    first = make(admin)
    second = again(admin, first["id"])
    for title in ("重大危险源清单", "脆弱性目标清单", "重大风险清单"):
        one, other = cells(book(admin, first, title)), cells(book(admin, second, title))
        changed = [
            (a, b) for name in one for a, b in zip(one[name], other[name], strict=True) if a != b
        ]  # the version alone
        assert all("第 1 版" in str(a) and "第 2 版" in str(b) for a, b in changed)
        assert len(changed) == len(one)


def test_the_form_for_publication_has_no_ids_and_nothing_inner(admin: TestClient, objects: dict[str, int]) -> None:
    made = make(admin, public=True)
    for title in ("重大危险源清单", "脆弱性目标清单", "重大风险清单"):
        workbook = book(admin, made, title)
        for sheet in workbook:
            said = [str(v) for row in sheet.iter_rows(values_only=True) for v in row if v is not None]
            assert not any("示甲" in v for v in said)
            if sheet.title != "说明":
                heads = {c.value for c in sheet[HEADINGS]}
                assert not heads & {"登记号", "经度，纬度（°）", "主要负责人", "最近的较大以上风险", "等级依据"}
        assert "公开" in workbook.worksheets[0].oddFooter.left.text
