"""What the rules say, the catalogue knows: levels of its scales, options of its classes."""

from decimal import Decimal

import pytest

from riskmap.base.settings import GEODATA
from riskmap.catalogue.model import Class, Field, Scale
from riskmap.catalogue.seed import read_files
from riskmap.standards import gb18218, gb39496, gb50074, headwater, lec, ls, lyt1172, sl252
from riskmap.standards.table import read

BOOK = read(GEODATA / "standards")
ITEMS = list(read_files())
SCALES = {item.code: Scale.parse(item.body) for item in ITEMS if item.kind == "scale"}
CLASSES = {item.code: Class.parse(1, item.body) for item in ITEMS if item.kind == "class"}


def column(table: str, name: str) -> list[str]:
    return [row.text(name) for row in BOOK[table].rows if row.text(name)]


@pytest.mark.parametrize(
    ("table", "scale"),
    [
        ("gb18218-2018-table6", gb18218.SCALE),
        ("gb39496-2020-class", gb39496.SCALE),
        ("gb50074-2014-grade", gb50074.SCALE),
        ("lyt1172-95-weather", lyt1172.SCALE),
        ("enterprise-bands", "enterprise-score"),
        ("park-bands", "park-class"),
        ("sl252-2017-reservoir", sl252.SCALE),
    ],
)
def test_levels_of_a_table_are_the_levels_of_its_scale_in_the_same_order(table: str, scale: str) -> None:
    assert column(table, "level") == [level.value for level in SCALES[scale].levels]


@pytest.mark.parametrize("table", ["lec-bands", "ls-bands-common", "ls-bands-b", "ls-bands-c"])
def test_risk_bands_name_grades_and_their_words(table: str) -> None:
    titles = {level.value: level.title for level in SCALES["risk-grade"].levels}
    assert lec.SCALE == ls.SCALE == "risk-grade"
    for row in BOOK[table].rows:
        assert row.text("word") == titles[row.text("level")] + "风险"


def field(of: str, *path: str) -> Field:
    fields = CLASSES[of].fields
    for name in path[:-1]:
        fields = next(f for f in fields if f.name == name).fields
    return next(f for f in fields if f.name == path[-1])


def options(of: str, *path: str) -> list[str]:
    return [value for value, _ in field(of, *path).options]


def test_sizes_and_fire_classes_are_options_of_their_classes() -> None:
    assert column("sl252-2017-reservoir", "level") == options("reservoir", "size_class")
    fire_classes = set(options("tank-farm", "liquid_volumes", "fire_class"))
    assert fire_classes == set(column("gb50074-2014-weight", "fire_class")) - {gb50074.TOXIC}
    assert gb50074.CODE in options("tank-farm", "governing_code")
    assert field("tailings-pond", "headwater").title == headwater.IS


def test_a_form_takes_the_values_that_lec_and_ls_take() -> None:
    of_method = {method: set(values) for _, method, values in field("risk-point", "L").values_by}
    legal = {
        factor: {Decimal(r.text("value")) for r in BOOK["lec-values"].rows if r.text("factor") == factor}
        for factor in lec.FACTORS
    }
    assert of_method == {"LEC": legal["L"], "LS": set(ls.GRADES)}
    assert {name: set(field("risk-point", name).values) for name in "ECS"} == {
        "E": legal["E"],
        "C": legal["C"],
        "S": set(ls.GRADES),
    }
