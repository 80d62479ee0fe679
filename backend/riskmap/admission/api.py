"""准入核验 over HTTP: ask, keep, read, ask again, sign."""

import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from riskmap.access.dependencies import signed_in
from riskmap.access.reader import Reader, territory
from riskmap.admission import again, rule_book, rulesets, service, suitability
from riskmap.admission import rules as admission_rules
from riskmap.admission.enquiry import POSITION_M
from riskmap.admission.judgement import WORDS, Verdict
from riskmap.admission.place import ADDRESS_M
from riskmap.admission.wire import Check, Place, Size
from riskmap.base import audit, database
from riskmap.base.errors import FieldError, Invalid
from riskmap.base.throttle import MINUTE, Throttle
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.base.wire import Text, Wire
from riskmap.exchange.uploads import XLSX, attachment, copy_hashed
from riskmap.selection import request as selection_request
from riskmap.store.dependencies import ReadSnapshot, WriteSnapshot, marked, whole_snapshot, whole_write_snapshot
from riskmap.store.snapshot import Snapshot, open_snapshot

router = APIRouter(
    prefix="/api/admission", route_class=ExactRoute, default_response_class=ExactResponse, tags=["admission"]
)

MOST_A_MINUTE = 120
_throttle = Throttle(MOST_A_MINUTE, MINUTE, f"准入核验一分钟最多 {MOST_A_MINUTE} 次，请稍后再试；成批的请用日清单。")

Number = Annotated[str, Field(title="案号", pattern=r"^ZR-\d{4}-\d{6,9}$", max_length=20)]
VerdictWord = Literal["admit", "commit_and_admit", "on_site_check", "rectify_first", "refuse_advised", "pre_licence"]
Standing = Literal["unplaced", "overdue", "assigned", "checked", "refused"]


def _count(reader: Reader) -> None:
    """How often an account may ask what is decided over more than it may see. Raises TooMany."""
    if not reader.sees_all:
        _throttle.take(reader.name)


def asker(reader: Annotated[Reader, Depends(signed_in)]) -> Reader:
    """Who may check a place."""
    service.ensure_may_ask(reader)
    return reader


Asker = Annotated[Reader, Depends(asker)]


def handler(reader: Asker) -> Reader:
    """Who may work on cases. Asked before a byte of an upload is read."""
    service.ensure_may_handle(reader)
    return reader


Handler = Annotated[Reader, Depends(handler)]


def house(request: Request) -> service.House:
    """What of the running service an enquiry needs."""
    app = request.app.state
    return service.House(app.map_engine, app.settings.bounds, app.mark is not None, app.data_dates)


def note(request: Request, snapshot: Snapshot, action: str, ref: str, after: dict[str, Any]) -> None:
    """What was read, in a second short transaction, committed before the answer."""
    reader = snapshot.reader
    with database.write(request.app.state.engine, reader.settings()) as connection:
        audit.record(
            connection, reader.name, action, "admission", ref, address=reader.address,
            state=snapshot.moment.n, after=after,
        )  # fmt: skip


def _note_asked(request: Request, snapshot: Snapshot, ref: str, after: dict[str, Any]) -> None:
    """What was decided over more than the asker may see, and kept as no case."""
    if not snapshot.reader.sees_all:
        note(request, snapshot, "ask", ref, after)


@router.post("/preview")
def preview(body: Check, request: Request, reader: Asker, snapshot: ReadSnapshot) -> Any:
    """The answer without a case: nothing is kept."""
    _count(reader)
    asked = service.ask(snapshot, house(request), body)
    after = {"verdict": str(asked.answer.verdict), "hits": len(asked.answer.hits)}
    _note_asked(request, snapshot, "preview", after)
    return marked(request, service.preview(snapshot, asked))


@router.post("/checks", status_code=201)
def post_check(body: Check, request: Request, reader: Asker, snapshot: ReadSnapshot) -> Any:
    """Ask a place and keep the answer as a case, with its number, frozen state and rule set."""
    service.ensure_may_keep(reader)
    _count(reader)
    app = request.app.state
    ensure_disk(app.settings)
    where = house(request)
    asked = service.ask(snapshot, where, body)  # in one snapshot, before the number is taken
    by_token = "authorization" in request.headers
    with database.write(app.engine, reader.settings(write=True)) as connection:
        number = service.keep(connection, reader, snapshot, asked, where.demo, "api" if by_token else "window")
    return marked(request, one(request, reader, number))


def one(request: Request, reader: Reader, number: str) -> dict[str, Any]:
    """The case as it is now, read after what was written."""
    app = request.app.state
    with database.read(app.engine, reader.settings()) as connection:
        fresh = open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)
        return service.body(fresh, service.find(fresh, number))


@router.get("/checks")
def list_checks(
    request: Request,
    reader: Asker,
    snapshot: ReadSnapshot,
    batch: Annotated[str | None, Query(max_length=60)] = None,
    standing: Standing | None = None,
    verdict: Annotated[list[VerdictWord] | None, Query(title="结论", max_length=6)] = None,
    division: Annotated[list[str] | None, Query(max_length=50)] = None,
    uscc: Annotated[str | None, Query(max_length=18)] = None,
    q: Annotated[str | None, Query(max_length=60)] = None,
    signed: bool | None = None,
    limit: Annotated[int, Query(title="每页案数", ge=1, le=500)] = 50,
    cursor: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> Any:
    """Cases, the newest first; the first page counts where all of them stand."""
    filters = {
        "batch": batch,
        "standing": standing,
        "verdict": verdict,
        "division": [territory(code) + "%" for code in division] if division else None,
        "uscc": uscc,
        "q": q.strip() if q else None,
        "signed": signed,
    }
    return marked(request, service.listed(snapshot, filters, limit, cursor))


@router.get("/checks/{number}")
def get_check(number: Number, request: Request, reader: Asker, snapshot: ReadSnapshot) -> Any:
    """One case."""
    return marked(request, service.body(snapshot, service.find(snapshot, number)))


@router.post("/checks/{number}/rerun")
def rerun_check(number: Number, request: Request, reader: Asker, snapshot: ReadSnapshot) -> Any:
    """The case asked again from its frozen state and rule set; `same` says whether the answer is."""
    _count(reader)
    answer = again.rerun(snapshot, house(request), number)
    _note_asked(request, snapshot, number, {"verdict": answer["verdict"], "same": answer["same"]})
    return marked(request, answer)


class Signature(Wire):
    """What an officer stands for."""

    verdict: VerdictWord = Field(title="结论")
    note: Annotated[Text, Field(title="说明")] = ""


@router.post("/checks/{number}/sign")
def sign_check(number: Number, body: Signature, request: Request, reader: Asker, snapshot: WriteSnapshot) -> Any:
    """Sign the conclusion, once; only accounts that may sign."""
    return marked(request, service.sign(snapshot, number, body.verdict, body.note))


@router.post("/checks/{number}/place")
def place_check(number: Number, body: Place, request: Request, reader: Handler, snapshot: ReadSnapshot) -> Any:
    """Give a case that waits its place; it is answered and handed out."""
    _count(reader)
    app = request.app.state
    ensure_disk(app.settings)
    where = house(request)
    asked = service.ask_waiting(snapshot, where, number, body)  # in one snapshot, before anything is held
    with database.write(app.engine, reader.settings(write=True)) as connection:
        service.put_in_place(connection, reader, snapshot, asked, where.demo, number)
    return marked(request, one(request, reader, number))


WholeSnapshot = Annotated[Snapshot, Depends(whole_snapshot("试算准入规则"), scope="function")]
WholeWriteSnapshot = Annotated[Snapshot, Depends(whole_write_snapshot("采用准入规则"), scope="function")]


@router.get("/rules")
def get_rules(snapshot: ReadSnapshot, reader: Asker) -> Any:
    """Every table of rules in force: tags, distances, zones, the negative list, tables of metres."""
    return rulesets.listed(snapshot)


@router.get("/rules.xlsx", response_class=Response)
def get_rules_workbook(snapshot: ReadSnapshot, reader: Asker) -> Response:
    """The tables in force as a workbook, a sheet a table."""
    name, body = rulesets.workbook(snapshot)
    return Response(body, media_type=XLSX, headers=attachment(name))


@router.post("/rules/workbook", response_class=Response)
def post_rules_workbook(body: rulesets.Draft, snapshot: WholeSnapshot) -> Response:
    """A draft's tables as a workbook, those in force beside them (administrator)."""
    name, made = rulesets.workbook(snapshot, body)
    return Response(made, media_type=XLSX, headers=attachment(name))


@router.post("/rules/read")
async def read_rules_workbook(request: Request, snapshot: WholeSnapshot) -> Any:
    """A changed workbook (multipart: file) as tables for a draft, whole or not at all (administrator).

    Nothing is written.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise Invalid("请用表单（multipart/form-data）上传文件。", code="not_multipart")
    form = await request.form(max_files=1, max_fields=1, max_part_size=1 << 10)
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise Invalid("没有收到文件，请选择规则表。", code="no_file")
        return await run_in_threadpool(_opened, request, snapshot, file)
    finally:
        await form.close()


def _opened(request: Request, snapshot: Snapshot, file: UploadFile) -> dict[str, Any]:
    ensure_disk(request.app.state.settings)
    with tempfile.TemporaryDirectory(prefix="rules.") as folder:
        path = Path(folder) / "rules"
        copy_hashed(file.file, path, rule_book.MOST_BYTES)
        return rulesets.opened(snapshot, path)


@router.post("/rules/trial")
def try_rules(body: rulesets.Proposed, request: Request, snapshot: WholeSnapshot) -> Any:
    """Which of the last cases would end otherwise by these rules (administrator); nothing is written."""
    return rulesets.tried(snapshot, house(request), body)


@router.post("/rules/adopt")
def adopt_rules(body: rulesets.Adoption, snapshot: WholeWriteSnapshot) -> Any:
    """Adopt rules from today on, as one state (administrator)."""
    return rulesets.adopt(snapshot, body)


_SUITABILITY_OWN = frozenset({"tag", "resolution", "size", "industry_code"})


@router.get("/suitability")
def get_suitability(
    request: Request,
    reader: Asker,
    snapshot: ReadSnapshot,
    tag: Annotated[list[str], Query(title="标签", max_length=20)],
    resolution: Annotated[int, Query(title="网格级别")] = 8,
    size: Annotated[str, Query(title="规模", max_length=4000)] = "{}",
    industry_code: Annotated[str | None, Query(title="行业代码", max_length=10)] = None,
) -> Response:
    """Where such a business could go: each H3 cell of the selection's area with its verdict and deciding rules.

    `size` is JSON of the size of an enquiry, `industry_code` its trade. Kept by state, rule set and question.
    """
    asked = selection_request.asked(snapshot, request.query_params.multi_items(), _SUITABILITY_OWN)
    try:
        given = Size.model_validate_json(size)
    except ValidationError:
        told = 'size 应为核验中“多大”的 JSON，如 {"persons": 100}'
        raise Invalid("适宜图的参数有误，请改正", errors=[FieldError("size", "bad_value", told)]) from None
    words = tuple(word for value in tag for word in value.split(",") if word)
    question = suitability.Question(words, given, resolution, asked.selection, (industry_code or "").strip() or None)
    here = house(request)
    made = suitability.suitability(asked.snapshot, here, question)
    app = request.app.state
    with database.write(app.engine, reader.settings(write=True)) as connection:
        suitability.keep(connection, asked.snapshot, here, question, made)
        audit.record(
            connection, reader.name, "ask", "admission", "suitability", address=reader.address,
            state=asked.snapshot.moment.n, after={"tags": words, "resolution": resolution},
        )  # fmt: skip
    headers = {"Content-Encoding": "gzip", "Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    return Response(made, media_type="application/json", headers=headers)


@router.get("/tags")
def get_tags(snapshot: ReadSnapshot, reader: Asker) -> Any:
    """What a trade may be tagged with, and the words of all verdicts."""
    rules = admission_rules.rules_of(snapshot.catalogue.ruleset_at(snapshot.moment.day))
    return {
        "items": [
            {"tag": t.code, "title": t.title, "side": t.side, "words": list(t.words), "licence": t.licence or None}
            for t in rules.tags.values()
            if t.side != "place" and not t.of
        ],
        "verdicts": [{"verdict": str(v), "title": WORDS[v]} for v in Verdict],
        # How far a place may be off: an address by how exact the hit is, an object by its position's quality.
        "uncertainty_m": {"address": ADDRESS_M, "position": POSITION_M},
        "ruleset": rules.ruleset.code,
        "ruleset_title": rules.ruleset.title,
    }
