"""From what was given to a graded row: judged grades and levels, and the bureau's policy between them.

A standard's level and the risk grade are two things. Computed rules come to stand beside these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from riskmap.base.errors import FieldError
from riskmap.catalogue.model import GRADE_RANK, Catalogue, Class, Policy


@dataclass(frozen=True, slots=True)
class Graded:
    """Columns of risk_object that say how bad it is."""

    grade: int
    level_scale: str | None
    level_value: str | None
    level_rank: int | None
    grading: list[dict[str, Any]]


def carried(attributes: Mapping[str, Any]) -> dict[str, Any] | None:
    """The grade that an object carries in its attributes, where it was judged directly; with its basis."""
    if attributes.get("method") == "direct" and attributes.get("grade") in GRADE_RANK:
        return {"value": attributes["grade"], "basis": attributes.get("basis", "")}
    return None


def judge(
    class_: Class,
    catalogue: Catalogue,
    attributes: dict[str, Any],
    grade: dict[str, Any] | None,
    level: dict[str, Any] | None,
    *,
    by: str,
    at: datetime,
) -> tuple[Graded, list[FieldError]]:
    """Grade (risk-grade) and level (the class's own scale) of one object, with how each came about.

    A judged grade stands before the policy's; a risk point judged directly carries its grade in its attributes.
    """
    errors: list[FieldError] = []
    record: list[dict[str, Any]] = []
    signed = {"by": by, "at": at.isoformat(timespec="seconds")}

    level_scale = level_value = None
    level_rank = None
    if level is not None:
        scale = catalogue.scales.get(level["scale"])
        found = scale.level(level["value"]) if scale else None
        if class_.scale is None or level["scale"] != class_.scale:
            own = f"，应为 {class_.scale}" if class_.scale else "：这一类没有自有级别"
            errors.append(FieldError("level.scale", "wrong_scale", f"标度不对{own}"))
        elif found is None:
            words = "、".join(lv.value for lv in scale.levels) if scale else ""
            errors.append(FieldError("level.value", "unknown_level", f"级别应为以下之一：{words}"))
        else:
            level_scale, level_value, level_rank = level["scale"], found.value, found.rank
            record.append(
                {
                    "scale": level_scale,
                    "value": level_value,
                    "rank": level_rank,
                    "how": "judged",
                    "basis": level["basis"],
                    **signed,
                }
            )

    value = "none"
    if grade is None:
        grade = carried(attributes)
    if grade is not None:
        value = grade["value"]
        record.append(
            {
                "scale": "risk-grade",
                "value": value,
                "rank": GRADE_RANK[value],
                "how": "judged",
                "basis": grade["basis"],
                **signed,
            }
        )
    elif level_scale and level_value and (by_policy := catalogue.grade_by_policy(level_scale, level_value)):
        value = by_policy[0]
        record.append(_from_policy(by_policy[1], level_value, value) | signed)
    return Graded(GRADE_RANK[value], level_scale, level_value, level_rank, record), errors


def _from_policy(policy: Policy, level: str, grade: str) -> dict[str, Any]:
    return {
        "scale": "risk-grade",
        "value": grade,
        "rank": GRADE_RANK[grade],
        "how": "policy",
        "policy": policy.code,
        "basis": f"{policy.title}：{level}",
        "inputs": {"level": level},
        "confidence": "judgement",
    }
