"""Encoded tiles by (selection, rights, state, z/x/y): a state's picture never changes."""

import threading
from collections import OrderedDict

Key = tuple[str, str, int, str, int, int, int, str]


class TileCache:
    """Least recently used go first; bounded by bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> bytes | None:
        """The tile, or None where it is not kept."""
        with self._lock:
            body = self._kept.get(key)
            if body is not None:
                self._kept.move_to_end(key)
            return body

    def put(self, key: Key, body: bytes) -> None:
        """Keep a tile. An empty one counts its overhead, so that a world of them stays bounded."""
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = body
            self._bytes += len(body) + 200
            while self._bytes > self._most and self._kept:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= len(gone) + 200
