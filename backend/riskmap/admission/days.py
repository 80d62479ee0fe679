"""Working days: weekends, and the holiday table that the bureau loads (节假日与调休)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection

from riskmap.access.reader import Reader
from riskmap.admission import queries
from riskmap.admission.wire import Holiday
from riskmap.base import audit
from riskmap.base.errors import FieldError, Invalid

# Policy: five working days from receipt, as district practice has it; the Chinese sources say 3 and 5.
DUE_DAYS = 5


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are worked. `years`: those that the loaded table knows."""

    exceptions: Mapping[date, bool]
    years: frozenset[int]

    def works(self, day: date) -> bool:
        """Whether a day is worked: by the table, else Monday to Friday."""
        return self.exceptions.get(day, day.weekday() < 5)

    def after(self, day: date, n: int) -> date:
        """The n-th working day after a day."""
        while n > 0:
            day += timedelta(days=1)
            n -= self.works(day)
        return day

    def note(self, *days: date) -> str | None:
        """What has to be said where a year's holidays are not loaded."""
        missing = sorted({day.year for day in days} - self.years)
        if not missing:
            return None
        return f"未装入 {'、'.join(map(str, missing))} 年节假日表，工作日只扣除周末"


def calendar(connection: Connection) -> Calendar:
    """As it is loaded."""
    rows = queries.holidays(connection)
    return Calendar({row["day"]: row["works"] for row in rows}, frozenset(row["day"].year for row in rows))


def listed(connection: Connection, year: int) -> dict[str, Any]:
    """The table of a year, and which years are loaded."""
    return {
        "year": year,
        "items": queries.holidays(connection, year),
        "years": sorted(calendar(connection).years),
        "due_days": DUE_DAYS,
    }


def replace(connection: Connection, reader: Reader, year: int, given: Sequence[Holiday]) -> dict[str, Any]:
    """A year's table, as a whole, as it is published; none takes the year out. Raises Invalid with every wrong row."""
    errors, seen = [], dict[date, int]()
    for i, row in enumerate(given):
        if row.day.year != year:
            errors.append(FieldError(f"items.{i}.day", "other_year", f"第 {i + 1} 行 {row.day} 不在 {year} 年"))
        if (first := seen.setdefault(row.day, i)) != i:
            words = f"第 {i + 1} 行与第 {first + 1} 行是同一天（{row.day}），只留一行"
            errors.append(FieldError(f"items.{i}.day", "twice", words))
    if errors:
        raise Invalid("节假日表有误，没有改动", errors=errors)
    before = len(queries.holidays(connection, year))
    queries.replace_holidays(connection, year, [row.model_dump() for row in given])
    told = {"year": year, "days": len(given), "off": sum(not row.works for row in given)}
    audit.record(
        connection, reader.name, "update", "holiday", year, address=reader.address, before={"days": before}, after=told
    )
    return listed(connection, year)
