"""Roads of a layer (SHP, GPKG, GeoJSON): which column says what, and nodes where there are none."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from riskmap.base.errors import FieldError, Invalid
from riskmap.exchange.archive import refuse
from riskmap.exchange.cells import plain
from riskmap.exchange.datum import DATUMS, crs_named
from riskmap.exchange.headers import normalised
from riskmap.exchange.locate import to_degrees
from riskmap.exchange.table import GEOMETRY_HEADER, Table
from riskmap.rescue.roads import CARRIES, KEPT_TAGS, Road, Summary, columns_of

MOST_ROWS = 1_000_000
MOST_VERTICES = 20_000_000
_TELL_EVERY = 5_000
# What is one place in a sender's numbers: 1e-7 degrees as OSM has it, or a centimetre; and what no place is beyond, so
# that the two counts of steps fit one number.
_STEPS = {"degrees": 1e7, "projected": 1e2}
_FARTHEST = {"degrees": (200.0, 200.0), "projected": (5e7, 2e7)}
_UNITS = 1e7

# Policy: what a column's header may be called, the surest first.
_HEADERS: dict[str, tuple[str, ...]] = {
    "highway": (
        "highway", "fclass", "道路等级", "道路等级名称", "行政等级", "道路级别", "道路类别", "道路类型", "等级名称",
        "road_class", "roadclass", "road_type", "roadtype", "技术等级", "等级", "级别", "类别", "类型", "rteg", "class",
        "type", "kind",
    ),
    "name": (
        "name", "道路名称", "路名", "道路名", "名称", "路线名称", "name:zh", "name_zh", "name_chn", "road_name",
        "roadname",
    ),
    "ref": ("ref", "路线编号", "道路编号", "路线代码", "路线编码", "公路编号", "编号", "rn", "road_no", "roadno"),
    "oneway": (
        "oneway", "单行", "单行道", "是否单行", "单向", "单向通行", "通行方向", "行车方向", "one_way", "direction",
    ),
    "bridge": ("bridge", "桥梁", "桥", "是否桥梁", "是否桥", "is_bridge"),
    "tunnel": ("tunnel", "隧道", "是否隧道", "is_tunnel"),
    "maxspeed": ("maxspeed", "限速", "最高限速", "限制速度", "设计速度", "设计时速", "speed_limit", "speedlimit"),
    "access": ("access", "通行限制", "通行权限"),
    "osm_id": ("osm_id", "@id", "osmid"),
}  # fmt: skip
# Layers that were made from OSM: a row without its class is no road there.
_OF_OSM = {"highway", "fclass"}
# Policy: a class said in words, and OSM's class for it. Looked for in this order, anywhere in what is said.
_CLASSES: tuple[tuple[str, str], ...] = (
    (r"铁路|轨道|地铁|轻轨|跑道|滑行道|航道|railway|tramway|\btram\b|runway|airfield|subway", "not_a_road"),
    (r"在建|施工中", "construction"),
    (r"规划", "proposed"),
    (r"人行|步道|阶梯|台阶", "footway"),
    (r"步行街", "pedestrian"),
    (r"自行车|非机动车", "cycleway"),
    (r"高速.*(匝道|连接线|互通)|^匝道$", "motorway_link"),
    (r"高速|expressway|motorway|^\d*-?highways?$", "motorway"),
    (r"^track_grade\d", "track"),
    (r"^unknown$", "road"),
    (r"国道|快速路|trunk", "trunk"),
    (r"省道|主干|一级|primary", "primary"),
    (r"县道|次干|二级|secondary", "secondary"),
    (r"乡道|支路|三级|tertiary", "tertiary"),
    (r"机耕|田间|林区|林道", "track"),
    (r"小区|内部|厂区|园区|停车", "service"),
    (r"村道|通村|四级|等外|专用", "unclassified"),
    (r"城市道路|街|巷|里弄|residential", "residential"),
    (r"小路", "path"),
)  # fmt: skip
_WORDS = tuple((re.compile(words, re.IGNORECASE), highway) for words, highway in _CLASSES)
_UNKNOWN = "unclassified"
_OTHER_TAGS = re.compile(r'"((?:[^"\\]|\\.)*)"=>"((?:[^"\\]|\\.)*)"')  # as GDAL writes what has no column
_OSM_ID = re.compile(r"(?:way/)?(\d{1,18})(?:\.0)?")
_MOST_SAID = 60
_LISTED_WORDS = 8

Tell = Callable[[float], None]


def class_of(said: str) -> str | None:
    """The class that a word stands for; None where nothing fits."""
    word = said.strip()
    if word.lower() in CARRIES:
        return word.lower()
    return next((highway for pattern, highway in _WORDS if pattern.search(word)), None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a sender wants a layer to be read; what is None is found."""

    crs: str | None = None
    layer: str | None = None
    class_field: str | None = None


@dataclass(slots=True)
class _Lines:
    """All lines of a layer before they have nodes: vertices in the sender's numbers, one after the other."""

    tags: list[dict[str, str]] = field(default_factory=list)
    highways: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)  # where each came from
    sizes: list[int] = field(default_factory=list)
    places: list[NDArray[np.float64]] = field(default_factory=list)
    vertices: int = 0


class RoadLayer:
    """One layer, its columns found and its datum settled."""

    def __init__(self, table: Table, wanted: Wanted) -> None:
        if table.kind != "vector":
            told = "这是表格，没有道路的图形。请用 OSM（.osm.pbf）、SHP（打成 zip）、GPKG 或 GeoJSON。"
            raise refuse("not_a_layer", told)
        self._table = table
        self._sheet = _sheet_of(table, wanted.layer)
        if self._sheet.rows - 1 > MOST_ROWS:
            told = f"图层有 {self._sheet.rows - 1:,} 行，最多 {MOST_ROWS:,} 行。请先裁出本市的范围再装入。"
            raise Invalid(told, code="too_many_roads")
        _, header = next(table.rows(self._sheet.name))
        self._header = [str(h) for h in header]
        self._columns = _columns_of(self._header, wanted.class_field)
        self.crs = _crs_of(table, wanted.crs)

    def roads(self, summary: Summary, tell: Tell) -> Iterator[Road]:
        """Every line that carries vehicles; the rest is counted in the summary by its row's number."""
        summary.crs = self.crs
        lines = self._read(summary, tell)
        if not lines.rows:
            return
        yield from _with_nodes(lines, self.crs, summary)

    def _read(self, summary: Summary, tell: Tell) -> _Lines:
        out = _Lines()
        at_class = self._columns.get("highway")
        of_osm = at_class is not None and normalised(self._header[at_class]) in _OF_OSM
        strange: Counter[str] = Counter()
        unclassed, rails = 0, 0
        others = sorted(set(range(len(self._header) - 1)) - set(self._columns.values()))
        rows = self._table.rows(self._sheet.name)
        next(rows)
        for number, cells in rows:
            summary.read += 1
            if summary.read % _TELL_EVERY == 0:
                tell(summary.read / self._sheet.rows)
            parts = _parts_of(cells[-1])
            if isinstance(parts, str):
                summary.leave(parts, number)
                continue
            said = plain(cells[at_class]).strip() if at_class is not None and cells[at_class] is not None else ""
            highway = class_of(said) if said else None
            if not said and of_osm:
                summary.leave("no_class", number)
                continue
            if said:
                summary.said[said[:_MOST_SAID], highway or (said.lower() if of_osm else _UNKNOWN)] += 1
            if highway is None and said and of_osm:  # footway, proposed: a class of OSM that we do not drive on
                summary.leave(said.lower(), number)
                continue
            if highway is not None and highway not in CARRIES:
                summary.leave(highway, number)
                continue
            if highway is None:
                unclassed += 1
                strange[said[:_MOST_SAID]] += bool(said)
            if at_class is None:
                rails += any(isinstance(cells[i], str) and class_of(cells[i]) == "not_a_road" for i in others)
            tags = self._tags_of(cells)
            if of_osm and tags.get("area") == "yes":
                summary.leave("area", number)
                continue
            summary.parts += len(parts) - 1
            for part in parts:
                out.tags.append(tags)
                out.highways.append(highway or _UNKNOWN)
                out.rows.append(number)
                out.sizes.append(len(part))
                out.places.append(part)
                out.vertices += len(part)
            if out.vertices > MOST_VERTICES:
                told = f"图层的折点超过 {MOST_VERTICES:,} 个。请先裁出本市的范围，或简化图形再装入。"
                raise Invalid(told, code="too_many_vertices")
        summary.notes += self._notes(unclassed, strange, rails)
        _settle_directions(out.tags)
        return out

    def _tags_of(self, cells: Sequence[Any]) -> dict[str, str]:
        """What a row says, as tags."""
        tags: dict[str, str] = {}
        for index, (name, cell) in enumerate(zip(self._header, cells, strict=True)):
            if cell is None or isinstance(cell, BaseGeometry):
                continue
            if name == "other_tags":
                tags |= {k: v for k, v in _OTHER_TAGS.findall(plain(cell)) if k in KEPT_TAGS or k == "area"}
            elif name.lower() in KEPT_TAGS or name == "area":
                tags.setdefault(name.lower(), plain(cell).strip())
            for what, column in self._columns.items():
                if column == index and what != "highway":
                    tags[what] = plain(cell).strip()
        return {k: v for k, v in tags.items() if v}

    def _notes(self, unclassed: int, strange: Mapping[str, int], rails: int) -> Iterator[str]:
        names = [h for h in self._header if h != GEOMETRY_HEADER]
        if "highway" not in self._columns:
            listed = f"文件的列有：{'、'.join(names[:20]) or '（没有）'}"
            yield f"没有认出道路等级一列，全部按“未分级道路”装入，可指明等级列后重新装入。{listed}。"
            if rails:
                yield f"其中 {rails:,} 行像是铁路或跑道，也装入了；指明等级列后会按等级留下公路。"
        elif unclassed:
            words = "、".join(f"“{w}”{n:,} 条" for w, n in Counter(strange).most_common(_LISTED_WORDS) if w)
            which = f"（{words}）" if words else ""
            yield f"有 {unclassed:,} 条没有等级或等级认不出{which}，按“未分级道路”装入。"
        if "oneway" not in self._columns:
            yield "没有单行一列，除高速公路和环岛外都当作双向。"
        if "bridge" not in self._columns:
            yield "没有桥梁一列：立交处上下两条路若在同一折点，会当作相通。"


def _sheet_of(table: Table, layer: str | None) -> Any:
    names = [s.name for s in table.sheets]
    if layer is None and len(names) == 1:
        return table.sheets[0]
    if layer in names:
        return table.sheets[names.index(layer)]
    told = f"文件里的图层：{'、'.join(names[:20])}，请指明哪一层是道路"
    raise Invalid(
        "没有这个图层" if layer else "文件里不止一个图层", errors=[FieldError("layer", "unknown_layer", told)]
    )


def _columns_of(header: Sequence[str], class_field: str | None) -> dict[str, int]:
    """Which column fills what; each column at most one thing."""
    said = {normalised(h): i for i, h in reversed(list(enumerate(header))) if h != GEOMETRY_HEADER}
    out: dict[str, int] = {}
    if class_field is not None:
        names = [h for h in header if h != GEOMETRY_HEADER]
        if class_field not in names:
            told = f"没有“{class_field[:30]}”这一列。文件的列有：{'、'.join(names[:20]) or '（没有）'}"
            raise Invalid("没有这个等级列", errors=[FieldError("class_field", "unknown_field", told)])
        out["highway"] = header.index(class_field)
    for what, words in _HEADERS.items():
        if what in out:
            continue
        found = (said[word] for word in words if word in said and said[word] not in out.values())
        if (column := next(found, None)) is not None:
            out[what] = column
    if "osm_id" not in out and "id" in said and _OF_OSM & set(said):
        out["osm_id"] = said["id"]
    return out


def _crs_of(table: Table, asked: str | None) -> str:
    """As asked, else as the file says; never guessed."""
    named = crs_named(asked) or crs_named(table.crs)
    if named is None:
        told = "文件没有写明坐标系，请选定坐标系：CGCS2000、WGS 84、GCJ-02（高德、腾讯）、BD-09（百度）或高斯投影带"
        raise Invalid("请选择坐标系", code="crs_missing", errors=[FieldError("crs", "missing", told)])
    return named


def _parts_of(shape: Any) -> list[NDArray[np.float64]] | str:
    """The single lines of a geometry in two dimensions, or why it has none."""
    if shape is None:
        return "no_geometry"
    if not isinstance(shape, BaseGeometry):
        return "broken"
    if shape.is_empty:
        return "no_geometry"
    if shape.geom_type not in {"LineString", "MultiLineString", "LinearRing"}:
        return "not_a_line"
    lines = [shapely.get_coordinates(part) for part in shapely.get_parts(shape)]
    if not all(np.isfinite(line).all() for line in lines):
        return "broken"
    lines = [line for line in lines if len(line) > 1 and (line != line[0]).any()]
    return lines or "too_short"


def _settle_directions(rows: Sequence[dict[str, str]]) -> None:
    """F, T and B: with a B among them along the line, against it and both; without one yes and no."""
    said = {tags.get("oneway", "").upper() for tags in rows}
    if "B" in said and said <= {"", "B", "F", "T"}:
        ways = {"F": "yes", "T": "-1", "B": "no"}
        for tags in rows:
            if word := tags.get("oneway", "").upper():
                tags["oneway"] = ways.get(word, word)


def _with_nodes(lines: _Lines, crs: str, summary: Summary) -> Iterator[Road]:
    """Lines whose vertices at one place are one node, converted once."""
    places = np.concatenate(lines.places)
    lines.places.clear()
    _check_unit(places, crs)
    sizes = np.array(lines.sizes)
    ends = np.cumsum(sizes)
    told = [columns_of(tags, highway) for tags, highway in zip(lines.tags, lines.highways, strict=True)]
    apart = _inner_of(sizes, ends, np.array([t["bridge"] or t["tunnel"] for t in told]))
    kind = DATUMS[crs].kind
    places = np.clip(places, [-m for m in _FARTHEST[kind]], _FARTHEST[kind])
    keys = np.rint(places * _STEPS[kind]).astype(np.int64)
    joined = (keys[:, 0] << 32) + keys[:, 1]
    _, first, node = np.unique(joined, return_index=True, return_inverse=True)
    node[apart] = len(first) + np.arange(int(apart.sum()))
    of_node = np.concatenate([places[first], places[apart]])
    lon, lat = to_degrees(crs, of_node[:, 0], of_node[:, 1])
    # As OSM has them, so that a network that is written out is this one.
    at = np.rint(np.column_stack([lon, lat]) * _UNITS) / _UNITS
    with np.errstate(invalid="ignore"):
        wrong = ~np.all(np.abs(at) <= (180.0, 90.0), axis=1)
    for i, end in enumerate(ends.tolist()):
        nodes = node[end - lines.sizes[i] : end]
        if wrong[nodes].any():
            summary.leave("out_of_range", lines.rows[i])
            continue
        where = at[nodes]
        if (where == where[0]).all():
            summary.leave("too_short", lines.rows[i])
            continue
        osm_id = _OSM_ID.fullmatch(lines.tags[i].get("osm_id", ""))
        yield Road(lines.highways[i], (nodes + 1).tolist(), where, osm_id=int(osm_id[1]) if osm_id else None, **told[i])


def _inner_of(sizes: NDArray[np.int64], ends: NDArray[np.int64], crossing: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Vertices of bridges and tunnels that are not their ends."""
    inner = np.repeat(crossing, sizes)
    inner[ends - 1] = False
    inner[ends - sizes] = False
    return inner


def _check_unit(places: NDArray[np.float64], crs: str) -> None:
    """Metres taken for degrees, or the other way round. Raises Invalid."""
    metres = bool((np.abs(places) > 360).any(axis=1).mean() > 0.5)
    if metres != (DATUMS[crs].kind == "projected"):
        told = "坐标是米制的，请选高斯投影带" if metres else "坐标是经纬度，请选 CGCS2000、WGS 84、GCJ-02 或 BD-09"
        raise Invalid("坐标系与文件里的数不符", code="crs_mismatch", errors=[FieldError("crs", "mismatch", told)])
