"""The rules of admission as a rule set has them: tags of a trade, distances, zones, the negative list.

All four are tables (geodata/admission, or a bureau's own rows in a rule set), read and checked whole.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import cached_property
from typing import Any, TypeVar

from riskmap.access.reader import territory
from riskmap.admission.judgement import CONSEQUENCES, NONE
from riskmap.catalogue.rulesets import RuleSet
from riskmap.standards import gb36894, gb50016, gb50074, gb50156
from riskmap.standards.need import Facts, Need
from riskmap.standards.result import Clause, Fault, Refused
from riskmap.standards.result import Tag as Confidence
from riskmap.standards.table import Book, Row

DEMO_EDITION = "演示清单"
# Tables that give metres by the facts of both sides.
ALPHA = "gb18218-alpha"  # no table: who lives around a plant, by the map
BY: Mapping[str, Callable[[Facts, str, Facts, Book], Need | None]] = {
    "gb50156-petrol": gb50156.need,
    "gb50016-lpg": gb50016.need,
    "gb50074-distance": gb50074.need,
}
CRITERIA = "gb36894"  # of a zone: the applicant as a protected target against the criterion of its class
EDGES = ("outline", "land", "line", "centre")
# Policy: how far the edge may lie from a stored centre line where its width is not registered.
UNKNOWN_HALF_M = {"land": 30.0, "line": 15.0}
_TRADE = re.compile(r"^\d{2,4}$")
_NAME = re.compile(r"^[A-Za-z0-9\u4e00-\u9fff._-]{1,40}$")


def words_of(text: str) -> tuple[str, ...]:
    """A cell that lists words."""
    return tuple(filter(None, (word.strip() for word in text.split(";"))))


_T = TypeVar("_T")


class Reading:
    """A row while it is read: what is wrong is kept, so that all of it is told at once."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.faults: list[Fault] = []

    def wrong(self, column: str, code: str, reason: str) -> None:
        """That a cell cannot be taken."""
        self.faults += self.row.refused(column, code, reason).faults

    def take(self, read: Callable[[], _T], otherwise: _T) -> _T:
        """What is read, or something in its place for the checks that are left."""
        try:
            return read()
        except Refused as refused:
            self.faults += refused.faults
            return otherwise

    def done(self) -> None:
        """Raises Refused with every fault."""
        if self.faults:
            raise Refused(*self.faults)


# -- Which objects a tag means ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Where:
    """A condition on one attribute, or on the name: any of some words, a span of numbers, a part of a text."""

    name: str
    any_of: frozenset[str] = frozenset()
    least: Fraction | None = None
    most: Fraction | None = None
    part: str = ""

    @classmethod
    def parse(cls, text: str) -> "Where":
        """road_class=国道|省道, voltage_kv=1..10, bridge=true, name~长江."""
        if "~" in text:
            name, part = text.split("~", 1)
            return cls(name, part=part)
        name, _, value = text.partition("=")
        if ".." in value:
            low, high = value.split("..", 1)
            return cls(name, least=Fraction(low), most=Fraction(high))
        return cls(name, any_of=frozenset(value.split("|")))

    def holds(self, name: str, attributes: Facts) -> bool:
        """Whether an object meets it."""
        value = name if self.name == "name" else attributes.get(self.name)
        if value is None:
            return False
        if self.part:
            return self.part in str(value)
        if self.least is not None and self.most is not None:
            try:
                return self.least <= Fraction(Decimal(str(value))) <= self.most
            except (InvalidOperation, ValueError):
                return False
        return (str(value).lower() if isinstance(value, bool) else str(value)) in self.any_of


@dataclass(frozen=True, slots=True)
class Tag:
    """What a trade or an object is, for the rules."""

    code: str
    title: str
    side: str  # hazard, people, place
    of: tuple[str, ...]
    classes: tuple[str, ...]
    where: tuple[Where, ...]
    shape: str  # an attribute that holds the geometry to measure from; "": the object's own
    words: tuple[str, ...]
    industry: tuple[str, ...]
    commits: bool
    licence: str
    permits: str
    department: str
    clause: Clause

    @classmethod
    def parse(cls, row: Row) -> "Tag":
        """From its row. Raises Refused."""
        reading = Reading(row)
        code = reading.take(lambda: _code(row), "")
        side = row.text("side")
        if side not in {"hazard", "people", "place"}:
            reading.wrong("side", "unknown_value", f"应为 hazard、people 或 place，现为“{side}”")
        where: tuple[Where, ...] = ()
        try:
            where = tuple(Where.parse(part) for part in words_of(row.text("where")))
        except (ValueError, ZeroDivisionError):
            reading.wrong("where", "bad_condition", "条件应写作 字段=值|值、字段=小..大 或 name~文字")
        commits, clause = reading.take(lambda: row.yes("commits"), False), reading.take(lambda: row.clause, _NO_CLAUSE)
        reading.done()
        return cls(
            code, row.text("title"), side, words_of(row.text("of")), words_of(row.text("classes")), where,
            row.text("shape"), words_of(row.text("words")), words_of(row.text("industry")), commits,
            row.text("licence"), row.text("permits"), row.text("department"), clause,
        )  # fmt: skip

    def holds(self, class_: str, name: str, attributes: Facts) -> bool:
        """Whether an object of the register is this."""
        return class_ in self.classes and all(where.holds(name, attributes) for where in self.where)


_NO_CLAUSE = Clause("", "", Confidence.RECALL)  # of a row that is refused


def _code(row: Row, column: str = "code") -> str:
    code = row.text(column)
    if not _NAME.match(code):
        raise row.refused(column, "bad_code", "编号只能用字母、数字、汉字、点和短横，1 至 40 个字")
    return code


# -- The rules ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scope:
    """What every rule has: who says it, when and where it holds, and what follows."""

    code: str
    title: str
    clause: Clause
    consequence: str
    valid_from: date | None
    valid_to: date | None
    region: str
    place: str  # of its row, for a fault

    @classmethod
    def parse(cls, reading: Reading, title: str, consequence: str) -> "Scope":
        """From the columns that all rules have; what is wrong is left with the reading."""
        row = reading.row
        if consequence not in {NONE, *CONSEQUENCES}:
            reading.wrong("consequence", "unknown_value", f"没有“{consequence}”这种后果")
        if not title:
            reading.wrong("title", "missing", "请填写名称")
        for column in ("edition", "clause"):
            if not row.text(column):
                reading.wrong(column, "no_basis", "没有依据的规则不收：请填写文件和条款")
        begins = reading.take(lambda: _date(row, "valid_from"), None)
        ends = reading.take(lambda: _date(row, "valid_to"), None)
        if begins and ends and ends <= begins:
            reading.wrong("valid_to", "backwards", "失效日期应在生效日期之后")
        region = row.text("region")
        if region and not re.fullmatch(r"\d{2,12}", region):
            reading.wrong("region", "bad_division", "适用区域应为区划代码")
        code, clause = reading.take(lambda: _code(row), ""), reading.take(lambda: row.clause, _NO_CLAUSE)
        return cls(code, title, clause, consequence, begins, ends, region, row.place)

    def applies(self, day: date, division: str, demo: bool) -> bool:
        """Whether it is in force on a day in a place."""
        if self.clause.edition.startswith(DEMO_EDITION) and not demo:
            return False
        begun = self.valid_from is None or self.valid_from <= day
        over = self.valid_to is not None and self.valid_to <= day
        return begun and not over and (not self.region or division.startswith(territory(self.region)))


def _date(row: Row, column: str) -> date | None:
    text = row.text(column)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise row.refused(column, "not_a_date", f"“{text}”不是日期（2026-03-01）") from None


@dataclass(frozen=True, slots=True)
class DistanceRule:
    """So many metres between a subject and a target, from edge to edge."""

    scope: Scope
    subject: str
    target: str
    subject_title: str
    target_title: str
    metres: Fraction | None  # None: by a table, or no number
    by: str
    beyond: str  # the rule whose metres lie between (a control zone)
    reach_m: float  # how far to look where there is no fixed number
    edge: str
    both: bool
    effect: str

    @classmethod
    def parse(cls, row: Row) -> "DistanceRule":
        """From its row. Raises Refused."""
        reading = Reading(row)
        title = f"{row.text('subject_title')}—{row.text('target_title')}"
        scope = Scope.parse(reading, title, row.text("consequence"))
        by, edge, directions = row.text("by"), row.text("edge"), row.text("directions")
        if by and by not in {ALPHA, *BY}:
            reading.wrong("by", "unknown_table", f"没有“{by}”这张距离表")
        if edge not in EDGES:
            reading.wrong("edge", "unknown_value", f"没有“{edge}”这种量法")
        if directions not in {"both", "applicant"}:
            reading.wrong("directions", "unknown_value", "方向应为 both 或 applicant")
        metres = reading.take(lambda: row.number("metres"), None) if row.text("metres") else None
        if not row.text("metres") and not by:
            reading.wrong("metres", "no_distance", "没有距离的规则不收：请填写米数")
        if metres is not None and not 0 < metres <= 5000:
            reading.wrong("metres", "out_of_range", "距离应大于 0、不超过 5000 m")
        reach: Fraction | None = metres
        if row.text("reach_m") or (by and not row.text("metres")):
            reach = reading.take(lambda: row.number("reach_m"), None)
            if reach is not None and not 0 < reach <= 5000:
                reading.wrong("reach_m", "out_of_range", "查找范围应大于 0、不超过 5000 m")
        reading.done()
        assert reach is not None
        return cls(
            scope, row.text("subject"), row.text("target"), row.text("subject_title"), row.text("target_title"),
            metres, by, row.text("beyond"), float(reach), edge, directions == "both", row.text("effect"),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ZoneRule:
    """Inside a zone, or nearer to it than so many metres."""

    scope: Scope
    zone: str
    who: str  # tags, or *
    within_m: float
    advice: str
    by: str  # what is compared inside: CRITERIA; "": being inside is enough

    @classmethod
    def parse(cls, row: Row) -> "ZoneRule":
        """From its row. Raises Refused."""
        reading = Reading(row)
        scope = Scope.parse(reading, row.text("title"), row.text("consequence"))
        within = reading.take(lambda: row.number("within_m"), Fraction(0)) if row.text("within_m") else Fraction(0)
        if not 0 <= within <= 5000:
            reading.wrong("within_m", "out_of_range", "范围应为 0 至 5000 m")
        by = row.text("by") if "by" in row.cells else ""  # rows of a bureau from before there was this column
        if by not in {"", CRITERIA}:
            reading.wrong("by", "unknown_table", f"没有“{by}”这张基准表")
        reading.done()
        return cls(scope, row.text("zone"), row.text("who"), float(within), row.text("advice"), by)


@dataclass(frozen=True, slots=True)
class Limit:
    """A condition on the applicant's size."""

    name: str
    sign: str
    value: Fraction

    def holds(self, size: Facts) -> bool | None:
        """Whether the size meets it; None where the size is not told."""
        value = size.get(self.name)
        if value is None:
            return None
        given = Fraction(Decimal(str(value)))
        return {">=": given >= self.value, ">": given > self.value, "<": given < self.value, "<=": given <= self.value}[
            self.sign
        ]


SIZES = {
    "persons": "人数",
    "residents": "居住人数",
    "area_m2": "面积",
    "investment_wan": "投资额（万元）",
    "beds": "床位",
}
_LIMIT = re.compile(r"^([a-z0-9_]+)(>=|<=|>|<)(\d+(?:\.\d+)?)$")


@dataclass(frozen=True, slots=True)
class NegativeItem:
    """A line of the negative list: trade × place × scale."""

    scope: Scope
    industry: tuple[str, ...]
    who: str
    place: tuple[str, str] | None  # (in|out, tag)
    scale: tuple[Limit, ...]

    @classmethod
    def parse(cls, row: Row) -> "NegativeItem":
        """From its row. Raises Refused."""
        reading = Reading(row)
        scope = Scope.parse(reading, row.text("title"), row.text("consequence"))
        industry, who = words_of(row.text("industry")), row.text("who")
        if not industry and not who:
            reading.wrong("industry", "missing", "行业和标签至少填一项")
        if bad := [code for code in industry if not _TRADE.match(code)]:
            reading.wrong("industry", "bad_code", f"“{bad[0]}”不是 GB/T 4754 的行业代码：应为 2 至 4 位数字")
        place = None
        if row.text("place"):
            relation, _, tag = row.text("place").partition(":")
            if relation not in {"in", "out"} or not tag:
                reading.wrong("place", "bad_place", "区域应写作 in:标签 或 out:标签")
            place = (relation, tag)
        limits = []
        for part in words_of(row.text("scale")):
            found = _LIMIT.match(part)
            if not found or found[1] not in SIZES:
                reading.wrong("scale", "bad_scale", f"规模应写作 persons>=10 之类，可用：{'、'.join(SIZES)}")
                continue
            limits.append(Limit(found[1], found[2], Fraction(found[3])))
        reading.done()
        return cls(scope, industry, who, place, tuple(limits))


# -- All of them ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Rules:
    """Everything that admission asks, of one rule set."""

    ruleset: RuleSet
    book: Book
    tags: Mapping[str, Tag]
    distances: tuple[DistanceRule, ...]
    zones: tuple[ZoneRule, ...]
    negative: tuple[NegativeItem, ...]

    @classmethod
    def of(cls, ruleset: RuleSet) -> "Rules":
        """Of a set. Raises Refused with every fault of its rows."""
        book = ruleset.book()
        faults: list[Fault] = []

        def read(name: str, parse: Callable[[Row], Any]) -> list[Any]:
            out, seen = [], set()
            for row in book[name].rows:
                code = row.cells.get("code", "").strip()
                if code and code in seen:
                    faults.extend(row.refused("code", "twice", f"编号“{code}”重复").faults)
                seen.add(code)
                try:
                    out.append(parse(row))
                except Refused as refused:
                    faults.extend(refused.faults)
            return out

        tags = {tag.code: tag for tag in read("admission-tags", Tag.parse)}
        faults += _unfit_criteria(book)
        made = cls(
            ruleset, book, tags,
            tuple(read("admission-distances", DistanceRule.parse)),
            tuple(read("admission-zones", ZoneRule.parse)),
            tuple(read("admission-negative", NegativeItem.parse)),
        )  # fmt: skip
        faults += _loose_ends(book)
        if faults:
            raise Refused(*faults)
        return made

    @cached_property
    def targets(self) -> gb36894.Targets:
        """Which class of protected target a place is."""
        return gb36894.Targets.of(self.book)

    @cached_property
    def criteria(self) -> Mapping[str, Row]:
        """Individual risk by class of protected target."""
        return gb36894.criteria(self.book)

    def leaves(self, text: str) -> tuple[str, ...]:
        """The plain tags that a cell names, those of its compounds among them."""
        out: dict[str, None] = {}
        for name in words_of(text):
            for leaf in (name, *self.tags[name].of):
                out[leaf] = None
        return tuple(out)

    def distance(self, code: str) -> DistanceRule:
        """A rule by its code."""
        return next(d for d in self.distances if d.scope.code == code)


def _loose_ends(book: Book) -> Iterator[Fault]:
    """Tags and rules that are named and are not there; of rows that are refused for something else too."""
    tags = {row.cells.get("code", ""): words_of(row.cells.get("of", "")) for row in book["admission-tags"].rows}
    for row in book["admission-tags"].rows:
        for part in words_of(row.cells.get("of", "")):
            if part not in tags or tags[part]:
                yield from row.refused("of", "unknown_tag", f"所含的标签“{part}”没有，或者本身又含标签").faults

    def unknown(row: Row, column: str, text: str) -> Iterator[Fault]:
        names = words_of(text)
        if not names:
            yield from row.refused(column, "missing", "没有填写").faults
        for name in names:
            if name not in tags:
                yield from row.refused(column, "unknown_tag", f"没有标签“{name}”").faults

    rules = {row.cells.get("code", "") for row in book["admission-distances"].rows}
    for row in book["admission-distances"].rows:
        for column in ("subject", "target"):
            yield from unknown(row, column, row.cells.get(column, ""))
        if (beyond := row.cells.get("beyond", "").strip()) and beyond not in rules:
            yield from row.refused("beyond", "unknown_rule", f"没有规则“{beyond}”").faults
    for row in book["admission-zones"].rows:
        yield from unknown(row, "zone", row.cells.get("zone", ""))
        if row.cells.get("who", "").strip() != "*":
            yield from unknown(row, "who", row.cells.get("who", ""))
    for row in book["admission-negative"].rows:
        if who := row.cells.get("who", "").strip():
            yield from unknown(row, "who", who)
        relation, _, tag = row.cells.get("place", "").strip().partition(":")
        if relation in {"in", "out"} and tag:
            yield from unknown(row, "place", tag)


def _unfit_criteria(book: Book) -> Iterator[Fault]:
    """Faults of the tables of GB 36894; a class of target without a criterion is one."""
    try:
        targets, criteria = gb36894.Targets.of(book), gb36894.criteria(book)
    except Refused as refused:
        yield from refused.faults
        return
    last = book["gb36894-2018-individual-risk"].rows[-1]
    for target in sorted({row.text("target") for rows in targets.rows.values() for row in rows} - set(criteria)):
        yield last.refused("target", "missing", f"缺“{target}”的基准").faults[0]


_KEPT: dict[int, tuple[RuleSet, Rules]] = {}


def rules_of(ruleset: RuleSet) -> Rules:
    """The rules of a set; read once for as long as the catalogue keeps the set."""
    kept = _KEPT.get(id(ruleset))
    if kept is None or kept[0] is not ruleset:
        if len(_KEPT) > 16:
            _KEPT.clear()
        kept = _KEPT[id(ruleset)] = (ruleset, Rules.of(ruleset))
    return kept[1]
