"""The judgement of one distance, from both sides of every limit; the words of a scope; the tables of rules."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmap.admission.judgement import CLEAR, Outcome, Verdict, Why, at_distance, softened, verdict
from riskmap.admission.rules import Rules, Where
from riskmap.admission.trade import find, trade_code
from riskmap.catalogue.rulesets import ADMISSION_TABLES, PRODUCT, shipped_book
from riskmap.standards.result import Tag

RULES = Rules.of(PRODUCT)


@pytest.mark.parametrize(
    ("metres", "unsure", "outcome"),
    [
        (99.999, 0, Outcome(Verdict.REFUSE, Why.SHORT)),
        (100, 0, CLEAR),
        (49.999, 50, Outcome(Verdict.REFUSE, Why.SHORT)),
        (50, 50, Outcome(Verdict.CHECK, Why.UNCERTAIN)),
        (84, 50, Outcome(Verdict.CHECK, Why.UNCERTAIN)),
        (150, 50, Outcome(Verdict.CHECK, Why.UNCERTAIN)),
        (150.001, 50, CLEAR),
    ],
)
def test_a_distance_of_100_m_from_both_sides(metres: float, unsure: float, outcome: Outcome) -> None:
    assert at_distance(metres, 100, unsure, Verdict.REFUSE, Tag.VERIFIED) == outcome


@given(
    st.floats(0, 5000), st.none() | st.floats(1, 5000), st.floats(0, 500), st.sampled_from([*Verdict]), st.booleans(),
    st.sampled_from([0.0, 15.0, 30.0]),
)  # fmt: skip
def test_a_recalled_number_never_refuses_anybody(
    metres: float, limit: float | None, unsure: float, consequence: Verdict, doubtful: bool, slack: float
) -> None:
    if consequence in {Verdict.COMMIT, Verdict.ADMIT}:
        return
    outcome = at_distance(metres, limit, unsure, consequence, Tag.RECALL, doubtful=doubtful, slack_m=slack)
    assert outcome.verdict in {None, Verdict.CHECK}


@given(st.floats(0, 5000), st.floats(1, 5000), st.floats(0, 500))
def test_nearer_is_never_better(metres: float, limit: float, unsure: float) -> None:
    order = [*Verdict, None]
    near = at_distance(metres / 2, limit, unsure, Verdict.REFUSE, Tag.VERIFIED).verdict
    far = at_distance(metres, limit, unsure, Verdict.REFUSE, Tag.VERIFIED).verdict
    assert order.index(near) <= order.index(far)


def test_the_worst_hit_decides() -> None:
    outcomes = [Outcome(v, Why.SHORT) for v in (Verdict.CHECK, Verdict.LICENCE, Verdict.REFUSE)]
    assert verdict(outcomes, commits=True) is Verdict.REFUSE
    assert verdict(outcomes[:2], commits=True) is Verdict.LICENCE
    assert verdict(outcomes[:1], commits=True) is Verdict.CHECK
    assert verdict([softened("none", Tag.VERIFIED)], commits=True) is Verdict.COMMIT
    assert verdict([], commits=False) is Verdict.ADMIT


@pytest.mark.parametrize(
    ("scope", "tags"),
    [
        ("烟花爆竹零售", {"fireworks-retail"}),
        ("日用百货销售（不含危险化学品、烟花爆竹零售）", set()),
        ("化工产品销售，不含危险化学品经营", set()),
        ("除烟花爆竹零售以外的日用品销售；餐饮服务", {"gas-restaurant"}),
        ("危险化学品经营(不带储存设施经营)", {"hazmat-trading"}),
        ("非危险化学品经营", set()),
        ("KTV、歌舞娱乐", {"crowded-place", "entertainment"}),
        ("学前教育；中小学生校外托管", {"kindergarten"}),
        ("", set()),
    ],
)
def test_tags_by_the_words_of_a_scope(scope: str, tags: set[str]) -> None:
    assert {found.tag.code for found in find(RULES, scope, None, [])} == tags


@pytest.mark.parametrize(
    ("text", "code"),
    [("C2614", "2614"), ("2614", "2614"), ("26", "26"), ("Ｃ２６", "26"), ("C", None), ("26141", None)],
)
def test_a_trade_code_by_its_form(text: str, code: str | None) -> None:
    assert trade_code(text) == code


def test_conditions_on_objects() -> None:
    assert Where.parse("road_class=国道|省道").holds("", {"road_class": "省道"})
    assert not Where.parse("road_class=国道|省道").holds("", {})
    assert Where.parse("voltage_kv=35..110").holds("", {"voltage_kv": Fraction(110)})
    assert not Where.parse("voltage_kv=35..110").holds("", {"voltage_kv": 220})
    assert Where.parse("bridge=true").holds("", {"bridge": True})
    assert Where.parse("name~长江").holds("长江左岸", {})


def test_the_shipped_rules_are_whole_and_every_recalled_one_is_marked() -> None:
    assert set(ADMISSION_TABLES) <= set(shipped_book())
    refusing = [r for r in RULES.distances if r.scope.consequence == Verdict.REFUSE]
    assert {r.scope.code for r in refusing} >= {"FW-RETAIL-100", "HWY-18A", "PIPE-30"}
    assert all(n.scope.clause.edition.startswith("演示") for n in RULES.negative)
