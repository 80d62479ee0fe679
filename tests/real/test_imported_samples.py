"""The awkward files that come with known faults, imported whole: exactly those rows come back, exactly those wait."""

import json
from pathlib import Path
from typing import Any

import pytest
from pyproj import Geod
from starlette.testclient import TestClient
from tests.api.imports import rows, run, upload

DEMO = True
SAMPLES = ["schools_bd09_gb18030.csv", "tailings_ponds_title_rows.xlsx", "risk_points_zone39.xlsx"]


@pytest.mark.parametrize("name", SAMPLES)
def test_exactly_the_known_rows_come_back_and_wait(admin: TestClient, real_data: Path, name: str) -> None:
    folder = real_data / "import-samples" / "invented"
    expected: dict[str, Any] = json.loads((folder / "expected.json").read_text(encoding="utf-8"))[name]
    kept = upload(admin, folder / name)
    asked = {"file": kept["file"], "class": expected["class"]}
    proposed = admin.post("/api/imports/match", json=asked).json()
    assert proposed["header"]["line"] == expected["header_line"]
    assert proposed["sheet"] == expected.get("sheet", proposed["sheet"])
    assert proposed["missing"] == []
    if expected["crs"] == "EPSG:4527":
        assert proposed["datum"]["crs"] == "EPSG:4527"
    before = admin.get("/api/counts", params={"stage": "any"}).json()
    dry = run(admin, kept["file"], expected["class"], crs=expected["crs"], dry_run=True)
    assert dry["status"] == "done", dry["message"]
    assert admin.get("/api/counts", params={"stage": "any"}).json()["state"] == before["state"]
    wet = run(admin, kept["file"], expected["class"], crs=expected["crs"])
    assert wet["status"] == "done", wet["message"]
    for done in (dry, wet):
        found = rows(admin, done["id"])
        back = [
            (f["line"], x["column"].replace("\n", ""), x["code"])
            for f in found
            if f["kind"] == "back"
            for x in f["faults"]
        ]
        wanted = [(b["line"], b["column"], b["code"]) for b in expected["back"]]
        assert [(line, code) for line, _, code in back] == [(line, code) for line, _, code in wanted]
        assert all(column in header for (_, header, _), (_, column, _) in zip(back, wanted, strict=True)), back
        waiting = [(f["line"], f["faults"][0]["code"]) for f in found if f["kind"] == "waiting"]
        assert waiting == [(w["line"], w["why"]) for w in expected["waiting"]]
        counts = done["rows"]
        assert counts["read"] == expected["read"]
        assert counts["added"] == expected["good"]
        assert (counts["back"], counts["waiting"]) == (len(wanted), len(waiting))
    after = admin.get("/api/counts", params={"stage": "any"}).json()
    assert after["total"] == before["total"] + expected["good"] + len(expected["waiting"])
    assert after["unplaced"] == before["unplaced"] + len(expected["waiting"])
    geod = Geod(ellps="GRS80")
    for code, (lon, lat) in expected["positions_cgcs2000"].items():
        asked = {"class": expected["class"], "q": code, "stage": "any", "limit": 1000}
        items = admin.get("/api/objects", params=asked).json()["items"]
        [item] = [i for i in items if i["code"] == code]
        x, y = item["geometry"]["coordinates"]
        assert geod.inv(x, y, lon, lat)[2] <= expected.get("position_tolerance_m", 1.0), code
    again = run(admin, kept["file"], expected["class"], crs=expected["crs"])
    assert again["state"] is None
    assert again["rows"]["same"] == expected["good"]
    assert again["rows"]["waiting"] == len(expected["waiting"])
    assert admin.get("/api/counts", params={"stage": "any"}).json()["total"] == after["total"]
