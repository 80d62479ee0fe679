"""One line of a table: values of its class, or faults beside the cells that are to blame."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.exchange_files import CITY, catalogue, faults, read, reader, targets

from riskmap.exchange.cells import CellFault, plain
from riskmap.exchange.rows import SAMPLE_MARK, Divisions

# -- Divisions -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("濂溪区", "360402"), ("濂溪", "360402"), (" 濂 溪 区 ", "360402"), ("九江市濂溪区", "360402"), ("江西省九江市濂溪区", "360402"),
        ("360402", "360402"), ("３６０４０２", "360402"), ("360402000000", "360402"), ("360402000", "360402"), ("360402100", "360402100"),
        ("360402100000", "360402100"), ("濂溪区新港镇", "360402100"), ("永修新港", "360425100"), ("三角乡", "360425200"), ("九江市", "360400"),
        ("十里", "360402001"), ("360402.0", "360402"),
    ],
)  # fmt: skip
def test_a_division_by_name_or_code(said: str, code: str) -> None:
    assert CITY.county(said, "所在区县") == code


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("新港镇", "ambiguous_division"), ("太白区", "unknown_division"), ("区", "unknown_division"), ("360499", "unknown_division"),
        ("36040", "unknown_division"), ("110101", "unknown_division"), ("濂溪区不存在镇", "unknown_division"), ("市", "unknown_division"),
    ],
)  # fmt: skip
def test_a_division_that_is_not_one_place_is_refused(said: str, fault: str) -> None:
    with pytest.raises(CellFault) as refused:
        CITY.county(said, "所在区县")
    assert refused.value.code == fault
    assert said in refused.value.message


def test_a_town_within_its_county() -> None:
    assert CITY.town("新港镇", "360402", "乡镇") == "360402100"
    assert CITY.town("新港", "360425", "乡镇") == "360425100"
    assert CITY.town("濂溪区新港镇", "360402", "乡镇") == "360402100"
    assert CITY.town("三角乡", None, "乡镇") == "360425200"
    assert CITY.town("三角乡", "360400", "乡镇") == "360425200"  # within the city
    assert CITY.town("360425200", None, "乡镇") == "360425200"
    for said, county in (("三角乡", "360402"), ("新港镇", None), ("无此镇", None)):
        with pytest.raises(CellFault):
            CITY.town(said, county, "乡镇")


def test_with_no_divisions_loaded_a_code_stands_and_a_name_does_not() -> None:
    bare = Divisions([])
    assert bare.county("360402", "所在区县") == "360402"
    with pytest.raises(CellFault):
        bare.county("濂溪区", "所在区县")


def test_divisions_may_be_given_once_only() -> None:
    listed = iter([{"code": "360402", "name": "濂溪区", "level": "county"}])
    assert Divisions(listed).county("濂溪", "所在区县") == "360402"


def test_the_town_may_stand_before_its_county() -> None:
    assert read("school", 乡镇="新港镇", 所在区县="永修县").core["division"] == "360425100"
    assert read("school", 所在区县="永修县", 乡镇="新港镇").core["division"] == "360425100"
    assert read("school", 所在区县="永修县", 乡镇=None).core["division"] == "360425"
    assert read("school", 所在区县=None, 乡镇="三角乡").core["division"] == "360425200"
    assert read("school", 所在区县=360402.0, 乡镇="新港镇").core["division"] == "360402100"


@pytest.mark.parametrize("order", [("所在区县", "乡镇"), ("乡镇", "所在区县")])
def test_a_county_that_is_unknown_is_said_once_at_its_own_column(order: tuple[str, str]) -> None:
    said = {"所在区县": "太白区", "乡镇": "新港镇"}
    assert faults(read("school", **{name: said[name] for name in order})) == {"所在区县": "unknown_division"}


def test_a_town_of_another_county_is_refused() -> None:
    assert faults(read("school", 所在区县="濂溪区", 乡镇="三角乡")) == {"乡镇": "unknown_division"}


# -- Lines that are no objects ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cells", "ignored"),
    [
        ([None, None, None], "blank"),
        (["", "  ", "\u3000"], "blank"),
        ([], "blank"),
        (["合计", 600, None], "sum"),
        (["合 计：", 600, None], "sum"),
        (["（总计）", None, None], "sum"),
        ([f"{SAMPLE_MARK}例湖小学", 600, None], "sample"),
        (["填表人：某某", None, None], "note"),
        (["注：本表由各县填报，\n逾期不候", None, None], "note"),
        (["填报日期: 2026-03-01", None, "审核人：某某"], "note"),
        (["合计小学", 600, None], None),
        (["注", 600, None], None),
        (["注村小学", None, None], None),
        (["例湖小学", None, None], None),
        ([None, 600, None], None),
        ([None, 0, None], None),
        ([None, False, None], None),
    ],
)
def test_lines_that_are_no_objects_are_told_by_kind(cells: list[Any], ignored: str | None) -> None:
    assert reader("school", ["名称", "人数", "地址"]).read(9, cells).ignored == ignored


def test_a_line_is_blank_where_only_unmatched_columns_are_filled() -> None:
    rows = reader("school", ["序号", "名称", "人数"])
    assert rows.read(9, [17.0, None, None]).ignored == "blank"
    assert rows.read(9, ["合计", None, None]).ignored == "sum"


def test_an_objects_line_with_many_cells_is_no_note_whatever_its_name() -> None:
    header = ["名称", "编号", "人数", "地址", "经度", "纬度"]
    assert reader("school", header).read(9, ["备注：小学", "01", 6, "某路", 116.1, 29.6]).ignored is None


# -- Values ---------------------------------------------------------------------------------------


def test_a_line_in_full() -> None:
    reading = read(
        "school", 名称="　例湖小学 ", 编号="００1", 所在区县="濂溪区", 乡镇="新港镇", 地址="某路1号", 人数="１，２００人", 学段="小学", 寄宿="是",
        建筑面积="3亩", 状态="在用", 联系人="某某", 联系电话=13800000000.0, 标签="重点；寄宿", 数据来源="教育局", 公开范围="公开", 经度="116.05", 纬度=29.69,
    )  # fmt: skip
    assert not reading.faults
    assert reading.core == {
        "name": "例湖小学", "code": "001", "division": "360402100", "said_address": "某路1号", "stage": "in_use",
        "tags": ["重点", "寄宿"], "source": "教育局", "visibility": "public",
    }  # fmt: skip
    assert reading.attributes == {
        "persons": 1200, "kind": "primary", "boarding": True, "area_m2": Decimal(2000), "address": "某路1号",
    }  # fmt: skip
    assert reading.parties == {"主要负责人": {"name": "某某", "phone": "13800000000"}}
    assert (reading.x, reading.y, reading.x_text, reading.why) == (Decimal("116.05"), Decimal("29.69"), "116.05", None)


def test_every_wrong_cell_of_a_line_is_told_at_once_and_once() -> None:
    reading = read("school", 名称=None, 人数="五百", 学段="大学堂", 所在区县="太白区", 建筑面积=-1, 寄宿="也许")
    assert faults(reading) == {
        "名称": "required", "人数": "not_a_number", "学段": "unknown_value", "所在区县": "unknown_division", "建筑面积": "below_minimum",
        "寄宿": "not_a_boolean",
    }  # fmt: skip
    assert len(reading.faults) == 6
    assert all(f.message for f in reading.faults)


def test_a_line_without_a_column_for_the_name_is_told_so() -> None:
    reading = reader("school", ["编号", "人数"]).read(2, ["01", 600])
    assert [(f.index, f.code) for f in reading.faults] == [(None, "required")]


def test_a_name_that_failed_is_not_also_missing() -> None:
    assert [f.code for f in read("school", 名称="#REF!").faults] == ["formula_error"]


def test_lengths_from_both_sides() -> None:
    assert not read("school", 名称="校" * 200).faults
    assert faults(read("school", 名称="校" * 201)) == {"名称": "too_long"}
    assert not read("school", 编号="1" * 64).faults
    assert faults(read("school", 编号="1" * 65)) == {"编号": "too_long"}
    assert faults(read("school", 联系人="某" * 101)) == {"联系人": "too_long"}


def test_control_characters_leave_a_name() -> None:
    assert read("school", 名称="例湖\x00\x07小学\n分校").core["name"] == "例湖  小学 分校"


def test_a_formula_without_its_value_is_told_so() -> None:
    rows = reader("school", ["名称", "人数"], uncomputed={(5, 1)})
    assert faults(rows.read(5, ["例湖小学", None])) == {"人数": "formula_without_value"}
    assert not rows.read(6, ["例湖小学", None]).faults
    assert rows.read(5, ["例湖小学"]).faults[0].code == "formula_without_value"


def test_a_short_line_has_no_more_cells() -> None:
    reading = reader("school", ["名称", "人数", "地址"]).read(2, ["例湖小学"])
    assert (reading.faults, reading.attributes) == ([], {})


def test_whole_numbers_and_their_bounds() -> None:
    assert read("school", 人数=0).attributes == {"persons": 0}
    assert faults(read("school", 人数=-1)) == {"人数": "below_minimum"}
    assert faults(read("school", 人数=1.5)) == {"人数": "not_an_integer"}
    assert type(read("school", 人数=600.0).attributes["persons"]) is int


@pytest.mark.parametrize(
    ("cells", "wrong"),
    [
        ({"可能性L": 6, "暴露频率E": 10, "后果C": 15}, {}),
        ({"可能性L": 4, "暴露频率E": 10, "后果C": 15}, {"可能性L": "not_in_set"}),  # LEC knows no 4, the matrix does
        ({"可能性L": 4, "严重性S": 5}, {}),
        ({"可能性L": 6, "严重性S": 5}, {"可能性L": "not_in_set"}),
        ({"可能性L": 6, "暴露频率E": 5, "后果C": 15}, {"暴露频率E": "not_in_set"}),
        ({"可能性L": "0.5", "暴露频率E": "０.5", "后果C": "100"}, {}),
        ({"可能性L": 0.1 + 0.2 - 0.2, "暴露频率E": 1, "后果C": 1}, {}),
    ],
)
def test_a_methods_own_table_decides(cells: dict[str, Any], wrong: dict[str, str]) -> None:
    assert faults(read("risk-point", **cells)) == wrong


def test_the_method_follows_from_what_is_filled_unless_it_is_said() -> None:
    assert read("risk-point", 可能性L=3, 暴露频率E=6, 后果C=15).attributes["method"] == "LEC"
    assert read("risk-point", 可能性L=3, 严重性S=5).attributes["method"] == "LS"
    assert "method" not in read("risk-point", 可能性L=3).attributes
    assert read("risk-point", 评估方法="直接判定", 可能性L=3, 暴露频率E=6, 后果C=15).attributes["method"] == "direct"


@pytest.mark.parametrize("cell", [date(2026, 3, 1), "2026年3月1日", 46082, "2026.3.1"])
def test_dates_of_a_field(cell: Any) -> None:
    assert read("risk-point", 排查日期=cell).attributes == {"assessed_on": "2026-03-01"}


def test_lists_in_one_cell() -> None:
    assert read("rescue-team", 专长="水域救援；灭火、chemical").attributes["skills"] == ["water", "fire", "chemical"]
    assert read("rescue-team", 专长="水上救援；山火扑救").attributes["skills"] == ["water", "forest"]
    assert faults(read("rescue-team", 专长="水域救援；飞行")) == {"专长": "unknown_value"}
    goods = read("relief-store", 物资="帐篷｜100｜顶｜20；棉被|500|床").attributes["goods"]
    assert goods == [
        {"item": "帐篷", "quantity": Decimal(100), "unit": "顶", "minimum": Decimal(20)},
        {"item": "棉被", "quantity": Decimal(500), "unit": "床"},
    ]
    assert set(faults(read("relief-store", 物资="帐篷｜很多｜顶")).values()) == {"not_a_number"}
    assert set(faults(read("relief-store", 物资="帐篷｜1｜顶｜2｜3｜4｜5")).values()) == {"not_a_list"}


def test_references_are_kept_with_the_fault_that_they_would_be() -> None:
    reading = read("tank", 所属企业="某某化工", 上级对象编号=" ００7 ")
    assert {name: said for name, (said, _) in reading.references.items()} == {"enterprise": "某某化工", "parent": "007"}
    assert reading.references["enterprise"][1].code == "unknown_enterprise"
    assert reading.references["enterprise"][1].column == "所属企业"


# -- Positions and shapes --------------------------------------------------------------------------


def test_a_position_that_cannot_be_read_waits_and_is_no_fault() -> None:
    reading = read("school", 经度="见附图", 纬度="29.6")
    assert not reading.faults
    assert (reading.why, reading.x, reading.y, reading.x_text) == ("not_a_position", None, Decimal("29.6"), "见附图")
    assert read("school", 经度="无", 纬度=None).why is None  # blank is found with the pair


@pytest.mark.parametrize(
    ("cell", "x", "y"),
    [
        ("116.05,29.69", "116.05", "29.69"),
        ("116.05，29.69", "116.05", "29.69"),
        ("（116.05 29.69）", "116.05", "29.69"),
        ("116.05；29.69", "116.05", "29.69"),
        ("E116.05, N29.69", "116.05", "29.69"),
        ("[116.05,29.69]", "116.05", "29.69"),
    ],
)
def test_a_pair_in_one_cell(cell: str, x: str, y: str) -> None:
    reading = read("school", 经纬度=cell)
    assert (reading.x, reading.y, reading.why) == (Decimal(x), Decimal(y), None)


@pytest.mark.parametrize("cell", ["116.05", "116.05,29.69,12", "某地", "116.05,29.6x", "116°75′,29°10′"])
def test_what_is_no_pair_waits(cell: str) -> None:
    assert read("school", 经纬度=cell).why == "not_a_position"


def test_a_geometry_of_a_kind_that_the_class_takes() -> None:
    ring = "POLYGON((116 29,116.1 29,116.1 29.1,116 29))"
    assert read("school", 图形=ring).geometry is not None
    layer = read("school", 图形=shapely.Point(116, 29, 12))
    assert layer.geometry is not None
    assert not layer.geometry.has_z
    single = read("school", 图形=shapely.MultiPoint([(116, 29)]))
    assert isinstance(single.geometry, shapely.Point)
    assert read("school", 图形="POINT EMPTY").geometry is None
    assert read("school", 图形=None).geometry is None
    assert read("school", 图形=shapely.Polygon()).geometry is None


@pytest.mark.parametrize(
    ("cell", "fault"),
    [
        ("LINESTRING(116 29,116.1 29.1)", "wrong_geometry_kind"),
        (shapely.GeometryCollection([shapely.Point(1, 2)]), "wrong_geometry_kind"),
        (shapely.MultiPoint([(116, 29), (117, 30)]), "wrong_geometry_kind"),
        ("POLYGON((116 29", "not_a_geometry"),
        ("某处", "not_a_geometry"),
        ("POINT(nan nan)", "not_a_geometry"),
        (shapely.Point(float("inf"), 1), "not_a_geometry"),
    ],
)
def test_a_geometry_that_is_none_or_of_another_kind_is_a_fault(cell: Any, fault: str) -> None:
    assert faults(read("school", 图形=cell)) == {"图形": fault}


def test_the_columns_that_say_where() -> None:
    rows = reader("school", ["名称", "纬度", "经度", "图形"])
    assert [col.header for col in rows.position_columns()] == ["经度", "纬度", "图形"]


# -- Anything at all ----------------------------------------------------------------------------------

cell = st.one_of(
    st.none(), st.text(max_size=20), st.floats(), st.integers(), st.booleans(), st.dates(), st.datetimes(),
    st.sampled_from(["濂溪区", "新港镇", "POINT(1 2)", "1|2|3；4", "是", "116.05,29.69", "１２万", "#REF!", "2026年3月1日", "\x00"]),
)  # fmt: skip


@pytest.mark.parametrize(
    "class_", ["school", "risk-point", "relief-store", "tailings-pond", "enterprise", "control-zone"]
)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_line_of_any_cells_is_read_or_refused_cell_by_cell(class_: str, data: st.DataObject) -> None:
    header = [t.title for t in targets(class_).values()]
    rows = reader(class_, header)
    cells = data.draw(st.lists(cell, min_size=len(header), max_size=len(header)))
    reading = rows.read(2, cells)
    for fault in reading.faults:
        assert fault.code
        assert fault.message
        assert fault.index is None or fault.column == header[fault.index]
    # What was taken is legal in the class.
    fields = catalogue().classes[class_].by_name
    assert set(reading.attributes) <= set(fields)


@pytest.mark.parametrize("class_", sorted(catalogue().classes))
def test_values_written_as_text_are_read_as_the_same_values(class_: str) -> None:
    samples: dict[str, Any] = {
        "integer": 7.0, "decimal": 0.5, "boolean": True, "date": date(2026, 3, 1), "text": "某某",
    }  # fmt: skip
    known = targets(class_)
    cells = {
        t.title: t.field.options[0][1] if t.field.options else samples[t.field.type]
        for t in known.values()
        if t.field is not None and t.field.type in {*samples, "enum"} and t.target != "address"
    }
    typed, texts = read(class_, **cells), read(class_, **{k: plain(v) for k, v in cells.items()})
    assert typed.attributes == texts.attributes
    assert faults(typed) == faults(texts)
