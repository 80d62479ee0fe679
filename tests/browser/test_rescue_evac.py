"""转移 on the page of the night: ordered from the water, reported, refused and decided, planned, accepted, ended."""

import io
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import httpx
import openpyxl
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.api.evacuation import holds, key
from tests.api.rescue import square
from tests.api.test_households import line, table
from tests.browser.conftest import Watched, at_rest
from tests.browser.test_admission import in_office
from tests.conftest import ADMIN_PASSWORD

DEMO = True
CITY = (115.985, 29.705)  # in the demo city, where much is near
PATH = "/api/rescue/evacuations"


@pytest.fixture(scope="module")
def office(address: str) -> Iterator[httpx.Client]:
    """The administrator, by the service alone."""
    with closing(in_office(address, "admin", ADMIN_PASSWORD)) as client:
        client.timeout = httpx.Timeout(120)
        yield client


@pytest.fixture(scope="module")
def flood(office: httpx.Client) -> dict[str, Any]:
    depths = [{"depth_m": 0.5, "geometry": square(*CITY, 1500)}]
    answer = office.post("/api/rescue/floods", json={"name": "例湖圩溃口", "depths": depths})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.fixture(autouse=True)
def ended(office: httpx.Client) -> Iterator[None]:
    """No test leaves an evacuation that runs."""
    yield
    for exercise in ("false", "true"):
        for one in office.get(PATH, params={"running": "true", "exercise": exercise}).json()["items"]:
            office.post(f"{PATH}/{one['id']}/close", json={"reason": "试完"})


@pytest.fixture
def page(open_page: Callable[..., Watched], flood: dict[str, Any]) -> Page:
    return opened(open_page(signed=True, path="/rescue").page)


def opened(page: Page) -> Page:
    page.goto(f"{page.url.split('?')[0]}?tab=evacuation")
    expect(page.locator(".pe-tab")).to_be_visible()
    return page


def order(office: httpx.Client, flood: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Two villages, the first in the water with a place, by the service alone."""
    villages = [
        {"name": "例湖村", "division": "360402", "to_move": 30},
        {"name": "南塘村", "division": "360402", "to_move": 20},
    ]
    if flood is not None:
        home = office.post(f"{PATH}/propose", json={"flood": flood["id"]}).json()["villages"][0]
        villages[0] |= {"object": home["object"], "division": home["division"]}
        more = {"flood": flood["id"], **more}
    answer = office.post(PATH, json={"name": "例湖圩转移", "villages": villages, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def now(office: httpx.Client, of: dict[str, Any]) -> dict[str, Any]:
    got = dict(office.get(f"{PATH}/{of['id']}").json())
    holds(got)
    return got


def until(holds: Callable[[], bool]) -> None:
    patience = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < patience
        time.sleep(0.5)


def strip(page: Page) -> list[str]:
    return page.locator(".pe-strip dd").all_inner_texts()


def village(page: Page, name: str) -> Locator:
    row = page.locator("[data-village]", has_text=name)
    row.locator(".main").click()
    expect(row.locator(".pe-doors")).to_be_visible()
    return row


def enter(page: Page, persons: int) -> Locator:
    dialog = page.get_by_role("dialog", name=re.compile("报数"))
    dialog.locator("input[name=persons]").fill(str(persons))
    dialog.get_by_role("button", name="报", exact=True).click()
    return dialog


def test_an_evacuation_is_ordered_from_the_water_with_what_is_registered(
    office: httpx.Client, flood: dict[str, Any], open_page: Callable[..., Watched]
) -> None:
    watched = open_page(signed=True, path="/rescue")
    page = opened(watched.page)
    expect(page.locator(".pe-tab")).to_contain_text("没有进行中的转移")
    expect(page.locator(".pe-strip")).to_have_count(0)
    told = office.post(f"{PATH}/propose", json={"flood": flood["id"]}).json()
    page.get_by_role("button", name="下达转移").click()
    dialog = page.get_by_role("dialog", name="下达转移")
    expect(dialog).to_contain_text(f"水里有 {len(told['villages']) + told['hidden']} 处村、居住区")
    assert dialog.locator(".pe-rows li").count() == len(told["villages"]) + len(told["near"])
    for at, home in enumerate(told["villages"]):  # nobody is ordered whose number is not known: it is typed
        if home["to_move"] is None:
            dialog.locator(".pe-rows li").nth(at).locator("input.pe-number").fill("12")
    dialog.get_by_role("button", name="加一行").click()
    own = dialog.locator(".pe-own")
    dialog.get_by_role("button", name=re.compile("^下达")).click()
    expect(dialog.get_by_role("alert")).to_contain_text("填全：没有写村名的一行")
    own.locator("input").first.fill("工地")
    own.locator("select").select_option(index=1)
    own.locator("input.pe-number").fill("25")
    # What lies in the water is ticked, what lies beside it is not; a number that is not known is asked for by the name.
    wet = dialog.locator(".pe-rows ul").first.get_by_role("checkbox")
    assert all(box.is_checked() for box in wet.all())
    first = told["villages"][0]
    dialog.get_by_label(f"{first['name']} 应转").fill("")
    dialog.get_by_role("button", name=re.compile("^下达")).click()
    expect(dialog.get_by_role("alert")).to_contain_text(f"填全：{first['name']}")
    dialog.get_by_label(f"{first['name']} 应转").fill(str(first["to_move"] or 12))
    # Two of one name are told by it, where they were typed.
    dialog.get_by_role("button", name="加一行").click()
    own.nth(1).locator("input").first.fill("工地")
    own.nth(1).locator("select").select_option(index=1)
    own.nth(1).locator("input.pe-number").fill("3")
    dialog.get_by_role("button", name=re.compile("^下达")).click()
    dialog.get_by_role("button", name="确认下达").click()
    expect(dialog.get_by_role("alert")).to_contain_text("“工地”已在这次转移里，同一个村只列一次")
    own.nth(1).get_by_role("button", name="去掉").click()
    # Nothing is ordered before it was said what, and to whom.
    dialog.get_by_role("button", name=re.compile("^下达")).click()
    people = sum(12 if v["to_move"] is None else v["to_move"] for v in told["villages"]) + 25
    said = f"向 {len(told['villages']) + 1} 个村（社区）、共 {people:,} 人下达“立即转移”"
    expect(dialog).to_contain_text(said)
    expect(dialog.locator(".pe-sure-rows")).to_contain_text(first["name"])
    assert office.get(PATH, params={"running": "true"}).json()["items"] == []
    dialog.get_by_role("button", name="返回修改").click()
    expect(own.locator("input").first).to_have_value("工地")
    dialog.get_by_role("button", name=re.compile("^下达")).click()
    page.evaluate("() => window.riskmap.map.setView([29.2, 115.2], 13)")  # what is ordered comes into view
    dialog.get_by_role("button", name="确认下达").click()
    expect(page.locator(".pe-one")).to_contain_text("例湖圩溃口转移")
    [one] = office.get(PATH, params={"running": "true"}).json()["items"]
    for place in office.get(f"{PATH}/{one['id']}/places").json()["items"]:
        if place["at"]:
            page.wait_for_function("([x, y]) => window.riskmap.map.getBounds().contains([y, x])", arg=place["at"])
    known = sum(12 if v["to_move"] is None else v["to_move"] for v in told["villages"])
    assert (one["to_move"], one["villages"], one["flood"]) == (known + 25, len(told["villages"]) + 1, flood["id"])
    expect(page.locator(".pe-strip dd").first).to_have_text(f"{known + 25:,}")
    expect(page.locator(".rs-entries")).to_contain_text("下达立即转移：例湖圩溃口转移")
    # Ended by the commander, with the reason: its figures leave the strip.
    page.get_by_role("button", name="结束", exact=True).click()
    over = page.get_by_role("dialog", name="结束转移")
    expect(over).to_contain_text(f"未转 {known + 25:,}")
    over.get_by_role("button", name="结束转移").click()
    expect(over).to_contain_text("请填写")
    over.locator("textarea").fill("水退")
    over.locator("input[name=days]").fill("10")
    over.get_by_role("button", name="结束转移").click()
    expect(over.get_by_role("alert")).to_contain_text(f"还有 {known + 25:,} 人未转")  # and is not ended by that click
    assert office.get(f"{PATH}/{one['id']}").json()["closed_at"] is None
    over.get_by_role("button", name="仍然结束").click()
    expect(page.locator(".pe-strip")).to_have_count(0)
    assert office.get(f"{PATH}/{one['id']}").json()["keep_days"] == 10
    watched.wrong[:] = [w for w in watched.wrong if "status of 422" not in w]  # the refusal that was asked for


def test_all_leaves_out_who_leaves_with_another_evacuation_already(
    page: Page, office: httpx.Client, flood: dict[str, Any]
) -> None:
    told = office.post(f"{PATH}/propose", json={"flood": flood["id"]}).json()["villages"]
    [taken, *rest] = told
    listed = {"name": taken["name"], "division": taken["division"], "object": taken["object"], "to_move": 5}
    answer = office.post(PATH, json={"name": "先下达的", "flood": flood["id"], "villages": [listed]})
    assert answer.status_code == 201, answer.text
    page.reload()
    opened(page)
    page.get_by_role("button", name="下达转移").click()
    dialog = page.get_by_role("dialog", name="下达转移")
    group = dialog.locator(".pe-group").first
    boxes = dialog.locator(".pe-rows ul").first.get_by_role("checkbox")
    twice = dialog.locator("li", has_text="已在“先下达的”里").get_by_role("checkbox")
    expect(group).to_contain_text("1 处已在别的转移里，全选不勾")
    every = group.get_by_label("全选")
    every.uncheck()
    expect(group).to_contain_text("已勾选 0")
    every.check()
    expect(group).to_contain_text(f"已勾选 {len(rest)}")
    expect(twice).not_to_be_checked()
    assert sum(box.is_checked() for box in boxes.all()) == len(rest)
    twice.check()  # by itself, as the commander wants it; and none is none
    expect(group).to_contain_text(f"已勾选 {len(told)}")
    every.uncheck()
    expect(group).to_contain_text("已勾选 0")


def test_the_equations_stand_in_the_strip_and_each_village_in_the_left_column(page: Page, office: httpx.Client) -> None:
    of = order(office)
    for kind, persons in (("sheltered", 11), ("with_relatives", 4), ("returned", 2)):
        body = {"village": of["villages"][0]["id"], "kind": kind, "persons": persons, "key": key()}
        assert office.post(f"{PATH}/{of['id']}/entries", json=body).status_code == 201
    opened(page)
    expect(page.locator(".pe-strip dt")).to_have_text(["应转", "已转", "未转", "安置", "投亲靠友", "已转", "返回"])
    assert strip(page) == ["50", "15", "35", "11", "4", "15", "2"]
    rows = page.locator(".pe-villages li")
    expect(rows).to_have_count(2)
    told = [re.sub(r"\s", "", r) for r in rows.all_inner_texts()]
    assert told == ["南塘村应转20，已转0，未转20", "例湖村应转30，已转15，未转15"]
    # Under headings, in line with them.
    for list_of, head in ((page.locator(".pe-villages"), "h2"), (page.locator(".pe-tab"), ".pe-cols")):
        assert list_of.locator(f"{head} .pe-cells > span").all_inner_texts() == ["应转", "已转", "未转"]
        ends = [
            [
                round(box["x"] + box["width"])
                for cell in list_of.locator(f"{at} .pe-cells > span").all()[:3]
                if (box := cell.bounding_box())
            ]
            for at in (head, "li")
        ]
        assert ends[0] == ends[1]
    rows.last.locator("button").click()
    expect(page.locator("[data-village].sel")).to_contain_text("例湖村")


def test_a_report_that_breaks_the_equations_comes_back_with_its_numbers_and_is_decided(
    open_page: Callable[..., Watched], office: httpx.Client, flood: dict[str, Any]
) -> None:
    of = order(office)
    watched = open_page(signed=True, path="/rescue")
    page = opened(watched.page)
    row = village(page, "南塘村")
    row.get_by_role("button", name="报数", exact=True).click()
    dialog = enter(page, 26)
    expect(dialog.get_by_role("alert")).to_contain_text(
        "南塘村应转 20 人，已转 0 人；照报上来的已转成为 26，比应转多 6 人"
    )
    assert now(office, of)["moved"] == 0
    dialog.get_by_role("button", name="同时增加应转，再报").click()
    expect(page.locator(".pe-strip dd").first).to_have_text("56")
    got = now(office, of)["villages"]
    assert next((v["to_move"], v["moved"]) for v in got if v["name"] == "南塘村") == (26, 26)
    # One was too many: corrected, the first stays and says so.
    row.locator(".pe-entries li", has_text="安置 26 人").get_by_role("button", name="更正").click()
    fixed = page.get_by_role("dialog", name=re.compile("更正"))
    fixed.locator("input[name=persons]").fill("25")
    fixed.get_by_role("button", name="报", exact=True).click()
    expect(row.locator(".pe-entries .cancelled")).to_have_text("安置 26 人")
    assert now(office, of)["sheltered"] == 25
    assert len(office.get(f"{PATH}/{of['id']}/entries").json()["items"]) == 3
    watched.wrong[:] = [w for w in watched.wrong if "status of 409" not in w]  # the refusal that was asked for


def test_households_are_imported_listed_by_need_reported_added_and_withdrawn(page: Page, office: httpx.Client) -> None:
    of = order(office)
    opened(page)
    page.get_by_role("button", name="导入户册").click()
    dialog = page.get_by_role("dialog", name="导入户册")
    rows = [
        line("例湖村", "李四", 3, "13800000002"), line("例湖村", "张三", 4, "13800000001", disabled=1),
        line("没有的村", "王五", 2),
    ]  # fmt: skip
    file = {"name": "户册.xlsx", "mimeType": "application/octet-stream", "buffer": table(rows)}
    dialog.locator("input[type=file]").set_input_files([file])  # type: ignore[list-item]
    dialog.get_by_role("button", name="试读").click()
    expect(dialog).to_contain_text("将新增 2 户，更新 0 户，不变 0 户，有错 1 处。还没有写入")
    expect(dialog).to_contain_text("这次转移里没有“没有的村”")
    dialog.get_by_role("button", name="导入", exact=True).click()
    expect(dialog).to_contain_text("新增 2 户")
    dialog.get_by_role("button", name="关闭", exact=True).last.click()
    row = village(page, "例湖村")
    expect(row.locator(".pe-doors li b")).to_have_text(["张三", "李四"])  # who needs help comes first
    expect(row.locator(".pe-doors")).to_contain_text("户册共 7 人，应转 30 人，不一致，请核对")
    row.locator(".pe-doors li", has_text="张三").get_by_role("button", name="报这户").click()
    expect(page.get_by_role("dialog").locator("input[name=persons]")).to_have_value("4")
    page.get_by_role("dialog").get_by_role("button", name="报", exact=True).click()
    expect(row.locator(".pe-doors li b")).to_have_text(["李四"])
    row.get_by_role("button", name="加一户").click()
    added = page.get_by_role("dialog", name="例湖村：加一户")
    added.get_by_role("button", name="保存").click()
    expect(added).to_contain_text("请填户主和人数")
    added.locator("input[name=householder]").fill("赵六")
    added.locator("input[name=persons]").fill("2")
    added.locator("input[name=alone]").fill("1")
    added.get_by_role("button", name="保存").click()
    expect(row.locator(".pe-doors li b")).to_have_text(["赵六", "李四"])
    row.get_by_role("button", name="删这户 李四").click()
    gone = page.get_by_role("dialog", name="删去 李四 家")
    gone.locator("textarea").fill("重复登记")
    gone.get_by_role("button", name="删去 李四 家").click()
    expect(row.locator(".pe-doors li b")).to_have_text(["赵六"])
    assert (
        office.get(f"{PATH}/{of['id']}/villages/{of['villages'][0]['id']}/households").json()["list"]["households"] == 2
    )
    # On paper and as a table, of the village and of all.
    for name, ending in (("敲门清单 PDF", ".pdf"), ("敲门清单 Excel", ".xlsx")):
        row.get_by_role("button", name="例湖村 敲门清单").click()
        with page.expect_download() as got:
            page.get_by_role("button", name=name).click()
        assert got.value.suggested_filename.endswith(ending)
    page.locator(".pe-one").get_by_role("button", name="敲门清单").click()
    with page.expect_download() as got:
        page.get_by_role("button", name="敲门清单 Excel").click()
    book = openpyxl.load_workbook(io.BytesIO(got.value.path().read_bytes()))
    assert "赵六" in [c.value for c in book["敲门清单"]["E"]] + [c.value for c in book["敲门清单"]["D"]]
    expect(page.locator(".rs-entries")).not_to_contain_text("赵六")  # the log names nobody


def test_a_plan_shows_its_shortage_and_its_difference_and_is_accepted(
    page: Page, office: httpx.Client, flood: dict[str, Any]
) -> None:
    of = order(office, flood)
    opened(page)
    page.get_by_role("button", name="避难场所", exact=True).click()
    told = office.get(f"{PATH}/{of['id']}/shelters").json()
    expect(page.locator(".pe-tab")).to_contain_text(f"可用 {told['total'] - told['unusable']} / {told['total']} 处")
    stopped = next(i for i in told["items"] if i["in_water"] and i["name"])
    page.get_by_label("只看停用的").check()
    expect(page.locator(".pe-shelters li", has_text=stopped["name"]).first).to_contain_text("停用")
    expect(page.locator(".pe-shelters li", has_text=stopped["name"]).first).to_contain_text("在水中")
    page.get_by_role("button", name="安置方案", exact=True).click()
    expect(page.locator(".pe-tab")).to_contain_text("还没有方案")
    page.get_by_role("button", name="算方案").click()
    plan = page.locator(".pe-plan")
    expect(plan).to_contain_text("待采纳", timeout=60_000)
    [made] = office.get(f"{PATH}/{of['id']}/plans").json()["items"]
    whole = office.get(f"{PATH}/{of['id']}/plans/{made['id']}").json()
    expect(plan).to_contain_text(f"{whole['persons']} 人到 {whole['shelters']} 处")
    plan.get_by_role("button", name="采纳").click()
    expect(plan).to_contain_text("执行中")
    [home] = [v for v in now(office, of)["villages"] if v["name"] == "例湖村"]
    assert sum(a["persons"] for a in home["assigned"]) == 30
    drawn = "() => window.riskmapPeople.drawn()"
    page.wait_for_function(f"() => ({drawn})().going > 0")
    on_map = page.evaluate(drawn)
    page.get_by_role("button", name="避难场所", exact=True).click()
    page.locator(".pe-villages button", has_text="例湖村").click()
    expect(page.locator("[data-village].sel")).to_contain_text("例湖村")
    page.get_by_role("button", name="安置方案", exact=True).click()
    assert "例湖村 未转 30" in on_map["villages"]
    assert f"{stopped['name']} 停用" in on_map["shelters"]
    assert any("余" in s for s in on_map["shelters"])
    # More have to leave than there is room for: said with its number; and what is otherwise than in the plan in force.
    more = {"village": home["id"], "kind": "to_move_change", "persons": told["free"], "key": key()}
    assert office.post(f"{PATH}/{of['id']}/entries", json=more).status_code == 201
    page.reload()
    page.get_by_role("button", name="安置方案", exact=True).click()
    page.get_by_role("button", name="算方案").click()
    expect(plan).to_contain_text(re.compile(r"[\d,]+ 人没有安置"), timeout=60_000)
    expect(plan.locator(".pe-diff")).to_contain_text(f"与执行中的方案 {made['id']} 不同的村")
    expect(plan.locator(".pe-diff li").first).to_contain_text("→")
    proposed = sum(len(v["to"]) for v in office.get(f"{PATH}/{of['id']}/plans/{made['id'] + 1}").json()["villages"])
    page.wait_for_function(f"() => ({drawn})().going === {proposed}")  # those of the plan that is looked at
    plan.get_by_role("button", name="看执行中的").click()
    expect(plan).to_contain_text("执行中")
    # The officer may name the shelters.
    page.get_by_role("button", name="避难场所", exact=True).click()
    only = page.locator(".pe-shelters li", has=page.locator("input")).first
    only.locator("input").check()
    name = only.locator("button").inner_text()
    page.get_by_role("button", name="安置方案", exact=True).click()
    expect(page.locator(".pe-tab")).to_contain_text("方案只用勾选的 1 处")
    page.get_by_role("button", name="算方案").click()
    expect(plan).to_contain_text("人到 1 处", timeout=60_000)
    expect(plan.locator(".pe-sent")).to_contain_text(name)


def test_what_the_figures_leave_out_is_said_beside_them(
    page: Page, office: httpx.Client, flood: dict[str, Any]
) -> None:
    if not office.get("/api/rescue/routing").json()["by_road"]:
        assert office.post("/api/rescue/routing/build").status_code == 202
        until(lambda: office.get("/api/rescue/routing").json()["by_road"])
    of = order(office, flood)
    wet, other = (next(v for v in of["villages"] if v["name"] == name) for name in ("例湖村", "南塘村"))
    for persons in (3, 4):
        one = {"village": other["id"], "kind": "sheltered", "persons": persons, "key": key()}
        assert office.post(f"{PATH}/{of['id']}/entries", json=one).status_code == 201
    made = office.post(f"{PATH}/{of['id']}/plans", json={}).json()
    assert {v["village"]: v["way"] for v in made["villages"]}[wet["id"]] == "before_water", made["notes"]
    opened(page)
    page.get_by_role("button", name="避难场所", exact=True).click()
    expect(page.locator(".pe-tab")).to_contain_text("另有 7 人没有注明避难场所，未计入空位")
    # A village that stands in the water is not said to go by a dry way, and that it has to hurry is not in a fold.
    page.get_by_role("button", name="安置方案", exact=True).click()
    plan = page.locator(".pe-plan")
    row = plan.locator(".pe-sent li", has_text=wet["name"])
    expect(row.get_by_text("须在水到之前走", exact=True)).to_be_visible()
    expect(plan.get_by_text("1 个村（社区）须在水到之前走")).to_be_visible()
    expect(plan).not_to_contain_text("不涉水的路")
    expect(plan).to_contain_text("最高 60 km/h")


def test_the_village_officers_page_is_handed_over_as_a_code_and_who_leads_is_written(
    page: Page, office: httpx.Client
) -> None:
    of = order(office)
    opened(page)
    row = village(page, "例湖村")
    row.get_by_role("button", name="责任人和路线").click()
    dialog = page.get_by_role("dialog", name="例湖村 责任人和路线")
    dialog.locator("input[name=organiser]").fill("李支书")
    dialog.locator("input[name=phone]").fill("13900000009")
    dialog.get_by_role("button", name="保存").click()
    expect(row.locator(".rs-kv")).to_contain_text("李支书")
    row.get_by_role("button", name="报数页二维码").click()
    link = page.get_by_role("dialog", name="例湖村报数页")
    assert page.evaluate(
        "async () => { const i = document.querySelector('.rs-link img'); await i.decode(); return i.naturalWidth > 0; }"
    )
    expect(link.locator(".rs-address")).to_have_text(re.compile(rf"/rescue/evac/{of['id']}/{of['villages'][0]['id']}$"))
    expect(link).to_contain_text("这是本机地址，手机打不开")
    link.get_by_role("link", name="打开").click()
    expect(page.get_by_role("heading", name="例湖村")).to_be_visible()


def test_who_may_not_sees_what_he_may_and_why_not(
    open_page: Callable[..., Watched], office: httpx.Client, address: str, flood: dict[str, Any]
) -> None:
    of = order(office)
    rows = [line("例湖村", "张三", 4, "13800000001")]
    assert office.post(f"{PATH}/{of['id']}/households", files={"file": ("a.xlsx", table(rows))}).json()["added"] == 1
    made = office.post(
        "/api/accounts",
        json={
            "username": "evacreader",
            "password": "Read-evac-2026",
            "role": "reader",
            "tier": "department",
            "must_change": False,
        },
    )
    assert made.status_code == 201, made.text
    page = open_page(signed=False, path="/help").page
    answer = page.request.post(f"{address}/api/session", data={"username": "evacreader", "password": "Read-evac-2026"})
    if answer.json().get("must_change"):
        page.request.post(
            f"{address}/api/session/password",
            headers={"X-CSRF-Token": answer.json()["csrf"]},
            data={"old": "Read-evac-2026", "new": "Read-evac-2027"},
        )
    page.goto(f"{address}/rescue")
    opened(page)
    expect(page.locator(".pe-tab")).to_contain_text("要有调度权")
    row = village(page, "例湖村")
    expect(row).to_contain_text("户册是个人信息")
    expect(row).to_contain_text("不能报数")
    expect(row.get_by_role("button", name="报数", exact=True)).to_have_count(0)
    for name in ("下达转移", "结束", "导入户册", "敲门清单"):
        expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)
    expect(page.locator("body")).not_to_contain_text("张三")


def test_an_exercise_and_the_past_are_what_they_are(page: Page, office: httpx.Client) -> None:
    of = order(office)
    order(office, name="演练转移", exercise=True)
    page.goto(f"{page.url.split('?')[0]}?tab=evacuation&exercise=1")
    expect(page.locator(".pe-one")).to_contain_text("演练转移")
    expect(page.locator(".pe-one .pe-exercise")).to_have_text("演练")
    expect(page.locator(".pe-tab")).not_to_contain_text("例湖圩转移")
    opened(page)
    expect(page.locator(".pe-one")).to_contain_text("例湖圩转移")
    then = now(office, of)["at"]
    body = {"village": of["villages"][0]["id"], "kind": "sheltered", "persons": 9, "key": key()}
    assert office.post(f"{PATH}/{of['id']}/entries", json=body).status_code == 201
    page.goto(f"{page.url.split('?')[0]}?tab=evacuation&at={then.replace('+', '%2B')}")
    expect(page.locator(".rs-past")).to_contain_text("回看")
    expect(page.locator(".pe-strip dd").nth(1)).to_have_text("0")
    row = village(page, "例湖村")
    expect(row).to_contain_text("回看时不列户册")
    expect(row.get_by_role("button", name="报数", exact=True)).to_have_count(0)
    page.get_by_role("button", name="避难场所", exact=True).click()
    expect(page.locator(".pe-tab")).to_contain_text("空位和停用是现在的")
    assert page.evaluate("() => window.riskmapPeople.drawn().shelters") == []  # what is free now was not so then
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator(".pe-strip dd").nth(1)).to_have_text("9")


def test_a_phone_and_a_broken_line(
    open_page: Callable[..., Watched], office: httpx.Client, flood: dict[str, Any]
) -> None:
    order(office)
    watched = open_page(signed=True, path="/rescue")
    page = opened(watched.page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(".rs-parts").get_by_role("tab", name="转移").click()
    row = village(page, "例湖村")
    at_rest(page)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    page.context.set_offline(True)
    row.get_by_role("button", name="报数", exact=True).click()
    dialog = enter(page, 3)
    expect(dialog.get_by_role("alert")).to_be_visible()  # nothing is lost: the form stays, and is sent again
    page.context.set_offline(False)
    dialog.get_by_role("button", name="报", exact=True).click()
    expect(page.locator(".pe-sums dd").nth(1)).to_have_text("3")
    meant = ("ERR_INTERNET_DISCONNECTED",)
    watched.wrong[:] = [w for w in watched.wrong if not any(m in w for m in meant)]


def test_the_list_of_villages_at_a_desk_has_every_figure_and_its_sum(
    open_page: Callable[..., Watched], office: httpx.Client
) -> None:
    of = order(office)
    body = {"village": of["villages"][1]["id"], "kind": "with_relatives", "persons": 7, "key": key()}
    assert office.post(f"{PATH}/{of['id']}/entries", json=body).status_code == 201
    page = open_page(signed=True, path="/rescue/evac").page
    rows = page.locator(".ev-table tbody tr")
    expect(rows).to_have_count(3)
    assert rows.nth(1).locator("td.n").all_inner_texts()[:6] == ["20", "7", "13", "0", "7", "0"]
    assert rows.last.locator("td.n").all_inner_texts() == ["50", "7", "43", "0", "7", "0"]
    rows.nth(1).get_by_role("link", name="南塘村 报数").click()
    expect(page.get_by_role("heading", name="南塘村")).to_be_visible()


def test_a_shelter_is_found_by_key_among_all_and_reported(
    page: Page, office: httpx.Client, flood: dict[str, Any]
) -> None:
    of = order(office, flood)
    told = office.get(f"{PATH}/{of['id']}/shelters").json()["items"]
    usable = [s for s in told if s["id"] and s["usable"]]
    opened(page)
    village(page, "例湖村").get_by_role("button", name="报数", exact=True).click()
    dialog = page.get_by_role("dialog", name=re.compile("报数"))
    box = dialog.get_by_role("combobox", name="避难场所")
    expect(box).to_have_attribute("aria-expanded", "false")
    box.press("ArrowDown")
    expect(box).to_have_attribute("aria-expanded", "true")
    rows = dialog.get_by_role("option")
    expect(rows).to_have_count(len(usable))
    expect(rows.first).to_contain_text("直线")
    metres = [float(m) for m in re.findall(r"直线 ([\d.]+) km", "\n".join(rows.all_inner_texts()))]
    assert metres == sorted(metres)
    assert len(metres) > 3
    expect(rows.first).to_contain_text(re.compile("空 |已满"))
    wanted = usable[-1]["name"]
    box.fill(wanted)
    expect(rows.first).to_contain_text(wanted)
    box.press("Enter")
    expect(dialog.locator(".pe-pick .chosen")).to_contain_text(wanted)
    enter(page, 2)
    expect(dialog).to_have_count(0)
    first = office.get(f"{PATH}/{of['id']}/entries").json()["items"][0]
    assert first["shelter"] in {s["id"] for s in usable if s["name"] == wanted}
