"""Where a position is that somebody types into a form, its datum named."""

from typing import Any

from riskmap.base.errors import Forbidden
from riskmap.exchange.coordinates import position_of
from riskmap.exchange.datum import DATUMS
from riskmap.store.snapshot import Snapshot
from riskmap.store.territory import territory_of


def read_position(
    snapshot: Snapshot, x: str, y: str, crs: str, bounds: tuple[float, float, float, float]
) -> dict[str, Any]:
    """A position as somebody wrote it, in CGCS2000, and where that is."""
    if not snapshot.reader.sees_inner:  # who only reads tries a place as well; nothing is written
        raise Forbidden("请登录有内部权限的账号再换算坐标。")
    lon, lat = position_of(crs, x, y)
    territory = territory_of(snapshot, bounds)
    inside, division = territory.find(lon, lat)
    return {
        "lon": lon,
        "lat": lat,
        "crs": crs,
        "title": DATUMS[crs].title,
        "inside": inside,
        "swapped": not inside and abs(lon) <= 90 and territory.find(lat, lon)[0],
        "division": division,
        "state": snapshot.state.n,
    }
