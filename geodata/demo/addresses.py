"""The demo city's gazetteer, invented: streets with house numbers, country roads, villages."""

import csv
import io
import math
from collections.abc import Iterable, Iterator
from typing import Any

from geo import LAT
from land import Land
from network import Roads
from shapely import STRtree
from shapely.geometry import LineString, Point, shape
from shapely.ops import linemerge

STEP_M = 160  # between house numbers that the table has
AWAY_M = 12  # from the street's middle
MOST = 40  # a street's numbers
HEADER = ("名称", "地址", "类别", "经度", "纬度")


class Gazetteer:
    """Rows of the table, in an order of their own."""

    def __init__(self, land: Land, roads: Roads, objects: Iterable[dict[str, Any]]) -> None:
        self._land = land
        self._tree = STRtree([t.shape for t in land.towns])
        self.rows = [*self._streets(roads), *self._villages(objects)]

    def _where(self, at: Point) -> str:
        """County and town of a point."""
        [first, *_] = [*self._tree.query(at, predicate="intersects").tolist(), -1]
        if first < 0:
            return ""
        town = self._land.towns[first]
        return f"{self._land.names[town.county]}{town.name}"

    def _streets(self, roads: Roads) -> Iterator[tuple[str, str, str, float, float]]:
        parts: dict[tuple[str, str], list[LineString]] = {}
        for way in roads.ways:
            if way["name"]:
                parts.setdefault((way["name"], way["class"]), []).append(way["line"])
        for (name, kind), lines in parts.items():
            merged = linemerge(lines) if len(lines) > 1 else lines[0]
            line = max(getattr(merged, "geoms", [merged]), key=lambda g: g.length)
            middle = line.interpolate(0.5, normalized=True)
            yield name, self._where(middle) + name, "道路", round(middle.x, 6), round(middle.y, 6)
            if kind == "城市道路":
                yield from self._numbers(name, line)

    def _numbers(self, name: str, line: LineString) -> Iterator[tuple[str, str, str, float, float]]:
        """House numbers along a street: odd on one side, even on the other."""
        step = STEP_M * LAT / 1000
        for i in range(min(MOST, int(line.length / step))):
            along = (i + 0.5) * step
            at, ahead = line.interpolate(along), line.interpolate(along + step / 20)
            turn = math.atan2(ahead.y - at.y, ahead.x - at.x) + (math.pi / 2 if i % 2 else -math.pi / 2)
            x = at.x + math.cos(turn) * AWAY_M * LAT / 1000
            y = at.y + math.sin(turn) * AWAY_M * LAT / 1000
            number = f"{name}{i * 4 + (2 if i % 2 else 1)}号"
            where = self._where(Point(x, y))
            if where:
                yield number, where + number, "门牌", round(x, 6), round(y, 6)

    def _villages(self, objects: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str, str, float, float]]:
        for row in objects:
            if row["class"] == "village" and row.get("geometry"):
                at = shape(row["geometry"]).representative_point()
                yield row["name"], self._where(at) + row["name"], "村", round(at.x, 6), round(at.y, 6)

    def text(self) -> str:
        """As CSV."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(self.rows)
        return out.getvalue()
