"""From what was given to a graded row: what the class's rule computes, else what a person judged; then the policy.

A standard's level and the risk grade are two things: a level earns a risk grade only by an adopted policy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from riskmap.base.errors import FieldError
from riskmap.catalogue.model import GRADE_RANK, Catalogue, Class, Policy
from riskmap.grading.record import is_graded, record
from riskmap.grading.rulebook import Rulebook, rulebook_of
from riskmap.grading.rules import RULES, Facts, Rule
from riskmap.standards.result import Refused, Result, Standing

RISK_GRADE = "risk-grade"
COMPUTED = "computed"
GRADING_COLUMNS = ("grade", "level_scale", "level_value", "level_rank", "level_outside", "level_verdict", "grading")
# What a person judges directly stands in these attributes.
CARRIES = frozenset({"method", "grade", "basis"})


@dataclass(frozen=True, slots=True)
class Graded:
    """Columns of risk_object that say how bad it is."""

    grade: int
    level_scale: str | None
    level_value: str | None
    level_rank: int | None
    level_outside: str | None  # the class's own scale, where its rule found that it has no level for the object
    level_verdict: str | None  # what the rule said where no level came of it: 不构成重大危险源; 未评定，缺厂区边界
    grading: list[dict[str, Any]]

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Graded":
        """As a row of the register has it."""
        return cls(*(row[name] for name in GRADING_COLUMNS))

    @property
    def columns(self) -> dict[str, Any]:
        """As the register stores it."""
        return {name: getattr(self, name) for name in GRADING_COLUMNS}

    @property
    def said(self) -> str | None:
        """The level, or what the rule said in its place."""
        return self.level_value or self.level_verdict


@dataclass(frozen=True, slots=True)
class Judge:
    """Grades objects by one catalogue and one rule set, in one hand."""

    catalogue: Catalogue
    rulebook: Rulebook
    by: str
    at: datetime

    @classmethod
    def on(cls, catalogue: Catalogue, by: str, at: datetime) -> "Judge":
        """By the rule set that holds on the day of `at`."""
        return cls(catalogue, rulebook_of(catalogue.ruleset_at(at.date())), by, at)

    def rule_of(self, class_: Class) -> Rule | None:
        """The rule that a class names."""
        return RULES.get(class_.rule) if class_.rule else None

    def asks_anew(self, class_: Class, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Whether a change of an object (rows of the register) touches what its grade rests on."""
        rule = self.rule_of(class_)
        reads = CARRIES | (rule.reads if rule else frozenset())
        before, after = old["attributes"], new["attributes"]
        if any(before.get(name) != after.get(name) for name in reads):
            return True
        return rule is not None and rule.by_map and old["enterprise"] != new["enterprise"]

    def grade(
        self,
        class_: Class,
        attributes: Mapping[str, Any],
        grade: dict[str, Any] | None,
        level: dict[str, Any] | None,
        facts: Callable[[], Facts] = Facts,
        *,
        gives_way: frozenset[str] = frozenset(),
    ) -> tuple[Graded, list[FieldError]]:
        """Grade (risk-grade) and level (the class's own scale) of one object, with how each came about.

        `facts` is asked only where the rule asks the map. What a rule computes is not judged beside it: a
        judgement of what it computes is refused, or passed over where it `gives_way` (grade, level): because
        it was there before, or stands in a sender's table.
        """
        found, errors = self._computed(class_, attributes, facts)
        records = [found] if found else []
        judged_level, wrong = self._judged_level(class_, level, found)
        errors += [e for e in wrong if e.code != COMPUTED or "level" not in gives_way]
        if judged_level:
            records = [judged_level]  # the rule lacks something, or was given nothing
        if found and found["scale"] == RISK_GRADE and grade and found["value"] and "grade" not in gives_way:
            message = f"风险等级由 {found['standard']} 计算为{found['verdict']}，不能另行判定；要改等级，请改填写的资料"
            errors.append(FieldError("grade", COMPUTED, message))

        told = next((r for r in records if r["scale"] == class_.scale), None)
        own = told if told and told["value"] else None
        risk = next((r for r in records if r["scale"] == RISK_GRADE and r["value"]), None)
        if risk is None:
            risk = self._judged_grade(attributes, grade)
            if risk is None and own is not None:
                risk = self.by_policy(own)
            if risk is not None:
                records = [r for r in records if r["scale"] != RISK_GRADE] + [risk]
        rank = GRADE_RANK[risk["value"] if risk else "none"]
        if own:
            return Graded(rank, own["scale"], own["value"], own["rank"], None, None, records), errors
        if told is None:
            return Graded(rank, None, None, None, None, None, records), errors
        scale = self.catalogue.scales.get(told["scale"])
        outside = scale.code if scale and scale.outside and told["standing"] == Standing.OUTSIDE else None
        return Graded(rank, None, None, None, outside, told["verdict"], records), errors

    def _signed(self, body: dict[str, Any]) -> dict[str, Any]:
        return body | {"by": self.by, "at": self.at.isoformat(timespec="seconds")}

    def _computed(
        self, class_: Class, attributes: Mapping[str, Any], facts: Callable[[], Facts]
    ) -> tuple[dict[str, Any] | None, list[FieldError]]:
        rule = self.rule_of(class_)
        if rule is None:
            return None, []
        known = Facts()
        try:
            result = rule.run(attributes, known, self.rulebook)
            if result is not None and rule.by_map:
                known = facts()
                result = rule.run(attributes, known, self.rulebook)
        except Refused as refused:
            return None, rule.fields(refused, attributes)
        if result is None:
            return None, []
        declared = attributes.get("exposed_persons") is not None
        made = record(rule, result, known, declared, self.rulebook.ruleset.code)
        made["rank"] = self._rank(result)
        said = attributes.get(rule.declares) if rule.declares else None
        if said is not None and said != result.level:
            own = class_.by_name[rule.declares] if rule.declares else None
            made["differs"] = {"field": rule.declares, "title": own.title if own else "", "value": said}
        return self._signed(made), []

    def _rank(self, result: Result) -> int | None:
        if not is_graded(result):
            return None
        if result.scale == RISK_GRADE:
            return GRADE_RANK[result.level]
        scale = self.catalogue.scales.get(result.scale)
        found = scale.level(result.level) if scale else None
        return found.rank if found else None

    def _judged_level(
        self, class_: Class, level: dict[str, Any] | None, found: dict[str, Any] | None
    ) -> tuple[dict[str, Any] | None, list[FieldError]]:
        if level is None:
            return None, []
        scale = self.catalogue.scales.get(level["scale"])
        known = scale.level(level["value"]) if scale else None
        if class_.scale is None or level["scale"] != class_.scale:
            own = f"，应为 {class_.scale}" if class_.scale else "：这一类没有自有级别"
            return None, [FieldError("level.scale", "wrong_scale", f"标度不对{own}")]
        if known is None:
            words = "、".join(lv.value for lv in scale.levels) if scale else ""
            return None, [FieldError("level.value", "unknown_level", f"级别应为以下之一：{words}")]
        if found and found["scale"] == class_.scale and found["standing"] != "unknown":
            message = f"级别由 {found['standard']} 计算为“{found['verdict']}”，不能另行判定；要改级别，请改填写的资料"
            return None, [FieldError("level", COMPUTED, message)]
        judged = {"scale": level["scale"], "value": known.value, "rank": known.rank, "how": "judged"}
        return self._signed(judged | {"basis": level["basis"]}), []

    def _judged_grade(self, attributes: Mapping[str, Any], grade: dict[str, Any] | None) -> dict[str, Any] | None:
        given = carried(attributes) if grade is None else grade
        if given is None:
            return None
        value = given["value"]
        judged = {"scale": RISK_GRADE, "value": value, "rank": GRADE_RANK[value], "how": "judged"}
        return self._signed(judged | {"basis": given["basis"]})

    def by_policy(self, own: Mapping[str, Any]) -> dict[str, Any] | None:
        """The risk grade that a level (its record) earns; None where no policy is adopted for it."""
        found = self.catalogue.grade_by_policy(own["scale"], own["value"])
        return self._signed(_from_policy(found[1], own["value"], found[0])) if found else None


def carried(attributes: Mapping[str, Any]) -> dict[str, Any] | None:
    """The grade that an object carries in its attributes, where it was judged directly; with its basis."""
    if attributes.get("method") == "direct" and attributes.get("grade") in GRADE_RANK:
        return {"value": attributes["grade"], "basis": attributes.get("basis", "")}
    return None


def _from_policy(policy: Policy, level: str, grade: str) -> dict[str, Any]:
    return {
        "scale": RISK_GRADE,
        "value": grade,
        "rank": GRADE_RANK[grade],
        "how": "policy",
        "policy": policy.code,
        "basis": f"{policy.title}：{level}",
        "inputs": {"level": level},
        "confidence": "judgement",
    }
