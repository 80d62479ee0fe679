"""Exact totals, counted once per selection, rights and state, and kept."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from riskmap.engine.interface import Engine
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Total:
    """How many; `unplaced_elsewhere` only where the selection is spatial."""

    total: int
    unplaced: int
    unplaced_elsewhere: int | None


class Totals:
    """A bounded memory of totals. A state's total never changes, so nothing is ever stale."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._kept: OrderedDict[tuple[str, str, int, str], Total] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, snapshot: Snapshot, selection: Selection) -> Total:
        """The total of a selection in a snapshot."""
        moment = snapshot.moment
        key = (selection.key, snapshot.reader.fingerprint, moment.n, moment.day.isoformat())
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        counted = self._engine.count(snapshot, selection, ())
        elsewhere = None
        if selection.is_spatial:
            elsewhere = self.of(snapshot, selection.without_space()).unplaced
        total = Total(counted.total, counted.unplaced, elsewhere)
        with self._lock:
            self._kept[key] = total
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return total
