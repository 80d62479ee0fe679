"""Classes, and what the page shows beside them, over HTTP."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from riskmap.access.dependencies import administrator_to, signed_in
from riskmap.access.reader import SYSTEM, Reader
from riskmap.base import database
from riskmap.base.errors import Forbidden
from riskmap.base.web import ExactResponse, ExactRoute, ensure_disk
from riskmap.register import classes
from riskmap.store.dependencies import ReadSnapshot
from riskmap.store.snapshot import Snapshot, open_snapshot

router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["catalogue"])


def _inner(reader: Annotated[Reader, Depends(signed_in)]) -> None:
    """Declarations are for those inside: an account of the public tier sees what the public sees."""
    if not reader.sees_inner:
        raise Forbidden("分类的声明只对内部账号开放。")


_administrator = administrator_to("增改分类")


# What a class may become is decided over all objects, so row security lets through all; the reader stays who he is.


def _whole(request: Request, reader: Annotated[Reader, Depends(_administrator)]) -> Iterator[Snapshot]:
    app = request.app.state
    with database.read(app.engine, SYSTEM.settings()) as connection:
        yield open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)


def _whole_write(request: Request, reader: Annotated[Reader, Depends(_administrator)]) -> Iterator[Snapshot]:
    app = request.app.state
    ensure_disk(app.settings)
    with database.write(app.engine, SYSTEM.settings(write=True)) as connection:
        yield open_snapshot(connection, reader, app.catalogues, app.settings.public_resolution)


WholeSnapshot = Annotated[Snapshot, Depends(_whole, scope="function")]
WholeWriteSnapshot = Annotated[Snapshot, Depends(_whole_write, scope="function")]


@router.get("/classes", dependencies=[Depends(_inner)])
def list_classes(request: Request, snapshot: ReadSnapshot) -> Any:
    """Every class: version, origin, since when and by whom, number of objects; symbols to choose from."""
    return classes.listed(snapshot, request.app.state.map_engine)


@router.post("/classes/preview")
def preview_class(
    body: dict[str, Any], snapshot: WholeSnapshot, of: Annotated[str | None, Query(max_length=60)] = None
) -> Any:
    """What saving would come to: errors, warnings, changes, list header, template columns. `of`: the class changed."""
    return classes.preview(snapshot, body, of)


@router.post("/classes", status_code=201)
def create_class(body: dict[str, Any], snapshot: WholeWriteSnapshot) -> Any:
    """A new class (administrator); 201 with its version and the state that has it."""
    return classes.create(snapshot, body)


@router.get("/classes/{code}", dependencies=[Depends(_inner)])
def get_class(code: str, request: Request, snapshot: ReadSnapshot, response: Response) -> Any:
    """A class as the page edits it, with its versions and what each changed."""
    found = classes.one(snapshot, request.app.state.map_engine, code)
    response.headers["ETag"] = f'"{found["version"]}"'
    return found


@router.put("/classes/{code}")
def change_class(
    code: str,
    body: dict[str, Any],
    snapshot: WholeWriteSnapshot,
    if_match: Annotated[str | None, Header(max_length=60)] = None,
) -> Any:
    """The next version of a class (administrator). If-Match names the version that the edit rests on; a lost race
    is 409, and what stored objects do not fit is 422."""
    return classes.change(snapshot, code, classes.parse_version(if_match), body)


@router.get("/catalogue/dated", dependencies=[Depends(_inner)])
def get_dated(request: Request, snapshot: ReadSnapshot) -> Any:
    """Policies and divisions with their dates and sources."""
    return classes.dated(snapshot, request.app.state.map_engine)
