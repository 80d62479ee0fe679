"""Roads of an OSM file (.osm.pbf, .osm), with its own nodes."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import osmium

from riskmap.base.errors import Invalid
from riskmap.exchange.archive import refuse
from riskmap.rescue.roads import CARRIES, Road, Summary, columns_of

MOST_WAYS = 3_000_000  # with `highway`: some provinces together
_TELL_EVERY = 5_000
_UNITS = 1e7  # of a degree: as OSM has coordinates
_DAMAGED = "OSM 文件读不出来：不完整或已损坏。请重新下载后再装入。"
_NO_NODES = "文件里没有道路的节点，或节点排在道路之后。请连同节点一起导出，用 osmium sort 排好。"
_TIMES = ("osmosis_replication_timestamp", "timestamp")

Tell = Callable[[float], None]


def format_of(head: bytes) -> str | None:
    """pbf or osm, by a file's first bytes; None for what is no OSM file."""
    if head[4:6] == b"\x0a\x09" and head[6:15] == b"OSMHeader":
        return "pbf"
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return "osm" if start.startswith(b"<") and b"<osm" in start[:2000] else None


class OsmFile:
    """A file that is gone through twice: to count, and to read."""

    def __init__(self, path: Path, format_: str) -> None:
        # The format is said, so that a name decides nothing.
        self._file = osmium.io.File(str(path), format_)
        self.ways = self.restrictions = 0
        entities = osmium.osm.WAY | osmium.osm.RELATION
        keys = osmium.filter.KeyFilter("highway", "restriction")
        try:
            with osmium.io.Reader(self._file, osmium.osm.NOTHING) as reader:
                self.dated = _dated(reader.header())
            for thing in osmium.FileProcessor(self._file, entities).with_filter(keys):
                if thing.type_str() == "r":
                    self.restrictions += 1
                elif "highway" in thing.tags:
                    self.ways += 1
        except (RuntimeError, ValueError, OSError) as error:
            raise refuse("damaged", _DAMAGED) from error
        if not self.ways:
            raise refuse("no_roads", "文件里没有道路（带 highway 的路），请核对是否选错了文件。")
        if self.ways > MOST_WAYS:
            told = (
                f"文件里有 {self.ways:,} 条路，最多 {MOST_WAYS:,} 条。请先裁出本市的范围（如 osmium extract）再装入。"
            )
            raise Invalid(told, code="too_many_roads")

    def roads(self, summary: Summary, tell: Tell) -> Iterator[Road]:
        """What carries vehicles; the rest is counted in the summary."""
        summary.restrictions = self.restrictions
        taken = False
        try:
            for way in self._ways():
                if summary.read % _TELL_EVERY == 0:
                    tell(summary.read / self.ways)
                summary.read += 1
                tags = {tag.k: tag.v for tag in way.tags}
                highway = tags["highway"]
                if highway not in CARRIES:
                    summary.leave(highway, way.id)
                elif tags.get("area") == "yes":
                    summary.leave("area", way.id)
                else:
                    for road in _lines(way, highway, tags, summary):
                        taken = True
                        yield road
        except (RuntimeError, ValueError, OSError) as error:
            raise refuse("damaged", _DAMAGED) from error
        if not taken and "no_nodes" in summary.left:
            raise refuse("no_nodes", _NO_NODES)

    def _ways(self) -> Iterator[Any]:
        ways = osmium.FileProcessor(self._file).with_locations()
        yield from ways.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY)).with_filter(
            osmium.filter.KeyFilter("highway")
        )


def _lines(way: Any, highway: str, tags: dict[str, str], summary: Summary) -> Iterator[Road]:
    """A way as a road; one that lacks nodes as the runs that it has."""
    runs: list[tuple[list[int], list[tuple[int, int]]]] = [([], [])]
    missing = False
    for node in way.nodes:
        at = node.location
        if at.valid():
            runs[-1][0].append(node.ref)
            runs[-1][1].append((at.x, at.y))
        else:
            missing = True
            runs.append(([], []))
    lines = [(nodes, places) for nodes, places in runs if len(set(places)) > 1]
    if not lines:
        summary.leave("no_nodes" if missing else "too_short", way.id)
        return
    summary.cut += missing
    summary.parts += len(lines) - 1
    told = columns_of(tags, highway)
    for nodes, places in lines:
        yield Road(highway, nodes, np.array(places, dtype=float) / _UNITS, osm_id=way.id, **told)


def _dated(header: Any) -> date | None:
    """The day that an extract says it is of."""
    for name in _TIMES:
        try:
            return date.fromisoformat(header.get(name)[:10])
        except ValueError:
            continue
    return None
