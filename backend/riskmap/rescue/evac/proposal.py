"""Villages that a flood reaches, as an order could name them: the homes in the water, and beside it, with residents."""

from collections.abc import Mapping
from typing import Any

from riskmap.rescue import exposure
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot


def of_flood(snapshot: Snapshot, flood: Mapping[str, Any], margin_m: int) -> dict[str, Any]:
    """Those in the water that the reader may see, and how many more there are; `near` are those beside it. `to_move` is
    null where it is not known."""
    found = exposure.hits(snapshot, flood["id"], margin_m, Selection())
    forms = exposure.forms_of(snapshot, found, Selection())
    inside = [h for h in found if h.inside]
    told = _homes(exposure.people(snapshot, inside, forms))
    # Of all together: a village beside the water gives way to its residential areas in it; and an area beside the
    # water is counted with its village, where that is in it.
    wet = [h for h in inside if h.row["class"] == "village"]
    ids, codes = {h.id for h in wet}, {h.row["division"] for h in wet if len(h.row["division"]) == 12}
    beside = _homes(
        exposure.people(
            snapshot,
            [h for h in found if h.inside or not (h.row["parent"] in ids or h.row["division"] in codes)], forms,
        ),
        near=True,
    )  # fmt: skip
    return told | {"near": beside["villages"], "near_hidden": beside["hidden"]}


def _homes(people: Mapping[str, Any], near: bool = False) -> dict[str, Any]:
    villages, hidden, hidden_persons = [], 0, 0
    for town in people["towns"]:
        for home in town["homes"]:
            if near and home["depth_m"] is not None:
                continue
            if home["id"] is None or not home["division"]:
                hidden += 1
                hidden_persons += home["residents"] or 0
                continue
            villages.append(
                {
                    "name": home["name"], "division": home["division"], "town": town["name"], "object": home["id"],
                    "class_title": home["class_title"], "to_move": home["residents"], "depth_m": home["depth_m"],
                    "distance_m": home["distance_m"],
                    "source": home["source"], "dated": home["dated"],
                }
            )  # fmt: skip
    return {
        "villages": villages, "hidden": hidden, "hidden_persons": hidden_persons, "persons": people["persons"],
        "unknown": people["persons_unknown"],
    }  # fmt: skip
