"""Search over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from riskmap.atlas.search import service
from riskmap.base.web import ExactResponse, ExactRoute
from riskmap.store.dependencies import ReadSnapshot, marked

router = APIRouter(prefix="/api", route_class=ExactRoute, default_response_class=ExactResponse, tags=["search"])


@router.get("/search")
def get_search(
    request: Request,
    response: Response,
    snapshot: ReadSnapshot,
    q: Annotated[str, Query(title="要查找的内容", max_length=500)],
    limit: Annotated[int, Query(ge=1, le=50)] = 8,
) -> Any:
    """Objects, divisions, places of the gazetteer, or a typed position; each hit says how exact it is."""
    response.headers["Cache-Control"] = "no-store"
    return marked(request, service.search(snapshot, q, limit, request.app.state.settings.bounds))
