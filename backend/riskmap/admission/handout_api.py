"""Cases on their way: checked on site, handed out anew, their files."""

from typing import Annotated, Any, Literal, cast, get_args

from fastapi import APIRouter, Path, Request
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from riskmap.access.reader import Reader
from riskmap.admission import handout
from riskmap.admission.api import Asker, Handler, Number, note, one
from riskmap.admission.wire import Assignment, Findings
from riskmap.base.errors import FieldError, Invalid
from riskmap.base.forms import one_file
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.exchange.uploads import attachment
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot, marked

router = APIRouter(
    prefix="/api/admission", route_class=ExactRoute, default_response_class=ExactResponse, tags=["admission"]
)

FileKind = Literal["signed", "photo", "other"]


@router.post("/checks/{number}/findings")
def post_findings(number: Number, body: Findings, request: Request, reader: Handler, snapshot: WriteSnapshot) -> Any:
    """What was found on site: passed, to be put right by a day, refused."""
    return marked(request, handout.record(snapshot, number, body))


@router.post("/checks/{number}/assign")
def post_assign(number: Number, body: Assignment, request: Request, reader: Handler, snapshot: WriteSnapshot) -> Any:
    """Hand a case out anew."""
    return marked(request, handout.assign(snapshot, request.app.state.settings.bounds, number, body))


@router.get("/departments")
def get_departments(request: Request, reader: Asker, snapshot: ReadSnapshot) -> Any:
    """To whom a case may be handed out."""
    return marked(request, {"items": handout.departments_of(snapshot)})


@router.post("/checks/{number}/files", status_code=201)
async def post_file(number: Number, request: Request, reader: Handler) -> Any:
    """Keep a file (multipart: file, kind); a signed copy closes the case."""
    async with one_file(request, "要上传的文件") as (file, form):
        kind = form.get("kind")
        if kind not in get_args(FileKind):
            message = "kind 应为 signed（签字扫描件）、photo（照片）或 other（其他）"
            raise Invalid("请说明附件的种类", errors=[FieldError("kind", "unknown_value", message)])
        return await run_in_threadpool(_keep, request, reader, number, cast(FileKind, kind), file)


def _keep(request: Request, reader: Reader, number: str, kind: str, file: UploadFile) -> dict[str, Any]:
    app = request.app.state
    handout.keep_file(app.engine, app.settings, reader, number, kind, file.filename or "", file.file)
    return marked(request, one(request, reader, number))


@router.get("/checks/{number}/files/{file_id}", response_class=FileResponse)
def get_file(
    number: Number,
    file_id: Annotated[int, Path(title="附件", ge=1, le=2**62)],
    request: Request,
    reader: Asker,
    snapshot: ReadSnapshot,
) -> FileResponse:
    """A file as it was uploaded, to be saved; never shown in place."""
    kept = handout.kept_file(snapshot.connection, request.app.state.settings, number, file_id)
    note(request, snapshot, "download", number, {"id": file_id, "name": kept.name})
    return FileResponse(kept.path, media_type=kept.media_type, headers=attachment(kept.name))
