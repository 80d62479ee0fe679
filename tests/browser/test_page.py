"""The first page, driven as an officer would."""

import re
from typing import Any

import httpx
from playwright.sync_api import Page, expect

from tests.conftest import ADMIN_PASSWORD

DEMO = True


def total(page: Page) -> int:
    return int(page.locator(".words .total").inner_text().replace(",", ""))


def sign_in(page: Page) -> None:
    page.get_by_role("button", name="登录").first.click()
    page.locator("input[name=username]").fill("admin")
    page.locator("input[name=password]").fill(ADMIN_PASSWORD)
    with page.expect_response(lambda r: "/api/counts?by=division" in r.url):
        page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="退出登录")).to_be_visible()
    expect(page.locator(".tbl .ph [role=status]")).to_have_count(0)


def drawn(page: Page) -> dict[str, int]:
    """What the map's canvas shows, once its tiles are there."""
    page.wait_for_function(
        "() => { const l = window.riskmap?.layer(); return l && l.summary().objects + l.summary().clustered > 0 }"
    )
    return page.evaluate("() => window.riskmap.layer().summary()")


def test_the_public_sees_the_city_and_the_mark(open_page: Any) -> None:
    page = open_page().page
    expect(page.locator(".demo")).to_have_text("演示数据，非真实")
    shown = drawn(page)
    assert shown["objects"] + shown["clustered"] == total(page)
    legend = page.locator(".legend")
    for floating in (".legend", ".tools"):  # on top of the map, and not below it
        box = page.locator(floating).bounding_box()
        top = page.evaluate(
            "([x, y, s]) => document.elementFromPoint(x, y).closest(s) !== null",
            [box["x"] + 12, box["y"] + 12, floating],
        )
        assert top, floating
    expect(legend).to_contain_text("四色风险等级")
    expect(legend).to_contain_text("红最重")
    assert page.locator("tbody tr").count() == 100


def test_signed_in_every_number_agrees(open_page: Any) -> None:
    page = open_page().page
    sign_in(page)
    whole = total(page)
    counts = [int(t.replace(",", "")) for t in page.locator(".legend .c").all_inner_texts()]
    assert counts[:2] == [31, 265]
    assert sum(counts) == whole
    expect(page.locator(".words")).to_contain_text("其中 14 处待定位")
    page.wait_for_function(
        f"() => {{ const s = window.riskmap.layer().summary(); return s.objects + s.clustered === {whole - 14} }}"
    )
    chips = [int(t.replace(",", "")) for t in page.locator(".chip b").all_inner_texts()]
    assert chips == counts


def test_filters_and_the_link_that_keeps_them(open_page: Any) -> None:
    watched = open_page()
    page = watched.page
    sign_in(page)
    page.get_by_role("button", name="较大以上").click()
    expect(page.locator(".words .total")).to_have_text("296")
    page.locator(".areas button", has_text="湖口县").click()
    expect(page.locator(".words")).to_contain_text("湖口县")
    expect(page.locator(".words .total")).not_to_have_text("296")
    here = total(page)
    assert 0 < here < 296
    assert page.locator("tbody tr").count() == here
    link = page.url
    assert "grade=major%2Cserious" in link
    again = page.context.new_page()
    again.goto("about:blank")
    again.goto(link)
    expect(again.locator(".words .total")).to_have_text(str(here))
    expect(again.locator(".words")).to_contain_text("较大以上")
    again.get_by_role("button", name="去掉 湖口县").click()
    expect(again.locator(".words .total")).to_have_text("296")
    again.close()


def test_a_row_and_its_symbol_show_each_other(open_page: Any) -> None:
    page = open_page("grade=major").page
    sign_in(page)
    expect(page.locator(".words .total")).to_have_text("31")
    row = page.locator("tbody tr").nth(3)
    name = row.locator(".name").inner_text()
    row.click()
    card = page.locator("aside.right")
    expect(card.locator("h1")).to_have_text(name)
    expect(card).to_contain_text("重大")
    expect(card).to_contain_text("红最重")
    card.get_by_role("button", name="定位").click()
    page.wait_for_timeout(600)
    drawn(page)
    identifier = int(re.search(r"object=(\d+)", page.url).group(1))  # type: ignore[union-attr]
    spot = page.evaluate(
        "(id) => { const o = window.riskmap.layer().order().find((s) => s.id === id); return o && [o.point.x, o.point.y] }",
        identifier,
    )
    assert spot
    page.keyboard.press("Escape")
    page.locator("aside.right").get_by_label("关闭").click()
    expect(card).to_have_count(0)
    box = page.locator(".map .canvas").bounding_box()
    page.mouse.click(box["x"] + spot[0], box["y"] + spot[1])
    expect(page.locator("aside.right h1")).to_have_text(name)
    expect(page.locator("tbody tr.sel .name")).to_have_text(name)


def test_the_keyboard_walks_the_symbols(open_page: Any) -> None:
    page = open_page("grade=major").page
    sign_in(page)
    drawn(page)
    page.locator(".map .canvas").focus()
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    expect(page.locator("aside.right h1")).not_to_be_empty()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"


def test_hexagons_open_their_list(open_page: Any) -> None:
    page = open_page().page
    sign_in(page)
    page.get_by_role("button", name="六边形热力").click()
    expect(page.locator(".heat-legend")).to_contain_text("H3 第")
    expect(page.locator(".heat-legend")).to_contain_text("少，仅供参考")
    before = total(page)
    box = page.locator(".map .canvas").bounding_box()
    where = page.evaluate(
        "() => { const m = window.riskmap.map; const p = m.latLngToContainerPoint([29.728, 115.99]); return [p.x, p.y] }"
    )
    page.mouse.move(box["x"] + where[0], box["y"] + where[1])
    tip = page.locator(".tip")
    expect(tip).to_be_visible()
    said = int(re.match(r"([\d,]+) 处", tip.inner_text()).group(1).replace(",", ""))  # type: ignore[union-attr]
    page.mouse.click(box["x"] + where[0], box["y"] + where[1])
    expect(page.locator(".words")).to_contain_text("所选六边形内")
    expect(page.locator(".words .total")).not_to_have_text(f"{before:,}")
    assert total(page) == said


def test_an_edit_elsewhere_reaches_the_page_within_two_seconds(open_page: Any, address: str) -> None:
    page = open_page("class=school").page
    sign_in(page)
    before = total(page)
    with httpx.Client(base_url=address) as other:
        session = other.post("/api/session", json={"username": "admin", "password": ADMIN_PASSWORD}).json()
        made = other.post(
            "/api/objects",
            json={
                "class": "school",
                "name": "例新来小学",
                "attributes": {},
                "geometry": {"type": "Point", "coordinates": [115.99, 29.70]},
            },
            headers={"X-CSRF-Token": session["csrf"]},
        )
        assert made.status_code == 201, made.text
        expect(page.locator(".words .total")).to_have_text(f"{before + 1:,}", timeout=2000)
        expect(page.locator(".state b")).to_have_text(str(made.json()["state"]))
        old = other.get("/api/counts", params={"class": "school", "as_of": f"state:{made.json()['state'] - 1}"}).json()
        assert old["total"] == before
    page.wait_for_function(
        f"() => {{ const s = window.riskmap.layer().summary(); return s.objects + s.clustered === {before + 1} }}"
    )


def test_html_in_a_name_is_shown_as_text(open_page: Any, address: str) -> None:
    name = "<img src=x onerror=\"document.title='坏'\">例"
    with httpx.Client(base_url=address) as other:
        session = other.post("/api/session", json={"username": "admin", "password": ADMIN_PASSWORD}).json()
        body = {
            "class": "tank",
            "name": name,
            "attributes": {},
            "geometry": {"type": "Point", "coordinates": [115.99, 29.70]},
        }
        made = other.post("/api/objects", json=body, headers={"X-CSRF-Token": session["csrf"]}).json()
    page = open_page().page
    sign_in(page)
    page.locator("input[type=search]").fill("onerror")
    expect(page.locator(".words .total")).to_have_text("1")
    page.locator("tbody tr").first.click()
    expect(page.locator("aside.right h1")).to_have_text(name)
    assert page.title() != "坏"
    assert page.locator("aside.right img, tbody img").count() == 0
    assert str(made["id"]) in page.url


def test_a_wrong_password_is_told_below_the_fields(open_page: Any) -> None:
    watched = open_page()
    page = watched.page
    page.get_by_role("button", name="登录").first.click()
    page.locator("input[name=username]").fill("nobody")
    page.locator("input[name=password]").fill("wrong-password-1")
    page.keyboard.press("Enter")
    expect(page.locator(".wrong")).to_contain_text("用户名或密码不对")
    watched.wrong = [w for w in watched.wrong if "401" not in w]  # the browser logs the answer that we asked for


def test_nothing_chosen_is_said_and_not_shown_as_no_risk(open_page: Any) -> None:
    page = open_page().page
    page.get_by_role("button", name="全不选").click()
    expect(page.locator(".tbl .empty")).to_contain_text("没有选定")
    page.get_by_role("button", name="恢复默认").or_(page.get_by_role("button", name="只看风险源")).first.click()
    expect(page.locator(".words .total")).not_to_have_text("0")


def test_the_phone_has_the_same_page_in_drawers(open_page: Any) -> None:
    page = open_page(width=390, height=844).page
    drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name="筛选").click()
    page.get_by_role("button", name="仅重大").click()
    page.keyboard.press("Escape")
    expect(page.locator(".words")).to_contain_text("重大")
    page.locator("tbody tr").first.click()
    expect(page.locator("aside.right h1")).to_be_visible()


def test_two_sizes_have_nothing_clipped(open_page: Any) -> None:
    for width, height in ((1366, 768), (1920, 1080)):
        page = open_page(width=width, height=height).page
        drawn(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("document.documentElement.scrollHeight") <= height
        over = page.evaluate(
            "() => [...document.querySelectorAll('button, h2, .cond, .demo')].filter((e) => e.offsetParent && e.scrollWidth > e.clientWidth + 2"
            " && getComputedStyle(e).overflow !== 'hidden').map((e) => e.textContent)"
        )
        assert not over
