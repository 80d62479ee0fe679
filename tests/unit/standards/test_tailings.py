"""Tailings ponds: class, 头顶库, and the alarm rolled up from its points."""

from collections import Counter
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskmap.base.settings import GEODATA
from riskmap.standards import headwater
from riskmap.standards.gb39496 import Alarms, Classes, item_alarm, monitoring_alarm, pond_alarm, tailings_class
from riskmap.standards.headwater import Along, Target
from riskmap.standards.result import Refused, Standing, Tag
from riskmap.standards.table import Table, read

BOOK = read(GEODATA / "standards")
CLASSES = Classes.of(BOOK)
ALARMS = Alarms.of(BOOK)
WAN = 10_000


def grade(wan_m3: str, metres: str) -> str:
    return tailings_class(Decimal(wan_m3) * WAN, Decimal(metres), CLASSES).level


@pytest.mark.parametrize(
    ("v", "h", "level", "said"),
    [
        ("80", "45", "四等", "五等与四等相差一等，取高"),
        ("60", "75", "四等", "五等与三等相差二等，取高者降一等"),
        ("1200", "25", "四等", "三等与五等相差二等，取高者降一等"),
        ("150", "40", "四等", "四等与四等相同"),
        ("50000", "20", "二等", "一等与五等相差四等，取高者降一等"),
    ],
)
def test_class_worked_example(v: str, h: str, level: str, said: str) -> None:
    result = tailings_class(Decimal(v) * WAN, Decimal(h), CLASSES)
    step = result.step("等别")
    assert step is not None
    assert (result.level, step.filled) == (level, said)


@pytest.mark.parametrize(
    ("v", "level"),
    [
        ("99.9999", "五等"), ("100", "四等"), ("999.9999", "四等"), ("1000", "三等"),
        ("9999.9999", "三等"), ("10000", "二等"), ("49999.9999", "二等"), ("50000", "一等"),
    ],
)  # fmt: skip
def test_capacity_limits_from_both_sides(v: str, level: str) -> None:
    same = {"五等": "10", "四等": "40", "三等": "70", "二等": "150", "一等": "250"}
    assert grade(v, same[level]) == level


@pytest.mark.parametrize(
    ("h", "level"),
    [
        ("0.01", "五等"), ("29.99", "五等"), ("30", "四等"), ("59.99", "四等"), ("60", "三等"),
        ("99.99", "三等"), ("100", "二等"), ("199.99", "二等"), ("200", "一等"),
    ],
)  # fmt: skip
def test_height_limits_from_both_sides(h: str, level: str) -> None:
    same = {"五等": "10", "四等": "500", "三等": "5000", "二等": "20000", "一等": "60000"}
    assert grade(same[level], h) == level


def test_step_shows_the_capacity_in_the_units_of_the_standard() -> None:
    result = tailings_class(Decimal(800000), Decimal(45), CLASSES, phase="运行")
    assert [step.line for step in result.steps] == [
        "V = 800000 m³ ÷ 10000 = 80 万m³",
        "等别V：80 < 100 → 五等",
        "等别H：30 ≤ 45 < 60 → 四等",
        "等别：五等与四等相差一等，取高 → 四等",
    ]
    assert [(g.title, g.text, g.unit) for g in result.inputs] == [
        ("现阶段", "运行", ""),
        ("全库容", "800000", "m³"),
        ("总坝高", "45", "m"),
    ]


def test_first_and_second_class_are_from_memory_and_say_so() -> None:
    assert tailings_class(Decimal(800000), Decimal(45), CLASSES).tag is Tag.VERIFIED
    assert tailings_class(Decimal(800000), Decimal(120), CLASSES).tag is Tag.RECALL


def test_class_may_be_raised_by_one_with_a_document_but_not_above_the_first() -> None:
    raised = tailings_class(Decimal(800000), Decimal(45), CLASSES, raised_because="论证报告 2026-7")
    assert raised.level == "三等"
    assert raised.steps[-1].line == "提高：论证报告 2026-7 → 三等"
    with pytest.raises(Refused, match="已是一等"):
        tailings_class(Decimal(600000000), Decimal(250), CLASSES, raised_because="论证报告")


def test_nothing_stored_behind_no_dam_is_refused_and_not_the_lowest_class() -> None:
    with pytest.raises(Refused, match=r"全库容必须大于 0.*总坝高必须大于 0"):
        tailings_class(Decimal(0), Decimal(0), CLASSES)


def test_open_pit_without_dam_has_no_class() -> None:
    pit = tailings_class(Decimal(800000), None, CLASSES, pit_without_dam=True)
    assert (pit.standing, pit.level) == (Standing.OUTSIDE, "")


@given(
    *[st.decimals(min_value="0.01", max_value=10**9, places=2)] * 2,
    *[st.decimals(min_value="0.01", max_value=400, places=2)] * 2,
)
def test_a_higher_dam_or_a_fuller_pond_is_never_of_a_lower_class(
    v: Decimal, w: Decimal, h: Decimal, k: Decimal
) -> None:
    small = tailings_class(min(v, w), min(h, k), CLASSES).level
    large = tailings_class(max(v, w), max(h, k), CLASSES).level
    assert CLASSES.levels.index(large) <= CLASSES.levels.index(small)


def test_bad_input_of_class_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        tailings_class(Decimal(-1), None, CLASSES)
    assert [(f.field, f.code) for f in refused.value.faults] == [
        ("capacity_m3", "negative"),
        ("dam_height_m", "missing"),
    ]


# 头顶库.


@pytest.mark.parametrize(("metres", "verdict"), [("999.99", "头顶库"), ("1000", "头顶库"), ("1000.01", "不是头顶库")])
def test_headwater_within_1_km_along_the_path(metres: str, verdict: str) -> None:
    result = headwater.assess([Target("下游村", Decimal(metres)), Target("远村", Decimal(3000))])
    assert (result.verdict, result.standing, result.tag) == (verdict, Standing.GRADED, Tag.VERIFIED)


def test_headwater_names_the_nearest() -> None:
    result = headwater.assess([Target("远村", Decimal(900)), Target("近村", Decimal(400))])
    assert result.steps[0].line == "距离：近村 400 ≤ 1000 m → 头顶库"


def test_a_circle_only_screens_and_says_so() -> None:
    near = headwater.assess([Target("村", Decimal(400))], Along.CIRCLE)
    assert (near.standing, near.level, near.tag) == (Standing.UNKNOWN, "", Tag.JUDGEMENT)
    assert near.notes == ("按 1 km 圆筛查，未沿下游尾矿流经路径量",)
    far = headwater.assess([Target("村", Decimal(1001))], Along.CIRCLE)
    assert (far.verdict, far.notes) == ("不是头顶库", near.notes)


def test_nobody_downstream_is_no_headwater() -> None:
    assert headwater.assess([]).verdict == "不是头顶库"


def test_bad_length_is_refused() -> None:
    with pytest.raises(Refused, match="“村”的距离不能为负数"):
        headwater.assess([Target("村", Decimal(-1))])


# Alarms.


def points(text: str) -> list[str | None]:
    return [None if colour == "无" else colour for colour in text]


@pytest.mark.parametrize(
    ("colours", "alarm"),
    [
        ("蓝蓝蓝蓝无", "黄"),
        ("蓝蓝蓝无无", "蓝"),
        ("黄黄黄蓝蓝", "橙"),
        ("黄黄蓝蓝蓝", "黄"),
        ("橙橙", "红"),
        ("橙蓝蓝蓝", "橙"),
        ("红无无", "红"),
        ("无无", ""),
    ],
)
def test_item_alarm_rolls_up_its_points(colours: str, alarm: str) -> None:
    assert item_alarm(points(colours), ALARMS).level == alarm


def test_item_alarm_says_when_only_the_worst_point_decides() -> None:
    assert item_alarm(points("蓝蓝蓝蓝"), ALARMS).tag is Tag.VERIFIED
    assert item_alarm(points("蓝蓝蓝蓝"), ALARMS).steps[0].line == "测点汇总：蓝 4 ≥ 4 → 黄"
    assert item_alarm(points("红无"), ALARMS).tag is Tag.JUDGEMENT


def test_pond_alarm_counts_a_sum_as_one_item_more() -> None:
    assert item_alarm(points("蓝蓝蓝蓝黄黄"), ALARMS).level == "黄"
    assert pond_alarm(points("蓝蓝蓝蓝黄黄"), ALARMS).level == "橙"
    assert pond_alarm(points("蓝蓝蓝蓝"), ALARMS).tag is Tag.RECALL


@given(st.lists(st.sampled_from("无蓝黄橙红"), min_size=1, max_size=12), st.sampled_from("蓝黄橙红"), st.booleans())
def test_one_point_more_never_lowers_an_alarm(colours: list[str], more: str, whole: bool) -> None:
    rule = pond_alarm if whole else item_alarm
    order = ["", *ALARMS.colours]
    before, after = (order.index(rule(points("".join(c)), ALARMS).level) for c in (colours, [*colours, more]))
    assert after >= max(before, order.index(more))


@given(st.lists(st.sampled_from("无蓝黄橙红"), min_size=1, max_size=12))
def test_item_alarm_is_the_same_counted_at_a_colour_or_at_it_and_above(colours: list[str]) -> None:
    # "4 blue" may be read either way; with the worst point taken too, both readings agree.
    n = Counter(colours)
    above = [n["蓝"] + n["黄"] + n["橙"] + n["红"], n["黄"] + n["橙"] + n["红"], n["橙"] + n["红"], n["红"]]
    rolled = max(
        (rank + 1 for rank, (have, need) in enumerate(zip(above, (4, 3, 2), strict=False)) if have >= need), default=-1
    )
    worst = max((rank for rank, have in enumerate(above) if have), default=-1)
    expected = max(rolled, worst)
    assert item_alarm(points("".join(colours)), ALARMS).level == ("" if expected < 0 else ALARMS.colours[expected])


def test_bad_alarms_are_refused() -> None:
    with pytest.raises(Refused, match="没有测点"):
        item_alarm([], ALARMS)
    with pytest.raises(Refused, match="第1个测点：没有“紫”色报警"):
        item_alarm(["紫"], ALARMS)
    rows = [dict(row.cells) for row in BOOK["gb39496-2020-alarm"].rows]
    rows[0]["becomes"] = "橙"
    with pytest.raises(Refused, match="逐级相接"):
        Alarms.of({"gb39496-2020-alarm": Table.of("gb39496-2020-alarm", list(rows))})


def test_a_ponds_items_are_rolled_up_one_by_one_and_then_together() -> None:
    points = {"坝体位移": ["蓝"] * 4 + [None], "浸润线": ["蓝", None], "库水位": [None]}
    result = monitoring_alarm(points, ALARMS)
    assert result.verdict == "黄色报警"
    items = {step.title: step.value for step in result.steps if step.symbol == "项目"}
    assert items == {"坝体位移": "黄色报警", "浸润线": "蓝色报警", "库水位": "无报警"}
    assert result.inputs[0].text == "5 个测点：蓝 4，正常 1"
    assert result.tag is Tag.JUDGEMENT  # the worst decides, not a sum
