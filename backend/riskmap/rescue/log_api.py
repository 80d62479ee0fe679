"""The log over HTTP: what an officer writes himself, and the log as files for the after-action report."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator

from riskmap.base import audit, database, scratch
from riskmap.base.errors import FieldError, Invalid
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.exchange.uploads import DOCX, XLSX, attachment
from riskmap.rescue import floods, imprint, log, log_book, minute
from riskmap.rescue.api import Exercise, answer
from riskmap.rescue.rights import Inner, Writer
from riskmap.rescue.warning_wire import Entry
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot
from riskmap.store.snapshot import Snapshot

router = APIRouter(prefix="/api/rescue", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"])

Since = Annotated[datetime | None, Query(title="从", alias="from"), AfterValidator(minute.local_or_none)]
Until = Annotated[datetime | None, Query(title="到", alias="to"), AfterValidator(minute.local_or_none)]
OfKind = Annotated[log.Kind | None, Query(title="类别")]


@router.post("/log", status_code=201)
def post_log(body: Entry, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """An entry of one's own: {kind, what, flood, exercise}. It cannot be changed; a mistake is set right by another."""
    if body.flood is not None and floods.find(snapshot.connection, body.flood)["exercise"] != body.exercise:
        told = "实战的日志不能附演练的淹没范围，反之亦然"
        raise Invalid("没有记下", errors=[FieldError("flood", "other_kind", told)])
    made = log.note(
        snapshot.connection, by=reader.name, kind=body.kind, what=body.what, exercise=body.exercise,
        flood_id=body.flood, ref={"kind": "entry"},
    )  # fmt: skip
    audit.record(
        snapshot.connection, reader.name, "create", "rescue_log", made, address=reader.address,
        state=snapshot.moment.n, after={"kind": body.kind, "exercise": body.exercise},
    )  # fmt: skip
    return answer(request, snapshot, {"id": made}, minute.asked(snapshot.connection, None))


@router.get("/log.xlsx", response_class=Response)
def get_log_workbook(
    request: Request, reader: Inner, snapshot: ReadSnapshot, exercise: Exercise = False, kind: OfKind = None,
    since: Since = None, until: Until = None,
) -> Response:  # fmt: skip
    """The log of a time as a workbook, in the order in which it was written: ?from=&to=&kind=&exercise=."""
    taken = _Taken(request, snapshot, exercise, kind, since, until, log_book.MOST_XLSX)
    with scratch.folder(request.app.state.settings, "log") as folder:
        path = folder / "log.xlsx"
        log_book.write(path, taken.found, taken.made, taken.span, kind, exercise)
        body = path.read_bytes()
    return taken.answer(body, "xlsx", XLSX)


@router.get("/log.docx", response_class=Response)
def get_log_word(
    request: Request, reader: Inner, snapshot: ReadSnapshot, exercise: Exercise = False, kind: OfKind = None,
    since: Since = None, until: Until = None,
) -> Response:  # fmt: skip
    """The same as a Word file, to be gone on with."""
    taken = _Taken(request, snapshot, exercise, kind, since, until, log_book.MOST_DOCX)
    return taken.answer(log_book.word(taken.found, taken.made, taken.span, kind, exercise), "docx", DOCX)


class _Taken:
    """The entries of a time as they leave the product: read, and told of in the trail."""

    def __init__(
        self, request: Request, snapshot: Snapshot, exercise: bool, kind: log.Kind | None,
        since: datetime | None, until: datetime | None, most: int,
    ) -> None:  # fmt: skip
        app = request.app.state
        ensure_disk(app.settings)
        self._request, self._snapshot, self._exercise = request, snapshot, exercise
        self._until = minute.until(snapshot.connection, until)
        self.span = log_book.span(since, self._until)
        self.found = log_book.entries(snapshot, exercise=exercise, kind=kind, since=since, until=self._until, most=most)
        self.made = log_book.about(snapshot, self.found, exercise=exercise, mark=app.mark)

    def answer(self, body: bytes, ending: str, media: str) -> Response:
        """The file, once the trail has it."""
        after = {
            "form": ending, "entries": len(self.found), "check": self.made.check, "exercise": self._exercise
        }  # fmt: skip
        _note(self._request, self._snapshot, after)
        return Response(body, media_type=media, headers=attachment(_name(self._until, self._exercise, ending)))


def _name(until: datetime, exercise: bool, ending: str) -> str:
    day = imprint.stamp(until)[:16].replace(":", "").replace(" ", "-")
    return f"{'演练-' if exercise else ''}{log_book.TITLE}-{day}.{ending}"


def _note(request: Request, snapshot: Snapshot, after: dict[str, Any]) -> None:
    """That the log left the product, in a second short transaction, committed before the answer."""
    reader = snapshot.reader
    with database.write(request.app.state.engine, reader.settings()) as connection:
        audit.record(
            connection, reader.name, "export", "rescue_log", address=reader.address, state=snapshot.moment.n,
            after=after,
        )  # fmt: skip
