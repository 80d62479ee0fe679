"""A new rule set over 10 000 and 100 000 risk points: its trial, and its adoption as one state.

    RISKMAP_DATABASE_URL=… python benchmarks/regrade.py [--objects 10000,100000]

Every object is an LS risk point, L and S evenly from 1 to 5; the set is LS 分档乙 in the place of the common one. Times
are seconds in one process on one connection; `read` is the same rows read by the same batches and not graded, so that
what grading and writing cost can be told from what the rows cost. Each register is filled anew.
"""

import argparse
import math
import resource
import time

from filling import prepared, refilled  # beside this file
from sqlalchemy import Engine, create_engine, text

from riskmap.access.reader import SYSTEM, Reader
from riskmap.base import clock, database
from riskmap.base.audit import dump_json
from riskmap.base.database import superuser_url
from riskmap.base.settings import Settings
from riskmap.catalogue.queries import CatalogueCache
from riskmap.grading.judge import Judge
from riskmap.grading.trial import changes
from riskmap.register import rulesets
from riskmap.register.rulesets_draft import Adoption, Trial
from riskmap.store.models import COLUMNS
from riskmap.store.snapshot import open_snapshot

ADMINISTRATOR = Reader("account", "benchmark", role="administrator", tier=2)
GIVEN = {"ruleset": {"use": {"ls-bands": "ls-bands-b"}}}

_FILL = """
INSERT INTO risk_object (id, state, updated_at, valid_from, class, class_version, name, division, grade, grading,
    attributes, department, position_quality, visibility, geom, anchor, gx, gy, cell, geom_public, gx_public, gy_public,
    cell_public, span)
SELECT i, 1, now(), '2026-01-01', 'risk-point', 1, '例' || i, '360402', made.grade, made.grading, made.attributes,
    '应急管理局', 'surveyed', 1, p, p, 1, 1, i, p, 1, 1, 1, 0
FROM (
    SELECT i, ST_SetSRID(ST_MakePoint(115 + random(), 29 + random()), 4490) AS p FROM generate_series(1, :n) AS i
) AS a
JOIN jsonb_to_recordset(CAST(:made AS jsonb)) AS made (n int, grade smallint, grading jsonb, attributes jsonb)
    ON made.n = i % 25
"""


def fill(settings: Settings, app: Engine, n: int) -> None:
    """Exactly these objects, graded by the product's own rule set; each with its one version."""
    engine = create_engine(superuser_url(settings))
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM catalogue_item WHERE kind = 'ruleset'"))
    engine.dispose()
    with database.read(app, SYSTEM.settings()) as connection:
        catalogue = open_snapshot(connection, SYSTEM, CatalogueCache(), 7).catalogue
    judge = Judge.on(catalogue, "benchmark", clock.now())
    made = []
    for i in range(25):
        attributes = {"method": "LS", "L": i // 5 + 1, "S": i % 5 + 1}
        graded, _ = judge.grade(catalogue.classes["risk-point"], attributes, None, None)
        made.append({"n": i, "grade": graded.grade, "grading": graded.grading, "attributes": attributes})
    columns = ", ".join(COLUMNS)
    with refilled(settings) as connection:
        connection.execute(text(_FILL), {"n": n, "made": dump_json(made)})
        connection.execute(
            text(
                f"INSERT INTO object_version (valid, known, actor, {columns})"
                f" SELECT daterange(valid_from, NULL), int8range(1, NULL), 'benchmark', {columns} FROM risk_object"
            )
        )


class _Idle:
    """The rows without the grading."""

    def classes(self) -> list[str]:
        return ["risk-point"]

    def regrade(self, row: object) -> None:
        return None


def main() -> None:
    """Fill, then measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", default="10000,100000")
    arguments = parser.parse_args()
    settings, engine = prepared()
    print("objects   changed   read s  trial s  adopt s  trial/read  adopt/read  µs/object  peak MB")
    for n in (int(part) for part in arguments.objects.split(",")):
        fill(settings, engine, n)
        with database.read(engine, SYSTEM.settings()) as connection:
            snapshot = open_snapshot(connection, ADMINISTRATOR, CatalogueCache(), 7)
            read = trial = math.inf
            for _ in range(3):
                begun = time.perf_counter()
                for _batch in changes(connection, _Idle(), snapshot.state.day):
                    pass
                read = min(read, time.perf_counter() - begun)
            for _ in range(2):
                begun = time.perf_counter()
                found = rulesets.tried(snapshot, Trial.model_validate(GIVEN))
                trial = min(trial, time.perf_counter() - begun)
        body = Adoption.model_validate(GIVEN | {"title": "试", "reason": "试", "expected": found["total"]})
        begun = time.perf_counter()
        with database.write(engine, SYSTEM.settings(write=True)) as connection:
            done = rulesets.adopt(open_snapshot(connection, ADMINISTRATOR, CatalogueCache(), 7), body)
        adopt = time.perf_counter() - begun
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(
            f"{n:>7} {done['changed']:>9} {read:>8.2f} {trial:>8.2f} {adopt:>8.2f} {trial / read:>11.1f}"
            f" {adopt / read:>11.1f} {adopt * 1e6 / n:>10.0f} {peak:>8.0f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
