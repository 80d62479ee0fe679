"""Chapters 1 to 4: what for, where, what was found, and by which methods."""

from riskmap.catalogue.model import GRADES
from riskmap.paper.symbols import LOOKS
from riskmap.reports.content.blocks import Chapter, Column, Ref, chapter, numbers
from riskmap.reports.content.facts import GRADE_COLUMNS, HOW, SURE, Facts, code_words, grade_row, ruleset_words, summed
from riskmap.reports.content.phrases import count, counted, share
from riskmap.reports.content.units import units

# -- 1 总则 ------------------------------------------------------------------------------------


def general(facts: Facts) -> Chapter:
    one, imprint = chapter(1, "总则"), facts.imprint
    one.section("评估目的")
    one.ask("评估的目的、任务来源，上级要求的文件名称和文号。")
    one.section("评估依据")
    standards = list(dict.fromkeys(row["by"] for row in facts.figures["methods"] if row["how"] == "computed"))
    if standards and not facts.public:
        one.say(
            f"登记册中的级别和等级依据下列标准、办法计算得出：{'、'.join(standards)}。所用条款和可信程度见",
            Ref("clauses"),
            "。",
        )
    elif facts.public:
        one.say("公开版不列各对象的评定依据。")
    else:
        one.say("登记册中没有按规则计算的级别或等级：无。")
    one.ask("法律、法规、规章、规范性文件和本市文件的名称、文号和日期。")
    one.section("评估范围与数据")
    one.say(
        f"评估范围为{imprint['area']}。评估对象取自风险登记册，条件为：{imprint['selection']}。"
        f"数据时间 {imprint['data_at']}，状态号 {imprint['state']}，共 {count(facts.total)}对象；其中 "
        f"{count(facts.figures['totals']['unplaced'])}尚未定位，计入总数，不在图上表示。"
    )
    if imprint["partial"]:
        one.say(f"本报告{imprint['partial']}，不是{imprint['area']}登记的全部，数字不作全部理解。")
    one.say(
        f"本报告的数字由上述状态一次统计得出，三张清单、风险分布图与本报告相互一致，核验码为 {imprint['check']}。"
        "按同一状态重新生成，数字不变。"
    )
    one.section("评估原则")
    one.say(
        "一是不同标度各自列出，不相混用：重大危险源级别、尾矿库等别等是标准规定的级别，与红、橙、黄、蓝四色等级不是一回事。"
    )
    one.say("二是未评定不等于低风险，没有登记不等于没有风险，分别计数、分别说明。")
    one.say("三是每个数字可以追溯到登记册中的对象和评定过程；凭记忆录入、尚未与标准原文核对的数值标明“条文待核”。")
    one.section("评估程序")
    one.say("评估按登记、核对、评定、统计、审核、签发的次序进行；评定过程和条文随对象留存在登记册中。")
    one.ask("组织方式、参加单位、工作过程、现场核查和专家论证的情况。")
    return one


# -- 2 城市概况 --------------------------------------------------------------------------------


def city(facts: Facts) -> Chapter:
    one, figures = chapter(2, "城市概况"), facts.figures
    one.section("区划")
    parts, beside = facts.divisions, facts.undivided
    if parts:
        names = "、".join(row["name"] for row in parts)
        one.say(f"统计按 {len(parts)} 个{facts.parts}进行：{names}。")
        for row in beside:
            one.say(f"没有登记到{facts.parts}的（{row['name']}）{count(row['total'])}，在分区的表中单列。")
    else:
        one.say("没有载入区划，本报告不分区统计。")
    one.section("底数")
    inventory = figures["inventory"]
    if inventory:
        one.say(f"登记册中风险类对象的底数为：{inventory.replace(',', '')}")
        one.note("线长、面积由登记的图形按椭球面量算，未定位的不计。")
    else:
        one.say("登记册中风险类对象：无。没有登记不等于没有风险。")
    one.section("自然地理与经济社会")
    one.ask("地形、气候、水系、地质，人口、产业、交通和城市建设。登记册不含这些资料，本节没有生成的数字。")
    one.section("近年事故灾害")
    one.ask("近三年生产安全事故和自然灾害的起数、人数、损失和主要原因。")
    return one


# -- 3 风险辨识 --------------------------------------------------------------------------------


def identified(facts: Facts) -> Chapter:
    one, figures = chapter(3, "风险辨识"), facts.figures
    one.section("评估单元")
    rows, all_rows = [], []
    for unit in units(facts.catalogue):
        having = [c for c in unit.classes if sum(facts.grades_of([c]).values())]
        row = facts.grades_of(unit.classes)
        all_rows.append(row)
        rows.append([unit.title, f"{len(having)} / {len(unit.classes)}", *grade_row("", row)[1:]])
    one.say("评估按单元进行，单元由分类归并而成，见", Ref("units"), "。")
    one.table(
        "units",
        "评估单元与对象数",
        [Column("单元", 1.2), Column("有登记 / 全部分类", 1.5, "right"), *GRADE_COLUMNS],
        rows,
        ["合计", "", *grade_row("", summed(all_rows))[1:]],
        "单位：个。应急力量和规划管控不属评估单元，另见第 6 章。",
    )
    one.section("数据来源")
    sources = figures["sources"]
    if facts.public:
        one.say("公开版不列各对象的来源。")
    elif not sources:
        one.say("所选范围内的登记对象：无。")
    else:
        whole_n = sum(row["n"] for row in sources)
        verified = sum(row["verified"] for row in sources)
        one.say(
            "登记对象按来源分见",
            Ref("sources"),
            f"。{count(whole_n)}对象中，已核实的 {counted(verified, whole_n)}；"
            f"未核实的 {counted(whole_n - verified, whole_n)}。",
        )
        one.table(
            "sources",
            "登记对象的来源",
            [Column("来源", 2), *numbers("对象数", "占比", "已核实", "未核实", width=1)],
            [
                [
                    row["source"] or "未填写",
                    row["n"],
                    share(row["n"], whole_n),
                    row["verified"],
                    row["n"] - row["verified"],
                ]
                for row in sources
            ],
            ["合计", whole_n, share(whole_n, whole_n), verified, whole_n - verified],
            "单位：个。",
        )
    one.section("辨识过程")
    one.ask("风险辨识的方法、范围、参加人员和时间，重点行业领域的辨识结果。")
    return one


# -- 4 评估方法 --------------------------------------------------------------------------------


def methods(facts: Facts) -> Chapter:
    one, figures, ruleset = chapter(4, "评估方法"), facts.figures, facts.ruleset
    one.section("风险等级")
    one.say(
        "安全风险分重大、较大、一般、低四级，以红、橙、黄、蓝四色表示，重大最重，见",
        Ref("scale"),
        "。未评定的单独列出。",
    )
    totals = figures["totals"]
    one.table(
        "scale",
        "安全风险等级与表示",
        [Column("等级", 1.2), Column("颜色", 0.8, "center"), Column("含义", 2.4), *numbers("对象数", width=0.8)],
        [[{"grade": g}, LOOKS[g].letter, _MEANS[g], totals[g]] for g in GRADES],
        ["合计", "", "", totals["total"]],
        "单位：个。",
    )
    one.section("标准自有的级别")
    rows = []
    for code, levels in figures["levels"].items():
        scale = facts.catalogue.scales[code]
        order = "、".join(level.title for level in scale.levels)
        rows.append([scale.title, order, scale.note or "—", sum(sum(row.values()) for row in levels.values())])
    one.say("下列标度由各自的标准规定，与四色等级分别列出；由级别得出四色等级，须有本局采用的对应表。")
    one.table(
        "scales",
        "标准自有的标度",
        [Column("标度", 1.4), Column("各级", 3), Column("说明", 1.6), *numbers("对象数", width=0.7)],
        rows,
        None,
        "单位：个。",
    )
    one.section("规则集与对应表")
    begins = f"，自 {ruleset.valid_from.isoformat()} 起施行" if ruleset.valid_from else ""
    one.say(f"数据时间施行的规则集为{ruleset_words(ruleset)}{begins}。")
    adopted = [p.title for p in facts.catalogue.policies.values() if p.adopted]
    one.say(f"本局采用的对应表：{'、'.join(adopted) if adopted else '无。没有采用对应表的，级别不产生四色等级'}。")
    _records(one, facts)
    return one


_MEANS = {
    "major": "风险最高，列入重大风险清单",
    "serious": "风险较高，列入重大风险清单的较大部分",
    "general": "风险一般",
    "low": "风险较低",
    "none": "没有评定结果，不等于低风险",
}


def _records(one: Chapter, facts: Facts) -> None:
    one.section("评定方式与条款")
    methods, clauses = facts.figures["methods"], facts.figures["clauses"]
    if facts.public:
        one.say("公开版不列各对象的评定方式和条款。")
        return
    if not methods:
        one.say("所选范围内的评定记录：无。")
        return
    named = {p.code: p.title for p in facts.catalogue.policies.values()}
    rows = [
        [
            facts.catalogue.scales[row["scale"]].title if row["scale"] in facts.catalogue.scales else row["scale"],
            HOW.get(row["how"], row["how"]),
            named.get(row["by"], row["by"]) or "—",
            code_words(row["ruleset"]) or "—",
            SURE.get(row["confidence"], row["confidence"]),
            row["n"],
        ]
        for row in methods
    ]
    one.say("登记册中各级别、等级的评定方式见", Ref("methods"), "，计算所用的条款见", Ref("clauses"), "。")
    one.table(
        "methods",
        "评定方式",
        [
            Column("标度", 1.3),
            Column("方式", 1.3),
            Column("依据", 1.8),
            Column("规则集", 0.9),
            Column("可信程度", 0.8),
            *numbers("记录数", width=0.7),
        ],
        rows,
        ["合计", "", "", "", "", sum(r["n"] for r in methods)],
        "单位：条。一个对象可以有两条：自有级别和四色等级各一条。可信程度取算式各步中最弱的一个。",
    )
    one.table(
        "clauses",
        "计算所用的条款",
        [Column("标准与条款", 3), Column("可信程度", 1), *numbers("用到的记录数", width=1)],
        [[row["clause"], SURE.get(row["tag"], row["tag"]), row["n"]] for row in clauses],
        None,
        "单位：条。“条文待核”指凭记忆或二手资料录入、尚未与标准原文核对，不据此处罚；“本局自定”指没有规范依据的选择。",
    )
