"""What a rule set or a policy would change, before it is adopted: each object concerned graded by both.

Only the change itself shows: the figures are those that stand in the register, the people around a plant those that
its grade was made with. What a person judged stays.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import Connection

from riskmap.catalogue.model import GRADE_RANK, GRADES, Catalogue, Policy
from riskmap.catalogue.rulesets import RuleSet, changed_tables
from riskmap.grading import queries
from riskmap.grading.exposure import Exposure
from riskmap.grading.judge import CARRIES, GRADING_COLUMNS, RISK_GRADE, Graded, Judge
from riskmap.grading.rulebook import Rulebook
from riskmap.grading.rules import RULES, Facts

BATCH = 1000

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One object whose grade or level would be another."""

    row: Row
    before: Graded
    after: Graded

    def columns(self) -> dict[str, Any]:
        """As the register stores it."""
        return {"id": self.row["id"], **self.after.columns}


def shown(graded: Graded) -> dict[str, Any]:
    """A grade and a level as an answer says them."""
    level = graded.level_value and {"scale": graded.level_scale, "value": graded.level_value}
    return {"grade": GRADES[graded.grade - 1], "level": level, "verdict": graded.level_verdict}


class Proposal(Protocol):
    """What may be tried."""

    def classes(self) -> Collection[str]:
        """Whose objects are concerned."""

    def regrade(self, row: Row) -> Graded | None:
        """The object by what is proposed; None where it has no say in it."""


@dataclass(frozen=True, slots=True)
class ByRuleSet:
    """A rule set in the place of the one in force."""

    catalogue: Catalogue
    now: Judge
    then: Judge
    tables: frozenset[str]
    # What was found, by all that a rule reads: many objects have the same few figures.
    found: dict[str, tuple[Graded | None, Graded | None]] = field(default_factory=dict)

    @classmethod
    def of(cls, catalogue: Catalogue, proposed: RuleSet, by: str, at: datetime) -> "ByRuleSet":
        """Raises `standards.result.Refused` where one of its tables is unfit."""
        now = Judge.on(catalogue, by, at)
        then = Judge(catalogue, Rulebook.of(proposed), by, at)
        return cls(catalogue, now, then, changed_tables(now.rulebook.ruleset, proposed))

    def classes(self) -> Collection[str]:
        """Those whose rule reads a table that changes."""
        reading = {code for code, rule in RULES.items() if rule.tables & self.tables}
        return sorted(c.code for c in self.catalogue.classes.values() if c.rule in reading)

    def regrade(self, row: Row) -> Graded | None:
        """None where both sets say the same: then whatever else may differ is not the set's doing."""
        before, after = self._both(row)
        if before is None or after is None or _value(before) == _value(after):
            return None
        kept = {(g["scale"], g["value"], g.get("basis")): g for g in row["grading"] if g["how"] in _NOT_COMPUTED}
        grading = [kept.get((g["scale"], g["value"], g.get("basis")), g) for g in after.grading]
        return replace(after, grading=grading)

    def _both(self, row: Row) -> tuple[Graded | None, Graded | None]:
        rule = self.now.rule_of(self.catalogue.classes[row["class"]])
        if rule is None or rule.by_map:
            return self._by(self.now, row), self._by(self.then, row)
        judged = [g for g in row["grading"] if g["how"] == "judged"]
        read = [row["attributes"].get(name) for name in sorted(rule.reads | CARRIES)]
        key = repr((row["class"], read, judged))
        if key not in self.found:
            if len(self.found) >= _MOST_FOUND:
                self.found.clear()
            self.found[key] = self._by(self.now, row), self._by(self.then, row)
        return self.found[key]

    def _by(self, judge: Judge, row: Row) -> Graded | None:
        judged = {g["scale"]: g for g in row["grading"] if g["how"] == "judged"}
        level = next((g for scale, g in judged.items() if scale != RISK_GRADE), None)
        exposure = next((g["exposure"] for g in row["grading"] if g.get("exposure")), None)
        graded, errors = judge.grade(
            self.catalogue.classes[row["class"]],
            row["attributes"],
            judged.get(RISK_GRADE),
            level,
            lambda: Facts(Exposure.parse(exposure) if exposure else None),
            gives_way=frozenset({"grade", "level"}),
        )
        return None if errors else graded


_MOST_FOUND = 4096
_NOT_COMPUTED = frozenset({"judged", "policy"})


@dataclass(frozen=True, slots=True)
class ByPolicy:
    """A policy as it would be. The levels stay as they were made; only what follows from them is another."""

    catalogue: Catalogue
    judge: Judge
    policy: Policy

    @classmethod
    def of(cls, catalogue: Catalogue, policy: Policy, by: str, at: datetime) -> "ByPolicy":
        """In the place of the policy of its code."""
        then = replace(catalogue, policies={**catalogue.policies, policy.code: policy})
        return cls(catalogue, Judge.on(then, by, at), policy)

    def classes(self) -> Collection[str]:
        """Those on its scale."""
        return self.catalogue.classes_on(self.policy.scale)

    def regrade(self, row: Row) -> Graded | None:
        """None where the risk grade is judged or computed itself."""
        own = next((g for g in row["grading"] if g["scale"] == self.policy.scale and g["value"]), None)
        risk = next((g for g in row["grading"] if g["scale"] == RISK_GRADE and g["value"]), None)
        if own is None or (risk is not None and risk["how"] != "policy"):
            return None
        earned = self.judge.by_policy(own)
        records = [g for g in row["grading"] if g is not risk] + ([earned] if earned else [])
        return replace(stored(row), grade=GRADE_RANK[earned["value"] if earned else "none"], grading=records)


def stored(row: Row) -> Graded:
    """The grade that an object has."""
    return Graded.of(row)


def _value(graded: Graded) -> tuple[Any, ...]:
    return graded.grade, graded.level_scale, graded.said


def changes(
    connection: Connection, proposal: Proposal, day: date, *, after: int = 0, since: int = -1
) -> Iterator[Sequence[Change]]:
    """What would change, by batches in the order of ids; at most a batch is in memory.

    `after`: of objects with a greater id. `since`: of those that a later state than this wrote.
    """
    concerned = list(proposal.classes())
    while concerned:
        rows = queries.of_classes(connection, concerned, GRADING_COLUMNS, day, after=after, since=since, most=BATCH)
        yield [
            Change(row, stored(row), new)
            for row in rows
            if (new := proposal.regrade(row)) is not None and _value(new) != _value(stored(row))
        ]
        if len(rows) < BATCH:
            return
        after = rows[-1]["id"]
