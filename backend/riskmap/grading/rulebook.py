"""The standards' tables of one rule set, read once and ready for the rules."""

from collections.abc import Mapping
from dataclasses import dataclass

from riskmap.catalogue.rulesets import PRODUCT, RuleSet
from riskmap.standards import gb18218, gb36894, gb39496, gb50074, gbt37243, lec, ls, scoring, sl252
from riskmap.standards.bands import Bands
from riskmap.standards.table import Row


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What every rule of a rule set asks."""

    ruleset: RuleSet
    gb18218: gb18218.Tables
    lec: lec.Method
    ls: Bands
    tailings: gb39496.Classes
    depots: gb50074.Tables
    enterprises: scoring.Scheme
    parks: scoring.Scheme
    reservoirs: Bands
    alarms: gb39496.Alarms
    methods: gbt37243.Tables
    criteria: Mapping[str, Row]
    targets: gb36894.Targets

    @classmethod
    def of(cls, ruleset: RuleSet) -> "Rulebook":
        """From a rule set; `standards.result.Refused` where one of its tables is unfit, with all that is wrong."""
        book = ruleset.book()
        return cls(
            ruleset,
            gb18218.Tables.of(book),
            lec.Method.of(book["lec-values"], book["lec-bands"]),
            ls.band_set(book["ls-bands"]),
            gb39496.Classes.of(book),
            gb50074.Tables.of(book),
            scoring.Scheme.of(
                "enterprise-score", book["enterprise-bands"], book["enterprise-items"], book["enterprise-direct"]
            ),
            scoring.Scheme.of("park-class", book["park-bands"]),
            sl252.sizes(book),
            gb39496.Alarms.of(book),
            gbt37243.Tables.of(book),
            gb36894.criteria(book),
            gb36894.Targets.of(book),
        )


_KEPT: dict[str, Rulebook] = {}
_MOST_KEPT = 8


def rulebook_of(ruleset: RuleSet = PRODUCT) -> Rulebook:
    """The rulebook of a set; those of the last few are kept."""
    key = repr(ruleset)  # all of it: a set may be written anew under its code
    found = _KEPT.get(key)
    if found is None:
        found = Rulebook.of(ruleset)
        while len(_KEPT) >= _MOST_KEPT:
            _KEPT.pop(next(iter(_KEPT)), None)
        _KEPT[key] = found
    return found
