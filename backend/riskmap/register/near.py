"""What lies near an object."""

from typing import Any

from riskmap.base.errors import NotFound
from riskmap.catalogue.model import GRADES
from riskmap.engine.interface import Engine
from riskmap.register import queries
from riskmap.register.service import NOT_FOUND
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

_WINDS = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")


def direction_word(bearing: float | None) -> str | None:
    """One of eight directions for a bearing in degrees from north."""
    return None if bearing is None else _WINDS[round(bearing / 45) % 8]


def near(
    snapshot: Snapshot, selection: Selection, engine: Engine, object_id: int, within_m: float, limit: int
) -> dict[str, Any]:
    """What lies near an object, outline to outline; nearest first, with the exact total.

    A public-form position is the middle of a cell more than a kilometre wide: from it nothing is measured,
    and objects that reach the reader so are counted apart (`coarse`).
    """
    origin = queries.one(snapshot, object_id)
    if origin is None:
        raise NotFound(NOT_FOUND)
    out: dict[str, Any] = {"within_m": within_m, "state": snapshot.moment.n, "items": [], "total": 0, "coarse": 0}
    out["measured"] = origin["form"] == "full" and origin["geom"] is not None
    if not out["measured"]:
        return out
    found = engine.near_object(snapshot, selection, object_id, within_m, limit)
    catalogue, reader = snapshot.catalogue, snapshot.reader
    for row in found.items:
        class_ = catalogue.classes.get(row.class_)
        readable = class_.readable(inner=True, tier=reader.tier) if class_ else ()
        persons = next((f for f in readable if f.unit == "人" and f.name in row.attributes), None)
        out["items"].append(
            {
                "id": row.id,
                "class": row.class_,
                "code": row.code,
                "name": row.name,
                "grade": {"value": GRADES[row.grade - 1], "scale": "risk-grade"},
                "stage": row.stage,
                "distance_m": round(row.distance_m, 1),
                "bearing": None if row.bearing is None else round(row.bearing, 1),
                "direction": direction_word(row.bearing),
                "anchor": row.anchor,
                "line": row.line,
                "persons": {"title": persons.title, "value": row.attributes[persons.name]} if persons else None,
            }
        )
    return out | {"total": found.total, "coarse": found.coarse}
