"""城市安全风险评估报告 of the demo city, read back out of both files: its numbers are those of the page."""

import io
import re
from typing import Any

import docx
import pypdfium2
import pytest
from docx.oxml.ns import qn
from starlette.testclient import TestClient
from tests.api.reports import file, make, manifest

from riskmap.catalogue.model import GRADES
from riskmap.paper.symbols import LOOKS

DEMO = True
TITLE = "城市安全风险评估报告"


@pytest.fixture(scope="module")
def made(admin: TestClient) -> Any:
    from riskmap.reports import run
    from riskmap.reports.products import products

    wanted = tuple(p for p in products() if p.name == "report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "products", lambda: wanted)
        return make(admin, title="城市安全风险评估", division="360400", maker="九江市应急管理局")


@pytest.fixture(scope="module")
def document(admin: TestClient, made: Any) -> Any:
    return docx.Document(io.BytesIO(file(admin, made, f"{TITLE}.docx")))


@pytest.fixture(scope="module")
def printed(admin: TestClient, made: Any) -> str:
    with pypdfium2.PdfDocument(file(admin, made, f"{TITLE}.pdf")) as found:
        return re.sub(r"[\s​]+", "", "".join(page.get_textpage().get_text_bounded() for page in found))


def table(document: Any, caption: str) -> list[list[str]]:
    """The cells of the table below a caption."""
    body = document.element.body
    for element in body:
        words = "".join(t.text or "" for t in element.iter(qn("w:t")))
        if (
            element.tag == qn("w:p")
            and re.fullmatch(rf"表 \S+　{re.escape(caption)}", words)
            and not list(element.iter(qn("w:hyperlink")))
        ):
            rows = element.getnext().iter(qn("w:tr"))
            return [["".join(t.text or "" for t in c.iter(qn("w:t"))) for c in row.iter(qn("w:tc"))] for row in rows]
    raise AssertionError(caption)


def test_both_files_say_the_counts_of_the_page(admin: TestClient, made: Any, document: Any, printed: str) -> None:
    asked = {"division": "360400", "as_of": f"state:{made['state']}"}
    counts = admin.get("/api/counts", params={"by": "grade", **asked}).json()
    n = {g: 0 for g in GRADES} | {row["grade"]: row["n"] for row in counts["rows"]}
    text = "\n".join(p.text for p in document.paragraphs)
    assert n["major"] > 0
    sentence = "，".join((f"登记的 {counts['total']} 个对象中", f"重大风险 {n['major']} 个"))
    assert sentence in text
    assert re.sub(r"\s+", "", sentence) in printed
    for g in GRADES:
        assert f"{LOOKS[g].word}" in text
    assert made["figures"]["totals"]["major"] == n["major"]
    by_class = admin.get("/api/counts", params={"by": "grade,class", **asked}).json()["rows"]
    cell = {(row["class"], row["grade"]): row["n"] for row in by_class}
    titles = {c["class"]: c["title"] for c in admin.get("/api/catalogue").json()["classes"]}
    rows = {row[0]: row[1:] for row in table(document, "工业企业各类对象的风险等级")[1:]}
    for code in ("risk-point", "major-hazard", "tailings-pond"):
        told = [cell.get((code, g), 0) for g in GRADES]
        assert rows[titles[code]] == [str(v) for v in (*told, sum(told))]
        assert titles[code] + "".join(rows[titles[code]]) in printed
    units = table(document, "评估单元与对象数")
    assert sum(int(row[-1]) for row in units[1:-1]) == int(units[-1][-1])


def test_every_major_risk_is_named_once_and_those_without_a_place_are_marked(
    admin: TestClient, made: Any, document: Any, printed: str
) -> None:
    asked = {"division": "360400", "grade": "major", "limit": 1000, "as_of": f"state:{made['state']}"}
    items = admin.get("/api/objects", params=asked).json()["items"]
    rows = table(document, "重大风险清单")[1:]
    assert sorted(int(row[1]) for row in rows) == sorted(item["id"] for item in items)
    assert {row[2] for row in rows} == {item["name"] for item in items}
    unplaced = {item["id"] for item in items if item["geometry"] is None}
    assert {int(row[1]) for row in rows if row[-1] == "未定位"} == unplaced
    for item in items:
        assert re.sub(r"\s+", "", item["name"]) in printed


def test_divisions_own_scales_and_what_is_not_known(made: Any, document: Any, printed: str) -> None:
    figures = made["figures"]
    rows = table(document, "各县（市、区）的风险等级")
    # 13 counties; nothing is registered for the whole city alone.
    city, *counties = figures["by_division"]
    assert (len(rows), len(counties), city["code"], city["total"]) == (15, 13, "360400", 0)
    assert any("统计按 13 个县（市、区）进行：濂溪区、" in p.text for p in document.paragraphs)
    for row, told in zip(rows[1:-1], counties, strict=True):
        assert row[1:] == [*(str(told[g]) for g in GRADES), str(told["total"]), str(told["unplaced"])]
    levels = figures["levels"]["major-hazard-level"]
    crossed = table(document, "重大危险源级别与风险等级对照")
    told = {row[0]: row[-1] for row in crossed[1:-1]}
    for level in ("一级", "二级", "三级", "四级"):
        assert told[level] == str(sum(levels[level].values()))
    assert int(crossed[-1][-1]) == sum(sum(row.values()) for row in levels.values())
    unknown = {row[1]: row[2] for row in table(document, "未知与不确定的事项")[1:]}
    assert unknown["没有评定风险等级的对象"] == str(figures["unknown"]["not_assessed"])
    assert unknown["评定依据待核的对象"] == str(figures["unknown"]["recall"])
    assert unknown["评估已过期的重大危险源"] == str(figures["lists"]["major-hazards"]["overdue"])
    recall = [row["clause"] for row in figures["clauses"] if row["tag"] == "recall"]
    assert recall
    for clause in recall:
        assert re.sub(r"\s+", "", clause) in printed
    methods = table(document, "评定方式")
    assert sum(int(row[-1]) for row in methods[1:-1]) == sum(row["n"] for row in figures["methods"])
    missing = {row[0]: row[1] for row in table(document, "管控登记中缺少的内容")[1:]}
    assert missing["管控措施"] == str(figures["lists"]["completeness"]["no-measures"])


def test_it_says_which_state_it_is_of_and_which_template_made_it(
    admin: TestClient, made: Any, document: Any, printed: str
) -> None:
    text = "\n".join(p.text for p in document.paragraphs)
    assert f"状态号 {made['state']}" in text
    assert made["check"].replace(" ", "") in printed
    assert "演示数据，非真实" in printed
    told = next(f for f in manifest(admin, made)["files"] if f["name"] == f"{TITLE}.docx")
    assert told["template"]["own"] is False
    assert re.fullmatch("[0-9a-f]{64}", told["template"]["sha256"])
    assert next(f for f in made["files"] if f["name"] == f"{TITLE}.pdf")["pages"] > 15
