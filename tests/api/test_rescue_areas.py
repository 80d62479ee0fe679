"""What an account that is limited to areas may change on the night: what lies there, and what it entered itself."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.admission import IN_RUICHANG, IN_SHILI, load_towns
from tests.api.dispatch import get, incident, post
from tests.api.rescue import flood, square
from tests.api.test_bad_input import refused
from tests.api.test_incidents import facts

Maker = Callable[..., TestClient]


@pytest.fixture(scope="module", autouse=True)
def towns(app: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))


def test_an_account_of_one_area_changes_what_lies_there_and_what_it_reported(
    admin: TestClient, make_account: Maker
) -> None:
    elsewhere, here = incident(admin, IN_SHILI, name="别处"), incident(admin, IN_RUICHANG, name="本区")
    officer = make_account("editor", areas=["360481"])
    own = incident(officer, IN_SHILI, name="听说的")
    yours = {i["id"]: i["yours"] for i in get(officer, "incidents")["items"]}
    assert [yours[i["id"]] for i in (elsewhere, here, own)] == [False, True, True]
    assert all(i["yours"] for i in get(admin, "incidents")["items"])
    path = f"/api/rescue/incidents/{elsewhere['id']}"
    body = facts(elsewhere) | {"version": 1}
    for answer in (
        officer.put(path, json=body),
        officer.post(f"{path}/close", json={"version": 1, "result": "x"}),
        officer.post(f"{path}/split", json={"version": 1, "parts": [facts(elsewhere)] * 2}),
        officer.post(f"{path}/merge", json=body | {"others": [{"incident": own["id"], "version": 1}]}),
        # Nor does it swallow another's.
        officer.post(
            f"/api/rescue/incidents/{own['id']}/merge",
            json=facts(own) | {"version": 1, "others": [{"incident": elsewhere["id"], "version": 1}]},
        ),
    ):
        assert "不在您的区划里" in refused(answer, 403)["detail"]
    assert get(admin, f"incidents/{elsewhere['id']}")["version"] == 1
    put = officer.put(f"/api/rescue/incidents/{here['id']}", json=facts(here) | {"version": 1, "trapped": 4})
    assert put.status_code == 200, put.text
    post(officer, f"incidents/{own['id']}/close", {"version": 1, "result": "误报"}, 200)


def test_a_commander_of_one_area_changes_anothers_water_where_all_of_it_lies_in_his_area(
    admin: TestClient, make_account: Maker
) -> None:
    elsewhere, here = (flood(admin, [(1.0, square(*at, 200))]) for at in (IN_SHILI, IN_RUICHANG))
    one = make_account("editor", may=["dispatch"], areas=["360481"])
    drawn = {"name": "例", "depths": [{"depth_m": 1, "geometry": square(*IN_RUICHANG, 9)}]}
    path = "/api/rescue/floods"
    for answer in (
        one.post(f"{path}/{elsewhere['id']}/withdraw", json={"reason": "误"}),
        one.post(path, json=drawn | {"series": elsewhere["series"]}),
    ):
        assert "在您的管理区域（" in refused(answer, 403)["detail"]
    assert get(admin, f"floods/{elsewhere['id']}")["withdrawn_at"] is None
    assert one.post(path, json=drawn | {"series": here["series"]}).status_code == 201
    assert one.post(f"{path}/{here['id']}/withdraw", json={"reason": "误"}).status_code == 200
