"""1 000 random places: hits and distances of the enquiry equal an independent computation, none missed, none too many."""

import json
import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Engine

from riskmap.access.reader import SYSTEM
from riskmap.admission import trade
from riskmap.admission.enquiry import OUT, Applicant, DataDates, Enquiry
from riskmap.admission.rules import rules_of
from riskmap.base import database
from riskmap.base.settings import Settings
from riskmap.engine.postgis import PostgisEngine
from riskmap.register.load import load_objects
from riskmap.store.snapshot import Snapshot

WEST, SOUTH, EAST, NORTH = 115.95, 29.55, 116.05, 29.63
GEOD = pyproj.Geod(ellps="GRS80")
# Fixed distances between outlines, both sides plain points, lines and polygons.
TARGETS = ("school", "hospital", "market", "filling-station", "fireworks-retail", "kindergarten")
CASES = {
    "fireworks-retail": {"FW-RETAIL-100": (100, ("school", "hospital", "market", "kindergarten", "filling-station")),
                         "FW-RETAIL-50": (50, ("fireworks-retail",))},
    "kindergarten": {"FW-RETAIL-100": (100, ("fireworks-retail",))},
    "entertainment": {"SCHOOL-200": (200, ("school",))},
}  # fmt: skip


def _shape(at: tuple[float, float], rng: random.Random) -> BaseGeometry:
    """A point, or an outline up to a kilometre wide with corners of any kind."""
    if rng.random() < 0.4:
        return shapely.Point(at)
    n, reach = rng.randint(3, 9), rng.uniform(20, 500)
    angles = sorted(rng.uniform(0, 360) for _ in range(n))
    ring = [GEOD.fwd(*at, angle, rng.uniform(reach / 3, reach))[:2] for angle in angles]
    made = shapely.Polygon(ring)
    return made if made.is_valid and made.area > 0 else shapely.Point(at)


def _plane(place: BaseGeometry) -> Callable[[BaseGeometry], BaseGeometry]:
    """A transverse Mercator of the place's own, by PROJ."""
    west, _, east, _ = place.bounds
    local = pyproj.CRS(f"+proj=tmerc +lat_0=29 +lon_0={(west + east) / 2} +ellps=GRS80 +units=m")
    to = pyproj.Transformer.from_crs("EPSG:4490", local, always_xy=True)

    def project(shape: BaseGeometry) -> BaseGeometry:
        dense = shapely.segmentize(shape, 0.002)
        return shapely.transform(dense, lambda c: np.column_stack(to.transform(c[:, 0], c[:, 1])))

    return project


def test_1000_random_places_equal_an_independent_computation(
    engine: Engine,
    settings: Settings,
    tmp_path: Path,
    snapshot_of: Callable[..., AbstractContextManager[Snapshot]],
) -> None:
    rng = random.Random(20261126)
    objects: dict[int, tuple[str, BaseGeometry]] = {}
    lines = []
    for i in range(400):
        class_ = TARGETS[i % len(TARGETS)]
        at = (rng.uniform(WEST, EAST), rng.uniform(SOUTH, NORTH))
        shape = shapely.Point(at) if class_ == "fireworks-retail" else _shape(at, rng)
        body = {"class": class_, "name": str(i), "geometry": shapely.geometry.mapping(shape)}
        lines.append(json.dumps(body | {"valid_from": "2026-01-01"}))
        objects[i] = (class_, shape)
    path = tmp_path / "objects.ndjson"
    path.write_text("\n".join(lines), encoding="utf-8")
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        load_objects(connection, settings, path, "随机对象")
    boxes = shapely.STRtree([shape for _, shape in objects.values()])
    ids = list(objects)
    compared = 0
    with snapshot_of(SYSTEM) as snapshot:
        rules = rules_of(snapshot.catalogue.ruleset_at(snapshot.moment.day))
        for _ in range(1000):
            tag = rng.choice(list(CASES))
            place = _shape((rng.uniform(WEST, EAST), rng.uniform(SOUTH, NORTH)), rng)
            found = tuple(trade.find(rules, "", None, [tag]))
            applicant = Applicant("申请人", found, None, place, 0.0, "", {"storage": []})
            answer = Enquiry(snapshot, PostgisEngine(), rules, applicant, False).answer(DataDates())
            # Some 390 m, further than any of the limits.
            near = [ids[k] for k in boxes.query(shapely.buffer(place, 0.004))]
            flat = _plane(place)
            here = flat(place)
            measured = {k: float(shapely.distance(here, flat(objects[k][1]))) for k in near}
            for rule, (limit, classes) in CASES[tag].items():
                mine = {int(h["object"]["name"]): h["measured_m"] for h in answer.hits if h["rule"] == rule}
                theirs = {k: m for k, m in measured.items() if m < limit and objects[k][0] in classes}
                # On the limit itself the two computations may fall to either side by their own last millimetres.
                edge = {k for k, m in measured.items() if abs(m - limit) < 0.01}
                assert set(mine) - edge == set(theirs) - edge, (tag, rule, place.wkt)
                for k in set(mine) & set(theirs):
                    assert abs(mine[k] - theirs[k]) < 0.1
                compared += len(theirs)
            assert {h["direction"] for h in answer.hits} <= {OUT, "source_to_applicant"}
    assert compared > 400
