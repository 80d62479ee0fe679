"""Printing notices and taking the map along from the page, as an officer does it; the public page on a telephone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

DEMO = True


@pytest.fixture
def risk(browser: Browser, address: str, cookies: Any) -> Any:
    """A risk point of the demo city with its posts."""
    context = browser.new_context(storage_state=cookies)
    csrf = context.request.get(f"{address}/api/session").json()["csrf"]
    body = {
        "class": "risk-point", "name": "示例灌装车间", "division": "360402", "code": "BRD-1",
        "geometry": {"type": "Point", "coordinates": [116.0, 29.7]},
        "attributes": {"method": "LEC", "L": 6, "E": 6, "C": 15, "measures": "联锁在线", "inspect_days": 7},
        "parties": [{"role": "主要负责人", "post": "安全总监", "name": "例某某", "phone": "13800001234"}],
    }  # fmt: skip
    made = context.request.post(f"{address}/api/objects", data=body, headers={"X-CSRF-Token": csrf})
    assert made.status == 201, made.text()
    yield made.json()["id"]
    gone = f"{address}/api/objects/{made.json()['id']}?reason=x"
    assert context.request.delete(gone, headers={"X-CSRF-Token": csrf}).ok
    context.close()


def _words(path: Path) -> str:
    with pypdfium2.PdfDocument(path) as document:
        return "".join(page.get_textpage().get_text_bounded() for page in document)


def test_a_board_is_printed_published_and_revoked_from_the_objects_page(
    browser: Browser, address: str, cookies: Any, risk: int
) -> None:
    context = browser.new_context(storage_state=cookies, viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.goto(f"{address}/objects/{risk}")
    page.get_by_role("button", name="更多").last.click()
    page.get_by_role("menuitem", name="打印公告牌").click()
    dialog = page.get_by_role("dialog", name="打印：示例灌装车间")
    expect(dialog).to_contain_text("勾选后打印，即对外公开四项")
    dialog.get_by_label("公开并印二维码").check()
    with page.expect_download() as taken:
        dialog.get_by_role("button", name="打印（PDF）").click()
    assert taken.value.suggested_filename.startswith("安全风险公告牌-示例灌装车间")
    assert "安全总监" in _words(taken.value.path())
    expect(dialog).to_contain_text("已公开，编号")
    public = dialog.get_by_role("link", name="看公开页").get_attribute("href")
    dialog.get_by_label("管控责任公示牌（A4 竖）").check()
    with page.expect_download() as taken:
        dialog.get_by_role("button", name="打印（PDF）").click()
    assert taken.value.suggested_filename.startswith("管控责任公示牌")

    phone = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, java_script_enabled=False)
    visitor = phone.new_page()
    asked: list[str] = []
    visitor.on("request", lambda r: asked.append(r.url))
    assert visitor.goto(f"{address}{public}").status == 200  # type: ignore[union-attr]
    expect(visitor.locator("body")).to_contain_text("安全总监")
    expect(visitor.locator("body")).to_contain_text("每 7 天一次")
    assert asked == [f"{address}{public}"]
    assert visitor.evaluate("document.documentElement.scrollWidth") <= 390

    dialog.get_by_role("button", name="停用二维码").click()
    dialog.get_by_label("停用原因").fill("换牌")
    dialog.get_by_role("button", name="停用", exact=True).click()
    expect(dialog).to_contain_text("勾选后打印，即对外公开四项")
    expect(dialog.get_by_label("公开并印二维码")).not_to_be_checked()
    assert visitor.goto(f"{address}{public}").status == 404  # type: ignore[union-attr]
    expect(visitor.locator("body")).to_contain_text("没有这个编号的公示")
    phone.close()
    context.close()


def test_map_and_boards_are_taken_from_the_export_menu(
    browser: Browser, address: str, cookies: Any, risk: int, tmp_path: Path
) -> None:
    context = browser.new_context(storage_state=cookies, viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.goto(f"{address}/#q=BRD-1")
    expect(page.locator("b.total").first).to_have_text("1")
    menu: Callable[[], None] = lambda: page.get_by_role("button", name="导出", exact=True).first.click()  # noqa: E731
    menu()
    with page.expect_download() as taken:
        page.get_by_role("button", name="带走的地图（.html）").click()
    assert taken.value.suggested_filename.startswith("带走的地图-1处")
    path = tmp_path / "map.html"
    taken.value.save_as(path)
    assert "示例灌装车间" in path.read_text(encoding="utf-8")
    menu()
    page.get_by_role("button", name="公告牌、公示牌（.pdf）").click()
    dialog = page.get_by_role("dialog", name="打印公告牌：当前选择，1 处")
    with page.expect_download() as taken:
        dialog.get_by_role("button", name="打印（PDF）").click()
    assert taken.value.suggested_filename.startswith("安全风险公告牌-1张")
    assert "示例灌装车间" in _words(taken.value.path())
    _refused(page, address)
    context.close()


def _refused(page: Page, address: str) -> None:
    """More than a file holds: said in words, and nothing is printed."""
    page.goto(f"{address}/")
    expect(page.locator("b.total").first).not_to_have_text("1")
    page.get_by_role("button", name="导出", exact=True).first.click()
    page.get_by_role("button", name="公告牌、公示牌（.pdf）").click()
    dialog = page.get_by_role("dialog", name="打印公告牌")
    dialog.get_by_role("button", name="打印（PDF）").click()
    expect(dialog.get_by_role("alert")).to_contain_text("最多 200 张")
