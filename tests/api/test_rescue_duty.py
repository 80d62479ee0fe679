"""防汛责任人: who is missing, whose name is last year's; and the list for issue, in which no telephone is published."""

import io
from typing import Any

import openpyxl
import pytest
from starlette.testclient import TestClient

from riskmap.base import clock

THIS = clock.today().year
FULL = [
    {"role": "主要负责人", "post": "镇长", "name": "示例甲", "phone": "0792-1234567", "from": f"{THIS}-01-01"},
    {"role": "技术负责人", "post": "站长", "name": "示例乙", "phone": "13800000001", "from": f"{THIS}-02-01"},
    {"role": "巡查", "name": "示例丙", "phone": "13800000002"},  # no day: of the day when it was entered
]
MADE = 0


@pytest.fixture
def work(admin: TestClient) -> Any:
    """Makes a reservoir with persons."""

    def make(parties: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        global MADE
        MADE += 1
        body = {
            "class": "reservoir", "code": f"ZR-{MADE:02d}", "name": f"例责任{MADE}水库", "source": "部门排查",
            "attributes": {}, "parties": parties, **more,
        }  # fmt: skip
        answer = admin.post("/api/objects", json=body)
        assert answer.status_code == 201, answer.text
        return {"id": answer.json()["id"], "name": body["name"]}

    return make


def ask(client: TestClient, **params: Any) -> dict[str, Any]:
    answer = client.get("/api/rescue/responsible", params={"limit": 1000, **params})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def row_of(client: TestClient, made: dict[str, Any], **params: Any) -> dict[str, Any]:
    return next(row for row in ask(client, **params)["rows"] if row["id"] == made["id"])


def figures(client: TestClient, **params: Any) -> dict[str, Any]:
    return {f["name"]: f["value"] for f in ask(client, **params)["figures"]}


def test_a_work_with_this_years_persons_is_complete(admin: TestClient, work: Any) -> None:
    row = row_of(admin, work(FULL))
    assert (row["head"], row["head_phone"], row["head_since"]) == ("镇长 示例甲", "0792-1234567", f"{THIS}-01-01")
    assert row["patrol_since"] == clock.today().isoformat()
    assert (row["lacks"], row["old"]) == (None, None)


def test_who_is_missing_is_named_and_a_post_is_no_person(admin: TestClient, work: Any) -> None:
    row = row_of(admin, work([FULL[0], {"role": "技术负责人", "post": "站长"}]))
    assert row["technical"] == "站长"
    assert row["lacks"] == "技术、巡查"


def test_last_years_name_is_flagged_on_its_last_day_and_not_on_the_first_of_this(admin: TestClient, work: Any) -> None:
    old = FULL[0] | {"from": f"{THIS - 1}-12-31"}
    made = work([old, *FULL[1:]])
    assert row_of(admin, made)["old"] == "行政"
    assert row_of(admin, made, year=THIS - 1)["old"] is None
    assert row_of(admin, work(FULL), year=THIS + 1)["old"] == "行政、技术、巡查"
    answer = admin.put(f"/api/objects/{made['id']}/parties", json=[old | {"from": f"{THIS}-01-01"}, *FULL[1:]])
    assert answer.status_code == 200, answer.text
    assert row_of(admin, made)["old"] is None  # renewed


def test_the_numbers_count_the_rows_that_they_open(admin: TestClient, work: Any) -> None:
    work([FULL[0]])
    told = figures(admin)
    assert told["lacking"] > 0
    for name in ("complete", "lacking", "old", "no-head", "no-technical", "no-patrol", "open"):
        assert ask(admin, only=name)["total"] == told[name], name
    body = ask(admin)
    assert told["all"] == body["total"] == len(body["rows"])
    assert told["complete"] == len([r for r in body["rows"] if not r["lacks"] and not r["old"]])


def cells(answer: Any) -> tuple[list[list[Any]], openpyxl.Workbook]:
    assert answer.status_code == 200, answer.text
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    return [list(row) for row in book.worksheets[0].values], book


def test_the_list_for_issue_says_year_state_and_day_and_publishes_no_telephone(admin: TestClient, work: Any) -> None:
    made, secret = work(FULL), work(FULL, visibility="command")
    whole, book = cells(admin.get("/api/rescue/responsible.xlsx"))
    state = admin.get("/healthz").json()["state"]
    assert f"{THIS}年防汛责任人名单" in whole[0][0]
    assert f"状态 {state}" in whole[1][0]
    assert f"数据截至 {clock.today().isoformat()}" in whole[1][0]
    assert "行政责任人电话" in whole[2]
    named = {row[0]: row for row in whole[3:]}
    assert "0792-1234567" in named[made["name"]]
    assert secret["name"] in named
    assert book.sheetnames[-1] == "说明"
    public, book = cells(admin.get("/api/rescue/responsible.xlsx", params={"form": "publication"}))
    assert public[2] == ["名称", "分类", "行政责任人", "技术责任人", "巡查责任人", "所在区划"]
    text = str(public) + str([list(sheet.values) for sheet in book.worksheets])
    assert "1234567" not in text
    assert "1380000" not in text
    assert secret["name"] not in text
    assert {row[0] for row in public[3:]} == {r["name"]["name"] for r in ask(admin)["rows"]} - {secret["name"]}
    assert "内部" not in text


def test_a_selection_narrows_the_list_and_an_empty_one_says_so(admin: TestClient, work: Any) -> None:
    made = work(FULL)
    one, _ = cells(admin.get("/api/rescue/responsible.xlsx", params={"q": made["name"]}))
    assert [row[0] for row in one[3:]] == [made["name"]]
    none, _ = cells(admin.get("/api/rescue/responsible.xlsx", params={"class": "school"}))
    assert "没有水库、堤防、圩区" in none[3][0]


@pytest.mark.parametrize(
    "params", [{"year": "去年"}, {"year": "1999"}, {"form": "wall"}, {"colour": "red"}, {"year": "20260"}]
)
def test_a_wrong_question_is_refused(admin: TestClient, params: dict[str, str]) -> None:
    assert admin.get("/api/rescue/responsible.xlsx", params=params).status_code == 422


def test_the_public_and_a_public_account_get_no_list(client: TestClient, make_account: Any) -> None:
    assert client.get("/api/rescue/responsible").status_code == 401
    assert client.get("/api/rescue/responsible.xlsx").status_code == 401
    assert make_account("reader", "public").get("/api/rescue/responsible").status_code == 403


def test_a_town_officer_gets_his_own_town(make_account: Any, admin: TestClient, work: Any) -> None:
    made = work(FULL)  # of no town
    officer = make_account("editor", "department", areas=["360402"])
    assert made["id"] not in {row["id"] for row in ask(officer)["rows"]}
    assert made["id"] in {row["id"] for row in ask(admin)["rows"]}
