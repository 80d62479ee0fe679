"""A value of a list as its reader gets it: on the wire, with what it opens, and as a cell of a workbook."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.model import GRADES
from riskmap.lists.model import Ask, Column, Opens, Row
from riskmap.lists.rows import names
from riskmap.selection.describe import GRADE_WORDS, STAGE_WORDS
from riskmap.selection.level import level_of, said, verdict_of
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

_HIDDEN, _UNSEEN = "对象无权查看", "（无权查看）"
Value = str | int | Decimal | bool | date | float | None


def divisions_of(snapshot: Snapshot) -> dict[str, str]:
    """Names of the divisions of the moment, by code."""
    moment = snapshot.moment
    return {d["code"]: d["name"] for d in catalogue_queries.divisions(snapshot.connection, moment.n, moment.day)}


def laid_over(selection: Selection, narrowed: Mapping[str, Sequence[str]] | None) -> dict[str, list[str]] | None:
    """Parameters in place of those of the selection, so that just what was counted opens; None: nothing does."""
    if narrowed is None:
        return None
    asked = selection.body()
    if "as_of" in narrowed and (selection.as_of or "").startswith("state:"):
        return None  # a day is asked as known now
    out: dict[str, list[str]] = {}
    for name, values in narrowed.items():
        before = [str(v) for v in asked.get(name, ())] if name != "as_of" else []
        if name == "division" and before:
            kept = list(values) if all(v.startswith(tuple(b.rstrip("0") for b in before)) for v in values) else []
        else:
            kept = [v for v in values if v in before] if before else list(values)
        if not kept:
            return None
        out[name] = kept
    return out


def _opened(selection: Selection, opens: Opens | None) -> dict[str, Any] | None:
    if opens is None:
        return None
    part = "map" if "map" in opens else "selection"
    over = laid_over(selection, opens[part])
    return None if over is None else {**opens, part: over}


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of some rows, with what those refer to by code or id."""

    ask: Ask
    divisions: Mapping[str, str]
    enterprises: Mapping[int, str]

    @classmethod
    def of(cls, ask: Ask, columns: Sequence[Column], rows: Sequence[Row], divisions: Mapping[str, str]) -> "Cells":
        """For these rows and no others."""
        keys = [c.name for c in columns if c.kind == "enterprise"]
        ids = {row[key] for row in rows for key in keys if row.get(key) is not None}
        return cls(ask, divisions, names(ask.snapshot, ids))

    def _place(self, code: str | None) -> str | None:
        """County and town of a division code."""
        if not code:
            return None
        parts = [self.divisions.get(code[:6]), self.divisions.get(code[:9]) if len(code) >= 9 else None]
        return " ".join(p for p in parts if p) or self.divisions.get(code, code)

    def wire(self, column: Column, row: Row) -> Any:
        """A value on the wire."""
        value = row.get(column.name)
        match column.kind:
            case "object":
                if department := row.get(f"{column.name}_hidden"):
                    return {"hidden": f"{_HIDDEN}（主管部门：{department}）"}
                ident = row.get(f"{column.name}_id", row.get("id") if column.name == "name" else None)
                return None if ident is None else {"id": ident, "name": value}
            case "enterprise":
                if value is None:
                    return None
                name = self.enterprises.get(value)
                return {"hidden": _UNSEEN} if name is None else {"id": value, "name": name}
            case "grade":
                return None if value is None else GRADES[value - 1]
            case "level":
                verdict = verdict_of(row, self.ask.snapshot.catalogue)
                return level_of(row) or ({"verdict": verdict} if verdict else None)
            case "division":
                return {"code": value, "name": self._place(value)} if value else None
            case "metres":
                return None if value is None else round(float(value), 1)
        if column.opens is not None and value is not None:
            opens = column.opens(row)
            return {"n": value, "opens": _opened(self.ask.selection, opens)}
        return value

    def say(self, column: Column, row: Row) -> Value:
        """The same as a cell of a workbook."""
        cell = self.wire(column, row)
        snapshot = self.ask.snapshot
        match column.kind:
            case "object" | "enterprise":
                return None if cell is None else cell.get("hidden") or cell["name"]
            case "grade":
                return None if cell is None else GRADE_WORDS[cell]
            case "level":
                return said(row, snapshot.catalogue)
            case "division":
                return None if cell is None else str(cell["name"])
            case "class":
                found = snapshot.catalogue.classes.get(str(cell))
                return None if cell is None else found.title if found else str(cell)
            case "stage":
                return STAGE_WORDS.get(str(cell), str(cell))
            case "lines":
                return "；".join(cell) if cell else None
            case "date":
                try:
                    return None if cell is None else date.fromisoformat(str(cell))
                except ValueError:
                    return str(cell)
        if isinstance(cell, Mapping):
            return cell.get("n")
        return cell  # type: ignore[no-any-return]
