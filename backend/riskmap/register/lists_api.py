"""The lists over HTTP: which there are, a page of one, one to take away."""

from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse

from riskmap.access.reader import Reader
from riskmap.base import audit, clock, database
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.lists import service
from riskmap.register.table_answer import answer, turn
from riskmap.register.tables import Column, Form, Told
from riskmap.selection import request as selection_request
from riskmap.store.dependencies import ReadSnapshot, marked
from riskmap.store.snapshot import Snapshot

router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["lists"])

Sort = Annotated[str | None, Query(title="排序", max_length=60)]
Only = Annotated[str | None, Query(title="只列这一项数字所计的", max_length=60)]
_FILE_OWN = frozenset({"sort", "only", "plain"})


def _asked(
    name: str, request: Request, snapshot: Snapshot, own: frozenset[str], only: str | None, sort: str | None
) -> service.Question:
    listing = service.find(name)
    pairs = request.query_params.multi_items()
    mine = {p.name for p in listing.parameters}
    asked = selection_request.asked(snapshot, pairs, own | mine)
    given = {key: values for key, values in selection_request.multi(pairs).items() if key in mine}
    return service.question(listing, asked.snapshot, asked.selection, given, only=only, sort=sort)


@router.get("/lists")
def list_lists(request: Request, snapshot: ReadSnapshot) -> Any:
    """The lists that the caller may ask, with their columns and own parameters."""
    selection_request.asked(snapshot, request.query_params.multi_items())
    return {"items": service.offered(snapshot), "state": snapshot.state.n}


# Before the page of a list: an ending is none of its name.
@router.get("/lists/{name}.{form}", response_class=FileResponse)
def export_list(
    name: str,
    form: Form,
    request: Request,
    snapshot: ReadSnapshot,
    sort: Sort = None,
    only: Only = None,
    plain: bool = False,
) -> Response:
    """The whole list as csv or xlsx, from one snapshot; that it was taken away is an entry of the audit."""
    app = request.app.state
    question = _asked(name, request, snapshot, _FILE_OWN, only, sort)
    about, reader = question.ask.snapshot, snapshot.reader
    ensure_disk(app.settings)
    with turn():
        lines, total = service.told(question, app.lists)
        now = clock.now()
        columns = question.listing.columns(question.ask)
        chosen = [Column(c.name, _headed(c.title, c.unit), c.width, lambda row: row) for c in columns]
        lines = ([("演示", app.mark)] if app.mark else []) + lines
        lines += [
            ("共", f"{total} 行"),
            ("数据状态", f"{about.moment.n}（{about.moment.day.isoformat()}）"),
            ("导出", f"{now:%Y-%m-%d %H:%M:%S}，{'公众（未登录）' if reader.kind == 'public' else reader.name}"),
        ]
        kept = {**_kept(question), "total": total, "form": form}
        told = Told(tuple(lines), total, about.moment.n, now, kept)
        rows = service.every(question, columns)
        note_it = partial(_audit, request, reader, "export", question, kept)
        return answer(question.listing.title, form, chosen, rows, told, note_it, plain=plain)


@router.get("/lists/{name}")
def get_list(
    name: str,
    request: Request,
    snapshot: ReadSnapshot,
    limit: Annotated[int, Query(ge=0, le=1000)] = 50,
    cursor: Annotated[str | None, Query(max_length=4000)] = None,
    sort: Sort = None,
    only: Only = None,
) -> Any:
    """A page of a list over a selection, with its exact total and the figures that count its rows.

    `only` is one of the figures: just the rows that it counts. Limit 0 asks for the numbers alone.
    """
    question = _asked(name, request, snapshot, service.OWN, only, sort)
    found = service.page(question, request.app.state.lists, limit=limit, cursor=cursor)
    if question.listing.system and limit and snapshot.reader.is_limited:
        # It was decided over more than the caller may see.
        _audit(request, snapshot.reader, "ask", question, _kept(question) | {"total": found["total"]})
    return marked(request, found)


def _headed(title: str, unit: str | None) -> str:
    return f"{title}（{unit}）" if unit else title


def _kept(question: service.Question) -> dict[str, Any]:
    ask = question.ask
    return {
        "list": question.listing.name,
        "selection": ask.selection.body(),
        "given": {name: str(v) if isinstance(v, date) else v for name, v in ask.given.items()},
        "only": question.only,
        "sort": question.sort,
    }


def _audit(request: Request, reader: Reader, action: str, question: service.Question, after: dict[str, Any]) -> None:
    """A second short transaction, committed before the answer."""
    n = question.ask.snapshot.moment.n
    with database.write(request.app.state.engine, reader.settings()) as connection:
        audit.record(connection, reader.name, action, "list", address=reader.address, state=n, after=after)
