"""Basemaps in the page: the chooser, tiles of the house, a shifted GCJ-02 basemap, 天地图 that fails, the administrator's page."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from riskmap.atlas.basemaps.tianditu import Tianditu
from riskmap.base.crs import grid_of, tile_bounds
from riskmap.base.settings import Settings
from riskmap.exchange.datum import gcj02_to_wgs84
from tests.basemaps import addresses, make_mbtiles, make_pmtiles, png, vector_tile
from tests.browser.test_accounts import client_of, sign_in
from tests.conftest import ADMIN_PASSWORD

DEMO = True
RED, GREEN = (200, 30, 30), (30, 120, 30)
KEY = "0123456789abcdef0123456789abcdef"
CITY = "map=9/29.5/115.9"
HERE = (116.0, 29.7)
Z = 15


def _tile_at(z: int, lon: float, lat: float) -> tuple[int, int, int]:
    gx, gy = grid_of(lon, lat)
    return z, gx >> (36 - z), gy >> (36 - z)


@pytest.fixture(scope="module")
def admin(address: str, settings: Settings) -> Iterator[httpx.Client]:
    """The administrator, with four basemaps made and declared."""
    folder = settings.data_dir / "basemap" / "tiles"
    folder.mkdir(parents=True, exist_ok=True)
    z, x, y = _tile_at(Z, *HERE)
    near = [(z, x + dx, y + dy) for dx in range(-6, 7) for dy in range(-6, 7)]
    make_mbtiles(folder / "aerial.mbtiles", addresses(range(6, 11)), png(GREEN), name="航摄影像")
    make_mbtiles(folder / "shifted.mbtiles", near, lambda t: png(RED if t == (z, x, y) else GREEN))
    make_pmtiles(folder / "street.pmtiles", addresses(range(6, 11)), vector_tile, vector=True)
    client = client_of(address, "admin", ADMIN_PASSWORD)
    for place, datum in (("aerial.mbtiles", "CGCS2000"), ("shifted.mbtiles", "GCJ02"), ("street.pmtiles", "CGCS2000")):
        body = {"place": place, "datum": datum, "approval": f"审图号 试（2026）{len(place)} 号"}
        source = client.post("/api/basemap/sources", json=body).json()["source"]
        told = client.patch(f"/api/basemap/sources/{source}", json={"enabled": True, "public": True})
        assert told.status_code == 200, told.text
    yield client
    client.close()


def settled(page: Page, source: str) -> dict[str, Any]:
    """What lies below, once all its tiles are there."""
    page.wait_for_function(
        "s => { const g = window.riskmap?.groundShown(); return g && g.source === s && (s === 'plain' || (g.there > 0 && g.due === 0)) }",
        arg=source,
    )
    page.wait_for_function(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"
    )
    shown: dict[str, Any] = page.evaluate("window.riskmap.groundShown()")
    return shown


# Read from a copy: the map's own canvases shall stay such as are only painted.
_PIXELS = """([points, selector]) => {
  const canvas = document.querySelector(selector);
  const box = document.querySelector('.map .canvas').getBoundingClientRect();
  const at = canvas.getBoundingClientRect();
  const k = canvas.width / at.width;
  const copy = document.createElement('canvas');
  copy.width = points.length;
  copy.height = 1;
  const c = copy.getContext('2d', { willReadFrequently: true });
  points.forEach(([x, y], i) => c.drawImage(canvas, Math.round((x + box.x - at.x) * k), Math.round((y + box.y - at.y) * k), 1, 1, i, 0, 1, 1));
  return points.map((_, i) => [...c.getImageData(i, 0, 1, 1).data]);
}"""


def pixels(
    page: Page, points: list[tuple[float, float]], selector: str = "canvas[data-ground]"
) -> list[tuple[int, int, int]]:
    found = page.evaluate(_PIXELS, [points, selector])
    return [tuple(p[:3]) for p in found]


def chooser(page: Page) -> Any:
    page.get_by_role("button", name="选择底图").click()
    return page.get_by_role("dialog", name="底图")


def test_an_own_basemap_is_chosen_by_hand_and_by_link_and_stays(admin: httpx.Client, open_page: Any) -> None:
    page: Page = open_page(CITY).page
    settled(page, "plain")
    panel = chooser(page)
    panel.get_by_role("radio", name="航摄影像").check()
    settled(page, "aerial")
    assert pixels(page, [(500, 200)]) == [GREEN]
    expect(page.locator(".foot")).to_contain_text("测绘院 · 审图号 试（2026）14 号 · 底图基准 CGCS2000")
    # Looks change the basemap alone: no filter lies on the data.
    panel.get_by_role("button", name="灰", exact=True).click()
    assert "grayscale" in page.evaluate("document.querySelector('canvas[data-ground]').style.filter")
    panel.get_by_role("button", name="暗", exact=True).click()
    assert "brightness" in page.evaluate("document.querySelector('canvas[data-ground]').style.filter")
    assert page.evaluate("document.querySelector('.leaflet-risk-pane canvas').style.filter") == ""
    panel.get_by_label("不透明度").fill("0.6")
    assert page.evaluate("document.querySelector('canvas[data-ground]').style.opacity") == "0.6"
    # Escape closes and gives the focus back; the link and the browser keep the choice.
    panel.get_by_role("radio", name="航摄影像").focus()
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(page.get_by_role("button", name="选择底图")).to_be_focused()
    assert "base=aerial.dark" in page.url
    page.goto(page.url.split("#")[0])
    page.wait_for_selector(".words .total")
    settled(page, "aerial")
    # By keyboard: Enter opens, an arrow goes to the next.
    page.get_by_role("button", name="选择底图").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowUp")
    settled(page, "plain")


def test_parts_of_the_plain_one_and_its_dark_look(admin: httpx.Client, open_page: Any) -> None:
    page: Page = open_page("map=10.5/29.4/116.1&base=plain").page
    settled(page, "plain")
    lake = page.evaluate("window.riskmap.pointOf(116.08, 29.42)")
    page.wait_for_function("() => window.riskmap.drawn().objects > 0")
    plain = ".leaflet-basemap-pane canvas"
    spots = [(lake["x"] + dx, lake["y"] + dy) for dx in range(-60, 61, 20) for dy in range(-40, 41, 20)]

    def colours() -> set[tuple[int, int, int]]:
        page.wait_for_function(
            "() => new Promise(d => requestAnimationFrame(() => requestAnimationFrame(() => d(true))))"
        )
        return set(pixels(page, spots, plain))

    water, night_water, land = (0xD2, 0xDF, 0xE3), (0x15, 0x26, 0x2D), (0xF6, 0xF6, 0xF2)
    page.wait_for_function(
        "([p, s, w]) => { const f = new Function('return ' + p)(); return f([s, '.leaflet-basemap-pane canvas']).some(c => c[0] === w[0] && c[1] === w[1]) }",
        arg=[_PIXELS, spots, list(water)],
    )
    panel = chooser(page)
    panel.get_by_label("水系").uncheck()
    assert water not in colours()
    assert land in colours()
    panel.get_by_label("水系").check()
    panel.get_by_role("button", name="暗", exact=True).click()
    assert night_water in colours()
    panel.get_by_role("button", name="原色", exact=True).click()
    assert water in colours()
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert night_water in colours(), "the page's theme is the map's too"


def test_what_is_painted_on_the_ground_stands_out_from_it_under_either_theme(
    admin: httpx.Client, open_page: Any
) -> None:
    page: Page = open_page(f"{CITY}&base=plain").page
    settled(page, "plain")
    inks = "() => ['halo', 'label', 'select'].map((name) => window.riskmap.palette[name].toLowerCase())"
    on_light, on_dark = ["#fbfbf8", "#414f56", "#111a1e"], ["#0c1215", "#a9b7bd", "#fff"]
    assert page.evaluate(inks) == on_light
    atlas = page.evaluate_handle("() => window.riskmap.risk.atlas")
    panel = chooser(page)
    panel.get_by_role("button", name="暗", exact=True).click()
    assert page.evaluate(inks) == on_dark
    assert page.evaluate("(before) => window.riskmap.risk.atlas !== before", atlas), "symbols are stamped anew"
    panel.get_by_role("button", name="原色", exact=True).click()
    assert page.evaluate(inks) == on_light
    # A drawn picture in its own colours stays light under the dark theme.
    panel.get_by_role("radio", name="航摄影像").check()
    settled(page, "aerial")
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_function("() => window.riskmap.palette.surface.toLowerCase() === '#12191d'")
    assert page.evaluate(inks) == on_light
    panel.get_by_role("button", name="暗", exact=True).click()
    assert page.evaluate(inks) == on_dark


def test_a_gcj02_basemap_is_shifted_under_the_data(admin: httpx.Client, open_page: Any) -> None:
    page: Page = open_page(f"map={Z}/{HERE[1]}/{HERE[0]}&base=shifted").page
    settled(page, "shifted")
    west, south, east, north = tile_bounds(*_tile_at(Z, *HERE))
    # Where the red tile's middle of each edge truly is: by the service's own formula, not by the page's.
    lon, lat = gcj02_to_wgs84(
        np.array([west, east, (west + east) / 2, (west + east) / 2]),
        np.array([(south + north) / 2] * 2 + [north, south]),
    )
    left, right, top, bottom = (page.evaluate(f"window.riskmap.pointOf({lon[i]}, {lat[i]})") for i in range(4))
    for edge, axis, inward in ((left, "x", 1), (right, "x", -1), (top, "y", 1), (bottom, "y", -1)):
        inside, outside = dict(edge), dict(edge)
        inside[axis] += 2 * inward
        outside[axis] -= 2 * inward
        assert pixels(page, [(inside["x"], inside["y"]), (outside["x"], outside["y"])]) == [RED, GREEN], (edge, axis)
    # The data did not move: the view's middle is the place that the link names.
    middle = page.evaluate(f"window.riskmap.pointOf({HERE[0]}, {HERE[1]})")
    size = page.evaluate("(({ clientWidth: w, clientHeight: h }) => [w, h])(document.querySelector('.map .canvas'))")
    assert abs(middle["x"] - size[0] / 2) <= 1
    assert abs(middle["y"] - size[1] / 2) <= 1


def test_vector_tiles_are_drawn_in_our_own_colours(admin: httpx.Client, open_page: Any) -> None:
    page: Page = open_page("map=10/29.5/115.9&base=street").page
    settled(page, "street")
    z, x, y = _tile_at(9, 115.9, 29.5)
    west, south, east, north = tile_bounds(z, x, y)
    at = [
        page.evaluate(f"window.riskmap.pointOf({west + (east - west) * share}, {north - (north - south) * 0.3})")
        for share in (0.4, 0.6)
    ]
    assert pixels(page, [(p["x"], p["y"]) for p in at]) == [(0xD2, 0xDF, 0xE3), (0xF6, 0xF6, 0xF2)]
    chooser(page).get_by_role("button", name="暗", exact=True).click()
    page.wait_for_function("() => new Promise(d => requestAnimationFrame(() => requestAnimationFrame(() => d(true))))")
    assert pixels(page, [(p["x"], p["y"]) for p in at]) == [(0x15, 0x26, 0x2D), (0x10, 0x17, 0x1A)]


def test_a_link_to_a_basemap_that_is_not_there_says_so(admin: httpx.Client, open_page: Any) -> None:
    page: Page = open_page(f"{CITY}&base=unknown-one").page
    settled(page, "plain")
    expect(page.locator(".left-out")).to_contain_text("底图“unknown-one”（没有这个底图或已停用，先用默认底图）")


def test_tianditu_comes_through_the_server_and_its_failure_is_a_quiet_sentence(
    admin: httpx.Client, open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def tiles(self: Tianditu, layer: str, *_: Any) -> tuple[int, str, bytes]:
        asked.append(layer)
        return 200, "image/png", png(GREEN)

    monkeypatch.setattr(Tianditu, "_fetch", tiles)
    assert admin.put("/api/basemap/tianditu/key", json={"key": KEY}).status_code == 204
    assert admin.patch("/api/basemap/sources/tianditu-vec", json={"enabled": True, "public": True}).status_code == 200
    watched = open_page(f"{CITY}&base=tianditu-vec")
    page: Page = watched.page
    settled(page, "tianditu-vec")
    assert set(asked) == {"vec_w", "cva_w"}
    assert not [u for u in watched.asked if KEY in u or "tianditu.gov.cn" in u]
    expect(page.locator(".foot")).to_contain_text("天地图")

    def away(self: Tianditu, *_: Any) -> tuple[int, str, bytes]:
        raise OSError

    monkeypatch.setattr(Tianditu, "_fetch", away)
    page.evaluate("location.hash = 'map=11/29.7/116&base=tianditu-vec'")
    expect(page.locator(".bm-note")).to_contain_text("天地图暂时连不上")
    expect(page.locator(".words .total")).to_be_visible()
    # The browser itself writes each 503 to its console: these and nothing else.
    assert watched.wrong
    assert all("503" in line for line in watched.wrong)
    watched.wrong.clear()
    page.goto("about:blank")
    watched.wrong.clear()
    admin.patch("/api/basemap/sources/tianditu-vec", json={"enabled": False})
    admin.delete("/api/basemap/tianditu/key")


def test_an_administrator_uploads_declares_and_sets_a_key(admin: httpx.Client, open_page: Any, tmp_path: Path) -> None:
    watched = open_page()
    page: Page = watched.page
    sign_in(page, "admin", ADMIN_PASSWORD)
    page.get_by_role("link", name="管理").click()
    page.get_by_role("link", name="底图", exact=True).click()
    broken = tmp_path / "坏的.mbtiles"
    broken.write_bytes(b"not a database")
    page.get_by_label("上传底图文件").first.set_input_files(broken)
    expect(page.get_by_role("alert")).to_contain_text("不是 MBTiles 文件")
    assert all("422" in line for line in watched.wrong)
    watched.wrong.clear()
    page.get_by_label("上传底图文件").first.set_input_files(
        make_mbtiles(tmp_path / "水利图.mbtiles", addresses([8, 9]), png(RED))
    )
    page.get_by_label("审图号").fill("审图号 试（2026）9 号")
    page.get_by_label("坐标基准").select_option("BD09")
    page.get_by_role("button", name="登记", exact=True).last.click()
    expect(page.get_by_role("alert").last).to_contain_text("百度")
    watched.wrong.clear()
    page.get_by_label("坐标基准").select_option("GCJ02")
    page.get_by_role("button", name="登记", exact=True).last.click()
    row = page.get_by_role("row").filter(has_text="水利图")
    expect(row).to_contain_text("GCJ-02")
    expect(row).to_contain_text("已启用")
    key = page.get_by_role("textbox", name="密钥")  # the button beside it speaks of the key too
    key.fill(KEY)
    page.get_by_role("button", name="保存密钥").click()
    expect(page.get_by_text("已设置（不再显示）")).to_be_visible()
    expect(key).to_have_value("")
    assert KEY not in page.content()
    page.get_by_role("link", name="一张图").click()
    expect(chooser(page).get_by_text("水利图")).to_be_visible()
    admin.delete("/api/basemap/tianditu/key")


def test_a_basemap_whose_file_cannot_be_deleted_is_gone_from_the_list(
    admin: httpx.Client, settings: Settings, open_page: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = make_mbtiles(
        settings.data_dir / "basemap" / "tiles" / "kept.mbtiles", addresses([8]), png(RED), name="删不掉的"
    )
    assert admin.post("/api/basemap/sources", json={"place": kept.name, "datum": "CGCS2000"}).status_code < 300
    watched = open_page(signed=True)
    page: Page = watched.page
    page.get_by_role("link", name="管理").click()
    page.get_by_role("link", name="底图", exact=True).click()
    row = page.get_by_role("row").filter(has_text="删不掉的")
    row.get_by_role("button").first.click()
    drawer = page.locator(".bm-form")
    drawer.get_by_role("checkbox").last.check()
    unlink = Path.unlink

    def refused(path: Path, missing_ok: bool = False) -> None:
        if path.name == kept.name:
            raise PermissionError(13, "refused", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", refused)
    drawer.get_by_role("button", name="移出列表").click()
    drawer.get_by_role("button", name="确定移出列表").click()
    told = page.get_by_role("region", name="底图", exact=True).get_by_role("alert")
    expect(told).to_contain_text("已从列表移除，但文件删不掉")
    expect(drawer).to_be_hidden()
    expect(row).to_have_count(0)
    assert all("409" in line for line in watched.wrong)
    watched.wrong.clear()
    monkeypatch.undo()
    kept.unlink()


def test_a_basemap_that_another_has_removed_meanwhile_is_told_and_leaves_the_list(
    admin: httpx.Client, settings: Settings, open_page: Any
) -> None:
    tiles = settings.data_dir / "basemap" / "tiles"
    for name in ("first", "second"):
        path = make_mbtiles(tiles / f"{name}.mbtiles", addresses([8]), png(RED), name=f"将移走的 {name}")
        assert admin.post("/api/basemap/sources", json={"place": path.name, "datum": "CGCS2000"}).status_code < 300
    watched = open_page(signed=True)
    page: Page = watched.page
    page.get_by_role("link", name="管理").click()
    page.get_by_role("link", name="底图", exact=True).click()
    drawer = page.locator(".bm-form")
    told = page.get_by_role("region", name="底图", exact=True).get_by_role("alert")
    for name, act in (("first", "保存"), ("second", "试读一块")):
        title = f"将移走的 {name}"
        page.get_by_role("button", name=f"修改 {title}").click()
        assert admin.delete(f"/api/basemap/sources/{name}?file=true").status_code == 204
        drawer.get_by_role("button", name=act, exact=True).click()
        expect(told).to_have_text(f"“{title}”已不在列表中，可能已由别人移除。列表已刷新。")
        expect(drawer).to_be_hidden()
        expect(page.get_by_role("row").filter(has_text=title)).to_have_count(0)
    assert all("404" in line for line in watched.wrong)
    watched.wrong.clear()
