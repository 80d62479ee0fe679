"""Connections as riskmap_app, and the two kinds of transaction.

A read is REPEATABLE READ, READ ONLY: one snapshot, dated by the state that it reads.
A write is READ COMMITTED: a REPEATABLE READ writer would fail at the state's lock.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial

import simplejson
from sqlalchemy import Connection, Engine, create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import InternalError

from riskmap.base.settings import Settings, derive_password

APP_ROLE = "riskmap_app"
OWNER_ROLE = "riskmap_owner"


def superuser_url(settings: Settings) -> URL:
    """Address of the superuser, with the driver that we use."""
    if settings.database_url is None:
        raise LookupError("RISKMAP_DATABASE_URL 未设置，且没有启动自带数据库：请用 ./scripts/run 启动")
    return make_url(settings.database_url).set(drivername="postgresql+psycopg2")


def app_password(settings: Settings) -> str:
    """Password of riskmap_app: given, derived from the superuser's, or kept in the secrets folder."""
    if settings.app_password:
        return settings.app_password
    password = superuser_url(settings).password
    if password:
        return derive_password(str(password), APP_ROLE)
    path = settings.secrets_dir / APP_ROLE
    if not path.exists():
        import secrets

        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(24))
    return path.read_text()


def app_url(settings: Settings) -> URL:
    """Address that `serve` connects with: never the superuser's."""
    return superuser_url(settings).set(username=APP_ROLE, password=app_password(settings))


def make_engine(url: URL, *, pool_size: int = 12) -> Engine:
    """An engine whose sessions speak Shanghai time and plan each query for its own values."""
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=8,
        pool_timeout=10,
        pool_pre_ping=True,
        json_deserializer=partial(simplejson.loads, use_decimal=True),  # a stored number stays exact
        connect_args={
            "connect_timeout": 5,
            "options": "-c timezone=Asia/Shanghai -c jit=off -c plan_cache_mode=force_custom_plan"
            # Who waits to save holds a connection that readers need: he is told after a while instead.
            " -c idle_in_transaction_session_timeout=60000 -c lock_timeout=20000",
        },
    )


def _set_rights(connection: Connection, rights: Mapping[str, str]) -> None:
    """Tell row security whose transaction this is; forgotten at its end."""
    if rights:
        columns = ", ".join(f"set_config('riskmap.{name}', :{name}, true)" for name in rights)
        connection.execute(text(f"SELECT {columns}"), dict(rights))


@contextmanager
def read(engine: Engine, rights: Mapping[str, str]) -> Iterator[Connection]:
    """One snapshot, read only, under these rights (`Reader.settings`)."""
    with engine.connect() as connection:
        connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        with connection.begin():
            _set_rights(connection, rights)
            yield connection


@contextmanager
def write(engine: Engine, rights: Mapping[str, str]) -> Iterator[Connection]:
    """One transaction under these rights, committed when the block ends well, else rolled back."""
    with engine.connect() as connection, connection.begin():
        _set_rights(connection, rights)
        yield connection


@contextmanager
def under(connection: Connection, rights: Mapping[str, str]) -> Iterator[None]:
    """Other rights for one question in the same snapshot; those of the transaction hold again after it."""
    kept = ", ".join(f"current_setting('riskmap.{name}', true) AS {name}" for name in rights)
    own = connection.execute(text(f"SELECT {kept}")).mappings().one()
    _set_rights(connection, rights)
    try:
        yield
    finally:
        # A transaction that failed answers nothing more, and its rights end with it.
        with suppress(InternalError):
            _set_rights(connection, {name: value or "" for name, value in own.items()})


@contextmanager
def ordered_by_index(connection: Connection) -> Iterator[None]:
    """Questions for the nearest take it from the index, which has them in this order.

    Of a past day the planner expects one row where there are thousands (it knows nothing of ranges and arrays in
    columns that depend on each other), and would read and sort all of them again for every place.
    """
    connection.execute(text("SET LOCAL enable_sort = off"))
    try:
        yield
    finally:
        with suppress(InternalError):
            connection.execute(text("SET LOCAL enable_sort = on"))
