"""重大风险清单, as it is handed in: every object that is 重大, of whatever class; beside it what is 较大."""

from collections.abc import Sequence
from functools import partial

from riskmap.catalogue.model import GRADE_RANK
from riskmap.lists.model import CLASS, ENTERPRISE, Ask, Column, Listing, Row, by_name, dated, words
from riskmap.lists.rows import objects
from riskmap.lists.sheets import parts
from riskmap.lists.sheets.parts import Part, SheetList, narrow, numbers
from riskmap.selection.describe import GRADE_WORDS

NAME = "major-risks"
_TEXTS = {
    "accidents": "accident_types",
    "described": "description",
    "site": "location_note",
    "address": "address",
    "measures": "measures",
    "emergency": "emergency_measures",
    "control": "control_level",
    "method": "method",
    "scope": "impact_scope",
    "last_inspection": "last_inspection",
    "last_patrol": "last_patrol",
}
# Names of columns are lower case: PostgreSQL folds them.
_NUMBERS = {
    "l": "L", "e": "E", "c": "C", "s": "S", "persons": "persons", "downstream": "downstream_persons",
    "inspect_days": "inspect_days", "patrol_days": "patrol_days",
}  # fmt: skip

PARTS = (
    parts.ID,
    Part(by_name("name", "风险点名称", 18), "登记的名称"),
    Part(narrow(CLASS, 9), "登记的分类"),
    parts.GRADE,
    Part(narrow(ENTERPRISE, 14), "所属企业；无权查看的写明", inner=True),
    parts.DIVISION,
    Part(words("site_said", "位置", 10), "登记的部位或地址", fields=("location_note", "address")),
    parts.LON_LAT,
    parts.POSITION,
    Part(words("trade", "行业领域", 8), "分类所属的领域；所属企业有行业代码的写在后面"),
    Part(words("described", "风险描述", 12), "登记的描述", fields=("description",)),
    Part(words("accidents", "可能事故类型", 10), "登记的可能的事故类型", fields=("accident_types",)),
    Part(words("method_said", "评估方法", 11), "LEC、LS、直接判定；其他分类写所用的标准或对应表"),
    Part(numbers("l", "L", None, 4), "登记的可能性", fields=("L",)),
    Part(numbers("e", "E", None, 4), "登记的暴露频度", fields=("E",)),
    Part(numbers("c", "C", None, 4), "登记的后果", fields=("C",)),
    Part(numbers("s", "S", None, 4), "登记的严重性", fields=("S",)),
    Part(Column("value", "风险值", "number", width=6.5), "算式所得：LEC 的 D，LS 的 R"),
    Part(
        Column("level", "专业分级", "level", width=8), "重大危险源级别、尾矿库等别等，各按自己的标准，与风险等级不相混"
    ),
    Part(Column("basis", "等级依据", width=22), "等级怎么来的：标准、条款、结论；研判的写依据", inner=True),
    Part(Column("sure", "可信程度", width=7), "所依条文：已核对、条文待核、本局自定", inner=True),
    Part(words("scope", "影响范围", 9), "登记的影响范围", fields=("impact_scope",)),
    Part(
        numbers("affected", "影响人数", "人"),
        "登记的影响人数、下游人数或场所人数",
        fields=("persons", "downstream_persons"),
    ),
    Part(words("measures", "现有管控措施", 18), "登记的管控措施", fields=("measures",)),
    Part(words("emergency", "应急措施", 12), "登记的应急措施", fields=("emergency_measures",)),
    Part(words("control_said", "管控层级", 7), "登记的管控层级", fields=("control_level",)),
    Part(words("head", "企业责任人", 11), "主要负责人的岗位、姓名", inner=True),
    Part(words("town_hook", "属地挂钩领导", 11), "属地挂钩的岗位、姓名", inner=True),
    Part(words("department_hook", "行业部门挂钩领导", 11), "部门挂钩的岗位、姓名", inner=True),
    Part(numbers("interval", "巡查频次", "天一次", 7), "登记的巡查间隔", fields=("inspect_days", "patrol_days")),
    Part(narrow(dated("last", "上次巡查"), 11), "登记的上次巡查日期", fields=("last_inspection", "last_patrol")),
    parts.DEPARTMENT,
    parts.STAGE,
)


def _rows(grade: str, ask: Ask) -> str:
    fields = {name: (field, "text") for name, field in _TEXTS.items()}
    fields |= {name: (field, "number") for name, field in _NUMBERS.items()}
    more = {**parts.PLACED, "grading": "{grading}"}
    rows = objects(ask, f"{{grade}} = {GRADE_RANK[grade]}", fields=fields, more=more)
    return parts.with_firm_and_persons(ask, rows)


def _finish(ask: Ask, rows: list[Row]) -> None:
    catalogue = ask.snapshot.catalogue
    groups = {g["code"]: g["title"] for g in catalogue.groups}
    for row in rows:
        class_ = catalogue.classes.get(row["class"])
        parts.place(row)
        row["site_said"] = row["site"] or row["address"] or row["firm_address"]
        trade = [groups.get(class_.group) if class_ else None, row["industry_code"]]
        row["trade"] = "　".join(str(t) for t in trade if t) or None
        row["control_said"] = parts.option(ask, row["class"], "control_level", row["control"])
        row["interval"] = row["inspect_days"] if row["inspect_days"] is not None else row["patrol_days"]
        row["last"] = row["last_inspection"] or row["last_patrol"]
        row["affected"] = next((row[n] for n in ("persons", "downstream") if row[n] is not None), None)
        # Of a mine it is how the ore is won.
        if class_ is None or class_.rule != "risk-point":
            row["method"] = None
        found = parts.records(ask, row)
        row["basis"], row["sure"] = parts.basis(found)
        row["method_said"] = _method(ask, row, found)
        said = next((v for r in found if (v := parts.step(r, "D", "R")) is not None), None)
        row["value"] = parts.exact(said) if row["method"] else None


def _method(ask: Ask, row: Row, found: Sequence[dict[str, object]]) -> str | None:
    if row["method"]:
        return str(parts.option(ask, row["class"], "method", row["method"]))
    hows = [str(r["how"]) for r in found]
    if "policy" in hows:
        standard = next((str(r.get("standard")) for r in found if r["how"] == "computed"), None)
        return f"{standard}，按对应表" if standard else "按对应表"
    standard = next((str(r.get("standard")) for r in found if r["how"] == "computed"), None)
    return standard or ("研判" if "judged" in hows else None)


def _listing(grade: str) -> Listing:
    title = f"{GRADE_WORDS[grade]}风险"
    return parts.listing(f"{grade}-risks", title, PARTS, partial(_rows, grade), "division", _finish)


LIST = SheetList(
    NAME,
    "重大风险清单",
    PARTS,
    (("重大", _listing("major")), ("较大", _listing("serious"))),
    "无：所选范围内没有这一等级的对象。没有登记、没有评定不等于没有风险。",
)
