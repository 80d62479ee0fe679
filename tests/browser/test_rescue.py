"""救援 on the page: a flood drawn with the mouse, its figures those of the service, warning, one page, log, dark."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.rescue import square, warning
from tests.browser.conftest import Watched, at_rest
from tests.browser.test_admission import in_office
from tests.conftest import ADMIN_PASSWORD

DEMO = True
CITY = (115.985, 29.705)  # in the demo city, where much is near
CORNERS = ((0.32, 0.3), (0.66, 0.28), (0.68, 0.68), (0.34, 0.7))
GRADES = {"major": "重大", "serious": "较大", "general": "一般", "low": "低", "none": "未评定"}


@pytest.fixture(scope="module")
def office(address: str) -> Iterator[httpx.Client]:
    """The administrator, by the service alone."""
    with closing(in_office(address, "admin", ADMIN_PASSWORD)) as client:
        client.timeout = httpx.Timeout(60)
        yield client


@pytest.fixture
def page(open_page: Callable[..., Watched]) -> Page:
    """The page of the night, as the administrator has it."""
    page = open_page(signed=True, path="/rescue").page
    expect(page.locator(".rs-strip")).to_be_visible()
    return page


def made(office: httpx.Client, name: str, half_m: float = 1500, **more: Any) -> dict[str, Any]:
    """A scenario of two classes, made by the service alone."""
    depths = [
        {"depth_m": 0.15, "depth_to_m": 0.25, "geometry": square(*CITY, half_m)},
        {"depth_m": 1, "geometry": square(*CITY, half_m / 2)},
    ]
    answer = office.post("/api/rescue/floods", json={"name": name, "depths": depths, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def figure(page: Page, name: str) -> str:
    return page.locator(".rs-fig", has_text=name).locator("dd").first.inner_text()


def begin(page: Page) -> None:
    """The page as it begins: with no scenario in its address, the newest."""
    page.goto(page.url.split("?")[0])


def n(value: int) -> str:
    return f"{value:,}"


def shown(page: Page, name: str) -> None:
    """The scenario is there, with what is in it."""
    expect(page.locator(".rs-scenario")).to_contain_text(name)
    expect(page.locator(".rs-fig dd").first).not_to_have_text("—")


def draw(page: Page, level: int, corners: tuple[tuple[float, float], ...]) -> None:
    """One class with the mouse."""
    page.locator(".rs-levels-in li").nth(level).get_by_role("button", name="画范围").click()
    expect(page.locator(".sketch-panel p")).to_contain_text("画水深")
    box = page.locator(".map .canvas").bounding_box()
    assert box
    for i, (x, y) in enumerate(corners, 1):
        page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        expect(page.locator(".marker-icon:not(.cursor-marker)")).to_have_count(i)
    page.keyboard.press("Enter")
    expect(page.locator(".sketch-panel")).to_have_count(0)


def test_a_flood_is_drawn_and_its_figures_are_those_of_the_service(page: Page, office: httpx.Client) -> None:
    expect(page).to_have_title(re.compile("^救援 · "))
    expect(page.locator(".rs-left")).to_contain_text("还没有淹没范围")
    page.locator(".rs-begin").get_by_role("button", name="在图上画").click()
    page.get_by_role("button", name="保存", exact=True).click()
    expect(page.locator(".rs-draft")).to_contain_text("至少画一级的范围")  # nothing is saved that is not drawn
    page.locator("input[name=name]").fill("例湖圩溃口淹没")
    for _ in range(2):
        page.get_by_role("button", name="放大（+）").click()
        at_rest(page)
    draw(page, 0, CORNERS)
    draw(page, 3, tuple((0.5 + (x - 0.5) / 3, 0.5 + (y - 0.5) / 3) for x, y in CORNERS))
    fits = "f => [f, ...f.querySelectorAll('li')].every((one) => one.scrollWidth <= one.clientWidth)"
    assert page.locator(".rs-draft").evaluate(fits)  # what is drawn, with its buttons, inside the column
    page.get_by_role("button", name="保存", exact=True).click()
    shown(page, "例湖圩溃口淹没")
    [flood] = office.get("/api/rescue/floods").json()["items"]
    whole = office.get(f"/api/rescue/floods/{flood['id']}").json()
    assert [(c["depth_m"], c["depth_to_m"]) for c in whole["classes"]] == [(0.15, 0.25), (1, None)]
    told = office.get(f"/api/rescue/floods/{flood['id']}/exposure").json()
    assert told["in_water"]
    assert figure(page, "水中对象") == n(told["in_water"])
    assert figure(page, "居民") == n(told["persons"])
    assert figure(page, "在场人员") == n(told["present"])
    assert figure(page, "封闭道路") == f"{told['roads']['closed_m'] / 1000:,.1f} km"
    for grade, word in GRADES.items():
        row = page.locator(".rs-water button.rs-lr", has_text=word).first
        assert row.locator(".c").all_inner_texts() == [
            n(told["by_grade"][grade]["in_water"]), n(told["by_grade"][grade]["near"])
        ]  # fmt: skip
    # On the map: both tones, and every object in the water that has a place.
    page.wait_for_function("() => window.riskmapWater.tones().join() === '1,4'")
    placed = sum(1 for o in told["objects"] if o["at"] and o["depth_m"] is not None)
    assert page.evaluate("() => window.riskmapFound.count()") >= placed
    # A grade leads to its list, as long as its two figures say.
    page.locator(".rs-water button.rs-lr", has_text="重大").first.click()
    major = told["by_grade"]["major"]
    expect(page.locator(".rs-objects tbody tr")).to_have_count(major["in_water"] + major["near"])


def test_scenarios_are_chosen_one_at_a_time_and_a_version_is_taken_back(page: Page, office: httpx.Client) -> None:
    first = made(office, "甲情景")
    made(office, "甲情景", 1800, series=first["series"])
    made(office, "乙情景", 800)
    begin(page)
    shown(page, "乙情景")
    page.get_by_role("button", name="选择情景").click()
    page.locator(".drop-panel .rs-item", has_text="甲情景").click()
    expect(page.locator(".rs-which")).to_contain_text("第 2 版")
    page.get_by_role("button", name="选择情景").click()
    page.locator(".drop-panel .rs-item", has_text="第 1 版").last.click()
    expect(page.locator(".rs-older")).to_contain_text("最新是第 2 版")
    assert f"flood={first['id']}" in page.url
    page.get_by_role("button", name="看最新一版").click()
    expect(page.locator(".rs-older")).to_have_count(0)
    page.get_by_role("button", name="画出、上传、推算淹没范围").click()
    page.get_by_role("button", name="撤回这一版").click()
    dialog = page.get_by_role("dialog", name="撤回这一版")
    dialog.get_by_role("button", name="撤回这一版").click()
    expect(dialog).to_contain_text("请写明原因")
    dialog.locator("textarea").fill("水位回落")
    dialog.get_by_role("button", name="撤回这一版").click()
    expect(page.locator(".rs-entries")).to_contain_text("撤回淹没范围“甲情景”第 2 版：水位回落")


def test_an_exercise_is_marked_and_kept_apart(page: Page, office: httpx.Client) -> None:
    made(office, "实战情景")
    made(office, "演练情景", exercise=True)
    begin(page)
    expect(page.locator(".rs-entries")).to_contain_text("实战情景")  # the page has settled on what is real
    page.get_by_role("button", name="画出、上传、推算淹没范围").click()
    page.get_by_role("button", name="转入演练").click()
    expect(page.locator(".rs-exercise")).to_contain_text("演练中")
    shown(page, "演练情景")
    expect(page.locator(".rs-entries")).not_to_contain_text("实战情景")
    assert "exercise=1" in page.url
    page.reload()
    shown(page, "演练情景")
    page.locator(".rs-exercise").get_by_role("button", name="退出演练").click()
    expect(page.locator(".rs-exercise")).to_have_count(0)
    expect(page.locator(".rs-entries")).not_to_contain_text("演练情景")


def test_back_leads_out_of_an_exercise_and_forward_into_it_again(page: Page, office: httpx.Client) -> None:
    made(office, "真的水")
    made(office, "演的水", exercise=True)
    begin(page)
    shown(page, "真的水")
    page.get_by_role("tab", name="水情").click()
    expect(page).to_have_url(re.compile(r"tab=levels"))
    page.get_by_role("button", name="画出、上传、推算淹没范围").click()
    page.get_by_role("button", name="转入演练").click()
    shown(page, "演的水")
    page.get_by_role("tab", name="调度").click()
    page.keyboard.press("x")  # begun in the exercise, and not kept
    expect(page.locator("form[aria-label=登记险情]")).to_be_visible()
    page.get_by_role("button", name="记一条").click()
    note = page.get_by_role("dialog", name="记一条")
    note.locator("textarea").fill("演练里的话")
    page.go_back()
    expect(page.locator(".rs-exercise")).to_have_count(0)
    shown(page, "真的水")
    expect(page).to_have_url(re.compile(r"/rescue\?(?!.*exercise)"))
    expect(page.get_by_role("tab", name="水情")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".rs-entries")).to_contain_text("真的水")
    expect(page.locator("form[aria-label=登记险情]")).to_have_count(0)
    expect(note).to_have_count(0)
    expect(page.locator(".el-message")).to_contain_text("已回到实战，在演练里填而没有保存的没有带过来")
    expect(page.locator("main")).not_to_contain_text("演的水")
    page.go_forward()
    expect(page.locator(".rs-exercise")).to_be_visible()
    shown(page, "演的水")
    expect(page.get_by_role("tab", name="调度")).to_have_attribute("aria-selected", "true")
    expect(page.locator("main")).not_to_contain_text("真的水")
    # What was typed for the log has stayed on its side, and gets to the other by no way.
    page.get_by_role("button", name="记一条（写了未记）").click()
    expect(note.locator("textarea")).to_have_value("演练里的话")
    note.get_by_role("button", name="取消").click()
    # Out by the button is a step as well; a link that turns out to be an exercise's is none: Back does not lead into it again.
    page.locator(".rs-exercise").get_by_role("button", name="退出演练").click()
    shown(page, "真的水")
    expect(page.locator(".el-message", has_text="在演练里写的“记一条”还没有记，留在演练里").first).to_be_visible()
    page.get_by_role("button", name="记一条", exact=True).click()
    expect(note.locator("textarea")).to_have_value("")
    note.locator("textarea").fill("真的在涨")
    note.get_by_role("button", name="取消").click()
    page.go_back()
    shown(page, "演的水")
    expect(page.locator(".el-message", has_text="在实战里写的“记一条”还没有记，留在实战里").first).to_be_visible()
    page.get_by_role("button", name="记一条").click()
    note.get_by_role("button", name="记下").or_(note.locator("[type=submit]")).first.click()
    expect(note).to_have_count(0)
    kept = office.get("/api/rescue/log?exercise=true").json()["items"]
    assert any(e["what"] == "演练里的话" for e in kept)
    assert not any(e["what"] in {"演练里的话", "真的在涨"} for e in office.get("/api/rescue/log").json()["items"])
    link = page.url.replace("exercise=1", "")
    page.goto("about:blank")
    page.goto(link)
    shown(page, "演的水")
    expect(page).to_have_url(re.compile("exercise=1"))
    page.go_back()
    expect(page).to_have_url("about:blank")


def test_the_log_leads_back_to_a_minute_and_takes_a_note(page: Page, office: httpx.Client) -> None:
    early = made(office, "早一版", 1200)
    late = made(office, "早一版", 1600, series=early["series"])
    page.goto(f"{page.url.split('?')[0]}?flood={late['id']}")
    shown(page, "早一版")
    page.locator(".rs-log").get_by_role("button", name="记一条").click()
    note = page.get_by_role("dialog", name="记一条")
    note.locator("textarea").fill("例湖站电话报：水面漫过二号闸")
    note.get_by_role("button", name="记下").click()
    expect(page.locator(".rs-entries tr").first).to_contain_text("水面漫过二号闸")
    page.locator(".rs-entries tr", has_text="“早一版”第 1 版").locator("button").click()
    expect(page.locator(".rs-past")).to_contain_text("回看")
    expect(page.locator(".rs-which")).to_contain_text("第 1 版")
    expect(page.locator(".rs-entries")).not_to_contain_text("“早一版”第 2 版")
    expect(page.locator(".rs-older")).to_have_count(0)  # at that minute it was the newest
    told = office.get(f"/api/rescue/floods/{early['id']}/exposure").json()
    expect(page.locator(".rs-fig dd").first).to_have_text(n(told["in_water"]))
    page.keyboard.press("Escape")
    expect(page.locator(".rs-past")).to_have_count(0)
    with page.expect_download() as got:
        page.locator(".rs-log").get_by_role("button", name="导出").click()
        page.get_by_role("button", name="导出 Excel").click()
    assert got.value.suggested_filename.endswith(".xlsx")


def test_what_is_too_long_is_said_and_never_cut(page: Page, office: httpx.Client) -> None:
    def pasted(into: Locator, text: str) -> None:
        page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
        into.click()
        page.keyboard.press("Control+V")

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator(".rs-log").get_by_role("button", name="记一条").click()
    note = page.get_by_role("dialog", name="记一条")
    pasted(note.locator("textarea"), "汛" * 4900 + "末句")
    expect(note.locator("textarea")).to_have_value("汛" * 4900 + "末句")  # all of it is there
    expect(note.get_by_role("alert")).to_have_text("最多 2,000 字，多了 2,902 字，请删减后再交")
    expect(note.get_by_role("button", name="记下")).to_be_disabled()
    refused = office.post("/api/rescue/log", json={"kind": "水情", "what": "汛" * 2001})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "what")
    note.locator("textarea").fill("堤" * 1990)
    expect(note).to_contain_text("还可写 10 字")
    note.get_by_role("button", name="记下").click()
    expect(page.locator(".rs-entries tr").first).to_contain_text("堤" * 1990)
    # A field of one line takes nothing of what it has no room for.
    page.keyboard.press("x")
    name = page.locator("form[aria-label=登记险情] input[name=name]")
    name.fill("先有的")
    pasted(name, "村" * 120)
    expect(name).to_have_value("先有的")
    expect(page.locator(".el-message", has_text="没有粘上")).to_contain_text("这一栏最多 100 字，粘贴的多 23 字")
    pasted(name, "村" * 97)
    expect(name).to_have_value("先有的" + "村" * 97)


def test_whom_to_tell_of_a_warning_is_ticked(page: Page, office: httpx.Client) -> None:
    issued = warning(office, areas=[square(*CITY, 1500)])  # type: ignore[arg-type]
    told = office.get(f"/api/rescue/warnings/{issued['id']}/tell").json()
    begin(page)
    page.get_by_role("tab", name="预警", exact=True).click()
    page.locator(f"[data-warning='{issued['id']}'] .main").click()
    page.get_by_role("button", name="通知名单").click()
    dialog = page.locator(".rs-tell")
    expect(dialog).to_contain_text(f"已通知 0 / {n(told['total'])}")
    row = dialog.locator("tbody tr", has=page.locator("a[href^='tel:']")).first
    row.get_by_role("button", name="接通").click()
    expect(dialog).to_contain_text(f"已通知 1 / {n(told['total'])}")
    expect(row).to_contain_text("接通 admin")
    nobody = dialog.locator("tbody tr", has_text="没有登记责任人").first
    nobody.get_by_role("button", name="接通").click()
    expect(dialog).to_contain_text("先填通知到了谁")
    expect(dialog).to_contain_text(f"已通知 1 / {n(told['total'])}")
    nobody.locator(".rs-whom").fill("门卫老王 0792-1110009")
    nobody.get_by_role("button", name="接通").click()
    expect(dialog).to_contain_text(f"已通知 2 / {n(told['total'])}")
    expect(nobody).to_contain_text("门卫老王")
    with page.expect_download() as got:
        dialog.get_by_role("button", name="导出名单").click()
    assert got.value.suggested_filename.endswith(".xlsx")


def test_a_response_is_started_by_itself_and_its_acts_are_ticked(page: Page) -> None:
    page.get_by_role("tab", name="响应", exact=True).click()
    expect(page.locator(".rs-right")).to_contain_text("没有正在进行的应急响应")  # a warning has started none
    expect(page.locator(".rs-strip")).to_contain_text("未启动响应")
    page.get_by_role("button", name="启动响应").click()
    dialog = page.get_by_role("dialog", name="启动应急响应")
    dialog.locator("input[type=radio]").nth(2).check()
    dialog.locator("textarea").fill("市防指第 12 号令")
    dialog.get_by_role("button", name="启动", exact=True).click()
    expect(page.locator(".rs-strip .rs-bar")).to_contain_text("Ⅲ")
    first = page.locator(".rs-acts li").first
    first.get_by_role("button", name="完成", exact=True).click()
    expect(first).to_have_class(re.compile("done"))
    expect(page.locator(".rs-response")).to_contain_text("已办 1 /")
    page.get_by_role("button", name="终止", exact=True).click()
    over = page.get_by_role("dialog", name="终止响应")
    over.locator("textarea").fill("水位退到警戒以下")
    over.get_by_role("button", name="终止", exact=True).click()
    expect(page.locator(".rs-strip")).to_contain_text("未启动响应")


def test_responses_stand_in_the_strip_by_severity_with_their_place(page: Page, office: httpx.Client) -> None:
    made = []
    for kind, level, division in (("防汛", 3, "360402"), ("抗旱", 2, "360403"), ("防汛", 1, "360404")):
        body = {"kind": kind, "level": level, "division": division, "basis": "看次序"}
        answer = office.post("/api/rescue/responses", json=body)
        assert answer.status_code == 201, answer.text
        made.append(answer.json())
    begin(page)
    chips = page.locator(".rs-strip .rs-bar")
    expect(chips).to_have_count(2)
    expect(chips.nth(0)).to_contain_text("Ⅰ")
    expect(chips.nth(0)).to_contain_text(made[2]["division_name"])
    expect(chips.nth(1)).to_contain_text("Ⅱ")
    expect(page.locator(".rs-strip")).to_contain_text("另 1 个")
    for one in made:
        assert (
            office.post(f"/api/rescue/responses/{one['id']}/end", json={"basis": "看过", "step": 1}).status_code == 200
        )


def test_older_warnings_are_read_on(page: Page, office: httpx.Client) -> None:
    for _ in range(101):
        last = warning(office, areas=[square(*CITY, 100)], exercise=True)  # type: ignore[arg-type]
    page.goto(f"{page.url.split('?')[0]}?exercise=1&tab=warnings")
    expect(page.locator("[data-warning]")).to_have_count(100)
    expect(page.locator(f"[data-warning='{last['id']}']")).to_be_visible()
    page.get_by_role("button", name="再看更早的").click()
    expect(page.locator("[data-warning]")).to_have_count(101)
    expect(page.get_by_role("button", name="再看更早的")).to_have_count(0)


def test_a_link_opens_where_it_says_and_the_weighty_stand_whole(page: Page, office: httpx.Client) -> None:
    made(office, "密处的情景", 2500)
    page.goto("about:blank")
    page.goto(f"{office.base_url}/rescue#map=12/29.70500/115.98500")
    shown(page, "密处的情景")
    at_rest(page)
    box = page.locator(".map .canvas").bounding_box()
    assert box
    at = page.evaluate("() => window.riskmap.pointOf(115.985, 29.705)")
    assert (at["x"], at["y"]) == pytest.approx((box["width"] / 2, box["height"] / 2), abs=2)
    assert page.evaluate("() => window.riskmap.scale(100).oneTo") > 100_000  # not fitted to the water
    [flood] = [f for f in office.get("/api/rescue/floods").json()["items"] if f["name"] == "密处的情景"]
    told = office.get(f"/api/rescue/floods/{flood['id']}/exposure").json()["objects"]
    small = set(page.evaluate("() => [...window.riskmapFound.smallAt(12)]"))
    heavy = {o["id"] for o in told if o["grade"] in {"major", "serious"}}
    assert heavy
    assert not small & heavy
    assert small & {o["id"] for o in told if o["grade"] in {"low", "none"}}
    assert page.evaluate("() => window.riskmapFound.smallAt(15).size") == 0


def test_a_click_gives_the_one_page_of_a_place_and_its_paper(page: Page, office: httpx.Client) -> None:
    page.get_by_role("tab", name="一页", exact=True).click()
    page.locator(".rs-typed").fill(f"{CITY[0]}, {CITY[1]}")
    page.get_by_role("button", name="看这里").click()
    expect(page.locator(".rs-calls li").first).to_be_visible()
    told = office.get("/api/rescue/onepage", params={"lon": CITY[0], "lat": CITY[1], "radius_m": 3000}).json()
    expect(page.locator(".rs-one", has_text="危险源").locator("h3 b").first).to_have_text(n(told["hazards"]["total"]))
    expect(page.locator(".rs-one").first).to_contain_text(f"居民 {n(told['persons'])} 人")
    assert page.locator(".rs-calls li").count() == len(told["calls"])
    at_rest(page)
    box = page.locator(".map .canvas").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    expect(page.locator(".rs-one").first).not_to_contain_text(f"居民 {n(told['persons'])} 人")
    for name in ("打印（PDF）", "黑白版"):
        with page.expect_download() as got:
            page.get_by_role("button", name=name).click()
        assert got.value.suggested_filename.endswith(".pdf")


def test_the_dark_theme_has_the_depths_of_its_own(page: Page, office: httpx.Client) -> None:
    made(office, "夜里的情景")
    begin(page)
    shown(page, "夜里的情景")
    swatch = page.locator(".rs-sw").first
    light = swatch.evaluate("e => getComputedStyle(e).backgroundColor")
    page.keyboard.press("d")
    assert swatch.evaluate("e => getComputedStyle(e).backgroundColor") != light
    at_rest(page)


def test_keys_and_a_phone(open_page: Callable[..., Watched], office: httpx.Client) -> None:
    made(office, "手机上的情景")
    page = open_page(signed=False, path="/help").page
    answer = page.request.post(f"{office.base_url}/api/session", data={"username": "admin", "password": ADMIN_PASSWORD})
    assert answer.ok
    page.goto(f"{office.base_url}/rescue")
    shown(page, "手机上的情景")
    page.keyboard.press("l")
    expect(page.locator(".rs-log")).to_have_count(0)
    page.keyboard.press("l")
    expect(page.locator(".rs-log")).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".rs-parts")).to_be_visible()
    page.locator(".rs-parts").get_by_role("tab", name="日志").click()
    expect(page.locator(".rs-entries tr").first).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_a_file_without_a_depth_is_told_and_what_was_mended_is_said(open_page: Callable[..., Watched]) -> None:
    watched = open_page(signed=True, path="/rescue")
    page = watched.page
    page.get_by_role("button", name="画出、上传、推算淹没范围").click()
    page.locator(".drop-panel").get_by_role("button", name="上传文件").click()
    dialog = page.get_by_role("dialog", name="上传淹没范围")
    x, y = CITY
    crossed = [[x, y], [x + 0.02, y + 0.02], [x + 0.02, y], [x, y + 0.02], [x, y]]
    layer = {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "properties": {"编号": "1"}, "geometry": {"type": "Polygon", "coordinates": [crossed]}}],
    }  # fmt: skip
    given = {"name": "水边.geojson", "mimeType": "application/geo+json", "buffer": json.dumps(layer).encode()}
    dialog.locator("input[type=file]").set_input_files([given])  # type: ignore[list-item]
    dialog.get_by_role("button", name="保存").click()
    expect(dialog).to_contain_text("图层的字段有：编号")
    dialog.locator("input[name=depth_m]").fill("0.5")
    dialog.get_by_role("button", name="保存").click()
    shown(page, "水边")
    expect(page.locator(".rs-left")).to_contain_text("修补不合规图形 1 处")
    watched.wrong = [w for w in watched.wrong if "status of 422" not in w]  # the refusal that was asked for


def test_a_broken_line_says_of_when_the_data_are(open_page: Callable[..., Watched], office: httpx.Client) -> None:
    made(office, "断线前的情景")
    watched = open_page(signed=True, path="/rescue")
    page = watched.page
    shown(page, "断线前的情景")
    figures = page.locator(".rs-fig dd").all_inner_texts()
    at_rest(page)
    watched.asked.clear()
    page.context.set_offline(True)
    expect(page.locator(".rs-cut")).to_contain_text("连接中断，这里是", timeout=40_000)  # asked every 12 s
    page.wait_for_timeout(1000)  # in which the rest would be asked
    # One question finds out whether anything answers; the rest waits for it.
    asked = {re.sub(r"^.*/api|[?].*$", "", url) for url in watched.asked if "/api/rescue/" in url}
    assert asked == {"/rescue/log"}
    assert page.locator(".rs-fig dd").all_inner_texts() == figures
    page.context.set_offline(False)
    expect(page.locator(".rs-cut")).to_have_count(0, timeout=40_000)
    watched.wrong = [w for w in watched.wrong if "DISCONNECTED" not in w]


def test_two_scenarios_stand_side_by_side_and_are_never_merged(page: Page, office: httpx.Client) -> None:
    left, right = made(office, "左边的情景", 800), made(office, "右边的情景", 1600)
    page.goto(f"{page.url.split('?')[0]}?flood={right['id']}")
    shown(page, "右边的情景")
    page.get_by_role("button", name="选择情景").click()
    page.get_by_role("button", name="与另一个范围对比").click()
    dialog = page.get_by_role("dialog", name="两个淹没范围对比")
    dialog.get_by_label("左", exact=True).select_option(str(left["id"]))
    told = [office.get(f"/api/rescue/floods/{f['id']}/exposure").json() for f in (left, right)]
    for title, values in (
        ("水中对象", [t["in_water"] for t in told]),
        ("在场人员", [t["present"] for t in told]),
        ("低", [t["by_grade"]["low"]["in_water"] for t in told]),
    ):
        row = dialog.locator("tr", has=page.get_by_role("cell", name=title, exact=True))
        expect(row.locator("td.n").nth(0)).to_have_text(n(values[0]))
        expect(row.locator("td.n").nth(1)).to_have_text(n(values[1]))
        more = values[1] - values[0]
        expect(row.locator("td.n").nth(2)).to_have_text(
            "0" if not more else f"{'+' if more > 0 else '−'}{n(abs(more))}"
        )
    dialog.get_by_label("左", exact=True).select_option(str(right["id"]))
    expect(dialog).to_contain_text("请选两个不同的范围")
