"""等级待复核 over HTTP."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field

from riskmap.base.errors import NotSignedIn
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.base.wire import Text, Wire
from riskmap.register import regrading
from riskmap.register.throttle import CountAsking
from riskmap.selection import request as selection_request
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot, marked

router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["grading"])

_OWN = frozenset({"limit", "after", "object", "kind"})
LineId = Annotated[int, Field(ge=1, le=2**62)]


class Half(Wire):
    """One side of a line, as it was listed; the verdict is for reading."""

    value: Text | None = Field(title="级别")
    verdict: Text = Field("", title="结论")
    R: Text | None = Field(title="R")
    exposed: Text | None = Field(title="常住人口")


class Seen(Wire):
    """What somebody who confirms has before his eyes."""

    before: Half = Field(title="现等级")
    after: Half = Field(title="将为")


class Confirmation(Wire):
    """Who confirms says what he has seen, and why."""

    expected: Seen = Field(title="所见的变动")
    note: Text = Field("", title="说明")


@router.get("/grading/review")
def get_review(
    request: Request,
    snapshot: ReadSnapshot,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    only: Annotated[int | None, Query(alias="object", ge=1, le=2**62)] = None,
    kind: Annotated[Literal["level", "value"] | None, Query()] = None,
) -> Any:
    """Levels that would change by what has changed around their objects, with before, after and causes; behind them
    those of which only the value (R) would.

    `object`: the lines of one object alone; `kind`: `level` or `value` alone.
    """
    if snapshot.reader.kind == "public":
        raise NotSignedIn("请先登录，再看等级待复核。")
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), _OWN)
    return marked(request, regrading.waiting(asked.snapshot, asked.selection, limit, after, only, kind))


@router.get("/objects/{object_id}/headwater")
def get_headwater(object_id: LineId, snapshot: ReadSnapshot, count_asking: CountAsking) -> Any:
    """Whether a tailings pond is a 头顶库, by what is registered within 1 km downstream of it today."""
    count_asking()
    return regrading.downstream(snapshot, object_id)


@router.post("/grading/review/{line_id}/confirm")
def confirm_review(line_id: LineId, body: Confirmation, snapshot: WriteSnapshot) -> Any:
    """Confirm one line as it was seen: the object is graded anew from today on, as a new state.

    409 `review_moved` with `now` (before, after) where it comes out otherwise by then.
    """
    return regrading.confirm(snapshot, line_id, body.note, body.expected.model_dump())
