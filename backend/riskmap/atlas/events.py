"""The state as it moves, to every open page: one LISTEN connection a process, fanned out.

The row is also read every second, so that a notification lost with its connection is made good.
"""

import asyncio
import json
import logging
import select
import threading
from collections.abc import AsyncIterator

import anyio
import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT
from sqlalchemy.engine import URL

from riskmap.base.state import CHANNEL

log = logging.getLogger(__name__)
_POLL_S = 1.0
_QUEUE = 16


class StateFeed:
    """Follows the state's row in a thread; pages subscribe from the event loop."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="state-feed", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pages: set[asyncio.Queue[str | None]] = set()
        self._last: tuple[int, str, int] | None = None  # state, time, state of the catalogue
        self._lock = threading.Lock()

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to follow."""
        self._loop = loop
        self._thread.start()

    def stop(self) -> None:
        """End every stream and the thread."""
        self._stop.set()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._publish, None)
        self._thread.join(5)

    def _publish(self, message: str | None) -> None:
        for queue in list(self._pages):
            _put(queue, message)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow()
            except psycopg2.Error as error:
                log.warning("state feed lost the database: %s", type(error).__name__)
                self._stop.wait(_POLL_S)

    def _follow(self) -> None:
        dsn = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = psycopg2.connect(dsn, connect_timeout=5)
        try:
            connection.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
                while not self._stop.is_set():
                    cursor.execute("SELECT n, at, catalogue_n FROM data_state")
                    [(n, at, catalogue_n)] = cursor.fetchall()
                    self._seen(n, at.isoformat(timespec="seconds"), catalogue_n)
                    if select.select([connection], [], [], _POLL_S)[0]:
                        connection.poll()
                        connection.notifies.clear()
        finally:
            connection.close()

    def _seen(self, n: int, at: str, catalogue_n: int) -> None:
        if self._last == (n, at, catalogue_n):
            return
        self._last = (n, at, catalogue_n)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._publish, self.message())

    def message(self) -> str | None:
        """The newest state as an event's data, or None before the first."""
        last = self._last
        return None if last is None else json.dumps(dict(zip(("state", "at", "catalogue"), last, strict=True)))

    async def subscribe(self, over: anyio.Event) -> AsyncIterator[str]:
        """The present state, then each new one; ends when `over` is set, or the feed is stopped."""
        queue: asyncio.Queue[str | None] = asyncio.Queue(_QUEUE)
        self._pages.add(queue)

        async def end() -> None:
            await over.wait()
            _put(queue, None)

        waits = asyncio.create_task(end())
        try:
            if (now := self.message()) is not None:
                yield now
            while (message := await queue.get()) is not None:
                yield message
        finally:
            waits.cancel()
            self._pages.discard(queue)


def _put(queue: asyncio.Queue[str | None], message: str | None) -> None:
    if queue.full():  # a page that does not read: only the newest state matters to it
        queue.get_nowait()
    queue.put_nowait(message)
