"""Whose place it is: an account that is limited to areas changes what lies in them, and what it entered itself.

Entering is not limited: who hears of something says so, wherever it is.
"""

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from riskmap.access.reader import canonical_division
from riskmap.base.errors import Forbidden
from riskmap.catalogue import queries as catalogue_queries
from riskmap.exchange.division_names import division_names_of
from riskmap.rescue import depths
from riskmap.store.snapshot import Snapshot

_OFF = 0.01  # of an area, beyond the borders of who decides about it: a drawn edge is a little off a border. Policy.


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


def own_part(snapshot: Snapshot, whole: BaseGeometry, called: str, instead: str) -> BaseGeometry:
    """What of an area (lon/lat) lies where the reader commands: what a drawn edge is off a border is cut along it; the
    whole where he has no limit. Raises Forbidden for what reaches farther, with what to do `instead`."""
    prefixes = snapshot.reader.area_prefixes
    if not prefixes:
        return whole
    rows = catalogue_queries.division_shapes(snapshot.connection, snapshot.state.n, snapshot.state.day)
    mine = [shapely.from_wkb(bytes(row.wkb)) for row in rows if row.territory.startswith(prefixes)]
    names = division_names_of(snapshot)
    area = "、".join(names.words(canonical_division(code)) or code for code in snapshot.reader.areas[:3])
    if not mine:
        raise Forbidden(f"没有您管理区域（{area}）的边界，不知道{called}是否在内。请由不限管理区域的人操作。")
    kept = [p for p in shapely.get_parts(shapely.intersection(whole, shapely.union_all(mine))) if p.area > 0]
    inside = shapely.MultiPolygon([p for p in kept if p.geom_type == "Polygon"])
    size = depths.area_m2(whole)
    out = size - depths.area_m2(inside)
    if out > size * _OFF:
        raise Forbidden(f"{called}有 {out / 1e6:,.1f} km² 在您的管理区域（{area}）外。{instead}")
    return inside
