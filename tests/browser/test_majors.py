"""Twenty thousand small premises and fifty major hazards: at city scale every major one is seen."""

import random
from typing import Any

import pytest
from playwright.sync_api import expect

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.register import service
from riskmap.register.draft import ObjectDraft
from riskmap.store.snapshot import open_snapshot
from tests.browser.test_page import drawn
from tests.conftest import ADMIN_PASSWORD

SMALL, MAJOR = 20_000, 50
WEST, SOUTH, EAST, NORTH = 115.75, 29.55, 116.25, 29.85


@pytest.fixture(scope="module")
def crowded(app: Any, settings: Any) -> None:
    """A city full of small shops, its major hazards in the thick of them."""
    rng = random.Random(50)
    towns = [(rng.uniform(WEST, EAST), rng.uniform(SOUTH, NORTH)) for _ in range(25)]

    def draft(class_: str, i: int, grade: str) -> ObjectDraft:
        x, y = rng.choice(towns)
        at = [min(max(rng.gauss(x, 0.03), WEST), EAST), min(max(rng.gauss(y, 0.02), SOUTH), NORTH)]
        body = {
            "class": class_,
            "name": f"拟{i}号",
            "division": "360402",
            "geometry": {"type": "Point", "coordinates": at},
            "attributes": {},
            "grade": {"value": grade, "basis": "试"},
        }
        return ObjectDraft.model_validate(body)

    drafts = [draft("gas-restaurant", i, "low") for i in range(SMALL)]
    drafts += [draft("major-hazard", SMALL + i, "major") for i in range(MAJOR)]
    with database.write(app.state.engine, SYSTEM.settings(write=True)) as connection:
        snapshot = open_snapshot(connection, SYSTEM, app.state.catalogues, 7)
        service.create_many(snapshot, drafts, settings.bounds, "试")


@pytest.mark.parametrize("zoom", [9, 10])
def test_every_major_hazard_is_a_symbol_or_in_a_cluster_that_says_so(crowded: None, open_page: Any, zoom: int) -> None:
    page = open_page(f"map={zoom}/29.7/116.0", 1366, 900).page
    page.get_by_role("button", name="登录").first.click()
    page.locator("input[name=username]").fill("admin")
    page.locator("input[name=password]").fill(ADMIN_PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="退出登录")).to_be_visible()
    shown = drawn(page, SMALL + MAJOR)
    alone = [m for m in shown["marks"] if m["grade"] == 0]
    inside = [c for c in shown["clusters"] if c["by"][0]]
    assert all(c["grade"] == 0 for c in inside)  # their badge is 重大's
    assert len(alone) + sum(c["by"][0] for c in inside) == MAJOR
    assert any(c["n"] > 100 for c in inside)  # they do stand in the thick of it
    # Worst on top: what is painted last is 重大.
    order = page.evaluate("() => window.riskmap.risk.scene.marks.map((m) => m.grade)")
    assert order == sorted(order, reverse=True)
