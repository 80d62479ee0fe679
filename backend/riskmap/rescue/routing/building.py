"""When tiles are built: after roads were loaded, at a start that finds none, and when somebody asks for it."""

from sqlalchemy import Connection, Engine

from riskmap.access.reader import SYSTEM, Reader
from riskmap.base import audit, database, jobs
from riskmap.base.errors import Conflict
from riskmap.base.jobs import Context
from riskmap.base.settings import Settings
from riskmap.rescue.routing import queries, tiles

JOB = "routing"
_AT_ONCE = 20_000  # roads: what a start builds before it serves; more are left to a job


def queue(connection: Connection, reader: Reader, *, again: bool = False) -> str | None:
    """Put a build into the queue in the caller's transaction; its id. None where there is no engine to build for.

    One that waits already does: it reads the roads when it begins.
    """
    if not tiles.is_installed():
        return None
    waiting = queries.job_at_work(connection, JOB)
    if waiting is not None and waiting["status"] == "queued":
        return str(waiting["id"])
    job_id = jobs.new_id("i")
    given = {"again": again}
    jobs.add(connection, job_id, JOB, "路线数据", reader.account_id, reader.name, reader.body(), given)
    return job_id


def ask(connection: Connection, reader: Reader) -> str:
    """The same by a person's wish, whatever is there; its id. Raises Conflict."""
    if tiles.current_set(connection) is None:
        raise Conflict("没有装入路网，生成不了路线数据。请先装入路网。", code="no_roads")
    job_id = queue(connection, reader, again=True)
    if job_id is None:
        raise Conflict("没有安装路线引擎，按直线距离计算。请用 ./scripts/run 重新启动以安装。", code="no_engine")
    audit.record(connection, reader.name, "queue", "routing", job_id, address=reader.address)
    return job_id


def run(context: Context) -> None:
    """Build the tiles of the roads in use. Raises RiskmapError; then distances stay straight lines."""
    built = tiles.build(context.engine, context.settings, context.tell, again=bool(context.job.input["again"]))
    with database.write(context.engine, SYSTEM.settings(write=True)) as connection:
        if not jobs.still_running(connection, context.job.job_id):
            raise jobs.Cancelled
        said = "没有路网，没有生成。"
        if built is not None:
            said = f"路网“{built['name']}”的路线数据已生成：{built['stretches']:,} 段，用 {built['took_s']} 秒。"
            if built["left_out"]:
                said += f"禁止通行的路 {built['left_out']:,} 条不参与算路。"
        jobs.finish(connection, context.job.job_id, "done", said)


def prepare(engine: Engine, settings: Settings, tell: tiles.Tell) -> str | None:
    """At a start: tiles of the roads in use where they are missing or damaged; a sentence on what was done."""
    if not tiles.is_installed():
        return "没有安装路线引擎，救援的路程按直线距离计算"
    with database.read(engine, SYSTEM.settings()) as connection:
        roads = tiles.current_set(connection)
    if roads is None or tiles.is_whole(tiles.place_of(settings, roads)):
        return None
    if roads.rows > _AT_ONCE:
        with database.write(engine, SYSTEM.settings(write=True)) as connection:
            queue(connection, SYSTEM)
        return "路线数据缺少或已损坏，已排队重新生成，此前按直线距离计算"
    built = tiles.build(engine, settings, tell)
    return None if built is None else f"已生成路线数据 {built['stretches']:,} 段，用 {built['took_s']} 秒"
