"""A rule's result as the register keeps it beside the object: small, exact, and enough to print the arithmetic."""

import re
from typing import Any

from riskmap.grading.rules import Facts, Rule
from riskmap.standards.result import Result, Standing, Step

_YEAR = re.compile(r"-(\d{2}|\d{4})$")


def edition_of(standard: str) -> str:
    """The year of a standard's name, or the name of a set of bands that has none."""
    found = _YEAR.search(standard)
    return found.group(1) if found else standard


def _compact(text: str) -> str:
    return text.replace(" × ", "×").replace(" ÷ ", "÷")


def step_of(step: Step) -> dict[str, Any]:
    """One line; what says nothing is left out."""
    whole = {
        "symbol": step.symbol,
        "title": step.title,
        "formula": _compact(step.formula),
        "expression": _compact(step.filled),
        "value": step.text,
        "unit": step.unit,
        "clause": step.clause and f"{step.clause.edition} {step.clause.number}",
        "tag": step.clause and str(step.clause.tag),
        "note": step.note,
    }
    return {name: value for name, value in whole.items() if value or name == "expression"}


def record(rule: Rule, result: Result, facts: Facts, declared: bool, ruleset: str) -> dict[str, Any]:
    """The record of a computed grade; without `rank`, which is the catalogue's.

    `declared`: the number of residents was given by hand, and the map's stands beside it.
    """
    kept = told(result, ruleset) | {"rule": rule.code}
    if rule.by_map:
        exposed = kept["inputs"].get("exposed")
        if exposed is not None:
            exposed["source"] = "declared" if declared else "map" if facts.exposure else "none"
        if facts.exposure is not None:
            kept["exposure"] = facts.exposure.body()
            kept.setdefault("notes", []).extend(_said(facts, declared))
    return kept


def told(result: Result, ruleset: str) -> dict[str, Any]:
    """What a rule came to, with everything it rests on."""
    clauses = list(dict.fromkeys(s.clause.number for s in result.steps if s.clause))
    kept: dict[str, Any] = {
        "scale": result.scale,
        "value": result.level or None,
        "how": "computed",
        "standing": str(result.standing),
        "verdict": result.verdict,
        "standard": result.edition,
        "edition": edition_of(result.edition),
        "ruleset": ruleset,
        "clause": "、".join(clauses),
        "inputs": {
            given.field: {"title": given.title, "value": given.text, **({"unit": given.unit} if given.unit else {})}
            for given in result.inputs
        },
        "trace": [step_of(step) for step in result.steps],
        "confidence": str(result.tag),
    }
    if result.notes:
        kept["notes"] = list(result.notes)
    return kept


def _said(facts: Facts, declared: bool) -> list[str]:
    """What the map found, in words: nobody found is said as that."""
    found = facts.exposure
    assert found is not None
    outside = [home for home in found.homes if not home.inside]
    beside = [found.day.isoformat()] if found.day else []  # it holds as of that day
    if outside:
        beside.append(f"{len(outside)} 处居住区")
    said = [f"图上查得 {found.residents} 人" + (f"（{'，'.join(beside)}）" if beside else "")]
    if declared:
        said[0] = f"采用填报数；{said[0]}"
    if partly := sum(home.partly for home in outside):
        said.append(f"其中 {partly} 处只有一部分在 500 m 内，按整处计")
    if found.untold:
        said.append(f"另有 {found.untold} 处居住区没有填写常住人口，未计入")
    if found.present:
        said.append(f"学校、医院、商场等场所另有 {found.present} 人，不属常住人口，不计入")
    return said


def is_graded(result: Result) -> bool:
    """Whether it gives a level that the register keeps as one."""
    return result.standing is Standing.GRADED and bool(result.level)
