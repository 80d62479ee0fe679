"""Households over HTTP: read by few, each reading audited; taken in from a table; who is left, as xlsx and on paper."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from riskmap.access.reader import Reader
from riskmap.base import audit, clock, database, scratch
from riskmap.base.forms import one_file
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.exchange.uploads import XLSX, attachment, copy_hashed
from riskmap.rescue import minute
from riskmap.rescue.api import answer
from riskmap.rescue.evac import household_book, household_paper, household_table, households, orders, plan
from riskmap.rescue.evac.api import EvacuationId, VillageId
from riskmap.rescue.evac.wire import NewHousehold, Withdrawal
from riskmap.rescue.rights import Inner, Writer
from riskmap.rescue.routing import words
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot
from riskmap.store.snapshot import Snapshot, open_snapshot

router = APIRouter(
    prefix="/api/rescue/evacuations", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"]
)

HouseholdId = Annotated[int, Path(title="户编号", ge=1, le=2**62)]
OfVillage = Annotated[int | None, Query(title="村编号", ge=1, le=2**62)]


def _note(request: Request, snapshot: Snapshot, action: str, evacuation_id: int, after: dict[str, Any]) -> None:
    """Who looked at households, in a second short transaction, committed before the answer."""
    reader = snapshot.reader
    with database.write(request.app.state.engine, reader.settings()) as connection:
        audit.record(
            connection, reader.name, action, "household", evacuation_id, address=reader.address,
            state=snapshot.moment.n, after=after,
        )  # fmt: skip


@router.get("/{evacuation_id}/villages/{village_id}/households")
def get_households(
    evacuation_id: EvacuationId, village_id: VillageId, request: Request, reader: Inner, snapshot: ReadSnapshot
) -> Any:
    """{items: [{id, code, kind, kind_title, householder, persons, frail, disabled, left_behind, alone, phone, address,
    helper, helper_phone, moved, left, returned, delete_on}], list: {households, persons, moved, left,
    without_household}}; 404 for who is neither of the command tier nor an editor whose areas cover the village."""
    village = orders.find_village(snapshot.connection, evacuation_id, village_id)
    households.ensure_seen(reader, village)
    items = households.listed(snapshot, evacuation_id, [village_id])
    of = orders.counts(snapshot.connection, [evacuation_id], village_id=village_id)[village_id]
    _note(request, snapshot, "ask", evacuation_id, {"village": village_id, "households": len(items)})
    body = {"village": village | of, "items": items, "list": households.compared(items, of)}
    return answer(request, snapshot, body, minute.asked(snapshot.connection, None))


@router.get("/{evacuation_id}/households.xlsx", response_class=Response)
def get_template(evacuation_id: EvacuationId, request: Request, reader: Writer, snapshot: ReadSnapshot) -> Response:
    """The empty 户册 with the villages whose households the reader may enter."""
    of = orders.body(snapshot, evacuation_id, minute.asked(snapshot.connection, None))
    with scratch.folder(request.app.state.settings, "households") as folder:
        path = folder / "households.xlsx"
        household_book.template(snapshot, path, of, request.app.state.mark)
        made = path.read_bytes()
    return Response(made, media_type=XLSX, headers=attachment(f"{of['name']}-户册.xlsx"))


@router.post("/{evacuation_id}/households", status_code=201)
async def post_households(
    evacuation_id: EvacuationId,
    request: Request,
    reader: Writer,
    dry_run: Annotated[bool, Query(title="试读")] = False,
) -> Any:
    """Take in a 户册 (multipart: file; xlsx, xls, csv). The rows that are right are written, the others told:
    {added, changed, same, faults: [{line, column, code, message}]}. `dry_run` writes nothing."""
    async with one_file(request, "户册（xlsx）") as (file, _):
        return await run_in_threadpool(_take, request, reader, evacuation_id, file, dry_run)


def _take(request: Request, reader: Reader, evacuation_id: int, file: UploadFile, dry_run: bool) -> Any:
    app = request.app.state
    ensure_disk(app.settings)
    with scratch.folder(request.app.state.settings, "households") as folder:
        path = folder / "upload"
        copy_hashed(file.file, path, household_table.MOST_FILE)
        rows, faults = household_table.read(path)
    with database.write(app.engine, reader.settings(write=True)) as connection:
        snapshot = open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)
        found = households.take(snapshot, evacuation_id, rows, dry_run=dry_run)
        found["faults"] = [f.body() for f in sorted([*faults, *found["faults"]], key=lambda f: f.line)]
        if not dry_run:
            audit.record(
                connection, reader.name, "import", "household", evacuation_id, address=reader.address,
                state=snapshot.moment.n, after={k: found[k] for k in ("added", "changed", "same")},
            )  # fmt: skip
        return answer(request, snapshot, found)


@router.post("/{evacuation_id}/villages/{village_id}/households", status_code=201)
def post_household(
    evacuation_id: EvacuationId,
    village_id: VillageId,
    body: NewHousehold,
    request: Request,
    reader: Writer,
    snapshot: WriteSnapshot,
) -> Any:
    """One household, by hand: {id}. 409 `known` where it is on the list, of this village or of another."""
    household_id = households.add(snapshot, evacuation_id, village_id, body)
    audit.record(
        snapshot.connection, reader.name, "create", "household", evacuation_id, address=reader.address,
        state=snapshot.moment.n, after={"village": village_id},
    )  # fmt: skip
    return answer(request, snapshot, {"id": household_id}, minute.asked(snapshot.connection, None))


@router.post("/{evacuation_id}/households/{household_id}/withdraw")
def withdraw_household(
    evacuation_id: EvacuationId,
    household_id: HouseholdId,
    body: Withdrawal,
    request: Request,
    reader: Writer,
    snapshot: WriteSnapshot,
) -> Any:
    """Delete one household at once, with the reason. 409 where some of it have been entered as moved."""
    village = households.withdraw(snapshot, evacuation_id, household_id, body.reason)
    audit.record(
        snapshot.connection, reader.name, "delete", "household", evacuation_id, address=reader.address,
        state=snapshot.moment.n, after={"village": village["id"], "reason": body.reason},
    )  # fmt: skip
    return answer(request, snapshot, {"village": village["id"]}, minute.asked(snapshot.connection, None))


# -- Who is left ----------------------------------------------------------------------------


def _to(one: Mapping[str, Any]) -> str:
    off = words.off_road(one["off_start_m"], one["off_road_m"])
    gone = f"，{one['out_of_use']}，请先问清去哪里" if one["out_of_use"] else ""
    return f"{one['name']}（{one['persons']:,} 人{f'，{off}' if off else ''}{gone}）"


def _left(
    snapshot: Snapshot, evacuation_id: int, village: int | None, at: datetime
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """The evacuation, the villages whose households the reader may see, and these. Raises NotFound for none."""
    of = plan.with_assigned(snapshot, orders.body(snapshot, evacuation_id, at), at)
    if village is not None:
        orders.find_village(snapshot.connection, evacuation_id, village)
    mine = [v for v in of["villages"] if v["may_see_households"] and village in (None, v["id"])]
    if not mine:
        households.ensure_seen(snapshot.reader, {"division": ""})
    listed = households.listed(snapshot, evacuation_id, [v["id"] for v in mine])
    names = orders.shelter_names(snapshot, {v["shelter"] for v in mine if v["shelter"]})
    each = households.persons_each(snapshot, (v["object"] for v in mine if v["object"]))
    for v in mine:
        v["persons_each"] = each.get(v["object"])
        v["list"] = households.compared([h for h in listed if h["village"] == v["id"]], v)
        sent = "；".join(_to(one) for one in v["assigned"])
        v["shelter_name"] = sent or names.get(v["shelter"], "")
    return of, mine, listed


@router.get("/{evacuation_id}/left.xlsx", response_class=Response)
def get_left_workbook(
    evacuation_id: EvacuationId, request: Request, reader: Inner, snapshot: ReadSnapshot, village: OfVillage = None
) -> Response:
    """敲门清单: each household that is left, and the counts of each village; of those that the reader may see."""
    at = minute.asked(snapshot.connection, None)
    of, mine, listed = _left(snapshot, evacuation_id, village, at)
    ensure_disk(request.app.state.settings)
    with scratch.folder(request.app.state.settings, "left") as folder:
        path = folder / "left.xlsx"
        household_book.left(snapshot, path, of, mine, listed, at, request.app.state.mark)
        made = path.read_bytes()
    _note(request, snapshot, "export", evacuation_id, {"villages": len(mine), "households": len(listed)})
    return Response(made, media_type=XLSX, headers=attachment(_name(of, mine, "xlsx")))


@router.get("/{evacuation_id}/left.pdf", response_class=Response)
def get_left_paper(
    evacuation_id: EvacuationId, request: Request, reader: Inner, snapshot: ReadSnapshot, village: OfVillage = None
) -> Response:
    """The same on A4, a page a village."""
    at = minute.asked(snapshot.connection, None)
    of, mine, listed = _left(snapshot, evacuation_id, village, at)
    made = household_paper.pdf(snapshot, of, mine, listed, at, request.app.state.mark)
    _note(request, snapshot, "print", evacuation_id, {"villages": len(mine), "households": len(listed)})
    headers = {
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(_name(of, mine, 'pdf'))}",
        "Cache-Control": "private, no-store",
    }
    return Response(made.body, media_type="application/pdf", headers=headers)


def _name(of: dict[str, Any], mine: list[dict[str, Any]], ending: str) -> str:
    played = "演练-" if of["exercise"] else ""
    where = f"-{mine[0]['name']}" if len(mine) == 1 else ""
    return f"{played}{of['name'][:40]}{where}-敲门清单-{clock.now():%m%d-%H%M}.{ending}"
