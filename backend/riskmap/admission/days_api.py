"""The holidays that working days are counted by, year by year."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from riskmap.access.dependencies import WriteTransaction, administrator_to
from riskmap.access.reader import Reader
from riskmap.admission import days
from riskmap.admission.api import Asker
from riskmap.admission.wire import Holidays
from riskmap.base import clock
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.store.dependencies import ReadSnapshot

router = APIRouter(
    prefix="/api/admission/holidays", route_class=ExactRoute, default_response_class=ExactResponse, tags=["admission"]
)

_FIRST, _LAST = 2000, 2100
Keeper = Annotated[Reader, Depends(administrator_to("装入节假日表"))]


@router.get("")
def get_holidays(
    reader: Asker, snapshot: ReadSnapshot, year: Annotated[int | None, Query(title="年份", ge=_FIRST, le=_LAST)] = None
) -> Any:
    """The table of a year, this one by default."""
    return days.listed(snapshot.connection, year or clock.today().year)


@router.put("")
def put_holidays(
    body: Holidays,
    keeper: Keeper,
    transaction: WriteTransaction,
    year: Annotated[int, Query(title="年份", ge=_FIRST, le=_LAST)],
) -> Any:
    """Replace the table of a year (administrator)."""
    return days.replace(transaction.connection, transaction.reader, year, body.items)
