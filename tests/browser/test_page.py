"""The first page, driven as an officer would."""

import re
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import at_rest, frames
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
    expect(page.locator(".tbl .wrap[aria-busy=true]")).to_have_count(0)


def drawn(page: Page, wanted: int | None = None) -> dict[str, Any]:
    """What the map's canvas shows, once it stands for this many objects, or for any."""
    page.wait_for_function(
        "(n) => { const d = window.riskmap?.drawn(); return d && (n === null ? d.objects + d.clustered > 0 : d.objects + d.clustered === n) }",
        arg=wanted,
    )
    return page.evaluate("() => window.riskmap.drawn()")


def place(page: Page, lng: float, lat: float) -> tuple[float, float]:
    """Where a position is on the screen."""
    box = page.locator(".map .canvas").bounding_box()
    at = page.evaluate("([lng, lat]) => window.riskmap.pointOf(lng, lat)", [lng, lat])
    return box["x"] + at["x"], box["y"] + at["y"]


def point_at(page: Page, x: float, y: float) -> None:
    """Rest the mouse on a place until the map says what is there, when no newer picture is on its way."""
    at_rest(page)
    page.mouse.move(x + 1, y)
    page.mouse.move(x, y)
    expect(page.locator(".tip")).to_be_visible()


def on_screen(page: Page, mark: dict[str, Any]) -> tuple[float, float]:
    """Where a symbol is on the screen."""
    box = page.locator(".map .canvas").bounding_box()
    return box["x"] + mark["x"], box["y"] + mark["y"]


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


def test_a_legend_that_was_shut_stays_shut(open_page: Any) -> None:
    page = open_page().page
    head = page.locator(".legend .head")
    for was, now in (("true", "false"), ("false", "true")):
        expect(head).to_have_attribute("aria-expanded", was)
        head.click()
        page.reload()
        page.wait_for_selector(".words .total")
        expect(head).to_have_attribute("aria-expanded", now)


def test_signed_in_every_number_agrees(open_page: Any) -> None:
    page = open_page().page
    sign_in(page)
    whole = total(page)
    counts = [int(t.replace(",", "")) for t in page.locator(".legend .c.all").all_inner_texts()]
    assert counts[:2] == [31, 265]
    assert sum(counts) == whole
    expect(page.locator(".words")).to_contain_text("其中 14 处待定位")
    drawn(page, whole - 14)
    chips = [int(t.replace(",", "")) for t in page.locator(".chip b").all_inner_texts()]
    assert chips == counts


def test_filters_and_the_link_that_keeps_them(open_page: Any) -> None:
    watched = open_page(signed=True)
    page = watched.page
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
    page = open_page("grade=major", signed=True).page
    expect(page.locator(".words .total")).to_have_text("31")
    row = page.locator("tbody tr").nth(3)
    name = row.locator(".name").inner_text()
    row.click()
    card = page.locator("aside.right")
    expect(card.locator("h1")).to_have_text(name)
    expect(card).to_contain_text("重大")
    expect(card).to_contain_text("红最重")
    card.get_by_role("button", name="定位").click()
    at_rest(page)
    identifier = int(re.search(r"object=(\d+)", page.url).group(1))  # type: ignore[union-attr]
    mark = next(m for m in drawn(page)["marks"] if m["id"] == identifier)
    page.keyboard.press("Escape")
    expect(card).to_have_count(0)
    at_rest(page)
    spot = on_screen(page, next(m for m in drawn(page)["marks"] if m["id"] == mark["id"]))
    page.mouse.click(*spot)
    expect(page.locator("aside.right h1")).to_have_text(name)
    expect(page.locator("tbody tr.sel .name")).to_have_text(name)


def test_a_click_is_exact_to_the_symbol(open_page: Any) -> None:
    page = open_page("class=tailings-pond&map=12/29.7/115.9", signed=True).page
    page.locator("tbody tr").first.click()
    page.locator("aside.right").get_by_role("button", name="定位").click()
    at_rest(page)
    page.keyboard.press("Escape")
    at_rest(page)
    x, y = on_screen(page, drawn(page)["marks"][0])
    page.mouse.move(x, y)
    expect(page.locator(".tip")).to_contain_text("尾矿库")
    page.mouse.move(x + 40, y - 120)
    expect(page.locator(".tip")).to_have_count(0)


def test_a_cluster_opens_into_its_objects(open_page: Any) -> None:
    page = open_page(signed=True).page
    before = drawn(page, total(page) - 14)
    zoom = float(re.search(r"map=([\d.]+)/", page.url).group(1))  # type: ignore[union-attr]
    x, y = place(page, 115.99, 29.70)
    point_at(page, x, y)
    expect(page.locator(".tip")).to_contain_text("点按放大")
    page.mouse.click(x, y)
    page.wait_for_function("(z) => Number(/map=([\\d.]+)/.exec(location.hash)[1]) > z", arg=zoom)
    page.wait_for_function(
        "(n) => { const d = window.riskmap.drawn(); return d.clustered > 0 && d.clustered < n }",
        arg=before["clustered"],
    )


def test_the_old_picture_stays_until_the_new_one_is_there(open_page: Any) -> None:
    page = open_page("grade=major", signed=True).page
    drawn(page, 31)
    held: list[Route] = []
    page.route("**/api/tiles/**", lambda route: held.append(route))
    page.evaluate(
        "() => { window.least = 1e9; const look = () => { const d = window.riskmap.drawn();"
        " window.least = Math.min(window.least, d.objects + d.clustered); requestAnimationFrame(look) }; look() }"
    )
    with page.expect_request("**/api/tiles/**"):
        page.get_by_role("button", name="较大以上").click()
    # The tiles come in one by one, and the page paints between them.
    while page.evaluate("(() => { const d = window.riskmap.drawn(); return d.objects + d.clustered })()") != 296:
        if held:
            held.pop(0).continue_()
        frames(page)
    assert page.evaluate("window.least") == 31
    page.unroute_all(behavior="ignoreErrors")


_STANDS = "() => { const d = window.riskmap.drawn(); return d.objects + d.clustered }"


def test_a_picture_that_cannot_be_read_leaves_no_other_selection_on_the_map(open_page: Any) -> None:
    watched = open_page("grade=major", signed=True)
    page = watched.page
    drawn(page, 31)
    page.route("**/api/tiles/**", lambda route: route.fulfill(status=503, body=""))
    said = page.locator(".map [role=status]")
    # The same selection from nearer by: what is drawn is of it, and stays.
    page.locator(".map .tools button").first.click()
    expect(said).to_contain_text("图上仍是原来的画面")
    assert page.evaluate(_STANDS) == 31
    page.get_by_role("button", name="较大以上").click()
    expect(said).to_contain_text("空白不等于没有对象")
    assert page.evaluate(_STANDS) == 0
    # It is told through every new try, and never said that nothing is there.
    page.evaluate(
        "() => { window.silent = 0; const look = () => { window.silent += !document.querySelector('.map .say-so.warn');"
        " window.looking = requestAnimationFrame(look) }; look() }"
    )
    with page.expect_request("**/api/tiles/**"):
        pass
    frames(page)
    expect(said).to_contain_text("空白不等于没有对象")
    assert page.evaluate("() => { cancelAnimationFrame(window.looking); return window.silent }") == 0
    page.unroute("**/api/tiles/**")
    expect(said).to_have_count(0)
    drawn(page)
    watched.wrong = [w for w in watched.wrong if "503" not in w]


def test_hexagons_that_cannot_be_read_leave_none_of_another_selection(open_page: Any) -> None:
    watched = open_page("heat=1&grade=major", signed=True)
    page = watched.page
    page.wait_for_function("() => window.riskmap.heat.hexagons.length > 0")
    page.route("**/api/heat*", lambda route: route.fulfill(status=503, body=""))
    page.get_by_role("button", name="较大以上").click()
    expect(page.locator(".map [role=status]")).to_contain_text("空白不等于没有对象")
    assert page.evaluate("() => window.riskmap.heat.hexagons.length") == 0
    page.unroute("**/api/heat*")
    page.wait_for_function("() => window.riskmap.heat.hexagons.length > 0")
    expect(page.locator(".map [role=status]")).to_have_count(0)
    watched.wrong = [w for w in watched.wrong if "503" not in w]


def test_the_keyboard_walks_the_symbols(open_page: Any) -> None:
    page = open_page("grade=major", signed=True).page
    drawn(page)
    page.locator(".map .canvas").focus()
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    expect(page.locator("aside.right h1")).not_to_be_empty()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.type") == "search"


def test_hexagons_open_their_list(open_page: Any) -> None:
    page = open_page(signed=True).page
    page.get_by_role("button", name="六边形热力").click()
    expect(page.locator(".heat-legend")).to_contain_text("H3 第")
    expect(page.locator(".heat-legend")).to_contain_text("少，仅供参考")
    before = total(page)
    where = place(page, 115.99, 29.728)
    page.mouse.move(*where)
    tip = page.locator(".tip")
    expect(tip).to_be_visible()
    said = int(re.search(r"([\d,]+) 处", tip.inner_text()).group(1).replace(",", ""))  # type: ignore[union-attr]
    page.mouse.click(*where)
    # The hexagon narrows the table alone: the selection and its figures stay.
    expect(page.locator(".words")).to_contain_text(f"表中只看所选六边形 {said} 处")
    assert total(page) == before
    expect(page.locator(".tbl")).to_contain_text(f"所点六边形内 {said} 行")
    page.get_by_role("button", name="去掉 表中只看所选六边形").click()
    expect(page.locator(".tbl")).not_to_contain_text("所点六边形内")


def test_an_edit_elsewhere_reaches_the_page(open_page: Any, address: str) -> None:
    page = open_page("class=school", signed=True).page
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
        expect(page.locator(".words .total")).to_have_text(f"{before + 1:,}")
        expect(page.locator(".state b")).to_have_text(str(made.json()["state"]))
        old = other.get("/api/counts", params={"class": "school", "as_of": f"state:{made.json()['state'] - 1}"}).json()
        assert old["total"] == before
    drawn(page, before + 1)


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
    page = open_page(signed=True).page
    page.locator(".search input").fill("onerror")
    expect(page.get_by_role("option", name=name)).to_be_visible()
    page.locator(".s-option.filter").click()
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
    page.get_by_role("button", name=re.compile(r"^看 [\d,]+ 处$")).click()
    expect(page.locator(".words")).to_contain_text("重大")
    page.get_by_role("button", name="清单").click()
    export = page.locator(".sheet:visible").get_by_role("button", name="导出")
    export.click()
    at_rest(page)
    button, menu = export.bounding_box(), page.get_by_role("dialog", name="导出").bounding_box()
    assert abs(menu["y"] - (button["y"] + button["height"])) < 8  # it hangs on its button
    assert menu["x"] >= 0
    assert menu["x"] + menu["width"] <= 390
    assert menu["y"] + menu["height"] <= 844
    page.keyboard.press("Escape")
    page.locator(".rows button").first.click()
    expect(page.locator("aside.right h1")).to_be_visible()
    small = page.evaluate(
        "() => [...document.querySelectorAll('.dock button, .tools button, .legend button, aside.right .ph button')]"
        ".filter((e) => e.offsetParent && Math.min(e.offsetHeight, e.offsetWidth) < 44).map((e) => e.textContent || e.ariaLabel)"
    )
    assert not small
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("end", ["north", "south"])
def test_a_link_to_an_object_alone_shows_it_above_the_sheet(open_page: Any, address: str, end: str) -> None:
    with httpx.Client(base_url=address) as service:
        items = service.get("/api/objects", params={"class": "school", "limit": 100}).json()["items"]
    points = [(i["geometry"]["coordinates"], i["id"]) for i in items if i["geometry"]]
    (lng, lat), one = (max if end == "north" else min)(points, key=lambda p: p[0][1])
    page = open_page(f"object={one}", width=390, height=844).page
    expect(page.locator("aside.right h1")).to_be_visible()
    at_rest(page)
    _, y = place(page, lng, lat)
    map_top = page.locator(".map").bounding_box()["y"]
    sheet_top = page.locator(".el-drawer.sheet:visible").bounding_box()["y"]
    assert map_top < y < sheet_top


@pytest.mark.parametrize("end", ["north", "south"])
def test_an_object_opened_from_the_whole_city_comes_out_above_the_sheet(open_page: Any, address: str, end: str) -> None:
    with httpx.Client(base_url=address) as service:
        items = service.get("/api/objects", params={"class": "school", "limit": 100}).json()["items"]
    points = [(i["geometry"]["coordinates"], i["id"]) for i in items if i["geometry"]]
    (lng, lat), one = (max if end == "north" else min)(points, key=lambda p: p[0][1])
    page = open_page(width=390, height=844).page
    drawn(page)
    at_rest(page)
    page.evaluate("(id) => { location.hash += `&object=${id}` }", one)
    expect(page.locator("aside.right h1")).to_be_visible()
    at_rest(page)
    _, y = place(page, lng, lat)
    map_top = page.locator(".map").bounding_box()["y"]
    sheet_top = page.locator(".el-drawer.sheet:visible").bounding_box()["y"]
    assert map_top < y < sheet_top


def test_signing_out_goes_back_to_what_the_public_sees(open_page: Any) -> None:
    page = open_page().page
    public = total(page)
    sign_in(page)
    assert total(page) > public
    page.get_by_role("button", name="退出登录").click()
    expect(page.get_by_role("button", name="登录")).to_be_visible()
    expect(page.locator(".words .total")).to_have_text(f"{public:,}")
    drawn(page, public)


def test_a_lost_connection_is_said_with_the_time_of_the_data(open_page: Any) -> None:
    watched = open_page()
    page = watched.page
    drawn(page)
    page.context.set_offline(True)
    expect(page.locator(".map [role=status]")).to_contain_text("连接中断")
    expect(page.locator(".map [role=status]")).to_contain_text(re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d"))
    drawn(page)
    page.context.set_offline(False)
    expect(page.locator(".map [role=status]")).to_have_count(0)
    watched.wrong = [w for w in watched.wrong if "INTERNET_DISCONNECTED" not in w]


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
