"""Stored risk contours round a place, put together by the plant that they are of.

Asked as SYSTEM over all live objects, as α is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.catalogue.model import LIVE_STAGES
from riskmap.standards.gb36894 import Contour

CLASS = "risk-contour"
REACH_M = 1000  # Policy: how far round a place a contour is looked for; no norm says it
_COVERED = 0.99  # Policy: of its area, for a contour to lie within another; a drawn line is not exact

_SQL = (Path(__file__).parent / "contours.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Drawn:
    """One stored contour."""

    id: int
    level: Decimal
    holds: bool  # the place reaches into it
    near: bool
    shape: BaseGeometry


@dataclass(frozen=True, slots=True)
class Nest:
    """Contours of one plant: each lies within the lower ones."""

    status: str | None  # new, existing; None: nobody has said
    source: str | None
    dated: str | None
    drawn: tuple[Drawn, ...]

    def contours(self) -> list[Contour]:
        """One a level: of several at one level the place is inside if it is inside any."""
        levels = sorted({d.level for d in self.drawn}, reverse=True)
        return [Contour(level, any(d.holds for d in self.drawn if d.level == level)) for level in levels]


def around(connection: Connection, geometry: str, day: date) -> list[Nest]:
    """The nests that come within reach of a place (GeoJSON), in a fixed order."""
    binds = {"shape": geometry, "reach": REACH_M, "class": CLASS, "live": list(LIVE_STAGES), "today": day}
    with database.under(connection, SYSTEM.settings()):
        rows = connection.execute(text(_SQL), binds).all()
    groups: dict[tuple[str | None, str | None, int | None], list[Drawn]] = {}
    dates: dict[int, str | None] = {}
    for row in rows:
        drawn = Drawn(row.id, Decimal(row.level), row.holds, row.near, shapely.from_wkb(bytes(row.shape)))
        groups.setdefault((row.status, row.source, row.enterprise), []).append(drawn)
        dates[row.id] = row.dated
    found = []
    for (status, source, _), drawn_ones in groups.items():
        for nest in _nests(drawn_ones):
            if any(d.near for d in nest):
                dated = max((on for d in nest if (on := dates[d.id])), default=None)
                found.append(Nest(status, source, dated, tuple(nest)))
    return found


def _nests(drawn: Sequence[Drawn]) -> list[list[Drawn]]:
    """Contours of one report by plant: one within a lower one is of its plant, one within none begins another.

    Two plants' contours that only overlap stay apart: what one of them has stored says nothing of the other.
    """
    nests: list[list[Drawn]] = []
    for one in sorted(drawn, key=lambda d: (d.level, -d.shape.area)):
        least = _COVERED * one.shape.area
        inner = [n for n in nests if any(d.level < one.level and _common(d, one) >= least for d in n)]
        if inner:
            # Within several: of the one whose highest contour round it is the smallest.
            min(inner, key=lambda n: min(d.shape.area for d in n if _common(d, one) >= least)).append(one)
        else:
            nests.append([one])
    return nests


def _common(a: Drawn, b: Drawn) -> float:
    return float(a.shape.intersection(b.shape).area)
