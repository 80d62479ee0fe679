"""Cases of 准入核验 for tests: places of their own, enquiries, divisions to hand them out to."""

import json
from pathlib import Path
from typing import Any

from pyproj import Geod
from sqlalchemy import Engine
from starlette.testclient import TestClient

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.register.load import load_divisions

GEOD = Geod(ellps="GRS80")
# West to east; a case's town follows from its longitude.
DIVISIONS = [
    ("360402", "濂溪区", "county", 115.0, 117.0),
    ("360481", "瑞昌市", "county", 117.0, 119.0),
    ("360402001", "十里街道", "town", 115.0, 116.0),
    ("360402002", "五里街道", "town", 116.0, 117.0),
]
IN_SHILI, IN_WULI, IN_RUICHANG = (115.5, 29.5), (116.5, 29.5), (118.0, 29.5)


def load_towns(engine: Engine, folder: Path) -> None:
    """Two counties, one with two towns."""
    features = [
        {
            "type": "Feature",
            "properties": {"code": code, "name": name, "level": level, "parent": code[:6] if len(code) > 6 else None},
            "geometry": {
                "type": "Polygon",
                "coordinates": [[[west, 28], [east, 28], [east, 31], [west, 31], [west, 28]]],
            },
        }
        for code, name, level, west, east in DIVISIONS
    ]
    path = folder / "divisions.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        load_divisions(connection, path)


def ask(client: TestClient, at: tuple[float, float], *tags: str, name: str = "示例店", **given: Any) -> dict[str, Any]:
    """A case, made."""
    body = {
        "applicant": {"name": name, **given.pop("applicant", {})},
        "trade": {"industry_code": None, "scope": given.pop("scope", ""), "tags": list(tags)},
        "place": {"geometry": {"type": "Point", "coordinates": list(at)}, "crs": "EPSG:4490", "uncertainty_m": 0},
        "size": given,
    }
    answer = client.post("/api/admission/checks", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def away(at: tuple[float, float], metres: float, azimuth: float = 90) -> tuple[float, float]:
    """A place some metres off."""
    lon, lat, _ = GEOD.fwd(*at, azimuth, metres)
    return lon, lat


def put(client: TestClient, class_: str, name: str, at: tuple[float, float], **given: Any) -> dict[str, Any]:
    """An object of the register."""
    geometry = {"type": "Point", "coordinates": list(at)}
    body = {"class": class_, "name": name, "geometry": geometry, "valid_from": "2026-01-01", **given}
    answer = client.post("/api/objects", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def sign(client: TestClient, case: dict[str, Any], verdict: str | None = None) -> None:
    """As advised, or otherwise."""
    body = {"verdict": verdict or case["verdict"], "note": "与建议不同的理由" if verdict else ""}
    answer = client.post(f"/api/admission/checks/{case['case']}/sign", json=body)
    assert answer.status_code == 200, answer.text
