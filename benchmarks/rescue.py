"""救援 at the size of the demo city and of a million objects: what is in a flood of 5 000 vertices, the one
page, and where teams are by hundreds of thousands of reports.

    python benchmarks/rescue.py [--objects 6000,1000000]

Brings a database of its own. Times are seconds in one process on one connection: read the ratios between lines of one
run. Floods stand over the densest town and over open land; the one page is asked of places in the town.
"""

import argparse
import math
import random
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from million import EAST, NORTH, SOUTH, WEST, fill, vacuum
from sqlalchemy import create_engine, text

from riskmap.access.reader import Reader
from riskmap.base import database
from riskmap.base.cluster import PrivateCluster
from riskmap.base.database import app_url, make_engine, superuser_url
from riskmap.base.migrate import migrate
from riskmap.base.settings import Settings
from riskmap.catalogue.queries import CatalogueCache
from riskmap.catalogue.seed import CATALOGUE_DIR, seed
from riskmap.rescue import exposure, floods, minute, onepage, onepage_paper
from riskmap.rescue.depths import Depth
from riskmap.rescue.dispatch import teams
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot, open_snapshot

COMMAND = Reader("account", "benchmark", role="administrator", tier=2)
TOWN = Reader("account", "officer", role="editor", tier=1, areas=("360402",))
VERTICES = 5000
# Classes by share: what a city registers, and the few that help.
SHARES = {
    "risk-point": 0.4, "enterprise": 0.2, "self-built-house": 0.2, "gas-restaurant": 0.1, "school": 0.03,
    "village": 0.03, "residential-area": 0.03, "tank-farm": 0.004, "chemical-user": 0.0045, "rescue-team": 0.0004,
    "shelter": 0.0006, "relief-store": 0.0002, "hospital": 0.0003,
}  # fmt: skip


def drawn(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Class and grade of each object, by chance."""
    share = np.array(list(SHARES.values()))
    kind = rng.choice(np.array(list(SHARES)), n, p=share / share.sum())
    return kind, rng.choice([1, 2, 3, 4, 5], n, p=[0.0005, 0.02, 0.2, 0.6, 0.1795])


def blob(dice: random.Random, lon: float, lat: float, size: float, vertices: int) -> Any:
    """A crooked outline of so many vertices."""
    phases = [dice.uniform(0, 2 * math.pi) for _ in range(6)]
    at = []
    for i in range(vertices):
        angle = 2 * math.pi * i / vertices
        wave = sum(math.sin(angle * k * 3 + phase) / (k + 1) for k, phase in enumerate(phases, 1))
        r = size * (1 + 0.2 * wave) * (1 + 0.002 * dice.random())
        at.append((lon + r * math.cos(angle), lat + r * 0.85 * math.sin(angle)))
    return shapely.make_valid(shapely.Polygon(at))


def classes(lon: float, lat: float, size: float) -> list[Depth]:
    """Four nested classes with 5 000 vertices in all."""
    dice = random.Random(11)
    steps = (("0.15", "0.25", 1.0), ("0.25", "0.5", 0.85), ("0.5", "1", 0.6), ("1", None, 0.3))
    return [
        Depth(Decimal(d), Decimal(to) if to else None, blob(dice, lon, lat, size * k, VERTICES // 4))
        for d, to, k in steps
    ]


def timed(said: str, act: Callable[[], Any], times: int = 5) -> Any:
    """The first time, and the best of the others."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        found = act()
        taken.append(time.perf_counter() - began)
    print(f"  {said}: first {taken[0]:6.3f} s" + (f", then {min(taken[1:]):6.3f} s" if times > 1 else ""), flush=True)
    return found


def densest(connection: Any) -> tuple[float, float]:
    """Where most objects are: the middle of the fullest square of a tenth of a degree."""
    row = connection.execute(
        text(
            "SELECT floor(ST_X(anchor) * 10) AS x, floor(ST_Y(anchor) * 10) AS y FROM risk_object"
            " GROUP BY 1, 2 ORDER BY count(*) DESC LIMIT 1"
        )
    ).one()
    return row.x / 10 + 0.05, row.y / 10 + 0.05


def ask(engine: Any, settings: Settings) -> None:
    """Floods and places of one size of register."""

    def opened(connection: Any, reader: Reader = COMMAND) -> Snapshot:
        return open_snapshot(connection, reader, CatalogueCache(), 7)

    with database.write(engine, COMMAND.settings(write=True)) as connection:
        town = densest(connection)
        made = {}
        for name, at, size in (("town", town, 0.05), ("land", ((WEST + EAST) / 2, (SOUTH + NORTH) / 2), 0.05)):
            made[name] = timed(
                f"keeping a flood of {VERTICES} vertices ({name})",
                lambda at=at, size=size, name=name: floods.keep(
                    opened(connection), name=name, source="drawn", at=None, depths=classes(*at, size)
                ),
                times=1,
            )
    for reader, who in ((COMMAND, "command"), (TOWN, "town officer")):
        with database.read(engine, reader.settings()) as connection:
            snapshot = opened(connection, reader)
            for name, flood_id in made.items():
                flood = floods.find(connection, flood_id)
                for margin in (0.0, 50.0):
                    found = timed(
                        f"exposure, {name}, margin {margin:2.0f} m, {who}",
                        lambda flood=flood, margin=margin: exposure.answer(
                            snapshot, flood, Selection(), margin, 5000, 0
                        ),
                        times=3,
                    )
                    print(f"    {found['total']} objects, {found['persons']} residents, {found['hidden']} hidden")
            question = onepage.Question(*town, 3000, made["town"])
            page = timed(f"one page, {who}", lambda question=question: onepage.page(snapshot, question))
            scenario = floods.find(connection, made["town"])
            shapes = floods.classes(connection, made["town"])
            timed(
                f"one page as PDF, {who}",
                lambda: onepage_paper.pdf(snapshot, page, scenario, shapes, bw=False, mark=None, exercise=False),
                times=3,
            )


REPORTS = 10_000  # of each team: four weeks of a device that reports every four minutes


def ask_reports(engine: Any, settings: Settings) -> None:
    """The newest report of each team when there are few, and when each has thousands."""
    with create_engine(superuser_url(settings)).begin() as connection:
        ids = (
            connection.execute(text("SELECT id FROM risk_object WHERE class = 'rescue-team' LIMIT 30")).scalars().all()
        )
        connection.execute(text("TRUNCATE rescue_team_status"))
    took = []
    for n in (10, REPORTS):
        with create_engine(superuser_url(settings)).begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO rescue_team_status (team_id, status, at, by, how, geom) SELECT t, '待命',"
                    " clock_timestamp() - g * interval '4 minutes', 'x', 'api', ST_SetSRID(ST_MakePoint(116, 29), 4490)"
                    " FROM unnest(CAST(:ids AS bigint[])) AS t, generate_series(1, :n) AS g"
                ),
                {"ids": ids, "n": n},
            )
        vacuum(settings)
        with database.read(engine, COMMAND.settings()) as connection:
            began = time.perf_counter()
            for _ in range(10):
                teams.newest(connection, exercise=False, at=minute.now(connection), ids=ids)
            took.append((time.perf_counter() - began) / 10)
    print(
        f"  newest reports of {len(ids)} teams, {REPORTS:,} each: {took[1]:.4f} s,"
        f" {took[1] / took[0]:.1f} times that of 10 each",
        flush=True,
    )


def main() -> None:
    """Fill and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", default="6000,1000000")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="riskmap-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with PrivateCluster(folder / "cluster") as url:
            measure(Settings(database_url=url, data_dir=folder / "data"), [int(n) for n in given.objects.split(",")])


def measure(settings: Settings, sizes: list[int]) -> None:
    """Size by size, each filled anew."""
    migrate(settings)
    engine = make_engine(app_url(settings))
    with database.write(engine, {"tier": "9", "write": "on"}) as connection:
        seed(connection, CATALOGUE_DIR)
    for n in sizes:
        with create_engine(superuser_url(settings)).begin() as connection:
            connection.execute(text("TRUNCATE risk_object, object_version CASCADE"))
        fill(settings, n, drawn=drawn)
        vacuum(settings)
        print(f"{n} objects", flush=True)
        ask(engine, settings)
        ask_reports(engine, settings)


if __name__ == "__main__":
    main()
