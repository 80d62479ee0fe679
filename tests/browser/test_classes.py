"""A class made in the page is there at once: counted, drawn, listed, searched and filtered, in every open page."""

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_page import drawn, total
from tests.conftest import ADMIN_PASSWORD

DEMO = True


def open_classes(page: Page, address: str, query: str = "") -> None:
    page.goto(f"{address}/admin/classes{query}")
    expect(page.locator(".cat")).to_be_visible()


def add_field(page: Page, title: str, kind: str | None = None, unit: str | None = None) -> Any:
    """One more field; its row."""
    page.get_by_role("button", name="加字段").click()
    row = page.locator(".frow").last
    row.get_by_label("名称", exact=True).fill(title)
    row.get_by_label("名称", exact=True).press("Tab")
    if kind:
        row.get_by_label("类型").select_option(label=kind)
    if unit:
        row.get_by_label("单位", exact=True).fill(unit)
    return row


@pytest.fixture
def other(address: str) -> Any:
    """The administrator at another desk, by API."""
    with httpx.Client(base_url=address) as client:
        session = client.post("/api/session", json={"username": "admin", "password": ADMIN_PASSWORD}).json()
        client.headers["X-CSRF-Token"] = session["csrf"]
        yield client


def test_an_escape_room_is_made_in_the_page_and_is_at_once_on_the_map(
    open_page: Any, address: str, other: httpx.Client
) -> None:
    elsewhere = open_page().page  # an open map, which nobody reloads
    expect(elsewhere.locator(".tr.l2", has_text="密室逃脱")).to_have_count(0)

    page = open_page(signed=True).page
    before = total(page)
    page.locator(".places").get_by_role("link", name="管理").click()
    page.locator(".side-menu").get_by_role("link", name="分类与标度").click()
    page.get_by_role("link", name="新增分类").click()
    page.get_by_role("button", name="保存并启用").click()
    expect(page.locator(".entry", has=page.locator("input[name=title]")).locator(".flaw")).to_have_text(
        "请填写分类名称"
    )
    page.locator("input[name=title]").fill("密室逃脱")
    page.locator("input[name=class]").fill("escape-room")
    page.locator("select[name=group]").select_option(label="建筑与消防")
    page.locator("input[name=department]").fill("消防救援支队")
    page.get_by_role("button", name="选图形").click()
    page.get_by_role("radio", name="钥匙").focus()
    page.keyboard.press("Space")
    add_field(page, "主题数", "整数", "个").get_by_label("字段名").fill("rooms")
    page.keyboard.press("Tab")
    named = add_field(page, "人数")
    expect(named.get_by_label("字段名")).to_have_value("persons")  # as other classes call it
    exits = add_field(page, "安全出口", "选项")
    exits.get_by_label("字段名").fill("exits")
    exits.get_by_label("可选项").fill("一个\n两个")
    exits.get_by_role("button", name="加别名").click()
    exits.get_by_label("表头", exact=True).fill("疏散出口")
    page.get_by_role("group", name="列表列").get_by_label("加一列").select_option(label="主题数")
    expect(page.locator(".tpl")).to_contain_text("主题数（个）")
    page.get_by_role("button", name="保存并启用").click()
    expect(page.locator(".ed-say")).to_contain_text("已存为第 1 版，状态")
    expect(page.locator(".ed-say")).to_contain_text("立即可用")
    expect(page.locator(".leaf.on")).to_contain_text("密室逃脱")
    expect(page.locator(".versions")).to_contain_text("新增分类，3 个字段")

    made = other.post(
        "/api/objects",
        json={
            "class": "escape-room",
            "code": "MS-001",
            "name": "例沉浸密室",
            "attributes": {"rooms": 5, "persons": 60, "exits": "两个"},
            "geometry": {"type": "Point", "coordinates": [115.99, 29.70]},
            "grade": {"value": "serious", "basis": "现场判定"},
            "visibility": "public",
        },
    )
    assert made.status_code == 201, made.text

    page.get_by_role("button", name="到图上看").click()
    expect(page.locator(".words .total")).to_have_text("1")
    expect(page.locator(".tr.l2", has_text="密室逃脱").locator(".c")).to_have_text("1")
    expect(page.locator(".tbl tbody tr")).to_have_count(1)
    expect(page.locator(".tbl tbody tr .name")).to_have_text("例沉浸密室")
    marks = drawn(page, 1)["marks"]
    assert [m["id"] for m in marks] == [made.json()["id"]]
    page.get_by_role("button", name="仅重大").click()
    expect(page.locator(".words .total")).to_have_text("0")
    page.get_by_role("button", name="较大以上").click()
    expect(page.locator(".words .total")).to_have_text("1")
    page.get_by_role("button", name="全部", exact=True).click()
    page.get_by_role("button", name="只看风险源").click()
    expect(page.locator(".words .total")).to_have_text(f"{before + 1:,}")
    page.locator(".search input").fill("沉浸密室")
    page.get_by_role("option", name="在名称、编号中筛选：沉浸密室").click()
    expect(page.locator(".words .total")).to_have_text("1")
    expect(page.locator(".tbl tbody tr")).to_have_count(1)
    page.locator(".tbl tbody tr").first.click()
    card = page.locator("aside.right")
    expect(card.locator("h1")).to_have_text("例沉浸密室")
    expect(card).to_contain_text("密室逃脱")

    tree = elsewhere.locator(".tr.l2", has_text="密室逃脱")
    expect(tree.locator(".c")).to_have_text("1")
    expect(tree.get_by_role("checkbox")).to_have_attribute("aria-checked", "true")


def test_what_is_being_typed_stands_when_the_check_answers(open_page: Any, address: str) -> None:
    page = open_page(signed=True).page
    open_classes(page, address, "?class=new")
    page.get_by_role("button", name="保存并启用").click()
    expect(page.locator(".entry.faulty").first.locator("input")).to_be_focused()  # the check has answered
    row = add_field(page, "安全出口", "选项")
    options, name = row.get_by_label("可选项"), row.get_by_label("字段名")
    options.fill("一个\n两个")
    expect(row.locator(".entry.faulty")).to_have_count(1)  # nothing is taken yet: there are no options
    expect(options).to_have_value("一个\n两个")
    with page.expect_response("**/api/classes/preview*"):
        name.fill("exits")  # which takes the options
    expect(row.locator(".entry.faulty")).to_have_count(0)
    expect(name).to_have_value("exits")
    expect(options).to_have_value("一个\n两个")


def test_who_types_on_while_it_is_saved_saves_nothing_unchecked(open_page: Any, address: str) -> None:
    page = open_page(signed=True).page
    open_classes(page, address, "?class=new")
    held: list[Any] = []
    page.route("**/api/classes/preview*", lambda route: route.continue_() if held else held.append(route))
    sent: list[str] = []
    page.on("request", lambda r: sent.append(r.url) if r.method == "POST" and r.url.endswith("/api/classes") else None)
    with page.expect_request("**/api/classes/preview*"):
        page.get_by_role("button", name="保存并启用").click()
    page.locator("input[name=title]").fill("临时避险点")
    # The newer question overtakes the one that is held; its answer is about what stands there now.
    expect(page.locator(".entry.faulty").first).to_be_visible()
    expect(page.get_by_role("button", name="保存并启用")).to_be_enabled()
    expect(page.locator("input[name=title]")).to_have_value("临时避险点")
    assert not sent


def test_saving_by_the_keyboard_takes_what_is_being_typed(open_page: Any, address: str, other: httpx.Client) -> None:
    page = open_page(signed=True).page
    open_classes(page, address, "?class=shelter")
    row = add_field(page, "开放方式", "选项")
    row.get_by_label("字段名").fill("opening")
    options = row.get_by_label("可选项")
    options.fill("常开\n平急两用")
    options.press("Control+s")
    expect(page.locator(".ed-say")).to_contain_text("已存为第")
    field = other.get("/api/classes/shelter").json()["body"]["fields"][-1]
    assert (field["name"], [o["title"] for o in field["options"]]) == ("opening", ["常开", "平急两用"])


def test_a_change_that_stored_values_do_not_fit_is_told_at_its_field_before_saving(
    open_page: Any, address: str, other: httpx.Client
) -> None:
    page = open_page(signed=True).page
    open_classes(page, address, "?class=school")
    row = page.locator(".frow").first
    row.get_by_role("button", name="展开").click()
    row.get_by_label("最小", exact=True).fill("999999")
    flaw = row.locator(".entry.faulty .flaw")
    expect(flaw).to_contain_text("个对象的")
    expect(flaw).to_contain_text("不合新的要求")
    state = other.get("/healthz").json()["state"]
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".ed-say")).to_contain_text("有 1 处不符合要求")
    assert other.get("/healthz").json()["state"] == state
    page.locator(".tabs").get_by_role("link", name="标度").click()
    expect(page.get_by_role("dialog", name="改动还没有保存")).to_be_visible()
    page.get_by_role("button", name="不保存").click()
    expect(page.get_by_role("region", name="四色风险等级")).to_contain_text("红最重")
    sizes = page.get_by_role("region", name="尾矿库等别")  # a size is larger, not worse
    expect(sizes.locator("tbody tr").first).to_contain_text("最大")
    expect(sizes).not_to_contain_text("最重")


def test_of_two_administrators_the_later_is_told_and_loses_nothing(
    open_page: Any, address: str, other: httpx.Client
) -> None:
    page = open_page(signed=True).page
    open_classes(page, address, "?class=market")
    page.locator("input[name=department]").fill("商务局")
    opened = other.get("/api/classes/market").json()
    changed = {**opened["body"], "title": "农贸市场"}
    answer = other.put("/api/classes/market", json=changed, headers={"If-Match": f'"{opened["version"]}"'})
    assert answer.status_code == 200, answer.text
    expect(page.locator(".ed-say")).to_contain_text(f"别人已把它改为第 {opened['version'] + 1} 版")
    expect(page.locator("input[name=department]")).to_have_value("商务局")
    page.get_by_role("button", name="撤销改动").click()
    expect(page.locator("input[name=title]")).to_have_value("农贸市场")
    expect(page.locator(".versions li").first).to_contain_text("名称由“集贸市场”改为“农贸市场”")


def test_policies_and_divisions_are_shown_with_dates_and_source(open_page: Any, address: str) -> None:
    page = open_page(signed=True).page
    open_classes(page, address, "?tab=policies")
    policy = page.get_by_role("region", name="重大危险源级别对应风险等级")
    expect(policy).to_contain_text("已采用")
    expect(policy).to_contain_text("自状态")
    page.locator(".tabs").get_by_role("link", name="区划").click()
    expect(page.locator(".levels")).to_contain_text("2000-01-01")
    expect(page.locator(".levels")).to_contain_text("统计用区划代码")
    page.get_by_label("查找区划名称或代码").fill("湖口")
    expect(page.locator(".dtree li").first).to_contain_text("360429")
