"""The page of lists: over the map's selection, each figure opens what it counts, and one finds the way back."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import at_rest
from tests.browser.test_page import total

DEMO = True


def rows(page: Page) -> int:
    """How many rows the foot of the list tells of."""
    said = page.locator(".list-box footer [aria-live]").inner_text()
    return int(re.findall(r"[\d,]+", said)[-1].replace(",", ""))


def figure(page: Page, title: str) -> Any:
    return page.locator(".figures li").filter(has_text=re.compile(f"^{title}"))


def value(page: Page, title: str) -> int:
    return int(figure(page, title).locator("b").inner_text().replace(",", ""))


def test_from_the_map_to_a_list_and_back_with_the_same_selection(open_page: Any) -> None:
    page = open_page("division=360430", signed=True).page
    page.locator(".places").get_by_role("link", name="清单").click()
    expect(page.locator(".list-head h2")).to_have_text("重大危险源")
    expect(page.locator(".list-words")).to_contain_text("彭泽县")
    expect(page.locator(".list-t tbody tr").first).to_be_visible()
    expect(page).to_have_url(re.compile("/lists/major-hazards#division=360430$"))
    at_rest(page)
    whole = rows(page)
    for link in page.locator(".side-menu a").all():  # each list tells how many it has
        expect(link.locator(".c")).to_have_text(re.compile(r"^[\d,]+$"))
    level = value(page, "三级")
    assert 0 < level < whole
    figure(page, "三级").get_by_role("button").click()
    expect(page.locator(".list-t tbody tr")).to_have_count(level)
    expect(page).to_have_url(re.compile("only=level-3"))
    assert rows(page) == level
    figure(page, "三级").get_by_role("link", name="在图上看“三级”").click()
    page.wait_for_selector(".words .total")
    at_rest(page)
    assert total(page) == level
    page.go_back()
    expect(page.locator(".list-t tbody tr")).to_have_count(level)
    page.get_by_role("button", name="不再只列“三级”").last.click()
    expect(page.locator(".list-t tbody tr")).to_have_count(whole)
    page.locator(".list-words").get_by_role("button", name="去掉 彭泽县").click()
    expect(page).to_have_url(re.compile("/lists/major-hazards$"))
    at_rest(page)
    assert rows(page) > whole


def test_neighbours_within_a_typed_distance(open_page: Any) -> None:
    page = open_page(signed=True, path="/lists/neighbours").page
    expect(page.locator(".list-t tbody tr").first).to_be_visible()
    at_rest(page)
    whole, near = rows(page), value(page, "200 m 以内")
    assert 0 < near < whole
    page.get_by_label("相距不超过").fill("5001")
    page.get_by_role("button", name="重新列出").click()
    expect(page.locator(".own-numbers").get_by_role("alert")).to_contain_text("1–5,000")
    page.get_by_label("相距不超过").fill("200")
    page.get_by_label("相距不超过").press("Enter")
    expect(page.locator(".list-t tbody tr")).to_have_count(near)
    expect(page).to_have_url(re.compile("within=200"))
    first = page.locator(".list-t tbody tr td").first
    shortest = first.inner_text()
    page.get_by_role("columnheader", name="相距").get_by_role("button").click()
    expect(page.locator(".list-t th.sorted")).to_have_attribute("aria-sort", "descending")
    expect(first).not_to_have_text(shortest)
    name = page.locator(".list-t tbody tr").first.get_by_role("link").first
    said = name.inner_text()
    name.click()
    expect(page.locator("main h1")).to_contain_text(said)


def test_a_cell_of_the_coverage_opens_its_objects_on_the_map(open_page: Any) -> None:
    page = open_page(signed=True, path="/lists/coverage?sort=-n").page
    cell = page.locator(".list-t .figure").first
    expect(cell).to_be_visible()
    n = int(cell.inner_text().replace(",", ""))
    cell.click()
    page.wait_for_selector(".words .total")
    at_rest(page)
    assert total(page) == n > 1


def test_a_list_of_the_past_says_so_and_is_another(open_page: Any) -> None:
    page = open_page(signed=True, path="/lists/inventory#as_of=2022-06-30").page
    expect(page.locator(".list-words.past")).to_contain_text("2022-06-30")
    expect(page.locator(".list-t tbody tr").first).to_be_visible()
    at_rest(page)
    then = value(page, "登记对象")
    page.get_by_role("button", name="回到现在").click()
    expect(page.locator(".list-words.past")).to_have_count(0)
    at_rest(page)
    assert value(page, "登记对象") > then > 0


def test_what_could_not_be_read_is_said_and_asked_for_again(open_page: Any) -> None:
    watched = open_page(signed=True, path="/lists/parks")
    page = watched.page
    expect(page.locator(".list-t tbody tr").first).to_be_visible()
    body = '{"code":"fault","detail":"服务出错，请求没有完成。","errors":[]}'
    page.route("**/api/lists/tanks?*", lambda route: route.fulfill(status=500, body=body))
    page.locator(".side-menu").get_by_role("link", name="储罐").click()
    alert = page.locator(".list-body").get_by_role("alert")
    expect(alert).to_contain_text("清单没有读到")
    expect(page.locator(".list-t")).to_have_count(0)  # rows of another list do not stand under this one's name
    page.unroute("**/api/lists/tanks?*")
    alert.get_by_role("button", name="重试").click()
    expect(page.locator(".list-t tbody tr").first).to_be_visible()
    expect(alert).to_have_count(0)
    watched.wrong.clear()  # the browser told of the answer that we made fail


def test_an_empty_list_says_what_was_asked(open_page: Any) -> None:
    page = open_page(signed=True, path="/lists/parks#division=360403").page
    expect(page.locator(".list-box .empty")).to_contain_text("没有这样的对象")
    expect(page.locator(".list-box .empty")).to_contain_text("浔阳区")


def test_the_public_gets_the_lists_that_are_public(open_page: Any) -> None:
    page = open_page().page
    page.locator(".places").get_by_role("link", name="清单").click()
    page.locator(".side-menu").get_by_role("link", name="底数").click()
    expect(page.locator(".list-t tbody tr").first).to_be_visible()
    expect(page.locator(".side-menu").get_by_role("link", name="毗邻企业")).to_have_count(0)
    closed = open_page(path="/lists/neighbours").page
    expect(closed.locator(".empty")).to_contain_text("不对外公开")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_list_is_taken_away(open_page: Any, form: str) -> None:
    page = open_page(signed=True, path="/lists/tank-farms").page
    expect(page.locator(".list-t tbody tr").first).to_be_visible()
    page.locator(".list-head").get_by_role("button", name="导出").click()
    with page.expect_download() as taken:
        page.get_by_role("button", name=re.compile(form)).click()
    assert re.match(rf"罐区-\d+行-状态\d+-.*\.{form}$", taken.value.suggested_filename)
    expect(page.get_by_text(re.compile(r"已导出 \d+ 行"))).to_be_visible()


def test_on_a_phone_a_row_is_a_card(open_page: Any) -> None:
    page = open_page(signed=False, path="/lists/serious-risks", width=390, height=844).page
    expect(page.locator(".list-cards li").first).to_be_visible()
    at_rest(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate(
        "() => { const b = document.querySelector('.list-body'); return b.scrollWidth <= b.clientWidth; }"
    )
    page.get_by_label("换一个清单").select_option("inventory")
    expect(page.locator(".list-head h2")).to_have_text("底数")
    expect(page.locator(".sentence")).to_contain_text("圩区")


def test_a_list_is_compared_with_an_earlier_day_and_each_number_opens_its_list(open_page: Any) -> None:
    page = open_page(signed=True, path="/lists/serious-risks").page
    expect(page.locator(".list-t tbody tr").first).to_be_visible()
    at_rest(page)
    now = value(page, "较大以上")
    expect(figure(page, "较该日新增")).to_have_count(0)
    page.get_by_label("与哪天比较").fill("2022-06-30")
    page.get_by_role("button", name="列出变化").click()
    expect(page).to_have_url(re.compile("since=2022-06-30"))
    expect(figure(page, "2022-06-30 有")).to_be_visible()
    at_rest(page)
    then, added = value(page, "2022-06-30 有"), value(page, "较该日新增")
    assert 0 < then < now
    assert added > 0
    assert value(page, "较大以上") == now
    figure(page, "较该日新增").get_by_role("link").click()
    expect(page.locator(".list-head h2")).to_have_text("较大以上风险增减")
    expect(page.locator(".side-menu a.router-link-active")).to_contain_text("较大以上风险")
    at_rest(page)
    assert rows(page) == added
    expect(page.locator(".list-t tbody tr td").first).to_have_text("新增")
    page.get_by_role("link", name="回到较大以上风险").click()
    expect(page).to_have_url(re.compile("/lists/serious-risks.*since=2022-06-30"))
    figure(page, "2022-06-30 有").get_by_role("link").click()
    page.wait_for_selector(".words .total")
    at_rest(page)
    assert total(page) == then


@pytest.mark.parametrize("name", ["neighbours", "coverage", "major-hazards"])
def test_every_column_of_a_wide_list_is_there_at_1366(open_page: Any, name: str) -> None:
    page = open_page(signed=True, path=f"/lists/{name}").page
    page.set_viewport_size({"width": 1366, "height": 768})
    expect(page.locator(".list-t tbody tr").first).to_be_visible()
    at_rest(page)
    wide = "() => { const e = document.querySelector('.list-box .wrap'); return e.scrollWidth - e.clientWidth; }"
    assert page.evaluate(wide) <= 0
