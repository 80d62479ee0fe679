"""The road network over HTTP: what is in use, and a file in its place."""

from datetime import date
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import Field, StringConstraints
from starlette.datastructures import FormData

from riskmap.access.reader import Reader
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.base.wire import Text, Wire
from riskmap.rescue import minute, uploads
from riskmap.rescue import roads_service as roads
from riskmap.rescue.api import At, answer
from riskmap.rescue.rights import Inner
from riskmap.rescue.roads_table import Wanted
from riskmap.store.dependencies import ReadSnapshot

router = APIRouter(
    prefix="/api/rescue/roads", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"]
)

_FIELDS, _FIELD_BYTES = 8, 1 << 10
Short = Annotated[Text, StringConstraints(max_length=60)]
Name = Annotated[Text, StringConstraints(min_length=1, max_length=100)]


class RoadFile(Wire):
    """What is said of a file of roads."""

    name: Name | None = Field(None, title="名称")
    source: Text | None = Field(None, title="来源")
    licence: Text | None = Field(None, title="许可")
    dated: date | None = Field(None, title="数据日期")
    crs: Short | None = Field(None, title="坐标系")
    layer: Text | None = Field(None, title="图层")
    class_field: Text | None = Field(None, title="等级列")


def loader(reader: Inner) -> Reader:
    """Who may replace the network. Asked before a byte of the upload is read."""
    roads.ensure_may_load(reader)
    return reader


@router.get("")
def get_roads(
    request: Request,
    reader: Inner,
    snapshot: ReadSnapshot,
    at: At = None,
) -> Any:
    """The set that is in use, or was at a time: where it is from, length by class, what was left out and why."""
    then = minute.asked(snapshot.connection, at)
    return answer(request, snapshot, roads.body(snapshot.connection, then), then)


@router.post("", status_code=202)
async def post_roads(request: Request, reader: Annotated[Reader, Depends(loader)]) -> Any:
    """Queue a file (multipart: file, name, source, licence, dated, crs, layer, class_field).

    Watched at /api/imports/{id}.
    """
    return await uploads.as_form(request, partial(_queue, request, reader), fields=_FIELDS, field_bytes=_FIELD_BYTES)


def _queue(request: Request, reader: Reader, form: FormData) -> dict[str, Any]:
    file = uploads.file_of(form, "路网：OSM（.osm.pbf）、SHP（打成 zip）、GPKG 或 GeoJSON")
    given = uploads.said_of(form, RoadFile, "路网的说明有误，请改正后再上传")
    wanted = Wanted(given.crs, given.layer, given.class_field)
    about = roads.About(given.name, given.source, given.licence, given.dated, wanted)
    app = request.app.state
    return {"id": roads.queue(app.engine, app.settings, reader, file.filename or "", file.file, about)}
