"""Report sets over HTTP: order, follow, download, 审核, 签发."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import FileResponse

from riskmap.access.dependencies import signed_in
from riskmap.access.reader import Reader
from riskmap.base import audit, database
from riskmap.base.errors import Forbidden
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.reports import files, service
from riskmap.reports.wire import NewSet, Note, Reason
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot, marked

router = APIRouter(
    prefix="/api/reports", route_class=ExactRoute, default_response_class=ExactResponse, tags=["reports"]
)

Id = Annotated[str, Path(title="成果编号", pattern=r"^rp_[0-9a-f]{32}$")]
Stage = Literal["draft", "reviewed", "issued", "withdrawn"]
_MEDIA = {
    "pdf": "application/pdf",
    "png": "image/png",
    "json": "application/json",
    "zip": "application/zip",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "html": "text/html; charset=utf-8",
}


def inner_reader(reader: Annotated[Reader, Depends(signed_in)]) -> Reader:
    """Who may see sets at all: which of them is row security's to say."""
    if not reader.sees_inner:
        raise Forbidden("您的账号只能看公开信息，不能查看成果。")
    return reader


Inner = Annotated[Reader, Depends(inner_reader)]


@router.post("", status_code=202)
def post_set(body: NewSet, request: Request, reader: Inner, snapshot: WriteSnapshot) -> Any:
    """Order a set: it is made in the background from the state as it is now."""
    report_id = service.order(snapshot, body, request.app.state.mark)
    return marked(request, service.ordered(snapshot, report_id))


@router.get("")
def list_sets(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    stage: Annotated[Stage | None, Query(title="阶段")] = None,
    limit: Annotated[int, Query(title="每页套数", ge=1, le=200)] = 50,
    offset: Annotated[int, Query(title="从第几套起", ge=0, le=10**6)] = 0,
) -> Any:
    """Sets that the caller may see, the newest first."""
    return marked(request, service.listed(snapshot, request.app.state.settings, stage, limit, offset))


@router.get("/{report_id}")
def get_set(report_id: Id, request: Request, reader: Inner, snapshot: ReadSnapshot) -> Any:
    """One set: how far it is, its files and figures, what has changed since the issue before."""
    return marked(request, service.body(snapshot, request.app.state.settings, report_id))


@router.post("/{report_id}/again", status_code=202)
def make_again(report_id: Id, request: Request, reader: Inner, snapshot: WriteSnapshot) -> Any:
    """Made again from the same state, as the next version."""
    made = service.again(snapshot, report_id)
    return marked(request, service.ordered(snapshot, made))


@router.post("/{report_id}/review")
def review(report_id: Id, body: Note, request: Request, reader: Inner, snapshot: WriteSnapshot) -> Any:
    """审核, by another than who made it."""
    settings = request.app.state.settings
    service.review(snapshot, settings, report_id, body.note)
    return marked(request, service.body(snapshot, settings, report_id))


@router.post("/{report_id}/sign", status_code=202)
def sign(report_id: Id, body: Note, request: Request, reader: Inner, snapshot: WriteSnapshot) -> Any:
    """签发, by a third that may sign: made anew without 草稿, with the same figures or not at all."""
    settings = request.app.state.settings
    service.sign(snapshot, settings, report_id, body.note)
    return marked(request, service.body(snapshot, settings, report_id))


@router.post("/{report_id}/return")
def send_back(report_id: Id, body: Reason, request: Request, reader: Inner, snapshot: WriteSnapshot) -> Any:
    """Back to 草稿."""
    service.send_back(snapshot, report_id, body.reason)
    return marked(request, service.body(snapshot, request.app.state.settings, report_id))


@router.post("/{report_id}/withdraw")
def withdraw(report_id: Id, body: Reason, request: Request, reader: Inner, snapshot: WriteSnapshot) -> Any:
    """No longer to be used: it stays, marked."""
    service.withdraw(snapshot, report_id, body.reason)
    return marked(request, service.body(snapshot, request.app.state.settings, report_id))


@router.get("/{report_id}/files/{name}", response_class=FileResponse)
def get_file(
    report_id: Id, name: Annotated[str, Path(title="文件名", max_length=200)], request: Request, reader: Inner,
    snapshot: ReadSnapshot, inline: Annotated[bool, Query(title="在页面中打开")] = False,
) -> Response:  # fmt: skip
    """A file of a set, held against its checksum; that it was taken away is an entry of the audit."""
    app = request.app.state
    ensure_disk(app.settings)
    row = service.find(snapshot.connection, report_id)
    path = files.open_checked(app.settings, row, name)
    # A file with a set's name is never opened as a page of ours: it is a download, or a picture that is looked at.
    kind = path.suffix.lstrip(".")
    looked_at = inline and kind == "png"
    if not looked_at:
        with database.write(app.engine, reader.settings()) as connection:
            audit.record(
                connection, reader.name, "export", "report", row["number"], address=reader.address,
                state=row["state"], after={"version": row["version"], "file": name},
            )  # fmt: skip
    shown = "inline" if looked_at else "attachment"
    given = f"{row['number']}-{name}" if name in {files.ALL, files.MANIFEST} else name
    return FileResponse(
        path,
        media_type=_MEDIA.get(kind, "application/octet-stream"),
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(given)}",
            "X-Content-Type-Options": "nosniff",
        },
    )
