"""Where a header is, what its columns mean, and when nothing is sure enough to be taken."""

from decimal import Decimal

import pytest
import shapely
from tests.unit.exchange_files import catalogue, columns_of, header_of, matcher, targets

from riskmap.exchange.headers import Header, datum_in, header_at, match_columns, normalised, old_frame_in

SCHOOL = ["学校名称", "学校代码", "所在区县", "学生数", "经度", "纬度"]


def matched(class_: str, *header: str) -> dict[str, str | None]:
    return {c.header: c.target for c in columns_of(class_, header)}


# -- Where it is --------------------------------------------------------------------------


def test_under_a_merged_title_a_note_and_a_blank_line() -> None:
    rows = [
        ["九江市学校清单（2026）", *[None] * 5],
        ["填报单位：教育局", *[None] * 5],
        [None] * 6,
        SCHOOL,
        ["例湖小学", "01", "濂溪区", 600, 116, 29],
    ]
    assert header_of("school", rows, [(1, 0, 1, 5)]) == Header(4, 1, tuple(SCHOOL))


def test_in_the_first_line_of_a_plain_file() -> None:
    assert header_of("school", [SCHOOL, ["例湖小学", "01", "濂溪区", 600, 116, 29]]) == Header(1, 1, tuple(SCHOOL))


def test_with_line_breaks_marks_and_units() -> None:
    rows = [["序号", "尾矿库名称*", "全库容\n(万m³)", "总坝高\r\n（m）", "经\n度", "纬 度（必填）"]]
    header = header_of("tailings-pond", rows)
    assert header is not None
    columns = match_columns(header, matcher("tailings-pond"), {})
    assert [c.target for c in columns] == [
        None,
        "name",
        "attributes.capacity_m3",
        "attributes.dam_height_m",
        "lon",
        "lat",
    ]
    assert [c.factor for c in columns] == [None, None, Decimal(10_000), None, None, None]


def test_in_two_lines_whose_upper_is_merged() -> None:
    upper = ["学校名称", "坐标", None, "学生数"]
    lower = [None, "经度", "纬度", None]
    merged = [(1, 0, 2, 0), (1, 1, 1, 2), (1, 3, 2, 3)]
    header = header_of("school", [upper, lower, ["例湖小学", 116.1, 29.6, 600]], merged)
    assert header == Header(1, 2, ("学校名称", "经度", "纬度", "学生数"))
    assert header.last == 2


def test_in_two_lines_of_a_file_that_knows_no_merged_cells() -> None:
    rows = [["学校名称", "坐标", None, "学生数"], [None, "经度", "纬度", None], ["例湖小学", "116.1", "29.6", "600"]]
    assert header_of("school", rows) == Header(1, 2, ("学校名称", "经度", "纬度", "学生数"))


def test_a_first_row_of_data_with_gaps_is_not_taken_into_the_header() -> None:
    rows = [SCHOOL, ["例湖小学", None, "濂溪区", None, None, None], [None, "02", None, "600", None, None]]
    assert header_of("school", rows) == Header(1, 1, tuple(SCHOOL))
    gap = ["学校名称", None, "所在区县", "学生数"]
    assert header_of("school", [gap, ["例湖小学", "备注一", "濂溪区", 600]]) == Header(
        1, 1, ("学校名称", "", "所在区县", "学生数")
    )


def test_a_line_of_units_belongs_to_the_header() -> None:
    rows = [["尾矿库名称", "全库容", "总坝高", "状态"], [None, "万m³", "(m)", None], ["例湖", 44.4, 30, "在用"]]
    header = header_of("tailings-pond", rows)
    assert header == Header(1, 2, ("尾矿库名称", "全库容(万m³)", "总坝高(m)", "状态"))
    assert [c.factor for c in match_columns(header, matcher("tailings-pond"), {})] == [
        None,
        Decimal(10_000),
        None,
        None,
    ]
    labelled = [["尾矿库名称", "全库容"], ["单位", "万m³"], ["例湖", 44.4]]
    assert header_of("tailings-pond", labelled) == Header(1, 2, ("尾矿库名称", "全库容(万m³)"))


def test_no_header_no_guess() -> None:
    assert header_of("school", []) is None
    assert header_of("school", [["例湖小学", "600", "116.1", "29.6"], ["信湖小学", "300", "116.2", "29.7"]]) is None
    assert header_of("school", [["经度"], [116.1]]) is None  # one word is no header
    assert header_of("school", [[None, None], [None, None]]) is None
    assert header_of("school", [["x"] * 5] * 30 + [SCHOOL]) is None  # not below the lines that are looked through


def test_the_30th_line_is_still_looked_at() -> None:
    found = header_of("school", [["x"] * 5] * 29 + [SCHOOL])
    assert found is not None
    assert found.line == 30


def test_a_layers_first_line_is_its_header_whatever_it_says() -> None:
    from riskmap.exchange.headers import find_header

    head = [(0, ["f1", "f2", "〔图形〕"]), (1, ["经度", "纬度", shapely.Point(1, 2)])]
    assert find_header(head, [], matcher("school")) == Header(0, 1, ("f1", "f2", "〔图形〕"))


def test_a_sender_points_at_the_header() -> None:
    head = [(1, ["清单", None]), (2, ["甲", None]), (3, [None, "乙"])]
    assert header_at(head, 2, 1, []) == Header(2, 1, ("甲", ""))
    assert header_at(head, 2, 2, []) == Header(2, 2, ("甲", "乙"))
    assert header_at(head, 3, 2, []) == Header(3, 1, ("", "乙"))
    assert header_at(head, 9, 1, []) is None


# -- What a column means --------------------------------------------------------------------


def test_headers_are_compared_without_width_space_marks_and_case() -> None:
    assert normalised("＊ 学校 名称\n（必填）：") == "学校名称"
    assert normalised("ＬＯＮ") == "lon"
    assert normalised("\ufeff学校\u200b名称") == "学校名称"
    assert normalised("  ") == ""


def test_titles_words_of_the_class_and_synonyms() -> None:
    found = matched(
        "school",
        "门卫",
        "学校名称",
        "学校编码",
        "行政区划",
        "镇街",
        "详细地址",
        "在校生数",
        "东经",
        "北纬",
        "联系电话",
        "备注",
    )
    assert found == {
        "门卫": None, "学校名称": "name", "学校编码": "code", "行政区划": "division", "镇街": "town", "详细地址": "address",
        "在校生数": "attributes.persons", "东经": "lon", "北纬": "lat", "联系电话": "party.主要负责人.phone", "备注": None,
    }  # fmt: skip


def test_every_target_is_found_by_its_own_title_in_every_class() -> None:
    for code in catalogue().classes:
        for name, target in targets(code).items():
            found = matcher(code).match(target.title)
            assert found is not None, (code, target.title)
            # Two may have one title (a field “责任人电话” beside the party's): then the class's own field is meant.
            assert found[0] == name or targets(code)[found[0]].title == target.title, (code, target.title, found)


def test_the_column_that_means_it_best_is_taken_wherever_it_stands() -> None:
    assert matched("school", "地区", "学校名称", "所在区县") == {
        "地区": None,
        "学校名称": "name",
        "所在区县": "division",
    }
    assert matched("school", "手机", "联系电话") == {
        "手机": "party.主要负责人.phone",
        "联系电话": None,
    }  # alike: the first
    assert matched("school", "学校名称", "学校名称 ") == {"学校名称": "name", "学校名称 ": None}


def test_of_two_columns_the_one_that_the_class_lists_first_is_taken() -> None:
    listed = [c.header for c in catalogue().classes["hospital"].imports if c.target == "beds"]
    assert listed.index("编制床位") < listed.index("实有床位")
    taken = {"编制床位": "attributes.beds", "实有床位": None}
    assert matched("hospital", "编制床位", "实有床位") == taken
    assert matched("hospital", "实有床位", "编制床位") == taken
    assert matched("tailings-pond", "坝高（m）", "现状坝高（m）") == {
        "坝高（m）": None,
        "现状坝高（m）": "attributes.dam_height_m",
    }
    assert matched("hospital", "编制床位", "床位") == {
        "编制床位": None,
        "床位": "attributes.beds",
    }  # the title before all


# -- Who runs it ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header", ["企业名称", "*企业名称", "企业名称（全称）", "单位全称", "经营主体名称", "户主", "生产单位名称"]
)
def test_where_nothing_names_the_object_who_runs_it_does(header: str) -> None:
    [column, address] = columns_of("dust-explosion-site", [header, "地址"])
    assert (column.target, column.how) == ("name", "synonym")
    assert address.target == "address"


@pytest.mark.parametrize(
    ("header", "targets_"),
    [
        (["企业名称", "涉粉场所名称"], ["enterprise", "name"]),  # something names it
        (["企业名称", "经营主体名称"], ["enterprise", None]),  # two do: for a person to say
        (["企业编号", "地址"], ["enterprise", "address"]),  # a number is no name
        (["企业统一社会信用代码"], ["enterprise"]),
        (["建设单位", "施工单位"], [None, None]),
    ],
)
def test_else_who_runs_it_does_not(header: list[str], targets_: list[str | None]) -> None:
    assert [c.target for c in columns_of("dust-explosion-site", header)] == targets_


def test_a_header_that_means_something_else_in_the_class_is_no_name() -> None:
    assert matched("self-built-house", "户主", "房屋地址") == {"户主": "party.主要负责人.name", "房屋地址": "address"}


@pytest.mark.parametrize("chosen", ["enterprise", None])
def test_what_the_sender_chose_for_who_runs_it_stands(chosen: str | None) -> None:
    header = Header(1, 1, ("企业名称", "地址"))
    columns = match_columns(header, matcher("metal-melting"), {"企业名称": (chosen, None)})
    assert [c.target for c in columns] == [chosen, "address"]


def test_columns_that_fit_only_without_their_brackets_are_not_guessed_among() -> None:
    assert matched("school", "名称", "人数（教师）", "人数（学生）") == {
        "名称": "name",
        "人数（教师）": None,
        "人数（学生）": None,
    }
    assert matched("school", "名称", "人数（学生）") == {"名称": "name", "人数（学生）": "attributes.persons"}
    assert matched("school", "名称", "人数", "人数（教师）") == {
        "名称": "name",
        "人数": "attributes.persons",
        "人数（教师）": None,
    }


@pytest.mark.parametrize(
    ("header", "factor", "unit"),
    [
        ("全库容(万m³)", "10000", "万m³"),
        ("全库容（万立方米）", "10000", None),
        ("全库容[亿m3]", "100000000", "亿m³"),
        ("全库容(m³)", None, "m³"),
        ("全库容", None, None),
        ("全库容/万m³", "10000", "万m³"),
        ("全库容（单位：万方）", "10000", "万m³"),
        ("全库容 万m3", "10000", "万m³"),
    ],
)
def test_units_in_a_header_give_the_factor(header: str, factor: str | None, unit: str | None) -> None:
    [column] = columns_of("tailings-pond", [header])
    assert column.target == "attributes.capacity_m3"
    assert column.factor == (Decimal(factor) if factor else None)
    if unit:
        assert column.unit_from == unit


@pytest.mark.parametrize("header", ["全库容(万t)", "全库容（m）", "总坝高(m²)", "坝高/km²"])
def test_a_unit_of_another_kind_is_left_to_the_sender(header: str) -> None:
    [column] = columns_of("tailings-pond", [header])
    assert column.target is None


def test_what_was_chosen_by_hand_stands_before_what_is_found() -> None:
    header = Header(1, 1, ("学校名称", "在校生", "地区", "所在区县"))
    remembered = {
        "在校生": ("attributes.persons", Decimal(10)),
        "地区": ("division", None),
        "学校名称": (None, None),
        "x": ("gone", None),
    }
    columns = match_columns(header, matcher("school"), remembered)
    assert [(c.target, c.how) for c in columns] == [
        (None, "remembered"), ("attributes.persons", "remembered"), ("division", "remembered"), (None, "none"),
    ]  # fmt: skip
    assert columns[1].factor == 10


def test_a_remembered_target_that_the_class_no_longer_has_is_looked_for_anew() -> None:
    [column] = match_columns(Header(1, 1, ("学生数",)), matcher("school"), {"学生数": ("attributes.gone", None)})
    assert (column.target, column.how) == ("attributes.persons", "exact")


def test_surveyors_axes_are_not_longitudes() -> None:
    assert matched("risk-point", "X坐标", "Y坐标", "横坐标", "经度坐标") == {
        "X坐标": "x", "Y坐标": "y", "横坐标": None, "经度坐标": "lon",
    }  # fmt: skip


# -- Words for a datum -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "crs"),
    [
        (["经度(百度)", "纬度(百度)"], "BD09"),
        (["坐标系：BD-09"], "BD09"),
        (["高德坐标"], "GCJ02"),
        (["经度（ＧＣＪ－０２）"], "GCJ02"),
        (["腾讯地图取点"], "GCJ02"),
        (["WGS-84 坐标"], "EPSG:4326"),
        (["GPS坐标"], "EPSG:4326"),
        (["CGCS2000 国家大地坐标系"], "EPSG:4490"),
        (["国家2000"], "EPSG:4490"),
        (["天地图取点"], "EPSG:4490"),
        (["坐标为 CGCS2000（与 WGS84 一致）"], "EPSG:4490"),
        (["CGCS2000，非百度坐标"], "EPSG:4490"),
        (["经度(百度)", "经度(高德)"], None),
        (["经度", "纬度"], None),
        (["北斗星幼儿园"], None),
        ([], None),
    ],
)
def test_a_datum_is_named_once_or_not_at_all(texts: list[str], crs: str | None) -> None:
    assert datum_in(texts) == crs


@pytest.mark.parametrize(
    ("text", "crs"),
    [
        ("坐标系：北京54", "EPSG:4214"), ("1954年北京坐标系", "EPSG:4214"), ("西安80坐标", "EPSG:4610"),
        ("1980西安坐标系", "EPSG:4610"), ("1980国家大地坐标系", "EPSG:4610"), ("CGCS2000", None), ("北京 540 号", None),
    ],
)  # fmt: skip
def test_an_old_frame_is_noticed(text: str, crs: str | None) -> None:
    assert old_frame_in([text]) == crs
