"""The import template of every shipped class: read back by the same code that reads what senders bring."""

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from riskmap.catalogue.model import Catalogue, Class, Field, Scale
from riskmap.catalogue.seed import read_files
from riskmap.exchange.cells import choice_of
from riskmap.exchange.headers import Column, Matcher, find_header, match_columns
from riskmap.exchange.rows import SAMPLE_MARK, Divisions, RowReader, choices_of
from riskmap.exchange.table import Table
from riskmap.exchange.tables import CsvTable, open_table
from riskmap.exchange.targets import Target, targets_of
from riskmap.exchange.template import header_of, template, template_of

ITEMS = list(read_files())
CLASSES = {i.code: Class.parse(3, i.body) for i in ITEMS if i.kind == "class"}
CATALOGUE = Catalogue(1, (), CLASSES, {i.code: Scale.parse(i.body) for i in ITEMS if i.kind == "scale"}, {})
DIVISIONS: list[Mapping[str, Any]] = [
    {"code": "360400", "name": "九江市", "level": "city", "parent": None},
    {"code": "360402", "name": "濂溪区", "level": "county", "parent": "360400"},
    {"code": "360403", "name": "浔阳区", "level": "county", "parent": "360400"},
    {"code": "360402100", "name": "新港镇", "level": "town", "parent": "360402"},
]


def made(class_: Class, folder: Path, divisions: list[Mapping[str, Any]] = DIVISIONS) -> Table:
    path = folder / "template.xlsx"
    path.write_bytes(template(class_, CATALOGUE, divisions, title="城市安全风险一张图"))
    return open_table(path)


def read(class_: Class, table: Table) -> tuple[dict[str, Target], list[Column], list[tuple[int, list[Any]]]]:
    [sheet] = table.sheets
    rows = list(table.rows(sheet.name))
    targets = targets_of(class_, CATALOGUE)
    matcher = Matcher(class_, targets)
    header = find_header(rows, table.merged(sheet.name), matcher)
    assert header is not None
    assert (header.line, header.lines) == (1, 1)
    return matcher.targets, match_columns(header, matcher, {}), rows


@pytest.fixture(params=sorted(CLASSES))
def class_(request: pytest.FixtureRequest) -> Class:
    return CLASSES[request.param]


def test_each_column_means_its_own_target_without_a_factor(class_: Class, tmp_path: Path) -> None:
    targets, columns, _ = read(class_, made(class_, tmp_path))
    expected = [t.target for t in targets.values() if t.in_template]
    assert [c.target for c in columns] == expected
    assert {c.factor for c in columns} <= {None, Decimal(1)}
    for column in columns:
        assert column.target is not None
        target = targets[column.target]
        assert column.header.startswith("*") == target.required
        assert target.unit is None or f"（{target.unit}）" in column.header


def test_the_sample_row_is_ignored_and_would_be_read_without_a_fault(class_: Class, tmp_path: Path) -> None:
    targets, columns, rows = read(class_, made(class_, tmp_path))
    reader = RowReader(class_, targets, columns, Divisions(DIVISIONS), set())
    [_, (line, cells)] = rows
    assert reader.read(line, cells).ignored == "sample"
    cells[0] = cells[0].removeprefix(SAMPLE_MARK)
    reading = reader.read(line, cells)
    assert reading.ignored is None
    assert not reading.faults
    assert reading.core["division"] == "360402100"
    assert reading.core["name"] == f"例湖{class_.title}"
    placed = reading.x is not None and reading.y is not None
    assert placed == ("point" in class_.geometry)
    assert placed or reading.geometry is not None
    required = {f.name for f in class_.fields if f.required}
    assert required <= reading.attributes.keys()


def test_the_version_is_read_back(class_: Class, tmp_path: Path) -> None:
    assert template_of(made(class_, tmp_path)) == (class_.code, 3)
    properties = openpyxl.load_workbook(tmp_path / "template.xlsx").custom_doc_props
    assert {p.name: p.value for p in properties.props} == {"riskmap_class": class_.code, "riskmap_version": 3}


def _drop_downs(path: Path) -> Iterator[tuple[int, list[str], str | None]]:
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    for check in sheet.data_validations.dataValidation:
        if check.type == "list":
            [area] = check.sqref.ranges
            assert (area.min_row, area.max_row) == (2, 5001)
            if check.formula1.startswith('"'):
                words = check.formula1.strip('"').split(",")
            else:
                name, _, cells = check.formula1.rpartition("!")
                words = [str(c.value) for row in book[name.strip("'")][cells.replace("$", "")] for c in row]
            yield area.min_col - 1, words, check.errorStyle


def test_the_drop_downs_offer_exactly_the_words_that_are_understood(class_: Class, tmp_path: Path) -> None:
    targets, columns, _ = read(class_, made(class_, tmp_path))
    offered = {columns[index].target: (words, style) for index, words, style in _drop_downs(tmp_path / "template.xlsx")}
    choices = {c.target: targets[c.target] for c in columns if c.target and targets[c.target].kind == "choice"}
    for name, target in choices.items():
        words, style = offered.pop(name)
        assert style in {None, "stop"}
        assert [choice_of(w, target.title, choices_of(target)) for w in words] == [v for v, _ in target.choices]
    booleans = {c.target for c in columns if c.target and targets[c.target].kind == "boolean"}
    for name in booleans:
        assert offered.pop(name)[0] == ["是", "否"]
    assert offered.pop("division") == (["濂溪区", "浔阳区"], "warning")
    assert offered.pop("town") == (["新港镇"], "warning")
    for name, (words, style) in offered.items():  # the legal decimals of a standard
        field = targets[str(name)].field
        assert field is not None
        assert [Decimal(w) for w in words] == list(field.values)
        assert style == "warning"


def test_codes_and_words_stand_in_columns_of_text(class_: Class, tmp_path: Path) -> None:
    targets, columns, _ = read(class_, made(class_, tmp_path))
    sheet = openpyxl.load_workbook(tmp_path / "template.xlsx").worksheets[0]
    for column in columns:
        assert column.target is not None
        kind = targets[column.target].kind
        expected = {"number": "General", "position": "General", "date": "yyyy-mm-dd"}.get(kind, "@")
        assert sheet.cell(2, column.index + 1).number_format == expected
    assert sheet["B2"].value == "0001"
    assert sheet.freeze_panes == "B2"


def test_the_explanations_name_every_column_and_are_no_data(class_: Class, tmp_path: Path) -> None:
    table = made(class_, tmp_path)
    _, columns, _ = read(class_, table)
    assert [s.name for s in table.sheets] == [class_.title]
    book = openpyxl.load_workbook(tmp_path / "template.xlsx")
    assert {s.title: s.sheet_state for s in book} == {
        class_.title: "visible",
        "填写说明": "visible",
        "_选项": "hidden",
        "_riskmap": "veryHidden",
    }
    said = [row[0] for row in book["填写说明"].iter_rows(values_only=True)]
    at = said.index("名称")
    units = [row[2] for row in book["填写说明"].iter_rows(min_row=at + 2, values_only=True)]
    names = [f"{n}（{u}）" if u else n for n, u in zip(said[at + 1 :], units, strict=True)]
    assert names == [c.header.removeprefix("*") for c in columns]


def test_nothing_is_a_formula_or_a_link(class_: Class, tmp_path: Path) -> None:
    made(class_, tmp_path)
    with zipfile.ZipFile(tmp_path / "template.xlsx") as archive:
        for name in archive.namelist():
            if name.startswith("xl/worksheets/"):
                body = archive.read(name)
                assert b"<f>" not in body
                assert b"<hyperlink" not in body


def test_without_divisions_the_sample_names_none(tmp_path: Path) -> None:
    class_ = CLASSES["school"]
    table = made(class_, tmp_path, [])
    targets, columns, [_, (line, cells)] = read(class_, table)
    cells[0] = cells[0].removeprefix(SAMPLE_MARK)
    reading = RowReader(class_, targets, columns, Divisions([]), set()).read(line, cells)
    assert not reading.faults
    assert "division" not in reading.core


def test_a_header_that_another_field_bears_is_not_used_twice() -> None:
    site = CLASSES["construction-site"]  # has a 状态 of its own
    targets = targets_of(site, CATALOGUE)
    matcher = Matcher(site, targets)
    assert header_of(matcher.targets["attributes.working"], matcher) == "状态"
    assert header_of(matcher.targets["stage"], matcher) == "运行状态"


def test_a_field_named_as_a_column_of_the_returned_workbook_has_a_column_all_the_same() -> None:
    plain = CLASSES["school"]
    waste = replace(plain, code="waste", title="危废仓库", fields=(Field("goes_to", "去向", "text"),))
    matcher = Matcher(waste, targets_of(waste, CATALOGUE))
    header = header_of(matcher.targets["attributes.goes_to"], matcher)
    assert header == "去向（危废仓库）"
    assert matcher.match("去向") is None


def test_a_title_that_excel_refuses_as_a_sheets_name_is_mended(tmp_path: Path) -> None:
    odd = replace(CLASSES["school"], title="中小学/幼儿园[试点]：'名单'" + "长" * 40)
    [sheet] = made(odd, tmp_path).sheets
    assert len(sheet.name) <= 31
    assert "/" not in sheet.name


def test_long_lists_of_towns_stand_on_the_hidden_sheet(tmp_path: Path) -> None:
    towns = [{"code": f"360402{n:03}", "name": f"例湖{n}镇", "level": "town"} for n in range(100, 400)]
    made(CLASSES["school"], tmp_path, [*DIVISIONS, *towns])
    lists = [words for _, words, _ in _drop_downs(tmp_path / "template.xlsx") if "新港镇" in words]
    assert [len(words) for words in lists] == [301]


def test_a_csv_has_no_version(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("名称,编号\n例湖小学,1\n", encoding="utf-8")
    assert template_of(CsvTable(path)) is None


@pytest.mark.parametrize("cells", [["school"], ["school", "3"], [5.0, 3.0], ["../x", 3.0], ["school", -1.0], []])
def test_a_version_sheet_that_was_tampered_with_says_nothing(tmp_path: Path, cells: list[Any]) -> None:
    book = openpyxl.Workbook()
    book.active["A1"] = "名称"
    sheet = book.create_sheet("_riskmap")
    sheet.append([*cells, None, "x"])
    book.save(tmp_path / "a.xlsx")
    assert template_of(open_table(tmp_path / "a.xlsx")) is None
