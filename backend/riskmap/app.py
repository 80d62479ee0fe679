"""The application: settings, database, engine and caches put together; routers; the built page."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse
from sqlalchemy import Engine
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from riskmap import __version__
from riskmap.access import api as access_api
from riskmap.access.reader import SYSTEM
from riskmap.admission import api as admission_api
from riskmap.admission import batch, batch_api, days_api, handout, handout_api, papers_api
from riskmap.admission.enquiry import DataDates
from riskmap.atlas import api as atlas_api
from riskmap.atlas.basemaps import api as basemaps_api
from riskmap.atlas.basemaps import service as basemaps
from riskmap.atlas.basemaps.archives import Shelf
from riskmap.atlas.basemaps.tianditu import KeyFile, Tianditu
from riskmap.atlas.cache import TileCache
from riskmap.atlas.events import StateFeed
from riskmap.atlas.search import api as search_api
from riskmap.base import clock, database, scratch, state
from riskmap.base.database import app_url, make_engine
from riskmap.base.errors import NotFound, Unavailable
from riskmap.base.migrate import check_ready
from riskmap.base.settings import FRONTEND_DIST, GEODATA, Settings
from riskmap.base.web import MOST_BODY, ExactResponse, add_middleware, install_problem_handlers
from riskmap.catalogue import queries as catalogue_queries
from riskmap.catalogue.queries import CatalogueCache
from riskmap.engine.postgis import PostgisEngine
from riskmap.engine.totals import Totals
from riskmap.exchange.basemap import Basemap
from riskmap.grading import review
from riskmap.lists.service import Summaries
from riskmap.paper import docx
from riskmap.register import api as register_api
from riskmap.register import (
    changes_api,
    classes_api,
    export_api,
    lists_api,
    regrading_api,
    rulesets_api,
    standards_api,
)
from riskmap.register import jobs as jobs_api
from riskmap.register.imports import api as imports_api
from riskmap.reports import api as reports_api
from riskmap.reports import layouts_api, templates_api
from riskmap.reports.notices import api as notices_api
from riskmap.reports.notices import public as public_page
from riskmap.reports.takeaway import api as takeaway_api
from riskmap.rescue import api as rescue_api
from riskmap.rescue import (
    duty_api,
    levels_api,
    log_api,
    onepage_api,
    responses_api,
    roads_api,
    stakes,
    terrain_api,
    warnings_api,
)
from riskmap.rescue.dispatch import plans_api as dispatch_plans
from riskmap.rescue.dispatch import standby_api as dispatch_standby
from riskmap.rescue.dispatch import teams_api as dispatch_teams
from riskmap.rescue.evac import api as evacuations_api
from riskmap.rescue.evac import household_table, households, households_api
from riskmap.rescue.routing import Router
from riskmap.rescue.routing import api as routing_api
from riskmap.rescue.uploads import MOST_LAYER
from riskmap.selection import api as selection_api
from riskmap.worker import Workforce

log = logging.getLogger(__name__)

DEMO_MARK = "演示数据，非真实"
_SPRITE = GEODATA / "catalogue" / "symbols.svg"
_DAY_CHECK_S = 20
# A symbol that is first needed when the line is down is there.
_KEPT_SPRITE = "public, max-age=3600, stale-while-revalidate=604800"


def is_demo(settings: Settings) -> bool:
    """Whether the demo city is loaded here: the mark follows the data, not the setting."""
    return (settings.data_dir / "demo").exists()


def create_app(settings: Settings) -> FastAPI:
    """The application, not yet connected to anything but its settings."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        check_ready(app.state.engine)
        scratch.clear(settings)
        bring_to_today(app.state.engine)
        households.delete_due(app.state.engine)
        loop = asyncio.get_running_loop()
        app.state.feed.start(loop)
        app.state.workforce.start()
        midnight = asyncio.create_task(_follow_the_day(app))
        try:
            yield
        finally:
            midnight.cancel()
            with suppress(asyncio.CancelledError):
                await midnight
            app.state.feed.stop()
            await asyncio.to_thread(app.state.workforce.stop)
            app.state.router.close()
            app.state.tianditu.executor.shutdown(wait=False, cancel_futures=True)
            app.state.engine.dispose()

    app = FastAPI(
        title="风险一张图 riskmap",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's pages load scripts from outside
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    app.state.settings = settings
    app.state.engine = make_engine(app_url(settings))
    app.state.catalogues = CatalogueCache()
    app.state.map_engine = PostgisEngine()
    app.state.totals = Totals(app.state.map_engine)
    app.state.lists = Summaries()
    app.state.data_dates = DataDates()
    app.state.tiles = TileCache(settings.tile_cache_mb << 20)
    app.state.feed = StateFeed(app_url(settings))
    app.state.workforce = Workforce(settings)
    app.state.router = Router(settings)
    app.state.basemap = Basemap(settings.data_dir / "basemap")
    app.state.basemap_folder = basemaps.Folder(settings.data_dir / "basemap")
    app.state.shelf = Shelf()
    app.state.tianditu = Tianditu(KeyFile(settings.secrets_dir))
    app.state.gone = stakes.note  # the register knows nothing of the night: it tells whom it is given
    app.state.mark = DEMO_MARK if is_demo(settings) else None

    install_problem_handlers(app)
    if app.state.mark:
        app.add_middleware(_DataMark)
    larger = {"/api/imports": settings.upload_mb << 20, "/api/imports/match": MOST_BODY}
    larger |= {
        "/api/admission/checks/": handout.MOST_FILE + MOST_BODY,
        "/api/admission/templates/": docx.MOST_TEMPLATE + MOST_BODY,
    }  # a file, and what is around it
    larger |= {"/api/rescue/floods": MOST_LAYER + MOST_BODY}
    larger |= {"/api/rescue/evacuations/": household_table.MOST_FILE + MOST_BODY}
    larger |= {"/api/rescue/warnings": MOST_LAYER + MOST_BODY}
    larger |= {"/api/admission/batch": batch.MOST_FILE + MOST_BODY}
    larger |= {"/api/rescue/roads": (settings.upload_mb << 20) + MOST_BODY}
    larger |= {terrain_api.PATH: (settings.upload_mb << 20) + MOST_BODY}
    instead = {terrain_api.PATH: terrain_api.too_large(settings.upload_mb)}
    add_middleware(app, settings, larger | {"/api/basemap/files/": settings.basemap_mb << 20}, instead)
    app.include_router(access_api.router)
    app.include_router(register_api.router)
    app.include_router(export_api.router)
    app.include_router(lists_api.router)
    app.include_router(classes_api.router)
    app.include_router(changes_api.router)
    app.include_router(regrading_api.router)
    app.include_router(rulesets_api.router)
    app.include_router(standards_api.router)
    app.include_router(imports_api.router)
    app.include_router(jobs_api.router)
    app.include_router(atlas_api.router)
    app.include_router(selection_api.router)
    app.include_router(basemaps_api.router)
    app.include_router(search_api.router)
    app.include_router(admission_api.router)
    app.include_router(handout_api.router)
    app.include_router(days_api.router)
    app.include_router(papers_api.router)
    app.include_router(batch_api.router)
    app.include_router(notices_api.router)
    app.include_router(public_page.router)
    app.include_router(takeaway_api.router)
    app.include_router(layouts_api.router)  # before a set by its id
    app.include_router(templates_api.router)  # before a set by its id
    app.include_router(reports_api.router)
    app.include_router(rescue_api.router)
    app.include_router(roads_api.router)
    app.include_router(terrain_api.router)
    app.include_router(warnings_api.router)
    app.include_router(responses_api.router)
    app.include_router(log_api.router)
    app.include_router(onepage_api.router)
    app.include_router(routing_api.router)
    app.include_router(levels_api.router)
    app.include_router(duty_api.router)
    app.include_router(evacuations_api.router)
    app.include_router(households_api.router)
    app.include_router(dispatch_teams.router)
    app.include_router(dispatch_plans.router)
    app.include_router(dispatch_standby.router)
    _add_page(app)
    return app


def bring_to_today(engine: Engine) -> bool:
    """Take a new state where a dated row begins or ends by today; whether one was taken."""
    with database.write(engine, SYSTEM.settings(write=True)) as connection:
        if not state.day_is_due(connection):
            return False
        before = state.current(connection).day
        taken = state.take(connection, SYSTEM.name, "日期更替：有对象到期或生效")
        review.examine(connection, catalogue_queries.load(connection, taken.catalogue_n), taken, before)
        return True


async def _follow_the_day(app: FastAPI) -> None:
    """At 00:00 in Asia/Shanghai look whether the day changes the picture."""
    seen = clock.today()
    while True:
        await asyncio.sleep(_DAY_CHECK_S)
        if clock.today() != seen:
            try:
                await asyncio.to_thread(bring_to_today, app.state.engine)
                await asyncio.to_thread(households.delete_due, app.state.engine)
            except Exception as error:  # the database may be away at midnight: try again
                log.warning("day change postponed: %s", type(error).__name__)
            else:
                seen = clock.today()


def _add_page(app: FastAPI) -> None:
    @app.get("/healthz", tags=["service"], response_class=ExactResponse)
    def healthz(request: Request) -> Any:
        """Whether the service answers, and its state."""
        try:
            with database.read(request.app.state.engine, {}) as connection:
                now = state.current(connection)
        except Exception as error:
            raise Unavailable("数据库暂时连不上，请稍后再试。") from error
        return ExactResponse({"status": "ok", "state": now.n}, headers={"Cache-Control": "no-store"})

    @app.get("/sprite.svg", include_in_schema=False)
    def sprite() -> Response:
        """All symbols."""
        return FileResponse(_SPRITE, media_type="image/svg+xml", headers={"Cache-Control": _KEPT_SPRITE})

    if FRONTEND_DIST.exists():
        app.mount("/", _Page(directory=FRONTEND_DIST, html=True), name="page")
    else:

        @app.get("/", include_in_schema=False)
        def missing() -> Response:
            """The page is not built."""
            raise NotFound("页面尚未构建：请用 ./scripts/run 启动，或在 frontend 中运行 npm run build。")


class _DataMark:
    """Every answer of a demo says so in a header too: a tile has no other place for it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, adding X-Data-Mark."""

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-data-mark", b"demo; invented data, not real")]
            await send(message)

        await self.app(scope, receive, marked)


class _Page(StaticFiles):
    """The built page: hashed assets for ever, index.html never; unknown API paths stay problems."""

    async def get_response(self, path: str, scope: Any) -> Response:
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405)
        if path.startswith("api/"):
            raise HTTPException(404)
        # Pages have addresses of their own; what looks like a file stays a missing file.
        response = await super().get_response(path if Path(path).suffix or path == "." else "index.html", scope)
        hashed = Path(path).parts[:1] == ("assets",)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if hashed else "no-cache"
        return response
