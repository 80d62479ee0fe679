"""What stands around the map: theme, wall, phone, measuring, coordinates, what has changed, the way back."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from pyproj import Geod, Transformer

from tests.browser.conftest import at_rest
from tests.browser.test_page import drawn, on_screen, place, point_at, total
from tests.conftest import ADMIN_PASSWORD

DEMO = True


@pytest.fixture
def officer(address: str) -> Iterator[httpx.Client]:
    """Somebody else, at another desk."""
    with httpx.Client(base_url=address) as client:
        session = client.post("/api/session", json={"username": "admin", "password": ADMIN_PASSWORD}).json()
        client.headers["X-CSRF-Token"] = session["csrf"]
        yield client


def corner(page: Page) -> list[int]:
    """A pixel of the map's ground."""
    return page.evaluate(
        "() => [...document.querySelector('.map canvas').getContext('2d').getImageData(2, 2, 1, 1).data]"
    )


def test_the_theme_is_chosen_once_and_reaches_the_map(open_page: Any, browser: Browser, address: str) -> None:
    watched = open_page()
    page = watched.page
    drawn(page)
    assert page.locator("html").get_attribute("data-theme") == "light"
    light = corner(page)
    page.keyboard.press("d")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.wait_for_function(
        "(l) => document.querySelector('.map canvas').getContext('2d').getImageData(2, 2, 1, 1).data[0] < l - 100",
        arg=light[0],
    )
    page.reload()
    page.wait_for_selector(".words .total")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    never_chosen = browser.new_context(color_scheme="dark").new_page()
    never_chosen.goto(f"{address}/healthz")
    never_chosen.goto(address)
    never_chosen.wait_for_selector("html[data-theme=dark]")
    never_chosen.context.close()
    watched.wrong = [w for w in watched.wrong if "willReadFrequently" not in w]  # this test reads pixels


def test_a_wall_is_larger_without_being_scaled(open_page: Any, address: str) -> None:
    sizes = {}
    for width, height in ((1920, 1080), (3840, 2160)):
        page = open_page("grade=major", width=width, height=height).page
        page.keyboard.press("w")
        expect(page.locator(".counter.major dd")).to_have_text(re.compile(r"^\d+$"))
        expect(page.locator(".bar")).to_be_hidden()
        expect(page.locator(".tbl, .filters")).to_have_count(0)
        assert "wall" in page.url
        drawn(page)
        found = page.evaluate(
            """() => { const of = (e) => getComputedStyle(e);
            return {type: parseFloat(of(document.querySelector('.counter dd')).fontSize),
              zoomed: [...document.querySelectorAll('html, body, .frame, .page, .mid, .map, .wall')]
                .filter((e) => of(e).zoom !== '1' || of(e).transform !== 'none').length,
              over: [document.documentElement.scrollWidth, document.documentElement.scrollHeight]} }"""
        )
        assert not found["zoomed"]
        assert found["over"] == [width, height]
        sizes[width] = found["type"]
        # The symbol is where it is drawn, and as wide as it is drawn: its middle is it, a point well beyond is not.
        mark = drawn(page)["marks"][0]
        point_at(page, *on_screen(page, mark))
        expect(page.locator(".tip")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator(".bar")).to_be_visible()
        assert "wall" not in page.url
    assert sizes[1920] >= 40
    assert sizes[3840] >= 80


def test_measuring_is_on_the_ellipsoid(open_page: Any) -> None:
    page = open_page("map=12/29.7/115.9").page
    drawn(page)
    ends = [(115.86, 29.72), (115.93, 29.68)]
    page.keyboard.press("m")
    expect(page.locator(".sketch-panel p")).to_contain_text("起点")
    for lng, lat in ends:
        page.mouse.click(*place(page, lng, lat))
    page.keyboard.press("Enter")
    expect(page.locator(".measured dd")).to_be_visible()
    expect(page.locator(".sketch-panel p")).to_contain_text("拖动")
    azimuth, _, metres = Geod(ellps="GRS80").inv(*ends[0], *ends[1])
    said = float(page.locator(".measured dd").inner_text().removesuffix(" km")) * 1000
    assert abs(said - metres) < 60  # a pixel is 33 m here
    way = page.locator(".legs td").last.inner_text()
    assert abs(float(way.split("°")[0]) - azimuth) < 0.5
    assert way.endswith("东南")
    page.keyboard.press("Escape")
    expect(page.locator(".measure")).to_have_count(0)
    page.get_by_role("button", name="测量").click()
    page.get_by_role("button", name="结束测量").click()
    expect(page.locator(".measure, .sketch-panel")).to_have_count(0)
    assert page.evaluate("document.activeElement.ariaLabel") == "测量"


def test_coordinates_in_the_chosen_system_are_those_of_epsg(open_page: Any) -> None:
    page = open_page("map=12/29.70000/115.90000").page
    coord = page.locator(".foot .coord")
    expect(coord).to_have_text("115.9000°E 29.7000°N")
    page.locator(".crs select").select_option("zoned")
    east, north = Transformer.from_crs(4490, 4527, always_xy=True).transform(115.9, 29.7)
    expect(coord).to_have_text(f"X {north:.1f} Y {east:.1f}")
    page.locator(".crs select").select_option("dms")
    expect(coord).to_have_text("115°54′00.00″E 29°42′00.00″N")
    page.locator(".crs select").select_option("gcj02")
    assert coord.inner_text() != "115.900000, 29.700000"
    page.reload()
    expect(page.locator(".crs")).to_contain_text("GCJ-02")


def test_what_changed_since_one_last_looked(open_page: Any, officer: httpx.Client) -> None:
    page = open_page("class=school", signed=True).page
    expect(page.locator(".changed-chip")).to_have_count(0)
    before = total(page)
    place_of = {"type": "Point", "coordinates": [115.99, 29.70]}
    for i in range(3):
        body = {"class": "school", "name": f"<b>例变{i}小学</b>", "attributes": {}, "geometry": place_of}
        assert officer.post("/api/objects", json=body).status_code == 201
    officer.post("/api/objects", json={"class": "tank", "name": "不在选择内的罐", "attributes": {}})
    expect(page.locator(".changed-chip")).to_have_text("自上次查看以来 3 处变动")
    expect(page.locator(".words .total")).to_have_text(f"{before + 3:,}")
    page.locator(".changed-chip").click()
    rows = page.locator(".changes-list button")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("<b>例变0小学</b>")
    expect(rows.first).to_contain_text("新增")
    rows.first.click()
    expect(page.locator("aside.right h1")).to_have_text("<b>例变0小学</b>")
    page.get_by_role("button", name="标为已看").click()
    expect(page.locator(".changed-chip")).to_have_count(0)
    page.reload()
    page.wait_for_selector(".words .total")
    expect(page.locator(".words .total")).to_have_text(f"{before + 3:,}")
    expect(page.locator(".changed-chip")).to_have_count(0)


def test_the_back_button_closes_what_was_opened(open_page: Any) -> None:
    page = open_page("grade=major", signed=True).page
    expect(page.locator(".words .total")).to_have_text("31")
    page.locator("tbody tr").nth(1).click()
    expect(page.locator("aside.right h1")).to_be_visible()
    page.go_back()
    expect(page.locator("aside.right")).to_have_count(0)
    expect(page.locator(".words .total")).to_have_text("31")
    page.go_forward()
    expect(page.locator("aside.right h1")).to_be_visible()
    page.locator(".words").click(position={"x": 4, "y": 4})
    page.keyboard.press("Escape")
    expect(page.locator("aside.right")).to_have_count(0)
    page.wait_for_function("() => !location.hash.includes('object=')")
    assert "grade=major" in page.url


def test_a_step_through_the_history_is_not_written_over_by_what_the_page_did_meanwhile(open_page: Any) -> None:
    page = open_page("grade=major", signed=True).page
    expect(page.locator(".words .total")).to_have_text("31")
    page.locator("tbody tr").nth(1).click()
    expect(page.locator("aside.right h1")).to_be_visible()
    opened = page.evaluate("() => location.hash")
    page.go_back()
    expect(page.locator("aside.right")).to_have_count(0)
    # The browser is at the other step before it tells the page of it; a filter changes in between.
    page.evaluate(
        """(opened) => {
          const chip = [...document.querySelectorAll(".left button")].find((b) => b.textContent.trim().startsWith("较大"));
          location.hash = opened;
          chip.click();
        }""",
        opened,
    )
    expect(page.locator("aside.right h1")).to_be_visible()
    expect(page.locator(".words .total")).to_have_text("31")


def test_the_phone_upright_and_lying(browser: Browser, address: str) -> None:
    for width, height in ((390, 844), (844, 390), (768, 1024)):
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="zh-CN",
            has_touch=True,
            geolocation={"longitude": 115.99, "latitude": 29.70, "accuracy": 25},
            permissions=["geolocation"],
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(address)
        page.wait_for_selector(".words .total")
        drawn(page)
        assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [
            width,
            height,
        ]
        small = page.evaluate(
            "() => [...document.querySelectorAll('.bar button, .dock button, .tools button, .legend button')]"
            ".filter((e) => e.offsetParent && Math.min(e.offsetHeight, e.offsetWidth) < 44)"
            ".map((e) => e.textContent || e.ariaLabel)"
        )
        assert not small
        inside = page.evaluate(
            "() => { const m = document.querySelector('.map').getBoundingClientRect();"
            " return [...document.querySelectorAll('.tools button')].every((e) => { const b = e.getBoundingClientRect();"
            " return b.left >= m.left && b.right <= m.right && b.bottom <= m.bottom }) }"
        )
        assert inside
        page.get_by_role("button", name="我的位置").click()
        said = page.locator(".el-message")
        expect(said).to_contain_text("误差约 25 m")
        said.evaluate("async (e) => void (await Promise.all(e.getAnimations().map((a) => a.finished)))")
        lies, mark = said.bounding_box(), page.locator(".bar .demo").bounding_box()
        assert lies
        assert mark
        assert lies["y"] >= mark["y"] + mark["height"], (width, height)  # the mark of demo data is never covered
        page.wait_for_function("() => location.hash.includes('/29.70000/115.99000')")
        context.close()


def test_a_script_in_a_link_is_shown_as_text(open_page: Any) -> None:
    script = "<img src=x onerror=\"document.title='坏'\">"
    page = open_page(f"q={script}").page
    expect(page.locator(".words .cond", has_text="onerror")).to_be_visible()
    assert page.title() != "坏"
    assert page.locator(".words img, .bar img").count() == 0


def focused(page: Page) -> str:
    return str(page.evaluate("() => document.activeElement.className + '|' + document.activeElement.innerText"))


def test_the_focus_comes_back_to_where_one_was(open_page: Any) -> None:
    page = open_page().page
    page.get_by_role("button", name="登录").first.click()
    page.locator("input[name=username]").fill("admin")
    page.locator("input[name=password]").fill(ADMIN_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".map .canvas")).to_be_focused()  # the button that one came from is gone

    name = page.locator(".tbl tbody .name")
    name.nth(2).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".panel.right h1")).to_be_visible()
    page.keyboard.press("Escape")
    expect(name.nth(2)).to_be_focused()
    # Also where the rows have come anew meanwhile, and where a mouse chose the row.
    said = name.nth(1).inner_text()
    page.locator(".tbl tbody tr").nth(1).click()
    expect(page.locator(".panel.right h1")).to_contain_text(said)
    page.get_by_role("button", name="下一页", exact=True).click()
    expect(page.locator(".pager")).to_contain_text("第 2")
    page.get_by_role("button", name="上一页", exact=True).click()
    expect(name.nth(1)).to_have_text(said)
    page.locator(".panel.right").get_by_role("button", name="关闭").focus()
    page.keyboard.press("Escape")
    expect(name.nth(1)).to_be_focused()

    page.keyboard.press("t")
    expect(page.locator(".unfold")).to_be_focused()
    page.keyboard.press("t")
    expect(page.get_by_role("tab", name="属性表")).to_be_focused()


def test_the_phone_exports_closes_its_list_and_says_what_is_in_view(open_page: Any) -> None:
    page = open_page("", width=390, height=844).page
    expect(page.locator(".words .lamp")).to_have_text("实时")
    line = page.locator(".legend .mini").first
    expect(line).to_have_attribute("aria-label", re.compile("地图范围内 .* 处，选择共 .* 处"))
    seen, whole = line.locator(".figures > *").all_inner_texts()
    page.wait_for_function("() => document.querySelector('.legend .mini .figures b').textContent !== '0'")
    assert int(seen or 0) <= int(whole)
    page.get_by_role("button", name="清单").click()
    sheet = page.get_by_role("dialog", name="清单")
    for part in (sheet.locator(".pager"), sheet.get_by_role("button", name="关闭"), sheet.get_by_role("switch")):
        box = part.first.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    sheet.get_by_role("button", name="导出", exact=True).click()
    with page.expect_download() as given:
        page.get_by_role("button", name="CSV 文本").click()
    assert given.value.suggested_filename.endswith(".csv")
    sheet.get_by_role("button", name="关闭").click()
    expect(sheet).to_be_hidden()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (844, 390), (1366, 560)])
def test_the_hint_of_drawing_leaves_a_small_map_free(open_page: Any, width: int, height: int) -> None:
    page = open_page("", width=width, height=height).page
    if width < 900:
        page.get_by_role("button", name="筛选").first.click()
    page.get_by_role("button", name="画范围").click()
    panel = page.locator(".sketch-panel")
    expect(panel).to_contain_text("第一点")
    page.wait_for_function("() => !document.querySelector('.el-overlay')?.checkVisibility()")
    box, whole = panel.bounding_box(), page.locator(".map .canvas").bounding_box()
    assert box
    assert whole
    assert (
        box["y"] + box["height"] < whole["y"] + whole["height"] / 3 or box["y"] > whole["y"] + whole["height"] * 2 / 3
    )
    assert box["height"] < whole["height"] / 4
    for button in panel.get_by_role("button").all():
        button.click(trial=True)  # nothing lies over it
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)


def test_two_days_are_compared_and_each_change_opens_its_object(open_page: Any, address: str) -> None:
    watched = open_page("", signed=True)
    page = watched.page
    made = page.evaluate(
        """async () => {
          const { csrf } = await (await fetch("/api/session")).json();
          const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
          const body = { class: "risk-point", name: "例比较风险点", division: "360402", valid_from: "2026-03-10",
            geometry: { type: "Point", coordinates: [115.95, 29.68] }, grade: { value: "serious", basis: "会商" } };
          const answer = await fetch("/api/objects", { method: "POST", headers, body: JSON.stringify(body) });
          return [answer.status, (await answer.json()).id];
        }"""
    )
    assert made[0] == 201
    page.locator(".as-of").click()
    dialog = page.get_by_role("dialog", name="看哪一天")
    dialog.get_by_label("与更早的哪一天比较").fill("2999-01-01")
    dialog.get_by_role("button", name="列出变化").click()
    expect(dialog.get_by_role("alert")).to_contain_text("请选早于")
    dialog.locator("input[type=date]").first.fill("2026-03-20")
    dialog.get_by_role("button", name="看那时").click()
    page.locator(".as-of").click()
    page.get_by_role("dialog", name="看哪一天").get_by_label("与更早的哪一天比较").fill("2026-03-01")
    page.get_by_role("dialog", name="看哪一天").get_by_role("button", name="列出变化").click()
    panel = page.get_by_role("region", name="两天之间的变化")
    row = panel.get_by_role("button", name=re.compile("例比较风险点"))
    expect(row).to_contain_text("新增")
    at_rest(page)
    # The link brings both days back, and says so in words.
    assert "as_of=2026-03-20" in page.url
    assert "from=2026-03-01" in page.url
    page.reload()
    expect(row).to_contain_text("新增")
    expect(page.locator(".as-of")).to_have_text("回看 2026-03-20，与 2026-03-01 比较")
    at_rest(page)
    row.click()
    expect(page.locator("aside.right h1")).to_contain_text("例比较风险点")
    panel.get_by_role("button", name="结束比较").click()
    expect(panel).to_have_count(0)
    assert "from=" not in page.url
    page.goto(f"{address}/#as_of=2026-03-01&from=2026-03-20")  # later than what is shown: left out, and told
    expect(page.locator(".left-out")).to_contain_text("与 2026-03-20 比较（应早于所看的日期）")
    expect(panel).to_have_count(0)
