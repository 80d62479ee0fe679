"""The annexes: every 重大 by name, 较大 by number, and what the report is checked by."""

from riskmap.reports.content.blocks import Chapter, Column, annex, numbers
from riskmap.reports.content.facts import Facts, ruleset_words
from riskmap.reports.content.phrases import count, share

# -- Annexes -----------------------------------------------------------------------------------


def major_list(facts: Facts) -> Chapter:
    one = annex(1, "重大风险清单")
    rows = facts.major
    named = "" if facts.public else "“登记号”可在系统中查到评定过程和条文。"
    one.say(f"重大风险共 {count(len(rows))}，其中尚未定位的 {count(sum(1 for r in rows if not r['placed']))}。{named}")
    if not rows:
        one.say("无。没有评定为重大的对象，不等于没有重大风险；未评定的见第 10 章。")
        return one
    columns = [Column("序号", 0.6, "right"), *([] if facts.public else [Column("登记号", 0.75, "right")])]
    columns += [
        Column("名称", 2.4),
        Column("分类", 1.1),
        Column("级别", 1.0),
        Column("区划", 1.5),
        Column("主管部门", 1.1),
        Column("位置", 0.65),
    ]
    one.table(
        "annex-major",
        "重大风险清单",
        columns,
        [
            [
                i,
                *([] if facts.public else [row["id"]]),
                row["name"],
                facts.title(row["class"]),
                row["level"] or "—",
                row["division"] or "—",
                row["department"] or "—",
                "已定位" if row["placed"] else "未定位",
            ]
            for i, row in enumerate(rows, 1)
        ],
        None,
        f"共 {count(len(rows))}。级别为分类自有的标度，没有自有标度的为“—”。",
        dense=True,
    )
    return one


def serious_counts(facts: Facts) -> Chapter:
    one, figures = annex(2, "较大风险数"), facts.figures
    serious = figures["totals"]["serious"]
    one.say(f"较大风险共 {count(serious)}，逐个列于《重大风险清单》的“较大”表，本附件列各分类、各地的数。")
    classes = [(facts.title(code), row["serious"]) for code, row in figures["by_class"].items() if row["serious"]]
    one.table(
        "annex-classes",
        "较大风险按分类",
        [Column("分类", 2), *numbers("对象数", "占比", width=1)],
        [[name, n, share(n, serious)] for name, n in sorted(classes, key=lambda r: (-r[1], r[0]))],
        ["合计", serious, share(serious, serious)] if classes else None,
        "单位：个。",
        dense=True,
    )
    rows = facts.rows_by_part
    one.table(
        "annex-divisions",
        f"较大风险按{facts.parts}",
        [Column(facts.parts, 2), *numbers("对象数", "占比", width=1)],
        [[name, row["serious"], share(row["serious"], serious)] for name, row in rows],
        ["合计", sum(row["serious"] for _, row in rows), share(serious, serious)] if rows else None,
        "单位：个。",
        dense=True,
    )
    return one


def proof(facts: Facts) -> Chapter:
    one, imprint = annex(3, "核对数据"), facts.imprint
    one.say("本报告的数字可以下列各项核对；按同一状态重新生成的报告，核验码相同。")
    one.table(
        "annex-proof",
        "核对数据",
        [Column("项目", 1), Column("内容", 3)],
        [
            ["编号", imprint["number"]],
            ["版本", imprint["version"]],
            ["状态号", imprint["state"]],
            ["数据时间", imprint["data_at"]],
            ["数据日期", imprint["day"]],
            ["核验码", imprint["check"]],
            ["选择", imprint["selection"]],
            ["范围", imprint["partial"] or "登记的全部对象"],
            ["规则集", ruleset_words(facts.ruleset)],
            ["编制单位", imprint["maker"]],
            ["密级", imprint["secrecy"]],
            ["审图号", imprint["approval"] or "—"],
        ],
    )
    return one
