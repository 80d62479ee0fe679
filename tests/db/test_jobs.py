"""Jobs on a real database: done once, whoever tries; given up in words; taken up again where a worker died."""

import errno
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, text

from riskmap.base import database, jobs
from riskmap.base.errors import FieldError, Invalid
from riskmap.base.jobs import Context, Worker
from riskmap.base.settings import Settings


@pytest.fixture(autouse=True)
def nothing_waits(engine: Engine) -> Iterator[None]:
    yield
    with database.write(engine, {}) as connection:
        connection.execute(text("UPDATE job SET status = 'failed' WHERE status IN ('queued', 'running')"))


def add(engine: Engine, kind: str = "task", **given: Any) -> str:
    job_id = jobs.new_id("t")
    with database.write(engine, {}) as connection:
        jobs.add(connection, job_id, kind, "任务", None, "tester", {}, given)
    return job_id


def seen(engine: Engine, job_id: str) -> dict[str, Any]:
    with database.read(engine, {}) as connection:
        found = jobs.one(connection, job_id, None)
    assert found is not None
    return found


def finish(context: Context) -> None:
    with database.write(context.engine, {}) as connection:
        jobs.finish(connection, context.job.job_id, "done", "做完了")


def test_two_workers_do_each_job_once(engine: Engine, settings: Settings) -> None:
    did: list[str] = []
    both = threading.Barrier(2, timeout=30)

    def task(context: Context) -> None:
        both.wait()  # so that each worker holds one while the other looks
        did.append(context.job.job_id)
        finish(context)

    made = [add(engine) for _ in range(6)]
    workers = [Worker(engine, settings, {"task": task}) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(lambda w: w.work_off(), workers))
    assert sorted(did) == sorted(made)
    assert sum(counts) == 6
    assert {seen(engine, j)["status"] for j in made} == {"done"}


def test_a_job_whose_worker_died_is_taken_up_again_and_given_up_in_words(engine: Engine, settings: Settings) -> None:
    job_id = add(engine)
    attempts: list[int] = []

    class Killed(BaseException):
        """As a signal would: nothing catches it."""

    def dies(context: Context) -> None:
        attempts.append(context.job.attempts)
        raise Killed

    for n in range(1, jobs.MOST_ATTEMPTS + 1):
        with pytest.raises(Killed):
            Worker(engine, settings, {"task": dies}).work_off()
        assert attempts[-1] == n
        assert seen(engine, job_id)["status"] == "running"
    Worker(engine, settings, {"task": dies}).work_off()
    job = seen(engine, job_id)
    assert job["status"] == "failed"
    assert f"中断了 {jobs.MOST_ATTEMPTS} 次" in job["message"]
    assert len(attempts) == jobs.MOST_ATTEMPTS


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Invalid("表头不对", errors=[FieldError("x", "y", "请改")]), "表头不对"),
        (OSError(errno.ENOSPC, "No space left on device"), "磁盘已满"),
        (MemoryError(), "内存不足"),
        (RuntimeError("secret /path"), "任务号"),
    ],
)
def test_what_goes_wrong_is_told_in_words_and_ends_no_worker(
    engine: Engine, settings: Settings, error: Exception, words: str
) -> None:
    def fails(context: Context) -> None:
        raise error

    bad, good = add(engine, "bad"), add(engine)
    assert Worker(engine, settings, {"bad": fails, "task": finish}).work_off() == 2
    told = seen(engine, bad)
    assert told["status"] == "failed"
    assert words in told["message"]
    assert "secret" not in told["message"]
    assert seen(engine, good)["status"] == "done"


def test_while_the_database_is_away_a_job_is_kept(engine: Engine, settings: Settings) -> None:
    job_id = add(engine)
    tries: list[int] = []

    def task(context: Context) -> None:
        tries.append(1)
        if len(tries) == 1:
            with context.engine.connect() as connection:
                connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        finish(context)

    worker = Worker(engine, settings, {"task": task})
    with pytest.raises(Exception, match="terminat"):
        worker.work_off()
    assert seen(engine, job_id)["status"] == "running"
    assert worker.work_off() == 1
    assert seen(engine, job_id)["status"] == "done"


def test_a_wish_to_cancel_stops_a_running_statement(engine: Engine, settings: Settings) -> None:
    job_id = add(engine)
    began = threading.Event()

    def long(context: Context) -> None:
        with database.write(context.engine, {}) as connection, context.stoppable(connection):
            began.set()
            connection.execute(text("SELECT pg_sleep(600)"))

    thread = threading.Thread(target=Worker(engine, settings, {"task": long}).work_off)
    thread.start()
    assert began.wait(30)
    with database.write(engine, {}) as connection:
        assert jobs.ask_to_cancel(connection, job_id) == "running"
    thread.join(60)
    assert not thread.is_alive()
    assert seen(engine, job_id)["status"] == "cancelled"


def test_progress_is_seen_while_the_work_is_not_committed(engine: Engine, settings: Settings) -> None:
    job_id = add(engine)
    looked: list[dict[str, Any]] = []

    def task(context: Context) -> None:
        with database.write(context.engine, {}) as connection:
            connection.execute(text("SELECT 1"))
            context.tell("核对", 0.5)
            looked.append(seen(engine, job_id))
            jobs.finish(connection, job_id, "done", None)
            looked.append(seen(engine, job_id))

    Worker(engine, settings, {"task": task}).work_off()
    assert (looked[0]["status"], looked[0]["phase"], looked[0]["progress"]) == ("running", "核对", 0.5)
    assert looked[1]["status"] == "running"
    assert (seen(engine, job_id)["status"], seen(engine, job_id)["progress"]) == ("done", 1)


def test_a_kind_that_this_worker_does_not_know_is_left_for_another(engine: Engine, settings: Settings) -> None:
    job_id = add(engine, "unknown")
    assert Worker(engine, settings, {"task": finish}).work_off() == 0
    assert seen(engine, job_id)["status"] == "queued"
