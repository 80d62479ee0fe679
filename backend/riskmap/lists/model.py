"""What a list is: a question, its rows as SQL, its columns, and the figures that count its rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from riskmap.base.errors import FieldError, Invalid
from riskmap.catalogue.model import NO_LEVEL, OUTSIDE, Scale
from riskmap.selection.compile import LETTERS, PINYIN, Binds
from riskmap.selection.level import NOT_ASSESSED
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

Row = dict[str, Any]
# What a number opens: {"list": …, "only": …, "given": {…}, "selection": {…}} or {"map": {…}}; selection and map hold
# parameters that stand in place of those of the same name.
Opens = Mapping[str, Any]


class Parameter(Protocol):
    """Something that is typed or chosen for one list alone."""

    @property
    def name(self) -> str:
        """In the address."""

    @property
    def title(self) -> str:
        """On the page."""

    @property
    def default(self) -> Any:
        """Where it is not given."""

    def read(self, given: Sequence[str], snapshot: Snapshot) -> Any:
        """From the request. Raises Invalid."""

    def say(self, value: Any, snapshot: Snapshot) -> str | None:
        """For a file; None: there is nothing to be said."""

    def body(self, snapshot: Snapshot) -> dict[str, Any]:
        """What the page needs to ask for it."""


def _given(given: Sequence[str]) -> set[str]:
    return {value.strip() for value in given if value.strip()}


def _refused(name: str, code: str, legal: str) -> Invalid:
    return Invalid("清单的参数有误，请改正", errors=[FieldError(name, code, legal)])


@dataclass(frozen=True, slots=True)
class Number:
    """A number."""

    name: str
    title: str
    unit: str
    default: Decimal
    minimum: Decimal
    maximum: Decimal
    whole: bool = False

    def read(self, given: Sequence[str], snapshot: Snapshot) -> Decimal:
        """Within its limits."""
        values = _given(given)
        if not values:
            return self.default
        try:
            value = Decimal(values.pop())
            if values or not value.is_finite() or not self.minimum <= value <= self.maximum:
                raise ValueError
            if self.whole and value != value.to_integral_value():
                raise ValueError
        except (InvalidOperation, ValueError):
            legal = (
                f"{self.title}应为 {self.minimum}–{self.maximum} 的一个{'整数' if self.whole else '数'}（{self.unit}）"
            )
            raise _refused(self.name, "out_of_range", legal) from None
        return value

    def say(self, value: Decimal, snapshot: Snapshot) -> str:
        """With its unit."""
        return f"{value} {self.unit}"

    def body(self, snapshot: Snapshot) -> dict[str, Any]:
        """With its limits."""
        return {
            "name": self.name,
            "title": self.title,
            "kind": "number",
            "unit": self.unit,
            "default": self.default,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "whole": self.whole,
        }


@dataclass(frozen=True, slots=True)
class Day:
    """A day, or none."""

    name: str
    title: str
    default: None = None

    def read(self, given: Sequence[str], snapshot: Snapshot) -> date | None:
        """As 2026-03-01."""
        values = _given(given)
        if not values:
            return None
        try:
            value = date.fromisoformat(values.pop())
            if values:
                raise ValueError
        except ValueError:
            raise _refused(self.name, "no_day", f"{self.title}应为一个日期（2026-03-01）") from None
        return value

    def say(self, value: date | None, snapshot: Snapshot) -> str | None:
        """As 2026-03-01."""
        return value.isoformat() if value else None

    def body(self, snapshot: Snapshot) -> dict[str, Any]:
        """The last day there is to choose."""
        last = snapshot.moment.day.isoformat()
        return {"name": self.name, "title": self.title, "kind": "day", "default": None, "maximum": last}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some options, of the moment that is asked about: value and title. The first stands where none is given."""

    name: str
    title: str
    options: Callable[[Snapshot], Sequence[tuple[str, str]]]
    default: str = ""

    def read(self, given: Sequence[str], snapshot: Snapshot) -> str:
        """One of the options."""
        values = _given(given)
        legal = dict(self.options(snapshot))
        value = values.pop() if values else self.default
        if values or value not in legal:
            told = "、".join(title for key, title in legal.items())
            raise _refused(self.name, "unknown_value", f"没有“{value[:60]}”，{self.title}可用：{told}")
        return value

    def say(self, value: str, snapshot: Snapshot) -> str:
        """Its title."""
        return dict(self.options(snapshot)).get(value, value)

    def body(self, snapshot: Snapshot) -> dict[str, Any]:
        """With its options."""
        options = [{"value": value, "title": title} for value, title in self.options(snapshot)]
        return {
            "name": self.name, "title": self.title, "kind": "choice", "default": self.default, "options": options
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to one list: a selection at a moment, for a reader, with what the list itself asks."""

    snapshot: Snapshot
    selection: Selection
    given: Mapping[str, Any] = field(default_factory=dict)
    binds: Binds = field(default_factory=Binds)

    def anew(self, given: Mapping[str, Any] | None = None) -> "Ask":
        """The same for another statement, perhaps with another list's numbers."""
        return replace(self, binds=Binds(), given=self.given if given is None else given)


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `kind` says how the page and the workbook show it; `sort` is SQL over the rows (alias r)."""

    name: str
    title: str
    kind: str = "text"
    unit: str | None = None
    sort: str | None = None
    width: float = 12
    opens: Callable[[Row], Opens | None] | None = None
    worst_first: bool = False  # its rank 1 is the worst: descending begins there

    def body(self) -> dict[str, Any]:
        """Its heading on the wire."""
        out: dict[str, Any] = {"name": self.name, "title": self.title, "kind": self.kind, "width": self.width}
        out |= {"sortable": self.sort is not None, "worst_first": self.worst_first}
        return out | ({"unit": self.unit} if self.unit else {})


@dataclass(frozen=True, slots=True)
class Figure:
    """A number above the list. It counts the rows that meet `condition` (alias r) and opens the list of just those."""

    name: str
    title: str
    condition: str | None = None
    unit: str = "处"
    value: str | None = None  # an aggregate over those rows, where it is not their count
    share_of: str | None = None  # another figure: the share is told beside the number
    map: Mapping[str, Sequence[str]] | None = None  # the selection that has just these on the map, laid over the asked
    list: str | None = None  # the total of another list, asked the same
    only: str | None = None  # … of its rows that this figure of it counts
    total: bool = False  # of all rows: opens the list as it is


@dataclass(frozen=True, slots=True)
class Listing:
    """One list."""

    name: str
    title: str
    question: str  # what it answers, in a sentence
    columns: Callable[[Ask], Sequence[Column]]
    rows: Callable[[Ask], str]
    figures: Callable[[Ask], Sequence[Figure]]
    order: str  # the sort where none is asked
    ties: str = "id"  # columns that tell any two rows apart
    parameters: tuple[Parameter, ...] = ()
    inner: bool = False  # nothing of it is public
    system: bool = False  # decided over all live objects: what the reader may not see is masked, never left out
    by_distance: bool = False  # it takes the nearest in the order of an index
    part_of: str | None = None  # the list that its numbers open it from: it is not offered by itself
    finish: Callable[[Ask, list[Row]], None] | None = None  # what a page's rows have beside their SQL
    sentence: Callable[[Ask, list[Row]], str] | None = None  # the whole list in one sentence
    empty: str = "所选范围内没有这样的对象。可放宽条件，或核对登记是否完整。"


def by_name(name: str, title: str, width: int = 30) -> Column:
    """The column that opens its object."""
    return Column(name, title, "object", sort=f"r.{name} {PINYIN}", width=width)


NAME = by_name("name", "名称")
GRADE = Column("grade", "风险等级", "grade", sort="r.grade", width=10, worst_first=True)
LEVEL = Column("level", "级别", "level", sort="r.level_rank", width=16, worst_first=True)
CLASS = Column("class", "分类", "class", sort=f"r.class {LETTERS}", width=16)
DIVISION = Column("division", "所在区划", "division", sort=f"r.division {LETTERS}", width=20)
ENTERPRISE = Column("enterprise", "所属企业", "enterprise", width=28)
DEPARTMENT = Column("department", "主管部门", sort=f"r.department {PINYIN}", width=14)
STAGE = Column("stage", "生命阶段", "stage", sort=f"r.stage {LETTERS}", width=12)


def levels_of(
    scale: Scale, unit: str, on_map: Callable[[str], Mapping[str, Sequence[str]] | None] = lambda value: None
) -> list[Figure]:
    """The rows of each level of a scale. `on_map`: the selection that has just those of a level on the map."""
    return [
        Figure(f"level-{lv.rank}", lv.title, f"r.level_rank = {lv.rank}", unit, map=on_map(lv.value))
        for lv in scale.levels
    ]


def by_level(ask: Ask, scale: str, class_: str, unit: str = "处") -> tuple[Figure, ...]:
    """A class by its own scale: each level, what its rule has none for, and what is not assessed; together all."""
    known = ask.snapshot.catalogue.scales[scale]

    def on_map(value: str) -> Mapping[str, Sequence[str]]:
        return {"class": [class_], "level": [f"{scale}:{value}"]}

    def figure(name: str, title: str, condition: str, value: str) -> Figure:
        return Figure(name, title, condition, unit, map=on_map(value))

    levels = levels_of(known, unit, on_map)
    if known.outside:
        levels.append(figure(OUTSIDE, known.outside.title, "r.level_outside IS NOT NULL", OUTSIDE))
    nothing = "r.level_rank IS NULL AND r.level_outside IS NULL"
    return (*levels, figure("unassessed", NOT_ASSESSED, nothing, NO_LEVEL))


def number(
    name: str, title: str, unit: str | None = None, opens: Callable[[Row], Opens | None] | None = None
) -> Column:
    """A column of numbers."""
    return Column(name, title, "number", unit, f"r.{name}", 12, opens)


def words(name: str, title: str, width: int = 20) -> Column:
    """A column of text, sorted as a Chinese reader sorts."""
    return Column(name, title, sort=f"r.{name} {PINYIN}", width=width)


def dated(name: str, title: str) -> Column:
    """A column of days (ISO text)."""
    return Column(name, title, "date", sort=f"r.{name} {LETTERS}", width=12)


def yes(name: str, title: str) -> Column:
    """A column of yes, no and not said."""
    return Column(name, title, "yes", sort=f"r.{name}", width=10)
