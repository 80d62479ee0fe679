"""Prepare a database: extensions, roles, tables, LEAKPROOF. Run by a superuser; safe to repeat."""

import logging
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from riskmap.base.database import APP_ROLE, OWNER_ROLE, app_password, superuser_url
from riskmap.base.errors import RiskmapError
from riskmap.base.settings import Settings

log = logging.getLogger(__name__)

LEAST_SERVER = 150000
LEAST_POSTGIS = (3, 3)

# ST_Intersects and && are the tests that a map asks. Under row security the planner may use an
# index only for a leakproof one; && compares boxes and cannot tell its caller anything else.
LEAKPROOF_SQL = "ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF"
_IS_LEAKPROOF = """
SELECT proleakproof FROM pg_proc
WHERE oid = 'geometry_overlaps(geometry, geometry)'::regprocedure
"""

# An index on an ICU collation is in the order of the ICU that built it; with another one it misses rows.
_COLLATION = """
SELECT collprovider = 'i' AS icu, collversion IS DISTINCT FROM pg_collation_actual_version(oid) AS stale
FROM pg_collation WHERE collname = 'pinyin' AND collnamespace = 'public'::regnamespace
"""
# As migration 0010 makes both where it finds ICU.
_MAKE_PINYIN = (
    "DROP INDEX risk_object_name",
    "DROP COLLATION pinyin",
    "CREATE COLLATION pinyin (provider = icu, locale = 'zh-u-kn-true')",
    "CREATE INDEX risk_object_name ON risk_object (name COLLATE pinyin, id)",
)


class NotReady(RiskmapError):
    """The database cannot be used as it is."""

    code, title = "database_not_ready", "数据库尚未就绪"


def _dba_sql(database: str) -> str:
    return "\n".join(
        [
            f"-- 请数据库管理员以超级用户在库 {database} 中执行，再用超级用户地址运行 riskmap migrate：",
            "CREATE EXTENSION IF NOT EXISTS postgis;",
            "CREATE EXTENSION IF NOT EXISTS btree_gist;",
            f"CREATE ROLE {OWNER_ROLE} NOLOGIN;",
            f"CREATE ROLE {APP_ROLE} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '请自定';",
            f"GRANT CREATE, USAGE ON SCHEMA public TO {OWNER_ROLE};",
            f"GRANT USAGE ON SCHEMA public TO {APP_ROLE};",
            LEAKPROOF_SQL + ";",
        ]
    )


def ensure_roles(connection: Connection, password: str) -> None:
    """Both roles with the rights that they may have, on this server."""
    # Two databases of one server may be prepared at once, and an advisory lock is of one database alone. This
    # one is the whole server's; nobody who signs in waits for it.
    connection.execute(text("LOCK TABLE pg_authid IN SHARE ROW EXCLUSIVE MODE"))
    for role, options in ((OWNER_ROLE, "NOLOGIN"), (APP_ROLE, "LOGIN")):
        exists = connection.scalar(text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": role})
        if not exists:
            connection.execute(text(f"CREATE ROLE {role} {options}"))
        connection.execute(text(f"ALTER ROLE {role} {options} NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE"))
    # Hashed here, so that the server's log never sees the password itself.
    raw: Any = connection.connection.dbapi_connection
    from psycopg2.extensions import encrypt_password

    hashed = encrypt_password(password, APP_ROLE, scope=raw, algorithm="scram-sha-256")
    connection.exec_driver_sql(f"ALTER ROLE {APP_ROLE} PASSWORD '{hashed}'")


def alembic_config() -> Config:
    """Alembic's settings; there is no alembic.ini to keep in step."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def migrate(settings: Settings) -> None:
    """Bring the database to this version of the program, whole or not at all.

    Raises NotReady with the SQL for a DBA where the address is not a superuser's.
    """
    url = superuser_url(settings)
    engine = create_engine(url, connect_args={"connect_timeout": 10})
    try:
        # The roles are the server's, not the database's: in a transaction of their own.
        with engine.begin() as connection:
            _check_server(connection, url.database or "")
            ensure_roles(connection, app_password(settings))
        with engine.begin() as connection:
            # Two instances may start at once on one database.
            connection.execute(text("SELECT pg_advisory_xact_lock(727001)"))
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))
            connection.execute(text("CREATE EXTENSION IF NOT EXISTS btree_gist"))
            _check_postgis(connection)
            connection.execute(text(f"GRANT CREATE, USAGE ON SCHEMA public TO {OWNER_ROLE}"))
            connection.execute(text(f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}"))
            connection.execute(text(f"REVOKE CREATE ON SCHEMA public FROM {APP_ROLE}, PUBLIC"))
            connection.execute(text(LEAKPROOF_SQL))
            connection.execute(text(f"SET LOCAL ROLE {OWNER_ROLE}"))
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _refresh_pinyin(connection)
    except OperationalError as error:
        raise NotReady(f"连不上数据库：{str(error.orig).strip()}。请核对 RISKMAP_DATABASE_URL。") from error
    finally:
        engine.dispose()


def _refresh_pinyin(connection: Connection) -> None:
    """Names by pinyin, in the order of the server's present ICU; also where an earlier server had none."""
    icu, stale = connection.execute(text(_COLLATION)).one()
    if not icu:
        try:
            with connection.begin_nested():
                for statement in _MAKE_PINYIN:
                    connection.execute(text(statement))
        except DBAPIError as error:
            log.warning(
                "名称按编码而不按拼音排序：数据库用不了 ICU（%s）。"
                "换用带 ICU 的 PostgreSQL（Debian、Ubuntu 的都带）后再运行 riskmap migrate 即可。",
                str(error.orig).strip(),
            )
    elif stale:
        connection.execute(text("REINDEX INDEX risk_object_name"))
        connection.execute(text("ALTER COLLATION pinyin REFRESH VERSION"))


def _check_server(connection: Connection, database: str) -> None:
    version = int(connection.scalar(text("SHOW server_version_num")))
    if version < LEAST_SERVER:
        raise NotReady(f"数据库版本为 {version // 10000}，需要 PostgreSQL 15 或更高。")
    if connection.scalar(text("SHOW is_superuser")) != "on":
        raise NotReady("RISKMAP_DATABASE_URL 不是超级用户的地址。\n" + _dba_sql(database))


def _check_postgis(connection: Connection) -> None:
    version = str(connection.scalar(text("SELECT postgis_lib_version()")))
    if tuple(int(part) for part in version.split(".")[:2]) < LEAST_POSTGIS:
        raise NotReady(f"PostGIS 版本为 {version}，需要 3.3 或更高。")


def check_ready(engine: Engine) -> None:
    """What `serve` checks before it answers: role, tables' version, LEAKPROOF.

    dump and restore lose LEAKPROOF, and without it every map query reads the whole table.
    """
    from alembic.script import ScriptDirectory

    head = ScriptDirectory.from_config(alembic_config()).get_current_head()
    with engine.connect() as connection:
        role, superuser, bypass = connection.execute(
            text("SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        ).one()
        if superuser or bypass:
            raise NotReady(f"服务不能以 {role} 连接：它可以绕过行级权限。请运行 riskmap migrate。")
        if connection.scalar(text("SELECT to_regclass('schema_version') IS NULL")):
            raise NotReady("数据库还是空的。请先运行 riskmap migrate。")
        version = connection.scalar(text("SELECT version_num FROM schema_version"))
        if version != head:
            raise NotReady(f"数据库结构为 {version}，程序需要 {head}。请先备份，再运行 riskmap migrate。")
        if not connection.scalar(text(_IS_LEAKPROOF)):
            raise NotReady("geometry_overlaps 不是 LEAKPROOF（恢复备份会丢失它）。请运行 riskmap migrate。")
        icu, stale = connection.execute(text(_COLLATION)).one()
        if icu and stale:
            raise NotReady("数据库的拼音排序规则换了版本，名称索引要重建。请运行 riskmap migrate。")
