"""Classes, and what the page shows beside them, over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from riskmap.access.dependencies import signed_in
from riskmap.access.reader import Reader
from riskmap.base.errors import Forbidden
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.register import classes
from riskmap.store.dependencies import ReadSnapshot, whole_snapshot, whole_write_snapshot
from riskmap.store.snapshot import Snapshot

router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["catalogue"])


def inner(reader: Annotated[Reader, Depends(signed_in)]) -> None:
    """Declarations are for those inside: an account of the public tier sees what the public sees."""
    if not reader.sees_inner:
        raise Forbidden("分类的声明只对内部账号开放。")


WholeSnapshot = Annotated[Snapshot, Depends(whole_snapshot("增改分类"), scope="function")]
WholeWriteSnapshot = Annotated[Snapshot, Depends(whole_write_snapshot("增改分类"), scope="function")]


@router.get("/classes", dependencies=[Depends(inner)])
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


@router.get("/classes/{code}", dependencies=[Depends(inner)])
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


@router.get("/catalogue/dated", dependencies=[Depends(inner)])
def get_dated(request: Request, snapshot: ReadSnapshot) -> Any:
    """Policies and divisions with their dates and sources."""
    return classes.dated(snapshot, request.app.state.map_engine)
