"""What comes over HTTP about evacuations, checked."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from riskmap.base.wire import Phone, Text, Wire
from riskmap.rescue.wire import Key

EntryKind = Literal["sheltered", "with_relatives", "returned", "to_move_change"]
OrderLevel = Literal["准备转移", "立即转移"]

MOST_PERSONS = 1_000_000
MOST_VILLAGES = 1000

Id = Annotated[int, Field(ge=1, le=2**62)]
Name = Annotated[Text, StringConstraints(min_length=1, max_length=60)]
Short = Annotated[Text, StringConstraints(max_length=60)]


class Arrangement(Wire):
    """Who leads a village out, how, and where to."""

    area: Short = Field("", title="危险区")
    organiser: Short = Field("", title="组织转移的责任人")
    phone: Phone = Field("", title="责任人电话")
    transport: Short = Field("", title="转移方式")
    route: Text = Field("", title="转移路线")
    shelter: Id | None = Field(None, title="避难场所")


class Village(Arrangement):
    """A village, or a place in it, whose people have to leave; `object` is the one of the register, if any."""

    name: Name = Field(title="村（社区）")
    division: Annotated[str, StringConstraints(pattern=r"^\d{6,12}$")] = Field(title="区划代码")
    to_move: Annotated[int, Field(ge=0, le=MOST_PERSONS)] = Field(title="应转人数")
    object: Id | None = Field(None, title="登记的对象")


class NewEvacuation(Wire):
    """An order to leave. `exercise` is the flood's where it is not said."""

    name: Name = Field(title="名称")
    flood: Id | None = Field(None, title="淹没范围")
    level: OrderLevel = Field("立即转移", title="转移指令")
    trigger: Text = Field("", title="转移条件")
    ordered_at: datetime | None = Field(None, title="下达时间")
    exercise: bool | None = Field(None, title="演练")
    villages: Annotated[list[Village], Field(title="村（社区）", min_length=1, max_length=MOST_VILLAGES)]


class MoreVillages(Wire):
    """Further villages of an order."""

    villages: Annotated[list[Village], Field(title="村（社区）", min_length=1, max_length=MOST_VILLAGES)]


class Proposal(Wire):
    """A flood whose villages are wanted, with those beside it."""

    flood: Id = Field(title="淹没范围")
    margin_m: Annotated[int, Field(ge=0, le=2000)] = Field(50, title="外缘")


class Closing(Wire):
    """An evacuation ends; its households are deleted so many days later."""

    reason: Annotated[Text, StringConstraints(min_length=1)] = Field(title="结束原因")
    keep_days: Annotated[int, Field(ge=1, le=180)] = Field(30, title="户册保留天数")


class Entry(Wire):
    """What a village officer reports. `key` is made by the sender, so that sending twice is sending once; `cancels` is
    the key of an entry that this one stands in for (`persons` 0: it was nothing)."""

    village: Id = Field(title="村（社区）")
    kind: EntryKind = Field(title="类别")
    persons: Annotated[int, Field(ge=-MOST_PERSONS, le=MOST_PERSONS)] = Field(title="人数")
    key: Key = Field(title="发送编号")
    household: Id | None = Field(None, title="户")
    shelter: Id | None = Field(None, title="避难场所")
    origin: Literal["shelter", "relatives"] | None = Field(None, title="自何处返回")
    cancels: Key | None = Field(None, title="更正的登记")
    at: datetime | None = Field(None, title="时间")
    note: Short = Field("", title="备注")
    force_to_move: bool = Field(False, title="同时增加应转")


class NewHousehold(Wire):
    """One household, as a line of the table has it."""

    code: Annotated[Text, StringConstraints(max_length=40)] = Field("", title="户号")
    kind: Literal["resident", "floating"] = Field("resident", title="类别")
    householder: Name = Field(title="户主")
    persons: Annotated[int, Field(ge=1, le=2000)] = Field(title="人数")
    frail: Annotated[int, Field(ge=0, le=2000)] = Field(0, title="老弱病残孕")
    disabled: Annotated[int, Field(ge=0, le=2000)] = Field(0, title="失能")
    left_behind: Annotated[int, Field(ge=0, le=2000)] = Field(0, title="留守")
    alone: Annotated[int, Field(ge=0, le=2000)] = Field(0, title="独居")
    phone: Phone = Field("", title="电话")
    address: Annotated[Text, StringConstraints(max_length=200)] = Field("", title="住址")
    helper: Short = Field("", title="帮扶人")
    helper_phone: Phone = Field("", title="帮扶人电话")


class PlanQuestion(Wire):
    """Which shelters may be used, and how far from a hazard they have to lie."""

    hazard_m: Annotated[int, Field(ge=0, le=5000)] = Field(500, title="避开危险源的距离")
    shelters: Annotated[list[Id], Field(max_length=500)] | None = Field(None, title="避难场所")


class Withdrawal(Wire):
    """Why a household is taken off the list."""

    reason: Annotated[Text, StringConstraints(min_length=1)] = Field(title="原因")
