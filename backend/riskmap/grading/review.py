"""等级待复核: after a change of the register, which computed grades would now come out otherwise, and why.

Nothing is regraded in silence: what is found is written down, for somebody to confirm. A line is of one of two kinds:
the level would be another, or only the value behind it (R).
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
    causes: Sequence[Mapping[str, Any]] = ()  # what changed around it, the most persons first

    @property
    def computed(self) -> Mapping[str, Any] | None:
        """Its computed record, where it has one."""
        return computed(self.grading)


def computed(grading: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The computed one of an object's records."""
    return next((g for g in grading if g["how"] == "computed"), None)


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
        # A unit that waits and was itself written now: its line may hold no more.
        own = connection.execute(text(_OWN), {"n": taken.n, "found": [row.id for row in found]}).all()
        judge = Judge.on(catalogue, SYSTEM.name, taken.at)
        for row in [*found, *own]:
            unit = Unit(row.id, row.class_, row.attributes, row.enterprise, row.grading, row.causes)
            done += _look(connection, judge, unit, taken)
    return done


_OWN = (
    "SELECT o.id, o.class AS class_, o.attributes, o.enterprise, o.grading, CAST('[]' AS jsonb) AS causes"
    " FROM grade_review AS r JOIN risk_object AS o ON o.id = r.object_id"
    " WHERE r.outcome IS NULL AND o.state = :n AND NOT o.id = ANY(CAST(:found AS bigint[])) ORDER BY o.id"
)


def kind_of(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> str | None:
    """How the computed record would differ: in its level, in its value (R) alone, or not at all."""
    if old is None or new is None:
        return None
    if (old["value"], old["standing"]) != (new["value"], new["standing"]):
        return "level"
    return "value" if shown(old)["R"] != shown(new)["R"] else None


def _look(connection: Connection, judge: Judge, unit: Unit, taken: State) -> bool:
    old = unit.computed
    graded = regrade(connection, judge, unit, taken.day)
    new = computed(graded.grading) if graded else None
    kind = kind_of(old, new)
    binds = {"id": unit.id, "n": taken.n, "at": taken.at}
    if old is None or not new or kind is None:
        closed = connection.execute(
            text(
                "UPDATE grade_review SET outcome = 'passed', closed_state = :n, closed_at = :at"
                " WHERE object_id = :id AND outcome IS NULL"
            ),
            binds,
        )
        return bool(closed.rowcount)
    line: dict[str, Any] = {"before": shown(old), "after": shown(new)}
    open_ = connection.execute(
        text("SELECT before, after, causes FROM grade_review WHERE object_id = :id AND outcome IS NULL"), binds
    ).one_or_none()
    if open_ is not None and (open_.before, open_.after) == (line["before"], line["after"]):
        return False  # what changed altered nothing of it: it stays as it was found
    line["causes"] = merged(open_.causes if open_ is not None else (), unit.causes)
    connection.execute(
        text(
            "INSERT INTO grade_review (object_id, scale, kind, before, after, causes, state, at)"
            " VALUES (:id, :scale, :kind, CAST(:before AS jsonb), CAST(:after AS jsonb), CAST(:causes AS jsonb),"
            " :n, :at) ON CONFLICT (object_id, scale) WHERE outcome IS NULL DO UPDATE SET kind = excluded.kind,"
            " before = excluded.before, after = excluded.after, causes = excluded.causes, state = excluded.state,"
            " at = excluded.at"
        ),
        binds | {"scale": old["scale"], "kind": kind} | {name: dump_json(value) for name, value in line.items()},
    )
    return True


def merged(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Causes of an open line with those of a later change, the most persons first.

    What one object went through is told as one: a home that was added and then filled in was added with as many.
    """
    by_object = {cause["object"]: cause for cause in old}
    for later in new:
        first = by_object.pop(later["object"], None)
        one = later if first is None else _one(first, later)
        if one is not None:
            by_object[later["object"]] = one
    return sorted(by_object.values(), key=lambda cause: (-cause.get("most", 0), cause["object"]))


def _one(first: Mapping[str, Any], later: Mapping[str, Any]) -> Mapping[str, Any] | None:
    kinds = (first.get("kind"), later["kind"])
    if kinds in (("added", "ended"), ("ended", "resumed"), ("resumed", "ended")):
        return None  # as before
    if kinds[0] == "added":
        return {**later, "kind": "added", "was": None}
    if kinds == ("persons", "persons"):
        return None if first["was"] == later["now"] else {**later, "was": first["was"]}
    return later


_PLAIN = {"ended": "注销或关闭", "resumed": "重新启用", "moved": "位置变动", "boundary": "厂区边界变动"}


def said(cause: Mapping[str, Any]) -> str:
    """A cause in words."""
    if "change" in cause:  # of a line that was written before causes were kept apart
        return str(cause["change"])
    was, now = ("未填" if cause[key] is None else str(cause[key]) for key in ("was", "now"))
    match cause["kind"]:
        case "added":
            return f"新增，常住人口 {now if cause['now'] is None else f'{now} 人'}"
        case "persons":
            return f"常住人口由 {was} 改为 {now}"
    return _PLAIN[cause["kind"]]
