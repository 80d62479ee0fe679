"""调度 on the page: incidents reported on the map, planned, compared, accepted, made anew as a road closes, followed."""

import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.api.rescue import square
from tests.browser.conftest import Watched, at_rest
from tests.browser.test_admission import in_office
from tests.conftest import ADMIN_PASSWORD, OTHER_PASSWORD

DEMO = True
CITY = (115.985, 29.705)  # in the demo city, where teams and roads are near


@pytest.fixture(scope="module")
def office(address: str) -> Iterator[httpx.Client]:
    """The administrator, by the service alone; the demo's roads are made ready for the engine."""
    with closing(in_office(address, "admin", ADMIN_PASSWORD)) as client:
        client.timeout = httpx.Timeout(120)
        assert client.post("/api/rescue/routing/build").status_code == 202
        patience = time.monotonic() + 120
        while client.get("/api/rescue/routing").json()["status"] != "ready":
            assert time.monotonic() < patience
            time.sleep(0.5)
        yield client


@pytest.fixture
def page(open_page: Callable[..., Watched], office: httpx.Client) -> Iterator[Page]:
    """The page of the night, as the administrator has it."""
    watched = open_page(signed=True, path="/rescue")
    expect(watched.page.locator(".rd-head")).to_be_visible()
    yield watched.page
    # The browser notes what the service refuses; these refusals are asked for, and read on the page.
    watched.wrong = [w for w in watched.wrong if not re.search("status of (409|422)", w)]


@pytest.fixture(autouse=True)
def clean(office: httpx.Client) -> Iterator[None]:
    """Every test begins with no incident that goes on and teams that are free."""
    yield
    for exercise in ("false", "true"):
        for order in office.get(f"/api/rescue/orders?running=true&exercise={exercise}").json()["items"]:
            post(office, f"orders/{order['id']}/marks", {"what": "result"})
            told = {"status": "待命", "exercise": exercise == "true"}
            post(office, f"teams/{order['team']['id']}/status", told)
        for plan in office.get(f"/api/rescue/plans?exercise={exercise}").json()["items"]:
            if not plan["accepted"] and not plan["returned_at"]:
                post(office, f"plans/{plan['id']}/return", {"reason": "另一项"}, 200)
        for one in office.get(f"/api/rescue/incidents?exercise={exercise}").json()["items"]:
            post(office, f"incidents/{one['id']}/close", {"version": one["version"], "result": "办完"}, 200)


def post(office: httpx.Client, path: str, body: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = office.post(f"/api/rescue/{path}", json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def reported(office: httpx.Client, name: str, dx: float = 0.0, dy: float = 0.0, **more: Any) -> dict[str, Any]:
    """An incident, by the service alone."""
    place = {"type": "Point", "coordinates": [CITY[0] + dx, CITY[1] + dy]}
    return post(office, "incidents", {"kind": "人员被困", "name": name, "place": place, **more})


def row(page: Page, name: str) -> Locator:
    return page.locator(".rd-incident", has_text=name)


def opened(page: Page, name: str) -> Locator:
    """A row with its facts."""
    found = row(page, name)
    found.locator(".main").click()
    expect(found.locator(".rs-kv")).to_be_visible()
    return found


def planned(page: Page) -> Locator:
    """The card of a plan that is made now."""
    page.get_by_role("button", name="算方案").click()
    card = page.locator(".rd-card[data-plan]")
    expect(card).to_contain_text("方案稿")
    return card


def accepted(page: Page) -> None:
    page.locator(".rd-card").get_by_role("button", name="采纳", exact=True).click()
    expect(page.locator(".rd-card[data-plan]")).to_have_count(0)


def test_an_incident_is_reported_on_the_map_told_anew_and_closed(page: Page, office: httpx.Client) -> None:
    expect(page.get_by_role("tab", name="调度")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".rd-tab")).to_contain_text("没有险情。接到报告后点“＋险情”登记")
    page.keyboard.press("x")
    form = page.locator("form[aria-label=登记险情]")
    form.get_by_role("button", name="登记", exact=True).click()
    expect(form).to_contain_text("请在图上点出位置，或输地址、坐标")  # nothing is written without a place
    form.get_by_role("button", name="点位置").click()
    expect(page.locator(".sketch-panel p")).to_contain_text("在图上点出险情的位置")
    box = page.locator(".map .canvas").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5)
    expect(form.locator(".rd-place [role=status]")).to_contain_text(re.compile(r"11\d\.\d{5}, "))
    form.locator("input[name=name]").fill("例湖村三组")
    form.locator("input[name=trapped]").fill("十二")
    form.get_by_role("button", name="登记", exact=True).click()
    expect(form).to_contain_text("应为 0 以上的整数，如 12")
    form.locator("input[name=trapped]").fill("12")
    form.locator("input[name=vulnerable]").fill("13")
    form.get_by_role("button", name="登记", exact=True).click()
    expect(form).to_contain_text("需帮助的 13 人多于被困的 12 人")  # the service's own words at the field
    form.locator("input[name=vulnerable]").fill("2")
    form.locator("input[name=depth_m]").fill("999")
    form.get_by_role("button", name="登记", exact=True).click()
    expect(form).to_contain_text("不能大于 100")  # a number, but too large: not that it is none
    form.locator("input[name=depth_m]").fill("0.9")
    form.get_by_label("艇", exact=True).check()
    form.get_by_role("button", name="登记", exact=True).click()
    expect(row(page, "例湖村三组")).to_contain_text("被困 12 人，需帮助 2")
    expect(page.locator(".rd-head")).to_contain_text("险情 1")
    [kept] = office.get("/api/rescue/incidents").json()["items"]
    assert (kept["trapped"], kept["vulnerable"], kept["needs"], kept["place"]["type"]) == (12, 2, ["boat"], "Point")
    page.wait_for_function("() => window.riskmapPins.counts().pins === 1")
    # Told anew, with coordinates that are typed instead of a click; the version before stays.
    one = row(page, "例湖村三组")
    expect(one.locator(".rs-kv")).to_be_visible()  # what was reported stands open
    one.get_by_role("button", name="更新").click()
    form = page.locator(f"form[aria-label='更新险情 {kept['id']}']")
    form.locator(".rd-place input").fill("116.0201, 29.7102")
    form.get_by_role("button", name="查找").click()
    form.locator(".rd-hits button").first.click()
    form.locator("input[name=trapped]").fill("9")
    form.get_by_role("button", name="保存").click()
    expect(one).to_contain_text("被困 9 人")
    one.locator("summary", has_text="历次记录 2").click()
    expect(one).to_contain_text("第 1 版")
    one.locator("summary", has_text="紧急程度").click()
    expect(one).to_contain_text("经验值，没有标准")
    expect(one).to_contain_text("被困 9 人 18 分")
    one.get_by_role("button", name="结束").click()
    dialog = page.get_by_role("dialog", name="结束")
    dialog.get_by_role("button", name="结束").click()
    expect(dialog).to_contain_text("请写明结果")
    dialog.locator("textarea").fill("全部救出")
    dialog.get_by_role("button", name="结束").click()
    expect(page.locator(".rd-incident")).to_have_count(0)
    page.get_by_label("含已结束").check()
    expect(row(page, "例湖村三组")).to_contain_text("已结束")


def test_that_nobody_is_trapped_is_said_and_is_not_that_it_is_not_known(page: Page, office: httpx.Client) -> None:
    page.keyboard.press("x")
    form = page.locator("form[aria-label=登记险情]")
    expect(form.get_by_label("不明")).to_be_checked()
    form.get_by_label("有人被困").check()
    expect(form.locator("input[name=trapped]")).to_be_focused()
    form.locator(".rd-place input").fill("116.0201, 29.7102")
    form.get_by_role("button", name="查找").click()
    form.locator(".rd-hits button").first.click()
    form.get_by_role("button", name="登记", exact=True).click()
    expect(form).to_contain_text("不知道几人请选“不明”")  # some, but how many
    form.get_by_label("有人被困").focus()
    page.keyboard.press("ArrowUp")  # by the keyboard
    expect(form.get_by_label("无人被困")).to_be_checked()
    expect(form.locator("input[name=vulnerable]")).to_have_count(0)
    form.locator("input[name=name]").fill("空堤段")
    form.get_by_role("button", name="登记", exact=True).click()
    expect(row(page, "空堤段")).to_contain_text("无人被困")
    [kept] = office.get("/api/rescue/incidents").json()["items"]
    assert (kept["trapped"], kept["vulnerable"]) == (0, None)
    assert not any("不明" in w for w in kept["priority"]["words"])
    row(page, "空堤段").get_by_role("button", name="更新").click()
    expect(page.locator("form").get_by_label("无人被困")).to_be_checked()


def test_incidents_are_merged_and_split_and_who_was_overtaken_is_told(page: Page, office: httpx.Client) -> None:
    first = reported(office, "东埂", trapped=4, needs=["boat"])
    second = reported(office, "东埂下段", 0.003, trapped=3, needs=["medical"])
    page.reload()
    one = opened(page, "东埂下段")
    one.get_by_role("button", name="合并").click()
    form = page.locator(f"form[aria-label='把别的险情并入险情 {second['id']}']")
    form.get_by_label(re.compile(f"险情 {first['id']} ")).check()
    expect(form.locator("input[name=trapped]")).to_have_value("7")  # added up
    expect(form.locator("input[name=vulnerable]")).to_have_value("")  # known of neither
    form.locator("input[name=trapped]").fill("9")
    form.get_by_label(re.compile(f"险情 {first['id']} ")).uncheck()
    form.get_by_label(re.compile(f"险情 {first['id']} ")).check()
    expect(form.locator("input[name=trapped]")).to_have_value("9")  # what was typed stays
    # Somebody else is quicker.
    post(office, f"incidents/{first['id']}/close", {"version": 1, "result": "误报"}, 200)
    form.get_by_role("button", name="合并").click()
    expect(form.locator("[role=alert]")).to_contain_text("刚由 admin 改过，您的操作没有执行")
    third = reported(office, "东埂上段", -0.003, trapped=2)
    form.get_by_role("button", name="取消").click()
    expect(row(page, "东埂上段")).to_be_visible()
    one.get_by_role("button", name="合并").click()
    form.get_by_label(re.compile(f"险情 {third['id']} ")).check()
    form.get_by_role("button", name="合并").click()
    expect(one).to_contain_text("被困 5 人")
    expect(row(page, "东埂上段")).to_have_count(0)
    expect(one).to_contain_text(f"险情 {third['id']}")  # where it came from
    one.get_by_role("button", name="拆分").click()
    form = page.locator(f"form[aria-label='拆分险情 {second['id']}']")
    form.get_by_role("button", name="拆分").click()
    expect(form).to_contain_text("请在图上点出位置")  # the second part has no place yet
    parts = form.locator(".rs-levels-in li")
    parts.nth(1).locator(".rd-place input").fill("116.0201, 29.7102")
    parts.nth(1).get_by_role("button", name="查找").click()
    parts.nth(1).locator(".rd-hits button").first.click()
    parts.nth(0).get_by_label("被困人数").fill("3")
    form.get_by_role("button", name="拆分", exact=True).click()  # two of the five would be nowhere
    expect(form.locator("[role=alert]")).to_contain_text("各部分合计 3 人，另有 1 部分人数不明，原来 5 人")
    expect(form.get_by_role("button", name="照此拆分")).to_be_visible()
    parts.nth(1).get_by_label("被困人数").fill("1")
    expect(form.get_by_text("各部分合计 4 人，比原来少 1 人", exact=True)).to_be_visible()
    parts.nth(1).get_by_label("被困人数").fill("2")
    form.get_by_role("button", name="拆分", exact=True).click()
    expect(row(page, "东埂下段 1")).to_contain_text("被困 3 人")
    expect(row(page, "东埂下段 2")).to_contain_text("被困 2 人")
    [went] = [i for i in office.get("/api/rescue/incidents?all=true").json()["items"] if i["id"] == second["id"]]
    assert (went["status"], len(went["went_to"])) == ("split", 2)


def test_a_plan_is_made_compared_accepted_and_its_orders_are_followed(page: Page, office: httpx.Client) -> None:
    depths = [{"depth_m": 1, "geometry": square(*CITY, 500)}]
    flood = post(office, "floods", {"name": "圩里的水", "depths": depths})
    wet = reported(office, "水中村", 0.001, 0.001, trapped=6, needs=["boat"], depth_m=1.2)
    dry = reported(office, "水外村", 0.03, 0.02, trapped=2)
    page.reload()
    expect(page.locator(".rd-tab .rs-tab-acts")).to_contain_text("按“圩里的水”第 1 版的水")
    card = planned(page)
    made = office.get(f"/api/rescue/plans/{card.get_attribute('data-plan')}").json()
    assert made["flood"] == flood["id"]
    assert made["routing"] == "road"
    by = {a["incident"]: a for a in made["assignments"]}
    for one, name in ((wet, "水中村"), (dry, "水外村")):
        a = by[one["id"]]
        minutes = max(1, math.ceil(a["travel_s"] / 60))
        expect(card).to_contain_text(f"险情 {one['id']}{a['team_name']} {minutes} 分钟")
        expect(row(page, name)).to_contain_text(a["team_name"])
        expect(row(page, name).locator(".rd-when")).to_contain_text(re.compile(rf"^{minutes}\s分钟"))
        expect(row(page, name).locator(".rd-when")).to_contain_text("待采纳")
        expect(row(page, name).locator(".rd-why")).to_contain_text(a["why"].split("；")[0])
    expect(row(page, "水中村")).to_contain_text("行船")
    expect(row(page, "水外村")).not_to_contain_text("直线估算")
    page.wait_for_function("() => { const c = window.riskmapWays.counts(); return c.proposed === 2 && c.boats === 1; }")
    card.get_by_role("button", name="在图上比较").click()
    at_rest(page)
    accepted(page)
    expect(page.locator(".rd-head")).to_contain_text("第 1 号方案执行中")
    expect(page.locator(".rd-head")).to_contain_text(re.compile(r"队伍 2/\d+ 出动"))
    page.wait_for_function("() => { const c = window.riskmapWays.counts(); return c.running === 2 && !c.proposed; }")
    expect(row(page, "水中村").locator(".rd-when")).to_contain_text("已下达")
    expect(page.locator(".rs-entries tr", has_text="采纳第 1 号方案")).to_be_visible()
    # Followed: the next mark in a click, the others with a time and a word; the telephone at hand.
    one = opened(page, "水中村")
    one.get_by_role("button", name="记签收").click()
    expect(row(page, "水中村").locator(".rd-when")).to_contain_text("已签收")
    one.get_by_role("button", name="记出发").click()
    expect(row(page, "水中村").locator(".rd-when")).to_contain_text("在途")
    one.get_by_role("button", name="详情、电话").click()
    dialog = page.locator(".rd-dialog")
    expect(dialog).to_contain_text("电话（一键通）")
    dialog.locator("input[name=note]").fill("水面有漂木，绕行")
    dialog.get_by_role("button", name="记到达").click()
    expect(dialog).to_contain_text("水面有漂木，绕行")
    with page.expect_download() as got:
        dialog.get_by_role("button", name="打印").click()
    assert got.value.suggested_filename.endswith(".pdf")
    page.keyboard.press("Escape")
    expect(row(page, "水中村").locator(".rd-when")).to_contain_text("已到达")
    page.wait_for_function("() => window.riskmapWays.counts().running === 1")  # who is there has no way any more
    page.locator(".rd-tab .seg").get_by_role("button", name="调度令").click()
    expect(page.locator(".rd-orders .rd-order")).to_have_count(2)
    with page.expect_download() as got:
        page.get_by_role("button", name="全部打印").click()
    assert got.value.suggested_filename.endswith(".pdf")
    page.locator(".rd-orders .rd-order", has_text=by[dry["id"]]["team_name"]).get_by_role(
        "button", name="详情、电话"
    ).click()
    dialog.get_by_role("button", name="撤销").click()
    expect(dialog).to_contain_text("撤销请写明原因")
    dialog.locator("input[name=note]").fill("群众已自行转移")
    dialog.get_by_role("button", name="撤销").click()
    expect(dialog).to_contain_text("撤销 ")
    page.keyboard.press("Escape")
    expect(page.locator(".rd-orders .rd-order")).to_have_count(1)


def test_a_road_that_closes_asks_for_another_plan_and_its_card_says_why(page: Page, office: httpx.Client) -> None:
    reported(office, "北头", 0.02, 0.02, trapped=5, needs=["boat"])
    reported(office, "南头", -0.02, -0.02, trapped=3, needs=["boat"])
    page.reload()
    planned(page)
    accepted(page)
    order = office.get("/api/rescue/orders?running=true").json()["items"][0]
    body = office.get(f"/api/rescue/plans/{order['plan']}").json()
    line = next(a for a in body["assignments"] if a["incident"] == order["incident"])["route"]["coordinates"]
    middle = {"type": "Point", "coordinates": line[len(line) // 2]}
    post(office, "routing/closures", {"at": middle, "length_m": 60, "reason": "桥面过水"})
    page.reload()
    held = page.locator(".rd-card.held")
    expect(held).to_contain_text(re.compile("方案拟定以后有变：.*封闭"))
    held.get_by_role("button", name="重算").click()
    card = page.locator(".rd-card[data-plan]")
    expect(card).to_contain_text(re.compile("因.*封闭"))
    expect(card).to_contain_text(re.compile(r"采纳前后都有队伍的 \d+ 处，先到用时合计 \d+"))
    made = office.get(f"/api/rescue/plans/{card.get_attribute('data-plan')}").json()
    changed = [r for r in made["against"]["rows"] if r["what"] != "same"]
    expect(card.locator(".rd-changes li .no")).to_have_text([f"险情 {r['incident']}" for r in changed])
    card.get_by_role("button", name="退回").click()
    dialog = page.get_by_role("dialog", name="退回")
    dialog.locator("textarea").fill("桥面已恢复")
    dialog.get_by_role("button", name="退回").click()
    expect(page.locator(".rd-card[data-plan]")).to_have_count(0)
    assert office.get(f"/api/rescue/plans/{made['id']}").json()["returned_reason"] == "桥面已恢复"
    expect(page.locator(".rs-entries tr", has_text="桥面已恢复").first).to_be_visible()


def test_by_hand_another_team_and_who_was_first_is_told(page: Page, office: httpx.Client) -> None:
    reported(office, "北头", 0.02, 0.02, trapped=5, needs=["boat"])
    reported(office, "南头", -0.02, -0.02, trapped=3, needs=["boat"])
    page.reload()
    card = planned(page)
    first = office.get(f"/api/rescue/plans/{card.get_attribute('data-plan')}").json()
    teams = {a["incident_name"]: a for a in first["assignments"]}
    one = opened(page, "北头")
    one.get_by_label("指定队伍").select_option(str(teams["南头"]["team"]))
    one.get_by_role("button", name="预看改派").click()
    expect(card).not_to_have_attribute("data-plan", str(first["id"]))
    expect(card).to_contain_text("手工调整")
    expect(card.locator("li.lost")).to_contain_text("没有队伍")  # the south has lost its team, in red
    expect(row(page, "北头")).to_contain_text(teams["南头"]["team_name"])
    by_hand = card.get_attribute("data-plan")
    sent = one.get_by_role("button", name="不派", exact=True).count()
    one.get_by_role("button", name="不派", exact=True).first.click()
    expect(card).not_to_have_attribute("data-plan", str(by_hand))
    expect(one.get_by_role("button", name="不派", exact=True)).to_have_count(sent - 1)
    # Another officer accepts the first plan meanwhile.
    post(office, f"plans/{first['id']}/accept", {}, 200)
    card.get_by_role("button", name="采纳", exact=True).click()
    expect(card.locator("[role=alert]").first).to_contain_text(re.compile("admin 已于 .* 采纳第 .* 号方案"))
    expect(card.get_by_role("button", name="采纳", exact=True)).to_have_count(0)
    expect(card.get_by_role("button", name="重算")).to_be_visible()
    assert card.locator("[role=alert]").count() == 1  # said once
    card.get_by_role("button", name="收起").click()
    expect(page.locator(".rd-card[data-plan]")).to_have_count(0)
    expect(row(page, "北头").locator(".rd-when")).to_contain_text("已下达")


def test_who_has_gone_home_is_told_and_another_is_put_in_its_place(page: Page, office: httpx.Client) -> None:
    reported(office, "北头", 0.02, 0.02, trapped=5, needs=["boat"])
    page.reload()
    card = planned(page)
    accepted(page)
    card = planned(page)  # the same again
    expect(card).to_contain_text("和现在执行的一样，不用采纳")
    expect(card.get_by_role("button", name="采纳", exact=True)).to_have_count(0)
    [order] = office.get("/api/rescue/orders", params={"running": True}).json()["items"]
    post(office, f"teams/{order['team']['id']}/status", {"status": "返回"})
    page.reload()
    # What has changed since is said alone, and that one makes it anew.
    expect(card).to_contain_text(re.compile("拟定以后有变：.*报返回"))
    expect(card).not_to_contain_text("和现在执行的一样")
    expect(card.get_by_role("button", name="重算")).to_be_visible()
    card.get_by_role("button", name="退回").click()
    page.get_by_role("dialog", name="退回").locator("textarea").fill("不用")
    page.get_by_role("dialog", name="退回").get_by_role("button", name="退回").click()
    expect(page.locator(".rd-card[data-plan]")).to_have_count(0)
    when = row(page, "北头").locator(".rd-when")
    expect(when).to_contain_text("已报返回")
    page.wait_for_function("() => window.riskmapWays.counts().running === 0")
    expect(page.locator(".rd-card.held")).to_contain_text(re.compile("方案拟定以后有变：.*报返回"))
    one = opened(page, "北头")
    pick = one.get_by_label("指定队伍")
    # Those that fit first, each with how long; those that lack something say what.
    expect(pick.locator("optgroup").first).to_have_attribute("label", "条件合适")
    expect(pick.locator("optgroup").first.locator("option").first).to_contain_text("分钟")
    expect(pick.locator("optgroup[label=条件不全] option").first).to_contain_text("缺艇")
    other = pick.locator("optgroup[label=条件合适] option:not([disabled])").first.get_attribute("value")
    pick.select_option(other)
    one.get_by_label("加派还是替换").select_option(label=f"替换{order['team']['name']}")
    one.get_by_role("button", name="预看改派").click()
    expect(card).to_contain_text(f"收回 1 份调度令：{order['team']['name']}")
    card.get_by_role("button", name="采纳", exact=True).click()
    expect(card).to_have_count(0)
    expect(when).not_to_contain_text("已报返回")
    expect(page.locator(".rd-card.held")).to_have_count(0)


def test_no_way_is_said_and_is_no_zero(page: Page, office: httpx.Client) -> None:
    depths = [{"depth_m": 1, "geometry": square(*CITY, 900)}]
    post(office, "floods", {"name": "围死的水", "depths": depths})
    teams = office.get("/api/rescue/teams").json()["items"]
    afloat = {s["value"] for t in teams if t["boats"] for s in t["skills"]}
    need = min({s["value"] for t in teams for s in t["skills"]} - afloat)  # in the water, and no such team has a boat
    reported(office, "孤点", trapped=3, kind="其他", needs=[need])
    held: list[Route] = []
    page.route("**/api/rescue/floods?*", lambda route: held.append(route))  # a line that is slow
    page.goto(page.url.split("?")[0])
    expect(row(page, "孤点")).to_be_visible()
    # No plan before the water is known: it would be one of dry land.
    expect(page.get_by_role("button", name="算方案")).to_be_disabled()
    expect(page.locator(".rd-tab .rs-tab-acts")).to_contain_text("正在读取淹没范围")
    for one in held:
        one.continue_()
    page.unroute("**/api/rescue/floods?*")
    expect(page.locator(".rd-tab .rs-tab-acts")).to_contain_text("按“围死的水”第 1 版的水")
    card = planned(page)
    expect(card.locator("li.lost")).to_contain_text("无法到达")
    expect(row(page, "孤点").locator(".rd-when .big")).to_have_text("无法到达")
    expect(row(page, "孤点").locator(".rd-why")).to_contain_text("没有一支有艇：无法到达")


def test_an_exercise_and_a_minute_of_before_are_kept_apart(page: Page, office: httpx.Client) -> None:
    reported(office, "实战险情", trapped=2)
    reported(office, "演练险情", trapped=2, exercise=True)
    page.reload()
    expect(row(page, "实战险情")).to_be_visible()
    expect(page.locator(".rd-incident")).to_have_count(1)
    page.goto(f"{page.url.split('?')[0]}?exercise=1")
    expect(row(page, "演练险情")).to_be_visible()
    expect(page.locator(".rd-incident")).to_have_count(1)
    planned(page)
    accepted(page)
    expect(page.locator(".rd-head")).to_contain_text("第 演1 号方案执行中")
    assert office.get("/api/rescue/orders?running=true").json()["items"] == []
    # Back to the minute in which it was reported: no plan then, and nothing can be done.
    page.locator(".rs-entries tr", has_text="演练险情").last.locator("button").click()
    expect(page.locator(".rs-past")).to_be_visible()
    expect(page.locator(".rd-head")).to_contain_text("没有采纳的方案")
    expect(row(page, "演练险情").locator(".rd-when")).to_contain_text("未派")
    expect(page.locator(".rd-head").get_by_role("button")).to_have_count(0)
    expect(page.get_by_role("button", name="算方案")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(row(page, "演练险情").locator(".rd-when")).to_contain_text("已下达")


def test_who_may_not_sees_what_he_may_and_why_not(
    browser: Browser, address: str, office: httpx.Client, page: Page
) -> None:
    reported(office, "北头", 0.02, 0.02, trapped=5)
    page.reload()
    card = planned(page)
    plan = card.get_attribute("data-plan")
    for name, role in (("kanban", "reader"), ("bianji", "editor")):
        account = {"username": name, "password": OTHER_PASSWORD, "role": role, "tier": "command", "must_change": False}
        answer = office.post("/api/accounts", json=account)
        assert answer.status_code == 201, answer.text
        context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
        assert context.request.post(f"{address}/api/session", data={"username": name, "password": OTHER_PASSWORD}).ok
        other = context.new_page()
        other.goto(f"{address}/rescue")
        seen = other.locator(f".rd-card[data-plan='{plan}']")
        expect(seen).to_contain_text("待采纳")
        expect(seen).to_contain_text("采纳要有调度权，请由有调度权的人采纳")
        expect(seen.get_by_role("button", name="采纳", exact=True)).to_have_count(0)
        writes = role == "editor"
        expect(other.locator(".rd-head").get_by_role("button", name="险情")).to_have_count(int(writes))
        expect(other.get_by_role("button", name="算方案")).to_have_count(int(writes))
        if not writes:
            expect(other.locator(".rd-tab")).to_contain_text("您的账号只能查看")
            opened(other, "北头")
            expect(row(other, "北头").get_by_role("button", name="更新")).to_have_count(0)
        context.close()


def test_what_a_limited_account_has_is_told_as_its_own_and_no_words_are_cut(
    office: httpx.Client, browser: Browser, address: str
) -> None:
    reported(office, "北头", 0.02, 0.02, trapped=5)
    ids = [i["id"] for i in office.get("/api/rescue/incidents").json()["items"]]
    plan = post(office, "plans", {"incidents": ids, "flood": None, "exercise": False})
    post(office, f"plans/{plan['id']}/accept", {}, 200)
    account = {"username": "far", "password": OTHER_PASSWORD, "role": "editor", "tier": "department"}
    answer = office.post("/api/accounts", json=account | {"areas": ["360481"], "must_change": False})
    assert answer.status_code == 201, answer.text
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    assert context.request.post(f"{address}/api/session", data={"username": "far", "password": OTHER_PASSWORD}).ok
    other = context.new_page()
    other.goto(f"{address}/rescue")
    expect(other.locator(".rd-head")).to_contain_text(re.compile(r"您的队伍 \d+ 支，0 支出动另有 \d+ 支无权查看"))
    other.locator(".rd-tab .seg button").nth(1).click()
    name = other.locator(".rd-order .plain.ell").first
    expect(name).to_have_attribute("title", re.compile("^对象无权查看（主管部门：.+）"))
    assert name.evaluate("e => [getComputedStyle(e).display, getComputedStyle(e).textOverflow]") == [
        "block",
        "ellipsis",
    ]
    assert other.locator(".brand h1").evaluate("e => e.scrollWidth <= e.clientWidth")
    other.keyboard.press("x")
    field = other.locator(".rd-place input")
    room = "e => { const c = document.createElement('canvas').getContext('2d'); c.font = getComputedStyle(e).font;"
    assert field.evaluate(room + " return c.measureText(e.placeholder).width < e.clientWidth - 16; }")
    context.close()


def test_a_phone_and_a_service_that_fails(open_page: Callable[..., Watched], office: httpx.Client) -> None:
    reported(office, "手机上的险情", trapped=4)
    watched = open_page(signed=False, path="/help", width=390, height=844)
    page = watched.page
    assert page.request.post(
        f"{office.base_url}/api/session", data={"username": "admin", "password": ADMIN_PASSWORD}
    ).ok
    page.route("**/api/rescue/incidents?*", lambda r: r.fulfill(status=404, json={"detail": "没有找到"}))
    page.goto(f"{office.base_url}/rescue?tab=dispatch")
    parts = page.locator(".rs-parts")
    parts.get_by_role("tab", name="调度").click()
    expect(page.locator(".rd-tab .not-read")).to_contain_text("没有找到")
    page.unroute("**/api/rescue/incidents?*")
    page.locator(".rd-tab .not-read").get_by_role("button").click()
    expect(row(page, "手机上的险情")).to_be_visible()
    page.locator(".rd-head").get_by_role("button", name="险情").click()
    expect(page.locator("form[aria-label=登记险情]")).to_be_visible()
    page.locator("form[aria-label=登记险情]").get_by_role("button", name="取消").click()
    expect(row(page, "手机上的险情")).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    watched.wrong = [w for w in watched.wrong if "status of 404" not in w]  # what was made to fail


def on_phone(open_page: Callable[..., Watched], office: httpx.Client, path: str) -> Watched:
    """A page on a telephone, as the administrator has it."""
    watched = open_page(signed=False, path="/help", width=390, height=844)
    session = {"username": "admin", "password": ADMIN_PASSWORD}
    assert watched.page.request.post(f"{office.base_url}/api/session", data=session).ok
    watched.page.goto(f"{office.base_url}{path}")
    return watched


def test_a_team_reports_from_its_telephone_also_without_a_network(
    open_page: Callable[..., Watched], office: httpx.Client
) -> None:
    one = reported(office, "涵洞口", 0.01, 0.01, trapped=3, depth_m=0.8, reporter="村会计", phone="0792-5550101")
    plan = post(office, "plans", {"incidents": [one["id"]], "flood": None, "exercise": False})
    [order] = post(office, f"plans/{plan['id']}/accept", {}, 200)["orders"]
    team = order["team"]
    desk = open_page(signed=True, path="/rescue?tab=forces")
    desk.page.locator(f"[data-team='{team['id']}'] .main").click()
    desk.page.get_by_role("button", name="手机页二维码").click()
    code = desk.page.locator(".rs-link")
    expect(code).to_contain_text(f"/rescue/team/{team['id']}")
    expect(code.locator("img")).to_be_visible()
    desk.page.wait_for_function("() => document.querySelector('.rs-link img').naturalWidth > 0")

    watched = on_phone(open_page, office, "/rescue/team")
    phone = watched.page
    phone.get_by_label("查找队伍").fill(team["name"])
    phone.get_by_role("link", name=team["name"]).click()
    card = phone.locator(f"section[data-order='{order['id']}']")
    for told in (order["what"], "3 人", "0.8 m", "村会计", "已下达"):
        expect(card).to_contain_text(told)
    expect(card.get_by_role("link", name="0792-5550101")).to_have_attribute("href", "tel:07925550101")
    assert card.get_by_role("link", name="用手机地图打开").get_attribute("href") == "geo:29.715000,115.995000"
    assert phone.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    card.get_by_role("button", name="签收", exact=True).click()
    expect(card).to_contain_text("已签收")
    phone.get_by_role("button", name="返回", exact=True).click()  # with an order open it is asked once more
    expect(phone.locator(".ev-line[role=alert]")).to_contain_text("还有 1 份调度令没有办完")
    phone.get_by_role("button", name="不报", exact=True).click()
    expect(phone.locator(".ev-line[role=alert]")).to_have_count(0)
    assert office.get(f"/api/rescue/teams/{team['id']}").json()["status"] == "出动"
    # The line breaks: what is pressed stays with its time, and is sent as soon as there is one again.
    phone.context.set_offline(True)
    card.get_by_role("button", name="出发", exact=True).click()
    expect(phone.locator(".ev-line")).to_contain_text("没有网络")
    expect(card).to_contain_text("待发")
    card.get_by_role("button", name="到达", exact=True).click()
    expect(phone.get_by_role("heading", name="待发 2 条")).to_be_visible()
    assert [m["what"] for m in office.get(f"/api/rescue/orders?team={team['id']}").json()["items"][0]["marks"]] == [
        "receipt"
    ]
    phone.context.set_offline(False)
    expect(card).to_contain_text("已到达")
    expect(phone.get_by_role("heading", name=re.compile("待发"))).to_have_count(0)
    [now] = office.get(f"/api/rescue/orders?team={team['id']}&running=true").json()["items"]
    assert [(m["what"], m["how_title"]) for m in now["marks"]] == [
        (w, "手机页") for w in ("receipt", "departure", "arrival")
    ]
    card.get_by_label("结果（救出几人、还要什么）").fill("救出 3 人")
    card.get_by_role("button", name="完成", exact=True).click()
    expect(phone.locator(".ev")).to_contain_text("现在没有待办的调度令")
    expect(phone.locator(".ev")).to_contain_text("完成")
    expect(phone.locator(".ev")).to_contain_text("救出 3 人")
    # Back at its base; where it is, by the telephone itself.
    phone.context.grant_permissions(["geolocation"])
    phone.context.set_geolocation({"longitude": 116.001, "latitude": 29.701})
    phone.get_by_role("button", name="休整", exact=True).click()
    expect(phone.locator(".ev section").first).to_contain_text("休整")
    phone.get_by_role("button", name="报位置").click()
    expect(phone.get_by_text("位置已报")).to_be_visible()
    place_, state = office.get(f"/api/rescue/teams/{team['id']}/status").json()["items"][:2]
    assert (place_["status"], place_["position"], state["status"]) == (None, [116.001, 29.701], "休整")
    watched.wrong = [w for w in watched.wrong if "ERR_INTERNET_DISCONNECTED" not in w]  # what was cut


def test_what_a_telephone_reports_too_late_is_refused_and_its_sender_decides(
    open_page: Callable[..., Watched], office: httpx.Client
) -> None:
    one = reported(office, "上游村", 0.01, 0.01, exercise=True)
    plan = post(office, "plans", {"incidents": [one["id"]], "flood": None, "exercise": True})
    [order] = post(office, f"plans/{plan['id']}/accept", {}, 200)["orders"]
    watched = on_phone(open_page, office, f"/rescue/team/{order['team']['id']}")
    phone = watched.page
    expect(phone.locator(".ev")).to_contain_text("演练还有 1 份没有完成的调度令")
    phone.get_by_role("link", name="去看").click()
    expect(phone.locator(".ev .exercise")).to_have_text("演练")
    card = phone.locator(f"section[data-order='{order['id']}']")
    expect(card).to_be_visible()
    phone.context.set_offline(True)
    card.get_by_role("button", name="签收", exact=True).click()
    expect(card).to_contain_text("待发")
    post(office, f"orders/{order['id']}/marks", {"what": "cancelled", "note": "已由村民救出"})
    phone.context.set_offline(False)
    expect(phone.locator(".ev")).to_contain_text("没有记上")
    expect(phone.locator(".ev")).to_contain_text("记为撤销")
    phone.get_by_role("button", name="不报了").click()
    expect(phone.get_by_text("没有记上")).to_have_count(0)
    expect(phone.locator(".ev")).to_contain_text("已由村民救出")
    watched.wrong = [w for w in watched.wrong if not re.search("ERR_INTERNET_DISCONNECTED|status of 409", w)]


def test_who_is_on_the_way_is_told_of_what_was_split(page: Page, office: httpx.Client) -> None:
    whole = reported(office, "长堤", trapped=6, needs=["boat"])
    made = post(office, "plans", {"incidents": [whole["id"]]})
    [order] = post(office, f"plans/{made['id']}/accept", {}, 200)["orders"]
    parts = [{n: whole[n] for n in ("kind", "needs", "place")} | {"name": name, "trapped": 3} for name in ("甲", "乙")]
    post(office, f"incidents/{whole['id']}/split", {"version": 1, "parts": parts}, 200)
    page.reload()
    # Upon a plan it is made anew, as the log will call it.
    expect(page.get_by_role("button", name="重算方案", exact=True)).to_be_visible()
    for name in ("甲", "乙"):
        # It reaches one of them, nobody knows which: no time is said of either, and no team.
        expect(row(page, name)).to_contain_text(f"险情 {whole['id']} 的令还在执行，去哪一处请重算")
        expect(row(page, name).locator(".rd-when")).to_have_text(re.compile(rf"待重算\s*险情 {whole['id']} 的令"))
        expect(row(page, name)).not_to_contain_text(order["team"]["name"])
    expect(opened(page, "甲").locator(f"[data-order='{order['id']}']")).to_be_visible()


def test_a_mark_that_was_wrong_is_corrected_at_the_desk_and_on_the_telephone(
    page: Page, open_page: Callable[..., Watched], office: httpx.Client
) -> None:
    one = reported(office, "错记村", 0.01, trapped=2)
    made = post(office, "plans", {"incidents": [one["id"]]})
    [order] = post(office, f"plans/{made['id']}/accept", {}, 200)["orders"]
    for what in ("arrival", "result"):
        post(office, f"orders/{order['id']}/marks", {"what": what})
    page.reload()
    found = opened(page, "错记村")
    found.get_by_text("已完成、撤销的调度令").click()
    found.locator(f"[data-order='{order['id']}']").get_by_role("button", name=order["team"]["name"]).click()
    dialog = page.locator(".rd-dialog")
    dialog.get_by_role("button", name=re.compile("更正 .+记的“完成”")).click()
    form = dialog.locator(".rd-correct")
    form.get_by_role("button", name="更正", exact=True).click()
    expect(form).to_contain_text("请写明为什么更正")
    expect(form.locator("input[name=reason]")).to_be_focused()
    page.keyboard.type("记到别的令上了")
    page.keyboard.press("Enter")
    expect(dialog.locator(".rd-wrong")).to_contain_text("记到别的令上了")
    expect(dialog.get_by_role("button", name="记完成")).to_be_visible()  # it is to be done still
    page.keyboard.press("Escape")
    expect(row(page, "错记村").locator(".rd-when")).to_contain_text("已到达")
    expect(page.locator(".rs-entries tr", has_text="原因：记到别的令上了")).to_be_visible()
    # The team itself has pressed the wrong button.
    phone = on_phone(open_page, office, f"/rescue/team/{order['team']['id']}").page
    card = phone.locator(f"section[data-order='{order['id']}']")
    expect(card.locator(".rd-wrong")).to_contain_text("完成")
    card.get_by_role("button", name="记错了").click()
    card.locator("input[name=reason]").fill("还没有到")
    assert phone.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    card.get_by_role("button", name="更正", exact=True).click()
    expect(card).to_contain_text("已下达")
    expect(card.locator(".rd-wrong")).to_have_count(2)
    [team] = [t for t in office.get("/api/rescue/teams").json()["items"] if t["id"] == order["team"]["id"]]
    assert (team["status"], team["order"]["arrived"]) == ("出动", False)


def test_of_two_who_accept_their_drafts_in_the_same_instant_the_later_is_told_who_was_first_and_what_to_do(
    browser: Browser, address: str, office: httpx.Client, page: Page
) -> None:
    reported(office, "北头", 0.02, 0.02, trapped=5, needs=["boat"])
    account = {
        "username": "zhihui2", "password": OTHER_PASSWORD, "role": "editor", "tier": "command", "may": ["dispatch"],
        "must_change": False,
    }  # fmt: skip
    answer = office.post("/api/accounts", json=account)
    assert answer.status_code == 201, answer.text
    context = browser.new_context(locale="zh-CN", viewport={"width": 1366, "height": 768})
    assert context.request.post(f"{address}/api/session", data={"username": "zhihui2", "password": OTHER_PASSWORD}).ok
    other = context.new_page()
    other.set_default_timeout(20_000)
    other.goto(f"{address}/rescue")
    page.reload()
    held: list[Route] = []
    drafts: dict[Page, str] = {}
    for one in (page, other):
        before = one.locator(".rd-card[data-plan]")
        seen = before.get_attribute("data-plan") if one is other and before.count() else None
        one.get_by_role("button", name="算方案").click()
        if seen:
            expect(before).not_to_have_attribute("data-plan", seen)
        expect(before).to_contain_text("待采纳")
        drafts[one] = str(before.get_attribute("data-plan"))
        one.route("**/accept", lambda route: held.append(route))
    assert len(set(drafts.values())) == 2
    for n, one in enumerate(drafts, 1):
        one.locator(".rd-card").get_by_role("button", name="采纳", exact=True).click()
        patience = time.monotonic() + 20
        while len(held) < n:
            assert time.monotonic() < patience
            one.wait_for_timeout(20)
    for route in held:
        route.continue_()
    loser = None
    patience = time.monotonic() + 20
    while loser is None:
        assert time.monotonic() < patience
        page.wait_for_timeout(100)
        loser = next((o for o in drafts if o.locator(".rd-card [role=alert]").count()), None)
    winner = next(one for one in drafts if one is not loser)
    expect(winner.locator(".rd-card[data-plan]")).to_have_count(0)
    card = loser.locator(f".rd-card[data-plan='{drafts[loser]}']")
    by = "admin" if winner is page else "zhihui2"
    expect(card.locator("[role=alert]")).to_have_text(
        re.compile(rf"^{by} 已于 .* 采纳第 \d+ 号方案，这个方案不能再采纳，请重算。$")
    )  # once, by whom, and what to do
    expect(card.get_by_role("button", name="采纳", exact=True)).to_have_count(0)
    card.get_by_role("button", name="重算").click()
    expect(loser.locator(".rd-card[data-plan]")).not_to_have_attribute("data-plan", drafts[loser])
    expect(loser.locator(".rd-card [role=alert]")).to_have_count(0)
    taken = [p for p in office.get("/api/rescue/plans").json()["items"] if str(p["id"]) in drafts.values()]
    assert [str(p["id"]) for p in taken if p["accepted"]] == [drafts[winner]]
    context.close()


def in_view(page: Page, lon: float, lat: float) -> bool:
    return bool(page.evaluate("([lon, lat]) => window.riskmap.map.getBounds().contains([lat, lon])", [lon, lat]))


def test_what_was_ordered_comes_into_view_and_a_reload_moves_nothing(page: Page, office: httpx.Client) -> None:
    one = reported(office, "看得见处", 0.03, 0.02, trapped=6)
    page.reload()
    expect(row(page, "看得见处")).to_be_visible()
    at_rest(page)  # the map has come to the water that there is
    page.evaluate("() => window.riskmap.map.setView([29.2, 115.2], 13)")  # the officer looks at something else
    card = planned(page)
    assert not in_view(page, *one["point"])
    made = office.get(f"/api/rescue/plans/{card.get_attribute('data-plan')}").json()
    accepted(page)
    at_rest(page)
    assert in_view(page, *one["point"])
    [a] = made["assignments"]
    assert all(in_view(page, *corner) for corner in a["route"]["coordinates"])
    assert page.evaluate("() => window.riskmap.map.getZoom()") >= 11  # near it, and not all of the territory
    page.goto(f"{page.url.split('#')[0]}#map=13/29.65000/115.90000")
    page.reload()
    expect(row(page, "看得见处")).to_contain_text("已下达")
    at_rest(page)
    assert not in_view(page, *one["point"])


def test_on_a_phone_a_form_opens_where_it_is_seen_under_its_own_name(
    open_page: Callable[..., Watched], office: httpx.Client
) -> None:
    long = "例湖圩东段二号涵闸以南约三百米的养殖户看护房与临时工棚及其北侧的旧砖窑宿舍一带"
    for at in range(9):
        reported(office, f"{at} 号{long}", at / 100)
    page = on_phone(open_page, office, "/rescue?tab=dispatch").page
    last = page.locator(".rd-incident").last
    last.locator(".main").click()
    last.get_by_role("button", name="合并").click()
    tab = page.get_by_role("tab", selected=True)
    expect(tab).to_have_text("合并")
    form = page.locator("form.rs-draft")
    expect(form.locator("h2")).to_be_in_viewport()
    expect(page.locator(".map .canvas")).to_be_in_viewport()  # a place is shown on it
    expect(tab).to_be_in_viewport()
    for mate in form.locator(".rd-mate").all():  # a long name stands beside its box
        box, words = mate.locator("input").bounding_box(), mate.locator("span").first.bounding_box()
        assert box
        assert words
        assert words["x"] > box["x"] + box["width"]
        assert words["y"] < box["y"] + box["height"]
    form.get_by_role("button", name="取消").click()
    expect(page.get_by_role("tab", selected=True)).to_have_text("调度")
    page.get_by_role("tab", name="水里有什么").click()
    expect(page.locator(".rs-left")).to_be_visible()


def tab_to(page: Page, selector: str, key: str = "Tab", most: int = 40) -> None:
    """By the keyboard alone, and not from far."""
    for _ in range(most):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{selector} is not reached by {key}")


def focused(page: Page, selector: str) -> None:
    """The focus comes there by itself, and is not lost on the way."""
    expect(page.locator(selector).first).to_be_focused()


def test_a_whole_dispatch_is_led_by_the_keyboard_alone(page: Page, office: httpx.Client) -> None:
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("跳到调度等各页")
    page.keyboard.press("Enter")
    focused(page, ".rs-right [role=tab][aria-selected=true]")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="力量")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("tab", name="调度")).to_be_focused()
    # Reported: Escape gives up the place first, then the form, and each time the keyboard is where it was begun.
    tab_to(page, ".rd-head .btn", most=3)
    page.keyboard.press("Enter")
    focused(page, ".map .canvas")
    expect(page.locator(".sketch-panel")).to_contain_text("方向键")
    page.keyboard.press("Escape")
    focused(page, ".rd-place .btn")
    page.keyboard.press("Escape")
    expect(page.locator("form.rs-draft")).to_have_count(0)
    focused(page, ".rd-head .btn")
    page.keyboard.press("Enter")
    expect(page.locator(".sketch-panel")).to_contain_text("方向键")
    page.evaluate("(at) => window.riskmap.map.setView(at, 14, { animate: false })", [CITY[1], CITY[0]])
    page.keyboard.press("ArrowRight")
    at_rest(page)
    page.keyboard.press("Enter")
    focused(page, ".rd-place .btn")
    tab_to(page, "input[name=name]", most=6)
    page.keyboard.type("键盘村")
    tab_to(page, "input[name=trapped-said]", most=2)
    page.keyboard.press("ArrowUp")  # round: from not known to so many
    focused(page, "input[name=trapped]")
    page.keyboard.type("4")
    tab_to(page, "input[value=boat]")
    page.keyboard.press("Space")
    tab_to(page, "form.rs-draft [type=submit]")
    page.keyboard.press("Enter")
    expect(row(page, "键盘村")).to_contain_text("被困 4 人")
    [one] = office.get("/api/rescue/incidents").json()["items"]
    assert (one["trapped"], one["needs"]) == (4, ["boat"])
    focused(page, f"[data-incident='{one['id']}'] .main")
    # Planned and accepted.
    tab_to(page, ".rs-tab-acts .btn", "Shift+Tab", 3)
    page.keyboard.press("Enter")
    focused(page, ".rd-card[data-plan]")
    tab_to(page, ".rd-card .pri", most=2)
    page.keyboard.press("Enter")
    expect(page.locator(".rd-card[data-plan]")).to_have_count(0)
    focused(page, ".rd-tab")
    # Followed: each mark leaves the keyboard at the next one.
    tab_to(page, f"[data-incident='{one['id']}'] .rd-order .btn")
    for said in ("已签收", "在途"):
        # After a mark the next step is held for a moment.
        expect(page.locator(f"[data-incident='{one['id']}'] .rd-order .btn").first).not_to_have_attribute(
            "aria-disabled", "true"
        )
        page.keyboard.press("Enter")
        expect(row(page, "键盘村").locator(".rd-when")).to_contain_text(said)
        focused(page, f"[data-incident='{one['id']}'] .rd-order .btn")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    dialog = page.locator(".rd-dialog")
    expect(dialog).to_be_visible()
    tab_to(page, "input[name=note]")
    page.keyboard.type("已靠岸")
    tab_to(page, ".rd-marks .btn")  # what is marked is offered no more: the next is the first
    page.keyboard.press("Enter")
    expect(dialog).to_contain_text("已靠岸")
    focused(page, ".rd-marks .btn")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(row(page, "键盘村").locator(".rd-when")).to_contain_text("已到达")
    # Told anew, which is given up; then ended with its result.
    tab_to(page, f"[data-incident='{one['id']}'] .rd-acts .btn:nth-child(2)")
    page.keyboard.press("Enter")
    focused(page, "form.rs-draft select[name=kind]")
    page.keyboard.press("Escape")
    focused(page, f"[data-incident='{one['id']}'] .main")
    tab_to(page, f"[data-incident='{one['id']}'] .rd-acts .btn:last-child")
    page.keyboard.press("Enter")
    focused(page, ".ob-dialog textarea")
    page.keyboard.type("全部救出")
    tab_to(page, ".ob-dialog [type=submit]", most=3)
    page.keyboard.press("Enter")
    expect(page.locator(".rd-incident")).to_have_count(0)
    focused(page, ".rd-tab")


def test_an_incident_whose_teams_have_finished_asks_to_be_ended(page: Page, office: httpx.Client) -> None:
    first, second = reported(office, "办完村", needs=["boat"]), reported(office, "还在办村", 0.02, needs=["boat"])
    page.reload()
    planned(page).get_by_role("button", name="采纳").click()
    found = opened(page, "办完村")
    found.get_by_role("button", name="详情、电话").click()
    dialog = page.locator(".rd-dialog")
    dialog.locator("input[name=note]").fill("救出 3 人")
    dialog.get_by_role("button", name="记完成").click()
    expect(dialog.locator(".rd-waits")).to_contain_text("派去的队伍都已报完成")
    expect(dialog.locator(".rd-waits .btn.pri")).to_be_focused()
    page.keyboard.press("Escape")
    expect(found.locator(".rd-when")).to_contain_text("已报完成")
    expect(found.locator(".rd-what")).to_contain_text("完成：救出 3 人")
    expect(found.locator(".rd-pick").get_by_role("button", name="不派", exact=True)).to_have_count(0)
    # What somebody has to see to stands above it, and nobody more is sent there.
    assert page.locator(".rd-incident").first.get_attribute("data-incident") == str(second["id"])
    page.get_by_role("button", name="算方案").click()
    expect(page.locator(".rd-card[data-plan]")).to_contain_text(f"险情 {first['id']} 已报完成，没有再派")
    found.locator(".rd-waits").get_by_role("button", name="结束").click()
    assert page.locator(".ob-dialog textarea").input_value() == "救出 3 人"
    page.locator(".ob-dialog [type=submit]").click()
    expect(row(page, "办完村")).to_have_count(0)


def test_who_strikes_off_a_team_is_told_what_it_is_ordered_to_do(page: Page, office: httpx.Client) -> None:
    there = reported(office, "注销村", needs=["boat"])
    given = {
        "class": "rescue-team", "name": "例将撤艇队", "division": "360402",
        "geometry": {"type": "Point", "coordinates": list(CITY)}, "attributes": {"skills": ["water"], "boats": 1},
    }  # fmt: skip
    team = office.post("/api/objects", json=given).json()["id"]
    made = post(office, "plans", {"incidents": [there["id"]], "teams": [team]})
    post(office, f"plans/{made['id']}/accept", {}, 200)
    page.goto(page.url.split("/rescue")[0] + f"/objects/{team}")
    page.get_by_role("button", name="更多").last.click()
    page.get_by_role("menuitem", name="改阶段").click()
    stages = page.locator(".el-dialog", has_text="改阶段")
    expect(stages.get_by_role("alert")).to_have_count(0)
    stages.locator("select").select_option("suspended")
    expect(stages.get_by_role("alert")).to_contain_text("停用以后这份令仍在执行")
    stages.locator("select").select_option("struck_off")
    expect(stages.get_by_role("alert")).to_contain_text("这样以后没有人再按令前往")
    stages.get_by_role("button", name="取消").click()
    page.get_by_role("button", name="更多").last.click()
    page.get_by_role("menuitem", name="注销").click()
    dialog = page.locator(".el-dialog", has_text="注销“例将撤艇队”")
    expect(dialog).to_contain_text("还有没有完成的调度令")
    expect(dialog).to_contain_text("（注销村）")
    dialog.locator("input").fill("撤并")
    dialog.get_by_role("button", name="注销对象").click()
    expect(dialog).to_have_count(0)
    page.goto(page.url.split("/objects")[0] + "/rescue")
    expect(row(page, "注销村").locator(".rd-when")).to_contain_text("已注销")
    expect(row(page, "注销村").locator(".rd-when")).to_contain_text("未派")
    [order] = office.get(f"/api/rescue/orders?incident={there['id']}&running=true").json()["items"]
    post(office, f"orders/{order['id']}/marks", {"what": "result", "note": "队伍已撤"})


def test_all_that_is_wrong_with_an_incident_is_said_at_once_and_the_first_of_it_is_gone_to(
    page: Page, office: httpx.Client
) -> None:
    page.keyboard.press("x")
    form = page.locator("form[aria-label=登记险情]")
    form.get_by_label("有人被困").check()
    form.locator("input[name=trapped]").fill("十二")
    form.locator("input[name=depth_m]").fill("999")
    form.locator("input[type=datetime-local]").fill("2031-01-01T08:00")
    form.locator("input[inputmode=tel]").fill("电话不详")
    form.get_by_role("button", name="登记", exact=True).click()
    for said in (
        "请在图上点出位置",
        "应为 0 以上的整数，如 12",
        "不能大于 100",
        "时间在现在以后，请核对",
        "应为电话号码",
    ):  # the page's own and the service's
        expect(form).to_contain_text(said)
    expect(form.locator("em.err-text")).to_have_count(5)
    expect(form.get_by_role("button", name="点位置")).to_be_focused()
    form.locator("input[name=trapped]").fill("12")  # what is put right is no more complained of
    expect(form.locator("em.err-text")).to_have_count(4)
    assert office.get("/api/rescue/incidents").json()["items"] == []
    form.get_by_role("button", name="取消").click()


def test_a_plan_by_straight_lines_says_so_at_its_top_and_is_made_anew_from_there(
    page: Page, office: httpx.Client
) -> None:
    there = reported(office, "直线村", needs=["boat"])

    def unanswered(route: Route) -> None:
        told = route.fetch()
        body = told.json()
        if "assignments" in body:
            body |= {"routing": "straight_line", "unanswered": True}
            for row_ in body["against"]["rows"] if body["against"] else []:
                for one in row_["after"]:
                    one["routing"] = "straight_line"
        route.fulfill(response=told, json=body)

    page.route(re.compile(r"/api/rescue/plans/\d+(\?.*)?$"), unanswered)
    made = post(office, "plans", {"incidents": [there["id"]]})
    page.reload()
    card = page.locator(f".rd-card[data-plan='{made['id']}']")
    warned = card.get_by_role("alert")
    expect(warned).to_contain_text("路线引擎没有答复，这个方案按直线估算，只供参考，请稍后重算")
    expect(card.locator(".rd-changes")).to_contain_text("（直线估算）")
    page.unroute_all(behavior="wait")
    warned.get_by_role("button", name="重算").click()
    expect(card).to_have_count(0)
    expect(page.locator(".rd-card[data-plan]")).to_be_visible()
    expect(page.locator(".rd-noanswer")).to_have_count(0)


def test_a_slow_second_click_writes_no_second_mark(page: Page, office: httpx.Client) -> None:
    reported(office, "慢点村", needs=["boat"])
    page.reload()
    planned(page)
    accepted(page)
    one = opened(page, "慢点村")
    button = one.locator(".rd-order .btn").first
    expect(button).to_have_text("记签收")
    at = button.bounding_box()
    assert at
    middle = (at["x"] + at["width"] / 2, at["y"] + at["height"] / 2)
    page.mouse.click(*middle)
    # The answer has come, and the next step stands under the pointer: the second click of a slow hand.
    expect(button).to_have_text("记出发")
    page.mouse.click(*middle)
    expect(button).to_be_focused()  # it is still there, though it does nothing
    expect(button).not_to_have_attribute("aria-disabled", "true")
    order = one.locator(".rd-order").first.get_attribute("data-order")
    told = {str(o["id"]): o for o in office.get("/api/rescue/orders").json()["items"]}[order]
    assert [m["what"] for m in told["marks"]] == ["receipt"]
    button.click()  # meant
    expect(button).to_have_text("记到达")
