"""One place asked against every rule, both ways, over all live objects.

The applicant as a hazard near people, the applicant as people near a hazard; zones; the negative list; what the law
wants first. Everything that was asked is told, with the data that it rests on: nothing found is never no risk.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import ceil
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from riskmap.admission import queries, risk
from riskmap.admission.judgement import (
    NONE,
    Outcome,
    Verdict,
    Why,
    at_distance,
    in_zone,
    softened,
    verdict,
)
from riskmap.admission.rules import (
    ALPHA,
    BY,
    CRITERIA,
    SIZES,
    UNKNOWN_HALF_M,
    DistanceRule,
    NegativeItem,
    Rules,
    Scope,
    Tag,
    ZoneRule,
)
from riskmap.admission.trade import Found
from riskmap.base import plane
from riskmap.engine.interface import Engine, Reached
from riskmap.grading import contours
from riskmap.grading.exposure import REACH_M as ALPHA_M
from riskmap.grading.raised import Raised, raised
from riskmap.grading.rules import holding
from riskmap.standards import gb18218, gb50156, gbt37243
from riskmap.standards.need import Facts
from riskmap.standards.result import Checks, Clause, say
from riskmap.standards.result import Tag as Confidence
from riskmap.standards.table import table
from riskmap.store.snapshot import Snapshot

# Policy: how far a registered position may be off, by its quality, in metres.
POSITION_M = {"surveyed": 0.0, "clicked": 0.0, "geocoded": 50.0, "guessed": 200.0}
WORST_POSITION_M = max(POSITION_M.values())
_VIEW_M = 100.0  # beyond a limit: how far the nearest that passes is still shown
OUT, IN, PLACE, TRADE = "applicant_to_target", "source_to_applicant", "place", "trade"
_PRE = Clause("国市监注发〔2021〕17号", "前置审批事项", Confidence.VERIFIED)


@dataclass(frozen=True, slots=True)
class Applicant:
    """Who asks: what, where and how large. The shape is lon/lat, CGCS2000."""

    name: str
    trade: tuple[Found, ...]
    industry: str | None  # digits of GB/T 4754
    shape: BaseGeometry
    uncertainty_m: float
    division: str
    size: Facts  # persons, residents, households, beds, area_m2, investment_wan, storage, vapour_recovery
    enterprise: int | None = None

    @property
    def tags(self) -> frozenset[str]:
        """Codes of its tags."""
        return frozenset(found.tag.code for found in self.trade)

    def as_hazard(self) -> Facts:
        """Its facts under the names that tables of distances read."""
        return dict(self.size) | {"asks_lpg": bool(self.tags & {"lpg-station", "bottled-gas"})}


@dataclass(slots=True)
class Answer:
    """What was found, and what was asked."""

    verdict: Verdict
    hits: list[dict[str, Any]]
    near: list[dict[str, Any]]  # the nearest that passes, of each rule
    asked: list[dict[str, Any]]
    commits: bool

    def body(self) -> dict[str, Any]:
        """As a case keeps it."""
        return {
            "verdict": str(self.verdict),
            "hits": self.hits,
            "near": self.near,
            "asked": self.asked,
            "commits": self.commits,
        }


@dataclass(frozen=True, slots=True)
class Way:
    """A rule in one direction: whose objects are looked for."""

    rule: DistanceRule
    direction: str
    looked_for: tuple[Tag, ...]
    as_: tuple[str, ...]  # the applicant's tags that make it apply


class DataDates:
    """What the answers of a state rest on, class by class: counted once for a state, whoever asks."""

    def __init__(self, states: int = 4) -> None:
        self._kept: dict[tuple[int, date, bool], dict[str, tuple[int, date | None]]] = {}
        self._states = states

    def of(self, snapshot: Snapshot, classes: Iterable[str]) -> Mapping[str, tuple[int, date | None]]:
        """Live objects of each of these classes and the day of the last change among them; SYSTEM's snapshot."""
        moment = snapshot.moment
        key = (moment.n, moment.day, moment.is_present)
        known = self._kept.setdefault(key, {})
        wanted = set(classes)
        if missing := wanted - known.keys():
            known.update(dict.fromkeys(missing, (0, None)) | queries.data_of(snapshot, missing))
        while len(self._kept) > self._states:
            self._kept.pop(next(iter(self._kept)), None)  # another thread may be making room too
        return known


@dataclass(slots=True)
class Enquiry:
    """One question, from the applicant to the answer."""

    snapshot: Snapshot  # SYSTEM's
    engine: Engine
    rules: Rules
    applicant: Applicant
    demo: bool
    hits: list[dict[str, Any]] = field(default_factory=list)
    near: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)

    def answer(self, dates: DataDates) -> Answer:
        """All rules asked."""
        ways, zones, lines = self.ways(), self.zones(), self.lines()
        found = self.engine.reaching(self.snapshot, self.applicant.shape, self._reaches(ways, zones, lines))
        by_class: dict[str, list[Reached]] = {}
        for one in found:
            if not self._own(one):
                by_class.setdefault(one.class_, []).append(one)
        classes = {c for way in ways for tag in way.looked_for for c in tag.classes}
        classes |= {c for zone in zones for tag in self.tags_of(zone.zone) for c in tag.classes}
        classes |= {c for item in lines if item.place for tag in self.tags_of(item.place[1]) for c in tag.classes}
        data = dates.of(self.snapshot, classes)
        for way in ways:
            self._ask_distance(way, by_class, data)
        for zone in zones:
            self._ask_zone(zone, by_class, data)
        for item in lines:
            self._ask_item(item, by_class, data)
        self.ask_trade()
        order = list(Verdict)
        self.hits.sort(
            key=lambda h: (
                order.index(Verdict(h["consequence"])) if h["consequence"] != NONE else len(order),
                h["measured_m"] if h["measured_m"] is not None else -1.0,
                h["rule"],
            )
        )
        commits = any(found.tag.commits for found in self.applicant.trade)
        return Answer(verdict(self.outcomes, commits=commits), self.hits, self.near, self.asked, commits)

    # -- What applies ---------------------------------------------------------------------

    def tags_of(self, text_: str) -> tuple[Tag, ...]:
        return tuple(self.rules.tags[code] for code in self.rules.leaves(text_))

    def _in_force(self, scope: Scope) -> bool:
        return scope.applies(self.snapshot.moment.day, self.applicant.division, self.demo)

    def ways(self) -> list[Way]:
        out = []
        mine = self.applicant.tags
        for rule in self.rules.distances:
            if not self._in_force(rule.scope):
                continue
            subjects, targets = self.rules.leaves(rule.subject), self.rules.leaves(rule.target)
            if as_ := tuple(code for code in subjects if code in mine):
                out.append(Way(rule, OUT, self.tags_of(rule.target), as_))
            if rule.both and (as_ := tuple(code for code in targets if code in mine)):
                out.append(Way(rule, IN, self.tags_of(rule.subject), as_))
        return [way for way in out if any(tag.classes for tag in way.looked_for)]

    def zones(self) -> list[ZoneRule]:
        mine = self.applicant.tags
        return [
            z for z in self.rules.zones
            if self._in_force(z.scope) and (z.who == "*" or any(code in mine for code in self.rules.leaves(z.who)))
        ]  # fmt: skip

    def lines(self) -> list[NegativeItem]:
        """Items of the negative list that the trade falls under."""
        mine, industry = self.applicant.tags, self.applicant.industry or ""
        return [
            n for n in self.rules.negative
            if self._in_force(n.scope)
            and ((n.industry and industry.startswith(n.industry))
                 or (n.who and any(code in mine for code in self.rules.leaves(n.who))))
        ]  # fmt: skip

    def _reaches(
        self, ways: Iterable[Way], zones: Iterable[ZoneRule], lines: Iterable[NegativeItem]
    ) -> dict[str, float]:
        """How far each class has to be looked for."""
        unsure = self.applicant.uncertainty_m + WORST_POSITION_M
        reaches: dict[str, float] = {}

        def reach(tags: Iterable[Tag], metres: float) -> None:
            for tag in tags:
                for class_ in tag.classes:
                    if not tag.shape:
                        reaches[class_] = max(reaches.get(class_, 0.0), metres + unsure)

        for way in ways:
            if way.rule.by != ALPHA:
                slack = 2 * UNKNOWN_HALF_M.get(way.rule.edge, 0.0)
                reach(way.looked_for, self.limit(way.rule) + slack + _VIEW_M)
        for zone in zones:
            if zone.by != CRITERIA:
                reach(self.tags_of(zone.zone), zone.within_m)
        for item in lines:
            if item.place:
                reach(self.tags_of(item.place[1]), 0.0)
        return reaches

    def limit(self, rule: DistanceRule) -> float:
        """The fixed metres of a rule, or how far to look where a table says."""
        metres = rule.reach_m if rule.metres is None else float(rule.metres)
        if rule.beyond:
            metres += self.limit(self.rules.distance(rule.beyond))
        return metres

    def unsure_of(self, position_quality: str) -> float:
        """How far a distance to an object may be off: by both positions."""
        return self.applicant.uncertainty_m + POSITION_M.get(position_quality, WORST_POSITION_M)

    def _own(self, one: Reached) -> bool:
        """Whether an object is the applicant's own enterprise or belongs to it."""
        own = self.applicant.enterprise
        return own is not None and own in (one.id, one.enterprise)

    # -- Distances ------------------------------------------------------------------------

    def _ask_distance(
        self, way: Way, by_class: Mapping[str, Sequence[Reached]], data: Mapping[str, tuple[int, date | None]]
    ) -> None:
        rule = way.rule
        if rule.by == ALPHA:
            self._ask_alpha(way, data)
            return
        nearest: dict[str, Any] | None = None
        seen: set[int] = set()
        for tag in way.looked_for:
            for class_ in tag.classes:
                for one in by_class.get(class_, ()):
                    if one.id in seen or not tag.holds(one.class_, one.name, one.attributes):
                        continue
                    seen.add(one.id)
                    row = self._measure(way, tag, one)
                    if row is None:
                        continue
                    outcome: Outcome = row.pop("outcome")
                    if outcome.is_hit:
                        self.hits.append(row)
                        self.outcomes.append(outcome)
                    elif nearest is None or row["measured_m"] - (row["required_m"] or 0) < nearest["measured_m"] - (
                        nearest["required_m"] or 0
                    ):
                        nearest = row
        if nearest is not None:
            self.near.append(nearest)
        self._note(rule.scope, way.direction, {c for tag in way.looked_for for c in tag.classes}, data)

    def _measure(self, way: Way, tag: Tag, one: Reached) -> dict[str, Any] | None:
        rule = way.rule
        said, doubts, clause = "", [], rule.scope.clause
        limit: float | None = None if rule.metres is None else self.limit(rule)
        if rule.by:
            mine = self.applicant.as_hazard() if way.direction == OUT else self.applicant.size
            theirs = facts_of(one)
            hazard, target = (mine, theirs) if way.direction == OUT else (theirs, mine)
            kind = tag.code if way.direction == OUT else way.as_[0]
            need = BY[rule.by](hazard, kind, target, self.rules.book)
            if need is None:
                return None
            limit = None if need.metres is None else float(need.metres)
            said, doubts, clause = need.said, list(need.doubts), need.clause
        half, slack, edge = edge_of(rule, one)
        distance = max(one.distance_m - half, 0.0)
        unsure = self.unsure_of(one.position_quality)
        if limit is None and distance > rule.reach_m + unsure:
            return None  # no number: within reach it has to be looked at
        # A table's own tag says whether its number was checked; a rule that is laxer keeps its consequence.
        outcome = at_distance(
            distance, limit, unsure, rule.scope.consequence, clause.tag, doubtful=bool(doubts), slack_m=slack
        )
        return {
            **_basis(rule.scope, clause),
            "title": rule.scope.title,
            "effect": rule.effect,
            "direction": way.direction,
            "consequence": str(outcome.verdict or NONE),
            "why": str(outcome.why),
            "object": _object(one),
            "measured_m": round(distance, 3),
            "required_m": limit,
            "uncertainty_m": unsure,
            "edge": edge,
            "said": said,
            "doubts": doubts,
            "line": one.line,
            "would_pass": None if limit is None or not outcome.is_hit else _tenth_up(limit + slack + unsure - distance),
            "outcome": outcome,
        }

    def _ask_alpha(self, way: Way, data: Mapping[str, tuple[int, date | None]]) -> None:
        """Residents more: which plants nearby would be graded otherwise."""
        rule = way.rule
        residents, unsure = self.applicant.size.get("residents"), self.applicant.uncertainty_m
        near = raised(self.snapshot, self.applicant.shape, 1 if residents is None else int(residents), unsure)
        if residents is not None:
            for unit in near:
                outcome = at_alpha(rule.scope, unit.distance_m, unsure, changes=unit.changes)
                self.hits.append(self._raised(way, unit, outcome))
                self.outcomes.append(outcome)
        elif near:
            outcome = softened(rule.scope.consequence, rule.scope.clause.tag, why=Why.UNKNOWN)
            self.outcomes.append(outcome)
            self.hits.append(
                self._plain(rule.scope, way.direction, outcome)
                | {"effect": "周边 500 m 内有重大危险源，未填居住人数，不能算出其级别是否提高"}
            )
        self._note(rule.scope, way.direction, {c for tag in way.looked_for for c in tag.classes}, data)

    def _raised(self, way: Way, unit: Raised, outcome: Outcome) -> dict[str, Any]:
        row = self._plain(way.rule.scope, way.direction, outcome)
        one = unit.row
        return row | {
            "effect": way.rule.effect,
            "object": {k: one[k] for k in ("id", "class", "name", "division", "department", "visibility")},
            "measured_m": round(unit.distance_m, 3),
            "required_m": way.rule.reach_m,
            "line": unit.line,
            "raised": {"before": unit.before, "after": unit.after, "changes": unit.changes},
        }

    def _plain(self, scope: Scope, direction: str, outcome: Outcome) -> dict[str, Any]:
        """A hit that measures nothing."""
        return {
            **_basis(scope, scope.clause),
            "title": scope.title,
            "effect": "",
            "direction": direction,
            "consequence": str(outcome.verdict or NONE),
            "why": str(outcome.why),
            "object": None,
            "measured_m": None,
            "required_m": None,
            "uncertainty_m": self.applicant.uncertainty_m,
            "edge": None,
            "said": "",
            "doubts": [],
            "line": None,
            "would_pass": None,
        }

    # -- Zones and the list -----------------------------------------------------------------

    def _of(self, text_: str, by_class: Mapping[str, Sequence[Reached]]) -> list[Reached]:
        """Objects near by that are one of these tags; a path that a field holds is measured by itself."""
        out: dict[int, Reached] = {}
        for tag in self.tags_of(text_):
            found: Iterable[Reached]
            if tag.shape:
                reaches = dict.fromkeys(tag.classes, 1000.0 + self.applicant.uncertainty_m)
                found = self.engine.reaching(self.snapshot, self.applicant.shape, reaches, attribute=tag.shape)
            else:
                found = (one for class_ in tag.classes for one in by_class.get(class_, ()))
            for one in found:
                if tag.holds(one.class_, one.name, one.attributes):
                    out.setdefault(one.id, one)
        return sorted(out.values(), key=lambda one: (one.distance_m, one.id))

    def _ask_zone(
        self, zone: ZoneRule, by_class: Mapping[str, Sequence[Reached]], data: Mapping[str, tuple[int, date | None]]
    ) -> None:
        scope = zone.scope
        if zone.by == CRITERIA:
            self._ask_risk(zone, data)
            return
        for one in self._of(zone.zone, by_class):
            unsure = self.unsure_of(one.position_quality)
            if zone.within_m:
                outcome = at_distance(one.distance_m, zone.within_m, unsure, scope.consequence, scope.clause.tag)
            else:
                outcome = in_zone(one.distance_m, one.depth_m, unsure, scope.consequence, scope.clause.tag)
            if not outcome.is_hit:
                continue
            self.outcomes.append(outcome)
            self.hits.append(
                self._plain(scope, PLACE, outcome)
                | {
                    "effect": zone.advice,
                    "object": _object(one),
                    "measured_m": round(one.distance_m, 3),
                    "required_m": zone.within_m or None,
                    "uncertainty_m": unsure,
                    "line": one.line if one.distance_m else None,
                    "would_pass": round(zone.within_m + unsure - one.distance_m, 1) if zone.within_m else None,
                }
            )
        self._note(scope, PLACE, {c for tag in self.tags_of(zone.zone) for c in tag.classes}, data)

    def _ask_item(
        self, item: NegativeItem, by_class: Mapping[str, Sequence[Reached]], data: Mapping[str, tuple[int, date | None]]
    ) -> None:
        scope = item.scope
        classes: set[str] = set()
        doubts: list[str] = []
        holds: bool | None = True  # None: not to be said
        if item.place:
            relation, tag = item.place
            classes = {c for t in self.tags_of(tag) for c in t.classes}
            zones = self._of(tag, by_class)
            surely = any(z.distance_m == 0 and z.depth_m >= self.unsure_of(z.position_quality) for z in zones)
            perhaps = any(z.distance_m <= self.unsure_of(z.position_quality) for z in zones)
            known = any(data.get(c, (0, None))[0] for c in classes)
            holds = placed(relation, known=known, surely=surely, perhaps=perhaps)
            if not known:
                doubts.append(f"没有登记{self.rules.tags[tag].title}，不能判断在内在外")
            elif holds is None:
                doubts.append(f"在{self.rules.tags[tag].title}边界的误差之内")
        met, untold = scaled(item, self.applicant.size)
        doubts += [f"没有填写规模（{SIZES[name]}）" for name in untold]
        if met and holds is not False:
            outcome = softened(scope.consequence, scope.clause.tag, why=Why.LISTED)
            if doubts:
                outcome = Outcome(None if scope.consequence == NONE else Verdict.CHECK, Why.UNKNOWN)
            self.outcomes.append(outcome)
            self.hits.append(self._plain(scope, PLACE, outcome) | {"doubts": doubts, "effect": "许可准入负面清单"})
        self._note(scope, PLACE, classes, data)

    # -- Individual risk ------------------------------------------------------------------------

    def _ask_risk(self, zone: ZoneRule, data: Mapping[str, tuple[int, date | None]]) -> None:
        """The contours of each plant round the place against the criterion of what the applicant is."""
        applicant, scope = self.applicant, zone.scope
        reach = contours.REACH_M + applicant.uncertainty_m + WORST_POSITION_M
        found = [
            one for one in contours.stored(self.snapshot, applicant.shape.bounds, reach)
            if applicant.enterprise is None or applicant.enterprise not in (one.row["id"], one.row["enterprise"])
        ]  # fmt: skip
        middle = plane.middle_of(applicant.shape)
        here = plane.flat(applicant.shape, middle)
        target = risk.protected(applicant.trade, applicant.size, self.rules)
        for nest in risk.nests(found):
            flat = [plane.flat(one.shape, middle) for one in nest]
            metres = [risk.signed(here, shape) for shape in flat]
            unsure = [self.unsure_of(one.row["position_quality"]) for one in nest]
            surely = [m <= -u for m, u in zip(metres, unsure, strict=True)]
            perhaps = [m <= u for m, u in zip(metres, unsure, strict=True)]
            if all(m > contours.REACH_M + u for m, u in zip(metres, unsure, strict=True)):
                continue
            compared = risk.compare(nest, surely, perhaps, target, scope.consequence, self.rules)
            if compared is None or not compared.outcome.is_hit:
                continue
            one, away = nest[compared.contour], max(metres[compared.contour], 0.0)
            ends = shapely.get_coordinates(shapely.shortest_line(applicant.shape, one.shape)).tolist()
            self.outcomes.append(compared.outcome)
            self.hits.append(
                self._plain(scope, PLACE, compared.outcome)
                | _basis(scope, compared.clause or scope.clause)
                | {
                    "effect": zone.advice,
                    "object": {k: one.row[k] for k in ("id", "class", "name", "division", "department", "visibility")},
                    "measured_m": round(away, 3),
                    "uncertainty_m": unsure[compared.contour],
                    "doubts": list(compared.doubts),
                    "line": (tuple(ends[0]), tuple(ends[-1])) if away else None,
                    "risk": compared.body,
                }
            )
        self._note(scope, PLACE, {c for tag in self.tags_of(zone.zone) for c in tag.classes}, data)

    # -- By the trade alone -------------------------------------------------------------------

    def ask_trade(self) -> None:
        for found in self.applicant.trade:
            if found.tag.licence:
                outcome = Outcome(Verdict.LICENCE, Why.TRADE)
                title = f"{found.tag.title}：须先办{found.tag.licence}"
                scope = Scope(f"LICENCE-{found.tag.code}", title, _PRE, Verdict.LICENCE, None, None, "", "")
                self.outcomes.append(outcome)
                self.hits.append(self._plain(scope, TRADE, outcome))
        self._ask_station()
        self._ask_storage()

    def _ask_station(self) -> None:
        """A filling station that is larger than the standard knows, whoever is near it."""
        if "filling-station" not in self.applicant.tags:
            return
        volume = gb50156.beyond_the_grades(list(self.applicant.size.get("storage") or ()), self.rules.book)
        if volume is None:
            return
        row = next(iter(table(self.rules.book, "gb50156-2012-grade", gb50156.EDITION).rows))
        scope = Scope("GB50156-GRADE", "加油站等级划分", row.clause, NONE, None, None, "", "")
        outcome = softened(str(Verdict.CHECK), row.clause.tag, why=Why.NO_NUMBER)
        self.outcomes.append(outcome)
        self.hits.append(
            self._plain(scope, TRADE, outcome) | {"effect": f"总容积 {say(volume)} m³ 超出一级站，表中没有这样大的站"}
        )

    def _ask_storage(self) -> None:
        """GB 18218 by what is to be stored, and the method of GB/T 37243 for its distance."""
        tables = gb18218.Tables.of(self.rules.book)
        rows = [row for row in self.applicant.size.get("storage") or () if is_told(row)]
        if not rows:
            return
        holdings = [as_holding(row) for row in rows]
        steps = gb18218.sum_steps(gb18218.shares(holdings, tables, Checks()))
        total = next(step for step in steps if step.symbol == "S")
        assert isinstance(total.value, Fraction)
        is_one = total.value >= 1  # 4.2.1: at least
        scope = Scope("GB18218-S", "重大危险源辨识", gb18218.IDENTIFIED, NONE, None, None, "", "")
        outcome = softened(str(Verdict.CHECK) if is_one else NONE, Confidence.VERIFIED, why=Why.TRADE)
        self.outcomes.append(outcome)
        self.hits.append(
            self._plain(scope, TRADE, outcome)
            | {"effect": f"{'构成' if is_one else '不构成'}重大危险源", "said": total.line}
        )
        methods = gbt37243.Tables.of(self.rules.book)
        kinds = [(one, _kind(one, methods)) for one in holdings]
        gases = [one for one, kind in kinds if kind not in {None, gbt37243.EXPLOSIVE}]
        explosives = any(kind == gbt37243.EXPLOSIVE for _, kind in kinds)
        site = methods.site({"industry_code": self.applicant.industry or ""})
        method = gbt37243.choose(methods, explosives=explosives, gases=gases, site=site.text("site") if site else "")
        clause = next((step.clause for step in method.steps if step.symbol == "方法"), None)
        if clause is None:
            return
        scope = Scope("GBT37243", "外部安全防护距离的确定方法", clause, NONE, None, None, "", "")
        needs_study = method.level in (gbt37243.QUANTITATIVE, gbt37243.CONSEQUENCE)
        outcome = softened(str(Verdict.CHECK) if needs_study else NONE, clause.tag, why=Why.NO_NUMBER)
        self.outcomes.append(outcome)
        self.hits.append(
            self._plain(scope, TRADE, outcome)
            | {
                "effect": method.verdict + (f"：外部安全防护距离须经评价确定{self._studied()}" if needs_study else ""),
                "said": next((step.line for step in method.steps if step.symbol == "S"), ""),
            }
        )

    def _studied(self) -> str:
        """Whether the contours of such a study are in the register."""
        own = self.applicant.enterprise
        stored = contours.of_enterprise(self.snapshot, own) if own is not None else 0
        return f"，已登记本企业风险等值线 {stored} 条，核对是否包括本次" if stored else "，没有登记其风险等值线"

    # -- What was asked -------------------------------------------------------------------------

    def _note(
        self, scope: Scope, direction: str, classes: set[str], data: Mapping[str, tuple[int, date | None]]
    ) -> None:
        known = [data.get(c, (0, None)) for c in sorted(classes)]
        days = [day for _, day in known if day is not None]
        self.asked.append(
            {
                **_basis(scope, scope.clause),
                "title": scope.title,
                "direction": direction,
                "consequence": scope.consequence,
                "classes": sorted(classes),
                "objects": sum(n for n, _ in known) if classes else None,
                "data_as_of": max(days).isoformat() if days else None,
            }
        )


def _tenth_up(metres: float) -> float:
    """To a tenth of a metre, never less: who moves by so much passes."""
    return ceil(round(metres * 10, 6)) / 10


# -- Small parts ------------------------------------------------------------------------------


def _basis(scope: Scope, clause: Clause) -> dict[str, Any]:
    return {
        "rule": scope.code,
        "basis": f"{clause.edition} {clause.number}".strip(),
        "confidence": str(clause.tag),
    }


def at_alpha(scope: Scope, distance_m: float, unsure_m: float, *, changes: bool) -> Outcome:
    """Residents so far from the boundary of a plant whose level they would change, or not."""
    if distance_m <= ALPHA_M - unsure_m or not changes:
        return softened(scope.consequence if changes else NONE, scope.clause.tag, why=Why.WITHIN)
    return Outcome(None if scope.consequence == NONE else Verdict.CHECK, Why.UNCERTAIN)


def placed(relation: str, *, known: bool, surely: bool, perhaps: bool) -> bool | None:
    """Whether a place is in (or out of) the zones of an item; None where that is not to be said."""
    if not known or (perhaps and not surely):
        return None
    return surely == (relation == "in")


def scaled(item: NegativeItem, size: Facts) -> tuple[bool, list[str]]:
    """Whether a size may meet an item's conditions, and which of them nobody has told."""
    met = {limit.name: limit.holds(size) for limit in item.scale}
    return False not in met.values(), [name for name, holds in met.items() if holds is None]


def _object(one: Reached) -> dict[str, Any]:
    return {
        "id": one.id,
        "class": one.class_,
        "name": one.name,
        "division": one.division,
        "department": one.department,
        "visibility": one.visibility,
    }


def facts_of(one: Reached) -> Facts:
    """An object's facts under the names that tables of distances read."""
    facts = dict(one.attributes)
    if "liquid_volumes" in facts:
        facts["storage"] = facts["liquid_volumes"]
    if one.level and one.level[0] == "depot-grade":
        facts["level"] = one.level[1]
    return facts


def edge_of(rule: DistanceRule, one: Reached) -> tuple[float, float, str | None]:
    """What lies between the line that is stored and the edge to measure from: half a known width; how much it may
    be where it is not known; and what the answer says of it."""
    if rule.edge in {"outline", "centre"}:
        return 0.0, 0.0, None
    width = one.attributes.get("land_width_m") if rule.edge == "land" else None
    if width is not None:
        return float(Fraction(str(width)) / 2), 0.0, "中心线推算（已减半幅用地宽度）"
    return 0.0, UNKNOWN_HALF_M[rule.edge], "中心线推算（边缘未测）"


def is_told(row: Facts) -> bool:
    """Whether a line of storage says enough for q/Q: a substance, and tonnes or a volume with its density."""
    by_volume = row.get("volume_m3") is not None and row.get("density") is not None
    return row.get("table") in (1, 2) and (row.get("quantity_t") is not None or by_volume)


def as_holding(row: Facts) -> gb18218.Holding:
    """A line of storage for GB 18218: the volume of its tanks counts only where a density turns it into tonnes."""
    return holding(row if row.get("density") is not None else {k: v for k, v in row.items() if k != "volume_m3"})


def _kind(one: gb18218.Holding, methods: gbt37243.Tables) -> str | None:
    """What a chemical is for GB/T 37243; of a row of table 1 the applicant need not tell the category."""
    found = methods.kind(one)
    if found is not None:
        return found.text("kind")
    return gbt37243.FLAMMABLE if not one.categories and one.row in _GAS_ROWS else None


# Rows of GB 18218 table 1 that are flammable gases (丁二烯 to 乙烯) and have no β of their own in table 3.
_GAS_ROWS = frozenset(range(47, 56))
