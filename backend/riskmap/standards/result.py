"""What every rule gives: a value, the steps to it, or the reasons why it is refused."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction


class Tag(StrEnum):
    """How sure a number or a clause is, the surest first."""

    VERIFIED = "verified"  # read in published text
    RECALL = "recall"  # from memory: to be checked against the standard
    JUDGEMENT = "judgement"  # a choice of this product: no norm says it


def weakest(tags: Iterable[Tag]) -> Tag:
    """The least sure of some; a chain is as strong as that."""
    order = list(Tag)
    return max(tags, key=order.index, default=Tag.VERIFIED)


@dataclass(frozen=True, slots=True)
class Clause:
    """Where something is said: standard with year, clause or table in it, and how sure we are."""

    edition: str  # GB 18218-2018
    number: str  # 4.2.1, 表1
    tag: Tag


@dataclass(frozen=True, slots=True)
class Given:
    """One input, as it was given."""

    field: str
    title: str
    text: str
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of arithmetic in the standard's own symbols."""

    symbol: str  # R
    title: str  # 分级指标
    formula: str  # α × Σ(βᵢ × qᵢ/Qᵢ)
    filled: str  # 2 × (2 × 40/10)
    value: Fraction | str  # 16, or a level
    clause: Clause | None  # None: arithmetic that no clause has to say
    unit: str = ""
    note: str = ""

    @property
    def text(self) -> str:
        """The value for a reader."""
        return self.value if isinstance(self.value, str) else say(self.value)

    @property
    def line(self) -> str:
        """The step as it is printed: `R = 2 × (2 × 40/10) = 16`."""
        if isinstance(self.value, str):
            return f"{self.symbol}：{self.filled} → {self.value}" if self.filled else f"{self.symbol}：{self.value}"
        parts = [self.symbol, self.filled, f"{self.text} {self.unit}".strip()]
        return " = ".join(part for part in parts if part)


class Standing(StrEnum):
    """What kind of answer it is. The three never stand for each other on a map."""

    GRADED = "graded"  # a level, or a plain yes or no
    OUTSIDE = "outside"  # the standard has no level for it: 不构成, 不适用
    UNKNOWN = "unknown"  # 未评定: something is missing


@dataclass(frozen=True, slots=True)
class Result:
    """What a rule comes to, and how."""

    edition: str  # the standard, or the set of bands, that it was worked out by
    standing: Standing
    verdict: str  # what an officer reads: 三级; 不构成重大危险源; 未评定，缺厂区边界
    scale: str = ""  # of the catalogue, where the level is one of its levels
    level: str = ""  # value on that scale, where graded
    steps: tuple[Step, ...] = ()
    inputs: tuple[Given, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def tag(self) -> Tag:
        """The weakest of its steps."""
        return weakest(step.clause.tag for step in self.steps if step.clause)

    def step(self, symbol: str) -> Step | None:
        """The step of a symbol, or None where the rule did not come to it."""
        return next((step for step in self.steps if step.symbol == symbol), None)

    def value(self, symbol: str) -> Fraction | None:
        """The number that a symbol stands for, exact, or None where there is none."""
        step = self.step(symbol)
        return step.value if step and isinstance(step.value, Fraction) else None


@dataclass(frozen=True, slots=True)
class Fault:
    """One input that a rule cannot take, in words its sender can act on."""

    field: str  # holdings.0.quantity_t
    code: str  # stable, for tests: "negative"
    message: str  # 第1种：数量不能为负数（-3）


class Refused(ValueError):
    """A rule was asked with what it cannot take, or a table is not fit for it. All faults at once."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("；".join(fault.message for fault in faults))
        self.faults = faults


@dataclass(slots=True)
class Checks:
    """Looks at the inputs of a rule one by one, then refuses with all that it found."""

    faults: list[Fault] = field(default_factory=list)

    def add(self, name: str, code: str, message: str) -> None:
        """Note one fault; the rule goes on to find the others."""
        self.faults.append(Fault(name, code, message))

    def number(
        self,
        value: Decimal | int | Fraction | None,
        name: str,
        title: str,
        *,
        above_zero: bool = False,
        any_sign: bool = False,
        whole: bool = False,
    ) -> Fraction:
        """The number, exact; where it cannot be taken, a fault and 0."""
        if value is None:
            self.add(name, "missing", f"{title}没有填写")
            return Fraction(0)
        if isinstance(value, Decimal) and not value.is_finite():
            self.add(name, "not_a_number", f"{title}不是数字（{value}）")
            return Fraction(0)
        if _unwieldy(value):
            self.add(name, "out_of_range", f"{title}的数字过大或小数位过多，请核对")
            return Fraction(0)
        number = exact(value)
        if number < 0 and not any_sign:
            self.add(name, "negative", f"{title}不能为负数（{say(number)}）")
        elif number == 0 and above_zero:
            self.add(name, "zero", f"{title}必须大于 0")
        elif whole and number.denominator != 1:
            self.add(name, "not_whole", f"{title}应为整数（{say(number)}）")
        else:
            return number
        return Fraction(0)

    def refuse(self) -> None:
        """Raise what was found, if anything was."""
        if self.faults:
            raise Refused(*self.faults)


def exact(value: Decimal | int | Fraction) -> Fraction:
    """The number as a fraction. A binary float is a mistake of the caller: ten tenths of it are not 1."""
    if isinstance(value, bool | float):
        raise TypeError(f"{value!r} is not an exact number")
    return Fraction(value)


_MOST_DIGITS, _MOST_PLACES = 15, 20


def _unwieldy(value: Decimal | int | Fraction) -> bool:
    """Whether a number is beyond all sense: 1E+999999999 is quick to write and a gigabyte to multiply out."""
    if isinstance(value, Decimal):
        return value.adjusted() >= _MOST_DIGITS or int(value.as_tuple().exponent) < -_MOST_PLACES
    return not -(10**_MOST_DIGITS) < value < 10**_MOST_DIGITS


_PLACES = 12


def say(number: Fraction | int) -> str:
    """A number for a reader: in full where it ends, else cut off with an ellipsis, never rounded up.

    So a value that stays below a limit is never printed as the limit.
    """
    sign, top, bottom = "-" if number < 0 else "", abs(number.numerator), number.denominator
    for places in range(_PLACES + 1):
        if 10**places % bottom == 0:
            return sign + _point(top * 10**places // bottom, places)
    return f"{sign}{_point(top * 10**4 // bottom, 4)}…"


def _point(digits: int, places: int) -> str:
    text = str(digits).rjust(places + 1, "0")
    return f"{text[:-places]}.{text[-places:]}" if places else text


_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def sub(n: int) -> str:
    """The index of the n-th of several (from 0), as a formula writes it: ₁."""
    return str(n + 1).translate(_SUBSCRIPTS)
