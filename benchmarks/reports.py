"""三单一图一报告 at the size of a large city: the whole set through the job, how it grows at ten times, and its memory.

    python benchmarks/reports.py [--objects 25000,250000]

Brings a database of its own with the demo city's divisions; objects are spread over its towns. Of 250 000 objects some
5 000 are 较大 or worse. Seconds by product, as the job tells its progress; memory is the process's greatest so far, so
each size runs in a process of its own.
"""

import argparse
import multiprocessing
import resource
import tempfile
import threading
import time
from pathlib import Path

from million import fill, vacuum
from sqlalchemy import Engine, create_engine, text

from riskmap.access.reader import SYSTEM, Reader
from riskmap.base import database
from riskmap.base.cluster import PrivateCluster
from riskmap.base.database import app_url, make_engine, superuser_url
from riskmap.base.jobs import Worker
from riskmap.base.migrate import migrate
from riskmap.base.settings import GEODATA, Settings
from riskmap.catalogue.queries import CatalogueCache
from riskmap.catalogue.seed import CATALOGUE_DIR, seed
from riskmap.register.load import load_divisions
from riskmap.reports import queries, run, service
from riskmap.reports.wire import NewSet, Sheet
from riskmap.store.snapshot import open_snapshot

COMMAND = Reader("account", "benchmark", role="administrator", tier=2)
SHEETS = [Sheet(paper="A3"), Sheet(paper="A0"), Sheet(paper="A3", heat=True)]
_SPREAD = """
WITH town AS (
    SELECT code, left(code, 6) AS county, row_number() OVER (PARTITION BY left(code, 6) ORDER BY code) AS k,
        count(*) OVER (PARTITION BY left(code, 6)) AS every
    FROM division WHERE length(code) = 9
)
UPDATE {table} AS o SET division = t.code FROM town AS t
WHERE t.county = left(o.division, 6) AND t.k = 1 + o.id % t.every
"""


def spread(settings: Settings) -> None:
    """Objects to the towns of their counties."""
    with create_engine(superuser_url(settings)).begin() as connection:
        connection.execute(text("SET session_replication_role = replica"))
        for table in ("risk_object", "object_version"):
            connection.execute(text(_SPREAD.format(table=table)))


def make(settings: Settings) -> None:
    """One set, ordered and made."""
    engine = make_engine(app_url(settings))
    worker = Worker(engine, settings, {run.JOB: run.run})
    threading.Thread(target=worker.run, daemon=True).start()
    for label in ("first", "again"):
        began = time.perf_counter()
        with database.write(engine, COMMAND.settings(write=True)) as connection:
            snapshot = open_snapshot(connection, COMMAND, CatalogueCache(), 7)
            report_id = service.order(snapshot, NewSet(title="九江市", sheets=SHEETS), None)
        phases = follow(engine, report_id, began)
        seconds = time.perf_counter() - began
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"  {label}: {seconds:6.1f} s, {memory:5.0f} MB; {phases}", flush=True)
    with database.read(engine, COMMAND.settings()) as connection:
        row = queries.one(connection, report_id)
        assert row is not None
        totals = row["figures"]["totals"]
        size = sum(file["bytes"] for file in row["files"])
        print(f"  {totals['major']} 重大, {totals['serious']} 较大; {len(row['files'])} files, {size / 1e6:.1f} MB")
    worker.stop()


def follow(engine: Engine, report_id: str, began: float) -> str:
    """Seconds of each phase until the set is done."""
    seen: list[tuple[str, float]] = []
    nothing = threading.Event()
    while True:
        with database.read(engine, COMMAND.settings()) as connection:
            row = queries.one(connection, report_id)
        assert row is not None
        if row["status"] not in {"queued", "running"}:
            assert row["status"] == "done", row["message"]
            break
        if row["phase"] and (not seen or seen[-1][0] != row["phase"]):
            seen.append((row["phase"], time.perf_counter() - began))
        nothing.wait(0.1)
    ends = [at for _, at in seen[1:]] + [time.perf_counter() - began]
    return ", ".join(f"{phase} {end - at:.1f}" for (phase, at), end in zip(seen, ends, strict=True))


def measure(settings: Settings, n: int) -> None:
    """A register of this size, in this process."""
    print(f"{n} objects", flush=True)
    make(settings)


def main() -> None:
    """Fill and measure, size by size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", default="25000,250000")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="riskmap-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with PrivateCluster(folder / "cluster") as url:
            settings = Settings(database_url=url, data_dir=folder / "data")
            migrate(settings)
            with database.write(make_engine(app_url(settings)), SYSTEM.settings(write=True)) as connection:
                seed(connection, CATALOGUE_DIR)
                load_divisions(connection, GEODATA / "demo" / "jiujiang" / "divisions.geojson")
            for n in (int(n) for n in given.objects.split(",")):
                with create_engine(superuser_url(settings)).begin() as connection:
                    connection.execute(text("TRUNCATE risk_object, object_version CASCADE"))
                fill(settings, n)
                spread(settings)
                vacuum(settings)
                process = multiprocessing.get_context("spawn").Process(target=measure, args=(settings, n))
                process.start()
                process.join()


if __name__ == "__main__":
    main()
