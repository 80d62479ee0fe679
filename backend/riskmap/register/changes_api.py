"""自上次查看以来 over HTTP."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from riskmap.base.errors import FieldError, Invalid
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.register import changes
from riskmap.selection import request as selection_request
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot, marked

router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["register"])

_OWN = frozenset({"since", "from", "to", "limit", "cursor"})
StateNumber = Annotated[int, Field(ge=1, le=2**62)]


class Seen(BaseModel):
    """What somebody has seen."""

    model_config = ConfigDict(extra="forbid", strict=True)
    state: StateNumber = Field(title="状态号")


@router.get("/changes")
def get_changes(
    request: Request,
    snapshot: ReadSnapshot,
    since: StateNumber | None = None,
    from_: Annotated[date | None, Query(title="前一天", alias="from")] = None,
    to: Annotated[date | None, Query(title="后一天")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Annotated[str | None, Query(max_length=2000)] = None,
) -> Any:
    """What has changed in a selection since a state, or from one day to another (today by default): added, ended,
    regraded, entered, left, changed.

    Where too much of the register was touched to be compared: `too_many` is true, `total` null, `items` empty.
    """
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), _OWN)
    if (since is None) == (from_ is None):
        raise Invalid("请给 since 或 from 之一", errors=[FieldError("since", "one_of", "请给起始的状态号，或前一天")])
    if since is not None:
        found = changes.since(asked.snapshot, asked.selection, since, limit=limit, cursor=cursor)
    else:
        assert from_ is not None
        found = changes.between(asked.snapshot, asked.selection, from_, to, limit=limit, cursor=cursor)
    return marked(request, found)


@router.get("/changes/seen")
def get_seen(snapshot: ReadSnapshot) -> Any:
    """The state that the caller's account has seen last."""
    return changes.last_seen(snapshot)


@router.put("/changes/seen")
def put_seen(body: Seen, snapshot: WriteSnapshot) -> Any:
    """Mark a state as seen by the caller's account."""
    return changes.mark_seen(snapshot, body.state)
