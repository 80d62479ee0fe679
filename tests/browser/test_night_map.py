"""The map of a busy night: ten incidents and ten teams in one town, whose names are read and whose places are seen."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched, at_rest, frames
from tests.browser.test_dispatch import CITY, accepted, office, on_phone, planned, post, reported

__all__ = ["office"]  # the fixture, here over this module's own service
DEMO = True
# Degrees east and north of the town's middle; some lie nearly on one another, as they do.
SPREAD = [(-9, 1), (-6, -5), (-1, 4), (0, -2), (1, -3), (2, 6), (6, -4), (7, -4), (8, 3), (9, 3)]
NAMES = [
    "例石坡村三组",
    "旧砖窑宿舍",
    "敬老院",
    "化肥厂家属楼",
    "中学路",
    "码头工棚",
    "例湖小学",
    "湖滨小区",
    "排涝站",
    "北闸",
]


@pytest.fixture(scope="module")
def town(office: httpx.Client) -> list[dict[str, Any]]:
    """The incidents; ten teams have told where they are, among them."""
    made = [
        reported(office, name, dx / 1000, dy / 1000, **({"trapped": 3 + n} if n % 2 else {}))
        for n, (name, (dx, dy)) in enumerate(zip(NAMES, SPREAD, strict=True))
    ]
    for n, team in enumerate(office.get("/api/rescue/teams").json()["items"][:10]):
        dx, dy = SPREAD[n]
        at = {"lon": CITY[0] + (dx + 1) / 1000, "lat": CITY[1] + (dy + n % 3 - 1) / 1000}
        post(office, f"teams/{team['id']}/status", {"status": "待命" if n % 2 else "在途", **at})
    return made


def with_town(page: Page, town: list[dict[str, Any]]) -> Page:
    """The night's page with all of the town's incidents on its map."""
    page.wait_for_function("(n) => window.riskmapPins?.counts().pins >= n", arg=len(town))
    return page


def names(page: Page) -> list[dict[str, Any]]:
    """What is written on the map, with the box that each takes."""
    at_rest(page)
    frames(page)
    return list(page.evaluate("() => window.riskmapNames.named()"))


def meet(a: dict[str, float], b: dict[str, float]) -> bool:
    return a["l"] < b["r"] and a["r"] > b["l"] and a["t"] < b["b"] and a["b"] > b["t"]


def test_no_two_names_on_the_map_run_into_one_another(
    open_page: Callable[..., Watched], town: list[dict[str, Any]]
) -> None:
    page = with_town(open_page(signed=True, path="/rescue").page, town)
    written: dict[float, list[str]] = {}
    for zoom in (12.5, 13, 14, 15, 16):
        page.evaluate("([at, z]) => window.riskmap.map.setView(at, z, { animate: false })", [[CITY[1], CITY[0]], zoom])
        shown = names(page)
        written[zoom] = [one["text"] for one in shown]
        # Two that stand side by side are two also to the eye.
        boxes = [one["spot"] | {"r": one["spot"]["r"] + 8} for one in shown]
        assert [(a, b) for n, a in enumerate(boxes) for b in boxes[n + 1 :] if meet(a, b)] == []
        # Names of objects and places of the map itself keep off those of the night.
        below = page.evaluate("() => window.riskmap.base.names.spots")
        assert [one for one in shown if any(meet(one["spot"], spot) for spot in below)] == []
        # Symbols stand all the same.
        assert page.evaluate("() => window.riskmapPins.counts().pins") == len(town)
    assert len(written[12.5]) < len(written[16])  # what had no room has it nearer by
    incidents = [text for text in written[16] if text.startswith("被困") or text in NAMES]
    assert len(incidents) >= 9
    # Who is chosen is named wherever it is, and the pointer tells who had no room.
    label = {one["id"]: f"被困 {one['trapped']}" if one["trapped"] else one["name"] for one in town}
    crowded = next(one for one in town if label[one["id"]] not in written[13])
    page.evaluate("([at, z]) => window.riskmap.map.setView(at, z, { animate: false })", [[CITY[1], CITY[0]], 13])
    at_rest(page)
    at = page.evaluate("([lng, lat]) => window.riskmap.pointOf(lng, lat)", crowded["point"])
    box = page.locator(".map .canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + at["x"], box["y"] + at["y"])
    expect(page.locator(".map .tip")).to_contain_text(re.compile(r"险情 \d+|被困 \d+|" + crowded["name"]))
    page.mouse.click(box["x"] + at["x"], box["y"] + at["y"])
    expect(page.locator(".rd-incident.sel, .rd-incident [aria-expanded=true]").first).to_be_visible()
    # Where pins lie on one another the nearest is taken, which is told as chosen here.
    chosen = page.evaluate("() => window.riskmapPins.pins.find((p) => p.chosen).label")
    assert chosen in [one["text"] for one in names(page)]


def unseen(page: Page, points: list[list[float]]) -> list[list[float]]:
    """Of places (longitude, latitude) those that are not in the free part of the map on the screen, symbol and all."""
    found = page.evaluate(
        """(points) => {
          const r = (e) => e.getBoundingClientRect();
          const map = r(document.querySelector(".map .canvas"));
          const covers = [...document.querySelectorAll(".map .tools > *, .map .foot, .map .float:not(.tip)")].map(r);
          return points.filter(([lng, lat]) => {
            const at = window.riskmap.pointOf(lng, lat);
            const [x, y] = [map.left + at.x, map.top + at.y];
            const whole = x - 14 >= map.left && x + 14 <= map.right && y - 14 >= map.top && y + 20 <= map.bottom;
            const onScreen = y - 14 >= 0 && y + 20 <= window.innerHeight;
            const free = covers.every((c) => x + 14 < c.left || x - 14 > c.right || y + 20 < c.top || y - 14 > c.bottom);
            return !(whole && onScreen && free);
          });
        }""",
        points,
    )
    return list(found)


def ordered(page: Page, office: httpx.Client) -> list[list[float]]:
    """A plan is made and accepted; the places that it leads to."""
    card = planned(page)
    made = office.get(f"/api/rescue/plans/{card.get_attribute('data-plan')}").json()
    at = {one["id"]: one["position"] for one in office.get("/api/rescue/teams").json()["items"]}
    spots = {one["id"]: one["point"] for one in office.get("/api/rescue/incidents").json()["items"]}
    accepted(page)
    at_rest(page)
    sent = [a for a in made["assignments"] if a["order"] is None]
    ways = [corner for a in sent if a["route"] for corner in a["route"]["coordinates"]]
    return [*(spots[a["incident"]] for a in sent), *(at[a["team"]] for a in sent), *ways]


def test_what_was_ordered_lies_in_the_free_part_of_the_map(
    open_page: Callable[..., Watched], office: httpx.Client, town: list[dict[str, Any]]
) -> None:
    page = with_town(open_page(signed=True, path="/rescue").page, town)
    page.evaluate("(at) => window.riskmap.map.setView(at, 13)", [CITY[1] - 0.5, CITY[0]])
    places = ordered(page, office)
    assert len(places) > 20
    assert unseen(page, places) == []
    assert page.evaluate("() => window.riskmap.map.getZoom()") >= 12  # and no farther off than it has to be
    page.close()
    # On a telephone the map has been scrolled out of sight to read the plan: it comes back.
    for name, dx, dy in (("远处一", 0.03, 0.02), ("远处二", -0.03, -0.02)):
        reported(office, name, dx, dy, trapped=20, needs=["boat"])
    page = with_town(on_phone(open_page, office, "/rescue").page, town)
    page.get_by_role("tab", name="调度").click()
    places = ordered(page, office)
    assert unseen(page, places) == []


def standing(page: Page) -> list[dict[str, Any]]:
    """Where the pins' heads are on the screen, and which incidents are only counted at one."""
    found = page.evaluate(
        """() => {
          const map = document.querySelector(".map .canvas").getBoundingClientRect();
          return window.riskmapPins.standing(window.riskmap.map.getZoom()).map(({ lng, lat, ...pin }) => {
            const at = window.riskmap.pointOf(lng, lat);
            return { ...pin, x: map.left + at.x, y: map.top + at.y };
          });
        }"""
    )
    return list(found)


def test_incidents_at_one_place_are_each_seen_pressed_and_walked_to(
    open_page: Callable[..., Watched], office: httpx.Client, town: list[dict[str, Any]]
) -> None:
    east = 150 / 111_320 / 0.87  # degrees of 150 m
    at = (-0.05, -0.05)
    made = [
        reported(office, "同一处一", *at, trapped=40, vulnerable=9),
        reported(office, "同一处二", *at, trapped=1),
        reported(office, "一百五十米外", at[0] + east, at[1], trapped=30),
    ]
    page = with_town(open_page(signed=True, path="/rescue").page, [*town, *made])
    page.evaluate("([at, z]) => window.riskmap.map.setView(at, z)", [[CITY[1] + at[1], CITY[0] + at[0]], 12])
    at_rest(page)
    pins = {pin["id"]: pin for pin in standing(page)}
    three = [pins[one["id"]] for one in made]
    for n, a in enumerate(three):
        for b in three[n + 1 :]:
            assert max(abs(a["x"] - b["x"]), abs(a["y"] - b["y"])) >= 24  # no number hides another
    assert [pin["out"] for pin in three] == [False, True, True]  # the most urgent is at its place
    for one in (made[1], made[2], made[0]):
        pin = pins[one["id"]]
        page.mouse.click(pin["x"], pin["y"])
        expect(page.locator(f"[data-incident='{one['id']}'] .main")).to_have_attribute("aria-expanded", "true")
        frames(page)
        assert {p["id"]: p for p in standing(page)}[one["id"]] == pin  # looking at it moves nothing
    # By key, from the most urgent on.
    page.locator(".map .canvas").focus()
    order = [one["id"] for one in office.get("/api/rescue/incidents").json()["items"]]
    for n in (1, 2):
        page.keyboard.press("n")
        expect(page.locator(".map > [role=status]")).to_contain_text(f"险情 {order[n - 1]} ")
    page.keyboard.press("p")
    page.keyboard.press("Enter")
    expect(page.locator(f"[data-incident='{order[0]}'] .main")).to_have_attribute("aria-expanded", "true")


def test_of_a_crowd_none_is_lost_and_who_is_chosen_stands(
    open_page: Callable[..., Watched], town: list[dict[str, Any]]
) -> None:
    page = with_town(open_page(signed=True, path="/rescue").page, town)
    page.evaluate("([at, z]) => window.riskmap.map.setView(at, z)", [[CITY[1], CITY[0]], 12])
    at_rest(page)
    page.evaluate(
        """([lng, lat]) => window.riskmapPins.show(Array.from({ length: 300 }, (_, i) => ({
          id: i + 1, lng: lng + (i % 7) / 1e4, lat, shape: null, label: "", tip: `险情 ${i + 1}`, chosen: i === 299, over: false,
        })), [])""",
        list(CITY),
    )
    pins = standing(page)
    more = [one for pin in pins for one in pin["more"]]
    assert sorted([pin["id"] for pin in pins] + more) == list(range(1, 301))
    assert more
    assert 300 not in more
    # The count says how many, and a press brings them nearer.
    host = next(pin for pin in pins if pin["more"])
    page.mouse.move(host["x"] + 12, host["y"] - 12)
    expect(page.locator(".map .tip")).to_contain_text(f"这里还有 {len(host['more'])} 处险情")
    page.mouse.click(host["x"] + 12, host["y"] - 12)
    page.wait_for_function("() => window.riskmap.map.getZoom() > 12")


def test_no_name_is_cut_at_the_edge_of_the_map(open_page: Callable[..., Watched], town: list[dict[str, Any]]) -> None:
    page = with_town(open_page(signed=True, path="/rescue").page, town)
    seen = """() => {
      const { min, max } = window.riskmap.map.getPixelBounds();
      return { l: min.x, r: max.x, t: min.y, b: max.y };
    }"""
    page.evaluate("([at, z]) => window.riskmap.map.setView(at, z)", [[CITY[1], CITY[0]], 15])
    box = page.locator(".map .canvas").bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(4):
        inside = 0
        view = page.evaluate(seen)
        for one in names(page):
            spot = one["spot"]
            if meet(spot, view):
                inside += 1
                assert spot["l"] >= view["l"], one
                assert spot["r"] <= view["r"], one
                assert spot["t"] >= view["t"], one
                assert spot["b"] <= view["b"], one
        assert inside > 3
        # Dragged on: where it rests they are placed anew.
        page.mouse.move(*middle)
        page.mouse.down()
        page.mouse.move(middle[0] + 37, middle[1] - 23, steps=4)
        page.mouse.up()
        at_rest(page)
        page.wait_for_timeout(300)  # the map tells where it has come to when it rests
