"""GB 18218-2018: a unit is identified by S and graded by R."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmap.base.settings import GEODATA
from riskmap.standards import gb18218
from riskmap.standards.gb18218 import Holding, Mixture, Tables
from riskmap.standards.result import Refused, Result, Standing, Tag
from riskmap.standards.table import Table, read

BOOK = read(GEODATA / "standards")
TABLES = Tables.of(BOOK)

AMMONIA, PHOSGENE, CHLORINE, COAL_GAS = 1, 6, 12, 13
HYDROGEN, LPG, METHANOL, PETROL, ETHANOL = 51, 52, 65, 66, 67


def row(number: int, tonnes: str, *categories: str) -> Holding:
    return Holding(row=number, quantity_t=Decimal(tonnes), categories=categories)


def of(tonnes: str, *categories: str) -> Holding:
    return Holding(categories=categories, quantity_t=Decimal(tonnes))


def assess(holdings: Sequence[Holding], exposed: int | None = 0) -> Result:
    return gb18218.assess(holdings, exposed, TABLES)


def faults(*holdings: Holding, exposed: int | None = 0) -> set[tuple[str, str]]:
    with pytest.raises(Refused) as refused:
        assess(holdings, exposed)
    assert all(fault.message for fault in refused.value.faults)
    return {(fault.field, fault.code) for fault in refused.value.faults}


def line(result: Result, symbol: str) -> str:
    step = result.step(symbol)
    assert step is not None
    return step.line


# What is worked out by hand elsewhere comes out the same.


@pytest.mark.parametrize(
    ("holdings", "exposed", "s", "r", "level"),
    [
        ([row(AMMONIA, "40")], 120, "S = 40/10 = 4", "R = 2 × (2 × 40/10) = 16", "三级"),
        (
            [row(PETROL, "1500", "W5.3"), row(ETHANOL, "300", "W5.3")],
            20,
            "S = 1500/200 + 300/500 = 8.1",
            "R = 1 × (1 × 1500/200 + 1 × 300/500) = 8.1",
            "四级",
        ),
        ([row(LPG, "180", "W2")], 60, "S = 180/50 = 3.6", "R = 1.5 × (1.5 × 180/50) = 8.1", "四级"),
        ([row(LPG, "180", "W2")], 100, "S = 180/50 = 3.6", "R = 2 × (1.5 × 180/50) = 10.8", "三级"),
        ([row(CHLORINE, "60")], 150, "S = 60/5 = 12", "R = 2 × (4 × 60/5) = 96", "二级"),
        ([row(CHLORINE, "62.5")], 150, "S = 62.5/5 = 12.5", "R = 2 × (4 × 62.5/5) = 100", "一级"),
        ([row(PHOSGENE, "0.3")], 0, "S = 0.3/0.3 = 1", "R = 0.5 × (20 × 0.3/0.3) = 10", "三级"),
    ],
)
def test_worked_example(holdings: list[Holding], exposed: int, s: str, r: str, level: str) -> None:
    result = assess(holdings, exposed)
    assert (line(result, "S"), line(result, "R"), result.level) == (s, r, level)
    assert result.standing is Standing.GRADED
    assert result.verdict == level


def test_mix_below_its_thresholds_is_no_major_hazard_until_one_tonne_more() -> None:
    mix = [row(METHANOL, "200", "W5.3"), row(HYDROGEN, "1.5", "W2")]
    below = assess([*mix, row(AMMONIA, "2")])
    assert line(below, "S") == "S = 200/500 + 1.5/5 + 2/10 = 0.9"
    assert (below.standing, below.verdict, below.level) == (Standing.OUTSIDE, "不构成重大危险源", "")
    assert below.step("R") is None
    reached = assess([*mix, row(AMMONIA, "3")])
    assert reached.value("S") == 1
    assert reached.standing is Standing.GRADED


def test_two_bunds_of_120_t_petrol_are_two_units_and_neither_is_one() -> None:
    assert assess([row(PETROL, "120", "W5.3")]).value("S") == Fraction("0.6")
    assert assess([row(PETROL, "240", "W5.3")]).value("S") == Fraction("1.2")  # as one unit it would be


@pytest.mark.parametrize(("volume", "standing"), [("270", Standing.OUTSIDE), ("271", Standing.GRADED)])
def test_volume_and_density_make_tonnes(volume: str, standing: Standing) -> None:
    tank = Holding(row=PETROL, categories=("W5.3",), volume_m3=Decimal(volume), density_t_m3=Decimal("0.74"))
    result = assess([tank])
    assert result.standing is standing
    tonnes = {"270": "199.8", "271": "200.54"}[volume]
    assert line(result, "q₁") == f"q₁ = {volume} m³ × 0.74 t/m³ = {tonnes} t"


# Limits, from both sides.


def test_ten_tenths_are_one() -> None:
    assert assess([row(AMMONIA, "1")] * 10).standing is Standing.GRADED
    assert assess([row(AMMONIA, "1")] * 9 + [row(AMMONIA, "0.9999999999999999")]).standing is Standing.OUTSIDE


def test_three_thirds_are_one() -> None:
    assert assess([row(PHOSGENE, "0.1")] * 3).value("S") == 1


@pytest.mark.parametrize(
    ("tonnes", "level"),
    [("24.999", "四级"), ("25", "三级"), ("124.999", "三级"), ("125", "二级"), ("249.999", "二级"), ("250", "一级")],
)
def test_levels_begin_at_10_50_and_100(tonnes: str, level: str) -> None:
    # Ammonia: β 2, α 2, Q 10, so R = 0.4 × q.
    assert assess([row(AMMONIA, tonnes)], 100).level == level


@pytest.mark.parametrize(
    ("persons", "alpha"),
    [(0, "0.5"), (1, "1"), (29, "1"), (30, "1.2"), (49, "1.2"), (50, "1.5"), (99, "1.5"), (100, "2"), (10**6, "2")],
)
def test_alpha_steps_at_1_30_50_and_100_persons(persons: int, alpha: str) -> None:
    assert assess([row(AMMONIA, "40")], persons).value("α") == Fraction(alpha)


# What is missing is told apart from what is nought.


def test_without_a_plant_boundary_r_is_not_worked_out() -> None:
    result = assess([row(AMMONIA, "40")], None)
    assert (result.standing, result.verdict, result.level) == (Standing.UNKNOWN, "未评定，缺厂区边界", "")
    assert result.value("S") == 4
    assert result.step("α") is None
    assert result.step("R") is None


def test_below_its_threshold_a_unit_is_none_with_or_without_a_boundary() -> None:
    assert assess([row(AMMONIA, "9")], None).verdict == "不构成重大危险源"
    assert assess([row(AMMONIA, "9")], 500).verdict == "不构成重大危险源"


# Which numbers a chemical takes.


def test_row_of_table_1_wins_over_its_category() -> None:
    chlorine = assess([row(CHLORINE, "60", "J3")])
    assert (chlorine.value("Q₁"), chlorine.value("β₁")) == (5, 4)


def test_of_several_categories_the_smallest_threshold_and_the_largest_beta_count() -> None:
    result = assess([of("50", "J3", "W2", "W5.3")])
    assert (result.value("Q₁"), result.value("β₁")) == (10, 2)
    assert result.tag is Tag.JUDGEMENT
    assert assess([of("50", "J3")]).tag is Tag.VERIFIED


def test_coal_gas_takes_the_beta_of_the_gas_that_is_chosen() -> None:
    named = Holding(row=COAL_GAS, gas="一氧化碳", quantity_t=Decimal(40))
    assert (assess([named]).value("Q₁"), assess([named]).value("β₁")) == (20, 2)
    assert assess([row(COAL_GAS, "40", "W2")]).value("β₁") == Fraction("1.5")
    assert faults(row(COAL_GAS, "40")) == {("holdings.0.categories", "missing")}


def test_mixture_of_the_same_category_counts_whole_and_another_by_its_own() -> None:
    same = replace(row(AMMONIA, "40"), mixture=Mixture.SAME)
    assert line(assess([same]), "混合物₁") == "混合物₁：与纯物质危险类别相同，按纯物质计"
    own = replace(of("40", "J3"), mixture=Mixture.OWN)
    assert assess([own]).value("S") == Fraction("0.8")
    assert faults(replace(row(AMMONIA, "40"), mixture=Mixture.OWN)) == {("holdings.0.row", "own_category")}


def test_result_is_as_sure_as_its_weakest_step() -> None:
    assert assess([row(AMMONIA, "40")], 120).tag is Tag.VERIFIED
    petrol = assess([row(PETROL, "1500", "W5.3")], 20)
    assert petrol.tag is Tag.RECALL  # its β comes by its own category
    assert assess([row(PETROL, "15", "W5.3")]).tag is Tag.VERIFIED  # and is not asked for below the threshold


def test_every_input_is_kept_with_its_unit() -> None:
    result = assess([row(PETROL, "1500", "W5.3")], 20)
    assert [(g.title, g.text, g.unit) for g in result.inputs] == [
        ("汽油(乙醇汽油、甲醇汽油)", "表1 第66行", ""),
        ("汽油(乙醇汽油、甲醇汽油) β 依据", "W5.3", ""),
        ("汽油(乙醇汽油、甲醇汽油) 设计最大量", "1500", "t"),
        ("厂区边界外 500 m 常住人口", "20", "人"),
    ]


# What cannot be taken.


@pytest.mark.parametrize(
    ("holding", "field", "code"),
    [
        (row(AMMONIA, "-3"), "quantity_t", "negative"),
        (row(AMMONIA, "NaN"), "quantity_t", "not_a_number"),
        (row(AMMONIA, "Infinity"), "quantity_t", "not_a_number"),
        (row(AMMONIA, "1E+999999999"), "quantity_t", "out_of_range"),
        (row(AMMONIA, "1E-999999999"), "quantity_t", "out_of_range"),
        (Holding(row=AMMONIA), "quantity_t", "missing"),
        (row(0, "3"), "row", "unknown_row"),
        (row(86, "3"), "row", "unknown_row"),
        (Holding(quantity_t=Decimal(3)), "row", "missing"),
        (of("3", "W12"), "categories", "unknown_symbol"),
        (row(PETROL, "3"), "categories", "missing"),
        (Holding(row=AMMONIA, volume_m3=Decimal(3)), "density_t_m3", "missing"),
        (Holding(row=AMMONIA, density_t_m3=Decimal(3)), "volume_m3", "missing"),
        (Holding(row=AMMONIA, volume_m3=Decimal(3), density_t_m3=Decimal(0)), "density_t_m3", "zero"),
        (Holding(row=AMMONIA, volume_m3=Decimal(3), density_t_m3=Decimal(-1)), "density_t_m3", "negative"),
        (Holding(row=AMMONIA, quantity_t=Decimal(1), volume_m3=Decimal(3)), "quantity_t", "both"),
        (Holding(row=AMMONIA, gas="氯", quantity_t=Decimal(1)), "gas", "not_of_row"),
        (Holding(row=AMMONIA, gas="氮", quantity_t=Decimal(1)), "gas", "unknown_gas"),
        (Holding(categories=("W2",), gas="一氧化碳", quantity_t=Decimal(1)), "gas", "not_of_row"),
    ],
)
def test_bad_input_is_refused_with_its_field(holding: Holding, field: str, code: str) -> None:
    assert faults(row(AMMONIA, "1"), holding) == {(f"holdings.1.{field}", code)}


def test_all_faults_are_told_at_once() -> None:
    assert faults(row(AMMONIA, "-3"), row(99, "1"), exposed=-1) == {
        ("holdings.0.quantity_t", "negative"),
        ("holdings.1.row", "unknown_row"),
        ("exposed", "negative"),
    }
    assert faults() == {("holdings", "missing")}


def test_reasons_are_for_an_officer() -> None:
    with pytest.raises(Refused) as refused:
        assess([row(AMMONIA, "-3"), row(PETROL, "3")])
    assert str(refused.value) == (
        "第1种的数量不能为负数（-3）；第2种：“汽油(乙醇汽油、甲醇汽油)”不在表3中，请选它自身的危险类别（表2符号）以确定 β"
    )


def test_a_binary_float_is_the_callers_mistake() -> None:
    with pytest.raises(TypeError, match="not an exact number"):
        assess([Holding(row=AMMONIA, quantity_t=0.1)])  # type: ignore[arg-type]


# Tables.


def test_tables_are_whole() -> None:
    assert list(TABLES.substances) == list(range(1, 86))
    assert len(TABLES.categories) == len(TABLES.betas) == 24
    assert len(TABLES.gases) == 14


def with_cell(name: str, line: int, **cells: str) -> dict[str, Table]:
    """The book with some cells of one row changed."""
    rows = [dict(row.cells) for row in BOOK[name].rows]
    rows[line] |= cells
    return {**BOOK, name: Table.of(name, list(rows))}


@pytest.mark.parametrize("number", range(1, 7))
def test_a_table_of_another_edition_is_refused(number: int) -> None:
    with pytest.raises(Refused, match="GB 18218-2009"):
        Tables.of(with_cell(f"gb18218-2018-table{number}", 0, edition="GB 18218-2009"))


def test_an_assessment_of_another_edition_is_refused() -> None:
    with pytest.raises(Refused, match="不是 GB 18218-2009"):
        gb18218.assess([row(AMMONIA, "1")], 0, TABLES, edition="GB 18218-2009")
    with pytest.raises(Refused, match="没有 GB 18218-2009 的规则"):
        Tables.of(BOOK, "GB 18218-2009")


@pytest.mark.parametrize(
    ("name", "line", "cells", "code"),
    [
        ("table1", 0, {"q_t": "0"}, "zero"),
        ("table1", 0, {"q_t": "十"}, "not_a_number"),
        ("table1", 0, {"no": "2"}, "twice"),
        ("table2", 0, {"symbol": "J9"}, "other_symbols"),
        ("table3", 0, {"row": "99"}, "unknown_row"),
        ("table4", 0, {"beta": "-1"}, "zero"),
        ("table4", 0, {"tag": "sure"}, "unknown_tag"),
        ("table5", 1, {"most": "98"}, "gap"),
        ("table5", 1, {"most": "100"}, "overlap"),
        ("table6", 1, {"least": "51"}, "gap"),
        ("table6", 1, {"least_in": "no"}, "gap"),
        ("table6", 1, {"most_in": "yes"}, "overlap"),
        ("table6", 3, {"most_in": "maybe"}, "not_yes_or_no"),
    ],
)
def test_an_unfit_table_is_refused(name: str, line: int, cells: dict[str, str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        Tables.of(with_cell(f"gb18218-2018-{name}", line, **cells))
    assert refused.value.faults[0].code == code


def test_a_missing_table_is_refused() -> None:
    with pytest.raises(Refused, match="缺少标准表 gb18218-2018-table5"):
        Tables.of({name: table for name, table in BOOK.items() if name != "gb18218-2018-table5"})


# What holds for every unit.

tonnes = st.decimals(min_value=0, max_value=5000, places=3, allow_nan=False)
symbols = st.sampled_from(sorted(TABLES.categories))
listed = st.builds(
    lambda no, symbol, q: Holding(row=no, categories=(symbol,), quantity_t=q), st.integers(1, 85), symbols, tonnes
)
unlisted = st.builds(
    lambda found, q: Holding(categories=tuple(found), quantity_t=q), st.lists(symbols, min_size=1, max_size=3), tonnes
)
units = st.lists(listed | unlisted, min_size=1, max_size=8)
persons = st.integers(0, 200)


@given(units, listed | unlisted, persons)
def test_adding_a_substance_never_lowers_s_or_r(unit: list[Holding], more: Holding, exposed: int) -> None:
    before, after = assess(unit, exposed), assess([*unit, more], exposed)
    assert (after.value("S") or 0) >= (before.value("S") or 0)
    assert (after.value("R") or 0) >= (before.value("R") or 0)


@given(units, st.integers(0, 8), persons)
def test_splitting_a_unit_never_raises_r(unit: list[Holding], at: int, exposed: int) -> None:
    parts = [assess(part, exposed).value("R") or Fraction(0) for part in (unit[:at], unit[at:]) if part]
    # A part below its threshold has no R at all, so that the parts together may come to less than the whole.
    assert sum(parts) <= (assess(unit, exposed).value("R") or 0)


@given(units.flatmap(lambda unit: st.tuples(st.just(unit), st.permutations(unit))), persons)
def test_order_of_rows_does_not_matter(units: tuple[list[Holding], list[Holding]], exposed: int) -> None:
    one, other = (assess(unit, exposed) for unit in units)
    assert (one.value("S"), one.value("R"), one.verdict) == (other.value("S"), other.value("R"), other.verdict)


@given(units, persons, persons)
def test_more_people_near_by_never_lower_the_grade(unit: list[Holding], some: int, more: int) -> None:
    few, many = (assess(unit, n).value("R") or 0 for n in sorted((some, more)))
    assert few <= many


@given(units, persons)
def test_a_printed_value_never_reaches_a_limit_that_the_exact_one_misses(unit: list[Holding], exposed: int) -> None:
    result = assess(unit, exposed)
    for symbol in ("S", "R"):
        step = result.step(symbol)
        if step is not None and isinstance(step.value, Fraction):
            assert Fraction(step.text.rstrip("…")) <= step.value
