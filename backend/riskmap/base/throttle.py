"""How often somebody may ask: so many times within a while, by account or address."""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

from riskmap.base.errors import TooMany

HOUR, MINUTE = 3600.0, 60.0
_MOST_KEPT = 10_000


class Throttle:
    """Counts of this process within the last `window_s` seconds; the longest silent one is forgotten first."""

    def __init__(self, most: int, window_s: float, said: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._window = window_s
        self._said = said
        self._clock = clock
        self._times: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, who: str) -> None:
        """Count one. Raises TooMany."""
        now = self._clock()
        with self._lock:
            times = self._times.setdefault(who, deque())
            self._times.move_to_end(who)
            while len(self._times) > _MOST_KEPT:
                self._times.popitem(last=False)
            while times and now - times[0] > self._window:
                times.popleft()
            if len(times) >= self._most:
                raise TooMany(self._said)
            times.append(now)
