"""What a template of 城市安全风险评估报告 may name, what each name stands for, and what a trial fills it with."""

import base64
from collections.abc import Mapping
from typing import Any

from riskmap.paper.docx import Blocks, Contents, Picture
from riskmap.paper.templates import fields_told

TEXTS: Mapping[str, str] = {
    "标题": "报告的标题",
    "区域": "评估的区域，如 九江市",
    "编号": "成果的编号，如 FX-2026-001",
    "版本": "如 第 1 版（草稿）",
    "状态号": "统计所据的数据状态",
    "数据时间": "那个状态形成的时间",
    "数据日期": "那个状态的日期",
    "核验码": "全部数字的校验",
    "选择": "评估范围的文字说明",
    "范围": "没有含全部对象的，写明只含哪些；含全部的为空",
    "规则集": "数据时间施行的规则集",
    "编制单位": "生成成果时填写的",
    "编制人": "生成成果的账号",
    "审核人": "没有审核的为空",
    "签发人": "没有签发的为空",
    "密级": "生成成果时填写的；公开版为 公开",
    "审图号": "没有填写的为空",
    "年月": "如 二〇二六年十一月",
    "草稿": "没有签发的为 草稿，签发后为空",
    "演示": "演示数据的字样；正式使用时为空",
    "总数": "登记对象数",
    "重大数": "风险等级为重大的对象数",
    "较大数": "风险等级为较大的对象数",
    "较大以上数": "上两项之和",
    "一般数": "风险等级为一般的对象数",
    "低风险数": "风险等级为低的对象数",
    "未评定数": "没有评定的对象数",
    "未定位数": "没有定位的对象数，已含在总数里",
}
NUMERALS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十")
# Whole parts of the report: each stands in a paragraph of its own.
BLOCKS: Mapping[str, str] = {
    "正文": "全部各章和附件；用了它就不再用单章",
    "第一章": "总则",
    "第二章": "城市概况",
    "第三章": "风险辨识",
    "第四章": "评估方法",
    "第五章": "单项评估",
    "第六章": "脆弱性与应急能力",
    "第七章": "区域综合评估",
    "第八章": "清单与图",
    "第九章": "管控对策",
    "第十章": "结论与动态更新",
    "附件": "重大风险清单、较大风险数、核对数据",
}
CONTENTS: Mapping[str, str] = {
    "目录": "各章节的目录",
    "表目录": "各表的目录",
    "图目录": "各图的目录",
}
PICTURES: Mapping[str, str] = {"分布图": "较大以上风险分布的缩略图；没有图的为空"}
_OF = {"目录": "headings", "表目录": "表", "图目录": "图"}
# The smallest PNG: one point.
_POINT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def told() -> list[dict[str, Any]]:
    """The names in the order in which they are shown."""
    return fields_told({"text": TEXTS, "blocks": BLOCKS, "contents": CONTENTS, "picture": PICTURES}, {})


def contents() -> dict[str, Contents]:
    """The fields that hold 目录."""
    return {name: Contents(of) for name, of in _OF.items()}


def sample() -> dict[str, Any]:
    """Values for a template on trial: every name there is, every kind of block."""
    blocks: list[dict[str, Any]] = [
        {"kind": "heading", "level": 1, "number": "第 1 章", "text": "示例", "page": 1},
        {"kind": "heading", "level": 2, "number": "1.1", "text": "示例", "page": 1},
        {"kind": "paragraph", "parts": ["示例，见", {"to": "t", "text": "表 1-1"}, "。"]},
        {"kind": "author", "text": "示例"},
        {
            "kind": "table", "key": "t", "label": "表 1-1", "caption": "示例", "note": "示例", "dense": False,
            "columns": [{"title": "示例", "width": 1, "align": "left"}], "rows": [["示例"]], "total": ["示例"],
        },
        {"kind": "picture", "key": "p", "label": "图 1-1", "caption": "示例", "name": "p"},
    ]  # fmt: skip
    return {
        **dict.fromkeys(TEXTS, "示例"),
        **{name: Blocks(blocks) for name in BLOCKS},
        **contents(),
        **dict.fromkeys(PICTURES, Picture(_POINT, 10)),
    }
