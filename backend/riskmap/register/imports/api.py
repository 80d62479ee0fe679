"""Imports over HTTP: upload, match, run, what came back, undo; templates; the queue 待定位."""

from typing import Annotated, Any

import simplejson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from riskmap.access.dependencies import current_reader, signed_in
from riskmap.access.reader import Reader
from riskmap.base import database, refused
from riskmap.base.errors import FieldError, Invalid
from riskmap.base.forms import parts_of
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.exchange.uploads import XLSX, attachment
from riskmap.register.imports import asked as asks
from riskmap.register.imports import files, matching, returned, service
from riskmap.register.imports.asked import Asked, Chosen
from riskmap.register.imports.files import Part
from riskmap.selection import request as selection_request
from riskmap.store.dependencies import ReadSnapshot, marked
from riskmap.store.snapshot import open_snapshot

router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["import"])

_MOST_PARTS = 8
_MOST_FIELDS = 20
_MOST_FIELD = 512 << 10
_KINDS = ("back", "waiting", "changed", "ignored", "note")
_WAITING_OWN = frozenset({"limit", "cursor"})

ImportId = Annotated[str, Field(pattern=r"^i_[0-9a-f]{32}$")]
FileId = Annotated[str, Field(pattern=r"^f_[0-9a-f]{32}$")]
Choices = TypeAdapter(Annotated[list[Chosen], Field(max_length=1000)])


def importer(reader: Annotated[Reader, Depends(current_reader)]) -> Reader:
    """Who may import. Asked before a byte of the upload is read."""
    service.owner_of(signed_in(reader))
    return reader


def uploader(request: Request, reader: Annotated[Reader, Depends(importer)]) -> Reader:
    """The same, where there is room for a file."""
    ensure_disk(request.app.state.settings)
    return reader


Importer = Annotated[Reader, Depends(importer)]
Uploader = Annotated[Reader, Depends(uploader)]


class Match(BaseModel):
    """How a file is to be read; what is absent is found."""

    model_config = ConfigDict(extra="forbid")
    file: FileId = Field(title="上传的文件")
    class_: Annotated[str, Field(title="分类", alias="class", max_length=60)]
    sheet: Annotated[str | None, Field(title="工作表", max_length=200)] = None
    header_line: Annotated[int | None, Field(title="表头所在行", ge=0, le=1000)] = None
    header_lines: Annotated[int | None, Field(title="表头行数", ge=1, le=2)] = None
    columns: Annotated[list[Chosen] | None, Field(title="各列的对应", max_length=1000)] = None
    crs: Annotated[str | None, Field(title="坐标系", max_length=60)] = None

    def asked(self) -> Asked:
        """As a value."""
        chosen = None if self.columns is None else tuple(self.columns)
        return Asked(self.file, self.class_, self.sheet, self.header_line, self.header_lines, chosen, self.crs or None)


async def _form(request: Request) -> FormData:
    """The parts of an upload."""
    return await parts_of(request, files=_MOST_PARTS, fields=_MOST_FIELDS, field_bytes=_MOST_FIELD)


def _parts(form: FormData) -> list[Part]:
    return [Part(f.filename or "", f.file) for f in form.getlist("file") if isinstance(f, UploadFile)]


def _text(form: FormData, name: str) -> str | None:
    value = form.get(name)
    if isinstance(value, UploadFile):
        raise Invalid("表单内容有误", errors=[FieldError(name, "not_text", f"{name} 应为文字")])
    return value.strip() or None if value is not None else None


def _asked(form: FormData, file_id: str) -> Asked:
    """The fields of an upload as how it is to be read. Raises Invalid."""
    columns = None
    body: dict[str, Any] = {"file": file_id, "class": _text(form, "class") or ""}
    for name in ("sheet", "header_line", "header_lines", "crs"):
        if (value := _text(form, name)) is not None:
            body[name] = value
    try:
        if (text := _text(form, "columns")) is not None:
            columns = Choices.validate_python(simplejson.loads(text, use_decimal=True))
        return Match.model_validate({**body, "columns": columns}).asked()
    except (ValidationError, ValueError, RecursionError) as error:
        path = error.errors()[0]["loc"] if isinstance(error, ValidationError) else ("columns",)
        if not path or isinstance(path[0], int):  # of the columns, which were read alone
            path = ("columns", *path)
        message = f"{refused.title_in(Match, path)}不对，请核对后再导入"
        field = ".".join(str(p) for p in path)[:60]
        raise Invalid("导入参数有误，请核对", errors=[FieldError(field, "bad_value", message)]) from None


@router.post("/imports/files", status_code=201)
async def post_file(request: Request, reader: Uploader) -> Any:
    """Keep an upload and say what is in it."""
    form = await _form(request)
    app = request.app.state
    try:
        return await run_in_threadpool(_keep, app, reader, _parts(form))
    finally:
        await form.close()


def _keep(app: Any, reader: Reader, parts: list[Part]) -> dict[str, Any]:
    body = files.keep(app.engine, app.settings, reader, parts)
    return _with_present(app, reader, body)


def _with_present(app: Any, reader: Reader, body: dict[str, Any]) -> dict[str, Any]:
    """A file that was made from our template says whether its class has changed since."""
    if body["template"]:
        with database.read(app.engine, reader.settings()) as connection:
            snapshot = open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)
        class_ = snapshot.catalogue.classes.get(body["template"]["class"])
        body["template"] = {**body["template"], "present": class_.version if class_ else None}
    return body


@router.get("/imports/files/{file_id}")
def get_file(file_id: FileId, request: Request, reader: Importer, snapshot: ReadSnapshot) -> Any:
    """What is in a kept file."""
    asked = Asked(file_id, "")
    file, _ = asks.file_and_sheet(snapshot, asked)
    return _with_present(request.app.state, reader, files.file_body(file))


@router.get("/imports/datums", dependencies=[Depends(importer)])
def get_datums() -> Any:
    """Every coordinate system that a file may be in."""
    return {"items": asks.datums()}


@router.post("/imports/match", dependencies=[Depends(importer)])
def match(given: Match, request: Request, snapshot: ReadSnapshot) -> Any:
    """Header, columns with their first values, datum and points; nothing is written."""
    return matching.propose(snapshot, request.app.state.settings, given.asked())


@router.post("/imports", status_code=202)
async def post_import(request: Request, reader: Uploader) -> Any:
    """Queue an import, or its dry run; the file is in the form or was kept before (`file_id`)."""
    form = await _form(request)
    try:
        return await run_in_threadpool(_queue, request.app.state, reader, form)
    finally:
        await form.close()


def _queue(app: Any, reader: Reader, form: FormData) -> dict[str, Any]:
    dry = (_text(form, "dry_run") or "false").lower()
    if dry not in {"true", "false", "1", "0"}:
        raise Invalid("导入参数有误，请核对", errors=[FieldError("dry_run", "bad_value", "dry_run 应为 true 或 false")])
    file_id = _text(form, "file_id")
    asked = _asked(form, file_id or "f_" + "0" * 32)
    if file_id is None:
        with database.read(app.engine, reader.settings()) as connection:
            snapshot = open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)
            asks.class_of(snapshot, asked.class_)  # before a large file is looked into
        kept = files.keep(app.engine, app.settings, reader, _parts(form))
        asked = _asked(form, kept["file"])
    # Not until here, so that no transaction waits for a file to be looked into.
    try:
        with database.write(app.engine, reader.settings(write=True)) as connection:
            snapshot = open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)
            import_id = service.queue(snapshot, app.settings, asked, dry_run=dry in {"true", "1"})
    except BaseException:
        if file_id is None:  # nobody was told of this copy: the next try sends another
            files.remove(app.settings, asked.file_id)
        raise
    return {"id": import_id}


@router.get("/imports")
def list_imports(snapshot: ReadSnapshot, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Any:
    """Imports, newest first: one's own; an administrator's list has all."""
    return {"items": service.listed(snapshot, limit)}


@router.get("/imports/{import_id}")
def get_import(import_id: ImportId, snapshot: ReadSnapshot) -> Any:
    """How far an import is, and what it came to."""
    return service.one(snapshot, import_id)


@router.get("/imports/{import_id}/rows")
def get_rows(
    import_id: ImportId,
    snapshot: ReadSnapshot,
    kind: Annotated[str, Query(max_length=60)] = "back,waiting",
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Any:
    """Lines that came back, wait, changed something, were passed over or are worth a look."""
    kinds = [k for k in kind.split(",") if k]
    if not kinds or any(k not in _KINDS for k in kinds):
        words = f"kind 应为 {'、'.join(_KINDS)} 中的一个或几个"
        raise Invalid("参数有误", errors=[FieldError("kind", "unknown_value", words)])
    return service.findings(snapshot, import_id, kinds, after, limit)


@router.get("/imports/{import_id}/points")
def get_points(import_id: ImportId, snapshot: ReadSnapshot) -> Any:
    """Positions of what an import wrote."""
    return service.points(snapshot, import_id)


@router.get("/imports/{import_id}/errors.xlsx", response_class=FileResponse)
def get_errors(import_id: ImportId, request: Request, reader: Importer) -> Response:
    """The returned workbook: the sender's own, its wrong cells coloured, with reasons."""
    app = request.app.state
    with database.read(app.engine, reader.settings()) as connection:
        run = service.finished_run(connection, reader, import_id)
    path = returned.workbook(app.engine, app.settings, run)
    stem = run["file_name"].rpartition(".")[0] or run["file_name"]
    return FileResponse(path, media_type=XLSX, headers=attachment(f"{stem}-退回.xlsx"))


@router.get("/imports/{import_id}/undo")
def preview_undo(import_id: ImportId, snapshot: ReadSnapshot) -> Any:
    """What taking an import back would end, bring back and leave."""
    return service.undo_preview(snapshot, import_id)


@router.delete("/imports/{import_id}")
def delete_import(import_id: ImportId, request: Request, reader: Importer) -> Any:
    """Ask a run to stop; take back as a whole one that wrote."""
    app = request.app.state
    with database.write(app.engine, reader.settings(write=True)) as connection:
        snapshot = open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)
        return service.cancel_or_undo(snapshot, app.settings, import_id)


@router.get("/classes/{class_}/template.xlsx")
def get_template(
    class_: Annotated[str, Field(max_length=60)], request: Request, reader: Annotated[Reader, Depends(signed_in)]
) -> Response:
    """The import template of a class."""
    app = request.app.state
    name, body = service.template_for(app.engine, app.settings, app.catalogues, reader, class_)
    return Response(body, media_type=XLSX, headers=attachment(name))


@router.get("/waiting", dependencies=[Depends(signed_in)])
def list_waiting(
    request: Request,
    snapshot: ReadSnapshot,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    cursor: Annotated[str | None, Query(max_length=60)] = None,
) -> Any:
    """Objects of a selection that wait for a position (待定位)."""
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), _WAITING_OWN)
    found = service.waiting(asked.snapshot, request.app.state.settings, asked.selection, limit, cursor)
    return marked(request, found)
