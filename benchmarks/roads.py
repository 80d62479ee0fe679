"""How long a road file takes, step by step, and how much memory: a city of invented roads as OSM and as GeoPackage.

    .venv/bin/python benchmarks/roads.py [--ways 300000] [--file some.osm.pbf …]

A private cluster of its own with the divisions of the demo city. The city is a grid of short ways, some nine nodes
each, that share nodes at crossings.
"""

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import osmium
import pyogrio
import shapely
from osmium.osm.mutable import Node, Way

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.cluster import PrivateCluster
from riskmap.base.database import app_url, make_engine
from riskmap.base.migrate import migrate
from riskmap.base.settings import GEODATA, Settings
from riskmap.catalogue.seed import seed
from riskmap.register.load import load_divisions
from riskmap.rescue import roads_service
from riskmap.rescue.roads_service import About

_BETWEEN = 8  # steps of a way from one crossing to the next
_STEP = 2e-4
_CLASSES = ("primary", "secondary", "tertiary", "residential", "service", "footway")


def city(ways: int) -> list[tuple[str, list[int], list[tuple[float, float]]]]:
    """Class, nodes and places of each way, row by row and column by column of a grid."""
    dice = random.Random(7)
    side = int((ways / 2) ** 0.5) + 1
    wide = side * _BETWEEN + 1
    out = []
    for k in range(ways):
        i, j = divmod(k // 2, side)
        across = k % 2 == 0
        cells = [
            (i * _BETWEEN, j * _BETWEEN + s) if across else (i * _BETWEEN + s, j * _BETWEEN)
            for s in range(_BETWEEN + 1)
        ]
        at = [(round(115.2 + c * _STEP, 7), round(29.2 + r * _STEP, 7)) for r, c in cells]
        out.append((dice.choice(_CLASSES), [r * wide + c + 1 for r, c in cells], at))
    return out


def make(folder: Path, ways: int) -> list[Path]:
    """The same city in both formats."""
    found = city(ways)
    places = {n: at for _, nodes, line in found for n, at in zip(nodes, line, strict=True)}
    osm, package = folder / "city.osm.pbf", folder / "city.gpkg"
    with osmium.SimpleWriter(str(osm)) as writer:
        for node in sorted(places):
            writer.add_node(Node(id=node, location=places[node]))
        for number, (kind, nodes, _) in enumerate(found, 1):
            tags = {"highway": kind, "name": f"演示路{number}", "maxspeed": "40"}
            writer.add_way(Way(id=number, nodes=nodes, tags=tags))
    pyogrio.raw.write(
        package,
        shapely.to_wkb([shapely.LineString(line) for _, _, line in found]),
        [
            np.array([kind for kind, _, _ in found], dtype=object),
            np.array([f"演示路{number}" for number in range(1, len(found) + 1)], dtype=object),
        ],
        ["highway", "name"],
        geometry_type="LineString",
        crs="EPSG:4490",
        driver="GPKG",
    )
    return [osm, package]


def child(url: str, data_dir: Path, path: Path) -> None:
    """One load in a process of its own, as the worker does it."""
    settings = Settings(database_url=url, data_dir=data_dir, demo="none", free_disk_mb=0)
    engine = make_engine(app_url(settings), pool_size=2)
    began, busy = time.perf_counter(), time.process_time()
    first: dict[str, float] = {}
    _, summary = roads_service.load(
        engine, settings, path, About(), lambda phase, _: first.setdefault(phase, time.perf_counter())
    )
    over = time.perf_counter()
    written = over - first["写入"]
    print(f"{path.name}，{path.stat().st_size / 2**20:.1f} MB：读到 {summary.read}，装入 {summary.count}")
    print(f"  读取 {over - began - written:.1f} s，写入 {written:.1f} s，{summary.read / (over - began):.0f} 条/s")
    print(f"  本进程用处理器 {time.process_time() - busy:.1f} s")
    # Not getrusage: that is of this process and of the one that it was forked from.
    peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    print(f"  最大内存 {int(peak.split()[1]) >> 10} MB")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ways", type=int, default=300_000)
    parser.add_argument("--file", type=Path, nargs="*", default=[])
    parser.add_argument("--child", nargs=3)
    asked = parser.parse_args()
    if asked.child:
        url, data_dir, path = asked.child
        child(url, Path(data_dir), Path(path))
        return
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
            engine.dispose()
            for path in [*asked.file, *make(folder, asked.ways)]:
                sys.stdout.flush()
                subprocess.run(
                    [sys.executable, __file__, "--child", url, str(settings.data_dir), str(path)], check=True
                )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
