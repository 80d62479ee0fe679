"""What a sheet of the night says of itself: state, minute, 核验码, and 演练 where it is one."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from riskmap.base import clock
from riskmap.base.audit import dump_json
from riskmap.catalogue import queries as catalogue_queries
from riskmap.paper.imprint import Imprint, check_words
from riskmap.store.snapshot import Snapshot

EXERCISE = "演练"


def of(
    snapshot: Snapshot,
    title: str,
    rows: Any,
    *,
    number: str,
    version: int,
    exercise: bool,
    mark: str | None,
    area: str | None = None,
    selection: str = "",
    secrecy: str = "内部使用",
) -> Imprint:
    """`rows` is what the sheet says: its 核验码 is made of them. `mark` is that of invented data; `area` is what the
    sheet is of, where that is not all."""
    text = dump_json(rows) or ""
    marks = [part for part in (EXERCISE if exercise else None, mark) if part]
    whole = area_of(snapshot)
    return Imprint(
        title=title,
        area=whole if area is None else area,
        number=number,
        version=version,
        state=snapshot.moment.n,
        day=snapshot.moment.day,
        data_at=snapshot.data_at,
        check=check_words(hashlib.sha256(text.encode()).hexdigest()),
        selection=selection,
        maker=f"{whole}应急管理局",
        made_by=snapshot.reader.name,
        made_at=clock.now(),
        draft=False,
        secrecy=secrecy,
        mark="　".join(marks) or None,
    )


def area_of(snapshot: Snapshot, divisions: Sequence[str] = ()) -> str:
    """These divisions by name; of none the city, or whatever is widest, and nothing where no divisions are loaded."""
    moment = snapshot.moment
    found = catalogue_queries.divisions(snapshot.connection, moment.n, moment.day)
    if divisions:
        names = {d["code"]: str(d["name"]) for d in found}
        return "、".join(names.get(code, code) for code in divisions)
    tops = [d["name"] for d in found if d["level"] == "city"] or [d["name"] for d in found if not d["parent"]]
    return str(tops[0]) if len(tops) == 1 else ""


def stamp(at: datetime | None) -> str:
    """A time to the second, as a log has it."""
    return f"{at.astimezone(clock.SHANGHAI):%Y-%m-%d %H:%M:%S}" if at else ""
