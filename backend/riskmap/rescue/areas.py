"""Whose place it is: an account that is limited to areas changes what lies in them, and what it entered itself.

Entering is not limited: who hears of something says so, wherever it is.
"""

from collections.abc import Sequence

from riskmap.base.errors import Forbidden
from riskmap.catalogue import queries as catalogue_queries
from riskmap.store.snapshot import Snapshot


def yours(snapshot: Snapshot, entered: Sequence[tuple[str, tuple[float, float]]]) -> list[bool]:
    """Of each that somebody entered for a place (lon, lat) whether the reader may change it, his role allowing: what he
    entered himself, and what lies in his areas; a place in no known division lies in none."""
    reader = snapshot.reader
    if not reader.areas or not entered:
        return [True] * len(entered)
    n, day = snapshot.moment.n, snapshot.moment.day
    found = catalogue_queries.divisions_at(snapshot.connection, n, day, [place for _, place in entered])
    return [
        by == reader.name or (code is not None and reader.in_areas(code))
        for (by, _), code in zip(entered, found, strict=True)
    ]


def ensure_his(snapshot: Snapshot, what: str, by: str, place: tuple[float, float]) -> None:
    """Raises Forbidden for what another (`by`) entered outside the reader's areas."""
    if not yours(snapshot, [(by, place)])[0]:
        raise Forbidden(f"{what}由 {by} 登记，不在您的区划里，没有执行。请由管这里的人或不限区划的人操作。")
