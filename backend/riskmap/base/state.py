"""The state number: one locked row, so numbers are in commit order."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, text

from riskmap.base import clock

CHANNEL = "riskmap_state"


@dataclass(frozen=True, slots=True)
class State:
    """One picture of the register."""

    n: int
    at: datetime
    day: date  # Asia/Shanghai
    catalogue_n: int  # the state that last changed classes, scales, policies or divisions


def current(connection: Connection) -> State:
    """The state of this snapshot."""
    row = connection.execute(text("SELECT n, at, day, catalogue_n FROM data_state")).one()
    return State(*row)


def at(connection: Connection, n: int) -> State | None:
    """State N as it was, or None where there never was one in this snapshot."""
    row = connection.execute(text("SELECT n, at, day, catalogue_n FROM state_log WHERE n = :n"), {"n": n}).one_or_none()
    return State(*row) if row else None


def up_to(connection: Connection, minute: datetime) -> State | None:
    """The newest state up to a minute, or None before the first."""
    row = connection.execute(
        text("SELECT n, at, day, catalogue_n FROM state_log WHERE at <= :minute ORDER BY n DESC LIMIT 1"),
        {"minute": minute},
    ).one_or_none()
    return State(*row) if row else None


def take(connection: Connection, actor: str, what: str, *, catalogue: bool = False) -> State:
    """Lock the state's row, move it forward by one and announce it at commit.

    Take it before any register row is touched: there is one lock order. Where the day has
    changed, a trigger brings objects with dated versions to the new day in the same transaction.
    """
    old = connection.execute(text("SELECT n, day, catalogue_n FROM data_state FOR UPDATE")).one()
    now = clock.now()
    n = old.n + 1
    new = State(n, now, max(now.date(), old.day), n if catalogue else old.catalogue_n)
    values = {"n": new.n, "at": new.at, "day": new.day, "catalogue_n": new.catalogue_n}
    connection.execute(text("UPDATE data_state SET n = :n, at = :at, day = :day, catalogue_n = :catalogue_n"), values)
    connection.execute(
        text(
            "INSERT INTO state_log (n, at, day, catalogue_n, actor, what)"
            " VALUES (:n, :at, :day, :catalogue_n, :actor, :what)"
        ),
        {**values, "actor": actor, "what": what},
    )
    connection.execute(text(f"SELECT pg_notify('{CHANNEL}', :n)"), {"n": str(new.n)})
    return new


def day_is_due(connection: Connection) -> bool:
    """Whether a dated row begins or ends between the state's day and today."""
    return bool(
        connection.scalar(
            text(
                """
                SELECT EXISTS (
                    SELECT FROM data_state AS s, object_version AS v
                    WHERE v.known @> s.n AND s.day < :today
                        AND (lower(v.valid) > s.day AND lower(v.valid) <= :today
                            OR upper(v.valid) > s.day AND upper(v.valid) <= :today)
                ) OR EXISTS (
                    SELECT FROM data_state AS s, division AS d
                    WHERE d.known @> s.n AND s.day < :today
                        AND (lower(d.valid) > s.day AND lower(d.valid) <= :today
                            OR upper(d.valid) > s.day AND upper(d.valid) <= :today)
                )
                """
            ),
            {"today": clock.today()},
        )
    )
