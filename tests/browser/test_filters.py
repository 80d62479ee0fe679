"""Filters, drawn areas, the past and selections by name, driven as an officer would."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import frames
from tests.browser.test_page import drawn, place, total

DEMO = True


def settled(page: Page) -> None:
    """Chips, table and sentence tell one total."""
    expect(page.locator(".tbl .wrap[aria-busy=true]")).to_have_count(0)
    expect(page.locator(".tbl .ph")).to_contain_text(f"{total(page):,} 行")


def test_a_drawn_circle_limits_everything_and_travels_in_the_link(open_page: Any) -> None:
    page = open_page().page
    whole = total(page)
    page.get_by_role("button", name="画圆").click()
    expect(page.locator(".sketch-panel")).to_contain_text("圆心")
    x, y = place(page, 115.99, 29.70)
    page.mouse.move(x, y)
    page.mouse.click(x, y)
    page.mouse.move(x + 70, y)
    expect(page.locator(".sketch-panel")).to_contain_text("半径")
    page.mouse.click(x + 70, y)
    expect(page.locator(".words")).to_contain_text(re.compile(r"以 115\.\d+°E 29\.\d+°N 为圆心 [\d.]+ km 内"))
    expect(page.locator(".words .total")).not_to_have_text(f"{whole:,}")
    here = total(page)
    assert 0 < here < whole
    settled(page)
    drawn(page, here)
    link = page.url
    assert "area=circle%3A" in link
    again = page.context.new_page()
    again.goto(link)
    expect(again.locator(".words .total")).to_have_text(str(here))
    again.get_by_role("button", name=re.compile("去掉 以")).click()
    expect(again.locator(".words .total")).to_have_text(f"{whole:,}")
    again.close()


def test_a_polygon_across_itself_is_said_and_not_taken(open_page: Any) -> None:
    page = open_page().page
    before = total(page)
    page.get_by_role("button", name="画范围").click()
    expect(page.locator(".sketch-panel")).to_contain_text("第一点")
    x, y = place(page, 115.9, 29.5)
    for dx, dy in ((0, 0), (160, 0), (160, 120)):
        page.mouse.move(x + dx, y + dy)
        page.mouse.click(x + dx, y + dy)
    page.mouse.move(x + 60, y - 80)
    expect(page.locator(".sketch-panel")).to_contain_text("边线交叉")
    finish = page.get_by_role("button", name="完成")
    for tried in (lambda: page.mouse.click(x + 60, y - 80), lambda: page.mouse.dblclick(x + 60, y - 80)):
        tried()
        page.mouse.move(x + 100, y + 100)
        expect(page.locator(".sketch-panel")).to_contain_text(
            "边线交叉"
        )  # until a point is taken or the step taken back
        expect(finish).to_be_disabled()
        page.keyboard.press("Enter")
        frames(page)
        expect(page.locator(".sketch-panel")).to_contain_text("边线交叉")
        assert page.locator(".marker-icon:not(.cursor-marker)").count() == 3  # the crossing one was not taken
    page.get_by_role("button", name="撤一步").click()
    expect(finish).to_be_enabled()
    assert page.locator(".marker-icon:not(.cursor-marker)").count() == 3
    page.mouse.click(x + 60, y - 80)
    expect(finish).to_be_disabled()
    page.mouse.click(x + 100, y + 100)
    expect(page.locator(".sketch-panel")).to_contain_text("面积")
    expect(finish).to_be_enabled()
    assert page.locator(".marker-icon:not(.cursor-marker)").count() == 4
    page.keyboard.press("Escape")
    expect(page.locator(".sketch-panel")).to_have_count(0)
    assert total(page) == before
    assert page.locator("aside.right").count() == 0  # while one draws nothing is picked


def test_areas_stages_and_fields_agree_everywhere_and_are_said(open_page: Any) -> None:
    page = open_page("class=tailings-pond", signed=True).page
    page.get_by_role("button", name="更多条件").click()
    page.get_by_label("全库容 从").fill("1000000")
    page.get_by_label("全库容 从").press("Enter")
    expect(page.locator(".words")).to_contain_text("全库容 ≥ 1,000,000 m³")
    settled(page)
    page.get_by_role("button", name="返回分类与区域").click()
    chosen = 0
    for row in page.locator(".areas .county").all():
        n = int(row.locator(".c").inner_text().replace(",", ""))
        if n and chosen < 2:
            row.get_by_role("checkbox").click()
            chosen += 1
            expect(row.get_by_role("checkbox")).to_have_attribute("aria-checked", "true")
    settled(page)
    on = page.locator('.areas [aria-checked="true"]')
    sums = [
        int(t.replace(",", "")) for t in page.locator('.areas .county:has([aria-checked="true"]) .c').all_inner_texts()
    ]
    assert on.count() == chosen == len(sums)
    expect(page.locator(".words .total")).to_have_text(f"{sum(sums):,}")
    page.locator(".stages .pill", has_text="已关闭").click()
    expect(page.locator(".words")).to_contain_text("已闭库（关闭）")
    settled(page)
    chips = [int(t.replace(",", "")) for t in page.locator(".chip b").all_inner_texts()]
    assert sum(chips) == total(page)


@pytest.mark.parametrize(
    ("day", "why"), [("2026-02-31", "没有这一天"), ("2026-13-01", "没有这一天"), ("2999-01-01", "还没有到这一天")]
)
def test_a_day_that_cannot_be_looked_back_to_is_told_and_now_is_shown(open_page: Any, day: str, why: str) -> None:
    page = open_page(f"as_of={day}").page
    expect(page.locator(".left-out")).to_contain_text(f"{day}（{why}）")
    expect(page.locator(".words .total")).to_be_visible()
    assert "as_of" not in page.url


def test_what_a_link_asks_in_vain_is_told_and_the_rest_works(open_page: Any) -> None:
    page = open_page("class=school,dragon&division=360429,999999&colour=red&as_of=2999-01-01").page
    told = page.locator(".left-out")
    for word in ("有 4 项没有采用", "colour=red", "dragon", "999999"):
        expect(told).to_contain_text(word)
    expect(page.locator(".words")).to_contain_text("学校")
    expect(page.locator(".words")).to_contain_text("湖口县")
    told.get_by_role("button", name="知道了").click()
    expect(told).to_have_count(0)


def test_what_a_link_names_and_nobody_has_leaves_the_address(open_page: Any, address: str) -> None:
    with httpx.Client(base_url=address) as service:
        park = service.get("/api/objects", params={"class": "school", "limit": 1}).json()["items"][0]["id"]
    page = open_page(f"enterprise={park}&scale=nosuch&base=nobase", signed=True).page
    told = page.locator(".left-out")
    expect(told).to_contain_text("有 3 项没有采用")
    for word in ("不是企业", "nosuch", "nobase"):
        expect(told).to_contain_text(word)
    expect(page.locator(".words .total")).not_to_have_text("0")
    page.wait_for_function("() => !/enterprise=|scale=|base=/.test(location.hash)")


def test_a_look_that_the_basemap_has_not_leaves_the_address_and_the_basemap_stays(open_page: Any) -> None:
    page = open_page("base=plain.sepia").page
    told = page.locator(".left-out")
    expect(told).to_contain_text("有 1 项没有采用")
    expect(told).to_contain_text("底图样式“plain.sepia”（没有这种样式")
    page.wait_for_function("() => /base=plain(&|$)/.test(location.hash)")
    page.evaluate("() => { location.hash = location.hash.replace('base=plain', 'base=plain.dark') }")
    expect(told).to_have_count(0)
    page.wait_for_function("() => /base=plain\\.dark(&|$)/.test(location.hash)")


def test_a_past_is_shown_everywhere_and_says_so(open_page: Any, address: str) -> None:
    with httpx.Client(base_url=address) as service:
        answers = (
            (n, service.get("/api/counts", params={"class": "school", "as_of": f"state:{n}"})) for n in range(1, 99)
        )
        n = next(n for n, answer in answers if answer.status_code == 200 and answer.json()["total"] == 0)
    page = open_page("class=school", signed=True).page
    page.locator(".as-of").click()
    page.get_by_label("或数据状态号").fill(str(n))
    page.get_by_role("button", name="看那时").click()
    expect(page.locator(".words.past")).to_contain_text(f"回看状态 {n}")
    expect(page.locator(".words .total")).to_have_text("0")
    expect(page.locator(".empty-note")).to_contain_text("没有数据不等于没有风险")
    assert f"as_of=state%3A{n}" in page.url
    page.get_by_role("button", name="回到现在").click()
    expect(page.locator(".words.past")).to_have_count(0)
    expect(page.locator(".words .total")).not_to_have_text("0")


def test_a_selection_is_kept_by_name_and_opened_again(open_page: Any) -> None:
    page = open_page("grade=major&division=360429", signed=True).page
    here = total(page)
    menu = page.get_by_role("button", name="保存的选择")
    menu.click()
    page.get_by_label("名称", exact=True).fill("湖口重大")
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".named .open")).to_have_text("湖口重大")
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()
    page.get_by_role("button", name="恢复默认").click()
    expect(page.locator(".words .total")).not_to_have_text(str(here))
    menu.click()
    page.locator(".named .open").click()
    expect(page.locator(".words .total")).to_have_text(str(here))
    expect(page.locator(".words")).to_contain_text("湖口县")


def test_a_place_far_off_is_told_and_the_city_shown(open_page: Any) -> None:
    page = open_page("map=8/0/0").page
    told = page.locator(".left-out")
    expect(told).to_contain_text("链接中的地图位置（不在九江市一带，改看全域）")
    page.wait_for_function("() => /map=[\\d.]+\\/29\\./.test(location.hash)")
    told.get_by_role("button", name="知道了").click()
    # The same from an open page, whose map stands elsewhere.
    page.evaluate("location.hash = 'map=14/29.7/116'")
    page.wait_for_function("() => window.riskmap.scale(100).oneTo < 100000")
    page.evaluate("location.hash = 'map=9/-33/151'")
    expect(told).to_contain_text("不在九江市一带")
    page.wait_for_function("() => window.riskmap.scale(100).oneTo > 400000")
