"""天地图, fetched by this server with the bureau's own key: one provider, its eight hosts, six layers, nothing else.

The key is in no address that a browser sees and in no log. Tiles are kept in memory only, for a day at most:
the provider lets a service show its tiles, not build a store of them.
"""

import http.client
import logging
import os
import re
import ssl
import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from riskmap import __version__
from riskmap.atlas.basemaps.archives import MEDIA, Tile, format_of
from riskmap.base.errors import Unavailable

log = logging.getLogger(__name__)

# Each picture with the layer of its names over it.
PICTURES = {"vec": ("vec_w", "cva_w"), "img": ("img_w", "cia_w"), "ter": ("ter_w", "cta_w")}
LAYERS = tuple(layer for layers in PICTURES.values() for layer in layers)
MIN_ZOOM, MAX_ZOOM = 1, 18
KEY = re.compile(r"[A-Za-z0-9_-]{8,64}")
_HOST = "t{}.tianditu.gov.cn"
_KEPT_S = 24 * 3600
_MOST_KEPT = 48 << 20  # bytes in memory
_MOST_TILE = 1 << 20
_PATIENCE_S = 6.0
_FAILURES = 3  # in a row, until nothing is asked for a while
_REST_S = 30.0
_THREADS = 8
_MOST_WAITING = 300


@dataclass(frozen=True, slots=True)
class Origin:
    """Where tiles are asked for: the provider; in tests a server of this machine that stands in for it."""

    host: str = _HOST
    port: int = 443
    tls: bool = True


class TiandituError(Unavailable):
    """No tile, and why, in words that name no address and no key."""


_REFUSED = {
    401: "天地图没有接受密钥，请管理员核对（须是“服务端”类型，并登记本服务器的出口地址）。",
    403: "天地图没有接受密钥，请管理员核对（须是“服务端”类型，并登记本服务器的出口地址）。",
    404: "天地图没有这块图。",
    418: "天地图没有接受密钥，请管理员核对。",
    429: "天地图今日的调用次数已用完，明天恢复；请先用简明底图。",
}


class KeyFile:
    """The key in a file of the secrets folder (0600): in no table, so in no backup and no answer."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "tianditu_key"

    def read(self) -> str | None:
        """The key, or None where none is set."""
        try:
            text = self._path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return None
        return text if KEY.fullmatch(text) else None

    def write(self, key: str) -> None:
        """Set another."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(key)
        fresh.replace(self._path)

    def clear(self) -> None:
        """Forget it."""
        self._path.unlink(missing_ok=True)


class Tianditu:
    """Fetches and keeps tiles. `ask` blocks; requests call it through `executor`, so that a slow
    provider holds none of the threads that answer everything else."""

    def __init__(self, key: KeyFile, origin: Origin | None = None) -> None:
        self.key = key
        self._origin = origin or Origin()
        self._context = ssl.create_default_context() if self._origin.tls else None
        self._own = threading.local()
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, int, int, int], tuple[Tile, float]] = OrderedDict()
        self._bytes = 0
        self._failed = 0
        self._rest_until = 0.0
        self._waiting = 0
        self.executor = ThreadPoolExecutor(_THREADS, thread_name_prefix="tianditu")

    # -- Kept ------------------------------------------------------------------

    def forget(self) -> None:
        """After a change of key or of the switch."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0
            self._failed, self._rest_until = 0, 0.0

    def kept(self, layer: str, z: int, x: int, y: int) -> Tile | None:
        """A tile of today, from memory."""
        with self._lock:
            found = self._kept.get((layer, z, x, y))
            if found is None:
                return None
            if time.monotonic() - found[1] > _KEPT_S:
                self._drop((layer, z, x, y))
                return None
            self._kept.move_to_end((layer, z, x, y))
            return found[0]

    def _drop(self, key: tuple[str, int, int, int]) -> None:
        tile, _ = self._kept.pop(key)
        self._bytes -= len(tile.body)

    def _keep(self, key: tuple[str, int, int, int], tile: Tile) -> None:
        with self._lock:
            if key in self._kept:
                self._drop(key)
            self._kept[key] = (tile, time.monotonic())
            self._bytes += len(tile.body)
            while self._bytes > _MOST_KEPT:
                self._drop(next(iter(self._kept)))

    # -- Asked -----------------------------------------------------------------

    def begin(self) -> None:
        """Before a question is queued. Raises where asking has no sense now."""
        with self._lock:
            if time.monotonic() < self._rest_until:
                raise TiandituError("天地图暂时连不上，先用简明底图；稍后自动重试。", code="tianditu_away")
            if self._waiting >= _MOST_WAITING:
                raise TiandituError("天地图的请求过多，请稍候。", code="tianditu_busy")
            self._waiting += 1

    def done(self) -> None:
        """After the question that `begin` let in."""
        with self._lock:
            self._waiting -= 1

    def ask(self, layer: str, z: int, x: int, y: int) -> Tile:
        """One tile from the provider. Raises TiandituError."""
        key = self.key.read()
        if key is None:
            raise TiandituError("天地图还没有填写密钥。", code="tianditu_no_key")
        try:
            status, media, body = self._fetch(layer, z, x, y, key)
        except (OSError, http.client.HTTPException) as error:
            self._count(False)
            log.warning("tianditu %s: %s", layer, type(error).__name__)
            raise TiandituError("天地图暂时连不上，先用简明底图；稍后自动重试。", code="tianditu_away") from None
        self._count(True)
        if 300 <= status < 400:
            log.warning("tianditu %s: redirect refused", layer)
            raise TiandituError("天地图要转到别的地址，没有跟去。请稍后再试。", code="tianditu_redirect")
        if status != 200:
            log.warning("tianditu %s: status %d", layer, status)
            said = _REFUSED.get(status, "天地图没有正常回答，请稍后再试。")
            raise TiandituError(said, code=f"tianditu_{status}")
        found = format_of(body)
        if found not in ("png", "jpeg", "webp") or not media.lower().startswith("image/"):
            log.warning("tianditu %s: no image", layer)
            raise TiandituError("天地图答的不是图片，没有采用。请管理员核对密钥。", code="tianditu_no_image")
        tile = Tile(body, MEDIA[found])
        self._keep((layer, z, x, y), tile)
        return tile

    def _count(self, well: bool) -> None:
        with self._lock:
            self._failed = 0 if well else self._failed + 1
            if self._failed >= _FAILURES:
                self._failed = 0
                self._rest_until = time.monotonic() + _REST_S

    def _fetch(self, layer: str, z: int, x: int, y: int, key: str) -> tuple[int, str, bytes]:
        host = self._origin.host.format((x + y) % 8)
        question = {
            "SERVICE": "WMTS", "REQUEST": "GetTile", "VERSION": "1.0.0", "LAYER": layer[:3], "STYLE": "default",
            "TILEMATRIXSET": "w", "FORMAT": "tiles", "TILEMATRIX": z, "TILEROW": y, "TILECOL": x, "tk": key,
        }  # fmt: skip
        path = f"/{layer}/wmts?{urlencode(question)}"
        lines: dict[str, http.client.HTTPConnection] = self._own.__dict__.setdefault("lines", {})
        used = host in lines
        try:
            return self._once(lines, host, path)
        except (OSError, http.client.HTTPException):
            if not used:
                raise
            return self._once(lines, host, path)  # the line had been closed since the last tile

    def _once(self, lines: dict[str, http.client.HTTPConnection], host: str, path: str) -> tuple[int, str, bytes]:
        until = time.monotonic() + _PATIENCE_S
        line = lines.pop(host, None)
        if line is None:
            port = self._origin.port
            if self._context:
                line = http.client.HTTPSConnection(host, port, timeout=_PATIENCE_S, context=self._context)
            else:
                line = http.client.HTTPConnection(host, port, timeout=_PATIENCE_S)
        try:
            line.request("GET", path, headers={"User-Agent": f"riskmap/{__version__}", "Accept": "image/*"})
            answer = line.getresponse()  # follows no redirect
            body = b""
            while block := answer.read1(1 << 16):
                body += block
                if len(body) > _MOST_TILE or time.monotonic() > until:
                    raise TimeoutError
        except BaseException:
            line.close()
            raise
        if answer.will_close:
            line.close()
        else:
            lines[host] = line
        return answer.status, answer.headers.get("Content-Type", ""), body
