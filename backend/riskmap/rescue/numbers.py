"""Numbers of incidents, orders and plan drafts: without gaps, what is real and what is exercised apart.

A number is the row's id: the same on cards and sheets, in the log, exports and addresses. A sequence would count what
is rolled back, and exercises among what is real; so the next is the last one's next, given behind a lock.
"""

from typing import Literal

from sqlalchemy import Connection, text

# What is exercised counts from here. Policy: more than any city's nights bring. Rows of exercises from before
# migration 0036 stand among the real ones and keep their ids; no real one gets theirs.
EXERCISE = 9_000_000

Table = Literal["rescue_incident", "rescue_order", "rescue_plan"]
_ID = {"rescue_incident": "incident_id", "rescue_order": "order_id", "rescue_plan": "plan_id"}


def said(number: int) -> str:
    """As it is written and read out: `7` of what is real, `演7` of what is exercised."""
    return f"演{number - EXERCISE}" if number > EXERCISE else f"{number}"


def plan_said(number: int, exercise: bool) -> str:
    """An accepted plan by its number, which counts from 1 among what is real and among what is exercised alike:
    `第 7 号方案`, `第 演7 号方案`."""
    return f"第 {said(EXERCISE + number if exercise else number)} 号方案"


def next_of(connection: Connection, table: Table, exercise: bool) -> int:
    """The id of a row that is inserted in this transaction. Nobody else gets one of this table and kind until it ends:
    ask for it behind every other lock, right before the row is written."""
    connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:name, :kind))"),
        {"name": f"{table}_number", "kind": int(exercise)},
    )
    # A statement of its own: what was written by whoever held the lock is seen by those that begin after it.
    last = connection.scalar(
        text(f"SELECT max({_ID[table]}) FROM {table} WHERE {_ID[table]} {'>' if exercise else '<='} :from"),
        {"from": EXERCISE},
    )
    return (int(last) if last is not None else EXERCISE if exercise else 0) + 1
