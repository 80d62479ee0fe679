"""The time of day, in one place, so that a test can set it; and how a moment is written in a sentence."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """This moment, with offset."""
    return datetime.now(SHANGHAI)


def today() -> date:
    """The day in Asia/Shanghai, which dates every figure."""
    return now().date()


# -- How a moment is told, in Asia/Shanghai ---------------------------------------------------


def of_day(at: datetime) -> str:
    """14:05, of what was today."""
    return f"{at.astimezone(SHANGHAI):%H:%M}"


def minute(at: datetime) -> str:
    """06-30 14:05."""
    return f"{at.astimezone(SHANGHAI):%m-%d %H:%M}"


def second(at: datetime) -> str:
    """06-30 14:05:09, where two acts of one minute are told apart."""
    return f"{at.astimezone(SHANGHAI):%m-%d %H:%M:%S}"
