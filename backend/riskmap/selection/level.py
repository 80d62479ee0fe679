"""An object's level on its class's own scale: as a condition says it, as an answer says it, as a cell prints it.

No level is one of three things, never mixed up: outside, where a rule found that its scale has none for the object
(不构成); not assessed, for want of something or because nobody asked; and off, where the class is not on the scale.
"""

from collections.abc import Mapping
from typing import Any

from riskmap.catalogue.model import NO_LEVEL, OUTSIDE, Catalogue

NOT_ASSESSED = "未评定"
# The row's columns that say it.
COLUMNS = ("level_scale", "level_value", "level_rank", "level_outside", "level_verdict")
# "scale:value" or "scale:outside", null where the object has neither; templates over the columns.
KEY = f"coalesce({{level_scale}} || ':' || {{level_value}}, {{level_outside}} || ':' || '{OUTSIDE}')"
SCALE = "coalesce({level_scale}, {level_outside})"  # the scale that says so


def plain(template: str) -> str:
    """A template over rows that have the columns by their own names."""
    return template.replace("{", "").replace("}", "")


def level_of(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The level itself."""
    if not row["level_scale"]:
        return None
    return {"scale": row["level_scale"], "value": row["level_value"], "rank": row["level_rank"]}


def verdict_of(row: Mapping[str, Any], catalogue: Catalogue) -> str | None:
    """What stands in the place of a level that is not there; None where there is one, or the class has no scale."""
    if row["level_scale"]:
        return None
    if row["level_verdict"]:
        return str(row["level_verdict"])
    class_ = catalogue.classes.get(row["class"])
    return NOT_ASSESSED if class_ is not None and class_.scale else None


def told_of(row: Mapping[str, Any], catalogue: Catalogue) -> dict[str, Any]:
    """An object's level on the wire; where there is none, what is said in its place, and the scale that has none."""
    return {"level": level_of(row), "verdict": verdict_of(row, catalogue), "outside": row["level_outside"]}


def said(row: Mapping[str, Any], catalogue: Catalogue) -> str | None:
    """The level, or what stands in its place, as a cell prints it."""
    return row["level_value"] if row["level_scale"] else verdict_of(row, catalogue)


def title(scale: str, value: str, catalogue: Catalogue) -> str:
    """A value of the condition in words."""
    known = catalogue.scales[scale]
    if known.level(value) is not None:
        return value
    if value == OUTSIDE and known.outside is not None:
        return known.outside.title
    return NOT_ASSESSED if value == NO_LEVEL else "不在此标度"
