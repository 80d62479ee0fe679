"""How the page feels with many objects and no graphics card: panning, filtering, memory, size of the bundle.

    .venv/bin/python benchmarks/page.py [--objects 100000] [--minutes 10]

A private cluster of its own, the service in a process of its own, Chromium drawing in software at
1366 × 768. Times are of this machine: read the ratios between lines of one run, and run it alone.
"""

import argparse
import gzip
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from million import fill  # beside this file
from playwright.sync_api import CDPSession, Page, sync_playwright

from riskmap.access.admin import ensure_first_administrator
from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.cluster import PrivateCluster
from riskmap.base.database import app_url, make_engine
from riskmap.base.migrate import migrate
from riskmap.base.settings import FRONTEND_DIST, GEODATA, Settings
from riskmap.catalogue.seed import seed
from riskmap.register.load import load_divisions

PASSWORD = "Adm1n-for-the-bench"
CITY = (29.70, 116.00)
FLAGS = ["--no-sandbox", "--disable-gpu", "--enable-precise-memory-info", "--js-flags=--expose-gc"]

# Frames while the map is moved a little at each of them, as a hand does.
_PAN = """async ([steps, dx, dy]) => {
  const map = window.riskmap.map;
  const times = [];
  let last = await new Promise(requestAnimationFrame);
  for (let i = 0; i < steps; i++) {
    const turn = Math.floor(i / 30) % 4;
    map.panBy([turn % 2 ? -dx : dx, turn < 2 ? dy : -dy], { animate: false });
    const now = await new Promise(requestAnimationFrame);
    times.push(now - last);
    last = now;
  }
  return times;
}"""
# Frames while something else moves the map.
_WATCH = """() => {
  window.times = [];
  let last = performance.now();
  const tick = (now) => {
    window.times.push(now - last);
    last = now;
    window.watching = requestAnimationFrame(tick);
  };
  window.watching = requestAnimationFrame(tick);
}"""
_WATCHED = "() => { cancelAnimationFrame(window.watching); return window.times.slice(1) }"
_DRAWN = "() => { const d = window.riskmap?.drawn(); return d && d.objects + d.clustered > 0 }"


@contextmanager
def service(objects: int) -> Iterator[str]:
    """The address of a service over a cluster with so many objects."""
    folder = Path(tempfile.mkdtemp(prefix="riskmap-bench-page-"))
    folder.chmod(0o755)
    data = folder / "data"
    data.mkdir()
    try:
        with PrivateCluster(folder) as url:
            settings = Settings(database_url=url, data_dir=data, demo="none", free_disk_mb=0, admin_password=PASSWORD)
            migrate(settings)
            engine = make_engine(app_url(settings), pool_size=1)
            with database.write(engine, SYSTEM.settings(write=True)) as connection:
                seed(connection)
            with database.write(engine, SYSTEM.settings(write=True)) as connection:
                load_divisions(connection, GEODATA / "demo" / "jiujiang" / "divisions.geojson")
            shutil.copytree(GEODATA / "demo" / "jiujiang" / "basemap", data / "basemap")
            ensure_first_administrator(engine, settings)
            engine.dispose()
            fill(settings, objects)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = probe.getsockname()[1]
            own = {
                "RISKMAP_DATABASE_URL": url, "RISKMAP_DATA_DIR": str(data), "RISKMAP_DEMO": "none",
                "RISKMAP_PORT": str(port),
            }  # fmt: skip
            with (folder / "service.log").open("wb") as log:
                server = subprocess.Popen(
                    [Path(sys.executable).parent / "riskmap", "serve"], env=os.environ | own, stdout=log, stderr=log
                )
            try:
                _until_up(f"http://127.0.0.1:{port}/healthz", server)
                yield f"http://127.0.0.1:{port}"
            finally:
                server.terminate()
                server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _until_up(url: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(300):
        if server.poll() is not None:
            raise SystemExit("the service ended")
        try:
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise SystemExit("the service did not come up")


def spread(label: str, values: list[float], unit: str = "ms") -> None:
    """One line: p50, p95, largest."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    print(
        f"{label:<46} p50 {statistics.median(ordered):8.1f}  p95 {p95:8.1f}  max {ordered[-1]:8.1f} {unit}"
        f"  n {len(ordered)}",
        flush=True,
    )


def sign_in(page: Page, address: str) -> None:
    """As the administrator, who sees everything."""
    page.goto(address)
    status = page.evaluate(
        """async (body) => {
          const headers = { "Content-Type": "application/json" };
          return (await fetch("/api/session", { method: "POST", headers, body })).status;
        }""",
        json.dumps({"username": "admin", "password": PASSWORD}),
    )
    assert status == 200, status


def heap(cdp: CDPSession) -> tuple[float, int, int]:
    """Megabytes of JavaScript, nodes and listeners, after collecting what is not held."""
    for _ in range(2):
        cdp.send("HeapProfiler.collectGarbage")
    metrics: dict[str, Any] = {m["name"]: m["value"] for m in cdp.send("Performance.getMetrics")["metrics"]}
    return metrics["JSHeapUsedSize"] / 1e6, int(metrics["Nodes"]), int(metrics["JSEventListeners"])


def drag(page: Page) -> list[float]:
    """Frame times while the mouse drags the map to and fro, to the left and right and a little up and down."""
    box = page.locator(".map .canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 0.6, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(_WATCH)
    for i in range(240):
        x += 12 if i // 30 % 2 else -12
        y += 4 if i // 60 % 2 else -4
        page.mouse.move(x, y)
    times: list[float] = page.evaluate(_WATCHED)
    page.mouse.up()
    return times


def act(page: Page, dice: random.Random) -> None:
    """One thing that a person might do next."""
    what = dice.randrange(8)
    map_ = "window.riskmap.map"
    if what < 3:
        page.evaluate(f"([x, y]) => {map_}.panBy([x, y])", [dice.randrange(-500, 500), dice.randrange(-300, 300)])
    elif what == 3:
        page.evaluate(f"(z) => {map_}.setZoom(z)", dice.choice([8, 9, 10, 11, 12, 13, 14, 15]))
    elif what == 4:
        page.evaluate(f"([lat, lng]) => {map_}.setView([lat, lng], 11)", list(CITY))
    elif what == 5:
        page.locator(".chip").nth(dice.randrange(5)).click()
    elif what == 6:
        page.locator(".seg button").first.click()
    else:
        page.keyboard.press("h")
    page.wait_for_timeout(dice.randrange(200, 900))


def main() -> None:
    """Fill, open, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--minutes", type=float, default=10)
    arguments = parser.parse_args()

    scripts = {p.name: len(gzip.compress(p.read_bytes(), 9)) for p in (FRONTEND_DIST / "assets").glob("*.js")}
    opened = (FRONTEND_DIST / "index.html").read_text(encoding="utf-8")
    first = [name for name in scripts if name in opened]
    beginning, whole = sum(scripts[n] for n in first) / 1000, sum(scripts.values()) / 1000
    print(f"scripts that the map page begins with {beginning:.0f} kB gzip; all scripts {whole:.0f} kB")

    browser = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with service(arguments.objects) as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        page = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN").new_page()
        page.set_default_timeout(60_000)
        sign_in(page, address)
        for turn in ("first", "again"):
            page.goto("about:blank")
            began = time.perf_counter()
            page.goto(f"{address}/#map=11/{CITY[0]}/{CITY[1]}")
            page.wait_for_function(_DRAWN)
            print(f"{'open to picture, ' + turn:<46} {(time.perf_counter() - began) * 1000:8.0f} ms", flush=True)
        page.wait_for_timeout(1500)

        for zoom in (9, 11, 13, 15):
            page.evaluate(
                "([lat, lng, z]) => window.riskmap.map.setView([lat, lng], z, {animate: false})", [*CITY, zoom]
            )
            page.wait_for_timeout(3000)
            page.evaluate(_PAN, [120, 16, 6])  # the way is warm: tiles are there
            spread(f"pan at zoom {zoom}, frame time", page.evaluate(_PAN, [240, 16, 6]))
            spread(f"drag by hand at zoom {zoom}, frame time", drag(page))
            page.wait_for_timeout(1000)

        page.evaluate("([lat, lng]) => window.riskmap.map.setView([lat, lng], 11, {animate: false})", list(CITY))
        page.wait_for_timeout(3000)
        seen: list[float] = []
        for grades in ("较大以上", "全部", "仅重大", "全部") * 3:
            before = page.evaluate("() => { const d = window.riskmap.drawn(); return d.objects + d.clustered }")
            began = time.perf_counter()
            page.get_by_role("button", name=grades, exact=True).first.click()
            page.wait_for_function(
                "(n) => { const d = window.riskmap.drawn(); return d.objects + d.clustered !== n }", arg=before
            )
            seen.append((time.perf_counter() - began) * 1000)
        spread("filter to picture, new state of the chips", seen[:3])
        spread("filter to picture, seen before", seen[3:])

        cdp = page.context.new_cdp_session(page)
        cdp.send("Performance.enable")
        dice = random.Random(11)
        samples = []
        until = time.monotonic() + arguments.minutes * 60
        due = 0.0
        acts = 0
        while time.monotonic() < until:
            if time.monotonic() >= due:
                samples.append(heap(cdp))
                memory, nodes, listeners = samples[-1]
                print(f"  after {acts:4} acts: {memory:6.1f} MB, {nodes} nodes, {listeners} listeners", flush=True)
                due = time.monotonic() + max(15.0, arguments.minutes * 6)
            act(page, dice)
            acts += 1
        samples.append(heap(cdp))
        third = max(1, len(samples) // 3)
        early, late = (
            statistics.median(s[0] for s in samples[1 : third + 1] or samples[:1]),
            statistics.median(s[0] for s in samples[-third:]),
        )
        print(
            f"memory of the last third against the first: {late:.1f} / {early:.1f} MB = {late / early:.2f}, {acts} acts"
        )
        chromium.close()


if __name__ == "__main__":
    main()
