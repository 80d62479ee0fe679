"""Long work outside a request: a table, and workers that hold a session lock on what they do.

A worker that is killed loses its lock with its database session; the job stays `running` in the
table, the next worker finds it unlocked and does it again. Whatever a job writes, it writes in one
transaction together with its own `done`, so a job that is done twice was done once.
"""

import logging
import secrets
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from riskmap.base.audit import dump_json
from riskmap.base.errors import RiskmapError, Unavailable
from riskmap.base.settings import Settings
from riskmap.base.web import as_known

log = logging.getLogger(__name__)

CHANNEL = "riskmap_job"
MOST_ATTEMPTS = 3
_LOCKS = 727_100  # namespace of our advisory locks
_LOOK_EVERY_S = 2.0
_TELL_EVERY_S = 0.4


class Cancelled(Exception):
    """Somebody asked for this job to end."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done, and with whose rights."""

    job_id: str
    kind: str
    title: str
    account_id: int | None
    actor: str
    rights: Mapping[str, Any]
    input: Mapping[str, Any]
    attempts: int


def new_id(prefix: str) -> str:
    """An id that cannot be guessed."""
    return f"{prefix}_{secrets.token_hex(16)}"


def add(
    connection: Connection,
    job_id: str,
    kind: str,
    title: str,
    account_id: int | None,
    actor: str,
    rights: Mapping[str, Any],
    given: Mapping[str, Any],
) -> None:
    """Put a job into the queue in the caller's transaction; workers hear of it when that commits."""
    connection.execute(
        text(
            "INSERT INTO job (job_id, kind, title, account_id, actor, rights, input) VALUES"
            " (:job_id, :kind, :title, :account_id, :actor, CAST(:rights AS jsonb), CAST(:given AS jsonb))"
        ),
        {
            "job_id": job_id,
            "kind": kind,
            "title": title,
            "account_id": account_id,
            "actor": actor,
            "rights": dump_json(rights),
            "given": dump_json(given),
        },
    )
    connection.execute(text(f"SELECT pg_notify('{CHANNEL}', '')"))


_LISTED = (
    "job_id AS id, kind, title, status, phase, progress, message, actor AS by, made_at, started_at, finished_at, cancel"
    ", coalesce(input->>'report', job_id) AS about"  # what its page shows
)


def listed(connection: Connection, account_id: int | None, limit: int) -> list[dict[str, Any]]:
    """Jobs of an account, or of all (None), newest first."""
    rows = connection.execute(
        text(
            f"SELECT {_LISTED} FROM job WHERE CAST(:account AS bigint) IS NULL OR account_id = :account"
            " ORDER BY made_at DESC, job_id LIMIT :limit"
        ),
        {"account": account_id, "limit": limit},
    )
    return [dict(r) for r in rows.mappings()]


def one(connection: Connection, job_id: str, account_id: int | None) -> dict[str, Any] | None:
    """A job of an account, or of anybody (None)."""
    row = connection.execute(
        text(
            f"SELECT {_LISTED}, result - 'faults' AS result FROM job WHERE job_id = :job_id"
            " AND (CAST(:account AS bigint) IS NULL OR account_id = :account)"
        ),
        {"job_id": job_id, "account": account_id},
    )
    found = row.mappings().one_or_none()
    return dict(found) if found else None


def ask_to_cancel(connection: Connection, job_id: str) -> str:
    """Cancel a queued job at once, ask a running one to stop; its status afterwards."""
    status: str = connection.scalar(
        text(
            "UPDATE job SET cancel = true,"
            " status = CASE WHEN status = 'queued' THEN 'cancelled' ELSE status END,"
            " message = CASE WHEN status = 'queued' THEN '已取消，没有写入任何数据。' ELSE message END,"
            " finished_at = CASE WHEN status = 'queued' THEN clock_timestamp() ELSE finished_at END"
            " WHERE job_id = :job_id RETURNING status"
        ),
        {"job_id": job_id},
    )
    return status


def still_running(connection: Connection, job_id: str) -> bool:
    """Whether this job has not been finished by another worker meanwhile; locks its row."""
    status = connection.scalar(text("SELECT status FROM job WHERE job_id = :job_id FOR UPDATE"), {"job_id": job_id})
    return bool(status == "running")


def keep_result(connection: Connection, job_id: str, result: Mapping[str, Any]) -> None:
    """What it came to, in the transaction of what it wrote; `faults` are told to who asks for them only."""
    connection.execute(
        text("UPDATE job SET result = CAST(:result AS jsonb) WHERE job_id = :job_id"),
        {"job_id": job_id, "result": dump_json(result)},
    )


def faults(connection: Connection, job_id: str) -> list[dict[str, Any]] | None:
    """What a job found wrong, line by line; None where it is no longer kept."""
    found: list[dict[str, Any]] | None = connection.scalar(
        text("SELECT result->'faults' FROM job WHERE job_id = :job_id"), {"job_id": job_id}
    )
    return found


def forget_faults(connection: Connection, kind: str, since: datetime) -> None:
    """Faults quote what stood in somebody's list: they are kept no longer than it is."""
    connection.execute(
        text("UPDATE job SET result = result - 'faults' WHERE kind = :kind AND made_at < :since AND result ? 'faults'"),
        {"kind": kind, "since": since},
    )


def finish(connection: Connection, job_id: str, status: str, message: str | None) -> None:
    """How it ended, in the transaction of what it wrote."""
    connection.execute(
        text(
            "UPDATE job SET status = :status, message = :message, finished_at = clock_timestamp(),"
            " progress = CASE WHEN :status = 'done' THEN 1 ELSE progress END,"
            " phase = CASE WHEN :status = 'done' THEN '完成' ELSE phase END WHERE job_id = :job_id"
        ),
        {"job_id": job_id, "status": status, "message": message},
    )


@dataclass(slots=True)
class Context:
    """What a job's code gets: where it is told how far it is, and whether to stop."""

    engine: Engine
    settings: Settings
    job: Job
    _told: float = 0.0
    _phase: str = ""
    _cancelled: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, phase: str, progress: float) -> None:
        """Write the progress on a connection of its own: a new phase at once, else not too often. Raises Cancelled."""
        now = time.monotonic()
        if phase == self._phase and now - self._told < _TELL_EVERY_S:
            if self._cancelled:
                raise Cancelled
            return
        self._told, self._phase = now, phase
        with self.engine.connect() as connection, connection.begin():
            self._cancelled = bool(
                connection.scalar(
                    text(
                        "UPDATE job SET phase = :phase, progress = :progress WHERE job_id = :job_id"
                        " AND status = 'running' RETURNING cancel"
                    ),
                    {"job_id": self.job.job_id, "phase": phase, "progress": min(max(progress, 0.0), 0.99)},
                )
            )
        if self._cancelled:
            raise Cancelled

    @contextmanager
    def stoppable(self, connection: Connection) -> Iterator[None]:
        """While this runs, a wish to cancel also stops a long statement on `connection`."""
        raw: Any = connection.connection.dbapi_connection
        done = threading.Event()

        def watch() -> None:
            while not done.wait(1.0):
                try:
                    with self.engine.connect() as other:
                        wish = other.scalar(
                            text("SELECT cancel FROM job WHERE job_id = :job_id"), {"job_id": self.job.job_id}
                        )
                except Exception:  # the database may be away: the statement fails by itself then
                    log.debug("cancel watch: no answer", exc_info=True)
                    continue
                with self._lock:
                    if wish and not done.is_set():
                        self._cancelled = True
                        raw.cancel()

        watcher = threading.Thread(target=watch, name="cancel-watch", daemon=True)
        watcher.start()
        try:
            yield
        except Exception:
            if self._cancelled:
                raise Cancelled from None
            raise
        finally:
            with self._lock:
                done.set()
            watcher.join()


Handler = Callable[[Context], None]


class Worker:
    """Takes jobs one after the other. Several may run, in this process or in others."""

    def __init__(self, engine: Engine, settings: Settings, handlers: Mapping[str, Handler]) -> None:
        self._engine = engine
        self._settings = settings
        self._handlers = handlers
        self._stop = threading.Event()

    def stop(self) -> None:
        """End after the job at hand."""
        self._stop.set()

    def run(self) -> None:
        """Work until stopped; a database that is away is waited for."""
        while not self._stop.is_set():
            try:
                self._follow()
            except Exception as error:
                log.warning("worker waits for the database: %s", type(error).__name__)
                self._stop.wait(_LOOK_EVERY_S)

    def _follow(self) -> None:
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"LISTEN {CHANNEL}"))
            raw: Any = connection.connection.dbapi_connection
            while not self._stop.is_set():
                if not self._one(connection):
                    _wait(raw, _LOOK_EVERY_S)

    def work_off(self) -> int:
        """Do what waits now; how many jobs."""
        count = 0
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while self._one(connection):
                count += 1
        return count

    def _one(self, connection: Connection) -> bool:
        """Take one job and do it; whether there was one."""
        open_jobs = text(
            "SELECT job_id FROM job WHERE status IN ('queued', 'running') AND kind = ANY(CAST(:kinds AS text[]))"
            " ORDER BY made_at, job_id LIMIT 50"
        )
        for job_id in connection.scalars(open_jobs, {"kinds": list(self._handlers)}).all():
            key = {"space": _LOCKS, "job_id": job_id}
            if not connection.scalar(text("SELECT pg_try_advisory_lock(:space, hashtext(:job_id))"), key):
                continue
            try:
                job = _begin(connection, job_id)
                if job is not None:
                    self._do(job)
                    return True
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:space, hashtext(:job_id))"), key)
        return False

    def _do(self, job: Job) -> None:
        context = Context(self._engine, self._settings, job)
        try:
            self._handlers[job.kind](context)
        except Cancelled:
            self._end(job, "cancelled", "已取消，没有写入任何数据。")
        except RiskmapError as error:
            self._end(job, "failed", str(error))
        except MemoryError:
            self._end(job, "failed", "内存不足，没有写入任何数据。请把文件分成几份再试。")
        except Exception as error:
            known = as_known(error)
            if isinstance(known, Unavailable):
                raise  # the database is away: the job stays as it is, and is taken up again
            log.error("job %s: %s", job.job_id, without_values(error))
            if known is not None:
                self._end(job, "failed", known.detail)
            else:
                self._end(job, "failed", f"处理时出错，没有写入任何数据。请把任务号 {job.job_id[:10]} 告诉管理员。")

    def _end(self, job: Job, status: str, message: str) -> None:
        with self._engine.connect() as connection, connection.begin():
            connection.execute(
                text(
                    "UPDATE job SET status = :status, message = :message, finished_at = clock_timestamp()"
                    " WHERE job_id = :job_id AND status = 'running'"
                ),
                {"job_id": job.job_id, "status": status, "message": message},
            )


def without_values(error: BaseException) -> str:
    """A fault for the log: where it was, and what kind. Its message may hold a line of somebody's list."""
    where = "".join(traceback.format_tb(error.__traceback__))
    code = getattr(getattr(error, "orig", error), "pgcode", None)
    return f"{type(error).__name__} {code or ''}\n{where}"


def _begin(connection: Connection, job_id: str) -> Job | None:
    """Under the lock: mark it running; None where it is over by now or has failed too often."""
    row = connection.execute(
        text(
            "SELECT job_id, kind, title, account_id, actor, rights, input, attempts, status, cancel FROM job"
            " WHERE job_id = :job_id"
        ),
        {"job_id": job_id},
    ).one()
    if row.status not in {"queued", "running"}:
        return None
    if row.cancel:
        finish(connection, job_id, "cancelled", "已取消，没有写入任何数据。")
        return None
    if row.attempts >= MOST_ATTEMPTS:
        finish(connection, job_id, "failed", f"处理时中断了 {row.attempts} 次，没有写入任何数据。请把文件分小后重做。")
        return None
    begun = connection.execute(
        text(
            "UPDATE job SET status = 'running', attempts = attempts + 1, progress = 0, phase = '开始',"
            " started_at = coalesce(started_at, clock_timestamp())"
            " WHERE job_id = :job_id AND status IN ('queued', 'running')"
        ),
        {"job_id": job_id},
    ).rowcount
    if not begun:  # cancelled between the look and the taking
        return None
    return Job(row.job_id, row.kind, row.title, row.account_id, row.actor, row.rights, row.input, row.attempts + 1)


def _wait(raw: Any, seconds: float) -> None:
    """Until somebody announces a job, or the time is over."""
    import select

    raw.poll()
    if not raw.notifies:
        select.select([raw], [], [], seconds)
        raw.poll()
    raw.notifies.clear()
