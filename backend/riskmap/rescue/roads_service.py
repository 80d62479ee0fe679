"""A file of roads on its way into the table: by command, from the page as a job, and the demo city's own."""

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, Engine

from riskmap.access.reader import SYSTEM, Reader
from riskmap.access.service import check_still_holds
from riskmap.base import audit, database, jobs
from riskmap.base.errors import FieldError, Forbidden, Invalid, NotFound, TooLarge
from riskmap.base.jobs import Context
from riskmap.base.settings import GEODATA, Settings
from riskmap.base.web import ensure_disk
from riskmap.catalogue.queries import CatalogueCache
from riskmap.exchange.archive import refuse
from riskmap.exchange.datum import DATUMS, crs_named
from riskmap.exchange.locate import Territory, territory_of
from riskmap.exchange.tables import open_table
from riskmap.exchange.uploads import copy_hashed, shown_name
from riskmap.exchange.vector import PackageTable, ShapeTable
from riskmap.rescue import log, roads_queries
from riskmap.rescue.roads import Road, Summary
from riskmap.rescue.roads_osm import OsmFile, format_of
from riskmap.rescue.roads_table import RoadLayer, Wanted
from riskmap.rescue.routing import building
from riskmap.store.snapshot import Snapshot, open_snapshot

JOB = "roads"
MOST_FILE = 1 << 30
_BATCH = 5_000
_COUNTED, _READ, _STAGED = 0.05, 0.7, 0.9  # shares of the progress
_STALE_S = 2 * 24 * 3600
_HEAD = 4096
_OSM_CRS = "EPSG:4326"
_OSM_SOURCE, _OSM_LICENCE = "OpenStreetMap", "ODbL 1.0，© OpenStreetMap 贡献者"
_NOT_ROADS = "这不是道路文件。请用 OSM（.osm.pbf、.osm）、SHP（连同 DBF、SHX 打成 zip）、GPKG 或 GeoJSON。"
_SHP_ALONE = "只有 SHP，缺 DBF 或 SHX：请把同名的 SHP、DBF、SHX（和 PRJ、CPG）打成一个 zip 再装入。"
_EMPTY = "没有装入路网：哪些路被淹、能不能走都查不出来，不等于道路畅通。"
_GONE = "上传的路网文件已不在，没有装入，原来的路网不变。请重新上传。"

Tell = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class About:
    """What a sender says of his file; what is None is found, or stays unsaid."""

    name: str | None = None
    source: str | None = None
    licence: str | None = None
    dated: date | None = None
    wanted: Wanted = Wanted()  # noqa: RUF009 (a frozen value)

    def body(self) -> dict[str, Any]:
        """As a job keeps it."""
        told = {name: getattr(self, name) for name in ("name", "source", "licence")}
        wanted = {name: getattr(self.wanted, name) for name in Wanted.__slots__}
        return {**told, "dated": self.dated and self.dated.isoformat(), "wanted": wanted}

    @classmethod
    def parse(cls, body: dict[str, Any]) -> "About":
        """The same, back."""
        dated = date.fromisoformat(body["dated"]) if body["dated"] else None
        return cls(body["name"], body["source"], body["licence"], dated, Wanted(**body["wanted"]))


@dataclass(frozen=True, slots=True)
class File:
    """A file as it was sent."""

    path: Path
    name: str
    sha256: str


def ensure_may_load(reader: Reader) -> None:
    """All share the one network: who works for a part of the city does not replace it. Raises Forbidden."""
    if not reader.writes:
        raise Forbidden("您的账号不能装入路网，请由编辑或管理员装入。")
    if reader.is_limited:
        raise Forbidden("路网全市共用，请由管理范围不受限的编辑或管理员装入。")


def folder_of(settings: Settings) -> Path:
    """Where files wait for their job, and where they are worked on."""
    path = settings.data_dir / "rescue" / "roads"
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


# -- Reading -------------------------------------------------------------------------------


def read(path: Path, wanted: Wanted, territory: Territory, spooled: Path, tell: Tell) -> Summary:
    """Every road of a file as lines of COPY in `spooled`. Raises Invalid where it is no file of roads, or has none."""
    tell("核对文件", 0.0)
    summary, found = _opened(path, wanted, lambda share: tell("读取道路", _COUNTED + (_READ - _COUNTED) * share))
    with spooled.open("w", encoding="utf-8", newline="") as out:
        while batch := list(islice(found, _BATCH)):
            _add(summary, batch, roads_queries.spool(batch, out), territory)
    if not summary.count:
        why = "；".join(f"{one['title']} {one['rows']:,} 条" for one in summary.body()["left_out"][:5])
        raise Invalid(f"文件里没有能走车的路，原来的路网不变。读到 {summary.read:,} 条：{why}。", code="no_roads")
    return summary


def _opened(path: Path, wanted: Wanted, tell: Callable[[float], None]) -> tuple[Summary, Iterator[Road]]:
    head = b""
    if path.is_file():
        with path.open("rb") as file:
            head = file.read(_HEAD)
    if (format_ := format_of(head)) is not None:
        if crs_named(wanted.crs) not in {None, "EPSG:4490", _OSM_CRS}:
            told = "OSM 文件一律是 WGS 84，不用选坐标系"
            raise Invalid("坐标系不对", code="crs_mismatch", errors=[FieldError("crs", "mismatch", told)])
        osm = OsmFile(path, format_)
        summary = Summary("osm", _OSM_CRS, dated=osm.dated, source=_OSM_SOURCE, licence=_OSM_LICENCE)
        return summary, osm.roads(summary, tell)
    try:
        table = open_table(path)
        layer = RoadLayer(table, wanted)
    except Invalid as error:
        if error.code == "not_a_table":
            raise refuse("not_roads", _NOT_ROADS) from error
        if error.code == "shp_alone":  # one file is taken here, not several
            raise refuse("shp_alone", _SHP_ALONE) from error
        raise
    kinds = {ShapeTable: "shp", PackageTable: "gpkg"}
    summary = Summary(next((name for kind, name in kinds.items() if isinstance(table, kind)), "geojson"))
    return summary, layer.roads(summary, tell)


def _add(summary: Summary, roads: list[Road], lengths: list[float], territory: Territory) -> None:
    """Count what was taken."""
    import numpy as np

    for road, length in zip(roads, lengths, strict=True):
        summary.rows[road.highway] += 1
        summary.metres[road.highway] = summary.metres.get(road.highway, 0.0) + length
    at = np.concatenate([road.lonlat for road in roads])
    first = np.array([road.lonlat[0] for road in roads])
    inside, _ = territory.find(first[:, 0], first[:, 1])
    summary.outside += int((~inside).sum())
    summary.widen(at)


# -- Writing -------------------------------------------------------------------------------


def write(connection: Connection, reader: Reader, file: File, about: About, summary: Summary, spooled: Path) -> int:
    """The set in place of the one before, in the caller's transaction; its id."""
    name = about.name or Path(file.name).name.removesuffix(".pbf").rsplit(".", 1)[0][:100] or "路网"
    row = {
        "name": name,
        "source": about.source if about.source is not None else summary.source,
        "licence": about.licence if about.licence is not None else summary.licence,
        "dated": about.dated or summary.dated,
        "loaded_by": reader.name,
        "account_id": reader.account_id,
        "file": file.name,
        "sha256": file.sha256,
    }
    roads_queries.stage(connection, spooled)
    set_id = roads_queries.replace_with_staged(connection, row, summary)
    told = {"set": set_id, "name": name, "file": file.name, "rows": summary.count}
    audit.record(connection, reader.name, "load", "road", set_id, address=reader.address, after=told)
    what = f"装入路网“{name}”：{summary.count:,} 条，{summary.length_m / 1000:,.1f} km"
    log.note(connection, by=reader.name, kind="设置", what=what, ref={"kind": "road", "id": set_id})
    return set_id


def load(engine: Engine, settings: Settings, path: Path, about: About, tell: Tell) -> tuple[int, Summary]:
    """A file by command, whole or not at all; the set's id, and what it came to. Raises Invalid."""
    ensure_disk(settings)
    with database.read(engine, SYSTEM.settings()) as connection:
        territory = territory_of(_snapshot(connection, settings), settings.bounds)
    with tempfile.TemporaryDirectory(dir=folder_of(settings)) as work:
        file = File(_brought(path, Path(work)), shown_name(path.name), _digest(path))
        spooled = Path(work) / "spooled"
        summary = read(file.path, about.wanted, territory, spooled, tell)
        tell("写入", _STAGED)
        with database.write(engine, SYSTEM.settings(write=True)) as connection:
            return write(connection, SYSTEM, file, about, summary, spooled), summary


def _snapshot(connection: Connection, settings: Settings) -> Snapshot:
    return open_snapshot(connection, SYSTEM, CatalogueCache(), settings.public_resolution)


def _brought(path: Path, work: Path) -> Path:
    """A file where it may be unpacked; a shapefile with its parts."""
    if path.stat().st_size > MOST_FILE:
        raise TooLarge(f"文件过大，最多 {MOST_FILE >> 20} MB。请先裁出本市的范围再装入。")
    if path.suffix.lower() == ".shp":
        target = work / "parts"
        target.mkdir()
        for part in path.parent.iterdir():
            if part.stem == path.stem and part.suffix.lower() in {".shp", ".dbf", ".shx", ".prj", ".cpg"}:
                shutil.copyfile(part, target / f"layer{part.suffix.lower()}")
        return target
    target = work / _work_name(path.name)
    shutil.copyfile(path, target)
    return target


def _work_name(given: str) -> str:
    """GDAL warns of a GeoPackage by another name; nothing else goes by it."""
    return "file.gpkg" if given.lower().endswith(".gpkg") else "file"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# -- The demo city -------------------------------------------------------------------------


def load_demo(engine: Engine, settings: Settings, city: str = "jiujiang") -> int:
    """The demo city's roads where no roads were ever loaded; how many. To be asked at every start."""
    with database.read(engine, SYSTEM.settings()) as connection:
        if roads_queries.is_loaded(connection):
            return 0
    path = GEODATA / "demo" / city / "roads.osm.pbf"
    about = About("演示路网（虚构）", "随产品的演示城市，全部虚构", "Apache-2.0", date(2026, 1, 1))
    _, summary = load(engine, settings, path, about, lambda *_: None)
    return summary.count


# -- The job -------------------------------------------------------------------------------


def queue(engine: Engine, settings: Settings, reader: Reader, name: str, body: BinaryIO, about: About) -> str:
    """Keep a file and put its job into the queue; its id. Raises Invalid, TooLarge."""
    ensure_may_load(reader)
    ensure_disk(settings)
    crs_named(about.wanted.crs)  # before a large file is kept
    job_id = jobs.new_id("i")
    path = folder_of(settings) / job_id
    try:
        size, digest = copy_hashed(body, path, settings.upload_mb << 20)
        path.chmod(0o600)
        named = shown_name(name)
        given = {"file_name": named, "sha256": digest, "about": about.body()}
        with database.write(engine, reader.settings(write=True)) as connection:
            jobs.add(connection, job_id, JOB, f"路网：{named}", reader.account_id, reader.name, reader.body(), given)
            told = {"file": named, "bytes": size, "sha256": digest}
            audit.record(connection, reader.name, "queue", "road", job_id, address=reader.address, after=told)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return job_id


def run(context: Context) -> None:
    """Work a file of roads off. Raises RiskmapError in words for its sender; then the roads in use stay."""
    reader, given, settings = Reader.parse(context.job.rights), context.job.input, context.settings
    about = About.parse(given["about"])
    path = folder_of(settings) / context.job.job_id
    if not path.exists():
        raise NotFound(_GONE)
    with database.read(context.engine, SYSTEM.settings()) as connection:
        check_still_holds(connection, reader)
        territory = territory_of(_snapshot(connection, settings), settings.bounds)
    with _working(settings) as work:
        file = File(path, given["file_name"], given["sha256"])
        moved = work / _work_name(file.name)  # beside which an archive is unpacked
        moved.hardlink_to(path)
        summary = read(moved, about.wanted, territory, work / "spooled", context.tell)
        context.tell("写入", _STAGED)
        ensure_disk(settings)
        rights = reader.settings(write=True)
        with database.write(context.engine, rights) as connection, context.stoppable(connection):
            check_still_holds(connection, reader)
            set_id = write(connection, reader, file, about, summary, work / "spooled")
            # Whoever else has finished this job meanwhile has written it: then this is undone.
            if not jobs.still_running(connection, context.job.job_id):
                raise jobs.Cancelled
            left = sum(one.count for one in summary.left.values())
            counts = {"read": summary.read, "taken": summary.count, "left_out": left}
            result = {"set": set_id, "counts": counts, "notes": list(summary.told())}
            # The way on these roads: what was built for those before them is not used any more.
            result["routing"] = building.queue(connection, SYSTEM)
            jobs.keep_result(connection, context.job.job_id, result)
            jobs.finish(connection, context.job.job_id, "done", message_of(summary))
    path.unlink(missing_ok=True)


@contextmanager
def _working(settings: Settings) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=folder_of(settings)) as work:
        yield Path(work)


def message_of(summary: Summary) -> str:
    """What was loaded, in a sentence."""
    left = sum(one.count for one in summary.left.values())
    return (
        f"读到 {summary.read:,} 条，装入 {summary.count:,} 条、{summary.length_m / 1000:,.1f} km"
        f"，没有装入 {left:,} 条。原来的路网已替换。"
    )


def sweep(settings: Settings) -> None:
    """What a job that failed or was killed left behind."""
    for path in folder_of(settings).iterdir():
        try:
            if time.time() - path.stat().st_mtime <= _STALE_S:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
        except FileNotFoundError:  # somebody else was first
            continue


# -- What is in use ------------------------------------------------------------------------


def body(connection: Connection, at: datetime) -> dict[str, Any]:
    """The set that was in use at a time, with what was left out; and what was loaded before it."""
    found = roads_queries.sets(connection, at)
    shown: dict[str, Any] | None = None
    if found:
        first = found[0]
        summary = first.pop("summary")
        datum = DATUMS[first["crs"]]
        shown = {**_times(first), "crs_title": datum.title, **summary}
    names = ("id", "name", "dated", "loaded_at", "loaded_by", "rows", "length_m")
    earlier = [{name: _times(one)[name] for name in names} for one in found[1:]]
    return {
        "set": shown,
        "message": None if shown else _EMPTY,
        "earlier": earlier,
    }


def _times(row: dict[str, Any]) -> dict[str, Any]:
    dated = row["dated"].isoformat() if row["dated"] else None
    loaded = row["loaded_at"].isoformat(timespec="seconds")
    return {**row, "dated": dated, "loaded_at": loaded, "length_m": round(row["length_m"], 1)}
