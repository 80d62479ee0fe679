"""What a map sheet is made from: plain values, already selected and permitted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from shapely.geometry.base import BaseGeometry

from riskmap.catalogue.model import GRADE_RANK


@dataclass(frozen=True, slots=True)
class Mark:
    """An object on the map; longitude and latitude on CGCS2000."""

    id: int
    class_: str
    symbol: str
    grade: str
    name: str
    geometry: BaseGeometry
    anchor: tuple[float, float]
    persons: int = 0
    division: str = ""
    division_code: str = ""

    @property
    def order(self) -> tuple[int, int, int]:
        """The graver first, then where more people are."""
        return GRADE_RANK[self.grade], -self.persons, self.id


@dataclass(frozen=True, slots=True)
class Division:
    """A division of the ground; level is city, county or town."""

    code: str
    name: str
    level: str
    polygon: BaseGeometry


@dataclass(frozen=True, slots=True)
class Ground:
    """What lies below the objects."""

    divisions: tuple[Division, ...] = ()
    area: BaseGeometry | None = None
    area_level: str = "city"
    lines: tuple[tuple[str, BaseGeometry], ...] = ()  # kind and geometry: see LINES
    source: str = ""
    missing: tuple[str, ...] = ()  # layers that are not loaded, in words: 道路、水系


@dataclass(frozen=True, slots=True)
class ClassRow:
    """A class in the legend: what of it stands on the map, per grade."""

    code: str
    title: str
    symbol: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Legend:
    """`counts`: of a grade that is shown those with a place; of one that is not, all that meet the other conditions."""

    scale_title: str
    worse: str  # which end is worse: 重大最重
    counts: Mapping[str, int]
    shown: frozenset[str]
    classes: tuple[ClassRow, ...] = ()
    unplaced: Mapping[str, int] = field(default_factory=dict)
    total: int | None = None
    within: str = ""  # which of the registered objects the total counts: 可公开的; empty: all
    coarse_m: int | None = None  # how far a position may be from the real one; None: positions are the real ones
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Heat:
    """H3 cells of one resolution and what they hold by grade."""

    resolution: int
    cells: Mapping[int, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Style:
    """A line of the ground: colour, width, casing and its colour, dashes."""

    word: str
    colour: str
    width: float
    casing: str = ""
    casing_width: float = 0.0
    dash: tuple[float, ...] = ()
    z: float = 0.0
    area: str = ""  # the fill where the geometry is an area
    least: int = 10**9  # not drawn at smaller scales than 1 to this: it would be a grey patch


LINES: Mapping[str, Style] = {
    "lake": Style("湖泊、水库", "#8DB6CC", 0.12, z=0.0, area="#D5E7F1"),
    "river": Style("河流", "#8DBCD8", 0.45, z=0.1, area="#D5E7F1"),
    "stream": Style("溪沟", "#8DBCD8", 0.2, z=0.1),
    "motorway": Style("高速公路", "#F0C48A", 0.55, "#A8824F", 0.8, z=0.7),
    "trunk": Style("国道、快速路", "#F5E3B3", 0.45, "#B09A68", 0.65, z=0.6),
    "primary": Style("省道、主干路", "#F5E3B3", 0.35, "#B09A68", 0.52, z=0.5),
    "secondary": Style("县道、次干路", "#B3AB9E", 0.22, z=0.4, least=1_000_000),
    "tertiary": Style("乡道、支路", "#B9B2A6", 0.16, z=0.3, least=500_000),
    "road": Style("其他道路", "#B9B2A6", 0.16, z=0.3, least=300_000),
    "railway": Style("铁路", "#FFFFFF", 0.25, "#4A4A4A", 0.42, (1.6, 1.6), z=0.8),
}
# What road and water layers call them.
_KINDS: Mapping[str, str] = {
    "water": "lake", "水面": "lake", "湖泊": "lake", "水库": "lake", "河流": "river", "水系": "river", "溪沟": "stream",
    "高速": "motorway", "高速公路": "motorway", "国道": "trunk", "快速路": "trunk", "省道": "primary",
    "主干路": "primary", "县道": "secondary", "次干路": "secondary", "乡道": "tertiary", "支路": "tertiary",
    "村道": "road", "城市道路": "road", "道路": "road", "铁路": "railway",
}  # fmt: skip


def line_kind(word: str) -> str:
    """The kind of a line of the ground by any of its words."""
    return _KINDS.get(word, word)


def kinds_at(lines: Iterable[tuple[str, Any]], scale: float) -> list[str]:
    """The kinds of lines that are drawn at a scale, in the legend's order."""
    kinds = dict.fromkeys(line_kind(kind) for kind, _ in lines)
    shown = [q for q in kinds if scale <= LINES.get(q, OTHER_LINE).least]
    return sorted(shown, key=lambda q: list(LINES).index(q) if q in LINES else 99)


OTHER_LINE = Style("其他线", "#B5AEA3", 0.15, z=0.2)

LEVEL_WORDS: Mapping[str, str] = {"city": "市界", "county": "县（市、区）界", "town": "乡镇（街道）界"}


def total(counts: Mapping[str, int]) -> int:
    return sum(counts.values())
