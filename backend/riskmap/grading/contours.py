"""Stored risk contours round a place, put together by the plant that they are of.

Asked as SYSTEM over all live objects, as α is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import cos, radians
from pathlib import Path
from typing import Any, TypeVar

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.catalogue.model import LIVE_STAGES
from riskmap.selection.compile import compile_selection
from riskmap.selection.model import Selection
from riskmap.standards.gb36894 import MEASURES, Contour, Target, Targets, target_of
from riskmap.standards.table import Row
from riskmap.store.snapshot import Snapshot

CLASS = "risk-contour"
REACH_M = 1000  # Policy: how far round a place a contour is looked for; no norm says it
_COVERED = 0.99  # Policy: of its area, for a contour to lie within another; a drawn line is not exact

T = TypeVar("T")

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
        for nest in _nests([(d.level, d.shape, d) for d in drawn_ones]):
            if any(d.near for d in nest):
                dated = max((on for d in nest if (on := dates[d.id])), default=None)
                found.append(Nest(status, source, dated, tuple(nest)))
    return found


def _nests(drawn: Sequence[tuple[Decimal, BaseGeometry, T]]) -> list[list[T]]:
    """Contours of one report by plant: one within a lower one is of its plant, one within none begins another.

    Two plants' contours that only overlap stay apart: what one of them has stored says nothing of the other.
    """
    nests: list[list[tuple[Decimal, BaseGeometry, T]]] = []
    for one in sorted(drawn, key=lambda d: (d[0], -d[1].area)):
        level, shape, _ = one
        least = _COVERED * shape.area
        inner = [n for n in nests if any(d[0] < level and _common(d[1], shape) >= least for d in n)]
        if inner:
            # Within several: of the one whose highest contour round it is the smallest.
            min(inner, key=lambda n: min(d[1].area for d in n if _common(d[1], shape) >= least)).append(one)
        else:
            nests.append([one])
    return [[item for _, _, item in nest] for nest in nests]


def _common(a: BaseGeometry, b: BaseGeometry) -> float:
    return float(a.intersection(b).area)


# -- For a place that is not in the register -------------------------------------------


@dataclass(frozen=True, slots=True)
class Stored:
    """A contour as the register has it at a snapshot's moment, whoever asks."""

    row: Mapping[str, Any]  # id, class, name, division, department, visibility, enterprise, position_quality
    level: Decimal | None  # None: nobody has said
    status: str | None
    source: str | None
    shape: BaseGeometry


_COLUMNS = "id, class, name, division, department, visibility, enterprise, position_quality, attributes"


def stored(snapshot: Snapshot, bounds: tuple[float, float, float, float], reach_m: float) -> list[Stored]:
    """Contours that come near to a box, and with them all in their extent, which may be of their plants."""
    west, south, east, north = bounds
    up = reach_m / 110_500
    aside = up / max(0.1, cos(radians(max(abs(south), abs(north)) + up)))
    found = _in(snapshot, (west - aside, south - up, east + aside, north + up))
    if not found:
        return []
    spans = [one.shape.bounds for one in found]
    whole = (
        min(s[0] for s in spans), min(s[1] for s in spans), max(s[2] for s in spans), max(s[3] for s in spans),
    )  # fmt: skip
    return _in(snapshot, whole)


def _in(snapshot: Snapshot, corners: tuple[float, float, float, float]) -> list[Stored]:
    compiled = compile_selection(Selection(classes=(CLASS,), stage=LIVE_STAGES), snapshot)
    box = f"ST_MakeEnvelope({', '.join(compiled.binds(v) for v in corners)}, 4490)"
    listed = {name: "{" + name + "}" for name in _COLUMNS.split(", ")} | {"wkb": "ST_AsBinary({geom})"}
    rows = snapshot.connection.execute(text(compiled.rows(listed, f"{{geom}} && {box}")), compiled.binds.values)
    found = []
    for row in sorted(rows.mappings(), key=lambda r: r["id"]):
        own = row["attributes"] or {}
        level = None if own.get("level") is None else Decimal(own["level"])
        about = {k: row[k] for k in _COLUMNS.split(", ") if k != "attributes"}
        shape = shapely.from_wkb(bytes(row["wkb"]))
        found.append(Stored(about, level, own.get("plant_status"), own.get("source"), shape))
    return found


def nested(contours: Sequence[Stored]) -> list[list[Stored]]:
    """By report and enterprise, and of these by plant; what has no level is of no nest."""
    groups: dict[tuple[str | None, str | None, int | None], list[tuple[Decimal, BaseGeometry, Stored]]] = {}
    for one in contours:
        if one.level is not None:
            key = (one.status, one.source, one.row["enterprise"])
            groups.setdefault(key, []).append((one.level, one.shape, one))
    return [nest for group in groups.values() for nest in _nests(group)]


def of_enterprise(snapshot: Snapshot, enterprise: int) -> int:
    """How many contours of an enterprise are stored."""
    compiled = compile_selection(Selection(classes=(CLASS,), stage=LIVE_STAGES), snapshot)
    own = f"{{enterprise}} = CAST({compiled.binds(enterprise)} AS bigint)"
    sql = f"SELECT count(*) FROM ({compiled.rows('id', own)}) AS r"
    return int(snapshot.connection.scalar(text(sql), compiled.binds.values) or 0)


def protected(kind: Row, facts: Mapping[str, Any], targets: Targets) -> Target:
    """The class of a place by its sizes; 常住人口 before 人数 where there are both."""
    figures = {name: facts.get(name) for name in MEASURES}
    if facts.get("residents") is None:
        return target_of(kind, figures, targets)
    found = target_of(kind, {**figures, "persons": facts["residents"]}, targets)
    inputs = (replace(g, field="residents", title="常住人口") if g.field == "persons" else g for g in found.inputs)
    return replace(found, inputs=tuple(inputs))
