"""Parsing: everything that is not understood is refused, equal selections have equal keys."""

import pytest

from riskmap.base.errors import Invalid
from riskmap.catalogue.model import Catalogue, Class, Scale
from riskmap.catalogue.seed import read_files
from riskmap.selection.describe import describe
from riskmap.selection.model import Selection, parse
from riskmap.selection.saved import as_parameters


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    items = list(read_files())
    return Catalogue(
        n=1,
        groups=(),
        classes={i.code: Class.parse(1, i.body) for i in items if i.kind == "class"},
        scales={i.code: Scale.parse(i.body) for i in items if i.kind == "scale"},
        policies={},
    )


def test_serious_and_up_is_two_grades_however_the_plus_arrives(catalogue: Catalogue) -> None:
    for written in ("serious+", "serious "):
        assert parse({"grade": [written]}, catalogue).grade == ("major", "serious")
    assert parse({"grade": ["serious"]}, catalogue).grade == ("serious",)


def test_not_assessed_is_never_within_and_up(catalogue: Catalogue) -> None:
    assert parse({"grade": ["low+"]}, catalogue).grade == ("major", "serious", "general", "low")
    with pytest.raises(Invalid):
        parse({"grade": ["none+"]}, catalogue)


def test_equal_selections_have_equal_keys_in_any_order(catalogue: Catalogue) -> None:
    one = parse({"class": ["school", "tank"], "grade": ["low,major"]}, catalogue)
    two = parse({"grade": ["major", "low"], "class": ["tank,school", "tank"]}, catalogue)
    assert one.key == two.key
    assert one.key != parse({"class": ["school"]}, catalogue).key


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("colour", "red"),
        ("class", "dragon"),
        ("grade", "worst"),
        ("stage", "asleep"),
        ("level", "major-hazard-level:九级"),
        ("division", "36 OR 1=1"),
        ("division", "３６０４"),
        ("enterprise", "-1"),
        ("enterprise", "99999999999999999999999"),
        ("verified", "maybe"),
        ("bbox", "116,29,115,30"),
        ("bbox", "nan,nan,nan,nan"),
        ("bbox", "1,2,3"),
        ("bbox", "29.6,115.8,29.8,116.0"),
        ("cell", "8841a0ffffffffff"),
        ("cell", "zz"),
        ("cell", "8f2830828052d25"),
        ("q", "长" * 101),
        ("q", "a\x00b"),
    ],
)
def test_what_is_not_understood_is_refused_in_words(catalogue: Catalogue, name: str, value: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse({name: [value]}, catalogue)
    [error] = refused.value.errors
    assert error.field == name
    assert any("一" <= c <= "鿿" for c in error.message)
    assert len(error.message) < 600


def test_too_many_values_are_refused(catalogue: Catalogue) -> None:
    with pytest.raises(Invalid):
        parse({"enterprise": [",".join(str(i) for i in range(1, 202))]}, catalogue)


def test_a_saved_body_parses_to_the_same_selection(catalogue: Catalogue) -> None:
    polygon = {"type": "Polygon", "coordinates": [[[116, 29], [116.1, 29], [116.1, 29.1], [116, 29]]]}
    selection = parse(
        {"class": ["school"], "bbox": ["115.5,29,116.5,30"], "verified": ["true"], "cell": ["8741a0b2effffff"]},
        catalogue,
        within=polygon,
    )
    params, within = as_parameters(selection.body())
    assert parse(params, catalogue, within=within) == selection


def test_a_self_crossing_polygon_is_refused(catalogue: Catalogue) -> None:
    bow = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    with pytest.raises(Invalid):
        parse({}, catalogue, within=bow)


def test_the_words_name_every_condition(catalogue: Catalogue) -> None:
    selection = parse({"class": ["school"], "grade": ["serious+"], "division": ["360402"], "q": ["小学"]}, catalogue)
    assert describe(selection, catalogue, {"360402": "濂溪区"}) == (
        "濂溪区；学校；较大以上；含已关闭、已销号；名称或编号含“小学”"
    )


def test_the_words_say_what_holds_where_nothing_is_chosen(catalogue: Catalogue) -> None:
    live = "在用、停用等（不含已关闭、已销号）"
    assert describe(Selection(), catalogue, {}) == f"全域；全部分类；全部等级；{live}"
    assert describe(parse({"grade": ["major"]}, catalogue), catalogue, {}) == f"全域；全部分类；重大；{live}"
    assert live not in describe(parse({"stage": ["any"]}, catalogue), catalogue, {})
    assert "；已销号" in describe(parse({"stage": ["struck_off"]}, catalogue), catalogue, {})
    # A search by text finds those that are closed.
    assert live not in describe(parse({"q": ["例"]}, catalogue), catalogue, {})
    assert "；在用；" in describe(parse({"q": ["例"], "stage": ["in_use"]}, catalogue), catalogue, {})


def test_a_scale_also_says_what_it_does_not_say(catalogue: Catalogue) -> None:
    chosen = parse({"level": ["major-hazard-level:none", "major-hazard-level:一级"]}, catalogue)
    assert "重大危险源级别 未评定" in describe(chosen, catalogue, {})
    assert "不在此标度" in describe(parse({"level": ["tailings-class:off"]}, catalogue), catalogue, {})
    outside = parse({"level": ["major-hazard-level:outside"]}, catalogue)
    assert "重大危险源级别 不构成" in describe(outside, catalogue, {})
    with pytest.raises(Invalid):  # every park that is assessed has a class
        parse({"level": ["park-class:outside"]}, catalogue)
    with pytest.raises(Invalid):
        parse({"level": ["major-hazard-level:九级"]}, catalogue)
