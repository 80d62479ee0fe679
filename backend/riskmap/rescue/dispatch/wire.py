"""What comes over HTTP about dispatch, checked."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator

from riskmap.base import clock
from riskmap.base.errors import Invalid
from riskmap.base.wire import Phone, Text, Wire, refusal
from riskmap.rescue import minute
from riskmap.rescue.dispatch.teams import Status
from riskmap.rescue.warning_wire import Id, Long, Needed, Short
from riskmap.rescue.wire import Key, Reason
from riskmap.store.place import parse_geometry

IncidentKind = Literal[
    "人员被困", "堤坝险情", "危险化学品", "建筑倒塌", "山体滑坡", "火情", "病人转运", "群众转移", "道路中断",
    "积水排涝", "物资运送", "其他",
]  # fmt: skip
Need = Literal[
    "boat", "pump", "water", "fire", "chemical", "forest", "mine", "medical", "drain", "road", "collapse", "mountain",
    "power", "telecom", "gas",
]  # fmt: skip
NEEDS: tuple[str, ...] = get_args(Need)
Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Lat = Annotated[float, Field(ge=-85, le=85, allow_inf_nan=False)]
Persons = Annotated[int, Field(ge=0, le=100_000)]
Version = Annotated[int, Field(ge=1, le=100_000)]


class TeamStatus(Wire):
    """How a team is, and where: said by hand after a call, or by its own device (`how: api`). A place alone leaves the
    status as it stands."""

    status: Status | None = Field(None, title="状态")
    lon: Lon | None = Field(None, title="经度")
    lat: Lat | None = Field(None, title="纬度")
    load: Annotated[int, Field(ge=0, le=10_000)] | None = Field(None, title="载员")
    at: datetime | None = Field(None, title="时间")
    how: Literal["hand", "api"] = Field("hand", title="来源")
    note: Text = Field("", title="备注")
    exercise: bool = Field(False, title="演练")


class GoodsMove(Wire):
    """Goods go out for an incident, come back, go to another store, or come in from outside."""

    what: Literal["issue", "return", "transfer", "receive"] = Field(title="事由")
    item: Annotated[Needed, StringConstraints(max_length=100)] = Field(title="品名")
    unit: Annotated[Text, StringConstraints(max_length=20)] = Field("", title="单位")
    quantity: Annotated[Decimal, Field(title="数量", gt=0, le=10**9, max_digits=14, decimal_places=4)]
    incident: Id | None = Field(None, title="险情")
    to_store: Id | None = Field(None, title="调往")
    taker: Short = Field("", title="领用人")
    note: Text = Field("", title="备注")
    exercise: bool = Field(False, title="演练")


PLACES = ("point", "linestring", "polygon")
_PAST = timedelta(days=30)


def _on_map(place: dict[str, Any]) -> dict[str, Any]:
    try:
        parse_geometry(place, PLACES)
    except Invalid as error:
        raise refusal(error.errors[0].code, error.errors[0].message) from None
    return place


def _since(at: datetime | None) -> datetime | None:
    """Since when it is so: not long ago, and not to come."""
    if at is None:
        return None
    now, at = clock.now(), minute.local(at)
    if not now - _PAST < at < now + minute.AHEAD:
        raise refusal("bad_time", "时间在现在以后，请核对" if at > now else f"时间在 {_PAST.days} 天以前，请核对")
    return at


class IncidentFacts(Wire):
    """Where, what, who. `trapped` null: not known, which is not none. Whatever can be said of what was sent by itself
    is checked here, so that all of it is told at once."""

    kind: IncidentKind = Field(title="险情种类")
    place: Annotated[dict[str, Any], AfterValidator(_on_map)] = Field(title="位置")
    name: Annotated[Text, StringConstraints(max_length=100)] = Field("", title="名称")
    trapped: Persons | None = Field(None, title="被困人数")
    vulnerable: Persons | None = Field(None, title="需帮助人数")
    depth_m: Annotated[Decimal, Field(ge=0, le=100, max_digits=8, decimal_places=3)] | None = Field(None, title="水深")
    needs: Annotated[list[Need], Field(max_length=15)] = Field([], title="需要")
    at: Annotated[datetime | None, AfterValidator(_since)] = Field(None, title="发生时间")
    reporter: Short = Field("", title="报告人")
    phone: Phone = Field("", title="电话")
    note: Long = Field("", title="说明")
    flood: Id | None = Field(None, title="淹没范围")

    @field_validator("vulnerable")
    @classmethod
    def _of_the_trapped(cls, vulnerable: int | None, info: ValidationInfo) -> int | None:
        trapped = info.data.get("trapped")
        if vulnerable and trapped is not None and vulnerable > trapped:
            told = f"需帮助的 {vulnerable:,} 人多于被困的 {trapped:,} 人"
            raise refusal("more_than_trapped", told)
        return vulnerable


class NewIncident(IncidentFacts):
    """Reported."""

    exercise: bool = Field(False, title="演练")


class IncidentChange(IncidentFacts):
    """The next version; `version` is the one that was seen."""

    version: Version = Field(title="版次")


class Seen(Wire):
    """An incident in the version that was seen."""

    incident: Id = Field(title="险情")
    version: Version = Field(title="版次")


class Merge(IncidentChange):
    """Others go into this one, which becomes as given."""

    others: Annotated[list[Seen], Field(title="并入的险情", min_length=1, max_length=50)]


class Split(Wire):
    """Into parts."""

    version: Version = Field(title="版次")
    parts: Annotated[list[IncidentFacts], Field(title="各部分", min_length=2, max_length=20)]


class Close(Wire):
    """It is over."""

    version: Version = Field(title="版次")
    result: Annotated[Long, StringConstraints(min_length=1)] = Field(title="结果")


class NewPlan(Wire):
    """Who goes where: for these incidents, with these teams (null: whoever is free)."""

    incidents: Annotated[list[Id], Field(title="险情", min_length=1, max_length=300)]
    flood: Id | None = Field(None, title="淹没范围")
    teams: Annotated[list[Id], Field(max_length=300)] | None = Field(None, title="队伍")
    exercise: bool = Field(False, title="演练")


class PlanChange(Wire):
    """By hand: this team goes to that incident (null: nowhere), and another one does not."""

    team: Id = Field(title="队伍")
    incident: Id | None = Field(None, title="险情")
    instead_of: Id | None = Field(None, title="替换下来的队伍")


class ByHand(Wire):
    """What was set by hand: this team to that incident, or not there."""

    team: Id = Field(title="队伍")
    incident: Id = Field(title="险情")


class Replan(Wire):
    """Anew, with what is known now; `flood` null: the newest version of the plan's scenario."""

    flood: Id | None = Field(None, title="淹没范围")
    incidents: Annotated[list[Id], Field(min_length=1, max_length=300)] | None = Field(None, title="险情")
    keep_pins: bool = Field(True, title="保留手工安排")
    widen: bool = Field(False, title="不限于原来选入的队伍")
    lift: Annotated[list[ByHand], Field(max_length=300)] = Field([], title="取消的手工安排")


class OrderMark(Wire):
    """What became of an order, as the team or the officer who rang it says."""

    what: Literal["receipt", "departure", "arrival", "result", "cancelled"] = Field(title="回报")
    at: datetime | None = Field(None, title="时间")
    how: Literal["phone_page", "call"] = Field("call", title="来源")
    note: Long = Field("", title="说明")
    key: Key | None = Field(None, title="发送编号")


class Correction(Reason):
    """A mark was wrong; `instead`: what it should have been; `last`: the newest mark that was seen."""

    instead: Literal["receipt", "departure", "arrival", "result", "cancelled"] | None = Field(None, title="改记为")
    last: Id | None = Field(None, title="看到的最后一条")


class Call(Wire):
    """An object's person was rung."""

    object: Id = Field(title="对象")
    party: Id | None = Field(None, title="责任人")
    result: Literal["接通", "未接", "转达"] = Field(title="结果")
    order: Id | None = Field(None, title="调度令")
    note: Text = Field("", title="备注")
    exercise: bool = Field(False, title="演练")


class Cover(Wire):
    """Which key places are looked at, for which need, within how many minutes."""

    minutes: Annotated[int, Field(title="到场时间", ge=1, le=600)]
    need: Need | None = Field(None, title="需要")
    classes: Annotated[list[Short], Field(max_length=60)] = Field([], title="分类")
    grades: Annotated[
        list[Literal["major", "serious", "general", "low", "none"]], Field(min_length=1, max_length=5)
    ] = Field(["major", "serious"], title="分级")
    flood: Id | None = Field(None, title="淹没范围")
    exercise: bool = Field(False, title="演练")


class Propose(Cover):
    """Where `k` teams stand by so that as many key places as possible are within reach."""

    k: Annotated[int, Field(title="队伍数", ge=1, le=20)]


class StandbyPlace(Wire):
    """A team stands by at a place."""

    team: Id = Field(title="队伍")
    name: Annotated[Text, StringConstraints(max_length=100)] = Field("", title="地点")
    lon: Lon = Field(title="经度")
    lat: Lat = Field(title="纬度")


class Standby(Wire):
    """The record of where teams stand by, and upon which question."""

    places: Annotated[list[StandbyPlace], Field(title="前置点", min_length=1, max_length=50)]
    asked: Cover | None = Field(None, title="依据")
    note: Text = Field("", title="备注")
    exercise: bool = Field(False, title="演练")


class StandbyArrival(Wire):
    """A team is where it was told to stand by."""

    at: datetime | None = Field(None, title="到位时间")
    note: Text = Field("", title="备注")
    exercise: bool = Field(False, title="演练")
