"""Scores of several schemes side by side: which colour each has by a rule set. They are kept as they were given, and no
grade follows from them."""

from collections import Counter
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from riskmap.catalogue.rulesets import RuleSet
from riskmap.grading import queries
from riskmap.standards.bands import Bands
from riskmap.standards.result import exact

FIELD = "scores"


def recoloured(connection: Connection, present: RuleSet, proposed: RuleSet, day: date) -> list[dict[str, Any]]:
    """How many scores of each scheme would have another colour, from what to what; None: no bands."""
    before, after = present.score_bands(), proposed.score_bands()
    counted: Counter[tuple[str, str | None, str | None]] = Counter()
    for scheme, score, n in queries.scores(connection, FIELD, day):
        old, new = colour(before.get(scheme), Decimal(score)), colour(after.get(scheme), Decimal(score))
        if old != new:
            counted[scheme, old, new] += n
    order = sorted(counted.items(), key=lambda c: tuple(map(str, c[0])))
    return [{"scheme": scheme, "before": old, "after": new, "n": n} for (scheme, old, new), n in order]


def colour(bands: Bands | None, score: Decimal) -> str | None:
    """The colour that a score earns; None where its scheme has no bands."""
    return None if bands is None else bands.at(exact(score)).row.text("level")
