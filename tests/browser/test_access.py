"""Access for all: axe-core on every page and state; the keyboard's path; grades that can be read in grey."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from riskmap.access.admin import add_account
from riskmap.base.settings import REPOSITORY
from tests.browser.conftest import ready_to_draw
from tests.browser.test_grading import SIX, plant, put
from tests.browser.test_import import dry_run, take, upload
from tests.browser.test_object import field, make, save
from tests.browser.test_page import drawn, place
from tests.conftest import ADMIN_PASSWORD, OTHER_PASSWORD

DEMO = True
AXE = (REPOSITORY / "frontend" / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
# Findings of these two weights are refused; what they name is printed. In the other theme the page is the same but
# for its colours. What is still fading in or out is not looked at before it stands.
_RUN = """async (within) => {
  const html = document.documentElement;
  const own = html.dataset.theme;
  const still = () => Promise.all(document.getAnimations().filter((a) => a.effect.getTiming().iterations !== Infinity)
    .map((a) => a.finished.catch(() => null)));
  const found = [];
  for (const theme of ["light", "dark"]) {
    html.dataset.theme = theme;
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    await still();
    const only = theme === own ? {} : { runOnly: ["color-contrast"] };
    const { violations } = await axe.run(within ?? document, { resultTypes: ["violations"], ...only });
    found.push(...violations.filter((v) => ["serious", "critical"].includes(v.impact)).flatMap((v) => v.nodes.map((n) =>
      `${theme}, ${v.id}: ${n.target.join(" ")} ${n.any[0]?.message ?? n.all[0]?.message ?? n.none[0]?.message ?? ""}`)));
  }
  html.dataset.theme = own;
  // The arrow keys of its combobox scroll Element Plus's list of choices: it is no stop of its own, and need not be.
  return found.filter((said) => !/scrollable-region-focusable.*el-select-dropdown__wrap/.test(said));
}"""


class Look:
    """What axe-core finds of serious and critical, state by state, in both themes."""

    def __init__(self) -> None:
        self.found: dict[str, list[str]] = {}

    def __call__(self, page: Page, state: str, within: str | None = None) -> None:
        """Note what is found in this state; `within` is where what has opened stands, if the rest was looked at before."""
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE)
        if said := page.evaluate(_RUN, within):
            self.found[state] = said


@pytest.fixture
def look() -> Iterator[Look]:
    """Looks at a page as it stands; the test fails at its end with all that was found in it."""
    looked = Look()
    yield looked
    assert looked.found == {}


@pytest.fixture(scope="module")
def officer(address: str, engine: Any) -> Iterator[httpx.Client]:
    """The administrator, who works by the service alone; beside him an auditor, for the page that only one sees."""
    limits: dict[str, list[str]] = {"areas": [], "departments": [], "classes": [], "may": []}
    add_account(
        engine,
        {"username": "auditor", "password": OTHER_PASSWORD, "role": "auditor", "tier": "department", **limits},
    )
    with httpx.Client(base_url=address) as client:
        answer = client.post("/api/session", json={"username": "admin", "password": ADMIN_PASSWORD})
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        yield client


@pytest.fixture(scope="module")
def visitors(browser: Browser) -> Iterator[dict[str, BrowserContext]]:
    """Who has come, signed in once. The contexts pass by the page's CSP for axe alone."""
    come: dict[str, BrowserContext] = {}
    yield come
    for context in come.values():
        context.close()


Enter = Callable[..., Page]


@pytest.fixture
def enter(
    browser: Browser, address: str, officer: httpx.Client, visitors: dict[str, BrowserContext]
) -> Iterator[Enter]:
    """Opens a page at a size, signed in or not."""
    pages: list[Page] = []

    def enter_(path: str, who: str = "admin", width: int = 1366, height: int = 768, wait: str = ".bar") -> Page:
        if who not in visitors:
            visitors[who] = context = browser.new_context(locale="zh-CN", bypass_csp=True, reduced_motion="reduce")
            if who:
                password = ADMIN_PASSWORD if who == "admin" else OTHER_PASSWORD
                answer = context.request.post(f"{address}/api/session", data={"username": who, "password": password})
                assert answer.ok, answer.text()
        page = visitors[who].new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.set_default_timeout(20_000)
        page.goto(f"{address}{path}")
        page.wait_for_selector(wait)
        page.wait_for_function("() => document.fonts.status === 'loaded'")
        return page

    yield enter_
    for page in pages:
        page.close()


PHONE = {"width": 390, "height": 844}
PAGES = {
    "/data/import": ("admin", ".drop"),
    "/data/waiting": ("admin", ".side-body table"),
    "/data/review": ("admin", ".reviews .empty, .reviews table"),
    "/data/jobs": ("admin", ".side-body h1, .side-body h2"),
    "/admin/accounts": ("admin", ".side-body table tbody tr, .side-body .ac-list li"),
    "/admin/classes": ("admin", ".cat nav.tabs"),
    "/admin/classes?tab=scales": ("admin", ".cat .sheets table"),
    "/admin/classes?tab=policies": ("admin", ".cat .read table"),
    "/admin/classes?tab=rulesets": ("admin", ".cat .bands table"),
    "/admin/classes?tab=divisions": ("admin", ".cat .read table"),
    "/admin/basemaps": ("admin", ".side-body table tbody tr, .side-body .ac-list li"),
    "/admin/me": ("admin", ".side-body h2"),
    "/lists/neighbours": ("admin", ".list-t tbody tr, .list-cards li"),
    "/lists/coverage": ("admin", ".list-t tbody tr, .list-cards li"),
    "/lists/parks": ("admin", ".list-t tbody tr, .list-cards li"),
    "/lists/inventory": ("", ".list-t tbody tr, .list-cards li"),
    "/objects/new": ("admin", "main h1, main h2"),
    "/objects/new?class=tailings-pond": ("admin", ".ob-form h1"),
    "/rescue": ("admin", ".rs-begin"),
    "/rescue?tab=responses": ("admin", ".rs-right .empty"),
    "/admission": ("admin", ".adm-table .empty, .adm-t tbody tr, .adm-cases li"),
    "/admission/new": ("admin", ".adm-page .map .canvas"),
    "/admission/where#what=fireworks-retail&in=360402&res=8": ("admin", ".sw-legend"),
    "/admission/holidays": ("admin", ".hd-month"),
    "/admission/rules": ("admin", ".ru-t tbody tr, .ru-cards li"),
    "/admission/templates": ("admin", ".tp-list li"),
    "/admission/batch": ("admin", ".adm-give"),
    "/reports": ("admin", ".rp-list .empty, .rp-t tbody tr, .rp-cards li"),
    "/reports/new": ("admin", ".rp-count dd"),
    "/reports/columns": ("admin", ".rp-order li"),
    "/reports/template": ("admin", ".tp-list li"),
    "/help": ("", "main h1, main h2, h1, h2"),
    "/admin/audit": ("auditor", ".side-body table tbody tr, .side-body .ac-list li"),
}


@pytest.mark.parametrize("path", PAGES)
def test_pages_beside_the_map(enter: Enter, look: Look, path: str) -> None:
    who, wait = PAGES[path]
    page = enter(path, who, wait=wait)
    look(page, "wide")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.wait_for_selector(wait)
    look(page, "phone")


def test_the_form_of_a_rule_of_every_table(enter: Enter, look: Look) -> None:
    page = enter("/admission/rules", wait=".ru-t tbody tr")
    for name in page.locator(".ru-menu a .t").all_inner_texts():
        page.locator(".ru-menu a", has_text=name).click()
        expect(page.locator(".ru-bar h2")).to_have_text(name)
        page.locator(".ru-t tbody tr .plain").first.click()
        expect(page.locator(".ru-form")).to_be_visible()
        look(page, name, ".ru-form")
        page.locator(".ru-form").get_by_role("button", name="关闭").click()
        expect(page.locator(".ru-form")).to_be_hidden()


def test_a_set_and_what_is_done_with_it(enter: Enter, look: Look, officer: httpx.Client) -> None:
    sheet = {"paper": "A4", "orientation": "landscape", "heat": False}
    body = {"title": "濂溪区城市安全风险评估", "division": "360402", "sheets": [sheet], "booklet": False}
    made = officer.post("/api/reports", json=body).json()["id"]
    page = enter(f"/reports/{made}", wait=".rp-progress, .rp-files")
    look(page, "working")
    page.wait_for_selector(".rp-files", timeout=240_000)
    for by in ("按区划", "按分类", "各标度级别", "没有掌握的"):
        page.get_by_role("button", name=by, exact=True).click()
        look(page, by)
    page.locator(".rp-pictures .pic").first.click()
    page.wait_for_selector(".rp-sheet img")
    look(page, "a sheet", ".rp-look")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="撤回", exact=True).click()
    dialog = page.get_by_role("dialog", name="撤回")
    dialog.get_by_role("button", name="撤回", exact=True).click()
    look(page, "to be withdrawn", ".adm-dialog")
    page.keyboard.press("Escape")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    look(page, "phone")
    page = enter("/reports", wait=".rp-t tbody tr")
    look(page, "list")


def test_an_admission_as_it_is_asked_answered_and_signed(enter: Enter, look: Look, officer: httpx.Client) -> None:
    at = [115.9627, 29.6843]
    body = {
        "applicant": {"name": "例湖烟花零售店", "uscc": "92360402MA0000000X"},
        "trade": {"scope": "烟花爆竹零售；餐饮服务", "tags": ["filling-station"]},
        "place": {"geometry": {"type": "Point", "coordinates": at}, "uncertainty_m": 50},
        "size": {"persons": 5, "storage": [{"fire_class": "甲B", "volume_m3": "60"}]},
    }
    case = officer.post("/api/admission/checks", json=body).json()["case"]
    page = enter(f"/admission/new?from={case}", wait=".adm-verdict")
    page.locator(".adm-hits tbody button").first.click()
    page.get_by_role("button", name="输坐标").click()
    field(page, "trade.industry_code").fill("ABC")
    expect(page.locator(".err-text").first).to_be_visible()
    look(page, "asked")
    page = enter(f"/admission/{case}", wait=".adm-verdict")
    look(page, "answered")
    page.get_by_role("button", name="签署结论").first.click()
    expect(page.get_by_role("dialog", name="签署结论")).to_be_visible()
    look(page, "to be signed", ".el-dialog")
    page.keyboard.press("Escape")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.wait_for_selector(".adm-cards li")
    look(page, "on a phone")


def test_the_map_with_all_that_opens_on_it(enter: Enter, look: Look, officer: httpx.Client) -> None:
    page = enter("/", wait=".words .total")
    drawn(page)
    look(page, "map")
    page.locator("tbody tr").first.click()
    page.wait_for_selector("aside.right h1")
    look(page, "card", "aside.right")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("lhx")
    expect(page.locator("#search-results [role=option]").first).to_be_visible()
    look(page, "search", ".bar")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="保存的选择").click()
    page.get_by_label("名称", exact=True).fill("湖口重大")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".named .open")).to_be_visible()
    look(page, "selections by name", ".mid .words")
    page.keyboard.press("Escape")
    page.locator(".as-of").click()
    page.get_by_label("或数据状态号").fill("0")
    page.get_by_role("button", name="看那时").click()
    expect(page.locator(".words .pop").get_by_role("alert")).to_be_visible()
    look(page, "a past day refused", ".mid .words")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="导出", exact=True).click()
    look(page, "export", ".drop-panel")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("显示的列")).click()
    look(page, "columns", ".drop-panel")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="选择底图").click()
    page.wait_for_selector(".bm-float input")
    look(page, "basemaps", ".map")
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("更多条件")).click()
    look(page, "more conditions", ".left")
    page.get_by_role("button", name="返回分类与区域").click()
    page.get_by_role("tab", name="分级统计").click()
    page.wait_for_selector("table.sums tbody tr")
    look(page, "totals", ".tbl")
    page.get_by_role("button", name="显示与账户").click()
    look(page, "menu", ".bar")
    page.keyboard.press("Escape")
    page.locator(".map .canvas").focus()
    page.keyboard.press("?")
    page.wait_for_selector(".help-dialog h2, .help-dialog h3")
    look(page, "help")
    page.keyboard.press("Escape")
    expect(page.locator(".help-dialog")).to_be_hidden()
    page.keyboard.press("w")
    page.wait_for_selector(".wall")
    look(page, "wall")


def test_the_map_while_one_measures_draws_and_sees_hexagons(enter: Enter, look: Look) -> None:
    page = enter("/#map=12/29.7/115.9", wait=".words .total")
    drawn(page)
    page.keyboard.press("m")
    page.wait_for_selector(".measure")
    look(page, "measure", ".map")
    for lng, lat in ((115.86, 29.72), (115.90, 29.70), (115.93, 29.68)):
        page.mouse.click(*place(page, lng, lat))
    page.keyboard.press("Enter")
    expect(page.locator(".measured dd").first).to_be_visible()
    look(page, "measured", ".map")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="画范围").click()
    expect(page.locator(".sketch-panel")).to_contain_text("第一点")
    look(page, "draw", ".map")
    page.keyboard.press("Escape")
    expect(page.locator(".sketch-panel")).to_have_count(0)
    page.keyboard.press("h")
    page.wait_for_selector(".heat-legend")
    page.get_by_role("tab", name="按格清单").click()
    page.wait_for_selector("table.cells tbody tr")
    look(page, "hexagons", ".mid")
    page.goto(page.url.split("#")[0] + "#class=tailings-pond&q=没有这样的名称")
    page.reload()
    page.wait_for_selector(".empty-note")
    look(page, "nothing found", ".mid")


@pytest.mark.parametrize("size", [{}, PHONE], ids=["wide", "phone"])
def test_what_has_changed_since_one_last_looked(
    enter: Enter, look: Look, officer: httpx.Client, size: dict[str, int]
) -> None:
    page = enter("/#class=tailings-pond", wait=".words .total", **size)
    drawn(page)
    made = make(officer, "例变动库")
    match = {"If-Match": f'"{made["state"]}"'}
    assert officer.patch(f"/api/objects/{made['id']}", json={"name": "例变动后库"}, headers=match).status_code == 200
    page.locator(".changed-chip").click()
    expect(page.locator(".changes-list button").first).to_be_visible()
    look(page, "changes")


def test_signing_in(enter: Enter, look: Look) -> None:
    page = enter("/", "", wait=".words .total")
    look(page, "public")
    page.get_by_role("button", name="登录").first.click()
    page.wait_for_selector(".sign-in")
    look(page, "sign in")


def test_the_phone(enter: Enter, look: Look) -> None:
    page = enter("/", **PHONE, wait=".words .total")
    look(page, "map")
    page.get_by_role("button", name="查找对象、地址或坐标").click()
    page.keyboard.type("lhx")
    expect(page.locator("#search-results [role=option]").first).to_be_visible()
    look(page, "search")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="选择底图").click()
    page.wait_for_selector(".sheet .bm-panel, .sheet input")
    look(page, "basemaps")
    page.keyboard.press("Escape")
    expect(page.locator(".sheet:visible")).to_have_count(0)
    page.get_by_role("button", name="显示与账户").click()
    look(page, "menu")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="筛选").last.click()
    page.wait_for_selector(".sheet .filters")
    look(page, "filters")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="清单").click()
    page.locator(".rows button").first.click()
    page.wait_for_selector("aside.right h1")
    look(page, "card")


@pytest.mark.parametrize("size", [{}, PHONE], ids=["wide", "phone"])
def test_an_objects_page_with_all_that_opens_on_it(
    enter: Enter, look: Look, officer: httpx.Client, size: dict[str, int]
) -> None:
    party = {"role": "主要负责人", "name": "演一", "phone": "0792-0000001"}
    made = make(officer, "例可及库", grade={"value": "serious", "basis": "演示"}, parties=[party])
    page = enter(f"/objects/{made['id']}", wait="#place tbody tr", **size)
    look(page, "page")

    def more(item: str) -> None:
        page.get_by_role("button", name="更多").last.click()
        page.get_by_role("menuitem", name=item).click()

    page.get_by_role("button", name="更多").last.click()
    look(page, "menu")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="看过去").click()
    look(page, "look back")
    page.keyboard.press("Escape")
    more("改阶段")
    expect(page.get_by_role("button", name="保存阶段")).to_be_visible()
    look(page, "stage")
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="保存阶段")).to_be_hidden()
    page.get_by_role("button", name="修改责任人").click()
    look(page, "persons")
    page.locator("#persons").get_by_role("button", name="取消").click()
    more("注销")
    page.get_by_role("button", name="注销对象").click()
    expect(page.get_by_role("alert").filter(has_text="请写明原因")).to_be_visible()
    look(page, "end of life")
    page.get_by_label("原因").fill("重复登记")
    page.get_by_role("button", name="注销对象").click()
    expect(page.locator(".ob-bar")).to_contain_text("注销：重复登记")
    look(page, "ended")
    page.goto(page.url + f"?as_of=state%3A{made['state']}")
    expect(page.locator(".ob-bar.past")).to_be_visible()
    look(page, "past")


@pytest.mark.parametrize("size", [{}, PHONE], ids=["wide", "phone"])
def test_the_form_with_all_that_opens_on_it(
    enter: Enter, look: Look, officer: httpx.Client, size: dict[str, int]
) -> None:
    made = make(officer, "例填写库")
    page = enter(f"/objects/new?class=tailings-pond&from={made['id']}", wait=".ob-form h1", **size)
    look(page, "copy")
    page.goto(page.url.split("/objects")[0] + f"/objects/{made['id']}/edit#geometry")
    expect(field(page, "name")).to_have_value("例填写库")
    page.get_by_role("button", name="输入坐标").click()
    page.get_by_label("经度").fill("115.99")
    page.get_by_label("纬度").fill("北边")
    page.get_by_role("button", name="换算并定位").click()
    expect(page.locator(".ob-type")).to_contain_text("纬度看不懂")
    look(page, "typed position refused")
    page.get_by_role("button", name="在图上点定").click()
    ready_to_draw(page)
    look(page, "move")
    page.keyboard.press("Escape")
    expect(page.locator(".sketching")).to_have_count(0)
    field(page, "enterprise").fill("演")
    expect(page.locator(".ob-pick [role=option]").first).to_be_visible()
    look(page, "enterprise")
    page.keyboard.press("Escape")
    field(page, "name").fill("")
    save(page)
    expect(page.locator(".ob-faults")).to_be_visible()
    look(page, "faults")
    field(page, "name").fill("例本人库")
    page.get_by_role("button", name="返回", exact=True).click()
    expect(page.get_by_role("button", name="留在这里")).to_be_visible()
    look(page, "unsaved work")
    page.get_by_role("button", name="留在这里").click()
    expect(page.get_by_role("button", name="留在这里")).to_be_hidden()
    match = {"If-Match": f'"{made["state"]}"'}
    theirs = {"name": "例对方库", "source": "对方排查"}
    assert officer.patch(f"/api/objects/{made['id']}", json=theirs, headers=match).status_code == 200
    save(page)
    expect(page.locator(".ob-cmp")).to_be_visible()
    page.get_by_label("名称 用您的").check()
    look(page, "two officers")


@pytest.mark.parametrize("size", [{}, PHONE], ids=["wide", "phone"])
def test_the_steps_of_an_import(enter: Enter, look: Look, size: dict[str, int]) -> None:
    code = "JD" if size else "JA"
    rows = [
        "学校代码,学校名称,学生人数,所在区县,经度(CGCS2000),纬度(CGCS2000)",
        f"{code}-1,例及甲小学,300,浔阳区,115.9850,29.7150",
        f"{code}-2,例及乙小学,五十,浔阳区,115.9860,29.7160",
        f"{code}-3,例及丙小学,320,浔阳区,29.7100,115.9900",
    ]
    page = enter("/data/import", wait=".drop", **size)
    upload(page, "可及.csv", "\n".join(rows).encode(), "学校")
    expect(page.locator(".cols-t tbody tr").first).to_be_visible()
    look(page, "columns")
    page.get_by_role("combobox", name="“学生人数”对应的字段").click()
    expect(page.locator(".el-select-dropdown__item:visible").first).to_be_visible()
    look(page, "a column's field")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="下一步").click()
    expect(page.locator(".datum-step .strip")).to_be_visible()
    look(page, "datum")
    page.get_by_role("button", name="上一步").click()
    dry_run(page)
    for tab in ("退回", "待定位", "变更"):
        page.get_by_role("tab", name=tab).click()
        expect(page.locator(".rows-wrap")).to_have_attribute("aria-busy", "false")
        look(page, f"dry run, {tab}")
    take(page)
    look(page, "result")
    page.get_by_role("button", name="撤销整批").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look(page, "undo")
    page.get_by_role("dialog").get_by_role("button", name="取消").click()
    page.get_by_role("link", name=re.compile("^去放置")).click()
    page.locator(".wait-t tbody tr, .wait-t li").filter(has_text="例及丙小学").first.click()
    expect(page.locator(".place-form")).to_be_visible()
    look(page, "waiting")
    page.get_by_role("link", name="任务", exact=True).click()
    expect(page.locator(".jobs-t tbody tr").first).to_be_visible()
    look(page, "jobs")


def test_a_grade_with_its_arithmetic_its_sheet_and_its_review(enter: Enter, look: Look, officer: httpx.Client) -> None:
    unit, near = plant(officer, "例看罐区", 20, SIX)
    put(officer, "residential-area", "例看新村", geometry=near, attributes={"residents": 60})
    page = enter(f"/objects/{unit}", wait=".gr-wait")
    look(page, "record", "main")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    look(page, "record, phone", "main")
    page.goto(page.url + "/grade")
    page.wait_for_selector(".a4")
    look(page, "sheet, phone", "main")
    page.set_viewport_size({"width": 1366, "height": 768})
    look(page, "sheet", "main")
    page.goto(page.url.split("/objects")[0] + "/data/review")
    page.wait_for_selector(".review-t")
    look(page, "review")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    look(page, "review, phone")
    page.locator(f"tr[data-object='{unit}']").get_by_role("button", name=re.compile("^确认")).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    look(page, "confirm", ".el-dialog")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(page.url.split("/data")[0] + f"/objects/{unit}/edit")
    expect(page.locator(".gr-which .chosen")).to_have_count(6)
    expect(page.locator(".gr-live")).to_contain_text("R =")
    page.get_by_role("button", name="加一行").first.click()
    page.locator('[id="f-attributes.substances.6.choose"]').fill("氯")
    expect(page.locator(".gr-pick [role=option]").first).to_be_visible()
    look(page, "form", "main")


def test_what_opens_on_the_administrators_pages(enter: Enter, look: Look) -> None:
    page = enter("/admin/accounts", wait=".side-body table tbody tr")
    page.get_by_role("button", name="新建账号").click()
    expect(page.locator("input[name=new-username]")).to_be_visible()
    look(page, "account")
    page.goto(page.url.split("/admin")[0] + "/admin/classes?class=tailings-pond")
    page.wait_for_selector(".cat-body form")
    look(page, "class")


def test_the_keyboard_reaches_everything_from_the_first_stop(enter: Enter) -> None:
    page = enter("/#grade=major", wait=".words .total")
    drawn(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="跳到地图")).to_be_focused()
    expect(page.get_by_role("button", name="跳到地图")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator(".map .canvas")).to_be_focused()
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    expect(page.locator("aside.right h1").or_(page.locator(".tip")).first).to_be_visible()
    page.get_by_role("button", name="跳到属性表").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".tbl")).to_be_focused()
    menu = page.get_by_role("button", name="显示与账户")
    menu.focus()
    ring = menu.evaluate("(e) => getComputedStyle(e).boxShadow")
    assert ring.count("rgb") == 2  # two rings, to be seen on any ground
    page.keyboard.press("Enter")
    expect(page.get_by_role("switch", name="深色指挥")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()


def test_grades_are_read_in_grey(enter: Enter, tmp_path: Any) -> None:
    page = enter("/", wait=".words .total")
    page.add_style_tag(content="html { filter: grayscale(1); }")
    shapes = page.evaluate(
        "() => [...document.querySelectorAll('.legend li .gm')].map((e) => e.innerHTML.replace(/<!--.*?-->/g, ''))"
    )
    assert len(set(shapes)) == len(shapes) == 5
    words = page.locator(".legend li").all_inner_texts()
    assert [w.split()[0] for w in words] == ["重大", "较大", "一般", "低", "未评定"]
    page.screenshot(path=tmp_path / "grey.png")
