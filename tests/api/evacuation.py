"""Helpers of the tests of 转移: orders made, entries sent."""

import itertools
from collections.abc import Sequence
from typing import Any

from starlette.testclient import TestClient

VILLAGE, OTHER = "360402001001", "360402001002"  # of the tests' county 360402
_keys = itertools.count(1)


def key() -> str:
    """One that no other entry of the run has."""
    return f"t-{next(_keys)}"


def order(
    client: TestClient, villages: Sequence[tuple[str, str, int]] = (("示例村", VILLAGE, 312),), **more: Any
) -> dict[str, Any]:
    """An evacuation, ordered: name, division and persons of each village."""
    listed = [{"name": n, "division": d, "to_move": p} for n, d, p in villages]
    answer = client.post("/api/rescue/evacuations", json={"name": "示例圩转移", "villages": listed, **more})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def send(client: TestClient, of: dict[str, Any], kind: str, persons: int, village: int = 0, **more: Any) -> Any:
    """An entry for one of its villages; the answer as it came."""
    body = {"village": of["villages"][village]["id"], "kind": kind, "persons": persons, "key": key(), **more}
    return client.post(f"/api/rescue/evacuations/{of['id']}/entries", json=body)


def enter(client: TestClient, of: dict[str, Any], kind: str, persons: int, **more: Any) -> dict[str, Any]:
    """The same, which must be taken."""
    answer = send(client, of, kind, persons, **more)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def now(client: TestClient, of: dict[str, Any], **params: Any) -> dict[str, Any]:
    """The evacuation as it stands."""
    answer = client.get(f"/api/rescue/evacuations/{of['id']}", params=params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def holds(counts: dict[str, Any]) -> None:
    """The rulebook's equations."""
    assert counts["moved"] == counts["sheltered"] + counts["with_relatives"]
    assert counts["to_move"] == counts["moved"] + counts["left"]
    assert 0 <= counts["returned"] <= counts["moved"]
    assert counts["left"] >= 0
    assert counts["in_shelters"] == counts["sheltered"] - counts["returned_from_shelters"]
    assert counts["in_shelters"] >= 0
