"""The one page over HTTP: on the screen and as PDF."""

from decimal import Decimal
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request, Response

from riskmap.base import audit, clock, database
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.rescue import floods, onepage, onepage_paper, wet_roads
from riskmap.rescue.api import Exercise, answer, count, note_asked
from riskmap.rescue.onepage import Question
from riskmap.rescue.rights import Inner
from riskmap.store.dependencies import ReadSnapshot
from riskmap.store.snapshot import Snapshot

router = APIRouter(prefix="/api/rescue", route_class=ExactRoute, default_response_class=ExactResponse, tags=["rescue"])

Lon = Annotated[Decimal, Query(title="经度", ge=-180, le=180)]
Lat = Annotated[Decimal, Query(title="纬度", ge=-85, le=85)]
Radius = Annotated[Decimal, Query(title="半径", ge=50, le=onepage.MOST_RADIUS_M)]
Flood = Annotated[int | None, Query(title="淹没范围", ge=1, le=2**62)]


def _asked(snapshot: Snapshot, lon: Decimal, lat: Decimal, radius_m: Decimal, flood: int | None) -> Question:
    if flood is not None:
        floods.find(snapshot.connection, flood)
    return Question(float(lon), float(lat), float(radius_m), flood)


@router.get("/onepage")
def get_page(
    request: Request, reader: Inner, snapshot: ReadSnapshot, lon: Lon, lat: Lat, radius_m: Radius = Decimal(3000),
    flood: Flood = None,
) -> Any:  # fmt: skip
    """What is dangerous near a place, who is exposed, who helps, whom to call; `flood`: what of it stands in water."""
    count(reader)
    page = onepage.page(snapshot, _asked(snapshot, lon, lat, radius_m, flood))
    note_asked(request, snapshot, "place", f"{lon},{lat}", {"radius_m": radius_m})
    return answer(request, snapshot, page)


@router.get("/onepage.pdf", response_class=Response)
def get_paper(
    request: Request, reader: Inner, snapshot: ReadSnapshot, lon: Lon, lat: Lat, radius_m: Radius = Decimal(3000),
    flood: Flood = None, bw: Annotated[bool, Query(title="黑白")] = False,
    exercise: Exercise = False,
) -> Response:  # fmt: skip
    """The same as one A4 page; `bw` for a machine that prints black alone."""
    count(reader)
    question = _asked(snapshot, lon, lat, radius_m, flood)
    page = onepage.page(snapshot, question)
    frame = onepage.box(question, float(radius_m) * onepage_paper.SIDE_OF_RADIUS)
    roads = wet_roads.on_plan(snapshot.connection, frame, flood)
    scenario, classes = None, []
    if flood is not None:
        scenario = floods.find(snapshot.connection, flood)
        scenario["outside"] = floods.is_outside(snapshot, flood)
        classes = floods.classes(snapshot.connection, flood)
        exercise = exercise or scenario["exercise"]
    app = request.app.state
    made = onepage_paper.pdf(snapshot, page, scenario, classes, roads, bw=bw, mark=app.mark, exercise=exercise)
    with database.write(app.engine, reader.settings()) as connection:  # with telephones: who took it away is kept
        audit.record(
            connection, reader.name, "print", "place", f"{lon},{lat}", address=reader.address,
            state=snapshot.moment.n, after={"radius_m": radius_m, "flood": flood, "bw": bw},
        )  # fmt: skip
    name = f"一页通-{page['place']['words'][:40]}-{clock.now():%m%d-%H%M}{'-黑白' if bw else ''}.pdf"
    headers = {
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "private, no-store",
        "X-Data-State": str(snapshot.moment.n),
    }
    return Response(made.body, media_type="application/pdf", headers=headers)
