"""The take-away map in a browser without a network: nothing is asked for, layers switch, counts are the page's."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

DEMO = True


@pytest.fixture(scope="module")
def service(browser: Browser, address: str, cookies: Any) -> Any:
    """What asks the service, signed in."""
    context = browser.new_context(storage_state=cookies)
    yield lambda path: context.request.get(f"{address}{path}")
    context.close()


def opened(browser: Browser, service: Any, folder: Path, query: str = "", **how: Any) -> tuple[Page, list[str]]:
    """The file, taken and opened from the disk with the network off; and everything that went wrong."""
    answer = service(f"/api/takeaway.html?{query}")
    assert answer.ok, answer.text()
    path = folder / "map.html"
    path.write_bytes(answer.body())
    context = browser.new_context(offline=True, viewport={"width": 1366, "height": 768}, **how)
    wrong: list[str] = []

    def refuse(route: Any) -> None:
        if route.request.url == path.as_uri():
            route.continue_()
        else:
            wrong.append(f"asked for {route.request.url}")
            route.abort()

    context.route("**/*", refuse)
    page = context.new_page()
    page.on("console", lambda m: wrong.append(m.text) if m.type in {"error", "warning"} else None)
    page.on("pageerror", lambda e: wrong.append(str(e)))
    page.on("requestfailed", lambda r: wrong.append(f"failed {r.url}"))
    page.goto(path.as_uri())
    page.wait_for_function("() => window.riskmapFile")
    return page, wrong


def row(page: Page, title: str) -> Any:
    return page.locator("#riskmap-panel label.row").filter(has=page.get_by_text(title, exact=True))


def number(page: Page, title: str) -> int:
    return int((row(page, title).locator(".n").text_content() or "").replace(" ", ""))


def red_pixels(page: Page) -> int:
    """How much of the picture is the colour of 重大."""
    return int(
        page.evaluate(
            """() => {
              const { canvas } = riskmapFile.picture, colour = riskmapFile.data.grades[0].colour;
              const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
              const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
              copy.drawImage(canvas, 0, 0);
              const d = copy.getImageData(0, 0, canvas.width, canvas.height).data;
              let n = 0;
              for (let i = 0; i < d.length; i += 4) if (d[i] === r && d[i + 1] === g && d[i + 2] === b) n++;
              return n;
            }"""
        )
    )


def test_it_opens_with_the_city_whole(browser: Browser, service: Any, tmp_path: Path) -> None:
    page, wrong = opened(browser, service, tmp_path)
    cut = page.evaluate(
        """() => riskmapFile.data.outlines.county.filter(
             (d) => !riskmapFile.map.getBounds().contains(L.geoJSON(d.shape).getBounds())).map((d) => d.name)"""
    )
    assert page.evaluate("() => riskmapFile.data.outlines.county.length") > 5
    assert cut == []
    assert wrong == []
    page.context.close()


def test_it_opens_without_a_network_and_counts_as_the_page(browser: Browser, service: Any, tmp_path: Path) -> None:
    page, wrong = opened(browser, service, tmp_path)
    told = service("/api/counts?by=grade,class").json()
    by_grade: dict[str, int] = {}
    by_class: dict[str, int] = {}
    for counted in told["rows"]:
        by_grade[counted["grade"]] = by_grade.get(counted["grade"], 0) + counted["n"]
        by_class[counted["class"]] = by_class.get(counted["class"], 0) + counted["n"]
    words = {"major": "红　重大", "serious": "橙　较大", "general": "黄　一般", "low": "蓝　低", "none": "未评定"}
    for grade, title in words.items():
        assert number(page, title) == by_grade[grade], title
    titles = {c["class"]: c["title"] for c in service("/api/catalogue").json()["classes"]}
    for code, n in by_class.items():
        assert number(page, titles[code]) == n, code
    expect(page.locator(".status")).to_contain_text(f"另有 {told['unplaced']} 处未定位")
    said = page.locator("#riskmap-panel").inner_text()
    for what in ("四色风险等级", "演示数据，非真实", "内部使用", f"{told['state']}（", "admin", " MB", "Leaflet"):
        assert what in said, what
    assert wrong == []
    page.context.close()


def test_layers_switch_search_finds_and_a_popup_tells(browser: Browser, service: Any, tmp_path: Path) -> None:
    page, wrong = opened(browser, service, tmp_path)
    all_of_it = page.evaluate("() => riskmapFile.figures().shown")
    majors = number(page, "红　重大")
    assert red_pixels(page) > 200
    row(page, "红　重大").locator("input").uncheck()
    shown = page.evaluate("() => riskmapFile.figures()")
    assert all_of_it - majors <= shown["shown"] < all_of_it
    assert red_pixels(page) == 0
    page.get_by_role("button", name="全关").click()
    assert page.evaluate("() => riskmapFile.figures().shown") == 0
    one = service("/api/objects?class=major-hazard&grade=major&limit=1").json()["items"][0]
    page.locator(".search").fill(one["name"])
    page.locator(".found .hit").first.click()
    card = page.locator(".leaflet-popup .card")
    expect(card.locator("h3")).to_have_text(one["name"])
    expect(card).to_contain_text("重大危险源级别")
    expect(card).to_contain_text("单元类型")
    # Its own layers are on again, and it is found by clicking it.
    assert page.evaluate("() => riskmapFile.figures().shown") > 0
    page.locator(".leaflet-popup-close-button").click()
    expect(card).to_have_count(0)
    at = page.evaluate(
        "([x, y]) => { const p = riskmapFile.map.latLngToContainerPoint([y, x]); return [p.x, p.y]; }", one["anchor"]
    )
    page.locator(".folium-map").click(position={"x": at[0], "y": at[1]})
    expect(card).to_contain_text(one["name"])
    assert wrong == []
    page.context.close()


def test_markup_in_a_name_is_text(browser: Browser, address: str, cookies: Any, service: Any, tmp_path: Path) -> None:
    context = browser.new_context(storage_state=cookies)
    csrf = context.request.get(f"{address}/api/session").json()["csrf"]
    name = "</script><img src=x onerror=\"document.title='gone'\">"
    body = {
        "class": "school", "name": name, "code": "XSS-1", "division": "360402", "attributes": {"persons": 1},
        "geometry": {"type": "Point", "coordinates": [116.0, 29.7]},
    }  # fmt: skip
    made = context.request.post(f"{address}/api/objects", data=body, headers={"X-CSRF-Token": csrf})
    assert made.status == 201, made.text()
    context.close()
    page, wrong = opened(browser, service, tmp_path, "q=XSS-1")
    page.locator(".search").fill("xss-1")
    page.locator(".found .hit").first.click()
    expect(page.locator(".leaflet-popup .card h3")).to_have_text(name)
    assert "gone" not in page.title()
    assert page.locator("img").count() == 0
    assert wrong == []
    page.context.close()


def test_hexagons_say_so_and_switch(
    browser: Browser, service: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("riskmap.reports.takeaway.contents.MOST_OBJECTS", 1000)
    page, wrong = opened(browser, service, tmp_path, color_scheme="dark")
    expect(page.locator(".cells")).to_contain_text("已合并为 H3 8 级六边形")
    told = service("/api/counts?by=grade").json()
    assert page.evaluate("() => riskmapFile.figures().shown") == told["total"] - told["unplaced"]
    assert red_pixels(page) > 100
    row(page, "红　重大").locator("input").uncheck()
    assert red_pixels(page) == 0
    # One sees them from afar, and they become finer as one comes nearer.
    far = page.evaluate("() => riskmapFile.picture.across(riskmapFile.picture.cells[0])")
    page.evaluate("() => { riskmapFile.map.setZoom(13, { animate: false }); }")
    assert far >= 18
    assert page.evaluate("() => riskmapFile.picture.cells.length") == page.evaluate(
        "() => riskmapFile.data.cells.length"
    )
    assert wrong == []
    page.context.close()


def test_on_a_phone_the_panel_opens_over_the_map(browser: Browser, service: Any, tmp_path: Path) -> None:
    page, wrong = opened(browser, service, tmp_path, "grade=serious%2B")
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("#riskmap-panel .body")).to_be_hidden()
    page.get_by_role("button", name="图例与查找").click()
    expect(page.locator("#riskmap-panel .body")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth <= 390")
    page.get_by_role("button", name="看图").click()
    expect(page.locator("#riskmap-panel .body")).to_be_hidden()
    assert wrong == []
    page.context.close()
