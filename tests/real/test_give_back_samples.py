"""The returned workbooks of the sample files: the cells that their README names, and no other, coloured."""

import json
import shutil
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from riskmap.catalogue.model import Catalogue, Class, Scale
from riskmap.catalogue.seed import read_files
from riskmap.exchange.give_back import FILLS, give_back, marks_of
from riskmap.exchange.headers import Header, Matcher, find_header, match_columns, normalised
from riskmap.exchange.table import Table
from riskmap.exchange.tables import open_table
from riskmap.exchange.targets import targets_of

ITEMS = list(read_files())
CLASSES = {i.code: Class.parse(1, i.body) for i in ITEMS if i.kind == "class"}
CATALOGUE = Catalogue(1, (), CLASSES, {i.code: Scale.parse(i.body) for i in ITEMS if i.kind == "scale"}, {})
FILES = ("schools_bd09_gb18030.csv", "tailings_ponds_title_rows.xlsx", "risk_points_zone39.xlsx")
KINDS = {f"FF{rgb}": kind for kind, rgb in FILLS.items()}


def _header(table: Table, sheet: str, class_: str) -> tuple[Header, Matcher]:
    head = [row for _, row in zip(range(30), table.rows(sheet), strict=False)]
    matcher = Matcher(CLASSES[class_], targets_of(CLASSES[class_], CATALOGUE))
    header = find_header(head, table.merged(sheet), matcher)
    assert header is not None
    return header, matcher


def _findings(header: Header, matcher: Matcher, expected: dict[str, Any]) -> list[dict[str, Any]]:
    index = {normalised(t): i for i, t in enumerate(header.texts)}
    where = [c.index for c in match_columns(header, matcher, {}) if c.target in {"lon", "lat", "x", "y"}]
    assert len(where) == 2

    def fault(at: int, code: str) -> dict[str, Any]:
        return {"index": at, "column": header.texts[at], "code": code, "message": f"请核对（{code}）"}

    out = []
    for row in expected["back"]:
        at = next(i for text, i in index.items() if text.startswith(normalised(row["column"])))
        out.append({"line": row["line"], "kind": "back", "faults": [fault(at, row["code"])]})
    for row in expected["waiting"]:
        out.append({"line": row["line"], "kind": "waiting", "faults": [fault(at, row["why"]) for at in where]})
    return out


@pytest.mark.parametrize("name", FILES)
def test_a_sample_comes_back_with_its_faults_where_they_are(real_data: Path, tmp_path: Path, name: str) -> None:
    folder = real_data / "import-samples" / "invented"
    expected = json.loads((folder / "expected.json").read_text(encoding="utf-8"))[name]
    table = open_table(folder / name)
    sheet = expected.get("sheet", table.sheets[0].name)
    header, matcher = _header(table, sheet, expected["class"])
    findings = _findings(header, matcher, expected)
    target = tmp_path / "returned.xlsx"
    give_back(folder / name, table, sheet, header, marks_of(findings), target, file_name=name)

    book = openpyxl.load_workbook(target)
    own = name.endswith("xlsx")
    assert set(s.name for s in table.sheets if own) <= set(book.sheetnames)
    there = book[sheet] if own else book.worksheets[0]
    width = len(header.texts)
    assert {
        (c.row, c.column - 1, KINDS[c.fill.fgColor.rgb])
        for row in there.iter_rows(max_col=width)
        for c in row
        if c.fill.fill_type == "solid" and c.fill.fgColor.rgb in KINDS
    } == {(f["line"], fault["index"], f["kind"]) for f in findings for fault in f["faults"]}
    fates = {c.row for c in there[openpyxl.utils.get_column_letter(width + 1)] if c.value in {"退回", "待定位"}}
    assert fates == {f["line"] for f in findings}

    again = open_table(target)
    rows = {line: cells[:width] for line, cells in again.rows(there.title)}
    for line, cells in table.rows(sheet):
        given = [*cells[:width], *[None] * (width - len(cells))]
        assert [*rows.get(line, []), *[None] * width][:width] == given
    found, _ = _header(again, there.title, expected["class"])
    assert (found.line, found.texts[:width]) == (header.line, header.texts)


def test_a_layer_with_a_gbk_table_comes_back_readable(real_data: Path, tmp_path: Path) -> None:
    source = tmp_path / "uploaded"
    source.mkdir()
    for part in (real_data / "import-samples").glob("jiujiang_districts_cgcs2000_zone39_gbk.*"):
        shutil.copy(part, source)
    table = open_table(source)
    [sheet] = table.sheets
    texts = tuple(str(c) for c in next(iter(table.rows(sheet.name)))[1])
    at = len(texts) - 1
    fault = {"index": at, "column": texts[at], "code": "x", "message": "这一类的位置应为点，收到的是面"}
    target = tmp_path / "returned.xlsx"
    give_back(
        source, table, sheet.name, Header(0, 1, texts), marks_of([{"line": 2, "kind": "back", "faults": [fault]}]), target,
        file_name=source.name,
    )  # fmt: skip
    there = openpyxl.load_workbook(target).worksheets[0]
    assert [c.value for c in there[1]][: at + 2] == ["原行号", *texts[:-1], "图形种类"]
    assert there.max_row == sheet.rows
    assert {there.cell(r, at + 2).value for r in range(2, there.max_row + 1)} == {"面"}
    assert there.cell(3, at + 2).fill.fgColor.rgb == f"FF{FILLS['back']}"
