"""Many rows to take away: rows a second and the most memory of csv and xlsx.

RISKMAP_DATABASE_URL=… python benchmarks/export.py [--objects 400000]
"""

import argparse
import resource
import tempfile
import time
from pathlib import Path

from million import fill
from sqlalchemy import create_engine, text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.database import app_url, make_engine, superuser_url
from riskmap.base.migrate import migrate
from riskmap.base.settings import Settings
from riskmap.catalogue.queries import CatalogueCache
from riskmap.catalogue.seed import seed
from riskmap.engine.postgis import PostgisEngine
from riskmap.engine.totals import Totals
from riskmap.register import export
from riskmap.register.tables import write_csv, write_xlsx
from riskmap.selection.model import Selection
from riskmap.store.snapshot import open_snapshot


def peak_mb() -> float:
    """The most this process has held so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Fill once, then write both forms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=400_000)
    n = parser.parse_args().objects
    settings = Settings(demo="none")
    migrate(settings)
    engine = make_engine(app_url(settings))
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        seed(connection)
    with create_engine(superuser_url(settings)).connect() as connection:
        empty = not connection.scalar(text("SELECT EXISTS (SELECT FROM risk_object)"))
    if empty:
        fill(settings, n)
    print(f"before: {peak_mb():.0f} MB", flush=True)
    for form in ("csv", "xlsx"):
        with tempfile.TemporaryDirectory() as folder, database.read(engine, SYSTEM.settings()) as connection:
            snapshot = open_snapshot(connection, SYSTEM, CatalogueCache(), 7)
            chosen = export.columns(snapshot, Selection(), None)
            told = export.told(snapshot, Selection(), Totals(PostgisEngine()), chosen, None, None)
            path = Path(folder) / f"list.{form}"
            rows = export.rows(snapshot, Selection(), None, chosen)
            begin = time.perf_counter()
            write = write_xlsx if form == "xlsx" else lambda *given: write_csv(*given, plain=False)
            written = write(path, chosen, rows, told)
            took = time.perf_counter() - begin
            size = path.stat().st_size / 1e6
        print(
            f"{form}: {written} rows, {len(chosen)} columns, {took:.1f} s, {written / took:.0f} rows/s,"
            f" {size:.0f} MB file, peak {peak_mb():.0f} MB",
            flush=True,
        )


if __name__ == "__main__":
    main()
