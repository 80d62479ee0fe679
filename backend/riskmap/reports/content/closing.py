"""Chapters 8 to 10: the products, what is done about it, what is concluded, and what is not known."""

from typing import Any

from riskmap.catalogue.model import GRADES
from riskmap.paper.symbols import LOOKS
from riskmap.reports.content.blocks import Chapter, Column, Ref, chapter, numbers
from riskmap.reports.content.facts import Facts
from riskmap.reports.content.phrases import compared, count, counted, most_in, share, upward

_MISSING = (
    ("no-measures", "管控措施"),
    ("no-persons", "责任人"),
    ("no-interval", "巡查间隔"),
    ("no-control", "管控层级（重大）"),
    ("no-town-hook", "属地挂钩（重大）"),
    ("no-department-hook", "部门挂钩（重大）"),
)


# -- 8 清单与图 --------------------------------------------------------------------------------


def products(facts: Facts) -> Chapter:
    one, figures = chapter(8, "清单与图"), facts.figures
    one.section("三单一图")
    totals, hazards, targets = figures["totals"], facts.of_list("major-hazards"), facts.of_list("targets")
    rows: list[list[Any]] = [
        ["重大危险源清单", "各级重大危险源", None if hazards is None else hazards["all"]],
        ["脆弱性目标清单", "学校、医院、养老机构等", None if targets is None else targets["all"]],
        ["重大风险清单", "风险等级为重大的全部对象", totals["major"]],
        ["重大风险清单（较大）", "风险等级为较大的全部对象", totals["serious"]],
        ["较大以上风险分布图", "已定位的重大、较大风险", upward(totals) - upward(figures["unplaced"])],
    ]
    one.say("与本报告同时、由同一状态生成的清单和图见", Ref("products"), "。")
    one.table(
        "products",
        "清单与图的对象数",
        [Column("成果", 1.4), Column("内容", 2), *numbers("对象数", width=0.8)],
        rows,
        None,
        f"单位：个。状态号 {facts.imprint['state']}，核验码 {facts.imprint['check']}。",
    )
    one.section("重大风险")
    one.say(
        f"重大风险 {count(totals['major'])}，全部列于附件 1；较大风险 {count(totals['serious'])}，"
        "按分类和区划的数列于附件 2，逐个列于《重大风险清单》的“较大”表。"
    )
    return one


# -- 9 管控对策 --------------------------------------------------------------------------------


def control(facts: Facts) -> Chapter:
    one, told = chapter(9, "管控对策"), facts.of_list("completeness")
    one.section("管控落实")
    if told is None:
        one.say("公开版不列管控落实的情况。")
    elif not told["all"]:
        one.say("较大以上风险：无，没有须落实的管控。")
    else:
        one.say(
            f"较大以上风险 {count(told['all'])}中，措施、责任人、巡查间隔等登记齐全的 "
            f"{counted(told['complete'], told['all'])}；"
            f"不齐全的 {counted(told['incomplete'], told['all'])}，其中重大 {count(told['major-incomplete'])}，见",
            Ref("missing"),
            "。",
        )
        one.table(
            "missing",
            "管控登记中缺少的内容",
            [Column("缺少", 2), *numbers("对象数", "占较大以上", width=1)],
            [[title, told[name], share(told[name], told["all"])] for name, title in _MISSING],
            None,
            "单位：个。一个对象可以缺少几项。登记齐全不等于管控到位。",
        )
    if (hazards := facts.of_list("major-hazards")) is not None:
        one.say(f"截至 {facts.imprint['day']}，评估已过期的重大危险源 {count(hazards['overdue'])}。")
    for title, words in (
        ("技术对策", "工程技术、监测预警、本质安全改造的措施、责任单位和期限。"),
        ("管理对策", "责任制、双挂钩、巡查、培训、执法和信用约束的措施。"),
        ("规划对策", "布局调整、安全距离、准入和搬迁的措施。"),
        ("应急对策", "预案、力量、物资、演练和联动的措施。"),
    ):
        one.section(title)
        one.ask(words)
    return one


# -- 10 结论与动态更新 -------------------------------------------------------------------------


def conclusion(facts: Facts) -> Chapter:
    one, totals = chapter(10, "结论与动态更新"), facts.figures["totals"]
    one.section("评估结论")
    if not facts.total:
        one.say("所选范围内的登记对象：无，不作结论。没有登记不等于没有风险。")
    else:
        one.say(
            f"截至 {facts.imprint['day']}，{facts.imprint['area']}{facts.registered}，"
            f"其中重大风险 {count(totals['major'])}、较大风险 {count(totals['serious'])}、"
            f"一般风险 {count(totals['general'])}、低风险 {count(totals['low'])}，未评定 {count(totals['none'])}。"
        )
        said = most_in([(row["name"], upward(row)) for row in facts.divisions], upward(totals))
        if said:
            one.say(f"较大以上风险{said}。")
    one.ask("总体风险水平、突出问题和工作建议的结论。")
    _unknown(one, facts)
    _since(one, facts)
    one.section("动态更新")
    one.say("登记册每有变动，状态号即增加；下一期报告按新的状态生成，并列出与本期相比的变化。")
    one.ask("更新的周期、责任单位和触发条件。")
    return one


def _unknown(one: Chapter, facts: Facts) -> None:
    one.section("未知与不确定")
    unknown, total = facts.figures["unknown"], facts.total
    one.say("下列事项表示还不知道、不够新或不够确定的内容，不得理解为没有风险，见", Ref("unknown"), "。")
    hazards = facts.of_list("major-hazards")
    rows: list[tuple[str, int | None, str]] = [
        ("没有评定风险等级的对象", unknown["not_assessed"], "不计入四级，其中可能有较大以上"),
        ("其中风险类对象", facts.grades_of(facts.classes("hazard"))["none"], "应当评定而没有评定"),
        ("没有定位的对象", unknown["unplaced"], "不在图上，不参与距离和密度计算"),
    ]
    if not facts.public:
        rows += [
            ("位置由地址推算的对象", unknown["geocoded"], "距离只供参考"),
            ("位置为估计的对象", unknown["guessed"], "距离只供参考"),
        ]
    rows += [
        ("超过 12 个月没有更新的对象", unknown["older_12"], "可能已经变化"),
        ("其中超过 24 个月的", unknown["older_24"], "可能已经变化"),
        ("评估已过期的重大危险源", None if hazards is None else hazards["overdue"], "级别沿用旧的结果"),
    ]
    if not facts.public:
        rows.append(("评定依据待核的对象", unknown["recall"], "可用于排查，不据此处罚"))
    one.table(
        "unknown",
        "未知与不确定的事项",
        [
            Column("序号", 0.4, "right"),
            Column("事项", 1.8),
            *numbers("对象数", "占比", width=0.6),
            Column("对结论的影响", 1.9),
        ],
        [[i, words, n, None if n is None else share(n, total), told] for i, (words, n, told) in enumerate(rows, 1)],
        None,
        "单位：个。“—”为没有统计。占比以登记的全部对象为准。",
    )
    recall = [row for row in facts.figures["clauses"] if row["tag"] == "recall"]
    if facts.public:
        pass
    elif recall:
        said = "、".join(row["clause"] for row in recall)
        one.say(f"评定中用到、尚未与标准原文核对的条款有 {count(len(recall), '条')}：{said}。")
    else:
        one.say("评定中用到、尚未与标准原文核对的条款：无。")
    one.say("风险等级反映登记时的状态，不预测事故发生的时间；图上的空白表示没有登记，不表示没有风险。")
    one.ask("编制人认为应当说明的其他局限，如没有普查的行业和区域、没有载入的图层。")


def _since(one: Chapter, facts: Facts) -> None:
    one.section("与上一期相比")
    changes = facts.changes
    if changes is None:
        one.say("本范围此前没有签发过的成果，没有可以比较的上一期。")
        return
    before, now = changes["totals"]["before"], changes["totals"]["after"]
    last = changes["previous"]
    one.say(
        f"上一期为 {last['number']} 第 {last['version']} 版（状态号 {last['state']}，{last['day']}）。"
        f"重大风险{compared(before['major'], now['major'])}；较大风险{compared(before['serious'], now['serious'])}；"
        f"登记对象{compared(before['total'], now['total'])}。"
    )
    kinds = (("came", "新增"), ("went", "退出"), ("raised", "升级"), ("lowered", "降级"))
    told = "、".join(f"{words} {count(len(changes[name]))}" for name, words in kinds)
    moved = [(words, row) for name, words in kinds for row in changes[name]]
    one.say(f"较大以上风险中，{told}。" + ("" if moved else "逐个比较没有变化：无。"))
    if not moved:
        return
    shown = moved[:_MOST_CHANGES]
    grade = {None: "—"} | {g: LOOKS[g].word for g in GRADES}
    one.table(
        "changes",
        "较大以上风险的变化",
        [Column("变化", 0.6), Column("名称", 2.6), Column("上期", 0.6), Column("本期", 0.6)],
        [[words, row["name"] or "（无权查看）", grade[row["before"]], grade[row["after"]]] for words, row in shown],
        None,
        f"共 {count(len(moved))}，"
        + ("全部列出。" if len(shown) == len(moved) else f"列出前 {count(len(shown))}，其余见成果页面。"),
        dense=True,
    )


_MOST_CHANGES = 200
