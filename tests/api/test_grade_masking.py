"""A grade tells nothing of a field that its reader may not read; a reservoir's size is worked out and told all the same."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.api.test_grading import computed, put

from riskmap.catalogue.model import Class
from riskmap.catalogue.seed import read_files
from riskmap.grading.masking import seen, unread
from riskmap.grading.rules import RULES

CAPACITY = "4327651"  # 432.7651 万m³
MakeAccount = Callable[..., TestClient]


@pytest.fixture(scope="module")
def clerk(make_account: MakeAccount) -> TestClient:
    """An editor who may not read what is of the command tier."""
    return make_account("editor")


def tells(body: Any) -> bool:
    """Whether the capacity can be read from an answer, in any unit."""
    text = json.dumps(body, ensure_ascii=False)
    return any(figure in text for figure in ("4327651", "432.7", "432.8"))


def test_a_reservoir_has_its_size_by_its_capacity(admin: TestClient) -> None:
    made = put(admin, "reservoir", "例石水库", attributes={"capacity_m3": CAPACITY})
    assert made["level"] == {"value": "小（1）型", "rank": 4, "scale": "reservoir-size"}
    assert made["grade"]["value"] == "none"  # a size is no risk grade
    grade = computed(admin, made["id"])
    assert (grade["standard"], grade["confidence"]) == ("SL 252-2017", "recall")
    assert [s["value"] for s in grade["trace"]] == ["432.7651", "小（1）型"]
    found = admin.get("/api/objects", params={"class": "reservoir", "level": "reservoir-size:小（1）型"}).json()
    assert made["id"] in [o["id"] for o in found["items"]]


def test_less_than_100_000_is_a_pond_and_no_reservoir(admin: TestClient) -> None:
    made = put(admin, "reservoir", "例山塘", attributes={"capacity_m3": "99999"})
    assert made["level"] is None
    assert computed(admin, made["id"])["verdict"] == "山塘（堰塘），不列为水库"


def test_a_declared_size_stands_where_there_is_no_capacity_and_says_so(admin: TestClient) -> None:
    made = put(admin, "reservoir", "例无库容水库", attributes={"size_class": "中型"})
    assert made["level"]["value"] == "中型"
    grade = computed(admin, made["id"])
    assert (grade["confidence"], grade["trace"][0]["expression"]) == ("judgement", "没有总库容，按填报")


def test_a_zero_is_no_capacity(admin: TestClient) -> None:
    made = put(admin, "reservoir", "例零水库", attributes={"capacity_m3": "0"})
    assert computed(admin, made["id"])["verdict"] == "未评定，缺总库容"
    made = put(admin, "reservoir", "例零中水库", attributes={"capacity_m3": "0", "size_class": "中型"})
    assert made["level"]["value"] == "中型"


def test_a_declared_size_that_differs_is_kept_and_said(admin: TestClient, clerk: TestClient) -> None:
    given = {"capacity_m3": CAPACITY, "size_class": "中型"}
    made = put(admin, "reservoir", "例不同水库", attributes=given)
    assert made["level"]["value"] == "小（1）型"
    assert admin.get(f"/api/objects/{made['id']}").json()["attributes"]["size_class"] == "中型"
    for reader in (admin, clerk):
        notes = computed(reader, made["id"])["notes"]
        assert "填报规模是中型，与算得的小（1）型不同，请核对" in notes
    same = put(admin, "reservoir", "例相同水库", attributes=given | {"size_class": "小（1）型"})
    assert "notes" not in computed(admin, same["id"])


def test_the_level_is_told_and_the_capacity_is_not(admin: TestClient, clerk: TestClient) -> None:
    given = {"capacity_m3": CAPACITY, "dam_height_m": "31"}
    made = put(admin, "reservoir", "例密水库", visibility="public", attributes=given)
    path = f"/api/objects/{made['id']}"
    assert tells(admin.get(f"{path}/grade").json())
    grade = computed(clerk, made["id"])
    assert (grade["value"], grade["verdict"], grade["masked"]) == ("小（1）型", "小（1）型", True)
    assert grade["inputs"] == {"capacity_m3": {"title": "总库容", "masked": True}}
    assert [(s["title"], s["value"], s["expression"]) for s in grade["trace"]] == [("水库规模", "小（1）型", "")]
    assert grade["notes"] == ["算式用到您无权查看的资料（总库容），这里只写结论"]
    for answer in (clerk.get(path), clerk.get(f"{path}/grade"), clerk.get(f"{path}/history")):
        assert answer.status_code == 200
        assert not tells(answer.json())


def test_a_writer_is_not_told_what_he_may_not_read_and_does_not_lose_it(admin: TestClient, clerk: TestClient) -> None:
    made = put(admin, "reservoir", "例改水库", attributes={"capacity_m3": CAPACITY, "dangerous": False})
    path, change = f"/api/objects/{made['id']}", {"attributes": {"dangerous": True}}
    preview = clerk.post(f"{path}/preview", json=change)
    assert preview.status_code == 200
    assert not tells(preview.json())
    changed = clerk.patch(path, json=change, headers={"If-Match": f'"{made["state"]}"'})
    assert changed.status_code == 200, changed.text
    assert changed.json()["attributes"] == {"dangerous": True}
    assert str(admin.get(path).json()["attributes"]["capacity_m3"]) == CAPACITY
    # What he types himself he is shown, worked out.
    typed = clerk.post(f"{path}/preview", json={"attributes": {"capacity_m3": "20000000"}}).json()
    assert [s["value"] for s in typed["grades"][0]["trace"]] == ["2000", "中型"]


def _field(class_: Class, name: str) -> Class:
    """The class with one field at the command tier."""
    body = next(i.body for i in read_files() if i.kind == "class" and i.code == class_.code)
    fields = {n: ({**b, "visibility": "command"} if n == name else b) for n, b in body["fields"].items()}
    return Class.parse(1, {**body, "fields": fields})


GRADED = {
    "gb18218": ("major-hazard", "substances", {"substances": [{"table": 1, "no": 1, "quantity_t": "43.19"}],
                                              "exposed_persons": 120}, "43.19"),
    "gb39496": ("tailings-pond", "capacity_m3", {"capacity_m3": "4319000", "dam_height_m": "45"}, "4319000"),
    "gb50074": ("tank-farm", "liquid_volumes", {"liquid_volumes": [{"fire_class": "甲B", "volume_m3": "43190"}],
                                               "governing_code": "GB 50074"}, "43190"),
    "risk-point": ("risk-point", "L", {"method": "LEC", "L": 3, "E": 6, "C": 15}, "3 × 6"),
    "enterprise-score": ("enterprise", "score", {"score": "71.93"}, "71.93"),
    "park-score": ("chemical-park", "score", {"score": "71.93"}, "71.93"),
    "sl252": ("reservoir", "capacity_m3", {"capacity_m3": "4319000"}, "4319000"),
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(RULES))
def test_no_rule_quotes_a_hidden_field(code: str, admin: TestClient) -> None:
    class_code, hidden, attributes, figure = GRADED[code]
    made = put(admin, class_code, f"例 {code}", attributes=attributes)
    record = computed(admin, made["id"])
    class_ = next(Class.parse(1, i.body) for i in read_files() if i.kind == "class" and i.code == class_code)
    masked = _field(class_, hidden)
    plain = json.dumps(record, ensure_ascii=False).replace("×", " × ")
    assert figure in plain
    told = seen(record, masked, unread(masked, 1))
    out = json.dumps(told, ensure_ascii=False).replace("×", " × ")
    assert figure not in out
    assert told["value"] == record["value"]
    assert told["masked"]
    assert len(told["trace"]) <= 1
    assert not any(step["expression"] for step in told["trace"])
    assert seen(record, masked, unread(masked, 2)) == record  # the command tier has it all
