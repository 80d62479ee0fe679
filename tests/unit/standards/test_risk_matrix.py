"""LEC and LS: a product, and a set of bands that is data."""

from decimal import Decimal
from itertools import product

import pytest

from riskmap.base.settings import GEODATA
from riskmap.standards import lec, ls
from riskmap.standards.result import Refused, Tag
from riskmap.standards.table import Table, read

BOOK = read(GEODATA / "standards")
LEC = lec.Method.of(BOOK["lec-values"], BOOK["lec-bands"])
COMMON, VARIANT_B, VARIANT_C = (ls.band_set(BOOK[f"ls-bands-{name}"]) for name in ("common", "b", "c"))


def lec_of(*values: str) -> tuple[str, str]:
    result = lec.assess(*map(Decimal, values), LEC)  # type: ignore[call-arg]
    step = result.step("D")
    assert step is not None
    return step.line, result.level


@pytest.mark.parametrize(
    ("values", "line", "level"),
    [
        (("3", "6", "15"), "D = 3 × 6 × 15 = 270", "serious"),
        (("1", "6", "15"), "D = 1 × 6 × 15 = 90", "general"),
        (("6", "6", "40"), "D = 6 × 6 × 40 = 1440", "major"),
        (("10", "1", "7"), "D = 10 × 1 × 7 = 70", "low"),  # a limit belongs to the band below it
    ],
)
def test_lec_worked_example(values: tuple[str, str, str], line: str, level: str) -> None:
    assert lec_of(*values) == (line, level)


def test_every_d_that_can_be_reached_has_the_level_of_its_band() -> None:
    for values in product(*(LEC.values[factor] for factor in "LEC")):
        d = values[0] * values[1] * values[2]
        expected = "major" if d > 320 else "serious" if d > 160 else "general" if d > 70 else "low"
        assert LEC.bands.at(d).row.text("level") == expected


@pytest.mark.parametrize(
    ("values", "field", "code"),
    [
        (("2", "6", "15"), "L", "not_in_set"),
        (("3", "4", "15"), "E", "not_in_set"),
        (("3", "6", "20"), "C", "not_in_set"),
        (("0", "6", "15"), "L", "not_in_set"),
        (("-3", "6", "15"), "L", "negative"),
        (("3", "NaN", "15"), "E", "not_a_number"),
    ],
)
def test_lec_takes_only_the_values_of_its_table(values: tuple[str, ...], field: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        lec_of(*values)
    assert [(f.field, f.code) for f in refused.value.faults] == [(field, code)]


def test_lec_refusal_lists_what_may_be_chosen() -> None:
    with pytest.raises(Refused, match=r"L（事故发生的可能性）只能取 10、6、3、1、0.5、0.2、0.1，不能是 2"):
        lec_of("2", "6", "15")
    with pytest.raises(Refused, match="没有填写"):
        lec.assess(None, Decimal(6), Decimal(15), LEC)


def test_ls_worked_example() -> None:
    assert ls.assess(3, 5, COMMON).level == "serious"
    assert ls.assess(4, 3, COMMON).level == "general"
    assert ls.assess(5, 4, COMMON).level == "major"
    step = ls.assess(3, 5, COMMON).step("R")
    assert step is not None
    assert step.line == "R = 3 × 5 = 15"


def test_sets_in_real_use_differ_and_the_result_names_its_set() -> None:
    sixteen = [ls.assess(4, 4, bands) for bands in (COMMON, VARIANT_B, VARIANT_C)]
    assert [r.level for r in sixteen] == ["serious", "serious", "major"]
    assert [r.edition for r in sixteen] == ["LS 常用分档", "LS 分档乙", "LS 分档丙"]
    assert [ls.assess(2, 4, bands).level for bands in (COMMON, VARIANT_B, VARIANT_C)] == ["low", "general", "general"]


@pytest.mark.parametrize(
    ("name", "limits"),
    [("common", (9, 15, 20)), ("b", (4, 9, 20)), ("c", (4, 9, 15))],
)
def test_every_product_has_the_level_of_its_band(name: str, limits: tuple[int, int, int]) -> None:
    bands = ls.band_set(BOOK[f"ls-bands-{name}"])
    for lv, sv in product(range(1, 6), repeat=2):
        above = sum(lv * sv >= limit for limit in limits)
        assert ls.assess(lv, sv, bands).level == ("low", "general", "serious", "major")[above]


@pytest.mark.parametrize(
    ("lv", "sv", "code"), [(0, 3, "not_in_set"), (3, 6, "not_in_set"), (-1, 3, "negative"), (None, 3, "missing")]
)
def test_ls_takes_one_to_five(lv: int | None, sv: int, code: str) -> None:
    with pytest.raises(Refused) as refused:
        ls.assess(lv, sv, COMMON)
    assert refused.value.faults[0].code == code


def test_a_value_from_memory_says_so() -> None:
    assert ls.assess(3, 5, COMMON).tag is Tag.RECALL
    assert lec.assess(Decimal(3), Decimal(6), Decimal(15), LEC).tag is Tag.VERIFIED


@pytest.mark.parametrize(("least", "code"), [("17", "gap"), ("15", "overlap")])
def test_a_bureaus_own_set_with_a_gap_or_an_overlap_is_refused(least: str, code: str) -> None:
    rows = [dict(row.cells) for row in BOOK["ls-bands-b"].rows]
    rows[0]["least"] = least  # 重大 from here; 较大 ends at 16, and the next product is 20
    if code == "gap":
        rows[0]["most"] = "20"
    with pytest.raises(Refused) as refused:
        ls.band_set(Table.of("own", list(rows)))
    assert refused.value.faults[0].code == code


def test_a_set_of_two_editions_is_refused() -> None:
    rows = [*BOOK["ls-bands-b"].rows[:1], *BOOK["ls-bands-c"].rows[1:]]
    with pytest.raises(Refused, match="属于 LS 分档丙，不是 LS 分档乙"):
        ls.band_set(Table("own", tuple(rows)))
