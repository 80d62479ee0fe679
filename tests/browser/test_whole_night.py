"""A whole night on the page: water, incidents, a plan, a road that closes, the next plan, orders, a village, the log."""

import io
import os
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import httpx
import openpyxl
from playwright.sync_api import Page, expect

from tests.api.evacuation import holds
from tests.browser.conftest import Watched, at_rest
from tests.browser.test_dispatch import accepted, office, opened, planned, row
from tests.browser.test_manual import PICTURES
from tests.browser.test_rescue import CORNERS, draw, shown
from tests.conftest import ADMIN_PASSWORD

DEMO = True
__all__ = ["office"]  # a fixture of this module too
MIDDLE = (115.985, 29.705)
BEYOND = (115.9492, 29.6393)  # whoever is near gets there by one bridge; the next team by another
PATH = "/api/rescue/evacuations"


def tab(page: Page, name: str) -> None:
    page.locator(".rs-tabs").get_by_role("tab", name=name).click()


def report(page: Page, name: str, at: tuple[float, float], trapped: int, needs: str) -> None:
    """An incident as it comes in by telephone: with coordinates."""
    page.locator(".rd-head").get_by_role("button", name="险情").click()
    form = page.locator("form[aria-label=登记险情]")
    form.locator(".rd-place input").fill(f"{at[0]}, {at[1]}")
    form.get_by_role("button", name="查找").click()
    form.locator(".rd-hits button").first.click()
    form.locator("input[name=name]").fill(name)
    form.locator("input[name=trapped]").fill(str(trapped))
    form.get_by_label(needs, exact=True).check()
    form.get_by_role("button", name="登记", exact=True).click()
    expect(row(page, name)).to_contain_text(f"被困 {trapped} 人")


def close_road(page: Page, line: list[list[float]], reason: str) -> None:
    """Some 50 m of a way, along its longest stretch, with the mouse."""
    start, end = max(pairwise(line), key=lambda p: abs(p[0][0] - p[1][0]) + abs(p[0][1] - p[1][1]))
    share = 0.0005 / (abs(start[0] - end[0]) + abs(start[1] - end[1]))
    at = [[start[i] + (end[i] - start[i]) * s for i in (0, 1)] for s in (0.5, 0.5 - share / 2, 0.5 + share / 2)]
    tab(page, "力量")
    page.locator(".rf-parts").get_by_role("button", name="道路", exact=True).click()
    page.get_by_role("button", name="登记封闭").click()
    form = page.get_by_role("form", name="登记封闭道路")
    page.evaluate("([x, y]) => window.riskmap.map.setView([y, x], 17, { animate: false })", at[0])
    at_rest(page)
    form.get_by_text("沿路一段", exact=True).click()
    form.get_by_role("button", name="沿路画线").click()
    box = page.locator(".map .canvas").bounding_box()
    assert box
    for i, (x, y) in enumerate(at[1:], 1):
        px = page.evaluate(
            "([x, y]) => { const p = window.riskmap.map.latLngToContainerPoint([y, x]); return [p.x, p.y]; }", [x, y]
        )
        page.mouse.click(box["x"] + px[0], box["y"] + px[1])
        expect(page.locator(".marker-icon:not(.cursor-marker)")).to_have_count(i)
    page.keyboard.press("Enter")
    form.locator("input[name=reason]").fill(reason)
    form.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator("[data-closure]")).to_contain_text(reason)


def test_a_night_from_the_water_to_the_log(
    open_page: Callable[..., Watched], office: httpx.Client, address: str, tmp_path: Path
) -> None:
    watched = open_page(signed=True, path="/rescue", width=1920, height=1080)
    page = watched.page

    # The water is drawn.
    page.locator(".rs-begin").get_by_role("button", name="在图上画").click()
    page.locator("input[name=name]").fill("例湖圩溃口淹没")
    page.evaluate("([x, y]) => window.riskmap.map.setView([y, x], 14, { animate: false })", list(MIDDLE))
    at_rest(page)
    draw(page, 0, CORNERS)
    draw(page, 3, tuple((0.5 + (x - 0.5) / 2, 0.5 + (y - 0.5) / 2) for x, y in CORNERS))
    page.get_by_role("button", name="保存", exact=True).click()
    shown(page, "例湖圩溃口淹没")
    [flood] = office.get("/api/rescue/floods").json()["items"]

    # Two calls come in; a plan is worked out and accepted.
    tab(page, "调度")
    report(page, "例湖村三组", (MIDDLE[0], MIDDLE[1]), 6, "艇")
    report(page, "南山口", BEYOND, 3, "医疗")
    card = planned(page)
    first = office.get(f"/api/rescue/plans/{card.get_attribute('data-plan')}").json()
    assert (first["flood"], first["routing"]) == (flood["id"], "road")
    assert {a["incident_name"] for a in first["assignments"]} == {"例湖村三组", "南山口"}
    expect(row(page, "例湖村三组")).to_contain_text("行船")
    accepted(page)
    expect(page.locator(".rd-head")).to_contain_text("第 1 号方案执行中")

    # A bridge on the way is under water: another plan, with its difference, is accepted.
    way = next(a for a in first["assignments"] if a["incident_name"] == "南山口")
    close_road(page, way["route"]["coordinates"], "桥面过水")
    tab(page, "调度")
    page.evaluate("([x, y]) => window.riskmap.map.setView([y, x], 13, { animate: false })", list(MIDDLE))
    held = page.locator(".rd-card.held")
    expect(held).to_contain_text(re.compile("方案拟定以后有变：.*封闭"))
    held.get_by_role("button", name="重算").click()
    expect(card).to_contain_text(re.compile("因.*封闭"))
    second = office.get(f"/api/rescue/plans/{card.get_attribute('data-plan')}").json()
    changed = [r["incident"] for r in second["against"]["rows"] if r["what"] != "same"]
    assert way["incident"] in changed
    assert not any(r["before"] == r["after"] for r in second["against"]["rows"] if r["what"] != "same")
    expect(card.locator(".rd-changes li .no")).to_have_text([f"险情 {i}" for i in changed])
    at_rest(page)
    page.screenshot(path=tmp_path / "plan.png")
    accepted(page)
    expect(page.locator(".rd-head")).to_contain_text("第 2 号方案执行中")
    running = office.get("/api/rescue/orders?running=true").json()["items"]
    assert {o["incident_name"] for o in running} == {"例湖村三组", "南山口"}

    # One team reports from its own telephone, with a line that breaks.
    folder = PICTURES if os.environ.get("RISKMAP_PICTURES") else tmp_path
    out = next(o for o in running if o["incident_name"] == "南山口")
    team = open_page(width=390, height=844, signed=False, path="/help")
    team.page.request.post(f"{address}/api/session", data={"username": "admin", "password": ADMIN_PASSWORD})
    team.page.goto(f"{address}/rescue/team/{out['team']['id']}")
    told = team.page.locator(f"[data-order='{out['id']}']")
    told.get_by_role("button", name="签收", exact=True).click()
    expect(told).to_contain_text("已签收")
    team.page.context.set_offline(True)
    told.get_by_role("button", name="出发", exact=True).click()
    expect(told).to_contain_text("待发")
    at_rest(team.page)
    expect(team.page.locator(".el-message")).to_have_count(0)
    team.page.screenshot(path=folder / "teamphone.png")
    team.page.context.set_offline(False)
    expect(told).to_contain_text("在途", timeout=30_000)
    expect(row(page, "南山口").locator(".rd-when")).to_contain_text("在途", timeout=30_000)

    # The other order is followed to its end by calls.
    opened(page, "例湖村三组").get_by_role("button", name="详情、电话").click()
    dialog = page.locator(".rd-dialog")
    for mark in ("签收", "出发", "到达"):
        dialog.get_by_role("button", name=f"记{mark}").click()
        expect(dialog.locator("p.sm", has_text=re.compile(f"^{mark} "))).to_be_visible()
    with page.expect_download() as got:
        dialog.get_by_role("button", name="打印").click()
    sheet = Path(got.value.path()).read_bytes()
    assert sheet.startswith(b"%PDF")
    dialog.locator("input[name=note]").fill("6 人全部上艇")
    dialog.get_by_role("button", name="记完成").click()
    page.keyboard.press("Escape")

    # The village is moved: ordered on the desk, reported on a telephone with a line that breaks.
    tab(page, "转移")
    page.get_by_role("button", name="下达转移").click()
    order = page.get_by_role("dialog", name="下达转移")
    expect(order).to_contain_text("水里有")
    for number in order.locator(".pe-rows li input.pe-number:enabled").all():
        number.fill("40")
    order.get_by_role("button", name=re.compile("^下达")).click()
    order.get_by_role("button", name="确认下达").click()
    expect(page.locator(".pe-one")).to_contain_text("例湖圩溃口淹没转移")
    [one] = office.get(PATH, params={"running": "true"}).json()["items"]
    whole = office.get(f"{PATH}/{one['id']}").json()
    village = whole["villages"][0]
    phone = open_page(width=390, height=844, signed=False, path="/help")
    phone.page.request.post(f"{address}/api/session", data={"username": "admin", "password": ADMIN_PASSWORD})
    phone.page.goto(f"{address}/rescue/evac/{one['id']}/{village['id']}")
    expect(phone.page.get_by_role("heading", name=village["name"])).to_be_visible()
    entered(phone.page, "10", "安置")
    expect(phone.page.locator(".ev-counts dd").nth(1)).to_have_text("10")
    phone.page.context.set_offline(True)
    entered(phone.page, "7", "投亲靠友")
    expect(phone.page.get_by_role("heading", name=re.compile("待发 1 条"))).to_be_visible()
    at_rest(phone.page)
    expect(phone.page.locator(".el-message")).to_have_count(0)
    phone.page.screenshot(path=folder / "villagephone.png")
    phone.page.context.set_offline(False)
    expect(phone.page.get_by_role("heading", name=re.compile("待发"))).to_have_count(0, timeout=30_000)
    moved = office.get(f"{PATH}/{one['id']}").json()
    holds(moved)
    assert (moved["moved"], moved["with_relatives"], moved["left"]) == (17, 7, one["to_move"] - 17)
    expect(page.locator(".pe-strip dd").nth(1)).to_have_text("17", timeout=30_000)
    at_rest(page)
    page.screenshot(path=tmp_path / "evacuation.png")

    # What was done stands in the log, and goes out for the review.
    said = page.locator(".rs-log")
    with page.expect_download() as got:
        said.get_by_role("button", name="导出").click()
        page.get_by_role("menuitem", name=re.compile("Excel")).or_(
            page.get_by_role("button", name=re.compile("Excel"))
        ).first.click()
    book = openpyxl.load_workbook(io.BytesIO(Path(got.value.path()).read_bytes()))
    text = "\n".join(" ".join(str(v) for v in r if v is not None) for s in book for r in s.iter_rows(values_only=True))
    for words in (
        "淹没范围“例湖圩溃口淹没”第 1 版", "例湖村三组", "采纳第 1 号方案", "桥面过水", "采纳第 2 号方案", "6 人全部上艇",
        "下达立即转移：例湖圩溃口淹没转移", "投亲靠友",
    ):  # fmt: skip
        assert words in text, words
    meant = ("ERR_INTERNET_DISCONNECTED",)
    for telephone in (phone, team):
        telephone.wrong[:] = [w for w in telephone.wrong if not any(m in w for m in meant)]


def entered(page: Page, persons: str, how: str) -> None:
    page.get_by_role("button", name=how, exact=True).click()
    page.locator(".count").fill(persons)
    page.get_by_role("button", name="报", exact=True).click()
