"""A database of an older version of the product, to be brought to this one."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from tests.conftest import _create_database, _drop_database

from riskmap.base.migrate import alembic_config, migrate
from riskmap.base.settings import Settings


class Older:
    """A database at an older revision."""

    def __init__(self, url: str, engine: Engine, data_dir: Path) -> None:
        self.engine = engine
        self._settings = Settings(database_url=url, data_dir=data_dir, demo="none")

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction of the owner."""
        with self.engine.begin() as connection:
            connection.execute(text("SET LOCAL ROLE riskmap_owner"))
            yield connection

    def migrate(self) -> None:
        """To this version, as a start of the product does."""
        migrate(self._settings)


@contextmanager
def older(server_url: str, revision: str, data_dir: Path) -> Iterator[Older]:
    """A database at a revision, dropped afterwards. The roles are the server's: a test takes `template` first."""
    name = f"older_{uuid.uuid4().hex[:8]}"
    url = _create_database(server_url, name)
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"))
    try:
        with engine.begin() as connection:
            for extension in ("postgis", "btree_gist"):
                connection.execute(text(f"CREATE EXTENSION {extension}"))
            connection.execute(text("GRANT CREATE, USAGE ON SCHEMA public TO riskmap_owner"))
            connection.execute(text("SET LOCAL ROLE riskmap_owner"))
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
        yield Older(url, engine, data_dir)
    finally:
        engine.dispose()
        _drop_database(server_url, name)
