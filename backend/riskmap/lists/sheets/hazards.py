"""重大危险源清单, as it is handed in."""

from dataclasses import replace
from typing import Any

from riskmap.grading import masking
from riskmap.grading.rules import RULES
from riskmap.lists import major_hazards, targets
from riskmap.lists.model import ENTERPRISE, LEVEL, Ask, Column, Row, by_name, dated, words
from riskmap.lists.rolling import FILED_YEARS
from riskmap.lists.rows import objects, of_classes
from riskmap.lists.sheets import parts
from riskmap.lists.sheets.parts import Part, SheetList, narrow

NAME = "major-hazards"
_FIELDS = {
    "kind": ("kind", "text"),
    "held": ("substances", "json"),
    "declared": ("exposed_persons", "number"),
    "record_no": ("record_no", "text"),
    "filed_on": ("filed_on", "text"),
    "assessed_on": ("assessed_on", "text"),
    "assess_due": ("assess_due", "text"),
    "monitored": ("monitored", "boolean"),
    "regulator": ("regulator", "text"),
    "own_address": ("address", "text"),
}

PARTS = (
    parts.ID,
    Part(replace(ENTERPRISE, title="单位名称", width=15), "所属企业；无权查看的写明"),
    Part(words("uscc", "统一社会信用代码", 11), "所属企业登记的代码", inner=True, fields=("uscc",)),
    Part(
        words("industry_code", "行业", 6),
        "所属企业的国民经济行业代码（GB/T 4754）",
        inner=True,
        fields=("industry_code",),
    ),
    Part(words("address", "地址", 12), "登记的地址；没有的取所属企业的", fields=("address",)),
    parts.DIVISION,
    parts.LON_LAT,
    parts.POSITION,
    Part(by_name("name", "单元名称", 16), "登记的名称"),
    Part(words("kind", "单元类型", 9), "登记的单元类型"),
    Part(Column("substances", "主要物质", width=11), "登记的危险化学品"),
    Part(Column("quantities", "设计最大量", unit="t", width=8), "登记的设计最大量，与主要物质逐项对应"),
    Part(Column("thresholds", "临界量", unit="t", width=7), "级别的算式所用，与主要物质逐项对应"),
    Part(Column("s", "S", "number", width=7), "辨识指标 Σ(q/Q)，级别的算式所得"),
    Part(Column("alpha", "α", "number", width=5), "厂外暴露人员校正系数，级别的算式所得"),
    Part(Column("exposed", "500 m 常住人口", "number", "人", width=8), "级别的算式所用：填报的，没有填报的按图上查得"),
    Part(Column("r", "R", "number", width=8), "分级指标，级别的算式所得"),
    Part(replace(LEVEL, title="重大危险源级别", width=9), "按 R；没有级别的写明缺什么或不构成"),
    parts.GRADE,
    Part(words("record_no", "备案编号", 11), "登记的备案编号"),
    Part(narrow(dated("filed_on", "备案日期"), 11), "登记的备案日期"),
    Part(Column("filing_due", "备案到期", "date", width=11), f"备案日期加 {FILED_YEARS} 年（总局令第40号，条文待核）"),
    Part(narrow(dated("assessed_on", "最近评估日期"), 11), "登记的评估日期"),
    Part(narrow(dated("assess_due", "评估到期"), 11), "登记的评估到期日"),
    Part(
        by_name("target", "最近的重点防护目标", 14),
        "全部在管脆弱性目标中最近的；无权查看的写明主管部门，距离照写",
        inner=True,
    ),
    Part(Column("distance_m", "距离", "metres", "m", width=8), "外廓到外廓的地面距离（大地线）", inner=True),
    Part(Column("monitored", "在线监测", "yes", width=5.5), "登记的是否已接入监测预警"),
    Part(words("head", "主要负责人", 10), "包保责任人：岗位、姓名", inner=True),
    Part(words("technical", "技术负责人", 10), "包保责任人：岗位、姓名", inner=True),
    Part(words("operation", "操作负责人", 10), "包保责任人：岗位、姓名", inner=True),
    Part(words("town_hook", "属地", 9), "属地挂钩的岗位、姓名", inner=True),
    Part(words("regulator", "监管部门", 9), "登记的监管部门；没有的写主管部门"),
    parts.STAGE,
    Part(Column("sure", "可信程度", width=7), "级别所依条文的可信程度：已核对、条文待核、本局自定"),
)


def _rows(ask: Ask) -> str:
    snapshot, mine = ask.snapshot, of_classes(ask, [major_hazards.CLASS])
    class_ = snapshot.catalogue.classes[major_hazards.CLASS]
    rule = RULES.get(class_.rule or "")
    # Of figures that rest on a field which the reader may not read there is none, as on the object's own page.
    told = rule is not None and not rule.reads & masking.unread(class_, snapshot.reader.tier)
    more = {**parts.PLACED, "grading": "{grading}" if told else "NULL::jsonb"}
    rows = parts.with_firm_and_persons(ask, objects(ask, mine, fields=_FIELDS, more=more))
    if not snapshot.reader.sees_inner:
        return rows
    others = of_classes(ask, targets.classes(ask))
    near = targets.nearest(ask, mine, others, "exposed_persons")
    return (
        "SELECT r.*, n.distance_m, n.risk_id AS target_id, n.risk AS target, n.risk_hidden AS target_hidden"
        f" FROM ({rows}) AS r LEFT JOIN ({near}) AS n ON n.id = r.id"
    )


def _finish(ask: Ask, rows: list[Row]) -> None:
    for row in rows:
        parts.place(row)
        row["address"] = row["own_address"] or row["firm_address"]
        row["kind"] = parts.option(ask, row["class"], "kind", row["kind"])
        row["regulator"] = parts.option(ask, row["class"], "regulator", row["regulator"]) or row["department"]
        filed = parts.day(row["filed_on"])
        row["filing_due"] = parts.years_after(filed, FILED_YEARS).isoformat() if filed else None
        _substances(row)
        _figures(ask, row)


def _substances(row: Row) -> None:
    held = row["held"] or ()
    row["substances"] = "；".join(str(one.get("name") or "未写名称") for one in held) or None
    said = [one.get("quantity_t") for one in held]
    row["quantities"] = "；".join("未填" if q is None else str(q) for q in said) if any(said) else None


def _figures(ask: Ask, row: Row) -> None:
    found = parts.records(ask, row)
    _, row["sure"] = parts.basis(found)
    own: dict[str, Any] = next((r for r in found if r["how"] == "computed" and r["scale"] == major_hazards.SCALE), {})
    row["s"], row["alpha"], row["r"] = (parts.exact(parts.step(own, symbol)) for symbol in ("S", "α", "R"))
    kept = own.get("inputs", {}).get("exposed")
    row["exposed"] = parts.exact(kept["value"]) if kept and "value" in kept else row["declared"]
    limits = [str(s["value"]) for s in own.get("trace", ()) if str(s.get("symbol", "")).startswith("Q")]
    row["thresholds"] = "；".join(limits) or None


LIST = SheetList(
    NAME,
    "重大危险源清单",
    PARTS,
    (("重大危险源", parts.listing(NAME, "重大危险源", PARTS, _rows, "-level", _finish, measured=True)),),
    "无：所选范围内没有登记的重大危险源。",
)
