"""What the columns of the tables of rules are called, and the words that stand for their codes."""

from collections.abc import Mapping

from riskmap.admission.judgement import CONSEQUENCES, NONE, WORDS
from riskmap.admission.shown import SURE

_LEVELS = {"l1": "一级站", "l2": "二级站", "l3": "三级站"}
_RECOVERY = {"none": "无回收", "unload": "卸油回收", "both": "两段回收"}
_TITLES: Mapping[str, str] = {
    "code": "编号",
    "title": "名称",
    "side": "哪一方",
    "of": "包含的标签",
    "classes": "登记的分类",
    "where": "条件",
    "shape": "量到哪个图形",
    "words": "识别词",
    "industry": "行业代码",
    "commits": "须作安全承诺",
    "licence": "前置许可",
    "permits": "有关许可证",
    "department": "主管部门",
    "edition": "文件",
    "clause": "条款",
    "tag": "可信",
    "valid_from": "生效",
    "valid_to": "失效",
    "region": "适用区域",
    "subject": "谁（标签）",
    "target": "离谁（标签）",
    "subject_title": "谁（文字）",
    "target_title": "离谁（文字）",
    "metres": "应有距离",
    "by": "怎样定米数",
    "beyond": "在哪条规则之外起量",
    "reach_m": "查找范围",
    "edge": "量法",
    "directions": "方向",
    "effect": "要求",
    "consequence": "后果",
    "zone": "区域（标签）",
    "who": "问谁",
    "within_m": "旁边多少米以内",
    "advice": "说明",
    "place": "区域",
    "scale": "规模",
    "total_over_m3": "总容积大于",
    "total_most_m3": "总容积至多",
    "single_most_m3": "单罐容积至多",
    "residential_m": "距居住区",
    "civil_m": "距民用建筑",
    "level": "石油库等级",
} | {f"{level}_{way}": f"{a}·{b}" for level, a in _LEVELS.items() for way, b in _RECOVERY.items()}
_OWN: Mapping[tuple[str, str], str] = {
    ("admission-zones", "title"): "区域（文字）",
    ("admission-zones", "by"): "怎样判定",
    ("admission-negative", "title"): "事项",
    ("admission-negative", "who"): "标签",
    ("gb50156-2012-petrol", "target"): "保护目标",
    ("gb36894-2018-individual-risk", "target"): "防护目标",
    ("gb36894-2018-individual-risk", "new"): "新建、改建、扩建",
    ("gb36894-2018-individual-risk", "existing"): "在役",
}
# Words of the codes of a column; in a workbook the word stands, and either is read.
CHOICES: Mapping[str, Mapping[str, str]] = {
    "side": {"hazard": "风险源", "people": "人员", "place": "区域、线路"},
    "edge": {"outline": "外廓", "land": "公路用地外缘", "line": "线状（边缘未测）", "centre": "中心线"},
    "directions": {"both": "双向", "applicant": "只问申请方"},
    "consequence": {**{str(v): WORDS[v] for v in CONSEQUENCES}, NONE: "只作提示"},
    "tag": dict(SURE),
    "commits": {"yes": "是", "no": "否"},
}
DATES = frozenset({"valid_from", "valid_to"})
WRITTEN: Mapping[str, str] = {
    "of": "标签的编号，几个用分号隔开",
    "classes": "分类的代码，几个用分号隔开",
    "where": "字段=值|值、字段=小..大 或 name~文字；几个条件用分号隔开",
    "words": "几个用分号隔开",
    "industry": "GB/T 4754，按前几位算；几个用分号隔开",
    "subject": "标签的编号，几个用分号隔开",
    "target": "标签的编号，几个用分号隔开",
    "zone": "标签的编号",
    "who": "标签的编号，几个用分号隔开；* 为任何新设市场主体",
    "place": "in:标签编号 为在其内，out:标签编号 为在其外",
    "scale": "如 persons>=30；几项用分号隔开",
    "region": "区划代码，如 360402；空着为全域",
    "by": "空着为固定米数，或查哪张间距表",
    "metres": "米",
    "valid_from": "如 2026-03-01",
    "valid_to": "如 2026-03-01",
}


def title_of(table: str, column: str) -> str:
    """A column's name as an officer reads it."""
    return _OWN.get((table, column)) or _TITLES.get(column, column)


def named(cells: Mapping[str, str]) -> str:
    """A row by its own code and title; of a table without codes by what it is of."""
    said = {name: cells.get(name, "").strip() for name in _NAMES}
    title = said["title"] or "—".join(filter(None, (said["subject_title"], said["target_title"])))
    if said["code"]:
        return f"{said['code']}（{title}）" if title else said["code"]
    if said["total_over_m3"] or said["total_most_m3"]:
        return f"总容积 {said['total_over_m3'] or '0'}～{said['total_most_m3']} m³"
    return title or said["target"] or said["level"]


_NAMES = ("code", "title", "subject_title", "target_title", "target", "level", "total_over_m3", "total_most_m3")
