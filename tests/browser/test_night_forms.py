"""What an officer fills in on the page of the night: what stands against it is seen, and nothing of it is lost unsaid."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Watched
from tests.browser.test_dispatch import clean, office, opened, post, reported, row

DEMO = True
__all__ = ["clean", "office"]  # fixtures


@pytest.fixture
def page(open_page: Callable[..., Watched], office: httpx.Client) -> Iterator[Page]:
    watched = open_page(signed=True, path="/rescue")
    expect(watched.page.locator(".rd-head")).to_be_visible()
    yield watched.page
    watched.wrong = [w for w in watched.wrong if not re.search("status of (409|422)", w)]  # refusals that are asked for


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
    assert box
    assert bar
    assert buttons
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


def test_a_number_is_not_cut_in_silence_and_is_read_as_it_is_typed(page: Page, office: httpx.Client) -> None:
    reported(office, "填数的一处")
    opened(page, "填数的一处").get_by_role("button", name="更新", exact=True).click()
    form = page.locator("form.rs-draft")
    trapped, name = form.locator("[name=trapped]"), form.locator("[name=name]")
    trapped.click()
    page.keyboard.insert_text("1000000000")
    expect(page.locator(".el-message")).to_contain_text("没有粘上：这一栏最多 6 字，粘贴的多 4 字")
    expect(trapped).to_have_value("")
    name.fill("")
    page.keyboard.insert_text("圩" * 400)
    expect(page.locator(".el-message", has_text="多 300 字")).to_be_visible()
    expect(name).to_have_value("")
    name.fill("填数的一处")
    trapped.click()
    page.keyboard.type("1234567")
    expect(page.locator(".el-message", has_text="再多的没有填上")).to_be_visible()
    expect(trapped).to_have_value("123456")
    trapped.fill("")
    page.keyboard.insert_text("１２")
    expect(trapped).to_have_value("12")
    form.locator("[name=depth_m]").fill("０．８")
    trapped.fill("-5")
    form.get_by_role("button", name="保存").click()
    expect(form).to_contain_text("应为 0 以上的整数")
    trapped.fill("９")
    form.get_by_role("button", name="保存").click()
    expect(form).to_have_count(0)
    [one] = office.get("/api/rescue/incidents").json()["items"]
    assert (one["trapped"], float(one["depth_m"])) == (9, 0.8)


def test_who_ends_an_incident_reads_which_and_who_is_still_trapped(page: Page, office: httpx.Client) -> None:
    incident = reported(office, "要结束的一处", trapped=9)
    opened(page, "要结束的一处").get_by_role("button", name="结束", exact=True).click()
    dialog = page.get_by_role("dialog", name=f"结束险情 {incident['id']} 要结束的一处")
    expect(dialog).to_contain_text("登记的还有 9 人被困")


def test_a_village_reads_on_its_telephone_what_is_free_now_and_what_is_wrong_with_a_number(
    open_page: Callable[..., Watched], office: httpx.Client
) -> None:
    path = "/api/rescue/evacuations"
    body = {"name": "空位", "villages": [{"name": "例湖村", "division": "360402", "to_move": 300}]}
    of = office.post(path, json=body).json()
    village = of["villages"][0]["id"]
    shelter = next(s for s in office.get(f"{path}/{of['id']}/shelters").json()["items"] if (s["free"] or 0) > 200)
    watched = open_page(signed=True, path=f"/rescue/evac/{of['id']}/{village}")
    page = watched.page
    box = page.get_by_role("combobox", name="避难场所")
    box.fill(shelter["name"])
    option = page.get_by_role("option").first
    expect(option).to_contain_text(f"空 {shelter['free']:,}")
    count = page.locator(".count")
    for typed in ("-5", "1.5", "一百"):
        count.fill(typed)
        page.get_by_role("button", name="报", exact=True).click()
        expect(page.locator(".ev-form .err-text")).to_have_text("人数应为 1 以上的整数，如 12。")
    count.fill("")
    expect(page.locator(".ev-form .err-text")).to_have_text("请填人数。")
    entry = {
        "village": village,
        "kind": "sheltered",
        "persons": 120,
        "shelter": shelter["id"],
        "key": "stale-vacancy-1",
    }
    with page.expect_response(re.compile(f"{of['id']}/shelters"), timeout=25_000):  # read again with the rest
        assert office.post(f"{path}/{of['id']}/entries", json=entry).status_code in (200, 201)
    box.fill("")
    box.fill(shelter["name"])
    expect(option).to_contain_text(f"空 {shelter['free'] - 120:,}")
    office.post(f"{path}/{of['id']}/close", json={"reason": "试完"})


def test_a_road_that_is_closed_shows_above_the_way_over_it_and_who_is_to_be_sent_is_read_whole(
    page: Page, office: httpx.Client
) -> None:
    incident = reported(office, "封路的一处", dx=0.03, trapped=5)
    asked = {"flood": None, "incidents": [incident["id"]], "teams": None, "exercise": False}
    plan = post(office, "plans", asked)
    post(office, f"plans/{plan['id']}/accept", {}, 200)
    way = plan["assignments"][0]["route"]["coordinates"]
    part = {"type": "LineString", "coordinates": way[len(way) // 3 : len(way) // 3 + 6]}
    closure = post(office, "routing/closures", {"line": part, "reason": "塌方", "exercise": False})
    page.wait_for_function("() => window.riskmapClosed?.counts().barred === 1", timeout=30_000)
    above = "() => window.riskmapWays.canvas.compareDocumentPosition(window.riskmapClosed.canvas) & 4"
    assert page.evaluate(above)
    pick = opened(page, "封路的一处").locator(".rd-pick")
    team = pick.locator(".rd-team")
    other = team.locator("option:not([disabled])").nth(1)
    other.wait_for(state="attached")
    team.select_option(other.get_attribute("value"))
    expect(pick.get_by_label("加派还是替换")).to_be_visible()
    expect(pick.get_by_role("status")).to_have_text(other.inner_text())
    box, whole = team.bounding_box(), pick.bounding_box()
    assert box
    assert whole
    assert box["width"] > whole["width"] - 2
    post(office, f"routing/closures/{closure['id']}/lift", {"reason": "试完"}, 200)


def test_where_teams_had_better_stand_by_comes_into_view_and_no_team_is_no_answer(page: Page) -> None:
    page.get_by_role("tab", name="力量").click()
    page.get_by_role("button", name="前置", exact=True).click()
    many = page.locator("[name=k]")
    many.fill("0")
    page.get_by_role("button", name="提出前置点").click()
    expect(page.locator(".rf-ask .err-text")).to_have_text("应为 1 至 20 的整数。")
    many.fill("１")
    page.locator("[name=minutes]").fill("5")
    before = page.evaluate("() => window.riskmap.map.getZoom()")
    page.get_by_role("button", name="提出前置点").click()
    expect(page.locator(".rf-sites")).to_be_visible(timeout=60_000)
    page.wait_for_function("(zoom) => window.riskmap.map.getZoom() !== zoom", arg=before)


def test_a_form_that_is_half_filled_is_not_lost_by_a_reload_unasked(page: Page) -> None:
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.keyboard.press("x")
    page.locator("form.rs-draft [name=name]").fill("填了一半")
    page.reload()
    expect(page.locator(".rd-head")).to_be_visible()
    assert asked == ["beforeunload"]
    page.reload()  # with nothing filled in nothing is asked
    expect(page.locator(".rd-head")).to_be_visible()
    assert asked == ["beforeunload"]
