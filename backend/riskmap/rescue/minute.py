"""The minute that is asked about: one rule for every read of the night."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from riskmap.base import clock
from riskmap.base.errors import FieldError, Invalid

# Of clocks that do not agree: what is told of later than so is told of a minute that has not come. Policy.
AHEAD = timedelta(minutes=2)


def local(at: datetime) -> datetime:
    """A time that was given without an offset is Shanghai's."""
    return at if at.tzinfo else at.replace(tzinfo=clock.SHANGHAI)


def local_or_none(at: datetime | None) -> datetime | None:
    """The same of a time that need not be given."""
    return None if at is None else local(at)


def now(connection: Connection) -> datetime:
    """Now by the clock that dates the rows: the database may stand on another machine."""
    found: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return found


def asked(connection: Connection, at: datetime | None) -> datetime:
    """The minute given, else now. Raises Invalid for one that is to come: of it nothing is known."""
    then = now(connection)
    if at is None:
        return then
    at = local(at)
    if at > then + AHEAD:
        raise Invalid("时刻有误，请改正", errors=[FieldError("at", "in_future", "时刻还没有到，请选已过去的时刻")])
    return at


def until(connection: Connection, at: datetime | None) -> datetime:
    """The end of a time that is asked for: one that is to come ends now."""
    then = now(connection)
    return then if at is None else min(local(at), then)
