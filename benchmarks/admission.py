"""准入核验 at the size of the demo city and of a million objects: one enquiry, and the map of where a trade could go.

    python benchmarks/admission.py [--objects 6000,1000000]

Brings a database of its own. Times are milliseconds in one process on one connection, the first enquiry of a state
apart: it counts what the answer rests on. Every enquiry is a place of its own, by turns as a hazard and as people; the
map is of the whole territory.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path

from million import EAST, NORTH, SOUTH, WEST, fill, vacuum
from sqlalchemy import create_engine, text

from riskmap.access.reader import Reader
from riskmap.admission import service, suitability
from riskmap.admission.wire import Check, Size
from riskmap.base import database
from riskmap.base.cluster import PrivateCluster
from riskmap.base.database import app_url, make_engine, superuser_url
from riskmap.base.migrate import migrate
from riskmap.base.settings import Settings
from riskmap.catalogue.queries import CatalogueCache
from riskmap.catalogue.seed import CATALOGUE_DIR, seed
from riskmap.engine.postgis import PostgisEngine
from riskmap.selection.model import Selection
from riskmap.store.snapshot import Snapshot, open_snapshot

COMMAND = Reader("account", "benchmark", role="administrator", tier=2)
TRADES = (["fireworks-retail"], ["school"], ["tank-farm"], ["crowded-place", "entertainment"], ["residential-area"])
ENQUIRIES = 300
BOUNDS = (WEST, SOUTH, EAST, NORTH)


def enquiry(dice: random.Random, i: int) -> Check:
    """A place anywhere, a trade by turns."""
    at = [dice.uniform(WEST, EAST), dice.uniform(SOUTH, NORTH)]
    return Check.model_validate(
        {
            "applicant": {"name": f"申请人 {i}"},
            "trade": {"tags": TRADES[i % len(TRADES)]},
            "place": {"geometry": {"type": "Point", "coordinates": at}},
            "size": {"persons": 200, "residents": 300},
        }
    )


def ask(snapshot: Snapshot, house: service.House, n: int) -> None:
    """So many enquiries; the first beside the others."""
    dice = random.Random(7)
    times, hits = [], 0
    for i in range(n + 1):
        given = enquiry(dice, i)
        began = time.perf_counter()
        asked = service.ask(snapshot, house, given)
        service.preview(snapshot, asked)
        times.append((time.perf_counter() - began) * 1000)
        hits += len(asked.answer.hits)
    first, rest = times[0], sorted(times[1:])
    p50, p95 = rest[len(rest) // 2], rest[len(rest) * 95 // 100]
    print(f"  enquiry: first {first:7.1f} ms, then p50 {p50:6.1f}, p95 {p95:6.1f} ms; {hits / n:.1f} hits each")


def map_of(snapshot: Snapshot, house: service.House, resolution: int) -> None:
    """The whole territory for one trade."""
    question = suitability.Question(("fireworks-retail",), Size(storage=[]), resolution, Selection())
    began = time.perf_counter()
    made = suitability.suitability(snapshot, house, question)
    seconds = time.perf_counter() - began
    print(f"  map of the territory at resolution {resolution}: {seconds:6.2f} s, {len(made) / 1000:.0f} kB gzipped")


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
        fill(settings, n)
        vacuum(settings)
        print(f"{n} objects", flush=True)
        house = service.House(PostgisEngine(), BOUNDS, False)
        with database.read(engine, COMMAND.settings()) as connection:
            snapshot = open_snapshot(connection, COMMAND, CatalogueCache(), 7)
            ask(snapshot, house, ENQUIRIES)
            for resolution in (7, 8):
                map_of(snapshot, house, resolution)


if __name__ == "__main__":
    main()
