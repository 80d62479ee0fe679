"""What comes over HTTP about terrains and water worked out from them, checked."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from riskmap.base.wire import Text, Wire
from riskmap.rescue.terrain_question import DEPTHS, RADIUS_M, SEARCH_M
from riskmap.rescue.wire import Name

Level = Annotated[Decimal, Field(ge=-500, le=9000, max_digits=10, decimal_places=3)]
Shift = Annotated[Decimal, Field(ge=-150, le=150, max_digits=8, decimal_places=4)]
HeightSystem = Literal["1985国家高程基准", "吴淞高程", "黄海高程", "假定高程", "EGM96", "EGM2008", "CGCS2000大地高"]
Crs = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^EPSG:\d{4,6}$")]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Step = Annotated[Decimal, Field(ge=0, le=100, max_digits=6, decimal_places=2)]


class TerrainFile(Wire):
    """What is said of a file beside itself."""

    name: Name = Field(title="名称")
    height_system: HeightSystem = Field(title="高程基准")
    source: Text = Field("", title="来源")
    licence: Text = Field("", title="使用许可")
    dated: Text = Field("", title="测制日期")
    crs: Crs | None = Field(None, title="坐标系")


class TerrainFlood(Wire):
    """A level at a gauge, at a point or along a line; the level in its own height system."""

    name: Name = Field(title="名称")
    terrain: Annotated[int, Field(ge=1, le=2**62)] = Field(title="地形")
    at: datetime | None = Field(None, title="水情时间")
    level_m: Level = Field(title="水位")
    level_end_m: Level | None = Field(None, title="终点水位")
    height_system: HeightSystem | None = Field(None, title="水位的高程基准")
    shift_m: Shift | None = Field(None, title="改正数")
    gauge: Annotated[int, Field(ge=1, le=2**62)] | None = Field(None, title="水文站")
    point: dict[str, Any] | None = Field(None, title="位置")
    line: dict[str, Any] | None = Field(None, title="河线")
    bounds: tuple[Longitude, Latitude, Longitude, Latitude] | None = Field(None, title="计算范围")
    radius_m: Annotated[int, Field(ge=100, le=200_000)] = Field(RADIUS_M, title="计算半径")
    search_m: Annotated[int, Field(ge=0, le=5000)] = Field(SEARCH_M, title="找水的距离")
    classes: Annotated[list[Step], Field(min_length=1, max_length=12)] = Field(list(DEPTHS), title="水深分级")
    exercise: bool = Field(False, title="演练")
    note: Text = Field("", title="说明")
    series: Annotated[int, Field(ge=1, le=2**62)] | None = Field(None, title="情景")

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        places = [p for p in (self.gauge, self.point, self.line) if p is not None]
        if len(places) != 1:
            raise ValueError("水文站、位置、河线应给一个，且只给一个")
        if self.level_end_m is not None and self.line is None:
            raise ValueError("只有沿河线才有终点水位")
        if any(a >= b for a, b in zip(self.classes, self.classes[1:], strict=False)):
            raise ValueError("水深分级应由浅到深，不重复")
        if self.bounds is not None and not (self.bounds[0] < self.bounds[2] and self.bounds[1] < self.bounds[3]):
            raise ValueError("计算范围应为 西、南、东、北，西小于东，南小于北")
        return self
