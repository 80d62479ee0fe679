"""The demo's counties against the real outlines beside the repository, where those are there."""

import json
from pathlib import Path

import pytest
from shapely.geometry import shape

from riskmap.base.settings import GEODATA


def test_the_demos_counties_are_the_real_ones(real_data: Path) -> None:
    real = {
        f["properties"]["gb"][3:]: shape(f["geometry"])
        for f in json.loads((real_data / "boundaries-cn" / "jiujiang_districts.geojson").read_text(encoding="utf-8"))[
            "features"
        ]
    }
    body = json.loads((GEODATA / "demo" / "jiujiang" / "divisions.geojson").read_text(encoding="utf-8"))
    demo = {
        f["properties"]["code"]: shape(f["geometry"]) for f in body["features"] if f["properties"]["level"] == "county"
    }
    assert set(demo) == set(real)
    for code, outline in demo.items():
        assert outline.symmetric_difference(real[code]).area < 1e-4 * real[code].area, code
        assert outline.area == pytest.approx(real[code].area, rel=1e-5)
