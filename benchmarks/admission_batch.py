"""How long a daily file of new market entities takes, in seconds and by the entity; and the same file once more.

Beside it a window takes a number every 20 ms and gives it back: how long it waits at the longest.

    .venv/bin/python benchmarks/admission_batch.py [--rows 1000]

A private cluster of its own with the demo city, so that every entity has something near it.
"""

import argparse
import io
import random
import shutil
import tempfile
import threading
import time
from pathlib import Path

import xlsxwriter
from sqlalchemy import Engine

from riskmap.access import queries as accounts
from riskmap.access.admin import ensure_first_administrator
from riskmap.access.reader import SYSTEM
from riskmap.access.service import reader_of
from riskmap.admission import batch, queries
from riskmap.base import clock, database, jobs
from riskmap.base.cluster import PrivateCluster
from riskmap.base.database import app_url, make_engine
from riskmap.base.migrate import migrate
from riskmap.base.settings import Settings
from riskmap.catalogue.seed import seed
from riskmap.register.load import load_demo

HEAD = ["名称", "统一社会信用代码", "行业代码", "经营范围", "地址", "经度", "纬度"]
SCOPES = [
    "日用百货销售；服装零售", "餐饮服务；使用瓶装燃气", "烟花爆竹零售", "家具制造；喷涂", "食品加工；液氨制冷",
    "幼儿园教育服务",
    "危险化学品经营（不带储存设施）", "歌舞娱乐活动", "金属制品加工；有限空间作业", "信息咨询服务",
]  # fmt: skip


def make(rows: int) -> bytes:
    dice, out = random.Random(7), io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet("日清单")
    sheet.write_row(0, 0, HEAD)
    for i in range(rows):
        # Round the city's centre, where most is near.
        lon, lat = round(dice.gauss(115.98, 0.05), 6), round(dice.gauss(29.69, 0.03), 6)
        row = [f"示例主体{i}", f"92360402MA{i:08d}", "", dice.choice(SCOPES), f"示例路 {i} 号", lon, lat]
        sheet.write_row(i + 1, 0, row)
    book.close()
    return out.getvalue()


class Window(threading.Thread):
    """Somebody at the approval window who wants a number again and again."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(daemon=True)
        self._engine, self._over, self.longest_s = engine, threading.Event(), 0.0

    def run(self) -> None:
        while not self._over.wait(0.02):
            with self._engine.connect() as connection, connection.begin() as transaction:
                began = time.perf_counter()
                queries.take_number(connection, clock.today().year)
                self.longest_s = max(self.longest_s, time.perf_counter() - began)
                transaction.rollback()

    def close(self) -> None:
        self._over.set()
        self.join()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1000)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="riskmap-bench-"))
    folder.chmod(0o755)
    try:
        with PrivateCluster(folder / "cluster") as url:
            settings = Settings(database_url=url, data_dir=folder / "data", demo="none", free_disk_mb=0)
            settings.data_dir.mkdir()
            migrate(settings)
            engine = make_engine(app_url(settings), pool_size=4)
            with database.write(engine, SYSTEM.settings(write=True)) as connection:
                seed(connection)
            load_demo(engine, settings, "jiujiang")
            ensure_first_administrator(engine, settings)
            with database.read(engine, {}) as connection:
                reader = reader_of(accounts.account(connection, "admin"), "")
            body = make(asked.rows)
            for title in ("第一次", "同一文件再来一次"):
                window = Window(engine)
                window.start()
                began = time.perf_counter()
                given = io.BytesIO(body)
                batch_id = batch.queue(engine, settings, reader, "日清单.xlsx", given, "EPSG:4490", demo=True)
                assert jobs.Worker(engine, settings, {batch.JOB: batch.run}).work_off() == 1
                took = time.perf_counter() - began
                window.close()
                with database.read(engine, {}) as connection:
                    done = jobs.one(connection, batch_id, None)
                assert done is not None
                print(f"{title}：{done['message']} {took:.1f} s，每家 {1000 * took / asked.rows:.1f} ms；"
                      f"窗口取号最久等 {window.longest_s:.2f} s")  # fmt: skip
            engine.dispose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
