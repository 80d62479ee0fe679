"""Grades on the page: the formula while one types, the whole arithmetic, one sheet of paper, what waits to be confirmed."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from pyproj import Geod

from riskmap.base import clock
from tests.browser.conftest import Watched
from tests.browser.test_object import field, other, save  # noqa: F401 (other is a fixture)
from tests.conftest import OTHER_PASSWORD

DEMO = True
GEOD = Geod(ellps="GRS80")
AMMONIA = {"table": 1, "no": 1, "quantity_t": "40"}
SIX = [
    AMMONIA,
    {"table": 1, "no": 66, "beta_symbol": "W5.3", "quantity_t": "60"},
    {"table": 2, "symbol": "W5.3", "name": "汽油配料", "volume_m3": "500", "density": "0.8"},
    {"table": 1, "no": 4, "quantity_t": "12.5"},
    {"table": 2, "symbol": "W5.4", "name": "柴油调和料", "quantity_t": "800"},
    {"table": 2, "symbol": "J5", "name": "农药中间体", "quantity_t": "30"},
]


@pytest.fixture
def page(open_page: Callable[..., Watched]) -> Iterator[Page]:
    """An administrator's page. Refusals that a test asks for are no fault of the page."""
    watched = open_page(signed=True)
    yield watched.page
    watched.page.close()
    meant = re.compile(r"status of (403|409|422)|Canvas2D: Multiple readback")
    watched.wrong = [w for w in watched.wrong if not meant.search(w)]


def open_at(page: Page, path: str) -> None:
    page.goto("/".join(page.url.split("/")[:3]) + path)


def put(client: httpx.Client, class_: str, name: str, **given: Any) -> int:
    answer = client.post("/api/objects", json={"class": class_, "name": name, "valid_from": "2026-01-01", **given})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def plant(client: httpx.Client, name: str, n: int, substances: list[dict[str, Any]]) -> tuple[int, dict[str, Any]]:
    """A unit with its fence where the demo city has nobody, and a place 400 m east of the fence."""
    west, south = 115.6, 29.05 + 0.02 * n
    east, north = west + 0.004, south + 0.003
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    attributes = {"substances": substances, "plant_boundary": {"type": "Polygon", "coordinates": [ring]}}
    middle = {"type": "Point", "coordinates": [west + 0.002, south + 0.0015]}
    made = put(client, "major-hazard", name, geometry=middle, code=f"WX-{n:04}", attributes=attributes)
    lon, lat, _ = GEOD.fwd(east, south + 0.0015, 90, 400)
    return made, {"type": "Point", "coordinates": [lon, lat]}


def choose(page: Page, row: int, text: str, option: str) -> None:
    """By the keyboard alone."""
    box = page.locator(f'[id="f-attributes.substances.{row}.choose"]')
    box.fill(text)
    expect(page.get_by_role("option", name=re.compile(re.escape(option))).first).to_be_visible()
    while option not in (page.locator(".gr-pick [role=option][aria-selected=true]").text_content() or ""):
        box.press("ArrowDown")
    box.press("Enter")


def test_the_formula_appears_as_one_types_and_a_substance_is_chosen_by_the_keyboard(page: Page) -> None:
    open_at(page, "/objects/new?class=major-hazard")
    field(page, "name").fill("例新氨库")
    page.get_by_role("button", name="加一行").first.click()
    choose(page, 0, "液氨", "表1 第1行")
    line = page.locator(".ob-rows .line").first
    expect(line.locator(".chosen")).to_contain_text("β 2（按表3 氨）")
    line.get_by_label("设计最大量").fill("40")
    live = page.locator(".ob-preview")
    expect(live).to_contain_text("S = 40/10 = 4")
    expect(live).to_contain_text("未评定，缺厂区边界")
    field(page, "attributes.exposed_persons").fill("120")
    expect(live).to_contain_text("R = 2×(2×40/10) = 16")
    expect(live).to_contain_text("级别：10 ≤ 16 < 50，三级")
    line.get_by_label("设计最大量").fill("9.999")
    expect(live).to_contain_text("不构成重大危险源")
    expect(live).not_to_contain_text("R =")
    page.get_by_role("button", name="加一行").first.click()
    choose(page, 1, "易燃液体", "W5.3")
    second = page.locator(".ob-rows .line").nth(1)
    second.get_by_label("名称").fill("汽油配料")
    second.get_by_label("设计最大量").fill("1000")
    expect(live).to_contain_text("S = 9.999/10 + 1000/1000 = 1.9999")
    page.get_by_role("button", name="加一行").first.click()
    choose(page, 2, "66", "表1 第66行")  # not in table 3: its β goes by a category
    third = page.locator(".ob-rows .line").nth(2)
    third.get_by_label("设计最大量").fill("20")
    expect(third.locator(".err-text")).to_contain_text("不在表3中")
    third.get_by_label("校正系数类别").select_option("W5.3")
    expect(live).to_contain_text("条文待核")
    save(page, "登记")
    expect(page.locator("#grading .gr-t.sums")).to_contain_text("2×(2×9.999/10 + 1×1000/1000 + 1×20/200)")


def test_one_cas_number_stands_in_several_rows_and_the_row_decides(page: Page) -> None:
    tables = page.request.get(page.url.split("/#")[0].rstrip("/") + "/api/standards/gb18218").json()
    assert [len(tables[f"table{n}"]) for n in (1, 2, 3, 4)] == [85, 24, 14, 24]
    held = [r["cas"] for r in tables["table1"] if r["cas"]]
    twice = next(cas for cas in held if held.count(cas) > 1)
    open_at(page, "/objects/new?class=major-hazard")
    field(page, "name").fill("例同号")
    page.get_by_role("button", name="加一行").first.click()
    page.locator('[id="f-attributes.substances.0.choose"]').fill(twice)
    expect(page.locator(".gr-pick [role=option]")).to_have_count(held.count(twice))
    page.locator('[id="f-attributes.substances.0.choose"]').fill("绝无此物")
    expect(page.locator(".gr-pick [role=option]")).to_have_count(1)
    expect(page.locator(".gr-pick [role=option]")).to_have_text("没有找到")


def test_a_judged_level_is_refused_at_its_own_field(page: Page) -> None:
    open_at(page, "/objects/new?class=tailings-pond")
    field(page, "name").fill("例先判库")
    field(page, "level").select_option(label="五等")
    page.locator("#f-level-basis").fill("备案")
    expect(page.locator(".ob-preview")).to_contain_text("五等")
    field(page, "attributes.capacity_m3").fill("800000")
    field(page, "attributes.dam_height_m").fill("45")
    fault = page.locator(".ob-in:has(#f-level-basis) .err-text")
    expect(fault).to_contain_text("计算为“四等”")
    field(page, "level").select_option("")
    expect(page.locator(".ob-preview")).to_contain_text("四等")
    expect(page.locator("#f-level")).to_have_count(0)  # computed: not judged beside it


def test_a_housing_block_of_60_at_400_m_is_reviewed_and_confirmed_on_the_page(
    page: Page,
    other: httpx.Client,  # noqa: F811
) -> None:
    unit, near = plant(other, "例东山氨罐组", 0, [AMMONIA])
    block = put(other, "residential-area", "例东山新村", geometry=near, attributes={"residents": 60})
    open_at(page, f"/objects/{unit}")
    expect(page.locator("#grading .ob-vals")).to_contain_text("四级")
    notice = page.locator(".gr-wait")
    expect(notice).to_contain_text("等级待复核：四级 → 三级，因例东山新村：新增，常住人口 60 人")
    notice.get_by_role("link", name="去复核").click()
    row = page.locator(f"tr[data-object='{unit}']")
    expect(row).to_contain_text("四级 → 三级")
    expect(row).to_contain_text("R 4 → R 12")
    expect(row.get_by_role("link", name="例东山新村")).to_have_attribute("href", f"/objects/{block}")
    expect(page.get_by_role("link", name=re.compile("等级待复核.*1 处待复核"))).to_be_visible()
    row.get_by_role("button", name="确认 例东山氨罐组 的等级").click()
    page.get_by_label("说明").fill("已现场核对")
    page.get_by_role("dialog").get_by_role("button", name="确认等级").click()
    expect(page.locator(".reviews")).to_contain_text("例东山氨罐组 已确认为三级")
    expect(page.locator(".reviews")).to_contain_text("没有等级待复核")
    open_at(page, f"/objects/{unit}")
    record = page.locator("#grading")
    expect(record.locator(".ob-vals")).to_contain_text("三级")
    expect(record).to_contain_text("1.5×(2×40/10)")
    expect(record).to_contain_text("admin · ")
    expect(record).to_contain_text("（已现场核对）")
    expect(record).to_contain_text(re.compile(r"四级 → 三级（\d{4}-\d\d-\d\d）"))
    home = record.locator(".gr-t.homes tbody tr")
    expect(home).to_contain_text("60 人")
    expect(home).to_contain_text("400 m")
    expect(page.locator(".gr-wait")).to_have_count(0)
    home.get_by_role("link", name="例东山新村").click()
    expect(page.locator(".ob-head h1")).to_contain_text("例东山新村")


def test_what_moved_meanwhile_is_told_and_the_list_read_anew(page: Page, other: httpx.Client) -> None:  # noqa: F811
    unit, near = plant(other, "例西山氨库", 2, [AMMONIA])
    put(other, "residential-area", "例西山新村", geometry=near, attributes={"residents": 60})
    open_at(page, "/data/review")
    row = page.locator(f"tr[data-object='{unit}']")
    row.get_by_role("button", name=re.compile("确认")).click()
    [line] = other.get("/api/grading/review", params={"object": unit}).json()["items"]
    seen = {half: line[half] for half in ("before", "after")}
    answer = other.post(f"/api/grading/review/{line['id']}/confirm", json={"note": "", "expected": seen})
    assert answer.status_code == 200
    page.get_by_role("dialog").get_by_role("button", name="确认等级").click()
    expect(page.get_by_role("alert")).to_contain_text("例西山氨库：这条待复核已经处理过了")
    expect(row).to_have_count(0)


def test_what_was_not_seen_is_shown_and_asked_again(page: Page, other: httpx.Client) -> None:  # noqa: F811
    unit, near = plant(other, "例中山氨库", 8, [AMMONIA])
    block = put(other, "residential-area", "例中山新村", geometry=near, attributes={"residents": 60})
    open_at(page, f"/data/review?object={unit}")
    row = page.locator(f"tr[data-object='{unit}']")
    row.get_by_role("button", name=re.compile("确认")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("R 4 → R 12")
    put(other, "residential-area", "例中山二村", geometry=near, attributes={"residents": 60})
    dialog.get_by_role("button", name="确认等级").click()
    expect(dialog).to_contain_text("您打开以后周边又有变化，没有确认")
    expect(dialog).to_contain_text("R 4 → R 16")
    expect(dialog).to_contain_text("500 m 内常住人口由 0 人变为 120 人")
    dialog.get_by_role("button", name="确认等级").click()
    expect(page.locator(".reviews")).to_contain_text("例中山氨库 已确认为三级")
    # From here on R alone: not counted in the menu, told on the object's page.
    assert other.delete(f"/api/objects/{block}?reason=拆除").status_code == 200
    expect(row).to_contain_text("级别不变，R 由 16 变为 12")
    expect(page.locator(".reviews")).to_contain_text("0 处等级待复核，另有 1 处级别不变、R 有变")
    expect(page.get_by_role("link", name=re.compile("等级待复核.*处待复核"))).to_have_count(0)
    open_at(page, f"/objects/{unit}")
    today = clock.today().isoformat()
    expect(page.locator("#grading")).to_contain_text(f"评定时图上查得 120 人（{today}），现在图上查得 60 人")
    expect(page.locator(".gr-wait")).to_contain_text("级别不变，R 由 16 变为 12")


def test_forty_substances_print_as_pages_that_follow_each_other(page: Page, other: httpx.Client) -> None:  # noqa: F811
    forty = [{"table": 1, "no": n, "beta_symbol": "W5.3", "quantity_t": "12.5"} for n in range(1, 41)]
    unit, near = plant(other, "例四十种", 10, forty)
    put(other, "residential-area", "例远村", geometry=near, attributes={"residents": 60})
    open_at(page, f"/objects/{unit}/grade")
    expect(page.locator(".a4 .gr-t.sums")).to_contain_text("二氧化氮校正系数")  # whose β it is
    page.emulate_media(media="print")
    # A grid or a flex that breaks over pages is printed over itself; blocks are not.
    shown = "els => els.map(e => getComputedStyle(e).display)"
    for part in (".a4", ".a4 section", ".a4 .gr"):
        assert set(page.locator(part).evaluate_all(shown)) == {"block"}
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) >= 3
    page.emulate_media(media="screen")


def test_the_grade_of_six_substances_prints_on_one_sheet_of_a4(page: Page, other: httpx.Client) -> None:  # noqa: F811
    unit, near = plant(other, "例综合罐区储存单元", 4, SIX)
    put(other, "residential-area", "例南山新村", geometry=near, attributes={"residents": 60})
    open_at(page, f"/objects/{unit}#grading")
    page.locator("#grading").get_by_role("link", name="打印").click()
    sheet = page.locator(".a4")
    for text in ("例综合罐区储存单元", "WX-0004", "GB 18218-2018", "随产品的规则", "0.5×(2×40/10", "条文待核", "图上"):
        expect(sheet).to_contain_text(text)
    expect(sheet).to_contain_text("演示数据，非真实")
    pdf = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    [box] = re.findall(rb"/MediaBox\s*\[([^\]]*)\]", pdf)
    assert [round(float(side)) for side in box.split()] == [0, 0, 595, 842]
    page.set_viewport_size({"width": 390, "height": 844})
    heading = sheet.locator("h2 b").first
    assert heading.evaluate("e => e.getClientRects().length") == 1  # the level is not broken in two
    page.emulate_media(media="print")
    expect(page.locator(".bar")).to_be_hidden()
    expect(page.get_by_role("button", name="打印这一页")).to_be_hidden()
    page.emulate_media(media="screen")


def test_none_and_not_enough_are_not_the_same(page: Page, other: httpx.Client) -> None:  # noqa: F811
    small = {"substances": [{**AMMONIA, "quantity_t": "9.999"}], "exposed_persons": 10}
    none = put(other, "major-hazard", "例小氨罐", attributes=small)
    lacking = put(other, "major-hazard", "例缺边界库", attributes={"substances": [AMMONIA]})
    open_at(page, f"/objects/{none}")
    expect(page.locator(".ob-body .say")).to_contain_text("不构成重大危险源")
    expect(page.locator("#grading .ob-vals .told")).to_have_text("不构成重大危险源")
    open_at(page, f"/objects/{lacking}")
    expect(page.locator(".ob-body .say")).to_contain_text("未评定，缺厂区边界，不等于低风险")
    expect(page.locator("#grading")).to_contain_text("无")
    expect(page.locator("#grading .gr-t.sums")).not_to_contain_text("分级指标")


def test_a_reader_sees_what_waits_and_cannot_confirm(
    browser: Browser,
    address: str,
    other: httpx.Client,  # noqa: F811
) -> None:
    unit, near = plant(other, "例北山氨库", 6, [AMMONIA])
    put(other, "residential-area", "例密区", geometry=near, visibility="command", attributes={"residents": 60})
    account = {"username": "reader1", "password": OTHER_PASSWORD, "role": "reader", "must_change": False}
    assert other.post("/api/accounts", json=account).status_code == 201
    context = browser.new_context(locale="zh-CN")
    answer = context.request.post(f"{address}/api/session", data={"username": "reader1", "password": OTHER_PASSWORD})
    assert answer.ok, answer.text()
    page = context.new_page()
    page.goto(f"{address}/data/review")
    row = page.locator(f"tr[data-object='{unit}']")
    expect(row).to_contain_text("对象无权查看")
    expect(row.get_by_role("link")).to_have_count(1)
    expect(page.get_by_role("button", name=re.compile("确认"))).to_have_count(0)
    expect(page.locator(".reviews")).to_contain_text("不能确认")
    context.close()


def test_other_assessments_stand_under_the_grade_and_on_the_sheet(
    page: Page,
    other: httpx.Client,  # noqa: F811
) -> None:
    rows = [{"item": "displacement", "point": f"WY{n}", "level": "蓝", "on": "2026-11-01"} for n in range(4)]
    given = {"capacity_m3": "800000", "dam_height_m": "45", "alarms": rows}
    made = put(other, "tailings-pond", "例报警尾矿库", attributes=given)
    open_at(page, f"/objects/{made}")
    beside = page.locator("#beside [data-assessment='gb39496-alarm']")
    expect(beside.locator(".gr-head")).to_contain_text("监测报警汇总")
    expect(beside.locator(".gr-head")).to_contain_text("黄色报警")
    expect(beside).to_contain_text("4 个测点：蓝 4")
    expect(beside).to_contain_text("不等于没有报警")
    open_at(page, f"/objects/{made}/grade")
    expect(page.locator(".a4 [data-assessment='gb39496-alarm']")).to_contain_text("黄色报警")
    lon, lat = 115.602, 29.25
    ring = [[lon - 0.01, lat - 0.01], [lon + 0.01, lat - 0.01], [lon + 0.01, lat + 0.01], [lon - 0.01, lat + 0.01]]
    line = {"level": "3e-7", "plant_status": "new", "source": "例评价报告"}
    contour = put(
        other,
        "risk-contour",
        "例等值线",
        geometry={"type": "Polygon", "coordinates": [[*ring, ring[0]]]},
        attributes=line,
    )
    school = put(other, "school", "例线内学校", geometry={"type": "Point", "coordinates": [lon, lat]})
    open_at(page, f"/objects/{school}")
    beside = page.locator("#beside [data-assessment='gb36894']")
    expect(beside.locator(".gr-head")).to_contain_text("不满足个人风险基准")
    expect(beside.locator(".gr-head")).to_contain_text("条文待核")
    expect(beside.locator("tr", has_text="等值线内")).to_contain_text("图上")
    beside.get_by_role("link", name="例等值线").click()
    expect(page).to_have_url(re.compile(rf"/objects/{contour}$"))


def test_a_reservoir_shows_its_size_and_hides_its_capacity_from_who_may_not_read_it(
    page: Page,
    browser: Browser,
    address: str,
    other: httpx.Client,  # noqa: F811
) -> None:
    made = put(other, "reservoir", "例浏览水库", attributes={"capacity_m3": "4327651", "size_class": "中型"})
    open_at(page, f"/objects/{made}")
    expect(page.locator("#grading")).to_contain_text("432.7651")
    expect(page.locator("#grading")).to_contain_text("填报规模是中型，与算得的小（1）型不同，请核对")
    account = {"username": "reader2", "password": OTHER_PASSWORD, "role": "reader", "must_change": False}
    assert other.post("/api/accounts", json=account).status_code == 201
    context = browser.new_context(locale="zh-CN")
    answer = context.request.post(f"{address}/api/session", data={"username": "reader2", "password": OTHER_PASSWORD})
    assert answer.ok, answer.text()
    clerk = context.new_page()
    for path in (f"/objects/{made}", f"/objects/{made}/grade"):
        clerk.goto(f"{address}{path}")
        record = clerk.locator(".gr").first
        expect(record).to_contain_text("小（1）型")
        expect(record).to_contain_text("无权查看")
        expect(clerk.locator("body")).not_to_contain_text("432.7")
        expect(clerk.locator("body")).not_to_contain_text("4327651")
    context.close()


def test_a_scale_of_sizes_says_larger_and_not_worse(open_page: Callable[..., Watched]) -> None:
    legend = open_page("class=reservoir&scale=reservoir-size", signed=True).page.locator(".legend")
    expect(legend).to_contain_text("大（1）型最大 → 小（2）型最小")
    expect(legend).not_to_contain_text("型最重")


def test_an_unfinished_drawing_is_not_dropped_in_silence(page: Page) -> None:
    open_at(page, "/objects/new?class=major-hazard")
    page.set_viewport_size({"width": 1366, "height": 768})
    field(page, "name").fill("例未画完")
    page.get_by_role("button", name="输入坐标").click()
    page.get_by_role("button", name="在图上画面").first.click()
    canvas = page.locator(".side .map .canvas")
    box = canvas.bounding_box()
    assert box
    assert box["height"] >= 300
    canvas.click(position={"x": 150, "y": 150})
    page.get_by_role("button", name="登记", exact=True).click()
    expect(page.locator(".ob-foot [role=alert]")).to_contain_text("图形尚未完成，没有保存")
    expect(page).to_have_url(re.compile("/objects/new"))


def test_the_public_is_told_that_the_arithmetic_is_not_public(
    page: Page,
    browser: Browser,
    address: str,
    other: httpx.Client,  # noqa: F811
) -> None:
    unit, _ = plant(other, "例公开氨库", 12, [AMMONIA])
    held = other.get(f"/api/objects/{unit}").json()["object_state"]
    answer = other.patch(f"/api/objects/{unit}", json={"visibility": "public"}, headers={"If-Match": f'"{held}"'})
    assert answer.status_code == 200
    # Its own page draws the fence with the 500 m that are counted.
    open_at(page, f"/objects/{unit}")
    page.wait_for_function("() => window.riskmapPlace?.boundary?.type === 'Polygon'")
    context = browser.new_context(locale="zh-CN")
    public = context.new_page()
    public.goto(f"{address}/objects/{unit}")
    expect(public.locator("#grading .ob-vals")).to_contain_text("算式不对外公开")
    expect(public.locator("#grading")).not_to_contain_text("none")
    public.goto(f"{address}/objects/{unit}/grade")
    expect(public.locator(".a4")).to_contain_text("重大危险源级别：四级；算式不对外公开")
    expect(public.locator(".a4")).not_to_contain_text("还没有评定等级")
    # What of the selection stands in the query is taken over.
    public.goto(f"{address}/lists/major-hazards?as_of=2026-03-01")
    expect(public).to_have_url(re.compile("/lists/major-hazards#.*as_of=2026-03-01"))
    context.close()
