"""A road file whose worker is killed at random moments: the old set or the new one, whole, and the new one at the end."""

import json
import random
import threading
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import create_engine, make_url, text
from tests.ops.killing import ROUNDS, kill_workers, whole_at_the_end, whole_or_nothing
from tests.ops.test_start import Instance

from riskmap.base.cluster import PrivateCluster

ROWS = 20_000


def network(round_: int) -> bytes:
    features = [
        {
            "type": "Feature",
            "properties": {"highway": "primary", "name": f"断电路{round_}-{i}"},
            "geometry": {
                "type": "LineString",
                "coordinates": [[116 + k * 1e-4, 29 + i * 1e-5] for k in range(5)],
            },
        }
        for i in range(ROWS)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def look(client: httpx.Client, name: str, job_id: str) -> tuple[dict[str, Any], int]:
    """The job, and then how many roads of this file are in use."""
    job = client.get(f"/api/imports/{job_id}").json()
    told = client.get("/api/rescue/roads").json()["set"]
    return job, told["rows"] if told and told["name"] == name else 0


def test_killed_at_random_moments_the_roads_are_the_old_or_the_new(folder: Path) -> None:
    dice = random.Random(9)
    instance = Instance(folder, "none").start()
    nothing = threading.Event()
    told = []
    try:
        with closing(instance.client()) as client:
            for round_ in range(ROUNDS):
                name = f"第{round_}张"
                before = client.get("/api/rescue/roads").json()["set"]
                answer = client.post(
                    "/api/rescue/roads", data={"name": name}, files={"file": ("a.geojson", network(round_))}
                )
                assert answer.status_code == 202, answer.text
                seen = partial(look, client, name, answer.json()["id"])
                nothing.wait(0.2 + dice.random() * 3)
                kill_workers(instance)
                told.append(whole_or_nothing(seen, ROWS))
                standing = client.get("/api/rescue/roads").json()["set"]
                assert standing == before or standing["name"] == name
                whole_at_the_end(seen, ROWS, "taken")
            assert {"running", "queued"} & set(told), "no round was killed in the middle"
            listed = client.get("/api/rescue/roads").json()
            assert [listed["set"]["name"], *(one["name"] for one in listed["earlier"])] == [
                f"第{n}张" for n in reversed(range(ROUNDS))
            ]
        url = make_url(PrivateCluster.running_url(folder) or "").set(drivername="postgresql+psycopg2")
        with create_engine(url).connect() as connection:
            counted = connection.execute(text("SELECT count(*), count(DISTINCT set_id) FROM road")).one()
        assert tuple(counted) == (ROWS, 1)
    finally:
        instance.stop()
