"""What benchmarks that fill the register by SQL have in common: a migrated database, and its rows put in anew."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, create_engine, text

from riskmap.access.reader import SYSTEM
from riskmap.base import database
from riskmap.base.database import app_url, make_engine, superuser_url
from riskmap.base.migrate import migrate
from riskmap.base.settings import Settings
from riskmap.catalogue.seed import CATALOGUE_DIR, seed


def prepared() -> tuple[Settings, Engine]:
    """The database of RISKMAP_DATABASE_URL, migrated and with the catalogue; and the app's connections to it."""
    settings = Settings()
    migrate(settings)
    engine = make_engine(app_url(settings))
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        seed(connection, CATALOGUE_DIR)
    return settings, engine


@contextmanager
def refilled(settings: Settings) -> Iterator[Connection]:
    """A superuser's transaction on an empty register without its triggers: whoever fills it minds what they do."""
    engine = create_engine(superuser_url(settings))
    with engine.begin() as connection:
        connection.execute(text("ALTER TABLE risk_object DISABLE TRIGGER ALL"))
        connection.execute(text("TRUNCATE risk_object, object_version CASCADE"))
        yield connection
        connection.execute(text("ALTER TABLE risk_object ENABLE TRIGGER ALL"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE risk_object, object_version"))
    engine.dispose()
