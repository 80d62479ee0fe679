"""规则 on the page: read in words; changed in a draft that waits, refused at its field, tried on past cases, adopted, put back."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.conftest import ADMIN_PASSWORD

DEMO = True
SPOT = [115.9, 29.62]


@pytest.fixture(scope="module")
def office(address: str) -> Iterator[httpx.Client]:
    """The administrator by the service alone; two shops stand 20 m from each other, the one asked about as a case."""
    with httpx.Client(base_url=address, timeout=60) as client:
        session = client.post("/api/session", json={"username": "admin", "password": ADMIN_PASSWORD}).json()
        client.headers["X-CSRF-Token"] = session["csrf"]
        body = {
            "applicant": {"name": "例湖烟花店"}, "trade": {"scope": "烟花爆竹零售", "tags": []},
            "place": {"geometry": {"type": "Point", "coordinates": SPOT}, "uncertainty_m": 0}, "size": {"persons": 3, "storage": []},
        }  # fmt: skip
        school = {"type": "Point", "coordinates": [SPOT[0] + 0.00120, SPOT[1]]}  # 116 m east
        made = client.post(
            "/api/objects",
            json={"class": "school", "name": "例湖小学", "geometry": school, "department": "教育局", "visibility": "public",
                  "valid_from": "2026-01-01"},
        )  # fmt: skip
        assert made.status_code == 201, made.text
        case = client.post("/api/admission/checks", json=body)
        assert case.status_code == 201, case.text
        client.headers["X-Case"] = case.json()["case"]
        yield client
        back = {"title": "复原", "reason": "试毕", "tables": {"admission-distances": None}}
        client.post("/api/admission/rules/adopt", json=back)


def rule(page: Page, code: str) -> Any:
    return page.locator(f'.ru-t tr[data-rule="{code}"]')


def test_the_tables_are_read_in_words_and_searched(open_page: Any, office: httpx.Client) -> None:
    page = open_page(signed=True, path="/admission/rules").page
    tables = office.get("/api/admission/rules").json()["tables"]
    expect(page.locator(".ru-menu a")).to_have_count(len(tables))
    distances = next(t for t in tables if t["table"] == "admission-distances")["rows"]
    expect(page.locator(".ru-t tbody tr")).to_have_count(len(distances))
    row = rule(page, "HWY-18A")
    for said in ("100 m", "公路用地外缘", "只问申请方", "不予准入建议", "公路安全保护条例 第18条", "已核实"):
        expect(row).to_contain_text(said)
    page.get_by_label("按可信程度").select_option(label="待核")
    recalled = [r for r in distances if r["tag"] == "recall"]
    assert recalled
    expect(page.locator(".ru-t tbody tr")).to_have_count(len(recalled))
    expect(page.locator(".ru-t .plate-recall")).to_have_count(len(recalled))
    assert page.locator(".ru-t .plate-recall").first.get_attribute("title") == "待核：不据此拒绝"
    page.get_by_label("按可信程度").select_option(label="全部可信程度")
    page.get_by_role("searchbox", name="在表内查找").fill("铁路")
    expect(page.locator(".ru-bar [aria-live]")).to_have_text(re.compile(rf"^\d+ 条，共 {len(distances)} 条$"))
    for table in tables:
        page.locator(".ru-menu a", has_text=table["title"]).click()
        expect(page.locator(".ru-t tbody tr")).to_have_count(len(table["rows"]))
    # Codes stand nowhere where there is a word.
    page.locator(".ru-menu a", has_text="区域规则").click()
    expect(rule(page, "ZONE-FLOOD")).to_contain_text("任何新设市场主体")


def test_a_rule_is_changed_refused_at_its_field_tried_adopted_and_put_back(
    open_page: Any, office: httpx.Client
) -> None:
    watched = open_page(signed=True, path="/admission/rules")
    page = watched.page
    rule(page, "FW-RETAIL-100").click()
    drawer = page.locator(".ru-form")
    drawer.get_by_label("应有距离").fill("0")
    drawer.get_by_role("button", name="记入草稿").click()
    expect(page.locator(".ru-draft")).to_contain_text("草稿：1 张表改 1 处，还没有采用")
    expect(rule(page, "FW-RETAIL-100")).to_contain_text("已改")
    # The changed row stands where it stood, also in a table that is searched.
    page.get_by_role("searchbox", name="在表内查找").fill("FW-RETAIL")
    expect(page.locator(".ru-t tbody tr")).to_have_count(2)
    rows = [r.bounding_box() for r in page.locator(".ru-t thead tr, .ru-t tbody tr").all()]
    assert all(a and b and abs(a["y"] + a["height"] - b["y"]) < 1 for a, b in pairwise(rows)), rows
    page.get_by_role("searchbox", name="在表内查找").fill("")
    page.get_by_role("button", name="试算", exact=True).click()
    expect(page.locator(".ob-faults")).to_contain_text("距离应大于 0、不超过 5000 m")
    expect(rule(page, "FW-RETAIL-100")).to_have_class(re.compile("faulty"))
    page.locator(".ob-faults .link").first.click()
    expect(drawer.get_by_role("alert")).to_have_text("距离应大于 0、不超过 5000 m")
    expect(drawer.get_by_label("应有距离")).to_have_attribute("aria-invalid", "true")
    assert watched.wrong
    assert all("422" in said for said in watched.wrong)
    watched.wrong.clear()
    drawer.get_by_label("应有距离").fill("150")
    drawer.get_by_role("button", name="记入草稿").click()

    page.reload()  # a draft waits in the browser
    expect(page.locator(".ru-draft")).to_contain_text("草稿：1 张表改 1 处")
    expect(rule(page, "FW-RETAIL-100")).to_contain_text("150 m")
    expect(page.get_by_role("button", name="采用", exact=True)).to_be_disabled()
    page.get_by_role("button", name="试算", exact=True).click()
    trial = page.locator(".ru-trial")
    expect(trial).to_contain_text("试算 1 案（全部，涉及所改规则的 1 案），1 案的结论会变。")
    row = trial.locator("tbody tr")
    expect(row).to_contain_text(office.headers["X-Case"])
    expect(row).to_contain_text("不予准入建议")
    expect(row).to_contain_text("FW-RETAIL-100")

    # Somebody else adopts another table of distances meanwhile: nothing of his is lost in silence.
    tables = office.get("/api/admission/rules").json()["tables"]
    theirs = next(t for t in tables if t["table"] == "admission-distances")["rows"]
    theirs = [r | ({"metres": "60"} if r["code"] == "FW-RETAIL-50" else {}) for r in theirs]
    body = {"title": "他人所改", "reason": "试", "tables": {"admission-distances": theirs}}
    assert office.post("/api/admission/rules/adopt", json=body).status_code == 200
    expect(page.get_by_text(re.compile("距离规则已被别人采用的新规则替换"))).to_be_visible()
    expect(page.get_by_role("button", name="采用", exact=True)).to_be_disabled()
    page.get_by_role("button", name="放弃草稿，看现行的").click()
    expect(rule(page, "FW-RETAIL-50")).to_contain_text("60 m")

    rule(page, "FW-RETAIL-100").click()
    drawer.get_by_label("应有距离").fill("150")
    drawer.get_by_role("button", name="记入草稿").click()
    rule(page, "FW-RETAIL-50").click()
    drawer.get_by_role("button", name="删除").click()
    expect(rule(page, "FW-RETAIL-50")).to_contain_text("已删")
    page.get_by_role("button", name=re.compile("^恢复")).click()
    expect(page.locator(".ru-draft")).to_contain_text("改 1 处")
    page.get_by_role("button", name="试算", exact=True).click()
    expect(trial).to_contain_text("1 案的结论会变")
    page.get_by_role("button", name="采用", exact=True).click()
    dialog = page.get_by_role("dialog", name="采用规则")
    dialog.get_by_role("button", name="采用").click()
    expect(dialog).to_contain_text("请填写名称")
    dialog.get_by_label("名称").fill("九江准入规则")
    dialog.get_by_label("理由").fill("安委会纪要")
    dialog.get_by_role("button", name="采用").click()
    expect(page.get_by_text(re.compile("已采用“九江准入规则”，状态 \\d"))).to_be_visible()
    expect(page.locator(".ru-draft")).to_have_count(0)
    expect(page.locator(".ru-menu a.on")).to_contain_text("本局")
    now = office.get("/api/admission/rules").json()
    rows = next(t for t in now["tables"] if t["table"] == "admission-distances")["rows"]
    assert {r["code"]: r["metres"] for r in rows if r["code"].startswith("FW-RETAIL")} == {
        "FW-RETAIL-100": "150", "FW-RETAIL-50": "60",
    }  # fmt: skip

    page.get_by_role("button", name="还原为随产品的表").click()
    expect(page.get_by_text("采用后这张表还原为随产品的。")).to_be_visible()
    page.get_by_role("button", name="试算", exact=True).click()
    expect(trial).to_be_visible()
    page.get_by_role("button", name="采用", exact=True).click()
    dialog.get_by_label("名称").fill("复原")
    dialog.get_by_label("理由").fill("试毕")
    dialog.get_by_role("button", name="采用").click()
    expect(page.locator(".ru-menu a.on")).to_contain_text("随产品")
    expect(rule(page, "FW-RETAIL-100")).to_contain_text("100 m")


def test_a_workbook_goes_out_is_refused_in_words_and_comes_in_as_a_draft(
    open_page: Any, office: httpx.Client, tmp_path: Path
) -> None:
    watched = open_page(signed=True, path="/admission/rules")
    page = watched.page
    with page.expect_download() as taken:
        page.get_by_role("button", name="下载表格").click()
    path = tmp_path / "规则.xlsx"
    taken.value.save_as(path)
    book = openpyxl.load_workbook(path)
    sheet = book["距离规则"]
    at = {c.value: c.column for c in sheet[1]}
    line = next(row[0].row for row in sheet.iter_rows() if row[0].value == "FW-RETAIL-100")
    sheet.cell(line, at["应有距离"]).value = "远"
    sheet.cell(line, at["后果"]).value = "拒绝"
    book.save(path)

    def give() -> None:
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="从表格导入").click()
        chooser.value.set_files(path)

    give()
    expect(page.locator(".ru-filed")).to_contain_text(
        f"“规则.xlsx”没有记入草稿：距离规则第 {line} 行“后果”：没有“拒绝”"
    )
    expect(page.locator(".ru-draft")).to_have_count(0)
    assert watched.wrong
    assert all("422" in said for said in watched.wrong)
    watched.wrong.clear()
    sheet.cell(line, at["后果"]).value = "不予准入建议"
    sheet.cell(line, at["应有距离"]).value = 150
    book.save(path)
    give()
    expect(page.get_by_text("“规则.xlsx”已记入草稿，与现行的共差 1 处；请试算后采用。")).to_be_visible()
    expect(page.locator(".ru-filed")).to_have_count(0)
    expect(page.locator(".ru-draft")).to_contain_text("草稿：1 张表改 1 处")
    row = rule(page, "FW-RETAIL-100")
    expect(row).to_contain_text("150 m")
    expect(row.locator("td.n")).to_have_css("text-align", "right")
    expect(row.locator("td.n")).to_have_css("font-variant-numeric", "tabular-nums")
    page.get_by_role("button", name="试算", exact=True).click()
    expect(page.locator(".ru-trial")).to_contain_text("的结论会变")
    with page.expect_download() as taken:  # the draft goes out as it stands
        page.get_by_role("button", name="下载表格").click()
    taken.value.save_as(path)
    assert openpyxl.load_workbook(path)["距离规则"].cell(line, at["应有距离"]).value == "150"
    page.get_by_role("button", name="放弃修改").click()
    page.get_by_role("dialog").get_by_role("button", name="放弃修改").click()
    expect(page.locator(".ru-draft")).to_have_count(0)
