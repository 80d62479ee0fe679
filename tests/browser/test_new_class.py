"""Before lunch: a class that nobody shipped is made, filled from a table, filtered, drawn and counted, all in the page."""

from typing import Any

from playwright.sync_api import expect

from tests.browser.test_classes import add_field
from tests.browser.test_import import counts, dry_run, take, upload
from tests.browser.test_page import drawn

DEMO = True
ROWS = [
    ("例星夜密室", "MS-01", "浔阳区", "5", "115.9901", "29.7211", "较大"),
    ("例深海密室", "MS-02", "濂溪区", "3", "116.0123", "29.6512", "一般"),
    ("例无址密室", "MS-03", "浔阳区", "2", "", "", "一般"),
    ("例错数密室", "MS-04", "浔阳区", "五", "115.9951", "29.7222", "低"),
]


def test_an_escape_room_is_made_imported_filtered_drawn_and_counted(open_page: Any, address: str) -> None:
    page = open_page(signed=True).page
    page.goto(f"{address}/admin/classes")
    page.get_by_role("link", name="新增分类").click()
    page.locator("input[name=title]").fill("密室逃脱")
    page.locator("input[name=class]").fill("escape-room")
    page.locator("select[name=group]").select_option(label="建筑与消防")
    page.locator("input[name=department]").fill("消防救援支队")
    page.get_by_role("button", name="选图形").click()
    page.get_by_role("radio", name="钥匙").focus()
    page.keyboard.press("Space")
    add_field(page, "主题数", "整数", "个").get_by_label("字段名").fill("rooms")
    page.get_by_role("button", name="保存并启用").click()
    expect(page.locator(".ed-say")).to_contain_text("已存为第 1 版，状态")

    head = "密室逃脱名称,编号,所在区县,主题数（个）,经度(CGCS2000),纬度(CGCS2000),风险等级"
    body = "\n".join([head, *(",".join(row) for row in ROWS)]).encode("gb18030")
    page.goto(address)
    upload(page, "密室.csv", body, "密室逃脱")
    dry_run(page)
    assert counts(page) == {"read": 4, "added": 2, "changed": 0, "same": 0, "waiting": 1, "back": 1}
    take(page)

    page.get_by_role("link", name="在图上看密室逃脱").click()
    expect(page.locator(".words .total")).to_have_text("3")
    expect(page.locator(".words")).to_contain_text("其中 1 处待定位")
    expect(page.locator(".tr.l2", has_text="密室逃脱").locator(".c")).to_have_text("3")
    shown = drawn(page, 2)
    assert shown["objects"] + shown["clustered"] == 2
    expect(page.locator(".tbl tbody tr")).to_have_count(3)
    page.get_by_role("button", name="较大以上").click()
    expect(page.locator(".words .total")).to_have_text("1")
    expect(page.locator(".tbl tbody tr")).to_have_count(1)
    expect(page.locator(".tbl tbody tr .name")).to_have_text("例星夜密室")
    assert len(drawn(page, 1)["marks"]) == 1
