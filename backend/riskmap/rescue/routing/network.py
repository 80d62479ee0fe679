"""The roads as an engine's network: cut into short stretches, written as an OSM file, and kept beside it.

A routing engine closes an edge whole. The roads are therefore cut at their crossings and at least every 100 m, so that
water closes what it stands on and not the kilometre up to the next crossing; long straights get nodes of ours.

Which tags the engine sees is decided here. Roads that may not be driven at all stay out, so whatever is in the file is
an edge that carries vehicles: a mark on a stretch finds that edge and no other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import osmium
import shapely
from numpy.typing import NDArray
from osmium.osm.mutable import Node, Way
from sqlalchemy import Connection, text

from riskmap.exchange.datum import metres_between
from riskmap.rescue.roadengine.joined import joined
from riskmap.rescue.roadengine.plane import Plane

STRETCH_M = 100.0  # Policy: what is closed at once; a straight is cut where it has half as much again
_UNITS = 1e7
_BATCH = 5_000
_APART_M = 1.5  # of a mark from every other stretch
_FRACTIONS = (0.5, 0.35, 0.65, 0.2, 0.8)
_ISLAND = 20  # stretches: fewer that hang together are somebody's yard, which nobody is sent to

# Policy: `no` closes a road to the rescue too, unless it is let in by name; private ones are driven.
_SHUT = frozenset({"no"})
_LET_IN = frozenset({"yes", "designated", "permissive"})
_KEPT = ("surface", "tracktype", "junction", "layer")
_INSTEAD = {"busway": "service", "road": "unclassified"}  # classes that the engine has no speed for


def may_be_driven(access: str | None, tags: dict[str, str]) -> bool:
    """Whether the rescue may take a road; its ways are not told by what is usual for private cars."""
    if tags.get("emergency") in _LET_IN:
        return True
    said = (tags.get("motor_vehicle") or tags.get("vehicle"), access)
    return next((word for word in said if word), "yes") not in _SHUT


@dataclass(slots=True)
class Network:
    """Stretches in the order of their ways in the file (way 1 is stretch 0), with their nodes in lon/lat."""

    nodes: NDArray[np.float64]  # n × 2; node 1 of the file is the first
    refs: NDArray[np.int64]  # nodes of all stretches, one after the other
    starts: NDArray[np.int64]  # where each stretch begins in refs; one more at the end
    road: NDArray[np.int64]  # road_id of each stretch
    tags: list[dict[str, str]] = field(default_factory=list)  # of each road that is in
    tag_of: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    left_out: int = 0  # roads that may not be driven

    def __len__(self) -> int:
        return len(self.road)

    def lines(self) -> NDArray[Any]:
        """Each stretch as a line."""
        sizes = np.diff(self.starts)
        return np.asarray(
            shapely.linestrings(self.nodes[self.refs], indices=np.repeat(np.arange(len(sizes)), sizes))
        )  # fmt: skip


def _rows(connection: Connection) -> Iterator[Any]:
    found = connection.execution_options(yield_per=_BATCH).execute(
        text(
            "SELECT road_id, highway, name, ref, oneway, bridge, tunnel, access, maxspeed_kmh, tags, nodes,"
            " ST_AsBinary(geom) AS wkb FROM road ORDER BY road_id"
        )
    )
    yield from found


def _tags_of(row: Any) -> dict[str, str]:
    kept = {k: str(row.tags[k]) for k in _KEPT if row.tags.get(k)}
    kept["highway"] = _INSTEAD.get(row.highway, row.highway)
    kept["oneway"] = {1: "yes", -1: "-1"}.get(row.oneway, "no")
    for name, value in (("name", row.name), ("ref", row.ref), ("maxspeed", row.maxspeed_kmh)):
        if value:
            kept[name] = str(value)
    for name in ("bridge", "tunnel"):
        if getattr(row, name):
            kept[name] = "yes"
    return kept


def read(connection: Connection) -> Network:
    """The roads in use, cut. Memory grows with the nodes: some 100 bytes each."""
    road_ids, tags, numbers, places, sizes = [], [], [], [], []
    left_out = 0
    for row in _rows(connection):
        if not may_be_driven(row.access, row.tags):
            left_out += 1
            continue
        road_ids.append(row.road_id)
        tags.append(_tags_of(row))
        numbers.append(np.array(row.nodes, dtype=np.int64))
        places.append(shapely.get_coordinates(shapely.from_wkb(bytes(row.wkb))))
        sizes.append(len(row.nodes))
    if not road_ids:
        empty = np.zeros(0, np.int64)
        return Network(np.zeros((0, 2)), empty, np.zeros(1, np.int64), empty, left_out=left_out)
    return _cut(np.array(road_ids), tags, np.concatenate(numbers), np.concatenate(places), np.array(sizes), left_out)


def _cut(
    road_ids: NDArray[np.int64],
    tags: list[dict[str, str]],
    numbers: NDArray[np.int64],
    at: NDArray[np.float64],
    sizes: NDArray[np.int64],
    left_out: int,
) -> Network:
    ends = np.cumsum(sizes)
    begins = ends - sizes
    _, first, node, times = np.unique(numbers, return_index=True, return_inverse=True, return_counts=True)
    nodes = at[first]
    crossing = times > 1
    crossing[node[begins]] = True
    crossing[node[ends - 1]] = True
    step = np.asarray(metres_between(at[:-1, 0], at[:-1, 1], at[1:, 0], at[1:, 1])) if len(at) > 1 else np.zeros(0)
    parts = np.ones(len(at), np.int64)
    parts[1:] = np.where(step > 1.5 * STRETCH_M, np.ceil(step / STRETCH_M), 1)
    parts[begins] = 1
    more: list[NDArray[np.float64]] = []
    refs: list[int] = []
    starts: list[int] = []
    tag_of: list[int] = []
    following = len(nodes)
    for i, (begin, end) in enumerate(zip(begins.tolist(), ends.tolist(), strict=True)):
        starts.append(len(refs))
        tag_of.append(i)
        refs.append(int(node[begin]))
        run = 0.0
        for v in range(begin + 1, end):
            pieces, length = int(parts[v]), float(step[v - 1])
            if pieces > 1:
                share = np.arange(1, pieces)[:, None] / pieces
                # As OSM has positions, so that the line in the file is the line that is kept.
                more.append(np.round((at[v - 1] + (at[v] - at[v - 1]) * share) * _UNITS) / _UNITS)
                for _ in range(pieces - 1):
                    refs.append(following)
                    starts.append(len(refs))
                    tag_of.append(i)
                    refs.append(following)
                    following += 1
                run = 0.0
            refs.append(int(node[v]))
            run += length / pieces
            if v < end - 1 and (crossing[node[v]] or run >= STRETCH_M):
                starts.append(len(refs))
                tag_of.append(i)
                refs.append(int(node[v]))
                run = 0.0
    starts.append(len(refs))
    all_nodes = np.concatenate([nodes, *more]) if more else nodes
    of = np.array(tag_of, np.int64)
    return Network(all_nodes, np.array(refs, np.int64), np.array(starts, np.int64), road_ids[of], tags, of, left_out)


def write_osm(network: Network, path: Path) -> None:
    """As an OSM file: nodes before ways, ids ascending, a way a stretch."""
    writer = osmium.SimpleWriter(str(path))
    try:
        for i, (x, y) in enumerate(network.nodes.tolist(), 1):
            writer.add_node(Node(id=i, location=(x, y), version=1))
        starts = network.starts.tolist()
        for i in range(len(network)):
            refs = (network.refs[starts[i] : starts[i + 1]] + 1).tolist()
            writer.add_way(Way(id=i + 1, nodes=refs, tags=network.tags[network.tag_of[i]], version=1))
    finally:
        writer.close()


def _components(network: Network) -> NDArray[np.int64]:
    """A number for each stretch, equal where stretches hang together whatever their direction."""
    head = network.refs[network.starts[:-1]]
    tail = network.refs[network.starts[1:] - 1]
    return joined(len(network.nodes), head, tail)[head]


def _marks(plane: Plane, lines: NDArray[Any]) -> NDArray[np.float64]:
    """A place on each stretch that is on no other: where it is told to the engine which one is meant."""
    flat = plane.flat(lines)
    tree = shapely.STRtree(flat)
    marks = np.zeros((len(flat), 2))
    open_ = np.arange(len(flat))
    for fraction in _FRACTIONS:
        points = shapely.line_interpolate_point(flat[open_], fraction, normalized=True)
        near, _ = tree.query(points, predicate="dwithin", distance=_APART_M)
        alone = np.bincount(near, minlength=len(open_)) == 1
        if fraction == _FRACTIONS[0]:
            marks[:] = shapely.get_coordinates(points)
        marks[open_[alone]] = shapely.get_coordinates(points[alone])
        open_ = open_[~alone]
        if not len(open_):
            break
    return plane.lonlat(marks)


def save(network: Network, path: Path) -> None:
    """What the engine's process keeps of the stretches, as arrays."""
    lines = network.lines()
    plane = Plane.of(network.nodes)
    label = _components(network)
    _, which, size = np.unique(label, return_inverse=True, return_counts=True)
    often = size[which]
    useful = often >= min(_ISLAND, int(size.max()))
    np.savez(
        path, nodes=network.nodes, refs=network.refs, starts=network.starts, road=network.road,
        marks=_marks(plane, lines), useful=useful,
    )  # fmt: skip


def far_apart(network: Network) -> Sequence[tuple[float, float]]:
    """Two places on the largest part of the network, for a first question to the engine."""
    label = _components(network)
    values, counts = np.unique(label, return_counts=True)
    inside = np.flatnonzero(label == values[counts.argmax()])
    heads = network.nodes[network.refs[network.starts[inside]]]
    first, last = heads[:, 0].argmin(), heads[:, 0].argmax()
    return [tuple(heads[first].tolist()), tuple(heads[last].tolist())]
