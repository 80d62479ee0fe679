"""Helpers of the tests of 救援: shapes round a place, floods made and asked."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import create_engine, text
from starlette.testclient import TestClient

from riskmap.base import clock
from riskmap.base.database import superuser_url
from riskmap.base.settings import Settings

HERE = (116.0, 29.7)  # in the tests' county 360402


def square(lon: float, lat: float, half_m: float) -> dict[str, Any]:
    """A square round a place, its half side in metres (roughly)."""
    dx, dy = half_m / (111_320 * math.cos(math.radians(lat))), half_m / 110_900
    ring = [(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]
    return {"type": "Polygon", "coordinates": [[[lon + x * dx, lat + y * dy] for x, y in ring]]}


def flood(
    client: TestClient, depths: Sequence[tuple[float, dict[str, Any]]], name: str = "示例圩溃口", **more: Any
) -> dict[str, Any]:
    """A drawn scenario, made: least depth and polygon of each class."""
    body = {"name": name, "depths": [{"depth_m": d, "geometry": g} for d, g in depths], **more}
    answer = client.post("/api/rescue/floods", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def exposure(client: TestClient, flood_id: int, **params: Any) -> dict[str, Any]:
    """What is in it."""
    answer = client.get(f"/api/rescue/floods/{flood_id}/exposure", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def add(client: TestClient, class_: str, name: str, at: tuple[float, float], division: str, **more: Any) -> int:
    """An object of the register at a place; its id."""
    given = {
        "class": class_, "name": name, "division": division, "geometry": {"type": "Point", "coordinates": list(at)},
        **more,
    }  # fmt: skip
    answer = client.post("/api/objects", json=given)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def warning(client: TestClient, **more: Any) -> dict[str, Any]:
    """A red rain warning of the next hours, issued."""
    now = clock.now()
    body = {
        "kind": "暴雨", "colour": "红", "issuer": "示例市气象台", "starts_at": now.isoformat(),
        "ends_at": (now + timedelta(hours=3)).isoformat(), **more,
    }  # fmt: skip
    answer = client.post("/api/rescue/warnings", json=body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def run_out(settings: Settings, *closures: int) -> datetime:
    """These closures end now, as if their time had come; when it was."""
    owner = create_engine(superuser_url(settings))
    with owner.begin() as connection:
        at: datetime = connection.execute(
            text(
                "UPDATE rescue_road_closed SET ends_at = n.at FROM (SELECT clock_timestamp() AS at) AS n"
                " WHERE closed_id = ANY(CAST(:ids AS bigint[])) RETURNING ends_at"
            ),
            {"ids": list(closures)},
        ).scalars().all()[0]  # fmt: skip
    owner.dispose()
    return at
