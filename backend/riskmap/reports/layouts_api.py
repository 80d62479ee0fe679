"""Columns of the lists that are handed in, over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request

from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.reports import layouts
from riskmap.reports.api import Inner
from riskmap.reports.wire import Layout
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot, marked

router = APIRouter(
    prefix="/api/reports/layouts", route_class=ExactRoute, default_response_class=ExactResponse, tags=["reports"]
)

Name = Annotated[str, Path(title="清单", max_length=60)]


@router.get("")
def list_layouts(request: Request, reader: Inner, snapshot: ReadSnapshot) -> Any:
    """All lists with all their columns: order, whether hidden, whether in the form for publication."""
    return marked(request, {"items": layouts.bodies(snapshot.connection)})


@router.put("/{name}")
def put_layout(name: Name, body: Layout, request: Request, reader: Inner, snapshot: WriteSnapshot) -> Any:
    """A new order, for sets that are ordered from now on; by an administrator."""
    layouts.put(snapshot.connection, snapshot.reader, name, body)
    return marked(request, layouts.body(snapshot.connection, name))


@router.delete("/{name}")
def reset_layout(name: Name, request: Request, reader: Inner, snapshot: WriteSnapshot) -> Any:
    """As shipped again; by an administrator."""
    layouts.reset(snapshot.connection, snapshot.reader, name)
    return marked(request, layouts.body(snapshot.connection, name))
