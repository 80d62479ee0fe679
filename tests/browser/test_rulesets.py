"""A rule set is tried in the page, its list is read, it is adopted with name and reason, and the legend names it."""

from typing import Any

import httpx
from playwright.sync_api import expect

from tests.conftest import ADMIN_PASSWORD

DEMO = True


def test_a_set_of_bands_is_tried_then_adopted_and_the_legend_names_it(open_page: Any, address: str) -> None:
    watched = open_page(signed=True)
    page = watched.page
    page.goto(f"{address}/admin/classes?tab=rulesets")
    ls = page.get_by_role("region", name="LS 分档")
    tries = page.get_by_role("button", name="试算", exact=True)
    expect(ls).to_contain_text("凭记忆，待核")
    expect(tries).to_be_disabled()

    # One's own bands with a hole: refused at their table, nothing to adopt.
    ls.get_by_label("采用哪一套").select_option(label="自定分档")
    ls.get_by_label("较大 下限").fill("16")
    tries.click()
    expect(ls.get_by_role("alert")).to_have_text("LS 分档：15 不在任何一档")
    expect(page.get_by_role("button", name="采用", exact=True)).to_have_count(0)
    assert all("422" in said for said in watched.wrong)
    watched.wrong.clear()

    ls.get_by_label("采用哪一套").select_option(label="LS 分档乙（已核对）")
    tries.click()
    trial = page.locator(".trial")
    rows = trial.locator(".rows tbody tr")
    expect(rows.first).to_be_visible()
    heads = trial.locator(".rows thead th")
    expect(heads).to_have_text(["对象", "区划", "现在", "采用后"])
    for head in heads.all():
        expect(head).to_be_visible()
    total = rows.count()
    expect(trial.locator("h4")).to_contain_text(f"{total} 处会改变等级")
    sums = [int(n.replace(",", "")) for n in trial.locator(".sums td.n").all_inner_texts()]
    assert sum(sums) == total
    page.wait_for_function("() => window.riskmapPreview")
    listed = {int(row.get_attribute("data-id") or 0) for row in rows.all()}

    with httpx.Client(base_url=address) as client:
        session = client.post("/api/session", json={"username": "admin", "password": ADMIN_PASSWORD}).json()
        client.headers["X-CSRF-Token"] = session["csrf"]
        since = client.get("/api/rulesets").json()["state"]
        page.get_by_role("button", name="采用", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="采用").click()
        expect(dialog).to_contain_text("请填写名称")
        dialog.get_by_label("名称").fill("九江分档 2026")
        dialog.get_by_label("理由").fill("安委会 3 号纪要")
        dialog.get_by_role("button", name="采用").click()
        expect(trial).to_contain_text(f"已采用“九江分档 2026”，状态 {since + 1}，{total} 处改变了等级")
        expect(page.locator(".read .strip")).to_contain_text("现行规则集：九江分档 2026")
        changed = client.get("/api/changes", params={"since": since, "limit": 500, "stage": "any"}).json()
    assert {c["id"] for c in changed["items"]} == listed

    page.goto(address)
    expect(page.locator(".legend")).to_contain_text("规则集：九江分档 2026（LEC 四级分档、LS 分档乙）")
    page.goto("about:blank")
    page.goto(f"{address}/#as_of=state:{since + 1}")  # the set of that state's day, as it was known then
    expect(page.locator(".legend")).to_contain_text("规则集：九江分档 2026")
    page.goto("about:blank")
    page.goto(f"{address}/#as_of=state:{since}")
    expect(page.locator(".as-of")).to_contain_text(str(since))
    expect(page.locator(".legend .line").first).to_be_visible()
    expect(page.locator(".legend")).not_to_contain_text("规则集")


def test_a_policy_is_tried_and_put_off(open_page: Any, address: str) -> None:
    page = open_page(signed=True).page
    page.goto(f"{address}/admin/classes?tab=policies")
    policy = page.get_by_role("region", name="重大危险源级别对应风险等级")
    policy.get_by_label("三级对应的风险等级").select_option(label="重大")
    policy.get_by_role("button", name="试算", exact=True).click()
    trial = page.locator(".trial")
    expect(trial.locator(".sums")).to_contain_text("重大危险源")
    policy.get_by_label("三级对应的风险等级").select_option(label="较大")  # as it is: what was tried is no more
    expect(trial.get_by_role("button", name="采用")).to_be_disabled()
    policy.get_by_role("button", name="试算停用").click()
    expect(trial.locator("h4")).to_contain_text("处会改变等级")
    trial.get_by_role("button", name="采用").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("理由").fill("待安委会再议")
    dialog.get_by_role("button", name="采用").click()
    expect(trial).to_contain_text("已停用“重大危险源级别对应风险等级”")
    expect(policy).to_contain_text("未采用")
    expect(policy).to_contain_text("待安委会再议")


def test_weights_are_adopted_and_the_hexagons_are_coloured_by_them(open_page: Any, address: str) -> None:
    watched = open_page("heat=1", signed=True)
    page = watched.page
    legend = page.locator(".heat-legend")
    weighted = legend.get_by_role("button", name="加权")
    expect(legend).to_contain_text("本局未设权重")
    expect(weighted).to_be_disabled()
    page.goto(f"{address}/#heat=weighted")  # there is nothing to weigh by: it is the number that is shown, and said
    expect(legend.get_by_role("button", name="数量")).to_have_attribute("aria-pressed", "true")

    page.goto(f"{address}/admin/classes?tab=rulesets")
    box = page.get_by_role("region", name="热力图权重")
    for grade, weight in {"重大": "10", "较大": "3.5", "低": "0.25"}.items():
        box.get_by_label(f"{grade}每处计").fill(weight)
    box.get_by_label("未评定每处计").fill("-1")
    page.get_by_role("button", name="试算", exact=True).click()
    expect(box.get_by_role("alert")).to_contain_text("不能小于 0")
    assert all("422" in said for said in watched.wrong)
    watched.wrong.clear()
    box.get_by_label("未评定每处计").fill("0")
    page.get_by_role("button", name="试算", exact=True).click()
    trial = page.locator(".trial")
    expect(trial).to_contain_text("没有对象会改变等级，只有下面这些会变")
    expect(trial.locator(".weights-moved tbody tr")).to_have_count(4)
    page.get_by_role("button", name="采用", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("名称").fill("热力加权 2026")
    dialog.get_by_label("理由").fill("安委会 4 号纪要")
    dialog.get_by_role("button", name="采用").click()
    expect(trial).to_contain_text("已采用“热力加权 2026”")

    page.goto(f"{address}/#heat=1&map=9/29.5/115.8")
    expect(weighted).to_be_enabled()
    breaks = "() => window.riskmap.heat.breaks"
    by_number = page.evaluate(breaks)
    weighted.click()
    page.wait_for_function("() => location.hash.includes('heat=weighted')")
    expect(legend).to_contain_text("规则集：热力加权 2026；每处计：重大 10、较大 3.5、一般 1、低 0.25、未评定 0")
    drawn = page.evaluate("() => window.riskmap.heat.hexagons.map((h) => [h.n, h.weighted, h.by_grade])")
    assert len(drawn) > 5
    for _n, value, by in drawn:
        expected = by["major"] * 10 + by["serious"] * 3.5 + by["general"] + by["low"] * 0.25
        assert value == expected
    values = [value for _n, value, _by in drawn]
    assert values == sorted(values, reverse=True)
    assert page.evaluate(breaks) != by_number
    page.reload()  # the link brings it back
    expect(weighted).to_have_attribute("aria-pressed", "true")
    page.get_by_role("tab", name="按格清单").click()
    expect(page.locator("table.cells thead")).to_contain_text("加权 ↓")
    legend.get_by_role("button", name="数量").click()
    page.wait_for_function("() => location.hash.includes('heat=1')")
    expect(page.locator("table.cells thead")).not_to_contain_text("加权")
