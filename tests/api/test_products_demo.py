"""The demo city's set: lists, handbook and rolling list, read back out of their files, say what figures and pages say."""

import io
import re
from typing import Any

import docx
import openpyxl
import pytest
from starlette.testclient import TestClient
from tests.api.reports import file, make

DEMO = True
FIRST = 4  # the row behind title, imprint and headings


@pytest.fixture(scope="module")
def made(admin: TestClient) -> dict[str, Any]:
    return make(admin, division="360400", title="城市安全风险评估")


def rows(client: TestClient, made: dict[str, Any], name: str) -> dict[str, list[tuple[Any, ...]]]:
    book = openpyxl.load_workbook(io.BytesIO(file(client, made, name)), read_only=True)
    return {
        sheet.title: [r for r in sheet.iter_rows(min_row=FIRST, values_only=True) if isinstance(r[0], int)]
        for sheet in book
        if sheet.title != "说明"
    }


def total(client: TestClient, made: dict[str, Any], name: str, **more: Any) -> int:
    params = {"as_of": f"state:{made['state']}", "division": "360400", "limit": 1, **more}
    return int(client.get(f"/api/lists/{name}", params=params).json()["total"])


def test_rows_of_all_files_are_the_figures_the_counts_and_the_pages(admin: TestClient, made: dict[str, Any]) -> None:
    figures = made["figures"]
    params = {"by": "grade", "as_of": f"state:{made['state']}", "division": "360400"}
    counts = {r["grade"]: r["n"] for r in admin.get("/api/counts", params=params).json()["rows"]}
    risks = rows(admin, made, "重大风险清单.xlsx")
    assert len(risks["重大"]) == counts["major"] == figures["major"] == total(admin, made, "major-risks") > 0
    assert len(risks["较大"]) == counts["serious"] == figures["serious"] > 0
    assert len(risks["重大"]) + len(risks["较大"]) == total(admin, made, "serious-risks")
    for title, name in (("重大危险源清单", "major-hazards"), ("脆弱性目标清单", "targets")):
        (listed,) = rows(admin, made, f"{title}.xlsx").values()
        assert len(listed) == total(admin, made, name) == figures["lists"][name]["every"] > 0
    due = rows(admin, made, "滚动排查清单.xlsx")
    for sheet, name in (("逾期", "overdue"), ("30 天内到期", "soon"), ("未到期", "later"), ("缺日期", "missing")):
        assert len(due[sheet]) == total(admin, made, "rolling", only=name) == figures["lists"]["rolling"][name], sheet


def test_every_risk_of_the_lists_stands_once_in_the_handbook(admin: TestClient, made: dict[str, Any]) -> None:
    listed = {r[1] for sheet in rows(admin, made, "重大风险清单.xlsx").values() for r in sheet}
    document = docx.Document(io.BytesIO(file(admin, made, "风险分级分类手册.docx")))
    told = [
        int(re.search(r"登记号 (\d+)", row.cells[1].text)[1])
        for table in document.tables
        if table.rows[0].cells[0].text == "序号"
        for row in table.rows[1:]
    ]
    assert len(told) == len(set(told)) == made["figures"]["major"] + made["figures"]["serious"]
    assert set(told) == listed


def test_the_nearest_is_the_one_of_the_page(admin: TestClient, made: dict[str, Any]) -> None:
    book = openpyxl.load_workbook(io.BytesIO(file(admin, made, "脆弱性目标清单.xlsx")), read_only=True)
    found = list(book.worksheets[0].iter_rows(min_row=FIRST - 1, values_only=True))
    heads = found[0]
    at = {
        name: heads.index(name)
        for name in ("登记号", "距离（m）", "最近的较大以上风险", "1000 m 内重大（处）", "1000 m 内较大（处）")
    }
    mine = {r[at["登记号"]]: r for r in found[1:] if isinstance(r[0], int)}
    page = admin.get("/api/lists/targets", params={"limit": 200, "division": "360400"}).json()["rows"]
    assert len(page) == 200
    for row in page:
        told = mine[row["id"]]
        if row["distance_m"] is None:
            assert told[at["距离（m）"]] is None
            assert told[at["1000 m 内重大（处）"]] is None
        else:
            assert told[at["距离（m）"]] == pytest.approx(row["distance_m"], abs=0.06)
            assert told[at["最近的较大以上风险"]] == row["risk"]["name"]
            around = told[at["1000 m 内重大（处）"]] + told[at["1000 m 内较大（处）"]]
            assert (around > 0) == (row["distance_m"] <= 1000)
