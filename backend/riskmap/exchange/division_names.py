"""The divisions of a moment as addresses name them: a code in words, and words taken off an address."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from riskmap.access.reader import territory
from riskmap.catalogue import queries as catalogue_queries
from riskmap.store.snapshot import Snapshot

_SEGMENTS = (6, 9, 12)


@dataclass(frozen=True)
class DivisionNames:
    """All divisions, in the order of their codes."""

    divisions: tuple[dict[str, Any], ...]

    @cached_property
    def _names(self) -> dict[str, str]:
        return {d["code"]: d["name"] for d in self.divisions}

    def words(self, code: str) -> str:
        """County, town and village of a code."""
        out = ""
        for name in (self._names.get(code[:end], "") for end in _SEGMENTS if end <= len(code)):
            out = name if name.startswith(out) else out + name  # 永修县丰安街道 says its county itself
        return out

    @cached_property
    def _by_name(self) -> list[tuple[str, str]]:
        return sorted(((d["name"], d["code"]) for d in self.divisions), key=lambda pair: -len(pair[0]))

    def stripped(self, key: str) -> tuple[str, str]:
        """An address without the divisions that it begins with, and the finest of their codes."""
        code = ""
        while True:
            for name, its in self._by_name:
                # Of two towns of one name, that in the county which was said before.
                if key.startswith(name) and len(key) > len(name) and its.startswith(territory(code)):
                    key, code = key[len(name) :], its
                    break
            else:
                return key, code


_kept: dict[tuple[int, str], DivisionNames] = {}


def division_names_of(snapshot: Snapshot) -> DivisionNames:
    """Made once for a state of the catalogue."""
    state = snapshot.state
    key = (state.catalogue_n, state.day.isoformat())
    found = _kept.get(key)
    if found is None:
        found = DivisionNames(tuple(catalogue_queries.divisions(snapshot.connection, state.n, state.day)))
        while len(_kept) >= 4:
            _kept.pop(next(iter(_kept)), None)  # another thread may be making room too
        _kept[key] = found
    return found
