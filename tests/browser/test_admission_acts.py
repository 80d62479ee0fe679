"""What is done with cases: found on site, handed out anew, closed by the signed copy; the daily file that makes them."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import httpx
import openpyxl
import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import Engine

from riskmap.access.admin import add_account
from riskmap.base import clock
from tests.browser.conftest import Watched, at_rest
from tests.browser.test_admission import in_office, made, open_at
from tests.conftest import ADMIN_PASSWORD, OTHER_PASSWORD

DEMO = True
PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
JPG = b"\xff\xd8\xff\xe0" + bytes(400)


@pytest.fixture(scope="module")
def office(address: str) -> Iterator[httpx.Client]:
    """The administrator, by the service alone."""
    with closing(in_office(address, "admin", ADMIN_PASSWORD)) as client:
        yield client


@pytest.fixture
def page(open_page: Callable[..., Watched]) -> Iterator[Page]:
    """An administrator's page, who may sign. Refusals that a test asks for are no fault of the page."""
    watched = open_page(signed=True, path="/admission")
    yield watched.page
    watched.page.close()
    meant = re.compile(r"status of (403|404|409|413|422)|Canvas2D: Multiple readback")
    watched.wrong = [w for w in watched.wrong if not meant.search(w)]


def button(page: Page | Locator, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def site(page: Page) -> Locator:
    return page.get_by_role("region", name="现场核查", exact=True)


def standing(page: Page) -> Locator:
    return page.locator(".adm-head .tag").nth(1)


def record(page: Page, outcome: str) -> Locator:
    """The dialog, filled but for what one outcome asks besides."""
    page.get_by_role("button", name=re.compile("^登记(核查|复查)结果$")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(outcome, exact=True).first.click()
    dialog.get_by_label("核查人员").fill("张三、李四")
    dialog.get_by_role("button", name="其余的都选合格").click()
    return dialog


def closes_not(page: Page, why: str) -> None:
    """A signed copy is not taken, and it is said why before anything is chosen."""
    button(page, "上传附件").click()
    dialog = page.get_by_role("dialog", name="上传附件")
    dialog.get_by_text("签字扫描件", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text(why)
    expect(button(dialog, "上传附件")).to_be_disabled()
    button(dialog, "取消").click()


def send(page: Page, name: str, body: bytes, kind: str | None = None) -> Locator:
    """The dialog of files, with one chosen and sent."""
    button(page, "上传附件").click()
    dialog = page.get_by_role("dialog", name="上传附件")
    if kind:
        dialog.get_by_text(kind, exact=True).click()
    dialog.locator("input[type=file]").set_input_files({"name": name, "mimeType": "application/pdf", "buffer": body})
    expect(dialog.locator(".adm-pick li")).to_contain_text(name)
    button(dialog, "上传附件").click()
    return dialog


def test_a_case_is_checked_on_site_signed_and_closed_by_its_signed_copy(page: Page, office: httpx.Client) -> None:
    number = made(office, "结案的烟花店")
    open_at(page, f"/admission/{number}")
    expect(standing(page)).to_have_text("待核查")
    expect(site(page)).to_contain_text("尚未登记")
    before = page.evaluate("() => performance.timeOrigin")

    # Nothing is sent that is not filled in: each is asked for where it is missing.
    button(page, "登记核查结果").click()
    dialog = page.get_by_role("dialog", name="登记核查结果")
    rows = dialog.locator(".adm-items li")
    assert rows.count() >= 8
    expect(rows.last).to_contain_text("现场核对：")  # what the rules met is looked at on site
    button(dialog, "登记核查结果").click()
    expect(dialog).to_contain_text("请选择核查结果")
    dialog.get_by_text("合格", exact=True).first.click()
    button(dialog, "登记核查结果").click()
    expect(dialog).to_contain_text("项没有选结果")
    expect(rows.first.get_by_role("radio").first).to_be_focused()
    rows.first.get_by_text("不合格", exact=True).click()
    rows.first.get_by_placeholder("说明").fill("二楼住人")
    rows.nth(1).get_by_text("不适用", exact=True).click()
    dialog.get_by_role("button", name="其余的都选合格").click()
    dialog.get_by_role("button", name="加一项").click()
    expect(rows.last.get_by_role("textbox").first).to_be_focused()
    rows.last.get_by_role("textbox").first.fill("门前堆物")
    rows.last.get_by_text("不适用", exact=True).click()
    dialog.get_by_label("核查人员").fill("张三")
    button(dialog, "登记核查结果").click()
    expect(dialog).to_contain_text("两名以上核查人员")  # the service's words, at their fields
    expect(dialog).to_contain_text("结果不能是合格")
    dialog.get_by_label("核查人员").fill("张三，李四")

    # To be put right by a day: the case stays open until then.
    dialog.get_by_text("限期整改", exact=True).click()
    button(dialog, "登记核查结果").click()
    expect(dialog).to_contain_text("须写明整改期限")
    by = (clock.today() + timedelta(days=10)).isoformat()
    dialog.get_by_label("整改期限").fill(by)
    button(dialog, "登记核查结果").click()
    expect(dialog).to_have_count(0)
    expect(button(page, "登记复查结果")).to_be_focused()
    expect(standing(page)).to_have_text("待核查")
    expect(page.locator(".adm-head")).to_contain_text(f"期限至 {by}")
    expect(site(page)).to_contain_text("张三、李四")
    expect(site(page)).to_contain_text("：二楼住人")
    expect(site(page)).to_contain_text("不合格 1 项，不适用 2 项")
    expect(page.locator(".adm-events")).to_contain_text("限期整改")

    # Looked at again, and passed.
    dialog = record(page, "合格")
    button(dialog, "登记核查结果").click()
    expect(dialog).to_have_count(0)
    expect(standing(page)).to_have_text("已核查")
    expect(page.locator("main h1")).to_be_focused()  # the button is no more
    expect(button(page, "登记复查结果")).to_have_count(0)

    # No signed copy of what is not signed.
    closes_not(page, "结论还没有签署")
    button(page, "签署结论").first.click()
    signing = page.get_by_role("dialog", name="签署结论")
    button(signing, "签署结论").click()
    expect(signing).to_have_count(0)

    dialog = send(page, "改了名.pdf", b"not a scan at all")
    expect(dialog.get_by_role("alert")).to_contain_text("只收 pdf、jpg、png、docx")
    button(dialog, "取消").click()
    expect(button(page, "上传附件")).to_be_focused()
    dialog = send(page, "签字 告知书.pdf", PDF)  # that it is the signed copy stands first now
    expect(dialog).to_have_count(0)
    expect(page.locator(".adm-head")).to_contain_text("已结案")
    expect(button(page, "上传附件")).to_be_focused()
    dialog = send(page, "店面.jpg", JPG)
    expect(dialog).to_have_count(0)
    files = page.get_by_role("region", name="附件", exact=True)
    expect(files.locator("li")).to_have_count(2)
    expect(files).to_contain_text("签字扫描件 · ")
    with page.expect_download() as taken:
        files.get_by_role("button", name="下载签字 告知书.pdf").click()
    assert taken.value.path().read_bytes() == PDF
    closes_not(page, "已由 admin 于")
    assert page.evaluate("() => performance.timeOrigin") == before  # all of it without a reload
    body = office.get(f"/api/admission/checks/{number}").json()
    assert body["closed"]["by"] == "admin"
    assert [f["kind"] for f in body["files"]] == ["signed", "photo"]


def test_a_file_that_is_too_large_is_refused_in_words(page: Page, office: httpx.Client) -> None:
    open_at(page, f"/admission/{made(office, '大文件的店')}")
    dialog = send(page, "太大.jpg", JPG + bytes(21 << 20))
    expect(dialog.get_by_role("alert")).to_contain_text("20 MB")
    expect(page.get_by_role("region", name="附件", exact=True)).to_contain_text("还没有附件")


def test_a_case_is_handed_out_anew_within_ones_own_charge(
    open_page: Callable[..., Watched], page: Page, office: httpx.Client, engine: Engine, address: str
) -> None:
    limits: dict[str, list[str]] = {"areas": ["360402"], "departments": [], "classes": [], "may": []}
    clerk = {"username": "lianxi_clerk", "password": OTHER_PASSWORD, "role": "editor", "tier": "department", **limits}
    add_account(engine, clerk)
    number = made(office, "改派的店")
    open_at(page, f"/admission/{number}")
    button(page, "改派").click()
    dialog = page.get_by_role("dialog", name="改派")
    dialog.get_by_role("button", name=re.compile("^去掉")).click()
    button(dialog, "改派").click()
    expect(dialog).to_contain_text("请选择镇街")
    dialog.get_by_role("combobox", name="镇街").fill("360402")
    page.get_by_role("option").first.click()
    dialog.get_by_label("部门").fill("没有这个局")
    button(dialog, "改派").click()
    expect(dialog).to_contain_text("没有这个局")
    dialog.get_by_label("部门").fill("消防救援支队")
    dialog.get_by_label("办理期限").fill("2020-01-01")
    button(dialog, "改派").click()
    expect(dialog).to_contain_text("办理期限不能早于今天")
    dialog.get_by_label("办理期限").fill("")
    button(dialog, "改派").click()
    expect(dialog).to_have_count(0)
    expect(button(page, "改派")).to_be_focused()
    expect(site(page)).to_contain_text("濂溪区")
    expect(site(page)).to_contain_text("消防救援支队")
    expect(page.locator(".adm-events")).to_contain_text("濂溪区")

    # Whoever has it now may work on it, within his own charge only.
    watched = open_page(path="/admission")
    own = watched.page
    own.context.request.post(f"{address}/api/session", data={"username": "lianxi_clerk", "password": OTHER_PASSWORD})
    open_at(own, f"/admission/{number}")
    button(own, "改派").click()
    dialog = own.get_by_role("dialog", name="改派")
    dialog.get_by_role("button", name=re.compile("^去掉")).click()
    dialog.get_by_role("combobox", name="镇街").fill("360429")
    own.get_by_role("option").first.click()
    button(dialog, "改派").click()
    expect(dialog.get_by_role("alert")).to_contain_text("只能改派到您管理区域和部门以内")
    button(dialog, "取消").click()

    # Two at once: the second is told who was first, and sees the case as it is.
    dialog = record(own, "合格")
    other = record(page, "合格")
    button(other, "登记核查结果").click()
    expect(other).to_have_count(0)
    button(dialog, "登记核查结果").click()
    expect(dialog.get_by_role("alert")).to_contain_text("已由 admin 于")
    expect(standing(own)).to_have_text("已核查")
    button(dialog, "取消").click()
    expect(own.get_by_role("button", name="登记核查结果")).to_have_count(0)
    watched.wrong = [w for w in watched.wrong if not re.search(r"status of (403|409)|Canvas2D", w)]


def test_who_may_only_read_finds_no_act(
    open_page: Callable[..., Watched], office: httpx.Client, engine: Engine, address: str
) -> None:
    limits: dict[str, list[str]] = {"areas": [], "departments": [], "classes": [], "may": []}
    add_account(
        engine, {"username": "only_reads", "password": OTHER_PASSWORD, "role": "reader", "tier": "department", **limits}
    )
    number = made(office, "只看的店")
    page = open_page(path="/admission").page
    page.context.request.post(f"{address}/api/session", data={"username": "only_reads", "password": OTHER_PASSWORD})
    open_at(page, f"/admission/{number}")
    expect(site(page)).to_contain_text("尚未登记")
    for name in ("登记核查结果", "改派", "上传附件"):
        expect(button(page, name)).to_have_count(0)


def test_the_acts_on_a_phone(page: Page, office: httpx.Client) -> None:
    number = made(office, "手机办理的店")
    page.set_viewport_size({"width": 390, "height": 844})
    open_at(page, f"/admission/{number}")
    dialog = record(page, "合格")
    at_rest(page)
    box = dialog.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["height"] <= 844
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    wide: list[Any] = dialog.locator(".body").evaluate_all("(all) => all.map((e) => e.scrollWidth - e.clientWidth)")
    assert max(wide) <= 0
    button(dialog, "登记核查结果").click()
    expect(dialog).to_have_count(0)
    expect(standing(page)).to_have_text("已核查")


# -- The daily file -------------------------------------------------------------------------------

HEAD = ["企业名称", "统一社会信用代码", "行业代码", "经营范围", "住所", "经度", "纬度"]


def daily(first: int) -> bytes:
    """Twelve entities under a title: two with a fault, one without a place that is known."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["新设市场主体日清单"])
    sheet.append(HEAD)
    for n in range(first, first + 12):
        lon, lat = 115.9 + (n % 12) / 1000 + 1e-6, 29.62 + 1e-6
        sheet.append([f"例日{n}小店", f"92360402MB{n:08d}", None, "日用百货销售", f"例湖路 {n} 号", lon, lat])
    sheet["C5"] = "ABC"  # no code of a trade
    sheet["D7"] = None  # neither a trade nor words for it
    sheet["F9"] = sheet["G9"] = None
    sheet["E9"] = "不知何处 1 号"
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def give(page: Page, name: str, body: bytes, datum: str | None) -> None:
    """Choose the file and its datum, and start."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    page.locator(".drop input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": body})
    expect(page.locator(".drop .file-name")).to_have_text(name)
    if datum:
        page.locator(".datum", has_text=datum).click()
    button(page, "导入并核验").click()


def came(page: Page) -> dict[str, int]:
    """The counts of a daily file that is done."""
    expect(page.locator("[data-count=read]")).to_be_visible(timeout=90_000)
    return {str(c.get_attribute("data-count")): int(c.inner_text()) for c in page.locator("[data-count]").all()}


def test_a_daily_file_makes_its_cases_once(page: Page, office: httpx.Client) -> None:
    body = daily(100)
    page.get_by_role("link", name="导入日清单").click()
    expect(button(page, "导入并核验")).to_be_disabled()
    give(page, "今日.xlsx", body, None)
    expect(page.locator(".strip.err")).to_contain_text("请选择坐标系")  # it has coordinates, and no word of their datum
    page.locator(".datum", has_text="WGS 84").click()
    expect(page.locator(".strip.err")).to_have_count(0)
    button(page, "导入并核验").click()
    counts = came(page)
    assert counts == {"read": 12, "new": 10, "known": 0, "back": 2, "checked": 9, "unplaced": 1}
    expect(page.locator(".adm-head h1")).to_have_text("今日.xlsx")
    expect(page.locator(".adm-head h1")).to_be_focused()
    first = page.url

    with page.expect_download() as taken:
        button(page, "下载退回表").click()
    assert taken.value.suggested_filename == "今日-退回.xlsx"
    back = openpyxl.load_workbook(io.BytesIO(taken.value.path().read_bytes())).active
    assert back is not None
    said = "\n".join(str(c.value) for row in back.iter_rows() for c in row if c.value)
    assert "不是 GB/T 4754 的行业代码" in said
    assert "至少填一项" in said
    assert "已立案，待落位" in said

    page.get_by_role("link", name="看这一批 10 案").click()
    rows = page.locator(".adm-t tbody tr")
    expect(rows).to_have_count(10)
    chip = page.locator(".adm-chip")
    expect(chip).to_contain_text("今日.xlsx")
    page.reload()
    expect(rows).to_have_count(10)
    page.get_by_role("link", name="例日111小店").click()
    page.get_by_role("link", name="日清单导入").click()  # from a case to all of its file
    expect(rows).to_have_count(10)
    all_cases = office.get("/api/admission/checks").json()["total"]
    page.get_by_role("button", name="不限这一批").click()
    expect(chip).to_have_count(0)
    expect(page).to_have_url(re.compile("/admission$"))
    expect(page.locator(".adm-table .ph")).to_contain_text(f"共 {all_cases} 案")

    page.goto(first)  # how it came out stands at its address
    page.get_by_role("link", name="待落位 1 案").click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("尚未核验")
    page.goto(first)
    page.get_by_role("link", name="再导入一份").click()
    give(page, "今日.xlsx", body, "WGS 84")
    expect(page).not_to_have_url(first)
    assert came(page) == {"read": 12, "new": 0, "known": 10, "back": 2, "checked": 0, "unplaced": 0}
    expect(page.locator(".adm-run")).to_contain_text("没有新立案")
    expect(page.get_by_role("link", name=re.compile("看这一批"))).to_have_count(0)


def test_a_daily_file_that_is_none_is_refused_before_it_is_queued(page: Page) -> None:
    open_at(page, "/admission/batch")
    give(page, "通讯录.csv", "姓名,电话\n张三,1\n".encode(), None)
    expect(page.locator(".imp-wrong")).to_contain_text("表头")
    expect(page.locator(".drop .file-name")).to_have_text("通讯录.csv")
    open_at(page, f"/admission/batch?id=i_{'0' * 32}")
    expect(page.locator(".imp-wrong")).to_contain_text("没有这份日清单")


def test_the_daily_file_on_a_phone(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_at(page, "/admission/batch")
    give(page, "手机.xlsx", daily(300), "CGCS2000")
    assert came(page)["new"] == 10
    at_rest(page)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="看这一批 10 案").click()
    expect(page.locator(".adm-cases li")).to_have_count(10)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
