"""A flood that lies where none of the loaded divisions is: kept, and said."""

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.admission import IN_SHILI, load_towns
from tests.api.rescue import flood, square


@pytest.fixture(scope="module", autouse=True)
def towns(app: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))


def test_a_flood_wholly_outside_the_territory_is_kept_and_says_so(admin: TestClient) -> None:
    inside = flood(admin, [(0.5, square(*IN_SHILI, 500))], name="在辖区里")
    assert (inside["outside"], inside["warnings"]) == (False, [])
    away = flood(admin, [(0.5, square(102.7, 25.0, 500))], name="画到外省去了")
    assert away["outside"] is True
    assert "不在辖区内" in away["warnings"][0]
    assert admin.get(f"/api/rescue/floods/{away['id']}").json()["warnings"] == away["warnings"]
    assert "不在辖区内" in admin.get("/api/rescue/log").json()["items"][0]["what"]
    across = flood(
        admin,
        [(0.5, {"type": "Polygon", "coordinates": [[[114.5, 29.4], [115.2, 29.4], [115.2, 29.6], [114.5, 29.4]]]})],
    )
    assert across["outside"] is False  # a part of it is ours
