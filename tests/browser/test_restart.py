"""The service is killed and started again under an officer who types."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from riskmap.base.settings import Settings
from tests.browser.test_object import field, make, save
from tests.ops.test_start import PASSWORD, Instance

DEMO = True


@pytest.fixture
def service(settings: Settings) -> Iterator[Instance]:
    """A process of its own over the module's database."""
    made = Instance(settings.data_dir, "none")
    made.environment["RISKMAP_DATABASE_URL"] = settings.database_url
    yield made.start()
    made.stop()


def test_a_killed_service_loses_nothing_that_was_typed(browser: Browser, service: Instance) -> None:
    with closing(service.client()) as other:
        made = make(other, "例重启库")
    context = browser.new_context(locale="zh-CN")
    page = context.new_page()
    faults: list[Any] = []
    page.on("pageerror", lambda fault: faults.append(fault))
    signed = context.request.post(f"{service.url}/api/session", data={"username": "admin", "password": PASSWORD})
    assert signed.ok
    page.goto(f"{service.url}/objects/{made['id']}/edit")
    expect(field(page, "name")).to_have_value("例重启库")
    field(page, "name").fill("例停前写的名称")

    service.stop(9)
    field(page, "source").fill("停时写的来源")
    save(page)
    told = page.get_by_text("没有保存，恢复连接后再点保存")
    expect(told).to_have_count(1)  # one sentence, said once
    expect(told).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(field(page, "name")).to_have_value("例停前写的名称")
    expect(field(page, "source")).to_have_value("停时写的来源")

    service.start()
    expect(field(page, "name")).to_have_value("例停前写的名称")
    field(page, "attributes.dam_height_m").fill("50")
    save(page)
    expect(page.locator(".ob-head h1")).to_contain_text("例停前写的名称")
    with closing(service.client()) as other:
        kept = other.get(f"/api/objects/{made['id']}").json()
    assert (kept["name"], kept["source"], kept["attributes"]["dam_height_m"]) == ("例停前写的名称", "停时写的来源", 50)
    assert kept["attributes"]["capacity_m3"] == 800000
    assert not faults
    context.close()


def test_a_selection_made_while_the_service_is_away_has_no_figures_until_it_is_back(
    browser: Browser, service: Instance
) -> None:
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    page = context.new_page()
    page.goto(f"{service.url}/#map=11/29.7/116.05")
    total = page.locator(".words .total")
    chips = page.locator(".chip b")
    rows = page.locator(".tbl tbody tr")
    expect(total).to_be_visible()
    expect(rows.first).to_be_visible()
    whole = total.inner_text()
    county = page.locator(".areas .tr", has_text="湖口县")
    figure = county.locator(".c").inner_text()

    service.stop(9)
    county.get_by_role("checkbox").click()
    expect(page.get_by_text("数量没有读到")).to_be_visible()
    expect(total).to_have_count(0)
    expect(chips).to_have_text(["—"] * 5)
    expect(page.locator(".legend .c.all")).to_have_text(["—"] * 5)
    expect(rows).to_have_count(0)
    expect(page.locator(".tbl .failed")).to_contain_text("没有读到")

    service.start()
    expect(total).to_have_text(figure, timeout=60_000)
    assert figure != whole
    expect(page.get_by_text("数量没有读到")).to_have_count(0)
    expect(rows.first).to_be_visible()
    of_grades = sum(int(text.replace(",", "")) for text in chips.all_inner_texts())
    assert f"{of_grades:,}" == figure
    context.close()
