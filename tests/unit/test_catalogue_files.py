"""The shipped catalogue, walked whole."""

import re
import xml.etree.ElementTree as ET

import pytest

from riskmap.base.settings import GEODATA, REPOSITORY
from riskmap.catalogue.model import GRADES, Catalogue, Class, Policy, Scale
from riskmap.catalogue.seed import read_files
from riskmap.exchange.targets import targets_of

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
    "reservoir",
    "dyke",
    "polder",
    "gauge-station",
    "flood-prone-spot",
    "geohazard-point",
    "fire-station",
    "construction-site",
    "emergency-pool",
    "risk-contour",
    "control-zone",
    "accident-point",
]
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
    assert {c.code for c in CLASSES} >= {*FULL, *THIN}
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
