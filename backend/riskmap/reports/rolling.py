"""滚动排查清单: the page's list as a workbook, a sheet a status; and what was done since the issue before."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from riskmap.lists import rolling
from riskmap.lists.compared import SINCE
from riskmap.lists.model import Column
from riskmap.lists.sheets import due
from riskmap.reports.edition import Edition
from riskmap.reports.made import Made, Tell
from riskmap.reports.three_lists import Sheet, figures, write

_DONE = "上期以来已办"
_COMPARED = frozenset({"was_due"})
# All statuses are read at once, in the order of their sheets; within each in the order of the page.
_STANDING = Column("standing", "状态")
_ALL = replace(rolling.LIST, order="status", ties="due, id, kind")
# What says nothing on a sheet of one status.
_WITHOUT = {
    "overdue": _COMPARED | {"remaining", "lacks"},
    "soon": _COMPARED | {"over", "lacks"},
    "later": _COMPARED | {"over", "lacks"},
    "missing": _COMPARED | {"due", "over", "remaining"},
}


def make(edition: Edition, folder: Path, tell: Tell) -> list[Made]:
    """The file; none for publication: who is behind with what is no public matter."""
    if edition.public:
        return []
    values = edition.figures.body["lists"][due.NAME]
    sheets = [
        Sheet(word, _ALL, values[name], without=_WITHOUT[name], part=(_STANDING, name))
        for name, word in rolling.STATUSES.items()
    ]
    told = [("共", f"{values['every']} 项"), *figures(edition, due.NAME)]
    since = _since(edition)
    if since is not None:
        given = {SINCE.name: [since.isoformat()]}
        sheets.append(Sheet(_DONE, rolling.LIST, None, "done", given, without=frozenset({"lacks"})))
        told.append((_DONE, f"到期日比上期（{since.isoformat()}）后移的事项，见“{_DONE}”；其余各张不含与上期的比较"))
    name = f"{due.LIST.title}.xlsx"
    written = write(edition, due.LIST, folder / name, sheets, tell, told)
    return [Made(name, due.LIST.title, "rolling", told={"rows": written})]


def _since(edition: Edition) -> date | None:
    """The day of the issue before, where it is an earlier one."""
    if edition.changes is None:
        return None
    day = edition.changes["previous"]["day"]
    found = day if isinstance(day, date) else date.fromisoformat(str(day))
    return found if found < edition.snapshot.moment.day else None
