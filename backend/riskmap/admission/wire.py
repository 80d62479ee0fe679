"""What an enquiry says, and how it is checked into an applicant."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from riskmap.base.wire import Text, Wire

Amount = Annotated[Decimal, Field(ge=0, le=10_000_000_000, max_digits=20, decimal_places=6)]
Count = Annotated[int, Field(ge=0, le=10_000_000)]
Long = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=4000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")
]
Uscc = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, max_length=40, pattern=r"^[0-9A-Za-z]*$")]


class Applicant(Wire):
    """Who registers."""

    name: Annotated[Text, StringConstraints(min_length=1)] = Field(title="名称")
    uscc: Uscc | None = Field(None, title="统一社会信用代码")
    person: Annotated[Text, StringConstraints(max_length=60)] = Field("", title="主要负责人")
    address: Text = Field("", title="住所")


class Trade(Wire):
    """What is to be done."""

    industry_code: Annotated[Text, StringConstraints(max_length=10)] | None = Field(None, title="行业代码")
    scope: Long = Field("", title="经营范围")
    tags: Annotated[list[Text], Field(title="标签", max_length=40, default_factory=list)]
    # Found by the words, and taken away by the officer: kept with the case.
    without: Annotated[list[Text], Field(title="去掉的标签", max_length=40, default_factory=list)]


_Said = Annotated[Text, StringConstraints(min_length=1, max_length=60)]


class Typed(Wire):
    """A position as it is written, in degrees or metres: x is the longitude or easting; kept as it is."""

    x: _Said = Field(title="经度或横坐标")
    y: _Said = Field(title="纬度或纵坐标")
    crs: Annotated[Text, StringConstraints(max_length=40)] = Field("EPSG:4490", title="坐标系")


class Place(Wire):
    """Where: a geometry in a named datum, typed numbers, an enterprise of the register, or an address."""

    geometry: dict[str, Any] | None = Field(None, title="位置")
    crs: Annotated[Text, StringConstraints(max_length=40)] = Field("EPSG:4490", title="坐标系")
    uncertainty_m: Annotated[Decimal, Field(ge=0, le=5000, decimal_places=3)] | None = Field(None, title="位置误差")
    typed: Typed | None = Field(None, title="坐标")
    enterprise: Annotated[int, Field(ge=1, le=2**62)] | None = Field(None, title="企业")
    address: Text | None = Field(None, title="地址")


class Storage(Wire):
    """One line of what is stored: a substance of GB 18218 table 1 or 2, or a liquid by its fire class."""

    table: Literal[1, 2] | None = Field(None, title="表")
    no: Annotated[int, Field(ge=1, le=999)] | None = Field(None, title="序号")
    symbol: Annotated[Text, StringConstraints(max_length=40)] | None = Field(None, title="类别符号")
    beta_symbol: Annotated[Text, StringConstraints(max_length=40)] | None = Field(None, title="校正系数类别")
    name: Annotated[Text, StringConstraints(max_length=100)] | None = Field(None, title="名称")
    quantity_t: Amount | None = Field(None, title="数量")
    volume_m3: Amount | None = Field(None, title="容积")
    largest_m3: Amount | None = Field(None, title="最大单罐容积")
    density: Amount | None = Field(None, title="密度")
    fire_class: Literal["甲A", "甲B", "乙A", "乙B", "丙A", "丙B"] | None = Field(None, title="火灾危险性类别")
    buried: bool | None = Field(None, title="埋地")


class Size(Wire):
    """How large: what rules ask for."""

    persons: Count | None = Field(None, title="人数")
    residents: Count | None = Field(None, title="居住人数")
    households: Count | None = Field(None, title="户数")
    beds: Count | None = Field(None, title="床位")
    area_m2: Amount | None = Field(None, title="面积")
    investment_wan: Amount | None = Field(None, title="投资额")
    vapour_recovery: Literal["none", "unload", "both"] | None = Field(None, title="油气回收")
    storage: Annotated[list[Storage], Field(title="储存", max_length=200, default_factory=list)]


class Check(Wire):
    """One enquiry."""

    applicant: Applicant = Field(title="申请人")
    trade: Trade = Field(title="行业与经营范围")
    place: Place = Field(title="地点")
    size: Annotated[Size, Field(title="规模", default_factory=lambda: Size(storage=[]))]


class Item(Wire):
    """One line of the table that is filled in on site."""

    item: Annotated[Text, StringConstraints(min_length=1)] = Field(title="核查项目")
    ok: bool | None = Field(None, title="是否合格")  # None: it does not apply
    note: Text = Field("", title="说明")


class Findings(Wire):
    """What was found on site, by whom and when."""

    outcome: Literal["pass", "rectify", "refuse"] = Field(title="核查结果")
    checkers: Annotated[
        list[Annotated[Text, StringConstraints(min_length=1, max_length=60)]],
        Field(title="核查人员", max_length=20, default_factory=list),
    ]
    on: date = Field(title="核查日期")
    items: Annotated[list[Item], Field(title="核查项目", max_length=200, default_factory=list)]
    note: Long = Field("", title="核查意见")
    rectify_by: date | None = Field(None, title="整改期限")


class Assignment(Wire):
    """To whom a case goes; without a day it is due in the usual working days."""

    division: Annotated[Text, StringConstraints(min_length=1, max_length=20)] = Field(title="区划")
    department: Annotated[Text, StringConstraints(min_length=1, max_length=60)] = Field(title="部门")
    due: date | None = Field(None, title="办理期限")


class Holiday(Wire):
    """A day that is not as the week says: free, or worked."""

    day: date = Field(title="日期")
    works: bool = Field(title="上班")
    title: Annotated[Text, StringConstraints(max_length=60)] = Field("", title="名称")


class Holidays(Wire):
    """The table of a year, whole."""

    items: Annotated[list[Holiday], Field(title="节假日", max_length=366)]
