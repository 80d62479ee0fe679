"""A change with a date ahead: the day brings it, in a state of its own."""

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from riskmap.app import bring_to_today
from riskmap.base import clock


def make(admin: TestClient, **changes: Any) -> dict[str, Any]:
    body = {"class": "tailings-pond", "attributes": {}, "valid_from": "2026-01-01", **changes}
    answer = admin.post("/api/objects", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_dated_change_begins_on_its_day(admin: TestClient, app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make(admin, name="将来库", grade={"value": "low", "basis": "会商"})
    begins = clock.today() + timedelta(days=3)
    header = {"If-Match": f'"{made["state"]}"'}
    body = {"grade": {"value": "serious", "basis": "扩容"}, "valid_from": begins.isoformat()}
    assert admin.patch(f"/api/objects/{made['id']}", json=body, headers=header).status_code == 200
    assert admin.get(f"/api/objects/{made['id']}").json()["grade"]["value"] == "low"
    count = lambda: admin.get("/api/counts", params={"q": "将来库", "by": "grade"}).json()["rows"]  # noqa: E731
    assert [r["grade"] for r in count()] == ["low"]
    assert not bring_to_today(app.state.engine)
    real = clock.now
    with monkeypatch.context() as later:  # the session itself must not grow three days older
        later.setattr(clock, "now", lambda: real() + timedelta(days=3))
        assert bring_to_today(app.state.engine)
    assert [r["grade"] for r in count()] == ["serious"]
    assert admin.get(f"/api/objects/{made['id']}").json()["grade"]["value"] == "serious"
    assert not bring_to_today(app.state.engine)
    yesterday = (begins - timedelta(days=1)).isoformat()
    rows = admin.get("/api/counts", params={"q": "将来库", "by": "grade", "as_of": yesterday}).json()["rows"]
    assert [r["grade"] for r in rows] == ["low"]
