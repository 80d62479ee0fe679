"""An older register is spelt when it is brought to this version."""

import uuid
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine, make_url, text
from tests.conftest import _create_database, _drop_database

from riskmap.base.migrate import alembic_config, migrate
from riskmap.base.settings import Settings
from riskmap.base.spelling import spell


def test_names_of_before_are_spelt_by_the_migration(server_url_of_database: str, template: str, tmp_path: Path) -> None:
    # `template` first: the roles are the server's, and another database has made them.
    name = f"older_{uuid.uuid4().hex[:8]}"
    url = _create_database(server_url_of_database, name)
    names = ["例湖小学", "反\\斜\t杠村", "重庆路加油站"]
    try:
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"))
        with engine.begin() as connection:
            for extension in ("postgis", "btree_gist"):
                connection.execute(text(f"CREATE EXTENSION {extension}"))
            connection.execute(text("GRANT CREATE, USAGE ON SCHEMA public TO riskmap_owner"))
            connection.execute(text("SET LOCAL ROLE riskmap_owner"))
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "0005")
            for said in names:
                connection.execute(
                    text(
                        "INSERT INTO risk_object (state, updated_at, valid_from, class, class_version, name)"
                        " VALUES (1, now(), '2026-01-01', 'school', 1, :name)"
                    ),
                    {"name": said},
                )
        migrate(Settings(database_url=url, data_dir=tmp_path, demo="none"))
        with engine.begin() as connection:
            rows = connection.execute(text("SELECT name, spelling FROM risk_object")).all()
        engine.dispose()
        assert {r.name: r.spelling for r in rows} == {said: spell(said) for said in names}
        assert spell("重庆路加油站") == "ChongQingLuJiaYouZhan"
    finally:
        _drop_database(server_url_of_database, name)
