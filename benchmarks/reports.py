"""三单一图一报告 at the size of a large city: the whole set through the job, how it grows at ten times, and its memory.

    python benchmarks/reports.py [--times 1,10]

A city of Suzhou's size (80 902 enterprises, and beside them 5 000 risks 较大 or worse and 2 000 vulnerable targets; see
city.py), and ten times as much. Brings a database of its own with the demo city's divisions; objects are spread over
its towns. By product, as the job tells its progress: seconds; seconds of processor and the most memory in MB, of the
worker with all its children, and of all the database's processes beside what they share, looked at ten times a second.
Each size runs in a process of its own.
"""

import argparse
import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from city import City, build
from sqlalchemy import Engine

from riskmap.access.reader import SYSTEM, Reader
from riskmap.base import database
from riskmap.base.cluster import PrivateCluster
from riskmap.base.database import app_url, make_engine
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
SHEETS = [Sheet(paper="A3"), Sheet(paper="A4")]
SUZHOU = City(enterprises=80_902, risks=5_000, targets=2_000)


_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Use:
    """What this process with its children uses, and the database's processes: memory in MB, processor in s."""

    worker_mb: float = 0.0
    database_mb: float = 0.0  # beside what they share
    worker_s: float = 0.0
    database_s: float = 0.0


def _processes() -> dict[int, tuple[int, int, int, float]]:
    """All processes: parent, resident and private resident memory in kB, seconds of processor."""
    out = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            lines = (folder / "status").read_text().splitlines()
            ticks = (folder / "stat").read_text().rpartition(")")[2].split()[11:15]
        except OSError:  # gone meanwhile
            continue
        said = {name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if value.split()}
        parent, resident, private = (int(said.get(name, 0)) for name in ("PPid", "VmRSS", "RssAnon"))
        # Of children that have ended too.
        out[int(folder.name)] = parent, resident, private, sum(int(t) for t in ticks) / _TICKS
    return out


def _used(server: int) -> Use:
    found = _processes()

    def under(pid: int) -> list[int]:
        return [pid, *(one for child, about in found.items() if about[0] == pid for one in under(child))]

    theirs = set(under(server)) & found.keys()
    mine = set(under(os.getpid())) & found.keys() - theirs
    return Use(
        sum(found[pid][1] for pid in mine) / 1024,
        sum(found[pid][2] for pid in theirs) / 1024,
        sum(found[pid][3] for pid in mine),
        sum(found[pid][3] for pid in theirs),
    )


def make(settings: Settings, server: int) -> None:
    """One set, ordered and made, and the same again."""
    engine = make_engine(app_url(settings))
    worker = Worker(engine, settings, {run.JOB: run.run})
    threading.Thread(target=worker.run, daemon=True).start()
    for label in ("first", "again"):
        began = time.perf_counter()
        with database.write(engine, COMMAND.settings(write=True)) as connection:
            snapshot = open_snapshot(connection, COMMAND, CatalogueCache(), 7)
            report_id = service.order(snapshot, NewSet(title="城市", sheets=SHEETS), None)
        print(f"  {label}:        s    worker: cpu s, MB    database: cpu s, MB", flush=True)
        phases = list(follow(engine, report_id, began, server))
        mb = Use(max(use.worker_mb for *_, use in phases), max(use.database_mb for *_, use in phases))
        cpu = sum(use.worker_s for *_, use in phases), sum(use.database_s for *_, use in phases)
        phases.append(("all", time.perf_counter() - began, replace(mb, worker_s=cpu[0], database_s=cpu[1])))
        for phase, seconds, use in phases:
            print(
                f"    {phase + '　' * (6 - len(phase))} {seconds:7.1f}  {use.worker_s:9.1f} {use.worker_mb:9.0f}"
                f"  {use.database_s:9.1f} {use.database_mb:9.0f}",
                flush=True,
            )
    with database.read(engine, COMMAND.settings()) as connection:
        row = queries.one(connection, report_id)
        assert row is not None
        totals, rolling = row["figures"]["totals"], row["figures"]["lists"]["rolling"]["every"]
        size = sum(file["bytes"] for file in row["files"])
        print(
            f"  {totals['total']} objects, {totals['major']} 重大, {totals['serious']} 较大, {rolling} rows of the"
            f" rolling list; {len(row['files'])} files, {size / 1e6:.1f} MB; {row['checksum'][:12]}",
            flush=True,
        )
    worker.stop()


def follow(engine: Engine, report_id: str, began: float, server: int) -> Iterator[tuple[str, float, Use]]:
    """Each phase until the set is done: its seconds, the processor's, and the most memory in it."""
    now, since, most, first = "", began, Use(), _used(server)
    nothing = threading.Event()
    while True:
        with database.read(engine, COMMAND.settings()) as connection:
            row = queries.one(connection, report_id)
        assert row is not None
        working = row["status"] in {"queued", "running"}
        seen = _used(server)
        if now and (not working or row["phase"] != now):
            spent = replace(
                most, worker_s=seen.worker_s - first.worker_s, database_s=seen.database_s - first.database_s
            )
            yield now, time.perf_counter() - since, spent
            since, most, first = time.perf_counter(), Use(), seen
        now = row["phase"] or ""
        if not working:
            assert row["status"] == "done", row["message"]
            return
        most = Use(max(most.worker_mb, seen.worker_mb), max(most.database_mb, seen.database_mb))
        nothing.wait(0.1)


def measure(settings: Settings, city: City, server: int) -> None:
    """A register of this size, in this process."""
    print(f"{city}", flush=True)
    make(settings, server)


def main() -> None:
    """Fill and measure, size by size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", default="1,10")
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
            server = int((folder / "cluster" / "pg" / "postmaster.pid").read_text().split()[0])
            for times in (float(n) for n in given.times.split(",")):
                city = City(*(round(n * times) for n in (SUZHOU.enterprises, SUZHOU.risks, SUZHOU.targets)))
                build(settings, city)
                process = multiprocessing.get_context("spawn").Process(target=measure, args=(settings, city, server))
                process.start()
                process.join()


if __name__ == "__main__":
    main()
