"""滚动排查: what is due, to the day; a missing date is no date that is not due; the file says what the page says."""

import io
from typing import Any

import openpyxl
import pytest
from starlette.testclient import TestClient
from tests.api.admission import load_towns
from tests.api.reports import file, make

BEGAN, DAY = "2026-01-01", "2026-05-10"  # DAY + 30 is 2026-06-09


def add(client: TestClient, class_: str, name: str, **more: Any) -> int:
    given = {
        "class": class_, "name": name, "division": "360402", "valid_from": BEGAN,
        "geometry": {"type": "Point", "coordinates": [116.0, 29.7]}, **more,
    }  # fmt: skip
    answer = client.post("/api/objects", json=given)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


def change(client: TestClient, object_id: int, **body: Any) -> None:
    state = client.get(f"/api/objects/{object_id}").headers["etag"]
    answer = client.patch(f"/api/objects/{object_id}", json=body, headers={"If-Match": state})
    assert answer.status_code == 200, answer.text


def ask(client: TestClient, **params: Any) -> dict[str, Any]:
    answer = client.get("/api/lists/rolling", params={"as_of": DAY, "limit": 1000, **params})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def figures(body: dict[str, Any]) -> dict[str, Any]:
    return {f["name"]: f["value"] for f in body["figures"]}


@pytest.fixture(scope="module", autouse=True)
def objects(app: Any, admin: TestClient, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))
    due = {"before": "2026-05-09", "on": "2026-05-10", "last": "2026-06-09", "after": "2026-06-10", "none": None}
    made = {}
    for name, day in due.items():
        attributes = {"method": "LEC", "L": 1, "E": 1, "C": 1} | ({"review_due": day} if day else {})
        made[name] = add(admin, "risk-point", f"界限{name}", attributes=attributes)
    made["leap"] = add(admin, "major-hazard", "备案闰日", attributes={"filed_on": "2024-02-29"})
    made["adit"] = add(
        admin, "sealed-adit", "封堵硐口", attributes={"last_patrol": "2026-04-01", "patrol_days": 30},
        parties=[{"role": "巡查", "post": "巡查员", "name": "示乙"}, {"role": "主要负责人", "post": "矿长"}],
    )  # fmt: skip
    made["round"] = add(admin, "sealed-adit", "没有上次", attributes={"patrol_days": 30})
    made["firm"] = add(admin, "enterprise", "没有保险", attributes={})
    return made


def items(body: dict[str, Any]) -> dict[tuple[int, str], dict[str, Any]]:
    return {(row["id"], row["item"]): row for row in body["rows"]}


def test_status_is_exact_at_the_day_and_thirty_days_ahead(admin: TestClient, objects: dict[str, int]) -> None:
    found = items(ask(admin))

    def told(name: str) -> tuple[Any, ...]:
        row = found[objects[name], "复评到期"]
        return row["status"], row["over"], row["remaining"]

    assert told("before") == ("逾期", 1, None)
    assert told("on") == ("30 天内到期", None, 0)
    assert told("last") == ("30 天内到期", None, 30)
    assert told("after") == ("未到期", None, 31)
    assert told("none") == ("缺日期", None, None)
    assert found[objects["none"], "复评到期"]["lacks"] == "缺复评到期日期"
    # A day later what was due on the day is over.
    assert items(ask(admin, as_of="2026-05-11"))[objects["on"], "复评到期"]["status"] == "逾期"


def test_what_has_no_day_of_its_own_is_worked_out_and_what_cannot_be_says_why(
    admin: TestClient, objects: dict[str, int]
) -> None:
    found = items(ask(admin))
    assert found[objects["leap"], "备案到期"]["due"] == "2027-02-28"
    assert found[objects["leap"], "评估到期"]["status"] == "缺日期"
    adit = found[objects["adit"], "巡查"]
    assert (adit["due"], adit["status"], adit["over"]) == ("2026-05-01", "逾期", 9)
    # Persons are those that the day knew: on that day nobody had told them yet.
    assert adit["by"] is None
    now = items(admin.get("/api/lists/rolling", params={"limit": 1000}).json())
    assert now[objects["adit"], "巡查"]["by"] == "巡查员"
    assert found[objects["round"], "巡查"]["lacks"] == "缺上次或下次巡查日期"
    assert found[objects["before"], "巡查"]["lacks"] == "缺巡查间隔"
    # Not everybody is insured.
    assert (objects["firm"], "安责险到期") not in found


def test_what_no_calendar_holds_is_one_line_and_not_the_end_of_the_list(admin: TestClient) -> None:
    typed = add(admin, "sealed-adit", "间隔多写了零", attributes={"last_patrol": "2026-04-01", "patrol_days": 10**9})
    for_ever = add(admin, "major-hazard", "长期备案", attributes={"filed_on": "9999-12-31", "assess_due": "9999-12-31"})
    found = items(ask(admin))
    for key in ((typed, "巡查"), (for_ever, "备案到期"), (for_ever, "评估到期")):
        assert (found[key]["due"], found[key]["status"]) == ("9999-12-31", "未到期")


def test_each_figure_opens_just_its_rows_and_together_they_are_all(admin: TestClient) -> None:
    body = ask(admin)
    told = figures(body)
    assert told["all"] == body["total"] == len(body["rows"])
    assert told["overdue"] + told["soon"] + told["later"] + told["missing"] == told["all"]
    assert sum(v for k, v in told.items() if k.startswith("kind-")) == told["all"]
    for name in ("overdue", "soon", "later", "missing", "kind-review-due"):
        only = ask(admin, only=name)
        assert len(only["rows"]) == only["total"] == told[name] > 0, name
    # Overdue longest first, without a day last.
    order = [row["status"] for row in body["rows"]]
    assert order == sorted(order, key=["逾期", "30 天内到期", "未到期", "缺日期"].index)


def test_what_was_put_off_since_is_told_as_done(admin: TestClient, objects: dict[str, int]) -> None:
    assert "done" not in figures(ask(admin))
    body = ask(admin, since="2026-03-01")
    assert (figures(body)["done"], figures(body)["filled"]) == (0, 0)
    change(admin, objects["before"], attributes={"review_due": "2029-05-09"}, valid_from="2026-05-08")
    change(admin, objects["none"], attributes={"review_due": "2026-08-01"}, valid_from="2026-05-08")
    body = ask(admin, since="2026-03-01")
    assert (figures(body)["done"], figures(body)["filled"]) == (1, 1)
    (row,) = ask(admin, since="2026-03-01", only="done")["rows"]
    assert (row["id"], row["was_due"], row["due"]) == (objects["before"], "2026-05-09", "2029-05-09")
    # The day before the change it was still the old one.
    assert items(ask(admin, as_of="2026-05-07"))[objects["before"], "复评到期"]["due"] == "2026-05-09"


def test_the_public_does_not_get_it(client: TestClient) -> None:
    assert client.get("/api/lists/rolling").status_code == 401


def test_the_file_of_a_set_has_the_rows_of_the_page_by_status(admin: TestClient) -> None:
    made = make(admin, as_of=DAY)
    told = made["figures"]["lists"]["rolling"]
    book = openpyxl.load_workbook(io.BytesIO(file(admin, made, "滚动排查清单.xlsx")))
    for sheet, name in (("逾期", "overdue"), ("30 天内到期", "soon"), ("未到期", "later"), ("缺日期", "missing")):
        rows = [r for r in book[sheet].iter_rows(min_row=4, values_only=True) if isinstance(r[0], int)]
        page = ask(admin, only=name)
        assert len(rows) == told[name] == page["total"], name
        assert {r[1] for r in rows} == {r["id"] for r in page["rows"]}
    assert not any(f["name"] == "滚动排查清单.xlsx" for f in make(admin, as_of=DAY, public=True)["files"])
