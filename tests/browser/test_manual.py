"""The manual's pictures, taken of the real page: RISKMAP_PICTURES=1 writes them into docs/images/manual."""

import io
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect
from pyproj import Geod

from riskmap.base.settings import REPOSITORY
from tests.api.reports import wait
from tests.browser.conftest import at_rest
from tests.browser.test_admission_acts import daily, give
from tests.browser.test_page import drawn
from tests.pictures import png_of_page

DEMO = True
MANUAL = REPOSITORY / "docs" / "用户手册"
PICTURES = REPOSITORY / "docs" / "images" / "manual"
RIVER = "map=11/29.70/116.05"


def _hazard(page: Page) -> None:
    """The card of the worst major hazard."""
    page.locator(".tbl [data-id]").first.click()
    expect(page.locator("aside.right h1")).to_be_visible()


def _filter(page: Page) -> None:
    page.get_by_role("button", name=re.compile("更多条件")).click()
    expect(page.get_by_role("button", name="返回分类与区域")).to_be_visible()


def _search(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("lhxx")
    expect(page.locator("[role=listbox] [role=option]").first).to_be_visible()


def _measure(page: Page) -> None:
    page.keyboard.press("m")
    expect(page.locator(".sketch-panel p")).to_contain_text("起点")
    box = page.locator(".map .canvas").bounding_box()
    assert box
    for i, (x, y) in enumerate(((0.42, 0.30), (0.52, 0.42), (0.62, 0.36)), 1):
        page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        expect(page.locator(".marker-icon:not(.cursor-marker)")).to_have_count(i)
    expect(page.locator(".measure")).to_contain_text("m")


def _dark(page: Page) -> None:
    page.keyboard.press("d")


def _wall(page: Page) -> None:
    page.keyboard.press("d")
    page.keyboard.press("w")


def _object(page: Page) -> None:
    _hazard(page)
    page.locator("aside.right").get_by_role("link", name="打开详情").or_(
        page.get_by_role("button", name="打开详情")
    ).click()
    expect(page.get_by_role("heading", level=1).first).to_be_visible()


def _form(page: Page) -> None:
    _object(page)
    page.get_by_role("link", name="修改").or_(page.get_by_role("button", name="修改", exact=True)).first.click()
    expect(page.get_by_role("button", name="保存", exact=True)).to_be_visible()


def _lists(page: Page) -> None:
    page.locator(".places").get_by_role("link", name="清单").click()
    page.locator(".side-menu").get_by_role("link", name="毗邻企业").click()
    expect(page.locator(".list-t tbody tr").first).to_be_visible()
    expect(page.locator(".side-menu a").last.locator(".c")).not_to_be_empty()


def _enquiry(page: Page) -> None:
    """A fireworks shop is asked for 84 m from a school of the demo city."""
    school = page.evaluate(
        "async () => (await (await fetch('/api/objects?class=school&limit=1')).json()).items[0].anchor"
    )
    lon, lat, _ = Geod(ellps="GRS80").fwd(*school, 90, 84)
    page.locator(".places").get_by_role("link", name="准入", exact=True).click()
    page.get_by_role("link", name="新建核验").click()
    expect(page.locator(".adm-page .map .canvas")).to_be_visible()
    page.evaluate("([x, y]) => window.riskmapPlace.map.setView([y, x], 18, { animate: false })", [lon, lat])
    at_rest(page)
    box = page.locator(".adm-page .map .canvas").bounding_box()
    at = page.evaluate("([x, y]) => window.riskmapPlace.pointOf(x, y)", [lon, lat])
    assert box
    page.mouse.click(box["x"] + at["x"], box["y"] + at["y"])
    page.get_by_label("经营范围").fill("烟花爆竹零售；日用百货销售")
    page.get_by_label("行业代码").fill("5299")
    expect(page.locator(".adm-verdict h2")).to_be_visible()


def _admission(page: Page) -> None:
    _enquiry(page)
    page.locator('[id="f-applicant.name"]').fill("例湖烟花零售店")
    page.get_by_label("面积").fill("60")
    page.get_by_label("人数", exact=True).fill("5")
    page.get_by_role("button", name="核验并立案").first.click()
    expect(page.locator(".adm-case .adm-verdict")).to_be_visible()


def _where(page: Page) -> None:
    page.locator(".places").get_by_role("link", name="准入", exact=True).click()
    page.locator(".adm-tabs").get_by_role("link", name="哪里可以").click()
    page.get_by_label("名称或识别词，如 烟花、加油").fill("罐区")
    page.get_by_role("checkbox", name="罐区、油库").click()
    page.get_by_role("button", name="加易燃可燃液体").click()
    page.locator(".sw-ask .ob-rows").get_by_label("火灾危险性类别").select_option("甲B")
    page.locator(".sw-ask .ob-rows").get_by_label("容积").fill("20000")
    page.get_by_role("button", name="选区划").click()
    page.get_by_role("checkbox", name="濂溪区").click()
    page.get_by_role("button", name="看哪里可以").click()
    expect(page.locator(".sw-legend")).to_be_visible()
    page.wait_for_function("() => window.riskmapCells.count() > 0")
    page.locator(".sw-mid .canvas").click(position={"x": 560, "y": 250})
    expect(page.locator(".sw-rules li").first).to_be_visible()


def _rules(page: Page) -> None:
    page.locator(".places").get_by_role("link", name="准入", exact=True).click()
    page.locator(".adm-tabs").get_by_role("link", name="规则").click()
    page.locator('.ru-t tr[data-rule="FW-RETAIL-100"]').click()
    page.locator(".ru-form").get_by_label("应有距离").fill("150")
    page.locator(".ru-form").get_by_role("button", name="记入草稿").click()
    expect(page.locator(".ru-draft")).to_be_visible()
    page.get_by_role("searchbox", name="在表内查找").fill("烟花")
    expect(page.locator('.ru-t tr[data-rule="FW-RETAIL-100"]')).to_contain_text("150 m")


def _templates(page: Page) -> None:
    own = io.BytesIO()
    document = docx.Document()
    document.add_paragraph("安全告知书（{{ 案号 }}）")
    document.save(own)
    page.locator(".places").get_by_role("link", name="准入", exact=True).click()
    page.locator(".adm-tabs").get_by_role("link", name="模板").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="上传本局的安全告知书模板").click()
    chooser.value.set_files(
        [{"name": "九江市安全告知书.docx", "mimeType": "application/octet-stream", "buffer": own.getvalue()}]
    )
    expect(page.locator("li[data-kind=notice]")).to_contain_text("本局")


def _holidays(page: Page) -> None:
    page.locator(".places").get_by_role("link", name="准入", exact=True).click()
    page.locator(".adm-tabs").get_by_role("link", name="工作日").click()
    year = page.locator(".hd-year").inner_text()[:4]
    page.get_by_label("标记的名称", exact=True).fill("国庆节")
    for day in range(1, 8):
        one = page.locator(f'[data-day="{year}-10-0{day}"]')
        one.click()
        if "weekend" in (one.get_attribute("class") or ""):  # off by name, not worked
            one.click()


def _findings(page: Page) -> None:
    _admission(page)
    page.get_by_role("button", name="登记核查结果").click()
    dialog = page.get_by_role("dialog", name="登记核查结果")
    dialog.get_by_text("限期整改", exact=True).click()
    dialog.get_by_label("核查人员").fill("张三、李四")
    row = dialog.locator(".adm-items li").nth(3)
    row.get_by_text("不合格", exact=True).click()
    row.get_by_placeholder("说明").fill("后门上锁")
    dialog.get_by_role("button", name="其余的都选合格").click()


def _daily(page: Page) -> None:
    page.locator(".places").get_by_role("link", name="准入", exact=True).click()
    page.get_by_role("link", name="导入日清单").click()
    give(page, "新设主体日清单.xlsx", daily(500), "CGCS2000")
    expect(page.locator("[data-count=read]")).to_be_visible(timeout=90_000)


def _order(page: Page) -> None:
    page.locator(".places").get_by_role("link", name="成果", exact=True).click()
    page.locator(".adm-head").get_by_role("link", name="生成成果").click()
    expect(page.locator(".rp-count dd").first).to_be_visible()


def _set(page: Page) -> None:
    _order(page)
    page.get_by_role("button", name="加一幅").click()
    page.get_by_label("第 2 幅的纸张").select_option("A4")
    page.get_by_role("group", name="第 2 幅的方向").get_by_role("button", name="竖").click()
    page.get_by_role("button", name="生成", exact=True).click()
    expect(page.locator(".rp-files")).to_be_visible(timeout=600_000)
    page.wait_for_function("() => [...document.querySelectorAll('.rp-pictures img')].every((one) => one.complete)")
    expect(page.locator(".el-message")).to_have_count(0)


def _columns(page: Page) -> None:
    page.locator(".places").get_by_role("link", name="成果", exact=True).click()
    page.locator(".adm-tabs").get_by_role("link", name="清单列").click()
    expect(page.locator(".rp-order li").first).to_be_visible()


def _night(page: Page) -> None:
    """A dike has broken in the demo city: the flood, a rain warning, a response; all by the service."""
    page.evaluate(
        """async () => {
            if ((await (await fetch("/api/rescue/floods")).json()).items.length) return; // it is night already
            const { csrf } = await (await fetch("/api/session")).json();
            const send = async (path, body) => {
                const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
                const answer = await fetch(`/api/rescue/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
                if (!answer.ok) throw new Error(await answer.text());
            };
            const around = (half) => ({ type: "Polygon", coordinates: [Array.from({ length: 25 }, (_, i) => {
                const a = (i * Math.PI) / 12, r = half * (1 + 0.16 * Math.cos(2 * a + 1) + 0.1 * Math.sin(3 * a));
                return [116.075 + 1.5 * r * Math.cos(a), 29.735 + r * Math.sin(a)];
            }).map((p, i, all) => (i === 24 ? all[0] : p))] });
            const depths = [[0.15, 0.25, 0.024], [0.25, 0.5, 0.019], [0.5, 1, 0.014], [1, null, 0.008]];
            await send("floods", { name: "例湖圩溃口淹没", note: "指挥部按巡堤报告手绘",
                depths: depths.map(([depth_m, depth_to_m, half]) => ({ depth_m, depth_to_m, geometry: around(half) })) });
            const at = (hours) => new Date(Date.now() + hours * 3600e3).toISOString();
            await send("warnings", { kind: "暴雨", colour: "橙", issuer: "九江市气象台", starts_at: at(0), ends_at: at(6),
                areas: [around(0.03)], text: "未来 6 小时降雨量将达 50 毫米以上，请注意防范。" });
            const { items } = await (await fetch("/api/rescue/levels")).json();
            const gauges = items.filter((i) => i.class === "gauge-station" && i.marks.some((m) => m.name === "guard"));
            const readings = gauges.slice(0, 12).flatMap((g, i) => [1, 0].map((hours) => ({
                object: g.id, at: at(-hours), level_m: (Number(g.marks.find((m) => m.name === "guard").level_m)
                    + (i < 4 ? 0.84 - i * 0.2 : -1.2) - hours * 0.06).toFixed(2) })));
            await send("readings", { readings });
            await send("responses", { kind: "防汛", level: 3, division: "360400", basis: "市防指第 12 号令" });
        }"""
    )
    page.locator(".places").get_by_role("link", name="救援", exact=True).click()
    expect(page.locator(".rs-fig dd").first).not_to_have_text("—")
    page.wait_for_function("() => window.riskmapFound.count() > 0")


def _rescue(page: Page) -> None:
    _night(page)
    page.get_by_role("tab", name="水情", exact=True).click()
    page.keyboard.press("d")


def _dispatch(page: Page) -> None:
    """Five incidents of that night: a plan is accepted, its orders are under way, and another waits."""
    _night(page)
    page.evaluate(
        """async () => {
            const { csrf } = await (await fetch("/api/session")).json();
            const send = async (path, body) => {
                const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
                const answer = await fetch(`/api/rescue/${path}`, { method: "POST", headers, body: JSON.stringify(body) });
                if (!answer.ok) throw new Error(await answer.text());
                return answer.json();
            };
            await send("routing/build", {});
            while ((await (await fetch("/api/rescue/routing")).json()).status !== "ready")
                await new Promise((later) => setTimeout(later, 500));
            const report = (name, dx, dy, more) => send("incidents", { kind: "人员被困", name,
                place: { type: "Point", coordinates: [116.075 + dx, 29.735 + dy] }, ...more });
            await report("例湖村三组", -0.006, 0.004, { trapped: 12, vulnerable: 3, depth_m: 0.9, needs: ["boat"] });
            await report("例湖村卫生室", 0.012, 0.002, { trapped: 7, vulnerable: 2, depth_m: 0.6, needs: ["boat", "medical"] });
            await report("圩东泵站", 0.045, 0.016, { kind: "积水排涝", trapped: 0, needs: ["pump"] });
            await report("下圩村五组", -0.022, -0.01, { trapped: 21, depth_m: 1.2, needs: ["boat"] });
            const flood = (await (await fetch("/api/rescue/floods")).json()).items[0].id;
            const ids = async () => (await (await fetch("/api/rescue/incidents")).json()).items.map((i) => i.id);
            const plan = await send("plans", { flood, incidents: await ids(), teams: null });
            const { orders } = await send(`plans/${plan.id}/accept`, {});
            for (const what of ["receipt", "departure"]) await send(`orders/${orders[0].id}/marks`, { what });
            await report("下圩村北", 0.004, -0.013, { trapped: 3, depth_m: 0.6, needs: ["boat"] });
            await send(`plans/${plan.id}/replan`, { flood, incidents: await ids() });
        }"""
    )
    page.reload()
    expect(page.locator(".rd-card[data-plan]")).to_contain_text("待采纳")
    page.wait_for_function("() => window.riskmapFound.count() > 0 && window.riskmapPins.counts().pins === 5")
    page.get_by_role("button", name="在图上比较").click()
    page.keyboard.press("d")


def _flood(page: Page) -> None:
    page.locator(".places").get_by_role("link", name="救援", exact=True).click()
    page.get_by_role("button", name="画出、上传、推算淹没范围").click()
    page.locator(".drop-panel").get_by_role("button", name="在图上画").click()
    page.locator("input[name=name]").fill("例湖圩溃口淹没")
    page.locator(".rs-levels-in li").first.get_by_role("button", name="画范围").click()
    expect(page.locator(".sketch-panel p")).to_contain_text("画水深")
    box = page.locator(".map .canvas").bounding_box()
    assert box
    for i, (x, y) in enumerate(((0.3, 0.35), (0.5, 0.28), (0.66, 0.45), (0.6, 0.7), (0.38, 0.68)), 1):
        page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)
        expect(page.locator(".marker-icon:not(.cursor-marker)")).to_have_count(i)


def _one_page(page: Page) -> None:
    page.locator(".places").get_by_role("link", name="救援", exact=True).click()
    page.get_by_role("tab", name="一页", exact=True).click()
    page.locator(".rs-typed").fill("116.075, 29.735")
    page.get_by_role("button", name="看这里").click()
    expect(page.locator(".rs-calls li").first).to_be_visible()


def _forces(page: Page) -> None:
    """By road: what the routing needs of the demo city's roads is built first."""
    page.evaluate(
        """async () => {
            const { csrf } = await (await fetch("/api/session")).json();
            await fetch("/api/rescue/routing/build", { method: "POST", headers: { "X-CSRF-Token": csrf } });
            while (!(await (await fetch("/api/rescue/routing")).json()).by_road) await new Promise((r) => setTimeout(r, 1500));
        }"""
    )
    page.locator(".places").get_by_role("link", name="救援", exact=True).click()
    page.get_by_role("tab", name="力量", exact=True).click()
    page.locator("#rf-typed").fill("116.075, 29.735")
    page.get_by_role("button", name="看这里").click()
    expect(page.locator(".rf-arrivals li").first).to_be_visible(timeout=60_000)
    page.keyboard.press("d")


def _evacuation(page: Page) -> None:
    """The villages in the water leave: ordered, half of them reported, the rest sent by a plan that is accepted."""
    _night(page)
    page.evaluate(
        """async () => {
            const { csrf } = await (await fetch("/api/session")).json();
            const send = async (path, body) => {
                const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf };
                const answer = await fetch(`/api/rescue/evacuations${path}`, { method: "POST", headers, body: JSON.stringify(body) });
                if (!answer.ok) throw new Error(await answer.text());
                return answer.json();
            };
            const flood = (await (await fetch("/api/rescue/floods")).json()).items[0].id;
            const { villages } = await send("/propose", { flood });
            const of = await send("", { name: "例湖圩转移", flood, trigger: "例湖圩溃口", villages: villages.map((v) => ({
                name: v.name, division: v.division, object: v.object, to_move: v.to_move ?? 40, organiser: "李支书", phone: "13900000009" })) });
            for (const [i, v] of of.villages.entries()) {
                const whole = i % 3 === 0;
                for (const [kind, persons] of [["sheltered", Math.floor(v.to_move * (whole ? 0.7 : 0.5))],
                                               ["with_relatives", whole ? v.to_move - Math.floor(v.to_move * 0.7) : Math.floor(v.to_move * 0.2)]])
                    if (persons) await send(`/${of.id}/entries`, { village: v.id, kind, persons, key: `m-${i}-${kind}` });
            }
            const plan = await send(`/${of.id}/plans`, {});
            await send(`/${of.id}/plans/${plan.id}/accept`, {});
        }"""
    )
    page.goto(page.url.split("?")[0] + "?tab=evacuation")
    expect(page.locator(".pe-one")).to_be_visible()
    page.wait_for_function("() => window.riskmapPeople.drawn().going > 0")
    page.keyboard.press("d")


TAKEN: dict[str, tuple[str, tuple[int, int], Callable[[Page], None] | None]] = {
    "map": (f"grade=major,serious&{RIVER}", (1366, 768), _hazard),
    "filter": ("class=tailings-pond", (1366, 768), _filter),
    "heat": ("heat=1", (1366, 768), None),
    "search": (RIVER, (1366, 768), _search),
    "measure": (f"class=school&{RIVER}", (1366, 768), _measure),
    "dark": (f"grade=major,serious&{RIVER}", (1920, 1080), _dark),
    "wall": (f"grade=major,serious&{RIVER}", (1920, 1080), _wall),
    "object": ("class=major-hazard&grade=major", (1366, 768), _object),
    "form": ("class=major-hazard&grade=major", (1366, 768), _form),
    "lists": ("division=360429", (1366, 768), _lists),
    "enquiry": ("", (1366, 768), _enquiry),
    "admission": ("", (1366, 768), _admission),
    "where": ("", (1366, 768), _where),
    "rules": ("", (1366, 768), _rules),
    "templates": ("", (1366, 768), _templates),
    "holidays": ("", (1366, 768), _holidays),
    "findings": ("", (1366, 768), _findings),
    "daily": ("", (1366, 768), _daily),
    "reportnew": ("", (1366, 768), _order),
    "reportset": ("", (1366, 768), _set),
    "reportcolumns": ("", (1366, 768), _columns),
    "rescue": ("", (1920, 1080), _rescue),
    "rescuedispatch": ("", (1920, 1080), _dispatch),
    "rescuedraw": ("", (1366, 768), _flood),
    "rescueevac": ("", (1920, 1080), _evacuation),
    "rescuepage": ("", (1366, 768), _one_page),
    "rescueforces": ("", (1366, 768), _forces),
    "phone": (f"grade=major,serious&{RIVER}", (390, 844), None),
}


@pytest.mark.parametrize("name", TAKEN)
def test_the_page_shows_what_the_manual_says(open_page: Any, tmp_path: Path, name: str) -> None:
    link, (width, height), act = TAKEN[name]
    page = open_page(link, max(width, 1366), height, signed=True).page
    expect(page.locator(".sign-in")).to_be_hidden()
    page.set_viewport_size({"width": width, "height": height})
    if "heat" in link:
        page.wait_for_function("() => window.riskmap.heat.hexagons.length > 0")
    else:
        drawn(page)
    if act:
        act(page)
    at_rest(page)
    folder = PICTURES if os.environ.get("RISKMAP_PICTURES") else tmp_path
    page.screenshot(path=folder / f"{name}.png")
    assert (PICTURES / f"{name}.png").exists(), "手册里没有这张图：用 RISKMAP_PICTURES=1 拍"


NOTICES = ("board", "duty", "public", "takeaway")


def test_notices_and_the_map_to_take_away_are_as_the_manual_shows(
    browser: Browser, address: str, cookies: Any, tmp_path: Path
) -> None:
    folder = PICTURES if os.environ.get("RISKMAP_PICTURES") else tmp_path
    context = browser.new_context(storage_state=cookies, viewport={"width": 1366, "height": 768}, offline=False)
    ask = context.request
    csrf = {"X-CSRF-Token": ask.get(f"{address}/api/session").json()["csrf"]}
    body = {
        "class": "risk-point", "name": "例湖化工 液氨储罐区", "division": "360402", "code": "FXD-9001",
        "geometry": {"type": "Point", "coordinates": [116.0, 29.7]},
        "attributes": {
            "method": "LEC", "L": 6, "E": 6, "C": 15, "hazards": "液氨有毒，低温冻伤\n与空气混合可燃爆",
            "accident_types": "中毒和窒息、容器爆炸、火灾",
            "measures": "液位、压力、温度联锁，泄漏报警在线\n围堰、喷淋、水幕每周试验\n装卸双人监护，作业票审批",
            "emergency_measures": "立即报警，向上风向撤离\n佩戴正压式呼吸器，关阀断料\n喷雾状水稀释",
            "safety_distance_m": 50, "inspect_days": 7, "next_inspection": "2027-01-10", "review_due": "2027-11-19",
        },
        "parties": [
            {"role": "主要负责人", "post": "安全总监"}, {"role": "属地挂钩", "post": "分管副镇长"},
            {"role": "部门挂钩", "post": "危化监管股股长"},
        ],
    }  # fmt: skip
    made = ask.post(f"{address}/api/objects", data=body, headers=csrf).json()["id"]
    for name in ("board", "duty"):
        asked = {"kind": name, "publish": True}
        answer = ask.post(f"{address}/api/objects/{made}/notice.pdf", data=asked, headers=csrf)
        assert answer.ok, answer.text()
        (folder / f"{name}.png").write_bytes(png_of_page(answer.body(), dpi=64 if name == "board" else 80))
    phone = browser.new_context(viewport={"width": 390, "height": 700}, is_mobile=True, locale="zh-CN")
    public = phone.new_page()
    public.goto(address + ask.get(f"{address}/api/objects/{made}/public-code").json()["path"])
    public.screenshot(path=folder / "public.png")
    phone.close()
    taken = tmp_path / "map.html"
    taken.write_bytes(ask.get(f"{address}/api/takeaway.html?grade=serious%2B").body())
    away = context.new_page()
    away.goto(taken.as_uri())
    away.locator(".search").fill("液氯")
    away.locator(".found .hit").first.click()
    expect(away.locator(".leaflet-popup .card")).to_be_visible()
    away.evaluate("() => { riskmapFile.map.setZoom(13, { animate: false }); }")
    away.wait_for_function("() => getComputedStyle(document.querySelector('.leaflet-popup')).opacity === '1'")
    away.screenshot(path=folder / "takeaway.png")
    context.close()
    for name in NOTICES:
        assert (PICTURES / f"{name}.png").exists(), "手册里没有这张图：用 RISKMAP_PICTURES=1 拍"


NIGHT = ("villagephone", "teamphone")  # taken in test_whole_night.py
PRODUCTS = ("sheet", "density", "booklet", "assessment")
# Of files that only an office program shows: taken by hand from a set of the demo city, printed to PDF by LibreOffice.
BY_OFFICE = ("majorlist", "rolling", "handbook")


def test_products_of_a_set_are_as_the_manual_shows(
    browser: Browser, address: str, cookies: Any, tmp_path: Path
) -> None:
    folder = PICTURES if os.environ.get("RISKMAP_PICTURES") else tmp_path
    context = browser.new_context(storage_state=cookies, base_url=address)
    ask = context.request
    csrf = {"X-CSRF-Token": ask.get("/api/session").json()["csrf"]}
    sheets = [{"paper": "A3"}, {"paper": "A3", "heat": True}]
    order = {"title": "九江市城市安全风险评估", "sheets": sheets}
    made = ask.post("/api/reports", data=order, headers=csrf).json()["id"]
    told = wait(ask, made)  # type: ignore[arg-type]
    assert told["status"] == "done", told["message"]

    def file(name: str) -> bytes:
        answer = ask.get(f"/api/reports/{made}/files/{name}")
        assert answer.ok, answer.text()
        (tmp_path / name).write_bytes(answer.body())
        return bytes(answer.body())

    (folder / "sheet.png").write_bytes(png_of_page(file("较大以上风险分布图-A3.pdf"), dpi=84))
    (folder / "density.png").write_bytes(png_of_page(file("安全风险密度图-A3.pdf"), dpi=72))
    book = file("图册-A4.pdf")
    (folder / "booklet.png").write_bytes(png_of_page(book, dpi=96, page=_page_of(book, "定山镇较大以上")))
    paper = file("城市安全风险评估报告.pdf")
    (folder / "assessment.png").write_bytes(png_of_page(paper, dpi=80, page=_page_of(paper, "7.1地区分布")))
    for name in ("重大风险清单.xlsx", "滚动排查清单.xlsx", "风险分级分类手册.docx"):
        file(name)
    context.close()
    for name in (*PRODUCTS, *BY_OFFICE):
        assert (PICTURES / f"{name}.png").exists(), "手册里没有这张图"


def _page_of(body: bytes, words: str) -> int:
    """The last page that says this: contents come before."""
    with pypdfium2.PdfDocument(body) as document:
        said = ["".join(page.get_textpage().get_text_bounded().split()) for page in document]
    return max(i for i, text in enumerate(said) if words in text)


def test_every_picture_of_the_manual_is_one_that_is_taken() -> None:
    shown = {
        m for page in MANUAL.glob("*.md") for m in re.findall(r"images/manual/(\w+)\.png", page.read_text("utf-8"))
    }
    assert shown == {*TAKEN, *NOTICES, *PRODUCTS, *BY_OFFICE, *NIGHT}
