"""The daily file over HTTP; how far it is, is told where all imports are watched."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from riskmap.access.reader import Reader
from riskmap.admission import batch
from riskmap.admission.api import Handler
from riskmap.base.forms import one_file
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.exchange.uploads import XLSX, attachment

router = APIRouter(
    prefix="/api/admission/batch", route_class=ExactRoute, default_response_class=ExactResponse, tags=["admission"]
)

BatchId = Annotated[str, Field(pattern=r"^i_[0-9a-f]{32}$")]


@router.post("", status_code=202)
async def post_batch(request: Request, reader: Handler) -> Any:
    """Queue a daily file (multipart: file, crs); watched at /api/imports/{id}."""
    async with one_file(request, "日清单") as (file, form):
        crs = form.get("crs")
        return await run_in_threadpool(_queue, request, reader, file, crs if isinstance(crs, str) else None)


def _queue(request: Request, reader: Reader, file: UploadFile, crs: str | None) -> dict[str, Any]:
    app = request.app.state
    demo = app.mark is not None
    batch_id = batch.queue(app.engine, app.settings, reader, file.filename or "", file.file, crs, demo=demo)
    return {"id": batch_id}


@router.get("/{batch_id}/errors.xlsx", response_class=FileResponse)
def get_errors(batch_id: BatchId, request: Request, reader: Handler) -> FileResponse:
    """The sender's own workbook: what is wrong coloured, with reasons; and what waits for its place."""
    app = request.app.state
    name, path = batch.returned(app.engine, app.settings, reader, batch_id)
    return FileResponse(path, media_type=XLSX, headers=attachment(name))
