"""Saved selections over HTTP: by content, for addresses; by name, for people."""

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from riskmap.access.dependencies import ReadTransaction, WriteTransaction, address_of, check_same_site
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.selection import drawn, named, saved
from riskmap.selection import request as selection_request
from riskmap.selection.compile import compile_selection
from riskmap.store.dependencies import WriteSnapshot

router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["selection"])
_throttle = drawn.throttle()

NamedId = Annotated[int, Field(ge=1, le=2**62)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
# What a page's address can hold after the #; read by the page alone, which leaves out what it does not know.
Link = Annotated[str, StringConstraints(max_length=12_000, pattern=r"^[\x21-\x7e]*$")]


@router.post("/selections", status_code=201)
def save_selection(body: dict[str, Any], request: Request, snapshot: WriteSnapshot) -> Any:
    """Keep a selection, perhaps with a polygon `within`; the id is content-addressed. The public: the area alone."""
    reader = snapshot.reader
    if reader.kind == "public":
        check_same_site(request)
        drawn.check_public(body)
        _throttle.take(address_of(request))
    params, within = saved.as_parameters(body)
    moment, selection = selection_request.read(snapshot, params, within=within)
    compile_selection(selection, moment)  # a condition that no output could answer is refused here already
    return {"id": saved.save(snapshot.connection, selection, reader.name, public=reader.kind == "public")}


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewNamed(_Wire):
    """A selection to keep, as the page's link carries it."""

    title: Title = Field(title="名称")
    link: Link = Field(title="所选的条件")
    shared: bool = Field(False, title="共享")


class NamedChange(_Wire):
    """What is absent stays."""

    title: Title | None = Field(None, title="名称")
    link: Link | None = Field(None, title="所选的条件")
    shared: bool | None = Field(None, title="共享")


@router.get("/selections/named")
def list_named(transaction: ReadTransaction) -> Any:
    """One's own, and those that others share."""
    return {"items": named.listed(transaction.connection, transaction.reader)}


@router.post("/selections/named", status_code=201)
def add_named(given: NewNamed, transaction: WriteTransaction) -> Any:
    """Keep one by name."""
    return named.add(transaction.connection, transaction.reader, given.title, given.link, given.shared)


@router.patch("/selections/named/{named_id}")
def change_named(named_id: NamedId, given: NamedChange, transaction: WriteTransaction) -> Any:
    """Rename, share or replace one's own."""
    return named.change(transaction.connection, transaction.reader, named_id, given.title, given.link, given.shared)


@router.delete("/selections/named/{named_id}", status_code=204)
def drop_named(named_id: NamedId, transaction: WriteTransaction) -> None:
    """Delete one's own."""
    named.drop(transaction.connection, transaction.reader, named_id)
