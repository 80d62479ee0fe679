"""What every product says of itself: whose it is, of what, from which state, and how to check it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from riskmap.base.clock import SHANGHAI

DRAFT = "草稿"
# What was written by people, or is made of what they wrote: any character may stand in it.
TEXTS = (
    "title", "area", "selection", "brief", "partial", "maker", "secrecy", "approval", "reviewed_by", "signed_by",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Imprint:
    """Printed on every product of one edition."""

    title: str  # of the product: 九江市较大以上安全风险分布图
    area: str  # 九江市
    number: str  # of the set, FX-2026-001; a sheet adds its own, -08
    version: int  # 0: there are no versions of it
    state: int
    day: date
    data_at: datetime  # when that state was made
    check: str  # 核验码, of the figures
    selection: str  # in words
    maker: str  # 编制单位
    made_by: str  # the account, for the watermark
    made_at: datetime
    draft: bool
    secrecy: str = "内部使用"
    approval: str = ""  # 审图号
    reviewed_by: str = ""
    signed_by: str = ""
    mark: str | None = None  # 演示数据，非真实
    brief: str = ""  # the selection where its words have no room
    partial: str = ""  # 仅含编制账号权限内的对象（……）; empty: nothing is left out
    counted: str = ""  # which of the registered objects are counted: 编制账号权限内的, 可公开的; empty: all

    @property
    def alarms(self) -> list[str]:
        """What keeps a reader from taking a product for the real, final and whole one; stands on every page."""
        return [words for words in (self.mark, DRAFT if self.draft else "", self.partial) if words]

    def body(self) -> dict[str, Any]:
        """As a typst document reads it: words only."""
        local = self.data_at.astimezone(SHANGHAI)
        made = self.made_at.astimezone(SHANGHAI)
        stamp = [part for part in (self.mark, self.made_by, f"{made:%Y-%m-%d %H:%M}") if part]
        return {
            "title": self.title,
            "area": self.area,
            "number": self.number,
            "version": (f"第 {self.version} 版" if self.version else "") + (f"（{DRAFT}）" if self.draft else ""),
            "state": str(self.state),
            "day": self.day.isoformat(),
            "data_at": f"{local:%Y-%m-%d %H:%M}",
            "check": self.check,
            "selection": self.selection,
            "partial": self.partial,
            "counted": self.counted,
            "maker": self.maker,
            "made_by": self.made_by,
            "draft": self.draft,
            "secrecy": self.secrecy,
            "approval": self.approval,
            "reviewed_by": self.reviewed_by,
            "signed_by": self.signed_by,
            "mark": self.mark or "",
            "watermark": "　".join(([DRAFT] if self.draft else []) + stamp),
            "month": f"{_chinese_year(self.day.year)}年{_MONTHS[self.day.month - 1]}月",
        }


_DIGITS = "〇一二三四五六七八九"
_MONTHS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


def _chinese_year(year: int) -> str:
    return "".join(_DIGITS[int(c)] for c in str(year))


def check_words(checksum: str) -> str:
    """The 核验码 of a SHA-256: its first 12 hexadecimal digits in groups of four."""
    head = checksum[:12].upper()
    return " ".join(head[i : i + 4] for i in range(0, 12, 4))
