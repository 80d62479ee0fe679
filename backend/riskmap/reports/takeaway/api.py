"""The take-away map over HTTP."""

import threading
from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from riskmap.base import audit, clock, database
from riskmap.base.errors import TooMany
from riskmap.base.web import ensure_disk
from riskmap.reports.takeaway import contents
from riskmap.reports.takeaway.contents import Ground
from riskmap.selection import request as selection_request
from riskmap.store.dependencies import ReadSnapshot

router = APIRouter(prefix="/api", tags=["reports"])

MOST_BYTES = 15_000_000
_AT_ONCE = threading.BoundedSemaphore(2)
_WAIT_S = 20


@router.get("/takeaway.html", response_class=Response)
def take_away(request: Request, snapshot: ReadSnapshot) -> Response:
    """The selection as one HTML file that opens without a network; that it was taken is an entry of the audit."""
    from riskmap.reports.takeaway import page  # brings folium: a fifth of what every start would wait for

    app = request.app.state
    asked = selection_request.asked(snapshot, request.query_params.multi_items())
    about, selection = asked.snapshot, asked.selection
    ensure_disk(app.settings)
    layers = [
        Ground(layer["layer"], layer["title"], Path(path))
        for layer in app.basemap.layers()
        if (path := app.basemap.path(layer["layer"])) is not None
    ]
    if not _AT_ONCE.acquire(timeout=_WAIT_S):
        raise TooMany("正有别的地图在导出，请过一会儿再导出。")
    try:
        given = {"mark": app.mark, "credit": app.basemap.attribution, "approval": app.basemap.approval}
        body = contents.collect(about, selection, app.totals, layers, **given)
        made = page.render(body)
        if len(made) > MOST_BYTES and body["kind"] == "objects":
            body = contents.collect(about, selection, app.totals, layers, **given, as_cells=True)
            made = page.render(body | {"too_large": True})
    finally:
        _AT_ONCE.release()
    reader = about.reader
    with database.write(app.engine, reader.settings()) as connection:
        audit.record(
            connection, reader.name, "export", "map", address=reader.address, state=about.moment.n,
            after={
                "words": body["words"], "total": body["total"], "selection": selection.body(), "form": body["kind"],
                "bytes": len(made),
            },
        )  # fmt: skip
    name = f"带走的地图-{body['total']}处-状态{about.moment.n}-{clock.now():%Y%m%d-%H%M%S}.html"
    return Response(
        made,
        media_type="text/html; charset=utf-8",
        headers={
            "Cache-Control": "no-store",
            # Never opened as a page of ours: it runs scripts of its own.
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "X-Total-Rows": str(body["total"]),
            "X-Data-State": str(about.moment.n),
            "X-File-Bytes": str(len(made)),
            "X-Form": body["kind"],
        },
    )
