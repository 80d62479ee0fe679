"""A million objects: fill a database of its own, show the plans, time the map's four questions.

    RISKMAP_DATABASE_URL=… python benchmarks/million.py [--objects 1000000] [--keep]

Times are milliseconds in one process on one connection, warm. Read the ratios between lines of one run.
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import h3
import numpy as np
import shapely
from sqlalchemy import Connection, create_engine, text

from riskmap.access.reader import PUBLIC, SYSTEM, Reader
from riskmap.base import database, state
from riskmap.base.crs import GRID, grid_of
from riskmap.base.database import app_url, make_engine, superuser_url
from riskmap.base.migrate import migrate
from riskmap.base.settings import Settings
from riskmap.base.spelling import spell
from riskmap.catalogue.queries import CatalogueCache
from riskmap.catalogue.seed import CATALOGUE_DIR, seed
from riskmap.engine.postgis import PostgisEngine
from riskmap.engine.totals import Totals
from riskmap.register import changes, service
from riskmap.selection.request import read
from riskmap.store.models import COLUMNS
from riskmap.store.snapshot import open_snapshot

WEST, SOUTH, EAST, NORTH = 113.9, 28.7, 116.9, 30.1
COUNTIES = [f"3604{n:02d}" for n in (2, 3, 4, 23, 24, 25, 26, 28, 29, 30, 81, 82, 83)]


def points(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Clustered positions: four fifths round forty towns, the rest anywhere."""
    towns = np.column_stack([rng.uniform(WEST, EAST, 40), rng.uniform(SOUTH, NORTH, 40)])
    weight = rng.pareto(1.2, 40) + 0.1
    chosen = rng.choice(40, n, p=weight / weight.sum())
    lon = towns[chosen, 0] + rng.normal(0, 0.04, n)
    lat = towns[chosen, 1] + rng.normal(0, 0.03, n)
    spread = rng.random(n) < 0.2
    lon[spread] = rng.uniform(WEST, EAST, spread.sum())
    lat[spread] = rng.uniform(SOUTH, NORTH, spread.sum())
    return np.clip(lon, WEST, EAST), np.clip(lat, SOUTH, NORTH)


def attributes(kind: str, i: int) -> str:
    """What its class declares: an enterprise its 统一社会信用代码."""
    own = f', "uscc": "9136{i:07d}MA{i * 7919 % 100_000:05d}"' if kind == "enterprise" else ""
    return f'{{"persons": {i % 997}{own}}}'


def plain_name(kind: str, i: int) -> str:
    """A name that only its number tells from others."""
    return f"测试{kind}{i}号"


def mixed(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Class and grade of each object, by chance."""
    classes = np.array(["risk-point", "enterprise", "school", "gas-restaurant", "self-built-house"])
    kind = rng.choice(classes, n, p=[0.4, 0.15, 0.05, 0.2, 0.2])
    return kind, rng.choice([1, 2, 3, 4, 5], n, p=[0.0005, 0.02, 0.2, 0.6, 0.1795])


def nothing_more(kind: str, i: int, grade: int) -> dict[str, object]:
    """What an object has beside a place, a name and a number of persons."""
    return {}


_INDEXES = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made FROM pg_index AS i
WHERE i.indrelid = ANY (CAST(:tables AS regclass[]))
    AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid)
"""


@contextmanager
def without_indexes(connection: Connection, *tables: str) -> Iterator[None]:
    """Indexes made once over all rows, not row by row; those that hold a constraint stay."""
    indexes = connection.execute(text(_INDEXES), {"tables": list(tables)}).all()
    for name, _ in indexes:
        connection.execute(text(f"DROP INDEX {name}"))
    yield
    for _, made in indexes:
        connection.execute(text(made))


def fill(
    settings: Settings,
    n: int,
    name_of: Callable[[str, int], str] = plain_name,
    drawn: Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray]] = mixed,
    more_of: Callable[[str, int, int], Mapping[str, object]] = nothing_more,
) -> None:
    """COPY rows as the store would write them; 2 % polygons. `more_of`: columns in place of the plain ones."""
    rng = np.random.default_rng(7)
    lon, lat = points(rng, n)
    kind, grade = drawn(rng, n)
    county = rng.choice(COUNTIES, n)
    visibility = rng.choice([0, 1, 2], n, p=[0.3, 0.65, 0.05])
    centres: dict[str, tuple[str, int, int, int]] = {}
    columns = [c for c in COLUMNS if c not in {"ended_reason", "original", "valid_to"}]
    engine = create_engine(superuser_url(settings))
    with engine.begin() as connection, without_indexes(connection, "risk_object", "object_version"):
        cursor = connection.connection.cursor()
        connection.execute(text("ALTER TABLE risk_object DISABLE TRIGGER ALL"))
        for start in range(0, n, 50_000):
            buffer = io.StringIO()
            for i in range(start, min(start + 50_000, n)):
                x, y = float(lon[i]), float(lat[i])
                gx, gy = grid_of(x, y)
                cell = h3.latlng_to_cell(y, x, 10)
                name = name_of(str(kind[i]), i)
                parent = h3.cell_to_parent(cell, 7)
                if parent not in centres:
                    p_lat, p_lon = h3.cell_to_latlng(parent)
                    ewkb = shapely.to_wkb(
                        shapely.set_srid(shapely.Point(p_lon, p_lat), 4490), hex=True, include_srid=True
                    )
                    centres[parent] = (ewkb, *grid_of(p_lon, p_lat), h3.str_to_int(parent))
                public, px, py, pc = centres[parent]
                point = shapely.to_wkb(shapely.set_srid(shapely.Point(x, y), 4490), hex=True, include_srid=True)
                geom, span, cover = point, 0.0, r"\N"
                if i % 50 == 0:
                    half = 0.0004 * (1 + i % 30)
                    box = shapely.box(x - half, y - half, x + half, y + half)
                    geom = shapely.to_wkb(shapely.set_srid(box, 4490), hex=True, include_srid=True)
                    span = 2 * half / 360
                    cover = "{" + str(h3.str_to_int(h3.cell_to_parent(cell, 9))) + "}"
                row = {
                    "id": i + 1, "state": 3, "updated_at": "2026-01-01", "valid_from": "2026-01-01",
                    "class": kind[i], "class_version": 1, "code": f"B{i}", "name": name, "spelling": spell(name),
                    "parent": r"\N", "enterprise": r"\N", "division": county[i], "division_public": county[i],
                    "stage": "in_use", "grade": grade[i], "level_scale": r"\N", "level_value": r"\N",
                    "level_rank": r"\N", "level_outside": r"\N", "level_verdict": r"\N",
                    "grading": "[]", "position_quality": "surveyed", "source": "测试",
                    "verified": "f", "visibility": visibility[i], "department": "应急管理局", "tags": "{}",
                    "attributes": attributes(str(kind[i]), i), "geom": geom, "anchor": point, "gx": gx, "gy": gy,
                    "span": span, "cell": h3.str_to_int(cell), "cover": cover, "geom_public": public,
                    "gx_public": px, "gy_public": py, "cell_public": pc,
                } | more_of(str(kind[i]), i, int(grade[i]))  # fmt: skip
                buffer.write("\t".join(str(row[c]) for c in columns) + "\n")
            buffer.seek(0)
            cursor.copy_expert(f"COPY risk_object ({', '.join(columns)}) FROM STDIN", buffer)
        names = ", ".join(columns)
        connection.execute(
            text(
                f"INSERT INTO object_version (valid, known, actor, {names})"
                f" SELECT daterange('2026-01-01', NULL), int8range(3, NULL), 'bench', {names} FROM risk_object"
            )
        )
        connection.execute(text("ALTER TABLE risk_object ENABLE TRIGGER ALL"))
        connection.execute(text("SELECT setval('risk_object_id_seq', (SELECT max(id) FROM risk_object))"))
        while state.current(connection).n < 3:  # of the rows
            state.take(connection, "bench", "装入")
    engine.dispose()
    vacuum(settings)
    assert GRID == 1 << 36


def vacuum(settings: Settings) -> None:
    """As the server would do it after a while."""
    engine = create_engine(superuser_url(settings), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("VACUUM (ANALYZE) risk_object, object_version"))
    engine.dispose()


def regrade(settings: Settings, every: int) -> int:
    """Give each `every`th object another grade, as one state; the state before it."""
    names = ", ".join(COLUMNS)
    engine = create_engine(superuser_url(settings))
    with engine.begin() as connection:
        before = state.current(connection).n
        values = {"every": every, "n": state.take(connection, "bench", "改级").n}
        chosen = "id % :every = 0"
        for sql in (
            f"UPDATE object_version SET known = int8range(lower(known), :n) WHERE upper_inf(known) AND {chosen}",
            f"UPDATE risk_object SET state = :n, grade = grade % 5 + 1 WHERE {chosen}",
            f"INSERT INTO object_version (valid, known, actor, {names})"
            f" SELECT daterange(valid_from, NULL), int8range(:n, NULL), 'bench', {names} FROM risk_object"
            f" WHERE {chosen}",
        ):
            connection.execute(text(sql), values)
    engine.dispose()
    vacuum(settings)
    return before


def tiles(z: int, lon: float, lat: float, around: int) -> list[tuple[int, int, int]]:
    """A square of tiles round a place."""
    gx, gy = grid_of(lon, lat)
    x, y = gx >> (36 - z), gy >> (36 - z)
    return [(z, x + i, y + j) for i in range(-around, around + 1) for j in range(-around, around + 1)]


def timed(label: str, calls: list[Callable[[], object]], repeat: int = 3) -> None:
    """Print p50 and p95 of the calls, each run `repeat` times after a warm-up."""
    for call in calls:
        call()
    seen = []
    for _ in range(repeat):
        for call in calls:
            begin = time.perf_counter()
            call()
            seen.append((time.perf_counter() - begin) * 1000)
    seen.sort()
    p95 = seen[min(len(seen) - 1, int(len(seen) * 0.95))]
    print(f"{label:<44} p50 {statistics.median(seen):9.1f}   p95 {p95:9.1f}   n {len(seen)}", flush=True)


def main() -> None:
    """Fill, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--catalogue", type=Path, default=CATALOGUE_DIR)
    parser.add_argument("--measure-only", action="store_true")
    arguments = parser.parse_args()
    settings = Settings()
    if not arguments.measure_only:
        migrate(settings)
        engine = make_engine(app_url(settings))
        with database.write(engine, SYSTEM.settings(write=True)) as connection:
            seed(connection, arguments.catalogue)
        begin = time.perf_counter()
        fill(settings, arguments.objects)
        print(f"filled {arguments.objects} objects in {time.perf_counter() - begin:.0f} s", flush=True)
    engine = make_engine(app_url(settings))
    caches, questions = CatalogueCache(), PostgisEngine()
    centre = (116.0, 29.7)
    readers = {
        "command": Reader("account", "c", role="reader", tier=2),
        "town": Reader("account", "t", role="editor", tier=1, areas=("360402",)),
        "public": PUBLIC,
    }
    for name, reader in readers.items():
        with database.read(engine, reader.settings()) as connection:
            snapshot = open_snapshot(connection, reader, caches, 7)
            for label, params in (
                ("all", {}),
                ("serious+, risk-point", {"grade": ["serious+"], "class": ["risk-point"]}),
            ):
                moment, selection = read(snapshot, params)
                for z, around in ((6, 0), (8, 0), (10, 1), (12, 2), (14, 3), (16, 3)):
                    timed(
                        f"{name} tile z{z} {label}",
                        [lambda t=t: questions.tile(moment, selection, *t) for t in tiles(z, *centre, around)],  # type: ignore[misc]
                        repeat=1 if z < 10 else 2,
                    )
                timed(
                    f"{name} count {label}",
                    [lambda: questions.count(moment, selection, ("grade", "class"))],
                    2,
                )
                timed(f"{name} heat r7 {label}", [lambda: questions.cells(moment, selection, 7)], 2)
                totals = Totals(questions)
                timed(
                    f"{name} list first page {label}",
                    [lambda: service.page(moment, selection, totals, sort=None, limit=50, cursor=None)],
                )
            moment, selection = read(snapshot, {"bbox": ["115.95,29.65,116.05,29.75"]})
            timed(
                f"{name} list bbox 0.1°",
                [lambda: service.page(moment, selection, Totals(questions), sort=None, limit=50, cursor=None)],
            )
            moment, selection = read(snapshot, {"q": ["99号"]})
            timed(
                f"{name} list q=99号",
                [lambda: service.page(moment, selection, Totals(questions), sort=None, limit=50, cursor=None)],
            )
            moment, selection = read(snapshot, {})
            timed(f"{name} near 1 km", [lambda: questions.near(moment, selection, *centre, 1000)])
    engine.dispose()
    measure_changes(settings, readers)


def measure_changes(settings: Settings, readers: Mapping[str, Reader]) -> None:
    """自上次查看以来, after a day's work, a day of large imports, and a policy that regrades everything."""
    for label, every in (("1 in 2000", 2000), ("1 in 25", 25), ("all", 1)):
        since = regrade(settings, every)
        engine, caches = make_engine(app_url(settings)), CatalogueCache()
        for name, reader in readers.items():
            with database.read(engine, reader.settings()) as connection:
                moment, selection = read(open_snapshot(connection, reader, caches, 7), {})
                timed(
                    f"{name} changes, {label} changed",
                    [lambda: changes.since(moment, selection, since, limit=100, cursor=None)],
                    5 if every > 25 else 2,
                )
        engine.dispose()


if __name__ == "__main__":
    main()
