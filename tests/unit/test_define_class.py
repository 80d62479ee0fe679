"""A class as an administrator writes it: what is refused, from both sides of each bound, and what it is kept as."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from riskmap.catalogue import define
from riskmap.catalogue.define import Surroundings, check, differences, form_of, is_same, needs_recheck
from riskmap.catalogue.model import Catalogue, Class, Scale
from riskmap.catalogue.seed import _same, read_files
from riskmap.exchange.targets import targets_of
from riskmap.exchange.units import factor_between

ITEMS = list(read_files())
BODIES = {i.code: i.body for i in ITEMS if i.kind == "class"}
SCALES = {i.code: Scale.parse(i.body) for i in ITEMS if i.kind == "scale"}
GROUPS = {i.code: i.body["title"] for i in ITEMS if i.kind == "group"}
CATALOGUE = Catalogue(1, (), {c: Class.parse(1, b) for c, b in BODIES.items()}, SCALES, {})
ANY = Class("", 0, "", "", "", ("point", "linestring", "polygon"), None, None, "", "", (), (), ())


def around(**changes: Any) -> Surroundings:
    return replace(
        Surroundings(
            groups=GROUPS,
            symbols=frozenset(b["symbol"] for b in BODIES.values()),
            scales={s.code: s.title for s in SCALES.values() if s.code != "risk-grade"},
            codes=frozenset(BODIES),
            titles={b["title"]: c for c, b in BODIES.items()},
            shared={t.target: t.title for t in targets_of(ANY, CATALOGUE)},
            factor=factor_between,
        ),
        **changes,
    )


def changing(code: str, body: dict[str, Any] | None = None, *, shipped: bool = True) -> Surroundings:
    """The surroundings of a change of a class that is there."""
    own = body or BODIES[code]
    return around(
        previous=own,
        shipped=BODIES[code] if shipped else None,
        titles={b["title"]: c for c, b in BODIES.items() if c != code},
        shared={t.target: t.title for t in targets_of(Class.parse(1, own), CATALOGUE)},
    )


def room(**changes: Any) -> dict[str, Any]:
    """密室逃脱, as a form."""
    form: dict[str, Any] = {
        "class": "escape-room",
        "title": "密室逃脱",
        "group": "buildings",
        "role": "hazard",
        "geometry": ["point"],
        "scale": None,
        "department": "消防救援支队",
        "symbol": "c-crowded-place",
        "fields": [
            {"name": "rooms", "title": "主题数", "type": "integer", "unit": "个", "minimum": 1, "maximum": 50},
            {"name": "area_m2", "title": "经营面积", "type": "decimal", "unit": "m²", "minimum": 0},
            {"name": "exits", "title": "安全出口", "type": "enum", "options": [{"value": "one", "title": "一个"}]},
        ],
        "list": ["name", "grade", "rooms"],
        "popup": ["rooms"],
    }
    return {**form, **changes}


def with_field(**changes: Any) -> dict[str, Any]:
    """The form with one more field, the fourth."""
    field = {"name": "extra", "title": "补充", "type": "text", **changes}
    return room(fields=[*room()["fields"], field])


def codes(form: Any, against: Surroundings | None = None) -> list[tuple[str, str]]:
    return [(e.field, e.code) for e in check(form, against or around()).errors]


# -- New classes ----------------------------------------------------------------------


def test_a_form_becomes_the_body_of_a_class_file() -> None:
    body = check(room(), around()).body
    assert body is not None
    class_ = Class.parse(1, body)
    assert [f.name for f in class_.fields] == ["rooms", "area_m2", "exits"]
    assert class_.by_name["rooms"].minimum == 1
    assert class_.by_name["exits"].options == (("one", "一个"),)
    assert class_.scale is None
    assert class_.list == ("name", "grade", "rooms")
    assert is_same(check(form_of(body), around(codes=frozenset(), titles={})).body or {}, body)


def test_without_list_columns_a_class_gets_the_usual_ones() -> None:
    body = check(room(list=[]), around()).body
    assert body is not None
    assert body["list"] == list(define.LIST_DEFAULT)


@pytest.mark.parametrize("code", ["ab", "escape-room", "a" + "b" * 40, "x1-2"])
def test_a_code_of_small_letters_digits_and_hyphens_is_taken(code: str) -> None:
    assert codes(room(**{"class": code})) == []


@pytest.mark.parametrize("code", ["a", "a" + "b" * 41, "1a", "-a", "Ab", "密室", "a_b", "a b", "", None, 7, "ab\n"])
def test_another_code_is_refused(code: Any) -> None:
    assert codes(room(**{"class": code})) == [("class", "bad_code")]


def test_code_and_title_of_another_class_are_taken() -> None:
    assert codes(room(**{"class": "school"})) == [("class", "taken")]
    assert codes(room(title="学校")) == [("title", "taken")]
    assert codes(room(title=" 学 校 ")) == [("title", "taken")]
    assert codes(room(title="学校食堂")) == []


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"title": ""}, ("title", "required")),
        ({"title": "密" * 30}, None),
        ({"title": "密" * 31}, ("title", "too_long")),
        ({"title": "密\n室"}, ("title", "bad_character")),
        ({"title": "密\u202e室"}, ("title", "bad_character")),
        ({"title": "<b>密室</b>"}, None),  # text, and shown as text
        ({"title": "=1+1"}, None),
        ({"title": 5}, ("title", "not_a_text")),
        ({"group": "dragons"}, ("group", "unknown_value")),
        ({"role": "villain"}, ("role", "unknown_value")),
        ({"geometry": []}, ("geometry", "required")),
        ({"geometry": ["point", "point"]}, ("geometry", "unknown_value")),
        ({"geometry": ["point", "circle"]}, ("geometry", "unknown_value")),
        ({"geometry": ["polygon", "linestring", "point"]}, None),
        ({"scale": "tailings-class"}, None),
        ({"scale": "risk-grade"}, ("scale", "unknown_value")),
        ({"department": None}, ("department", "required")),
        ({"symbol": "c-dragon"}, ("symbol", "unknown_symbol")),
        ({"symbol": ["c-school"]}, ("symbol", "unknown_symbol")),
        ({"retired": True}, ("retired", "new_class")),
        ({"colour": "red"}, ("colour", "unknown_key")),
        ({"rule": "gb18218"}, ("rule", "not_editable")),
        ({"fields": {}}, ("fields", "not_a_list")),
        ({"fields": ["x"], "list": [], "popup": []}, ("fields.0", "not_a_field")),
        ({"list": ["name", "nothing"]}, ("list.1", "unknown_field")),
        ({"list": ["name", "name"]}, ("list.1", "duplicate")),
        ({"list": [["name"]]}, ("list.0", "unknown_field")),
        ({"popup": ["name"]}, ("popup.0", "unknown_field")),
        ({"synonyms": [{"header": "店名", "target": "name"}]}, None),
        ({"synonyms": [{"header": "店名", "target": "nothing"}]}, ("synonyms.0.target", "unknown_value")),
        ({"synonyms": [{"header": "主题数", "target": "name"}]}, ("synonyms.0.header", "taken")),
        ({"synonyms": ["店名"]}, ("synonyms.0", "not_a_header")),
    ],
)
def test_what_a_class_says_of_itself(changes: dict[str, Any], error: tuple[str, str] | None) -> None:
    found = codes(room(**changes))
    assert (error in found) if error else (found == [])


@pytest.mark.parametrize("body", [None, 5, "x", [], [room()]])
def test_what_is_no_class_at_all_is_refused(body: Any) -> None:
    assert codes(body) == [("body", "not_an_object")]


# -- Fields ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "error"),
    [
        ({"name": "a" * 41}, None),
        ({"name": "a" * 42}, ("name", "bad_name")),
        ({"name": "1a"}, ("name", "bad_name")),
        ({"name": "面积"}, ("name", "bad_name")),
        ({"name": "a b"}, ("name", "bad_name")),
        ({"name": "ROOMS"}, ("name", "duplicate")),
        ({"name": "name"}, ("name", "reserved")),
        ({"name": "Grade"}, ("name", "reserved")),
        ({"title": "主题数"}, ("title", "duplicate")),
        ({"title": "名称"}, ("title", "shared_title")),
        ({"title": "经度"}, ("title", "shared_title")),
        ({"title": ""}, ("title", "required")),
        ({"type": "money"}, ("type", "unknown_value")),
        ({"type": None}, ("type", "required")),
        ({"unit": "m"}, ("unit", "not_for_type")),
        ({"type": "decimal", "unit": "m"}, None),
        ({"type": "decimal", "unit": "m" * 21}, ("unit", "too_long")),
        ({"minimum": 1}, ("minimum", "not_for_type")),
        ({"type": "integer", "minimum": "3"}, None),
        ({"type": "integer", "minimum": Decimal("1.5")}, ("minimum", "not_an_integer")),
        ({"type": "decimal", "minimum": Decimal("1.5")}, None),
        ({"type": "decimal", "minimum": "一"}, ("minimum", "not_a_number")),
        ({"type": "decimal", "minimum": "NaN"}, ("minimum", "not_a_number")),
        ({"type": "decimal", "minimum": True}, ("minimum", "not_a_number")),
        ({"type": "decimal", "minimum": "1e999"}, ("minimum", "too_many_digits")),
        ({"type": "integer", "minimum": 5, "maximum": 5}, None),
        ({"type": "integer", "minimum": 6, "maximum": 5}, ("maximum", "below_minimum")),
        ({"type": "decimal", "minimum": 5, "maximum": 5, "exclusive_minimum": True}, ("maximum", "below_minimum")),
        ({"type": "decimal", "exclusive_minimum": True}, ("exclusive_minimum", "no_minimum")),
        ({"type": "decimal", "minimum": 0, "exclusive_minimum": True}, None),
        ({"max_length": 1}, None),
        ({"max_length": 0}, ("max_length", "out_of_range")),
        ({"max_length": 4000}, None),
        ({"max_length": 4001}, ("max_length", "out_of_range")),
        ({"type": "date", "max_length": 5}, ("max_length", "not_for_type")),
        ({"type": "enum"}, ("options", "required")),
        ({"type": "enum", "options": ["好", "差"]}, None),
        ({"type": "enum", "options": ["好", "好"]}, ("options.1.value", "duplicate")),
        ({"type": "enum", "options": [{"value": "a", "title": "好"}, {"value": "b", "title": "好"}]}, ("options.1.title", "duplicate")),
        ({"type": "enum", "options": [f"第{i}" for i in range(100)]}, None),
        ({"type": "enum", "options": [f"第{i}" for i in range(101)]}, ("options", "too_many")),
        ({"type": "enum", "options": [5]}, ("options.0", "not_an_option")),
        ({"options": ["好"]}, ("options", "not_for_type")),
        ({"type": "enum", "options": [{"title": "好", "words": ["良好", "优"]}, {"title": "差", "words": ["不好"]}]}, None),
        ({"type": "enum", "options": [{"title": "好", "words": ["好", "良", " 良 "]}]}, None),  # said twice, kept once
        ({"type": "enum", "options": [{"title": "好", "words": [f"第{i}" for i in range(40)]}]}, None),
        ({"type": "enum", "options": [{"title": "好", "words": [f"第{i}" for i in range(41)]}]}, ("options.0.words", "too_many")),
        ({"type": "enum", "options": [{"title": "好", "words": "良好"}]}, ("options.0.words", "not_a_list")),
        ({"type": "enum", "options": [{"title": "好", "words": [5]}]}, ("options.0.words.0", "not_a_text")),
        ({"type": "enum", "options": [{"title": "好", "words": ["良" * 61]}]}, ("options.0.words.0", "too_long")),
        ({"type": "enum", "options": [{"title": "好", "words": ["差"]}, "差"]}, ("options.0.words", "ambiguous_word")),
        ({"type": "enum", "options": ["差", {"title": "好", "words": ["中"]}, {"title": "良", "words": ["Ｃ", "中"]}]}, ("options.2.words", "ambiguous_word")),
        ({"type": "enum", "options": [{"value": "C", "title": "差"}, {"title": "好", "words": ["ｃ"]}]}, ("options.1.words", "ambiguous_word")),
        ({"required": "yes"}, ("required", "not_a_boolean")),
        ({"visibility": "secret"}, ("visibility", "unknown_value")),
        ({"visibility": "command"}, None),
        ({"help": "说" * 300}, None),
        ({"help": "说" * 301}, ("help", "too_long")),
        ({"pattern": "(a+)+$"}, ("pattern", "not_editable")),
        ({"values": ["1", "2"]}, ("values", "not_editable")),
        ({"type": "list"}, ("fields", "required")),
        ({"type": "list", "fields": [{"name": "item", "title": "品名", "type": "text", "required": True}]}, None),
        ({"type": "list", "fields": [{"name": "item", "title": "品名", "type": "list"}]}, ("fields.0.type", "unknown_value")),
        ({"type": "list", "fields": [{"name": "n", "title": "数", "type": "integer", "minimum": 2, "maximum": 1}]}, ("fields.0.maximum", "below_minimum")),
        ({"fields": [{"name": "item"}]}, ("fields", "not_for_type")),
        ({"type": "polygon"}, None),
        ({"synonyms": [{"header": "补充说明"}]}, None),
        ({"synonyms": [{"header": "补充"}]}, None),  # its own title, said twice
        ({"synonyms": [{"header": "主题数"}]}, ("synonyms.0.header", "taken")),
        ({"synonyms": [{"header": "备注"}, {"header": " 备 注"}]}, ("synonyms.1.header", "duplicate")),
        ({"synonyms": [{"header": ""}]}, ("synonyms.0.header", "required")),
        ({"synonyms": [{"header": "备注", "unit": "m"}]}, ("synonyms.0.unit", "not_for_type")),
        ({"type": "decimal", "unit": "m²", "synonyms": [{"header": "面积(亩)", "unit": "桶"}]}, ("synonyms.0.factor", "unknown_unit")),
        ({"type": "decimal", "unit": "m²", "synonyms": [{"header": "面积(桶)", "unit": "桶", "factor": 3}]}, None),
        ({"type": "decimal", "unit": "m²", "synonyms": [{"header": "面积", "factor": 0}]}, ("synonyms.0.factor", "not_positive")),
        ({"dragons": 1}, ("dragons", "unknown_key")),
    ],
)  # fmt: skip
def test_what_a_field_says_of_itself(field: dict[str, Any], error: tuple[str, str] | None) -> None:
    found = codes(with_field(**field))
    if error is None:
        assert found == []
    else:
        assert (f"fields.3.{error[0]}", error[1]) in found


def test_the_number_of_fields_is_bounded() -> None:
    many = [{"name": f"f{i}", "title": f"项{i}", "type": "text"} for i in range(61)]
    assert codes(room(fields=many[:60], list=[], popup=[])) == []
    assert codes(room(fields=many, list=[], popup=[])) == [("fields", "too_many")]


def test_lists_and_shapes_are_no_column_of_a_list() -> None:
    form = with_field(name="site", type="polygon") | {"list": ["name", "site"], "popup": ["site"]}
    assert codes(form) == [("list.1", "not_scalar")]


def test_a_synonym_in_another_unit_keeps_its_exact_factor() -> None:
    form = with_field(
        name="volume_m3", title="容积", type="decimal", unit="m³",
        synonyms=[{"header": "容积(万方)", "unit": "万方"}, {"header": "容量", "unit": "立方米"}, {"header": "池容"}],
    )  # fmt: skip
    body = check(form, around()).body
    assert body is not None
    class_ = Class.parse(1, body)
    assert [(i.header, i.target, i.factor) for i in class_.imports] == [
        ("容积(万方)", "volume_m3", Decimal(10000)),
        ("容量", "volume_m3", None),
        ("池容", "volume_m3", None),
    ]
    assert form_of(body)["fields"][3]["synonyms"][0] == {"header": "容积(万方)", "unit": "万方", "factor": 10000}


def test_words_of_an_option_are_kept_shown_again_and_told() -> None:
    options = [{"value": "one", "title": "一个", "words": ["单个", "1个", "一个"]}, {"title": "两个"}]
    body = body_of(with_field(type="enum", options=options))
    field = Class.parse(1, body).by_name["extra"]
    assert field.options == (("one", "一个"), ("两个", "两个"))
    assert field.option_words == (("one", ("单个", "1个")),)
    shown = form_of(body)["fields"][3]["options"]
    assert shown == [{"value": "one", "title": "一个", "words": ["单个", "1个"]}, {"value": "两个", "title": "两个"}]
    more = body_of(with_field(type="enum", options=[{**shown[0], "words": ["单个"]}, {**shown[1], "words": ["2个"]}]))
    assert not is_same(body, more)
    assert needs_recheck(Class.parse(1, body), Class.parse(2, more)) == []
    assert differences(body, more, {}) == ["字段“补充”：可选项“一个”的别的说法去掉 1个；可选项“两个”的别的说法增加 2个"]


def test_a_field_called_like_a_shared_column_keeps_its_headers_apart() -> None:
    form = form_of(BODIES["risk-contour"])
    [source] = [f for f in form["fields"] if f["name"] == "source"]
    assert {"header": "报告名称"} in source["synonyms"]
    form["synonyms"].append({"header": "出处", "target": "source"})
    body = check(form, changing("risk-contour")).body
    assert body is not None
    assert body["import_columns"]["报告名称"] == "attributes.source"
    assert body["import_columns"]["出处"] == "source"
    assert body["import_columns"]["风险值"] == "level"  # no shared column of this class


def test_headers_of_a_hidden_field_are_hidden_by_whatever_name_it_is_called() -> None:
    body = body_of(with_field(visibility="command"))
    body["import_columns"] = {"甲": "extra", "乙": "attributes.extra", "丙": "rooms"}
    assert define.readable(body, 1)["import_columns"] == {"丙": "rooms"}


def test_the_order_of_one_columns_headers_is_a_difference() -> None:
    before = body_of(with_field(synonyms=[{"header": "甲"}, {"header": "乙"}]))
    after = body_of(with_field(synonyms=[{"header": "乙"}, {"header": "甲"}]))
    assert not is_same(before, after)
    assert differences(before, after, {}) == ["调整了导入表头别名次序"]
    assert is_same(before, before)


# -- Changing what the product brought ---------------------------------------------------


@pytest.mark.parametrize("code", BODIES)
def test_every_shipped_class_opens_as_a_form_and_comes_back_the_same(code: str) -> None:
    body = BODIES[code]
    checked = check(form_of(body), changing(code))
    assert checked.errors == []
    assert checked.body is not None
    assert is_same(checked.body, body)
    assert differences(body, checked.body, {}) == []
    assert list(checked.body["fields"]) == list(body["fields"])


def form_with(code: str, name: str, **changes: Any) -> dict[str, Any]:
    form = form_of(BODIES[code])
    form["fields"] = [{**f, **changes} if f["name"] == name else f for f in form["fields"]]
    return form


@pytest.mark.parametrize(
    ("form", "error"),
    [
        (form_with("tailings-pond", "capacity_m3", type="text"), "type"),
        (form_with("tailings-pond", "capacity_m3", unit="万m³"), "unit"),
        (form_with("tailings-pond", "phase", options=["运行"]), "options"),
        (form_with("reservoir", "capacity_m3", visibility="public"), "visibility"),
    ],
)
def test_what_rules_read_of_a_shipped_class_stays(form: dict[str, Any], error: str) -> None:
    assert (error, "locked") in [(f.rpartition(".")[2], c) for f, c in codes(form, changing(form["class"]))]


def test_a_shipped_field_is_not_removed_and_a_shipped_scale_stays() -> None:
    form = form_of(BODIES["tailings-pond"])
    fewer = {**form, "fields": form["fields"][1:], "list": ["name"], "popup": []}
    assert ("fields", "locked") in codes(fewer, changing("tailings-pond"))
    assert codes({**form, "scale": None}, changing("tailings-pond")) == [("scale", "locked")]


def test_a_shipped_field_may_be_said_otherwise_asked_for_and_shown_wider() -> None:
    form = form_with("tailings-pond", "dam_height_m", title="坝高总计", required=True, visibility="public", help="现状")
    body = check(form, changing("tailings-pond")).body
    assert body is not None
    assert body["fields"]["dam_height_m"]["source"] == "GB 39496-2020"
    assert differences(BODIES["tailings-pond"], body, {}) == [
        "字段“总坝高”：名称由“总坝高”改为“坝高总计”；改为必填；谁能看由“内部”改为“公开”；填写说明由无改为“现状”"
    ]


def test_a_code_is_never_changed() -> None:
    form = form_of(BODIES["school"])
    assert codes({**form, "class": "academy"}, changing("school")) == [("class", "locked")]
    assert codes({**form, "class": None}, changing("school")) == []


# -- In words, and what must be asked again ------------------------------------------------


def body_of(form: dict[str, Any]) -> dict[str, Any]:
    body = check(form, around()).body
    assert body is not None
    return body


def test_a_change_is_told_in_words() -> None:
    before = body_of(room())
    after = body_of(
        room(
            title="沉浸式密室",
            geometry=["point", "polygon"],
            fields=[
                {"name": "area_m2", "title": "经营面积", "type": "decimal", "unit": "m²", "minimum": 0, "required": True},
                {"name": "rooms", "title": "主题数", "type": "integer", "unit": "个", "minimum": 1, "maximum": 80},
                {"name": "exits", "title": "安全出口", "type": "enum", "options": [{"value": "one", "title": "一个"}, "两个"]},
                {"name": "staff", "title": "员工", "type": "integer", "synonyms": [{"header": "从业人数"}]},
            ],
            list=["name", "grade"],
        )
    )  # fmt: skip
    assert differences(before, after, GROUPS) == [
        "名称由“密室逃脱”改为“沉浸式密室”",
        "位置由“点”改为“点、面”",
        "新增字段“员工”（整数）",
        "字段“经营面积”：改为必填",
        "字段“主题数”：最大值由“50”改为“80”",
        "字段“安全出口”：可选项增加 两个",
        "调整了字段次序",
        "列表列改为：名称、风险等级",
        "导入表头别名增加 从业人数",
    ]
    assert differences(None, before, GROUPS) == ["新增分类，3 个字段"]
    assert differences(before, before, GROUPS) == []


def test_stored_values_are_asked_again_only_where_a_field_asks_otherwise() -> None:
    before = Class.parse(1, body_of(room()))
    told = room()
    told["fields"][0] |= {"title": "主题", "required": True, "help": "说明", "visibility": "public"}
    assert needs_recheck(before, Class.parse(2, body_of(told))) == []
    narrowed = room()
    narrowed["fields"][0] |= {"maximum": 49}
    assert [f.name for f in needs_recheck(before, Class.parse(2, body_of(narrowed)))] == ["rooms"]
    assert [f.name for f in needs_recheck(before, Class.parse(2, body_of(with_field())))] == ["extra"]


def test_the_order_of_fields_is_a_difference_that_a_seeding_sees() -> None:
    a, b = {"title": "字"}, {"title": "数"}
    assert _same({"fields": {"x": a, "y": b}, "title": "t"}, {"title": "t", "fields": {"x": a, "y": b}})
    assert not _same({"fields": {"x": a, "y": b}}, {"fields": {"y": b, "x": a}})
    assert not _same({"import_columns": {"甲": "x", "乙": "x"}}, {"import_columns": {"乙": "x", "甲": "x"}})
    assert _same({"minimum": Decimal("0.5")}, {"minimum": 0.5})
    assert _same({"minimum": Decimal("1.0")}, {"minimum": 1})


def test_a_proposed_code_is_free() -> None:
    assert define.proposed_code([]) == "class-1"
    assert define.proposed_code(["class-1", "class-3", "school"]) == "class-2"
