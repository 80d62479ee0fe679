"""等级待复核: after a change of the register, which computed levels would now come out otherwise, and why.

Nothing is regraded in silence: what is found is written down, for somebody to confirm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.audit import dump_json
from riskmap.base.state import State
from riskmap.catalogue.model import LIVE_STAGES, Catalogue
from riskmap.grading import exposure
from riskmap.grading.judge import Graded, Judge
from riskmap.grading.rules import RULES, Facts

_SQL = Path(__file__).parent
_TOUCHED = (_SQL / "touched.sql").read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Unit:
    """An object whose rule asks the map, as it stands in the register."""

    id: int
    class_: str
    attributes: Mapping[str, Any]
    enterprise: int | None
    grading: Sequence[Mapping[str, Any]]
    cause: Mapping[str, Any]

    @property
    def computed(self) -> Mapping[str, Any] | None:
        """Its computed record, where it has one."""
        return next((g for g in self.grading if g["how"] == "computed"), None)


def shown(record: Mapping[str, Any]) -> dict[str, Any]:
    """What a line of the list says of a record."""
    value = next((step["value"] for step in record["trace"] if step["symbol"] == "R"), None)
    exposed = record["inputs"].get("exposed")
    return {
        "value": record["value"],
        "verdict": record["verdict"],
        "R": value,
        "exposed": exposed and exposed["value"],
    }


def regrade(connection: Connection, judge: Judge, unit: Unit, day: date) -> Graded | None:
    """The unit by its own attributes and what the map says today; None where its rule takes it no more."""
    graded, errors = judge.grade(
        judge.catalogue.classes[unit.class_],
        unit.attributes,
        None,
        None,
        lambda: Facts(
            exposure.around(
                connection,
                judge.catalogue,
                exposure.boundary_of(connection, unit.attributes, unit.enterprise),
                day,
            )
        ),
    )
    return None if errors else graded


def examine(connection: Connection, catalogue: Catalogue, taken: State, since: date | None = None) -> int:
    """Look again at every unit that the state's changes touch; how many lines were written, renewed or closed.

    Called by every writer of objects after its rows are written, in its transaction. `since`: the day of the
    state before, where days have passed and with them what was dated ahead.
    """
    by_map = [c.code for c in catalogue.classes.values() if (r := RULES.get(c.rule or "")) and r.by_map]
    homes = catalogue.counted("residents")
    if not by_map:
        return 0
    binds = {
        "n": taken.n,
        "units": by_map,
        "homes": sorted(homes),
        "residents": sorted({name for names in homes.values() for name in names}),
        "live": list(LIVE_STAGES),
        "reach": exposure.REACH_M,
        "today": taken.day,
        "since": since,
    }
    done = 0
    with database.under(connection, SYSTEM.settings(write=True)):
        found = connection.execute(text(_TOUCHED), binds).all()
        judge = Judge.on(catalogue, SYSTEM.name, taken.at)
        for row in found:
            unit = Unit(row.id, row.class_, row.attributes, row.enterprise, row.grading, row.cause)
            done += _look(connection, judge, unit, taken)
    return done


def _look(connection: Connection, judge: Judge, unit: Unit, taken: State) -> bool:
    old = unit.computed
    graded = regrade(connection, judge, unit, taken.day)
    new = next((g for g in graded.grading if g["how"] == "computed"), None) if graded else None
    if old is None or new is None:
        return False
    binds = {"id": unit.id, "scale": old["scale"], "n": taken.n, "at": taken.at}
    if (old["value"], old["standing"]) == (new["value"], new["standing"]):
        closed = connection.execute(
            text(
                "UPDATE grade_review SET outcome = 'passed', closed_state = :n, closed_at = :at"
                " WHERE object_id = :id AND scale = :scale AND outcome IS NULL"
            ),
            binds,
        )
        return bool(closed.rowcount)
    line = {"before": shown(old), "after": shown(new), "cause": unit.cause}
    connection.execute(
        text(
            "INSERT INTO grade_review (object_id, scale, before, after, cause, state, at)"
            " VALUES (:id, :scale, CAST(:before AS jsonb), CAST(:after AS jsonb), CAST(:cause AS jsonb), :n, :at)"
            " ON CONFLICT (object_id, scale) WHERE outcome IS NULL DO UPDATE SET before = excluded.before,"
            " after = excluded.after, cause = excluded.cause, state = excluded.state, at = excluded.at"
        ),
        binds | {name: dump_json(value) for name, value in line.items()},
    )
    return True
