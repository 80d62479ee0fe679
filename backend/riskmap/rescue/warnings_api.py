"""Warnings over HTTP: issued, corrected, lifted; who has to be told, and who was."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData

from riskmap.access.reader import Reader
from riskmap.base import audit, database, scratch
from riskmap.base.errors import Invalid
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.exchange.division_names import division_names_of
from riskmap.exchange.uploads import XLSX, attachment
from riskmap.rescue import minute, sent, telling, telling_book, uploads, warning
from riskmap.rescue.api import At, Before, Exercise, Page, answer, count, note_asked, paged
from riskmap.rescue.rights import Commander, Inner, Writer
from riskmap.rescue.warning_wire import NewWarning, Told, WarningFile
from riskmap.rescue.wire import Reason
from riskmap.selection import request as selection_request
from riskmap.selection.describe import describe
from riskmap.selection.describe import grades as grade_words
from riskmap.selection.model import Selection, parse
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot
from riskmap.store.snapshot import Snapshot, open_snapshot

router = APIRouter(
    prefix="/api/rescue/warnings", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"]
)

_FIELDS, _FIELD_BYTES = 12, 8 << 10
_OWN = frozenset({"grades", "at", "limit", "offset"})

WarningId = Annotated[int, Path(title="预警编号", ge=1, le=2**62)]
# serious+ (serious%2B): 较大 or worse; or some grades, joined by commas.
Grades = Annotated[str, Query(title="等级", max_length=60)]


@router.post("", status_code=201)
async def post_warning(request: Request, reader: Commander) -> Any:
    """Issue a warning, or correct one (`series`): JSON with `areas` (GeoJSON polygons) and/or `divisions` (codes), or
    multipart with `file` (SHP zip, GPKG, GeoJSON) and the same fields. Answers as GET of one.

    It starts no response.
    """
    if uploads.is_form(request):
        return await uploads.as_form(
            request, partial(_upload, request, reader), fields=_FIELDS, field_bytes=_FIELD_BYTES
        )
    body = await uploads.as_json(request, NewWarning, "预警有误，请改正后再发布")
    return await run_in_threadpool(_keep, request, reader, body, None)


def _upload(request: Request, reader: Reader, form: FormData) -> dict[str, Any]:
    file = uploads.file_of(form, uploads.LAYER)
    given = uploads.said_of(form, WarningFile, "预警有误，请改正后再上传")
    with uploads.layer(request.app.state.settings, file) as path:
        read = sent.from_file(path, depth_field=None, depth_m=Decimal(0), crs=given.crs, called="预警范围")
    area = warning.Area([d.geometry for d in read.depths], read.repairs, "uploaded")
    return _keep(request, reader, given, area)


def _keep(
    request: Request, reader: Reader, given: NewWarning | WarningFile, area: warning.Area | None
) -> dict[str, Any]:
    """Written and committed, then read back for the answer."""
    app = request.app.state
    ensure_disk(app.settings)
    with database.write(app.engine, reader.settings(write=True)) as connection:
        snapshot = open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)
        if area is None:
            assert isinstance(given, NewWarning)
            area = warning.drawn(snapshot, given.areas, given.divisions)
        warning_id = warning.keep(
            snapshot, area, kind=given.kind, colour=given.colour, issuer=given.issuer, starts_at=given.starts_at,
            ends_at=given.ends_at, words=given.text, exercise=given.exercise, series=given.series,
        )  # fmt: skip
        audit.record(
            connection, reader.name, "create", "warning", warning_id, address=reader.address, state=snapshot.moment.n,
            after={"kind": given.kind, "colour": given.colour, "series": given.series, "exercise": given.exercise},
        )  # fmt: skip
    with database.read(app.engine, reader.settings()) as connection:
        fresh = open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)
        return _one(request, fresh, warning_id, None)


def _one(request: Request, snapshot: Snapshot, warning_id: int, at: datetime | None) -> dict[str, Any]:
    then = minute.asked(snapshot.connection, at)
    return answer(request, snapshot, {"at": then, **warning.body(snapshot, warning_id, then)}, then)


@router.get("")
def list_warnings(
    request: Request, reader: Inner, snapshot: ReadSnapshot, exercise: Exercise = False, at: At = None,
    before: Before = None, limit: Page = 100,
) -> Any:  # fmt: skip
    """{items, next}: the newest version of each warning as it was known at a minute, the newest first, each with
    `standing` (to_come, in_force, expired, lifted); without its area. `next`: `before` of the older ones, or null."""
    then = minute.asked(snapshot.connection, at)
    items = warning.listed(snapshot.connection, exercise=exercise, at=then, before=before, limit=limit + 1)
    return answer(request, snapshot, paged(items, limit), then)


@router.get("/{warning_id}")
def get_warning(warning_id: WarningId, request: Request, reader: Inner, snapshot: ReadSnapshot, at: At = None) -> Any:
    """One version with `geometry` (GeoJSON), `repairs` and all `versions` of its warning."""
    return _one(request, snapshot, warning_id, at)


@router.post("/{warning_id}/lift")
def lift_warning(
    warning_id: WarningId, body: Reason, request: Request, reader: Commander, snapshot: WriteSnapshot
) -> Any:
    """End a warning before its time, with the reason. 409 for one that is lifted already, with who did."""
    last = warning.lift(snapshot, warning_id, body.reason)
    audit.record(
        snapshot.connection, reader.name, "lift", "warning", last["id"], address=reader.address,
        state=snapshot.moment.n, after={"reason": body.reason},
    )  # fmt: skip
    return _one(request, snapshot, warning_id, None)


# -- Who has to be told ----------------------------------------------------------------


def _grades(snapshot: Snapshot, given: str) -> tuple[str, ...]:
    """The grades asked for, as a selection reads them. Raises Invalid."""
    found = parse({"grade": given.split(",")}, snapshot.catalogue).grade
    if not found:
        raise Invalid("请选等级，较大以上写 serious+")
    return found


def _asked(
    request: Request, snapshot: Snapshot, warning_id: int, grades: str
) -> tuple[Snapshot, dict[str, Any], tuple[str, ...], Selection]:
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), _OWN)
    of = warning.find(snapshot.connection, warning_id)
    return asked.snapshot, of, _grades(snapshot, grades), asked.selection


def _told(
    snapshot: Snapshot, of: dict[str, Any], grades: Sequence[str], selection: Selection, at: datetime,
    limit: int | None = None, offset: int = 0,
) -> dict[str, Any]:  # fmt: skip
    body = telling.answer(snapshot, of, grades, selection, at, limit, offset)
    known = ("id", "series", "version", "kind", "colour", "title", "standing", "standing_title", "exercise")
    said = warning.said(of, at)
    return {"warning": {k: said[k] for k in known}, **body}


@router.get("/{warning_id}/tell")
def get_tell(
    warning_id: WarningId,
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    grades: Grades = "serious+",
    at: At = None,
    limit: Annotated[int, Query(title="条数", ge=1, le=20_000)] = 5000,
    offset: Annotated[int, Query(title="从第几条起", ge=0, le=10**7)] = 0,
) -> Any:
    """Who has to be told: objects of the `grades` asked, and vulnerable targets, villages and water works of any.

    `rows`, in the order of telephoning (town, grade, object, role; then departments): {object, name, class,
    class_title, grade, at, division, town, department, party, role, post, person, phone, same_phone, via, nobody,
    masked, objects, told}. `same_phone`: rows with this number; `via`: the farm or enterprise that the person is
    registered with, where the object itself has nobody; `nobody`: "没有登记责任人" or null; `masked`: told through
    `department`, and where `object` is null `objects` counts them; `told`: {at, by, result, note, version} or null.
    Beside them `towns` [{division, name, objects, lines, reached, nobody}], `counts` {reached, connected, passed_on,
    missed, earlier, left}, `nobody`, `no_phone`, `through_department`, `unplaced`, all of the whole list. Ticks are
    those up to `at`; objects and persons those of the selection's `as_of`.
    """
    count(reader)
    about, of, wanted, selection = _asked(request, snapshot, warning_id, grades)
    then = minute.asked(snapshot.connection, at)
    body = _told(about, of, wanted, selection, then, limit, offset)
    note_asked(request, about, "warning", warning_id, {"grades": wanted, "objects": body["objects"]})
    return answer(request, about, body, then)


@router.get("/{warning_id}/tell.xlsx", response_class=Response)
def get_tell_workbook(
    warning_id: WarningId,
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    grades: Grades = "serious+",
    at: At = None,
) -> Response:
    """The whole list as a workbook: 通知名单, 没有登记责任人, 由主管部门通知, 说明."""
    count(reader)
    about, of, wanted, selection = _asked(request, snapshot, warning_id, grades)
    then = minute.asked(snapshot.connection, at)
    told = _told(about, of, wanted, selection, then)
    app = request.app.state
    ensure_disk(app.settings)
    names = {d["code"]: d["name"] for d in division_names_of(about).divisions}
    asked = [
        ("等级", f"{grade_words(tuple(wanted)) or '全部等级'}；脆弱性目标、村庄和水利、地质对象不论等级都列入"),
        ("选择", describe(selection, about.catalogue, names)),
        ("次序", "按乡镇、等级、名称，同一处先主要负责人，再属地挂钩、巡查、部门挂钩、技术负责人、操作负责人"),
    ]
    with scratch.folder(app.settings, "tell") as folder:
        path = folder / "tell.xlsx"
        telling_book.write(about, path, of, told, then, asked, app.mark)
        made = path.read_bytes()
    with database.write(app.engine, reader.settings()) as connection:
        audit.record(
            connection, reader.name, "export", "warning", warning_id, address=reader.address, state=about.moment.n,
            after={"grades": wanted, "objects": told["objects"], "rows": told["total"]},
        )  # fmt: skip
    name = f"{'演练-' if of['exercise'] else ''}{telling_book.title(of)}-第{of['version']}版.xlsx"
    return Response(made, media_type=XLSX, headers=attachment(name))


@router.post("/{warning_id}/told", status_code=201)
def post_told(warning_id: WarningId, body: Told, request: Request, reader: Writer, snapshot: WriteSnapshot) -> Any:
    """Tick lines as telephoned: {rows: [{object, party} | {object} | {department}], result: 接通, 未接, 转达 or 撤销
    (takes the tick back), note}. Only added to; the newest holds. Answers {ticked, at}."""
    of = warning.find(snapshot.connection, warning_id)
    ticked = telling.tick(snapshot, of, body.rows, body.result, body.note)
    audit.record(
        snapshot.connection, reader.name, "enter", "warning", warning_id, address=reader.address,
        state=snapshot.moment.n, after={"result": body.result, "ticked": ticked},
    )  # fmt: skip
    return answer(request, snapshot, {"ticked": ticked}, minute.asked(snapshot.connection, None))
