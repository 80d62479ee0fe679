"""准入核验 on the page: from a click to a signed case; what is typed is kept; what one may not see is masked, not missing."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect
from pyproj import Geod
from sqlalchemy import Engine

from riskmap.access.admin import add_account
from riskmap.access.reader import SYSTEM
from riskmap.admission import queries, service
from riskmap.admission.wire import Check
from riskmap.base import clock, database
from tests.browser.conftest import Watched, at_rest, ready_to_draw
from tests.browser.test_object import field
from tests.conftest import ADMIN_PASSWORD, OTHER_PASSWORD

DEMO = True
GEOD = Geod(ellps="GRS80")
SPOT = (115.9, 29.62)  # 柴桑区: nothing else of the demo city within some hundred metres


def away(at: tuple[float, float], metres: float, azimuth: float = 90) -> tuple[float, float]:
    lon, lat, _ = GEOD.fwd(*at, azimuth, metres)
    return lon, lat


def in_office(address: str, username: str, password: str) -> httpx.Client:
    # Each question has its connection: the service ends one that has rested for 5 s, and a question that is sent on it
    # in that instant is lost.
    client = httpx.Client(base_url=address, limits=httpx.Limits(max_keepalive_connections=0))
    answer = client.post("/api/session", json={"username": username, "password": password})
    assert answer.status_code == 200, answer.text
    client.headers["X-CSRF-Token"] = answer.json()["csrf"]
    return client


@pytest.fixture(scope="module")
def office(address: str) -> Iterator[httpx.Client]:
    """The administrator, by the service alone; a school stands 84 m east of the spot."""
    with closing(in_office(address, "admin", ADMIN_PASSWORD)) as client:
        school = {"type": "Point", "coordinates": list(away(SPOT, 84))}
        body = {"class": "school", "name": "例湖小学", "geometry": school, "visibility": "department"}
        answer = client.post("/api/objects", json=body | {"department": "教育局", "valid_from": "2026-01-01"})
        assert answer.status_code == 201, answer.text
        yield client


@pytest.fixture
def page(open_page: Callable[..., Watched], office: httpx.Client) -> Iterator[Page]:
    """An administrator's page, who may sign. Refusals that a test asks for are no fault of the page."""
    watched = open_page(signed=True, path="/admission")
    yield watched.page
    watched.page.close()
    meant = re.compile(r"status of (404|409|422)|Canvas2D: Multiple readback")
    watched.wrong = [w for w in watched.wrong if not meant.search(w)]


def open_at(page: Page, path: str) -> None:
    page.goto(re.sub(r"(//[^/]+).*", r"\1", page.url) + path)


def click_at(page: Page, at: tuple[float, float]) -> None:
    """Click a place of the small map."""
    box = page.locator(".adm-page .map .canvas").bounding_box()
    assert box
    point = page.evaluate("([x, y]) => window.riskmapPlace.pointOf(x, y)", list(at))
    page.mouse.click(box["x"] + point["x"], box["y"] + point["y"])


def ask_at_spot(page: Page) -> None:
    """The place by two clicks: the first from far off, the second where the map has come near."""
    expect(page.locator(".adm-page .map .canvas")).to_be_visible()
    page.evaluate("([x, y]) => window.riskmapPlace.look([x, y])", list(SPOT))
    at_rest(page)
    click_at(page, SPOT)
    expect(page.locator(".adm-place")).to_contain_text("放大后重点可减小")
    at_rest(page)
    click_at(page, SPOT)
    expect(field(page, "place.uncertainty_m")).to_have_value("0")


def figure(page: Page, title: str) -> int:
    said = page.locator(".adm-figures li").filter(has_text=title).locator("b").inner_text()
    return int(said.replace(",", ""))


def verdict(page: Page) -> Locator:
    return page.locator(".adm-verdict h2")


def made(office: httpx.Client, name: str, **more: Any) -> str:
    body = {
        "applicant": {"name": name},
        "trade": {"scope": "烟花爆竹零售"},
        "place": {"geometry": {"type": "Point", "coordinates": list(SPOT)}},
        **more,
    }
    answer = office.post("/api/admission/checks", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["case"])


def test_the_whole_way_from_a_click_to_a_signed_case(page: Page) -> None:
    expect(page.locator(".places").get_by_role("link", name="准入", exact=True)).to_have_attribute(
        "aria-current", "page"
    )
    page.get_by_role("link", name="新建核验").click()
    expect(page.locator(".adm-live")).to_contain_text("在图上点一下")
    ask_at_spot(page)
    field(page, "trade.scope").fill("烟花爆竹零售；日用百货销售")
    expect(verdict(page)).to_have_text("不予准入建议")
    expect(page.locator(".adm-verdict .lead")).to_contain_text("距例湖小学 84")
    expect(page.locator(".adm-verdict .lead")).to_contain_text("100 m")
    expect(page.locator(".adm-tags li")).to_contain_text("烟花爆竹零售")
    page.get_by_role("button", name="核验并立案").first.click()  # without a name there is no case
    expect(page.locator(".ob-faults")).to_contain_text("名称")
    page.locator(".ob-faults a").first.click()
    expect(field(page, "applicant.name")).to_be_focused()
    field(page, "applicant.name").fill("例湖烟花零售店")
    field(page, "applicant.uscc").fill("92360402MA0000000X")
    page.get_by_role("button", name="核验并立案").first.click()
    expect(page).to_have_url(re.compile(r"/admission/ZR-\d{4}-\d{6}$"))

    expect(page.locator(".adm-head h1")).to_have_text("例湖烟花零售店")
    expect(verdict(page)).to_have_text("不予准入建议")
    expect(page.locator(".adm-verdict .warns")).to_contain_text("校验位不符")
    first = page.locator(".adm-hits tbody").first
    expect(first).to_contain_text("FW-RETAIL-100")
    expect(first).to_contain_text("例湖小学")
    expect(first).to_contain_text("100 m")
    expect(first.locator(".adm-detail")).to_contain_text("怎样可过")
    hits, asked = (int(n) for n in re.findall(r"\d+", page.locator(".adm-verdict .figure").inner_text()))
    assert hits == page.locator(".adm-hits tbody").filter(has_not_text="通过").count() > 0
    assert sum(int(t) for t in page.locator(".adm-asked tbody td:nth-child(2)").all_inner_texts()) <= asked
    expect(page.locator(".adm-side")).to_contain_text("未命中不等于无风险")
    expect(page.locator(".adm-events li").first).to_contain_text("核验立案")

    page.get_by_role("button", name="按原状态重算").click()
    expect(page.locator(".adm-again")).to_contain_text("与原来全同")

    page.get_by_role("button", name="签署结论").first.click()
    dialog = page.get_by_role("dialog", name="签署结论")
    dialog.get_by_label("所签结论").select_option(label="现场核查")
    dialog.get_by_role("button", name="签署结论").click()
    expect(dialog).to_contain_text("请写明理由")  # the service's words: another verdict than advised
    dialog.get_by_label("说明").fill("店面外墙实测后再定")
    dialog.get_by_role("button", name="签署结论").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".adm-head")).to_contain_text("已签：现场核查")
    expect(page.locator(".adm-side section").filter(has_text="签署人")).to_contain_text("店面外墙实测后再定")
    expect(page.get_by_role("button", name="签署结论")).to_have_count(0)

    with page.expect_download() as taken:
        page.get_by_role("button", name="下载安全告知书").click()
    assert re.match(r"安全告知书-ZR-\d{4}-\d{6}\.docx$", taken.value.suggested_filename)

    page.get_by_role("link", name="返回准入案").click()
    row = page.locator(".adm-t tbody tr").filter(has_text="例湖烟花零售店")
    expect(row).to_contain_text("不予准入建议")
    expect(row).to_contain_text("现场核查 admin")


def test_a_row_is_chosen_in_the_table_and_on_the_map(page: Page, office: httpx.Client) -> None:
    number = made(office, "两处烟花店")
    open_at(page, f"/admission/{number}")
    rows = page.locator(".adm-hits tbody")
    expect(rows.first.locator("tr").first).to_have_class(re.compile("sel"))
    at_rest(page)
    lines = page.evaluate("() => window.riskmapPlace.place.near.map(({ n }) => [n.id, n.said.text, n.said.chosen])")
    assert next(text for i, text, chosen in lines if chosen) == "84.0 m / 100 m"
    rows.first.get_by_role("button").click()  # again: nothing is chosen
    expect(page.locator(".adm-hits tr.sel")).to_have_count(0)
    click_at(page, away(SPOT, 84))  # the school's plate
    expect(rows.first.locator("tr").first).to_have_class(re.compile("sel"))
    rows.first.get_by_role("link", name="打开 例湖小学").click()
    expect(page.locator("main h1")).to_contain_text("例湖小学")


def test_an_outline_is_measured_from_and_what_is_typed_outlives_a_refresh(page: Page) -> None:
    open_at(page, "/admission/new")
    expect(page.locator(".adm-page .map .canvas")).to_be_visible()
    page.evaluate("([x, y]) => window.riskmapPlace.map.setView([y, x], 18, { animate: false })", list(SPOT))
    at_rest(page)
    page.get_by_role("button", name="画外廓").click()
    ready_to_draw(page)
    at_rest(page)  # the form above may still push the map down
    corners = [away(SPOT, m, a) for m, a in ((20, 45), (20, 135), (20, 225), (20, 315))]
    for corner in corners:
        click_at(page, corner)
    page.keyboard.press("Enter")
    expect(page.locator(".adm-q")).to_contain_text("已画，4 点")
    field(page, "trade.industry_code").fill("5299")
    field(page, "trade.scope").fill("烟花爆竹零售")
    field(page, "size.persons").fill("5")
    page.get_by_role("button", name="加危险化学品").click()
    page.get_by_role("combobox", name="第 1 行的物质").fill("氨")
    page.get_by_role("option", name=re.compile("^氨")).first.click()
    field(page, "size.storage.0.quantity_t").fill("12")
    # 84 m to the point; the outline's east edge is 14 m nearer.
    expect(page.locator(".adm-verdict .lead")).to_contain_text("距例湖小学 69.")
    expect(page.locator(".adm-hits")).to_contain_text("重大危险源辨识")
    at_rest(page)
    page.reload()
    expect(page.locator(".ob-tell")).to_contain_text("已恢复")
    expect(field(page, "trade.scope")).to_have_value("烟花爆竹零售")
    expect(field(page, "size.storage.0.quantity_t")).to_have_value("12")
    expect(page.locator(".adm-q")).to_contain_text("已画，4 点")
    expect(page.locator(".adm-verdict .lead")).to_contain_text("距例湖小学 69.")
    page.get_by_role("button", name="不要了，重新填").click()
    expect(field(page, "trade.scope")).to_have_value("")
    page.reload()
    expect(page.locator(".adm-live")).to_contain_text("在图上点一下")
    expect(page.locator(".ob-tell")).to_have_count(0)


def test_a_found_tag_is_taken_away_and_put_back_and_the_case_says_so(page: Page) -> None:
    open_at(page, "/admission/new")
    ask_at_spot(page)
    field(page, "trade.scope").fill("烟花爆竹零售")
    expect(verdict(page)).to_have_text("不予准入建议")
    page.get_by_role("button", name="去掉 烟花爆竹零售").click()
    expect(verdict(page)).to_have_text("准入")
    expect(page.locator(".adm-tags.off")).to_contain_text("已去掉 烟花爆竹零售")
    expect(page.locator(".adm-verdict .lead")).to_contain_text("不等于没有风险")
    page.get_by_role("button", name="恢复 烟花爆竹零售").click()
    expect(verdict(page)).to_have_text("不予准入建议")
    page.get_by_role("button", name="去掉 烟花爆竹零售").click()
    page.get_by_role("combobox", name="加事项").fill("加油")
    page.get_by_role("option", name=re.compile("加油")).first.click()
    expect(page.locator(".adm-tags").first).to_contain_text("手工加")
    field(page, "applicant.name").fill("例湖百货店")
    page.get_by_role("button", name="核验并立案").first.click()
    expect(page.locator(".adm-case .adm-q")).to_contain_text("人工去掉：烟花爆竹零售")


def test_faults_stand_at_their_inputs_in_the_services_words(page: Page) -> None:
    open_at(page, "/admission/new")
    expect(page.locator(".adm-page .map .canvas")).to_be_visible()
    page.get_by_role("button", name="输坐标").click()
    page.get_by_label("经度").fill("116°02′24″")
    page.get_by_label("纬度").fill("29.7")
    page.get_by_label("坐标基准").select_option(label="GCJ-02（高德、腾讯）")
    page.get_by_role("button", name="换算并定位").click()
    expect(page.locator(".adm-place .kv")).to_contain_text("°E")
    expect(page.locator(".adm-place .kv")).to_contain_text("GCJ-02")
    field(page, "trade.industry_code").fill("ABC")
    expect(page.locator(".ob-in", has=field(page, "trade.industry_code")).locator(".err-text")).to_contain_text(
        "不是 GB/T 4754"
    )
    field(page, "trade.industry_code").fill("5265")
    page.get_by_role("button", name="加易燃可燃液体").click()  # an empty line says nothing and is not sent
    expect(verdict(page)).to_be_visible()
    page.get_by_label("火灾危险性类别").select_option("甲B")
    field(page, "applicant.name").fill("例湖油品店")
    page.get_by_role("button", name="核验并立案").first.click()
    line = page.locator(".ob-rows .line")
    expect(line.locator(".err-text")).to_contain_text("请填写容积")
    field(page, "size.storage.0.volume_m3").fill("30")
    field(page, "size.persons").fill("三人")
    expect(page.locator(".ob-in", has=field(page, "size.persons")).locator(".err-text")).to_contain_text("应为整数")
    field(page, "size.persons").fill("3")
    expect(page.locator(".adm-page .err-text")).to_have_count(0)
    page.get_by_role("button", name="去掉地点").click()
    page.get_by_role("button", name="核验并立案").first.click()
    expect(page.locator(".adm-place .err-text")).to_contain_text("请给出地点")


def test_all_faults_are_said_together_and_a_place_outside_is_not_taken(page: Page) -> None:
    open_at(page, "/admission/new")
    expect(page.locator(".adm-page .map .canvas")).to_be_visible()
    page.evaluate("() => window.riskmapPlace.map.setView([29.7685, 115.9646], 16, { animate: false })")
    at_rest(page)
    click_at(page, (115.9646, 29.7685))  # beyond the 长江
    expect(page.locator(".not-taken")).to_have_text("这个地点不在辖区内。没有取用。")
    page.get_by_role("button", name="输坐标").click()
    typed = page.locator(".adm-typed input")
    for lon, lat, said in (("0", "0", "坐标是 0,0，不是一个地点"), ("125", "30", "换算后不在辖区内")):
        typed.nth(0).fill(lon)
        typed.nth(1).fill(lat)
        page.get_by_role("button", name="换算并定位").click()
        expect(page.locator(".not-taken")).to_contain_text(said)
        expect(page.locator(".adm-place .kv")).to_have_count(0)
    field(page, "trade.industry_code").fill("XYZ99")
    field(page, "trade.scope").fill("烟花爆竹零售")
    page.get_by_role("button", name="核验并立案").first.click()
    faults = page.locator(".ob-faults li")
    expect(faults).to_have_text([re.compile("请给出地点"), re.compile("“XYZ99”不是 GB/T 4754"), "请填写申请人的名称"])
    for name in ("trade.industry_code", "applicant.name"):
        expect(field(page, name)).to_have_attribute("aria-invalid", "true")
    ask_at_spot(page)
    expect(faults).to_have_text([re.compile("“XYZ99”不是 GB/T 4754"), "请填写申请人的名称"])
    expect(page.locator(".adm-live")).to_contain_text("“XYZ99”不是 GB/T 4754")
    click_at(page, away(SPOT, 30))
    field(page, "trade.industry_code").fill("")
    expect(verdict(page)).to_be_visible()
    expect(faults).to_have_text(["请填写申请人的名称"])
    field(page, "trade.scope").fill("加油站")
    expect(page.locator(".ob-in", has=field(page, "size.vapour_recovery"))).to_contain_text("从严按没有油气回收")


def test_a_point_is_taken_by_keys_alone(page: Page) -> None:
    open_at(page, "/admission/new")
    canvas = page.locator(".adm-page .map .canvas")
    expect(canvas).to_be_visible()
    page.evaluate("([x, y]) => window.riskmapPlace.map.setView([y, x], 17, { animate: false })", list(SPOT))
    at_rest(page)
    for key in ("Enter", " "):
        page.get_by_role("button", name="输坐标").focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Shift+Tab")  # back to 点选
        page.keyboard.press("Enter")
        expect(page.locator(".sketch-panel")).to_contain_text("空格或回车取十字处")
        expect(canvas).to_have_class(re.compile("sketch-by-key"))
        page.keyboard.press("ArrowRight")
        page.wait_for_function("() => !window.riskmapPlace.map._panAnim?._inProgress")
        middle = page.evaluate("() => { const { lng, lat } = window.riskmapPlace.map.getCenter(); return [lng, lat]; }")
        page.keyboard.press(key)
        expect(page.locator(".sketch-panel")).to_have_count(0)
        expect(page.locator(".adm-place .kv").first).to_contain_text(f"{middle[0]:.6f}°E {middle[1]:.6f}°N")


def test_who_only_reads_tries_and_files_nothing(
    open_page: Callable[..., Watched], office: httpx.Client, engine: Engine, address: str
) -> None:
    limits: dict[str, list[str]] = {"areas": [], "departments": [], "classes": [], "may": []}
    reader = {"username": "window_reader", "password": OTHER_PASSWORD, "role": "reader", "tier": "department"}
    add_account(engine, reader | limits)
    page = open_page(path="/admission").page
    page.context.request.post(f"{address}/api/session", data={"username": "window_reader", "password": OTHER_PASSWORD})
    open_at(page, "/admission")
    page.get_by_role("link", name="试核").click()
    expect(page.locator(".adm-head")).to_contain_text("当前账号只能试核，不能立案")
    ask_at_spot(page)
    field(page, "trade.scope").fill("烟花爆竹零售")
    expect(verdict(page)).to_have_text("不予准入建议")
    expect(page.get_by_role("button", name="核验并立案")).to_have_count(0)
    field(page, "applicant.name").press("Enter")
    expect(page).to_have_url(re.compile("/admission/new$"))


def test_an_address_brings_its_uncertainty_and_an_enterprise_its_outline(page: Page, office: httpx.Client) -> None:
    found = office.get("/api/search", params={"q": "路", "limit": 8}).json()["places"]["items"]
    road = next(item for item in found if item["level"] == "road")
    firm = office.get("/api/objects", params={"class": "enterprise", "limit": 1}).json()["items"][0]
    open_at(page, "/admission/new")
    field(page, "trade.scope").fill("烟花爆竹零售")
    page.get_by_role("combobox", name="查地址、对象").fill(road["name"])
    option = page.get_by_role("option", name=re.compile("道路级")).first
    expect(option).to_be_visible()
    option.click()
    expect(field(page, "place.uncertainty_m")).to_have_value("500")
    expect(verdict(page)).to_be_visible()
    expect(page.locator(".adm-place")).to_contain_text("误差 ±500 m")
    page.get_by_role("combobox", name="选企业").fill(firm["name"])
    page.get_by_role("option", name=re.compile(re.escape(firm["name"]))).first.click()
    expect(page.locator(".adm-place")).to_contain_text("按企业登记的")
    expect(field(page, "place.uncertainty_m")).to_have_value("")
    expect(page.locator(".adm-place .kv, .adm-q .kv").first).to_be_visible()
    expect(verdict(page)).to_be_visible()


def test_what_the_clerk_may_not_see_is_masked_and_not_missing(
    open_page: Callable[..., Watched], office: httpx.Client, engine: Engine, address: str
) -> None:
    limits: dict[str, list[str]] = {"areas": ["360482"], "departments": [], "classes": [], "may": []}
    clerk = {"username": "window_clerk", "password": OTHER_PASSWORD, "role": "editor", "tier": "department", **limits}
    add_account(engine, clerk)
    with closing(in_office(address, "window_clerk", OTHER_PASSWORD)) as own:
        number = made(own, "邻县烟花店")
    watched = open_page(path="/admission")
    page = watched.page
    expect(page.locator(".places").get_by_role("link", name="准入", exact=True)).to_have_count(0)  # the public
    page.context.request.post(f"{address}/api/session", data={"username": "window_clerk", "password": OTHER_PASSWORD})
    open_at(page, f"/admission/{number}")
    expect(verdict(page)).to_have_text("不予准入建议")
    row = page.locator(".adm-hits tbody").first
    expect(row).to_contain_text("对象无权查看（主管部门：教育局）")
    expect(row).to_contain_text("84.0 m")
    expect(row).to_contain_text("100 m")
    expect(page.locator(".adm-page")).not_to_contain_text("例湖小学")
    at_rest(page)
    masked = page.evaluate(
        "() => window.riskmapPlace.place.near.filter(({ n }) => n.said.text.startsWith('84.0')).length"
    )
    assert masked == 0  # where it is, the map does not tell
    expect(page.locator(".adm-side")).to_contain_text("没有签署权")
    expect(page.get_by_role("button", name="签署结论")).to_have_count(0)


def test_a_case_that_waits_gets_its_place(page: Page, engine: Engine) -> None:
    given = Check.model_validate(
        {
            "applicant": {"name": "无址烟花店"},
            "trade": {"scope": "烟花爆竹零售"},
            "place": {"address": "没有收录的地方"},
        }
    )
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        now = clock.now()
        number = queries.take_number(connection, now.year)
        row = service.case_row(given, SYSTEM, "file", now)
        queries.add_case(connection, row | {"number": number})
    page.reload()
    expect(page.locator(".adm-t tbody tr").first).to_be_visible()
    page.locator(".adm-figures button", has_text="待落位").click()
    expect(page.locator(".adm-t tbody tr")).to_have_count(figure(page, "待落位"))
    page.get_by_role("link", name="无址烟花店").click()
    expect(page.locator(".adm-unplaced")).to_contain_text("地点还没有落实")
    page.evaluate("([x, y]) => window.riskmapPlace.map.setView([y, x], 18, { animate: false })", list(SPOT))
    at_rest(page)
    click_at(page, SPOT)
    page.get_by_role("button", name="落位并核验").click()
    expect(verdict(page)).to_have_text("不予准入建议")
    expect(page.locator(".adm-events")).to_contain_text("落位并核验")


def test_figures_add_up_and_filters_stand_in_the_address(page: Page, office: httpx.Client) -> None:
    made(office, "数目烟花店")
    page.reload()
    expect(page.locator(".adm-t tbody tr").first).to_be_visible()
    parts = [figure(page, t) for t in ("待落位", "待核查", "逾期", "已核查", "不通过")]
    assert sum(parts) == figure(page, "全部") > 0
    page.get_by_label("按名称、编号、统一社会信用代码查").fill("数目")
    expect(page.locator(".adm-t tbody tr")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"q=%E6%95%B0%E7%9B%AE"))
    page.get_by_label("按结论").select_option(label="准入")
    expect(page.locator(".adm-table .empty")).to_contain_text("没有符合条件")
    page.get_by_label("按结论").select_option(label="不予准入建议")
    expect(page.locator(".adm-t tbody tr")).to_have_count(1)
    page.locator(".adm-t .name").press("Enter")
    expect(page).to_have_url(re.compile("/admission/ZR-"))
    page.go_back()
    expect(page.locator(".adm-t tbody tr")).to_have_count(1)
    page.get_by_role("button", name="去掉条件").click()
    expect(page).to_have_url(re.compile("/admission$"))


def test_a_case_is_asked_anew_as_it_was_asked(page: Page, office: httpx.Client) -> None:
    number = made(office, "再问烟花店", size={"persons": 4, "storage": [{"fire_class": "甲B", "volume_m3": "20"}]})
    open_at(page, f"/admission/{number}")
    page.get_by_role("link", name="按现在另立新案").click()
    expect(page.locator(".adm-head h1")).to_contain_text(number)
    expect(field(page, "applicant.name")).to_have_value("再问烟花店")
    expect(field(page, "size.persons")).to_have_value("4")
    expect(field(page, "size.storage.0.volume_m3")).to_have_value("20")
    expect(verdict(page)).to_have_text("不予准入建议")
    page.get_by_role("button", name="核验并立案").first.click()
    expect(page).to_have_url(re.compile(r"/admission/ZR-\d{4}-\d{6}$"))
    assert number not in page.url


def test_one_case_on_a_phone_and_on_paper(page: Page, office: httpx.Client) -> None:
    number = made(office, "手机烟花店")
    page.set_viewport_size({"width": 390, "height": 844})
    open_at(page, f"/admission/{number}")
    expect(page.locator(".adm-cards li")).not_to_have_count(0)
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1366, "height": 768})
    at_rest(page)
    page.emulate_media(media="print")
    for gone in (".bar", ".adm-head .acts-row", ".adm-case .tools"):
        expect(page.locator(gone)).to_be_hidden()
    expect(page.locator(".adm-hits")).to_be_visible()
    page.emulate_media(media="screen")
