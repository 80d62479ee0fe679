"""滚动排查清单, as it is handed in: the columns of the page's list."""

from dataclasses import replace

from riskmap.lists import rolling
from riskmap.lists.model import Column
from riskmap.lists.sheets import parts
from riskmap.lists.sheets.parts import Part, SheetList

NAME = "rolling"
_READ = {
    "status": f"以数据截至日为准：到期日早于该日为逾期，该日起 {rolling.SOON_DAYS} 天内（含）为将到期；没有日期的单列",
    "item": "由登记的日期项目得出：评估、复评、许可、安责险到期，备案到期，巡查",
    "name": "登记的名称",
    "class": "登记的分类",
    "grade": "风险等级",
    "due": f"登记的到期日；备案到期为备案日期加 {rolling.FILED_YEARS} 年（条文待核）；巡查为下次巡查，或上次巡查加间隔",
    "over": "数据截至日减到期日",
    "remaining": "到期日减数据截至日；当日为 0",
    "lacks": "得不出到期日的，写明登记中缺什么",
    "by": "登记的责任岗位：巡查为巡查岗位，其余为主要负责人；没有登记岗位的写姓名",
    "enterprise": "所属企业；无权查看的写明",
    "division": "登记的区划",
    "department": "登记的主管部门",
    "was_due": "与上期比较时，上期那天登记的到期日",
}
_WIDTHS = {"name": 30, "class": 14, "enterprise": 28, "division": 18, "department": 17, "was_due": 14, "lacks": 20}


def _part(column: Column) -> Part:
    return Part(replace(column, width=_WIDTHS.get(column.name, column.width)), _READ[column.name], inner=True)


_COLUMNS = [_part(column) for column in rolling.COLUMNS]
PARTS = (parts.ID, *_COLUMNS)

LIST = SheetList(
    NAME,
    "滚动排查清单",
    PARTS,
    tuple((word, rolling.LIST) for word in rolling.STATUSES.values()),
    "无：所选范围内没有这一类事项。",
)
