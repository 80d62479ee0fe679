"""A set of bands has one answer for every number, and numbers are printed as they are."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmap.standards.bands import ANY, COUNT, FROM_ZERO, Bands, Reach
from riskmap.standards.result import Refused, Tag, exact, say, weakest
from riskmap.standards.table import Table

SOURCE = {"edition": "X-2020", "clause": "表1", "tag": "recall"}


def bands(reach: Reach, *rows: str) -> Bands:
    """From lines like `[1 9]`, `(9 )`: a bracket takes its limit in."""
    made = []
    for row in rows:
        least, most = row[1:-1].split(" ")
        made.append(
            {
                "least": least,
                "least_in": ("yes" if row[0] == "[" else "no") if least else "",
                "most": most,
                "most_in": ("yes" if row[-1] == "]" else "no") if most else "",
                **SOURCE,
            }
        )
    return Bands.of(Table.of("t", list(made)), reach)


def test_whole_sets_are_taken() -> None:
    assert len(bands(ANY, "( 1)", "[1 2]", "(2 )").bands) == 3
    assert len(bands(FROM_ZERO, "[0 1)", "[1 )").bands) == 2
    assert len(bands(COUNT, "[0 0]", "[1 29]", "[30 )").bands) == 3
    assert len(bands(Reach(values=frozenset(map(Fraction, (1, 2, 4)))), "[1 2]", "[4 4]").bands) == 2


@pytest.mark.parametrize(
    ("reach", "rows", "code"),
    [
        (ANY, ["( 1)", "(1 )"], "gap"),
        (ANY, ["( 1]", "[1 )"], "overlap"),
        (ANY, ["( 1]", "(1.5 )"], "gap"),
        (ANY, ["( 1]", "[2 )"], "gap"),
        (ANY, ["( 2)", "(1 )"], "overlap"),
        (ANY, ["[1 )"], "gap"),
        (ANY, ["( 1]"], "gap"),
        (ANY, ["( )"], "no_limits"),
        (FROM_ZERO, ["(0 )"], "gap"),
        (FROM_ZERO, ["[0 5]"], "gap"),
        (FROM_ZERO, ["[0 )", "[3 4]"], "overlap"),
        (COUNT, ["[0 0]", "[2 )"], "gap"),
        (COUNT, ["[0 1]", "[1 )"], "overlap"),
        (Reach(values=frozenset({Fraction(3)})), ["[1 2]"], "gap"),
    ],
)
def test_a_gap_or_an_overlap_is_refused(reach: Reach, rows: list[str], code: str) -> None:
    with pytest.raises(Refused) as refused:
        bands(reach, *rows)
    assert refused.value.faults[0].code == code


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("[10 50)", "10 ≤ R < 50"),
        ("(70 160]", "70 < R ≤ 160"),
        ("(320 )", "R > 320"),
        ("[9 )", "R ≥ 9"),
        ("( 1)", "R < 1"),
    ],
)
def test_a_band_says_its_condition(row: str, said: str) -> None:
    whole = Reach(values=frozenset())
    assert bands(whole, row).bands[0].says("R") == said


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (Fraction(16), "16"),
        (Fraction("8.10"), "8.1"),
        (Fraction(-5, 4), "-1.25"),
        (Fraction(1, 3), "0.3333…"),
        (Fraction(299999999, 3), "99999999.6666…"),
        (10 - Fraction(1, 10**15), "9.9999…"),
        (Fraction(0), "0"),
    ],
)
def test_a_number_is_printed_in_full_or_cut_off_but_never_rounded_up(number: Fraction, said: str) -> None:
    assert say(number) == said


@given(st.decimals(min_value=-(10**6), max_value=10**6, places=6))
def test_a_decimal_is_printed_as_it_is(number: Decimal) -> None:
    assert Fraction(say(exact(number))) == Fraction(number)


def test_a_chain_is_as_sure_as_its_weakest_link() -> None:
    assert weakest([]) is Tag.VERIFIED
    assert weakest([Tag.VERIFIED, Tag.RECALL]) is Tag.RECALL
    assert weakest([Tag.JUDGEMENT, Tag.RECALL]) is Tag.JUDGEMENT
