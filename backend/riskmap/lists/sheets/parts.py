"""What the lists that are handed in have in common: where an object lies, its firm, its persons, its grade in words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

from riskmap.catalogue.model import Class
from riskmap.grading import masking
from riskmap.lists import model, parties
from riskmap.lists.model import Ask, Column, Listing, Row
from riskmap.lists.rows import objects, of_classes
from riskmap.selection.describe import SURE_WORDS
from riskmap.selection.model import Selection

FIRM = "enterprise"
_QUALITY = {"surveyed": "实测", "clicked": "点选", "geocoded": "地址匹配", "guessed": "推定"}
UNPLACED = "未定位"


@dataclass(frozen=True, slots=True)
class Part:
    """A column of a list that is handed in, with how it is read."""

    column: Column
    read: str  # where it comes from, for 说明
    inner: bool = False  # never in the form for publication
    fields: tuple[str, ...] = ()  # declared fields that it is read from: where no class has one, 说明 says so

    @property
    def name(self) -> str:
        """Of the column."""
        return self.column.name


@dataclass(frozen=True, slots=True)
class SheetList:
    """A list that is handed in: its rows, one listing a sheet, under the same columns."""

    name: str  # in the layouts, and of the figures that it must equal
    title: str
    parts: tuple[Part, ...]
    sheets: tuple[tuple[str, Listing], ...]  # name of the sheet, its rows
    empty: str


# Widths are in characters: all columns of a list together are legible on one A3 page across.
ID = Part(Column("id", "登记号", "number", width=7), "对象在登记系统中的编号，可据以查到对象和等级的依据", inner=True)
POSITION = Part(Column("position", "定位", width=7), "位置精度；没有位置的写“未定位”，照列不漏")
LON_LAT = Part(Column("lon_lat", "经度，纬度", unit="°", width=10.5), "CGCS2000，对象的定位点", inner=True)
STAGE = Part(replace(model.STAGE, title="状态", width=6), "登记的生命阶段")
DIVISION = Part(replace(model.DIVISION, title="乡镇（街道）", width=10), "登记的区划")
DEPARTMENT = Part(replace(model.DEPARTMENT, width=9), "登记的主管部门")
GRADE = Part(replace(model.GRADE, width=6.5), "风险等级；不是重大危险源级别等专业分级")


def numbers(name: str, title: str, unit: str | None = None, width: int = 8) -> Column:
    """A narrow column of numbers."""
    return Column(name, title, "number", unit, f"r.{name}", width)


def narrow(column: Column, width: float, title: str | None = None) -> Column:
    """A column of the page as a sheet has it."""
    return replace(column, width=width, title=title or column.title)


# Of the anchor; in the public form the place is a coarse one, and no figure of it is given.
PLACED = {
    "lon": "CASE WHEN {form} = 'full' THEN round(CAST(ST_X({anchor}) AS numeric), 6) END",
    "lat": "CASE WHEN {form} = 'full' THEN round(CAST(ST_Y({anchor}) AS numeric), 6) END",
    "quality": "{position_quality}",
    "placed": "{cell} IS NOT NULL",
}
_FIRM_FIELDS = {
    "uscc": ("uscc", "text"), "industry_code": ("industry_code", "text"), "firm_address": ("address", "text")
}  # fmt: skip


def with_firm_and_persons(ask: Ask, rows: str) -> str:
    """The rows `o`, each with code, trade and address of its firm and its own persons, as the reader may see them."""
    firms = objects(
        ask, of_classes(ask, [FIRM]), columns=("id",), fields=_FIRM_FIELDS, selection=Selection(stage=("any",))
    )
    persons = parties.said(ask, "o.id") + " AND o.form = 'full'"
    return (
        f"SELECT o.*, f.uscc, f.industry_code, f.firm_address, p.* FROM ({rows}) AS o"
        f" LEFT JOIN ({firms}) AS f ON f.id = o.enterprise CROSS JOIN LATERAL ({persons}) AS p"
    )


def place(row: Row) -> None:
    """The position in words."""
    row["lon_lat"] = f"{row['lon']:.5f}，\n{row['lat']:.5f}" if row["lon"] is not None else None
    row["position"] = _QUALITY.get(str(row["quality"]), "已定位") if row["placed"] else UNPLACED


def option(ask: Ask, class_: str, field: str, value: Any) -> Any:
    """The title of an enum's value in its class."""
    found = ask.snapshot.catalogue.classes.get(class_)
    declared = found.by_name.get(field) if found else None
    return dict(declared.options).get(str(value), value) if declared and value is not None else value


def _columns(parts: Sequence[Part], ask: Ask) -> list[Column]:
    return [part.column for part in parts if not (part.inner and not ask.snapshot.reader.sees_inner)]


def listing(
    name: str, title: str, parts: Sequence[Part], rows: Callable[[Ask], str], order: str,
    finish: Callable[[Ask, list[Row]], None], *, measured: bool = False,
) -> Listing:  # fmt: skip
    """The rows of a sheet under the columns that their reader may have. `measured`: to whatever is nearest of all."""
    return Listing(
        name, title, "", partial(_columns, parts), rows, lambda ask: (), order, finish=finish, system=measured,
        by_distance=measured,
    )  # fmt: skip


def exact(text: Any) -> Decimal | str | None:
    """A number that the arithmetic kept; one without an end stays as it was cut off, with its mark."""
    if text is None:
        return None
    try:
        return Decimal(str(text))
    except ArithmeticError:
        return str(text)


def records(ask: Ask, row: Row) -> list[dict[str, Any]]:
    """How its grade and level came about, as this reader may be told."""
    class_: Class | None = ask.snapshot.catalogue.classes.get(row["class"])
    hidden = masking.unread(class_, ask.snapshot.reader.tier) if class_ else frozenset()
    return [masking.seen(record, class_, hidden) for record in row["grading"] or ()]


def step(record: Mapping[str, Any], *symbols: str) -> str | None:
    """The value of one of these symbols in a record's arithmetic."""
    for one in record.get("trace", ()):
        if one.get("symbol") in symbols:
            return str(one["value"])
    return None


def basis(found: Sequence[Mapping[str, Any]]) -> tuple[str | None, str | None]:
    """What the grade rests on, in words, and how sure the clauses are: as sure as the least sure of them."""
    parts, tags = [], []
    for record in found:
        match record["how"]:
            case "computed":
                clause = f"（{record['clause']}）" if record.get("clause") else ""
                parts.append(f"{record.get('standard', '')}{clause}：{record.get('verdict', '')}")
            case "policy":
                parts.append(str(record.get("basis", "")))
            case _:
                parts.append(f"研判：{record.get('basis') or '未说明'}")
        if record.get("confidence") in SURE_WORDS:
            tags.append(record["confidence"])
    sure = next((tag for tag in ("recall", "judgement", "verified") if tag in tags), None)
    return "；".join(p for p in parts if p) or None, SURE_WORDS[sure] if sure else None


def day(value: Any) -> date | None:
    """A registered day, or None where it is none."""
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError:
        return None


def years_after(begins: date, years: int) -> date:
    """The same day some years later; of 29 February the 28th. Never beyond the calendar."""
    if begins.year + years > date.max.year:
        return date.max
    try:
        return begins.replace(year=begins.year + years)
    except ValueError:
        return begins.replace(year=begins.year + years, day=28)
