"""A selection to take away over HTTP: csv and xlsx."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from starlette.background import BackgroundTask

from riskmap.base import audit, database
from riskmap.base.errors import TooMany
from riskmap.base.web import ensure_disk
from riskmap.register import export
from riskmap.register.tables import Form, Told, write_csv, write_xlsx
from riskmap.selection import request as selection_request
from riskmap.store.dependencies import ReadSnapshot
from riskmap.store.snapshot import Snapshot

router = APIRouter(prefix="/api", tags=["register"])

_OWN = frozenset({"sort", "columns", "plain"})
# Each holds a connection and a processor for as long as it writes: the map's answers come first.
_AT_ONCE = threading.BoundedSemaphore(2)
_WAIT_S = 20


@contextmanager
def turn() -> Iterator[None]:
    """One of the two places of those who write a file; refused after a while of waiting."""
    if not _AT_ONCE.acquire(timeout=_WAIT_S):
        raise TooMany("正有别的清单在导出，请过一会儿再导出。")
    try:
        yield
    finally:
        _AT_ONCE.release()


@router.get("/objects.{form}", response_class=FileResponse)
def export_objects(
    form: Form,
    request: Request,
    snapshot: ReadSnapshot,
    sort: Annotated[str | None, Query(title="排序", max_length=60)] = None,
    columns: Annotated[str | None, Query(title="导出的列", max_length=8000)] = None,
    plain: bool = False,
) -> Response:
    """The whole selection as csv or xlsx, from one snapshot; that it was taken away is an entry of the audit.

    It is written to a file first: a reader gets all of it or a problem, never a part that looks whole.
    """
    app = request.app.state
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), _OWN)
    about, selection = asked.snapshot, asked.selection
    chosen = export.columns(about, selection, columns)
    ensure_disk(app.settings)
    with turn():
        told = export.told(about, selection, app.totals, chosen, sort, app.mark)
        with tempfile.NamedTemporaryFile(prefix="riskmap-", suffix=f".{form}", delete=False) as file:
            path = Path(file.name)
        try:
            rows = export.rows(about, selection, sort, chosen)
            if form == "csv":
                written = write_csv(path, chosen, rows, told, plain=plain)
            else:
                written = write_xlsx(path, chosen, rows, told)
            if written != told.total:
                raise RuntimeError(f"wrote {written} of {told.total} rows")
            _audit(request, about, form, told)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    name = f"清单-{told.total}行-状态{told.state}-{told.at:%Y%m%d-%H%M%S}.{form}"
    return FileResponse(
        path,
        media_type="text/csv; charset=utf-8"
        if form == "csv"
        else "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "X-Total-Rows": str(told.total),
            "X-Data-State": str(told.state),
        },
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


def _audit(request: Request, snapshot: Snapshot, form: Form, told: Told) -> None:
    """A second short transaction, committed before the answer."""
    reader = snapshot.reader
    with database.write(request.app.state.engine, reader.settings()) as connection:
        audit.record(
            connection,
            reader.name,
            "export",
            "list",
            address=reader.address,
            state=told.state,
            after={**told.kept, "form": form},
        )
