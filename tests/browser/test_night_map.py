"""The map of a busy night: ten incidents and ten teams in one town, whose names are read and whose places are seen."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Watched, at_rest, frames
from tests.browser.test_dispatch import CITY, office, post, reported

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


@pytest.fixture
def opened(open_page: Callable[..., Watched], town: list[dict[str, Any]]) -> Callable[[int, int], Page]:
    """Opens the night, at a size."""

    def open_(width: int, height: int) -> Page:
        watched = open_page(signed=True, path="/rescue", width=width, height=height)
        watched.page.wait_for_function("(n) => window.riskmapPins?.counts().pins === n", arg=len(town))
        return watched.page

    return open_


def names(page: Page) -> list[dict[str, Any]]:
    """What is written on the map, with the box that each takes."""
    at_rest(page)
    frames(page)
    return list(page.evaluate("() => window.riskmapNames.named()"))


def meet(a: dict[str, float], b: dict[str, float]) -> bool:
    return a["l"] < b["r"] and a["r"] > b["l"] and a["t"] < b["b"] and a["b"] > b["t"]


def test_no_two_names_on_the_map_run_into_one_another(
    opened: Callable[[int, int], Page], town: list[dict[str, Any]]
) -> None:
    page = opened(1366, 768)
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
