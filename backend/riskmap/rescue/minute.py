"""The minute that is asked about."""

from datetime import datetime

from sqlalchemy import Connection, text

from riskmap.base import clock


def local(at: datetime) -> datetime:
    """A time that was given without an offset is Shanghai's."""
    return at if at.tzinfo else at.replace(tzinfo=clock.SHANGHAI)


def local_or_none(at: datetime | None) -> datetime | None:
    """The same of a time that need not be given."""
    return None if at is None else local(at)


def asked(connection: Connection, at: datetime | None) -> datetime:
    """The minute given, else now by the clock that dates the rows: the database may stand on another machine."""
    if at is not None:
        return local(at)
    now: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return now
