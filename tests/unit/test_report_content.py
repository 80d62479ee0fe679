"""What the report says: every number of a sentence is one of the figures, and silence is said as silence."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.report_facts import CATALOGUE, facts, figures, imprint, major

from riskmap.catalogue.model import GRADES
from riskmap.reports.content.blocks import Ref, chapter, whole
from riskmap.reports.content.chapters import report
from riskmap.reports.content.phrases import compared, count, counted, most_in, share
from riskmap.reports.content.units import units


def words(chapters: Any) -> Iterator[str]:
    """Paragraphs without what refers to tables."""
    for one in chapters:
        for block in one["blocks"]:
            if block["kind"] == "paragraph":
                yield "".join(p for p in block["parts"] if isinstance(p, str))


def ints(body: Any) -> Iterator[int]:
    if isinstance(body, dict):
        for value in body.values():
            yield from ints(value)
    elif isinstance(body, list):
        for value in body:
            yield from ints(value)
    elif isinstance(body, int):
        yield body


def texts(body: Any) -> Iterator[str]:
    if isinstance(body, dict):
        for value in body.values():
            yield from texts(value)
    elif isinstance(body, list):
        for value in body:
            yield from texts(value)
    elif isinstance(body, str):
        yield body


def sums(found: dict[str, Any]) -> set[int]:
    """What may be added up, worked out here a second time: by class, unit, role, level; 较大以上; who is left."""
    groups = [[code] for code in found["by_class"]]
    groups += [[c.code for c in unit.classes] for unit in units(CATALOGUE)]
    groups += [
        [c.code for c in CATALOGUE.classes.values() if c.role == role] for role in ("hazard", "target", "response")
    ]
    # The first is registered for the whole city.
    out: set[int] = {max(len(found["by_division"]) - 1, 0)}
    rows = [[found["by_class"].get(code, dict.fromkeys(GRADES, 0)) for code in codes] for codes in groups]
    rows += [[row] for row in (found["totals"], found["unplaced"], *found["by_division"])]
    for some in rows:
        by_grade = {g: sum(row[g] for row in some) for g in GRADES}
        out |= {*by_grade.values(), sum(by_grade.values()), by_grade["major"] + by_grade["serious"]}
    for levels in found["levels"].values():
        out |= {sum(row.values()) for row in levels.values()}
    sources = found["sources"]
    told, verified = (sum(row[name] for row in sources) for name in ("n", "verified"))
    out |= {told, verified, told - verified}
    return out | {sum(1 for row in found["clauses"] if row["tag"] == "recall")}


# Not counts: where something stands, and the steps that are measured at.
_FIXED = re.compile(r"（\d）|附件 \d+|第 \d+ 章|(?<= )?\b(100|500|1000) m\b|\d+(\.\d+)?%|\d{4}-\d\d-\d\d( \d\d:\d\d)?")


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([0, 3, 40_000]), st.integers(0, 3), st.booleans())
def test_every_number_of_a_sentence_is_a_figure_or_a_sum_of_figures(
    seed: int, most: int, parts: int, public: bool
) -> None:
    found = figures(seed, most=most, parts=(0, 1, 5, 13)[parts])
    said = report(facts(found, public=public, major=major(found["major"] % 50)))
    rows = major(found["major"] % 50)
    legal = {*ints(found), *sums(found), len(rows), sum(1 for r in rows if not r["placed"]), 412, 0}
    named = sorted({*texts(found), *imprint().values()} - {"", True, False}, key=lambda t: -len(str(t)))  # type: ignore[type-var]
    for sentence in words(said):
        bare = sentence.replace(found["inventory"].replace(",", ""), "") if found["inventory"] else sentence
        for name in named:
            if isinstance(name, str) and len(name) > 2 and not name.isdigit():
                bare = bare.replace(name, "")
        for n in re.findall(r"\d+", _FIXED.sub("", bare)):
            assert int(n) in legal, (n, sentence)


@settings(max_examples=25)
@given(st.integers(0, 10**6))
def test_tables_add_up_and_every_reference_leads_to_one(seed: int) -> None:
    said = report(facts(figures(seed), overview=True))
    blocks = [b for one in said for b in one["blocks"]]
    labels = [b["label"] for b in blocks if "label" in b]
    assert len(labels) == len(set(labels))
    for b in blocks:
        if b["kind"] == "paragraph":
            assert all(p["text"] in labels for p in b["parts"] if isinstance(p, dict))
        if b["kind"] == "table" and b["total"] is not None:
            for i, cell in enumerate(b["total"]):
                column = [row[i] for row in b["rows"]]
                if i and cell.isdigit() and all(isinstance(c, str) and c.isdigit() for c in column):
                    assert int(cell) == sum(map(int, column)), (b["caption"], b["columns"][i])
        if b["kind"] == "table":
            assert all(len(row) == len(b["columns"]) for row in b["rows"])


def test_chapters_are_those_of_the_rulebook() -> None:
    said = report(facts())
    assert [one["title"] for one in said] == [
        "总则", "城市概况", "风险辨识", "评估方法", "单项评估", "脆弱性与应急能力", "区域综合评估", "清单与图", "管控对策",
        "结论与动态更新", "重大风险清单", "较大风险数", "核对数据",
    ]  # fmt: skip
    assert [one["label"] for one in said[-4:]] == ["第 10 章", "附件 1", "附件 2", "附件 3"]
    fifth = [b["text"] for b in said[4]["blocks"] if b["kind"] == "heading" and b["level"] == 2]
    assert fifth == ["总体情况", "工业企业", "人员密集场所", "公共设施", "交通", "建设施工", "自然灾害"]


def test_where_the_figures_are_silent_the_author_has_room() -> None:
    for one in report(facts())[:10]:
        assert any(b["kind"] == "author" and b["text"].startswith("待编制人补充：") for b in one["blocks"]) or one[
            "title"
        ] in {"评估方法", "清单与图"}


def test_an_empty_selection_says_none_and_never_that_there_is_no_risk() -> None:
    said = "\n".join(words(report(facts(figures(most=0), major=[]))))
    assert "登记对象：无" in said
    assert "没有登记不等于没有风险" in said
    assert "重大风险共 0 个" in said
    assert "%" not in said
    assert "没有风险。" not in said.replace("没有登记不等于没有风险。", "").replace("不得理解为没有风险", "").replace(
        "不表示没有风险。", ""
    )


def test_the_public_form_tells_neither_ids_nor_grounds_nor_distances() -> None:
    found = figures(5)
    found["lists"] = {"major-hazards": found["lists"]["major-hazards"]}
    said = report(facts(found, public=True, major=major(3)))
    annex = next(b for one in said for b in one["blocks"] if b.get("key") == "annex-major")
    assert "登记号" not in [c["title"] for c in annex["columns"]]
    assert not any("100" in row for row in annex["rows"])
    text = "\n".join(words(said))
    for told in (
        "公开版不列脆弱性目标与风险的距离",
        "公开版不列管控落实",
        "公开版不列企业之间的距离",
        "公开版不列各对象的来源",
    ):
        assert told in text
    assert "登记号" not in text


def test_what_changed_since_the_issue_before_is_told_with_both_totals() -> None:
    row = {"major": 3, "serious": 10, "total": 100}
    now = {"major": 5, "serious": 10, "total": 99}
    changes = {
        "previous": {"number": "FX-2026-000", "version": 2, "state": 300, "day": "2026-10-01", "report_id": "rp_0"},
        "totals": {"before": row, "after": now},
        "came": [{"id": 1, "name": "新来的", "before": None, "after": "major"}],
        "went": [],
        "raised": [{"id": 2, "name": None, "before": "serious", "after": "major"}],
        "lowered": [],
    }
    said = report(facts(changes=changes))
    text = "\n".join(words(said))
    assert (
        "重大风险由 3 个增至 5 个，增加 2 个；较大风险与上期相同，为 10 个；登记对象由 100 个减至 99 个，减少 1 个"
        in text
    )
    assert "新增 1 个、退出 0 个、升级 1 个、降级 0 个" in text
    table = next(b for one in said for b in one["blocks"] if b.get("key") == "changes")
    assert table["rows"] == [["新增", "新来的", "—", "重大"], ["升级", "（无权查看）", "较大", "重大"]]


def test_scales_of_their_own_stand_in_their_own_tables() -> None:
    said = report(facts(figures(2)))
    table = next(b for one in said for b in one["blocks"] if b.get("key") == "scale-major-hazard")
    assert table["columns"][0]["title"] == "重大危险源级别"
    assert [c["title"] for c in table["columns"][1:]] == ["重大", "较大", "一般", "低", "未评定", "合计"]
    assert "未评定级别" in [row[0] for row in table["rows"]]


@pytest.mark.parametrize(
    ("part", "whole_n", "said"),
    [(1, 3, "33.3%"), (0, 5, "0.0%"), (1, 10_000, "不足 0.1%"), (9_999, 10_000, "超过 99.9%"), (5, 5, "100%"),
     (1, 2000, "0.1%"), (2, 0, None)],
)  # fmt: skip
def test_a_share_is_never_rounded_to_nothing_or_to_all(part: int, whole_n: int, said: str | None) -> None:
    assert share(part, whole_n) == said


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("甲", 0), ("乙", 0)], None),
        (
            [("甲", 29), ("乙", 14), ("丙", 13), ("丁", 44)],
            "最多的是丁（44 个）、甲（29 个）和乙（14 个），合计占 87.0%",
        ),
        ([("甲", 5), ("乙", 3), ("丙", 3), ("丁", 3)], "最多的是甲（5 个），占 35.7%"),
        ([("甲", 2), ("乙", 2), ("丙", 2), ("丁", 2), ("戊", 1)], "最多的各有 2 个，有 4 处"),
        ([("甲", 2), ("乙", 0)], "全部在甲（2 个）"),
    ],
)
def test_who_has_most_is_told_without_preferring_one_of_equals(rows: list[tuple[str, int]], said: str | None) -> None:
    assert most_in(rows) == said


def test_nothing_counted_is_not_nought() -> None:
    assert count(None) == "未统计"
    assert count(0) == "0 个"
    assert counted(0, 5) == "0 个"
    assert compared(3, 3) == "与上期相同，为 3 个"


def test_a_reference_that_leads_nowhere_is_a_mistake() -> None:
    one = chapter(1, "示例")
    one.say("见", Ref("nowhere"))
    with pytest.raises(KeyError):
        whole([one])
