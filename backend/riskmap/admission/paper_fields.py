"""What a template of 准入文书 may name, what each name stands for, and what a trial fills it with."""

from collections.abc import Mapping
from typing import Any

from riskmap.paper.templates import fields_told

TEXTS: Mapping[str, str] = {
    "案号": "准入案的编号，如 ZR-2026-000001",
    "名称": "市场主体名称",
    "统一社会信用代码": "没有填写的为空",
    "主要负责人": "没有填写的为空",
    "地址": "住所或经营场所",
    "地点": "核验的地点：所在区划和坐标（CGCS2000）",
    "行业代码": "GB/T 4754 的代码",
    "经营范围": "照填写的原文",
    "风险事项": "识别出的事项，以顿号隔开",
    "镇街": "案件派到的区划，自市写起",
    "承办部门": "案件派到的部门",
    "办理期限": "年月日",
    "立案日期": "年月日",
    "建议": "系统核验得出的结论",
    "结论": "签署的结论；没有签署的同“建议”",
    "说明": "结论的一句话说明",
    "签署人": "没有签署的为空",
    "签署说明": "签署时所写",
    "日期": "签署的日期；没有签署的为打印当天",
    "草稿": "没有签署的为“草稿（未签署，不作为依据）”，签署后为空",
    "演示": "演示数据的字样；正式使用时为空",
    "位置误差": "地点可能偏差多少米",
    "状态号": "核验所据的数据状态",
    "数据日期": "核验所据数据的日期",
    "规则集": "核验所据的规则集",
    "核查结果": "合格、限期整改、不合格；没有登记的为空",
    "核查人员": "以顿号隔开",
    "核查日期": "没有登记的为空",
    "核查意见": "没有登记的为空",
    "整改期限": "限期整改的才有",
}
FLAGS: Mapping[str, str] = {
    "已签署": "写条件用：签署了没有",
    "有待核": "写条件用：命中的规则里有没有“待核”的",
}
LINES: Mapping[str, str] = {"没有数据": "没有登记数据的分类，一个一行"}
# Lists of rows: what they list, and what a row holds.
ROWS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "命中": (
        "命中的规则，一条一行",
        {
            "序号": "1 起",
            "规则": "规则名称",
            "依据": "文件和条款",
            "标记": "已核实、待核、已废止等",
            "对象": "所量的对象；无权查看的写主管部门",
            "实测": "量得的距离",
            "应有": "应有的距离",
            "结论": "这一条得出的结论",
            "说明": "这一条的说明",
        },
    ),
    "许可": (
        "应当办理的许可，一项一行",
        {"事项": "风险事项", "前置": "前置许可", "许可": "有关许可证", "部门": "主管部门"},
    ),
    "项目": (
        "现场核查的项目，一项一行",
        {"序号": "1 起", "项目": "核查项目", "结果": "合格、不合格、不适用；没有登记的为空", "说明": "登记时所写"},
    ),
}


def told() -> list[dict[str, Any]]:
    """The names in the order in which they are shown; `rows` are those of a row."""
    return fields_told({"text": TEXTS, "yes": FLAGS, "list": LINES}, ROWS)


def sample() -> dict[str, Any]:
    """Values for a template on trial: every name there is, every list with a row."""
    return {
        **dict.fromkeys(TEXTS, "示例"),
        **dict.fromkeys(FLAGS, True),
        **{name: ["示例"] for name in LINES},
        **{name: [dict.fromkeys(row, "示例")] for name, (_, row) in ROWS.items()},
    }
