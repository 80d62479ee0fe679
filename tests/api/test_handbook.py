"""风险分级分类手册: every risk exactly once, in its class's section, worst first; no count that is not the figures'."""

import io
import re
import zipfile
from datetime import UTC, datetime
from typing import Any

import docx
import pytest
from docx.table import Table
from docx.text.paragraph import Paragraph
from starlette.testclient import TestClient
from tests.api.admission import load_towns
from tests.api.reports import again, file, make, wait

NAME = "风险分级分类手册.docx"
RARE = "示例<&>“=1+1”㙓"


def add(client: TestClient, class_: str, name: str, **more: Any) -> int:
    given = {
        "class": class_, "name": name, "division": "360402",
        "geometry": {"type": "Point", "coordinates": [116.0, 29.7]}, **more,
    }  # fmt: skip
    answer = client.post("/api/objects", json=given)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["id"])


@pytest.fixture(scope="module", autouse=True)
def objects(app: Any, admin: TestClient, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    load_towns(app.state.engine, tmp_path_factory.mktemp("divisions"))

    def lec(C: int, **more: Any) -> dict[str, Any]:
        return {"method": "LEC", "L": 6, "E": 6, "C": C, **more}

    mine = {"grade": {"value": "serious", "basis": "研判"}}
    return {
        "serious": add(admin, "risk-point", "甲较大", attributes=lec(7)),
        "major": add(
            admin, "risk-point", RARE, attributes=lec(15, measures="双人双锁", inspect_days=7, control_level="city"),
            parties=[{"role": "属地挂钩", "post": "示例镇镇长", "name": "示甲"}],
        ),
        "low": add(admin, "risk-point", "不在内的低风险", attributes={"method": "LEC", "L": 1, "E": 1, "C": 1}),
        "unplaced": add(admin, "risk-point", "未定位的", attributes=lec(15), geometry=None),
        "mine": add(admin, "mine", "示例矿", **mine),
        "store": add(admin, "relief-store", "示例物资库"),
    }  # fmt: skip


def opened(client: TestClient, made: dict[str, Any]) -> Any:
    return docx.Document(io.BytesIO(file(client, made, NAME)))


def sections(document: Any) -> dict[str, list[list[str]]]:
    """Rows of the tables of risks by the heading that they stand under."""
    out: dict[str, list[list[str]]] = {}
    heading = ""
    for part in document.iter_inner_content():
        if isinstance(part, Paragraph) and part.style.name.lower() in {"heading 1", "heading 2"}:
            heading = part.text.split("　")[-1]
        elif isinstance(part, Table) and part.rows[0].cells[0].text == "序号":
            out.setdefault(heading, []).extend([c.text for c in row.cells] for row in part.rows[1:])
    return out


def test_every_risk_stands_once_in_its_section_worst_first(admin: TestClient, objects: dict[str, int]) -> None:
    made = make(admin)
    found = sections(opened(admin, made))
    assert set(found) == {"风险点", "矿山"}
    ids = {name: [int(re.search(r"登记号 (\d+)", row[1])[1]) for row in rows] for name, rows in found.items()}
    assert sorted(ids["风险点"]) == sorted([objects["major"], objects["unplaced"], objects["serious"]])
    assert ids["矿山"] == [objects["mine"]]
    grades = [row[2] for row in found["风险点"]]
    assert grades == ["重大", "重大", "较大"]
    every = [row[2] for rows in found.values() for row in rows]
    assert (every.count("重大"), every.count("较大")) == (made["figures"]["major"], made["figures"]["serious"])
    major = next(row for row in found["风险点"] if RARE in row[1])
    assert "双人双锁" in major[5]
    assert major[6].split("\n") == ["层级：市级", "属地：示例镇镇长 示甲"]
    assert major[7] == "7 天"
    assert "未定位" in next(row for row in found["风险点"] if "未定位的" in row[1])[1]
    # What is not registered is said, never a number.
    assert found["矿山"][0][5:] == ["未登记", "未登记", "未登记"]


def test_counts_by_class_are_the_figures_and_the_rules_are_told_with_how_sure_they_are(admin: TestClient) -> None:
    made = make(admin)
    document = opened(admin, made)
    counted = next(t for t in document.tables if t.rows[0].cells[-1].text == "合计")
    rows = {row.cells[0].text: [int(c.text) for c in row.cells[1:]] for row in counted.rows[1:]}
    totals = made["figures"]["totals"]
    assert rows.pop("合计") == [*(totals[g] for g in ("major", "serious", "general", "low", "none")), totals["total"]]
    assert sum(r[-1] for r in rows.values()) == totals["total"]
    text = "\n".join(p.text for p in document.paragraphs)
    assert "应急力量和背景要素不分级" in text
    bands = next(t for t in document.tables if t.rows[0].cells[1].text == "界限")
    assert ["LEC 四级分档", "D > 320", "", "重大", "分级（已核对）"] in [[c.text for c in r.cells] for r in bands.rows]
    clauses = next(t for t in document.tables if t.rows[0].cells[0].text == "条文")
    said = {row.cells[0].text: (row.cells[3].text, row.cells[4].text) for row in clauses.rows[1:]}
    assert said["LEC 四级分档 分级"] == ("已核对", "4")
    assert "没有同一范围、同一选择、已签发的上期成果可比" in text


def test_the_file_is_made_to_be_read_and_edited(admin: TestClient) -> None:
    made = make(admin)
    document = opened(admin, made)
    headings = [p.text for p in document.paragraphs if p.style.name.lower().startswith("heading")]
    entries = [p.text.split("\t")[0] for p in document.paragraphs if p.style.name.lower().startswith("toc ")]
    assert entries == headings
    created = document.core_properties.created
    assert created.replace(tzinfo=UTC) == datetime.fromisoformat(made["data_at"]).replace(microsecond=0)
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)
    head, foot = section.header.paragraphs[0], section.footer.paragraphs[0]
    assert "草稿" in head.text
    assert "内部使用" in head.text
    assert f"{made['number']} 第 1 版" in head.text
    assert made["check"] in foot.text
    assert f"状态 {made['state']}" in foot.text
    assert re.findall(r"instrText[^>]*> (\w+)", foot._p.xml) == ["PAGE", "NUMPAGES"]
    captions = [p.text for p in document.paragraphs if p.style.name.lower() == "caption"]
    assert [re.match(r"表 (\d+)", c)[1] for c in captions] == [str(i) for i in range(1, len(captions) + 1)]
    # The head of a table is repeated over pages.
    assert all("tblHeader" in t.rows[0]._tr.xml for t in document.tables[1:])


def test_made_twice_the_text_is_the_same_but_for_its_version(admin: TestClient) -> None:
    first = make(admin)
    second = again(admin, first["id"])

    def body(made: dict[str, Any]) -> str:
        with zipfile.ZipFile(io.BytesIO(file(admin, made, NAME))) as archive:
            return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d|第 \d 版", "·", archive.read("word/document.xml").decode())

    assert body(first) == body(second)


def test_the_next_issue_says_what_has_changed(admin: TestClient, make_account: Any, objects: dict[str, int]) -> None:
    first = make(admin)
    other, signer = make_account("editor", "command"), make_account("administrator", "command", may=["sign"])
    assert other.post(f"/api/reports/{first['id']}/review", json={}).status_code == 200
    assert signer.post(f"/api/reports/{first['id']}/sign", json={}).status_code == 202
    assert wait(admin, first["id"])["stage"] == "issued"
    new = add(admin, "risk-point", "新来的重大", attributes={"method": "LEC", "L": 10, "E": 6, "C": 15})
    document = opened(admin, make(admin))
    changed = next(t for t in document.tables if t.rows[0].cells[0].text == "变化")
    assert [[c.text for c in row.cells] for row in changed.rows[1:]] == [
        ["新列入", f"新来的重大（登记号 {new}）", "—", "重大"]
    ]


def test_the_form_for_publication_has_no_ids_and_no_persons(admin: TestClient) -> None:
    made = make(admin, public=True)
    with zipfile.ZipFile(io.BytesIO(file(admin, made, NAME))) as archive:
        text = archive.read("word/document.xml").decode()
    assert "登记号" not in text.replace("不列登记号", "")
    assert "示甲" not in text
