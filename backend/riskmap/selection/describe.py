"""A selection in Chinese words, as it stands above a map, on a print and in a report."""

from collections.abc import Mapping, Sequence

from riskmap.catalogue.model import UPWARD, Catalogue
from riskmap.selection.level import title
from riskmap.selection.model import Selection

GRADE_WORDS = {"major": "重大", "serious": "较大", "general": "一般", "low": "低", "none": "未评定"}
# How sure a clause or a number is of a standard.
SURE_WORDS = {"verified": "已核对", "recall": "条文待核", "judgement": "本局自定"}
STAGE_WORDS = {
    "in_use": "在用",
    "suspended": "停用",
    "closing": "闭库（关闭）中",
    "closed": "已闭库（关闭）",
    "striking_off": "销号中",
    "struck_off": "已销号",
}


_MOST_NAMED = 3  # in brief


def describe(selection: Selection, catalogue: Catalogue, divisions: Mapping[str, str], *, brief: bool = False) -> str:
    """One sentence; conditions joined by “；”. `divisions` gives names by code.

    `brief`: of many the first and how many.

    What holds where nothing is chosen is said too: whoever reads a file has no page beside it. As the page says it.
    """
    parts: list[str] = []
    if selection.division:
        parts.append(_named([divisions.get(code, code) for code in selection.division], "个区划", brief=brief))
    else:
        parts.append("全域")
    parts.append(_named([catalogue.classes[c].title for c in selection.classes], "类", brief=brief) or "全部分类")
    parts.append(grades(selection.grade) or "全部等级")
    for value in selection.level:
        scale, _, level = value.partition(":")
        parts.append(f"{catalogue.scales[scale].title} {title(scale, level, catalogue)}")
    if selection.stage == ("any",) or (not selection.stage and selection.q is not None):
        parts.append("含已关闭、已销号")  # which a search by text finds too
    else:
        parts.append("、".join(STAGE_WORDS[s] for s in selection.stage) or "在用、停用等（不含已关闭、已销号）")
    if selection.department:
        parts.append("主管 " + "、".join(selection.department))
    if selection.source:
        parts.append("来源 " + "、".join(selection.source))
    if selection.tag:
        parts.append("标签 " + "、".join(selection.tag))
    if selection.industry:
        parts.append("行业 " + "、".join(selection.industry))
    if selection.enterprise:
        parts.append("所属企业 " + "、".join(str(i) for i in selection.enterprise))
    if selection.parent:
        parts.append("上级 " + "、".join(str(i) for i in selection.parent))
    if selection.verified is not None:
        parts.append("已核实" if selection.verified else "未核实")
    if selection.q:
        parts.append(f"名称或编号含“{selection.q}”")
    if selection.where:
        parts.append(f"条件 {selection.where}")
    if selection.bbox:
        parts.append("所画方框内")
    if selection.within:
        parts.append("所画范围内")
    if selection.cell:
        parts.append(f"{len(selection.cell)} 个格网内")
    if selection.as_of:
        day = selection.as_of.removeprefix("state:")
        parts.append(f"回看状态 {day}" if selection.as_of.startswith("state:") else f"回看 {day}")
    return "；".join(parts)


def _named(names: Sequence[str], unit: str, *, brief: bool) -> str:
    return f"{names[0]}等 {len(names)} {unit}" if brief and len(names) > _MOST_NAMED else "、".join(names)


def grades(values: tuple[str, ...]) -> str:
    """Grades in words; 重大 and 较大 together are 较大以上."""
    if values == UPWARD:
        return "较大以上"
    return "、".join(GRADE_WORDS[g] for g in values)
