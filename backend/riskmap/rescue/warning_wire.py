"""What comes over HTTP about warnings, response levels and the log, checked."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from riskmap.base.wire import Phone, Text, Wire
from riskmap.rescue import log

WarningKind = Literal[
    "暴雨", "山洪", "洪水", "地质灾害", "渍涝", "台风", "强对流", "雷电", "大风", "冰雹", "高温", "干旱", "大雾",
    "暴雪", "寒潮", "道路结冰", "森林火险",
]  # fmt: skip
Colour = Literal["蓝", "黄", "橙", "红"]
ResponseKind = Literal["防汛", "防台风", "山洪地质灾害", "抗旱", "低温雨雪冰冻", "高温", "森林防灭火"]
Result = Literal["接通", "未接", "转达", "撤销"]

Level = Annotated[int, Field(title="响应级别", ge=1, le=4)]  # 1 is Ⅰ级, the gravest
Id = Annotated[int, Field(ge=1, le=2**62)]
Short = Annotated[Text, StringConstraints(max_length=60)]
Needed = Annotated[Text, StringConstraints(min_length=1)]
Long = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")
]
Code = Annotated[str, StringConstraints(pattern=r"^\d{2,12}$")]


class _Warning(Wire):
    kind: WarningKind = Field(title="预警种类")
    colour: Colour = Field(title="预警颜色")
    issuer: Annotated[Needed, StringConstraints(max_length=60)] = Field(title="发布单位")
    starts_at: datetime = Field(title="开始时间")
    ends_at: datetime = Field(title="结束时间")
    text: Long = Field("", title="预警内容")
    series: Id | None = Field(None, title="预警")
    exercise: bool = Field(False, title="演练")


class NewWarning(_Warning):
    """A warning by shapes drawn (GeoJSON polygons), by divisions whose shapes it takes, or both together."""

    areas: Annotated[list[dict[str, Any]], Field(max_length=200)] = Field([], title="范围")
    divisions: Annotated[list[Code], Field(max_length=200)] = Field([], title="区划")


class WarningFile(_Warning):
    """What is said of an uploaded layer: all its polygons are the warning's area."""

    crs: Annotated[Text, StringConstraints(max_length=40)] | None = Field(None, title="坐标系")


class ToldRow(Wire):
    """One line of the list: a person (`party`) of an object, an object without anybody, or a department."""

    object: Id | None = Field(None, title="对象")
    party: Id | None = Field(None, title="责任人")
    department: Annotated[Needed, StringConstraints(max_length=60)] | None = Field(None, title="主管部门")


class Told(Wire):
    """Lines of the list that were telephoned, all with the same result."""

    rows: Annotated[list[ToldRow], Field(title="名单", min_length=1, max_length=500)]
    result: Result = Field(title="通知结果")
    note: Text = Field("", title="备注")


class NewResponse(Wire):
    """A response is started: an act of a commander. `warning` is named in the basis; it starts nothing by itself."""

    kind: ResponseKind = Field(title="响应种类")
    level: Level
    division: Annotated[str, StringConstraints(pattern=r"^\d{6,12}$")] = Field(title="响应区域")
    basis: Annotated[Long, StringConstraints(min_length=1)] = Field(title="启动依据")
    warning: Id | None = Field(None, title="预警")
    exercise: bool = Field(False, title="演练")


class Change(Wire):
    """Another level. `step` is the number of the last step that was seen: whoever was overtaken is told."""

    level: Level
    basis: Annotated[Long, StringConstraints(min_length=1)] = Field(title="调整依据")
    step: Annotated[int, Field(ge=1, le=10_000)] = Field(title="步骤")


class End(Wire):
    """The response ends."""

    basis: Annotated[Long, StringConstraints(min_length=1)] = Field(title="终止依据")
    step: Annotated[int, Field(ge=1, le=10_000)] = Field(title="步骤")


Minutes = Annotated[int, Field(title="时限", ge=1, le=14_400)]


class Act(Wire):
    """One line of a list of acts: what, whose, within how many minutes of the level's start."""

    act: Annotated[Needed, StringConstraints(max_length=100)] = Field(title="行动")
    department: Short = Field("", title="责任单位")
    post: Short = Field("", title="责任岗位")
    minutes: Minutes | None = Field(None, title="时限")


class ActList(Wire):
    """A bureau's own list for a kind and level; `version` is the one that was changed (0: the shipped)."""

    acts: Annotated[list[Act], Field(title="行动", max_length=200)]
    version: Annotated[int, Field(title="版本", ge=0, le=100_000)]


class Reset(Wire):
    """Back to the shipped list."""

    version: Annotated[int, Field(title="版本", ge=0, le=100_000)]


class ActMark(Wire):
    """An act is done, does not apply, or is open again."""

    mark: Literal["done", "not_applicable", "open"] = Field(title="办理情况")
    note: Text = Field("", title="备注")


class ActPerson(Wire):
    """Who does an act."""

    person: Short = Field(title="经办人")
    phone: Phone = Field("", title="电话")


class Entry(Wire):
    """What an officer on duty writes into the log himself."""

    kind: log.Kind = Field(title="类别")
    what: Annotated[Long, StringConstraints(min_length=1)] = Field(title="内容")
    flood: Id | None = Field(None, title="淹没范围")
    exercise: bool = Field(False, title="演练")
