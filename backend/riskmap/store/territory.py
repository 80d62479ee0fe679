"""The territory: where things may lie, and which division a position is in."""

from collections.abc import Callable
from dataclasses import dataclass

from riskmap.base.errors import FieldError, Invalid
from riskmap.catalogue import queries as catalogue_queries
from riskmap.store.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Territory:
    """Where objects may lie: what the loaded divisions cover, or the bounds while none are loaded."""

    bounds: tuple[float, float, float, float]
    codes: frozenset[str]  # of loaded divisions; empty: none are loaded
    division_at: Callable[[float, float], str | None]

    def find(self, lon: float, lat: float) -> tuple[bool, str | None]:
        """Whether a position is in the territory, and the finest division there."""
        if self.codes:
            code = self.division_at(lon, lat)
            return code is not None, code
        west, south, east, north = self.bounds
        return west <= lon <= east and south <= lat <= north, None

    def check(self, lon: float, lat: float, field: str) -> str | None:
        """The finest division at a position. Raises Invalid, naming the field, where it is not in the territory."""
        inside, found = self.find(lon, lat)
        if not inside:
            swapped = self.find(lat, lon)[0]
            hint = "：经度和纬度像是写反了，请按 [经度, 纬度] 填写" if swapped else "，请核对坐标和坐标系"
            raise Invalid("位置不在辖区内", errors=[FieldError(field, "out_of_territory", f"位置不在辖区内{hint}")])
        return found


def territory_of(snapshot: Snapshot, bounds: tuple[float, float, float, float]) -> Territory:
    """The territory as the snapshot's divisions say it."""
    n, day, connection = snapshot.state.n, snapshot.state.day, snapshot.connection
    codes = frozenset(d["code"] for d in catalogue_queries.divisions(connection, n, day))
    return Territory(bounds, codes, lambda lon, lat: catalogue_queries.division_at(connection, n, day, lon, lat))
