"""What an officer fills in on the page of the night: what stands against it is seen, and nothing of it is lost unsaid."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Watched
from tests.browser.test_dispatch import office, opened, reported, row

DEMO = True
__all__ = ["office"]  # the fixture


@pytest.fixture
def page(open_page: Callable[..., Watched], office: httpx.Client) -> Iterator[Page]:
    watched = open_page(signed=True, path="/rescue")
    expect(watched.page.locator(".rd-head")).to_be_visible()
    yield watched.page
    watched.wrong = [w for w in watched.wrong if not re.search("status of (409|422)", w)]  # refusals that are asked for


@pytest.fixture(autouse=True)
def clean(office: httpx.Client) -> Iterator[None]:
    yield
    for one in office.get("/api/rescue/incidents").json()["items"]:
        body = {"version": one["version"], "result": "办完"}
        assert office.post(f"/api/rescue/incidents/{one['id']}/close", json=body).status_code == 200


def changed(office: httpx.Client, incident: dict[str, Any], **more: Any) -> None:
    """By another desk."""
    kept = {k: incident[k] for k in ("kind", "name", "place", "vulnerable", "needs", "reporter", "phone", "note")}
    body = {**kept, "version": incident["version"], **more}
    assert office.put(f"/api/rescue/incidents/{incident['id']}", json=body).status_code == 200


def seen_whole(page: Page, found: Locator, form: Locator) -> None:
    """In the view, above the bar of buttons or in it."""
    expect(found).to_be_visible()
    box, bar, buttons = (
        found.bounding_box(),
        form.locator(".rs-end").bounding_box(),
        form.locator(".row.end").bounding_box(),
    )
    assert box is not None
    assert bar is not None
    assert buttons is not None
    bottom = box["y"] + box["height"]
    assert box["y"] >= 0
    assert bottom <= bar["y"] + 1 or box["y"] >= bar["y"]
    assert bottom <= buttons["y"] + 1


def test_who_was_overtaken_sees_it_and_goes_on_with_what_he_typed_upon_what_is_so_now(
    page: Page, office: httpx.Client
) -> None:
    incident = reported(office, "被改的一处", trapped=5)
    opened(page, "被改的一处").get_by_role("button", name="更新", exact=True).click()
    form = page.locator("form.rs-draft")
    form.locator("[name=trapped]").fill("9")
    changed(office, incident, trapped=7, depth_m=1.2)
    form.get_by_role("button", name="保存").click()
    alert = form.get_by_role("alert")
    expect(alert).to_contain_text("刚由 admin 改过，您的操作没有执行")
    seen_whole(page, alert, form)
    form.get_by_role("button", name="载入现在的").click()
    expect(form.locator("[name=trapped]")).to_have_value("9")
    expect(form.locator("[name=depth_m]")).to_have_value("1.2")
    expect(form).to_contain_text("两边都改了的，请核对：被困")
    note = form.locator("textarea")
    note.fill("汛" * 2005)
    expect(form.get_by_text("多了 5 字")).to_be_visible()
    seen_whole(page, form.get_by_text("多了 5 字"), form)
    note.fill("")
    form.get_by_role("button", name="保存").click()
    expect(form).to_have_count(0)
    expect(row(page, "被改的一处")).to_contain_text("被困 9 人")
