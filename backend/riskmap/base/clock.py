"""The time of day, in one place, so that a test can set it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """This moment, with offset."""
    return datetime.now(SHANGHAI)


def today() -> date:
    """The day in Asia/Shanghai, which dates every figure."""
    return now().date()
