"""What a tile says of the objects in it."""

from typing import Any

import mapbox_vector_tile
import pytest
from starlette.testclient import TestClient

from riskmap.base.crs import grid_of

AT = (115.9871, 29.7123)
_SHAPES: dict[str, dict[str, Any]] = {
    "a point": {"type": "Point", "coordinates": AT},
    "an outline": {
        "type": "Polygon",
        "coordinates": [
            [[115.986, 29.711], [115.988, 29.711], [115.988, 29.713], [115.986, 29.713], [115.986, 29.711]]
        ],
    },
}


@pytest.mark.parametrize("scale", [None, "major-hazard-level"])
@pytest.mark.parametrize("shape", _SHAPES)
def test_what_is_closed_or_struck_off_is_marked_as_over(admin: TestClient, shape: str, scale: str | None) -> None:
    ids = {}
    for stage in ("in_use", "suspended", "closing", "striking_off", "closed", "struck_off"):
        body = {
            "class": "major-hazard",
            "name": f"拟停{stage}",
            "division": "360402",
            "stage": stage,
            "geometry": _SHAPES[shape],
            "attributes": {"kind": "production"},
        }
        made = admin.post("/api/objects", json=body)
        assert made.status_code == 201, made.text
        ids[made.json()["id"]] = stage
    x, y = (v >> 21 for v in grid_of(*AT))
    asked = {"stage": "any"} | ({"scale": scale} if scale else {})
    answer = admin.get(f"/api/tiles/15/{x}/{y}.mvt", params=asked)
    found = {f["id"]: f["properties"] for f in mapbox_vector_tile.decode(answer.content)["objects"]["features"]}
    assert {ids[i] for i in ids if found[i].get("over")} == {"closed", "struck_off"}
    assert {ids[i] for i in ids if "over" not in found[i]} == {"in_use", "suspended", "closing", "striking_off"}
