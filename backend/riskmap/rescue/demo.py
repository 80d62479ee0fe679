"""The demo city's readings, which are always of just now."""

from datetime import timedelta

from sqlalchemy import Engine, text

from riskmap.access.reader import SYSTEM
from riskmap.base import clock, database
from riskmap.base.settings import GEODATA, Settings
from riskmap.catalogue.queries import CatalogueCache
from riskmap.exchange.tables import open_table
from riskmap.rescue import levels_queries as queries
from riskmap.rescue import readings, readings_table
from riskmap.rescue.readings import Taken
from riskmap.store.snapshot import open_snapshot

_FRESH = timedelta(hours=12)


def load_readings(engine: Engine, settings: Settings, city: str) -> int:
    """Readings of the demo, where nobody has entered any for half a day; how many. Again at each such start."""
    path = GEODATA / "demo" / city / "readings.csv"
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(727003)"))
        now = clock.now()
        if queries.anything_since(connection, now - _FRESH):
            return 0
        snapshot = open_snapshot(connection, SYSTEM, CatalogueCache(), settings.public_resolution)
        taken = Taken()
        sent = readings_table.readings_of(open_table(path), now, taken)
        readings.take(snapshot, sent, source="table", exercise=False, taken=taken)
        return len(taken.added)
