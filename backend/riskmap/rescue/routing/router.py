"""The engine's process seen from outside: started when it is first asked, given a time, ended when it hangs."""

import hashlib
import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from riskmap.base.settings import Settings
from riskmap.rescue.routing import tiles
from riskmap.rescue.routing.tiles import RoadSet

log = logging.getLogger(__name__)

LIMIT_S = 25.0  # of one question; a matrix of 30 x 200 takes a few seconds
MOST_WAITING = 6  # questions that wait for the engine, each with a thread of the service's; none with a connection
BUSY = f"路线引擎正忙，已有 {MOST_WAITING} 个请求在等"  # a moment later there may be a place again
FELL = "路线引擎中断，已重新启动"
CROSSED = "引擎给出的路线穿过水面，没有采用"  # of the one way that was asked for: the engine works
IN_A_MOMENT = frozenset({BUSY, FELL})  # whoever has the time asks again
_NOT_INSTALLED, _NOT_BUILT = "没有安装路线引擎", "路线数据还没有生成"
NONE_THERE = frozenset({_NOT_INSTALLED, _NOT_BUILT})  # there is no engine that could answer
_AGAIN = "再算也一样，请到“力量—道路”重新生成路线数据"
_DAMAGED, _NOT_STARTED = f"路线数据已损坏，{_AGAIN}", f"路线引擎用现有的路线数据启动不了，{_AGAIN}"
SPOILT = frozenset({_DAMAGED, _NOT_STARTED})  # no later time helps: the tiles have to be built anew
_START_S = 60.0
_FALLS = 5  # in the midst of starting, one after the other, before it is left alone for a while
_LOOK_AGAIN_S = 30.0  # after tiles were found damaged, or an engine did not start
_CHUNK = 1 << 16

WaterOf = Callable[[], Mapping[str, Any]]


class EngineFailed(Exception):
    """No answer on roads; says why, for the reader."""


class _Fell(EngineFailed):
    """The process ended before it answered."""


class Router:
    """One engine for a process of ours; its questions go one after the other."""

    def __init__(self, settings: Settings, limit_s: float = LIMIT_S) -> None:
        self._settings = settings
        self._limit_s = limit_s
        self._lock = threading.Lock()
        self._waiting = threading.BoundedSemaphore(MOST_WAITING)
        self._process: subprocess.Popen[bytes] | None = None
        self._key: str | None = None
        self._stamp: str | None = None
        self._refused: tuple[str, float, str] | None = None  # tiles that are not used for a while, and why
        self._falls = 0
        self._rest = b""

    @property
    def pid(self) -> int | None:
        """Of the engine's process, where it runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def close(self) -> None:
        """End it."""
        with self._lock:
            self._end()

    def ask(self, roads: RoadSet, asked: Mapping[str, Any], water: WaterOf) -> dict[str, Any]:
        """One answer. `asked["water"]["key"]` names the water, which is worked out only where the engine has it not.

        Raises EngineFailed; at once where too many wait already: an engine that hangs does not hold up the rest.
        """
        if not self._waiting.acquire(blocking=False):
            raise EngineFailed(BUSY)
        try:
            return self._in_turn(roads, asked, water)
        finally:
            self._waiting.release()

    def _in_turn(self, roads: RoadSet, asked: Mapping[str, Any], water: WaterOf) -> dict[str, Any]:
        if not self._lock.acquire(timeout=self._limit_s):
            raise EngineFailed(f"路线引擎 {self._limit_s:.0f} 秒内没有轮到")
        try:
            try:
                said = self._answer(roads, asked, water)
            except _Fell:  # perhaps long before it was asked: once more, with a new one
                said = self._answer(roads, asked, water)
        finally:
            self._lock.release()
        if (error := said.get("error")) is not None:
            log.warning("routing engine: %s", error)
            if error == "crossed":
                raise EngineFailed(CROSSED)
            raise EngineFailed("路线引擎出错")
        return said

    def _answer(self, roads: RoadSet, asked: Mapping[str, Any], water: WaterOf) -> dict[str, Any]:
        self._start(roads)
        said = self._say(asked, time.monotonic() + self._limit_s)
        if said.get("wants") == "water":
            full = {**asked, "water": {**asked["water"], **water()}}
            said = self._say(full, time.monotonic() + self._limit_s)
        return said

    # -- The process -----------------------------------------------------------------------

    def _start(self, roads: RoadSet) -> None:
        """The engine of these roads, running. Raises EngineFailed."""
        place = tiles.place_of(self._settings, roads)
        stamp = _stamp(place)
        if self._key == roads.key and self._stamp == stamp and self.pid is not None:
            return
        if self._refused is not None and self._refused[0] == f"{roads.key} {stamp}":
            if time.monotonic() < self._refused[1]:
                raise EngineFailed(self._refused[2])
            self._refused = None
        self._end()
        try:
            self._open(place)
        except EngineFailed as error:
            self._end()
            self._falls = self._falls + 1 if isinstance(error, _Fell) else 0
            if 0 < self._falls < _FALLS:  # ended by something else: nothing is known against the tiles
                raise
            self._falls = 0
            self._refused = (f"{roads.key} {stamp}", time.monotonic() + _LOOK_AGAIN_S, str(error))
            raise
        self._key, self._stamp, self._falls = roads.key, stamp, 0

    def _open(self, place: Path) -> None:
        if not tiles.is_installed():
            raise EngineFailed(_NOT_INSTALLED)
        manifest = tiles.manifest_of(place)
        if manifest is None:
            raise EngineFailed(_NOT_BUILT)
        if not tiles.is_whole(place):
            raise EngineFailed(_DAMAGED)
        package = Path(tiles.__file__).parents[3]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "riskmap.rescue.roadengine.worker", str(place)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=package, bufsize=0,
        )  # fmt: skip
        self._rest = b""
        until = time.monotonic() + _START_S
        ready = self._read(until)
        if "error" not in ready:
            ready = self._say({"do": "test", "places": manifest["test"]}, until)
        if "error" in ready:
            log.warning("routing engine did not start: %s", ready["error"])
            raise EngineFailed(_NOT_STARTED)

    def _end(self) -> None:
        process, self._process, self._key = self._process, None, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait()

    def _say(self, asked: Mapping[str, Any], until: float) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        body = json.dumps(asked, separators=(",", ":")).encode() + b"\n"
        handle = process.stdin.fileno()
        os.set_blocking(handle, False)
        try:
            while body:
                left = until - time.monotonic()
                if left <= 0 or not select.select([], [handle], [], left)[1]:
                    raise self._hangs()
                body = body[os.write(handle, body[:_CHUNK]) :]
        except (BrokenPipeError, OSError):
            raise self._fell() from None
        return self._read(until)

    def _read(self, until: float) -> dict[str, Any]:
        process = self._process
        assert process is not None
        assert process.stdout is not None
        handle = process.stdout.fileno()
        while b"\n" not in self._rest:
            left = until - time.monotonic()
            if left <= 0 or not select.select([handle], [], [], left)[0]:
                raise self._hangs()
            more = os.read(handle, _CHUNK)
            if not more:
                raise self._fell()
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    def _hangs(self) -> EngineFailed:
        log.warning("the routing engine gave no answer in time and is started again")
        self._end()
        return EngineFailed("路线引擎超时没有回答，已重新启动")

    def _fell(self) -> _Fell:
        log.warning("the routing engine ended and is started again")
        self._end()
        return _Fell(FELL)


def _stamp(place: Path) -> str:
    """Changes when tiles are built again."""
    manifest = tiles.manifest_of(place)
    return "" if manifest is None else str(manifest.get("built_at"))


def water_key(*parts: object) -> str:
    """A short name of what is closed."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=12).hexdigest()
