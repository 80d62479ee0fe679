"""工作日 on the page: a year is marked on the calendar, kept while it is not saved, saved as a whole, and counted by."""

from typing import Any

import httpx
from playwright.sync_api import expect

from tests.conftest import ADMIN_PASSWORD

DEMO = True


def test_a_year_is_marked_by_clicks_and_saved(open_page: Any, address: str) -> None:
    page = open_page(signed=True, path="/admission/holidays?year=2027").page
    expect(page.get_by_text("未装入 2027 年节假日表，这一年的工作日只扣除周末")).to_be_visible()
    save = page.get_by_role("button", name="保存 2027 年")
    expect(save).to_be_disabled()
    page.get_by_label("标记的名称", exact=True).fill("国庆节")
    for day in ("2027-10-01", "2027-10-04"):  # Friday, Monday
        page.locator(f'[data-day="{day}"]').click()
    page.locator('[data-day="2027-10-09"]').click()  # a Saturday: worked
    expect(page.get_by_role("button", name="10 月 9 日 星期六 调休上班 国庆节")).to_be_visible()
    page.keyboard.press("ArrowRight")  # the Sunday beside it
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # off by name
    page.keyboard.press("Enter")  # as the week says
    expect(page.locator('[data-day="2027-10-10"]')).to_be_focused()
    expect(page.locator(".hd-list tbody tr")).to_have_count(3)
    page.get_by_label("2027-10-09 的名称").fill("调休")
    page.get_by_label("2027-10-09 的名称").blur()

    page.get_by_role("button", name="下一年").click()  # what is typed waits
    expect(page.locator(".hd-year")).to_have_text("2028 年")
    page.get_by_role("button", name="上一年").click()
    expect(page.get_by_text("已恢复上次没有保存的修改。")).to_be_visible()
    expect(page.locator(".hd-list tbody tr")).to_have_count(3)
    save.click()
    expect(page.get_by_text("已装入：放假 2 天，调休上班 1 天")).to_be_visible()
    with httpx.Client(base_url=address) as client:
        client.post("/api/session", json={"username": "admin", "password": ADMIN_PASSWORD})
        items = client.get("/api/admission/holidays", params={"year": 2027}).json()["items"]
    assert [(i["day"], i["works"], i["title"]) for i in items] == [
        ("2027-10-01", False, "国庆节"), ("2027-10-04", False, "国庆节"), ("2027-10-09", True, "调休"),
    ]  # fmt: skip
    for day in ("2027-10-01", "2027-10-04", "2027-10-09"):
        page.get_by_label(f"去掉 {day} 的标记").click()
    save.click()
    expect(page.get_by_text("已取出 2027 年节假日表，这一年只扣除周末。")).to_be_visible()
