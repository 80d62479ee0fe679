"""The private cluster: made, repaired, stopped with us, alone in its folder."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy import create_engine, make_url

from riskmap.base.cluster import ClusterError, PrivateCluster, find_servers
from riskmap.base.migrate import ensure_roles

START = """
import signal, sys
from pathlib import Path
from riskmap.base.cluster import PrivateCluster
with PrivateCluster(Path(sys.argv[1])) as url:
    print(url, flush=True)
    signal.pause()
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="riskmap-cluster-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


def ask(url: str, sql: str) -> object:
    connection = psycopg2.connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]  # type: ignore[index]
    finally:
        connection.close()


def test_it_listens_on_its_socket_alone(folder: Path) -> None:
    with PrivateCluster(folder) as url:
        assert ask(url, "SHOW listen_addresses") == ""
        assert ask(url, "SHOW data_checksums") == "on"
        assert ask(url, "SHOW fsync") == "on"
        assert (folder / "secrets" / "postgres").stat().st_mode & 0o077 == 0
        assert PrivateCluster.running_url(folder) == url
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(url.replace("postgres:", "postgres:wrong"))
    assert PrivateCluster.running_url(folder) is None


def test_a_second_start_in_the_same_folder_is_refused_by_name(folder: Path) -> None:
    with PrivateCluster(folder), pytest.raises(ClusterError, match=f"进程 {os.getpid()}"):
        PrivateCluster(folder).start()


def test_two_clusters_stand_side_by_side(folder: Path) -> None:
    other = folder / "other"
    other.mkdir(mode=0o755)
    with PrivateCluster(folder) as one, PrivateCluster(other) as two:
        assert ask(one, "SHOW data_directory") != ask(two, "SHOW data_directory")


def test_two_databases_of_a_new_server_are_prepared_at_once(folder: Path) -> None:
    with PrivateCluster(folder) as url:
        engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"))
        ready = threading.Barrier(4)

        def prepare(_: int) -> None:
            with engine.begin() as connection:
                ready.wait(60)
                ensure_roles(connection, "a-Password-4-all")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(prepare, range(4)))
        engine.dispose()
        assert ask(url, "SELECT count(*) FROM pg_roles WHERE rolname LIKE 'riskmap%'") == 2


def test_a_half_made_cluster_is_made_again(folder: Path) -> None:
    (folder / "pg.new").mkdir()
    (folder / "pg.new" / "half").write_text("x")
    with PrivateCluster(folder) as url:
        assert ask(url, "SELECT 1") == 1
    assert not (folder / "pg.new").exists()


def test_a_killed_owner_takes_its_server_along_and_loses_nothing(folder: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", START, str(folder)], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    url = owner.stdout.readline().strip()
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (x int); INSERT INTO kept VALUES (42)")
    connection.close()
    pid = int((folder / "pg" / "postmaster.pid").read_text().split()[0])
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    with contextlib.suppress(ProcessLookupError):
        gone = os.pidfd_open(pid)
        ended, _, _ = select.select([gone], [], [], 60)
        os.close(gone)
        assert ended, "the server outlived its owner"
    with PrivateCluster(folder) as again:
        assert ask(again, "SELECT x FROM kept") == 42


def test_a_stale_pid_file_does_not_hinder(folder: Path) -> None:
    with PrivateCluster(folder):
        pass
    (folder / "pg" / "postmaster.pid").write_text(f"{os.getpid()}\n{folder}\n")
    with PrivateCluster(folder) as url:
        assert ask(url, "SELECT 1") == 1


def test_a_cluster_of_another_major_is_never_touched(folder: Path) -> None:
    with PrivateCluster(folder):
        pass
    version = folder / "pg" / "PG_VERSION"
    version.write_text("12\n")
    before = sorted((p, p.stat().st_mtime_ns) for p in (folder / "pg").rglob("*"))
    with pytest.raises(ClusterError, match="PostgreSQL 12") as refused:
        PrivateCluster(folder).start()
    assert "备份" in str(refused.value) or "backup" in str(refused.value)
    assert sorted((p, p.stat().st_mtime_ns) for p in (folder / "pg").rglob("*")) == before
    assert max(find_servers()) >= 15


def test_a_lost_password_is_told(folder: Path) -> None:
    with PrivateCluster(folder):
        pass
    (folder / "secrets" / "postgres").unlink()
    with pytest.raises(ClusterError, match="密码"):
        PrivateCluster(folder).start()
