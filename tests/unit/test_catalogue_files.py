"""The shipped catalogue, walked whole."""

import re
import xml.etree.ElementTree as ET

import pytest

from riskmap.base.settings import GEODATA, REPOSITORY
from riskmap.catalogue.define import MOST_WORD, MOST_WORDS, folded
from riskmap.catalogue.model import GRADES, Catalogue, Class, Field, Policy, Scale
from riskmap.catalogue.seed import read_files
from riskmap.exchange.cells import CellFault, choice_of
from riskmap.exchange.rows import by_word, choices_of
from riskmap.exchange.targets import Target, option_choices, targets_of
from riskmap.grading.assessments import ASSESSMENTS
from riskmap.grading.rulebook import rulebook_of

ITEMS = list(read_files())
CLASSES = [Class.parse(1, i.body) for i in ITEMS if i.kind == "class"]
BODIES = {i.code: i.body for i in ITEMS if i.kind == "class"}
SCALES = {i.code: Scale.parse(i.body) for i in ITEMS if i.kind == "scale"}
CATALOGUE = Catalogue(1, (), {c.code: c for c in CLASSES}, SCALES, {})
POLICIES = [Policy.parse(i.body) for i in ITEMS if i.kind == "policy"]

FULL = [
    "risk-point",
    "major-hazard",
    "tank-farm",
    "tank",
    "tailings-pond",
    "forest-fire-zone",
    "enterprise",
    "chemical-park",
    "school",
    "kindergarten",
    "hospital",
    "care-home",
    "residential-area",
    "village",
    "shelter",
    "relief-store",
    "rescue-team",
    "road",
]
THIN = [
    "chemical-user",
    "fireworks-plant",
    "fireworks-retail",
    "filling-station",
    "gas-restaurant",
    "alcohol-fuel-user",
    "dust-explosion-site",
    "deep-well-casting",
    "metal-melting",
    "confined-space",
    "pipeline",
    "railway",
    "power-line",
    "shoreline",
    "mine",
    "sealed-adit",
    "self-built-house",
    "rental-building",
    "village-industrial-area",
    "fire-key-unit",
    "crowded-place",
    "market",
    "heritage-site",
    "water-source",
    "fire-station",
    "construction-site",
    "emergency-pool",
    "risk-contour",
    "control-zone",
    "accident-point",
]
# Thin once; what the night of a flood asks of them made them longer.
WATER = ["reservoir", "dyke", "polder", "gauge-station", "flood-prone-spot", "geohazard-point"]
SCALE_CODES = [
    "risk-grade",
    "major-hazard-level",
    "tailings-class",
    "depot-grade",
    "forest-fire-zone-level",
    "forest-fire-weather",
    "enterprise-score",
    "park-class",
    "flood-response",
    "reservoir-size",
]
COMMON = set(
    [
        "name",
        "code",
        "grade",
        "level",
        "division",
        "stage",
        "enterprise",
        "parent",
        "department",
        "source",
        "verified",
        "updated_at",
    ]
)


def test_every_class_and_scale_of_the_contract_is_there() -> None:
    assert {c.code for c in CLASSES} >= {*FULL, *THIN, *WATER}
    assert set(SCALES) == set(SCALE_CODES)


@pytest.mark.parametrize("class_", CLASSES, ids=lambda c: c.code)
def test_a_class_declares_what_it_uses(class_: Class) -> None:
    names = [f.name for f in class_.fields]
    assert len({n.lower() for n in names}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,40}", n) for n in names)
    assert set(class_.list) <= COMMON | set(names)
    assert set(class_.popup) <= set(names)
    assert class_.scale is None or class_.scale in SCALES
    assert set(class_.geometry) <= {"point", "linestring", "polygon"}
    assert class_.role in {"hazard", "target", "response", "context"}
    assert class_.department
    shared = {t.target for t in targets_of(class_, CATALOGUE)}
    for target in BODIES[class_.code].get("import_columns", {}).values():
        field = target["field"] if isinstance(target, dict) else target
        assert field in shared | set(names), field
    if class_.code in THIN:
        assert 3 <= len(names) <= 6


@pytest.mark.parametrize("scale", SCALES.values(), ids=lambda s: s.code)
def test_every_level_has_word_rank_colour_letter_and_shape(scale: Scale) -> None:
    assert [level.rank for level in scale.levels] == list(range(1, len(scale.levels) + 1))
    assert len({level.value for level in scale.levels}) == len(scale.levels)
    assert len({level.letter for level in scale.levels}) == len(scale.levels)
    assert scale.worse in {"low-rank", "high-rank"}
    assert scale.note
    for level in scale.levels:
        assert level.title
        assert level.shape
        assert re.fullmatch(r"#[0-9A-Fa-f]{6}", level.colour)


def test_the_risk_grade_has_the_codes_grades_in_their_order() -> None:
    assert [level.value for level in SCALES["risk-grade"].levels] == list(GRADES)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda p: p.code)
def test_a_policy_is_shipped_off_and_names_levels_that_exist(policy: Policy) -> None:
    assert not policy.adopted
    scale = SCALES[policy.scale]
    assert [level for level, _ in policy.rows] == [level.value for level in scale.levels]
    assert {grade for _, grade in policy.rows} <= set(GRADES)


def test_tailings_depot_and_fire_zone_levels_have_no_policy() -> None:
    assert not {p.scale for p in POLICIES} & {"tailings-class", "depot-grade", "forest-fire-zone-level"}


def test_every_class_has_a_symbol_in_the_sprite() -> None:
    root = ET.parse(GEODATA / "catalogue" / "symbols.svg").getroot()
    ids = {e.get("id") for e in root.iter("{http://www.w3.org/2000/svg}symbol")}
    assert {c.symbol for c in CLASSES} <= ids
    assert len({c.symbol for c in CLASSES}) == len(CLASSES)


def test_every_class_is_in_the_documentation() -> None:
    text = (REPOSITORY / "docs" / "catalogue.md").read_text(encoding="utf-8")
    assert not [c.code for c in CLASSES if f"`{c.code}`" not in text]


def test_what_maps_may_not_show_is_not_public() -> None:
    # 公开地图内容表示规范: reservoir capacity, transmission voltage, pipelines' particulars.
    by_code = {c.code: c for c in CLASSES}
    for class_, field in (
        ("reservoir", "capacity_m3"),
        ("power-line", "voltage_kv"),
        ("pipeline", "pressure_mpa"),
        ("fireworks-plant", "dose_kg"),
    ):
        assert by_code[class_].by_name[field].visibility == 2


# -- Words of options and levels ---------------------------------------------------------

ENUMS: list[tuple[str, Field]] = [
    (f"{class_.code}.{field.name}", field)
    for class_ in CLASSES
    for outer in class_.fields
    for field in (outer, *outer.fields)
    if field.type == "enum"
]


@pytest.mark.parametrize(("name", "field"), ENUMS, ids=[name for name, _ in ENUMS])
def test_each_word_of_each_option_means_that_option(name: str, field: Field) -> None:
    words = by_word(option_choices(field))
    for value, title in field.options:
        for word in (title, value, *dict(field.option_words).get(value, ())):
            for dressed in (word, f" {word}\u3000", word.upper(), word.lower()):
                assert choice_of(dressed, field.title, words) == value, (word, value)


@pytest.mark.parametrize(("name", "field"), ENUMS, ids=[name for name, _ in ENUMS])
def test_no_word_means_two_options_nor_says_what_the_option_is_called_anyway(name: str, field: Field) -> None:
    options = dict(field.options)
    assert set(dict(field.option_words)) <= set(options)
    said = [folded(w) for _, words in field.option_words for w in words]
    called = {folded(w) for pair in field.options for w in pair}
    assert len(said) == len(set(said))
    assert not called & set(said)
    for _, words in field.option_words:
        assert len(words) <= MOST_WORDS
        assert all(
            len(w) <= MOST_WORD and not re.search("[、，,；;：:]", w) for w in words
        )  # what a page's line parts at


def test_every_option_that_a_list_could_say_otherwise_has_words() -> None:
    bare = {(name, value) for name, f in ENUMS for value, _ in f.options if value not in dict(f.option_words)}
    assert bare == set()


SAID = [
    ("school", "kind", "九年一贯制学校", "nine"),
    ("school", "kind", "完全中学", "complete"),
    ("school", "kind", "十二年一贯制学校", "twelve"),
    ("hospital", "rating", "三级甲等", "三级"),
    ("hospital", "rating", "三甲", "三级"),
    ("hospital", "rating", "二级乙等", "二级"),
    ("hospital", "rating", "乡镇卫生院", "基层"),
    ("self-built-house", "appraisal", "Ｄ", "D级"),
    ("self-built-house", "appraisal", "c类", "C级"),
    ("enterprise", "working", "生产", "running"),
    ("dust-explosion-site", "dust", "木粉尘", "wood"),
    ("geohazard-point", "kind", "不稳定斜坡", "slope"),
    ("shelter", "kind", "紧急避难场所", "emergency"),
    ("heritage-site", "protection", "全国重点文物保护单位", "国家级"),
    ("major-hazard", "regulator", "应急管理局", "emergency"),
    ("major-hazard", "regulator", "应急局", "emergency"),
    ("major-hazard", "kind", "罐区", "storage_tank"),
    ("reservoir", "size_class", "小（二）型", "小（2）型"),
    ("reservoir", "size_class", "小Ⅱ型", "小（2）型"),
    ("dyke", "dyke_class", "Ⅳ级", "4级"),
    ("dyke", "dyke_class", 4.0, "4级"),
    ("risk-contour", "level", 3e-05, "3e-5"),
    ("risk-contour", "level", "3×10⁻⁷", "3e-7"),
    ("tailings-pond", "level", "三等库", "三等"),
    ("tailings-pond", "level", "Ⅲ等", "三等"),
    ("tailings-pond", "level", 3, "三等"),
    ("major-hazard", "level", "III级", "三级"),
    ("major-hazard", "level", "３级", "三级"),
    ("major-hazard", "level", "三", "三级"),
    ("major-hazard", "level", "三级重大危险源", "三级"),
    ("chemical-park", "level", "A类", "A级"),
    ("chemical-park", "level", "d", "D级"),
    ("enterprise", "level", "红", "红色"),
    ("tank-farm", "level", "特级石油库", "特级"),
    ("tank-farm", "level", "1级", "一级"),
    ("forest-fire-zone", "level", "二级", "Ⅱ级"),
]


@pytest.mark.parametrize(("code", "name", "said", "value"), SAID)
def test_what_real_lists_say_is_understood(code: str, name: str, said: str | float, value: str) -> None:
    target = target_of(code, name)
    assert choice_of(said, target.title, choices_of(target)) == value


@pytest.mark.parametrize(
    ("code", "name", "said"),
    [
        ("school", "kind", "中学"),  # junior, senior or both
        ("reservoir", "size_class", "大型"),
        ("reservoir", "size_class", "小型"),
        ("filling-station", "fuel", "加气站"),
        ("major-hazard", "kind", "储存单元"),
        ("major-hazard", "level", "五级"),
        ("chemical-park", "level", "E级"),
        ("tank", "tank_type", "浮顶罐"),
        ("tailings-pond", "online_monitoring", "已安装"),
    ],
)
def test_a_word_that_could_be_two_options_is_none(code: str, name: str, said: str) -> None:
    target = target_of(code, name)
    with pytest.raises(CellFault):
        choice_of(said, target.title, choices_of(target))


@pytest.mark.parametrize("class_", [c for c in CLASSES if c.scale], ids=lambda c: c.code)
def test_each_word_of_a_level_means_that_level_its_title_first(class_: Class) -> None:
    target = target_of(class_.code, "level")
    scale = SCALES[class_.scale or ""]
    assert [(value, words[0]) for value, words in target.choices] == [(lv.value, lv.title) for lv in scale.levels]
    for value, words in target.choices:
        assert [choice_of(w, target.title, choices_of(target)) for w in words] == [value] * len(words)


def target_of(code: str, name: str) -> Target:
    """A column of a class: a field, or what all objects share."""
    targets = {t.target: t for t in targets_of(CATALOGUE.classes[code], CATALOGUE)}
    return targets.get(f"attributes.{name}") or targets[name]


def test_every_assessment_that_a_class_names_is_there_and_every_one_is_named() -> None:
    assert {code for c in CLASSES for code in c.assess} == set(ASSESSMENTS)
    targets = rulebook_of().targets
    for c in CLASSES:
        if "gb36894" in c.assess:
            rows = [r for r in targets.registered if r.text("class") == c.code]
            assert rows
            for row in rows:  # of a field's value, that the class has it
                assert not row.text("field") or row.text("value") in dict(c.by_name[row.text("field")].options)
    assert {r.text("class") for r in targets.registered} == {c.code for c in CLASSES if "gb36894" in c.assess}
