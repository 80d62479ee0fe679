"""Objects of the register as dispatch needs them: looked up for all objects, told as the reader may see them.

All at the snapshot's moment: an earlier minute of the night is asked with the register of then (`Snapshot.known_at`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.errors import NotFound
from riskmap.rescue.exposure import masked
from riskmap.selection.compile import Compiled, compile_selection
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

__all__ = ["every", "forms", "full_or_raise", "live", "masked", "named", "names", "readable", "titles"]
_NAMES = ("id", "class", "grade", "stage", "name", "division", "department", "attributes")


def live(snapshot: Snapshot, selection: Selection, ids: Sequence[int] | None = None) -> list[dict[str, Any]]:
    """Live objects of a selection, as SYSTEM; with `lon` and `lat` of the anchor, None for those without a place."""
    compiled = compile_selection(
        selection, replace(snapshot, reader=SYSTEM), only_ids=None if ids is None else list(ids)
    )
    with database.under(snapshot.connection, SYSTEM.settings()):
        return _rows(snapshot, compiled)


def every(snapshot: Snapshot, ids: Sequence[int]) -> list[dict[str, Any]]:
    """Objects by their ids, also those that are not live any more, as SYSTEM. Of an earlier moment as they were then;
    what the register did not have at that moment, as it was last."""
    out = _whatever_life(snapshot, ids)
    if not snapshot.moment.is_present:
        out += _whatever_life(snapshot.present, set(ids) - {row["id"] for row in out})
    return sorted(out, key=lambda row: row["id"])


def _whatever_life(snapshot: Snapshot, ids: Iterable[int]) -> list[dict[str, Any]]:
    """What the register has of these objects at the moment, as SYSTEM."""
    wanted = sorted(set(ids))
    if not wanted:
        return []
    compiled = compile_selection(Selection(), replace(snapshot, reader=SYSTEM), any_life=True, only_ids=wanted)
    with database.under(snapshot.connection, SYSTEM.settings()):
        return _rows(snapshot, compiled)


def _rows(snapshot: Snapshot, compiled: Compiled) -> list[dict[str, Any]]:
    columns = {name: "{" + name + "}" for name in _NAMES} | {"lon": "ST_X({anchor})", "lat": "ST_Y({anchor})"}
    sql = f"SELECT * FROM ({compiled.rows(columns)}) AS r ORDER BY id"
    return [dict(row) for row in snapshot.connection.execute(text(sql), compiled.binds.values).mappings()]


def forms(snapshot: Snapshot, ids: Iterable[int], *, any_life: bool = False) -> dict[int, str]:
    """Of these objects those that the reader gets, each with its form; `any_life`: also those that are struck off."""
    if any_life and not snapshot.moment.is_present:
        wanted = set(ids)
        then = {row["id"] for row in _whatever_life(snapshot, wanted)}
        return _forms(snapshot, then, True) | _forms(snapshot.present, wanted - then, True)
    return _forms(snapshot, set(ids), any_life)


def _forms(snapshot: Snapshot, ids: set[int], any_life: bool) -> dict[int, str]:
    if not ids:
        return {}
    compiled = compile_selection(Selection(), snapshot, any_life=any_life, only_ids=sorted(ids))
    rows = snapshot.connection.execute(text(compiled.rows("id, form")), compiled.binds.values)
    return {row.id: row.form for row in rows}


def named(row: Mapping[str, Any], form: str | None) -> dict[str, Any]:
    """Id and name of an object, or what stands for it."""
    if form is None:
        return {"id": None, "name": None, "masked": masked(row["department"])}
    return {"id": row["id"], "name": row["name"], "masked": None}


@dataclass(frozen=True, slots=True)
class Names:
    """Teams as the reader may see them, each by its id."""

    rows: Mapping[int, Mapping[str, Any]]

    def team(self, team: int) -> dict[str, Any]:
        """{team, team_name, masked}."""
        one = self.rows.get(team)
        if one is None:
            return {"team": team, "team_name": f"队伍 {team}", "masked": None}
        return {"team": one["id"], "team_name": one["name"], "masked": one["masked"]}

    def plain(self, team: int) -> str:
        """In a sentence."""
        one = self.rows.get(team)
        return f"队伍 {team}" if one is None else one["name"] or "另一支队伍"

    def full(self, team: int) -> bool:
        """Whether all of it is told."""
        return bool(self.rows.get(team, {"full": True})["full"])


def names(snapshot: Snapshot, ids: Iterable[int]) -> Names:
    """Names of these teams, also of those that are not live any more."""
    wanted = sorted(set(ids))
    rows = every(snapshot, wanted) if wanted else []
    form = forms(snapshot, wanted, any_life=True)
    return Names({r["id"]: named(r, form.get(r["id"])) | {"full": form.get(r["id"]) == "full"} for r in rows})


def readable(snapshot: Snapshot, class_: str) -> set[str]:
    """Fields of a class that the reader may read of an object that he sees in full."""
    found = snapshot.catalogue.classes.get(class_)
    return {f.name for f in found.fields if f.visibility <= snapshot.reader.tier} if found else set()


def full_or_raise(snapshot: Snapshot, object_id: int, classes: Sequence[str], what: str) -> dict[str, Any]:
    """A live object of these classes that the reader sees in full. Raises NotFound for any other alike."""
    if forms(snapshot, [object_id]).get(object_id) == "full":
        for row in live(snapshot, Selection(classes=tuple(classes)), [object_id]):
            return row
    raise NotFound(f"没有这{what}，或您无权查看。")


def titles(snapshot: Snapshot, class_: str, field: str) -> dict[str, str]:
    """Chinese words of the values of a list with one enum."""
    found = snapshot.catalogue.classes.get(class_)
    return {v: t for f in (found.fields if found else ()) if f.name == field for p in f.fields for v, t in p.options}
