"""How long an import takes, step by step, and how much memory: 100 000 rows with 1 % faults, and more.

    .venv/bin/python benchmarks/imports.py [--rows 100000] [--kind xlsx|csv]

A private cluster of its own, the catalogue as shipped, the divisions of the demo city. Each step's share is
of the whole run; rows a second say little from one machine to another, shares say more.
"""

import argparse
import csv
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import xlsxwriter

from riskmap.access.admin import ensure_first_administrator
from riskmap.access.reader import SYSTEM
from riskmap.access.service import reader_of
from riskmap.base import database, jobs
from riskmap.base.cluster import PrivateCluster
from riskmap.base.database import app_url, make_engine
from riskmap.base.migrate import migrate
from riskmap.base.settings import GEODATA, Settings
from riskmap.catalogue.queries import CatalogueCache
from riskmap.catalogue.seed import seed
from riskmap.register.load import load_divisions

HEAD = [
    "风险点名称",
    "编号",
    "所在区县",
    "可能性L",
    "暴露频率E",
    "后果C",
    "主要管控措施",
    "主要负责人",
    "联系电话",
    "经度",
    "纬度",
    "排查日期",
]
CITY = "九江市"  # finer by the position


def line(i: int, dice: random.Random) -> list[Any]:
    """A row; one in a hundred is faulty, one in two hundred has no position."""
    lon, lat = round(115.2 + dice.random() * 1.2, 6), round(29.2 + dice.random() * 0.6, 6)
    row: list[Any] = [
        f"演示风险点{i}", f"FX-{i:07d}", CITY, dice.choice([0.5, 1, 3, 6]), dice.choice([1, 2, 3, 6]),
        dice.choice([1, 3, 7, 15]), "定期巡检；联锁报警", "示例甲", f"0792-{dice.randrange(10**7):07d}",
        lon, lat, "2026-03-01",
    ]  # fmt: skip
    if dice.random() < 0.01:
        row[dice.choice([3, 5])] = "五十"
    elif dice.random() < 0.005:
        row[9] = row[10] = ""
    return row


def make(path: Path, rows: int) -> None:
    dice = random.Random(7)
    if path.suffix == ".csv":
        with path.open("w", encoding="gb18030", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(HEAD)
            writer.writerows(line(i, dice) for i in range(rows))
        return
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet("风险点")
    sheet.write_row(0, 0, HEAD)
    for i in range(rows):
        sheet.write_row(i + 1, 0, line(i, dice))
    book.close()


class Clock:
    """Time spent in named functions, without what named functions inside them took."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._inner = [0.0]

    def watch(self, owner: Any, name: str, step: str) -> None:
        made: Callable[..., Any] = getattr(owner, name)

        def timed(*given: Any, **named: Any) -> Any:
            self._inner.append(0.0)
            began = time.perf_counter()
            try:
                return made(*given, **named)
            finally:
                took = time.perf_counter() - began
                self.spent[step] += took - self._inner.pop()
                self._inner[-1] += took

        setattr(owner, name, timed)


def child(url: str, data_dir: Path, path: Path, *, dry: bool) -> None:
    """One run in a process of its own, as the worker does it."""
    from riskmap.access import queries as accounts
    from riskmap.exchange import rows as exchange_rows
    from riskmap.exchange import tables
    from riskmap.register.imports import files, positions, queries, returned, run, service
    from riskmap.register.imports.asked import Asked
    from riskmap.store import write
    from riskmap.store.snapshot import open_snapshot

    settings = Settings(database_url=url, data_dir=data_dir, demo="none", free_disk_mb=0)
    engine = make_engine(app_url(settings), pool_size=4)
    with database.read(engine, {}) as connection:
        reader = reader_of(accounts.account(connection, "admin"), "")
    clock = Clock()
    clock.watch(files, "_look_apart", "看一眼（上传时）")
    clock.watch(tables, "open_table", "打开")
    run.open_table = tables.open_table
    clock.watch(exchange_rows.RowReader, "read", "读行")
    clock.watch(positions.Positions, "locate", "定位")
    clock.watch(run._Importer, "take", "核对、分级、组行")
    for name in ("by_key", "rows_of", "parties_of", "enterprises"):
        clock.watch(queries, name, "查库中原有")
    clock.watch(write.Staging, "add", "暂存（COPY）")
    clock.watch(queries.PartyStaging, "add", "暂存（COPY）")
    clock.watch(queries, "add_findings", "记退回与变更")
    clock.watch(write, "insert_staged", "写入")
    clock.watch(write, "change_staged", "写入变更")
    clock.watch(queries.PartyStaging, "write", "写入责任人")
    clock.watch(returned, "prepare", "退回表")
    began = time.perf_counter()
    with path.open("rb") as body:
        kept = files.keep(engine, settings, reader, [files.Part(path.name, body)])
    uploaded = time.perf_counter()
    with database.write(engine, reader.settings(write=True)) as connection:
        snapshot = open_snapshot(connection, reader, CatalogueCache(), settings.public_resolution)
        import_id = service.queue(snapshot, settings, Asked(kept["file"], "risk-point", crs="EPSG:4490"), dry_run=dry)
    queued = time.perf_counter()
    assert jobs.Worker(engine, settings, {"import": run.run}).work_off() == 1
    over = time.perf_counter()
    with database.read(engine, reader.settings()) as connection:
        done = queries.run_of(connection, import_id, None)
    assert done is not None
    print(f"  {done['status']}: {done['message']}")
    total = over - began
    parts = f"接收 {uploaded - began:.1f} s，对应 {queued - uploaded:.1f} s，办理 {over - queued:.1f} s"
    print(f"  {parts}；合计 {total:.1f} s，{done['counts']['read'] / total:.0f} 行/s")
    for step, spent in sorted(clock.spent.items(), key=lambda s: -s[1]):
        print(f"    {spent / total:5.1%}  {spent:7.1f} s  {step}")
    print(f"    {1 - sum(clock.spent.values()) / total:5.1%}           其余（解析工作簿等）")
    print(f"  最大内存 {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10} MB")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--kind", choices=["xlsx", "csv"], default="xlsx")
    parser.add_argument("--child", nargs=4)
    asked = parser.parse_args()
    if asked.child:
        url, data_dir, path, dry = asked.child
        child(url, Path(data_dir), Path(path), dry=dry == "dry")
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
            ensure_first_administrator(engine, settings)
            engine.dispose()
            path = folder / f"风险点.{asked.kind}"
            make(path, asked.rows)
            print(f"{asked.rows} 行 × {len(HEAD)} 列，{asked.kind}，{path.stat().st_size >> 20} MB")
            for title, dry in (("预演", "dry"), ("入库", "wet"), ("同一文件再导入", "wet")):
                print(title)
                sys.stdout.flush()
                subprocess.run(
                    [sys.executable, __file__, "--child", url, str(settings.data_dir), str(path), dry], check=True
                )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
