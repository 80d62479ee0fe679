"""What is asked of the reports, as JSON."""

from typing import Annotated, Any, Literal

from pydantic import Field

from riskmap.base.wire import Text, Wire

Paper = Literal["A4", "A3", "A2", "A1", "A0"]
Orientation = Literal["landscape", "portrait"]
MOST_SHEETS = 6


class Sheet(Wire):
    """A sheet of the map to be made."""

    paper: Paper = Field("A3", title="纸张")
    orientation: Orientation = Field("landscape", title="方向")
    heat: bool = Field(False, title="密度图")


class NewSet(Wire):
    """A set to be made."""

    title: Annotated[Text, Field(title="标题", min_length=1)]
    division: Annotated[str, Field(title="区划", pattern=r"^(\d{2,12})?$")] = ""
    selection: dict[str, Any] = Field(default_factory=dict, title="选择")
    sheets: list[Sheet] = Field(default_factory=lambda: [Sheet()], title="图幅", max_length=MOST_SHEETS)
    booklet: bool = Field(True, title="图册")
    as_of: Annotated[str | None, Field(title="时点", max_length=30)] = None
    maker: Annotated[Text, Field(title="编制单位")] = ""
    secrecy: Annotated[Text, Field(title="密级", max_length=20)] = "内部使用"
    approval: Annotated[Text, Field(title="审图号", max_length=40)] = ""
    public: bool = Field(False, title="公开版")


class Note(Wire):
    """Words to an act."""

    note: Annotated[Text, Field(title="说明")] = ""


class Reason(Wire):
    """Why."""

    reason: Annotated[Text, Field(title="原因", min_length=1)]


class LayoutColumn(Wire):
    """One column of a list."""

    name: str = Field(title="列", max_length=60)
    hidden: bool = Field(False, title="隐藏")


class Layout(Wire):
    """All columns of a list, in their order."""

    columns: list[LayoutColumn] = Field(title="列", max_length=200)
