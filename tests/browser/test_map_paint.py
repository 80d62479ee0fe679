"""What stands on the map's canvases."""

from typing import Any

import pytest

from tests.browser.conftest import at_rest
from tests.browser.test_page import drawn, on_screen

DEMO = True

# Many small steps, a rest, and then the same frame painted anew: how much of the picture differs, per layer.
_DIFFERENCE = """async () => {
  const map = window.riskmap;
  let shifted = 0;
  for (const layer of [map.base, map.risk, map.heat]) {
    const shift = layer.shift;
    layer.shift = function (...given) { const done = shift.apply(this, given); shifted += done ? 1 : 0; return done; };
  }
  for (let i = 0; i < 24; i++) {
    map.map.panBy([19, i % 5 ? -13 : 21], { animate: false });
    await new Promise(requestAnimationFrame);
  }
  await window.atRest();
  const out = { shifted };
  for (const [name, layer] of [["base", map.base], ["risk", map.risk], ["heat", map.heat]]) {
    if (!layer.frame) continue;
    const { width, height } = layer.canvas;
    const pixels = () => {
      const copy = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
      copy.drawImage(layer.canvas, 0, 0);
      return copy.getImageData(0, 0, width, height).data;
    };
    const was = pixels();
    layer.repaint();
    const is = pixels();
    let other = 0, painted = 0;
    for (let i = 3; i < is.length; i += 4) {
      if (is[i]) painted++;
      if ([0, 1, 2, 3].some((c) => Math.abs(was[i - c] - is[i - c]) > 48)) other++;
    }
    out[name] = other / Math.max(1, painted);
  }
  return out;
}"""


@pytest.mark.parametrize("link", ["map=11/29.7/116.0", "map=13/29.7/116.0", "heat=1&map=12/29.7/116.0"])
def test_a_picture_that_was_shifted_is_the_one_that_would_be_painted_anew(open_page: Any, link: str) -> None:
    page = open_page(link, signed=True).page
    if "heat" in link:
        page.wait_for_function("() => window.riskmap.heat.hexagons.length > 0")
    else:
        drawn(page)
    found = page.evaluate(_DIFFERENCE)
    assert found.pop("shifted") > 0
    assert len(found) == 2
    assert all(share < 0.001 for share in found.values()), found


def test_what_is_closed_or_struck_off_is_drawn_as_no_live_one(open_page: Any) -> None:
    page = open_page("class=mine&stage=closed", signed=True).page
    shown = drawn(page)
    assert shown["marks"]
    assert all(mark["over"] for mark in shown["marks"])
    stamped = "() => [...window.riskmap.risk.atlas.stamps.keys()].map((key) => key.endsWith('|true'))"
    assert set(page.evaluate(stamped)) == {True}
    page = open_page("class=mine", signed=True).page
    assert not any(mark["over"] for mark in drawn(page)["marks"])
    assert set(page.evaluate(stamped)) == {False}


# The name of the chosen object against the ring round it: both in pixels of the drawing, from the symbol's middle.
_NAME_AND_RING = """() => {
  const { risk, chosenId } = window.riskmap;
  const mark = risk.find(chosenId), size = 256 * 2 ** risk.frame.zoom;
  const name = risk.placed.names.find((n) => n.text === mark.name);
  if (!name) return null;
  const [x, y] = [name.x - mark.x * size, name.y - mark.y * size];
  const aside = Math.max(x - name.half, -x - name.half, 0), below = Math.max(y - 11, -y - 3, 0);
  return Math.hypot(aside, below);
}"""


@pytest.mark.parametrize("stage", ["in_use", "closed"])
def test_the_ring_of_the_chosen_object_leaves_its_name_to_be_read(open_page: Any, stage: str) -> None:
    page = open_page(f"class=gas-restaurant&stage={stage}&map=17/29.71193/115.97717", signed=True).page
    drawn(page)
    at_rest(page)
    mark = next(m for m in drawn(page)["marks"] if m["id"])
    page.mouse.click(*on_screen(page, mark))
    page.wait_for_function("(id) => window.riskmap.chosenId === id", arg=mark["id"])
    at_rest(page)
    assert page.evaluate(_NAME_AND_RING) > 11 + 9 + 1  # half the symbol, to the ring, half its stroke
