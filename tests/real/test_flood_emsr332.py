"""A real flood (Copernicus EMSR332): its area and the roads inside it against an independent computation."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pyproj
import pytest
import shapely
from starlette.testclient import TestClient
from tests.api.imports import wait
from tests.api.rescue import exposure

GEOD = pyproj.Geod(ellps="GRS80")
AREAS = {"venezia": "EMSR332_09VENEZIA_DEL_v1", "pordenone": "EMSR332_08PORDENONE_DEL_v1"}


def layer(folder: Path, name: str, to: Path) -> bytes:
    """A shapefile as the zip that an officer sends."""
    path = to / f"{name}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in sorted(folder.glob(f"{name}.*")):
            archive.write(part, part.name)
    return path.read_bytes()


def shapes(folder: Path, name: str) -> Any:
    return shapely.from_wkb(pyogrio.raw.read(folder / f"{name}.shp")[2])


def area(polygon: Any) -> float:
    total = 0.0
    for part in shapely.get_parts(polygon):
        rings = [part.exterior, *part.interiors]
        sizes = [abs(GEOD.polygon_area_perimeter(*shapely.get_coordinates(r).T)[0]) for r in rings]
        total += sizes[0] - sum(sizes[1:])
    return total


def length(lines: Any) -> float:
    return float(sum(GEOD.line_length(*shapely.get_coordinates(p).T) for p in shapely.get_parts(lines)))


@pytest.mark.parametrize("where", AREAS)
def test_hectares_and_road_metres_agree_within_a_thousandth(
    admin: TestClient, real_data: Path, tmp_path: Path, where: str
) -> None:
    folder = real_data / "flood-emsr332" / where
    water, roads = (f"{AREAS[where]}_{kind}" for kind in ("observed_event_a", "transportation_l"))
    sent = admin.post(
        "/api/rescue/floods",
        files={"file": (f"{water}.zip", layer(folder, water, tmp_path))},
        data={"depth_m": "0.5", "name": where, "at": "2018-11-01T12:00:00+01:00"},
    )
    assert sent.status_code == 201, sent.text
    flood = sent.json()
    given = shapes(folder, water)
    invalid = [i for i, one in enumerate(given, 1) if not one.is_valid]
    assert [r["part"] for r in flood["repairs"]] == invalid  # by number, as the file counts them
    whole = shapely.union_all([g if g.is_valid else g.buffer(0) for g in given])
    assert flood["area_m2"] == pytest.approx(area(whole), rel=1e-3)
    assert flood["area_m2"] > 1e5

    job = admin.post("/api/rescue/roads", files={"file": (f"{roads}.zip", layer(folder, roads, tmp_path))})
    assert job.status_code == 202, job.text
    done = wait(admin, job.json()["id"])
    assert done["status"] == "done", done
    answer = exposure(admin, flood["id"], margin_m=0, wading_cm=60)
    lines = np.array([g for g in shapes(folder, roads) if g is not None], dtype=object)
    expected = sum(length(shapely.intersection(line, whole)) for line in lines if line.intersects(whole))
    assert answer["roads"]["closed_m"] == pytest.approx(expected, rel=1e-3)
    assert (expected > 100) is (where == "pordenone")  # in the other the water kept to the fields
    assert answer["roads"]["care_m"] == 0
    assert answer["roads"]["vehicle"]["closed_m"] == answer["roads"]["closed_m"]  # no upper depth is known
    drawn = admin.get(f"/api/rescue/floods/{flood['id']}/roads").json()
    told = sum(length(shapely.geometry.shape(f["geometry"])) for f in drawn["features"])
    assert told == pytest.approx(expected, rel=2e-3)  # coordinates of the map are cut to a decimetre
    assert answer["total"] == 0  # nothing is registered there
