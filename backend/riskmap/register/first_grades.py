"""After an upgrade that gives a class its rule: its objects graded by it for the first time, as one state.

An object that the rule has graded before is left as it is, and so is what a person judged.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from riskmap.access.reader import SYSTEM
from riskmap.base import audit, state
from riskmap.catalogue import queries as catalogue_queries
from riskmap.grading.judge import RISK_GRADE, Graded, Judge
from riskmap.grading.rules import RULES
from riskmap.grading.trial import Row, changes
from riskmap.store import write


@dataclass(frozen=True, slots=True)
class _First:
    """A proposal: the rules of these classes, for objects that they have not graded yet."""

    judge: Judge
    codes: tuple[str, ...]

    def classes(self) -> Collection[str]:
        return self.codes

    def regrade(self, row: Row) -> Graded | None:
        class_ = self.judge.catalogue.classes[row["class"]]
        if any(record.get("rule") == class_.rule for record in row["grading"]):
            return None
        judged: dict[str, Any] = {g["scale"]: g for g in row["grading"] if g["how"] == "judged"}
        level = next((g for scale, g in judged.items() if scale == class_.scale), None)
        graded, errors = self.judge.grade(
            class_, row["attributes"], judged.get(RISK_GRADE), level, gives_way=frozenset({"grade", "level"})
        )
        if errors:
            return None
        for i, record in enumerate(graded.grading):  # who judged it, and when, stays
            old = judged.get(record["scale"])
            if record["how"] == "judged" and old and old["value"] == record["value"]:
                graded.grading[i] = old
        return graded


def grade_first(connection: Connection, classes: Collection[str]) -> int:
    """How many objects of these classes, whose rule is new, have their first computed grade now.

    In the transaction of the seeding, which holds the lock. A rule that asks the map waits for an edit.
    """
    now = state.current(connection)
    catalogue = catalogue_queries.load(connection, now.n)
    ready = [c for c in classes if (rule := RULES.get(catalogue.classes[c].rule or "")) and not rule.by_map]
    if not ready:
        return 0
    staging = write.Staging(connection, "first_graded")
    proposal = _First(Judge.on(catalogue, SYSTEM.name, now.at), tuple(ready))
    for batch in changes(connection, proposal, now.day):
        staging.add_regraded([change.columns() for change in batch])
    if not staging.count:
        return 0
    titles = "、".join(catalogue.classes[c].title for c in ready)
    taken = state.take(connection, SYSTEM.name, f"随新版规则首次定级：{titles}")
    write.change_staged(connection, SYSTEM, taken, staging, taken.day)
    after = {"classes": ready, "objects": staging.count}
    audit.record(connection, SYSTEM.name, "first_grades", "catalogue", state=taken.n, after=after)
    return staging.count
