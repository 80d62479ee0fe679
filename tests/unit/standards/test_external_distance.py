"""GB/T 37243-2019: which method. GB 36894-2018: individual risk against stored contours."""

from decimal import Decimal

import pytest

from riskmap.base.settings import GEODATA
from riskmap.standards.gb18218 import Holding
from riskmap.standards.gb36894 import Contour, Plant, Target, Targets, criteria, individual_risk, target_of
from riskmap.standards.gbt37243 import CONSEQUENCE, DESIGN_CODES, QUANTITATIVE, Tables, choose
from riskmap.standards.result import Refused, Standing, Tag
from riskmap.standards.table import read

BOOK = read(GEODATA / "standards")
TABLES = Tables.of(BOOK)
CRITERIA = criteria(BOOK)

AMMONIA, CHLORINE, LPG = 1, 12, 52
HIGH, SECOND = "高敏感防护目标", "一般防护目标二类"


def gas(row: int, tonnes: str) -> Holding:
    return Holding(row=row, quantity_t=Decimal(tonnes))


@pytest.mark.parametrize(
    ("gases", "line", "method"),
    [
        ([gas(CHLORINE, "8")], "S = 8/5 = 1.6", QUANTITATIVE),
        ([gas(LPG, "30"), gas(AMMONIA, "2")], "S = 30/50 + 2/10 = 0.8", DESIGN_CODES),
        ([gas(CHLORINE, "5")], "S = 5/5 = 1", QUANTITATIVE),
        ([gas(CHLORINE, "4.999")], "S = 4.999/5 = 0.9998", DESIGN_CODES),
    ],
)
def test_method_worked_example(gases: list[Holding], line: str, method: str) -> None:
    result = choose(TABLES, explosives=False, gases=gases)
    step = result.step("S")
    assert step is not None
    assert (step.line, result.verdict, result.tag) == (line, method, Tag.RECALL)


def test_explosives_come_first() -> None:
    assert choose(TABLES, explosives=True, gases=[gas(CHLORINE, "8")]).verdict == CONSEQUENCE
    assert choose(TABLES, explosives=False).verdict == DESIGN_CODES


def test_one_sum_of_toxic_and_flammable_gases_is_marked_where_it_decides() -> None:
    both = choose(TABLES, explosives=False, gases=[gas(LPG, "30"), gas(AMMONIA, "4")])
    assert (both.verdict, both.tag) == (QUANTITATIVE, Tag.JUDGEMENT)
    one_alone = choose(TABLES, explosives=False, gases=[gas(LPG, "60"), gas(AMMONIA, "4")])
    assert (one_alone.verdict, one_alone.tag) == (QUANTITATIVE, Tag.RECALL)


def test_standard_is_not_for_some_sites() -> None:
    result = choose(TABLES, explosives=True, site="加油加气站")
    assert (result.standing, result.verdict) == (Standing.OUTSIDE, "本标准不适用（加油加气站）")
    with pytest.raises(Refused, match="不必填写"):
        choose(TABLES, explosives=True, site="化工厂")


def test_bad_gas_is_refused_with_its_field() -> None:
    with pytest.raises(Refused) as refused:
        choose(TABLES, explosives=False, gases=[gas(AMMONIA, "-1"), gas(99, "1")])
    assert [f.field for f in refused.value.faults] == ["gases.0.quantity_t", "gases.1.row"]


def contours(*marks: str) -> list[Contour]:
    """`5e-7 in`: the target lies within that contour."""
    return [Contour(Decimal(level), where == "in") for level, where in (mark.split() for mark in marks)]


@pytest.mark.parametrize(
    ("target", "plant", "marks", "verdict"),
    [
        (HIGH, Plant.NEW, ["5e-7 in"], "不满足个人风险基准"),
        (HIGH, Plant.EXISTING, ["5e-7 in", "3e-6 out"], "满足个人风险基准"),
        (HIGH, Plant.EXISTING, ["5e-7 in"], "现场核查（缺该等值线）"),
        (SECOND, Plant.NEW, ["3e-6 out"], "满足个人风险基准"),
        (HIGH, Plant.NEW, ["3e-7 in"], "不满足个人风险基准"),  # at least the criterion
        (HIGH, Plant.NEW, ["2.9e-7 in"], "现场核查（缺该等值线）"),
        (HIGH, Plant.NEW, ["1e-7 out"], "满足个人风险基准"),  # outside a lower one is below the criterion too
        (HIGH, Plant.NEW, ["3e-5 out"], "现场核查（缺该等值线）"),
        (HIGH, Plant.NEW, [], "现场核查（缺该等值线）"),
    ],
)
def test_individual_risk_worked_example(target: str, plant: Plant, marks: list[str], verdict: str) -> None:
    result = individual_risk(target, plant, contours(*marks), CRITERIA)
    assert result.verdict == verdict
    assert result.tag is Tag.RECALL
    assert (result.standing is Standing.UNKNOWN) == verdict.startswith("现场核查")


def test_individual_risk_prints_powers_of_ten() -> None:
    result = individual_risk(HIGH, Plant.NEW, contours("5e-7 in"), CRITERIA)
    assert [step.line for step in result.steps] == [
        "基准：3×10⁻⁷",
        "判断：在 5×10⁻⁷ 线内，5×10⁻⁷ ≥ 3×10⁻⁷ → 不满足个人风险基准",
    ]


@pytest.mark.parametrize(
    ("target", "new", "existing"),
    [
        (HIGH, "3e-7", "3e-6"),
        ("重要防护目标", "3e-7", "3e-6"),
        ("一般防护目标一类", "3e-7", "3e-6"),
        (SECOND, "3e-6", "1e-5"),
        ("一般防护目标三类", "1e-5", "3e-5"),
    ],
)
def test_individual_risk_criteria(target: str, new: str, existing: str) -> None:
    for plant, limit in ((Plant.NEW, new), (Plant.EXISTING, existing)):
        at = individual_risk(target, plant, contours(f"{limit} in"), CRITERIA)
        beyond = individual_risk(target, plant, contours(f"{limit} out"), CRITERIA)
        assert (at.level, beyond.level) == ("不满足个人风险基准", "满足个人风险基准")


def test_bad_contours_are_refused() -> None:
    with pytest.raises(Refused, match="没有“居民区”这一类防护目标；第1条等值线的风险值必须大于 0"):
        individual_risk("居民区", Plant.NEW, contours("0 in"), CRITERIA)
    with pytest.raises(Refused, match="等值线有误"):
        individual_risk(HIGH, Plant.NEW, contours("3e-6 in", "3e-7 out"), CRITERIA)


TARGETS = Targets.of(BOOK)


@pytest.mark.parametrize(
    ("holding", "kind"),
    [
        (Holding(row=CHLORINE), "毒性气体"),
        (Holding(row=LPG, categories=("W2",)), "易燃气体"),
        (Holding(row=13, gas="一氧化碳"), "毒性气体"),
        (Holding(categories=("J1",)), "毒性气体"),
        (Holding(categories=("W2", "J3")), "毒性气体"),
        (Holding(categories=("W1.1",)), "爆炸物"),
        (Holding(row=66, categories=("W5.3",)), None),
        (Holding(categories=("J2",)), None),  # a solid or a liquid
    ],
)
def test_what_a_chemical_is_by_its_category(holding: Holding, kind: str | None) -> None:
    row = TABLES.kind(holding)
    assert (row and row.text("kind")) == kind


@pytest.mark.parametrize(
    ("said", "site"),
    [
        ({"regulator": "housing"}, "城镇燃气"),
        ({"regulator": "transport"}, "港区"),
        ({"regulator": "emergency"}, None),
        ({"industry_code": "C2672"}, "民用爆炸物品"),
        ({"industry_code": "4511"}, "城镇燃气"),
        ({"industry_code": "5265"}, "加油加气站"),
        ({"industry_code": "2614"}, None),
        ({"industry_code": "45"}, None),  # too coarse to tell
        ({}, None),
    ],
)
def test_a_site_is_known_by_its_regulator_or_its_trade(said: dict[str, str], site: str | None) -> None:
    row = TABLES.site(said)
    assert (row and row.text("site")) == site
    if row:
        assert choose(TABLES, explosives=False, site=row.text("site")).standing is Standing.OUTSIDE


def test_every_registered_class_is_of_a_kind() -> None:
    for row in TARGETS.registered:
        kind = TARGETS.kind(row.text("class"), {row.text("field"): row.text("value")})
        assert kind is row
        assert {r.text("target") for r in TARGETS.rows[row.text("type")]} <= set(CRITERIA)
    assert TARGETS.kind("crowded-place", {"kind": "other"}) is None
    assert TARGETS.kind("mine", {}) is None


def test_a_school_is_highly_sensitive() -> None:
    kind = TARGETS.kind("school", {})
    assert kind is not None
    assert target_of(kind, {}, TARGETS).target == HIGH


def sized(class_: str, kind: str = "", **figures: int) -> Target:
    row = TARGETS.kind(class_, {"kind": kind})
    assert row is not None
    return target_of(row, figures, TARGETS)


@pytest.mark.parametrize(
    ("found", "class_"),
    [
        (sized("village", households=30), "一类"),
        (sized("village", households=29), "二类"),
        (sized("village", persons=100), "一类"),
        (sized("village", persons=99), "二类"),
        (sized("village", households=10), "二类"),
        (sized("village", households=9), "三类"),
        (sized("village", persons=30), "二类"),
        (sized("village", persons=29), "三类"),
        (sized("village", households=9, persons=100), "一类"),  # either is enough
        (sized("market", area_m2=5000), "一类"),
        (sized("market", area_m2=4999), "二类"),
        (sized("market", area_m2=1499, persons=300), "三类"),  # persons are of a place in the open
        (sized("market", persons=300), "一类"),
        (sized("market", persons=99), "三类"),
        (sized("crowded-place", "hotel", beds=100, persons=5), "一类"),
        (sized("crowded-place", "hotel", beds=99), "二类"),
        (sized("crowded-place", "stadium", area_m2=4999), "二类"),
        (sized("crowded-place", "entertainment", area_m2=3000), "一类"),
        (sized("crowded-place", "factory", persons=99), "三类"),
        (sized("crowded-place", "station", persons=100), "一类"),
    ],
)
def test_class_of_a_target_from_both_sides(found: Target, class_: str) -> None:
    assert found.target == f"一般防护目标{class_}"


def test_a_target_without_its_figure_says_which() -> None:
    assert sized("village").missing == ("户数", "人数")
    assert sized("crowded-place", "hotel", persons=300).missing == ("床位",)
