"""The returned workbook: the sender's rows where they were, exactly the faulty cells coloured, nothing a formula."""

import csv
import json
import re
import zipfile
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from riskmap.catalogue.model import Catalogue, Class, Scale
from riskmap.catalogue.seed import read_files
from riskmap.exchange.give_back import FILLS, MOST_ROWS, give_back, marks_of
from riskmap.exchange.headers import Header, Matcher, find_header, match_columns
from riskmap.exchange.tables import open_table
from riskmap.exchange.targets import targets_of

ITEMS = list(read_files())
CLASSES = {i.code: Class.parse(1, i.body) for i in ITEMS if i.kind == "class"}
CATALOGUE = Catalogue(1, (), CLASSES, {i.code: Scale.parse(i.body) for i in ITEMS if i.kind == "scale"}, {})
POND = CLASSES["tailings-pond"]
MATCHER = Matcher(POND, targets_of(POND, CATALOGUE))
HEAD = ("尾矿库名称", "编号", "全库容（万m³）", "总坝高（m）", "经度", "纬度", "安全度认定日期", "备注")


def finding(line: int, kind: str, *faults: tuple[int | None, str]) -> dict[str, Any]:
    return {
        "line": line,
        "kind": kind,
        "faults": [{"index": i, "column": "", "code": "x", "message": m} for i, m in faults],
    }


FINDINGS = [
    finding(5, "back", (2, "全库容应为数字，“约五十”不是数字"), (3, "总坝高不能小于 0 m")),
    finding(6, "waiting", (4, "没有坐标"), (5, "没有坐标")),
    finding(8, "back", (None, "同一份文件里编号重复")),
]
EXPECTED = {(5, 3): "back", (5, 4): "back", (6, 5): "waiting", (6, 6): "waiting"}


def workbook(path: Path, *, more_rows: int = 0) -> Path:
    """A clerk's workbook: a cover sheet, a merged title, formulas with saved values, dates, a filter."""
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    book.add_worksheet("封面").write("A1", "例湖市尾矿库清单")
    sheet = book.add_worksheet("尾矿库")
    day = book.add_format({"num_format": "yyyy/m/d"})
    sheet.merge_range(0, 0, 0, 7, "例湖市尾矿库基本情况表", book.add_format({"bold": True, "font_size": 16}))
    sheet.write("A2", "填报单位：例湖市应急管理局")
    sheet.write_row("A3", HEAD, book.add_format({"bold": True, "bg_color": "#D9E1F2", "border": 1}))
    rows: list[list[Any]] = [
        ["例湖尾矿库", "0001", 80.5, 45.5, 115.82375, 29.6625, date(2026, 3, 1), '=HYPERLINK("http://x")'],
        ["演溪尾矿库", "0002", "约五十", -3, 115.9, 29.7, date(2025, 12, 31), "+8613800000000"],
        ["拟山尾矿库", "0003", 12.25, 20, None, None, None, "@说明"],
        ["虚谷尾矿库", "0004", 1e-7, 30, 116.0, 29.5, datetime(2024, 2, 29, 8, 30), None],
        ["例湖尾矿库", "0001", 80.5, 45.5, 115.82375, 29.6625, None, None],
    ]
    for line, row in enumerate(rows, 3):
        for index, value in enumerate(row):
            if isinstance(value, date):
                sheet.write_datetime(line, index, value, day)
            elif value is not None:
                sheet.write(line, index, value)
    sheet.write_formula("C9", "=SUM(C4:C8)", None, 173.25)
    sheet.write("A9", "合计")
    sheet.write_comment("C5", "县里报的数", {"author": "clerk"})
    for line in range(9, 9 + more_rows):
        sheet.write_row(line, 0, [f"例湖尾矿库{line}", f"A{line:05}", 1, 2, 115.9, 29.6])
    sheet.autofilter("A3:H9")
    sheet.freeze_panes(3, 1)
    sheet.protect("", {"format_cells": True})
    book.close()
    return path


def returned(
    source: Path, findings: Iterable[Mapping[str, Any]], sheet: str | None = None
) -> tuple[openpyxl.Workbook, Path, Header]:
    table = open_table(source)
    sheet = table.sheets[-1].name if sheet is None else sheet
    head = [row for _, row in zip(range(30), table.rows(sheet), strict=False)]
    header = find_header(head, table.merged(sheet), MATCHER)
    assert header is not None
    target = source.with_name("returned.xlsx")
    give_back(source, table, sheet, header, marks_of(findings), target, file_name=source.name)
    assert {p.name for p in source.parent.iterdir()} == {source.name, target.name}
    return openpyxl.load_workbook(target), target, header


def coloured(sheet: Any, *, before: int) -> dict[tuple[int, int], str]:
    """Line and column (from 1) of the coloured cells left of our own columns."""
    kinds = {f"FF{rgb}": kind for kind, rgb in FILLS.items()}
    return {
        (c.row, c.column): kinds[c.fill.fgColor.rgb]
        for row in sheet.iter_rows()
        for c in row
        if c.fill.fill_type == "solid" and c.fill.fgColor.rgb in kinds and c.column < before
    }


def formulas_in(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if n.startswith("xl/worksheets/sheet")]
        return [m.decode() for n in names for m in re.findall(rb"<f[ >/].{0,80}", archive.read(n))]


def test_the_senders_own_workbook_comes_back_with_exactly_the_faulty_cells_coloured(tmp_path: Path) -> None:
    book, _, _ = returned(workbook(tmp_path / "尾矿库.xlsx"), FINDINGS)
    assert book.sheetnames == ["封面", "尾矿库", "退回说明"]
    assert book.active.title == "尾矿库"
    sheet = book["尾矿库"]
    assert coloured(sheet, before=9) == EXPECTED
    assert [sheet.cell(3, c).value for c in (9, 10)] == ["去向", "原因与改法"]
    assert {r: sheet.cell(r, 9).value for r in range(1, 10) if r != 3} == {
        1: None, 2: None, 4: None, 5: "退回", 6: "待定位", 7: None, 8: "退回", 9: None,
    }  # fmt: skip
    assert sheet["J5"].value == "全库容应为数字，“约五十”不是数字；总坝高不能小于 0 m"
    assert sheet["J6"].value == "没有坐标"
    assert sheet["J8"].value == "同一份文件里编号重复"


def test_each_coloured_cell_has_its_reason_as_a_comment(tmp_path: Path) -> None:
    book, _, _ = returned(workbook(tmp_path / "尾矿库.xlsx"), FINDINGS)
    comments = {c.coordinate: c.comment.text for row in book["尾矿库"].iter_rows() for c in row if c.comment}
    assert comments == {
        "C3": "本列：退回 1 处",
        "D3": "本列：退回 1 处",
        "E3": "本列：待定位 1 处",
        "F3": "本列：待定位 1 处",
        "C5": "全库容应为数字，“约五十”不是数字\n原批注：县里报的数",
        "D5": "总坝高不能小于 0 m",
        "E6": "没有坐标",
        "F6": "没有坐标",
    }


def test_what_the_sender_had_made_of_her_sheet_stays(tmp_path: Path) -> None:
    book, _, _ = returned(workbook(tmp_path / "尾矿库.xlsx"), FINDINGS)
    sheet = book["尾矿库"]
    assert [str(r) for r in sheet.merged_cells.ranges] == ["A1:H1"]
    assert sheet["A1"].font.size == 16
    assert sheet["A3"].fill.fgColor.rgb == "FFD9E1F2"
    assert sheet["C3"].border.bottom.style == "thick"
    assert sheet["C3"].border.top.style == "thin"
    assert sheet["A3"].border.bottom.style == "thin"
    assert sheet.auto_filter.ref == "A3:H9"
    assert sheet.freeze_panes == "B4"
    assert sheet.protection.sheet
    assert sheet["G4"].number_format == "yyyy/m/d"


def test_formulas_give_way_to_their_values_and_texts_stay_texts(tmp_path: Path) -> None:
    book, path, _ = returned(workbook(tmp_path / "尾矿库.xlsx"), FINDINGS)
    sheet = book["尾矿库"]
    assert not formulas_in(path)
    assert sheet["C9"].value == 173.25
    assert [(sheet[at].value, sheet[at].data_type) for at in ("H4", "H5", "H6")] == [
        ('=HYPERLINK("http://x")', "s"),
        ("+8613800000000", "s"),
        ("@说明", "s"),
    ]


def test_a_reason_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    odd = [finding(5, "back", (2, "=cmd|' /C calc'!A0\x07不是数字"))]
    for source in (workbook(tmp_path / "a.xlsx"), _csv(tmp_path / "b", "utf-8", [["甲", "1", "2"]] * 6)):
        book, path, _ = returned(_alone(source), odd)
        cells = [c for row in book.worksheets[-2].iter_rows() for c in row if str(c.value).startswith("=cmd")]
        assert [(c.value, c.data_type) for c in cells] == [("=cmd|' /C calc'!A0不是数字", "s")]
        assert not formulas_in(path)


def _alone(source: Path) -> Path:
    folder = source.parent / f"of-{source.stem}"
    folder.mkdir()
    return source.rename(folder / source.name)


def test_read_again_the_workbook_says_the_same_and_our_columns_mean_nothing(tmp_path: Path) -> None:
    source = workbook(tmp_path / "尾矿库.xlsx")
    _, path, header = returned(source, FINDINGS)
    table, again = open_table(source), open_table(path)
    assert [s.name for s in again.sheets] == ["封面", "尾矿库"]
    rows = list(again.rows("尾矿库"))
    assert [(line, cells[:8]) for line, cells in rows] == list(table.rows("尾矿库"))
    found = find_header(rows, again.merged("尾矿库"), MATCHER)
    assert found is not None
    assert found.line == header.line == 3
    columns = match_columns(found, MATCHER, {})
    assert [c.target for c in columns][:8] == [c.target for c in match_columns(header, MATCHER, {})]
    assert [c.target for c in columns][8:] == [None, None]


def test_returned_a_second_time_only_what_is_still_wrong_is_marked(tmp_path: Path) -> None:
    _, path, _ = returned(workbook(tmp_path / "尾矿库.xlsx"), FINDINGS)
    second = tmp_path / "again" / "尾矿库（改）.xlsx"
    second.parent.mkdir()
    path.rename(second)
    book, again, _ = returned(second, [finding(5, "back", (2, "全库容应为数字，“约五十”不是数字"))])
    sheet = book["尾矿库"]
    assert book.sheetnames == ["封面", "尾矿库", "退回说明"]
    assert sheet.max_column == 10
    assert coloured(sheet, before=99) == {(5, 3): "back", (5, 9): "back"}
    assert [sheet.cell(r, 9).value for r in (5, 6, 8)] == ["退回", None, None]
    assert [sheet.cell(r, 10).value for r in (6, 8)] == [None, None]
    assert sheet["C5"].comment.text == "全库容应为数字，“约五十”不是数字\n原批注：县里报的数"
    assert sheet["D5"].comment is None
    assert sheet["D3"].border.bottom.style is None
    assert not formulas_in(again)


def test_the_workbook_opens_at_the_first_row_concerned(tmp_path: Path) -> None:
    source = workbook(tmp_path / "尾矿库.xlsx", more_rows=200)
    book, _, _ = returned(source, [finding(150, "back", (2, "全库容应为数字")), finding(120, "back", (2, "同上"))])
    view = book["尾矿库"].sheet_view
    assert view.pane.topLeftCell == "B117"
    assert {s.activeCell for s in view.selection if s.pane == view.pane.activePane} == {"I120"}
    assert [bool(s.sheet_view.tabSelected) for s in book.worksheets] == [False, True, False]


def test_a_row_that_a_filter_had_hidden_is_shown(tmp_path: Path) -> None:
    source = workbook(tmp_path / "尾矿库.xlsx")
    mine = openpyxl.load_workbook(source)
    for line in (5, 7):
        mine["尾矿库"].row_dimensions[line].hidden = True
    mine.save(source)
    rows = returned(source, FINDINGS)[0]["尾矿库"].row_dimensions
    assert (rows[5].hidden, rows[7].hidden) == (False, True)


def test_notes_beside_the_table_are_not_written_over(tmp_path: Path) -> None:
    source = workbook(tmp_path / "尾矿库.xlsx")
    mine = openpyxl.load_workbook(source)
    mine["尾矿库"]["J7"] = "与县局核过"  # no header above
    mine.save(source)
    sheet = returned(source, FINDINGS)[0]["尾矿库"]
    assert sheet["J7"].value == "与县局核过"
    assert [sheet.cell(3, c).value for c in (11, 12)] == ["去向", "原因与改法"]


def test_the_note_sheet_counts_and_says_what_to_do(tmp_path: Path) -> None:
    book, _, _ = returned(workbook(tmp_path / "尾矿库.xlsx"), FINDINGS)
    said = [c.value for c in book["退回说明"]["A"]]
    assert said[1:5] == [
        "文件：尾矿库.xlsx",
        "工作表：尾矿库",
        "退回 2 行：不入库，按原因改正后再导入。退回的格子涂这种颜色。",
        "待定位 1 行：照常入库并计入总数，只是没有可信的位置。要补的格子涂这种颜色。",
    ]
    assert any("改好后把整份再导入：已入库的行不会重复" in text for text in said)
    assert [book["退回说明"].cell(r, 1).fill.fgColor.rgb for r in (4, 5)] == [
        f"FF{FILLS[kind]}" for kind in ("back", "waiting")
    ]


# -- Written anew ----------------------------------------------------------------------


def _csv(folder: Path, encoding: str, rows: list[list[str]], head: tuple[str, ...] = HEAD[:3]) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / "尾矿库.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def test_a_csv_in_gb18030_comes_back_with_its_own_row_numbers(tmp_path: Path) -> None:
    rows = [["例湖尾矿库", "0001", "80.5"], ["演溪尾矿库㐱", "0002", "约五十"], [], ["=1+1", "-5", "1\x08 2"]]
    source = _csv(tmp_path / "a", "gb18030", rows)
    book, path, _ = returned(
        source, [finding(3, "back", (2, "全库容应为数字")), finding(5, "waiting", (None, "没有坐标"))]
    )
    sheet = book["退回"]
    assert [[c.value for c in row] for row in sheet.iter_rows()] == [
        [*HEAD[:3], "去向", "原因与改法"],
        ["例湖尾矿库", "0001", "80.5", None, None],
        ["演溪尾矿库㐱", "0002", "约五十", "退回", "全库容应为数字"],
        [None] * 5,
        ["=1+1", "-5", "1 2", "待定位", "没有坐标"],
    ]
    assert coloured(sheet, before=4) == {(3, 3): "back"}
    assert sheet["B2"].number_format == "@"
    assert sheet["C3"].comment.text == "全库容应为数字"
    assert sheet["C1"].border.bottom.style == "thick"
    assert not formulas_in(path)
    again = open_table(path)
    assert [cells[:3] for _, cells in again.rows("退回")][:3] == [cells for _, cells in open_table(source).rows("")][:3]


def test_where_cells_break_lines_the_numbers_stand_in_a_column_before_them(tmp_path: Path) -> None:
    rows = [["例湖\n尾矿库", "0001", "80.5"], ["演溪尾矿库", "0002", "约五十"]]
    book, path, _ = returned(_csv(tmp_path / "a", "utf-8-sig", rows), [finding(4, "back", (2, "全库容应为数字"))])
    sheet = book["退回"]
    assert [[c.value for c in row] for row in sheet.iter_rows(max_col=4)] == [
        ["原行号", *HEAD[:3]],
        [2, "例湖\n尾矿库", "0001", "80.5"],
        [4, "演溪尾矿库", "0002", "约五十"],
    ]
    assert coloured(sheet, before=5) == {(3, 4): "back"}
    assert any("原行号" in str(c.value) for c in book["退回说明"]["A"])
    again = list(open_table(path).rows("退回"))
    header = find_header(again, [], MATCHER)
    assert header is not None
    assert [c.target for c in match_columns(header, MATCHER, {})] == [
        None, "name", "code", "attributes.capacity_m3", None, None,
    ]  # fmt: skip


def test_above_twenty_thousand_rows_only_the_rows_concerned_come_back(tmp_path: Path) -> None:
    rows = [[f"例湖{n}", f"{n:06}", "长" * 700 if n == 20_000 else "1"] for n in range(1, MOST_ROWS + 2)]
    findings = [finding(20_001, "back", (2, "全库容应为数字")), finding(7, "waiting", (None, "没有坐标"))]
    book, path, _ = returned(_csv(tmp_path / "a", "utf-8", rows), findings)
    sheet = book["退回"]
    assert [[c.value for c in row] for row in sheet.iter_rows()] == [
        ["原行号", *HEAD[:3], "去向", "原因与改法"],
        [7, "例湖6", "000006", "1", "待定位", "没有坐标"],
        [20_001, "例湖20000", "020000", "长" * 700, "退回", "全库容应为数字"],
    ]
    assert coloured(sheet, before=5) == {(3, 4): "back"}
    assert any("超过 20,000 行" in str(c.value) for c in book["退回说明"]["A"])
    assert open_table(path).sheets[0].rows == 3


def test_a_large_workbook_is_given_back_by_rows_too(tmp_path: Path) -> None:
    source = workbook(tmp_path / "尾矿库.xlsx", more_rows=MOST_ROWS)
    book, _, _ = returned(source, FINDINGS)
    sheet = book["尾矿库"]
    assert [row[0].value for row in sheet.iter_rows()] == ["原行号", 5, 6, 8]
    assert [c.value for c in sheet[2]][1:5] == ["演溪尾矿库", "0002", "约五十", -3]
    assert sheet["H2"].value == datetime(2025, 12, 31)
    assert coloured(sheet, before=10) == {(2, 4): "back", (2, 5): "back", (3, 6): "waiting", (3, 7): "waiting"}


def _repack(source: Path, part: str, change: Any) -> Path:
    with zipfile.ZipFile(source) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    before = parts[part]
    parts[part] = change(before)
    assert parts[part] != before
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return source


@pytest.mark.parametrize(
    ("part", "change"),
    [
        pytest.param(
            "xl/styles.xml", lambda b: b.replace(b'patternType="solid"', b'patternType="nonsense"'), id="style"
        ),
        pytest.param(
            "xl/worksheets/sheet2.xml", lambda b: b.replace(b'"A1:H1"', b'"A1:XFD1048576"'), id="merged everything"
        ),
        pytest.param(
            "xl/workbook.xml",
            lambda b: re.sub(
                rb"<workbook ", b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><workbook ', b, count=1
            ),
            id="entities",
        ),
        pytest.param(
            "xl/worksheets/sheet2.xml", lambda b: b.replace(b"<v>115.82375</v>", b"<v>1e400</v>"), id="no number"
        ),
    ],
)
def test_a_workbook_that_openpyxl_does_not_bear_is_written_anew(tmp_path: Path, part: str, change: Any) -> None:
    source = _repack(workbook(tmp_path / "尾矿库.xlsx"), part, change)
    book, path, _ = returned(source, FINDINGS, "尾矿库")
    sheet = book["尾矿库"]
    assert book.sheetnames == ["尾矿库", "退回说明"]
    assert coloured(sheet, before=9) == EXPECTED
    assert sheet["A1"].value == "例湖市尾矿库基本情况表"
    assert sheet["G4"].value == datetime(2026, 3, 1)
    assert sheet["H4"].value == '=HYPERLINK("http://x")'
    assert [sheet.cell(r, 9).value for r in (3, 5, 6, 8)] == ["去向", "退回", "待定位", "退回"]
    assert not formulas_in(path)


def test_a_date_that_is_none_is_not_lost(tmp_path: Path) -> None:
    # 20260301 in a cell formatted as a date: openpyxl would make it #VALUE!.
    source = _repack(
        workbook(tmp_path / "尾矿库.xlsx"),
        "xl/worksheets/sheet2.xml",
        lambda b: re.sub(rb'(<c r="G5"[^>]*><v>)\d+', rb"\g<1>20260301", b),
    )
    before = dict(open_table(source).rows("尾矿库"))[5][6]
    _, path, _ = returned(source, FINDINGS)
    assert dict(open_table(path).rows("尾矿库"))[5][6] == before


def test_macros_do_not_come_back(tmp_path: Path) -> None:
    source = workbook(tmp_path / "尾矿库.xlsm")
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0 not run")
    _, path, _ = returned(source, FINDINGS)
    with zipfile.ZipFile(path) as archive:
        assert not [n for n in archive.namelist() if "vba" in n.lower() or "externalLink" in n]


def test_shapes_of_a_layer_come_back_as_words(tmp_path: Path) -> None:
    shapes = [
        {"type": "Point", "coordinates": [115.9, 29.7]},
        {"type": "MultiPolygon", "coordinates": [[[[115.9, 29.7], [116, 29.7], [116, 29.8], [115.9, 29.7]]]]},
        None,
    ]
    features = [
        {"type": "Feature", "properties": {"尾矿库名称": f"例湖{n}", "编号": f"{n}"}, "geometry": shape}
        for n, shape in enumerate(shapes)
    ]
    (tmp_path / "a").mkdir()
    source = tmp_path / "a" / "ponds.geojson"
    source.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    book, _, _ = returned(source, [finding(2, "back", (2, "这一类的位置应为点，收到的是面"))])
    sheet = book.worksheets[0]
    assert [[c.value for c in row] for row in sheet.iter_rows(max_col=5)] == [
        ["原行号", "尾矿库名称", "编号", "图形种类", "去向"],
        [1, "例湖0", "0", "点", None],
        [2, "例湖1", "1", "面", "退回"],
        [3, "例湖2", "2", None, None],
    ]
    assert coloured(sheet, before=5) == {(3, 4): "back"}
    assert MATCHER.match("图形种类") is None


def test_a_faulty_cell_under_a_merged_one_is_named_all_the_same(tmp_path: Path) -> None:
    source = workbook(tmp_path / "尾矿库.xlsx")
    mine = openpyxl.load_workbook(source)
    mine["尾矿库"].merge_cells("H5:H6")
    mine.save(source)
    sheet = returned(source, [finding(6, "back", (7, "备注看不懂"))])[0]["尾矿库"]
    assert (sheet["I6"].value, sheet["J6"].value) == ("退回", "备注看不懂")
    assert "H5:H6" in [str(r) for r in sheet.merged_cells.ranges]


class _Enough(Exception):
    pass


@pytest.mark.parametrize("kind", ["own", "anew"])
def test_work_that_is_cancelled_leaves_nothing(tmp_path: Path, kind: str) -> None:
    source = workbook(tmp_path / "尾矿库.xlsx", more_rows=MOST_ROWS if kind == "anew" else 0)
    table = open_table(source)
    header = Header(3, 1, HEAD)
    heard: list[float] = []

    def tell(share: float) -> None:
        heard.append(share)
        if share > 0.2:
            raise _Enough

    target = tmp_path / "returned.xlsx"
    with pytest.raises(_Enough):
        give_back(source, table, "尾矿库", header, marks_of(FINDINGS), target, file_name="x", tell=tell)
    assert heard
    assert [p.name for p in tmp_path.iterdir()] == [source.name]


def test_progress_goes_from_nothing_to_all(tmp_path: Path) -> None:
    source = workbook(tmp_path / "尾矿库.xlsx")
    heard: list[float] = []
    give_back(
        source, open_table(source), "尾矿库", Header(3, 1, HEAD), marks_of(FINDINGS), tmp_path / "r.xlsx",
        file_name="尾矿库.xlsx", tell=heard.append,
    )  # fmt: skip
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
