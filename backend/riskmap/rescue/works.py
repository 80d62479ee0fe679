"""How a work or a gauge stands: its level against its marks, with the numbers. Values in, values out.

The words of a river's and a reservoir's marks are the rulebook's (standards/water_level.py); that silence, another
height system, no marks and no reading are states of their own, never 正常, is what this module adds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

from riskmap.standards import water_level
from riskmap.standards.result import Refused

# Policy [judgement]: a gauge that says nothing else is silent after an hour, and credible within 5 m in 24 hours.
SILENT_AFTER_MIN = 60
STEP_MAX_M = Decimal(5)
STEP_WITHIN = timedelta(hours=24)
# Policy [judgement]: the rise is measured over the last hour or more, so that a centimetre in five minutes is no flood.
TREND_OVER = timedelta(hours=1)
_CENT = Decimal("0.01")
_BY_RULE = ("guard", "guarantee", "limit")


@dataclass(frozen=True, slots=True)
class MarkKind:
    """A characteristic level: by which fields of a class it is declared, and what to be above it is called."""

    name: str
    fields: tuple[str, ...]
    title: str
    status: str = ""  # none: it is told and never decides
    word: str = ""


# The worst first. 警戒、保证: at the mark; 汛限: above it (standards/water_level.py). Policy [judgement]: the further
# marks of a reservoir and the crest are read as 汛限 is: above them.
MARKS = (
    MarkKind("crest", ("crest_m",), "堤顶高程", "over_crest", "超堤顶"),
    MarkKind("check", ("check_flood_m",), "校核洪水位", "over_check", "超校核洪水位"),
    MarkKind("design", ("design_flood_m",), "设计洪水位", "over_design", "超设计洪水位"),
    MarkKind("guarantee", ("guarantee_m", "guarantee_level_m"), "保证水位", "over_guarantee", "超保证"),
    MarkKind("high", ("flood_high_m",), "防洪高水位", "over_high", "超防洪高水位"),
    MarkKind("guard", ("guard_m", "guard_level_m"), "警戒水位", "over_guard", "超警戒"),
    MarkKind("limit", ("flood_limit_m",), "汛限水位", "over_limit", "超汛限"),
    MarkKind("normal", ("normal_level_m",), "正常蓄水位"),
    MarkKind("dead", ("dead_level_m",), "死水位"),
)
BY_NAME = {kind.name: kind for kind in MARKS}
MARK_FIELDS = tuple(name for kind in MARKS for name in kind.fields)
# What makes a class one whose level is watched.
DECIDING_FIELDS = tuple(name for kind in MARKS if kind.status for name in kind.fields)

# Status → its word, the worst first. What is not known comes before 正常: it is never low.
STATUSES = {
    **{kind.status: kind.word for kind in MARKS if kind.status},
    "silent": "缺报",
    "other_system": "高程系统不同",
    "wrong_marks": "特征水位有误",
    "no_reading": "无读数",
    "no_marks": "未登记特征水位",
    "normal": "正常",
}
PLACE = {status: place for place, status in enumerate(STATUSES)}
OVER = frozenset(kind.status for kind in MARKS if kind.status)


@dataclass(frozen=True, slots=True)
class Reading:
    """One that is believed, in the height system of who read it."""

    at: datetime
    level_m: Decimal


@dataclass(frozen=True, slots=True)
class Trend:
    """How the level moved: metres an hour, exact to the centimetre, between two readings."""

    m_per_h: Decimal
    since: datetime
    from_m: Decimal

    @property
    def words(self) -> str:
        """As it is said."""
        if not self.m_per_h:
            return "平"
        return f"每小时{'涨' if self.m_per_h > 0 else '落'} {metres(abs(self.m_per_h))} m"


@dataclass(frozen=True, slots=True)
class Against:
    """The level and one mark: over it by so much, or below it."""

    kind: MarkKind
    mark_m: Decimal
    over_m: Decimal | None  # 0 just at the mark; None below it
    below_m: Decimal | None
    is_over: bool


@dataclass(frozen=True, slots=True)
class Status:
    """How it stands."""

    status: str
    against: tuple[Against, ...]  # every mark that decides, the worst first; none without a level
    level_m: Decimal | None  # in the work's own height system
    silent: bool = False

    @property
    def place(self) -> tuple[int, int]:
        """Its place in the list: the worst first; of the silent, those that were over their marks."""
        return PLACE[self.status], PLACE[self.last or self.status]

    @property
    def last(self) -> str | None:
        """What the last reading of a silent gauge said."""
        if not self.silent:
            return None
        return next((a.kind.status for a in self.against if a.is_over), "normal")

    @property
    def next(self) -> Against | None:
        """The nearest mark above the level."""
        above = [a for a in self.against if a.below_m is not None]
        return min(above, key=lambda a: a.mark_m) if above else None


def metres(value: Decimal) -> str:
    """With two decimals, more where they say something."""
    digits = value.quantize(_CENT)
    return f"{digits if digits == value else value.normalize():f}"


def trend(last: Reading, before: Reading | None) -> Trend | None:
    """Between two readings; None without an earlier one."""
    if before is None or before.at >= last.at:
        return None
    hours = Fraction((last.at - before.at) // timedelta(microseconds=1), 3_600_000_000)
    rise = Fraction(last.level_m - before.level_m) / hours
    rounded = Decimal(rise.numerator) / Decimal(rise.denominator)
    return Trend(rounded.quantize(_CENT, ROUND_HALF_EVEN), before.at, before.level_m)


def status(
    marks: Mapping[str, Decimal],
    reading: Reading | None,
    now: datetime,
    *,
    silent_after_min: int | None = None,
    shift_m: Decimal | None = Decimal(0),
) -> Status:
    """How a level stands against marks (by name, in the work's own height system) at a moment.

    `shift_m` brings the reading into that system; None: the systems differ and nobody has said by how much.
    """
    deciding = {name: value for name, value in marks.items() if BY_NAME[name].status}
    if reading is None:
        return Status("no_reading", (), None)
    silent = now - reading.at > timedelta(minutes=silent_after_min or SILENT_AFTER_MIN)
    if shift_m is None:
        return Status("silent" if silent else "other_system", (), None)
    level = reading.level_m + shift_m
    if not deciding:
        return Status("silent" if silent else "no_marks", (), level)
    try:
        against = _against(level, deciding)
    except Refused:
        return Status("wrong_marks", (), level)
    if silent:
        return Status("silent", against, level, silent=True)
    return Status(next((a.kind.status for a in against if a.is_over), "normal"), against, level)


def _against(level: Decimal, marks: Mapping[str, Decimal]) -> tuple[Against, ...]:
    """Each mark; the two of a river and the limit of a reservoir by the rulebook. Raises Refused for wrong marks."""
    over = {name for name, mark in marks.items() if name not in _BY_RULE and level > mark}
    guard, guarantee, limit = (marks.get(name) for name in _BY_RULE)
    if guard is not None or guarantee is not None:
        said = water_level.river(level, guard, guarantee).level
        over |= {"超保": {"guard", "guarantee"}, "超警": {"guard"}}.get(said, set()) & marks.keys()
    if limit is not None and water_level.reservoir(level, limit).level == "超汛限":
        over.add("limit")
    out = []
    for kind in MARKS:
        if kind.name in marks:
            mark = marks[kind.name]
            above = level - mark if level >= mark else None
            out.append(Against(kind, mark, above, None if above is not None else mark - level, kind.name in over))
    return tuple(out)


def words(found: Status, hidden: frozenset[str] = frozenset()) -> str:
    """In a sentence with the numbers; of marks that the reader may not see (`hidden`) the word alone."""
    if not found.against or found.level_m is None:
        return STATUSES[found.status]
    over = [a for a in found.against if a.is_over]
    if over:
        told, *less = [_over(one, one.kind.name in hidden) for one in over]
        if over[0].kind.name not in hidden:
            told = f"{over[0].kind.title} {metres(over[0].mark_m)}，读数 {metres(found.level_m)}，{told}"
        told += f"（{'、'.join(less)}）" if less else ""
    else:
        told = _below(found, hidden)
    return f"{STATUSES['silent']}，最近读数时{told}" if found.silent else told


def _over(one: Against, hidden: bool) -> str:
    if hidden:
        return one.kind.word
    return f"{one.kind.word} {metres(one.over_m)} m" if one.over_m else f"达到{one.kind.title}"


def _below(found: Status, hidden: frozenset[str]) -> str:
    """Just at a mark that is not over there, else how far below the nearest."""
    at = next((a for a in found.against if a.over_m == 0), None)
    near = at or found.next
    if near is None or near.kind.name in hidden or found.level_m is None:
        return STATUSES["normal"]
    said = f"达到{near.kind.title}" if near.below_m is None else f"低于{near.kind.title} {metres(near.below_m)} m"
    return f"{near.kind.title} {metres(near.mark_m)}，读数 {metres(found.level_m)}，{said}"
