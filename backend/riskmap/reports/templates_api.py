"""The template of 城市安全风险评估报告: the shipped one, or the bureau's own."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from riskmap.access.dependencies import WriteTransaction, administrator_to
from riskmap.access.reader import Reader
from riskmap.base import database
from riskmap.base.forms import one_file
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.exchange.uploads import DOCX, attachment, shown_name
from riskmap.paper import docx
from riskmap.reports.api import Inner
from riskmap.reports.report import SHELF

router = APIRouter(
    prefix="/api/reports/templates", route_class=ExactRoute, default_response_class=ExactResponse, tags=["reports"]
)

Kind = Literal["report"]
Keeper = Annotated[Reader, Depends(administrator_to("更换报告模板"))]


@router.get("")
def get_templates(request: Request, reader: Inner) -> Any:
    """Whether the template is the bureau's own, since when and by whom, and the fields that it may name."""
    return SHELF.listed(request.app.state.settings)


@router.get("/{kind}", response_class=Response)
def get_template(
    kind: Kind, request: Request, reader: Inner, shipped: Annotated[bool, Query(title="随产品的")] = False
) -> Response:
    """The template in use, or with `shipped` the one of the product: to be changed in Word or WPS."""
    found = SHELF.shipped(kind) if shipped else SHELF.in_use(request.app.state.settings, kind)
    whose = "本局" if found.own else "随产品"
    return Response(found.body, media_type=DOCX, headers=attachment(f"{SHELF.kinds[kind]}模板（{whose}）.docx"))


@router.put("/{kind}")
async def put_template(kind: Kind, request: Request, keeper: Keeper) -> Any:
    """Take a bureau's own template (multipart: file), once it has been filled as a trial (administrator)."""
    async with one_file(request, "模板") as (file, _):
        body, name = await file.read(docx.MOST_TEMPLATE + 1), shown_name(file.filename or "")
    return await run_in_threadpool(_keep, request.app.state, keeper, kind, body, name)


def _keep(app: Any, keeper: Reader, kind: str, body: bytes, name: str) -> dict[str, Any]:
    ensure_disk(app.settings)
    SHELF.try_template(body)  # before a transaction waits for it
    with database.write(app.engine, keeper.settings(write=True)) as connection:
        SHELF.keep(connection, app.settings, keeper, kind, body, name)
    return SHELF.listed(app.settings)


@router.delete("/{kind}")
def delete_template(kind: Kind, request: Request, keeper: Keeper, transaction: WriteTransaction) -> Any:
    """Back to the template that comes with the product (administrator)."""
    settings = request.app.state.settings
    SHELF.drop(transaction.connection, settings, keeper, kind)
    return SHELF.listed(settings)
