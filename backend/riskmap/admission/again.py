"""A case asked again: from the state, the day and the rule set that it was decided on, or by other rules."""

import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import shapely

from riskmap.access.reader import SYSTEM
from riskmap.admission import queries, service, trade
from riskmap.admission.enquiry import Answer
from riskmap.admission.place import Placed
from riskmap.admission.rules import Rules, rules_of
from riskmap.admission.wire import Check
from riskmap.base import database
from riskmap.base.errors import Conflict
from riskmap.store.snapshot import Snapshot


def answer_again(
    snapshot: Snapshot, house: service.House, case: Mapping[str, Any], rules: Rules | None = None
) -> Answer:
    """A case asked again on its own state and day, by its own rules or by others."""
    then = snapshot.as_of_day(case["state"], case["day"])
    if rules is None:
        ruleset = then.catalogue.ruleset_at(case["day"])
        if ruleset.code != case["ruleset"]:
            raise Conflict(f"规则集 {case['ruleset']} 已不在该状态的目录中，不能重算。", code="ruleset_gone")
        rules = rules_of(ruleset)
    given = Check.model_validate(case["request"])
    said = given.trade
    industry = trade.trade_code(said.industry_code) if said.industry_code else None
    chosen = [code for code in said.tags if code in rules.tags]  # other rules may not know them all
    found = trade.find(rules, said.scope, industry, chosen, said.without)
    answer = case["answer"]
    with database.under(snapshot.connection, SYSTEM.settings()):
        exact = shapely.from_wkb(queries.shape(snapshot.connection, case["case_id"]))
    placed = Placed(
        exact,
        float(case["uncertainty_m"]),
        answer.get("division", case["division"]),
        answer["how"],
        answer["enterprise"],
        answer["original"],
    )
    applicant = service.applicant_of(given, found, industry, placed)
    return service.answer_of(then, replace(house, demo=case["demo"]), rules, applicant)


def rerun(snapshot: Snapshot, house: service.House, number: str) -> dict[str, Any]:
    """The case asked again as it was: its state, its day, its rule set; and whether the answer is the same."""
    case = service.find(snapshot, number)
    if case["answer"] is None:
        raise Conflict("地点还没有落实，尚未核验，没有可以重算的答案。", code="unplaced")
    answer = case["answer"]
    new = answer_again(snapshot, house, case).body()
    return service.body(snapshot, case | {"answer": {**answer, **new}, "verdict": new["verdict"]}) | {
        "same": same(new, {name: answer[name] for name in new})
    }


def same(one: Any, other: Any) -> bool:
    """Whether two answers say the same; numbers by their value, to a tenth of a millimetre."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return math.isclose(float(one), float(other), rel_tol=1e-9, abs_tol=1e-4)
    if isinstance(one, date) or isinstance(other, date):
        return str(one) == str(other)
    return bool(one == other)
