"""防汛责任人名单 for issue: a workbook of the year, with telephones for the inside, without for the public."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from riskmap.lists import responsible, service
from riskmap.lists.cells import divisions_of
from riskmap.lists.service import Question
from riskmap.paper.workbook import Heading, Workbook
from riskmap.rescue import imprint
from riskmap.selection.describe import describe
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

Form = Literal["inner", "publication"]
FORMS: Mapping[Form, str] = {"inner": "内部", "publication": "公示"}
_SECRECY: Mapping[Form, str] = {"inner": "内部使用", "publication": ""}
# What is put up on a wall: who it is, not where he is called, nor what is wanting.
_PUBLISHED = ("name", "class", *responsible.ROLES, "division")
_EMPTY = "所选范围内没有可公示的水库、堤防、圩区。"


def question(
    snapshot: Snapshot, selection: Selection, year: Sequence[str], *, only: str | None = None, sort: str | None = None
) -> Question:
    """The list of a year over a selection. Raises Invalid."""
    return service.question(responsible.LIST, snapshot, selection, {"year": list(year)}, only=only, sort=sort)


def write(path: Path, asked: Question, form: Form, summaries: service.Summaries, mark: str | None) -> dict[str, Any]:
    """The workbook; what the trail keeps of it. Of works that only the command tier knows nothing is published."""
    ask = asked.ask
    snapshot = ask.snapshot
    columns = responsible.LIST.columns(ask)
    if form == "publication":
        asked = question(snapshot, ask.selection, [str(ask.given["year"])], only="open", sort="division")
        by_name = {column.name: column for column in columns}
        columns = [by_name[name] for name in _PUBLISHED]
    rows = list(service.every(asked, columns))
    lines, total = service.told(asked, summaries)
    year = ask.given["year"]
    area = imprint.area_of(snapshot, ask.selection.division)
    made = imprint.of(
        snapshot, f"{area}{year}年防汛责任人名单", [form, year, rows], number=f"{FORMS[form]}稿", version=1,
        exercise=False, mark=mark, area=area, secrecy=_SECRECY[form],
        selection=describe(ask.selection, snapshot.catalogue, divisions_of(snapshot)),
    )  # fmt: skip
    headings = [Heading(c.title, c.width, c.unit, "date" if c.kind == "date" else "text") for c in columns]
    with Workbook(path, made) as book:
        table = book.table("防汛责任人", headings)
        for row in rows:
            table.row(row)
        table.end(_EMPTY if form == "publication" else responsible.LIST.empty)
        if form == "inner":
            lines += [("制表", f"{made.made_at:%Y-%m-%d %H:%M}，{made.made_by}")]
            lines += [("往年名单", f"起始日期（没有填的，按登记的日期）早于 {year}-01-01；续任的把起始日期改为本年")]
            book.note(lines)
    return {"form": form, "year": year, "total": total, "check": made.check, "selection": ask.selection.body()}
