"""Working days: weekends, and the holiday table that the bureau loads (节假日与调休)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection, text

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
    rows = connection.execute(text("SELECT day, works FROM holiday")).all()
    return Calendar({row.day: row.works for row in rows}, frozenset(row.day.year for row in rows))
