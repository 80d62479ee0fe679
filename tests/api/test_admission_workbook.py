"""The tables of rules as a workbook: out and in again they are the same; a fault is named by sheet, line and column."""

import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from starlette.testclient import TestClient

DEMO = True
Maker = Callable[..., TestClient]


def taken(client: TestClient, draft: dict[str, Any] | None = None) -> openpyxl.Workbook:
    answer = (
        client.get("/api/admission/rules.xlsx")
        if draft is None
        else client.post("/api/admission/rules/workbook", json={"tables": draft})
    )
    assert answer.status_code == 200, answer.text
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def given(client: TestClient, book: openpyxl.Workbook | bytes) -> Any:
    out = io.BytesIO()
    if isinstance(book, bytes):
        out.write(book)
    else:
        book.save(out)
    return client.post("/api/admission/rules/read", files={"file": ("规则.xlsx", out.getvalue())})


def tables_of(client: TestClient) -> dict[str, Any]:
    return {t["table"]: t for t in client.get("/api/admission/rules").json()["tables"]}


def test_out_and_in_again_every_table_is_the_same(admin: TestClient) -> None:
    before = tables_of(admin)
    book = taken(admin)
    assert book.sheetnames == [*(t["title"] for t in before.values()), "填写说明"]
    sheet = book["距离规则"]
    assert [c.value for c in sheet[1]][:2] == ["编号", "谁（标签）"]
    assert "不予准入建议" in {c.value for row in sheet.iter_rows() for c in row}  # a word for its code
    answer = given(admin, book)
    assert answer.status_code == 200, answer.text
    assert answer.json()["tables"] == {name: t["rows"] for name, t in before.items()}


def test_what_was_typed_in_a_workbook_is_tried_as_any_draft(admin: TestClient) -> None:
    book = taken(admin)
    for name in book.sheetnames:
        if name != "距离规则":
            del book[name]
    sheet = book["距离规则"]
    at = {c.value: c.column for c in sheet[1]}
    line = next(row[0].row for row in sheet.iter_rows(min_row=2) if row[0].value == "FW-RETAIL-100")
    sheet.cell(line, at["应有距离"]).value = 150  # a number, as a hand types it
    sheet.cell(line, at["可信"]).value = "待核"
    sheet.insert_rows(line)  # a blank line says nothing
    answer = given(admin, book)
    assert answer.status_code == 200, answer.text
    tables = answer.json()["tables"]
    assert list(tables) == ["admission-distances"]
    before = tables_of(admin)["admission-distances"]["rows"]
    rows = {r["code"]: r for r in tables["admission-distances"]}
    assert len(rows) == len(before)
    assert (rows["FW-RETAIL-100"]["metres"], rows["FW-RETAIL-100"]["tag"]) == ("150", "recall")
    assert admin.post("/api/admission/rules/trial", json={"tables": tables}).status_code == 200
    assert tables_of(admin)["admission-distances"]["rows"] == before  # nothing is written
    again = taken(admin, tables)["距离规则"]
    assert "150" in {c.value for row in again.iter_rows() for c in row}


def test_every_fault_is_named_by_sheet_line_and_column_and_nothing_is_taken(admin: TestClient) -> None:
    book = taken(admin)
    distances, zones = book["距离规则"], book["区域规则"]
    at = {c.value: c.column for c in distances[1]}
    distances.cell(5, at["后果"]).value = "拒绝"
    zones.cell(3, {c.value: c.column for c in zones[1]}["生效"]).value = "去年"
    book.create_sheet("我的笔记")["A1"] = "x"
    answer = given(admin, book)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_rules"), answer.text
    said = [e["message"] for e in answer.json()["errors"]]
    assert any(m.startswith("距离规则第 5 行“后果”：没有“拒绝”，应为不予准入建议、") for m in said), said
    assert any(m.startswith("区域规则第 3 行“生效”：") for m in said), said
    assert any("“我的笔记”不是规则表" in m for m in said), said
    assert "3 处" in answer.json()["detail"]
    # What only the whole of the rules shows stands at its own line too, blank lines counted.
    book = taken(admin)
    distances = book["距离规则"]
    last = distances.max_row
    distances.cell(last, at["应有距离"]).value = "0"
    distances.insert_rows(3, 2)
    answer = given(admin, book)
    assert answer.status_code == 422, answer.text
    assert [e["message"] for e in answer.json()["errors"]] == [
        f"距离规则第 {last + 2} 行“应有距离”：距离应大于 0、不超过 5000 m"
    ]


def test_text_stays_text(admin: TestClient) -> None:
    tables = tables_of(admin)
    rows = tables["admission-zones"]["rows"]
    rows[0] = rows[0] | {"advice": '=HYPERLINK("http://x")', "region": "360402"}
    cells = {c.value: c for row in taken(admin, {"admission-zones": rows})["区域规则"].iter_rows() for c in row}
    assert cells['=HYPERLINK("http://x")'].data_type == "s"
    assert cells["360402"].data_type == "s"


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 422), (b"%PDF-1.7", 422), (b"a,b\n1,2\n", 422), (b"PK\x03\x04" + b"0" * (11 << 20), 413)]
)
def test_what_is_no_workbook_of_rules_is_refused(admin: TestClient, body: bytes, status: int) -> None:
    assert given(admin, body).status_code == status


def test_who_may(client: TestClient, admin: TestClient, make_account: Maker) -> None:
    assert client.get("/api/admission/rules.xlsx").status_code == 401
    editor = make_account("editor")
    assert editor.get("/api/admission/rules.xlsx").status_code == 200
    assert given(editor, taken(admin)).status_code == 403
    assert editor.post("/api/admission/rules/workbook", json={"tables": {}}).status_code == 403
