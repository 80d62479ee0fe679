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
    """One Chromium for the run."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    assert path, "没有 Chromium：运行 ./scripts/test 会安装它"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        yield opened
        opened.close()


expect.set_options(timeout=20_000)  # a bound against hanging, not a measure


class Watched:
    """A page and everything that went wrong in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.wrong: list[str] = []
        page.on(
            "console", lambda m: self.wrong.append(f"{m.type}: {m.text}") if m.type in {"error", "warning"} else None
        )
        page.on("pageerror", lambda e: self.wrong.append(f"script: {e}"))
        page.on("requestfailed", self._failed)
        self.asked: list[str] = []
        page.on("request", lambda r: self.asked.append(r.url))

    def _failed(self, request: Any) -> None:
        # A newer selection aborts the older question: meant, and no failure.
        if request.failure != "net::ERR_ABORTED":
            self.wrong.append(f"failed: {request.url} {request.failure}")


@pytest.fixture
def open_page(browser: Browser, address: str) -> Iterator[Any]:
    """Opens the page at a size and a link; asserts at the end that nothing went wrong in it."""
    opened: list[Watched] = []

    def open_(hash_: str = "", width: int = 1366, height: int = 768) -> Watched:
        page = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN").new_page()
        page.set_default_timeout(20_000)
        watched = Watched(page)
        opened.append(watched)
        page.goto(f"{address}/#{hash_}")
        page.wait_for_selector(".words .total")
        return watched

    yield open_
    for watched in opened:
        watched.page.context.close()
        assert not watched.wrong
        outside = [u for u in watched.asked if not u.startswith(("http://127.0.0.1", "data:", "blob:"))]
        assert not outside
