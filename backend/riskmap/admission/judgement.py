"""From a distance and what is needed to an outcome; from all outcomes to the verdict. Pure, exact, advisory."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from riskmap.standards.result import Tag


class Verdict(StrEnum):
    """What is advised, the worst first. The officer who signs decides."""

    REFUSE = "refuse_advised"
    LICENCE = "pre_licence"
    RECTIFY = "rectify_first"
    CHECK = "on_site_check"
    COMMIT = "commit_and_admit"
    ADMIT = "admit"


WORDS = {
    Verdict.REFUSE: "不予准入建议",
    Verdict.LICENCE: "转前置许可",
    Verdict.RECTIFY: "整改后准入",
    Verdict.CHECK: "现场核查",
    Verdict.COMMIT: "告知承诺后准入",
    Verdict.ADMIT: "准入",
}
NONE = "none"  # consequence of a rule that only counts or reminds
CONSEQUENCES = (Verdict.REFUSE, Verdict.LICENCE, Verdict.RECTIFY, Verdict.CHECK)


class Why(StrEnum):
    """Why an outcome is what it is."""

    SHORT = "short"  # nearer than needed
    WITHIN = "within"  # inside, or nearer than the zone reaches
    UNCERTAIN = "uncertain"  # the position's uncertainty reaches the limit
    EDGE = "edge"  # the edge to measure from is not stored: a centre line stands for it
    NO_NUMBER = "no_number"  # the rule has no number for this case
    ASSUMED = "assumed"  # a fact that decides was assumed
    RECALL = "recall"  # the number has not been checked against the text
    LISTED = "listed"  # on the negative list
    TRADE = "trade"  # by the trade alone
    UNKNOWN = "unknown"  # a fact of the applicant that decides is missing
    CLEAR = "clear"  # far enough


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one rule comes to at one object: a verdict, or None where it stands in nobody's way."""

    verdict: Verdict | None
    why: Why

    @property
    def is_hit(self) -> bool:
        """Whether the rule is met, with or without consequence."""
        return self.why is not Why.CLEAR


CLEAR = Outcome(None, Why.CLEAR)


def softened(consequence: str, tag: Tag, *, doubtful: bool = False, why: Why = Why.SHORT) -> Outcome:
    """A rule that is met. What was not checked, or rests on something assumed, never goes beyond a look on site."""
    if consequence == NONE:
        return Outcome(None, why)
    verdict = Verdict(consequence)
    if verdict is not Verdict.CHECK:
        if tag is Tag.RECALL:
            return Outcome(Verdict.CHECK, Why.RECALL)
        if doubtful:
            return Outcome(Verdict.CHECK, Why.ASSUMED)
    return Outcome(verdict, why)


def at_distance(
    distance_m: float,
    limit_m: float | None,
    uncertainty_m: float,
    consequence: str,
    tag: Tag,
    *,
    doubtful: bool = False,
    slack_m: float = 0.0,
) -> Outcome:
    """One distance against what is needed.

    A hit only where d < limit − uncertainty; where |d − limit| is within the uncertainty it is looked at on site.
    `slack_m`: how much nearer the edge may be than the line that was measured to (a road by its centre line).
    """
    if limit_m is None:
        return Outcome(None if consequence == NONE else Verdict.CHECK, Why.NO_NUMBER)
    if slack_m:
        if distance_m >= limit_m + slack_m + uncertainty_m:
            return CLEAR
        return Outcome(None if consequence == NONE else Verdict.CHECK, Why.EDGE)
    if distance_m < limit_m - uncertainty_m:
        return softened(consequence, tag, doubtful=doubtful)
    if distance_m < limit_m or (uncertainty_m and distance_m - limit_m <= uncertainty_m):
        return Outcome(None if consequence == NONE else Verdict.CHECK, Why.UNCERTAIN)
    return CLEAR


def in_zone(distance_m: float, depth_m: float, uncertainty_m: float, consequence: str, tag: Tag) -> Outcome:
    """A place in a zone, so deep in it that it is there wherever in its uncertainty; or perhaps in it; or outside."""
    if distance_m == 0 and depth_m >= uncertainty_m:
        return softened(consequence, tag, why=Why.WITHIN)
    if distance_m <= uncertainty_m:
        return Outcome(None if consequence == NONE else Verdict.CHECK, Why.UNCERTAIN)
    return CLEAR


def worst(verdicts: Iterable[Verdict | None]) -> Verdict | None:
    """The one that decides."""
    order = list(Verdict)
    return min((v for v in verdicts if v is not None), key=order.index, default=None)


def verdict(outcomes: Iterable[Outcome], *, commits: bool) -> Verdict:
    """Of all rules: the worst hit; without any, a trade with a risk commits itself first."""
    return worst(o.verdict for o in outcomes) or (Verdict.COMMIT if commits else Verdict.ADMIT)
