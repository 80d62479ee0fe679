"""A private PostgreSQL cluster in the data folder: made, started, repaired and stopped by us alone.

It listens on a socket in a folder of its own and on no port, so it never meets another server.
The server runs as an unprivileged user, also when root starts us. A watcher holds one end of a
pipe: when we die, however we die, it reads the pipe's end and stops the server in good order.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import psycopg2

LEAST_MAJOR = 15
SUPERUSER = "postgres"
DATABASE = "riskmap"
_START_S = 60
_STOP_S = 60
_MOST_SOCKET_PATH = 100  # the system allows 107 bytes; the file name takes some

_BIN_FOLDERS = (
    "/usr/lib/postgresql/*/bin",  # Debian, Ubuntu
    "/usr/pgsql-*/bin",  # the PostgreSQL project's own packages
    "/usr/local/opt/postgresql@*/bin",  # Homebrew
    "/opt/homebrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/usr/bin",  # Fedora, openEuler
)


class ClusterError(RuntimeError):
    """What is wrong with the cluster and what to do, in Chinese."""


def _postgis_of(binaries: Path) -> bool:
    found = subprocess.run([binaries / "pg_config", "--sharedir"], capture_output=True, text=True, check=False)
    folders = [Path(found.stdout.strip())] if found.returncode == 0 else []
    folders += [Path("/usr/share/postgresql") / binaries.parent.name, Path("/usr/share/pgsql")]
    return any((folder / "extension" / "postgis.control").exists() for folder in folders)


def _major_of(binaries: Path) -> int:
    shown = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
    return int(shown.stdout.split()[2].split(".")[0])


def find_servers() -> dict[int, Path]:
    """Folders of server programs with PostGIS by their major version, 15 and up."""
    found: dict[int, Path] = {}
    for pattern in _BIN_FOLDERS:
        for folder in sorted(Path("/").glob(pattern.lstrip("/"))):
            if (folder / "postgres").exists() and (folder / "initdb").exists() and _postgis_of(folder):
                major = _major_of(folder)
                if major >= LEAST_MAJOR:
                    found.setdefault(major, folder)
    return found


def _server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as where we are root; None where we are not."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise ClusterError("没有用户 postgres：请先安装 PostgreSQL 服务器软件包。")


def _memory_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20


class PrivateCluster:
    """The cluster in `<data_dir>/pg`. Use it as a context manager: it gives the superuser's address."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.absolute()
        self.pg = self.data_dir / "pg"
        self._lock: IO[str] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None
        self._pipe: int | None = None

    # -- Names ---------------------------------------------------------------------

    @property
    def socket_dir(self) -> Path:
        """A short folder, since the system bounds a socket's path; its name follows the data folder."""
        mark = hashlib.sha256(str(self.data_dir).encode()).hexdigest()[:12]
        base = Path("/run") if os.geteuid() == 0 and Path("/run").is_dir() else Path(tempfile.gettempdir())
        folder = base / f"riskmap-{os.geteuid()}-{mark}"
        if len(str(folder)) > _MOST_SOCKET_PATH:
            folder = Path("/tmp") / folder.name  # noqa: S108 - owner and mode are checked before use
        return folder

    def _password_file(self) -> Path:
        return self.data_dir / "secrets" / SUPERUSER

    def url(self) -> str:
        """The superuser's address."""
        password = self._password_file().read_text(encoding="ascii")
        return f"postgresql://{SUPERUSER}:{password}@/{DATABASE}?host={self.socket_dir}"

    @classmethod
    def running_url(cls, data_dir: Path) -> str | None:
        """The address of a cluster that another process of ours runs in this folder, or None."""
        cluster = cls(data_dir)
        if not cluster._password_file().exists():
            return None
        try:
            cluster._connect(DATABASE).close()
        except psycopg2.OperationalError:
            return None
        return cluster.url()

    # -- Start -----------------------------------------------------------------------

    def start(self) -> str:
        """Make it where there is none, repair what a killed start left, start it; the superuser's address.

        Raises ClusterError with what to do.
        """
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._take_lock()
        try:
            user = _server_user()
            self._check_reachable(user)
            binaries = self._binaries()
            self._ensure_password()
            if not (self.pg / "PG_VERSION").exists():
                self._initialise(binaries, user)
            self._stop_leftover()
            self._make_socket_dir(user)
            self._launch(binaries, user)
            self._await_ready()
            self._ensure_database()
        except BaseException:
            self.stop()
            raise
        return self.url()

    def _take_lock(self) -> None:
        self._lock = (self.data_dir / "cluster.lock").open("a+", encoding="ascii")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.seek(0)
            holder = self._lock.read().strip() or "未知"
            self._lock.close()
            self._lock = None
            raise ClusterError(
                f"数据目录 {self.data_dir} 正被另一个实例使用（进程 {holder}）。"
                "请先停止它，或用 RISKMAP_DATA_DIR 和 RISKMAP_PORT 指定别的目录和端口。"
            ) from None
        self._lock.truncate(0)
        self._lock.write(str(os.getpid()))
        self._lock.flush()

    def _binaries(self) -> Path:
        servers = find_servers()
        if not servers:
            raise ClusterError(
                "没有找到 PostgreSQL 15 或更高版本的服务器和 PostGIS。Debian/Ubuntu 请运行："
                "apt-get install postgresql postgresql-postgis；或用 RISKMAP_DATABASE_URL 指定现有的数据库。"
            )
        version = self.pg / "PG_VERSION"
        if not version.exists():
            return servers[max(servers)]
        made_by = int(version.read_text(encoding="ascii").strip())
        if made_by not in servers:
            raise ClusterError(
                f"数据目录由 PostgreSQL {made_by} 建立，本机只有 {'、'.join(map(str, sorted(servers)))}；数据没有动过。"
                f"升级办法：装回 PostgreSQL {made_by}（含 PostGIS），运行 riskmap backup，"
                f"把 {self.pg} 改名留存，再用新版本启动并运行 riskmap restore。"
            )
        return servers[made_by]

    def _check_reachable(self, user: pwd.struct_passwd | None) -> None:
        if user is None:
            return
        found = subprocess.run(["/usr/bin/test", "-x", str(self.data_dir)], check=False, cwd="/", **_identity(user))
        if found.returncode != 0:
            raise ClusterError(
                f"数据库以用户 {user.pw_name} 运行，进不了数据目录 {self.data_dir}（上级目录权限过严，如 /root）。"
                "请用 RISKMAP_DATA_DIR 指定别处，如 /var/lib/riskmap。"
            )

    def _ensure_password(self) -> None:
        path = self._password_file()
        path.parent.mkdir(mode=0o700, exist_ok=True)
        path.parent.chmod(0o700)
        if not path.exists() or not path.read_text(encoding="ascii"):
            if (self.pg / "PG_VERSION").exists():
                raise ClusterError(f"缺少数据库密码文件 {path}；请从备份中恢复它。")
            temporary = path.with_suffix(".new")
            temporary.touch(mode=0o600)
            temporary.write_text(secrets.token_hex(24), encoding="ascii")
            temporary.replace(path)

    def _initialise(self, binaries: Path, user: pwd.struct_passwd | None) -> None:
        """initdb beside the final place and one rename: a killed start leaves nothing half-made."""
        fresh = self.data_dir / "pg.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        password_file = self.data_dir / "pg.password"
        try:
            password_file.touch(mode=0o600)
            password_file.write_text(self._password_file().read_text(encoding="ascii"), encoding="ascii")
            if user is not None:
                for path in (fresh, password_file):
                    os.chown(path, user.pw_uid, user.pw_gid)
            command = [
                str(binaries / "initdb"),
                "--pgdata", str(fresh),
                "--username", SUPERUSER,
                "--pwfile", str(password_file),
                "--auth", "scram-sha-256",
                "--encoding", "UTF8",
                "--locale", "C.UTF-8",
                "--locale-provider", "icu",
                "--icu-locale", "zh-CN",
                "--data-checksums",
            ]  # fmt: skip
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=False,
                cwd="/",
                env=_environment(),
                **_identity(user),
            )
            if done.returncode != 0:
                raise ClusterError(f"建立数据库失败：{(done.stderr or done.stdout).strip()[-600:]}")
            fresh.rename(self.pg)
        finally:
            password_file.unlink(missing_ok=True)

    def _stop_leftover(self) -> None:
        """A server that outlived its start: we hold the lock, so nobody else owns it."""
        pid_file = self.pg / "postmaster.pid"
        try:
            pid = int(pid_file.read_text().split()[0])
        except (FileNotFoundError, ValueError, IndexError):
            return
        if not _is_postmaster(pid, self.pg):
            pid_file.unlink(missing_ok=True)
            return
        os.kill(pid, signal.SIGINT)
        if not _wait_for(lambda: not _is_postmaster(pid, self.pg), _STOP_S):
            raise ClusterError(f"上次留下的数据库进程 {pid} 停不下来，请查看它在做什么后再启动。")

    def _make_socket_dir(self, user: pwd.struct_passwd | None) -> None:
        folder = self.socket_dir
        folder.mkdir(mode=0o700, exist_ok=True)
        info = folder.lstat()
        mine = {os.geteuid(), user.pw_uid if user else os.geteuid()}
        if not stat.S_ISDIR(info.st_mode) or info.st_uid not in mine:
            raise ClusterError(f"{folder} 被别的用户占用，请删除它后再启动。")
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        folder.chmod(0o700)

    def _launch(self, binaries: Path, user: pwd.struct_passwd | None) -> None:
        memory = _memory_mb()
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket_dir),
            "unix_socket_permissions": "0700",
            "password_encryption": "scram-sha-256",
            "max_connections": "60",
            "shared_buffers": f"{max(64, min(memory // 8, 2048))}MB",
            "effective_cache_size": f"{max(256, memory // 2)}MB",
            "work_mem": "32MB",
            "maintenance_work_mem": f"{max(64, min(memory // 16, 512))}MB",
            "max_wal_size": "2GB",
            "random_page_cost": "1.1",
            "jit": "off",
            "timezone": "Asia/Shanghai",
            "log_timezone": "Asia/Shanghai",
            "lc_messages": "C.UTF-8",
            "log_min_messages": "warning",
            "log_statement": "none",
            "log_parameter_max_length_on_error": "0",
        }
        arguments = [str(binaries / "postgres"), "-D", str(self.pg)]
        for name, value in options.items():
            arguments += ["-c", f"{name}={value}"]
        log = (self.data_dir / "postgres.log").open("ab")
        if log.tell() > 16 << 20:
            log.truncate(0)
        try:
            self._server = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for us: we stop the server when we have ended
                **_identity(user),
            )
        finally:
            log.close()
        reading, writing = os.pipe()
        self._pipe = writing
        # Reads until we are gone, then asks for a fast shutdown. A clean stop ends the server first.
        self._watcher = subprocess.Popen(
            ["/bin/sh", "-c", f"read _ <&{reading}; kill -INT {self._server.pid} 2>/dev/null"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=[reading],
            cwd="/",
            env=_environment(),
            start_new_session=True,
            **_identity(user),
        )
        os.close(reading)

    def _connect(self, database: str) -> Any:
        return psycopg2.connect(
            host=str(self.socket_dir),
            dbname=database,
            user=SUPERUSER,
            password=self._password_file().read_text(encoding="ascii"),
            connect_timeout=5,
        )

    def _await_ready(self) -> None:
        def ready() -> bool:
            if self._server is not None and self._server.poll() is not None:
                tail = (self.data_dir / "postgres.log").read_text(errors="replace")[-800:]
                raise ClusterError(f"数据库启动失败，日志末尾：\n{tail}")
            try:
                self._connect("postgres").close()
            except psycopg2.OperationalError as error:
                if "password authentication failed" in str(error):
                    raise ClusterError(f"数据库密码与 {self._password_file()} 不符，请从备份中恢复它。") from None
                return False
            return True

        if not _wait_for(ready, _START_S):
            raise ClusterError(f"数据库 {_START_S} 秒内没有就绪，请查看 {self.data_dir / 'postgres.log'}。")

    def _ensure_database(self) -> None:
        connection = self._connect("postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            connection.close()

    # -- Stop --------------------------------------------------------------------------

    def stop(self) -> None:
        """Fast shutdown; safe to call twice, and on a cluster that never started."""
        if self._server is not None:
            if self._server.poll() is None:
                self._server.send_signal(signal.SIGINT)
                try:
                    self._server.wait(_STOP_S)
                except subprocess.TimeoutExpired:
                    self._server.send_signal(signal.SIGQUIT)
                    self._server.wait(_STOP_S)
            self._server = None
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None
        if self._watcher is not None:
            self._watcher.wait(10)
            self._watcher = None
            shutil.rmtree(self.socket_dir, ignore_errors=True)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _identity(user: pwd.struct_passwd | None) -> dict[str, Any]:
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _environment() -> dict[str, str]:
    """Nothing of ours: PG* variables of the caller must not reach the server."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}


def _is_postmaster(pid: int, data: Path) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    command = Path(f"/proc/{pid}/cmdline")
    if not command.exists():
        return not Path("/proc/self").exists()  # no /proc: trust the pid file
    words = command.read_bytes().split(b"\0")
    return str(data).encode() in words


def _wait_for(condition: Any, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True
