"""Long work over HTTP: what is queued, how far it is, what it came to, and to have it stop."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from riskmap.access.dependencies import CancelTransaction, ReadTransaction
from riskmap.access.reader import Reader
from riskmap.base import audit, jobs
from riskmap.base.errors import Conflict, Forbidden, NotFound
from riskmap.base.web import ExactResponse, ExactRoute

router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["jobs"])

JobId = Annotated[str, Field(pattern=r"^[a-z]_[0-9a-f]{32}$")]
_ROADS = "/rescue?tab=forces&part=roads"
_PAGES = {
    "import": "/data/import?id={}", "admission": "/admission/batch?id={}", "report": "/reports/{}",
    "roads": _ROADS, "routing": _ROADS, "terrain": "/rescue",
}  # fmt: skip
_NO_JOB = "没有这个任务，或不是您的。请核对编号。"


def _owner(reader: Reader) -> int | None:
    """An account's own jobs; an administrator's list has all (None)."""
    if reader.account_id is None or reader.role == "auditor":
        raise Forbidden("任务只对办理它的账号和管理员开放。")
    return None if reader.role == "administrator" else reader.account_id


def _body(job: dict[str, Any]) -> dict[str, Any]:
    times = {
        k: job[k].isoformat(timespec="seconds") if job[k] else None for k in ("made_at", "started_at", "finished_at")
    }
    page = _PAGES.get(job["kind"])
    told = {k: v for k, v in job.items() if k != "about"}
    return {**told, **times, "link": page.format(job["about"]) if page else None}


@router.get("/jobs")
def list_jobs(transaction: ReadTransaction, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> Any:
    """Jobs, newest first."""
    found = jobs.listed(transaction.connection, _owner(transaction.reader), limit)
    return {"items": [_body(job) for job in found]}


@router.get("/jobs/{job_id}")
def get_job(job_id: JobId, transaction: ReadTransaction) -> Any:
    """One job."""
    found = jobs.one(transaction.connection, job_id, _owner(transaction.reader))
    if found is None:
        raise NotFound(_NO_JOB)
    return _body(found)


@router.post("/jobs/{job_id}/cancel")
def cancel_job(job_id: JobId, transaction: CancelTransaction) -> Any:
    """Have a job stop: at once where it waits, soon where it runs. What is over stays."""
    connection, reader = transaction.connection, transaction.reader
    found = jobs.one(connection, job_id, _owner(reader))
    if found is None:
        raise NotFound(_NO_JOB)
    if found["status"] not in {"queued", "running"}:
        raise Conflict("这个任务已经结束，不能取消。", code="job_over")
    status = jobs.ask_to_cancel(connection, job_id)
    audit.record(connection, reader.name, "cancel", "job", job_id, address=reader.address)
    return {"status": status}
