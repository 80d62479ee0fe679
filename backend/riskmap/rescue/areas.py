"""Whose place it is: an account that is limited to areas changes what lies in them, and what it entered itself.

Entering is not limited: who hears of something says so, wherever it is.
"""

from collections.abc import Sequence

from riskmap.base.errors import Forbidden
from riskmap.catalogue import queries as catalogue_queries
from riskmap.store.snapshot import Snapshot


def his(snapshot: Snapshot, places: Sequence[tuple[float, float]]) -> list[bool]:
    """Of each place (lon, lat) whether it lies in the reader's areas; a place in no known division lies in none."""
    reader = snapshot.reader
    if not reader.areas or not places:
        return [True] * len(places)
    n, day = snapshot.moment.n, snapshot.moment.day
    found = catalogue_queries.divisions_at(snapshot.connection, n, day, places)
    return [code is not None and reader.in_areas(code) for code in found]


def ensure_his(snapshot: Snapshot, what: str, by: str, place: tuple[float, float]) -> None:
    """Raises Forbidden for what another (`by`) entered outside the reader's areas."""
    if by != snapshot.reader.name and not his(snapshot, [place])[0]:
        raise Forbidden(f"{what}由 {by} 登记，不在您的区划里，没有执行。请由管这里的人或不限区划的人操作。")
