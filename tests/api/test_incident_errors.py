"""Whatever is wrong with an incident that is reported is told at once, each at its field."""

from datetime import timedelta
from typing import Any

from starlette.testclient import TestClient
from tests.api.dispatch import incident, place, post
from tests.api.test_bad_input import refused

from riskmap.base import clock

BOW = {"type": "Polygon", "coordinates": [[[116, 29], [116.1, 29.1], [116.1, 29], [116, 29.1], [116, 29]]]}
WRONG: dict[str, Any] = {
    "kind": "人员被困", "place": BOW, "trapped": 2, "vulnerable": 3, "depth_m": 999, "phone": "电话不详",
    "at": (clock.now() + timedelta(hours=2)).isoformat(), "note": "长" * 2001,
}  # fmt: skip
FAULTS = {
    "place": "invalid_geometry", "vulnerable": "more_than_trapped", "depth_m": "less_than_equal", "at": "bad_time",
    "phone": "value_error", "note": "string_too_long",
}  # fmt: skip


def told(answer: Any) -> dict[str, str]:
    return {e["field"]: e["code"] for e in refused(answer)["errors"]}


def test_all_that_is_wrong_is_told_at_once(admin: TestClient) -> None:
    answer = admin.post("/api/rescue/incidents", json=WRONG)
    assert told(answer) == FAULTS
    said = {e["field"]: e["message"] for e in answer.json()["errors"]}
    assert said["vulnerable"] == "需帮助的 3 人多于被困的 2 人"
    assert said["at"] == "时间在现在以后，请核对"
    assert said["place"].endswith("请重画")
    # What the page knows to be wrong it sends as what is never taken, to be told the rest.
    page = WRONG | {"place": None, "trapped": "?", "depth_m": "?"}
    assert told(admin.post("/api/rescue/incidents", json=page)) == {
        **{k: v for k, v in FAULTS.items() if k != "vulnerable"},
        "place": "dict_type", "trapped": "int_parsing", "depth_m": "decimal_parsing",
    }  # fmt: skip
    old = {"at": (clock.now() - timedelta(days=31)).isoformat(), "depth_m": -1}
    assert told(admin.post("/api/rescue/incidents", json={**WRONG, **old})).keys() == FAULTS.keys()


def test_told_anew_put_together_and_divided_too(admin: TestClient) -> None:
    one, other = incident(admin, place(0)), incident(admin, place(1))
    path = f"/api/rescue/incidents/{one['id']}"
    assert told(admin.put(path, json=WRONG | {"version": 1})) == FAULTS
    assert told(admin.post(f"{path}/merge", json=WRONG | {"version": 1, "others": []})) == FAULTS | {
        "others": "too_short"
    }
    part = {"kind": "人员被困", "place": {"type": "Point", "coordinates": list(place(0))}}
    parts = [part | {"trapped": 1, "vulnerable": 2}, part | {"place": BOW}, part]
    assert told(admin.post(f"{path}/split", json={"version": 1, "parts": parts})) == {
        "parts.0.vulnerable": "more_than_trapped", "parts.1.place": "invalid_geometry",
    }  # fmt: skip
    others = [{"incident": other["id"], "version": 1}]
    assert post(admin, f"incidents/{one['id']}/merge", part | {"version": 1, "others": others}, 200)["version"] == 2
