"""A real PostGIS for the tests: one private cluster, one migrated template, one database a test module."""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import Engine, create_engine, make_url, text
from starlette.testclient import TestClient

from riskmap.access import passwords
from riskmap.access.admin import add_account, ensure_first_administrator
from riskmap.access.reader import SYSTEM
from riskmap.app import create_app
from riskmap.base import database
from riskmap.base.cluster import PrivateCluster
from riskmap.base.database import app_url, make_engine
from riskmap.base.migrate import migrate
from riskmap.base.settings import REPOSITORY, Settings
from riskmap.catalogue.queries import CatalogueCache
from riskmap.catalogue.seed import seed
from riskmap.register.load import load_demo
from riskmap.rescue.roads_service import load_demo as load_demo_roads
from riskmap.rescue.terrains import load_demo as load_demo_terrain
from riskmap.store.snapshot import Snapshot, open_snapshot

ADMIN_PASSWORD = "Adm1n-for-tests"
OTHER_PASSWORD = "Other-4-tests"

# No example is given a time.
hypothesis.settings.register_profile("riskmap", deadline=None)
hypothesis.settings.load_profile("riskmap")

# Passwords are hashed as ever, with the least work that Argon2 takes: the suite signs in some thousand times.
passwords._HASHER = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
passwords._DUMMY = passwords._HASHER.hash("no account has this password")


# What Python has compiled is kept, in a place of our own, also where the environment forbids it, as images of containers
# do: the tests start the service and its worker more than a hundred times, and to compile both is most of a start.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    sys.dont_write_bytecode = False
    sys.pycache_prefix = os.environ["PYTHONPYCACHEPREFIX"] = str(REPOSITORY / ".pytest_cache" / "compiled")


# Of these folders, the files of the first take longest: they begin first, so that no worker is left with one at the end.
_ORDER = ("ops", "browser", "api", "db", "real", "unit")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    folder = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        return next((i for i, name in enumerate(_ORDER) if folder / name in item.path.parents), len(_ORDER))

    items.sort(key=place)


_SHARED = pytest.StashKey[Path]()
_TEMPLATE, _DEMO = "riskmap_template", "riskmap_demo"


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Give the workers of a run a folder in common."""
    stash = node.config.stash
    if _SHARED not in stash:
        stash[_SHARED] = _open_folder("riskmap-tests-")
    node.workerinput["shared"] = str(stash[_SHARED])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Clear that folder away."""
    if _SHARED in config.stash:
        shutil.rmtree(config.stash[_SHARED], ignore_errors=True)


def _open_folder(prefix: str) -> Path:
    """A folder that the server's user may enter."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def shared_by_workers(request: pytest.FixtureRequest) -> Path | None:
    """A stopped cluster with both templates, in `cluster`, and the demo's data folder; None for a run without workers.

    The first worker that wants it makes it and the others copy it: the demo city takes as long as some twenty tests.
    """
    told = getattr(request.config, "workerinput", {}).get("shared")
    if told is None or os.environ.get("RISKMAP_TEST_DATABASE_URL"):
        return None
    shared = Path(told)
    cluster, done = shared / "cluster", shared / "done"
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(cluster, ignore_errors=True)
            with PrivateCluster(cluster) as url:
                _be_hasty(url)
                _make_template(url, _TEMPLATE, shared / "template")
                _make_demo(url, _DEMO, _TEMPLATE, shared / "demo")
            done.touch()
    return shared


@pytest.fixture(scope="session")
def server_url_of_database(shared_by_workers: Path | None) -> Iterator[str]:
    """A superuser's address: RISKMAP_TEST_DATABASE_URL, else a private cluster for this run."""
    given = os.environ.get("RISKMAP_TEST_DATABASE_URL")
    if given:
        yield given
        return
    folder = _open_folder("riskmap-test-")
    try:
        if shared_by_workers is not None:  # with owners and modes, which shutil does not copy
            subprocess.run(["cp", "-a", f"{shared_by_workers / 'cluster'}/.", str(folder)], check=True)
        with PrivateCluster(folder) as url:
            _be_hasty(url)
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _be_hasty(server: str) -> None:
    """Nothing here has to outlive a power cut: no write waits for the disk. Tests of that start a cluster themselves."""
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


def _create_database(server: str, name: str, template: str | None = None) -> str:
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else "")))
    engine.dispose()
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _drop_database(server: str, name: str) -> None:
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg2"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    engine.dispose()


def _make_template(server: str, name: str, data_dir: Path) -> None:
    url = _create_database(server, name)
    settings = Settings(database_url=url, data_dir=data_dir, demo="none")
    migrate(settings)
    engine = make_engine(app_url(settings), pool_size=1)
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        seed(connection)
    engine.dispose()


def _make_demo(server: str, name: str, template: str, data_dir: Path) -> None:
    url = _create_database(server, name, template)
    settings = Settings(database_url=url, data_dir=data_dir, demo="jiujiang", free_disk_mb=0)
    engine = make_engine(app_url(settings), pool_size=1)
    assert load_demo(engine, settings, "jiujiang") > 5000
    assert load_demo_roads(engine, settings) > 1000
    assert load_demo_terrain(engine, settings)
    engine.dispose()


@pytest.fixture(scope="session")
def template(
    shared_by_workers: Path | None, server_url_of_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A migrated and seeded database, copied by the others in 0.1 s."""
    if shared_by_workers is not None:
        yield _TEMPLATE
        return
    name = f"template_{uuid.uuid4().hex[:8]}"
    _make_template(server_url_of_database, name, tmp_path_factory.mktemp("template"))
    yield name
    _drop_database(server_url_of_database, name)


@pytest.fixture(scope="session")
def demo_template(
    shared_by_workers: Path | None, server_url_of_database: str, template: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """A database with the demo city, and its data folder."""
    if shared_by_workers is not None:
        yield _DEMO, shared_by_workers / "demo"
        return
    name = f"demo_{uuid.uuid4().hex[:8]}"
    folder = tmp_path_factory.mktemp("demo")
    _make_demo(server_url_of_database, name, template, folder)
    yield name, folder
    _drop_database(server_url_of_database, name)


@pytest.fixture(scope="module")
def settings(
    request: pytest.FixtureRequest, server_url_of_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Settings]:
    """Settings of a database of the module's own: empty, or the demo city where the module says DEMO = True."""
    name = f"test_{uuid.uuid4().hex[:8]}"
    data_dir = tmp_path_factory.mktemp("data")
    if getattr(request.module, "DEMO", False):
        source, folder = request.getfixturevalue("demo_template")
        shutil.copytree(folder, data_dir, dirs_exist_ok=True)
    else:
        source = request.getfixturevalue("template")
    url = _create_database(server_url_of_database, name, source)
    yield Settings(
        database_url=url,
        data_dir=data_dir,
        demo="none",
        admin_password=ADMIN_PASSWORD,
        free_disk_mb=0,
        worker="thread",
    )
    _drop_database(server_url_of_database, name)


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Iterator[Engine]:
    """Connections as riskmap_app."""
    made = make_engine(app_url(settings))
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def app(settings: Settings) -> Iterator[Any]:
    """The application over the module's database, with its administrator."""
    made = create_app(settings)
    ensure_first_administrator(made.state.engine, settings)
    with TestClient(made, raise_server_exceptions=False):
        yield made


@pytest.fixture
def client(app: Any) -> TestClient:
    """Nobody: the public."""
    return TestClient(app, raise_server_exceptions=False)


def sign_in(app: Any, username: str, password: str) -> TestClient:
    """A signed-in client that sends its CSRF token."""
    client = TestClient(app, raise_server_exceptions=False)
    answer = client.post("/api/session", json={"username": username, "password": password})
    assert answer.status_code == 200, answer.text
    client.headers["X-CSRF-Token"] = answer.json()["csrf"]
    client.rights = answer.json()["rights"]  # type: ignore[attr-defined]
    return client


@pytest.fixture(scope="module")
def admin(app: Any) -> TestClient:
    """The administrator."""
    return sign_in(app, "admin", ADMIN_PASSWORD)


@pytest.fixture(scope="module")
def make_account(app: Any) -> Callable[..., TestClient]:
    """Makes an account of a role, tier and limits; gives its signed-in client."""

    def make(role: str, tier: str = "department", **limits: list[str]) -> TestClient:
        username = f"{role}_{uuid.uuid4().hex[:6]}"
        body = {"username": username, "password": OTHER_PASSWORD, "role": role, "tier": tier}
        add_account(
            app.state.engine,
            {"areas": [], "departments": [], "classes": [], "may": [], **body, **limits},
        )
        client = sign_in(app, username, OTHER_PASSWORD)
        client.username = username  # type: ignore[attr-defined]
        return client

    return make


@pytest.fixture
def snapshot_of(engine: Engine) -> Callable[..., Any]:
    """A context manager that opens a snapshot for a reader."""
    from contextlib import contextmanager

    caches = CatalogueCache()

    @contextmanager
    def open_for(reader: Any = SYSTEM, *, write: bool = False) -> Iterator[Snapshot]:
        begin = database.write if write else database.read
        with begin(engine, reader.settings(write=write)) as connection:
            yield open_snapshot(connection, reader, caches, 7)

    return open_for


REAL_DATA = REPOSITORY.parent / "shared" / "data"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real and awkward files beside the repository; the test is skipped where they are not there."""
    if not REAL_DATA.exists():
        pytest.skip("没有真实数据文件夹 ../shared/data")
    return REAL_DATA
