"""A real server on a port and a real Chromium from the system's packages."""

import shutil
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect, sync_playwright

from riskmap.access.admin import ensure_first_administrator
from riskmap.app import create_app
from riskmap.base.settings import FRONTEND_DIST, Settings
from tests.conftest import ADMIN_PASSWORD

_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Every outside name is unknown, so a page that asks for one is found out.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="module")
def address(settings: Settings) -> Iterator[str]:
    """The service over the module's database."""
    assert (FRONTEND_DIST / "index.html").exists(), "页面未构建：运行 ./scripts/test 或 npm run build"
    app = create_app(settings)
    ensure_first_administrator(app.state.engine, settings)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive()
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


# For one module: while Playwright runs, no other test of this thread can run an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the run: the one without a window where there is one, which has less to do."""
    path = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "google-chrome"))), None)
    assert path, "没有 Chromium：运行 ./scripts/test 会安装它"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield opened
        opened.close()


# What the page still has to do: what it has asked, what it will do in less than a second, what moves, what is not yet
# painted. `atRest()` is kept when there has been nothing of it for some frames of the screen on end.
_AT_REST = """(() => {
  const due = new Set(), { setTimeout: later, clearTimeout: never, fetch: ask } = window;
  let asked = 0;
  window.setTimeout = (act, ms, ...given) => {
    const id = later(() => { due.delete(id); if (typeof act === "function") act(...given); }, ms);
    if (!(ms > 1000)) due.add(id);
    return id;
  };
  window.clearTimeout = (id) => { due.delete(id); never(id); };
  const counted = (promise) => { asked++; return promise.finally(() => asked--); };
  window.fetch = (...given) => counted(ask(...given));
  for (const name of ["json", "text", "arrayBuffer", "blob"]) {
    const read = Response.prototype[name];
    Response.prototype[name] = function () { return counted(read.call(this)); };
  }
  const painting = () => {
    const map = window.riskmap;
    if (!map || !map.map.getContainer().offsetParent) return "";
    if (map.map._animatingZoom || map.map._panAnim?._inProgress) return "the map moves";
    if (!map.heatOn && map.risk.said !== "ready") return "tiles " + map.risk.said;
    const shown = { base: map.base, ...(map.heatOn ? { heat: map.heat } : { risk: map.risk }), marks: map.marks };
    // Off its place by a share of the margin: half a pixel is none.
    const late = Object.entries(shown).filter(([, l]) => l.frame && (l.pending || l.building || l.offset() > 0.01));
    return late.map(([name, l]) => `${name} ${l.pending} ${l.building} ${l.offset()}`).join("; ");
  };
  const moves = () => document.getAnimations().filter((a) =>
    a.playState === "running" && a.effect.getTiming().iterations !== Infinity).length;
  const left = () => (due.size && `${due.size} timers`) || (asked && `${asked} answers`) || (moves() && `${moves()} animations`)
    || (document.fonts.status !== "loaded" && "fonts") || painting();
  const frame = () => new Promise(requestAnimationFrame);
  window.atRest = async () => {
    const patience = performance.now() + 20000; // a bound against hanging, not a measure
    for (let still = 0; still < 3;) {
      await frame();
      const what = left();
      still = what ? 0 : still + 1;
      if (what && performance.now() > patience) throw new Error("never at rest: " + what);
    }
  };
})()"""


def at_rest(page: Page) -> None:
    """Until the page has done what it was told and nothing of it moves any more."""
    page.evaluate("() => window.atRest()")


def ready_to_draw(page: Page) -> None:
    """Until the drawing tool is loaded: a click before that is none of the shape's."""
    expect(page.locator(".sketching:not(.sketch-loading)")).to_have_count(1)


def frames(page: Page) -> None:
    """Two frames of the screen."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


expect.set_options(timeout=20_000)  # a bound against hanging, not a measure


class Watched:
    """A page and everything that went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.on("console", self._said)
        page.on("pageerror", lambda e: self.wrong.append(f"script: {e}"))
        page.on("requestfailed", self._failed)
        self.asked: list[str] = []
        page.on("request", lambda r: self.asked.append(r.url))

    def _said(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.wrong.append(f"{message.type}: {message.text} {message.location.get('url', '')}")

    def _failed(self, request: Any) -> None:
        # A newer selection aborts the older question: meant, and no failure.
        if request.failure != "net::ERR_ABORTED":
            self.wrong.append(f"failed: {request.url} {request.failure}")


@pytest.fixture(scope="module")
def cookies(browser: Browser, address: str) -> Any:
    """What a browser keeps in which the administrator has signed in."""
    context = browser.new_context()
    answer = context.request.post(f"{address}/api/session", data={"username": "admin", "password": ADMIN_PASSWORD})
    assert answer.ok, answer.text()
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def open_page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Any]:
    """Opens the page at a size and a link; asserts at the end that nothing went wrong in it.

    `signed` opens it as the administrator who has signed in before.
    """
    opened: list[Watched] = []

    def open_(hash_: str = "", width: int = 1366, height: int = 768, signed: bool = False, path: str = "/") -> Watched:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale="zh-CN",
            storage_state=request.getfixturevalue("cookies") if signed else None,
        )
        context.add_init_script(_AT_REST)
        page = context.new_page()
        page.set_default_timeout(20_000)
        watched = Watched(page)
        opened.append(watched)
        page.goto(f"{address}{path}#{hash_}" if hash_ or path == "/" else f"{address}{path}")
        if path == "/":
            page.wait_for_selector(".words .total")
        if signed:
            expect(page.get_by_role("button", name="退出登录")).to_be_visible()
            expect(page.locator(".tbl .wrap[aria-busy=true]")).to_have_count(0)
        return watched

    yield open_
    for watched in opened:
        watched.page.context.close()
        assert not watched.wrong
        outside = [u for u in watched.asked if not u.startswith(("http://127.0.0.1", "data:", "blob:"))]
        assert not outside
