"""The applicant as a protected target against stored contours of individual risk (GB 36894): for a place and a cell.

The class of the target is that of its kind and size; where these are not told the strictest is taken, and what
follows from it is looked at on site. A contour of level L says that inside it the risk is at least L.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from riskmap.admission.judgement import CLEAR, NONE, Outcome, Verdict, Why, softened
from riskmap.admission.rules import Rules
from riskmap.admission.trade import Found
from riskmap.grading import contours
from riskmap.grading.contours import Stored
from riskmap.standards import gb36894
from riskmap.standards.need import Facts
from riskmap.standards.result import Clause, Refused
from riskmap.standards.table import Row

NO_LEVEL = "等值线没有写风险值，不能与基准比较"
NO_KIND = "这一行业不能对应防护目标的类型，不能定基准"
NO_STATUS = "等值线没有写明装置是新建还是在役"
PLANT_WORDS = {"new": "新建、改建、扩建装置", "existing": "在役装置"}


@dataclass(frozen=True, slots=True)
class Protected:
    """What an applicant is for GB 36894."""

    target: str
    kind: str
    doubts: tuple[str, ...] = ()  # what was taken for granted


def protected(trade: Sequence[Found], size: Facts, rules: Rules) -> Protected | None:
    """The strictest of what its tags make it; None where none of them is a protected target."""
    found = [one for kinds in _kinds(trade, rules).values() for one in _of_kinds(kinds, size, rules)]

    def strictness(one: Protected) -> tuple[Fraction, int]:
        return rules.criteria[one.target].number(gb36894.Plant.NEW), len(one.doubts)

    return min(found, key=strictness, default=None)


def _kinds(trade: Sequence[Found], rules: Rules) -> dict[str, list[Row]]:
    """The kinds of the standard by class of the register; of a class whose kind a tag tells, that one alone."""
    out: dict[str, list[Row]] = {}
    told = set()
    for found in trade:
        facts = {w.name: next(iter(w.any_of)) for w in found.tag.where if len(w.any_of) == 1}
        for class_ in found.tag.classes:
            row = rules.targets.kind(class_, facts)
            if row is not None:
                out[class_] = [*(out[class_] if class_ in told else ()), row]
                told.add(class_)
            elif class_ not in told and (every := [r for r in rules.targets.registered if r.text("class") == class_]):
                out[class_] = every
    return out


def _of_kinds(kinds: Sequence[Row], size: Facts, rules: Rules) -> list[Protected]:
    unsure = () if len({row.text("type") for row in kinds}) == 1 else ("没有说明是哪一种场所，按其中最严的比较",)
    out = []
    for row in kinds:
        type_ = row.text("type")
        found = contours.protected(row, size, rules.targets)
        if found.target:
            out.append(Protected(found.target, type_, unsure))
        else:
            lacking = f"没有填写{'、'.join(found.missing)}，按最严的一类比较"
            out.append(Protected(rules.targets.rows[type_][0].text("target"), type_, (*unsure, lacking)))
    return out


@dataclass(frozen=True, slots=True)
class Compared:
    """What the contours of one plant come to."""

    outcome: Outcome
    contour: int  # place in the nest of the one that decides
    body: Mapping[str, Any]  # for the answer
    clause: Clause | None  # None: that of the rule
    doubts: tuple[str, ...]


def nests(found: Sequence[Stored]) -> list[list[Stored]]:
    """By plant; one that has no level stands for itself."""
    return [*contours.nested(found), *([one] for one in found if one.level is None)]


def signed(place: BaseGeometry, contour: BaseGeometry) -> float:
    """Metres from a place to a contour in a plane; less than nothing within it: how deep."""
    distance = float(shapely.distance(place, contour))
    return distance or -float(shapely.distance(place, shapely.boundary(contour)))


def compare(
    nest: Sequence[Stored],
    surely: Sequence[bool],
    perhaps: Sequence[bool],
    target: Protected | None,
    consequence: str,
    rules: Rules,
) -> Compared | None:
    """By which contours the place surely and which it perhaps lies in, its position being as unsure as it is.

    None: outside of what cannot be compared.
    """
    if target is None or nest[0].level is None:
        return _uncomparable(nest, perhaps, target, consequence) if any(perhaps) else None
    criterion = rules.criteria[target.target]
    status = nest[0].status
    plant = gb36894.Plant(status) if status in PLANT_WORDS else gb36894.Plant.NEW  # nobody said: the stricter
    limit = criterion.number(plant)
    said = [_verdict(nest, inside, target.target, plant, rules) for inside in (surely, perhaps)]
    at_least, at_most = said
    order = sorted(range(len(nest)), key=lambda i: nest[i].level or 0)
    within = [i for i in order if perhaps[i]]
    decides = within[-1] if within else order[0]
    doubts = list(target.doubts)
    if status not in PLANT_WORDS:
        doubts.append(NO_STATUS)
    crossed = [words for words in said if words not in _VERDICTS]
    if crossed:
        outcome, doubts = Outcome(Verdict.CHECK, Why.UNKNOWN), [*doubts, *crossed[:1]]
    elif at_least == at_most == gb36894.ACCEPTABLE:
        outcome = Outcome(None, Why.WITHIN) if within else CLEAR
        doubts = list(target.doubts) if within else []
    elif at_least != at_most:
        outcome = Outcome(Verdict.CHECK, Why.UNCERTAIN)
    elif at_least == gb36894.ON_SITE:
        outcome = Outcome(Verdict.CHECK, Why.NO_NUMBER)
    else:
        outcome = softened(consequence, criterion.clause.tag, doubtful=bool(doubts), why=Why.WITHIN)
    if consequence == NONE and outcome.verdict is not None:
        outcome = Outcome(None, outcome.why)
    level = nest[decides].level
    body = {
        "target": target.target,
        "kind": target.kind,
        "limit": gb36894.power(limit),
        "contour": None if level is None else gb36894.power(Fraction(level)),
        "plant": PLANT_WORDS.get(status or "", ""),
        "said": at_least if at_least == at_most else "",
        "inside": bool(within),
    }
    return Compared(outcome, decides, body, criterion.clause, tuple(dict.fromkeys(doubts)))


def _uncomparable(
    nest: Sequence[Stored], perhaps: Sequence[bool], target: Protected | None, consequence: str
) -> Compared:
    decides = max((i for i, inside in enumerate(perhaps) if inside), key=lambda i: nest[i].level or 0)
    level = nest[decides].level
    body = {
        "target": target.target if target else "",
        "kind": target.kind if target else "",
        "limit": "",
        "contour": None if level is None else gb36894.power(Fraction(level)),
        "plant": PLANT_WORDS.get(nest[decides].status or "", ""),
        "said": "",
        "inside": True,
    }
    outcome = Outcome(None if consequence == NONE else Verdict.CHECK, Why.UNKNOWN)
    return Compared(outcome, decides, body, None, (NO_LEVEL if level is None else NO_KIND,))


_VERDICTS = {gb36894.ACCEPTABLE, gb36894.NOT_ACCEPTABLE, gb36894.ON_SITE}


def _verdict(nest: Sequence[Stored], inside: Sequence[bool], target: str, plant: gb36894.Plant, rules: Rules) -> str:
    """As the grade page compares an object of the register; a fault of the contours in words."""
    levels = sorted({one.level for one in nest if one.level is not None}, reverse=True)
    drawn = [
        gb36894.Contour(level, any(i for one, i in zip(nest, inside, strict=True) if one.level == level))
        for level in levels
    ]
    try:
        return gb36894.individual_risk(target, plant, drawn, rules.criteria).verdict
    except Refused as refused:
        return str(refused)
