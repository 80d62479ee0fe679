"""The way: building tiles, first and later routes, a matrix of 30 × 200 with a flood, reach, memory of the engine.

    .venv/bin/python benchmarks/routing.py [--file some.osm.pbf …] [--ways 0]

A private cluster of its own; the demo city's roads first, then the files, then a grid of so many invented ways.
"""

import argparse
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from roads import make
from sqlalchemy import text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.cluster import PrivateCluster
from riskmap.base.database import app_url, make_engine
from riskmap.base.migrate import migrate
from riskmap.base.settings import GEODATA, Settings
from riskmap.catalogue.queries import CatalogueCache
from riskmap.catalogue.seed import seed
from riskmap.register.load import load_divisions
from riskmap.rescue import floods, roads_service
from riskmap.rescue.depths import Depth
from riskmap.rescue.roads_service import About
from riskmap.rescue.routing import Place, Router, Vehicle, look, matrix_of, reach_of, route_of, tiles
from riskmap.store.snapshot import open_snapshot

_POOLS, _SIDES = 25, 200
_BOAT = Vehicle(boat_kmh=Decimal(8))


def timed(act: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    found = act()
    return time.perf_counter() - began, found


def children_rss_mb(pid: int) -> str:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line)
    return f"{int(lines['VmRSS'].split()[0]) >> 10} MB（最高 {int(lines['VmHWM'].split()[0]) >> 10} MB）"


def measure(engine: Any, settings: Settings, file: Path) -> None:
    chance = random.Random(5)
    roads_service.load(engine, settings, file, About(), lambda *_: None)
    took, built = timed(lambda: tiles.build(engine, settings, lambda *_: None))
    size = f"{built['rows']:,} 条，{built['stretches']:,} 段，{built['bytes'] / 1e6:.1f} MB"
    print(f"{file.name}：{size}；生成 {took:.1f} s")
    with database.read(engine, SYSTEM.settings()) as connection:
        rows = connection.execute(text("SELECT ST_AsBinary(geom) FROM road ORDER BY random() LIMIT 2000")).scalars()
        at = np.array([shapely.from_wkb(bytes(r)).coords[0] for r in rows])
    pools = []
    for x, y in at[chance.sample(range(len(at)), _POOLS)]:
        angle = np.linspace(0, 2 * np.pi, _SIDES, endpoint=False)
        far = 0.004 * np.array([chance.uniform(0.7, 1) for _ in angle])
        pools.append(shapely.Polygon(np.stack([x + far * np.cos(angle), y + far * np.sin(angle)], axis=1)).buffer(0))
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        snapshot = open_snapshot(connection, SYSTEM, CatalogueCache(), settings.public_resolution)
        depth = Depth(Decimal(1), None, shapely.union_all(pools))
        flood = floods.keep(snapshot, name="测量", source="drawn", at=None, depths=[depth])
    places = [Place(*p) for p in at.tolist()]
    router = Router(settings, limit_s=300)
    try:
        with database.read(engine, SYSTEM.settings()) as connection:

            def way(i: int, water: int | None) -> Any:
                return route_of(look(connection, _BOAT, water), router, places[i], places[-1 - i])[0]

            first, _ = timed(lambda: way(0, None))
            dry = [timed(lambda i=i: way(i, None))[0] for i in range(1, 101)]
            wet_first, _ = timed(lambda: way(1, flood))
            wet = [timed(lambda i=i: way(i, flood)) for i in range(2, 102)]
            times = [t for t, _ in wet]
            later = f"以后中位 {statistics.median(dry) * 1000:.0f} ms，最慢 {max(dry) * 1000:.0f} ms"
            print(f"  第一条路线 {first:.2f} s；{later}")
            print(
                f"  避开 {_POOLS} 片水（{_POOLS * _SIDES} 个点）：第一条 {wet_first:.2f} s，以后中位"
                f" {statistics.median(times) * 1000:.0f} ms，最慢 {max(times) * 1000:.0f} ms，"
                f"无法到达 {sum(w is None for _, w in wet)}/100"
            )
            for name, water in (("无水", None), ("有水", flood)):
                took, (rows, how) = timed(
                    lambda water=water: matrix_of(look(connection, _BOAT, water), router, places[:30], places[30:230])
                )
                none = sum(leg is None for row in rows for leg in row)
                boats = sum(leg is not None and leg.boat is not None for row in rows for leg in row)
                print(f"  30 × 200 {name}：{took:.2f} s（{how.by}），无法到达 {none}，乘艇 {boats}")
            took, _ = timed(lambda: reach_of(look(connection, Vehicle(), flood), router, places[3], (10, 20, 30)))
            print(f"  10、20、30 分钟范围 {took:.2f} s；引擎进程 {children_rss_mb(int(router.pid or 0))}")
    finally:
        router.close()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--file", type=Path, nargs="*", default=[])
    parser.add_argument("--ways", type=int, default=0)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="riskmap-bench-"))
    folder.chmod(0o755)
    try:
        with PrivateCluster(folder / "cluster") as url:
            settings = Settings(database_url=url, data_dir=folder / "data", demo="none", free_disk_mb=0)
            settings.data_dir.mkdir()
            migrate(settings)
            engine = make_engine(app_url(settings), pool_size=2)
            with database.write(engine, SYSTEM.settings(write=True)) as connection:
                seed(connection)
                load_divisions(connection, GEODATA / "demo" / "jiujiang" / "divisions.geojson")
            files = [GEODATA / "demo" / "jiujiang" / "roads.osm.pbf", *asked.file]
            if asked.ways:
                files.append(make(folder, asked.ways)[0])
            for file in files:
                measure(engine, settings, file)
            engine.dispose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
