"""What a table of distances asks for between one hazard and one target: metres, who says so, and what was assumed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from riskmap.standards.result import Clause

# Facts of one side under the register's names: persons, beds, area_m2, residents, households, storage, level, …
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Need:
    """Metres that are needed; None: the table has no number for this case, which has to be looked at on site."""

    metres: Fraction | None
    clause: Clause
    said: str  # how the number was found, for an officer
    doubts: tuple[str, ...] = ()  # what was assumed because nobody has said it: with any, nobody is refused


def number(facts: Facts, name: str) -> Fraction | None:
    """A fact as an exact number, or None where it is not known."""
    value = facts.get(name)
    if value is None or isinstance(value, bool):
        return None
    try:
        return Fraction(value if isinstance(value, int | Decimal | Fraction) else Decimal(str(value)))
    except (InvalidOperation, ValueError):
        return None


def total(rows: list[Facts], name: str = "volume_m3") -> Fraction | None:
    """The sum over rows of storage; None where a row does not say it."""
    found = [number(row, name) for row in rows]
    return None if any(value is None for value in found) else sum((v for v in found if v is not None), Fraction(0))
