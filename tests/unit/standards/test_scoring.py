"""Scores of enterprises and parks."""

from decimal import Decimal

import pytest

from riskmap.base.settings import GEODATA
from riskmap.standards.result import Refused, Tag
from riskmap.standards.scoring import Claim, Entry, Scheme, assess
from riskmap.standards.table import Table, read

BOOK = read(GEODATA / "standards")
ENTERPRISE = Scheme.of(
    "enterprise-score", BOOK["enterprise-bands"], BOOK["enterprise-items"], BOOK["enterprise-direct"]
)
PARK = Scheme.of("park-class", BOOK["park-bands"])


def test_worked_example() -> None:
    items = [Claim("standardised-2", "证书 苏AQB-01"), Claim("fatal-accident", "2025-03 事故调查报告")]
    result = assess(Decimal(78), ENTERPRISE, items=items)
    step = result.step("总分")
    assert step is not None
    assert step.line == "总分 = 78 + 5 − 8 = 75 分"
    assert (result.level, result.verdict) == ("黄色", "黄色企业")
    assert [s.note for s in result.steps[:2]] == ["证书 苏AQB-01", "2025-03 事故调查报告"]


@pytest.mark.parametrize(
    ("score", "level"),
    [
        ("0", "红色"),
        ("59.99", "红色"),
        ("60", "橙色"),
        ("74.99", "橙色"),
        ("75", "黄色"),
        ("89.9", "黄色"),
        ("90", "蓝色"),
        ("100", "蓝色"),
    ],
)
def test_enterprise_colours_at_their_limits(score: str, level: str) -> None:
    assert assess(Decimal(score), ENTERPRISE).level == level


@pytest.mark.parametrize(
    ("score", "level"), [("59.9", "A级"), ("60", "B级"), ("69.9", "B级"), ("70", "C级"), ("84.9", "C级"), ("85", "D级")]
)
def test_park_classes_at_their_limits(score: str, level: str) -> None:
    assert assess(Decimal(score), PARK).level == level


def test_ledger_lists_every_entry_with_its_basis_and_sums_exactly() -> None:
    entries = [
        Entry("储罐区无高液位报警", Decimal("-12.3"), "检查记录 14"),
        Entry("未开展 HAZOP", Decimal("-12.7"), "检查记录 15"),
    ]
    result = assess(Decimal(100), ENTERPRISE, entries=entries)
    assert result.value("总分") == 75
    assert [(s.title, s.text, s.note) for s in result.steps[:2]] == [
        ("储罐区无高液位报警", "-12.3", "检查记录 14"),
        ("未开展 HAZOP", "-12.7", "检查记录 15"),
    ]


def test_direct_judgement_stands_before_the_score_and_keeps_it() -> None:
    result = assess(Decimal(95), ENTERPRISE, direct=[Claim("never-designed", "设计诊断报告缺失")])
    assert (result.level, result.value("总分")) == ("红色", 95)
    assert result.steps[-1].line == "直接判定₁：设计诊断报告缺失 → 红色"


def test_two_schemes_run_side_by_side() -> None:
    own = {"edition": "涉炉企业记分办法（2026）", "clause": "分级", "tag": "judgement"}
    rows = [
        {"level": "红色", "word": "红色", "least": "", "least_in": "", "most": "6", "most_in": "no", **own},
        {"level": "蓝色", "word": "蓝色", "least": "6", "least_in": "yes", "most": "", "most_in": "", **own},
    ]
    furnace = Scheme.of("furnace-score", Table.of("furnace", list(rows)), full=Decimal(12))
    result = assess(Decimal(12), furnace, entries=[Entry("未持证上岗", Decimal(-6), "现场检查")])
    assert (result.level, result.scale, result.edition, result.tag) == (
        "蓝色",
        "furnace-score",
        "涉炉企业记分办法（2026）",
        Tag.JUDGEMENT,
    )
    assert assess(Decimal(59), ENTERPRISE).level == "红色"


@pytest.mark.parametrize(
    ("base", "items", "fault"),
    [
        (Decimal(-1), [], ("base", "negative")),
        (Decimal("100.1"), [], ("base", "above_full")),
        (None, [], ("base", "missing")),
        (Decimal(80), [Claim("iso-9001", "证书")], ("items.0.code", "unknown_code")),
        (Decimal(80), [Claim("own-brigade", " ")], ("items.0.basis", "missing")),
        (Decimal(80), [Claim("own-brigade", "编制"), Claim("own-brigade", "编制")], ("items.1.code", "twice")),
        (Decimal(80), [Claim("standardised-1", "证书"), Claim("standardised-3", "证书")], ("items.1.code", "against")),
        (Decimal(80), [Claim("fatal-accident", "报告"), Claim("no-accident", "台账")], ("items.1.code", "against")),
    ],
)
def test_bad_input_is_refused(base: Decimal | None, items: list[Claim], fault: tuple[str, str]) -> None:
    with pytest.raises(Refused) as refused:
        assess(base, ENTERPRISE, items=items)
    assert [(f.field, f.code) for f in refused.value.faults] == [fault]


def test_an_entry_without_basis_is_refused() -> None:
    with pytest.raises(Refused, match="第1项没有填写依据"):
        assess(Decimal(100), ENTERPRISE, entries=[Entry("x", Decimal(-1), "")])


def test_items_of_another_edition_are_refused() -> None:
    with pytest.raises(Refused, match="不是 化工园区"):
        Scheme.of("park-class", BOOK["park-bands"], BOOK["enterprise-items"])
