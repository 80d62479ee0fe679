"""Whatever one filters and wherever one moves: map, table, counts and export are of the same objects."""

import csv
import io
import json
import random
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import mapbox_vector_tile
from playwright.sync_api import Page, expect

from tests.browser.conftest import at_rest
from tests.browser.test_page import total

DEMO = True
ACTS = 20
_MATRIX = 15  # from here on a tile sends every object by itself


class Quiet:
    """Knows what the page is still waiting for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.waiting: set[Any] = set()
        page.on("request", lambda r: None if r.url.endswith("/api/events") else self.waiting.add(r))
        for ended in ("requestfinished", "requestfailed"):
            page.on(ended, lambda r: self.waiting.discard(r))

    def wait(self) -> None:
        """Until nothing is asked or awaited any more, and the picture is whole."""
        at_rest(self.page)
        while self.waiting:
            at_rest(self.page)
        expect(self.page.locator(".tbl .wrap[aria-busy=true]")).to_have_count(0)
        self.page.wait_for_function("() => !document.querySelector('.map .say-so')")


def asked(watched: Any, path: str, classes: str | None = None) -> dict[str, str]:
    """Parameters of the page's newest question to a path; with `classes`, of the objects and not of the ground below."""
    for url in reversed(watched.asked):
        parts = urlsplit(url)
        question = dict(parse_qsl(parts.query))
        found = parts.path.startswith(path) if path.endswith("/") else parts.path == path
        if found and classes in (None, question.get("class")):
            return question
    raise AssertionError(path)


def numbers(page: Page, where: str) -> list[int]:
    return [int(text.replace(",", "")) for text in page.locator(where).all_inner_texts()]


def figures_agree(page: Page, said: str) -> None:
    """Chips, legend, the sentence and the counts answer say the same."""
    chips = numbers(page, ".chips .chip b")
    on = page.locator(".chips .chip").evaluate_all("chips => chips.map(c => c.getAttribute('aria-pressed') === 'true')")
    if page.locator(".cond", has_text="六边形").count() == 0:
        assert sum(n for n, chosen in zip(chips, on, strict=True) if chosen) == total(page), said
    legend = numbers(page, ".legend .c.all")
    if legend:  # the hexagons' legend has steps instead
        assert legend == chips, said


def turn(page: Page, button: str) -> bool:
    """To the next or the previous page of the table; whether there was one."""
    to = page.locator(".tbl .pager").get_by_role("button", name=button)
    if to.is_disabled():
        return False
    first = page.locator(".tbl [data-id]").first.get_attribute("data-id")
    to.click()
    expect(page.locator(".tbl [data-id]").first).not_to_have_attribute("data-id", first or "")
    return True


def in_table(page: Page) -> set[int]:
    """Ids of every row of the table, by paging through it."""
    while turn(page, "上一页"):
        pass
    out: set[int] = set()
    while True:
        out |= {int(i) for i in page.locator(".tbl [data-id]").evaluate_all("rows => rows.map(r => r.dataset.id)")}
        if not turn(page, "下一页"):
            return out


def in_tiles(page: Page, address: str, picture: dict[str, str], points: list[tuple[float, float]]) -> list[int]:
    """Ids that tiles of the page's own picture count, all round these places."""
    side = 2**_MATRIX
    wanted = page.evaluate(
        """([points, side]) => [...new Set(points.map(([lng, lat]) => {
          const y = 0.5 - Math.log(Math.tan(Math.PI / 4 + lat * Math.PI / 360)) / (2 * Math.PI);
          return `${Math.floor((lng / 360 + 0.5) * side)}/${Math.floor(y * side)}`;
        }))]""",
        [points, side],
    )
    out: list[int] = []
    for name in wanted:
        answer = page.request.get(f"{address}/api/tiles/{_MATRIX}/{name}.mvt?{urlencode(picture)}")
        assert answer.status in {200, 204}
        if answer.status == 204:
            continue
        tile = mapbox_vector_tile.decode(answer.body(), default_options={"y_coord_down": True})
        assert not tile.get("clusters", {}).get("features")
        for feature in tile.get("objects", {}).get("features", []):
            kind = feature["geometry"]["type"]
            if (kind == "Point" and all(0 <= v < 4096 for v in feature["geometry"]["coordinates"])) or (
                kind != "Point" and "anchor_x" in feature["properties"]
            ):
                out.append(feature["id"])
    return out


def act(page: Page, dice: random.Random) -> str:
    """One thing that an officer might do."""
    kind = dice.choice(["grade", "class", "class", "area", "pan", "zoom", "heat", "in view", "text", "all"])
    if kind == "grade":
        page.locator(".chips .chip").nth(dice.randrange(2)).click()
    elif kind == "class":
        ticks = page.locator(".tr.l2 .tick")
        ticks.nth(dice.randrange(ticks.count())).click()
    elif kind == "area":
        page.evaluate(
            "(n) => { const b = [...document.querySelectorAll('.areas button, .areas [role=treeitem] button')]; b[n % b.length].click(); }",
            dice.randrange(12),
        )
    elif kind == "pan":
        page.evaluate(
            "(by) => window.riskmap.map.panBy(by, { animate: false })",
            [dice.randrange(-300, 300), dice.randrange(-200, 200)],
        )
    elif kind == "zoom":
        page.evaluate("(z) => window.riskmap.map.setZoom(z, { animate: false })", dice.choice([8.5, 9, 10, 11, 12, 13]))
    elif kind == "heat":
        page.locator(".tools button[aria-pressed]").first.click()
    elif kind == "in view":
        page.locator(".tbl .el-switch").click()
    elif kind == "text":
        page.evaluate(
            "(q) => { location.hash = location.hash.replace(/(^#|&)q=[^&]*/, '$1').replace(/^#&/, '#') + `&q=${encodeURIComponent(q)}`; }",
            dice.choice(["演", "例", "库"]),
        )
    else:
        page.evaluate("() => { location.hash = 'grade=major,serious'; }")
    return kind


def test_after_twenty_random_acts_map_table_and_export_are_of_the_same_objects(open_page: Any, address: str) -> None:
    watched = open_page("grade=major,serious", signed=True)
    page = watched.page
    quiet = Quiet(page)
    dice = random.Random(20261126)
    done: list[str] = []
    compared = 0
    for _ in range(ACTS):
        done.append(act(page, dice))
        quiet.wait()
        chips = page.locator(".words .total")
        if not chips.count():
            continue
        said = json.dumps(done[-6:])
        figures_agree(page, said)
        rows = in_table(page)
        if not rows:
            expect(page.locator(".tbl .empty")).to_be_visible()
            continue
        question = asked(watched, "/api/objects")
        narrowed = "bbox" in question or "cell" in question
        shown = {k: v for k, v in question.items() if k not in {"limit", "cursor"}}
        exported = page.request.get(f"{address}/api/objects.csv?{urlencode(shown)}&columns=id,lon,lat&plain=true")
        assert exported.status == 200, (said, exported.text())
        table = list(csv.reader(io.StringIO(exported.text().removeprefix("\ufeff"))))[1:]
        taken = {int(row[0]): (float(row[1]), float(row[2])) for row in table if row[1]}
        assert {int(row[0]) for row in table} == rows, said
        if not narrowed:
            assert len(rows) == total(page), said
            heat = page.evaluate("() => window.riskmap.heatOn")
            picture = asked(watched, "/api/heat" if heat else "/api/tiles/", question["class"])
            picture.pop("resolution", None)
            counted = in_tiles(page, address, picture, list(taken.values()))
            assert sorted(counted) == sorted(taken), said
        shown_now = page.evaluate("() => window.riskmap.drawn()")
        assert {m["id"] for m in shown_now["marks"]} <= set(taken) or narrowed, said
        compared += 1
    assert compared >= ACTS // 2
