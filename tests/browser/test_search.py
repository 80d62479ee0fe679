"""The search box in a browser: by key and by finger, to an object, an address, a position; and the way back."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.test_page import drawn

DEMO = True


def box(page: Page) -> Any:
    return page.get_by_role("combobox", name="查找对象、地址或坐标")


def options(page: Page) -> Any:
    return page.locator("#search-results").get_by_role("option")


def zoom(page: Page) -> float:
    return float(re.search(r"map=([\d.]+)/", page.url).group(1))  # type: ignore[union-attr]


def test_initials_find_an_object_and_the_map_flies_there(open_page: Any) -> None:
    page = open_page().page
    drawn(page)
    page.locator(".map .canvas").focus()
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()
    page.keyboard.type("lhxxx")
    first = options(page).first
    expect(first).to_contain_text("例湖溪小学")
    expect(first).to_contain_text("拼音首字母全同")
    expect(first.locator("mark")).to_have_text("例湖溪小学")
    expect(first).to_have_attribute("aria-selected", "true")
    expect(box(page)).to_have_attribute("aria-activedescendant", str(first.get_attribute("id")))
    page.keyboard.press("Enter")
    expect(page.locator("aside.right h1")).to_have_text("例湖溪小学")
    expect(page.locator("#search-results")).to_be_hidden()
    expect(page.locator(".map .canvas")).to_be_focused()
    page.wait_for_function("() => /map=1[6-9]/.test(location.hash)")
    expect(page.locator(".words .total")).not_to_have_text("1")  # the selection is another matter


def test_escape_goes_back_to_where_one_came_from(open_page: Any) -> None:
    page = open_page().page
    button = page.get_by_role("button", name="较大以上")
    button.focus()
    page.keyboard.press("/")
    page.keyboard.type("江湖路")
    expect(options(page).first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator("#search-results")).to_be_hidden()
    expect(button).to_be_focused()


def test_the_last_row_filters_by_name_and_what_was_searched_is_offered_again(open_page: Any) -> None:
    page = open_page().page
    box(page).fill("例湖")
    page.get_by_role("option", name="在名称、编号中筛选：例湖").click()
    expect(page.locator(".words")).to_contain_text("名称或编号含“例湖”")
    assert "q=" in page.url
    box(page).fill("")
    box(page).click()
    expect(options(page).first).to_contain_text("例湖")
    page.get_by_role("option", name="清除最近查找").click()
    expect(page.locator("#search-results")).to_be_hidden()


def test_an_address_gets_a_pin_that_can_be_taken_away(open_page: Any) -> None:
    page = open_page().page
    drawn(page)
    box(page).fill("九江市濂溪区江湖路6号")
    expect(options(page).first).to_contain_text("门牌级")
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="图上标记")
    expect(panel).to_contain_text("濂溪区七里湖街道江湖路6号")
    expect(panel).to_contain_text("来源：演示地名地址（虚构）")
    expect(page.locator(".map-pin")).to_have_count(1)
    page.wait_for_function("() => /map=17/.test(location.hash)")
    panel.get_by_role("button", name="去掉标记").click()
    expect(page.locator(".map-pin")).to_have_count(0)


def test_a_position_says_its_datum_and_another_can_be_chosen(open_page: Any) -> None:
    page = open_page().page
    drawn(page)
    box(page).fill("29.65000, 116.00000")
    expect(options(page)).to_have_count(3)
    expect(options(page).nth(0)).to_contain_text("不用换算")
    expect(options(page).nth(1)).to_contain_text(re.compile(r"GCJ-02.*换算后移 \d+ m"))
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="图上标记")
    expect(panel).to_contain_text("CGCS2000 116.000000, 29.650000")
    panel.get_by_role("combobox").select_option("GCJ02")
    expect(panel).not_to_contain_text("116.000000, 29.650000")
    expect(panel).to_contain_text("按 GCJ-02")
    box(page).fill("121.4737, 31.2304")
    expect(options(page).first).to_contain_text("不在辖区内")


def test_nothing_found_says_what_was_searched_and_a_script_stays_text(open_page: Any) -> None:
    page = open_page().page
    box(page).fill("<img src=x onerror=document.title='坏'>")
    expect(page.locator(".s-say")).to_contain_text("没有找到“<img src=x onerror=document.title='坏'>”")
    expect(page.locator(".s-say")).to_contain_text("没有登记不等于没有风险")
    assert page.title() != "坏"


def test_from_another_page_to_the_map(open_page: Any) -> None:
    page = open_page(signed=True).page
    page.get_by_role("link", name="数据").click()
    page.wait_for_selector(".side-page")
    box(page).fill("例湖溪小学")
    expect(options(page).first).to_contain_text("名称全同")
    page.keyboard.press("Enter")
    expect(page.locator("aside.right h1")).to_have_text("例湖溪小学")
    drawn(page)
    page.wait_for_function("() => /map=1[6-9]/.test(location.hash)")


def test_on_a_phone_the_box_is_a_sheet_over_the_page(open_page: Any) -> None:
    page = open_page(width=390, height=844).page
    opener = page.get_by_role("button", name="查找对象、地址或坐标")
    opener.click()
    sheet = page.get_by_role("dialog", name="查找对象、地址或坐标")
    bounds = sheet.bounding_box()
    assert bounds is not None
    assert (bounds["width"], bounds["height"]) == (390, 844)
    box(page).fill("姑塘")
    expect(page.locator(".s-option.division").filter(has_text="姑塘镇")).to_be_visible()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    expect(box(page)).to_be_focused()
    page.locator(".s-option.division").filter(has_text="姑塘镇").click()
    expect(page.get_by_role("region", name="图上标记")).to_contain_text("濂溪区姑塘镇")


def test_the_help_is_a_dialog_on_the_map_and_a_page_for_paper(open_page: Any) -> None:
    page = open_page().page
    drawn(page)
    page.locator(".map .canvas").focus()
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="帮助")
    expect(dialog).to_contain_text("逐个查看图上的符号，从最重起")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="帮助").click()
    for title in ("怎样查找", "怎样看图例", "什么是待定位", "数据状态和时间", "数从哪里来", "全部按键"):
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator("header.bar")).to_be_hidden()
    tall = page.evaluate("document.querySelector('.help-page').scrollHeight <= document.documentElement.scrollHeight")
    assert tall  # nothing is cut off by a scrolling box
    page.emulate_media(media="screen")
    page.keyboard.press("/")
    expect(box(page)).to_be_focused()
