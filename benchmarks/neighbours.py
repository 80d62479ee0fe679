"""Neighbour pairs and nearest risks at 10 000 and 100 000 objects: how long, and how the time grows.

    RISKMAP_DATABASE_URL=… python benchmarks/neighbours.py [--objects 10000,100000]

Each number is measured twice: with the territory growing beside the objects (as many neighbours each), and with all in
the same territory (pairs grow with the square). What should stay the same is the time per pair and per object.
Objects are of the four classes that may set off a chain, a third of them outlines, two thirds with an enterprise; a
tenth are schools. Times are seconds in one process on one connection, the best of three, first with no number kept.
"""

import argparse
import math
import time

from filling import prepared, refilled  # beside this file
from sqlalchemy import Engine, text

from riskmap.access.reader import Reader
from riskmap.base import database
from riskmap.base.settings import Settings
from riskmap.catalogue.queries import CatalogueCache
from riskmap.lists import neighbours, service, targets
from riskmap.lists.model import Listing
from riskmap.selection.model import Selection
from riskmap.store.snapshot import open_snapshot

_WEST, _SOUTH = 113.9, 27.0
_SIDE_KM = 60  # of the territory of 10 000

_FILL = """
INSERT INTO risk_object (id, state, updated_at, valid_from, class, class_version, name, enterprise, division, grade,
    department, position_quality, visibility, geom, anchor, gx, gy, cell, geom_public, gx_public, gy_public,
    cell_public, span)
SELECT i, 1, now(), '2026-01-01', class, 1, '例' || i, enterprise, division, grade, '应急管理局', 'surveyed', 1,
    CASE WHEN i % 3 = 0 THEN ST_MakeEnvelope(x - half, y - half, x + half, y + half, 4490) ELSE p END,
    p, 1, 1, 1, p, 1, 1, 1, CASE WHEN i % 3 = 0 THEN 2 * half / 360 ELSE 0 END
FROM (
    SELECT i, x, y, ST_SetSRID(ST_MakePoint(x, y), 4490) AS p, 0.0002 + 0.0015 * power(random(), 3) AS half,
        CASE WHEN i % 10 = 9 THEN 'school' ELSE (CAST(:classes AS text[]))[1 + i % 4] END AS class,
        CASE WHEN random() < 0.67 THEN 10000000 + (random() * :n / 3)::bigint END AS enterprise,
        (ARRAY['360402', '360403', '360404', '360423', '360424'])[1 + (random() * 4)::int] AS division,
        CASE WHEN random() < 0.02 THEN 1 WHEN random() < 0.1 THEN 2 ELSE 3 END AS grade
    FROM (
        SELECT i, :west + random() * :width AS x, :south + random() * :height AS y FROM generate_series(1, :n) AS i
    ) AS a
) AS b
"""


def fill(settings: Settings, n: int, side_km: float) -> None:
    """Exactly these objects and no others."""
    with refilled(settings) as connection:
        connection.execute(text("SELECT setseed(0.5)"))
        width = side_km / (111.32 * math.cos(math.radians(_SOUTH + side_km / 222)))
        binds = {"n": n, "classes": list(neighbours.CLASSES), "west": _WEST, "south": _SOUTH}
        connection.execute(text(_FILL), binds | {"width": width, "height": side_km / 110.9})


def timed(engine: Engine, reader: Reader, listing: Listing, **given: str) -> tuple[float, int]:
    """Seconds for the figures and the first page, nothing kept; and how many rows the list has."""
    best, total = math.inf, 0
    for _ in range(3):
        with database.read(engine, reader.settings()) as connection:
            snapshot = open_snapshot(connection, reader, CatalogueCache(), 7)
            asked = service.question(listing, snapshot, Selection(), {k: [v] for k, v in given.items()})
            begun = time.perf_counter()
            found = service.page(asked, service.Summaries(), limit=50, cursor=None)
            best, total = min(best, time.perf_counter() - begun), found["total"]
    return best, total


def main() -> None:
    """Fill, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", default="10000,100000")
    arguments = parser.parse_args()
    settings, engine = prepared()
    command = Reader("account", "command", role="reader", tier=2)
    county = Reader("account", "county", role="reader", tier=1, areas=("360402",))
    print("territory   objects  reader   list         given      rows        s     µs/row  µs/object")
    for n in (int(part) for part in arguments.objects.split(",")):
        for territory, side in {"grows": _SIDE_KM * math.sqrt(n / 10_000), "the same": _SIDE_KM}.items():
            if n == 10_000 and territory == "the same":
                continue  # which is where both begin
            fill(settings, n, side)
            for reader, listing, given in (
                (command, neighbours.LIST, {"within": "500"}),
                (command, neighbours.LIST, {"within": "2000"}),
                (county, neighbours.LIST, {"within": "500"}),
                (command, targets.LIST, {}),
            ):
                seconds, rows = timed(engine, reader, listing, **given)
                print(
                    f"{territory:<9}{n:>10}  {reader.name:<8} {listing.name:<12} {given.get('within', ''):>5}"
                    f" {rows:>9} {seconds:>8.2f} {seconds * 1e6 / max(rows, 1):>10.1f} {seconds * 1e6 / n:>10.1f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
