"""What an engine answers, whichever implementation stands behind it.

Every answer is for one snapshot (state, reader) and one selection; a test holds implementations equal.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from shapely.geometry.base import BaseGeometry

from riskmap.catalogue.model import Scale
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot

EVERY_FROM = 15  # zoom from which a tile sends all objects
NAMES_FROM = 14  # zoom from which objects carry their names
MOST_ZOOM = 22
HEAT_FEW = 5  # cells with fewer objects are marked as uncertain, never suppressed


@dataclass(frozen=True, slots=True)
class Counts:
    """Totals of a selection. `rows` are keyed by the asked dimensions, n last."""

    total: int
    unplaced: int
    rows: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Facet:
    """Counts by value of one facet, and how many values there are beside these."""

    values: Mapping[str, int]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """One H3 cell of the heat."""

    cell: int
    n: int
    by_grade: Mapping[str, int]
    touching: int | None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An object near a place."""

    id: int
    distance_m: float


@dataclass(frozen=True, slots=True)
class NearObject:
    """An object near another one, measured outline to outline."""

    id: int
    class_: str
    code: str | None
    name: str
    grade: int
    stage: str
    attributes: Mapping[str, Any]
    anchor: tuple[float, float]
    distance_m: float
    bearing: float | None  # degrees from north along the shortest line; None where the two touch
    line: tuple[tuple[float, float], tuple[float, float]] | None  # its ends, lon/lat


@dataclass(frozen=True, slots=True)
class Near:
    """The nearest of what is near, how many there are in all, and how many more have a coarse position only."""

    items: tuple[NearObject, ...]
    total: int
    coarse: int


@dataclass(frozen=True, slots=True)
class Reached:
    """An object within the metres that its class is asked for around an outline."""

    id: int
    class_: str
    name: str
    division: str
    department: str
    visibility: int
    attributes: Mapping[str, Any]
    level: tuple[str, str] | None  # (scale, value)
    position_quality: str
    enterprise: int | None
    parent: int | None
    distance_m: float
    line: tuple[tuple[float, float], tuple[float, float]]  # from the outline to the object, lon/lat
    depth_m: float = 0.0  # of an outline within the object: how far to its border


class Engine(Protocol):
    """Counts, cells, tiles, pages and neighbours of a selection."""

    def count(self, snapshot: Snapshot, selection: Selection, by: Sequence[str]) -> Counts:
        """Exact totals, each object once."""

    def facets(self, snapshot: Snapshot, selection: Selection, names: Sequence[str]) -> dict[str, Facet]:
        """Counts by value of each facet (`compile.FACETS`), each without its own condition; no zeros.

        Of tags the chosen and the most used ones.
        """

    def cells(self, snapshot: Snapshot, selection: Selection, resolution: int) -> list[Cell]:
        """Placed objects by H3 cell, and the lines and polygons that touch each."""

    def tile(
        self, snapshot: Snapshot, selection: Selection, z: int, x: int, y: int, scale: Scale | None = None
    ) -> bytes:
        """One MVT 2 tile of WebMercatorQuad; empty bytes where nothing is.

        An object that is closed or struck off carries `over`, true; a live one does not.
        With a scale, objects on it carry `level` and `rank`, or `outside` where its rule found no level for them
        (不构成); clusters `r1` … by rank, `r0` for objects without a level on it, of them `outside`, and `off` whose
        class is not on it, and `worst_rank` by the scale's direction.
        """

    def near(
        self, snapshot: Snapshot, selection: Selection, lon: float, lat: float, within_m: float
    ) -> list[Neighbour]:
        """Objects within a geodesic distance of a point, nearest first."""

    def near_object(
        self, snapshot: Snapshot, selection: Selection, object_id: int, within_m: float, limit: int
    ) -> Near:
        """Objects within a geodesic distance of another one's outline, itself left out, nearest first."""

    def reaching(
        self, snapshot: Snapshot, shape: BaseGeometry, reaches: Mapping[str, float], attribute: str | None = None
    ) -> list[Reached]:
        """Live objects of each class (class → metres) that lie within so many geodesic metres of an outline.

        Nearest first. The outline is lon/lat; of the snapshot's reader full-form rows alone are measured.
        `attribute`: the declared geometry that is measured in the place of the object's own; for small classes,
        since no index helps.
        """

    def overlapping(self, snapshot: Snapshot, selection: Selection, area: str) -> list[int]:
        """Ids of objects whose geometry meets an area (GeoJSON text, lon/lat)."""
