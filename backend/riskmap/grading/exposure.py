"""Who lives around a plant: 常住人口 within 500 m outward of its boundary, for α of GB 18218 (表5).

Asked as SYSTEM over all live objects: a grade is not limited by what its asker may see.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.audit import dump_json
from riskmap.catalogue.model import LIVE_STAGES, Catalogue
from riskmap.grading import queries

REACH_M = 500  # GB 18218-2018 表5

_SQL = (Path(__file__).parent / "exposure.sql").read_text(encoding="utf-8")
_PRESENT = _SQL.format(
    rows="risk_object",
    then="o.ended_reason IS NULL AND o.valid_from <= :day AND (o.valid_to IS NULL OR o.valid_to > :day)",
)
_PAST = _SQL.format(rows="object_version", then="o.known @> CAST(:known AS bigint) AND o.valid @> CAST(:day AS date)")


@dataclass(frozen=True, slots=True)
class Around:
    """One object with people in it, near a plant."""

    id: int
    persons: int | None  # None: nobody has said how many
    distance_m: float
    partly: bool  # it reaches beyond the 500 m, and counts whole all the same
    inside: bool  # it lies within the boundary: not outside the plant, and not counted


@dataclass(frozen=True, slots=True)
class Exposure:
    """What the map says of the people around a boundary."""

    boundary: str  # unit, enterprise
    homes: tuple[Around, ...]  # with residents
    present: int  # pupils, patients, guests: shown beside, never counted in α
    day: date | None = None  # on which the map was asked; a record of older days does not say it

    @property
    def residents(self) -> int:
        """常住人口 that counts: of every home that reaches within 500 m, whole."""
        return sum(home.persons or 0 for home in self.homes if not home.inside)

    @property
    def untold(self) -> int:
        """Homes outside whose number of residents nobody has filled in."""
        return sum(home.persons is None and not home.inside for home in self.homes)

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "Exposure":
        """As a grade kept it."""
        homes = (
            Around(h["id"], h["persons"], float(h["distance_m"]), h.get("partly", False), h.get("inside", False))
            for h in body["homes"]
        )
        day = body.get("day")
        return cls(body["boundary"], tuple(homes), body["present"], date.fromisoformat(day) if day else None)

    def body(self) -> dict[str, Any]:
        """As a grade keeps it."""
        return {
            "boundary": self.boundary,
            "residents": self.residents,
            "present": self.present,
            "untold": self.untold,
            **({"day": self.day.isoformat()} if self.day else {}),
            "homes": [
                {
                    "id": home.id,
                    "persons": home.persons,
                    "distance_m": round(home.distance_m, 1),
                    **({"partly": True} if home.partly else {}),
                    **({"inside": True} if home.inside else {}),
                }
                for home in self.homes
            ],
        }


def boundary_of(
    connection: Connection, attributes: Mapping[str, Any], enterprise: int | None
) -> tuple[str, str] | None:
    """Whose boundary and its GeoJSON: the plant's own, else the enterprise's, else None."""
    own = attributes.get("plant_boundary")
    if own is not None:
        return "unit", dump_json(own) or ""
    if enterprise is None:
        return None
    found = queries.boundary(connection, enterprise)
    return None if found is None else ("enterprise", found)


def around(
    connection: Connection,
    catalogue: Catalogue,
    boundary: tuple[str, str] | None,
    day: date,
    known: int | None = None,
) -> Exposure | None:
    """Homes and places with people within 500 m of a boundary, by the geodesic; None without a boundary.

    `known`: as a past state knew that day; None: as it is known now.
    """
    if boundary is None:
        return None
    whose, shape = boundary
    residents, present = catalogue.counted("residents"), catalogue.counted("present")
    binds = {
        "shape": shape,
        "reach": REACH_M,
        "classes": sorted({*residents, *present}),
        "homes": sorted(residents),
        "residents": sorted({name for names in residents.values() for name in names}),
        "present": sorted({name for names in present.values() for name in names}),
        "live": list(LIVE_STAGES),
        "day": day,
    }
    with database.under(connection, SYSTEM.settings()):
        rows = connection.execute(text(_PRESENT if known is None else _PAST), binds | {"known": known}).all()
    homes = tuple(Around(r.id, r.residents, r.m, r.partly, r.inside) for r in rows if r.home)
    return Exposure(whose, homes, sum(r.present for r in rows if not r.inside), day)
