"""One object on the page: its page, its persons, its form; two officers, a lost line, the end of a life."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched, at_rest, ready_to_draw
from tests.conftest import ADMIN_PASSWORD

DEMO = True
SCRIPT = "<img src=x onerror=document.title='hurt'>"


@pytest.fixture
def page(open_page: Callable[..., Watched]) -> Iterator[Page]:
    """An administrator's page. Refusals that a test asks for are no fault of the page."""
    watched = open_page(signed=True)
    page = watched.page
    yield page
    assert page.title() != "hurt"
    page.close()  # what it still has to say is said now
    meant = re.compile(
        r"status of (401|403|404|409|422|503)|ERR_INTERNET_DISCONNECTED|favicon|Canvas2D: Multiple readback"
    )
    watched.wrong = [w for w in watched.wrong if not meant.search(w)]


@pytest.fixture
def other(address: str) -> Iterator[httpx.Client]:
    """Another officer, who works by the service alone."""
    with httpx.Client(base_url=address) as client:
        answer = client.post("/api/session", json={"username": "admin", "password": ADMIN_PASSWORD})
        client.headers["X-CSRF-Token"] = answer.json()["csrf"]
        yield client


def make(other: httpx.Client, name: str, **more: Any) -> dict[str, Any]:
    body = {
        "class": "tailings-pond",
        "name": name,
        "geometry": {"type": "Point", "coordinates": [115.99, 29.68]},
        "attributes": {"dam_height_m": 45, "capacity_m3": 800000},
        **more,
    }
    answer = other.post("/api/objects", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def open_at(page: Page, path: str) -> None:
    page.goto(page.url.split("/#")[0].split("/objects")[0].rstrip("/") + path)


def field(page: Page, name: str) -> Any:
    return page.locator(f'[id="f-{name}"]')


def save(page: Page, name: str = "保存") -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_an_object_is_registered_with_its_place_drawn_and_a_script_in_every_text(
    page: Page, other: httpx.Client
) -> None:
    open_at(page, "/objects/new")
    page.get_by_role("searchbox", name="在分类中查找").fill("尾矿")
    page.get_by_role("button", name="尾矿库", exact=True).click()
    expect(field(page, "name")).to_be_visible()
    save(page, "登记")
    summary = page.locator(".ob-faults")
    expect(summary).to_contain_text("名称")
    summary.get_by_role("link").first.click()
    expect(field(page, "name")).to_be_focused()
    for box in page.locator("input.text:not([inputmode]):not([type=date]):not([role=combobox]), textarea.text").all():
        box.fill(SCRIPT[: int(box.get_attribute("maxlength") or 500)])
    field(page, "attributes.dam_height_m").fill("45.50")
    field(page, "grade").select_option(label="较大")
    page.locator("#f-grade-basis").fill(SCRIPT)
    field(page, "level").select_option(label="四等")
    page.locator("#f-level-basis").fill("备案")
    page.get_by_role("button", name="在图上点定").click()
    ready_to_draw(page)
    at_rest(page)  # the form above may still push the map down
    box = page.locator(".ob-map .canvas").bounding_box()
    at = page.evaluate("() => window.riskmapPlace.pointOf(115.99, 29.68)")
    page.mouse.move(box["x"] + at["x"] - 3, box["y"] + at["y"])
    page.mouse.click(box["x"] + at["x"], box["y"] + at["y"])
    expect(page.locator("#f-geometry .ph")).to_contain_text("115.9")
    expect(page.locator(".ob-preview")).to_contain_text("较大")
    expect(page.locator(".ob-preview")).to_contain_text("四等")
    save(page, "登记")
    expect(page.locator(".ob-head h1")).to_contain_text("<img src=x")
    expect(page.locator(".ob-body")).to_contain_text("onerror")
    assert page.locator(".ob-page img, .ob-page script").count() == 0
    object_id = int(page.url.rsplit("/", 1)[1])
    kept = other.get(f"/api/objects/{object_id}")
    assert '"dam_height_m":45.50' in kept.text  # as it was typed
    assert kept.json()["position_quality"] == "clicked"
    assert kept.json()["division"].startswith("3604")


def test_a_typed_position_is_converted_and_shown_before_it_is_saved(page: Page) -> None:
    open_at(page, "/objects/new?class=tailings-pond")
    field(page, "name").fill("例换算尾矿库")
    page.get_by_role("button", name="输入坐标").click()
    page.get_by_label("经度").fill("115°59′24″")
    page.get_by_label("纬度").fill("29.68")
    page.get_by_label("坐标基准").select_option("BD09")
    page.get_by_role("button", name="换算并定位").click()
    expect(page.locator(".side [role=status]")).to_contain_text("换算为 CGCS2000 115.97")
    page.get_by_label("纬度").fill("北边")
    page.get_by_role("button", name="换算并定位").click()
    expect(page.locator(".ob-type")).to_contain_text("纬度看不懂")
    page.get_by_role("button", name="取消", exact=True).click()
    page.get_by_role("button", name="放弃填写并离开").click()
    expect(page.locator(".map .canvas").first).to_be_visible()


def test_two_officers_change_one_object_and_choose_item_by_item(page: Page, other: httpx.Client) -> None:
    made = make(other, "例两人库")
    open_at(page, f"/objects/{made['id']}/edit")
    expect(field(page, "name")).to_have_value("例两人库")
    first = {"name": "例对方库", "source": "对方排查", "attributes": {"capacity_m3": 900000}}
    header = {"If-Match": f'"{made["state"]}"'}
    assert other.patch(f"/api/objects/{made['id']}", json=first, headers=header).status_code == 200
    field(page, "name").fill("例本人库")
    field(page, "attributes.capacity_m3").fill("700000")
    field(page, "attributes.dam_height_m").fill("50")
    save(page)
    table = page.locator(".ob-cmp")
    row = table.locator("tr[data-key=name]")
    for text in ("例两人库", "例对方库", "例本人库"):
        expect(row).to_contain_text(text)
    expect(page.get_by_role("dialog")).to_contain_text("对方排查")
    keep = page.get_by_role("button", name="按选定的保存")
    expect(keep).to_be_disabled()
    page.get_by_label("名称 用您的").check()
    page.get_by_label("全库容 用对方的").check()
    keep.click()
    expect(page.locator(".ob-head h1")).to_contain_text("例本人库")
    now = other.get(f"/api/objects/{made['id']}").json()
    assert (now["name"], now["source"]) == ("例本人库", "对方排查")
    assert now["attributes"] == {"capacity_m3": 900000, "dam_height_m": 50}
    history = page.locator("#history")
    expect(history).to_contain_text("总坝高")
    expect(history).to_contain_text("45 m → 50 m")


def test_a_lost_line_and_an_ended_session_lose_nothing_that_was_typed(page: Page, other: httpx.Client) -> None:
    made = make(other, "例断线库")
    path = f"/objects/{made['id']}/edit"
    open_at(page, path)
    expect(field(page, "name")).to_have_value("例断线库")
    page.context.set_offline(True)
    field(page, "name").fill("例断线后的名称")
    save(page)
    expect(page.get_by_role("alert").filter(has_text="恢复连接后再点保存")).to_be_visible()
    page.context.set_offline(False)
    # Reloaded, the page comes back with what was typed.
    page.once("dialog", lambda d: d.accept())
    page.reload()
    expect(page.get_by_role("status").filter(has_text="没有保存的填写")).to_be_visible()
    expect(field(page, "name")).to_have_value("例断线后的名称")
    page.context.clear_cookies()
    field(page, "source").fill("过期后写的")
    save(page)
    page.locator("input[name=username]").fill("admin")
    page.locator("input[name=password]").fill(ADMIN_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="退出登录")).to_be_visible()
    expect(field(page, "source")).to_have_value("过期后写的")
    expect(field(page, "attributes.dam_height_m")).to_have_value("45")
    save(page)
    expect(page.locator(".ob-head h1")).to_contain_text("例断线后的名称")
    assert other.get(f"/api/objects/{made['id']}").json()["source"] == "过期后写的"
    open_at(page, path)  # what is saved is not offered again
    expect(field(page, "name")).to_have_value("例断线后的名称")
    expect(page.get_by_role("status").filter(has_text="没有保存的填写")).to_have_count(0)


def test_leaving_unsaved_work_asks_and_keeps_it(page: Page, other: httpx.Client) -> None:
    made = make(other, "例离开库")
    open_at(page, f"/objects/{made['id']}/edit")
    field(page, "name").fill("例离开前写的")
    page.get_by_role("link", name="一张图").click()
    page.get_by_role("button", name="留在这里").click()
    expect(field(page, "name")).to_have_value("例离开前写的")
    page.get_by_role("link", name="一张图").click()
    page.get_by_role("button", name="离开，保留填写").click()
    expect(page.locator(".words .total")).to_be_visible()
    page.go_back()
    expect(field(page, "name")).to_have_value("例离开前写的")
    page.get_by_role("button", name="放弃填写，重新读取").click()
    expect(field(page, "name")).to_have_value("例离开库")


def test_persons_are_entered_and_the_past_shows_those_of_then(page: Page, other: httpx.Client) -> None:
    made = make(other, "例责任库", parties=[{"role": "主要负责人", "name": "演一", "phone": "0792-0000001"}])
    open_at(page, f"/objects/{made['id']}")
    persons = page.locator("#persons")
    call = persons.get_by_role("link", name="拨打 演一 0792-0000001")
    expect(call).to_have_attribute("href", "tel:07920000001")
    persons.get_by_role("button", name="修改责任人").click()
    persons.get_by_label("姓名").fill("演二")
    page.reload()
    expect(persons.get_by_label("姓名")).to_have_value("演二")
    # Somebody else is quicker: what is typed stays, and is saved on top of what there is now.
    path = f"/api/objects/{made['id']}/parties"
    assert other.put(path, json=[{"role": "巡查", "name": "演三"}]).status_code == 200
    persons.get_by_role("button", name="保存责任人").click()
    expect(persons.get_by_role("alert")).to_contain_text("别人改过责任人")
    expect(persons).to_contain_text("演三")
    expect(persons.get_by_label("姓名")).to_have_value("演二")
    persons.get_by_role("button", name="保存责任人").click()
    expect(persons.get_by_role("link", name=re.compile("^拨打 演二"))).to_be_visible()
    assert [p["name"] for p in other.get(path).json()] == ["演二"]
    history = page.locator("#history")
    expect(history).to_contain_text("巡查 演三 → 主要负责人 演二")
    history.locator("li").last.get_by_role("button", name="看当时").click()
    expect(page.locator(".ob-bar.past")).to_contain_text("不能修改")
    expect(persons).to_contain_text("演一")
    expect(page.get_by_role("link", name="修改", exact=True)).to_have_count(0)
    page.get_by_role("button", name="回到现在").click()
    expect(persons).to_contain_text("演二")
    # Where those of then cannot be read, those of now do not stand in their place.
    then = re.compile(rf"/api/objects/{made['id']}/(parties|near|history)|/api/objects\?parent")
    page.route(then, lambda route: route.fulfill(status=503, body=""))
    history.locator("li").last.get_by_role("button", name="看当时").click()
    for section, what in (("#place", "周边"), ("#persons", "责任人"), ("#belonging", "下级对象"), ("#history", "变化")):
        expect(page.locator(section).get_by_role("alert")).to_contain_text(f"{what}没有读到")
    expect(persons).not_to_contain_text("演二")
    expect(history.locator("li")).to_have_count(0)
    expect(page.locator("#place tbody tr, #place .in:not([aria-hidden])")).to_have_count(0)
    page.unroute(then)
    persons.get_by_role("button", name="重试").click()
    expect(persons).to_contain_text("演一")


def test_a_life_ends_with_a_reason(page: Page, other: httpx.Client) -> None:
    made = make(other, "例终了库")
    open_at(page, f"/objects/{made['id']}")
    page.get_by_role("button", name="更多").last.click()
    page.get_by_role("menuitem", name="注销").click()
    page.get_by_role("button", name="注销对象").click()
    expect(page.get_by_role("alert").filter(has_text="请写明原因")).to_be_visible()
    page.get_by_label("原因").fill("重复登记")
    page.get_by_role("button", name="注销对象").click()
    expect(page.locator(".ob-bar")).to_contain_text("注销：重复登记")
    expect(page.get_by_role("link", name="修改", exact=True)).to_have_count(0)
    expect(page.locator("#history")).to_contain_text("注销：重复登记")
    open_at(page, f"/objects/{made['id']}/edit")
    expect(page.get_by_role("alert")).to_contain_text("已注销")


def test_near_things_are_on_the_page_as_in_the_answer_and_a_card_leads_there(page: Page, other: httpx.Client) -> None:
    item = other.get("/api/objects", params={"q": "ZDWXY-0001"}).json()["items"][0]
    near = other.get(f"/api/objects/{item['id']}/near").json()
    open_at(page, f"/#object={item['id']}")
    card = page.locator("aside.right")
    expect(card.locator(".say")).to_contain_text("按重大危险源级别为一级")
    expect(card).to_contain_text(f"全部 {near['total']} 处")
    card.get_by_role("button", name="打开详情").click()
    expect(page.locator("#place tbody tr")).to_have_count(min(near["total"], 200))
    assert page.locator("#place tbody tr .name").all_inner_texts() == [n["name"] for n in near["items"]]
    page.get_by_role("button", name="1 km").click()
    expect(page.locator("#place tbody tr")).not_to_have_count(near["total"])
    # What could not be read leaves the list under its own distance.
    page.route("**/near?within=2000*", lambda route: route.fulfill(status=409, json={"detail": "没有答复"}))
    page.get_by_role("button", name="2 km").click()
    expect(page.get_by_text("没有答复")).to_be_visible()
    expect(page.get_by_role("button", name="1 km")).to_have_attribute("aria-pressed", "true")
    page.go_back()  # the map is as it was
    expect(card.locator("h1")).to_have_text(item["name"])
    page.goto(page.url.split("/#")[0] + "/objects/999999999")
    expect(page.get_by_role("alert")).to_contain_text("没有这个对象，或您无权查看")


def test_on_the_small_map_no_word_lies_on_a_symbol_or_on_another_word(page: Page, other: httpx.Client) -> None:
    schools = other.get("/api/objects", params={"class": "school", "limit": 20}).json()["items"]
    dense = max(schools, key=lambda o: other.get(f"/api/objects/{o['id']}/near").json()["total"])
    open_at(page, f"/objects/{dense['id']}")
    expect(page.locator("#place tbody tr").nth(30)).to_be_attached()
    page.locator(".ob-place").scroll_into_view_if_needed()
    for distance in ("500 米", "2 km"):
        page.get_by_role("button", name=distance).click()
        at_rest(page)
        lies = page.evaluate("""() => {
            const { things, names } = window.riskmapPlace.written();
            const on = (a, b) => a.l < b.r && a.r > b.l && a.t < b.b && a.b > b.t;
            const words = things.filter((s) => Math.abs(s.r - s.l - (s.b - s.t)) > 1); // symbols are as wide as high
            return {
                things: things.length,
                words: words.length,
                names: names.length,
                on: words.filter((w) => things.some((t) => t !== w && on(w, t))).length,
                below: names.filter((n) => things.some((t) => on(n, t))).length,
            };
        }""")
        assert lies["things"] > 30, lies
        assert lies["words"] > 1, lies
        assert lies["names"] > 1, lies
        assert not lies["on"], lies
        assert not lies["below"], lies


def test_what_could_not_be_read_says_so_and_is_asked_for_again(page: Page, other: httpx.Client) -> None:
    made = make(other, "例读不到库")
    refuse = re.compile(rf"/api/objects/{made['id']}/(grade|near|history|parties)")
    page.route(refuse, lambda route: route.fulfill(status=503, body=""))
    open_at(page, f"/#object={made['id']}")
    card = page.locator(".panel.right")
    expect(card.locator("h1")).to_have_text("例读不到库")
    for what in ("等级依据", "责任人", "周边", "变化"):
        expect(card.get_by_role("alert").filter(has_text=f"{what}没有读到")).to_have_count(1)
    expect(card).not_to_contain_text("没有登记责任人")
    expect(card).not_to_contain_text("没有您能看到的对象")
    page.unroute(refuse)
    for left in (3, 2, 1, 0):
        card.get_by_role("button", name="重试").last.click()
        expect(card.get_by_role("alert")).to_have_count(left)
    expect(card).to_contain_text("没有登记责任人")
    expect(card.locator(".hist")).to_contain_text("登记")

    # The page of the object says the same in its sections.
    refuse = re.compile(rf"/api/objects/{made['id']}/(near|history|parties)|/api/objects\?parent")
    page.route(refuse, lambda route: route.fulfill(status=503, body=""))
    card.get_by_role("button", name="打开详情").click()
    for section, what in (("#place", "周边"), ("#persons", "责任人"), ("#belonging", "下级对象"), ("#history", "变化")):
        expect(page.locator(section).get_by_role("alert")).to_contain_text(f"{what}没有读到")
    expect(page.locator("#belonging")).not_to_contain_text("没有登记所属企业")
    page.unroute(refuse)
    for section in ("#place", "#persons", "#belonging", "#history"):
        page.locator(section).get_by_role("button", name="重试").click()
        expect(page.locator(section).get_by_role("alert")).to_have_count(0)
    expect(page.locator("#belonging")).to_contain_text("没有登记所属企业")


def test_outlines_that_do_not_come_are_said_on_the_map(page: Page) -> None:
    open_at(page, "/#map=8/29.5/115.5")
    expect(page.locator(".words .total")).to_be_visible()
    page.route("**/api/divisions.geojson*", lambda route: route.fulfill(status=503, body=""))
    page.evaluate("location.hash = 'division=360429'")
    told = page.locator(".map").get_by_role("alert")
    expect(told).to_contain_text("湖口县的界线没有读到")
    page.unroute("**/api/divisions.geojson*")
    before = page.evaluate("location.hash")
    told.get_by_role("button", name="重试").click()
    expect(told).to_have_count(0)
    page.wait_for_function("(before) => location.hash !== before", arg=before)


def test_the_ground_and_the_chosen_area_fail_and_come_each_by_itself(page: Page) -> None:
    refuse = "**/api/divisions.geojson*"
    page.route(refuse, lambda route: route.fulfill(status=503, body=""))
    open_at(page, "/#map=8/29.5/115.5")
    page.reload()
    told = page.locator(".map").get_by_role("alert")
    expect(told).to_contain_text("行政区划界线没有读到")
    page.evaluate("location.hash = 'division=360429'")
    expect(told).to_contain_text("行政区划界线、湖口县的界线没有读到")
    # Another choice takes its own failure away, not the ground's.
    page.evaluate("location.hash = ''")
    expect(told).to_contain_text("行政区划界线没有读到")
    page.evaluate("location.hash = 'division=360429'")
    expect(told).to_contain_text("行政区划界线、湖口县的界线没有读到")
    page.unroute(refuse)
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url.split("level=")[1]) if "divisions.geojson" in r.url else None)
    before = page.evaluate("location.hash")
    told.get_by_role("button", name="重试").click()
    expect(told).to_have_count(0)
    page.wait_for_function("(before) => location.hash !== before", arg=before)
    at_rest(page)
    # Of the ground and of the area, each as often as it was missing.
    assert sorted(asked) == ["city", "county", "county", "town"]


def test_the_small_map_says_that_its_ground_is_missing(page: Page, other: httpx.Client) -> None:
    made = make(other, "例无界线库")
    refuse = "**/api/divisions.geojson*"
    page.route(refuse, lambda route: route.fulfill(status=503, body=""))
    open_at(page, f"/objects/{made['id']}")
    told = page.locator(".ob-map").get_by_role("alert")
    expect(told).to_contain_text("行政区划界线没有读到")
    page.unroute(refuse)
    told.get_by_role("button", name="重试").click()
    expect(told).to_have_count(0)


def test_hexagons_without_the_names_of_their_counties_say_so(page: Page) -> None:
    refuse = "**/api/divisions.geojson?level=county"
    page.route(refuse, lambda route: route.fulfill(status=503, body=""))
    open_at(page, "/#heat=1")
    page.get_by_role("tab", name="按格清单").click()
    first = page.locator("table.cells tbody .name").first
    expect(first).to_have_text("—")
    told = page.locator(".tbl").get_by_role("alert")
    expect(told).to_contain_text("六边形所在的县区名称没有读到")
    page.unroute(refuse)
    told.get_by_role("button", name="重试").click()
    expect(told).to_have_count(0)
    expect(first).not_to_have_text("—")


CHOSEN = """() => {
  const canvas = document.querySelector('.leaflet-marks-pane canvas');
  const { x, y } = window.riskmap.pointOf(115.99, 29.68);
  const box = canvas.getBoundingClientRect(), map = document.querySelector('.map .canvas').getBoundingClientRect();
  const by = canvas.width / box.width;
  // Left of the glyph, well inside the symbol.
  const d = canvas.getContext('2d').getImageData((map.left + x - 8 - box.left) * by, (map.top + y - box.top) * by, 1, 1).data;
  return [...d];
}"""


def test_an_object_that_is_no_more_is_drawn_hollow_and_its_past_ends_there(page: Page, other: httpx.Client) -> None:
    made = make(other, "例旧名库", grade={"value": "major", "basis": "核查"})
    header = {"If-Match": f'"{made["state"]}"'}
    assert other.patch(f"/api/objects/{made['id']}", json={"name": "例新名库"}, headers=header).status_code == 200
    view = "map=14/29.68/115.99"
    open_at(page, f"/#object={made['id']}&{view}")
    card = page.locator(".panel.right")
    expect(card.locator("h1")).to_have_text("例新名库")
    page.wait_for_function(f"() => {{ const [r, g] = ({CHOSEN})(); return r > 150 && g < 90; }}")  # 重大 is red
    assert other.delete(f"/api/objects/{made['id']}", params={"reason": "已拆除"}).status_code == 200
    expect(card.locator("h1 .tag")).to_have_text("已注销")
    page.wait_for_function(f"() => {{ const [r, g] = ({CHOSEN})(); return r > 230 && g > 230; }}")
    expect(card.locator(".hist li")).to_have_count(3)
    # The state before its end knows neither the end nor the new name.
    page.evaluate("(h) => (location.hash = h)", f"object={made['id']}&as_of=state:{made['state']}&{view}")
    expect(card.locator("h1")).to_have_text("例旧名库")
    expect(card.locator(".hist li")).to_have_count(1)
    expect(card).to_contain_text("这以后还有 2 版")
    page.wait_for_function(f"() => {{ const [r, g] = ({CHOSEN})(); return r > 150 && g < 90; }}")
    card.get_by_role("button", name="打开详情").click()
    expect(page.locator(".ob-bar.past")).to_be_visible()
    expect(page.locator("#history li")).to_have_count(1)
    expect(page.locator("#history")).to_contain_text("这以后还有 2 版")
