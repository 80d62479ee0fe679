"""Search over a million objects: p50 and p95 of each kind of question, and what spelling costs a write.

    RISKMAP_DATABASE_URL=… python benchmarks/search.py [--objects 1000000] [--measure-only]

Names are made of places, characters and kinds as a register has them, so that common words are common.
Times are milliseconds in one process on one connection, warm.
"""

import argparse
import random
import time

from million import fill, timed
from sqlalchemy import text

from riskmap.access.reader import PUBLIC, SYSTEM, Reader
from riskmap.atlas.search import service
from riskmap.base import database
from riskmap.base.database import app_url, make_engine
from riskmap.base.migrate import migrate
from riskmap.base.settings import Settings
from riskmap.base.spelling import spell
from riskmap.catalogue.queries import CatalogueCache
from riskmap.catalogue.seed import CATALOGUE_DIR, seed
from riskmap.store.snapshot import open_snapshot

PLACES = [
    f"{a}{b}" for a in "九江浔阳濂溪柴桑瑞昌共青德安永修武宁修水都昌湖口彭泽庐山" for b in ("", "市", "区", "县", "镇")
]
LETTERS = (
    "例演虚拟湖江山水东西南北新华建国民丰安康和平胜利红星光明长青永兴福寿金银铜铁石沙溪桥港口坝塘林园桃李杏梅兰竹菊松柏"
    "杨柳云霞龙凤鹤"
)
KINDS = {
    "risk-point": ["化工有限公司储罐区", "机械厂锻造车间", "加油站", "粮油有限公司", "建材有限公司", "物流园"],
    "enterprise": ["化工有限公司", "机械制造有限公司", "商贸有限公司", "建设工程有限公司", "科技股份有限公司"],
    "school": ["小学", "中学", "幼儿园", "第二小学"],
    "gas-restaurant": ["餐馆", "饭店", "烧烤店", "火锅店"],
    "self-built-house": ["自建房", "出租屋", "村民自建房"],
}
QUESTIONS = {
    "two characters of a name": ["湖山", "鹤云", "桃李", "龙凤", "松柏", "金银", "兰竹", "星光"],
    "two common characters": ["公司", "小学", "有限"],
    "a whole name": ["湖口县桃李小学", "德安镇龙凤中学", "九江市金沙加油站"],
    "initials of four letters": ["hkxx", "tlxx", "lfzx", "jsjy", "ylyy", "qsxx"],
    "initials of a whole name": ["hktlxx", "dazlfzx", "jjsjsjyz"],
    "common initials": ["yxgs", "xx"],
    "full pinyin": ["taolixiaoxue", "longfengzhongxue"],
    "part of a code": ["B77777", "B123"],
    "统一社会信用代码": ["91360000007MA", "913601", "91360012345MA9"],
    "nothing": ["不存在的名字", "zzqqvvxx"],
}


def name_of(kind: str, i: int) -> str:
    """The same for each number on every run."""
    r = random.Random(i)
    number = f"{i % 300}号" if kind == "self-built-house" else ""
    return r.choice(PLACES) + r.choice(LETTERS) + r.choice(LETTERS) + r.choice(KINDS[kind]) + number


def main() -> None:
    """Fill, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--measure-only", action="store_true")
    arguments = parser.parse_args()
    settings = Settings()
    if not arguments.measure_only:
        migrate(settings)
        engine = make_engine(app_url(settings))
        with database.write(engine, SYSTEM.settings(write=True)) as connection:
            seed(connection, CATALOGUE_DIR)
        fill(settings, arguments.objects, name_of)
    engine = make_engine(app_url(settings))
    caches = CatalogueCache()
    readers = {
        "command": Reader("account", "c", role="reader", tier=2),
        "county": Reader("account", "t", role="editor", tier=1, areas=("360402",)),
        "public": PUBLIC,
    }
    for name, reader in readers.items():
        with database.read(engine, reader.settings()) as connection:
            snapshot = open_snapshot(connection, reader, caches, 7)
            for label, asked in QUESTIONS.items():
                calls = [lambda q=q: service.search(snapshot, q, 8, settings.bounds) for q in asked]
                timed(f"{name} {label}", calls, 5)  # type: ignore[arg-type]
    names = [name_of("school", i) for i in range(50_000)]
    made = time.perf_counter()
    for n in names:
        spell(n)
    print(f"spelling a name: {(time.perf_counter() - made) / len(names) * 1e6:.1f} µs")
    with database.read(engine, SYSTEM.settings()) as connection:
        sizes = connection.execute(
            text(
                "SELECT relname, pg_size_pretty(pg_relation_size(oid)) FROM pg_class WHERE relname IN"
                " ('risk_object', 'risk_object_grams', 'risk_object_spelling', 'risk_object_uscc') ORDER BY relname"
            )
        ).all()
        print("  ".join(f"{name} {size}" for name, size in sizes))


if __name__ == "__main__":
    main()
