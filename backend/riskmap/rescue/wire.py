"""What comes over HTTP about water, checked."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from riskmap.base.wire import Text, Wire

Metres = Annotated[Decimal, Field(ge=-10_000, le=10_000, max_digits=12, decimal_places=4)]
# Under which a telephone sends what it reports: sent again, it is written once.
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,80}$")]
Name = Annotated[Text, StringConstraints(min_length=1, max_length=100)]


class DepthClass(Wire):
    """Polygons of one depth: at least `depth_m` metres, below `depth_to_m` where that is known."""

    depth_m: Metres = Field(title="水深")
    depth_to_m: Metres | None = Field(None, title="水深上限")
    geometry: dict[str, Any] = Field(title="范围")


class NewFlood(Wire):
    """A scenario as it was drawn, or the next version of one (`series`)."""

    name: Name = Field(title="名称")
    source: Literal["drawn"] = Field("drawn", title="来源")
    depths: Annotated[list[DepthClass], Field(title="水深分级", min_length=1, max_length=200)]
    at: datetime | None = Field(None, title="水情时间")
    note: Text = Field("", title="说明")
    series: Annotated[int, Field(ge=1, le=2**62)] | None = Field(None, title="情景")
    exercise: bool = Field(False, title="演练")


class FloodFile(Wire):
    """What is said of an uploaded layer: `depth_field` names the field with metres, or `depth_m` holds for all."""

    name: Name | None = Field(None, title="名称")
    depth_field: Annotated[Text, StringConstraints(min_length=1)] | None = Field(None, title="水深字段")
    depth_m: Metres | None = Field(None, title="水深")
    crs: Annotated[Text, StringConstraints(max_length=40)] | None = Field(None, title="坐标系")
    at: datetime | None = Field(None, title="水情时间")
    note: Text = Field("", title="说明")
    series: Annotated[int, Field(ge=1, le=2**62)] | None = Field(None, title="情景")
    exercise: bool = Field(False, title="演练")


class Reason(Wire):
    """Why something is taken back."""

    reason: Annotated[Text, StringConstraints(min_length=1)] = Field(title="原因")
