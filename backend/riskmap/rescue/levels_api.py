"""水位 over HTTP: readings in, works and gauges with how they stand, readings that wait to be confirmed."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import AfterValidator, Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from riskmap.access.dependencies import by_token
from riskmap.base import clock, database, scratch
from riskmap.base.errors import FieldError, Invalid
from riskmap.base.forms import one_file
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.base.wire import Text, Wire
from riskmap.exchange.tables import open_table
from riskmap.exchange.uploads import copy_hashed
from riskmap.rescue import levels, minute, readings, readings_table
from riskmap.rescue.api import At, Exercise, answer, count
from riskmap.rescue.readings import Sent, Taken
from riskmap.rescue.rights import Inner, Writer
from riskmap.rescue.works import STATUSES
from riskmap.selection import request as selection_request
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot
from riskmap.store.snapshot import open_snapshot

router = APIRouter(prefix="/api/rescue", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"])

MOST_FILE = 10 << 20
Id = Annotated[int, Field(ge=1, le=2**62)]
ReadingId = Annotated[int, Path(title="读数编号", ge=1, le=2**62)]
Since = Annotated[datetime | None, Query(title="自何时起"), AfterValidator(minute.local_or_none)]
# Of machines that send binary fractions: rounded when it is taken.
Metres = Annotated[Decimal, Field(ge=-100_000, le=100_000, max_digits=40)]
_OWN = frozenset({"at", "exercise", "status", "limit"})


class NewReading(Wire):
    """One reading: of an object by its id or its code, in its own height system or in a named one with a shift."""

    object: Id | None = Field(None, title="测站或工程")
    code: Annotated[Text, StringConstraints(max_length=60)] | None = Field(None, title="站码")
    at: datetime = Field(title="时间")
    level_m: Metres = Field(title="水位")
    height_system: Annotated[Text, StringConstraints(max_length=40)] | None = Field(None, title="高程系统")
    shift_m: Metres | None = Field(None, title="换算值")
    key: Annotated[Text, StringConstraints(min_length=1, max_length=100)] | None = Field(None, title="防重码")
    replaces: Id | None = Field(None, title="更正的读数")
    note: Text = Field("", title="备注")


class NewReadings(Wire):
    """Readings; each is taken or refused by itself."""

    readings: Annotated[list[NewReading], Field(title="读数", min_length=1, max_length=readings.MOST)]
    exercise: bool = Field(False, title="演练")


class Said(Wire):
    """Why."""

    note: Text = Field("", title="说明")


class Why(Wire):
    """Why, without fail."""

    note: Annotated[Text, StringConstraints(min_length=1)] = Field(title="原因")


@router.post("/readings", status_code=201)
def post_readings(body: NewReadings, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """Readings by hand or from a machine with a token. Sending them again adds nothing twice."""
    sent = [
        Sent(
            i, minute.local(r.at), r.level_m, object_id=r.object, code=r.code,
            height_system=r.height_system, shift_m=r.shift_m, key=r.key, replaces=r.replaces, note=r.note,
        )
        for i, r in enumerate(body.readings)
    ]  # fmt: skip
    source: readings.Source = "api" if by_token(request) else "hand"
    taken = readings.take(snapshot, sent, source=source, exercise=body.exercise, taken=Taken())
    if taken.faults and not taken.added and not taken.same:
        errors = [FieldError(f"readings.{f['place']}.{f['field']}", f["code"], f["message"]) for f in taken.faults]
        raise Invalid("水位没有登记，请改正", code="no_reading_taken", errors=errors[:50])
    return answer(request, snapshot, taken.body())


@router.post("/readings/table", status_code=201)
async def post_table(request: Request, reader: Writer) -> Any:
    """A table of readings (multipart: file, exercise): what is right goes in, what is wrong is named by its row."""
    async with one_file(request, "水位表（xlsx、xls 或 csv）") as (file, form):
        exercise = form.get("exercise", "false")
        if exercise not in {"true", "false"}:
            errors = [FieldError("exercise", "unknown_value", "exercise 应为 true 或 false")]
            raise Invalid("表单有误，请改正", errors=errors)
        return await run_in_threadpool(_table, request, reader, file, exercise == "true")


def _table(request: Request, reader: Writer, file: UploadFile, exercise: bool) -> dict[str, Any]:
    app = request.app.state
    ensure_disk(app.settings)
    taken = Taken()
    with scratch.folder(app.settings, "readings") as folder:
        path = folder / "upload"
        copy_hashed(file.file, path, MOST_FILE)
        sent = readings_table.readings_of(open_table(path), clock.now(), taken)
    with database.write(app.engine, reader.settings(write=True)) as connection:
        snapshot = open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)
        readings.take(snapshot, sent, source="table", exercise=exercise, taken=taken)
        return answer(request, snapshot, taken.body())


@router.get("/readings")
def list_readings(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    object: Annotated[int, Query(title="测站或工程", ge=1, le=2**62)],
    at: At = None,
    since: Since = None,
    exercise: Exercise = False,
    limit: Annotated[int, Query(title="条数", ge=1, le=5000)] = 500,
) -> Any:
    """What an object is read by has read, the newest first; replaced and doubtful ones too, marked."""
    return answer(
        request, snapshot, levels.series(snapshot, object, at=at, since=since, exercise=exercise, limit=limit)
    )


@router.post("/readings/{reading_id}/confirm")
def confirm(reading_id: ReadingId, body: Said, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """Believe a reading that waits: it becomes the level."""
    return answer(request, snapshot, {"reading": readings.judge(snapshot, reading_id, "confirm", body.note)})


@router.post("/readings/{reading_id}/discard")
def discard(reading_id: ReadingId, body: Why, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """Take a reading out of use, with the reason; it stays readable."""
    return answer(request, snapshot, {"reading": readings.judge(snapshot, reading_id, "discard", body.note)})


@router.get("/levels")
def get_levels(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    at: At = None,
    exercise: Exercise = False,
    status: Annotated[list[str] | None, Query(title="水情", max_length=20)] = None,
    limit: Annotated[int, Query(title="条数", ge=0, le=5000)] = 1000,
) -> Any:
    """Works and gauges of the selection as they stand at a minute, the worst first, and as points for the map."""
    count(reader)
    only = [part for value in status or () for part in value.split(",") if part]
    for one in only:
        if one not in STATUSES:
            legal = "、".join(STATUSES)
            errors = [FieldError("status", "unknown_value", f"没有“{one[:40]}”。可用：{legal}")]
            raise Invalid("水情有误", errors=errors)
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), _OWN)
    body = levels.picture(asked.snapshot, asked.selection, at=at, exercise=exercise, only=only, limit=limit)
    return answer(request, asked.snapshot, body | {"statuses": dict(STATUSES)})
