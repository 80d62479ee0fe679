"""Villages that a flood reaches, as an order could name them: the homes in the water with their residents."""

from collections.abc import Mapping
from typing import Any

from riskmap.rescue import exposure
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot


def of_flood(snapshot: Snapshot, flood: Mapping[str, Any]) -> dict[str, Any]:
    """Those that the reader may see, and how many more there are; `to_move` is null where it is not known."""
    inside = [h for h in exposure.hits(snapshot, flood["id"], 0, Selection()) if h.inside]
    forms = exposure.forms_of(snapshot, inside, Selection())
    people = exposure.people(snapshot, inside, forms)
    villages, hidden, hidden_persons = [], 0, 0
    for town in people["towns"]:
        for home in town["homes"]:
            if home["id"] is None or not home["division"]:
                hidden += 1
                hidden_persons += home["residents"] or 0
                continue
            villages.append(
                {
                    "name": home["name"], "division": home["division"], "town": town["name"], "object": home["id"],
                    "class_title": home["class_title"], "to_move": home["residents"], "depth_m": home["depth_m"],
                    "source": home["source"], "dated": home["dated"],
                }
            )  # fmt: skip
    return {
        "villages": villages, "hidden": hidden, "hidden_persons": hidden_persons, "persons": people["persons"],
        "unknown": people["persons_unknown"],
    }  # fmt: skip
