"""Access for all: axe-core on every page and state; the keyboard's path; grades that can be read in grey."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from riskmap.access.admin import add_account
from riskmap.base.settings import REPOSITORY
from tests.conftest import ADMIN_PASSWORD, OTHER_PASSWORD

DEMO = True
AXE = REPOSITORY / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
# Findings of these two weights are refused; what they name is printed.
_RUN = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
    .filter((v) => ['serious', 'critical'].includes(v.impact))
    .flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target.join(' ')} ${n.any[0]?.message ?? n.all[0]?.message ?? ''}`))"""


def findings(page: Page) -> list[str]:
    """Serious and critical findings of axe-core on what stands on the page."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return page.evaluate(_RUN)


Enter = Callable[..., Page]


@pytest.fixture
def enter(browser: Browser, address: str, app_accounts: None) -> Iterator[Enter]:
    """Opens a page at a size, in a theme, signed in or not. The context passes by the page's CSP for axe alone."""
    contexts = []

    def enter_(
        path: str, who: str = "admin", theme: str = "light", width: int = 1366, height: int = 768, wait: str = ".bar"
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale="zh-CN", bypass_csp=True, reduced_motion="reduce"
        )
        contexts.append(context)
        context.add_init_script(f"localStorage.setItem('riskmap.theme', '{theme}')")
        page = context.new_page()
        page.set_default_timeout(20_000)
        if who:
            password = ADMIN_PASSWORD if who == "admin" else OTHER_PASSWORD
            answer = context.request.post(f"{address}/api/session", data={"username": who, "password": password})
            assert answer.ok, answer.text()
        page.goto(f"{address}{path}")
        page.wait_for_selector(wait)
        page.wait_for_function("document.fonts.status === 'loaded'")
        return page

    yield enter_
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def app_accounts(settings: Any, engine: Any, address: str) -> None:
    """An auditor, for the page that only one sees."""
    add_account(
        engine,
        {
            "username": "auditor",
            "password": OTHER_PASSWORD,
            "role": "auditor",
            "tier": "department",
            "areas": [],
            "departments": [],
            "classes": [],
            "may": [],
        },
    )


PAGES = {
    "/data/import": ("admin", ".side-body h2"),
    "/data/waiting": ("admin", ".side-body table"),
    "/data/jobs": ("admin", ".side-body h1, .side-body h2"),
    "/admin/accounts": ("admin", ".side-body table tbody tr"),
    "/admin/classes": ("admin", ".side-page, .side-body, main"),
    "/admin/me": ("admin", ".side-body h2"),
    "/objects/new": ("admin", "main h1, main h2"),
    "/help": ("", "main h1, main h2, h1, h2"),
    "/admin/audit": ("auditor", ".side-body table tbody tr"),
}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_pages_beside_the_map(enter: Enter, path: str, theme: str) -> None:
    who, wait = PAGES[path]
    page = enter(path, who, theme, wait=wait)
    assert findings(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_map_with_all_that_opens_on_it(enter: Enter, theme: str) -> None:
    page = enter("/", theme=theme, wait=".words .total")
    found = {"map": findings(page)}
    page.locator("tbody tr").first.click()
    page.wait_for_selector("aside.right h1")
    found["card"] = findings(page)
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    page.wait_for_selector(".heat-legend")
    found["heat"] = findings(page)
    page.keyboard.press("h")
    page.keyboard.press("m")
    page.wait_for_selector(".measure")
    found["measure"] = findings(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="显示与账户").click()
    found["menu"] = findings(page)
    page.keyboard.press("Escape")
    page.keyboard.press("w")
    page.wait_for_selector(".wall")
    found["wall"] = findings(page)
    assert {name: said for name, said in found.items() if said} == {}


def test_signing_in(enter: Enter) -> None:
    page = enter("/", "", wait=".words .total")
    found = {"public": findings(page)}
    page.get_by_role("button", name="登录").first.click()
    page.wait_for_selector(".sign-in")
    found["sign in"] = findings(page)
    assert {name: said for name, said in found.items() if said} == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_phone(enter: Enter, theme: str) -> None:
    page = enter("/", theme=theme, width=390, height=844, wait=".words .total")
    found = {"map": findings(page)}
    page.get_by_role("button", name="筛选").last.click()
    page.wait_for_selector(".sheet .filters")
    found["filters"] = findings(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="清单").click()
    page.locator(".rows button").first.click()
    page.wait_for_selector("aside.right h1")
    found["card"] = findings(page)
    assert {name: said for name, said in found.items() if said} == {}


def test_the_keyboard_reaches_everything_from_the_first_stop(enter: Enter) -> None:
    page = enter("/#grade=major", wait=".words .total")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="跳到地图")).to_be_focused()
    expect(page.get_by_role("button", name="跳到地图")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator(".map .canvas")).to_be_focused()
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    expect(page.locator("aside.right h1").or_(page.locator(".tip")).first).to_be_visible()
    page.get_by_role("button", name="跳到属性表").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".tbl")).to_be_focused()
    menu = page.get_by_role("button", name="显示与账户")
    menu.focus()
    ring = menu.evaluate("(e) => getComputedStyle(e).boxShadow")
    assert ring.count("rgb") == 2  # two rings, to be seen on any ground
    page.keyboard.press("Enter")
    expect(page.get_by_role("switch", name="深色指挥")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_focused()


def test_grades_are_read_in_grey(enter: Enter, tmp_path: Any) -> None:
    page = enter("/", wait=".words .total")
    page.add_style_tag(content="html { filter: grayscale(1); }")
    shapes = page.evaluate(
        "() => [...document.querySelectorAll('.legend li .gm')].map((e) => e.innerHTML.replace(/<!--.*?-->/g, ''))"
    )
    assert len(set(shapes)) == len(shapes) == 5
    words = page.locator(".legend li").all_inner_texts()
    assert [w.split()[0] for w in words] == ["重大", "较大", "一般", "低", "未评定"]
    page.screenshot(path=tmp_path / "grey.png")
