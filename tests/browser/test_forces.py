"""力量 on the page: teams told and asked for, goods, standing by, roads closed, telephones, lists of acts."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import pairwise
from typing import Any

import httpx
import pytest
from playwright.sync_api import Locator, Page, Route, expect

from riskmap.base import database
from riskmap.base.settings import Settings
from riskmap.rescue.routing import building
from tests.api.rescue import square
from tests.browser.conftest import Watched, at_rest
from tests.browser.test_admission import in_office
from tests.conftest import ADMIN_PASSWORD

DEMO = True
CITY = (115.985, 29.705)  # in the demo city, where much is near
PATH = "/rescue?tab=forces"


@pytest.fixture(scope="module")
def office(address: str, settings: Settings) -> Iterator[httpx.Client]:
    """The administrator, by the service alone; the city's roads are ready for the routing, as at a start."""
    engine = database.make_engine(database.app_url(settings))
    assert building.prepare(engine, settings, lambda *_: None)
    engine.dispose()
    with closing(in_office(address, "admin", ADMIN_PASSWORD)) as client:
        client.timeout = httpx.Timeout(120)
        yield client


@pytest.fixture
def page(open_page: Callable[..., Watched]) -> Page:
    page = open_page(signed=True, path=PATH).page
    expect(page.locator("[data-team]").first).to_be_visible()
    return page


def part(page: Page, name: str) -> None:
    page.locator(".rf-parts").get_by_role("button", name=name, exact=True).click()


def get(office: httpx.Client, path: str, **params: Any) -> dict[str, Any]:
    answer = office.get(f"/api/rescue/{path}", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def post(office: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = office.post(f"/api/rescue/{path}", json=body)
    assert answer.status_code in {200, 201}, answer.text
    return dict(answer.json())


def opened(page: Page, team: int) -> Locator:
    row = page.locator(f"[data-team='{team}']")
    if row.locator(".rs-open").count() == 0:
        row.locator(".main").click()
    expect(row.locator(".rs-open")).to_be_visible()
    return row


def map_click(page: Page, x: float, y: float) -> None:
    at_rest(page)
    box = page.locator(".map .canvas").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)


def test_a_team_reports_with_its_place_on_the_map_and_all_see_it(page: Page, office: httpx.Client) -> None:
    team = get(office, "teams")["items"][0]
    row = opened(page, team["id"])
    expect(row).to_contain_text("没有人报过，当作在驻地待命")
    contact = team["contact"]
    expect(row).to_contain_text(contact["phone"])
    row.get_by_role("button", name="报状态").click()
    row.get_by_text("在途", exact=True).click()
    row.locator("input[name=place]").fill("看不懂")
    row.get_by_role("button", name="登记", exact=True).click()
    expect(row).to_contain_text("请填经度, 纬度")
    row.get_by_role("button", name="在图上点").click()
    expect(page.locator(".sketch-panel p")).to_contain_text("点出这支队伍现在的位置")
    map_click(page, 0.4, 0.4)
    expect(row.locator("input[name=place]")).to_have_value(re.compile(r"^11\d\.\d+, \d+\.\d+$"))
    row.locator("input[name=load]").fill("7")
    row.locator("input[name=note]").fill("过了二号闸")
    row.get_by_role("button", name="登记", exact=True).click()
    expect(row.locator(".rf-status")).to_have_text("在途")
    [now] = [t for t in get(office, "teams")["items"] if t["id"] == team["id"]]
    assert (now["status"], now["load"], now["note"], now["position_from"]) == ("在途", 7, "过了二号闸", "reported")
    expect(page.locator(".rs-entries tr").first).to_contain_text("在途")
    page.locator(".rs-chips button", has_text="在途").click()
    expect(page.locator("[data-team]")).to_have_count(1)
    opened(page, team["id"]).get_by_role("button", name="经过").click()
    expect(row.locator(".rf-history li")).to_have_count(1)
    expect(row.locator(".rf-history")).to_contain_text("人工 · admin")
    # Another who says something moves the page of this one by itself.
    post(office, f"teams/{team['id']}/status", {"status": "到达"})
    expect(page.locator(".rs-chips")).to_contain_text("到达 1", timeout=30_000)


def test_a_team_that_is_out_is_picked_on_the_map_also_where_it_stands_on_an_object(
    page: Page, office: httpx.Client
) -> None:
    lng, lat = get(office, "goods")["items"][0]["at"]
    team = get(office, "teams")["items"][6]
    post(office, f"teams/{team['id']}/status", {"status": "到达", "lon": lng, "lat": lat})
    page.reload()
    expect(page.locator(f"[data-team='{team['id']}'] .rf-status")).to_have_text("到达")
    page.evaluate("([x, y]) => window.riskmap.map.setView([y, x], 16, { animate: false })", [lng, lat])
    map_click(page, 0.5, 0.5)
    expect(page.locator(f"[data-team='{team['id']}'] .rs-open")).to_be_visible()
    expect(page.locator(".rf-nearest")).to_have_count(0)
    # What lies below it is asked for from beside it.
    map_click(page, 0.6, 0.6)
    expect(page.locator(".rf-nearest")).to_be_visible()


def test_back_at_a_minute_teams_stand_as_they_did_and_nothing_is_told(page: Page, office: httpx.Client) -> None:
    team = get(office, "teams")["items"][1]
    made = post(office, f"teams/{team['id']}/status", {"status": "出动"})
    post(office, f"teams/{team['id']}/status", {"status": "休整"})
    page.goto(page.url.split("?")[0] + f"?tab=forces&at={made['at'].replace('+', '%2B')}")
    row = opened(page, team["id"])
    expect(row.locator(".rf-status")).to_have_text("出动")
    expect(page.locator(".rs-right")).to_contain_text("回看时不能登记")
    expect(row.get_by_role("button", name="报状态")).to_have_count(0)


def test_who_is_first_at_a_place_by_road_and_who_does_not_get_there(page: Page, office: httpx.Client) -> None:
    flood = post(office, "floods", {"name": "孤岛", "depths": [{"depth_m": 1, "geometry": square(*CITY, 700)}]})
    wet = get(office, "teams")["items"][5]
    post(office, f"teams/{wet['id']}/status", {"status": "在途", "lon": CITY[0] + 0.003, "lat": CITY[1] - 0.003})
    page.goto(page.url.split("?")[0] + f"?tab=forces&flood={flood['id']}")
    expect(page.locator(".rs-scenario")).to_contain_text("孤岛")
    expect(page.locator(".rs-fig dd").first).not_to_have_text("—")
    map_click(page, 0.5, 0.5)  # in the middle of the water, to which the page has moved
    expect(page.locator(".rf-arrivals li").first).to_be_visible(timeout=60_000)
    lng, lat = page.locator(".rf-nearest .muted").first.inner_text().split(", ")
    told = get(office, "teams/nearest", lon=lng, lat=lat, flood=flood["id"], limit=200)
    lost = sum(one["leg"] is None for one in told["items"])
    expect(page.locator(".rf-nearest")).to_contain_text(f"无法到达 {lost} 支")
    page.get_by_role("button", name=f"看全部 {told['fitting']} 支").click()
    lines = page.locator(".rf-arrivals li").all_inner_texts()
    assert len(lines) == told["fitting"]
    for line, one in zip(lines, told["items"], strict=True):
        assert one["name"] in line
        assert ("无法到达" in line) == (one["leg"] is None), line
    assert lost  # without a boat nobody gets into the water
    assert any(one["leg"] and one["leg"]["boat_leg"] for one in told["items"])
    page.locator(".rf-need").select_option("pump")
    expect(page.locator(".rf-nearest")).to_contain_text(
        f"合适的 {get(office, 'teams/nearest', lon=lng, lat=lat, need='pump', flood=flood['id'])['fitting']} 支"
    )
    # Whoever has been told to stand in the water says so, and who stands elsewhere does not.
    expect(page.locator(f"[data-team='{wet['id']}'] .tag.warn")).to_have_text("在水中")
    for one in told["items"]:
        x, y = one["position"]
        if max(abs(x - CITY[0]), abs(y - CITY[1])) > 0.01:
            assert page.locator(f"[data-team='{one['id']}'] .tag.warn").count() == 0
    # Without a mouse a place is typed.
    page.locator(".rf-nearest").get_by_role("button", name="关闭", exact=True).click()
    page.locator("#rf-typed").fill("例湖村")
    page.get_by_role("button", name="看这里").click()
    expect(page.locator(".rf-hint")).to_contain_text("请填经度, 纬度")
    page.goto(page.url)  # asked before the water is read: then asked anew through it
    page.locator("#rf-typed").fill(f"{CITY[0]}, {CITY[1]}")
    page.get_by_role("button", name="看这里").click()
    expect(page.locator(".rf-arrivals li").first).to_contain_text("行船", timeout=60_000)
    page.locator(".rf-nearest").get_by_role("button", name="关闭", exact=True).click()
    expect(page.locator(".rf-arrivals")).to_have_count(0)
    office.post(f"/api/rescue/floods/{flood['id']}/withdraw", json={"reason": "试完"})


def test_goods_go_out_for_an_incident_and_to_another_store_and_too_much_is_refused(
    open_page: Callable[..., Watched], office: httpx.Client
) -> None:
    incident = post(
        office, "incidents", {"kind": "积水排涝", "name": "例泵站", "place": {"type": "Point", "coordinates": CITY}}
    )
    watched = open_page(signed=True, path=f"{PATH}&part=goods")
    page = watched.page
    told = get(office, "goods")
    expect(page.locator(".rs-chips")).to_contain_text(f"低于最低储备 {told['below_minimum']} 项")
    store = next(s for s in told["items"] if s["goods"])
    good = store["goods"][0]
    row = page.locator(f"[data-store='{store['id']}']")
    row.locator(".main").click()
    line = row.locator("tr", has_text=good["item"])
    line.get_by_role("button").click()
    dialog = page.get_by_role("dialog", name=f"{store['name']}：出入库")
    dialog.get_by_role("button", name="登记").click()
    expect(dialog).to_contain_text("请填数量")
    dialog.locator("select[name=incident]").select_option(str(incident["id"]))
    dialog.locator("input[name=quantity]").fill("99999999")
    dialog.get_by_role("button", name="登记").click()
    expect(dialog).to_contain_text("库里现有")
    dialog.locator("input[name=quantity]").fill("3")
    dialog.locator("input[name=taker]").fill("例甲")
    dialog.get_by_role("button", name="登记").click()
    expect(row.locator(".rf-history li").first).to_contain_text(f"出库 {good['item']} 3 {good['unit']}")
    expect(row.locator(".rf-history li").first).to_contain_text(f"险情 {incident['id']} · 例甲")
    expect(line).to_contain_text(f"{good['stock'] - 3} {good['unit']}")
    other = next(s for s in told["items"] if s["id"] != store["id"])
    line.get_by_role("button").click()
    dialog.get_by_text("调拨", exact=True).click()
    dialog.locator("select[name=to_store]").select_option(str(other["id"]))
    dialog.locator("input[name=quantity]").fill("2")
    dialog.get_by_role("button", name="登记").click()
    expect(row.locator(".rf-history li").first).to_contain_text(f"调拨 {good['item']} 2 {good['unit']}")
    expect(row.locator(".rf-history li").first).to_contain_text(f"→ {other['name']}")
    [there] = [s for s in get(office, "goods")["items"] if s["id"] == other["id"]]
    before = sum(g["stock"] for g in other["goods"] if g["item"] == good["item"] and g["unit"] == good["unit"])
    assert [g["stock"] for g in there["goods"] if g["item"] == good["item"] and g["unit"] == good["unit"]] == [
        before + 2
    ]
    row.get_by_role("button", name="入库新品名").click()
    dialog.get_by_role("button", name="登记").click()
    expect(dialog).to_contain_text("请填品名")
    for name, text in (("item", "例抽水机"), ("unit", "台"), ("quantity", "2"), ("taker", "例乙")):
        dialog.locator(f"input[name={name}]").fill(text)
    dialog.get_by_role("button", name="登记").click()
    expect(row.locator(".rf-history li").first).to_contain_text("入库 例抽水机 2 台")
    expect(row.locator("tr", has_text="例抽水机")).to_contain_text("2 台")
    watched.wrong = [w for w in watched.wrong if "status of 422" not in w]  # the refusal that was asked for


def test_what_is_not_reached_in_time_where_to_stand_by_and_the_record(page: Page, office: httpx.Client) -> None:
    part(page, "前置")
    form = page.locator(".rf-ask")
    form.locator("input[name=minutes]").fill("0")
    form.get_by_role("button", name="看哪里来不及").click()
    expect(form).to_contain_text("请填 1 至 600")
    form.locator("input[name=minutes]").fill("15")
    form.locator("select[name=class]").select_option("tailings-pond")
    held: list[Route] = []
    page.route("**/api/rescue/standby/gaps", lambda r: held.append(r))
    form.get_by_role("button", name="看哪里来不及").click()
    expect(form.locator(".rs-at-work")).to_contain_text("看哪里来不及：正在逐队逐处算路程")  # what runs
    held[0].continue_()
    page.unroute("**/api/rescue/standby/gaps")
    asked = {"minutes": 15, "classes": ["tailings-pond"], "grades": ["major", "serious"]}
    told = post(office, "standby/gaps", asked)
    assert told["uncovered"]
    expect(page.locator(".rf-found").first).to_contain_text(
        f"{told['places']} 处里 {told['uncovered']} 处来不及", timeout=60_000
    )
    expect(page.locator(".rf-late li")).to_have_count(min(20, told["uncovered"]))
    form.get_by_role("button", name="提出前置点").click()
    proposed = post(office, "standby/propose", asked | {"k": 2})
    sites = page.locator(".rf-sites li")
    expect(sites).to_have_count(len(proposed["items"]), timeout=60_000)
    expect(page.locator(".rf-found").first).to_contain_text(
        f"来得及的从 {proposed['covered']} 处到 {proposed['after']} 处"
    )
    going = [s["team_name"] for s in proposed["items"] if s["team"]]
    assert going
    page.get_by_role("button", name="登记前置").click()
    expect(page.locator(".rf-history").last).to_contain_text(going[0])
    [record] = get(office, "standby")["items"]
    assert [p["team_name"] for p in record["places"]] == going
    expect(page.locator(".rf-history").last).to_contain_text("预计")
    # It is on its way: where it is known to be, on the card and the map, until somebody says that it is there.
    stands = {t["name"]: t for t in get(office, "teams")["items"]}
    assert {stands[name]["position_from"] for name in going} == {"base"}
    page.locator(".rf-parts").get_by_role("button", name="队伍").click()
    row = page.locator(f"[data-team='{stands[going[0]]['id']}']")
    where = stands[going[0]]["standby"]["name"]
    expect(row).to_contain_text(f"前往前置点 {where}，预计 ")
    row.locator("button.main").click()
    row.get_by_role("button", name="已到位").click()
    row.get_by_role("form", name="记已到位").get_by_role("button", name="已到位").click()
    expect(row.locator("button.main")).to_contain_text(f"到前置点 {where}")
    expect(row.get_by_role("button", name="已到位")).to_have_count(0)
    there = next(t for t in get(office, "teams")["items"] if t["name"] == going[0])
    assert (there["position_from"], there["position"]) == ("reported", there["standby"]["at"])


def test_a_road_is_closed_on_the_map_listed_and_lifted(page: Page, office: httpx.Client) -> None:
    part(page, "道路")
    expect(page.locator(".rs-right")).to_contain_text("没有登记不等于道路畅通")
    page.get_by_role("button", name="登记封闭").click()
    form = page.get_by_role("form", name="登记封闭道路")
    form.get_by_role("button", name="登记", exact=True).click()
    expect(form).to_contain_text("请在图上画出封在哪里")
    # Along a road of the demo city, with the mouse: the map is moved to it first.
    roads = office.post(
        "/api/rescue/routing/route",
        json={"from": {"type": "Point", "coordinates": CITY}, "to": {"type": "Point", "coordinates": [115.99, 29.71]}},
    ).json()
    line = roads["route"]["coordinates"]
    start, end = max(pairwise(line), key=lambda p: abs(p[0][0] - p[1][0]) + abs(p[0][1] - p[1][1]))
    share = 0.0005 / (abs(start[0] - end[0]) + abs(start[1] - end[1]))  # some 50 m of it
    middle, a, b = (
        [start[i] + (end[i] - start[i]) * at for i in (0, 1)] for at in (0.5, 0.5 - share / 2, 0.5 + share / 2)
    )
    page.evaluate("([x, y]) => window.riskmap.map.setView([y, x], 17, { animate: false })", middle)
    at_rest(page)
    form.get_by_text("沿路一段", exact=True).click()
    form.get_by_role("button", name="沿路画线").click()
    expect(page.locator(".sketch-panel p")).to_contain_text("顺着要封的路")
    box = page.locator(".map .canvas").bounding_box()
    assert box
    for i, (x, y) in enumerate((a, b), 1):
        at = page.evaluate(
            "([x, y]) => { const p = window.riskmap.map.latLngToContainerPoint([y, x]); return [p.x, p.y]; }", [x, y]
        )
        page.mouse.click(box["x"] + at[0], box["y"] + at[1])
        expect(page.locator(".marker-icon:not(.cursor-marker)")).to_have_count(i)
    page.keyboard.press("Enter")
    expect(form).to_contain_text("已画线")
    form.locator("input[name=reason]").fill("桥面过水")
    form.get_by_role("button", name="登记", exact=True).click()
    item = page.locator("[data-closure]")
    expect(item).to_contain_text("桥面过水")
    [made] = get(office, "routing/closures")["items"]
    assert made["reason"] == "桥面过水"
    expect(item).to_contain_text(made["name"])
    expect(item).to_contain_text("直到解除")
    item.get_by_role("button", name="解除").click()
    dialog = page.get_by_role("dialog", name="解除封闭")
    dialog.locator("textarea").fill("水退了")
    dialog.get_by_role("button", name="解除封闭").click()
    expect(page.locator("[data-closure]")).to_have_count(0)
    assert get(office, "routing/closures")["items"] == []


def test_telephones_of_a_team_in_their_order_with_what_came_of_each_call(page: Page, office: httpx.Client) -> None:
    team = get(office, "teams")["items"][2]
    told = get(office, "calls", object=team["id"])
    assert told["items"]
    opened(page, team["id"]).get_by_role("button", name="电话").click()
    dialog = page.get_by_role("dialog", name=f"一键通：{team['name']}")
    expect(dialog.locator(".rf-calls li").first).to_contain_text(told["items"][0]["phone"])
    dialog.locator("input").fill("已出发")
    dialog.locator(".rf-calls li").first.get_by_role("button", name="接通").click()
    expect(dialog.locator(".rf-calls li").first).to_contain_text("接通 admin")
    [call] = get(office, "calls", object=team["id"])["items"][0]["calls"]
    assert (call["result"], call["note"]) == ("接通", "已出发")
    page.keyboard.press("Escape")
    expect(page.locator(".rs-entries tr").first).to_contain_text(f"电话 {team['name']}")


def test_an_exercise_keeps_its_own(page: Page, office: httpx.Client) -> None:
    page.goto(page.url.split("?")[0] + "?tab=forces&exercise=1")
    team = get(office, "teams", exercise=True)["items"][3]
    row = opened(page, team["id"])
    row.get_by_role("button", name="报状态").click()
    row.get_by_text("返回", exact=True).click()
    row.get_by_role("button", name="登记", exact=True).click()
    expect(row.locator(".rf-status")).to_have_text("返回")
    [real] = [t for t in get(office, "teams")["items"] if t["id"] == team["id"]]
    assert real["status"] == "待命"
    [drill] = [t for t in get(office, "teams", exercise=True)["items"] if t["id"] == team["id"]]
    assert drill["status"] == "返回"


def test_the_bureaus_own_list_of_acts_is_kept_and_given_back(page: Page, office: httpx.Client) -> None:
    page.goto(page.url.split("?")[0] + "?tab=responses")
    page.get_by_role("button", name="行动清单").click()
    dialog = page.get_by_role("dialog", name="响应行动清单")
    expect(dialog).to_contain_text("经验值，不是法定时限")
    shipped = get(office, "acts", kind="防汛")["items"][3]["acts"]
    expect(dialog.locator("li.line")).to_have_count(len(shipped))
    dialog.get_by_role("button", name="加一条").click()
    dialog.get_by_role("button", name="保存为本局的").click()
    expect(dialog).to_contain_text("请写行动")
    dialog.locator("li.line").last.get_by_label("行动").fill("关闭例湖涵闸")
    dialog.locator("li.line").last.get_by_label("时限").fill("45")
    dialog.locator("li.line").first.get_by_role("button", name="去掉").click()
    dialog.get_by_role("button", name="保存为本局的").click()
    expect(dialog).to_contain_text("本局的清单，第 1 版")
    kept = get(office, "acts", kind="防汛")["items"][3]
    assert [a["act"] for a in kept["acts"]] == [*[a["act"] for a in shipped[1:]], "关闭例湖涵闸"]
    assert kept["acts"][-1]["minutes"] == 45
    dialog.get_by_role("button", name="还原为随产品的").click()
    expect(dialog).not_to_contain_text("本局的清单，第 1 版")  # as many lines as before: that it came is told by this
    expect(dialog.locator("li.line")).to_have_count(len(shipped))
    assert get(office, "acts", kind="防汛")["items"][3]["acts"] == shipped


def test_a_reader_sees_and_is_told_why_he_may_not(
    open_page: Callable[..., Watched], office: httpx.Client, address: str
) -> None:
    made = office.post(
        "/api/accounts",
        json={
            "username": "kan", "password": "Kan-2026-look", "role": "reader", "tier": "department",
            "must_change": False,
        },
    )  # fmt: skip
    assert made.status_code == 201, made.text
    page = open_page(signed=False, path="/help").page
    page.request.post(f"{address}/api/session", data={"username": "kan", "password": "Kan-2026-look"})
    page.goto(f"{address}{PATH}")
    expect(page.locator("[data-team]").first).to_be_visible()
    expect(page.locator(".rs-right")).to_contain_text("您的账号只能查看")
    page.locator("[data-team] .main").first.click()
    expect(page.get_by_role("button", name="报状态")).to_have_count(0)
    part(page, "道路")
    expect(page.locator(".rs-right")).to_contain_text("装入路网、生成路线数据由管理范围不受限的编辑或管理员办")
    expect(page.get_by_role("button", name="登记封闭")).to_have_count(0)


def test_on_a_phone_every_part_is_reached_and_fits(open_page: Callable[..., Watched], address: str) -> None:
    page = open_page(signed=False, path="/help", width=390, height=844).page
    page.request.post(f"{address}/api/session", data={"username": "admin", "password": ADMIN_PASSWORD})
    page.goto(f"{address}/rescue")
    page.locator(".rs-parts").get_by_role("tab", name="力量").click()
    expect(page.locator("[data-team]").first).to_be_visible()
    for name in ("物资", "前置", "道路", "队伍"):
        part(page, name)
        at_rest(page)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), name


# Last: the demo city's roads are gone after it.
def test_another_road_file_takes_the_place_and_its_progress_is_shown(page: Page, office: httpx.Client) -> None:
    part(page, "道路")
    expect(page.locator(".rs-right")).to_contain_text("演示路网（虚构）")
    terrain = get(office, "terrains")["items"][0]
    expect(page.locator(f"[data-terrain='{terrain['id']}']")).to_contain_text(terrain["name"])
    page.get_by_role("button", name="装入路网").click()
    form = page.get_by_role("form", name="装入路网")
    form.get_by_role("button", name="装入", exact=True).click()
    expect(form).to_contain_text("请选择文件")
    x, y = CITY
    layer = {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"道路名称": "例新路", "道路等级": "县道"},
             "geometry": {"type": "LineString", "coordinates": [[x, y], [x + 0.02, y]]}},
        ],
    }  # fmt: skip
    given = {"name": "新路网.geojson", "mimeType": "application/geo+json", "buffer": json.dumps(layer).encode()}
    form.locator("input[type=file]").set_input_files([given])  # type: ignore[list-item]
    form.locator("input[name=name]").fill("例新路网")
    form.get_by_role("button", name="装入", exact=True).click()
    expect(page.locator(".rs-right")).to_contain_text("例新路网 1 条", timeout=120_000)
    expect(page.locator(".rs-right")).to_contain_text("可用", timeout=120_000)
    assert get(office, "routing")["set"]["name"] == "例新路网"
    page.get_by_role("link", name="看任务").click()
    page.locator("tr", has_text="新路网.geojson").first.get_by_role("link").last.click()
    expect(page.locator(".rf-parts button", has_text="道路")).to_have_class("on")
    page.get_by_role("button", name=f"删除 {terrain['name']}").click()
    page.get_by_role("dialog", name="删除地形").get_by_role("button", name="删除").click()
    expect(page.locator(f"[data-terrain='{terrain['id']}']")).to_have_count(0)
    assert terrain["id"] not in {t["id"] for t in get(office, "terrains")["items"]}
