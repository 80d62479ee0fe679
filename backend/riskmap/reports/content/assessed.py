"""Chapters 5 to 7: each unit by itself, who may be hurt and who answers, and the area as a whole."""

from collections.abc import Sequence

from riskmap.catalogue.model import NO_LEVEL, OUTSIDE, UPWARD, Class
from riskmap.reports.content.blocks import Chapter, Column, Ref, chapter, numbers
from riskmap.reports.content.facts import GRADE_COLUMNS, ROLES, Facts, grade_row, summed
from riskmap.reports.content.phrases import by_grade, count, counted, listed, most_in, share, upward
from riskmap.reports.content.units import units

# -- 5 单项评估 --------------------------------------------------------------------------------


def assessed(facts: Facts) -> Chapter:
    one, totals = chapter(5, "单项评估"), facts.figures["totals"]
    one.section("总体情况")
    total = facts.total
    if not total:
        one.say("所选范围内的登记对象：无。没有登记不等于没有风险。")
    else:
        high = upward(totals)
        one.say(
            f"登记的{facts.imprint['counted']} {count(total)}对象中，重大风险 {counted(totals['major'], total)}；"
            f"较大风险 {counted(totals['serious'], total)}；一般风险 {count(totals['general'])}，"
            f"低风险 {count(totals['low'])}；未评定 {counted(totals['none'], total)}。较大以上风险合计 {count(high)}。"
        )
        rows = {role: facts.grades_of(facts.classes(role)) for role in ROLES}
        hazards = sum(rows["hazard"].values())
        one.say(
            f"其中风险类对象 {count(hazards)}，未评定的 {counted(rows['hazard']['none'], hazards)}；"
            "脆弱性目标、应急力量和背景要素一般不评定风险等级，也列为未评定，见",
            Ref("roles"),
            "。",
        )
        one.table(
            "roles",
            "登记对象的性质与等级",
            [Column("性质", 1.4), *GRADE_COLUMNS],
            [grade_row(ROLES[role], row) for role, row in rows.items()],
            grade_row("合计", summed(list(rows.values()))),
            "单位：个。",
        )
    for unit in units(facts.catalogue):
        _unit(one, facts, unit.title, unit.classes)
    return one


def _unit(one: Chapter, facts: Facts, title: str, classes: Sequence[Class]) -> None:
    one.section(title)
    having = [c for c in classes if sum(facts.grades_of([c]).values())]
    none = [c.title for c in classes if c not in having]
    if not having:
        one.say(f"登记册中{title}的对象：无。没有登记不等于没有风险。")
    else:
        row = facts.grades_of(having)
        total, key = sum(row.values()), f"unit-{title}"
        one.say(
            f"{title}登记 {count(total)}：{by_grade(row)}。较大以上 {counted(upward(row), total)}，按分类见",
            Ref(key),
            "。",
        )
        red = [(c.title, upward(facts.grades_of([c]))) for c in having]
        if len(having) > 1 and (said := most_in(red)):
            one.say(f"较大以上风险按分类，{said}。")
        one.table(
            key,
            f"{title}各类对象的风险等级",
            [Column("分类", 1.6), *GRADE_COLUMNS],
            [grade_row(c.title, facts.grades_of([c])) for c in having],
            grade_row("合计", row),
            "单位：个。",
        )
        for class_ in having:
            if class_.scale in facts.figures["levels"]:
                _own_scale(one, facts, class_)
        if none:
            one.note(f"没有登记对象的分类：{'、'.join(none)}。没有登记不等于没有风险。")
    one.ask(f"{title}风险的成因、典型对象、趋势和单项评估结论。")


def _own_scale(one: Chapter, facts: Facts, class_: Class) -> None:
    """A scale of a class's own, in its own table, crossed with the grade."""
    assert class_.scale is not None
    scale, levels = facts.catalogue.scales[class_.scale], facts.figures["levels"][class_.scale]
    titles = {lv.value: lv.title for lv in scale.levels}
    titles |= {OUTSIDE: scale.outside.title if scale.outside else "不构成", NO_LEVEL: "未评定级别"}
    said = "、".join(f"{titles[v]} {count(sum(row.values()))}" for v, row in levels.items() if sum(row.values()))
    sharing = facts.catalogue.classes_on(scale.code)
    whose = "、".join(facts.title(code) for code in sharing)
    key = f"scale-{class_.code}"
    one.say(f"{scale.title}（{whose}）：{said or '无'}。{scale.title}与四色等级是两个标度，对照见", Ref(key), "。")
    one.table(
        key,
        f"{scale.title}与风险等级对照",
        [Column(scale.title, 1.4), *GRADE_COLUMNS],
        [grade_row(titles[value], row) for value, row in levels.items()],
        grade_row("合计", summed(list(levels.values()))),
        f"单位：个。{scale.note}" if scale.note else "单位：个。",
    )


# -- 6 脆弱性与应急能力 ------------------------------------------------------------------------


def _counts_table(one: Chapter, facts: Facts, key: str, caption: str, classes: Sequence[Class]) -> int:
    rows = [(c.title, sum(facts.grades_of([c]).values())) for c in classes]
    total = sum(n for _, n in rows)
    having = [(name, n) for name, n in rows if n]
    one.table(
        key,
        caption,
        [Column("分类", 2), *numbers("对象数", "占比", width=1)],
        [[name, n, share(n, total)] for name, n in having],
        ["合计", total, share(total, total)] if having else None,
        "单位：个。",
    )
    none = [name for name, n in rows if not n]
    if none:
        one.note(f"没有登记对象的分类：{'、'.join(none)}。")
    return total


def vulnerable(facts: Facts) -> Chapter:
    one = chapter(6, "脆弱性与应急能力")
    one.section("脆弱性目标")
    targets, told = facts.classes("target"), facts.of_list("targets")
    row = facts.grades_of(targets)
    one.say(f"登记脆弱性目标 {count(sum(row.values()))}，按分类见", Ref("targets"), "。")
    _counts_table(one, facts, "targets", "脆弱性目标", targets)
    if told is None:
        one.say("公开版不列脆弱性目标与风险的距离。")
    elif told["all"]:
        one.say(
            f"按外廓量距，100 m 内有较大以上风险的 {counted(told['within-100'], told['all'])}；"
            f"500 m 内的 {counted(told['within-500'], told['all'])}；"
            f"1000 m 内的 {counted(told['within-1000'], told['all'])}。"
            f"登记人数合计 {count(int(told['persons']), '人')}；没有填写人数的不计，实际人数不少于此数。"
        )
        one.say(f"尚未定位而没有量距的 {count(told['unplaced'])}。")
    one.section("应急力量")
    response = facts.classes("response")
    total = sum(facts.grades_of(response).values())
    one.say(f"登记应急力量 {count(total)}，按分类见", Ref("response"), "。")
    _counts_table(one, facts, "response", "应急力量", response)
    one.ask("避难容量、物资数量、队伍人数和装备、响应时间与需求的比较。登记册的数字只说明有多少处，不说明是否够用。")
    return one


# -- 7 区域综合评估 ----------------------------------------------------------------------------


def regional(facts: Facts) -> Chapter:
    one, parts, rows = chapter(7, "区域综合评估"), facts.divisions, facts.rows_by_part
    one.section("地区分布")
    if not parts:
        one.say("没有载入区划，没有分区的数字。")
    else:
        one.say(f"各{facts.parts}登记对象的风险等级见", Ref("divisions"), "，较大以上风险见", Ref("bars"), "。")
        said = most_in([(row["name"], upward(row)) for row in parts], upward(facts.figures["totals"]))
        one.say(f"较大以上风险{said}。" if said else "各地的较大以上风险：无。")
        none = [row["name"] for row in parts if not upward(row)]
        if said and none:
            one.say(f"没有登记较大以上风险的有{listed(none)}；没有登记不等于没有风险。")
        one.table(
            "divisions",
            f"各{facts.parts}的风险等级",
            [Column(facts.parts, 1.6), *GRADE_COLUMNS, *numbers("其中未定位", width=0.9)],
            [[*grade_row(name, row), row["unplaced"]] for name, row in rows],
            [*grade_row("合计", summed([row for _, row in rows])), sum(row["unplaced"] for _, row in rows)],
            "单位：个。",
        )
        ranked = sorted(parts, key=lambda row: -upward(row))
        one.chart("bars", f"各{facts.parts}的较大以上风险", [(row["name"], row) for row in ranked], UPWARD)
    one.section("分布图")
    if facts.overview:
        one.say("较大以上风险的位置见", Ref("map"), "，正图见《较大以上风险分布图》。")
        one.picture("map", f"{facts.imprint['area']}较大以上安全风险分布（缩略）", "overview")
    else:
        one.say("较大以上风险的位置见随附的《较大以上风险分布图》；本报告没有附缩略图。")
    unplaced = facts.figures["unplaced"]
    one.say(
        f"较大以上风险中尚未定位、不在图上的 {count(upward(unplaced))}：重大 {count(unplaced['major'])}、"
        f"较大 {count(unplaced['serious'])}。"
    )
    one.section("相邻影响")
    told = facts.of_list("neighbours")
    if told is None:
        one.say("公开版不列企业之间的距离。")
    elif not told["all"]:
        one.say("相邻的危险化学品、烟花爆竹企业：无。")
    else:
        one.say(
            f"不同企业的重大危险源、罐区、危险化学品使用单位、烟花爆竹厂彼此相邻的 {count(told['all'], '对')}，"
            f"其中跨县区的 {count(told['crossing'], '对')}，"
            f"涉及较大以上风险的 {count(told['serious'], '对')}。"
        )
    one.ask(
        "各地的综合风险评判（指标、权重和结果）、风险叠加和多米诺效应的分析。登记册不作加权评判，本节没有生成的结论。"
    )
    return one
