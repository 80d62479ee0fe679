"""转移 on a telephone: reported by household and by village, with a broken line, after the page was closed, with a clash."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.api.evacuation import holds
from tests.api.test_households import line, table
from tests.browser.conftest import Watched
from tests.browser.test_admission import in_office
from tests.conftest import ADMIN_PASSWORD

PATH = "/api/rescue/evacuations"
PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def office(address: str) -> Iterator[httpx.Client]:
    with closing(in_office(address, "admin", ADMIN_PASSWORD)) as client:
        yield client


@pytest.fixture
def of(office: httpx.Client) -> Iterator[dict[str, Any]]:
    villages = [{"name": "例湖村", "division": "360402", "to_move": 30}]
    answer = office.post(PATH, json={"name": "例湖圩转移", "exercise": True, "villages": villages})
    assert answer.status_code == 201, answer.text
    of = dict(answer.json())
    rows = [line("例湖村", "张三", 4, "13800000001", disabled=1), line("例湖村", "李四", 3, "13800000002")]
    assert office.post(f"{PATH}/{of['id']}/households", files={"file": ("a.xlsx", table(rows))}).json()["added"] == 2
    yield of
    office.post(f"{PATH}/{of['id']}/close", json={"reason": "试完"})


def now(office: httpx.Client, of: dict[str, Any]) -> dict[str, Any]:
    got = dict(office.get(f"{PATH}/{of['id']}").json())
    holds(got)
    return got


def on_telephone(open_page: Callable[..., Watched], address: str, village: str = "") -> Watched:
    """A village officer's page on his telephone, or the list of all villages."""
    watched = open_page(**PHONE, signed=False, path="/")
    watched.page.request.post(f"{address}/api/session", data={"username": "admin", "password": ADMIN_PASSWORD})
    watched.page.goto(f"{address}/rescue/evac{village}")
    return watched


def report(page: Page, persons: int) -> None:
    page.locator(".count").fill(str(persons))
    page.get_by_role("button", name="报", exact=True).click()


def counts(page: Page) -> list[str]:
    return page.locator(".ev-counts dd").all_inner_texts()


def test_an_evacuation_that_has_ended_takes_what_was_before_its_end_and_no_more(
    office: httpx.Client, of: dict[str, Any], open_page: Callable[..., Watched], address: str
) -> None:
    watched = on_telephone(open_page, address, f"/{of['id']}/{of['villages'][0]['id']}")
    page = watched.page
    expect(page.locator(".count")).to_be_visible()
    # Two wait on the telephone: one of before the end, one that its sender makes after it without knowing.
    page.context.set_offline(True)
    report(page, 7)
    expect(page.get_by_role("heading", name=re.compile("待发 1 条"))).to_be_visible()
    assert office.post(f"{PATH}/{of['id']}/close", json={"reason": "水退"}).status_code == 200
    page.wait_for_timeout(1500)  # the telephone knows the service's time to the length of an answer
    report(page, 5)
    expect(page.get_by_role("heading", name=re.compile("待发 2 条"))).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator(".ev-line", has_text="这次转移已由 admin 于")).to_contain_text("水退", timeout=30_000)
    expect(page.locator("h1 + p")).to_contain_text("转移已结束")
    expect(page.locator(".ev")).not_to_contain_text("立即转移")
    late = page.locator("li", has_text="没有记上")
    expect(late).to_contain_text(re.compile("安置 5 人.*这次转移已由 admin 于 .* 结束"), timeout=30_000)
    assert late.get_by_role("button").all_inner_texts() == ["不报了"]
    expect(page.locator(".ev-counts dd").nth(1)).to_have_text("7")
    assert now(office, of)["moved"] == 7
    for gone in (".ev-form", ".ev-rows button:has-text('更正')", ".ev-rows button:has-text('报这户')"):
        expect(page.locator(gone)).to_have_count(0)
    late.get_by_role("button", name="不报了").click()
    expect(page.get_by_role("heading", name=re.compile("没有记上"))).to_have_count(0)
    meant = ("ERR_INTERNET_DISCONNECTED", "status of 409")
    watched.wrong[:] = [w for w in watched.wrong if not any(m in w for m in meant)]


def test_what_the_service_fails_at_blocks_nothing_and_can_be_given_up(
    office: httpx.Client, of: dict[str, Any], open_page: Callable[..., Watched], address: str
) -> None:
    watched = on_telephone(open_page, address, f"/{of['id']}/{of['villages'][0]['id']}")
    page = watched.page

    def answered(route: Route) -> None:
        if route.request.method == "POST" and route.request.post_data_json["persons"] == 9:
            route.fulfill(status=500, json={"title": "出错", "status": 500, "code": "fault", "detail": "处理时出错。"})
        else:
            route.continue_()

    page.route("**/entries*", answered)
    report(page, 9)
    stuck = page.locator(".ev-rows li", has_text="服务出错，没有收下")
    expect(stuck).to_contain_text("安置 9 人")
    report(page, 4)
    expect(page.locator(".ev-counts dd").nth(1)).to_have_text("4")
    assert now(office, of)["moved"] == 4
    expect(stuck.get_by_role("button", name="不报了")).to_be_enabled()
    stuck.get_by_role("button", name="不报了").click()
    expect(stuck).to_contain_text("不报“安置 9 人”？")
    stuck.get_by_role("button", name="确定不报").click()
    expect(page.get_by_role("heading", name=re.compile("待发"))).to_have_count(0)
    page.reload()
    expect(page.locator(".count")).to_be_visible()
    expect(page.get_by_role("heading", name=re.compile("待发"))).to_have_count(0)
    watched.wrong[:] = [w for w in watched.wrong if "status of 500" not in w]


def test_two_clicks_in_the_same_instant_report_once_with_and_without_a_network(
    office: httpx.Client, of: dict[str, Any], open_page: Callable[..., Watched], address: str
) -> None:
    watched = on_telephone(open_page, address, f"/{of['id']}/{of['villages'][0]['id']}")
    page = watched.page
    page.locator(".count").fill("7")
    page.get_by_role("button", name="报", exact=True).dblclick()
    expect(page.locator(".ev-counts dd").nth(1)).to_have_text("7")
    expect(page.locator(".count")).to_have_value("")
    expect(page.locator(".ev-form .err-text")).to_have_count(0)
    page.context.set_offline(True)
    page.locator(".count").fill("5")
    page.get_by_role("button", name="报", exact=True).dblclick(delay=30)
    expect(page.get_by_role("heading", name="待发 1 条")).to_be_visible()
    page.wait_for_timeout(1000)
    expect(page.get_by_role("heading", name="待发 1 条")).to_be_visible()
    page.context.set_offline(False)
    expect(page.locator(".ev-counts dd").nth(1)).to_have_text("12", timeout=30_000)
    assert now(office, of)["moved"] == 12
    watched.wrong[:] = [w for w in watched.wrong if "ERR_INTERNET_DISCONNECTED" not in w]


def test_a_night_of_a_village_officer(
    office: httpx.Client, of: dict[str, Any], open_page: Callable[..., Watched], address: str
) -> None:
    watched = on_telephone(open_page, address)
    page = watched.page
    page.get_by_role("link", name=re.compile("例湖村")).click()
    expect(page.get_by_role("heading", name="例湖村")).to_be_visible()
    expect(page.locator(".ev .exercise")).to_have_text("演练")
    assert counts(page) == ["30", "0", "30", "0", "0", "0"]
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    # A household, whole.
    page.locator("li", has_text="张三").get_by_role("button", name="报这户").click()
    expect(page.locator(".count")).to_have_value("4")
    page.get_by_role("button", name="报", exact=True).click()
    expect(page.locator(".ev-counts dd").nth(1)).to_have_text("4")
    expect(page.locator("li", has_text="张三").get_by_role("button", name="报这户")).to_have_count(0)

    # The line breaks: what is reported waits, also when the page is closed meanwhile.
    page.context.set_offline(True)
    page.get_by_role("button", name="投亲靠友", exact=True).click()
    report(page, 6)
    expect(page.get_by_text("没有网络。报的数先存在这台手机上")).to_be_visible()
    expect(page.get_by_text("没有网络时打不开它")).to_be_visible()
    report(page, 25)
    expect(page.get_by_role("heading", name=re.compile("待发 2 条"))).to_be_visible()
    assert now(office, of)["moved"] == 4
    page.goto("about:blank")
    page.context.set_offline(False)
    page.go_back()

    # Back on line the first is taken, the second clashes with its numbers, and its sender decides.
    expect(page.get_by_role("heading", name="没有记上 1 条")).to_be_visible()
    clash = page.locator("li", has_text="没有记上")
    expect(clash).to_contain_text("例湖村应转 30 人，已转 10 人；照报上来的已转成为 35，比应转多 5 人")
    assert now(office, of)["with_relatives"] == 6
    clash.get_by_role("button", name="同时增加应转，再报").click()
    expect(page.locator(".ev-counts dd").first).to_have_text("35")
    expect(page.get_by_role("heading", name=re.compile("没有记上"))).to_have_count(0)
    got = now(office, of)
    assert (got["to_move"], got["moved"], got["left"]) == (35, 35, 0)

    # One was too many.
    page.locator("li", has_text="投亲靠友 6 人").get_by_role("button", name="更正").click()
    report(page, 5)
    expect(page.locator(".ev-counts dd").nth(2)).to_have_text("1")
    got = now(office, of)
    assert (got["to_move"], got["moved"], got["with_relatives"], got["left"]) == (35, 34, 30, 1)

    # A household comes home.
    page.get_by_role("button", name="返回", exact=True).click()
    expect(page.get_by_role("heading", name="转出未返回的户")).to_be_visible()
    page.locator("li", has_text="张三").get_by_role("button", name="报这户").click()
    expect(page.locator(".count")).to_have_value("4")
    expect(page.locator(".ev-form")).to_contain_text("张三 家，转出未返回 4 人")
    page.get_by_role("button", name="报", exact=True).click()
    expect(page.get_by_text("户册里没有转出未返回的")).to_be_visible()
    got = now(office, of)
    assert (got["moved"], got["returned"]) == (34, 4)
    assert len(office.get(f"{PATH}/{of['id']}/entries").json()["items"]) == 6  # each sent once
    meant = ("ERR_INTERNET_DISCONNECTED", "status of 409")
    watched.wrong[:] = [w for w in watched.wrong if not any(m in w for m in meant)]
