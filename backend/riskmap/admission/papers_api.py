"""Papers of a case as Word files, and the templates that they are made from."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from riskmap.access.dependencies import WriteTransaction, administrator_to
from riskmap.access.reader import Reader
from riskmap.admission import papers
from riskmap.admission.api import Asker, Number, note
from riskmap.base import database
from riskmap.base.forms import one_file
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.exchange.uploads import DOCX, attachment, shown_name
from riskmap.paper import docx
from riskmap.store.dependencies import ReadSnapshot

router = APIRouter(
    prefix="/api/admission", route_class=ExactRoute, default_response_class=ExactResponse, tags=["admission"]
)

Kind = Literal["notice", "commitment", "checklist"]
Keeper = Annotated[Reader, Depends(administrator_to("更换文书模板"))]


@router.get("/checks/{number}/papers/{kind}.docx", response_class=Response)
def get_paper(number: Number, kind: Kind, request: Request, reader: Asker, snapshot: ReadSnapshot) -> Response:
    """安全告知书 (notice), 安全承诺书 (commitment) or 核查表 (checklist) of a case."""
    app = request.app.state
    name, body = papers.paper(snapshot, app.settings, number, kind, app.mark)
    note(request, snapshot, "print", number, {"paper": papers.PAPERS[kind], "file": name})
    return Response(body, media_type=DOCX, headers=attachment(name))


@router.get("/templates")
def get_templates(request: Request, reader: Asker) -> Any:
    """Which templates are the bureau's own, since when and by whom, and the fields that a template may name."""
    return papers.SHELF.listed(request.app.state.settings)


@router.get("/templates/{kind}", response_class=Response)
def get_template(
    kind: Kind, request: Request, reader: Asker, shipped: Annotated[bool, Query(title="随产品的")] = False
) -> Response:
    """The template in use, or with `shipped` the one of the product: to be changed in Word or WPS."""
    found = papers.SHELF.shipped(kind) if shipped else papers.SHELF.in_use(request.app.state.settings, kind)
    whose = "本局" if found.own else "随产品"
    return Response(found.body, media_type=DOCX, headers=attachment(f"{papers.PAPERS[kind]}模板（{whose}）.docx"))


@router.put("/templates/{kind}")
async def put_template(kind: Kind, request: Request, keeper: Keeper) -> Any:
    """Take a bureau's own template (multipart: file), once it has been filled as a trial (administrator)."""
    async with one_file(request, "模板") as (file, _):
        body, name = await file.read(docx.MOST_TEMPLATE + 1), shown_name(file.filename or "")
    return await run_in_threadpool(_keep, request.app.state, keeper, kind, body, name)


def _keep(app: Any, keeper: Reader, kind: str, body: bytes, name: str) -> dict[str, Any]:
    ensure_disk(app.settings)
    papers.SHELF.try_template(body)  # before a transaction waits for it
    with database.write(app.engine, keeper.settings(write=True)) as connection:
        papers.SHELF.keep(connection, app.settings, keeper, kind, body, name)
    return papers.SHELF.listed(app.settings)


@router.delete("/templates/{kind}")
def delete_template(kind: Kind, request: Request, keeper: Keeper, transaction: WriteTransaction) -> Any:
    """Back to the template that comes with the product (administrator)."""
    settings = request.app.state.settings
    papers.SHELF.drop(transaction.connection, settings, keeper, kind)
    return papers.SHELF.listed(settings)
