"""Attributes against their class: exact, bounded, every wrong field named at once."""

from decimal import Decimal
from typing import Any

import pytest

from riskmap.catalogue.model import Class
from riskmap.catalogue.seed import read_files
from riskmap.catalogue.validate import attributes

CLASSES = {i.code: Class.parse(1, i.body) for i in read_files() if i.kind == "class"}


def wrong(class_: str, given: dict[str, Any]) -> dict[str, str]:
    return {e.field: e.code for e in attributes(CLASSES[class_], given)[1]}


def test_numbers_stay_exact() -> None:
    clean, errors = attributes(CLASSES["tailings-pond"], {"capacity_m3": Decimal("800000.10"), "dam_height_m": "45.50"})
    assert not errors
    assert clean == {"capacity_m3": Decimal("800000.10"), "dam_height_m": Decimal("45.50")}


@pytest.mark.parametrize(
    ("class_", "given", "expected"),
    [
        ("tailings-pond", {"dam_height_m": -1}, {"attributes.dam_height_m": "below_minimum"}),
        ("tailings-pond", {"dam_height_m": Decimal("NaN")}, {"attributes.dam_height_m": "not_a_number"}),
        ("tailings-pond", {"dam_height_m": "五十"}, {"attributes.dam_height_m": "not_a_number"}),
        ("tailings-pond", {"dam_height_m": True}, {"attributes.dam_height_m": "not_a_number"}),
        ("tailings-pond", {"dam_height_m": Decimal("1e99999")}, {"attributes.dam_height_m": "too_many_digits"}),
        ("tailings-pond", {"dragon": 1}, {"attributes.dragon": "unknown_field"}),
        ("tailings-pond", {"headwater": "是"}, {"attributes.headwater": "not_a_boolean"}),
        ("tank", {"built_on": "2026-02-30"}, {"attributes.built_on": "not_a_date"}),
        ("tank", {"tank_type": "balloon"}, {"attributes.tank_type": "unknown_value"}),
        ("risk-point", {"L": 4.5}, {"attributes.L": "not_a_number"}),
        ("risk-point", {"L": Decimal("4.5")}, {"attributes.L": "not_in_set"}),
        ("school", {"address": "长" * 501}, {"attributes.address": "too_long"}),
        ("enterprise", {"uscc": "IOSVZ"}, {"attributes.uscc": "bad_pattern"}),
        (
            "major-hazard",
            {"substances": [{"table": 1, "no": 1, "quantity_t": "40"}, {"quantity_t": "-1"}, {"table": 3}]},
            {
                "attributes.substances.1.table": "required",
                "attributes.substances.1.quantity_t": "below_minimum",
                "attributes.substances.2.table": "above_maximum",
            },
        ),
        (
            "major-hazard",
            {"plant_boundary": {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}},
            {"attributes.plant_boundary": "invalid_geometry"},
        ),
        (
            "tailings-pond",
            {"flow_path": {"type": "Point", "coordinates": [1, 2]}},
            {"attributes.flow_path": "not_a_geometry"},
        ),
    ],
)
def test_what_is_out_of_bounds_is_named(class_: str, given: dict[str, Any], expected: dict[str, str]) -> None:
    assert wrong(class_, given) == expected


def test_every_wrong_field_is_told_at_once() -> None:
    assert len(wrong("tailings-pond", {"dam_height_m": -1, "capacity_m3": "x", "nope": 1})) == 3


def test_a_list_of_one_field_takes_bare_values() -> None:
    clean, errors = attributes(CLASSES["rescue-team"], {"skills": ["water", {"skill": "fire"}]})
    assert not errors
    assert clean["skills"] == ["water", "fire"]


def test_blank_means_not_given() -> None:
    assert attributes(CLASSES["school"], {"address": "  ", "persons": None}) == ({}, [])
