"""防汛责任人 over HTTP: the list of a year, and the same for issue."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from riskmap.base import audit, clock, database, scratch
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.exchange.uploads import XLSX, attachment
from riskmap.lists import service
from riskmap.rescue import duty
from riskmap.rescue.rights import Inner
from riskmap.selection import request as selection_request
from riskmap.store.dependencies import ReadSnapshot, marked
from riskmap.store.snapshot import Snapshot

router = APIRouter(prefix="/api/rescue", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"])

Year = Annotated[str | None, Query(title="年度", max_length=10)]
_OWN = frozenset({"year", "only", "sort", "limit", "cursor", "form"})


def _asked(request: Request, snapshot: Snapshot, year: str | None, only: str | None, sort: str | None) -> Any:
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), _OWN)
    return duty.question(asked.snapshot, asked.selection, [year] if year else [], only=only, sort=sort)


@router.get("/responsible")
def get_responsible(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    year: Year = None,
    only: Annotated[str | None, Query(title="只列这一项数字所计的", max_length=60)] = None,
    sort: Annotated[str | None, Query(title="排序", max_length=60)] = None,
    limit: Annotated[int, Query(title="每页行数", ge=0, le=1000)] = 50,
    cursor: Annotated[str | None, Query(title="翻页位置", max_length=4000)] = None,
) -> Any:
    """A page of the list, with who is missing and whose name is last year's counted."""
    question = _asked(request, snapshot, year, only, sort)
    return marked(request, service.page(question, request.app.state.lists, limit=limit, cursor=cursor))


@router.get("/responsible.xlsx", response_class=Response)
def issue_responsible(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    year: Year = None,
    form: Annotated[duty.Form, Query(title="用途")] = "inner",
) -> Response:
    """The list for issue: `inner` with telephones and what is wanting, `publication` with neither."""
    app = request.app.state
    ensure_disk(app.settings)
    question = _asked(request, snapshot, year, None, None)
    with scratch.folder(request.app.state.settings, "duty") as folder:
        path = folder / "list.xlsx"
        kept = duty.write(path, question, form, app.lists, app.mark)
        body = path.read_bytes()
    moment = question.ask.snapshot.moment
    with database.write(app.engine, reader.settings()) as connection:
        audit.record(
            connection, reader.name, "export", "list", "", address=reader.address, state=moment.n,
            after={"list": question.listing.name, **kept},
        )  # fmt: skip
    name = f"{kept['year']}年防汛责任人名单-{duty.FORMS[form]}-状态{moment.n}-{clock.now():%Y%m%d-%H%M%S}.xlsx"
    return Response(body, media_type=XLSX, headers=attachment(name))
