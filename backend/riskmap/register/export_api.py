"""A selection to take away over HTTP: csv and xlsx."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from riskmap.base import audit, database
from riskmap.base.web import ensure_disk
from riskmap.register import export
from riskmap.register.table_answer import answer, turn
from riskmap.register.tables import Form, Told
from riskmap.selection import request as selection_request
from riskmap.store.dependencies import ReadSnapshot
from riskmap.store.snapshot import Snapshot

router = APIRouter(prefix="/api", tags=["register"])

_OWN = frozenset({"sort", "columns", "plain"})


@router.get("/objects.{form}", response_class=FileResponse)
def export_objects(
    form: Form,
    request: Request,
    snapshot: ReadSnapshot,
    sort: Annotated[str | None, Query(title="排序", max_length=60)] = None,
    columns: Annotated[str | None, Query(title="导出的列", max_length=8000)] = None,
    plain: bool = False,
) -> Response:
    """The whole selection as csv or xlsx, from one snapshot; that it was taken away is an entry of the audit."""
    app = request.app.state
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), _OWN)
    about, selection = asked.snapshot, asked.selection
    chosen = export.columns(about, selection, columns)
    ensure_disk(app.settings)
    with turn():
        told = export.told(about, selection, app.totals, chosen, sort, app.mark)
        rows = export.rows(about, selection, sort, chosen)
        note_it = partial(_audit, request, about, form, told)
        return answer("清单", form, chosen, rows, told, note_it, plain=plain)


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
