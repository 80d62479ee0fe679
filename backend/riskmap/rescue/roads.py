"""Roads as this product means them: which carry vehicles, what a road is, what was left out of a file and why.

One table of roads serves the exposure of a flood and the routing alike. Nodes are kept so that a network can be
written back exactly (an OSM file for a routing engine):

- Each road has the number of a node for every vertex of its line (`road.nodes`, as many as the line has points). Equal
  numbers are one node, whatever lies where; vertices that lie on each other with different numbers do not meet. So a
  bridge that passes over a crossing road at one place stays apart from it, and a way that crosses itself or comes back
  to its first node is one line as it was.
- From an OSM file the numbers are the file's own, and coordinates are multiples of 1e-7 degrees as OSM has them:
  `round(x * 1e7)` of what is stored gives the file's integers back.
- Other formats have no nodes. Their vertices at one place (to 1e-7 degrees, or a centimetre, in the sender's own
  numbers, before any datum is changed) become one node, which is converted once, so that its roads still meet.
  Inner vertices of a bridge or tunnel are nodes of their own: it meets others only at its ends.

What is not kept: turn restrictions (relations), which a load counts, and what stands on single nodes (barriers,
signals), which it does not.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Policy: roads that a vehicle of the rescue may take, by OSM's `highway`, with the word for the page, main roads first.
# OSM's classes stand for administrative ones in China as its mappers use them.
CARRIES: dict[str, str] = {
    "motorway": "高速公路",
    "motorway_link": "高速公路匝道",
    "trunk": "国道、快速路",
    "trunk_link": "国道、快速路匝道",
    "primary": "省道、主干路",
    "primary_link": "省道、主干路连接线",
    "secondary": "县道、次干路",
    "secondary_link": "县道、次干路连接线",
    "tertiary": "乡道、支路",
    "tertiary_link": "乡道、支路连接线",
    "unclassified": "未分级道路",
    "residential": "街巷、居住区道路",
    "living_street": "生活街道",
    "service": "内部道路、出入口",
    "busway": "公交专用路",
    "track": "机耕路、林区路",
    "road": "等级不详的道路",
}
# What else is mapped as `highway`, in words; any other value is left out by its own name.
_OTHER_WAYS = {
    "footway": "人行道",
    "path": "小路",
    "steps": "台阶",
    "cycleway": "自行车道",
    "bridleway": "马道",
    "pedestrian": "步行街",
    "corridor": "室内通道",
    "construction": "在建道路",
    "proposed": "规划道路",
    "platform": "站台",
    "elevator": "电梯",
    "raceway": "赛车道",
    "bus_guideway": "导轨公交道",
    "via_ferrata": "攀登路线",
    "rest_area": "服务区",
    "services": "服务区",
    "abandoned": "废弃道路",
    "razed": "已拆道路",
    "disused": "停用道路",
}
# Why a row is no road, beside its class.
_WHY = {
    "area": "面状的场地，不是路",
    "no_class": "没有 highway，不是路",
    "not_a_road": "铁路、跑道等，不是公路",
    "no_geometry": "没有图形",
    "broken": "图形读不出来",
    "not_a_line": "不是线",
    "too_short": "只有一个位置，不成线",
    "out_of_range": "坐标换算后不在经纬度范围内",
    "no_nodes": "节点不在文件里（被裁掉）",
}
_LISTED = 20  # rows that are named of each reason

# Tags beside the columns that matter to who drives there.
KEPT_TAGS = frozenset(
    (
        "junction", "layer", "lanes", "lanes:forward", "lanes:backward", "turn", "turn:lanes", "turn:lanes:forward",
        "turn:lanes:backward", "oneway", "oneway:bus", "motor_vehicle", "motorcar", "vehicle", "hgv", "goods",
        "emergency", "motorroad", "bridge", "tunnel", "covered", "ford", "service", "surface", "smoothness",
        "tracktype", "width", "maxheight", "maxweight", "maxaxleload", "maxwidth", "maxlength", "maxspeed",
        "maxspeed:forward", "maxspeed:backward", "toll", "incline", "embankment", "cutting", "lit", "int_ref",
        "destination", "destination:ref", "restriction", "access:conditional", "name:zh", "flood_prone",
    )
)  # fmt: skip
_MOST_TEXT = 250

_YES = {"yes", "true", "1", "y", "t", "是", "有", "单行", "单向", "单行道", "单向通行", "forward", "正向", "顺向", "ft"}
_BACK = {"-1", "reverse", "backward", "逆向", "反向", "tf"}
_NO = {"no", "false", "0", "n", "f", "b", "否", "无", "双向", "双行", "双向通行", "both", "none"}
_SPEED = re.compile(r"(\d{1,3})(?:\.\d+)?(?:km/h|kmh|kph|公里/小时|公里每小时|千米/小时)?", re.IGNORECASE)
_MILES = re.compile(r"(\d{1,3})mph", re.IGNORECASE)
_KM_A_MILE = 1.609344
_ROUND = {"roundabout", "circular"}
_ONE_WAY = {"motorway", "motorway_link"}  # unless they say otherwise


@dataclass(slots=True)
class Road:
    """One line with its nodes; positions in lon/lat, CGCS2000, one a node."""

    highway: str
    nodes: Sequence[int]
    lonlat: NDArray[np.float64]  # n × 2
    name: str | None = None
    ref: str | None = None
    osm_id: int | None = None
    oneway: int = 0  # 1 along the line, -1 against it
    bridge: bool = False
    tunnel: bool = False
    access: str | None = None
    maxspeed_kmh: int | None = None
    tags: dict[str, str] = field(default_factory=dict)


def columns_of(tags: Mapping[str, str], highway: str) -> dict[str, Any]:
    """What the tags of a road say, as the table has it; what a column cannot hold whole stays in `tags` too."""
    kept = {k: v[:_MOST_TEXT] for k, v in tags.items() if k in KEPT_TAGS and v}
    way, plain = _direction(tags.get("oneway"))
    if way is None:
        is_round = tags.get("junction") in _ROUND
        way = 1 if is_round or highway in _ONE_WAY else 0
    if plain:
        kept.pop("oneway", None)
    speed = speed_of(tags.get("maxspeed"))
    if speed is not None:
        kept.pop("maxspeed", None)
    crossing = {}
    for what in ("bridge", "tunnel"):
        said = (tags.get(what) or "").strip().lower()
        crossing[what] = bool(said) and said not in _NO
        if said in _YES or not crossing[what]:
            kept.pop(what, None)
    return {
        "name": _text(tags.get("name")),
        "ref": _text(tags.get("ref")),
        "oneway": way,
        "access": _text(tags.get("access")),
        "maxspeed_kmh": speed,
        "tags": kept,
        **crossing,
    }


def _text(said: str | None) -> str | None:
    return " ".join(said.split())[:_MOST_TEXT] or None if said else None


def _direction(said: str | None) -> tuple[int | None, bool]:
    """1, -1, 0 or unsaid; and whether that is all that it says (reversible is neither)."""
    word = (said or "").strip().lower()
    for value, words in ((1, _YES), (-1, _BACK), (0, _NO)):
        if word in words:
            return value, True
    return (0, False) if word else (None, True)


def speed_of(said: str | None) -> int | None:
    """km/h, where it is a number; None for what is said in words (CN:urban)."""
    word = (said or "").replace(" ", "")
    if match := _SPEED.fullmatch(word):
        speed = int(match[1])
    elif match := _MILES.fullmatch(word):
        speed = round(int(match[1]) * _KM_A_MILE)
    else:
        return None
    return speed if 0 < speed <= 200 else None


def why_word(code: str) -> str:
    """What a reason, or a class that carries no vehicles, is called."""
    return _WHY.get(code) or _OTHER_WAYS.get(code) or f"其他（{code[:40]}）"


# -- What a file came to -------------------------------------------------------------------


@dataclass(slots=True)
class Left:
    """Rows that are no road for one reason: how many, and the first of them by number."""

    count: int = 0
    rows: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Summary:
    """What was read, taken and left out; grows while a file is read."""

    format: str
    crs: str = "EPSG:4326"
    read: int = 0
    parts: int = 0  # roads that came out of lines in several parts
    outside: int = 0  # roads that begin outside the territory
    cut: int = 0  # roads that lack some of their nodes
    restrictions: int = 0  # of turning, that are not kept
    dated: date | None = None
    source: str = ""
    licence: str = ""
    rows: Counter[str] = field(default_factory=Counter)  # by class
    metres: dict[str, float] = field(default_factory=dict)
    left: dict[str, Left] = field(default_factory=dict)
    said: Counter[tuple[str, str]] = field(default_factory=Counter)  # a sender's word, what it is taken for
    notes: list[str] = field(default_factory=list)
    bounds: list[float] | None = None

    def leave(self, code: str, row: int) -> None:
        """One row that is no road."""
        left = self.left.setdefault(code, Left())
        left.count += 1
        if len(left.rows) < _LISTED:
            left.rows.append(row)

    def widen(self, lonlat: NDArray[np.float64]) -> None:
        """The bounds, so that they hold these too."""
        if self.bounds is not None:
            lonlat = np.concatenate([lonlat, np.reshape(self.bounds, (2, 2))])
        self.bounds = [*map(float, lonlat.min(axis=0)), *map(float, lonlat.max(axis=0))]

    @property
    def count(self) -> int:
        """Roads that are taken."""
        return self.rows.total()

    @property
    def length_m(self) -> float:
        """Of all of them."""
        return sum(self.metres.values())

    def body(self) -> dict[str, Any]:
        """For the table's history and the page; numbers of rows are the file's own (OSM: of ways)."""
        by_class = [
            {"highway": k, "title": title, "rows": self.rows[k], "length_m": round(self.metres.get(k, 0.0), 1)}
            for k, title in CARRIES.items()
            if self.rows[k]
        ]
        left = [
            {"code": code, "title": why_word(code), "rows": one.count, "numbers": one.rows}
            for code, one in sorted(self.left.items(), key=lambda item: -item[1].count)
        ]
        said = [
            {"said": word, "highway": highway, "title": CARRIES.get(highway) or why_word(highway), "rows": n}
            for (word, highway), n in self.said.most_common(40)
        ]
        return {
            "read": self.read,
            "parts": self.parts,
            "outside": self.outside,
            "bounds": self.bounds,
            "by_class": by_class,
            "left_out": left,
            "classes_read": said,
            "notes": list(self.told()),
        }

    def told(self) -> Iterator[str]:
        """What whoever loads it should know, the gravest first."""
        if self.count and self.outside == self.count:
            yield f"全部 {self.count:,} 条路都在辖区外，请核对是不是本地的文件、坐标系选得对不对。"
        elif self.outside:
            yield f"有 {self.outside:,} 条路的起点在辖区外，照样装入。"
        yield from self.notes
        if self.cut:
            yield f"有 {self.cut:,} 条路的一部分节点不在文件里（多在裁切边上），只装入有节点的部分。"
        if self.parts:
            yield f"多段线拆成单线，多出 {self.parts:,} 条。"
        if self.restrictions:
            yield f"文件里的转弯限制 {self.restrictions:,} 条没有采用。"
