"""哪里可以 on the page: the cells are those of the service, each can be reached and read, and leads to a check there."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import at_rest
from tests.conftest import ADMIN_PASSWORD

DEMO = True
ASKED = "what=fireworks-retail&persons=5&in=360402&res=8"
WORDS = {"admit": "可准入", "conditional": "有条件", "check": "需核查", "against": "不建议"}


@pytest.fixture(scope="module")
def told(address: str) -> Any:
    """What the service says to the same question."""
    with httpx.Client(base_url=address, timeout=60) as client:
        client.post("/api/session", json={"username": "admin", "password": ADMIN_PASSWORD})
        question = {"tag": "fireworks-retail", "division": "360402", "resolution": 8, "size": '{"persons": 5}'}
        answer = client.get("/api/admission/suitability", params=question)
        assert answer.status_code == 200, answer.text
        return answer.json()


def shown(page: Page, n: int) -> None:
    """The map shows so many cells."""
    page.wait_for_function("n => window.riskmapCells && window.riskmapCells.count() === n", arg=n)


def figure(n: int) -> str:
    return f"{n:,}"


def test_a_link_opens_the_cells_with_their_counts_and_each_kind_alone(open_page: Any, told: Any) -> None:
    page = open_page(ASKED, signed=True, path="/admission/where").page
    counts = {c["kind"]: c["n"] for c in told["counts"]}
    total = len(told["cells"])
    assert sum(counts.values()) == total
    assert counts["conditional"]
    assert counts["check"]
    shown(page, total)
    expect(page.locator(".sw-say")).to_contain_text(f"烟花爆竹零售 · 濂溪区 · 8 级网格 共 {figure(total)} 格")
    for kind, word in WORDS.items():
        row = page.locator(".sw-legend button", has_text=word)
        expect(row.locator(".n")).to_have_text(figure(counts[kind]))
    page.locator(".sw-legend button", has_text="需核查").click()
    shown(page, counts["check"])
    assert "kind=check" in page.url
    page.get_by_role("button", name="逐格列出").click()
    table = page.get_by_role("region", name="逐格列出").last
    expect(page.locator(".sw-table .ph")).to_contain_text(f"需核查 {figure(counts['check'])} 格")
    verdicts = set(table.locator("tbody td:nth-child(3)").all_inner_texts())
    assert verdicts == {"现场核查"}
    # What is drawn tells the four apart without colour: a pattern and a letter each.
    looks = page.evaluate(
        """() => [...document.querySelectorAll(".sw-kind canvas")].map((c) => {
          const { data } = c.getContext("2d").getImageData(0, 0, 8, 8);
          const grey = []; for (let i = 0; i < data.length; i += 4) grey.push(Math.round((data[i] + data[i+1] + data[i+2]) / 24));
          return grey.join(",");
        })"""
    )
    assert len(set(looks)) == 4


def test_a_cell_is_reached_by_keys_read_and_leads_to_a_check_there(open_page: Any, told: Any) -> None:
    page = open_page(ASKED, signed=True, path="/admission/where").page
    shown(page, len(told["cells"]))
    at_rest(page)
    page.locator(".sw-mid .canvas").focus()
    page.keyboard.press("n")
    expect(page.locator(".map [aria-live]")).to_have_text(
        re.compile("^(不建议|需核查) .+，所见第 1 格，共 [\\d,]+ 格$")
    )
    page.keyboard.press("Enter")
    panel = page.locator(".sw-panel")
    expect(panel).to_be_visible()
    cell = re.search(r"cell=([0-9a-f]{15})", page.url)
    assert cell
    one = next(c for c in told["cells"] if c["cell"] == cell[1])
    expect(panel.locator(".sw-verdict")).to_contain_text(WORDS[one["kind"]])
    assert one["rules"]
    expect(panel.locator(".sw-rules li")).to_have_count(len(one["rules"]))
    for code in one["rules"]:
        expect(panel).to_contain_text(told["rules"][code])
        expect(panel).to_contain_text(code)  # with its document, clause and how sure it is
    panel.get_by_role("link", name="在格内点选地点核验").click()
    expect(page).to_have_url(re.compile(r"/admission/new\?tag=fireworks-retail&lon=11\d\.\d+&lat=29\.\d+"))
    expect(page.locator(".adm-tags")).to_contain_text("烟花爆竹零售")
    lon, lat = re.search(r"lon=([\d.]+)&lat=([\d.]+)", page.url).groups()  # type: ignore[union-attr]
    expect(page.locator(".adm-place")).to_contain_text(f"{float(lon):.6f}°E {float(lat):.6f}°N")
    expect(page.locator(".adm-verdict, .adm-live h2").first).to_be_visible()


def test_a_question_is_put_together_and_the_way_back_leads_to_the_one_before(open_page: Any, told: Any) -> None:
    watched = open_page(signed=True, path="/admission/where")
    page = watched.page
    page.get_by_role("button", name="看哪里可以").click()
    expect(page.get_by_role("alert")).to_have_text("请先选要开办什么。")
    page.get_by_label("名称或识别词，如 烟花、加油").fill("烟花爆竹零")
    page.get_by_role("checkbox", name="烟花爆竹零售").click()
    page.locator("input[name=persons]").fill("5")
    page.get_by_label("网格", exact=True).select_option("9")
    page.get_by_role("button", name="看哪里可以").click()
    expect(page.get_by_role("alert")).to_contain_text(
        re.compile("所选范围在 9 级网格下超过 \\d+ 格，请缩小范围或用较粗的网格")
    )
    assert watched.wrong
    assert all("422" in said for said in watched.wrong)
    watched.wrong.clear()
    page.get_by_role("button", name="选区划").click()
    page.get_by_role("checkbox", name="濂溪区").click()
    page.get_by_label("网格", exact=True).select_option("8")
    page.get_by_role("button", name="看哪里可以").click()
    shown(page, len(told["cells"]))
    assert "in=360402" in page.url
    page.get_by_label("网格", exact=True).select_option("7")
    expect(page.get_by_text("条件改过，图上还是原来的问题。")).to_be_visible()
    page.get_by_role("button", name="看哪里可以").click()
    expect(page.locator(".sw-say")).to_contain_text("7 级网格")
    page.go_back()
    expect(page.locator(".sw-say")).to_contain_text("8 级网格")
    shown(page, len(told["cells"]))
    # The question of this page is no selection of the map.
    page.locator(".places").get_by_role("link", name="一张图").click()
    expect(page.locator(".words .total")).to_be_visible()
    expect(page.locator(".left-out")).to_have_count(0)


def test_the_map_and_the_check_ask_the_same_question(open_page: Any) -> None:
    watched = open_page(
        "what=tank-farm&industry=5941&residents=40&liquids=甲B:20000:5000:false&in=360402&res=7",
        signed=True,
        path="/admission/where",
    )
    page = watched.page
    rows = page.locator(".sw-ask .ob-rows .line")
    expect(rows).to_have_count(1)
    expect(rows.get_by_label("最大单罐")).to_have_value("5000")
    expect(rows.get_by_label("埋地")).to_have_value("false")
    expect(page.locator("input[name=residents]")).to_have_value("40")
    asked = [u for u in watched.asked if "/api/admission/suitability?" in u]
    assert len(asked) == 1
    given = parse_qs(urlsplit(asked[0]).query)
    assert given["industry_code"] == ["5941"]
    size = json.loads(given["size"][0])
    assert size == {
        "residents": "40",
        "storage": [{"volume_m3": "20000", "largest_m3": "5000", "fire_class": "甲B", "buried": False}],
    }
    # A tank of more than the whole is refused at its input, in the words of a check.
    rows.get_by_label("最大单罐").fill("50000")
    page.get_by_role("button", name="看哪里可以").click()
    expect(rows.locator(".err-text")).to_have_text("第 1 项储存：单罐容积大于总容积")
    assert all("422" in said for said in watched.wrong)
    watched.wrong.clear()
    rows.get_by_label("最大单罐").fill("五千")
    page.get_by_role("button", name="看哪里可以").click()
    expect(page.locator(".sw-go [role=alert]")).to_have_text("“存放”应填数字，不带单位。")
    page.go_back()
    page.wait_for_function("() => window.riskmapCells && window.riskmapCells.count() > 0")
    at_rest(page)
    page.locator(".sw-mid .canvas").focus()
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="在格内点选地点核验").click()
    expect(page).to_have_url(re.compile("/admission/new"))
    expect(page.locator('[id="f-size.residents"]')).to_have_value("40")
    expect(page.locator('[id="f-size.storage.0.volume_m3"]')).to_have_value("20000")
    expect(page.locator('[id="f-size.storage.0.largest_m3"]')).to_have_value("5000")
    expect(page.locator('[id="f-trade.industry_code"]')).to_have_value("5941")


def test_a_link_to_a_cell_shows_it_on_the_map_beside_its_panel(open_page: Any, told: Any) -> None:
    # The easternmost: where the panel of the cell takes the map's room.
    page = open_page(ASKED, signed=True, path="/admission/where").page
    shown(page, len(told["cells"]))
    codes = [c["cell"] for c in told["cells"]]
    cell = page.evaluate(
        "codes => codes.map((c) => window.riskmapCells.of(c)).reduce((a, b) => (a.lng > b.lng ? a : b)).cell", codes
    )
    page = open_page(f"{ASKED}&cell={cell}", signed=True, path="/admission/where").page
    expect(page.locator(".sw-panel")).to_be_visible()
    page.wait_for_function(
        """cell => {
          const { map } = window.riskmapCells, at = window.riskmapCells.of(cell);
          if (!at) return false;
          const { x, y } = map.latLngToContainerPoint([at.lat, at.lng]);
          const { width, height } = map.getContainer().getBoundingClientRect();
          return x > 0 && y > 0 && x < width && y < height;
        }""",
        arg=cell,
    )
    page.get_by_role("button", name="收起图例").click()
    expect(page.locator(".sw-legend .sw-kind")).to_have_count(0)
    page.get_by_role("button", name="展开图例").click()
    expect(page.locator(".sw-legend .sw-kind")).to_have_count(4)
    page.set_viewport_size({"width": 390, "height": 844})
    page.reload()
    expect(page.locator(".sw-mid")).to_be_in_viewport()
    page.wait_for_function("() => document.querySelector('.sw-mid').getBoundingClientRect().top < 120")
