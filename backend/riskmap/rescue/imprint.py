"""What a sheet of the night says of itself: state, minute, 核验码, and 演练 where it is one."""

import hashlib
from datetime import datetime
from typing import Any

from riskmap.base import clock
from riskmap.base.audit import dump_json
from riskmap.catalogue import queries as catalogue_queries
from riskmap.paper.imprint import Imprint, check_words
from riskmap.store.snapshot import Snapshot

EXERCISE = "演练"


def of(
    snapshot: Snapshot, title: str, rows: Any, *, number: str, version: int, exercise: bool, mark: str | None
) -> Imprint:
    """`rows` is what the sheet says: its 核验码 is made of them. `mark` is that of invented data."""
    text = dump_json(rows) or ""
    marks = [part for part in (EXERCISE if exercise else None, mark) if part]
    return Imprint(
        title=title,
        area=_area(snapshot),
        number=number,
        version=version,
        state=snapshot.moment.n,
        day=snapshot.moment.day,
        data_at=snapshot.state.at,
        check=check_words(hashlib.sha256(text.encode()).hexdigest()),
        selection="",
        maker=f"{_area(snapshot)}应急管理局",
        made_by=snapshot.reader.name,
        made_at=clock.now(),
        draft=False,
        mark="　".join(marks) or None,
    )


def _area(snapshot: Snapshot) -> str:
    """The name of the city, or of whatever is widest; nothing where no divisions are loaded."""
    found = catalogue_queries.divisions(snapshot.connection, snapshot.state.n, snapshot.state.day)
    tops = [d["name"] for d in found if d["level"] == "city"] or [d["name"] for d in found if not d["parent"]]
    return str(tops[0]) if len(tops) == 1 else ""


def stamp(at: datetime | None) -> str:
    """A time to the second, as a log has it."""
    return f"{at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}" if at else ""
