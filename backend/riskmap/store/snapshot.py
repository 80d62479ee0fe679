"""One read: a connection in one snapshot, the state that dates it, its catalogue and its reader."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection

from riskmap.access.reader import Reader
from riskmap.base import state as states
from riskmap.base.errors import Conflict, Invalid
from riskmap.base.state import State
from riskmap.catalogue.model import Catalogue
from riskmap.catalogue.queries import CatalogueCache


@dataclass(frozen=True, slots=True)
class Moment:
    """What is asked about: day D as known at state N. The present is state N on N's day."""

    n: int
    day: date
    is_present: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that a read needs, consistent by the database's snapshot."""

    connection: Connection
    state: State  # the present one
    moment: Moment
    catalogue: Catalogue  # as known at the moment's state
    reader: Reader
    public_resolution: int
    caches: CatalogueCache

    def at(self, as_of: str | None, pinned: int | None = None) -> "Snapshot":
        """The same read about another moment: `as_of` (a day or state:N), known at state `pinned`.

        Raises Invalid for a malformed as_of or a state that never was, Conflict for a pinned one.
        """
        if as_of is None and (pinned is None or pinned == self.state.n):
            return self
        known = self.state
        if pinned is not None:
            known = self._state(pinned, Conflict("没有这个数据状态，请刷新后再试", code="unknown_state"))
        if as_of is None:
            return self._about(known, known.day)
        if as_of.startswith("state:"):
            digits = as_of.removeprefix("state:")
            if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
                raise Invalid("as_of 应为日期（2026-03-01）或 state:状态号")
            known = self._state(int(digits), Invalid(f"没有数据状态 {digits}，最新为 {self.state.n}"))
            return self._about(known, known.day)
        try:
            return self._about(known, date.fromisoformat(as_of))
        except ValueError:
            raise Invalid("as_of 应为日期（2026-03-01）或 state:状态号") from None

    @property
    def data_at(self) -> datetime:
        """When the state that is asked about was made."""
        return self._state(self.moment.n, Invalid(f"没有数据状态 {self.moment.n}")).at

    def known_at(self, minute: datetime | None) -> "Snapshot":
        """The same read about the register as it stood at a minute, None for the present; before there was a register,
        as it was first."""
        if minute is None or minute >= self.state.at:
            return self
        known = states.up_to(self.connection, minute) or self._state(1, Invalid("没有数据状态 1"))
        return self._about(known, known.day)

    @property
    def present(self) -> "Snapshot":
        """The same read about the present."""
        return self if self.moment.is_present else self._about(self.state, self.state.day)

    def as_of_day(self, n: int, day: date) -> "Snapshot":
        """Day `day` as known at state n. Raises Invalid for a state that never was."""
        return self._about(self._state(n, Invalid(f"没有数据状态 {n}")), day)

    def _state(self, n: int, otherwise: Exception) -> State:
        if n == self.state.n:
            return self.state
        found = states.at(self.connection, n) if 0 < n < self.state.n else None
        if found is None:
            raise otherwise
        return found

    def _about(self, known: State, day: date) -> "Snapshot":
        present = known.n == self.state.n and day == self.state.day
        return Snapshot(
            self.connection,
            self.state,
            Moment(known.n, day, present),
            self.caches.at(self.connection, known),
            self.reader,
            self.public_resolution,
            self.caches,
        )


Opened = Callable[[], AbstractContextManager[Snapshot]]  # opens a transaction with the present in it


def open_snapshot(connection: Connection, reader: Reader, caches: CatalogueCache, public_resolution: int) -> Snapshot:
    """The present, as this connection's transaction sees it."""
    now = states.current(connection)
    return Snapshot(
        connection,
        now,
        Moment(now.n, now.day, True),
        caches.at(connection, now),
        reader,
        public_resolution,
        caches,
    )
